"""Read files with one habit or fault each: the figures that are read, and the exact messages."""

import datetime as dt
import shutil
import unicodedata

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.ingest.vietnamese_text import TCVN3, VNI

from .offices import AREAS, CARDS, PEOPLE, TOTALS, WIDE, as_text, office, write_ods, write_xlsx

JUNE = dt.date(2021, 6, 30)


def report(path, **options):
    """Return the messages of the findings, without the name of the file."""
    findings = bhyt.check(path, "en", **options)
    return [f"{r.severity} {r.rule}: {r.message.removeprefix('so_lieu.xlsx ')}" for r in findings.itertuples()]


def values(path, **options):
    """Return the people and cards of each commune."""
    data = bhyt.load(path, **options)
    people = dict(zip(data.population["area"], map(int, data.population["people"]), strict=True))
    cards = data.cards.groupby("area")["cards"].sum()
    return {area: (people[area], int(cards[area])) for area in people}


def column(rows, name, *cells):
    """Return rows with the cells of a column changed, from the first row of data on."""
    position = rows[0].index(name)
    out = [list(r) for r in rows]
    for row, cell in zip(out[1:], cells, strict=False):
        row[position] = cell
    return out


def with_names(rows, *names):
    """Return rows with names instead of the codes."""
    return column([["Xã, thị trấn", *rows[0][1:]], *rows[1:]], "Xã, thị trấn", *names)


def drop_column(rows, name):
    position = rows[0].index(name)
    return [r[:position] + r[position + 1 :] for r in rows]


def add_titles(rows, *titles):
    return [*([t] if isinstance(t, str) else t for t in titles), *rows]


def people_sheet(rows):
    return office(**{"Dân số": rows})


def cards_sheet(rows):
    return office(**{"Số thẻ": rows})


VALID = {
    # --- The place of the table ---
    "titles above": people_sheet(add_titles(PEOPLE, "BẢO HIỂM XÃ HỘI HUYỆN KHE SÂU", "BIỂU 01. DÂN SỐ", [])),
    "a date in a title is not needed": cards_sheet(add_titles(CARDS, "Kế hoạch số 12 ngày 04/6/2021")),
    "rows that number the columns": people_sheet([PEOPLE[0], ["A", 1, 2, 3, 4, 5], *PEOPLE[1:]]),
    "numbers of columns in brackets": people_sheet(
        [PEOPLE[0], ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)=(3)+(4)"], *PEOPLE[1:]]
    ),
    "blank rows": people_sheet([PEOPLE[0], [], PEOPLE[1], [], [], *PEOPLE[2:], []]),
    "the heading again on every page": cards_sheet([*CARDS[:4], CARDS[0], *CARDS[4:]]),
    "a right total": people_sheet([*PEOPLE, ["Tổng cộng", None, 17350, 4300, None, None]]),
    "a total that says how the numbers are written": people_sheet(
        [*column(PEOPLE, "Dân số", "5.120", "4.230", "8.000"), ["Tổng cộng", None, 17350, 4300, None, None]]
    ),
    "a right total at the top": people_sheet([PEOPLE[0], ["Toàn huyện", None, 17350, 4300, None, None], *PEOPLE[1:]]),
    "right totals of parts": people_sheet(
        [
            *PEOPLE[:3],
            ["Cộng", None, 9350, 2200, None, None],
            PEOPLE[3],
            ["Cộng", None, 8000, 2100, None, None],
            ["Tổng số", None, 17350, 4300, None, None],
        ]
    ),
    "a table with a column for each group": cards_sheet(WIDE),
    "card codes as headings": cards_sheet([[*WIDE[0][:3], "HN", "GD", *WIDE[0][5:]], *WIDE[1:]]),
    "rows numbered under No.": cards_sheet([["No.", *CARDS[0]], *([i, *r] for i, r in enumerate(CARDS[1:], 1))]),
    "a column of numbers of rows": people_sheet([["STT", *PEOPLE[0]], *([i, *r] for i, r in enumerate(PEOPLE[1:], 1))]),
    # --- Headings ---
    "headings without accents": people_sheet(
        [["ma don vi", "ngay so lieu", "dan so", "so ho", "tinh trang so lieu", "nguon"], *PEOPLE[1:]]
    ),
    "headings in English": office(
        **{"Population": [["Area", "As of", "People", "Households", "Status", "Source"], *PEOPLE[1:]], "Dân số": []}
    ),
    "headings in capitals with units and breaks": people_sheet(
        [["MÃ ĐƠN VỊ", "NGÀY\nSỐ LIỆU", "DÂN SỐ (người)", "Số hộ (hộ)", "Tình trạng số liệu *", "Nguồn:"], *PEOPLE[1:]]
    ),
    "headings in decomposed letters": people_sheet([[unicodedata.normalize("NFD", h) for h in PEOPLE[0]], *PEOPLE[1:]]),
    "status and source once above the table": people_sheet(
        add_titles(
            drop_column(drop_column(PEOPLE, "Nguồn"), "Tình trạng số liệu"),
            "Tình trạng số liệu: Công bố",
            ["Nguồn", "Thống kê"],
        )
    ),
    # --- Numbers ---
    "numbers as text with dots, decided by one of them": people_sheet(
        column(PEOPLE, "Dân số", "5.120", "4.230", "8.000,0")
    ),
    "numbers as text with commas, decided by one of them": people_sheet(
        column(PEOPLE, "Dân số", "5,120", "4,230", "8,000.00")
    ),
    "dots decided by another column": people_sheet(
        column(column(PEOPLE, "Dân số", "5.120", "4.230", "8.000"), "Số hộ", "1.200,0", 1000, 2100)
    ),
    "dots decided by a line above": people_sheet(
        add_titles(column(PEOPLE, "Dân số", "5.120", "4.230", "8.000"), "Cách viết số: 1.234,5")
    ),
    "numbers as text with spaces": people_sheet(column(PEOPLE, "Dân số", "5 120", "4\u00a0230", " 8000\u200b")),
    # --- Days ---
    "days as text of the country": people_sheet(
        column(PEOPLE, "Ngày số liệu", "30/06/2021", "30.6.2021", "ngày 30 tháng 6 năm 2021")
    ),
    "months for days": people_sheet(column(PEOPLE, "Ngày số liệu", "6/2021", "Tháng 6/2021", "2021-06")),
    "days as Excel counts them": people_sheet(column(PEOPLE, "Ngày số liệu", 44377, 44377.0, "44377")),
    # --- Names ---
    "names for codes": people_sheet(with_names(PEOPLE, "Xã Kiên Lao", "xã phì điền", "Thị trấn Chũ")),
    "names without accents and with short words": people_sheet(with_names(PEOPLE, "Kien Lao", "x. Phì Điền", "TT Chũ")),
    "numbered names in capitals": people_sheet(with_names(PEOPLE, "1. KIÊN LAO", "2. PHÌ ĐIỀN", "3. THỊ TRẤN CHŨ")),
    "decomposed names": people_sheet(
        with_names(PEOPLE, *(unicodedata.normalize("NFD", n) for n in ("Xã Kiên Lao", "Phì Điền", "Chũ")))
    ),
    "a name for the unit above": office(
        **{"Đơn vị": column(AREAS, "Thuộc đơn vị", None, "Huyện Khe Sâu", "h. Khe Sâu", "khe sau")}
    ),
    # --- Groups, choices ---
    "names, codes and numbers of cards for groups": cards_sheet(
        column(
            CARDS, "Nhóm đối tượng", "Hộ nghèo", "household", "hn", "GD4240123456789", "Người thuộc hộ nghèo", "GD 4 24"
        )
    ),
}


@pytest.mark.parametrize("sheets", VALID.values(), ids=VALID)
def test_usual_habits_are_read_without_a_finding(tmp_path, sheets):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {n: r for n, r in sheets.items() if r})
    assert report(path) == []
    assert values(path) == TOTALS


REPORTED = {
    "notes and signatures under the table": (
        people_sheet(
            [*PEOPLE, [], ["Ghi chú: số liệu tròn"], [None, None, "Người lập biểu"], [None, None, "Nguyễn Thị Mẫu"]]
        ),
        "info note_rows: [Dân số]: the text under the table in row 6, 7, 8 was not read",
    ),
    "a day only in a title": (
        people_sheet(add_titles(drop_column(PEOPLE, "Ngày số liệu"), "DÂN SỐ (tính đến ngày 30 tháng 6 năm 2021)")),
        "warning date_above: [Dân số]: there is no column of days; 30 June 2021 was taken from the lines "
        "above the table or its name",
    ),
    "a month in the name of the sheet": (
        {"Đơn vị": AREAS, "Dân số": PEOPLE, "Số thẻ 2021-06": drop_column(CARDS, "Ngày số liệu")},
        "warning date_above: [Số thẻ 2021-06]: there is no column of days; 30 June 2021 was taken from the "
        "lines above the table or its name",
    ),
    "no source": (
        people_sheet(drop_column(PEOPLE, "Nguồn")),
        "info source_is_file: [Dân số]: there is no column of sources; this file is named as the source",
    ),
    "no status": (
        people_sheet(drop_column(PEOPLE, "Tình trạng số liệu")),
        "info status_assumed: [Dân số]: there is no column of status; the figures are taken as Published",
    ),
    "a sheet without a telling name": (
        {"Đơn vị": AREAS, "Sheet2": PEOPLE, "Số thẻ": CARDS},
        "info table_by_headings: [Sheet2]: read as the table «Population» by its headings",
    ),
    "a sheet that is no table": (
        office(Nháp=[["việc cần làm"], ["gọi xã"]]),
        "warning unknown_file: [Nháp]: not the name of a table, nor has it the headings of one, so it was not read; "
        "if it holds data, name it as a table: «Cards», «Population», «Targets»",
    ),
    "a column of one's own": (
        people_sheet([[*PEOPLE[0], "Diện tích"], *([*r, 12.5] for r in PEOPLE[1:])]),
        "warning unknown_column: [Dân số], row 1: column G «Diện tích» is not used",
    ),
    "notes beside the table": (
        people_sheet([PEOPLE[0], PEOPLE[1], [*PEOPLE[2], None, "xem lại"], PEOPLE[3]]),
        "warning no_heading: [Dân số], column H: has text or figures but has no heading in row 1, so it was not read",
    ),
    "an example row": (
        people_sheet(
            [["STT", *PEOPLE[0]], ["Ví dụ", "X1", *PEOPLE[1][1:]], *([i, *r] for i, r in enumerate(PEOPLE[1:], 1))]
        ),
        "info example_row: [Dân số], row 2: the example row, not read",
    ),
}


@pytest.mark.parametrize(("sheets", "messages"), REPORTED.values(), ids=REPORTED)
def test_omissions_and_additions_are_reported(tmp_path, sheets, messages):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", sheets)
    assert report(path) == messages.split("\n")
    assert values(path) == TOTALS


TARGETS = ["Mã đơn vị", "Phạm vi", "Thời điểm", "Quan hệ", "Chỉ tiêu", "Văn bản"]
TARGETS_PERCENT = [*TARGETS[:4], "Chỉ tiêu (%)", "Văn bản"]
GROUPS = "choose from: the list of groups (sheet Lists of the input workbook, command bhyt template)"
OTHER_DISTRICT = [*AREAS, ["T8", "Huyện Bên", "Huyện", None], ["T802", "Xã Cao", "Xã", "T8"]]
NAMESAKES = [*OTHER_DISTRICT, ["T801", "Xã Kiên Lao", "Xã", "T8"]]
COUNT = "expected a whole number of 0 or more, such as 182330"
DATE = "expected a date, such as 2021-12-31 or 31/12/2021"
WRONG = {
    "an ambiguous number": (
        people_sheet(column(PEOPLE, "Dân số", "5.120", 4230, 8000)),
        'error ambiguous_number: [Dân số], row 2, column C «Dân số»: "5.120" can be 5120 or 5.120 (1 such '
        "cells); state how numbers are written by --numbers vi or --numbers en, or write the digits without "
        "a mark",
    ),
    "numbers written in two ways": (
        people_sheet(column(PEOPLE, "Dân số", "5.120,0", "4,230", "8,000.0")),
        'error ambiguous_number: [Dân số], row 3, column C «Dân số»: "4,230" can be 4230 or 4.230 (1 such '
        "cells); state how numbers are written by --numbers vi or --numbers en, or write the digits without "
        "a mark",
    ),
    "half a person": (
        people_sheet(column(PEOPLE, "Dân số", 5120.5, 4230, 8000)),
        f'error bad_cell: [Dân số], row 2, column C «Dân số»: "5120.5", {COUNT}',
    ),
    "people with another word": (
        people_sheet(column(PEOPLE, "Dân số", "5120 con", 4230, 8000)),
        f'error bad_cell: [Dân số], row 2, column C «Dân số»: "5120 con", {COUNT}',
    ),
    "a dash for none or not known": (
        people_sheet(column(PEOPLE, "Số hộ", "-", "-", 2100)),
        'error no_figure: [Dân số], row 2, column D «Số hộ»: "-" (in 2 cells) can mean 0 or not known; '
        "write 0 or leave it blank",
    ),
    "a formula without a result": (
        people_sheet(column(PEOPLE, "Dân số", "=5000+120", 4230, 8000)),
        "error no_result: [Dân số], row 2, column C «Dân số»: the formula =5000+120 has no result "
        "(cells like this: 1); open the file in Excel, let it compute, and save it",
    ),
    "thousands in the heading": (
        people_sheet([["Mã đơn vị", "Ngày số liệu", "Dân số (nghìn người)", *PEOPLE[0][3:]], *PEOPLE[1:]]),
        'error scaled: [Dân số]: "Dân số (nghìn người)"; write whole figures, not thousands or millions',
    ),
    "thousands above the table": (
        people_sheet(add_titles(PEOPLE, "Đơn vị tính: nghìn người")),
        'error scaled: [Dân số]: "Đơn vị tính: nghìn người"; write whole figures, not thousands or millions',
    ),
    "month first": (
        people_sheet(column(PEOPLE, "Ngày số liệu", "06/30/2021", JUNE, JUNE)),
        'error month_first: [Dân số], row 2, column B «Ngày số liệu»: "06/30/2021" (in 1 cells): the column has days '
        "with the month first; write day/month/year, such as 30/06/2021",
    ),
    "a year for a day": (
        people_sheet(column(PEOPLE, "Ngày số liệu", 2021, JUNE, JUNE)),
        f'error bad_cell: [Dân số], row 2, column B «Ngày số liệu»: "2021", {DATE}',
    ),
    "a wrong total": (
        people_sheet([*PEOPLE, ["Tổng cộng", None, 17351, 4300, None, None]]),
        "error total_off: [Dân số], row 5, column C «Dân số»: the total is 17,351 but the rows add up to 17,350",
    ),
    "a wrong total of a row": (
        cards_sheet([*WIDE[:3], [*WIDE[3][:5], 5531, *WIDE[3][6:]]]),
        "error row_total_off: [Số thẻ], row 4, column F «Tổng cộng»: the total is 5,531 but the groups add up to 5,530",
    ),
    "a blank cell of a wide table": (
        cards_sheet([*drop_column(WIDE, "Tổng cộng")[:3], [3, "Chũ", JUNE, None, 5500, "Công bố", "BHXH"]]),
        f"error blank_cell: [Số thẻ], row 4, column D «Hộ nghèo»: blank, {COUNT}",
    ),
    "a merged figure of two units": (
        people_sheet([*PEOPLE[:2], [*PEOPLE[2][:2], None, *PEOPLE[2][3:]], PEOPLE[3]]),
        "error merged_figure: [Dân số], row 2, column C «Dân số»: the merged cell C2:C3 is one figure for several "
        "rows; give each unit its own",
    ),
    "a name with a wrong accent": (
        people_sheet(with_names(PEOPLE, "Kiên Lao", "Phì Diền", "Chũ")),
        'error unknown_area: [Dân số], row 3, column A «Xã, thị trấn»: there is no unit "Phì Diền"; the '
        "nearest is Xã Phì Điền, huyện Khe Sâu (T902)",
    ),
    "a name that fits two units": (
        office(
            **{
                "Đơn vị": NAMESAKES,
                "Dân số": [*with_names(PEOPLE, "Xã Kiên Lao", "T902", "T903"), ["T802", JUNE, 100, 20, "Công bố", "x"]],
            }
        ),
        'error ambiguous_area: [Dân số], row 2, column A «Xã, thị trấn»: "Xã Kiên Lao" fits several units: '
        "Xã Kiên Lao, huyện Bên (T801); Xã Kiên Lao, huyện Khe Sâu (T901); write the code, or add a column "
        "of districts",
    ),
    "namesakes under a unit that is not there": (
        office(
            **{
                "Đơn vị": [*AREAS, ["T801", "Xã Kiên Lao", "Xã", "-"]],
                "Dân số": with_names(PEOPLE, "Xã Kiên Lao", "T902", "T801"),
            }
        ),
        'error unknown_area: [Đơn vị], row 6, column D «Thuộc đơn vị»: there is no unit "-"; the nearest is no name is '
        "close\n"
        'error ambiguous_area: [Dân số], row 2, column A «Xã, thị trấn»: "Xã Kiên Lao" fits several units: '
        "Xã Kiên Lao (T801); Xã Kiên Lao, huyện Khe Sâu (T901); write the code, or add a column of districts",
    ),
    "an unknown group": (
        cards_sheet(column(CARDS, "Nhóm đối tượng", "Hộ nghèo", "ZZ", "HN", "GD", "HN", "GD")),
        f'error bad_choice: [Số thẻ], row 3, column C «Nhóm đối tượng»: "ZZ" is not in the list; {GROUPS}',
    ),
    "a card's number is never shown": (
        cards_sheet(column(CARDS, "Nhóm đối tượng", "ZZ4240123456789", "GD", "HN", "GD", "HN", "GD")),
        f'error bad_choice: [Số thẻ], row 2, column C «Nhóm đối tượng»: "ZZ…" is not in the list; {GROUPS}',
    ),
    "the same row twice": (
        people_sheet([*PEOPLE, PEOPLE[1]]),
        "error twice: [Dân số], row 5: the same as row 2 (the same «Area», «As of»)",
    ),
    "two columns of one meaning": (
        people_sheet([[*PEOPLE[0], "Số dân"], *([*r, r[2]] for r in PEOPLE[1:])]),
        "error double_column: [Dân số], row 1: column G «Số dân» occurs twice",
    ),
    "an error of Excel": (
        people_sheet(column(PEOPLE, "Số hộ", "#REF!", 1000, 2100)),
        "error error_cell: [Dân số], row 2, column D «Số hộ»: a formula has the error #REF! "
        "(cells like this: 1); mend the formula or write the figure",
    ),
    "per cent without the mark under per cent": (
        office(**{"Chỉ tiêu": [TARGETS_PERCENT, ["T9", "all", 2022, "Bằng", 0.9, "Kế hoạch"]]}),
        'error ambiguous_share: [Chỉ tiêu], row 2, column E «Chỉ tiêu (%)»: "0.9" under a heading with % '
        "can be a share or per cent (1 such cells); write the mark %, such as 85.1%",
    ),
    "above a hundred per cent": (
        office(**{"Chỉ tiêu": [TARGETS, ["T9", "all", 2022, "Bằng", 92.1, "Kế hoạch"]]}),
        'error bad_cell: [Chỉ tiêu], row 2, column E «Chỉ tiêu»: "92.1", expected a share from 0 to 100%, such as '
        "90.6%",
    ),
}


@pytest.mark.parametrize(("sheets", "messages"), WRONG.values(), ids=WRONG)
def test_error_has_its_exact_message(tmp_path, sheets, messages):
    merged = [("Dân số", "C2:C3")] if sheets["Dân số"][2][2] is None else []
    path = write_xlsx(tmp_path / "so_lieu.xlsx", sheets, merged)
    assert report(path) == messages.split("\n")
    with pytest.raises(bhyt.InputError):
        bhyt.load(path)


@pytest.mark.parametrize(("numbers", "people"), [("vi", 5120), ("en", None)])
def test_number_style_is_an_option(tmp_path, numbers, people):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", people_sheet(column(PEOPLE, "Dân số", "5.120", 4230, 8000)))
    if people is None:  # 5.12 people
        assert [s.split(":")[0] for s in report(path, numbers=numbers)] == ["error bad_cell"]
    else:
        assert report(path, numbers=numbers) == []
        assert values(path, numbers=numbers) == TOTALS


@pytest.mark.parametrize(
    ("cells", "rate"),
    [*((cell, 0.851) for cell in ("85,1%", "85.1%", "0,851", "0.851", 0.851)), ("100%", 1.0), ("9,05 %", 0.0905)],
)
def test_shares_are_read_in_all_usual_forms(tmp_path, cells, rate):
    rows = [TARGETS, ["T9", "all", "12/2022", "Ít nhất", cells, "KH"]]
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Chỉ tiêu": rows})))
    assert data.targets[["rate", "relation", "on"]].to_numpy().tolist() == [[rate, ">=", dt.datetime(2022, 12, 31)]]


def test_column_of_per_cent_is_read_as_shares(tmp_path):
    rows = [TARGETS_PERCENT, ["T9", "all", 2022, "Bằng", 92.1, "KH"], ["T9", "all", 2023, "Bằng", "93,5", "KH"]]
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Chỉ tiêu": rows})))
    assert data.targets["rate"].tolist() == [0.921, 0.935]


# --- Merged cells, headings over two rows, hidden sheets ---


def test_name_merged_over_its_groups_applies_to_all_rows(tmp_path):
    rows = [CARDS[0], *([None if i % 2 else r[0], *r[1:]] for i, r in enumerate(CARDS[1:]))]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", cards_sheet(rows), [("Số thẻ", f"A{n}:A{n + 1}") for n in (2, 4, 6)])
    assert report(path) == []
    assert values(path) == TOTALS


def test_heading_over_two_rows_is_one_heading(tmp_path):
    head = [
        ["STT", "Xã", "Ngày số liệu", "Số thẻ theo nhóm", None, "Tổng cộng", "Tình trạng số liệu", "Nguồn"],
        [None, None, None, "Hộ nghèo", "Hộ gia đình", None, None, None],
    ]
    merged = [("Số thẻ", f"{c}1:{c}2") for c in "ABCFGH"] + [("Số thẻ", "D1:E1")]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", cards_sheet([*head, *WIDE[1:]]), merged)
    assert report(path) == []
    assert values(path) == TOTALS


def test_hidden_sheet_is_reported_and_not_read(tmp_path):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Dân số (2)": PEOPLE}), hidden=["Dân số (2)"])
    assert report(path) == ["info hidden_sheet: [Dân số (2)]: a hidden sheet, not read"]
    assert values(path) == TOTALS


def test_distant_cell_is_reported_without_filling_the_memory(tmp_path):
    import openpyxl

    path = write_xlsx(tmp_path / "so_lieu.xlsx", office())
    book = openpyxl.load_workbook(path)
    book["Dân số"]["XFD1048576"] = " "
    book.save(path)
    message = "the sheet reaches to cell XFD1048576; delete the rows and columns outside the table"
    assert report(path)[0] == f"error far_cell: [Dân số]: {message}"


def test_ambiguous_name_is_resolved_by_district_title_or_neighbours(tmp_path):
    heading, *communes = drop_column(with_names(PEOPLE, "Kiên Lao", "T902", "T903"), "Số hộ")
    tables = [
        [["Huyện", *heading], *(["Khe Sâu", *row] for row in communes)],
        add_titles(with_names(PEOPLE, "Kiên Lao", "T902", "T903"), "HUYỆN KHE SÂU"),
        with_names(PEOPLE, "Kiên Lao", "Phì Điền", "Chũ"),
    ]
    for rows in tables:
        path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Đơn vị": NAMESAKES, "Dân số": rows}))
        assert values(path) == TOTALS


def test_name_of_another_district_is_not_matched(tmp_path):
    rows = [
        ["Huyện", *PEOPLE[0]],
        *(["Khe Sâu", *r] for r in PEOPLE[1:]),
        ["Khe Sâu", "Xã Cao", JUNE, 5, 1, "Công bố", "x"],
    ]
    path = write_xlsx(
        tmp_path / "so_lieu.xlsx",
        office(**{"Đơn vị": OTHER_DISTRICT, "Dân số": [["Huyện", "Xã", *rows[0][2:]], *rows[1:]]}),
    )
    assert report(path) == [
        (
            'error not_within: [Dân số], row 5, column B «Xã»: there is no "Xã Cao" in the unit above that the row '
            "names; the nearest is Xã Cao, huyện Bên (T802)"
        )
    ]


# --- The units of the bundled data: 2019, 2024 and July 2025 ---

STATUS = ["Công bố", "x"]
HEAD = ["Xã", "Ngày số liệu", "Dân số", "Tình trạng số liệu", "Nguồn"]


def bundled(tmp_path, *rows):
    return write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": [HEAD, *([*r, *STATUS] for r in rows)]})


def test_bundled_units_need_no_sheet_of_units(tmp_path):
    path = bundled(tmp_path, ["Xã Kiên Lao", JUNE, 5120], ["Phì Điền", JUNE, 4230], ["7531", JUNE, 100])
    assert report(path) == [
        (
            'warning lost_zeros: [Dân số], row 4, column A «Xã»: codes have lost their leading zeros; "7531" is '
            "read as 07531"
        )
    ]
    assert bhyt.load(path).population["area"].tolist() == ["07552", "07582", "07531"]


def test_day_decides_between_old_and_new_units(tmp_path):
    """Thị trấn Chũ of Lục Ngạn ended on 30 June 2025, Phường Chũ began the day after (list of July 2025)."""
    path = bundled(tmp_path, ["Chũ", dt.date(2024, 12, 31), 9000], ["Chũ", dt.date(2025, 12, 31), 30000])
    units = bhyt.load(path).population["area"].tolist()
    names = [bhyt.load().areas.query("code == @u and name.str.contains('Chũ')")["name"].tolist() for u in units]
    assert names[0][0] == "Thị trấn Chũ"
    assert "Phường Chũ" in names[1]


def test_dissolved_unit_is_reported_with_its_last_day(tmp_path):
    path = bundled(tmp_path, ["Xã Phì Điền", dt.date(2025, 12, 31), 4230], ["Xã Kiên Lao", dt.date(2025, 12, 31), 5120])
    assert report(path) == [
        (
            "error unit_ended: [Dân số], row 2, column A «Xã»: 07582 (Xã Phì Điền) ended with 31 December 2024 and "
            "cannot have figures of 31 December 2025; name the new unit, or a day of the old one"
        )
    ]


# --- CSV files and other workbooks ---


@pytest.fixture
def folder(tmp_path):
    out = tmp_path / "vao"
    out.mkdir()
    (out / "areas.csv").write_text(as_text(AREAS), encoding="utf-8")
    (out / "cards.csv").write_text(as_text(CARDS), encoding="utf-8")
    return out


def cp1258(text):
    """Encode text as a Vietnamese Windows does: a vowel mark is part of its letter, a tone follows it."""
    out = b""
    for letter in unicodedata.normalize("NFC", text):
        base, *marks = unicodedata.normalize("NFD", letter)
        vowel_marks = [m for m in marks if m in "\u0302\u0306\u031b"]
        tones = [m for m in marks if m not in vowel_marks]
        vowel = unicodedata.normalize("NFC", base + "".join(vowel_marks))
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            out += (vowel + "".join(tones)).encode("cp1258")
    return out


def to_tcvn3(text):
    codes = {letter: code for code, letter in TCVN3.items()}
    return "".join(codes.get(c.lower(), c) for c in text)


ENCODINGS = {
    "utf-8 with a mark": (lambda t: t.encode("utf-8-sig"), []),
    "utf-16": (lambda t: t.encode("utf-16"), []),
    "windows-1258": (cp1258, []),
    "tcvn3": (
        lambda text: to_tcvn3(text).encode("latin-1"),
        ["info old_font: population.csv: text in TCVN3 (ABC) was converted to Unicode"],
    ),
    "vni": (
        lambda text: "".join({v: k for k, v in VNI.items()}.get(c, c) for c in text).encode("latin-1"),
        ["info old_font: population.csv: text in VNI was converted to Unicode"],
    ),
}


@pytest.mark.parametrize(("encode", "messages"), ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_files_in_old_encodings_are_read(folder, encode, messages, delimiter):
    text = as_text(with_names(PEOPLE, "Xã Kiên Lao", "Xã Phì Điền", "Thị trấn Chũ"), delimiter)
    (folder / "population.csv").write_bytes(encode(text))
    assert report(folder) == messages
    assert values(folder) == TOTALS


def test_legacy_text_in_a_workbook_is_converted_to_unicode(tmp_path):
    rows = with_names(PEOPLE, "Xã Kiên Lao", "Xã Phì Điền", "Thị trấn Chũ")
    rows = [[to_tcvn3(v) if isinstance(v, str) else v for v in row] for row in rows]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", people_sheet(rows))
    assert report(path) == ["info old_font: [Dân số]: text in TCVN3 (ABC) was converted to Unicode"]
    assert values(path) == TOTALS


def test_decimal_commas_between_comma_separators_shift_nothing(folder):
    text = as_text(PEOPLE).replace("5120", "5,120")
    (folder / "population.csv").write_text(text, encoding="utf-8")
    expected = "row 2 has 7 cells, the heading only 6; a number with a comma needs quotation marks"
    assert report(folder)[0] == f"error csv_cells: population.csv, {expected}"


def test_semicolon_file_with_decimal_commas_is_read(folder):
    text = as_text(column(PEOPLE, "Dân số", "5.120,0", "4.230,0", "8.000,0"), ";")
    (folder / "population.csv").write_text(text, encoding="utf-8")
    assert report(folder) == []
    assert values(folder) == TOTALS


def test_single_csv_file_is_an_input(tmp_path):
    path = tmp_path / "dan so.csv"
    path.write_text(as_text([HEAD, ["Xã Kiên Lao", JUNE, 5120, *STATUS]]), encoding="utf-8")
    assert bhyt.load(path).population[["area", "people"]].to_numpy().tolist() == [["07552", 5120]]


def test_other_csv_file_in_a_folder_is_no_table(folder):
    (folder / "population.csv").write_text(as_text(PEOPLE), encoding="utf-8")
    (folder / "my_list.csv").write_text(as_text(CARDS), encoding="utf-8")
    assert [s.split(":")[0] for s in report(folder)] == ["warning unknown_file"]
    assert values(folder) == TOTALS


def test_opendocument_and_old_excel_are_read(tmp_path):
    xlwt = pytest.importorskip("xlwt")
    ods = write_ods(tmp_path / "so_lieu.ods", office())
    book = xlwt.Workbook()
    for name, rows in office().items():
        sheet = book.add_sheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                style = "dd/mm/yyyy" if isinstance(value, dt.date) else "General"
                sheet.write(i, j, value, xlwt.easyxf(num_format_str=style))
    book.save(str(tmp_path / "so_lieu.xls"))
    for path in (ods, tmp_path / "so_lieu.xls"):
        assert report(path) == []
        assert values(path) == TOTALS


def test_folder_may_contain_workbooks_and_lock_files_of_excel(tmp_path):
    write_xlsx(tmp_path / "thang 6.xlsx", office(**{"Đơn vị": AREAS}))
    (tmp_path / "~$thang 6.xlsx").write_bytes(b"lock of Excel")
    assert report(tmp_path) == []
    assert values(tmp_path) == TOTALS


# --- Reading writes nothing ---


def listing(folder):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*")}


def test_reading_writes_nothing(tmp_path):
    folder = tmp_path / "vao"
    folder.mkdir()
    write_xlsx(folder / "so_lieu.xlsx", office())
    shutil.copy(folder / "so_lieu.xlsx", folder / "sai.xlsx")
    (folder / "cards_more.csv").write_text(as_text(CARDS), encoding="utf-8")
    before = listing(folder)
    folder.chmod(0o555)
    for file in folder.iterdir():
        file.chmod(0o444)
    try:
        bhyt.check(folder)
        bhyt.check(folder / "so_lieu.xlsx")
    finally:
        folder.chmod(0o755)
    assert listing(folder) == before


def test_workbook_open_in_another_program_is_read(tmp_path):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office())
    with path.open("rb+"):
        assert values(path) == TOTALS


TWO_DISTRICTS = [
    ["Mã đơn vị", "Tên đơn vị", "Cấp", "Thuộc đơn vị"],
    ["T8", "Huyện Đồi Cao", "Huyện", None],
    ["T9", "Huyện Khe Sâu", "Huyện", None],
    ["T801", "Xã Kiên Lao", "Xã", "T8"],
    ["T802", "Xã Mai Sơn", "Xã", "T8"],
    ["T901", "Xã Kiên Lao", "Xã", "T9"],
    ["T902", "Xã Phì Điền", "Xã", "T9"],
]
PARTS_HEAD = ["STT", "Đơn vị", "Ngày số liệu", "Dân số", "Tình trạng số liệu", "Nguồn"]
COMMUNE_PEOPLE = {"T801": 800, "T802": 700, "T901": 500, "T902": 400}


def commune(number, name, people):
    return [number, name, "30/06/2021", people, "Công bố", "Thống kê"]


def blank(*cells):
    return [*cells, *[None] * (6 - len(cells))]


FIRST, SECOND = (
    [commune(1, "Kiên Lao", 800), commune(2, "Mai Sơn", 700)],
    [commune(1, "Kiên Lao", 500), commune(2, "Phì Điền", 400)],
)
SECTIONS = {
    "heads in the column of names": [blank("I", "Huyện Đồi Cao"), *FIRST, blank("II", "HUYỆN KHE SÂU"), *SECOND],
    "heads in the first column": [blank("I. Huyện Đồi Cao"), *FIRST, blank("II. Huyện Khe Sâu"), *SECOND],
    "heads without a number": [blank(None, "Huyện Đồi Cao"), *FIRST, blank(None, "H. Khe Sâu"), *SECOND],
    "heads with figures": [commune("I", "Huyện Đồi Cao", 1500), *FIRST, commune("II", "Huyện Khe Sâu", 900), *SECOND],
}


@pytest.mark.parametrize("rows", SECTIONS.values(), ids=SECTIONS)
def test_communes_belong_to_the_district_heading_their_section(tmp_path, rows):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": TWO_DISTRICTS, "Dân số": [PARTS_HEAD, *rows]})
    read = bhyt.load(path).population.set_index("area")["people"].to_dict()
    sums = len(rows[0]) == len(PARTS_HEAD) and rows[0][3]  # of the communes: no figures of their own
    assert read == COMMUNE_PEOPLE
    heads = [s for s in report(path) if s.startswith("info part_heads")]
    assert heads == (
        [] if sums else ["info part_heads: [Dân số]: row 2, 5 heads a section of the table and has no figures"]
    )


def test_section_rows_that_are_no_units_are_left_out(tmp_path):
    rows = [blank("A", "Khu vực I"), commune(1, "Mai Sơn", 700), blank("B", "Khu vực II"), commune(1, "Phì Điền", 400)]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": TWO_DISTRICTS, "Dân số": [PARTS_HEAD, *rows]})
    assert bhyt.load(path).population.set_index("area")["people"].to_dict() == {"T802": 700, "T902": 400}


def test_sum_below_its_communes_does_not_head_the_next_rows(tmp_path):
    last = [commune(1, "Phì Điền", 400)]
    rows = [
        commune(1, "Mai Sơn", 700),
        commune(None, "Huyện Đồi Cao", 1500),
        *last,
        commune(None, "Huyện Khe Sâu", 900),
    ]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": TWO_DISTRICTS, "Dân số": [PARTS_HEAD, *rows]})
    expected = {"T802": 700, "T8": 1500, "T902": 400, "T9": 900}
    assert bhyt.load(path).population.set_index("area")["people"].to_dict() == expected


def test_district_without_figures_does_not_head_the_next(tmp_path):
    rows = [["STT", "Đơn vị", "Ngày số liệu", "Hộ nghèo", "Hộ gia đình", "Tình trạng số liệu", "Nguồn"]]
    rows += [[1, "Huyện Đồi Cao", *[None] * 5], [2, "Huyện Khe Sâu", "30/06/2021", 30, 900, "Công bố", "BHXH"]]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": TWO_DISTRICTS, "Số thẻ": rows})
    assert not [s for s in report(path) if "part_heads" in s]


def test_code_and_name_of_different_units_are_reported(tmp_path):
    rows = [
        ["Mã đơn vị", "Xã", *PEOPLE[0][1:]],
        ["T901", "Xã Phì Điền", *PEOPLE[1][1:]],
        ["T902", None, *PEOPLE[2][1:]],
        ["T903", "Chũ", *PEOPLE[3][1:]],
    ]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", people_sheet(rows))
    assert report(path) == [
        (
            "error code_not_name: [Dân số], row 2, column A «Mã đơn vị»: the code T901 is Xã Kiên Lao, huyện Khe "
            'Sâu (T901), but the row is named "Xã Phì Điền"'
        )
    ]
