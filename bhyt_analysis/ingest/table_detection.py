"""Find the table in a sheet: its heading, the meaning of its columns, and the rows that are data.

People put titles above a table, merge cells, write headings over two rows, number the columns, add
totals and notes. Such rows are left out of the data, with a finding if they can hold a figure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import has_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.cell_types import NUMERIC_TYPES
from bhyt_analysis.ingest.vietnamese_text import clean_text, parse_day
from bhyt_analysis.ingest.workbook import Cell, Sheet, column_letter

SEARCH_ROWS = 40  # rows from the top in which the heading is looked for
TOTAL = re.compile(r"(tong( cong| so)?|cong|toan (tinh|huyen|xa|thi xa|thanh pho|quan)|total|sum)( \(.*\))?[:.]?")
EXAMPLE = re.compile("vi du|example")
NOTE = re.compile(
    r"(\(?\*|ghi chu|nguon|luu y|chu thich|nguoi lap|thu truong|giam doc|note|source).*|.*ngay .* thang .* nam .*"
)
SCALED = re.compile(r"\b(nghin|ngan|trieu|1[.,]?000|thousands?|millions?)\b")
_FIRST_LETTERS = frozenset(" tTcCsSvVeE")  # of TOTAL and EXAMPLE
# A unit that has communes, at the head of a section of a table: «II. Huyện Lục Ngạn».
UPPER_UNIT = re.compile(
    r"(?:(?:[ivx]{1,5}|[a-h])\s*[.)/-]\s*)?(?:huyen|thi xa|thanh pho|quan|tinh|h\.|tx\.|tp\.)\s*\S.*"
)
SECTION_NUMBER = re.compile(r"(?:[IVX]{1,5}|[A-H])[.)]?")
PERSONAL = frozenset({"_person", "_born", "_number"})  # only a list of persons has such columns
DATE = re.compile(r"(?i)\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{1,2}\s+tháng\s+\d{1,2}\s+năm\s+\d{4}")
MONTH = re.compile(r"(?i)tháng\s+\d{1,2}\s*(?:/|-|\s+năm\s+)\s*\d{4}|\d{4}-\d{2}(-\d{2})?")
# A line with the date of a document, which is not the day of the figures.
DOCUMENT = re.compile(
    r"quyet dinh|nghi (dinh|quyet)|ke hoach|cong van|thong tu|chi thi|\bluat\b|/(qd|nd|nq|kh|tt|ct|cv)-"
)


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
class DetectedTable:
    """A table of a sheet, still as cells.

    ``cells`` has columns of the schema, in a wide table also groups; its index are the rows that the user sees.
    ``headings`` are by column, ``heading_row`` is their row; ``percent`` are the columns whose heading says per cent.
    ``totals`` precede the rows that they sum if ``totals_first``; ``titles`` are the texts above the table.
    """

    name: str
    label: str
    cells: pd.DataFrame
    headings: dict[str, ColumnHeading]
    heading_row: int
    totals: pd.DataFrame
    percent: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    totals_first: bool = False


def table_from_name(name: str) -> str | None:
    """Return the table of a file or sheet, by the beginning of its name in either language.

    Examples
    --------
    >>> table_from_name("cards_2021-07"), table_from_name("Dân số 2021"), table_from_name("Sheet1")
    ('cards', 'population', None)
    """
    folded, more = normalise_name(clean_text(name)), schema.alternative_headings()
    titles = [(f"sheet.{t}", t) for t in _tables() if has_message(f"sheet.{t}")]
    tables = {normalise_name(translate(key, lang)): t for key, t in titles for lang in LANGUAGES}
    others = more[(more["table"] != "") & (more["column"] == "")]
    tables |= {normalise_name(r.heading): r.table for r in others.itertuples()} | {t: t for t in _tables()}
    for title in sorted(tables, key=len, reverse=True):
        if re.fullmatch(rf"{re.escape(title)}([_ .,(-].*)?", folded):
            return tables[title]
    return None


def _tables() -> list[str]:
    return list(dict.fromkeys(schema.schema()["table"]))


def detect_table(sheet: Sheet, findings: list[Finding], by_headings: bool = True) -> DetectedTable | None:
    """Return the table of a sheet; None, with a finding, for a sheet without one.

    A sheet whose name is no table's is recognised by its headings, unless ``by_headings`` is false, as for the
    CSV files of a folder: such a file may be a list for a scenario.
    """
    guide = (translate(f"template.{s}", lang) for s in ("guide", "lists") for lang in LANGUAGES)
    if normalise_name(sheet.name) in map(normalise_name, guide):  # of the template
        return None
    name = table_from_name(sheet.name)
    head = _clean_head(sheet.cells)
    if name != "areas" and (heading := _best_heading(sheet, head, schema.REGISTER)) and _is_register(heading):
        return _read_table(schema.REGISTER, sheet, head, heading, findings)
    if name is not None:  # without a recognised heading the first row is taken for it, and its errors are reported
        heading = _best_heading(sheet, head, name) or _one_row_heading(head, 0, schema.heading_vocabulary(name))
        return _read_table(name, sheet, head, heading, findings)
    candidates = [(t, h) for t in _tables() if by_headings and (h := _best_heading(sheet, head, t))]
    candidates = [(t, h) for t, h in candidates if _is_complete(t, h)]
    if not candidates:
        hint = nearest_choice(normalise_name(sheet.name), _tables()) or ", ".join(_tables())
        findings.append(Finding("unknown_file", sheet.label, expected=hint))
        return None
    name, heading = max(candidates, key=lambda c: len({k for k in c[1].keys if k}))
    findings.append(Finding("table_by_headings", sheet.label, value=name))
    return _read_table(name, sheet, head, heading, findings)


# --- The heading ---


@dataclass(frozen=True)
class Heading:
    """The rows of a heading (positions), and for each column its text and its meaning ("" if unknown)."""

    rows: tuple[int, ...]
    texts: tuple[str, ...]
    keys: tuple[str, ...]


def _clean_head(cells: pd.DataFrame) -> np.ndarray:
    """Return the first rows with their texts cleaned."""
    rows = [[clean_text(v) if type(v) is str else v for v in row] for row in cells.iloc[:SEARCH_ROWS].to_numpy()]
    return np.array(rows, dtype=object).reshape(-1, cells.shape[1])


def heading_meaning(heading: str, words: dict[str, str]) -> str:
    """Return the meaning of a heading in a vocabulary, with or without its unit in brackets; "" if it has none."""
    if re.fullmatch("[A-Z]{2}", heading.strip()):  # a card code
        return words.get(heading.strip()) or words.get(normalise_name(heading), "")
    folded = normalise_name(heading).rstrip("*:. ")
    bare = re.sub(r"\s*[(\[][^()\[\]]*[)\]]$", "", folded).rstrip("*:. ")
    return words.get(folded) or words.get(bare) or words.get(re.sub(r"\s*,?\s*%$", "", bare), "")


def _best_heading(sheet: Sheet, head: np.ndarray, table: str) -> Heading | None:
    """Return the row, or two rows, that name most columns of a table; the first of equals."""
    words, best, most = schema.heading_vocabulary(table), None, 1
    for heading in (_one_row_heading(head, row, words) for row in range(len(head))):
        if (n := _columns_named(heading)) > most:
            best, most = heading, n
        if heading is best and heading.rows == (0,) and all(heading.keys):
            return best
    for double in (_two_row_heading(sheet, head, row, words) for row in range(len(head) - 1)):
        if double and (n := _columns_named(double)) > most:
            best, most = double, n
    return best


def _columns_named(heading: Heading) -> int:
    """Return how many columns of the table a heading names; the name of a unit counts as its code."""
    return len({"area" if k == "_name" else k for k in heading.keys if k == "_name" or k[:1] not in ("", "_")})


def _one_row_heading(head: np.ndarray, row: int, words: dict[str, str]) -> Heading:
    texts = tuple(v if type(v) is str else "" for v in head[row])
    return Heading((row,), texts, tuple(heading_meaning(t, words) if t else "" for t in texts))


def _two_row_heading(sheet: Sheet, head: np.ndarray, row: int, words: dict[str, str]) -> Heading | None:
    """Return a heading over two rows: merged cells above, and below them the headings of their columns."""
    if not all(type(v) is str for v in head[row + 1]) or not (head[row + 1] != "").any():
        return None
    if not any(heading_meaning(v, words) for v in head[row + 1] if v):
        return None
    lines = sheet.cells.index[[row, row + 1]]
    upper, lower = ([v if type(v) is str else "" for v in head[r]] for r in (row, row + 1))
    for first, left, last, right in sheet.merged:
        if first <= lines[0] <= last and (value := head[row][left - 1] if left <= head.shape[1] else ""):
            upper[left - 1 : right] = [value] * (min(right, head.shape[1]) - left + 1)
    texts, keys = [], []
    for above, below in zip(upper, lower, strict=True):
        readings = [f"{above} {below}", below, above] if below and above != below else [above]
        texts.append(f"{above} – {below}" if below and above and above != below else below or above)
        keys.append(next((key for text in readings if text and (key := heading_meaning(text, words))), ""))
    return Heading((row, row + 1), tuple(texts), tuple(keys))


def find_person_heading(sheet: Sheet) -> Heading | None:
    """Return the heading of a list of persons, whether it can be counted or not; None for any other sheet."""
    head, words = _clean_head(sheet.cells), schema.heading_vocabulary(schema.REGISTER)
    rows = (_one_row_heading(head, row, words) for row in range(len(head)))
    candidates = (_best_heading(sheet, head, schema.REGISTER), *rows)
    return next((h for h in candidates if h and PERSONAL & set(h.keys)), None)


def _is_register(heading: Heading) -> bool:
    keys = set(heading.keys)
    return bool(keys & {"_person", "_born"}) and bool(keys & {"card", "group"}) and bool(keys & {"area", "_name"})


def _is_complete(table: str, heading: Heading) -> bool:
    """Return whether a heading has the columns that define a table: the unit and all required figures."""
    keys, columns = set(heading.keys), schema.table_columns(table)
    required = columns[(columns["required"] != "") & ~columns["column"].isin(["status", "source", "as_of"])]["column"]
    if "_name" in keys:
        keys.add("area")
    if len(keys & set(schema.group_keys_by_name())) >= 2:
        keys |= {"group", *columns.loc[columns["type"] == "count", "column"]}
    return set(required) <= keys and len(keys) >= 3


# --- The table below it ---


def _read_table(name: str, sheet: Sheet, head: np.ndarray, heading: Heading, findings: list[Finding]) -> DetectedTable:
    """Return the rows below a heading, without those that are no data."""
    heading_row = int(sheet.cells.index[heading.rows[-1]])
    body = sheet.cells.iloc[heading.rows[-1] + 1 :]
    titles = [[v for v in row if v != ""] for row in head[: heading.rows[0]]]
    keys = _promote_unit_column(list(heading.keys))
    headings = {k: ColumnHeading(t, i) for i, (k, t) in enumerate(zip(keys, heading.texts, strict=True), 1) if k}
    _check_headings(name, sheet, body, heading, keys, findings)
    positions = [i for i, k in enumerate(keys) if k and keys.index(k) == i]
    cells = _fill_merged(body, sheet, name, keys).iloc[:, positions].set_axis([keys[i] for i in positions], axis=1)
    data, totals, totals_first = _split_rows(sheet.label, body, cells, heading, findings)
    percent = frozenset(keys[i] for i in positions if "%" in heading.texts[i])
    texts = tuple(str(v) for row in titles for v in row)
    table = DetectedTable(name, sheet.label, data, headings, heading_row, totals, percent, texts, totals_first)
    return _add_title_columns(table, sheet, titles, findings)


def _promote_unit_column(keys: list[str]) -> list[str]:
    """Use the column of names, else that of upper units, as the unit if no column has its code."""
    for substitute in ("_name", "_within", "_province"):
        if "area" not in keys and substitute in keys:
            keys[keys.index(substitute)] = "area"
    return keys


def _check_headings(
    table: str, sheet: Sheet, body: pd.DataFrame, heading: Heading, keys: list[str], findings: list[Finding]
) -> None:
    """Report headings that are unknown, occur twice or change the scale, and cells without a heading."""
    row = int(sheet.cells.index[heading.rows[-1]])
    words, columns = schema.heading_vocabulary(table), schema.table_columns(table)["column"].tolist()
    for i, (key, text) in enumerate(zip(keys, heading.texts, strict=True), 1):
        if text and not key and table != schema.REGISTER:
            hint = words.get(nearest_choice(normalise_name(text), words), "")
            expected = hint if hint and hint[0] != "_" else ", ".join(columns)
            column = str(ColumnHeading(text, i))
            findings.append(Finding("unknown_column", sheet.label, row, column, value=text, expected=expected))
        elif not text and (filled := np.flatnonzero((body[i] != "").to_numpy())).size:
            if not sheet.plain:
                findings.append(Finding("no_heading", sheet.label, row, column_letter(i)))
            else:  # one separator too many has shifted the cells of the row
                shifted = map(int, body.index[filled])
                findings += [Finding("not_a_table", sheet.label, n, value=f"{n}: {i} > {i - 1}") for n in shifted]
        if key and SCALED.search(" ".join(re.findall(r"[(\[].*?[)\]]", normalise_name(text)))):
            findings.append(Finding("scaled", sheet.label, row, str(ColumnHeading(text, i)), value=text))
    double = {k for k in keys if k and k[0] != "_" and keys.count(k) > 1}
    findings += [Finding("double_column", sheet.label, row, k) for k in sorted(double)]


def _fill_merged(body: pd.DataFrame, sheet: Sheet, table: str, keys: list[str]) -> pd.DataFrame:
    """Repeat cells merged over several rows in each row, but not figures, which count once."""
    columns = schema.table_columns(table)
    numeric = columns.loc[columns["type"].isin(NUMERIC_TYPES), "column"]
    figures = {*numeric, *schema.group_keys_by_name().values(), "_total"}
    ranges = [r for r in sheet.merged if r[2] > r[0] and r[0] in body.index and r[1] <= len(keys)]
    ranges = [r for r in ranges if keys[r[1] - 1] and keys[r[1] - 1] not in figures]
    if not ranges:
        return body
    body = body.copy()
    for first, left, last, _ in ranges:
        body.loc[first:last, left] = [body.at[first, left]] * len(body.loc[first:last])
    return body


# --- Rows that are no data ---


def _split_rows(
    label: str, body: pd.DataFrame, cells: pd.DataFrame, heading: Heading, findings: list[Finding]
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Return the rows of data, the rows of totals, and whether the totals precede the rows that they sum."""
    rows = ~_numbering_row(body) & ~_repeated_headings(body, heading)
    texts = cells[[c for c in cells if c not in ("source", "note", "status", *schema.group_keys_by_name().values())]]
    total, example = _matching_rows(texts, TOTAL), _matching_rows(texts, EXAMPLE)
    filled = pd.DataFrame(cells.to_numpy() != "", columns=cells.columns)
    totals, data = rows & total & ~example, rows & ~total & ~example
    if example.any() and (data & filled.to_numpy().any(axis=1)).any():  # not for an empty sheet of the template
        findings.append(Finding("example_row", label, int(cells.index[example][0])))
    notes = _note_rows(body, filled, data)
    data &= ~notes
    heads, within = _sections(body, cells, filled, data)
    for rule, skipped in (("note_rows", notes), ("part_heads", heads)):
        if skipped.any():
            lines = ", ".join(map(str, body.index[skipped][:5])) + (", …" if skipped.sum() > 5 else "")
            findings.append(Finding(rule, label, int(body.index[skipped][0]), value=lines))
    if "_within" not in cells and any(within):
        cells = cells.assign(_within=within)
    data &= filled.to_numpy().any(axis=1) & ~heads
    totals_first = bool(total.any() and data.any() and total.argmax() < data.argmax())
    return cells[data], cells[totals], totals_first


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
        elif len(values) == 2:
            heads[row] = bool(SECTION_NUMBER.fullmatch(str(values[0]).strip()))
    begins, unit = len(rows) > 0 and bool(heads[rows[0]] or upper[rows[0]]), ""
    for row in rows if heads.any() or begins else ():
        if heads[row] or (begins and upper[row]):
            unit = upper[row]
        else:
            within[row] = unit
    return heads, within


def _upper_units(cells: pd.DataFrame) -> np.ndarray:
    """Return for each row the name of a unit that has communes, or ""."""
    upper = np.full(len(cells), "", dtype=object)
    for column in (c for c in ("_name", "area") if c in cells):
        codes, texts = pd.factorize(cells[column])
        names = [t if type(t) is str and not t[:1].isdigit() and _is_upper_unit(t) else "" for t in texts]
        upper = np.where(upper == "", np.array([*names, ""], dtype=object)[codes], upper)
    return upper


def _is_upper_unit(text: str) -> bool:
    return UPPER_UNIT.fullmatch(normalise_name(clean_text(text))) is not None


def _matching_rows(cells: pd.DataFrame, pattern: re.Pattern[str]) -> np.ndarray:
    """Return the rows in which a text matches; each distinct text is matched once."""

    def matches(text: Cell) -> bool:
        if type(text) is not str or text[:1] not in _FIRST_LETTERS or text[-1].isdigit():
            return False
        return pattern.fullmatch(normalise_name(clean_text(text))) is not None

    rows = np.zeros(len(cells), dtype=bool)
    for column in cells:
        codes, texts = pd.factorize(cells[column])
        rows |= np.array([matches(t) for t in texts] or [False])[codes]
    return rows


def _numbering_row(body: pd.DataFrame) -> np.ndarray:
    """Mark the row below a heading that numbers its columns: A, B, 1, 2 or (1), (2), (3)=(1)+(2)."""
    rows = np.zeros(len(body), dtype=bool)
    values = [v for v in body.iloc[0] if v != ""] if len(body) else []
    texts = [f"{v:.0f}" if isinstance(v, float) and v.is_integer() else str(v).strip() for v in values]
    numbers = [m[1] for t in texts if (m := re.fullmatch(r"\(?(\d{1,2})\)?(\s*=.*)?", t))]
    letters = [t for t in texts if re.fullmatch(r"\(?[A-Z]\)?", t)]
    in_order = numbers == [str(n) for n in range(1, len(numbers) + 1)]
    rows[:1] = len(texts) >= 3 and len(numbers) + len(letters) == len(texts) and in_order
    return rows


def _repeated_headings(body: pd.DataFrame, heading: Heading) -> np.ndarray:
    """Mark the rows that repeat the heading, as at the top of a printed page."""
    columns = [(column, text) for column, text in zip(body, heading.texts, strict=True) if text]
    minimum = max(2, len(columns) // 2 + 1)
    same = np.zeros(len(body), dtype=bool)
    if len(columns) < minimum:
        return same
    # At least one of the first columns must agree, so that few rows are compared in all columns.
    first = columns[: len(columns) - minimum + 1]
    rows = np.flatnonzero(np.any([body[c].to_numpy() == t for c, t in first], axis=0))
    same[rows] = np.sum([body[c].to_numpy()[rows] == t for c, t in columns], axis=0) >= minimum
    return same


def _note_rows(body: pd.DataFrame, filled: pd.DataFrame, data: np.ndarray) -> np.ndarray:
    """Mark the rows of text below the table, such as notes and signatures."""
    columns = [c for c in filled if c[0] != "_"]
    full = data & (filled[columns].to_numpy().sum(axis=1) >= min(2, len(columns)))
    for row in reversed(np.flatnonzero(full)):  # signatures beside each other
        if not all(type(v) is str and NOTE.fullmatch(normalise_name(v)) for v in body.iloc[row] if v != ""):
            break
        full[row] = False
    notes = np.zeros(len(body), dtype=bool)
    if not full.any():
        return notes
    end, gap = int(np.flatnonzero(full)[-1]), False
    for row in range(end + 1, len(body)):
        texts = [v for v in body.iloc[row] if v != ""]
        gap = gap or body.index[row] > body.index[row - 1] + 1
        prose = all(type(v) is str and not re.fullmatch(r"[\d.,% ]+", v) for v in texts)
        notes[row] = prose and (gap or any(len(t) > 40 or ":" in t or NOTE.fullmatch(normalise_name(t)) for t in texts))
    return notes & data


# --- Columns from the lines above the table ---


def _add_title_columns(
    table: DetectedTable, sheet: Sheet, titles: list[list[Cell]], findings: list[Finding]
) -> DetectedTable:
    """Return the table with the columns that a line above it fills, such as «Nguồn: BHXH huyện»."""
    for cell in (v for row in titles for v in row if type(v) is str):
        text = normalise_name(cell)
        if re.search(r"don vi tinh|dvt|\bunit\b", text) and SCALED.search(text):
            findings.append(Finding("scaled", table.label, 1, Term("expect.title"), value=cell))
    values = _labelled_values(titles, schema.heading_vocabulary(table.name))
    register, columns = table.name == schema.REGISTER, schema.table_columns(table.name)
    required = ["as_of"] if register else columns[columns["required"] != ""]["column"].tolist()
    missing = [c for c in required if c not in {*table.cells, *values}]
    if "as_of" in missing and (day := stated_date([*table.titles, sheet.name])):
        values["as_of"] = day
        findings.append(Finding("date_above", table.label, details={"day": day}))
    if "source" in missing:
        values["source"] = table.label
        findings.append(Finding("source_is_file", table.label))
    groups = schema.group_keys_by_name().values()
    values = {k: v for k, v in values.items() if k not in table.cells and k not in groups}
    headings = {**{k: ColumnHeading(k) for k in values}, **table.headings}
    return replace(table, cells=table.cells.assign(**values), headings=headings)


def _labelled_values(titles: list[list[Cell]], words: dict[str, str]) -> dict[str, Cell]:
    """Return the values of labels in a vocabulary: «label: value» in one cell, or in two cells of a row."""
    values: dict[str, Cell] = {}
    for row in titles:
        for label, following in zip(row, [*row[1:], ""], strict=False):
            name, _, inside = label.partition(":") if type(label) is str else ("", "", "")
            value = inside.strip() or following
            key = heading_meaning(name, words) if name else ""
            if key and value != "" and (inside.strip() or not heading_meaning(str(value), words)):
                values.setdefault(key, value)
    return values


def stated_date(texts: Sequence[str]) -> dt.date | None:
    """Return the only day that some texts name, or the last day of the only month; else None.

    Examples
    --------
    >>> str(stated_date(["Số thẻ BHYT tính đến ngày 31/12/2021"])), stated_date(["Từ 01/01/2021 đến 31/12/2021"])
    ('2021-12-31', None)
    >>> str(stated_date(["Tháng 7 năm 2021", "(kèm theo Kế hoạch 12/KH-UBND ngày 04/8/2021)"]))
    '2021-07-31'
    """
    lines = [t for t in texts if not DOCUMENT.search(normalise_name(str(t)))]
    for pattern in (DATE, MONTH):
        try:
            days = {parse_day(m[0], "last") for text in lines for m in pattern.finditer(clean_text(str(text)))}
        except ValueError:
            return None
        if days:
            return days.pop() if len(days) == 1 else None
    return None
