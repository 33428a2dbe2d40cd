"""The charts of scenarios: paths with their intervals, payers, levers, the way back, the scorecard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter, YearLocator
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bhyt_analysis.model.after_loss import TITLES, UNINSURED
from bhyt_analysis.model.budget import PAYERS
from bhyt_analysis.show.canvas import (  # fmt: skip
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SKY,
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
    ticks,
    wrapped,
)
from bhyt_analysis.show.described import series
from bhyt_analysis.show.labels import group_name
from bhyt_analysis.words import date, number, render, say

VIOLET, DARK = "#CC79A7", "#444444"
LINES = (BLUE, RED, GREEN, ORANGE, VIOLET, SKY, DARK)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))


@chart
def fan(
    rows: pd.DataFrame, name: str, targets: Iterable[Mapping[str, Any]] = (), lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage month by month under one scenario, with its intervals, the static path and the targets.

    ``rows``: what `simulate` gives for one scenario and area; ``targets``: rows of
    ``on``, ``rate``, ``relation``.

    Examples
    --------
    >>> rows = bhyt.simulate(bhyt.load(), "Lục Ngạn", bhyt.Scenario.read("decision_861_ordinary"), draws=200)
    >>> targets = [{"on": "2025-12-31", "rate": 0.9515, "relation": ">="}]
    >>> figure = bhyt.charts.fan(rows, "huyện Lục Ngạn", targets, "vi", "chỉ thị của Huyện ủy")
    """
    whole = rows[rows["group"] == "all"]
    acting, still = (whole[whole["result"] == r] for r in ("behavioural", "static"))
    figure, axes = canvas(92, "chart.fan", f"{name}, “{rows['scenario'].iloc[0]}”", lang, _statuses(whole))
    x = acting["month"]
    for low, high, alpha in (("rate_low", "rate_high", 0.22), ("rate_inner_low", "rate_inner_high", 0.38)):
        axes.fill_between(x, acting[low] * 100, acting[high] * 100, color=BLUE, alpha=alpha, lw=0)
    axes.plot(x, acting["rate"] * 100, color=BLUE, lw=1.8)
    axes.plot(still["month"], still["rate"] * 100, color=DARK, lw=1.2, ls="--")
    for target in targets:
        on, rate = pd.Timestamp(target["on"]), float(target["rate"]) * 100
        axes.plot([on], [rate], "D", color=BLACK, ms=6, zorder=5)
        text = say(f"relation.{target['relation']}", lang) + percent(rate / 100, lang, "published")
        early = (on - x.min()).days < (x.max() - x.min()).days / 8
        axes.annotate(
            text, (on, rate), (0, 7), textcoords="offset points", ha="left" if early else "center", fontsize=9, zorder=6
        )
    _months(axes, x)
    axes.set_ylabel(say("axis.rate", lang))
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(0, bottom - 0.5), min(104, top + 1.5))
    ends = [(acting["rate"].iloc[-1], say("result.behavioural", lang), BLUE)]
    ends.append((still["rate"].iloc[-1], say("result.static", lang), DARK))
    _end_labels(axes, x.iloc[-1], ends, lang)
    ticks(axes, lang, "y")
    shown = _yearly(acting)
    told = [series(text, frame[shown.to_numpy()]["rate"], "p1") for frame, text in ((acting, ends[0][1]), (still, ends[1][1]))]  # fmt: skip
    more = "; ".join(_target(t, lang) for t in targets)
    tell(figure, lang, _month_names(x[shown]), told, "picture", say("axis.rate", lang), _statuses(whole), more, True)
    return foot(figure, source, _statuses(whole), lang, say("note.fan", lang))


def _yearly(rows: pd.DataFrame) -> pd.Series:
    """Which months stand for the rest in words: the first, each December, the last."""
    ends = rows["month"].isin([rows["month"].min(), rows["month"].max()])
    return ends | (rows["month"].dt.month == 12)


def _month_names(months: Iterable[Any]) -> list[str]:
    return [f"{m:%m/%Y}" for m in months]


def _target(target: Mapping[str, Any], lang: str) -> str:
    rate = say(f"relation.{target['relation']}", lang) + percent(float(target["rate"]), lang, "published")
    return f"{say('label.target', lang)} {date(target['on'], lang)}: {rate}"


@chart
def scenarios(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Coverage month by month under several scenarios, with take-up; each line named at its end.

    ``rows``: what `simulate` gives for several scenarios of one area.

    Examples
    --------
    >>> plans = [bhyt.Scenario.read(p) for p in ("status_quo", "decision_861_ordinary", "decision_861_high")]
    >>> rows = bhyt.simulate(bhyt.load(), "Lục Ngạn", plans, draws=0)
    >>> figure = bhyt.charts.scenarios(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    whole = rows[(rows["group"] == "all") & (rows["result"] == "behavioural")]
    names = whole["scenario"].drop_duplicates().tolist()
    figure, axes = canvas(100, "chart.scenarios", name, lang, _statuses(whole))
    ends = []
    told = []
    for i, one in enumerate(names):
        line = whole[whole["scenario"] == one]
        color = LINES[i % len(LINES)]
        axes.plot(line["month"], line["rate"] * 100, color=color, ls=DASHES[i % len(DASHES)], lw=1.8)
        ends.append((line["rate"].iloc[-1], one, color))
        told.append(series(one, line["rate"], "p1", color))
    _end_labels(axes, whole["month"].max(), ends, lang, 1.9)
    _months(axes, whole["month"])
    axes.set_ylabel(say("axis.rate", lang))
    ticks(axes, lang, "y")
    months = _month_names(whole.loc[whole["scenario"] == names[0], "month"])
    tell(figure, lang, months, told, "line", say("axis.rate", lang), _statuses(whole), course=True)
    return foot(figure, source, _statuses(whole), lang)


def _end_labels(axes: Axes, x: Any, ends: list[tuple[float, str, str]], lang: str, inches: float = 1.45) -> None:
    """The name and value of each line at its end, pushed apart where they would lie on each other."""
    low, high = axes.get_ylim()
    texts = [wrapped(f"{text}: {percent(rate, lang)}", across(inches), 9) for rate, text, _ in ends]
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
        axes.xaxis.set_major_locator(YearLocator(1 if beside() > 1 or span < 1600 else 2))
        axes.xaxis.set_major_formatter(DateFormatter("%Y"))
    else:
        axes.xaxis.set_major_locator(AutoDateLocator(maxticks=6 if beside() > 1 else 3))
        axes.xaxis.set_major_formatter(DateFormatter("%m/%Y"))
    axes.set_xlim(months.min(), months.max())


def _statuses(rows: pd.DataFrame) -> list[str]:
    """The statuses of the rows, and that a reform among them is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]


PAYER_COLORS = dict(zip(PAYERS, (BLUE, GREEN, SKY, ORANGE, "#DDDDDD"), strict=True))  # dark to light


@chart
def payers(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "", result: str = "behavioural") -> Figure:
    """What each payer bears year by year under one scenario, stacked (billion VND).

    ``rows``: what `simulate` gives for one scenario and area. Only full years of months
    that lie after the start; costs that are not known are left out, and said.

    Examples
    --------
    >>> rows = bhyt.simulate(bhyt.load(), "Sơn Dương", bhyt.Scenario.read("status_quo"), draws=0)
    >>> figure = bhyt.charts.payers(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    whole = rows[(rows["group"] == "all") & (rows["result"] == result)]
    whole = whole[whole["month"] > whole["month"].min()]
    money = [f"vnd_{p}" for p in PAYERS]
    years = whole.groupby(whole["month"].dt.year)[money].sum() * 1e-9
    count = whole.groupby(whole["month"].dt.year)["month"].count()
    labels = [str(y) if count[y] == 12 else say("label.months_of", lang, year=str(y), months=int(count[y])) for y in years.index]  # fmt: skip
    figure, axes = canvas(50 + 12 * len(years), "chart.payers", f"{name}, “{rows['scenario'].iloc[0]}”", lang, _statuses(whole))  # fmt: skip
    left, told = np.zeros(len(years)), []
    widest = float(years.sum(axis=1).max())
    for payer in PAYERS:
        part = years[f"vnd_{payer}"].to_numpy()
        if not part.any():
            continue
        axes.barh(range(len(years)), part, 0.6, left=left, color=PAYER_COLORS[payer], label=entry(say(f"payer.{payer}", lang)), edgecolor="white", lw=0.8)  # fmt: skip
        for y, value in enumerate(part):
            if value > widest * 0.07:
                axes.text(left[y] + value / 2, y, number(value, lang, 1), ha="center", va="center", fontsize=9, color="white" if payer == "central" else BLACK)  # fmt: skip
        left += part
        told.append(series(say(f"payer.{payer}", lang), part, "d1", PAYER_COLORS[payer]))
    for y, total in enumerate(left):
        axes.annotate(number(total, lang, 1), (total, y), (4, 0), textcoords="offset points", va="center", fontweight="bold")  # fmt: skip
    axes.set_yticks(range(len(years)), [wrapped(text, max(across(1.1), 0.6)) for text in labels])
    axes.set(xlim=(0, widest * 1.14), ylim=(len(years) - 0.5, -0.5), xlabel=say("label.billions", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=beside(), frameon=False, fontsize=9, borderaxespad=0.2)
    tell(figure, lang, labels, told, "stacked", say("label.billions", lang), _statuses(whole))
    known = whole["insured_costed"].sum() / max(whole["insured"].sum(), 1)
    note = say("note.costed", lang, share=known) if known < 0.9995 else ""
    return foot(figure, source, _statuses(whole), lang, note)


@chart
def tornado(rows: pd.DataFrame, name: str, on: Any, lang: str = "vi", source: str = "") -> Figure:
    """What each assumption alone does to the coverage of a month, the strongest on top.

    ``rows``: what `bhyt_analysis.model.uncertainty.tornado` gives.

    Examples
    --------
    >>> of = bhyt.projection(bhyt.load(), "Lục Ngạn", bhyt.Scenario.read("decision_861_ordinary"))
    >>> rows = bhyt.tornado(of, "2021-12-31")
    >>> figure = bhyt.charts.tornado(rows, "huyện Lục Ngạn", "2021-12-31", "vi", "chỉ thị của Huyện ủy")
    """
    rows = rows.head(10)
    title = f"{name}, {render('{d:date}', lang, d=on)}"
    labels = [wrapped(text, across(2.2)) for text in rows["label"]]
    figure, axes = canvas(38 + pitch(9.5, labels) * len(rows), "chart.tornado", title, lang, ["estimated"])
    middle = float(rows["rate"].iloc[0]) * 100
    for y, row in enumerate(rows.to_dict("records")):
        for end, color in (("low", ORANGE), ("high", BLUE)):
            value = row[f"rate_{end}"] * 100
            axes.barh(y, value - middle, 0.6, left=middle, color=color)
            right = value > middle or (value == middle and end == "high")
            axes.annotate(f"{_value(row[end], lang)}", (value, y), (4 if right else -4, 0), textcoords="offset points", ha="left" if right else "right", va="center", fontsize=9)  # fmt: skip
    axes.axvline(middle, color=BLACK, lw=1)
    axes.annotate(percent(middle / 100, lang), (middle, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", fontweight="bold")  # fmt: skip
    axes.set_yticks(range(len(rows)), labels)
    told = [series(say(f"end.{e}", lang), rows[f"rate_{e}"], "p1", c) for e, c in (("low", ORANGE), ("high", BLUE))]
    tell(figure, lang, list(rows["label"]), told, "picture", say("axis.rate", lang), ["estimated"])
    ends = rows[["rate_low", "rate_high"]].to_numpy() * 100
    reach = max(np.abs(ends - middle).max(), 0.5) * (1.3 if beside() > 1 else 2.0)
    axes.set(xlim=(middle - reach, middle + reach), ylim=(len(rows) - 0.5, -0.6), xlabel=say("axis.rate", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, ["estimated"], lang, say("note.tornado", lang))


def _value(value: float, lang: str) -> str:
    return number(value, lang, 0 if float(value).is_integer() else 2)


@chart
def back(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Where those who lost a card are, month by month: insured again by title, or still without.

    ``rows``: what `after_loss` gives; the behavioural result is drawn.

    Examples
    --------
    >>> of = bhyt.projection(bhyt.load(), "Lục Ngạn", bhyt.Scenario.read("decision_861_ordinary"))
    >>> rows = bhyt.after_loss(of)
    >>> figure = bhyt.charts.back(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    rows = rows[rows["result"] == "behavioural"]
    figure, axes = canvas(134, "chart.back", name, lang, rows["status"])
    keys = [k for k in TITLES if rows[k].max() > 0]
    layers = [rows[k].to_numpy() / 1000 for k in keys] + [rows[UNINSURED].to_numpy() / 1000]
    colors = shades(len(layers))
    names = [group_name(k, lang) for k in keys] + [say("label.still_without", lang)]
    axes.stackplot(rows["month"], layers, colors=colors, labels=[entry(n) for n in names], lw=0.4, edgecolor="white")  # fmt: skip
    axes.plot(rows["month"], rows["broken"] / 1000, color=BLACK, lw=1.4, ls="--", label=entry(say("label.broken", lang)))  # fmt: skip
    _months(axes, rows["month"])
    axes.set(ylim=(0, rows["lost"].max() / 1000), ylabel=say("axis.thousands", lang))
    ticks(axes, lang, "y")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=beside(), frameon=False, fontsize=9, borderaxespad=0.2)
    told = [series(n, rows[k], "n") for n, k in zip(names, [*keys, UNINSURED], strict=True)]
    tell(
        figure,
        lang,
        _month_names(rows["month"]),
        told,
        "picture",
        say("axis.people", lang),
        rows["status"],
        course=True,
    )
    return foot(figure, source, rows["status"], lang)


@chart
def flows(rows: pd.DataFrame, name: str, on: Any, lang: str = "vi", source: str = "") -> Figure:
    """Where those who lost their title are in a month, unit by unit: parts of 100%, most still without on top.

    ``rows``: what `transitions` gives for the month ``on``.

    Examples
    --------
    >>> of = bhyt.projection(bhyt.load(), "X001", bhyt.Scenario.read("decision_861_ordinary"))
    >>> rows = bhyt.transitions(of, "2022-06-30")
    >>> figure = bhyt.charts.flows(rows, "huyện Mẫu 01", "2022-06-30", "vi", "bảng cards và zones")
    """
    moved = rows[rows["to"] != rows["from"]]
    people = moved.pivot_table(index="area", columns="to", values="people", aggfunc="sum")
    order = [t for t in (*TITLES, UNINSURED) if t in people and people[t].sum() > 0]
    people = people.loc[people.sum(axis=1) > 0, order]
    shares = people.div(people.sum(axis=1), axis=0)
    if UNINSURED in shares:
        shares = shares.sort_values(UNINSURED, ascending=False, kind="stable")
    titles = moved.drop_duplicates("area").set_index("area")["name"]
    lost = people.sum(axis=1).reindex(shares.index)
    names = [f"{titles[a]} ({number(round(n), lang)})" for a, n in lost.items()]
    labels = [wrapped(n, across(1.9)) for n in names]
    key_lines = -(-len(order) // beside())
    title = f"{name}, {date(on, lang)}"
    figure, axes = canvas(36 + 8 * key_lines + pitch(6.5, labels) * len(shares), "chart.flows", title, lang, rows["status"])  # fmt: skip
    left, told = np.zeros(len(shares)), []
    for to, color in zip(order, shades(len(order)), strict=True):
        part = shares[to].fillna(0).to_numpy() * 100
        text = say("label.still_without", lang) if to == UNINSURED else group_name(to, lang)
        axes.barh(range(len(shares)), part, 0.7, left=left, color=color, edgecolor="white", lw=0.6, label=entry(text))  # fmt: skip
        for y, value in enumerate(part):
            if value >= (6 if beside() > 1 else 13):
                axes.text(left[y] + value / 2, y, number(value, lang, 0), ha="center", va="center", fontsize=9, color="white" if color in (BLUE, DARK) else BLACK)  # fmt: skip
        left += part
        told.append(series(text, shares[to], "p1", color))
    axes.set_yticks(range(len(shares)), labels)
    axes.set(xlim=(0, 100), ylim=(len(shares) - 0.5, -0.5), xlabel=say("axis.of_lost", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=beside(), frameon=False, fontsize=9, borderaxespad=0.2)
    tell(figure, lang, names, told, "stacked", say("axis.of_lost", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)


@chart
def cost_per_insured(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Public money for one more insured person against how many more there are; the best choices joined.

    A choice is on the frontier where no other brings as many people for less money each.
    ``rows``: what `compare` gives; what brings nobody, or saves, is left out.

    Examples
    --------
    >>> names = "status_quo decision_861_ordinary decision_861_high support_continued_2026 near_poor_100".split()
    >>> rows = bhyt.compare(bhyt.simulate(bhyt.load(), "Sơn Dương", [bhyt.Scenario.read(n) for n in names], draws=0))
    >>> figure = bhyt.charts.cost_per_insured(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện")
    """
    shown = rows[(rows["result"] == "behavioural") & (rows["people"] > 0) & rows["vnd_per_additional"].notna()]
    shown = shown.assign(million=shown["vnd_per_additional"] * 1e-6).sort_values("people")
    statuses = [*shown["status"], *(["proposal"] if shown["proposal"].any() else [])]
    x, y = shown["people"].to_numpy(float), shown["million"].to_numpy(float)
    labels = [wrapped(f"{r.scenario}: {number(r.people, lang)}; {number(r.million, lang, 1)}", max(across(1.8), 1.2), 9) for r in shown.itertuples()]  # fmt: skip
    heights = [(text.count("\n") + 1.6) * 9 * 1.25 / 72 for text in labels]
    figure, axes = canvas(max(96, sum(heights) * 25.4 + 52), "chart.cost_per_insured", name, lang, statuses)
    # From the most people down: on the frontier while the money for each falls.
    cheapest = shown["million"][::-1].cummin()[::-1]
    best = (shown["million"] <= cheapest).to_numpy()
    axes.plot(x[best], y[best], color=BLUE, lw=1.2, ls="--", zorder=1)
    for chosen, color, marker in ((best, BLUE, "D"), (~best, GREY, "o")):
        axes.plot(x[chosen], y[chosen], marker, color=color, ms=7)
    axes.set(xlim=(0, x.max() * 1.08), ylim=(0, y.max() * 1.15))
    axes.set(xlabel=say("axis.more_people", lang), ylabel=say("axis.million_each", lang))
    tall = figure.get_figheight() - 2.0  # inches of the axes, at least
    for i, at in enumerate(_apart(y / axes.get_ylim()[1], [h / tall for h in heights])):
        axes.annotate(labels[i], (x[i], y[i]), (1.05, at), textcoords="axes fraction", va="center", fontsize=9, color=BLUE if best[i] else DARK, fontweight="bold" if best[i] else "normal", annotation_clip=False, arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6, "relpos": (0, 0.5), "shrinkB": 4})  # fmt: skip
    ticks(axes, lang)
    ticks(axes, lang, "y", 1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    told = [series(say("axis.more_people", lang), shown["people"], "n"), series(say("axis.million_each", lang), shown["million"], "d1")]  # fmt: skip
    tell(figure, lang, shown["scenario"].tolist(), told, "picture", say("axis.million_each", lang), statuses)
    return foot(figure, source, statuses, lang, say("note.cost_per_insured", lang))


def _apart(wanted: Any, heights: list[float]) -> list[float]:
    """Places near those wanted (parts of the axes) that keep labels of these heights off each other.

    Examples
    --------
    >>> [round(at, 2) for at in _apart([0.1, 0.5, 0.52], [0.1, 0.1, 0.1])]
    [0.1, 0.5, 0.6]
    >>> [round(at, 2) for at in _apart([0.9, 1.0], [0.2, 0.2])]
    [0.7, 0.9]
    """
    places = list(wanted)
    order = [int(i) for i in np.argsort(wanted, kind="stable")]
    top = -np.inf
    for i in order:
        places[i] = max(places[i], top + heights[i] / 2)
        top = places[i] + heights[i] / 2
    bottom = 1.0
    for i in reversed(order):
        places[i] = min(places[i], bottom - heights[i] / 2)
        bottom = places[i] - heights[i] / 2
    return places


@chart
def scorecard(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """The model's interval over the published figure of each case; 100% is what was published.

    ``rows``: what `bhyt_analysis.model.scorecard.scorecard` gives.

    Examples
    --------
    >>> rows = bhyt.scorecard(bhyt.load(), draws=100)
    >>> figure = bhyt.charts.scorecard(rows, "vi", "các kế hoạch đã công bố")
    """
    shown = rows[rows["model"].notna() & (rows["relation"] != ">=")].reset_index(drop=True)
    names = [f"{r['name']}: {say('figure.' + r['figure'], lang)}" for r in shown.to_dict("records")]
    labels = [wrapped(text, across(1.9)) for text in names]
    figure, axes = canvas(40 + pitch(14, labels) * len(shown), "chart.scorecard", "", lang, ["estimated"])
    for y, row in enumerate(shown.to_dict("records")):
        low, middle, high = (row[c] / row["published"] * 100 for c in ("low", "model", "high"))
        color = BLUE if row["verdict"] in ("within", "consistent") else RED
        axes.plot([low, high], [y, y], color=color, lw=5, solid_capstyle="butt")
        axes.plot([middle], [y], "o", color="white", mec=color, ms=7, mew=1.6)
        axes.annotate(wrapped(say(f"verdict.{row['verdict']}", lang), across(1.7), 9), (high, y), (7, 0), textcoords="offset points", va="center", fontsize=9, color=color, fontweight="bold")  # fmt: skip
    axes.axvline(100, color=BLACK, lw=1.2)
    axes.set_yticks(range(len(shown)), labels)
    ratio = series(say("axis.of_published", lang), shown["model"] / shown["published"], "p0")
    verdicts = (f"{n}: {say('verdict.' + v, lang)}" for n, v in zip(names, shown["verdict"], strict=True))
    tell(figure, lang, names, [ratio], "picture", say("axis.of_published", lang), ["estimated"], "; ".join(verdicts))
    most = max(float((shown["high"] / shown["published"]).max()) * 100, 105)
    least = min(float((shown["low"] / shown["published"]).min()) * 100, 95)
    axes.set(xlim=(least - 4, most + (most - least) * (0.5 if beside() > 1 else 1.1)), ylim=(len(shown) - 0.4, -0.6), xlabel=say("axis.of_published", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, ["estimated"], lang, say("note.scorecard", lang))
