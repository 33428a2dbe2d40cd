"""Project an area for a page, by a scenario or by a state of the page: the same as `simulate` does for it.

Where the figures of communes may not be published, and in a workbook, the communes of an area are added up.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.baseline import COUNTS, EXIT_COLUMNS, Baseline, build_baseline, counted_days
from bhyt_analysis.model.projection.levers import LawRow, build_reform, top_up_rows
from bhyt_analysis.model.projection.projection import MONTHS_AHEAD, Projection, project
from bhyt_analysis.model.projection.scenario import Scenario, ScenarioLike, as_scenario
from bhyt_analysis.model.projection.simulate import check_reform_areas, resolve_support_window
from bhyt_analysis.model.reclassification.zone_choices import ZoneChoices, zone_choices

YEARS_AHEAD = 3  # after the year in which the law changed last
State = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class PageProjection:
    """The projection of a page.

    ``units``: of how many units the area is the sum; ``adds_up``: whether the people of the projection are those of its
    communes whatever the state.
    """

    projection: Projection
    units: int
    adds_up: bool


def page_projection(
    view: AreaView, scenario: ScenarioLike | None = None, law: Law | None = None, by_commune: bool = True
) -> PageProjection:
    """Return the projection of a page; without ``by_commune`` the communes of the area are added up.

    Raises BhytError as `page_model` does.

    Examples
    --------
    >>> pages = [page_projection(bhyt.area(bhyt.load(), "X001"), by_commune=by) for by in (True, False)]
    >>> [(page.units, len(page.projection.baseline.units), page.projection.scenario.decision) for page in pages]
    [(12, 12, '861'), (12, 1, '861')]
    """
    law = Law.read() if law is None else law
    policy = page_policy(view, scenario, law)
    if scenario is None and (decision := view.decision()):
        decided = dataclasses.replace(policy, decision=decision)
        with contextlib.suppress(BhytError):  # who lost a card by it is not known there
            return _project(view, decided, law, by_commune)
    return _project(
        view, policy, law, by_commune, has_start=scenario is not None and as_scenario(scenario).start is not None
    )


@dataclasses.dataclass(frozen=True)
class ZonePage:
    """The projection in which the zones of communes can be changed: it begins before the decision.

    ``choices``: who would lose and gain in each zone.
    """

    projection: Projection
    choices: ZoneChoices


def zone_page(view: AreaView, scenario: ScenarioLike | None, law: Law, page: PageProjection) -> ZonePage | None:
    """Return the projection of an area before its decision, by which the zones of its communes can be changed.

    It is that of the page where this begins before the decision, else one of its own. None where the zones and cards of
    some commune are not known, or no count is before the decision.

    Examples
    --------
    >>> view, law = bhyt.area(bhyt.load(), "X001"), bhyt.Law.read()
    >>> zones = zone_page(view, None, law, page_projection(view))
    >>> str(zones.projection.baseline.day.date()), len(zones.choices.communes)
    ('2021-06-30', 48)
    """
    policy = page.projection.scenario
    decision = policy.decision or (view.decision() if scenario is None else "")
    if not decision:
        return None
    data = policy.apply_to_data(view.data)
    other = float(policy.assumptions().at["other_titles", "central"])
    choices = None
    with contextlib.suppress(BhytError):  # no zone of the decision is known anywhere
        choices = zone_choices(data, decision, view.code, other)
    if choices is None:
        return None
    projection, days = page.projection, choices.communes["on"]
    if policy.decision != decision or projection.baseline.day >= days.min():
        early = dataclasses.replace(
            policy, decision=decision, start=None, support_window=as_scenario(scenario).support_window
        )
        try:
            projection = _project(view, early, law, by_commune=True).projection
        except BhytError:
            return None
    is_complete = set(choices.communes["area"]) <= set(projection.baseline.units["area"])
    is_before = projection.baseline.day < days.min() and days.max() < projection.months[-1]
    return ZonePage(projection, choices) if is_complete and is_before else None


def page_policy(view: AreaView, scenario: ScenarioLike | None, law: Law) -> Scenario:
    """Return a scenario with the months of a page, which go on for some years after the last change of the law.

    Without a scenario they begin with the latest count of cards; where only rates are printed, and for a scenario
    without a start, where `simulate` begins.

    Examples
    --------
    >>> policy = page_policy(bhyt.area(bhyt.load(), "Sơn Dương"), None, bhyt.Law.read())
    >>> str(policy.start.date()), str(policy.end.date())
    ('2021-12-31', '2029-12-31')
    """
    policy = as_scenario(scenario)
    start, end = policy.start, policy.end
    if start is None and scenario is None and has_cards(view):
        start = latest_count(view)
    if end is None:
        end, latest = pd.Timestamp(law.latest_change().year + YEARS_AHEAD, 12, 31), latest_count(view)
        end = end if latest is None else max(end, latest + pd.offsets.MonthEnd(MONTHS_AHEAD))
    return dataclasses.replace(policy, start=start, end=end)


def has_cards(view: AreaView) -> bool:
    """Return whether cards of an area, or of its communes, are counted."""
    codes = [view.code, *view.data.geography.commune_codes(view.code)]
    return bool(view.data.cards["area"].isin(codes).any())


def latest_count(view: AreaView) -> pd.Timestamp | None:
    """Return the end of the last month of which the insured of an area, or their rate, are known."""
    days = counted_days(view.data, view.code)
    return None if days.empty else pd.Timestamp(days.iloc[-1]) + pd.offsets.MonthEnd(0)


def _project(view: AreaView, policy: Scenario, law: Law, by_commune: bool, has_start: bool = False) -> PageProjection:
    law = policy.apply_to_law(law)
    check_reform_areas(law, view.data)
    baseline = build_baseline(view.data, view.code, policy)
    policy = resolve_support_window(policy, view.data, baseline, law)
    if not has_start:  # rates may have been printed after the cards that are counted
        policy = dataclasses.replace(policy, start=baseline.day + pd.offsets.MonthEnd(0))
    if len({law.areas_of(place) for place in baseline.lineages}) > 1:
        raise BhytError(("error.page_model_laws", {"name": baseline.name}))
    projection = project(baseline if by_commune else as_one_unit(baseline), policy, law)
    return PageProjection(projection, len(baseline.units), by_commune or adds_up(baseline))


def adds_up(baseline: Baseline) -> bool:
    """Return whether the people of the communes add up to those of the area as one unit, whatever the state.

    Those who left before the count are fitted into the figures of each commune, and who gains an entitlement comes
    from the groups of its own: sums of communes then differ from what the sums give.
    """
    exits = baseline.exits
    return len(baseline.units) == 1 or not ((exits["on"] <= baseline.day) | (exits["gained"] > 0)).any()


def as_one_unit(baseline: Baseline) -> Baseline:
    """Return the baseline with its units added up; sizes of households are weighted by people.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.baseline import build_baseline
    >>> baseline = build_baseline(bhyt.load(), "X001", bhyt.Scenario("x"))
    >>> one = as_one_unit(baseline)
    >>> one.insured.shape, bool((one.insured[0] == baseline.insured.sum(axis=0)).all())
    ((1, 19), True)
    """
    units = baseline.units
    if len(units) == 1:
        return baseline
    row = {"area": baseline.area, "name": baseline.name, "population": units["population"].sum()}
    row |= {"sizes_known": units["sizes_known"].all(), "status": derived_quality(units["status"])}
    return dataclasses.replace(
        baseline,
        units=pd.DataFrame([row])[units.columns],
        insured=baseline.insured.sum(axis=0, keepdims=True),
        sizes=np.average(baseline.sizes, axis=0, weights=units["population"])[None],
        exits=_add_up_exits(baseline.exits),
        lineages=[baseline.lineages[0]],  # all have the same law
    )


def _add_up_exits(exits: pd.DataFrame) -> pd.DataFrame:
    """Return the exits of all units by day: those of a known share of minorities apart from the others."""
    if exits.empty:
        return exits
    rows = exits.assign(unit=0, known=exits["minority"].notna(), minority_people=exits["lost"] * exits["minority"])
    sums = dict.fromkeys([*COUNTS, "minority_people"], "sum")
    table = rows.groupby(["unit", "on", "minority_area", "known"], as_index=False, dropna=False)
    table = table.agg({**sums, "status": derived_quality})
    share = table["minority_people"] / table["lost"].where(table["lost"] > 0)
    return table.assign(minority=share.where(table["known"]))[EXIT_COLUMNS]


def state_scenario(
    view: AreaView, state: State, scenario: ScenarioLike | None = None, law: Law | None = None
) -> Scenario:
    """Return the scenario that a state of a page is: with it `simulate` gives the people and the money of the page.

    Parameters
    ----------
    view
        what `area` gives.
    state
        any of ``outreach``, ``take_up_household``, ``support`` (rows of ``key``, ``share``, ``since``), ``top_up``
        (rows of ``key``, ``points``, ``since``), ``base_salary`` and ``contribution_rate`` (``value``, ``since``),
        ``zones`` (the zone of each commune that the decision then puts there, by its code).
    scenario, law
        as of `page_model`.

    Returns
    -------
    Scenario
        With the months of the page; with ``zones``, also an empty one, it begins before the decision.

    Raises
    ------
    BhytError
        as `page_model`, and for zones where those of all communes, or their cards before, are not known.

    Examples
    --------
    >>> view = bhyt.area(bhyt.load(), "Sơn Dương")
    >>> scenario = state_scenario(view, {"outreach": 2, "base_salary": {"value": 2_800_000, "since": "2027-01-01"}})
    >>> scenario.assumption_ranges["outreach"], scenario.is_proposal
    ((2.0, 2.0, 2.0), True)
    """
    law = Law.read() if law is None else law
    page = page_projection(view, scenario, law)
    policy = page.projection.scenario
    if state.get("zones") is not None:
        zones = zone_page(view, scenario, law, page)
        if zones is None:
            raise BhytError(("error.page_model_zones", {"name": view.name}))
        policy = zones.projection.scenario
    return with_state(policy, state, law, province_name(view))


def with_state(policy: Scenario, state: State, law: Law, province: str) -> Scenario:
    """Return a scenario with what a state sets; ``province`` is the name of that which tops up."""
    ranges, reforms = dict(policy.assumption_ranges), list(policy.reforms)
    moves = [*policy.zone_moves, *({"area": code, "zone": zone} for code, zone in (state.get("zones") or {}).items())]
    if "outreach" in state:
        ranges["outreach"] = (float(state["outreach"]),) * 3
    if "take_up_household" in state:
        value, row = float(state["take_up_household"]), policy.assumptions().loc["take_up.household"]
        ranges["take_up.household"] = (min(float(row["low"]), value), value, max(float(row["high"]), value))
    if rows := list(law_rows(state)):
        reforms.append(build_reform(rows, "state"))
    below = dataclasses.replace(policy, reforms=tuple(reforms)).apply_to_law(law)
    added = list[LawRow]()
    for row in state.get("top_up") or ():
        added += top_up_rows(below, row["key"], row["points"], province, province, row["since"])
    if added:
        reforms.append(build_reform(added, "state"))
    policy = dataclasses.replace(policy, zone_moves=tuple(moves))
    return dataclasses.replace(policy, reforms=tuple(reforms), assumption_ranges=ranges)


def law_rows(state: State) -> Iterator[LawRow]:
    """Yield the nationwide rows of law that a state sets."""
    for row in state.get("support") or ():
        yield {"parameter": "subsidy_share", "key": row["key"], "since": row["since"], "value": row["share"]}
    for parameter in ("base_salary", "contribution_rate"):
        if change := state.get(parameter):
            yield {"parameter": parameter, "since": change["since"], "value": change["value"]}


def province_name(view: AreaView) -> str:
    """Return the name of the province of an area, or else of the topmost unit below the country."""
    units = [u for u in view.lineage if u.kind == "province"]
    return [*units, *(u for u in reversed(view.lineage) if u.kind != "country")][0].name
