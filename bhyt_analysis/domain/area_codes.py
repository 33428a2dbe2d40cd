"""Find rows of tables that name a unit which the table ``areas`` does not have."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from bhyt_analysis.domain.findings import Finding, TableRow, Term
from bhyt_analysis.i18n.messages import nearest_choice


def unknown_area(row: TableRow, column: str, code: str, areas: pd.DataFrame) -> Finding:
    """Return the finding about a row with an unknown code, with the nearest known code or name."""
    hint = nearest_choice(code, areas["code"]) or nearest_choice(code, areas["name"]) or Term("expect.nothing")
    return Finding.in_row("unknown_area", row, column, value=code, expected=hint)


def check_area_codes(areas: pd.DataFrame, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield a finding for each row with a unit that the table ``areas`` does not have."""
    codes = table["area"].mask(table["area"] == "each", table["of"]) if "of" in table else table["area"]
    unknown = table.assign(code=codes)[(codes != "") & ~codes.isin(areas["code"])]
    for row in unknown.itertuples():
        yield unknown_area(row, "area", row.code, areas)
