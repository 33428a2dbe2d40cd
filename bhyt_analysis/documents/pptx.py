"""Write the briefing as slides: a sentence as title, charts that PowerPoint can edit, the figures in the notes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import cast

from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.package import Part
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Slides
from pptx.shapes.autoshape import Shape
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Emu, Inches, Pt

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.brief import figure_sources
from bhyt_analysis.documents.column_widths import column_widths
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.documents.pptx_charts import (
    INK,
    KINDS,
    SOFT,
    WHITE,
    add_native_chart,
    drawn_count,
    font_name,
    set_alt_text,
)
from bhyt_analysis.documents.slide_messages import VERDICT, SlideMessage, choose_messages
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.safe_text import BULLET, plain_text, split_emphasis, to_title
from bhyt_analysis.i18n.zip_times import settle_times
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.formatting import TableSpec
from bhyt_analysis.tables.internal_copy import INTERNAL

WIDTH, HEIGHT = 13.333, 7.5  # inches
LEFT, TOP, BODY_HEIGHT = 0.6, 1.35, 5.2  # of the body
BODY_WIDTH = WIDTH - 2 * LEFT
FOOTNOTE = (LEFT, TOP + BODY_HEIGHT + 0.1, BODY_WIDTH, 0.6)  # left, top, width and height
CHART_WIDTH, MAX_CHART_WIDTH = 7.9, 9.5  # inches of a chart with text at its side, and of a picture alone
SIDE_WIDTHS = (CHART_WIDTH, 6.6, 5.4)  # of a chart, narrower where the text at its side is long
SMALLEST = 12  # points of letters
RED = RGBColor(0xB3, 0x3A, 0)


def write_pptx(content: Content, path: Path) -> None:
    """Write 8 to 15 slides of a briefing to ``path``."""
    slides = _new_slides(to_title(f"{content.title}: {content.area}"), content.lang)
    messages = choose_messages(content, _is_readable)
    has_verdict = bool(messages) and messages[0].block.name == VERDICT
    if not has_verdict:
        _add_title_slide(slides, content)
    for message in messages:
        block = message.block
        if block.kind == "chart":
            _add_chart_slide(slides, message, content)
        elif block.name == "sources":
            _add_sources_slide(slides, message, content)
        elif block.table is not None:
            _add_table_slide(slides, message, block.table, content)
        else:
            _add_text_slide(slides, message, content)
    if has_verdict:
        _add_heading(slides.slides[0], content)
    slides.save(str(path))


def write_chart_slide(chart: ChartDescription, path: Path) -> None:
    """Write one slide with a chart that PowerPoint draws itself; `BhytError` for one that it can't draw."""
    if not _is_native(chart):
        raise BhytError(("error.no_native_chart", {"title": chart.title}))
    slides = _new_slides(to_title(chart.title), chart.lang)
    slide = _add_slide(slides, chart.title, [translate(f"stamp.{tag}", chart.lang) for tag in chart.tags])
    lines = [*_more_bars(chart, "text.first_bars"), chart.source]
    add_native_chart(slide, chart, (LEFT, TOP, BODY_WIDTH, BODY_HEIGHT), chart.lang)
    _add_box(slide, lines, SMALLEST, FOOTNOTE, color=SOFT)
    _set_notes(slide, [chart.alt, *lines])
    slides.save(str(path))
    settle_times(path)


def _new_slides(title: str, lang: str) -> Slides:
    """Return a file without slides."""
    slides = Presentation()
    slides.slide_width, slides.slide_height = Inches(WIDTH), Inches(HEIGHT)
    _set_layouts(slides)
    properties = slides.core_properties
    properties.title, properties.subject = title, translate("label.reference", lang)
    properties.author, properties.comments = "bhyt_analysis", ""
    properties.created = properties.modified = clock.now()  # not that of the library's template
    return slides


def _is_native(chart: ChartDescription) -> bool:
    """Return whether PowerPoint can draw a chart itself."""
    return chart.kind in KINDS and any(v is not None for s in chart.series for v in s.values)


def _more_bars(chart: ChartDescription, key: str) -> list[str]:
    """Return the sentence on the bars that are left out of a chart of too many, if some are."""
    count, most = len(chart.categories), drawn_count(chart)
    return [translate(key, chart.lang, shown=most, count=count)] if count > most else []


def _is_readable(block: Block) -> bool:
    """Return whether the letters of a chart are as large on a slide as on paper; those of a high picture are not."""
    chart = block.chart
    if chart is None or chart.kind in KINDS:
        return True
    width, height = Image.open(io.BytesIO(block.image)).size
    return height * (1 - chart.title_fraction) / width * chart.width_mm / 25.4 <= BODY_HEIGHT


def _set_layouts(slides: Slides) -> None:
    """Set Times New Roman as the font of the theme, and widen the layouts, which are drawn for a narrower slide."""
    for relation in slides.slide_master.part.rels.values():
        part = relation.target_part
        if relation.reltype.endswith("/theme") and isinstance(part, Part):
            part._blob = re.sub(rb'(<a:latin typeface=")[^"]*"', rb"\g<1>" + font_name().encode() + b'"', part.blob)
    ratio = WIDTH / 10
    for sheet in (slides.slide_master, *slides.slide_layouts):
        for shape in sheet.placeholders:
            if shape._element.spPr.xfrm is not None:
                shape.left, shape.width = Emu(round(shape.left * ratio)), Emu(round(shape.width * ratio))


def _add_title_slide(slides: Slides, content: Content) -> None:
    slide = slides.slides.add_slide(slides.slide_layouts[0])
    _fill_frame(slide.shapes.title.text_frame, [content.title], 36, bold=True)
    warnings = [b.text for b in content.of_kind("warning")]
    lines = [content.area_heading, translate("label.reference", content.lang), *warnings]
    frame = slide.placeholders[1].text_frame
    _fill_frame(frame, lines, 22)
    for i, paragraph in enumerate(frame.paragraphs[1:]):
        for run in paragraph.runs:
            run.font.size, run.font.color.rgb = Pt(16), RED if i else SOFT
    _set_notes(slide, [b.text for b in content.of_kind("made_with")])


def _add_heading(slide: Slide, content: Content) -> None:
    """Add above the verdict what the slides are and about which area; what they were made with to its notes."""
    parts = (content.title, content.area_heading, translate("label.reference", content.lang))
    _add_box(slide, [" · ".join(parts)], 13, (LEFT, 0.05, BODY_WIDTH, 0.35), color=SOFT)
    frame = cast(TextFrame, slide.notes_slide.notes_text_frame)
    more = [b.text for kind in ("warning", "made_with") for b in content.of_kind(kind)]
    frame.text = "\n".join([*more, frame.text])


def _add_slide(slides: Slides, title: str, stamps: Sequence[str]) -> Slide:
    """Add a slide with its title and number, and the stamps of weak figures at the side of the title."""
    stamps = [stamp for stamp in stamps if stamp]
    slide = slides.slides.add_slide(slides.slide_layouts[5])
    shape = slide.shapes.title
    width = BODY_WIDTH - (3.4 if stamps else 0)
    shape.left, shape.top, shape.width, shape.height = Inches(LEFT), Inches(0.35), Inches(width), Inches(0.9)
    size = next((s for s in (28, 24, 22) if len(title) * s * 0.5 / 72 < width * 1.9), 18 if len(title) < 170 else 16)
    _fill_frame(shape.text_frame, [title], size, bold=True)
    shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    shape.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    for i, text in enumerate(stamps):
        box = _add_box(slide, [text], 13, (WIDTH - LEFT - 3.3, 0.4 + 0.45 * i, 3.3, 0.36), bold=True, color=RED)
        box.text_frame.paragraphs[0].alignment = PP_ALIGN.CENTER
        box.line.color.rgb = RED
    # The number is a field, which PowerPoint keeps up to date.
    box = _add_box(slide, [str(len(slides.slides))], 12, (WIDTH - LEFT - 0.8, HEIGHT - 0.42, 0.8, 0.32), color=SOFT)
    paragraph = box.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT
    run = paragraph.runs[0]._r
    field = run.makeelement(qn("a:fld"), {"id": "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}", "type": "slidenum"})
    field.extend(list(run))
    paragraph._p.replace(run, field)
    return slide


def _add_box(
    slide: Slide, lines: list[str], size: float, sides: Sequence[float], bold: bool = False, color: RGBColor = INK
) -> Shape:
    """Add a box of text. ``sides``: left, top, width and height in inches."""
    left, top, width, height = map(Inches, sides)
    box = slide.shapes.add_textbox(left, top, width, height)
    _fill_frame(box.text_frame, lines, size, bold, color)
    return box


def _fill_frame(frame: TextFrame, lines: list[str], size: float, bold: bool = False, color: RGBColor = INK) -> None:
    """Write lines of text as paragraphs; one that begins with the sign of a list has a bullet."""
    frame.word_wrap = True
    for i, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(size * 0.45)
        if line.startswith(BULLET):  # a bullet of PowerPoint's own, with a hanging indent
            properties, inset = paragraph._p.get_or_add_pPr(), round(Pt(size) * 0.9)
            properties.set("marL", str(inset))
            properties.set("indent", str(-inset))
            properties.append(properties.makeelement(qn("a:buFont"), {"typeface": "Arial"}))
            properties.append(properties.makeelement(qn("a:buChar"), {"char": "•"}))
        for part, strong, italic in split_emphasis(" ".join(line.split())):
            run = paragraph.add_run()
            run.text = part
            run.font.size, run.font.name, run.font.color.rgb = Pt(size), font_name(), color
            run.font.bold, run.font.italic = bold or strong, italic


def _set_notes(slide: Slide, lines: Iterable[str]) -> None:
    frame = cast(TextFrame, slide.notes_slide.notes_text_frame)
    frame.text = "\n".join(plain_text(line.replace(BULLET, "- ")) for line in lines if line)


def _fit_lines(lines: Sequence[str], size: float, width: float, height: float) -> float:
    """Return the largest size of letters, down from ``size``, in which lines fit; the smallest where none does."""
    while size > SMALLEST and _text_height(lines, size, width) > height:
        size -= 1
    return size


def _add_side_text(slide: Slide, text: Sequence[str], left: float) -> None:
    """Add lines at the side of a chart, in the largest letters that fit; what does not fit is in the notes only."""
    width, height, lines = WIDTH - LEFT - left, BODY_HEIGHT - 0.1, list(text)
    size = _fit_lines(lines, 18, width, height)
    while lines and _text_height(lines, size, width) > height:
        *sentences, _ = re.split(r"(?<=\.)\s+", lines[-1])
        lines = [*lines[:-1], *([" ".join(sentences)] if sentences else [])]
    _add_box(slide, lines, size, (left, TOP, width, BODY_HEIGHT))


def _text_height(lines: Sequence[str], size: float, width: float, after: float = 0.45) -> float:
    """Return the height of a text (inches). ``after``: the space below a paragraph, as a part of the size."""
    letters = max(1, int((width - 0.2) * 72 / (size * 0.47)))  # of Times New Roman
    return sum(-(-len(line) // letters) * size * 1.2 + size * after for line in lines) / 72


def _add_text_slide(slides: Slides, message: SlideMessage, content: Content, notes: Iterable[str] = ()) -> None:
    headline = content.table("headline")
    stamps = [content.internal_stamp, headline.stamp if headline else ""]
    slide = _add_slide(slides, message.title, stamps)
    size = _fit_lines(message.lines, 24, BODY_WIDTH, BODY_HEIGHT)
    if message.lines:
        _add_box(slide, list(message.lines), size, (LEFT, TOP, BODY_WIDTH, BODY_HEIGHT))
    _set_notes(slide, notes or [message.title, *message.lines])


def _add_sources_slide(slides: Slides, message: SlideMessage, content: Content) -> None:
    """Add the sources of the headline figures, each document once; figure by figure in the notes."""
    table = message.block.table
    assert table is not None
    lines = [BULLET + s for s in figure_sources(content)] or [BULLET + n for n in table.notes]
    statuses = [str(s) for s in dict.fromkeys(table.column("status")) if s]
    label = column_name("status", content.lang)
    lines += [f"{label}: {'; '.join(statuses)}."] if statuses else [f"{n}." for n in table.notes]
    rows = ["; ".join(text for text in row if text) for row in table.formatted_rows(content.lang)]
    _add_text_slide(slides, replace(message, lines=tuple(lines)), content, rows)


def _add_chart_slide(slides: Slides, message: SlideMessage, content: Content) -> None:
    """Add a chart with its text at its side, its source below, its figures in the notes."""
    block, lang = message.block, content.lang
    chart = block.chart
    assert chart is not None
    native = _is_native(chart)
    stamps = [translate(f"stamp.{tag}", lang) for tag in chart.tags if tag != INTERNAL]
    slide = _add_slide(slides, message.title, [content.internal_stamp, *stamps])
    lines = [*message.lines, *(_more_bars(chart, "text.more_bars") if native else ())]
    width = next((w for w in SIDE_WIDTHS if _fits_beside(lines, w)), SIDE_WIDTHS[-1]) if lines else BODY_WIDTH
    if native:
        add_native_chart(slide, chart, (LEFT, TOP, width, BODY_HEIGHT), lang)
    else:
        _add_picture(slide, block, width)
    if lines:
        _add_side_text(slide, lines, LEFT + width + 0.25)
    if native:
        _add_box(slide, [chart.source], 12, FOOTNOTE, color=SOFT)
    _set_notes(slide, [block.caption, chart.alt, *message.lines, chart.source])


def _fits_beside(lines: Sequence[str], chart_width: float) -> bool:
    """Return whether lines fit at the side of a chart in letters that are read with ease."""
    width = BODY_WIDTH - chart_width - 0.25
    return _text_height(lines, 14, width) <= BODY_HEIGHT - 0.1


def _add_picture(slide: Slide, block: Block, max_width: float) -> None:
    """Add a chart that PowerPoint can't draw, as large as fits; its title and stamps are the slide's."""
    picture = slide.shapes.add_picture(io.BytesIO(block.image), Inches(LEFT), Inches(TOP))
    picture.crop_top = block.chart.title_fraction if block.chart else 0
    ratio = picture.height * (1 - picture.crop_top) / picture.width
    width = min(max_width, MAX_CHART_WIDTH, BODY_HEIGHT / ratio)
    picture.width, picture.height = Inches(width), Inches(width * ratio)
    picture.left = Inches(LEFT + (max_width - width) / 2)
    set_alt_text(picture, block.chart.alt if block.chart else "")


def _fit_rows(rows: list[list[str]], widths: list[float]) -> tuple[int, list[float]]:
    """Return the largest letters in which all rows of a table fit, or the least ones, and the rows' heights."""
    for size in (16, 15, 14, 13, 12):
        cells = [[_text_height([text], size, w, 0) for text, w in zip(row, widths, strict=True)] for row in rows]
        heights = [max(row) + 0.08 for row in cells]
        if sum(heights) <= BODY_HEIGHT:
            break
    return size, heights


def _add_table_slide(slides: Slides, message: SlideMessage, table: TableSpec, content: Content) -> None:
    """Add a table of PowerPoint's own, with as many rows as fit."""
    lang, block = content.lang, message.block
    headline = content.table("headline") if block.name == "tasks" else None  # their people are of those figures
    slide = _add_slide(slides, message.title, [content.internal_stamp, headline.stamp if headline else table.stamp])
    table = table.drop("area")
    cells = table.formatted_rows(lang)
    widths = column_widths(table, cells, BODY_WIDTH * 25.4 * 0.72)
    widths = [w * BODY_WIDTH / sum(widths) for w in widths]
    rows = [[c.heading for c in table.columns], *cells]
    size, heights = _fit_rows(rows, widths)
    count = max(1, sum(height <= BODY_HEIGHT for height in accumulate(heights)) - 1)
    frame = (Inches(LEFT), Inches(TOP), Inches(BODY_WIDTH), Inches(sum(heights[: count + 1])))
    shape = slide.shapes.add_table(count + 1, len(widths), *frame)
    set_alt_text(shape, block.caption)
    grid = shape.table
    for i, width in enumerate(widths):
        grid.columns[i].width = Inches(width)
    for r, (row, height) in enumerate(zip(rows[: count + 1], heights, strict=False)):
        grid.rows[r].height = Inches(height)
        for c, text in enumerate(row):
            cell = grid.cell(r, c)
            cell.margin_top = cell.margin_bottom = Inches(0.02)
            cell.margin_left = cell.margin_right = Inches(0.07)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            _fill_frame(cell.text_frame, [text], size, bold=r == 0, color=WHITE if r == 0 else INK)
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.space_after = Pt(0)
            paragraph.alignment = PP_ALIGN.RIGHT if table.columns[c].numeric else PP_ALIGN.LEFT
    more = [translate("text.more_rows", lang, shown=count, count=len(cells))] if count < len(cells) else []
    notes = [*more, *table.notes]
    if notes:
        _add_box(slide, [". ".join(n.rstrip(".") for n in notes) + "."], 12, FOOTNOTE, color=SOFT)
    details = [f"{row[0]}: {'; '.join(text for text in row[1:] if text)}" for row in cells]
    _set_notes(slide, [block.caption, *details, *notes])
