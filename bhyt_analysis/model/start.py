"""From which figures does a projection start: who is insured under what, and who leaves when?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bhyt_analysis.inputs.areas import communes, find, lineage, name_of, population_at
from bhyt_analysis.inputs.read import Dataset, known_by
from bhyt_analysis.inputs.status import STATUSES, computed, weakest
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.budget import SIZES, household_scale
from bhyt_analysis.model.cohort import AREA_TITLE
from bhyt_analysis.model.coverage import coverage
from bhyt_analysis.model.reclassify import reclassify
from bhyt_analysis.model.rounding import largest_remainder
from bhyt_analysis.model.scenario import Scenario
from bhyt_analysis.words import BhytError

# The groups that a projection tells apart; every group and sub-group belongs to one of them.
NOT_TOLD = "not_told"  # insured people of whom only the number is known
GROUPS = (
    "employer_employee", "social_security_paid", "poor", "child_under_6", AREA_TITLE, "state_paid_other",
    "near_poor", "student", "farm_average_income", "minority_left_2016_2020_list", "minority_left_later",
    "village_staff_and_health_worker", "household", NOT_TOLD,
)  # fmt: skip
_WHOLES = {"state_paid": "state_paid_other", "state_supported": NOT_TOLD}


@dataclass(frozen=True, eq=False)
class Start:
    """The units of an area on the day from which they are projected.

    ``units``: one row a unit with ``area``, ``name``, ``population`` (people),
    ``household_scale``, ``status``. ``insured``: (units, groups) people, in the order of
    `GROUPS`. ``leaving``: one row a unit and day of exit with ``unit`` (position), ``on``,
    ``lost``, ``gained`` (people), ``minority`` (share of those who lost, missing where
    not known), ``status``. ``places``: each unit's lineage, for the law.
    """

    area: str
    name: str
    day: pd.Timestamp
    units: pd.DataFrame
    insured: np.ndarray
    leaving: pd.DataFrame
    places: list[Area]


def group_in(keys: pd.Series) -> pd.Series:
    """The group of a projection to which each group or sub-group belongs.

    Examples
    --------
    >>> group_in(pd.Series(["pupil", "war_veteran", "resident_of_island", "state_paid"])).tolist()
    ['student', 'state_paid_other', 'difficult_area', 'state_paid_other']
    """
    table = groups()
    wider = table["within"].where(table["within"].isin(GROUPS), table["group"].replace(_WHOLES))
    own = pd.Series(table.index, index=table.index)
    return keys.map(own.where(own.isin(GROUPS), wider))


def starting_point(data: Dataset, area: str, scenario: Scenario, law: Law) -> Start:
    """The figures of an area on the scenario's first day, or else on the last one before its decision.

    Cards by commune are taken where every commune tells them, else the unit's own
    cards, else a printed rate times the nearest count of people, which is estimated.

    Raises
    ------
    BhytError
        where neither cards nor a rate, or no count of people, is known by that day.
    """
    code, data = find(data.areas, area), scenario.within(data)
    exits = _exits(data, code, scenario)
    day = scenario.start if scenario.start is not None else _first_day(data, code, exits)
    known = known_by(data, day)
    for found in (_by_commune(known, code), _by_unit(known, code), _by_rate(known, code, day)):
        if found is not None:
            units, insured, told = found
            break
    else:
        key = "error.no_start_at_all" if day is None else "error.no_start"
        raise BhytError((key, {"name": name_of(data.areas, code), "day": day}))
    day = told if scenario.start is None else day
    units = units.assign(name=[name_of(data.areas, a, told) for a in units["area"]])
    units = _with_scale(data, units, told, law)
    leaving = _of_units(units, insured, exits, code)
    going = leaving if len(leaving) else _known_losses(data, units, insured, code, day)
    insured = _room_for(units, insured, going, day)
    places: list[Area] = [lineage(data.areas, a, told) for a in units["area"]]
    return Start(code, name_of(data.areas, code, told), day, units.reset_index(drop=True), insured, leaving, places)


def _exits(data: Dataset, code: str, scenario: Scenario) -> pd.DataFrame:
    """Who leaves and joins by the scenario's decision, commune by commune; empty without one."""
    if not scenario.decision:
        return pd.DataFrame(columns=["area", "on", "lost", "gained", "minority_lost", "status"])
    set_by = scenario.assumptions()["central"]
    # The share of minorities among all residents is not the one among those who lost: left to the ranges.
    table = reclassify(data, scenario.decision, code, other_titles=float(set_by["other_titles"]))
    if table["lost"].isna().any():  # of some communes it is not known: what is told of the others is not the whole
        table = table.assign(status=[computed(s, "estimated") for s in table["status"]])
    table = table[table["lost"].notna()]
    if table.empty:
        raise BhytError(("error.no_exits", {"decision": scenario.decision, "name": name_of(data.areas, code)}))
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
    rows = rows.assign(group=group_in(rows["subgroup"]))
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
    insured[0, GROUPS.index(NOT_TOLD)] = round(float(rate) * count.people)
    status = weakest("estimated", row["status"], count.status)
    return (
        pd.DataFrame({"area": [code], "population": [float(count.people)], "status": [status]}),
        insured,
        row["as_of"],
    )


def _with_scale(data: Dataset, units: pd.DataFrame, day: pd.Timestamp, law: Law) -> pd.DataFrame:
    """The mean household factor of each unit, from the nearest count of households by size."""
    told = data.population.dropna(subset=SIZES)
    scale = household_scale(told, pd.Series(law.at(day)["household_factor"]))
    rows = told.assign(scale=scale, away=(told["as_of"] - day).abs())
    rows = rows.sort_values("away", kind="stable").drop_duplicates("area").set_index("area")
    found = []
    for code in units["area"]:
        inside = rows.reindex([code] if code in rows.index else communes(data.areas, code)).dropna(subset=["scale"])
        people = inside["people"].astype("float64")
        # Where no sizes are known each pays as a first member: the most that it can be.
        found.append(float((inside["scale"] * people).sum() / people.sum()) if len(inside) else 1.0)
    return units.assign(household_scale=found)


def _of_units(units: pd.DataFrame, insured: np.ndarray, exits: pd.DataFrame, code: str) -> pd.DataFrame:
    """The exits by position of the unit and day; what is known of the whole area only is spread by its area titles."""
    position = {a: i for i, a in enumerate(units["area"])}
    columns = ["unit", "on", "lost", "gained", "minority", "status"]
    if exits.empty:
        return pd.DataFrame(columns=columns)
    rows = exits.assign(unit=exits["area"].map(position), gained=exits["gained"].astype("float64").fillna(0.0))
    rows = rows.assign(minority=rows["minority_lost"], lost=rows["lost"].astype("float64"))
    if len(units) == 1:
        rows["unit"] = 0
    elif rows["unit"].isna().any():
        held = insured[:, GROUPS.index(AREA_TITLE)]
        weights = held if held.sum() > 0 else units["population"].to_numpy()
        parts = []
        for row in rows[rows["unit"].isna()].to_dict("records"):
            spread = largest_remainder(weights, int(row["lost"]))
            parts.append(pd.DataFrame({**{c: row[c] for c in ("on", "gained", "minority")}, "unit": range(len(units)), "lost": spread, "status": "estimated"}))  # fmt: skip
        rows = pd.concat([rows[rows["unit"].notna()], *parts])
    rows = rows[(rows["lost"] > 0) | (rows["gained"] > 0)].assign(unit=rows["unit"].astype("int64"))
    weighed = rows.assign(known=rows["lost"].where(rows["minority"].notna(), 0.0), by=rows["minority"].fillna(0) * rows["lost"])  # fmt: skip
    table = weighed.groupby(["unit", "on"], as_index=False).agg(lost=("lost", "sum"), gained=("gained", "sum"), by=("by", "sum"), known=("known", "sum"), status=("status", weakest))  # fmt: skip
    # Known for all who lost, or not known.
    share = (table["by"] / table["known"].where(table["known"] > 0)).where(table["known"] == table["lost"])
    return table.assign(minority=share)[columns]


def _known_losses(
    data: Dataset, units: pd.DataFrame, insured: np.ndarray, code: str, day: pd.Timestamp
) -> pd.DataFrame:
    """Who is known to have lost an area title within a year after the day, whatever the scenario decides."""
    own = data.losses[(data.losses["area"] == code) & (data.losses["on"] > day) & (data.losses["on"] <= day + pd.DateOffset(years=1))]  # fmt: skip
    rows = own[["area", "on", "status"]].assign(lost=own["people"], gained=0, minority_lost=np.nan)
    return _of_units(units, insured, rows, code)


def _room_for(units: pd.DataFrame, insured: np.ndarray, leaving: pd.DataFrame, day: pd.Timestamp) -> np.ndarray:
    """Those who will leave hold an area title now: taken from the insured whose group is not told further.

    Raises BhytError for units that would lose more than all that they may hold.
    """
    out = insured.copy()
    area = GROUPS.index(AREA_TITLE)
    later = leaving[leaving["on"] > day].groupby("unit")["lost"].sum()
    faults = []
    for unit, lost in later.items():
        for rest in (GROUPS.index(NOT_TOLD), GROUPS.index("state_paid_other")):
            moved = min(max(0.0, float(lost) - out[unit, area]), out[unit, rest])
            out[unit, area] += moved
            out[unit, rest] -= moved
        if lost > out[unit, area] + 0.5:
            fields = {"name": units["name"].iloc[unit], "lost": lost, "held": out[unit, area], "day": day}
            faults.append(("error.lost_above_held", fields))
    if faults:
        raise BhytError(*faults)
    return out
