"""The charts of many units beside each other: mix of groups, gaps to the target, months of each, a map."""

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

from bhyt_analysis.law.groups import groups as legal_groups
from bhyt_analysis.show.canvas import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    across,
    beside,
    canvas,
    chart,
    entry,
    foot,
    percent,
    pitch,
    shades,
    tell,
    text_width,
    ticks,
    wrapped,
)
from bhyt_analysis.show.described import series
from bhyt_analysis.show.labels import group_name
from bhyt_analysis.show.tables import suppressed
from bhyt_analysis.words import BhytError, date, number, render, say

SEQUENCE = ("#DEEBF7", "#9ECAE1", "#4292C6", "#2171B5", "#08306B")  # light to dark, in colour and in grey


@chart
def group_mix(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """What the insured of each unit, or of each month, are made up of: groups as parts of 100%.

    ``rows``: what `coverage` gives by group, with "commune" for units or "month" for months.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune", "group"])
    >>> figure = bhyt.charts.group_mix(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    key = "area" if rows["area"].nunique() > 1 else "as_of"
    hidden = rows.groupby(key, group_keys=False)[rows.columns].apply(suppressed)["insured"]
    order = [g for g in legal_groups().index if g in set(rows["group"])]
    shares, mask = (
        rows.assign(value=v).pivot(index=key, columns="group", values="value")[order] for v in (rows["insured"], hidden)
    )
    shares = shares.div(shares.sum(axis=1), axis=0).sort_values(order[0], ascending=key == "area").astype(float)
    mask = mask.reindex(shares.index).fillna(False).astype(bool)
    titles = rows.drop_duplicates(key).set_index(key)["name"]
    names = [titles[i] if key == "area" else date(i, lang) for i in shares.index]
    labels = [wrapped(n, across(1.7)) for n in names]
    height = (52 if beside() > 1 else 76) + pitch(6.2, labels) * len(rows[key].unique())
    figure, axes = canvas(height, "chart.group_mix", name, lang, rows["status"])
    left, told = np.zeros(len(shares)), []
    for group, color in zip(order, shades(len(order)), strict=True):
        part = shares[group].fillna(0).to_numpy() * 100
        axes.barh(range(len(shares)), part, 0.7, left=left, color=color, edgecolor="white", lw=0.6, label=entry(group_name(group, lang)))  # fmt: skip
        for y, value in enumerate(part):
            if value >= (6 if beside() > 1 else 13) and not mask[group].iloc[y]:
                axes.text(left[y] + value / 2, y, number(value, lang, 0), ha="center", va="center", fontsize=9, color="white" if color == BLUE else BLACK)  # fmt: skip
        left += part
        told.append(series(group_name(group, lang), shares[group], "p1", color, mask[group]))
    axes.set_yticks(range(len(names)), labels)
    axes.set(xlim=(0, 100), ylim=(len(names) - 0.5, -0.5), xlabel=say("axis.of_insured", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=beside(), frameon=False, fontsize=9, borderaxespad=0.2)
    tell(figure, lang, names, told, "stacked", say("axis.of_insured", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)


@chart
def gaps(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Coverage of each commune as a dot and its own target as a line, the widest gap on top.

    ``rows``: what `allocate` gives, with ``name`` and ``status``.

    Examples
    --------
    >>> communes = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> rows = bhyt.allocate(communes, rate=0.93)
    >>> figure = bhyt.charts.gaps(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    rows = rows.assign(rate=rows["insured"] / rows["population"])
    rows = rows.assign(gap=(rows["target_rate"] - rows["rate"]).clip(lower=0)).sort_values("gap", kind="stable")
    labels = [wrapped(n, across(2.2)) for n in rows["name"]]
    figure, axes = canvas(38 + pitch(5.6, labels) * len(rows), "chart.gaps", name, lang, rows["status"])
    now, goal = rows["rate"].to_numpy(float) * 100, rows["target_rate"].to_numpy(float) * 100
    y = np.arange(len(rows))
    axes.hlines(y, np.minimum(now, goal), np.maximum(now, goal), color=GREY, lw=1.4, zorder=1)
    axes.plot(goal, y, "|", color=BLACK, ms=11, mew=2, label=say("label.target", lang))
    axes.plot(now, y, "o", color=ORANGE, ms=6, label=say("fact.coverage", lang))
    for i, add in enumerate(rows["to_add"]):
        text = render("{v:+n}", lang, v=add) if add else say("label.reached", lang)
        axes.annotate(text, (max(now[i], goal[i]), i), (7, 0), textcoords="offset points", va="center", fontsize=9)
    left = max(0, np.floor(now.min() / 10) * 10 - 5)
    room = 0.16 if beside() > 1 else 0.5
    axes.set(yticks=y, yticklabels=labels, xlim=(left, 100 + (100 - left) * room), ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.rate", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.set_xticks([t for t in axes.get_xticks() if left <= t <= 100])
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncols=beside(), borderaxespad=0.2, fontsize=9)
    upside = rows[::-1]
    told = [series(say("fact.coverage", lang), upside["rate"], "p1", ORANGE), series(say("label.target", lang), upside["target_rate"], "p1", BLACK)]  # fmt: skip
    more = say("alt.gaps", lang, people=rows["to_add"].sum(), name=upside["name"].iloc[0], most=upside["to_add"].iloc[0])  # fmt: skip
    tell(figure, lang, list(upside["name"]), told, "bar", say("axis.rate", lang), rows["status"], more)
    return foot(figure, source, rows["status"], lang, say("note.gaps", lang))


@chart
def small_multiples(
    rows: pd.DataFrame, name: str, target: float | None = None, lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage month by month, a panel for each commune on the same scale; all others in grey behind it.

    ``rows``: what `coverage` gives by commune and month; ``target``: a share, drawn as a line.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune", "month"])
    >>> figure = bhyt.charts.small_multiples(rows, "huyện Mẫu 01", 0.93, "vi", "bảng cards")
    """
    rows = rows[rows["rate"].notna()]
    paths = rows.pivot(index="as_of", columns="area", values="rate").sort_index() * 100
    titles = rows.drop_duplicates("area").set_index("area")["name"]
    wide = 4 if beside() > 1 else 2
    deep = -(-paths.shape[1] // wide)
    figure, axes = canvas(30 + 29 * deep, "chart.small_multiples", name, lang, rows["status"])
    axes.remove()
    panels = figure.subplots(deep, wide, sharex=True, sharey=True, squeeze=False)
    for i, panel in enumerate(panels.flat):
        if i >= paths.shape[1]:
            panel.set_visible(False)
            continue
        area = paths.columns[i]
        panel.plot(paths.index, paths, color="#DDDDDD", lw=0.6, zorder=0)
        panel.plot(paths.index, paths[area], color=BLUE, lw=1.8)
        panel.annotate(percent(paths[area].iloc[-1] / 100, lang), (1, 0.06), xycoords="axes fraction", ha="right", fontsize=9, fontweight="bold", color=BLUE)  # fmt: skip
        if target is not None:
            panel.axhline(target * 100, color=BLACK, lw=0.9, ls="--")
        panel.set_title(wrapped(titles[area], across(1.4) if beside() > 1 else 1.3, 9), fontsize=9, fontweight="normal")
        panel.set_xlim(paths.index.min(), paths.index.max())
        ticks(panel, lang, "y")
        panel.tick_params(labelsize=9)
    ends = paths.index[[0, -1]]
    for panel in panels.flat:
        panel.set_xticks(ends[-1:], [f"{ends[-1]:%m/%Y}"], ha="right")
    panels[0, 0].set_ylabel(say("axis.rate", lang), fontsize=9)
    told = [series(titles[a], paths[a] / 100, "p1", BLUE) for a in paths]
    more = f"{say('label.target', lang)}: {percent(target, lang, 'published')}" if target is not None else ""
    tell(figure, lang, [f"{m:%m/%Y}" for m in paths.index], told, "picture", say("axis.rate", lang), rows["status"], more, True)  # fmt: skip
    first = say("note.small_multiples", lang, first=ends[0], last=ends[1])
    return foot(figure, source, rows["status"], lang, first + (f". {more}" if more else ""))


@chart
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
    >>> figure = bhyt.charts.choropleth(rows, "huyện Mẫu 01", borders, "vi", "bảng cards")
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
    width = across(6.3) * 25.4 * 0.72
    figure, axes = canvas(46 + min(width * tall, 200), "chart.choropleth", name, lang, rows["status"])
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
    tell(figure, lang, list(ordered["name"]), [series(say("fact.coverage", lang), ordered["rate"], "p1", BLUE)], "bar", say("axis.rate", lang), rows["status"])  # fmt: skip
    return foot(figure, source, rows["status"], lang, say("note.choropleth", lang))


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
        words = wrapped(row["name"], room * inches * 0.9, 9)
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
        entries.append(Patch(facecolor="white", edgecolor="#666666", hatch="////", label=say("label.no_value", lang)))
    axes.legend(handles=entries, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, title=say("axis.rate", lang), title_fontsize=9)  # fmt: skip


def _spans(edges: np.ndarray, lang: str) -> Iterator[str]:
    for low, high in itertools.pairwise(edges):
        yield f"{number(float(low), lang)} – {number(float(high), lang)}"
