"""Write tables of results for a terminal: as wide as it is, numbers to the right, what all rows share below."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bhyt_analysis.i18n.safe_text import to_terminal
from bhyt_analysis.tables.formatting import TableSpec, table_spec

WIDTH, NARROWEST = 100, 80  # columns of a terminal
HEADING_LINES = 4
NARROW_TEXT = 14  # columns that a name or another text has at least where it is longer
GAP = 2  # blanks between columns


def terminal_width() -> int:
    """Return the columns that a table may have: those of the terminal, at most `WIDTH`; `WIDTH` for a file or pipe."""
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def text_table(table: pd.DataFrame, lang: str = "vi", width: int | None = None, optional: Sequence[str] = ()) -> str:
    """Return a table as lines of at most ``width`` columns of a terminal, by default `terminal_width`.

    Figures are written as in every document, small groups hidden. Columns without any content are left out, and where
    the table is too wide those of ``optional``, the first of them first; then texts take several lines. Letters that
    take two columns of a terminal, or none, count so. A text that is the same in all rows is a note below them.

    Examples
    --------
    >>> rows = pd.DataFrame({"name": ["Xã A", "Xã Bờ"], "insured": [40, 1234], "status": "derived"})
    >>> print(text_table(rows, "en"))
    Area        Insured
    A commune        40
    Bờ commune    1,234
    Status: Derived from published figures
    """
    return spec_to_text(table_spec(table, lang).drop("order"), lang, width, optional)


def spec_to_text(spec: TableSpec, lang: str = "vi", width: int | None = None, optional: Sequence[str] = ()) -> str:
    """Return the lines of a table: see `text_table`."""
    width = width or terminal_width()
    spec = _without_blanks(_constants_as_notes(spec))
    for key in optional:
        if _least_width(spec, lang) > width:
            spec = spec.drop(key)
    return _lines(spec, lang, max(width, _least_width(spec, lang)))  # no figure is ever cut


def _without_blanks(spec: TableSpec) -> TableSpec:
    return spec.select([i for i, c in enumerate(spec.columns) if any(v not in (None, "") for v in spec.column(c.key))])


def _constants_as_notes(spec: TableSpec) -> TableSpec:
    """Return a table of units with each text that is the same in all rows as a note below it."""
    rows = spec.rows[1:] if spec.total else spec.rows
    for position, column in reversed(list(enumerate(spec.columns))):
        texts = {row[position] for row in rows}
        if len(rows) > 1 and column.kind == "text" and len(texts) == 1 and (text := texts.pop()):
            spec = replace(spec.drop(column.key), notes=(f"{column.heading}: {text}", *spec.notes))
    return spec


def _cells(spec: TableSpec, lang: str) -> list[list[str]]:
    return [[to_terminal(text) for text in row] for row in spec.formatted_rows(lang)]


def _widths(spec: TableSpec, lang: str) -> list[int]:
    """Return the width at which each column has its cells on one line, and its heading on `HEADING_LINES` at most."""
    widths = []
    for column, texts in zip(spec.columns, zip(*_cells(spec, lang), strict=True), strict=True):
        longest = max(map(cell_len, texts))
        widths.append(max([longest, *map(cell_len, wrap_heading(column.heading, longest))]))
    return widths


def _least_width(spec: TableSpec, lang: str) -> int:
    """Return the width of the table where its texts take several lines."""
    widths = zip(spec.columns, _widths(spec, lang), strict=True)
    return sum(min(w, NARROW_TEXT) if c.kind == "text" else w for c, w in widths) + GAP * (len(spec.columns) - 1)


def wrap_heading(heading: str, width: int = 0) -> list[str]:
    """Return the lines of a heading in a width, or in a wider one where it takes more than `HEADING_LINES`.

    It is broken at blanks and after strokes only.

    Examples
    --------
    >>> wrap_heading("Cần tăng (người/tháng)", 8), wrap_heading("Đơn vị", 20)
    (['Cần tăng', '(người/', 'tháng)'], ['Đơn vị'])
    """
    words = re.findall(r"[^\s/]+/?|/", heading)
    gaps = ["", *("" if before.endswith("/") else " " for before in words)]
    for wide in range(max([width, *map(cell_len, words)]), cell_len(heading) + width + 1):
        lines = [""]
        for gap, word in zip(gaps, words, strict=False):
            line = lines[-1] + gap + word if lines[-1] else word
            if lines[-1] and cell_len(line) > wide:
                lines.append(word)
            else:
                lines[-1] = line
        if len(lines) <= HEADING_LINES:
            return lines
    return [heading]


def _lines(spec: TableSpec, lang: str, width: int) -> str:
    grid = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_edge=False)
    for column, wide in zip(spec.columns, _widths(spec, lang), strict=True):
        heading = Text("\n".join(wrap_heading(column.heading, wide)))
        if column.kind == "text":
            grid.add_column(heading, overflow="fold", max_width=wide)
        else:
            grid.add_column(heading, justify="right" if column.numeric else "left", width=wide)
    for row in _cells(spec, lang):
        grid.add_row(*map(Text, row))
    out = io.StringIO()
    console = Console(
        file=out, width=width, color_system=None, highlight=False, markup=False, emoji=False, legacy_windows=False
    )
    console.print(grid)
    for note in spec.notes:
        console.print(Text(to_terminal(note)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
