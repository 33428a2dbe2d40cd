"""One function per chart: a table of results in, a matplotlib Figure out.

All charts are drawn on the sheet of `bhyt_analysis.show.canvas`: one style, labels on the
marks, the source below, and a stamp where a figure is estimated, synthetic or a proposal.
Each takes ``size``: "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen". Each
carries its figures and an alternative text made from them (`description`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
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
    across,
    beside,
    canvas,
    chart,
    foot,
    percent,
    pitch,
    tell,
    ticks,
    wrapped,
)
from bhyt_analysis.show.canvas import save as save
from bhyt_analysis.show.commune_charts import choropleth as choropleth
from bhyt_analysis.show.commune_charts import gaps as gaps
from bhyt_analysis.show.commune_charts import group_mix as group_mix
from bhyt_analysis.show.commune_charts import small_multiples as small_multiples
from bhyt_analysis.show.described import description as description
from bhyt_analysis.show.described import series
from bhyt_analysis.show.labels import group_name
from bhyt_analysis.show.monitor_charts import expiring as expiring
from bhyt_analysis.show.monitor_charts import funnel as funnel
from bhyt_analysis.show.monitor_charts import pace as pace
from bhyt_analysis.show.monitor_charts import states as states
from bhyt_analysis.show.policy_charts import back as back
from bhyt_analysis.show.policy_charts import cost_per_insured as cost_per_insured
from bhyt_analysis.show.policy_charts import fan as fan
from bhyt_analysis.show.policy_charts import flows as flows
from bhyt_analysis.show.policy_charts import payers as payers
from bhyt_analysis.show.policy_charts import scenarios as scenarios
from bhyt_analysis.show.policy_charts import scorecard as scorecard
from bhyt_analysis.show.policy_charts import tornado as tornado
from bhyt_analysis.show.tables import SMALL, suppressed
from bhyt_analysis.show.tiles import tiles as tiles
from bhyt_analysis.words import date, number, render, say


@chart
def bullet(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """Coverage as a bar with its targets as marks, one line an area or group.

    ``rows``: ``name``, ``rate`` (share; a missing one is said and not drawn),
    ``targets`` (list of (label, share)), ``status``.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"]).head(4)
    >>> rows = rows.assign(targets=[[("Chỉ tiêu 2022: 93%", 0.93)]] * 4)
    >>> figure = bhyt.charts.bullet(rows, "vi", "bảng cards")
    """
    most = max((len(t) for t in rows["targets"]), default=0)
    name = rows["name"].iloc[0] if len(rows) == 1 else ""
    marks = [[(wrapped(n, across(3.4), 9), s) for n, s in sorted(t, key=lambda t: t[1])] for t in rows["targets"]]
    line = 0.36 * max((n.count("\n") + 1 for t in marks for n, _ in t), default=1)
    height = 32 + (10 + 14.4 * line * most) * len(rows)
    figure, axes = canvas(height, "chart.bullet", name, lang, rows["status"])
    step = 1.0 + line * most
    for i, row in enumerate(rows.to_dict("records")):
        y = i * step
        axes.barh(y, 100, 0.62, color="#EEEEEE", zorder=0)
        if pd.notna(row["rate"]):
            axes.barh(y, row["rate"] * 100, 0.34, color=BLUE, zorder=2)
            # At the end of the bar, or at its beginning where a target crosses the end.
            crossed = any(-12 < (share - row["rate"]) * 100 < 1 for _, share in marks[i])
            place, shift, side = (0, 4, "left") if crossed else (row["rate"] * 100, -4, "right")
            axes.annotate(percent(row["rate"], lang, row["status"]), (place, y), (shift, 0), textcoords="offset points", ha=side, va="center", color="white", fontweight="bold", zorder=4)  # fmt: skip
        else:
            axes.text(1.5, y, say("label.no_value", lang), va="center", color="#555555", style="italic")
        for n, (label, share) in enumerate(marks[i]):
            below = y + 0.5 + line * n
            axes.plot([share * 100] * 2, [y - 0.4, y + 0.4], color=BLACK, lw=1.6, zorder=3)
            axes.plot([share * 100] * 2, [y + 0.4, below], color=GREY, lw=0.8, zorder=1)
            axes.annotate(label, (share * 100, below), (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
    axes.set(xlim=(0, 100.3), ylim=(len(rows) * step - 0.45, -0.55), xlabel=say("axis.rate", lang))
    axes.set_yticks([i * step for i in range(len(rows))], ["" if name else wrapped(n, across(1.5)) for n in rows["name"]])  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    _tell_bullet(figure, rows, lang)
    return foot(figure, source, rows["status"], lang)


def _tell_bullet(figure: Figure, rows: pd.DataFrame, lang: str) -> None:
    """One area is told with its targets as bars, several by their rates and, in words, their targets."""
    coverage, status = say("fact.coverage", lang), rows["status"]
    if len(rows) == 1:
        targets = sorted(rows["targets"].iloc[0], key=lambda t: t[1])
        labels = [coverage, *(label.rsplit(":", 1)[0] for label, _ in targets)]
        rate = rows["rate"].iloc[0]
        as_drawn = rate if status.iloc[0] == "published" else round(rate, 3)
        told = series("", [as_drawn, *(share for _, share in targets)], "pe", BLUE)
        tell(figure, lang, labels, [told], "bar", say("axis.rate", lang), status)
        return
    more = "; ".join(dict.fromkeys(f"{r['name']}: {n}" for r in rows.to_dict("records") for n, _ in r["targets"]))
    tell(figure, lang, list(rows["name"]), [series(coverage, rows["rate"], "p1", BLUE)], "bar", say("axis.rate", lang), status, more)  # fmt: skip


@chart
def groups(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """The insured by group: bars in the order of the law, each with people and its share.

    ``rows``: what `coverage` gives by group or subgroup.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"])
    >>> figure = bhyt.charts.groups(rows, "vi", "kế hoạch của huyện Sơn Dương")
    """
    key = "group" if "group" in rows else "subgroup"
    title = "chart.groups" if key == "group" else "chart.subgroups"
    names = [group_name(g, lang) for g in rows[key]]
    labels = [wrapped(name, across(2.1)) for name in names]
    height = 34 + pitch(9.5, labels) * len(rows)
    figure, axes = canvas(height, title, running_name(str(rows["name"].iloc[0]), lang), lang, rows["status"])
    hidden = suppressed(rows)["insured"].to_numpy()
    people = rows["insured"].astype(float).to_numpy()
    total = people.sum()
    sns.barplot(x=np.where(hidden, 0, people), y=labels, ax=axes, color=BLUE, saturation=1, width=0.64, errorbar=None)
    for y, value in enumerate(people):
        text = f"<{SMALL}" if hidden[y] else render("{v:n} ({s:p1})", lang, v=value, s=value / total)
        axes.annotate(text, (0 if hidden[y] else value, y), (4, 0), textcoords="offset points", va="center", fontsize=9.5)  # fmt: skip
    room = 1.36 if beside() > 1 else 2.4
    axes.set(xlim=(0, people.max() * room), xlabel=say("axis.people", lang), ylabel="")
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    told = series(say("column.insured", lang), people, "n", BLUE, hidden)
    tell(figure, lang, names, [told], "bar", say("axis.people", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)


@chart
def communes(
    rows: pd.DataFrame, name: str, target: tuple[str, float] | None = None, lang: str = "vi", source: str = ""
) -> Figure:
    """Coverage of the communes as dots, lowest first, with the target as a line.

    ``rows``: what `coverage` gives by commune; ``target``: (label, share).

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> target = ("Chỉ tiêu 2022: 93%", 0.93)
    >>> figure = bhyt.charts.communes(rows, "huyện Mẫu 01", target, "vi", "bảng cards")
    """
    rows = rows.sort_values("rate")
    labels = [wrapped(n, across(2.6)) for n in rows["name"]]
    figure, axes = canvas(32 + pitch(5.2, labels) * len(rows), "chart.communes", name, lang, rows["status"])
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
    axes.set(yticks=range(len(rows)), yticklabels=labels, xlim=(left, 100 + (100 - left) * (0.15 if beside() > 1 else 0.36)), ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.rate", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    axes.set_xticks([t for t in axes.get_xticks() if left <= t <= 100])
    told = series(say("fact.coverage", lang), rows["rate"][::-1], "p1", BLUE)
    tell(figure, lang, list(rows["name"][::-1]), [told], "bar", say("axis.rate", lang), rows["status"], target[0] if target else "")  # fmt: skip
    return foot(figure, source, rows["status"], lang)


@chart
def lost(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """People who lost, and gained, a card by commune: bars, most first.

    ``rows``: what `reclassify` gives; communes with no change are left out.

    Examples
    --------
    >>> rows = bhyt.reclassify(bhyt.load(), decision="861", area="Lục Ngạn")
    >>> figure = bhyt.charts.lost(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy Lục Ngạn")
    """
    rows = rows[(rows["lost"].fillna(0) > 0) | (rows["gained"].fillna(0) > 0)].sort_values("lost")
    labels = [wrapped(n, across(2.6)) for n in rows["name"]]
    figure, axes = canvas(36 + pitch(6.0, labels) * len(rows), "chart.lost", name, lang, rows["status"])
    out, new = rows["lost"].fillna(0).to_numpy(float), rows["gained"].fillna(0).to_numpy(float)
    masks = suppressed(rows[["lost", "gained"]])
    small = {"lost": masks["lost"].to_numpy(), "gained": masks["gained"].to_numpy()}
    y = np.arange(len(rows))
    side = -1 if new.any() else 1  # losses to the left only where gains stand on the right
    axes.barh(y, side * np.where(small["lost"], 0, out), 0.62, color=RED, label=say("column.lost", lang))
    if new.any():
        axes.barh(y, np.where(small["gained"], 0, new), 0.62, color=GREEN, hatch="//", edgecolor="white", label=say("column.gained", lang))  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncol=beside(), borderaxespad=0.2)
        axes.axvline(0, color="#666666", lw=0.8)
    for i in range(len(rows)):
        for value, way, column in ((out[i], side, "lost"), (new[i], 1, "gained")):
            if value:
                text = render("{v:+n}" if new.any() else "{v:n}", lang, v=way * value)
                at = 0 if small[column][i] else way * value
                axes.annotate(f"<{SMALL}" if small[column][i] else text, (at, i), (way * 4, 0), textcoords="offset points", ha="left" if way > 0 else "right", va="center", fontsize=9)  # fmt: skip
    far = max(out.max(initial=0), new.max(initial=0))
    axes.set(yticks=y, yticklabels=labels, ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.people", lang))
    wide = 1 if beside() > 1 else 2.2
    axes.set_xlim((-out.max() - far * 0.32 * wide, new.max() + far * 0.25 * wide) if new.any() else (0, far * (1 + 0.12 * wide)))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    told = [series(say("column.lost", lang), rows["lost"][::-1], "n", RED, small["lost"][::-1])]
    if new.any():
        told.append(series(say("column.gained", lang), rows["gained"][::-1], "n", GREEN, small["gained"][::-1]))
    kind = "stacked" if new.any() else "bar"  # a commune loses or gains, seldom both
    tell(figure, lang, list(rows["name"][::-1]), told, kind, say("axis.people", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)


@chart
def waterfall(
    steps: pd.DataFrame, name: str, lang: str = "vi", source: str = "", everybody: float | None = None, title: str = "",
) -> Figure:  # fmt: skip
    """From the people insured before to those after: levels in blue, changes in between.

    ``steps``: ``label``, ``people`` (a level, or a change with its sign), ``kind``
    ("level" or "change"; "bound" and "bound_change" are the most or least that can be,
    drawn hollow and marked ≤ or ≥), ``status``. ``everybody``: the population, a line.
    With ``rate`` (a share, or a change of it) in place of ``people`` the changes are percentage
    points between levels that are lines, so that the axis need not begin at 0. ``title``: a
    key of the table of words, where the steps are not those of Decision 861.

    Examples
    --------
    >>> steps = pd.DataFrame({"label": ["Trước", "Thôi cấp", "Có lại", "Sau"], "rate": [0.871, -0.165, 0.145, 0.851]})
    >>> steps = steps.assign(kind=["level", "change", "change", "level"], status="estimated")
    >>> figure = bhyt.charts.waterfall(steps, "huyện Sơn Dương", "vi", "ví dụ")
    """
    points = "rate" in steps
    values = steps["rate" if points else "people"].to_numpy(float) * (100 if points else 1)
    title = title or ("chart.waterfall_points" if points else "chart.waterfall")
    figure, axes = canvas(84, title, name, lang, steps["status"])
    at, ends = 0.0, []
    texts = [_step_text(value, kind, points, lang) for value, kind in zip(values, steps["kind"], strict=True)]
    for x, (value, kind) in enumerate(zip(values, steps["kind"], strict=True)):
        if kind in ("level", "bound"):
            _level(axes, x, value, kind == "bound", points)
            low = top = at = value
        else:
            low, top = sorted((at, at + value))
            color, hatch = (RED, "") if value < 0 else (GREEN, "//")
            axes.bar(x, top - low, 0.6, bottom=low, color=color, hatch=hatch, edgecolor="white")
            at += value
        ends += [low, top]
        axes.annotate(texts[x], (x, top), (0, 3), textcoords="offset points", ha="center", fontweight="bold", fontsize=9)  # fmt: skip
        if x + 1 < len(steps):
            axes.plot([x + 0.3, x + 0.7], [at, at], color=GREY, lw=0.8)
    if everybody:
        axes.axhline(everybody, color=BLACK, lw=1, ls="--")
        text = f"{say('label.population', lang)}: {number(everybody, lang)}"
        axes.annotate(text, (1, everybody), (0, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    span = max(ends) - min(ends) if points else 0
    bottom, top = (min(ends) - span * 0.12, max(ends) + span * 0.16) if points else (0, max([*ends, everybody or 0]) * 1.14)  # fmt: skip
    axis = say("axis.rate" if points else "axis.people", lang)
    axes.set(ylim=(bottom, top), ylabel=axis, xticks=range(len(steps)), xlim=(-0.5, len(steps) - 0.5))
    axes.set_xticklabels([wrapped(label, across(4.6) / len(steps)) for label in steps["label"]], fontsize=9)
    axes.tick_params(axis="x", length=0)
    ticks(axes, lang, "y")
    more = "; ".join(f"{label}: {text}" for label, text in zip(steps["label"], texts, strict=True))
    tell(figure, lang, [], [], "picture", axis, steps["status"], more)
    return foot(figure, source, steps["status"], lang)


def _step_text(value: float, kind: str, points: bool, lang: str) -> str:
    """A level or change as it is labelled; a bound with its sign."""
    if kind.startswith("bound"):
        told = render("{v:p1}", lang, v=value / 100) if points else number(value, lang)
        return ("≤ " if kind == "bound" else "≥ ") + told
    if points:
        return render("{v:p1}" if kind == "level" else "{v:+pp1}", lang, v=value / 100)
    return render("{v:n}" if kind == "level" else "{v:+n}", lang, v=value)


def _level(axes: Axes, x: int, value: float, bound: bool, points: bool) -> None:
    """A level of a waterfall: a bar from 0, or where the axis does not begin there a line."""
    if points:
        axes.plot([x - 0.3, x + 0.3], [value] * 2, color=BLUE, lw=4, solid_capstyle="butt")
        return
    look: dict[str, Any] = {"facecolor": "white", "edgecolor": BLUE, "hatch": "..", "ls": "--"} if bound else {"color": BLUE}  # fmt: skip
    axes.bar(x, value, 0.6, **look)


@chart
def slope(rows: pd.DataFrame, name: str, days: tuple[Any, Any], lang: str = "vi", source: str = "") -> Figure:
    """Coverage of each commune on two days: those concerned in colour, the rest grey.

    ``rows``: ``name``, ``before``, ``after`` (shares), ``concerned`` (bool), ``status``.

    Examples
    --------
    >>> before, now = (bhyt.coverage(bhyt.load(), "X001", ["commune"], d) for d in ("2021-06-30", "2022-06-30"))
    >>> rows = before.assign(before=before["rate"], after=now["rate"], concerned=now["rate"] < before["rate"])
    >>> figure = bhyt.charts.slope(rows, "huyện Mẫu 01", ("2021-06-30", "2022-06-30"), "vi", "bảng cards")
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
    narrow = beside() == 1
    gap = (high - low) / 15
    at = -np.inf
    for value, end, color in sorted(ends):
        text = wrapped(end, across(2.0 if beside() > 1 else 2.6), 9)
        at = max(value, at + gap * (text.count("\n") + 1) * 0.9 if "\n" in text else at + gap)
        axes.annotate(text, (1, value), (1.06, at), ha="left", va="center", fontsize=9, color=BLACK, arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6, "shrinkA": 0, "shrinkB": 3}, annotation_clip=False)  # fmt: skip
    axes.set(
        xlim=(-0.08, 2.6 if narrow else 1.62),
        ylim=(low - gap, max(high, at) + gap),
        xticks=[0, 1],
        ylabel=say("axis.rate", lang),
    )
    axes.set_xticklabels([wrapped(date(d, lang), across(2)) for d in days])
    ticks(axes, lang, "y")
    told = rows[rows["concerned"]]
    both = [series(date(d, lang), told[c], "p1") for d, c in zip(days, ("before", "after"), strict=True)]
    tell(figure, lang, list(told["name"]), both, "picture", say("axis.rate", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)


@chart
def path(steps: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """The targets year by year and the people to add at each; or, with no start, the people they mean.

    ``steps``: what `target_steps` gives.

    Examples
    --------
    >>> steps = bhyt.target_steps(bhyt.load(), "Sơn Dương")
    >>> figure = bhyt.charts.path(steps, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
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
    told = series(say("column.people_needed", lang), steps["people_needed"], "n", BLUE)
    tell(figure, lang, labels, [told], "bar", say("axis.people", lang), steps["status"], text)
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
    counted = steps["status"].iloc[0] != "estimated"  # else a rate that is printed
    for i, rate in enumerate(rates):
        text = percent(rate / 100, lang, "derived" if counted and not i else "published")
        if i:
            text = say(f"relation.{steps['relation'].iloc[i - 1]}", lang) + text
        axes.annotate(text, (i, rate), (0, -17), textcoords="offset points", ha="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    for i, add in enumerate(steps["to_add"], start=1):
        if add == 0:  # the rate stays where the step before has brought it
            continue
        text = render("{v:+n}", lang, v=add) + "\n" + say("label.people", lang)
        axes.annotate(
            text,
            (i, rates[i]),
            (0, 8),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontweight="bold" if beside() > 1 else "normal",
            fontsize=9.5 if beside() > 1 else 9,
        )
    start = steps["now_as_of"].iloc[0]
    labels = [date(start, lang) if beside() > 1 else f"{start:%m/%Y}", *(str(d.year) for d in steps["on"])]
    told = series(say("fact.coverage", lang), [round(now, 3) if counted else now, *steps["rate"]], "pe", BLUE)
    more = "; ".join(
        say("alt.to_add", lang, on=d, people=n) for d, n in zip(labels[1:], steps["to_add"], strict=True) if n
    )
    tell(figure, lang, labels, [told], "line", say("axis.rate", lang), steps["status"], more)
    labels = [wrapped(label, across(4.5) / len(labels)) for label in labels]
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

    Examples
    --------
    >>> from bhyt_analysis.model.take_up import reenrolment_curve
    >>> bounds = bhyt.reenrolment(bhyt.load(), "Lục Ngạn").iloc[0]
    >>> figure = bhyt.charts.curve(reenrolment_curve(bounds), bounds, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
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
        text = wrapped(say("bar.most", lang, people=bounds["largest_population"]), across(2.2), 9)
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
    words = {"population": bounds["population"], "low": bounds["low"], "high": bounds["high"]}
    tell(figure, lang, [], [], "picture", say("axis.again", lang), [bounds["status"]], say("alt.curve", lang, **words))
    return foot(figure, source, [bounds["status"]], lang)


@chart
def cost(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """What a year of the lost cards costs at the base salary of each day.

    ``rows``: what `full_year_cost` gives, one or more laws.

    Examples
    --------
    >>> days = ["2021-07-01", "2023-07-01", "2024-07-01", "2026-07-01"]
    >>> rows = bhyt.full_year_cost(30082, bhyt.Law.read(), days, "published")
    >>> figure = bhyt.charts.cost(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    figure, axes = canvas(34 + pitch(9.5 if beside() > 1 else 14) * len(rows), "chart.cost", name, lang, rows["status"])
    billions = rows["cost"].to_numpy(float) * 1e-9
    for y, (row, value) in enumerate(zip(rows.to_dict("records"), billions, strict=True)):
        planned = row["status"] == "proposal"
        axes.barh(y, value, 0.6, color=ORANGE if planned else BLUE, hatch="//" if planned else "", edgecolor="white")
        text = number(value, lang, 1) + (f" ({say('label.proposal', lang)})" if planned else "")
        axes.annotate(
            wrapped(text, across(1.8)), (value, y), (4, 0), textcoords="offset points", va="center", fontweight="bold"
        )
    labels = [
        f"{date(r.on, lang)}: {number(r.base_salary, lang)} × {render('{v:pe}', lang, v=r.contribution_rate)}"
        for r in rows.itertuples()
    ]
    told = series(say("column.cost_bn", lang), billions, "d1", BLUE)
    tell(figure, lang, labels, [told], "bar", say("axis.billions", lang), rows["status"])
    axes.set_yticks(range(len(rows)), [wrapped(label, across(2.2)) for label in labels])
    room = 1.45 if (rows["status"] == "proposal").any() else 1.14
    axes.set(
        xlim=(0, billions.max() * (room if beside() > 1 else 1.9)),
        ylim=(len(rows) - 0.5, -0.5),
        xlabel=say("axis.billions", lang),
    )
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    return foot(figure, source, rows["status"], lang)


@chart
def premium(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """A year's premium by title, split into what the State and the person pay.

    ``rows``: what `premiums` gives, with ``label`` and ``status``.

    Examples
    --------
    >>> people = pd.DataFrame({"group": ["near_poor", "student"], "label": ["Cận nghèo", "Học sinh"], "status": "law"})
    >>> rows = bhyt.premiums(people, bhyt.Law.read().at("2026-11-22"))
    >>> figure = bhyt.charts.premium(rows, "vi", "quy định áp dụng tại ngày 22/11/2026")
    """
    labels = [wrapped(label, across(2.3)) for label in rows["label"]]
    figure, axes = canvas(34 + pitch(9.5, labels) * len(rows), "chart.premium", "", lang, rows["status"])
    state, own = rows["subsidy"].to_numpy(float), rows["own_payment"].to_numpy(float)
    y = np.arange(len(rows))
    axes.barh(y, state, 0.6, color=BLUE, label=say("bar.state", lang))
    axes.barh(y, own, 0.6, left=state, color=ORANGE, hatch="//", edgecolor="white", label=say("bar.own", lang))
    for i in range(len(rows)):
        if state[i]:
            axes.annotate(number(state[i], lang), (state[i] / 2, i), ha="center", va="center", color="white", fontweight="bold", fontsize=9)  # fmt: skip
        if own[i]:
            axes.annotate(number(own[i], lang), (state[i] + own[i], i), (4, 0), textcoords="offset points", va="center", fontweight="bold", fontsize=9)  # fmt: skip
    axes.set(
        yticks=y,
        ylim=(len(rows) - 0.4, -0.6),
        xlabel=say("axis.vnd", lang),
        xlim=(0, (state + own).max() * (1.26 if beside() > 1 else 1.5)),
    )
    axes.set_yticklabels(labels)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, ncol=beside(), borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    both = [
        series(say("bar.state", lang), rows["subsidy"], "n", BLUE),
        series(say("bar.own", lang), rows["own_payment"], "n", ORANGE),
    ]
    tell(figure, lang, list(rows["label"]), both, "stacked", say("axis.vnd", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)


@chart
def commune_people(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """People of the communes: bars, most first; for areas of which nothing else is known.

    ``rows``: ``name``, ``population``, ``status``.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> figure = bhyt.charts.commune_people(rows, "huyện Mẫu 01", "vi", "bảng population")
    """
    rows = rows.sort_values("population")
    labels = [wrapped(n, across(2.6)) for n in rows["name"]]
    figure, axes = canvas(28 + pitch(4.9, labels) * len(rows), "chart.commune_people", name, lang, rows["status"])
    people = rows["population"].to_numpy(float)
    axes.barh(range(len(rows)), people, 0.62, color=GREY)
    for y, value in enumerate(people):
        axes.annotate(number(value, lang), (value, y), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set(yticks=range(len(rows)), yticklabels=labels, xlim=(0, people.max() * (1.15 if beside() > 1 else 1.4)), ylim=(-0.7, len(rows) - 0.3), xlabel=say("axis.people", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    ticks(axes, lang)
    told = series(say("label.population", lang), rows["population"][::-1], "n", GREY)
    tell(figure, lang, list(rows["name"][::-1]), [told], "bar", say("axis.people", lang), rows["status"])
    return foot(figure, source, rows["status"], lang)
