"""Clean the text of a document, and keep for each character its position in the file's own text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from bhyt_analysis.i18n.text import clean_text as clean_characters
from bhyt_analysis.ingest.vietnamese_text import VNI, from_font, legacy_font
from bhyt_analysis.plans.broken_numbers import blanks_in_numbers
from bhyt_analysis.plans.spaced_letters import blanks_in_words

_CLUSTER_START = re.compile(r"(?s).[\u0300-\u036f]*")  # a letter with the accents that follow it
_WIDE_BLANKS = "\u200b\u2800\u3164"  # invisible, but between words
# Signs of the fonts Symbol and Wingdings, in which Word writes the marks of lists.
_LIST_SIGNS = {"\uf02d": "-", **dict.fromkeys("\uf06e\uf076\uf0a7\uf0b7\uf0d8\uf0fc", "•")}


class PositionedText(NamedTuple):
    """A text and for each of its characters the position in the text that it comes from."""

    text: str
    positions: tuple[int, ...]

    def drop(self, dropped: set[int]) -> PositionedText:
        """Return the text without the characters at some places of it."""
        if not dropped:
            return self
        kept = [i for i in range(len(self.text)) if i not in dropped]
        return PositionedText("".join(self.text[i] for i in kept), tuple(self.positions[i] for i in kept))


def clean_text(raw: str, font: str = "") -> PositionedText:
    """Return a paragraph's text as it is meant, and for each character its position in ``raw``.

    Letters are composed, blanks of all kinds are one plain blank, invisible characters are left out. Words whose
    letters are spaced out are mended, and numbers that are broken by blanks where they can't be two numbers.

    Parameters
    ----------
    raw
        The text of a paragraph.
    font
        The old font of the whole document, see `document_font`.

    Examples
    --------
    >>> clean_text("t ỷ  l ệ\\u00a085, 1 %")
    PositionedText(text='tỷ lệ 85,1%', positions=(0, 2, 3, 5, 7, 8, 9, 10, 11, 13, 15))
    >>> clean_text("X· Kiªn Lao", font="tcvn3").text
    'Xã Kiên Lao'
    """
    result = _clean_characters(to_unicode(raw, font))
    while True:
        mended = result.drop(blanks_in_words(result.text))
        mended = mended.drop(_needless_blanks(mended.text))
        mended = mended.drop(blanks_in_numbers(mended.text))
        if len(mended.text) == len(result.text):
            return result
        result = mended


def document_font(texts: Iterable[str]) -> str:
    """Return the old font that a document is typed in, "tcvn3" or "vni"; "" for Unicode and where it is in doubt.

    Examples
    --------
    >>> document_font(["Dân số", "182.330 người"]), document_font(["KÕ ho¹ch b¶o hiÓm y tÕ"])
    ('', 'tcvn3')
    """
    return legacy_font(texts) or ""


def to_unicode(raw: str, font: str) -> PositionedText:
    """Return a text in Unicode: TCVN3 has one code for a letter, VNI one or two."""
    positions = tuple(range(len(raw)))
    if not font or (unicode := from_font(raw, font)) == raw:
        return PositionedText(raw, positions)
    if font == "vni":
        positions, start = (), 0
        while start < len(raw):
            positions += (start,)
            start += 2 if raw[start : start + 2] in VNI else 1
    return PositionedText(unicode, positions)


def _clean_characters(raw: PositionedText) -> PositionedText:
    """Compose letters, make blanks plain, leave out what is invisible."""
    visible = raw.drop({i for i, c in enumerate(raw.text) if not c.isspace() and not _clean_cluster(c)})
    text, positions = [], []
    for cluster in _CLUSTER_START.finditer(visible.text):
        for place, character in enumerate(_clean_cluster(cluster[0])):
            text.append(character)
            positions.append(visible.positions[min(cluster.start() + place, cluster.end() - 1)])
    return PositionedText("".join(text), tuple(positions))


@lru_cache(maxsize=16384)
def _clean_cluster(cluster: str) -> str:
    """Return a letter with its accents as one character where there is one."""
    if cluster[0].isspace() or cluster[0] in _WIDE_BLANKS:
        return " "
    if cluster[0] in _LIST_SIGNS:
        return _LIST_SIGNS[cluster[0]]
    return unicodedata.normalize("NFC", clean_characters(cluster))


def _needless_blanks(text: str) -> set[int]:
    """Return the places of blanks at the ends and after another one."""
    inner = range(len(text) - len(text.lstrip()), len(text.rstrip()))
    return {i for i, c in enumerate(text) if c == " " and (i not in inner or text[i - 1] == " ")}
