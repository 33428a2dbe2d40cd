"""From which figures does a projection start: who is insured under what, and who leaves when?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import STATUSES, derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import communes, lineage, population_at, unit_name
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups, groups_flagged
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.finance.budget import HOUSEHOLD_SIZES, household_scale
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.reclassification.reclassify import reclassify, unit_losses

# The groups that a projection tells apart; every group and sub-group belongs to one of them.
UNKNOWN_GROUP = "not_told"  # insured people of whom only the number is known
GROUPS = (*groups_flagged("projected"), UNKNOWN_GROUP)
COUNTS = ["lost", "gained", "other"]
_WHOLES = {"state_paid": "state_paid_other", "state_supported": UNKNOWN_GROUP}


@dataclass(frozen=True, eq=False)
class Baseline:
    """The units of an area on the day of their count, from which they are projected.

    ``units``: one row a unit with ``area``, ``name``, ``population`` (people),
    ``household_scale``, ``scale_known``, ``status``. ``insured``: (units, groups) people,
    in the order of `GROUPS`. ``exits``: one row a unit and day of exit with ``unit``
    (position), ``on``, ``lost``, ``gained``, ``other`` (people; the last keep a card under
    another state-paid title), ``minority`` (share of those who lost, missing where not
    known), ``status``. ``lineages``: each unit's lineage, for the law.
    """

    area: str
    name: str
    day: pd.Timestamp
    units: pd.DataFrame
    insured: np.ndarray
    exits: pd.DataFrame
    lineages: list[Area]


def projection_group(keys: pd.Series) -> pd.Series:
    """The group of a projection to which each group or sub-group belongs.

    Examples
    --------
    >>> projection_group(pd.Series(["pupil", "war_veteran", "resident_of_island", "state_paid"])).tolist()
    ['student', 'state_paid_other', 'difficult_area', 'state_paid_other']
    """
    table = groups()
    wider = table["within"].where(table["within"].isin(GROUPS), table["group"].replace(_WHOLES))
    own = pd.Series(table.index, index=table.index)
    return keys.map(own.where(own.isin(GROUPS), wider))


def build_baseline(data: Dataset, area: str, scenario: Scenario, law: Law) -> Baseline:
    """The last figures of an area up to the scenario's first day, or else before its decision.

    Cards by commune are taken where every commune tells them, else the unit's own
    cards, else a printed rate times the nearest count of people, which is estimated.

    Raises
    ------
    BhytError
        where neither cards nor a rate, or no count of people, is known by that day.
    """
    code, data = select_unit(scenario.apply_to_data(data), area)
    exits = _exits(data, code, scenario)
    day = scenario.start if scenario.start is not None else _first_day(data, code, exits)
    known = limit_to_date(data, day)
    for found in (_by_commune(known, code), _by_unit(known, code), _by_rate(known, code, day)):
        if found is not None:
            units, insured, told = found
            break
    else:
        raise BhytError(_no_start(known, code, day))
    units = units.assign(name=[unit_name(data.areas, a, told) for a in units["area"]])
    units = _with_scale(data, units, told, law)
    leaving = _of_units(data, units, insured, exits)
    going = leaving if len(leaving) else _known_losses(data, units, insured, code, told)
    insured = _room_for(units, insured, going, told)
    places: list[Area] = [lineage(data.areas, a, told) for a in units["area"]]
    return Baseline(
        code, unit_name(data.areas, code, told), told, units.reset_index(drop=True), insured, leaving, places
    )


def _exits(data: Dataset, code: str, scenario: Scenario) -> pd.DataFrame:
    """Who leaves and joins by the scenario's decision, commune by commune; empty without one."""
    if not scenario.decision:
        return pd.DataFrame(columns=["area", "on", "lost", "gained", "kept_other", "minority_lost", "status"])
    set_by = scenario.assumptions()["central"]
    # The share of minorities among all residents is not the one among those who lost: left to the ranges.
    table = reclassify(data, scenario.decision, code, other_entitlement_share=float(set_by["other_titles"]))
    # Published losses of some parts only are not the area's; a list that leaves communes out leaves them as they are.
    if table["method"].isin(["published", "spread"]).any() and unit_losses(data, scenario.decision, code).empty:
        told = data.losses[data.losses["decision"] == scenario.decision].drop_duplicates("area")
        parts = ", ".join(
            unit_name(data.areas, a, d)
            for a, d in zip(told["area"], told["on"], strict=True)
            if any(code in unit for unit in lineage(data.areas, a, d))
        )
        fields = {"decision": scenario.decision, "name": unit_name(data.areas, code), "known": parts}
        raise BhytError(("error.exits_of_parts", fields))
    if table["lost"].isna().any():  # of some communes it is not known: what is told of the others is not the whole
        table = table.assign(status=[derived_quality(s, "estimated") for s in table["status"]])
    table = table[table["lost"].notna()]
    if table.empty:
        raise BhytError(("error.no_exits", {"decision": scenario.decision, "name": unit_name(data.areas, code)}))
    return table


def _first_day(data: Dataset, code: str, exits: pd.DataFrame) -> pd.Timestamp | None:
    """The last day with figures before anybody leaves, else the first one after; without a decision the last."""
    months = coverage(data, code, by=["month"])
    days = months.loc[months["rate_low"].notna() | months["insured"].notna(), "as_of"].dropna().sort_values()
    if days.empty:
        return None
    if exits.empty:
        return days.iloc[-1]
    before = days[days < exits["on"].min()]
    return before.iloc[-1] if len(before) else days.iloc[0]


def _no_start(data: Dataset, code: str, day: pd.Timestamp | None) -> tuple[str, dict]:
    """Why an area has no start: nothing is known at all, or only some of its communes tell their cards."""
    fields: dict = {"name": unit_name(data.areas, code, day), "day": day}
    inside = communes(data.areas, code, day)
    told = data.cards[data.cards["area"].isin(inside)]
    if told.empty:
        return ("error.no_start_at_all" if day is None else "error.no_start"), fields
    last = told["as_of"].max()
    silent = [c for c in inside if c not in set(told.loc[told["as_of"] == last, "area"])]
    if not silent:  # all cards are there: the counts of people are not
        return "error.no_start", fields
    names = ", ".join(unit_name(data.areas, c, last) for c in silent[:10]) + (", …" if len(silent) > 10 else "")
    return "error.no_start_partial", {**fields, "day": last, "count": len(silent), "names": names}


Found = tuple[pd.DataFrame, np.ndarray, pd.Timestamp]


def _by_commune(data: Dataset, code: str) -> Found | None:
    rows = coverage(data, code, by=["commune", "subgroup"])
    rows = rows[rows["insured"].notna()]
    if rows.empty:
        return None
    day = rows["as_of"].max()
    rows = rows[rows["as_of"] == day]
    if set(communes(data.areas, code, day)) - set(rows["area"]) or rows["population"].isna().any():
        return None
    return _table(rows, day)


def _by_unit(data: Dataset, code: str) -> Found | None:
    rows = coverage(data, code, by=["subgroup"])
    if rows["insured"].isna().all() or rows["population"].isna().any():
        return None
    return _table(rows, rows["as_of"].iloc[0])


def _table(rows: pd.DataFrame, day: pd.Timestamp) -> Found:
    rows = rows.assign(group=projection_group(rows["subgroup"]))
    counts = rows.pivot_table(index="area", columns="group", values="insured", aggfunc="sum", sort=False)
    counts = counts.reindex(columns=list(GROUPS)).fillna(0.0).astype("float64")
    units = rows.drop_duplicates("area").set_index("area").loc[counts.index]
    rank = rows["status"].map(STATUSES.index)
    status = rank.groupby(rows["area"]).max().loc[counts.index].map(dict(enumerate(STATUSES)))
    table = pd.DataFrame({"area": counts.index, "population": units["population"].astype("float64").to_numpy(), "status": status.to_numpy()})  # fmt: skip
    return table, counts.to_numpy(), day


def _by_rate(data: Dataset, code: str, day: pd.Timestamp | None) -> Found | None:
    """A rate that is printed, laid over the count of people nearest to it."""
    row = coverage(data, code).iloc[0]
    count = population_at(data.areas, data.population, code, row["as_of"])
    rate = next((row[c] for c in ("rate", "rate_low", "rate_high") if pd.notna(row[c]) and row[c] > 0), None)
    if rate is None or count is None:  # "above 99%" counts as 99%, "below 87%" (from nothing on) as 87%
        return None
    insured = np.zeros((1, len(GROUPS)))
    insured[0, GROUPS.index(UNKNOWN_GROUP)] = round(float(rate) * count.people)
    status = lowest_quality("estimated", row["status"], count.status)
    return (
        pd.DataFrame({"area": [code], "population": [float(count.people)], "status": [status]}),
        insured,
        row["as_of"],
    )


def _with_scale(data: Dataset, units: pd.DataFrame, day: pd.Timestamp, law: Law) -> pd.DataFrame:
    """The mean household factor of each unit, from the nearest count of households by size."""
    told = data.population.dropna(subset=HOUSEHOLD_SIZES)
    scale = household_scale(told, pd.Series(law.at(day)["household_factor"]))
    rows = told.assign(scale=scale, away=(told["as_of"] - day).abs())
    rows = rows.sort_values("away", kind="stable").drop_duplicates("area").set_index("area")
    found = []
    for code in units["area"]:
        inside = rows.reindex([code] if code in rows.index else communes(data.areas, code)).dropna(subset=["scale"])
        people = inside["people"].astype("float64")
        # Where no sizes are known each pays as a first member: the most that it can be.
        found.append(float((inside["scale"] * people).sum() / people.sum()) if len(inside) else np.nan)
    scales = np.array(found)
    return units.assign(household_scale=np.nan_to_num(scales, nan=1.0), scale_known=~np.isnan(scales))


def _of_units(data: Dataset, units: pd.DataFrame, insured: np.ndarray, exits: pd.DataFrame) -> pd.DataFrame:
    """The exits by position of the unit and day; what is known of a whole only is spread over its units' area titles."""
    position = {a: i for i, a in enumerate(units["area"])}
    columns = ["unit", "on", "lost", "gained", "other", "minority", "status"]
    if exits.empty:
        return pd.DataFrame(columns=columns)
    rows = exits.assign(unit=exits["area"].map(position), other=exits["kept_other"], minority=exits["minority_lost"])
    rows = rows.assign(**{c: rows[c].astype("float64").fillna(0.0) for c in COUNTS})
    if len(units) == 1:
        rows["unit"] = 0
    elif rows["unit"].isna().any():
        held = insured[:, GROUPS.index(AREA_ENTITLEMENT)]
        parts = []
        for row in rows[rows["unit"].isna()].to_dict("records"):
            inside = [position[c] for c in communes(data.areas, row["area"]) if c in position]
            weights = held[inside] if held[inside].sum() > 0 else units["population"].to_numpy()[inside]
            spread = {c: largest_remainder(weights, int(row[c])) for c in COUNTS}
            parts.append(pd.DataFrame({**{c: row[c] for c in ("on", "minority")}, "unit": inside, **spread, "status": "estimated"}))  # fmt: skip
        rows = pd.concat([rows[rows["unit"].notna()], *parts])
    rows = rows[(rows[COUNTS] > 0).any(axis=1)]
    rows = rows.assign(unit=rows["unit"].astype("int64"))
    weighed = rows.assign(known=rows["lost"].where(rows["minority"].notna(), 0.0), by=rows["minority"].fillna(0) * rows["lost"])  # fmt: skip
    sums = {c: (c, "sum") for c in (*COUNTS, "by", "known")}
    table = weighed.groupby(["unit", "on"], as_index=False).agg(**sums, status=("status", lowest_quality))
    # Known for all who lost, or not known.
    share = (table["by"] / table["known"].where(table["known"] > 0)).where(table["known"] == table["lost"])
    return table.assign(minority=share)[columns]


def _known_losses(
    data: Dataset, units: pd.DataFrame, insured: np.ndarray, code: str, day: pd.Timestamp
) -> pd.DataFrame:
    """Who is known to have lost an area title within a year after the day, whatever the scenario decides."""
    own = data.losses[(data.losses["area"] == code) & (data.losses["on"] > day) & (data.losses["on"] <= day + pd.DateOffset(years=1))]  # fmt: skip
    rows = own[["area", "on", "status"]].assign(lost=own["people"], gained=0, kept_other=0, minority_lost=np.nan)
    return _of_units(data, units, insured, rows)


def _room_for(units: pd.DataFrame, insured: np.ndarray, leaving: pd.DataFrame, day: pd.Timestamp) -> np.ndarray:
    """Those who will leave hold an area title now: taken from the insured whose group is not told further.

    Raises BhytError for units that would lose more than all that they may hold.
    """
    out = insured.copy()
    area = GROUPS.index(AREA_ENTITLEMENT)
    later = leaving[leaving["on"] > day].groupby("unit")["lost"].sum()
    faults = []
    for unit, lost in later.items():
        for rest in (GROUPS.index(UNKNOWN_GROUP), GROUPS.index("state_paid_other")):
            moved = min(max(0.0, float(lost) - out[unit, area]), out[unit, rest])
            out[unit, area] += moved
            out[unit, rest] -= moved
        if lost > out[unit, area] + 0.5:
            fields = {"name": units["name"].iloc[unit], "lost": lost, "held": out[unit, area], "day": day}
            faults.append(("error.lost_above_held", fields))
    if faults:
        raise BhytError(*faults)
    return out
