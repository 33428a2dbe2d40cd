"""List the yellow cells that differ from the law in force, and check the identities that hold whatever is set."""

from __future__ import annotations

from dataclasses import dataclass

from bhyt_analysis.documents.calculation.book import HOUSEHOLD, UNINSURED, Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Operand,
    Range,
    Term,
    any_of,
    concatenate,
    item,
    match,
    sum_of,
    total,
    when,
)
from bhyt_analysis.documents.calculation.inputs import (
    DEFAULT,
    NAME,
    SINCE,
    START,
    USED,
    Inputs,
    Lever,
)
from bhyt_analysis.documents.calculation.law_sheet import SetLaw
from bhyt_analysis.documents.calculation.months import Results
from bhyt_analysis.documents.calculation.people import People
from bhyt_analysis.documents.calculation.reference import Reference
from bhyt_analysis.documents.calculation.results import YearlyTotals
from bhyt_analysis.documents.calculation.styles import BORDER, set_page
from bhyt_analysis.documents.calculation.zones_sheet import Zones

HEAD, FIRST = 3, 4
KINDS = {"p1": "0.0%", "n": "#,##0", "d": "0.0", "month": "mm/yyyy"}
PLACES = 3  # to which sums of shares and of prices are compared


def write_stamp(book: Book, inputs: Inputs) -> Term:
    """Return the formula of the stamp: nothing, a scenario, or a scenario that changes the law."""
    proposal = " - " + book.word("proposal")
    changed = when(inputs.law_differs > 0, proposal, "")
    is_set = inputs.any_differs > 0
    if book.model["proposal"]:
        return concatenate(when(is_set, book.word("stamp"), book.word("stamp_batch")), proposal)
    return when(is_set, concatenate(book.word("stamp"), changed), "")


def write_changes(book: Book, inputs: Inputs, zones: Zones | None) -> None:
    """Write the list of cells that differ, from the first to the last, and then of communes in another zone."""
    sheet, source = book.sheets["changes"], book.sheets["inputs"]
    sheet.spread((6, 40, 54, 18, 18, 16))
    sheet.text(2, 0, "", "note", last=5)
    note = when(inputs.any_differs.equals(0), book.word("no_changes"), book.word("changes_note"))
    sheet.formula(2, 0, note, "note")
    for column, key in enumerate(("number", "section", "in_name", "in_default", "in_value", "in_since")):
        sheet.text(HEAD, column, book.word(key), "head")
    rows = {lever.row: lever for lever in inputs.levers}
    last = max(rows)

    def down(column: int, value_of: dict[int, float | str]) -> list[Term]:
        return [source.cell(row, column, value_of.get(row, "")) for row in range(START, last + 1)]

    names = down(NAME, {row: lever.name for row, lever in rows.items()})
    defaults = down(DEFAULT, {row: lever.default.value for row, lever in rows.items()})
    used = down(USED, {row: lever.used.value for row, lever in rows.items()})
    days = down(SINCE, {row: lever.day.value if lever.day is not None else "" for row, lever in rows.items()})
    sections = {lever.row: _section(book, inputs, lever) for lever in inputs.levers}
    kinds = list(KINDS)
    labels = [sheet.text(FIRST + row - START, 8, sections.get(row, ""), "faint") for row in range(START, last + 1)]
    codes = [
        sheet.number(FIRST + row - START, 9, kinds.index(rows[row].style) + 1 if row in rows else 0, "faint")
        for row in range(START, last + 1)
    ]
    lines = len(rows) + (len(zones.names) if zones else 0)
    for k in range(lines):
        _write_change(book, inputs, k, (labels, names, defaults, used, days, codes), zones)
    _format_kinds(book, lines)
    sheet.sheet.print_area(0, 0, FIRST + lines - 1, 5)
    set_page(sheet, book.headline, book.header)


def _section(book: Book, inputs: Inputs, lever: Lever) -> str:
    for name, group in (("in_support", inputs.support), ("in_top_up", inputs.top_up), ("in_premium", inputs.law)):
        if any(lever is own for own in group.values()):
            return book.word(name)
    return book.word("in_target" if lever in (inputs.target, inputs.on) else "in_behaviour")


def _write_change(book: Book, inputs: Inputs, k: int, columns: tuple[list[Term], ...], zones: Zones | None) -> None:
    """Write the k-th difference; an empty line where there are fewer."""
    sheet, row = book.sheets["changes"], FIRST + k
    is_there = inputs.any_differs > k
    number = sheet.formula(row, 0, when(is_there, k + 1, ""), "code_open")
    place, of_levers = match(number, inputs.order), inputs.order[-1]
    of_zones: tuple[Operand, ...] = ()
    if zones is not None:
        commune = match(number - of_levers, zones.order)
        cells_of_zones = (zones.names, zones.decided, zones.counted, zones.days)
        of_zones = (book.word("sheet_zones"), *(item(cells, commune) for cells in cells_of_zones), 0)
    for column, cells in enumerate(columns):
        value = item(cells, place)
        if zones is not None:
            value = when(of_levers > k, value, of_zones[column])
        value = when(number.is_blank(), "", value)
        style = ("plain", "plain", "n_open", "n_open", "date_open", "faint")[column]
        sheet.formula(row, 1 + column if column < 5 else 10, value, style)


def _format_kinds(book: Book, count: int) -> None:
    """Show each value as what it is: a share, an amount, a level or a month; frame the lines that have one."""
    sheet = book.sheets["changes"].sheet
    frame = {"type": "formula", "criteria": f'=$A{FIRST + 1}<>""', "format": book.file.add_format(BORDER)}
    sheet.conditional_format(FIRST, 0, FIRST + count - 1, 5, frame)
    for code, pattern in enumerate(KINDS.values(), 1):
        own = book.file.add_format({"num_format": pattern})
        rule = {"type": "formula", "criteria": f"=$K{FIRST + 1}={code}", "format": own}
        sheet.conditional_format(FIRST, 3, FIRST + count - 1, 4, rule)


# --- Identities -------------------------------------------------------------------------------------


@dataclass
class Parts:
    """The parts of the workbook whose identities are checked."""

    inputs: Inputs
    law: SetLaw
    people: People
    results: Results
    reference: Reference
    yearly_totals: YearlyTotals
    zones: Zones | None


def write_checks(book: Book, parts: Parts) -> Term:
    """Write the identities: each difference must be zero; returns how many are not."""
    sheet = book.sheets["checks"]
    sheet.spread((6, 92, 20, 14))
    sheet.text(2, 0, book.word("checks_note"), "note", last=3)
    for column, key in enumerate(("number", "check", "check_difference", "check_result")):
        sheet.text(HEAD, column, book.word(key), "head")
    wrong = list[Term]()
    for i, (key, difference) in enumerate(_identities(book, parts).items()):
        row, name = FIRST + i, book.word(f"check_{key}")
        sheet.number(row, 0, i + 1, "code")
        sheet.text(row, 1, name)
        cell = sheet.formula(row, 2, to_places_signed(difference), "d")
        sheet.formula(row, 3, when(cell.equals(0), book.word("right"), book.word("wrong")), "word")
        wrong.append(when(cell.equals(0), 0, 1))
    row = FIRST + len(wrong)
    sheet.text(row, 0, "", "text_bold")
    sheet.text(row, 1, book.word("checks_wrong"), "text_bold")
    count = sheet.formula(row, 2, sum_of(wrong), "n_bold")
    sheet.formula(row, 3, when(count.equals(0), book.word("right"), book.word("wrong")), "text_bold")
    set_page(sheet, book.headline, book.header)
    return count


def to_places_signed(difference: Term) -> Term:
    """Return a difference rounded, whatever its sign."""
    return Term(f"ROUND({difference.text},{PLACES})", round(difference.number, PLACES) + 0.0)


def _identities(book: Book, parts: Parts) -> dict[str, Term]:
    """Return the differences that must be zero, by what is compared."""
    people, results, own = parts.people, parts.results, parts.results.summary
    months = book.reported
    groups = list(results.rounded.values())
    first, last = (Range([c[t] for c in groups]) for t in (months[0], months[-1]))
    corner = first.text.split(":")[0] + ":" + last.text.rsplit(":", 1)[1]
    all_people = sum(c[t].number for c in groups for t in months)
    insured = total([people.insured[key] for key in book.groups])
    checks = {
        "count": insured + people.insured[UNINSURED] - people.population,
        "groups": Term(f"SUM({corner})", all_people) - total(own.insured.down()),
        "rounding": _at_most_half(book, results),
        "people": Term(
            f"SUMPRODUCT(--({Range(own.insured.down()).text}>{Range(own.people.down()).text}))",
            float(sum(own.insured[t].number > own.people[t].number for t in months)),
        ),
        "joining": sum_of(people.joining.values()) - 1,
        "costed": Term(
            f"SUMPRODUCT(--({Range(own.costed.down()).text}>{Range(own.insured.down()).text}))",
            float(sum(own.costed[t].number > own.insured[t].number for t in months)),
        ),
        "years": sum_of(total(cells) for cells in parts.yearly_totals.yearly.values())
        - sum_of(total(column.down(first=months[0] + 1)) for column in own.payers.values()),
    }
    if parts.zones is not None:
        checks["zones"] = parts.zones.difference
    if prices := _price_difference(book, parts):
        checks["prices"] = prices
    if own.lost is not None and own.back is not None:
        checks["back"] = Term(
            f"SUMPRODUCT(--({Range(own.back.down()).text}>{Range(own.lost.down()).text}+0.001))",
            float(sum(own.back[t].number > own.lost[t].number + 0.001 for t in months)),
        )
    is_set = any_of(parts.inputs.any_differs > 0)
    checks["reference_people"] = when(is_set, 0, _absolute(own.insured.down(), list(parts.reference.insured.values())))
    differences = [_absolute(c.down(), list(parts.reference.payers[p].values())) for p, c in own.payers.items()]
    checks["reference_money"] = when(is_set, 0, sum_of(differences))
    return checks


def _at_most_half(book: Book, results: Results) -> Term:
    """Return in how many months the whole people differ from the sum of the groups by more than a half."""
    rounded, months = results.summary.insured, book.reported
    exact = results.exact_sum
    assert exact is not None
    text = f"SUMPRODUCT(--(ABS({Range(rounded.down()).text}-{Range(exact.down()).text})>0.501))"
    return Term(text, float(sum(abs(rounded[t].number - exact[t].number) > 0.501 for t in months)))


def _absolute(left: list[Term], right: list[Term]) -> Term:
    value = sum(abs(a.number - b.number) for a, b in zip(left, right, strict=True))
    return Term(f"SUMPRODUCT(ABS({Range(left).text}-{Range(right).text}))", value)


def _price_difference(book: Book, parts: Parts) -> Term | None:
    """Return by how much what all payers pay for the self-paying households differs from the premium."""
    prices = [parts.results.prices.get((HOUSEHOLD, payer)) for payer in ("central", "province", HOUSEHOLD)]
    premium = parts.results.premium
    columns = [column for column in prices if column is not None]
    if len(columns) < 3 or premium is None or any(v.value == MISSING for c in columns for v in c.down()):
        return None
    of_results = premium.down(first=book.reported[0])
    return sum_of(total(column.down()) for column in columns) - total(of_results)
