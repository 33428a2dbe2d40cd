"""Read what calamine omits of a sheet: number formats, errors, formulas without a result, hidden rows and columns.

The sheets of .xlsx are searched with patterns, because a parser would take longer than reading all cells.
"""

from __future__ import annotations

import html
import io
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import normpath
from typing import Protocol
from xml.etree import ElementTree

Position = tuple[int, int]  # row and column of a cell, as the user counts them
Range = tuple[int, int, int, int]  # first row, first column, last row, last column
MAX_CELLS = 20_000_000  # of one sheet, blank ones included: a single distant cell is a mistake
MAX_COLUMNS = 18_278  # that have letters: the last one is ZZZ
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
    """The details of a workbook; ``from_1904`` says that it counts its days from 1904."""

    from_1904: bool

    def __init__(self, content: bytes) -> None: ...

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
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

    return get_column_letter(column) if column <= MAX_COLUMNS else str(column)


@lru_cache(maxsize=2048)
def _column_number(letters: bytes) -> int:
    from openpyxl.utils import column_index_from_string

    return column_index_from_string(letters.decode())


# --- Packages of XML: .xlsx and .xlsm ---


class Package:
    """The parts of a zipped workbook, by names without regard to their case, and the relations between them."""

    def __init__(self, content: bytes) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(content))
        self.names = {name.replace("\\", "/").lower(): name for name in self.archive.namelist()}

    def read(self, name: str) -> bytes:
        """Return the content of a part; empty if there is none of this name."""
        stored = self.names.get(name.lower())
        return b"" if stored is None else self.archive.read(stored)

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the target of each relation of a part, by its id."""
        folder, _, base = name.rpartition("/")
        rels = self.read(f"{folder}/_rels/{base}.rels".lstrip("/"))
        parts = {}
        for relation in ElementTree.fromstring(rels) if rels else ():
            target = relation.get("Target", "").replace("\\", "/")
            target = target.lstrip("/") if target.startswith("/") else normpath(f"{folder}/{target}").lstrip("/")
            parts[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], target)
        return parts


class XlsxDetails:
    """The details of an .xlsx or .xlsm workbook, with or without prefixes, Strict or not."""

    def __init__(self, content: bytes) -> None:
        self.package = Package(content)
        book = next((n for k, n in self.package.related("").values() if k == "officeDocument"), "xl/workbook.xml")
        related, root = self.package.related(book), ElementTree.fromstring(self.package.read(book))
        self.parts, self.from_1904 = dict[str, str](), False
        for element in root.iter():
            tag = _local(element.tag)
            if tag == "workbookPr":
                self.from_1904 = element.get("date1904", "") in ("1", "true")
            elif tag == "sheet":
                key = next((v for k, v in element.attrib.items() if k.endswith("}id")), "")
                self.parts[element.get("name", "")] = related.get(key, ("", ""))[1]
        styles = next((n for k, n in related.values() if k == "styles"), "")
        self.meanings = _style_meanings(self.package.read(styles))

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        last = ""
        xml = _without_prefix(self.package.read(self.parts.get(name, "")))
        if _UNUSUAL.search(xml):
            xml = _numbered(xml) if _NO_PLACE.search(xml) else xml
            last = _distant_cell(xml)
        if last:
            return SheetDetails(last=last)
        rows, columns = _hidden(xml)
        return SheetDetails(_unreadable_cells(xml), _meanings(xml, self.meanings), rows, columns)


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


# A cell or row without its place as the first attribute, and one of those or far from the first cell.
_NO_PLACE = re.compile(rb"""<(?:c|row)(?! r="[A-Z]{0,3}\d+")[\s>/]""")
_UNUSUAL = re.compile(rb"""<(?:c|row)(?! r="(?:A?[A-Z])?1?\d{1,5}"| r="[A-Z]{2}\d{1,4}")[\s>/]""")


def _without_prefix(xml: bytes) -> bytes:
    """Return the XML of a sheet in UTF-8 and without prefixes."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
        xml = xml.decode("utf-16").encode()
    if prefix := _PREFIX.search(xml[:4096]):
        xml = re.sub(rb"<(/?)" + re.escape(prefix[1]) + rb":", rb"<\1", xml)
    return xml


def _numbered(xml: bytes) -> bytes:
    """Return the XML of a sheet with the place of each row and cell as its first attribute; programs may omit it."""
    row = column = 0

    def number(match: re.Match[bytes]) -> bytes:
        nonlocal row, column
        tag, attributes = match[1], match[2]
        place = re.search(rb"""\sr\s*=\s*["']([A-Z]{0,3})(\d+)["']""", attributes)
        rest = attributes.replace(place[0], b"", 1) if place else attributes
        if tag == b"row":
            row, column = int(place[2]) if place else row + 1, 0
            return b'<row r="%d"%b>' % (row, rest)
        column = _column_number(place[1]) if place and place[1] else column + 1
        return b'<c r="%b%d"%b>' % (column_letter(column).encode(), int(place[2]) if place else row, rest)

    return re.sub(rb"<(row|c)((?:\s[^>]*)?/?)>", number, xml)


# Cells that can make a sheet too large: beyond column ZZ, row 200000, or column AZ and row 10000 together.
_DISTANT = re.compile(rb' r="(?:[A-Z]{3}\d|[A-Z]{1,2}(?:[2-9]\d{5}|\d{7})|[B-Z][A-Z]\d{5})')


def _distant_cell(xml: bytes) -> str:
    """Return the last cell of a sheet that is larger than `MAX_CELLS`, or ""."""
    if not _DISTANT.search(xml):
        return ""
    width = max(map(_column_number, set(re.findall(rb'\sr="([A-Z]{1,3})\d', xml))), default=1)
    height = max(map(int, re.findall(rb'\sr="[A-Z]{0,3}(\d{1,9})"', xml)), default=1)
    return f"{column_letter(width)}{height}" if width * height > MAX_CELLS else ""


_ERROR = re.compile(
    rb"""<c r="([A-Z]+)(\d+)"[^>]*\bt=["']e["'][^>]*>(?:(?!</c>).)*?<v(?:\s[^>]*)?>([^<]*)</v>""", re.DOTALL
)
_NO_RESULT = re.compile(
    rb"""<c r="([A-Z]+)(\d+)"(?![^>]*\bt=["']str["'])[^>]*>\s*<f(?:\s[^>]*)?(?:/>|>([^<]*)</f>)"""
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
    cells = re.compile(rb"""<c r="([A-Z]+)(\d+)"[^>]*?\ss=["'](""" + b"|".join(styles) + rb""")["']""")
    return {(int(row), _column_number(letters)): styles[style] for letters, row, style in cells.findall(xml)}


def _hidden(xml: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return the hidden rows and columns of a sheet; one of no height or width is hidden, too."""
    hidden = rb"""\s(?:hidden=["'](?:1|true)["']|%b=["']0(?:\.0+)?["'])"""
    rows, columns = frozenset[int](), set[int]()
    if b"hidden=" in xml or b" ht=" in xml:
        rows = frozenset(map(int, re.findall(rb'<row r="(\d+)"[^>]*?' + hidden % b"ht", xml)))
    head = xml[: xml.find(b"<sheetData")]
    for column in re.findall(rb"<col\s[^>]*>", head):
        limits = [re.search(rb"""\s%b=["'](\d+)["']""" % limit, column) for limit in (b"min", b"max")]
        if all(limits) and re.search(hidden % b"width", column):
            first, last = (int(limit[1]) for limit in limits if limit)
            columns.update(range(first, min(last, MAX_COLUMNS) + 1))
    return rows, frozenset(columns)


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
_FORMAT, _STYLE, _STYLES_START, _STYLES_END = 44, 47, 617, 618


class XlsbDetails:
    """The details of an .xlsb workbook, by the records of [MS-XLSB]."""

    def __init__(self, content: bytes) -> None:
        self.package = Package(content)
        related = self.package.related("xl/workbook.bin")
        self.parts, self.from_1904 = dict[str, str](), False
        for kind, record in _records(self.package.read("xl/workbook.bin")):
            if kind == _BOOK_SETTINGS:
                self.from_1904 = bool(record[0] & 1)
            elif kind == _SHEET:
                relation, end = _wide_text(record, 8)
                self.parts[_wide_text(record, end)[0]] = related.get(relation, ("", ""))[1]
        styles = next((name for kind, name in related.values() if kind == "styles"), "")
        self.meanings = _binary_style_meanings(self.package.read(styles))

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        texts, meanings, merged = dict[Position, str](), dict[Position, str](), list[Range]()
        rows, columns, row, width = set[int](), set[int](), 0, 1
        for kind, record in _records(self.package.read(self.parts.get(name, ""))):
            if kind == _ROW:
                row = struct.unpack_from("<I", record)[0] + 1
                if record[11] & 0x10:
                    rows.add(row)
            elif kind in _CELLS:
                column, style = struct.unpack_from("<II", record)
                width = max(width, column + 1)
                if kind in _ERROR_CELLS:
                    texts[row, column + 1] = ERRORS.get(record[8], "#N/A")
                elif meaning := self.meanings.get(style & 0xFFFFFF):
                    meanings[row, column + 1] = meaning
            elif kind == _COLUMNS:
                first, last, size = struct.unpack_from("<III", record)
                if record[16] & 1 or not size:
                    columns.update(range(first + 1, min(last + 1, MAX_COLUMNS) + 1))
            elif kind == _MERGED:
                top, bottom, left, right = struct.unpack_from("<IIII", record)
                merged.append((top + 1, left + 1, bottom + 1, right + 1))
        last_cell = f"{column_letter(width)}{row}" if row * width > MAX_CELLS else ""
        return SheetDetails(texts, meanings, frozenset(rows), frozenset(columns), tuple(merged), last_cell)


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
MAX_REPEATS = 100_000  # of a row or cell; more is the blank rest of a sheet


class OdsDetails:
    """The details of an .ods workbook."""

    def __init__(self, content: bytes) -> None:
        archive = zipfile.ZipFile(io.BytesIO(content))
        xml = archive.read("content.xml")
        self.tables, self.from_1904 = dict[str, ElementTree.Element](), False
        self.meanings = dict[str, str]()
        if _ODS_SPECIAL.search(xml):
            root = ElementTree.fromstring(xml)
            common = ElementTree.fromstring(archive.read("styles.xml")) if "styles.xml" in archive.namelist() else ()
            self.meanings = _ods_style_meanings([*common, *root])
            self.tables = {_attribute(t, "name"): t for t in root.iter() if _local(t.tag) == "table"}
            nulls = (_attribute(e, "date-value") for e in root.iter() if _local(e.tag) == "null-date")
            self.from_1904 = "1904-01-01" in nulls

    def sheet(self, name: str) -> SheetDetails:
        """Return the details of a sheet."""
        texts, meanings, merged = dict[Position, str](), dict[Position, str](), list[Range]()
        rows, columns, defaults = set[int](), set[int](), dict[int, str]()
        row = column = 1
        for element in self.tables[name].iter() if name in self.tables else ():
            if _local(element.tag) == "table-column":
                numbers = _repeated(element, "columns", column)
                column += int(_attribute(element, "number-columns-repeated") or 1)
                defaults |= dict.fromkeys(numbers, _attribute(element, "default-cell-style-name"))
                columns.update(numbers if _is_hidden(element) else ())
            elif _local(element.tag) == "table-row":
                numbers = _repeated(element, "rows", row)
                row += int(_attribute(element, "number-rows-repeated") or 1)
                rows.update(numbers if _is_hidden(element) else ())
                style = _attribute(element, "default-cell-style-name")
                for places, cell in _ods_cells(element):
                    every = [(r, c) for r in numbers for c in places]
                    texts |= dict.fromkeys(every, text) if (text := _ods_unreadable(cell)) else {}
                    own = _attribute(cell, "style-name") or style or defaults.get(places.start, "")
                    percent = _attribute(cell, "value-type") == "percentage"
                    meaning = PERCENT if percent else self.meanings.get(own, "")
                    if meaning and _attribute(cell, "value-type") in ("percentage", "date"):
                        meanings |= dict.fromkeys(every, meaning)
                    height, width = (int(_attribute(cell, f"number-{n}-spanned") or 1) for n in ("rows", "columns"))
                    if height * width > 1:
                        top, left = numbers.start, places.start
                        merged.append((top, left, top + height - 1, left + width - 1))
        return SheetDetails(texts, meanings, frozenset(rows), frozenset(columns), tuple(merged))


def _attribute(element: ElementTree.Element, name: str) -> str:
    """Return an attribute of an element by its name without the namespace, or ""."""
    return next((v for k, v in element.attrib.items() if _local(k) == name), "")


def _repeated(element: ElementTree.Element, kind: str, start: int) -> range:
    """Return the numbers of the rows or columns that an element is for."""
    return range(start, start + min(int(_attribute(element, f"number-{kind}-repeated") or 1), MAX_REPEATS))


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
