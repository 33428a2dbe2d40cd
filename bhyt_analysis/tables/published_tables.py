"""Hand the tables that an area publishes from its briefing to the batch, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bhyt_analysis.tables.cells import PublishedTable

EXCHANGE = "protection.json"  # in the folder of an area while a batch builds it
FACTS = "facts"  # the name of the table of headline figures


def describe_table(name: str, table: pd.DataFrame) -> dict[str, Any]:
    """Return a table as JSON can hold it."""
    rows = [[_plain(v) for v in row] for row in table.astype(object).to_numpy().tolist()]
    attrs = {key: table.attrs[key] for key in ("result", "insured_on", "quantities", "day") if key in table.attrs}
    return {"name": name, "attrs": attrs, "columns": list(map(str, table)), "rows": rows}


def _plain(value: object) -> object:
    """Return a cell as JSON has it: a number, a text, None."""
    if isinstance(value, bool | int | float | str):
        return None if value != value else value
    if value is None or pd.isna(value):
        return None
    number = getattr(value, "item", None)
    return number() if number is not None else str(value)


def published_tables(fields: Mapping[str, Any]) -> list[PublishedTable]:
    """Return the tables of an area, whose briefing has described them."""
    tables = []
    for own in fields["tables"]:
        frame = pd.DataFrame(own["rows"], columns=own["columns"])
        frame.attrs.update(own["attrs"])
        day = own["attrs"].get("day", "")  # else each unit has that of its last count
        days = {} if day else fields["days"]
        day = day or days.get(fields["area"], "")
        tables.append(PublishedTable(own["name"], frame, fields["area"], day, fields["areas"], days))
    return tables
