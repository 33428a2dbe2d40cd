"""How wide is each column of a table on paper or on a slide?"""

from __future__ import annotations

import numpy as np

from bhyt_analysis.briefing.content import Table

PAD, STEP = 3.2, 2.0  # mm: what a cell keeps free at its sides; by which columns are widened


def column_widths(table: Table, cells: list[list[str]], whole: float) -> list[float]:
    """Widths (mm) that add to the whole: no number is broken, and the rest makes the rows as low as it can.

    Examples
    --------
    >>> from bhyt_analysis.briefing.content import Column
    >>> table = Table((Column("a", "Area", "text"), Column("n", "People", "n")), (("a b c d e f g h i j k l", 1),))
    >>> [round(w) for w in column_widths(table, table.written("en"), 100)]
    [77, 23]
    """
    least, letter = widths_needed(table, cells)
    if sum(least) >= whole:
        return [w * whole / sum(least) for w in least]
    letters = np.array([[len(text) for text in row] for row in [[c.heading for c in table.columns], *cells]])
    widths = np.array(least)
    while sum(widths) < whole - STEP:  # each step to the column that makes most rows so high
        lines = np.ceil(letters * letter / (widths - PAD))
        high = np.where((lines == lines.max(axis=1, keepdims=True)) & (lines > 1), lines, 0).sum(axis=0)
        if not high.any():
            break
        widths[high.argmax()] += STEP
    return list(widths * whole / sum(widths))


def widths_needed(table: Table, cells: list[list[str]]) -> tuple[list[float], float]:
    """The least width of each column (mm), in which no word or number is broken, and that of a letter."""
    letter = 2.05 if len(table.columns) <= 6 else 1.75
    least = []
    for i, column in enumerate(table.columns):
        texts = [row[i] for row in cells]
        breaks = column.kind in ("text", "date")
        parts = [*column.heading.split(), *(w for text in texts for w in (text.split() if breaks else [text]))]
        least.append(letter * max((len(p) for p in parts), default=1) + PAD)
    return least, letter
