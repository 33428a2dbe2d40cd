"""Tell the rows of a table that are data from totals, examples, notes, section heads and repeated headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell

TOTAL = re.compile(r"(tong( cong| so)?|cong|toan (tinh|huyen|xa|thi xa|thanh pho|quan)|total|sum)( \(.*\))?[:.]?")
EXAMPLE = re.compile("vi du|example")
NOTE = re.compile(
    r"(\(?\*|ghi chu|nguon|luu y|chu thich|nguoi lap|thu truong|giam doc|note|source).*|.*ngay .* thang .* nam .*"
)
_FIRST_LETTERS = frozenset(" tTcCsSvVeE")  # of TOTAL and EXAMPLE
# A unit that has communes, at the head of a section of a table: «II. Huyện Lục Ngạn».
UPPER_UNIT = re.compile(
    r"(?:(?:[ivx]{1,5}|[a-h])\s*[.)/-]\s*)?(?:huyen|thi xa|thanh pho|quan|tinh|h\.|tx\.|tp\.)\s*\S.*"
)
SECTION_NUMBER = re.compile(r"(?:[IVX]{1,5}|[A-H])[.)]?")


def split_rows(
    label: str, body: pd.DataFrame, cells: pd.DataFrame, heading_texts: Sequence[str], findings: list[Finding]
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Return the rows of data, the rows of totals, and whether the totals precede the rows that they sum."""
    rows = ~_numbering_row(body) & ~_repeated_headings(body, heading_texts)
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


def _repeated_headings(body: pd.DataFrame, heading_texts: Sequence[str]) -> np.ndarray:
    """Mark the rows that repeat the heading, as at the top of a printed page."""
    columns = [(column, text) for column, text in zip(body, heading_texts, strict=True) if text]
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
