"""Gather what published tables print into one system of cells and relations, from the registry of their columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import floor, isfinite, log10
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from bhyt_analysis.law.groups import wider_groups
from bhyt_analysis.tables.attack import Cells, disclosure_rules
from bhyt_analysis.tables.columns import ANY_GROUP, Column, Relation, Term, find_column, followed_columns, registry
from bhyt_analysis.tables.labels import is_group

SOLVED = {"count", "change", "population", "estimate", "money"}  # quantities that relations are about
REAL = {"count", "change", "population"}  # others follow a model, which the attacker may know
BESIDE = {"rate", "interval", "by_key"}  # hidden with others, or because they tell them
DAYS = ("month", "as_of", "on")
ALL = "all"
# Columns that tell rows apart besides the unit, the day and the group.
PARTS = ("payer", "from", "to", "scenario", "result", "step", "part", "lever", "former", "year", "decision", "kind")


class Key(NamedTuple):
    """What a cell is: a quantity of an area on a day, of a group, within other parts such as a payer."""

    column: str
    area: str
    day: str
    group: str
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """A table that is to be published. ``name``: of the table, or of what prints it.

    ``area``, ``day``: those of rows that do not name them; a row without a day is of the latest day of its quantity.
    ``areas``: codes by the names of units, for tables without codes.
    """

    name: str
    table: pd.DataFrame
    area: str = ""
    day: str = ""
    areas: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class _Row:
    """A row of a table: what names its cells, and their positions by column. ``above``: the row above it."""

    key: Key
    result: str
    cells: dict[str, int] = field(default_factory=dict)
    above: _Row | None = None
    rows: list[_Row] = field(default_factory=list)


@dataclass(eq=False)
class _System:
    """Cells and relations while they are gathered; ``stated``: rates whose relation is one of them."""

    keys: list[Key] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    half: list[float] = field(default_factory=list)
    disclosure: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    index: dict[Key, int] = field(default_factory=dict)
    by_day: dict[Key, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    relations: list[tuple[dict[int, float], float, float, int]] = field(default_factory=list)
    related: set[int] = field(default_factory=set)
    stated: set[int] = field(default_factory=set)
    totals: set[int] = field(default_factory=set)
    followed: set[tuple[int, int]] = field(default_factory=set)
    places: list[tuple[int, int, str, int]] = field(default_factory=list)

    def add(self, key: Key, value: float, half: float, disclosure: str, state: str = "printed") -> int:
        """Return the position of a cell: a new one unless a cell of this key and value is there."""
        cell = self.index.get(key)
        if cell is not None and abs(self.value[cell] - value) <= half + self.half[cell] + 1e-9 * abs(value):
            if half < self.half[cell]:
                self.half[cell], self.value[cell] = half, value
            return cell
        new = len(self.keys)
        self.keys.append(key)
        self.value.append(value)
        self.half.append(half)
        self.disclosure.append(disclosure)
        self.state.append(state)
        if cell is None:
            self.index[key] = new
            self.by_day[key._replace(day="")][key.day] = new
        return new

    def move(self, cell: int, key: Key) -> None:
        """Give a cell another key."""
        self.drop(cell)
        self.keys[cell], self.index[key] = key, cell
        self.state[cell] = "known" if self.disclosure[cell] == "population" else "printed"
        self.by_day[key._replace(day="")][key.day] = cell

    def drop(self, cell: int) -> None:
        """Forget a cell that is another one as well."""
        self.index.pop(self.keys[cell], None)
        self.by_day[self.keys[cell]._replace(day="")].pop(self.keys[cell].day, None)
        self.state[cell] = "known"

    def add_latent(self, key: Key, value: float) -> int:
        """Return the position of a count that no table prints."""
        return self.add(key, value, 0, "count", "latent")

    def find(self, key: Key) -> int | None:
        """Return a cell by its key; of a row without a day that of the latest day."""
        if (cell := self.index.get(key)) is not None:
            return cell
        days = self.by_day.get(key._replace(day=""))
        if not days:
            return None
        if key.day and "" in days:
            return days[""]
        return days[max(days)] if not key.day or self.disclosure[next(iter(days.values()))] == "population" else None

    def relate(self, numbers: Mapping[int, float], low: float, high: float, stated_by: int = -1) -> bool:
        """Add a relation if the figures fit it, and return whether they do."""
        total = sum(number * self.value[cell] for cell, number in numbers.items())
        size = sum(abs(number * self.value[cell]) for cell, number in numbers.items())
        slack = 1e-9 * size + 1e-6 + sum(abs(number) * self.half[cell] for cell, number in numbers.items())
        if len(numbers) < 2 or not low - slack <= total <= high + slack:
            return False
        ends = (total, total) if low == high else (min(low, total), max(high, total))
        self.relations.append((dict(numbers), *ends, stated_by))
        if all(self.disclosure[cell] in REAL for cell in numbers):
            self.related |= numbers.keys()
        return True


def collect_cells(tables: Sequence[PublishedTable], parents: Mapping[str, str] | None = None) -> Cells:
    """Return the cells of tables with all relations between them. ``parents``: the unit above each, by code.

    Relations are those of the registry (``relation``, ``adds_over``), within a row and across rows and tables, as
    far as the figures fit them. A count that no table prints but that a relation gives is a cell as well.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["X"], "population": [1000], "insured": [997]})
    >>> cells = collect_cells([PublishedTable("communes", table)])
    >>> cells.table[["column", "value", "state", "primary"]].to_dict("split")["data"]
    [['population', 1000.0, 'known', False], ['insured', 997.0, 'printed', False], ['uninsured', 3.0, 'latent', True]]
    """
    system = _System()
    rows = [row for i, published in enumerate(tables) for row in _read(system, i, published)]
    _date_undated(system, rows)
    for row in rows:
        for relation in _row_relations(row):
            if relation.divisor:
                _relate_rate(system, row, relation)
            else:
                _relate_row(system, row, relation)
    _add_sums(system, parents or {})
    for row in rows:
        _follow(system, row)
    return _cells(system)


def _read(system: _System, position: int, published: PublishedTable) -> list[_Row]:
    """Add the cells of a table, and return its rows."""
    table = published.table
    result, columns = table.attrs.get("result", ""), set(table)
    if {"key", "value"} <= columns and find_column("value", result).disclosure == "by_key":
        return _read_figures(system, position, published)
    keys = list(_row_keys(published, columns))
    rows = [_Row(key, result) for key in keys]
    for above, row in zip(rows, rows[1:], strict=False):
        row.above = above
    for row in rows:
        row.rows = rows
    for name in map(str, table):
        column = find_column(name, result)
        if column.disclosure not in SOLVED | BESIDE or not pd.api.types.is_numeric_dtype(table[name]):
            continue
        numbers = table[name].to_numpy(float, na_value=np.nan)
        for number, (row, value) in enumerate(zip(rows, numbers.tolist(), strict=True)):
            if isfinite(value):
                row.cells[name] = cell = _add_cell(system, column, row.key._replace(column=name), value)
                system.places.append((position, number, name, cell))
    return rows


def _add_cell(system: _System, column: Column, key: Key, value: float) -> int:
    printed, half = _as_printed(value, column.format)
    is_known = column.disclosure == "population"
    value = printed if column.disclosure in BESIDE else value
    return system.add(key, value, half, column.disclosure, "known" if is_known else "printed")


def _as_printed(value: float, style: str) -> tuple[float, float]:
    """Return a figure as the file of a table prints it, and how much it is off at most: the file rounds it twice."""
    if float(value).is_integer() and style not in ("p1", "pe", "+pp1"):
        return value, 0.0
    scale, places = (100, 4 if style == "+pp1" else 6) if style in ("p1", "pe", "+pp1") else (1, 6)
    rounded = float(f"{round(value * scale, places):g}")
    last = 10.0 ** max(-places, floor(log10(abs(rounded))) - 5) if rounded else 10.0**-places
    return rounded / scale, (last + 10.0**-places) / scale / 2


def _row_keys(published: PublishedTable, columns: set[str]) -> Iterator[Key]:
    """Yield what names the cells of each row, without a column."""
    table, count = published.table, len(published.table)
    areas = [published.area] * count
    if "area" in columns:
        areas = [str(v) or published.area for v in table["area"]]
    elif "name" in columns and published.areas:
        areas = [published.areas.get(str(v), str(v)) for v in table["name"]]
    day = next((c for c in DAYS if c in columns), None)
    days = [published.day] * count if day is None else [str(v)[:10] if pd.notna(v) else "" for v in table[day]]
    group = next((c for c in ("subgroup", "group") if c in columns), None)
    groups = [ALL] * count if group is None else [str(v) for v in table[group]]
    names = [c for c in PARTS if c in columns]
    others = zip(*(table[c].astype(str) for c in names), strict=True) if names else [()] * count
    for *where, other in zip(areas, days, groups, others, strict=True):
        yield Key("", *where, tuple((n, v) for n, v in zip(names, other, strict=True) if v not in ("", ALL)))


def _read_figures(system: _System, position: int, published: PublishedTable) -> list[_Row]:
    """Add the cells of a table whose rows are figures of one area, each named by its key; they make one row."""
    table = published.table
    result = table.attrs.get("result", "")
    row = _Row(Key("", published.area, published.day, ALL), result)
    row.rows = [row]
    for number, record in enumerate(table.to_dict("records")):
        column = find_column(str(record["key"]), result)
        for name in (n for n in ("value", "low", "high") if n in record):
            value = record[name]
            if isinstance(value, str) or pd.isna(value) or column.disclosure not in SOLVED | BESIDE:
                continue
            quantity = column.name if name == "value" else f"{column.name}:{name}"
            own = column if name == "value" or column.disclosure == "population" else _interval_of(column)
            day = str(record.get("as_of") or published.day)[:10]
            key = row.key._replace(column=quantity, day=day)
            row.cells[quantity] = cell = _add_cell(system, own, key, float(value))
            system.places.append((position, number, name, cell))
    return [row]


def _date_undated(system: _System, rows: Sequence[_Row]) -> None:
    """Give the cells of rows without a day that of the latest count of their quantity that fits them."""
    days_of: dict[str, set[str]] = defaultdict(set)
    undated: dict[str, list[int]] = defaultdict(list)
    for key, cell in system.index.items():
        if key.day:
            days_of[key.column].add(key.day)
        else:
            undated[key.column].append(cell)
    same: dict[int, int] = {}
    for column, cells in undated.items():
        days = sorted(days_of[column], reverse=True)
        day = next((d for d in days if _fits_day(system, cells, d)), days[0] if days else "")
        for cell in cells if day else []:
            key = system.keys[cell]._replace(day=day)
            other = system.index.get(key)
            if other is None:
                system.move(cell, key)
            elif system.value[other] == system.value[cell]:
                same[cell] = other
    for row in rows if same else []:
        row.cells = {name: same.get(cell, cell) for name, cell in row.cells.items()}
    system.places = [(*place, same.get(cell, cell)) for *place, cell in system.places]
    for cell in same:
        system.drop(cell)


def _fits_day(system: _System, cells: Sequence[int], day: str) -> bool:
    """Return whether some of the cells are printed for the day as well, with the same values."""
    pairs = [(cell, system.index.get(system.keys[cell]._replace(day=day))) for cell in cells]
    equal = [system.value[cell] == system.value[other] for cell, other in pairs if other is not None]
    return bool(equal) and all(equal)


def _interval_of(column: Column) -> Column:
    return Column(column.name, format=column.format, disclosure="interval", follows=column.follows)


@lru_cache(maxsize=256)
def _relations_of(column: str, result: str) -> tuple[Relation, ...]:
    """Return the relations of a column, those of rates first: they can give a count that others need."""
    return tuple(sorted(find_column(column, result).relations, key=lambda r: r.divisor is None))


@lru_cache(maxsize=1)
def _given_counts() -> tuple[str, ...]:
    """Return the counts that the registry has equations for."""
    rows = registry()
    own = (rows["disclosure"] == "count") & rows["relation"].str.contains(" = ", regex=False) & (rows["results"] == "")
    return tuple(rows.loc[own, "column"])


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(registry()["column"])


def _row_relations(row: _Row) -> Iterator[Relation]:
    """Yield the relations that a row's columns take part in, also of counts that the table leaves out."""
    is_all = row.key.group == ALL and not row.key.other  # else people who are not of the group
    absent = [name for name in _given_counts() if is_all and name not in row.cells]
    for name in sorted(row.cells, key=lambda n: find_column(n, row.result).disclosure != "rate"):
        yield from _relations_of(name, row.result)
    for name in absent:
        for relation in _relations_of(name, row.result):
            if len(relation.terms) > 1 and any(t.column in row.cells for t in relation.terms):
                yield relation


def _cells_of_term(system: _System, row: _Row, term: Term) -> list[int] | None:
    """Return the cells whose sum a term is; None where they are not known."""
    if term.column == ANY_GROUP:
        return [c for n, c in row.cells.items() if is_group(n) and n not in _names()]
    if not term.row:
        return _own_or_elsewhere(system, row, term.column)
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


def _own_or_elsewhere(system: _System, row: _Row, column: str) -> list[int] | None:
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


def _months_before(system: _System, key: Key, months: int) -> int | None:
    if not key.day:
        return None
    month = str(pd.Period(key.day[:7], "M") - months)
    days = system.by_day.get(key._replace(day=""), {})
    return next((cell for day, cell in days.items() if day[:7] == month), None)


def _relate_row(system: _System, row: _Row, relation: Relation) -> None:
    """Add an equation or inequality of a row; the one count that it lacks becomes a cell of its own."""
    terms: list[tuple[int, Term, list[int] | None]] = [(-1, Term(relation.left), _maybe(row.cells.get(relation.left)))]
    for term in relation.terms:
        if not (term.optional and term.column not in row.cells):
            terms.append((term.sign, term, _cells_of_term(system, row, term)))
    missing = [(sign, term) for sign, term, cells in terms if cells is None]
    numbers: dict[int, float] = defaultdict(float)
    for sign, _, cells in terms:
        for cell in cells or []:
            numbers[cell] += sign
    if len(missing) == 1 and relation.sign == "=" and (given := _given_count(system, row, *missing[0], numbers)):
        numbers[given[0]] += given[1]
        missing = []
    if missing:
        return
    if relation.sign == "=" and len(terms) == 2 and not system.relate(numbers, 0, 0):
        _relate_other_day(system, row, terms)
    elif len(terms) > 2 or relation.sign == "<=":
        system.relate(numbers, 0, 0 if relation.sign == "=" else np.inf)


def _relate_other_day(system: _System, row: _Row, terms: Sequence[tuple[int, Term, list[int] | None]]) -> None:
    """Relate a cell to the same quantity under another name, on whatever day it is equal."""
    own, key = row.cells.get(terms[0][1].column), row.key._replace(column=terms[1][1].column, day="")
    for cell in system.by_day.get(key, {}).values():
        if own is not None and cell != own and system.relate({own: 1.0, cell: -1.0}, 0, 0):
            return


def _given_count(
    system: _System, row: _Row, sign: int, term: Term, numbers: Mapping[int, float]
) -> tuple[int, int] | None:
    """Return the cell and the sign of a count that no table prints but that the others of an equation give."""
    if term.row or find_column(term.column, row.result).disclosure != "count" or not numbers:
        return None
    total = -sign * sum(number * system.value[cell] for cell, number in numbers.items())
    if total < 0 or any(system.half[cell] for cell in numbers):
        return None
    if all(system.state[cell] == "known" for cell in numbers):
        return None
    key = row.key._replace(column=term.column)
    cell = _printed_elsewhere(system, key, total)
    row.cells[term.column] = cell = system.add_latent(key, total) if cell is None else cell
    return cell, sign


def _printed_elsewhere(system: _System, key: Key, value: float) -> int | None:
    """Return a printed cell of the value, of the quantity under any of its names on any day."""
    names = [key.column, *(r.terms[0].column for r in find_column(key.column).relations if len(r.terms) == 1)]
    for name in names:
        days = system.by_day.get(key._replace(column=name, day=""), {})
        for cell in (c for c in (days.get(key.day), *days.values()) if c is not None):
            if system.state[cell] == "printed" and system.value[cell] == value:
                return cell
    return None


def _relate_rate(system: _System, row: _Row, relation: Relation) -> None:
    """Add what a printed rate tells: its count lies between the divisor times the ends of its rounding."""
    rate = row.cells.get(relation.left)
    divisor = relation.divisor and _cells_of_term(system, row, relation.divisor)
    if rate is None or not divisor:
        return
    count = _cells_of_term(system, row, relation.terms[0]) or _count_of_rate(system, row, relation, rate, divisor)
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
    system: _System, row: _Row, relation: Relation, rate: int, divisor: Sequence[int]
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


def _nearest_wider(group: str, listed: Iterable[str]) -> str | None:
    """Return the narrowest of the listed groups that contain a group; all people where there is no other."""
    wider = sorted(wider_groups(group) & set(listed), key=lambda g: -len(wider_groups(g)))
    return next(iter(wider), ALL if group != ALL and ALL in listed else None)


def _add_sums(system: _System, parents: Mapping[str, str]) -> None:
    """Add that totals are the sums of their parts: over groups, units, and other parts such as payers."""
    families: dict[tuple[str, Key], dict[str, int]] = defaultdict(dict)
    for key, cell in list(system.index.items()):
        over = find_column(key.column).adds_over
        if system.disclosure[cell] not in SOLVED:
            continue
        if "group" in over or "subgroup" in over:
            families["group", key._replace(group="")][key.group] = cell
        if "area" in over and key.area:
            families["area", key._replace(area="")][key.area] = cell
        for part in {name for name, _ in key.other} & set(over):
            rest = tuple(p for p in key.other if p[0] != part)
            families[part, key._replace(other=rest)][dict(key.other)[part]] = cell
    for (part, key), cells in families.items():
        children: dict[str, list[int]] = defaultdict(list)
        for name, cell in cells.items():
            if part == "group":
                wider = _nearest_wider(name, cells)
            else:
                wider = parents.get(name) if part == "area" else ALL
            if wider is not None:
                children[wider].append(cell)
        for wider, own in children.items():
            total = cells.get(wider) if part in ("group", "area") else system.index.get(key)
            if total is not None:
                _add_sum(system, total, own)


def _add_sum(system: _System, total: int, parts: Sequence[int]) -> None:
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


def _follow(system: _System, row: _Row) -> None:
    """Note with which counts the cells of a row are hidden, and what money tells of them."""
    for name, cell in row.cells.items():
        base = name.partition(":")[0]
        disclosure = system.disclosure[cell]
        alone = disclosure in ("count", "change") and cell in system.related
        if alone or cell in system.stated or disclosure in ("population", "none") or system.state[cell] == "latent":
            continue
        columns = [base] if base != name else sorted(followed_columns(base, row.result))
        for column in columns:
            for other in _own_or_elsewhere(system, row, column) or []:
                if system.state[other] == "printed" and other != cell:
                    system.followed.add((cell, other))
                    _relate_money(system, cell, other)


def _relate_money(system: _System, money: int, count: int) -> None:
    """Add that money is a count times a price that everybody knows."""
    if system.disclosure[money] == "money" and system.disclosure[count] == "count" and system.value[count] > 0:
        system.relate({money: 1.0, count: -system.value[money] / system.value[count]}, 0, 0)


def _cells(system: _System) -> Cells:
    """Return the system as arrays."""
    rules, count = disclosure_rules(), len(system.keys)
    value = np.array(system.value)
    table = pd.DataFrame(system.keys, columns=list(Key._fields))
    table["other"] = [" ".join(v for _, v in key.other) for key in system.keys]
    table["value"], table["half"] = value, np.array(system.half, float)
    table["disclosure"], table["state"] = system.disclosure, system.state
    is_count = (table["disclosure"] == "count").to_numpy()
    table["least"] = np.where(table["disclosure"] == "change", -np.inf, 0.0)
    zero = 0.0 if rules["zero_shown"] else -1.0
    table["primary"] = is_count & (value > zero) & (value < rules["threshold"])
    is_total = np.zeros(count, bool)
    is_total[list(system.totals)] = True
    size = np.log10(1 + np.abs(value))
    people = rules["weight_count"] + rules["weight_size"] * size
    people = people + rules["weight_total"] * is_total + rules["weight_zero"] * (value == 0)
    table["weight"] = np.where(table["disclosure"].isin(["count", "change"]), people, rules["weight_rate"])
    entries = [(row, cell, number) for row, (numbers, *_) in enumerate(system.relations) for cell, number in numbers.items()]
    at, cells, numbers = (np.array(part) for part in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
    return Cells(
        table,
        csr_array((numbers, (at, cells)), shape=(len(system.relations), count), dtype=float),
        np.array([low for _, low, _, _ in system.relations]),
        np.array([high for _, _, high, _ in system.relations]),
        np.array([owner for *_, owner in system.relations], int),
        np.array(sorted(system.followed), int).reshape(-1, 2),
        pd.DataFrame(system.places, columns=["table", "row", "column", "cell"]),
    )
