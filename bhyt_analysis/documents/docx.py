"""Write the briefing as a Word report on the page of Decree 30/2020.

A4 with margins of 20, 20, 30 and 20 mm, Times New Roman 14, justified, the page number centred on top from the
second page (Decree 30/2020/NĐ-CP, annex I). It is material for reference and says so: it has no national motto and
no signature.
"""

from __future__ import annotations

import io
import re
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from docx import Document
from docx.document import Document as Report
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from PIL import Image

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.column_widths import TableLayout, lay_out_table
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.documents.image_slices import MAX_HEIGHT, slice_image
from bhyt_analysis.documents.page_flow import arrange_blocks
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET, split_emphasis, to_title

FONT = "Times New Roman"
BODY_SIZE, SMALL_SIZE = 14, 11  # points
MARGINS = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 20}  # mm
WIDTH = 160  # mm between the margins
PAGE_HEIGHT, TITLE_HEIGHT = 257, 34  # mm of a page, and of what comes before the first section
UNBROKEN_HEIGHT = 80  # mm of a table that is not broken over pages
TWIPS = 56.7  # of a mm
RED = RGBColor(0xB3, 0x3A, 0x00)
LANGUAGES = {"vi": "vi-VN", "en": "en-GB"}
NS = nsdecls("w")
FONTS = f'<w:rFonts {NS} w:ascii="{FONT}" w:hAnsi="{FONT}" w:eastAsia="{FONT}" w:cs="{FONT}"/>'
CENTER, LEFT, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.JUSTIFY
# Size, bold, italic, points before and after, line spacing, alignment (None: as in the library's template).
STYLES = {
    "Normal": (BODY_SIZE, False, False, 0, 6, 1.15, JUSTIFY),
    "List Bullet": (BODY_SIZE, False, False, 0, 6, 1.15, JUSTIFY),
    "Title": (16, True, False, 0, 4, 1.0, CENTER),
    "Heading 1": (14, True, False, 12, 6, 1.0, None),
    "Heading 2": (14, True, True, 12, 6, 1.0, None),
    "Heading 3": (13, True, True, 12, 6, 1.0, None),
    "Caption": (12, True, False, 0, 10, 1.0, CENTER),
    "Note": (SMALL_SIZE, False, True, 0, 6, 1.0, LEFT),
    "Stamp": (12, True, False, 0, 4, 1.0, CENTER),
    "Cell": (SMALL_SIZE, False, False, 0, 0, 1.0, LEFT),
}


def write_docx(content: Content, path: Path) -> None:
    """Write the report of a briefing to ``path``."""
    report = Document()
    _set_styles(report, content.lang)
    _set_page(report, content)
    _add_title(report, content)
    tables = {}
    for block in content.of_kind("table"):
        if block.table:  # codes of units are in the annex tables only
            tables[block.number] = list(lay_out_table(block.table.drop("area"), content.lang, WIDTH))
    numbers = count(1)
    for block in arrange_blocks(content.blocks, lambda block: _measure(block, tables), PAGE_HEIGHT, TITLE_HEIGHT):
        if block.kind == "heading" and block.level == 2:
            report.add_heading(f"{next(numbers)}. {block.text}", 1)
        elif block.kind == "heading":
            report.add_heading(block.text, min(block.level - 1, 9) if block.level > 2 else 1)
        elif block.kind == "text":
            _add_text(report, block, content)
        elif block.kind == "chart":
            _add_chart(report, block, content.lang)
        elif block.kind == "table":
            _add_table(report, block, tables[block.number], content.lang)
    report.save(str(path))


def _measure(block: Block, tables: dict[int, list[TableLayout]]) -> tuple[float, bool]:
    """Return about how high a block is (mm), and whether it may break over pages."""
    if block.kind == "heading":
        return 12, False
    if block.kind == "chart":
        width, height = Image.open(io.BytesIO(block.image)).size
        scaled = min((block.chart or ChartDescription("", "")).width_mm, WIDTH) * height / width + 12
        return scaled, scaled > PAGE_HEIGHT
    if block.kind == "table" and block.table:
        rows = sum(part.height for part in tables[block.number])
        return rows + 14 + 5 * len(block.table.notes) + (6 if block.table.stamp else 0), rows > UNBROKEN_HEIGHT
    return sum(2 + 6.6 * -(-len(line) // 78) for line in block.text.split("\n") if line.strip()), True


def _set_page(report: Report, content: Content) -> None:
    section = report.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in MARGINS.items():
        setattr(section, name, Mm(size))
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = CENTER
    _add_field(number, "PAGE", "2")
    if content.internal_stamp:  # on every page, also the first
        section.header.add_paragraph(content.internal_stamp, "Stamp")
        first = section.first_page_header.paragraphs[0]
        first.style, first.text = "Stamp", content.internal_stamp
    for block in content.of_kind("made_with"):
        footer = section.first_page_footer.paragraphs[0]
        footer.style, footer.text = "Note", block.text
    properties = report.core_properties
    properties.title = to_title(f"{content.title}: {content.area}")
    properties.subject = translate("label.reference", content.lang)
    properties.created = properties.modified = clock.now()  # not that of the library's template
    properties.author, properties.comments, properties.language = "bhyt_analysis", "", LANGUAGES[content.lang]


def _set_styles(report: Report, lang: str) -> None:
    """Set Times New Roman in every style, the sizes of the decree, and styles for captions, notes and stamps."""
    styles = report.styles
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for old in [*defaults.findall(qn("w:lang")), *defaults.findall(qn("w:rFonts"))]:
        defaults.remove(old)
    defaults.insert(0, parse_xml(FONTS))
    defaults.append(parse_xml(f'<w:lang {NS} w:val="{LANGUAGES[lang]}" w:eastAsia="{LANGUAGES[lang]}"/>'))
    for name, (size, bold, italic, before, after, line, align) in STYLES.items():
        style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        properties = style.element.get_or_add_rPr()
        for old in properties.findall(qn("w:rFonts")):  # those of the theme would come first
            properties.remove(old)
        properties.insert(0, parse_xml(FONTS))
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
        style.font.color.rgb = RED if name == "Stamp" else RGBColor(0, 0, 0)
        layout = style.paragraph_format
        layout.space_before, layout.space_after, layout.line_spacing = Pt(before), Pt(after), line
        if align is not None:
            layout.alignment = align
        if name.startswith("Heading"):
            layout.keep_with_next = True
    styles["Normal"].paragraph_format.widow_control = True
    title = styles["Title"].element.pPr
    for border in title.findall(qn("w:pBdr")):
        title.remove(border)


def _add_title(report: Report, content: Content) -> None:
    report.add_paragraph(content.title.upper(), "Title")
    report.add_paragraph(content.area_heading, "Title").runs[0].font.size = Pt(14)
    report.add_paragraph(translate("label.reference", content.lang), "Note").alignment = CENTER
    for block in content.of_kind("warning"):
        report.add_paragraph(block.text, "Stamp")


def _add_text(report: Report, block: Block, content: Content) -> None:
    """Add a text: paragraphs and bullets; the last one refers to the item's chart and table."""
    lines = [line for line in re.split(rf"\n+(?={BULLET})|\n\n+", block.text) if line.strip()]
    for i, line in enumerate(lines):
        bullet = line.startswith(BULLET)
        paragraph = report.add_paragraph(style="List Bullet" if bullet else "Normal")
        if not bullet:
            paragraph.paragraph_format.first_line_indent = Mm(10)
        for text, bold, italic in split_emphasis(line.replace("\n", " ")):
            run = paragraph.add_run(text)
            run.bold, run.italic = bold or None, italic or None
        others = [b for kind in ("chart", "table") if block.name and (b := content.item(block.name, kind))]
        for k, other in enumerate(others if i == len(lines) - 1 else []):
            paragraph.add_run(", " if k else " (")
            label = f"{translate(f'label.{other.kind}', content.lang)}\u00a0{other.number}"
            _add_field(paragraph, f"REF {_bookmark(other)} \\h", label)
            if k == len(others) - 1:
                paragraph.add_run(")")


def _bookmark(block: Block) -> str:
    return f"_Ref_{block.kind}_{block.number}"


def _add_field(paragraph: Paragraph, code: str, text: str) -> None:
    """Add a field that Word keeps up to date, with its text until then."""
    begin, separate, end = (f'<w:fldChar w:fldCharType="{kind}"/>' for kind in ("begin", "separate", "end"))
    instruction = f'<w:instrText xml:space="preserve"> {code} </w:instrText>'
    for xml in (begin, instruction, separate, f"<w:t>{escape(text)}</w:t>", end):
        paragraph._p.append(parse_xml(f"<w:r {NS}>{xml}</w:r>"))


def _add_caption(report: Report, block: Block, lang: str) -> Paragraph:
    paragraph = report.add_paragraph(style="Caption")
    mark = 100 * (block.kind == "table") + block.number
    paragraph._p.append(parse_xml(f'<w:bookmarkStart {NS} w:id="{mark}" w:name="{_bookmark(block)}"/>'))
    label = translate(f"label.{block.kind}", lang)
    paragraph.add_run(f"{label}\u00a0")  # as in references, which Word copies from here
    _add_field(paragraph, f"SEQ {label} \\* ARABIC", str(block.number))
    paragraph._p.append(parse_xml(f'<w:bookmarkEnd {NS} w:id="{mark}"/>'))
    paragraph.add_run(f". {block.caption}")
    return paragraph


def _add_chart(report: Report, block: Block, lang: str) -> None:
    """Add a chart between the margins, its alternative text and its caption; a tall one goes on overleaf."""
    chart = block.chart or ChartDescription(block.caption, "")
    width = min(chart.width_mm, WIDTH)
    parts = slice_image(block.image, chart.page_breaks, width, MAX_HEIGHT)
    for i, part in enumerate(parts):
        paragraph = report.add_paragraph()
        layout = paragraph.paragraph_format
        layout.alignment, layout.keep_with_next, layout.line_spacing = CENTER, i + 1 == len(parts), 1.0
        picture = paragraph.add_run().add_picture(io.BytesIO(part))
        ratio = picture.height / picture.width
        picture.width = Mm(min(width, MAX_HEIGHT / ratio))
        picture.height = round(picture.width * ratio)
        properties = picture._inline.docPr
        properties.set("descr", chart.alt if i == 0 else translate("label.continued", lang))
        properties.set("title", block.caption)
    if block.name:
        _add_caption(report, block, lang)


def _add_table(report: Report, block: Block, parts: list[TableLayout], lang: str) -> None:
    """Add a table of Word's own: its caption above, the heading repeated on every page, the notes below."""
    table = parts[0].table
    caption = _add_caption(report, block, lang).paragraph_format
    caption.keep_with_next, caption.space_before, caption.space_after = True, Pt(8), Pt(4)
    if table.stamp:
        report.add_paragraph(table.stamp, "Stamp").paragraph_format.keep_with_next = True
    for i, part in enumerate(parts):
        if i:
            report.add_paragraph(style="Cell")
        report.element.body.insert_element_before(_table_xml(part, block.caption), "w:sectPr")
    for i, note in enumerate(table.notes):
        layout = report.add_paragraph(note, "Note").paragraph_format
        layout.space_before = Pt(3 if i == 0 else 0)
        layout.keep_with_next = i + 1 < len(table.notes)
    if not table.notes:
        report.add_paragraph(style="Cell")


def _table_xml(layout: TableLayout, title: str) -> BaseOxmlElement:
    """Return the table as XML: adding cell by cell in python-docx would take longer than all the rest."""
    table, last = layout.table, len(layout.cells) - 1
    grid = "".join(f'<w:gridCol w:w="{round(w * TWIPS)}"/>' for w in layout.widths)
    rows = _row_xml(layout, [c.heading for c in table.columns], heading=True)
    short = layout.height <= UNBROKEN_HEIGHT  # a long table leaves no row alone on a page, nor its notes
    for i, row in enumerate(layout.cells):
        keep = (short or i == 0 or i >= last - 1) and (i < last or bool(table.notes))
        rows += _row_xml(layout, row, keep=keep)
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="7F7F7F"/>' for side in sides)
    margins = '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
    width = sum(round(w * TWIPS) for w in layout.widths)
    return parse_xml(
        f'<w:tbl {NS}><w:tblPr><w:tblW w:w="{width}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}<w:tblLook w:firstRow="1"/>'
        f"<w:tblCaption w:val={quoteattr(title)}/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _row_xml(layout: TableLayout, texts: list[str], heading: bool = False, keep: bool = False) -> str:
    row = "<w:cantSplit/><w:tblHeader/>" if heading else "<w:cantSplit/>"
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="E7EDF3"/><w:vAlign w:val="center"/>' if heading else ""
    half_points = round(layout.points * 2)
    size = f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    bold, keep_next = "<w:b/>" if heading else "", "<w:keepNext/>" if heading or keep else ""
    cells = []
    for text, column, width in zip(texts, layout.table.columns, layout.widths, strict=True):
        align = "center" if heading else ("right" if column.numeric else "left")
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{round(width * TWIPS)}" w:type="dxa"/>{shade}</w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="Cell"/>{keep_next}<w:jc w:val="{align}"/></w:pPr>'
            f"<w:r><w:rPr>{bold}{size}</w:rPr>"
            f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
        )
    return f"<w:tr><w:trPr>{row}</w:trPr>{''.join(cells)}</w:tr>"
