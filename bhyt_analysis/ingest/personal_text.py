"""Recognise the names of people, and the numbers of cards, of identity papers and of phones, in texts and cells.

Names of communes such as «Lê Lợi» are written like those of people, so the names of the country's units are no names
of people, with or without the word for the kind of unit.
"""

from __future__ import annotations

import datetime as dt
import re
import traceback
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path, packaged_table
from bhyt_analysis.domain.findings import Finding, Part
from bhyt_analysis.i18n.unit_names import accented_key, expand_abbreviations, normalise_name, strip_unit_word

if TYPE_CHECKING:
    from bhyt_analysis.ingest.workbook import Cell

WORDS = (
    "phạm vi", "trần nhà", "lại sau", "đỗ xe", "vàng mã", "dương lịch", "lưu ý", "lưu trữ", "vũ khí", "văn hóa",
    "văn hoá", "nông dân", "nông thôn", "nông nghiệp", "thị trấn", "thị xã", "mã số", "mã thẻ", "mã đơn vị",
    "tiêu chí", "tiêu đề", "quản lý", "quản lí", "danh sách", "danh mục", "văn bản", "văn phòng", "văn thư", "hồ sơ",
    "y tế", "y sĩ", "cao tuổi", "vi phạm", "từ thiện", "ma túy", "ma tuý",
)  # fmt: skip
PLACE_WORDS = re.compile(
    r"(?:xã|phường|thị trấn|huyện|quận|thị xã|thành phố|tỉnh|thôn|bản|ấp|tổ|khu|phố|đường|trường|viện|xóm|làng|buôn|"
    r"[xphqt]\.|t[ptx]\.)\s*$",
    re.IGNORECASE,
)
_CAPITAL = "A-ZÀ-ÖØ-ÝĂĐĨŨƠƯẠ-Ỹ"  # every second letter of the last range is small, see `_is_capitalised`
_NAME_WORD = rf"[{_CAPITAL}][^\W\d_]*(?:['’][^\W\d_]*)?"
# A middle name that few other capitalised words have between them.
_MIDDLE = re.compile(
    r"(?!(?:đô|siêu|chỉ|biểu|tiếp|cận|thành|nội|do|sieu|chi) )\S+ (?:thị|thi) (?!xã|trấn|trường|xa |tran|truong)"
    r"|(?!(?:nhà|phòng|hội|nha|phong|hoi) )\S+ (?:văn|van) (?!hóa|hoá|phòng|bản|thư|học|nghệ|hoa|phong|ban|thu|hoc)"
)
_RUN = re.compile(rf"\b{_NAME_WORD}(?: {_NAME_WORD})+")
CARD_NUMBER = re.compile(r"(?:[A-Z]{2}\d{9,13}|\d{2,4}[A-Z]{2}\d{7,11})", re.IGNORECASE)
IDENTITY_NUMBER = re.compile(r"\+?\d{9,15}")
FIGURE = re.compile(r"[1-9]\d{0,2}(?:([.,  ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")  # digits in groups of three
_CARD_IN_TEXT = re.compile(r"(?<!\w)([A-Za-z]{2})[ .-]?\d(?:[ .-]?\d){8,12}(?!\w)")
_DIGITS_IN_TEXT = re.compile(r"(?<![\d.,])\+?\d(?:[ .\-\u00a0]?\d){8,14}(?![\w])")
_DAYS = re.compile(r"(?:(?:19|20)\d\d[ -]?)+|(?:19|20)\d\d-\d\d-\d\d.*|\d\d[.-]\d\d[.-](?:19|20)\d\d.*")
_BEFORE_BIRTH = re.compile(r"(?<!học )(?<!vệ )\b(?:sinh|sn|ns|d\.?o\.?b|born)\b(?! viên)[^\d\n]{0,20}$", re.IGNORECASE)
_DAY_IN_TEXT = re.compile(
    r"(?<![\d.,/-])(?:\d{1,2}(?P<mark> ?[./-] ?)\d{1,2}(?P=mark)(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d-[01]\d-[0-3]\d"
    r"|(?:ngày )?\d{1,2} tháng \d{1,2} năm (?:19|20)\d\d)(?![\d/-])",
    re.IGNORECASE,
)
_YEAR_IN_TEXT = re.compile(r"(?<![\d.,/-])(?:\d{1,2}[/-])?(?:19|20)\d\d(?![\d/-])")
ADULT = 2005  # there are no figures of an earlier year: such a day is a birthday
CITED = ("source", "note", "instrument")
PRINTED = ("task", "lead", "with", "done", "indicator")  # texts of an office that pages print: no names either
SAMPLE = 2000  # cells of a column that decide what it holds


@lru_cache(maxsize=3)
def _surnames(use: str) -> frozenset[str]:
    """Return the frequent surnames: "certain", "also_word" (a word, or in names of places), "without_accents"."""
    rows = packaged_table("ingest/surnames.csv")
    return frozenset(rows.loc[rows["use"] == use, "surname"])


@lru_cache(maxsize=1)
def _all_surnames() -> frozenset[str]:
    """Return all surnames, with and without accents."""
    names = packaged_table("ingest/surnames.csv")["surname"]
    return frozenset(names) | {normalise_name(n) for n in names}


def is_surname(word: str) -> bool:
    """Return whether a word is a surname, or begins like those of the Central Highlands, in whatever letters.

    Examples
    --------
    >>> [is_surname(w) for w in ("LÒ", "trieu", "H'Mai", "Xã", "Hộ")]
    [True, True, True, False, False]
    """
    name = word.lower().replace("’", "'")
    return name in _all_surnames() or re.match(r"[hk]'\w", name) is not None


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
    return is_written_like_name(text) and not is_unit_name(" ".join(_name_words(text)))


def _name_words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).strip(" .,;:").split()


def is_written_like_name(text: str) -> bool:
    """Return whether a text is written like the name of a person; that of a unit such as «Lê Lợi» may be, too."""
    words = _name_words(text)
    if not 2 <= len(words) <= 6 or not all(_is_capitalised(w) for w in words):
        return False
    first, name = words[0].lower().replace("’", "'"), " ".join(words).lower()
    certain = first in _surnames("certain") or re.match(r"[hk]'\w", first) is not None
    plain = name.isascii() and first in _surnames("without_accents")
    by_middle = _MIDDLE.match(name) is not None or (first in _surnames("also_word") and not text.isupper())
    return (certain or plain or (len(words) >= 3 and by_middle)) and not name.startswith(WORDS)


def _is_capitalised(word: str) -> bool:
    letters = re.sub(r"['’.-]", "", word)
    return letters.isalpha() and word[0].isupper() and (letters.isupper() or letters[1:].islower() or "'" in word)


def number_kind(value: Cell) -> str:
    """Return "card" for a card number with letters, "_number" for another number of a person, else ""."""
    if isinstance(value, float):
        return "_number" if value.is_integer() and 9 <= len(f"{value:.0f}") <= 15 and value % 100 else ""
    if type(value) is not str or len(value) < 9 or FIGURE.fullmatch(value.strip()):
        return ""
    text = re.sub(r"[\s.\-\u00a0'’]", "", value)
    if CARD_NUMBER.fullmatch(text):
        return "card"
    return "_number" if IDENTITY_NUMBER.fullmatch(text) and not _DAYS.fullmatch(value.strip()) else ""


@lru_cache(maxsize=65536)
def hide_personal(text: str, doubtful: bool = False) -> str:
    """Return a text with "…" for names of people, their birthdays and numbers of cards, identity papers and phones.

    ``doubtful``: also for two words of which the first is a surname as well as a word, as in names of files.

    Examples
    --------
    >>> hide_personal("thẻ HN4 24 0123456789 của Lò Thị Mẫu, xã Lê Lợi (0912 345 678), 30/06/2021")
    'thẻ HN… của L…, xã Lê Lợi (…), 30/06/2021'
    >>> hide_personal("Lò Thị Mẫu (1975), sinh 3/5/2016; DS Cao Mẫu", doubtful=True)
    'L… (…), sinh …; DS C…'
    """

    def is_name(words: list[str]) -> bool:
        name = " ".join(words)
        return is_person_name(name) or (doubtful and is_doubtful_name(name))

    def hide_name(match: re.Match[str]) -> str:
        words = match[0].split(" ")
        for start in range(len(words) - 1 if not is_unit_name(match[0]) else 0):
            before = f"{match.string[: match.start()]}{' '.join(words[:start])} "
            if PLACE_WORDS.search(before):
                return match[0]
            if is_name(words[start:]):
                return " ".join([*words[:start], f"{words[start][0]}…"])
        return match[0]

    text = unicodedata.normalize("NFC", text)
    hidden = _RUN.sub(hide_name, hide_numbers(text))
    return _hide_births(hidden, hidden != text)


def is_doubtful_name(text: str) -> bool:
    """Return whether a text is of two to four capitalised words after a surname that is a word, too, and is no unit."""
    words = _name_words(text)
    is_like = 2 <= len(words) <= 4 and all(map(_is_capitalised, words)) and not text.lower().startswith(WORDS)
    return is_like and words[0].lower() in _surnames("also_word") and not is_unit_name(text)


def error_text(error: BaseException) -> str:
    """Return the type and the text of an unexpected error without personal data of what it cites.

    Examples
    --------
    >>> error_text(ValueError("no unit for Lò Thị Mẫu"))
    'ValueError: no unit for L…'
    """
    return hide_personal(f"{type(error).__name__}: {error}")


def error_trace(error: BaseException) -> str:
    """Return the traceback of an unexpected error without personal data."""
    return hide_personal("".join(traceback.format_exception(error)))


def _hide_births(text: str, personal: bool) -> str:
    """Return a text with "…" for days after a word for birth; in a ``personal`` one for other early days, too."""
    days = (_DAY_IN_TEXT, _YEAR_IN_TEXT) if personal else (_DAY_IN_TEXT,)
    for pattern in days if text != "…" else ():

        def hide(match: re.Match[str]) -> str:
            is_born = _BEFORE_BIRTH.search(match.string[max(0, match.start() - 30) : match.start()])
            year = re.search(r"(?:19|20)\d\d", match[0])
            return "…" if is_born or (personal and year and int(year[0]) < ADULT) else match[0]

        text = pattern.sub(hide, text)
    return text


@lru_cache(maxsize=65536)
def hide_numbers(text: str) -> str:
    """Return a text with "…" for numbers of cards, of identity papers and of phones; addresses of pages stay.

    Examples
    --------
    >>> hide_numbers("Lò Thị Mẫu (2019), ĐT 0912 345 678, https://so.vn/202106301234")
    'Lò Thị Mẫu (2019), ĐT …, https://so.vn/202106301234'
    """

    def hide(match: re.Match[str]) -> str:
        of_page = re.search(r"https?://\S*$", match.string[: match.start()])
        return match[0] if of_page or FIGURE.fullmatch(match[0]) or _DAYS.fullmatch(match[0]) else "…"

    return _DIGITS_IN_TEXT.sub(hide, _CARD_IN_TEXT.sub(r"\1…", text))


def hide_cited_numbers(table: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Return a table without personal data in its sources, notes and tasks, which results print; adds the findings.

    A name in a source without such a number may be an author's or an office's and stays.
    """
    changed = pd.Series(False, index=table.index)
    for column in [c for c in (*CITED, *PRINTED) if c in table]:
        texts = table[column].dropna().unique()
        hidden = {t: h for t in texts if (h := hide_personal(t)) != t and (column in PRINTED or hide_numbers(t) != t)}
        if hidden:
            changed |= table[column].isin(hidden)
            table = table.assign(**{column: table[column].replace(hidden)})
    for file, rows in table[changed].groupby("file") if changed.any() else ():
        findings.append(Finding("numbers_hidden", str(file), count=rows["row"].nunique()))
    return table


def hide_in_finding(finding: Finding) -> Finding:
    """Return a finding without names and numbers of people in what it cites of the input.

    A cell that comes near the name that is proposed for it is a misspelt unit and no person.
    """
    value, expected = finding.value, str(finding.expected or "")
    columns = "«" in expected  # some, of which one is expected
    misspelt = not columns and isinstance(value, str) and normalise_name(value)[:6] in normalise_name(expected)
    parts: dict[str, Part] = {
        k: hide_personal(v) for k in ("heading", "column") if isinstance(v := vars(finding)[k], str)
    }
    if isinstance(value, str) and not misspelt:
        parts["value"] = hide_personal(value)
    if columns and isinstance(finding.expected, str):
        parts["expected"] = hide_personal(finding.expected)
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
    kinds = [number_kind(v) for v in distinct]
    if kinds.count("card") >= 0.5 * len(distinct):
        return "card"
    numbers = len(distinct) - kinds.count("")
    if numbers >= max(2, 0.6 * len(distinct)) and 2 * len(distinct) >= len(cells):
        return "_number"
    names = [v for v in distinct if type(v) is str and is_person_name(v)]
    long = [v for v in names if len(v.split()) > 2]
    return "_person" if len(names) >= max(2, 0.6 * len(distinct)) and 2 * len(long) >= len(names) else ""
