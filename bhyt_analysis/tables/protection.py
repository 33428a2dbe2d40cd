"""Choose which cells to hide besides the small counts, so that nothing tells these: with the least loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from bhyt_analysis.tables.attack import TOLERANCE, Attacker, Extreme
from bhyt_analysis.tables.cells import PublishedTable, collect_cells
from bhyt_analysis.tables.disclosure import Cells, Pattern, asked_range, disclosure_rules, hide_primary

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
    """Choose the cells of one part of the system. ``unmarked``: small counts whose own mark would tell them."""

    cells: Cells
    cuts: list[Cut] = field(default_factory=list)
    unmarked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.weight = np.where(self.cells.can_hide, self.cells.table["weight"].to_numpy(float), 0)
        count = (self.cells.table["disclosure"] == "count").to_numpy()
        self.watched = np.flatnonzero(count & (self.cells.can_hide | self.cells.primary))
        self.cuts = list(_exact_sets(self.cells))
        self.widest = self._probe(np.ones(len(count), bool))

    def choose(self) -> Pattern:
        """Return the pattern of the least loss, or one within `gap` of it.

        An integer programme gives a pattern that fits all cuts so far, and a bound of the loss; the pattern is
        completed until an attacker learns nothing, and each proof of the attacker is a cut of the next programme.
        """
        rules = disclosure_rules()
        until = monotonic() + rules["seconds"]
        exact = int(self.cells.can_hide.sum()) <= rules["largest_exact"]
        best, least = None, np.inf
        while True:
            hidden, bound = self._solve(max(until - monotonic(), 0.2)) if exact else (None, 0.0)
            if hidden is None:
                hidden, exact = self._start(), False
            marks = len(self.unmarked)
            hidden = self._completed(hidden)
            if len(self.unmarked) > marks:
                best, least = None, np.inf
            if (loss := float(self.weight @ hidden)) < least:
                best, least = hidden, loss
            done = not exact or monotonic() > until or bound >= loss - rules["gap"] * loss
            if done and best is not None:
                return Pattern(self._without_idle(best), self._marks())

    def _without_idle(self, hidden: np.ndarray) -> np.ndarray:
        """Return less hidden: without cells of which everybody knows the value all the same."""
        probe, hidden = self._probe(hidden), hidden.copy()
        followers = set(self.cells.followed[:, 0].tolist())
        people = self.cells.table["disclosure"].isin(["count", "change"]).to_numpy()
        for cell in np.flatnonzero(hidden & people & self.cells.can_hide & ~self.cells.primary).tolist():
            if probe.most[cell] - probe.least[cell] < TOLERANCE and cell not in followers:
                hidden[cell] = probe.width(cell) >= TOLERANCE
        return hidden

    def _marks(self) -> np.ndarray:
        marked = hide_primary(self.cells).marked
        marked[list(self.unmarked)] = False
        return marked

    def _start(self) -> np.ndarray:
        """Return what must be hidden whatever else is: small counts, and what follows them."""
        return self._with_followers(hide_primary(self.cells).hidden)

    def _with_followers(self, hidden: np.ndarray) -> np.ndarray:
        hidden = hidden.copy()
        followers, others = self.cells.followed[:, 0], self.cells.followed[:, 1]
        while (add := followers[hidden[others] & ~hidden[followers]]).size:
            hidden[add] = True
        return hidden

    def _solve(self, seconds: float) -> tuple[np.ndarray | None, float]:
        """Return what is hidden with the least loss that the cuts allow, and a bound of the loss."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # slow to load, and most inputs have no small count

        count, followed = len(self.weight), self.cells.followed
        matrices = [_cut_matrix(self.cuts, count)]
        matrices.append(_cut_matrix([{int(a): 1.0, int(b): -1.0} for a, b in followed if a != b], count))
        result = milp(
            self.weight,
            integrality=np.ones(count),
            bounds=Bounds(hide_primary(self.cells).hidden.astype(float), 1),
            constraints=[LinearConstraint(m, 0, np.inf) for m in matrices if m.shape[0]],
            options={"time_limit": seconds, "mip_rel_gap": disclosure_rules()["gap"] / 2},
        )
        return (None, 0.0) if result.x is None else (result.x > 0.5, float(result.mip_dual_bound or 0))

    def _completed(self, start: np.ndarray) -> np.ndarray:
        """Return more cells hidden, until an attacker learns no hidden count; add each proof to the cuts."""
        hidden, own = start, len(self.cuts)
        probe = None
        while True:
            probe = self._probe(hidden, probe)
            marks = len(self.unmarked)
            new = [cut for cell in self.watched[hidden[self.watched]] for cut in self._cuts_of(probe, int(cell))]
            if len(self.unmarked) > marks:  # proofs with the marks need not hold now
                self.cuts, own = list(_exact_sets(self.cells)), 0
                self.widest = self._probe(np.ones(len(hidden), bool))
            elif not new:
                return hidden
            else:
                self.cuts += new
                hidden = self._grown(start, self.cuts[own:], hidden)

    def _grown(self, start: np.ndarray, cuts: Sequence[Cut], now: np.ndarray) -> np.ndarray:
        """Return more hidden until the cuts hold: the cells of the least loss for what they add, none that is idle."""
        hidden = now.astype(float)
        for cut in cuts:
            missing = -sum(number * hidden[cell] for cell, number in cut.items())
            usable = [cell for cell, number in cut.items() if number > 0 and not hidden[cell]]
            for cell in sorted(usable, key=lambda c: self.weight[c] / cut[c]):
                if missing > 1e-9:
                    hidden[cell] = 1
                    missing -= cut[cell]
        columns = _cut_matrix(cuts, len(now)).tocsc()
        sums = columns @ hidden
        for cell in sorted(np.flatnonzero(hidden > now).tolist(), key=lambda c: -self.weight[c]):
            entries = slice(columns.indptr[cell], columns.indptr[cell + 1])
            rows, numbers = columns.indices[entries], columns.data[entries]
            if (sums[rows] - numbers >= -1e-9).all():
                hidden[cell] = 0
                sums[rows] -= numbers
        return self._with_followers(hidden > 0)

    def _probe(self, hidden: np.ndarray, before: _Probe | None = None) -> _Probe:
        return _Probe(Attacker(self.cells, Pattern(hidden, self._marks())), self.watched, before)

    def _cuts_of(self, probe: _Probe, cell: int) -> list[Cut]:
        """Return cuts that the pattern breaks, each a proof that the attacker knows a hidden cell too well."""
        low, high = asked_range(self.cells, cell)
        sides = [(-1, -low), (1, high)]
        if self.cells.primary[cell]:
            return [cut for sign, target in sides for cut in self._cuts_of_primary(probe, cell, sign, target)]
        return self._cuts_of_other(probe, cell, sides)

    def _cuts_of_primary(self, probe: _Probe, cell: int, sign: int, target: float) -> list[Cut]:
        if probe.reaches(cell, sign, target):
            return []
        if not self.widest.reaches(cell, sign, target):
            target = min(target, self.widest.solve(cell, sign).value)
            self._unmark_if_told(cell)
        extreme = probe.solve(cell, sign)
        usable = np.flatnonzero(extreme.gain > 1e-9)
        if (missing := target - extreme.value) <= TOLERANCE or not len(usable):
            return []
        return [{**{int(k): min(float(extreme.gain[k]) / missing, 1.0) for k in usable}, cell: -1.0}]

    def _unmark_if_told(self, cell: int) -> None:
        """Leave the marks off the small counts whose marks would tell this one, whatever else is hidden."""
        if self.widest.width(cell) < 1 - TOLERANCE:
            for sign in (-1, 1):
                self.unmarked |= set(self.widest.solve(cell, sign).marks.tolist())
            if self.cells.can_hide[cell]:
                self.unmarked.add(cell)

    def _cuts_of_other(self, probe: _Probe, cell: int, sides: Sequence[tuple[int, float]]) -> list[Cut]:
        """Return the cut by which a cell that protects others, if it is hidden, is not known to the person."""
        if any(probe.reaches(cell, *side) for side in sides):
            return []
        if not any(self.widest.reaches(cell, *side) or self.widest.solve_to(cell, *side) for side in sides):
            if sides[1][1] - probe.attacker.value[cell] > 1:  # a hidden zero that cannot be a large count: it is zero
                self.unmarked |= set(self.widest.solve(cell, 1).marks.tolist())
            return []
        extremes = [probe.solve(cell, sign) for sign, _ in sides]
        if any(e.value >= target - TOLERANCE for e, (_, target) in zip(extremes, sides, strict=True)):
            return []
        usable = np.flatnonzero(np.maximum(extremes[0].gain, extremes[1].gain) > 1e-9)
        return [{**dict.fromkeys(map(int, usable), 1.0), cell: -1.0}] if len(usable) else []


class _Probe:
    """Solve an attacker's programmes, and remember points that fit all that is printed: most need no programme.

    ``before``: of a pattern that hides less; its points still fit.
    """

    def __init__(self, attacker: Attacker, watched: np.ndarray, before: _Probe | None = None) -> None:
        self.attacker = attacker
        self.most: np.ndarray = (attacker.value if before is None else before.most).copy()
        self.least: np.ndarray = (attacker.value if before is None else before.least).copy()
        self._solved: dict[tuple[int, int], Extreme] = {}
        hidden = watched[attacker.pattern.hidden[watched]]
        labels = attacker.components
        random = np.random.default_rng(0)
        for component in np.unique(labels[hidden]) if before is None else []:
            cells = hidden[labels[hidden] == component]
            if len(cells) > 2:
                self._search(int(component), cells, random)

    def _search(self, component: int, cells: np.ndarray, random: np.random.Generator) -> None:
        """Look for points at which many cells are far from their values, until few more are met."""
        low, high = np.transpose([asked_range(self.attacker.cells, int(cell)) for cell in cells])
        for _ in range(12):
            short = np.array([(self.least[cells] > low + TOLERANCE), (self.most[cells] < high - TOLERANCE)])
            signs = np.where(short[0] & (~short[1] | (random.random(len(cells)) < 0.5)), -1.0, 1.0)
            objective = np.zeros(len(self.most))
            objective[cells] = np.where(short.any(axis=0), signs * random.uniform(0.5, 1.5, len(cells)), 0)
            if not objective.any():
                return
            self._add(self.attacker.maximise(component, objective).point)
            left = np.array([(self.least[cells] > low + TOLERANCE), (self.most[cells] < high - TOLERANCE)])
            if left.sum() > short.sum() - 2:
                return

    def _add(self, point: np.ndarray) -> None:
        self.most, self.least = np.maximum(self.most, point), np.minimum(self.least, point)

    def reaches(self, cell: int, sign: int, target: float) -> bool:
        """Return whether a point is known at which the cell is as far as asked for."""
        return bool((self.most[cell] if sign > 0 else -self.least[cell]) >= target - TOLERANCE)

    def solve(self, cell: int, sign: int) -> Extreme:
        """Return the extreme of a cell, and remember its point."""
        if (cell, sign) not in self._solved:
            self._solved[cell, sign] = extreme = self.attacker.greatest(cell, sign)
            self._add(extreme.point)
        return self._solved[cell, sign]

    def solve_to(self, cell: int, sign: int, target: float) -> bool:
        """Return whether the cell can be as far as asked for."""
        return self.solve(cell, sign).value >= target - TOLERANCE

    def width(self, cell: int) -> float:
        """Return the width of a cell's range."""
        return self.solve(cell, 1).value + self.solve(cell, -1).value


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
    marks = [np.full(p.table.shape, "", object) for p in tables]
    if pattern.hidden.any():
        text = np.where(pattern.marked, f"<{disclosure_rules()['threshold']:.0f}", "…")
        printed = cells.places[pattern.hidden[cells.places["cell"].to_numpy(int)]]
        for place in printed.itertuples(index=False):
            column = tables[place.table].table.columns.get_loc(place.column)
            marks[place.table][place.row, column] = str(text[place.cell])
    frames = [pd.DataFrame(m, p.table.index, p.table.columns) for m, p in zip(marks, tables, strict=True)]
    return Protection(cells, pattern, tuple(frames))
