"""Files are read as what they are, whatever their names; the others are named, with what to do."""

import os
import zipfile

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.ingest.file_kinds import file_kind
from bhyt_analysis.ingest.workbook import list_input_files
from tests.ingest.offices import AREAS, CARDS, PEOPLE, as_text, office, write_ods, write_xlsx

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def zipped(path, **parts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return path.read_bytes()


def compound(*names):
    """Return the beginning of a compound file whose directory has some names."""
    return COMPOUND + b"".join((name + "\0").encode("utf-16-le").ljust(128, b"\0") for name in names)


def office_folder(folder):
    """Write the tables of the sound office as CSV files."""
    folder.mkdir(exist_ok=True)
    for name, rows in {"areas": AREAS, "population": PEOPLE, "cards": CARDS}.items():
        (folder / f"{name}.csv").write_text(as_text(rows), "utf-8")
    return folder


KINDS = {
    "password": compound("EncryptionInfo", "EncryptedPackage"),
    "word": compound("WordDocument"),
    "slides": compound("PowerPoint Document"),
    "pdf": b"%PDF-1.7\n%\xe2\xe3",
    "image": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "archive": b"Rar!\x1a\x07\x01",
    "web_page": "﻿\n<html><body><table><tr><td>Xã</td></tr></table>".encode(),
    "xml": b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
    "link": b'{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}',
    "empty": b"",
}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("suffix", [".xls", ".xlsx", ".ods", ".csv"])
@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_are_named_in_one_line_with_what_to_do(tmp_path, kind, suffix, lang):
    path = tmp_path / f"so_lieu{suffix}"
    path.write_bytes(KINDS[kind])
    assert file_kind(KINDS[kind]) == kind
    rows = bhyt.check(path, lang)
    rows = rows[rows["rule"] != "empty_input"]
    assert rows[["rule", "severity"]].to_numpy().tolist() == [["wrong_kind", "error"]]
    assert rows["message"].iloc[0].startswith(path.name)


def test_zipped_kinds_are_recognised_by_their_parts(tmp_path):
    path = tmp_path / "a.zip"
    assert file_kind(zipped(path, word__document_xml="<w/>")) == "word"
    assert file_kind(zipped(path, ppt__presentation_xml="<p/>")) == "slides"
    assert file_kind(zipped(path, a_csv="x")) == "archive"
    assert file_kind(zipped(path, xl__workbook_bin="")) == "xlsb"
    text = "application/vnd.oasis.opendocument.text"
    assert file_kind(zipped(path, mimetype=text, content_xml="<x/>")) == "word"
    sheet = "application/vnd.oasis.opendocument.spreadsheet"
    assert file_kind(zipped(path, mimetype=sheet, content_xml="<x/>")) == "ods"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    assert file_kind(path.read_bytes()) == "password"


@pytest.mark.parametrize(("write", "name"), [(write_xlsx, "a.xls"), (write_xlsx, "a.csv"), (write_ods, "a.xlsx")])
def test_workbook_is_read_by_its_content_not_by_its_name(tmp_path, write, name):
    path = write(tmp_path / "sound", office())
    assert bhyt.check(path.rename(tmp_path / name)).empty


def test_old_workbook_with_a_new_name_is_read(tmp_path):
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    for name, rows in office().items():
        sheet = book.add_sheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                sheet.write(
                    i, j, value, xlwt.easyxf(num_format_str="General" if isinstance(value, int) else "d/m/yyyy")
                )
    book.save(str(tmp_path / "a.xlsx"))
    assert bhyt.check(tmp_path / "a.xlsx").empty


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", "^"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_sound_text_named_like_a_workbook_is_read(tmp_path, mark, encoding):
    folder = office_folder(tmp_path / "vao")
    (folder / "cards.csv").unlink()
    (folder / "cards.xls").write_bytes(as_text(CARDS, mark).encode(encoding))
    assert bhyt.check(folder).empty
    assert len(bhyt.load(folder).cards) == len(CARDS) - 1


@pytest.mark.parametrize("content", [b"khong phai bang\n", b"mot dong\nhai dong\nba dong\n", b"a,b,c\n"])
def test_other_text_named_like_a_workbook_is_no_table(tmp_path, content):
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    rows = bhyt.check(path, "en")
    assert rows.loc[rows["rule"] != "empty_input", "rule"].tolist() == ["not_a_table"]
    assert "save it as .csv" in rows["message"].iloc[0]


def test_first_heading_may_look_like_the_beginning_of_a_picture():
    assert file_kind("BM,Số thẻ\n1,2\n".encode()) == "text"
    assert file_kind(b"MM*\n1\n") == "text"


@pytest.mark.parametrize("inside", [False, True])
def test_pipe_is_named_and_never_opened(tmp_path, inside):
    folder = office_folder(tmp_path / "vao")
    os.mkfifo(folder / "so_lieu.csv")
    source = folder if inside else folder / "so_lieu.csv"
    rows = bhyt.check(source, "en")
    assert rows.loc[rows["rule"] == "wrong_kind", "message"].str.contains("pipe").tolist() == [True]
    assert folder / "so_lieu.csv" not in list_input_files(source)


def test_device_is_named_and_never_opened():
    assert "wrong_kind" in bhyt.check("/dev/zero")["rule"].tolist()


def test_folder_and_broken_link_named_like_tables_are_errors(tmp_path):
    folder = office_folder(tmp_path / "vao")
    (folder / "cards_2.xlsx").mkdir()
    (folder / "cards_3.csv").symlink_to(tmp_path / "gone.csv")
    rows = bhyt.check(folder, "en")
    assert rows["rule"].tolist() == ["wrong_kind"] * 2


def test_other_files_and_folders_are_one_line_each(tmp_path):
    folder = office_folder(tmp_path / "vao")
    for name in ("a.docx", "b.pdf", "c.txt", "d.jpg", "e.docx", "f.pdf", "~$cards.xlsx", ".hidden", "map.geojson"):
        (folder / name).write_bytes(b"x")
    (folder / "2020").mkdir()
    (folder / "2021").mkdir()
    rows = bhyt.check(folder, "en")
    assert rows["severity"].tolist() == ["warning"] * 2
    folders, files = rows["message"]
    assert "2 (2020, 2021)" in folders
    assert "6 (a.docx, b.pdf, c.txt, d.jpg, e.docx, …)" in files
    assert len(bhyt.load(folder).cards) == len(CARDS) - 1


def test_empty_sheets_and_tables_are_one_line_each(tmp_path):
    more = {"Sheet4": [], "Sheet5": [], "Khu vực": [["Mã đơn vị", "Quyết định", "Khu vực", "Từ ngày", "Nguồn"]]}
    rows = bhyt.check(write_xlsx(tmp_path / "a.xlsx", office(**more)), "en")
    rows = rows[rows["rule"].isin(["empty_sheets", "empty_tables"])]
    assert rows["severity"].tolist() == ["info"] * 2
    assert rows["message"].str.contains("Sheet4, Sheet5").tolist().count(True) == 1
    assert rows["message"].str.contains("Khu vực").tolist().count(True) == 1


# --- Separators, quotation marks and damaged parts ---


@pytest.mark.parametrize("first", ["", "sep=|\n", '"sep=|"\n'])
def test_bars_part_the_columns_of_a_text(tmp_path, first):
    folder = office_folder(tmp_path / "vao")
    (folder / "cards.csv").write_text(first + as_text(CARDS, "|"), "utf-8")
    assert int(bhyt.load(folder).cards["cards"].sum()) == 1000 + 2000 + 1300 + 800 + 30 + 5500


@pytest.mark.parametrize("mark", [":", "#", "   "])
def test_unknown_separator_is_one_line_with_what_to_do(tmp_path, mark):
    (tmp_path / "cards.csv").write_text(as_text(CARDS, mark), "utf-8")
    rows = bhyt.check(tmp_path / "cards.csv", "vi")
    assert rows["rule"].tolist() == ["not_a_table"]
    assert "không nhận ra dấu ngăn cách các cột" in rows["message"].iloc[0]


def test_open_quotation_mark_is_named_by_the_row_where_it_begins(tmp_path):
    text = as_text(CARDS).replace("T902", '"T902', 1)
    (tmp_path / "cards.csv").write_text(text, "utf-8")
    rows = bhyt.check(tmp_path / "cards.csv", "vi")
    assert rows[["rule", "row"]].to_numpy().tolist() == [["csv_quotes", 4]]
    assert "unexpected" not in rows["message"].iloc[0]


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_cut_part_of_a_workbook_is_a_damaged_file(tmp_path, part):
    sound, cut = write_xlsx(tmp_path / "a.xlsx", office()), tmp_path / "b.xlsx"
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name)[: 150 if name == part else None])
    rows = bhyt.check(cut, "vi")
    assert rows["rule"].tolist() == ["not_a_table"]
    assert "tệp bị hỏng" in rows["message"].iloc[0]
