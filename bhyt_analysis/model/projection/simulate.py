"""Simulate a policy month by month: who is insured, in which group, at whose cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import support_group
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import LawError
from bhyt_analysis.model.distribution.rounding import largest_remainders, round_half_up
from bhyt_analysis.model.finance.budget import PAYERS, payer_factors
from bhyt_analysis.model.projection.assumptions import Values, central_values, draw_assumptions
from bhyt_analysis.model.projection.baseline import GROUPS, Baseline, build_baseline
from bhyt_analysis.model.projection.cohort import SUPPORT_WINDOWS, Floats
from bhyt_analysis.model.projection.division import sum_by_block
from bhyt_analysis.model.projection.projection import (
    HOUSEHOLD,
    Projection,
    commune_rates,
    insured_people,
    month_statuses,
    project,
)
from bhyt_analysis.model.projection.scenario import Scenario

RESULTS = ("static", "behavioural")
BREAKDOWNS = ("commune", "group")
MONEY = [f"vnd_{p}" for p in PAYERS]
COLUMNS = ["scenario", "result", "area", "name", "month", "group", "people", "insured", "rate", "rate_low", "rate_high"]
COLUMNS += ["rate_median", "rate_inner_low", "rate_inner_high"]
COLUMNS += [*MONEY, "insured_costed", "proposal", "reforms", "status"]
MAX_DRAWS = 100_000  # the intervals of one area then take some gigabytes
QUANTILES = {"rate_low": 0.05, "rate_inner_low": 0.25, "rate_median": 0.5, "rate_inner_high": 0.75, "rate_high": 0.95}


@result_table
def simulate(
    data: Dataset,
    area: str,
    scenario: Scenario | Sequence[Scenario] | None = None,
    law: Law | None = None,
    by: Sequence[str] = (),
    draws: int = 1000,
    seed: int | None = None,
) -> pd.DataFrame:
    """Simulate coverage and budget month by month under one scenario or several, static and behavioural.

    Parameters
    ----------
    data : Dataset.
    area : name or code.
    scenario : one or more; by default the law in force without a decision. Those without
        a start begin on the same day.
    law : the law on which the reforms come; by default the bundled one.
    by : "commune" for the rows of every commune where the cards of all communes are known,
        "group" for their groups too (an area alone always has its groups).
    draws : how often the assumptions are drawn for the intervals; 0 gives none.
    seed : of the draws; by default the scenario's own.

    Returns a DataFrame, one row a ``scenario``, ``result`` ("static": no behaviour; "behavioural": with take-up),
    ``area``, ``name``, ``month`` (its end) and ``group`` (the groups of a projection, and "all"), with ``people``,
    ``insured`` (whole people; the groups add up to "all"), ``rate`` (of all people), ``rate_low`` and ``rate_high``
    (90% of draws), ``rate_inner_low`` and ``rate_inner_high`` (50%), ``rate_median``, then VND of the month by payer
    (``vnd_central``, ``vnd_province``, ``vnd_social_security_fund``, ``vnd_employer``, ``vnd_household``),
    ``insured_costed`` (people whose cost is in them: employees and pensioners only where a scenario has their income),
    ``proposal`` (whether a reform in it is not in force), ``reforms`` (their files), ``status``. Raises BhytError for
    an unknown area, one without figures to start from, a decision whose losses are not known there, or a number of
    draws that can't be.

    Examples
    --------
    >>> table = bhyt.simulate(bhyt.load(), "Sơn Dương", draws=0)
    >>> table.query("group == 'all' and result == 'static'")["insured"].iloc[0]
    np.int64(155163)
    """
    if unknown := [b for b in by if b not in BREAKDOWNS]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": ", ".join(BREAKDOWNS)}))
    check_draws(draws)
    chosen = [scenario] if isinstance(scenario, Scenario) or scenario is None else list(scenario)
    scenarios = [Scenario.current_law() if one is None else one for one in chosen]
    projections = [project_area(data, area, one, law) for one in scenarios]
    # Scenarios without a start begin alike, on the earliest day that one of them needs.
    day = min(projection.baseline.day for projection in projections)
    tables = []
    for one, projection in zip(scenarios, projections, strict=True):
        if one.start is None and projection.baseline.day != day:
            projection = project_area(data, area, dataclasses.replace(one, start=day), law)
        by_group = "commune" not in by or "group" in by
        own_seed = one.seed if seed is None else seed
        tables.append(projection_table(projection, "commune" in by, draws, own_seed, by_group))
    return pd.concat(tables, ignore_index=True)


def check_draws(draws: int) -> None:
    """Raise a `BhytError` for a number of draws that memory can't hold."""
    if not isinstance(draws, int) or not 0 <= draws <= MAX_DRAWS:
        raise BhytError(("error.draws", {"found": draws, "most": MAX_DRAWS}))


def project_area(data: Dataset, area: str, scenario: Scenario, law: Law | None = None) -> Projection:
    """Project the figures of an area under a scenario; `simulate` makes its table of the projection.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.Scenario("861", decision="861"))
    >>> int(projection.baseline.exits["lost"].sum()), len(projection.exit_classes)
    (46106, 1)
    """
    law = scenario.apply_to_law(Law.read() if law is None else law)
    check_reform_areas(law, data)
    baseline = build_baseline(data, area, scenario, law)
    return project(baseline, resolve_support_window(scenario, data, baseline, law), law)


def resolve_support_window(scenario: Scenario, data: Dataset, baseline: Baseline, law: Law) -> Scenario:
    """Return the scenario with the support window of its decision where it has none itself.

    Of a decision that is in no table, exits since the law knows the support of Decree 188 have its 36 months from their
    own day.
    """
    if scenario.support_window or not scenario.decision:
        return scenario
    support, later = support_group(data, scenario.decision), SUPPORT_WINDOWS["decree 188"]
    since = law.table.loc[law.table["key"] == later, "since"].min()
    if not support and len(baseline.exits) and baseline.exits["on"].min().date() >= since:
        support = later
    window = next(name for name, group in SUPPORT_WINDOWS.items() if group == support)
    return dataclasses.replace(scenario, support_window=window)


def check_reform_areas(law: Law, data: Dataset) -> None:
    """Raise a `LawError` with all areas of reforms that neither the bundled law nor the data know."""
    table = law.table
    reforms = table[(table["layer"] > 0) & (table["area"] != "")].drop_duplicates(["file", "row"])
    if reforms.empty:
        return
    names = {*Law.read().table["area"], *data.areas["code"], *data.areas["name"]}
    normalised = {normalise_name(strip_unit_word(name)) for name in names}
    unknown = reforms[[normalise_name(strip_unit_word(a)) not in normalised for a in reforms["area"]]]
    records = unknown[["file", "row", "area"]].rename(columns={"area": "found"}).to_dict("records")
    nearest = [nearest_choice(record["found"], names) or "–" for record in records]
    if records:
        raise LawError(*(("error.law_area", {**r, "nearest": n}) for r, n in zip(records, nearest, strict=True)))


def projection_table(
    projection: Projection, by_commune: bool = False, draws: int = 0, seed: int = 1, by_group: bool = True
) -> pd.DataFrame:
    """Return the tidy table of a projection; see `simulate`."""
    baseline, scenario = projection.baseline, projection.scenario
    units = baseline.units
    if by_commune and len(units) == 1:
        raise BhytError(("error.no_communes", {"name": baseline.name}))
    block = projection.each_unit if by_commune else projection.whole_area
    areas = units[["area", "name"]] if by_commune else pd.DataFrame({"area": [baseline.area], "name": [baseline.name]})
    months = range(projection.report_index, len(projection.months))
    tables = []
    for result in RESULTS:
        # Costs are those of whole people, commune by commune, each by its own law and households.
        people, insured = whole_people(projection, result, months)
        bounds = _intervals(projection, result, block, draws, seed, by_group=not by_commune) if draws else {}
        money, costed = cost_by_payer(projection, insured, block, by_group)
        insured = sum_by_block(insured, block)
        if not by_group:
            insured = insured.sum(axis=1, keepdims=True)
        people = sum_by_block(people, block)
        tables.append(_rows(projection, areas, people, insured, bounds, money, costed).assign(result=result))
    table = pd.concat(tables, ignore_index=True)
    reforms = "; ".join(file for reform in scenario.reforms for file in dict.fromkeys(reform.table["file"]))
    table = table.assign(scenario=scenario.name, proposal=scenario.is_proposal, reforms=reforms)
    table = table.assign(status=_statuses(projection, table))[COLUMNS]
    table.attrs["result"] = "simulate"
    return table


def whole_people(projection: Projection, result: str, months: Sequence[int]) -> tuple[Floats, Floats]:
    """Return people (units, months) and those insured (units, groups, months), whole and adding up in each month.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "X001", bhyt.Scenario("861", decision="861"))
    >>> people, insured = whole_people(projection, "behavioural", [0])
    >>> people.shape, insured.shape, bool((insured.sum(axis=1) <= people).all())
    ((12, 1), (12, 19, 1), True)
    """
    people = projection.people[:, months]
    people = largest_remainders(people.T, np.floor(people.sum(axis=0) + 0.5)).T.astype("float64")
    return people, _round_insured(insured_people(projection, result, months=months)[0], people)


def _round_insured(insured: Floats, people: Floats) -> Floats:
    """Round (units, groups, months) to whole people: in each month units and groups add up to the rounded total.

    ``people`` (units, months): no unit has more insured. Where all of a unit are, one more by rounding goes to another.
    """
    units, count, months = insured.shape
    by_month = insured.sum(axis=0).T
    of_groups = largest_remainders(by_month, np.floor(by_month.sum(axis=1) + 0.5))  # (months, groups)
    rows = insured.transpose(2, 1, 0).reshape(months * count, units)
    rounded = largest_remainders(rows, of_groups.ravel()).reshape(months, count, units).transpose(2, 1, 0)
    for unit, month in np.argwhere(rounded.sum(axis=1) > people):
        more = rounded[:, :, month] - insured[:, :, month]
        while (spare := people[:, month] - rounded[:, :, month].sum(axis=1))[unit] < 0:
            group = int(more[unit].argmax())
            other = int(np.where(spare > 0, more[:, group], np.inf).argmin())
            for i, step in ((unit, -1), (other, 1)):
                rounded[i, group, month] += step
                more[i, group] += step
    return rounded.astype("float64")


def _intervals(
    projection: Projection, result: str, block: np.ndarray, draws: int, seed: int, by_group: bool
) -> dict[str, Floats]:
    """Return the intervals of the rates by block, group (the sum last) and month; of communes only of the sum."""
    values = draw_assumptions(projection.assumptions, draws, seed)
    months = range(projection.report_index, len(projection.months))
    if by_group:
        people = sum_by_block(projection.people, block)[0, months]
        rates = insured_people(projection, result, values, block, months=months) / people
        rates = np.concatenate([rates, rates.sum(axis=2, keepdims=True)], axis=2)
        return {name: np.quantile(rates[:, 0], level, axis=0)[None] for name, level in QUANTILES.items()}
    bounds = np.full((len(QUANTILES), len(block), 1, len(months)), np.nan)
    for units, rates in commune_rates(projection, values, result, months):
        bounds[:, units, 0] = np.quantile(rates, list(QUANTILES.values()), axis=0)
    return dict(zip(QUANTILES, bounds, strict=True))


def cost_by_payer(projection: Projection, insured: Floats, block: np.ndarray, by_group: bool) -> tuple[Floats, Floats]:
    """Compute the cost of insured people for each payer in each month of results, rounded half up to the đồng.

    ``insured`` (units, groups, months) people of the months of results, ``block`` the block of each unit. Returns VND
    (blocks, groups or their sum, months, payers), and the people whose cost is known.
    """
    shape = (int(block.max()) + 1, insured.shape[1] if by_group else 1, insured.shape[2])
    vnd, costed = np.zeros((len(PAYERS), *shape)), np.zeros(shape)
    # Members after the first pay less.
    more = household_scales(projection, central_values(projection.assumptions))[0] - 1
    for unit_class in projection.unit_classes:
        units = unit_class.units
        blocks, inside = np.unique(block[units], return_inverse=True)
        prices = unit_class.prices[:, projection.report_index :]
        priced, prices = ~np.isnan(prices).any(axis=2), np.nan_to_num(prices)
        own = sum_by_block(insured if len(units) == len(insured) else insured[units], inside)  # no copy of everyone
        household = sum_by_block(insured[units, HOUSEHOLD] * more[units, None], inside)
        for i in np.flatnonzero(prices.any(axis=(0, 1))):
            price = prices[:, :, i]
            if by_group:
                due = own * price
                due[:, HOUSEHOLD] += household * price[HOUSEHOLD]
                vnd[i, blocks] += due
            else:
                vnd[i, blocks, 0] += np.einsum("ngt,gt->nt", own, price) + household * price[HOUSEHOLD]
        costed[blocks] += own * priced if by_group else np.einsum("ngt,gt->nt", own, priced.astype(float))[:, None]
    return np.moveaxis(round_half_up(vnd), 0, -1), costed


def household_scales(projection: Projection, values: Values) -> Floats:
    """Return what a member of a household pays on average of a first member's premium: (draws, units).

    It follows the sizes of households of each unit and the assumption ``members_paying``; see `household_scale`.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.Scenario.current_law())
    >>> values = central_values(projection.assumptions) | {"members_paying": np.array([0.15, 1.0])}
    >>> household_scales(projection, values).round(3).tolist()
    [[0.932], [0.694]]
    """
    factors = pd.Series(projection.law.at(projection.baseline.day)["household_factor"])
    return payer_factors(factors, values["members_paying"]) @ projection.baseline.sizes.T


def _rows(
    projection: Projection,
    areas: pd.DataFrame,
    people: Floats,
    insured: Floats,
    bounds: dict[str, Floats],
    money: Floats,
    costed: Floats,
) -> pd.DataFrame:
    """Return the rows of a table: areas, then months, then groups (if there are any) with their sum last."""
    names = [*GROUPS, "all"] if insured.shape[1] > 1 else ["all"]
    months = pd.DatetimeIndex(projection.months[projection.report_index :])

    def to_rows(values: Floats) -> Floats:
        """Return (blocks, groups, months) with the sum of the groups, in the order of the rows."""
        with_sum = np.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1) if len(names) > 1 else values
        return with_sum.transpose(0, 2, 1).ravel()

    count = to_rows(insured)
    total = np.repeat(people.ravel(), len(names))
    table = pd.DataFrame({c: np.repeat(areas[c].to_numpy(), len(months) * len(names)) for c in ("area", "name")})
    table["month"] = np.tile(np.repeat(months, len(names)), len(areas))
    table["group"] = np.tile(names, len(areas) * len(months))
    table = table.assign(people=total.astype("int64"), insured=count.astype("int64"), rate=count / total)
    for name in QUANTILES:
        table[name] = np.nan if bounds else table["rate"]
    for name, bound in bounds.items():  # of the groups of communes there are none
        table.loc[table["group"].isin(names[-bound.shape[1] :]), name] = bound.transpose(0, 2, 1).ravel()
    for i, name in enumerate(MONEY):
        table[name] = to_rows(money[..., i])
    table["insured_costed"] = to_rows(costed).astype("int64")
    table.loc[(table["insured_costed"] == 0) & (table["insured"] > 0), MONEY] = np.nan  # unknown is not zero
    occurs = table.groupby("group")["insured"].transform("max") > 0
    return table[occurs | (table["group"] == "all")]


def _statuses(projection: Projection, table: pd.DataFrame) -> pd.Series:
    """Return how well each row is known: as its month, but not its cost where the sizes of households are missing."""
    statuses = table["month"].map(dict(zip(projection.months, month_statuses(projection), strict=True)))
    if projection.baseline.units["sizes_known"].all():
        return statuses
    # The cost of those who pay for themselves is estimated, also where they are counted.
    return statuses.mask(table["group"].isin(["household", "all"]), statuses.map(_at_best_estimated))


def _at_best_estimated(status: str) -> str:
    return derived_quality(status, "estimated")
