"""What an input file may not do: take memory or time without end, end the interpreter, or be no file at all."""

import os
import subprocess
import sys
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.charts import maps
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest import limits, native_reader, packages, sheet_details, workbook
from bhyt_analysis.ingest.answers import read_answers
from bhyt_analysis.ingest.loader import read_input
from bhyt_analysis.ingest.scenario_files import read_scenario
from tests.ingest.offices import as_text, office, write_ods, write_xlsx

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD, TAIL = f'<worksheet xmlns="{MAIN}" xmlns:y="{MAIN}">', "</worksheet>"
FIRST = '<row r="1"><c r="A1"><v>1</v></c></row>'


def relations(*targets):
    """Return the relations of a part: their kinds and targets."""
    rows = (f'<Relationship Id="r{i}" Type="{OFFICE}/{k}" Target="{t}"/>' for i, (k, t) in enumerate(targets))
    return f'<Relationships xmlns="{PACKAGE}">{"".join(rows)}</Relationships>'


def raw_book(*sheets, shared=None, head="", tail=""):
    """Return a workbook whose sheets have some XML as their data."""
    names = [f"worksheets/sheet{i}.xml" for i in range(len(sheets))]
    entries = "".join(f'<sheet name="S{i}" sheetId="{i + 1}" r:id="r{i}"/>' for i in range(len(sheets)))
    targets = [("worksheet", name) for name in names] + ([("sharedStrings", "sharedStrings.xml")] if shared else [])
    parts = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(*targets),
        **({"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>'} if shared else {}),
    }
    parts |= {
        f"xl/{n}": f"{HEAD}{head}<sheetData>{s}</sheetData>{tail}{TAIL}" for n, s in zip(names, sheets, strict=True)
    }
    return zipped(parts)


def zipped(parts):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def check_content(folder, content, name="so_lieu.xlsx"):
    """Return the rules and messages about a file of some content, without those about its tables."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = bhyt.check(folder / name, "en")
    rows = rows[~rows["rule"].isin(["empty_input", "unknown_file", "empty_sheets"])]
    return rows["rule"].tolist(), " ".join(rows["message"])


# --- Cells far out ---

FAR_CELLS = {
    "plain": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "single quotes": "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
    "blanks in the reference": '<row r="1048576"><c r = " XFD1048576 "><v>1</v></c></row>',
    "dollars": '<row r="1048576"><c r="$XFD$1048576"><v>1</v></c></row>',
    "small letters": '<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
    "without r": '<row r="4294967295"><c><v>1</v></c></row>',
    "row of 32 bits": '<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>',
    "four letters": '<row r="2"><c r="ZZZZ2"><v>1</v></c></row>',
    "rows apart from cells": '<row r="2"><c r="AZ999999"><v>1</v></c></row>',
    "wide and long": '<row r="1"><c r="ZZ1"><v>1</v></c></row><row r="199999"><c r="A199999"><v>1</v></c></row>',
    "nearly all blank": '<row r="700001"><c r="Z700001"><v>2</v></c></row>',
}


@pytest.mark.parametrize("spelling", FAR_CELLS)
def test_far_cell_is_refused_however_it_is_written(tmp_path, spelling):
    rules, text = check_content(tmp_path, raw_book(FIRST + FAR_CELLS[spelling]))
    assert rules == ["far_cell"]
    assert "so_lieu.xlsx [S0]: the sheet reaches to cell" in text


def test_other_sheets_beside_one_with_a_far_cell_are_read(tmp_path):
    path, findings = tmp_path / "so_lieu.xlsx", []
    path.write_bytes(raw_book(FIRST, FIRST + FAR_CELLS["plain"], FIRST))
    assert [sheet.name for sheet in workbook.read_sheets(path, findings)] == ["S0", "S2"]
    assert [f.rule for f in findings] == ["far_cell"]


@pytest.mark.parametrize("place", ["A1", "Z9", "AA10", "AZ123", "ZZ99", "AAA1048576", "XFD500001"])
def test_size_of_a_sheet_is_that_of_its_last_cell(place):
    letters = place.rstrip("0123456789")
    row = place[len(letters) :]
    extent = sheet_details._extent(f'<row r="{row}"><c r="{place}"><v>1</v></c><c r="A{row}"/></row>'.encode())
    assert f"{sheet_details.column_letter(extent.width)}{extent.height}" == place


# --- The reader in a process of its own ---


def test_death_of_the_native_reader_is_a_sentence(tmp_path):
    far = '<y:row r="1048576"><y:c r="XFD1048576"><v>1</v></y:c></y:row>'  # of a prefix that no scan expects
    rules, text = check_content(tmp_path, raw_book(FIRST + far))
    assert rules == ["too_large"]
    assert "more than 3 GB of memory or 120 seconds" in text


@pytest.mark.timeout(60)
def test_reader_apart_gets_files_larger_than_a_pipe():
    content = zipped({"x": os.urandom(300_000)})
    with pytest.raises(ValueError, match=r"[a-z]{3}"):
        native_reader.read_native(content, (), False)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("write", [write_xlsx, write_ods])
def test_reader_apart_reads_the_same_cells(tmp_path, write):
    content = write(tmp_path / "a", office()).read_bytes()
    here = list(native_reader.read_native(content, (), True))
    assert list(native_reader.read_native(content, (), False)) == here
    assert sum(len(sheet.rows) for sheet in here) > 10


def test_reader_apart_ends_at_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "READER_SECONDS", 0)
    with pytest.raises(native_reader.ReaderDiedError):
        native_reader.read_native(raw_book(FIRST), (), False)


def test_answer_of_the_reader_may_hold_nothing_but_cells():
    with pytest.raises(native_reader.pickle.UnpicklingError):
        native_reader._Plain(BytesIO(b"cos\nsystem\n(S'true'\ntR.")).load()


@pytest.mark.parametrize("write", [write_xlsx, write_ods])
def test_files_of_an_office_are_read_without_another_process(tmp_path, write, monkeypatch):
    monkeypatch.setattr(native_reader, "_read_apart", lambda *_: pytest.fail("another process"))
    assert bhyt.check(write(tmp_path / "a.xlsx", office())).empty


# --- Sizes ---


def test_sizes_are_looked_at_before_anything_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "SMALL_PART", 100_000)
    rules, text = check_content(tmp_path, raw_book("<row/>" * 100_000))
    assert rules == ["too_large"]
    assert "unpacks to 1 MB" in text
    monkeypatch.setattr(packages, "MAX_UNPACKED", 500_000)
    assert check_content(tmp_path, raw_book("<row/>" * 100_000))[0] == ["too_large"]
    monkeypatch.setattr(packages, "MAX_PARTS", 3)
    assert "4 parts" in check_content(tmp_path, raw_book(FIRST))[1]


def test_part_that_unpacks_to_more_than_declared_is_damaged(tmp_path):
    content = bytearray(raw_book(FIRST + "<row/>" * 1000))
    directory = content.rindex(b"PK\1\2")
    content[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    assert check_content(tmp_path, bytes(content))[0] == ["not_a_table"]


@pytest.mark.parametrize("change", ["two ends", "comment", "two of a name"])
def test_archive_that_readers_may_see_differently_is_read_apart(change):
    content = raw_book(FIRST)
    if change == "two ends":
        content = content[-22:] + content
    elif change == "comment":
        content = content[:-2] + b"\1\0x"
    else:
        file = BytesIO(content)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("XL/workbook.xml", "<x/>")
        content = file.getvalue()
    book = sheet_details.XlsxDetails(content)
    book.sheet("S0")
    assert not book.is_harmless()
    assert sheet_details.XlsxDetails(raw_book(FIRST)).is_harmless()


def test_text_stored_once_counts_in_each_of_its_cells():
    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>' * 300
    books = [raw_book(cells, shared=f"<si><t>{'a' * n}</t></si>") for n in (1000, 10_000_000)]
    details = [sheet_details.XlsxDetails(book) for book in books]
    assert [(book.sheet("S0").last, book.is_harmless()) for book in details] == [("", True), ("", False)]


def test_text_size_is_exact_where_it_could_be_too_large(monkeypatch):
    monkeypatch.setattr(sheet_details, "MAX_TEXT", 100)
    sizes = np.array([3, 90])
    assert sheet_details._text_size(b"<v>0</v><v>0</v><v>1</v>", sizes) == 96
    assert sheet_details._text_size(b"<v>0</v><v>0</v><v >1</v>", sizes) == 96
    assert sheet_details._text_size(b"<v>0</v><v>7</v>" * 9, sizes) == 27


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ("{value}", ""),
        ("{value}{blank}", ""),
        ("{blank}{value}", "A1048577"),
        ("<table:table-row table:number-rows-repeated='2'>{cell}</table:table-row>", ""),
        ('<table:table-row><table:table-cell table:number-columns-repeated="99999"/>{cell}</table:table-row>', "XFE1"),
    ],
)
def test_repeated_cells_of_ods_count(rows, last):
    cell = '<table:table-cell office:value-type="float" office:value="1"/>'
    blank = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell/></table:table-row>'
    text = rows.format(value=f"<table:table-row>{cell}</table:table-row>", blank=blank, cell=cell)
    extents, sure = sheet_details._ods_extents(f'<table:table table:name="S">{text}</table:table>'.encode())
    assert extents["S"].last == last
    assert sure == ("'" not in text)


# --- Patterns that take time with the square of the size, or more ---

SLOW = {
    "merged": raw_book(
        "".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, 3000)),
        tail="<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/><mergeCell ref="A1:A1048575"/>' * 3000 + "</mergeCells>",
    ),
    "columns": raw_book(FIRST, head="<cols>" + '<col min="1" max="16000" hidden="1"/>' * 20_000 + "</cols>"),
    "cells in cells": raw_book('<row r="1">' + '<c r="A1" t="e">' * 40_000 + "</c>" * 40_000 + "</row>"),
    "attributes": raw_book('<row r="1"><c r="A1" ' + 't="e" ' * 80_000 + "/></row>"),
    "unclosed": raw_book('<row r="1" ' * 40_000 + '<c r="A1" t="e" <f ' * 40_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", SLOW)
def test_hostile_sheet_takes_no_time(tmp_path, name):
    path = tmp_path / "so_lieu.xlsx"
    path.write_bytes(SLOW[name])
    assert read_input(path)[0] is None


# --- Texts ---


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("a" * 200_000, "row 1: a cell has 200,000 letters"),
        ("a,b\n1,2\n" + "x," * 20_000 + "\n3,4\n", "row 3: this row has 20,001 columns"),
        ("a,b\r1,2\r" + "x" * 200_000 + ",\r", "row 3: a cell has 200,000 letters"),
        ("a;b\n" * 9000 + ";" * 20_000, "row 9001: this row has 20,001 columns"),
    ],
)
def test_row_of_a_text_without_an_end_is_named(tmp_path, content, part):
    rules, text = check_content(tmp_path, content, "cards.csv")
    assert rules == ["too_long"]
    assert f"cards.csv, {part}" in text


def test_large_file_is_refused_by_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_FILE", 100)
    rules, text = check_content(tmp_path, as_text([["a", "b"]] * 100), "cards.csv")
    assert rules == ["too_large"]
    assert "split it into several files" in text


# --- What is no file ---


def special(folder, kind, name):
    """Return a path that is no regular file."""
    path = folder / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path, "gone": folder / "gone"}[kind])
    return path


READERS = {
    "scenario.toml": read_scenario,
    "answers.toml": read_answers,
    "boundaries.geojson": lambda path: maps._shapes(path, "code"),
    "law.csv": lambda path: bhyt.Law.read(path),
}


@pytest.mark.skipif(sys.platform == "win32", reason="no such files")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "gone", "folder"])
def test_what_is_no_file_is_never_opened(tmp_path, kind, name):
    with pytest.raises(BhytError, match=name):
        READERS[name](special(tmp_path, kind, name))


@pytest.mark.skipif(sys.platform == "win32", reason="no such files")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
@pytest.mark.parametrize("name", ["cards.csv", "x.xlsx", "register.parquet"])
def test_input_that_is_no_file_is_an_error(tmp_path, kind, name):
    special(tmp_path, kind, name)
    assert "wrong_kind" in bhyt.check(tmp_path)["rule"].tolist()


# --- Settings ---

TOMLS = {
    "lists": 'name = "a"\nx = ' + "[" * 100_000 + "]" * 100_000,
    "keys": 'name = "a"\n' + "a." * 100_000 + "b = 1\n",
    "tables": "{a = " * 50_000,
    "digits": 'name = "a"\nseed = ' + "9" * 5000,
    "size": "# x\n" * 300_000,
    "far end": 'name = "a"\nend = 9999-12-31',
    "early start": 'name = "a"\nstart = "1850-01-01"',
    "infinite": 'name = "a"\nincome.employer_employee = inf',
    "huge": 'name = "a"\nincome.employer_employee = 1e308',
    "not a number": 'name = "a"\n[[targets]]\non = 2026-12-31\nrate = nan',
    "negative": 'name = "a"\nseed = -1',
    "seed": f'name = "a"\nseed = {10**400}',
    "long name": f'name = "{"a" * 100_000}"',
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", TOMLS)
def test_scenario_beyond_the_limits_is_a_short_sentence(tmp_path, name):
    path = tmp_path / "mine.toml"
    path.write_text(TOMLS[name], "utf-8")
    with pytest.raises(BhytError, match=r"mine\.toml") as caught:
        read_scenario(path)
    assert max(len(caught.value.text(lang)) for lang in ("vi", "en")) < 400
    if name not in ("far end", "early start", "infinite", "huge", "not a number", "negative", "seed", "long name"):
        with pytest.raises(BhytError, match=r"mine\.toml"):
            read_answers(path)


def test_projection_does_not_go_beyond_its_last_year():
    scenario = bhyt.Scenario("x", decision="861", end=pd.Timestamp("9999-12-31"))
    with pytest.raises(BhytError, match="projections reach to the end of 2100"):
        bhyt.simulate(bhyt.load(), "219", scenario, draws=0)


RING = "[[0, 0], [1, 0], [1, 1], [0, 0]]"


def feature(coordinates, kind="Polygon"):
    return f'{{"features": [{{"geometry": {{"type": "{kind}", "coordinates": {coordinates}}}, "properties": {{}}}}]}}'


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "[]",
        '{"features": 3}',
        '{"features": [null]}',
        feature(f"[{RING}]", "Point"),
        feature("[[[NaN, 0], [1, 0], [1, 1]]]"),
        feature("[[[1e308, 0], [1, 0], [1, 1]]]"),
        feature("[[[0, 0], [0, 0], [0, 0]]]"),
        feature("[[[0], [1], [1]]]"),
        feature("[[]]"),
    ],
)
def test_boundaries_that_are_none_are_named(tmp_path, content):
    path = tmp_path / "ranh_gioi.geojson"
    path.write_text(content, "utf-8")
    with pytest.raises(BhytError, match=r"ranh_gioi\.geojson: cannot be read as boundaries"):
        maps._shapes(path, "code")
    path.write_text(feature(f"[{RING}]"), "utf-8")
    assert len(maps._shapes(path, "code")[""]) == 1


def test_native_reader_needs_nothing_of_the_package():
    code = "import sys, runpy; runpy.run_path(sys.argv[1]); print({'bhyt_analysis', 'numpy'} & {*sys.modules})"
    command = [sys.executable, "-P", "-c", code, native_reader.__file__]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "set()"
