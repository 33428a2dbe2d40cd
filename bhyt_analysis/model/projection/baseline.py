"""Find the figures from which a projection starts: the insured by group, and who leaves when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import STATUSES, derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups, groups_flagged, legal_group
from bhyt_analysis.law.law import Area
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.finance.budget import HOUSEHOLD_SIZES, LARGEST_HOUSEHOLD, household_sizes
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, Floats
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.reclassification.reclassify import reclassify, unit_losses

UNKNOWN_GROUP = "not_told"  # insured people of whom only the number is known
# The groups of a projection; every group and sub-group belongs to one of them.
GROUPS = (*groups_flagged("projected"), UNKNOWN_GROUP)
AREA, OTHER, UNKNOWN = (GROUPS.index(key) for key in (AREA_ENTITLEMENT, "state_paid_other", UNKNOWN_GROUP))
REMAINDERS = {"state_paid": "state_paid_other", "state_supported": UNKNOWN_GROUP}
COUNTS = ["lost", "gained", "other"]
EXIT_COLUMNS = ["unit", "on", *COUNTS, "minority", "minority_area", "status"]
MINORITY_AREA = {"III": 1.0, "II": 1.0, "I": 1.0, "none": 0.0}  # whether a zone is of the minority and mountainous area
NAMES_IN_ERROR = 10


@dataclass(frozen=True, eq=False)
class Baseline:
    """The units of an area on the day of their count, from which they are projected.

    ``units``: one row a unit with ``area``, ``name``, ``population`` (people), ``sizes_known`` (of households),
    ``status``. ``insured``: (units, groups) people, in the order of `GROUPS`. ``sizes``: (units, 1 to
    `LARGEST_HOUSEHOLD`) shares of the people by the size of their household. ``exits``: one row a unit and day of exit
    with ``unit`` (position), ``on``, ``lost``, ``gained``, ``other`` (people; the last keep a card under another
    state-paid entitlement), ``minority`` (share of those who lost, missing where not known), ``minority_area`` (1 where
    the commune is of the minority area after the exit, 0 where not, missing where not known), ``status``; where these
    differ a unit has several rows a day. ``lineages``: each unit's lineage, for the law.
    """

    area: str
    name: str
    day: pd.Timestamp
    units: pd.DataFrame
    insured: Floats
    sizes: Floats
    exits: pd.DataFrame
    lineages: list[Area]


def projection_group(keys: pd.Series) -> pd.Series:
    """Return the group of a projection to which each group or sub-group belongs.

    Examples
    --------
    >>> projection_group(pd.Series(["pupil", "war_veteran", "resident_of_island", "state_paid"])).tolist()
    ['student', 'state_paid_other', 'difficult_area', 'state_paid_other']
    """
    table = groups()
    wider = table["within"].where(table["within"].isin(GROUPS), table["group"].replace(REMAINDERS))
    own = pd.Series(table.index, index=table.index)
    return keys.map(legal_group).map(own.where(own.isin(GROUPS), wider))


def build_baseline(data: Dataset, area: str, scenario: Scenario) -> Baseline:
    """Find the last figures of an area up to the scenario's first day, or else before its decision.

    Cards by commune are used where every commune has them, else the unit's own cards, else a printed rate times the
    nearest count of people, which is estimated. Raises BhytError where neither cards nor a rate, or no count of people,
    is known by that day.
    """
    view = area_view(scenario.apply_to_data(data), area)
    other_share = float(scenario.assumptions().at["other_titles", "central"])
    baseline: Baseline = view.result(_view_baseline, scenario.decision, scenario.start, other_share)
    return baseline


def _view_baseline(view: AreaView, decision: str, start: pd.Timestamp | None, other_share: float) -> Baseline:
    code, data = view.code, view.data
    changes = _decision_changes(data, code, decision, other_share)
    day = _first_day(data, code, changes) if start is None else start
    data_then = limit_to_date(data, day)
    counted = _count_by_commune(data_then, code) or _count_of_unit(data_then, code) or _count_from_rate(data_then, code)
    if counted is None:
        raise BhytError(_missing_baseline(data_then, code, day))
    units, insured, day = counted
    units = units.assign(name=[data.geography.unit_at(a, day).name for a in units["area"]])
    sizes = _sizes_of_households(data, units, day)
    units = units.assign(sizes_known=~np.isnan(sizes[:, 0])).reset_index(drop=True)
    # Where no sizes are known each pays as a first member: the most that it can be.
    sizes = np.where(np.isnan(sizes), np.eye(LARGEST_HOUSEHOLD)[0], sizes)
    exits = _unit_exits(data, units, insured, changes)
    known_exits = exits if len(exits) else _unit_exits(data, units, insured, _losses_after(data, code, day))
    insured = _allot_area_cards(units, insured, known_exits, day)
    lineages: list[Area] = [data.geography.places(a, day) for a in units["area"]]
    return Baseline(code, data.geography.unit_at(code, day).name, day, units, insured, sizes, exits, lineages)


def _decision_changes(data: Dataset, code: str, decision: str, other_share: float) -> pd.DataFrame:
    """Return who leaves and joins by a decision, commune by commune; empty without one."""
    if not decision:
        return pd.DataFrame(
            columns=["area", "on", "lost", "gained", "kept_other", "minority_lost", "zone_after", "status"]
        )
    # The share of minorities among all residents is not the one among those who lost: left to the ranges.
    table = reclassify(data, decision, code, other_entitlement_share=other_share)
    # Published losses of some parts only are not the area's; a list that leaves communes out leaves them as they are.
    if table["method"].isin(["published", "spread"]).any() and unit_losses(data, decision, code).empty:
        losses = data.losses[data.losses["decision"] == decision].drop_duplicates("area")
        parts = ", ".join(
            data.geography.unit_at(a, on).name
            for a, on in zip(losses["area"], losses["on"], strict=True)
            if any(code in unit for unit in data.geography.places(a, on))
        )
        fields = {"decision": decision, "name": data.geography.unit_at(code).name, "known": parts}
        raise BhytError(("error.exits_of_parts", fields))
    if table["lost"].isna().any():  # unknown for some communes: the sum of the others is not the area's
        table = table.assign(status=[derived_quality(s, "estimated") for s in table["status"]])
    table = table[table["lost"].notna()]
    if table.empty:
        raise BhytError(("error.no_exits", {"decision": decision, "name": data.geography.unit_at(code).name}))
    return table


def _first_day(data: Dataset, code: str, changes: pd.DataFrame) -> pd.Timestamp | None:
    """Return the last day with figures before the first exit, else the first one after; without exits the last."""
    days = counted_days(data, code)
    if days.empty:
        return None
    if changes.empty:
        return days.iloc[-1]
    before = days[days < changes["on"].min()]
    return before.iloc[-1] if len(before) else days.iloc[0]


def counted_days(data: Dataset, code: str) -> pd.Series:
    """Return the days of which the insured of an area, or their rate, are known: the earliest first."""
    months = coverage(data, code, by=["month"])
    return months.loc[months["rate_low"].notna() | months["insured"].notna(), "as_of"].dropna().sort_values()


def _missing_baseline(data: Dataset, code: str, day: pd.Timestamp | None) -> tuple[str, dict[str, object]]:
    """Return why an area has no baseline: nothing is known at all, or the cards of only some communes."""
    fields: dict[str, object] = {"name": data.geography.unit_at(code, day).name, "day": day}
    codes = data.geography.commune_codes(code, day)
    cards = data.cards[data.cards["area"].isin(codes)]
    if cards.empty:
        return ("error.no_start_at_all" if day is None else "error.no_start"), fields
    last = cards["as_of"].max()
    reported = set(cards.loc[cards["as_of"] == last, "area"])
    missing = [c for c in codes if c not in reported]
    if not missing:  # all cards are there: the counts of people are not
        return "error.no_start", fields
    names = ", ".join(data.geography.unit_at(c, last).name for c in missing[:NAMES_IN_ERROR])
    names += ", …" if len(missing) > NAMES_IN_ERROR else ""
    return "error.no_start_partial", {**fields, "day": last, "count": len(missing), "names": names}


class Count(NamedTuple):
    """Units with their people, the insured (units, groups), and the day of the count."""

    units: pd.DataFrame
    insured: Floats
    day: pd.Timestamp


def _count_by_commune(data: Dataset, code: str) -> Count | None:
    rows = coverage(data, code, by=["commune", "subgroup"])
    rows = rows[rows["insured"].notna()]
    rows = rows[rows["as_of"] == rows["as_of"].max()]
    if rows.empty or rows["population"].isna().any():
        return None
    day = rows["as_of"].iloc[0]
    return None if set(data.geography.commune_codes(code, day)) - set(rows["area"]) else _count(rows, day)


def _count_of_unit(data: Dataset, code: str) -> Count | None:
    rows = coverage(data, code, by=["subgroup"])
    if rows["insured"].isna().all() or rows["population"].isna().any():
        return None
    return _count(rows, rows["as_of"].iloc[0])


def _count(rows: pd.DataFrame, day: pd.Timestamp) -> Count:
    rows = rows.assign(group=projection_group(rows["subgroup"]))
    counts = rows.pivot_table(index="area", columns="group", values="insured", aggfunc="sum", sort=False)
    counts = counts.reindex(columns=list(GROUPS)).fillna(0.0).astype("float64")
    people = rows.drop_duplicates("area").set_index("area")["population"].loc[counts.index].astype("float64")
    rank = rows["status"].map(STATUSES.index).groupby(rows["area"]).max()
    status = rank.loc[counts.index].map(dict(enumerate(STATUSES)))
    units = pd.DataFrame({"population": people, "status": status}).rename_axis("area").reset_index()
    return Count(units, counts.to_numpy(), day)


def _count_from_rate(data: Dataset, code: str) -> Count | None:
    """Multiply a printed rate with the count of people nearest to it."""
    row = coverage(data, code).iloc[0]
    population = population_at(data.geography, data.population, code, row["as_of"])
    rate = next((row[c] for c in ("rate", "rate_low", "rate_high") if pd.notna(row[c]) and row[c] > 0), None)
    if rate is None or population is None:  # "above 99%" counts as 99%, "below 87%" (from nothing on) as 87%
        return None
    insured = np.zeros((1, len(GROUPS)))
    insured[0, UNKNOWN] = round(float(rate) * population.people)
    status = lowest_quality("estimated", row["status"], population.status)
    units = pd.DataFrame({"area": [code], "population": [float(population.people)], "status": [status]})
    return Count(units, insured, row["as_of"])


def _sizes_of_households(data: Dataset, units: pd.DataFrame, day: pd.Timestamp) -> Floats:
    """Return the shares of members by size of household of each unit, from the nearest count; see `household_sizes`."""
    counts = data.population.dropna(subset=HOUSEHOLD_SIZES)
    counts = counts.assign(days_apart=(counts["as_of"] - day).abs())
    counts = counts.sort_values("days_apart", kind="stable").drop_duplicates("area")
    sizes, people = household_sizes(counts), counts["people"].to_numpy(dtype=float)
    position = pd.Index(counts["area"])
    of_units = np.full((len(units), LARGEST_HOUSEHOLD), np.nan)
    for i, code in enumerate(units["area"]):
        rows = position.get_indexer([code] if code in position else data.geography.commune_codes(code))
        rows = rows[rows >= 0]
        rows = rows[~np.isnan(sizes[rows, 0])]
        if len(rows):
            of_units[i] = np.average(sizes[rows], axis=0, weights=people[rows])
    return of_units


def _unit_exits(data: Dataset, units: pd.DataFrame, insured: Floats, changes: pd.DataFrame) -> pd.DataFrame:
    """Return the exits by position of the unit and day."""
    if changes.empty:
        return pd.DataFrame(columns=EXIT_COLUMNS)
    position = {code: i for i, code in enumerate(units["area"])}
    rows = changes.rename(columns={"kept_other": "other", "minority_lost": "minority"})
    rows = rows.assign(
        unit=rows["area"].map(position) if len(units) > 1 else 0,
        minority_area=rows["zone_after"].map(MINORITY_AREA).astype("float64"),
        **{c: rows[c].astype("float64").fillna(0.0) for c in COUNTS},
    )
    wider = rows[rows["unit"].isna()]
    if len(wider):
        parts = [_spread(data, units, insured, row) for _, row in wider.iterrows()]
        rows = pd.concat([rows[rows["unit"].notna()], *parts])
    rows = rows[(rows[COUNTS] > 0).any(axis=1)]
    lost_known = rows["lost"].where(rows["minority"].notna(), 0.0)
    minority_people = rows["minority"].fillna(0) * rows["lost"]
    rows = rows.assign(unit=rows["unit"].astype("int64"), lost_known=lost_known, minority_people=minority_people)
    sums = {c: (c, "sum") for c in (*COUNTS, "lost_known", "minority_people")}
    same = rows.groupby(["unit", "on", "minority_area"], as_index=False, dropna=False)
    table = same.agg(**sums, status=("status", lowest_quality))
    # The share is known for all who lost, or not known.
    share = table["minority_people"] / table["lost_known"].where(table["lost_known"] > 0)
    return table.assign(minority=share.where(table["lost_known"] == table["lost"]))[EXIT_COLUMNS]


def _spread(data: Dataset, units: pd.DataFrame, insured: Floats, row: pd.Series) -> pd.DataFrame:
    """Spread the exits of a wider unit over its communes by their area cards, or else by their people."""
    positions = pd.Index(units["area"]).get_indexer(data.geography.commune_codes(row["area"]))
    inside = positions[positions >= 0]
    cards = insured[inside, AREA]
    weights = cards if cards.sum() > 0 else units["population"].to_numpy()[inside]
    spread = {c: largest_remainder(weights, int(row[c])) for c in COUNTS}
    same = row[["on", "minority", "minority_area"]].to_dict()
    return pd.DataFrame({**same, "unit": inside, **spread, "status": "estimated"})


def _losses_after(data: Dataset, code: str, day: pd.Timestamp) -> pd.DataFrame:
    """Return the published losses of a unit within a year after the day, whatever the scenario decides."""
    losses = data.losses
    own = losses[(losses["area"] == code) & (losses["on"] > day) & (losses["on"] <= day + pd.DateOffset(years=1))]
    unknown = {"minority_lost": np.nan, "zone_after": ""}
    return own[["area", "on", "status"]].assign(lost=own["people"], gained=0, kept_other=0, **unknown)


def _allot_area_cards(units: pd.DataFrame, insured: Floats, exits: pd.DataFrame, day: pd.Timestamp) -> Floats:
    """Count those who will leave among the area cards, taken from the insured without a finer group.

    Raises BhytError for units that would lose more than all cards that may be area cards.
    """
    insured, faults = insured.copy(), list[Fault]()
    for unit, lost in exits[exits["on"] > day].groupby("unit")["lost"].sum().items():
        cards = insured[unit]
        for group in (UNKNOWN, OTHER):
            people = min(max(0.0, float(lost) - cards[AREA]), cards[group])
            cards[AREA] += people
            cards[group] -= people
        if lost > cards[AREA] + 0.5:
            fields = {"name": units["name"].iloc[unit], "lost": lost, "held": cards[AREA], "day": day}
            faults.append(("error.lost_above_held", fields))
    raise_faults(faults)
    return insured
