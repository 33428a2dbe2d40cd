"""Write the dated values of law with their texts, and by month what is in force and what has been set instead."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from bhyt_analysis.documents.calculation.book import Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Range,
    Term,
    count_equal,
    day_number,
    has_number,
    item,
    largest,
    least,
    number_or_zero,
    term,
    to_places,
    when,
)
from bhyt_analysis.documents.calculation.inputs import Inputs
from bhyt_analysis.documents.calculation.month_sheet import Column, MonthSheet
from bhyt_analysis.documents.calculation.styles import set_page
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.tables.law_texts import parameter_name

AMOUNTS = ("base_salary", "contribution_rate", "employer_rate", "employee_rate")
LAW_HEAD, LAW_FIRST = 3, 4
PLACES = 6  # of a share with a top-up


@dataclass
class LawRows:
    """The table of dated values: for each row its number of the parameter, its first and last day, its value."""

    keys: list[Term] = field(default_factory=list)
    since: list[Term] = field(default_factory=list)
    until: list[Term] = field(default_factory=list)
    values: list[Term] = field(default_factory=list)
    numbers: dict[tuple[str, str, bool], int] = field(default_factory=dict)


@dataclass
class MonthlyLaw:
    """The law by month: ``amounts`` and nationwide ``shares`` in force, ``own`` shares of the province."""

    amounts: dict[str, Column] = field(default_factory=dict)
    shares: dict[str, Column] = field(default_factory=dict)
    own: dict[str, Column] = field(default_factory=dict)


@dataclass
class SetLaw:
    """The law by month with what was set: the shares nationwide, in the province without and with a top-up."""

    base_salary: Column
    contribution_rate: Column
    shares: dict[str, Column]
    without_top_up: dict[str, Column]
    local: dict[str, Column]


def write_law(book: Book) -> LawRows:
    """Write the sheet of dated values."""
    sheet, rows = book.sheets["law"], LawRows()
    sheet.spread((54, 14, 11, 11, 11, 62, 20, 7))
    sheet.text(2, 0, book.word("law_note"), "note", last=6)
    heads = ("law_parameter", "law_area", "law_value", "law_since", "law_until", "law_text", "law_status", "law_key")
    for column, key in enumerate(heads):
        sheet.text(LAW_HEAD, column, book.word(key), "head")
    for i, record in enumerate(book.model["law"]["rows"]):
        _write_law_row(book, rows, LAW_FIRST + i, record)
    set_page(sheet, book.headline, book.header, 7)
    sheet.sheet.print_area(0, 0, LAW_FIRST + len(book.model["law"]["rows"]) - 1, 6)
    sheet.sheet.repeat_rows(LAW_HEAD)
    sheet.sheet.freeze_panes(LAW_FIRST, 1)
    return rows


def _write_law_row(book: Book, rows: LawRows, row: int, record: dict[str, Any]) -> None:
    sheet, onward = book.sheets["law"], str(ONWARD)
    own = (record["parameter"], record["key"], bool(record["area"]))
    number = rows.numbers.setdefault(own, len(rows.numbers) + 1)
    sheet.text(row, 0, parameter_name(record["parameter"], record["key"], book.lang))
    sheet.text(row, 1, record["area"] or book.word("law_country"))
    style = "n" if record["unit"] == "VND/month" else "p1"
    rows.values.append(sheet.figure(row, 2, record["value"], style))
    rows.since.append(sheet.day(row, 3, dt.date.fromisoformat(record["since"])))
    if record["until"] == onward:  # a day far off, shown as a word
        rows.until.append(sheet.number(row, 4, day_number(dt.date(9999, 12, 31)), "onward"))
    else:
        rows.until.append(sheet.day(row, 4, dt.date.fromisoformat(record["until"])))
    sheet.text(row, 5, format_citation(record["reference"], book.lang))
    is_reform = record["layer"] > 0
    sheet.text(row, 6, translate("status.proposal", book.lang) if is_reform else book.word(f"law_{record['status']}"))
    rows.keys.append(sheet.number(row, 7, number, "code"))


def monthly_law(book: Book, rows: LawRows) -> MonthlyLaw:
    """Write the law in force by month: each value is looked up among the dated ones."""
    sheet, law, monthly = _months(book), book.model["law"], MonthlyLaw()
    sheet.block(book.word("block_law"))
    for name in AMOUNTS:
        if name.startswith("employe") and not law["earnings"]:
            continue
        style = "n" if name == "base_salary" else "p1"
        monthly.amounts[name] = sheet.column(parameter_name(name, "", book.lang), style)
        _look_up(book, rows, monthly.amounts[name], (name, ""), law[name])
    for key in used_shares(book):
        monthly.shares[key] = sheet.column(book.word("share_in_force", group=share_name(book, key)), "p1")
        _look_up(book, rows, monthly.shares[key], ("subsidy_share", key), law["shares"].get(key))
    for key, values in law["local"].items():
        if key in monthly.shares:
            monthly.own[key] = sheet.column(book.word("share_of_province", group=share_name(book, key)), "p1")
            _look_up(book, rows, monthly.own[key], ("subsidy_share", key), values, is_own=True)
    return monthly


def used_shares(book: Book) -> list[str]:
    """Return the keys of shares that some formula reads."""
    law, model = book.model["law"], book.model
    keys = [key for group in book.present for key in law["keys"][group]]
    keys += [*law["adjustable"], *model["pools"]["entitlement"], model["pools"]["state_paid_share"]]
    available = {*law["shares"], *law["local"], *law["adjustable"]}
    return [key for key in dict.fromkeys(keys) if key in available]


def share_name(book: Book, key: str) -> str:
    """Return the name of what a share is for."""
    return parameter_name("subsidy_share", key, book.lang).split(": ", 1)[-1]


def _months(book: Book) -> MonthSheet:
    sheet = book.sheets["months"]
    assert isinstance(sheet, MonthSheet)
    return sheet


def _look_up(
    book: Book,
    rows: LawRows,
    column: Column,
    key: tuple[str, str],
    values: list[float | None] | None,
    is_own: bool = False,
) -> None:
    """Write a value of law by month, as the dated rows give it on the first day of the month.

    Where several rows hold on a day (a province in a region with a row of its own), the one that counts is written.
    """
    sheet, number = _months(book), rows.numbers.get((*key, is_own))
    for t in book.months:
        value = values[t] if values is not None else None
        day = sheet.first_days[t]
        in_force = [
            i
            for i, (k, since, until) in enumerate(zip(rows.keys, rows.since, rows.until, strict=True))
            if k.value == number and since.number <= day.number <= until.number
        ]
        if value is not None and len(in_force) == 1 and rows.values[in_force[0]].value == value:
            column.put(t, _sum_in_force(rows, number, day, value))
        else:
            column.put(t, value)


def _sum_in_force(rows: LawRows, number: int | None, day: Term, value: float) -> Term:
    values, keys, since, until = (Range(r).text for r in (rows.values, rows.keys, rows.since, rows.until))
    text = f'SUMIFS({values},{keys},{number},{since},"<="&{day.text},{until},">="&{day.text})'
    return Term(text, float(value))


# --- What was set -----------------------------------------------------------------------------------


def set_law(book: Book, inputs: Inputs, monthly: MonthlyLaw) -> SetLaw:
    """Write the law by month with what was set: amounts, shares nationwide, shares in the province."""
    sheet, law = _months(book), book.model["law"]
    sheet.block(book.word("block_set"))
    amounts = {}
    for name, style in (("base_salary", "n"), ("contribution_rate", "p1")):
        if name in law["fixed"]:
            amounts[name] = monthly.amounts[name]
            continue
        own = inputs.law[name]
        amounts[name] = sheet.column(book.word("as_set", name=parameter_name(name, "", book.lang)), style)
        for t in book.months:
            amounts[name].put(t, when(sheet.numbers[t] >= own.since, own.value, monthly.amounts[name][t]))
    shares = {key: _set_share(book, inputs, monthly, key) for key in monthly.shares}
    base_shares = {key: _with_own(book, shares[key], monthly.own.get(key), key) for key in shares}
    starts = _latest_support(book, inputs), _latest_changes(book)
    local = {key: _with_top_up(book, inputs, (shares[key], base_shares[key]), starts, key) for key in base_shares}
    return SetLaw(amounts["base_salary"], amounts["contribution_rate"], shares, base_shares, local)


def _set_share(book: Book, inputs: Inputs, monthly: MonthlyLaw, key: str) -> Column:
    sheet = _months(book)
    if key not in inputs.support:
        return monthly.shares[key]
    own = inputs.support[key]
    column = sheet.column(book.word("share_as_set", group=share_name(book, key)), "p1")
    for t in book.months:
        column.put(t, when(sheet.numbers[t] >= own.since, own.value, monthly.shares[key][t]))
    return column


def _with_own(book: Book, national: Column, own: Column | None, key: str) -> Column:
    """Return the share in the province: its own where that is larger; the nationwide one is the least."""
    if own is None:
        return national
    sheet = _months(book)
    column = sheet.column(book.word("share_in_province", group=share_name(book, key)), "p1")
    for t in book.months:
        both = [national[t], own[t]]
        counted = has_number(national[t]).number + has_number(own[t]).number
        text = f"IF(COUNT({','.join(c.text for c in both)})=0,{term(MISSING).text},{largest(*both).text})"
        column.put(t, Term(text, largest(*both).value if counted else MISSING))
    return column


def _latest_support(book: Book, inputs: Inputs) -> Column:
    """Return by month the latest month in which a share that was set begins, -1 before the first."""
    sheet, cells = _months(book), [own.since for own in inputs.support.values()]
    column = sheet.column(book.word("latest_support"), "code", 8)
    for t in book.months:
        before = column[t - 1] if t else term(-1)
        column.put(t, when(count_equal(cells, sheet.numbers[t]) > 0, sheet.numbers[t], before))
    return column


def _latest_changes(book: Book) -> tuple[Column, Column]:
    """Return by month the latest change of a share in the law: the month of its effect, and that whose law then holds.

    A change within a month has its effect in the next one, with the law of the first day of its own.
    """
    sheet, changes = _months(book), dict(book.model["law"]["changes"])
    effects, months = (sheet.column(book.word(key), "code", 8) for key in ("latest_change", "law_of_month"))
    latest = (-1, -1)
    for t in book.months:
        latest = (t, changes[t]) if t in changes else latest
        effects.put(t, latest[0])
        months.put(t, latest[1])
    return effects, months


def _with_top_up(
    book: Book, inputs: Inputs, shares: tuple[Column, Column], starts: tuple[Column, tuple[Column, Column]], key: str
) -> Column:
    """Return the share in the province with its top-up, which follows the law from stretch to stretch."""
    sheet, (national, base_shares), (latest, changes) = _months(book), shares, starts
    if key not in inputs.top_up:
        return base_shares
    own = inputs.top_up[key]
    column = sheet.column(book.word("share_with_top_up", group=share_name(book, key)), "p1")
    for t in book.months:
        by_law = when(changes[0][t] > own.month, changes[1][t], own.month)
        position = when(latest[t] >= largest(changes[0][t], own.month + 1), latest[t], by_law)
        base = number_or_zero(item(base_shares.down(), position + 1))
        raised = largest(to_places(least(1, base + own.value_or_zero), PLACES), national[t])
        column.put(t, when(sheet.numbers[t] >= own.since, raised, base_shares[t]))
    return column


def group_share(book: Book, shares: dict[str, Column], group: str, month: int) -> Term | None:
    """Return the share of a group in a month: its own, or that of a wider group; None where neither is known."""
    columns = [shares[key] for key in book.model["law"]["keys"][group] if key in shares]
    if not columns:
        return None
    share = columns[-1][month]
    for column in reversed(columns[:-1]):
        share = when(has_number(column[month]), column[month], share)
    return share
