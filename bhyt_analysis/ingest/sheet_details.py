"""Read what calamine omits of a sheet: number formats, errors, formulas without a result, hidden rows and columns.

The sheets of .xlsx are searched with patterns, because a parser would take longer than reading all cells.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Protocol
from xml.etree import ElementTree

import numpy as np

from bhyt_analysis.ingest.limits import (
    BLANK_SHARE,
    MAX_BLANK,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    TooLargeError,
)
from bhyt_analysis.ingest.packages import Package

Position = tuple[int, int]  # row and column of a cell, as the user counts them
Range = tuple[int, int, int, int]  # first row, first column, last row, last column
SHORTEST_CELL = len('<c r="A1" t="s"><v>0</v></c>')
LAST_LETTERS = 18_278  # the column ZZZ, the last one that has letters
PERCENT, MONTH, YEAR = "percent", "month", "year"
BUILTIN_FORMATS = {9: "0%", 10: "0.00%", 17: "mmm-yy"}  # those of Excel without a code that have one of these meanings


@dataclass(frozen=True)
class SheetDetails:
    """What a sheet has beside its values.

    ``texts`` are the cells that have an error or a formula without its result; ``meanings`` the cells whose number
    format makes them a per cent, a month or a year. ``last`` is the last cell of a sheet that is too large, or "".
    """

    texts: Mapping[Position, str] = field(default_factory=dict)
    meanings: Mapping[Position, str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Range, ...] = ()
    last: str = ""


class BookDetails(Protocol):
    """The details of a workbook; ``from_1904`` says that it counts its days from 1904.

    ``visible`` are the names of the sheets that are not hidden.
    """

    from_1904: bool
    visible: list[str]

    def __init__(self, content: bytes) -> None: ...

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        ...

    def is_harmless(self) -> bool:
        """Return whether calamine surely needs no more memory than the limits; call it after `sheet` for each."""
        ...


def format_meaning(code: str) -> str:
    """Return what a number format makes of its cells: a per cent, a month, a year (of a day), or "" for all others.

    Examples
    --------
    >>> [format_meaning(code) for code in ("0.0%", "mm/yyyy", '"Tháng" m/yyyy', "[$-42A]mmmm yyyy;@", "yyyy")]
    ['percent', 'month', 'month', 'month', 'year']
    >>> [format_meaning(code) for code in ("dd/mm/yyyy", "#,##0", '0" %"', "h:mm", "d-mmm")]
    ['', '', '', '', '']
    """
    first = re.sub(r'"[^"]*"|\[[^\]]*\]|[\\_*].', "", code).split(";")[0].casefold()
    if "%" in first:
        return PERCENT
    letters = set(re.sub("d{3,}", "", first))  # three and more are the day of the week
    if "y" not in letters or letters & {"d", "h", "s", "0", "#"}:
        return ""
    return MONTH if "m" in letters else YEAR


def column_letter(column: int) -> str:
    """Return the letters of a column, counted from 1; its number where a CSV file has more columns than letters."""
    from openpyxl.utils import get_column_letter

    return get_column_letter(column) if column <= LAST_LETTERS else str(column)


@lru_cache(maxsize=2048)
def _column_number(letters: bytes) -> int:
    """Return the number of a column, counted from 1, for any number of letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


@dataclass
class Extent:
    """The size of a sheet: its last row and column, its cells that are written, and the bytes of its texts at most."""

    height: int = 0
    width: int = 0
    cells: int = 0
    text: int = 0

    @property
    def last(self) -> str:
        """Return the last cell of a sheet that is too large, or that is nearly all blank and large, or ""."""
        area = self.height * self.width
        blank = area > MAX_BLANK and area > BLANK_SHARE * self.cells
        too_large = area > MAX_CELLS or self.width > MAX_COLUMNS or self.height > MAX_ROWS
        if not blank and not too_large:
            return ""
        return f"{column_letter(min(self.width, MAX_COLUMNS + 1))}{min(self.height, MAX_ROWS + 1)}"


# --- Packages of XML: .xlsx and .xlsm ---


class XlsxDetails:
    """The details of an .xlsx or .xlsm workbook, with or without prefixes, Strict or not."""

    def __init__(self, content: bytes) -> None:
        self.package = Package(content)
        self.package.check_sizes()
        book = next((n for k, n in self.package.related("").values() if k == "officeDocument"), "xl/workbook.xml")
        related, root = self.package.related(book), ElementTree.fromstring(self.package.read(book))
        self.parts, self.from_1904, self.visible = dict[str, str](), False, list[str]()
        for element in root.iter():
            tag = _local(element.tag)
            if tag == "workbookPr":
                self.from_1904 = element.get("date1904", "") in ("1", "true")
            elif tag == "sheet":
                key = next((v for k, v in element.attrib.items() if k.endswith("}id")), "")
                name = element.get("name", "")
                self.parts[name] = related.get(key, ("", ""))[1]
                self.visible += [name] if element.get("state", "visible") == "visible" else []
        styles = next((n for k, n in related.values() if k == "styles"), "")
        self.meanings = _style_meanings(self.package.read(styles))
        strings = next((n for k, n in related.values() if k == "sharedStrings"), "")
        self.text_sizes = np.array([len(text) for text in self.package.read(strings).split(b"</si>")])
        self.longest = int(self.text_sizes.max())
        self.harmless = len(set(self.visible)) == len(self.visible)

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        original = self.package.read(self.parts.get(name, ""))
        xml, last = self._measure(original)
        if last:
            return SheetDetails(last=last)
        rows, columns = _hidden(xml)
        return SheetDetails(_unreadable_cells(xml), _meanings(xml, self.meanings), rows, columns)

    def is_harmless(self) -> bool:
        """Return whether calamine surely needs no more memory than the limits; call it after `sheet` for each."""
        for name, part in self.package.unread_parts() if self.harmless and self.package.is_plain() else ():
            if b"sheetData" in part and self._measure(part)[1]:
                return False
            if b"sst" in part and b"si>" in part and name.endswith(".xml"):  # texts beside those of the workbook
                return False
        return self.harmless and self.package.is_plain()

    def _measure(self, part: bytes) -> tuple[bytes, str]:
        """Return the XML of a sheet in its usual form, and its last cell if it is too large."""
        xml, extent = _without_prefix(part), None
        if xml is part and not (_PREFIXED.search(xml) and _OTHER_PREFIX.search(xml)):
            extent = _extent(xml) if _NOT_ORDINARY.search(xml) else _ORDINARY
        if extent is None:
            self.harmless = False
            xml, extent = _numbered(xml)
        if len(xml) // SHORTEST_CELL * self.longest > MAX_TEXT:
            self.harmless &= _text_size(xml, self.text_sizes) <= MAX_TEXT
        return xml, extent.last


def _local(tag: str) -> str:
    """Return the name of an element without its namespace."""
    return tag.rpartition("}")[2]


def _style_meanings(xml: bytes) -> dict[bytes, str]:
    """Return the meaning of the styles of cells that have one, by their numbers."""
    root = ElementTree.fromstring(xml) if xml else ()
    formats = dict(BUILTIN_FORMATS)
    numbers: list[int] = []
    for part in root:
        if _local(part.tag) == "numFmts":
            formats |= {int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in part}
        elif _local(part.tag) == "cellXfs":
            numbers = [int(x.get("numFmtId", "0")) for x in part]
    meanings = (format_meaning(formats.get(number, "")) for number in numbers)
    return {str(style).encode(): meaning for style, meaning in enumerate(meanings) if meaning}


_PREFIX = re.compile(rb"<([\w.-]+):worksheet\b")


# A cell or row of another prefix than the sheet; the first pattern is the faster one.
_PREFIXED = re.compile(rb":(?:c|row)[\s>/]")
_OTHER_PREFIX = re.compile(rb"<[^\s<>/!?:]+:(?:c|row)[\s>/]")
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*\$?([A-Za-z]{0,7})\$?(\d+)\s*["']""")


def _without_prefix(xml: bytes) -> bytes:
    """Return the XML of a sheet in UTF-8 and without prefixes."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
        xml = xml.decode("utf-16").encode()
    if prefix := _PREFIX.search(xml[:4096]):
        xml = re.sub(rb"<(/?)" + re.escape(prefix[1]) + rb":", rb"<\1", xml)
    return xml


def _numbered(xml: bytes) -> tuple[bytes, Extent]:
    """Return the XML of a sheet with the place of each row and cell as its first attribute; programs may omit it."""
    row = column = 0
    extent = Extent()

    def number(match: re.Match[bytes]) -> bytes:
        nonlocal row, column
        tag, attributes = match[1], match[2]
        place = _PLACE.search(attributes)
        rest = attributes.replace(place[0], b"", 1) if place else attributes
        if tag == b"row":
            row, column = int(place[2][:10]) if place else row + 1, 0
            return b'<row r="%d"%b>' % (row, rest)
        column = _column_number(place[1]) if place and place[1] else column + 1
        line = int(place[2][:10]) if place else row
        extent.height, extent.width = max(extent.height, line), max(extent.width, column)
        extent.cells += 1
        return b'<c r="%b%d"%b>' % (column_letter(column).encode(), line, rest)

    return re.sub(rb"<(row|c)((?:\s[^<>]*)?/?)>", number, xml), extent


# Most sheets have no cell beyond column AZ or row 99999, and need no closer look: they are small enough.
_NOT_ORDINARY = re.compile(rb'<(?:c(?! r="A?[A-Z][1-9]\d{0,4}")|row(?! r="[1-9]\d{0,4}"))[\s>/]')
_ORDINARY = Extent(99_999, 52, 99_999 * 52)
_CELL = re.compile(rb'<c r="([A-Z]{1,3})([1-9]\d{0,6})"')


def _beyond(width: int, height: int) -> bytes:
    """Return a pattern of a row or cell without its place as the first attribute, or beyond a column or row."""
    beyond = rb'(?:%b)\d|[A-Z]{1,3}(?:%b)"' % (_letters_beyond(width), _more_than(height))
    return rb'<(?:c(?! r="(?!%b)[A-Z]{1,3}[1-9]\d{0,6}")|row(?! r="[1-9]\d{0,6}"))[\s>/]' % beyond


def _extent(xml: bytes) -> Extent | None:
    """Return the size of a sheet whose cells all have their place as the first attribute; None for any other.

    The cells of the first rows are taken for the widest, and a search looks for a cell beyond them.
    """
    height = max(map(int, re.findall(rb'<row r="(\d{1,9})"', xml)), default=1)
    width = max((_column_number(m[1]) for m in islice(re.finditer(rb'<c r="([A-Z]{1,3})\d', xml), 500)), default=1)
    start = 0
    while match := re.compile(_beyond(width, height)).search(xml, start):
        if not (place := _CELL.match(xml, match.start())):
            return None
        if int(place[2]) > height:
            height = max(int(m[2]) for m in _CELL.finditer(xml))
        width, start = max(width, _column_number(place[1])), match.end()
    return Extent(height, width, xml.count(b"<c ") if height * width > MAX_BLANK else height * width)


def _more_than(number: int) -> bytes:
    """Return a pattern of the numbers of at most seven digits that are greater than one."""
    digits = str(number)
    longer = [rf"[1-9]\d{{{len(digits)},6}}"] if len(digits) < 7 else []
    same = [
        rf"{digits[:i]}[{int(digit) + 1}-9]\d{{{len(digits) - i - 1}}}" for i, digit in enumerate(digits) if digit < "9"
    ]
    return "|".join([*longer, *same]).encode() or b"$."


def _letters_beyond(column: int) -> bytes:
    """Return a pattern of the letters of the columns after one."""
    letters = column_letter(column)
    longer = [f"[A-Z]{{{len(letters) + 1},3}}"] if len(letters) < 3 else []
    same = [
        f"{letters[:i]}[{chr(ord(letter) + 1)}-Z][A-Z]{{{len(letters) - i - 1}}}"
        for i, letter in enumerate(letters)
        if letter < "Z"
    ]
    return "|".join([*longer, *same]).encode() or b"$."


_VALUE = re.compile(rb"<v>(\d{1,9})</v>")


def _text_size(xml: bytes, sizes: np.ndarray) -> int:
    """Return how many bytes the shared texts of a sheet have in all cells together, at most."""
    cells, longest = xml.count(b"<v") + xml.count(b":v"), int(sizes.max())
    numbers = np.array(_VALUE.findall(xml)).astype(np.int64)  # those of texts, and figures besides
    return (cells - len(numbers)) * longest + int(sizes[numbers[numbers < len(sizes)]].sum())


_ERROR = re.compile(
    rb"""<c r="([A-Z]+)(\d+)"(?>[^<>]*?\bt=["']e["'])[^<>]*>(?:(?!</?c[\s>/]).)*?<v(?:\s[^<>]*)?>([^<]*)</v>""",
    re.DOTALL,
)
_NO_RESULT = re.compile(
    rb"""<c r="([A-Z]+)(\d+)"(?![^<>]*\bt=["']str["'])[^<>]*>\s*<f(?:\s[^<>]*)?(?:/>|>([^<]*)</f>)"""
    rb"""\s*(?:<v\s*/>|<v></v>)?\s*</c>"""
)


def _unreadable_cells(xml: bytes) -> dict[Position, str]:
    """Return the text of the cells that have an error, or a formula without its result."""
    cells = _ERROR.findall(xml) if b't="e"' in xml or b"t='e'" in xml else []
    if b"</f>" in xml or b"<f " in xml or b"<f/" in xml:
        cells += [(c, r, b"=" + (formula or b"\xe2\x80\xa6")) for c, r, formula in _NO_RESULT.findall(xml)]
    return {
        (int(row), _column_number(letters)): html.unescape(text.decode("utf-8", "replace"))
        for letters, row, text in cells
    }


def _meanings(xml: bytes, styles: Mapping[bytes, str]) -> dict[Position, str]:
    """Return the meaning of the cells whose style has one."""
    if len(styles) <= 8:
        styles = {style: meaning for style, meaning in styles.items() if b's="%b"' % style in xml or b"s='" in xml}
    if not styles:
        return {}
    cells = re.compile(rb"""<c r="([A-Z]+)(\d+)"[^<>]*?\ss=["'](""" + b"|".join(styles) + rb""")["']""")
    return {(int(row), _column_number(letters)): styles[style] for letters, row, style in cells.findall(xml)}


def _hidden(xml: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return the hidden rows and columns of a sheet; one of no height or width is hidden, too."""
    hidden = rb"""\s(?:hidden=["'](?:1|true)["']|%b=["']0(?:\.0+)?["'])"""
    rows, columns = frozenset[int](), bytearray(MAX_COLUMNS + 1)
    if b"hidden=" in xml or b" ht=" in xml:
        rows = frozenset(map(int, re.findall(rb'<row r="(\d+)"[^<>]*?' + hidden % b"ht", xml)))
    head = xml[: xml.find(b"<sheetData")]
    for column in islice(re.finditer(rb"<col\s[^<>]*>", head), MAX_COLUMNS):  # of which Excel writes each once
        limits = [re.search(rb"""\s%b=["'](\d{1,9})["']""" % limit, column[0]) for limit in (b"min", b"max")]
        if all(limits) and re.search(hidden % b"width", column[0]):
            _mark(columns, *(int(limit[1]) for limit in limits if limit))
    return rows, _marked(columns)


def _mark(columns: bytearray, first: int, last: int) -> None:
    """Mark the columns from the first to the last of a range."""
    last = min(last, MAX_COLUMNS)
    columns[first : last + 1] = b"\1" * len(columns[first : last + 1])


def _marked(columns: bytearray) -> frozenset[int]:
    return frozenset(number for number, mark in enumerate(columns) if mark)


# --- Binary parts: .xlsb ---

ERRORS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
    43: "#GETTING_DATA",
}
_ROW, _CELLS, _ERROR_CELLS, _BOOK_SETTINGS, _SHEET, _COLUMNS, _MERGED = 0, range(1, 12), (3, 11), 153, 156, 60, 176
_FORMAT, _STYLE, _STYLES_START, _STYLES_END, _TEXT = 44, 47, 617, 618, 19


class XlsbDetails:
    """The details of an .xlsb workbook, by the records of [MS-XLSB]."""

    def __init__(self, content: bytes) -> None:
        self.package = Package(content)
        self.package.check_sizes()
        related = self.package.related("xl/workbook.bin")
        self.parts, self.from_1904, self.visible = dict[str, str](), False, list[str]()
        for kind, record in _records(self.package.read("xl/workbook.bin")):
            if kind == _BOOK_SETTINGS:
                self.from_1904 = bool(record[0] & 1)
            elif kind == _SHEET:
                relation, end = _wide_text(record, 8)
                name = _wide_text(record, end)[0]
                self.parts[name] = related.get(relation, ("", ""))[1]
                self.visible += [name] if not record[0] & 3 else []
        styles = next((name for kind, name in related.values() if kind == "styles"), "")
        self.meanings = _binary_style_meanings(self.package.read(styles))
        strings = next((name for kind, name in related.values() if kind == "sharedStrings"), "")
        self.longest = max((len(r) for k, r in _records(self.package.read(strings)) if k == _TEXT), default=0)
        self.harmless = len(set(self.visible)) == len(self.visible)

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        return self._read(self.package.read(self.parts.get(name, "")))

    def is_harmless(self) -> bool:
        """Return whether calamine surely needs no more memory than the limits; call it after `sheet` for each."""
        for name, part in self.package.unread_parts() if self.harmless and self.package.is_plain() else ():
            if "sheet" in name and name.endswith(".bin") and self._read(part).last:
                return False
            if "string" in name:  # texts beside those of the workbook
                return False
        return self.harmless and self.package.is_plain()

    def _read(self, part: bytes) -> SheetDetails:
        texts, meanings, merged = dict[Position, str](), dict[Position, str](), list[Range]()
        rows, columns, row, extent = set[int](), bytearray(MAX_COLUMNS + 1), 1, Extent()
        for kind, record in _records(part):
            if kind == _ROW:
                row = struct.unpack_from("<I", record)[0] + 1
                if record[11] & 0x10:
                    rows.add(row)
            elif kind in _CELLS:
                column, style = struct.unpack_from("<II", record)
                extent.height, extent.width = max(extent.height, row), max(extent.width, column + 1)
                extent.cells += 1
                if kind in _ERROR_CELLS:
                    texts[row, column + 1] = ERRORS.get(record[8], "#N/A")
                elif meaning := self.meanings.get(style & 0xFFFFFF):
                    meanings[row, column + 1] = meaning
            elif kind == _COLUMNS:
                first, last, size = struct.unpack_from("<III", record)
                if record[16] & 1 or not size:
                    _mark(columns, first + 1, last + 1)
            elif kind == _MERGED:
                top, bottom, left, right = struct.unpack_from("<IIII", record)
                merged.append((top + 1, left + 1, bottom + 1, right + 1))
        self.harmless &= extent.cells * self.longest <= MAX_TEXT
        if extent.last:
            return SheetDetails(last=extent.last)
        return SheetDetails(texts, meanings, frozenset(rows), _marked(columns), tuple(merged))


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each record."""
    position, end = 0, len(content)
    while position < end:
        kind = content[position]
        position += 1
        if kind & 0x80:
            kind = kind & 0x7F | content[position] << 7
            position += 1
        size = shift = 0
        while True:
            byte = content[position]
            position += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, content[position : position + size]
        position += size


def _wide_text(record: bytes, start: int) -> tuple[str, int]:
    """Return a text of a record that begins with its length, and where it ends."""
    end = start + 4 + 2 * struct.unpack_from("<I", record, start)[0]
    return record[start + 4 : end].decode("utf-16-le"), end


def _binary_style_meanings(content: bytes) -> dict[int, str]:
    """Return the meaning of the styles of cells that have one, by their numbers."""
    formats, numbers, within = dict(BUILTIN_FORMATS), list[int](), False
    for kind, record in _records(content):
        if kind == _FORMAT:
            formats[struct.unpack_from("<H", record)[0]] = _wide_text(record, 2)[0]
        elif kind in (_STYLES_START, _STYLES_END):
            within = kind == _STYLES_START
        elif kind == _STYLE and within:
            numbers.append(struct.unpack_from("<H", record, 2)[0])
    meanings = (format_meaning(formats.get(number, "")) for number in numbers)
    return {style: meaning for style, meaning in enumerate(meanings) if meaning}


# --- OpenDocument: .ods ---

_ODS_SPECIAL = re.compile(
    rb"table:formula=|:visibility=|value-type=.percentage|:number-(?:rows|columns)-spanned=|<number:date-style"
    rb"|1904-01-01"
)
_ODS_ERROR = re.compile(r"#[A-Z][A-Z/0_]*[!?]?|#N/A|(?:Err|Lỗi):\d{3}")
MAX_REPEATS = 1_000_000  # of a row or cell that has a meaning of its own; more is the blank rest of a sheet


class OdsDetails:
    """The details of an .ods workbook."""

    def __init__(self, content: bytes) -> None:
        self.package = Package(content)
        self.package.check_sizes()
        xml = self.package.read("content.xml")
        self.extents, self.harmless = _ods_extents(xml)
        self.visible = list(self.extents)  # calamine reads hidden ones, too
        self.tables, self.from_1904 = dict[str, ElementTree.Element](), False
        self.meanings = dict[str, str]()
        if _ODS_SPECIAL.search(xml):
            root = ElementTree.fromstring(xml)
            common = ElementTree.fromstring(styles) if (styles := self.package.read("styles.xml")) else ()
            self.meanings = _ods_style_meanings([*common, *root])
            self.tables = {_attribute(t, "name"): t for t in root.iter() if _local(t.tag) == "table"}
            nulls = (_attribute(e, "date-value") for e in root.iter() if _local(e.tag) == "null-date")
            self.from_1904 = "1904-01-01" in nulls

    def is_harmless(self) -> bool:
        """Return whether calamine surely needs no more memory than the limits."""
        total = sum(extent.text for extent in self.extents.values())
        return self.harmless and total <= MAX_TEXT and self.package.is_plain()

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        if name in self.extents and (last := self.extents[name].last):
            return SheetDetails(last=last)
        texts, meanings, merged = dict[Position, str](), dict[Position, str](), list[Range]()
        rows, columns, defaults = set[int](), bytearray(MAX_COLUMNS + 1), dict[int, str]()
        row = column = 1
        for element in self.tables[name].iter() if name in self.tables else ():
            if _local(element.tag) == "table-column":
                numbers = _repeated(element, "columns", column)
                column = numbers.stop
                defaults |= dict.fromkeys(numbers[:MAX_COLUMNS], _attribute(element, "default-cell-style-name"))
                if _is_hidden(element):
                    _mark(columns, numbers.start, numbers.stop - 1)
            elif _local(element.tag) == "table-row":
                numbers = _repeated(element, "rows", row)
                row = numbers.stop
                rows.update(numbers[:MAX_REPEATS] if _is_hidden(element) else ())
                style = _attribute(element, "default-cell-style-name")
                for places, cell in _ods_cells(element):
                    own = _attribute(cell, "style-name") or style or defaults.get(places.start, "")
                    percent = _attribute(cell, "value-type") == "percentage"
                    meaning = PERCENT if percent else self.meanings.get(own, "")
                    has_meaning = meaning and _attribute(cell, "value-type") in ("percentage", "date")
                    text = _ods_unreadable(cell)
                    if (text or has_meaning) and len(numbers) * len(places) > MAX_REPEATS:
                        raise TooLargeError("repeats", found=len(numbers) * len(places), most=MAX_REPEATS)
                    every = [(r, c) for r in numbers for c in places] if text or has_meaning else []
                    texts |= dict.fromkeys(every, text) if text else {}
                    meanings |= dict.fromkeys(every, meaning) if has_meaning else {}
                    height, width = (int(_attribute(cell, f"number-{n}-spanned") or 1) for n in ("rows", "columns"))
                    if height * width > 1:
                        top, left = numbers.start, places.start
                        merged.append((top, left, top + height - 1, left + width - 1))
        return SheetDetails(texts, meanings, frozenset(rows), _marked(columns), tuple(merged))


_ODS_TABLE = re.compile(rb"<table:table(?=[\s>])")
_ODS_ROW = re.compile(rb"<table:table-row(?=[\s>])")
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell([^<>]*)>")
_ODS_REPEATS = re.compile(rb'\stable:number-(?:rows|columns)-repeated="(\d{1,9})"')
_ODS_NAME = re.compile(rb'\stable:name="([^"]*)"')
_ODS_SPACES = re.compile(rb"""text:c\s*=\s*["']\s*\d{4,}""")  # a text of so many blanks


def _ods_extents(xml: bytes) -> tuple[dict[str, Extent], bool]:
    """Return the size of each sheet with its repeated rows and cells, and whether it is surely no more."""
    extents, sure = dict[str, Extent](), not _ODS_SPACES.search(xml)
    for table in _ODS_TABLE.split(xml)[1:]:
        head = table.partition(b">")[0]
        name = _ODS_NAME.search(head)
        label = html.unescape(name[1].decode("utf-8", "replace")) if name else ""
        sure &= label not in extents
        extents[label] = extent = Extent()
        *rows, rest = table.partition(b"</table:table>")[0].split(b"</table:table-row>")
        sure &= not _ODS_ROW.search(rest)
        lines = 0
        for part in rows:
            parts = _ODS_ROW.split(part)
            attributes, _, cells = parts[-1].partition(b">")
            height, certain = _repeats(attributes)
            sure &= certain and len(parts) == 2
            lines += height
            width, count, text, certain = _ods_width(cells, height)
            sure &= certain
            if width:
                extent.height, extent.width = lines, max(extent.width, width)
            extent.cells += count * height
            extent.text += text * height
    return extents, sure


def _ods_width(cells: bytes, height: int) -> tuple[int, int, int, bool]:
    """Return the last column of a row that is not blank, how many cells and bytes it has, and if that is certain."""
    if height == 1:  # all rows of an office: only the blank rest is repeated
        body, _, last = cells.rpartition(b"<table:table-cell")
        if b"-repeated" in last and b"-repeated" not in body and last.endswith(b"/>") and not _has_value(last):
            cells = body
        if b"-repeated" not in cells:
            count = cells.count(b"table-cell") - cells.count(b"</table:table-cell") - cells.count(b"</table:covered")
            return count, count, len(cells), True
    column, width, count, text, sure = 0, 0, 0, 0, True
    ends = [*[match.start() for match in _ODS_CELL.finditer(cells)][1:], len(cells)]
    for match, end in zip(_ODS_CELL.finditer(cells), ends, strict=True):
        repeats, certain = _repeats(match[1])
        sure &= certain
        column += repeats
        if not match[1].endswith(b"/") or _has_value(match[1]):
            width, count, text = column, count + repeats, text + repeats * (end - match.start())
    return width, count, text, sure


def _has_value(attributes: bytes) -> bool:
    return b"value" in attributes or b"formula" in attributes


def _repeats(attributes: bytes) -> tuple[int, bool]:
    """Return how often a row or cell is repeated, and whether that is certain."""
    if b"repeated" not in attributes:
        return 1, True
    match = _ODS_REPEATS.search(attributes)
    return (int(match[1]) if match else 1), bool(match) and attributes.count(b"repeated") == 1


def _attribute(element: ElementTree.Element, name: str) -> str:
    """Return an attribute of an element by its name without the namespace, or ""."""
    return next((v for k, v in element.attrib.items() if _local(k) == name), "")


def _repeated(element: ElementTree.Element, kind: str, start: int) -> range:
    """Return the numbers of the rows or columns that an element is for."""
    return range(start, start + int(_attribute(element, f"number-{kind}-repeated") or 1))


def _is_hidden(element: ElementTree.Element) -> bool:
    return _attribute(element, "visibility") in ("collapse", "filter")


def _ods_cells(row: ElementTree.Element) -> Iterator[tuple[range, ElementTree.Element]]:
    """Yield the cells of a row that have something, each with the numbers of its columns."""
    column = 1
    for cell in row:
        if _local(cell.tag) in ("table-cell", "covered-table-cell"):
            if len(cell) or {_local(k) for k in cell.attrib} - {"number-columns-repeated", "style-name"}:
                yield _repeated(cell, "columns", column), cell
            column += int(_attribute(cell, "number-columns-repeated") or 1)


def _ods_unreadable(cell: ElementTree.Element) -> str:
    """Return the error of a cell or its formula if it has no result, or ""."""
    if not (formula := _attribute(cell, "formula")):
        return ""
    text = "".join("".join(p.itertext()) for p in cell if _local(p.tag) == "p")
    if _ODS_ERROR.fullmatch(text) or _attribute(cell, "value-type") == "error":
        return text or "#N/A"
    return "" if _attribute(cell, "value-type") else "=" + formula.partition("=")[2]


def _ods_style_meanings(parts: Iterable[ElementTree.Element]) -> dict[str, str]:
    """Return the meaning of the styles of cells that have one, by their names."""
    days, styles = dict[str, str](), dict[str, tuple[str, str]]()
    for element in (e for part in parts for e in part.iter()):
        if _local(element.tag) == "date-style":
            fields = {_local(e.tag) for e in element}
            if "year" in fields and not fields & {"day", "hours", "minutes"}:
                days[_attribute(element, "name")] = MONTH if "month" in fields else YEAR
        elif _local(element.tag) == "style" and _attribute(element, "family") == "table-cell":
            names = (_attribute(element, "data-style-name"), _attribute(element, "parent-style-name"))
            styles[_attribute(element, "name")] = names

    def meaning(name: str, depth: int = 0) -> str:
        data, parent = styles.get(name, ("", ""))
        return days.get(data, "") if data or depth > 9 else meaning(parent, depth + 1) if parent else ""

    meanings = {name: meaning(name) for name in styles}
    return {name: text for name, text in meanings.items() if text}
