"""What did a decision on zones do? Cards lost, coverage before and after, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    DARK,
    GREEN,
    GREY,
    RED,
    SKY,
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
from bhyt_analysis.tables.formatting import SMALL, suppressed_cells
from bhyt_analysis.tables.labels import add_labels, group_name


@chart_function
def losses(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """People who lost, and gained, a card by commune: bars, most first.

    ``rows``: what `reclassify` gives; communes with no change are left out.

    Examples
    --------
    >>> rows = bhyt.reclassify(bhyt.load(), decision="861", area="Lục Ngạn")
    >>> chart = bhyt.charts.losses(rows, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy Lục Ngạn")
    """
    rows = add_labels(rows, lang)
    rows = rows[(rows["lost"].fillna(0) > 0) | (rows["gained"].fillna(0) > 0)].sort_values("lost")
    labels = [wrap_text(n, scale_width(2.6)) for n in rows["name"]]
    figure, axes = new_chart(36 + row_height_mm(6.0, labels) * len(rows), "chart.lost", name, lang, rows["status"])
    out, new = rows["lost"].fillna(0).to_numpy(float), rows["gained"].fillna(0).to_numpy(float)
    masks = suppressed_cells(rows[["lost", "gained"]])
    small = {"lost": masks["lost"].to_numpy(), "gained": masks["gained"].to_numpy()}
    y = np.arange(len(rows))
    side = -1 if new.any() else 1  # losses to the left only where gains stand on the right
    axes.barh(y, side * np.where(small["lost"], 0, out), 0.62, color=RED, label=translate("column.lost", lang))
    if new.any():
        axes.barh(y, np.where(small["gained"], 0, new), 0.62, color=GREEN, hatch="//", edgecolor="white", label=translate("column.gained", lang))  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncol=legend_columns(), borderaxespad=0.2)
        axes.axvline(0, color="#666666", lw=0.8)
    for i in range(len(rows)):
        for value, way, column in ((out[i], side, "lost"), (new[i], 1, "gained")):
            if value:
                text = format_message("{v:+n}" if new.any() else "{v:n}", lang, v=way * value)
                at = 0 if small[column][i] else way * value
                axes.annotate(f"<{SMALL}" if small[column][i] else text, (at, i), (way * 4, 0), textcoords="offset points", ha="left" if way > 0 else "right", va="center", fontsize=9)  # fmt: skip
    far = max(out.max(initial=0), new.max(initial=0))
    axes.set(yticks=y, yticklabels=labels, ylim=(-0.7, len(rows) - 0.3), xlabel=translate("axis.people", lang))
    wide = 1 if legend_columns() > 1 else 2.2
    axes.set_xlim((-out.max() - far * 0.32 * wide, new.max() + far * 0.25 * wide) if new.any() else (0, far * (1 + 0.12 * wide)))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    told = [chart_series(translate("column.lost", lang), rows["lost"][::-1], "n", RED, small["lost"][::-1])]
    if new.any():
        told.append(
            chart_series(translate("column.gained", lang), rows["gained"][::-1], "n", GREEN, small["gained"][::-1])
        )
    kind = "stacked" if new.any() else "bar"  # a commune loses or gains, seldom both
    attach_description(
        figure, lang, list(rows["name"][::-1]), told, kind, translate("axis.people", lang), rows["status"]
    )
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
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
    >>> chart = bhyt.charts.waterfall(steps, "huyện Sơn Dương", "vi", "ví dụ")
    """
    points = "rate" in steps
    values = steps["rate" if points else "people"].to_numpy(float) * (100 if points else 1)
    title = title or ("chart.waterfall_points" if points else "chart.waterfall")
    figure, axes = new_chart(84, title, name, lang, steps["status"])
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
        text = f"{translate('label.population', lang)}: {format_number(everybody, lang)}"
        axes.annotate(text, (1, everybody), (0, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    span = max(ends) - min(ends) if points else 0
    bottom, top = (min(ends) - span * 0.12, max(ends) + span * 0.16) if points else (0, max([*ends, everybody or 0]) * 1.14)  # fmt: skip
    axis = translate("axis.rate" if points else "axis.people", lang)
    axes.set(ylim=(bottom, top), ylabel=axis, xticks=range(len(steps)), xlim=(-0.5, len(steps) - 0.5))
    axes.set_xticklabels([wrap_text(label, scale_width(4.6) / len(steps)) for label in steps["label"]], fontsize=9)
    axes.tick_params(axis="x", length=0)
    set_ticks(axes, lang, "y")
    more = "; ".join(f"{label}: {text}" for label, text in zip(steps["label"], texts, strict=True))
    attach_description(figure, lang, [], [], "picture", axis, steps["status"], more)
    return add_source_line(figure, source, steps["status"], lang)


def _step_text(value: float, kind: str, points: bool, lang: str) -> str:
    """A level or change as it is labelled; a bound with its sign."""
    if kind.startswith("bound"):
        told = format_message("{v:p1}", lang, v=value / 100) if points else format_number(value, lang)
        return ("≤ " if kind == "bound" else "≥ ") + told
    if points:
        return format_message("{v:p1}" if kind == "level" else "{v:+pp1}", lang, v=value / 100)
    return format_message("{v:n}" if kind == "level" else "{v:+n}", lang, v=value)


def _level(axes: Axes, x: int, value: float, bound: bool, points: bool) -> None:
    """A level of a waterfall: a bar from 0, or where the axis does not begin there a line."""
    if points:
        axes.plot([x - 0.3, x + 0.3], [value] * 2, color=BLUE, lw=4, solid_capstyle="butt")
        return
    look: dict[str, Any] = {"facecolor": "white", "edgecolor": BLUE, "hatch": "..", "ls": "--"} if bound else {"color": BLUE}  # fmt: skip
    axes.bar(x, value, 0.6, **look)


@chart_function
def slope(rows: pd.DataFrame, name: str, days: tuple[Any, Any], lang: str = "vi", source: str = "") -> Figure:
    """Coverage of each commune on two days: those concerned in colour, the rest grey.

    ``rows``: ``name``, ``before``, ``after`` (shares), ``concerned`` (bool), ``status``.

    Examples
    --------
    >>> before, now = (bhyt.coverage(bhyt.load(), "X001", ["commune"], d) for d in ("2021-06-30", "2022-06-30"))
    >>> rows = before.assign(before=before["rate"], after=now["rate"], concerned=now["rate"] < before["rate"])
    >>> chart = bhyt.charts.slope(rows, "huyện Mẫu 01", ("2021-06-30", "2022-06-30"), "vi", "bảng cards")
    """
    rows = add_labels(rows, lang)
    figure, axes = new_chart(98, "chart.slope", name, lang, rows["status"])
    ends = []
    for row in rows.sort_values("concerned").to_dict("records"):
        color = (RED if row["after"] < row["before"] else GREEN) if row["concerned"] else GREY
        axes.plot([0, 1], [row["before"] * 100, row["after"] * 100], "o-", color=color, lw=1.4, ms=4)
        if row["concerned"]:
            ends.append((row["after"] * 100, f"{row['name']} {percent_label(row['after'], lang)}", color))
    # Labels on the right keep clear of each other and tell the end they belong to.
    low, high = rows[["before", "after"]].to_numpy().min() * 100, 100.0
    narrow = legend_columns() == 1
    gap = (high - low) / 15
    at = -np.inf
    for value, end, color in sorted(ends):
        text = wrap_text(end, scale_width(2.0 if legend_columns() > 1 else 2.6), 9)
        at = max(value, at + gap * (text.count("\n") + 1) * 0.9 if "\n" in text else at + gap)
        axes.annotate(text, (1, value), (1.06, at), ha="left", va="center", fontsize=9, color=BLACK, arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6, "shrinkA": 0, "shrinkB": 3}, annotation_clip=False)  # fmt: skip
    axes.set(
        xlim=(-0.08, 2.6 if narrow else 1.62),
        ylim=(low - gap, max(high, at) + gap),
        xticks=[0, 1],
        ylabel=translate("axis.rate", lang),
    )
    axes.set_xticklabels([wrap_text(format_date(d, lang), scale_width(2)) for d in days])
    set_ticks(axes, lang, "y")
    told = rows[rows["concerned"]]
    both = [chart_series(format_date(d, lang), told[c], "p1") for d, c in zip(days, ("before", "after"), strict=True)]
    attach_description(figure, lang, list(told["name"]), both, "picture", translate("axis.rate", lang), rows["status"])
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def curve(rows: pd.DataFrame, bounds: pd.Series, name: str, lang: str = "vi", source: str = "") -> Figure:
    """The share insured again, between its bounds, over the population that is not given.

    ``rows``: what `reenrolment_curve` gives; ``bounds``: the row of `reenrolment`.

    Examples
    --------
    >>> from bhyt_analysis.model.reclassification.take_up import reenrolment_curve
    >>> bounds = bhyt.reenrolment(bhyt.load(), "Lục Ngạn").iloc[0]
    >>> chart = bhyt.charts.curve(reenrolment_curve(bounds), bounds, "huyện Lục Ngạn", "vi", "chỉ thị của Huyện ủy")
    """
    figure, axes = new_chart(82, "chart.curve", name, lang, [bounds["status"]])
    x = rows["population"] / 1000
    axes.fill_between(x, rows["low"] * 100, rows["high"] * 100, color=SKY, alpha=0.55, lw=0)
    axes.plot(x, rows["low"] * 100, color=BLUE, lw=1.4)
    axes.plot(x, rows["high"] * 100, color=BLUE, lw=1.4)
    here = bounds["population"] / 1000
    axes.plot([here] * 2, [bounds["low"] * 100, bounds["high"] * 100], color=RED, lw=4, solid_capstyle="butt")
    text = format_message("{p:n}: {a:p0}–{b:p0}", lang, p=bounds["population"], a=bounds["low"], b=bounds["high"])
    axes.annotate(text, (here, bounds["high"] * 100), (8, 10), textcoords="offset points", fontweight="bold")
    if pd.notna(bounds["largest_population"]):
        most = float(bounds["largest_population"]) / 1000
        text = wrap_text(translate("bar.most", lang, people=bounds["largest_population"]), scale_width(2.2), 9)
        axes.annotate(text, (most, 0), (-2, 52), textcoords="offset points", ha="right", fontsize=9, arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.8, "shrinkB": 4})  # fmt: skip
        axes.plot([most], [0], "o", color=BLACK, ms=5, clip_on=False, zorder=5)
    axes.set(
        xlabel=translate("axis.population", lang),
        ylabel=translate("axis.again", lang),
        ylim=(0, 100),
        xlim=(x.min(), x.max() * 1.02),
    )
    set_ticks(axes, lang)
    set_ticks(axes, lang, "y")
    words = {"population": bounds["population"], "low": bounds["low"], "high": bounds["high"]}
    attach_description(
        figure,
        lang,
        [],
        [],
        "picture",
        translate("axis.again", lang),
        [bounds["status"]],
        translate("alt.curve", lang, **words),
    )
    return add_source_line(figure, source, [bounds["status"]], lang)


@chart_function
def flows(rows: pd.DataFrame, name: str, on: Any, lang: str = "vi", source: str = "") -> Figure:
    """Where those who lost their title are in a month, unit by unit: parts of 100%, most still without on top.

    ``rows``: what `transitions` gives for the month ``on``.

    Examples
    --------
    >>> of = bhyt.project_area(bhyt.load(), "X001", bhyt.read_scenario("decision_861_ordinary"))
    >>> rows = bhyt.transitions(of, "2022-06-30")
    >>> chart = bhyt.charts.flows(rows, "huyện Mẫu 01", "2022-06-30", "vi", "bảng cards và zones")
    """
    moved = rows[rows["to"] != rows["from"]]
    people = moved.pivot_table(index="area", columns="to", values="people", aggfunc="sum")
    order = [t for t in (*ENTITLEMENTS, UNINSURED) if t in people and people[t].sum() > 0]
    people = people.loc[people.sum(axis=1) > 0, order]
    shares = people.div(people.sum(axis=1), axis=0)
    if UNINSURED in shares:
        shares = shares.sort_values(UNINSURED, ascending=False, kind="stable")
    titles = add_labels(moved.drop_duplicates("area"), lang).set_index("area")["name"]
    lost = people.sum(axis=1).reindex(shares.index)
    names = [f"{titles[a]} ({format_number(round(n), lang)})" for a, n in lost.items()]
    labels = [wrap_text(n, scale_width(1.9)) for n in names]
    key_lines = -(-len(order) // legend_columns())
    title = f"{name}, {format_date(on, lang)}"
    figure, axes = new_chart(36 + 8 * key_lines + row_height_mm(6.5, labels) * len(shares), "chart.flows", title, lang, rows["status"])  # fmt: skip
    left, told = np.zeros(len(shares)), []
    for to, color in zip(order, shades(len(order)), strict=True):
        part = shares[to].fillna(0).to_numpy() * 100
        text = translate("label.still_without", lang) if to == UNINSURED else group_name(to, lang)
        axes.barh(range(len(shares)), part, 0.7, left=left, color=color, edgecolor="white", lw=0.6, label=wrap_legend_label(text))  # fmt: skip
        for y, value in enumerate(part):
            if value >= (6 if legend_columns() > 1 else 13):
                axes.text(left[y] + value / 2, y, format_number(value, lang, 0), ha="center", va="center", fontsize=9, color="white" if color in (BLUE, DARK) else BLACK)  # fmt: skip
        left += part
        told.append(chart_series(text, shares[to], "p1", color))
    axes.set_yticks(range(len(shares)), labels)
    axes.set(xlim=(0, 100), ylim=(len(shares) - 0.5, -0.5), xlabel=translate("axis.of_lost", lang))
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=legend_columns(), frameon=False, fontsize=9, borderaxespad=0.2
    )
    attach_description(figure, lang, names, told, "stacked", translate("axis.of_lost", lang), rows["status"])
    return add_source_line(figure, source, rows["status"], lang)
