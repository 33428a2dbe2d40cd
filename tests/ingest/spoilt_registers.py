"""Make lists of invented persons and spoil them as offices do, with all that no output may quote of them.

``python -m tests.ingest.spoilt_registers SEED FOLDER`` writes the input of a seed.
"""

import datetime as dt
import random
import re
import sys
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import TCVN3, VNI

from .offices import AREAS, CARDS, PEOPLE, as_text, write_ods, write_xlsx

FAMILIES = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương",
    "Lý", "Lương", "Đào", "Đinh", "Trịnh", "Mai", "Cao", "Hà", "Tạ", "Tô", "Chu", "Thái", "Lâm", "Quách", "Phùng",
    "Kiều", "Doãn", "Ninh", "Từ", "Tăng", "Tống", "Thân", "Nghiêm", "Khuất", "Khổng", "La", "Lã", "Lại", "Lưu", "Lục",
    "Mạc", "Mẫn", "Nhữ", "Ông", "Phí", "Quản", "Sái", "Tiêu", "Thạch", "Sơn", "Kim", "Danh", "Nhâm", "Thị", "Lò",
    "Vàng", "Giàng", "Sùng", "Nông", "Bế", "Vi", "Quàng", "Cà", "Tòng", "Lường", "Cầm", "Đèo", "Mùa", "Thào", "Hạng",
    "Tráng", "Cứ", "Vừ", "Ly", "Má", "Sồng", "Hờ", "Lầu", "Chảo", "Tẩn", "Phàn", "Lù", "Bàn", "Triệu", "Mã", "A", "Y",
    "H'", "K'", "Ka", "Rơ-Châm", "Siu", "Ksor", "Nay", "Rahlan", "Kpă", "Rmah", "Niê", "Êban", "Mlô", "Ayun", "Rcom",
    "Kray", "Blong", "Bríu", "Alăng", "Zơrâm", "Pơloong", "Cơlâu", "Bling", "Tơngôl",
]  # fmt: skip
MIDDLES = ["Văn", "Thị", "Thị Ngọc", "A", "Xuân", "", "Bá", "Seo"]
GIVENS = [
    "Khuyên", "Thoa", "Nhạn", "Diễm", "Hợi", "Tuất", "Xuyến", "Quế", "Sửu", "Thược", "Rạng", "Mỵ", "Páo", "Rúa",
    "Khoát",
    "Nhẫn", "Huệ", "Blui", "Đoái", "Cúc", "Nhót", "Nhím", "Mẩy", "Kía", "Brèo",
]  # fmt: skip
COMMUNES = ["Kiên Lao", "Phì Điền", "Chũ"]
CODES = ["HN", "GD", "TE", "DK", "BT"]
DAY = dt.date(2021, 6, 30)
HEADS = {
    "number": ["STT", "TT", "Số TT"],
    "name": ["Họ và tên", "Họ tên", "Họ và tên người tham gia", "Full name"],
    "family": ["Họ đệm", "Họ, đệm"],
    "given": ["Tên"],
    "born": ["Ngày sinh", "Ngày tháng năm sinh", "Năm sinh", "NTNS", "Date of birth"],
    "card": ["Mã thẻ BHYT", "Số thẻ BHYT", "Mã thẻ", "Số thẻ", "Card number"],
    "bhxh": ["Mã số BHXH", "Số sổ BHXH", "Mã BHXH"],
    "paper": ["Số CCCD", "CMND/CCCD", "Số định danh"],
    "phone": ["Số điện thoại", "ĐT"],
    "address": ["Địa chỉ", "Nơi ở"],
    "unit": ["Xã", "Đơn vị", "Xã, phường, thị trấn", "Mã đơn vị"],
    "group": ["Nhóm đối tượng", "Đối tượng", "Nhóm"],
    "day": ["Ngày số liệu", "Tính đến ngày", "Tháng"],
    "count": ["Số thẻ", "Số người", "Dân số", "Hộ nghèo"],
    "until": ["Giá trị đến", "Hạn thẻ"],
    "note": ["Ghi chú", "Nguồn"],
    "family name": ["Họ"],
    "middle name": ["Đệm", "Tên đệm"],
    "relative": ["Cha/mẹ", "Con của", "Hộ"],
    "spoken": ["Người tham gia", "Trường hợp"],
}
UNKNOWN = ["Cột A", "Trường 1", "F1", "Nội dung", "x", "Thông tin", "Col", "Dữ liệu 2", "Mục", "Chi tiết"]
BIRTHS = [
    "slashes", "short", "iso", "dots", "day", "serial", "year", "packed", "dashes", "month first", "two digits",
    "two digits, dashes", "month", "blanks", "words", "midnight", "serial text",
]  # fmt: skip
LAYOUTS = [
    ["number", "name", "born", "card", "unit", "day"],
    ["number", "name", "born", "card", "unit", "group", "day", "count"],
    ["number", "family", "given", "born", "paper", "unit", "group"],
    ["name", "bhxh", "unit", "group", "day"],
    ["unit", "day", "group", "count", "name"],
    ["unit", "name", "day", "count", "born"],
    ["number", "unit", "day", "group", "count", "note"],
    ["born", "unit", "group"],
    ["paper", "unit", "group", "day"],
    ["name", "unit", "count"],
    ["number", "name", "born", "phone", "address", "card", "until", "unit", "day", "note"],
    ["unit", "day", "count", "card"],
    ["number", "family name", "middle name", "given", "unit", "born"],
    ["unit", "group", "day", "relative"],
    ["number", "spoken", "unit", "group"],
    ["unit", "day", "group", "count", "spoken"],
    ["form"],
]
WORD = re.compile(r"[^\W_]+")
SHEETS = ["Danh sách", "Số thẻ", "Dân số", "Sheet1", "DS BHYT", "cards", "Mục tiêu", "Đơn vị thay thế", "Đơn vị"]


@dataclass
class Person:
    """An invented person."""

    words: list[str]
    card: str
    bhxh: str
    paper: str
    phone: str
    born: dt.date

    @property
    def name(self) -> str:
        """Return the name."""
        return " ".join(self.words)


@dataclass
class Register:
    """A spoilt register: what was done, and how names, numbers and birthdays are written in it."""

    seed: object
    done: list[str] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)
    path: Path = Path()

    def disclosed(self, text: str) -> list[str]:
        """Return the parts of names, the numbers and the birthdays that a text has."""
        words, digits, text = _searchable(text)
        faults = []
        for person in self.persons:
            folded = normalise_name(person.name).split()
            faults += [f"{a} {b}" for a, b in pairwise(folded) if f" {a} {b} " in words and len(a + b) > 3]
            faults += [n for n in (person.card, person.bhxh, person.paper, person.phone) if n[-7:] in digits]
            faults += [
                d for d in _days(person.born) if d in text and re.search(rf"(?<![\d.]){re.escape(d)}(?![\d.]\d)", text)
            ]
            faults += [g for g in person.words[-1:] if g in text and re.search(rf"(?<!\w){g}(?!\w)", text)]
        return list(dict.fromkeys(faults))


@lru_cache(maxsize=16)
def _searchable(text: str) -> tuple[str, str, str]:
    """Return the words of a text without accents, the text with its digits joined, and with composed letters."""
    words = f" {' '.join(WORD.findall(normalise_name(text)))} "
    return words, re.sub(r"(?<=\d)[\s.\-\u00a0'’,](?=\d)", "", text), unicodedata.normalize("NFC", text)


def _days(day: dt.date) -> list[str]:
    serial = (day - dt.date(1899, 12, 30)).days
    d, m, y = day.day, day.month, day.year
    return [
        f"{day:%d/%m/%Y}",
        f"{d}/{m}/{y}",
        f"{day:%Y-%m-%d}",
        f"{day:%d.%m.%Y}",
        f"{day:%d-%m-%Y}",
        f"{day:%Y%m%d}",
        f"{day:%d%m%Y}",
        f"{m}/{d}/{y}",
        f"{serial}",
        f"{serial // 1000}.{serial % 1000:03}",
        f"{serial // 1000},{serial % 1000:03}",
        f"{y}",
        f"{d}/{m}/{day:%y}",
        f"{d}-{m}-{day:%y}",
        f"{m}/{y}",
        f"{day:%d / %m / %Y}",
        f"tháng {m} năm {y}",
    ]


def _persons(rng: random.Random) -> list[Person]:
    persons = []
    for last in rng.sample(GIVENS, rng.randint(6, 14)):
        number = f"{rng.randrange(10**9, 10**10)}"
        place = f"{rng.randrange(1, 97):03}"
        born = dt.date(rng.randint(1931, 1988), rng.randint(1, 12), rng.randint(1, 28))
        paper = f"{place}{rng.randrange(2)}{born:%y}{rng.randrange(10**6):06}"
        card = f"{rng.choice(CODES)}{rng.randint(1, 5)}{rng.randint(10, 96)}{number}"
        phone = f"0{rng.choice('35789')}{rng.randrange(10**8):08}"
        words = [*rng.choice(FAMILIES).split("-"), *rng.choice(MIDDLES).split(), last]
        persons.append(Person(words, card, number, paper, phone, born))
    return persons


def _without_accents(text: str) -> str:
    text = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in text if not unicodedata.combining(c))


def _write_name(style: str, name: str) -> str:
    match style:
        case "capitals":
            return name.upper()
        case "lower":
            return name.lower()
        case "plain":
            return _without_accents(name)
        case "decomposed":
            return unicodedata.normalize("NFD", name)
        case "spaced":
            return f" {name.replace(' ', '  ')} "
        case "title":
            return f"Bà {name}"
        case "comma":
            words = name.split()
            return ", ".join([*words[-1:], *([" ".join(words[:-1])] if words[1:] else [])])
        case _:
            return name


def _write_born(style: str, day: dt.date) -> object:
    serial = (day - dt.date(1899, 12, 30)).days
    return {
        "slashes": f"{day:%d/%m/%Y}",
        "short": f"{day.day}/{day.month}/{day.year}",
        "iso": f"{day:%Y-%m-%d}",
        "dots": f"{day:%d.%m.%Y}",
        "day": day,
        "serial": serial,
        "year": day.year,
        "packed": f"{day:%Y%m%d}",
        "dashes": f"{day:%d-%m-%Y}",
        "month first": f"{day.month}/{day.day}/{day.year}",
        "two digits": f"{day.day}/{day.month}/{day:%y}",
        "two digits, dashes": f"{day.day}-{day.month}-{day:%y}",
        "month": f"{day.month}/{day.year}",
        "blanks": f"{day:%d / %m / %Y}",
        "words": f"ngày {day.day} tháng {day.month} năm {day.year}",
        "midnight": f"{day:%Y-%m-%d}T00:00:00",
        "serial text": f"{serial}",
    }[style]


def _write_number(style: str, number: str) -> object:
    if style == "figure":
        return int(number) if number.isdigit() else number
    if style == "spaces":
        return f"{number[:2]} {number[2]} {number[3:5]} {number[5:]}"
    if style == "dots":
        return ".".join([number[:4], number[4:8], number[8:]])
    if style == "apostrophe":
        return f"'{number}"
    if style == "label":
        return f"Thẻ {number}"
    if style == "dashes":
        return f"{number[:2]}-{number[2:5]}-{number[5:]}"
    return number


def _rows(rng: random.Random, register: Register) -> tuple[list[str], list[str], list[list[object]]]:
    """Return the keys, the headings and the rows of a register before it is spoilt."""
    keys = list(rng.choice(LAYOUTS))
    name = rng.choice(["", "", "capitals", "lower", "plain", "decomposed", "spaced", "title", "comma"])
    born = rng.choice(BIRTHS)
    number = rng.choice(["", "", "figure", "spaces", "dots", "apostrophe", "label", "dashes"])
    register.done += [" ".join(keys), f"name {name}", f"born {born}", f"number {number}"]
    rows = []
    for i, person in enumerate(register.persons, 1):
        values = {
            "number": i,
            "name": _write_name(name, person.name),
            "born": _write_born(born, person.born),
            "family": _write_name(name, " ".join(person.words[:-1])),
            "given": _write_name(name, person.words[-1]),
            "card": _write_number(number, person.card),
            "bhxh": _write_number(number, person.bhxh),
            "paper": _write_number(number, person.paper),
            "phone": _write_number(number, person.phone),
            "address": f"Thôn {rng.randint(1, 9)}",
            "unit": rng.choice(COMMUNES),
            "group": rng.choice(CODES),
            "day": DAY,
            "count": rng.choice([1, 1, 2, person.card, person.name]),
            "until": dt.date(2021, 12, 31),
            "note": rng.choice(["", person.name, f"thẻ {person.card}", person.phone]),
            "family name": _write_name(name, person.words[0]),
            "middle name": _write_name(name, " ".join(person.words[1:-1])),
            "relative": f"con {rng.choice(['', 'ông ', 'bà ', 'chị '])}{_write_name(name, person.name)}",
        }
        values["spoken"] = f"{values['name']}, sinh {values['born']}, thẻ {values['card']}"
        if keys == ["form"]:
            labels = {"name": "Họ và tên", "born": "Ngày sinh", "card": "Số thẻ", "unit": "Xã"}
            rows += [[f"{label}: {values[k]}"] for k, label in labels.items()]
        else:
            rows.append([values[k] for k in keys])
    return keys, [rng.choice(HEADS.get(k, ["Phiếu"])) for k in keys], rows


def _shift(rng: random.Random, rows: list[list[object]]) -> None:
    """Shift some rows to the right or left."""
    by = rng.choice([1, 1, 2, -1])
    for i in rng.sample(range(len(rows)), max(1, len(rows) // rng.randint(1, 4))):
        rows[i][:] = [None] * by + rows[i] if by > 0 else rows[i][-by:]


def _swap(rng: random.Random, rows: list[list[object]]) -> None:
    """Exchange two cells of some rows."""
    for i in rng.sample(range(len(rows)), max(1, len(rows) // rng.randint(1, 3))):
        a, b = rng.choices(range(len(rows[i])), k=2)
        rows[i][a], rows[i][b] = rows[i][b], rows[i][a]


def _to_font(font: dict[str, str], rows: list[list[object]]) -> list[list[object]]:
    codes = str.maketrans({letter: code for code, letter in font.items()})
    return [[v.translate(codes) if isinstance(v, str) else v for v in row] for row in rows]


def make_register(seed: object, folder: Path) -> Register:
    """Write the input of a seed: a workbook, or a folder of CSV files; a folder may have several registers."""
    rng = random.Random(f"register {seed}")
    register = Register(seed)
    register.persons = _persons(rng)
    keys, heads, rows = _rows(rng, register)
    for name, change in (("shift", _shift), ("swap", _swap)):
        if rng.random() < 0.6:
            register.done.append(name)
            change(rng, rows)
    heading = rng.choice(["known", "known", "unknown", "none", "some", "two rows", "repeated", "plain"])
    register.done.append(f"heading {heading}")
    if heading == "unknown":
        heads = rng.sample(UNKNOWN, len(heads))
    elif heading == "plain":
        heads = [_without_accents(h).upper() for h in heads]
    elif heading == "some":
        heads = [h if rng.random() < 0.5 else rng.choice(["", *UNKNOWN]) for h in heads]
    top = [] if heading == "none" else [heads]
    if heading == "two rows":
        top = [[*heads[:1], "Thông tin", *[None] * (len(heads) - 2)], heads]
    if heading == "repeated":
        rows.insert(len(rows) // 2, list(heads))
    titles = []
    if rng.random() < 0.5:
        register.done.append("title")
        titles = [
            [f"DANH SÁCH NGƯỜI CÓ THẺ{rng.choice(['', f' HỘ {register.persons[0].name.upper()}'])}"],
            rng.choice([["Số liệu đến ngày 30/6/2021"], ["Người lập: " + register.persons[0].name]]),
        ]
    below = rng.choice([[], [["Tổng cộng", len(rows)]], [["NGƯỜI LẬP BIỂU"], [None, register.persons[1].name]]])
    table = [*titles, *top, *rows, *below]
    if rng.random() < 0.25:
        register.done.append("two tables")
        other = rng.choice([CARDS, PEOPLE])
        table = rng.choice([[*table, [], *other], [*other, [], *table]])
    elif rng.random() < 0.15:
        register.done.append("beside")
        width = max(map(len, table)) + 1
        height = max(len(table), len(CARDS))
        left, right = ([*rows, *[[]] * (height - len(rows))] for rows in (table, CARDS))
        table = [[*a, *[None] * (width - len(a)), *b] for a, b in zip(left, right, strict=True)]
    if rng.random() < 0.15:
        name, font = rng.choice([("TCVN3", TCVN3), ("VNI", VNI)])
        register.done.append(name)
        table = _to_font(font, table)
    sheet = rng.choice([*SHEETS, " ".join(["Hoàng", *register.persons[2].words[1:]])])
    has_units = folder.is_dir() and any(folder.iterdir())  # of another register
    sheets = ({} if has_units else {"Đơn vị": AREAS}) | {sheet: table}
    kind = rng.choice(["csv", "tsv", "xlsx", "xlsx", "xlsx", "xls", "ods"])
    register.done += [f"sheet {sheet}", kind]
    folder.mkdir(parents=True, exist_ok=True)
    if kind in ("csv", "tsv"):
        register.path = folder
        for name, content in sheets.items():
            mark = "\t" if kind == "tsv" else rng.choice(",;")
            (folder / f"{name} {seed}.{kind}").write_text(as_text(content, mark), encoding="utf-8")
        return register
    stem = rng.choice([f"so_lieu_{seed}", f"danh sach {seed}", register.persons[3].name])
    register.done.append(f"file {stem}")
    register.path = path = folder / f"{stem}.{kind}"
    if kind == "xlsx":
        column = keys.index("unit") + 1 if "unit" in keys else 1
        first = len(titles) + len(top) + 1
        letter = chr(64 + column)
        merged = [(sheet, f"{letter}{first}:{letter}{first + 2}")] if rng.random() < 0.2 else []
        register.done += ["merged"] * len(merged)
        write_xlsx(path, sheets, merged)
    elif kind == "ods":
        write_ods(path, sheets)
    else:
        _write_xls(path, sheets)
    return register


def _write_xls(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    import xlwt

    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="d/m/yyyy")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if value is not None:
                    sheet.write(i, j, value, *([day] if isinstance(value, dt.date) else []))
    book.save(str(path))


if __name__ == "__main__":
    example = make_register(sys.argv[1], Path(sys.argv[2]))
    print(example.done, example.path)
