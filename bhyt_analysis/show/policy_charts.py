"""The charts of scenarios: paths with their intervals, payers, levers, the way back, the scorecard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.figure import Figure

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
    canvas,
    chart,
    foot,
    percent,
    ticks,
    wrapped,
)
from bhyt_analysis.show.labels import group_name
from bhyt_analysis.words import number, render, say

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
    return foot(figure, source, _statuses(whole), lang, say("note.fan", lang))


@chart
def scenarios(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Coverage month by month under several scenarios, with take-up; each line named at its end.

    ``rows``: what `simulate` gives for several scenarios of one area.
    """
    whole = rows[(rows["group"] == "all") & (rows["result"] == "behavioural")]
    names = whole["scenario"].drop_duplicates().tolist()
    figure, axes = canvas(100, "chart.scenarios", name, lang, _statuses(whole))
    ends = []
    for i, one in enumerate(names):
        line = whole[whole["scenario"] == one]
        color = LINES[i % len(LINES)]
        axes.plot(line["month"], line["rate"] * 100, color=color, ls=DASHES[i % len(DASHES)], lw=1.8)
        ends.append((line["rate"].iloc[-1], one, color))
    _end_labels(axes, whole["month"].max(), ends, lang, 1.9)
    _months(axes, whole["month"])
    axes.set_ylabel(say("axis.rate", lang))
    ticks(axes, lang, "y")
    return foot(figure, source, _statuses(whole), lang)


def _end_labels(axes: Axes, x: Any, ends: list[tuple[float, str, str]], lang: str, inches: float = 1.45) -> None:
    """The name and value of each line at its end, pushed apart where they would lie on each other."""
    low, high = axes.get_ylim()
    texts = [wrapped(f"{text}: {percent(rate, lang)}", inches, 9) for rate, text, _ in ends]
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
        axes.xaxis.set_major_locator(YearLocator())
        axes.xaxis.set_major_formatter(DateFormatter("%Y"))
    else:
        axes.xaxis.set_major_formatter(DateFormatter("%m/%Y"))
    axes.set_xlim(months.min(), months.max())


def _statuses(rows: pd.DataFrame) -> list[str]:
    """The statuses of the rows, and that a reform among them is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]


PAYER_COLORS = dict(zip(PAYERS, (BLUE, SKY, GREEN, ORANGE, GREY), strict=True))


@chart
def payers(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "", result: str = "behavioural") -> Figure:
    """What each payer bears year by year under one scenario, stacked (billion VND).

    ``rows``: what `simulate` gives for one scenario and area. Only full years of months
    that lie after the start; costs that are not known are left out, and said.
    """
    whole = rows[(rows["group"] == "all") & (rows["result"] == result)]
    whole = whole[whole["month"] > whole["month"].min()]
    money = [f"vnd_{p}" for p in PAYERS]
    years = whole.groupby(whole["month"].dt.year)[money].sum() * 1e-9
    count = whole.groupby(whole["month"].dt.year)["month"].count()
    labels = [str(y) if count[y] == 12 else say("label.months_of", lang, year=str(y), months=int(count[y])) for y in years.index]  # fmt: skip
    figure, axes = canvas(50 + 12 * len(years), "chart.payers", f"{name}, “{rows['scenario'].iloc[0]}”", lang, _statuses(whole))  # fmt: skip
    left = np.zeros(len(years))
    widest = float(years.sum(axis=1).max())
    for payer in PAYERS:
        part = years[f"vnd_{payer}"].to_numpy()
        if not part.any():
            continue
        light = payer in ("province", "employer", "household")
        axes.barh(range(len(years)), part, 0.6, left=left, color=PAYER_COLORS[payer], label=say(f"payer.{payer}", lang), edgecolor="white", lw=0.8)  # fmt: skip
        for y, value in enumerate(part):
            if value > widest * 0.07:
                axes.text(left[y] + value / 2, y, number(value, lang, 1), ha="center", va="center", fontsize=9, color=BLACK if light else "white")  # fmt: skip
        left += part
    for y, total in enumerate(left):
        axes.annotate(number(total, lang, 1), (total, y), (4, 0), textcoords="offset points", va="center", fontweight="bold")  # fmt: skip
    axes.set_yticks(range(len(years)), [wrapped(text, 1.1) for text in labels])
    axes.set(xlim=(0, widest * 1.14), ylim=(len(years) - 0.5, -0.5), xlabel=say("label.billions", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=9, borderaxespad=0.2)
    known = whole["insured_costed"].sum() / max(whole["insured"].sum(), 1)
    note = say("note.costed", lang, share=known) if known < 0.9995 else ""
    return foot(figure, source, _statuses(whole), lang, note)


@chart
def tornado(rows: pd.DataFrame, name: str, on: Any, lang: str = "vi", source: str = "") -> Figure:
    """What each assumption alone does to the coverage of a month, the strongest on top.

    ``rows``: what `bhyt_analysis.model.uncertainty.tornado` gives.
    """
    rows = rows.head(10)
    title = f"{name}, {render('{d:date}', lang, d=on)}"
    figure, axes = canvas(38 + 9.5 * len(rows), "chart.tornado", title, lang, ["estimated"])
    middle = float(rows["rate"].iloc[0]) * 100
    for y, row in enumerate(rows.to_dict("records")):
        for end, color in (("low", ORANGE), ("high", BLUE)):
            value = row[f"rate_{end}"] * 100
            axes.barh(y, value - middle, 0.6, left=middle, color=color)
            right = value > middle or (value == middle and end == "high")
            axes.annotate(f"{_value(row[end], lang)}", (value, y), (4 if right else -4, 0), textcoords="offset points", ha="left" if right else "right", va="center", fontsize=9)  # fmt: skip
    axes.axvline(middle, color=BLACK, lw=1)
    axes.annotate(percent(middle / 100, lang), (middle, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", fontweight="bold")  # fmt: skip
    axes.set_yticks(range(len(rows)), [wrapped(text, 2.2) for text in rows["label"]])
    ends = rows[["rate_low", "rate_high"]].to_numpy() * 100
    reach = max(np.abs(ends - middle).max(), 0.5) * 1.3
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
    """
    rows = rows[rows["result"] == "behavioural"]
    figure, axes = canvas(134, "chart.back", name, lang, rows["status"])
    keys = [k for k in TITLES if rows[k].max() > 0]
    layers = [rows[k].to_numpy() / 1000 for k in keys] + [rows[UNINSURED].to_numpy() / 1000]
    colors = [*(c for c, _ in zip((GREEN, SKY, BLUE, VIOLET, ORANGE, DARK, RED), keys, strict=False)), "#DDDDDD"]
    names = [group_name(k, lang) for k in keys] + [say("label.still_without", lang)]
    axes.stackplot(rows["month"], layers, colors=colors, labels=[wrapped(n, 2.1, 9) for n in names], lw=0.4, edgecolor="white")  # fmt: skip
    axes.plot(rows["month"], rows["broken"] / 1000, color=BLACK, lw=1.4, ls="--", label=wrapped(say("label.broken", lang), 2.1, 9))  # fmt: skip
    _months(axes, rows["month"])
    axes.set(ylim=(0, rows["lost"].max() / 1000), ylabel=say("axis.thousands", lang))
    ticks(axes, lang, "y")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=9, borderaxespad=0.2)
    return foot(figure, source, rows["status"], lang)


@chart
def scorecard(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """The model's interval over the published figure of each case; 100% is what was published.

    ``rows``: what `bhyt_analysis.model.scorecard.scorecard` gives.
    """
    shown = rows[rows["model"].notna() & (rows["relation"] != ">=")].reset_index(drop=True)
    figure, axes = canvas(40 + 14 * len(shown), "chart.scorecard", "", lang, ["estimated"])
    for y, row in enumerate(shown.to_dict("records")):
        low, middle, high = (row[c] / row["published"] * 100 for c in ("low", "model", "high"))
        color = BLUE if row["verdict"] in ("within", "consistent") else RED
        axes.plot([low, high], [y, y], color=color, lw=5, solid_capstyle="butt")
        axes.plot([middle], [y], "o", color="white", mec=color, ms=7, mew=1.6)
        axes.annotate(say(f"verdict.{row['verdict']}", lang), (high, y), (7, 0), textcoords="offset points", va="center", fontsize=9, color=color, fontweight="bold")  # fmt: skip
    axes.axvline(100, color=BLACK, lw=1.2)
    labels = [f"{r['name']}: {say('figure.' + r['figure'], lang)}" for r in shown.to_dict("records")]
    axes.set_yticks(range(len(shown)), [wrapped(text, 1.9) for text in labels])
    most = max(float((shown["high"] / shown["published"]).max()) * 100, 105)
    least = min(float((shown["low"] / shown["published"]).min()) * 100, 95)
    axes.set(xlim=(least - 4, most + (most - least) * 0.5), ylim=(len(shown) - 0.4, -0.6), xlabel=say("axis.of_published", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, ["estimated"], lang, say("note.scorecard", lang))
