"""Divide a briefing into the body of a report, of at most eight pages, and its annexes, without repetition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.tables.formatting import Cell, TableSpec

MAX_PAGES = 8
SPARE = 0.8  # of a page: heights are estimates
MAX_CHART, MAX_TABLE = 150, 170  # mm of a chart and of a table in the body
BODY_TABLES = ("headline", "tasks")
SOURCES = "sources"  # the table whose sources are footnotes of the headline figures, and the section that has it
HEADLINE = "headline"
# Charts that go to the annexes first where the body is too long.
OPTIONAL_CHARTS = (
    *("watch_funnel", "watch_expiring", "watch_states", "commune_people", "slope", "cost", "premium", "reenrolled"),
    *("scenario_path", "path", "lost", "groups", "communes", "before_after", "watch_pace", "coverage_target"),
)
Measure = Callable[[Block], tuple[float, bool]]  # the height of a block (mm), and whether it may break over pages


@dataclass(frozen=True)
class Annex:
    """An item of which a chart, a table or both are at the end of the report."""

    number: int
    caption: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Division:
    """The parts of a report. ``body``: its blocks in order, charts and tables numbered among their kind."""

    body: tuple[Block, ...]
    annexes: tuple[Annex, ...]

    def references(self) -> dict[int, list[tuple[str, int]]]:
        """Return what each text of the body refers to: kind and number, by the position of the text in the body.

        What has no text of its own is referred to by the text before it in its section.
        """
        positions = {b.name: i for i, b in reversed(list(enumerate(self.body))) if b.kind == "text" and b.name}
        annexes = {b.name: a.number for a in self.annexes for b in a.blocks if b.name}
        references: dict[int, list[tuple[str, int]]] = {}
        places, last = dict(positions), -1
        for i, block in enumerate(self.body):
            last = -1 if block.kind == "heading" else i if block.kind == "text" else last
            if block.kind in ("chart", "table") and block.name:
                place = places.setdefault(block.name, last)
                references.setdefault(place, []).append((block.kind, block.number))
        for name, number in annexes.items():
            place = places.get(name, self._text_before(number))
            references.setdefault(place, []).append(("appendix", number))
        return {place: list(dict.fromkeys(kinds)) for place, kinds in references.items() if place >= 0}

    def _text_before(self, number: int) -> int:
        """Return the text of the body after which an annex without text and chart there would come."""
        name = self.annexes[number - 1].blocks[0].name
        return next((i for i, b in enumerate(self.body) if name in b.followers), -1)


def divide(content: Content, measure: Measure, page_height: float, start: float = 0) -> Division:
    """Return the body and the annexes of a briefing.

    Tables other than `BODY_TABLES` are annexes; so are charts where the body would have more pages than `MAX_PAGES`,
    but those that only show their table. ``page_height``, ``start``: of a page, and how much of the first one is used
    already (mm).
    """
    blocks = _with_followers([b for b in content.blocks if b.kind in ("heading", "text", "chart", "table")])
    headline = content.item(HEADLINE, "table")
    if headline:
        blocks = [b for b in blocks if not (b.name == SOURCES and b.kind != "chart")]
    outside = {id(b) for b in blocks if b.kind == "table" and b.name and b.name not in BODY_TABLES}
    outside |= {id(b) for b in blocks if b.kind == "chart" and b.name and measure(b)[0] > MAX_CHART}
    outside |= {id(b) for b in blocks if b.kind == "table" and b.name and measure(b)[0] > MAX_TABLE}
    optional = [b for name in OPTIONAL_CHARTS for b in blocks if (b.kind, b.name) == ("chart", name)]
    body = [b for b in blocks if id(b) not in outside]
    while _pages(body, measure, page_height, start) > MAX_PAGES - SPARE and optional:
        outside.add(id(optional.pop(0)))
        body = [b for b in blocks if id(b) not in outside]
    names = list(dict.fromkeys(b.name for b in blocks if id(b) in outside))
    groups = [[b for b in blocks if id(b) in outside and b.name == name] for name in names]
    groups = [[b for b in group if b.kind == group[-1].kind] for group in groups]  # no chart of a table below it
    annexes = [Annex(i, group[-1].caption, tuple(group)) for i, group in enumerate(groups, 1)]
    return Division(tuple(_numbered(_without_empty_sections(body))), tuple(_without_repeated_people(annexes)))


def _with_followers(blocks: list[Block]) -> list[Block]:
    """Return the blocks, each text with the names of the items after it in its section, the first with those before."""
    result = list(blocks)
    last: int | None = None
    early: tuple[str, ...] = ()
    for i, block in enumerate(blocks):
        if block.kind == "heading":
            last, early = None, ()
        elif block.kind == "text":
            result[i] = replace(block, followers=early)
            last, early = i, ()
        elif last is not None and block.name:
            result[last] = replace(result[last], followers=(*result[last].followers, block.name))
        else:
            early = (*early, block.name)
    return result


def _pages(blocks: Sequence[Block], measure: Measure, page_height: float, start: float) -> float:
    """Return how many pages blocks take; what may not break goes to the next page as a whole."""
    position = start
    for block in blocks:
        height, breakable = measure(block)
        left = page_height - position % page_height
        position += height + (left if height > left and not breakable else 0)
    return position / page_height


def _without_empty_sections(blocks: list[Block]) -> list[Block]:
    """Return the blocks without the headings of sections that have nothing in the body."""
    after: list[Block | None] = [*blocks[1:], None][: len(blocks)]
    return [
        b
        for b, following in zip(blocks, after, strict=True)
        if not (b.kind == "heading" and b.level == 2 and (following is None or following.level == 2))
    ]


def _numbered(blocks: list[Block]) -> list[Block]:
    counts = {"chart": 0, "table": 0}
    numbered = []
    for block in blocks:
        if block.kind in counts and block.name:
            counts[block.kind] += 1
        numbered.append(replace(block, number=counts.get(block.kind, 0)))
    return numbered


def _without_repeated_people(annexes: list[Annex]) -> list[Annex]:
    """Return the annexes with the people of each unit in the first table alone that has them."""
    people: dict[Cell, Cell] = {}
    result = []
    for annex in annexes:
        blocks = []
        for block in annex.blocks:
            table = block.table
            if table is not None and any(c.key == "population" for c in table.columns):
                rows = _people(table)
                if people and rows.items() <= people.items():
                    block = replace(block, table=table.drop("population"))
                people = rows | people
            blocks.append(block)
        result.append(replace(annex, blocks=tuple(blocks)))
    return result


def _people(table: TableSpec) -> dict[Cell, Cell]:
    return dict(zip(table.column("name"), table.column("population"), strict=True))
