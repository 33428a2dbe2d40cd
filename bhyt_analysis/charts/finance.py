"""What does a card cost, who pays, and what does one more insured person cost?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    DARK,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    add_source_line,
    attach_description,
    chart_function,
    legend_columns,
    new_chart,
    row_height_mm,
    scale_width,
    set_ticks,
    wrap_legend_label,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.tables.labels import statuses_of


@chart_function
def premium(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """A year's premium by title, split into what the State and the person pay.

    ``rows``: what `premiums` gives, with ``label`` and ``status``.

    Examples
    --------
    >>> people = pd.DataFrame({"group": ["near_poor", "student"], "label": ["Cận nghèo", "Học sinh"], "status": "law"})
    >>> rows = bhyt.premiums(people, bhyt.Law.read().at("2026-11-22"))
    >>> chart = bhyt.charts.premium(rows, "vi", "quy định áp dụng tại ngày 22/11/2026")
    """
    labels = [wrap_text(label, scale_width(2.3)) for label in rows["label"]]
    figure, axes = new_chart(34 + row_height_mm(9.5, labels) * len(rows), "chart.premium", "", lang, rows["status"])
    state, own = rows["subsidy"].to_numpy(float), rows["own_payment"].to_numpy(float)
    y = np.arange(len(rows))
    axes.barh(y, state, 0.6, color=BLUE, label=translate("bar.state", lang))
    axes.barh(y, own, 0.6, left=state, color=ORANGE, hatch="//", edgecolor="white", label=translate("bar.own", lang))
    for i in range(len(rows)):
        if state[i]:
            axes.annotate(format_number(state[i], lang), (state[i] / 2, i), ha="center", va="center", color="white", fontweight="bold", fontsize=9)  # fmt: skip
        if own[i]:
            axes.annotate(format_number(own[i], lang), (state[i] + own[i], i), (4, 0), textcoords="offset points", va="center", fontweight="bold", fontsize=9)  # fmt: skip
    axes.set(
        yticks=y,
        ylim=(len(rows) - 0.4, -0.6),
        xlabel=translate("axis.vnd", lang),
        xlim=(0, (state + own).max() * (1.26 if legend_columns() > 1 else 1.5)),
    )
    axes.set_yticklabels(labels)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, ncol=legend_columns(), borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    both = [
        chart_series(translate("bar.state", lang), rows["subsidy"], "n", BLUE),
        chart_series(translate("bar.own", lang), rows["own_payment"], "n", ORANGE),
    ]
    attach_description(figure, lang, list(rows["label"]), both, "stacked", translate("axis.vnd", lang), rows["status"])
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def cost(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """What a year of the lost cards costs at the base salary of each day.

    ``rows``: what `full_year_cost` gives, one or more laws.

    Examples
    --------
    >>> days = ["2021-07-01", "2023-07-01", "2024-07-01", "2026-07-01"]
    >>> rows = bhyt.full_year_cost(30082, bhyt.Law.read(), days, "published")
    >>> chart = bhyt.charts.cost(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    figure, axes = new_chart(
        34 + row_height_mm(9.5 if legend_columns() > 1 else 14) * len(rows), "chart.cost", name, lang, rows["status"]
    )
    billions = rows["cost"].to_numpy(float) * 1e-9
    for y, (row, value) in enumerate(zip(rows.to_dict("records"), billions, strict=True)):
        planned = row["status"] == "proposal"
        axes.barh(y, value, 0.6, color=ORANGE if planned else BLUE, hatch="//" if planned else "", edgecolor="white")
        text = format_number(value, lang, 1) + (f" ({translate('label.proposal', lang)})" if planned else "")
        axes.annotate(
            wrap_text(text, scale_width(1.8)),
            (value, y),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold",
        )
    labels = [
        f"{format_date(r.on, lang)}: {format_number(r.base_salary, lang)} × {format_message('{v:pe}', lang, v=r.contribution_rate)}"
        for r in rows.itertuples()
    ]
    told = chart_series(translate("column.cost_bn", lang), billions, "d1", BLUE)
    attach_description(figure, lang, labels, [told], "bar", translate("axis.billions", lang), rows["status"])
    axes.set_yticks(range(len(rows)), [wrap_text(label, scale_width(2.2)) for label in labels])
    room = 1.45 if (rows["status"] == "proposal").any() else 1.14
    axes.set(
        xlim=(0, billions.max() * (room if legend_columns() > 1 else 1.9)),
        ylim=(len(rows) - 0.5, -0.5),
        xlabel=translate("axis.billions", lang),
    )
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    return add_source_line(figure, source, rows["status"], lang)


PAYER_COLORS = dict(zip(PAYERS, (BLUE, GREEN, SKY, ORANGE, "#DDDDDD"), strict=True))  # dark to light


@chart_function
def payers(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "", result: str = "behavioural") -> Figure:
    """What each payer bears year by year under one scenario, stacked (billion VND).

    ``rows``: what `simulate` gives for one scenario and area. Only full years of months
    that lie after the start; costs that are not known are left out, and said.

    Examples
    --------
    >>> rows = bhyt.simulate(bhyt.load(), "Sơn Dương", bhyt.read_scenario("status_quo"), draws=0)
    >>> chart = bhyt.charts.payers(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    whole = rows[(rows["group"] == "all") & (rows["result"] == result)]
    whole = whole[whole["month"] > whole["month"].min()]
    money = [f"vnd_{p}" for p in PAYERS]
    years = whole.groupby(whole["month"].dt.year)[money].sum() * 1e-9
    count = whole.groupby(whole["month"].dt.year)["month"].count()
    labels = [str(y) if count[y] == 12 else translate("label.months_of", lang, year=str(y), months=int(count[y])) for y in years.index]  # fmt: skip
    figure, axes = new_chart(50 + 12 * len(years), "chart.payers", f"{name}, “{rows['scenario'].iloc[0]}”", lang, statuses_of(whole))  # fmt: skip
    left, told = np.zeros(len(years)), []
    widest = float(years.sum(axis=1).max())
    for payer in PAYERS:
        part = years[f"vnd_{payer}"].to_numpy()
        if not part.any():
            continue
        axes.barh(range(len(years)), part, 0.6, left=left, color=PAYER_COLORS[payer], label=wrap_legend_label(translate(f"payer.{payer}", lang)), edgecolor="white", lw=0.8)  # fmt: skip
        for y, value in enumerate(part):
            if value > widest * 0.07:
                axes.text(left[y] + value / 2, y, format_number(value, lang, 1), ha="center", va="center", fontsize=9, color="white" if payer == "central" else BLACK)  # fmt: skip
        left += part
        told.append(chart_series(translate(f"payer.{payer}", lang), part, "d1", PAYER_COLORS[payer]))
    for y, total in enumerate(left):
        axes.annotate(format_number(total, lang, 1), (total, y), (4, 0), textcoords="offset points", va="center", fontweight="bold")  # fmt: skip
    axes.set_yticks(range(len(years)), [wrap_text(text, max(scale_width(1.1), 0.6)) for text in labels])
    axes.set(xlim=(0, widest * 1.14), ylim=(len(years) - 0.5, -0.5), xlabel=translate("label.billions", lang))
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=legend_columns(), frameon=False, fontsize=9, borderaxespad=0.2
    )
    attach_description(figure, lang, labels, told, "stacked", translate("label.billions", lang), statuses_of(whole))
    known = whole["insured_costed"].sum() / max(whole["insured"].sum(), 1)
    note = translate("note.costed", lang, share=known) if known < 0.9995 else ""
    return add_source_line(figure, source, statuses_of(whole), lang, note)


@chart_function
def cost_per_insured(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Public money for one more insured person against how many more there are; the best choices joined.

    A choice is on the frontier where no other brings as many people for less money each.
    ``rows``: what `compare` gives; what brings nobody, or saves, is left out.

    Examples
    --------
    >>> names = "status_quo decision_861_ordinary decision_861_high support_continued_2026 near_poor_100".split()
    >>> rows = bhyt.compare(bhyt.simulate(bhyt.load(), "Sơn Dương", [bhyt.read_scenario(n) for n in names], draws=0))
    >>> chart = bhyt.charts.cost_per_insured(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện")
    """
    shown = rows[(rows["result"] == "behavioural") & (rows["people"] > 0) & rows["vnd_per_additional"].notna()]
    shown = shown.assign(million=shown["vnd_per_additional"] * 1e-6).sort_values("people")
    statuses = [*shown["status"], *(["proposal"] if shown["proposal"].any() else [])]
    x, y = shown["people"].to_numpy(float), shown["million"].to_numpy(float)
    labels = [wrap_text(f"{r.scenario}: {format_number(r.people, lang)}; {format_number(r.million, lang, 1)}", max(scale_width(1.8), 1.2), 9) for r in shown.itertuples()]  # fmt: skip
    heights = [(text.count("\n") + 1.6) * 9 * 1.25 / 72 for text in labels]
    figure, axes = new_chart(max(96, sum(heights) * 25.4 + 52), "chart.cost_per_insured", name, lang, statuses)
    # From the most people down: on the frontier while the money for each falls.
    cheapest = shown["million"][::-1].cummin()[::-1]
    best = (shown["million"] <= cheapest).to_numpy()
    axes.plot(x[best], y[best], color=BLUE, lw=1.2, ls="--", zorder=1)
    for chosen, color, marker in ((best, BLUE, "D"), (~best, GREY, "o")):
        axes.plot(x[chosen], y[chosen], marker, color=color, ms=7)
    axes.set(xlim=(0, x.max() * 1.08), ylim=(0, y.max() * 1.15))
    axes.set(xlabel=translate("axis.more_people", lang), ylabel=translate("axis.million_each", lang))
    tall = figure.get_figheight() - 2.0  # inches of the axes, at least
    for i, at in enumerate(_apart(y / axes.get_ylim()[1], [h / tall for h in heights])):
        axes.annotate(labels[i], (x[i], y[i]), (1.05, at), textcoords="axes fraction", va="center", fontsize=9, color=BLUE if best[i] else DARK, fontweight="bold" if best[i] else "normal", annotation_clip=False, arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6, "relpos": (0, 0.5), "shrinkB": 4})  # fmt: skip
    set_ticks(axes, lang)
    set_ticks(axes, lang, "y", 1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    told = [chart_series(translate("axis.more_people", lang), shown["people"], "n"), chart_series(translate("axis.million_each", lang), shown["million"], "d1")]  # fmt: skip
    attach_description(
        figure, lang, shown["scenario"].tolist(), told, "picture", translate("axis.million_each", lang), statuses
    )
    return add_source_line(figure, source, statuses, lang, translate("note.cost_per_insured", lang))


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
