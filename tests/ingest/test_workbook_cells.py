"""Cells as the user sees them: per cent, months, errors, hidden and merged cells, in each kind of workbook."""

import datetime as dt
import re
import struct
import zipfile

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

import bhyt_analysis as bhyt
from bhyt_analysis.ingest.cell_types import convert_column
from bhyt_analysis.ingest.sheet_details import format_meaning
from bhyt_analysis.ingest.workbook import Percent, SerialFrom1904, read_sheets
from tests.ingest.offices import CARDS, PEOPLE, office, write_ods, write_xlsx

JULY = dt.date(2021, 7, 1)
TARGETS = [
    ["Mã đơn vị", "Phạm vi", "Thời điểm", "Quan hệ", "Chỉ tiêu (%)", "Văn bản"],
    ["T9", "all", 2022, "Bằng", 0.921, "KH"],
]


def change_parts(path, change):
    """Rewrite the parts of a zipped workbook by ``change(name, text)``; other parts than XML stay."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, change(name, content.decode("utf-8")))
    return path


def change_sheets(path, change):
    return change_parts(path, lambda name, text: change(text) if "worksheets/sheet" in name else text)


def add_prefix(text):
    return re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", text).replace("xmlns=", "xmlns:x=")


def remove_places(text):
    return re.sub(r'<(c|row) r="[A-Z0-9]+"', r"<\1", text)


def swap_attributes(text):
    return re.sub(r'<c r="([A-Z]+\d+)" s="(\d+)"', r"<c s='\2' r='\1'", text)


def make_strict(text):
    old = "http://schemas.openxmlformats.org"
    text = text.replace(f"{old}/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
    return text.replace(f"{old}/officeDocument/2006/", "http://purl.oclc.org/ooxml/officeDocument/")


def cells_of(path):
    """Return the cells of the first sheet, and the findings on reading it."""
    findings = []
    sheets = list(read_sheets(path, findings))
    return sheets[0], findings


def write_cells(path, rows, formats=(), change=None, epoch=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, code in formats:
        book.active[cell].number_format = code
    if change:
        change(book.active)
    if epoch:
        book.epoch = epoch
    book.save(path)
    return path


# --- Number formats ---


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("mm/yyyy", "7/2021"),
        ("m-yy", "7/2021"),
        ("mmm-yy", "7/2021"),
        ("[$-42A]mmmm yyyy;@", "7/2021"),
        ('"Tháng" m/yyyy', "7/2021"),
        ("\\T\\há\\n\\g\\ m/yyyy", "7/2021"),
        ("dddd mm/yyyy", "7/2021"),
        ("yyyy", "2021"),
        ("dd/mm/yyyy", JULY),
        ("d-mmm", JULY),
        ('yyyy"年"m"月"d', JULY),
    ],
)
def test_day_is_what_its_number_format_shows(tmp_path, code, cell):
    path = write_cells(tmp_path / "a.xlsx", [[JULY, 0.5]], [("A1", code)])
    assert cells_of(path)[0].cells.at[1, 1] == cell


def test_last_day_of_a_month_stays_a_day(tmp_path):
    path = write_cells(
        tmp_path / "b.xlsx", [[dt.date(2021, 7, 31), dt.date(2021, 7, 15)]], [("A1", "mm/yyyy"), ("B1", "mm/yyyy")]
    )
    assert cells_of(path)[0].cells.loc[1].tolist() == [dt.date(2021, 7, 31), "7/2021"]


@pytest.mark.parametrize("code", ['0" %"', "#,##0\\ \\%", "[$%-42A]0", "0.00", '_-* #,##0\\ "đồng"', "General"])
def test_sign_of_per_cent_in_quotes_is_no_per_cent(code):
    assert format_meaning(code) == ""


@pytest.mark.parametrize("change", [None, add_prefix, remove_places, swap_attributes, make_strict])
def test_per_cent_and_months_are_read_in_any_style_of_xml(tmp_path, change):
    rows = [["Tháng", "Tỷ lệ", "Số"], [JULY, 0.921, 5], [dt.date(2021, 8, 1), 1, 6]]
    formats = [("A2", "mm/yyyy"), ("A3", "mm/yyyy"), ("B2", "0.0%"), ("B3", "0%")]
    path = write_cells(tmp_path / "a.xlsx", rows, formats)
    if change:
        change_parts(path, lambda n, t: change(t) if "sheet1.xml" in n or change is make_strict else t)
    cells = cells_of(path)[0].cells
    assert cells.loc[2].tolist() == ["7/2021", Percent(0.921), 5.0]
    assert cells.loc[3].tolist() == ["8/2021", Percent(1.0), 6.0]


def test_per_cent_cell_under_a_heading_of_per_cent_is_its_share(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", office(**{"Chỉ tiêu": TARGETS}), formats=[("Chỉ tiêu", "E2", "0.0%")])
    assert bhyt.check(path).empty
    assert bhyt.load(path).targets["rate"].tolist() == [0.921]


@pytest.mark.parametrize(
    ("kind", "percent", "value"),
    [("share", True, 0.5), ("share", False, 0.5), ("count", False, None), ("number", False, None)],
)
def test_per_cent_cell_is_a_share_and_nothing_else(kind, percent, value):
    column = {"type": kind, "column": "x", "required": ""}
    values, findings = convert_column(pd.Series([Percent(0.5)], dtype=object), column, None, percent)
    assert [f.rule for f in findings] == ([] if value else ["bad_cell"])
    assert [f.value for f in findings] == ([] if value else ["50%"])
    assert values.tolist() == [value] if value else values.isna().all()


def test_month_typed_into_excel_is_its_end_for_counts(tmp_path):
    cards = [CARDS[0], *([row[0], JULY, *row[2:]] for row in CARDS[1:])]
    formats = [("Số thẻ", f"B{i}", "mm/yyyy") for i in range(2, len(cards) + 1)]
    path = write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": cards}), formats=formats)
    assert set(bhyt.load(path).cards["as_of"]) == {pd.Timestamp("2021-07-31")}


def test_days_and_plain_serials_of_the_1904_system_are_right(tmp_path):
    days = (JULY - dt.date(1904, 1, 1)).days
    path = write_cells(tmp_path / "a.xlsx", [[JULY, days]], epoch=CALENDAR_MAC_1904)
    cells = cells_of(path)[0].cells
    assert cells.at[1, 1] == JULY
    assert cells.at[1, 2] == days
    column = {"type": "date", "column": "as_of", "required": ""}
    assert convert_column(cells[2], column, None)[0].tolist() == [pd.Timestamp(JULY)]
    assert SerialFrom1904(0).day == dt.date(1904, 1, 1)


# --- Errors and formulas ---


@pytest.mark.parametrize("change", [None, add_prefix, remove_places])
def test_errors_and_formulas_without_result_are_read_as_such(tmp_path, change):
    path = write_cells(tmp_path / "a.xlsx", [[1, "#REF!", "=SUM(A1:A3)", 4, "=B1"]])
    change_sheets(path, lambda t: t.replace("<f>B1</f>", '<f t="shared" si="0"/>'))
    if change:
        change_sheets(path, change)
    assert cells_of(path)[0].cells.loc[1].tolist() == [1.0, "#REF!", "=SUM(A1:A3)", 4.0, "=…"]


@pytest.mark.parametrize(("value", "rule"), [("#N/A", "error_cell"), ("=C2*2", "no_result")])
def test_errors_are_one_line_for_a_column(tmp_path, value, rule):
    people = [PEOPLE[0], *([*row[:2], value, *row[3:]] for row in PEOPLE[1:])]
    rows = bhyt.check(write_xlsx(tmp_path / "a.xlsx", office(**{"Dân số": people})), "en")
    rows = rows[rows["severity"] == "error"]
    assert rows["rule"].tolist() == [rule]
    assert "3" in rows["message"].iloc[0]


@pytest.mark.parametrize("value", ["=", '="07552"', "#1", "# ghi chú", "Em", "Lào Cai"])
def test_other_texts_are_no_errors_of_formulas(value):
    column = {"type": "text", "column": "x", "required": ""}
    assert convert_column(pd.Series([value], dtype=object), column, None)[1] == []


# --- Hidden and merged cells ---


def hide(sheet):
    sheet.row_dimensions[3].hidden = sheet.row_dimensions[9].hidden = True
    sheet.column_dimensions["B"].hidden = sheet.column_dimensions["F"].hidden = True


@pytest.mark.parametrize("change", [None, add_prefix, remove_places])
def test_hidden_rows_and_columns_with_cells_are_one_line_each(tmp_path, change):
    path = write_cells(tmp_path / "a.xlsx", [["a", "b"], [1, 2], [3, 4], [5, 6]], change=hide)
    if change:
        change_sheets(path, change)
    sheet, findings = cells_of(path)
    assert (sheet.hidden_rows, sheet.hidden_columns) == (frozenset({3}), frozenset({2}))
    assert [(f.rule, f.count, f.row) for f in findings] == [("hidden_rows", 1, 3), ("hidden_columns", 1, None)]
    assert len(sheet.cells) == 4


def test_figure_under_a_merge_is_a_warning_with_its_cell(tmp_path):
    path = write_cells(tmp_path / "a.xlsx", [["a", "b"], [1, "x"], [3, "x"], [5, 6]])
    merges = '</sheetData><mergeCells count="1"><mergeCell ref="A2:B3"/></mergeCells>'
    change_sheets(path, lambda text: text.replace("</sheetData>", merges))
    (finding,) = cells_of(path)[1]
    assert (finding.rule, finding.count, finding.value, finding.expected) == ("under_merge", 1, "A3", "A2:B3")
    assert finding.severity == "warning"


# --- OpenDocument, old Excel and binary workbooks ---

ODS_STYLES = (
    '<office:automatic-styles><number:date-style style:name="N1"><number:month/><number:text>/</number:text>'
    '<number:year/></number:date-style><style:style style:name="ce1" style:family="table-cell" '
    'style:data-style-name="N1"/></office:automatic-styles><office:body>'
)
ODS_SPACES = "".join(
    f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{s}:1.0"'
    for n, s in (("style", "style"), ("number", "datastyle"))
)


def test_opendocument_cells_are_as_the_user_sees_them(tmp_path):
    path = write_ods(tmp_path / "a.ods", {"S": [["t", "p", "e", "f"], [JULY, 0.5, 1, 2], [JULY, 3, 4, 5]]})

    def change(name, text):
        if name != "content.xml":
            return text
        text = text.replace(' office:version="1.2"', f'{ODS_SPACES} office:version="1.2"')
        text = text.replace("<office:body>", ODS_STYLES, 1)
        first = f'<table:table-cell office:value-type="date" office:date-value="{JULY}"/>'
        text = text.replace(first, first.replace("table-cell ", 'table-cell table:style-name="ce1" '), 1)
        half = '<table:table-cell office:value-type="float" office:value="0.5"/>'
        text = text.replace(half, half.replace("float", "percentage"))
        one = '<table:table-cell office:value-type="float" office:value="1"/>'
        error = one.replace("table-cell ", 'table-cell table:formula="of:=1/0" ').replace(
            "/>", "><text:p>#DIV/0!</text:p>"
        )
        text = text.replace(one, error + "</table:table-cell>")
        two = '<table:table-cell office:value-type="float" office:value="2"/>'
        text = text.replace(two, '<table:table-cell table:formula="of:=SUM([.A1])"/>')
        row = "<table:table-row>"
        start = text.rindex(row)
        return text[:start] + row.replace(">", ' table:visibility="filter">') + text[start + len(row) :]

    sheet, findings = cells_of(change_parts(path, change))
    assert sheet.cells.loc[2].tolist() == ["7/2021", Percent(0.5), "#DIV/0!", "=SUM([.A1])"]
    assert sheet.cells.loc[3].tolist() == [JULY, 3.0, 4.0, 5.0]
    assert sheet.hidden_rows == {3}
    assert [f.rule for f in findings] == ["hidden_rows"]


def test_old_workbook_cells_are_as_the_user_sees_them(tmp_path):
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for i, (value, code) in enumerate([(JULY, "mm/yyyy"), (JULY, "dd/mm/yyyy"), (0.5, "0.0%"), (7, "General")]):
        sheet.write(0, i, value, xlwt.easyxf(num_format_str=code))
        sheet.write(1, i, i + 1)
    sheet.row(1).hidden = True
    sheet.col(3).hidden = True
    sheet.row(2).set_cell_error(0, "#REF!")
    sheet.merge(0, 1, 4, 5)
    book.save(str(tmp_path / "a.xls"))
    read, findings = cells_of(tmp_path / "a.xls")
    assert read.cells.loc[1].tolist()[:4] == ["7/2021", JULY, Percent(0.5), 7.0]
    assert read.cells.at[3, 1] == "#REF!"
    assert (read.hidden_rows, read.hidden_columns, read.merged) == ({2}, {4}, ((1, 5, 2, 6),))
    assert [f.rule for f in findings] == ["hidden_rows", "hidden_columns"]


def test_old_workbook_of_the_1904_system_has_the_right_days(tmp_path):
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    book.dates_1904 = True
    book.add_sheet("S").write(0, 0, JULY, xlwt.easyxf(num_format_str="dd/mm/yyyy"))
    book.save(str(tmp_path / "a.xls"))
    assert cells_of(tmp_path / "a.xls")[0].cells.at[1, 1] == JULY


def record(kind, content=b""):
    """Return a record of [MS-XLSB]."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(content)]) + content


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_xlsb(path, cells, formats, hidden=(), system_1904=False):
    """Write a binary workbook; ``cells`` are rows of (style, number or error code), None for a blank one."""
    rows = b""
    for number, row in enumerate(cells):
        flags = 0x10 if number + 1 in hidden else 0
        rows += record(0, struct.pack("<IIHBB", number, 0, 300, 0, flags) + bytes(5))
        for column, (style, value) in enumerate(row):
            start = struct.pack("<II", column, style)
            if isinstance(value, str):
                rows += record(3, start + bytes([{"#REF!": 23, "#N/A": 42}[value]]))
            else:
                rows += record(5, start + struct.pack("<d", value))
    sheet = record(129) + record(148, struct.pack("<IIII", 0, len(cells) - 1, 0, len(cells[0]) - 1))
    sheet += record(390) + record(60, struct.pack("<IIIIH", 1, 1, 2000, 0, 1)) + record(391)
    sheet += record(145) + rows + record(146) + record(130)
    book = record(131) + record(153, struct.pack("<III", int(system_1904), 0, 0)) + record(143)
    book += record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("S")) + record(144) + record(132)
    styles = record(278) + record(615, struct.pack("<I", len(formats)))
    styles += b"".join(record(44, struct.pack("<H", 164 + i) + wide(code)) for i, code in enumerate(formats)) + record(
        616
    )
    styles += record(617, struct.pack("<I", len(formats) + 1))
    for number in (0, *range(164, 164 + len(formats))):
        styles += record(47, struct.pack("<HH", 0, number) + bytes(12))
    styles += record(618) + record(279)
    office_type = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"

    def relations(**targets):
        rows = (f'<Relationship Id="{i}" Type="{office_type}/{k}" Target="{t}"/>' for i, (k, t) in targets.items())
        return f'<Relationships xmlns="{rels}">{"".join(rows)}</Relationships>'

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", relations(rId1=("officeDocument", "xl/workbook.bin")))
        parts = {"rId1": ("worksheet", "worksheets/sheet1.bin"), "rId2": ("styles", "styles.bin")}
        archive.writestr("xl/_rels/workbook.bin.rels", relations(**parts))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/styles.bin", styles)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def test_binary_workbook_cells_are_as_the_user_sees_them(tmp_path):
    serial = (JULY - dt.date(1899, 12, 30)).days
    rows = [[(1, serial), (2, serial)], [(3, 0.5), (0, 7)], [(0, "#REF!"), (0, "#N/A")]]
    path = write_xlsb(tmp_path / "a.xlsb", rows, ["mm/yyyy", "dd/mm/yyyy", "0.0%"], hidden=(2,))
    sheet, findings = cells_of(path)
    assert sheet.cells.to_numpy().tolist() == [["7/2021", JULY], [Percent(0.5), 7.0], ["#REF!", "#N/A"]]
    assert (sheet.hidden_rows, sheet.hidden_columns) == ({2}, {2})
    assert [f.rule for f in findings] == ["hidden_rows", "hidden_columns"]


def test_binary_workbook_of_the_1904_system_has_the_right_days(tmp_path):
    serial = (JULY - dt.date(1904, 1, 1)).days
    path = write_xlsb(tmp_path / "a.xlsb", [[(1, serial)]], ["dd/mm/yyyy"], system_1904=True)
    assert cells_of(path)[0].cells.at[1, 1] == JULY
