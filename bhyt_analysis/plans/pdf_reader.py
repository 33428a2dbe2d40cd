"""Read a plan from a PDF file: the lines of its pages to paragraphs, ruled tables to cells."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.page import Page
from pdfplumber.utils.exceptions import PdfminerException

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.plans.clean_text import PositionedText, clean_text, document_font
from bhyt_analysis.plans.document import Block, Cell, PlanDocument
from bhyt_analysis.plans.document_file import read_document_content
from bhyt_analysis.plans.flat_tables import with_flat_tables
from bhyt_analysis.plans.page_columns import Gap, PageLine, in_reading_order
from bhyt_analysis.plans.paragraphs import Line, is_page_number, join_lines, paragraph_block
from bhyt_analysis.plans.structure import with_places

MAX_PAGES = 500  # half a minute
_FEW_LETTERS = 200  # on the picture of a page: a stamp or a signature, and not the text of the page
_MANY_CURVES = 200  # letters that are drawn
_STRANGE = re.compile(r"\(cid:\d+\)")  # a letter whose meaning the file does not hold
_WIDE_GAP = 1.4  # of the height of the letters, between columns
_INSET = 16  # points from the margin, of lines in the middle
_LEAST_MARGIN = 0.8  # of the width of a page: where its text ends at least
_EDGE_LINES = 2  # at the top and at the bottom of a page, which may be on all pages


@dataclass(frozen=True)
class _PageContent:
    """The lines of a page outside its tables, from top to bottom, and its tables: their top and rows of texts."""

    number: int
    width: float
    lines: list[PageLine]
    tables: list[tuple[float, list[list[str | None]]]]
    is_scan: bool


def read_pdf(path: Path) -> PlanDocument:
    """Return the document of a PDF file; pages that are pictures are listed in its ``scanned_pages``.

    Raises
    ------
    BhytError
        If the file can't be opened, has a password, is damaged, or has no page with text.
    """
    content = read_document_content(path)
    with _refusals(path):
        pages = _read_pages(content, path)
    scans = tuple(page.number for page in pages if page.is_scan)
    if not any(page.lines or page.tables for page in pages if not page.is_scan):
        raise BhytError(("error.plan_scanned" if scans else "error.plan_empty", {"file": path.name}))
    blocks = with_places(with_flat_tables(_blocks(_without_running_titles(pages))))
    return PlanDocument(path, "pdf", blocks, scanned_pages=scans)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Say in a sentence why a file is not read; pdfminer raises many kinds of errors for a damaged one."""
    try:
        yield
    except BhytError:
        raise
    except Exception as error:
        causes = (error, *error.args, error.__context__)
        is_locked = any(isinstance(cause, PDFPasswordIncorrect | PDFEncryptionError) for cause in causes)
        key = "error.plan_password" if is_locked else "error.plan_damaged"
        raise BhytError((key, {"file": path.name})) from None


def _read_pages(content: bytes, path: Path) -> list[_PageContent]:
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        if len(pdf.pages) > MAX_PAGES:
            figures = {"file": path.name, "found": len(pdf.pages), "most": MAX_PAGES}
            raise BhytError(("error.plan_many_pages", figures))
        if not pdf.pages:
            raise PdfminerException("no pages")
        return [_read_page(page) for page in pdf.pages]


def _read_page(page: Page) -> _PageContent:
    """Read a page, and free its memory."""
    page = page.dedupe_chars() if _has_doubled_letters(page) else page
    tables = [table for table in _find_tables(page) if len(table.rows[0].cells) > 1]
    boxes = [table.bbox for table in tables]
    text = page.filter(lambda item: not _is_inside(item, boxes)) if boxes else page
    lines = [
        PageLine(line["text"], line["x0"], line["x1"], line["top"], _gaps(line["chars"]))
        for line in text.extract_text_lines(x_tolerance_ratio=0.2)
    ]
    rows = [(table.bbox[1], table.extract(x_tolerance_ratio=0.2)) for table in tables]
    result = _PageContent(page.page_number, page.width, in_reading_order(lines), rows, _is_scan(page))
    page.close()
    return result


def _find_tables(page: Page) -> list[Any]:
    """Return the tables of a page with ruling lines; looking for them takes long, and most pages have none."""
    vertical = sum(edge["orientation"] == "v" for edge in page.edges)
    return page.find_tables() if vertical > 1 and len(page.edges) - vertical > 1 else []


def _is_inside(item: dict[str, Any], boxes: Sequence[tuple[float, float, float, float]]) -> bool:
    if item["object_type"] != "char":
        return False
    x, y = (item["x0"] + item["x1"]) / 2, (item["top"] + item["bottom"]) / 2
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


def _has_doubled_letters(page: Page) -> bool:
    """Return whether letters are printed twice at nearly the same place, as some programs make bold ones."""
    pairs = pairwise(c for c in page.chars if c["text"].strip())
    near = [a["text"] == b["text"] and abs(a["x0"] - b["x0"]) + abs(a["top"] - b["top"]) < 1 for a, b in pairs]
    return sum(near) > 2


def _gaps(chars: Sequence[dict[str, Any]]) -> tuple[Gap, ...]:
    """Return the wide gaps between the letters of a line."""
    gaps, letters, before = [], 0, None
    for char in (c for c in chars if c["text"].strip()):
        if before is not None and char["x0"] - before["x1"] > _WIDE_GAP * char["size"]:
            gaps.append(Gap(before["x1"], char["x0"], letters))
        letters, before = letters + len(char["text"].strip()), char
    return tuple(gaps)


def _is_scan(page: Page) -> bool:
    """Return whether a page is a picture of a page, or has letters that can't be read."""
    text = "".join(c["text"] for c in page.chars)
    readable = sum(map(str.isalnum, _STRANGE.sub("", text)))
    if len(_STRANGE.findall(text)) > readable:
        return True
    covered = sum(max(0, i["x1"] - i["x0"]) * max(0, i["bottom"] - i["top"]) for i in page.images)
    is_picture = covered > 0.5 * page.width * page.height
    return (is_picture and readable < _FEW_LETTERS) or (not readable and len(page.curves) > _MANY_CURVES)


def _without_running_titles(pages: Sequence[_PageContent]) -> list[_PageContent]:
    """Return the pages without their numbers and without the lines that are on many of them."""
    edges = Counter(key for page in pages for key in {_running_key(line.text) for line in _edge_lines(page.lines)})
    often = {key for key, count in edges.items() if count >= max(3, len(pages) / 2)}
    result = []
    for page in pages:
        outer = _edge_lines(page.lines)
        running = {id(line) for line in outer if is_page_number(line.text) or _running_key(line.text) in often}
        result.append(replace(page, lines=[line for line in page.lines if id(line) not in running]))
    return result


def _running_key(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _edge_lines(lines: Sequence[PageLine]) -> list[PageLine]:
    """Return the first and the last lines of a page."""
    by_height = sorted(lines, key=lambda line: line.top)
    return by_height[:_EDGE_LINES] + by_height[_EDGE_LINES:][-_EDGE_LINES:]


def _blocks(pages: Sequence[_PageContent]) -> Iterator[Block]:
    """Yield the blocks of all pages, without their places; a table that goes on on the next page is one."""
    font = document_font([line.text for page in pages for line in page.lines])
    pending: list[Line] = []
    tables: list[list[list[str | None]]] = []
    for page, lines in zip(pages, _page_lines(pages, font), strict=True):
        tops = [top for top, _ in page.tables]
        for i, (top, rows) in enumerate(page.tables):
            above = [line for place, line in lines if place < top and (i == 0 or place >= tops[i - 1])]
            is_next = bool(tables) and not pending and not above and len(rows[0]) == len(tables[-1][0])
            pending += above
            if pending:
                yield from _paragraph_blocks(pending, font)
                pending = []
            if is_next:
                new = rows[1:] if rows[0] == tables[-1][0] else rows
                start = len(tables[-1])
                tables[-1] += new
            else:
                new, start = rows, 0
                tables.append(list(rows))
            yield from _table_blocks(new, start, len(tables) - 1, page.number, font)
        pending += [line for place, line in lines if not tops or place >= tops[-1]]
    yield from _paragraph_blocks(pending, font)


def _paragraph_blocks(lines: Sequence[Line], font: str) -> Iterator[Block]:
    for paragraph in join_lines(lines):
        block = paragraph_block([line.raw for line in paragraph], font)
        if block.text:
            yield replace(block, positions=None, page=paragraph[0].page)


def _table_blocks(
    rows: Sequence[Sequence[str | None]], start: int, table: int, page: int, font: str
) -> Iterator[Block]:
    for row, cells in enumerate(rows, start):
        for column, text in enumerate(cells):
            parts = [PositionedText(part, tuple(range(len(part)))) for part in (text or "").split("\n")]
            lines = [Line(part, clean_text(part.text, font).text, is_full=True) for part in parts if part.text.strip()]
            for paragraph in join_lines(lines):
                block = paragraph_block([line.raw for line in paragraph], font, Cell(table, row, column))
                yield replace(block, positions=None, page=page)


def _page_lines(pages: Sequence[_PageContent], font: str) -> Iterator[list[tuple[float, Line]]]:
    """Yield for each page the height and the text of its lines, with what their place says of paragraphs."""
    pitch = _line_pitch(pages)
    margins = {page.width: _margins(pages, page.width) for page in pages}

    def describe(line: PageLine, before: PageLine | None, page: _PageContent) -> Line:
        left, right = margins[page.width]
        inset, rest = line.left - left, right - line.right
        is_centred = inset > _INSET and abs(inset - rest) < _INSET / 2
        return Line(
            PositionedText(line.text, tuple(range(len(line.text)))),
            clean_text(line.text, font).text,
            has_gap=before is not None and not 0 <= line.top - before.top <= 1.2 * pitch,
            is_full=rest < 0.06 * (right - left),
            is_indented=inset > _INSET / 2 and not is_centred,
            is_centred=is_centred,
            page=page.number,
        )

    for page in pages:
        pairs = zip(page.lines, [None, *page.lines], strict=False)
        yield [(line.top, describe(line, before, page)) for line, before in pairs]


def _line_pitch(pages: Sequence[_PageContent]) -> float:
    """Return the usual distance between two lines of a paragraph: the smaller half of all distances."""
    pairs = [pair for page in pages for pair in pairwise(page.lines)]
    distances = sorted(d for a, b in pairs if (d := b.top - a.top) > 4)
    return median(distances[: len(distances) // 2 + 1]) if distances else 0.0


def _margins(pages: Sequence[_PageContent], width: float) -> tuple[float, float]:
    """Return where the text of pages of a width begins and ends; a few short lines don't show where it ends."""
    lines = [line for page in pages for line in page.lines if page.width == width]
    lefts, rights = sorted(line.left for line in lines), sorted(line.right for line in lines)
    if not lines:
        return 0, width
    last = len(lines) - 1
    return lefts[int(0.05 * last)], max(rights[int(0.95 * last)], _LEAST_MARGIN * width)
