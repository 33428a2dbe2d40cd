"""Where is coverage high or low? A map in the boundaries that the user gives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    add_source_line,
    attach_description,
    chart_function,
    new_chart,
    scale_width,
    text_width,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.tables.labels import add_labels

SEQUENCE = ("#DEEBF7", "#9ECAE1", "#4292C6", "#2171B5", "#08306B")  # light to dark, in colour and in grey


@chart_function
def choropleth(
    rows: pd.DataFrame, name: str, boundaries: str | Path | Mapping[str, Any], lang: str = "vi", source: str = "",
    code: str = "code",
) -> Figure:  # fmt: skip
    """Coverage of the communes as a map in five shades; hatched where it is not known.

    ``rows``: what `coverage` gives by commune; ``boundaries``: a GeoJSON file of yours, or what it
    holds; ``code``: the property of its features that is the unit's code. Degrees are shown at the
    scale of the middle of the map, metres (VN-2000) as they are.

    Raises
    ------
    BhytError
        for units of the rows that the boundaries do not have.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> borders = "data/boundaries_example.geojson"
    >>> chart = bhyt.charts.choropleth(rows, "huyện Mẫu 01", borders, "vi", "bảng cards")
    """
    shapes = _shapes(boundaries, code)
    missing = [f"{r.name_} ({r.area})" for r in rows.rename(columns={"name": "name_"}).itertuples() if r.area not in shapes]  # fmt: skip
    if missing:
        raise BhytError(("error.no_boundary", {"units": ", ".join(missing), "code": code, "known": ", ".join(sorted(shapes)[:5])}))  # fmt: skip
    used = {a: shapes[a] for a in rows["area"]}
    points = np.concatenate([ring for rings in used.values() for ring in rings])
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    degrees = max(abs(west), abs(east)) <= 180
    scale = 1 / np.cos(np.radians((south + north) / 2)) if degrees else 1.0
    tall = (north - south) * scale / (east - west)
    width = scale_width(6.3) * 25.4 * 0.72
    figure, axes = new_chart(46 + min(width * tall, 200), "chart.choropleth", name, lang, rows["status"])
    rate = rows.set_index("area")["rate"].astype(float) * 100
    edges = classes(rate)
    shade = BoundaryNorm(edges, len(edges) - 1)
    for area, rings in used.items():
        known = pd.notna(rate[area])
        fill = SEQUENCE[nth(int(shade(rate[area])), len(edges) - 1)] if known else "white"
        outline = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        axes.add_patch(PathPatch(outline, facecolor=fill, edgecolor="#666666", lw=0.6, hatch=None if known else "////"))
    axes.set(xlim=(west, east), ylim=(south, north), aspect=scale)
    axes.set_axis_off()
    _name_units(axes, rows, used, rate, edges, scale)
    legend(axes, edges, rate.isna().any(), lang)
    ordered = rows.sort_values("rate")
    attach_description(figure, lang, list(add_labels(ordered, lang)["name"]), [chart_series(translate("fact.coverage", lang), ordered["rate"], "p1", BLUE)], "bar", translate("axis.rate", lang), rows["status"])  # fmt: skip
    return add_source_line(figure, source, rows["status"], lang, translate("note.choropleth", lang))


def _shapes(boundaries: str | Path | Mapping[str, Any], code: str) -> dict[str, list[np.ndarray]]:
    """The rings of each unit of a GeoJSON, by its code."""
    told = boundaries if isinstance(boundaries, Mapping) else json.loads(Path(boundaries).read_text("utf-8-sig"))
    shapes: dict[str, list[np.ndarray]] = {}
    for feature in told["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        rings = [np.asarray(ring, dtype=float)[:, :2] for part in parts for ring in part]
        shapes.setdefault(str(feature["properties"].get(code, "")), []).extend(rings)
    return shapes


def classes(rate: pd.Series) -> np.ndarray:
    """Round bounds of at most five classes that hold every rate."""
    low, high = rate.min(), rate.max()
    step = next((s for s in (1, 2, 5, 10, 20) if np.ceil(high / s) - np.floor(low / s) <= 5), 20)
    first = np.floor(low / step) * step
    return np.arange(first, max(high, first + step) + step - 1e-9, step)


def nth(place: int, count: int) -> int:
    """Which of the five shades a class has: the last class the darkest."""
    return min(max(place, 0), count - 1) + len(SEQUENCE) - count


def _name_units(axes: Axes, rows: pd.DataFrame, used: dict[str, list[np.ndarray]], rate: pd.Series, edges: np.ndarray, scale: float) -> None:  # fmt: skip
    """The name of each unit where it is widest, if there is room for it."""
    width, height = axes.get_figure().get_size_inches()  # type: ignore[union-attr]
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    inches = min((width - 1.5) / (east - west), (height - 1.3) / ((north - south) * scale))
    for row in rows.to_dict("records"):
        x, y, room = _widest(max(used[row["area"]], key=len))
        words = wrap_text(row["name"], room * inches * 0.9, 9)
        if words.count("\n") < 2 and max(text_width(line, 9) for line in words.split("\n")) <= room * inches * 0.9:
            dark = pd.notna(rate[row["area"]]) and rate[row["area"]] >= edges[max(len(edges) - 3, 1)]
            axes.text(x, y, words, ha="center", va="center", fontsize=9, color="white" if dark else BLACK)


def _widest(ring: np.ndarray) -> tuple[float, float, float]:
    """Where a line across the middle of a shape is longest inside it: its middle, and its length."""
    low, high = ring[:, 1].min(), ring[:, 1].max()
    best = (0.0, 0.0, 0.0)
    for y in np.linspace(low, high, 9)[2:-2]:
        (x1, y1), (x2, y2) = ring[:-1].T, ring[1:].T
        crossing = (y1 > y) != (y2 > y)
        at = np.sort((x1 + (y - y1) / np.where(crossing, y2 - y1, 1) * (x2 - x1))[crossing])
        inside = at[1::2] - at[::2]
        i = int(inside.argmax())
        if inside[i] > best[2] * 1.02:
            best = (float(at[2 * i] + inside[i] / 2), float(y), float(inside[i]))
    return best


def legend(axes: Axes, edges: np.ndarray, blanks: bool, lang: str) -> None:
    """The shades of the classes, and the hatching of what is not known."""
    entries = [
        Patch(facecolor=SEQUENCE[nth(i, len(edges) - 1)], edgecolor="#666666", label=text)
        for i, text in enumerate(_spans(edges, lang))
    ]
    if blanks:
        entries.append(
            Patch(facecolor="white", edgecolor="#666666", hatch="////", label=translate("label.no_value", lang))
        )
    axes.legend(handles=entries, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, title=translate("axis.rate", lang), title_fontsize=9)  # fmt: skip


def _spans(edges: np.ndarray, lang: str) -> Iterator[str]:
    for low, high in itertools.pairwise(edges):
        yield f"{format_number(float(low), lang)} – {format_number(float(high), lang)}"
