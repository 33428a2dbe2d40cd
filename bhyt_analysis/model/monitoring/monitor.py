"""Is each unit on its way to its target this month, and what will the year's figure be?

The insured of each month against the plan: what is still to add a month, what was added a month, where that
leads by the end of the year, and one of five states that is said in words beside its colour. Thresholds are
rows of ``thresholds.csv``, targets and reports of the input's tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import communes, is_fully_listed, lineage, unit_name
from bhyt_analysis.domain.partitions import AreaPartitions
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import drop_nested_groups
from bhyt_analysis.model.coverage.coverage import areas_with_figures, coverage
from bhyt_analysis.model.monitoring.pace import Pace, estimate_pace, months_between, project_pace
from bhyt_analysis.model.monitoring.reports import required_reports
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.model.targets.allocation import allocate
from bhyt_analysis.model.targets.targets import binding_targets, people_needed

Month: TypeAlias = "str | pd.Timestamp | None"
ALERTS = ("red", "amber", "green", "none", "grey")
TARGET_LEVELS = ("own", "each", "district", "province", "country")
EXPIRY_WINDOWS = ("first", "second", "third")
UNIT = ["area", "name", "month", "insured", "population", "rate", "change_month", "change_year"]
PLAN = ["target_on", "target_relation", "target_rate", "target_level", "people_needed", "plan_share", "to_add"]
PACE = ["required_pace", "actual_pace", "pace", "year_end", "projected", "projected_low", "projected_high"]
RATES = ["projected_rate", "projected_rate_low", "projected_rate_high"]
STATE = ["rate_last_year", "alert", "reason", "status", "projected_status", "source"]
COLUMNS = [*UNIT, *PLAN, *PACE, *RATES, *STATE]
# What people are shown of them.
MAIN_COLUMNS = [
    "name", "insured", "population", "rate", "change_month", "change_year", "plan_share", "to_add", "required_pace",
    "actual_pace", "pace", *RATES, "alert", "reason", "projected_status",
]  # fmt: skip


class Target(NamedTuple):
    """What a unit is to reach: people insured on a day, by whose plan."""

    on: pd.Timestamp
    relation: str
    rate: float
    level: str
    people: int


def monitor(
    data: Dataset, area: str | None = None, month: Month = None, counts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """A unit and its communes in one month against the plan.

    Parameters
    ----------
    data : Dataset with ``cards`` of at least this month, better of every month.
    area : name or code of the unit; without one, every unit that has cards, each without its communes.
    month : any day of the month, or "YYYY-MM"; without it the last one that has cards. No later cards are
        looked at; the population is the count nearest to each month.
    counts : what `monthly_counts` gives of the unit, where it is at hand.

    Returns
    -------
    DataFrame, the unit first, then its communes: ``area``, ``name``, ``month`` (its last day), ``insured``,
    ``population``, ``rate``; ``change_month``, ``change_year`` (people, on last month and on the same month last
    year); ``target_on``, ``target_relation``, ``target_rate``, ``target_level`` (own, each, district, province, country; "shared" is the unit's
    target shared out by the gaps at the start of the year), ``people_needed``, ``plan_share`` (insured over people
    needed), ``to_add``; ``required_pace`` (people a month until the target's day), ``actual_pace`` (people a month
    since the start of the year, what moved by a reclassification left out), ``pace`` (actual over required; missing
    where nothing is to be added); ``year_end``, ``projected``, ``projected_low``, ``projected_high`` (people) and the
    same as shares (``projected_rate`` and so on): see `bhyt_analysis.model.monitoring.pace`; ``rate_last_year`` (at the end of the
    year before); ``alert`` (green, amber, red, none, grey), ``reason`` (why, a key of the words ``reason.*``);
    ``status`` (of the counts), ``projected_status``, ``source``. What is not known is missing, never zero.

    Raises
    ------
    BhytError
        for an unknown area, or one that has no cards by then.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = monitor(load(), "X001", "2022-06")
    >>> len(table), table["alert"].iloc[0], int(table["people_needed"].iloc[0])
    (13, 'red', 60355)
    """
    if area is None:
        return _every_unit(data, month)
    code, data, history, end = _until(data, area, month, counts)
    moved = _reclassified(data, code, history)
    targets = _targets(data, code, history, end)
    rows = []
    for unit in _units(data, code, history, end):
        own = history[history["area"] == unit]
        pace = _pace(own, moved.get(unit, {}), end)
        rows.append(_watched(data, unit, own, end, targets.get(unit), pace))
    table = pd.DataFrame(rows, columns=COLUMNS)
    whole = ["insured", "population", "change_month", "change_year", "people_needed", "to_add"]
    days = dict.fromkeys(("month", "target_on", "year_end"), "datetime64[s]")
    shares = [c for c in COLUMNS if c.endswith(("rate", "pace", "_low", "_high", "_share", "_year")) and c not in whole]
    return table.astype({**dict.fromkeys(whole, "Int64"), **days, **dict.fromkeys([*shares, "projected"], "float64")})


def _every_unit(data: Dataset, month: Month) -> pd.DataFrame:
    end, parts = parse_month(month), AreaPartitions(data)
    if end is None and len(data.cards):
        end = data.cards["as_of"].max() + pd.offsets.MonthEnd(0)
    told = set(data.cards["area"] if end is None else data.cards.loc[data.cards["as_of"] <= end, "area"])
    codes = [c for c in areas_with_figures(data) if not told.isdisjoint({c, *communes(data.areas, c)})]
    tables = [monitor(parts.select(code), code, end).head(1) for code in codes]
    if not tables:
        raise BhytError(("error.watch_nothing", {}))
    return pd.concat(tables, ignore_index=True)


def parse_month(month: Month) -> pd.Timestamp | None:
    """The last day of a month that is told as "YYYY-MM" or by any of its days.

    Examples
    --------
    >>> parse_month("2022-06")
    Timestamp('2022-06-30 00:00:00')
    """
    if month is None:
        return None
    try:
        return pd.Timestamp(month).normalize() + pd.offsets.MonthEnd(0)
    except ValueError:
        raise BhytError(("error.not_a_month", {"found": month})) from None


def _until(
    data: Dataset, area: str, month: Month, counts: pd.DataFrame | None
) -> tuple[str, Dataset, pd.DataFrame, pd.Timestamp]:
    """The unit's code, what was known by the end of the month, its counts month by month, and that end."""
    end = parse_month(month)
    known = replace(limit_to_date(data, end), population=data.population)  # the people of a year are counted after it
    code, data = select_unit(known, area)
    history = monthly_counts(data, code) if counts is None else counts
    history = history if end is None else history[history["as_of"] <= end]
    if history.empty:
        name = unit_name(data.areas, code)
        raise BhytError(("error.watch_no_cards", {"name": name}) if end is None else ("error.watch_no_cards_by", {"name": name, "month": end}))  # fmt: skip
    return code, data, history, history["month"].max() if end is None else end


def monthly_counts(data: Dataset, area: str) -> pd.DataFrame:
    """The insured of a unit and of each of its communes, month by month: the last count of each month.

    Returns
    -------
    DataFrame with ``area``, ``name``, ``month``, ``as_of``, ``insured``, ``population``, ``rate``, ``status``,
    ``source``, in the order of units and days. The unit itself has a row where it, or every commune, reports.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> monthly_counts(load(), "X001").groupby("area").size().unique().tolist()
    [24]
    """
    code, data = select_unit(data, area)
    tables = [coverage(data, code, by=["month"])]
    if set(communes(data.areas, code)) - {code}:
        tables.append(coverage(data, code, by=["commune", "month"]))
    rows = pd.concat([t[t["insured"].notna()].assign(rank=i) for i, t in enumerate(tables)])
    rows["month"] = rows["as_of"] + pd.offsets.MonthEnd(0)
    rows = rows.sort_values(["rank", "area", "as_of"], kind="stable").drop_duplicates(["area", "month"], keep="last")
    columns = ["area", "name", "month", "as_of", "insured", "population", "rate", "status", "source"]
    return rows[columns].reset_index(drop=True)


def _units(data: Dataset, code: str, history: pd.DataFrame, end: pd.Timestamp) -> list[str]:
    """The unit and the communes that exist in the month, whether they have reported or not."""
    inside = communes(data.areas, code, end)
    told = history["area"].unique()
    return list(dict.fromkeys([code, *(c for c in inside if c in told or is_fully_listed(data.areas, code, end))]))


def _reclassified(data: Dataset, code: str, history: pd.DataFrame) -> dict[str, dict[pd.Timestamp, int]]:
    """People whom a change of title added or took, by unit and month, as far as flows tell.

    The unit's own flows, or the sum of its communes' in months in which every one of them tells its flows.
    """
    flows = data.flows[data.flows["area"].isin({code, *communes(data.areas, code)})]
    flows = flows.assign(month=flows["as_of"] + pd.offsets.MonthEnd(0), moved=flows["reclassified"].fillna(0))
    whole = flows[flows["group"] == ""]  # told of all groups together; else the groups are added up
    place = [pd.MultiIndex.from_frame(t[["area", "month"]]) for t in (flows, whole)]
    parts = drop_nested_groups(flows[~place[0].isin(place[1])])
    totals = pd.concat([whole, parts]).groupby(["area", "month"])["moved"].sum()
    moved = {unit: totals[unit].to_dict() for unit in totals.index.unique("area")}
    if code not in moved and set(history["area"]) != {code}:
        below = totals.reset_index()
        full = below.groupby("month").filter(lambda g: set(communes(data.areas, code, g["month"].iloc[0])) <= set(g["area"]))  # fmt: skip
        moved[code] = full.groupby("month")["moved"].sum().to_dict()
    return moved


def _year_start(own: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The last count before the year of a month; none where the year before has no count."""
    return own[own["month"].dt.year == end.year - 1].tail(1)


def _pace(own: pd.DataFrame, moved: dict[pd.Timestamp, int], end: pd.Timestamp) -> Pace | None:
    """The pace since the start of the year, or over the fewest changes that give one; None where there are fewer."""
    counts = own[["month", "as_of", "insured"]].to_dict("records")
    steps = [(b, months_between(a["as_of"], b["as_of"]), b["insured"] - a["insured"]) for a, b in pairwise(counts)]  # fmt: skip
    fewest = int(threshold("fewest_changes"))
    of_year = sum(step["month"].year == end.year for step, _, _ in steps)
    used = steps[-max(of_year, fewest) :]
    if len(used) < fewest:
        return None
    return estimate_pace(
        [change - moved.get(b["month"], 0) for b, _, change in used], [months for _, months, _ in used]
    )


def _targets(data: Dataset, code: str, history: pd.DataFrame, end: pd.Timestamp) -> dict[str, Target]:
    """The next target of the unit, and of each commune its own one or its part of the unit's."""
    unit = _own_target(data, code, history, end)
    found = {} if unit is None else {code: unit}
    inside = [c for c in communes(data.areas, code, end) if c != code]
    shared = {} if unit is None else _shared_out(history, code, inside, unit, end)
    told = data.targets[data.targets["rate"].notna()]
    own = told["area"].isin(inside) | ((told["area"] == "each") & (told["kind"] == "commune"))
    for commune in inside:
        mine = _own_target(data, commune, history, end, ("own", "each")) if own.any() else None
        if mine or commune in shared:
            found[commune] = mine or shared[commune]
    return found


def _own_target(
    data: Dataset, unit: str, history: pd.DataFrame, end: pd.Timestamp, levels: tuple[str, ...] = ()
) -> Target | None:
    """The nearest target that is not past, the unit's own before those of the units above it."""
    bound = binding_targets(data, unit)
    bound = bound[bound["on"] >= end]
    people = history.loc[history["area"] == unit, "population"].dropna()
    if people.empty:
        return None
    for level in levels or TARGET_LEVELS:
        for row in bound[bound["level"] == level].head(1).itertuples():
            needed = people_needed(int(people.iloc[-1]), row.rate, row.relation)
            return Target(row.on, row.relation, float(row.rate), level, needed)
    return None


def _shared_out(
    history: pd.DataFrame, code: str, inside: list[str], target: Target, end: pd.Timestamp
) -> dict[str, Target]:
    """The unit's target in people shared out to its communes by their gaps at the start of the year.

    A commune keeps what it had where the unit had reached its target by then. Without a count of
    every commune nothing is shared out.
    """
    rows = history[history["area"].isin(inside)].dropna(subset=["insured", "population"])
    before, after = rows[rows["month"].dt.year == end.year - 1], rows[rows["month"].dt.year == end.year]
    start = before.drop_duplicates("area", keep="last") if len(before) else after.drop_duplicates("area")
    if not inside or len(start) < len(inside) or start["month"].nunique() > 1:
        return {}
    try:
        people = allocate(start[["area", "population", "insured"]], target.rate)["target_people"]
    except BhytError:  # more were insured by then, or the target is more than everybody
        people = start["insured"]
    return {
        r.area: Target(target.on, "=", p / r.population, "shared", int(p))
        for r, p in zip(start.itertuples(), people, strict=True)
        if r.population
    }


def _watched(
    data: Dataset, unit: str, own: pd.DataFrame, end: pd.Timestamp, target: Target | None, pace: Pace | None
) -> dict[str, Any]:
    """One row of the watch."""
    row: dict[str, Any] = {"area": unit, "name": unit_name(data.areas, unit, end), "month": end}
    by_month = own.set_index("month")
    now = by_month.loc[end] if end in by_month.index else None
    before = _year_start(own, end)
    row["rate_last_year"] = before["rate"].iloc[0] if len(before) else None
    if target is not None:
        row |= {f"target_{name}": getattr(target, name) for name in ("on", "relation", "rate", "level")}
        row["people_needed"] = target.people
    if now is not None:
        row |= {c: now[c] for c in ("insured", "population", "rate", "status", "source")}
        for name, back in (("change_month", 1), ("change_year", 12)):
            past = end - pd.offsets.MonthEnd(back)
            if past in by_month.index:
                row[name] = now["insured"] - by_month.at[past, "insured"]
        row |= _against_plan(now, target, pace, end)
        row |= _year_end(now, pace, end)
    row["alert"], row["reason"] = alert_level(row)
    return row


def _against_plan(now: pd.Series, target: Target | None, pace: Pace | None, end: pd.Timestamp) -> dict[str, Any]:
    """What is still to add, by month, and what was."""
    told: dict[str, Any] = {} if pace is None else {"actual_pace": pace.people}
    if target is None:
        return told
    to_add, months = target.people - int(now["insured"]), months_between(now["as_of"], target.on)
    told |= {"to_add": to_add, "plan_share": now["insured"] / target.people if target.people else None}
    if to_add <= 0:
        return told | {"required_pace": 0.0}
    if months > 0:
        told["required_pace"] = to_add / months
        told["pace"] = None if pace is None else pace.people / told["required_pace"]
    return told


def _year_end(now: pd.Series, pace: Pace | None, end: pd.Timestamp) -> dict[str, Any]:
    """The count at the end of the year: counted in December, projected before."""
    day = pd.Timestamp(end.year, 12, 31)
    if pace is None:
        return {"year_end": day}
    return {"year_end": day, **_at(now, pace, day)}


def _at(now: pd.Series, pace: Pace, day: pd.Timestamp) -> dict[str, Any]:
    """The projected people and coverage of a day, nobody below none and nobody above all."""
    months = max(months_between(now["as_of"], day), 0.0)
    people = float(now["population"]) if pd.notna(now["population"]) else float("inf")
    values = [
        min(max(v, 0.0), people) for v in project_pace(float(now["insured"]), pace, months, threshold("interval"))
    ]
    names = ("projected_low", "projected", "projected_high")
    rates = {f"projected_rate{n.removeprefix('projected')}": v / people for n, v in zip(names, values, strict=True)}
    told = dict(zip(names, values, strict=True)) | (rates if people < float("inf") else {})
    return told | {"projected_status": derived_quality(str(now["status"]), "estimated" if months else "derived")}


def alert_level(row: dict[str, Any]) -> tuple[str, str]:
    """The colour of a unit and the reason for it, from a row of the watch.

    Red where coverage is below the end of the year before (the ratchet), or the pace below four fifths of what is
    required; amber up to the pace required; green from there, and where nothing is left to add. A unit that has not
    reported is grey, one without a target or without enough months is not compared.

    Examples
    --------
    >>> alert_level(
    ...     {"insured": 900, "rate": 0.9, "rate_last_year": 0.88, "to_add": 30, "required_pace": 10, "pace": 0.9}
    ... )
    ('amber', 'reason.slow')
    >>> alert_level({"insured": 870, "rate": 0.87, "rate_last_year": 0.88, "to_add": 0, "required_pace": 0})
    ('red', 'reason.ratchet')
    >>> alert_level({"insured": None})
    ('grey', 'reason.no_report')
    """

    def known(name: str) -> bool:
        return row.get(name) is not None and pd.notna(row[name])

    if not known("insured"):
        return "grey", "reason.no_report"
    if threshold("ratchet") and known("rate") and known("rate_last_year") and row["rate"] < row["rate_last_year"]:
        return "red", "reason.ratchet"
    if not known("to_add"):
        return "none", "reason.no_target"
    if row["to_add"] <= 0:
        return "green", "reason.reached"
    if not known("required_pace"):
        return "red", "reason.missed"
    if not known("pace"):
        return "none", "reason.few_months"
    if row["pace"] >= threshold("green_pace"):
        return "green", "reason.on_pace"
    return ("amber", "reason.slow") if row["pace"] >= threshold("amber_pace") else ("red", "reason.too_slow")


def nowcast(data: Dataset, area: str, month: Month = None, counts: pd.DataFrame | None = None) -> pd.DataFrame:
    """What a unit's figure will be on the day its yearly report is due, and at the end of the year.

    A yearly report that is due in November must say what December will bring. From the last month that is
    counted, at the pace of `monitor`, whose parameters these are.

    Returns
    -------
    DataFrame, one row a day: ``area``, ``name``, ``counted_on`` (the last count), ``on``, ``deadline`` ("by" or
    "before"), ``what`` ("report" or "year_end"), ``projected``, ``projected_low``, ``projected_high`` (people), ``projected_rate``,
    ``projected_rate_low``, ``projected_rate_high``, ``projected_status``, ``source``. Empty where too few months are
    counted.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> nowcast(load(), "X001", "2021-10")[["on", "what"]].to_numpy().tolist()
    [[Timestamp('2021-11-20 00:00:00'), 'report'], [Timestamp('2021-12-31 00:00:00'), 'year_end']]
    """
    code, data, history, end = _until(data, area, month, counts)
    own = history[history["area"] == code]
    pace = _pace(own, _reclassified(data, code, history).get(code, {}), end) if len(own) else None
    columns = ["area", "name", "counted_on", "on", "deadline", "what", *PACE[-3:], *RATES, "projected_status", "source"]
    rows = []
    if pace is not None:
        now = own.iloc[-1]
        days = [(d, how, "report") for d, how in _yearly_due(data, code, end) if d > now["as_of"]]
        for day, deadline, what in [*days, (pd.Timestamp(end.year, 12, 31), "", "year_end")]:
            told = {"area": code, "name": now["name"], "counted_on": now["as_of"], "on": day, "deadline": deadline, "what": what}  # fmt: skip
            rows.append({**told, **_at(now, pace, day), "source": now["source"]})
    return pd.DataFrame(rows, columns=columns)


def _yearly_due(data: Dataset, code: str, end: pd.Timestamp) -> list[tuple[pd.Timestamp, str]]:
    """The days on which the yearly report of a month's year is due by the unit's plan, or one above it."""
    above = [required_reports(data, unit, end) for unit, *_ in lineage(data.areas, code, end)]
    rows = pd.concat(
        [t[t["area"] == unit] for t, (unit, *_) in zip(above, lineage(data.areas, code, end), strict=True)]
    )
    rows = rows[(rows["kind"] == "yearly") & (rows["period"].dt.year == end.year) & rows["due"].notna()]
    return [(r.due, r.deadline) for r in rows.drop_duplicates("due").itertuples()]


def expiring_cards(data: Dataset, area: str, month: Month = None) -> pd.DataFrame:
    """The cards that run out soon, by unit: in 30, 60 and 90 days from the last count of the month.

    Returns
    -------
    DataFrame, the unit first, then its communes: ``area``, ``name``, ``as_of``, ``expiring_30``, ``expiring_60``,
    ``expiring_90`` (cards; each window holds the ones before it), ``status``, ``source``. The unit itself has a row
    where it, or every commune, tells; nothing where the month has no count.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = expiring_cards(load(), "X001", "2022-06")
    >>> len(table), bool((table["expiring_30"] <= table["expiring_60"]).all())
    (13, True)
    """
    end = parse_month(month)
    code, data = select_unit(limit_to_date(data, end), area)
    inside = communes(data.areas, code, end)
    rows = data.expiring[data.expiring["area"].isin({code, *inside})]
    months = rows["as_of"] + pd.offsets.MonthEnd(0)
    rows = rows[months == (months.max() if end is None else end)]
    rows = rows[rows["as_of"] == rows.groupby("area")["as_of"].transform("max")]
    names = [f"expiring_{int(threshold(f'expiring_{w}'))}" for w in EXPIRY_WINDOWS]
    rows = rows.loc[drop_nested_groups(rows.assign(as_of=rows["expires"])).index]
    out = [_windows(data, unit, told) for unit, told in _told_of(rows, code, inside)]
    columns = ["area", "name", "as_of", *names, "status", "source"]
    return pd.DataFrame(out, columns=columns).astype(dict.fromkeys(names, "Int64"))


def _told_of(rows: pd.DataFrame, code: str, inside: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of the unit, its own or all communes' of one day, and those of each commune."""
    below = [c for c in inside if c != code]
    own = rows[rows["area"] == code]
    if own.empty and below and set(below) <= set(rows["area"]) and rows["as_of"].nunique() == 1:
        own = rows
    if len(own):
        yield code, own
    yield from ((c, same) for c in below if len(same := rows[rows["area"] == c]))


def _windows(data: Dataset, unit: str, rows: pd.DataFrame) -> dict[str, Any]:
    left = (rows["expires"] - rows["as_of"]).dt.days
    row: dict[str, Any] = {"area": unit, "name": unit_name(data.areas, unit, rows["as_of"].iloc[0]), "as_of": rows["as_of"].max()}  # fmt: skip
    for window in EXPIRY_WINDOWS:
        days = int(threshold(f"expiring_{window}"))
        row[f"expiring_{days}"] = int(rows.loc[(left >= 0) & (left <= days), "cards"].sum())
    return {**row, "status": lowest_quality(rows["status"]), "source": "; ".join(rows["source"].unique())}
