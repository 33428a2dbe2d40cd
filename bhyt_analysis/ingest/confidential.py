"""Find the sheets that may list persons, and hide their cells in findings and copies, whichever column they stand in.

`personal_text` knows names and numbers by how they are written. In a list of persons that is not enough: rows are
shifted, surnames rare, birthdays written like any day. So of such a sheet only what surely is no person's is quoted.
"""

from __future__ import annotations

import datetime as dt
import re
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Choices, Finding, Part, Term
from bhyt_analysis.i18n.failures import failure_key
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.text import clean_text
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.headings import clean_head, heading_meaning
from bhyt_analysis.ingest.personal_data import MONEY, PERSONAL, find_persons, staff_columns
from bhyt_analysis.ingest.personal_text import (
    ADULT,
    CITED,
    SAMPLE,
    hide_numbers,
    hide_personal,
    is_person_name,
    is_surname,
    is_unit_name,
    is_written_like_name,
    number_kind,
)
from bhyt_analysis.ingest.workbook import Cell, Percent, Sheet

NOT_QUOTED = "…"
SMALL = 1000  # a lower figure is no number, year or serial day of a person
FEW_ROWS, SHARE_OF_FEW = 2, 0.25  # rows with a person that make a sheet a list of persons, and their share
MANY_ROWS, SHARE_OF_MANY = 3, 0.1
BIRTHS, BIRTH_YEARS = 3, 5  # different years of birthdays, and years alone, that are no accident
LAST_YEAR = 2030
TITLE_WORDS = 5  # a text that is no longer is the heading of a column, and no title
SERIALS = (7000, 47000)  # days from 1919 to 2028 as Excel counts them
_DAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<d>\d{1,2})([/.-])(?P<m>\d{1,2})\2(?P<y>(?:19|20)?\d\d)",
        r"(?P<m>\d{1,2})[/.-](?P<y>(?:19|20)\d\d)",
        r"(?P<y>(?:19|20)\d\d)([/.-]?)(?P<m>[01]?\d)\2(?P<d>[0-3]?\d)",
        r"(?P<d>[0-3]\d)(?P<m>[01]\d)(?P<y>(?:19|20)\d\d)",
        r"(?:ngày )?(?P<d>\d{1,2}) tháng (?P<m>\d{1,2}) năm (?P<y>(?:19|20)\d\d)",
    )
)
_YEAR = re.compile(r"(?:19|20)\d\d")
# Before a name: the label of a form, a number, how the person is addressed or related to another.
_TITLE = re.compile(
    r"^(?:[^:\d]{2,30}:\s*)?(?:\d+\s*[.)–-]\s*)?(?:(?:hộ|con|vợ|chồng|bố|cha|mẹ|ông|bà|anh|chị|cháu|em|cô|"
    r"chú|bác|cụ|mr|mrs|ms)[.:]?\s+)*",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"(?<!\w)(?:ông|bà|anh|chị|cháu|cụ|cô|chú) (?!Chủ|Phó|Bí|Trưởng|Giám)[^\W\d_a-zà-ỹ]['’\w]")
# Headings of columns whose capitalised words are no names of persons.
_NO_NAMES = re.compile(
    r"\b(?:dan toc|ton giao|thon|ap|xom|ban|lang|khu|to|pho|truong|don vi|dia ban|co quan)\b"
)  # headings
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
    meanings, money = _meanings(head, list(sheet.cells.columns))
    body = cells if len(cells) <= 2 * SAMPLE else pd.concat([cells[:SAMPLE], cells[SAMPLE :: len(cells) // SAMPLE]])
    body = body.copy()
    for column in money & {*body}:  # sums are as long as numbers of persons
        body[column] = ["" if re.fullmatch(r"[\d., ]+", str(v)) else v for v in body[column]]
    rows = [row for row in body.to_numpy() if sum(v != "" for v in row) > 1]
    numbers = sum(any(number_kind(v) for v in row) for row in rows)
    names = [max((_name_words(v) for v in row if type(v) is str), default=0) for row in rows]
    by_name = sum(words > 0 for words in names) if max(names, default=0) > 2 else 0
    likely = [next((v for v in row if type(v) is str and _has_surname(v)), "") for row in rows]
    likely = [v for v in likely if v] if sum(v.count(" ") > 1 for v in {*likely}) > 1 else []
    cited = [c for c in body if meanings[c] & {*CITED} - {"note"}]
    undated = body[[c for c in body if not meanings[c] & _days_of_units()]]
    stated = [c for c in undated if "as_of" in meanings[c]]
    births = max(_birth_rows(undated.to_numpy(), early=True), _birth_rows(undated.drop(columns=stated).to_numpy()))
    filled = [row for row in body.to_numpy() if any(v != "" for v in row)]
    mentions = _mentions([c in cited for c in body], filled)
    if any(_are_many(count, len(rows)) for count in (numbers, by_name, len(likely), births)):
        return True
    if _are_many(mentions, len(filled)):
        return True
    columns = {c: [v for v in body[c] if v != ""] for c in body}
    if any(_are_names(values, meanings[c]) for c, values in columns.items() if c not in cited):
        return True
    if any(_are_names([v for v in row if type(v) is str and v], {"name"}) for row in head):
        return True
    unheaded = {c: values for c, values in columns.items() if not meanings[c]}
    return any(map(_are_birth_years, unheaded.values())) or _has_serial_days(columns, unheaded)


def _meanings(head: np.ndarray, columns: list[int]) -> tuple[dict[int, set[str]], set[int]]:
    """Return what the texts at the top of each column say that it has, in any table, and the columns of money."""
    meanings, money = {column: set[str]() for column in columns}, set[int]()
    for row in head:
        for column, text in zip(columns, row, strict=True):
            if type(text) is str and text and not text[0].isdigit():
                meanings[column] |= {key for table in _tables() if (key := heading_meaning(text, table))}
                meanings[column] |= {"name"} if _NO_NAMES.search(normalise_name(text)) else set()
                if MONEY.search(normalise_name(text)):
                    money.add(column)
    return meanings, money


@lru_cache(maxsize=1)
def _days_of_units() -> frozenset[str]:
    """Return the columns of days of all tables, without the day of figures, where birthdays may stand by mistake."""
    columns = schema.schema()
    days = columns[columns["type"].isin(["date", "target_date"]) & (columns["table"] != schema.REGISTER)]
    return frozenset(days["column"]) - {"as_of"}


def _are_many(count: int, rows: int) -> bool:
    few, many = (FEW_ROWS, SHARE_OF_FEW), (MANY_ROWS, SHARE_OF_MANY)
    return any(count >= least and count >= share * rows for least, share in (few, many))


@lru_cache(maxsize=65536)
def _name_words(text: str) -> int:
    """Return of how many words the name of a person is that a cell has, however it is written; 0 if it has none."""
    name = _TITLE.sub("", clean_text(text))
    name = name.title() if name.islower() and name.count(" ") > 1 else name
    return len(name.split()) if is_person_name(name) else 0


def _mentions(cited: list[bool], rows: Iterable[Iterable[Cell]]) -> int:
    """Return in how many rows a longer text tells of a person, if these are several persons; of a source its numbers.

    The name in a source may be an author's.
    """
    texts = [
        next((v for v, c in zip(row, cited, strict=True) if type(v) is str and _mentions_person(v, c)), "")
        for row in rows
    ]
    return sum(map(bool, texts)) if len({*texts} - {""}) > FEW_ROWS else 0


@lru_cache(maxsize=65536)
def _mentions_person(text: str, in_source: bool) -> bool:
    text = clean_text(text)
    if in_source:
        return hide_numbers(text) != text
    label, _, rest = text.partition(":")
    if rest and heading_meaning(label, schema.REGISTER) in PERSONAL:  # as in a form
        return True
    return hide_personal(text) != text or _ADDRESSED.search(text) is not None


def _are_names(values: list[Cell], meanings: set[str]) -> bool:
    """Return whether most cells of a column are names after a surname; or, if no heading says what it has, names.

    Then single names of different persons are enough, as those that stand beside a column of surnames.
    """
    texts = [v for v in values if type(v) is str and not v[0].isdigit()]
    distinct = dict.fromkeys(texts)
    if len(distinct) > FEW_ROWS and 5 * sum(map(_has_surname, texts)) >= 3 * len(values):
        return True
    if (meanings and not meanings & {"_given", "_person"}) or len(distinct) < BIRTHS:
        return False
    capitalised = sum(map(_is_titled, distinct))
    return capitalised > BIRTHS and 5 * capitalised >= 3 * len(values)


@lru_cache(maxsize=65536)
def _has_surname(text: str) -> bool:
    """Return whether a text is a surname and other words, in any letters and order, and names nothing else."""
    name = _TITLE.sub("", clean_text(text)).strip(" .,;")
    words = re.sub(r"['’.-]", "", name.replace(",", " ")).split()
    if not 2 <= len(words) <= 6 or not all(map(str.isalpha, words)) or is_unit_name(name) or _is_known(name):
        return False
    return any(is_surname(part.split()[0]) for part in name.split(",") if part.strip())


@lru_cache(maxsize=65536)
def _is_titled(text: str) -> bool:
    """Return whether a text is of capitalised words, as names are, and is no unit, heading or group."""
    name = clean_text(text).strip(" .,;")
    words = re.sub(r"['’.-]", "", name).split()
    capitalised = all(w.isalpha() and w[0].isupper() and (w[1:].islower() or len(w) == 1) for w in words)
    return capitalised and 1 <= len(words) <= 5 and len(name) > 1 and not is_unit_name(name) and not _is_known(name)


def _birth_rows(rows: Iterable[Iterable[Cell]], early: bool = False) -> int:
    """Return in how many rows there is a day, if they are birthdays of many years.

    ``early``: if they are too early for figures of units; else if they are seldom the first or last day of a month.
    """
    by_row = [[day for v in row if (day := _day(v))] for row in rows]
    days = [day for of_row in by_row for day in of_row]
    turns = sum(day.day == 1 or (day + dt.timedelta(1)).day == 1 for day in days)
    many_days = len({(d.month, d.day) for d in days}) >= BIRTHS
    are_births = len({*days}) >= BIRTH_YEARS and 3 * turns <= len(days)
    if early:
        are_births = sum(day.year < ADULT for day in days) >= FEW_ROWS
    return sum(map(bool, by_row)) if are_births and many_days and len({d.year for d in days}) >= BIRTHS else 0


@lru_cache(maxsize=65536)
def _day(value: Cell) -> dt.date | None:
    """Return the day, or the first of the month, that a cell of a list of persons is, however it is written."""
    if isinstance(value, dt.date):
        return dt.date(value.year, value.month, value.day)
    if type(value) is not str or not re.search(r"\d", value):
        return None
    text = re.sub(r"[T ]00:00:00.*$", "", value.strip())
    text = re.sub(r"\s*([/.-])\s*", r"\1", text)
    for parts in (match.groupdict() for pattern in _DAYS if (match := pattern.fullmatch(text))):
        year, month, day = int(parts["y"]), int(parts["m"]), int(parts.get("d") or 1)
        year += 0 if year > 99 else 2000 if year <= LAST_YEAR % 100 else 1900
        month, day = (day, month) if month > 12 else (month, day)
        with suppress(ValueError):
            return dt.date(year, month, day)
    return None


def _are_birth_years(values: list[Cell]) -> bool:
    """Return whether nearly all cells of a column are years, so many that they are no days of figures."""
    filled = [str(v).removesuffix(".0") for v in values]
    years = {v for v in filled if _YEAR.fullmatch(v) and int(v) <= LAST_YEAR}
    count = sum(v in years for v in filled)
    return len(years) >= BIRTH_YEARS and 5 * count >= 4 * len(filled) and min(years) < str(ADULT)


def _has_serial_days(columns: dict[int, list[Cell]], unheaded: Iterable[int]) -> bool:
    """Return whether a column without a heading has days as Excel counts them, beside texts that repeat and no counts.

    A table of counts has each unit once, a list of persons many persons of a unit.
    """
    figures = {c: [f for v in values if (f := _figure(v)) >= SMALL] for c, values in columns.items()}
    days = {c for c in unheaded if len({*figures[c]}) >= BIRTHS and 5 * len(figures[c]) >= 4 * len(columns[c])}
    days = {c for c in days if all(SERIALS[0] <= f <= SERIALS[1] and f % 1 == 0 for f in figures[c])}
    others = any(len(figures[c]) >= BIRTHS for c in columns if c not in days)
    texts = [[v for v in values if type(v) is str and _figure(v) == 0] for values in columns.values()]
    once = any(len({*t}) == len(t) >= BIRTHS for t in texts)
    return bool(days) and not others and not once


def _figure(value: Cell) -> float:
    if isinstance(value, int | float):
        return float(value)
    return float(value) if type(value) is str and re.fullmatch(r"\d{1,9}", value.strip()) else 0.0


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
    if re.search(r"\d{4}|\d\D\d+\D\d|:.", text):
        return False
    return bool(re.fullmatch(r"\W*|\d{1,3}", text)) or _is_known(text)


_OFFICE = re.compile(r"(?:ubnd|hdnd|bhxh|mttq|uy ban|dang uy)\b")  # the beginning of what is no person's name


@lru_cache(maxsize=65536)
def _is_known(text: str) -> bool:
    if _OFFICE.match(normalise_name(text)):
        return True
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


def may_be_heading(value: object) -> bool:
    """Return whether a cell in a row of headings is one that is understood, or short and no name: no title."""
    return is_public(value) or (
        isinstance(value, str) and len(value.split()) <= TITLE_WORDS and not _has_surname(value)
    )


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
    for part in ("column", "heading", "expected"):
        text = getattr(finding, part)
        if isinstance(text, str) and (part != "expected" or "«" in text):  # what is expected may be one of some columns
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
