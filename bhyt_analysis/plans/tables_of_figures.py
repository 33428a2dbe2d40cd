"""Read the tables of a plan: rows and columns say together what each figure is of, by year, group or unit."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.plans.counts import subject
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Entry, Place, Question
from bhyt_analysis.plans.figures import FigureReader, is_within
from bhyt_analysis.plans.mentions import Number, bare_number, times
from bhyt_analysis.plans.plan_context import named_unit
from bhyt_analysis.plans.words import has_phrase, phrases, plain

_ORDINAL = re.compile(r"(?:stt|tt|số tt|số thứ tự)\.?")
_PERCENT = re.compile(r"%|tỷ lệ|tỷ trọng|độ bao phủ")
_RESULT = re.compile(r"kết quả|thực hiện|đã đạt|hiện (?:có|nay)|ước (?:thực hiện|đạt)")
_GOAL = re.compile(r"mục tiêu|chỉ tiêu|kế hoạch|phấn đấu|giao|lộ trình|phải đạt|cần đạt|mong muốn")
_TOTAL_ROW = re.compile(r"(?:tổng|cộng|toàn (?:huyện|tỉnh|xã|thành phố)|tổng (?:số|cộng))\b")


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
        grid = {at: _Cell(" ".join(blocks[i].text for i in own), tuple(own)) for at, own in positions.items()}
        _Table(reader, blocks, grid).read()


class _Table:
    """One table: its heading rows, its label column, and its cells with a figure."""

    def __init__(self, reader: FigureReader, blocks: Sequence[Block], grid: Grid) -> None:
        self.reader, self.blocks, self.grid = reader, blocks, grid
        self.titles = _titles(blocks, min(i for cell in grid.values() for i in cell.blocks))
        rows = sorted({row for row, _ in grid})
        self.first = next((r for r in rows if len(self._numbers(r)) >= 1), None)
        self.rows = [r for r in rows if self.first is not None and r >= self.first]
        self.head = [r for r in rows if self.first is not None and r < self.first]

    def _numbers(self, row: int) -> dict[int, Number]:
        """Return the figures of a row by column; a year is none, nor is the number of the row."""
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
        """Return the headings over a column; a cell that is merged stands at its first column."""
        texts = []
        for row in getattr(self, "head", []):
            own = [c for r, c in self.grid if r == row and c <= column]
            if own and self.grid[row, max(own)].text not in texts:
                texts.append(self.grid[row, max(own)].text)
        return " ".join(texts)

    def read(self) -> None:
        """Read the figures of all rows."""
        for row in self.rows:
            figures = self._numbers(row)
            label = " ".join(
                c.text for (r, at), c in sorted(self.grid.items()) if r == row and at < min(figures, default=0)
            )
            label = re.sub(r"^\d+\s", "", label)
            for column, number in sorted(figures.items()):
                self._read_cell(self.grid[row, column], number, label, self._heading(column))

    def _read_cell(self, cell: _Cell, number: Number, label: str, heading: str) -> None:
        context = self.reader.context
        both = plain(f"{label} ; {heading}")
        unit, measured = self._unit(label), number.unit or _measure(plain(heading)) or _measure(plain(label))
        if unit is None:
            return
        day = _year(plain(heading)) or _year(plain(label)) or context.reported
        is_goal = self._is_goal(plain(heading), plain(label), day)
        groups = [p.yields for p in phrases("group", both)]
        if measured == "percent":
            if "tỷ trọng" in both or not (phrases("rate", both) or groups or _PERCENT.search(both)):
                self._ask("subject", cell, f"{label}: {heading}")
            elif is_goal:
                self._add_target(cell, number, unit, groups, day, f"{label}: {heading}")
            else:
                name, base = (f"coverage_{groups[0]}", f"{groups[0]}_people") if groups else ("coverage", "population")
                self._publish(cell, number, unit, name, "percent", base, day, label)
            return
        counted = subject(self.reader, both) if measured in ("people", "cards") else None
        if counted is None:
            self._ask("subject", cell, f"{label}: {heading}")
            return
        name = "target_insured" if is_goal and counted == "insured_total" else counted
        self._publish(cell, number, unit, name, measured, "", day, label)

    def _unit(self, label: str) -> Unit | None:
        """Return the unit that the label of a row names within the plan's, else the plan's own."""
        context = self.reader.context
        if not label or _TOTAL_ROW.match(plain(label)) or has_phrase("rate", plain(label)):
            return context.unit
        within = named_unit(label, context.geography, context.day, context.unit) if context.unit else None
        return within or context.unit

    def _is_goal(self, heading: str, label: str, day: dt.date | None) -> bool:
        context = self.reader.context
        last = context.reported or context.issued
        if day is not None and last is not None:
            return day > last
        if day is not None and context.period:
            return day.year >= context.period[0]
        if day is not None and context.year and day.year > context.year:
            return True
        for text in (heading, label, *map(plain, reversed(self.titles))):
            goals, results = [[m.start() for m in p.finditer(text)] for p in (_GOAL, _RESULT)]
            if goals or results:
                return max(goals, default=-1) > max(results, default=-1)
        return False

    def _add_target(
        self, cell: _Cell, number: Number, unit: Unit, groups: list[str], day: dt.date | None, text: str
    ) -> None:
        if day is None:
            self._ask("day", cell, text)
            return
        cells: dict[str, object] = {"area": unit.code, "scope": groups[0] if groups else "all", "on": str(day or "")}
        cells |= {"relation": _relation(cell.text), "rate": round(number.value / 100, 6)}
        cells |= {"instrument": self.reader.cited(self._locator(cell)), "of": "", "kind": ""}
        self.reader.entries.add(Entry("targets", cells, [self._place(cell, number)], f"{text}: {cell.text}"))

    def _publish(
        self, cell: _Cell, number: Number, unit: Unit, name: str, measured: str, base: str, day: dt.date | None,
        label: str,
    ) -> None:  # fmt: skip
        if day is None:
            self._ask("day", cell, label)
        cells: dict[str, object] = {"document": self.reader.context.name, "area": unit.code, "figure": name}
        cells |= {
            "value": number.value,
            "decimals": number.decimals,
            "unit": measured,
            "relation": _relation(cell.text),
        }
        cells |= {"base": base}
        cells |= {"as_of": str(day or ""), "locator": self._locator(cell), "note": ""}
        self.reader.entries.add(Entry("published", cells, [self._place(cell, number)], f"{label}: {cell.text}"))

    def _locator(self, cell: _Cell) -> str:
        return self.blocks[cell.blocks[0]].place

    def _place(self, cell: _Cell, number: Number) -> Place:
        for i in cell.blocks:
            at = self.blocks[i].text.find(cell.text[number.start : number.end])
            if at >= 0:
                return Place(i, at, at + number.end - number.start)
        return Place(cell.blocks[0], 0, len(self.blocks[cell.blocks[0]].text))

    def _ask(self, kind: str, cell: _Cell, text: str) -> None:
        place = Place(cell.blocks[0], 0, len(self.blocks[cell.blocks[0]].text))
        self.reader.entries.questions.append(Question(kind, place, cell.text, text, self._locator(cell)))


def _titles(blocks: Sequence[Block], index: int) -> list[str]:
    """Return the headings that a block is under, the widest first."""
    titles: list[Block] = []
    for block in blocks[:index]:
        if block.is_heading and block.cell is None:
            titles = [h for h in titles if h.place != block.place and is_within(block.place, h.place)] + [block]
    return [block.text for block in titles]


def _relation(text: str) -> str:
    """Return how the number of a cell compares: «từ 96,2% trở lên», «> 95%»."""
    small = plain(text).strip()
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
    return "people" if re.search(r"người|dân số|nhân khẩu|đối tượng|\bsố dân", text) else ""


def _year(text: str) -> dt.date | None:
    """Return the day of the only time in a text; a year may stand alone."""
    moments = {t.day for t in times(text)}
    if not moments:
        moments = {dt.date(int(y), 12, 31) for y in re.findall(r"(?<![\d/-])(20\d\d)(?![\d-])", text)}
    return moments.pop() if len(moments) == 1 else None
