"""Write the workbook of an invented district as offices write theirs: valid tables, in several formats."""

import datetime as dt
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

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
# People and cards of each commune.
TOTALS = {"T901": (5120, 3000), "T902": (4230, 2100), "T903": (8000, 5530)}
WIDE = [
    ["STT", "Xã", "Ngày số liệu", "Hộ nghèo", "Hộ gia đình", "Tổng cộng", "Tình trạng số liệu", "Nguồn"],
    [1, "Kiên Lao", dt.date(2021, 6, 30), 1000, 2000, 3000, "Công bố", "BHXH"],
    [2, "Phì Điền", dt.date(2021, 6, 30), 1300, 800, 2100, "Công bố", "BHXH"],
    [3, "Chũ", dt.date(2021, 6, 30), 30, 5500, 5530, "Công bố", "BHXH"],
]


def office(**changed):
    """Return the sheets of the valid workbook; each keyword adds a sheet or replaces one."""
    sheets = {"Đơn vị": AREAS, "Dân số": PEOPLE, "Số thẻ": CARDS}
    return {name: [list(row) for row in rows] for name, rows in (sheets | changed).items()}


def write_xlsx(path: Path, sheets, merged=(), hidden=(), formats=()):
    """Write an .xlsx workbook; ``merged`` has (sheet, range), ``formats`` (sheet, cell, number format)."""
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
    """Write a minimal OpenDocument workbook."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>{''.join(map(_ods_row, rows))}</table:table>"
        for name, rows in sheets.items()
    )
    spaces = "".join(f' xmlns:{s}="urn:oasis:names:tc:opendocument:xmlns:{s}:1.0"' for s in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
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
            text = f"<text:p>{escape(value)}</text:p>"
            cells.append(f'<table:table-cell office:value-type="string">{text}</table:table-cell>')
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def as_text(rows, delimiter=","):
    """Return rows as CSV text, with days such as 30/06/2021."""

    def cell(value):
        if value is None:
            return ""
        text = f"{value:%d/%m/%Y}" if isinstance(value, dt.date) else str(value)
        return '"' + text.replace('"', '""') + '"' if delimiter in text else text

    return "".join(delimiter.join(map(cell, row)) + "\n" for row in rows)
