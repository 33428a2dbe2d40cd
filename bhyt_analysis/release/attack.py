"""Attack what was published: work hidden figures out of the files, as a reader with a linear programme would.

All files of a batch are one system (`bhyt_analysis.release.figures`) with its relations
(`bhyt_analysis.release.relate`). A reader knows each printed figure to its rounding, that a count of persons is a whole
number, and that ``<5`` means 1 to 4. Of a sentence only a small number of persons is noticed: which quantity a larger
one is cannot be read from its words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, identity, vstack
from scipy.sparse.csgraph import connected_components

from bhyt_analysis.release.figures import Figure, gather, marked_interval, overlap
from bhyt_analysis.release.published import Published
from bhyt_analysis.release.relate import MARK, Relations, relate
from bhyt_analysis.tables.formatting import SMALL
from bhyt_analysis.tables.hidden_cells import FEW

TOLERANCE, WHOLE = 1e-6, 1e-4
REACH = 1e6  # persons; what goes further from the rest has no end
ROUNDS = 4  # of leaving out what contradicts the rest
SEARCHES = 8  # programmes for many targets at once
# Words of a difference, which is no number of persons itself: "fell by 3 cards", "3 people short of the target".
DIFFERENCE = re.compile(r"\b(giảm|tăng|thêm|thiếu|cần|hơn|by|more|fewer|add|short|needs?)\b", re.IGNORECASE)
SENTENCES = re.compile(r"[.!?]\s+|\n")  # what is listed between ";" has the words of its beginning


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
    breaches = [*_printed_counts(published), *_printed_words(published)]
    system, rows, printed = gather(published)
    breaches += [_breach("shown_elsewhere", figure, file) for figure, file in printed]
    relations = relate(system, rows, {folder: code for folder, (code, _) in published.units.items()})
    breaches += _Solver(relations).breaches()
    marks = Counter(_kind(figure) for row in rows for figure in row.figures.values() if figure.hidden)
    return AttackResult(
        tuple(dict.fromkeys(breaches)),
        tables=len(published.tables),
        figures=sum(isinstance(v, float) for table in published.tables for row in table.rows for v in row),
        primary=marks["primary"],
        secondary=marks["secondary"],
        followers=marks["follower"],
    )


def _kind(figure: Figure) -> str:
    """Return why a figure is hidden, as its mark and its column say."""
    if figure.column.disclosure != "count":
        return "follower"
    return "primary" if figure.is_marked else "secondary"


def _breach(reason: str, figure: Figure, file: str) -> Breach:
    return Breach(reason, figure.table.area, figure.table.name, figure.heading, figure.row, file)


def _printed_counts(published: Published) -> Iterator[Breach]:
    """Yield the small counts of persons that stand in a table."""
    # those of charts and sentences are among the texts
    for table in (table for table in published.tables if table.kind in ("table", "words")):
        for i, row in enumerate(table.rows):
            for heading, column, value in zip(table.headings, table.columns, row, strict=True):
                if column.disclosure == "count" and isinstance(value, float) and 0 < abs(value) < SMALL:
                    yield Breach("printed", table.area, table.name, heading, table.row_name(i), table.file)


def _printed_words(published: Published) -> Iterator[Breach]:
    """Yield the small counts of persons that stand in a chart or a sentence; the people of a unit are public."""
    own = (t for t in published.texts if t.name == "population")
    people = {(text.area, match[1]) for text in own if (match := FEW.search(text.text))}
    for text in published.texts:
        if text.figure is not None and 0 < abs(text.figure) < SMALL:
            yield Breach("printed", text.area, text.name, "", text.text, text.file)
            continue
        for sentence in SENTENCES.split(text.text) if text.figure is None else ():
            match = FEW.search(sentence)
            is_public = match is not None and (text.area, match[1]) in people
            if match and not is_public and not DIFFERENCE.search(sentence[: match.start()]):
                yield Breach("text", text.area, text.name, "", match[0], text.file)


class _Solver:
    """Solve the linear programmes of a system; parts that nothing connects are apart from each other."""

    def __init__(self, relations: Relations) -> None:
        self.relations, self.system = relations, relations.system
        self.low, self.high = np.array(self.system.low), np.array(self.system.high)
        count = len(self.low)
        self.free = np.array([not self.system.is_fixed(cell) for cell in range(count)], bool)
        self.targets = [cell for cell in range(count) if self._is_target(cell)]
        entries = [
            (row, cell, number)
            for row, equation in enumerate(relations.equations)
            for cell, number in equation.numbers.items()
        ]
        rows, cells, numbers = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        self.matrix = csr_array((numbers, (rows, cells)), shape=(len(relations.equations), count))
        links = self.matrix.tocoo()
        live = self.free[links.col]
        size = count + self.matrix.shape[0]
        graph = csr_array((np.ones(live.sum()), (links.col[live], links.row[live] + count)), shape=(size, size))
        self.component = connected_components(graph, directed=False)[1]

    def _is_target(self, cell: int) -> bool:
        figure = self.system.figures[cell]
        is_hidden = figure.hidden and cell not in self.system.public and figure.column.disclosure == "count"
        return bool(is_hidden) or cell in self.relations.latent

    def breaches(self) -> Iterator[Breach]:
        """Yield the hidden counts, and the small ones that no table prints, for which the rest leaves one value."""
        parts: dict[int, list[int]] = {}
        for cell in self.targets:
            parts.setdefault(int(self.component[cell]), []).append(cell)
        for component, targets in parts.items():
            part = _Part(self, component, targets)
            for cell in targets:
                if reason := part.what_is_wrong(cell):
                    figure = self.system.figures[cell]
                    yield _breach(reason, figure, figure.hidden or figure.table.file)


class _Part:
    """The programme of connected cells. ``targets``: cells that an attacker wants to know."""

    def __init__(self, solver: _Solver, component: int, targets: list[int]) -> None:
        count, self.solver = len(solver.low), solver
        here = solver.component == component
        self.cells = np.flatnonzero(here[:count] & solver.free)
        self.position = {int(cell): i for i, cell in enumerate(self.cells)}
        rows = np.flatnonzero(here[count:])
        equations = [solver.relations.equations[row] for row in rows]
        middle = np.zeros(count)
        exact = ~solver.free
        middle[exact] = (solver.low[exact] + solver.high[exact]) / 2
        shift = solver.matrix[rows] @ middle
        self.matrix = solver.matrix[rows][:, self.cells]
        self.least = np.array([e.low for e in equations]) - shift - TOLERANCE
        self.most = np.array([e.high for e in equations]) - shift + TOLERANCE
        self.cost = np.array([e.cost for e in equations])
        self.bounds = np.column_stack([solver.low[self.cells], solver.high[self.cells]])
        figures = solver.system.figures
        self.marked = {self.position[c] for c in targets if c in self.position and figures[c].is_marked}
        self.false: set[int] = set()
        for cell in self.marked:
            if common := overlap((self.bounds[cell, 0], self.bounds[cell, 1]), marked_interval()):
                self.bounds[cell] = common
            else:
                self.false.add(cell)
        self.extremes = np.column_stack([np.full(len(self.cells), math.inf), np.full(len(self.cells), -math.inf)])
        self._set_limits()
        self._search(np.array(sorted(self.position[c] for c in targets if c in self.position), int))

    def _set_limits(self) -> None:
        """Write the relations as rows that are at most their limits."""
        above, below = np.isfinite(self.most), np.isfinite(self.least)
        self.limits = np.concatenate([self.most[above], -self.least[below]])
        self.rows = csr_array(vstack([self.matrix[above], -self.matrix[below]]))

    def _search(self, targets: np.ndarray) -> None:
        """Look for points at which many targets are far from each other: most then need no programme of their own."""
        if not len(targets):
            return
        for _ in range(ROUNDS):
            if self._optimise(dict.fromkeys(targets.tolist(), 1.0)):
                break
            if not self._leave_out():
                return
        random = np.random.default_rng(0)
        for _ in range(SEARCHES if len(targets) > 2 else 0):
            open_ = [cell for cell in targets.tolist() if not _has_two(*self._inner(cell))]
            if not open_:
                return
            signs = random.choice([-1.0, 1.0], len(open_)) * random.uniform(0.5, 1.5, len(open_))
            self._optimise(dict(zip(open_, signs.tolist(), strict=True)))

    def _inner(self, cell: int) -> tuple[float, float]:
        """Return between which values a cell was seen, without what rounding can add."""
        low, high = self.extremes[cell]
        return (low + WHOLE, high - WHOLE) if low < high else (0.0, 0.0)

    def _optimise(self, weights: Mapping[int, float]) -> bool:
        """Remember the point at which a sum of cells is least; return whether there is one."""
        aim, bounds = np.zeros(len(self.cells)), self.bounds.copy()
        for cell, weight in weights.items():
            aim[cell] = weight
            start = bounds[cell][np.isfinite(bounds[cell])]
            bounds[cell, 1] = min(bounds[cell, 1], (start[0] if len(start) else 0.0) + REACH)
            bounds[cell, 0] = max(bounds[cell, 0], (start[-1] if len(start) else 0.0) - REACH)
        if len(self.cells) == 1:
            point = self._optimise_one(aim[0], bounds[0])
        else:
            is_free = not len(self.limits)
            rows, limits = (None, None) if is_free else (self.rows, self.limits)
            result = linprog(aim, rows, limits, bounds=bounds, method="highs")
            point = None if result.status else result.x
        if point is None:
            return False
        self.extremes[:, 0] = np.minimum(self.extremes[:, 0], point)
        self.extremes[:, 1] = np.maximum(self.extremes[:, 1], point)
        return True

    def _optimise_one(self, weight: float, bounds: np.ndarray) -> np.ndarray | None:
        """Return the end of the range of the only cell of a part."""
        low, high = bounds
        numbers = self.rows.toarray()[:, 0]
        ends = self.limits[numbers != 0] / numbers[numbers != 0]
        is_upper = numbers[numbers != 0] > 0
        low, high = max([low, *ends[~is_upper]]), min([high, *ends[is_upper]])
        return None if low > high else np.array([low if weight > 0 else high])

    def _leave_out(self) -> bool:
        """Leave out what contradicts the rest, at the least cost; return whether there was anything."""
        count, rows, marked = len(self.cells), len(self.cost), sorted(self.marked - self.false)
        if not rows:
            return False
        # what is missing below or above each relation, and above the mark of each small count
        excess = csr_array((np.ones(len(marked)), (range(len(marked)), marked)), shape=(len(marked), count))
        matrix = hstack([self.matrix, identity(rows), -identity(rows), csr_array((rows, len(marked)))]).tocsr()
        rest = hstack([excess, csr_array((len(marked), 2 * rows)), -identity(len(marked))]).tocsr()
        bounds = self.bounds.copy()
        bounds[marked, 1] = math.inf
        costs = np.concatenate([np.zeros(count), self.cost, self.cost, np.full(len(marked), MARK)])
        above, below = np.isfinite(self.most), np.isfinite(self.least)
        parts = [matrix[above], -matrix[below], rest]
        limits = np.concatenate([self.most[above], -self.least[below], self.bounds[marked, 1]])
        stacked = csr_array(vstack(parts))
        ends = np.vstack([bounds, np.tile([0.0, math.inf], (2 * rows + len(marked), 1))])
        result = linprog(costs, stacked, limits, bounds=ends, method="highs")
        if result.status:
            return False
        slack = result.x[count : count + rows] + result.x[count + rows : count + 2 * rows]
        wrong = slack > WHOLE
        false = [cell for cell, by in zip(marked, result.x[count + 2 * rows :], strict=True) if by > WHOLE]
        self.false |= set(false)
        for cell in false:
            self.bounds[cell] = 0.0, math.inf
        self.matrix, self.cost = self.matrix[~wrong], self.cost[~wrong]
        self.least, self.most = self.least[~wrong], self.most[~wrong]
        self._set_limits()
        return bool(wrong.any() or false)

    def what_is_wrong(self, target: int) -> str:
        """Return "computed" if one whole number is possible for a cell, "false_mark" if its mark is not; else ""."""
        if (cell := self.position.get(target)) is None:
            low, high = self.solver.system.interval(target)
        elif cell in self.false:
            return "false_mark"
        else:
            low, high = self._range(cell)
        if _has_two(low - WHOLE, high + WHOLE):
            return ""
        is_latent = target in self.solver.relations.latent
        return "" if is_latent and not 1 <= round((low + high) / 2) < SMALL else "computed"

    def _range(self, cell: int) -> tuple[float, float]:
        """Return between which values a cell is; less far apart than they are if that is enough."""
        for weight in (1.0, -1.0):
            if _has_two(*self._inner(cell)):
                break
            if not self._optimise({cell: weight}):  # the rest contradicts itself: nothing is known
                return -math.inf, math.inf
        return float(self.extremes[cell, 0]), float(self.extremes[cell, 1])


def _has_two(low: float, high: float) -> bool:
    """Return whether there are two whole numbers in a range.

    >>> _has_two(2.1, 4.0), _has_two(2.1, 3.9), _has_two(0.0, math.inf)
    (True, False, True)
    """
    return high - low >= 2 or math.floor(high) > math.ceil(low)
