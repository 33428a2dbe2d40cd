"""Find the heading of a table, of up to five rows, and say what each of its columns holds.

A heading is read from its lowest text up: «Ngân sách nhà nước đóng | Hộ nghèo | Số hộ» is a count of households. A text
of which a part is not understood makes the whole column not understood: what it would mean without that part is not
guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.measures import measure_of
from bhyt_analysis.ingest.row_words import marks_row
from bhyt_analysis.ingest.unit_columns import unit_heading_key
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell, Sheet, column_letter
from bhyt_analysis.law.groups import OWN_MARK, group_keys, is_group_key, wider_groups

SEARCH_ROWS = 40  # rows from the top in which the heading is looked for
MAX_ROWS = 5  # of a heading
UNIT_KEYS = frozenset({"area", "_name", "_within", "_province", "code", "name"})
_DATE = r"\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{4}"
_MONTH = r"\d{1,2}\s*(?:[/.-]|nam)\s*\d{4}"
_DAY = re.compile(rf"(?:\bngay\s+)?({_DATE})\b|(?:\bthang\s*|\bt|\b)({_MONTH})\b|(?:\bnam\s+)?\b((?:19|20)\d\d)\b")
_MARKS = re.compile(r"[\u00b9\u00b2\u00b3\u2070-\u2079*\u2020\u2021]+$|\s+\((?:\*+|\d)\)$")  # of footnotes
_LIST_NUMBER = re.compile(r"^(?:nhóm\s+(?:\d|[ivx]{1,4})\s*[:.–-]|(?:\d{1,2}|[ivx]{1,4}|[a-h])\s*[.):])\s*(?=\D)", re.I)
_COLUMN_NUMBERS = re.compile(r"(?:cot )?[a-z]?\d{1,2}(?: ?[=+:;,-] ?[\[(]?[a-z]?\d{1,2}[\])]?)*|[a-z*]")
_FIGURE = re.compile(r"[\d.,% ()+-]+")


@dataclass(frozen=True)
class ColumnHeading:
    """The heading of a column, with the column's number from 1; 0 for a line above the table."""

    text: str
    number: int = 0

    @property
    def letters(self) -> str:
        """Return the letters of the column, or ""."""
        return column_letter(self.number) if self.number else ""

    def __str__(self) -> str:
        return f"{self.letters} «{self.text}»" if self.number else self.text


@dataclass(frozen=True)
class ColumnMeaning:
    """What the heading of a column says.

    ``key`` is a column of the table, a group, or a helper that begins with "_"; "" if the heading is not understood.
    ``measures`` are those that the heading names, see `measure_of`; ``day`` is a day, a month or a year in it.
    """

    key: str = ""
    measures: frozenset[str] = frozenset()
    day: str = ""


@dataclass(frozen=True)
class Heading:
    """The rows of a heading (positions), and for each column its text and its meaning."""

    rows: tuple[int, ...]
    texts: tuple[str, ...]
    columns: tuple[ColumnMeaning, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the columns."""
        return tuple(column.key for column in self.columns)

    def with_keys(self, keys: Sequence[str]) -> Heading:
        """Return the heading with other keys of its columns."""
        columns = (c if c.key == key else ColumnMeaning(key) for c, key in zip(self.columns, keys, strict=True))
        return replace(self, columns=tuple(columns))


def clean_head(cells: pd.DataFrame) -> np.ndarray:
    """Return the first rows with their texts cleaned."""
    rows = [[clean_text(v) if type(v) is str else v for v in row] for row in cells.iloc[:SEARCH_ROWS].to_numpy()]
    return np.array(rows, dtype=object).reshape(-1, cells.shape[1])


# --- What one text says ---


@dataclass(frozen=True)
class _Label:
    """What one text of a heading says; ``understood`` is false if a part of it is not understood."""

    key: str = ""
    measures: frozenset[str] = frozenset()
    day: str = ""
    understood: bool = True


_UNCLEAR = _Label(understood=False)


def heading_meaning(heading: str, table: str) -> str:
    """Return the column or group that a text names in a table; "" if it names none, or another measure of it."""
    label = _read_label(heading, table)
    return label.key if label.understood and not label.measures - fitting_measures(table, label.key) else ""


@lru_cache(maxsize=2**16)
def _read_label(text: str, table: str) -> _Label:
    """Read one text of a heading: its brackets, its day, and the rest."""
    if OWN_MARK in text and is_group_key(text) and schema.allows_wide_layout(table):
        return _Label(text)
    words, text = schema.heading_vocabulary(table), " ".join(_MARKS.sub("", text).split())
    text = text if normalise_name(text) in words else _LIST_NUMBER.sub("", text)
    if re.fullmatch("[A-Z]{2}", text) and text in words:  # a card code
        return _Label(words[text])
    folded = _folded(text)
    if folded in words:
        return _Label(words[folded])
    if (unit := unit_heading_key(text, table)) in words.values():
        return _Label(unit)
    if "=" in text and schema.allows_wide_layout(table) and marks_row(text, "total"):  # «Cộng = (3)+(4)»
        return _Label("_total")
    base = re.sub(r"[(\[][^()\[\]]*[)\]]", " ", folded)
    asides = [_read_aside(aside, table) for aside in re.findall(r"[(\[]([^()\[\]]*)[)\]]", folded)]
    base, day = _take_day(base)
    code = re.sub(r"[(\[][^()\[\]]*[)\]]", "", text).strip(" *:.")  # «GD (người)»
    is_code = re.fullmatch("[A-Z]{2}", code) and code in words
    label = _Label(words[code]) if is_code else _read_base(_folded(base), table)
    days = {d for d in (day, label.day, *(a.day for a in asides)) if d}
    of_communes = "communes" in fitting_measures(table, label.key)  # «Số xã khu vực I (xã)»
    asides = [_Label() if of_communes and (a.key in UNIT_KEYS or not a.understood) else a for a in asides]
    same = all(a.key in ("", label.key) or not label.key for a in asides)
    if not (label.understood and same and all(a.understood for a in asides) and len(days) <= 1):
        return _UNCLEAR
    key = label.key or next((a.key for a in asides if a.key), "")
    return _Label(key, label.measures.union(*(a.measures for a in asides)), "".join(days))


def _folded(text: str) -> str:
    return normalise_name(text).strip("*:. ;,–-†‡")


def _read_aside(text: str, table: str) -> _Label:
    """Read what is in brackets: a measure, a day, another name of the same, or a column number."""
    words = schema.heading_vocabulary(table)
    if not text or _COLUMN_NUMBERS.fullmatch(text):
        return _Label()
    if re.fullmatch("[a-z]{2}", text) and text.upper() in words:
        return _Label(words[text.upper()])
    rest, day = _take_day(text)
    rest = _folded(rest)
    if day and (not rest or _is_neutral(rest.split(), True)):
        return _Label(day=day)
    if measure := measure_of(text):
        return _Label(measures=frozenset({measure}))
    return _read_base(text, table)


def _take_day(text: str) -> tuple[str, str]:
    """Return a text without its only day, month or year, and that day as text."""
    matches = list(_DAY.finditer(text))
    if len(matches) != 1:
        return text, ""
    match = matches[0]
    day = re.sub(r"\s*nam\s*", "/", re.sub(r"\s*([/.-])\s*", "/", match[1] or match[2] or match[3]))
    return f"{text[: match.start()]} {text[match.end() :]}", day


def _read_base(text: str, table: str) -> _Label:
    """Read a text without brackets and day: a name of a column or group, words around it, and a measure."""
    words = schema.heading_vocabulary(table)
    if not text or text in words:
        return _Label(words.get(text, ""))
    if (unit := unit_heading_key(text, table)) in words.values():
        return _Label(unit)
    tokens, measure = re.findall(r"[^\W_]+|[%<>+]", text), measure_of(text)
    if _is_neutral(text.split(), True):
        return _Label(measures=frozenset({measure} - {""}))
    phrases, longest = _phrases(table)
    for size in range(min(longest, len(tokens)), 0, -1):
        for i in range(len(tokens) - size + 1):
            if key := phrases.get(" ".join(tokens[i : i + size])):
                measures = [_around(part, key, tokens[i], table) for part in (tokens[:i], tokens[i + size :])]
                if None not in measures:
                    return _Label(key, frozenset(m for m in measures if m))
    if measure:
        return _Label(measures=frozenset({measure}))
    return _Label("_total") if schema.allows_wide_layout(table) and marks_row(text, "total") else _UNCLEAR


@lru_cache(maxsize=64)
def _phrases(table: str) -> tuple[dict[str, str], int]:
    """Return the names of figures and groups by their words, and the words of the longest; those of a word are long."""
    figures, words = figure_keys(table), schema.heading_vocabulary(table)
    phrases = {" ".join(re.findall(r"[^\W_]+|[%<>+]", w)): key for w, key in words.items() if key in figures}
    phrases = {phrase: key for phrase, key in phrases.items() if len(phrase) > (2 if key in group_keys() else 3)}
    return phrases, max((phrase.count(" ") + 1 for phrase in phrases), default=0)


def _around(tokens: list[str], key: str, first: str, table: str) -> str | None:
    """Return the measure that the words before or after a name give, "" for none; None if they are not understood."""
    text = " ".join(tokens)
    if first == "ho" and re.search(r"(^| )(so|tong so|tong|so luong|ty le|ti le)$", text):
        return "percent" if text.endswith("le") else "households"  # «Số hộ nghèo» counts households
    insured = is_group_key(key) or key in ("cards", "_total")
    return "" if _is_neutral(tokens, insured) else measure_of(text) or None


@lru_cache(maxsize=1)
def _neutral_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words that change nothing in any heading, and those that do not in one of insured people."""
    table = packaged_table("ingest/heading_words.csv")
    kinds = table["kind"].to_numpy() == "any"
    return frozenset(table.loc[kinds, "words"]), frozenset(table["words"])


def _is_neutral(tokens: Sequence[str], insured: bool) -> bool:
    """Return whether a text consists of words that change nothing; ``insured`` if it is about insured people."""
    words, position = _neutral_words()[insured], 0
    while position < len(tokens):
        ends = range(len(tokens), position, -1)
        end = next((e for e in ends if " ".join(tokens[position:e]).strip("/:;,.-+") in words), 0)
        if not end:
            return False
        position = end
    return True


# --- What a column says ---


@lru_cache(maxsize=64)
def figure_keys(table: str) -> frozenset[str]:
    """Return the columns of a table that hold figures, and the groups where they head columns."""
    columns = schema.table_columns(table)
    figures = columns.loc[columns["type"].isin(("count", "change", "share", "number")), "column"]
    wide = {*group_keys(), "_total", "_people", "_households", "_rate"} if schema.allows_wide_layout(table) else ()
    return frozenset((*figures, *wide))


@lru_cache(maxsize=512)
def fitting_measures(table: str, key: str) -> frozenset[str]:
    """Return the measures in which a column can be given."""
    if is_group_key(key) or key in ("_total", "cards"):
        return frozenset({"people", "cards"})
    if key in ("_people", "_households", "_rate"):
        return frozenset({{"_people": "people", "_households": "households", "_rate": "percent"}[key]})
    columns = schema.table_columns(table)
    units = dict(zip(columns["column"], columns["unit"], strict=True))
    unit = str(units.get(key, "")).partition(" ")[0]
    return frozenset({"percent" if unit == "share" else unit} - {""})


def measure_fits(table: str, column: ColumnMeaning, stated: str = "") -> bool:
    """Return whether the figures of a column are in the measure that its table holds.

    ``stated`` is the measure of the table, which counts for columns of people or cards that name none.
    """
    fitting = fitting_measures(table, column.key)
    applies = stated and not column.measures and fitting & {"people", "cards"}
    return not ({stated} if applies else column.measures) - fitting


def _column_meaning(path: Sequence[str], table: str) -> ColumnMeaning:
    """Return the meaning of the texts above a column, from the upper to the lowest one."""
    labels = [_read_label(text, table) for text in path]
    if not labels or not all(label.understood for label in labels):
        return ColumnMeaning()
    figures = figure_keys(table)

    def is_figure(key: str) -> bool:
        return key in figures or (OWN_MARK in key and is_group_key(key))

    days = {label.day for label in labels if label.day}
    measures = frozenset[str]().union(*(label.measures for label in labels))
    key = ""
    for position in range(len(labels) - 1, -1, -1):
        text, label = path[position], labels[position]
        above = [other.key for other in labels[:position] if is_figure(other.key) and other.key != "_total"]
        if not label.key:
            continue
        if (
            key
            and label.key not in ("_people", key)
            and is_figure(label.key)
            and (measure := measure_of(_folded(text)))
        ):
            measures |= {measure}  # «Số hộ» above groups
        elif key:
            if not ({label.key, key} <= UNIT_KEYS or _is_context(label.key, key)):
                return ColumnMeaning()
        elif above and label.key == "_total":
            continue  # the total of the column above
        elif above and is_figure(label.key) and (measure := measure_of(_folded(text))):
            measures |= {measure}
        else:
            key = label.key
    if not key and measures == {"percent"} and "_rate" in figures:
        key = "_rate"
    if len(days) > 1 or (days and key and not is_figure(key)):
        return ColumnMeaning()
    return ColumnMeaning(key, measures, "".join(days))


def _is_context(upper: str, key: str) -> bool:
    """Return whether a column above another one is a wider group, or all insured people."""
    if upper == "_people":
        return key == "_total"
    return upper in {key, "cards", "_total", "group", *wider_groups(key)}


# --- The rows of a heading ---


def best_heading(sheet: Sheet, head: np.ndarray, table: str) -> Heading | None:
    """Return the rows that name most columns of a table; the first of equals."""
    best, most = None, 1
    for row in range(len(head)):
        heading = heading_from(sheet, head, row, table)
        if (n := _columns_named(heading)) > most:
            best, most = heading, n
        if heading is best and row == 0 and all(heading.keys):
            break
    if best and best.rows[0] and _spans_figures(sheet, head, best.rows[0] - 1, best, table):
        return heading_from(sheet, head, best.rows[0] - 1, table, begins=True)
    return best


_LINE = re.compile(r"(don vi|dvt|d\.v\.t|unit).*|.*ngay.*thang.*nam.*")  # of a title above a table, not of its heading


def _spans_figures(sheet: Sheet, head: np.ndarray, row: int, heading: Heading, table: str) -> bool:
    """Return whether a row has a text merged over some columns of figures, which says something of them."""
    figures = {i for i, c in enumerate(heading.columns, 1) if c.key in figure_keys(table)}
    line, first = int(sheet.cells.index[row]), int(sheet.cells.index[heading.rows[0]])
    for top, left, bottom, right in sheet.merged:
        inside = {*range(left, right + 1)} & figures
        if line == first - 1 and top <= line == bottom and len(inside) > 1 and left > min(figures) - 1 and left > 1:
            text = head[row][left - 1]
            return type(text) is str and text != "" and not _LINE.fullmatch(normalise_name(text))
    return False


def _columns_named(heading: Heading) -> int:
    """Return how many columns of the table a heading names; the name of a unit counts as its code."""
    columns = {(c.key, c.day) for c in heading.columns}
    names = {("area" if k == "_name" else k, day) for k, day in columns if k == "_name" or k[:1] not in ("", "_")}
    return len(names)


def heading_from(sheet: Sheet, head: np.ndarray, row: int, table: str, begins: bool = False) -> Heading:
    """Return the heading that begins in a row, with the rows below it that go on with it."""
    last, more = row, begins or _begins(head, row, table)
    while more and last + 1 < min(len(head), row + MAX_ROWS) and _goes_on(sheet, head, row, last + 1, table):
        last += 1
    rows = tuple(range(row, last + 1))
    paths = _paths(sheet, head, rows, table)
    texts = tuple(" – ".join(path) for path in paths)
    return Heading(rows, texts, tuple(_column_meaning(path, table) for path in paths))


def one_row_heading(head: np.ndarray, row: int, table: str) -> Heading:
    """Return one row as a heading."""
    texts = tuple(_texts(head[row]))
    return Heading((row,), texts, tuple(_column_meaning([t], table) if t else ColumnMeaning() for t in texts))


def _texts(row: Sequence[Cell]) -> list[str]:
    """Return the cells of a heading as text; a year is one."""
    texts = (f"{v:.0f}" if type(v) is float and 1990 <= v <= 2100 else v for v in row)
    return [" ".join(t.split()) if type(t) is str else "" for t in texts]


def _begins(head: np.ndarray, row: int, table: str) -> bool:
    """Return whether a heading of several rows can begin in a row, unlike in the lines of a title."""
    texts = [t for t in _texts(head[row]) if t]
    labels = [_read_label(t, table) for t in texts]
    return len(texts) >= 2 and (any(x.key for x in labels) or all(x.understood for x in labels))


def _goes_on(sheet: Sheet, head: np.ndarray, first: int, row: int, table: str) -> bool:
    """Return whether a row goes on with the heading above it.

    Such a row has texts only, and none of a unit below the heading of the units. A cell of the heading is merged into
    it or above two of its cells, or half of its texts are understood.
    """
    texts = _texts(head[row])
    filled = [i for i, v in enumerate(head[row]) if v != ""]
    below_blank_row = sheet.cells.index[row] > sheet.cells.index[row - 1] + 1
    if below_blank_row or not filled or any(not texts[i] for i in filled):
        return False
    years = re.compile(r"(19|20)\d\d")
    if any(_FIGURE.fullmatch(texts[i]) and not years.fullmatch(texts[i]) and texts[i] != "%" for i in filled):
        return False
    labels = {i: _read_label(texts[i], table) for i in filled}
    for upper in range(first, row):
        above = [_read_label(t, table).key if t else "" for t in _texts(head[upper])]
        if any(above[i] in UNIT_KEYS and labels[i].key not in UNIT_KEYS for i in filled):
            return False
    lines = [int(n) for n in sheet.cells.index[[first, row]]]
    below = {i + 1 for i in filled}
    for top, left, bottom, right in sheet.merged:
        is_over = lines[0] <= top <= bottom < lines[1] and len(below & {*range(left, right + 1)}) > 1
        if is_over or (lines[0] <= top < lines[1] <= bottom):
            return True
    clear = [x for x in labels.values() if x.understood and (x.key or x.measures or len(x.day) in range(1, 8))]
    return bool(clear) and 2 * len(clear) >= len(labels)


def _paths(sheet: Sheet, head: np.ndarray, rows: tuple[int, ...], table: str) -> list[list[str]]:
    """Return for each column its distinct texts in the rows of a heading, with those merged over it."""
    grid = [_texts(head[row]) for row in rows]
    lines = [int(n) for n in sheet.cells.index[list(rows)]]
    for first, left, last, right in sheet.merged:
        for line, texts in zip(lines, grid, strict=True):
            if first == line and left <= len(texts):  # a cell merged downwards says its text once
                texts[left - 1 : right] = [texts[left - 1]] * (min(right, len(texts)) - left + 1)
            elif first < line <= last and left <= len(texts):
                texts[left - 1 : right] = [""] * (min(right, len(texts)) - left + 1)
    for position, (upper, lower) in enumerate(pairwise(grid)):
        for i in range(1, len(upper)):  # a text above several columns that is not merged over them
            above = any(row[i] for row in grid[: position + 1])
            if not above and lower[i] and upper[i - 1] and lower[i - 1] and not _is_column(lower[i], table):
                upper[i] = upper[i - 1]
    return [list(dict.fromkeys(t for t in column if t)) for column in zip(*grid, strict=True)]


def _is_column(text: str, table: str) -> bool:
    """Return whether a text names a column that holds no figures, such as the source."""
    key = _read_label(text, table).key
    return bool(key) and key not in figure_keys(table)
