"""Read a plan from a text file: paragraphs without the line breaks of the page, Markdown, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.limits import MB
from bhyt_analysis.ingest.vietnamese_text import decode, mend_mojibake
from bhyt_analysis.plans import markdown
from bhyt_analysis.plans.clean_text import PositionedText, clean_text, document_font
from bhyt_analysis.plans.document import Block, Cell, PlanDocument
from bhyt_analysis.plans.document_file import read_document_content
from bhyt_analysis.plans.flat_tables import with_flat_tables
from bhyt_analysis.plans.numbering import paragraph_number
from bhyt_analysis.plans.paragraphs import Line, is_page_number, join_lines, paragraph_block
from bhyt_analysis.plans.structure import with_places

MAX_TEXT = 5 * MB  # 1,500 pages
_LONGEST_WRAPPED = 130  # letters of a line that ends where a page does
_NEARLY_FULL, _FULL = 0.7, 0.88
_NARROW = 25


def read_text(path: Path) -> PlanDocument:
    """Return the document of a text or Markdown file, whose lines may end where those of a page did.

    Positions count from the first character of each paragraph in the file, its line breaks included.

    Raises
    ------
    BhytError
        If the file can't be opened, is too large, or its encoding is not recognised.
    """
    text = decode(read_document_content(path, MAX_TEXT))
    if text is None:
        raise BhytError(("error.plan_encoding", {"file": path.name}))
    text = re.sub(r"\r\n?", "\n", text)
    lines = [mend_mojibake(line) or line for line in text.split("\n")]
    return PlanDocument(path, "text", with_places(with_flat_tables(_blocks(lines, document_font(lines)))))


def _blocks(texts: list[str], font: str) -> Iterator[Block]:
    """Yield the blocks of the lines of a file, without their places."""
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + 1)
    table, first = 0, 0
    for end in [*_table_ends(texts), None]:
        rows = _table_start(texts, end) if end is not None else len(texts)
        yield from _paragraph_blocks(texts[first:rows], starts[first], font)
        if end is not None:
            yield from _table_blocks(texts[rows:end], table, font)
            table, first = table + 1, end


def _table_ends(texts: list[str]) -> list[int]:
    """Return the number of the line after each table: of rows, one of which divides off its heading."""
    ends, start = [], None
    for i, text in enumerate([*texts, ""]):
        if markdown.is_table_row(text):
            start = i if start is None else start
        elif start is not None:
            if i - start > 1:
                ends.append(i)
            start = None
    return ends


def _table_start(texts: list[str], end: int) -> int:
    """Return the number of the first line of the table that ends before a line."""
    start = end
    while start > 0 and markdown.is_table_row(texts[start - 1]):
        start -= 1
    return start


def _table_blocks(texts: list[str], table: int, font: str) -> Iterator[Block]:
    rows = [markdown.table_cells(text) for text in texts if not markdown.is_divider(text)]
    for row, cells in enumerate(rows):
        for column, parts in enumerate(cells):
            for part in parts:
                yield paragraph_block([part], font, Cell(table, row, column))


def _paragraph_blocks(texts: list[str], start: int, font: str) -> Iterator[Block]:
    for paragraph in join_lines(_lines(texts, start, font)):
        block = paragraph_block([line.raw for line in paragraph], font)
        if block.text:
            yield replace(block, is_heading=paragraph[0].is_heading)


def _lines(texts: list[str], start: int, font: str) -> Iterator[Line]:
    """Yield the lines that have text, without page numbers."""
    width = _page_width(texts)
    pages = _page_number_lines(texts)
    indent = _least_indent(texts)
    has_gap = False
    for i, text in enumerate(texts):
        raw = markdown.without_marks(PositionedText(text, tuple(range(start, start + len(text)))))
        start += len(text) + 1
        clean = clean_text(raw.text, font).text
        if not clean or i in pages or markdown.is_rule(text):
            has_gap = has_gap or i not in pages or not _is_at_page_break(texts, i)
            continue
        following = texts[i + 1] if i + 1 < len(texts) else ""
        is_full = width is not None and (_fills(clean, following, width) or _is_narrow(clean, following))
        is_indented = width is not None and len(text) - len(text.lstrip(" \f")) > indent + 2
        is_heading = markdown.is_heading_line(text)
        yield Line(raw, clean, has_gap, is_full, is_indented, is_heading=is_heading)
        has_gap = False


def _fills(text: str, following: str, width: int) -> bool:
    """Return whether a line is full: at the end of a sentence only where the next word would not fit."""
    if text[-1] not in ".;:!?":
        return len(text) >= _NEARLY_FULL * width
    return len(text) + 1 + len(next(iter(following.split()), "")) >= _FULL * width


def _is_narrow(text: str, following: str) -> bool:
    """Return whether a line and the next one are in a narrow column, such as the heading of a table's column."""
    is_title = text.isupper() or paragraph_number(text) is not None or text[-1] in ".:;"
    return max(len(text), len(following)) <= _NARROW and bool(following.strip()) and not is_title


def _least_indent(texts: list[str]) -> int:
    """Return how many blanks the lines begin with that begin at the margin."""
    indents = sorted(len(text) - len(text.lstrip(" \f")) for text in texts if text.strip())
    return indents[len(indents) // 10] if indents else 0


def _page_width(texts: list[str]) -> int | None:
    """Return the letters of a full line; None where each paragraph is on one line."""
    lengths = sorted(length for text in texts if (length := len(" ".join(text.split()))) > 40)
    longest = lengths[int(0.95 * len(lengths))] if lengths else 0
    return longest if longest <= _LONGEST_WRAPPED else None


def _page_number_lines(texts: list[str]) -> set[int]:
    """Return the lines that are page numbers: beside a page break, alone and rising, or between wide gaps."""
    plain = [text.strip(" \t\f*#") for text in texts]
    blank = [not text for text in plain]
    numbers = [i for i, text in enumerate(plain) if is_page_number(text)]
    alone = [i for i in numbers if _has_gaps(blank, i, 1)]
    values = [int(re.sub(r"/.*|\D", "", plain[i])) for i in alone]
    is_rising = len(values) > 1 and all(a < b for a, b in pairwise(values))
    return {i for i in numbers if _is_at_page_break(texts, i)} | {
        i for i in alone if is_rising or _has_gaps(blank, i, 2)
    }


def _is_at_page_break(texts: list[str], line: int) -> bool:
    """Return whether the character that ends a page is right before or after a line, but for blank lines."""
    before, after = line, line + 1
    while before > 0 and not texts[before - 1].strip() and "\f" not in texts[before]:
        before -= 1
    while after < len(texts) - 1 and not texts[after].strip() and "\f" not in texts[after]:
        after += 1
    return "\f" in "".join(texts[before : after + 1])


def _has_gaps(blank: list[bool], line: int, lines: int) -> bool:
    """Return whether a line is between blank ones, of which one side has at least so many."""
    before = line if line < lines else sum(blank[line - lines : line])
    after = len(blank) - line - 1 if line + lines >= len(blank) else sum(blank[line + 1 : line + 1 + lines])
    sides = blank[line - 1] if line else True, blank[line + 1] if line + 1 < len(blank) else True
    return all(sides) and (before >= lines or after >= lines)
