"""Project the people of an area under a policy: the engine of `simulate`.

Units under the same law, and exits in the same month under the same law, change alike, in proportion
to their people; so the changes are computed once for each class and applied to the counts by
products of arrays, for one area or eleven thousand communes, one set of assumptions or many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.finance.budget import group_subsidy_share, monthly_prices, payer_shares
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import Values, assumptions, central_values
from bhyt_analysis.model.projection.baseline import AREA, GROUPS, OTHER, UNKNOWN, Baseline
from bhyt_analysis.model.projection.cohort import Floats
from bhyt_analysis.model.projection.division import UNINSURED, Division, ExitClass, divide, sum_by_block
from bhyt_analysis.model.projection.scenario import YEARS, Scenario

Positions = Sequence[int] | np.ndarray
SHARE_KEYS = groups()["subsidy_key"].to_dict()  # whose share of the premium a group has
MONTHS_AHEAD = 60  # where a scenario has no end
CHUNK = 4_000_000  # numbers in memory at once where every commune is drawn
HOUSEHOLD = GROUPS.index("household")
# The groups with a take-up of their own: it follows their price and the outreach.
RESPONSIVE = [i for i, key in enumerate(GROUPS) if f"take_up.{key}" in assumptions().index]
LEAST_TAKE_UP = 1e-3  # of a group, when we compute how many of it have no card
ENDING_SUPPORTS = [GROUPS.index(key) for key in dict.fromkeys(cohort.SUPPORT_WINDOWS.values()) if key]


@dataclass(frozen=True, eq=False)
class UnitClass:
    """Units under the same law: their prices change alike.

    ``units``: positions of the units; ``state_shares`` (groups, months), ``prices`` (groups, months, payers);
    ``support_ends``: by group, the exit of those who have on the day of the count a support that ends later.
    """

    units: np.ndarray
    state_shares: Floats
    prices: Floats
    support_ends: dict[int, ExitClass]


@dataclass(frozen=True, eq=False, repr=False)
class Projection(HasCard):
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

    def card(self) -> tuple[str, Rows]:
        """Return the area, the day of the baseline, the months and the scenario."""
        days = translate("card.since_until", since=self.months[0], until=self.months[-1])
        return translate("card.projection", name=inline_name(self.baseline.name)), [
            (translate("card.baseline"), format_date(self.baseline.day)),
            (translate("card.months"), f"{days} ({len(self.months)})"),
            (translate("card.unit_count", count=len(self.baseline.units)), "; ".join(self.baseline.units["name"])),
            (translate("card.scenario_label"), self.scenario.card()[0].partition(": ")[2]),
            *self.scenario.card()[1],
        ]

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
    effects = {on: month_after(on) for on in baseline.exits["on"].unique()}
    exit_months = baseline.exits["on"].map(effects).astype("datetime64[ns]")
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
    return replace(policy, scenario=scenario, assumptions=table, people=people, growth=growth)


def month_after(day: pd.Timestamp) -> pd.Timestamp:
    """Return the end of the first month that begins after an exit; contributions go by the month.

    Examples
    --------
    >>> [str(month_after(pd.Timestamp(day)).date()) for day in ("2021-07-01", "2021-07-02")]
    ['2021-07-31', '2021-08-31']
    """
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
    first = months.index(baseline.day + pd.offsets.MonthEnd(0))
    for units in units_by_law.values():
        place = baseline.lineages[units[0]]
        inside = baseline.exits["unit"].isin(units).to_numpy()
        for month in sorted(set(exit_months[inside]) & set(months)):  # later exits are outside the projection
            of_month, exit_month = inside & (exit_months == month).to_numpy(), months.index(month)
            entitlements = cohort.pool_entitlements(law, months, exit_month, window, place)
            of_area = baseline.exits["minority_area"].to_numpy(dtype=float)
            for share in np.unique(of_area[of_month]):  # missing is one of them
                exits = np.flatnonzero(of_month & ((of_area == share) | np.isnan(of_area) & np.isnan(share)))
                exit_classes.append(ExitClass(exits, exit_month, entitlements, float(share)))
        shares = payer_shares(law, months, place)
        state_shares = np.stack([group_subsidy_share(shares, g) for g in GROUPS])  # missing where the law has none
        prices = monthly_prices(law, months, GROUPS, place, dict(scenario.income))
        ends = _support_ends(law, months, state_shares, first, place)
        unit_classes.append(UnitClass(np.array(units), state_shares, prices, ends))
    return unit_classes, exit_classes


def _support_ends(
    law: Law, months: list[pd.Timestamp], state_shares: Floats, first: int, place: Area
) -> dict[int, ExitClass]:
    """Return, by group, how those are insured again who have on the day of the count a support that ends later.

    Those who would be insured without it are counted from the day of the count on, whenever it ends: a longer support
    never insures fewer.
    """
    ends = {}
    for group in ENDING_SUPPORTS:
        paid = state_shares[group, first:] > 0
        if paid[0] and not paid.all():
            exit_month = first + int(np.argmin(paid))  # the first without the support
            before = cohort.pool_entitlements(law, months, exit_month, "none", place, GROUPS[group], first)
            ends[group] = ExitClass(np.array([], dtype=int), exit_month, before, np.nan)
    return ends


def month_statuses(projection: Projection) -> list[str]:
    """Return how well each month of a projection is known: as well as the count, then at best estimated.

    From the first month on in which the sources disagree about a support that someone has, all that follows rests on
    one reading of the law ("conflict"); the count itself only where it has cards with that support.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> projection = bhyt.project_area(bhyt.load(), "Sơn Dương", bhyt.Scenario("861", decision="861"))
    >>> statuses = dict(zip(projection.months, month_statuses(projection)))
    >>> [statuses[pd.Timestamp(day)] for day in ("2021-12-31", "2025-07-31", "2025-08-31")]
    ['derived', 'estimated', 'conflict']
    """
    baseline, months = projection.baseline, pd.DatetimeIndex(projection.months)
    counted = derived_quality(baseline.units["status"])
    projected = derived_quality(counted, baseline.exits["status"], "estimated")
    first, of_count = first_dispute(projection), _first_dispute(projection, _counted_groups(baseline))
    statuses = np.where(months >= first, derived_quality(projected, "conflict"), projected).tolist()
    in_dispute = months[projection.baseline_index] >= of_count
    statuses[projection.baseline_index] = derived_quality(counted, "conflict") if in_dispute else counted
    return statuses


def first_dispute(projection: Projection) -> pd.Timestamp:
    """Return the first day on which the sources disagree about a support in a projection; without one, the last day.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> scenarios = bhyt.Scenario("861", decision="861"), bhyt.Scenario.current_law()
    >>> days = [first_dispute(bhyt.project_area(bhyt.load(), "Sơn Dương", scenario)) for scenario in scenarios]
    >>> str(days[0].date()), days[1] == pd.Timestamp.max
    ('2025-08-15', True)
    """
    window, keys = projection.scenario.support_window or "none", _counted_groups(projection.baseline)
    if len(projection.baseline.exits):
        keys |= {cohort.SUPPORT_WINDOWS[window], *cohort.POOLS["entitlement"]}
    return _first_dispute(projection, keys)


def _counted_groups(baseline: Baseline) -> set[str]:
    return {GROUPS[i] for i in np.flatnonzero(baseline.insured.any(axis=0))}


def _first_dispute(projection: Projection, keys: Iterable[str]) -> pd.Timestamp:
    shares = {SHARE_KEYS[key] for key in keys if key in SHARE_KEYS}
    places = [projection.baseline.lineages[one.units[0]] for one in projection.unit_classes]
    days = [projection.law.first_dispute("subsidy_share", shares, place) for place in places]
    return min((pd.Timestamp(day) for day in days if day), default=pd.Timestamp.max)


class CoverageChanges(NamedTuple):
    """How the people of all classes change, for whatever number of units; arrays are (draws, ..., months).

    ``levels``: the take-up of the groups `RESPONSIVE` in each class of units; ``pools``: the insured share of the pools
    of each class of exits; ``ends``: that of the pools of each support that ends, by class of units and group;
    ``uninsured_groups`` (draws, groups of `RESPONSIVE`): the groups to which people without a card belong.
    """

    levels: list[Floats]
    pools: list[Floats]
    ends: list[dict[int, Floats]]
    uninsured_groups: Floats


def coverage_changes(projection: Projection, values: Values, result: str = "behavioural") -> CoverageChanges:
    """Compute how people change under a result: "static" (no behaviour) or "behavioural"."""
    draws, first, months = len(values["outreach"]), projection.baseline_index, projection.months
    observed = projection.assumptions["at_share"]
    ends_of = [c.support_ends for c in projection.unit_classes]
    if result == "static":
        levels = [np.ones((draws, len(RESPONSIVE), len(months)))] * len(projection.unit_classes)

        def follow(one: ExitClass, since: int) -> Floats:
            return cohort.static_levels(one.entitlements, draws)
    else:
        keys = [GROUPS[g] for g in RESPONSIVE]
        levels = [
            cohort.group_levels(values, keys, c.state_shares[RESPONSIVE], months, first, observed)
            for c in projection.unit_classes
        ]

        def follow(one: ExitClass, since: int) -> Floats:
            return cohort.reenrolment_levels(values, one.entitlements, months, since, observed, first + 1)

    pools = [follow(one, one.exit_month) for one in projection.exit_classes]
    ends = [{group: follow(one, first) for group, one in of_class.items()} for of_class in ends_of]
    changes = CoverageChanges(levels, pools, ends, np.zeros((draws, len(RESPONSIVE))))
    return changes._replace(uninsured_groups=_groups_of_uninsured(projection, changes, values))


def _groups_of_uninsured(projection: Projection, changes: CoverageChanges, values: Values) -> Floats:
    """Return to which groups people without a card belong: (draws, groups of `RESPONSIVE`), adding up to 1.

    Where three quarters of a group take part, it has a third of its insured again without a card; all others without
    one are of households that pay by themselves. The shares are those of the whole area: its parts add up to it.
    """
    division = division_of(projection, changes, values, _class_of_unit(projection))
    stock = division.stock.copy()
    for gain in division.gains:  # until then they are like all others: what is decided later changes nothing before
        stock[:, gain.parts] += gain.people
    others = np.zeros((max(len(stock), len(values["outreach"])), len(RESPONSIVE)))
    for i, levels in enumerate(changes.levels[: stock.shape[1]]):
        level = levels[:, :, projection.baseline_index]
        others = others + stock[:, i, RESPONSIVE] * (1 - level) / np.maximum(level, LEAST_TAKE_UP)
    household = RESPONSIVE.index(HOUSEHOLD)
    others[:, household] = 0.0
    uninsured, total = stock[:, :, UNINSURED].sum(axis=1), others.sum(axis=1)
    most = np.maximum(uninsured, total)[:, None]
    shares = np.divide(others, most, out=np.zeros_like(others), where=most > 0)
    shares[:, household] = 1 - shares.sum(axis=1)
    return shares


def _class_of_unit(projection: Projection) -> np.ndarray:
    """Return the number of the class of each unit."""
    number = np.zeros(len(projection.baseline.units), dtype=int)
    for i, unit_class in enumerate(projection.unit_classes):
        number[unit_class.units] = i
    return number


def division_of(projection: Projection, changes: CoverageChanges, values: Values, part: np.ndarray) -> Division:
    """Divide the people of a projection; ``part`` is the number of the part of each unit."""
    return divide(projection.baseline, projection.exit_classes, changes.pools, values, projection.baseline_index, part)


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

    Everyone is in one part of the division of the count, and each part follows one path, a share of its people; so
    communes add up to their area, and no one is insured twice.

    ``result`` is "static" (no behaviour: people lose what the law takes) or "behavioural"; ``values`` are sets of
    assumptions, by default the central ones; ``block`` numbers the block of each unit from 0, by default each unit is
    one. Without ``by_group`` there are only totals: (draws, blocks, months). ``months`` are positions, by default all;
    ``changes`` is what `coverage_changes` gives for the same arguments, where it is used again.
    """
    values = central_values(projection.assumptions) if values is None else values
    block = projection.each_unit if block is None else block
    chosen = np.arange(len(projection.months)) if months is None else np.asarray(months)
    changes = coverage_changes(projection, values, result) if changes is None else changes
    pairs, part = np.unique(np.stack([block, _class_of_unit(projection)]), axis=1, return_inverse=True)
    division = division_of(projection, changes, values, part)
    column = np.arange(len(GROUPS)) if by_group else np.zeros(len(GROUPS), dtype=int)  # of each group in the result
    insured = np.zeros((len(values["outreach"]), pairs.shape[1], column.max() + 1, len(chosen)))
    for parts, people, path in _flows(projection, division, changes, values, pairs[1], column):
        paths = path[..., chosen] * projection.growth[chosen]
        rows = slice(None) if len(parts) == insured.shape[1] else parts
        if not by_group:
            insured[:, rows, 0] += people @ paths[:, :, 0]
            continue
        # Most kinds of people are only ever in one group: by pairs this is many times faster than a matrix product.
        for kind, group in zip(*np.nonzero(paths.any(axis=(0, 3))), strict=True):
            insured[:, rows, group] += people[:, :, kind, None] * paths[:, None, kind, group]
    insured = sum_by_block(insured.swapaxes(0, 1), pairs[0]).swapaxes(0, 1)
    return insured if by_group else insured[:, :, 0]


def _flows(
    projection: Projection,
    division: Division,
    changes: CoverageChanges,
    values: Values,
    class_of: np.ndarray,
    column: np.ndarray,
) -> Iterator[tuple[np.ndarray, Floats, Floats]]:
    """Yield everyone once: parts, people (draws, parts, kinds) and their insured share, by kind, column and month.

    ``class_of`` is the class of units of each part, ``column`` that of each group in the result.
    """
    first, months, columns = projection.baseline_index, len(projection.months), int(column.max()) + 1

    def by_group(levels: Floats, groups: np.ndarray) -> Floats:
        """Put the levels of pools (draws, pools, months) into the columns of their groups (pools, months)."""
        path = np.zeros((*levels.shape[:2], columns, months))
        pool, month = np.ogrid[: levels.shape[1], :months]
        path[:, pool, column[groups], month] = levels
        return path

    def then_in(path: Floats, month: int, group: int) -> Floats:
        """Return a path on which everyone is insured in one group from a month on."""
        changed = path.copy()
        changed[..., month:] = 0.0
        changed[:, :, column[group], month:] = 1.0
        return changed

    every, of_minority = np.arange(len(GROUPS)), cohort.pool_shares(values, np.array([1.0]))
    for i, unit_class in enumerate(projection.unit_classes):
        stays, joins = since_count(changes.levels[i], first)
        path = np.zeros((len(stays), UNINSURED + 1, columns, months))
        path[:, every, column] = 1.0
        for position, group in enumerate(RESPONSIVE):
            path[:, group, column[group]] = stays[:, position]
            path[:, UNINSURED, column[group]] += changes.uninsured_groups[:, position, None] * joins[:, position]
        for group, level in changes.ends[i].items():
            pools = by_group(level, unit_class.support_ends[group].pool_groups)
            path[:, group] = (of_minority[:, :, None, None] * pools).sum(axis=1)
        parts = np.flatnonzero(class_of == i)
        yield parts, division.stock[:, parts], path
        for gain in division.gains:
            inside = class_of[gain.parts] == i
            yield gain.parts[inside], gain.people[:, inside], then_in(path, gain.month, AREA)
    stays_in_area = np.zeros((1, UNINSURED + 1, columns, months))
    stays_in_area[:, AREA, column[AREA]] = 1.0
    for other in division.others:
        yield other.parts, other.people, then_in(stays_in_area, other.month, OTHER)
    for one, leavers, level in zip(projection.exit_classes, division.leavers, changes.pools, strict=True):
        groups = one.pool_groups
        if one.exit_month > first:
            yield leavers.parts, leavers.entitlement, by_group(level, groups)
            continue
        stays, joins = since_count(level, first)
        yield leavers.parts, leavers.uninsured, by_group(joins, groups)
        yield leavers.parts, leavers.group, by_group(stays, groups)
        yield leavers.parts, leavers.unknown, by_group(stays, np.full_like(groups, UNKNOWN))


def since_count(levels: Floats, first: int) -> tuple[Floats, Floats]:
    """Return which share of those insured at the count still is, and of the others then already is: two like levels.

    Those who were insured at the count are the last to leave.

    Examples
    --------
    >>> stays, joins = since_count(np.array([0.5, 0.25, 0.75]), 0)
    >>> stays.tolist(), joins.tolist()
    ([1.0, 0.5, 1.0], [0.0, 0.0, 0.5])
    """
    at_count = levels[..., first, None]
    stays = np.divide(levels, at_count, out=np.ones_like(levels), where=at_count > 0)
    joins = np.divide(levels - at_count, 1 - at_count, out=np.zeros_like(levels), where=at_count < 1)
    return np.minimum(stays, 1.0), np.clip(joins, 0.0, 1.0)


def commune_rates(
    projection: Projection, values: Values, result: str = "behavioural", months: Positions | None = None
) -> Iterator[tuple[np.ndarray, Floats]]:
    """Yield the rates of all units, some units at a time: positions and (draws, units, months).

    However many communes, no more than a few times `CHUNK` numbers are in memory at once.
    """
    months = np.arange(len(projection.months)) if months is None else np.asarray(months)
    changes = coverage_changes(projection, values, result)
    for units, part in some_units_at_a_time(projection, len(values["outreach"]) * max(len(months), UNINSURED + 1)):
        insured = insured_people(part, result, values, by_group=False, months=months, changes=changes)
        yield units, insured / part.people[:, months]


def some_units_at_a_time(projection: Projection, numbers: int) -> Iterator[tuple[np.ndarray, Projection]]:
    """Yield the positions of some units and their projection; ``numbers`` of each unit are in memory at once."""
    size = max(1, CHUNK // numbers)
    for begin in range(0, len(projection.baseline.units), size):
        units = projection.each_unit[begin : begin + size]
        yield units, _select_units(projection, units)


def _select_units(projection: Projection, units: np.ndarray) -> Projection:
    """Return the projection of some of its units; the classes stay in their order."""
    baseline = projection.baseline
    position = np.full(len(baseline.units), -1)
    position[units] = np.arange(len(units))
    kept = np.isin(baseline.exits["unit"].to_numpy(), units)
    row = np.cumsum(kept) - 1
    exits = baseline.exits[kept].assign(unit=lambda t: position[t["unit"]]).reset_index(drop=True)
    table, insured, sizes = baseline.units.iloc[units], baseline.insured[units], baseline.sizes[units]
    return replace(
        projection,
        baseline=replace(baseline, units=table, insured=insured, sizes=sizes, exits=exits),
        unit_classes=[replace(c, units=position[c.units][position[c.units] >= 0]) for c in projection.unit_classes],
        exit_classes=[replace(c, exits=row[c.exits[kept[c.exits]]]) for c in projection.exit_classes],
        people=projection.people[units],
    )
