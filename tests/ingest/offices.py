"""Files as offices make them: a sound workbook of a made-up district, and the ways to write it to disk."""

import datetime as dt
import zipfile
from html import escape
from pathlib import Path

import openpyxl

AREAS = [
    ["Mã đơn vị", "Tên đơn vị", "Cấp", "Thuộc đơn vị"],
    ["T9", "Huyện Khe Sâu", "Huyện", None],
    ["T901", "Xã Kiên Lao", "Xã", "T9"],
    ["T902", "Xã Phì Điền", "Xã", "T9"],
    ["T903", "Thị trấn Chũ", "Xã", "T9"],
]
PEOPLE = [
    ["Mã đơn vị", "Ngày số liệu", "Dân số", "Số hộ", "Tình trạng số liệu", "Nguồn"],
    ["T901", dt.date(2021, 6, 30), 5120, 1200, "Công bố", "Thống kê"],
    ["T902", dt.date(2021, 6, 30), 4230, 1000, "Công bố", "Thống kê"],
    ["T903", dt.date(2021, 6, 30), 8000, 2100, "Công bố", "Thống kê"],
]
CARDS = [
    ["Mã đơn vị", "Ngày số liệu", "Nhóm đối tượng", "Số thẻ", "Tình trạng số liệu", "Nguồn"],
    ["T901", dt.date(2021, 6, 30), "HN", 1000, "Công bố", "BHXH"],
    ["T901", dt.date(2021, 6, 30), "GD", 2000, "Công bố", "BHXH"],
    ["T902", dt.date(2021, 6, 30), "HN", 1300, "Công bố", "BHXH"],
    ["T902", dt.date(2021, 6, 30), "GD", 800, "Công bố", "BHXH"],
    ["T903", dt.date(2021, 6, 30), "HN", 30, "Công bố", "BHXH"],
    ["T903", dt.date(2021, 6, 30), "GD", 5500, "Công bố", "BHXH"],
]
# What all of them together say: people and cards of each commune.
TOLD = {"T901": (5120, 3000), "T902": (4230, 2100), "T903": (8000, 5530)}
WIDE = [
    ["STT", "Xã", "Ngày số liệu", "Hộ nghèo", "Hộ gia đình", "Tổng cộng", "Tình trạng số liệu", "Nguồn"],
    [1, "Kiên Lao", dt.date(2021, 6, 30), 1000, 2000, 3000, "Công bố", "BHXH"],
    [2, "Phì Điền", dt.date(2021, 6, 30), 1300, 800, 2100, "Công bố", "BHXH"],
    [3, "Chũ", dt.date(2021, 6, 30), 30, 5500, 5530, "Công bố", "BHXH"],
]


def office(**changed):
    """The sheets of the sound workbook; a name with a list of rows adds a sheet or takes another's place."""
    sheets = {"Đơn vị": AREAS, "Dân số": PEOPLE, "Số thẻ": CARDS}
    return {name: [list(row) for row in rows] for name, rows in (sheets | changed).items()}


def write_xlsx(path: Path, sheets, merged=(), hidden=(), formats=()):
    """An .xlsx workbook; ``merged`` are pairs of sheet and range, ``formats`` triples of sheet, cell, number format."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for name, cells in merged:
        book[name].merge_cells(cells)
    for name in hidden:
        book[name].sheet_state = "hidden"
    for name, cell, number in formats:
        book[name][cell].number_format = number
    book.save(path)
    return path


def write_ods(path: Path, sheets):
    """An OpenDocument workbook with the least that it takes."""
    tables = "".join(f'<table:table table:name="{escape(n)}">{"".join(map(_ods_row, rows))}</table:table>' for n, rows in sheets.items())  # fmt: skip
    spaces = "".join(f' xmlns:{s}="urn:oasis:names:tc:opendocument:xmlns:{s}:1.0"' for s in ("office", "table", "text"))
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces} office:version="1.2"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>'  # fmt: skip
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def _ods_row(row):
    cells = []
    for value in row:
        if value is None:
            cells.append("<table:table-cell/>")
        elif isinstance(value, dt.date):
            cells.append(f'<table:table-cell office:value-type="date" office:date-value="{value}"/>')
        elif isinstance(value, int | float):
            cells.append(f'<table:table-cell office:value-type="float" office:value="{value}"/>')
        else:
            cells.append(f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>')  # fmt: skip
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def as_text(rows, mark=","):
    """Rows as a CSV text, days as the country writes them."""

    def cell(value):
        if value is None:
            return ""
        text = f"{value:%d/%m/%Y}" if isinstance(value, dt.date) else str(value)
        return '"' + text.replace('"', '""') + '"' if mark in text else text

    return "".join(mark.join(map(cell, row)) + "\n" for row in rows)
