"""Read the marks of Markdown: headings, bold and italic text, escapes, tables."""

from __future__ import annotations

import re

from bhyt_analysis.plans.clean_text import PositionedText

_BLOCK_MARK = re.compile(r"\s*(?:>\s*)*(#{1,6})\s+|\s*(?:>\s*)+")
_RULE = re.compile(r"\s*(?:[-*_] *){3,}$")
_ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_STRONG = re.compile(r"(?<!\\)(?:\*\*+|__(?=\S)|(?<=\S)__)")
_EMPHASIS = re.compile(r"(?<![\\*\w])(\*)(?![\s*])[^*\n]*[^\s*\\](\*)(?![*\w])")
_DIVIDER = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?$")
_BAR = re.compile(r"(?<!\\)\|")
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)


def is_heading_line(line: str) -> bool:
    """Return whether a line is marked as a heading."""
    match = _BLOCK_MARK.match(line)
    return match is not None and match[1] is not None


def is_rule(line: str) -> bool:
    """Return whether a line draws a rule, which divides paragraphs."""
    return _RULE.match(line) is not None


def is_table_row(line: str) -> bool:
    """Return whether a line is a row of a table."""
    return line.lstrip().startswith("|") and len(_BAR.findall(line)) > 1


def is_divider(line: str) -> bool:
    """Return whether a line of a table divides its heading from its rows."""
    return _DIVIDER.match(line) is not None


def table_cells(line: str) -> list[list[PositionedText]]:
    """Return the paragraphs of each cell of a row, with their positions in the line.

    Examples
    --------
    >>> [[part.text.strip() for part in cell] for cell in table_cells("| **Xã** | 85,1%<br>90,6% |")]
    [['Xã'], ['85,1%', '90,6%']]
    """
    bars = [match.start() for match in _BAR.finditer(line)]
    ends = bars[1:] if not line[bars[-1] + 1 :].strip() else [*bars[1:], len(line)]
    cells = []
    for start, end in zip(bars, ends, strict=False):
        breaks = [m.span() for m in _LINE_BREAK.finditer(line, start + 1, end)]
        starts, stops = [start + 1, *(b for _, b in breaks)], [*(a for a, _ in breaks), end]
        spans = zip(starts, stops, strict=True)
        parts = [without_marks(PositionedText(line[a:b], tuple(range(a, b)))) for a, b in spans]
        cells.append([part for part in parts if part.text.strip()])
    return cells


def without_marks(line: PositionedText) -> PositionedText:
    """Return a line or some lines without the marks of headings, of bold and of italic text, and of escapes.

    Examples
    --------
    >>> text = "## **2.5. Xong trước *ngày 15/8/2021*.**"
    >>> without_marks(PositionedText(text, tuple(range(len(text))))).text
    '2.5. Xong trước ngày 15/8/2021.'
    """
    text = line.text
    if not re.search(r"[*#\\_>]", text):
        return line
    spans = [_BLOCK_MARK.match(text), *_STRONG.finditer(text)]
    dropped = {i for match in spans if match for i in range(*match.span())}
    plain = line.drop(dropped)
    dropped = {match.start() for match in _ESCAPE.finditer(plain.text)}
    dropped |= {match.start(group) for match in _EMPHASIS.finditer(plain.text) for group in (1, 2)}
    return plain.drop(dropped)
