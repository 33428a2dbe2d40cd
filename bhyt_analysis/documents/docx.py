"""The briefing as a Word report, on the page of Decree 30/2020: how does a notebook become one?

A4 with margins of 20, 20, 30 and 20 mm, Times New Roman 14, justified, the page number
centred on top from the second page (Decree 30/2020/NĐ-CP, annex I). It is material for
reference and says so: it has no national motto and no signature.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from PIL import Image

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.column_widths import TableLayout, lay_out_table
from bhyt_analysis.documents.content import Block, Content, caption_of
from bhyt_analysis.documents.image_slices import TALLEST, slice_image
from bhyt_analysis.documents.page_flow import arrange_blocks
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.tables.formatting import TableSpec

FONT = "Times New Roman"
BODY, SMALL = 14, 11  # points
MARGINS = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 20}  # mm
WIDTH = 160  # mm between the margins
PAGE, HEAD = 257, 34  # mm of a page, and what stands above the first section
WHOLE = 80  # mm of a table that is not broken
RED = RGBColor(0xB3, 0x3A, 0x00)
LANGUAGES = {"vi": "vi-VN", "en": "en-GB"}
NS = nsdecls("w")


def write_docx(content: Content, path: Path) -> None:
    """Write the report of a briefing to ``path``."""
    report = Document()
    _styles(report, content.lang)
    _page(report, content)
    _head(report, content)
    tables = {b.number: list(lay_out_table(_told(b), content.lang, WIDTH)) for b in content.of("table")}
    number = 0
    for block in arrange_blocks(content.blocks, lambda block: _room(block, tables), PAGE, HEAD):
        if block.kind == "heading" and block.level == 2:
            number += 1
            report.add_heading(f"{number}. {block.text}", 1)
        elif block.kind == "heading":
            report.add_heading(block.text, min(block.level - 1, 9) if block.level > 2 else 1)
        elif block.kind == "text":
            _text(report, block, content)
        elif block.kind == "chart":
            _chart(report, block, content.lang)
        elif block.table is not None:
            _table(report, block, tables[block.number], content.lang)
    report.save(str(path))


def _room(block: Block, tables: dict[int, list[TableLayout]]) -> tuple[float, bool]:
    """About how high a block stands (mm), and whether it may go on overleaf."""
    if block.kind == "heading":
        return 12, False
    if block.kind == "chart":
        wide, high = Image.open(io.BytesIO(block.image)).size
        height = min((block.chart or ChartDescription("", "")).width_mm, WIDTH) * high / wide + 12
        return height, height > PAGE
    if block.kind == "table" and block.table:
        height = sum(part.height for part in tables[block.number])
        around = 14 + 5 * len(block.table.notes) + (6 if block.table.stamp else 0)
        return height + around, height > WHOLE
    return sum(2 + 6.6 * -(-len(line) // 78) for line in block.text.split("\n") if line.strip()), True


def _told(block: Block) -> TableSpec:
    """A table as the report has it: codes are in the annex tables."""
    assert block.table is not None
    return block.table.drop("area")


def _page(report: Any, content: Content) -> None:
    """The page, its number from the second one on, and what the file says of itself."""
    section = report.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in MARGINS.items():
        setattr(section, name, Mm(size))
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(number, "PAGE", "2")
    for block in content.of("made_with"):
        below = section.first_page_footer.paragraphs[0]
        below.style, below.text = report.styles["Note"], block.text
    told = report.core_properties
    told.title, told.subject = f"{content.title}: {content.area}", translate("label.reference", content.lang)
    told.created = told.modified = dt.datetime.now(dt.UTC)  # and not that of the library's template
    told.author, told.comments, told.language = "bhyt_analysis", "", LANGUAGES[content.lang]


def _styles(report: Any, lang: str) -> None:
    """Times New Roman in every style, the sizes of the decree, and our own for captions, notes and stamps."""
    styles = report.styles
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for tag in ("w:lang", "w:rFonts"):
        for old in defaults.findall(qn(tag)):
            defaults.remove(old)
    defaults.insert(0, _fonts())
    defaults.append(parse_xml(f'<w:lang {NS} w:val="{LANGUAGES[lang]}" w:eastAsia="{LANGUAGES[lang]}"/>'))
    body: dict[str, Any] = {"size": BODY, "after": 6, "line": 1.15}
    _style(styles["Normal"], **body, align=WD_ALIGN_PARAGRAPH.JUSTIFY)
    styles["Normal"].paragraph_format.widow_control = True
    _style(styles["Title"], size=16, after=4, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    border = styles["Title"].element.pPr.find(qn("w:pBdr"))
    if border is not None:
        styles["Title"].element.pPr.remove(border)
    for level, size in ((1, 14), (2, 14), (3, 13)):
        _style(styles[f"Heading {level}"], size=size, before=12, after=6, bold=True, italic=level > 1)
        styles[f"Heading {level}"].paragraph_format.keep_with_next = True
    _style(styles["Caption"], size=12, after=10, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    _style(styles["List Bullet"], **body, align=WD_ALIGN_PARAGRAPH.JUSTIFY)
    note = styles.add_style("Note", WD_STYLE_TYPE.PARAGRAPH)
    _style(note, size=SMALL, after=6, italic=True, align=WD_ALIGN_PARAGRAPH.LEFT)
    stamp = styles.add_style("Stamp", WD_STYLE_TYPE.PARAGRAPH)
    _style(stamp, size=12, after=4, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    stamp.font.color.rgb = RED
    cell = styles.add_style("Cell", WD_STYLE_TYPE.PARAGRAPH)
    _style(cell, size=SMALL, after=0, align=WD_ALIGN_PARAGRAPH.LEFT)


def _fonts() -> Any:
    return parse_xml(f'<w:rFonts {NS} w:ascii="{FONT}" w:hAnsi="{FONT}" w:eastAsia="{FONT}" w:cs="{FONT}"/>')


def _style(style: Any, size: float, before: float = 0, after: float = 0, bold: bool = False, italic: bool = False, line: float = 1.0, align: Any = None) -> None:  # fmt: skip
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:rFonts")):  # those of the theme would come first
        properties.remove(old)
    properties.insert(0, _fonts())
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
    style.font.color.rgb = RGBColor(0, 0, 0)
    layout = style.paragraph_format
    layout.space_before, layout.space_after, layout.line_spacing = Pt(before), Pt(after), line
    if align is not None:
        layout.alignment = align


def _head(report: Any, content: Content) -> None:
    """What the report is, of which area, and that it is no administrative document."""
    report.add_paragraph(content.title.upper(), "Title")
    area = report.add_paragraph(content.area[:1].upper() + content.area[1:], "Title")
    area.runs[0].font.size = Pt(14)
    reference = report.add_paragraph(translate("label.reference", content.lang), "Note")
    reference.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in content.of("warning"):
        report.add_paragraph(block.text, "Stamp")


def _text(report: Any, block: Block, content: Content) -> None:
    """A text of Markdown: paragraphs and bullets; the last names the chart and table that go with it."""
    lines = [line for line in re.split(r"\n+(?=- )|\n\n+", block.text) if line.strip()]
    for i, line in enumerate(lines):
        bullet = line.startswith("- ")
        paragraph = report.add_paragraph(style="List Bullet" if bullet else "Normal")
        if not bullet:
            paragraph.paragraph_format.first_line_indent = Mm(10)
        _runs(paragraph, line[2:] if bullet else line)
        if i == len(lines) - 1:
            _references(paragraph, block, content)


def _runs(paragraph: Paragraph, markdown: str) -> None:
    """Bold and italics of Markdown as runs."""
    for part in re.split(r"(\*\*.+?\*\*|\*.+?\*)", " ".join(markdown.split("\n"))):
        run = paragraph.add_run(part.strip("*") if part.startswith("*") else part)
        run.bold = part.startswith("**") or None
        run.italic = (part.startswith("*") and not part.startswith("**")) or None


def _references(paragraph: Paragraph, block: Block, content: Content) -> None:
    """Cross references to the chart and the table of the same item, as fields."""
    told = [b for kind in ("chart", "table") if block.name and (b := content.item(block.name, kind))]
    for i, other in enumerate(told):
        paragraph.add_run(" (" if i == 0 else ", ")
        _field(
            paragraph,
            f"REF {_mark(other)} \\h",
            f"{translate(f'label.{other.kind}', content.lang)}\u00a0{other.number}",
        )
    if told:
        paragraph.add_run(")")


def _mark(block: Block) -> str:
    return f"_Ref_{block.kind}_{block.number}"


def _field(paragraph: Paragraph, code: str, shown: str) -> None:
    """A field that Word keeps right, with what it shows until then."""
    for xml in (
        '<w:fldChar w:fldCharType="begin"/>', f'<w:instrText xml:space="preserve"> {code} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>', f"<w:t>{shown}</w:t>", '<w:fldChar w:fldCharType="end"/>',
    ):  # fmt: skip
        paragraph._p.append(parse_xml(f"<w:r {NS}>{xml}</w:r>"))


def _caption(report: Any, block: Block, lang: str) -> Paragraph:
    """The caption of a chart or table, its number a field that cross references name."""
    paragraph = report.add_paragraph(style="Caption")
    place = 100 * (block.kind == "table") + block.number
    paragraph._p.append(parse_xml(f'<w:bookmarkStart {NS} w:id="{place}" w:name="{_mark(block)}"/>'))
    word = translate(f"label.{block.kind}", lang)
    paragraph.add_run(f"{word}\u00a0")  # as in references, which Word copies from here
    _field(paragraph, f"SEQ {word} \\* ARABIC", str(block.number))
    paragraph._p.append(parse_xml(f'<w:bookmarkEnd {NS} w:id="{place}"/>'))
    paragraph.add_run(f". {caption_of(block, lang)}")
    return paragraph


def _chart(report: Any, block: Block, lang: str) -> None:
    """The picture between the margins, with its alternative text; its caption below. A high one goes on overleaf."""
    what = block.chart or ChartDescription(block.caption, "")
    width = min(what.width_mm, WIDTH)
    parts = slice_image(block.image, what.page_breaks, width, TALLEST)
    for i, part in enumerate(parts):
        holder = report.add_paragraph()
        holder.alignment = WD_ALIGN_PARAGRAPH.CENTER
        holder.paragraph_format.keep_with_next = i + 1 == len(parts)
        holder.paragraph_format.line_spacing = 1.0
        picture = holder.add_run().add_picture(io.BytesIO(part))
        ratio = picture.height / picture.width
        picture.width = Mm(min(width, TALLEST / ratio))
        picture.height = round(picture.width * ratio)
        about = picture._inline.docPr
        about.set("descr", what.alt if i == 0 else translate("label.continued", lang))
        about.set("title", block.caption)
    if block.name:
        _caption(report, block, lang)


def _table(report: Any, block: Block, parts: list[TableLayout], lang: str) -> None:
    """A table of Word's own: its caption above, the heading repeated on every page, what is said once below."""
    table = _told(block)
    caption = _caption(report, block, lang)
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(8), Pt(4)
    if table.stamp:
        stamp = report.add_paragraph(table.stamp, "Stamp")
        stamp.paragraph_format.keep_with_next = True
    for i, part in enumerate(parts):
        if i:
            report.add_paragraph(style="Cell")
        report.element.body.insert_element_before(_grid(part, caption_of(block, lang)), "w:sectPr")
    for i, note in enumerate(table.notes):
        paragraph = report.add_paragraph(note, "Note")
        paragraph.paragraph_format.space_before = Pt(3 if i == 0 else 0)
        paragraph.paragraph_format.keep_with_next = i + 1 < len(table.notes)
    if not table.notes:
        report.add_paragraph(style="Cell")


def _grid(laid: TableLayout, title: str) -> Any:
    """The table as XML: cell by cell python-docx would take longer than all the rest."""
    table, cells = laid.table, laid.cells
    widths = [round(w * 56.7) for w in laid.widths]
    half_points = round(laid.points * 2)
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    head = _row([c.heading for c in table.columns], table, widths, half_points, True)
    kept = laid.height <= WHOLE  # a short table is not broken, a longer one leaves no row alone, nor its notes
    rows = "".join(
        _row(
            row,
            table,
            widths,
            half_points,
            keep=(kept or i == 0 or i + 2 >= len(cells)) and (i + 1 < len(cells) or bool(table.notes)),
        )
        for i, row in enumerate(cells)
    )
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="7F7F7F"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV"))  # fmt: skip
    margins = '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
    return parse_xml(
        f'<w:tbl {NS}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}<w:tblLook w:firstRow="1"/>'
        f'<w:tblCaption w:val="{_escaped(title)}"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{rows}</w:tbl>'
    )


def _row(
    texts: list[str], table: TableSpec, widths: list[int], half_points: int, head: bool = False, keep: bool = False
) -> str:
    look = "<w:cantSplit/><w:tblHeader/>" if head else "<w:cantSplit/>"
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="E7EDF3"/>' if head else ""
    size = f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    bold = "<w:b/>" if head else ""
    cells = []
    for text, column, width in zip(texts, table.columns, widths, strict=True):
        align = "center" if head else ("right" if column.numeric else "left")
        middle = '<w:vAlign w:val="center"/>' if head else ""
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}{middle}</w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="Cell"/>{"<w:keepNext/>" if head or keep else ""}<w:jc w:val="{align}"/></w:pPr>'
            f'<w:r><w:rPr>{bold}{size}</w:rPr><w:t xml:space="preserve">{_escaped(text)}</w:t></w:r></w:p></w:tc>'
        )
    return f"<w:tr><w:trPr>{look}</w:trPr>{''.join(cells)}</w:tr>"


def _escaped(text: str) -> str:
    """Text as XML holds it; what XML can't hold is left out."""
    plain = "".join(c for c in text if c in "\t\n" or ord(c) >= 32)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
