"""Project the people of an area under a policy: the engine of `simulate`.

Units under the same law and with the same month of exit change alike, in proportion to their
people; so the changes are computed once for each class and applied to the counts by
matrix products, for one area or eleven thousand communes, one set of assumptions or many.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.finance.budget import group_subsidy_share, monthly_prices, payer_shares
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import Values, assumptions, central_values
from bhyt_analysis.model.projection.baseline import AREA, GROUPS, OTHER, UNKNOWN_GROUP, Baseline
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, POOLS, Floats, PoolEntitlements, ReenrolmentPaths
from bhyt_analysis.model.projection.scenario import Scenario

Positions = Sequence[int] | np.ndarray
MONTHS_AHEAD = 60  # where a scenario has no end
CHUNK = 4_000_000  # numbers in memory at once where every commune is drawn
NONE = np.array([], dtype=int)
HOUSEHOLD = GROUPS.index("household")
ENDING_SUPPORTS = [GROUPS.index(key) for key in cohort.SUPPORT_WINDOWS.values() if key]
# Entitlements after that of the area in the order of the law: whoever gains it leaves them.
FIRST_SUPPORTED = groups().at["state_supported", "title_order"]
LATER_GROUPS = [
    i for i, g in enumerate(GROUPS) if g == UNKNOWN_GROUP or groups().at[g, "title_order"] >= FIRST_SUPPORTED
]


@dataclass(frozen=True, eq=False)
class UnitClass:
    """Units under the same law and with the same month of exit: they change alike, in proportion.

    ``units``: positions of the units; ``exits``: of the rows of `Baseline.exits` (none for
    units without an exit); ``exit_month``: position of the first month after the exit;
    ``entitlement``: that of the area, or a support that ends. ``state_shares`` (groups, months),
    ``prices`` (groups, months, payers).
    """

    units: np.ndarray
    exits: np.ndarray
    exit_month: int
    entitlements: PoolEntitlements | None
    state_shares: Floats
    prices: Floats
    entitlement: str = AREA_ENTITLEMENT


@dataclass(frozen=True, eq=False)
class Projection:
    """A scenario and the figures of an area, ready to be computed for one set of values or many.

    ``months`` are month ends from the first that matters (an exit may lie before the
    count); ``baseline_index`` is the position of the count among them, ``report_index`` that of the first
    month of results. ``growth``: people of each month to those of the count.
    """

    baseline: Baseline
    scenario: Scenario
    law: Law
    assumptions: pd.DataFrame
    months: list[pd.Timestamp]
    baseline_index: int
    report_index: int
    unit_classes: list[UnitClass]
    people: Floats  # (units, months)
    growth: Floats

    @property
    def each_unit(self) -> np.ndarray:
        """Blocks of `insured_people`: each unit is one."""
        return np.arange(len(self.baseline.units))

    @property
    def whole_area(self) -> np.ndarray:
        """Blocks of `insured_people`: all units are one."""
        return np.zeros(len(self.baseline.units), dtype=int)


def project(baseline: Baseline, scenario: Scenario, law: Law) -> Projection:
    """Project a baseline under a scenario: which months, which law in each place, who leaves when.

    Raises
    ------
    BhytError
        for a scenario that ends before its figures begin.
    """
    return apply_behaviour(apply_policy(baseline, scenario, law), scenario)


def apply_policy(baseline: Baseline, scenario: Scenario, law: Law) -> Projection:
    """Project what does not depend on behaviour: the months, the law, who leaves when."""
    day = baseline.day + pd.offsets.MonthEnd(0)
    since = day if scenario.start is None else max(day, scenario.start)
    end = scenario.end if scenario.end is not None else since + pd.offsets.MonthEnd(MONTHS_AHEAD)
    if end <= since:
        raise BhytError(("error.no_months_ahead", {"name": baseline.name, "start": since, "end": end}))
    month_after = {on: _month_after(on) for on in baseline.exits["on"].unique()}
    exit_months = baseline.exits["on"].map(month_after).astype("datetime64[ns]")
    begin = min([day, *(exit_months - pd.offsets.MonthEnd(1))])
    months = list(pd.date_range(begin, end, freq="ME"))
    unit_classes = _unit_classes(baseline, scenario, law, months, exit_months)
    people = baseline.units["population"].to_numpy()[:, None]
    indexes = months.index(day), months.index(since)
    return Projection(baseline, scenario, law, assumptions(), months, *indexes, unit_classes, people, np.ones(1))


def apply_behaviour(policy: Projection, scenario: Scenario) -> Projection:
    """Apply the assumptions of a scenario of the same decision, law and days."""
    table = scenario.assumptions()
    years = (np.arange(len(policy.months)) - policy.baseline_index) / 12
    growth = (1 + float(table.at["population_growth", "central"])) ** years
    people = policy.baseline.units["population"].to_numpy()[:, None] * growth
    projection = dataclasses.replace(policy, scenario=scenario, assumptions=table, people=people, growth=growth)
    return _add_support_ends(projection)


def _month_after(day: pd.Timestamp) -> pd.Timestamp:
    """Return the end of the first month that begins after an exit; contributions go by the month."""
    return (day if day.day == 1 else day + pd.offsets.MonthBegin(1)) + pd.offsets.MonthEnd(0)


def _unit_classes(
    baseline: Baseline, scenario: Scenario, law: Law, months: list[pd.Timestamp], exit_months: pd.Series
) -> list[UnitClass]:
    units_by_law: dict[tuple[str, ...], list[int]] = {}
    areas: dict[str, tuple[str, ...]] = {}  # one look-up for units under the same parent
    for i, place in enumerate(baseline.lineages):
        if str(place) not in areas:
            areas[str(place)] = law.areas_of(place)
        units_by_law.setdefault(areas[str(place)], []).append(i)
    unit_classes = []
    for units in units_by_law.values():
        place = baseline.lineages[units[0]]
        state_shares = _state_shares(law, months, place)
        prices = monthly_prices(law, months, GROUPS, place, dict(scenario.income))
        inside = baseline.exits["unit"].isin(units).to_numpy()
        for month in sorted(set(exit_months[inside])):
            exits = np.flatnonzero(inside & (exit_months == month).to_numpy())
            exit_month, entitlements = len(months), None
            if month in months:
                exit_month = months.index(month)
                window = scenario.support_window or "none"
                entitlements = cohort.pool_entitlements(law, months, exit_month, window, place)
            unit_classes.append(UnitClass(NONE, exits, exit_month, entitlements, state_shares, prices))
        unit_classes.append(UnitClass(np.array(units), NONE, len(months), None, state_shares, prices))
    return unit_classes


def _state_shares(law: Law, months: list[pd.Timestamp], area: Area) -> Floats:
    """Return what the State pays of each group's premium: (groups, months); missing where the law has no share."""
    shares = payer_shares(law, months, area)
    return np.stack([group_subsidy_share(shares, g) for g in GROUPS])


def _add_support_ends(projection: Projection) -> Projection:
    """Add an exit for those who have, on the day of the count, a support that ends later.

    Those who are known to have left by the scenario's decision are followed by their own pools.
    """
    baseline, supported = projection.baseline, _supported_people(projection)
    unit_classes, exits = list(projection.unit_classes), [baseline.exits]
    for unit_class in projection.unit_classes:
        for group, people in supported.items():
            units = unit_class.units[people[unit_class.units] > 0]
            exit_month = _support_end(projection, unit_class.state_shares[group])
            if not len(units) or exit_month is None:
                continue
            rows = np.arange(len(units)) + sum(map(len, exits))
            record = {"unit": units, "on": projection.months[exit_month - 1] + pd.Timedelta(days=1)}
            record |= {"lost": people[units], "gained": 0.0, "other": 0.0, "minority": 1.0}
            exits.append(pd.DataFrame({**record, "status": baseline.units["status"].to_numpy()[units]}))
            place, key = baseline.lineages[units[0]], GROUPS[group]
            entitlements = cohort.pool_entitlements(
                projection.law, projection.months, exit_month, "none", place, before=key
            )
            shares, prices = unit_class.state_shares, unit_class.prices
            unit_classes.append(UnitClass(NONE, rows, exit_month, entitlements, shares, prices, key))
    if len(exits) == 1:
        return projection
    table = pd.concat([rows for rows in exits if len(rows)], ignore_index=True)
    return dataclasses.replace(
        projection, baseline=dataclasses.replace(baseline, exits=table), unit_classes=unit_classes
    )


def _supported_people(projection: Projection) -> dict[int, Floats]:
    """Return the people of each unit with a support that ends, by group, without those whom the pools follow."""
    people = {group: projection.baseline.insured[:, group].copy() for group in ENDING_SUPPORTS}
    if not any(p.any() for p in people.values()):
        return {}
    values, block = central_values(projection.assumptions), projection.each_unit
    uninsured = uninsured_at_baseline(projection, block)
    for unit_class, change in zip(projection.unit_classes, coverage_changes(projection, values), strict=True):
        if unit_class.entitlements is not None and unit_class.exit_month <= projection.baseline_index:
            units, leavers, _ = leavers_by_pool(projection, unit_class, change, values, block, uninsured)
            for group in people:
                in_group = change.pool_insured_at_baseline[0] * (change.pool_group_at_baseline == group)
                people[group][units] -= leavers[0] @ in_group
    return people


def _support_end(projection: Projection, state_shares: Floats) -> int | None:
    """Return the position of the first month after the count without a support that there was the month before."""
    paid = state_shares[projection.baseline_index :] > 0
    ends = np.flatnonzero(paid[:-1] & ~paid[1:])
    return int(ends[0]) + projection.baseline_index + 1 if len(ends) else None


@dataclass(frozen=True, eq=False)
class CoverageChange:
    """The change of one unit class since the count, in some months under some draws.

    ``price_groups``: positions of the groups that follow their price, with their ``price_change`` (draws,
    those, months); ``outreach_share`` (draws, months): of the people without any card who join;
    ``pool_insured`` (draws, pools, months) and ``pool_insured_at_baseline`` (draws, pools): of those who leave;
    ``pool_group`` (pools, months) and ``pool_group_at_baseline``: the group of each pool; ``after_exit`` (months):
    1 after an exit since the count; ``continuity_lost`` (draws, pools, months): who was without a card for so long
    that five years in a row are lost.
    """

    price_groups: np.ndarray
    price_change: Floats
    outreach_share: Floats
    pool_insured: Floats
    pool_insured_at_baseline: Floats
    pool_group: np.ndarray
    pool_group_at_baseline: np.ndarray
    after_exit: Floats
    continuity_lost: Floats


def coverage_changes(
    projection: Projection, values: Values, result: str = "behavioural", months: Positions | None = None
) -> list[CoverageChange]:
    """Compute the change of each unit class, once for whatever number of units."""
    months = np.arange(len(projection.months)) if months is None else np.asarray(months)
    return [_coverage_change(c, projection, values, result, months) for c in projection.unit_classes]


def _coverage_change(
    unit_class: UnitClass, projection: Projection, values: Values, result: str, months: np.ndarray
) -> CoverageChange:
    draws, length, first = len(values["outreach"]), len(projection.months), projection.baseline_index
    price_groups, price_change, outreach = NONE, np.zeros((draws, 0, len(months))), np.zeros((draws, len(months)))
    if result == "behavioural" and len(unit_class.units):
        observed = projection.assumptions["at_share"]
        shares = unit_class.state_shares
        response = cohort.price_response(values, GROUPS, shares, projection.months, first, observed) - 1
        price_groups = np.flatnonzero(response.any(axis=(0, 2)))
        price_change = response[:, price_groups][:, :, months]
        outreach = cohort.outreach_gains(values, length, first, observed)[:, months]
    insured = continuity_lost = np.zeros((draws, len(POOLS), length))
    pool_group = np.zeros((len(POOLS), length), dtype=int)
    if unit_class.entitlements is not None:
        paths = reenrolment_paths(unit_class, unit_class.entitlements, projection, values, result)
        insured, continuity_lost = paths.insured, paths.continuity_lost
        pool_group = np.array([[GROUPS.index(key) for key in keys] for keys in unit_class.entitlements.keys])
    exited = (np.arange(length) >= unit_class.exit_month).astype(float)
    return CoverageChange(
        price_groups,
        price_change,
        outreach,
        insured[:, :, months],
        insured[:, :, first],
        pool_group[:, months],
        pool_group[:, first],
        exited[months] - exited[first],
        continuity_lost[:, :, months],
    )


def insured_people(
    projection: Projection,
    result: str = "behavioural",
    values: Values | None = None,
    block: np.ndarray | None = None,
    by_group: bool = True,
    months: Positions | None = None,
    changes: list[CoverageChange] | None = None,
) -> Floats:
    """Return the insured people by draw, block of units, group and month: (draws, blocks, groups, months).

    The figures are those of the count and the change since.

    Parameters
    ----------
    result : "static" (no behaviour: people lose what the law takes) or "behavioural".
    values : sets of assumptions (`central_values`, `draw_assumptions`); by default the central ones.
    block : the block of each unit, numbered from 0; by default each unit is one.
        Blocks change in proportion to their people, so a whole area costs no more than a unit.
    by_group : without it, only totals: (draws, blocks, months).
    months : positions of the months; by default all.
    changes : what `coverage_changes` gives for the same arguments, where it is used again.
    """
    values = central_values(projection.assumptions) if values is None else values
    block = projection.each_unit if block is None else block
    months = np.arange(len(projection.months)) if months is None else np.asarray(months)
    changes = coverage_changes(projection, values, result, months) if changes is None else changes
    counts = sum_by_block(projection.baseline.insured, block)
    people = sum_by_block(projection.people[:, months], block)
    growth, total = projection.growth[months], counts.sum(axis=1)[:, None]
    shape = (len(values["outreach"]), len(counts), *([len(GROUPS)] if by_group else []), len(months))
    insured = np.multiply(counts[:, :, None] if by_group else total, growth, out=np.empty(shape))
    uninsured = np.broadcast_to(np.clip(people - total * growth, 0, None), (shape[0], *people.shape)).copy()
    at_baseline = uninsured_at_baseline(projection, block)
    pairs = list(zip(projection.unit_classes, changes, strict=True))
    for unit_class, change in pairs:  # those who leave first: they are not among the others without a card
        if unit_class.entitlements is not None and len(unit_class.exits):
            blocks, leavers, still = leavers_by_pool(projection, unit_class, change, values, block, at_baseline)
            uninsured[:, blocks] = np.clip(uninsured[:, blocks] - still[:, :, None], 0, None)
            gains = _gains(projection, unit_class, block, blocks)[:, :, None] * change.after_exit * growth
            _add_exits(insured, blocks, leavers, gains, change, growth)
    for unit_class, change in pairs:
        if len(unit_class.units) and (len(change.price_groups) or change.outreach_share.any()):
            _add_price_and_outreach(insured, uninsured, projection, unit_class, change, block)
    np.clip(insured, 0, None, out=insured)
    _limit_to_population(people, insured)
    return insured


def uninsured_at_baseline(projection: Projection, block: np.ndarray) -> Floats:
    """Return the people of each block without a card on the day of the count: (blocks, 1)."""
    insured = projection.baseline.insured.sum(axis=1, keepdims=True)
    people = projection.people[:, [projection.baseline_index]]
    return np.clip(sum_by_block(people, block) - sum_by_block(insured, block), 0, None)


def _limit_to_population(people: Floats, insured: Floats) -> None:
    """Shrink the groups alike where they would add up to more than everybody: each is insured once."""
    total = insured.sum(axis=2) if insured.ndim == 4 else insured
    if (total > people).any():
        factor = np.minimum(1.0, np.divide(people, total, out=np.ones_like(total), where=total > 0))
        insured *= factor[:, :, None] if insured.ndim == 4 else factor


def sum_by_block(rows: Floats, block: np.ndarray) -> Floats:
    """Add up the rows of each block."""
    count = int(block.max()) + 1
    if len(rows) == count and (block == np.arange(count)).all():
        return rows
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, block, rows)
    return sums


def _add_price_and_outreach(
    insured: Floats,
    uninsured: Floats,
    projection: Projection,
    unit_class: UnitClass,
    change: CoverageChange,
    block: np.ndarray,
) -> None:
    """Add the change of groups that follow their price, and the people whom outreach insures, up to all people."""
    blocks, inside = np.unique(block[unit_class.units], return_inverse=True)
    counts = sum_by_block(projection.baseline.insured[unit_class.units], inside)[:, change.price_groups]
    more, less = (np.matmul(counts, np.clip(change.price_change, *limits)) for limits in ((0, None), (None, 0)))
    available = uninsured[:, blocks]
    by_outreach = available * change.outreach_share[:, None, :]
    joining = more + by_outreach
    part = np.minimum(1.0, np.divide(available, joining, out=np.ones_like(joining), where=joining > 0))
    if insured.ndim == 3:
        insured[:, blocks] += joining * part + less
        return
    for i, group in enumerate(change.price_groups):
        own = counts[:, i][None, :, None] * change.price_change[:, [i]]
        insured[:, blocks, group] += np.where(own > 0, own * part, own)
    insured[:, blocks, HOUSEHOLD] += by_outreach * part


def _add_exits(
    insured: Floats, blocks: np.ndarray, leavers: Floats, gains: Floats, change: CoverageChange, growth: Floats
) -> None:
    """Add those who lose their entitlement, and those who gain one, from the month of their exit on."""
    if insured.ndim == 3:
        since = change.pool_insured - change.pool_insured_at_baseline[:, :, None]
        insured[:, blocks] += np.matmul(leavers, since) * growth + gains.sum(axis=1)
        return
    draws, months = leavers.shape[0], insured.shape[-1]
    by_group = np.zeros((draws, len(POOLS), len(GROUPS), months))
    pool, month = np.indices(change.pool_group.shape)
    by_group[:, pool, change.pool_group, month] = change.pool_insured
    pools = np.arange(len(POOLS))
    by_group[:, pools, change.pool_group_at_baseline] -= change.pool_insured_at_baseline[:, :, None]
    changing = np.flatnonzero(by_group.any(axis=(0, 1, 3)))
    people = np.matmul(leavers, by_group[:, :, changing].reshape(draws, len(POOLS), -1))
    people = people.reshape(*people.shape[:2], len(changing), months)
    for i, group in enumerate(changing):
        insured[:, blocks, group] += people[:, :, i] * growth
    for group in np.flatnonzero(gains.any(axis=(0, 2))):
        insured[:, blocks, group] += gains[:, group]


def _gains(projection: Projection, unit_class: UnitClass, block: np.ndarray, blocks: np.ndarray) -> Floats:
    """Return the change of the groups where people gain the area entitlement or keep another: (blocks, groups).

    People gain it who have no earlier entitlement: some had no card, the others leave the group
    in which they were insured.
    """
    exits = projection.baseline.exits.iloc[unit_class.exits]
    unit, gained = exits["unit"].to_numpy(), exits["gained"].to_numpy(dtype=float)
    counts, people = projection.baseline.insured[unit], projection.people[unit, projection.baseline_index]
    eligible = np.clip(people - counts.sum(axis=1), 0, None) + counts[:, LATER_GROUPS].sum(axis=1)
    part = np.minimum(1.0, np.divide(gained, eligible, out=np.zeros_like(eligible), where=eligible > 0))
    change = np.zeros(counts.shape)
    change[:, LATER_GROUPS] = -counts[:, LATER_GROUPS] * part[:, None]
    other = exits["other"].to_numpy(dtype=float)  # they keep a card, with another entitlement
    change[:, AREA] = np.minimum(gained, eligible) - other
    change[:, OTHER] += other
    return sum_by_block(change, np.searchsorted(blocks, block[unit]))


def leavers_by_pool(
    projection: Projection,
    unit_class: UnitClass,
    change: CoverageChange,
    values: Values,
    block: np.ndarray,
    uninsured: Floats,
) -> tuple[np.ndarray, Floats, Floats]:
    """Return the blocks with exits, their leavers by draw and pool, and those of them without a card at the count.

    Those who left before the count and are still without a card can't be more than all without
    (``uninsured``, people by block): if the counts leave fewer, the others are back already.
    """
    exits = projection.baseline.exits.iloc[unit_class.exits]
    blocks, inside = np.unique(block[exits["unit"].to_numpy()], return_inverse=True)
    people = people_by_pool(exits, values, inside)
    if unit_class.exit_month > projection.baseline_index:
        return blocks, people, np.zeros(people.shape[:2])
    still = (people * (1 - change.pool_insured_at_baseline)[:, None, :]).sum(axis=2)
    part = np.minimum(1.0, np.divide(uninsured[blocks, 0], still, out=np.ones_like(still), where=still > 0))
    return blocks, people * part[:, :, None], still * part


def reenrolment_paths(
    unit_class: UnitClass, entitlements: PoolEntitlements, projection: Projection, values: Values, result: str
) -> ReenrolmentPaths:
    """Follow the pools of one exit under a result, for each draw."""
    months, exit_month = projection.months, unit_class.exit_month
    if result == "static":
        return cohort.static_paths(entitlements, months, exit_month, len(values["outreach"]))
    observed, policy_month = projection.assumptions["at_share"], projection.baseline_index + 1
    return cohort.reenrolment_shares(values, entitlements, months, exit_month, observed, policy_month)


def people_by_pool(exits: pd.DataFrame, values: Values, block: np.ndarray) -> Floats:
    """Divide those who lose their entitlement: (draws, blocks, pools).

    The pools are linear in the share of minorities, so communes add up before they are divided.
    """
    lost, share = exits["lost"].to_numpy(dtype=float), exits["minority"].to_numpy(dtype=float)
    unknown = np.isnan(share)
    columns = np.stack([np.where(unknown, 0.0, lost), np.where(unknown, 0.0, lost * share), lost * unknown], axis=1)
    total, minority, rest = sum_by_block(columns, block).T[:, None, :, None]
    none, every = (cohort.pool_shares(values, np.array([m]))[:, None, :] for m in (0.0, 1.0))
    assumed = cohort.pool_shares(values, values["minority_share"])[:, None, :]
    return total * none + minority * (every - none) + rest * assumed


def commune_rates(
    projection: Projection, values: Values, result: str = "behavioural", months: Positions | None = None
) -> Iterator[tuple[np.ndarray, Floats]]:
    """Yield the rates of all units, some units at a time: positions and (draws, units, months).

    However many communes, no more than a few times `CHUNK` numbers are in memory at once.
    """
    months = np.arange(len(projection.months)) if months is None else np.asarray(months)
    changes = coverage_changes(projection, values, result, months)
    correction = count_correction(values)[:, None, None]
    size = max(1, CHUNK // (len(values["outreach"]) * len(months)))
    for begin in range(0, len(projection.baseline.units), size):
        units = projection.each_unit[begin : begin + size]
        part = _select_units(projection, units)
        insured = insured_people(part, result, values, by_group=False, months=months, changes=changes)
        yield units, np.minimum(insured / part.people[:, months] * correction, 1.0)


def count_correction(values: Values) -> Floats:
    """Return the factor of a rate for duplicate cards and the error of the count of people, by draw."""
    return (1 - values["duplicates"]) / (1 + values["population_error"])


def _select_units(projection: Projection, units: np.ndarray) -> Projection:
    """Return the projection of some of its units; the unit classes stay in their order."""
    baseline = projection.baseline
    position = np.full(len(baseline.units), -1)
    position[units] = np.arange(len(units))
    kept = np.isin(baseline.exits["unit"].to_numpy(), units)
    row = np.cumsum(kept) - 1
    exits = baseline.exits[kept].assign(unit=lambda t: position[t["unit"]]).reset_index(drop=True)
    part = dataclasses.replace(baseline, units=baseline.units.iloc[units], insured=baseline.insured[units], exits=exits)
    unit_classes = []
    for one in projection.unit_classes:
        own = position[one.units]
        unit_classes.append(dataclasses.replace(one, units=own[own >= 0], exits=row[one.exits[kept[one.exits]]]))
    return dataclasses.replace(projection, baseline=part, unit_classes=unit_classes, people=projection.people[units])
