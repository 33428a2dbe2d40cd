"""Read the cells of published tables into one system, with all that relates them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import floor, isfinite, log10

import numpy as np
import pandas as pd

from bhyt_analysis.tables.cell_system import ALL, BESIDE, SOLVED, CellSystem, Key, TableRow, to_cells
from bhyt_analysis.tables.columns import Column, find_column
from bhyt_analysis.tables.disclosure import Cells
from bhyt_analysis.tables.relations import add_followed, add_sums, relate_rows

DAYS = ("month", "as_of", "on")
# Columns that tell rows apart besides the unit, the day and the group.
PARTS = ("payer", "from", "to", "scenario", "result", "step", "part", "lever", "former", "year", "decision", "kind")


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """A table that is to be published. ``name``: of the table, or of what prints it.

    ``area``, ``day``: those of rows that do not name them; a row without a day is of the latest day of its quantity.
    ``areas``: the keys of units by their names and codes. ``days``: those of the units, for a table without days; a
    column that is the insured of another day says so in the table's ``attrs["insured_on"]``, and one whose figures
    are of different quantities has the quantity, the unit's code and the group of each in ``attrs["quantities"]``.
    """

    name: str
    table: pd.DataFrame
    area: str = ""
    day: str = ""
    areas: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, str] = field(default_factory=dict)


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
    system = CellSystem()
    rows = [row for i, published in enumerate(tables) for row in _read(system, i, published)]
    _date_undated(system, rows, tables)
    relate_rows(system, rows)
    add_sums(system, parents or {})
    for row in rows:
        add_followed(system, row)
    return to_cells(system)


def _read(system: CellSystem, position: int, published: PublishedTable) -> list[TableRow]:
    """Add the cells of a table, and return its rows."""
    table = published.table
    result, columns = table.attrs.get("result", ""), set(table)
    if {"key", "value"} <= columns and find_column("value", result).disclosure == "by_key":
        return _read_figures(system, position, published)
    keys = list(_row_keys(published, columns))
    rows = [TableRow(key, result) for key in keys]
    for above, row in pairwise(rows):
        row.above = above
    for row in rows:
        row.rows = rows
    insured_on, quantities = table.attrs.get("insured_on", {}), table.attrs.get("quantities", {})
    for name in map(str, table):
        column = find_column(name, result)
        if column.disclosure not in SOLVED | BESIDE or not pd.api.types.is_numeric_dtype(table[name]):
            continue
        numbers = table[name].to_numpy(float, na_value=np.nan)
        if name in quantities:
            continue
        for number, (row, value) in enumerate(zip(rows, numbers.tolist(), strict=True)):
            if isfinite(value):
                day = insured_on.get(name)
                key = row.key._replace(column="insured", day=day) if day else row.key._replace(column=name)
                row.cells[name] = cell = _add_cell(system, column, key, value)
                system.places.append((position, number, name, cell))
    return [*rows, *_read_named(system, position, published, quantities)]


def _read_named(
    system: CellSystem, position: int, published: PublishedTable, quantities: Mapping[str, Sequence[Sequence[str]]]
) -> list[TableRow]:
    """Add the cells of columns whose figures are of different quantities, units and groups; return their rows."""
    rows: dict[tuple[int, str, str], TableRow] = {}
    for name, places in quantities.items():
        if name not in published.table:
            continue
        numbers = published.table[name].to_numpy(float, na_value=np.nan).tolist()
        for number, (value, (quantity, code, group)) in enumerate(zip(numbers, places, strict=True)):
            if not isfinite(value):
                continue
            area = published.areas.get(code, code)
            key = Key("", area, published.days.get(area, published.day), group or ALL)
            row = rows.setdefault((number, area, group), TableRow(key, ""))
            row.rows = [row]
            row.cells[quantity] = cell = _add_cell(system, find_column(quantity), key._replace(column=quantity), value)
            system.places.append((position, number, name, cell))
    return list(rows.values())


def _add_cell(system: CellSystem, column: Column, key: Key, value: float) -> int:
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
        areas = [published.areas.get(str(v), str(v)) or published.area for v in table["area"]]
    elif "name" in columns and published.areas:
        areas = [published.areas.get(str(v), str(v)) for v in table["name"]]
    day = next((c for c in DAYS if c in columns), None)
    if day is None:
        days = [published.days.get(area, published.day) for area in areas]
    else:
        days = [str(v)[:10] if pd.notna(v) else "" for v in table[day]]
    group = next((c for c in ("subgroup", "group") if c in columns), None)
    groups = [ALL] * count if group is None else [str(v) for v in table[group]]
    names = [c for c in PARTS if c in columns]
    others = zip(*(table[c].astype(str) for c in names), strict=True) if names else [()] * count
    for area, on, own, other in zip(areas, days, groups, others, strict=True):
        yield Key("", area, on, own, tuple((n, v) for n, v in zip(names, other, strict=True) if v not in ("", ALL)))


def _read_figures(system: CellSystem, position: int, published: PublishedTable) -> list[TableRow]:
    """Add the cells of a table whose rows are figures of one area, each places by its key; they make one row."""
    table = published.table
    result = table.attrs.get("result", "")
    row = TableRow(Key("", published.area, published.day, ALL), result)
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


def _date_undated(system: CellSystem, rows: Sequence[TableRow], tables: Sequence[PublishedTable]) -> None:
    """Give the cells of a table without days that of the latest count of their quantity that fits them.

    The days are those of the tables of the same area.
    """
    days_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    undated: dict[tuple[str, int], list[int]] = defaultdict(list)
    for position, _, _, cell in system.places:
        key = system.keys[cell]
        if key.day:
            days_of[key.column, tables[position].area].add(key.day)
        elif system.index.get(key) == cell:
            undated[key.column, position].append(cell)
    same: dict[int, int] = {}
    for (column, position), all_cells in undated.items():
        days = sorted(days_of[column, tables[position].area], reverse=True)
        cells = [cell for cell in dict.fromkeys(all_cells) if not system.keys[cell].day and cell not in same]
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
    system.places = [(table, row, name, same.get(cell, cell)) for table, row, name, cell in system.places]
    for cell in same:
        system.drop(cell)


def _fits_day(system: CellSystem, cells: Sequence[int], day: str) -> bool:
    """Return whether some of the cells are printed for the day as well, with the same values."""
    pairs = [(cell, system.index.get(system.keys[cell]._replace(day=day))) for cell in cells]
    equal = [system.value[cell] == system.value[other] for cell, other in pairs if other is not None]
    return bool(equal) and all(equal)


def _interval_of(column: Column) -> Column:
    return Column(column.name, format=column.format, disclosure="interval", follows=column.follows)
