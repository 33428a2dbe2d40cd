"""How do the communes of a district stand beside each other?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    add_source_line,
    attach_description,
    chart_function,
    legend_columns,
    new_chart,
    percent_label,
    row_height_mm,
    scale_width,
    set_ticks,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.tables.labels import add_labels


@chart_function
def communes(
    rows: pd.DataFrame, name: str, target: tuple[str, float] | None = None, lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage of the communes as dots, lowest first, with the target as a line.

    ``rows``: what `coverage` gives by commune; ``target``: (label, share).

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> target = ("Chỉ tiêu 2022: 93%", 0.93)
    >>> chart = bhyt.charts.communes(rows, "huyện Mẫu 01", target, "vi", "bảng cards")
    """
    rows = add_labels(rows.sort_values("rate"), lang)
    labels = [wrap_text(n, scale_width(2.6)) for n in rows["name"]]
    figure, axes = new_chart(32 + row_height_mm(5.2, labels) * len(rows), "chart.communes", name, lang, rows["status"])
    rate = rows["rate"].to_numpy(float) * 100
    below = rate < (target[1] * 100 if target else -1)
    for reached, color, marker in ((False, ORANGE, "o"), (True, BLUE, "D")):
        chosen = below != reached
        axes.plot(rate[chosen], np.flatnonzero(chosen), marker, color=color, ms=5.5)
    axes.hlines(range(len(rows)), 0, rate, color="#DDDDDD", lw=0.8, zorder=0)
    left = max(0, np.floor(rate.min() / 10) * 10 - 5)
    for y, value in enumerate(rows["rate"]):
        crosses = target is not None and 0 < (target[1] - value) * 100 < (100 - left) * 0.14  # the line of the target
        shift, side = (-6, "right") if crosses else (6, "left")
        axes.annotate(percent_label(value, lang), (value * 100, y), (shift, 0), textcoords="offset points", ha=side, va="center", fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    if target:
        axes.axvline(target[1] * 100, color=BLACK, lw=1.2, ls="--", zorder=0)
        axes.annotate(target[0], (target[1] * 100, 1), (-4, 2), xycoords=("data", "axes fraction"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    axes.set(yticks=range(len(rows)), yticklabels=labels, xlim=(left, 100 + (100 - left) * (0.15 if legend_columns() > 1 else 0.36)), ylim=(len(rows) - 0.3, -0.7), xlabel=translate("axis.rate", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    axes.set_xticks([t for t in axes.get_xticks() if left <= t <= 100])
    told = chart_series(translate("fact.coverage", lang), rows["rate"], "p1", BLUE)
    axis = "; ".join([translate("axis.rate", lang), *([target[0]] if target else [])])
    attach_description(
        figure, lang, list(rows["name"]), [told], "bar", axis, rows["status"], target[0] if target else ""
    )
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def commune_people(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """People of the communes: bars, most first; for areas of which nothing else is known.

    ``rows``: ``name``, ``population``, ``status``.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> chart = bhyt.charts.commune_people(rows, "huyện Mẫu 01", "vi", "bảng population")
    """
    rows = add_labels(rows, lang)
    rows = rows.sort_values("population")
    labels = [wrap_text(n, scale_width(2.6)) for n in rows["name"]]
    figure, axes = new_chart(
        31 + row_height_mm(4.5, labels) * len(rows), "chart.commune_people", name, lang, rows["status"]
    )
    people = rows["population"].to_numpy(float)
    axes.barh(range(len(rows)), people, 0.62, color=GREY)
    for y, value in enumerate(people):
        axes.annotate(
            format_number(value, lang), (value, y), (4, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set(yticks=range(len(rows)), yticklabels=labels, xlim=(0, people.max() * (1.15 if legend_columns() > 1 else 1.4)), ylim=(-0.7, len(rows) - 0.3), xlabel=translate("axis.people", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    told = chart_series(translate("label.population", lang), rows["population"][::-1], "n", GREY)
    attach_description(
        figure, lang, list(rows["name"][::-1]), [told], "bar", translate("axis.people", lang), rows["status"]
    )
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def gaps(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Coverage of each commune as a dot and its own target as a line, the widest gap on top.

    ``rows``: what `allocate` gives, with ``name`` and ``status``.

    Examples
    --------
    >>> communes = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> rows = bhyt.allocate(communes, rate=0.93)
    >>> chart = bhyt.charts.gaps(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    rows = add_labels(rows, lang)
    rows = rows.assign(rate=rows["insured"] / rows["population"])
    rows = rows.assign(gap=(rows["target_rate"] - rows["rate"]).clip(lower=0)).sort_values("gap", kind="stable")
    labels = [wrap_text(n, scale_width(2.2)) for n in rows["name"]]
    figure, axes = new_chart(38 + row_height_mm(5.6, labels) * len(rows), "chart.gaps", name, lang, rows["status"])
    now, goal = rows["rate"].to_numpy(float) * 100, rows["target_rate"].to_numpy(float) * 100
    y = np.arange(len(rows))
    axes.hlines(y, np.minimum(now, goal), np.maximum(now, goal), color=GREY, lw=1.4, zorder=1)
    axes.plot(goal, y, "|", color=BLACK, ms=11, mew=2, label=translate("label.target", lang))
    axes.plot(now, y, "o", color=ORANGE, ms=6, label=translate("fact.coverage", lang))
    for i, add in enumerate(rows["to_add"]):
        text = format_message("{v:+n}", lang, v=add) if add else translate("label.reached", lang)
        axes.annotate(text, (max(now[i], goal[i]), i), (7, 0), textcoords="offset points", va="center", fontsize=9)
    left = max(0, np.floor(now.min() / 10) * 10 - 5)
    room = 0.16 if legend_columns() > 1 else 0.5
    axes.set(yticks=y, yticklabels=labels, xlim=(left, 100 + (100 - left) * room), ylim=(-0.7, len(rows) - 0.3), xlabel=translate("axis.rate", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    axes.set_xticks([t for t in axes.get_xticks() if left <= t <= 100])
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncols=legend_columns(), borderaxespad=0.2, fontsize=9
    )
    upside = rows[::-1]
    told = [chart_series(translate("fact.coverage", lang), upside["rate"], "p1", ORANGE), chart_series(translate("label.target", lang), upside["target_rate"], "p1", BLACK)]  # fmt: skip
    more = translate("alt.gaps", lang, people=rows["to_add"].sum(), name=upside["name"].iloc[0], most=upside["to_add"].iloc[0])  # fmt: skip
    attach_description(
        figure, lang, list(upside["name"]), told, "bar", translate("axis.rate", lang), rows["status"], more
    )
    return add_source_line(figure, source, rows["status"], lang, translate("note.gaps", lang))


@chart_function
def small_multiples(
    rows: pd.DataFrame, name: str, target: float | None = None, lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage month by month, a panel for each commune on the same scale; all others in grey behind it.

    ``rows``: what `coverage` gives by commune and month; ``target``: a share, drawn as a line.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune", "month"])
    >>> chart = bhyt.charts.small_multiples(rows, "huyện Mẫu 01", 0.93, "vi", "bảng cards")
    """
    rows = add_labels(rows, lang)
    rows = rows[rows["rate"].notna()]
    paths = rows.pivot(index="as_of", columns="area", values="rate").sort_index() * 100
    titles = rows.drop_duplicates("area").set_index("area")["name"]
    wide = 4 if legend_columns() > 1 else 2
    deep = -(-paths.shape[1] // wide)
    figure, axes = new_chart(30 + 29 * deep, "chart.small_multiples", name, lang, rows["status"])
    axes.remove()
    panels = figure.subplots(deep, wide, sharex=True, sharey=True, squeeze=False)
    for i, panel in enumerate(panels.flat):
        if i >= paths.shape[1]:
            panel.set_visible(False)
            continue
        area = paths.columns[i]
        panel.plot(paths.index, paths, color="#DDDDDD", lw=0.6, zorder=0)
        panel.plot(paths.index, paths[area], color=BLUE, lw=1.8)
        panel.annotate(percent_label(paths[area].iloc[-1] / 100, lang), (1, 0.06), xycoords="axes fraction", ha="right", fontsize=9, fontweight="bold", color=BLUE)  # fmt: skip
        if target is not None:
            panel.axhline(target * 100, color=BLACK, lw=0.9, ls="--")
        panel.set_title(
            wrap_text(titles[area], scale_width(1.4) if legend_columns() > 1 else 1.3, 9),
            fontsize=9,
            fontweight="normal",
        )
        panel.set_xlim(paths.index.min(), paths.index.max())
        set_ticks(panel, lang, "y")
        panel.tick_params(labelsize=9)
    ends = paths.index[[0, -1]]
    for panel in panels.flat:
        panel.set_xticks(ends[-1:], [f"{ends[-1]:%m/%Y}"], ha="right")
    panels[0, 0].set_ylabel(translate("axis.rate", lang), fontsize=9)
    told = [chart_series(titles[a], paths[a] / 100, "p1", BLUE) for a in paths]
    more = (
        f"{translate('label.target', lang)}: {percent_label(target, lang, 'published')}" if target is not None else ""
    )
    attach_description(figure, lang, [f"{m:%m/%Y}" for m in paths.index], told, "picture", translate("axis.rate", lang), rows["status"], more, True)  # fmt: skip
    first = translate("note.small_multiples", lang, first=ends[0], last=ends[1])
    return add_source_line(figure, source, rows["status"], lang, first + (f". {more}" if more else ""))
