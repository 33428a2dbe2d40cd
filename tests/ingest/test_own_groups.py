"""An input adds groups of its own: parts of groups of the law, under their own names."""

import openpyxl
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.ingest.loader import read_input
from bhyt_analysis.ingest.template import write_template
from bhyt_analysis.law.groups import group_of_label, main_group, wider_groups
from bhyt_analysis.tables.labels import group_name

from ..conftest import write_small_input, write_table

COLUMNS = ["name", "name_en", "code", "within"]
MILITIA = ["Dân quân xã", "Commune militia", "DQX", "state_paid"]
TEACHERS = ["Giáo viên mầm non tư thục", "", "", "Ngân sách nhà nước hỗ trợ mức đóng"]
MILITIA_KEY = "state_paid/Dân quân xã/Commune militia"
TEACHERS_KEY = "state_supported/Giáo viên mầm non tư thục"
PLACE = ["C2", "2021-06-30"]
REST = ["published", "BHXH"]


def write_input(folder, *groups, cards=()):
    write_small_input(folder, *cards)
    write_table(folder / "groups.csv", COLUMNS, *groups)
    return folder


@pytest.fixture
def own_data(tmp_path):
    rows = (("DQX", "30"), ("giáo viên mầm non tư thục", "40"), ("state_supported", "100"))
    cards = [[*PLACE, group, count, *REST] for group, count in rows]
    return bhyt.load(write_input(tmp_path / "input", MILITIA, TEACHERS, cards=cards))


def test_cards_of_own_groups_load_by_name_and_code(own_data):
    cards = own_data.cards.set_index("group")["cards"]
    assert (cards[MILITIA_KEY], cards[TEACHERS_KEY]) == (30, 40)


def test_coverage_has_own_groups_under_their_labels(own_data):
    rows = bhyt.coverage(own_data, "D1", by=["subgroup"]).set_index("subgroup")["insured"]
    # 700 of the area and 30 of the militia; 40 of 100 who are supported; 200 and 900 of households.
    expected = {MILITIA_KEY: 30, "difficult_area": 700, TEACHERS_KEY: 40, "state_supported": 60, "household": 1100}
    assert rows.to_dict() == expected
    groups = bhyt.coverage(own_data, "D1", by=["group"]).set_index("group")["insured"]
    assert groups.to_dict() == {"state_paid": 730, "state_supported": 100, "household": 1100}
    assert group_name(MILITIA_KEY) == "Dân quân xã (Ngân sách nhà nước đóng)"
    assert group_name(MILITIA_KEY, "en") == "Commune militia (Paid by the state budget)"
    assert group_name(TEACHERS_KEY, "en") == "Giáo viên mầm non tư thục (Supported by the state budget)"


def test_own_groups_are_columns_of_a_wide_workbook(tmp_path):
    areas = {"Tên đơn vị": ["Huyện Một", "Xã Đầu"], "Mã đơn vị": ["D1", "C1"], "Cấp": ["huyện", "xã"]}
    cards = {"Mã đơn vị": ["C1"], "Ngày số liệu": ["30/06/2021"], "Hộ nghèo": [100], "Dân quân xã": [30]}
    sheets = {
        "Đơn vị": areas | {"Thuộc đơn vị": ["", "D1"]},
        "Số thẻ": cards | {"Hộ gia đình": [300], "Tình trạng số liệu": ["Công bố"], "Nguồn": ["BHXH"]},
        "Nhóm riêng": {
            "Tên nhóm": ["Dân quân xã"],
            "Thuộc nhóm": ["Ngân sách nhà nước đóng"],
        },
    }
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        for name, columns in sheets.items():
            pd.DataFrame(columns).to_excel(book, sheet_name=name, index=False)
    cards = bhyt.load(tmp_path / "a.xlsx").cards.set_index("group")["cards"]
    assert cards.to_dict() == {"poor": 100, "state_paid/Dân quân xã": 30, "household": 300}


def test_one_input_does_not_know_the_groups_of_another(own_data, tmp_path):
    data, findings = read_input(write_small_input(tmp_path / "other", [*PLACE, "DQX", "30", *REST]))
    assert data is None
    assert [(f.rule, f.value) for f in findings if f.severity == "error"] == [("bad_choice", "DQX")]


@pytest.mark.parametrize(
    ("group", "rule"),
    [
        (["Hộ nghèo", "", "", "state_paid"], "own_group_not_new"),
        (["Dân quân xã", "", "HN", "state_paid"], "own_group_not_new"),
        (["Dân quân xã", "", "", "nhóm lạ"], "bad_choice"),
        (["Dân quân xã", "", "", ""], "blank_cell"),
    ],
)
def test_a_wrong_group_is_an_error_with_its_row(tmp_path, group, rule):
    data, findings = read_input(write_input(tmp_path / "input", group))
    assert data is None
    assert [(f.rule, f.file, f.row) for f in findings if f.severity == "error"] == [(rule, "groups.csv", 2)]


def test_a_part_above_its_group_is_found(tmp_path):
    cards = [[*PLACE, "DQX", "30", *REST], [*PLACE, "state_paid", "20", *REST]]
    _, findings = read_input(write_input(tmp_path / "input", MILITIA, cards=cards))
    assert [f.rule for f in findings if f.severity == "error"] == ["parts_above_whole"]


def test_projections_and_costs_take_an_own_group_as_its_legal_one(own_data, law):
    people = pd.DataFrame({"group": [TEACHERS_KEY, "near_poor", "near_poor/Hộ A"], "member": 1})
    costs = bhyt.premiums(people, law.at("2021-07-01"))
    assert costs["subsidy_share"].isna().tolist() == [True, False, False]  # of mixed shares, as the law has it
    assert costs["own_payment"].iloc[1] == costs["own_payment"].iloc[2] == 241380
    plan = bhyt.Scenario.current_law(end=pd.Timestamp("2021-12-31"))
    first = bhyt.simulate(own_data, "D1", plan, draws=0).iloc[0]
    assert first["insured"] == 730 + 100 + 1100


def test_labels_lead_back_to_keys():
    assert group_of_label("Dân quân xã (Ngân sách nhà nước đóng)") == "state_paid/Dân quân xã"
    assert wider_groups("poor/Hộ A") == {"poor", "state_paid"}
    assert wider_groups(MILITIA_KEY) == {"state_paid"}
    assert main_group(pd.Series([MILITIA_KEY, "poor/Hộ A", "x/y"])).fillna("").tolist() == ["state_paid"] * 2 + [""]


def test_the_template_has_a_sheet_for_own_groups(tmp_path):
    write_template(tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["Nhóm riêng"]
    headings = [cell.value for row in sheet.iter_rows(max_row=4) for cell in row if cell.value]
    assert {"Tên nhóm", "Tên tiếng Anh", "Mã nhóm", "Thuộc nhóm"} <= {str(h).rstrip(" *") for h in headings}


@pytest.mark.slow
def test_a_briefing_names_the_own_groups(tmp_path, build_here):
    cards = [[*PLACE, "DQX", "30", *REST], [*PLACE, "state_paid", "60", *REST]]
    folder = write_input(tmp_path / "input", MILITIA, cards=cards)
    options = bhyt.BatchOptions(jobs=1, formats=("html", "xlsx"))
    (area,) = bhyt.run_batch(folder, tmp_path / "out", ["D1"], options)["areas"]
    assert area["error"] is None
    stem = tmp_path / "out" / area["slug"] / area["slug"]
    label = "Dân quân xã (Ngân sách nhà nước đóng)"
    assert label in stem.with_suffix(".html").read_text("utf-8")
    book = openpyxl.load_workbook(stem.with_suffix(".xlsx"))
    rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    assert any(f"– {label}" in row and 30 in row for row in rows)
