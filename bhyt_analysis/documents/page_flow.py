"""In which order do a chart and its table leave less of a page empty?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bhyt_analysis.documents.content import Block

SAVED = 20  # mm that must be saved for the table to go first


def arrange_blocks(
    blocks: Sequence[Block], room: Callable[[Block], tuple[float, bool]], page: float, start: float = 0
) -> list[Block]:
    """The blocks in their order, but a table before the chart of its item where that leaves less of a page empty.

    Parameters
    ----------
    room : how high a block stands (mm), and whether it may go on overleaf.
    page, start : how high a page is, and what of the first is taken (mm).

    Examples
    --------
    >>> text, chart, table = Block("text", "a"), Block("chart", "a"), Block("table", "a")
    >>> high = {"text": (100, True), "chart": (180, False), "table": (150, True)}
    >>> [b.kind for b in arrange_blocks([text, chart, table], lambda b: high[b.kind], 250)]
    ['text', 'table', 'chart']
    """
    told: list[Block] = []
    at, i = start, 0
    while i < len(blocks):
        pair = list(blocks[i : i + 2])
        if [b.kind for b in pair] == ["chart", "table"] and pair[0].name == pair[1].name:
            chart_first, table_first = (_after(order, room, page, at) for order in (pair, pair[::-1]))
            if table_first[1] + SAVED < chart_first[1]:
                pair.reverse()
        else:
            pair = pair[:1]
        at, _ = _after(pair, room, page, at)
        told += pair
        i += len(pair)
    return told


def _after(
    blocks: Sequence[Block], room: Callable[[Block], tuple[float, bool]], page: float, at: float
) -> tuple[float, float]:
    """Where on its page the next block would stand, and how much has been left empty (mm)."""
    empty = 0.0
    for block in blocks:
        high, breaks = room(block)
        if at + high > page and not breaks:
            empty += page - at
            at = 0
        at = (at + high) % page if breaks else at + high
    return at, empty
