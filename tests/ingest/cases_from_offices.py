"""Badly made files as offices make them, each with its true figures or with the need to ask.

A case is one line of a table: its name, what must happen, how the file is built, and the figures that it means.
``read`` must load with exactly these figures, ``ask`` must be an error, ``either`` may be both.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from .offices import AREAS, CARDS, PEOPLE, as_text, office

JUNE, DECEMBER, OLD_DAY = dt.date(2021, 6, 30), dt.date(2025, 12, 31), dt.date(2023, 12, 31)
S = ["Công bố", "BHXH"]
NAMES, CODES = ["Kiên Lao", "Phì Điền", "Chũ"], ["T901", "T902", "T903"]
FIGURES = ((1000, 2000), (1300, 800), (30, 5500))
Day = dt.date
Counts = Mapping[tuple[str, str, Day], int]
Build = Callable[[Path], Path]


def truth(figures=FIGURES, groups=("poor", "household"), codes=CODES, day=JUNE) -> dict:
    """Return the cards by commune, group and day, of rows of figures; None has no figure."""
    rows = zip(codes, figures, strict=True)
    return {(c, g, day): n for c, row in rows for g, n in zip(groups, row, strict=True) if n is not None}


TRUE = truth()


@dataclass(frozen=True)
class Case:
    """One file: its kind, what must happen (read, ask, either), and the figures that it means.

    ``people`` and ``rates`` are compared where they are given; ``upper`` has the units above the communes, whose rows
    may only be sums; ``private`` are texts that no message may contain; ``blank`` says that a blank may be read as 0;
    ``noted`` that a finding must mention what was not used, ``most`` how many lines the report may have;
    ``also`` are figures that may be there too, ``reasons`` rules of `CONSEQUENCES` that are the cause in this case.
    """

    name: str
    must: str
    build: Build
    cards: Counts | None = field(default_factory=lambda: TRUE)
    people: Mapping[tuple[str, Day], int] | None = None
    rates: Mapping[tuple[str, Day], float] | None = None
    upper: Mapping[str, list[str]] = field(default_factory=lambda: {"T9": CODES})
    private: tuple[str, ...] = ()
    blank: bool = False
    noted: bool = False
    most: int = 4
    also: Counts = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    kind: str = ""


def book(sheets, merged=(), then=None, name="so_lieu.xlsx") -> Build:
    """Return a builder of a workbook; ``merged`` has (sheet, range), ``then`` changes it before it is saved."""

    def build(folder: Path) -> Path:
        work = openpyxl.Workbook()
        work.remove(work.active)
        for title, rows in sheets.items():
            sheet = work.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
        for title, cells in merged:
            work[title].merge_cells(cells)
        if then:
            then(work)
        work.save(folder / name)
        return folder / name

    return build


def files(**contents) -> Build:
    """Return a builder of a folder of files; __ in a name is a full stop, _in_ a sub-folder."""

    def build(folder: Path) -> Path:
        for name, content in contents.items():
            path = folder / "vao" / name.replace("_in_", "/").replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return folder / "vao"

    return build


def one_file(name, content) -> Build:
    """Return a builder of one file with its bytes or text."""

    def build(folder: Path) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return folder / name

    return build


def own(rows, merged=(), then=None, sheet="Số thẻ", **more) -> Build:
    """Return a builder of the invented district with its cards written another way."""
    sheets = office(**more)
    del sheets["Số thẻ"]
    return book({**sheets, sheet: rows}, [(sheet, m) for m in merged], then)


def wide(heads, figures=FIGURES, day=JUNE, names=NAMES):
    """Return a table with a column for each group."""
    top = ["Xã", "Ngày số liệu", *heads, "Tình trạng số liệu", "Nguồn"]
    return [top, *([n, day, *f, *S] for n, f in zip(names, figures, strict=True))]


def dayless(heads=("Hộ nghèo", "Hộ gia đình"), figures=FIGURES, names=NAMES):
    """Return a table with a column for each group and no column of days."""
    top = ["STT", "Xã", *heads, "Tình trạng số liệu", "Nguồn"]
    return [top, *([i, n, *f, *S] for i, (n, f) in enumerate(zip(names, figures, strict=True), 1))]


def two_rows(upper, lower, figures):
    """Return a wide table with two rows of headings, and the ranges to merge outside the groups."""
    width = len(upper)
    rows = [["Xã", "Ngày số liệu", *upper, *["Tình trạng số liệu", "Nguồn"]], [None, None, *lower, None, None]]
    rows += [[n, JUNE, *f, *S] for n, f in zip(NAMES, figures, strict=True)]
    last = [openpyxl.utils.get_column_letter(width + 3 + i) for i in (0, 1)]
    return rows, ["A1:A2", "B1:B2", *(f"{c}1:{c}2" for c in last)]


def headed(upper, lower, figures, *groups) -> Build:
    rows, merged = two_rows(upper, lower, figures)
    return own(rows, [*merged, *groups])


def each(extra, figures=FIGURES):
    """Return the figures with what ``extra`` makes of each row."""
    return tuple((*f, extra(*f)) for f in figures)


def sums(figures=FIGURES):
    return tuple(map(sum, zip(*figures, strict=True)))


def changed(rows, **cells):
    """Return rows with single cells changed; «r2c3» is the third cell of the second row."""
    rows = [list(r) for r in rows]
    for place, value in cells.items():
        row, column = map(int, place[1:].split("c"))
        rows[row - 1] += [None] * (column - len(rows[row - 1]))
        rows[row - 1][column - 1] = value
    return rows


def formatted(column, style, sheets=("Số thẻ",), last=20):
    """Return a change of the workbook that gives the cells of a column a number format."""

    def then(work):
        for sheet in sheets:
            for row in range(2, last):
                work[sheet][f"{column}{row}"].number_format = style

    return then


def hide_columns(sheet, *columns):
    return lambda work: [setattr(work[sheet].column_dimensions[c], "hidden", True) for c in columns]


def hide_rows(sheet, *rows):
    return lambda work: [setattr(work[sheet].row_dimensions[r], "hidden", True) for r in rows]


def people_of(rows) -> Build:
    return book(office(**{"Dân số": rows}))


def column_of(rows, name, *cells, heading=None):
    """Return rows with another heading and other cells in a column."""
    position = rows[0].index(name)
    out = [list(r) for r in rows]
    out[0][position] = heading or name
    for row, cell in zip(out[1:], cells, strict=False):
        row[position] = cell
    return out


PEOPLE_TRUE = {("T901", JUNE): 5120, ("T902", JUNE): 4230, ("T903", JUNE): 8000}
CASES: dict[str, list[Case]] = {}

# --- The unit of a heading ---

HEADS_OF_TWO = ["Hộ nghèo", "Hộ gia đình"]
SHARES = ((91, 85), (93, 80), (91, 70))
CASES["unit of a heading"] = [
    Case("number of households", "ask", own(wide(["Hộ nghèo (số hộ)", "Hộ gia đình (số hộ)"], SHARES))),
    Case("a rate after a dash", "ask", own(wide(["Hộ nghèo - tỷ lệ (%)", "Hộ gia đình - tỷ lệ (%)"], SHARES))),
    Case("a rate without brackets", "ask", own(wide(["Tỷ lệ hộ nghèo", "Tỷ lệ hộ gia đình"], SHARES))),
    Case("percent after a comma", "ask", own(wide(["Hộ nghèo, %", "Hộ gia đình, %"], SHARES))),
    Case("money", "ask", own(wide(["Hộ nghèo (triệu đồng)", "Hộ gia đình (triệu đồng)"], SHARES))),
    Case("money abbreviated", "ask", own(wide(["Hộ nghèo (tr.đ)", "Hộ gia đình (tr.đ)"], SHARES))),
    Case("not yet issued", "ask", own(wide(["Hộ nghèo (chưa cấp thẻ)", "Hộ gia đình (chưa tham gia)"]))),
    Case("a plan", "ask", own(wide(["Hộ nghèo (KH năm 2021)", "Hộ gia đình (KH năm 2021)"]))),
    Case("a plan in square brackets", "ask", own(wide(["Hộ nghèo [chỉ tiêu giao]", "Hộ gia đình [chỉ tiêu giao]"]))),
    Case("a plan on a second line", "ask", own(wide(["Hộ nghèo\nkế hoạch", "Hộ gia đình\nkế hoạch"]))),
    Case("the change", "ask", own(wide(["Hộ nghèo (tăng so với T5)", "Hộ gia đình (+/-)"]))),
    Case("new in the month", "ask", own(wide(["Hộ nghèo (cấp mới)", "Hộ gia đình (phát sinh)"]))),
    Case("one of two in households", "ask", own(wide(["Hộ nghèo (hộ)", "Hộ gia đình"]))),
    Case("expired cards", "ask", own(wide(["Hộ nghèo (hết hạn)", "Hộ gia đình (hết hạn)"]))),
    Case("turns", "ask", own(wide(["Hộ nghèo (lượt KCB)", "Hộ gia đình (lượt KCB)"]))),
    Case("people", "read", own(wide(["Hộ nghèo (người)", "Hộ gia đình (người)"]))),
    Case("cards", "read", own(wide(["Hộ nghèo (thẻ)", "Hộ gia đình (số thẻ)"]))),
    Case("letters of the card", "read", own(wide(["Hộ nghèo (HN)", "Hộ gia đình (GD)"]))),
    Case("households in the population", "ask", people_of(column_of(PEOPLE, "Dân số", heading="Dân số (hộ)"))),
    Case("minority in percent", "ask", people_of(column_of(PEOPLE, "Số hộ", 85, 90, 20, heading="DTTS (tỷ lệ %)"))),
    Case("minority households", "ask", people_of(column_of(PEOPLE, "Số hộ", heading="Dân tộc thiểu số (hộ)"))),
    Case("cards that fell", "ask", own(column_of(CARDS, "Số thẻ", heading="Số thẻ (giảm)"))),
    Case("cards in percent", "ask", own(column_of(CARDS, "Số thẻ", 20, 40, 30, 19, 1, 69, heading="Số thẻ (%)"))),
    Case("cards to be issued", "ask", own(column_of(CARDS, "Số thẻ", heading="Số thẻ (cần cấp)"))),
]

# --- Headings of two groups, of a part of a group, of those outside it ---

TWO_GROUPS = [
    "Hộ nghèo, cận nghèo",
    "Hộ nghèo và cận nghèo",
    "Hộ nghèo + HSSV",
    "Hộ nghèo/Cận nghèo",
    "Trẻ em và học sinh",
]
OUTSIDE = [
    "Ngoài hộ nghèo",
    "Không thuộc hộ nghèo",
    "Hộ mới thoát nghèo",
    "Hộ nghèo không có thẻ",
    "Hộ nghèo chưa tham gia",
]
PARTS = ["Hộ nghèo: nữ", "Hộ nghèo là DTTS", "Nữ thuộc hộ nghèo", "Hộ nghèo - trong đó nữ", "Hộ nghèo từ 80 tuổi"]
OTHER_COUNTS = [
    "Số hộ nghèo",
    "Tổng số hộ nghèo",
    "Số hộ gia đình có hộ nghèo",
    "Hộ nghèo thiếu hụt BHYT",
    "Hộ nghèo giảm",
]
OTHER_COUNTS += [
    "Hộ nghèo đề nghị cấp",
    "Hộ nghèo bình quân",
    "Hộ nghèo năm trước",
    "Hộ nghèo lũy kế",
    "Hộ nghèo đầu năm",
]
SAME_COUNTS = [
    "Số thẻ hộ nghèo",
    "Thẻ hộ nghèo",
    "Số người thuộc hộ nghèo",
    "Đối tượng hộ nghèo",
    "1. Hộ nghèo",
    "- Hộ nghèo",
]
SAME_COUNTS += ["Hộ nghèo (Mã HN)", "HN - Hộ nghèo", "a) Hộ nghèo", "Người thuộc hộ gia đình nghèo"]
CASES["headings near to a group"] = [
    *(Case(h, "ask", own(wide([h, "Hộ gia đình"]))) for h in TWO_GROUPS + OUTSIDE + PARTS + OTHER_COUNTS),
    *(Case(h, "either", own(wide([h, "Hộ gia đình"]))) for h in SAME_COUNTS),
]

OTHER_PEOPLE = [
    "Dân số từ 15 tuổi",
    "Dân số nữ",
    "Dân số thành thị",
    "Dân số tham gia BHYT",
    "Dân số chưa có thẻ",
    "Dân số dự kiến",
]
OTHER_PEOPLE += [
    "Mật độ dân số",
    "Dân số (nghìn người)",
    "Dân số tạm trú",
    "Tăng dân số",
    "Dân số năm trước",
    "Số hộ dân",
]
OTHER_CARDS = [
    "Số thẻ cấp mới",
    "Số thẻ hết hạn",
    "Số thẻ thu hồi",
    "Số thẻ đề nghị cấp",
    "Số thẻ tăng",
    "Số thẻ kế hoạch",
]
OTHER_CARDS += [
    "Số thẻ tháng trước",
    "Số thẻ lỗi",
    "Số thẻ chưa trả",
    "Số người chưa tham gia",
    "Số thẻ bình quân",
    "Số thẻ lũy kế",
]
CASES["headings near to people and cards"] = [
    *(Case(h, "ask", people_of(column_of(PEOPLE, "Dân số", heading=h))) for h in OTHER_PEOPLE),
    *(Case(h, "ask", own(column_of(CARDS, "Số thẻ", heading=h))) for h in OTHER_CARDS),
    *(
        Case(h, "either", own(column_of(CARDS, "Số thẻ", heading=h)))
        for h in ("Tổng số thẻ", "Số lượng thẻ", "Thẻ BHYT")
    ),
]

# --- Columns beside the groups ---

LIKE_GROUPS = [
    "Còn lại",
    "Hộ mới thoát nghèo",
    "Mới thoát nghèo",
    "Người mới thoát nghèo",
    "Diện mới bổ sung",
    "Đóng đủ 5 năm",
]
LIKE_GROUPS += [
    "Giảm nghèo",
    "Số hộ nghèo đa chiều",
    "Không có lương hưu",
    "Tự đóng",
    "Thu nhập thấp",
    "Hộ kinh doanh",
    "NSNN",
]
MEASURES = [
    "KH",
    "Tỷ lệ (%)",
    "So sánh",
    "Số hộ",
    "Tăng mới",
    "Lũy kế",
    "Chưa tham gia",
    "Số tiền",
    "Lượt KCB",
    "Xếp hạng",
]
CASES["columns beside the groups"] = [
    *(Case(h, "ask", own(wide([*HEADS_OF_TWO, h], each(lambda a, b: 77)))) for h in LIKE_GROUPS),
    *(
        Case(f"{h} first", "ask", own(wide([h, *HEADS_OF_TWO], tuple((77, *f) for f in FIGURES))))
        for h in LIKE_GROUPS[:4]
    ),
    *(Case(h, "either", own(wide([*HEADS_OF_TWO, h], each(lambda a, b: 77))), noted=True) for h in MEASURES),
]

# --- Figures as people write them ---

MARKED = ["1000¹", "1000²", "1000(1)", "1000*", "1000 (1)", "1e3", "1,0E+03", "1000 thẻ", "1.000,0", "1,000.0", "1'000"]
MARKED += ["1.000", "1,000", "1 000", "1\u202f000", "'1000", "1000.", "1000,0", "+1000", "1000 người"]
NO_FIGURES = [
    "(1000)",
    "-1000",
    "1000-",
    "1000 (tăng 20)",
    "1000/1200",
    "900-1000",
    "~1000",
    "1O00",
    "l000",
    "1000\n2000",
]
NO_FIGURES += ["1.0.00", "1000+20", "hơn 1000", "1000,5", "½", "1000%", "TRUE", "30/6/2021", "1000 2000"]
CASES["figures as people write them"] = [
    *(Case(repr(t), "either", own(changed(wide(HEADS_OF_TWO), r2c3=t))) for t in MARKED),
    *(Case(repr(t), "ask", own(changed(wide(HEADS_OF_TWO), r2c3=t))) for t in NO_FIGURES),
    Case("a day in place of a figure", "ask", own(changed(wide(HEADS_OF_TWO), r2c3=JUNE))),
    Case("a percent cell in place of a figure", "ask", own(changed(wide(HEADS_OF_TWO), r2c3=0.5))),
    Case("true in place of a figure", "ask", own(changed(wide(HEADS_OF_TWO), r2c3=True))),
]

# --- Headings over several rows ---

PAIRS = ((250, 1000, 500, 2000), (325, 1300, 200, 800), (8, 30, 1375, 5500))
STATE = ((700, 200, 100, 2000), (900, 250, 150, 800), (20, 5, 5, 5500))
STATE_TRUE = truth(STATE, ("poor", "child_under_6", "social_assistance", "household"))
HN, GD, NS = ["Hộ nghèo", None], ["Hộ gia đình", None], ["Ngân sách nhà nước đóng", None, None]
THREE_ROWS = [
    ["STT", "Xã", "Số người tham gia BHYT", None, None, None, "Ngày số liệu"],
    [None, None, "NSNN đóng", None, None, "Tự đóng", None],
    [None, None, "Hộ nghèo", "Trẻ em dưới 6 tuổi", "BTXH", "Hộ gia đình", None],
    *([i, n, *f, JUNE] for i, (n, f) in enumerate(zip(NAMES, STATE, strict=True), 1)),
]
STATE_HEADS = ["Hộ nghèo", "Trẻ em dưới 6 tuổi", "BTXH", None]


def one_of_two(first, second, true_place=1):
    """Return a case of two lower headings under one group only; ``true_place`` is the place of the true figures."""
    lower = tuple((a, 37 + i) if true_place == 0 else (37 + i, a) for i, (a, _) in enumerate(FIGURES))
    figures = tuple((*a, b) for a, (_, b) in zip(lower, FIGURES, strict=True))
    build = headed(["Hộ nghèo", None, "Hộ gia đình"], [first, second, None], figures, "C1:D1", "E1:E2")
    return Case(f"{first} and {second} under one group", "either", build)


CASES["several rows of headings"] = [
    one_of_two("Số hộ", "Số thẻ"),
    one_of_two("Số hộ", "Số người"),
    one_of_two("Số thẻ", "Tỷ lệ %", 0),
    one_of_two("Hộ", "Khẩu có thẻ"),
    one_of_two("Kế hoạch", "Thực hiện"),
    one_of_two("Tổng số người", "Trong đó: có thẻ"),
    one_of_two("Số người", "Số thẻ"),
    one_of_two("Chưa cấp", "Đã cấp"),
    one_of_two("SL", "Tỷ lệ", 0),
    Case("households and people", "either", headed(HN + GD, ["Số hộ", "Số người"] * 2, PAIRS, "C1:D1", "E1:F1")),
    Case(
        "people and a rate",
        "either",
        headed(HN + GD, ["Số người", "Tỷ lệ %"] * 2, tuple((a, 10, b, 20) for a, b in FIGURES), "C1:D1", "E1:F1"),
    ),
    Case(
        "a plan and what was reached", "either", headed(HN + GD, ["Kế hoạch", "Thực hiện"] * 2, PAIRS, "C1:D1", "E1:F1")
    ),
    Case("only what is wanted", "ask", headed(["Hộ nghèo", "Hộ gia đình"], ["Kế hoạch", "Kế hoạch"], FIGURES)),
    Case("only households", "ask", headed(["Hộ nghèo", "Hộ gia đình"], ["Số hộ", "Số hộ"], FIGURES)),
    Case("only the change", "ask", headed(["Hộ nghèo", "Hộ gia đình"], ["Tăng", "Giảm"], FIGURES)),
    Case("only letters that nobody knows", "ask", headed(["Hộ nghèo", "Hộ gia đình"], ["SLK", "SLK"], FIGURES)),
    Case("start and end of the month", "either", headed(HN + GD, ["Đầu kỳ", "Cuối kỳ"] * 2, PAIRS, "C1:D1", "E1:F1")),
    Case(
        "this year and the year before",
        "either",
        headed(HN + GD, ["30/6/2020", "30/6/2021"] * 2, PAIRS, "C1:D1", "E1:F1"),
        {**TRUE, **truth(tuple((a, c) for a, _, c, _ in PAIRS), day=dt.date(2020, 6, 30))},
    ),
    Case(
        "men and women",
        "either",
        headed(HN + GD, ["Nam", "Nữ"] * 2, PAIRS, "C1:D1", "E1:F1"),
        truth(tuple((a + b, c + d) for a, b, c, d in PAIRS)),
    ),
    Case(
        "groups under who pays", "read", headed([*NS, "Hộ gia đình"], STATE_HEADS, STATE, "C1:E1", "F1:F2"), STATE_TRUE
    ),
    Case("groups under who pays, not merged", "either", headed([*NS, "Hộ gia đình"], STATE_HEADS, STATE), STATE_TRUE),
    Case(
        "a lower heading that nobody knows",
        "ask",
        headed([*NS, "Hộ gia đình"], ["Hộ nghèo", "Diện 139", "BTXH", None], STATE, "C1:E1", "F1:F2"),
    ),
    Case(
        "two groups in one lower heading",
        "ask",
        headed(
            [*NS, "Hộ gia đình"], ["Hộ nghèo | BTXH", "Trẻ em dưới 6 tuổi", "Diện khác", None], STATE, "C1:E1", "F1:F2"
        ),
    ),
    Case(
        "a sum under who pays",
        "either",
        headed(
            ["Ngân sách nhà nước đóng", None, None, "Hộ gia đình"],
            ["Hộ nghèo", "BTXH", "Cộng", None],
            tuple((a + b, c, a + b + c, d) for a, b, c, d in STATE),
            "C1:E1",
            "F1:F2",
        ),
        truth(tuple((a + b, c, d) for a, b, c, d in STATE), ("poor", "social_assistance", "household")),
        also=truth(tuple((a + b + c,) for a, b, c, _ in STATE), ("state_paid",)),
    ),
    Case("three rows", "read", own(THREE_ROWS, ["A1:A3", "B1:B3", "C1:F1", "C2:E2", "G1:G3"]), STATE_TRUE),
    Case("three rows, not merged", "either", own(THREE_ROWS), STATE_TRUE),
    Case(
        "a total over the groups",
        "read",
        headed(["Số thẻ BHYT", None, None], ["Hộ nghèo", "Hộ gia đình", "Cộng"], each(lambda a, b: a + b), "C1:E1"),
    ),
    Case(
        "cards and money",
        "either",
        headed(HN + GD, ["Số thẻ", "Số tiền"] * 2, tuple((a, a * 4, b, b * 5) for a, b in FIGURES), "C1:D1", "E1:F1"),
    ),
    Case(
        "cards and the cards still missing",
        "either",
        headed(HN + GD, ["Đã có thẻ", "Chưa có thẻ"] * 2, tuple((a, 17, b, 18) for a, b in FIGURES), "C1:D1", "E1:F1"),
    ),
]

# --- Totals ---

ADDED = each(lambda a, b: a + b)


def total_column(heading, must="read", figures=ADDED):
    return Case(f"column {heading}", must, own(wide(["Hộ nghèo", "Hộ gia đình", heading], figures)))


def total_row(name, must="read", figures=None):
    row = [name, None, *(figures or sums())]
    return Case(f"row {name}", must, own([*wide(["Hộ nghèo", "Hộ gia đình"]), row]))


ZONES = [
    wide(["Hộ nghèo", "Hộ gia đình"])[0],
    ["Khu vực III", None, 2300, 2800],
    *wide(["Hộ nghèo", "Hộ gia đình"])[1:3],
    ["Khu vực I", None, 30, 5500],
    wide(["Hộ nghèo", "Hộ gia đình"])[3],
    ["Toàn huyện", None, *sums()],
]
CASES["totals"] = [
    *map(total_column, ["T.S", "Σ", "∑", "Tổng số người tham gia", "Tổng số thẻ BHYT", "TỔNG CỘNG (3+4)"]),
    *map(total_column, ["Cộng = (3)+(4)", "Cộng chung", "T.Cộng", "Toàn xã", "Tổng các nhóm", "Tổng số (người)"]),
    total_column("Cột 5", "either"),
    total_column("Chung", "either"),
    total_column("Lũy kế", "either", each(lambda a, b: a + b + 77)),
    total_column("TS", "ask", each(lambda a, b: a + b + 77)),
    total_column("Tổng cộng", "ask", each(lambda a, b: a + b - 1)),
    *map(total_row, ["TC", "TS", "T.Cộng", "∑", "Cộng toàn huyện:", "TỔNG CỘNG TOÀN HUYỆN", "Tổng cộng (A+B)"]),
    *map(total_row, ["Cộng = I+II", "Tổng số toàn huyện", "Huyện Khe Sâu", "Tổng 3 xã", "Cả huyện"]),
    total_row("", "either"),
    total_row("Chung", "either"),
    total_row("Lũy kế từ đầu năm", "either", (9999, 88888)),
    total_row("T.Cộng", "ask", (2331, 8300)),
    total_row("Cả huyện", "ask", (2331, 8300)),
    Case("zones and their sums", "read", own(ZONES)),
    Case(
        "zones with Roman numerals and sums",
        "read",
        own(
            [
                ZONES[0],
                ["I. Cộng khu vực III", *ZONES[1][1:]],
                *ZONES[2:4],
                ["II. Cộng khu vực I", *ZONES[4][1:]],
                ZONES[5],
                ["Cộng = I + II", *ZONES[6][1:]],
            ]
        ),
    ),
    Case(
        "a sum after each part",
        "read",
        own(
            [*ZONES[:1], *ZONES[2:4], ["Cộng KV III", *ZONES[1][1:]], ZONES[5], ["Cộng KV I", *ZONES[4][1:]], ZONES[6]]
        ),
    ),
    Case("a wrong sum of a zone", "ask", own(changed(ZONES, r2c3=2301))),
    Case("totals of the long form", "either", own([*CARDS, ["T9", JUNE, "Tổng cộng", 10630, *S]])),
    Case(
        "a total of each commune in the long form",
        "either",
        own([*CARDS, *([c, JUNE, "Tổng số", sum(f), *S] for c, f in zip(CODES, FIGURES, strict=True))]),
    ),
]

# --- Rows that are no commune and no sum ---


def another_row(name, must="ask", figures=(40, 60), total=True):
    """Return a case of a row of cards outside the communes, with a total that has them."""
    rows = [*wide(HEADS_OF_TWO), [name, JUNE, *figures, *S]]
    added = [a + b for a, b in zip(sums(), figures, strict=True)]
    return Case(f"row {name}", must, own([*rows, *([["Tổng cộng", None, *added]] if total else [])]))


JULY_END = dt.date(2021, 7, 31)
JULY_FIGURES = tuple((a + 5, b + 7) for a, b in FIGURES)
BESIDE = [[*a[1:4], None, *b[1:4]] for a, b in zip(dayless(), dayless(figures=JULY_FIGURES), strict=True)]
CASES["rows that are no commune"] = [
    *map(
        another_row, ["Khác", "Chưa rõ địa chỉ", "Ngoài huyện", "Lực lượng vũ trang", "BHXH huyện quản lý", "Xã khác"]
    ),
    *map(another_row, ["Các đơn vị trực thuộc", "Trường THPT số 1", "Không xác định", "Doanh nghiệp", "Huyện quản lý"]),
    another_row("", total=False),
    another_row("Khác", total=False),
    another_row("Khu vực III", total=False),
    another_row("Cộng", total=False),
    another_row("Tổng số hộ", total=False),
    another_row("Thị trấn", total=False),
    another_row("Bình quân", "either", (777, 2767), total=False),
    another_row("Cao nhất", "either", (1300, 5500), total=False),
    another_row("Tỷ lệ (%)", "either", (22, 78), total=False),
    another_row("So với tháng trước", "either", (12, -8), total=False),
    another_row("Chỉ tiêu giao", "either", (2500, 9000), total=False),
    another_row("Trong đó: nữ", "either", (1100, 4100), total=False),
    Case("two tables beside each other", "either", own([["Tháng 6/2021", None, None, None, "Tháng 7/2021"], *BESIDE])),
    Case(
        "two months below each other",
        "either",
        own([["Tháng 6/2021"], *dayless(), [], ["Tháng 7/2021"], *dayless(figures=JULY_FIGURES)]),
        TRUE | truth(JULY_FIGURES, day=JULY_END),
    ),
    Case(
        "groups as rows and communes as columns",
        "either",
        own([["Tháng 6/2021"], ["Nhóm", *NAMES], ["Hộ nghèo", 1000, 1300, 30], ["Hộ gia đình", 2000, 800, 5500]]),
    ),
    Case(
        "a line of the month in the table",
        "either",
        own([wide(HEADS_OF_TWO)[0], ["Tháng 6/2021"], *wide(HEADS_OF_TWO)[1:]]),
    ),
]

# --- Thousands and millions ---

HEADS = ["Hộ nghèo", "Hộ gia đình"]
CASES["scale"] = [
    Case("unit in a title", "ask", own([["Đơn vị: nghìn thẻ"], *wide(HEADS)])),
    Case("unit at the right", "ask", own([[None, None, None, None, "ĐVT: 1.000 thẻ"], *wide(HEADS)])),
    Case("unit abbreviated with stops", "ask", own([["Đ.V.T: ngàn người"], *wide(HEADS)])),
    Case("unit without a label", "ask", own([["(nghìn người)"], *wide(HEADS)])),
    Case("name of the sheet", "ask", own(wide(HEADS), sheet="Số thẻ (nghìn)")),
    Case("second line of the heading", "ask", own(wide(["Hộ nghèo\n(nghìn thẻ)", "Hộ gia đình\n(nghìn thẻ)"]))),
    Case("second line without brackets", "ask", own(wide(["Hộ nghèo\nnghìn thẻ", "Hộ gia đình\nnghìn thẻ"]))),
    Case("a note below", "ask", own([*wide(HEADS), [], ["Ghi chú: số liệu tính bằng nghìn thẻ"]])),
    Case("a row of units", "ask", own([wide(HEADS)[0], [None, None, "nghìn thẻ", "nghìn thẻ"], *wide(HEADS)[1:]])),
    Case("times a thousand", "ask", own(wide(["Hộ nghèo (x1000)", "Hộ gia đình (x1000)"]))),
    Case("thousands in English", "ask", own(wide(["Poor households, thousands", "Household members ('000)"]))),
    Case("a title of its own unit", "ask", own([["SỐ THẺ BHYT (Đơn vị tính: Nghìn thẻ)"], *wide(HEADS)])),
    Case("thousands of people", "ask", people_of([["Đơn vị tính: nghìn người"], *PEOPLE])),
    Case("millions under the population", "ask", people_of([*PEOPLE, [], ["Đơn vị: triệu người"]])),
    Case("cards themselves", "read", own([["Đơn vị tính: thẻ"], *wide(HEADS)])),
    Case("people themselves", "read", own([[None, None, None, "ĐVT: người"], *wide(HEADS)])),
    Case("a row of units without scale", "read", own([wide(HEADS)[0], [None, None, "thẻ", "thẻ"], *wide(HEADS)[1:]])),
]

# --- The day of the figures ---

SIGNED = ["", "", "Khe Sâu, ngày 05 tháng 7 năm 2021"]


def under_titles(*lines, below=(), rows=None, sheet="Số thẻ"):
    return own([*([x] if isinstance(x, str) else x for x in lines), *(rows or dayless()), *below], sheet=sheet)


CASES["day"] = [
    Case("a signature below", "read", under_titles("SỐ THẺ BHYT THÁNG 6/2021", below=[[], SIGNED, ["Người lập"]])),
    Case("a signature above", "read", under_titles(SIGNED, "Tháng 06 năm 2021")),
    Case("printed on", "read", under_titles("Ngày in 05/07/2021", "BÁO CÁO THÁNG 06 NĂM 2021")),
    Case("signed on", "read", under_titles("Tháng 6 năm 2021", "Ngày ký: 02/7/2021")),
    Case("made on", "read", under_titles("Kỳ báo cáo: 06/2021", "Ngày lập: 05/7/2021")),
    Case("a paper's number and day", "read", under_titles("Số: 123/BC-BHXH ngày 03/7/2021", "Tính đến 30/6/2021")),
    Case("until the end of a month", "read", under_titles("(Đến hết tháng 06 năm 2021)", "Ngày xuất: 08/7/2021 09:15")),
    Case("name of the sheet", "either", under_titles(SIGNED, sheet="Số thẻ T6.2021")),
    Case("name of the sheet alone", "either", under_titles(sheet="Số thẻ 06-2021")),
    Case("a quarter", "either", under_titles("BÁO CÁO QUÝ II NĂM 2021", SIGNED)),
    Case("half a year", "either", under_titles("SỐ THẺ 6 THÁNG ĐẦU NĂM 2021", "Ngày 12/7/2021")),
    Case("from a day to a day", "either", under_titles("Từ ngày 01/06/2021 đến ngày 30/06/2021")),
    Case("a signature only", "ask", under_titles("BÁO CÁO SỐ THẺ BHYT", SIGNED)),
    Case("a signature below only", "ask", under_titles("BÁO CÁO SỐ THẺ", below=[[], SIGNED, ["GIÁM ĐỐC"]])),
    Case("printed on only", "ask", under_titles("Ngày in: 05/07/2021")),
    Case("two months", "ask", under_titles("So sánh tháng 5/2021 và tháng 6/2021")),
    Case(
        "a decision of another year",
        "either",
        under_titles("Theo Quyết định 861/QĐ-TTg ngày 04/6/2021", "Tháng 6/2021"),
    ),
    Case("a sheet of another month", "either", under_titles("Tháng 6/2021", sheet="Số thẻ T5.2021")),
    Case("brought up to date on", "read", under_titles("Tháng 6/2021", "Cập nhật 05/7/2021")),
    Case("closed at midnight", "either", under_titles("Số liệu chốt đến 24h ngày 30/6/2021", SIGNED)),
    Case(
        "a report of July with figures of June",
        "either",
        under_titles("BÁO CÁO THÁNG 7/2021", "(số liệu đến 30/6/2021)"),
    ),
    Case("from a month to a month", "ask", under_titles("Từ tháng 6 đến tháng 12 năm 2021")),
    Case("a month of months", "either", under_titles("BÁO CÁO 6 THÁNG NĂM 2021")),
    Case("a quarter in short", "either", under_titles("Kỳ: QII.2021")),
    Case("a form's own day", "ask", under_titles("Mẫu số D03-TS ban hành theo QĐ 595 ngày 14/4/2017")),
    Case("a law's day", "either", under_titles("Theo Luật BHYT ngày 14/11/2008", "Tháng 06-2021")),
    Case("a day of receipt", "ask", under_titles("Ngày nhận: 07/7/2021")),
    Case("the day of the report", "ask", under_titles("Ngày báo cáo: 07/7/2021", SIGNED)),
    Case("a year", "either", under_titles("SỐ THẺ BHYT NĂM 2021"), truth(day=dt.date(2021, 12, 31))),
]

# --- Months typed in Excel, other calendars ---

FIRST = dt.date(2021, 6, 1)
MONTH_SHEETS = {"Số thẻ": [[r[0], FIRST, *r[2:]] for r in CARDS[1:]]}


def of_first_days(style, day=FIRST, people=False):
    rows = [CARDS[0], *([r[0], day, *r[2:]] for r in CARDS[1:])]
    then = formatted("B", style, ("Số thẻ", "Dân số") if people else ("Số thẻ",))
    return book(office(**{"Số thẻ": rows}), then=then)


def mac(work):
    work.epoch = CALENDAR_MAC_1904


CASES["months of Excel"] = [
    Case("mm/yyyy", "read", of_first_days("mm/yyyy")),
    Case("mmm-yy", "read", of_first_days("mmm-yy")),
    Case("m-yyyy", "read", of_first_days("m\\-yyyy")),
    Case("yyyy-mm", "read", of_first_days("yyyy\\-mm")),
    Case("mmm-yy of a locale", "read", of_first_days("[$-409]mmm\\-yy;@")),
    Case("with the word for month", "read", of_first_days('"Tháng "m/yyyy')),
    Case(
        "in a title",
        "either",
        own(
            [["Số thẻ tháng", FIRST], *dayless()], then=lambda w: setattr(w["Số thẻ"]["B1"], "number_format", "mm/yyyy")
        ),
    ),
    Case("the first as a day", "either", of_first_days("dd/mm/yyyy"), truth(day=FIRST)),
    Case("1904", "read", book(office(), then=mac)),
    Case(
        "1904 and months",
        "read",
        book(
            office(**{"Số thẻ": [CARDS[0], *MONTH_SHEETS["Số thẻ"]]}),
            then=lambda w: [mac(w), formatted("B", "mm/yyyy")(w)],
        ),
    ),
    Case("a year of the last century", "ask", of_first_days("dd/mm/yyyy", dt.date(1921, 6, 30))),
    Case("a year far off", "ask", of_first_days("dd/mm/yyyy", dt.date(2201, 6, 30))),
    Case("a year of text far off", "ask", own([CARDS[0], *([r[0], "30/06/2210", *r[2:]] for r in CARDS[1:])])),
    Case("two digits of a year", "either", own([CARDS[0], *([r[0], "30/6/21", *r[2:]] for r in CARDS[1:])])),
    Case("month and year as a fraction", "either", own([CARDS[0], *([r[0], "06.2021", *r[2:]] for r in CARDS[1:])])),
]

# --- Columns without a meaning, mixed forms ---

WITH_THIRD = each(lambda a, b: 77)
OTHER = ["Nhóm X", "Khác", "Đối tượng còn lại", "Cột 5", "Diện chính sách", "ABC"]
SHORT = {
    "HGĐ": "household",
    "TE<6": "child_under_6",
    "HSSV": "student",
    "BTXH": "social_assistance",
    "CCB": "war_veteran",
}
SHORT |= {
    "Hưu trí": "pensioner",
    "NLĐ và người SDLĐ đóng": "employer_employee",
    "ĐBKK": "resident_of_especially_difficult_area",
}
CASES["unknown columns"] = [
    *(Case(f"group {h}", "ask", own(wide([*HEADS, h], WITH_THIRD))) for h in OTHER),
    *(Case(f"short {h}", "either", own(wide(["Hộ nghèo", h])), truth(groups=("poor", g))) for h, g in SHORT.items()),
    Case("no heading", "ask", own(wide([*HEADS, None], WITH_THIRD))),
    Case("a column of notes", "read", own(changed(wide(HEADS), r1c7="Ghi chú", r2c7="đã đối chiếu"))),
    Case("a note that is a figure", "either", own(changed(wide(HEADS), r1c7="Ghi chú", r2c7=12))),
    Case("mixed long and wide", "ask", own([[*CARDS[0], "Hộ cận nghèo"], *([*r, 90] for r in CARDS[1:])])),
    Case(
        "mixed wide and a column of groups",
        "ask",
        own([["Nhóm", *wide(HEADS)[0]], *(["DT", *r] for r in wide(HEADS)[1:])]),
    ),
    Case("a true total of cards beside", "read", own(wide([*HEADS, "Số thẻ"], ADDED))),
    Case("a wrong total of cards beside", "ask", own(wide(["Số thẻ", *HEADS], tuple((9999, *f) for f in FIGURES)))),
    Case(
        "people beside",
        "read",
        own(wide(["Dân số", *HEADS], tuple((p, *f) for p, f in zip((5120, 4230, 8000), FIGURES, strict=True)))),
        people=PEOPLE_TRUE,
    ),
    Case(
        "other people beside",
        "either",
        own(wide(["Dân số", *HEADS], tuple((p, *f) for p, f in zip((5000, 4230, 8000), FIGURES, strict=True)))),
        people=PEOPLE_TRUE,
        noted=True,
        reasons=("twice",),
    ),
    Case("the same group twice", "ask", own(wide(["Hộ nghèo", "Hộ gia đình", "HN"], WITH_THIRD))),
    Case(
        "the same group twice by two names",
        "ask",
        own(wide(["Hộ nghèo", "Hộ gia đình", "Người thuộc hộ nghèo"], WITH_THIRD)),
    ),
]

# --- The one sheet of an office ---

TOWNS = {"06040": "Thất Khê", "06046": "Tràng Định", "06112": "Bình Gia", "06124": "Na Sầm"}
GROUPS = {"NLĐ và người SDLĐ đóng": "employer_employee", "Hộ nghèo": "poor", "Trẻ em dưới 6 tuổi": "child_under_6"}
GROUPS |= {"HSSV": "student", "Hộ gia đình": "household"}
TOWN_PEOPLE = [9120, 11340, 8765, 10432]
TOWN_FIGURES = [
    [800, 1900, 950, 1600, 3100],
    [1200, 2100, 1150, 2050, 4000],
    [640, 2300, 900, 1480, 2700],
    [1010, 1800, 1105, 1890, 3650],
]
TOWN_TRUE = truth(TOWN_FIGURES, tuple(GROUPS.values()), list(TOWNS), DECEMBER)
TOWN_PEOPLE_TRUE = dict(zip(((c, DECEMBER) for c in TOWNS), TOWN_PEOPLE, strict=True))
OFFICE_TITLE = [["BẢO HIỂM XÃ HỘI TỈNH LẠNG SƠN"], ["SỐ NGƯỜI THAM GIA BHYT"], ["(Đến hết tháng 12 năm 2025)"], []]
HEADING = ["STT", "Đơn vị", "Dân số", *GROUPS, "Tổng cộng", "Tỷ lệ %"]
PROVINCE = {"20": list(TOWNS)}


def office_rows(
    rate=lambda n, people: round(100 * n / people, 2), names=None, figures=TOWN_FIGURES, people=TOWN_PEOPLE
):
    """Return the rows of the one-sheet form: number, unit, people, groups, total, coverage."""
    rows = zip(names or TOWNS.values(), people, figures, strict=True)
    return [[i, n, p, *f, sum(f), rate(sum(f), p)] for i, (n, p, f) in enumerate(rows, 1)]


def total_of(rows, name="Tổng cộng", number=None):
    """Return the row of totals of the one-sheet form."""
    added = [sum(r[i] for r in rows) for i in range(2, len(rows[0]) - 1)]
    return [number, name, *added, round(100 * added[-1] / added[0], 2)]


ROWS = office_rows()
SHEET = "Báo cáo"
BELOW = [
    [],
    [None] * 5 + ["Lạng Sơn, ngày 05 tháng 01 năm 2026"],
    [None, "NGƯỜI LẬP BIỂU", None, None, None, "GIÁM ĐỐC"],
]


def form(name, must, rows, merged=(), then=None, sheet=SHEET, titles=OFFICE_TITLE, cards=TOWN_TRUE, **more):
    build = book({sheet: [*titles, *rows]}, [(sheet, m) for m in merged], then)
    return Case(name, must, build, cards, **({"people": TOWN_PEOPLE_TRUE, "upper": PROVINCE} | more))


def month_sheets():
    """Return the sheets of two months, and the cards and people that they mean."""
    later = [[n + 7 * i for i, n in enumerate(f)] for f in TOWN_FIGURES]
    sheets, november = {}, dt.date(2025, 11, 30)
    for month, figures in ((11, later), (12, TOWN_FIGURES)):
        rows = office_rows(figures=figures)
        titles = [*OFFICE_TITLE[:2], [f"Tháng {month} năm 2025"], []]
        sheets[f"T{month}.2025"] = [*titles, HEADING, *rows, total_of(rows), *BELOW]
    cards = TOWN_TRUE | truth(later, tuple(GROUPS.values()), list(TOWNS), november)
    people = TOWN_PEOPLE_TRUE | {(c, november): n for (c, _), n in TOWN_PEOPLE_TRUE.items()}
    return sheets, cards, people


MONTHS, MONTHS_CARDS, MONTHS_PEOPLE = month_sheets()
THREE = [
    [
        "STT",
        "Đơn vị",
        "Dân số",
        "Số người tham gia BHYT chia theo nhóm",
        None,
        None,
        None,
        None,
        "Tổng cộng",
        "Tỷ lệ %",
    ],
    [None, None, None, "NLĐ và người SDLĐ đóng", "NSNN đóng", None, "NSNN hỗ trợ", "Hộ gia đình", None, None],
    [None, None, None, None, "Hộ nghèo", "Trẻ em dưới 6 tuổi", "HSSV", None, None, None],
    [f"({i})" for i in range(1, 11)],
]
THREE_MERGED = ["A5:A7", "B5:B7", "C5:C7", "D5:H5", "D6:D7", "E6:F6", "H6:H7", "I5:I7", "J5:J7"]
ZONE_HEADS = [["I", "Khu vực I"], *ROWS[:2], ["II", "Khu vực III"], *ROWS[2:]]
ZONE_SUMS = [total_of(ROWS[:2], "Khu vực I", "I"), *ROWS[:2], total_of(ROWS[2:], "Khu vực III", "II"), *ROWS[2:]]
BAC_GIANG = {"07243": "Xã Đồng Tiến", "07246": "Xã Canh Nậu", "07564": "Xã Kim Sơn", "07588": "Xã Tân Quang"}
OLD_TITLE = [["BHXH TỈNH BẮC GIANG"], ["SỐ NGƯỜI THAM GIA BHYT THÁNG 12 NĂM 2023"], []]
OLD_ROWS = office_rows(names=BAC_GIANG.values())
OLD = {
    "titles": OLD_TITLE,
    "cards": truth(TOWN_FIGURES, tuple(GROUPS.values()), list(BAC_GIANG), OLD_DAY),
    "people": dict(zip(((c, OLD_DAY) for c in BAC_GIANG), TOWN_PEOPLE, strict=True)),
    "upper": {"215": list(BAC_GIANG)[:2], "219": list(BAC_GIANG)[2:], "24": list(BAC_GIANG)},
}
DISTRICT_HEADS = [["I", "Huyện Yên Thế"], *OLD_ROWS[:2], ["II", "Huyện Lục Ngạn"], *OLD_ROWS[2:]]
DISTRICT_SUMS = [
    total_of(OLD_ROWS[:2], "Huyện Yên Thế", "I"),
    *OLD_ROWS[:2],
    total_of(OLD_ROWS[2:], "Huyện Lục Ngạn", "II"),
    *OLD_ROWS[2:],
]
PERCENT = office_rows(rate=lambda n, people: n / people)
NO_FIRST = {k: n for k, n in TOWN_TRUE.items() if k != ("06040", "employer_employee", DECEMBER)}
CASES["the one sheet of an office"] = [
    form("flat", "read", [HEADING, *ROWS, total_of(ROWS), *BELOW]),
    form("total first", "read", [HEADING, total_of(ROWS, "Toàn tỉnh"), *ROWS, *BELOW]),
    form("without a total row", "read", [HEADING, *ROWS]),
    form("names with their words", "read", [HEADING, *office_rows(names=[f"Xã {n}" for n in TOWNS.values()])]),
    form(
        "total before the groups",
        "read",
        [[*HEADING[:3], "Tổng số", *GROUPS, "Tỷ lệ %"], *([*r[:3], r[-2], *r[3:-2], r[-1]] for r in ROWS)],
    ),
    form("long heading of the rate", "read", [[*HEADING[:-1], "Tỷ lệ bao phủ BHYT (%)"], *ROWS, total_of(ROWS)]),
    form(
        "heading of the insured",
        "read",
        [[*HEADING[:-2], "Tổng số người tham gia", "Tỷ lệ (%)"], *ROWS, total_of(ROWS)],
    ),
    form("percent cells", "read", [HEADING, *PERCENT, total_of(PERCENT)[:-1]], then=formatted("J", "0.0%", (SHEET,))),
    form("percent as text", "read", [HEADING, *([*r[:-1], f"{r[-1]:.2f}%".replace(".", ",")] for r in ROWS)]),
    form("three rows of headings", "read", [*THREE, *ROWS, total_of(ROWS), *BELOW], THREE_MERGED),
    form("zones as heads", "read", [HEADING, *ZONE_HEADS, total_of(ROWS)]),
    form("zones as heads with sums", "read", [HEADING, *ZONE_SUMS, total_of(ROWS)]),
    form("districts as heads", "read", [HEADING, *DISTRICT_HEADS, total_of(OLD_ROWS)], **OLD),
    form("districts as heads with sums", "read", [HEADING, *DISTRICT_SUMS, total_of(OLD_ROWS)], **OLD),
    form(
        "districts as heads, province first",
        "read",
        [HEADING, total_of(OLD_ROWS, "Tỉnh Bắc Giang"), *DISTRICT_SUMS],
        **OLD,
    ),
    Case("months as sheets", "read", book(MONTHS), MONTHS_CARDS, MONTHS_PEOPLE, upper=PROVINCE),
    Case(
        "months as sheets with an empty one",
        "read",
        book({**MONTHS, "Sheet3": []}),
        MONTHS_CARDS,
        MONTHS_PEOPLE,
        upper=PROVINCE,
    ),
    Case(
        "a sheet for the year beside",
        "either",
        book({**MONTHS, "Tổng hợp": [["TỔNG HỢP"], ["Tháng", "Số thẻ"], [11, 4000], [12, 4100]]}),
        MONTHS_CARDS,
        MONTHS_PEOPLE,
        upper=PROVINCE,
    ),
    form("a wrong total of a column", "ask", [HEADING, *ROWS, changed([total_of(ROWS)], r1c5=8101)[0]]),
    form("a wrong total of a row", "ask", [HEADING, *changed(ROWS, r2c9=10501)]),
    form("a rate of other figures", "either", [HEADING, *changed(ROWS, r2c10=71.2)], noted=True),
    form("thousands of people", "ask", [[None] * 9 + ["ĐVT: nghìn người"], HEADING, *ROWS]),
    form("a blank that the total contradicts", "ask", [HEADING, *changed(ROWS, r1c4=None)], blank=True),
    form(
        "a blank without totals",
        "either",
        [HEADING[:-2], *(r[:-2] for r in changed(ROWS, r1c4=None))],
        cards=NO_FIRST,
        reasons=("blank_cell",),
    ),
    form(
        "a blank for none",
        "either",
        [HEADING, *changed(ROWS, r1c4=None, r1c9=7550, r1c10=82.79)],
        cards=NO_FIRST,
        blank=True,
    ),
    form(
        "a dash for none",
        "either",
        [HEADING, *changed(ROWS, r1c4="-", r1c9=7550, r1c10=82.79)],
        cards=NO_FIRST,
        blank=True,
    ),
    form(
        "formulas without results",
        "either",
        [HEADING, *([*r[:8], f"=SUM(D{i}:H{i})", f"=I{i}/C{i}*100"] for i, r in enumerate(ROWS, 6))],
    ),
    form(
        "dots for thousands",
        "either",
        [HEADING, *([a, n, *(f"{v:,}".replace(",", ".") for v in r), q] for a, n, *r, q in ROWS)],
    ),
    form(
        "a column of the plan",
        "either",
        [[*HEADING[:3], "Kế hoạch", *HEADING[3:]], *([*r[:3], 9000 + i, *r[3:]] for i, r in enumerate(ROWS))],
    ),
    form(
        "a column of the month before",
        "either",
        [[*HEADING, "Tháng trước"], *([*r, 5000 + i] for i, r in enumerate(ROWS))],
    ),
    form("rise and fall", "either", [[*HEADING, "Tăng/giảm"], *([*r, i - 2] for i, r in enumerate(ROWS))]),
    form(
        "a group that nobody knows",
        "ask",
        [[*HEADING[:8], "Diện 139", *HEADING[8:]], *([*r[:8], 50, r[8] + 50, r[9]] for r in ROWS)],
    ),
    form("no day at all", "ask", [HEADING, *ROWS], titles=[["BHXH TỈNH LẠNG SƠN"], []]),
    form(
        "total without its groups",
        "either",
        [["STT", "Đơn vị", "Dân số", "Số người tham gia", "Tỷ lệ %"], *([*r[:3], *r[-2:]] for r in ROWS)],
        cards=None,
    ),
]

# --- Hidden, filtered, merged ---

TWO_PEOPLE = [["Mã đơn vị", "Ngày số liệu", "Dân số", "Số dân", "Tình trạng số liệu", "Nguồn"]]
TWO_PEOPLE += [[c, JUNE, n - 100, n, *S] for c, n in zip(CODES, (5120, 4230, 8000), strict=True)]
OLD_NEW = wide(["Hộ nghèo", "HN", "Hộ gia đình"], tuple((a - 5, a, b) for a, b in FIGURES))


def raw_merge(sheet_text, cells):
    """Return a builder of the valid workbook in which figures lie under a merged cell."""

    def build(folder: Path) -> Path:
        path = book(office())(folder)
        with zipfile.ZipFile(path) as source:
            parts = {n: source.read(n) for n in source.namelist()}
        mark = f'</sheetData><mergeCells count="1"><mergeCell ref="{cells}"/></mergeCells>'
        with zipfile.ZipFile(path, "w") as out:
            for n, b in parts.items():
                text = b.decode("utf-8") if n.endswith(".xml") else ""
                hit = n.startswith("xl/worksheets/") and sheet_text in text
                out.writestr(n, text.replace("</sheetData>", mark) if hit else b)
        return path

    return build


def autofilter(work):
    work["Số thẻ"].auto_filter.ref = "A1:F7"
    hide_rows("Số thẻ", 3, 5, 7)(work)


CASES["hidden and merged"] = [
    Case(
        "a hidden column of people",
        "either",
        book(office(**{"Dân số": TWO_PEOPLE}), then=hide_columns("Dân số", "C")),
        people=PEOPLE_TRUE,
    ),
    Case("a hidden group", "either", own(OLD_NEW, then=hide_columns("Số thẻ", "C"))),
    Case(
        "a hidden column beside",
        "either",
        own(wide([*HEADS, "DT"], WITH_THIRD), then=hide_columns("Số thẻ", "E")),
        TRUE | truth(((77,),) * 3, ("minority_in_difficult_area",)),
        noted=True,
    ),
    Case("filtered rows", "either", book(office(), then=autofilter), noted=True),
    Case("a hidden row", "either", own(wide(HEADS), then=hide_rows("Số thẻ", 3)), noted=True),
    Case(
        "a hidden sheet",
        "read",
        book(office(Nháp=CARDS[:3]), then=lambda w: setattr(w["Nháp"], "sheet_state", "hidden")),
        noted=True,
    ),
    Case(
        "a very hidden sheet of cards",
        "read",
        book(
            office(**{"Số thẻ 2021-05": CARDS}),
            then=lambda w: setattr(w["Số thẻ 2021-05"], "sheet_state", "veryHidden"),
        ),
        noted=True,
    ),
    Case("a figure under a merge", "either", raw_merge(">4230<", "C2:C3"), people=PEOPLE_TRUE, noted=True),
    Case("a figure under a wide merge", "either", raw_merge(">1000<", "C2:D2"), people=PEOPLE_TRUE, noted=True),
    Case("one figure for two communes", "ask", own(changed(wide(HEADS), r3c3=None), ["C2:C3"])),
    Case(
        "a name for its two groups",
        "read",
        own(
            [CARDS[0], *([r[0] if i % 2 == 0 else None, *r[1:]] for i, r in enumerate(CARDS[1:]))],
            ["A2:A3", "A4:A5", "A6:A7"],
        ),
    ),
    Case("a day for all", "read", own(changed(wide(HEADS), r3c2=None, r4c2=None), ["B2:B4"])),
    Case(
        "a group over the column of its rows",
        "read",
        own([CARDS[0], *sorted(([r[0], r[1], r[2], *r[3:]] for r in CARDS[1:]), key=lambda r: r[2])]),
    ),
    Case(
        "names only in the first row",
        "either",
        own([CARDS[0], *([r[0] if i % 2 == 0 else None, *r[1:]] for i, r in enumerate(CARDS[1:]))]),
    ),
]

# --- Errors and formulas ---

XML_ERROR = "#REF!"
CASES["errors and formulas"] = [
    Case("#REF!", "ask", own(changed(wide(HEADS), r2c3="#REF!"))),
    Case("#N/A in every row", "ask", own(changed(wide(HEADS), r2c3="#N/A", r3c3="#N/A", r4c3="#N/A")), most=4),
    Case(
        "a sum without a result",
        "ask",
        own(changed(wide(HEADS), r2c3="=400+600", r3c3="=600+700", r4c3="=10+20")),
        most=4,
    ),
    Case("a total without a result", "either", own([*wide(HEADS), ["Tổng cộng", None, "=SUM(C2:C4)", "=SUM(D2:D4)"]])),
    Case("a total that is an error", "either", own([*wide(HEADS), ["Tổng cộng", None, "#REF!", "#REF!"]])),
    Case(
        "a total column without results",
        "either",
        own(wide([*HEADS, "Tổng cộng"], tuple((*f, f"=C{i}+D{i}") for i, f in enumerate(FIGURES, 2)))),
    ),
    Case(
        "#VALUE! in CSV",
        "ask",
        files(
            areas__csv=as_text(AREAS),
            population__csv=as_text(PEOPLE),
            cards__csv=as_text(column_of(CARDS, "Số thẻ", "#VALUE!")),
        ),
    ),
    Case("#DIV/0! in the population", "ask", people_of(column_of(PEOPLE, "Dân số", "#DIV/0!"))),
    Case("a day without a result", "ask", own(changed(wide(HEADS), r2c2="=TODAY()"))),
    Case("a name without a result", "ask", own(changed(wide(HEADS), r2c1="=VLOOKUP(A2,X!A:B,2,0)"))),
]

# --- Folders ---

GOOD = {"areas__csv": as_text(AREAS), "population__csv": as_text(PEOPLE), "cards__csv": as_text(CARDS)}
JULY = as_text([CARDS[0], *([r[0], dt.date(2021, 7, 31), *r[2:]] for r in CARDS[1:])])
CASES["folders"] = [
    Case("a Word file beside", "either", files(**GOOD, bao_cao__docx=b"PK\x03\x04"), noted=True),
    Case("a sub-folder with a month", "either", files(**GOOD, thang_7_in_cards__csv=JULY), noted=True),
    Case("an empty table", "either", files(**GOOD, **{"cards_2021-07__csv": as_text(CARDS[:1])}), noted=True),
    Case("an empty file", "either", files(**GOOD, **{"cards_2021-07__csv": ""}), noted=True),
    Case("text with another ending", "either", files(**GOOD, **{"cards_2021-07__txt": JULY}), noted=True),
    Case("a file of another name", "either", files(**GOOD, thang7__csv=JULY), noted=True),
    Case("Excel's lock file", "read", files(**GOOD, **{"~$cards__xlsx": b"\x00"})),
    Case("a hidden file of a system", "read", files(**GOOD, __DS_Store=b"\x00")),
    Case("the same table twice", "ask", files(**GOOD, **{"cards (1)__csv": as_text(CARDS)}), most=4),
    Case("only a sub-folder", "ask", files(x_in_cards__csv=as_text(CARDS))),
    Case("an old workbook beside", "either", files(**GOOD, cards_old__xlsb=b"PK\x03\x04"), noted=True),
]

# --- Choices and shares ---

TARGET = ["Mã đơn vị", "Phạm vi", "Thời điểm", "Quan hệ", "Chỉ tiêu (%)", "Văn bản"]
RATES = {("T9", dt.date(2022, 12, 31)): 0.921, ("T9", dt.date(2023, 12, 31)): 0.935}


def target(name, must, scope="all", relation="Ít nhất", cells=(92.1, 93.5), heading=TARGET, style=None, **more):
    rows = [heading, *(["T9", scope, y, relation, v, "KH 12"] for y, v in zip((2022, 2023), cells, strict=True))]
    then = formatted("E", style, ("Chỉ tiêu",)) if style else None
    return Case(name, must, book(office(**{"Chỉ tiêu": rows}), then=then), **({"rates": RATES} | more))


OTHER_RATES = ["Chỉ tiêu tăng thêm (%)", "Thực hiện (%)", "Tỷ lệ năm trước (%)", "Chỉ tiêu (người)", "Chênh lệch (%)"]
NO_SIGN = [*TARGET[:4], "Chỉ tiêu", "Văn bản"]
CASES["choices and shares"] = [
    target("everyone", "read", "Toàn dân"),
    *(target(f"everyone: {w}", "either", w) for w in ("Tất cả", "TOÀN DÂN", "Toàn bộ dân số", "Chung", "Toàn xã")),
    target("a scope that nobody knows", "ask", "Người cao tuổi neo đơn"),
    *(
        target(f"relation {w}", "either", relation=w)
        for w in ("≥", "tối thiểu", "từ ... trở lên", "Đạt", "không thấp hơn")
    ),
    target("percent cells", "read", cells=(0.921, 0.935), style="0.0%"),
    target("percent cells without digits", "read", cells=(0.921, 0.935), style="0%"),
    target("percent cells with two digits", "read", cells=(0.921, 0.935), style="0.00%"),
    target("percent cells under a heading without a sign", "read", cells=(0.921, 0.935), style="0.0%", heading=NO_SIGN),
    target("fractions under a sign", "ask", cells=(0.921, 0.935)),
    *(target(f"another rate: {h}", "ask", heading=[*TARGET[:4], h, "Văn bản"]) for h in OTHER_RATES),
    target("percent as text", "read", cells=("92,1%", "93,5 %")),
    target("percent as numbers without a sign", "either", heading=NO_SIGN),
    target("one percent cell of two", "either", cells=("92,1%", 0.935)),
    target("a share above 100", "ask", cells=(921, 935)),
    Case(
        "a status of one's own",
        "either",
        book(office(**{"Số thẻ": column_of(CARDS, "Tình trạng số liệu", *["Chính thức"] * 6)})),
        most=4,
    ),
    Case(
        "a kind of one's own",
        "read",
        book(office(**{"Đơn vị": column_of(AREAS, "Cấp", "Huyện", "Xã", "Xã", "Thị trấn")})),
    ),
    Case(
        "an estimate in words",
        "either",
        book(office(**{"Số thẻ": column_of(CARDS, "Tình trạng số liệu", *["tạm tính"] * 6)})),
        most=4,
    ),
]

# --- Codes, names, parents ---

BAC = {"07552": ("Xã Kiên Lao", 6600), "07546": ("Xã Sơn Hải", 3000), "07525": ("Thị trấn Chũ", 8000)}
COUNTRY_PEOPLE = {(c, JUNE): n for c, (_, n) in BAC.items()}
LUC_NGAN = {"219": list(BAC)}


def country(name, must, cells, heading="Mã xã", extra=(), head=(), ext="xlsx", **more):
    """Return a case of people of communes of the country; ``extra`` are cells of a further column."""
    rows = [[heading, *head, "Ngày số liệu", "Dân số", "Tình trạng số liệu", "Nguồn"]]
    for i, (cell, (_, n)) in enumerate(zip(cells, BAC.values(), strict=True)):
        rows.append([cell, *(e[i] for e in extra), JUNE, n, *S])
    build = book({"Dân số": rows}) if ext == "xlsx" else one_file("population.csv", as_text(rows))
    return Case(name, must, build, None, COUNTRY_PEOPLE, upper=LUC_NGAN, **more)


PLAIN = [n for n, _ in BAC.values()]
GSO = ["Mã", "Tên", "Tên Tiếng Anh", "Cấp", "Mã QH", "Quận Huyện", "Mã TP", "Tỉnh / Thành Phố"]
GSO_ROWS = [
    [
        c,
        n,
        "",
        n.rpartition(" ")[0].replace(" Kiên", "").replace(" Sơn", ""),
        "219",
        "Huyện Lục Ngạn",
        "24",
        "Tỉnh Bắc Giang",
    ]
    for c, (n, _) in BAC.items()
]
CASES["codes and names"] = [
    country("numbers", "read", [7552, 7546, 7525]),
    country("floats of text", "read", ["7552.0", "7546.0", "7525.0"]),
    country("floats of text in CSV", "read", ["7552.0", "7546.0", "7525.0"], ext="csv"),
    country("formulas of text", "read", [f'="{c}"' for c in BAC], ext="csv"),
    country("an apostrophe first", "read", [f"'{c}" for c in BAC]),
    country("code and name in a cell", "either", [f"{c} - {n}" for c, (n, _) in BAC.items()]),
    country("names under their district", "read", PLAIN, "Xã", [["Lục Ngạn"] * 3], ["Huyện"]),
    country(
        "names under district and province",
        "read",
        PLAIN,
        "Xã",
        [["Lục Ngạn"] * 3, ["Bắc Giang"] * 3],
        ["Huyện", "Tỉnh"],
    ),
    country(
        "names under the province of today",
        "either",
        PLAIN,
        "Xã",
        [["Lục Ngạn"] * 3, ["Bắc Ninh"] * 3],
        ["Huyện", "Tỉnh"],
    ),
    country("one misspelt name", "ask", ["Xã Kiên Laoo", *PLAIN[1:]], "Xã", [["Lục Ngạn"] * 3], ["Huyện"], most=3),
    country(
        "names all misspelt",
        "ask",
        ["Xã Kjên Lao", "Xã Sơn Hãi", "Thị trấn Chủ"],
        "Xã",
        [["Lục Ngạn"] * 3],
        ["Huyện"],
        most=4,
    ),
    country("a wrong name for a code", "ask", list(BAC), "Mã xã", [["Kiên Lao", "Sơn Hải", "Phì Điền"]], ["Tên xã"]),
    country(
        "capitals and short words",
        "read",
        ["X. KIÊN LAO", "X. SƠN HẢI", "TT. CHŨ"],
        "Xã",
        [["H. LỤC NGẠN"] * 3],
        ["Huyện"],
    ),
    country(
        "a name with D for Đ of converters",
        "read",
        PLAIN,
        "Xã \u00d0ơn vị".replace(" \u00d0ơn vị", ""),
        [["Lục Ngạn"] * 3],
        ["Huyện"],
    ),
    Case(
        "the list of the statistics office",
        "read",
        book(
            {"Đơn vị": [GSO, *GSO_ROWS], "Dân số": [PEOPLE[0], *([c, JUNE, n, 100, *S] for c, (_, n) in BAC.items())]}
        ),
        None,
        COUNTRY_PEOPLE,
        upper=LUC_NGAN,
    ),
    Case(
        "parents of after the reform",
        "either",
        book(
            {
                "Đơn vị": [AREAS[0], *([c, n, "Xã", "24"] for c, (n, _) in BAC.items())],
                "Dân số": [PEOPLE[0], *([c, JUNE, n, 100, *S] for c, (_, n) in BAC.items())],
            }
        ),
        None,
        COUNTRY_PEOPLE,
        upper=LUC_NGAN,
    ),
]

# --- Letters ---

ETH = "\u00d0"


def lettered(change, only=None):
    """Return a builder of the wide workbook with each text changed."""

    def apply(v):
        return change(v) if isinstance(v, str) and (only is None or v in only) else v

    return book({n: [[apply(v) for v in r] for r in rows] for n, rows in office(**{"Số thẻ": wide(HEADS)}).items()})


CASES["letters"] = [
    Case("eth for Đ", "read", lettered(lambda t: t.replace("Đ", ETH))),
    Case("zero-width spaces", "read", lettered(lambda t: t + "\u200b")),
    Case("no-break spaces", "read", lettered(lambda t: t.replace(" ", "\u00a0"))),
    Case("soft hyphens", "read", lettered(lambda t: t[:2] + "\u00ad" + t[2:])),
    Case("marks of direction", "read", lettered(lambda t: "\u200e" + t + "\u200f")),
    Case("a byte-order mark within", "read", lettered(lambda t: "\ufeff" + t)),
    Case("line breaks and tabs", "read", lettered(lambda t: t.replace(" ", "\n"), [*HEADS, "Ngày số liệu"])),
    Case(
        "control characters in CSV",
        "either",
        files(
            areas__csv=as_text(AREAS),
            population__csv=as_text(column_of(PEOPLE, "Nguồn", "Thống\x0bkê")),
            cards__csv=as_text(CARDS),
        ),
    ),
    Case(
        "control characters in a name",
        "either",
        files(
            areas__csv=as_text(AREAS),
            population__csv=as_text(PEOPLE),
            cards__csv=as_text(wide(HEADS, names=["Kiên\x0b Lao", "Phì Điền", "Chũ"])),
        ),
    ),
    Case("superscripts", "read", lettered(lambda t: t + "¹", HEADS)),
    Case("superscripts of names", "either", lettered(lambda t: t + "²", ["Kiên Lao"])),
    Case(
        "no-break hyphens",
        "read",
        own(
            wide(["Hộ nghèo", "BHYT hộ gia đình".replace("BHYT ", "")]),
            **{"Dân số": column_of(PEOPLE, "Nguồn", "Thống\u2011kê")},
        ),
    ),
    Case(
        "mojibake",
        "either",
        files(
            areas__csv=as_text(AREAS).encode("utf-8").decode("latin-1"),
            population__csv=as_text(PEOPLE),
            cards__csv=as_text(CARDS),
        ),
    ),
    Case("question marks for letters", "ask", lettered(lambda t: t.encode("ascii", "replace").decode())),
    Case("digits in full width", "either", own(changed(wide(HEADS), r2c3="\uff11\uff10\uff10\uff10"))),
    Case("Arabic digits", "either", own(changed(wide(HEADS), r2c3="\u0661\u0660\u0660\u0660"))),
]

# --- Below the table ---


def below(*lines):
    return own([*wide(HEADS), *([x] if isinstance(x, str) else x for x in lines)])


CASES["below the table"] = [
    Case("a footnote with a number", "read", below([], "1 Gồm cả thẻ tạm cấp trong tháng")),
    Case("a footnote in brackets", "read", below("(1) Số liệu của cơ quan BHXH")),
    Case("a footnote with a stop", "read", below([], "1. Không tính lực lượng vũ trang", "2. Số liệu chưa đối chiếu")),
    Case("a footnote of two cells", "read", below([], [1, "Chưa gồm thẻ của quân đội"], [2, "Số tạm tính"])),
    Case("a footnote with a year", "either", below("2021: thay đổi theo Quyết định 861")),
    Case("signatures without a gap", "read", below(["NGƯỜI LẬP BIỂU", None, None, "GIÁM ĐỐC"], ["(Ký, họ tên)"])),
    Case("for the director", "read", below(["KT. GIÁM ĐỐC"], ["PHÓ GIÁM ĐỐC"], [], ["Nguyễn Văn Mẫu"])),
    Case(
        "for the committee",
        "read",
        below(
            [],
            [None, None, None, "TM. ỦY BAN NHÂN DÂN"],
            [None, None, None, "CHỦ TỊCH"],
            [],
            [None, None, None, "Trần Thị Mẫu"],
        ),
    ),
    Case(
        "names and telephone numbers",
        "read",
        below([], ["Người lập: Mẫu", None, "ĐT: 0912345678"], ["NGƯỜI LẬP BIỂU", None, 912345678]),
    ),
    Case(
        "a signature with its day",
        "read",
        below(
            [],
            [None, None, "Khe Sâu, ngày 05 tháng 7 năm 2021"],
            [None, "LẬP BIỂU", "PHỤ TRÁCH KẾ TOÁN", "GIÁM ĐỐC"],
            [],
            [None, "Mẫu A", "Mẫu B", "Mẫu C"],
        ),
    ),
    Case(
        "a second table below",
        "either",
        below(
            [], [], ["Xã", "Ngày số liệu", "Cấp mới", "Hết hạn"], ["Kiên Lao", JUNE, 12, 13], ["Phì Điền", JUNE, 14, 15]
        ),
    ),
    Case(
        "a comparison below",
        "either",
        below([], ["Cùng kỳ năm trước", None, 2200, 8000], ["Tăng, giảm", None, 130, 300]),
    ),
    Case("where it goes", "read", below([], ["Nơi nhận:"], ["- BHXH tỉnh;"], ["- Lưu: VT."])),
]

# --- Kinds of files ---

HTML = "<html><body><table>{}</table></body></html>".format(
    "".join("<tr>" + "".join(f"<td>{'' if v is None else v}</td>" for v in r) + "</tr>" for r in CARDS)
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 1000 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 500
CASES["kinds of files"] = [
    Case("HTML named .xls", "either", one_file("so_lieu.xls", HTML), None, most=3),
    Case("text named .xls", "either", one_file("so_lieu.xls", as_text(CARDS, "\t")), None, most=8),
    Case("Word named .xlsx", "ask", one_file("so_lieu.xlsx", b"PK\x03\x04word/document.xml"), most=2),
    Case("a PDF", "ask", one_file("so_lieu.pdf", b"%PDF-1.7\n%\xe2\xe3"), most=2),
    Case("a password", "ask", one_file("so_lieu.xlsx", OLE), most=2),
    Case("an empty workbook", "ask", one_file("so_lieu.xlsx", b""), most=2),
    Case("a workbook without a table", "ask", book({"Sheet1": [["xin chào"]]}), most=3),
    Case("UTF-16 CSV", "either", files(**GOOD | {"cards__csv": as_text(CARDS, "\t").encode("utf-16")})),
    Case("semicolons", "read", files(**GOOD | {"cards__csv": as_text(CARDS, ";")})),
    Case("pipes", "either", files(**GOOD | {"cards__csv": as_text(CARDS, "|")}), most=8),
    Case(
        "the line of Excel that names the separator",
        "either",
        files(**GOOD | {"cards__csv": "sep=;\n" + as_text(CARDS, ";")}),
        most=8,
    ),
    Case(
        "Windows-1258",
        "either",
        files(
            **GOOD
            | {"cards__csv": as_text([[str(v) if v is None else v for v in r] for r in CARDS]).encode("utf-8-sig")}
        ),
    ),
    Case("one separator too many", "ask", files(**GOOD | {"cards__csv": as_text(CARDS).replace("1000,", "1,000,", 1)})),
    Case("cut in the middle", "ask", files(**GOOD | {"cards__csv": as_text(CARDS)[:-30]})),
]

# --- Lists of persons ---

PERSON = ("Nguyễn Văn Mẫu", "0000000001")


def persons(heads, *cells):
    """Return a builder of a workbook with a list of three persons under other headings."""
    rows = [heads, *([i, *(c(i) for c in cells)] for i in (1, 2, 3))]
    return book({"Đơn vị": AREAS, "Dân số": PEOPLE, "Danh sách": rows})


def name(_):
    return PERSON[0]


def card(i):
    return f"HN424000000000{i}"


def place(_):
    return "Kiên Lao"


def identity(i):
    return f"000000000{i}"


def june(_):
    return JUNE


COUNTED = {("T901", "poor", JUNE): 3}
PRIVATE = {"cards": COUNTED, "private": (*PERSON, "HN4240000000001")}
CASES["lists of persons"] = [
    Case(
        "name of the head",
        "either",
        persons(["STT", "Họ và tên chủ hộ", "Mã thẻ", "Xã", "Ngày số liệu"], name, card, place, june),
        **PRIVATE,
    ),
    Case(
        "surname and name",
        "either",
        persons(["STT", "Họ, đệm", "Tên", "Mã thẻ", "Xã", "Ngày số liệu"], name, name, card, place, june),
        **PRIVATE,
    ),
    Case(
        "identity numbers",
        "either",
        persons(["STT", "Số CMND/CCCD", "Mã thẻ", "Xã", "Ngày số liệu"], identity, card, place, june),
        **PRIVATE,
    ),
    Case(
        "numbers of the insurance",
        "either",
        persons(["STT", "Mã số BHXH", "Mã thẻ BHYT", "Xã", "Ngày số liệu"], identity, card, place, june),
        **PRIVATE,
    ),
    Case(
        "card numbers alone",
        "either",
        persons(["STT", "Số thẻ BHYT", "Xã", "Ngày số liệu"], card, place, june),
        **PRIVATE,
    ),
    Case("no month", "either", persons(["STT", "Họ và tên", "Mã thẻ", "Xã"], name, card, place), **PRIVATE),
    Case(
        "groups in words",
        "either",
        persons(
            ["STT", "Họ tên", "Số định danh", "Đối tượng", "Nơi cư trú", "Ngày số liệu"],
            name,
            identity,
            lambda _: "Hộ nghèo",
            place,
            june,
        ),
        **PRIVATE,
    ),
    Case(
        "a commune that nobody knows",
        "ask",
        persons(["STT", "Họ và tên", "Mã thẻ", "Xã", "Ngày số liệu"], name, card, name, june),
        **PRIVATE | {"private": ("HN4240000000001",)},
    ),
    Case(
        "a group that nobody knows",
        "ask",
        persons(["STT", "Họ và tên", "Mã thẻ", "Xã", "Ngày số liệu"], name, identity, place, june),
        **PRIVATE,
    ),
]

# Of a table that is read wrongly these rules report the consequences, cell by cell, and not the cause.
CONSEQUENCES = {"blank_cell", "bad_cell", "bad_choice", "twice", "parts_above_whole", "insured_above_population"}
CONSEQUENCES |= {"unknown_area", "not_a_table", "missing_table"}
OF_CONSEQUENCES = {"unit of a heading", "several rows of headings", "totals", "scale", "day", "unknown columns"}
OF_CONSEQUENCES |= {"the one sheet of an office"}
ALL = {f"{kind}: {case.name}": replace(case, kind=kind) for kind, cases in CASES.items() for case in cases}
