"""Check which rows of a table are data: totals, sums of sections, cumulative rows, notes, signatures, headings."""

import datetime as dt

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.domain.country import country
from bhyt_analysis.i18n.unit_names import strip_unit_word
from bhyt_analysis.ingest.row_kinds import marks_row, split_rows
from tests.ingest.offices import CARDS, PEOPLE, as_text, office, write_xlsx

JUNE = dt.date(2021, 6, 30)
KINDS = {
    "total": (
        "T.số|Tổng|Tổng số|Tổng cộng toàn huyện|Tổng cộng (I+II)|Cộng = I+II|Cộng (1+2)|∑|Σ|Toàn tỉnh|"
        "Toàn huyện Lục Ngạn|Toàn xã|Cộng khu vực III|Cộng xã KV I|Tổng các xã|Cộng huyện A|Cả tỉnh|Total|Grand total|"
        "A. Tổng số|I. Tổng cộng|Tổng cộng (*)|Tổng số¹|T Ổ N G|T Ổ N G  C Ộ N G|CỘNG:|Mang sang|Cộng trang|"
        "Tổng số (1)|Toàn thị xã|Tổng cộng = I + II + III|Cộng I|Cộng A+B|Tổng số thẻ|T. cộng"
    ),
    "short_total": "TS|TC|Chung|T/S|All",
    "cumulative": "Lũy kế|Luỹ kế từ đầu năm|Cộng lũy kế|Số lũy kế",
    "signature": (
        "NGƯỜI LẬP BIỂU|NGƯỜI LẬP|GIÁM ĐỐC|PHÓ GIÁM ĐỐC|KT. GIÁM ĐỐC|TM. UBND|TL. CHỦ TỊCH|TUQ. GIÁM ĐỐC|CHỦ TỊCH|"
        "THỦ TRƯỞNG ĐƠN VỊ|KẾ TOÁN|Nơi nhận:|(Ký, họ tên)|(ký tên, đóng dấu)|Suối Đá, ngày 05 tháng 7 năm 2021|"
        "Kế toán trưởng|Suối Đá, ngày ... tháng ... năm 2021|(Đã ký)|TM. ỦY BAN NHÂN DÂN|Trưởng phòng"
    ),
    "note": (
        "(1) Số liệu của BHXH|1. Ghi chú: không kể|¹ Số liệu|* Không kể|1 Không kể học sinh|Ghi chú: ĐVT nghìn người|"
        "Nguồn: BHXH tỉnh, 2026|Ghi chú"
    ),
    "zone": "Khu vực III|Xã KV II|Xã khu vực III|KV I|III. Khu vực III|Các xã khu vực 3|Vùng III",
    "comparison": (
        "Cùng kỳ năm trước|Cùng kỳ năm 2020|Tăng, giảm so với cùng kỳ|Tăng/giảm|Tỷ lệ (%)|Tỉ lệ %|Kế hoạch|"
        "Kế hoạch giao năm 2021|Đạt tỷ lệ (%)|Đạt % so với KH|So với tháng trước|So sánh (+/-)|Tháng trước|"
        "Chênh lệch|% đạt được|Tăng (+), giảm (-)|Năm trước|Chỉ tiêu giao|Còn thiếu so với kế hoạch|"
        "Năm 2020|Tháng 5/2021|Quý I/2021|Bình quân|Trung bình/xã|Cao nhất|Chênh lệch với BHXH tỉnh|Trong đó: nữ"
    ),
    "page": "Trang 2/5|(tiếp theo)|Trang 1|- 2 -|Biểu 01 (tiếp theo)",
}


@pytest.mark.parametrize("kind", KINDS)
def test_words_mark_a_kind_of_row(kind):
    assert [text for text in KINDS[kind].split("|") if not marks_row(text, kind)] == []


def test_no_name_of_a_unit_marks_a_row():
    names = {unit.name for unit in country().geography.units.values()}
    names |= {strip_unit_word(name) for name in names}
    assert [(n, kind) for n in names for kind in KINDS if marks_row(n, kind)] == []


HEAD = ["STT", "Đơn vị", "Hộ nghèo", "Hộ gia đình"]


def rows_read(*rows, head=HEAD, titles=()):
    """Return the numbers of the rows of data and of totals, and the findings, of a table below its heading."""
    body = pd.DataFrame([[("" if v is None else v) for v in row] for row in rows], dtype=object)
    body = body.set_axis(range(2, len(body) + 2)).set_axis(range(1, len(head) + 1), axis=1)
    cells = body.set_axis(["_row", "area", "poor", "household"], axis=1)
    findings = []
    data, totals, _ = split_rows("f", body, cells, head, findings, titles)
    return list(data.index), list(totals.index), sorted({f.rule for f in findings})


A, B, C, D = (
    [1.0, "Xã Mai Sơn", 5.0, 7.0],
    [2.0, "Xã Phì Điền", 3.0, 4.0],
    [1.0, "Chũ", 2.0, 9.0],
    [2.0, "Nam", 6.0, 6.0],
)
SUM_AB, SUM_CD, SUM = [8.0, 11.0], [8.0, 15.0], [16.0, 26.0]
TABLES = {
    "a total": ([A, B, [None, "TS", *SUM_AB]], [2, 3], [4], []),
    "a total in the first column": ([A, B, ["Tổng cộng", None, *SUM_AB]], [2, 3], [4], []),
    "a total first": ([["", "Toàn huyện Lục Ngạn", *SUM_AB], A, B], [3, 4], [2], []),
    "cumulative": ([A, B, [None, "Lũy kế", 30.0, 40.0]], [2, 3], [], ["cumulative_rows"]),
    "a sum without a name": ([A, B, [None, None, *SUM_AB]], [2, 3], [4], []),
    "a sum of an unknown name": ([A, B, [None, "Cụm xã phía nam", *SUM_AB]], [2, 3], [4], []),
    "figures without a unit that are no sum": ([A, B, [None, None, 1.0, 2.0]], [2, 3, 4], [], []),
    "districts with their sums": (
        [["I", "Huyện Sơn Động", *SUM_AB], A, B, ["II", "Huyện Lục Ngạn", *SUM_CD], C, D, [None, "Tổng", *SUM]],
        [3, 4, 6, 7],
        [2, 5, 8],
        [],
    ),
    "a district that is not its sum": ([["I", "Huyện Sơn Động", 9.0, 11.0], A, B], [3, 4], [2], []),
    "only districts": ([[1.0, "Huyện Sơn Động", *SUM_AB], [2.0, "Huyện Lục Ngạn", *SUM_CD]], [2, 3], [], []),
    "a province and its districts": (
        [[None, "Tỉnh Bắc Giang", *SUM], [1.0, "Huyện Sơn Động", *SUM_AB], [2.0, "Huyện Lục Ngạn", *SUM_CD]],
        [3, 4],
        [2],
        [],
    ),
    "old districts, the first no sum of the others": (
        [
            [1.0, "H. Bát Xát", 12.0, 53.0],
            [2.0, "T.P Lào Cai", 1.0, 2.0],
            [3.0, "TX. Sa Pa", 4.0, 5.0],
            [4.0, "Q.1", 7.0, 46.0],
        ],
        [2, 3, 4, 5],
        [],
        [],
    ),
    "a district and names without their word": (
        [[1.0, "Huyện Sơn Động", 9.0, 11.0], [2.0, "Lục Ngạn", 3.0, 4.0], [3.0, "Huyện Yên Thế", 6.0, 8.0]],
        [2, 3, 4],
        [],
        [],
    ),
    "a district that has not reported": (
        [[1.0, "Huyện Sơn Động", None, None], [2.0, "Lục Ngạn", 3.0, 4.0], [3.0, "Huyện Yên Thế", 6.0, 8.0]],
        [2, 3, 4],
        [],
        [],
    ),
    "a district and rows that are no commune": (
        [[1.0, "Huyện Sơn Động", 9.0, 11.0], [2.0, "Cơ quan khác", 3.0, 4.0], [3.0, "Đơn vị khác", 6.0, 8.0]],
        [2, 3, 4],
        [],
        [],
    ),
    "a comparison below the total": (
        [
            A,
            B,
            [None, "Tổng", *SUM_AB],
            [None, "Cùng kỳ năm trước", 7.0, 9.0],
            ["Tăng, giảm so với cùng kỳ", None, 1.0, 2.0],
            [None, "Tỷ lệ (%)", 114.3, 122.2],
            [None, "Kế hoạch", 10.0, 12.0],
            [None, "Đạt tỷ lệ", 80.0, 91.7],
        ],
        [2, 3],
        [4],
        ["comparison_rows"],
    ),
    "footnotes of two cells": (
        [A, B, [1.0, "Chưa gồm thẻ của quân đội", None, None], ["(2)", "Số tạm tính", None, None]],
        [2, 3],
        [],
        ["note_rows"],
    ),
    "a footnote with a number of a decision": (
        [A, B, ["1 Theo Quyết định 861", None, None, None], [2.0, "Hộ nghèo theo chuẩn mới", None, None]],
        [2, 3],
        [],
        ["note_rows"],
    ),
    "an unknown unit without figures is no footnote": ([A, B, [3.0, "Bản Mế", None, None]], [2, 3, 4], [], []),
    "who made it and telephone numbers": (
        [A, B, [None, "Người lập: Mẫu", None, "ĐT: 0912345678"], [None, "NGƯỜI LẬP BIỂU", None, 912345678.0]],
        [2, 3],
        [],
        ["note_rows"],
    ),
    "a telephone number first": ([A, B, [None, "Điện thoại", 912345678.0, None]], [2, 3], [], ["note_rows"]),
    "zones in a district": (
        [
            ["A", "Huyện Sơn Động", *SUM],
            ["I", "Khu vực III", *SUM_AB],
            A,
            B,
            ["II", "Khu vực II", *SUM_CD],
            C,
            D,
        ],
        [4, 5, 7, 8],
        [2, 3, 6],
        [],
    ),
    "towns and villages": (
        [[None, "Thành thị", *SUM_AB], A, B, [None, "Nông thôn", *SUM_CD], C, D, [None, "Tổng", *SUM]],
        [3, 4, 6, 7],
        [2, 5, 8],
        [],
    ),
    "zones without figures": (
        [["I", "Khu vực III", None, None], A, ["II", "Khu vực I", None, None], B],
        [3, 5],
        [],
        ["part_heads"],
    ),
    "villages of a commune": (
        [[1.0, "Xã Mai Sơn", *SUM_AB], [None, "Thôn 1", 5.0, 7.0], [None, "Bản Pha", 3.0, 4.0], C],
        [2, 5],
        [],
        ["village_rows"],
    ),
    "villages that do not add up": (
        [[1.0, "Xã Mai Sơn", 9.0, 11.0], [None, "Thôn 1", 5.0, 7.0], [None, "Thôn 2", 3.0, 4.0]],
        [2],
        [],
        ["total_off", "village_rows"],
    ),
    "signatures with names and numbers": (
        [
            A,
            B,
            [None, "NGƯỜI LẬP BIỂU", None, "GIÁM ĐỐC"],
            [None, "Nguyễn Văn An", None, "Trần Thị Bé"],
            [None, "ĐT", 912.0, None],
        ],
        [2, 3],
        [],
        ["note_rows"],
    ),
    "place and day": (
        [A, B, [None, None, None, "Suối Đá, ngày 05 tháng 7 năm 2021"], [None, None, None, 5.0]],
        [2, 3],
        [],
        ["note_rows"],
    ),
    "the heading of another table": (
        [
            A,
            B,
            [None, "BIỂU 2. DÂN SỐ", None, None],
            ["STT", "Đơn vị", "Dân số", "Số hộ"],
            [1.0, "Xã Mai Sơn", 500.0, 100.0],
        ],
        [2, 3],
        [],
        ["note_rows", "second_table"],
    ),
    "the same heading for another month": (
        [A, B, [None, "Tháng 7 năm 2021", None, None], HEAD, [1.0, "Xã Mai Sơn", 50.0, 10.0]],
        [2, 3],
        [],
        ["note_rows", "second_table"],
    ),
    "figures below the signatures": (
        [A, B, [None, "GIÁM ĐỐC", None, None], [3.0, "Xã Tân Mộc", 50.0, 10.0]],
        [2, 3],
        [],
        ["note_rows", "second_table"],
    ),
    "a repeated heading": ([A, HEAD, B], [2, 4], [], []),
    "a repeated heading with its numbers": ([A, HEAD, ["A", "B", 1.0, "2=1"], B], [2, 5], [], []),
    "numbers of columns": ([["(A)", "(B)", "(1)", "(2=1)"], A, B], [3, 4], [], []),
    "numbers of columns from three on": ([["a", "b", 3.0, 4.0], A, B], [3, 4], [], []),
    "a page number": ([A, [None, None, "Trang 1/2", None], B], [2, 4], [], []),
    "a note that begins with a number": ([A, B, [None, "(1) Số liệu của xã", None, None]], [2, 3], [], ["note_rows"]),
    "a note beside its label": ([A, B, ["Ghi chú", "2 xã chưa báo cáo", None, None]], [2, 3], [], ["note_rows"]),
    "a unit with a long name": (
        [A, [2.0, "Xã Phì Điền (sáp nhập từ xã Hồng Giang và xã Giáp Sơn cũ)", 3.0, 4.0]],
        [2, 3],
        [],
        [],
    ),
    "a unit that begins with a word of sums": (
        [A, [2.0, "Xã Cộng Hòa", 3.0, 4.0], [3.0, "Tổng Cọt", 9.0, 1.0]],
        [2, 3, 4],
        [],
        [],
    ),
}


@pytest.mark.parametrize(("rows", "data", "totals", "rules"), TABLES.values(), ids=TABLES)
def test_rows_are_of_their_kinds(rows, data, totals, rules):
    assert rows_read(*rows) == (data, totals, rules)


def test_titles_of_the_same_day_at_the_top_of_a_page_are_no_second_table():
    title = [None, "SỐ THẺ THÁNG 6 NĂM 2021", None, None]
    assert rows_read(A, title, HEAD, B, titles=["SỐ THẺ THÁNG 6 NĂM 2021"]) == ([2, 5], [], [])


FORM_HEAD = [["Tình trạng số liệu: Công bố"], ["SỐ THẺ BHYT THÁNG 6 NĂM 2021"], HEAD]
LAO, DIEN, CHU = [1, "Xã Kiên Lao", 1000, 2000], [2, "Xã Phì Điền", 1300, 800], [3, "Thị trấn Chũ", 30, 5500]
ZONE_3, ZONE_1, EVERY = [2300, 2800], [30, 5500], [2330, 8300]
TITLE_AGAIN = ["SỐ THẺ BHYT THÁNG 6 NĂM 2021 (tiếp theo)"]
FORMS = {
    "signatures right below": [
        LAO,
        DIEN,
        CHU,
        [None, "Tổng cộng", *EVERY],
        [None, "GIÁM ĐỐC"],
        ["Nơi nhận:"],
        ["- Như trên;"],
        ["- Lưu: VT (2)."],
    ],
    "zones above": [[None, "I. KHU VỰC III", *ZONE_3], LAO, DIEN, [None, "II. KHU VỰC I", *ZONE_1], CHU],
    "zones below": [
        LAO,
        DIEN,
        [None, "Xã KV III", *ZONE_3],
        CHU,
        [None, "Khu vực I", *ZONE_1],
        [None, "Huyện Khe Sâu", *EVERY],
    ],
    "pages with carried sums": [
        ["(A)", "(B)", "(1)", "(2)"],
        LAO,
        ["Cộng trang", None, 1000, 2000],
        ["Trang 1/2"],
        TITLE_AGAIN,
        HEAD,
        ["(A)", "(B)", "(1)", "(2)"],
        ["Mang sang", None, 1000, 2000],
        DIEN,
        CHU,
        ["Tổng cộng", None, *EVERY],
    ],
    "a sum in the figures only": [LAO, DIEN, CHU, [None, None, *EVERY]],
}
WRONG_FORMS = {
    "a zone": ([["A", "Khu vực III", 2301, 2800], LAO, DIEN, ["B", "Khu vực I", *ZONE_1], CHU], "total_off"),
    "a district": ([["I", "Huyện Khe Sâu", 2331, 8300], LAO, DIEN, CHU], "total_off"),
    "a total of a short name": ([[None, "TS", 2331, 8300], LAO, DIEN, CHU], "total_off"),
    "no unit": ([LAO, DIEN, CHU, [None, None, 1200, 1]], "blank_cell"),
    "an unknown unit": ([LAO, DIEN, CHU, [4, "Cơ quan khác", 12, 13]], "unknown_area"),
}


@pytest.mark.parametrize("rows", FORMS.values(), ids=FORMS)
def test_form_of_an_office_has_only_its_units(tmp_path, rows):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": [*FORM_HEAD, *rows]}))
    cards = bhyt.load(path).cards
    assert cards.groupby("area")["cards"].sum().to_dict() == {"T901": 3000, "T902": 2100, "T903": 5530}
    assert set(cards["as_of"].astype(str)) == {"2021-06-30"}


@pytest.mark.parametrize(("rows", "rule"), WRONG_FORMS.values(), ids=WRONG_FORMS)
def test_wrong_sum_or_row_without_a_unit_is_one_error(tmp_path, rows, rule):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": [*FORM_HEAD, *rows]}))
    assert bhyt.check(path, "en").query("severity == 'error'")["rule"].tolist() == [rule]


def test_totals_of_groups_in_a_long_table_are_compared_by_group(tmp_path):
    rows = [["Tổng cộng", JUNE, group, cards, "Công bố", "BHXH"] for group, cards in (("HN", 2330), ("GD", 8300))]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": [*CARDS, *rows]}))
    assert bhyt.load(path).cards["cards"].sum() == 10630
    rows[0][3] = 2331
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": [*CARDS, *rows]}))
    assert bhyt.check(path, "en")["rule"].tolist() == ["total_off"]


def test_row_of_another_group_or_day_is_no_part_of_a_sum():
    rows = [["A", "5/2021", "HN", 9.0], ["B", "5/2021", "GD", 4.0], ["C", "6/2021", "HN", 5.0]]
    cells = pd.DataFrame(rows, columns=["area", "as_of", "group", "cards"], index=[2, 3, 4], dtype=object)
    body = cells.set_axis(range(1, 5), axis=1)
    assert split_rows("x.xlsx [1]", body, cells, ["Mã", "Ngày", "Nhóm", "Số thẻ"], [])[0].index.tolist() == [2, 3, 4]


def test_last_row_of_a_cut_file_is_one_error(tmp_path):
    tables = {"areas": office()["Đơn vị"], "population": PEOPLE, "cards": CARDS}
    for name, rows in tables.items():
        (tmp_path / f"{name}.csv").write_text(as_text(rows), encoding="utf-8")
    for length in (7, 12, 20, 30, 35):
        (tmp_path / "cards.csv").write_text(as_text(CARDS)[:-length], encoding="utf-8")
        assert bhyt.check(tmp_path, "en").query("severity == 'error'")["rule"].tolist() == ["cut_file"]


def check_people(tmp_path, *rows):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Dân số": [*PEOPLE, *rows]}))
    findings = bhyt.check(path, "en")
    return path, findings[["severity", "rule"]].apply(tuple, axis=1).tolist()


def test_file_with_signatures_and_sums_reads_only_its_units(tmp_path):
    total = ["Tổng cộng toàn huyện", JUNE, 17350, 4300, None, None]
    signature = [None, None, None, None, None, "GIÁM ĐỐC"]
    path, _ = check_people(tmp_path, total, signature, [None, None, 5, None, None, "Nguyễn Văn An"])
    assert bhyt.load(path).population["people"].sum() == 17350


def test_wrong_sum_of_a_zone_is_an_error(tmp_path):
    rows = [[None, "Khu vực III", JUNE, 99, 9, "Công bố", "Thống kê"]]
    head = ["Mã đơn vị", "Tên đơn vị", *PEOPLE[0][1:]]
    rows += [[row[0], None, *row[1:]] for row in PEOPLE[1:]]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Dân số": [head, *rows]}))
    assert "total_off" in bhyt.check(path, "en")["rule"].tolist()


def test_figures_without_a_unit_are_an_error(tmp_path):
    _, findings = check_people(tmp_path, [None, JUNE, 1200, 300, "Công bố", "Thống kê"])
    assert ("error", "blank_cell") in findings
