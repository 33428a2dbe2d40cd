"""Project the people of an area under a policy: the engine of `simulate`.

Units under the same law, and exits in the same month under the same law, change alike, in proportion
to their people; so the changes are computed once for each class and applied to the counts by
matrix products, for one area or eleven thousand communes, one set of assumptions or many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.finance.budget import group_subsidy_share, monthly_prices, payer_shares
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import Values, assumptions, central_values
from bhyt_analysis.model.projection.baseline import AREA, GROUPS, OTHER, UNKNOWN_GROUP, Baseline
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, POOLS, Floats, PoolEntitlements, ReenrolmentPaths
from bhyt_analysis.model.projection.scenario import YEARS, Scenario

Positions = Sequence[int] | np.ndarray
MONTHS_AHEAD = 60  # where a scenario has no end
CHUNK = 4_000_000  # numbers in memory at once where every commune is drawn
HOUSEHOLD = GROUPS.index("household")
ENDING_SUPPORTS = [GROUPS.index(key) for key in dict.fromkeys(cohort.SUPPORT_WINDOWS.values()) if key]
# Entitlements after that of the area in the order of the law: whoever gains it leaves them.
FIRST_SUPPORTED = groups().at["state_supported", "title_order"]
LATER_GROUPS = [
    i for i, g in enumerate(GROUPS) if g == UNKNOWN_GROUP or groups().at[g, "title_order"] >= FIRST_SUPPORTED
]


@dataclass(frozen=True, eq=False)
class UnitClass:
    """Units under the same law: their prices change alike.

    ``units``: positions of the units; ``state_shares`` (groups, months), ``prices`` (groups, months, payers).
    """

    units: np.ndarray
    state_shares: Floats
    prices: Floats


@dataclass(frozen=True, eq=False)
class ExitClass:
    """Exits under the same law in the same month: those who leave are insured again alike.

    ``exits``: positions of the rows of `Baseline.exits`; ``exit_month``: position of the first month after the exit;
    ``entitlement``: that of the area, or a support that ends.
    """

    exits: np.ndarray
    exit_month: int
    entitlements: PoolEntitlements
    entitlement: str = AREA_ENTITLEMENT

    @property
    def pool_groups(self) -> np.ndarray:
        """Positions of the groups of the pools: (pools, months)."""
        return np.array([[GROUPS.index(key) for key in keys] for keys in self.entitlements.keys])


@dataclass(frozen=True, eq=False)
class Projection:
    """A scenario and the figures of an area, ready to be computed for one set of values or many.

    ``months`` are month ends from the first that matters (an exit may lie before the count); ``baseline_index`` is the
    position of the count among them, ``report_index`` that of the first month of results. ``growth``: people of each
    month to those of the count.
    """

    baseline: Baseline
    scenario: Scenario
    law: Law
    assumptions: pd.DataFrame
    months: list[pd.Timestamp]
    baseline_index: int
    report_index: int
    unit_classes: list[UnitClass]
    exit_classes: list[ExitClass]
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
    """Project a baseline under a scenario; raises BhytError for one that ends before its figures begin."""
    return apply_behaviour(apply_policy(baseline, scenario, law), scenario)


def apply_policy(baseline: Baseline, scenario: Scenario, law: Law) -> Projection:
    """Project what does not depend on behaviour: the months, the law, who leaves when."""
    day = baseline.day + pd.offsets.MonthEnd(0)
    since = day if scenario.start is None else max(day, scenario.start)
    end = scenario.end if scenario.end is not None else since + pd.offsets.MonthEnd(MONTHS_AHEAD)
    if end.year > YEARS[-1]:
        raise BhytError(("error.too_far_ahead", {"name": baseline.name, "end": end, "year": YEARS[-1]}))
    if end <= since:
        raise BhytError(("error.no_months_ahead", {"name": baseline.name, "start": since, "end": end}))
    month_after = {on: _month_after(on) for on in baseline.exits["on"].unique()}
    exit_months = baseline.exits["on"].map(month_after).astype("datetime64[ns]")
    begin = min([day, *(exit_months - pd.offsets.MonthEnd(1))])
    months = list(pd.date_range(begin, end, freq="ME"))
    indexes = months.index(day), months.index(since)
    classes = _classes(baseline, scenario, law, months, exit_months)
    people = baseline.units["population"].to_numpy()[:, None]
    return Projection(baseline, scenario, law, assumptions(), months, *indexes, *classes, people, np.ones(1))


def apply_behaviour(policy: Projection, scenario: Scenario) -> Projection:
    """Apply the assumptions of a scenario of the same decision, law and days."""
    table = scenario.assumptions()
    years = (np.arange(len(policy.months)) - policy.baseline_index) / 12
    growth = (1 + float(table.at["population_growth", "central"])) ** years
    people = policy.baseline.units["population"].to_numpy()[:, None] * growth
    return _add_support_ends(replace(policy, scenario=scenario, assumptions=table, people=people, growth=growth))


def _month_after(day: pd.Timestamp) -> pd.Timestamp:
    """Return the end of the first month that begins after an exit; contributions go by the month."""
    return (day if day.day == 1 else day + pd.offsets.MonthBegin(1)) + pd.offsets.MonthEnd(0)


def _classes(
    baseline: Baseline, scenario: Scenario, law: Law, months: list[pd.Timestamp], exit_months: pd.Series
) -> tuple[list[UnitClass], list[ExitClass]]:
    units_by_law = defaultdict[tuple[str, ...], list[int]](list)
    places = {str(place): place for place in baseline.lineages}
    areas = {key: law.areas_of(place) for key, place in places.items()}  # one look-up for units under the same parent
    for i, place in enumerate(baseline.lineages):
        units_by_law[areas[str(place)]].append(i)
    unit_classes, exit_classes, window = [], [], scenario.support_window or "none"
    for units in units_by_law.values():
        place = baseline.lineages[units[0]]
        inside = baseline.exits["unit"].isin(units).to_numpy()
        for month in sorted(set(exit_months[inside]) & set(months)):  # later exits are outside the projection
            exits, exit_month = np.flatnonzero(inside & (exit_months == month).to_numpy()), months.index(month)
            entitlements = cohort.pool_entitlements(law, months, exit_month, window, place)
            exit_classes.append(ExitClass(exits, exit_month, entitlements))
        shares = payer_shares(law, months, place)
        state_shares = np.stack([group_subsidy_share(shares, g) for g in GROUPS])  # missing where the law has none
        prices = monthly_prices(law, months, GROUPS, place, dict(scenario.income))
        unit_classes.append(UnitClass(np.array(units), state_shares, prices))
    return unit_classes, exit_classes


def _add_support_ends(projection: Projection) -> Projection:
    """Add an exit for those who have, on the day of the count, a support that ends later.

    Those who are known to have left by the scenario's decision are followed by their own pools.
    """
    baseline, law, months = projection.baseline, projection.law, projection.months
    exit_classes, exits = list(projection.exit_classes), [baseline.exits]
    supported = _supported_people(projection)
    for unit_class in projection.unit_classes:
        for group, people in supported.items():
            units = unit_class.units[people[unit_class.units] > 0]
            paid = unit_class.state_shares[group, projection.baseline_index :] > 0
            ends = np.flatnonzero(paid[:-1] & ~paid[1:])
            if not len(units) or not len(ends):
                continue
            exit_month = projection.baseline_index + int(ends[0]) + 1  # the first without the support
            rows = np.arange(len(units)) + sum(map(len, exits))
            record = {"unit": units, "on": months[exit_month - 1] + pd.Timedelta(days=1), "lost": people[units]}
            record |= {"gained": 0.0, "other": 0.0, "minority": 1.0}
            exits.append(pd.DataFrame({**record, "status": baseline.units["status"].to_numpy()[units]}))
            place, key = baseline.lineages[units[0]], GROUPS[group]
            entitlements = cohort.pool_entitlements(law, months, exit_month, "none", place, before=key)
            exit_classes.append(ExitClass(rows, exit_month, entitlements, key))
    if len(exits) == 1:
        return projection
    table = pd.concat([rows for rows in exits if len(rows)], ignore_index=True)
    return replace(projection, baseline=replace(baseline, exits=table), exit_classes=exit_classes)


def _supported_people(projection: Projection) -> dict[int, Floats]:
    """Return the people of each unit with a support that ends, by group, without those whom the pools follow."""
    people = {group: projection.baseline.insured[:, group].copy() for group in ENDING_SUPPORTS}
    if not any(p.any() for p in people.values()):
        return {}
    values, first = central_values(projection.assumptions), projection.baseline_index
    for exit_class in projection.exit_classes:
        if exit_class.exit_month <= first:
            paths = reenrolment_paths(projection, exit_class, values, "behavioural")
            leavers = leavers_by_pool(projection, exit_class, paths, values, projection.each_unit)
            for group in people:
                in_group = exit_class.pool_groups[:, first] == group
                people[group][leavers.blocks] -= leavers.people[0] @ (paths.insured[0, :, first] * in_group)
    return people


class PriceChange(NamedTuple):
    """The change of a class of units by price and outreach since the count.

    ``change`` (draws, groups, months): of the insured of the ``groups`` (positions) that follow their price;
    ``outreach_share`` (draws, months): of the people without any card who join.
    """

    groups: np.ndarray
    change: Floats
    outreach_share: Floats


class CoverageChanges(NamedTuple):
    """The changes of all classes, for whatever number of units."""

    prices: list[PriceChange]
    paths: list[ReenrolmentPaths]


def coverage_changes(projection: Projection, values: Values, result: str = "behavioural") -> CoverageChanges:
    """Compute the change of each class of units (none by price in the static result) and of exits."""
    prices = [_price_change(c, projection, values) for c in projection.unit_classes] if result != "static" else []
    paths = [reenrolment_paths(projection, one, values, result) for one in projection.exit_classes]
    return CoverageChanges(prices, paths)


def _price_change(unit_class: UnitClass, projection: Projection, values: Values) -> PriceChange:
    first, observed, months = projection.baseline_index, projection.assumptions["at_share"], projection.months
    change = cohort.price_response(values, GROUPS, unit_class.state_shares, months, first, observed) - 1
    groups = np.flatnonzero(change.any(axis=(0, 2)))
    return PriceChange(groups, change[:, groups], cohort.outreach_gains(values, len(months), first, observed))


def reenrolment_paths(projection: Projection, exit_class: ExitClass, values: Values, result: str) -> ReenrolmentPaths:
    """Follow the pools of a class of exits under a result, for each draw."""
    entitlements, months, exit_month = exit_class.entitlements, projection.months, exit_class.exit_month
    if result == "static":
        return cohort.static_paths(entitlements, months, exit_month, len(values["outreach"]))
    observed, policy_month = projection.assumptions["at_share"], projection.baseline_index + 1
    return cohort.reenrolment_shares(values, entitlements, months, exit_month, observed, policy_month)


def insured_people(
    projection: Projection,
    result: str = "behavioural",
    values: Values | None = None,
    block: np.ndarray | None = None,
    by_group: bool = True,
    months: Positions | None = None,
    changes: CoverageChanges | None = None,
) -> Floats:
    """Return the insured people by draw, block of units, group and month: (draws, blocks, groups, months).

    The figures are those of the count and the change since.

    ``result`` is "static" (no behaviour: people lose what the law takes) or "behavioural"; ``values`` are sets of
    assumptions, by default the central ones; ``block`` numbers the block of each unit from 0, by default each unit is
    one. Blocks change in proportion to their people, so a whole area costs no more than a unit. Without ``by_group``
    there are only totals: (draws, blocks, months). ``months`` are positions, by default all; ``changes`` is what
    `coverage_changes` gives for the same arguments, where it is used again.
    """
    values = central_values(projection.assumptions) if values is None else values
    block = projection.each_unit if block is None else block
    months = np.arange(len(projection.months)) if months is None else np.asarray(months)
    changes = coverage_changes(projection, values, result) if changes is None else changes
    counts = sum_by_block(projection.baseline.insured, block)
    people = sum_by_block(projection.people[:, months], block)
    growth, total = projection.growth[months], counts.sum(axis=1)[:, None]
    shape = (len(values["outreach"]), len(counts), *([len(GROUPS)] if by_group else []), len(months))
    insured = np.multiply(counts[:, :, None] if by_group else total, growth, out=np.empty(shape))
    uninsured = np.broadcast_to(np.clip(people - total * growth, 0, None), (shape[0], *people.shape)).copy()
    for exit_class, paths in zip(projection.exit_classes, changes.paths, strict=True):
        if len(exit_class.exits):
            leavers = leavers_by_pool(projection, exit_class, paths, values, block)
            # Those who leave come first: they are not among the others without a card.
            others = uninsured[:, leavers.blocks] - leavers.uninsured[:, :, None]
            uninsured[:, leavers.blocks] = np.clip(others, 0, None)
            _add_exits(insured, projection, exit_class, paths, leavers, block, months)
    for unit_class, price in zip(projection.unit_classes, changes.prices, strict=False):  # none in the static result
        units = unit_class.units
        if len(units) and (len(price.groups) or price.outreach_share.any()):
            own = projection.baseline.insured[units]
            _add_price_and_outreach(insured, uninsured, own, price, block[units], months)
    np.clip(insured, 0, None, out=insured)
    total = insured.sum(axis=2) if by_group else insured
    if (total > people).any():  # each is insured once: the groups shrink alike
        factor = np.minimum(1.0, np.divide(people, total, out=np.ones_like(total), where=total > 0))
        insured *= factor[:, :, None] if by_group else factor
    return insured


def sum_by_block(rows: Floats, block: np.ndarray) -> Floats:
    """Add up the rows of each block."""
    count = int(block.max()) + 1
    if len(rows) == count and (block == np.arange(count)).all():
        return rows
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, block, rows)
    return sums


def _add_price_and_outreach(
    insured: Floats, uninsured: Floats, counts: Floats, price: PriceChange, block: np.ndarray, months: np.ndarray
) -> None:
    """Add the change of groups that follow their price, and the people whom outreach insures, up to all people."""
    blocks, inside = np.unique(block, return_inverse=True)
    counts, change = sum_by_block(counts, inside)[:, price.groups], price.change[:, :, months]
    more, less = (np.matmul(counts, np.clip(change, *limits)) for limits in ((0, None), (None, 0)))
    available = uninsured[:, blocks]
    by_outreach = available * price.outreach_share[:, None, months]
    joining = more + by_outreach
    part = np.minimum(1.0, np.divide(available, joining, out=np.ones_like(joining), where=joining > 0))
    if insured.ndim == 3:
        insured[:, blocks] += joining * part + less
        return
    for i, group in enumerate(price.groups):
        own = counts[:, i][None, :, None] * change[:, [i]]
        insured[:, blocks, group] += np.where(own > 0, own * part, own)
    insured[:, blocks, HOUSEHOLD] += by_outreach * part


class Leavers(NamedTuple):
    """The blocks with exits, their leavers by draw and pool, and those of them without a card at the count."""

    blocks: np.ndarray
    people: Floats
    uninsured: Floats


def _add_exits(
    insured: Floats,
    projection: Projection,
    exit_class: ExitClass,
    paths: ReenrolmentPaths,
    leavers: Leavers,
    block: np.ndarray,
    months: np.ndarray,
) -> None:
    """Add those who lose their entitlement, and those who gain one, from the month of their exit on."""
    blocks, people, first, growth = leavers.blocks, leavers.people, projection.baseline_index, projection.growth[months]
    exited = (months >= exit_class.exit_month).astype(float) - float(first >= exit_class.exit_month)
    gains = _gains(projection, exit_class, block, blocks)[:, :, None] * exited * growth
    share, share_at_count = paths.insured[:, :, months], paths.insured[:, :, first, None]
    if insured.ndim == 3:
        insured[:, blocks] += np.matmul(people, share - share_at_count) * growth + gains.sum(axis=1)
        return
    groups, pools, draws = exit_class.pool_groups, np.arange(len(POOLS)), people.shape[0]
    by_group = np.zeros((draws, len(POOLS), len(GROUPS), len(months)))
    by_group[:, pools[:, None], groups[:, months], np.arange(len(months))] = share
    by_group[:, pools, groups[:, first]] -= share_at_count
    changing = np.flatnonzero(by_group.any(axis=(0, 1, 3)))
    change = np.matmul(people, by_group[:, :, changing].reshape(draws, len(POOLS), -1))
    change = change.reshape(*change.shape[:2], len(changing), len(months))
    for i, group in enumerate(changing):
        insured[:, blocks, group] += change[:, :, i] * growth
    for group in np.flatnonzero(gains.any(axis=(0, 2))):
        insured[:, blocks, group] += gains[:, group]


def _gains(projection: Projection, exit_class: ExitClass, block: np.ndarray, blocks: np.ndarray) -> Floats:
    """Return the change of the groups where people gain the area entitlement or keep another: (blocks, groups).

    People gain it who have no earlier entitlement: some had no card, the others leave the group in which they were
    insured.
    """
    exits = projection.baseline.exits.iloc[exit_class.exits]
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
    projection: Projection, exit_class: ExitClass, paths: ReenrolmentPaths, values: Values, block: np.ndarray
) -> Leavers:
    """Divide those who leave over the pools.

    Those who left before the count and are still without a card can't be more than all without: if the counts leave
    fewer, the others are back already.
    """
    exits, first = projection.baseline.exits.iloc[exit_class.exits], projection.baseline_index
    blocks, inside = np.unique(block[exits["unit"].to_numpy()], return_inverse=True)
    people = people_by_pool(exits, values, inside)
    if exit_class.exit_month > first:
        return Leavers(blocks, people, np.zeros(people.shape[:2]))
    counts = projection.people[:, first] - projection.baseline.insured.sum(axis=1)
    uninsured = np.clip(sum_by_block(counts[:, None], block), 0, None)[blocks, 0]
    still = (people * (1 - paths.insured[:, None, :, first])).sum(axis=2)
    part = np.minimum(1.0, np.divide(uninsured, still, out=np.ones_like(still), where=still > 0))
    return Leavers(blocks, people * part[:, :, None], still * part)


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
    changes = coverage_changes(projection, values, result)
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
    """Return the projection of some of its units; the classes stay in their order."""
    baseline = projection.baseline
    position = np.full(len(baseline.units), -1)
    position[units] = np.arange(len(units))
    kept = np.isin(baseline.exits["unit"].to_numpy(), units)
    row = np.cumsum(kept) - 1
    exits = baseline.exits[kept].assign(unit=lambda t: position[t["unit"]]).reset_index(drop=True)
    table, insured = baseline.units.iloc[units], baseline.insured[units]
    return replace(
        projection,
        baseline=replace(baseline, units=table, insured=insured, exits=exits),
        unit_classes=[replace(c, units=position[c.units][position[c.units] >= 0]) for c in projection.unit_classes],
        exit_classes=[replace(c, exits=row[c.exits[kept[c.exits]]]) for c in projection.exit_classes],
        people=projection.people[units],
    )
