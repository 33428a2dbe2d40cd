"""Choose the column widths of a table on paper or on a slide, and count the lines of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from bhyt_analysis.tables.formatting import TableSpec

LETTERS = {11.0: 2.05, 9.5: 1.75}  # mm that a wide letter of Times New Roman takes, by its size in points
USUAL_LETTER, LINE_END = 0.87, 3.0  # a usual letter relative to a wide one; mm that stay free at the end of a line
CAPITAL = 0.35  # of a letter, that a capital is wider
SHORT_TEXT = 30  # mm
LARGE, SMALL = LETTERS
PADDING, STEP = 3.2, 2.0  # mm: free space at the sides of a cell; the step by which columns are widened
DATES_LIMIT = 0.85  # of the page, up to which dates are kept on one line
SMALL_GAIN = 0.8  # of the lines in large letters, below which small letters are worth it


@dataclass(frozen=True)
class TableLayout:
    """A table, or those of its columns that fit the page, ready to be written."""

    table: TableSpec
    cells: list[list[str]]
    widths: list[float]  # of the columns, mm
    lines: list[int]  # of each row, the heading's first
    points: float  # the size of its letters

    @property
    def height(self) -> float:
        """Return the height in mm, without caption and notes."""
        return sum(n * self.points * 0.41 + 0.4 for n in self.lines)


def lay_out_table(table: TableSpec, lang: str, page_width: float) -> Iterator[TableLayout]:
    """Yield the layout of a table on a page (mm), in small letters where large ones make high rows.

    A table that is too wide even so comes in parts, each with the first column.
    """
    cells = table.formatted_rows(lang)
    widths = _minimum_widths(table, cells, LETTERS[SMALL], page_width)
    columns = [0]
    for i in range(1, len(widths)):
        if len(columns) > 1 and sum(widths[k] for k in [*columns, i]) > page_width:
            yield _lay_out_part(table.select(columns), lang, page_width)
            columns = [0]
        columns.append(i)
    part = table.select(columns) if len(columns) < len(widths) else table
    yield _lay_out_part(part, lang, page_width)


def _lay_out_part(table: TableSpec, lang: str, page_width: float) -> TableLayout:
    cells = table.formatted_rows(lang)
    layouts, dates = [], []
    for points, letter in LETTERS.items():
        widths = column_widths(table, cells, page_width, letter)
        lines = _count_lines(_text_lengths(table, cells) * letter, np.array(widths)).max(axis=1)
        layouts.append(TableLayout(table, cells, widths, [int(n) for n in lines], points))
        dates.append(_dates_fit(table, cells, letter, page_width))
    large, small = layouts
    return small if sum(small.lines) < sum(large.lines) * SMALL_GAIN or dates == [False, True] else large


def column_widths(
    table: TableSpec, cells: list[list[str]], page_width: float, letter: float = LETTERS[LARGE]
) -> list[float]:
    """Return widths (mm) that add to the page's: no word or number is broken, and the rows are as low as possible.

    ``letter``: the width of a letter (mm).

    Examples
    --------
    >>> from bhyt_analysis.tables.formatting import TableColumn
    >>> columns = (TableColumn("a", "Area", "text"), TableColumn("n", "People", "n"))
    >>> table = TableSpec(columns, (("a b c d e f g h i j k l", 1),))
    >>> [round(w) for w in column_widths(table, table.formatted_rows("en"), 100)]
    [74, 26]
    """
    minimum = np.array(_minimum_widths(table, cells, letter, page_width))
    if minimum.sum() >= page_width:
        return list(minimum * page_width / minimum.sum())
    lengths, widths = _text_lengths(table, cells) * letter, minimum.copy()
    while widths.sum() < page_width - STEP:  # each step goes to the column that makes most rows high
        lines = _count_lines(lengths, widths)
        high = np.where((lines == lines.max(axis=1, keepdims=True)) & (lines > 1), lines, 0).sum(axis=0)
        if not high.any():
            break
        widths[high.argmax()] += STEP
    return list(_exchange_widths(lengths, minimum, widths * page_width / widths.sum()))


def _exchange_widths(lengths: np.ndarray, minimum: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return the widths after columns gave width to others, as long as that makes the rows lower together."""

    def total_height(widths: np.ndarray) -> float:
        lines = _count_lines(lengths, widths)
        return float(lines.max(axis=1).sum() + lines.sum() / 1e4)  # of equals the one with fewer lines in all

    best = total_height(widths)
    while True:
        trials = []
        for giver, step, taker in product(range(len(widths)), (STEP, 4 * STEP), range(len(widths))):
            if taker != giver and widths[giver] - step >= minimum[giver]:
                trial = widths.copy()
                trial[giver] -= step
                trial[taker] += step
                trials.append((total_height(trial), trial))
        lowest, trial = min(trials, key=lambda t: t[0], default=(best, widths))
        if lowest >= best:
            return widths
        best, widths = lowest, trial


def _count_lines(lengths: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return the lines of each cell: the length of its text (mm) over the width of its column."""
    # A short text may be of wide letters.
    lengths, free = np.maximum(lengths * USUAL_LETTER, np.minimum(lengths, SHORT_TEXT)), widths - PADDING
    return np.where(lengths <= free, 1, np.ceil(lengths / np.maximum(free - LINE_END, 1)))


def _text_lengths(table: TableSpec, cells: list[list[str]]) -> np.ndarray:
    return np.array([[len(text) for text in row] for row in [[c.heading for c in table.columns], *cells]])


def _minimum_widths(table: TableSpec, cells: list[list[str]], letter: float, page_width: float) -> list[float]:
    """Return the least width of each column (mm) that breaks no word or number; nor a date, if dates fit."""
    breakable = {"text"} if _dates_fit(table, cells, letter, page_width) else {"text", "date"}
    return _unbroken_widths(table, cells, letter, breakable)


def _dates_fit(table: TableSpec, cells: list[list[str]], letter: float, page_width: float) -> bool:
    return sum(_unbroken_widths(table, cells, letter, {"text"})) <= page_width * DATES_LIMIT


def _unbroken_widths(table: TableSpec, cells: list[list[str]], letter: float, breakable: set[str]) -> list[float]:
    """Return the width of the longest part of each column: a word, or a cell of a kind that is not breakable."""
    widths = []
    for i, column in enumerate(table.columns):
        texts = [row[i] for row in cells]
        parts = column.heading.split() + (" ".join(texts).split() if column.kind in breakable else texts)
        widths.append(letter * max(map(_letters, parts), default=1) + PADDING)
    return widths


def _letters(text: str) -> float:
    """Return the letters of a text; a capital is wider than others."""
    return len(text) + CAPITAL * sum(letter.isupper() for letter in text)
