"""Read the tables of a plan: rows and columns say together what each figure is of, by year, group or unit."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.plans.arithmetic import Row, WrongCell, wrong_amounts, wrong_totals
from bhyt_analysis.plans.counts import subject
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Entry, Miscount, Place, Question
from bhyt_analysis.plans.figure_days import time_of_heading
from bhyt_analysis.plans.figures import FigureReader, is_within
from bhyt_analysis.plans.mentions import Number, bare_number, times
from bhyt_analysis.plans.plan_context import named_unit, units_inside
from bhyt_analysis.plans.words import has_phrase, phrases, plain

_ORDINAL = re.compile(r"(?:stt|tt|số tt|số thứ tự|mã(?: số)?(?: đơn vị| xã| đvhc| hành chính)*)\.?")
_CHANGE = re.compile(r"so với|tăng|giảm|chênh lệch")
_SHARE = re.compile(r"tỷ trọng|cơ cấu")
_SIGN = re.compile(r"\s*([-−–+])\s*\d")
_UNITS = re.compile(r"đơn vị(?! tính)|địa phương|địa bàn|(?:tên )?(?:xã|phường|huyện)")
_DERIVED = re.compile(
    r"so (?:với )?(?:kh|kế hoạch)\b|% (?:hoàn thành|thực hiện|kh|đạt)\b|tỷ lệ (?:hoàn thành|thực hiện)"
)
_BELOW_UNITS = re.compile(
    r"(?:bản|thôn|xóm|ấp|buôn|khu(?! vực)|khối|trường(?! hợp)|chi bộ|tiểu khu|phum|sóc|tổ dân phố|tổ \d+)\s"
)
_UNIT_WORD = re.compile(r"(?:Xã|Phường|Thị trấn|Huyện|Thị xã|Thành phố) (?=[A-ZĐ])")
_COUNTS = re.compile(r"số (?:người|thẻ|khẩu|đối tượng|lượng)")
_PERCENT = re.compile(r"%|tỷ lệ|tỷ trọng|độ bao phủ")
_RESULT = re.compile(r"kết quả|thực hiện|đã đạt|hiện (?:có|nay)|ước (?:thực hiện|đạt)")
_GOAL = re.compile(r"mục tiêu|chỉ tiêu|kế hoạch|phấn đấu|giao|lộ trình|phải đạt|cần đạt|mong muốn")
_CAPTION_UNIT = re.compile(
    r"(?:\(|(?:đvt|đơn vị(?: tính)?) ?: ?)(?:(?:đvt|đơn vị(?: tính)?) ?:? ?)?(%|tỷ lệ|phần trăm|người|thẻ|khẩu)(?!\w)"
)
# What is no more than a time: the years over a table whose caption says what it counts.
_ONLY_TIME = re.compile(
    r"(?:\W|\d|ngày|tháng|năm|quý|giai đoạn|đến|hết|cuối|tính|thời điểm|kết quả|thực hiện|mục tiêu|chỉ tiêu|kế hoạch"
    r"|lộ trình)*"
)
_BARE_RATE = re.compile(
    r"(?:(?:đạt )?tỷ lệ|đạt|(?:chỉ tiêu|mục tiêu)(?: giao)?)?(?: năm)?(?: \d{4})?\W*"
)  # «Tỷ lệ (%)»
_SUM_ROW = re.compile(r"(?:tổng|cộng)(?!.*toàn)\b")  # of the rows above it, which may be all units of the area
_TOTAL_ROW = re.compile(r"(?:tổng|cộng|chung|toàn (?:huyện|tỉnh|xã|thành phố)|tổng (?:số|cộng))\b")


@dataclass(frozen=True)
class _Cell:
    text: str
    blocks: tuple[int, ...]


Grid = dict[tuple[int, int], _Cell]


def read_tables(reader: FigureReader, blocks: Sequence[Block]) -> None:
    """Read the figures of all tables of a document into the entries of its reader."""
    cells: dict[int, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, block in enumerate(blocks):
        if block.cell is not None:
            cells[block.cell.table][block.cell.row, block.cell.column].append(i)
    for positions in cells.values():
        grid = {
            position: _Cell(" ".join(blocks[i].text for i in own), tuple(own)) for position, own in positions.items()
        }
        _Table(reader, blocks, grid).read()


@dataclass(frozen=True)
class _Value:
    """A cell with a figure, and what its row and its column say of it."""

    cell: _Cell
    number: Number
    unit: Unit
    label: str
    heading: str
    measured: str  # in what it is counted, "" where neither says it
    day: dt.date | None

    @property
    def both(self) -> str:
        return plain(f"{self.label} ; {self.heading}")


class _Table:
    """One table: its heading rows, its label column, and its cells with a figure."""

    def __init__(self, reader: FigureReader, blocks: Sequence[Block], grid: Grid) -> None:
        self.reader, self.blocks, self.grid = reader, blocks, grid
        start = min(i for cell in grid.values() for i in cell.blocks)
        self.titles = titles(blocks, start)
        before = blocks[start - 1].text if start and blocks[start - 1].cell is None else ""
        self.caption = plain(" ; ".join([*self.titles[-1:], before]))
        self.head: list[int] = []
        rows = sorted({row for row, _ in grid})
        self.questions: list[Question] = []
        self.kind = ""  # of the units of its rows
        self.is_read = False  # whether any figure of it is clear
        self.first = next((r for r in rows if len(self._numbers(r)) >= 1), None)
        self.rows = [r for r in rows if self.first is not None and r >= self.first]
        start = min(self._numbers(self.first), default=0) if self.first is not None else 0
        above = [r for r in rows if self.first is not None and r < self.first]
        # A row with nothing over the figures heads a part of the rows: «I | Vùng cao».
        self.head = [
            r for r in above if r == rows[0] or any(c >= start and self.grid[q, c].text for q, c in grid if q == r)
        ]

    def _numbers(self, row: int) -> dict[int, Number]:
        """Return the figures of a row by column; a year is none, nor is the number of the row or the code of a unit."""
        figures = {}
        for (r, column), cell in self.grid.items():
            number = bare_number(cell.text) if r == row else None
            is_year = number is not None and not number.unit and 1990 <= number.value <= 2100 and number.length == 4
            if number is not None and not is_year and not _ORDINAL.fullmatch(plain(self._heading(column)).strip()):
                figures[column] = number
        first = min((c for r, c in self.grid if r == row), default=0)
        is_ordinal = first in figures and len(figures) > 1 and not figures[first].unit and figures[first].value < 200
        if is_ordinal and (row, first + 1) in self.grid and first + 1 not in figures:
            del figures[first]
        return figures

    def _heading(self, column: int) -> str:
        """Return the headings over a column; a cell that is merged is at its first column."""
        texts = []
        for row in self.head:
            own = [c for r, c in self.grid if r == row and c <= column]
            if own and self.grid[row, max(own)].text not in texts:
                texts.append(self.grid[row, max(own)].text)
        return " ".join(texts)

    def _label(self, row: int, first: int) -> str:
        """Return the text of a row before its first figure, without its number and the code of its unit."""
        text = " ".join(c.text for (r, column), c in sorted(self.grid.items()) if r == row and column < first)
        return re.sub(r"^(?:\d{1,3}\.?\s|\d{5}\s)+", "", text.strip())

    def read(self) -> None:
        """Read the figures of all rows."""
        rows = [self._row(row) for row in self.rows]
        labels = {row.label for row in rows}
        units = self._units_of(labels)
        if len(units) >= 2:  # among them a commune that bears the name of its district
            self.kind = Counter(u.kind for u in units.values()).most_common(1)[0][0]
            units = self._units_of(labels)
        sums = [self._is_sum_of_some(row, [r for r in rows if r.label in units], units.values()) for row in rows]
        for position, row, is_sum in zip(self.rows, rows, sums, strict=True):
            for column, number in sorted(row.figures.items()) if not is_sum else ():
                self._read_cell(self.grid[position, column], number, row.label, self._heading(column))
        self.reader.entries.questions += _one_for_all(self.questions, by_column=self.is_read)
        if len(units) < 2 or any(sums) or self._share_of_units(units.values()) == 1:
            self._check(rows, are_units=len(units) >= 2)

    def _units_of(self, labels: Collection[str]) -> dict[str, Unit]:
        """Return the units inside the plan's own that rows name, by their labels."""
        own = self.reader.context.unit
        return {label: unit for label in labels if (unit := self._unit(label)) is not None and unit != own}

    def _row(self, row: int) -> Row:
        figures = self._numbers(row)
        first = self.grid.get((row, min((c for r, c in self.grid if r == row), default=0)))
        return Row(first.text if first else "", self._label(row, min(figures, default=0)), figures)

    def _is_sum_of_some(self, row: Row, listed: Sequence[Row], units: Collection[Unit]) -> bool:
        """Tell whether a row adds up the units that the table lists, which are not all of the area."""
        if len(units) < 2 or not _SUM_ROW.match(plain(row.label)) or (share := self._share_of_units(units)) == 1:
            return False
        sums = {c: sum(r.figures[c].value for r in listed if c in r.figures) for c in row.figures}
        counts = [c for c, n in row.figures.items() if (n.unit or _measure(plain(self._heading(c)))) != "percent"]
        # The sum of all units would be larger than that of some: between the two, in the middle of their logarithms.
        return not counts or any(row.figures[c].value <= sums[c] / share**0.5 for c in counts if sums[c])

    def _share_of_units(self, units: Collection[Unit]) -> float:
        """Return the share of the units of the area, of the kind of some, that these are."""
        context, kinds = self.reader.context, {u.kind for u in units}
        if context.unit is None or context.day is None:
            return 0.0
        inside = [u for u in context.geography.inside(context.unit, context.day) if u.kind in kinds]
        every = {u.code for u in inside if u != context.unit and u.exists_on(context.day.toordinal())}
        return min(len({u.code for u in units}) / len(every), 1.0) if every else 0.0

    def _check(self, rows: Sequence[Row], are_units: bool) -> None:
        """Keep the totals and the amounts that the other numbers of the table give otherwise."""
        headings = {column: self._heading(column) for row in rows for column in row.figures}
        wrong = list(wrong_amounts(rows, headings))
        totals, mended = (
            list(wrong_totals(some, headings, self.caption, are_units))
            for some in (rows, [_mended(row, i, wrong) for i, row in enumerate(rows)])
        )
        off = {(w.row, w.column) for w in mended}  # also if the amounts were right
        wrong += [w for w in totals if (w.row, w.column) in off]
        for rule, row, column, expected in wrong:
            cell, number = self.grid[self.rows[row], column], rows[row].figures[column]
            miscount = Miscount(rule, self._place(cell, number), number.value, expected)
            self.reader.entries.miscounts.append(miscount)

    def _read_cell(self, cell: _Cell, number: Number, label: str, heading: str) -> None:
        words = plain(heading)
        if _BELOW_UNITS.match(plain(label)) or _DERIVED.search(words):
            return  # figures of villages and schools, which have no code
        unit = self._unit(label)
        is_change, sign = _CHANGE.search(words) is not None, _SIGN.match(cell.text)
        if unit is None or (sign and not is_change):
            self._ask("subject" if unit else "area", cell, f"{label}: {heading}")
            return
        if has_phrase("forecast", words):
            self._ask("forecast", cell, f"{label}: {heading}")
            return
        day = (None if is_change else _year(words)) or _year(plain(label)) or self._day()
        measured = number.unit or _measure(words) or self._measure_of_row(label, heading)
        value = _Value(cell, number, unit, label, heading, measured, day)
        if is_change:
            self._read_change(value, -1 if sign and sign[1] != "+" else 1)
        elif measured == "percent":
            self._read_percent(value)
        else:
            self._read_count(value)

    def _measure_of_row(self, label: str, heading: str) -> str:
        """Return what figures are counted in by the label of their row, «người nghèo» being weaker than the caption."""
        own = _measure(plain(label))
        return own if own not in ("", "people") else self._measure_of_caption(label, heading) or own

    def _measure_of_caption(self, label: str, heading: str) -> str:
        """Return what the caption says that the figures below days are counted in, of everybody or of a group.

        «Tỷ lệ bao phủ các năm (% dân số)», «Số người tham gia theo nhóm» over columns of years.
        """
        if not (_ONLY_TIME.fullmatch(plain(heading)) and (self._is_of_all(label) or phrases("group", plain(label)))):
            return ""
        units = _CAPTION_UNIT.findall(self.caption)
        if not units and _PERCENT.search(self.caption) and _COUNTS.search(self.caption):
            return ""  # «Số người và tỷ lệ tham gia»: which of the two?
        return _measure(units[-1] if units else self.caption)

    def _is_of_all(self, label: str) -> bool:
        """Tell whether a row is of all people of a unit: of one that it names, or of the total."""
        small = plain(label)
        is_named = self._unit(label) not in (None, self.reader.context.unit)
        return is_named or _TOTAL_ROW.match(small) is not None or _ONLY_TIME.fullmatch(small) is not None

    def _read_percent(self, value: _Value) -> None:
        """Read a share of the total of the table, a rate of coverage, or the target of one."""
        both = value.both
        groups = [p.yields for p in phrases("group", both)]
        if _SHARE.search(both):
            if _TOTAL_ROW.match(plain(value.label)):
                return
            total, own = self._total(), subject(self.reader, plain(value.label))
            if total and own:
                self._publish(value, f"share_{own.removeprefix('cards_')}", "percent", total)
            else:
                self._ask("base" if own else "subject", value.cell, f"{value.label}: {value.heading}")
            return
        is_rate = phrases("rate", both) or phrases("rate", self.caption) or self._is_of_insured(value.heading)
        if not is_rate or has_phrase("other", both) or len(set(groups)) > 1:
            self._ask("subject", value.cell, f"{value.label}: {value.heading}")
        elif self._is_goal(value):
            self._add_target(value, groups)
        else:
            name, base = (f"coverage_{groups[0]}", f"{groups[0]}_people") if groups else ("coverage", "population")
            self._publish(value, name, "percent", base)

    def _is_of_insured(self, heading: str) -> bool:
        """Tell whether a rate without a name is that of the columns beside it: «Dân số | Có thẻ | Tỷ lệ (%)»."""
        columns = {c for row in self.rows for c in self._numbers(row)}
        texts = [plain(self._heading(c)) for c in columns]
        names = {p.yields for t in texts for use in ("measure", "column") for p in phrases(use, t)}
        is_planned = any(has_phrase("planned", t) and _measure(t) != "percent" for t in texts)
        return (
            bool(_BARE_RATE.fullmatch(plain(heading))) and {"population", "insured_total"} <= names and not is_planned
        )

    def _read_count(self, value: _Value) -> None:
        counted = self._subject(value) if value.measured in ("people", "cards") else None
        texts = plain(" ; ".join([value.both, self.caption, *self.titles]))
        if counted and counted.startswith("cards_") and value.measured == "people" and not has_phrase("insured", texts):
            counted = None
        if counted is None:
            self._ask("subject", value.cell, f"{value.label}: {value.heading}")
            return
        name = f"target_{counted}" if self._is_goal(value) else counted
        self._publish(value, name.replace("target_insured_total", "target_insured"), value.measured, "")

    def _read_change(self, value: _Value, sign: int) -> None:
        """Read how much the count of a row rose or fell: in the unit of the columns that count."""
        columns = {c for row in self.rows for c in self._numbers(row)}
        measures = [m for c in sorted(columns) if (m := _measure(plain(self._heading(c)))) in ("people", "cards")]
        counted = self._subject(value)
        if value.measured == "percent" or not measures or counted is None:
            self._ask("subject", value.cell, f"{value.label}: {value.heading}")
        else:
            self._publish(value, f"change_{counted}", measures[0], "", sign)

    def _subject(self, value: _Value) -> str | None:
        """Return what a count is of, by its row and its column; of the row of the total what the table divides."""
        words = value.both
        if _TOTAL_ROW.match(plain(value.label)) and not phrases("measure", plain(value.heading)):
            return self._total() or next((p.yields for p in phrases("column", plain(value.heading))), None)
        own = subject(self.reader, words) or next((p.yields for p in phrases("column", plain(value.heading))), None)
        is_of_caption = own is None and _ONLY_TIME.fullmatch(plain(value.heading)) and self._is_of_all(value.label)
        return subject(self.reader, self.caption) if is_of_caption else own

    def _total(self) -> str:
        """Return the figure that the groups of the rows add up to, "" where the table has no row of the total."""
        labels = [plain(self._label(row, min(self._numbers(row), default=0))) for row in self.rows]
        has_total = any(_TOTAL_ROW.match(label) for label in labels)
        groups = [label for label in labels if phrases("group", label)]
        is_local = any(p.yields == "insured_by_local_office" for p in phrases("measure", self.caption))
        return ("insured_by_local_office" if is_local else "insured_total") if has_total and len(groups) > 1 else ""

    def _unit(self, label: str) -> Unit | None:
        """Return the unit of a row: that which its label names within the plan's, else the plan's own.

        None where the rows are units and this one is not recognised.
        """
        context = self.reader.context
        if not label or context.unit is None or _TOTAL_ROW.match(plain(label)) or has_phrase("rate", plain(label)):
            return context.unit
        within = named_unit(label, context.geography, context.day, context.unit)
        if within == context.unit and self.kind and context.day is not None:
            own = units_inside(label, context.geography, context.day, context.unit)
            within = own[0] if len(own) == 1 and own[0].kind == self.kind else within
        if within is None and (_UNITS.search(plain(self._heading(self._label_column()))) or _UNIT_WORD.match(label)):
            return None
        return within or context.unit

    def _label_column(self) -> int:
        """Return the column before the first with figures."""
        columns = [min(figures) for row in self.rows if (figures := self._numbers(row))]
        return min(columns, default=1) - 1

    def _day(self) -> dt.date | None:
        """Return the day of a table whose rows and columns name none: of its caption, its headings, the document."""
        days = [time_of_heading(text) for text in (self.caption, *reversed(self.titles))]
        return next((day for day in days if day), self.reader.context.reported)

    def _is_goal(self, value: _Value) -> bool:
        context, day = self.reader.context, value.day
        own = _is_plan(plain(value.heading))
        if own is not None:
            return own
        last = context.reported or context.issued
        if day is not None and last is not None:
            return day > last
        if day is not None and context.period:
            return day.year >= context.period[0]
        if day is not None and context.year and day.year > context.year:
            return True
        for text in map(plain, (value.heading, value.label, *reversed(self.titles))):
            if (own := _is_plan(text)) is not None:
                return own
        return False

    # --- Rows ---

    def _add_target(self, value: _Value, groups: list[str]) -> None:
        text = f"{value.label}: {value.heading}"
        if value.day is None:
            self._ask("day", value.cell, text)
            return
        scope = groups[0] if groups else "all"
        cells: dict[str, object] = {"area": value.unit.code, "scope": scope, "on": str(value.day)}
        cells |= {"relation": _relation(value.cell.text), "rate": round(value.number.value / 100, 6)}
        cells |= {"instrument": self.reader.cited(self._locator(value.cell)), "of": "", "kind": ""}
        self._add("targets", cells, value)

    def _publish(self, value: _Value, name: str, measured: str, base: str, sign: int = 1) -> None:
        if value.day is None:
            self._ask("day", value.cell, f"{value.label}: {value.heading}")
            return
        cells: dict[str, object] = {"document": self.reader.context.name, "area": value.unit.code, "figure": name}
        cells |= {"value": sign * value.number.value, "decimals": value.number.decimals, "unit": measured}
        cells |= {"relation": _relation(value.cell.text), "base": base, "as_of": str(value.day or "")}
        self._add("published", cells | {"locator": self._locator(value.cell), "note": ""}, value)

    def _add(self, table: str, cells: dict[str, object], value: _Value) -> None:
        text = f"{value.label}: {value.cell.text}"
        self.is_read = True
        self.reader.entries.add(Entry(table, cells, [self._place(value.cell, value.number)], text))

    def _locator(self, cell: _Cell) -> str:
        return self.blocks[cell.blocks[0]].place

    def _place(self, cell: _Cell, number: Number) -> Place:
        for i in cell.blocks:
            start = self.blocks[i].text.find(cell.text[number.start : number.end])
            if start >= 0:
                return Place(i, start, start + number.end - number.start)
        return Place(cell.blocks[0], 0, len(self.blocks[cell.blocks[0]].text))

    def _ask(self, kind: str, cell: _Cell, text: str) -> None:
        place = Place(cell.blocks[0], 0, len(self.blocks[cell.blocks[0]].text))
        self.questions.append(Question(kind, place, cell.text, text, self._locator(cell)))


def _mended(row: Row, position: int, wrong: Sequence[WrongCell]) -> Row:
    """Return a row with what the others give in place of its wrong amounts, which the total may have."""
    mended = {w.column: row.figures[w.column]._replace(value=w.expected) for w in wrong if w.row == position}
    return row._replace(figures={**row.figures, **mended})


def _one_for_all(questions: Sequence[Question], by_column: bool) -> list[Question]:
    """Return the questions of a table with one for all cells that leave the same: of a column, or of the table."""
    groups = defaultdict[tuple[str, str], list[Question]](list)
    for question in questions:
        groups[question.kind, question.sentence.rpartition(": ")[2] if by_column else ""].append(question)
    return [
        replace(
            own[0], number=f"{own[0].number} … {own[-1].number}", sentence=f"{own[0].sentence} … {own[-1].sentence}"
        )
        if len(own) > 1
        else own[0]
        for own in groups.values()
    ]


def titles(blocks: Sequence[Block], index: int) -> list[str]:
    """Return the headings that a block is under, the widest first."""
    titles: list[Block] = []
    for block in blocks[:index]:
        if block.is_heading and block.cell is None:
            titles = [h for h in titles if h.place != block.place and is_within(block.place, h.place)] + [block]
    return [block.text for block in titles]


def _is_plan(text: str) -> bool | None:
    """Tell whether a text says of figures that they are planned, or that they are results; None where it does not."""
    goals, results = [[m.start() for m in p.finditer(text)] for p in (_GOAL, _RESULT)]
    return max(goals, default=-1) > max(results, default=-1) if goals or results else None


def _relation(text: str) -> str:
    """Return how the number of a cell compares: «từ 96,2% trở lên», «> 95%»."""
    small = plain(text).strip()
    if re.match(r"[-−–+]", small):
        return "="
    signs = {"≥": ">=", "≤": "<=", ">": ">", "<": "<"}
    if "trở lên" in small:
        return ">="
    return next((p.yields for p in phrases("relation", small)), signs.get(small[:1], "="))


def _measure(text: str) -> str:
    """Return what figures are counted in by their heading."""
    if _PERCENT.search(text):
        return "percent"
    if "thẻ" in text and "có thẻ" not in text:
        return "cards"
    return "people" if re.search(r"người|dân số|khẩu|đối tượng|\bsố dân|có thẻ|tham gia", text) else ""


def _year(text: str) -> dt.date | None:
    """Return the day of the only time in a text; a year may stand alone."""
    moments = {t.day for t in times(text)}
    if not moments:
        moments = {dt.date(int(y), 12, 31) for y in re.findall(r"(?<![\d/-])(20\d\d)(?![\d-])", text)}
    return moments.pop() if len(moments) == 1 else None
