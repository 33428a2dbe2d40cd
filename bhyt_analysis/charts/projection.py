"""What would come of a scenario? Paths with their intervals, levers, returns, the scorecard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter, YearLocator
from matplotlib.figure import Figure

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    DARK,
    GREEN,
    ORANGE,
    RED,
    SKY,
    VIOLET,
    add_source_line,
    attach_description,
    chart_function,
    legend_columns,
    new_chart,
    percent_label,
    row_height_mm,
    scale_width,
    set_ticks,
    shades,
    wrap_legend_label,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.projection.after_loss import ENTITLEMENTS, UNINSURED
from bhyt_analysis.model.projection.assumptions import assumptions
from bhyt_analysis.tables.labels import group_name, statuses_of

LINES = (BLUE, RED, GREEN, ORANGE, VIOLET, SKY, DARK)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))


@chart_function
def fan(
    rows: pd.DataFrame, name: str, targets: Iterable[Mapping[str, Any]] = (), lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage month by month under one scenario, with its intervals, the static path and the targets.

    ``rows``: what `simulate` gives for one scenario and area; ``targets``: rows of
    ``on``, ``rate``, ``relation``.

    Examples
    --------
    >>> rows = bhyt.simulate(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"), draws=200)
    >>> targets = [{"on": "2025-12-31", "rate": 0.9515, "relation": ">="}]
    >>> chart = bhyt.charts.fan(rows, "huyện Lục Ngạn", targets, "vi", "chỉ thị của Huyện ủy")
    """
    whole = rows[rows["group"] == "all"]
    acting, still = (whole[whole["result"] == r] for r in ("behavioural", "static"))
    figure, axes = new_chart(92, "chart.fan", f"{name}, “{rows['scenario'].iloc[0]}”", lang, statuses_of(whole))
    x = acting["month"]
    for low, high, alpha in (("rate_low", "rate_high", 0.22), ("rate_inner_low", "rate_inner_high", 0.38)):
        axes.fill_between(x, acting[low] * 100, acting[high] * 100, color=BLUE, alpha=alpha, lw=0)
    axes.plot(x, acting["rate"] * 100, color=BLUE, lw=1.8)
    axes.plot(still["month"], still["rate"] * 100, color=DARK, lw=1.2, ls="--")
    for target in targets:
        on, rate = pd.Timestamp(target["on"]), float(target["rate"]) * 100
        axes.plot([on], [rate], "D", color=BLACK, ms=6, zorder=5)
        text = translate(f"relation.{target['relation']}", lang) + percent_label(rate / 100, lang, "published")
        early = (on - x.min()).days < (x.max() - x.min()).days / 8
        axes.annotate(
            text, (on, rate), (0, 7), textcoords="offset points", ha="left" if early else "center", fontsize=9, zorder=6
        )
    _months(axes, x)
    axes.set_ylabel(translate("axis.rate", lang))
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(0, bottom - 0.5), min(104, top + 1.5))
    ends = [(acting["rate"].iloc[-1], translate("result.behavioural", lang), BLUE)]
    ends.append((still["rate"].iloc[-1], translate("result.static", lang), DARK))
    _end_labels(axes, x.iloc[-1], ends, lang)
    set_ticks(axes, lang, "y")
    shown = _yearly(acting)
    told = [chart_series(text, frame[shown.to_numpy()]["rate"], "p1") for frame, text in ((acting, ends[0][1]), (still, ends[1][1]))]  # fmt: skip
    more = "; ".join(_target(t, lang) for t in targets)
    attach_description(
        figure,
        lang,
        _month_names(x[shown]),
        told,
        "picture",
        translate("axis.rate", lang),
        statuses_of(whole),
        more,
        True,
    )
    return add_source_line(figure, source, statuses_of(whole), lang, translate("note.fan", lang))


@chart_function
def scenarios(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Coverage month by month under several scenarios, with take-up; each line named at its end.

    ``rows``: what `simulate` gives for several scenarios of one area.

    Examples
    --------
    >>> plans = [bhyt.read_scenario(p) for p in ("status_quo", "decision_861_ordinary", "decision_861_high")]
    >>> rows = bhyt.simulate(bhyt.load(), "Lục Ngạn", plans, draws=0)
    >>> chart = bhyt.charts.scenarios(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    whole = rows[(rows["group"] == "all") & (rows["result"] == "behavioural")]
    names = whole["scenario"].drop_duplicates().tolist()
    figure, axes = new_chart(100, "chart.scenarios", name, lang, statuses_of(whole))
    ends = []
    told = []
    for i, one in enumerate(names):
        line = whole[whole["scenario"] == one]
        color = LINES[i % len(LINES)]
        axes.plot(line["month"], line["rate"] * 100, color=color, ls=DASHES[i % len(DASHES)], lw=1.8)
        ends.append((line["rate"].iloc[-1], one, color))
        told.append(chart_series(one, line["rate"], "p1", color))
    _end_labels(axes, whole["month"].max(), ends, lang, 1.9)
    _months(axes, whole["month"])
    axes.set_ylabel(translate("axis.rate", lang))
    set_ticks(axes, lang, "y")
    months = _month_names(whole.loc[whole["scenario"] == names[0], "month"])
    attach_description(
        figure, lang, months, told, "line", translate("axis.rate", lang), statuses_of(whole), course=True
    )
    return add_source_line(figure, source, statuses_of(whole), lang)


def _yearly(rows: pd.DataFrame) -> pd.Series:
    """Which months stand for the rest in words: the first, each December, the last."""
    ends = rows["month"].isin([rows["month"].min(), rows["month"].max()])
    return ends | (rows["month"].dt.month == 12)


def _month_names(months: Iterable[Any]) -> list[str]:
    return [f"{m:%m/%Y}" for m in months]


def _target(target: Mapping[str, Any], lang: str) -> str:
    rate = translate(f"relation.{target['relation']}", lang) + percent_label(float(target["rate"]), lang, "published")
    return f"{translate('label.target', lang)} {format_date(target['on'], lang)}: {rate}"


def _end_labels(axes: Axes, x: Any, ends: list[tuple[float, str, str]], lang: str, inches: float = 1.45) -> None:
    """The name and value of each line at its end, pushed apart where they would lie on each other."""
    low, high = axes.get_ylim()
    texts = [wrap_text(f"{text}: {percent_label(rate, lang)}", scale_width(inches), 9) for rate, text, _ in ends]
    # A line of 9 points in units of the axis; the axes take about six tenths of the height.
    line = (high - low) * 9 * 1.35 / (axes.get_figure().get_figheight() * 72 * 0.6)  # type: ignore[union-attr]
    top = low
    for i in np.argsort([rate for rate, _, _ in ends], kind="stable"):
        height = (texts[i].count("\n") + 1.25) * line
        middle = max(ends[i][0] * 100, top + height / 2)
        top = middle + height / 2
        axes.annotate(texts[i], (x, ends[i][0] * 100), xytext=(1.02, middle), textcoords=axes.get_yaxis_transform(), va="center", color=ends[i][2], fontsize=9, fontweight="bold", annotation_clip=False)  # fmt: skip
    if top > high:
        axes.set_ylim(low, top)


def _months(axes: Any, months: pd.Series) -> None:
    span = (months.max() - months.min()).days
    if span > 800:
        axes.xaxis.set_major_locator(YearLocator(1 if legend_columns() > 1 or span < 1600 else 2))
        axes.xaxis.set_major_formatter(DateFormatter("%Y"))
    else:
        axes.xaxis.set_major_locator(AutoDateLocator(maxticks=6 if legend_columns() > 1 else 3))
        axes.xaxis.set_major_formatter(DateFormatter("%m/%Y"))
    axes.set_xlim(months.min(), months.max())


@chart_function
def tornado(rows: pd.DataFrame, name: str, on: Any, lang: str = "vi", source: str = "") -> Figure:
    """What each assumption alone does to the coverage of a month, the strongest on top.

    ``rows``: what `bhyt_analysis.model.projection.uncertainty.tornado` gives.

    Examples
    --------
    >>> of = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"))
    >>> rows = bhyt.tornado(of, "2021-12-31")
    >>> chart = bhyt.charts.tornado(rows, "huyện Lục Ngạn", "2021-12-31", "vi", "chỉ thị của Huyện ủy")
    """
    rows = rows.head(10)
    title = f"{name}, {format_message('{d:date}', lang, d=on)}"
    names = assumptions().loc[rows["name"], f"name_{lang}"].tolist()
    labels = [wrap_text(text, scale_width(2.2)) for text in names]
    figure, axes = new_chart(38 + row_height_mm(9.5, labels) * len(rows), "chart.tornado", title, lang, ["estimated"])
    middle = float(rows["rate"].iloc[0]) * 100
    for y, row in enumerate(rows.to_dict("records")):
        for end, color in (("low", ORANGE), ("high", BLUE)):
            value = row[f"rate_{end}"] * 100
            axes.barh(y, value - middle, 0.6, left=middle, color=color)
            right = value > middle or (value == middle and end == "high")
            axes.annotate(f"{_value(row[end], lang)}", (value, y), (4 if right else -4, 0), textcoords="offset points", ha="left" if right else "right", va="center", fontsize=9)  # fmt: skip
    axes.axvline(middle, color=BLACK, lw=1)
    axes.annotate(percent_label(middle / 100, lang), (middle, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", fontweight="bold")  # fmt: skip
    axes.set_yticks(range(len(rows)), labels)
    told = [
        chart_series(translate(f"end.{e}", lang), rows[f"rate_{e}"], "p1", c)
        for e, c in (("low", ORANGE), ("high", BLUE))
    ]
    attach_description(figure, lang, names, told, "picture", translate("axis.rate", lang), ["estimated"])
    ends = rows[["rate_low", "rate_high"]].to_numpy() * 100
    reach = max(np.abs(ends - middle).max(), 0.5) * (1.3 if legend_columns() > 1 else 2.0)
    axes.set(xlim=(middle - reach, middle + reach), ylim=(len(rows) - 0.5, -0.6), xlabel=translate("axis.rate", lang))
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    return add_source_line(figure, source, ["estimated"], lang, translate("note.tornado", lang))


def _value(value: float, lang: str) -> str:
    return format_number(value, lang, 0 if float(value).is_integer() else 2)


@chart_function
def reenrolment(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Where those who lost a card are, month by month: insured again by title, or still without.

    ``rows``: what `after_loss` gives; the behavioural result is drawn.

    Examples
    --------
    >>> of = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"))
    >>> rows = bhyt.after_loss(of)
    >>> chart = bhyt.charts.reenrolment(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    rows = rows[rows["result"] == "behavioural"]
    figure, axes = new_chart(134, "chart.back", name, lang, rows["status"])
    keys = [k for k in ENTITLEMENTS if rows[k].max() > 0]
    layers = [rows[k].to_numpy() / 1000 for k in keys] + [rows[UNINSURED].to_numpy() / 1000]
    colors = shades(len(layers))
    names = [group_name(k, lang) for k in keys] + [translate("label.still_without", lang)]
    axes.stackplot(rows["month"], layers, colors=colors, labels=[wrap_legend_label(n) for n in names], lw=0.4, edgecolor="white")  # fmt: skip
    axes.plot(rows["month"], rows["broken"] / 1000, color=BLACK, lw=1.4, ls="--", label=wrap_legend_label(translate("label.broken", lang)))  # fmt: skip
    _months(axes, rows["month"])
    axes.set(ylim=(0, rows["lost"].max() / 1000), ylabel=translate("axis.thousands", lang))
    set_ticks(axes, lang, "y")
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=legend_columns(), frameon=False, fontsize=9, borderaxespad=0.2
    )
    told = [chart_series(n, rows[k], "n") for n, k in zip(names, [*keys, UNINSURED], strict=True)]
    attach_description(
        figure,
        lang,
        _month_names(rows["month"]),
        told,
        "picture",
        translate("axis.people", lang),
        rows["status"],
        course=True,
    )
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def backtest(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """The model's interval over the published figure of each case; 100% is what was published.

    ``rows``: what `bhyt_analysis.model.projection.backtest.backtest` gives.

    Examples
    --------
    >>> rows = bhyt.backtest(bhyt.load(), draws=100)
    >>> chart = bhyt.charts.backtest(rows, "vi", "các kế hoạch đã công bố")
    """
    shown = rows[rows["model"].notna() & (rows["relation"] != ">=")].reset_index(drop=True)
    names = [f"{r['name']}: {translate('figure.' + r['figure'], lang)}" for r in shown.to_dict("records")]
    labels = [wrap_text(text, scale_width(1.9)) for text in names]
    figure, axes = new_chart(40 + row_height_mm(14, labels) * len(shown), "chart.scorecard", "", lang, ["estimated"])
    for y, row in enumerate(shown.to_dict("records")):
        low, middle, high = (row[c] / row["published"] * 100 for c in ("low", "model", "high"))
        color = BLUE if row["verdict"] in ("within", "consistent") else RED
        axes.plot([low, high], [y, y], color=color, lw=5, solid_capstyle="butt")
        axes.plot([middle], [y], "o", color="white", mec=color, ms=7, mew=1.6)
        axes.annotate(wrap_text(translate(f"verdict.{row['verdict']}", lang), scale_width(1.7), 9), (high, y), (7, 0), textcoords="offset points", va="center", fontsize=9, color=color, fontweight="bold")  # fmt: skip
    axes.axvline(100, color=BLACK, lw=1.2)
    axes.set_yticks(range(len(shown)), labels)
    ratio = chart_series(translate("axis.of_published", lang), shown["model"] / shown["published"], "p0")
    verdicts = (f"{n}: {translate('verdict.' + v, lang)}" for n, v in zip(names, shown["verdict"], strict=True))
    attach_description(
        figure,
        lang,
        names,
        [ratio],
        "picture",
        translate("axis.of_published", lang),
        ["estimated"],
        "; ".join(verdicts),
    )
    most = max(float((shown["high"] / shown["published"]).max()) * 100, 105)
    least = min(float((shown["low"] / shown["published"]).min()) * 100, 95)
    axes.set(xlim=(least - 4, most + (most - least) * (0.5 if legend_columns() > 1 else 1.1)), ylim=(len(shown) - 0.4, -0.6), xlabel=translate("axis.of_published", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    return add_source_line(figure, source, ["estimated"], lang, translate("note.scorecard", lang))
