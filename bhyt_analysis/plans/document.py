"""Hold the text of a document in the order in which people read it, whatever the format of its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

FileKind = Literal["docx", "pdf", "text"]


class Cell(NamedTuple):
    """A cell of a table: the number of the table in the document, the row and the column, all from 0."""

    table: int
    row: int
    column: int


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, or a paragraph of a table cell."""

    text: str  # clean: see `clean_text`
    place: str = ""  # its place, as people cite it: "Phần I, mục I.2"; of a heading its own
    is_heading: bool = False
    cell: Cell | None = None
    page: int | None = None  # from 1, of a PDF file
    # Of each character of the text, its position in the paragraph of the file, -1 for that of an automatic number,
    # which the paragraph does not hold; None where positions are not kept.
    positions: tuple[int, ...] | None = None


@dataclass(frozen=True)
class PlanDocument:
    """A document: its blocks in reading order."""

    path: Path
    kind: FileKind
    blocks: tuple[Block, ...]
    has_tracked_changes: bool = False  # they are read as accepted
    scanned_pages: tuple[int, ...] = ()  # of a PDF file: pictures of pages, whose text is not read


@dataclass(frozen=True)
class Comment:
    """A comment at some characters of a block, given by their positions in its clean text."""

    block: int  # its number in `PlanDocument.blocks`
    start: int
    end: int
    text: str  # its lines are paragraphs
