"""How do the people of an area move under a policy? The engine under `simulate`.

Units whose law and day of exit are the same move alike, in proportion to what they
hold; so the moves are worked out once for each kind and laid over the counts by
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
from bhyt_analysis.model.projection.baseline import GROUPS, UNKNOWN_GROUP, Baseline
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, POOLS, Floats
from bhyt_analysis.model.projection.scenario import Scenario

MONTHS_AHEAD = 60  # where a scenario names no end
CHUNK = 4_000_000  # numbers held at once where every commune is drawn
AREA, HOUSEHOLD, OTHER = (GROUPS.index(k) for k in (AREA_ENTITLEMENT, "household", "state_paid_other"))
ENDING_SUPPORTS = [
    GROUPS.index(k) for k in cohort.SUPPORT_WINDOWS.values() if k
]  # supports for those who left, which end one day
# Titles that come after that of the area in the order of the law: whoever gains it leaves them.
LATER_GROUPS = [
    GROUPS.index(g) for g in GROUPS if g == UNKNOWN_GROUP or g in groups().query("title_order >= 400").index
]


@dataclass(frozen=True, eq=False)
class UnitClass:
    """Units whose law and month of exit are the same: they move alike, in proportion.

    ``rows``: positions of the units; ``events``: of the rows of ``leaving`` (none for
    units that nobody leaves); ``leaves``: position of the first month after the exit;
    ``title``: that of the area, or a support that ends. ``shares`` (groups, months),
    ``price`` (groups, months, payers).
    """

    rows: np.ndarray
    events: np.ndarray
    leaves: int
    titles: cohort.PoolEntitlements | None
    shares: Floats
    price: Floats
    title: str = AREA_ENTITLEMENT


@dataclass(frozen=True, eq=False)
class Projection:
    """A scenario laid over the figures of an area, ready to be run for one set of values or many.

    ``months`` are month ends from the first that matters (an exit may lie before the
    count); ``baseline_index`` is the position of the count among them, ``report_index`` that of the first
    month that was asked for. ``growth``: people of each month to those of the count.
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


def project(start: Baseline, scenario: Scenario, law: Law) -> Projection:
    """Lay a scenario over a start: which months, which law in each place, who moves when.

    Raises
    ------
    BhytError
        for a scenario that ends before its figures begin.
    """
    return apply_behaviour(apply_policy(start, scenario, law), scenario)


def apply_policy(start: Baseline, scenario: Scenario, law: Law) -> Projection:
    """What of a projection does not depend on how people behave: its months, its law, who leaves when."""
    day = start.day + pd.offsets.MonthEnd(0)
    since = day if scenario.start is None else max(day, scenario.start)
    end = scenario.end if scenario.end is not None else since + pd.offsets.MonthEnd(MONTHS_AHEAD)
    if end <= since:
        raise BhytError(("error.no_months_ahead", {"name": start.name, "start": since, "end": end}))
    days = {d: _month_of(d) for d in start.exits["on"].unique()}
    exits = start.exits["on"].map(days).astype("datetime64[ns]")
    begin = min([day, *(exits - pd.offsets.MonthEnd(1))])
    months = list(pd.date_range(begin, end, freq="ME"))
    first = months.index(day)
    kinds = _kinds(start, scenario, law, months, exits)
    people = start.units["population"].to_numpy()[:, None]
    return Projection(
        start, scenario, law, assumptions(), months, first, months.index(since), kinds, people, np.ones(1)
    )


def apply_behaviour(laid: Projection, scenario: Scenario) -> Projection:
    """The projection under the assumptions of a scenario of the same decision, law and days."""
    table = scenario.assumptions()
    growth = (1 + float(table.at["population_growth", "central"])) ** (
        (np.arange(len(laid.months)) - laid.baseline_index) / 12
    )
    people = laid.baseline.units["population"].to_numpy()[:, None] * growth
    return _with_support_ending(dataclasses.replace(laid, scenario=scenario, assumptions=table, people=people, growth=growth))  # fmt: skip


def _with_support_ending(of: Projection) -> Projection:
    """With those who hold, on the day of the count, a support that ends later: their cards end with it.

    Those who are known to have left by the scenario's decision are followed by their own pools.
    """
    held = of.baseline.insured[:, ENDING_SUPPORTS].copy()
    if not held.any():
        return of
    values, block = central_values(of.assumptions), np.arange(len(of.baseline.units))
    free = uninsured_at_baseline(of, block)
    for kind, move in zip(of.unit_classes, coverage_changes(of, values), strict=True):
        if kind.titles is not None and kind.leaves <= of.baseline_index:
            units, people, _ = leavers_by_pool(of, kind, move, values, block, free)
            for i, group in enumerate(ENDING_SUPPORTS):
                held[units, i] -= people[0] @ (move.way_first[0] * (move.place_first == group))
    kinds, parts, count = list(of.unit_classes), [of.baseline.exits], len(of.baseline.exits)
    for kind in of.unit_classes:
        for i, group in enumerate(ENDING_SUPPORTS):
            rows = kind.rows[held[kind.rows, i] > 0]
            paid = kind.shares[group] > 0
            ends = np.flatnonzero(paid[of.baseline_index : -1] & ~paid[of.baseline_index + 1 :]) + of.baseline_index + 1
            if not (len(rows) and len(ends)):
                continue
            leaves = int(ends[0])
            lost = {"unit": rows, "on": of.months[leaves - 1] + pd.Timedelta(days=1), "lost": held[rows, i]}
            parts.append(pd.DataFrame({**lost, "gained": 0.0, "other": 0.0, "minority": 1.0, "status": of.baseline.units["status"].to_numpy()[rows]}))  # fmt: skip
            titles = cohort.pool_entitlements(
                of.law, of.months, leaves, "none", of.baseline.lineages[rows[0]], GROUPS[group]
            )
            events = np.arange(count, count + len(rows))
            kinds.append(
                UnitClass(np.array([], dtype=int), events, leaves, titles, kind.shares, kind.price, GROUPS[group])
            )
            count += len(rows)
    leaving = pd.concat([p for p in parts if len(p)], ignore_index=True) if count else of.baseline.exits
    return dataclasses.replace(of, baseline=dataclasses.replace(of.baseline, exits=leaving), unit_classes=kinds)


def _month_of(day: pd.Timestamp) -> pd.Timestamp:
    """The end of the first month that begins without the title; contributions go by the month."""
    return (day if day.day == 1 else day + pd.offsets.MonthBegin(1)) + pd.offsets.MonthEnd(0)


def _kinds(
    start: Baseline, scenario: Scenario, law: Law, months: list[pd.Timestamp], exits: pd.Series
) -> list[UnitClass]:
    places: dict[tuple[str, ...], list[int]] = {}
    seen: dict[str, tuple[str, ...]] = {}  # one look-up for units under the same parent
    for i, place in enumerate(start.lineages):
        key = str(place)
        if key not in seen:
            seen[key] = law.areas_of(place)
        places.setdefault(seen[key], []).append(i)
    support_window = scenario.support_window or "none"
    kinds = []
    events = start.exits
    for rows in places.values():
        here: Area = start.lineages[rows[0]]
        shares, price = _shares(law, months, here), monthly_prices(law, months, GROUPS, here, dict(scenario.income))
        inside = events["unit"].isin(rows).to_numpy()
        for when in sorted(set(exits[inside])):
            chosen = np.flatnonzero(inside & (exits == when).to_numpy())
            leaves = months.index(when) if when in months else len(months)
            of = cohort.pool_entitlements(law, months, leaves, support_window, here) if leaves < len(months) else None
            kinds.append(UnitClass(np.array([], dtype=int), chosen, leaves, of, shares, price))
        kinds.append(UnitClass(np.array(rows), np.array([], dtype=int), len(months), None, shares, price))
    return kinds


def _shares(law: Law, months: list[pd.Timestamp], area: Area) -> Floats:
    """What the State pays of each group's premium: (groups, months); missing where the law tells no share."""
    told = payer_shares(law, months, area)
    return np.stack([group_subsidy_share(told, g) for g in GROUPS])


@dataclass(frozen=True, eq=False)
class CoverageChange:
    """How one kind moves in some months under some draws, told as a change since the start.

    ``groups``: positions of the groups that follow their price, ``drift`` (draws, those,
    months); ``reached`` (draws, months): people without any card who join; ``since``
    (draws, pools, months): of those who leave; ``without`` (draws, pools): of those who
    had left before the start, who has no card then; ``place`` and ``place_first``:
    each pool's group by month and at the start; ``way``, ``way_first``: its insured;
    ``broken``: who of it was without a card for so long that five years in a row are lost.
    """

    groups: np.ndarray
    drift: Floats
    reached: Floats
    since: Floats
    without: Floats
    way: Floats
    way_first: Floats
    place: np.ndarray
    place_first: np.ndarray
    after: Floats
    broken: Floats


def coverage_changes(of: Projection, values: Values, result: str = "behavioural", months: Sequence[int] | np.ndarray | None = None) -> list[CoverageChange]:  # fmt: skip
    """How each kind moves: worked out once, whatever the number of units."""
    chosen = np.arange(len(of.months)) if months is None else np.asarray(months)
    return [_moves(kind, of, values, result, chosen) for kind in of.unit_classes]


def _moves(kind: UnitClass, of: Projection, values: Values, result: str, chosen: np.ndarray) -> CoverageChange:
    seen, draws, first = of.assumptions["at_share"], len(values["outreach"]), of.baseline_index
    groups_, change, reached = (
        np.array([], dtype=int),
        np.zeros((draws, 0, len(chosen))),
        np.zeros((draws, len(chosen))),
    )
    if result == "behavioural" and len(kind.rows):
        drift = cohort.price_response(values, GROUPS, kind.shares, of.months, first, seen) - 1
        groups_ = np.flatnonzero(drift.any(axis=(0, 2)))
        change = drift[:, groups_][:, :, chosen]
        reached = cohort.outreach_gains(values, of.months, first, seen)[:, chosen]
    insured, place = np.zeros((draws, len(POOLS), len(of.months))), np.zeros((len(POOLS), len(of.months)), dtype=int)
    broken = insured
    if kind.titles is not None:
        way_ = reenrolment_paths(kind, of, values, result)
        insured, broken = way_.insured, way_.broken
        place = np.array([[GROUPS.index(k) for k in row] for row in kind.titles.keys])
    after = (np.arange(len(of.months)) >= kind.leaves).astype(float)
    way, way_first = insured[:, :, chosen], insured[:, :, first]
    return CoverageChange(
        groups_, change, reached, way - way_first[:, :, None], 1 - way_first, way, way_first,
        place[:, chosen], place[:, first], after[chosen] - after[first], broken[:, :, chosen],
    )  # fmt: skip


def insured_people(
    of: Projection,
    result: str = "behavioural",
    values: Values | None = None,
    block: np.ndarray | None = None,
    by_group: bool = True,
    months: Sequence[int] | np.ndarray | None = None,
    moved: list[CoverageChange] | None = None,
) -> Floats:
    """Insured people by draw, block of units, group and month: (draws, blocks, groups, months).

    Everything starts from the count of the start: what is projected is the change since.

    Parameters
    ----------
    result : "static" (nobody acts: people lose what the law takes) or "behavioural".
    values : sets of assumptions (`central`, `drawn`); by default the central ones.
    block : the block of each unit, numbered from 0; by default each unit is one.
        Blocks move in proportion to what they hold, so a whole area costs no more than a unit.
    by_group : without it, only totals: (draws, blocks, months).
    months : positions of the months that are wanted; by default all.
    moved : what `coverage_changes` gives for the same arguments, where it is used again.
    """
    values = central_values(of.assumptions) if values is None else values
    block = np.arange(len(of.baseline.units)) if block is None else block
    chosen = np.arange(len(of.months)) if months is None else np.asarray(months)
    moved = coverage_changes(of, values, result, chosen) if moved is None else moved
    base = sum_by_block(of.baseline.insured, block)
    people = sum_by_block(of.people[:, chosen], block)
    years = of.growth[chosen]
    total = base.sum(axis=1)[:, None]
    shape = (len(values["outreach"]), len(base), *([len(GROUPS)] if by_group else []), len(chosen))
    out = np.multiply(base[:, :, None] if by_group else total, years, out=np.empty(shape))
    spare = np.broadcast_to(np.clip(people - total * years, 0, None), (shape[0], *people.shape)).copy()
    free = uninsured_at_baseline(of, block)
    for kind, move in zip(
        of.unit_classes, moved, strict=True
    ):  # first those who leave: they are no others without a card
        if kind.titles is not None and len(kind.events):
            _leave(out, spare, free, of, kind, move, values, block, years)
    for kind, move in zip(of.unit_classes, moved, strict=True):
        if len(kind.rows) and (len(move.groups) or move.reached.any()):
            _drift(out, spare, of, kind, move, block)
    np.clip(out, 0, None, out=out)
    _no_more_than(people, out)
    return out


def uninsured_at_baseline(of: Projection, block: np.ndarray) -> Floats:
    """The people of each block without a card at the start: (blocks, 1)."""
    insured = of.baseline.insured.sum(axis=1, keepdims=True)
    return np.clip(sum_by_block(of.people[:, [of.baseline_index]], block) - sum_by_block(insured, block), 0, None)


def _no_more_than(people: Floats, out: Floats) -> None:
    """Nobody is insured twice: where the groups would add up to more than everybody, they shrink alike."""
    total = out.sum(axis=2) if out.ndim == 4 else out
    if (total > people).any():
        over = np.minimum(1.0, np.divide(people, total, out=np.ones_like(total), where=total > 0))
        out *= over[:, :, None] if out.ndim == 4 else over


def sum_by_block(rows: Floats, block: np.ndarray) -> Floats:
    """The rows of each block, added up."""
    if len(rows) == int(block.max()) + 1 and (block == np.arange(len(rows))).all():
        return rows
    out = np.zeros((int(block.max()) + 1, rows.shape[1]))
    np.add.at(out, block, rows)
    return out


def _drift(
    out: Floats, spare: Floats, of: Projection, kind: UnitClass, move: CoverageChange, block: np.ndarray
) -> None:
    """Groups that follow their price, and people without a card who are reached; no more than there are."""
    blocks, inside = np.unique(block[kind.rows], return_inverse=True)
    base = sum_by_block(of.baseline.insured[kind.rows], inside)[:, move.groups]
    reached = move.reached[:, None, :]
    more, less = (np.matmul(base, np.clip(move.drift, *ends)) for ends in ((0, None), (None, 0)))
    free = spare[:, blocks]
    wish = more + free * reached
    room = np.minimum(1.0, np.divide(free, wish, out=np.ones_like(wish), where=wish > 0))
    if out.ndim == 3:
        out[:, blocks] += wish * room + less
        return
    for i, group in enumerate(move.groups):
        own = base[:, i][None, :, None] * move.drift[:, [i]]
        out[:, blocks, group] += np.where(own > 0, own * room, own)
    out[:, blocks, HOUSEHOLD] += free * reached * room


def _leave(
    out: Floats, spare: Floats, free: Floats, of: Projection, kind: UnitClass, move: CoverageChange, values: Values,
    block: np.ndarray, years: Floats,
) -> None:  # fmt: skip
    """Those who lose their title, and those who gain one, from the month of their exit on; they grow as all do."""
    blocks, people, without = leavers_by_pool(of, kind, move, values, block, free)
    spare[:, blocks] = np.clip(spare[:, blocks] - without[:, :, None], 0, None)
    gained = _gained(of, kind, block, blocks)[:, :, None] * move.after * years
    if out.ndim == 3:
        out[:, blocks] += np.matmul(people, move.since) * years + gained.sum(axis=1)
        return
    span = out.shape[-1]
    by_group = np.zeros((people.shape[0], len(POOLS), len(GROUPS), span))
    pool, month = np.indices(move.place.shape)
    by_group[:, pool, move.place, month] = move.way
    by_group[:, np.arange(len(POOLS)), move.place_first] -= move.way_first[:, :, None]
    touched = np.flatnonzero(by_group.any(axis=(0, 1, 3)))
    change = np.matmul(people, by_group[:, :, touched].reshape(people.shape[0], len(POOLS), -1))
    change = change.reshape(*change.shape[:2], len(touched), span)
    for i, group in enumerate(touched):
        out[:, blocks, group] += change[:, :, i] * years
    for group in np.flatnonzero(gained.any(axis=(0, 2))):
        out[:, blocks, group] += gained[:, group]


def _gained(of: Projection, kind: UnitClass, block: np.ndarray, blocks: np.ndarray) -> Floats:
    """What the groups of each block gain when people are given the title by area or keep another: (blocks, groups).

    The first are people without an earlier title: some had no card, the others leave the group
    under which they were insured.
    """
    events = of.baseline.exits.iloc[kind.events]
    unit, gained = events["unit"].to_numpy(), events["gained"].to_numpy(dtype=float)
    base, people = of.baseline.insured[unit], of.people[unit, of.baseline_index]
    reach = np.clip(people - base.sum(axis=1), 0, None) + base[:, LATER_GROUPS].sum(axis=1)
    part = np.minimum(1.0, np.divide(gained, reach, out=np.zeros_like(reach), where=reach > 0))
    change = np.zeros(base.shape)
    change[:, LATER_GROUPS] = -base[:, LATER_GROUPS] * part[:, None]
    other = events["other"].to_numpy(dtype=float)  # they keep a card, under another title
    change[:, AREA] = np.minimum(gained, reach) - other
    change[:, OTHER] += other
    return sum_by_block(change, np.searchsorted(blocks, block[unit]))


def leavers_by_pool(
    of: Projection, kind: UnitClass, move: CoverageChange, values: Values, block: np.ndarray, free: Floats
) -> tuple[np.ndarray, Floats, Floats]:
    """Who leaves: the blocks, their people by draw and pool, and who of them has no card at the start.

    Those who left before the start and are still without can't be more than all without
    (``free``, people by block): if the counts leave less room, the others are back already.
    """
    events = of.baseline.exits.iloc[kind.events]
    blocks, inside = np.unique(block[events["unit"].to_numpy()], return_inverse=True)
    people = people_by_pool(events, values, inside)
    if kind.leaves > of.baseline_index:
        return blocks, people, np.zeros(people.shape[:2])
    without = (people * move.without[:, None, :]).sum(axis=2)
    part = np.minimum(1.0, np.divide(free[blocks, 0], without, out=np.ones_like(without), where=without > 0))
    return blocks, people * part[:, :, None], without * part


def reenrolment_paths(kind: UnitClass, of: Projection, values: Values, result: str) -> cohort.ReenrolmentPaths:
    """How the pools of one exit come back under a result, for each draw."""
    if result == "static":
        still = cohort.static_paths(_titles(kind), of.months, kind.leaves)
        shape = (len(values["outreach"]), *still.insured.shape[1:])
        return cohort.ReenrolmentPaths(np.broadcast_to(still.insured, shape), np.broadcast_to(still.broken, shape))
    return cohort.reenrolment_shares(
        values, _titles(kind), of.months, kind.leaves, of.assumptions["at_share"], of.baseline_index + 1
    )


def people_by_pool(events: pd.DataFrame, values: Values, inside: np.ndarray) -> Floats:
    """Those who lose their title, by draw, block and pool.

    The pools are linear in the share of minorities, so communes add up before they are divided.
    """
    lost, told = events["lost"].to_numpy(dtype=float), events["minority"].to_numpy(dtype=float)
    known = ~np.isnan(told)
    columns = np.stack([lost * known, np.where(known, lost * told, 0.0), lost * ~known], axis=1)
    total, minority, unknown = sum_by_block(columns, inside).T[:, None, :, None]
    none, every = (cohort.pool_shares(values, np.array([m]))[:, None, :] for m in (0.0, 1.0))
    return total * none + minority * (every - none) + unknown * cohort.pool_shares(values, values["minority_share"])[:, None, :]  # fmt: skip


def _titles(kind: UnitClass) -> cohort.PoolEntitlements:
    assert kind.titles is not None
    return kind.titles


def commune_rates(
    of: Projection, values: Values, result: str = "behavioural", months: Sequence[int] | np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, Floats]]:
    """The rates of all units, some units at a time: positions and (draws, units, months).

    However many communes, no more than a few times `CHUNK` numbers are held at once.
    """
    chosen = np.arange(len(of.months)) if months is None else np.asarray(months)
    moved = coverage_changes(of, values, result, chosen)
    correct = count_correction(values)[:, None, None]
    size = max(1, CHUNK // (len(values["outreach"]) * len(chosen)))
    for begin in range(0, len(of.baseline.units), size):
        rows = np.arange(begin, min(begin + size, len(of.baseline.units)))
        part = _only(of, rows)
        insured = insured_people(part, result, values, by_group=False, months=chosen, moved=moved)
        yield rows, np.minimum(insured / part.people[:, chosen] * correct, 1.0)


def count_correction(values: Values) -> Floats:
    """What duplicate cards and the error of the count of people do to a rate, by draw."""
    return (1 - values["duplicates"]) / (1 + values["population_error"])


def _only(of: Projection, rows: np.ndarray) -> Projection:
    """The projection of some of its units; the kinds stay in their order."""
    where = np.full(len(of.baseline.units), -1)
    where[rows] = np.arange(len(rows))
    kept = np.isin(of.baseline.exits["unit"].to_numpy(), rows)
    position = np.cumsum(kept) - 1
    leaving = of.baseline.exits[kept].assign(unit=lambda t: where[t["unit"]]).reset_index(drop=True)
    start = dataclasses.replace(of.baseline, units=of.baseline.units.iloc[rows], insured=of.baseline.insured[rows], exits=leaving)  # fmt: skip
    kinds = []
    for kind in of.unit_classes:
        inside = where[kind.rows]
        kinds.append(dataclasses.replace(kind, rows=inside[inside >= 0], events=position[kind.events[kept[kind.events]]]))  # fmt: skip
    return dataclasses.replace(of, baseline=start, unit_classes=kinds, people=of.people[rows])
