"""The briefing as slides: one message each, charts that PowerPoint can edit, the figures in the notes."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.package import Part
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from bhyt_analysis.documents.column_widths import column_widths
from bhyt_analysis.documents.content import Block, Content, caption_of
from bhyt_analysis.documents.pptx_charts import FONT, INK, KINDS, SHOWN, SOFT, add_native_chart
from bhyt_analysis.i18n.messages import has_message, translate

WIDTH, HEIGHT = 13.333, 7.5  # inches
LEFT, TOP, ROOM = 0.6, 1.35, 5.2  # where the body begins, and its height
PICTURE, WIDEST = 7.9, 9.5  # inches of a chart beside its text, and of a picture alone
MOST = 12  # slides
# What gives way first where there are too many slides.
GIVES_WAY = (
    "watch_funnel", "watch_expiring", "commune_people", "slope", "premium", "watch_states", "reenrolled", "cost", "groups",
    "scenario_path", "lost",
)  # fmt: skip
# What is added where there are too few.
ADDED = ("not_known", "support", "subgroups", "lost")
LEAST = 8
RED = RGBColor(0xB3, 0x3A, 0)


def write_pptx(content: Content, path: Path) -> None:
    """Write 8 to 12 slides of a briefing to ``path``."""
    show = Presentation()
    show.slide_width, show.slide_height = Inches(WIDTH), Inches(HEIGHT)
    _theme(show)
    _widen(show)
    told = show.core_properties
    told.title, told.subject = f"{content.title}: {content.area}", translate("label.reference", content.lang)
    told.author, told.comments = "bhyt_analysis", ""
    told.created = told.modified = dt.datetime.now(dt.UTC)  # and not that of the library's template
    _title(show, content)
    for block in _chosen(content):
        if block.kind == "chart":
            _chart(show, block, content)
        elif block.kind == "table" and block.name == "sources":
            _sources(show, block, content)
        elif block.kind == "table":
            _table(show, block, content)
        else:
            _text(show, block, content)
    show.save(str(path))


def _chosen(content: Content) -> list[Block]:
    """What gets a slide, in the order of the briefing; the title makes one more."""
    charts = [b for b in content.of("chart") if b.name and _readable(b)]
    fixed = [b for b in (content.item("summary", "text"), content.item("headline", "table"), content.item("needed", "text"), content.item("audit", "table"), content.item("sources", "table")) if b]  # fmt: skip
    for name in GIVES_WAY:
        if 1 + len(fixed) + len(charts) > MOST:
            charts = [c for c in charts if c.name != name]
    charts = charts[: MOST - 1 - len(fixed)]
    for name in ADDED:
        block = content.item(name, "table")
        if 1 + len(fixed) + len(charts) < LEAST and block:
            fixed.append(block)
    order = {id(b): i for i, b in enumerate(content.blocks)}
    return sorted([*fixed, *charts], key=lambda b: order[id(b)])


def _readable(chart: Block) -> bool:
    """Whether the letters of a chart are as large on a slide as on paper; those of a high picture are not."""
    what = chart.chart
    if what is None or what.kind in KINDS:
        return True
    wide, high = Image.open(io.BytesIO(chart.image)).size
    return high * (1 - what.title_fraction) / wide * what.width_mm / 25.4 <= ROOM


def _theme(show: Any) -> None:
    """Times New Roman as the font of headings and of the body."""
    for relation in show.slide_master.part.rels.values():
        part = relation.target_part
        if relation.reltype.endswith("/theme") and isinstance(part, Part):
            part._blob = re.sub(rb'(<a:latin typeface=")[^"]*"', rb"\1" + FONT.encode() + b'"', part.blob)


def _widen(show: Any) -> None:
    """The layouts are drawn for a narrower slide."""
    ratio = WIDTH / 10
    for sheet in (show.slide_master, *show.slide_layouts):
        for shape in sheet.placeholders:
            if shape._element.spPr.xfrm is not None:
                shape.left, shape.width = Emu(round(shape.left * ratio)), Emu(round(shape.width * ratio))


def _title(show: Any, content: Content) -> None:
    slide = show.slides.add_slide(show.slide_layouts[0])
    _write(slide.shapes.title.text_frame, [content.title], 36, bold=True)
    lines = [content.area[:1].upper() + content.area[1:], translate("label.reference", content.lang)]
    lines += [b.text for b in content.of("warning")]
    frame = slide.placeholders[1].text_frame
    _write(frame, lines, 22)
    for i, paragraph in enumerate(frame.paragraphs[1:]):
        for run in paragraph.runs:
            run.font.size, run.font.color.rgb = Pt(16), RED if i else SOFT
    _notes(slide, [b.text for b in content.of("made_with")])


def _slide(show: Any, title: str, stamps: Sequence[str]) -> Any:
    """A slide with its title and number, and the stamps of weak figures beside the title."""
    slide = show.slides.add_slide(show.slide_layouts[5])
    holder = slide.shapes.title
    room = WIDTH - 2 * LEFT - (3.4 if stamps else 0)
    holder.left, holder.top, holder.width, holder.height = Inches(LEFT), Inches(0.35), Inches(room), Inches(0.9)
    size = 28 if len(title) * 28 * 0.5 / 72 < room * 1.9 else 22
    _write(holder.text_frame, [title], size, bold=True)
    holder.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    holder.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    for i, text in enumerate(stamps):
        box = slide.shapes.add_textbox(Inches(WIDTH - LEFT - 3.3), Inches(0.4 + 0.45 * i), Inches(3.3), Inches(0.36))
        _write(box.text_frame, [text], 13, bold=True, color=RED)
        box.text_frame.paragraphs[0].alignment = PP_ALIGN.CENTER
        box.line.color.rgb = RED
    _number(slide, len(show.slides))
    return slide


def _number(slide: Any, number: int) -> None:
    """The number of a slide, which PowerPoint keeps right."""
    box = slide.shapes.add_textbox(Inches(WIDTH - LEFT - 0.8), Inches(HEIGHT - 0.42), Inches(0.8), Inches(0.32))
    _write(box.text_frame, [str(number)], 12, color=SOFT)
    paragraph = box.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT
    run = paragraph.runs[0]._r
    field = run.makeelement(qn("a:fld"), {"id": "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}", "type": "slidenum"})
    field.extend(list(run))
    paragraph._p.replace(run, field)


def _write(frame: Any, lines: list[str], size: float, bold: bool = False, color: Any = INK) -> None:
    """Lines of Markdown as paragraphs; one that begins with "- " is a bullet of text."""
    frame.word_wrap = True
    for i, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(size * 0.45)
        text = line.removeprefix("- ")
        if line.startswith("- "):
            _bullet(paragraph, size)
        for part in re.split(r"(\*\*.+?\*\*|\*.+?\*)", " ".join(text.split())):
            if part:
                run = paragraph.add_run()
                run.text = part.strip("*") if part.startswith("*") else part
                run.font.size, run.font.name, run.font.color.rgb = Pt(size), FONT, color
                run.font.bold = bold or part.startswith("**")
                run.font.italic = part.startswith("*") and not part.startswith("**")


def _bullet(paragraph: Any, size: float) -> None:
    """A bullet of PowerPoint's own, the lines below it set in."""
    properties = paragraph._p.get_or_add_pPr()
    inset = str(round(Pt(size) * 0.9))
    properties.set("marL", inset)
    properties.set("indent", f"-{inset}")
    properties.append(properties.makeelement(qn("a:buFont"), {"typeface": "Arial"}))
    properties.append(properties.makeelement(qn("a:buChar"), {"char": "•"}))


def _notes(slide: Any, lines: Iterable[str]) -> None:
    slide.notes_slide.notes_text_frame.text = "\n".join(line.replace("*", "") for line in lines if line)


def _body(slide: Any, text: str, left: float, width: float) -> None:
    """A text beside a chart, in the largest letters that it fits in; its end is left to the notes."""
    lines = [line for line in text.split("\n") if line.strip()]
    size, room = 18, ROOM - 0.1
    while size > 14 and _inches(lines, size, width) > room:
        size -= 1
    while _inches(lines, size, width) > room:
        *kept, _ = re.split(r"(?<=\.)\s+", lines[-1])  # without its last sentence
        lines = [*lines[:-1], *([" ".join(kept)] if kept else [])]
    box = slide.shapes.add_textbox(Inches(left), Inches(TOP), Inches(width), Inches(ROOM))
    _write(box.text_frame, lines, size)


def _inches(lines: list[str], size: float, width: float, after: float = 0.45) -> float:
    """How high a text stands: letters of Times New Roman are about 0.47 of their size wide.

    ``after``: the space below a paragraph, as a part of the size.
    """
    each = max(1, int((width - 0.2) * 72 / (size * 0.47)))
    return sum(-(-len(line) // each) * size * 1.2 + size * after for line in lines) / 72


def _text(show: Any, block: Block, content: Content) -> None:
    title = translate(f"item.{block.name}", content.lang) if has_message(f"item.{block.name}") else content.title
    headline = content.item("headline", "table")
    stamps = [headline.table.stamp] if headline and headline.table and headline.table.stamp else []
    slide = _slide(show, title, stamps)
    lines = [line for line in block.text.split("\n") if line.strip()]
    size = 24
    while size > 14 and _inches(lines, size, WIDTH - 2 * LEFT) > ROOM:
        size -= 1
    box = slide.shapes.add_textbox(Inches(LEFT), Inches(TOP), Inches(WIDTH - 2 * LEFT), Inches(ROOM))
    _write(box.text_frame, lines, size)
    _notes(slide, [block.text])


def _sources(show: Any, block: Block, content: Content) -> None:
    """Where the headline figures come from, each document once; figure by figure in the notes."""
    table, lang = block.table, content.lang
    assert table is not None
    sources = [s.strip() for cell in table.column("source") for s in str(cell or "").split(";") if s.strip()]
    lines = [f"- {s}" for s in dict.fromkeys(sources)] or [f"- {n}" for n in table.notes]
    statuses = [str(s) for s in dict.fromkeys(table.column("status")) if s]
    lines += (
        [f"{translate('column.status', lang)}: {'; '.join(statuses)}."] if statuses else [f"{n}." for n in table.notes]
    )
    _text(show, Block("text", block.name, "\n".join(lines)), content)
    rows = ("; ".join(text for text in row if text) for row in table.formatted_rows(lang))
    _notes(show.slides[len(show.slides) - 1], rows)


def _chart(show: Any, block: Block, content: Content) -> None:
    """A chart with its text beside it, its source below, its figures in the notes."""
    what, lang = block.chart, content.lang
    assert what is not None
    drawn = what.kind in KINDS and any(v is not None for s in what.series for v in s.values)
    slide = _slide(show, caption_of(block, lang), [translate(f"stamp.{tag}", lang) for tag in what.tags])
    told = body = _beside(content, block)
    wide = PICTURE if told.strip() else WIDTH - 2 * LEFT
    if drawn:
        add_native_chart(slide, what, (LEFT, TOP, wide, ROOM), lang)
    else:
        _picture(slide, block, wide)
    left = LEFT + PICTURE + 0.25
    more = len(what.categories) - SHOWN
    if more > 0 and drawn:
        told = "\n".join([told, translate("text.more_bars", lang, shown=SHOWN, count=len(what.categories))])
    if told.strip():
        _body(slide, told, left, WIDTH - LEFT - left)
    if drawn:
        _source(slide, what.source)
    _notes(slide, [what.alt, body, what.source])


def _beside(content: Content, block: Block) -> str:
    """The text of a chart: its item's, or the one before it in its section, unless that is another chart's."""
    if own := content.item(block.name, "text"):
        return own.text
    for _, blocks in content.sections():
        if block in blocks:
            before = [b for b in blocks[: blocks.index(block)] if b.kind == "text"]
            if before and not content.item(before[-1].name, "chart"):
                return before[-1].text
    return ""


def _source(slide: Any, source: str) -> None:
    box = slide.shapes.add_textbox(Inches(LEFT), Inches(TOP + ROOM + 0.1), Inches(WIDTH - 2 * LEFT), Inches(0.6))
    _write(box.text_frame, [source], 12, color=SOFT)


def _picture(slide: Any, block: Block, wide: float) -> None:
    """A chart that PowerPoint can't draw, as large as there is room for; its title and stamps are the slide's."""
    picture = slide.shapes.add_picture(io.BytesIO(block.image), Inches(LEFT), Inches(TOP))
    picture.crop_top = block.chart.title_fraction if block.chart else 0
    ratio = picture.height * (1 - picture.crop_top) / picture.width
    width = min(wide, WIDEST, ROOM / ratio)
    picture.width, picture.height = Inches(width), Inches(width * ratio)
    picture.left = Inches(LEFT + (wide - width) / 2)
    picture._element.nvPicPr.cNvPr.set("descr", block.chart.alt if block.chart else "")


def _fitting(lines: list[list[str]], widths: list[float]) -> tuple[int, list[float]]:
    """The largest letters in which all lines of a table fit, or the least that can be read, with the lines' heights."""
    for size in (16, 15, 14, 13, 12):
        heights = [
            max(_inches([text], size, w, 0) for text, w in zip(line, widths, strict=True)) + 0.08 for line in lines
        ]
        if sum(heights) <= ROOM:
            break
    return size, heights


def _table(show: Any, block: Block, content: Content) -> None:
    """A table of PowerPoint's own, with as many rows as there is room for."""
    table, lang = block.table, content.lang
    assert table is not None
    slide = _slide(show, caption_of(block, lang), [table.stamp] if table.stamp else [])
    table = table.drop("area")
    cells = table.formatted_rows(lang)
    whole = WIDTH - 2 * LEFT
    widths = [w / 25.4 for w in column_widths(table, cells, whole * 25.4 * 0.72)]
    widths = [w * whole / sum(widths) for w in widths]
    lines = [[c.heading for c in table.columns], *cells]
    size, heights = _fitting(lines, widths)
    kept = max(1, sum(height <= ROOM for height in accumulate(heights)) - 1)
    shape = slide.shapes.add_table(kept + 1, len(widths), Inches(LEFT), Inches(TOP), Inches(whole), Inches(sum(heights[: kept + 1])))  # fmt: skip
    shape._element.nvGraphicFramePr.cNvPr.set("descr", caption_of(block, lang))
    grid = shape.table
    for i, width in enumerate(widths):
        grid.columns[i].width = Inches(width)
    for r, (row, height) in enumerate(zip(lines[: kept + 1], heights, strict=False)):
        grid.rows[r].height = Inches(height)
        for c, text in enumerate(row):
            cell = grid.cell(r, c)
            cell.margin_top = cell.margin_bottom = Inches(0.02)
            cell.margin_left = cell.margin_right = Inches(0.07)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            _write(cell.text_frame, [text], size, bold=r == 0, color=RGBColor(255, 255, 255) if r == 0 else INK)
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.space_after = Pt(0)
            paragraph.alignment = PP_ALIGN.RIGHT if table.columns[c].numeric else PP_ALIGN.LEFT
    notes = [*table.notes]
    if kept < len(cells):
        notes.insert(0, translate("text.more_rows", lang, shown=kept, count=len(cells)))
    if notes:
        _source(slide, ". ".join(n.rstrip(".") for n in notes) + ".")
    rows = [f"{row[0]}: {'; '.join(text for text in row[1:] if text)}" for row in cells]
    _notes(slide, [*rows, *notes])
