"""Work out what published cells tell of the hidden ones: two linear programmes for each hidden cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from bhyt_analysis.tables.disclosure import Cells, Pattern, asked_range, cell_bounds

TOLERANCE = 1e-4  # persons; that of the solver is 1e-7
REACH = 1e5  # persons; a range that goes further from the value than this has no end


@dataclass(frozen=True, eq=False)
class Extreme:
    """The greatest value of a cell, with a proof. ``point``: the values of all cells where it is taken.

    ``gain``: by how much the greatest value could grow if a cell were hidden, 0 for cells that the proof does not use.
    ``marks``: the small counts whose marks the proof uses.
    """

    value: float
    point: np.ndarray
    gain: np.ndarray
    marks: np.ndarray


class Attacker:
    """Solve the linear programmes of a pattern; cells that nothing connects are apart from each other."""

    def __init__(self, cells: Cells, pattern: Pattern) -> None:
        self.cells, self.pattern = cells, pattern
        self.value = cells.table["value"].to_numpy(float)
        self.lower, self.upper = cell_bounds(cells, pattern)
        # what the bounds would be if all were hidden
        self._widest = cell_bounds(cells, replace(pattern, hidden=pattern.hidden | cells.can_hide))
        always = cells.stated_by < 0
        self._active = always | ~pattern.hidden[np.where(always, 0, cells.stated_by)]
        self._free = self.upper > self.lower
        entries, count = cells.matrix.tocoo(), len(self.value)
        live = self._active[entries.row] & self._free[entries.col]
        links = (live[live], (entries.col[live], entries.row[live] + count))
        size = count + cells.matrix.shape[0]
        self._component = connected_components(csr_array(links, shape=(size, size)), directed=False)[1]
        self._systems: dict[int, tuple[np.ndarray, np.ndarray, csr_array]] = {}

    @property
    def components(self) -> np.ndarray:
        """Return the number of each cell's component; cells of different ones tell nothing of each other."""
        return self._component[: len(self.value)]

    def greatest(self, cell: int, sign: int = 1) -> Extreme:
        """Return the greatest value of a cell; with ``sign`` -1 that of its negative."""
        objective = np.zeros(len(self.value))
        objective[cell] = sign
        return self.maximise(int(self._component[cell]), objective)

    def maximise(self, component: int, objective: np.ndarray) -> Extreme:
        """Return where a weighted sum of cells of a component is greatest, and which printed cells limit it."""
        from scipy.optimize import linprog  # slow to load, and most inputs have no small count

        columns, rows, matrix = self._system(component)
        point, settled = self.value.copy(), self.value.copy()
        if not len(columns):
            return Extreme(float(objective @ point), point, *self._proof(objective, rows, np.zeros(len(rows))))
        settled[columns] = 0
        shift = self.cells.matrix[rows] @ settled
        low, high = self.cells.low[rows] - shift, self.cells.high[rows] - shift
        equal = low == high
        upper, lower = ~equal & np.isfinite(high), ~equal & np.isfinite(low)
        weights = objective[columns]
        ends = np.column_stack([self.lower[columns], self.upper[columns]])
        ends[weights < 0, 0] = np.maximum(ends[weights < 0, 0], self.value[columns][weights < 0] - REACH)
        ends[weights > 0, 1] = np.minimum(ends[weights > 0, 1], self.value[columns][weights > 0] + REACH)
        limits = np.concatenate([high[upper], -low[lower]])
        result = linprog(
            -weights,
            A_ub=vstack([matrix[upper], -matrix[lower]]) if len(limits) else None,
            b_ub=limits if len(limits) else None,
            A_eq=matrix[equal] if equal.any() else None,
            b_eq=high[equal] if equal.any() else None,
            bounds=ends,
        )
        if result.status:
            raise RuntimeError(f"relations of published cells contradict each other: {result.message}")
        point[columns] = result.x
        multipliers = np.zeros(len(rows))
        if equal.any():
            multipliers[equal] = -result.eqlin.marginals
        if len(limits):
            multipliers[upper] -= result.ineqlin.marginals[: upper.sum()]
            multipliers[lower] += result.ineqlin.marginals[upper.sum() :]
        return Extreme(float(objective @ point), point, *self._proof(objective, rows, multipliers))

    def _system(self, component: int) -> tuple[np.ndarray, np.ndarray, csr_array]:
        """Return the free cells of a component, its relations, and the matrix of both."""
        if component not in self._systems:
            here, count = self._component == component, len(self.value)
            columns = np.flatnonzero(here[:count] & self._free)
            rows = np.flatnonzero(here[count:] & self._active)
            self._systems[component] = columns, rows, self.cells.matrix[rows][:, columns]
        return self._systems[component]

    def _proof(self, objective: np.ndarray, rows: np.ndarray, multipliers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return by how much hiding each printed cell would loosen the proof that the multipliers are, and its marks.

        The proof: the objective is a sum of the relations times their multipliers, and of a rest of each cell, which
        is at most the rest times one of the cell's bounds. Hiding a cell widens its bounds, or drops its relations.
        """
        used = np.flatnonzero(np.abs(multipliers) > 1e-9)
        rest = objective - self.cells.matrix[rows[used]].T @ multipliers[used]
        rest[np.abs(rest) < 1e-9] = 0
        gain = np.zeros(len(self.value))
        low, high = self._widest
        open_ = ~self.pattern.hidden & self.cells.can_hide
        up, down = open_ & (rest > 0), open_ & (rest < 0)
        gain[up] = rest[up] * (high[up] - self.upper[up])
        gain[down] = rest[down] * (low[down] - self.lower[down])
        owners = self.cells.stated_by[rows[used]]
        gain[owners[owners >= 0]] = np.inf
        return gain, np.flatnonzero(self.pattern.marked & (rest != 0))


def attack(cells: Cells, pattern: Pattern) -> pd.DataFrame:
    """Return between which values each hidden count must lie, by all that is published.

    The attacker uses every relation and what the marks say, but not that persons are whole.

    Returns
    -------
    A row for each hidden count or change: ``cell`` (its position), ``name``, ``value``, ``least``, ``most``,
    ``primary``, and ``safe``: whether it is as uncertain as `asked_range` asks for, or as it can be.

    """
    if not (cells.primary & pattern.hidden).any() and not (pattern.hidden & cells.can_hide).any():
        return pd.DataFrame(columns=["cell", "name", "value", "least", "most", "primary", "safe"])
    attacker = Attacker(cells, pattern)
    widest = Attacker(cells, replace(pattern, hidden=pattern.hidden | cells.can_hide))
    people = cells.table["disclosure"].isin(["count", "change"]).to_numpy()
    chosen = np.flatnonzero(pattern.hidden & people & (cells.can_hide | cells.primary))
    rows = [_attack_cell(attacker, widest, int(cell)) for cell in chosen]
    return pd.DataFrame(rows, columns=["cell", "name", "value", "least", "most", "primary", "safe"])


def _attack_cell(attacker: Attacker, widest: Attacker, cell: int) -> tuple[int, str, float, float, float, bool, bool]:
    cells, value = attacker.cells, float(attacker.value[cell])
    least, most = -attacker.greatest(cell, -1).value, attacker.greatest(cell).value
    low, high = asked_range(cells, cell)
    below, above = least <= low + TOLERANCE, most >= high - TOLERANCE
    if cells.primary[cell]:  # no wider than it can be
        below = below or least <= -widest.greatest(cell, -1).value + TOLERANCE
        above = above or most >= widest.greatest(cell).value - TOLERANCE
        safe = below and above and most - least >= 1 - TOLERANCE
    else:
        safe = below or above or not _can_be_off(widest, cell, low, high)
    ends = (-np.inf if value - least >= REACH - 1 else least), (np.inf if most - value >= REACH - 1 else most)
    return cell, cells.name(cell), value, *ends, bool(cells.primary[cell]), bool(safe)


def _can_be_off(widest: Attacker, cell: int, low: float, high: float) -> bool:
    """Return whether a cell would be as uncertain as asked if all that can be hidden were."""
    if widest.greatest(cell).value >= high - TOLERANCE:
        return True
    return np.isfinite(low) and -widest.greatest(cell, -1).value <= low + TOLERANCE
