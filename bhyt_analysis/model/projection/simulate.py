"""Simulate a policy month by month: who is insured, in which group, at whose cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import support_group
from bhyt_analysis.domain.result_table import parse_by, result_table
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import LawError
from bhyt_analysis.model.distribution.rounding import largest_remainders, round_half_up
from bhyt_analysis.model.finance.budget import PAYERS, payer_factors
from bhyt_analysis.model.projection.assumptions import Values, central_values, draw_assumptions
from bhyt_analysis.model.projection.baseline import GROUPS, UNKNOWN_GROUP, Baseline, build_baseline
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
from bhyt_analysis.model.projection.scenario import Scenario, ScenarioLike, as_scenario

RESULTS = ("static", "behavioural")
BREAKDOWNS = ("commune", "group")
MONEY = [f"vnd_{p}" for p in PAYERS]
KEYS = ["scenario", "result", "area", "name", "month"]
RATES = ["rate", "rate_low", "rate_high", "rate_median", "rate_inner_low", "rate_inner_high"]
FIGURES = ["people", "insured", *RATES, *MONEY, "insured_costed"]
GROUP_COLUMNS = [*KEYS, "group", *FIGURES, "proposal", "reforms", "status"]
COLUMNS = [*KEYS, *FIGURES, "insured_unknown_group", "proposal", "reforms", "status"]
TOTAL = "all"  # in place of a group: the sum of the groups, before the two are parted
MAX_DRAWS = 100_000  # the intervals of one area then take some gigabytes
QUANTILES = {"rate_low": 0.05, "rate_inner_low": 0.25, "rate_median": 0.5, "rate_inner_high": 0.75, "rate_high": 0.95}


@result_table
def simulate(
    data: Dataset,
    area: str,
    scenario: ScenarioLike | Sequence[ScenarioLike] | None = None,
    law: Law | None = None,
    by: str | Sequence[str] | None = None,
    draws: int = 1000,
    seed: int | None = None,
) -> pd.DataFrame:
    """Simulate coverage and budget month by month under one scenario or several, static and behavioural.

    Parameters
    ----------
    data
        Dataset.
    area
        name or code, or a list: the rows of each, one below the other.
    scenario
        a `Scenario`, the name of a bundled one, the path of a file, or a list of these; by default the law in force
        without a decision. Those without a start begin on the same day.
    law
        the law on which the reforms come; by default the bundled one.
    by
        "commune" for a row of every commune in place of the area, where the cards of all communes are known; "group"
        for a row of every group in place of their sum; both as ["commune", "group"] or as "commune, group".
    draws
        how often the assumptions are drawn for the intervals; 0 gives none.
    seed
        of the draws; by default the scenario's own.

    Returns
    -------
    DataFrame
        One row a ``scenario``, ``result`` ("static": no behaviour; "behavioural": with take-up), ``area``, ``name`` and
        ``month`` (its end), with ``people``, ``insured`` (whole people), ``rate`` (of all people), ``rate_low`` and
        ``rate_high`` (90% of draws), ``rate_inner_low`` and ``rate_inner_high`` (50%), ``rate_median``, then VND of the
        month by payer (``vnd_central``, ``vnd_province``, ``vnd_social_security_fund``, ``vnd_employer``,
        ``vnd_household``), ``insured_costed`` (people whose cost is in them: employees and pensioners only where a
        scenario has their income), ``insured_unknown_group`` (people of whose group nothing is known), ``proposal``
        (whether a reform in it is not in force), ``reforms`` (their files), ``status``. By group one row each, with the
        column ``group``, without ``insured_unknown_group``; the groups add up to the rows without them, and no row is
        their sum.

    Raises
    ------
    BhytError
        for an unknown area, one without figures to start from, a decision whose losses are not known there, two
        scenarios of one name, or a number of draws that can't be.

    Examples
    --------
    >>> table = bhyt.simulate(bhyt.load(), "Sơn Dương", draws=0)
    >>> table.query("result == 'static'")["insured"].iloc[0]
    np.int64(155163)
    """
    breakdowns = parse_by(by, BREAKDOWNS)
    check_draws(draws)
    if scenario is None or isinstance(scenario, ScenarioLike):
        scenarios = [as_scenario(scenario)]
    else:
        scenarios = [as_scenario(one) for one in scenario]
    names = [one.name for one in scenarios]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BhytError(("error.same_scenario", {"name": twice}))
    projections = [project_area(data, area, one, law) for one in scenarios]
    # Scenarios without a start begin alike, on the earliest day that one of them needs.
    day = min(projection.baseline.day for projection in projections)
    tables = []
    for one, projection in zip(scenarios, projections, strict=True):
        if one.start is None and projection.baseline.day != day:
            projection = project_area(data, area, dataclasses.replace(one, start=day), law)
        tables.append(projection_table(projection, breakdowns, draws, one.seed if seed is None else seed))
    return pd.concat(tables, ignore_index=True)


def check_draws(draws: int) -> None:
    """Raise a `BhytError` for a number of draws that memory can't hold."""
    if not isinstance(draws, int) or not 0 <= draws <= MAX_DRAWS:
        raise BhytError(("error.draws", {"found": draws, "most": MAX_DRAWS}))


def project_area(data: Dataset, area: str, scenario: ScenarioLike | None = None, law: Law | None = None) -> Projection:
    """Project the figures of an area under a scenario; `simulate` makes its table of the projection.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit.
    scenario
        a `Scenario`, the name of a bundled one, or the path of a file; left out, the law in force.
    law
        the law on which the reforms come; by default the bundled one.

    Returns
    -------
    Projection
        For `after_loss`, `transitions`, `target_probabilities`, `tornado` and `reported_and_true_rates`.

    Raises
    ------
    BhytError
        for an unknown area, and one without figures to start from.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.Scenario("861", decision="861"))
    >>> int(projection.baseline.exits["lost"].sum()), len(projection.exit_classes)
    (46106, 1)
    """
    policy = as_scenario(scenario)
    law = policy.apply_to_law(Law.read() if law is None else law)
    check_reform_areas(law, data)
    baseline = build_baseline(data, area, policy)
    return project(baseline, resolve_support_window(policy, data, baseline, law), law)


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


def projection_table(projection: Projection, by: Sequence[str] = (), draws: int = 0, seed: int = 1) -> pd.DataFrame:
    """Return the tidy table of a projection; see `simulate`."""
    by_commune, by_group = "commune" in by, "group" in by
    total, groups = projection_tables(projection, by_commune, draws, seed, by_group or not by_commune)
    return groups if by_group else total


def projection_tables(
    projection: Projection, by_commune: bool = False, draws: int = 0, seed: int = 1, by_group: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tidy table of a projection and that of its groups, which is empty without ``by_group``."""
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
        insured, people = sum_by_block(insured, block), sum_by_block(people, block)
        unknown = insured[:, GROUPS.index(UNKNOWN_GROUP)]
        if not by_group:
            insured = insured.sum(axis=1, keepdims=True)
        rows = _rows(projection, areas, people, insured, bounds, money, costed)
        of_unknown = np.repeat(unknown.ravel(), len(rows) // unknown.size).astype("int64")
        tables.append(_that_occur(rows.assign(result=result, insured_unknown_group=of_unknown)))
    table = pd.concat(tables, ignore_index=True)
    reforms = "; ".join(file for reform in scenario.reforms for file in dict.fromkeys(reform.table["file"]))
    table = table.assign(scenario=scenario.name, proposal=scenario.is_proposal, reforms=reforms)
    table = table.assign(status=_statuses(projection, table))
    total, groups = table.loc[is_total(table), COLUMNS], table.loc[~is_total(table), GROUP_COLUMNS]
    for part in (total, groups):
        part.attrs["result"] = "simulate"
    return total.reset_index(drop=True), groups.reset_index(drop=True)


def check_simulated(months: pd.DataFrame) -> None:
    """Raise a `BhytError` for a table that is not one of `simulate`."""
    if missing := [column for column in (*KEYS, "insured", *MONEY) if column not in months]:
        raise BhytError(("error.not_simulated", {"columns": ", ".join(missing)}))


def is_total(months: pd.DataFrame) -> pd.Series:
    """Mark the rows that are no group, but the sum of all: of the tables of `simulate` with and without groups in one.

    Examples
    --------
    >>> is_total(pd.DataFrame({"group": ["poor", None, "all"]})).tolist()
    [False, True, True]
    """
    return months["group"].isna() | (months["group"] == TOTAL)


def without_groups(months: pd.DataFrame) -> pd.DataFrame:
    """Return the months of `simulate` without groups: as they are, or the sums of the groups (without intervals).

    Examples
    --------
    >>> months, by_group = (bhyt.simulate(bhyt.load(), "Sơn Dương", by=by, draws=0) for by in ("", "group"))
    >>> bool((without_groups(by_group)["insured"] == months["insured"]).all())
    True
    """
    check_simulated(months)
    if "group" not in months:
        return months
    if (totals := is_total(months)).any():  # the two tables in one
        return months[totals].drop(columns="group")
    sums = {"people": "first", **dict.fromkeys(["insured", "insured_costed", "insured_unknown_group"], "sum")}
    others = {"proposal": "first", "reforms": "first", "status": lowest_quality}
    unknown = months["insured"].where(months["group"] == UNKNOWN_GROUP, 0)
    groups = months.assign(insured_unknown_group=unknown).groupby(KEYS, sort=False)
    total = groups.agg({**sums, **others}).join(groups[MONEY].sum(min_count=1)).reset_index()
    total = total.assign(rate=total["insured"] / total["people"]).reindex(columns=COLUMNS)
    total.attrs["result"] = "simulate"
    return total


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
    scales, period = household_scales(projection, central_values(projection.assumptions))
    more = scales[period[projection.report_index :], 0].T - 1
    for unit_class in projection.unit_classes:
        units = unit_class.units
        blocks, inside = np.unique(block[units], return_inverse=True)
        prices = unit_class.prices[:, projection.report_index :]
        priced, prices = ~np.isnan(prices).any(axis=2), np.nan_to_num(prices)
        own = sum_by_block(insured if len(units) == len(insured) else insured[units], inside)  # no copy of everyone
        household = sum_by_block(insured[units, HOUSEHOLD] * more[units], inside)
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


def household_scales(projection: Projection, values: Values) -> tuple[Floats, NDArray[np.intp]]:
    """Return what a member of a household pays on average of a first member's premium, and the period of each month.

    The first is (periods, draws, units), a period for all months with the same factors of the law. It follows the sizes
    of households of each unit and the assumption ``members_paying``; see `household_scale`.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.Scenario.current_law())
    >>> values = central_values(projection.assumptions) | {"members_paying": np.array([0.15, 1.0])}
    >>> scales, period = household_scales(projection, values)
    >>> scales.round(3).tolist(), set(period.tolist())
    ([[[0.932], [0.694]]], {0})
    """
    factors = projection.law.monthly("household_factor", projection.months)
    period = factors.groupby(list(factors.columns), sort=False, dropna=False).ngroup().to_numpy()
    of_periods = [row.dropna() for _, row in factors.drop_duplicates().iterrows()]
    scales = [payer_factors(row, values["members_paying"]) @ projection.baseline.sizes.T for row in of_periods]
    return np.stack(scales), period


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
    names = [*GROUPS, TOTAL] if insured.shape[1] > 1 else [TOTAL]
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
    return table


def _that_occur(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without groups that never have an insured person."""
    occurs = table.groupby("group")["insured"].transform("max") > 0
    return table[occurs | (table["group"] == TOTAL)]


def _statuses(projection: Projection, table: pd.DataFrame) -> pd.Series:
    """Return how well each row is known: as its month, but not its cost where the sizes of households are missing."""
    statuses = table["month"].map(dict(zip(projection.months, month_statuses(projection), strict=True)))
    if projection.baseline.units["sizes_known"].all():
        return statuses
    # The cost of those who pay for themselves is estimated, also where they are counted.
    return statuses.mask(table["group"].isin(["household", TOTAL]), statuses.map(_at_best_estimated))


def _at_best_estimated(status: str) -> str:
    return derived_quality(status, "estimated")
