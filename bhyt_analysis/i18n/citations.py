"""How does each language cite a source? The law is kept in English, what documents of the country say in Vietnamese.

A Vietnamese citation is said in English by the rows of ``citations.csv``: as a whole, or it stays
as it is, for half a translation helps nobody.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from functools import lru_cache
from pathlib import Path

from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.unit_names import inline_name

FILE = Path(__file__).with_name("citations.csv")
# What stands in the braces of a row.
_FIELDS = {
    "number": r"[\w./-]+",
    "day": r"\d{1,2}/\d{1,2}/\d{4}",
    "unit": r"(?:thành phố|thị xã|tỉnh|huyện|quận|phường|xã) [^,;()]+?",
    "name": r"[^,;()]+?",
}
# The parts of an English citation and what a Vietnamese reader calls them.
_INSTRUMENTS = {"Decree": "Nghị định", "Law": "Luật", "Resolution": "Nghị quyết", "resolution": "nghị quyết"}
_PHRASES = {
    "as amended by": "sửa đổi bởi",
    "as amended": "sửa đổi",
    "Ministry of Health proposal": "Đề xuất của Bộ Y tế",
    "(no adopting instrument found)": "(chưa thấy văn bản ban hành)",
    "on the national share": "so với mức chung",
    "on the national 70%": "so với mức chung 70%",
    "city resolution of": "nghị quyết của thành phố",
    "resolution of": "nghị quyết của",
    " under ": " theo ",
    " amending ": " sửa đổi ",
    " of ": " của ",
}


def format_citation(reference: str, lang: str = "vi") -> str:
    """A source the way the language cites it; several are divided by semicolons.

    Examples
    --------
    >>> format_citation("Decree 75/2023/NĐ-CP art. 3(2)")
    'khoản 2 Điều 3 Nghị định 75/2023/NĐ-CP'
    >>> format_citation("Kế hoạch 2022-2025 của huyện Sơn Dương, Phần I, mục I.2", "en")
    'Plan 2022-2025 of Sơn Dương district, Part I, section I.2'
    >>> format_citation("Sổ theo dõi của huyện, tháng 6", "en")
    'Sổ theo dõi của huyện, tháng 6'
    """
    told = _vietnamese if lang == "vi" else _english
    return "; ".join(told(part.strip()) for part in reference.split(";"))


def _vietnamese(part: str) -> str:
    article = re.search(r"\s*\bart\. (\d+)(?:\((\d*)([a-zđ]?)\))?", part)
    place = ""
    if article:
        number, clause, point = article.groups()
        place = (f"điểm {point} " if point else "") + (f"khoản {clause} " if clause else "") + f"Điều {number} "
        part = part[: article.start()] + part[article.end() :]
    for english, vietnamese in _PHRASES.items():
        part = part.replace(english, vietnamese)
    for english, vietnamese in _INSTRUMENTS.items():
        part = re.sub(rf"\b{english}\b", vietnamese, part)
    return place + part


@lru_cache(maxsize=1)
def _rows() -> list[tuple[re.Pattern[str], str]]:
    """Each row as what it matches and what it says."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(re.compile(_pattern(row["vietnamese"])), row["english"]) for row in rows]


def _pattern(template: str) -> str:
    pieces = re.split(r"\{(\w+)\}", template)  # every other one is a field
    return "".join(f"(?P<{p}>{_FIELDS[p]})" if i % 2 else re.escape(p) for i, p in enumerate(pieces))


@lru_cache(maxsize=1024)
def _english(part: str) -> str:
    return _said(part) or part


def _said(text: str) -> str | None:
    """The English of a citation, or of its parts between commas and brackets; nothing where a part is not known."""
    for pattern, english in _rows():
        if found := pattern.fullmatch(text):
            return english.format(**{k: _field(k, v) for k, v in found.groupdict().items()})
    divided = re.fullmatch(r"(.+?)( \((.+)\)|, (.+))", text)
    if divided is None:
        return None
    first, _, within, rest = divided.groups()
    told, more = _said(first), _said(within or rest)
    if told is None or more is None:
        return None
    return f"{told} ({more})" if within else f"{told}, {more}"


def _field(kind: str, value: str) -> str:
    if kind == "unit":
        return inline_name(value[0].upper() + value[1:], "en")
    if kind == "day":
        day, month, year = map(int, value.split("/"))
        return format_date(dt.date(year, month, day), "en")
    return value
