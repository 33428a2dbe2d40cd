"""Draw what a card costs, who pays for it, and what one more insured person costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection.simulate import without_groups
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.labels import one_projection, statuses_of, unit_title

PAYER_COLORS = dict(zip(PAYERS, ("blue", "green", "sky", "orange", drawing.LIGHT), strict=True))  # dark to light


@chart_function
def premium(rows: pd.DataFrame, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw a year's premium by entitlement, split into what the State and the person pay.

    Parameters
    ----------
    rows
        what `premiums` gives, with ``label`` and ``status``.
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
    >>> people = pd.DataFrame({"group": ["near_poor", "student"], "label": ["Cận nghèo", "Học sinh"], "status": "law"})
    >>> rows = bhyt.premiums(people, bhyt.Law.read().at("2026-11-22"))
    >>> chart = bhyt.charts.premium(rows, "vi", "quy định áp dụng tại ngày 22/11/2026")
    """
    lang = check_lang(lang)
    labels = drawing.wrap_labels(rows["label"], 2.3)
    sheet = drawing.new_chart(drawing.rows_height_mm(34, 9.5, labels), "chart.premium", "", lang, rows["status"])
    state, own = rows["subsidy"].to_numpy(float), rows["own_payment"].to_numpy(float)
    names, y = [translate(f"bar.{key}", lang) for key in ("state", "own")], range(len(rows))
    sheet.axes.barh(y, state, 0.6, color=drawing.hue("blue"), label=names[0])
    sheet.axes.barh(y, own, 0.6, left=state, color=drawing.hue("orange"), hatch="//", edgecolor="white", label=names[1])
    for i in y:
        if state[i]:
            sheet.label(format_number(state[i], lang), (state[i] / 2, i), ha="center", bold=True, color="white")
        if own[i]:
            sheet.label(format_number(own[i], lang), (state[i] + own[i], i), (4, 0), bold=True)
    sheet.set_rows(labels, 0.6)
    sheet.set_axis("x", "axis.vnd", (0, (state + own).max() * (1.5 if drawing.is_narrow() else 1.26)))
    sheet.legend(fontsize=9.5)
    sheet.add_series(names[0], rows["subsidy"], "n", drawing.hue("blue"))
    sheet.add_series(names[1], rows["own_payment"], "n", drawing.hue("orange"))
    return sheet.finish(source, rows["label"], "stacked")


@chart_function
def cost(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw what a year of the lost cards costs at the base salary of each day.

    Parameters
    ----------
    rows
        what `full_year_cost` gives, one or more laws.
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
    >>> days = ["2021-07-01", "2023-07-01", "2024-07-01", "2026-07-01"]
    >>> rows = bhyt.full_year_cost(30082, bhyt.Law.read(), days, "published")
    >>> chart = bhyt.charts.cost(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    lang = check_lang(lang)
    narrow, is_proposal = drawing.is_narrow(), (rows["status"] == "proposal").tolist()
    sheet = drawing.new_chart(34 + (14 if narrow else 9.5) * len(rows), "chart.cost", name, lang, rows["status"])
    billions = rows["cost"].to_numpy(float) * 1e-9
    for y, value in enumerate(billions):
        color, hatch = (drawing.hue("orange"), "//") if is_proposal[y] else (drawing.hue("blue"), "")
        sheet.axes.barh(y, value, 0.6, color=color, hatch=hatch, edgecolor="white")
        text = format_number(value, lang, 1) + (f" ({translate('label.proposal', lang)})" if is_proposal[y] else "")
        sheet.label(drawing.wrap_text(text, drawing.scale_width(1.8)), (value, y), (4, 0), fontsize=9.5, bold=True)
    template = "{d:date}: {s:n} × {r:pe}"
    labels = [format_message(template, lang, d=r.on, s=r.base_salary, r=r.contribution_rate) for r in rows.itertuples()]
    sheet.set_rows(drawing.wrap_labels(labels, 2.2))
    free = 1.9 if narrow else 1.45 if any(is_proposal) else 1.14
    sheet.set_axis("x", "axis.billions", (0, billions.max() * free))
    sheet.add_series(column_name("cost_bn", lang), billions, "d1", drawing.hue("blue"))
    return sheet.finish(source, labels, "bar")


@chart_function
def payers(
    rows: pd.DataFrame,
    name: str = "",
    lang: str | None = None,
    source: str = "",
    result: str = "behavioural",
    *,
    size: str = "a4",
) -> Chart:
    """Draw what each payer bears year by year under one scenario, stacked (billion VND).

    Only full years of months that lie after the start; costs that are not known are left out, and the note says so.

    Parameters
    ----------
    rows
        what `simulate` gives for one scenario and area.
    name
        the name of the area, for the title; by default that of the rows.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    result
        "behavioural", or "static" for the path without changes of behaviour.
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
    >>> rows = bhyt.simulate(bhyt.load(), "Sơn Dương", bhyt.read_scenario("status_quo"), draws=0)
    >>> chart = bhyt.charts.payers(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    lang = check_lang(lang)
    rows = one_projection(without_groups(rows))
    totals = rows[rows["result"] == result]
    totals = totals[totals["month"] > totals["month"].min()]
    by_year = totals.groupby(totals["month"].dt.year)
    years, count = by_year[[f"vnd_{p}" for p in PAYERS]].sum() * 1e-9, by_year["month"].count()
    labels = [
        str(y) if count[y] == 12 else translate("label.months_of", lang, year=str(y), months=int(count[y]))
        for y in years.index
    ]
    title = f"{unit_title(rows, name, lang)}, “{rows['scenario'].iloc[0]}”"
    sheet = drawing.new_chart(50 + 12 * len(years), "chart.payers", title, lang, statuses_of(totals))
    ends, widest = np.zeros(len(years)), float(years.sum(axis=1).max())
    for payer, name in PAYER_COLORS.items():
        color = drawing.hue(name)
        part = years[f"vnd_{payer}"].to_numpy()
        if part.any():
            text, least = translate(f"payer.{payer}", lang), widest * 0.07
            ends = sheet.stack_bars(text, part, ends, color, least, places=1, height=0.6, lw=0.8)
            sheet.add_series(text, part, "d1", color)
    for y, total in enumerate(ends):
        sheet.label(format_number(total, lang, 1), (total, y), (4, 0), fontsize=9.5, bold=True)
    sheet.set_rows([drawing.wrap_text(text, max(drawing.scale_width(1.1), 0.6)) for text in labels])
    sheet.set_axis("x", "label.billions", (0, widest * 1.14))
    sheet.legend()
    costed_share = totals["insured_costed"].sum() / max(totals["insured"].sum(), 1)
    note = translate("note.costed", lang, share=costed_share) if costed_share < 0.9995 else ""
    return sheet.finish(source, labels, "stacked", note)


@chart_function
def cost_per_insured(
    rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw public money for one more insured person against how many more there are; the best choices connected.

    A choice is on the frontier where no other brings as many people for less money each.

    Parameters
    ----------
    rows
        what `compare` gives; what brings no people, or saves, is left out.
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
    >>> names = "status_quo decision_861_ordinary decision_861_high support_continued_2026 near_poor_100".split()
    >>> rows = bhyt.compare(bhyt.simulate(bhyt.load(), "Sơn Dương", [bhyt.read_scenario(n) for n in names], draws=0))
    >>> chart = bhyt.charts.cost_per_insured(rows, "huyện Sơn Dương", "vi", "kế hoạch của huyện")
    """
    lang = check_lang(lang)
    rows = rows[(rows["result"] == "behavioural") & (rows["people"] > 0) & rows["vnd_per_additional"].notna()]
    rows = rows.assign(million=rows["vnd_per_additional"] * 1e-6).sort_values("people")
    x, y = rows["people"].to_numpy(float), rows["million"].to_numpy(float)
    texts = (
        f"{r.scenario}: {format_number(r.people, lang)}; {format_number(r.million, lang, 1)}" for r in rows.itertuples()
    )
    labels = [drawing.wrap_text(text, max(drawing.scale_width(1.8), 1.2), 9) for text in texts]
    heights = [(text.count("\n") + 1.6) * 9 * 1.25 / 72 for text in labels]
    sheet = drawing.new_chart(
        max(96, sum(heights) * 25.4 + 52), "chart.cost_per_insured", name, lang, statuses_of(rows)
    )
    # From the most people down: on the frontier while the money for each falls.
    cheapest = rows["million"][::-1].cummin()[::-1]
    best, axes = (rows["million"] <= cheapest).to_numpy(), sheet.axes
    axes.plot(x[best], y[best], color=drawing.hue("blue"), lw=1.2, ls="--", zorder=1)
    axes.plot(x[best], y[best], "D", color=drawing.hue("blue"), ms=7)
    axes.plot(x[~best], y[~best], "o", color=drawing.GREY, ms=7)
    sheet.set_axis("x", "axis.more_people", (0, x.max() * 1.08))
    sheet.set_axis("y", "axis.million_each", (0, y.max() * 1.15), places=1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_locator(MaxNLocator(2 if drawing.is_narrow() else 5))
    height = sheet.figure.get_figheight() - 2.0  # inches of the axes, at least
    line = {"arrowstyle": "-", "color": drawing.GREY, "lw": 0.6, "relpos": (0, 0.5), "shrinkB": 4}
    centres = _separate(y / axes.get_ylim()[1], [h / height for h in heights])
    for i, centre in enumerate(centres):
        look: drawing.Look = {
            "color": drawing.hue("blue") if best[i] else drawing.DARK,
            "annotation_clip": False,
            "arrowprops": line,
        }
        sheet.label(labels[i], (x[i], y[i]), (1.05, centre), bold=best[i], textcoords="axes fraction", **look)
    sheet.add_series(translate("axis.more_people", lang), rows["people"], "n")
    sheet.add_series(translate("axis.million_each", lang), rows["million"], "d1")
    return sheet.finish(source, rows["scenario"], note=translate("note.cost_per_insured", lang))


def _separate(centres: Sequence[float] | np.ndarray, heights: Sequence[float]) -> list[float]:
    """Move the centres of labels of these heights (parts of the axes) as little as keeps them off each other.

    Examples
    --------
    >>> [round(centre, 2) for centre in _separate([0.1, 0.5, 0.52], [0.1, 0.1, 0.1])]
    [0.1, 0.5, 0.6]
    >>> [round(centre, 2) for centre in _separate([0.9, 1.0], [0.2, 0.2])]
    [0.7, 0.9]
    """
    places, top, bottom = list(centres), -np.inf, 1.0
    order = [int(i) for i in np.argsort(centres, kind="stable")]
    for i in order:
        places[i] = max(places[i], top + heights[i] / 2)
        top = places[i] + heights[i] / 2
    for i in reversed(order):
        places[i] = min(places[i], bottom - heights[i] / 2)
        bottom = places[i] - heights[i] / 2
    return places
