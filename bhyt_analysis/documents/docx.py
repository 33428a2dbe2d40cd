"""Write the briefing as a Word report: a body of at most eight pages, long tables and more charts as annexes."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import count
from pathlib import Path

from docx.document import Document as Report
from docx.shared import Pt
from docx.text.paragraph import Paragraph
from PIL import Image

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.annexes import HEADLINE, SOURCES, Annex, divide
from bhyt_analysis.documents.column_widths import TableLayout, lay_out_table
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.documents.word import (
    PAGE_HEIGHT,
    UNBROKEN_HEIGHT,
    WIDTH,
    Footnotes,
    add_field,
    add_line,
    add_numbered,
    add_pictures,
    add_table,
    add_title,
    bookmark,
    new_report,
    text_lines,
)
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.formatting import TableColumn, TableSpec

TITLE_HEIGHT = 34  # mm of what comes before the first section
NOTES_HEIGHT = 25  # mm of the footnotes, about


def write_docx(content: Content, path: Path) -> None:
    """Write the report of a briefing to ``path``."""
    report, notes, numbers, lang = new_report(content), Footnotes(), count(1), content.lang
    add_title(report, content, content.title)
    layouts = {b.name: _lay_out(b, lang) for b in content.of_kind("table")}
    start = TITLE_HEIGHT + NOTES_HEIGHT
    division = divide(content, lambda block: _measure(block, layouts), PAGE_HEIGHT, start)
    references = division.references()
    for i, block in enumerate(division.body):
        if block.kind == "heading" and block.level == 2:
            report.add_heading(f"{next(numbers)}. {block.text}", 1)
        elif block.kind == "heading":
            report.add_heading(block.text, min(block.level - 1, 9) if block.level > 2 else 1)
        elif block.kind == "text":
            _add_text(report, block, references.get(i, []), lang)
        elif block.kind == "chart":
            add_pictures(report, block, lang, follows=bool(block.name))
            if block.name:
                _add_caption(report, block, lang)
        elif block.table is not None:
            _add_body_table(report, block, content, notes)
    for annex in division.annexes:
        _add_annex(report, annex, lang)
    notes.write(report)
    report.save(str(path))


def _lay_out(block: Block, lang: str) -> list[TableLayout]:
    """Return the parts of a table; codes of units are in the annex tables of the workbook only."""
    return list(lay_out_table(block.table.drop("area"), lang, WIDTH)) if block.table else []


def _measure(block: Block, layouts: dict[str, list[TableLayout]]) -> tuple[float, bool]:
    """Return about how high a block is (mm), and whether it may break over pages."""
    if block.kind == "heading":
        return 12, False
    if block.kind == "chart":
        width, height = Image.open(io.BytesIO(block.image)).size
        scaled = min((block.chart or ChartDescription("", "")).width_mm, WIDTH) * height / width + 12
        return scaled, scaled > PAGE_HEIGHT
    if block.kind == "table" and block.table:
        rows = sum(part.height for part in layouts[block.name])
        return rows + 14 + 5 * len(block.table.notes) + (6 if block.table.stamp else 0), rows > UNBROKEN_HEIGHT
    return sum(2 + 6.6 * -(-len(line) // 78) for line in block.text.split("\n") if line.strip()), True


def _add_text(report: Report, block: Block, references: list[tuple[str, int]], lang: str) -> None:
    """Add a text: paragraphs and bullets; the last one refers to charts, tables and annexes."""
    paragraphs = [add_line(report, line) for line in text_lines(block.text)]
    groups = [[r for r in references if (r[0] == "appendix") == is_annex] for is_annex in (False, True)]
    groups = [group for group in groups if group]
    for i, group in enumerate(groups if paragraphs else []):
        see = translate("label.see", lang) + " " if group[0][0] == "appendix" else ""
        paragraphs[-1].add_run(("; " if i else " (") + see)
        for k, (kind, number) in enumerate(group):
            paragraphs[-1].add_run(", " if k else "")
            label = f"{translate(f'label.{kind}', lang)}\u00a0{number}"
            add_field(paragraphs[-1], f"REF {bookmark(kind, number)} \\h", label)
        if i + 1 == len(groups):
            paragraphs[-1].add_run(")")


def _add_caption(report: Report, block: Block, lang: str) -> Paragraph:
    paragraph = report.add_paragraph(style="Caption")
    add_numbered(paragraph, block.kind, block.number, lang)
    paragraph.add_run(f". {block.caption}")
    return paragraph


def _add_body_table(report: Report, block: Block, content: Content, notes: Footnotes) -> None:
    """Add a table with its caption above; the headline figures with their sources as footnotes."""
    if block.name:
        caption = _add_caption(report, block, content.lang).paragraph_format
        caption.keep_with_next, caption.space_before, caption.space_after = True, Pt(8), Pt(4)
    references = {}
    if block.name == HEADLINE and block.table is not None and (sources := content.table(SOURCES)):
        references = {row: notes.references(texts) for row, texts in figure_sources(block, sources).items()}
        column = TableColumn("source", column_name("source", content.lang), "text")
        rows = tuple((*row, "") for row in block.table.rows)
        block = replace(block, table=replace(block.table, columns=(*block.table.columns, column), rows=rows))
    add_table(report, _lay_out(block, content.lang), block.caption, references)
    if references and (text := content.item(SOURCES, "text")):
        report.add_paragraph(text.text, "Note")


def figure_sources(headline: Block, sources: TableSpec) -> dict[int, list[str]]:
    """Return the sources of each headline figure by its row: each document with how well it is known, if that differs.

    Where all figures have the same source, that is a note of the table of sources, and the source of each.
    """
    assert headline.table is not None
    common = [note for note in sources.notes if note not in headline.table.notes]
    statuses = sources.column("status")
    by_fact: dict[object, list[str]] = {}
    for fact, source, status in zip(sources.column("fact"), sources.column("source"), statuses, strict=True):
        parts = [part.strip() for part in str(source or "").split(";") if part.strip()] or common
        by_fact[fact] = [f"{part} ({status})" if status else part for part in parts]
    facts = enumerate(headline.table.column("fact"))
    return {row: by_fact[fact] for row, fact in facts if by_fact.get(fact)}


def _add_annex(report: Report, annex: Annex, lang: str) -> None:
    """Add an annex: its number and caption as a heading, its charts, its tables; the first on a new page."""
    heading = report.add_heading("", 1)
    heading.paragraph_format.page_break_before = annex.number == 1
    add_numbered(heading, "appendix", annex.number, lang)
    heading.add_run(f". {annex.caption}")
    for block in annex.blocks:
        if block.kind == "chart":
            add_pictures(report, block, lang, follows=False)
        elif block.table is not None:
            add_table(report, _lay_out(block, lang), block.caption)
