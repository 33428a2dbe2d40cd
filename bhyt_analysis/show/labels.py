"""How are groups, zones, statuses and citations called in each language?"""

from __future__ import annotations

import re

import pandas as pd

from bhyt_analysis.law.groups import groups
from bhyt_analysis.words import known, say

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


def group_name(key: str, lang: str = "vi") -> str:
    """The name of a group or sub-group; what a projection cannot tell apart has a name of its own;
    an unknown key stays as it is.

    Examples
    --------
    >>> group_name("near_poor"), group_name("near_poor", "en")
    ('Người thuộc hộ cận nghèo', 'Near-poor households')
    """
    table = groups()
    if key in table.index:
        return str(table.at[key, f"name_{lang}"])
    return say(f"group.{key}", lang) if known(f"group.{key}") else key


def status_name(status: str, lang: str = "vi") -> str:
    """The words for a status."""
    return say(f"status.{status}", lang)


def column_name(column: str, lang: str = "vi") -> str:
    """The heading of a column; a column without one keeps its name."""
    return say(f"column.{column}", lang) if known(f"column.{column}") else column


def citation(reference: str, lang: str = "vi") -> str:
    """A reference of the law the way the language cites it.

    Examples
    --------
    >>> citation("Decree 75/2023/NĐ-CP art. 3(2)")
    'khoản 2 Điều 3 Nghị định 75/2023/NĐ-CP'
    >>> citation("Decree 38/2019/NĐ-CP", "en")
    'Decree 38/2019/NĐ-CP'
    """
    if lang == "en":
        return reference
    return "; ".join(_vietnamese(part.strip()) for part in reference.split(";"))


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


def weakest_stamp(statuses: pd.Series | list[str]) -> str | None:
    """The status that must stand on the face of a chart or table, if any."""
    return next((s for s in ("synthetic", "estimated", "proposal") if s in set(statuses)), None)


def statuses_of(rows: pd.DataFrame) -> list[str]:
    """The statuses of what `simulate` gives, and that a reform among its scenarios is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]
