"""List what is to be done in an area, by which body and by when: from the plans, and from the area's own figures.

What the figures ask for is described by ``tasks.csv``: a row a kind, with its place in the order, the roles of the
bodies (``bodies.csv``) and the rule for the day. All days follow the day of the figures, so that a district of 2021 has
tasks for 2022, and the day itself does not depend on when the briefing is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view, is_for_each
from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import decisions_table, default_decision
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.groups import is_group_key
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.actions.bodies import bodies_of
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.coverage.headline import Fact, headline, people_not_back
from bhyt_analysis.model.coverage.reporting import has_enrolment
from bhyt_analysis.model.monitoring.monitor import EXPIRY_WINDOWS, expiring_cards, monthly_counts
from bhyt_analysis.model.monitoring.reports import reports_due
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.model.targets.allocation import allocate
from bhyt_analysis.model.targets.group_targets import group_targets
from bhyt_analysis.model.targets.targets import target_steps

COLUMNS = [
    "kind", "task", "task_en", "lead", "with", "due", "rule", "area", "name", "group", "people", "quantity", "source",
    "done", "done_on", "brought", "late", "origin", "status", "detail",
]  # fmt: skip
TYPES = dict.fromkeys(("due", "done_on"), "datetime64[s]") | dict.fromkeys(("people", "brought"), "Int64")
TYPES |= {"late": "bool"}
FEWEST = 5  # people for which a task gives a number of those to be added
MOST_GROUPS = 3
MOST_COMMUNES = 3  # with a task of their own: those that must add most
REGULAR = ("monthly", "quarterly", "half_yearly", "yearly", "ongoing")
NEAR_MONTHS = 12  # before the end of a list of zones, and after the beginning of the next one
ALL = "all"
BLANK = dict.fromkeys(COLUMNS, "") | {"due": pd.NaT, "done_on": pd.NaT, "people": None, "brought": None}
BLANK |= {"late": False, "group": ALL}
Row = dict[str, Any]  # some of the columns of `tasks`


@result_table
def tasks(data: Dataset, law: Law, area: str, as_of: DateLike | None = None) -> pd.DataFrame:
    """Return the tasks of an area, the late ones first, then the most important.

    Those that plans give are rows of the table ``actions``: of the unit itself, of the communes in it, and of each unit
    of its kind or in it. The others follow from the figures: the next target and the communes that must add most,
    people who lost a card and are not back, cards that expire in 30, 60 and 90 days, farm households to certify,
    pupils at the beginning of the school year, reports that have not come, lists of zones that begin or end. A number
    that is not known is missing.

    Parameters
    ----------
    data
        what `load` gives.
    law
        the law, such as `Law.read()`; left out, the bundled one.
    area
        name or code of a unit, or a list: the rows of each, one below the other.
    as_of
        the last day that counts; None is the latest.

    Returns
    -------
    DataFrame
        ``kind`` ("input", or a row of ``tasks.csv``, whose text is the message ``task.KIND``), ``task``, ``task_en``
        (texts of an input), ``lead``, ``with`` (bodies in Vietnamese), ``due`` (day; missing where there is none),
        ``rule`` (how often: "monthly", "yearly", ..., "MM-DD"; "<" says before the day), ``area``, ``name``, ``group``
        ("all" is everybody), ``people``, ``quantity`` (the column that says what these people are), ``source``,
        ``done``, ``done_on``, ``brought`` (people insured more than the month before, in the area and group), ``late``,
        ``origin`` ("input" or "figures"), ``status``, ``detail`` (what else its text names).

    Raises
    ------
    BhytError
        for an unknown area, and for what is no day.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> table = bhyt.tasks(bhyt.load(), Law.read(), "X001")
    >>> table.loc[table["kind"] == "target", ["lead", "people", "due"]].astype(str).to_numpy().tolist()
    [['UBND huyện', '10850', '2022-12-31']]
    """
    table: pd.DataFrame = area_view(data, area, as_of).result(_tasks, law)
    return table.copy()


def _tasks(view: AreaView, law: Law) -> pd.DataFrame:
    day = reference_day(view)
    rows = [*_input_rows(view, day)]
    if day is not None and _has_people(view):
        rows += _figure_rows(view, law, day)
    covered = {row["detail"] for row in rows if row["kind"] == "not_back"}
    rows += _zone_rows(view, day, covered)
    if view.unit.until is None and not has_enrolment(view):
        rows.append(_row("cards_unknown", view.unit, day or pd.Timestamp(clock.today())))
    table = pd.DataFrame([BLANK | row for row in rows], columns=COLUMNS).astype(TYPES)
    # People to add or not back are no counts that are hidden where they are small: a few of them have no number at all.
    few = table["quantity"].isin(["to_add", "not_back"]) & (table["people"] < FEWEST).fillna(False).astype(bool)
    table.loc[few, "people"] = pd.NA
    table = table[~(few & table["kind"].isin(["gap_commune", "gap_group"]))]
    table["brought"] = _brought(view, table)
    order = pd.to_numeric(_kinds()["order"])
    rank = table["kind"].map(order).where(~is_standing_duty(table), order["standing"])
    rank = rank.where(table["done_on"].isna(), order["done"])
    keys = pd.DataFrame({"late": ~table["late"], "rank": rank, "due": table["due"], "people": -table["people"]})
    return table.loc[keys.sort_values(["late", "rank", "due", "people"], kind="stable").index].reset_index(drop=True)


def is_standing_duty(table: pd.DataFrame) -> pd.Series:
    """Mark the tasks of plans that have no day of their own and are not done: what bodies do all the time."""
    has_day = table["due"].notna() & table["rule"].isin(["", "<"])
    return (table["origin"] == "input") & ~has_day & table["done_on"].isna() & (table["done"] == "")


def _kinds() -> pd.DataFrame:
    return packaged_table("model/actions/tasks.csv").set_index("kind")


def reference_day(view: AreaView) -> pd.Timestamp | None:
    """Return the day from which days are counted: of the view, or of the latest figures; None where there are none."""
    if view.as_of is not None:
        return view.as_of
    inside = {view.code, *view.geography.commune_codes(view.code)}
    days = [t.loc[t["area"].isin(inside), "as_of"].max() for t in (view.data.cards, view.data.expiring)]
    now = view.coverage().iloc[0]
    days.append(now["as_of"] if pd.notna(now["rate"]) else pd.NaT)
    return max((pd.Timestamp(d) for d in days if pd.notna(d)), default=None)


def _has_people(view: AreaView) -> bool:
    now = view.coverage().iloc[0]
    inside = {view.code, *view.geography.commune_codes(view.code)}
    return pd.notna(now["rate"]) or pd.notna(now["insured"]) or bool(view.data.cards["area"].isin(inside).any())


# --- What plans give ---


def _input_rows(view: AreaView, day: pd.Timestamp | None) -> Iterator[Row]:
    """Yield the rows of the table ``actions`` about the unit, the communes in it, and each unit of its kind."""
    table = view.data.actions
    units = {u.id: u for u in view.geography.inside(view.unit)}
    each = is_for_each(table, view)
    for row in table[each | table["unit_id"].isin(units)].to_dict("records"):
        unit = units.get(row["unit_id"], view.unit)
        done_on = pd.NaT if view.as_of is not None and row["done_on"] > view.as_of else row["done_on"]
        due, rule = due_day(row["due"], day, done_on)
        late = pd.isna(done_on) and pd.notna(due) and rule in ("", "<") and _is_past(due, day, view)
        yield {
            **{c: row[c] for c in ("task", "task_en", "lead", "with", "people", "source", "status")},
            "kind": "input",
            "origin": "input",
            "quantity": "people_concerned",
            "area": unit.code,
            "name": unit.name,
            "due": due,
            "rule": rule,
            "late": late,
            "done_on": done_on,
            "group": row["group"] or ALL,
            "done": "" if pd.isna(done_on) and pd.notna(row["done_on"]) else row["done"],
        }


def _is_past(due: pd.Timestamp, day: pd.Timestamp | None, view: AreaView) -> bool:
    """Return whether a day is before that of the figures; where there are none, before today, for a unit of today."""
    if day is not None:
        return due < day
    return view.unit.until is None and clock.is_past(due)


def due_day(text: str, day: pd.Timestamp | None, done_on: pd.Timestamp | None = None) -> tuple[pd.Timestamp, str]:
    """Return the last day of a due rule that is in time, missing where it has none, and how it is to be written.

    A rule is a day, a day of each year ("MM-DD") or one of `REGULAR`; "<" before a day says that it is too late itself.

    Examples
    --------
    >>> due_day("<11-20", pd.Timestamp("2026-11-26"))
    (Timestamp('2027-11-19 00:00:00'), '<11-20')
    >>> due_day("2021-08-15", None), due_day("<2021-08-15", None), due_day("monthly", None)
    ((Timestamp('2021-08-15 00:00:00'), ''), (Timestamp('2021-08-14 00:00:00'), '<'), (NaT, 'monthly'))
    """
    if not text or text in REGULAR:
        return pd.NaT, text
    before, on = pd.Timedelta(days=int(text[0] == "<")), text.lstrip("<")
    if len(on) > len("MM-DD"):
        return pd.Timestamp(on) - before, "<" if text[0] == "<" else ""
    last = day if done_on is None or pd.isna(done_on) else max(done_on, day or done_on)
    return (pd.NaT if last is None else _next_day(on, last + before) - before), text


def _next_day(text: str, day: pd.Timestamp) -> pd.Timestamp:
    """Return the first day of a month and day ("MM-DD") that is not before another day."""
    month, number = map(int, text.split("-"))
    on = pd.Timestamp(day.year, month, number)
    return on if on >= day else on + pd.DateOffset(years=1)


# --- What the figures ask for ---


def _row(kind: str, unit: Unit, day: pd.Timestamp, due: pd.Timestamp | None = None, **values: Any) -> Row:
    """Return the row of a kind of ``tasks.csv`` in a unit; ``day`` is that of the bodies."""
    rules = _kinds().loc[kind]
    lead, others = (bodies_of(rules[c], unit, day) for c in ("lead", "with"))
    others = "; ".join(body for body in others.split("; ") if body not in lead.split("; "))
    row = {"kind": kind, "task": f"task.{kind}", "origin": "figures", "area": unit.code, "name": unit.name}
    return {**row, "lead": lead, "with": others, "due": pd.NaT if due is None else due, **values}


def _figure_rows(view: AreaView, law: Law, day: pd.Timestamp) -> Iterator[Row]:
    decision = default_decision(view.data, view.code, view.as_of)
    figures = headline(view.data, law, view.code, view.as_of, decision).replace({float("nan"): None})
    facts = {row["key"]: Fact(**row) for row in figures.to_dict("records")}
    yield from _target_rows(view, day)
    yield from _group_rows(view, day)
    yield from _loss_rows(view, day, facts, decision or "")
    yield from _expiring_rows(view, day)
    yield from _farm_rows(view, law, day, facts)
    yield from _school_rows(view, day)
    yield from _report_rows(view, day)
    yield from _missing_rows(view, day, facts)


def _year_end(day: pd.Timestamp) -> pd.Timestamp:
    """Return the end of the year, or of the next one on its last day."""
    return pd.Timestamp((day + pd.Timedelta(days=1)).year, 12, 31)


def _target_rows(view: AreaView, day: pd.Timestamp) -> Iterator[Row]:
    """Yield what the next target asks of the unit, and of the communes that must add most."""
    steps = target_steps(view.data, view.code, view.as_of)
    if steps.empty or pd.isna(steps["to_add"].iloc[0]) or steps["to_add"].iloc[0] <= 0:
        return
    step = steps.iloc[0]
    fields = {"source": step["instrument"], "status": step["status"], "due": step["on"], "quantity": "to_add"}
    target = {"rate": float(step["rate"]), "relation": step["relation"]}
    yield _row("target", view.unit, day, **fields, people=int(step["to_add"]), detail=target)
    codes = view.geography.commune_codes(view.code)
    if len(codes) < 2 or view.code in codes:
        return
    communes = coverage(view.data, view.code, by=["commune"], as_of=view.as_of)
    if len(communes) < 2 or communes[["insured", "population"]].isna().any(axis=None):
        return
    try:
        shared = allocate(communes, step["rate"], step["relation"])
    except BhytError:  # the target cannot be shared out, as the section on targets says
        return
    largest = shared[shared["to_add"] > 0].sort_values("to_add", ascending=False, kind="stable").head(MOST_COMMUNES)
    for row in largest.to_dict("records"):
        unit = view.geography.unit_at(row["area"], row["as_of"])
        own = fields | {"people": int(row["to_add"]), "lead": f"UBND {inline_name(unit.name)}"}
        uninsured = int(row["population"] - row["insured"])
        yield _row("gap_commune", unit, day, **own, detail=target | {"uninsured": uninsured})


def _group_rows(view: AreaView, day: pd.Timestamp) -> Iterator[Row]:
    """Yield the groups that must add most for their targets, of those whose people are known."""
    rows = group_targets(view.data, view.code, view.as_of)
    rows = rows[rows["scope"].map(is_group_key) & (rows["to_add"] > 0).fillna(False).astype(bool)]
    for row in rows.sort_values("to_add", ascending=False, kind="stable").head(MOST_GROUPS).to_dict("records"):
        fields = {"people": int(row["to_add"]), "quantity": "to_add", "group": row["scope"], "status": row["status"]}
        due = _year_end(day) if pd.isna(row["on"]) else row["on"]
        yield _row("gap_group", view.unit, day, due, **fields, source=row["instrument"], detail=row["scope"])


def _loss_rows(view: AreaView, day: pd.Timestamp, facts: dict[str, Fact], decision: str) -> Iterator[Row]:
    """Yield the people who lost a card by the decision and are not known to be back."""
    lost = facts.get("lost")
    if lost is None or not lost.value:
        return
    people, quantity = people_not_back(facts), "not_back"
    if "reenrolled" not in facts:
        people, quantity = int(lost.value), "lost"
    elif (uninsured := facts.get("uninsured")) and people == uninsured.value:
        quantity = "uninsured"
    if people:
        status = lost.status if quantity == "lost" else facts["reenrolled"].status
        fields = {"people": people, "quantity": quantity, "source": lost.source, "status": status}
        yield _row("not_back", view.unit, day, _year_end(day), **fields, detail=decision)


def _expiring_rows(view: AreaView, day: pd.Timestamp) -> Iterator[Row]:
    rows = expiring_cards(view.data, view.code, view.as_of)
    if rows.empty or rows["area"].iloc[0] != view.code:
        return
    own, before = rows.iloc[0], 0
    for window in EXPIRY_WINDOWS:
        days = int(threshold(f"expiring_{window}"))
        if (cards := int(own[f"expiring_{days}"])) > before:
            fields = {"people": cards, "quantity": f"expiring_{days}", "source": own["source"], "status": own["status"]}
            yield _row(f"expiring_{days}", view.unit, day, own["as_of"] + pd.Timedelta(days=days), **fields)
        before = cards


def _farm_rows(view: AreaView, law: Law, day: pd.Timestamp, facts: dict[str, Fact]) -> Iterator[Row]:
    """Yield the certificates for farm households of average living standard, which bring them the State's support.

    How many would qualify is not known; the people covered are those without a card, among whom they are.
    """
    if (uninsured := facts.get("uninsured")) is None or not uninsured.value or uninsured.value <= 0:
        return
    shares = law.at(day, view.places(day)).rows("subsidy_share").set_index("key")["value"]
    if (share := float(shares.get("farm_average_income", 0))) > 0:
        fields = {"people": int(uninsured.value), "quantity": "uninsured", "source": uninsured.source}
        yield _row("farm_households", view.unit, day, _year_end(day), **fields, status=uninsured.status, detail=share)


def _school_rows(view: AreaView, day: pd.Timestamp) -> Iterator[Row]:
    """Yield the pupils and students with a card, whose cards the school year renews."""
    rows = coverage(view.data, view.code, by=["subgroup"], as_of=view.as_of)
    rows = rows[rows["subgroup"].isin(["student", "pupil", "university_student"]) & (rows["insured"] > 0)]
    for row in rows.head(1).to_dict("records"):
        fields = {"people": int(row["insured"]), "quantity": "insured", "group": row["subgroup"]}
        fields |= {"source": row["source"], "status": row["status"]}
        yield _row("schools", view.unit, day, _next_day(_kinds().at["schools", "due"], day), **fields)


def _report_rows(view: AreaView, day: pd.Timestamp) -> Iterator[Row]:
    """Yield the reports that have not come, those of one unit and kind together."""
    rows = reports_due(view.data, view.code, day + pd.offsets.MonthEnd(0))
    rows = rows[rows["state"].isin(["overdue", "not_received"])]
    for (area, kind), same in rows.groupby(["area", "kind"], sort=False):
        unit = view.geography.unit_at(area, same["period"].iloc[0])
        periods = [str(p.date()) for p in same["period"].sort_values()]
        late = bool((same["state"] == "overdue").any())
        fields = {"late": late, "source": same["source"].iloc[0], "detail": {"report": kind, "periods": periods}}
        yield _row("report", unit, day, same["due"].min(), **fields)


def _missing_rows(view: AreaView, day: pd.Timestamp, facts: dict[str, Fact]) -> Iterator[Row]:
    """Yield the communes of which no cards are known, where others have them."""
    reporting = facts.get("reporting_communes")
    if reporting is None or reporting.value is None or reporting.high is None:
        return
    if missing := int(reporting.high - reporting.value):
        fields = {"source": reporting.source, "detail": missing}
        yield _row("cards_missing", view.unit, day, day + pd.Timedelta(days=30), **fields)


def _zone_rows(view: AreaView, day: pd.Timestamp | None, covered: set[str]) -> Iterator[Row]:
    """Yield the lists of zones of the unit that end within a year, or that began within one.

    ``covered``: the decisions for whose people there is a task already.
    """
    table = decisions_table(view.data)
    if "instrument" not in table or view.kind == "country":
        return
    inside = {view.code, *view.geography.commune_codes(view.code)}
    own = set(view.data.zones.loc[view.data.zones["area"].isin(inside), "decision"])
    chain = {u.code for u in view.lineage if u.kind != "country"}
    rows = table[table["decision"].isin(own) | (table["area"].isin(chain) & table["zone_III"].notna())]
    rows = rows[~rows["decision"].isin(covered)]
    rows = rows.sort_values("area", key=lambda a: ~a.isin(chain), kind="stable").drop_duplicates("decision")
    last = view.unit.until or pd.Timestamp.max
    for row in rows.to_dict("records"):
        since, until = (pd.to_datetime(row[c], errors="coerce") for c in ("since", "until"))
        fields = {"source": row["source"], "status": row["status"], "detail": _instrument(row)}
        if pd.notna(since) and since <= last and _is_near(since, day, after=True):
            due = since + pd.Timedelta(days=90)
            if day is not None and due < day:
                due = _year_end(day)
            elif day is None and clock.is_past(due):
                due = pd.NaT
            yield _row("zones_begin", view.unit, day or since, due, **fields)
        elif pd.notna(until) and until <= last and _is_near(until, day, after=False):
            yield _row("zones_end", view.unit, day or until, until, **fields)


def _instrument(decision: Row) -> str:
    """Return the name of the document of a decision: "Quyết định 861/QĐ-TTg"."""
    number = decision["instrument"]
    word = next((word for mark, word in (("QĐ", "Quyết định "), ("NĐ", "Nghị định ")) if mark in number), "")
    return f"{word}{number}" if number else str(decision["decision"])


def _is_near(event: pd.Timestamp, day: pd.Timestamp | None, after: bool) -> bool:
    """Return whether a day is within a year after an event, or before it; without one, today is the day."""
    year = pd.DateOffset(months=NEAR_MONTHS)
    first, last = (event, event + year) if after else (event - year, event)
    if day is not None:
        return first <= day <= last
    return clock.has_come(first) and not clock.is_past(last)


# --- What was brought ---


def _brought(view: AreaView, table: pd.DataFrame) -> pd.array:
    """Return by how much the insured of each task's unit and group grew on the month before.

    It is missing where that is not known, and for a task of an office that is about everybody in the whole unit.
    """
    values = []
    for row in table.to_dict("records"):
        of_part = row["area"] != view.code or row["group"] != ALL  # else no task can claim the change of all
        claims = row["kind"] in ("target", "gap_commune", "gap_group") or (row["origin"] == "input" and of_part)
        values.append(view.result(_last_change, row["area"], row["group"]) if claims else None)
    return pd.array(values, dtype="Int64")


def _last_change(view: AreaView, area: str, group: str) -> int | None:
    if group == ALL:
        counts = monthly_counts(view.data, view.code)
        rows = counts[counts["area"] == area]
    else:
        rows = coverage(view.data, area, by=["subgroup", "month"], as_of=view.as_of)
        rows = rows[rows["subgroup"] == group]
    counts = rows.dropna(subset="insured").assign(month=lambda t: t["as_of"] + pd.offsets.MonthEnd(0))
    counts = counts.drop_duplicates("month", keep="last").tail(2)
    if len(counts) < 2 or counts["month"].iloc[0] + pd.offsets.MonthEnd(1) != counts["month"].iloc[1]:
        return None
    return int(counts["insured"].iloc[1] - counts["insured"].iloc[0])
