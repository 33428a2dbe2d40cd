"""The body of a report keeps to its pages, its annexes hold the rest once, and no number of a table is broken."""

from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.documents.annexes import MAX_PAGES, OPTIONAL_CHARTS, divide
from bhyt_analysis.documents.column_widths import LETTERS, PADDING, lay_out_table
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.tables.formatting import TableColumn, TableSpec

PAGE = 257
COMMUNES = TableSpec(
    (TableColumn("name", "Đơn vị", "text"), TableColumn("population", "Dân số", "n"), TableColumn("n", "Thẻ", "n")),
    (("Xã A", 10, 7), ("Xã B", 20, 8)),
)


def content_of(*blocks):
    return Content("vi", "Báo cáo", "huyện A", "A", "", blocks)


def chart_and_table(name, table=COMMUNES):
    return Block("text", name, f"Về {name}."), Block("chart", name), Block("table", name, table=table)


def measure(block):
    return (12, False) if block.kind == "heading" else (110, False) if block.kind == "chart" else (30, True)


@given(st.lists(st.sampled_from(OPTIONAL_CHARTS), max_size=30, unique=True))
def test_the_body_keeps_to_its_pages_and_loses_no_text_or_table(names):
    blocks = [b for name in names for b in (Block("heading", name, name, 2), *chart_and_table(name))]
    division = divide(content_of(*blocks), measure, PAGE)
    assert sum(measure(b)[0] for b in division.body) <= MAX_PAGES * PAGE
    assert [b.name for b in division.body if b.kind == "text"] == names
    assert [b.name for a in division.annexes for b in a.blocks if b.kind == "table"] == names
    charts = [b.number for b in division.body if b.kind == "chart"]
    assert charts == list(range(1, len(charts) + 1))


def test_the_people_of_communes_are_in_one_annex():
    blocks = [b for name in ("communes", "allocation", "lost") for b in chart_and_table(name)]
    other = TableSpec(COMMUNES.columns, (("Xã A", 10, 7), ("Xã B", 21, 8)))
    division = divide(content_of(*blocks, *chart_and_table("later", other)), measure, PAGE)
    columns = [[c.key for c in a.blocks[-1].table.columns] for a in division.annexes]
    assert columns == [["name", "population", "n"], ["name", "n"], ["name", "n"], ["name", "population", "n"]]


def test_every_annex_is_referred_to_by_the_text_before_it():
    blocks = [Block("heading", "who", "Ai", 2), *chart_and_table("groups"), Block("table", "subgroups", table=COMMUNES)]
    division = divide(content_of(*blocks), measure, PAGE)
    assert division.references() == {1: [("chart", 1), ("appendix", 1), ("appendix", 2)]}


def test_an_annex_of_an_item_before_the_text_is_referred_to():
    blocks = [
        Block("heading", "needed", "Cần", 2),
        Block("table", "x", table=COMMUNES),
        Block("text", "needed", "Việc."),
    ]
    assert divide(content_of(*blocks), measure, PAGE).references() == {1: [("appendix", 1)]}


def test_a_section_with_nothing_in_the_body_has_no_heading():
    blocks = [
        Block("heading", "a", "Một", 2),
        Block("table", "premium", table=COMMUNES),
        Block("heading", "b", "Hai", 2),
    ]
    division = divide(content_of(*blocks, Block("text", "x", "Chữ.")), measure, PAGE)
    assert [b.text for b in division.body if b.kind == "heading"] == ["Hai"]


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
