"""Draw scenarios: paths with their intervals, what each assumption does, who enrols again, the backtest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter, MonthLocator, YearLocator

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.projection.after_loss import ENTITLEMENTS, UNINSURED
from bhyt_analysis.model.projection.assumptions import assumptions
from bhyt_analysis.model.projection.simulate import without_groups
from bhyt_analysis.tables.labels import group_name, one_projection, statuses_of, unit_title

LINES = ("blue", "red", "green", "orange", "violet", "sky", drawing.DARK)
BANDS = (("rate_low", "rate_high"), ("rate_inner_low", "rate_inner_high"))  # of a fan chart, from pale to dark
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))


@chart_function
def fan(
    rows: pd.DataFrame,
    name: str = "",
    targets: Iterable[Mapping[str, Any]] = (),
    lang: str | None = None,
    source: str = "",
    support_ends: Mapping[pd.Timestamp, str] | None = None,
    draws: int = 0,
    *,
    size: str = "a4",
) -> Chart:
    """Draw coverage month by month under one scenario, with its intervals, the static path and the targets.

    Parameters
    ----------
    rows
        what `simulate` gives for one scenario and area; the line is the median of its draws, where it has any.
    name
        the name of the area, for the title; by default that of the rows.
    targets
        rows of ``on`` (day), ``rate`` (share), ``relation``.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    support_ends
        days on which a support ends, with whose.
    draws
        the number of draws, which the note below the chart gives.
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
    >>> rows = bhyt.simulate(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"), draws=200)
    >>> targets = [{"on": "2025-12-31", "rate": 0.9515, "relation": ">="}]
    >>> chart = bhyt.charts.fan(rows, "huyện Lục Ngạn", targets, "vi", "chỉ thị của Huyện ủy")
    """
    lang = check_lang(lang)
    totals = one_projection(without_groups(rows))
    lines = fan_lines(totals, lang)
    behavioural, static = (frame for frame, _, _ in lines)
    sheet = drawing.new_chart(
        92, "chart.fan", fan_name(totals, unit_title(totals, name, lang)), lang, statuses_of(totals)
    )
    axes, x = sheet.axes, behavioural["month"]
    for (low, high), alpha in zip(BANDS, (0.22, 0.38), strict=True):
        axes.fill_between(
            x, behavioural[low] * 100, behavioural[high] * 100, color=drawing.hue("blue"), alpha=alpha, lw=0
        )
    axes.plot(x, behavioural["rate"] * 100, color=drawing.hue("blue"), lw=1.8)
    axes.plot(static["month"], static["rate"] * 100, color=drawing.DARK, lw=1.2, ls="--")
    more = []
    for target in targets:
        on, rate = pd.Timestamp(target["on"]), float(target["rate"])
        axes.plot([on], [rate * 100], "D", color=drawing.BLACK, ms=6, zorder=5)
        text = translate(f"relation.{target['relation']}", lang) + drawing.percent_label(rate, lang, "published")
        is_early = (on - x.min()).days < (x.max() - x.min()).days / 8
        sheet.label(text, (on, rate * 100), (0, 7), "left" if is_early else "center", "baseline", zorder=6)
        more.append(f"{translate('label.target', lang)} {format_date(target['on'], lang)}: {text}")
    set_months(axes, x)
    bottom, top = axes.get_ylim()
    sheet.set_axis("y", "axis.reported_rate", (max(0, bottom - 0.5), min(104, top + 1.5)))
    for day, supported in (support_ends or {}).items():
        axes.axvline(day, color=drawing.hue("red"), lw=1, ls=":")
        text = translate("label.support_ends", lang, group=supported, on=day)
        late = (day - x.min()).days > (x.max() - x.min()).days * 0.8
        width, top = drawing.scale_width(1.1), axes.get_ylim()[1]
        label, box = drawing.wrap_text(text, width, 9), drawing.white_box(0.6)
        offset, side = ((-4, -2), "right") if late else ((4, -2), "left")
        sheet.label(label, (day, top), offset, side, "top", bbox=box, color=drawing.hue("red"))
        more.append(text)
    yearly = _is_yearly(behavioural).to_numpy()
    for frame, text, _ in lines:
        sheet.add_series(text, frame[yearly]["rate"], "p1")
    sheet.label_line_ends(fan_ends(lines, lang), drawing.scale_width(1.45))
    varies = (behavioural[["rate_low", "rate_high"]].map(drawing.percent_label, lang=lang).nunique(axis=1) > 1).any()
    note = fan_note(draws, lang) if varies or size == "screen" else ""  # on a screen only the paths change
    return sheet.finish(source, month_names(x[yearly]), note=note, more="; ".join(more), over_time=True)


def fan_name(totals: pd.DataFrame, name: str) -> str:
    """Return the area and the scenario of a fan chart, as its title has them."""
    return f"{name}, “{totals['scenario'].iloc[0]}”"


def fan_lines(totals: pd.DataFrame, lang: str) -> list[tuple[pd.DataFrame, str, str]]:
    """Return the rows, name and colour of the two paths of a fan chart."""
    behavioural, static = (totals[totals["result"] == result] for result in ("behavioural", "static"))
    key = "result.behavioural"
    if behavioural["rate_median"].notna().all():  # the line is of the same draws as its bands
        behavioural, key = behavioural.assign(rate=behavioural["rate_median"]), "result.median"
    loses = (static["insured"].diff() < 0).any()
    return [
        (behavioural, translate(key, lang), drawing.hue("blue")),
        (static, translate("result.static" if loses else "result.static_no_loss", lang), drawing.DARK),
    ]


def fan_ends(lines: Iterable[tuple[pd.DataFrame, str, str]], lang: str) -> list[tuple[float, str, str]]:
    """Return the value, text and colour of the ends of the paths of a fan chart."""
    ends = ((frame["rate"].iloc[-1], text, color) for frame, text, color in lines)
    return [(rate * 100, f"{text}: {drawing.percent_label(rate, lang)}", color) for rate, text, color in ends]


def fan_note(draws: int, lang: str) -> str:
    """Return how to read a fan chart, with the number of draws if it is given."""
    return translate("note.fan_of_draws" if draws else "note.fan", lang, draws=draws)


@chart_function
def scenarios(
    rows: pd.DataFrame, name: str = "", lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw coverage month by month under several scenarios, with take-up; each line named at its end.

    Parameters
    ----------
    rows
        what `simulate` gives for several scenarios of one area.
    name
        the name of the area, for the title; by default that of the rows.
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
    >>> plans = [bhyt.read_scenario(p) for p in ("status_quo", "decision_861_ordinary", "decision_861_high")]
    >>> rows = bhyt.simulate(bhyt.load(), "Lục Ngạn", plans, draws=0)
    >>> chart = bhyt.charts.scenarios(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    lang = check_lang(lang)
    rows = without_groups(rows)
    rows = rows[rows["result"] == "behavioural"]
    sheet = drawing.new_chart(100, "chart.scenarios", unit_title(rows, name, lang), lang, statuses_of(rows))
    ends = []
    for i, (scenario, line) in enumerate(rows.groupby("scenario", sort=False)):
        color, rate = drawing.hue(LINES[i % len(LINES)]), line["rate"].iloc[-1]
        sheet.axes.plot(line["month"], line["rate"] * 100, color=color, ls=DASHES[i % len(DASHES)], lw=1.8)
        ends.append((rate * 100, f"{scenario}: {drawing.percent_label(rate, lang)}", color))
        sheet.add_series(str(scenario), line["rate"], "p1", color)
    sheet.label_line_ends(ends, drawing.scale_width(1.9))
    set_months(sheet.axes, rows["month"])
    sheet.set_axis("y", "axis.reported_rate")
    months = month_names(rows.loc[rows["scenario"] == rows["scenario"].iloc[0], "month"])
    return sheet.finish(source, months, "line", over_time=True)


def _is_yearly(rows: pd.DataFrame) -> pd.Series:
    """Return which months an alternative text gives: the first, each December, the last."""
    ends = rows["month"].isin([rows["month"].min(), rows["month"].max()])
    return ends | (rows["month"].dt.month == 12)


def month_names(months: Iterable[pd.Timestamp]) -> list[str]:
    """Return months as an alternative text has them.

    Examples
    --------
    >>> month_names([pd.Timestamp("2022-06-30")])
    ['06/2022']
    """
    return [f"{m:%m/%Y}" for m in months]


def set_months(axes: Axes, months: pd.Series) -> None:
    """Set the horizontal axis to these months, with years or months as ticks."""
    span, narrow = (months.max() - months.min()).days, drawing.is_narrow()
    if span > (550 if narrow else 800):
        axes.xaxis.set_major_locator(YearLocator(2 if narrow and span >= 1600 else 1))
        axes.xaxis.set_major_formatter(DateFormatter("%Y"))
    else:
        few = MonthLocator(1) if span >= 400 else AutoDateLocator(maxticks=3)
        axes.xaxis.set_major_locator(few if narrow else AutoDateLocator(maxticks=6))
        axes.xaxis.set_major_formatter(DateFormatter("%m/%Y"))
    axes.set_xlim(months.min(), months.max())


@chart_function
def tornado(
    rows: pd.DataFrame, name: str, on: DateLike, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw what each assumption alone does to the coverage of a month, the strongest on top.

    Parameters
    ----------
    rows
        what `bhyt_analysis.tornado` gives.
    name
        the name of the area, for the title.
    on
        the month of its results, for the title.
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
    >>> projected = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"))
    >>> rows = bhyt.tornado(projected, "2021-12-31")
    >>> chart = bhyt.charts.tornado(rows, "huyện Lục Ngạn", "2021-12-31", "vi", "chỉ thị của Huyện ủy")
    """
    lang = check_lang(lang)
    rows = rows.head(10)
    names = assumptions().loc[rows["name"], f"name_{lang}"].tolist()
    labels = drawing.wrap_labels(names, 2.2)
    title = f"{name}, {format_date(on, lang)}"
    sheet = drawing.new_chart(drawing.rows_height_mm(38, 9.5, labels), "chart.tornado", title, lang, rows["status"])
    axes, share = sheet.axes, float(rows["rate"].iloc[0])
    middle, reach = share * 100, 0.5
    for end, color in (("low", drawing.hue("orange")), ("high", drawing.hue("blue"))):
        rates = rows[f"rate_{end}"].to_numpy() * 100
        axes.barh(range(len(rows)), rates - middle, 0.6, left=middle, color=color)
        for y, (rate, value) in enumerate(zip(rates, rows[end], strict=True)):
            right = rate > middle or (rate == middle and end == "high")
            text = format_number(value, lang, 0 if float(value).is_integer() else 2)
            sheet.label(text, (rate, y), (4 if right else -4, 0), "left" if right else "right")
        reach = max(reach, np.abs(rates - middle).max())
        sheet.add_series(translate(f"end.{end}", lang), rows[f"rate_{end}"], "p1", color)
    axes.axvline(middle, color=drawing.BLACK, lw=1)
    sheet.label(
        drawing.percent_label(share, lang),
        (middle, 1),
        (0, 3),
        "center",
        "bottom",
        9.5,
        True,
        xycoords=drawing.TOP_EDGE,
    )
    sheet.set_rows(labels)
    axes.set_ylim(top=-0.6)
    reach *= 2.0 if drawing.is_narrow() else 1.3
    sheet.set_axis("x", "axis.reported_rate", (middle - reach, middle + reach))
    return sheet.finish(source, names, note=translate("note.tornado", lang))


@chart_function
def reenrolment(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw where those who lost a card are, month by month: insured again by entitlement, or still without a card.

    Parameters
    ----------
    rows
        what `after_loss` gives; the behavioural result is drawn.
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
    >>> projected = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"))
    >>> rows = bhyt.after_loss(projected)
    >>> chart = bhyt.charts.reenrolment(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    lang = check_lang(lang)
    rows = rows[rows["result"] == "behavioural"]
    sheet = drawing.new_chart(134, "chart.back", name, lang, rows["status"])
    names = {k: group_name(k, lang) for k in ENTITLEMENTS if rows[k].max() > 0}
    names[UNINSURED] = translate("label.still_without", lang)
    layers, labels = [rows[k].to_numpy() / 1000 for k in names], [drawing.wrap_legend_label(n) for n in names.values()]
    look: drawing.Look = {"colors": drawing.shades(len(names)), "lw": 0.4, "edgecolor": "white"}
    sheet.axes.stackplot(rows["month"], layers, labels=labels, **look)
    text = drawing.wrap_legend_label(translate("label.broken", lang))
    sheet.axes.plot(rows["month"], rows["broken"] / 1000, color=drawing.BLACK, lw=1.4, ls="--", label=text)
    set_months(sheet.axes, rows["month"])
    sheet.set_axis("y", "axis.thousands", (0, rows["lost"].max() / 1000))
    sheet.legend()
    for key, text in names.items():
        sheet.add_series(text, rows[key], "n")
    return sheet.finish(source, month_names(rows["month"]), axis=translate("axis.people", lang), over_time=True)


@chart_function
def backtest(rows: pd.DataFrame, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the model's interval over the published figure of each case; 100% is what was published.

    Parameters
    ----------
    rows
        what `bhyt_analysis.backtest` gives.
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
    >>> rows = bhyt.backtest(bhyt.load(), draws=100)
    >>> chart = bhyt.charts.backtest(rows, "vi", "các kế hoạch đã công bố")
    """
    # A bound that is kept would be far from 100%; one that is missed is shown.
    lang = check_lang(lang)
    kept = (rows["relation"] == ">=") & (rows["verdict"] == "consistent")
    rows = rows[rows["model"].notna() & ~kept].reset_index(drop=True)
    names = [f"{n}: {translate(f'figure.{f}', lang)}" for n, f in zip(rows["name"], rows["figure"], strict=True)]
    labels = drawing.wrap_labels(names, 1.9)
    sheet = drawing.new_chart(drawing.rows_height_mm(40, 14, labels), "chart.scorecard", "", lang, ["estimated"])
    axes, more = sheet.axes, []
    for y, row in enumerate(rows.to_dict("records")):
        low, middle, high = (row[c] / row["published"] * 100 for c in ("low", "model", "high"))
        color = drawing.hue("blue") if row["verdict"] in ("within", "consistent") else drawing.hue("red")
        axes.plot([low, high], [y, y], color=color, lw=5, solid_capstyle="butt")
        axes.plot([middle], [y], "o", color="white", mec=color, ms=7, mew=1.6)
        verdict = translate(f"verdict.{row['verdict']}", lang)
        sheet.label(drawing.wrap_text(verdict, drawing.scale_width(1.7), 9), (high, y), (7, 0), color=color, bold=True)
        more.append(f"{names[y]}: {verdict}")
    axes.axvline(100, color=drawing.BLACK, lw=1.2)
    most = max(float((rows["high"] / rows["published"]).max()) * 100, 105)
    least = min(float((rows["low"] / rows["published"]).min()) * 100, 95)
    right = most + (most - least) * (1.1 if drawing.is_narrow() else 0.5)
    sheet.set_rows(labels, 0.6)
    sheet.set_axis("x", "axis.of_published", (least - 4, right))
    sheet.add_series(translate("axis.of_published", lang), rows["model"] / rows["published"], "p0")
    return sheet.finish(source, names, note=translate("note.scorecard", lang), more="; ".join(more))
