"""Write what the briefing has without changes, as fixed figures, so that a scenario can be compared with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bhyt_analysis.documents.calculation.book import Book
from bhyt_analysis.documents.calculation.cells import Term
from bhyt_analysis.documents.calculation.months import Results
from bhyt_analysis.documents.calculation.styles import set_page

HEAD = 3


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
    columns = max(len(payers) + 3, len(book.years) + 2)
    sheet.spread((60, 36, *[16] * (columns - 2)))
    sheet.text(2, 0, book.word("reference_note"), "note", last=columns - 1)
    heads = [book.word(key) for key in ("month", "month_insured", "month_costed")]
    top = _write_years(book, results, reference) + 2
    for column, head in enumerate([*heads, *map(book.payer, payers)]):
        sheet.text(top, column, head, "head")
    for i, t in enumerate(book.reported):
        row = top + 1 + i
        sheet.day(row, 0, book.days[t], "month")
        reference.insured[t] = sheet.number(row, 1, own.insured[t].number)
        reference.costed[t] = sheet.number(row, 2, own.costed[t].number)
        for k, payer in enumerate(payers):
            reference.payers.setdefault(payer, {})[t] = sheet.number(row, 3 + k, own.payers[payer][t].number)
    set_page(sheet, book.headline, book.header, columns)
    sheet.sheet.set_h_pagebreaks([top])
    sheet.sheet.repeat_rows(top)
    return reference


def _write_years(book: Book, results: Results, reference: Reference) -> int:
    """Write people and money by year and group; returns the last row."""
    sheet, row = book.sheets["reference"], HEAD
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
    return row
