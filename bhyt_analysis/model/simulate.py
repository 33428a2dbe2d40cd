"""What does a policy do, month by month: who is insured, under which title, at whose cost?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.inputs.read import Dataset
from bhyt_analysis.inputs.status import computed
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model import cohort
from bhyt_analysis.model.assumptions import Values, central, drawn
from bhyt_analysis.model.budget import PAYERS, prices
from bhyt_analysis.model.cohort import AREA_TITLE, POOLS, Floats
from bhyt_analysis.model.rounding import half_up, largest_remainders
from bhyt_analysis.model.scenario import Scenario
from bhyt_analysis.model.start import GROUPS, NOT_TOLD, Start, starting_point
from bhyt_analysis.words import BhytError, say

RESULTS = ("static", "behavioural")
MONTHS_AHEAD = 60  # where a scenario names no end
MONEY = [f"vnd_{p}" for p in PAYERS]
COLUMNS = ["scenario", "result", "area", "name", "month", "group", "people", "insured", "rate", "rate_low", "rate_high"]
COLUMNS += ["rate_median", "rate_inner_low", "rate_inner_high", *MONEY, "insured_costed", "proposal", "status"]
WIDTH = {"rate_low": 0.05, "rate_inner_low": 0.25, "rate_median": 0.5, "rate_inner_high": 0.75, "rate_high": 0.95}
_AREA, _HOUSEHOLD, _REST = (GROUPS.index(k) for k in (AREA_TITLE, "household", NOT_TOLD))


@dataclass(frozen=True, eq=False)
class Kind:
    """Units whose law and month of exit are the same: they move alike, in proportion.

    ``rows``: positions of the units; ``events``: of the rows of ``leaving`` (none for
    units that nobody leaves); ``leaves``: position of the first month after the exit.
    ``shares`` (groups, months), ``price`` (groups, months, payers).
    """

    rows: np.ndarray
    events: np.ndarray
    leaves: int
    titles: cohort.Titles | None
    shares: Floats
    price: Floats


@dataclass(frozen=True, eq=False)
class Projection:
    """A scenario laid over the figures of an area, ready to be run for one set of values or many.

    ``months`` are month ends from the first that matters (an exit may lie before the
    start); ``first`` is the position of the start among them.
    """

    start: Start
    scenario: Scenario
    law: Law
    assumptions: pd.DataFrame
    months: list[pd.Timestamp]
    first: int
    kinds: list[Kind]
    people: Floats  # (units, months)


def project(start: Start, scenario: Scenario, law: Law) -> Projection:
    """Lay a scenario over a start: which months, which law in each place, who moves when."""
    table = scenario.assumptions()
    day = start.day + pd.offsets.MonthEnd(0)
    exits = pd.Series([_month_of(d) for d in start.leaving["on"]], dtype="datetime64[ns]")
    begin = min([day, *(exits - pd.offsets.MonthEnd(1))])
    end = scenario.end if scenario.end is not None else day + pd.offsets.MonthEnd(MONTHS_AHEAD)
    months = list(pd.date_range(begin, max(end, day + pd.offsets.MonthEnd(1)), freq="ME"))
    first = months.index(day)
    growth = 1 + float(table.at["population_growth", "central"])
    years = (np.arange(len(months)) - first) / 12
    people = start.units["population"].to_numpy()[:, None] * growth**years
    kinds = _kinds(start, scenario, law, months, exits)
    return Projection(start, scenario, law, table, months, first, kinds, people)


def _month_of(day: pd.Timestamp) -> pd.Timestamp:
    """The end of the first month that begins without the title; contributions go by the month."""
    return (day if day.day == 1 else day + pd.offsets.MonthBegin(1)) + pd.offsets.MonthEnd(0)


def _kinds(start: Start, scenario: Scenario, law: Law, months: list[pd.Timestamp], exits: pd.Series) -> list[Kind]:
    places: dict[tuple[str, ...], list[int]] = {}
    seen: dict[str, tuple[str, ...]] = {}  # one look-up for units under the same parent
    for i, place in enumerate(start.places):
        key = str(place)
        seen.setdefault(key, law.areas_of(place))
        places.setdefault(seen[key], []).append(i)
    clock = scenario.clock or "none"
    kinds = []
    events = start.leaving
    for rows in places.values():
        here: Area = start.places[rows[0]]
        shares, price = _shares(law, months, here), prices(law, months, GROUPS, here, dict(scenario.income))
        inside = events["unit"].isin(rows).to_numpy()
        for when in sorted(set(exits[inside])):
            chosen = np.flatnonzero(inside & (exits == when).to_numpy())
            leaves = months.index(when) if when in months else len(months)
            of = cohort.titles(law, months, leaves, clock, here) if leaves < len(months) else None
            kinds.append(Kind(np.array([], dtype=int), chosen, leaves, of, shares, price))
        kinds.append(Kind(np.array(rows), np.array([], dtype=int), len(months), None, shares, price))
    return kinds


def _shares(law: Law, months: list[pd.Timestamp], area: Area) -> Floats:
    """What the State pays of each group's premium: (groups, months); missing where the law tells no share."""
    told, keys = law.monthly("subsidy_share", months, area), groups()["subsidy_key"]
    rows = [told[keys[g]].to_numpy() if g in keys.index and keys[g] in told else np.full(len(months), np.nan) for g in GROUPS]  # fmt: skip
    return np.stack(rows)


def insured_people(
    of: Projection,
    result: str = "behavioural",
    values: Values | None = None,
    block: np.ndarray | None = None,
    by_group: bool = True,
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
    """
    values = central(of.assumptions) if values is None else values
    block = np.arange(len(of.start.units)) if block is None else block
    people, base = _added(of.people, block), _added(of.start.insured, block)
    years = of.people[0] / of.people[0, of.first]
    shape = (len(values["effort"]), len(base), *([len(GROUPS)] if by_group else []), len(of.months))
    out = np.broadcast_to(base[:, :, None] * years if by_group else base.sum(axis=1)[:, None] * years, shape).copy()
    spare = np.broadcast_to(np.clip(people - base.sum(axis=1)[:, None] * years, 0, None), (shape[0], *people.shape)).copy()  # fmt: skip
    for kind in of.kinds:  # first those who leave: they are no others without a card
        if kind.titles is not None:
            _leave(out, spare, of, kind, values, result, block)
    if result == "behavioural":
        for kind in of.kinds:
            if len(kind.rows):
                _drift(out, spare, of, kind, values, block)
    np.clip(out, 0, None, out=out)
    total = out.sum(axis=2) if by_group else out
    over = np.minimum(1.0, np.divide(people, total, out=np.ones_like(total), where=total > 0))
    out *= over[:, :, None] if by_group else over
    return out


def _added(rows: Floats, block: np.ndarray) -> Floats:
    """The rows of each block, added up."""
    out = np.zeros((int(block.max()) + 1, rows.shape[1]))
    np.add.at(out, block, rows)
    return out


def _drift(out: Floats, spare: Floats, of: Projection, kind: Kind, values: Values, block: np.ndarray) -> None:
    """Groups that follow their price, and people without a card who are reached; no more than there are."""
    seen = of.assumptions["at_share"]
    change = cohort.drift(values, GROUPS, kind.shares, of.months, of.first, seen) - 1
    reached = cohort.reached(values, of.months, of.first, seen)[:, None, :]
    moving = np.flatnonzero(change.any(axis=(0, 2)))
    if not len(moving) and not reached.any():
        return
    blocks, inside = np.unique(block[kind.rows], return_inverse=True)
    base = _added(of.start.insured[kind.rows], inside)[:, moving]
    more, less = (np.matmul(base, part[:, moving]) for part in (np.clip(change, 0, None), np.clip(change, None, 0)))
    free = spare[:, blocks]
    wish = more + free * reached
    room = np.minimum(1.0, np.divide(free, wish, out=np.ones_like(wish), where=wish > 0))
    if out.ndim == 3:
        out[:, blocks] += wish * room + less
        return
    for i, group in enumerate(moving):
        own = base[:, i][None, :, None] * change[:, [group]]
        out[:, blocks, group] += np.where(own > 0, own * room, own)
    out[:, blocks, _HOUSEHOLD] += free * reached * room


def _leave(
    out: Floats, spare: Floats, of: Projection, kind: Kind, values: Values, result: str, block: np.ndarray
) -> None:
    """Those who lose their title, and those who gain one, from the month of their exit on."""
    events = of.start.leaving.iloc[kind.events]
    blocks, inside = np.unique(block[events["unit"].to_numpy()], return_inverse=True)
    way = way_back(kind, of, values, result)
    people = pools(events, values, inside)
    if kind.leaves <= of.first:  # they left before the start: those still without can't be more than all without
        without = (people * (1 - way.insured[:, None, :, of.first])).sum(axis=2)
        free = spare[:, blocks, of.first]
        part = np.minimum(1.0, np.divide(free, without, out=np.ones_like(without), where=without > 0))
        people = people * part[:, :, None]
        spare[:, blocks] -= (without * part)[:, :, None]
        np.clip(spare, 0, None, out=spare)
    since = way.insured - way.insured[:, :, [of.first]]
    gained = _added(events[["gained"]].to_numpy(dtype=float), inside) * _after(kind, of)
    base = _added(of.start.insured, block)[blocks]
    held = gained * (base.sum(axis=1) / _added(of.people[:, [of.first]], block)[blocks, 0])[:, None]
    if out.ndim == 3:
        out[:, blocks] += np.matmul(people, since) + gained - held
        return
    by_group = np.zeros((since.shape[0], len(POOLS), len(GROUPS), len(of.months)))
    place = np.array([[GROUPS.index(k) for k in row] for row in _titles(kind).keys])
    pool, month = np.indices(place.shape)
    by_group[:, pool, place, month] = way.insured[:, pool, month]
    by_group -= by_group[:, :, :, [of.first]]
    change = np.matmul(people, by_group.reshape(since.shape[0], len(POOLS), -1))
    out[:, blocks] += change.reshape(*change.shape[:2], len(GROUPS), len(of.months))
    # Those who gain a title and were insured before leave the groups that pay for themselves or are not told.
    payers = base[:, [_HOUSEHOLD, _REST]]
    part = np.divide(payers, payers.sum(axis=1, keepdims=True), out=np.full_like(payers, 0.5), where=payers.sum(axis=1, keepdims=True) > 0)  # fmt: skip
    out[:, blocks, _AREA] += gained
    out[:, blocks, _HOUSEHOLD] -= held * part[:, [0]]
    out[:, blocks, _REST] -= held * part[:, [1]]


def _after(kind: Kind, of: Projection) -> Floats:
    """1 from the month of the exit on, told as a change since the start."""
    after = (np.arange(len(of.months)) >= kind.leaves).astype(float)
    return (after - after[of.first])[None, :]


def way_back(kind: Kind, of: Projection, values: Values, result: str) -> cohort.Paths:
    """How the pools of one exit come back under a result, for each draw."""
    if result == "static":
        still = cohort.static(_titles(kind), of.months, kind.leaves)
        shape = (len(values["effort"]), *still.insured.shape[1:])
        return cohort.Paths(np.broadcast_to(still.insured, shape), np.broadcast_to(still.broken, shape))
    return cohort.paths(values, _titles(kind), of.months, kind.leaves, of.assumptions["at_share"], of.first + 1)


def pools(events: pd.DataFrame, values: Values, inside: np.ndarray) -> Floats:
    """Those who lose their title, by draw, block and pool.

    The pools are linear in the share of minorities, so communes add up before they are divided.
    """
    lost, told = events["lost"].to_numpy(dtype=float), events["minority"].to_numpy(dtype=float)
    known = ~np.isnan(told)
    columns = np.stack([lost * known, np.where(known, lost * told, 0.0), lost * ~known], axis=1)
    total, minority, unknown = _added(columns, inside).T[:, None, :, None]
    none, every = (cohort.division(values, np.array([m]))[:, None, :] for m in (0.0, 1.0))
    return total * none + minority * (every - none) + unknown * cohort.division(values, values["minority_share"])[:, None, :]  # fmt: skip


def _titles(kind: Kind) -> cohort.Titles:
    assert kind.titles is not None
    return kind.titles


def simulate(
    data: Dataset,
    area: str,
    scenario: Scenario | Sequence[Scenario] | None = None,
    law: Law | None = None,
    by: Sequence[str] = (),
    draws: int = 1000,
    seed: int | None = None,
    lang: str = "vi",
) -> pd.DataFrame:
    """Coverage and budget month by month under one scenario or several, static and behavioural.

    Parameters
    ----------
    data : Dataset.
    area : name or code.
    scenario : one or more; by default the law in force with nothing decided.
    law : the law that the reforms are laid over; by default the bundled one.
    by : ("commune",) for a row of every commune where all communes tell their cards.
    draws : how often the assumptions are drawn for the intervals; 0 gives none.
    seed : of the draws; by default the scenario's own.
    lang : of the scenarios' names.

    Returns
    -------
    DataFrame, one row a ``scenario``, ``result`` ("static": nobody acts; "behavioural":
    with take-up), ``area``, ``name``, ``month`` (its end) and ``group`` (the groups of a
    projection, and "all"), with ``people``, ``insured`` (whole people; the groups add up
    to "all"), ``rate`` (of all people), ``rate_low`` and ``rate_high`` (90% of draws),
    ``rate_inner_low`` and ``rate_inner_high`` (50%), ``rate_median``, then VND of the
    month by payer (``vnd_central``, ``vnd_province``, ``vnd_social_security_fund``,
    ``vnd_employer``, ``vnd_household``), ``insured_costed`` (people whose cost is in
    them: employees and pensioners only where a scenario tells their income), ``proposal``
    (whether a reform in it is not in force), ``status``.

    Raises
    ------
    BhytError
        for an unknown area, one without figures to start from, or a decision whose
        losses are not known there.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> table = simulate(load(), "Sơn Dương", draws=0)
    >>> table.query("group == 'all' and result == 'static'")["insured"].iloc[0]
    np.int64(155163)
    """
    if unknown := [b for b in by if b != "commune"]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": "commune"}))
    chosen = [scenario] if isinstance(scenario, Scenario) or scenario is None else list(scenario)
    tables = []
    for one in chosen:
        policy = Scenario(say("label.law_in_force", "vi"), say("label.law_in_force", "en")) if one is None else one
        of = projection(data, area, policy, law)
        tables.append(table_of(of, bool(by), draws, policy.seed if seed is None else seed, lang))
    return pd.concat(tables, ignore_index=True)


def projection(data: Dataset, area: str, scenario: Scenario, law: Law | None = None) -> Projection:
    """A scenario over the figures of an area: what `simulate` makes its table of.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> of = projection(load(), "Lục Ngạn", Scenario("861", decision="861"))
    >>> int(of.start.leaving["lost"].sum()), len(of.kinds)
    (46106, 2)
    """
    law = Law.read() if law is None else law
    over = scenario.over(law)
    start = starting_point(data, area, scenario, over)
    return project(start, _with_clock(scenario, data), over)


def _with_clock(scenario: Scenario, data: Dataset) -> Scenario:
    """The scenario with the clock of its decision where it names none itself."""
    if scenario.clock or not scenario.decision:
        return scenario
    told = data.decisions.loc[data.decisions["decision"] == scenario.decision, "support_title"]
    support = next((s for s in told if s), "")
    clock = next(c for c, key in cohort.CLOCKS.items() if key == support)
    return dataclasses.replace(scenario, clock=clock)


def table_of(of: Projection, by_commune: bool = False, draws: int = 0, seed: int = 1, lang: str = "vi") -> pd.DataFrame:
    """The tidy table of a projection; see `simulate`."""
    units = of.start.units
    block = np.arange(len(units)) if by_commune else np.zeros(len(units), dtype=int)
    if by_commune and len(units) == 1:
        raise BhytError(("error.no_communes", {"name": of.start.name}))
    areas = units[["area", "name"]] if by_commune else pd.DataFrame({"area": [of.start.area], "name": [of.start.name]})
    people = _added(of.people, block)[:, of.first :]
    tables = []
    for result in RESULTS:
        insured = insured_people(of, result, None, block)[0][:, :, of.first :]
        bounds = _bounds(of, result, block, draws, seed, by_group=not by_commune) if draws else {}
        money, costed = _money(of, insured, block)
        tables.append(_rows(of, areas, people, insured, bounds, money, costed).assign(result=result))
    table = pd.concat(tables, ignore_index=True)
    named = {"scenario": of.scenario.titled(lang), "proposal": of.scenario.is_proposal}
    return table.assign(**named, status=_statuses(of, table))[COLUMNS]


def _bounds(of: Projection, result: str, block: np.ndarray, draws: int, seed: int, by_group: bool) -> dict[str, Floats]:
    """The intervals of the rates: by group for one area, of the total for every commune, some communes at a time."""
    values = drawn(of.assumptions, draws, seed)
    correct = (1 - values["duplicates"]) / (1 + values["population_error"])
    if by_group:
        rates = insured_people(of, result, values, block)[..., of.first :] / _added(of.people, block)[0, of.first :]
        rates = np.concatenate([rates, rates.sum(axis=2, keepdims=True)], axis=2) * correct[:, None, None, None]
        rates = np.minimum(rates, 1.0)  # the errors of counts are no reason to insure more than everybody
        return {name: np.quantile(rates[:, 0], at, axis=0)[None] for name, at in WIDTH.items()}
    out = {name: np.full((len(block), len(GROUPS) + 1, len(of.months) - of.first), np.nan) for name in WIDTH}
    for rows, rates in commune_rates(of, values, result):
        for name, at in WIDTH.items():
            out[name][rows, -1] = np.quantile(rates[..., of.first :], at, axis=0)
    return out


def commune_rates(
    of: Projection, values: Values, result: str = "behavioural", months: Sequence[int] | None = None
) -> Iterator[tuple[np.ndarray, Floats]]:
    """The rates of all units, some units at a time: positions and (draws, units, months).

    However many communes, no more than about `CHUNK` numbers are held at once.
    """
    chosen = np.arange(len(of.months)) if months is None else np.asarray(months)
    correct = (1 - values["duplicates"]) / (1 + values["population_error"])
    size = max(1, CHUNK // (len(values["effort"]) * len(of.months)))
    for begin in range(0, len(of.start.units), size):
        rows = np.arange(begin, min(begin + size, len(of.start.units)))
        part = _only(of, rows)
        insured = insured_people(part, result, values, by_group=False)
        yield rows, np.minimum((insured / part.people * correct[:, None, None])[..., chosen], 1.0)


CHUNK = 8_000_000


def _only(of: Projection, rows: np.ndarray) -> Projection:
    """The projection of some of its units."""
    where = np.full(len(of.start.units), -1)
    where[rows] = np.arange(len(rows))
    kept = of.start.leaving["unit"].isin(rows).to_numpy()
    position = np.cumsum(kept) - 1
    leaving = of.start.leaving[kept].assign(unit=lambda t: where[t["unit"]]).reset_index(drop=True)
    start = dataclasses.replace(of.start, units=of.start.units.iloc[rows], insured=of.start.insured[rows], leaving=leaving)  # fmt: skip
    kinds = []
    for kind in of.kinds:
        inside = where[kind.rows]
        events = position[kind.events[kept[kind.events]]]
        if (inside >= 0).any() or len(events):
            kinds.append(dataclasses.replace(kind, rows=inside[inside >= 0], events=events))
    return dataclasses.replace(of, start=start, kinds=kinds, people=of.people[rows])


def _money(of: Projection, insured: Floats, block: np.ndarray) -> tuple[Floats, Floats]:
    """VND by block, group, month and payer; and the people whose cost is known, by block, group and month."""
    vnd = np.zeros((*insured.shape, len(PAYERS)))
    known = np.zeros(insured.shape, dtype=bool)
    scale = _added((of.start.units["household_scale"] * of.people[:, of.first]).to_numpy()[:, None], block)
    scale = scale[:, 0] / _added(of.people[:, [of.first]], block)[:, 0]
    for kind in of.kinds:
        blocks = np.unique(block[kind.rows])
        if not len(blocks):
            continue
        price = kind.price[:, of.first :]
        here = insured[blocks]
        vnd[blocks] = np.nan_to_num(here[..., None] * price)
        vnd[blocks, _HOUSEHOLD] *= scale[blocks, None, None]
        known[blocks] = ~np.isnan(price).any(axis=2)
    return vnd, np.where(known, insured, 0.0)


def _rows(
    of: Projection,
    areas: pd.DataFrame,
    people: Floats,
    insured: Floats,
    bounds: dict[str, Floats],
    money: Floats,
    costed: Floats,
) -> pd.DataFrame:
    """The rows of a table: areas, then months, then groups with their sum last."""
    months = of.months[of.first :]
    blocks, groups_, span = insured.shape
    flat = insured.transpose(0, 2, 1).reshape(-1, groups_)
    whole = largest_remainders(flat, np.floor(flat.sum(axis=1) + 0.5)).reshape(blocks, span, groups_)
    whole = np.concatenate([whole, whole.sum(axis=2, keepdims=True)], axis=2)
    total = np.floor(people + 0.5)[:, :, None]
    shape = whole.shape
    columns: dict[str, Any] = {
        "area": np.repeat(areas["area"].to_numpy(), span * shape[2]),
        "name": np.repeat(areas["name"].to_numpy(), span * shape[2]),
        "month": np.tile(np.repeat(pd.DatetimeIndex(months), shape[2]), blocks),
        "group": np.tile([*GROUPS, "all"], blocks * span),
        "people": np.broadcast_to(total, shape).ravel().astype("int64"),
        "insured": whole.ravel(),
        "rate": (whole / total).ravel(),
    }
    for name in WIDTH:
        told = bounds.get(name)
        columns[name] = columns["rate"] if told is None else told.transpose(0, 2, 1).ravel()
    sums = half_up(np.concatenate([money, money.sum(axis=1, keepdims=True)], axis=1)).transpose(0, 2, 1, 3)
    for i, name in enumerate(MONEY):
        columns[name] = sums[..., i].ravel()
    both = np.concatenate([costed, costed.sum(axis=1, keepdims=True)], axis=1)
    columns["insured_costed"] = np.floor(both + 0.5).transpose(0, 2, 1).ravel().astype("int64")
    table = pd.DataFrame(columns)
    unpaid = (table["insured_costed"] == 0) & (table["insured"] > 0)
    table.loc[unpaid, MONEY] = np.nan  # a cost that is not known is not zero
    held = table.groupby("group")["insured"].transform("max") > 0
    return table[held | (table["group"] == "all")]


def _statuses(of: Projection, table: pd.DataFrame) -> pd.Series:
    """How well each row is known: the first day as well as its count, a later one by what moves it."""
    counted = computed(of.start.units["status"])
    later = computed(counted, of.start.leaving["status"]) if len(of.start.leaving) else counted
    acting = computed(later, "estimated")
    first = table["month"] == of.months[of.first]
    moved = np.where(table["result"] == "static", later, acting)
    return pd.Series(np.where(first, counted, moved), index=table.index)
