"""Lay out a sheet of months: one row a month, one column a figure, in blocks of which the first is printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import xlsxwriter
from xlsxwriter.format import Format

from bhyt_analysis.documents.calculation.cells import MISSING, Operand, Sheet, Term, term

BLOCK_ROW, HEADING_ROW, CODE_ROW, FIRST_ROW = 2, 3, 4, 5
WIDTH = 10.5


class Column:
    """A figure by month: its cells as terms, by the position of the month."""

    def __init__(self, sheet: MonthSheet, index: int, style: str, code: Term | None) -> None:
        self.sheet, self.index, self.style = sheet, index, style
        self.cells: dict[int, Term] = {}
        self._code = code

    @property
    def code(self) -> Term:
        """Return the number above the column by which sums find it."""
        assert self._code is not None
        return self._code

    def __getitem__(self, month: int) -> Term:
        return self.cells[month]

    def put(self, month: int, content: Operand | None) -> Term:
        """Write a formula or a number for a month; the sign of a missing figure for None."""
        row = FIRST_ROW + month
        if content is None or content == MISSING:
            cell = self.sheet.text(row, self.index, MISSING, self.style)
        elif isinstance(content, Term):
            cell = self.sheet.formula(row, self.index, content, self.style)
        else:
            cell = self.sheet.number(row, self.index, float(content), self.style)
        self.cells[month] = cell
        return cell

    def down(self, first: int | None = None, last: int | None = None) -> list[Term]:
        """Return the cells from a month to another one, both included."""
        months = sorted(self.cells)
        return [self.cells[m] for m in months if (first is None or m >= first) and (last is None or m <= last)]


class MonthSheet(Sheet):
    """A sheet with a row for each month: its number, its end and its first day come first."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, formats: dict[str, Format], months: Sequence[str]) -> None:
        super().__init__(book, name, formats)
        self.months = [dt.date.fromisoformat(month) for month in months]
        self.next_column = 0
        self.printed = 0  # columns

    def start(self, headings: tuple[str, str, str]) -> None:
        """Write the columns that each page repeats."""
        self.numbers, self.ends, self.first_days = (
            self.column(heading, style, width)
            for heading, style, width in zip(headings, ("code", "month", "month"), (5, 8.5, 8.5), strict=True)
        )
        for t, end in enumerate(self.months):
            self.numbers.put(t, t)
            for column, day in ((self.ends, end), (self.first_days, end.replace(day=1))):
                column.cells[t] = self.day(FIRST_ROW + t, column.index, day, "month")

    def block(self, title: str) -> None:
        """Begin a block of columns."""
        self.text(BLOCK_ROW, self.next_column, title, "block")

    def column(self, heading: str, style: str = "n", width: float = WIDTH, code: float | None = None) -> Column:
        """Return the next column, with its heading and the number by which sums find it."""
        index = self.next_column
        self.next_column += 1
        self.spread((width,), index)
        self.text(HEADING_ROW, index, heading, "head")
        number = None if code is None else self.number(CODE_ROW, index, code, "code")
        return Column(self, index, style, number)

    def columns(self, headings: Sequence[str], style: str = "n", codes: Sequence[float] = ()) -> list[Column]:
        """Return columns next to each other."""
        return [self.column(heading, style, code=codes[i] if codes else None) for i, heading in enumerate(headings)]

    def finish(self) -> None:
        """Set how the sheet is seen and printed."""
        self.sheet.freeze_panes(FIRST_ROW, 2)
        self.sheet.repeat_rows(BLOCK_ROW, CODE_ROW)
        self.sheet.print_area(0, 0, FIRST_ROW + len(self.months) - 1, self.printed - 1)

    def end_of_print(self) -> None:
        """End what is printed: all columns after these are seen on the screen only."""
        self.printed = self.next_column


def at_month(columns: Sequence[Column], month: int) -> list[Term]:
    """Return the cells of columns in a month."""
    return [column[month] for column in columns]


def previous(column: Column, month: int) -> Term:
    """Return the cell of the month before, 0 before the first one."""
    return column.cells.get(month - 1, term(0))
