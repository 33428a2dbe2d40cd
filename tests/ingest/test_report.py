"""The report of a check: one line for each cause, in the reader's words, and at the end what was read."""

import datetime as dt
import re
import subprocess
import sys

import openpyxl
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.causes import causes
from bhyt_analysis.domain.findings import Choices, Finding, Term, finding_message, rules
from bhyt_analysis.ingest.cell_types import CONVERTERS, CellOptions, choice_words

from ..conftest import ROOT
from .offices import AREAS, CARDS, office, write_xlsx

MONTHS = ["T1.2025", "T2.2025", "T3.2025"]
FULL = [*CARDS[0]]


def months(change=lambda row: row):
    """Return three sheets of cards, of the ends of three months."""
    days = (dt.date(2025, 1, 31), dt.date(2025, 2, 28), dt.date(2025, 3, 31))
    return {
        name: [FULL, *(change([row[0], day, *row[2:]]) for row in CARDS[1:])]
        for name, day in zip(MONTHS, days, strict=True)
    }


def book(path, sheets):
    return write_xlsx(path / "so_lieu.xlsx", {"Đơn vị": AREAS, **sheets})


# --- One line for each cause ---


def test_one_bad_value_on_three_sheets_is_one_line(tmp_path):
    path = book(tmp_path, months(lambda row: [*row[:4], "Chả biết", row[5]]))
    rows = bhyt.check(path)
    bad = rows[rows["severity"] == "error"]
    assert bad[["rule", "count", "file", "row"]].to_numpy().tolist() == [
        ["bad_choice", 18, "so_lieu.xlsx [T1.2025]", 2]
    ]
    message = bad["message"].iloc[0]
    assert '"Chả biết" không có trong danh mục' in message
    assert "Công bố / Tổng điều tra / Tính toán / Ước tính / Chưa thống nhất / Giả lập" in message
    assert "18 ô như vậy" in message
    assert "ở 3 trang tính: T1.2025, T2.2025, T3.2025" in message
    cells = bhyt.check(path, every=True)
    assert (cells["rule"] == "bad_choice").sum() == 18
    with pytest.raises(bhyt.InputError) as error:
        bhyt.load(path)
    assert len(error.value.text("vi").splitlines()) == 1
    assert sum(f.rule == "bad_choice" for f in error.value.findings) == 18


def test_many_bad_values_of_a_column_are_one_line_with_the_most_frequent(tmp_path):
    words = ["một", "hai", "hai", "ba", "bốn", "năm"]
    cards = [FULL, *([*row[:3], word, *row[4:]] for row, word in zip(CARDS[1:], words, strict=True))]
    rows = bhyt.check(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": cards})))
    assert rows[["rule", "count"]].to_numpy().tolist() == [["bad_cell", 6]]
    assert '"một"' in rows["message"].iloc[0]
    assert "các giá trị khác: “hai” ×2" in rows["message"].iloc[0]
    assert "và 1 giá trị nữa" in rows["message"].iloc[0]


def test_three_values_of_a_column_stay_three_causes(tmp_path):
    words = ["một", "hai", "hai", "ba", "ba", "ba"]
    cards = [FULL, *([*row[:3], word, *row[4:]] for row, word in zip(CARDS[1:], words, strict=True))]
    rows = bhyt.check(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": cards})))
    assert rows["count"].tolist() == [1, 2, 3]


def test_missing_columns_of_sheets_of_months_are_one_line(tmp_path):
    sheets = {name: [row[:4] for row in rows] for name, rows in months().items()}
    rows = bhyt.check(book(tmp_path, sheets)).query("severity == 'error'")
    assert (rows["rule"] == "missing_column").sum() <= 1


def test_days_of_titles_are_one_line_with_their_range():
    days = pd.to_datetime(["2025-11-30", "2025-12-31", "2026-10-31"])
    findings = [Finding("date_above", f"b.xlsx [T{i}]", details={"day": day}) for i, day in enumerate(days)]
    (cause,) = causes(findings)
    assert "từ 30/11/2025 đến 31/10/2026" in cause.message("vi")
    assert cause.count == 3


def test_a_duplicate_of_a_row_with_an_unreadable_key_is_not_reported():
    file = "b.xlsx [Số thẻ]"
    findings = [
        Finding("bad_cell", file, 5, "as_of", value="x"),
        Finding("twice", file, 5, "area, as_of, group", value="4"),
        Finding("twice", file, 9, "area, as_of, group", value="8"),
        Finding("total_off", file, 20, "cards", value=5, expected=6),
        Finding("bad_cell", file, 6, "cards", value="y"),
        Finding("missing_table", "b.xlsx", value="areas"),
    ]
    kept = [(c.first.rule, c.first.row) for c in causes(findings)]
    assert kept == [("bad_cell", 5), ("twice", 9), ("bad_cell", 6)]


def test_a_consequence_without_its_cause_is_reported():
    findings = [
        Finding("total_off", "b.xlsx [S]", 20, "cards", value=5, expected=6),
        Finding("example_row", "b.xlsx [S]", 1),
    ]
    assert [c.first.rule for c in causes(findings)] == ["total_off", "example_row"]


def test_the_command_prints_every_cell_when_asked(tmp_path, capsys):
    path = book(tmp_path, months(lambda row: [*row[:4], "Chả biết", row[5]]))
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out.count("[bad_choice]") == 1
    assert main(["check", str(path), "--all"]) == 1
    assert capsys.readouterr().out.count("[bad_choice]") == 18


def test_the_marked_copy_lists_causes_and_marks_every_cell(tmp_path):
    path = book(tmp_path, months(lambda row: [*row[:4], "Chả biết", row[5]]))
    main(["check", str(path), "--annotate", str(tmp_path / "copy.xlsx")])
    copy = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    assert [copy["T2.2025"][f"E{n}"].comment is not None for n in range(2, 8)] == [True] * 6
    listed = [row[1].value for row in copy.worksheets[-1].iter_rows(min_row=2)]
    assert listed.count("bad_choice") == 1


# --- Words ---

ENGLISH = (
    "areas|cards|people|status|share|group|sheet|each|of|kind|since|until|source|scope|table|column|row|successors|"
    "population|targets|published|poor|near_poor|state_paid|yearly|all|commune|district|percent|relation"
)


@pytest.mark.parametrize("rule", rules().query("used_by == 'check'").index)
def test_no_vietnamese_sentence_has_an_english_key(rule):
    day = pd.Timestamp("2025-01-31")
    parts = dict.fromkeys(re.findall(r"\{(\w+)", rules().at[rule, "message_vi"]), "Xã Một")
    formats = re.findall(r"\{(\w+):\+?(\w+)\}", rules().at[rule, "message_vi"])
    samples = {
        "n": 5,
        "date": day,
        "p1": 0.5,
        "d3": 1.5,
        "table": "cards",
        "columns": "status",
        "group": "poor",
        "first": "B «Xã»",
    }
    parts |= {name: samples.get(spec, "people") for name, spec in formats}
    parts |= {"file": "so_lieu.xlsx [Thẻ]", "row": 5, "column": "area, as_of, group", "table_key": "cards"}
    if rule == "bad_choice":
        parts["expected"] = Choices("status", ("published",), ("published", "census"))
    elif "expected" not in dict(formats):
        parts["expected"] = Term("expect.target_date")
    sentence = finding_message(Finding(rule).with_parts(**parts), "vi").replace("so_lieu.xlsx", "")
    assert re.findall(rf"\b(?:{ENGLISH})\b", sentence) == []


def test_a_misspelt_group_gives_the_nearest_names(tmp_path):
    cards = [FULL, *([*row[:2], "Hộ cận ngheo lắm", *row[3:]] for row in CARDS[1:2])]
    message = bhyt.check(write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": cards})))["message"].iloc[0]
    assert "Người thuộc hộ cận nghèo" in message
    assert "near_poor" not in message


# --- Choices in free text ---


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [
        ("scope", "all", ["Tất cả", "toàn dân", "Toàn bộ dân số", "DÂN SỐ", "Mọi người", "Chung", "toàn tỉnh"]),
        ("scope", "near_poor", ["Cận nghèo", "Hộ cận nghèo", "CN"]),
        ("status", "published", ["Chính thức", "Thực tế", "Công bố"]),
        ("status", "estimated", ["Ước", "ước tính", "Sơ bộ", "Dự kiến"]),
        ("status", "synthetic", ["Giả lập", "Giả định"]),
        ("zone", "III", ["KV III", "khu vực 3", "3", 3.0, "vùng III", "Xã khu vực III"]),
        ("zone", "none", ["Không", "Ngoài danh sách"]),
        ("relation", ">=", ["≥", ">= ", "tối thiểu", "không thấp hơn", "Ít nhất"]),
        ("relation", ">", ["trên", ">", "vượt"]),
        ("relation", "=", ["đạt", "bằng"]),
        ("unit", "people", ["người", "nhân khẩu"]),
        ("figure_unit", "percent", ["%", "phần trăm", "percent"]),
        ("figure_relation", "about", ["khoảng", "gần"]),
        ("report_kind", "monthly", ["hằng tháng", "hàng tháng", "Tháng"]),
        ("report_kind", "quarterly", ["quý", "Hằng quý"]),
        ("target_area", "each", ["Từng đơn vị", "each", "mỗi xã"]),
    ],
)
def test_what_offices_write_for_a_choice_is_understood(kind, key, words):
    assert [CONVERTERS[kind][0](word, CellOptions()) for word in words] == [key] * len(words)


@pytest.mark.parametrize(
    "kind", ["scope", "status", "zone", "relation", "unit", "figure_unit", "report_kind", "listed"]
)
def test_another_text_is_no_choice(kind):
    with pytest.raises(ValueError):
        CONVERTERS[kind][0]("Nhóm ưu tiên số 7", CellOptions())


def test_every_synonym_is_of_a_choice_and_of_one_only():
    rows = pd.read_csv(ROOT / "bhyt_analysis" / "domain" / "choices.csv", dtype=str, keep_default_na=False)
    for row in rows.itertuples():
        assert CONVERTERS[row.type][0](row.word, CellOptions()) == row.key
        assert row.key in choice_words(row.type).values()


def test_a_scope_that_is_not_understood_is_an_error_with_the_choices(tmp_path):
    targets = [
        ["Mã đơn vị", "Phạm vi", "Thời điểm", "Quan hệ", "Chỉ tiêu", "Văn bản", "Thuộc đơn vị", "Cấp"],
        ["T9", "Nhóm ưu tiên", "31/12/2026", "đạt", "95%", "KH", None, None],
    ]
    path = write_xlsx(tmp_path / "a.xlsx", office(**{"Chỉ tiêu": targets}))
    message = bhyt.check(path)["message"].iloc[0]
    assert '"Nhóm ưu tiên" không có trong danh mục' in message
    assert "Toàn dân / Người dân tộc thiểu số" in message
    targets[1][1] = "Toàn bộ dân số"
    data = bhyt.load(write_xlsx(tmp_path / "b.xlsx", office(**{"Chỉ tiêu": targets})))
    assert data.targets[["scope", "relation"]].to_numpy().tolist() == [["all", "="]]


# --- What was read ---


def test_the_command_ends_with_what_was_read(tmp_path, capsys):
    path = write_xlsx(tmp_path / "a.xlsx", office())
    assert main(["check", str(path)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.split("\n\n")[1].splitlines()]
    assert lines[:4] == [
        "Đã đọc được:",
        "Các bảng Đơn vị 4 dòng; Dân số 3 dòng; Số thẻ 6 dòng",
        "Đơn vị 3 xã thuộc huyện Khe Sâu",
        "Ngày số liệu 30/06/2021",
    ]
    assert lines[4].startswith("Nhóm 2 nhóm: ")
    # 5120 + 4230 + 8000 people, 3000 + 2100 + 5530 cards: 61.27%
    assert lines[5:] == ["Dân số 17.350 người (30/06/2021)", "Số thẻ 10.630 thẻ ngày 30/06/2021", "Tỷ lệ bao phủ 61,3%"]


def test_an_input_with_errors_ends_with_what_could_be_read(tmp_path, capsys):
    cards = [FULL, *CARDS[1:], ["T901", "ngày nào", "HN", 5, "Công bố", "BHXH"]]
    path = write_xlsx(tmp_path / "a.xlsx", office(**{"Số thẻ": cards}))
    assert main(["check", str(path)]) == 1
    text = capsys.readouterr().out
    assert "3 đơn vị: Xã Kiên Lao, Xã Phì Điền, Thị trấn Chũ" in text
    assert "10.630 thẻ ngày 30/06/2021, cộng mọi dòng đã đọc được" in text
    assert main(["check", str(path), "--json"]) == 1
    assert "Đã đọc" not in capsys.readouterr().out


def test_a_closed_pipe_is_no_traceback(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", office())
    code = f"from bhyt_analysis.cli import main; raise SystemExit(main(['check', {str(path)!r}, '--lang', 'en']))"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
