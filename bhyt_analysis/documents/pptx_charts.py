"""Add charts that PowerPoint draws itself, from figures that can be edited."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import cast

import xlsxwriter
from pptx.chart.axis import CategoryAxis, ValueAxis
from pptx.chart.data import ChartData
from pptx.chart.datalabel import DataLabel
from pptx.chart.point import Point
from pptx.chart.series import BarSeries, LineSeries
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION
from pptx.enum.chart import XL_LABEL_POSITION as LABEL
from pptx.oxml.ns import qn
from pptx.parts.chart import ChartPart
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.slide import Slide
from pptx.util import Inches, Pt

from bhyt_analysis.charts.chart_settings import chosen_font, scale_of_letters
from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.content import LOCALES, PLAIN_TEXT

FONT = "Times New Roman"  # where `bhyt_analysis.charts.settings` sets none
KINDS = {
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "stacked": XL_CHART_TYPE.BAR_STACKED,
    "column": XL_CHART_TYPE.COLUMN_CLUSTERED,
    "line": XL_CHART_TYPE.LINE_MARKERS,
}
FORMATS = {"n": "#,##0", "d1": "#,##0.0", "p0": "0%", "p1": "0.0%", "pe": "0.0#%"}
MAX_BARS = 30  # of one slide; those left out are in the report. A line has all its points
MAX_LABELS = 12  # of a line; of more points only the ends have theirs
TARGET_GREY, WHITE = RGBColor(0xB0, 0xB0, 0xB0), RGBColor(255, 255, 255)
INK, SOFT = RGBColor(0x1D, 0x24, 0x30), RGBColor(0x5B, 0x64, 0x72)


def font_name() -> str:
    """Return the font of slides."""
    return chosen_font() or FONT


def add_native_chart(slide: Slide, description: ChartDescription, sides: Sequence[float], lang: str) -> None:
    """Add a chart that PowerPoint draws from figures of its own.

    ``sides``: left, top, width and height in inches. Of many bars the first `MAX_BARS` are drawn.
    """
    kind, count = description.kind, drawn_count(description)
    is_long = kind == "line" and count > MAX_BARS
    data = ChartData()
    data.categories = list(description.categories[:count])
    for figures in description.series:
        data.add_series(figures.name or description.axis, figures.values[:count], _number_format(figures.spec, lang))
    left, top, width, height = map(Inches, sides)
    drawn_kind = XL_CHART_TYPE.LINE if is_long else KINDS[kind]
    shape = cast(GraphicFrame, slide.shapes.add_chart(drawn_kind, left, top, width, height, data))
    set_alt_text(shape, description.alt)
    chart = shape.chart
    cast(ChartPart, chart.part).chart_workbook.update_from_xlsx_blob(_workbook(data))
    size = 9 if count > 22 else 11 if count > 12 else 13
    chart.font.name, chart.font.size, chart.font.color.rgb = font_name(), Pt(size * scale_of_letters()), INK
    chart.has_title = bool(description.axis)
    if description.axis:  # the unit, which no axis says
        unit = chart.chart_title.text_frame.paragraphs[0].add_run()
        unit.text, unit.font.size, unit.font.bold = description.axis, Pt(12), False
        unit.font.name, unit.font.color.rgb = font_name(), SOFT
        chart.chart_title.include_in_layout = False
    chart.has_legend = len(description.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    plot = chart.plots[0]
    if kind != "line":
        plot.gap_width = 45
        chart.category_axis.reverse_order = kind in ("bar", "stacked")
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.color.rgb = SOFT
    if is_long:
        _label_every(chart.category_axis, -(-count // MAX_LABELS))
    values = chart.value_axis
    values.has_major_gridlines = False
    values.visible = kind == "line"  # which does not begin at 0
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = LOCALES[lang] + "0%", False
    _set_scale(values, description)
    for figures, series in zip(description.series, plot.series, strict=True):
        number_format = _number_format(figures.spec, lang)
        _format_series(series, figures.color, number_format, kind)
        for position, prefix in figures.goals:
            _mark_target(series.points[position], kind)
            if prefix:
                _add_label(series.points[position], _number_format(figures.spec, lang, prefix))


def drawn_count(description: ChartDescription) -> int:
    """Return how many categories of a chart are drawn: all points of a line, the first `MAX_BARS` bars."""
    count = len(description.categories)
    return count if description.kind == "line" else min(count, MAX_BARS)


def _label_every(axis: CategoryAxis, step: int) -> None:
    """Label every so many categories of an axis; python-pptx has no property for it."""
    element = axis._element
    skip = element.makeelement(qn("c:tickLblSkip"), {"val": str(step)})
    last = element.find(qn("c:noMultiLvlLbl"))
    element.append(skip) if last is None else last.addprevious(skip)


def _workbook(data: ChartData) -> bytes:
    """Return the figures of a chart as the workbook in which PowerPoint edits them.

    It is that of python-pptx, which would take a name such as "=A1" for a formula, and an address for a link.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **PLAIN_TEXT}) as book:
        sheet = book.add_worksheet()
        sheet.write_column(1, 0, [category.label for category in data.categories])
        for i, figures in enumerate(data, 1):
            sheet.write(0, i, figures.name)
            sheet.write_column(1, i, figures.values, book.add_format({"num_format": figures.number_format}))
    return file.getvalue()


def set_alt_text(shape: BaseShape, text: str) -> None:
    """Set the alternative text of a chart, a table or a picture."""
    shape._element._nvXxPr.cNvPr.set("descr", text)


def _mark_target(point: Point, kind: str) -> None:
    """Mark a target: grey beside what was counted, on a line hollow."""
    shape = point.marker.format if kind == "line" else point.format
    shape.fill.solid()
    shape.fill.fore_color.rgb = WHITE if kind == "line" else TARGET_GREY
    if kind == "line":
        point.marker.style, point.marker.size = XL_MARKER_STYLE.DIAMOND, 10


def _add_label(point: Point, number_format: str) -> DataLabel:
    label = point.data_label
    element = label._get_or_add_dLbl()
    for old in element.findall(qn("c:numFmt")):
        element.remove(old)
    element.insert(1, element.makeelement(qn("c:numFmt"), {"formatCode": number_format, "sourceLinked": "0"}))
    return label


def _number_format(spec: str, lang: str, prefix: str = "") -> str:
    """Return the number format of a figure. ``prefix``: a word before it ("above ")."""
    quoted = f'"{prefix}"' if prefix else ""
    return LOCALES[lang] + quoted + FORMATS[spec] if spec in FORMATS else f"{quoted}General"


def _set_scale(axis: ValueAxis, description: ChartDescription) -> None:
    """Begin bars at 0, with space for their labels, and a line of shares below its lowest point; end it at 100%."""
    values = [v for s in description.series for v in s.values if v is not None]
    if description.kind == "line":
        span = max(values) - min(values) or 0.01
        low, high = min(values) - span * 0.3, max(values) + span * 0.3
        axis.minimum_scale = math.floor(low * 100) / 100
        axis.maximum_scale = min(math.ceil(high * 100) / 100, max(1.0, *values))
    elif description.kind == "bar":
        axis.minimum_scale, axis.maximum_scale = 0, max([*values, 1e-9]) * 1.15
    else:
        sums = [sum(s.values[i] or 0 for s in description.series) for i in range(len(description.categories))]
        axis.minimum_scale, axis.maximum_scale = 0, max(sums) * 1.02


def _format_series(series: BarSeries | LineSeries, color: str, number_format: str, kind: str) -> None:
    rgb = RGBColor.from_string((color or "#0072B2")[1:])
    shape = series.format
    if isinstance(series, LineSeries):
        shape.line.color.rgb, shape.line.width, series.smooth = rgb, Pt(2.25), False
        shape = series.marker.format
    shape.fill.solid()
    shape.fill.fore_color.rgb = rgb
    labels = series.data_labels
    labels.show_value, labels.number_format, labels.number_format_is_linked = True, number_format, False
    labels.font.name = font_name()
    if kind == "line" and len(series.values) > MAX_LABELS:
        labels.show_value = False
        points = [i for i, value in enumerate(series.values) if value is not None]
        for i in dict.fromkeys(points[:1] + points[-1:]):
            _add_label(series.points[i], number_format).position = LABEL.ABOVE
    elif kind == "line":
        labels.position = LABEL.ABOVE
        if len(series.values) > 1 and (series.values[1] or 0) > (series.values[0] or 0):
            first = _add_label(series.points[0], number_format)
            first.position = LABEL.BELOW  # the line rises through the place above it
    elif kind == "stacked":
        dark = sum(int(color[i : i + 2], 16) * w for i, w in ((1, 0.3), (3, 0.59), (5, 0.11))) < 115
        labels.font.color.rgb = WHITE if dark else INK
        for i in (i for i, value in enumerate(series.values) if not value):  # an empty part has no label
            label = series.points[i].data_label._get_or_add_dLbl()
            label[1:] = [label.makeelement(qn("c:delete"), {"val": "1"})]
    else:
        labels.position = LABEL.OUTSIDE_END
