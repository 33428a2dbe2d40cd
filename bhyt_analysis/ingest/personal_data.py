"""Recognise personal data in cells: names of people, numbers of cards, of identity papers and of phones.

Names of communes such as «Lê Lợi» are written like those of people, so the names of the country's units are no names
of people, with or without the word for the kind of unit.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.bundled import bundled_path, packaged_table
from bhyt_analysis.domain.findings import Finding, Listing, Part, Term
from bhyt_analysis.i18n.unit_names import accented_key, expand_abbreviations, normalise_name, strip_unit_word
from bhyt_analysis.ingest.headings import SEARCH_ROWS, ColumnMeaning, Heading, best_heading, clean_head, one_row_heading
from bhyt_analysis.ingest.title_lines import stated_date
from bhyt_analysis.ingest.workbook import Cell, Sheet

WORDS = ("phạm vi", "trần nhà", "lại sau", "đỗ xe", "vàng mã", "dương lịch", "lưu ý", "lưu trữ", "vũ khí")
PLACE_WORDS = re.compile(
    r"(?:xã|phường|thị trấn|huyện|quận|thị xã|thành phố|tỉnh|thôn|bản|ấp|tổ|khu|phố|đường|trường|viện|xóm|làng|buôn|"
    r"[xphqt]\.|t[ptx]\.)\s*$",
    re.IGNORECASE,
)
_CAPITAL = "A-ZÀ-ÖØ-ÝĂĐĨŨƠƯẠ-Ỹ"  # every second letter of the last range is small, see `_is_capitalised`
_RUN = re.compile(rf"\b[{_CAPITAL}][^\W\d_]*(?:['’][^\W\d_]+)?(?: [{_CAPITAL}][^\W\d_]*(?:['’][^\W\d_]+)?)+")
CARD_NUMBER = re.compile(r"(?:[A-Z]{2}\d{9,13}|\d{2,4}[A-Z]{2}\d{7,11})", re.IGNORECASE)
IDENTITY_NUMBER = re.compile(r"\+?\d{9,15}")
FIGURE = re.compile(r"[1-9]\d{0,2}(?:([.,  ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")  # digits in groups of three
_CARD_IN_TEXT = re.compile(r"(?<!\w)([A-Za-z]{2})[ .-]?\d(?:[ .-]?\d){8,12}(?!\w)")
_DIGITS_IN_TEXT = re.compile(r"(?<![\w.,])\+?\d(?:[ .\-\u00a0]?\d){8,14}(?![\w])")
_DAYS = re.compile(r"(?:(?:19|20)\d\d[ -]?)+|(?:19|20)\d\d-\d\d-\d\d.*|\d\d[.-]\d\d[.-](?:19|20)\d\d.*")
MONEY = re.compile(r"tien|\bdong\b|vnd|kinh phi|gia tri|ngan sach|so du|thu |chi ")
PERSONAL = frozenset({"_person", "_born", "_number"})  # by their heading alone; only a list of persons has them
HIDDEN = PERSONAL | {"_given", "_phone", "_address", "card"}
SAMPLE = 2000  # cells of a column that decide what it holds


# --- One cell ---


@lru_cache(maxsize=3)
def _surnames(use: str) -> frozenset[str]:
    """Return the frequent surnames: "certain", "also_word" (a word, or in names of places), "without_accents"."""
    rows = packaged_table("ingest/surnames.csv")
    return frozenset(rows.loc[rows["use"] == use, "surname"])


@lru_cache(maxsize=1)
def _unit_names() -> frozenset[str]:
    """Return the names of all units of the country, without the word for their kind."""
    names = pd.read_csv(bundled_path("data") / "country" / "units.csv", usecols=["name"], dtype="str")["name"]
    return frozenset(key for n in names for key in (accented_key(strip_unit_word(n)), normalise_name(n)))


def is_unit_name(text: str) -> bool:
    """Return whether a text is the name of a unit of the country, with or without the word for its kind."""
    name = expand_abbreviations(text)
    return {accented_key(name), accented_key(strip_unit_word(name)), normalise_name(name)} & _unit_names() != set()


@lru_cache(maxsize=65536)
def is_person_name(text: str) -> bool:
    """Return whether a text is written like the name of a person: capitalised words after a surname.

    Examples
    --------
    >>> is_person_name("Lò Thị Mẫu"), is_person_name("NGUYEN VAN MAU"), is_person_name("Lê Lợi"), is_person_name("Lê")
    (True, True, False, False)
    """
    words = unicodedata.normalize("NFC", text).strip(" .,;:").split()
    if not 2 <= len(words) <= 6 or not all(_is_capitalised(w) for w in words):
        return False
    first, name = words[0].lower(), " ".join(words).lower()
    certain = first in _surnames("certain") or (name.isascii() and first in _surnames("without_accents"))
    likely = certain or (len(words) >= 3 and first in _surnames("also_word") and not text.isupper())
    return likely and not name.startswith(WORDS) and not is_unit_name(" ".join(words))


def _is_capitalised(word: str) -> bool:
    letters = re.sub(r"['’.-]", "", word)
    return letters.isalpha() and word[0].isupper() and (letters.isupper() or letters[1:].islower() or "'" in word)


def _number_kind(value: Cell) -> str:
    """Return "card" for a card number with letters, "_number" for another number of a person, else ""."""
    if isinstance(value, float):
        return "_number" if value.is_integer() and 9 <= len(f"{value:.0f}") <= 15 and value % 100 else ""
    if type(value) is not str or FIGURE.fullmatch(value.strip()):
        return ""
    text = re.sub(r"[\s.\-\u00a0'’]", "", value)
    if CARD_NUMBER.fullmatch(text):
        return "card"
    return "_number" if IDENTITY_NUMBER.fullmatch(text) and not _DAYS.fullmatch(value.strip()) else ""


@lru_cache(maxsize=65536)
def hide_personal(text: str) -> str:
    """Return a text with "…" for names of people and for numbers of cards, of identity papers and of phones.

    Examples
    --------
    >>> hide_personal("thẻ HN4 24 0123456789 của Lò Thị Mẫu, xã Lê Lợi (0912 345 678), 30/06/2021")
    'thẻ HN… của L…, xã Lê Lợi (…), 30/06/2021'
    """

    def hide_digits(match: re.Match[str]) -> str:
        return match[0] if FIGURE.fullmatch(match[0]) or _DAYS.fullmatch(match[0]) else "…"

    def hide_name(match: re.Match[str]) -> str:
        words = match[0].split(" ")
        for start in range(len(words) - 1 if not is_unit_name(match[0]) else 0):
            before = f"{match.string[: match.start()]}{' '.join(words[:start])} "
            if PLACE_WORDS.search(before):
                return match[0]
            if is_person_name(name := " ".join(words[start:])):
                return " ".join([*words[:start], f"{name[0]}…"])
        return match[0]

    text = _CARD_IN_TEXT.sub(r"\1…", unicodedata.normalize("NFC", text))
    return _RUN.sub(hide_name, _DIGITS_IN_TEXT.sub(hide_digits, text))


def hide_in_finding(finding: Finding) -> Finding:
    """Return a finding without names and numbers of people in what it cites of the input.

    A cell that comes near the name that is proposed for it is a misspelt unit and no person.
    """
    value, expected = finding.value, str(finding.expected or "")
    misspelt = isinstance(value, str) and normalise_name(value)[:6] in normalise_name(expected)
    parts: dict[str, Part] = {
        k: hide_personal(v) for k in ("heading", "column") if isinstance(v := vars(finding)[k], str)
    }
    if isinstance(value, str) and not misspelt:
        parts["value"] = hide_personal(value)
    details = {k: hide_personal(v) if isinstance(v, str) and k != "source" else v for k, v in finding.details.items()}
    return replace(finding, details=details, **parts)  # type: ignore[arg-type]


# --- Columns of a sheet ---


def column_kind(values: Iterable[Cell]) -> str:
    """Return what most cells of a column are: "card", "_number" or "_person"; "" for anything else.

    Examples
    --------
    >>> column_kind(["HN4240123456789"]), column_kind(["0123456789", "0123456790"]), column_kind([5120.0, 4230.0])
    ('card', '_number', '')
    """
    cells = list(islice((v for v in values if v != "" and v is not None), SAMPLE))
    distinct = list(dict.fromkeys(cells))
    if not distinct or all(isinstance(v, dt.date) for v in distinct):
        return ""
    kinds = [_number_kind(v) for v in distinct]
    if kinds.count("card") >= 0.5 * len(distinct):
        return "card"
    numbers = len(distinct) - kinds.count("")
    if numbers >= max(2, 0.6 * len(distinct)) and 2 * len(distinct) >= len(cells):
        return "_number"
    names = [v for v in distinct if type(v) is str and is_person_name(v)]
    long = [v for v in names if len(v.split()) > 2]
    return "_person" if len(names) >= max(2, 0.6 * len(distinct)) and 2 * len(long) >= len(names) else ""


@dataclass(frozen=True)
class PersonList:
    """The personal columns of a sheet: its heading with their keys, and whether it can only be a list of persons."""

    heading: Heading
    certain: bool

    @property
    def missing(self) -> list[str]:
        """Return what is missing for counting: "unit", "group"."""
        keys = set(self.heading.keys)
        parts = {"unit": {"area", "_name", "_within", "_province"}, "group": {"card", "group"}}
        return [part for part, columns in parts.items() if not keys & columns]


def find_persons(sheet: Sheet) -> PersonList | None:
    """Return the list of persons in a sheet, whether it can be counted or not, by its headings and by its cells."""
    head = clean_head(sheet.cells)
    rows = (one_row_heading(head, row, schema.REGISTER) for row in range(len(head)))
    best = best_heading(sheet, head, schema.REGISTER)
    several = (h for h in (best, *rows) if h and sum(map(bool, h.texts)) > 1)  # «(họ tên)» below a signature is alone
    heading = next((h for h in several if HIDDEN & set(h.keys) - {"card"}), best)
    if heading is None:
        return _without_heading(sheet)
    body = sheet.cells.iloc[heading.rows[-1] + 1 :]
    keys = list(heading.keys)
    kinds = [_kind_below(body[c], t, keys[i]) for i, (c, t) in enumerate(zip(body, heading.texts, strict=True))]
    for i, kind in enumerate(kinds):
        if kind == "card" and "card" not in keys and keys[i] not in ("group", "area"):
            keys[i] = "card"
        elif kind and (not keys[i] or (keys[i] == "card" and kind != "card")):
            keys[i] = kind
        elif keys[i] in ("_number", "_person") and not kind and _are_figures(body.iloc[:, i], keys[i]):
            keys[i] = ""  # codes of units under «Mã BHXH», numbers of people under «Người tham gia»
    numbers = any(
        k in ("card", "_number") and o in ("card", "_number") for k, o in zip(kinds, heading.keys, strict=True)
    )
    persons = {"_person"} & set(heading.keys) & set(keys)  # by their heading
    certain = "card" in kinds or numbers or bool(persons) or {"_born", "card"} <= set(keys)
    return PersonList(heading.with_keys(keys), certain) if certain or PERSONAL & set(keys) else None


def _are_figures(cells: pd.Series, key: str) -> bool:
    """Return whether the cells below a heading of numbers of persons, or of names, are short codes or counts."""
    texts = [v if type(v) is str else f"{v}" for v in cells if v != ""]
    figures = [t for t in texts if len(re.sub(r"\D", "", t)) < 8 and (key == "_number" or re.fullmatch(r"[\d., ]+", t))]
    return len(texts) > 0 and 2 * len(figures) > len(texts)


def _kind_below(cells: pd.Series, heading: str, key: str) -> str:
    """Return the kind of the cells below a heading; figures of money, codes and names of units are none."""
    if MONEY.search(normalise_name(heading)) or key in ("_name", "_within", "_province", "as_of"):
        return ""
    return column_kind(cells)


def _without_heading(sheet: Sheet) -> PersonList | None:
    """Return the list of persons in a sheet whose headings are not understood, by its cells alone."""
    kinds = [column_kind(sheet.cells[c]) for c in sheet.cells]
    if not any(kinds):
        return None
    personal = [any(_number_kind(v) or _is_name(v) for v in row) for row in sheet.cells.to_numpy()[:SEARCH_ROWS]]
    first = personal.index(True) if True in personal else 0
    if not first:
        columns = tuple(map(ColumnMeaning, kinds))
        return PersonList(Heading((-1,), ("",) * len(kinds), columns), "card" in kinds)
    heading = one_row_heading(clean_head(sheet.cells.iloc[:first]), -1, schema.REGISTER)
    money = [bool(MONEY.search(normalise_name(text))) for text in heading.texts]
    kinds = ["" if m and k == "_number" else k for k, m in zip(kinds, money, strict=True)]
    keys = tuple(k or key for k, key in zip(kinds, heading.keys, strict=True))
    heading = replace(heading.with_keys(keys), rows=(first - 1,))
    return PersonList(heading, "card" in kinds) if any(kinds) else None


def _is_name(value: Cell) -> bool:
    return type(value) is str and is_person_name(value)


def uncountable_list(sheet: Sheet, persons: PersonList) -> Finding:
    """Return the finding for a list of persons that lacks what is needed for counting."""
    titles = [str(v) for row in sheet.cells.to_numpy()[: max(persons.heading.rows[0], 0)] for v in row if v != ""]
    undated = "as_of" not in persons.heading.keys and stated_date([*titles, sheet.name]) is None
    missing = [*persons.missing, *(["day"] if undated else [])]
    parts: list[Mapping[str, Part]] = [{"name": Term(f"register.{part}")} for part in missing]
    return Finding("register_incomplete", sheet.label, expected=Listing("register.part", parts))
