"""Read the cells of workbooks and CSV files, sheet by sheet, as the user sees them.

Workbooks (.xlsx, .xlsm, .xlsb, .ods) are read by calamine, .xls by xlrd, CSV by pandas or the csv module. Files are
opened for reading only and nothing is written. Rows keep the number that the user sees.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.i18n.text import clean_text
from bhyt_analysis.ingest.file_kinds import (
    ODS,
    TEXT,
    WORKBOOK_KINDS,
    XLS,
    XLSB,
    XLSX,
    file_kind,
    read_content,
    special_kind,
)
from bhyt_analysis.ingest.limits import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILE,
    MAX_TEXT_CELL,
    MB,
    READER_MEMORY,
    READER_SECONDS,
    TooLargeError,
)
from bhyt_analysis.ingest.native_reader import ReaderDiedError, read_native
from bhyt_analysis.ingest.old_workbook import OldWorkbook
from bhyt_analysis.ingest.personal_text import hide_personal, is_written_like_name
from bhyt_analysis.ingest.sheet_details import (
    PERCENT,
    YEAR,
    BookDetails,
    Extent,
    OdsDetails,
    Range,
    SheetDetails,
    XlsbDetails,
    XlsxDetails,
    column_letter,
)
from bhyt_analysis.ingest.vietnamese_text import decode, from_font, legacy_font, mend_mojibake, text_damage

TEXT_FILES = (".csv", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
LOCK_FILES = ("~$", ".")  # the beginnings of the names of files that programs keep beside others
SYSTEM_FILES = ("thumbs.db", "desktop.ini", "__macosx", "readme")
OTHER_FILES = (".geojson", ".toml", ".md")  # boundaries, scenarios and notes, which belong in a folder of data
DELIMITERS = ",;\t|^~"  # of two that fit as well the first
SAMPLE = 1000  # texts of a column that decide on its font


@dataclass(frozen=True)
class Percent:
    """The share in a cell with a number format of per cent.

    Examples
    --------
    >>> Percent(0.921).value, str(Percent(0.921))
    (0.921, '92.1%')
    """

    value: float

    def __str__(self) -> str:
        return f"{round(self.value * 100, 7):.10g}%"


class SerialFrom1904(float):
    """A whole number in a workbook that counts its days from 1904: as a day it is later than in other workbooks."""

    @property
    def day(self) -> dt.date:
        """Return the day that the number means."""
        return dt.date(1904, 1, 1) + dt.timedelta(days=int(self))


Cell = str | float | dt.date | Percent
_CELL_TYPES = {str, float, dt.date}


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet or CSV file.

    ``label`` names it in messages, ``name`` is that of the sheet or file. ``cells`` are text, float, `Percent`
    or datetime.date, "" if blank; a month or year that the sheet has as a day is text, such as "7/2021". Index and
    columns are the rows and columns that the user sees, both from 1. ``merged`` are the merged ranges (first row,
    first column, last row, last column). ``plain`` is a CSV file, where one separator too many shifts the cells
    of its row; one that is ``unended`` has no line break at its end. ``hidden_rows`` (filtered ones, too) and
    ``hidden_columns`` are in ``cells`` like all others.
    """

    label: str
    name: str
    cells: pd.DataFrame
    merged: tuple[Range, ...] = ()
    plain: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    unended: bool = False


def list_input_files(source: Path) -> list[Path]:
    """Return the files of an input: itself, or those of a folder that can have tables, without Excel's lock files."""
    if not source.is_dir():
        return [] if special_kind(source) else [source]
    return sorted(p for p in source.iterdir() if _can_have_tables(p) and not special_kind(p))


def _can_have_tables(path: Path) -> bool:
    """Return whether a file of a folder is read, by its name."""
    return path.suffix.lower() in (*TEXT_FILES, *WORKBOOKS, ".parquet") and not path.name.startswith(LOCK_FILES)


def report_unread_files(source: Path, findings: list[Finding]) -> None:
    """Add a finding for the files of an input that are not read, one for its sub-folders, and one for each pipe."""
    paths = sorted(source.iterdir()) if source.is_dir() else [source]
    kinds = {p: special_kind(p) for p in paths if not p.name.lower().startswith((*LOCK_FILES, *SYSTEM_FILES))}
    for path, kind in kinds.items():
        if kind not in ("", "folder") or (kind and _can_have_tables(path)):
            findings.append(Finding("wrong_kind", file_label(path), value=Term(f"file_kind.{kind}")))
    if not source.is_dir():
        return
    folders = [p.name for p, kind in kinds.items() if kind == "folder" and not _can_have_tables(p)]
    folders = [f for f in folders if not (source / f / "manifest.json").exists()]  # of briefings that were made
    others = [p for p, kind in kinds.items() if not kind and not _can_have_tables(p)]
    files = [p.name for p in others if p.suffix.lower() not in OTHER_FILES]
    for rule, names in (("folders_not_read", folders), ("files_not_read", files)):
        if names:
            label = clean_text(source.resolve().name)
            findings.append(Finding(rule, label, count=len(names), value=clean_text(first_names(names))))


def sheet_label(file: Path, sheet: str) -> str:
    """Return how messages name a sheet of a workbook; one that has the name of a person is hidden."""
    return _sheet_label(file_label(file), sheet)


def _sheet_label(file: str, sheet: str) -> str:
    return f"{file} [{hide_personal(clean_text(sheet))}]"


def file_label(file: Path) -> str:
    """Return how messages and results name a file: one with the name of a person by its first letter and its place.

    The place is its number among the files of its folder by name: who has the folder sees which file is meant. A name
    that is that of a unit, too, such as «Lê Lợi», is a person's if the file lists persons.

    Examples
    --------
    >>> file_label(Path("so_lieu.xlsx")), file_label(Path("DS Lò Thị Mẫu.csv")), file_label(Path("Lê Lợi.ods"))
    ('so_lieu.xlsx', 'DS L….csv', 'Lê Lợi.ods')
    """
    stem = clean_text(file.stem)
    text = re.sub(r"[_-]+", " ", stem)
    hidden = hide_personal(text, doubtful=True)
    name = re.sub(r"\b(?:ds|danh sách|\d+)\b", "", text, flags=re.IGNORECASE).strip()
    if hidden == text and is_written_like_name(name) and file.is_file() and _has_persons(file, file.stat().st_mtime_ns):
        hidden = text.replace(name, f"{name[0]}…")
    if "…" not in hidden or "…" in stem:
        return clean_text(file.name)
    names = sorted(p.name for p in file.parent.iterdir()) if file.exists() else []
    return f"{hidden}{f'-{names.index(file.name) + 1}' if len(names) > 1 else ''}{file.suffix}"


@lru_cache(maxsize=256)
def _has_persons(file: Path, _changed: int) -> bool:
    """Return whether a sheet of a file lists persons."""
    from bhyt_analysis.ingest.confidential import lists_persons

    return any(map(lists_persons, read_sheets(file, [], "…")))


def shared_path(path: Path) -> Path:
    """Return a path with its last name as results may have it, see `file_label`."""
    label = file_label(path)
    return path if label == clean_text(path.name) else path.with_name(label)


def read_sheets(file: Path, findings: list[Finding], label: str = "") -> Iterator[Sheet]:
    """Yield the visible, non-empty sheets of a workbook, or the one of a CSV file; adds the findings.

    A file is read as what its content is, whatever its name says; ``label`` is `file_label` by default.
    """
    label, name = label or file_label(file), clean_text(file.stem)
    if kind := special_kind(file):
        findings.append(Finding("wrong_kind", label, value=Term(f"file_kind.{kind}")))
        return
    try:
        content = read_content(file, MAX_FILE)
    except TooLargeError as error:
        findings.append(error.finding(label))
        return
    kind = file_kind(content)
    if kind in WORKBOOK_KINDS:
        yield from _read_workbook(label, content, kind, findings)
    elif kind not in (TEXT, ""):
        findings.append(Finding("wrong_kind", label, value=Term(f"file_kind.{kind}")))
    elif file.suffix.lower() in WORKBOOKS and not (kind and _is_table_of_text(content)):
        findings.append(
            Finding("not_a_table", label, value=Term("file_kind.plain_text" if kind else "file_kind.damaged"))
        )
    elif (cells := read_csv_cells(content, label, findings)) is not None:
        if _has_other_separator(cells):
            findings.append(Finding("not_a_table", label, value=Term("file_kind.separator")))
            return
        unended = content.rstrip(b" \0")[-1:] not in (b"\n", b"\r")
        yield Sheet(label, name, decode_cells(cells, label, findings), plain=True, unended=unended)


def _has_other_separator(cells: pd.DataFrame) -> bool:
    """Return whether the only column of a text is surely several: most lines have as many marks or wide spaces."""
    counts = [len(re.findall(r"[:#*!]| {2,}", str(line).strip())) for line in cells.iloc[:30, 0]]
    return cells.shape[1] == 1 and len(counts) > 1 and max(counts) > 0 and counts.count(counts[0]) > len(counts) / 2


def _is_table_of_text(content: bytes) -> bool:
    """Return whether text that is named like a workbook is surely a table: most lines have as many separators."""
    if (text := decode(content)) is None or "\0" in text:
        return False
    lines, mark = [line for line in text.split("\n")[:30] if line.strip()], detect_delimiter(text)
    counts = [line.count(mark) for line in lines]
    return len(lines) > 1 and max(counts) > 0 and counts.count(max(set(counts), key=counts.count)) > len(counts) / 2


@dataclass(frozen=True)
class _RawSheet:
    """A sheet as a reader of its kind of workbook has it; ``read`` returns its rows."""

    name: str
    visible: bool
    details: SheetDetails
    read: Callable[[], list[list[Any]]]


def _read_workbook(label: str, content: bytes, kind: str, findings: list[Finding]) -> Iterator[Sheet]:
    """Yield the visible, non-empty sheets of a workbook; adds the findings."""
    empty = list[str]()
    try:
        from_1904, sheets = _raw_sheets(content, kind)
        for raw in sheets:
            if not raw.visible:
                findings.append(Finding("hidden_sheet", _sheet_label(label, raw.name)))
            elif raw.details.last:
                findings.append(Finding("far_cell", _sheet_label(label, raw.name), value=raw.details.last))
            elif (sheet := _read_sheet(label, raw, from_1904, findings)) is not None:
                yield sheet
            else:
                empty.append(clean_text(raw.name))
    except BaseException as error:  # a damaged file: the readers raise many kinds, and panics that are no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        if isinstance(error, ReaderDiedError | MemoryError):
            error = TooLargeError("reader", memory=READER_MEMORY / 1000 / MB, seconds=READER_SECONDS)
        if isinstance(error, TooLargeError):
            findings.append(error.finding(label))
            return
        if "encrypted" in str(error):
            findings.append(Finding("wrong_kind", label, value=Term("file_kind.password")))
            return
        findings.append(Finding("not_a_table", label, value=Term("file_kind.damaged")))
    if empty:
        findings.append(Finding("empty_sheets", label, count=len(empty), value=first_names(empty)))


def first_names(names: Sequence[str], most: int = 5) -> str:
    """Return the first of some names as text."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _raw_sheets(content: bytes, kind: str) -> tuple[bool, Iterator[_RawSheet]]:
    """Return whether a workbook counts its days from 1904, and its sheets of cells."""
    if kind == XLS:
        old = OldWorkbook.from_bytes(content)
        return old.from_1904, (_RawSheet(n, v, details, partial(list, rows)) for n, v, rows, details in old.sheets())
    readers: dict[str, type[BookDetails]] = {XLSX: XlsxDetails, XLSB: XlsbDetails, ODS: OdsDetails}
    book = readers[kind](content)
    return book.from_1904, _native_sheets(content, book, kind)


def _native_sheets(content: bytes, book: BookDetails, kind: str) -> Iterator[_RawSheet]:
    """Yield the sheets that calamine reads; none of them is read before all have been measured."""
    details = {name: book.sheet(name) for name in book.visible}
    if too_large := [name for name in details if details[name].last]:
        yield from (_RawSheet(name, True, details[name], list) for name in too_large)
        if kind == ODS or len(too_large) == len(details):  # calamine reads all sheets of .ods at once
            return
    for sheet in read_native(content, too_large, book.is_harmless()):
        if sheet.name in too_large:
            continue
        own = details.get(sheet.name, SheetDetails())
        rows = sheet.rows
        if last := Extent(len(rows), max(map(len, rows), default=0), MAX_CELLS).last:
            yield _RawSheet(sheet.name, True, SheetDetails(last=last), list)
            continue
        merged = own.merged or ((a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged)
        yield _RawSheet(sheet.name, sheet.visible, replace(own, merged=tuple(merged)), partial(list, rows))


def _read_sheet(file: str, raw: _RawSheet, from_1904: bool, findings: list[Finding]) -> Sheet | None:
    """Return one sheet of a workbook, or None if it is empty."""
    details, label = raw.details, _sheet_label(file, raw.name)
    rows = raw.read()
    _apply_details(rows, details)
    cells = _grid(rows, from_1904)
    if cells.empty:
        return None
    hidden_rows = details.hidden_rows & set(cells.index)
    hidden_columns = frozenset(c for c in details.hidden_columns & set(cells.columns) if (cells[c] != "").any())
    if hidden_rows:
        findings.append(Finding("hidden_rows", label, min(hidden_rows), count=len(hidden_rows)))
    if hidden_columns:
        letters = first_names([column_letter(c) for c in sorted(hidden_columns)])
        findings.append(Finding("hidden_columns", label, count=len(hidden_columns), value=letters))
    merged = _sound_ranges(details.merged, cells)
    _check_merged(cells, merged, label, findings)
    cells = decode_cells(cells, label, findings)
    return Sheet(label, clean_text(raw.name), cells, merged, False, hidden_rows, hidden_columns)


def _sound_ranges(merged: tuple[Range, ...], cells: pd.DataFrame) -> tuple[Range, ...]:
    """Return the merged ranges that lie in a sheet; none if they must overlap, as those of Excel never do."""
    height, width = int(cells.index[-1]), cells.shape[1]
    inside = [area for area in dict.fromkeys(merged) if area[0] <= height and area[1] <= width]
    sizes = ((min(bottom, height) - top + 1) * (min(right, width) - left + 1) for top, left, bottom, right in inside)
    return tuple(inside) if sum(sizes) <= height * width else ()


def _check_merged(cells: pd.DataFrame, merged: tuple[Range, ...], label: str, findings: list[Finding]) -> None:
    """Report figures in merged ranges that only their first cell seems to have."""
    hidden, values, lines = list[tuple[int, int, Range]](), cells.to_numpy(), cells.index.to_numpy()
    for area in merged:
        top, left, bottom, right = area
        first, end = np.searchsorted(lines, (top, bottom + 1))
        part = values[first:end, left - 1 : right]
        for i, j in zip(*np.nonzero(part != ""), strict=True):
            place, value = (int(lines[first + i]), left + int(j)), part[i, j]
            if place != (top, left) and (type(value) is not str or value.strip()[:1].isdigit()):
                hidden.append((*place, area))
    if hidden:
        row, column, (top, left, bottom, right) = min(hidden)
        area_text = f"{column_letter(left)}{top}:{column_letter(right)}{bottom}"
        cell = f"{column_letter(column)}{row}"
        findings.append(Finding("under_merge", label, row, count=len(hidden), value=cell, expected=area_text))


def _apply_details(rows: list[list[Any]], details: SheetDetails) -> None:
    """Replace the cells that have an error or no result, and those that their number format gives a meaning."""
    if details.texts:  # calamine's rows end with the last value
        height, width = (max(place[axis] for place in details.texts) for axis in (0, 1))
        width = max(width, max(map(len, rows), default=0))
        rows += [[] for _ in range(height - len(rows))]
        for line in rows:
            line += [""] * (width - len(line))
    for (row, column), text in details.texts.items():
        rows[row - 1][column - 1] = text
    for (row, column), meaning in details.meanings.items():
        if row <= len(rows) and column <= len(rows[row - 1]):
            rows[row - 1][column - 1] = _by_format(rows[row - 1][column - 1], meaning)


def _by_format(value: Any, meaning: str) -> Any:
    """Return a cell as its number format has it: a share, or a month or year as text.

    A month's last day stays a day, so that a month or a year is not taken for more than it says.
    """
    if meaning == PERCENT:
        return Percent(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(value, dt.date):
        return value
    following = value + dt.timedelta(days=1)
    if following.day == 1 and (meaning != YEAR or following.month == 1):
        return value
    return str(value.year) if meaning == YEAR else f"{value.month}/{value.year}"


def _grid(rows: list[list[Any]], from_1904: bool = False) -> pd.DataFrame:
    """Return rows of cells ("" is blank) as the table of a `Sheet`, without blank rows but with the row numbers."""
    table = np.array(rows, dtype=object) if rows else np.empty((0, 0), dtype=object)
    filled = (table != "").any(axis=1)
    columns = [[v if type(v) in _CELL_TYPES else _convert(v) for v in column] for column in table[filled].T]
    if from_1904:
        columns = [[SerialFrom1904(v) if type(v) is float and v.is_integer() else v for v in c] for c in columns]
    return pd.DataFrame(dict(enumerate(columns, 1)), index=np.flatnonzero(filled) + 1, dtype=object)


def _convert(value: object) -> Cell:
    """Convert a cell of a workbook to text, a float or a day."""
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time() else str(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return float(value)
    return value if isinstance(value, dt.date | Percent) else str(value)


# --- Text ---


def decode_cells(cells: pd.DataFrame, label: str, findings: list[Finding]) -> pd.DataFrame:
    """Return the cells with clean text in Unicode: old fonts of the sheet or of single columns, wrongly read UTF-8."""
    texts = {c: [t for t in pd.unique(cells[c]) if type(t) is str and not _is_plain(t)] for c in cells}
    mended = {t: m for t in dict.fromkeys(chain.from_iterable(texts.values())) if (m := mend_mojibake(t)) is not None}
    if mended:
        findings.append(Finding("mojibake_mended", label, value=next(iter(mended.values())), count=len(mended)))
    unicode = {c: {t: mended.get(t, t) for t in column} for c, column in texts.items() if column}
    sheet_font = legacy_font([t for column in unicode.values() for t in list(column.values())[:SAMPLE]])
    fonts = {c: sheet_font or legacy_font(list(column.values())[:SAMPLE]) for c, column in unicode.items()}
    for name in sorted({f for f in fonts.values() if f}):
        findings.append(Finding("old_font", label, details={"font": Term(f"charset.{name}")}))
    decoded = {}
    for column, readings in unicode.items():
        font = fonts[column]
        clean = {t: clean_text(from_font(u, font) if font and t not in mended else u) for t, u in readings.items()}
        damage = [(d, t) for t in clean.values() if (d := text_damage(t))] if font != "vni" else []
        letter = column_letter(int(column))
        for rule in dict.fromkeys(rule for rule, _ in damage):
            same = [t for d, t in damage if d == rule]
            findings.append(Finding(rule, label, column=letter, value=same[0], count=len(same)))
        if font is None and not damage:
            findings.append(Finding("doubtful_text", label, column=letter))
        if any(t != c for t, c in clean.items()):
            decoded[column] = [clean.get(v, v) if type(v) is str else v for v in cells[column]]
    if not decoded:
        return cells
    return pd.DataFrame({c: decoded.get(c, cells[c]) for c in cells}, index=cells.index, dtype=object)


def _is_plain(text: str) -> bool:
    """Return whether a text is nothing but what is on a keyboard without accents."""
    return text.isascii() and text.isprintable() and "?" not in text and "_x" not in text


def read_csv_cells(content: bytes, label: str, findings: list[Finding]) -> pd.DataFrame | None:
    """Return the cells of a CSV file; None, with a finding, if it can't be read."""
    text = decode(content)
    if text is None:
        findings.append(Finding("not_utf8", label, content[: _utf8_length(content)].count(b"\n") + 1))
        return None
    delimiter = detect_delimiter(text)
    if (too_long := _too_long_row(text, delimiter, label)) is not None:
        findings.append(too_long)
        return None
    if '"' not in text and (plain := _read_plain_csv(text, delimiter)) is not None:
        return plain
    # The csv module knows the true line of a row with line breaks in a cell, pandas does not.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, start = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error:
        findings.append(Finding("csv_quotes", label, start))
        return None
    if not rows:
        findings.append(Finding("not_a_table", label, value=Term("file_kind.empty")))
        return None
    width = max(map(len, rows))
    cells = [row + [""] * (width - len(row)) for row in rows]
    return pd.DataFrame(cells, columns=range(1, width + 1), index=lines, dtype=object)


def _too_long_row(text: str, delimiter: str, label: str) -> Finding | None:
    """Return a finding for the first row with too many columns or with a cell that is too long."""
    end_of_line = "\n" if "\n" in text else "\r"
    start = 0
    while len(text) - start > MAX_COLUMNS:
        end = text.rfind(end_of_line, start, start + MAX_COLUMNS + 1)  # all lines up to there are short
        if end < 0:
            end = text.find(end_of_line, start)
            line = text[start:] if end < 0 else text[start:end]
            columns, row = line.count(delimiter) + 1, text.count(end_of_line, 0, start) + 1
            if columns > MAX_COLUMNS:
                return TooLargeError("columns", found=columns, most=MAX_COLUMNS).finding(label, row)
            if len(line) > MAX_TEXT_CELL and (longest := max(map(len, line.split(delimiter)))) > MAX_TEXT_CELL:
                return TooLargeError("cell", found=longest, most=MAX_TEXT_CELL).finding(label, row)
            if end < 0:
                break
        start = end + 1
    return None


def _utf8_length(content: bytes) -> int:
    """Return how many bytes from the start are UTF-8."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start
    return len(content)


def detect_delimiter(text: str) -> str:
    """Return the separator of a CSV text: the one with the same count in most of its first lines."""
    lines = [line for line in text[:20_000].split("\n")[:30] if line.strip()]

    def consistency(delimiter: str) -> tuple[int, int]:
        counts = [n for line in lines if (n := line.count(delimiter))]
        usual = max(set(counts), key=counts.count, default=0)
        return counts.count(usual), usual

    return max(DELIMITERS, key=consistency)


def _read_plain_csv(text: str, delimiter: str) -> pd.DataFrame | None:
    """Read a CSV text without quotes by pandas, which is faster; None if pandas can't or all rows are blank."""
    options = {"header": None, "dtype": object, "keep_default_na": False, "skip_blank_lines": False, "index_col": False}
    try:
        rows = pd.read_csv(io.StringIO(text), sep=delimiter, quoting=csv.QUOTE_NONE, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    rows = rows.fillna("").set_axis(range(1, len(rows) + 1)).set_axis(range(1, rows.shape[1] + 1), axis=1)
    blank = (rows == "").all(axis=1) if (rows.iloc[:, 0] == "").any() else pd.Series(False, index=rows.index)
    return None if blank.all() else rows[~blank]
