"""Draw coverage as a map in the boundaries that the user gives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.file_kinds import read_text
from bhyt_analysis.ingest.limits import MAX_BOUNDARIES
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.hidden_cells import hidden_cells
from bhyt_analysis.tables.labels import add_labels

SEQUENCE = ("#DEEBF7", "#9ECAE1", "#4292C6", "#2171B5", "#08306B")  # light to dark, in colour and in grey
MAX_COORDINATE = 1e8  # metres; those of VN-2000 are below 3,000 km
GeoJson = Mapping[str, Any]
Shape = Sequence[np.ndarray]  # the rings of a unit, each of points (x, y)


@chart_function
def choropleth(
    rows: pd.DataFrame,
    name: str,
    boundaries: str | Path | GeoJson,
    lang: str | None = None,
    source: str = "",
    code: str = "code",
    *,
    size: str = "a4",
) -> Chart:
    """Draw the coverage of the communes as a map in five shades; hatched where it is not known.

    Parameters
    ----------
    rows
        what `coverage` gives by commune.
    name
        the name of the area, for the title.
    boundaries
        a GeoJSON file of yours, or its contents. Degrees are drawn at the scale of the middle of the map, metres
        (VN-2000) as they are.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    code
        the property of its features that is the unit's code.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for units of the rows that the boundaries do not have, for a file that holds no boundaries, and for a size or a
        language that there is not.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> borders = "data/boundaries_example.geojson"
    >>> chart = bhyt.charts.choropleth(rows, "huyện Mẫu 01", borders, "vi", "bảng cards")
    """
    lang = check_lang(lang)
    shapes = _shapes(boundaries, code)
    missing = [f"{n} ({a})" for n, a in zip(rows["name"], rows["area"], strict=True) if a not in shapes]
    if missing:
        fields = {"units": ", ".join(missing), "code": code, "known": ", ".join(sorted(shapes)[:5])}
        raise BhytError(("error.no_boundary", fields))
    shapes = {a: shapes[a] for a in rows["area"]}
    points = np.concatenate([ring for rings in shapes.values() for ring in rings])
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    degrees = max(abs(west), abs(east)) <= 180
    scale = 1 / np.cos(np.radians((south + north) / 2)) if degrees else 1.0
    height = drawing.scale_width(6.3) * 25.4 * 0.72 * ((north - south) * scale / (east - west))
    sheet = drawing.new_chart(46 + min(height, 200), "chart.choropleth", name, lang, rows["status"])
    axes, rate = sheet.axes, rows.set_index("area")["rate"].astype(float) * 100
    edges = classes(rate)
    shade = BoundaryNorm(edges, len(edges) - 1)
    for area, rings in shapes.items():
        missing_rate = pd.isna(rate[area])
        fill = "white" if missing_rate else SEQUENCE[shade_index(int(shade(rate[area])), len(edges) - 1)]
        outline = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        hatch = "////" if missing_rate else None
        axes.add_patch(PathPatch(outline, facecolor=fill, edgecolor=drawing.EDGE, lw=0.6, hatch=hatch))
    axes.set(xlim=(west, east), ylim=(south, north), aspect=scale)
    axes.set_axis_off()
    _name_units(sheet, rows, shapes, rate, edges, scale)
    legend(axes, edges, rate.isna().any(), lang)
    ordered = add_labels(rows.sort_values("rate"), lang)
    sheet.add_series(column_name("coverage", lang), ordered["rate"], "p1", drawing.hue("blue"))
    note, axis = translate("note.choropleth", lang), translate("axis.rate", lang)
    return sheet.finish(source, ordered["name"], "bar", note, axis=axis)


def _shapes(boundaries: str | Path | GeoJson, code: str) -> dict[str, list[np.ndarray]]:
    """Return the rings of each unit of a GeoJSON, by its code; raise BhytError for what is no such thing."""
    name, place = "GeoJSON", "features"
    shapes: dict[str, list[np.ndarray]] = {}
    try:
        if isinstance(boundaries, Mapping):
            collection = boundaries
        else:
            name, place = Path(boundaries).name, "JSON"
            collection = json.loads(read_text(Path(boundaries), MAX_BOUNDARIES))
        place = "features"
        for i, feature in enumerate(collection["features"]):
            place = f"features[{i}]"
            shape = feature["geometry"]
            parts = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}[shape["type"]]
            rings = [_ring(points) for part in parts for points in part]
            shapes.setdefault(str(feature["properties"].get(code, "")), []).extend(rings)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, BhytError):
            raise
        raise BhytError(("error.not_geojson", {"file": name, "place": place})) from None
    return shapes


def _ring(points: Sequence[Sequence[float]]) -> np.ndarray:
    """Return the points (x, y) of a ring; raise ValueError or IndexError for points that are on no map."""
    ring = np.asarray(points, dtype=float)[:, :2]
    if (
        len(ring) < 3
        or ring.shape[1] != 2
        or not (np.abs(ring) <= MAX_COORDINATE).all()
        or not np.ptp(ring, axis=0).all()
    ):
        raise ValueError
    return ring


def classes(rate: pd.Series) -> np.ndarray:
    """Return round bounds of at most five classes that contain every rate, or every count of people."""
    low, high = rate.min(), rate.max()
    steps = (s * 10**k for k in range(9) for s in (1, 2, 5))
    step = next(s for s in steps if np.ceil(high / s) - np.floor(low / s) <= 5)
    first = np.floor(low / step) * step
    return np.arange(first, max(high, first + step) + step - 1e-9, step)


def shade_index(position: int, count: int) -> int:
    """Return which of the five shades a class has: the last class the darkest."""
    return min(max(position, 0), count - 1) + len(SEQUENCE) - count


def _name_units(
    sheet: drawing.ChartSheet,
    rows: pd.DataFrame,
    shapes: Mapping[str, Shape],
    rate: pd.Series,
    edges: np.ndarray,
    scale: float,
) -> None:
    """Write the name of each unit where it is widest, if it fits there."""
    width, height = sheet.figure.get_size_inches()
    (west, east), (south, north) = sheet.axes.get_xlim(), sheet.axes.get_ylim()
    inches = min((width - 1.5) / (east - west), (height - 1.3) / ((north - south) * scale))
    for area, name in zip(rows["area"], rows["name"], strict=True):
        x, y, length = _widest_line(max(shapes[area], key=len))
        available = length * inches * 0.9
        words = drawing.wrap_text(name, available, 9)
        if words.count("\n") < 2 and max(drawing.text_width(line, 9) for line in words.split("\n")) <= available:
            dark = pd.notna(rate[area]) and rate[area] >= edges[max(len(edges) - 3, 1)]
            sheet.axes.text(x, y, words, ha="center", va="center", fontsize=9, color="white" if dark else drawing.BLACK)


def _widest_line(ring: np.ndarray) -> tuple[float, float, float]:
    """Return where a line across the middle of a shape is longest inside it: its middle, and its length."""
    low, high = ring[:, 1].min(), ring[:, 1].max()
    best = (0.0, 0.0, 0.0)
    for y in np.linspace(low, high, 9)[2:-2]:
        (x1, y1), (x2, y2) = ring[:-1].T, ring[1:].T
        crossing = (y1 > y) != (y2 > y)
        ends = np.sort((x1 + (y - y1) / np.where(crossing, y2 - y1, 1) * (x2 - x1))[crossing])
        lengths = ends[1::2] - ends[::2]
        i = int(lengths.argmax())
        if lengths[i] > best[2] * 1.02:
            best = (float(ends[2 * i] + lengths[i] / 2), float(y), float(lengths[i]))
    return best


def legend(axes: Axes, edges: np.ndarray, blanks: bool, lang: str, title: str = "axis.rate") -> None:
    """Draw the shades of the classes, and the hatching of what is not known."""
    spans = (" – ".join(format_number(float(v), lang) for v in span) for span in itertools.pairwise(edges))
    entries = [
        Patch(facecolor=SEQUENCE[shade_index(i, len(edges) - 1)], edgecolor=drawing.EDGE, label=span)
        for i, span in enumerate(spans)
    ]
    if blanks:
        text = translate("label.no_value" if hidden_cells() is None else "label.withheld", lang)
        entries.append(Patch(facecolor="white", edgecolor=drawing.EDGE, hatch="////", label=text))
    look = {"frameon": False, "fontsize": 9, "title_fontsize": 9, "title": translate(title, lang)}
    axes.legend(handles=entries, loc="center left", bbox_to_anchor=(1.0, 0.5), **look)
