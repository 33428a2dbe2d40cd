"""Choose which cells to hide besides the small counts, so that nothing tells these: with the least loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from bhyt_analysis.tables.attack import (
    TOLERANCE,
    Attacker,
    Cells,
    Pattern,
    asked_range,
    disclosure_rules,
    hide_primary,
)
from bhyt_analysis.tables.cells import PublishedTable, collect_cells

Cut = dict[int, float]  # the sum of these cells, 1 where hidden, times their numbers is at least 0


def choose_hidden(cells: Cells) -> Pattern:
    """Return what to hide so that no small count can be worked out, with the least loss.

    Cells that no relation connects with a small count stay as they are, at no cost. Where an integer programme would
    be too large, cells are chosen one by one: those that the proofs of an attacker use, the least loss first.
    """
    pattern = hide_primary(cells)
    if not cells.primary.any():
        return pattern
    hidden, marked = pattern.hidden.copy(), pattern.marked.copy()
    for part, positions in _parts(cells):
        chosen = _Chooser(part).choose()
        hidden[positions], marked[positions] = chosen.hidden, chosen.marked
    return Pattern(hidden, marked)


def _parts(cells: Cells) -> Iterator[tuple[Cells, np.ndarray]]:
    """Yield the parts of the system that have a small count, without what everybody knows, and their positions."""
    loose = (cells.table["state"] != "known").to_numpy()
    entries, count = cells.matrix.tocoo(), len(cells.table)
    live = loose[entries.col]
    stated = np.flatnonzero(cells.stated_by >= 0)
    ends = np.concatenate([entries.col[live], cells.stated_by[stated], cells.followed[:, 0]])
    others = np.concatenate([entries.row[live] + count, stated + count, cells.followed[:, 1]])
    size = count + cells.matrix.shape[0]
    links = csr_array((np.ones(len(ends)), (ends, others)), shape=(size, size))
    label = connected_components(links, directed=False)[1]
    values = np.where(loose, 0, cells.table["value"].to_numpy(float))
    shift = cells.matrix @ values
    for component in np.unique(label[:count][cells.primary]):
        positions = np.flatnonzero((label[:count] == component) & loose)
        rows = np.flatnonzero(label[count:] == component)
        new = np.full(count + 1, -1)
        new[positions] = np.arange(len(positions))
        followed = cells.followed[np.isin(cells.followed[:, 0], positions)]
        yield (
            Cells(
                cells.table.iloc[positions].reset_index(drop=True),
                cells.matrix[rows][:, positions],
                cells.low[rows] - shift[rows],
                cells.high[rows] - shift[rows],
                new[cells.stated_by[rows]],
                new[followed],
                cells.places.iloc[:0],
            ),
            positions,
        )


@dataclass(eq=False)
class _Chooser:
    """Choose the cells of one part of the system. ``given_up``: (cell, direction) that no pattern makes wider."""

    cells: Cells
    cuts: list[Cut] = field(default_factory=list)
    given_up: set[tuple[int, int]] = field(default_factory=set)
    unmarked: set[int] = field(default_factory=set)

    def choose(self) -> Pattern:
        """Return the pattern: by an integer programme, whose cuts are the proofs of an attacker."""
        cells, rules = self.cells, disclosure_rules()
        self.cuts = list(_exact_sets(cells))
        exact = int(cells.can_hide.sum()) <= rules["largest_exact"]
        pattern = self._with_followers(hide_primary(cells))
        while True:
            if exact and (solved := self._solve(rules["seconds"])) is not None:
                pattern = solved
            else:
                exact = False
            pattern = replace(pattern, marked=self._marked())
            new = self._needs(pattern)
            if not new:
                return pattern
            self.cuts += new
            if not exact:
                pattern = self._greedy()

    def _marked(self) -> np.ndarray:
        marked = hide_primary(self.cells).marked
        marked[list(self.unmarked)] = False
        return marked

    def _solve(self, seconds: float) -> Pattern | None:
        """Return the pattern of least loss that the cuts allow; None where it is not found in the time."""
        cells, fixed = self.cells, hide_primary(self.cells).hidden
        weight = np.where(cells.can_hide, cells.table["weight"].to_numpy(float), 0)
        matrix = _cut_matrix(self.cuts, len(fixed))
        followed = csr_array(
            (
                np.tile([1.0, -1.0], len(cells.followed)),
                (np.repeat(np.arange(len(cells.followed)), 2), cells.followed.ravel()),
            ),
            shape=(len(cells.followed), len(fixed)),
        )
        limits = [LinearConstraint(m, 0, np.inf) for m in (matrix, followed) if m.shape[0]]
        result = milp(
            weight,
            integrality=np.ones(len(fixed)),
            bounds=Bounds(fixed.astype(float), 1),
            constraints=limits,
            options={"time_limit": seconds, "mip_rel_gap": 1e-3},
        )
        return None if result.x is None else Pattern(result.x > 0.5, self._marked())

    def _with_followers(self, pattern: Pattern) -> Pattern:
        hidden = pattern.hidden.copy()
        followers, others = self.cells.followed[:, 0], self.cells.followed[:, 1]
        while (add := followers[hidden[others] & ~hidden[followers]]).size:
            hidden[add] = True
        return replace(pattern, hidden=hidden)

    def _greedy(self) -> Pattern:
        """Return a pattern that the cuts allow: cells of the least loss for what they add, then none that is idle."""
        weight = self.cells.table["weight"].to_numpy(float)
        start, matrix = self._with_followers(hide_primary(self.cells)), _cut_matrix(self.cuts, len(weight))
        hidden = start.hidden.astype(float)
        for row, cut in enumerate(self.cuts):
            missing = -float((matrix[[row]] @ hidden)[0])
            for cell in sorted((c for c, n in cut.items() if n > 0 and not hidden[c]), key=lambda c: weight[c] / cut[c]):
                if missing > 1e-9:
                    hidden[cell] = 1
                    missing -= cut[cell]
        sums, columns = matrix @ hidden, matrix.tocsc()
        for cell in sorted(np.flatnonzero(hidden > start.hidden), key=lambda c: -weight[c]):
            without = sums - columns[:, [cell]].toarray().ravel()
            if (without >= -1e-9).all():
                hidden[cell], sums = 0, without
        return self._with_followers(replace(start, hidden=hidden > 0))

    def _needs(self, pattern: Pattern) -> list[Cut]:
        """Return cuts that the pattern breaks, each a proof that a hidden cell is known too well."""
        cells, attacker = self.cells, Attacker(self.cells, pattern)
        watch = [c for c in np.flatnonzero(pattern.hidden & (cells.can_hide | cells.primary)) if self._is_count(c)]
        seen = _Witnesses(attacker, watch)
        cuts: list[Cut] = []
        for cell in watch:
            cuts += self._cuts_of(attacker, seen, int(cell))
        return cuts

    def _is_count(self, cell: int) -> bool:
        return self.cells.table["disclosure"].iat[cell] == "count"

    def _cuts_of(self, attacker: Attacker, seen: _Witnesses, cell: int) -> list[Cut]:
        low, high = asked_range(self.cells, cell)
        sides = [(-1, -low), (1, high)]
        if self.cells.primary[cell]:
            return [cut for sign, asked in sides for cut in self._side(attacker, seen, cell, sign, asked)]
        return self._either_side(attacker, seen, cell, sides)

    def _side(self, attacker: Attacker, seen: _Witnesses, cell: int, sign: int, asked: float) -> list[Cut]:
        """Return the cuts by which a small count's greatest (or negative of the least) value is at least ``asked``."""
        if (cell, sign) in self.given_up or seen.reaches(cell, sign, asked):
            return []
        extreme = seen.solve(cell, sign)
        missing = asked - extreme.value
        if missing <= TOLERANCE:
            return []
        usable = np.flatnonzero(extreme.gain > 1e-9)
        if not len(usable):
            self.given_up.add((cell, sign))
            return self._unmark_if_exact(seen, cell)
        capacity = {int(k): min(float(extreme.gain[k]) / missing, 1.0) for k in usable}
        return [{**capacity, cell: -1.0}]

    def _unmark_if_exact(self, seen: _Witnesses, cell: int) -> list[Cut]:
        """Leave the mark off a small count that the mark itself would tell; then it needs another look."""
        if cell in self.unmarked or not self.cells.can_hide[cell]:
            return []
        if seen.solve(cell, 1).value + seen.solve(cell, -1).value >= 1 - TOLERANCE:
            return []
        return self._unmark([cell])

    def _unmark(self, cells: Sequence[int]) -> list[Cut]:
        self.unmarked |= set(cells)
        self.given_up.clear()
        self.cuts = list(_exact_sets(self.cells))  # what the attacker proved with the marks need not hold now
        return [{}]  # holds always; the next round looks again

    def _either_side(
        self, attacker: Attacker, seen: _Witnesses, cell: int, sides: Sequence[tuple[int, float]]
    ) -> list[Cut]:
        """Return the cut by which another cell, if it is hidden, is not known to the person."""
        if (cell, 0) in self.given_up or any(seen.reaches(cell, *side) for side in sides):
            return []
        extremes = [seen.solve(cell, sign) for sign, _ in sides]
        if any(e.value >= asked - TOLERANCE for e, (_, asked) in zip(extremes, sides, strict=True)):
            return []
        gains = np.maximum(extremes[0].gain, extremes[1].gain)
        if len(usable := np.flatnonzero(gains > 1e-9)):
            return [{**dict.fromkeys(map(int, usable), 1.0), cell: -1.0}]
        if sides[1][1] - attacker.value[cell] > 1:  # a hidden zero that cannot be a large count: it is zero
            near = attacker.components == attacker.components[cell]
            marked = np.flatnonzero(near & attacker.pattern.marked)
            if len(marked):
                return self._unmark(marked.tolist())
        self.given_up.add((cell, 0))
        return []


class _Witnesses:
    """Remember points that fit all that is published: most cells are seen to be uncertain without a programme."""

    def __init__(self, attacker: Attacker, watch: Sequence[int]) -> None:
        self.attacker = attacker
        self.most, self.least = attacker.value.copy(), attacker.value.copy()
        self._solved: dict[tuple[int, int], object] = {}
        labels = attacker.components
        for component in dict.fromkeys(labels[list(watch)].tolist()):
            here = np.zeros(len(labels))
            here[[c for c in watch if labels[c] == component]] = 1
            if here.sum() > 2:
                for sign in (1, -1):
                    self._add(attacker.maximise(component, sign * here).point)

    def _add(self, point: np.ndarray) -> None:
        self.most, self.least = np.maximum(self.most, point), np.minimum(self.least, point)

    def reaches(self, cell: int, sign: int, asked: float) -> bool:
        """Return whether a point is known at which the cell is as far as asked."""
        return (self.most[cell] if sign > 0 else -self.least[cell]) >= asked - TOLERANCE

    def solve(self, cell: int, sign: int):
        """Return the extreme of a cell, and remember its point."""
        if (cell, sign) not in self._solved:
            self._solved[cell, sign] = extreme = self.attacker.greatest(cell, sign)
            self._add(extreme.point)
        return self._solved[cell, sign]


def _cut_matrix(cuts: Sequence[Cut], count: int) -> csr_array:
    entries = [(row, cell, number) for row, cut in enumerate(cuts) for cell, number in cut.items()]
    rows, columns, numbers = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
    return csr_array((numbers, (rows, columns)), shape=(len(cuts), count))


def _exact_sets(cells: Cells) -> Iterator[Cut]:
    """Yield the cuts that each relation alone asks for: where a count is hidden, so is another cell of the relation."""
    hides, matrix = cells.can_hide, cells.matrix
    latent = (cells.table["state"] == "latent").to_numpy()
    count = (cells.table["disclosure"] == "count").to_numpy()
    exact = cells.table["half"].to_numpy(float) == 0
    slack = np.abs(np.minimum(cells.high - matrix @ cells.table["value"].to_numpy(float), 1e9))
    for row in range(matrix.shape[0]):
        members = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        owner = cells.stated_by[row]
        is_rate = owner >= 0 and np.isfinite(cells.high[row]) and slack[row] < 0.1
        if not (cells.low[row] == cells.high[row] or is_rate):
            continue
        if not exact[members].all() or (latent & ~cells.primary)[members].any():
            continue
        others = {int(c): 1.0 for c in members if hides[c]} | ({int(owner): 1.0} if owner >= 0 else {})
        unseen = [c for c in members if latent[c]]
        for cell in (c for c in members if count[c]):
            if all(c == cell for c in unseen) and others.keys() - {int(cell)}:
                yield {**others, int(cell): -1.0}


@dataclass(frozen=True, eq=False)
class Protection:
    """What is hidden in a set of tables. ``marks``: for each table, its cells with "<5", "…", or "" where printed."""

    cells: Cells
    pattern: Pattern
    marks: tuple[pd.DataFrame, ...]


def protect(tables: Sequence[PublishedTable], parents: Mapping[str, str] | None = None) -> Protection:
    """Return which cells of tables that are published together are hidden, so that no small count can be worked out.

    ``parents``: the unit above each, by code.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": ["poor", "near_poor", "household"], "insured": [40, 3, 20]})
    >>> total = pd.DataFrame({"insured": [63]})
    >>> protect([PublishedTable("groups", groups), PublishedTable("total", total)]).marks[0]["insured"].tolist()
    ['', '<5', '…']
    """
    cells = collect_cells(tables, parents)
    pattern = choose_hidden(cells)
    marks = [pd.DataFrame("", index=p.table.index, columns=p.table.columns) for p in tables]
    if pattern.hidden.any():
        text = np.where(pattern.marked, f"<{disclosure_rules()['threshold']:.0f}", "…")
        printed = cells.places[pattern.hidden[cells.places["cell"].to_numpy(int)]]
        for place in printed.itertuples(index=False):
            frame = marks[place.table]
            frame.iat[place.row, frame.columns.get_loc(place.column)] = text[place.cell]
    return Protection(cells, pattern, tuple(marks))
