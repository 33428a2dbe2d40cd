"""Tables and charts fill their pages, and no number is broken."""

from bhyt_analysis.documents.page_flow import arrange_blocks
from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.documents.column_widths import LETTERS, PADDING, lay_out_table
from bhyt_analysis.documents.content import Block
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


def empty_millimetres(blocks, measure):
    """Millimetres left empty at the feet of pages, counted from what is placed."""
    position = empty = 0.0
    for block in blocks:
        height, breakable = measure(block)
        if breakable:
            position = (position + height) % PAGE
        elif position + height > PAGE:
            empty, position = empty + PAGE - position, height
        else:
            position += height
    return empty


@given(briefings())
def test_only_a_table_goes_before_the_chart_of_its_item(briefing):
    blocks, measure = briefing
    arranged = arrange_blocks(blocks, measure, PAGE)
    assert sorted(map(id, arranged)) == sorted(map(id, blocks))
    for kind in ("text", "chart", "table"):
        assert [b for b in arranged if b.kind == kind] == [b for b in blocks if b.kind == kind]
    assert list(dict.fromkeys(b.name for b in arranged)) == list(dict.fromkeys(b.name for b in blocks))


@given(HIGH, HIGH, HIGH, st.booleans())
def test_a_chart_and_its_table_leave_less_empty_in_their_order(text, chart, table, breakable):
    blocks = [Block("text", "a"), Block("chart", "a"), Block("table", "a")]
    heights = {"text": (text, True), "chart": (chart, False), "table": (table, breakable)}
    arranged = arrange_blocks(blocks, lambda b: heights[b.kind], PAGE)
    orders = (blocks, [blocks[0], blocks[2], blocks[1]])
    chart_first, table_first = (empty_millimetres(order, lambda b: heights[b.kind]) for order in orders)
    expected = ["text", "table", "chart"] if chart_first - table_first > 20 else ["text", "chart", "table"]
    assert [b.kind for b in arranged] == expected


WORDS = st.text("abcđêộ ", min_size=1, max_size=60).filter(str.strip)


@given(st.lists(st.tuples(WORDS, st.integers(0, 10**9), WORDS), min_size=1, max_size=12))
def test_columns_fill_the_page_and_break_no_number(rows):
    columns = (
        TableColumn("name", "Đơn vị", "text"),
        TableColumn("n", "Số người", "n"),
        TableColumn("source", "Nguồn", "text"),
    )
    (layout,) = lay_out_table(TableSpec(columns, tuple(rows)), "vi", 160)
    assert abs(sum(layout.widths) - 160) < 1e-6
    assert layout.widths[1] >= max(len(row[1]) for row in layout.cells) * LETTERS[layout.points] + PADDING - 1e-6
    assert len(layout.lines) == len(rows) + 1


def test_each_part_of_a_wide_table_begins_with_the_names():
    columns = tuple(TableColumn(f"c{i}", f"Đầu{i}", "text" if i == 0 else "n") for i in range(16))
    rows = tuple(("Xã An Bình", *[123_456_789_012] * 15) for _ in range(3))
    parts = list(lay_out_table(TableSpec(columns, rows), "vi", 160))
    assert len(parts) > 1
    assert [p.table.columns[0].heading for p in parts] == ["Đầu0"] * len(parts)
    assert [c.heading for p in parts for c in p.table.columns[1:]] == [f"Đầu{i}" for i in range(1, 16)]
    assert all(sum(p.widths) <= 160 + 1e-6 for p in parts)
