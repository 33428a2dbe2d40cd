"""Gather the constants from which a page or a workbook recomputes a projection: a state in, people and VND out.

The area is one unit: communes are added up, so that no figure of a commune is among the constants. A state sets
outreach, the take-up of households, what the State and the province pay of a premium, the base salary and the
contribution rate; all that does not depend on these is worked out here, once. ``documents/model.js`` has the formulas.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups, groups_flagged, values_by_month
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import central_values, draw_assumptions
from bhyt_analysis.model.projection.baseline import COUNTS, EXIT_COLUMNS, GROUPS, Baseline, build_baseline, counted_days
from bhyt_analysis.model.projection.division import LATER_GROUPS, people_at_count, pool_terms
from bhyt_analysis.model.projection.levers import LawRow, build_reform, top_up_rows
from bhyt_analysis.model.projection.projection import MONTHS_AHEAD, RESPONSIVE, Projection, month_statuses, project
from bhyt_analysis.model.projection.scenario import Scenario, ScenarioLike, Target, as_scenario
from bhyt_analysis.model.projection.simulate import (
    QUANTILES,
    check_reform_areas,
    household_scales,
    resolve_support_window,
)
from bhyt_analysis.model.projection.uncertainty import area_rates, upcoming_targets

SCHEMA = 1
STATE = ("outreach", "take_up_household", "support", "top_up", "base_salary", "contribution_rate")
DRAWS = 200  # of the assumptions, for the interval of the path without changes
OUTREACH_STEPS = 20  # of an outreach from 0 to 2: those for which the exponentials are among the constants
SUPPORT_GROUPS = groups_flagged("adjustable")
YEARS_AHEAD = 3  # after the year in which the law changed last
# What the formulas read of the assumptions; outreach and the take-up of households are in the state.
ASSUMPTIONS = (
    "outreach", "outreach_before", "highest_take_up", "price_elasticity", "outreach_effect", "place_effect",
    "at_once.none", "at_once.ordinary", "at_once.intensive", "monthly.none", "monthly.ordinary", "monthly.intensive",
    "school_step", "renewal_after_support",
)  # fmt: skip
AMOUNTS = ("base_salary", "contribution_rate", "employer_rate", "employee_rate")  # of the law
State = Mapping[str, Any]
PageModel = dict[str, Any]  # as JSON can hold it


def page_model(
    view: AreaView, scenario: ScenarioLike | None = None, law: Law | None = None, draws: int = DRAWS
) -> PageModel:
    """Return the constants from which a page recomputes the projection of an area under another policy.

    Parameters
    ----------
    view
        what `area` gives.
    scenario
        a `Scenario`, the name of a bundled one, or the path of a file; left out, the law in force, with the decision
        of the area where its losses are known, from the latest count of cards on.
    law
        the law on which the reforms come; by default the bundled one.
    draws
        how often the assumptions are drawn for the interval of the path without changes; 0 gives none.

    Returns
    -------
    dict
        The constants, as JSON can hold them; ``documents/model.js`` says what each is for.

    Raises
    ------
    BhytError
        for an area without figures to start from, a scenario whose losses are not known there, and an area of several
        provinces.

    Examples
    --------
    >>> model = bhyt.page_model(bhyt.area(bhyt.load(), "Sơn Dương"), draws=0)
    >>> model["months"][model["report"]], sum(model["insured"]), model["people"][0]
    ('2021-12-31', 155163, 182330)
    """
    law = Law.read() if law is None else law
    page = page_projection(view, scenario, law)
    model = projection_constants(page.projection, law, upcoming_targets(view.data, page.projection), draws)
    return {**model, "units": page.units, "adds_up": page.adds_up, "is_current_law": scenario is None}


@dataclasses.dataclass(frozen=True)
class PageProjection:
    """The projection of an area as one unit.

    ``units``: of how many it is the sum; ``adds_up``: whether their people add up to its own whatever the state.
    """

    projection: Projection
    units: int
    adds_up: bool


def page_projection(view: AreaView, scenario: ScenarioLike | None = None, law: Law | None = None) -> PageProjection:
    """Return the projection of a page, with the communes of the area added up.

    Raises BhytError as `page_model` does.

    Examples
    --------
    >>> page = page_projection(bhyt.area(bhyt.load(), "X001"))
    >>> page.units, str(page.projection.baseline.day.date()), int(page.projection.baseline.insured.sum())
    (12, '2022-06-30', 49505)
    """
    law = Law.read() if law is None else law
    policy = page_policy(view, scenario, law)
    if scenario is None and (decision := view.decision()):
        try:
            return _project(view, dataclasses.replace(policy, decision=decision), law, is_exact=True)
        except BhytError:  # who lost a card by it is not known there, or only commune by commune
            pass
    return _project(view, policy, law, has_start=scenario is not None and as_scenario(scenario).start is not None)


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


def _project(
    view: AreaView, policy: Scenario, law: Law, is_exact: bool = False, has_start: bool = False
) -> PageProjection:
    """Project an area as one unit; with ``is_exact``, raise a BhytError where its communes add up to other people."""
    law = policy.apply_to_law(law)
    check_reform_areas(law, view.data)
    baseline = build_baseline(view.data, view.code, policy, law)
    policy = resolve_support_window(policy, view.data, baseline, law)
    if not has_start:  # rates may have been printed after the cards that are counted
        policy = dataclasses.replace(policy, start=baseline.day + pd.offsets.MonthEnd(0))
    if len({law.areas_of(place) for place in baseline.lineages}) > 1:
        raise BhytError(("error.page_model_laws", {"name": baseline.name}))
    if is_exact and not adds_up(baseline):
        raise BhytError(("error.page_model_communes", {"name": baseline.name}))
    projection = project(as_one_unit(baseline), policy, law)
    return PageProjection(projection, len(baseline.units), adds_up(baseline))


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
    >>> baseline = build_baseline(bhyt.load(), "X001", bhyt.Scenario("x"), bhyt.Law.read())
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


# --- The constants ---------------------------------------------------------------------------------


def projection_constants(
    projection: Projection, law: Law, targets: Iterable[Target] = (), draws: int = DRAWS
) -> PageModel:
    """Return the constants of a projection of one unit; see `page_model`."""
    baseline, first = projection.baseline, projection.baseline_index
    months = projection.months
    growth = projection.growth * np.ones(len(months))
    model: PageModel = {
        "schema": SCHEMA,
        "area": baseline.area,
        "name": baseline.name,
        "as_of": str(baseline.day.date()),
        "status": month_statuses(projection)[first],
        "months": [str(month.date()) for month in months],
        "first": first,
        "report": projection.report_index,
        "school_months": list(cohort.SCHOOL_MONTHS),
        "population": float(baseline.units["population"].iloc[0]),
        "people": np.floor(projection.people[0] * np.ones(len(months)) + 0.5).astype("int64").tolist(),
        "growth": growth.tolist(),
        "groups": list(GROUPS),
        "insured": [_json_number(n) for n in baseline.insured[0]],
        "payers": list(PAYERS),
        "decision": projection.scenario.decision,
        "proposal": projection.scenario.is_proposal,
        "behaviour": _behaviour(projection),
        "pools": _pools(projection),
        "exits": _exits(projection),
        "law": _law(projection),
        "household_more": _household_more(projection),
        "targets": [{"on": str(t["on"].date()), "rate": t["rate"], "relation": t["relation"]} for t in targets],
        "since": f"{law.latest_change().year + 1}-01-01",
        "state": default_state(projection),
        "band": _band(projection, draws) if draws else None,
    }
    return model


def _json_number(number: float) -> int | float:
    return int(number) if float(number).is_integer() else float(number)


def _numbers(values: Iterable[float]) -> list[float | int | None]:
    """Return numbers as JSON can hold them: None where one is missing."""
    return [None if np.isnan(v) else _json_number(v) for v in values]


def default_state(projection: Projection) -> dict[str, Any]:
    """Return the state in which nothing is changed.

    Examples
    --------
    >>> default_state(page_projection(bhyt.area(bhyt.load(), "Sơn Dương")).projection)["outreach"]
    1.0
    """
    table = projection.assumptions["central"]
    return {
        "outreach": float(table["outreach"]),
        "take_up_household": float(table["take_up.household"]),
        "support": [],
        "top_up": [],
        "base_salary": None,
        "contribution_rate": None,
    }


def _behaviour(projection: Projection) -> dict[str, Any]:
    """Return the assumptions, and the exponentials of outreach and place that they are used with."""
    table = projection.assumptions
    values = {name: float(table.at[name, "central"]) for name in ASSUMPTIONS}
    effect, place = values["outreach_effect"], values["place_effect"]
    levels = sorted({*(2 * i / OUTREACH_STEPS for i in range(OUTREACH_STEPS + 1)), values["outreach_before"]})
    log_odds = np.asarray(effect) * np.asarray(levels, dtype=float) + place
    keys = [name.removeprefix("take_up.") for name in table.index if name.startswith("take_up.")]
    return {
        **values,
        "take_up": {key: float(table.at[f"take_up.{key}", "central"]) for key in keys},
        "at_share": {key: float(table.at[f"take_up.{key}", "at_share"]) for key in keys},
        "exp_outreach": {repr(level): float(v) for level, v in zip(levels, np.exp(-log_odds), strict=True)},
        "exp_place": float(np.exp(-np.asarray(place))),
        "responsive": [GROUPS[i] for i in RESPONSIVE],
    }


def _pools(projection: Projection) -> dict[str, Any]:
    """Return the pools of those who lost a card: what each is, and which cards of it lapse."""
    values = central_values(projection.assumptions)
    lapse = cohort.monthly_lapse(values)
    kept = (1 - lapse[:, :, None]) ** np.arange(len(projection.months))
    self_paid = int(np.argmax(cohort.SELF_PAID))
    return {
        "entitlement": cohort.POOLS["entitlement"].tolist(),
        "minority": cohort.POOLS["minority"].tolist(),
        "minority_area": cohort.POOLS["minority_area"].tolist(),
        "self_paid": cohort.SELF_PAID.tolist(),
        "lapse": float(lapse[0, self_paid]),
        "kept": kept[0, self_paid].tolist(),  # the share of self-paid cards that has not lapsed, by month
        "of_minority": cohort.pool_shares(values, np.array([1.0]))[0].tolist(),
        "state_paid": cohort.STATE_PAID,
        "state_paid_share": cohort.NEAR_POOR_MINORITY,
        "area": cohort.AREA_ENTITLEMENT,
        "employed": cohort.EMPLOYED,
        "supports": [key for key in dict.fromkeys(cohort.SUPPORT_WINDOWS.values()) if key],
    }


def _exits(projection: Projection) -> dict[str, Any]:
    """Return the people of the count who stay, and who leaves, gains or keeps a card in each class of exits."""
    values = central_values(projection.assumptions)
    first, classes, exits = projection.baseline_index, projection.exit_classes, projection.baseline.exits
    stock, terms, other = people_at_count(projection.baseline, classes, first)
    spans = projection.law.monthly("support_months", projection.months, projection.baseline.lineages[0])
    support = cohort.SUPPORT_WINDOWS[projection.scenario.support_window or "none"]
    rows = []
    for one in classes:
        own, shares = exits.iloc[one.exits], pool_terms(values, one.minority_area)
        is_later = one.exit_month > first
        rows.append(
            {
                "month": one.exit_month,
                "lost": float(own["lost"].sum()),
                "gained": [_json_number(n) for n in own["gained"]] if is_later else [],
                "other": _json_number(float(other[one.exits].sum())),
                "terms": [] if is_later else [_numbers(row) for row in terms[one.exits]],
                "shares": [] if is_later else shares[0].tolist(),
                # those who leave later, by pool: no state changes who they are
                "later": (terms[one.exits].sum(axis=0)[None, None] @ shares)[0, 0].tolist() if is_later else [],
            }
        )
    return {
        "stock": [_json_number(n) for n in stock[0]],
        "classes": rows,
        "gain_groups": [GROUPS[i] for i in LATER_GROUPS],
        "support": support,
        "support_months": _numbers(spans[support]) if support in spans else None,
    }


def _law(projection: Projection) -> dict[str, Any]:
    """Return the law month by month: amounts, what the State pays, and who pays for each group.

    ``shares`` holds nationwide, ``local`` has a province's own shares alone; the larger one counts.
    """
    law, months, place = projection.law, projection.months, projection.baseline.lineages[0]
    local = Law(law.table[law.table["area"] != ""])
    amounts = {name: _numbers(law.monthly(name, months, place)[""]) for name in AMOUNTS}
    shares, own = law.monthly("subsidy_share", months), local.monthly("subsidy_share", months, place)
    keys = {key: _share_keys(key) for key in GROUPS}
    of_groups = {key for own_keys in keys.values() for key in own_keys}
    used = sorted(of_groups | {*cohort.POOLS["entitlement"], *SUPPORT_GROUPS, cohort.NEAR_POOR_MINORITY})
    earnings = {key: projection.scenario.income.get(str(_group_of(key)), np.nan) for key in GROUPS}
    return {
        **amounts,
        "fixed": [name for name in ("base_salary", "contribution_rate") if _has_own_rows(law, name, place)],
        "shares": {key: _numbers(shares[key]) for key in used if key in shares},
        "local": {key: _numbers(own[key]) for key in used if key in own and own[key].notna().any()},
        "keys": keys,
        "payer": {key: _runs(values_by_month(key, "payer", months)) for key in GROUPS if key in groups().index},
        "earnings": {key: vnd for key, vnd in earnings.items() if not np.isnan(vnd)},
        "adjustable": list(SUPPORT_GROUPS),
        "changes": share_changes(law, months),
        "rows": law_rows_used(law, [*used, ""], place, months),
    }


def law_rows_used(law: Law, keys: Iterable[str], place: Any, months: Sequence[pd.Timestamp]) -> list[dict[str, Any]]:
    """Return the rows of the law behind the constants, with their texts: those in force in some of the months."""
    table = law.table[law.table["parameter"].isin(["subsidy_share", *AMOUNTS]) & law.table["key"].isin(list(keys))]
    places = {"", *law.areas_of(place)}
    begin, end = months[0].replace(day=1).date(), months[-1].date()
    table = table[table["area"].isin(places) & (table["until"] >= begin) & (table["since"] <= end)]
    table = table.sort_values(["parameter", "key", "area", "since"], kind="stable")
    days = {name: table[name].astype(str) for name in ("since", "until")}
    columns = ["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status", "layer"]
    rows = table.assign(**days)[columns].to_dict("records")
    return [{**row, "value": None if np.isnan(row["value"]) else row["value"]} for row in rows]


def _group_of(key: str) -> str:
    table = groups()
    return str(table.at[key, "group"]) if key in table.index else ""


def _share_keys(key: str) -> list[str]:
    """Return the keys of ``subsidy_share`` of a group, its own first, then those of wider groups."""
    table, keys = groups(), list[str]()
    while key in table.index:
        keys.append(str(table.at[key, "subsidy_key"]))
        key = str(table.at[key, "within"])
    return [k for k in keys if k]


def _has_own_rows(law: Law, parameter: str, place: Any) -> bool:
    """Return whether the area has a value of its own, which a nationwide one does not change."""
    own = Law(law.table[(law.table["area"] != "") & (law.table["parameter"] == parameter)])
    return bool(own.areas_of(place))


def _runs(values: Iterable[object]) -> list[list[Any]]:
    """Return values by month as pairs of the first month and the value that begins there."""
    pairs = [[i, v] for i, v in enumerate(values)]
    return [pair for i, pair in enumerate(pairs) if not i or pairs[i - 1][1] != pair[1]]


def share_changes(law: Law, months: Sequence[pd.Timestamp]) -> list[list[int]]:
    """Return the months in which some share of the law changes, each with that whose law a top-up then adds to.

    A top-up follows the law from stretch to stretch (`top_up_rows`): a stretch that begins within a month has the law
    of the first day of that month.
    """
    table = law.table[law.table["parameter"] == "subsidy_share"]
    ends = {day + dt.timedelta(days=1) for day in table["until"] if day != ONWARD}
    begin = months[0].replace(day=1).date()
    pairs = []
    for day in sorted(d for d in {*table["since"], *ends} if d > begin):
        month = (day.year - begin.year) * 12 + day.month - begin.month
        effect = month if day.day == 1 else month + 1
        if effect < len(months):
            pairs.append([effect, month])
    return pairs


def _household_more(projection: Projection) -> list[float]:
    """Return by month what a member of a household pays of a first member's premium on average, less one."""
    scales, period = household_scales(projection, central_values(projection.assumptions))
    return (scales[period, 0, 0] - 1).tolist()


def _band(projection: Projection, draws: int) -> dict[str, Any]:
    """Return the interval of the path without changes: 90% of draws, in ten-thousandths of the people."""
    values = draw_assumptions(projection.assumptions, draws, projection.scenario.seed)
    rates = area_rates(projection, values)[:, projection.report_index :]
    low, high = (np.quantile(rates, QUANTILES[name], axis=0) for name in ("rate_low", "rate_high"))
    return {"draws": draws, "low": low.round(4).tolist(), "high": high.round(4).tolist()}


# --- The scenario of a state -----------------------------------------------------------------------


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
        (rows of ``key``, ``points``, ``since``), ``base_salary`` and ``contribution_rate`` (``value``, ``since``).
    scenario, law
        as of `page_model`.

    Returns
    -------
    Scenario
        With the months of the page.

    Examples
    --------
    >>> view = bhyt.area(bhyt.load(), "Sơn Dương")
    >>> scenario = state_scenario(view, {"outreach": 2, "base_salary": {"value": 2_800_000, "since": "2027-01-01"}})
    >>> scenario.assumption_ranges["outreach"], scenario.is_proposal
    ((2.0, 2.0, 2.0), True)
    """
    law = Law.read() if law is None else law
    policy = page_projection(view, scenario, law).projection.scenario
    return with_state(policy, state, law, province_name(view))


def with_state(policy: Scenario, state: State, law: Law, province: str) -> Scenario:
    """Return a scenario with what a state sets; ``province`` is the name of that which tops up."""
    ranges, reforms = dict(policy.assumption_ranges), list(policy.reforms)
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
