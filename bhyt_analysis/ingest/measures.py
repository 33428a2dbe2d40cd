"""Tell what a figure counts by the words of a bracket, a heading or a line: people, cards, per cent, money."""

from __future__ import annotations

import re
from functools import lru_cache

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import clean_text

# The label of a unit of measure: «ĐVT:», «Đ.V.T», «Đơn vị tính:». The bare «Đơn vị» labels the name of a unit, too.
UNIT_LABEL = re.compile(r"(?:don vi tinh|don vi do|dvt|d\. ?v\. ?t\.?|dv tinh|unit(?: of measure)?|don vi) ?[:.\-]? ?")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = packaged_table("ingest/measures.csv")
    return tuple((m, re.compile(p)) for m, p in zip(rows["measure"], rows["pattern"], strict=True))


@lru_cache(maxsize=4096)
def measure_of(text: str) -> str:
    """Return the measure that a text names in full, a row of ``measures.csv``; "" if it names none.

    The measures are people, cards, households, percent, money, visits, without_card, plan, change, rank, cumulative
    and scaled (thousands of something). The first row of the file that matches decides; a pattern with accents is for
    texts with them, so that the town «Hồ» is no «hộ».

    Examples
    --------
    >>> [measure_of(text) for text in ("(người)", "ĐVT: nghìn thẻ", "Tăng (+), giảm (-)", "chưa có thẻ", "KH năm 2026")]
    ['people', 'scaled', 'change', 'without_card', 'plan']
    >>> [measure_of(text) for text in ("Hộ gia đình", "Ngân sách nhà nước hỗ trợ 70%", "Triệu Sơn", "số hộ")]
    ['', '', '', 'households']
    """
    plain = " ".join(re.sub(r"[()\[\]{}]", " ", clean_text(text).casefold()).split()).strip("*:.,; ")
    folded = normalise_name(plain)
    readings = [plain, folded]
    if label := UNIT_LABEL.match(folded):
        readings = [plain[label.end() :], folded[label.end() :], *readings]
    return next((m for m, pattern in _patterns() if any(map(pattern.fullmatch, readings))), "")
