"""Read the finished files of a batch back, as a reader who has nothing else does: tables, figures of charts, sentences.

Each file is read by the library of its own format; nothing is taken from the run that has written it.
"""

from __future__ import annotations

import ast
import csv
import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bhyt_analysis.briefing.metadata import OutputMetadata
from bhyt_analysis.documents.calculation.book import calculation_group
from bhyt_analysis.documents.calculation.zones_sheet import printed_columns
from bhyt_analysis.documents.formats import files_of
from bhyt_analysis.i18n.languages import LANGUAGES, check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.release.sentences import stated_figures
from bhyt_analysis.tables.columns import Column, find_column, registry
from bhyt_analysis.tables.formatting import OF_BASE, csv_separator
from bhyt_analysis.tables.labels import group_name

HIDDEN = re.compile(r"<\d+|…|\.\.\.")  # the marks of hidden cells
LOWER_BOUNDED = re.compile(r"<(\d+)")
NUMBER = re.compile(r"([+−-]?)\s*(\d[\d.,\s\u00a0]*)(%?)")
INDEX_KEYS = ("population", "coverage", "uninsured", "lost", "next_target", "next_to_add")
MODEL_COUNTS = ("population", "insured", "before", "lost", "gained", "other")  # of people, among constants
MAX_DEPTH = 10  # of formulas of formulas
# Groups of a projection that tables have as well; its others are sums of parts, or what is left of one.
PLAIN_GROUPS = ("employer_employee", "social_security_paid", "poor", "child_under_6", "student", "household")
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
Found = float | str | None  # what a cell holds: a figure, a text, or nothing


@dataclass(frozen=True)
class PublishedTable:
    """A table as it is in a file. ``name``: the item of the briefing that it is, or what the file calls it.

    ``columns``: what the registry says of each heading; ``halves``: by how much each figure can be off because it was
    rounded; ``kind``: "table", "chart" (its figures are among the texts as well), "words" (an alternative text),
    "sentence" or "bounds" (of hidden figures);
    ``day``: of its figures, where no column names it.
    """

    area: str
    file: str
    name: str
    headings: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Found, ...], ...]
    halves: tuple[tuple[float, ...], ...]
    lang: str = LANGUAGES[0]
    kind: str = "table"
    day: str = ""

    def is_total(self, row: int) -> bool:
        """Return whether a row is the sum of the others."""
        return translate("label.total", self.lang) in self.rows[row]

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
    """All that was read from the files of a batch, and the files that could not be read.

    ``units``: the code and the name of the unit of each folder.
    """

    tables: tuple[PublishedTable, ...]
    texts: tuple[PublishedText, ...]
    unreadable: tuple[str, ...] = ()
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class _Place:
    """Where a file is, and what the other files of its folder say.

    ``keys``: those of headings and of figures by their words; ``names``: those of items by their captions; ``units``:
    the code and the name of the unit of each folder; ``facts``: what readers call its headline figures.
    """

    area: str
    file: str = ""
    lang: str = LANGUAGES[0]
    keys: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    units: dict[str, tuple[str, str]] = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)


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
    index = _Place("")
    for file in sorted(files, key=_reading_order):
        reader = _READERS.get(Path(file).name) or _READERS.get(Path(file).suffix)
        if reader is None:  # a picture: its figures are in the notebook, with its alternative text
            continue
        area = file.split("/")[0] if "/" in file else ""
        place = places.setdefault(area, _Place(area, units=index.units)) if area else index
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
        tables += _sentences(place, (part for part in parts if isinstance(part, PublishedText)))
        index.lang = place.lang
        index.keys |= {label: key for label, key in place.keys.items() if key in INDEX_KEYS}
    return Published(tuple(tables), tuple(texts), tuple(unreadable), index.units)


def _sentences(place: _Place, texts: Iterable[PublishedText]) -> Iterator[PublishedTable]:
    """Yield the headline figures of a folder that sentences of a file state."""
    keys = frozenset(place.keys[label] for label in place.facts)
    labels = {place.keys[label]: label for label in place.facts}
    for text in texts if place.area and keys else ():
        for figure in stated_figures(text.text, place.lang, keys) if text.figure is None else ():
            value = _stated(figure.value, place.lang)
            for table in _fact(place, text.name or "text", labels[figure.key], value, figure.day):
                yield replace(table, kind="sentence")


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
    order = {"count": 0, "change": 1}

    def place(column: Column) -> tuple[int, bool]:
        return order.get(column.disclosure, 3), column.name != "population"

    return {heading: tuple(sorted(own, key=place)) for heading, own in columns.items() if heading}


def _bare_heading(heading: str) -> str:
    """Return a heading without the sign of per cent that a CSV file adds.

    >>> _bare_heading("Tỷ trọng (%)"), _bare_heading("Low (5%; %)")
    ('Tỷ trọng', 'Low (5%)')
    """
    return re.sub(r"; %\)$", ")", heading.strip()).removesuffix(" (%)")


def find_by_heading(heading: str, lang: str, key: str = "") -> Column:
    """Return the column of a heading, that of the name ``key`` where several have it; one without disclosure if none.

    >>> find_by_heading("Tỷ lệ (% dân số)", "vi", "rate").name, find_by_heading("Số người (thẻ)", "vi").disclosure
    ('rate', 'count')
    """
    columns = _by_heading(lang).get(_bare_heading(heading), ())
    same_key = [column for column in columns if column.name == key]
    return next(iter(same_key or columns), find_column(key or heading, "headline"))


def _table(
    place: _Place,
    name: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    kind: str = "table",
    numbers: str = "",
) -> PublishedTable:
    """Return a table of texts, or of figures, as it was written. ``numbers``: as of `_tables`."""
    columns = [find_by_heading(h, place.lang, place.keys.get(_bare_heading(h), "")) for h in headings]
    scales = [0.01 if _bare_heading(h) != h or (numbers and OF_BASE.search(h)) else 1.0 for h in headings]
    is_plain = numbers == "en"  # figures as programs write them
    is_csv = bool(numbers)
    rows_read: list[tuple[Found, ...]] = []
    halves: list[tuple[float, ...]] = []
    for row in rows:
        cells = [*row, *[None] * len(headings)][: len(headings)]
        pairs = [
            _cell(c, column, scale, is_plain, numbers or place.lang, is_csv)
            for c, column, scale in zip(cells, columns, scales, strict=True)
        ]
        rows_read.append(tuple(value for value, _ in pairs))
        halves.append(tuple(half for _, half in pairs))
    name = place.names.get(name, name)
    parts = tuple(headings), tuple(columns), tuple(rows_read), tuple(halves)
    return PublishedTable(place.area, place.file, name, *parts, place.lang, kind)


def _tables(
    place: _Place, name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], numbers: str = ""
) -> Iterator[PublishedTable]:
    """Yield a table, and the figures that its rows name in words, each as a table of its own.

    ``numbers``: the language of the figures of a CSV file.
    """
    table = _table(place, name, headings, rows, numbers=numbers)
    yield table
    positions = {column.name: i for i, column in enumerate(table.columns)}
    if {"fact", "value"} <= positions.keys():
        for row in table.rows:
            label, value = row[positions["fact"]], row[positions["value"]]
            day = row[positions["as_of"]] if "as_of" in positions else ""
            yield from _fact(place, table.name, str(label), _stated(str(value), place.lang), str(day or ""))


def _cell(
    cell: Any, column: Column, scale: float, is_plain: bool, lang: str, is_csv: bool = False
) -> tuple[Found, float]:
    """Return what a cell holds, and by how much its figure can be off."""
    if cell is None or cell == "":
        return None, 0.0
    if not isinstance(cell, str):
        return (float(cell), 0.0) if isinstance(cell, int | float) else (str(cell), 0.0)
    read = parse_figure(cell, lang) if column.is_number else None
    if read is None:
        return cell.strip(), 0.0
    value, half = read
    scale = {"pp": 0.01, "bn": 1e9}.get(column.format.strip("+")[:2], scale)
    if is_plain and (not float(value).is_integer() or column.unit in ("share", "points")):  # six digits are written
        half = 0.5 * (10.0 ** max(-6, math.floor(math.log10(abs(value) or 1)) - 5) + 1e-6)
    elif is_csv and column.format == "pe":
        half = 0.005
    elif not is_plain and not half and column.disclosure not in ("count", "population"):
        half = 1.0  # it may have been rounded up
    return round(value * scale, 12), half * scale


# --- Files ----------------------------------------------------------------------------------------


def _read_csv(path: Path, place: _Place) -> Iterator[Part]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        is_vietnamese = ";" in re.sub(r"\([^)]*\)", "", text.readline())  # "Low (5%; %)" is a heading in English
        text.seek(0)
        headings, *rows = list(csv.reader(text, delimiter=csv_separator("vi" if is_vietnamese else "en"))) or [[]]
    if headings:
        yield from _tables(place, path.stem, headings, rows, "vi" if is_vietnamese else "en")


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
                yield from _tables(place, name, headings, about.payload["rows"])
                for note in about.payload["notes"]:
                    yield PublishedText(place.area, place.file, name, note)
            elif about.kind == "chart" and about.payload:
                place.names[about.title] = name
                yield from _alternative(place, name, about.payload["alt"])
                yield from _series(place, name, about.payload)
            for kind in ("text/markdown", "text/plain"):
                yield PublishedText(place.area, place.file, name, "".join(data.get(kind, "")))
            yield PublishedText(
                place.area, place.file, name, "".join(output.get("text", ""))
            )  # what a cell has printed
            yield from _page_parts("".join(data.get("text/html", "")), place, name)


def _series(place: _Place, name: str, chart: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the figures of a chart as a table, and those of people or cards with their names."""
    name = place.names.get(name, name)
    figures = {s["name"]: dict(zip(chart["categories"], s["values"], strict=False)) for s in chart["series"]}
    yield from _chart_tables(place, name, figures)
    if chart["axis"] not in (translate("axis.people", place.lang), translate("axis.cards", place.lang)):
        return
    for series in chart["series"]:
        if find_by_heading(series["name"], place.lang).disclosure == "population":
            continue
        for category, value in zip(chart["categories"], series["values"], strict=False):
            if value is not None:
                words = ", ".join(filter(None, [series["name"], category]))
                yield PublishedText(place.area, place.file, name, words, float(value))


def _chart_tables(
    place: _Place, name: str, series: Mapping[str, Mapping[str, Any]], kind: str = "chart"
) -> Iterator[PublishedTable]:
    """Yield the figures of a chart as tables of days, of groups and of units, as its categories can be any of these."""
    for heading, values in series.items():
        if not find_by_heading(heading, place.lang).disclosure:
            for category, value in values.items():
                figure = _stated(value, place.lang) if isinstance(value, str) else value
                yield from _fact(place, name, str(category), figure, "")
            continue
        for key in ("month", "group", "name"):
            yield _table(place, name, [find_column(key).label(place.lang), heading], list(values.items()), kind)


def _alternative(place: _Place, name: str, text: str) -> Iterator[Part]:
    """Yield an alternative text, and the figures that it lists as a table (`bhyt_analysis.charts.description`)."""
    yield PublishedText(place.area, place.file, name, text)
    for sentence in re.split(r"\.\s+|\.$", text):
        heading, _, rest = sentence.partition(": ")
        listed = dict(re.findall(r"(?:^|; )([^;]+?) ([^\s;]+)(?=;|$)", rest))
        ends = {category: value for value, category in re.findall(r"(\S+) \(([^()]+)\)", rest)}
        if rest:
            yield from _chart_tables(place, name, {heading: {**listed, **ends}}, "words")


def _read_page(path: Path, place: _Place) -> Iterator[Part]:
    yield from _page_parts(path.read_text(encoding="utf-8"), place, "")


def _read_model(path: Path, place: _Place) -> Iterator[Part]:
    yield from _model_parts(path.read_text(encoding="utf-8"), place)


def _model_parts(text: str, place: _Place) -> Iterator[Part]:
    """Yield the counts among the constants of the page's model: who is insured and who leaves, in each zone too."""
    model = json.loads(text)
    if "groups" not in model:  # it says why there are none
        return
    people = {group_name(key, place.lang): n for key, n in zip(model["groups"], model["insured"], strict=True)}
    uninsured = [("uninsured", model["population"] - sum(model["insured"]))]
    for label, count in [*people.items(), *uninsured, *_counts_below(model, "model")]:
        yield PublishedText(place.area, place.file, "model", label, float(count))
    headings = [find_column(key).label(place.lang) for key in ("group", "insured")]
    rows = [(group_name(key, place.lang), people[group_name(key, place.lang)]) for key in PLAIN_GROUPS]
    yield replace(_table(place, "model", headings, rows), day=model["as_of"])


def _counts_below(value: Any, label: str) -> Iterator[tuple[str, float]]:
    """Yield the counts of people among constants with the keys that lead to them."""
    if isinstance(value, list):
        for i, part in enumerate(value):
            yield from _counts_below(part, f"{label} {i}")
    for key, part in value.items() if isinstance(value, dict) else ():
        if key in MODEL_COUNTS:
            numbers = part if isinstance(part, list) else [part]
            numbers = [n for row in numbers for n in (row if isinstance(row, list) else [row])]
            yield from ((f"{label} {key} {i}", n) for i, n in enumerate(numbers))
        elif isinstance(part, dict | list):
            yield from _counts_below(part, f"{label} {key}")


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
        if headings and not place.area:
            _coded(table, place, headings, rows)
        if headings:
            yield from _tables(place, name or anchor.removeprefix("table-") or "index", headings, rows)
    for element in page.iter("p", "li", "td", "figcaption", "h1", "h2"):
        yield PublishedText(place.area, place.file, name, " ".join(element.text_content().split()))
    for constants in page.xpath("//script[@id='bhyt-model']"):
        yield from _model_parts(constants.text, place)
    for image in page.iter("img"):
        yield from _alternative(place, name, image.get("alt", ""))
    for element in page.iter():
        for attribute in ("title", "aria-label", "data-tooltip"):  # what a page shows at the pointer, or reads out
            yield PublishedText(place.area, place.file, name, element.get(attribute, ""))


def _td(cell: Any) -> Found:
    """Return what a cell shows, or the figure by which it is sorted or which it shows at the pointer."""
    for attribute in ("data-v", "data-sort", "data-value", "data-order", "title"):
        if re.fullmatch(r"-?[\d.]+(e-?\d+)?", key := cell.get(attribute, "")):
            return float(key)
    status = "".join(
        " ".join(span.text_content().split())
        for span in cell.iter("span")
        if span.get("class", "").startswith("status")
    )
    return " ".join(cell.text_content().split()).removesuffix(status).strip()


def _coded(page: Any, place: _Place, headings: list[str], rows: list[list[Found]]) -> None:
    """Add the codes of the units to the rows of the index, which link to the folders."""
    links = page.findall(".//tbody/tr")
    units = [next((a.get("href", "").split("/")[0] for a in row.iter("a")), "") for row in links]
    headings.insert(0, find_column("area").label(place.lang))
    for row, unit in zip(rows, units, strict=True):
        row.insert(0, place.units.get(unit, (unit, ""))[0])


def _read_docx(path: Path, place: _Place) -> Iterator[Part]:
    from docx import Document
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.table import Table
    from lxml import etree

    report, caption = Document(str(path)), ""
    for block in report.iter_inner_content():
        if isinstance(block, Table):
            texts = [[cell.text for cell in row.cells] for row in block.rows]
            yield from _tables(place, caption, texts[0], texts[1:])
            continue
        is_heading = block.style is not None and block.style.name in ("Caption", "Heading 1")  # of an annex
        if is_heading and (match := re.match(r"\D+\d+\. ", block.text)):
            caption = block.text[match.end() :]
        yield PublishedText(place.area, place.file, caption, block.text)
    for part in (r.target_part for r in report.part.rels.values() if r.reltype == RELATIONSHIP_TYPE.FOOTNOTES):
        for note in etree.fromstring(part.blob).iter("{*}footnote"):
            yield PublishedText(place.area, place.file, "", "".join(t.text or "" for t in note.iter("{*}t")))
    for properties in report.element.body.iter("{*}docPr"):
        yield from _alternative(place, properties.get("title", ""), properties.get("descr", ""))


def _read_pdf(path: Path, place: _Place) -> Iterator[Part]:
    """Yield what the Word file says that a PDF is made from, made anew from the notebook beside it.

    That the PDF is as the batch has made it, its hash tells; one made by a browser is the page, which is read as well.
    """
    from bhyt_analysis.documents.brief import write_brief
    from bhyt_analysis.documents.content import read_content
    from bhyt_analysis.documents.docx import write_docx

    write = write_brief if path.name == files_of(place.area)["pdf"][0] else write_docx
    with TemporaryDirectory() as folder:
        word = Path(folder, f"{path.stem}.docx")
        write(read_content(path.with_name(f"{place.area}.ipynb")), word)
        yield from _read_docx(word, place)


def _read_text(path: Path, place: _Place) -> Iterator[Part]:
    yield PublishedText(place.area, place.file, "", path.read_text(encoding="utf-8").strip())


def _read_calculation(path: Path, place: _Place) -> Iterator[Part]:
    """Yield the counts in the workbook that calculates: the insured by group, who left; all else follows from them."""
    from openpyxl import load_workbook

    formulas = load_workbook(path, read_only=True)
    name = translate("calculation.sheet_people", place.lang)
    if name not in formulas.sheetnames:  # it says why there is none
        return
    exits = {translate(f"calculation.class_{key}", place.lang) for key in ("lost", "other", "gained")}
    people: dict[str, float] = {}
    for row in formulas[name].iter_rows(max_col=3, values_only=True):
        code, label, count = (*row, None, None, None)[:3]
        for text in (v for v in row if isinstance(v, str) and not v.startswith("=")):
            yield PublishedText(place.area, place.file, name, text)
        is_group = isinstance(code, int | float)
        if isinstance(label, str) and isinstance(count, int | float) and (is_group or label in exits):
            yield PublishedText(place.area, place.file, name, label, float(count))
            people |= {label: float(count)} if is_group else {}
    yield from _zone_parts(formulas, path, place)
    formulas.close()
    headings = [find_column(key).label(place.lang) for key in ("group", "insured")]
    names = [(group_name(key, place.lang), calculation_group(key, place.lang)) for key in PLAIN_GROUPS]
    day = _calculated_day(path)
    rows = [(plain, people[own]) for plain, own in names if own in people]
    yield replace(_table(place, "model", headings, rows), day=day)


def _zone_parts(formulas: Any, path: Path, place: _Place) -> Iterator[Part]:
    """Yield the counts in the sheet of zones of the workbook that calculates: cards, who would lose and gain them."""
    name = translate("calculation.sheet_zones", place.lang)
    if name not in formulas.sheetnames:
        return
    zones = json.loads(path.with_name("model.json").read_text(encoding="utf-8"))["zones"]
    for row in formulas[name].iter_rows(max_col=printed_columns(zones), values_only=True):
        for value in row:
            if isinstance(value, int | float):
                yield PublishedText(place.area, place.file, name, str(row[0]), float(value))
            elif isinstance(value, str) and not value.startswith("="):
                yield PublishedText(place.area, place.file, name, value)


def _calculated_day(path: Path) -> str:
    """Return the day of the counts of the workbook that calculates, as the file beside it has it."""
    model = path.with_name("model.json")
    return str(json.loads(model.read_text(encoding="utf-8")).get("as_of", "")) if model.is_file() else ""


def _read_xlsx(path: Path, place: _Place) -> Iterator[Part]:
    from openpyxl import load_workbook

    if path.name in files_of(place.area)["model"]:
        yield from _read_calculation(path, place)
        return
    formulas = load_workbook(path)
    for sheet in load_workbook(path, data_only=True).worksheets:
        values = {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row}
        live = {cell.coordinate: cell.value for row in formulas[sheet.title].iter_rows() for cell in row}
        for address, formula in live.items():
            if isinstance(formula, str) and formula.startswith("=") and not isinstance(values[address], int | float):
                values[address] = evaluate(formula, live) or values[address]
        rows = [[values[cell.coordinate] for cell in row] for row in sheet.iter_rows()]
        head = next((i for i, row in enumerate(rows) if sum(isinstance(v, str) for v in row) > 2), None)
        if head is not None:
            yield from _tables(place, sheet.title, [str(v or "") for v in rows[head]], rows[head + 1 :])
        for value in (v for row in rows for v in row if isinstance(v, str)):
            yield PublishedText(place.area, place.file, sheet.title, value)
        for cell in (cell for row in formulas[sheet.title].iter_rows() for cell in row if cell.comment):
            yield PublishedText(place.area, place.file, sheet.title, cell.comment.text)


FUNCTIONS: dict[str, Callable[..., float]] = {
    "SUM": lambda *parts: sum(
        v for part in parts for v in (part if isinstance(part, list) else [part]) if v is not None
    ),
    "ROUND": lambda value, places: round(value, int(places)),
    "ABS": abs,
}


def evaluate(formula: str, cells: Mapping[str, Any], depth: int = 0) -> float | None:
    """Return what a spreadsheet makes of a formula of sums, products and rounding; None for any other.

    >>> evaluate("=A1-B$1", {"A1": 5, "B1": 2}), evaluate("=SUM(A1:A3)", {"A1": 1, "A2": "=A1*2", "A3": "…"})
    (3.0, 3.0)
    """

    def value(address: str) -> float | None:
        cell = cells.get(address)
        if isinstance(cell, str) and cell.startswith("=") and depth < MAX_DEPTH:
            return evaluate(cell, cells, depth + 1)
        return float(cell) if isinstance(cell, int | float) else None

    def compute(node: ast.AST) -> Any:
        if isinstance(node, ast.Expression):
            return compute(node.body)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return node.value
        if isinstance(node, ast.Name):
            return value(node.id)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](compute(node.left), compute(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -compute(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "CELLS":
            first, last = (str(arg.id) for arg in node.args if isinstance(arg, ast.Name))
            return [value(address) for address in _range(first, last)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return FUNCTIONS[node.func.id](*map(compute, node.args))
        raise ValueError

    plain = re.sub(r"([A-Z]+\d+):([A-Z]+\d+)", r"CELLS(\1,\2)", formula.removeprefix("=").replace("$", ""))
    try:
        return float(compute(ast.parse(plain.replace("^", "**"), mode="eval")))
    except (SyntaxError, ValueError, TypeError, KeyError, ZeroDivisionError, RecursionError):
        return None


def _range(first: str, last: str) -> Iterator[str]:
    from openpyxl.utils import get_column_letter, range_boundaries

    left, top, right, bottom = range_boundaries(f"{first}:{last}")
    for row in range(int(top or 1), int(bottom or 1) + 1):
        for column in range(int(left or 1), int(right or 1) + 1):
            yield f"{get_column_letter(column)}{row}"


def _read_pptx(path: Path, place: _Place) -> Iterator[Part]:
    from pptx import Presentation

    for slide in Presentation(str(path)).slides:
        title = slide.shapes.title.text_frame.text if slide.shapes.title is not None else ""
        for shape in slide.shapes:
            alt = shape._element._nvXxPr.cNvPr.get("descr", "")
            yield from _alternative(place, title, alt)
            yield PublishedText(place.area, place.file, title, shape.text_frame.text if shape.has_text_frame else "")
            if getattr(shape, "has_table", False):
                texts = [[cell.text for cell in row.cells] for row in shape.table.rows]
                yield from _tables(place, title, texts[0], texts[1:])
            elif getattr(shape, "has_chart", False):
                plot, chart = shape.chart.plots[0], shape.chart
                axis = chart.chart_title.text_frame.text if chart.has_title else ""
                series = [{"name": s.name, "values": list(s.values)} for s in plot.series]
                yield from _series(place, title, {"axis": axis, "categories": list(plot.categories), "series": series})
                yield from _chart_workbook(place, title, axis, chart.part.chart_workbook.xlsx_part)
        if slide.has_notes_slide:
            yield PublishedText(place.area, place.file, title, slide.notes_slide.notes_text_frame.text)


def _chart_workbook(place: _Place, title: str, axis: str, part: Any) -> Iterator[Part]:
    """Yield the figures in the workbook that PowerPoint opens to edit a chart."""
    from openpyxl import load_workbook

    if part is None:
        return
    for sheet in load_workbook(BytesIO(part.blob), data_only=True).worksheets:
        head, *rows = [list(row) for row in sheet.iter_rows(values_only=True)] or [[]]
        names = [str(row[0] or "") for row in rows]
        series = [
            {"name": str(heading or ""), "values": [v if isinstance(v, int | float) else None for v in values]}
            for heading, *values in list(zip(head, *rows, strict=True))[1:]
        ]
        yield from _series(place, title, {"axis": axis, "categories": names, "series": series})


def _read_facts(path: Path, place: _Place) -> Iterator[Part]:
    content = json.loads(path.read_text(encoding="utf-8"))
    place.lang = check_lang(content["lang"])
    place.units[place.area] = str(content["area"]), str(content["name"])
    for fact in content["facts"]:
        place.keys[fact["label"]] = fact["key"]
        place.facts.add(fact["label"])
    for fact in content["facts"]:
        value, day = fact["value"], str(fact["as_of"] or "")
        if isinstance(value, str) or value is None:  # hidden, or an interval
            first = [v.split()[0] for v in (value, fact["text"]) if isinstance(v, str) and v.strip()]
            value = next(filter(is_hidden, first), None)
            for bounds in _fact(place, "facts", fact["label"], _between(fact["low"], fact["high"]), day):
                yield replace(bounds, kind="bounds")
        yield from _fact(place, "facts", fact["label"], value, day)
        yield from _fact(place, "facts", fact["label"], _stated(fact["text"], place.lang), day)
        yield PublishedText(place.area, place.file, fact["key"], fact["text"])
    for finding in content["findings"]:
        yield PublishedText(place.area, place.file, finding["rule"], finding["message"])


Stated = tuple[float, float] | float | str | None


def _between(low: object, high: object) -> tuple[float, float] | None:
    """Return the figure in the middle of an interval, and by how much it can be off."""
    if isinstance(low, int | float) and isinstance(high, int | float):
        return (low + high) / 2, (high - low) / 2
    return None


def _stated(text: str, lang: str) -> Stated:
    """Return the figure with a unit that a cell states, and by how much it can be off; None for other words.

    >>> _stated("3.600 người", "vi"), _stated("90,0%", "vi"), _stated("<5 người", "vi"), _stated("trên 95%", "vi")
    ((3600.0, 0.0), (0.9, 0.0005), '<5', None)
    """
    first, _, unit = text.strip().partition(" ")
    if is_hidden(first):
        return first
    if unit not in ("", *(translate(f"unit.{name}", lang) for name in ("people", "cards", "households"))):
        return None
    return parse_figure(first, lang)


def _fact(place: _Place, name: str, label: str, value: Stated, day: str) -> Iterator[PublishedTable]:
    """Yield a figure of the unit of a folder, by what readers call it."""
    key = place.keys.get(label)
    if key is None or value is None:
        return
    columns = (find_column("fact"), find_column(key, "headline"))
    figure, half = value if isinstance(value, tuple) else (value, 0.0)
    rows = ((label, figure if isinstance(figure, str) else float(figure)),)
    yield PublishedTable(place.area, place.file, name, ("", label), columns, rows, ((0.0, half),), place.lang, day=day)


_READERS = {
    "facts.json": _read_facts,
    "model.json": _read_model,
    ".csv": _read_csv,
    ".docx": _read_docx,
    ".html": _read_page,
    ".ipynb": _read_notebook,
    ".pdf": _read_pdf,
    ".pptx": _read_pptx,
    ".txt": _read_text,
    ".xlsx": _read_xlsx,
}
