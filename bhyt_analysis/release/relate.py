"""Relate the figures of a batch, as far as the printed ones allow.

A reader cannot check a relation against hidden figures. Those of the registry are used for a column of a table unless
its printed figures contradict them. Sums over groups and over communes are used unless printed figures of the same
parts contradict them; communes that do not all have the figure add up to at most that of their unit. What still
contradicts the rest is left out by the attack, the weakest relations first (``cost``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bhyt_analysis.release.figures import CLOSE, Figure, FigureRow, FigureSystem, Interval, overlap
from bhyt_analysis.tables.cell_system import ALL, Key
from bhyt_analysis.tables.columns import Relation, Term, find_column, registry
from bhyt_analysis.tables.formatting import SMALL
from bhyt_analysis.tables.relations import cells_of_term, nearest_wider, row_relations

SUM, ELSEWHERE, MARK, ROW = 1.0, 10.0, 100.0, 1000.0  # cost of leaving out, by how sure a relation is
SLACK = 1e-6
Numbers = dict[int, float]


@dataclass(frozen=True)
class Equation:
    """A weighted sum of cells that is between two limits."""

    numbers: Numbers
    low: float
    high: float
    cost: float


@dataclass(eq=False)
class Relations:
    """The equations of a system. ``latent``: cells that no table prints, with the row that they belong to."""

    system: FigureSystem
    equations: list[Equation] = field(default_factory=list)
    latent: dict[int, FigureRow] = field(default_factory=dict)
    _added: set[tuple[frozenset[tuple[int, float]], float, float]] = field(default_factory=set)

    def add(self, numbers: Mapping[int, float], low: float, high: float, cost: float) -> None:
        """Add an equation if the bounds of its cells allow it."""
        used = {cell: number for cell, number in numbers.items() if number}
        name = frozenset(used.items()), low, high
        if used and name not in self._added and self.fits(used, low, high):
            self._added.add(name)
            self.equations.append(Equation(used, low, high, cost))

    def fits(self, numbers: Mapping[int, float], low: float, high: float) -> bool:
        """Return whether a sum can be between two limits."""
        least, most = self.span(numbers)
        slack = SLACK + CLOSE * sum(abs(n) * _size(self.system.interval(c)) for c, n in numbers.items())
        return least <= high + slack and most >= low - slack

    def span(self, numbers: Mapping[int, float]) -> Interval:
        """Return between which values a sum is."""
        least = most = 0.0
        for cell, number in numbers.items():
            ends = [number * end if number else 0.0 for end in self.system.interval(cell)]
            least, most = least + min(ends), most + max(ends)
        return least, most

    def is_printed(self, cells: Iterable[int]) -> bool:
        """Return whether the files print all of the cells."""
        return self.system.public.issuperset(cells)


def _size(interval: Interval) -> float:
    return max(abs(end) if math.isfinite(end) else 0.0 for end in interval)


def relate(system: FigureSystem, rows: Sequence[FigureRow], own: Mapping[str, str]) -> Relations:
    """Return the relations of a system. ``own``: the unit of each folder."""
    relations = Relations(system)
    blocks: dict[tuple[str, str], list[FigureRow]] = defaultdict(list)
    for row in rows:
        blocks[row.folder, row.table].append(row)
    for block in blocks.values():
        _relate_block(relations, block)
        _relate_money(relations, block)
        _relate_total_row(relations, block)
    _relate_groups(relations)
    _relate_units(relations, rows, own)
    return relations


# --- Rows -----------------------------------------------------------------------------------------


def _relate_block(relations: Relations, block: Sequence[FigureRow]) -> None:
    """Add the relations of the registry to the rows of a table, each kind if few rows contradict it."""
    rows_of: dict[Relation, list[FigureRow]] = defaultdict(list)
    for row in block:
        for relation in dict.fromkeys(row_relations(row)):
            rows_of[relation].append(row)
        for name, column in row.columns.items():
            for relation in column.relations if name != column.name else ():
                rows_of[replace(relation, left=name)].append(row)
    # those of rates first: they can give a count that others need
    for relation, rows in sorted(rows_of.items(), key=lambda item: item[0].divisor is None):
        if relation.divisor is None and relation.sign == "=" and len(relation.terms) == 1:
            _relate_names(relations, relation, rows)
            continue
        equations = [e for row in rows for e in _Maker(relations, row, relation).equations()]
        tests = [relations.fits(*e[:3]) for e in equations if relations.is_printed(e[0])]
        if all(tests) or 2 * sum(tests) > len(tests):  # single rows can be wrong, as where more are insured than live
            for numbers, low, high, is_own in equations:
                relations.add(numbers, low, high, ROW if is_own else ELSEWHERE)
    latent = {name: row for row in block for name in row.cells.keys() - row.figures.keys()}
    for relation in (r for name in latent for r in find_column(name).relations):
        if relation.divisor is None and relation.sign == "=" and len(relation.terms) == 1:
            _relate_names(relations, relation, block)


@dataclass(eq=False)
class _Maker:
    """Make the equations of a relation in a row."""

    relations: Relations
    row: FigureRow
    relation: Relation
    is_own: bool = True  # all figures are in the same table

    def equations(self) -> Iterator[tuple[Numbers, float, float, bool]]:
        """Yield the numbers, the limits, and whether all are in the same table; nothing if cells are missing."""
        if self.relation.divisor is None:
            if (numbers := self._sum()) and len(numbers) > 1:
                yield numbers, 0.0, 0.0 if self.relation.sign == "=" else math.inf, self.is_own
        else:
            yield from self._rate(self.relation.divisor)

    def _cells(self, term: Term) -> list[int] | None:
        cells = cells_of_term(self.relations.system, self.row, term)
        if cells and (term.row.startswith("month-") or (not term.row and term.column not in self.row.cells)):
            self.is_own = False
        return cells

    def _sum(self) -> Numbers | None:
        """Return the sum of the terms less the left side; the one count that no table prints becomes a cell."""
        terms = [(-1, Term(self.relation.left), self._own(self.relation.left))]
        for term in self.relation.terms:
            if not (term.optional and term.column not in self.row.cells):
                terms.append((term.sign, term, self._cells(term)))
        numbers: Numbers = defaultdict(float)
        for sign, _, cells in terms:
            for cell in cells or ():
                numbers[cell] += sign
        missing = [(sign, term) for sign, term, cells in terms if cells is None]
        if missing and len(missing) == 1 and self.relation.sign == "=":
            sign, term = missing[0]
            is_public = all(self.relations.system.disclosure[cell] == "population" for cell in numbers)
            is_other = any(columns <= self.row.figures.keys() for columns in _other_meanings(self.relation.left))
            latent = None if is_public or term.row or is_other else self._latent(term.column)
            return None if latent is None else {**numbers, latent: sign}
        return None if missing else numbers

    def _own(self, column: str) -> list[int] | None:
        cell = self.row.cells.get(column)
        if cell is None:
            cell = self._same(column)
        return None if cell is None else [cell]

    def _same(self, column: str) -> int | None:
        """Return the cell of another table for the same count; without a day, that of the latest."""
        system, key = self.relations.system, self.row.key._replace(column=column)
        return system.index.get(key) if key.day else system.find(key)

    def _latent(self, name: str) -> int | None:
        """Return a cell for a count that no table prints."""
        column, system = find_column(name), self.relations.system
        if column.disclosure != "count":
            return None
        if (cell := self._same(name)) is None:
            key = self.row.key._replace(column=name)
            table = next(iter(self.row.figures.values())).table
            figure = Figure(column, table, self.row.name, column.label(self.row.lang))
            cell = system.add_cell(key, figure, (0.0, math.inf))
            self.relations.latent[cell] = self.row
        self.row.cells[name] = cell
        return cell

    def _rate(self, divisor: Term) -> Iterator[tuple[Numbers, float, float, bool]]:
        """Yield that a count is between the ends of its rate's rounding times the divisor."""
        system, rate = self.relations.system, self.row.cells.get(self.relation.left)
        people = self._cells(divisor)
        if rate is None or not people or not self.is_rate(rate):
            return
        least, most = self.relations.span(dict.fromkeys(people, 1.0))
        low, high = system.interval(rate)
        count = self._cells(self.relation.terms[0])
        if count is None and not self.relation.terms[0].row and (high - low) * most < 1:
            cell = self._latent(self.relation.terms[0].column)
            count = None if cell is None else [cell]
        if not count or len(count) > 1:
            return
        if all(map(system.is_fixed, people)):
            yield {count[0]: 1.0, rate: -(least + most) / 2}, -SLACK, SLACK, self.is_own
            return
        for end, limits in ((low, (0.0, math.inf)), (high, (-math.inf, 0.0))):
            if math.isfinite(end):
                numbers: Numbers = defaultdict(float)
                numbers[count[0]] += 1.0
                for cell in people:
                    numbers[cell] -= end
                yield numbers, *limits, self.is_own

    def is_rate(self, cell: int) -> bool:
        """Return whether the left side is a ratio of what is counted, not of what a model gives."""
        return self.relations.system.disclosure[cell] in ("rate", "estimate")


@lru_cache(maxsize=256)
def _other_meanings(name: str) -> tuple[frozenset[str], ...]:
    """Return the columns of the equations that a column has in the tables of some functions only."""
    rows = registry()
    results = " ".join(rows.loc[(rows["column"] == name) & (rows["results"] != ""), "results"]).split()
    return tuple(frozenset(r.columns) for result in results for r in find_column(name, result).relations)


def _relate_names(relations: Relations, relation: Relation, rows: Sequence[FigureRow]) -> None:
    """Add that a quantity is another one under its own name, on the latest day on which printed figures agree.

    Where none can be compared, that is the latest day.
    """
    system, other = relations.system, relation.terms[0].column
    pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        cell = row.cells.get(relation.left)
        days = system.by_day.get(row.key._replace(column=other, day=""), {}) if cell is not None else {}
        for day, same in days.items():
            if cell is not None and same != cell:
                pairs[day].append((cell, same))
    printed_on = {day: [pair for pair in own if relations.is_printed(pair)] for day, own in pairs.items()}
    for day in sorted(pairs, reverse=True):
        printed = printed_on[day]
        if (printed or not any(printed_on.values())) and all(
            overlap(system.interval(a), system.interval(b)) for a, b in printed
        ):
            for a, b in pairs[day]:
                relations.add({a: 1.0, b: -1.0}, 0, 0, ELSEWHERE)
            return


def _relate_money(relations: Relations, block: Sequence[FigureRow]) -> None:
    """Add that money is a count times a price which the row prints, as far as rows that print all agree."""
    places = {
        (name, count)
        for row in block
        for name, column in row.columns.items()
        for count, other in row.columns.items()
        if column.disclosure == "money" and other.name in column.follows
    }
    for name, count in sorted(places):
        rows = [row for row in block if name in row.cells and count in row.cells]
        scale = 1e-9 if any("billion" in row.columns[name].unit for row in rows if name in row.columns) else 1.0
        for part in ("all", "state", "own"):
            prices = [(row, scale * price) for row in rows if (price := _price(row.plain, part))]
            # a price is rounded to the dong, so money is off by half a dong for each person
            equations = [({row.cells[name]: 1 / price, row.cells[count]: -1.0}, scale / price) for row, price in prices]
            tests = [
                relations.fits(e, -h * _people(relations, e), h * _people(relations, e))
                for e, h in equations
                if relations.is_printed(e)
            ]
            # without a row that prints both, a table without shares is of whole premiums
            is_likely = tests or (part == "all" and not any("subsidy_share" in row.plain for row in rows))
            if equations and is_likely and all(tests):
                for equation, half in equations:
                    slack = half * _people(relations, equation)
                    relations.add(equation, -slack, slack, ELSEWHERE)
                break


def _people(relations: Relations, equation: Mapping[int, float]) -> float:
    """Return how many people money is for at most, where it is known, to allow for rounding."""
    return max(float(SMALL), *(_size(relations.system.interval(cell)) for cell, n in equation.items() if n == -1.0))


def _price(plain: Mapping[str, float], part: str) -> float | None:
    premium, share = plain.get("premium"), plain.get("subsidy_share")
    if premium is None or part == "all":
        return premium
    return None if share is None else premium * (share if part == "state" else 1 - share)


# --- Sums -----------------------------------------------------------------------------------------


def _relate_total_row(relations: Relations, block: Sequence[FigureRow]) -> None:
    """Add that the last or first row of a table is the sum of the others."""
    for total in (row for row in block if row.is_total):
        listed = {row.key.group for row in total.rows}
        parts = [r for r in total.rows if nearest_wider(r.key.group, listed - {ALL}) is None or r.key.group == ALL]
        own = [row for row in parts if row.key._replace(other=()) != total.key._replace(other=())]
        for name, cell in total.cells.items():
            cells = [row.cells[name] for row in own if name in row.cells]
            is_sum = name in total.columns and total.columns[name].adds_over
            if is_sum and cells and len(cells) == len(own) and cell not in cells:
                relations.add({**dict.fromkeys(cells, 1.0), cell: -1.0}, 0, 0, ROW)


@dataclass(frozen=True)
class _Sum:
    """Parts of a column that may add up to a total. ``family``: which parts; ``is_complete``: none is missing."""

    family: tuple[str, str]
    column: str
    total: int
    parts: tuple[int, ...]
    is_complete: bool = True

    @property
    def numbers(self) -> Numbers:
        return {**dict.fromkeys(self.parts, 1.0), self.total: -1.0}


def _relate_groups(relations: Relations) -> None:
    """Add that groups add up to all insured, and sub-groups to their group."""
    sums = []
    for key, cells in _families(relations, "group", {"group", "subgroup"}).items():
        parts: dict[str, list[int]] = defaultdict(list)
        for group, cell in cells.items():
            if (wider := nearest_wider(group, cells)) is not None:
                parts[wider].append(cell)
        sums += [_Sum((key.area, wider), key.column, cells[wider], tuple(own)) for wider, own in parts.items()]
    _add_sums(relations, sums)


def _relate_units(relations: Relations, rows: Sequence[FigureRow], own: Mapping[str, str]) -> None:
    """Add that the communes which the tables of a folder list add up to its unit."""
    listed: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        unit = own.get(row.folder, row.folder)
        if row.folder and row.key.area != unit and row.cells:
            listed[unit].add(row.key.area)
    sums = []
    for key, cells in _families(relations, "area", {"area"}).items():
        for unit in listed.keys() & cells.keys():
            # a unit that lists this one is above it
            below = {area for area in listed[unit] if unit not in listed.get(area, ())}
            parts = tuple(cell for area, cell in cells.items() if area in below)
            if parts:
                is_complete = len(parts) == len(below)
                sums.append(_Sum((unit, ""), key.column, cells[unit], parts, is_complete))
    _add_sums(relations, sums)


def _families(relations: Relations, part: str, adds_over: set[str]) -> dict[Key, dict[str, int]]:
    """Return the cells that can be summed over a part of their keys, by the rest of the key and by that part."""
    system = relations.system
    families: dict[Key, dict[str, int]] = defaultdict(dict)
    for key, cell in system.index.items():
        is_sum = system.disclosure[cell] in ("count", "population") and cell not in relations.latent
        if is_sum and adds_over & set(system.figures[cell].column.adds_over):
            rest = key._replace(area="") if part == "area" else key._replace(group="")
            families[rest][getattr(key, part)] = cell
    return families


def _add_sums(relations: Relations, sums: Sequence[_Sum]) -> None:
    """Add sums as equations, or that the parts are at most their total, or not at all, as the printed ones say.

    A sum that hidden cells keep from being tested holds if it does on other days, else if it does for the people or
    for other counts of the same parts; where nothing can be tested, a reader will suppose that it does.
    """
    equal: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    below: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for each in sums:
        if relations.is_printed(each.numbers):
            for results, low in ((equal, 0.0), (below, -math.inf)):
                own = results[each.family]
                own[each.column] = own.get(each.column, True) and relations.fits(each.numbers, low, 0)
    for each in sums:
        if not relations.is_printed(each.numbers):
            if _is_likely(equal[each.family], each.column, each.is_complete):
                relations.add(each.numbers, 0, 0, SUM)
            elif _is_likely(below[each.family], each.column, True):
                relations.add(each.numbers, -math.inf, 0, SUM)


def _is_likely(results: Mapping[str, bool], column: str, is_complete: bool) -> bool:
    """Return whether a sum can be supposed to hold by what printed figures say of columns."""
    if column in results:
        return results[column]
    if "population" in results:
        return results["population"] and is_complete
    return all(results.values()) and is_complete
