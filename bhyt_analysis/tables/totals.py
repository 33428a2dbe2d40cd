"""Put the total of a list of units first, as tables of offices have it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.tables.columns import table_columns, table_relations

TOTAL_FIRST = "total_first"  # of the attributes of a table whose first row is its total


def add_total(
    table: pd.DataFrame, area: str, name: str, more: Sequence[str] = (), status: str | None = None
) -> pd.DataFrame:
    """Return a table of the units of an area with their total as its first row.

    Columns that add up over units by ``columns.csv``, and ``more``, are summed; shares of them are worked out anew. A
    total that is not known, because that of a unit is not, is missing, as are texts. ``status``: of the total, by
    default the weakest of the units.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": ["A", "B"], "population": [100, 300], "insured": [50, 250], "rate": [0.5, 5 / 6]})
    >>> total = add_total(rows, "D", "All").iloc[0]
    >>> total["area"], int(total["population"]), int(total["insured"]), float(total["rate"])
    ('D', 400, 300, 0.75)
    """
    added = [c for c, column in table_columns(table).items() if "area" in column.adds_over or c in more]
    row: dict[str, object] = {c: table[c].sum(skipna=False) for c in added}
    for relation in table_relations(table):
        if relation.divisor is None:
            continue
        parts = [relation.terms[0].column, relation.divisor.column]
        if set(parts) <= row.keys() and table[parts].notna().all(axis=None) and table[parts[1]].sum():
            row[relation.left] = table[parts[0]].sum() / table[parts[1]].sum()
    row |= {"area": area, "name": name}
    if "status" in table:
        row["status"] = status or lowest_quality(table["status"])
    texts = dict.fromkeys((c for c in table if c not in row and table[c].dtype == object), "")
    first = pd.DataFrame([texts | row], columns=table.columns)
    total = pd.concat([first.astype(table.dtypes, errors="ignore"), table], ignore_index=True)
    total.attrs |= {**table.attrs, TOTAL_FIRST: True}
    return total


def has_total(table: pd.DataFrame) -> bool:
    """Return whether the first row of a table is its total."""
    return bool(table.attrs.get(TOTAL_FIRST))
