"""From the cells of a table, as they were found, to rows in the types of the schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.domain.schema import allows_wide_layout, group_keys_by_name, table_columns
from bhyt_analysis.ingest.cell_types import NUMERIC_TYPES, convert_column
from bhyt_analysis.ingest.table_detection import DetectedTable
from bhyt_analysis.ingest.vietnamese_text import STYLES, clean_text, number_style
from bhyt_analysis.law.groups import drop_nested_groups

NAMED = ("_within", "_name")  # what a row says of its unit beside the code; dropped when the unit is known


def coerce_table(laid: DetectedTable, numbers: str | None, found: list[Finding]) -> pd.DataFrame:
    """The rows with the columns and types of the schema, and their ``file`` and ``row``; bad cells become findings."""
    columns = table_columns(laid.name).to_dict("records")
    wide = _groups_across(laid)
    if wide:
        figure = next(c["column"] for c in columns if c["type"] == "count" and c["required"] == "yes")
        columns = [c for c in columns if c["column"] not in ("group", figure)]
    out: dict[str, Any] = {}
    told = [c for c in laid.cells if c[0] != "_"]
    style = _styles(laid, columns, wide, numbers)
    for column in columns:
        heading = column["column"]
        if heading not in laid.cells:
            if column["required"]:
                there = ", ".join(laid.places.get(c, c) for c in told)
                names = f"{column['name_vi']} / {column['name_en']}"
                found.append(Finding("missing_column", laid.label, laid.heading, heading, value=there, expected=names))
            cells = pd.Series("", index=laid.cells.index, dtype=object)
            out[heading] = convert_column(cells, column, None)[0]
            continue
        out[heading], more = convert_column(laid.cells[heading], column, style.get(heading), heading in laid.percent)
        found += [replace(f, file=laid.label) for f in more]
    rows = pd.DataFrame(out, index=laid.cells.index).assign(file=laid.label, row=laid.cells.index)
    for key in NAMED:
        if key in laid.cells:
            rows[key] = convert_column(laid.cells[key], {"type": "text", "column": key, "required": ""}, None)[0]
    if wide:
        rows = _lengthened(laid, rows, wide, figure, style, found)
    else:
        _check_totals(laid, rows, style, found)
    return rows.reset_index(drop=True)


def _groups_across(laid: DetectedTable) -> list[str]:
    """The groups that head columns of a wide table."""
    if not allows_wide_layout(laid.name) or "group" in laid.cells:
        return []
    keys = set(group_keys_by_name().values())
    return [c for c in laid.cells if c in keys]


def _styles(
    laid: DetectedTable, columns: list[dict[str, str]], wide: list[str], numbers: str | None
) -> dict[str, str | None]:
    """How numbers are written in each column: as was said, or as its own cells tell, or else all of the sheet."""
    figures = [c["column"] for c in columns if c["type"] in NUMERIC_TYPES and c["column"] in laid.cells] + wide
    said = str(laid.cells["_numbers"].iloc[0]) if "_numbers" in laid.cells and len(laid.cells) else ""
    told = numbers or (said if said in STYLES else number_style([clean_text(said)]))
    if told is not None:
        return dict.fromkeys(figures, told)
    texts = {c: _marked(laid, c) for c in figures}
    if not any(texts.values()):
        return dict.fromkeys(figures)
    whole = number_style([t for some in texts.values() for t in some])
    return {c: number_style(some) or (None if _contrary(some) else whole) for c, some in texts.items()}


def _marked(laid: DetectedTable, column: str) -> list[str]:
    """The texts of a column that are more than digits, totals with them."""
    cells = [laid.cells[column], *([laid.totals[column]] if column in laid.totals else [])]
    return [clean_text(t) for some in cells for t in pd.unique(some) if type(t) is str and not t.isdigit() and t]


def _contrary(texts: list[str]) -> bool:
    """Whether some cells of a column are written the one way and some the other."""
    return len({s for t in texts if (s := number_style([t])) is not None}) > 1


def _lengthened(
    laid: DetectedTable,
    rows: pd.DataFrame,
    wide: list[str],
    figure: str,
    style: dict[str, str | None],
    found: list[Finding],
) -> pd.DataFrame:
    """A wide table as one row for each unit and group. A unit without a figure in any group has not reported."""
    spec = {"type": "count", "required": ""}
    values = {}
    for key in wide:
        values[key], more = convert_column(laid.cells[key], {**spec, "column": key}, style[key])
        found += [replace(f, file=laid.label) for f in more]
    blank = pd.DataFrame({key: laid.cells[key] == "" for key in wide})
    partly = blank[blank.any(axis=1) & ~blank.all(axis=1)]
    for key in wide:
        lines = partly.index[partly[key]]
        found += [Finding("blank_cell", laid.label, int(n), key, expected=Term("expect.count")) for n in lines]
    long = pd.concat([rows.assign(group=key, **{figure: values[key]}) for key in wide])
    order = [c for c in table_columns(laid.name)["column"] if c in long]
    long = long[[*order, *(c for c in long if c not in order)]]
    long = long.assign(group=long["group"].astype("str"))
    _check_totals(laid, rows.assign(**values), style, found, wide)
    _check_row_totals(laid, long[long[figure].notna()], figure, found)
    return long[long[figure].notna()].sort_index(kind="stable")


# --- Totals that stand in the table: they are not read, but must be right ---


def _check_totals(
    laid: DetectedTable,
    rows: pd.DataFrame,
    style: dict[str, str | None],
    found: list[Finding],
    wide: list[str] | None = None,
) -> None:
    """The figures of rows of totals against the sums of the rows that they can mean."""
    if laid.totals.empty:
        return
    counts = wide or [c["column"] for c in table_columns(laid.name).to_dict("records") if c["type"] == "count" and c["column"] in laid.cells]  # fmt: skip
    lines = rows.index.to_numpy()
    ends = laid.totals.index.to_numpy()
    for key in counts:
        spec = {"type": "count", "required": "", "column": key}
        totals = convert_column(laid.totals[key], spec, style.get(key))[0]
        values = rows[key].fillna(0).to_numpy(dtype="int64")
        for line, total in totals.dropna().items():
            before, after = ends[ends < line].max(initial=0), ends[ends > line].min(initial=lines.max(initial=0) + 1)
            part = values[(lines > before) & (lines < line)] if not laid.first_total else values[(lines > line) & (lines < after)]  # fmt: skip
            sums = {int(values.sum()), int(part.sum())} | ({int(values.sum()) - int(total)} if int(total) in values else set())  # fmt: skip
            if int(total) not in sums:
                told = int(part.sum()) if len(part) else int(values.sum())
                found.append(Finding("total_off", laid.label, int(line), key, value=int(total), expected=told))


def _check_row_totals(laid: DetectedTable, long: pd.DataFrame, figure: str, found: list[Finding]) -> None:
    """The column of totals of a wide table against the groups of its row."""
    if "_total" not in laid.cells:
        return
    spec = {"type": "count", "required": "", "column": "_total"}
    totals, more = convert_column(laid.cells["_total"], spec, _styles(laid, [], ["_total"], None)["_total"])
    found += [replace(f, file=laid.label) for f in more]
    every = long.groupby(level=0)[figure].sum()
    once = (
        drop_nested_groups(long.assign(area=long.index).drop(columns="as_of", errors="ignore"))
        .groupby(level=0)[figure]
        .sum()
    )
    for line, total in totals.dropna().items():
        if line in every.index and int(total) not in (int(every[line]), int(once[line])):
            finding = Finding("row_total_off", laid.label, int(line), "_total")
            found.append(replace(finding, value=int(total), expected=int(once[line])))
