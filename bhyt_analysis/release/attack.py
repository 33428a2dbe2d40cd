"""Attack what was published: work hidden figures out of the files, as a reader with a linear programme would.

The relations are those of the registry (`bhyt_analysis.tables.columns`). A reader knows each printed figure to its
rounding, that a count of persons is a whole number, and that ``<5`` means at most 4.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array

from bhyt_analysis.release.published import LOWER_BOUNDED, Published, PublishedTable, PublishedText, is_hidden
from bhyt_analysis.tables.columns import Column, Term, table_relations
from bhyt_analysis.tables.formatting import SMALL

TOLERANCE, WHOLE = 1e-6, 1e-4
# A few persons in a sentence; "a household of 4 people" counts none in particular.
FEW = re.compile(
    rf"(?<!hộ )(?<!household of )(?<![\d.,\w−+-])([1-{SMALL - 1}]) (người(?! thứ)|thẻ|people|persons?|cards?)\b(?!/)",
    re.IGNORECASE,
)
# Words of a difference, which is no number of persons itself: "fell by 3 cards", "3 people short of the target".
DIFFERENCE = re.compile(r"\b(giảm|tăng|thêm|thiếu|cần|hơn|by|more|fewer|add|short|needs?)\b", re.IGNORECASE)
SENTENCES = re.compile(r"[.;!?]\s+|\n")


@dataclass(frozen=True)
class Breach:
    """A figure that should be hidden and is not.

    ``reason``: "printed" in a table or chart; "text", printed in a sentence; "shown_elsewhere", hidden in one file and
    printed in another; "computed", the other figures leave one value; "false_mark", they do not allow what is printed.
    """

    reason: str
    area: str
    table: str
    column: str
    row: str
    file: str


@dataclass(frozen=True)
class AttackResult:
    """What the attack found: breaches, and how much it had to work on."""

    breaches: tuple[Breach, ...]
    tables: int
    figures: int
    primary: int  # hidden because they are small
    secondary: int  # hidden to protect others
    followers: int  # rates, money, intervals that are hidden with their counts


def attack(published: Published) -> AttackResult:
    """Return which hidden figures can be worked out, and which small counts are printed."""
    breaches = [*_printed_counts(published), *_printed_words(published.texts)]
    groups: dict[tuple[str, str], list[PublishedTable]] = defaultdict(list)
    for table in published.tables:
        groups[table.area, table.name].append(table)
    for tables in groups.values():
        breaches += _System(tables).breaches()
    marks = [cell for group in groups.values() for cell in _hidden_once(group)]
    return AttackResult(
        tuple(dict.fromkeys(breaches)),
        tables=len(published.tables),
        figures=sum(isinstance(v, float) for table in published.tables for row in table.rows for v in row),
        primary=sum(mark == "primary" for mark in marks),
        secondary=sum(mark == "secondary" for mark in marks),
        followers=sum(mark == "follower" for mark in marks),
    )


def _hidden_once(tables: list[PublishedTable]) -> Iterable[str]:
    """Return the kind of each hidden cell of a table, once for all the files that it is in."""
    kinds: dict[tuple[int, str], str] = {}
    for table in tables:
        for i, row in enumerate(table.rows):
            for cell, column in zip(row, table.columns, strict=True):
                if is_hidden(cell):
                    is_primary = LOWER_BOUNDED.fullmatch(str(cell)) is not None
                    kind = "primary" if is_primary else "secondary"
                    kinds[i, column.name] = kind if column.disclosure == "count" else "follower"
    return kinds.values()


def _printed_counts(published: Published) -> Iterator[Breach]:
    """Yield the small counts of persons that stand in a table."""
    for table in published.tables:
        for i, row in enumerate(table.rows):
            for heading, column, value in zip(table.headings, table.columns, row, strict=True):
                if column.disclosure == "count" and isinstance(value, float) and 0 < abs(value) < SMALL:
                    yield Breach("printed", table.area, table.name, heading, table.row_name(i), table.file)


def _printed_words(texts: Iterable[PublishedText]) -> Iterator[Breach]:
    """Yield the small counts of persons that stand in a chart or a sentence."""
    for text in texts:
        if text.figure is not None and 0 < abs(text.figure) < SMALL:
            yield Breach("printed", text.area, text.name, "", text.text, text.file)
            continue
        for sentence in SENTENCES.split(text.text) if text.figure is None else ():
            match = FEW.search(sentence)
            if match and not DIFFERENCE.search(sentence[: match.start()]):
                yield Breach("text", text.area, text.name, "", match[0], text.file)


@dataclass
class _Cell:
    low: float = -math.inf
    high: float = math.inf
    heading: str = ""
    row: str = ""
    hidden_in: str = ""  # a file
    shown_in: str = ""


@dataclass
class _System:
    """The figures of one table as the files show it, and the linear relations between them."""

    tables: list[PublishedTable]
    cells: dict[tuple[int, str], _Cell] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for table in self.tables:
            self.totals |= set() if table.total is None else {table.total}
            for i, row in enumerate(table.rows):
                for c, value in enumerate(row):
                    self._add(table, i, c, value)

    def _add(self, table: PublishedTable, i: int, c: int, value: float | str | None) -> None:
        column = table.columns[c]
        if not column.is_number or (value is None and column.disclosure in ("", "none", "label")):
            return
        self.columns.setdefault(column.name, column)
        cell = self.cells.setdefault((i, column.name), _Cell(heading=table.headings[c], row=table.row_name(i)))
        if isinstance(value, float):
            half = table.halves[i][c] + TOLERANCE * max(1.0, abs(value)) * 1e-3
            cell.low, cell.high = max(cell.low, value - half), min(cell.high, value + half)
            cell.shown_in = table.file
        elif is_hidden(value):
            cell.hidden_in = cell.hidden_in or table.file

    def breaches(self) -> Iterator[Breach]:
        """Yield the hidden counts that another file shows, or that the relations leave one value for."""
        hidden = {k: c for k, c in self.cells.items() if c.hidden_in and self.columns[k[1]].disclosure == "count"}
        if not hidden:
            return
        for cell in hidden.values():
            if cell.shown_in:
                yield self._breach("shown_elsewhere", cell, cell.shown_in)
        programme = _Programme(self)
        for key, cell in hidden.items():
            if not cell.shown_in and (reason := programme.what_is_wrong(key)):
                yield self._breach(reason, cell, cell.hidden_in)

    def _breach(self, reason: str, cell: _Cell, file: str) -> Breach:
        return Breach(reason, self.tables[0].area, self.tables[0].name, cell.heading, cell.row, file)


class _Programme:
    """The linear programme of a table: bounds of its cells, and what the registry says of them."""

    def __init__(self, system: _System) -> None:
        self.system = system
        self.position = {key: i for i, key in enumerate(system.cells)}
        self.rows: list[tuple[dict[int, float], float, float]] = []  # coefficients, least and greatest value
        count = 1 + max(i for i, _ in system.cells)
        frame = pd.DataFrame(columns=list(system.columns))
        for relation in table_relations(frame):
            for i in range(count):
                self._add(relation.left, relation.sign, relation.terms, relation.divisor, i)
        parts = [i for i in range(count) if i not in system.totals]
        for i in system.totals:
            for name, column in system.columns.items():
                if column.adds_over:
                    self._add_equation({(i, name): -1.0, **{(k, name): 1.0 for k in parts}})

    def _add(self, left: str, sign: str, terms: tuple[Term, ...], divisor: Term | None, row: int) -> None:
        if divisor is None:
            sums: dict[tuple[int, str], float] = defaultdict(float)
            sums[row, left] = -1.0
            for term in terms:
                if (keys := self._keys(term, row)) is None:
                    return
                for key in keys:
                    sums[key] += term.sign
            self._add_equation(sums, at_least=sign == "<=")
            return
        above, below = self._keys(terms[0], row), self._keys(divisor, row)
        ratio = self.system.cells.get((row, left))
        if above is None or below is None or ratio is None or not ratio.shown_in:
            return
        for bound, least, most in ((ratio.low, 0.0, math.inf), (ratio.high, -math.inf, 0.0)):
            sums = defaultdict(float)
            for key in above:
                sums[key] += 1.0
            for key in below:
                sums[key] -= bound
            self._add_equation(sums, least, most)

    def _keys(self, term: Term, row: int) -> list[tuple[int, str]] | None:
        """Return the cells that a term adds up; None where this table does not have them."""
        if term.row == "":
            keys = [(row, term.column)]
        elif term.row == "previous":
            keys = [(row - 1, term.column)]
        elif term.row == "all":
            keys = [key for key in self.position if key[1] == term.column and key[0] not in self.system.totals]
        else:
            return None
        return keys if all(key in self.position for key in keys) else None

    def _add_equation(
        self, sums: dict[tuple[int, str], float], least: float = 0.0, most: float = 0.0, at_least: bool = False
    ) -> None:
        if all(key in self.position for key in sums):
            coefficients = {self.position[key]: value for key, value in sums.items() if value}
            self.rows.append((coefficients, least, math.inf if at_least else most))

    def what_is_wrong(self, key: tuple[int, str]) -> str:
        """Return "computed" if one whole number is possible for a cell, "false_mark" if its mark is not; else ""."""
        for trust_marks in (True, False):
            low, high = (self._bound(key, sign, trust_marks) for sign in (1.0, -1.0))
            if low is None or high is None:  # a mark that is false leaves no solution: then the figures alone
                continue
            if math.floor(high + WHOLE) <= math.ceil(low - WHOLE):
                return "computed"
            return "" if trust_marks or key not in self.marked else "false_mark"
        return ""

    def _bound(self, key: tuple[int, str], sign: float, trust_marks: bool) -> float | None:
        """Return the least (1) or the greatest (-1) value of a cell; None without a solution."""
        aim = np.zeros(len(self.position))
        aim[self.position[key]] = sign
        matrix, limits = self.inequalities
        bounds = [self._limits(k, cell, trust_marks) for k, cell in self.system.cells.items()]
        result = linprog(aim, matrix, limits, bounds=bounds, method="highs")
        if result.status == 3:  # without a bound
            return -sign * math.inf
        return sign * float(result.fun) if result.status == 0 else None

    @cached_property
    def inequalities(self) -> tuple[csr_array, np.ndarray]:
        """Return the matrix and the limits of what the relations say, each row at most its limit."""
        entries: list[tuple[int, int, float]] = []
        limits: list[float] = []
        for coefficients, least, most in self.rows:
            for sign, limit in ((1.0, most), (-1.0, -least)):
                if math.isfinite(limit):
                    entries += [(len(limits), column, sign * value) for column, value in coefficients.items()]
                    limits.append(limit + TOLERANCE)
        rows, columns, values = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        shape = (len(limits), len(self.position))
        return csr_array((values, (rows, columns)), shape=shape), np.array(limits)

    @cached_property
    def marked(self) -> set[tuple[int, str]]:
        """Return the cells that say that they are small."""
        return {
            (i, column.name)
            for table in self.system.tables
            for i, row in enumerate(table.rows)
            for cell, column in zip(row, table.columns, strict=True)
            if LOWER_BOUNDED.fullmatch(str(cell))
        }

    def _limits(self, key: tuple[int, str], cell: _Cell, trust_marks: bool) -> tuple[float | None, float | None]:
        low, high = cell.low, cell.high
        if cell.hidden_in and self.system.columns[key[1]].disclosure == "count":
            low = max(low, 0.0)
            if trust_marks and not cell.shown_in and key in self.marked:
                low, high = max(low, 1.0), min(high, SMALL - 1.0)
        if low > high:  # two files say different things
            low, high = high, low
        return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)
