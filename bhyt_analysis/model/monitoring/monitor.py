"""Compare the insured of each month with the plan, and project the figure of the year's end.

What is still to add a month, what was added a month, where that leads by the end of the year, and one of five states
that has words beside its colour. Thresholds are rows of ``thresholds.csv``, targets and reports of the input's tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_month
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import drop_nested_groups
from bhyt_analysis.model.coverage.coverage import areas_with_figures
from bhyt_analysis.model.monitoring.pace import Pace, estimate_pace, months_between, project_pace
from bhyt_analysis.model.monitoring.reports import required_reports
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.model.targets.allocation import allocate
from bhyt_analysis.model.targets.targets import OWN_LEVELS, UPPER_LEVELS, binding_targets, people_needed

Month: TypeAlias = "str | pd.Timestamp | None"
Row: TypeAlias = "dict[str, Any]"  # columns of `monitor` or of a result beside it
ALERTS = ("red", "amber", "green", "none", "grey")
EXPIRY_WINDOWS = ("first", "second", "third")
UNIT = ["area", "name", "month", "insured", "population", "rate", "change_month", "change_year"]
PLAN = ["target_on", "target_relation", "target_rate", "target_level", "people_needed", "plan_share", "to_add"]
PACE = ["required_pace", "actual_pace", "pace", "year_end"]
PROJECTED = ["projected", "projected_low", "projected_high"]
RATES = ["projected_rate", "projected_rate_low", "projected_rate_high"]
STATE = ["rate_last_year", "alert", "reason", "status", "projected_status", "source"]
COLUMNS = [*UNIT, *PLAN, *PACE, *PROJECTED, *RATES, *STATE]
PEOPLE = ["insured", "population", "change_month", "change_year", "people_needed", "to_add"]
# The columns for people to read.
MAIN_COLUMNS = [
    "name",
    "insured",
    "rate",
    "change_month",
    "to_add",
    "required_pace",
    "actual_pace",
    "projected_rate",
    "alert",
    "projected_status",
]


class Target(NamedTuple):
    """The people to insure by a day, and the level of the plan that sets it.

    ``reached_at``: the people from which a commune has the rate that all share; where the target is its own, those of
    the target.
    """

    on: pd.Timestamp
    relation: str
    rate: float
    level: str
    people: int
    reached_at: int


@result_table
def monitor(
    data: Dataset, area: str | None = None, month: Month = None, counts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Compare a unit and its communes in one month with the plan.

    Parameters
    ----------
    data
        Dataset with ``cards`` of at least this month, better of every month.
    area
        name or code of the unit, or a list: the rows of each, one below the other; without one, every unit
        that has cards, each without its communes.
    month
        any day of the month, or "YYYY-MM"; without it the last one that has cards. Later cards are not used; the
        population is the count nearest to each month.
    counts
        the result of `monthly_counts` for the unit, where it is available.

    Returns
    -------
    DataFrame
        The unit first, then its communes: ``area``, ``name``, ``month`` (its last day), ``insured``, ``population``,
        ``rate``; ``change_month``, ``change_year`` (people, on last month and on the same month last year);
        ``target_on``, ``target_relation``, ``target_rate``, ``target_level`` (own, each, district, province, country;
        "shared" is the unit's target shared out by the gaps at the start of the year), ``people_needed``,
        ``plan_share`` (insured over people needed), ``to_add``; ``required_pace`` (people a month until the target's
        day), ``actual_pace`` (people a month since the start of the year, without those of a reclassification),
        ``pace`` (actual over required; missing where nothing is to be added); ``year_end``, ``projected``,
        ``projected_low``, ``projected_high`` (people), ``projected_rate``, ``projected_rate_low``,
        ``projected_rate_high`` (the same as shares): see `bhyt_analysis.model.monitoring.pace`; ``rate_last_year`` (at
        the end of the year before); ``alert`` (green, amber, red, none, grey), ``reason`` (a message key ``reason.*``);
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
        return _monitor_all(data, month)
    code, data, counts, end = _select_month(data, area, month, counts)
    reclassified = _reclassified_people(data, code, counts)
    targets = _targets(data, code, counts, end)
    inside, reporting = data.geography.commune_codes(code, end), counts["area"].unique()
    inside = [c for c in inside if c in reporting or data.geography.unit_at(code, end).is_fully_listed]
    rows = []
    for unit in dict.fromkeys([code, *inside]):
        own = counts[counts["area"] == unit]
        pace = _unit_pace(own, reclassified.get(unit, {}), end)
        rows.append(_unit_row(data, unit, own, end, targets.get(unit), pace))
    table = pd.DataFrame(rows, columns=COLUMNS)
    days = dict.fromkeys(("month", "target_on", "year_end"), "datetime64[s]")
    shares = ["rate", "target_rate", "rate_last_year", "plan_share", *PACE[:3], *PROJECTED, *RATES]
    return table.astype({**dict.fromkeys(PEOPLE, "Int64"), **days, **dict.fromkeys(shares, "float64")})


def _monitor_all(data: Dataset, month: Month) -> pd.DataFrame:
    end = month_end(month)
    if end is None and len(data.cards):
        end = data.cards["as_of"].max() + pd.offsets.MonthEnd(0)
    counted = set(data.cards["unit_id"] if end is None else data.cards.loc[data.cards["as_of"] <= end, "unit_id"])
    units = [data.geography.find(area) for area in areas_with_figures(data)]
    units = [u for u in units if not counted.isdisjoint(inside.id for inside in data.geography.inside(u))]
    tables = [monitor(data, data.geography.key(unit), end).head(1) for unit in units]
    if not tables:
        raise BhytError(("error.watch_nothing", {}))
    return pd.concat(tables, ignore_index=True)


def month_end(month: Month) -> pd.Timestamp | None:
    """Return the last day of a month as `parse_month` reads it; None for None.

    Examples
    --------
    >>> month_end("6/2022")
    Timestamp('2022-06-30 00:00:00')
    """
    return None if month is None else pd.Timestamp(parse_month(month))


def _select_month(
    data: Dataset, area: str, month: Month, counts: pd.DataFrame | None
) -> tuple[str, Dataset, pd.DataFrame, pd.Timestamp]:
    """Return the unit's code, the data known by the end of the month, the counts by month, and that end."""
    end = month_end(month)
    # The people of a year are counted after it.
    view = area_view(replace(limit_to_date(data, end), population=data.population), area)
    code, data = view.code, view.data
    counts = monthly_counts(data, code) if counts is None else counts
    counts = counts if end is None else counts[counts["as_of"] <= end]
    if counts.empty:
        name = data.geography.unit_at(code).name
        if end is None:
            raise BhytError(("error.watch_no_cards", {"name": name}))
        raise BhytError(("error.watch_no_cards_by", {"name": name, "month": end}))
    return code, data, counts, counts["month"].max() if end is None else end


@result_table
def monthly_counts(data: Dataset, area: str) -> pd.DataFrame:
    """Return the insured of a unit and of each of its communes, month by month: the last count of each month.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit.

    Returns
    -------
    DataFrame
        ``area``, ``name``, ``month``, ``as_of``, ``insured``, ``population``, ``rate``, ``status``, ``source``, in the
        order of units and days. The unit itself has a row where it, or every commune, reports.

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> monthly_counts(load(), "X001").groupby("area").size().unique().tolist()
    [24]
    """
    table: pd.DataFrame = area_view(data, area).result(_monthly_counts)
    return table.copy()


def _monthly_counts(view: AreaView) -> pd.DataFrame:
    tables = [view.coverage(by=["month"])]
    if set(view.data.geography.commune_codes(view.code)) - {view.code}:
        tables.append(view.coverage(by=["commune", "month"]))
    tables = [t[t["insured"].notna()].assign(rank=i) for i, t in enumerate(tables)]
    rows = pd.concat([t for t in tables if len(t)] or tables[:1])  # an empty one changes the type of the days
    rows["month"] = rows["as_of"] + pd.offsets.MonthEnd(0)
    rows = rows.sort_values(["rank", "area", "as_of"], kind="stable").drop_duplicates(["area", "month"], keep="last")
    columns = ["area", "name", "month", "as_of", "insured", "population", "rate", "status", "source"]
    return rows[columns].reset_index(drop=True)


def _reclassified_people(data: Dataset, code: str, counts: pd.DataFrame) -> dict[str, dict[pd.Timestamp, int]]:
    """Return the people whom a change of entitlement added or took, by unit and month, where flows report them.

    The unit's own flows, or the sum of its communes' in months in which every one of them reports its flows.
    """
    flows = data.flows[data.flows["area"].isin({code, *data.geography.commune_codes(code)})]
    flows = flows.assign(month=flows["as_of"] + pd.offsets.MonthEnd(0), people=flows["reclassified"].fillna(0))
    totals = flows[flows["group"] == ""]  # reported for all groups together; else the groups are added up
    keys, keys_of_totals = (pd.MultiIndex.from_frame(t[["area", "month"]]) for t in (flows, totals))
    parts = drop_nested_groups(flows[~keys.isin(keys_of_totals)])
    people = pd.concat([totals, parts]).groupby(["area", "month"])["people"].sum()
    by_unit = {unit: people[unit].to_dict() for unit in people.index.unique("area")}
    if code not in by_unit and set(counts["area"]) != {code}:
        by_unit[code] = {
            month: rows.sum()
            for month, rows in people.groupby("month")
            if set(data.geography.commune_codes(code, month)) <= set(rows.index.get_level_values("area"))
        }
    return by_unit


def unit_pace(data: Dataset, code: str, counts: pd.DataFrame, end: pd.Timestamp) -> tuple[Pace | None, pd.DataFrame]:
    """Return the pace of a unit by a month, without people who were reclassified, and its own rows of the counts."""
    own = counts[(counts["area"] == code) & (counts["month"] <= end)]
    return (_unit_pace(own, _reclassified_people(data, code, counts).get(code, {}), end) if len(own) else None), own


def _unit_pace(own: pd.DataFrame, reclassified: dict[pd.Timestamp, int], end: pd.Timestamp) -> Pace | None:
    """Return the pace since the start of the year, or over the fewest changes that give one; None with fewer."""
    changes, months, in_year = [], [], 0
    for previous, count in pairwise(own[["month", "as_of", "insured"]].to_dict("records")):
        changes.append(count["insured"] - previous["insured"] - reclassified.get(count["month"], 0))
        months.append(months_between(previous["as_of"], count["as_of"]))
        in_year += count["month"].year == end.year
    fewest = int(threshold("fewest_changes"))
    last = max(in_year, fewest)
    return estimate_pace(changes[-last:], months[-last:]) if len(changes) >= fewest else None


def _targets(data: Dataset, code: str, counts: pd.DataFrame, end: pd.Timestamp) -> dict[str, Target]:
    """Return the next target of the unit, and of each commune its own one or its part of the unit's."""
    unit = _own_target(data, code, counts, end, (*OWN_LEVELS, *UPPER_LEVELS))
    inside = [c for c in data.geography.commune_codes(code, end) if c != code]
    targets = {} if unit is None else {code: unit, **_shared_targets(counts, inside, unit, end)}
    rated = data.targets[data.targets["rate"].notna()]
    if (rated["area"].isin(inside) | ((rated["area"] == "each") & (rated["kind"] == "commune"))).any():
        own = {commune: _own_target(data, commune, counts, end, OWN_LEVELS) for commune in inside}
        targets |= {commune: target for commune, target in own.items() if target}
    return targets


def _own_target(
    data: Dataset, unit: str, counts: pd.DataFrame, end: pd.Timestamp, levels: tuple[str, ...]
) -> Target | None:
    """Return the nearest target that is not past, the unit's own before those of the units above it."""
    people = counts.loc[counts["area"] == unit, "population"].dropna()
    if people.empty:
        return None
    bound = binding_targets(data, unit)
    bound = bound[bound["on"] >= end]
    for level in levels:
        for row in bound[bound["level"] == level].head(1).itertuples():
            required = people_needed(int(people.iloc[-1]), row.rate, row.relation)
            return Target(row.on, row.relation, float(row.rate), level, required, required)
    return None


def _shared_targets(counts: pd.DataFrame, inside: list[str], target: Target, end: pd.Timestamp) -> dict[str, Target]:
    """Share out the unit's target in people to its communes by their gaps at the start of the year.

    A commune that had the common rate by then keeps its count; so does each where the unit had already fulfilled its
    target. Without a count of every commune no target is shared out.
    """
    rows = counts[counts["area"].isin(inside)].dropna(subset=["insured", "population"])
    before, after = rows[rows["month"].dt.year == end.year - 1], rows[rows["month"].dt.year == end.year]
    start = before.drop_duplicates("area", keep="last") if len(before) else after.drop_duplicates("area")
    if not inside or len(start) < len(inside) or start["month"].nunique() > 1:
        return {}
    try:
        shared = allocate(start[["area", "population", "insured"]], target.rate, target.relation)
    except BhytError:  # more were insured by then, or the target is more than all people
        shared = start.assign(target_people=start["insured"])
    targets = {}
    for r in shared[shared["population"] > 0].itertuples():
        people, population = int(r.target_people), int(r.population)
        reached_at = people_needed(population, target.rate, target.relation)
        targets[r.area] = Target(target.on, "=", people / population, "shared", people, reached_at)
    return targets


def _unit_row(
    data: Dataset, unit: str, own: pd.DataFrame, end: pd.Timestamp, target: Target | None, pace: Pace | None
) -> Row:
    """Return the row of one unit, from its own counts."""
    by_month = own.set_index("month")
    last_year = [*own.loc[own["month"].dt.year == end.year - 1, "rate"]][-1:] or [None]
    row: Row = {
        "area": unit,
        "name": data.geography.unit_at(unit, end).name,
        "month": end,
        "rate_last_year": last_year[0],
    }
    if target is not None:
        row |= {f"target_{name}": getattr(target, name) for name in ("on", "relation", "rate", "level")}
        row["people_needed"], row["reached_at"] = target.people, target.reached_at
    if end in by_month.index:
        now = by_month.loc[end]
        row |= {c: now[c] for c in ("insured", "population", "rate", "status", "source")}
        for column, months in (("change_month", 1), ("change_year", 12)):
            past = end - pd.offsets.MonthEnd(months)
            if past in by_month.index:
                row[column] = now["insured"] - by_month.at[past, "insured"]
        row |= _plan_figures(now, target, pace)
        row["year_end"] = pd.Timestamp(end.year, 12, 31)
        row |= {} if pace is None else project_unit(now, pace, row["year_end"])
    row["alert"], row["reason"] = alert_level(row)
    return row


def _plan_figures(now: pd.Series, target: Target | None, pace: Pace | None) -> Row:
    """Return what is still to add in all and a month, and what was added a month."""
    row: Row = {} if pace is None else {"actual_pace": pace.people}
    if target is None:
        return row
    to_add, months = target.people - int(now["insured"]), months_between(now["as_of"], target.on)
    row |= {"to_add": to_add, "plan_share": now["insured"] / target.people if target.people else None}
    if to_add <= 0:
        return row | {"required_pace": 0.0}
    if months > 0:
        row["required_pace"] = to_add / months
        row["pace"] = None if pace is None else pace.people / row["required_pace"]
    return row


def project_unit(now: pd.Series, pace: Pace, day: pd.Timestamp) -> Row:
    """Return the projected people and coverage of a day, at least 0 and at most the population."""
    months = max(months_between(now["as_of"], day), 0.0)
    population = float(now["population"]) if pd.notna(now["population"]) else float("inf")
    low, middle, high = (
        min(max(v, 0.0), population) for v in project_pace(float(now["insured"]), pace, months, threshold("interval"))
    )
    row: Row = dict(zip(PROJECTED, (middle, low, high), strict=True))
    if population < float("inf"):
        row |= {rate: v / population for rate, v in zip(RATES, (middle, low, high), strict=True)}
    return row | {"projected_status": derived_quality(str(now["status"]), "estimated" if months else "derived")}


def alert_level(row: Row) -> tuple[str, str]:
    """Return the colour of a unit and the reason for it, from a row of `monitor`.

    Red where coverage is below the end of the year before (the ratchet), or the pace below four fifths of the required
    one; amber up to the required pace; green from there, and where nothing is left to add. A unit without a report is
    grey, one without a target or without enough months is not compared.

    Amber instead of red where the rate that all communes share is reached (``reached_at``: the people from which it
    is), and where no more than a few people lack (``few_people`` of the thresholds).

    Examples
    --------
    >>> row = {"insured": 900, "rate": 0.9, "rate_last_year": 0.88, "to_add": 30, "required_pace": 10, "pace": 0.9}
    >>> alert_level(row)
    ('amber', 'reason.slow')
    >>> alert_level({**row, "rate_last_year": 0.91})
    ('red', 'reason.ratchet')
    >>> alert_level({**row, "pace": 0.1}), alert_level({**row, "pace": 0.1, "to_add": 2})
    (('red', 'reason.too_slow'), ('amber', 'reason.few_people'))
    >>> alert_level({"insured": None})
    ('grey', 'reason.no_report')
    """
    alert, reason = _alert_by_pace(row)
    if alert != "red":
        return alert, reason
    if _has(row, "reached_at") and row["insured"] >= row["reached_at"]:
        return "amber", "reason.above_common" if reason != "reason.ratchet" else reason
    return ("amber", "reason.few_people") if _people_short(row, reason) <= threshold("few_people") else (alert, reason)


def _has(row: Row, name: str) -> bool:
    return row.get(name) is not None and bool(pd.notna(row[name]))


def _people_short(row: Row, reason: str) -> float:
    """Return the people whom a unit lacks of last year's rate or, for other reasons, of its target."""
    if reason != "reason.ratchet":
        return float(row["to_add"])
    lost = row["rate_last_year"] - row["rate"]
    return round(lost * row["insured"] / row["rate"], 6) if row["rate"] else float("inf")


def _alert_by_pace(row: Row) -> tuple[str, str]:
    """Return the colour and its reason, however few people lack."""
    has = partial(_has, row)
    if not has("insured"):
        return "grey", "reason.no_report"
    if threshold("ratchet") and has("rate") and has("rate_last_year") and row["rate"] < row["rate_last_year"]:
        return "red", "reason.ratchet"
    if not has("to_add"):
        return "none", "reason.no_target"
    if row["to_add"] <= 0:
        return "green", "reason.reached"
    if not has("required_pace"):
        return "red", "reason.missed"
    if not has("pace"):
        return "none", "reason.few_months"
    if row["pace"] >= threshold("green_pace"):
        return "green", "reason.on_pace"
    return ("amber", "reason.slow") if row["pace"] >= threshold("amber_pace") else ("red", "reason.too_slow")


@result_table
def nowcast(data: Dataset, area: str, month: Month = None, counts: pd.DataFrame | None = None) -> pd.DataFrame:
    """Project a unit's figure to the day its yearly report is due, and to the end of the year.

    A yearly report that is due in November must give the figure of December. From the last counted month, at the pace
    of `monitor`.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit.
    month
        any day of the last month that counts; None is the last one with cards.
    counts
        what `monthly_counts` gives, where it is available.

    Returns
    -------
    DataFrame
        One row a day, with ``area``, ``name``, ``counted_on`` (the last count), ``on``, ``deadline`` ("by" or
        "before"), ``what`` ("report" or "year_end"), ``projected``, ``projected_low``, ``projected_high`` (people),
        ``projected_rate``, ``projected_rate_low``, ``projected_rate_high``, ``projected_status``, ``source``. Empty
        where too few months are counted.

    Raises
    ------
    BhytError
        for an unknown area, and for what is no month.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> nowcast(load(), "X001", "2021-10")[["on", "what"]].to_numpy().tolist()
    [[Timestamp('2021-11-20 00:00:00'), 'report'], [Timestamp('2021-12-31 00:00:00'), 'year_end']]
    """
    code, data, counts, end = _select_month(data, area, month, counts)
    pace, own = unit_pace(data, code, counts, end)
    rows: list[Row] = []
    if pace is not None:
        now = own.iloc[-1]
        unit = {"area": code, "name": now["name"], "counted_on": now["as_of"], "source": now["source"]}
        days = [(day, deadline, "report") for day, deadline in _report_days(data, code, end) if day > now["as_of"]]
        for day, deadline, what in [*days, (pd.Timestamp(end.year, 12, 31), "", "year_end")]:
            rows.append({**unit, "on": day, "deadline": deadline, "what": what, **project_unit(now, pace, day)})
    columns = ["area", "name", "counted_on", "on", "deadline", "what", *PROJECTED, *RATES, "projected_status", "source"]
    return pd.DataFrame(rows, columns=columns)


def _report_days(data: Dataset, code: str, end: pd.Timestamp) -> list[tuple[pd.Timestamp, str]]:
    """Return the days on which the yearly report of a month's year is due by the unit's plan, or one above it."""
    units = [unit for unit, *_ in data.geography.places(code, end)]
    rows = pd.concat([required_reports(data, unit, end).query("area == @unit") for unit in units])
    rows = rows[(rows["kind"] == "yearly") & (rows["period"].dt.year == end.year) & rows["due"].notna()]
    return [(r.due, r.deadline) for r in rows.drop_duplicates("due").itertuples()]


@result_table
def expiring_cards(data: Dataset, area: str, month: Month = None) -> pd.DataFrame:
    """Count the cards that expire in 30, 60 and 90 days from the last count of the month, by unit.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit.
    month
        any day of the month; None is the last one with counts.

    Returns
    -------
    DataFrame
        One row for the unit, then for each commune: ``area``, ``name``, ``as_of``, ``expiring_30``, ``expiring_60``,
        ``expiring_90`` (cards; each window includes the ones before it), ``status``, ``source``. The unit itself has a
        row where it, or every commune, reports; the table is empty where the month has no count.

    Raises
    ------
    BhytError
        for an unknown area, and for what is no month.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = expiring_cards(load(), "X001", "2022-06")
    >>> len(table), bool((table["expiring_30"] <= table["expiring_60"]).all())
    (13, True)
    """
    end = month_end(month)
    view = area_view(data, area, end)
    code, data = view.code, view.data
    inside = data.geography.commune_codes(code, end)
    rows = data.expiring[data.expiring["area"].isin({code, *inside})]
    months = rows["as_of"] + pd.offsets.MonthEnd(0)
    rows = rows[months == (months.max() if end is None else end)]
    rows = rows[rows["as_of"] == rows.groupby("area")["as_of"].transform("max")]
    rows = rows.loc[drop_nested_groups(rows.assign(as_of=rows["expires"])).index]
    days_left = (rows["expires"] - rows["as_of"]).dt.days
    windows = {f"expiring_{days}": days for days in (int(threshold(f"expiring_{w}")) for w in EXPIRY_WINDOWS)}
    rows = rows.assign(**{c: rows["cards"].where(days_left.between(0, days), 0) for c, days in windows.items()})
    out = []
    for unit, own in _rows_by_unit(rows, code, inside):
        name, status = data.geography.unit_at(unit, own["as_of"].iloc[0]).name, lowest_quality(own["status"])
        source = "; ".join(own["source"].unique())
        out.append((unit, name, own["as_of"].max(), *own[[*windows]].sum(), status, source))
    columns = ["area", "name", "as_of", *windows, "status", "source"]
    return pd.DataFrame(out, columns=columns).astype(dict.fromkeys(windows, "Int64"))


def _rows_by_unit(rows: pd.DataFrame, code: str, inside: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of the unit, its own or all communes' of one day, and those of each commune."""
    below = [c for c in inside if c != code]
    own = rows[rows["area"] == code]
    if own.empty and below and set(below) <= set(rows["area"]) and rows["as_of"].nunique() == 1:
        own = rows
    if len(own):
        yield code, own
    yield from ((c, same) for c in below if len(same := rows[rows["area"] == c]))
