"""Draw the communes of a district next to each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.labels import add_labels


@chart_function
def communes(
    rows: pd.DataFrame,
    name: str,
    target: tuple[str, float] | None = None,
    lang: str | None = None,
    source: str = "",
    *,
    size: str = "a4",
) -> Chart:
    """Draw the coverage of the communes as dots, lowest first, with the target as a line.

    Parameters
    ----------
    rows
        what `coverage` gives by commune.
    name
        the name of the area, for the title.
    target
        a label and a share, drawn as a line.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> target = ("Chỉ tiêu 2022: 93%", 0.93)
    >>> chart = bhyt.charts.communes(rows, "huyện Mẫu 01", target, "vi", "bảng cards")
    """
    lang = check_lang(lang)
    rows = add_labels(rows.sort_values("rate"), lang)
    labels = drawing.wrap_labels(rows["name"], 2.6)
    sheet = drawing.new_chart(drawing.rows_height_mm(32, 5.2, labels), "chart.communes", name, lang, rows["status"])
    axes, rate = sheet.axes, rows["rate"].to_numpy(float) * 100
    goal_label, goal = (target[0], target[1] * 100) if target else ("", -1)
    is_below = rate < goal
    axes.plot(rate[is_below], np.flatnonzero(is_below), "o", color=drawing.hue("orange"), ms=5.5)
    axes.plot(rate[~is_below], np.flatnonzero(~is_below), "D", color=drawing.hue("blue"), ms=5.5)
    axes.hlines(range(len(rows)), 0, rate, color=drawing.LIGHT, lw=0.8, zorder=0)
    left = _left_end(rate)
    for y, (share, value) in enumerate(zip(rows["rate"], rate, strict=True)):
        crosses = 0 < goal - value < (100 - left) * 0.14  # the line of the target
        shift, side = (-6, "right") if crosses else (6, "left")
        sheet.label(drawing.percent_label(share, lang), (value, y), (shift, 0), side, bbox=drawing.white_box(0.8))
    if target:
        axes.axvline(goal, color=drawing.BLACK, lw=1.2, ls="--", zorder=0)
        sheet.label(goal_label, (goal, 1), (-4, 2), "right", "bottom", xycoords=drawing.TOP_EDGE)
    sheet.set_rows(labels, 0.7)
    sheet.set_axis("x", "axis.rate", (left, 100 + (100 - left) * (0.36 if drawing.is_narrow() else 0.15)), (left, 100))
    sheet.add_series(column_name("coverage", lang), rows["rate"], "p1", drawing.hue("blue"))
    axis = "; ".join(t for t in (translate("axis.rate", lang), goal_label) if t)
    return sheet.finish(source, rows["name"], "bar", more=goal_label, axis=axis)


def _left_end(rate: np.ndarray) -> float:
    """Return where an axis of rates begins so that the lowest is clear of it."""
    return float(max(0, np.floor(np.nanmin(rate) / 10) * 10 - 5))


@chart_function
def commune_people(
    rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw the people of the communes as bars, most first; for areas of which nothing else is known.

    Parameters
    ----------
    rows
        ``name``, ``population`` (people), ``status``.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> chart = bhyt.charts.commune_people(rows, "huyện Mẫu 01", "vi", "bảng population")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang).sort_values("population")[::-1]
    labels = drawing.wrap_labels(rows["name"], 2.6)
    sheet = drawing.new_chart(
        drawing.rows_height_mm(31, 4.5, labels), "chart.commune_people", name, lang, rows["status"]
    )
    people = rows["population"].to_numpy(float)
    sheet.axes.barh(range(len(rows)), people, 0.62, color=drawing.GREY)
    for y, value in enumerate(people):
        sheet.label(format_number(value, lang), (value, y), (4, 0))
    sheet.set_rows(labels, 0.7)
    sheet.set_axis("x", "axis.people", (0, people.max() * (1.4 if drawing.is_narrow() else 1.15)))
    sheet.add_series(translate("label.population", lang), people, "n", drawing.GREY)
    return sheet.finish(source, rows["name"], "bar")


@chart_function
def gaps(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the coverage of each commune as a dot and its own target as a line, the widest gap on top.

    Parameters
    ----------
    rows
        what `allocate` gives, with ``name`` and ``status``.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> communes = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> rows = bhyt.allocate(communes, rate=0.93)
    >>> chart = bhyt.charts.gaps(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang)
    rows = rows.assign(rate=rows["insured"] / rows["population"])
    rows = rows.assign(gap=(rows["target_rate"] - rows["rate"]).clip(lower=0)).sort_values("gap", kind="stable")[::-1]
    labels = drawing.wrap_labels(rows["name"], 2.2)
    sheet = drawing.new_chart(drawing.rows_height_mm(38, 5.6, labels), "chart.gaps", name, lang, rows["status"])
    axes, y = sheet.axes, np.arange(len(rows))
    now, goal = rows["rate"].to_numpy(float) * 100, rows["target_rate"].to_numpy(float) * 100
    coverage, target = column_name("coverage", lang), translate("label.target", lang)
    axes.hlines(y, np.minimum(now, goal), np.maximum(now, goal), color=drawing.GREY, lw=1.4, zorder=1)
    axes.plot(goal, y, "|", color=drawing.BLACK, ms=11, mew=2, label=target)
    axes.plot(now, y, "o", color=drawing.hue("orange"), ms=6, label=coverage)
    for i, add in enumerate(rows["to_add"]):
        text = format_message("{v:+n}", lang, v=add) if add else translate("label.reached", lang)
        sheet.label(text, (max(now[i], goal[i]), i), (7, 0))
    left = _left_end(now)
    sheet.set_rows(labels, 0.7)
    sheet.set_axis("x", "axis.rate", (left, 100 + (100 - left) * (0.5 if drawing.is_narrow() else 0.16)), (left, 100))
    sheet.legend("left")
    sheet.add_series(coverage, rows["rate"], "p1", drawing.hue("orange"))
    sheet.add_series(target, rows["target_rate"], "p1", drawing.BLACK)
    total, first = rows["to_add"].sum(), rows.iloc[0]
    more = translate("alt.gaps", lang, people=total, name=first["name"], most=first["to_add"])
    return sheet.finish(source, rows["name"], "bar", translate("note.gaps", lang), more)


@chart_function
def small_multiples(
    rows: pd.DataFrame,
    name: str,
    target: float | None = None,
    lang: str | None = None,
    source: str = "",
    *,
    size: str = "a4",
) -> Chart:
    """Draw coverage month by month, a panel for each commune on the same scale; all others in grey behind it.

    Parameters
    ----------
    rows
        what `coverage` gives by commune and month.
    name
        the name of the area, for the title.
    target
        a share, drawn as a line.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune", "month"])
    >>> chart = bhyt.charts.small_multiples(rows, "huyện Mẫu 01", 0.93, "vi", "bảng cards")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang)
    rows = rows[rows["rate"].notna()]
    paths = rows.pivot(index="as_of", columns="area", values="rate").sort_index() * 100
    titles = rows.drop_duplicates("area").set_index("area")["name"]
    columns, title_width = (2, 1.3) if drawing.is_narrow() else (4, drawing.scale_width(1.4))
    lines = -(-paths.shape[1] // columns)
    sheet = drawing.new_chart(30 + 29 * lines, "chart.small_multiples", name, lang, rows["status"])
    sheet.axes.remove()
    panels = sheet.figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    first, last = paths.index[[0, -1]]
    for panel in panels.flat[paths.shape[1] :]:
        panel.set_visible(False)
    for area, panel in zip(paths, panels.flat, strict=False):
        panel.plot(paths.index, paths, color=drawing.LIGHT, lw=0.6, zorder=0)
        panel.plot(paths.index, paths[area], color=drawing.hue("blue"), lw=1.8)
        text, look = (
            drawing.percent_label(paths[area].iloc[-1] / 100, lang),
            {"fontweight": "bold", "color": drawing.hue("blue")},
        )
        panel.text(1, 0.06, text, transform=panel.transAxes, ha="right", fontsize=9, **look)
        if target is not None:
            panel.axhline(target * 100, color=drawing.BLACK, lw=0.9, ls="--")
        panel.set_title(drawing.wrap_text(titles[area], title_width, 9), fontsize=9, fontweight="normal")
        panel.set_xlim(first, last)
        drawing.set_ticks(panel, lang, "y")
        panel.tick_params(labelsize=9)
        sheet.add_series(titles[area], paths[area] / 100, "p1", drawing.hue("blue"))
    for panel in panels.flat:
        panel.set_xticks([last], [f"{last:%m/%Y}"], ha="right")
    axis = translate("axis.rate", lang)
    panels[0, 0].set_ylabel(axis, fontsize=9)
    more = (
        ""
        if target is None
        else f"{translate('label.target', lang)}: {drawing.percent_label(target, lang, 'published')}"
    )
    note = ". ".join(t for t in (translate("note.small_multiples", lang, first=first, last=last), more) if t)
    return sheet.finish(source, [f"{m:%m/%Y}" for m in paths.index], "picture", note, more, axis, True)
