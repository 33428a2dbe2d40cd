"""Read the finished files of a batch back, as a reader who has nothing else does: tables, figures of charts, sentences.

Each file is read by the library of its own format; nothing is taken from the run that has written it.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bhyt_analysis.briefing.metadata import OutputMetadata
from bhyt_analysis.i18n.languages import LANGUAGES, check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.tables.columns import Column, find_column, registry

HIDDEN = re.compile(r"<\d+|…|\.\.\.")  # the marks of hidden cells
LOWER_BOUNDED = re.compile(r"<(\d+)")
NUMBER = re.compile(r"([+−-]?)\s*(\d[\d.,\s\u00a0]*)(%?)")
INDEX_KEYS = ("population", "coverage", "uninsured", "lost", "next_target", "next_to_add")
Found = float | str | None  # what a cell holds: a figure, a text, or nothing


@dataclass(frozen=True)
class PublishedTable:
    """A table as it is in a file. ``name``: the item of the briefing that it is, or what the file calls it.

    ``columns``: what the registry says of each heading; ``halves``: by how much each figure can be off because it was
    rounded; ``total``: the position of a row that is the sum of the others, or None.
    """

    area: str
    file: str
    name: str
    headings: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Found, ...], ...]
    halves: tuple[tuple[float, ...], ...]
    total: int | None = None

    def row_name(self, row: int) -> str:
        """Return the words by which a reader finds a row."""
        cells = zip(self.rows[row], self.columns, strict=True)
        words = {c.name: v for v, c in cells if isinstance(v, str) and v and not c.is_number}
        return words.get("name") or next(iter(words.values()), str(row + 1))


@dataclass(frozen=True)
class PublishedText:
    """A sentence, the alternative text of a chart, or a figure of a chart with its name, as it is in a file."""

    area: str
    file: str
    name: str
    text: str
    figure: float | None = None  # of people or cards


@dataclass(frozen=True)
class Published:
    """All that was read from the files of a batch, and the files that could not be read."""

    tables: tuple[PublishedTable, ...]
    texts: tuple[PublishedText, ...]
    unreadable: tuple[str, ...] = ()


@dataclass
class _Place:
    """Where a file is, and what the notebook of its area calls headings and captions."""

    area: str
    file: str
    lang: str
    keys: dict[str, str]
    names: dict[str, str]


Part = PublishedTable | PublishedText


def _reading_order(file: str) -> tuple[bool, int, str]:
    """Return what sorts the files: those first that say what others call their tables, the index last."""
    first = ["facts.json", ".ipynb"]
    return "/" not in file, next((i for i, ending in enumerate(first) if file.endswith(ending)), len(first)), file


def read_published(folder: Path, files: Iterable[str]) -> Published:
    """Return what files of a batch say, by their paths relative to its folder."""
    tables: list[PublishedTable] = []
    texts: list[PublishedText] = []
    unreadable: list[str] = []
    places: dict[str, _Place] = {}
    index = _Place("", "", LANGUAGES[0], {}, {})
    for file in sorted(files, key=_reading_order):
        reader = _READERS.get(Path(file).name) or _READERS.get(Path(file).suffix)
        if reader is None:  # a picture: its figures are in the notebook, with its alternative text
            continue
        area = file.split("/")[0] if "/" in file else ""
        place = places.setdefault(area, _Place(area, "", LANGUAGES[0], {}, {})) if area else index
        place.file = file
        try:
            parts = list(reader(folder / file, place))
        except OSError:
            raise
        except Exception:  # of whatever library reads this format; what it has is refused
            unreadable.append(file)
            continue
        tables += [part for part in parts if isinstance(part, PublishedTable)]
        texts += [part for part in parts if isinstance(part, PublishedText) and part.text]
        index.lang = place.lang
        index.keys |= {label: key for label, key in place.keys.items() if key in INDEX_KEYS}
    return Published(tuple(tables), tuple(texts), tuple(unreadable))


# --- Cells ----------------------------------------------------------------------------------------


def is_hidden(cell: Found) -> bool:
    """Return whether a cell has the mark of a hidden figure.

    >>> is_hidden("<5"), is_hidden("…"), is_hidden("–"), is_hidden(4.0)
    (True, True, False, False)
    """
    return isinstance(cell, str) and HIDDEN.fullmatch(cell.strip()) is not None


def parse_figure(text: str, lang: str) -> tuple[float, float] | None:
    """Return a figure as it is written in a language, and by how much it can be off; None for another text.

    >>> parse_figure("1.234", "vi"), parse_figure("85,1%", "vi"), parse_figure("−3", "en"), parse_figure("Xã 3", "vi")
    ((1234.0, 0.0), (0.851, 0.0005), (-3.0, 0.0), None)
    """
    match = NUMBER.fullmatch(text.strip())
    if not match:
        return None
    sign, digits, per_cent = match.groups()
    group, point = (".", ",") if lang == "vi" else (",", ".")
    plain = re.sub(r"\s", "", digits).replace(group, "").replace(point, ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    scale = 0.01 if per_cent else 1.0
    places = len(plain.partition(".")[2])
    half = 0.5 * 10.0**-places * scale if places or per_cent else 0.0
    return round(value * scale, 12) * (-1 if sign in ("-", "−") else 1), half


@lru_cache(maxsize=8)
def _by_heading(lang: str) -> dict[str, tuple[Column, ...]]:
    """Return the columns of the registry by their headings, those that count persons first."""
    columns: dict[str, list[Column]] = {}
    for row in registry().to_dict("records"):
        for result in row["results"].split() or [""]:
            column = find_column(row["column"], result)
            columns.setdefault(column.label(lang), []).append(column)
    order = {"count": 0, "change": 1, "estimate": 2}
    return {h: tuple(sorted(c, key=lambda x: order.get(x.disclosure, 3))) for h, c in columns.items() if h}


def _bare_heading(heading: str) -> str:
    """Return a heading without the sign of per cent that a CSV file adds.

    >>> _bare_heading("Tỷ lệ (%)"), _bare_heading("Low (5%; %)")
    ('Tỷ lệ', 'Low (5%)')
    """
    return re.sub(r"; %\)$", ")", heading.strip()).removesuffix(" (%)")


def find_by_heading(heading: str, lang: str, key: str = "") -> Column:
    """Return the column of a heading, that of the name ``key`` where several have it; one without disclosure if none.

    >>> find_by_heading("Tỷ lệ (%)", "vi", "rate").name, find_by_heading("Số người (thẻ)", "vi").disclosure
    ('rate', 'count')
    """
    columns = _by_heading(lang).get(_bare_heading(heading), ())
    same_key = [column for column in columns if column.name == key]
    return next(iter(same_key or columns), find_column(key or heading, "headline"))


def _table(place: _Place, name: str, headings: list[str], rows: Iterable[list[Any]]) -> PublishedTable:
    """Return a table of texts, or of figures, as it was written."""
    columns = [find_by_heading(h, place.lang, place.keys.get(_bare_heading(h), "")) for h in headings]
    scales = [0.01 if _bare_heading(h) != h else 1.0 for h in headings]
    is_plain = place.file.endswith(".csv")  # figures as programs write them
    rows_read: list[tuple[Found, ...]] = []
    halves: list[tuple[float, ...]] = []
    total = None
    for row in rows:
        cells = [*row, *[None] * len(headings)][: len(headings)]
        pairs = [
            _cell(c, column, scale, is_plain, place.lang)
            for c, column, scale in zip(cells, columns, scales, strict=True)
        ]
        total = len(rows_read) if translate("label.total", place.lang) in cells else total
        rows_read.append(tuple(value for value, _ in pairs))
        halves.append(tuple(half for _, half in pairs))
    name = place.names.get(name, name)
    return PublishedTable(
        place.area, place.file, name, tuple(headings), tuple(columns), tuple(rows_read), tuple(halves), total
    )


def _cell(cell: Any, column: Column, scale: float, is_plain: bool, lang: str) -> tuple[Found, float]:
    """Return what a cell holds, and by how much its figure can be off."""
    if cell is None or cell == "":
        return None, 0.0
    if not isinstance(cell, str):
        return (float(cell), 0.0) if isinstance(cell, int | float) else (str(cell), 0.0)
    read = parse_figure(cell, "en" if is_plain else lang) if column.is_number else None
    if read is None:
        return cell, 0.0
    value, half = read
    scale = {"pp": 0.01, "bn": 1e9}.get(column.format.strip("+")[:2], scale)
    if is_plain and not float(value).is_integer():  # six digits are written
        half = 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 5)
    elif not is_plain and not half and column.disclosure not in ("count", "population"):
        half = 1.0  # it may have been rounded up
    return round(value * scale, 12), half * scale


# --- Files ----------------------------------------------------------------------------------------


def _read_csv(path: Path, place: _Place) -> Iterator[Part]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        headings, *rows = list(csv.reader(text)) or [[]]
    if headings:
        yield _table(place, path.stem, headings, rows)


def _read_notebook(path: Path, place: _Place) -> Iterator[Part]:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            about = OutputMetadata.from_dict(output.get("metadata", {})) or OutputMetadata("text")
            name = about.name or about.kind
            if about.kind == "table":
                place.names[about.title] = name
                place.keys |= {c["heading"]: c["key"] for c in about.payload["columns"]}
                headings = [c["heading"] for c in about.payload["columns"]]
                yield _table(place, name, headings, about.payload["rows"])
                for note in about.payload["notes"]:
                    yield PublishedText(place.area, place.file, name, note)
            elif about.kind == "chart" and about.payload:
                place.names[about.title] = name
                yield PublishedText(place.area, place.file, name, about.payload["alt"])
                yield from _series(place, name, about.payload)
            for kind in ("text/markdown", "text/plain"):
                yield PublishedText(place.area, place.file, name, "".join(data.get(kind, "")))
            yield PublishedText(
                place.area, place.file, name, "".join(output.get("text", ""))
            )  # what a cell has printed
            yield from _page_parts("".join(data.get("text/html", "")), place, name)


def _series(place: _Place, name: str, chart: Mapping[str, Any]) -> Iterator[PublishedText]:
    """Yield the figures of people or cards of a chart, with their names."""
    if chart["axis"] not in (translate("axis.people", place.lang), translate("axis.cards", place.lang)):
        return
    for series in chart["series"]:
        for category, value in zip(chart["categories"], series["values"], strict=False):
            if value is not None:
                words = ", ".join(filter(None, [series["name"], category]))
                yield PublishedText(place.area, place.file, place.names.get(name, name), words, float(value))


def _read_page(path: Path, place: _Place) -> Iterator[Part]:
    yield from _page_parts(path.read_text(encoding="utf-8"), place, "")


def _page_parts(text: str, place: _Place, name: str) -> Iterator[Part]:
    """Yield the tables of a page by the anchors of their captions, and its sentences and alternative texts."""
    from lxml import html

    if not text.strip():
        return
    page = html.document_fromstring(text)
    for table in page.iter("table"):
        headings = [" ".join(th.text_content().split()) for th in table.findall(".//thead//th")]
        rows = [[_td(td) for td in tr.findall("td")] for tr in table.findall(".//tbody/tr")]
        anchor = next((p.get("id", "") for p in table.xpath("preceding::p[@id]")[-1:]), "")
        if headings:
            yield _table(place, name or anchor.removeprefix("table-") or "index", headings, rows)
    for element in page.iter("p", "li", "td", "figcaption", "h1", "h2"):
        yield PublishedText(place.area, place.file, name, " ".join(element.text_content().split()))
    for image in page.iter("img"):
        yield PublishedText(place.area, place.file, name, image.get("alt", ""))


def _td(cell: Any) -> Found:
    """Return what a cell shows, or the figure by which it is sorted."""
    if key := cell.get("data-v"):
        return float(key) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", key) else str(key)
    return " ".join(cell.text_content().split())


def _read_docx(path: Path, place: _Place) -> Iterator[Part]:
    from docx import Document
    from docx.table import Table

    report, caption = Document(str(path)), ""
    for block in report.iter_inner_content():
        if isinstance(block, Table):
            texts = [[cell.text for cell in row.cells] for row in block.rows]
            yield _table(place, caption, texts[0], texts[1:])
            continue
        if block.style is not None and block.style.name == "Caption":
            caption = re.sub(r"^\D+\d+\. ", "", block.text)
        yield PublishedText(place.area, place.file, caption, block.text)
    for properties in report.element.body.iter("{*}docPr"):
        yield PublishedText(place.area, place.file, properties.get("title", ""), properties.get("descr", ""))


def _read_xlsx(path: Path, place: _Place) -> Iterator[Part]:
    from openpyxl import load_workbook

    for sheet in load_workbook(path, data_only=True).worksheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        head = next((i for i, row in enumerate(rows) if sum(isinstance(v, str) for v in row) > 2), None)
        if head is not None:
            yield _table(place, sheet.title, [str(v or "") for v in rows[head]], rows[head + 1 :])
        for value in (v for row in rows for v in row if isinstance(v, str)):
            yield PublishedText(place.area, place.file, sheet.title, value)


def _read_pptx(path: Path, place: _Place) -> Iterator[Part]:
    from pptx import Presentation

    for slide in Presentation(str(path)).slides:
        title = slide.shapes.title.text_frame.text if slide.shapes.title is not None else ""
        for shape in slide.shapes:
            alt = shape._element._nvXxPr.cNvPr.get("descr", "")
            words = [alt, shape.text_frame.text if shape.has_text_frame else ""]
            yield from (PublishedText(place.area, place.file, title, text) for text in words)
            if getattr(shape, "has_table", False):
                texts = [[cell.text for cell in row.cells] for row in shape.table.rows]
                yield _table(place, title, texts[0], texts[1:])
            elif getattr(shape, "has_chart", False):
                plot, chart = shape.chart.plots[0], shape.chart
                axis = chart.chart_title.text_frame.text if chart.has_title else ""
                series = [{"name": s.name, "values": list(s.values)} for s in plot.series]
                yield from _series(place, title, {"axis": axis, "categories": list(plot.categories), "series": series})
        if slide.has_notes_slide:
            yield PublishedText(place.area, place.file, title, slide.notes_slide.notes_text_frame.text)


def _read_facts(path: Path, place: _Place) -> Iterator[Part]:
    content = json.loads(path.read_text(encoding="utf-8"))
    place.lang = check_lang(content["lang"])
    for fact in content["facts"]:
        place.keys[fact["label"]] = fact["key"]
        columns = (find_column("fact"), find_column(fact["key"], "headline"))
        rows = ((fact["label"], None if fact["value"] is None else float(fact["value"])),)
        yield PublishedTable(place.area, place.file, "facts", ("", fact["label"]), columns, rows, ((0.0, 0.0),))
        yield PublishedText(place.area, place.file, fact["key"], fact["text"])
    for finding in content["findings"]:
        yield PublishedText(place.area, place.file, finding["rule"], finding["message"])


_READERS = {
    "facts.json": _read_facts,
    ".csv": _read_csv,
    ".docx": _read_docx,
    ".html": _read_page,
    ".ipynb": _read_notebook,
    ".pptx": _read_pptx,
    ".xlsx": _read_xlsx,
}
