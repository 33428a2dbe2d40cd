"""Say what is confidential in published cells, and how uncertain what is hidden must stay: by ``disclosure.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from bhyt_analysis.domain.bundled import packaged_table


@lru_cache(maxsize=1)
def disclosure_rules() -> dict[str, float]:
    """Return the values of ``disclosure.csv`` by rule.

    Examples
    --------
    >>> disclosure_rules()["threshold"]
    5.0
    """
    rows = packaged_table("tables/disclosure.csv", ("value",))
    return dict(zip(rows["rule"], rows["value"], strict=True))


@dataclass(frozen=True, eq=False)
class Cells:
    """Quantities of which at least one is printed, and what is known of them together.

    ``table``: a row for each cell: ``column, area, day, group, other`` name it; ``value``, in its unit; ``half``, half
    a unit of the last place to which it is printed; ``disclosure``, as in the registry; ``state``: "known" to
    everybody, "printed", or "latent": in no table, but a relation gives it; ``least``, the least it can be;
    ``primary``: confidential itself; ``weight``: loss where it is hidden.
    ``matrix``: a row for each relation, a column for each cell; ``low``, ``high``: between which the row's sum lies;
    ``stated_by``: the printed rate that states the relation, or -1 where it always holds.
    ``followed``: pairs (cell, other): the cell is hidden with the other one.
    ``places``: ``table, row, column`` and position of the ``cell`` that is printed there.
    """

    table: pd.DataFrame
    matrix: csr_array
    low: np.ndarray
    high: np.ndarray
    stated_by: np.ndarray
    followed: np.ndarray
    places: pd.DataFrame

    @property
    def primary(self) -> np.ndarray:
        """Return which cells are confidential themselves."""
        return self.table["primary"].to_numpy(bool)

    @property
    def can_hide(self) -> np.ndarray:
        """Return which cells are printed and can be hidden."""
        return (self.table["state"] == "printed").to_numpy()

    def name(self, cell: int) -> str:
        """Return the name of a cell: its column, area, day and group."""
        row = self.table.iloc[cell]
        return " · ".join(str(row[part]) for part in ("column", "area", "day", "group", "other") if row[part])


@dataclass(frozen=True, eq=False)
class Pattern:
    """What is hidden: each cell that is not printed; ``marked``: those with the mark of small counts."""

    hidden: np.ndarray
    marked: np.ndarray


def hide_primary(cells: Cells) -> Pattern:
    """Return the pattern in which only what is confidential is hidden, and what is in no table."""
    latent = (cells.table["state"] == "latent").to_numpy()
    return Pattern(latent | (cells.primary & cells.can_hide), cells.primary & cells.can_hide)


def cell_bounds(cells: Cells, pattern: Pattern) -> tuple[np.ndarray, np.ndarray]:
    """Return between which values everybody knows each cell to be by what is printed for it.

    Other hidden counts of five and more are taken to be known not to be small ones: these have a mark of their own.
    """
    rules = disclosure_rules()
    value, half = cells.table["value"].to_numpy(float), cells.table["half"].to_numpy(float)
    is_count = (cells.table["disclosure"] == "count").to_numpy() & cells.can_hide
    least = np.where(is_count & (value >= rules["threshold"]), rules["threshold"], cells.table["least"].to_numpy(float))
    low = np.where(pattern.hidden, least, value - half)
    high = np.where(pattern.hidden, np.inf, value + half)
    # of a small count without a mark nothing is known
    low[pattern.hidden & cells.primary] = 0
    low[pattern.marked] = 1 if rules["zero_shown"] else 0
    high[pattern.marked] = rules["threshold"] - 1
    return low, high


def asked_range(cells: Cells, cell: int) -> tuple[float, float]:
    """Return the range within which a hidden cell must stay uncertain: of a small count that of its mark.

    Of a cell that is hidden to protect others one of the ends is enough; a hidden zero could be a large count.
    """
    rules, value = disclosure_rules(), float(cells.table["value"].to_numpy()[cell])
    if cells.primary[cell]:
        return (1.0 if rules["zero_shown"] else 0.0), rules["threshold"] - 1
    if value == 0 and cells.table["disclosure"].to_numpy()[cell] == "count":
        return -np.inf, rules["threshold"]
    return value - rules["width_other"], value + rules["width_other"]
