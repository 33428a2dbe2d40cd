"""What does an executed briefing say, once for all the documents that are made from it?

The page, the report, the slides and the annex tables all read the same notebook, so that
no figure differs between them, and what an analyst adds to a notebook is in each.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bhyt_analysis.charts.description import ChartDescription
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.tables.formatting import TableSpec

LOCALES = {"vi": "[$-42A]", "en": "[$-809]"}  # of number formats: whose separators a program may use


@dataclass(frozen=True)
class Block:
    """A part of a briefing, in the order of reading.

    ``kind``: "title", "heading", "text" (Markdown), "warning", "chart", "table" or "made_with".
    ``name``: of the item or section. ``caption`` of a chart or table, with its ``number`` among its kind.
    """

    kind: str
    name: str
    text: str = ""
    level: int = 0
    caption: str = ""
    number: int = 0
    image: bytes = b""
    chart: ChartDescription | None = None
    table: TableSpec | None = None


@dataclass(frozen=True)
class Content:
    """A whole briefing. ``title`` is its kind, ``area`` its unit with the unit above."""

    lang: str
    title: str
    area: str
    code: str
    blocks: tuple[Block, ...]

    def of(self, kind: str) -> list[Block]:
        """The blocks of a kind."""
        return [b for b in self.blocks if b.kind == kind]

    def item(self, name: str, kind: str) -> Block | None:
        """The chart, table or text of an item."""
        return next((b for b in self.blocks if (b.kind, b.name) == (kind, name)), None)

    def sections(self) -> list[tuple[Block, list[Block]]]:
        """Each section's heading with what stands below it."""
        found: list[tuple[Block, list[Block]]] = []
        for block in self.blocks:
            if block.kind == "heading" and block.level == 2:
                found.append((block, []))
            elif found:
                found[-1][1].append(block)
        return found


def read(notebook: Path) -> Content:
    """The content of an executed notebook of a briefing.

    Raises
    ------
    ValueError
        if it is no executed briefing: nothing in it was shown by `bhyt_analysis.briefing.notebook.title`.
    """
    told = json.loads(notebook.read_text(encoding="utf-8"))
    blocks = list(_numbered(_blocks(told["cells"])))
    about = next((_about(o) for c in told["cells"] for o in c.get("outputs", []) if "title" in _about(o)), None)
    if about is None:
        raise ValueError(f"{notebook}: no executed briefing")
    return Content(about["lang"], about["title"], about["area"], about["code"], tuple(blocks))


def _about(output: dict[str, Any]) -> dict[str, Any]:
    return output.get("metadata", {}).get("bhyt", {})


def _blocks(cells: list[dict[str, Any]]) -> Iterator[Block]:
    for cell in cells:
        if cell["cell_type"] == "markdown":  # an analyst's own
            yield from _markdown("".join(cell["source"]), {})
        for output in cell.get("outputs", []):
            data, about = output.get("data", {}), _about(output)
            if "text/markdown" in data:
                yield from _markdown("".join(data["text/markdown"]), about)
            elif "image/png" in data:
                image = base64.b64decode("".join(data["image/png"]))
                chart = ChartDescription.from_dict(about["told"]) if "told" in about else ChartDescription("", "")
                yield Block("chart", about.get("chart", ""), caption=chart.title, image=image, chart=chart)
            elif "told" in about:
                yield Block("table", about["table"], table=TableSpec.from_dict(about["told"]))


def _markdown(text: str, about: dict[str, Any]) -> Iterator[Block]:
    """A text: a heading by its number signs, else what the notebook says that it is."""
    stripped = text.strip()
    marks = len(stripped) - len(stripped.lstrip("#"))
    if "title" in about:
        yield Block("title", about["code"], stripped.lstrip("# "), 1)
    elif marks and "\n" not in stripped:
        yield Block("heading", about.get("section", ""), stripped.lstrip("# "), marks)
    elif "warning" in about or "made_with" in about:
        yield Block("warning" if "warning" in about else "made_with", "", stripped.strip("*"))
    elif stripped:
        yield Block("text", about.get("text", ""), stripped)


def _numbered(blocks: Iterator[Block]) -> Iterator[Block]:
    """The charts and tables with their numbers; a table is called as its item is."""
    counts = {"chart": 0, "table": 0}
    for block in blocks:
        if block.kind in counts:
            counts[block.kind] += 1
            yield replace(block, number=counts[block.kind])
        else:
            yield block


def caption_of(block: Block, lang: str) -> str:
    """What a chart or table is called below or above it.

    Examples
    --------
    >>> caption_of(Block("table", "headline"), "en")
    'Headline figures'
    """
    return block.caption or (translate(f"item.{block.name}", lang) if has_message(f"item.{block.name}") else block.name)
