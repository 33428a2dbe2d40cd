"""Gather the constants from which a page or a workbook recomputes a projection: a state in, people and VND out.

A state sets outreach, the take-up of households, what the State and the province pay of a premium, the base salary,
the contribution rate and the zones of communes; all that does not depend on these is worked out here, once.
``documents/model.js`` has the formulas. Where the figures of communes may not be published, and in a workbook, the
area is one unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.law.groups import groups, groups_flagged, values_by_month
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import central_values, draw_assumptions
from bhyt_analysis.model.projection.baseline import COUNTS, GROUPS, MINORITY_AREA
from bhyt_analysis.model.projection.division import LATER_GROUPS, people_at_count, pool_terms
from bhyt_analysis.model.projection.page_projection import PageProjection, ZonePage, page_projection, zone_page
from bhyt_analysis.model.projection.projection import RESPONSIVE, Projection, month_after, month_statuses
from bhyt_analysis.model.projection.scenario import ScenarioLike, Target
from bhyt_analysis.model.projection.simulate import QUANTILES, household_scales
from bhyt_analysis.model.projection.uncertainty import area_rates, upcoming_targets
from bhyt_analysis.model.reclassification.card_flows import AREA_KEYS, ZONES

SCHEMA = 2
DRAWS = 200  # of the assumptions, for the interval of the path without changes
OUTREACH_STEPS = 20  # of an outreach from 0 to 2: those for which the exponentials are among the constants
SUPPORT_GROUPS = groups_flagged("adjustable")
# What the formulas read of the assumptions; outreach and the take-up of households are in the state.
ASSUMPTIONS = (
    "outreach", "outreach_before", "highest_take_up", "price_elasticity", "outreach_effect", "place_effect",
    "at_once.none", "at_once.ordinary", "at_once.intensive", "monthly.none", "monthly.ordinary", "monthly.intensive",
    "school_step", "renewal_after_support",
)  # fmt: skip
AMOUNTS = ("base_salary", "contribution_rate", "employer_rate", "employee_rate")  # of the law
PageModel = dict[str, Any]  # as JSON can hold it


def page_model(
    view: AreaView,
    scenario: ScenarioLike | None = None,
    law: Law | None = None,
    draws: int = DRAWS,
    by_commune: bool = True,
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
    by_commune
        whether communes that are counted one by one stay apart, as in `simulate`; otherwise they are added up, and no
        figure of a commune is among the constants.

    Returns
    -------
    dict
        The constants, as JSON can hold them; ``documents/model.js`` says what each is for. Under "one_unit" are those
        that differ where the communes are added up, under "zones" what other zones of the communes would change (None
        where zones and cards are not known commune by commune), with those that differ in a projection from before the
        decision.

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

    def constants(page: PageProjection) -> PageModel:
        model = projection_constants(page.projection, law, upcoming_targets(view.data, page.projection), draws)
        return {**model, "units": page.units, "adds_up": page.adds_up, "is_current_law": scenario is None}

    page = page_projection(view, scenario, law, by_commune)
    model = constants(page)
    if len(page.projection.baseline.units) == 1:
        model["one_unit"] = one_unit_constants(page.projection)
    else:
        one = page_projection(view, scenario, law, by_commune=False)
        model["one_unit"] = {**constants(one), **one_unit_constants(one.projection)}
    zones = zone_page(view, scenario, law, page) if by_commune else None
    model["zones"] = None if zones is None else zone_constants(zones)
    if zones is not None and zones.projection is not page.projection:
        earlier = projection_constants(zones.projection, law, draws=0)
        model["zones"]["model"] = {key: value for key, value in earlier.items() if value != model[key]}
    return model


def zone_constants(page: ZonePage) -> dict[str, Any]:
    """Return who loses and gains in each zone of each commune, and how these leave and join in a projection.

    Lists of a commune are in the order of ``zones``: ``lost``, ``gained`` and ``other`` (people), ``minority`` (share
    of those who lost, None where not known); ``minority_area`` says which zones are of the minority area.

    Examples
    --------
    >>> view = bhyt.area(bhyt.load(), "X001")
    >>> zones = zone_constants(zone_page(view, None, bhyt.Law.read(), page_projection(view)))
    >>> commune = zones["communes"][6]
    >>> zones["zones"], commune["code"], commune["zone"], commune["lost"]
    (['III', 'II', 'I', 'none'], 'X00107', 'II', [0, 0, 2416, 2416])
    """
    months, units = page.projection.months, page.projection.baseline.units["area"].tolist()
    parts = page.choices.entitlements.set_index(["area", "subgroup", "zone_after"])[["before", "lost", "gained"]]
    communes = []
    for code, rows in page.choices.communes.groupby("area", sort=False):
        decided = rows.loc[rows["is_decided"]].iloc[0]
        entitlements = {}
        for key in AREA_KEYS:
            cells = parts.reindex([(code, key, zone) for zone in ZONES]).fillna(0).astype(int)
            if cells.any(axis=None):
                changes = {column: cells[column].tolist() for column in ("lost", "gained")}
                entitlements[key] = {"before": int(cells["before"].max()), **changes}
        counts = {"lost": rows["lost"], "gained": rows["gained"], "other": rows["kept_other"]}
        communes.append(
            {
                "code": code,
                "name": decided["name"],
                "population": None if pd.isna(decided["population"]) else int(decided["population"]),
                "on": str(decided["on"].date()),
                "zone_before": decided["zone_before"],
                "zone": decided["zone_after"],
                "status": decided["status"],
                "unit": units.index(code),
                "month": months.index(month_after(decided["on"])),
                "before": int(decided["before"]),
                **{key: column.astype(int).tolist() for key, column in counts.items()},
                "minority": _numbers(rows["minority_lost"]),
                "entitlements": entitlements,
            }
        )
    areas = [int(MINORITY_AREA[zone]) for zone in ZONES]
    decision = page.projection.scenario.decision
    return {"decision": decision, "zones": list(ZONES), "minority_area": areas, "communes": communes}


def projection_constants(
    projection: Projection, law: Law, targets: Iterable[Target] = (), draws: int = DRAWS
) -> PageModel:
    """Return the constants of a projection; see `page_model`."""
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
        "population": float(baseline.units["population"].sum()),
        "people": np.floor(projection.people.sum(axis=0) * np.ones(len(months)) + 0.5).astype("int64").tolist(),
        "growth": growth.tolist(),
        "groups": list(GROUPS),
        "insured": _numbers(baseline.insured.sum(axis=0)),
        "places": {
            "population": _numbers(baseline.units["population"]),
            "insured": [_numbers(row) for row in baseline.insured],
        },
        "payers": list(PAYERS),
        "decision": projection.scenario.decision,
        "proposal": projection.scenario.is_proposal,
        "behaviour": _behaviour(projection),
        "pools": _pools(projection),
        "exits": _exits(projection),
        "law": _law(projection),
        "household": _household(projection),
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
    """Return who leaves, gains or keeps a card, one row a unit and month, and what the pools of those who leave are."""
    months = {row: one.exit_month for one in projection.exit_classes for row in one.exits}
    exits = projection.baseline.exits
    rows = [exit_row(months[i], row) for i, row in enumerate(exits.to_dict("records")) if i in months]
    values = central_values(projection.assumptions)
    return {
        "rows": rows,
        "pool_terms": [[key, pool_terms(values, key)[0].tolist()] for key in (0.0, 1.0)]
        + [[None, pool_terms(values, np.nan)[0].tolist()]],
        "gain_groups": [GROUPS[i] for i in LATER_GROUPS],
        **_support(projection),
    }


def exit_row(month: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return who leaves, gains or keeps a card in a unit from a month on; None is a share that is not known."""
    shares = {key: None if np.isnan(row[key]) else float(row[key]) for key in ("minority_area", "minority")}
    return {"unit": int(row["unit"]), "month": month, **{key: _json_number(row[key]) for key in COUNTS}, **shares}


def _support(projection: Projection) -> dict[str, Any]:
    """Return the support of those who left, and for how many months it is paid."""
    spans = projection.law.monthly("support_months", projection.months, projection.baseline.lineages[0])
    support = cohort.SUPPORT_WINDOWS[projection.scenario.support_window or "none"]
    return {"support": support, "support_months": _numbers(spans[support]) if support in spans else None}


def one_unit_constants(projection: Projection) -> dict[str, Any]:
    """Return what a workbook reads of the projection of one unit, beside `projection_constants` or in place of it."""
    scales, period = household_scales(projection, central_values(projection.assumptions))
    return {"exits": _divided_exits(projection), "household_more": (scales[period, 0, 0] - 1).tolist()}


def _divided_exits(projection: Projection) -> dict[str, Any]:
    """Return the people of the count who stay, and who leaves, gains or keeps a card in each class of exits."""
    values = central_values(projection.assumptions)
    first, classes, exits = projection.baseline_index, projection.exit_classes, projection.baseline.exits
    stock, terms, other = people_at_count(projection.baseline, classes, first)
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
    gain_groups = [GROUPS[i] for i in LATER_GROUPS]
    return {"stock": _numbers(stock[0]), "classes": rows, "gain_groups": gain_groups, **_support(projection)}


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


def _household(projection: Projection) -> dict[str, Any]:
    """Return what a member of a household pays of a first member's premium on average, less one: by period and unit."""
    scales, period = household_scales(projection, central_values(projection.assumptions))
    return {"period": period.tolist(), "more": (scales[:, 0] - 1).tolist()}


def _band(projection: Projection, draws: int) -> dict[str, Any]:
    """Return the interval of the path without changes: 90% of draws, in ten-thousandths of the people."""
    values = draw_assumptions(projection.assumptions, draws, projection.scenario.seed)
    rates = area_rates(projection, values)[:, projection.report_index :]
    low, high = (np.quantile(rates, QUANTILES[name], axis=0) for name in ("rate_low", "rate_high"))
    return {"draws": draws, "low": low.round(4).tolist(), "high": high.round(4).tolist()}
