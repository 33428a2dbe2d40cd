"""Why did coverage change: which group, more cards or fewer people, rates or composition, which lever?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import comb
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.i18n.messages import BhytError

VIEWS = ("group", "population", "rate_composition")
CELLS = ("group", "zone", "area")
FIGURES = ("insured", "population", "eligible")
COLUMNS = ["part", "key", "people", "points", "status"]
MOST_LEVERS = 12  # each subset is one run of the model: 4,096 of them
Fault = tuple[str, dict[str, Any]]


def decompose(
    before: pd.DataFrame,
    after: pd.DataFrame,
    view: str | None = None,
    by: str | None = None,
    *,
    fill_value: int | None = None,
) -> pd.DataFrame:
    """The change of coverage N/P of all rows together, in parts that add exactly to it.

    Parameters
    ----------
    before, after : one row an area, a group, or a group of an area, with ``area`` and/or
        ``group``, ``insured`` and ``population`` (people of the area, repeated over its
        groups). ``eligible`` (people of the row itself) allows the third view and stands
        for ``population`` where that is left out; ``status`` is carried; any other column,
        such as ``zone``, can be named in ``by``. The result of `coverage` fits as it is.
    view : what to split into, d for the change and a bar for the mean of both dates;
        "group" : ``dN_k * mean(1/P)`` of each cell, and one row for the population;
        "population" : the insured ``dN * mean(1/P)`` against the population
        ``mean(N) * d(1/P)``, the Shapley values of the two factors of N * (1/P);
        "rate_composition" : Kitagawa's ``mean(w_k) * dr_k`` (rate: people mobilised inside
        a cell) and ``mean(r_k) * dw_k`` (composition: people whom a reclassification moves
        between cells), with w = eligible/P, r = insured/eligible. Composition is read over
        all cells at once: who leaves one arrives in another.
        Left out: "rate_composition" where cells have people of their own (``eligible``, or
        areas in zones), else "group" where there are groups, else "population".
    by : the column that names a cell; left out, the first there is of group, zone, area.
    absent : what a group had that stands in one table only; None is an error, because
        missing is not zero, and 0 says that nobody was insured.

    Returns
    -------
    DataFrame: ``part`` (the name in ``by``, "insured", "population", "rate" or
    "composition"), ``key`` (the cell; "" for the whole), ``people``, ``points`` (share
    units, 0.01 is one percentage point; they add to the change of N/P), ``status``.
    ``people`` is the change of the insured, which rate and composition split exactly,
    and in the row "population" the change of the population.
    A cell without people on one date has no rate there: all of it is composition.

    Raises
    ------
    BhytError
        all at once, for columns or figures that are missing, rows that stand twice or in
        one table only, areas with two populations, cells that do not add to the population.

    References
    ----------
    E. M. Kitagawa, "Components of a difference between two rates", JASA 50 (1955) 1168-1194;
    L. S. Shapley, "A value for n-person games" (1953).

    Examples
    --------
    >>> before = pd.DataFrame({"group": ["state_paid", "household"], "insured": [600, 200], "population": 1000})
    >>> after = pd.DataFrame({"group": ["state_paid", "household"], "insured": [450, 300], "population": 1000})
    >>> decompose(before, after)[["part", "key", "people", "points"]].round(3).to_numpy().tolist()
    [['group', 'state_paid', -150.0, -0.15], ['group', 'household', 100.0, 0.1], ['population', '', 0.0, 0.0]]
    """
    view, by = _asked(before, after, view, by)
    first, second = _matched(before, after, view, by, fill_value)
    people = _people(first), _people(second)
    if view == "rate_composition":
        return _rate_composition(_cells(first, second, by), *people)
    return _insured_population(_cells(first, second, by if view == "group" else None), by or "", view, *people)


def shapley(value: Callable[[frozenset[str]], float], levers: Sequence[str]) -> pd.DataFrame:
    """How much each lever (price, outreach, time, ...) adds, over every order of pulling them.

    Parameters
    ----------
    value : the result of the model with this set of levers on; called once a subset.
    levers : names, each once, at most 12.

    Returns
    -------
    DataFrame, one row a lever in the order given: ``lever``, ``value`` (in the unit of
    the function); the sum is ``value(all) - value(none)``.

    Raises
    ------
    ValueError
        for a lever named twice, or for too many.

    References
    ----------
    L. S. Shapley, "A value for n-person games" (1953); A. F. Shorrocks, "Decomposition
    procedures for distributional analysis", Journal of Economic Inequality 11 (2013) 99-126.

    Examples
    --------
    >>> insured = lambda on: 100 * (1 + 0.5 * ("price" in on)) * (1 + 0.2 * ("outreach" in on))
    >>> shapley(insured, ["price", "outreach"]).round(6).to_numpy().tolist()  # 100 to 180
    [['price', 55.0], ['outreach', 25.0]]
    """
    n = len(levers)
    if len(set(levers)) < n or n > MOST_LEVERS:
        raise ValueError(f"levers are {', '.join(levers)}; expected each once, at most {MOST_LEVERS}")
    masks = np.arange(1 << n)
    subsets = [frozenset(lever for i, lever in enumerate(levers) if mask >> i & 1) for mask in masks.tolist()]
    worth = np.array([float(value(on)) for on in subsets])
    size = np.bitwise_count(masks)
    # Of all orders, the part in which exactly s given levers come before this one.
    weight = np.array([1 / (n * comb(n - 1, s)) for s in range(n)])
    parts = []
    for i in range(n):
        off = masks[masks >> i & 1 == 0]
        parts.append(float(weight[size[off]] @ (worth[off | 1 << i] - worth[off])))
    return pd.DataFrame({"lever": list(levers), "value": np.array(parts, dtype="float64")})


def _asked(before: pd.DataFrame, after: pd.DataFrame, view: str | None, by: str | None) -> tuple[str, str | None]:
    """The view and the column of its cells: what was asked for, else what the columns allow."""
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


def _people(table: pd.DataFrame) -> float:
    """The population of the whole: each area once, or the people of the cells where no other is told."""
    if "population" not in table:
        return float(table["eligible"].sum())
    once = table.drop_duplicates("area") if "area" in table else table.head(1)
    return float(once["population"].sum())


def _matched(
    before: pd.DataFrame, after: pd.DataFrame, view: str, by: str | None, absent: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables checked, with float figures, the people of each row, and the same rows."""
    there = set(before.columns) | set(after.columns)
    tables = {"before": before, "after": after}
    needed = ["insured", *(c for c in ("area", "group", "eligible") if c in there)]
    needed += ["population"] if "population" in there or "eligible" not in there else []
    if view != "population":
        needed += [by or "group"] if (by or "group") not in needed else []
    if view == "rate_composition" and not ({"eligible"} & there or _rows_are_areas(there)):
        needed.append("eligible")
    _stop(*(_no_column(n, c, needed) for n, t in tables.items() for c in needed if c not in t))
    units = [c for c in ("area", "group") if c in there] or ([by] if by else [])
    _stop(*(f for n, t in tables.items() for f in _faults(n, t, units, needed)))
    first, second = (_prepared(t, needed) for t in tables.values())
    if units:
        lacks = [
            _lacking(n, *pair, units, absent)
            for n, pair in zip(tables, [(first, second), (second, first)], strict=True)
        ]
        _stop(*(fault for faults, _ in lacks for fault in faults))
        first, second = (
            pd.concat([t, nobody], ignore_index=True) for t, (_, nobody) in zip((first, second), lacks, strict=True)
        )
    _stop(*_whole_faults("before", first), *_whole_faults("after", second))
    return first, second


def _stop(*faults: Fault) -> None:
    if faults:
        raise BhytError(*faults)


def _no_column(table: str, column: str, needed: list[str]) -> Fault:
    return "error.decompose_column", {"table": table, "column": column, "expected": ", ".join(needed)}


def _label(row: Any) -> str:
    return ", ".join(str(v) for v in (row if isinstance(row, tuple) else (row,)))


def _faults(name: str, table: pd.DataFrame, units: list[str], needed: list[str]) -> Iterator[Fault]:
    """What is wrong with one table: rows told twice, missing figures, two populations of one area."""
    labels = [_label(row) for row in table[units].itertuples(index=False, name=None)] if units else [""] * len(table)
    for i in np.flatnonzero(table.duplicated(units) if units else np.arange(len(table)) > 0):
        yield "error.decompose_twice", {"table": name, "what": labels[i]}
    for column in needed:
        for i in np.flatnonzero(table[column].isna()):
            yield "error.decompose_missing", {"table": name, "what": labels[i], "column": column}
    for column in (c for c in FIGURES if c in needed):
        for i in np.flatnonzero(table[column].fillna(0) < 0):
            yield "error.decompose_negative", {"table": name, "what": labels[i], "column": column}
    if "population" in needed:
        for area, rows in table.groupby("area", sort=False) if "area" in needed else [("population", table)]:
            if rows["population"].nunique() > 1:
                found = ", ".join(str(v) for v in rows["population"].dropna().unique())
                yield "error.decompose_two_populations", {"table": name, "what": area, "found": found}


def _prepared(table: pd.DataFrame, needed: list[str]) -> pd.DataFrame:
    figures = [c for c in FIGURES if c in needed]
    status = table["status"].fillna("derived") if "status" in table else "derived"
    kept = table[list(dict.fromkeys(needed))].astype(dict.fromkeys(figures, "float64")).assign(status=status)
    if _rows_are_areas(set(needed)) and "eligible" not in needed:
        kept["eligible"] = kept["population"]
    return kept.reset_index(drop=True)


def _lacking(
    name: str, table: pd.DataFrame, other: pd.DataFrame, units: list[str], absent: int | None
) -> tuple[list[Fault], pd.DataFrame]:
    """What only the other table has: errors, or a row of nobody for each where absent groups had nobody."""
    told = pd.MultiIndex.from_frame(table[units])
    rows = other[~pd.MultiIndex.from_frame(other[units]).isin(told)]
    known = rows["area"].isin(table["area"]) if "area" in units else pd.Series(True, index=rows.index)
    if absent != 0 or "group" not in units:
        known &= False
    labels = rows.loc[~known, units].itertuples(index=False, name=None)
    nobody = rows[known].assign(**{c: 0.0 for c in ("insured", "eligible") if c in rows})
    # What else the row says of its area (people, zone) is what its own table says of it.
    area = table.drop_duplicates("area").set_index("area") if "area" in units else None
    for column in nobody.columns.difference([*units, "insured", "eligible", "status"]):
        nobody[column] = table[column].iloc[0] if area is None else nobody["area"].map(area[column])
    return [("error.decompose_only", {"table": name, "what": _label(row)}) for row in labels], nobody


def _whole_faults(name: str, table: pd.DataFrame) -> Iterator[Fault]:
    people = _people(table) if len(table) else 0.0
    if not people > 0:
        yield "error.decompose_nobody", {"table": name}
    elif "eligible" in table:
        eligible = float(table["eligible"].sum())
        # Estimated pools carry fractions: half a person is no difference.
        if abs(eligible - people) > 0.5:
            fields = {"table": name, "eligible": eligible, "population": people, "difference": eligible - people}
            yield "error.decompose_pools", fields


def _cells(first: pd.DataFrame, second: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Insured, eligible and status of each cell on both dates; a cell that a date lacks has nobody in it."""
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
    """Each cell's insured over the mean of 1/P, and the mean insured over the change of 1/P."""
    gained = (cells["insured_after"] - cells["insured_before"]).to_numpy()
    mean = float(cells["insured_before"].sum() + cells["insured_after"].sum()) / 2
    insured = {
        "part": by if view == "group" else "insured",
        "key": cells.index,
        "people": gained,
        "points": gained * (1 / before + 1 / after) / 2,
        "status": cells["status"].array,
    }
    population = ["population", "", after - before, mean * (1 / after - 1 / before), derived_quality(cells["status"])]
    return pd.concat([pd.DataFrame(insured), pd.DataFrame([population], columns=COLUMNS)], ignore_index=True)


def _rate_composition(cells: pd.DataFrame, people_before: float, people_after: float) -> pd.DataFrame:
    n = cells[["insured_before", "insured_after"]].to_numpy()
    e = cells[["eligible_before", "eligible_after"]].to_numpy()
    _stop(*(
        ("error.decompose_no_people", {"table": ("before", "after")[t], "what": str(cells.index[k]), "insured": n[k, t]})
        for k, t in np.argwhere((e == 0) & (n > 0))
    ))  # fmt: skip
    rate = np.divide(n, e, out=np.zeros_like(n), where=e > 0)
    rate = np.where(e > 0, rate, rate[:, ::-1])  # nobody there: the rate of the other date
    change, mean = rate[:, 1] - rate[:, 0], rate.mean(axis=1)
    share = e / [people_before, people_after]
    parts = {
        "rate": (e.mean(axis=1) * change, share.mean(axis=1) * change),
        "composition": (mean * (e[:, 1] - e[:, 0]), mean * (share[:, 1] - share[:, 0])),
    }
    tables = [
        pd.DataFrame({"part": part, "key": cells.index, "people": p, "points": points, "status": cells["status"].array})
        for part, (p, points) in parts.items()
    ]
    return pd.concat(tables, ignore_index=True)
