"""Find the sheets that may list persons, and hide their cells in findings and copies, whichever column they stand in.

`personal_text` knows names and numbers by how they are written. In a list of persons that is not enough: rows are
shifted, surnames rare, birthdays written like any day. So of such a sheet only what surely is no person's is quoted.
"""

from __future__ import annotations

import datetime as dt
import re
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Choices, Finding, Part, Term
from bhyt_analysis.i18n.failures import failure_key
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.text import clean_text
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.headings import clean_head, heading_meaning
from bhyt_analysis.ingest.personal_data import MONEY, find_persons, staff_columns
from bhyt_analysis.ingest.personal_text import (
    CITED,
    SAMPLE,
    is_person_name,
    is_unit_name,
    is_written_like_name,
    number_kind,
)
from bhyt_analysis.ingest.workbook import Cell, Percent, Sheet

NOT_QUOTED = "…"
SMALL = 1000  # a lower figure is no number, year or serial day of a person
FEW_ROWS, SHARE_OF_FEW = 2, 0.25  # rows with a person that make a sheet a list of persons, and their share
MANY_ROWS, SHARE_OF_MANY = 3, 0.1
ADULT = 2005  # there are no figures of an earlier year: such a day is a birthday
BIRTHS, BIRTH_YEARS = 3, 5  # different years of birthdays, and years alone, that are no accident
LAST_YEAR = 2030
_DAY = re.compile(
    r"(?:\d{1,2}([/.-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([/.-]?)[01]\d\2[0-3]\d"
    r"|[0-3]\d[01]\d(?:19|20)\d\d)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_TITLE = re.compile(r"^(?:ông|bà|anh|chị|cháu|em|cô|chú|bác|mr|mrs|ms)\.?\s+", re.IGNORECASE)
_PLACE = re.compile(r"(?:[A-Z]{1,3}\d*|…)(?::[A-Z]{1,3}\d*)?")  # a column, a cell or a range
# Rules whose value or names come from the package, or say only where.
_OF_PACKAGE = {
    "note_rows", "part_heads", "cumulative_rows", "comparison_rows", "village_rows", "twice", "table_by_headings",
    "missing_table", "source_is_file", "status_assumed", "unknown_file",
}  # fmt: skip
_NAMES_A_UNIT = {"unknown_area", "ambiguous_area", "not_within", "code_not_name", "name_respelt", "unit_elsewhere"}


# --- Sheets ---


def lists_persons(sheet: Sheet) -> bool:
    """Return whether a sheet may list persons: by its headings, or because some of its rows have what persons have."""
    persons = find_persons(sheet)
    cells, head = sheet.cells, clean_head(sheet.cells)
    if persons is not None:
        if not (staff := staff_columns(sheet, persons)):
            return True
        cells = cells.drop(columns=cells.columns[staff])
    days, money, headed = _columns_by_heading(head, list(sheet.cells.columns))
    body = cells if len(cells) <= 2 * SAMPLE else pd.concat([cells[:SAMPLE], cells[SAMPLE :: len(cells) // SAMPLE]])
    rows = [row for row in body.drop(columns=[*money & {*body}]).to_numpy() if sum(v != "" for v in row) > 1]
    numbers = sum(any(number_kind(v) for v in row) for row in rows)
    names = [max((_name_words(v) for v in row if type(v) is str), default=0) for row in rows]
    by_name = sum(words > 0 for words in names) if max(names, default=0) > 2 else 0
    undated = [c for c in body if c not in days]
    births = _birth_rows(body[undated].to_numpy())
    if any(_are_many(count, len(rows)) for count in (numbers, by_name, births)):
        return True
    return any(_are_birth_years(body[column]) for column in undated if column not in headed)


def _columns_by_heading(head: Iterable[Iterable[Cell]], columns: list[int]) -> tuple[set[int], set[int], set[int]]:
    """Return the columns that some heading says to hold days of units, those of money, and those that it names."""
    days, money, headed = set[int](), set[int](), set[int]()
    for row in head:
        for column, text in zip(columns, row, strict=True):
            if type(text) is str and text and not text[0].isdigit():
                if any(heading_meaning(text, table) in keys for table, keys in _days_of_tables().items()):
                    days.add(column)
                if MONEY.search(normalise_name(text)):
                    money.add(column)
                if any(heading_meaning(text, table) for table in _tables()):
                    headed.add(column)
    return days, money, headed


@lru_cache(maxsize=1)
def _days_of_tables() -> dict[str, set[str]]:
    """Return the columns of days of each table, without those that only a list of persons has."""
    columns = schema.schema()
    days = columns[columns["type"].isin(["date", "target_date"])]
    return {table: {*rows["column"]} for table, rows in days.groupby("table") if table != schema.REGISTER}


def _are_many(count: int, rows: int) -> bool:
    few, many = (FEW_ROWS, SHARE_OF_FEW), (MANY_ROWS, SHARE_OF_MANY)
    return any(count >= least and count >= share * rows for least, share in (few, many))


def _name_words(text: str) -> int:
    """Return of how many words the name of a person is that a cell has, however it is written; 0 if it has none."""
    name = _TITLE.sub("", clean_text(text))
    name = name.title() if name.islower() and name.count(" ") > 1 else name
    return len(name.split()) if is_person_name(name) else 0


def _birth_rows(rows: Iterable[Iterable[Cell]]) -> int:
    """Return in how many rows there is a day, if they are days of many years, too early for the figures of units."""
    by_row = [{int(year[0]) for v in row if (year := _year_of_day(v))} for row in rows]
    years = [year for of_row in by_row for year in of_row]
    early = sum(year < ADULT for year in years)
    return sum(map(bool, by_row)) if early >= FEW_ROWS and len(set(years)) >= BIRTHS else 0


def _are_birth_years(cells: Iterable[Cell]) -> bool:
    """Return whether nearly all cells of a column are years, so many that they are no days of figures."""
    filled = [str(v).removesuffix(".0") for v in cells if v != ""]
    years = {v for v in filled if _YEAR.fullmatch(v) and int(v) <= LAST_YEAR}
    count = sum(v in years for v in filled)
    return len(years) >= BIRTH_YEARS and 5 * count >= 4 * len(filled) and min(years) < str(ADULT)


def _year_of_day(value: Cell) -> re.Match[str] | None:
    """Return the year in a cell that is a day."""
    if isinstance(value, dt.date):
        return _YEAR.match(f"{value.year}")
    text = value.strip().removesuffix(" 00:00:00") if type(value) is str else ""
    return (_YEAR.match(text[:4]) or _YEAR.match(text[-4:])) if _DAY.fullmatch(text) else None


# --- Cells ---


def is_public(value: object) -> bool:
    """Return whether a cell of a list of persons surely tells nothing of one, such as a unit or a small figure.

    Examples
    --------
    >>> [is_public(v) for v in ("xã Lê Lợi", "HN", "Họ và tên", 12.0, "Ka Blui", 1967.0, "01/02/1980", "0912345678")]
    [True, True, True, True, False, False, False, False]
    """
    if isinstance(value, Percent):
        return True
    if isinstance(value, int | float):
        return abs(value) < SMALL
    if not isinstance(value, str):
        return False
    text = clean_text(value)
    if re.search(r"\d{4}|\d\D\d+\D\d", text):
        return False
    return bool(re.fullmatch(r"\W*|\d{1,3}", text)) or _is_known(text)


@lru_cache(maxsize=65536)
def _is_known(text: str) -> bool:
    if (is_unit_name(text) and not is_written_like_name(text)) or normalise_name(text) in schema.group_keys_by_name():
        return True
    return any(heading_meaning(text, table) for table in _tables())


@lru_cache(maxsize=1)
def _tables() -> tuple[str, ...]:
    return (schema.REGISTER, *(t for t in dict.fromkeys(schema.schema()["table"]) if t != schema.REGISTER))


def is_heading_row(row: Iterable[Cell]) -> bool:
    """Return whether a row of a list of persons is surely a heading: most of its cells name a column, none a person."""
    texts = [clean_text(str(v)) for v in row if v != ""]
    headings = [t for t in texts if any(heading_meaning(t, table) for table in _tables())]
    personal = any(_name_words(t) or number_kind(t) or re.search(r"\d{4}", t) for t in texts)
    return 2 * len(headings) >= len(texts) > 1 and not personal


def without_cited_texts(rows: pd.DataFrame, labels: Collection[str]) -> pd.DataFrame:
    """Return a table in which the rows of lists of persons cite their sheet in place of what a cell says."""
    private = rows["file"].isin(labels)
    columns = [c for c in CITED if c in rows] if private.any() else []
    return rows.assign(**{c: rows[c].mask(private & (rows[c] != ""), rows["file"]) for c in columns})


# --- Findings ---


def hide_cells(finding: Finding, counted: bool = False) -> Finding:
    """Return a finding on a list of persons that names row, column and what is expected, but quotes no cell.

    Of a list that is ``counted`` the figures are counts and stay.
    """
    parts: dict[str, Part] = {}
    for part in ("column", "heading"):
        if isinstance(text := getattr(finding, part), str):
            parts[part] = ", ".join(map(_without_text, re.split(r", (?=[A-Z]{1,3} «|[a-z_]+$)", text)))
    if finding.rule not in _OF_PACKAGE:
        parts["value"] = _hidden(finding.value)
        parts["name"] = None if finding.name is None else _hidden(finding.name)
        if finding.rule in _NAMES_A_UNIT or isinstance(finding.expected, Choices):
            parts["expected"] = _hidden_expected(finding.expected)
        figures = {k: v for k in ("value", "expected") if isinstance(v := getattr(finding, k), int | float)}
        parts |= {k: v if counted or abs(v) < SMALL else None for k, v in figures.items()}
    details = {k: _hidden(v) if isinstance(v, str) and k != "names" else v for k, v in finding.details.items()}
    return replace(finding, details=details, **parts)  # type: ignore[arg-type]


def _without_text(column: str) -> str:
    """Return a column of a finding without a text that is no known heading: only its letters."""
    match = re.fullmatch(r"([A-Z]{1,3}) «(.*)»", column, re.DOTALL)
    text = match[2] if match else column
    is_heading = all(is_public(part) for part in text.split(" – ")) or re.fullmatch(r"[A-Z]{1,3}|_?[a-z_]+", text)
    return column if is_heading else match[1] if match else NOT_QUOTED


def _hidden(part: Part) -> Part:
    """Return a part of a sentence, without what a cell may say."""
    if isinstance(part, str) and not all(_PLACE.fullmatch(place) for place in part.split(", ")):
        return NOT_QUOTED
    return part


def _hidden_expected(part: Part) -> Part:
    """Return what is expected, without what is near to a cell: that tells the cell."""
    if isinstance(part, Choices):
        return replace(part, nearest=(), listed=part.listed or ("any",))
    return Term("expect.unit_unquoted") if part is not None and not _is_of_package(part) else part


def _is_of_package(part: Part) -> bool:
    """Return whether a part is a wording of the package for what any cell of a column must be."""
    return isinstance(part, Term) and part.key != "expect.nothing"


def hide_cells_of(findings: Sequence[Finding], labels: Collection[str], counted: Collection[str]) -> list[Finding]:
    """Return the findings, those on lists of persons (by the labels of their sheets) without cells.

    ``counted`` are the labels of those of which the persons are counted.
    """
    hidden = [hide_cells(f, f.file in counted) if f.file in labels else f for f in findings]
    changed = dict.fromkeys(f.file for f, before in zip(hidden, findings, strict=True) if f != before)
    return [*hidden, *(Finding("cells_not_quoted", file) for file in changed)]


@contextmanager
def without_cells() -> Iterator[None]:
    """Raise an unexpected error of reading an input by its place in the code alone: its text may quote a cell.

    Examples
    --------
    >>> with without_cells():
    ...     float("Lò Thị Mẫu")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: This was not expected (ValueError: ...); run the command again, ...
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, BhytError) or failure_key(error) is not None:
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {Path(place.filename).name}, {place.lineno}"
        raise BhytError(("failure.unexpected", {"what": what})) from None
