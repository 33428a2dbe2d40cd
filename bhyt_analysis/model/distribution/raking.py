"""What does each commune have of each group, where only the totals of communes and of groups are known?"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bhyt_analysis.i18n.messages import BhytError

TOLERANCE = 1e-6  # people
WORST = 10  # margins that an error about fitting names
Table = TypeVar("Table", pd.DataFrame, NDArray[Any])
Fault = tuple[str, dict[str, Any]]
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Totals = tuple[Floats, Floats]  # of rows, of columns
Names = tuple[list[Any], list[Any]]
SWEEPS = 5  # of pricing the columns; more of them no longer shorten the work
PRICIEST = 10**14  # a hundred times the largest remainder
FAR = np.iinfo(np.int64).max // 4  # no such exchange


def rake(
    seed: Table, rows: ArrayLike, columns: ArrayLike, *, tolerance: float = TOLERANCE, rounds: int = 1000
) -> Table:
    """A table scaled to the totals of its rows and of its columns (iterative proportional fitting).

    Of all tables with these totals it is the one nearest to the seed: the ratios
    between cells (their cross-products) stay, and a cell of 0 stays 0. A seed of equal
    cells says that nothing is known but the totals. What comes out is estimated.

    Parameters
    ----------
    seed : commune x group, 0 or more; an array or a DataFrame.
    rows, columns : totals (people, 0 or more) with the same sum. A Series is put in the
        order of the seed's labels where the seed is a DataFrame.
    tolerance : how far (people) a total may be off in the end.
    rounds : after how many rounds to give up.

    Returns
    -------
    a table like the seed, float64, with the seed's index and columns.

    Raises
    ------
    BhytError
        all at once, for figures that are missing or negative, totals without the same
        sum, a total of people over cells that can only be 0; and for totals that the
        cells can't reach together, with the worst of them and the difference.

    References
    ----------
    W. E. Deming, F. F. Stephan, "On a least squares adjustment of a sampled frequency table
    when the expected marginal totals are known", Annals of Math. Statistics 11 (1940) 427-444.

    Examples
    --------
    >>> seed = pd.DataFrame({"poor": [1, 2], "household": [1, 0]}, index=["Tân Trào", "Kháng Nhật"])
    >>> rake(seed, rows=[50, 30], columns=[60, 20]).to_numpy().round(6).tolist()
    [[30.0, 20.0], [30.0, 0.0]]
    """
    cells: Floats = np.asarray(seed, dtype="float64")
    names: Names = _names(seed)
    totals: Totals = _total(rows, seed, 0), _total(columns, seed, 1)
    _stop(_bad_figures(cells, totals, names))
    _stop([*_unequal(totals, tolerance), *_unreachable(cells, totals, names)])
    fitted = cells / cells.max() if cells.any() else cells
    for _ in range(rounds):
        for axis in (0, 1):
            sums = fitted.sum(axis=1 - axis)
            factor = np.divide(totals[axis], sums, out=np.zeros_like(sums), where=sums > 0)
            fitted = fitted * np.expand_dims(factor, 1 - axis)
        if max(np.abs(d).max(initial=0) for d in _differences(fitted, totals)) <= tolerance:
            return _like(seed, fitted)
    raise BhytError(*_missed(fitted, totals, names, tolerance, rounds))


def round_to_margins(table: Table, rows: ArrayLike, columns: ArrayLike, *, tolerance: float = TOLERANCE) -> Table:
    """A raked table in whole people that keeps the totals of its rows and of its columns exactly.

    Each cell becomes the whole number below or above it, a whole one stays (a cell of 0
    too), and of all such tables this is one with the least total change, so the largest
    remainders go up as far as both totals let them. There always is one (Cox 1987). Each
    row first raises its largest remainders; then, as long as a column has too many, the
    cheapest chain of exchanges inside rows moves people to a column that has too few
    (successive shortest paths).

    Parameters
    ----------
    table : commune x group in people, with the totals up to ``tolerance``; from `rake`.
    rows, columns : totals in whole people with the same sum.
    tolerance : how far (people) a total of the table may be off.

    Returns
    -------
    a table like the first, int64, with its index and columns.

    Raises
    ------
    BhytError
        all at once, for figures that are missing or negative, totals that are not whole
        people or that the table does not have.

    References
    ----------
    L. H. Cox, "A constructive procedure for unbiased controlled rounding", JASA 82 (1987)
    520-524; R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows" (1993), section 9.7.

    Examples
    --------
    >>> round_to_margins(np.array([[0.6, 0.7, 1.7], [0.4, 1.3, 0.3]]), rows=[3, 2], columns=[1, 2, 2]).tolist()
    [[0, 1, 2], [1, 1, 0]]
    """
    cells: Floats = np.asarray(table, dtype="float64")
    names: Names = _names(table)
    totals: Totals = _total(rows, table, 0), _total(columns, table, 1)
    _stop([*_bad_figures(cells, totals, names), *_not_whole(totals, names)])
    _stop(_unequal(totals, 0.0))
    _stop(_off(cells, totals, names, tolerance))
    near = np.rint(cells)
    floor = np.where(np.abs(cells - near) <= TOLERANCE, near, np.floor(cells))
    remainder = np.where(cells - floor > TOLERANCE, cells - floor, 0.0)
    wanted = [(t - floor.sum(axis=1 - a)).astype(np.int64) for a, t in enumerate(totals)]
    # The chains run over columns: fewer columns, shorter chains.
    turned = cells.shape[1] > cells.shape[0]
    up = _raised(remainder.T, wanted[1], wanted[0]) if turned else _raised(remainder, wanted[0], wanted[1])
    if up is None:  # only with a tolerance so wide that the remainders do not hold the totals
        raise BhytError(*_off(cells, totals, names, 0.0))
    return _like(table, floor.astype(np.int64) + (up.T if turned else up))


def _raised(remainder: Floats, rows: Whole, columns: Whole) -> Whole | None:
    """Which cells go up: as many in each row and column as given, with the largest sum of remainders.

    None where the cells with a remainder do not allow it.
    """
    # Whole trillionths of a person, so that sums are exact and no chain seems to gain from going in a circle.
    gain = np.rint(remainder * 1e12).astype(np.int64)
    if any((w < 0).any() or (w > (gain > 0).sum(axis=1 - a)).any() for a, w in enumerate((rows, columns))):
        return None
    priced = np.where(gain > 0, _priced(gain, rows, columns), -FAR)
    rank = np.argsort(np.argsort(-priced, axis=1, kind="stable"), axis=1)
    up = rank < rows[:, None]
    while (excess := up.sum(axis=0) - columns).any():
        cost = _exchanges(gain, up)
        chain = _cheapest_chain(cost, np.flatnonzero(excess > 0), np.flatnonzero(excess < 0))
        if not chain:
            return None
        # Rows that tie go together: as many as every exchange of the chain has, and both ends ask for.
        tied = [_rows_at(cost[hop], gain, up, *hop) for hop in chain]
        many = min(excess[chain[0][0]], -excess[chain[-1][1]], *(len(t) for t in tied))
        for (source, sink), row in zip(chain, tied, strict=True):
            up[row[:many], source], up[row[:many], sink] = False, True
    return up.astype(np.int64)


def _priced(gain: Whole, rows: Whole, columns: Whole) -> Whole:
    """The gains with a price on each column, at which rows that raise their largest nearly fill the columns.

    Only a good start: the same price on every cell of a column changes no circle of
    exchanges, so the chains that follow lead to the same least total change.
    """
    price = np.zeros(gain.shape[1], dtype=np.int64)
    last = np.clip(rows - 1, 0, None)
    for _ in range(SWEEPS):
        for j in np.flatnonzero(columns > 0):
            priced = np.where(gain > 0, gain + price, -FAR)
            priced[:, j] = -FAR
            bar = -np.take_along_axis(np.sort(-priced, axis=1), last[:, None], axis=1)[:, 0]
            takes = np.sort((bar - gain[:, j])[(gain[:, j] > 0) & (rows > 0)])
            if len(takes):
                price[j] = np.clip(takes[min(columns[j], len(takes)) - 1], -PRICIEST, PRICIEST)
    return gain + price


def _exchanges(gain: Whole, up: NDArray[np.bool_]) -> Whole:
    """For each pair of columns, what the cheapest row loses by raising the second instead of the first."""
    raisable = np.where(~up & (gain > 0), gain, -FAR)
    cost = np.full((gain.shape[1], gain.shape[1]), FAR)
    for source in range(len(cost)):
        held = np.flatnonzero(up[:, source])
        cost[source] = (gain[held, source, None] - raisable[held]).min(axis=0, initial=FAR)
    return cost


def _rows_at(cost: np.int64, gain: Whole, up: NDArray[np.bool_], source: int, sink: int) -> NDArray[np.intp]:
    """The rows that can make an exchange at this cost."""
    can = up[:, source] & ~up[:, sink] & (gain[:, sink] > 0)
    return np.flatnonzero(can & (gain[:, source] - gain[:, sink] == cost))


def _cheapest_chain(cost: Whole, sources: NDArray[np.intp], sinks: NDArray[np.intp]) -> list[tuple[int, int]]:
    """The exchanges from one of the sources to one of the sinks that cost least (Bellman and Ford); [] if none."""
    n = len(cost)
    distance, previous = np.full(n, FAR), np.full(n, -1)
    distance[sources] = 0
    for _ in range(n):
        through = np.where((distance[:, None] < FAR) & (cost < FAR), distance[:, None] + cost, FAR)
        best = through.argmin(axis=0)
        shorter = through[best, np.arange(n)] < distance
        if not shorter.any():
            break
        distance = np.where(shorter, through[best, np.arange(n)], distance)
        previous = np.where(shorter, best, previous)
    end = int(sinks[distance[sinks].argmin()]) if len(sinks) else -1
    if end < 0 or distance[end] >= FAR:
        return []
    chain = []
    while previous[end] >= 0:
        chain.append((int(previous[end]), end))
        end = int(previous[end])
    return chain[::-1]


def _names(table: pd.DataFrame | NDArray[Any]) -> Names:
    """What rows and columns are called: the labels, or the place counted from 1."""
    if isinstance(table, pd.DataFrame):
        return list(table.index), list(table.columns)
    if table.ndim != 2:
        raise ValueError(f"the table has {table.ndim} dimensions; expected rows and columns")
    return [*range(1, table.shape[0] + 1)], [*range(1, table.shape[1] + 1)]


def _total(given: ArrayLike, table: pd.DataFrame | NDArray[Any], axis: int) -> Floats:
    if isinstance(given, pd.Series) and isinstance(table, pd.DataFrame):
        labels = table.axes[axis]
        unknown = [("error.rake_unknown", {"name": n}) for n in given.index.difference(labels, sort=False)]
        untold = [("error.rake_no_total", {"name": n}) for n in labels.difference(given.index, sort=False)]
        _stop([*unknown, *untold])
        given = given.reindex(labels)
    total = np.asarray(given, dtype="float64")
    if total.shape != (table.shape[axis],):
        raise ValueError(f"totals of shape {total.shape}; expected one for each of {table.shape[axis]}")
    return total


def _like(table: Table, cells: NDArray[Any]) -> Table:
    if isinstance(table, pd.DataFrame):
        return pd.DataFrame(cells, index=table.index, columns=table.columns)
    return cells


def _stop(faults: list[Fault]) -> None:
    if faults:
        raise BhytError(*faults)


def _differences(cells: Floats, totals: Totals) -> tuple[Floats, Floats]:
    return cells.sum(axis=1) - totals[0], cells.sum(axis=0) - totals[1]


def _bad_figures(cells: Floats, totals: Totals, names: Names) -> list[Fault]:
    """What is missing, infinite or negative."""
    faults: list[Fault] = []
    for i, j in np.argwhere(~((cells >= 0) & (cells < np.inf))):
        faults.append(("error.rake_cell", {"row": names[0][i], "column": names[1][j], "found": _told(cells[i, j])}))
    for key, total, told in zip(("error.rake_row_total", "error.rake_column_total"), totals, names, strict=True):
        for i in np.flatnonzero(~((total >= 0) & (total < np.inf))):
            faults.append((key, {"name": told[i], "found": _told(total[i])}))
    return faults


def _told(figure: float) -> str:
    return "" if np.isnan(figure) else f"{figure:g}"


def _not_whole(totals: Totals, names: Names) -> list[Fault]:
    keys = ("error.rake_row_not_whole", "error.rake_column_not_whole")
    return [
        (key, {"name": told[i], "found": f"{total[i]:.10g}"})
        for key, total, told in zip(keys, totals, names, strict=True)
        for i in np.flatnonzero(np.isfinite(total) & (total != np.rint(total)))
    ]


def _unequal(totals: Totals, tolerance: float) -> list[Fault]:
    rows, columns = (float(t.sum()) for t in totals)
    if abs(rows - columns) <= tolerance:
        return []
    return [("error.rake_totals", {"rows": rows, "columns": columns, "difference": rows - columns})]


def _unreachable(cells: Floats, totals: Totals, names: Names) -> list[Fault]:
    """Totals of people whose every cell is 0, or lies in a line whose own total is 0."""
    open_cells = (cells > 0) & (totals[0][:, None] > 0) & (totals[1] > 0)
    keys = ("error.rake_row_unreachable", "error.rake_column_unreachable")
    return [
        (keys[axis], {"name": names[axis][i], "total": totals[axis][i]})
        for axis in (0, 1)
        for i in np.flatnonzero((totals[axis] > 0) & ~open_cells.any(axis=1 - axis))
    ]


def _off(cells: Floats, totals: Totals, names: Names, tolerance: float) -> list[Fault]:
    """The totals that a table misses by more than the tolerance, the worst of them first."""
    keys = ("error.rake_row_off", "error.rake_column_off")
    faults = [
        (abs(difference[i]), (keys[axis], {
            "name": names[axis][i], "found": totals[axis][i] + difference[i], "total": totals[axis][i],
            "difference": difference[i],
        }))
        for axis, difference in enumerate(_differences(cells, totals))
        for i in np.flatnonzero(np.abs(difference) > tolerance)
    ]  # fmt: skip
    return [fault for _, fault in sorted(faults, key=lambda f: -f[0])[:WORST]]


def _missed(cells: Floats, totals: Totals, names: Names, tolerance: float, rounds: int) -> list[Fault]:
    count = sum(int((np.abs(d) > tolerance).sum()) for d in _differences(cells, totals))
    return [("error.rake_not_met", {"rounds": rounds, "count": count}), *_off(cells, totals, names, tolerance)]
