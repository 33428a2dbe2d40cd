"""Which cells does a file hold, sheet by sheet, as the user sees them?

Workbooks (.xlsx, .xlsm, .xls, .ods) are read by calamine, CSV by pandas or the csv module. Files are
opened for reading only and nothing is written. Rows keep the number that the user sees.
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.ingest.vietnamese_text import DECODERS, decode, legacy_font

TEXT_FILES = (".csv", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
MAX_CELLS = 20_000_000  # of one sheet, with the blank ones between: a cell far away is a slip
SAMPLE = 1000  # texts of a column by which its font is known
Range = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet or CSV file.

    ``label`` names it in messages, ``name`` is the sheet's or the file's own. ``cells`` are text, float
    or datetime.date; "" is blank. Its index are the rows and its columns the columns that the user
    sees, both from 1. ``merged`` are the merged ranges (first row, first column, last row, last column).
    ``plain`` is a CSV file, where one separator too many shifts the cells of its row.
    """

    label: str
    name: str
    cells: pd.DataFrame
    merged: tuple[Range, ...] = ()
    plain: bool = False


def list_input_files(source: Path) -> list[Path]:
    """The files of an input: itself, or those of a folder that can hold tables. Excel's own lock files are none."""
    if not source.is_dir():
        return [source]
    known = (*TEXT_FILES, *WORKBOOKS, ".parquet")
    return sorted(p for p in source.iterdir() if p.suffix.lower() in known and not p.name.startswith(("~$", ".")))


def column_letter(column: int) -> str:
    """The letters of a column, counted from 1.

    Examples
    --------
    >>> column_letter(3), column_letter(28)
    ('C', 'AB')
    """
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def read_sheets(file: Path, found: list[Finding]) -> Iterator[Sheet]:
    """The visible sheets of a workbook that hold something, or the one of a CSV file; faults become findings."""
    content = file.read_bytes()
    if file.suffix.lower() not in WORKBOOKS:
        if (cells := read_csv_cells(content, file.name, found)) is not None:
            yield Sheet(file.name, file.stem, decode_cells(cells, file.name, found), plain=True)
        return
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for about in book.sheets_metadata:
            sheet = _sheet(file, content, book, about, found)
            if sheet is not None:
                yield sheet
    except BaseException as error:  # a damaged file: calamine raises many kinds, and panics that are no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        found.append(Finding("not_a_table", file.name, value=(str(error).splitlines() or ["?"])[0]))


def _sheet(file: Path, content: bytes, book: Any, about: Any, found: list[Finding]) -> Sheet | None:
    """One sheet of a workbook, if it is visible and holds something."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    label = f"{file.name} [{about.name}]"
    if about.typ != SheetTypeEnum.WorkSheet:
        return None
    if about.visible != SheetVisibleEnum.Visible:
        found.append(Finding("hidden_sheet", label))
        return None
    xml = _xml(content, about.name)
    if last := _too_far(xml):
        found.append(Finding("far_cell", label, value=last))
        return None
    told = book.get_sheet_by_name(about.name)
    rows = told.to_python(skip_empty_area=False)
    for (row, column), text in _spoilt(xml).items():
        if row <= len(rows) and column <= len(rows[row - 1]):
            rows[row - 1][column - 1] = text
    cells = _grid(rows)
    if cells.empty:
        return None
    merged = [(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in told.merged_cell_ranges or ()]
    return Sheet(label, about.name, decode_cells(cells, label, found), tuple(merged))


def _grid(rows: list[list[Any]]) -> pd.DataFrame:
    """Rows of cells ("" is blank) as the table of a `Sheet`, without its blank rows; the others keep their numbers."""
    table = np.array(rows, dtype=object) if rows else np.empty((0, 0), dtype=object)
    told = (table != "").any(axis=1)
    columns = [[v if type(v) in _CELLS else _cell(v) for v in column] for column in table[told].T]
    return pd.DataFrame(dict(enumerate(columns, 1)), index=np.flatnonzero(told) + 1, dtype=object)


_CELLS = {str, float, dt.date}


def _cell(value: Any) -> Any:
    """A cell of a workbook as text, a float or a day."""
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time() else str(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return float(value)
    return value if isinstance(value, dt.date) else str(value)


# --- What calamine leaves out of an .xlsx sheet: errors, formulas without a result; and how far its cells reach ---


def _xml(content: bytes, sheet: str) -> bytes:
    """The XML of a sheet of an .xlsx workbook; empty for a workbook of another kind."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return b""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return b""
        rels = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        target = {r.get("Id"): r.get("Target", "") for r in rels}
        for about in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
            if about.tag.endswith("}sheet") and about.get("name") == sheet:
                place = next((v for k, v in about.attrib.items() if k.endswith("}id")), "")
                file = target.get(place, "")
                file = file.removeprefix("/") if file.startswith("/") else f"xl/{file}"
                return archive.read(file) if file in names else b""
    return b""


# A cell from which a sheet may be too large: beyond column ZZ, row 200000, or column AZ and row 10000 together.
_FAR = re.compile(rb""" r=["'](?:[A-Z]{3}\d|[A-Z]{1,2}(?:[2-9]\d{5}|\d{7})|[B-Z][A-Z]\d{5})""")


def _too_far(xml: bytes) -> str:
    """The last cell of a sheet that is too large to be meant, or ""."""
    if not _FAR.search(xml):
        return ""
    columns = {c.decode() for c in set(re.findall(rb"""\sr=["']([A-Z]{1,3})\d""", xml))}
    rows = {int(n) for n in set(re.findall(rb"""\sr=["'][A-Z]{0,3}(\d{1,9})["']""", xml))}
    last, bottom = max(columns, key=lambda c: (len(c), c), default="A"), max(rows, default=1)
    return f"{last}{bottom}" if column_number(last) * bottom > MAX_CELLS else ""


def column_number(letters: str) -> int:
    """The number of a column, counted from 1.

    Examples
    --------
    >>> column_number("C"), column_number("AB")
    (3, 28)
    """
    return sum((ord(c) - 64) * 26**i for i, c in enumerate(reversed(letters)))


_ERROR = re.compile(rb"""<c\s([^>]*\bt=["']e["'][^>]*)>(?:(?!</c>).)*?<v>([^<]*)</v>""", re.DOTALL)
_NO_RESULT = re.compile(rb"<c\s([^>]*)>\s*<f(?:\s[^>]*)?(?:/>|>([^<]*)</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def _spoilt(xml: bytes) -> dict[tuple[int, int], str]:
    """The text of the cells that hold an error, or a formula whose result was never worked out."""
    found = {}
    told = _ERROR.findall(xml) if b't="e"' in xml or b"t='e'" in xml else []
    formulas = b"</f>" in xml or b"<f/>" in xml
    told += [(a, b"=" + f) for a, f in _NO_RESULT.findall(xml) if b't="str"' not in a] if formulas else []
    for about, text in told:
        if place := re.search(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""", about):
            found[int(place[2]), column_number(place[1].decode())] = html.unescape(text.decode("utf-8", "replace"))
    return found


# --- Text ---


def decode_cells(cells: pd.DataFrame, label: str, found: list[Finding]) -> pd.DataFrame:
    """The cells with text of an old font put into Unicode: the sheet's, or that of single columns."""
    texts = {c: [t for t in pd.unique(cells[c]) if type(t) is str and not t.isascii()] for c in cells}
    whole = legacy_font([t for some in texts.values() for t in some[:SAMPLE]])
    fonts = {c: whole or legacy_font(some[:SAMPLE]) for c, some in texts.items() if some}
    found += [
        Finding("old_font", label, details={"font": Term(f"charset.{f}")})
        for f in sorted({f for f in fonts.values() if f})
    ]
    for column in (c for c, font in fonts.items() if font is None):
        found.append(Finding("doubtful_text", label, column=column_letter(int(column))))
    read = {}
    for column, convert in ((c, DECODERS[font]) for c, font in fonts.items() if font):
        unicode = {t: convert(t) for t in texts[column]}
        read[column] = [unicode.get(v, v) for v in cells[column]]
    return pd.DataFrame({c: read.get(c, cells[c]) for c in cells}, index=cells.index, dtype=object) if read else cells


def read_csv_cells(content: bytes, label: str, found: list[Finding]) -> pd.DataFrame | None:
    """The cells of a CSV file; None, with a finding, where it can't be read."""
    text = decode(content)
    if text is None:
        found.append(Finding("not_utf8", label, content[: _good(content)].count(b"\n") + 1))
        return None
    delimiter = detect_delimiter(text)
    if '"' not in text and (quick := _plain_csv(text, delimiter)) is not None:
        return quick
    # The csv module and not pandas: it tells the true line of a row with breaks in a cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, start = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        found.append(Finding("not_a_table", label, reader.line_num, value=f"{reader.line_num}: {error}"))
        return None
    if not rows:
        found.append(Finding("not_a_table", label, value="0"))
        return None
    width = max(map(len, rows))
    cells = [row + [""] * (width - len(row)) for row in rows]
    return pd.DataFrame(cells, columns=range(1, width + 1), index=lines, dtype=object)


def _good(content: bytes) -> int:
    """How many bytes are UTF-8."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start
    return len(content)


def detect_delimiter(text: str) -> str:
    """What parts the cells of a CSV text: what stands equally often in most of its first lines."""
    lines = [line for line in text[:20_000].split("\n")[:30] if line.strip()]

    def steady(mark: str) -> tuple[int, int]:
        counts = [n for line in lines if (n := line.count(mark))]
        usual = max(set(counts), key=counts.count, default=0)
        return counts.count(usual), usual

    return max(",;\t", key=steady)


def _plain_csv(text: str, delimiter: str) -> pd.DataFrame | None:
    """The same by pandas' quick reader, for a file without quotes, whose lines are its rows; None where it won't do."""
    try:
        rows = pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False,
            quoting=csv.QUOTE_NONE, index_col=False,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    rows = rows.fillna("").set_axis(range(1, len(rows) + 1)).set_axis(range(1, rows.shape[1] + 1), axis=1)
    blank = (rows == "").all(axis=1) if (rows.iloc[:, 0] == "").any() else pd.Series(False, index=rows.index)
    return None if blank.all() else rows[~blank]
