"""Recognise a table whose cells a copied text has one below the other: headings, then each row on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bhyt_analysis.plans.document import Block, Cell

_VALUE = r"(?:[<>≥≤] ?)?\d[\d.]*(?:,\d+)?%?"
_ROW = re.compile(rf"(?P<label>[^\W\d_].*?[^\d\s,.–-]) (?P<values>{_VALUE}(?: {_VALUE})+)")
_YEAR = re.compile(r"(?<![\d-])(?:19|20)\d\d(?! ?[-–] ?\d)")
_YEAR_HEADING = re.compile(r"(?:năm )?(?:19|20)\d\d", re.IGNORECASE)
_ONLY_YEARS = re.compile(rf"(?: ?{_YEAR_HEADING.pattern}){{2,}}$", re.IGNORECASE)
_LONGEST = 60  # letters of the heading of a column
_MOST_HEADINGS = 30


def with_flat_tables(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks with the cells of such a table as cells, where each value is below the heading of one year.

    Examples
    --------
    >>> texts = ["Biểu chỉ tiêu của huyện:", "Năm 2022", "Năm 2023", "Tỷ lệ bao phủ 90,6% 91,5%"]
    >>> [(block.text, block.cell[1:]) for block in with_flat_tables(map(Block, texts)) if block.cell]
    [('Năm 2022', (0, 1)), ('Năm 2023', (0, 2)), ('Tỷ lệ bao phủ', (1, 0)), ('90,6%', (1, 1)), ('91,5%', (1, 2))]
    """
    result: list[Block] = []
    table = 0
    for block in blocks:
        if block.cell is not None:
            table = max(table, block.cell.table + 1)
        row = _ROW.fullmatch(block.text) if block.cell is None and not block.is_heading else None
        values = list(re.finditer(_VALUE, block.text[row.start("values") :])) if row else []
        if row is None or not (number := _place_in_table(result, len(values), table)):
            result.append(block)
            continue
        if number[1] == 1:
            table = number[0] + 1
        offset = row.start("values")
        spans = [row.span("label"), *((offset + v.start(), offset + v.end()) for v in values)]
        result += [_part(block, *span, Cell(number[0], number[1], i)) for i, span in enumerate(spans)]
    return result


def _place_in_table(before: list[Block], values: int, table: int) -> tuple[int, int] | None:
    """Return the table and the row of a line with some values; make the headings before its first row cells."""
    last = before[-1].cell if before else None
    if last is not None:
        return (last.table, last.row + 1) if last.row > 0 and last.column == values else None
    if before and _divide_headings(before, values, table):
        return table, 1
    start = len(before)
    while start and len(before) - start < _MOST_HEADINGS and _may_be_heading(before[start - 1]):
        start -= 1
    years = [i for i in range(start, len(before)) if _YEAR.search(before[i].text)]
    if len(years) != values:
        return None
    if start + 1 == years[0]:
        before[start] = replace(before[start], cell=Cell(table, 0, 0))
    for column, i in enumerate(years, 1):
        before[i] = replace(before[i], cell=Cell(table, 0, column))
    before[start:] = sorted(before[start:], key=lambda block: block.cell is not None)  # headings of many columns first
    return table, 1


def _divide_headings(before: list[Block], values: int, table: int) -> bool:
    """Make cells of a line with the headings of all columns: «Nội dung Năm 2022 Năm 2023»; return whether it is one."""
    block = before[-1]
    headings = list(_YEAR_HEADING.finditer(block.text))
    if len(headings) != values or block.text[-1] in ".:;" or not _ONLY_YEARS.search(block.text):
        return False
    label = len(block.text[: headings[0].start()].rstrip())
    spans = [(0, label)] * bool(label) + [heading.span() for heading in headings]
    first = 0 if label else 1
    before[-1:] = [_part(block, *span, Cell(table, 0, i)) for i, span in enumerate(spans, first)]
    return True


def _may_be_heading(block: Block) -> bool:
    return block.cell is None and len(block.text) <= _LONGEST and block.text[-1] not in ".:;" and not block.is_heading


def _part(block: Block, start: int, end: int, cell: Cell) -> Block:
    positions = block.positions[start:end] if block.positions else None
    return replace(block, text=block.text[start:end], positions=positions, cell=cell)
