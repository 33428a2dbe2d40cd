"""Read the sheets that an office keeps by month, and sheets of which each was once read wrongly, refused or lost."""

import calendar
import datetime as dt

import numpy as np
import openpyxl
import pytest
from openpyxl.utils import get_column_letter

import bhyt_analysis as bhyt
from bhyt_analysis.ingest.loader import examine_input
from bhyt_analysis.ingest.template import write_template

from .offices import AREAS, CARDS, PEOPLE, as_text, office, write_xlsx

JUNE = dt.date(2021, 6, 30)
COMMUNES = {  # name and people
    "Phường Sa Pa": 24560, "Xã Bát Xát": 19870, "Xã Y Tý": 9120, "Xã Mường Hum": 11340, "Xã Bản Xèo": 8765,
    "Xã Trịnh Tường": 10432, "Xã A Mú Sung": 7890, "Xã Dền Sáng": 6543, "Xã Cốc San": 12345, "Xã Hợp Thành": 9876,
}  # fmt: skip
GROUPS = {  # heading and key
    "NLĐ và người SDLĐ đóng": "employer_employee", "Quỹ BHXH đóng": "social_security_paid", "Hộ nghèo": "poor",
    "DTTS vùng KK": "minority_in_difficult_area", "Vùng ĐBKK": "resident_of_especially_difficult_area",
    "Trẻ em dưới 6 tuổi": "child_under_6", "BTXH": "social_assistance", "Người có công": "person_of_merit_other",
    "Hộ cận nghèo": "near_poor", "HSSV": "student", "Hộ NLNN có MSTB": "farm_average_income",
    "Hộ gia đình": "household",
}  # fmt: skip
MONTHS = [
    dt.date(y, m, calendar.monthrange(y, m)[1]) for y, m in [(2025, 11), (2025, 12), *((2026, m) for m in range(1, 11))]
]


def counts():
    """Return the cards by commune, day and group; one commune has none in one group."""
    random = np.random.default_rng(7)
    cells = {(c, d, g): int(random.integers(5, 900)) for c in COMMUNES for d in MONTHS for g in GROUPS.values()}
    return cells | {("Xã Bát Xát", d, "resident_of_especially_difficult_area"): 0 for d in MONTHS}


CELLS = counts()


def read_counts(data):
    """Return the cards that were read, by the name of the commune, day and group."""
    names = {code: data.geography.unit_at(code).name for code in data.cards["area"].unique()}
    rows = data.cards.itertuples()
    return {(names[r.area], r.as_of.date(), r.group): int(r.cards) for r in rows}


def write_months(path):
    """Write a sheet for each month: titles, headings of two merged rows, formulas without results, signatures."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for day in MONTHS:
        sheet = book.create_sheet(f"T{day.month}.{day.year}")
        sheet["A1"] = "BẢO HIỂM XÃ HỘI TỈNH LÀO CAI"
        sheet["A4"] = "TỔNG HỢP SỐ NGƯỜI THAM GIA BHYT THEO NHÓM ĐỐI TƯỢNG"
        sheet["A5"], sheet["O5"] = f"(Đến hết tháng {day.month:02d} năm {day.year})", "Đơn vị tính: người"
        heads = ["STT", "Đơn vị", "Dân số", *GROUPS, "Tổng cộng", "Tỷ lệ bao phủ (%)"]
        for column, text in enumerate(heads, 1):
            below = 6 <= column <= 14
            sheet.cell(8 if below else 7, column, text)
            if not below:
                sheet.merge_cells(start_row=7, end_row=8, start_column=column, end_column=column)
        sheet["F7"], sheet["L7"] = "Ngân sách nhà nước đóng", "NSNN hỗ trợ mức đóng"
        sheet.merge_cells("F7:K7")
        sheet.merge_cells("L7:N7")
        for column in range(1, 18):
            sheet.cell(9, column, f"({column})")
        for row, (name, people) in enumerate(COMMUNES.items(), 10):
            figures = [CELLS[name, day, group] or None for group in GROUPS.values()]
            short = name.removeprefix("Xã ").replace("Phường", "P.")
            for column, value in enumerate([row - 9, short, people, *figures], 1):
                sheet.cell(row, column, value)
            sheet.cell(row, 16, f"=SUM(D{row}:O{row})")
            sheet.cell(row, 17, f"=ROUND(P{row}/C{row}*100,2)")
        sheet.cell(20, 2, "Tổng cộng")
        for column in range(3, 17):
            sheet.cell(20, column, f"=SUM({get_column_letter(column)}10:{get_column_letter(column)}19)")
        sheet.cell(22, 12, f"Lào Cai, ngày 05 tháng {day.month % 12 + 1} năm {day.year + (day.month == 12)}")
        sheet.cell(23, 2, "NGƯỜI LẬP BIỂU")
        sheet.cell(23, 12, "GIÁM ĐỐC")
        sheet.cell(27, 12, "(họ tên)")
    sheet = book.create_sheet("Chỉ tiêu 2026")
    sheet["A1"] = "CHỈ TIÊU BAO PHỦ BHYT NĂM 2026 GIAO CHO CÁC XÃ, PHƯỜNG"
    sheet["A2"] = "(Kèm theo Kế hoạch số 99/KH-UBND ngày 15/01/2026)"
    for column, text in enumerate(["TT", "Xã, phường", "Tỷ lệ bao phủ năm 2026 (%)", "Ghi chú"], 1):
        sheet.cell(4, column, text)
    for row, name in enumerate(COMMUNES, 5):
        for column, value in enumerate([row - 4, name, 95 + (row - 5) / 2], 1):
            sheet.cell(row, column, value)
    book.save(path)
    return path


def test_months_of_an_office_are_read_in_one_round(tmp_path):
    path = write_months(tmp_path / "B_cua_toi.xlsx")
    data = bhyt.load(path)
    assert read_counts(data) == CELLS
    people = data.population.groupby("as_of")["people"].sum()
    assert (people.index.date.tolist(), set(people)) == (MONTHS, {sum(COMMUNES.values())})
    targets = data.targets
    assert targets["rate"].tolist() == pytest.approx([0.95 + i / 200 for i in range(10)])
    columns = ["on", "scope", "relation", "instrument"]
    assert targets[columns].drop_duplicates().astype(str).values.tolist() == [
        ["2026-12-31", "all", "=", "Kế hoạch số 99/KH-UBND"]
    ]
    findings = bhyt.check(path)
    assert len(findings) <= 12
    assert "error" not in findings["severity"].tolist()


def test_template_as_an_office_fills_it_in_is_read(tmp_path):
    path = tmp_path / "so_lieu.xlsx"
    write_template(path, "vi")
    book = openpyxl.load_workbook(path)
    rows = {
        "Dân số": [[i, c, "31/12/2025", f"{n:,}".replace(",", ".")] for i, (c, n) in enumerate(COMMUNES.items(), 1)],
        "Số thẻ": [[None, c, d, h, CELLS[c, d, g]] for d in MONTHS for c in COMMUNES for h, g in GROUPS.items()],
    }
    for name, lines in rows.items():
        sheet = book[name]
        headings = [c.value for c in sheet[2]]
        for number, line in enumerate(lines, 4):
            for column, value in enumerate(line, 1):
                sheet.cell(number, column, value)
            sheet.cell(number, headings.index("Tình trạng số liệu") + 1, "Công bố")
            sheet.cell(number, headings.index("Nguồn") + 1, "BHXH tỉnh")
    total = book["Dân số"]
    total.cell(14, 2, "Tổng cộng")
    total.cell(14, 4, sum(COMMUNES.values()))
    book.save(path)
    data = bhyt.load(path)
    assert read_counts(data) == CELLS
    assert sorted(data.population["people"]) == sorted(COMMUNES.values())


# --- Faults of which each was once read wrongly, refused or lost ---

NAMES = ["Kiên Lao", "Phì Điền", "Chũ"]
TAIL = ["Công bố", "BHXH"]
ENDS = ["Tình trạng số liệu", "Nguồn"]


def wide(headings, *columns, lower=None):
    """Return a table of three communes with a column of figures for each heading."""
    rows = [["Xã", "Ngày số liệu", *headings, *ENDS], *([[None, None, *lower, None, None]] if lower else [])]
    return rows + [
        [name, JUNE, *figures, *TAIL] for name, figures in zip(NAMES, zip(*columns, strict=True), strict=True)
    ]


def rules(path):
    """Return the rules of the errors of an input."""
    return {f.rule for f in examine_input(path).findings if f.severity == "error"}


@pytest.mark.parametrize("unit", ["hộ", "%", "đồng", "chưa có thẻ", "kế hoạch", "tăng/giảm"])
def test_unit_in_brackets_is_no_count_of_cards(tmp_path, unit):
    rows = wide([f"Hộ nghèo ({unit})", f"Hộ gia đình ({unit})"], (91, 93, 91), (85, 80, 70))
    path = write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": rows}))
    assert rules(path) == {"other_measure"}
    assert len(bhyt.check(path).query("severity == 'error'")) == 1


@pytest.mark.parametrize("heading", ["Người dân tộc thiểu số (%)", "Dân số (hộ)"])
def test_population_in_another_unit_is_asked_about(tmp_path, heading):
    rows = [["Mã đơn vị", "Ngày số liệu", heading, *ENDS], ["T901", JUNE, 85, *TAIL]]
    assert "other_measure" in rules(write_xlsx(tmp_path / "a.xlsx", office(**{"Dân số": rows})))


@pytest.mark.parametrize("lower", [["Số hộ", "Số thẻ"], ["Số người", "Số thẻ"], ["Số thẻ", "Tỷ lệ %"]], ids=" ".join)
def test_lower_heading_chooses_the_column_of_cards(tmp_path, lower):
    others = (250, 325, 8)
    cards = (1000, 1300, 30)
    columns = (cards, others) if lower[0] == "Số thẻ" else (others, cards)
    rows = wide(["Hộ nghèo", None], *columns, lower=lower)
    merged = [("Số thẻ", m) for m in ("C1:D1", "A1:A2", "B1:B2", "E1:E2", "F1:F2")]
    data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": rows}), merged))
    assert data.cards[["group", "cards"]].values.tolist() == [["poor", 1000], ["poor", 1300], ["poor", 30]]


@pytest.mark.parametrize("headings", [["TS", "Hộ nghèo", "Hộ gia đình"], ["HN", "GD", "TC"]], ids=" ".join)
def test_short_word_for_the_total_is_no_group(tmp_path, headings):
    parts, total = ((400, 1300, 30), (2000, 800, 3500)), (2400, 2100, 3530)
    columns = (total, *parts) if headings[0] == "TS" else (*parts, total)
    data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": wide(headings, *columns)})))
    result = bhyt.coverage(data, area="T9")
    assert result[["insured", "population"]].values.tolist() == [[8030, 17350]]


def test_month_typed_in_excel_is_its_end(tmp_path):
    cards = [CARDS[0], *([c, dt.date(2021, m, 1), "HN", 100 + m, *TAIL] for c in ("T901", "T902") for m in (5, 6, 7))]
    formats = [("Số thẻ", f"B{row}", "mm/yyyy") for row in range(2, 8)]
    data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": cards}), formats=formats))
    assert data.cards["as_of"].dt.strftime("%d/%m").unique().tolist() == ["31/05", "30/06", "31/07"]


def test_figures_beside_the_groups_are_never_dropped(tmp_path):
    columns = ((1000, 1300, 30), (2000, 800, 5500), (5, 5, 5))
    data = bhyt.load(
        write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": wide(["Hộ nghèo", "HGĐ", "Cận nghèo"], *columns)}))
    )
    assert int(data.cards["cards"].sum()) == sum(map(sum, columns))
    mixed = [["Xã", "Ngày số liệu", "Nhóm đối tượng", "Số thẻ", "Hộ nghèo", *ENDS]]
    mixed += [[name, JUNE, "GD", 800, 90, *TAIL] for name in NAMES]
    assert rules(write_xlsx(tmp_path / "b.xlsx", office(**{"Số thẻ": mixed}))) == {"unknown_figures"}
    total = wide(["Số thẻ", "Hộ nghèo", "Hộ gia đình"], (9999,) * 3, *columns[:2])
    assert rules(write_xlsx(tmp_path / "c.xlsx", office(**{"Số thẻ": total}))) == {"row_total_off"}


def test_units_of_2021_are_those_of_their_day(tmp_path):
    day = dt.date(2021, 12, 31)
    heads = ["Ngày số liệu", "Dân số", *ENDS]
    column = [
        ["Huyện", "Xã", *heads],
        *(["Lục Ngạn", n, day, 6600, *TAIL] for n in ("Kiên Lao", "Sơn Hải", "Thị trấn Chũ")),
    ]
    section = [["STT", "Xã", *heads], ["I", "HUYỆN SƠN DƯƠNG", None, None, None, None]]
    section += [[1, "Thị trấn Sơn Dương", day, 15000, *TAIL], [2, "Xã Hợp Thành", day, 6000, *TAIL]]
    for rows, codes in ((column, ["07552", "07537", "07525"]), (section, ["02536", "02551"])):
        data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", {"Dân số": rows}))
        assert len(data.population) == len(codes)
        assert set(data.population["area"]) <= set(data.areas["code"])
        assert data.population["area"].tolist()[0] == codes[0]


@pytest.mark.parametrize("codes", [[7552, 7582], ["7552.0", "7582.0"], ['="07552"', '="07582"'], ["'07552", "07582"]])
def test_codes_are_read_in_every_state_that_excel_leaves_them_in(tmp_path, codes):
    rows = [["Mã xã", "Ngày số liệu", "Dân số", *ENDS], *([code, JUNE, 5000, *TAIL] for code in codes)]
    (tmp_path / "vao").mkdir()
    (tmp_path / "vao" / "population.csv").write_text(as_text(rows), encoding="utf-8")
    assert bhyt.load(tmp_path / "vao").population["area"].tolist() == ["07552", "07582"]


def test_one_name_in_another_spelling_is_its_unit(tmp_path):
    rows = [["Đơn vị", "Ngày số liệu", "Dân số", *ENDS], ["Xã Quí Sơn", JUNE, 5000, *TAIL]]
    assert bhyt.load(write_xlsx(tmp_path / "a.xlsx", {"Dân số": rows})).population["area"].tolist() == ["07576"]


def test_percent_cell_of_excel_is_its_share(tmp_path):
    rows = [["Mã đơn vị", "Phạm vi", "Thời điểm", "Quan hệ", "Chỉ tiêu (%)", "Văn bản"]]
    rows += [["T9", "all", 2022, "Bằng", 0.921, "KH"], ["T9", "all", 2023, "Bằng", 0.935, "KH"]]
    formats = [("Chỉ tiêu", "E2", "0.0%"), ("Chỉ tiêu", "E3", "0.0%")]
    data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", office(**{"Chỉ tiêu": rows}), formats=formats))
    assert data.targets["rate"].tolist() == [0.921, 0.935]


def test_hidden_column_does_not_go_before_a_visible_one(tmp_path):
    rows = [["Mã đơn vị", "Ngày số liệu", "Dân số", "Tổng dân số", *ENDS]]
    rows += [[code, JUNE, 4000, people, *TAIL] for code, people in (("T901", 5120), ("T902", 4230), ("T903", 8000))]
    for heading, expected in (("Tổng dân số", [5120, 4230, 8000]), ("Số dân mới", None)):
        path = write_xlsx(tmp_path / "a.xlsx", office(**{"Dân số": [[*rows[0][:3], heading, *ENDS], *rows[1:]]}))
        book = openpyxl.load_workbook(path)
        book["Dân số"].column_dimensions["C"].hidden = True
        book.save(path)
        if expected is None:
            assert rules(path) == {"only_hidden"}
        else:
            assert bhyt.load(path).population["people"].tolist() == expected


def test_filtered_rows_are_named_by_their_number(tmp_path):
    rows = [["STT", "Họ và tên", "Ngày sinh", "Mã thẻ", "Xã", "Ngày số liệu"]]
    rows += [[i, "Nguyễn Văn Mẫu", "01/01/1990", f"HN424000000{i:04d}", "Kiên Lao", JUNE] for i in range(1, 11)]
    path = write_xlsx(tmp_path / "a.xlsx", {"Đơn vị": AREAS, "Dân số": PEOPLE, "Danh sách thẻ": rows})
    book = openpyxl.load_workbook(path)
    for row in range(4, 12):
        book["Danh sách thẻ"].row_dimensions[row].hidden = True
    book.save(path)
    assert bhyt.load(path).cards["cards"].tolist() == [10]
    hidden = bhyt.check(path, "en").query("rule == 'hidden_rows'")
    assert "8" in hidden["message"].iloc[0]


@pytest.mark.parametrize("line", ["Suối Đá, ngày 05 tháng 7 năm 2021", "Ngày in: 05/07/2021"])
def test_day_of_a_signature_is_not_that_of_the_data(tmp_path, line):
    rows = [[line], ["SỐ THẺ BHYT THÁNG 6 NĂM 2021"], *([r[0], *r[2:]] for r in CARDS)]
    data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": rows})))
    assert data.cards["as_of"].dt.date.unique().tolist() == [JUNE]


def test_look_alike_of_d_with_stroke_is_that_letter(tmp_path):
    people = [["Mã \u00d0ơn vị", *PEOPLE[0][1:]], *PEOPLE[1:]]
    cards = [["Mã \u00d0ơn vị", "Ngày số liệu", "Nhóm \u00d0ối tượng", *CARDS[0][3:]], *CARDS[1:]]
    data = bhyt.load(write_xlsx(tmp_path / "a.xlsx", office(**{"Dân số": people, "Số thẻ": cards})))
    assert int(data.cards["cards"].sum()) == 1000 + 2000 + 1300 + 800 + 30 + 5500


def test_list_of_the_statistics_office_gives_units_with_those_above(tmp_path):
    rows = [["Mã", "Tên", "Tên Tiếng Anh", "Cấp", "Mã QH", "Quận Huyện", "Mã TP", "Tỉnh / Thành Phố"]]
    rows += [["02536", "Thị trấn Sơn Dương", "", "Thị trấn", "076", "Huyện Sơn Dương", "08", "Tỉnh Tuyên Quang"]]
    rows += [["02539", "Xã Trung Yên", "", "Xã", "076", "Huyện Sơn Dương", "08", "Tỉnh Tuyên Quang"]]
    (tmp_path / "vao").mkdir()
    (tmp_path / "vao" / "areas.csv").write_text(as_text(rows), encoding="utf-8")
    areas = bhyt.load(tmp_path / "vao").areas.set_index("code")
    assert areas.loc[["02536", "02539"], ["kind", "parent"]].values.tolist() == [["commune", "076"]] * 2
