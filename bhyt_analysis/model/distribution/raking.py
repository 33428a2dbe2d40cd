"""Estimate a table of communes and groups from the totals of both."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import linprog

from bhyt_analysis.domain.input_error import Fault, fault_error, raise_faults

TOLERANCE = 1e-6  # people
MAX_NAMED = 10  # totals that an error about fitting names
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Table = TypeVar("Table", pd.DataFrame, NDArray[np.float64])
Totals = tuple[Floats, Floats]  # of rows, of columns
Names = tuple[list[object], list[object]]


def rake(
    seed: Table, rows: ArrayLike, columns: ArrayLike, *, tolerance: float = TOLERANCE, rounds: int = 1000
) -> Table:
    """Scale a table to the totals of its rows and of its columns (iterative proportional fitting).

    Of all tables with these totals it is the one nearest to the seed: the ratios
    between cells (their cross-products) stay, and a cell of 0 stays 0. A seed of equal
    cells says that only the totals are known. The result is estimated.

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
        all at once, for missing or negative figures, totals without the same
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
    raise_faults(_bad_figures(cells, totals, names))
    raise_faults([*_unequal(totals, tolerance), *_unreachable(cells, totals, names)])
    scaled: Floats = cells / cells.max() if cells.any() else cells
    for _ in range(rounds):
        for axis in (0, 1):
            sums = scaled.sum(axis=1 - axis)
            factor = np.divide(totals[axis], sums, out=np.zeros_like(sums), where=sums > 0)
            scaled = scaled * np.expand_dims(factor, 1 - axis)
        if max(np.abs(d).max(initial=0) for d in _differences(scaled, totals)) <= tolerance:
            return _like(seed, scaled)
    count = sum(int((np.abs(d) > tolerance).sum()) for d in _differences(scaled, totals))
    not_met: Fault = ("error.rake_not_met", {"rounds": rounds, "count": count})
    raise fault_error([not_met, *_off(scaled, totals, names, tolerance)])


def round_to_margins(table: Table, rows: ArrayLike, columns: ArrayLike, *, tolerance: float = TOLERANCE) -> Table:
    """Round a raked table to whole people so that it keeps its row and column totals exactly.

    Each cell becomes the whole number below or above it, a whole number stays (a cell of 0
    too), and of all such tables this is one with the least total change, so the largest
    remainders go up as far as both totals let them. There always is one (Cox 1987).

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
        all at once, for missing or negative figures, totals that are not whole
        people or that the table does not have.

    References
    ----------
    L. H. Cox, "A constructive procedure for unbiased controlled rounding", JASA 82 (1987)
    520-524.

    Examples
    --------
    >>> round_to_margins(np.array([[0.6, 0.7, 1.7], [0.4, 1.3, 0.3]]), rows=[3, 2], columns=[1, 2, 2]).tolist()
    [[0, 1, 2], [1, 1, 0]]
    """
    cells: Floats = np.asarray(table, dtype="float64")
    names: Names = _names(table)
    totals: Totals = _total(rows, table, 0), _total(columns, table, 1)
    raise_faults([*_bad_figures(cells, totals, names), *_not_whole(totals, names)])
    raise_faults(_unequal(totals, 0.0))
    raise_faults(_off(cells, totals, names, tolerance))
    near = np.rint(cells)
    lower = np.where(np.abs(cells - near) <= TOLERANCE, near, np.floor(cells))
    remainder = np.where(cells - lower > TOLERANCE, cells - lower, 0.0)
    up = _cells_to_raise(remainder, [t - lower.sum(axis=1 - axis) for axis, t in enumerate(totals)])
    if up is None:  # only with a tolerance so wide that the remainders do not make up the totals
        raise fault_error(_off(cells, totals, names, 0.0))
    return _like(table, lower.astype(np.int64) + up)


def _cells_to_raise(remainder: Floats, totals: list[Floats]) -> Whole | None:
    """Return which cells go up, as many in each row and column as ``totals`` say, with the largest sum of remainders.

    A transport problem: its linear programme has a solution in whole numbers. None where there is none.
    """
    row, column = np.nonzero(remainder)
    if not len(row):
        return None if any(t.any() for t in totals) else np.zeros(remainder.shape, dtype=np.int64)
    order = np.arange(len(row))
    ones = np.ones(len(row))
    in_rows = sparse.csr_array((ones, (row, order)), shape=(len(totals[0]), len(row)))
    in_columns = sparse.csr_array((ones, (column, order)), shape=(len(totals[1]), len(row)))
    solution = linprog(
        -remainder[row, column],
        A_eq=sparse.vstack([in_rows, in_columns]),
        b_eq=np.concatenate(totals),
        bounds=(0, 1),
        method="highs-ds",
    )
    if not solution.success:
        return None
    raised = np.zeros(remainder.shape, dtype=np.int64)
    raised[row, column] = np.rint(solution.x)
    return raised


def _names(table: pd.DataFrame | Floats) -> Names:
    """Return the labels of rows and columns, or their positions counted from 1."""
    if isinstance(table, pd.DataFrame):
        return list(table.index), list(table.columns)
    if table.ndim != 2:
        raise ValueError(f"the table has {table.ndim} dimensions; expected rows and columns")
    return [*range(1, table.shape[0] + 1)], [*range(1, table.shape[1] + 1)]


def _total(values: ArrayLike, table: pd.DataFrame | Floats, axis: int) -> Floats:
    if isinstance(values, pd.Series) and isinstance(table, pd.DataFrame):
        labels = table.axes[axis]
        unknown = [("error.rake_unknown", {"name": n}) for n in values.index.difference(labels, sort=False)]
        missing = [("error.rake_no_total", {"name": n}) for n in labels.difference(values.index, sort=False)]
        raise_faults([*unknown, *missing])
        values = values.reindex(labels)
    total = np.asarray(values, dtype="float64")
    if total.shape != (table.shape[axis],):
        raise ValueError(f"totals of shape {total.shape}; expected one for each of {table.shape[axis]}")
    return total


def _like(table: Table, cells: Floats | Whole) -> Table:
    if isinstance(table, pd.DataFrame):
        return pd.DataFrame(cells, index=table.index, columns=table.columns)
    return cells  # type: ignore[return-value]  # as many rows and columns, but perhaps whole


def _differences(cells: Floats, totals: Totals) -> tuple[Floats, Floats]:
    return cells.sum(axis=1) - totals[0], cells.sum(axis=0) - totals[1]


def _bad_figures(cells: Floats, totals: Totals, names: Names) -> list[Fault]:
    """Return the figures that are missing, infinite or negative."""
    faults: list[Fault] = []
    for i, j in np.argwhere(~((cells >= 0) & (cells < np.inf))):
        fields = {"row": names[0][i], "column": names[1][j], "found": _printed(cells[i, j])}
        faults.append(("error.rake_cell", fields))
    for key, total, labels in zip(("error.rake_row_total", "error.rake_column_total"), totals, names, strict=True):
        for i in np.flatnonzero(~((total >= 0) & (total < np.inf))):
            faults.append((key, {"name": labels[i], "found": _printed(total[i])}))
    return faults


def _printed(figure: float) -> str:
    return "" if np.isnan(figure) else f"{figure:g}"


def _not_whole(totals: Totals, names: Names) -> list[Fault]:
    keys = ("error.rake_row_not_whole", "error.rake_column_not_whole")
    return [
        (key, {"name": labels[i], "found": f"{total[i]:.10g}"})
        for key, total, labels in zip(keys, totals, names, strict=True)
        for i in np.flatnonzero(np.isfinite(total) & (total != np.rint(total)))
    ]


def _unequal(totals: Totals, tolerance: float) -> list[Fault]:
    rows, columns = (float(t.sum()) for t in totals)
    if abs(rows - columns) <= tolerance:
        return []
    return [("error.rake_totals", {"rows": rows, "columns": columns, "difference": rows - columns})]


def _unreachable(cells: Floats, totals: Totals, names: Names) -> list[Fault]:
    """Return totals of people whose every cell is 0, or lies in a line whose own total is 0."""
    open_cells = (cells > 0) & (totals[0][:, None] > 0) & (totals[1] > 0)
    keys = ("error.rake_row_unreachable", "error.rake_column_unreachable")
    return [
        (keys[axis], {"name": names[axis][i], "total": totals[axis][i]})
        for axis in (0, 1)
        for i in np.flatnonzero((totals[axis] > 0) & ~open_cells.any(axis=1 - axis))
    ]


def _off(cells: Floats, totals: Totals, names: Names, tolerance: float) -> list[Fault]:
    """Return the totals that a table misses by more than the tolerance, the worst of them first."""
    keys = ("error.rake_row_off", "error.rake_column_off")
    faults: list[tuple[float, Fault]] = []
    for axis, difference in enumerate(_differences(cells, totals)):
        for i in np.flatnonzero(np.abs(difference) > tolerance):
            total, off = totals[axis][i], difference[i]
            fields = {"name": names[axis][i], "found": total + off, "total": total, "difference": off}
            faults.append((abs(off), (keys[axis], fields)))
    return [fault for _, fault in sorted(faults, key=lambda f: -f[0])[:MAX_NAMED]]
