"""Make good workbooks of random communes with known truth, and spoil them as people do.

A mutation says what may follow: ``harmless`` files must still be read, ``unclear`` ones may be asked about, and
``ask`` files must be asked about, because the truth is no longer in them.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import random
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from bhyt_analysis.domain.country import country

GROUPS = {
    "employer_employee": ["NLĐ và người SDLĐ đóng", "Người lao động", "Paid by employer and employee"],
    "social_security_paid": ["Quỹ BHXH đóng", "Cơ quan BHXH đóng", "Paid by the social security fund"],
    "poor": ["Hộ nghèo", "HN", "Người thuộc hộ nghèo", "Poor households"],
    "child_under_6": ["Trẻ em dưới 6 tuổi", "Trẻ em <6 tuổi", "TE", "Children under 6"],
    "social_assistance": ["BTXH", "Bảo trợ xã hội", "BT", "Monthly social assistance"],
    "minority_in_difficult_area": ["DTTS vùng khó khăn", "DTTS vùng KK", "Ethnic minorities in difficult areas"],
    "resident_of_especially_difficult_area": ["Vùng ĐBKK", "DK", "Residents of especially difficult areas"],
    "near_poor": ["Hộ cận nghèo", "Cận nghèo", "CN", "Near-poor households"],
    "student": ["HSSV", "Học sinh, sinh viên", "Học sinh sinh viên", "Pupils and students"],
    "farm_average_income": ["Hộ NLNN có MSTB", "GB", "Farm households of average living standard"],
    "household": ["Hộ gia đình", "GD", "BHYT hộ gia đình", "Household members (self-paid)"],
    "war_veteran": ["Cựu chiến binh", "CB", "War veterans"],
}
HEADINGS = {
    "code": ["Mã đơn vị", "Mã xã", "Area"],
    "name": ["Xã", "Đơn vị", "Xã, phường, thị trấn", "Commune"],
    "as_of": ["Ngày số liệu", "Tính đến ngày", "Tháng", "As of"],
    "group": ["Nhóm đối tượng", "Đối tượng", "Nhóm", "Group"],
    "cards": ["Số thẻ", "Số thẻ BHYT", "Số người tham gia BHYT", "Cards"],
    "people": ["Dân số", "Số dân", "Nhân khẩu", "People"],
    "status": ["Tình trạng số liệu", "Tình trạng", "Status"],
    "source": ["Nguồn", "Nguồn số liệu", "Source"],
}
FIGURES = {*GROUPS, "cards", "people", "_total"}
HARMLESS, UNCLEAR, ASK = "harmless", "unclear", "ask"


@dataclass
class Column:
    """A column of a sheet; ``locked`` is true when its heading may not be changed any more."""

    key: str
    heading: str
    style: str = ""
    hidden: bool = False
    locked: bool = False
    lower: str = ""  # a second row of the heading


@dataclass
class Row:
    """A row of a sheet by the keys of its columns: data, total, or head of a section."""

    cells: dict[str, Any]
    kind: str = "data"
    hidden: bool = False


@dataclass
class Sheet:
    """A sheet before it is written; ``day`` is where the day is: column, title or none."""

    name: str
    table: str
    columns: list[Column]
    rows: list[Row]
    days: list[dt.date]
    titles: list[list[Any]] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)
    under_heading: list[list[Any]] = field(default_factory=list)
    upper: list[tuple[str, int, int]] = field(default_factory=list)  # text and columns of merged headings above
    merges: list[tuple[str, int, int]] = field(default_factory=list)  # column, first and last row of data
    day: str = "column"
    totals: bool = False  # has rows that are no data, so that no other may be added
    checked: bool = False  # its column of totals contradicts a figure on purpose

    def column(self, key: str) -> Column | None:
        return next((c for c in self.columns if c.key == key), None)

    @property
    def groups(self) -> list[Column]:
        return [c for c in self.columns if c.key in GROUPS]

    @property
    def data(self) -> list[Row]:
        return [r for r in self.rows if r.kind == "data"]


@dataclass
class Workbook:
    """A workbook with its truth: cards by (code, group, day) and people by (code, day)."""

    layout: str
    lang: str
    ext: str
    sheets: list[Sheet]
    cards: dict[tuple[str, str, dt.date], int]
    people: dict[tuple[str, dt.date], int]
    place: str
    above: set[str]
    empty_sheet: bool = False
    hidden_copy: bool = False
    delimiter: str = ","

    @property
    def cards_sheets(self) -> list[Sheet]:
        return [s for s in self.sheets if s.table == "cards"]


# --- Good workbooks ---


@lru_cache(maxsize=64)
def places(day: dt.date) -> list[tuple[str, list[tuple[str, str]], set[str]]]:
    """Return the lowest units above communes on a day: name, their communes with names of their own, codes above."""
    units = country().units
    stamp = str(day)
    units = units[~(units["since"] > stamp) & ~(units["until"] < stamp)]
    names = {r.code: r.name_ for r in units.rename(columns={"name": "name_"}).itertuples()}
    parents = dict(zip(units["code"], units["parent"], strict=True))
    count = Counter(units["name"])
    inside: dict[str, list[tuple[str, str]]] = {}
    for r in units[units["kind"] == "commune"].rename(columns={"name": "name_"}).itertuples():
        if count[r.name_] == 1 and r.parent in names and not any(c.isdigit() for c in r.name_):
            inside.setdefault(r.parent, []).append((r.code, r.name_))
    return [(names[p], c, {p, parents[p], "VN"}) for p, c in sorted(inside.items()) if len(c) >= 3]


def last_days(rng: random.Random, n: int) -> list[dt.date]:
    """Return the ends of months in a row, in which no unit of the country changed."""
    year, first = rng.choice([(2021, 1), (2022, 3), (2023, 5), (2025, 8), (2026, 1)])
    months = range(first, first + n)
    return [dt.date(year, m, calendar.monthrange(year, m)[1]) for m in months]


def good_workbook(seed: object) -> Workbook:
    """Return a random workbook that needs no question."""
    rng = random.Random(f"{seed}-good")
    layout = rng.choice(["long", "wide", "wide", "one", "months"])
    days = last_days(rng, {"one": 1, "months": rng.randint(2, 3)}.get(layout, rng.choice([1, 1, 2, 3])))
    place, communes, above = rng.choice(places(days[0]))
    communes = rng.sample(communes, min(len(communes), rng.randint(3, 8)))
    groups = rng.sample(list(GROUPS), rng.randint(3, 12))
    lang = "vi" if layout in ("one", "months") else rng.choice(["vi", "vi", "en"])
    ext = rng.choice(["xlsx", "xlsx", "csv"])
    people = {c: rng.randint(4000, 25_000) for c, _ in communes}
    cards = {(c, g, d): rng.randint(5, people[c] // 14) for c, _ in communes for g in groups for d in days}
    by_code = layout in ("long", "wide") and rng.random() < 0.5
    book = Workbook(layout, lang, ext, [], cards, {}, place, above)
    heads = {g: GROUPS[g][-1] if lang == "en" else rng.choice(GROUPS[g][:-1]) for g in groups}
    unit = {c: c if by_code else n for c, n in communes}
    make = _separate if layout in ("long", "wide") else _together
    make(book, rng, unit, heads, days, people)
    return book


def _head(key: str, lang: str, rng: random.Random, by_code: bool = False) -> Column:
    kind = ("code" if by_code else "name") if key == "area" else key
    return Column(key, HEADINGS[kind][-1] if lang == "en" else rng.choice(HEADINGS[kind][:-1]))


def _separate(book: Workbook, rng: random.Random, unit, heads, days, people) -> None:
    """Add a sheet of people and one of cards, long or wide."""
    by_code = all(v[:1].isdigit() for v in unit.values())
    status = {"status": "Published" if book.lang == "en" else "Công bố", "source": "BHXH"}

    def columns(*keys: str) -> list[Column]:
        return [_head(k, book.lang, rng, by_code) for k in keys]

    rows = [Row({"area": u, "as_of": days[-1], "people": people[c], **status}) for c, u in unit.items()]
    name = "Population" if book.lang == "en" else "Dân số"
    book.sheets.append(
        Sheet(name, "population", columns("area", "as_of", "people", "status", "source"), rows, days[-1:])
    )
    book.people = {(c, days[-1]): people[c] for c in unit}
    name = "Cards" if book.lang == "en" else "Số thẻ"
    if book.layout == "long":
        keys = [(c, u, d, g) for d in days for c, u in unit.items() for g in heads]
        rows = [
            Row({"area": u, "as_of": d, "group": heads[g], "cards": book.cards[c, g, d], **status})
            for c, u, d, g in keys
        ]
        heading = columns("area", "as_of", "group", "cards", "status", "source")
    else:
        pairs = [(c, u, d) for d in days for c, u in unit.items()]
        rows = [Row({"area": u, "as_of": d, **{g: book.cards[c, g, d] for g in heads}, **status}) for c, u, d in pairs]
        heading = [*columns("area", "as_of"), *(Column(g, h) for g, h in heads.items()), *columns("status", "source")]
    book.sheets.append(Sheet(name, "cards", heading, rows, days))


def _together(book: Workbook, rng: random.Random, unit, heads, days, people) -> None:
    """Add the one sheet of an office for each day: people, groups, total and coverage beside each other."""
    rate = rng.choice(["Tỷ lệ %", "Tỷ lệ (%)", "Tỷ lệ bao phủ (%)"])
    for day in days:
        rows = []
        for i, (c, u) in enumerate(unit.items(), 1):
            cells = {g: book.cards[c, g, day] for g in heads}
            n = sum(cells.values())
            rows.append(
                Row(
                    {
                        "_row": i,
                        "area": u,
                        "people": people[c],
                        **cells,
                        "_total": n,
                        "_rate": round(100 * n / people[c], 2),
                    }
                )
            )
            book.people[c, day] = people[c]
        columns = [Column("_row", "STT"), Column("area", "Đơn vị"), Column("people", "Dân số")]
        columns += [Column(g, h) for g, h in heads.items()]
        columns += [Column("_total", "Tổng cộng"), Column("_rate", rate)]
        month = rng.choice(
            ["Tháng {0.month} năm {0.year}", "(Đến hết tháng {0.month:02d}/{0.year})", "Tháng {0.month:02d}/{0.year}"]
        )
        titles = [[f"BHXH {book.place.upper()}"], ["SỐ NGƯỜI THAM GIA BHYT THEO NHÓM"], [month.format(day)], []]
        book.sheets.append(Sheet(f"T{day.month}.{day.year}", "cards", columns, rows, [day], titles, day="title"))


# --- Writing ---


def grid(sheet: Sheet) -> tuple[list[list[Any]], int, list[int]]:
    """Return the cells of a sheet, the row of its first heading from 1, and the rows of its data from 1."""
    rows: list[list[Any]] = [list(t) for t in sheet.titles]
    first = len(rows) + 1
    if sheet.upper:
        upper: list[Any] = [
            "" if any(a <= i < b for _, a, b in sheet.upper) else c.heading for i, c in enumerate(sheet.columns)
        ]
        for text, start, _ in sheet.upper:
            upper[start] = text
        inside = [any(a <= i < b for _, a, b in sheet.upper) for i in range(len(sheet.columns))]
        rows += [upper, [c.lower or c.heading if k else "" for c, k in zip(sheet.columns, inside, strict=True)]]
    else:
        rows.append([c.heading for c in sheet.columns])
    rows += sheet.under_heading
    lines = []
    for row in sheet.rows:
        again = row.kind == "heading"
        rows.append([c.heading if again else row.cells.get(c.key) for c in sheet.columns])
        lines.append(len(rows))
    return rows + [list(b) for b in sheet.below], first, lines


def write(book: Workbook, folder: Path) -> Path:
    """Write a workbook as .xlsx or a folder of CSV files, and return its path."""
    if book.ext == "csv":
        return _write_csv(book, folder)
    work = openpyxl.Workbook()
    work.remove(work.active)
    for sheet in book.sheets:
        page = work.create_sheet(sheet.name[:31])
        rows, first, lines = grid(sheet)
        for row in rows:
            page.append([None if v == "" else v for v in row])
        for i, column in enumerate(sheet.columns, 1):
            letter = get_column_letter(i)
            page.column_dimensions[letter].hidden = column.hidden
            for line in lines if column.style else ():
                page.cell(line, i).number_format = column.style
            if sheet.upper and not any(a < i <= b for _, a, b in sheet.upper):
                page.merge_cells(f"{letter}{first}:{letter}{first + 1}")
        for _, a, b in sheet.upper:
            page.merge_cells(start_row=first, end_row=first, start_column=a + 1, end_column=b)
        for key, a, b in sheet.merges:
            position = [c.key for c in sheet.columns].index(key) + 1
            page.merge_cells(start_row=lines[a], end_row=lines[b], start_column=position, end_column=position)
        for line, row in zip(lines, sheet.rows, strict=True):
            if row.hidden:
                page.row_dimensions[line].hidden = True
    if book.empty_sheet:
        work.create_sheet("Sheet9")
    if book.hidden_copy:
        copy = work.copy_worksheet(work[book.sheets[-1].name[:31]])
        copy.title, copy.sheet_state = "Bản cũ", "hidden"
    path = folder / "so_lieu.xlsx"
    work.save(path)
    return path


def _write_csv(book: Workbook, folder: Path) -> Path:
    target = folder / "vao"
    target.mkdir()
    for i, sheet in enumerate(book.sheets):
        rows = [[f"{v:%d/%m/%Y}" if isinstance(v, dt.date) else v for v in row] for row in grid(sheet)[0]]
        width = max(map(len, rows))
        with (target / f"{sheet.table}_{i}.csv").open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out, delimiter=book.delimiter).writerows([*r, *[""] * (width - len(r))] for r in rows)
    return target


# --- Mutations ---

Change = Callable[[Workbook, random.Random], bool]
MUTATIONS: dict[str, tuple[str, Change]] = {}


def mutation(effect: str) -> Callable[[Change], Change]:
    """Register a mutation; it returns false where it does not apply to a workbook."""

    def register(change: Change) -> Change:
        MUTATIONS[change.__name__] = (effect, change)
        return change

    return register


def spoil(seed: object, names: list[str]) -> tuple[Workbook, list[str]]:
    """Return the good workbook of a seed after some mutations, and the names of those that applied."""
    book = good_workbook(seed)
    done = [n for n in names if MUTATIONS[n][1](book, random.Random(f"{seed}-{n}"))]
    return book, done


def choose(seed: object) -> list[str]:
    """Return the names of one to four mutations: two in five sets are harmless, a third must be asked about."""
    rng = random.Random(f"{seed}-choice")
    first = rng.choices([HARMLESS, UNCLEAR, ASK], [40, 25, 35])[0]
    names = {e: [n for n, (effect, _) in MUTATIONS.items() if effect == e] for e in (HARMLESS, UNCLEAR, ASK)}
    chosen = [rng.choice(names[first])]
    others = rng.sample(names[HARMLESS] + (names[UNCLEAR] if first == UNCLEAR else []), rng.randint(0, 3))
    chosen += [n for n in others if n not in chosen]
    rng.shuffle(chosen)
    return chosen


def effect_of(names: list[str]) -> str:
    """Return what may follow from several mutations."""
    effects = {MUTATIONS[n][0] for n in names}
    return ASK if ASK in effects else UNCLEAR if UNCLEAR in effects else HARMLESS


def has_numbers_only(sheet: Sheet) -> bool:
    """Return whether all figures of a sheet are still numbers."""
    return all(type(n) is int for r in sheet.data for k, n in r.cells.items() if k in FIGURES)


def free(sheet: Sheet, *keys: str) -> list[Column]:
    """Return the columns of some keys whose heading may be changed."""
    return [c for c in sheet.columns if not c.locked and c.key in keys]


@mutation(HARMLESS)
def heading_of_another_case(book, rng):
    change = rng.choice([str.upper, str.lower, lambda t: t + ":", lambda t: f" {t}  ", lambda t: t.replace(" ", "  ")])
    for sheet in book.sheets:
        for column in sheet.columns:
            if not (len(column.heading) == 2 and column.heading.isupper()):
                column.heading = change(column.heading)
    return True


@mutation(HARMLESS)
def letters_of_converters(book, rng):
    change = rng.choice(
        [
            lambda t: unicodedata.normalize("NFD", t),
            lambda t: t.replace(" ", "\u00a0"),
            lambda t: t + "\u200b",
            lambda t: t.replace("Đ", "\u00d0"),
            lambda t: "\ufeff" + t,
        ]
    )
    for sheet in book.sheets:
        for column in sheet.columns:
            column.heading = change(column.heading)
        for row in sheet.data:
            row.cells = {k: change(v) if isinstance(v, str) else v for k, v in row.cells.items()}
    return True


@mutation(HARMLESS)
def line_breaks_in_headings(book, rng):
    if book.ext == "csv":
        return False
    for sheet in book.sheets:
        for column in sheet.columns:
            column.heading = column.heading.replace(" ", "\n", 1)
    return True


@mutation(HARMLESS)
def other_words_of_groups(book, rng):
    for sheet in book.cards_sheets:
        for column in free(sheet, *GROUPS):
            column.heading = rng.choice(GROUPS[column.key])
    return bool(book.cards_sheets[0].groups)


@mutation(HARMLESS)
def unit_of_people_in_brackets(book, rng):
    unit = rng.choice([" (người)", "\n(người)", " (Người)"])
    for sheet in book.sheets:
        for column in free(sheet, *GROUPS, "people"):
            column.heading, column.locked = column.heading + unit, True
    return True


@mutation(HARMLESS)
def unit_above(book, rng):
    text = rng.choice(["Đơn vị tính: người", "ĐVT: người", "(Đơn vị: người)", "Đơn vị tính: Người, thẻ"])
    for sheet in book.sheets:
        sheet.titles.append([*[None] * rng.randint(0, 3), text])
    return True


@mutation(HARMLESS)
def lines_above(book, rng):
    lines = [
        "BẢO HIỂM XÃ HỘI VIỆT NAM",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Biểu số 02",
    ]
    lines += ["(Kèm theo Kế hoạch số 99/KH-UBND ngày 15/01/2020)", f"BHXH {book.place.upper()}"]
    for sheet in book.sheets:
        sheet.titles = [[t] for t in rng.sample(lines, rng.randint(1, 4))] + sheet.titles
    return True


@mutation(HARMLESS)
def row_of_totals(book, rng):
    words = ["Tổng cộng", "TỔNG CỘNG", "Tổng số", "Cộng", "Cộng:", "TC", "T.Cộng", "Tổng cộng (A+B)", "Toàn huyện", "∑"]
    word, first = rng.choice(words), rng.random() < 0.3
    applied = False
    for sheet in book.sheets:
        if sheet.column("cards") or len(sheet.days) > 1 or sheet.totals or sheet.merges or not has_numbers_only(sheet):
            continue
        figures = [c.key for c in sheet.columns if c.key in FIGURES]
        row = Row(
            {"area": word, **{k: sum(r.cells[k] for r in sheet.data) for k in figures if k in sheet.data[0].cells}},
            "total",
        )
        sheet.rows = [row, *sheet.rows] if first else [*sheet.rows, row]
        applied = sheet.totals = True
    return applied


@mutation(HARMLESS)
def column_of_totals(book, rng):
    words = [
        "Tổng cộng",
        "Tổng số",
        "Cộng",
        "TS",
        "TC",
        "Tổng số thẻ",
        "Tổng số người tham gia",
        "T.Cộng",
        "Σ",
        "Tổng cộng (người)",
    ]
    applied = False
    for sheet in book.cards_sheets:
        if not sheet.groups or sheet.column("_total") or not has_numbers_only(sheet):
            continue
        for row in sheet.rows:
            if sheet.groups[0].key in row.cells:
                row.cells["_total"] = sum(row.cells[c.key] for c in sheet.groups)
        keys = [c.key for c in sheet.columns]
        place = rng.choice([keys.index(sheet.groups[0].key), keys.index(sheet.groups[-1].key) + 1])
        sheet.columns.insert(place, Column("_total", rng.choice(words), locked=True))
        sheet.upper, applied = [], True
    return applied


@mutation(HARMLESS)
def numbers_of_rows(book, rng):
    heading = rng.choice(["STT", "TT", "Số TT"])
    for sheet in book.sheets:
        if sheet.column("_row"):
            return False
        sheet.columns.insert(0, Column("_row", heading))
        sheet.upper = []
        for i, row in enumerate(sheet.data, 1):
            row.cells["_row"] = i
    return True


@mutation(HARMLESS)
def row_that_numbers_the_columns(book, rng):
    for sheet in book.sheets:
        n, style = len(sheet.columns), rng.choice(["({})", "{}"])
        sheet.under_heading.insert(0, [style.format(i) for i in range(1, n + 1)])
    return True


@mutation(HARMLESS)
def day_in_the_title(book, rng):
    applied = False
    for sheet in book.cards_sheets:
        if sheet.day == "column" and len(sheet.days) == 1:
            day = sheet.days[0]
            words = [
                "Tháng {0.month} năm {0.year}",
                "Số liệu đến ngày {0:%d/%m/%Y}",
                "(Đến hết tháng {0.month:02d}/{0.year})",
            ]
            words += ["BÁO CÁO THÁNG {0.month:02d} NĂM {0.year}", "Tính đến ngày {0.day} tháng {0.month} năm {0.year}"]
            sheet.titles.append([rng.choice(words).format(day)])
            drop(sheet, "as_of")
            sheet.day, applied = "title", True
    return applied


def drop(sheet: Sheet, key: str) -> None:
    sheet.columns = [c for c in sheet.columns if c.key != key]
    sheet.upper = []
    sheet.merges = [m for m in sheet.merges if m[0] != key]


@mutation(HARMLESS)
def days_in_words(book, rng):
    words = [
        "{0.month}/{0.year}",
        "Tháng {0.month}/{0.year}",
        "{0.day}.{0.month}.{0.year}",
        "{0:%d/%m/%Y}",
        "{0:%Y-%m-%d}",
    ]
    words += ["ngày {0.day} tháng {0.month} năm {0.year}", "{0.month:02d}-{0.year}"]
    word, applied = rng.choice(words), False
    for sheet in book.sheets:
        for row in sheet.data if sheet.day == "column" and not sheet.column("as_of").style else ():
            if isinstance(row.cells["as_of"], dt.date):
                row.cells["as_of"], applied = word.format(row.cells["as_of"]), True
    return applied


@mutation(HARMLESS)
def months_typed_in_excel(book, rng):
    if book.ext == "csv":
        return False
    style, applied = rng.choice(["mm/yyyy", "mmm-yy", "m/yyyy", "mm\\-yyyy"]), False
    for sheet in book.cards_sheets:
        for row in sheet.data if sheet.day == "column" else ():
            if isinstance(row.cells["as_of"], dt.date):
                row.cells["as_of"] = row.cells["as_of"].replace(day=1)
                sheet.column("as_of").style, applied = style, True
    return applied


@mutation(HARMLESS)
def signatures(book, rng):
    for sheet in book.sheets:
        year, month = sheet.days[-1].year + sheet.days[-1].month // 12, sheet.days[-1].month % 12 + 1
        day = [
            None,
            None,
            f"{book.place.split(' ', 1)[-1]}, ngày {rng.randint(3, 20):02d} tháng {month:02d} năm {year}",
        ]
        names = rng.choice(
            [["NGƯỜI LẬP BIỂU", None, "GIÁM ĐỐC"], [None, None, "KT. GIÁM ĐỐC"], [None, None, "TM. ỦY BAN NHÂN DÂN"]]
        )
        sheet.below += [*rng.choice([[[]], [[], []]]), day, names, ["(Ký, họ tên)"], [], [None, None, "Nguyễn Văn Mẫu"]]
    return True


@mutation(HARMLESS)
def printed_above_a_month(book, rng):
    applied = False
    for sheet in book.cards_sheets:
        if sheet.day == "title":
            year, month = sheet.days[-1].year + sheet.days[-1].month // 12, sheet.days[-1].month % 12 + 1
            word = rng.choice(
                ["Ngày in: {:02d}/{:02d}/{}", "Ngày ký: {:02d}/{:02d}/{}", "Mẫu, ngày {:02d} tháng {:02d} năm {}"]
            )
            sheet.titles.insert(0, [word.format(rng.randint(2, 9), month, year)])
            applied = True
    return applied


@mutation(HARMLESS)
def columns_in_another_order(book, rng):
    for sheet in book.sheets:
        if sheet.upper:
            return False
        order = [c for c in sheet.columns if c.key in GROUPS]
        rng.shuffle(order)
        rest = iter(order)
        sheet.columns = [next(rest) if c.key in GROUPS else c for c in sheet.columns]
        if book.layout in ("long", "wide"):
            rng.shuffle(sheet.columns)
    return True


@mutation(HARMLESS)
def rows_in_another_order(book, rng):
    for sheet in book.sheets:
        if sheet.merges or any(
            r.kind == "head" or (r.kind == "total" and sheet.rows.index(r) not in (0, len(sheet.rows) - 1))
            for r in sheet.rows
        ):
            return False
        order = sheet.data
        rng.shuffle(order)
        rest = iter(order)
        sheet.rows = [next(rest) if r.kind == "data" else r for r in sheet.rows]
    return True


@mutation(HARMLESS)
def blank_rows(book, rng):
    for sheet in book.sheets:
        if sheet.merges:
            return False
        for _ in range(rng.randint(1, 3)):
            sheet.rows.insert(rng.randint(0, len(sheet.rows)), Row({}, "blank"))
    return True


@mutation(HARMLESS)
def notes_below(book, rng):
    notes = [
        "Ghi chú: số liệu do BHXH cung cấp",
        "1. Không tính lực lượng vũ trang",
        "(1) Gồm cả thẻ tạm cấp",
        "(*) Số liệu tạm tính",
    ]
    notes += ["1 Gồm cả thẻ cấp trong tháng", "Nơi nhận: Lưu VT"]
    for sheet in book.sheets:
        sheet.below += [[], *([n] for n in rng.sample(notes, rng.randint(1, 3)))]
    return True


@mutation(HARMLESS)
def column_of_notes(book, rng):
    for sheet in book.sheets:
        if sheet.column("note"):
            return False
        sheet.columns.append(Column("note", "Ghi chú"))
        rng.choice(sheet.data).cells["note"] = "đã đối chiếu"
    return True


@mutation(HARMLESS)
def sheet_without_a_name(book, rng):
    if book.ext == "csv" or book.layout in ("one", "months"):
        return False
    for i, sheet in enumerate(book.sheets, 1):
        sheet.name = rng.choice([f"Sheet{i}", f"Biểu {i:02d}", f"Trang {i}"])
    return True


@mutation(HARMLESS)
def mark_of_a_footnote(book, rng):
    mark = rng.choice(["¹", "²", " (*)", "*", "(1)"])
    column = rng.choice(free(rng.choice(book.cards_sheets), *GROUPS, "cards") or [None])
    if column is None or (len(column.heading) == 2 and column.heading.isupper()):
        return False
    column.heading, column.locked = column.heading + mark, True
    return True


@mutation(HARMLESS)
def merged_names(book, rng):
    if book.ext == "csv" or book.layout != "long":
        return False
    sheet = book.cards_sheets[0]
    if sheet.rows != sheet.data or not sheet.column("area"):
        return False
    sheet.rows.sort(key=lambda r: (str(r.cells["as_of"]), str(r.cells["area"])))
    names = [(str(r.cells["as_of"]), r.cells["area"]) for r in sheet.rows]
    for name in dict.fromkeys(names):
        first, last = names.index(name), len(names) - 1 - names[::-1].index(name)
        if last > first:
            sheet.merges.append(("area", first, last))
            for row in sheet.rows[first + 1 : last + 1]:
                row.cells["area"] = None
    return True


@mutation(HARMLESS)
def heading_again(book, rng):
    for sheet in book.sheets:
        if sheet.merges or sheet.upper or len(sheet.rows) < 4:
            return False
    for sheet in book.sheets:
        sheet.rows.insert(len(sheet.rows) // 2, Row({}, "heading"))
    return True


@mutation(HARMLESS)
def heads_of_zones(book, rng):
    applied = False
    for sheet in book.cards_sheets:
        if sheet.column("_row") and sheet.groups and not sheet.merges and len(sheet.days) == 1:
            lines = [sheet.rows.index(r) for r in sheet.data]
            middle = lines[len(lines) // 2]
            sheet.rows.insert(middle, Row({"_row": "II", "area": "Khu vực III"}, "head"))
            sheet.rows.insert(lines[0], Row({"_row": "I", "area": "Khu vực I"}, "head"))
            applied = True
    return applied


@mutation(HARMLESS)
def names_as_people_write_them(book, rng):
    if any(str(r.cells.get("area"))[:1].isdigit() for r in book.sheets[0].data):
        return False
    change = rng.choice(
        [
            str.upper,
            lambda t: t.replace("Xã ", "X. ").replace("Phường ", "P. ").replace("Thị trấn ", "TT. "),
            lambda t: f"- {t}",
        ]
    )
    for sheet in book.sheets:
        for row in sheet.data:
            if row.cells["area"]:
                row.cells["area"] = change(row.cells["area"])
    return True


@mutation(HARMLESS)
def codes_without_zeros(book, rng):
    if book.layout not in ("long", "wide") or not book.sheets[0].data[0].cells["area"][:1].isdigit():
        return False
    rows = [r for s in book.sheets for r in s.data if r.cells["area"]]
    if not all(r.cells["area"].isascii() and r.cells["area"].isdigit() for r in rows):
        return False
    for row in rows:
        row.cells["area"] = int(row.cells["area"])
    return True


@mutation(HARMLESS)
def style_of_numbers(book, rng):
    if book.ext == "csv":
        return False
    style = rng.choice(["#,##0", "0", "#,##0.00", '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', '#,##0" người"'])
    for sheet in book.sheets:
        for column in sheet.columns:
            if column.key in FIGURES:
                column.style = style
    return True


@mutation(HARMLESS)
def groups_under_a_heading(book, rng):
    if book.ext == "csv" or not book.cards_sheets[0].groups:
        return False
    text = rng.choice(["Số thẻ BHYT", "Số người tham gia BHYT", "Trong đó", "Chia theo nhóm đối tượng"])
    for sheet in book.cards_sheets:
        keys = [c.key for c in sheet.columns]
        positions = [keys.index(c.key) for c in sheet.groups]
        if positions != list(range(positions[0], positions[-1] + 1)) or sheet.upper:
            return False
        sheet.upper = [(text, positions[0], positions[-1] + 1)]
    return True


@mutation(HARMLESS)
def empty_sheet(book, rng):
    if book.ext == "csv":
        return False
    book.empty_sheet = True
    return True


@mutation(HARMLESS)
def percent_cells(book, rng):
    if book.ext == "csv" or book.layout not in ("one", "months"):
        return False
    for sheet in book.cards_sheets:
        for row in sheet.data:
            if isinstance(row.cells["_rate"], str):
                return False
            row.cells["_rate"] = round(row.cells["_rate"] / 100, 4)
        sheet.column("_rate").style = "0.00%"
    return True


@mutation(HARMLESS)
def hidden_sheet(book, rng):
    book.hidden_copy = book.ext != "csv"
    return book.hidden_copy


@mutation(HARMLESS)
def semicolons(book, rng):
    book.delimiter = rng.choice([";", "\t"])
    return book.ext == "csv"


# --- Unclear: the truth is in the file, but a question is allowed ---


@mutation(UNCLEAR)
def dots_for_thousands(book, rng):
    mark = rng.choice([".", ",", " "])
    for sheet in book.sheets:
        for row in sheet.data:
            for key in FIGURES & set(row.cells):
                if type(row.cells[key]) is int:
                    row.cells[key] = f"{row.cells[key]:,}".replace(",", mark)
        sheet.totals = True
    return not any(r.kind == "total" for s in book.sheets for r in s.rows)


@mutation(UNCLEAR)
def sums_of_zones(book, rng):
    applied = False
    for sheet in book.cards_sheets:
        data = sheet.data
        if sheet.groups and len(sheet.days) == 1 and sheet.rows == data and not sheet.merges:
            figures = [c.key for c in sheet.columns if c.key in FIGURES and c.key in data[0].cells]
            if not has_numbers_only(sheet):
                continue
            middle = len(data) // 2
            names = rng.choice(
                [("Khu vực I", "Khu vực III"), ("Cộng KV I", "Cộng KV III"), ("Khối thành thị", "Khối nông thôn")]
            )
            parts = [(names[0], data[:middle]), (names[1], data[middle:])]
            rows = []
            for name, part in parts:
                total = Row({"area": name, **{k: sum(r.cells[k] for r in part) for k in figures}}, "total")
                rows += [total, *part]
            sheet.rows, applied = rows, True
            sheet.totals = True
    return applied


@mutation(UNCLEAR)
def row_of_the_unit_above(book, rng):
    return _odd_total(book, rng, [book.place, book.place.upper()])


@mutation(UNCLEAR)
def column_copied(book, rng):
    return add_neighbour(book, rng, str, lambda n: n)


@mutation(UNCLEAR)
def figures_with_a_decimal(book, rng):
    for sheet in book.sheets:
        for row in sheet.data if book.ext == "csv" else ():
            for key in FIGURES & set(row.cells):
                row.cells[key] = f"{row.cells[key]}.0" if type(row.cells[key]) is int else row.cells[key]
    return book.ext == "csv"


@mutation(UNCLEAR)
def total_without_a_name(book, rng):
    return _odd_total(book, rng, ["", "Chung", "Cả vùng", "Toàn bộ"])


def _odd_total(book, rng, words, off=0):
    applied = False
    word = rng.choice(words)
    for sheet in book.cards_sheets:
        if sheet.groups and len(sheet.days) == 1 and not sheet.totals:
            figures = [c.key for c in sheet.columns if c.key in FIGURES and c.key in sheet.data[0].cells]
            if not has_numbers_only(sheet):
                continue
            cells = {k: sum(r.cells[k] for r in sheet.data) for k in figures}
            cells[sheet.groups[0].key] += off
            sheet.rows.append(Row({"area": word, **cells}, "total"))
            applied = sheet.totals = True
    return applied


@mutation(UNCLEAR)
def hidden_row(book, rng):
    if book.ext == "csv":
        return False
    rng.choice(rng.choice(book.cards_sheets).data).hidden = True
    return True


def add_neighbour(book, rng, heading, figure, hidden=False, kind=None):
    """Add a column beside a group: its heading from that of the group, its figures from those of the row."""
    applied = False
    for sheet in book.cards_sheets:
        if not sheet.groups:
            return False
        column = kind or rng.choice(sheet.groups)
        keys = [c.key for c in sheet.columns]
        new = f"x{len(keys)}"
        sheet.columns.insert(
            keys.index(column.key) + 1, Column(new, heading(column.heading), hidden=hidden, locked=True)
        )
        sheet.upper = []
        for row in sheet.data:
            row.cells[new] = figure(row.cells[column.key])
        applied = True
    return applied


@mutation(UNCLEAR)
def hidden_column_of_old_figures(book, rng):
    return book.ext != "csv" and add_neighbour(
        book, rng, str, lambda n: 17 if isinstance(n, str) else n // 2, hidden=True
    )


@mutation(UNCLEAR)
def column_of_a_plan(book, rng):
    word = rng.choice(
        ["Kế hoạch", "Chỉ tiêu giao", "KH năm", "Cùng kỳ năm trước", "Tháng trước", "Tăng, giảm", "Tỷ lệ (%)"]
    )
    return add_neighbour(book, rng, lambda h: word, lambda n: rng.randint(3, 90))


@mutation(UNCLEAR)
def column_of_a_group_in_households(book, rng):
    unit = rng.choice(["hộ", "%", "kế hoạch", "chưa có thẻ", "triệu đồng", "tăng/giảm"])
    return add_neighbour(book, rng, lambda h: f"{h} ({unit})", lambda n: rng.randint(3, 90))


@mutation(UNCLEAR)
def households_below_a_group(book, rng):
    if book.ext == "csv":
        return False
    lower = rng.choice(
        [("Số hộ", "Số người"), ("Kế hoạch", "Thực hiện"), ("Tỷ lệ %", "Số thẻ"), ("Chưa có thẻ", "Có thẻ")]
    )
    for sheet in book.cards_sheets:
        if not sheet.groups or sheet.upper:
            return False
        column = rng.choice(sheet.groups)
        keys = [c.key for c in sheet.columns]
        place = keys.index(column.key)
        sheet.columns.insert(place, Column("other", column.heading, lower=lower[0], locked=True))
        column.lower = lower[1]
        column.locked = True
        sheet.upper = [(column.heading, place, place + 2)]
        for row in sheet.data:
            row.cells["other"] = rng.randint(3, 90)
    return True


@mutation(UNCLEAR)
def column_since_the_start_of_the_year(book, rng):
    return add_neighbour(book, rng, lambda h: "Lũy kế", lambda n: rng.randint(1000, 9000))


@mutation(UNCLEAR)
def row_since_the_start_of_the_year(book, rng):
    for sheet in book.cards_sheets:
        if not sheet.groups:
            return False
        cells = {c.key: rng.randint(1000, 90_000) for c in sheet.groups}
        sheet.rows.append(
            Row({"area": rng.choice(["Lũy kế từ đầu năm", "Cùng kỳ năm trước", "Kế hoạch năm"]), **cells}, "total")
        )
        sheet.totals = True
    return True


@mutation(UNCLEAR)
def totals_as_formulas(book, rng):
    if book.ext == "csv" or book.layout not in ("one", "months") or any(s.checked for s in book.sheets):
        return False
    for sheet in book.cards_sheets:
        for row in sheet.data:
            row.cells["_total"], row.cells["_rate"] = "=SUM(D9:H9)", "=I9/C9*100"
        sheet.totals = True
    return not any(r.kind == "total" for s in book.sheets for r in s.rows)


@mutation(UNCLEAR)
def first_of_the_month_in_words(book, rng):
    applied = False
    for sheet in book.cards_sheets:
        for row in sheet.data if sheet.day == "column" else ():
            day = row.cells["as_of"]
            if isinstance(day, dt.date) and day.day > 1:
                row.cells["as_of"], applied = f"T{day.month}/{day.year}", True
    return applied


@mutation(UNCLEAR)
def other_words_of_offices(book, rng):
    words = {
        "household": "HGĐ",
        "child_under_6": "TE < 6 tuổi",
        "student": "HS-SV",
        "poor": "Người nghèo (HN)",
        "near_poor": "HCN",
    }
    words |= {"farm_average_income": "Nông, lâm, ngư MSTB", "war_veteran": "CCB", "employer_employee": "DN, HCSN"}
    applied = False
    for sheet in book.cards_sheets:
        for column in free(sheet, *words):
            column.heading, column.locked, applied = words[column.key], True, True
    return applied


# --- Ask: the truth is not in the file any more ---


@mutation(ASK)
def thousands(book, rng):
    sheet = rng.choice(book.cards_sheets)
    unit = rng.choice(["nghìn thẻ", "nghìn người", "ngàn thẻ", "1.000 thẻ", "1000 người", "triệu người"])
    where = rng.choice(["title", "note", "units", "heading", "line", "name"])
    text = rng.choice(["Đơn vị: {}", "Đơn vị tính: {}", "ĐVT: {}", "Đ.V.T: {}", "(ĐVT: {})"]).format(unit)
    figures = free(sheet, *GROUPS, "cards")
    if where == "title":
        sheet.titles.append([*[None] * rng.randint(0, 4), text])
    elif where == "note":
        sheet.below += [[], [f"Ghi chú: {text}"]]
    elif where == "units":
        sheet.under_heading.append([unit if c.key in FIGURES else None for c in sheet.columns])
    elif where == "name" and book.ext != "csv":
        sheet.name = f"{sheet.name[:15]} (nghìn thẻ)"
    elif figures:
        for column in figures:
            column.heading, column.locked = column.heading + ("\n" if where == "line" else " ") + f"({unit})", True
    else:
        return False
    return True


@mutation(ASK)
def wrong_unit_of_a_column(book, rng):
    units = [
        "hộ",
        "số hộ",
        "%",
        "tỷ lệ %",
        "đồng",
        "triệu đồng",
        "chưa có thẻ",
        "chưa tham gia",
        "kế hoạch",
        "KH 2022",
        "tăng/giảm",
    ]
    units += ["+/-", "chỉ tiêu", "hết hạn", "cấp mới", "lượt", "dự kiến", "so với tháng trước"]
    sheet = rng.choice(book.cards_sheets)
    columns = free(sheet, *GROUPS, "cards", "people")
    if not columns:
        return False
    column, form = rng.choice(columns), rng.choice(["{} ({})", "{}\n({})", "{} [{}]", "{} - {}"])
    column.heading, column.locked = form.format(column.heading, rng.choice(units)), True
    return True


@mutation(ASK)
def unknown_group(book, rng):
    word = rng.choice(["Nhóm X", "Diện 139", "Đối tượng khác", "Khác", "Cột 7", "QĐ 102", "Diện chính sách tỉnh"])
    for sheet in book.cards_sheets:
        if sheet.column("_total") or not sheet.groups:
            return False
    return add_neighbour(book, rng, lambda h: word, lambda n: rng.randint(40, 900))


@mutation(ASK)
def unknown_group_in_the_long_form(book, rng):
    if book.layout != "long":
        return False
    sheet = book.cards_sheets[0]
    rng.choice(sheet.data).cells["group"] = rng.choice(["Nhóm X", "Diện 139", "Đối tượng khác", "Khác"])
    return True


@mutation(ASK)
def no_day(book, rng):
    applied = False
    for sheet in book.cards_sheets:
        if sheet.day == "column":
            drop(sheet, "as_of")
            if len(sheet.days) == 1 and rng.random() < 0.7:
                sheet.titles.insert(
                    0, [rng.choice(["Mẫu, ngày 05 tháng 8 năm 2021", "Ngày in: 05/08/2021", "Ngày ký: 05/08/2021"])]
                )
            sheet.day, applied = "none", True
    return applied


@mutation(ASK)
def two_months_in_the_title(book, rng):
    sheet = rng.choice(book.cards_sheets)
    if sheet.day != "title":
        return False
    sheet.titles = [
        t for t in sheet.titles if not any("háng" in str(v) or "HÁNG" in str(v) or "ngày" in str(v) for v in t)
    ]
    sheet.titles.append(["So sánh tháng 3/2021 với tháng 4/2021"])
    sheet.name = "Báo cáo"
    return True


@mutation(ASK)
def wrong_row_of_totals(book, rng):
    if any(s.totals for s in book.cards_sheets):
        return False
    return _odd_total(
        book, rng, ["Tổng cộng", "TC", "T.Cộng", "Toàn huyện", "Tổng số toàn vùng"], rng.choice([-1, 1, 10, 1000])
    )


@mutation(ASK)
def wrong_total_of_a_row(book, rng):
    sheet = rng.choice(book.cards_sheets)
    rows = [r for r in sheet.data if type(r.cells.get("_total")) is int]
    if not rows:
        return False
    sheet.checked = True
    rng.choice(rows).cells["_total"] += rng.choice([-1, 1, 10, 100])
    return True


@mutation(ASK)
def figure_changed_under_totals(book, rng):
    for sheet in book.cards_sheets:
        if sheet.groups and sheet.column("_total") and all(type(r.cells.get("_total")) is int for r in sheet.data):
            row, column = rng.choice(sheet.data), rng.choice(sheet.groups)
            if type(row.cells[column.key]) is int:
                row.cells[column.key] += rng.choice([1, 9, 90])
                sheet.checked = True
                return True
    return False


@mutation(ASK)
def misspelt_name(book, rng):
    sheet = rng.choice(book.cards_sheets)
    row = rng.choice(sheet.data)
    if not row.cells["area"] or str(row.cells["area"])[:1].isdigit():
        return False
    row.cells["area"] = row.cells["area"] + "zq"
    return True


@mutation(ASK)
def group_twice(book, rng):
    return add_neighbour(book, rng, str, lambda n: rng.randint(3, 900))


@mutation(ASK)
def error_of_excel(book, rng):
    sheet = rng.choice(book.cards_sheets)
    row = rng.choice(sheet.data)
    key = rng.choice([c.key for c in sheet.columns if c.key in (*GROUPS, "cards")])
    errors = ["#REF!", "#N/A", "#DIV/0!", "#VALUE!"] + ([] if book.ext == "csv" else ["=A1+B1", "=SUM(Z1:Z9)"])
    row.cells[key] = rng.choice(errors)
    return True


@mutation(ASK)
def row_twice(book, rng):
    sheet = rng.choice(book.cards_sheets)
    if sheet.totals or sheet.merges:
        return False
    row = rng.choice(sheet.data)
    changed = {k: v + 3 if k in FIGURES and type(v) is int else v for k, v in row.cells.items()}
    sheet.rows.append(Row(changed))
    return True


@mutation(ASK)
def figure_over_two_rows(book, rng):
    sheet = rng.choice(book.cards_sheets)
    if book.ext == "csv" or len(sheet.rows) < 2 or sheet.rows != sheet.data or sheet.merges:
        return False
    key = rng.choice([c.key for c in sheet.columns if c.key in (*GROUPS, "cards")])
    first = rng.randrange(len(sheet.rows) - 1)
    sheet.rows[first + 1].cells[key] = None
    sheet.merges.append((key, first, first + 1))
    return True


@mutation(ASK)
def absurd_year(book, rng):
    sheet = rng.choice(book.cards_sheets)
    if sheet.day != "column" or not isinstance(sheet.data[0].cells.get("as_of"), dt.date):
        return False
    year = rng.choice([1921, 2121, 2201, 1905])
    for row in sheet.data:
        row.cells["as_of"] = f"30/06/{year}"
    return True


@mutation(ASK)
def half_a_card(book, rng):
    sheet = rng.choice(book.cards_sheets)
    key = rng.choice([c.key for c in sheet.columns if c.key in (*GROUPS, "cards")])
    row = rng.choice(sheet.data)
    row.cells[key] = rng.choice([0.52, 12.5, -17, "12 hộ", "khoảng 500", "?"])
    return True


@mutation(ASK)
def column_of_a_group_in_the_long_form(book, rng):
    if book.layout != "long":
        return False
    sheet = book.cards_sheets[0]
    heading = rng.choice(["Hộ nghèo", "Hộ gia đình", "HSSV"])
    sheet.columns.append(Column("x", heading, locked=True))
    for row in sheet.data:
        row.cells["x"] = rng.randint(10, 99)
    return True
