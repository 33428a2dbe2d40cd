"""Relate published cells: by the registry's equations, by sums over groups and units, and by what follows a count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import pandas as pd

from bhyt_analysis.law.groups import wider_groups
from bhyt_analysis.tables.cell_system import ALL, REAL, SOLVED, CellSystem, Key, TableRow
from bhyt_analysis.tables.columns import ANY_GROUP, Relation, Term, find_column, followed_columns, registry
from bhyt_analysis.tables.labels import is_group


def relate_rows(system: CellSystem, rows: Sequence[TableRow]) -> None:
    """Add the relations of the registry in which the cells of rows take part."""
    for row in chain(rows, system.latent_rows):  # these grow meanwhile
        for relation in row_relations(row):
            if relation.divisor:
                _relate_rate(system, row, relation)
            else:
                _relate_row(system, row, relation)


@lru_cache(maxsize=256)
def _relations_of(column: str, result: str) -> tuple[Relation, ...]:
    """Return the relations of a column, those of rates first: they can give a count that others need."""
    return tuple(sorted(find_column(column, result).relations, key=lambda r: r.divisor is None))


@lru_cache(maxsize=1)
def given_counts() -> tuple[str, ...]:
    """Return the counts that the registry has equations for."""
    rows = registry()
    own = (rows["disclosure"] == "count") & rows["relation"].str.contains(" = ", regex=False) & (rows["results"] == "")
    return tuple(rows.loc[own, "column"])


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(registry()["column"])


def row_relations(row: TableRow) -> Iterator[Relation]:
    """Yield the relations that a row's columns take part in, also of counts that the table leaves out."""
    is_all = row.key.group == ALL and not row.key.other  # else people who are not of the group
    absent = [name for name in given_counts() if is_all and name not in row.cells]
    for name in sorted(row.cells, key=lambda n: find_column(n, row.result).disclosure != "rate"):
        relations = _relations_of(name, row.result)
        own = [relation for relation in relations if relation.columns <= row.cells.keys()]
        # where a row has all columns of an equation, that is what its figure means there
        yield from (r for r in relations if r in own or not (own and r.sign == own[0].sign))
    for name in absent:
        for relation in _relations_of(name, row.result):
            if len(relation.terms) > 1 and any(t.column in row.cells for t in relation.terms):
                yield relation


def cells_of_term(system: CellSystem, row: TableRow, term: Term) -> list[int] | None:
    """Return the cells whose sum a term is; None where they are not known."""
    if term.column == ANY_GROUP:
        return [c for n, c in row.cells.items() if is_group(n) and n not in _names()]
    if not term.row:
        return own_or_elsewhere(system, row, term.column)
    if term.row == "previous":
        return None if row.above is None else _maybe(row.above.cells.get(term.column))
    if term.row.startswith("month-"):
        return _maybe(_months_before(system, row.key._replace(column=term.column), int(term.row[6:])))
    if term.row == "baseline":
        return None
    alike = [r for r in row.rows if term.row == ALL or getattr(r.key, term.row, None) == getattr(row.key, term.row, "")]
    cells = [r.cells.get(term.column) for r in alike]
    return None if None in cells else [c for c in cells if c is not None]


def _maybe(cell: int | None) -> list[int] | None:
    return None if cell is None else [cell]


def own_or_elsewhere(system: CellSystem, row: TableRow, column: str) -> list[int] | None:
    """Return the cell of a column in the row, else in other tables: of people also that of the unit as a whole."""
    if (cell := row.cells.get(column)) is not None:
        return [cell]
    key = row.key._replace(column=column)
    for other in (key, key._replace(other=()), key._replace(group=ALL, other=())):
        if other.group != key.group and find_column(column).disclosure != "population":
            break
        if (cell := system.find(other)) is not None:
            return [cell]
    return None


def _months_before(system: CellSystem, key: Key, months: int) -> int | None:
    if not key.day:
        return None
    month = str(pd.Period(key.day[:7], "M") - months)
    days = system.by_day.get(key._replace(day=""), {})
    return next((cell for day, cell in days.items() if day[:7] == month), None)


def _relate_row(system: CellSystem, row: TableRow, relation: Relation) -> None:
    """Add an equation or inequality of a row; the one count that it lacks becomes a cell of its own."""
    terms: list[tuple[int, Term, list[int] | None]] = [(-1, Term(relation.left), _maybe(row.cells.get(relation.left)))]
    for term in relation.terms:
        if not (term.optional and term.column not in row.cells):
            terms.append((term.sign, term, cells_of_term(system, row, term)))
    missing = [(sign, term) for sign, term, cells in terms if cells is None]
    numbers: dict[int, float] = defaultdict(float)
    for sign, _, cells in terms:
        for cell in cells or []:
            numbers[cell] += sign
    if len(missing) == 1 and relation.sign == "=" and (latent := _given_count(system, row, *missing[0], numbers)):
        numbers[latent[0]] += latent[1]
        missing = []
    if missing:
        return
    if relation.sign == "=" and len(terms) == 2 and not system.relate(numbers, 0, 0):
        _relate_other_day(system, row, terms)
    elif len(terms) > 2 or relation.sign == "<=":
        system.relate(numbers, 0, 0 if relation.sign == "=" else np.inf)


def _relate_other_day(system: CellSystem, row: TableRow, terms: Sequence[tuple[int, Term, list[int] | None]]) -> None:
    """Relate a cell to the same quantity under another name, on whatever day it is equal."""
    own, key = row.cells.get(terms[0][1].column), row.key._replace(column=terms[1][1].column, day="")
    for cell in system.by_day.get(key, {}).values():
        if own is not None and cell != own and system.relate({own: 1.0, cell: -1.0}, 0, 0):
            return


def _given_count(
    system: CellSystem, row: TableRow, sign: int, term: Term, numbers: Mapping[int, float]
) -> tuple[int, int] | None:
    """Return the cell and the sign of a count that no table prints but that the others of an equation give."""
    before = term.row.startswith("month-") and bool(row.key.day)
    if (term.row and not before) or find_column(term.column, row.result).disclosure != "count" or not numbers:
        return None
    total = -sign * sum(number * system.value[cell] for cell, number in numbers.items())
    if total < 0 or any(system.half[cell] for cell in numbers):
        return None
    if all(system.state[cell] == "known" for cell in numbers):
        return None
    key = row.key._replace(column=term.column)
    if before:
        month = pd.Period(row.key.day[:7], "M") - int(term.row[6:])
        key = key._replace(day=str(month.end_time.date()))
        earlier = TableRow(key._replace(column=""), row.result, {term.column: system.add_latent(key, total)})
        earlier.rows = [earlier]
        system.latent_rows.append(earlier)
        return earlier.cells[term.column], sign
    cell = _printed_elsewhere(system, key, total)
    row.cells[term.column] = cell = system.add_latent(key, total) if cell is None else cell
    return cell, sign


def _printed_elsewhere(system: CellSystem, key: Key, value: float) -> int | None:
    """Return a printed cell of the value: of the quantity on the day, or under another of its names on any day."""
    if (cell := system.find(key)) is not None and system.value[cell] == value:
        return cell
    for name in (r.terms[0].column for r in find_column(key.column).relations if len(r.terms) == 1 and not r.divisor):
        for cell in system.by_day.get(key._replace(column=name, day=""), {}).values():
            if system.state[cell] == "printed" and system.value[cell] == value:
                return cell
    return None


def _relate_rate(system: CellSystem, row: TableRow, relation: Relation) -> None:
    """Add what a printed rate tells: its count lies between the divisor times the ends of its rounding."""
    rate = row.cells.get(relation.left)
    divisor = relation.divisor and cells_of_term(system, row, relation.divisor)
    if rate is None or not divisor:
        return
    count = cells_of_term(system, row, relation.terms[0]) or _count_of_rate(system, row, relation, rate, divisor)
    if not count or len(count) > 1 or system.value[count[0]] is None:
        return
    value, half = system.value[rate], system.half[rate] + 1e-9
    sides = []
    for end, low, high in ((value + half, -np.inf, 0.0), (value - half, 0.0, np.inf)):
        numbers: dict[int, float] = defaultdict(float)
        numbers[count[0]] += 1
        for cell in divisor:
            numbers[cell] -= end
        total = sum(number * system.value[cell] for cell, number in numbers.items())
        sides.append((numbers, low, high, low <= total <= high))
    if all(side[3] for side in sides):
        for numbers, low, high, _ in sides:
            system.relations.append((dict(numbers), low, high, rate))
        if all(system.disclosure[cell] in REAL - {"change"} for cell in (count[0], *divisor)):
            system.stated.add(rate)


def _count_of_rate(
    system: CellSystem, row: TableRow, relation: Relation, rate: int, divisor: Sequence[int]
) -> list[int] | None:
    """Return the count that a rate gives to the person though no table prints it."""
    column = relation.terms[0].column
    people = sum(system.value[cell] for cell in divisor)
    width = system.half[rate] * people
    is_count = find_column(column, row.result).disclosure == "count" and system.disclosure[rate] == "rate"
    if relation.terms[0].row or not is_count or width >= 0.5:
        return None
    value = round(system.value[rate] * people)
    row.cells[column] = cell = system.add_latent(row.key._replace(column=column), float(value))
    return [cell]


def nearest_wider(group: str, listed: Iterable[str]) -> str | None:
    """Return the narrowest of the listed groups that contain a group; all people where there is no other."""
    wider = sorted(wider_groups(group) & set(listed), key=lambda g: -len(wider_groups(g)))
    return next(iter(wider), ALL if group != ALL and ALL in listed else None)


def add_sums(system: CellSystem, parents: Mapping[str, str]) -> None:
    """Add that totals are the sums of their parts: over groups, units, and other parts such as payers."""
    families: dict[tuple[str, Key], dict[str, int]] = defaultdict(dict)
    for key, cell in list(system.index.items()):
        dimensions = find_column(key.column).adds_over
        if system.disclosure[cell] not in SOLVED:
            continue
        if "group" in dimensions or "subgroup" in dimensions:
            families["group", key._replace(group="")][key.group] = cell
        if "area" in dimensions and key.area:
            families["area", key._replace(area="")][key.area] = cell
        for part in {name for name, _ in key.other} & set(dimensions):
            rest = tuple(p for p in key.other if p[0] != part)
            families[part, key._replace(other=rest)][dict(key.other)[part]] = cell
    for (part, key), cells in families.items():
        children: dict[str, list[int]] = defaultdict(list)
        for name, cell in cells.items():
            above = {"group": lambda n: nearest_wider(n, cells), "area": parents.get}  # noqa: B023
            wider = above[part](name) if part in above else ALL
            if wider is not None:
                children[wider].append(cell)
        for wider, own in children.items():
            total = cells.get(wider) if part in ("group", "area") else system.index.get(key)
            if total is not None:
                _add_sum(system, total, own)


def _add_sum(system: CellSystem, total: int, parts: Sequence[int]) -> None:
    """Add that parts make up a total; what they lack of it is a count too, which everybody can work out."""
    numbers = {**dict.fromkeys(parts, 1.0), total: -1.0}
    if all(system.state[cell] == "known" for cell in numbers):
        return
    system.totals.add(total)
    if system.relate(numbers, 0, 0):
        return
    rest = system.value[total] - sum(system.value[cell] for cell in parts)
    if rest > 0 and system.disclosure[total] == "count":
        numbers[system.add_latent(system.keys[total]._replace(column=f"{system.keys[total].column}:rest"), rest)] = 1.0
        system.relate(numbers, 0, 0)


def add_followed(system: CellSystem, row: TableRow) -> None:
    """Note with which counts the cells of a row are hidden, and what money tells of them."""
    for name, cell in row.cells.items():
        base = name.partition(":")[0]
        disclosure = system.disclosure[cell]
        alone = disclosure in ("count", "change") and cell in system.related
        if alone or cell in system.stated or disclosure in ("population", "none") or system.state[cell] == "latent":
            continue
        columns = [base] if base != name else sorted(followed_columns(base, row.result))
        for column in columns:
            for other in own_or_elsewhere(system, row, column) or []:
                if system.state[other] == "printed" and other != cell:
                    system.followed.add((cell, other))
                    _relate_money(system, cell, other)


def _relate_money(system: CellSystem, money: int, count: int) -> None:
    """Add that money is a count times a price that everybody knows."""
    if system.disclosure[money] == "money" and system.disclosure[count] == "count" and system.value[count] > 0:
        system.relate({money: 1.0, count: -system.value[money] / system.value[count]}, 0, 0)
