"""Divide the people of an area on the day of the count, each once, by how they change afterwards.

Those who left before the count are among its uninsured and its groups, those who leave later among the entitlement
by area; whoever gains it comes from later groups and from the uninsured. All others form the stock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.law.groups import groups
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import Values
from bhyt_analysis.model.projection.baseline import AREA, GROUPS, UNKNOWN, UNKNOWN_GROUP, Baseline
from bhyt_analysis.model.projection.cohort import Floats, PoolEntitlements

UNINSURED = len(GROUPS)  # the last column of a stock; before it the groups
# Entitlements after that of the area in the order of the law: whoever gains it leaves them.
FIRST_SUPPORTED = groups().at["state_supported", "title_order"]
LATER_GROUPS = [
    i for i, g in enumerate(GROUPS) if g == UNKNOWN_GROUP or groups().at[g, "title_order"] >= FIRST_SUPPORTED
]
LEAST = 1e-9  # people: fewer are none
GAINERS = [*LATER_GROUPS, UNINSURED]


@dataclass(frozen=True, eq=False)
class ExitClass:
    """Exits under the same law in the same month: those who leave are insured again alike.

    ``exits``: positions of the rows of `Baseline.exits`; ``exit_month``: position of the first month after the exit;
    ``minority_area``: the share of those who lost who live in the minority area after it, missing where not known.
    """

    exits: np.ndarray
    exit_month: int
    entitlements: PoolEntitlements
    minority_area: float

    @property
    def pool_groups(self) -> np.ndarray:
        """Positions of the groups of the pools: (pools, months)."""
        return np.array([[GROUPS.index(key) for key in keys] for keys in self.entitlements.keys])


class Leavers(NamedTuple):
    """Those who leave in one class of exits: (draws, parts, pools), and what they are at the count.

    ``parts``: numbers of the parts with exits. Before their exit all are in the ``entitlement`` by area; after it some
    are ``uninsured``, others insured in the ``group`` of their pool or in an ``unknown`` one.
    """

    parts: np.ndarray
    entitlement: Floats
    uninsured: Floats
    group: Floats
    unknown: Floats


class Move(NamedTuple):
    """People (draws, parts, groups and uninsured) of the stock of some ``parts`` who change in a ``month``."""

    parts: np.ndarray
    month: int
    people: Floats


class Division(NamedTuple):
    """The people at the count, each once.

    ``stock`` (draws, parts, groups and uninsured): those who only follow price and outreach; ``leavers``: one a class
    of exits; ``gains``: who gains the entitlement by area; ``others``: who keeps a card with another entitlement.
    """

    stock: Floats
    leavers: list[Leavers]
    gains: list[Move]
    others: list[Move]


def divide(
    baseline: Baseline,
    classes: Sequence[ExitClass],
    levels: Sequence[Floats],
    values: Values,
    first: int,
    part: np.ndarray,
) -> Division:
    """Divide the people at the count, the month ``first``.

    ``levels``: the insured share of the pools of each class, ``part``: the number of the part of each unit, from 0.
    Those who left before the count are no more than its uninsured and its groups have: the others are insured again in
    some way.
    """
    exits = baseline.exits
    unit = exits["unit"].to_numpy(dtype=int)
    stock, terms, other = people_at_count(baseline, classes, first)
    is_later = np.zeros(len(exits), dtype=bool)
    for one in classes:
        is_later[one.exits] = one.exit_month > first

    shares, others = [pool_terms(values, one.minority_area) for one in classes], list[Move]()
    fits = _fits_of_earlier(stock, unit, classes, levels, terms, shares, first)

    def leavers_by(part: np.ndarray) -> list[Leavers]:
        rows = ((*row, unit[row[0].exits]) for row in zip(classes, levels, shares, strict=True))
        return [
            _leavers(one, level, terms[one.exits], units, part[units], fits, pools, first)
            for one, level, pools, units in rows
        ]

    leavers = leavers_by(part)
    for one, of_class in zip(classes, leavers, strict=True):
        if other[one.exits].any():
            kept = np.zeros((1, len(of_class.parts), UNINSURED + 1))
            _, inside = np.unique(part[unit[one.exits]], return_inverse=True)
            kept[0, :, AREA] = sum_by_block(other[one.exits, None], inside)[:, 0]
            others.append(Move(of_class.parts, one.exit_month, kept))
    gains = list[Move]()
    if exits.loc[is_later, "gained"].any():
        each = np.arange(len(stock))
        of_units = stock - _leavers_in_stock(classes, leavers_by(each), first, len(stock))
        gains = list(_gains(exits, classes, first, of_units, part))
    of_parts = sum_by_block(stock, part)
    of_parts = of_parts - _leavers_in_stock(classes, leavers, first, len(of_parts))
    for move in gains:
        of_parts[:, move.parts] -= move.people
    return Division(np.clip(of_parts, 0, None), leavers, gains, others)


def people_at_count(baseline: Baseline, classes: Sequence[ExitClass], first: int) -> tuple[Floats, Floats, Floats]:
    """Return the people at the count, the month ``first``, without those who leave later.

    Returns the stock (units, groups and uninsured), the terms of `pool_terms` by which each exit counts (exits, 3), and
    the people of each exit who keep a card under another entitlement.
    """
    exits, counts = baseline.exits, baseline.insured.copy()
    unit, is_later = exits["unit"].to_numpy(dtype=int), np.zeros(len(exits), dtype=bool)
    for one in classes:
        is_later[one.exits] = one.exit_month > first
    lost, other = (np.where(is_later, exits[c].to_numpy(dtype=float), 0.0) for c in ("lost", "other"))
    terms = _exit_terms(exits)
    for people in (lost, other):  # no more than have the entitlement
        total = np.bincount(unit, people, len(counts)).astype("float64")
        fit = _fit(counts[:, AREA], total)
        people *= fit[unit]
        if people is lost:
            terms[is_later] *= fit[unit[is_later], None]
        counts[:, AREA] = np.clip(counts[:, AREA] - total * fit, 0, None)
    uninsured = np.clip(baseline.units["population"].to_numpy(dtype=float) - baseline.insured.sum(axis=1), 0, None)
    return np.concatenate([counts, uninsured[:, None]], axis=1), terms, other


class _Fits(NamedTuple):
    """How many of the people who left before the count fit into its figures, by draw and unit: (draws, units).

    ``group``: by the group in which they are insured at the count; ``unknown``: of those who don't fit into it.
    """

    uninsured: Floats
    group: dict[int, Floats]
    unknown: Floats


def _fits_of_earlier(
    stock: Floats,
    unit: np.ndarray,
    classes: Sequence[ExitClass],
    levels: Sequence[Floats],
    terms: Floats,
    shares: Sequence[Floats],
    first: int,
) -> _Fits:
    """Share the uninsured and the groups of each unit among all exits before the count."""
    size = (max((len(pools) for pools in shares), default=1), len(stock))
    still, back = np.zeros(size), dict[int, Floats]()
    for one, level, pools in zip(classes, levels, shares, strict=True):
        if one.exit_month > first:
            continue
        units, inside = np.unique(unit[one.exits], return_inverse=True)
        rows, at_count = sum_by_block(terms[one.exits], inside), level[:, None, :, first]
        still[:, units] += (pools * (1 - at_count)).sum(axis=2) @ rows.T
        groups_at_count = one.pool_groups[:, first]
        for group in np.unique(groups_at_count):
            insured = (pools * at_count)[:, :, groups_at_count == group].sum(axis=2)
            back.setdefault(int(group), np.zeros(size))[:, units] += insured @ rows.T
    fits = {group: _fit(stock[:, group], people) for group, people in back.items()}
    left = sum((people * (1 - fits[group]) for group, people in back.items()), np.zeros(size))
    unknown = np.clip(stock[:, UNKNOWN] - back[UNKNOWN] if UNKNOWN in back else stock[:, UNKNOWN], 0, None)
    return _Fits(_fit(stock[:, UNINSURED], still), fits, _fit(unknown, left))


def _leavers(
    one: ExitClass,
    level: Floats,
    exits: Floats,
    unit: np.ndarray,
    part: np.ndarray,
    fits: _Fits,
    shares: Floats,
    first: int,
) -> Leavers:
    """Return the leavers of a class by part and pool; ``exits`` are the terms of its exits, with unit and part."""
    parts, inside = np.unique(part, return_inverse=True)
    if one.exit_month > first:
        people = sum_by_block(exits, inside)[None] @ shares
        none = np.zeros_like(people)
        return Leavers(parts, people, none, none, none)

    def by_pool(fit: Floats, of_pools: Floats) -> Floats:
        rows = (fit[:, unit, None] * exits[None]).transpose(1, 0, 2)  # (exits, draws, terms)
        return sum_by_block(rows, inside).transpose(1, 0, 2) @ of_pools

    at_count, group_of = level[:, None, :, first], one.pool_groups[:, first]
    uninsured = by_pool(fits.uninsured, shares * (1 - at_count))
    group, unknown = np.zeros_like(uninsured), np.zeros_like(uninsured)
    for g in np.unique(group_of):
        insured = shares * at_count * (group_of == g)
        group += by_pool(fits.group[g], insured)
        unknown += by_pool((1 - fits.group[g]) * fits.unknown, insured)
    return Leavers(parts, np.zeros_like(uninsured), uninsured, group, unknown)


def _leavers_in_stock(classes: Sequence[ExitClass], leavers: Sequence[Leavers], first: int, parts: int) -> Floats:
    """Return what the leavers before the count take of the stock: (draws, parts, groups and uninsured)."""
    people = np.zeros((max((len(one.uninsured) for one in leavers), default=1), parts, UNINSURED + 1))
    for one, of_class in zip(classes, leavers, strict=True):
        people[:, of_class.parts, UNINSURED] += of_class.uninsured.sum(axis=2)
        people[:, of_class.parts, UNKNOWN] += of_class.unknown.sum(axis=2)
        for pool, group in enumerate(one.pool_groups[:, first]):
            people[:, of_class.parts, group] += of_class.group[:, :, pool]
    return people


def _gains(
    exits: pd.DataFrame, classes: Sequence[ExitClass], first: int, of_units: Floats, part: np.ndarray
) -> Iterator[Move]:
    """Yield who gains the entitlement by area in each class: of later groups and the uninsured, all in proportion."""
    unit, gained = exits["unit"].to_numpy(dtype=int), exits["gained"].to_numpy(dtype=float)
    later = [one for one in classes if one.exit_month > first and gained[one.exits].any()]
    rows = np.concatenate([one.exits for one in later])
    gaining = np.bincount(unit[rows], gained[rows], of_units.shape[1])
    movers = np.zeros_like(of_units)
    movers[:, :, GAINERS] = of_units[:, :, GAINERS]
    eligible = movers.sum(axis=2)
    share = 1 / np.maximum(np.maximum(eligible, gaining), LEAST)  # of them, for each who gains
    for one in later:
        parts, inside = np.unique(part[unit[one.exits]], return_inverse=True)
        units = unit[one.exits]
        people = movers[:, units] * (share[:, units] * gained[one.exits])[:, :, None]
        yield Move(parts, one.exit_month, sum_by_block(people.transpose(1, 0, 2), inside).transpose(1, 0, 2))


def _fit(available: Floats, people: Floats) -> Floats:
    """Return by how much people must shrink to be no more than there are."""
    return np.minimum(1.0, np.divide(available, people, out=np.ones(np.shape(people)), where=people > 0))


def _exit_terms(exits: pd.DataFrame) -> Floats:
    """Return the three columns of each exit on which the pools depend linearly; see `pool_terms`."""
    lost, share = exits["lost"].to_numpy(dtype=float), exits["minority"].to_numpy(dtype=float)
    unknown = np.isnan(share)
    return np.stack([np.where(unknown, 0.0, lost), np.where(unknown, 0.0, lost * share), lost * unknown], axis=1)


def pool_terms(values: Values, minority_area: float) -> Floats:
    """Return the pools of those who lost: (draws, 3, pools).

    The first row is for everyone whose share of minorities is known, the second adds what minorities differ, the third
    is for those of whom it is assumed.
    """
    minorities = np.array([0.0]), np.array([1.0]), values["minority_share"]
    none, every, assumed = (cohort.pool_shares(values, m, minority_area) for m in minorities)
    return np.stack([none, every - none, assumed], axis=1)


def sum_by_block(rows: Floats, block: np.ndarray) -> Floats:
    """Add up the rows of each block; blocks are numbered from 0."""
    if not len(block):
        return rows
    count = int(block.max()) + 1
    if len(rows) == count and (block == np.arange(count)).all():
        return rows
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, block, rows)
    return sums
