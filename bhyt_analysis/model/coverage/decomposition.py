"""Split a change of coverage by group, by insured and population, by rate and composition, and by lever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import comb

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.domain.result_table import result_table

VIEWS = ("group", "population", "rate_composition")
CELLS = ("group", "zone", "area")
FIGURES = ("insured", "population", "eligible")
COLUMNS = ["part", "key", "people", "points", "status"]
MAX_LEVERS = 12  # each subset is one run of the model: 4,096 of them


@result_table
def decompose(
    before: pd.DataFrame,
    after: pd.DataFrame,
    view: str | None = None,
    by: str | None = None,
    *,
    fill_value: int | None = None,
) -> pd.DataFrame:
    """Split the change of coverage N/P of all rows together into parts that add exactly to it.

    Parameters
    ----------
    before, after
        one row an area, a group, or a group of an area, with ``area`` and/or ``group``, ``insured`` and ``population``
        (people of the area, repeated over its groups). ``eligible`` (people of the row itself) allows the third view
        and replaces ``population`` where that is left out; ``status`` enters the result's; any other column, such as
        ``zone``, can be named in ``by``. The result of `coverage` fits.
    view
        what to split into, d for the change and a bar for the mean of both dates;
        "group" : ``dN_k * mean(1/P)`` of each cell, and one row for the population;
        "population" : the insured ``dN * mean(1/P)`` against the population ``mean(N) * d(1/P)``, the Shapley values
        of the two factors of N * (1/P);
        "rate_composition" : Kitagawa's ``mean(w_k) * dr_k`` (rate: people mobilised inside a cell) and
        ``mean(r_k) * dw_k`` (composition: people whom a reclassification moves between cells), with w = eligible/P,
        r = insured/eligible. Composition is read over all cells at once: who leaves one arrives in another.
        Left out: "rate_composition" where cells have people of their own (``eligible``, or areas in zones), else
        "group" where there are groups, else "population".
    by
        the column that names a cell; left out, the first there is of group, zone, area.
    fill_value
        people of a group that only one table has; None is an error, because missing is not zero, and 0 says that it had
        no insured people.

    Returns
    -------
    DataFrame
        ``part`` (the name in ``by``, "insured", "population", "rate" or "composition"), ``key`` (the cell; "" for the
        total), ``people``, ``points`` (share units, 0.01 is one percentage point; they add to the change of N/P),
        ``status``. ``people`` is the change of the insured, which rate and composition split exactly, and in the row
        "population" the change of the population. A cell without people on one date has no rate there: all of it is
        composition.

    Raises
    ------
    BhytError
        for missing columns or figures, rows that occur twice or in one table only, areas with two populations, cells
        that do not add to the population; all are named at once.

    References
    ----------
    E. M. Kitagawa, "Components of a difference between two rates", JASA 50 (1955) 1168-1194; L. S. Shapley, "A value
    for n-person games" (1953).

    Examples
    --------
    >>> before = pd.DataFrame({"group": ["state_paid", "household"], "insured": [600, 200], "population": 1000})
    >>> after = pd.DataFrame({"group": ["state_paid", "household"], "insured": [450, 300], "population": 1000})
    >>> decompose(before, after)[["part", "key", "people", "points"]].round(3).to_numpy().tolist()
    [['group', 'state_paid', -150.0, -0.15], ['group', 'household', 100.0, 0.1], ['population', '', 0.0, 0.0]]
    """
    view, by = _choose_view(before, after, view, by)
    first, second = _match_rows(before, after, view, by, fill_value)
    people = _total_people(first), _total_people(second)
    if view == "rate_composition":
        return _rate_composition(_cells(first, second, by), *people)
    return _insured_population(_cells(first, second, by if view == "group" else None), by or "", view, *people)


@result_table
def shapley(value: Callable[[frozenset[str]], float], levers: Sequence[str]) -> pd.DataFrame:
    """Return the contribution of each lever (price, outreach, time, ...), averaged over every order of applying them.

    ``value`` gives the model's result with a set of levers on; it is called once a subset, so that 12 levers are the
    most. Columns ``lever`` (in the given order), ``value`` (in the unit of the function; the sum is ``value(all) -
    value(none)``). Raises ValueError for a repeated lever, or for too many.

    References
    ----------
    L. S. Shapley, "A value for n-person games" (1953); A. F. Shorrocks, "Decomposition procedures for distributional
    analysis", Journal of Economic Inequality 11 (2013) 99-126.

    Examples
    --------
    >>> insured = lambda on: 100 * (1 + 0.5 * ("price" in on)) * (1 + 0.2 * ("outreach" in on))
    >>> shapley(insured, ["price", "outreach"]).round(6).to_numpy().tolist()  # 100 to 180
    [['price', 55.0], ['outreach', 25.0]]
    """
    n = len(levers)
    if len(set(levers)) < n or n > MAX_LEVERS:
        raise ValueError(f"levers are {', '.join(levers)}; expected each once, at most {MAX_LEVERS}")
    masks = np.arange(1 << n)
    subsets = [frozenset(lever for i, lever in enumerate(levers) if mask >> i & 1) for mask in masks.tolist()]
    worth = np.array([float(value(subset)) for subset in subsets])
    size = np.bitwise_count(masks)
    # Of all orders, the part in which exactly s given levers come before this one.
    weight = np.array([1 / (n * comb(n - 1, s)) for s in range(n)])
    parts = []
    for i in range(n):
        off = masks[masks >> i & 1 == 0]
        parts.append(float(weight[size[off]] @ (worth[off | 1 << i] - worth[off])))
    return pd.DataFrame({"lever": list(levers), "value": np.array(parts, dtype="float64")})


def _choose_view(before: pd.DataFrame, after: pd.DataFrame, view: str | None, by: str | None) -> tuple[str, str | None]:
    """Return the view and the column of its cells: the requested ones, else what the columns allow."""
    if view is not None and view not in VIEWS:
        raise ValueError(f'view is "{view}"; expected one of {", ".join(VIEWS)}')
    there = set(before.columns) | set(after.columns)
    cells = by or next((c for c in CELLS if c in there), None)
    if view is None:
        if cells and ("eligible" in there or (cells != "area" and _rows_are_areas(there))):
            view = "rate_composition"
        else:
            view = "group" if by or cells not in (None, "area") else "population"
    return view, cells


def _rows_are_areas(columns: set[str]) -> bool:
    return "area" in columns and "group" not in columns


def _total_people(table: pd.DataFrame) -> float:
    """Return the population of all areas, each counted once, or the people of the cells where it is left out."""
    if "population" not in table:
        return float(table["eligible"].sum())
    once = table.drop_duplicates("area") if "area" in table else table.head(1)
    return float(once["population"].sum())


def _match_rows(
    before: pd.DataFrame, after: pd.DataFrame, view: str, by: str | None, fill_value: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check both tables and return them with float figures, the people of each row, and the same rows."""
    there = set(before.columns) | set(after.columns)
    tables = {"before": before, "after": after}
    required = ["insured", *(c for c in ("area", "group", "eligible") if c in there)]
    required += ["population"] if "population" in there or "eligible" not in there else []
    if view != "population":
        required += [by or "group"] if (by or "group") not in required else []
    if view == "rate_composition" and not ({"eligible"} & there or _rows_are_areas(there)):
        required.append("eligible")
    expected = ", ".join(required)
    raise_faults(
        ("error.decompose_column", {"table": name, "column": column, "expected": expected})
        for name, table in tables.items()
        for column in required
        if column not in table
    )
    keys = [c for c in ("area", "group") if c in there] or ([by] if by else [])
    raise_faults(f for name, table in tables.items() for f in _row_faults(name, table, keys, required))
    first, second = (_prepare(t, required) for t in tables.values())
    if keys:
        only_second, empty_first = _fill_rows("before", first, second, keys, fill_value)
        only_first, empty_second = _fill_rows("after", second, first, keys, fill_value)
        raise_faults([*only_second, *only_first])
        first = pd.concat([first, empty_first], ignore_index=True)
        second = pd.concat([second, empty_second], ignore_index=True)
    raise_faults([*_total_faults("before", first), *_total_faults("after", second)])
    return first, second


def _labels(table: pd.DataFrame, keys: list[str]) -> list[str]:
    return [", ".join(map(str, row)) for row in table[keys].itertuples(index=False, name=None)]


def _row_faults(name: str, table: pd.DataFrame, keys: list[str], required: list[str]) -> Iterator[Fault]:
    """Yield the faults of one table: repeated rows, missing figures, two populations of one area."""
    labels = _labels(table, keys) if keys else [""] * len(table)
    for i in np.flatnonzero(table.duplicated(keys) if keys else np.arange(len(table)) > 0):
        yield "error.decompose_twice", {"table": name, "what": labels[i]}
    for column in required:
        for i in np.flatnonzero(table[column].isna()):
            yield "error.decompose_missing", {"table": name, "what": labels[i], "column": column}
    for column in (c for c in FIGURES if c in required):
        for i in np.flatnonzero(table[column].fillna(0) < 0):
            yield "error.decompose_negative", {"table": name, "what": labels[i], "column": column}
    if "population" in required:
        for area, rows in table.groupby("area", sort=False) if "area" in required else [("population", table)]:
            if rows["population"].nunique() > 1:
                values = ", ".join(str(v) for v in rows["population"].dropna().unique())
                yield "error.decompose_two_populations", {"table": name, "what": area, "found": values}


def _prepare(table: pd.DataFrame, required: list[str]) -> pd.DataFrame:
    figures = [c for c in FIGURES if c in required]
    status = table["status"].fillna("derived") if "status" in table else "derived"
    out = table[list(dict.fromkeys(required))].astype(dict.fromkeys(figures, "float64")).assign(status=status)
    if _rows_are_areas(set(required)) and "eligible" not in required:
        out["eligible"] = out["population"]
    return out.reset_index(drop=True)


def _fill_rows(
    name: str, table: pd.DataFrame, other: pd.DataFrame, keys: list[str], fill_value: int | None
) -> tuple[list[Fault], pd.DataFrame]:
    """Return a fault for each row that only the other table has, or a row of 0 people where a group may be filled."""
    rows = other[~pd.MultiIndex.from_frame(other[keys]).isin(pd.MultiIndex.from_frame(table[keys]))]
    fillable = rows["area"].isin(table["area"]) if "area" in keys else pd.Series(True, index=rows.index)
    if fill_value != 0 or "group" not in keys:
        fillable &= False
    empty = rows[fillable].assign(**{c: 0.0 for c in ("insured", "eligible") if c in rows})
    # People, zone and other columns of the area come from its own table.
    area = table.drop_duplicates("area").set_index("area") if "area" in keys else None
    for column in empty.columns.difference([*keys, "insured", "eligible", "status"]):
        empty[column] = table[column].iloc[0] if area is None else empty["area"].map(area[column])
    labels = _labels(rows[~fillable], keys)
    return [("error.decompose_only", {"table": name, "what": label}) for label in labels], empty


def _total_faults(name: str, table: pd.DataFrame) -> Iterator[Fault]:
    people = _total_people(table) if len(table) else 0.0
    if not people > 0:
        yield "error.decompose_nobody", {"table": name}
    elif "eligible" in table:
        eligible = float(table["eligible"].sum())
        # Estimated pools carry fractions: half a person is no difference.
        if abs(eligible - people) > 0.5:
            fields = {"table": name, "eligible": eligible, "population": people, "difference": eligible - people}
            yield "error.decompose_pools", fields


def _cells(first: pd.DataFrame, second: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Return insured, eligible and status of each cell on both dates; a cell that a date lacks has 0 people in it."""
    figures = [c for c in ("insured", "eligible") if c in first]
    dates = {"before": first, "after": second}
    key = {date: t[by].astype(str) if by else pd.Series("", index=t.index) for date, t in dates.items()}
    every = pd.Index(pd.concat(list(key.values())).unique())
    sums = [
        t[figures].groupby(key[d]).sum().reindex(every, fill_value=0.0).add_suffix(f"_{d}") for d, t in dates.items()
    ]
    status = pd.concat([t["status"] for t in dates.values()]).groupby(pd.concat(list(key.values())).to_numpy())
    return pd.concat(sums, axis=1).assign(status=status.agg(derived_quality))


def _insured_population(cells: pd.DataFrame, by: str, view: str, before: float, after: float) -> pd.DataFrame:
    """Return each cell's insured over the mean of 1/P, and the mean insured over the change of 1/P."""
    gained = (cells["insured_after"] - cells["insured_before"]).to_numpy()
    mean = float(cells["insured_before"].sum() + cells["insured_after"].sum()) / 2
    insured = _part(cells, by if view == "group" else "insured", gained, gained * (1 / before + 1 / after) / 2)
    population = ["population", "", after - before, mean * (1 / after - 1 / before), derived_quality(cells["status"])]
    return pd.concat([insured, pd.DataFrame([population], columns=COLUMNS)], ignore_index=True)


def _part(cells: pd.DataFrame, name: str, people: np.ndarray, points: np.ndarray) -> pd.DataFrame:
    rows = {"part": name, "key": cells.index, "people": people, "points": points, "status": cells["status"].array}
    return pd.DataFrame(rows)


def _rate_composition(cells: pd.DataFrame, people_before: float, people_after: float) -> pd.DataFrame:
    n = cells[["insured_before", "insured_after"]].to_numpy()
    e = cells[["eligible_before", "eligible_after"]].to_numpy()
    empty = [(str(cells.index[k]), ("before", "after")[t], n[k, t]) for k, t in np.argwhere((e == 0) & (n > 0))]
    raise_faults(("error.decompose_no_people", {"table": t, "what": what, "insured": v}) for what, t, v in empty)
    rate = np.divide(n, e, out=np.zeros_like(n), where=e > 0)
    rate = np.where(e > 0, rate, rate[:, ::-1])  # no people there: the rate of the other date
    change, mean = rate[:, 1] - rate[:, 0], rate.mean(axis=1)
    share = e / [people_before, people_after]
    rates = _part(cells, "rate", e.mean(axis=1) * change, share.mean(axis=1) * change)
    moved_people, moved_share = e[:, 1] - e[:, 0], share[:, 1] - share[:, 0]
    return pd.concat([rates, _part(cells, "composition", mean * moved_people, mean * moved_share)], ignore_index=True)
