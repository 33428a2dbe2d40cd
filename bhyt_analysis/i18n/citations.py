"""Cite sources in the reader's language.

One row of ``citations.csv`` is a way to cite in both languages. A citation of the other language is
translated as a whole, or stays as it is: half a translation is of no help.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path

from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.unit_names import inline_name

FILE = Path(__file__).with_name("citations.csv")
# The fields of the rows; what `text` and `other` hold is itself a citation.
_FIELDS = {
    "number": r"[\w./-]+",
    "year": r"\d{4}",
    "day": r"\d{1,2}/\d{1,2}/\d{4}",
    "unit": r"(?:thành phố|thị xã|tỉnh|huyện|quận|phường|xã) [^,;()]+?",
    "name": r"[^,;()]+?",
    "article": r"\d+",
    "clause": r"\d+",
    "point": r"[a-zđ]",
    "change": r"\+\d+%",
    "share": r"\d+%",
    "title": r"«[^»]+»",
    "place": r"(?:Phần|Chương|Mục|mục|Phụ lục|Biểu|Điều|điểm|khoản)[^,;()]*",
    "heading": r"[^;()]+",
    "file": r"[^,;]+\.(?:docx|pdf|txt|md)",
    "text": r".+",
    "other": r".+",
}


def format_citation(reference: str, lang: str | None = None) -> str:
    """Return a source as the language cites it; several are divided by semicolons.

    Examples
    --------
    >>> format_citation("Decree 75/2023/NĐ-CP art. 3(2)")
    'khoản 2 Điều 3 Nghị định 75/2023/NĐ-CP'
    >>> format_citation("Kế hoạch 2022-2025 của huyện Sơn Dương, Phần I, mục I.2", "en")
    'Plan 2022-2025 of Sơn Dương district, Part I, section I.2'
    """
    lang = check_lang(lang)
    parts = (part.strip() for part in reference.split(";"))
    return "; ".join(_translated(part, lang) or part for part in parts)


@lru_cache(maxsize=4)
def _rows(lang: str) -> list[tuple[re.Pattern[str], str]]:
    """Return each row as the pattern of the other language and the template of this one."""
    other = "vi" if lang == "en" else "en"
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [(re.compile(_pattern(row[f"reference_{other}"])), row[f"reference_{lang}"]) for row in rows]


def _pattern(template: str) -> str:
    pieces = re.split(r"\{(\w+)\}", template)  # every other one is a field
    return "".join(f"(?P<{p}>{_FIELDS[p]})" if i % 2 else re.escape(p) for i, p in enumerate(pieces))


@lru_cache(maxsize=4096)
def _translated(text: str, lang: str) -> str | None:
    """Return the citation in the language, also part by part at commas and brackets; None where a part is unknown."""
    for pattern, template in _rows(lang):
        if match := pattern.fullmatch(text):
            fields = {name: _field(name, value, lang) for name, value in match.groupdict().items()}
            if None not in fields.values():
                return template.format(**fields)
    divided = re.fullmatch(r"(.+?)( \((.+)\)|, (.+))", text)
    if divided is None:
        return None
    first, _, bracket, rest = divided.groups()
    start, end = _translated(first, lang), _translated(bracket or rest, lang)
    if start is None or end is None:
        return None
    return f"{start} ({end})" if bracket else f"{start}, {end}"


def _field(name: str, value: str, lang: str) -> str | None:
    if name in ("text", "other", "place"):
        return _translated(value, lang)
    if name == "heading":
        return _translated(value, lang) or value  # of the document itself, in its words
    if name == "unit":
        return inline_name(value[0].upper() + value[1:], lang)
    if name == "day" and lang == "en":
        day, month, year = value.split("/")
        return format_date(f"{year}-{int(month):02d}-{int(day):02d}", "en")
    return value
