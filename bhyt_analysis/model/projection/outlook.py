"""Describe a projection on one day: the insured, the steps from the count, the year's cost, the communes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.population import add_population
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_month
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.distribution.rounding import round_half_up
from bhyt_analysis.model.projection.after_loss import after_loss
from bhyt_analysis.model.projection.baseline import GROUPS, Baseline
from bhyt_analysis.model.projection.cohort import READINGS, SUPPORT_WINDOWS, Floats
from bhyt_analysis.model.projection.projection import (
    Projection,
    first_dispute,
    insured_people,
    month_statuses,
    project,
)
from bhyt_analysis.model.projection.simulate import MONEY, QUANTILES, RESULTS, whole_people, without_groups


def add_intervals(months: pd.DataFrame, projection: Projection, rates: Floats) -> pd.DataFrame:
    """Return the months of a projection with the intervals of the area as a whole.

    ``months`` are what `projection_table` gives without draws, ``rates`` the drawn coverage of `area_rates`. Returns
    them with intervals: in the behavioural ones ``rate_low`` to ``rate_high`` are those of `simulate`.

    Examples
    --------
    >>> from bhyt_analysis.model.projection import assumptions, uncertainty
    >>> data, scenario = bhyt.load(), bhyt.Scenario("861", decision="861")
    >>> months, projection = (f(data, "Lục Ngạn", scenario) for f in (bhyt.simulate, bhyt.project_area))
    >>> rates = uncertainty.area_rates(projection, assumptions.draw_assumptions(projection.assumptions, 1000, seed=1))
    >>> area = add_intervals(months.assign(rate_low=np.nan), projection, rates).dropna(subset=["rate_low"])
    >>> len(area), bool(np.allclose(area["rate_low"], months.loc[area.index, "rate_low"]))
    (61, True)
    """
    area = months.copy()
    bounds = np.quantile(rates[:, projection.report_index :], list(QUANTILES.values()), axis=0)
    area.loc[area["result"] == "behavioural", list(QUANTILES)] = bounds.T
    return area


@result_table
def outlook(months: pd.DataFrame, on: str | pd.Timestamp) -> pd.DataFrame:
    """Return the coverage of an area at the end of a month, and the cost of that calendar year for each payer.

    ``months`` are what `simulate` gives for one scenario and area, ``on`` a day of the month. Returns a DataFrame, one
    row a ``result``: ``on`` (the month's end), ``people``, ``insured``, ``uninsured``, ``rate``, ``rate_low``,
    ``rate_median``, ``rate_high``, ``year`` and ``months`` (of it that lie after the start; the count itself costs
    nothing), VND of those months by payer (``vnd_central``, ``vnd_province``, ``vnd_social_security_fund``,
    ``vnd_employer``, ``vnd_household``), ``costed`` (share of the insured whose cost is known), ``proposal``,
    ``status``. Raises BhytError for a month that the table does not have.

    Examples
    --------
    >>> months = bhyt.simulate(bhyt.load(), "Lục Ngạn", bhyt.Scenario("861", decision="861"), draws=0)
    >>> table = outlook(months, "2021-12-31").set_index("result")
    >>> table.loc["static", ["people", "insured", "uninsured", "months"]].tolist()
    [226540, 178630, 47910, 6]
    """
    area = without_groups(months)
    day, first, last = pd.Timestamp(parse_month(on)), area["month"].min(), area["month"].max()
    if day not in set(area["month"]):
        raise BhytError(("error.no_month", {"on": day, "first": first, "last": last}))
    year = area[(area["month"].dt.year == day.year) & (area["month"] > first)]
    sums = year.groupby("result")[[*MONEY, "insured_costed", "insured"]].sum()
    columns = ["people", "insured", "uninsured", "rate", "rate_low", "rate_median", "rate_high"]
    rows = area[area["month"] == day].set_index("result").reindex(RESULTS).drop(columns=MONEY).join(sums[MONEY])
    rows = rows.assign(on=day, year=day.year, months=year["month"].nunique())
    rows = rows.assign(uninsured=rows["people"] - rows["insured"], costed=sums["insured_costed"] / sums["insured"])
    return rows[["on", *columns, "year", "months", *MONEY, "costed", "proposal", "status"]].reset_index()


def other_reading(projection: Projection, law: Law) -> pd.DataFrame:
    """Return coverage in both readings of the law, where a projection rests on a point on which the sources disagree.

    ``law`` is that without the scenario. One row a month of results, from the first in dispute on: ``month``, ``rate``
    (of the projection) and ``other`` (in the other reading), with central assumptions. Empty where no month is in
    dispute, or the scenario takes the support of neither reading.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.read_scenario("decision_861_ordinary"))
    >>> table = other_reading(projection, bhyt.Law.read()).set_index("month")
    >>> bool(table.loc["2026-10-31", "rate"] > table.loc["2026-10-31", "other"] + 0.001)
    True
    """
    months = pd.DatetimeIndex(projection.months[projection.report_index :])
    in_dispute, window = months >= first_dispute(projection), READINGS.get(projection.scenario.support_window)
    table = pd.DataFrame({"month": months[in_dispute], "rate": np.nan, "other": np.nan})
    if table.empty or window is None:
        return table.head(0)
    scenario = dataclasses.replace(projection.scenario, support_window=window)
    readings = {"rate": projection, "other": project(projection.baseline, scenario, scenario.apply_to_law(law))}
    for column, one in readings.items():
        insured = insured_people(one, block=one.whole_area, by_group=False)[0, 0]
        table[column] = (insured / one.people.sum(axis=0))[projection.report_index :][in_dispute]
    return table


def support_ends(projection: Projection) -> dict[pd.Timestamp, str]:
    """Return the last days of supports within a projection, each with its group.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"))
    >>> {str(day.date()): group for day, group in support_ends(projection).items()}
    {'2026-10-31': 'minority_left_2016_2020_list'}
    """
    months, ends = projection.months, {}
    for units in projection.unit_classes:
        for group, one in units.support_ends.items():
            if projection.baseline.insured[units.units, group].any():
                ends[months[one.exit_month - 1]] = GROUPS[group]
    for exits in projection.exit_classes:
        for key in filter(None, dict.fromkeys(SUPPORT_WINDOWS.values())):
            supported = np.flatnonzero((exits.entitlements.keys == key).any(axis=0))
            if len(supported) and supported[-1] + 1 < len(months):
                ends[months[supported[-1]]] = key
    return ends


@result_table
def coverage_steps(
    projection: Projection, months: pd.DataFrame, on: str | pd.Timestamp, result: str = "behavioural"
) -> pd.DataFrame:
    """Return the people insured at the start, the changes since, and those insured at the end of a month.

    Returns a DataFrame with ``step`` ("start", "lost", "gained", "back", "other", "end"), ``people`` (levels, and
    changes with their sign, that add up), ``kind`` ("level" or "change"), ``on``, ``status``. "back" are those of the
    lost who are insured at the end, "other" all who came or went otherwise (price, outreach, growth). Steps of 0 people
    are left out.

    Examples
    --------
    >>> data, scenario = bhyt.load(), bhyt.Scenario("861", decision="861")
    >>> months, projection = (f(data, "Lục Ngạn", scenario) for f in (bhyt.simulate, bhyt.project_area))
    >>> table = coverage_steps(projection, months, "2021-12-31", "static")
    >>> dict(zip(table["step"], table["people"].tolist()))
    {'start': 224275, 'lost': -46106, 'back': 461, 'end': 178630}
    """
    rows = without_groups(months)
    rows = rows[rows["result"] == result].set_index("month")
    day, first, exits = pd.Timestamp(parse_month(on)), rows.index.min(), projection.baseline.exits
    start, end = int(rows.at[first, "insured"]), int(rows.at[day, "insured"])
    gained = exits.loc[(exits["on"] > first) & (exits["on"] <= day) & (exits["gained"] > 0), "gained"].sum()
    lost = back = 0
    followed = after_loss(projection, [result]).set_index("month") if len(exits) else pd.DataFrame()
    if day in followed.index:
        sums = followed[["lost", "uninsured"]].astype(float).reindex([first, day]).fillna(0.0)
        change = sums.iloc[1] - sums.iloc[0]
        lost = round(change["lost"])
        back = int(round_half_up(lost - change["uninsured"]))
    people = {"start": start, "lost": -lost, "gained": int(gained), "back": back}
    people |= {"other": end - sum(people.values()), "end": end}
    table = pd.DataFrame({"step": list(people), "people": list(people.values()), "kind": "change", "on": day})
    table.loc[table["step"].isin(["start", "end"]), "kind"] = "level"
    table.loc[table["step"] == "start", "on"] = first
    projected = lowest_quality("estimated", rows.at[day, "status"])
    table["status"] = np.where(table["step"] == "start", rows.at[first, "status"], projected)
    return table[(table["kind"] == "level") | (table["people"] != 0)].reset_index(drop=True)


@result_table
def communes_at_baseline(data: Dataset, baseline: Baseline, impact: pd.DataFrame) -> pd.DataFrame:
    """Return each commune of an area: its people, its zones, who loses and who gains by a decision.

    ``impact`` is what `reclassify` gives of the area for the decision; empty without one. Returns a DataFrame, one row
    a commune: ``area``, ``name``, ``zone_before``, ``zone_after``, ``population``, ``lost``, ``gained``, ``lost_share``
    (of the population), ``status``. What is not known is missing.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.baseline import build_baseline
    >>> data = bhyt.load()
    >>> baseline = build_baseline(data, "Lục Ngạn", bhyt.Scenario("861", decision="861"))
    >>> table = communes_at_baseline(data, baseline, bhyt.reclassify(data, "861", "Lục Ngạn"))
    >>> len(table), int(table["lost"].sum()), int(table["lost"].notna().sum())
    (29, 46106, 14)
    """
    view = area_view(data, baseline.area)
    code, data = view.code, view.data
    codes = data.geography.commune_codes(code, baseline.day)
    table = pd.DataFrame({"area": pd.Series(codes, dtype="str"), "as_of": baseline.day})  # text without communes, too
    table = add_population(table, data.geography, data.population).rename(columns={"population": "counted"})
    table["name"] = [data.geography.unit_at(c, baseline.day).name for c in codes]
    columns = ["zone_before", "zone_after", "population", "lost", "gained"]
    by_area = impact.drop_duplicates("area").set_index("area").reindex(codes)
    table = table.join(by_area[[*columns, "status"]], on="area")
    table[["zone_before", "zone_after"]] = table[["zone_before", "zone_after"]].fillna("")
    table["population"] = table["population"].fillna(table["counted"]).astype("Int64")
    table["lost_share"] = table["lost"].astype("float64") / table["population"].astype("float64")
    pairs = zip(table["status"], table["population_status"], strict=True)
    table["status"] = [derived_quality([s for s in pair if isinstance(s, str) and s]) for pair in pairs]
    return table[["area", "name", *columns, "lost_share", "status"]].astype({"lost": "Int64", "gained": "Int64"})


@result_table
def communes_in_month(at_baseline: pd.DataFrame, projection: Projection, on: str | pd.Timestamp) -> pd.DataFrame:
    """Return the communes with their coverage at the end of a month, with take-up.

    Returns the columns of ``at_baseline`` (what `communes_at_baseline` gives) and ``insured``, ``uninsured`` (people),
    ``rate``; missing where the cards of communes are not known.

    Examples
    --------
    >>> data, scenario = bhyt.load(), bhyt.Scenario("861", decision="861")
    >>> projection = bhyt.project_area(data, "X001", scenario)
    >>> baseline = projection.baseline
    >>> communes = communes_at_baseline(data, baseline, bhyt.reclassify(data, "861", "X001"))
    >>> int(communes_in_month(communes, projection, "2021-06-30")["insured"].sum()) == int(baseline.insured.sum())
    True
    """
    missing = pd.array([None] * len(at_baseline), dtype="Int64")
    table = at_baseline.assign(insured=missing, rate=float("nan"), uninsured=missing)
    baseline = projection.baseline
    if len(baseline.units) > 1:
        t = projection.months.index(pd.Timestamp(parse_month(on)))
        people, groups = whole_people(projection, "behavioural", [t])
        people, insured = people[:, 0], groups.sum(axis=1)[:, 0]
        units = baseline.units.assign(insured=insured, uninsured=people - insured, rate=insured / people)
        units = units.set_index("area").loc[table["area"]]
        table[["insured", "uninsured"]] = units[["insured", "uninsured"]].astype("Int64").to_numpy()
        table["rate"] = units["rate"].to_numpy()
        of_month = month_statuses(projection)[t]
        statuses = zip(table["status"], units["status"], strict=True)
        table["status"] = [derived_quality(*pair, of_month) for pair in statuses]
    return table
