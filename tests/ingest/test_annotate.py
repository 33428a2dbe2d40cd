"""The annotated copy keeps the workbook, colours and comments the cells with findings, and lists them."""

import hashlib
import html
import json
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from bhyt_analysis.cli import main
from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest import person_register
from bhyt_analysis.ingest.annotate import FILLS, annotate
from bhyt_analysis.ingest.loader import check, read_input

from ..conftest import write_table
from .offices import AREAS, write_xlsx
from .test_file_kinds import compound
from .test_person_register import HEAD, PERSONS, SECRETS, STAFF, commune_table

CARDS = ["Mã đơn vị", "Ngày số liệu", "Nhóm đối tượng", "Số thẻ", "Tình trạng số liệu", "Nguồn"]


@pytest.fixture
def workbook(tmp_path):
    """Write an office's workbook: a title above the table, formats, a formula, a drop-down, a comment."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "areas"
    communes = [["C1", "Xã Đầu", "commune", "D1"], ["C2", "Xã Sau", "commune", "D1"]]
    for row in [["code", "name", "kind", "parent"], ["D1", "Huyện Một", "district", ""], *communes]:
        page.append(row)
    cards = book.create_sheet("cards")
    cards["A1"] = "BÁO CÁO SỐ THẺ THÁNG 6 NĂM 2021"
    cards.merge_cells("A1:F1")
    cards["A1"].font = Font(bold=True, size=14)
    cards.append([])
    cards.append(CARDS)
    for area, group, count in (("C1", "poor", 700), ("C1", "household", "bảy trăm"), ("C9", "household", 900)):
        cards.append([area, "30/06/2021", group, count, "published", "BHXH"])
    cards["D4"].number_format = "#,##0"
    cards["D5"].comment = Comment("hỏi lại chị Hoa", "Nam")
    cards["H4"] = "=D4*2"
    cards.column_dimensions["C"].width = 31
    cards.add_data_validation(DataValidation(type="list", formula1='"poor,household"', sqref="C4:C6"))
    path = tmp_path / "so_lieu.xlsx"
    book.save(path)
    return path


def comments(path):
    book = openpyxl.load_workbook(path)
    return {(p.title, c.coordinate): c.comment.text for p in book for row in p.iter_rows() for c in row if c.comment}


def test_cells_are_marked_with_their_message(workbook, tmp_path):
    out = annotate(workbook, tmp_path / "marked.xlsx", read_input(workbook)[1], "en")
    texts = comments(out)
    bad = texts["cards", "D5"]
    assert bad.startswith("hỏi lại chị Hoa\n")
    assert '"bảy trăm", expected a whole number' in bad
    assert set(texts) >= {("cards", "D5"), ("cards", "A6")}
    book = openpyxl.load_workbook(out)
    assert book["cards"]["D5"].fill.fgColor.rgb.endswith(FILLS["error"])
    assert book["cards"]["D4"].fill.fill_type is None


def test_copy_keeps_formats_formulas_and_drop_downs(workbook, tmp_path):
    before = hashlib.sha256(workbook.read_bytes()).hexdigest()
    page = openpyxl.load_workbook(annotate(workbook, tmp_path / "marked.xlsx", read_input(workbook)[1]))["cards"]
    assert page["D4"].number_format == "#,##0"
    assert page["A1"].font.bold
    assert page["H4"].value == "=D4*2"
    assert [str(r) for r in page.merged_cells.ranges] == ["A1:F1"]
    assert page.column_dimensions["C"].width == 31
    assert page.data_validations.dataValidation[0].formula1 == '"poor,household"'
    assert hashlib.sha256(workbook.read_bytes()).hexdigest() == before


def test_every_finding_is_listed_with_a_link_to_its_cell(workbook, tmp_path):
    findings = read_input(workbook)[1]
    book = openpyxl.load_workbook(annotate(workbook, tmp_path / "marked.xlsx", findings, "vi"))
    page = book["Kết quả kiểm tra"]
    assert [c.value for c in page[1]] == ["Phân loại", "Mã quy tắc", "Bảng", "Ô", "Nhận xét"]
    assert page.max_row == 1 + len(findings)
    line = next(row for row in page.iter_rows(min_row=2) if row[1].value == "bad_cell")
    assert [line[0].value, line[2].value, line[3].value] == ["Lỗi", "cards", "D5"]
    assert line[3].hyperlink.location == "'cards'!D5" or line[3].hyperlink.target == "#'cards'!D5"


def test_folder_of_csv_files_becomes_a_workbook(small_input, tmp_path):
    rows = [
        ["C1", "2021-07-31", "poor", cards, "published", source] for cards, source in (("5", "=1+1"), ("6", "BHXH"))
    ]
    write_table(small_input / "cards_x.csv", ["area", "as_of", "group", "cards", "status", "source"], *rows)
    out = annotate(small_input, tmp_path / "marked.xlsx", read_input(small_input)[1], "en")
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["areas", "cards", "cards_x", "population", "Findings"]
    assert [c.value for c in book["cards_x"][3]] == ["C1", "2021-07-31", "poor", "6", "published", "BHXH"]
    assert (book["cards_x"]["F2"].value, book["cards_x"]["F2"].data_type) == ("=1+1", "s")
    texts = comments(out)
    assert {cell for (sheet, cell) in texts if sheet == "cards_x"} >= {"A3", "B3", "C3"}  # the duplicate key
    assert "the same as row 2" in texts["cards_x", "A3"]


def test_valid_input_has_an_empty_list(small_input, tmp_path):
    out = annotate(small_input, tmp_path / "marked.xlsx", read_input(small_input)[1], "en")
    assert comments(out) == {}
    assert openpyxl.load_workbook(out)["Findings"]["A2"].value == "Nothing was found."


def test_finding_in_a_merged_cell_marks_its_top_left_cell(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.title = "cards"
    page.append(CARDS)
    for count in (700, "x"):
        page.append(["C1", "30/06/2021", "poor", count, "published", "BHXH"])
    page.merge_cells("D3:E3")
    book.save(tmp_path / "a.xlsx")
    label = "a.xlsx [cards]"
    finding = Finding("bad_cell", label, 3, "status", letters="E", value="x", expected=Term("expect.count"))
    assert list(comments(annotate(tmp_path / "a.xlsx", tmp_path / "b.xlsx", [finding]))) == [("cards", "D3")]


def test_annotate_never_writes_to_the_input(workbook, small_input, tmp_path):
    for source, out, words in (
        (workbook, workbook, "is the input and must not be overwritten"),
        (small_input, small_input / "marked.xlsx", "lies in the input folder"),
        (workbook, tmp_path / "marked.csv", "must be an .xlsx file"),
        (workbook, tmp_path / "no" / "marked.xlsx", "there is no folder"),
    ):
        with pytest.raises(BhytError, match=words):
            annotate(source, out, [])
    assert {p.name for p in tmp_path.iterdir()} == {"so_lieu.xlsx", "input"}


def test_unreadable_workbook_is_an_error(tmp_path):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(BhytError, match="cannot be opened to be copied"):
        annotate(path, tmp_path / "marked.xlsx", read_input(path)[1])
    assert not (tmp_path / "marked.xlsx").exists()


def test_command_annotates_and_prints_the_findings(workbook, tmp_path, capsys):
    out = tmp_path / "marked.xlsx"
    assert main(["check", str(workbook), "--lang", "en", "--annotate", str(out)]) == 1
    captured = capsys.readouterr()
    assert "[bad_cell]" in captured.out
    assert str(out) in captured.err
    assert ("cards", "D5") in comments(out)


def all_text(path):
    """Return the text of all files in a workbook, hidden sheets too."""
    with zipfile.ZipFile(path) as archive:
        return "\n".join(html.unescape(archive.read(n).decode("utf-8", "replace")) for n in archive.namelist())


@pytest.mark.parametrize("state", ["visible", "hidden"])
def test_copy_of_a_register_has_no_personal_data(tmp_path, state):
    book = openpyxl.Workbook()
    book.active.title = "Đơn vị"
    for row in AREAS:
        book.active.append(row)
    page = book.create_sheet("Danh sách")
    page.sheet_state = state
    for row in [
        ["DANH SÁCH NGƯỜI CÓ THẺ"],
        HEAD,
        *PERSONS,
        [6, "Phạm Riêng", "1980", "HN2240123456793", "Xã Không Có", "hôm qua"],
    ]:
        page.append(row)
    page["B3"].comment = Comment("Trần Riêng là em", "Nam")
    page["A10"] = "Người lập: Lò Văn Kín"
    if state == "hidden":
        page["XFD1048576"] = "Trần Riêng"  # a distant cell, for which a visible sheet is not read
    book.save(tmp_path / "so_lieu.xlsx")
    findings = read_input(tmp_path / "so_lieu.xlsx")[1]
    out = annotate(tmp_path / "so_lieu.xlsx", tmp_path / "marked.xlsx", findings, "vi")
    assert not [s for s in SECRETS if s in all_text(out)]
    copied = openpyxl.load_workbook(out)["Danh sách"]
    assert [c.value for c in copied[2]] == HEAD
    assert [c.value for c in copied[3]][:5] == [None, None, None, "HN", "Kiên Lao"]
    if state == "visible":
        assert 'không có đơn vị "…"' in comments(out)["Danh sách", "E8"]


def test_copy_of_an_uncountable_person_list_has_no_personal_data(tmp_path):
    (tmp_path / "in").mkdir()
    rows = [["Họ và tên", "Ngày sinh", "Mã thẻ BHYT"], *([p[1], p[2], p[3]] for p in PERSONS)]
    (tmp_path / "in" / "danh sach.csv").write_text("\n".join(",".join(map(str, r)) for r in rows), encoding="utf-8")
    out = annotate(tmp_path / "in", tmp_path / "marked.xlsx", read_input(tmp_path / "in")[1])
    assert not [s for s in SECRETS if s in all_text(out)]


def test_large_register_is_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(person_register, "LARGE", 1)
    (tmp_path / "in").mkdir()
    rows = [HEAD, *PERSONS]
    (tmp_path / "in" / "danh sach.csv").write_text("\n".join(",".join(map(str, r)) for r in rows), encoding="utf-8")
    out = annotate(tmp_path / "in", tmp_path / "marked.xlsx", read_input(tmp_path / "in")[1])
    assert openpyxl.load_workbook(out).sheetnames == ["Kết quả kiểm tra"]
    assert not [s for s in SECRETS if s in all_text(out)]


# --- Workbooks with personal data anywhere, and workbooks that openpyxl refuses ---

HIDDEN = ("Mẫu", "Kín", "Giấu", "0123456", "0912345")
STRICT = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/": "http://purl.oclc.org/ooxml/officeDocument/",
}
DAY = '<dcterms:modified xsi:type="dcterms:W3CDTF">hôm qua</dcterms:modified>'
BAD_DAY = {"<dcterms:created": f"{DAY}<dcterms:created"}
RULE = '<conditionalFormatting sqref="A1"><cfRule type="x" priority="1"/></conditionalFormatting>'
BAD_RULE = {"</sheetData>": f"</sheetData>{RULE}"}


def test_names_are_in_no_part_of_the_copy(workbook, tmp_path, capsys):
    book = openpyxl.load_workbook(workbook)
    people = book.create_sheet("Danh sách")
    people.append(["Họ và tên chủ hộ", "Mã thẻ", "Xã", "Ngày số liệu"])
    people.append(["Nguyễn Văn Mẫu", "HN2240123456789", "C1", "30/06/2021"])
    cards = book["cards"]
    cards["D4"].comment = Comment("hỏi Lò Thị Kín", "Trần Thị Giấu")
    cards["K1"] = "Người lập: Lò Thị Kín"
    cards.add_data_validation(DataValidation(type="list", formula1='"Nguyễn Văn Mẫu,Lò Thị Kín"', sqref="K2"))
    cards.oddHeader.center.text, cards.oddFooter.left.text = "Trần Thị Giấu", "Lò Thị Kín"
    book.defined_names["người"] = DefinedName("người", attr_text='"Lò Thị Kín"')
    hidden = book.create_sheet("Ẩn")
    hidden.sheet_state = "hidden"
    hidden.append(["Lò Thị Kín", "0912345678"])
    book.properties.creator, book.properties.lastModifiedBy = "Lò Thị Kín", "Trần Thị Giấu"
    book.save(workbook)
    out = tmp_path / "marked.xlsx"
    main(["check", str(workbook), "--lang", "en", "--annotate", str(out)])
    captured = capsys.readouterr()
    assert "the cells only (because the file lists persons)" in captured.err
    for text in (all_text(out), captured.out, captured.err):
        assert not [s for s in HIDDEN if s in text]
    assert openpyxl.load_workbook(out)["cards"]["D4"].value == 700


@pytest.mark.parametrize("changes", [STRICT, BAD_DAY, BAD_RULE], ids=["strict", "day of the file", "formatting rule"])
def test_workbook_that_openpyxl_refuses_is_copied_by_its_cells(workbook, tmp_path, capsys, changes):
    refused, out = tmp_path / "refused.xlsx", tmp_path / "marked.xlsx"
    with zipfile.ZipFile(workbook) as old, zipfile.ZipFile(refused, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode("utf-8")
            for before, after in changes.items():
                text = text.replace(before, after)
            new.writestr(name, text)
    assert main(["check", str(refused), "--lang", "en", "--annotate", str(out)]) == 1
    captured = capsys.readouterr()
    assert "[bad_cell]" in captured.out
    assert "refused.xlsx: the marked copy has the cells only" in captured.err
    assert openpyxl.load_workbook(out)["cards"]["D5"].fill.fgColor.rgb.endswith(FILLS["error"])


def test_findings_are_printed_even_without_a_copy(workbook, tmp_path, capsys):
    assert main(["check", str(workbook), "--lang", "en", "--annotate", str(tmp_path / "no" / "marked.xlsx")]) == 2
    captured = capsys.readouterr()
    assert "[bad_cell]" in captured.out
    assert "there is no folder" in captured.err


def test_reason_for_no_copy_is_a_sentence(tmp_path, capsys):
    path = tmp_path / "locked.xlsx"
    path.write_bytes(compound("EncryptedPackage"))
    assert main(["check", str(path), "--lang", "vi", "--annotate", str(tmp_path / "marked.xlsx")]) == 2
    error = capsys.readouterr().err
    assert "tệp có mật khẩu" in error
    assert "Term(" not in error


def test_unknown_heading_is_marked_at_its_own_cell(tmp_path):
    rows = [["Xã", "Ngày số liệu", "HN", "GD", "Nhóm Z"], ["T901", "30/06/2021", 1000, 2000, 77]]
    path = write_xlsx(tmp_path / "a.xlsx", {"Đơn vị": AREAS, "Số thẻ": rows})
    texts = comments(annotate(path, tmp_path / "marked.xlsx", read_input(path)[1]))
    assert "Nhóm Z" in texts["Số thẻ", "E1"]
    assert ("Số thẻ", "A1") not in texts


def test_rows_of_findings_are_whole_numbers_in_json(tmp_path, capsys):
    rows = [["Xã", "Ngày số liệu", "HN", "GD"], ["T901", "30/06/2021", "x", 2000]]
    path = write_xlsx(tmp_path / "a.xlsx", {"Đơn vị": AREAS, "Số thẻ": rows})
    main(["check", str(path), "--json"])
    numbers = [finding["row"] for finding in json.loads(capsys.readouterr().out)]
    assert {type(number) for number in numbers} == {int, type(None)}
    assert str(check(path)["row"].dtype) == "Int64"


def test_copy_hides_persons_in_notes_and_keeps_the_formats(workbook, tmp_path):
    book = openpyxl.load_workbook(workbook)
    cards = book["cards"]
    cards["G3"], cards["G4"] = "Ghi chú", "Lò Thị Kín, CCCD 010123456789, sđt0912345678"
    cards["F5"] = "Nguyễn Văn Mẫu cung cấp, ĐT 0912 345 678, thẻ HN2240123456789"
    cards["D4"].comment = Comment("hỏi Lò Thị Kín, 0912345678", "Trần Thị Giấu")
    cards.add_data_validation(DataValidation(type="list", formula1='"Nguyễn Văn Mẫu,Lò Thị Kín"', sqref="K2"))
    cards.oddHeader.center.text, cards.oddFooter.left.text = "Trần Thị Giấu", "Lò Thị Kín"
    book.defined_names["người"] = DefinedName("người", attr_text='"Lò Thị Kín"')
    book.create_sheet("Lò Thị Kín")["A1"] = "chưa có"
    book.save(workbook)
    out = annotate(workbook, tmp_path / "marked.xlsx", read_input(workbook)[1])
    assert not [s for s in (*HIDDEN, "0123456789", "345 678") if s in all_text(out)]
    page = openpyxl.load_workbook(out)["cards"]
    assert page["G4"].value == "L…, CCCD …, sđt…"
    assert (page["H4"].value, page["A1"].font.bold, page["D4"].number_format) == ("=D4*2", True, "#,##0")


def test_copy_of_a_table_with_staff_keeps_its_figures(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", {"Đơn vị": AREAS, "Số thẻ": commune_table(STAFF)})
    out = annotate(path, tmp_path / "marked.xlsx", read_input(path)[1])
    assert not [s for s in (*HIDDEN, "345 67", "654 321") if s in all_text(out)]
    rows = openpyxl.load_workbook(out)["Số thẻ"].iter_rows(values_only=True)
    assert [row[2] for row in rows] == ["Hộ nghèo", 1000, 1300, 30]


def test_a_marked_copy_is_replaced_until_someone_has_saved_it(workbook, tmp_path, capsys):
    out = tmp_path / "marked.xlsx"
    call = ["check", str(workbook), "--lang", "en", "--annotate", str(out)]
    assert [main(call), main(call)] == [1, 1]
    book = openpyxl.load_workbook(out)
    book.properties.lastModifiedBy = "Lan"  # as programs do that save it
    book.active["A1"] = "đã sửa"
    book.save(out)
    capsys.readouterr()
    assert main(call) == 2
    assert "this file exists and is not overwritten" in capsys.readouterr().err
    assert openpyxl.load_workbook(out).active["A1"].value == "đã sửa"
    plain = tmp_path / "plain.xlsx"
    plain.write_bytes(b"my notes")
    assert main([*call[:-1], str(plain)]) == 2
    assert plain.read_bytes() == b"my notes"
