"""Round all counts of persons of an input to multiples of a base, so that totals are still the sums of their parts.

An alternative to hiding small counts: every figure that is made from the input is then a figure of rounded counts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, eye_array, kron, vstack

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import NO_UNIT
from bhyt_analysis.law.groups import wider_groups

RULE = "rounded"  # of the finding that says so
KEPT = ("synthetic", "conflict", "proposal")  # statuses that are no better than estimated
OTHERS = {
    "population": ["households", *(f"size_{n}" for n in (1, 2, 3, 4, 5, 6, "7_plus")), "minority_people"],
    "flows": ["new", "renewed", "expired", "suspended", "reclassified"],
    "expiring": ["cards"],
    "losses": ["people"],
}  # columns of persons that are rounded each for itself


def round_counts(data: Dataset, base: int = 5, seed: int = 1) -> Dataset:
    """Return a dataset with all counts of persons and cards rounded to multiples of a base, at random.

    Cards of communes by group are rounded together, day by day: each figure, each total of a commune and of a group,
    and their sum is one of the two multiples next to the true one, and totals are the sums of their parts (controlled
    rounding, a transport problem with random costs). Rows of wider groups and of units above are sums again. People of
    units are rounded up, so that a unit never has more insured than people. What is rounded has the status
    ``estimated``, and a finding ``rounded`` says so.

    References
    ----------
    Cox, L. H. (1987): A constructive procedure for unbiased controlled rounding. JASA 82, 520-524.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> rounded = round_counts(bhyt.load(area="Sơn Dương"))
    >>> int((rounded.cards["cards"] % 5).sum()), rounded.warnings[-1].rule
    (0, 'rounded')
    """
    random = np.random.default_rng(seed)
    cards = data.cards.assign(cards=_round_cards(data, base, random), status=_estimated(data.cards["status"]))
    tables = {"cards": cards}
    for name, columns in OTHERS.items():
        table = getattr(data, name)
        rounded = {c: _round_each(table[c], base, random) for c in columns if c in table}
        tables[name] = table.assign(**rounded, status=_estimated(table["status"]))
    people = tables["population"]["people"]
    tables["population"]["people"] = -(-people // base) * base
    return replace(data, **tables, warnings=[*data.warnings, Finding(RULE, count=base)])


def is_rounded(data: Dataset) -> Finding | None:
    """Return the finding that says that the counts are rounded; None where they are as counted."""
    return next((f for f in data.warnings if f.rule == RULE), None)


def _estimated(status: pd.Series) -> pd.Series:
    return status.where(status.isin(KEPT), "estimated")


def _round_each(counts: pd.Series, base: int, random: np.random.Generator) -> pd.Series:
    """Return counts rounded up or down at random, on average to themselves."""
    return ((counts.astype("Float64") / base + random.random(len(counts))) // 1 * base).astype(counts.dtype)


def _round_cards(data: Dataset, base: int, random: np.random.Generator) -> pd.Series:
    rounded = data.cards["cards"].copy()
    for _, rows in data.cards.groupby("as_of"):
        rounded.loc[rows.index] = _round_day(data, rows, base, random)
    return rounded


def _round_day(data: Dataset, rows: pd.DataFrame, base: int, random: np.random.Generator) -> pd.Series:
    """Return the cards of one day: those that are in no others of the day rounded together, all others their sums."""
    keys = list(zip(rows["unit_id"].where(rows["unit_id"] != NO_UNIT, -rows.index - 2), rows["group"], strict=True))
    values = dict(zip(keys, rows["cards"].to_numpy(float), strict=True))
    wider = {key: [k for k in _keys_above(data, key) if k in values] for key in values}
    own = dict(values)  # without what is in the parts
    for key in sorted(values, key=lambda k: -len(wider[k])):
        for above in wider[key]:
            own[above] -= own[key]
    cells = {key: max(value, 0.0) for key, value in own.items()}
    table = pd.Series(cells.values(), pd.MultiIndex.from_tuples(cells)).unstack(fill_value=0)
    parts = pd.DataFrame(_round_table(table.to_numpy(), base, random), table.index, table.columns)
    result = {key: float(parts.at[key]) for key in cells}
    for key in cells:
        for above in wider[key]:
            result[above] += float(parts.at[key])
    return pd.Series([result[key] for key in keys], rows.index).astype(rows["cards"].dtype)


def _keys_above(data: Dataset, key: tuple[int, str]) -> list[tuple[int, str]]:
    """Return the units and groups in which the cards of a unit and group are counted, too."""
    unit, group = key
    units = [unit] if unit < 0 else [u.id for u in data.geography.lineage(data.geography.unit(unit))]
    return [(u, g) for u in units for g in (group, *wider_groups(group)) if (u, g) != key]


def _round_table(table: np.ndarray, base: int, random: np.random.Generator) -> np.ndarray:
    """Return a table of which each cell, each margin and the sum are multiples next to the true ones."""
    from scipy.optimize import linprog  # slow to load, and few batches are rounded

    down = np.floor(table / base)
    part = table / base - down
    rows, columns = table.shape
    by_row, by_column = kron(eye_array(rows), np.ones((1, columns))), kron(np.ones((1, rows)), eye_array(columns))
    matrix = vstack([by_row, by_column, csr_array(np.ones((1, table.size)))], format="csr")
    sums = matrix @ part.ravel()
    result = linprog(
        (random.random(table.shape) - part).ravel(),
        vstack([matrix, -matrix]),
        np.concatenate([np.ceil(sums - 1e-9), -np.floor(sums + 1e-9)]),
        bounds=np.column_stack([np.zeros(table.size), np.ceil(part.ravel() - 1e-9)]),
        method="highs-ds",  # ends in a corner, where all are whole
    )
    return (down + np.round(result.x).reshape(table.shape)) * base
