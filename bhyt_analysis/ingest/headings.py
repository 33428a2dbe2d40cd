"""Find the heading of a table, of one or two rows, and the meaning of its columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Sheet, column_letter

SEARCH_ROWS = 40  # rows from the top in which the heading is looked for


@dataclass(frozen=True)
class ColumnHeading:
    """The heading of a column, with the column's number from 1; 0 for a line above the table."""

    text: str
    number: int = 0

    @property
    def letters(self) -> str:
        """Return the letters of the column, or ""."""
        return column_letter(self.number) if self.number else ""

    def __str__(self) -> str:
        return f"{self.letters} «{self.text}»" if self.number else self.text


@dataclass(frozen=True)
class Heading:
    """The rows of a heading (positions), and for each column its text and its meaning ("" if unknown)."""

    rows: tuple[int, ...]
    texts: tuple[str, ...]
    keys: tuple[str, ...]


def clean_head(cells: pd.DataFrame) -> np.ndarray:
    """Return the first rows with their texts cleaned."""
    rows = [[clean_text(v) if type(v) is str else v for v in row] for row in cells.iloc[:SEARCH_ROWS].to_numpy()]
    return np.array(rows, dtype=object).reshape(-1, cells.shape[1])


def heading_meaning(heading: str, words: dict[str, str]) -> str:
    """Return the meaning of a heading in a vocabulary, with or without its unit in brackets; "" if it has none."""
    if re.fullmatch("[A-Z]{2}", heading.strip()):  # a card code
        return words.get(heading.strip()) or words.get(normalise_name(heading), "")
    folded = normalise_name(heading).rstrip("*:. ")
    bare = re.sub(r"\s*[(\[][^()\[\]]*[)\]]$", "", folded).rstrip("*:. ")
    return words.get(folded) or words.get(bare) or words.get(re.sub(r"\s*,?\s*%$", "", bare), "")


def best_heading(sheet: Sheet, head: np.ndarray, table: str) -> Heading | None:
    """Return the row, or two rows, that name most columns of a table; the first of equals."""
    words, best, most = schema.heading_vocabulary(table), None, 1
    for heading in (one_row_heading(head, row, words) for row in range(len(head))):
        if (n := _columns_named(heading)) > most:
            best, most = heading, n
        if heading is best and heading.rows == (0,) and all(heading.keys):
            return best
    for double in (_two_row_heading(sheet, head, row, words) for row in range(len(head) - 1)):
        if double and (n := _columns_named(double)) > most:
            best, most = double, n
    return best


def _columns_named(heading: Heading) -> int:
    """Return how many columns of the table a heading names; the name of a unit counts as its code."""
    return len({"area" if k == "_name" else k for k in heading.keys if k == "_name" or k[:1] not in ("", "_")})


def one_row_heading(head: np.ndarray, row: int, words: dict[str, str]) -> Heading:
    """Return the row of a heading with the meaning of each of its texts."""
    texts = tuple(v if type(v) is str else "" for v in head[row])
    return Heading((row,), texts, tuple(heading_meaning(t, words) if t else "" for t in texts))


def _two_row_heading(sheet: Sheet, head: np.ndarray, row: int, words: dict[str, str]) -> Heading | None:
    """Return a heading over two rows: merged cells above, and below them the headings of their columns."""
    if not all(type(v) is str for v in head[row + 1]) or not (head[row + 1] != "").any():
        return None
    if not any(heading_meaning(v, words) for v in head[row + 1] if v):
        return None
    lines = sheet.cells.index[[row, row + 1]]
    upper, lower = ([v if type(v) is str else "" for v in head[r]] for r in (row, row + 1))
    for first, left, last, right in sheet.merged:
        if first <= lines[0] <= last and (value := head[row][left - 1] if left <= head.shape[1] else ""):
            upper[left - 1 : right] = [value] * (min(right, head.shape[1]) - left + 1)
    texts, keys = [], []
    for above, below in zip(upper, lower, strict=True):
        readings = [f"{above} {below}", below, above] if below and above != below else [above]
        texts.append(f"{above} – {below}" if below and above and above != below else below or above)
        keys.append(next((key for text in readings if text and (key := heading_meaning(text, words))), ""))
    return Heading((row, row + 1), tuple(texts), tuple(keys))
