"""Measure how sure a projection is, what changes it most, and what would have to be true to reach a target."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_month
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.shares import ShareLike, parse_share
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection import assumptions
from bhyt_analysis.model.projection.after_loss import after_loss
from bhyt_analysis.model.projection.assumptions import RANGE, Values, central_values, draw_assumptions
from bhyt_analysis.model.projection.cohort import Floats
from bhyt_analysis.model.projection.division import UNINSURED
from bhyt_analysis.model.projection.projection import (
    HOUSEHOLD,
    Projection,
    commune_rates,
    coverage_changes,
    insured_people,
    month_statuses,
    some_units_at_a_time,
)
from bhyt_analysis.model.projection.scenario import ScenarioLike, Target, as_scenario
from bhyt_analysis.model.projection.simulate import QUANTILES, household_scales, project_area
from bhyt_analysis.model.targets.targets import binding_targets, nearest_targets, people_needed

TOLERANCE = 1e-6
REENROLLED = "reenrolled"
OUTCOMES = ("rate", "cost")
YEAR = 12  # months


def area_rates(projection: Projection, values: Values, result: str = "behavioural") -> Floats:
    """Return the reported coverage of the area by draw and month: cards to the people of the plan's own count.

    Its uncertainty is behaviour and place; see `reported_and_true_rates`.
    """
    insured = insured_people(projection, result, values, projection.whole_area, by_group=False)[:, 0]
    return insured / projection.people.sum(axis=0)


@result_table
def reported_and_true_rates(
    projection: Projection, on: str | pd.Timestamp, draws: int = 1000, seed: int = 1
) -> pd.DataFrame:
    """Return the coverage of a month as it is reported, and as it is without the errors of counts.

    The reported rate, by which a plan is judged, is cards to the people of the plan's own count. The true one is
    insured people to the people there are: without duplicate cards (assumption ``duplicates``), of a population that
    was counted with an error (``population_error``).

    Parameters
    ----------
    projection
        what `project_area` gives, or data, an area and a scenario.
    on
        a month of it.
    draws
        how often the assumptions are drawn.
    seed
        of the draws.

    Returns
    -------
    DataFrame
        Two rows: ``kind`` ("reported", "true"), ``on``, ``rate_low``, ``rate_inner_low``, ``rate_median``,
        ``rate_inner_high``, ``rate_high``, ``status``.

    Raises
    ------
    BhytError
        for a month outside the projection.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.Scenario("861", decision="861"))
    >>> rates = bhyt.reported_and_true_rates(projection, "2021-12-31").set_index("kind")
    >>> (rates["rate_high"] - rates["rate_low"]).gt(0.01).to_dict()
    {'reported': False, 'true': True}
    """
    t = _month_index(projection, on)
    values = draw_assumptions(projection.assumptions, draws, seed)
    reported = area_rates(projection, values)[:, t]
    correction = (1 - values["duplicates"]) / (1 + values["population_error"])
    both = np.quantile([reported, np.minimum(reported * correction, 1.0)], list(QUANTILES.values()), axis=1)
    status = month_statuses(projection)[t]
    table = pd.DataFrame(both.T, columns=list(QUANTILES)).assign(kind=["reported", "true"], on=projection.months[t])
    table["status"] = [status, derived_quality(status, "estimated")]
    return table[["kind", "on", *QUANTILES, "status"]]


def _month_index(projection: Projection, on: str | pd.Timestamp) -> int:
    day, months = pd.Timestamp(parse_month(on)), projection.months
    if day not in months:
        raise BhytError(("error.no_month", {"on": day, "first": months[projection.report_index], "last": months[-1]}))
    return months.index(day)


@result_table
def target_probabilities(
    projection: Projection,
    targets: Iterable[Target] | None = None,
    draws: int = 1000,
    seed: int = 1,
    rates: Floats | None = None,
) -> pd.DataFrame:
    """Estimate how likely each target is met: the share of draws in which it is.

    Parameters
    ----------
    projection
        what `project_area` gives, or data, an area and a scenario.
    targets
        rows of ``on``, ``rate`` and ``relation`` (left out, ">="); by default the scenario's own.
    draws
        how often the assumptions are drawn.
    seed
        of the draws.
    rates
        what `area_rates` gives for the draws, if it is known.

    Returns
    -------
    DataFrame
        ``on``, ``rate``, ``relation``, ``people_needed``, ``chance`` (share of draws; missing for a day outside the
        projection), ``rate_low``, ``rate_inner_low``, ``rate_median``, ``rate_inner_high``, ``rate_high`` (the drawn
        coverage: 90%, 50%, median), ``status``.

    Raises
    ------
    BhytError
        for a rate that is no share.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.Scenario("861", decision="861"))
    >>> target_probabilities(projection, [{"on": "2022-12-31", "rate": 0.5, "relation": ">="}])["chance"].tolist()
    [1.0]
    """
    if rates is None:
        rates = area_rates(projection, draw_assumptions(projection.assumptions, max(draws, 1), seed))
    rows, statuses = [], month_statuses(projection)
    for target in projection.scenario.targets if targets is None else targets:
        day, relation = pd.Timestamp(parse_month(target["on"])), target.get("relation", ">=")
        rate = float(parse_share(target["rate"]))
        row = {"on": day, "rate": rate, "relation": relation}
        if day in projection.months[projection.report_index :]:
            t = projection.months.index(day)
            population = int(projection.people[:, t].sum() + 0.5)
            minimum = people_needed(population, rate, relation)
            met = rates[:, t] * population >= minimum - TOLERANCE
            bounds = np.quantile(rates[:, t], list(QUANTILES.values()))
            row |= {"people_needed": minimum, "chance": float(met.mean()), **dict(zip(QUANTILES, bounds, strict=True))}
            row["status"] = statuses[t]
        rows.append({"status": "estimated", **row})
    columns = ["on", "rate", "relation", "people_needed", "chance", *QUANTILES, "status"]
    return pd.DataFrame(rows, columns=columns).astype({"people_needed": "Int64", "chance": "float64"})


def upcoming_targets(data: Dataset, projection: Projection) -> list[dict[str, Any]]:
    """Return the targets within a projection: the scenario's, else the area's, else the nearest unit's above.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.Scenario("861", decision="861"))
    >>> [target["rate"] for target in upcoming_targets(bhyt.load(), projection)]
    [0.906, 0.915, 0.92, 0.921]
    """
    if projection.scenario.targets:
        return [dict(target) for target in projection.scenario.targets]
    first, last = projection.months[projection.report_index], projection.months[-1]
    targets = binding_targets(data, projection.baseline.area)
    targets = nearest_targets(targets[(targets["on"] > first) & (targets["on"] <= last)])
    return targets[["on", "rate", "relation"]].to_dict("records")


@result_table
def commune_intervals(
    projection: Projection, on: str | pd.Timestamp, draws: int = 1000, seed: int = 1, rate: float | None = None
) -> pd.DataFrame:
    """Return the interval of every commune's coverage in one month, and its chance of a rate, in little memory.

    Returns a DataFrame, one row a unit: ``area``, ``name``, ``rate_low``, ``rate_inner_low``, ``rate_median``,
    ``rate_inner_high``, ``rate_high``, ``chance`` (missing without ``rate``), ``status``.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "X001", bhyt.Scenario("861", decision="861"))
    >>> table = commune_intervals(projection, "2021-12-31", draws=200)
    >>> len(table), bool((table["rate_low"] <= table["rate_median"]).all())
    (12, True)
    """
    t, units = _month_index(projection, on), projection.baseline.units
    values = draw_assumptions(projection.assumptions, draws, seed)
    bounds = np.full((len(units), len(QUANTILES) + 1), np.nan)
    for rows, rates in commune_rates(projection, values, months=[t]):
        bounds[rows, :-1] = np.quantile(rates[:, :, 0], list(QUANTILES.values()), axis=0).T
        if rate is not None:
            bounds[rows, -1] = (rates[:, :, 0] >= rate - TOLERANCE).mean(axis=0)
    intervals = pd.DataFrame(bounds, columns=[*QUANTILES, "chance"])
    return pd.concat([units[["area", "name"]], intervals], axis=1).assign(status=month_statuses(projection)[t])


@result_table
def tornado(projection: Projection, on: str | pd.Timestamp, outcome: str = "rate") -> pd.DataFrame:
    """Return the effect of each assumption alone, the strongest first: on coverage, or on what households pay.

    Parameters
    ----------
    projection
        of a scenario, or data, an area and a scenario.
    on
        a month of it.
    outcome
        "rate" for the coverage of that month, "cost" for what the insured themselves pay in the year up to it (the
        twelve months that end with it, as many of them as are projected). The cost is that of `simulate`
        (``vnd_household``) before people are rounded, without that of groups whose income is not known.

    Returns
    -------
    DataFrame
        ``name`` (of the assumption), ``low``, ``central``, ``high`` (its values), ``rate_low``, ``rate``, ``rate_high``
        (coverage with it low, central and high, all others central; of the cost ``vnd_low``, ``vnd``, ``vnd_high``),
        ``width`` (the distance, shares or VND), ``status``.

    Raises
    ------
    BhytError
        for a month outside the projection, or another outcome.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.Scenario("861", decision="861"))
    >>> tornado(projection, "2021-12-31")["name"].iloc[0]
    'place_effect'

    How many of a household's members pay changes no coverage, but what they pay:

    >>> ["members_paying" in set(tornado(projection, "2022-12-31", outcome)["name"]) for outcome in OUTCOMES]
    [False, True]
    """
    if outcome not in OUTCOMES:
        raise BhytError(("error.unknown_outcome", {"found": outcome, "expected": ", ".join(OUTCOMES)}))
    t, table = _month_index(projection, on), projection.assumptions
    status = month_statuses(projection)[t]
    ranges = table.loc[table["low"] != table["high"], RANGE]
    draws = 2 * len(ranges) + 1  # each at its two ends, then all central
    values = {name: np.repeat(value, draws) for name, value in central_values(table).items()}
    for i, (name, low, _, high) in enumerate(ranges.itertuples()):
        values[name][[2 * i, 2 * i + 1]] = low, high
    if outcome == "rate":
        name, figures, least = "rate", area_rates(projection, values)[:, t], TOLERANCE
    else:
        months = range(max(projection.report_index, t - YEAR + 1), t + 1)
        name, figures, least = "vnd", household_cost(projection, values, months), 0.5
        status = derived_quality(status, "estimated")
    rows = ranges.rename_axis("name").reset_index()
    low, high = figures[:-1:2], figures[1::2]
    rows = rows.assign(**{f"{name}_low": low, name: figures[-1], f"{name}_high": high}, width=np.abs(high - low))
    rows = rows[rows["width"] > least].assign(status=status)
    return rows.sort_values("width", ascending=False, kind="stable").reset_index(drop=True)


def household_cost(projection: Projection, values: Values, months: Sequence[int]) -> Floats:
    """Return what the insured themselves pay in some months (positions), in VND by draw, people not rounded.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "X001", bhyt.Scenario("861", decision="861"))
    >>> cost = household_cost(projection, central_values(projection.assumptions), [0])[0]
    >>> table = bhyt.simulate(bhyt.load(), "X001", projection.scenario, draws=0)
    >>> bool(abs(table["vnd_household"].iloc[0] - cost) < 1)
    True
    """
    changes, (scales, period) = coverage_changes(projection, values), household_scales(projection, values)
    of_months = period[np.asarray(months)]
    numbers = len(values["outreach"]) * max(len(months), 2) * (UNINSURED + 1)
    vnd = np.zeros(len(values["outreach"]))
    for units, part in some_units_at_a_time(projection, numbers):
        insured = insured_people(part, values=values, months=np.asarray(months), changes=changes)
        for one in part.unit_classes:
            price = np.nan_to_num(one.prices[:, months, PAYERS.index("household")])
            own = insured[:, one.units]
            vnd += np.einsum("dugt,gt->d", own, price)
            for i, scale in enumerate(scales):  # members after the first pay less
                due = own[:, :, HOUSEHOLD] * np.where(of_months == i, price[HOUSEHOLD], 0.0)
                vnd += np.einsum("dut,du->d", due, scale[:, units[one.units]] - 1)
    return vnd


def bisect(function: Callable[[float], float], target: float, low: float, high: float) -> float | None:
    """Return where a monotone function takes a value between two ends; None where it does not.

    Examples
    --------
    >>> round(bisect(lambda x: x * x, 2, 0, 2), 4)
    1.4142
    >>> bisect(lambda x: x, 3, 0, 2) is None
    True
    """
    first, last = function(low) - target, function(high) - target
    if abs(first) <= TOLERANCE:
        return low
    if abs(last) <= TOLERANCE:
        return high
    if (first > 0) == (last > 0):
        return None
    while high - low > TOLERANCE:
        middle = (low + high) / 2
        if (function(middle) > target) == (first > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2


@result_table
def break_even(
    data: Dataset,
    area: str,
    scenario: ScenarioLike | None,
    rate: ShareLike,
    on: str | pd.Timestamp,
    name: str = REENROLLED,
    law: Law | None = None,
) -> pd.DataFrame:
    """Find the value of one assumption at which a coverage is reached, all others central.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit.
    scenario
        a `Scenario`, the name of a bundled one, or the path of a file; left out, the law in force.
    rate
        the coverage to reach: 0.95, 95 and "95%" are the same.
    on
        its month.
    name
        an assumption, or "reenrolled": the share of those who lost a card who are insured again by then, in whatever
        group.
    law
        the law on which the reforms come; by default the bundled one.

    Returns
    -------
    DataFrame
        One row: ``name``, ``rate``, ``on``, ``value`` (missing where no value between ``low`` and ``high`` will do),
        ``low``, ``high`` (the ends of the search), ``rate_at_low``, ``rate_at_high`` (the coverage there), ``central``
        (the value of the scenario), ``status``.

    Raises
    ------
    BhytError
        for an unknown assumption, or a month outside the projection.

    Examples
    --------
    Lục Ngạn, 99% before and 46,106 of 226,540 people without a card: to be at 99% again
    all of them must be back, to be at 95% four fifths.

    >>> row = break_even(bhyt.load(), "Lục Ngạn", bhyt.Scenario("861", decision="861"), 0.95, "2021-12-31").iloc[0]
    >>> round(float(row["value"]), 2)
    0.8
    """
    target = float(parse_share(rate))
    policy = as_scenario(scenario)
    projection = project_area(data, area, policy, law)
    t = _month_index(projection, on)
    if name == REENROLLED:
        low, high = 0.0, 1.0
        at_low, at_high, central = _reenrolment_effect(projection, t)

        def coverage(value: float) -> float:
            return at_low + (at_high - at_low) * value
    else:
        assumptions.check_assumption_names([name])
        low, high = assumptions.allowed_range(name)
        central = float(projection.assumptions.at[name, "central"])

        def coverage(value: float) -> float:
            ranges = {**policy.assumption_ranges, name: (value, value, value)}
            other = project_area(data, area, dataclasses.replace(policy, assumption_ranges=ranges), law)
            return float(area_rates(other, central_values(other.assumptions))[0, _month_index(other, on)])

        at_low, at_high = coverage(low), coverage(high)
    row = {"name": name, "rate": target, "on": projection.months[t], "value": bisect(coverage, target, low, high)}
    row |= {"low": low, "high": high, "rate_at_low": at_low, "rate_at_high": at_high, "central": central}
    return pd.DataFrame([{**row, "status": month_statuses(projection)[t]}])


def _reenrolment_effect(projection: Projection, t: int) -> tuple[float, float, float]:
    """Return the coverage if none and if all who lost are insured again, and the share of the scenario who are."""
    followed = after_loss(projection, ["behavioural"]).set_index("month")
    day = projection.months[t]
    if day not in followed.index or not float(followed.at[day, "lost"]):
        raise BhytError(("error.nobody_lost", {"name": projection.baseline.name, "on": day}))
    lost, back = float(followed.at[day, "lost"]), float(followed.at[day, "back"])
    share_of_people = projection.growth[t] / float(projection.people[:, t].sum())
    none = float(area_rates(projection, central_values(projection.assumptions))[0, t]) - back * lost * share_of_people
    return none, none + lost * share_of_people, back
