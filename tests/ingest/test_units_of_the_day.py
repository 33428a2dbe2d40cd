"""Read the communes of the country as they were on their day, by name and code, and the lists of offices.

What a row means is a row of data/country/units.csv, which is read here as plain text.
"""

import csv
import datetime as dt
from pathlib import Path

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.ingest.loader import read_input

from .offices import as_text, write_xlsx

DAYS = ("2021-06-30", "2023-12-31", "2024-12-31", "2025-06-30", "2026-06-30")
MORE = ["Ngày số liệu", "Dân số", "Tình trạng số liệu", "Nguồn"]
JUNE = dt.date(2021, 6, 30)
with (Path(bhyt.__file__).parents[1] / "data/country/units.csv").open(encoding="utf-8") as _lines:
    UNITS = list(csv.DictReader(_lines))


def units_on(day, kind):
    """Return the rows of the units of a kind on a day, by code."""
    rows = (u for u in UNITS if u["kind"] == kind)
    return {u["code"]: u for u in rows if (u["since"] or "0") <= day <= (u["until"] or "9")}


def communes_on(day, step=7):
    """Return code, name, district and province of every seventh commune of a day; each of the last two is a row."""
    communes, districts, provinces = (units_on(day, kind) for kind in ("commune", "district", "province"))
    rows = []
    for unit in list(communes.values())[::step]:
        district = districts.get(unit["parent"])
        province = provinces[district["parent"] if district else unit["parent"]]
        rows.append((unit["code"], unit["name"], district or {"code": "", "name": ""}, province))
    return rows


def read(path, **files):
    """Return the codes of the units with people, and the rules of all findings, of a folder of CSV files."""
    for name, rows in files.items():
        (path / f"{name}.csv").write_text(as_text(rows), encoding="utf-8")
    data, findings = read_input(path)
    return [] if data is None else data.population["area"].tolist(), [f.rule for f in findings]


def sheet(head, rows, day):
    return [[*head, *MORE], *([*row, day, 100, "Công bố", "x"] for row in rows)]


@pytest.mark.parametrize("day", DAYS)
def test_communes_of_a_day_by_names_and_by_codes_of_their_day(tmp_path, day):
    communes = communes_on(day)
    codes = [code for code, *_ in communes]
    names = [(p["name"], d["name"], name) for _, name, d, p in communes]
    assert read(tmp_path, population=sheet(["Tỉnh", "Huyện", "Xã"], names, day)) == (codes, [])
    short = sheet(["Mã xã"], [(code.lstrip("0"),) for code in codes], day)
    assert read(tmp_path, population=short) == (codes, ["lost_zeros"])


@pytest.mark.parametrize("by", ["code", "name"])
@pytest.mark.parametrize("day", DAYS)
def test_own_list_has_the_upper_units_of_its_day(tmp_path, day, by):
    communes = communes_on(day)
    rows = [[code, name, "Xã", (d if d["code"] else p)[by]] for code, name, d, p in communes]
    areas = [["Mã đơn vị", "Tên đơn vị", "Cấp", "Thuộc đơn vị"], *rows]
    people = sheet(["Mã đơn vị"], [(code,) for code, *_ in communes], day)
    (tmp_path / "areas.csv").write_text(as_text(areas), encoding="utf-8")
    (tmp_path / "population.csv").write_text(as_text(people), encoding="utf-8")
    data, findings = read_input(tmp_path)
    assert [f.rule for f in findings] == []
    own = data.areas.iloc[: len(communes)]
    assert own["parent"].tolist() == [(d if d["code"] else p)["code"] for _, _, d, p in communes]


def people_of(tmp_path, *units, head="Đơn vị", day=JUNE, **more):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": sheet([head], [(u,) for u in units], day), **more})
    data, findings = read_input(path)
    codes = [] if data is None else data.population["area"].tolist()
    return codes, [(f.rule, f.value, f.expected) for f in findings]


@pytest.mark.parametrize("code", ["7552", 7552, "7552.0", '="07552"', "'07552", "07 552", "7.552", "07552"])
def test_code_as_excel_and_csv_files_write_it(tmp_path, code):
    codes, findings = people_of(tmp_path, code, 7582, head="Mã xã")
    assert codes == ["07552", "07582"]
    assert {rule for rule, *_ in findings} <= {"lost_zeros"}


def test_number_of_two_levels_is_decided_by_the_heading_or_asked_about(tmp_path):
    """In 2021, 1 can be 00001 Phúc Xá, 001 Ba Đình and 01 Hà Nội."""
    assert people_of(tmp_path, 1, head="Mã xã")[0] == ["00001"]
    codes, findings = people_of(tmp_path, 1, head="Mã")
    assert (codes, [rule for rule, *_ in findings]) == ([], ["ambiguous_area"])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Xã Quí Sơn", "07576"),
        ("Xã Kiên Lao (*)", "07552"),
        ("XÃ KIÊN LAO¹", "07552"),
        ("X. Kiên Lao (H. Lục Ngạn)", "07552"),
        ("Xã Kiên Lao - huyện Lục Ngạn", "07552"),
        ("TT CHŨ [1]", "07525"),
    ],
)
def test_name_with_a_footnote_a_place_or_another_spelling(tmp_path, name, code):
    assert people_of(tmp_path, name)[0] == [code]


@pytest.mark.parametrize("apostrophe", ["'", "’", "‘", "' "])
def test_name_with_any_apostrophe(tmp_path, apostrophe):
    code, name = next(
        (u["code"], u["name"]) for u in units_on("2021-06-30", "commune").values() if "Ea H'leo" in u["name"]
    )
    assert people_of(tmp_path, name.replace("'", apostrophe))[0] == [code]


def test_misspelt_name_has_the_nearest_in_full(tmp_path):
    codes, findings = people_of(tmp_path, "Xã Quý Sowm", "Xã Kiên Lao")
    assert codes == []
    assert findings == [("unknown_area", "Xã Quý Sowm", "Xã Quý Sơn, huyện Lục Ngạn, tỉnh Bắc Giang (07576)")]


def test_sheet_without_any_unit_is_one_finding(tmp_path):
    _, findings = people_of(tmp_path, "Chi nhánh A", "Chi nhánh B", "Chi nhánh C", "Chi nhánh D", "Chi nhánh E")
    assert [(rule, value) for rule, value, _ in findings] == [("no_unit_recognised", "Chi nhánh A")]


OLD = [
    ["Mã", "Tên", "Tên Tiếng Anh", "Cấp", "Mã QH", "Quận Huyện", "Mã TP", "Tỉnh / Thành Phố"],
    ["02536", "Thị trấn Sơn Dương", "", "Thị trấn", "076", "Huyện Sơn Dương", "08", "Tỉnh Tuyên Quang"],
    ["02539", "Xã Trung Yên", "", "Xã", "076", "Huyện Sơn Dương", "08", "Tỉnh Tuyên Quang"],
]
SHORT = [OLD[0], *([int(r[0]), *r[1:4], int(r[4]), r[5], int(r[6]), r[7]] for r in OLD[1:])]
PRESENT = [
    ["Mã", "Tên", "Tên Tiếng Anh", "Cấp", "Mã TP", "Tỉnh / Thành Phố"],
    ["02701", "Xã Y Tý", "", "Xã", "15", "Tỉnh Lào Cai"],
    ["03004", "Phường Sa Pa", "", "Phường", "15", "Tỉnh Lào Cai"],
]
THREE = [
    ["Tỉnh Thành Phố", "Mã TP", "Quận Huyện", "Mã QH", "Phường Xã", "Mã PX", "Cấp", "Tên Tiếng Anh"],
    ["Tỉnh Tuyên Quang", "08", "Huyện Sơn Dương", "076", "Xã Trung Yên", "02539", "Xã", ""],
    ["Thành phố Hải Phòng", "31", "Huyện Bạch Long Vĩ", "318", "", "", "", ""],
]
MADE_UP = [OLD[0], ["X01", "Xã Bản Lầu", "", "Xã", "X9", "Huyện Suối Đá", "X", "Tỉnh Mẫu"]]


@pytest.mark.parametrize(
    ("rows", "above"),
    [
        (OLD, {"02536": "076", "02539": "076"}),
        (SHORT, {"02536": "076", "02539": "076"}),
        (PRESENT, {"02701": "15", "03004": "15"}),
        (THREE, {"02539": "076", "318": "31"}),
        (MADE_UP, {"X01": "X9", "X9": "X", "X": ""}),
    ],
    ids=["of four columns above", "without zeros", "of today", "of three levels", "made up"],
)
def test_list_of_the_statistics_office_is_the_table_of_units(tmp_path, rows, above):
    data, findings = read_input(write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": rows}))
    assert {f.rule for f in findings} <= {"lost_zeros"}
    own = data.areas[data.areas["file"].str.startswith("so_lieu")]
    assert dict(zip(own["code"], own["parent"], strict=True)) == above


@pytest.mark.parametrize(
    ("kind", "name", "parent", "result"),
    [
        ("Thị trấn", "Thị trấn Mẫu", "T", "commune"),
        ("PHƯỜNG", "Phường Mẫu", "T", "commune"),
        ("xã/phường", "Xã Mẫu", "T", "commune"),
        ("Cấp xã", "Xã Mẫu", "T", "commune"),
        ("Đặc khu", "Đặc khu Mẫu", "T", "commune"),
        ("Thị xã", "Thị xã Mẫu", "T", "district"),
        ("Quận", "Quận Mẫu", "T", "district"),
        ("Thành phố", "Thành phố Mẫu", "T", "district"),
        ("Thành phố", "Thành phố Mẫu", "", "province"),
        ("TP", "Thành phố Hà Nội", "", "province"),
        ("Thành phố trực thuộc TW", "Thành phố Mẫu", "", "province"),
    ],
)
def test_kinds_as_offices_write_them(tmp_path, kind, name, parent, result):
    areas = [
        ["Mã đơn vị", "Tên đơn vị", "Cấp", "Thuộc đơn vị"],
        ["T", "Tỉnh Mẫu", "Tỉnh", ""],
        ["U", name, kind, parent],
    ]
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": areas}))
    assert data.areas.set_index("code").at["U", "kind"] == result
