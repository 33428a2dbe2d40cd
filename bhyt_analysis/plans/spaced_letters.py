"""Find words whose letters are spaced out, as the copied text of a justified page has them: «t ỷ  l ệ»."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from bhyt_analysis.i18n.messages import message_texts
from bhyt_analysis.ingest.vietnamese_text import is_syllable

# Two or more single letters between blanks; a sign may be attached to one of them.
_RUN = re.compile(r"(?<!\S)[(“]?[^\W\d_](?: +(?:[(“]?[^\W\d_][,.;:)”]*|[,.;:)”]+)(?!\S))+")
_GAP = re.compile(" +")
_OPENING = "(“"
_ABBREVIATIONS = {"BHYT", "BHXH", "BHTN", "UBND", "HĐND", "MTTQ", "KCB", "ĐBKK", "DTTS"}
# After these a single letter is a name: «điểm d ở khoản 2».
_BEFORE_NAMES = re.compile(r"(?:điểm|khoản|mục|nhóm|loại|hạng|lớp|bảng|biểu|phần|cột|khối|tổ) +$", re.IGNORECASE)
_MOST_LETTERS = 300  # of a title without wider blanks between its words
_LONGEST = 7  # letters of a syllable: nghiêng
_MOST_LETTERS, _MOST_WAYS = 1000, 8  # of a run that is divided; each way takes as long as the run


def blanks_in_words(text: str) -> set[int]:
    """Return the places of the blanks that don't belong into words whose letters are spaced out.

    Examples
    --------
    >>> text = "Luật B ả o h i ể m y t ế"
    >>> "".join(c for i, c in enumerate(text) if i not in blanks_in_words(text))
    'Luật Bảo hiểm y tế'
    """
    return {place for run in _RUN.finditer(text) for place in _blanks_in_run(text, run)}


def _blanks_in_run(text: str, run: re.Match[str]) -> set[int]:
    """Return the blanks to leave out of a run of single characters; none where it is not clear what it means."""
    gaps = [len(gap) for gap in _GAP.findall(run[0])]
    if len(gaps) == 1 and (gaps[0] > 1 or _may_be_names(text[: run.start()], run[0])):
        return set()
    for widest in dict.fromkeys([min(gaps), max(gaps)]):  # wider blanks divide words, unless that makes no words
        pieces = list(re.finditer(rf"\S+(?: {{1,{widest}}}\S+)*", run[0]))
        blanks = [_blanks_in_piece(piece[0]) for piece in pieces]
        if None not in blanks and any(blanks):
            offsets = [run.start() + piece.start() for piece in pieces]
            return {offset + b for offset, places in zip(offsets, blanks, strict=True) for b in places or ()}
    return set()


def _may_be_names(before: str, letters: str) -> bool:
    """Return whether two letters may be a name and a word, as in «điểm d ở», or two words, as in «có ý ở»."""
    bases = unicodedata.normalize("NFD", letters.casefold())
    return bool(_BEFORE_NAMES.search(before)) or not re.search(r"[bcdđghklmnpqrstvx]", bases)


def _blanks_in_piece(piece: str) -> set[int] | None:
    """Return the blanks to leave out of letters that belong together; None if they are no words."""
    places = [i for i, c in enumerate(piece) if c != " "]
    letters = "".join(piece[i] for i in places)
    starts = {i for i, c in enumerate(letters) if c in _OPENING}
    for part in re.finditer(r"[^\W\d_]+", letters):
        words = _divide(part[0])
        if words is None:
            return None
        starts |= {part.start() + sum(map(len, words[:i])) for i in range(len(words))}
    kept = {places[i] - 1 for i in starts if i and letters[i - 1] not in _OPENING}
    return {i for i, c in enumerate(piece) if c == " " and i not in kept}


def _divide(letters: str) -> tuple[str, ...] | None:
    """Return the words that letters without blanks consist of; None if there are none."""
    if len(letters) == 1:
        return (letters,)
    if len(letters) > _MOST_LETTERS:
        return None
    return min(_divisions(letters), key=_oddity, default=None)


def _divisions(letters: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways to divide letters into syllables, not all of them single letters."""

    ways: dict[int, list[tuple[str, ...]]] = {len(letters): [()]}  # of the letters from each place on, the best ones
    for start in reversed(range(len(letters))):
        ends = range(start + 1, min(start + _LONGEST, len(letters)) + 1)
        words = [(letters[start:end], end) for end in ends if _is_word(letters[start:end])]
        ways[start] = sorted(((word, *rest) for word, end in words for rest in ways[end]), key=_oddity)[:_MOST_WAYS]
    return (way for way in ways[0] if any(len(word) > 1 for word in way))


def _is_word(letters: str) -> bool:
    """Return whether letters are an abbreviation, or a syllable whose capitals are where a word has them."""
    if letters in _ABBREVIATIONS:
        return True
    cased = letters.islower() or letters.isupper() or letters.istitle()
    return cased and is_syllable(letters)


def _oddity(words: tuple[str, ...]) -> tuple[int, int]:
    """Return how unusual a division is: how many syllables no message has, then how many there are."""
    usual = _usual_syllables()
    return sum(len(word) for word in words if word.casefold() not in usual and word not in _ABBREVIATIONS), len(words)


@lru_cache(maxsize=1)
def _usual_syllables() -> frozenset[str]:
    """Return the syllables of all messages in Vietnamese."""
    words = re.findall(r"[^\W\d_]+", " ".join(message_texts("vi")).casefold())
    return frozenset(filter(is_syllable, words))
