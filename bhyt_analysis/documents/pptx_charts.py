"""How does PowerPoint draw a chart of ours itself, from figures that can be edited?"""

from __future__ import annotations

import math
import re
from typing import Any

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.content import LOCALES

FONT = "Times New Roman"
KINDS = {
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "stacked": XL_CHART_TYPE.BAR_STACKED,
    "column": XL_CHART_TYPE.COLUMN_CLUSTERED,
    "line": XL_CHART_TYPE.LINE_MARKERS,
}
FORMATS = {"n": "#,##0", "d1": "#,##0.0", "p0": "0%", "p1": "0.0%", "pe": "0.0#%"}
SHOWN = 30  # bars of one slide; those left out are in the report
GOAL = RGBColor(0xB0, 0xB0, 0xB0)
INK, SOFT = RGBColor(0x1D, 0x24, 0x30), RGBColor(0x5B, 0x64, 0x72)


def add_native_chart(slide: Any, what: ChartDescription, place: tuple[float, float, float, float], lang: str) -> None:
    """Add a chart that PowerPoint draws from figures of its own.

    ``place``: left, top, width and height in inches. Of many categories the first `SHOWN` are drawn.
    """
    count = min(len(what.categories), SHOWN)
    data = CategoryChartData()
    data.categories = list(what.categories[:count])
    for one in what.series:
        data.add_series(one.name or what.axis, one.values[:count], _format(one.spec, lang))
    frame = slide.shapes.add_chart(KINDS[what.kind], *(Inches(part) for part in place), data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", what.alt)
    chart = frame.chart
    chart.font.name, chart.font.size, chart.font.color.rgb = (
        FONT,
        Pt(9 if count > 22 else 11 if count > 12 else 13),
        INK,
    )
    chart.has_title = bool(what.axis)
    if what.axis:  # the unit, which no axis tells
        unit = chart.chart_title.text_frame.paragraphs[0].add_run()
        unit.text, unit.font.size, unit.font.bold = what.axis, Pt(12), False
        unit.font.name, unit.font.color.rgb = FONT, SOFT
        chart.chart_title.include_in_layout = False
    chart.has_legend = len(what.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    plot = chart.plots[0]
    if what.kind != "line":
        plot.gap_width = 45
        chart.category_axis.reverse_order = what.kind in ("bar", "stacked")
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.color.rgb = SOFT
    values = chart.value_axis
    values.has_major_gridlines = False
    values.visible = what.kind == "line"  # which does not begin at 0
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = LOCALES[lang] + "0%", False
    _scale(values, what)
    for one, drawn in zip(what.series, plot.series, strict=True):
        _look(drawn, one.color, _format(one.spec, lang), what.kind)
        for point, word in one.goals:
            _goal(drawn.points[point], what.kind, word, _format(one.spec, lang))


def _goal(point: Any, kind: str, word: str, number_format: str) -> None:
    """A target: grey beside what was counted, on a line hollow; with the word before it ("above ")."""
    look = point.marker.format if kind == "line" else point.format
    look.fill.solid()
    look.fill.fore_color.rgb = RGBColor(255, 255, 255) if kind == "line" else GOAL
    if kind == "line":
        point.marker.style, point.marker.size = XL_MARKER_STYLE.DIAMOND, 10
    if word:
        locale = re.match(r"(\[\$-\w+\])?", number_format).group()  # type: ignore[union-attr]
        _label_of(point, f'{locale}"{word}"{number_format.removeprefix(locale)}')


def _label_of(point: Any, number_format: str) -> Any:
    """The label of one point, written its own way."""
    label = point.data_label
    held = label._get_or_add_dLbl()
    for old in held.findall(qn("c:numFmt")):
        held.remove(old)
    held.insert(1, held.makeelement(qn("c:numFmt"), {"formatCode": number_format, "sourceLinked": "0"}))
    return label


def _format(spec: str, lang: str) -> str:
    return LOCALES[lang] + FORMATS[spec] if spec in FORMATS else "General"


def _scale(axis: Any, what: ChartDescription) -> None:
    """Bars begin at 0, with room for their labels; a line of shares below its lowest point, and ends at 100%."""
    known_values = [v for s in what.series for v in s.values if v is not None]
    if what.kind == "line":
        span = max(known_values) - min(known_values) or 0.01
        low, high = min(known_values) - span * 0.3, max(known_values) + span * 0.3
        axis.minimum_scale = math.floor(low * 100) / 100
        axis.maximum_scale = min(math.ceil(high * 100) / 100, max(1.0, *known_values))
    elif what.kind == "bar":
        axis.minimum_scale, axis.maximum_scale = 0, max([*known_values, 1e-9]) * 1.15
    else:
        sums = [sum(s.values[i] or 0 for s in what.series) for i in range(len(what.categories))]
        axis.minimum_scale, axis.maximum_scale = 0, max(sums) * 1.02


def _look(drawn: Any, color: str, number_format: str, kind: str) -> None:
    """The colour of a series and the labels of its points."""
    rgb = RGBColor.from_string((color or "#0072B2")[1:])
    if kind == "line":
        drawn.format.line.color.rgb, drawn.format.line.width, drawn.smooth = rgb, Pt(2.25), False
        drawn.marker.format.fill.solid()
        drawn.marker.format.fill.fore_color.rgb = rgb
    else:
        drawn.format.fill.solid()
        drawn.format.fill.fore_color.rgb = rgb
    labels = drawn.data_labels
    labels.show_value, labels.number_format, labels.number_format_is_linked = True, number_format, False
    labels.font.name = FONT
    if kind == "line":
        labels.position = XL_LABEL_POSITION.ABOVE
        if len(drawn.values) > 1 and (drawn.values[1] or 0) > (drawn.values[0] or 0):
            first = _label_of(drawn.points[0], number_format)
            first.position = XL_LABEL_POSITION.BELOW  # the line rises through the place above it
    elif kind == "stacked":
        dark = sum(int(color[i : i + 2], 16) * w for i, w in ((1, 0.3), (3, 0.59), (5, 0.11))) < 115
        labels.font.color.rgb = RGBColor(255, 255, 255) if dark else INK
        for i, value in enumerate(drawn.values):
            if not value:  # a part that is not there has no label
                _no_label(drawn, i)
    else:
        labels.position = XL_LABEL_POSITION.OUTSIDE_END


def _no_label(drawn: Any, point: int) -> None:
    label = drawn.points[point].data_label._get_or_add_dLbl()
    for child in list(label)[1:]:
        label.remove(child)
    label.append(label.makeelement(qn("c:delete"), {"val": "1"}))
