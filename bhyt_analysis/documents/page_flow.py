"""Order the blocks of a report so that less of its pages is left empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bhyt_analysis.documents.content import Block

MIN_SAVING = 20  # mm that must be saved for the table to go first
Measure = Callable[[Block], tuple[float, bool]]  # the height of a block (mm), and whether it may break over pages


def arrange_blocks(blocks: Sequence[Block], measure: Measure, page_height: float, start: float = 0) -> list[Block]:
    """Return the blocks in order, but a table before the chart of its item where that leaves less of a page empty.

    ``page_height``, ``start``: the height of a page, and how much of the first one is used already (mm).

    Examples
    --------
    >>> text, chart, table = Block("text", "a"), Block("chart", "a"), Block("table", "a")
    >>> sizes = {"text": (100, True), "chart": (180, False), "table": (150, True)}
    >>> [b.kind for b in arrange_blocks([text, chart, table], lambda b: sizes[b.kind], 250)]
    ['text', 'table', 'chart']
    """
    arranged: list[Block] = []
    position = start
    while len(arranged) < len(blocks):
        group = list(blocks[len(arranged) : len(arranged) + 2])
        if [b.kind for b in group] == ["chart", "table"] and group[0].name == group[1].name:
            chart_first, table_first = (_place(order, measure, page_height, position) for order in (group, group[::-1]))
            if table_first[1] + MIN_SAVING < chart_first[1]:
                group.reverse()
        else:
            group = group[:1]
        position, _ = _place(group, measure, page_height, position)
        arranged += group
    return arranged


def _place(blocks: Sequence[Block], measure: Measure, page_height: float, position: float) -> tuple[float, float]:
    """Return the position on its page after the blocks, and how much was left empty (mm)."""
    empty = 0.0
    for block in blocks:
        height, breakable = measure(block)
        if position + height > page_height and not breakable:
            empty += page_height - position
            position = 0
        position = (position + height) % page_height if breakable else position + height
    return position, empty
