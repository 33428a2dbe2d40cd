"""Recognise the phrases by which plans say what a number counts, of whom, and how it compares.

The phrases are rows of ``words.csv``: ``use`` is the question that a phrase answers, ``pattern`` a regular expression
for small letters with their accents, ``yields`` the answer. Longer phrases go before shorter ones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from bhyt_analysis.domain.bundled import packaged_table

# Two spellings of the same syllable, of equal length: the accent on the other letter, or i for y.
_SPELLINGS = {
    "oà": "òa", "oá": "óa", "oả": "ỏa", "oã": "õa", "oạ": "ọa", "uỳ": "ùy", "uý": "úy", "uỷ": "ủy", "uỹ": "ũy",
    "uỵ": "ụy",
}  # fmt: skip
_SPELLING = re.compile(rf"(?<!q)({'|'.join(_SPELLINGS)})(?!\w)")


class Phrase(NamedTuple):
    """A phrase that a text has: where, and what it means."""

    start: int
    end: int
    yields: str


def plain(text: str) -> str:
    """Return a text in small letters and one spelling, of the same length.

    Examples
    --------
    >>> plain("Tỉ lệ bao phủ của Uỷ ban")
    'tỷ lệ bao phủ của ủy ban'
    """
    text = _SPELLING.sub(lambda match: _SPELLINGS[match[0]], text.lower())
    return re.sub(r"\btỉ (?=lệ|trọng)", "tỷ ", text)


@lru_cache(maxsize=64)
def _patterns(use: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = packaged_table("plans/words.csv")
    rows = rows[rows["use"] == use]
    return tuple((re.compile(rf"(?<!\w)(?:{p})"), y) for p, y in zip(rows["pattern"], rows["yields"], strict=True))


def phrases(use: str, text: str) -> list[Phrase]:
    """Return the phrases of a kind in a plain text, in order; of those that overlap the longest.

    Examples
    --------
    >>> [phrase.yields for phrase in phrases("group", "người thuộc hộ cận nghèo, học sinh, sinh viên")]
    ['near_poor', 'student']
    """
    matches = [Phrase(m.start(), m.end(), yields) for p, yields in _patterns(use) for m in p.finditer(text)]
    chosen: list[Phrase] = []
    for phrase in sorted(matches, key=lambda m: m.start - m.end):
        if phrase.end > phrase.start and all(phrase.end <= c.start or phrase.start >= c.end for c in chosen):
            chosen.append(phrase)
    return sorted(chosen)


def has_phrase(use: str, text: str) -> bool:
    """Tell whether a plain text has a phrase of a kind."""
    return any(pattern.search(text) for pattern, _ in _patterns(use))
