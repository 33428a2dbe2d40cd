"""Tables and charts stand on a page so that little of it is left empty and no number is broken."""

from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.documents.column_widths import LETTERS, PAD, lay_out_table
from bhyt_analysis.documents.content import Block
from bhyt_analysis.documents.page_flow import arrange_blocks
from bhyt_analysis.tables.formatting import TableColumn, TableSpec

PAGE = 257
HIGH = st.floats(5, 256)


@st.composite
def briefings(draw):
    """Blocks of a briefing with their heights: texts, charts, and tables of the same item."""
    blocks, heights = [], {}
    for i in range(draw(st.integers(1, 12))):
        for kind in draw(
            st.sampled_from([["text"], ["chart"], ["table"], ["text", "chart", "table"], ["chart", "table"]])
        ):
            blocks.append(Block(kind, f"item {i}"))
            heights[kind, f"item {i}"] = draw(HIGH), kind == "text" or (kind == "table" and draw(st.booleans()))
    return blocks, lambda block: heights[block.kind, block.name]


def empty(blocks, room):
    """What is left empty at the feet of pages: counted millimetre by millimetre of what is placed."""
    at = left = 0.0
    for block in blocks:
        high, breaks = room(block)
        if breaks:
            at = (at + high) % PAGE
        elif at + high > PAGE:
            left, at = left + PAGE - at, high
        else:
            at += high
    return left


@given(briefings())
def test_nothing_is_lost_and_only_a_table_goes_before_the_chart_of_its_item(told):
    blocks, room = told
    flown = arrange_blocks(blocks, room, PAGE)
    assert sorted(map(id, flown)) == sorted(map(id, blocks))
    for kind in ("text", "chart", "table"):
        assert [b for b in flown if b.kind == kind] == [b for b in blocks if b.kind == kind]
    assert list(dict.fromkeys(b.name for b in flown)) == list(dict.fromkeys(b.name for b in blocks))


@given(HIGH, HIGH, HIGH, st.booleans())
def test_of_a_chart_and_its_table_the_order_is_the_one_that_leaves_less_empty(first, high, table, breaks):
    blocks = [Block("text", "a"), Block("chart", "a"), Block("table", "a")]
    heights = {"text": (first, True), "chart": (high, False), "table": (table, breaks)}
    flown = arrange_blocks(blocks, lambda b: heights[b.kind], PAGE)
    both = [empty(order, lambda b: heights[b.kind]) for order in (blocks, [blocks[0], blocks[2], blocks[1]])]
    saved = both[0] - both[1]
    assert [b.kind for b in flown] == (["text", "table", "chart"] if saved > 20 else ["text", "chart", "table"])


WORDS = st.text("abcđêộ ", min_size=1, max_size=60).filter(str.strip)


@given(st.lists(st.tuples(WORDS, st.integers(0, 10**9), WORDS), min_size=1, max_size=12))
def test_columns_fill_the_page_and_break_no_number(rows):
    columns = (
        TableColumn("name", "Đơn vị", "text"),
        TableColumn("n", "Số người", "n"),
        TableColumn("source", "Nguồn", "text"),
    )
    (laid,) = lay_out_table(TableSpec(columns, tuple(rows)), "vi", 160)
    assert abs(sum(laid.widths) - 160) < 1e-6
    assert laid.widths[1] >= max(len(row[1]) for row in laid.cells) * LETTERS[laid.points] + PAD - 1e-6
    assert len(laid.lines) == len(rows) + 1


def test_a_table_wider_than_the_page_comes_in_parts_that_each_begin_with_the_names():
    columns = tuple(TableColumn(f"c{i}", f"Đầu{i}", "text" if i == 0 else "n") for i in range(16))
    rows = tuple(("Xã An Bình", *[123_456_789_012] * 15) for _ in range(3))
    parts = list(lay_out_table(TableSpec(columns, rows), "vi", 160))
    assert len(parts) > 1
    assert [p.table.columns[0].heading for p in parts] == ["Đầu0"] * len(parts)
    assert [c.heading for p in parts for c in p.table.columns[1:]] == [f"Đầu{i}" for i in range(1, 16)]
    assert all(sum(p.widths) <= 160 + 1e-6 for p in parts)
