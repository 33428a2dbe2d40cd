"""How wide is each column of a table on paper or on a slide, and how high do its rows become?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bhyt_analysis.tables.formatting import TableSpec

LETTERS = {11.0: 2.05, 9.5: 1.75}  # mm that a wide letter of Times New Roman takes, by its size in points
USUAL, RAGGED = 0.87, 3.0  # a usual letter beside a wide one; mm that stay free at the end of a broken line
SHORT = 30  # mm
LARGE, SMALL = LETTERS
PAD, STEP = 3.2, 2.0  # mm: what a cell keeps free at its sides; by which columns are widened
ROOMY = 0.85  # of the page, up to which dates are kept on one line
SAVED = 0.8  # of the lines in large letters, below which small ones are worth it


@dataclass(frozen=True)
class TableLayout:
    """A table, or the columns of it that are as wide as the page, ready to be drawn.

    ``cells``: its rows as text; ``widths`` of the columns in mm; ``lines`` of each row, the heading's first; ``points``:
    the size of its letters.
    """

    table: TableSpec
    cells: list[list[str]]
    widths: list[float]
    lines: list[int]
    points: float

    @property
    def height(self) -> float:
        """In mm, without caption and notes."""
        return sum(n * self.points * 0.41 + 0.4 for n in self.lines)


def lay_out_table(table: TableSpec, lang: str, whole: float) -> Iterator[TableLayout]:
    """A table over ``whole`` mm, in small letters where large ones make high rows.

    One that is too wide even so comes in parts, each with the first column.
    """
    cells = table.formatted_rows(lang)
    least = _needed(table, cells, LETTERS[SMALL], whole)
    held = [0]
    for i in range(1, len(least)):
        if len(held) > 1 and sum(least[k] for k in held) + least[i] > whole:
            yield _laid(table.select(held), lang, whole)
            held = [0]
        held.append(i)
    yield _laid(table.select(held) if len(held) < len(least) else table, lang, whole)


def _laid(table: TableSpec, lang: str, whole: float) -> TableLayout:
    cells = table.formatted_rows(lang)
    large, small = (_in_letters(table, cells, whole, points) for points in (LARGE, SMALL))
    dates = [_dates_whole(table, cells, LETTERS[points], whole) for points in (LARGE, SMALL)]
    return small if sum(small.lines) < sum(large.lines) * SAVED or dates == [False, True] else large


def _in_letters(table: TableSpec, cells: list[list[str]], whole: float, points: float) -> TableLayout:
    widths = column_widths(table, cells, whole, LETTERS[points])
    lines = _lines(_lengths(table, cells) * LETTERS[points], np.array(widths)).max(axis=1)
    return TableLayout(table, cells, widths, [int(n) for n in lines], points)


def column_widths(
    table: TableSpec, cells: list[list[str]], whole: float, letter: float = LETTERS[LARGE]
) -> list[float]:
    """Widths (mm) that add to the whole: no word or number is broken, and the rest makes the rows as low as it can.

    ``letter``: the width of a letter (mm).

    Examples
    --------
    >>> from bhyt_analysis.tables.formatting import TableColumn
    >>> table = TableSpec(
    ...     (TableColumn("a", "Area", "text"), TableColumn("n", "People", "n")), (("a b c d e f g h i j k l", 1),)
    ... )
    >>> [round(w) for w in column_widths(table, table.formatted_rows("en"), 100)]
    [75, 25]
    """
    least = np.array(_needed(table, cells, letter, whole))
    if least.sum() >= whole:
        return list(least * whole / least.sum())
    texts = _lengths(table, cells) * letter
    widths = least.copy()
    while widths.sum() < whole - STEP:  # each step to the column that makes most rows so high
        lines = _lines(texts, widths)
        high = np.where((lines == lines.max(axis=1, keepdims=True)) & (lines > 1), lines, 0).sum(axis=0)
        if not high.any():
            break
        widths[high.argmax()] += STEP
    return list(_exchanged(texts, least, widths * whole / widths.sum()))


def _exchanged(texts: np.ndarray, least: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """What one column gives to another, as long as that makes the rows lower together."""

    def high(widths: np.ndarray) -> float:
        lines = _lines(texts, widths)
        return float(lines.max(axis=1).sum() + lines.sum() / 1e4)  # of equals the one with fewer lines in all

    best = high(widths)
    while True:
        moved = []
        for giver, step in ((g, s) for g in range(len(widths)) for s in (STEP, 4 * STEP) if widths[g] - s >= least[g]):
            for taker in range(len(widths)):
                if taker != giver:
                    tried = widths.copy()
                    tried[giver] -= step
                    tried[taker] += step
                    moved.append((high(tried), tried))
        lowest, tried = min(moved, key=lambda m: m[0], default=(best, widths))
        if lowest >= best:
            return widths
        best, widths = lowest, tried


def _lines(texts: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The lines of each cell: how long its text is over the room that it has."""
    # A short text may be of wide letters.
    long, room = np.maximum(texts * USUAL, np.minimum(texts, SHORT)), widths - PAD
    return np.where(long <= room, 1, np.ceil(long / np.maximum(room - RAGGED, 1)))


def _lengths(table: TableSpec, cells: list[list[str]]) -> np.ndarray:
    return np.array([[len(text) for text in row] for row in [[c.heading for c in table.columns], *cells]])


def _needed(table: TableSpec, cells: list[list[str]], letter: float, whole: float) -> list[float]:
    """The least width of each column (mm), in which no word or number is broken; nor a date, where there is room."""
    breaking = ("text",) if _dates_whole(table, cells, letter, whole) else ("text", "date")
    return _least(table, cells, letter, breaking)


def _dates_whole(table: TableSpec, cells: list[list[str]], letter: float, whole: float) -> bool:
    """Whether there is room for dates on one line."""
    return sum(_least(table, cells, letter, ("text",))) <= whole * ROOMY


def _least(table: TableSpec, cells: list[list[str]], letter: float, breaking: tuple[str, ...]) -> list[float]:
    parts = [_parts(table, cells, i, breaking) for i in range(len(table.columns))]
    return [letter * max(map(len, own), default=1) + PAD for own in parts]


def _parts(table: TableSpec, cells: list[list[str]], column: int, breaking: tuple[str, ...]) -> Iterator[str]:
    """What of a column must stand on one line: words, and where its kind is not broken whole cells."""
    yield from table.columns[column].heading.split()
    for row in cells:
        yield from row[column].split() if table.columns[column].kind in breaking else [row[column]]
