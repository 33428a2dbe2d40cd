"""Draw what a zoning decision did: cards lost, coverage before and after, and who is insured again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.projection.after_loss import ENTITLEMENTS, UNINSURED
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.formatting import hidden_marks
from bhyt_analysis.tables.labels import add_labels, group_name


@chart_function
def losses(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the people who lost, and gained, a card by commune: bars, most first.

    Parameters
    ----------
    rows
        what `reclassify` gives; communes with no change are left out.
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
    >>> rows = bhyt.reclassify(bhyt.load(), decision="861", area="Lục Ngạn")
    >>> chart = bhyt.charts.losses(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy Lục Ngạn")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang)
    columns = ["lost", "gained"]
    rows = rows[((rows[columns].fillna(0) > 0) | (hidden_marks(rows[columns]) != "")).any(axis=1)]
    rows = rows.sort_values("lost")[::-1]
    labels = drawing.wrap_labels(rows["name"], 2.6)
    sheet = drawing.new_chart(drawing.rows_height_mm(36, 6.0, labels), "chart.lost", name, lang, rows["status"])
    marks, axes = hidden_marks(rows[columns]), sheet.axes
    lost, gained = (rows[c].fillna(0).to_numpy(float) for c in columns)
    both = bool(gained.any())  # losses go to the left only where gains are on the right
    bars: list[tuple[str, np.ndarray, int, drawing.Look]] = [
        ("lost", lost, -1 if both else 1, {"color": drawing.hue("red")})
    ]
    bars += (
        [("gained", gained, 1, {"color": drawing.hue("green"), "hatch": "//", "edgecolor": "white"})] if both else []
    )
    for column, people, side, look in bars:
        text, mark = column_name(column, lang), marks[column].to_numpy()
        mask = mark != ""
        lengths = side * np.where(mask, 0, people)
        axes.barh(range(len(rows)), lengths, 0.62, label=text, **look)
        for y in np.flatnonzero((people > 0) | mask):
            figure = format_message("{v:+n}" if both else "{v:n}", lang, v=side * people[y])
            text_side = "left" if side > 0 else "right"
            sheet.label(mark[y] or figure, (lengths[y], y), (side * 4, 0), text_side)
        sheet.add_series(text, rows[column], "n", look["color"], mask)
    sheet.set_rows(labels, 0.7)
    far, free = max(lost.max(initial=0), gained.max(initial=0)), 2.2 if drawing.is_narrow() else 1
    limits = (0, far * (1 + 0.12 * free))
    if both:
        sheet.legend("left", fontsize=9.5)
        axes.axvline(0, color=drawing.EDGE, lw=0.8)
        limits = (-lost.max() - far * 0.32 * free, gained.max() + far * 0.25 * free)
    sheet.set_axis("x", "axis.people", limits)
    # A commune loses or gains, seldom both.
    return sheet.finish(source, rows["name"], "stacked" if both else "bar")


@chart_function
def waterfall(
    steps: pd.DataFrame,
    name: str,
    lang: str | None = None,
    source: str = "",
    population: float | None = None,
    title: str = "",
    decision: str = "",
    *,
    size: str = "a4",
) -> Chart:
    """Draw the way from the people insured before to those after: levels in blue, changes in between.

    Parameters
    ----------
    steps
        ``label``, ``people`` (a level, or a change with its sign), ``kind`` ("level" or "change"; "bound" and
        "bound_change" are the most or least that can be, drawn hollow and marked ≤ or ≥), ``status``. With ``rate`` (a
        share, or a change of it) in place of ``people`` the changes are percentage points between levels that are
        lines, so that the axis need not begin at 0.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    population
        people, drawn as a line.
    title
        a message key, where the steps are not those of a decision.
    decision
        its name.
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
    >>> steps = pd.DataFrame({"label": ["Trước", "Thôi cấp", "Có lại", "Sau"], "rate": [0.871, -0.165, 0.145, 0.851]})
    >>> steps = steps.assign(kind=["level", "change", "change", "level"], status="estimated")
    >>> chart = bhyt.charts.waterfall(steps, "huyện Sơn Dương", "vi", "ví dụ")
    """
    lang = check_lang(lang)
    points = "rate" in steps
    values = steps["rate" if points else "people"].to_numpy(float) * (100 if points else 1)
    title = title or ("chart.waterfall_points" if points else "chart.waterfall")
    decision = decision or translate("label.the_decision", lang)
    sheet = drawing.new_chart(84, title, name, lang, steps["status"], decision=decision)
    axes, level, ends = sheet.axes, 0.0, []
    texts = [_step_text(value, kind, points, lang) for value, kind in zip(values, steps["kind"], strict=True)]
    for x, (value, kind) in enumerate(zip(values, steps["kind"], strict=True)):
        if kind in ("level", "bound"):
            start = level = value
            if points:  # the axis does not begin at 0
                axes.plot([x - 0.3, x + 0.3], [value] * 2, color=drawing.hue("blue"), lw=4, solid_capstyle="butt")
            elif kind == "bound":
                axes.bar(x, value, 0.6, facecolor="white", edgecolor=drawing.hue("blue"), hatch="..", ls="--")
            else:
                axes.bar(x, value, 0.6, color=drawing.hue("blue"))
        else:
            start, level = level, level + value
            color, hatch = (drawing.hue("red"), "") if value < 0 else (drawing.hue("green"), "//")
            axes.bar(x, abs(value), 0.6, bottom=min(start, level), color=color, hatch=hatch, edgecolor="white")
        ends += [start, level]
        sheet.label(texts[x], (x, max(start, level)), (0, 3), "center", "baseline", bold=True)
        if x + 1 < len(steps):
            axes.plot([x + 0.3, x + 0.7], [level, level], color=drawing.GREY, lw=0.8)
    if population:
        axes.axhline(population, color=drawing.BLACK, lw=1, ls="--")
        text = f"{translate('label.population', lang)}: {format_number(population, lang)}"
        sheet.label(text, (1, population), (0, 3), "right", "bottom", xycoords=drawing.RIGHT_EDGE)
    span = max(ends) - min(ends)
    limits = (min(ends) - span * 0.12, max(ends) + span * 0.16) if points else (0, max([*ends, population or 0]) * 1.14)
    labels = drawing.wrap_labels(steps["label"], 4.6 / len(steps))
    axes.set_xticks(range(len(steps)), labels, fontsize=9)
    axes.set_xlim(-0.5, len(steps) - 0.5)
    axes.tick_params(axis="x", length=0)
    sheet.set_axis("y", "axis.rate" if points else "axis.people", limits)
    more = "; ".join(f"{label}: {text}" for label, text in zip(steps["label"], texts, strict=True))
    return sheet.finish(source, more=more)


def _step_text(value: float, kind: str, points: bool, lang: str) -> str:
    """Return a level or change as it is labelled; a bound with its sign."""
    spec, value = ("p1", value / 100) if points else ("n", value)
    if kind == "change":
        spec = "+pp1" if points else "+n"
    sign = {"bound": "≤ ", "bound_change": "≥ "}.get(kind, "")
    return sign + format_message("{v:" + spec + "}", lang, v=value)


@chart_function
def slope(
    rows: pd.DataFrame,
    name: str,
    days: tuple[DateLike, DateLike],
    lang: str | None = None,
    source: str = "",
    decision: str = "",
    *,
    size: str = "a4",
) -> Chart:
    """Draw the coverage of each commune on two days: those concerned in colour, the rest grey.

    Parameters
    ----------
    rows
        ``name``, ``before``, ``after`` (shares), ``concerned`` (bool), ``status``.
    name
        the name of the area, for the title.
    days
        the two days.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    decision
        the name of the decision between the days.
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
    >>> a, b = (bhyt.coverage(bhyt.load(), "X001", ["commune"], day) for day in ("2021-06-30", "2022-06-30"))
    >>> rows = a.assign(before=a["rate"], after=b["rate"], concerned=b["rate"] < a["rate"])
    >>> chart = bhyt.charts.slope(rows, "huyện Mẫu 01", (a.as_of[0], b.as_of[0]), "vi", "bảng cards", "Quyết định 861")
    """
    lang = check_lang(lang)
    rows = add_labels(rows.dropna(subset=["before", "after"]), lang)
    decision = decision or translate("label.the_decision", lang)
    sheet = drawing.new_chart(98, "chart.slope", name, lang, rows["status"], decision=decision)
    axes, narrow, ends = sheet.axes, drawing.is_narrow(), []
    for row in rows.sort_values("concerned").to_dict("records"):
        color = (
            (drawing.hue("red") if row["after"] < row["before"] else drawing.hue("green"))
            if row["concerned"]
            else drawing.GREY
        )
        axes.plot([0, 1], [row["before"] * 100, row["after"] * 100], "o-", color=color, lw=1.4, ms=4)
        if row["concerned"]:
            ends.append((row["after"] * 100, f"{row['name']} {drawing.percent_label(row['after'], lang)}", color))
    # Labels on the right keep clear of each other; a line leads to the end that each belongs to.
    low, high, y = rows[["before", "after"]].to_numpy().min() * 100, 100.0, -np.inf
    gap = (high - low) / 15
    for value, end, color in sorted(ends):
        text = drawing.wrap_text(end, drawing.scale_width(2.6 if narrow else 2.0), 9)
        y = max(value, y + gap * (text.count("\n") + 1) * 0.9 if "\n" in text else y + gap)
        line = {"arrowstyle": "-", "color": color, "lw": 0.6, "shrinkA": 0, "shrinkB": 3}
        look: drawing.Look = {"textcoords": "data", "arrowprops": line, "annotation_clip": False}
        sheet.label(text, (1, value), (1.06, y), color=drawing.BLACK, **look)
    axes.set_xticks([0, 1], drawing.wrap_labels([format_date(d, lang) for d in days], 2))
    axes.set_xlim(-0.08, 2.6 if narrow else 1.62)
    sheet.set_axis("y", "axis.rate", (low - gap, max(high, y) + gap))
    rows = rows[rows["concerned"]]
    for day, column in zip(days, ("before", "after"), strict=True):
        sheet.add_series(format_date(day, lang), rows[column], "p1")
    return sheet.finish(source, rows["name"])


@chart_function
def curve(
    rows: pd.DataFrame, bounds: pd.Series, name: str, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw the share insured again, between its bounds, over the population that is not given.

    Parameters
    ----------
    rows
        what `bhyt_analysis.model.reclassification.take_up.reenrolment_curve` gives.
    bounds
        the row of `reenrolment`.
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
    >>> from bhyt_analysis.model.reclassification.take_up import reenrolment_curve
    >>> bounds = bhyt.reenrolment(bhyt.load(), "Lục Ngạn").iloc[0]
    >>> chart = bhyt.charts.curve(reenrolment_curve(bounds), bounds, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    lang = check_lang(lang)
    sheet = drawing.new_chart(82, "chart.curve", name, lang, [bounds["status"]])
    axes, x, low, high = sheet.axes, rows["population"] / 1000, rows["low"] * 100, rows["high"] * 100
    axes.fill_between(x, low, high, color=drawing.hue("sky"), alpha=0.55, lw=0)
    axes.plot(x, low, color=drawing.hue("blue"), lw=1.4)
    axes.plot(x, high, color=drawing.hue("blue"), lw=1.4)
    here, ends = bounds["population"] / 1000, [bounds["low"] * 100, bounds["high"] * 100]
    words = {"population": bounds["population"], "low": bounds["low"], "high": bounds["high"]}
    axes.plot([here] * 2, ends, color=drawing.hue("red"), lw=4, solid_capstyle="butt")
    text = format_message("{population:n}: {low:p0}–{high:p0}", lang, **words)
    sheet.label(text, (here, ends[1]), (8, 10), va="baseline", fontsize=9.5, bold=True)
    if pd.notna(bounds["largest_population"]):
        most = float(bounds["largest_population"]) / 1000
        text = drawing.wrap_text(
            translate("bar.most", lang, people=bounds["largest_population"]), drawing.scale_width(2.2), 9
        )
        arrow = {"arrowstyle": "-", "color": drawing.GREY, "lw": 0.8, "shrinkB": 4}
        sheet.label(text, (most, 0), (-2, 52), "right", "baseline", arrowprops=arrow)
        axes.plot([most], [0], "o", color=drawing.BLACK, ms=5, clip_on=False, zorder=5)
    sheet.set_axis("x", "axis.population", (x.min(), x.max() * 1.02))
    sheet.set_axis("y", "axis.again", (0, 100))
    return sheet.finish(source, more=translate("alt.curve", lang, **words))


@chart_function
def flows(
    rows: pd.DataFrame, name: str, on: DateLike, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw where those who lost their entitlement are in a month, unit by unit: parts of 100%, most uninsured on top.

    Parameters
    ----------
    rows
        what `transitions` gives for the month.
    name
        the name of the area, for the title.
    on
        any day of the month.
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
    >>> projected = bhyt.project_area(bhyt.load(), "X001", bhyt.read_scenario("decision_861_ordinary"))
    >>> rows = bhyt.transitions(projected, "2022-06-30")
    >>> chart = bhyt.charts.flows(rows, "huyện Mẫu 01", "2022-06-30", "vi", "bảng cards và zones")
    """
    lang = check_lang(lang)
    statuses, rows = rows["status"], rows[rows["to"] != rows["from"]]
    people = rows.pivot_table(index="area", columns="to", values="people", aggfunc="sum")
    order = [t for t in (*ENTITLEMENTS, UNINSURED) if t in people and people[t].sum() > 0]
    people = people.loc[people.sum(axis=1) > 0, order]
    shares = people.div(people.sum(axis=1), axis=0)
    if UNINSURED in shares:
        shares = shares.sort_values(UNINSURED, ascending=False, kind="stable")
    units = add_labels(rows.drop_duplicates("area"), lang).set_index("area")["name"]
    lost = people.sum(axis=1).reindex(shares.index)
    names = [f"{units[a]} ({format_number(round(n), lang)})" for a, n in lost.items()]
    labels = drawing.wrap_labels(names, 1.9)
    frame = 36 + 8 * -(-len(order) // drawing.legend_columns())
    title = f"{name}, {format_date(on, lang)}"
    sheet = drawing.new_chart(drawing.rows_height_mm(frame, 6.5, labels), "chart.flows", title, lang, statuses)
    texts = {t: translate("label.still_without", lang) if t == UNINSURED else group_name(t, lang) for t in order}
    sheet.stack_shares({text: shares[t] for t, text in texts.items()})
    sheet.set_rows(labels)
    sheet.set_axis("x", "axis.of_lost", (0, 100))
    return sheet.finish(source, names, "stacked")
