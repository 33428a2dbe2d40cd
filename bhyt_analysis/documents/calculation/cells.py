"""Write formulas together with their values: a term has both, so that a sheet shows what it will compute."""

from __future__ import annotations

import datetime as dt
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

MISSING = "–"  # the text of a figure that there is not
USUAL_WIDTH = 8.43  # of a column, in digits
ERROR = math.nan  # what a spreadsheet gives for a division by zero, or for a sum with a text
_SHEET, _END = "\x01", "\x02"  # around the name of a sheet, until it is known from where a cell is referred to
WRAPPED = ("text", "text_bold", "head", "plain", "note", "word")  # styles whose texts go on in a next line
LETTER, LETTER_BOLD = 6.3, 7.0  # pixels that a letter of 11 points takes
SECTION_LINES = 1.5
LINE, ROW_BORDER = 15.0, 1.5  # points of height
_COMPARISON, _SUM, _PRODUCT, _SIGN, _ATOM = range(5)
Value = float | str
Operand: TypeAlias = "Term | float | str"


class Term:
    """A part of a formula with its value. ``rank``: how closely its parts hang together, which decides on brackets.

    Examples
    --------
    >>> people, price = Term("A1", 3), Term("B1", 0.5)
    >>> cost = (people + 1) * price
    >>> cost.text, cost.value
    ('(A1+1)*B1', 2.0)
    """

    __slots__ = ("rank", "text", "value")

    def __init__(self, text: str, value: Value, rank: int = _ATOM) -> None:
        self.text, self.value, self.rank = text, value, rank

    @property
    def number(self) -> float:
        """Return the value as a number, which a text is not."""
        return ERROR if isinstance(self.value, str) else float(self.value)

    def bracketed(self, rank: int) -> str:
        """Return the text, in brackets where its parts hang together less closely than ``rank``."""
        return self.text if self.rank >= rank else f"({self.text})"

    def __add__(self, other: Operand) -> Term:
        return _join(self, "+", other, _SUM, lambda a, b: a + b)

    def __sub__(self, other: Operand) -> Term:
        return _join(self, "-", other, _SUM, lambda a, b: a - b)

    def __mul__(self, other: Operand) -> Term:
        return _join(self, "*", other, _PRODUCT, lambda a, b: a * b)

    def __truediv__(self, other: Operand) -> Term:
        return _join(self, "/", other, _PRODUCT, lambda a, b: a / b if b else ERROR)

    def __radd__(self, other: float) -> Term:
        return term(other) + self

    def __rsub__(self, other: float) -> Term:
        return term(other) - self

    def __rmul__(self, other: float) -> Term:
        return term(other) * self

    def __rtruediv__(self, other: float) -> Term:
        return term(other) / self

    def __neg__(self) -> Term:
        return Term(f"-{self.bracketed(_SIGN)}", -self.number, _SIGN)

    def __gt__(self, other: Operand) -> Term:
        return _join(self, ">", other, _COMPARISON, lambda a, b: float(a > b))

    def __ge__(self, other: Operand) -> Term:
        return _join(self, ">=", other, _COMPARISON, lambda a, b: float(a >= b))

    def __lt__(self, other: Operand) -> Term:
        return _join(self, "<", other, _COMPARISON, lambda a, b: float(a < b))

    def __le__(self, other: Operand) -> Term:
        return _join(self, "<=", other, _COMPARISON, lambda a, b: float(a <= b))

    def equals(self, other: Operand) -> Term:
        """Return the comparison of two numbers or two texts."""
        right = term(other)
        same = float(type(self.value) is str) == float(type(right.value) is str) and self.value == right.value
        return Term(f"{self.bracketed(_SUM)}={right.bracketed(_SUM)}", float(same), _COMPARISON)

    def is_blank(self) -> Term:
        """Return the comparison with an empty cell."""
        return Term(f'{self.text}=""', float(self.value == ""), _COMPARISON)


def term(value: Operand) -> Term:
    """Return a number or a text as a term; a term stays itself."""
    if isinstance(value, Term):
        return value
    if isinstance(value, str):
        return Term('"' + value.replace('"', '""') + '"', value)
    number = float(value)
    text = str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number).upper()
    return Term(text, number, _ATOM if number >= 0 else _SIGN)


def _join(left: Term, sign: str, right: Operand, rank: int, compute: Callable[[float, float], float]) -> Term:
    other = term(right)
    text = left.bracketed(rank) + sign + other.bracketed(rank + 1)  # a-(b-c) keeps its brackets, and so does a+(b+c)
    return Term(text, compute(_blank_as_zero(left), _blank_as_zero(other)), rank)


def _blank_as_zero(operand: Term) -> float:
    return 0.0 if operand.value == "" else operand.number


class Range:
    """Cells next to each other, as a function takes them."""

    def __init__(self, cells: Sequence[Term]) -> None:
        first, last = cells[0].text, cells[-1].text
        sheet = first[: first.index(_END) + 1]
        (top, left), (bottom, right) = (xl_cell_to_rowcol(text.removeprefix(sheet)) for text in (first, last))
        if (bottom - top + 1) * (right - left + 1) != len(cells) or not last.startswith(sheet):
            raise ValueError(f"cells {first} to {last} are not next to each other")
        self.text = f"{first}:{last.removeprefix(sheet)}"
        self.values = [cell.value for cell in cells]

    @property
    def numbers(self) -> list[float]:
        """Return the numbers; texts are left out, as by a sum."""
        return [float(v) for v in self.values if not isinstance(v, str)]


# --- Functions of Excel 2016 and of LibreOffice ------------------------------------------------------


def total(cells: Sequence[Term]) -> Term:
    """Return the sum of cells next to each other."""
    own = Range(cells)
    return Term(f"SUM({own.text})", math.fsum(own.numbers))


def sum_of(terms: Iterable[Term]) -> Term:
    """Return terms with a plus between each; 0 where there is none.

    >>> sum_of([Term("A1", 1), Term("C1*2", 4)]).text
    'A1+C1*2'
    """
    parts = list(terms)
    if not parts:
        return term(0)
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def count_numbers(cells: Sequence[Term]) -> Term:
    """Return how many of some cells have a number."""
    own = Range(cells)
    return Term(f"COUNT({own.text})", float(len(own.numbers)))


def count_equal(cells: Sequence[Term], lookup: Operand) -> Term:
    """Return how many of some cells equal a number."""
    own, other = Range(cells), term(lookup)
    return Term(f"COUNTIF({own.text},{other.text})", float(own.values.count(other.value)))


def largest(*parts: Operand) -> Term:
    """Return the largest of numbers; texts in cells do not count."""
    return _extreme("MAX", max, parts)


def least(*parts: Operand) -> Term:
    """Return the least of numbers; texts in cells do not count."""
    return _extreme("MIN", min, parts)


def _extreme(name: str, choose: Callable[[list[float]], float], parts: Sequence[Operand]) -> Term:
    terms = [term(part) for part in parts]
    numbers = [float(t.value) for t in terms if not isinstance(t.value, str)]
    value = ERROR if any(math.isnan(n) for n in numbers) else choose(numbers) if numbers else 0.0
    return Term(f"{name}({','.join(t.text for t in terms)})", value)


def largest_of(cells: Sequence[Term]) -> Term:
    """Return the largest number of cells next to each other; 0 where none has one."""
    own = Range(cells)
    return Term(f"MAX({own.text})", max(own.numbers, default=0.0))


def when(condition: Term, then: Operand, otherwise: Operand) -> Term:
    """Return one of two terms: the first where the condition holds."""
    one, other = term(then), term(otherwise)
    chosen = one if condition.number else other
    return Term(f"IF({condition.text},{one.text},{other.text})", chosen.value)


def all_of(*conditions: Term) -> Term:
    """Return whether all conditions hold."""
    return Term(f"AND({','.join(c.text for c in conditions)})", float(all(c.number for c in conditions)))


def any_of(*conditions: Term) -> Term:
    """Return whether one of the conditions holds."""
    return Term(f"OR({','.join(c.text for c in conditions)})", float(any(c.number for c in conditions)))


def opposite(condition: Term) -> Term:
    """Return whether a condition does not hold."""
    return Term(f"NOT({condition.text})", float(not condition.number))


def has_number(cell: Term) -> Term:
    """Return whether a cell has a number."""
    return Term(f"ISNUMBER({cell.text})", float(not isinstance(cell.value, str)))


def number_or_zero(cell: Term) -> Term:
    """Return the number of a cell, 0 of a text."""
    return Term(f"N({cell.text})", 0.0 if isinstance(cell.value, str) else cell.value)


def round_down(operand: Term) -> Term:
    """Return the whole number below a positive number."""
    return Term(f"INT({operand.text})", _round(math.floor, operand.number))


def to_whole(operand: Term) -> Term:
    """Return a positive number rounded half up."""
    return Term(f"ROUND({operand.text},0)", _round(math.floor, operand.number + 0.5))


def to_places(operand: Term, places: int) -> Term:
    """Return a positive number rounded half up to decimal places."""
    scale = 10.0**places
    return Term(f"ROUND({operand.text},{places})", _round(math.floor, operand.number * scale + 0.5) / scale)


def to_upper(operand: Term) -> Term:
    """Return the whole number above a positive number."""
    return Term(f"ROUNDUP({operand.text},0)", _round(math.ceil, operand.number))


def _round(to_integer: Callable[[float], int], number: float) -> float:
    return ERROR if math.isnan(number) else float(to_integer(number))


def exponential(operand: Term) -> Term:
    """Return e to the power of a number."""
    return Term(f"EXP({operand.text})", math.exp(operand.number))


def item(cells: Sequence[Term], position: Term) -> Term:
    """Return the cell at a position, counted from 1."""
    own, place = Range(cells), position.number
    value = own.values[int(place) - 1] if place == place and 1 <= place <= len(own.values) else ERROR
    return Term(f"INDEX({own.text},{position.text})", value)


def match(lookup: Term, cells: Sequence[Term]) -> Term:
    """Return the position of a value among cells, counted from 1."""
    own = Range(cells)
    value = float(own.values.index(lookup.value) + 1) if lookup.value in own.values else ERROR
    return Term(f"MATCH({lookup.text},{own.text},0)", value)


def count_where(cells: Sequence[Term], sign: str, other: Term) -> Term:
    """Return how many cells are less than (``<``), more than (``>``) or equal to (``=``) a number."""
    own = Range(cells)
    tests = {"<": lambda v: v < other.number, ">": lambda v: v > other.number, "=": lambda v: v == other.number}
    count = sum(tests[sign](v) for v in own.numbers)
    return Term(f"SUMPRODUCT(--({own.text}{sign}{other.text}))", float(count))


def count_different(cells: Sequence[Term], others: Sequence[Term]) -> Term:
    """Return how many cells of two ranges differ from each other."""
    left, right = Range(cells), Range(others)
    count = sum(a != b for a, b in zip(left.values, right.values, strict=True))
    return Term(f"SUMPRODUCT(--({left.text}<>{right.text}))", float(count))


def sum_where(keys: Sequence[Term], lookup: Operand, cells: Sequence[Term]) -> Term:
    """Return the sum of the cells whose key is the wanted number."""
    own, other, summed = Range(keys), term(lookup), Range(cells)
    value = math.fsum(
        float(v) for k, v in zip(own.values, summed.values, strict=True) if k == other.value and not isinstance(v, str)
    )
    return Term(f"SUMIF({own.text},{other.text},{summed.text})", value)


def sum_of_products(*ranges: Sequence[Term]) -> Term:
    """Return the sum of the products of ranges of the same size."""
    own = [Range(cells) for cells in ranges]
    rows = zip(*(r.values for r in own), strict=True)
    value = math.fsum(math.prod(0.0 if isinstance(v, str) else float(v) for v in row) for row in rows)
    return Term(f"SUMPRODUCT({','.join(r.text for r in own)})", value)


def concatenate(*parts: Operand) -> Term:
    """Return texts one after the other."""
    terms = [term(part) for part in parts]
    return Term("&".join(t.bracketed(_SUM) for t in terms), "".join(str(t.value) for t in terms), _COMPARISON)


# --- Sheets ------------------------------------------------------------------------------------------


class Sheet:
    """A sheet that gives back what it writes as terms, for formulas of this and of other sheets."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, formats: dict[str, Format]) -> None:
        self.name, self.formats = name, formats
        self.sheet = book.add_worksheet(name)
        self.widths: dict[int, float] = {}
        self.lines: dict[int, float] = {}  # of the rows, where it is more than one

    def cell(self, row: int, column: int, value: Value) -> Term:
        """Return a cell as a term."""
        return Term(f"{_SHEET}{self.name}{_END}{xl_rowcol_to_cell(row, column)}", value)

    def spread(self, widths: Sequence[float], first: int = 0) -> None:
        """Set the widths of columns next to each other."""
        for column, width in enumerate(widths, first):
            self.widths[column] = width
            self.sheet.set_column(column, column, width)

    def pixels(self, first: int, last: int) -> int:
        """Return how wide columns are together, both included."""
        return sum(int(7 * self.widths.get(column, USUAL_WIDTH) + 5) for column in range(first, last + 1))

    def text(self, row: int, column: int, text: str, style: str = "text", last: int | None = None) -> Term:
        """Write a text, which stays one whatever it begins with; over all columns to ``last`` where it is given."""
        last = column if last is None else last
        if last > column:
            self.sheet.merge_range(row, column, row, last, "", self.formats[style])
        self.sheet.write_string(row, column, text, self.formats[style])
        if style in WRAPPED:
            letter, space = (LETTER_BOLD, 2) if style == "head" else (LETTER, 12)
            letters = max(int((self.pixels(column, last) - space) / letter), 1)
            self.lines[row] = max(self.lines.get(row, 1), len(textwrap.wrap(text, letters)))
        elif style == "section":
            self.lines[row] = SECTION_LINES
        return self.cell(row, column, text)

    def fit_rows(self) -> None:
        """Make each row as high as the lines of its texts."""
        for row, lines in self.lines.items():
            self.sheet.set_row(row, LINE * lines + ROW_BORDER)

    def number(self, row: int, column: int, value: float, style: str = "n") -> Term:
        """Write a number."""
        self.sheet.write_number(row, column, value, self.formats[style])
        return self.cell(row, column, float(value))

    def figure(self, row: int, column: int, value: float | None, style: str = "n") -> Term:
        """Write a number, or the sign of a missing one."""
        return self.text(row, column, MISSING, style) if value is None else self.number(row, column, value, style)

    def day(self, row: int, column: int, day: dt.date, style: str = "date") -> Term:
        """Write a day; its value is the number of the day."""
        self.sheet.write_datetime(row, column, dt.datetime(day.year, day.month, day.day), self.formats[style])
        return self.cell(row, column, day_number(day))

    def blank(self, row: int, column: int, style: str) -> Term:
        """Write an empty cell."""
        self.sheet.write_blank(row, column, None, self.formats[style])
        return self.cell(row, column, "")

    def formula(self, row: int, column: int, content: Term, style: str = "n") -> Term:
        """Write a formula with its value; raises ValueError for one that gives an error."""
        if isinstance(content.value, float) and math.isnan(content.value):
            raise ValueError(f"{self.name}!{xl_rowcol_to_cell(row, column)}: {self._local(content.text)}")
        text = self._local(content.text)
        self.sheet.write_formula(row, column, f"={text}", self.formats[style], content.value)
        return self.cell(row, column, content.value)

    def local(self, content: Term | Range) -> str:
        """Return the text of a term as it is written in this sheet, beginning with the sign of equality."""
        return f"={self._local(content.text)}"

    def _local(self, text: str) -> str:
        text = text.replace(f"{_SHEET}{self.name}{_END}", "")
        return text.replace(_SHEET, "'").replace(_END, "'!")

    def absolute(self, cells: Sequence[Term]) -> str:
        """Return a range as drop-downs and charts take it: with its sheet, and fixed."""
        first, last = cells[0].text, cells[-1].text
        sheet, begin = first.removeprefix(_SHEET).split(_END)
        corners = [xl_rowcol_to_cell(*xl_cell_to_rowcol(c), True, True) for c in (begin, last.split(_END)[1])]
        return f"='{sheet}'!{corners[0]}:{corners[1]}"


def day_number(day: dt.date) -> float:
    """Return the number by which Excel counts a day.

    >>> day_number(dt.date(2027, 1, 1))
    46388.0
    """
    return float((day - dt.date(1899, 12, 30)).days)
