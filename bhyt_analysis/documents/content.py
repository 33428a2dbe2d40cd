"""Read what an executed briefing says, once for all the documents that are made from it.

The report, the slides and the annex tables all read the same notebook, so that no figure differs between
them, and what an analyst adds to a notebook is in each.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bhyt_analysis.briefing.metadata import OutputMetadata, is_outline
from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.documents.notebook_file import read_notebook
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.safe_text import from_markdown, plain_text
from bhyt_analysis.tables.formatting import TableSpec
from bhyt_analysis.tables.internal_copy import INTERNAL, internal_stamp

LOCALES = {"vi": "[$-42A]", "en": "[$-809]"}  # of number formats: whose separators a program may use

# Of xlsxwriter: what is written as a text stays a text.
PLAIN_TEXT = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)


@dataclass(frozen=True)
class Block:
    """A part of a briefing, in the order of reading."""

    kind: str  # as in `bhyt_analysis.briefing.metadata`
    name: str  # of the item or section
    text: str = ""  # with the signs of `bhyt_analysis.i18n.safe_text`
    level: int = 0
    caption: str = ""  # of a chart, a table or an item's text
    number: int = 0  # of a chart or table among its kind
    image: bytes = b""
    narrow: bytes = b""  # the picture of a chart for phones, from the file beside the notebook, where there is one
    chart: ChartDescription | None = None
    table: TableSpec | None = None
    followers: tuple[str, ...] = ()  # of a text in a report: the items after it in its section


@dataclass(frozen=True)
class Content:
    """A briefing: ``title`` is its kind, ``area`` its unit with the unit above, ``decision`` what it is about."""

    lang: str
    title: str
    area: str
    code: str
    decision: str
    blocks: tuple[Block, ...]

    @property
    def area_heading(self) -> str:
        """Return the area as a line of its own."""
        return self.area[:1].upper() + self.area[1:]

    @property
    def internal_stamp(self) -> str:
        """Return what every page says of an internal copy; "" for what may be shared."""
        return internal_stamp(self.lang) if self.item(INTERNAL, "warning") else ""

    def of_kind(self, kind: str) -> list[Block]:
        """Return the blocks of a kind."""
        return [b for b in self.blocks if b.kind == kind]

    def item(self, name: str, kind: str) -> Block | None:
        """Return the chart, table or text of an item."""
        return next((b for b in self.blocks if (b.kind, b.name) == (kind, name)), None)

    def table(self, name: str) -> TableSpec | None:
        """Return the table of an item."""
        return block.table if (block := self.item(name, "table")) else None

    def sections(self) -> list[tuple[Block, list[Block]]]:
        """Return the heading of each section with the blocks below it."""
        sections: list[tuple[Block, list[Block]]] = []
        for block in self.blocks:
            if block.kind == "heading" and block.level == 2:
                sections.append((block, []))
            elif sections:
                sections[-1][1].append(block)
        return sections


def read_content(notebook: Path) -> Content:
    """Return the content of an executed notebook of a briefing.

    Raises BhytError if it is no executed briefing (none of its outputs is a title), or one of another version.
    """
    cells = read_notebook(notebook)["cells"]
    outputs = [OutputMetadata.from_dict(o.get("metadata", {})) for c in cells for o in c.get("outputs", [])]
    title = next((o for o in outputs if o is not None and o.kind == "title"), None)
    if title is None:
        raise BhytError(("error.not_a_briefing", {"file": notebook}))
    blocks, counts = list(_blocks(cells)), Counter[str]()
    for i, block in enumerate(blocks):
        if block.kind in ("chart", "table"):
            counts[block.kind] += 1
            narrow = _narrow_picture(notebook, block.name) if block.kind == "chart" else b""
            blocks[i] = replace(block, number=counts[block.kind], narrow=narrow)
    return Content(title.lang, title.title, title.area, title.name, title.decision, tuple(blocks))


def _narrow_picture(notebook: Path, name: str) -> bytes:
    """Return the picture of a chart for phones; b"" where there is none."""
    from bhyt_analysis.briefing.notebook import NARROW

    path = notebook.parent / "charts" / f"{name}{NARROW}.png"
    return path.read_bytes() if name and path.is_file() else b""


def _blocks(cells: list[dict[str, Any]]) -> Iterator[Block]:
    for cell in cells:
        if cell["cell_type"] == "markdown" and not is_outline(cell):  # an analyst's own
            yield from _text_block("".join(cell["source"]), OutputMetadata("text"))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            about = OutputMetadata.from_dict(output.get("metadata", {})) or OutputMetadata("text")
            if "text/markdown" in data:
                yield from _text_block("".join(data["text/markdown"]), about)
            elif "image/png" in data:
                image = base64.b64decode("".join(data["image/png"]))
                chart = ChartDescription.from_dict(about.payload) if about.payload else ChartDescription("", "")
                yield Block("chart", about.name, caption=chart.title, image=image, chart=chart)
            elif about.kind == "table":
                yield Block("table", about.name, caption=about.title, table=TableSpec.from_dict(about.payload))


def _text_block(text: str, about: OutputMetadata) -> Iterator[Block]:
    """Yield the block of a text: a heading by its number signs, else what the metadata say."""
    text = text.strip()
    level = len(text) - len(text.lstrip("#"))
    text = from_markdown(text[level:].strip())
    if about.kind == "title":
        yield Block("title", about.name, plain_text(text), 1)
    elif level and "\n" not in text:
        yield Block("heading", about.name, plain_text(text), level)
    elif about.kind in ("warning", "made_with"):
        yield Block(about.kind, about.name if about.kind == "warning" else "", plain_text(text))
    elif text:
        yield Block("text", about.name, text, caption=about.title)
