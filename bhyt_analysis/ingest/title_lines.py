"""Read the lines above a table: labels with their values, and the day of the figures."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.headings import heading_meaning
from bhyt_analysis.ingest.vietnamese_text import clean_text, parse_day
from bhyt_analysis.ingest.workbook import Cell

DATE = re.compile(r"(?i)\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{1,2}\s+tháng\s+\d{1,2}\s+năm\s+\d{4}")
MONTH = re.compile(r"(?i)tháng\s+\d{1,2}\s*(?:/|-|\s+năm\s+)\s*\d{4}|\d{4}-\d{2}(-\d{2})?")
# A line with the date of a document, which is not the day of the figures.
DOCUMENT = re.compile(
    r"quyet dinh|nghi (dinh|quyet)|ke hoach|cong van|thong tu|chi thi|\bluat\b|/(qd|nd|nq|kh|tt|ct|cv)-"
)


def labelled_values(titles: list[list[Cell]], words: dict[str, str]) -> dict[str, Cell]:
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
