"""Where in a sheet does the table stand, which column is which, and which rows are no data?

People put titles above a table, merge cells, write headings over two lines, number the columns, add
totals and notes. What is recognised so is left out of the data, and said where a figure stood in it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.domain.schema import (
    REGISTER,
    alternative_headings,
    group_keys_by_name,
    heading_vocabulary,
    schema,
    table_columns,
)
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import has_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import clean_text, parse_day
from bhyt_analysis.ingest.workbook import Sheet, column_letter

SEARCH_ROWS = 40  # rows from the top in which a heading may stand
TOTAL = re.compile(r"(tong( cong| so)?|cong|toan (tinh|huyen|xa|thi xa|thanh pho|quan)|total|sum)( \(.*\))?[:.]?")
NOTE = re.compile(
    r"(\(?\*|ghi chu|nguon|luu y|chu thich|nguoi lap|thu truong|giam doc|note|source).*|.*ngay .* thang .* nam .*"
)
SCALED = re.compile(r"\b(nghin|ngan|trieu|1[.,]?000|thousands?|millions?)\b")
_BEGIN = frozenset(" tTcCsSvVeE")  # how what is looked for can begin
EXAMPLE = ("vi du", "example")
# A unit that has communes under it, as it heads a part of a table: «II. Huyện Lục Ngạn».
UPPER = re.compile(r"(?:(?:[ivx]{1,5}|[a-h])\s*[.)/-]\s*)?(?:huyen|thi xa|thanh pho|quan|tinh|h\.|tx\.|tp\.)\s*\S.*")
PART_NUMBER = re.compile(r"(?:[IVX]{1,5}|[A-H])[.)]?")
PERSONAL = frozenset({"_person", "_born", "_number"})  # only a list of persons has such columns
DATE = re.compile(r"(?i)\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{1,2}\s+tháng\s+\d{1,2}\s+năm\s+\d{4}")
MONTH = re.compile(r"(?i)tháng\s+\d{1,2}\s*(?:/|-|\s+năm\s+)\s*\d{4}|\d{4}-\d{2}(-\d{2})?")


# A line that names a document tells that one's day and not the day of the figures.
DOCUMENT = re.compile(
    r"quyet dinh|nghi (dinh|quyet)|ke hoach|cong van|thong tu|chi thi|\bluat\b|/(qd|nd|nq|kh|tt|ct|cv)-"
)


@dataclass(frozen=True)
class DetectedTable:
    """A table as it was found in a sheet, still as cells.

    ``cells`` has the columns of the schema that the sheet has, and in a wide table those named after
    groups; its index are the rows that the user sees. ``places`` says where each column stands, such as
    "C «Số thẻ»"; ``percent`` are the columns whose heading says per cent. ``totals`` are its rows of
    totals, ``titles`` the texts above it.
    """

    name: str
    label: str
    cells: pd.DataFrame
    places: dict[str, str]
    heading: int
    totals: pd.DataFrame
    percent: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    first_total: bool = False


def table_from_name(word: str) -> str | None:
    """The table that a file or sheet belongs to, by the beginning of its name in either language.

    Examples
    --------
    >>> table_from_name("cards_2021-07"), table_from_name("Dân số 2021"), table_from_name("Sheet1")
    ('cards', 'population', None)
    """
    folded = normalise_name(clean_text(word))
    more = alternative_headings()
    names = {
        normalise_name(translate(f"sheet.{t}", lang)): t
        for t in _tables()
        for lang in LANGUAGES
        if has_message(f"sheet.{t}")
    }
    names |= {
        normalise_name(r.heading): r.table for r in more[(more["table"] != "") & (more["column"] == "")].itertuples()
    }
    names |= {t: t for t in _tables()}
    for name in sorted(names, key=len, reverse=True):
        if re.fullmatch(rf"{re.escape(name)}([_ .,(-].*)?", folded):
            return names[name]
    return None


def _tables() -> list[str]:
    return list(dict.fromkeys(schema()["table"]))


def detect_table(sheet: Sheet, found: list[Finding], by_headings: bool = True) -> DetectedTable | None:
    """The table of a sheet; None, with a finding, for a sheet that is none.

    A sheet whose name says nothing is known by its headings; not so where ``by_headings`` is false, as for the
    CSV files of a folder: such a file may be a list for a scenario.
    """
    if _is_guide(sheet.name):
        return None
    name = table_from_name(sheet.name)
    head = _clean_head(sheet.cells)
    if name != "areas" and (register := _best(sheet, head, REGISTER)) and _is_register(register):
        return _laid(REGISTER, sheet, head, register, found)
    if name is None:
        if not (
            choices := [(t, h) for t in _tables() if by_headings and (h := _best(sheet, head, t)) and _whole(t, h)]
        ):
            hint = nearest_choice(normalise_name(sheet.name), _tables()) or ", ".join(_tables())
            found.append(Finding("unknown_file", sheet.label, expected=hint))
            return None
        name, heading = max(choices, key=lambda c: len({k for k in c[1].keys if k}))
        found.append(Finding("table_by_headings", sheet.label, value=name))
        return _laid(name, sheet, head, heading, found)
    return _laid(name, sheet, head, _best(sheet, head, name) or _first_row(head, name), found)


def _is_guide(name: str) -> bool:
    """Whether a sheet is one that the template holds beside the tables."""
    return normalise_name(name) in {
        normalise_name(translate(f"template.{s}", lang)) for s in ("guide", "lists") for lang in LANGUAGES
    }


# --- The heading ---


@dataclass(frozen=True)
class Heading:
    """The rows of a heading (their positions), and for each column its text and what it means ("" nothing known)."""

    rows: tuple[int, ...]
    texts: tuple[str, ...]
    keys: tuple[str, ...]


def _clean_head(cells: pd.DataFrame) -> np.ndarray:
    """The first rows with their texts cleaned."""
    return np.array([[clean_text(v) if type(v) is str else v for v in row] for row in cells.iloc[:SEARCH_ROWS].to_numpy()], dtype=object).reshape(-1, cells.shape[1])  # fmt: skip


def heading_meaning(heading: str, words: dict[str, str]) -> str:
    """What a heading means in a vocabulary, with or without its unit in brackets; "" where it means nothing there."""
    if re.fullmatch("[A-Z]{2}", heading.strip()):  # a card code
        return words.get(heading.strip()) or words.get(normalise_name(heading), "")
    folded = normalise_name(heading).rstrip("*:. ")
    bare = re.sub(r"\s*[(\[][^()\[\]]*[)\]]$", "", folded).rstrip("*:. ")
    return words.get(folded) or words.get(bare) or words.get(re.sub(r"\s*,?\s*%$", "", bare), "")


def _best(sheet: Sheet, head: np.ndarray, table: str) -> Heading | None:
    """The rows, one or two, that name most columns of a table; the first of equals."""
    words, best, most = heading_vocabulary(table), None, 1
    for heading in (_one(head, row, words) for row in range(len(head))):
        if (n := _columns_told(heading)) > most:
            best, most = heading, n
        if heading is best and heading.rows == (0,) and all(heading.keys):
            return best
    for double in (_two(sheet, head, row, words) for row in range(len(head) - 1)):
        if double and (n := _columns_told(double)) > most:
            best, most = double, n
    return best


def _columns_told(heading: Heading) -> int:
    """How many columns of the table a heading names; the name of a unit stands for its code."""
    return len({"area" if k == "_name" else k for k in heading.keys if k == "_name" or k[:1] not in ("", "_")})


def _one(head: np.ndarray, row: int, words: dict[str, str]) -> Heading:
    texts = tuple(v if type(v) is str else "" for v in head[row])
    return Heading((row,), texts, tuple(heading_meaning(t, words) if t else "" for t in texts))


def _two(sheet: Sheet, head: np.ndarray, row: int, words: dict[str, str]) -> Heading | None:
    """A heading over two rows: a merged upper one, and a lower one that tells its columns apart."""
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
        ways = [f"{above} {below}", below, above] if below and above != below else [above]
        told = [w for w in ways if w and heading_meaning(w, words)]
        texts.append(f"{above} – {below}" if below and above and above != below else below or above)
        keys.append(heading_meaning(told[0], words) if told else "")
    return Heading((row, row + 1), tuple(texts), tuple(keys))


def _first_row(head: np.ndarray, table: str) -> Heading:
    """Where no row looks like a heading, the first one must be it: its faults are told."""
    return _one(head, 0, heading_vocabulary(table))


def find_person_heading(sheet: Sheet) -> Heading | None:
    """The heading of a sheet with one row a person, whether it can be counted or not; None for any other sheet."""
    head, words = _clean_head(sheet.cells), heading_vocabulary(REGISTER)
    choices = (_best(sheet, head, REGISTER), *(_one(head, row, words) for row in range(len(head))))
    return next((h for h in choices if h and PERSONAL & set(h.keys)), None)


def _is_register(heading: Heading) -> bool:
    keys = set(heading.keys)
    return bool(keys & {"_person", "_born"}) and bool(keys & {"card", "group"}) and bool(keys & {"area", "_name"})


def _whole(table: str, heading: Heading) -> bool:
    """Whether a heading has what makes a table: units, and all its figures."""
    keys, told = set(heading.keys), table_columns(table)
    needed = told[(told["required"] != "") & ~told["column"].isin(["status", "source", "as_of"])]["column"]
    if "_name" in keys:
        keys.add("area")
    if len(keys & set(group_keys_by_name())) >= 2:
        keys |= {"group", *told.loc[told["type"] == "count", "column"]}
    return set(needed) <= keys and len(keys) >= 3


# --- The table under it ---


def _laid(table: str, sheet: Sheet, head: np.ndarray, heading: Heading, found: list[Finding]) -> DetectedTable:
    """The rows under a heading, with what is no data taken out."""
    last = heading.rows[-1]
    line = int(sheet.cells.index[last])
    body = sheet.cells.iloc[last + 1 :]
    titles = [[v for v in row if v != ""] for row in head[: heading.rows[0]]]
    keys = _promoted(list(heading.keys))
    places = {k: f"{column_letter(i)} «{t}»" for i, (k, t) in enumerate(zip(keys, heading.texts, strict=True), 1) if k}
    _tell_headings(table, sheet, body, heading, keys, line, found)
    taken = [i for i, k in enumerate(keys) if k and keys.index(k) == i]
    cells = _filled(body, sheet, table, keys).iloc[:, taken].set_axis([keys[i] for i in taken], axis=1)
    cells, totals, first = _rows_of_data(sheet.label, body, cells, heading, found)
    percent = frozenset(keys[i] for i in taken if "%" in heading.texts[i])
    laid = DetectedTable(
        table, sheet.label, cells, places, line, totals, percent, tuple(str(v) for row in titles for v in row), first
    )
    return _told_above(laid, sheet, titles, found)


def _promoted(keys: list[str]) -> list[str]:
    """Where no column holds the unit's code, its name will do, and where there is none, the unit that it lies in."""
    for stand_in in ("_name", "_within"):
        if "area" not in keys and stand_in in keys:
            keys[keys.index(stand_in)] = "area"
    return keys


def _tell_headings(
    table: str, sheet: Sheet, body: pd.DataFrame, heading: Heading, keys: list[str], line: int, found: list[Finding]
) -> None:
    """Headings that mean nothing here, stand twice, or change the scale; cells without a heading."""
    words, known_columns = heading_vocabulary(table), table_columns(table)["column"].tolist()
    for i, (key, text) in enumerate(zip(keys, heading.texts, strict=True), 1):
        if text and not key and table != REGISTER:
            hint = words.get(nearest_choice(normalise_name(text), words), "")
            expected = hint if hint and hint[0] != "_" else ", ".join(known_columns)
            column = f"{column_letter(i)} «{text}»"
            found.append(Finding("unknown_column", sheet.label, line, column, value=text, expected=expected))
        elif not text and (more := np.flatnonzero((body[i] != "").to_numpy())).size:
            if not sheet.plain:
                found.append(Finding("no_heading", sheet.label, line, column_letter(i)))
            else:  # one separator too many has shifted the cells of the row
                found += [
                    Finding("not_a_table", sheet.label, int(n), value=f"{n}: {i} > {i - 1}") for n in body.index[more]
                ]
        if key and SCALED.search(" ".join(re.findall(r"[(\[].*?[)\]]", normalise_name(text)))):
            found.append(Finding("scaled", sheet.label, line, f"{column_letter(i)} «{text}»", value=text))
    double = {k for k in keys if k and k[0] != "_" and keys.count(k) > 1}
    found += [Finding("double_column", sheet.label, line, k) for k in sorted(double)]


def figure_columns(table: str) -> set[str]:
    """The columns of a table that hold figures, and the groups that can head one."""
    told = table_columns(table)
    return set(told.loc[told["type"].isin(["count", "change", "share", "number"]), "column"]) | {
        *group_keys_by_name().values(),
        "_total",
    }


def _filled(body: pd.DataFrame, sheet: Sheet, table: str, keys: list[str]) -> pd.DataFrame:
    """Cells that are merged downwards say the same for all their rows, but for figures: those are counted once."""
    figures = figure_columns(table)
    tall = [r for r in sheet.merged if r[2] > r[0] and r[0] in body.index and r[1] <= len(keys)]
    tall = [r for r in tall if keys[r[1] - 1] and keys[r[1] - 1] not in figures]
    if not tall:
        return body
    body = body.copy()
    for first, left, last, _ in tall:
        body.loc[first:last, left] = [body.at[first, left]] * len(body.loc[first:last])
    return body


def _rows_of_data(
    label: str, body: pd.DataFrame, cells: pd.DataFrame, heading: Heading, found: list[Finding]
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """The rows of data and those of totals; whether the totals stand before what they add up."""
    left = ~_numbering(body) & ~_repeated(body, heading)
    named = [c for c in cells if c not in ("source", "note", "status") and c not in group_keys_by_name().values()]
    total, example = (_any_cell(cells[named], hit) for hit in (_is_total, _is_example))
    if example.any():
        found.append(Finding("example_row", label, int(cells.index[example][0])))
    filled = pd.DataFrame(cells.to_numpy() != "", columns=cells.columns)
    notes = _notes(body, filled, left & ~example & ~total)
    if notes.any():
        rows = ", ".join(map(str, body.index[notes][:5])) + (", …" if notes.sum() > 5 else "")
        found.append(Finding("note_rows", label, int(body.index[notes][0]), value=rows))
    data = left & ~total & ~example & ~notes & filled.to_numpy().any(axis=1)
    heads, within = _parts(body, cells, filled, left & ~total & ~example & ~notes)
    if heads.any():
        rows = ", ".join(map(str, body.index[heads][:5])) + (", …" if heads.sum() > 5 else "")
        found.append(Finding("part_heads", label, int(body.index[heads][0]), value=rows))
    if "_within" not in cells and any(within):
        cells = cells.assign(_within=within)
    data &= ~heads
    first = bool(total.any() and data.any() and total.argmax() < data.argmax())
    return cells[data], cells[left & total & ~example], first


def _parts(
    body: pd.DataFrame, cells: pd.DataFrame, filled: pd.DataFrame, left: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """The rows that do nothing but head a part of the table, and for each row the unit whose part it stands in.

    A row of a district's own figures heads its communes, too, in a table that begins with such a row; in others
    it may as well be their sum.
    """
    upper = np.full(len(cells), "", dtype=object)
    for column in (c for c in ("_name", "area") if c in cells):
        codes, texts = pd.factorize(cells[column])
        hits = [
            t if type(t) is str and not t[:1].isdigit() and UPPER.fullmatch(normalise_name(clean_text(t))) else ""
            for t in texts
        ]
        upper = np.where(upper == "", np.array([*hits, ""], dtype=object)[codes], upper)
    heads, within = np.zeros(len(cells), dtype=bool), [""] * len(cells)
    rows = np.flatnonzero(left)
    for place in np.flatnonzero(filled.to_numpy()[rows[:-1]].sum(axis=1) <= 2):
        row, following = rows[place], rows[place + 1]
        told = [v for v in body.iloc[row] if v != ""]
        number, text = (["", *told] if len(told) == 1 else told) if 1 <= len(told) <= 2 else ("", None)
        if type(text) is not str:
            continue
        if UPPER.fullmatch(normalise_name(clean_text(text))):
            heads[row], upper[row] = not upper[following], text
        else:
            heads[row] = bool(PART_NUMBER.fullmatch(str(number).strip()))
    begins, part = len(rows) > 0 and bool(heads[rows[0]] or upper[rows[0]]), ""
    for row in rows if heads.any() or begins else ():
        if heads[row] or (begins and upper[row]):
            part = upper[row]
        else:
            within[row] = part
    return heads, within


def _any_cell(cells: pd.DataFrame, hit: Any) -> np.ndarray:
    """The rows in which a text hits; each text is looked at once."""
    rows = np.zeros(len(cells), dtype=bool)
    for column in cells:
        codes, texts = pd.factorize(cells[column])
        rows |= np.array(
            [
                type(t) is str and t[:1] in _BEGIN and not t[-1].isdigit() and hit(normalise_name(clean_text(t)))
                for t in texts
            ]
            or [False]
        )[codes]
    return rows


def _is_total(text: str) -> bool:
    return TOTAL.fullmatch(text) is not None


def _is_example(text: str) -> bool:
    return text in EXAMPLE


def _numbering(body: pd.DataFrame) -> np.ndarray:
    """The row right under a heading that numbers its columns: A, B, 1, 2 or (1), (2), (3)=(1)+(2)."""
    rows = np.zeros(len(body), dtype=bool)
    told = [v for v in body.iloc[0] if v != ""] if len(body) else []
    texts = [f"{v:.0f}" if isinstance(v, float) and v.is_integer() else str(v).strip() for v in told]
    numbers = [m[1] for t in texts if (m := re.fullmatch(r"\(?(\d{1,2})\)?(\s*=.*)?", t))]
    letters = [t for t in texts if re.fullmatch(r"\(?[A-Z]\)?", t)]
    if (
        len(texts) >= 3
        and len(numbers) + len(letters) == len(texts)
        and numbers == [str(n) for n in range(1, len(numbers) + 1)]
    ):
        rows[0] = True
    return rows


def _repeated(body: pd.DataFrame, heading: Heading) -> np.ndarray:
    """Rows that repeat the heading, as at the top of a printed page."""
    told = [(column, text) for column, text in zip(body, heading.texts, strict=True) if text]
    needed = max(2, len(told) // 2 + 1)
    same = np.zeros(len(body), dtype=bool)
    if len(told) < needed:
        return same
    # One of the first columns at least must say the same, so that few rows are looked at whole.
    rows = np.flatnonzero(np.any([body[c].to_numpy() == t for c, t in told[: len(told) - needed + 1]], axis=0))
    same[rows] = np.sum([body[c].to_numpy()[rows] == t for c, t in told], axis=0) >= needed
    return same


def _notes(body: pd.DataFrame, filled: pd.DataFrame, left: np.ndarray) -> np.ndarray:
    """Rows of text under the table, such as notes and signatures."""
    told = [c for c in filled if c[0] != "_"]
    full = left & (filled[told].to_numpy().sum(axis=1) >= min(2, len(told)))
    notes = np.zeros(len(body), dtype=bool)
    if not full.any():
        return notes
    end, gap = int(np.flatnonzero(full)[-1]), False
    for row in range(end + 1, len(body)):
        texts = [v for v in body.iloc[row] if v != ""]
        gap = gap or body.index[row] > body.index[row - 1] + 1
        prose = all(type(v) is str and not re.fullmatch(r"[\d.,% ]+", v) for v in texts)
        notes[row] = prose and (gap or any(len(t) > 40 or ":" in t or NOTE.fullmatch(normalise_name(t)) for t in texts))
    return notes & left


# --- What the lines above the table tell of all its rows ---


def _told_above(laid: DetectedTable, sheet: Sheet, titles: list[list[Any]], found: list[Finding]) -> DetectedTable:
    """The table with the columns that a line above it fills, such as «Nguồn: BHXH huyện»."""
    words, more = heading_vocabulary(laid.name), dict[str, Any]()
    for row in titles:
        for i, cell in enumerate(row):
            label, _, value = cell.partition(":") if type(cell) is str else ("", "", "")
            told = value.strip() or (row[i + 1] if i + 1 < len(row) else "")
            key = heading_meaning(label, words) if label else ""
            if key and told != "" and (value.strip() or not heading_meaning(str(told), words)):
                more.setdefault(key, told)
            if (
                type(cell) is str
                and re.search(r"don vi tinh|dvt|\bunit\b", normalise_name(cell))
                and SCALED.search(normalise_name(cell))
            ):
                found.append(Finding("scaled", laid.label, 1, Term("expect.title"), value=cell))
    needed = table_columns(laid.name).query("required != ''")["column"].tolist() if laid.name != REGISTER else ["as_of"]
    if "as_of" in needed and "as_of" not in {*laid.cells, *more} and (on := stated_date([*laid.titles, sheet.name])):
        more["as_of"] = on
        found.append(Finding("date_above", laid.label, details={"day": on}))
    if "source" in needed and "source" not in {*laid.cells, *more}:
        more["source"] = laid.label
        found.append(Finding("source_is_file", laid.label))
    more = {k: v for k, v in more.items() if k not in laid.cells and k not in group_keys_by_name().values()}
    return replace(laid, cells=laid.cells.assign(**more), places={**{k: k for k in more}, **laid.places})


def stated_date(texts: Sequence[str]) -> dt.date | None:
    """The one day that some texts name, or the last day of the one month; None where they name none, or several.

    Examples
    --------
    >>> str(stated_date(["Số thẻ BHYT tính đến ngày 31/12/2021"])), stated_date(["Từ 01/01/2021 đến 31/12/2021"])
    ('2021-12-31', None)
    >>> str(stated_date(["Tháng 7 năm 2021", "(kèm theo Kế hoạch 12/KH-UBND ngày 04/8/2021)"]))
    '2021-07-31'
    """
    of_data = [t for t in texts if not DOCUMENT.search(normalise_name(str(t)))]
    for pattern in (DATE, MONTH):
        days = set()
        for text in of_data:
            for match in pattern.finditer(clean_text(str(text))):
                try:
                    days.add(parse_day(match[0], "last"))
                except ValueError:
                    return None
        if days:
            return days.pop() if len(days) == 1 else None
    return None
