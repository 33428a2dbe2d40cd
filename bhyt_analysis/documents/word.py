"""Hold what the Word documents of a briefing share: the page of Decree 30/2020, styles, tables, pictures, footnotes.

A4 with margins of 20, 20, 30 and 20 mm, Times New Roman, justified, the page number centred on top from the second
page (Decree 30/2020/NĐ-CP, annex I). The documents are material for reference and say so: they have no national motto
and no signature.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from docx import Document
from docx.document import Document as Report
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.column_widths import TableLayout
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.documents.image_slices import MAX_HEIGHT, slice_image
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET, split_emphasis, to_title

FONT = "Times New Roman"
BODY_SIZE, SMALL_SIZE, FOOTNOTE_SIZE = 14, 11, 10  # points
MARGINS = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 20}  # mm
WIDTH, PAGE_HEIGHT = 160, 257  # mm between the margins
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
    "Footnote Text": (FOOTNOTE_SIZE, False, False, 0, 0, 1.0, JUSTIFY),
}
_REFERENCE = '<w:rPr><w:rStyle w:val="FootnoteReference"/><w:vertAlign w:val="superscript"/></w:rPr>'
SEPARATORS = ("separator", "continuationSeparator")  # the first two footnotes, which are lines


def new_report(content: Content, body_size: float = BODY_SIZE) -> Report:
    """Return an empty document with the page, the styles and the properties of a briefing's.

    ``body_size``: of the letters of its text, in points.
    """
    report = Document()
    _set_styles(report, content.lang, body_size)
    _set_page(report, content)
    return report


def _set_page(report: Report, content: Content) -> None:
    section = report.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in MARGINS.items():
        setattr(section, name, Mm(size))
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = CENTER
    add_field(number, "PAGE", "2")
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


def _set_styles(report: Report, lang: str, body_size: float) -> None:
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
        points = body_size if size == BODY_SIZE else size
        style.font.size, style.font.bold, style.font.italic = Pt(points), bold, italic
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


def add_title(report: Report, content: Content, title: str) -> None:
    """Add the title, the area, what the document is for, and what is to be known of all its figures."""
    report.add_paragraph(title.upper(), "Title")
    report.add_paragraph(content.area_heading, "Title").runs[0].font.size = Pt(14)
    report.add_paragraph(translate("label.reference", content.lang), "Note").alignment = CENTER
    for block in content.of_kind("warning"):
        report.add_paragraph(block.text, "Stamp")


def text_lines(text: str) -> list[str]:
    """Return the paragraphs and bullets of a text."""
    return [line for line in re.split(rf"\n+(?={BULLET})|\n\n+", text) if line.strip()]


def add_line(report: Report, line: str) -> Paragraph:
    """Add a paragraph or bullet with its emphasis."""
    bullet = line.startswith(BULLET)
    paragraph = report.add_paragraph(style="List Bullet" if bullet else "Normal")
    if not bullet:
        paragraph.paragraph_format.first_line_indent = Mm(10)
    for text, bold, italic in split_emphasis(line.replace("\n", " ")):
        run = paragraph.add_run(text)
        run.bold, run.italic = bold or None, italic or None
    return paragraph


def add_field(paragraph: Paragraph, code: str, text: str) -> None:
    """Add a field that Word keeps up to date, with its text until then."""
    for xml in _field_runs(code, text):
        paragraph._p.append(parse_xml(xml))


def _field_runs(code: str, text: str, look: str = "") -> list[str]:
    begin, separate, end = (f'<w:fldChar w:fldCharType="{kind}"/>' for kind in ("begin", "separate", "end"))
    instruction = f'<w:instrText xml:space="preserve"> {code} </w:instrText>'
    parts = (begin, instruction, separate, f"<w:t>{escape(text)}</w:t>", end)
    return [f"<w:r {NS}>{look}{xml}</w:r>" for xml in parts]


def add_numbered(paragraph: Paragraph, kind: str, number: int, lang: str) -> None:
    """Add the name and number of a chart, table or annex, which Word keeps and references lead to."""
    mark = {"chart": 0, "table": 1000, "appendix": 2000}[kind] + number
    paragraph._p.append(parse_xml(f'<w:bookmarkStart {NS} w:id="{mark}" w:name="{bookmark(kind, number)}"/>'))
    label = translate(f"label.{kind}", lang)
    paragraph.add_run(f"{label}\u00a0")  # as in references, which Word copies from here
    add_field(paragraph, f"SEQ {label.replace(' ', '_')} \\* ARABIC", str(number))
    paragraph._p.append(parse_xml(f'<w:bookmarkEnd {NS} w:id="{mark}"/>'))


def bookmark(kind: str, number: int) -> str:
    """Return the name of the place that references to a chart, table or annex lead to."""
    return f"_Ref_{kind}_{number}"


def add_pictures(report: Report, block: Block, lang: str, max_height: float = MAX_HEIGHT, follows: bool = True) -> None:
    """Add a chart between the margins with its alternative text; a tall one goes on overleaf.

    ``max_height``: in mm. ``follows``: whether a caption comes next, on the same page.
    """
    chart = block.chart or ChartDescription(block.caption, "")
    width = min(chart.width_mm, WIDTH)
    parts = slice_image(block.image, chart.page_breaks, width, MAX_HEIGHT)
    for i, part in enumerate(parts):
        paragraph = report.add_paragraph()
        layout = paragraph.paragraph_format
        layout.alignment, layout.keep_with_next, layout.line_spacing = CENTER, follows and i + 1 == len(parts), 1.0
        picture = paragraph.add_run().add_picture(io.BytesIO(part))
        ratio = picture.height / picture.width
        picture.width = Mm(min(width, max_height / ratio))
        picture.height = round(picture.width * ratio)
        properties = picture._inline.docPr
        properties.set("descr", chart.alt if i == 0 else translate("label.continued", lang))
        properties.set("title", block.caption)


def add_table(
    report: Report, parts: Sequence[TableLayout], title: str, footnotes: Mapping[int, Sequence[str]] | None = None
) -> None:
    """Add a table of Word's own: its stamp above, the heading repeated on every page, the notes below.

    ``parts``: of a wide one, each with the first column. ``footnotes``: by row, the XML of references to them, which
    its last cell gets.
    """
    table = parts[0].table
    if table.stamp:
        report.add_paragraph(table.stamp, "Stamp").paragraph_format.keep_with_next = True
    for i, part in enumerate(parts):
        if i:
            report.add_paragraph(style="Cell")
        report.element.body.insert_element_before(_table_xml(part, title, footnotes or {}), "w:sectPr")
    for i, note in enumerate(table.notes):
        layout = report.add_paragraph(note, "Note").paragraph_format
        layout.space_before = Pt(3 if i == 0 else 0)
        layout.keep_with_next = i + 1 < len(table.notes)
    if not table.notes:
        report.add_paragraph(style="Cell")


def _table_xml(layout: TableLayout, title: str, footnotes: Mapping[int, Sequence[str]]) -> BaseOxmlElement:
    """Return the table as XML: adding cell by cell in python-docx would take longer than all the rest."""
    table, last = layout.table, len(layout.cells) - 1
    grid = "".join(f'<w:gridCol w:w="{round(w * TWIPS)}"/>' for w in layout.widths)
    rows = _row_xml(layout, [c.heading for c in table.columns], heading=True)
    short = layout.height <= UNBROKEN_HEIGHT  # a long table leaves no row alone on a page, nor its notes
    for i, row in enumerate(layout.cells):
        keep = (short or i == 0 or i >= last - 1) and (i < last or bool(table.notes))
        is_total = table.total and i == 0
        rows += _row_xml(layout, row, keep=keep, marks="".join(footnotes.get(i, ())), bold=is_total)
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="7F7F7F"/>' for side in sides)
    margins = '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
    width = sum(round(w * TWIPS) for w in layout.widths)
    return parse_xml(
        f'<w:tbl {NS}><w:tblPr><w:tblW w:w="{width}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}<w:tblLook w:firstRow="1"/>'
        f"<w:tblCaption w:val={quoteattr(title)}/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _row_xml(
    layout: TableLayout,
    texts: list[str],
    heading: bool = False,
    keep: bool = False,
    marks: str = "",
    bold: bool = False,
) -> str:
    """Return a row as XML. ``marks``: references to footnotes, in its last cell."""
    row = "<w:cantSplit/><w:tblHeader/>" if heading else "<w:cantSplit/>"
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="E7EDF3"/><w:vAlign w:val="center"/>' if heading else ""
    half_points = round(layout.points * 2)
    size = f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    weight, keep_next = "<w:b/>" if heading or bold else "", "<w:keepNext/>" if heading or keep else ""
    cells = []
    last = len(texts) - 1
    for i, (text, column, width) in enumerate(zip(texts, layout.table.columns, layout.widths, strict=True)):
        align = "center" if heading else ("right" if column.numeric else "left")
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{round(width * TWIPS)}" w:type="dxa"/>{shade}</w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="Cell"/>{keep_next}<w:jc w:val="{align}"/></w:pPr>'
            f"<w:r><w:rPr>{weight}{size}</w:rPr>"
            f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r>{marks if i == last else ""}</w:p></w:tc>'
        )
    return f"<w:tr><w:trPr>{row}</w:trPr>{''.join(cells)}</w:tr>"


class Footnotes:
    """The footnotes of a document: each text has one number, and may be referred to many times."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def reference(self, text: str) -> str:
        """Return the XML of a reference to a footnote: a new one, or the number of the one that has this text."""
        if text in self._numbers:
            number = self._numbers[text]
            return "".join(_field_runs(f"NOTEREF {bookmark('footnote', number)} \\f \\h", str(number), _REFERENCE))
        number = self._numbers[text] = len(self._numbers) + 1
        mark = f'w:id="{3000 + number}"'
        return (
            f'<w:bookmarkStart {NS} {mark} w:name="{bookmark("footnote", number)}"/>'
            f'<w:r {NS}>{_REFERENCE}<w:footnoteReference w:id="{number + 1}"/></w:r><w:bookmarkEnd {NS} {mark}/>'
        )

    def references(self, texts: Sequence[str]) -> list[str]:
        """Return the XML of the references to several footnotes, with commas between them."""
        comma = f'<w:r {NS}><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t xml:space="preserve">, </w:t></w:r>'
        return [("" if i == 0 else comma) + self.reference(text) for i, text in enumerate(texts)]

    def write(self, report: Report) -> None:
        """Add the footnotes to a document that refers to them."""
        if not self._numbers:
            return
        style = report.styles.add_style("Footnote Reference", WD_STYLE_TYPE.CHARACTER)
        style.font.superscript = True
        lines = "".join(
            f'<w:footnote w:type="{kind}" w:id="{i}"><w:p><w:r><w:{kind}/></w:r></w:p></w:footnote>'
            for i, kind in enumerate(SEPARATORS)
        )
        mark = f"<w:r>{_REFERENCE}<w:footnoteRef/></w:r>"
        lines += "".join(
            f'<w:footnote w:id="{number + 1}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr>{mark}'
            f'<w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
            for text, number in self._numbers.items()
        )
        xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:footnotes {NS}>{lines}</w:footnotes>'
        name, kind = PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES
        part = Part(name, kind, xml.encode(), report.part.package)
        report.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
        references = "".join(f'<w:footnote w:id="{i}"/>' for i in range(len(SEPARATORS)))
        settings = report.settings.element
        settings.find(qn("w:compat")).addprevious(parse_xml(f"<w:footnotePr {NS}>{references}</w:footnotePr>"))
