"""Write what the briefing has without changes, as fixed figures, so that a scenario can be compared with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bhyt_analysis.documents.calculation.book import Book, spread
from bhyt_analysis.documents.calculation.cells import Term
from bhyt_analysis.documents.calculation.months import Results
from bhyt_analysis.documents.calculation.styles import set_page

HEAD, FIRST = 3, 4


@dataclass
class Reference:
    """The figures without changes: by month, and money by group, payer and year."""

    insured: dict[int, Term] = field(default_factory=dict)
    payers: dict[str, dict[int, Term]] = field(default_factory=dict)
    costed: dict[int, Term] = field(default_factory=dict)
    by_year: dict[tuple[str, str], list[Term]] = field(default_factory=dict)
    people_by_year: dict[str, list[Term]] = field(default_factory=dict)


def write_reference(book: Book, results: Results) -> Reference:
    """Write the figures of the state in which every yellow cell is empty: the values that the formulas then have."""
    sheet, own, reference = book.sheets["reference"], results.summary, Reference()
    payers = list(own.payers)
    spread(sheet, (44, 22, *[16] * max(len(payers) + 1, len(book.years))))
    sheet.text(2, 0, book.word("reference_note"), "note")
    heads = [book.word(key) for key in ("month", "month_insured", "month_costed")]
    for column, head in enumerate([*heads, *map(book.payer, payers)]):
        sheet.text(HEAD, column, head, "head")
    sheet.sheet.set_row(HEAD, 47)
    for i, t in enumerate(book.reported):
        row = FIRST + i
        sheet.day(row, 0, book.days[t], "month")
        reference.insured[t] = sheet.number(row, 1, own.insured[t].number)
        reference.costed[t] = sheet.number(row, 2, own.costed[t].number)
        for k, payer in enumerate(payers):
            reference.payers.setdefault(payer, {})[t] = sheet.number(row, 3 + k, own.payers[payer][t].number)
    _write_years(book, results, reference, FIRST + len(book.reported) + 1)
    set_page(sheet, book.headline, book.header, fit=(1, 0))
    sheet.sheet.repeat_rows(HEAD)
    return reference


def _write_years(book: Book, results: Results, reference: Reference, row: int) -> None:
    sheet = book.sheets["reference"]
    for column, head in enumerate([book.word("group_name"), book.word("payer"), *map(str, book.years)]):
        sheet.text(row, column, head, "head")
    for group, rounded in results.rounded.items():
        row += 1
        sheet.text(row, 0, book.group(group))
        sheet.text(row, 1, book.word("people_at_end"))
        reference.people_by_year[group] = [
            sheet.number(row, 2 + i, rounded[months[-1]].number) for i, months in enumerate(book.years.values())
        ]
    for (group, payer), money in results.money.items():
        row += 1
        sheet.text(row, 0, book.group(group))
        sheet.text(row, 1, book.payer(payer))
        reference.by_year[group, payer] = [
            sheet.number(row, 2 + i, sum(money[t].number for t in months))
            for i, months in enumerate(book.years.values())
        ]
