"""Tell the rows of a table that are data from totals, examples, notes, section heads and repeated headings."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache, partial
from itertools import islice

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.decisions import COUNTRY
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word, word_kinds
from bhyt_analysis.ingest.figures import figures as read_figures
from bhyt_analysis.ingest.row_words import marks_row, row_words
from bhyt_analysis.ingest.title_lines import stated_date
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell
from bhyt_analysis.law.groups import is_group_key

UNIT_COLUMNS = ("_row", "area", "_name", "_within", "_province")
# A unit that has communes, at the head of a section of a table: «II. Huyện Lục Ngạn».
UPPER_UNIT = re.compile(
    r"(?:(?:[ivx]{1,5}|[a-h])\s*[.)/-]\s*)?(?:huyen|thi xa|thanh pho|quan|tinh|[hq]\.|t\.?[xp][. ])\s*\S.*"
)
# The heading of a column of districts or provinces, without communes: «Huyện, TX, TP», «Tên huyện».
UPPER_HEADING = re.compile(
    r"(?:ten |ma )?(?:don vi )?(?:hanh chinh )?(?:cap )?(?:huyen|quan|thi xa|thanh pho|tinh|tx|tp)"
    r"(?:[ ,/&-]+(?:va )?(?:huyen|quan|thi xa|thanh pho|tinh|tx|tp))*"
)
SECTION_NUMBER = re.compile(r"(?:[IVX]{1,5}|[A-H])[.)]?")
_PLAIN_FIGURE = re.compile(r"[+-]?[\d., ]+%?")
_FOOTNOTE_MARK = re.compile(r"[(\[]?(?:\d{1,2}|[a-h])[)\].:]*|[*†‡]+|[¹²³⁴⁵⁶⁷⁸⁹]")
_PHONE = re.compile(r"[+0-9][\d. ]{7,}")
_CODE = re.compile(r"[A-Za-z]{0,3}\d{1,10}")


def split_rows(
    label: str,
    body: pd.DataFrame,
    cells: pd.DataFrame,
    heading_texts: Sequence[str],
    findings: list[Finding],
    titles: Sequence[str] = (),
    unended: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Return the rows of data, the rows of totals, and whether the totals precede the rows that they sum.

    Sums of zones and districts inside the table are totals, too; what is below its signatures is not read. A heading
    repeated below the day of the ``titles`` begins a page, below another day it begins a second table. The last row of
    an ``unended`` file is reported if it ends before the last columns, as the file may have been cut.
    """
    filled_body = _filled(body)
    repeated = _repeated_headings(body, filled_body, heading_texts)
    rows = ~repeated & ~_numbering_rows(body, repeated) & ~_page_rows(body, filled_body)
    rows &= ~_page_titles(body, filled_body, repeated)
    end, second = _table_end(body, filled_body, cells, rows, repeated, stated_date(titles))
    below = np.arange(len(body)) >= end
    if second is not None:
        findings.append(Finding("second_table", label, int(body.index[second])))
    texts = cells[[c for c in cells if c not in ("source", "note", "status") and not is_group_key(c)]]
    units = cells[[c for c in UNIT_COLUMNS if c in cells]]
    if body.shape[1] and "_row" not in cells and "group" not in cells:
        units = units.assign(_first=body.iloc[:, 0].to_numpy()) if _is_free(body, cells) else units
    name_cells = cells[[c for c in ("code", "name", "group") if c in cells]]
    total = _matching_rows(name_cells, "total") | _matching_rows(units, "total") | _matching_rows(units, "short_total")
    cumulative, example = _matching_rows(units, "cumulative"), _matching_rows(texts, "example")
    compared = _matching_rows(units, "comparison") & ~total
    rows &= ~below
    filled = pd.DataFrame(_filled(cells), columns=cells.columns)
    unused = example | cumulative | compared
    totals, data = rows & total & ~unused, rows & ~total & ~unused
    if (example & rows).any() and (data & filled.to_numpy().any(axis=1)).any():  # not for an empty template
        findings.append(Finding("example_row", label, int(cells.index[example][0])))
    notes = _note_rows(body, filled, data) | (below & filled_body.any(axis=1))
    notes = notes if second is None else notes & (np.arange(len(body)) < second)
    data &= ~notes
    if unended and (cut := _cut_row(cells, filled, data)) is not None:
        findings.append(Finding("cut_file", label, int(body.index[cut])))
        data[cut] = False
    figures, names = _figures(cells), _unit_texts(cells)
    villages = _village_rows(label, cells, names, figures, data, findings)
    data &= ~villages
    districts = _is_of_upper_units(cells, names[data], heading_texts)
    heads, within = (np.zeros(len(cells), dtype=bool), []) if districts else _sections(body, cells, filled, data)
    sums = _sums(cells, names, figures, data & ~heads, totals, districts)
    data &= ~sums
    for rule, skipped in (
        ("note_rows", notes),
        ("part_heads", heads),
        ("cumulative_rows", rows & cumulative),
        ("comparison_rows", rows & compared & ~cumulative),
        ("village_rows", villages),
    ):
        if skipped.any():
            lines = ", ".join(map(str, body.index[skipped][:5])) + (", …" if skipped.sum() > 5 else "")
            findings.append(Finding(rule, label, int(body.index[skipped][0]), value=lines))
    if "_within" not in cells and any(within):
        cells = cells.assign(_within=within)
    data &= filled.to_numpy().any(axis=1) & ~heads
    totals = (totals | sums) & filled.to_numpy().any(axis=1)
    totals_first = bool(totals.any() and data.any() and totals.argmax() < data.argmax())
    return cells[data], cells[totals], totals_first


def _is_free(body: pd.DataFrame, cells: pd.DataFrame) -> bool:
    """Return whether the first column has no meaning in the table, such as one of list numbers without a heading."""
    first = body.iloc[:, 0].to_numpy()
    return not any((cells[c].to_numpy() == first).all() for c in cells)


# --- Cells ---


def _by_value(column: pd.Series | np.ndarray, function: Callable[[Cell], object], kind: type) -> np.ndarray:
    """Return a function of each cell of a column as an array of a kind, worked out once for each distinct cell."""
    codes, values = pd.factorize(np.asarray(column, dtype=object))
    return np.array([*map(function, values)], dtype=kind)[codes]


def _any_by_value(cells: pd.DataFrame, function: Callable[[Cell], bool]) -> np.ndarray:
    """Mark the rows of which a function holds for any cell."""
    rows = np.zeros(len(cells), dtype=bool)
    for column in cells.to_numpy(dtype=object).T:
        rows |= _by_value(column, function, bool)
    return rows


def _filled(cells: pd.DataFrame) -> np.ndarray:
    """Mark the cells that are not blank."""
    return cells.to_numpy(dtype=object) != ""


def _is_figure(value: Cell) -> bool:
    return value != "" and (type(value) is not str or _PLAIN_FIGURE.fullmatch(value) is not None)


# --- Words ---


def _matching_rows(cells: pd.DataFrame, kind: str) -> np.ndarray:
    """Return the rows in which a text marks a kind; each distinct text is matched once."""

    def matches(text: Cell) -> bool:
        if type(text) is not str or text == "" or _CODE.fullmatch(text) or _PLAIN_FIGURE.fullmatch(text):
            return False
        return marks_row(text, kind)

    return _any_by_value(cells, matches)


@lru_cache(maxsize=1)
def _unit_names() -> frozenset[str]:
    """Return the names of the country's units, with and without the word for their kind, normalised."""
    names = [unit.name for unit in country().geography.units.values()]
    return frozenset(map(normalise_name, (*names, *map(strip_unit_word, names))))


def _names_unit(text: str) -> bool:
    """Return whether a text is the name of a unit, known or with the word for its kind."""
    return bool(word_kinds(text)) or normalise_name(clean_text(text)) in _unit_names()


# --- Sums inside the table ---


def _figures(cells: pd.DataFrame) -> np.ndarray:
    """Return the counts of the rows: an array of rows by columns, NaN where a cell is no number."""
    columns = [read_figures(cells[c]) for c in _figure_columns(cells)]
    return np.column_stack(columns) if columns else np.empty((len(cells), 0))


def _figure_columns(cells: pd.DataFrame) -> list[str]:
    keys = ("people", "households", "cards", "_total")
    return [c for c in cells if c in keys or is_group_key(c)]


def _unit_texts(cells: pd.DataFrame) -> np.ndarray:
    """Return the name of the unit of each row, or its code."""
    texts = np.full(len(cells), "", dtype=object)
    for column in (c for c in ("area", "_name") if c in cells):
        names = _by_value(cells[column], lambda v: clean_text(v) if type(v) is str else "", object)
        texts = np.where(names != "", names, texts)
    return texts


def _keys(cells: pd.DataFrame) -> list[frozenset[Cell]]:
    """Return the group and the day of each row: only rows of the same are summed. A sum may leave them blank."""
    columns = [c for c in ("group", "as_of") if c in cells]
    keys = zip(*(cells[c] for c in columns), strict=True) if columns else [()] * len(cells)
    return [frozenset(k for k in key if k != "") for key in keys]


UNNAMED, ZONE = 9, 3  # levels of rows that may be sums: 0 province, 1 district


def _sums(
    cells: pd.DataFrame, names: np.ndarray, figures: np.ndarray, data: np.ndarray, totals: np.ndarray, districts: bool
) -> np.ndarray:
    """Mark the rows of data that sum others: of zones, of units above communes, and without the name of a unit.

    A zone, or a district at the head of its communes, is a sum even where its figures are not: `coercion` reports it.
    In a table of ``districts`` every name of a unit is one.
    """
    sums = np.zeros(len(cells), dtype=bool)
    with_figures = data & np.isfinite(figures).any(axis=1)
    by_name = {name: _level(name) for name in set(names[with_figures])}
    if districts:
        by_name = {name: 1 if level is None else level for name, level in by_name.items()}
    if all(level is None for level in by_name.values()):
        return sums
    rows, texts = np.flatnonzero(with_figures).tolist(), names.tolist()
    levels = {row: by_name[texts[row]] for row in rows}
    stops: list[int] = np.flatnonzero(totals).tolist()
    keys, counts = _keys(cells), np.nan_to_num(figures)
    begins = levels[rows[0]] not in (None, UNNAMED)
    for position in reversed(range(len(rows))):
        row = rows[position]
        if (level := levels[row]) is None:
            continue
        if level == UNNAMED:
            below = (r for r in islice(rows, position + 1, None) if not sums[r] and keys[row] <= keys[r])
            sums[row] = _sums_run(figures, row, below)
            continue
        section = _section(position, rows, levels, texts, stops)
        parts = [r for r in section if not sums[r] and keys[row] <= keys[r]]
        parts = [r for r in parts if not _has_section(r, parts, levels)]
        equal = bool(parts) and _equal(figures[row], counts[parts].sum(axis=0))
        if level == ZONE:
            sums[row] = equal or any(levels[r] in (None, UNNAMED) for r in parts)
        else:
            sums[row] = equal or (begins and any(levels[r] is None for r in parts))
    return sums | _sums_of_rows_above(figures, keys, levels, sums, stops, begins)


class _Sums:
    """The figures of rows added up, by their group and day."""

    def __init__(self, width: int) -> None:
        self.parts: dict[frozenset[Cell], tuple[int, np.ndarray]] = {}
        self.zero = np.zeros(width)

    def add(self, key: frozenset[Cell], figures: np.ndarray) -> None:
        """Add a row."""
        n, total = self.parts.get(key, (0, self.zero))
        self.parts[key] = n + 1, total + np.nan_to_num(figures)

    def equal(self, key: frozenset[Cell], figures: np.ndarray, minimum: int) -> bool:
        """Return whether a row is the sum of the rows of its group and day, of which there are enough."""
        same = [part for other, part in self.parts.items() if key <= other]
        enough = sum(n for n, _ in same) >= minimum
        return enough and _equal(figures, sum((total for _, total in same), self.zero))

    def clear(self, key: frozenset[Cell] = frozenset()) -> None:
        """Begin anew for a group and day, or for all."""
        self.parts = {other: part for other, part in self.parts.items() if not key <= other}


def _sums_of_rows_above(
    figures: np.ndarray,
    keys: list[frozenset[Cell]],
    levels: dict[int, int | None],
    sums: np.ndarray,
    stops: list[int],
    begins: bool,
) -> np.ndarray:
    """Mark the rows that are the sum of all rows between them and the total before them."""
    more = np.zeros(len(sums), dtype=bool)
    # A district sums the zones and parts in it, too: its rows are those since the last district.
    above, section = _Sums(figures.shape[1]), _Sums(figures.shape[1])
    last = -1
    for row, level in levels.items():
        if bisect(stops, last) != bisect(stops, row):
            above.clear()
        last = row
        possible = sums[row] or level in (UNNAMED, ZONE) or (level is not None and not begins)
        upper = level is not None and level < ZONE
        minimum = 2 if level == UNNAMED else 1
        runs = (above, section) if upper else (above,)
        if possible and any(run.equal(keys[row], figures[row], minimum) for run in runs):
            more[row] = True
            for run in runs:
                run.clear(keys[row])
        elif not sums[row]:
            above.add(keys[row], figures[row])
            section.add(keys[row], figures[row])
    return more


@lru_cache(maxsize=1)
def _upper_names() -> frozenset[str]:
    """Return the names of the country's provinces and districts, without the word for their kind, normalised."""
    units = country().geography.units.values()
    return frozenset(normalise_name(strip_unit_word(u.name)) for u in units if _is_upper_unit(u.name))


def _is_of_upper_units(cells: pd.DataFrame, names: np.ndarray, heading_texts: Sequence[str]) -> bool:
    """Return whether all rows are districts or provinces, by the heading of their column or by their names."""
    rows = Counter(names.tolist())
    texts = {name: re.sub(r"^\d{1,3}\s*[.)]\s*", "", name) for name in rows if name}
    others = {t for t in texts.values() if not _is_upper_unit(t)}
    if {"_within", "_province"} & {*cells} or any(_CODE.fullmatch(t) or word_kinds(t) for t in others):
        return False
    if any(UPPER_HEADING.fullmatch(normalise_name(clean_text(t))) for t in heading_texts if t):
        return True
    upper = sum(rows[name] for name, text in texts.items() if text not in others)
    return upper > 1 and all(normalise_name(clean_text(t)) in _upper_names() for t in others)


def _level(text: str) -> int | None:
    """Return the level of a row that may sum others; None for a commune, or the code of a unit."""
    if text and (_CODE.fullmatch(text) or text == COUNTRY):
        return None
    if text and marks_row(text, "zone"):
        return ZONE
    if text and _is_upper_unit(text):
        return 0 if re.search(r"(^|\W)tinh\b", normalise_name(text)) else 1
    return None if text and _names_unit(re.sub(r"^\d{1,3}\s*[.)]\s*", "", text)) else UNNAMED


def _section(
    position: int, rows: list[int], levels: dict[int, int | None], texts: list[str], stops: list[int]
) -> list[int]:
    """Return the rows below a row up to the next of its level or above, or the next row of totals."""
    row, section = rows[position], list[int]()
    level = levels[row]
    stop = [*stops, len(texts)][bisect(stops, row)]
    for below in islice(rows, position + 1, None):
        other = levels[below]
        above_it = other is not None and other != UNNAMED and level is not None and other <= level
        if below > stop or (above_it and texts[below] != texts[row]):
            break
        if not above_it:
            section.append(below)
    return section


def _has_section(row: int, rows: list[int], levels: dict[int, int | None]) -> bool:
    """Return whether a row above communes is followed by one of a lower level."""
    own, position = levels[row], rows.index(row) + 1
    if own is None or own == UNNAMED or position == len(rows):
        return False
    following = levels[rows[position]]
    return following is None or following > own


def _equal(total: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether the figures of a row, at least one and not all zero, are some sums."""
    counted = np.isfinite(total)
    sums = expected[counted]
    return bool(counted.any() and np.array_equal(total[counted], sums) and sums.sum() > 0)


def _sums_run(figures: np.ndarray, row: int, below: Iterable[int]) -> bool:
    """Return whether a row is the sum of the first two or more of the rows below it."""
    counted = np.isfinite(figures[row])
    own = figures[row][counted]
    total = np.zeros(len(own))
    for n, other in enumerate(below, 1):
        total += np.nan_to_num(figures[other][counted])
        if n > 1 and total.sum() > 0 and np.array_equal(total, own):
            return True
        if (total > own).any():
            break
    return False


def _village_rows(
    label: str,
    cells: pd.DataFrame,
    names: np.ndarray,
    figures: np.ndarray,
    data: np.ndarray,
    findings: list[Finding],
) -> np.ndarray:
    """Mark the rows of villages below the row of their commune, and report where they do not add up to it."""
    villages = np.zeros(len(cells), dtype=bool)
    with_figures = data & np.isfinite(figures).any(axis=1)
    texts = {name for name in set(names[with_figures]) if _is_village(name)} if "group" not in cells else set[str]()
    commune, run = -1, list[int]()
    for row in (*np.flatnonzero(with_figures).tolist(), -1) if texts else ():
        if row >= 0 and names[row] in texts:
            run.append(row)
            continue
        if commune >= 0 and run and _level(names[commune]) is None:
            villages[run] = True
            sums = np.nansum(figures[run], axis=0)
            for i in np.flatnonzero(np.isfinite(figures[commune]) & (figures[commune] != sums)):
                place = (label, int(cells.index[commune]), _figure_columns(cells)[i])
                findings.append(Finding("total_off", *place, value=int(figures[commune][i]), expected=int(sums[i])))
        commune, run = row, []
    return villages


def _is_village(text: str) -> bool:
    folded = re.sub(r"^(?:\d{1,3}(?:\.\d{1,3})?|[-+*•])\s*[.)]?\s*", "", normalise_name(text))
    return row_words()["village"].fullmatch(folded) is not None and not _names_unit(text)


# --- Sections ---


def _sections(
    body: pd.DataFrame, cells: pd.DataFrame, filled: pd.DataFrame, data: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return the rows that only head a section of the table, and for each row the unit that heads its section.

    A row with a district's own figures heads its communes, too, if the table begins with such a row; in other
    tables it may as well be their sum.
    """
    upper, rows = _upper_units(cells), np.flatnonzero(data)
    heads, within = np.zeros(len(cells), dtype=bool), [""] * len(cells)
    for position in np.flatnonzero(filled.to_numpy()[rows[:-1]].sum(axis=1) <= 2):
        row, following = rows[position], rows[position + 1]
        values = [v for v in body.iloc[row] if v != ""]
        if not 1 <= len(values) <= 2 or type(values[-1]) is not str:
            continue
        if _is_upper_unit(values[-1]):
            heads[row], upper[row] = not upper[following], values[-1]
        elif marks_row(values[-1], "zone"):
            heads[row] = True
        elif len(values) == 2:
            heads[row] = bool(SECTION_NUMBER.fullmatch(str(values[0]).strip()))
    zones = _matching_rows(cells[[c for c in ("_name", "area") if c in cells]], "zone")
    first = next((row for row in rows if not zones[row]), None)
    begins, unit = first is not None and bool((heads[first] and upper[first]) or upper[first] or heads[rows[0]]), ""
    for row in rows if heads.any() or begins else ():
        if zones[row]:
            continue
        if heads[row] or (begins and upper[row]):
            unit = upper[row]
        else:
            within[row] = unit
    return heads, within


def _upper_units(cells: pd.DataFrame) -> np.ndarray:
    """Return for each row the name of a unit that has communes, or ""."""
    upper = np.full(len(cells), "", dtype=object)
    for column in (c for c in ("_name", "area") if c in cells):
        names = _by_value(cells[column], _upper_unit, object)
        upper = np.where(upper == "", names, upper)
    return upper


def _upper_unit(value: Cell) -> str:
    return value if type(value) is str and not value[:1].isdigit() and _is_upper_unit(value) else ""


def _is_upper_unit(text: str) -> bool:
    return UPPER_UNIT.fullmatch(normalise_name(clean_text(text))) is not None


# --- Rows of the heading, of pages and of column numbers ---


def _numbering_rows(body: pd.DataFrame, repeated: np.ndarray) -> np.ndarray:
    """Mark the rows below a heading that number its columns: A, B, 1, 2 or (1), (2), (3)=(1)+(2)."""
    rows = np.zeros(len(body), dtype=bool)
    after = np.flatnonzero(repeated) + 1
    for row in (r for r in (0, 1, *after) if r < len(body)):
        texts = [_numbering_text(v) for v in body.iloc[row] if v != ""]
        numbers = [int(m[1]) for t in texts if (m := re.fullmatch(r"[(\[]?(\d{1,2})[)\]]?(?: ?=.*)?[)\]]?", t))]
        letters = [t for t in texts if re.fullmatch(r"[(\[]?[A-Za-z][)\]]?", t)]
        in_order = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        one_kind = len(texts) >= 3 and len(numbers) + len(letters) == len(texts)
        rows[row] = one_kind and in_order and (row == 0 or repeated[row - 1] or bool(letters))
    return rows


def _numbering_text(value: Cell) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _page_rows(body: pd.DataFrame, filled: np.ndarray) -> np.ndarray:
    """Mark the rows that have only the number of a printed page, or that it continues."""
    rows = np.zeros(len(body), dtype=bool)
    for row in np.flatnonzero(filled.sum(axis=1) == 1):
        value = body.iloc[row, filled[row].argmax()]
        rows[row] = type(value) is str and marks_row(value, "page")
    return rows


def _repeated_headings(body: pd.DataFrame, filled: np.ndarray, heading_texts: Sequence[str]) -> np.ndarray:
    """Mark the rows that repeat the heading or one of its rows, as at the top of a printed page."""
    headings = {
        column: {normalise_name(t) for t in (text, *text.split(" – "))} - {""}
        for column, text in zip(body, heading_texts, strict=True)
        if text
    }
    matching = np.zeros(len(body), dtype=int)
    for column, names in headings.items():
        matching += _by_value(body[column], partial(_names_any, names=names), int)
    minimum = max(2, len(headings) // 2 + 1)
    return (matching >= minimum) | ((matching >= 2) & (matching == filled.sum(axis=1)))


def _names_any(value: Cell, names: Collection[str]) -> bool:
    return type(value) is str and normalise_name(value) in names


def _page_titles(body: pd.DataFrame, filled: np.ndarray, repeated: np.ndarray) -> np.ndarray:
    """Mark the titles above a repeated heading, at the top of a printed page."""
    rows = np.zeros(len(body), dtype=bool)
    if not repeated.any():
        return rows
    figures = _any_by_value(body, _is_figure)
    for heading in map(int, np.flatnonzero(repeated)):
        row = heading - 1
        while row >= 0 and not figures[row] and not _is_wide(filled, row) and not repeated[row]:
            if any(_names_unit(str(v)) for v in body.iloc[row] if v != ""):
                break
            rows[row] = True
            row -= 1
    return rows


def _table_end(
    body: pd.DataFrame,
    filled: np.ndarray,
    cells: pd.DataFrame,
    rows: np.ndarray,
    repeated: np.ndarray,
    day: dt.date | None,
) -> tuple[int, int | None]:
    """Return the position of the first row below the table, and of a second table below it, or None.

    Signatures end the table; so does the heading of another table, and the same heading below a line with a day.
    """
    values, figures = body.to_numpy(dtype=object), _any_by_value(body, _is_figure)
    counts = _any_by_value(body, _is_count)
    has_data = np.cumsum(rows & figures & (filled.sum(axis=1) >= 2)) > 0
    end = len(body)
    for row in map(int, np.flatnonzero(~counts & has_data)):
        if any(type(t) is str and marks_row(t, "signature") and not _names_unit(t) for t in values[row]):
            end = row
            break
    for row in map(int, np.flatnonzero(~figures & has_data & (filled.sum(axis=1) >= 2))):
        above = [str(v) for r in range(max(row - 4, 0), row) if not figures[r] for v in values[r] if v != ""]
        other = not repeated[row] and _is_heading([v for v in values[row] if v != ""])
        page = stated_date(above) in (None, day) or any(marks_row(text, "page") for text in above)
        again = repeated[row] and (row > end or not page)
        if other or again:
            first = row
            while first > 0 and not figures[first - 1] and not _is_wide(filled, first - 1):
                first -= 1
            return min(end, first), row
    below = (np.arange(len(body)) > end) & figures & (filled.sum(axis=1) >= 3)
    return end, next((row for row in map(int, np.flatnonzero(below)) if _is_unit_row(cells, row)), None)


def _is_count(value: Cell) -> bool:
    """Return whether a cell is a figure that can't be the number of a telephone."""
    return _is_figure(value) and not _PHONE.fullmatch(_numbering_text(value))


def _is_wide(filled: np.ndarray, row: int) -> bool:
    """Return whether a row without figures has more cells than a title."""
    return bool(filled[row].sum() > 2)


def _is_unit_row(cells: pd.DataFrame, row: int) -> bool:
    return any(
        type(v := cells[c].iloc[row]) is str and v != "" and (_CODE.fullmatch(v) is not None or _names_unit(v))
        for c in ("area", "_name")
        if c in cells
    )


@lru_cache(maxsize=1)
def _heading_words() -> dict[str, str]:
    tables = dict.fromkeys(schema.schema()["table"])
    return {w: key for t in tables for w, key in schema.heading_vocabulary(t).items()}


def _is_heading(values: list[Cell]) -> bool:
    """Return whether the texts of a row are the heading of a table: most are known, with that of the unit."""
    keys = [_heading_words().get(normalise_name(clean_text(v)), "") if type(v) is str else "" for v in values]
    distinct = {k for k in keys if k}
    unit = distinct & {"area", "_name", "_within", "_row"}
    return len(distinct) >= 3 and bool(unit) and 2 * sum(map(bool, keys)) > len(keys)


def _note_rows(body: pd.DataFrame, filled: pd.DataFrame, data: np.ndarray) -> np.ndarray:
    """Mark the rows of text below the table, such as notes and signatures."""
    columns = [c for c in filled if c[0] != "_"]
    full = data & (filled[columns].to_numpy().sum(axis=1) >= min(2, len(columns)))
    for row in reversed(np.flatnonzero(full)):  # notes and signatures beside each other
        values = [v for v in body.iloc[row] if v != ""]
        all_notes = all(type(v) is str and (_is_note(v) or marks_row(v, "signature")) for v in values)
        if (
            not all_notes
            and not _is_footnote(values)
            and not (_is_note(values[0]) and all(type(v) is str for v in values))
        ):
            break
        full[row] = False
    notes = np.zeros(len(body), dtype=bool)
    if not full.any():
        return notes
    end, gap = int(np.flatnonzero(full)[-1]), False
    for row in range(end + 1, len(body)):
        texts = [v for v in body.iloc[row] if v != ""]
        gap = gap or body.index[row] > body.index[row - 1] + 1
        prose = all(type(v) is str and not _PLAIN_FIGURE.fullmatch(v) for v in texts)
        note = bool(texts) and (_is_note(texts[0]) or _is_footnote(texts))
        unit = bool(texts) and type(texts[-1]) is str and _names_unit(texts[-1])
        long = any(type(t) is str and (len(t) > 40 or ":" in t) for t in texts)
        notes[row] = note or (prose and not unit and (gap or long or any(map(_is_note, texts))))
    return notes & data


def _is_footnote(values: list[Cell]) -> bool:
    """Return whether a row has only a mark and the words of a footnote: 1 | «Chưa gồm thẻ của quân đội»."""
    if (
        len(values) != 2
        or type(text := values[1]) is not str
        or not _FOOTNOTE_MARK.fullmatch(_numbering_text(values[0]))
    ):
        return False
    # The words of a name are capitals: a commune without figures is none.
    return any(word[:1].islower() for word in text.split()[1:]) and not _names_unit(text)


def _cut_row(cells: pd.DataFrame, filled: pd.DataFrame, data: np.ndarray) -> int | None:
    """Return the position of the last row of a file if it ends before the columns that all other rows have."""
    last = len(cells) - 1
    if last < 1 or not data[last] or data.sum() < 2:
        return None
    row, others = filled.to_numpy()[last], filled.to_numpy()[data][:-1].all(axis=0)
    end = int(np.flatnonzero(row).max(initial=-1))
    return last if end >= 0 and others[end + 1 :].any() else None


def _is_note(text: Cell) -> bool:
    return type(text) is str and (marks_row(text, "note") or marks_row(text, "page")) and not _names_unit(text)
