"""Recognise the words of a row that is no data: a total, a note, a signature; they are rows of ``row_words.csv``."""

from __future__ import annotations

import re
from functools import lru_cache

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import clean_text

_MARKS = re.compile(r"[\s*†‡¹²³⁴⁵⁶⁷⁸⁹.:;,]+$|\s*\([\d*]+\)$")
_LIST_NUMBER = re.compile(r"(?:[ivx]{1,5}|[a-h]|\d{1,2})\s*[.)/:-]+\s*(?=[^\d\s=+])")


@lru_cache(maxsize=1)
def row_words() -> dict[str, re.Pattern[str]]:
    """Return for each kind of row a pattern of the folded texts that mark it."""
    words = packaged_table("ingest/row_words.csv").groupby("kind", sort=False)["pattern"]
    return {str(kind): re.compile("|".join(f"(?:{p})" for p in patterns)) for kind, patterns in words}


@lru_cache(maxsize=65536)
def marks_row(text: str, kind: str) -> bool:
    """Return whether a text marks a row of a kind of ``row_words.csv``, with a list number or a footnote mark or not.

    Examples
    --------
    >>> [marks_row(t, "total") for t in ("A. Tổng số", "T Ổ N G", "Cộng = I+II", "Cộng khu vực III", "Xã Cộng Hòa")]
    [True, True, True, True, False]
    """
    folded = normalise_name(clean_text(text))
    if re.fullmatch(r"(?:\S ){2,}\S", folded):  # letters with spaces between them
        folded = folded.replace(" ", "")
    readings = {folded, _MARKS.sub("", folded)}
    if kind in ("total", "short_total", "cumulative", "zone", "example"):
        readings |= {_MARKS.sub("", _LIST_NUMBER.sub("", folded, count=1))}
    return any(map(row_words()[kind].fullmatch, readings))
