"""List what a reform changes in the law, in which periods, and in words."""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from bhyt_analysis.law.law_file import ONWARD

if TYPE_CHECKING:
    from bhyt_analysis.law.law import Law


# A row of the law, by which a reform is compared.
LawRow = namedtuple("LawRow", "parameter key area since until unit reference status file row")
COLUMNS = ["parameter", "key", "area", "since", "until", "before", "after", "unit", "reference", "status", "text"]


def compare(law: Law, reform: Law) -> pd.DataFrame:
    """Return the changes of a reform as rows; see `Law.compare`."""
    combined = law | reform
    table = reform.table.sort_values(["parameter", "key", "area", "since"])
    rows = map(LawRow._make, table[list(LawRow._fields)].itertuples(index=False))
    return pd.DataFrame([change for row in rows for change in _changes(law, combined, row)], columns=COLUMNS)


def _changes(law: Law, combined: Law, row: LawRow) -> Iterator[dict[str, object]]:
    """Yield the periods of a row of a reform in which it changes the law."""
    for since, until in _periods(_same_key(combined.table, row), row):
        old, new = (_same_key(rules.at(since, row.area or None).table, row) for rules in (law, combined))
        before, after = (float(rows["value"].iloc[0]) if len(rows) else None for rows in (old, new))
        # Only where this very row is the one in force, and not a later reform of it.
        if before == after or not ((new["file"] == row.file) & (new["row"] == row.row)).any():
            continue
        own = _areas_with_own_value(_same_key(law.table, row), row, since, until)
        text = _text(row, since, until, before, after, own)
        period = {"since": since, "until": None if until == ONWARD else until}
        yield {**row._asdict(), **period, "before": before, "after": after, "text": text}


def _periods(table: pd.DataFrame, row: LawRow) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the periods of a row in which no other row of its parameter and key begins or ends."""
    ends = [u + dt.timedelta(days=1) for u in table["until"] if u != ONWARD]
    starts = sorted({row.since, *(d for d in [*table["since"], *ends] if row.since < d <= row.until)})
    yield from zip(starts, [*(s - dt.timedelta(days=1) for s in starts[1:]), row.until], strict=True)


def _same_key(table: pd.DataFrame, row: LawRow) -> pd.DataFrame:
    return table[(table["parameter"] == row.parameter) & (table["key"] == row.key)]


def _areas_with_own_value(table: pd.DataFrame, row: LawRow, since: dt.date, until: dt.date) -> list[str]:
    """Return the areas whose own row of the law has precedence over a nationwide reform in a period."""
    if row.area:
        return []
    own = table[(table["area"] != "") & (table["since"] <= until) & (table["until"] >= since)]
    return sorted(set(own["area"]))


def _text(
    row: LawRow, since: dt.date, until: dt.date, before: float | None, after: float | None, own: list[str]
) -> str:
    key, place = f" of {row.key}" if row.key else "", f" in {row.area}" if row.area else ""
    change = f"new, {_number(after)}" if before is None else f"from {_number(before)} to {_number(after)}"
    period = f"from {since}" + ("" if until == ONWARD else f" to {until}")
    text = f"{row.parameter}{key}{place}: {change} ({row.unit}), {period}, by {row.reference}"
    if row.status == "proposal":
        text += "; a proposal, not in force"
    if own:
        text += f"; {', '.join(own)} keep their own value"
        if row.parameter == "subsidy_share":
            text += ", though budgets and projections take the nationwide share where it is higher"
    return text


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")
