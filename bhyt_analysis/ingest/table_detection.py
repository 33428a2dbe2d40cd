"""Find the table in a sheet: its heading, the meaning of its columns, and the rows that are data.

People put titles above a table, merge cells, write headings over two rows, number the columns, add
totals and notes. Such rows are left out of the data, with a finding if they can hold a figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import has_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.cell_types import NUMERIC_TYPES
from bhyt_analysis.ingest.headings import (
    ColumnHeading,
    Heading,
    best_heading,
    clean_head,
    one_row_heading,
)
from bhyt_analysis.ingest.personal_data import find_persons, uncountable_list
from bhyt_analysis.ingest.row_kinds import split_rows
from bhyt_analysis.ingest.title_lines import labelled_values, stated_date
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell, Sheet, column_letter

SCALED = re.compile(r"\b(nghin|ngan|trieu|1[.,]?000|thousands?|millions?)\b")


@dataclass(frozen=True)
class DetectedTable:
    """A table of a sheet, still as cells.

    ``cells`` has columns of the schema, in a wide table also groups; its index are the rows that the user sees.
    ``headings`` are by column, ``heading_row`` is their row; ``percent`` are the columns whose heading says per cent.
    ``totals`` precede the rows that they sum if ``totals_first``; ``titles`` are the texts above the table.
    """

    name: str
    label: str
    cells: pd.DataFrame
    headings: dict[str, ColumnHeading]
    heading_row: int
    totals: pd.DataFrame
    percent: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    totals_first: bool = False


def table_from_name(name: str) -> str | None:
    """Return the table of a file or sheet, by the beginning of its name in either language.

    Examples
    --------
    >>> table_from_name("cards_2021-07"), table_from_name("Dân số 2021"), table_from_name("Sheet1")
    ('cards', 'population', None)
    """
    folded, more = normalise_name(clean_text(name)), schema.alternative_headings()
    titles = [(f"sheet.{t}", t) for t in _tables() if has_message(f"sheet.{t}")]
    tables = {normalise_name(translate(key, lang)): t for key, t in titles for lang in LANGUAGES}
    others = more[(more["table"] != "") & (more["column"] == "")]
    tables |= {normalise_name(r.heading): r.table for r in others.itertuples()} | {t: t for t in _tables()}
    for title in sorted(tables, key=len, reverse=True):
        if re.fullmatch(rf"{re.escape(title)}([_ .,(-].*)?", folded):
            return tables[title]
    return None


def _tables() -> list[str]:
    return list(dict.fromkeys(schema.schema()["table"]))


def is_template_page(name: str) -> bool:
    """Return whether a sheet is a page of the template without a table: its guide or its lists."""
    pages = (translate(f"template.{s}", lang) for s in ("guide", "lists") for lang in LANGUAGES)
    return normalise_name(name) in map(normalise_name, pages)


def detect_table(sheet: Sheet, findings: list[Finding], by_headings: bool = True) -> DetectedTable | None:
    """Return the table of a sheet; None, with a finding, for a sheet without one.

    A sheet whose name is no table's is recognised by its headings, unless ``by_headings`` is false, as for the
    CSV files of a folder: such a file may be a list for a scenario.
    """
    if is_template_page(sheet.name):
        return None
    name = table_from_name(sheet.name)
    head = clean_head(sheet.cells)
    persons = find_persons(sheet) if name != "areas" else None
    if persons and (persons.certain or not _has_table(sheet, head, name)):
        if persons.missing:
            findings.append(uncountable_list(sheet, persons))
            return None
        return _read_table(schema.REGISTER, sheet, head, persons.heading, findings)
    if name is not None:  # without a recognised heading the first row is taken for it, and its errors are reported
        heading = best_heading(sheet, head, name) or one_row_heading(head, 0, schema.heading_vocabulary(name))
        return _read_table(name, sheet, head, heading, findings)
    candidates = [(t, h) for t in _tables() if by_headings and (h := best_heading(sheet, head, t))]
    candidates = [(t, h) for t, h in candidates if _is_complete(t, h)]
    if not candidates:
        hint = nearest_choice(normalise_name(sheet.name), _tables()) or ", ".join(_tables())
        findings.append(Finding("unknown_file", sheet.label, expected=hint))
        return None
    name, heading = max(candidates, key=lambda c: len({k for k in c[1].keys if k}))
    findings.append(Finding("table_by_headings", sheet.label, value=name))
    return _read_table(name, sheet, head, heading, findings)


# --- The heading ---


def _has_table(sheet: Sheet, head: np.ndarray, name: str | None) -> bool:
    """Return whether a sheet has the heading of a table, of the one that its name says or of any."""
    headings = ((t, best_heading(sheet, head, t)) for t in ([name] if name else _tables()))
    return any(h is not None and _is_complete(t, h) for t, h in headings)


def _is_complete(table: str, heading: Heading) -> bool:
    """Return whether a heading has the columns that define a table: the unit and all required figures."""
    keys, columns = set(heading.keys), schema.table_columns(table)
    required = columns[(columns["required"] != "") & ~columns["column"].isin(["status", "source", "as_of"])]["column"]
    if "_name" in keys:
        keys.add("area")
    if table == "areas" and any(key.startswith(("_within", "_province")) for key in keys):
        keys.add("parent")
    if len(keys & set(schema.group_keys_by_name())) >= 2:
        keys |= {"group", *columns.loc[columns["type"] == "count", "column"]}
    return set(required) <= keys and len(keys) >= 3


# --- The table below it ---


def _read_table(name: str, sheet: Sheet, head: np.ndarray, heading: Heading, findings: list[Finding]) -> DetectedTable:
    """Return the rows below a heading, without those that are no data."""
    heading_row = int(sheet.cells.index[heading.rows[-1]])
    body = sheet.cells.iloc[heading.rows[-1] + 1 :]
    titles = [[v for v in row if v != ""] for row in head[: heading.rows[0]]]
    keys = list(heading.keys) if name == "areas" else _promote_unit_column(list(heading.keys))
    headings = {k: ColumnHeading(t, i) for i, (k, t) in enumerate(zip(keys, heading.texts, strict=True), 1) if k}
    _check_headings(name, sheet, body, heading, keys, findings)
    positions = [i for i, k in enumerate(keys) if k and keys.index(k) == i]
    cells = _fill_merged(body, sheet, name, keys).iloc[:, positions].set_axis([keys[i] for i in positions], axis=1)
    data, totals, totals_first = split_rows(sheet.label, body, cells, heading.texts, findings)
    percent = frozenset(keys[i] for i in positions if "%" in heading.texts[i])
    texts = tuple(str(v) for row in titles for v in row)
    table = DetectedTable(name, sheet.label, data, headings, heading_row, totals, percent, texts, totals_first)
    return _add_title_columns(table, sheet, titles, findings)


def _promote_unit_column(keys: list[str]) -> list[str]:
    """Use the column of names, else that of upper units, as the unit if no column has its code."""
    for substitute in ("_name", "_within", "_province"):
        if "area" not in keys and substitute in keys:
            keys[keys.index(substitute)] = "area"
    return keys


def _check_headings(
    table: str, sheet: Sheet, body: pd.DataFrame, heading: Heading, keys: list[str], findings: list[Finding]
) -> None:
    """Report headings that are unknown, occur twice or change the scale, and cells without a heading."""
    row = int(sheet.cells.index[heading.rows[-1]])
    words, columns = schema.heading_vocabulary(table), schema.table_columns(table)["column"].tolist()
    for i, (key, text) in enumerate(zip(keys, heading.texts, strict=True), 1):
        if text and not key and table != schema.REGISTER:
            hint = words.get(nearest_choice(normalise_name(text), words), "")
            expected = hint if hint and hint[0] != "_" else ", ".join(columns)
            column = str(ColumnHeading(text, i))
            findings.append(Finding("unknown_column", sheet.label, row, column, value=text, expected=expected))
        elif not text and (filled := np.flatnonzero((body[i] != "").to_numpy())).size:
            if not sheet.plain:
                findings.append(Finding("no_heading", sheet.label, row, column_letter(i)))
            else:  # one separator too many has shifted the cells of the row
                shifted = map(int, body.index[filled])
                findings += [Finding("not_a_table", sheet.label, n, value=f"{n}: {i} > {i - 1}") for n in shifted]
        if key and SCALED.search(" ".join(re.findall(r"[(\[].*?[)\]]", normalise_name(text)))):
            findings.append(Finding("scaled", sheet.label, row, str(ColumnHeading(text, i)), value=text))
    double = {k for k in keys if k and k[0] != "_" and keys.count(k) > 1}
    findings += [Finding("double_column", sheet.label, row, k) for k in sorted(double)]


def _fill_merged(body: pd.DataFrame, sheet: Sheet, table: str, keys: list[str]) -> pd.DataFrame:
    """Repeat cells merged over several rows in each row, but not figures, which count once."""
    columns = schema.table_columns(table)
    numeric = columns.loc[columns["type"].isin(NUMERIC_TYPES), "column"]
    figures = {*numeric, *schema.group_keys_by_name().values(), "_total"}
    ranges = [r for r in sheet.merged if r[2] > r[0] and r[0] in body.index and r[1] <= len(keys)]
    ranges = [r for r in ranges if keys[r[1] - 1] and keys[r[1] - 1] not in figures]
    if not ranges:
        return body
    body = body.copy()
    for first, left, last, _ in ranges:
        body.loc[first:last, left] = [body.at[first, left]] * len(body.loc[first:last])
    return body


# --- Columns from the lines above the table ---


def _add_title_columns(
    table: DetectedTable, sheet: Sheet, titles: list[list[Cell]], findings: list[Finding]
) -> DetectedTable:
    """Return the table with the columns that a line above it fills, such as «Nguồn: BHXH huyện»."""
    for cell in (v for row in titles for v in row if type(v) is str):
        text = normalise_name(cell)
        if re.search(r"don vi tinh|dvt|\bunit\b", text) and SCALED.search(text):
            findings.append(Finding("scaled", table.label, 1, Term("expect.title"), value=cell))
    values = labelled_values(titles, schema.heading_vocabulary(table.name))
    register, columns = table.name == schema.REGISTER, schema.table_columns(table.name)
    required = ["as_of"] if register else columns[columns["required"] != ""]["column"].tolist()
    missing = [c for c in required if c not in {*table.cells, *values}]
    if "as_of" in missing and (day := stated_date([*table.titles, sheet.name])):
        values["as_of"] = day
        findings.append(Finding("date_above", table.label, details={"day": day}))
    if "source" in missing:
        values["source"] = table.label
        findings.append(Finding("source_is_file", table.label))
    groups = schema.group_keys_by_name().values()
    values = {k: v for k, v in values.items() if k not in table.cells and k not in groups}
    headings = {**{k: ColumnHeading(k) for k in values}, **table.headings}
    return replace(table, cells=table.cells.assign(**values), headings=headings)
