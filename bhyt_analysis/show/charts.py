"""One function per chart: a table of results in, a matplotlib Figure out.

All charts are drawn on the sheet of `bhyt_analysis.show.canvas`: 160 mm wide for A4, one
style, labels on the marks, the source below, and a stamp where a figure is estimated,
synthetic or a proposal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from bhyt_analysis.names import running_name
from bhyt_analysis.show.canvas import (
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
from bhyt_analysis.show.canvas import save as save
from bhyt_analysis.show.labels import group_name
from bhyt_analysis.show.policy_charts import back as back
from bhyt_analysis.show.policy_charts import fan as fan
from bhyt_analysis.show.policy_charts import payers as payers
from bhyt_analysis.show.policy_charts import scenarios as scenarios
from bhyt_analysis.show.policy_charts import scorecard as scorecard
from bhyt_analysis.show.policy_charts import tornado as tornado
from bhyt_analysis.words import date, number, render, say


@chart
def bullet(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """Coverage as a bar with its targets as marks, one line an area or group.

    ``rows``: ``name``, ``rate`` (share; a missing one is said and not drawn),
    ``targets`` (list of (label, share)), ``status``.
    """
    most = max((len(t) for t in rows["targets"]), default=0)
    name = rows["name"].iloc[0] if len(rows) == 1 else ""
    figure, axes = canvas(32 + (10 + 5.2 * most) * len(rows), "chart.bullet", name, lang, rows["status"])
    step, line = 1.0 + 0.36 * most, 0.36
    for i, row in enumerate(rows.to_dict("records")):
        y = i * step
        axes.barh(y, 100, 0.62, color="#EEEEEE", zorder=0)
        if pd.notna(row["rate"]):
            axes.barh(y, row["rate"] * 100, 0.34, color=BLUE, zorder=2)
            axes.annotate(percent(row["rate"], lang, row["status"]), (row["rate"] * 100, y), (-4, 0), textcoords="offset points", ha="right", va="center", color="white", fontweight="bold", zorder=4)  # fmt: skip
        else:
            axes.text(1.5, y, say("label.no_value", lang), va="center", color="#555555", style="italic")
        for n, (label, share) in enumerate(sorted(row["targets"], key=lambda t: t[1])):
            below = y + 0.5 + line * n
            axes.plot([share * 100] * 2, [y - 0.4, y + 0.4], color=BLACK, lw=1.6, zorder=3)
            axes.plot([share * 100] * 2, [y + 0.4, below], color=GREY, lw=0.8, zorder=1)
            axes.annotate(label, (share * 100, below), (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
    axes.set(xlim=(0, 100.3), ylim=(len(rows) * step - 0.45, -0.55), xlabel=say("axis.rate", lang))
    axes.set_yticks([i * step for i in range(len(rows))], ["" if name else wrapped(n, 1.5) for n in rows["name"]])
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)


@chart
def groups(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """The insured by group: bars in the order of the law, each with people and its share.

    ``rows``: what `coverage` gives by group or subgroup.
    """
    key = "group" if "group" in rows else "subgroup"
    title = "chart.groups" if key == "group" else "chart.subgroups"
    figure, axes = canvas(
        34 + 9.5 * len(rows), title, running_name(str(rows["name"].iloc[0]), lang), lang, rows["status"]
    )
    people = rows["insured"].astype(float).to_numpy()
    labels = [wrapped(group_name(g, lang), 2.1) for g in rows[key]]
    sns.barplot(x=people, y=labels, ax=axes, color=BLUE, saturation=1, width=0.64, errorbar=None)
    for y, value in enumerate(people):
        text = render("{v:n} ({s:p1})", lang, v=value, s=value / people.sum())
        axes.annotate(text, (value, y), (4, 0), textcoords="offset points", va="center", fontsize=9.5)
    axes.set(xlim=(0, people.max() * 1.36), xlabel=say("axis.people", lang), ylabel="")
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)


@chart
def communes(
    rows: pd.DataFrame, name: str, target: tuple[str, float] | None = None, lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage of the communes as dots, lowest first, with the target as a line.

    ``rows``: what `coverage` gives by commune; ``target``: (label, share).
    """
    rows = rows.sort_values("rate")
    figure, axes = canvas(32 + 5.2 * len(rows), "chart.communes", name, lang, rows["status"])
    rate = rows["rate"].to_numpy(float) * 100
    below = rate < (target[1] * 100 if target else -1)
    for reached, color, marker in ((False, ORANGE, "o"), (True, BLUE, "D")):
        chosen = below != reached
        axes.plot(rate[chosen], np.flatnonzero(chosen), marker, color=color, ms=5.5)
    axes.hlines(range(len(rows)), 0, rate, color="#DDDDDD", lw=0.8, zorder=0)
    for y, value in enumerate(rows["rate"]):
        axes.annotate(percent(value, lang), (value * 100, y), (6, 0), textcoords="offset points", va="center", fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    if target:
        axes.axvline(target[1] * 100, color=BLACK, lw=1.2, ls="--", zorder=0)
        axes.annotate(target[0], (target[1] * 100, 1), (-4, 2), xycoords=("data", "axes fraction"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    left = max(0, np.floor(rate.min() / 10) * 10 - 5)
    axes.set(yticks=range(len(rows)), yticklabels=rows["name"], xlim=(left, 108), ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.rate", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.set_xticks([t for t in axes.get_xticks() if left <= t <= 100])
    return foot(figure, source, rows["status"], lang)


@chart
def lost(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """People who lost, and gained, a card by commune: bars, most first.

    ``rows``: what `reclassify` gives; communes with no change are left out.
    """
    rows = rows[(rows["lost"].fillna(0) > 0) | (rows["gained"].fillna(0) > 0)].sort_values("lost")
    figure, axes = canvas(36 + 6.0 * len(rows), "chart.lost", name, lang, rows["status"])
    out, new = rows["lost"].fillna(0).to_numpy(float), rows["gained"].fillna(0).to_numpy(float)
    y = np.arange(len(rows))
    side = -1 if new.any() else 1  # losses to the left only where gains stand on the right
    axes.barh(y, side * out, 0.62, color=RED, label=say("column.lost", lang))
    if new.any():
        axes.barh(y, new, 0.62, color=GREEN, hatch="//", edgecolor="white", label=say("column.gained", lang))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncol=2, borderaxespad=0.2)
        axes.axvline(0, color="#666666", lw=0.8)
    for i in range(len(rows)):
        for value, way in ((out[i], side), (new[i], 1)):
            if value:
                text = render("{v:+n}" if new.any() else "{v:n}", lang, v=way * value)
                axes.annotate(text, (way * value, i), (way * 4, 0), textcoords="offset points", ha="left" if way > 0 else "right", va="center", fontsize=9)  # fmt: skip
    far = max(out.max(initial=0), new.max(initial=0))
    axes.set(yticks=y, yticklabels=rows["name"], ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.people", lang))
    axes.set_xlim((-out.max() - far * 0.32, new.max() + far * 0.25) if new.any() else (0, far * 1.12))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)


@chart
def waterfall(
    steps: pd.DataFrame, name: str, lang: str = "vi", source: str = "", everybody: float | None = None
) -> Figure:
    """From the people insured before to those after: levels in blue, changes in between.

    ``steps``: ``label``, ``people`` (a level, or a change with its sign), ``kind``
    ("level" or "change"; "bound" and "bound_change" are the most or least that can be,
    drawn hollow and marked ≤ or ≥), ``status``. ``everybody``: the population, a line.
    """
    figure, axes = canvas(84, "chart.waterfall", name, lang, steps["status"])
    at, tops = 0.0, []
    for x, row in enumerate(steps.to_dict("records")):
        value = float(row["people"])
        bound = row["kind"].startswith("bound")
        if row["kind"] in ("level", "bound"):
            look: dict[str, Any] = (
                {"facecolor": "white", "edgecolor": BLUE, "hatch": "..", "ls": "--"} if bound else {"color": BLUE}
            )
            axes.bar(x, value, 0.6, **look)
            top, text, at = value, render("{v:n}", lang, v=value), value
        else:
            low, top = sorted((at, at + value))
            color, hatch = (RED, "") if value < 0 else (GREEN, "//")
            axes.bar(x, top - low, 0.6, bottom=low, color=color, hatch=hatch, edgecolor="white")
            text = render("{v:n}" if bound else "{v:+n}", lang, v=value)
            at += value
        if bound:
            text = ("≤ " if row["kind"] == "bound" else "≥ ") + text
        tops.append(top)
        axes.annotate(text, (x, top), (0, 3), textcoords="offset points", ha="center", fontweight="bold")
        if x + 1 < len(steps):
            axes.plot([x + 0.3, x + 0.7], [at, at], color=GREY, lw=0.8)
    if everybody:
        axes.axhline(everybody, color=BLACK, lw=1, ls="--")
        text = f"{say('label.population', lang)}: {number(everybody, lang)}"
        axes.annotate(text, (1, everybody), (0, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    axes.set(ylim=(0, max([*tops, everybody or 0]) * 1.14), ylabel=say("axis.people", lang), xticks=range(len(steps)))
    axes.set_xticklabels([wrapped(label, 1.15) for label in steps["label"]])
    axes.tick_params(axis="x", length=0)
    ticks(axes, lang, "y")
    return foot(figure, source, steps["status"], lang)


@chart
def slope(rows: pd.DataFrame, name: str, days: tuple[Any, Any], lang: str = "vi", source: str = "") -> Figure:
    """Coverage of each commune on two days: those concerned in colour, the rest grey.

    ``rows``: ``name``, ``before``, ``after`` (shares), ``concerned`` (bool), ``status``.
    """
    figure, axes = canvas(98, "chart.slope", name, lang, rows["status"])
    ends = []
    for row in rows.sort_values("concerned").to_dict("records"):
        color = (RED if row["after"] < row["before"] else GREEN) if row["concerned"] else GREY
        axes.plot([0, 1], [row["before"] * 100, row["after"] * 100], "o-", color=color, lw=1.4, ms=4)
        if row["concerned"]:
            ends.append((row["after"] * 100, f"{row['name']} {percent(row['after'], lang)}", color))
    # Labels on the right keep clear of each other and tell the end they belong to.
    low, high = rows[["before", "after"]].to_numpy().min() * 100, 100.0
    gap = (high - low) / 15
    at = -np.inf
    for value, text, color in sorted(ends):
        at = max(value, at + gap)
        axes.annotate(text, (1, value), (1.06, at), ha="left", va="center", fontsize=9, color=BLACK, arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6, "shrinkA": 0, "shrinkB": 3}, annotation_clip=False)  # fmt: skip
    axes.set(xlim=(-0.08, 1.62), ylim=(low - gap, max(high, at) + gap), xticks=[0, 1], ylabel=say("axis.rate", lang))
    axes.set_xticklabels([date(d, lang) for d in days])
    ticks(axes, lang, "y")
    return foot(figure, source, rows["status"], lang)


@chart
def path(steps: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """The targets year by year and the people to add at each; or, with no start, the people they mean.

    ``steps``: what `target_steps` gives.
    """
    if len(steps) and steps["insured_now"].notna().all():
        return _path_from_now(steps, name, lang, source)
    figure, axes = canvas(44 + 11 * len(steps), "chart.path_people", name, lang, steps["status"])
    everybody = float(steps["population"].iloc[0])
    for y, row in enumerate(steps.to_dict("records")):
        axes.barh(y, everybody, 0.62, color="#EEEEEE")
        axes.barh(y, row["people_needed"], 0.4, color=BLUE)
        text = render("{v:n} ", lang, v=row["people_needed"]) + say("label.people", lang)
        axes.annotate(text, (row["people_needed"], y), (-5, 0), textcoords="offset points", ha="right", va="center", color="white", fontweight="bold")  # fmt: skip
    labels = [
        f"{r.on.year}: {say(f'relation.{r.relation}', lang)}{percent(r.rate, lang, 'published')}"
        for r in steps.itertuples()
    ]
    axes.set_yticks(range(len(steps)), labels)
    text = f"{say('label.population', lang)}: {number(everybody, lang)}"
    axes.annotate(text, (everybody, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    axes.set(xlim=(0, everybody * 1.02), ylim=(len(steps) - 0.5, -0.5), xlabel=say("axis.people", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, steps["status"], lang)


def _path_from_now(steps: pd.DataFrame, name: str, lang: str, source: str) -> Figure:
    """The rate now and at each target as a line, each step with the people that it adds."""
    figure, axes = canvas(88, "chart.path", name, lang, steps["status"])
    now = float(steps["insured_now"].iloc[0]) / float(steps["population"].iloc[0])
    rates = np.array([now, *steps["rate"]]) * 100
    x = np.arange(len(rates))
    axes.plot(x, rates, "-", color=GREY, lw=1.2, zorder=1)
    axes.plot(x[:1], rates[:1], "o", color=BLACK, ms=8)
    axes.plot(x[1:], rates[1:], "D", color=BLUE, ms=7)
    for i, rate in enumerate(rates):
        counted = i == 0 and steps["status"].iloc[0] != "estimated"
        text = percent(rate / 100, lang, "derived" if counted else "published")
        if i:
            text = say(f"relation.{steps['relation'].iloc[i - 1]}", lang) + text
        axes.annotate(text, (i, rate), (0, -17), textcoords="offset points", ha="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    for i, add in enumerate(steps["to_add"], start=1):
        if add == 0:  # the rate stays where the step before has brought it
            continue
        text = render("{v:+n}", lang, v=add) + "\n" + say("label.people", lang)
        axes.annotate(
            text, (i, rates[i]), (0, 8), textcoords="offset points", ha="center", va="bottom", fontweight="bold"
        )
    labels = [date(steps["now_as_of"].iloc[0], lang), *(str(d.year) for d in steps["on"])]
    labels = [wrapped(label, 0.9) for label in labels]
    span = max(rates.max() - rates.min(), 1.0)
    axes.set(xlim=(-0.5, len(rates) - 0.5), ylim=(rates.min() - span * 0.28, rates.max() + span * 0.42), ylabel=say("axis.rate", lang))  # fmt: skip
    axes.set_xticks(x, labels)
    ticks(axes, lang, "y")
    axes.set_yticks([t for t in axes.get_yticks() if rates.min() - span * 0.28 <= t <= 100])
    return foot(figure, source, steps["status"], lang)


@chart
def curve(rows: pd.DataFrame, bounds: pd.Series, name: str, lang: str = "vi", source: str = "") -> Figure:
    """The share insured again, between its bounds, over the population that is not given.

    ``rows``: what `reenrolment_curve` gives; ``bounds``: the row of `reenrolment`.
    """
    figure, axes = canvas(82, "chart.curve", name, lang, [bounds["status"]])
    x = rows["population"] / 1000
    axes.fill_between(x, rows["low"] * 100, rows["high"] * 100, color=SKY, alpha=0.55, lw=0)
    axes.plot(x, rows["low"] * 100, color=BLUE, lw=1.4)
    axes.plot(x, rows["high"] * 100, color=BLUE, lw=1.4)
    here = bounds["population"] / 1000
    axes.plot([here] * 2, [bounds["low"] * 100, bounds["high"] * 100], color=RED, lw=4, solid_capstyle="butt")
    text = render("{p:n}: {a:p0}–{b:p0}", lang, p=bounds["population"], a=bounds["low"], b=bounds["high"])
    axes.annotate(text, (here, bounds["high"] * 100), (8, 10), textcoords="offset points", fontweight="bold")
    if pd.notna(bounds["largest_population"]):
        most = float(bounds["largest_population"]) / 1000
        text = say("bar.most", lang, people=bounds["largest_population"])
        axes.annotate(text, (most, 0), (-2, 52), textcoords="offset points", ha="right", fontsize=9, arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.8, "shrinkB": 4})  # fmt: skip
        axes.plot([most], [0], "o", color=BLACK, ms=5, clip_on=False, zorder=5)
    axes.set(
        xlabel=say("axis.population", lang),
        ylabel=say("axis.again", lang),
        ylim=(0, 100),
        xlim=(x.min(), x.max() * 1.02),
    )
    ticks(axes, lang)
    ticks(axes, lang, "y")
    return foot(figure, source, [bounds["status"]], lang)


@chart
def cost(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """What a year of the lost cards costs at the base salary of each day.

    ``rows``: what `full_year_cost` gives, one or more laws.
    """
    figure, axes = canvas(34 + 9.5 * len(rows), "chart.cost", name, lang, rows["status"])
    billions = rows["cost"].to_numpy(float) * 1e-9
    for y, (row, value) in enumerate(zip(rows.to_dict("records"), billions, strict=True)):
        planned = row["status"] == "proposal"
        axes.barh(y, value, 0.6, color=ORANGE if planned else BLUE, hatch="//" if planned else "", edgecolor="white")
        text = number(value, lang, 1) + (f" ({say('label.proposal', lang)})" if planned else "")
        axes.annotate(text, (value, y), (4, 0), textcoords="offset points", va="center", fontweight="bold")
    labels = [
        f"{date(r.on, lang)}: {number(r.base_salary, lang)} × {render('{v:pe}', lang, v=r.contribution_rate)}"
        for r in rows.itertuples()
    ]
    axes.set_yticks(range(len(rows)), labels)
    room = 1.45 if (rows["status"] == "proposal").any() else 1.14
    axes.set(xlim=(0, billions.max() * room), ylim=(len(rows) - 0.5, -0.5), xlabel=say("axis.billions", lang))
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)


@chart
def premium(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """A year's premium by title, split into what the State and the person pay.

    ``rows``: what `premiums` gives, with ``label`` and ``status``.
    """
    figure, axes = canvas(34 + 12.5 * len(rows), "chart.premium", "", lang, rows["status"])
    state, own = rows["subsidy"].to_numpy(float), rows["own_payment"].to_numpy(float)
    y = np.arange(len(rows))
    axes.barh(y, state, 0.6, color=BLUE, label=say("bar.state", lang))
    axes.barh(y, own, 0.6, left=state, color=ORANGE, hatch="//", edgecolor="white", label=say("bar.own", lang))
    for i in range(len(rows)):
        if state[i]:
            axes.annotate(number(state[i], lang), (state[i] / 2, i), ha="center", va="center", color="white", fontweight="bold", fontsize=9)  # fmt: skip
        if own[i]:
            axes.annotate(number(own[i], lang), (state[i] + own[i], i), (4, 0), textcoords="offset points", va="center", fontweight="bold", fontsize=9)  # fmt: skip
    axes.set(yticks=y, ylim=(len(rows) - 0.4, -0.6), xlabel=say("axis.vnd", lang), xlim=(0, (state + own).max() * 1.26))
    axes.set_yticklabels([wrapped(label, 2.3) for label in rows["label"]])
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, ncol=2, borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)


@chart
def commune_people(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """People of the communes: bars, most first; for areas of which nothing else is known.

    ``rows``: ``name``, ``population``, ``status``.
    """
    rows = rows.sort_values("population")
    figure, axes = canvas(28 + 4.9 * len(rows), "chart.commune_people", name, lang, rows["status"])
    people = rows["population"].to_numpy(float)
    axes.barh(range(len(rows)), people, 0.62, color=GREY)
    for y, value in enumerate(people):
        axes.annotate(number(value, lang), (value, y), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set(yticks=range(len(rows)), yticklabels=rows["name"], xlim=(0, people.max() * 1.15), ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.people", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)
