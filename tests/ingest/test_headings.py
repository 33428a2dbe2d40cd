"""Read headings of one to five rows: what each column holds, in which measure, of which day."""

import pandas as pd
import pytest

from bhyt_analysis.ingest.headings import best_heading, clean_head, heading_meaning
from bhyt_analysis.ingest.workbook import Sheet

BODY = ["Xã Kiên Lao", "30/06/2021", *[1000.0] * 8]


def read_heading(rows, merged=(), table="cards"):
    """Return key, measures and day of each column of a sheet with two rows of data below its heading."""
    width = len(rows[0])
    cells = pd.DataFrame([*rows, BODY[:width], BODY[:width]], dtype=object).set_axis(range(1, width + 1), axis=1)
    cells = cells.fillna("").set_axis(range(1, len(cells) + 1))
    sheet = Sheet("a.xlsx [S]", "S", cells, tuple(merged))
    heading = best_heading(sheet, clean_head(cells), table)
    return [(c.key, *sorted(c.measures), *([c.day] if c.day else [])) for c in heading.columns]


@pytest.mark.parametrize(
    ("text", "table", "key"),
    [
        ("Hộ nghèo", "cards", "poor"),
        ("Số thẻ hộ nghèo", "cards", "poor"),
        ("Người thuộc hộ cận nghèo (người)", "cards", "near_poor"),
        ("Nhóm học sinh, sinh viên", "cards", "student"),
        ("TE<6", "cards", "child_under_6"),
        ("HGĐ", "cards", "household"),
        ("NLĐ và người SDLĐ đóng", "cards", "employer_employee"),
        ("Hộ nghèo (HN)", "cards", "poor"),
        ("Hộ nghèo¹", "cards", "poor"),
        ("Hộ nghèo (3)", "cards", "poor"),
        ("Tổng số người tham gia BHYT", "cards", "_total"),
        ("Cộng = (3)+(4)", "cards", "_total"),
        ("Dân số (người)", "population", "people"),
        ("Số hộ nghèo", "cards", ""),  # households
        ("Hộ nghèo (hộ)", "cards", ""),
        ("Hộ nghèo (nghìn người)", "cards", ""),
        ("Tỷ lệ hộ nghèo", "cards", ""),
        ("Hộ nghèo chưa có thẻ", "cards", ""),
        ("Kế hoạch hộ gia đình", "cards", ""),
        ("Hộ gia đình (tăng/giảm)", "cards", ""),
        ("Hộ nghèo, cận nghèo", "cards", ""),  # two groups
        ("Hộ nghèo mới thoát", "cards", ""),
        ("Hộ nghèo (đợt 2)", "cards", ""),
        ("Dân số tham gia BHYT", "population", ""),  # the insured
        ("Dân số nữ", "population", ""),
    ],
)
def test_heading_means_a_column_only_if_all_of_it_is_understood(text, table, key):
    assert heading_meaning(text, table) == key


def test_lower_heading_says_what_is_counted():
    rows = [["Xã", "Ngày", "Hộ nghèo", None, None], [None, None, "Số hộ", "Số thẻ", "Tỷ lệ %"]]
    merged = [(1, 3, 1, 5), (1, 1, 2, 1), (1, 2, 2, 2)]
    assert read_heading(rows, merged)[2:] == [("poor", "households"), ("poor", "cards"), ("poor", "percent")]


def test_lower_heading_that_is_not_understood_leaves_no_meaning():
    rows = [["Xã", "Ngày", "Ngân sách nhà nước đóng", None], [None, None, "Hộ nghèo", "Diện 139"]]
    assert [c[0] for c in read_heading(rows, [(1, 3, 1, 4), (1, 1, 2, 1), (1, 2, 2, 2)])] == [
        "_name",
        "as_of",
        "poor",
        "",
    ]


def test_text_above_several_columns_counts_without_merged_cells():
    rows = [["Xã", "Ngày", "Hộ nghèo", None], [None, None, "Kế hoạch", "Thực hiện"]]
    assert read_heading(rows)[2:] == [("poor", "plan"), ("poor",)]


def test_upper_heading_of_a_plan_counts_for_the_groups_below():
    rows = [[None, None, "Kế hoạch năm 2026", None], ["Xã", "Ngày", "Hộ nghèo", "Hộ gia đình"]]
    columns = read_heading(rows, [(1, 3, 1, 4)])
    assert [c[:2] for c in columns[2:]] == [("poor", "plan"), ("household", "plan")]


def test_upper_heading_that_is_not_understood_is_not_passed_over():
    rows = [[None, None, "Thu hồi trong kỳ", None], ["Xã", "Ngày", "Hộ nghèo", "Hộ gia đình"]]
    assert [c[0] for c in read_heading(rows, [(1, 3, 1, 4)])] == ["_name", "as_of", "", ""]


def test_title_and_signature_above_are_no_part_of_the_heading():
    rows = [["BHXH HUYỆN SUỐI ĐÁ", None, "Suối Đá, ngày 05 tháng 7 năm 2021", None]]
    rows += [["Xã", "Ngày", "Hộ nghèo", "Hộ gia đình"]]
    assert [c[0] for c in read_heading(rows, [(1, 3, 1, 4)])] == ["_name", "as_of", "poor", "household"]


def test_months_side_by_side_are_days_of_the_columns():
    rows = [["Xã", "Hộ nghèo", None], [None, "Tháng 5/2021", "30/06/2021"]]
    assert read_heading(rows, [(1, 2, 1, 3), (1, 1, 2, 1)])[1:] == [("poor", "5/2021"), ("poor", "30/06/2021")]


def test_row_of_units_below_the_heading_is_part_of_it():
    rows = [["Xã", "Ngày", "Hộ nghèo", "Hộ gia đình"], [None, None, "(nghìn người)", "(người)"]]
    assert read_heading(rows)[2:] == [("poor", "scaled"), ("household", "people")]


def test_first_row_of_data_is_no_heading():
    rows = [["Họ và tên", "Mã thẻ", "Xã"], ["Lò Thị Mẫu", "HN4240000000001", "Kiên Lao"]]
    assert [c[0] for c in read_heading(rows, table="register")] == ["_person", "card", "_name"]
