"""Put the lines of a page in the order of reading where it has two columns, as the heads and ends of letters have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Gap(NamedTuple):
    """A wide gap in a line, and how many letters are before it."""

    left: float
    right: float
    letters: int


class PageLine(NamedTuple):
    """A line on a page, its place, and the wide gaps between its words."""

    text: str
    left: float
    right: float
    top: float
    gaps: tuple[Gap, ...] = ()


def in_reading_order(lines: Sequence[PageLine]) -> list[PageLine]:
    """Return the lines of a page from top to bottom, but two columns beside each other one after the other.

    Examples
    --------
    >>> head = PageLine("ỦY BAN CỘNG HÒA", 80, 500, 60, (Gap(150, 300, 5),))
    >>> below = PageLine("HUYỆN Độc lập", 80, 480, 80, (Gap(160, 310, 5),))
    >>> [line.text for line in in_reading_order([head, below, PageLine("KẾ HOẠCH", 250, 350, 120)])]
    ['ỦY BAN', 'HUYỆN', 'CỘNG HÒA', 'Độc lập', 'KẾ HOẠCH']
    """
    result: list[PageLine] = []
    rest = sorted(lines, key=lambda line: line.top)
    while rest:
        block = _two_columns(rest)
        if not block:
            result.append(rest.pop(0))
            continue
        columns = [_divided(line, gap) for line, gap in block]
        result += [line for left, _ in columns for line in left] + [line for _, right in columns for line in right]
        del rest[: len(block)]
    return result


def _two_columns(lines: Sequence[PageLine]) -> list[tuple[PageLine, Gap]]:
    """Return the first lines, if they are in two columns, each with the gap between them; none otherwise.

    The last of them has both columns. The gap of a line in one column is after no letter of it.
    """
    left, right = 0.0, float("inf")
    block: list[tuple[PageLine, Gap | None]] = []
    length = both = 0
    for line in lines:
        gap = next((g for g in line.gaps if min(g.right, right) - max(g.left, left) > 1), None)
        if gap is not None:
            left, right = max(gap.left, left), min(gap.right, right)
            both, length = both + 1, len(block) + 1
        elif not block or not (line.right <= right or line.left >= left):
            break
        block.append((line, gap))
    return [(line, gap or Gap(left, right, 0)) for line, gap in block[:length]] if both > 1 else []


def _divided(line: PageLine, gap: Gap) -> tuple[list[PageLine], list[PageLine]]:
    """Return what a line has in the left and in the right column."""
    if not gap.letters:
        return ([line], []) if line.left < gap.left else ([], [line])
    end = letters = 0
    while letters < gap.letters:
        letters += not line.text[end].isspace()
        end += 1
    first = line._replace(text=line.text[:end].rstrip(), right=gap.left, gaps=())
    return [first], [line._replace(text=line.text[end:].lstrip(), left=gap.right, gaps=())]
