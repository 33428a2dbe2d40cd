"""Convert the cells of a detected table to rows in the types of the schema."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.domain.schema import allows_wide_layout, table_columns
from bhyt_analysis.ingest.cell_types import NUMERIC_TYPES, convert_column
from bhyt_analysis.ingest.table_detection import DetectedTable
from bhyt_analysis.ingest.vietnamese_text import STYLES, clean_text, number_style
from bhyt_analysis.law.groups import drop_nested_groups, is_group_key

UNIT_HINTS = ("_within", "_province", "_name")  # columns that help to find the unit of a row; dropped when it is known
RATE_TOLERANCE = 0.00051  # half of the last decimal of 85,1%
Styles = dict[str, str | None]  # how numbers are written in each column, "vi" or "en"


def coerce_table(table: DetectedTable, numbers: str | None, findings: list[Finding], blanks: str = "") -> pd.DataFrame:
    """Return the rows with the columns and types of the schema, and their ``file`` and ``row``; adds the findings.

    ``blanks`` is "unknown" if blank figures of groups are not known, so that nothing is asked about them.
    """
    columns = table_columns(table.name).to_dict("records")
    groups = _wide_groups(table)
    if groups:
        figure = next(c["column"] for c in columns if c["type"] == "count" and c["required"] == "yes")
        columns = [c for c in columns if c["column"] not in ("group", figure)]
    figures = [c["column"] for c in columns if c["type"] in NUMERIC_TYPES and c["column"] in table.cells]
    styles = _number_styles(table, figures + groups, numbers)
    data: dict[str, pd.Series] = {}
    for column in columns:
        key = column["column"]
        if key in table.cells:
            data[key] = _convert(table, column, findings, styles.get(key))
            continue
        if column["required"] and key not in table.reported:
            present = ", ".join([*table.unclear, *(str(h) for c, h in table.headings.items() if c[0] != "_")])
            names = f"{column['name_vi']} / {column['name_en']}"
            place = (table.label, table.heading_row, key)
            findings.append(Finding("missing_column", *place, value=present, expected=names))
        data[key] = convert_column(pd.Series("", index=table.cells.index, dtype=object), column, None)[0]
    rows = pd.DataFrame(data, index=table.cells.index).assign(file=table.label, row=table.cells.index)
    for key in (k for k in UNIT_HINTS if k in table.cells):
        rows[key] = convert_column(table.cells[key], _optional("text", key), None)[0]
    if groups:
        rows = _to_long(table, rows, groups, figure, styles, findings, blanks)
    else:
        counts = [c["column"] for c in columns if c["type"] == "count" and c["column"] in table.cells]
        _check_totals(table, rows, styles, counts, findings)
    return rows.reset_index(drop=True)


def _convert(table: DetectedTable, column: dict[str, str], findings: list[Finding], style: str | None) -> pd.Series:
    """Convert one column of a table; the findings get the label of its file."""
    key = column["column"]
    values, new = convert_column(table.cells[key], column, style, key in table.percent)
    findings += [replace(f, file=table.label) for f in new]
    return values


def _optional(kind: str, column: str) -> dict[str, str]:
    """Return the schema of an optional column."""
    return {"type": kind, "required": "", "column": column}


def _wide_groups(table: DetectedTable) -> list[str]:
    """Return the groups that head columns of a wide table."""
    if not allows_wide_layout(table.name) or "group" in table.cells:
        return []
    return [c for c in table.cells if is_group_key(c)]


def _number_styles(table: DetectedTable, figures: list[str], numbers: str | None) -> Styles:
    """Return how numbers are written in each column: by option, by its own cells, or by all cells of the sheet."""
    stated = str(table.cells["_numbers"].iloc[0]) if "_numbers" in table.cells and len(table.cells) else ""
    style = numbers or (stated if stated in STYLES else number_style([clean_text(stated)]))
    if style is not None:
        return dict.fromkeys(figures, style)
    texts = {c: _number_texts(table, c) for c in figures}
    sheet_style = number_style(chain.from_iterable(texts.values()))
    unclear = {c for c, cells in texts.items() if not any(number_style([t]) for t in cells)}
    styles = {c: sheet_style if c in unclear else number_style(cells) for c, cells in texts.items()}
    return {c: style or _style_by_total(table, c) for c, style in styles.items()}


def _style_by_total(table: DetectedTable, column: str) -> str | None:
    """Return the only style in which the figures of a column add up to its total; None where there is none."""
    if column not in table.totals or (table.totals[column] == "").all():
        return None
    matching = []
    for style in STYLES:
        values, faults = convert_column(table.cells[column], _optional("count", column), style)
        findings: list[Finding] = []
        if not faults:
            _check_totals(table, pd.DataFrame({column: values}), {column: style}, [column], findings)
            matching += [] if findings else [style]
    return matching[0] if len(matching) == 1 else None


def _number_texts(table: DetectedTable, column: str) -> list[str]:
    """Return the texts of a column and its totals that are more than digits."""
    cells = [table.cells[column], *([table.totals[column]] if column in table.totals else [])]
    values = (v for part in cells for v in pd.unique(part))
    return [clean_text(v) for v in values if type(v) is str and not v.isdigit() and v]


def _to_long(
    table: DetectedTable,
    rows: pd.DataFrame,
    groups: list[str],
    figure: str,
    styles: Styles,
    findings: list[Finding],
    blanks: str,
) -> pd.DataFrame:
    """Return a wide table as one row for each unit and group; a unit without any figure has not reported."""
    values = {key: _convert(table, _optional("count", key), findings, styles[key]) for key in groups}
    totals = _row_totals(table, findings)
    values = _fill_blanks(table, values, totals, findings, blanks)
    long = pd.concat([rows.assign(group=key, **{figure: values[key]}) for key in groups])
    order = [c for c in table_columns(table.name)["column"] if c in long]
    long = long[[*order, *(c for c in long if c not in order)]].astype({"group": "str"})
    reported = long[long[figure].notna()]
    _check_totals(table, rows.assign(**values), styles, groups, findings)
    _check_row_totals(table, reported, figure, totals, findings)
    return reported.sort_index(kind="stable")


def _row_totals(table: DetectedTable, findings: list[Finding]) -> pd.Series:
    """Return the column of totals of a wide table; a formula that was not computed gives none."""
    if "_total" not in table.cells:
        return pd.Series(pd.NA, index=table.cells.index, dtype="Int64")
    computed = table.cells["_total"].where(~_is_formula(table.cells["_total"]), "")
    computed_table = replace(table, cells=table.cells.assign(_total=computed))
    style = _number_styles(computed_table, ["_total"], None)["_total"]
    return _convert(computed_table, _optional("count", "_total"), findings, style)


def _is_formula(cells: pd.Series) -> pd.Series:
    return cells.map(lambda v: type(v) is str and v.startswith("="))


def _fill_blanks(
    table: DetectedTable, values: dict[str, pd.Series], totals: pd.Series, findings: list[Finding], blanks: str
) -> dict[str, pd.Series]:
    """Return the groups with 0 in blank cells where the row's total says so; other blanks are asked about.

    A total says it if the other groups add up to it, or if it is a sum of cells among which the blank one is. Where the
    analyst has answered that ``blanks`` are "unknown", one line says how many figures are missing.
    """
    blank = pd.DataFrame({key: table.cells[key] == "" for key in values})
    partly = blank[blank.any(axis=1) & ~blank.all(axis=1)]
    if partly.empty:
        return values
    present = pd.DataFrame(values).fillna(0).melt(ignore_index=False, var_name="group", value_name="cards")
    sums = _group_totals(present.assign(area=present.index), "cards")
    agrees = set(totals.index[(totals == sums.reindex(totals.index)).fillna(False)])
    zero = {key: [n for n in partly.index[partly[key]] if n in agrees or _sums_cell(table, n, key)] for key in values}
    unclear = [(int(n), key) for key in values for n in partly.index[partly[key]] if n not in zero[key]]
    if count := sum(map(len, zero.values())):
        findings.append(Finding("blank_is_zero", table.label, count=count))
    if unclear and blanks == "unknown":
        findings.append(Finding("blank_unknown", table.label, unclear[0][0], unclear[0][1], count=len(unclear)))
    else:
        expected = Term("expect.count")
        findings += [Finding("blank_cell", table.label, n, key, expected=expected) for n, key in unclear]
    return {key: column.where(~column.index.isin(zero[key]), 0) for key, column in values.items()}


def _sums_cell(table: DetectedTable, line: int, key: str) -> bool:
    """Return whether the row's total is a formula that adds up a range of the row with the column of a group in it."""
    formula = table.cells["_total"].get(line, "") if "_total" in table.cells else ""
    match = re.fullmatch(r"=\s*SUM\(\$?([A-Z]+)\$?\d+:\$?([A-Z]+)\$?\d+\)", str(formula).upper())
    if match is None or key not in table.headings:
        return False
    from openpyxl.utils import column_index_from_string  # only here: an input without formulas does not load openpyxl

    first, last = (column_index_from_string(letters) for letters in match.groups())
    return first <= table.headings[key].number <= last


# --- Totals in the table: they are no data, but must be right ---


def _check_totals(
    table: DetectedTable, rows: pd.DataFrame, styles: Styles, columns: list[str], findings: list[Finding]
) -> None:
    """Compare the figures in rows of totals with the sums of the rows that they can mean."""
    if table.totals.empty:
        return
    lines = rows.index.to_numpy()
    groups = _groups_of_totals(table) if "group" in rows else {}
    for key in columns:
        totals = convert_column(table.totals[key], _optional("count", key), styles.get(key))[0]
        figures = rows[key].fillna(0).to_numpy(dtype="int64")
        for line, total in totals.dropna().astype(int).items():
            group = groups.get(line, "")
            values = np.where(rows["group"] == group, figures, 0) if group else figures
            part, every = values[_summed_rows(table, lines, line)], int(values.sum())
            sums = {*_possible_sums(table, values, lines, line), *([every - total] if total in values else [])}
            if total == part.sum() or (total and total in sums):
                continue
            expected = int(part.sum()) if len(part) else every
            findings.append(Finding("total_off", table.label, int(line), key, value=int(total), expected=expected))


def _groups_of_totals(table: DetectedTable) -> dict[int, str]:
    """Return the group of each row of totals of a long table that has one."""
    if "group" not in table.totals:
        return {}
    groups = convert_column(table.totals["group"], _optional("group", "group"), None)[0]
    return {line: str(group) for line, group in groups.items() if group and group == group}


def _possible_sums(table: DetectedTable, values: np.ndarray, lines: np.ndarray, line: int) -> set[int]:
    """Return the sums that a row of totals can mean: of all rows, or of those up to another row of totals."""
    before = np.concatenate([[0], np.cumsum(values)])
    borders = before[np.searchsorted(lines, [0, *table.totals.index, lines.max(initial=0) + 1])]
    here = before[np.searchsorted(lines, line)]
    return {int(before[-1]), *map(int, np.abs(borders - here))}


def _summed_rows(table: DetectedTable, lines: np.ndarray, line: int) -> np.ndarray:
    """Return which rows lie between a row of totals and the one before it, or after it if totals come first."""
    others = table.totals.index.to_numpy()
    if table.totals_first:
        return (lines > line) & (lines < others[others > line].min(initial=lines.max(initial=0) + 1))
    return (lines > others[others < line].max(initial=0)) & (lines < line)


def _group_totals(long: pd.DataFrame, figure: str) -> pd.Series:
    """Return the figures of all groups of each line, those of a wider group once."""
    distinct = drop_nested_groups(long.drop(columns="as_of", errors="ignore"))
    return distinct.groupby(level=0)[figure].sum()


def _check_row_totals(
    table: DetectedTable, long: pd.DataFrame, figure: str, totals: pd.Series, findings: list[Finding]
) -> None:
    """Compare the totals of a wide table with the groups of their rows, and its rates with the people beside them."""
    every = long.groupby(level=0)[figure].sum().reindex(totals.index, fill_value=0)
    once = _group_totals(long.assign(area=long.index), figure).reindex(totals.index, fill_value=0)
    for line, total in totals.dropna().items():
        if int(total) not in (int(every[line]), int(once[line])):
            finding = Finding("row_total_off", table.label, int(line), "_total")
            findings.append(replace(finding, value=int(total), expected=int(once[line])))
    if {"_rate", "_people"} <= {*table.cells}:
        _check_rates(table, once, findings)


def _check_rates(table: DetectedTable, insured: pd.Series, findings: list[Finding]) -> None:
    """Compare the rates of coverage with the people and cards of their rows, to the decimals of a printed rate."""
    style = _number_styles(table, ["_people", "_rate"], None)
    people, _ = convert_column(table.cells["_people"], _optional("count", "_people"), style["_people"])
    rates, _ = convert_column(
        table.cells["_rate"], _optional("share", "_rate"), style["_rate"], "_rate" in table.percent
    )
    for line, rate in rates.dropna().items():
        if pd.notna(people[line]) and people[line] and insured[line]:
            share = int(insured[line]) / int(people[line])
            if abs(share - rate) > RATE_TOLERANCE:
                parts = {"insured": int(insured[line]), "people": int(people[line])}
                finding = Finding("rate_off", table.label, int(line), "_rate", value=float(rate), expected=share)
                findings.append(finding.with_parts(**parts))
