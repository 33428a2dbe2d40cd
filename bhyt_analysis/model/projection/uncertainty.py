"""How sure is a projection, what moves it most, and what would have to be true for a target to be met?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.assumptions import (
    RANGE,
    Values,
    allowed_range,
    central_values,
    check_assumption_names,
    draw_assumptions,
)
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, Floats
from bhyt_analysis.model.projection.projection import (
    Projection,
    commune_rates,
    count_correction,
    coverage_changes,
    insured_people,
    leavers_by_pool,
    uninsured_at_baseline,
)
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import QUANTILES, project_area
from bhyt_analysis.model.targets.targets import binding_targets, people_needed

TOLERANCE = 1e-6


def area_rates(of: Projection, values: Values, result: str = "behavioural") -> Floats:
    """The coverage of the whole area by draw and month, with the errors of counts and duplicate cards."""
    block = np.zeros(len(of.baseline.units), dtype=int)
    insured = insured_people(of, result, values, block, by_group=False)[:, 0]
    return np.minimum(insured / of.people.sum(axis=0) * count_correction(values)[:, None], 1.0)


def _position(of: Projection, on: str | pd.Timestamp) -> int:
    day = pd.Timestamp(on) + pd.offsets.MonthEnd(0)
    if day not in of.months:
        raise BhytError(("error.no_month", {"on": day, "first": of.months[of.report_index], "last": of.months[-1]}))
    return of.months.index(day)


def target_probabilities(
    of: Projection, targets: Iterable[Mapping[str, Any]] | None = None, draws: int = 1000, seed: int = 1,
    path: Floats | None = None,
) -> pd.DataFrame:  # fmt: skip
    """How likely each target is met: the share of draws in which it is.

    Parameters
    ----------
    of : what `projection` gives.
    targets : rows of ``on``, ``rate``, ``relation``; by default the scenario's own.
    path : what `area_rates` gives for the draws, where it is known already.

    Returns
    -------
    DataFrame with ``on``, ``rate``, ``relation``, ``people_needed``, ``chance`` (share of
    draws; missing for a day outside the projection), ``rate_low``, ``rate_inner_low``,
    ``rate_median``, ``rate_inner_high``, ``rate_high`` (the coverage drawn: 90%, 50%,
    median), ``status``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> of = project_area(load(), "Sơn Dương", Scenario("861", decision="861"))
    >>> target_probabilities(of, [{"on": "2022-12-31", "rate": 0.5, "relation": ">="}])["chance"].tolist()
    [1.0]
    """
    path = area_rates(of, draw_assumptions(of.assumptions, max(draws, 1), seed)) if path is None else path
    rows = []
    for target in of.scenario.targets if targets is None else targets:
        day = pd.Timestamp(target["on"]) + pd.offsets.MonthEnd(0)
        if day not in of.months[of.report_index :]:
            rows.append({**{k: target[k] for k in ("rate", "relation")}, "on": day, "status": "estimated"})
            continue
        t = of.months.index(day)
        population = int(of.people[:, t].sum() + 0.5)
        needed = people_needed(population, target["rate"], target["relation"])
        reached = path[:, t] * population >= needed - TOLERANCE
        told = {name: float(np.quantile(path[:, t], at)) for name, at in sorted(QUANTILES.items(), key=lambda w: w[1])}
        base = {"on": of.months[t], "rate": target["rate"], "relation": target["relation"], "people_needed": needed}
        rows.append({**base, "chance": float(reached.mean()), **told, "status": "estimated"})
    columns = [
        "on",
        "rate",
        "relation",
        "people_needed",
        "chance",
        *sorted(QUANTILES, key=lambda k: QUANTILES[k]),
        "status",
    ]
    return pd.DataFrame(rows, columns=columns).astype({"people_needed": "Int64", "chance": "float64"})


def upcoming_targets(data: Dataset, of: Projection) -> list[dict[str, Any]]:
    """The targets that a projection can be held against: the scenario's own, else those that bind the area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> of = project_area(load(), "Sơn Dương", Scenario("861", decision="861"))
    >>> [t["rate"] for t in upcoming_targets(load(), of)]
    [0.906, 0.915, 0.92, 0.921]
    """
    if of.scenario.targets:
        return [dict(t) for t in of.scenario.targets]
    first, last = of.months[of.report_index], of.months[-1]
    bound = binding_targets(data, of.baseline.area)
    told = bound.loc[bound["level"].isin(["own", "each"]), ["on", "rate", "relation"]].to_dict("records")
    return [dict(t) for t in told if first < pd.Timestamp(t["on"]) <= last]


def commune_intervals(
    of: Projection, on: str | pd.Timestamp, draws: int = 1000, seed: int = 1, rate: float | None = None
) -> pd.DataFrame:
    """The interval of every commune's coverage in one month, and its chance of a rate, in little memory.

    Returns
    -------
    DataFrame, one row a unit: ``area``, ``name``, ``rate_low``, ``rate_inner_low``,
    ``rate_median``, ``rate_inner_high``, ``rate_high``, ``chance`` (missing without ``rate``),
    ``status``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> of = project_area(load(), "X001", Scenario("861", decision="861"))
    >>> table = commune_intervals(of, "2021-12-31", draws=200)
    >>> len(table), bool((table["rate_low"] <= table["rate_median"]).all())
    (12, True)
    """
    t = _position(of, on)
    names = sorted(QUANTILES, key=lambda k: QUANTILES[k])
    out = np.full((len(of.baseline.units), len(names) + 1), np.nan)
    for rows, drawn_rates in commune_rates(of, draw_assumptions(of.assumptions, draws, seed), months=[t]):
        at = drawn_rates[:, :, 0]
        out[rows, :-1] = np.quantile(at, [QUANTILES[n] for n in names], axis=0).T
        if rate is not None:
            out[rows, -1] = (at >= rate - TOLERANCE).mean(axis=0)
    table = of.baseline.units[["area", "name"]].reset_index(drop=True)
    return pd.concat([table, pd.DataFrame(out, columns=[*names, "chance"])], axis=1).assign(status="estimated")


def tornado(of: Projection, on: str | pd.Timestamp) -> pd.DataFrame:
    """What each assumption alone does to the coverage of a month, the strongest first.

    Returns
    -------
    DataFrame with ``name`` (of the assumption), ``low``, ``central``,
    ``high`` (its values), ``rate_low``, ``rate``, ``rate_high`` (coverage with it low,
    central and high, all others central), ``width`` (the distance, shares), ``status``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> of = project_area(load(), "Lục Ngạn", Scenario("861", decision="861"))
    >>> tornado(of, "2021-12-31")["name"].iloc[0]
    'population_error'
    """
    t, table = _position(of, on), of.assumptions
    moving = table.index[table["low"] != table["high"]].tolist()
    middle = central_values(table)
    draws = 2 * len(moving) + 1
    values = {name: np.repeat(v, draws) for name, v in middle.items()}
    for i, name in enumerate(moving):
        values[name][2 * i], values[name][2 * i + 1] = table.loc[name, ["low", "high"]]
    found = area_rates(of, values)[:, t]
    rows = pd.DataFrame({
        "name": moving,
        **{c: table.loc[moving, c].to_numpy() for c in RANGE},
        "rate_low": found[:-1:2], "rate": found[-1], "rate_high": found[1::2],
    })  # fmt: skip
    rows["width"] = (rows["rate_high"] - rows["rate_low"]).abs()
    rows = rows[rows["width"] > TOLERANCE].assign(status="estimated")
    return rows.sort_values("width", ascending=False, kind="stable").reset_index(drop=True)


def bisect(value: Callable[[float], float], goal: float, low: float, high: float) -> float | None:
    """Where a monotone function reaches a goal between two ends; None where it does not.

    Examples
    --------
    >>> round(bisect(lambda x: x * x, 2, 0, 2), 4)
    1.4142
    >>> bisect(lambda x: x, 3, 0, 2) is None
    True
    """
    first, last = value(low) - goal, value(high) - goal
    if abs(first) <= TOLERANCE:
        return low
    if abs(last) <= TOLERANCE:
        return high
    if (first > 0) == (last > 0):
        return None
    while high - low > TOLERANCE:
        middle = (low + high) / 2
        if ((value(middle) - goal) > 0) == (first > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2


REENROLLED = "reenrolled"


def break_even(
    data: Dataset,
    area: str,
    scenario: Scenario,
    rate: float,
    on: str | pd.Timestamp,
    name: str = REENROLLED,
    law: Law | None = None,
) -> pd.DataFrame:
    """What would have to be true for a coverage to be reached: the value of one assumption, all others central.

    Parameters
    ----------
    rate, on : the coverage (share of all people) and the month in which it is asked for.
    name : an assumption (`assumptions`), or "reenrolled": the share of those who lost a
        card who are insured again by then, whatever their title.

    Returns
    -------
    DataFrame of one row: ``name``, ``rate``, ``on``, ``value`` (missing where no value
    between ``low`` and ``high`` will do), ``low``, ``high`` (the values tried),
    ``rate_at_low``, ``rate_at_high`` (what they give), ``central`` (what the scenario
    assumes or gives), ``status``.

    Raises
    ------
    BhytError
        for an unknown assumption, or a month outside the projection.

    Examples
    --------
    Lục Ngạn, 99% before and 46,106 of 226,540 people without a card: to be at 99% again
    all of them must be back, to be at 95% four fifths.

    >>> from bhyt_analysis.ingest.loader import load
    >>> row = break_even(load(), "Lục Ngạn", Scenario("861", decision="861"), 0.95, "2021-12-31").iloc[0]
    >>> round(float(row["value"]), 2)
    0.8
    """
    of = project_area(data, area, scenario, law)
    t = _position(of, on)
    if name == REENROLLED:
        low, high, at_low, at_high, middle = _of_reenrolled(of, t)

        def value(x: float) -> float:
            return at_low + (at_high - at_low) * x
    else:
        check_assumption_names([name])
        low, high = allowed_range(name)
        middle = float(of.assumptions.at[name, "central"])

        def value(x: float) -> float:
            changed = dataclasses.replace(scenario, assumption_ranges={**scenario.assumption_ranges, name: (x, x, x)})
            with_it = project_area(data, area, changed, law)
            return float(area_rates(with_it, central_values(with_it.assumptions))[0, _position(with_it, on)])

        at_low, at_high = value(low), value(high)
    found = bisect(value, rate, low, high)
    row = {"name": name, "rate": rate, "on": of.months[t], "value": found, "low": low, "high": high}
    return pd.DataFrame(
        [{**row, "rate_at_low": at_low, "rate_at_high": at_high, "central": middle, "status": "estimated"}]
    )


def _of_reenrolled(of: Projection, t: int) -> tuple[float, float, float, float, float]:
    """Coverage if none and if all of those who lost are insured again, and the share that the scenario gives."""
    left = [k for k in of.unit_classes if k.title == AREA_ENTITLEMENT and k.titles is not None and k.leaves <= t]
    lost = float(sum(of.baseline.exits["lost"].to_numpy()[k.events].sum() for k in left))
    if not lost:
        raise BhytError(("error.nobody_lost", {"name": of.baseline.name, "on": of.months[t]}))
    values = central_values(of.assumptions)
    people = float(of.people[:, t].sum())
    now = float(area_rates(of, values)[0, t])
    back, block = 0.0, np.zeros(len(of.baseline.units), dtype=int)
    for kind, move in zip(of.unit_classes, coverage_changes(of, values), strict=True):
        if kind in left:
            _, own, _ = leavers_by_pool(of, kind, move, values, block, uninsured_at_baseline(of, block))
            inside = of.baseline.exits["lost"].to_numpy(dtype=float)[kind.events].sum()
            back += float(own[0, 0] @ move.way[0, :, t]) + inside - float(own.sum())
    none = now - back * of.growth[t] / people  # of those who lost, nobody
    return 0.0, 1.0, none, none + lost * of.growth[t] / people, back / lost
