"""Gather what published tables print into one system of cells and relations, from the registry of their columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite, log10
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from bhyt_analysis.law.groups import wider_groups
from bhyt_analysis.tables.attack import Cells, disclosure_rules
from bhyt_analysis.tables.columns import (
    PER_CENT,
    Column,
    Relation,
    Term,
    find_column,
    followed_columns,
    registry_relations,
    table_columns,
    table_relations,
)

SOLVED = {"count", "change", "population", "estimate", "money"}  # quantities that relations are about
BESIDE = {"rate", "interval", "by_key"}  # hidden with others, or because they tell them
DAYS = ("month", "as_of", "on")
ALL = "all"


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
    """A row of a table: the positions of its cells by column, with what names them."""

    key: Key
    cells: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class _System:
    """Cells and relations while they are gathered."""

    keys: list[Key] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    half: list[float] = field(default_factory=list)
    disclosure: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    index: dict[Key, int] = field(default_factory=dict)
    relations: list[tuple[dict[int, float], float, float, int]] = field(default_factory=list)
    related: set[int] = field(default_factory=set)
    totals: set[int] = field(default_factory=set)
    followed: list[tuple[int, int]] = field(default_factory=list)
    places: list[tuple[int, int, str, int]] = field(default_factory=list)

    def add(self, key: Key, value: float, half: float, disclosure: str, state: str = "printed") -> int:
        """Return the position of a cell, a new one unless a cell of this key and value is there."""
        cell = self.index.get(key)
        if cell is not None and abs(self.value[cell] - value) <= max(half, self.half[cell], 1e-9):
            if half < self.half[cell]:
                self.half[cell], self.value[cell] = half, value
            return cell
        new = len(self.keys)
        if cell is None:
            self.index[key] = new
        for items, item in (
            (self.keys, key),
            (self.value, value),
            (self.half, half),
            (self.disclosure, disclosure),
            (self.state, state),
        ):
            items.append(item)  # type: ignore[attr-defined]
        return new

    def relate(self, numbers: Mapping[int, float], low: float, high: float, stated_by: int = -1) -> bool:
        """Add a relation, unless the figures themselves do not fit it; return whether they do."""
        total = sum(number * self.value[cell] for cell, number in numbers.items())
        slack = sum(abs(number) * self.half[cell] for cell, number in numbers.items()) + 1e-6 * (1 + abs(total))
        slack += 1e-9 * sum(abs(number * self.value[cell]) for cell, number in numbers.items())
        if not low - slack <= total <= high + slack:
            return False
        if low == high and total != low:  # of rounded figures; the attacker knows no better
            low = high = total
        self.relations.append((dict(numbers), min(low, total), max(high, total), stated_by))
        self.related |= set(numbers)
        return True


def collect_cells(tables: Sequence[PublishedTable], parents: Mapping[str, str] | None = None) -> Cells:
    """Return the cells of tables with all relations between them. ``parents``: the unit above each, by code.

    Relations are those of the registry (``relation``, ``adds_over``), within a row and across rows and tables, as
    far as the figures fit them. A count that no table prints but that a relation gives is a cell as well.
    """
    system, rows = _System(), []
    for position, published in enumerate(tables):
        rows += [(published, *part) for part in _read(system, position, published)]
    _date_undated(system)
    latest = _Lookup(system)
    for published, result, own, relations in rows:
        for number, row in enumerate(own):
            _relate_row(system, latest, relations, own, number, result, published)
    _add_sums(system, parents or {})
    for published, result, own, _ in rows:
        _follow(system, latest, own, result)
    return _cells(system)
