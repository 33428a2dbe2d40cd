"""Recognise the number at the start of a paragraph, as Vietnamese administrative documents number their parts."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Level = Literal["part", "chapter", "section", "article", "capital", "roman", "title", "decimal", "letter"]
LEVELS: tuple[Level, ...] = (
    "part",  # Phần I, Phần thứ nhất, Phụ lục I, Biểu số 01
    "chapter",  # Chương I
    "section",  # Mục 1, of a chapter
    "article",  # Điều 1
    "capital",  # A.
    "roman",  # I.
    "title",  # a line in capitals without a number
    "decimal",  # 1., 1.1.
    "letter",  # a)
)
_ROMAN = r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})"
_SIGN = r" ?(?:[./:)]|[-–](?= )) *"
_PATTERNS: tuple[tuple[Level, re.Pattern[str]], ...] = (
    ("part", re.compile(rf"((?i:phần)) +((?i:thứ) +\w+|{_ROMAN}|\d{{1,2}}|[A-E])\b(.*)")),
    ("part", re.compile(rf"((?i:phụ lục|biểu)) *((?:(?i:số) *)?(?:{_ROMAN}|\d{{1,2}}|[A-E])?)(?!\w)(.*)")),
    ("chapter", re.compile(rf"((?i:chương)) +({_ROMAN}|\d{{1,2}})\b(.*)")),
    ("section", re.compile(rf"((?i:mục)) +({_ROMAN}|\d{{1,2}})\b(.*)")),
    ("article", re.compile(r"((?i:điều)) +(\d{1,3})\b(.*)")),
    ("roman", re.compile(rf"()({_ROMAN}){_SIGN}(?=[^\W\d_])(.*)")),
    ("capital", re.compile(r"()([A-HK])[./)] +(?=[^\W\d_])(.*)")),
    ("decimal", re.compile(r"()(\d{1,2}(?:\.\d{1,2}){1,3})(?!\d) ?[./:)]? *(?=[^\W\d_])(.*)")),
    ("decimal", re.compile(r"()(\d{1,2}) ?(?:[./:]|-(?= ))(?: *(?=[^\W\d_])| +(?=\d{1,3}(?:,\d+)? ?%))(.*)")),
    ("letter", re.compile(r"()([a-zđ]) ?(?:[)./]) +(?=[^\W\d_])(.*)")),
)
_LETTERS, _CAPITALS = "abcdđeghiklmnopqrstuvxy", "ABCDEGHIK"


class Number(NamedTuple):
    """The number of a paragraph: its level, the word before it («Phần»), itself, and the text after it."""

    level: Level
    word: str
    label: str
    rest: str


def paragraph_number(text: str) -> Number | None:
    """Return the number that a paragraph begins with; None if it has none.

    Examples
    --------
    >>> paragraph_number("PHẦN II KẾ HOẠCH THỰC HIỆN")
    Number(level='part', word='Phần', label='II', rest='KẾ HOẠCH THỰC HIỆN')
    >>> paragraph_number("3.1. Nhóm người lao động")
    Number(level='decimal', word='', label='3.1', rest='Nhóm người lao động')
    >>> paragraph_number("182.330 người"), paragraph_number("Phần II của kế hoạch này")
    (None, None)
    """
    for level, pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        word, rest = match[1].capitalize(), match[3].strip()
        label = re.sub(r"(?i)^(?:thứ +\w+|số)", lambda words: words[0].lower(), match[2])
        if word and not (rest == "" or rest[0] in ".:-–" or rest.isupper()):
            continue  # a sentence about a part of some document
        if not word and not (level == "letter" or rest[0].isupper() or rest[0].isdigit()):
            continue
        return Number(level, word, label, rest.lstrip(".:-– "))
    return None


def follows(label: str, previous: str | None, level: Level) -> bool:
    """Return whether a label is the next one of its list, or the first one where there is none before.

    Of small letters some may be missing in between, as plans are edited until the last day.

    Examples
    --------
    >>> follows("đ", "d", "letter"), follows("a", None, "letter"), follows("3", "1", "decimal")
    (True, True, False)
    """
    if level == "decimal":
        head, _, last = label.rpartition(".")
        before, _, number = (previous or "").rpartition(".")
        return last == "1" if previous in (None, head) else before == head and int(last) == int(number) + 1
    if previous is None or label in "aA":
        return label in "aA"
    order, steps = (_LETTERS, 3) if level == "letter" else (_CAPITALS, 1)
    return 0 < order.find(label) - order.find(previous) <= steps
