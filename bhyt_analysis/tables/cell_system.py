"""Gather cells and relations one by one: the system that published tables make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from bhyt_analysis.tables.disclosure import Cells, disclosure_rules

ALL = "all"
SOLVED = {"count", "change", "population", "estimate", "money"}  # quantities that relations are about
REAL = {"count", "change", "population"}  # others follow a model, which the attacker may know
BESIDE = {"rate", "interval", "by_key"}  # hidden with others, or because they tell them


class Key(NamedTuple):
    """What a cell is: a quantity of an area on a day, of a group, within other parts such as a payer."""

    column: str
    area: str
    day: str
    group: str
    other: tuple[tuple[str, str], ...] = ()


@dataclass(eq=False)
class TableRow:
    """A row of a table: what names its cells, and their positions by column. ``above``: the row above it."""

    key: Key
    result: str
    cells: dict[str, int] = field(default_factory=dict)
    above: TableRow | None = None
    rows: list[TableRow] = field(default_factory=list)


@dataclass(eq=False)
class CellSystem:
    """Cells and relations while they are gathered.

    ``stated``: rates whose relation is one of them. ``latent_rows``: counts of days that no table prints.
    """

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
    latent_rows: list[TableRow] = field(default_factory=list)

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


def to_cells(system: CellSystem) -> Cells:
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
    is_known = (table["state"] == "known").to_numpy()
    table["primary"] = is_count & ~is_known & (value > zero) & (value < rules["threshold"])
    is_total = np.zeros(count, bool)
    is_total[list(system.totals)] = True
    size = np.log10(1 + np.abs(value))
    people = rules["weight_count"] + rules["weight_size"] * size
    people = people + rules["weight_total"] * is_total + rules["weight_zero"] * (value == 0)
    table["weight"] = np.where(table["disclosure"].isin(["count", "change"]), people, rules["weight_rate"])
    entries = [
        (row, cell, number) for row, (numbers, *_) in enumerate(system.relations) for cell, number in numbers.items()
    ]
    lines, cells, numbers = (
        (np.array(part) for part in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
    )
    return Cells(
        table,
        csr_array((numbers, (lines, cells)), shape=(len(system.relations), count), dtype=float),
        np.array([low for _, low, _, _ in system.relations]),
        np.array([high for _, _, high, _ in system.relations]),
        np.array([owner for *_, owner in system.relations], int),
        np.array(sorted(system.followed), int).reshape(-1, 2),
        pd.DataFrame(system.places, columns=["table", "row", "column", "cell"]),
    )
