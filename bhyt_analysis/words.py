"""What is said to people, in Vietnamese and in English, from one table.

``words.csv`` holds one row a phrase: ``key``, ``vi``, ``en``. Figures inside a phrase
are written the way of its language: 85,1% and 182.330 in Vietnamese, 85.1% and
182,330 in English. Every floor may say something, so this room lies under all of them.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
import string
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

FILE = Path(__file__).with_name("words.csv")
LANGUAGES = ("vi", "en")
MINUS = "\u2212"


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: {"vi": row["vi"], "en": row["en"]} for row in csv.DictReader(file)}


def known(key: str) -> bool:
    """Whether the table has a phrase under this key."""
    return key in _table()


def say(key: str, lang: str = "vi", /, **fields: Any) -> str:
    """The phrase of a key, with its figures filled in.

    Examples
    --------
    >>> say("status.estimated", "en")
    'Estimated figures'
    """
    return render(_table()[key][check_lang(lang)], lang, **fields)


def check_lang(lang: str) -> str:
    """The language, or an error that lists those there are."""
    if lang not in LANGUAGES:
        raise ValueError(f'lang is "{lang}"; expected one of {", ".join(LANGUAGES)}')
    return lang


def render(template: str, lang: str, /, **fields: Any) -> str:
    """A template with its figures in a language.

    Format words: ``n`` whole number, ``up`` the same rounded up (of what is still needed), ``d2`` two decimals, ``+n`` with its sign, ``p1``
    per cent with one decimal, ``pe`` per cent as it is
    written (one decimal, two where it has them), ``pp1`` a difference in percentage points, ``bn1``
    billions (tỷ) with one decimal, ``date``; ``s`` is the ending of an
    English noun beside a number, nothing for 1; no word leaves text as it is.

    Examples
    --------
    >>> render("{a:n} / {b:p1}", "vi", a=182330, b=0.851)
    '182.330 / 85,1%'
    >>> render("{a:+n} on {d:date}", "en", a=10028, d="2021-12-31")
    '+10,028 on 31 December 2021'
    >>> render("{n:n} finding{n:s}", "en", n=1), render("{d:+pp1}", "en", d=0.0001)
    ('1 finding', '0.0')
    """
    return _Figures(lang).vformat(template, (), fields)


class _Figures(string.Formatter):
    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "s":
            return "" if value == 1 else "s"
        found = re.fullmatch(r"(\+?)(n|up|d|pe|pp|p|bn|date)(\d?)", spec)
        if not found:
            return str(format(value, spec))
        sign, kind, digits = found.groups()
        if kind == "date":
            return date(value, self.lang)
        if kind == "up" and not pd.isna(value):
            value = math.ceil(round(float(value), 6))
        places = int(digits or 0)
        scale = {"p": 100, "pe": 100, "pp": 100, "bn": 1e-9}.get(kind, 1)
        if kind == "pe":
            places = 1 if pd.isna(value) or round(value * 1000, 6) % 1 == 0 else 2
        text = number(value, self.lang, places, scale=scale)
        if sign and not text.startswith(MINUS) and re.search("[1-9]", text):  # nothing has no sign
            text = "+" + text
        return text + ("%" if kind in ("p", "pe") and text != "–" else "")


def number(value: Any, lang: str = "vi", places: int = 0, scale: float = 1) -> str:
    """A figure with the separators of the language; a missing one is an en dash.

    Rounds half up on the decimal that is printed, so 0.9635 at two places of a
    per cent is 96.35 and not a neighbour that binary fractions make of it.

    Examples
    --------
    >>> number(182330), number(182330, "en"), number(-1.25, "vi", 1)
    ('182.330', '182,330', '−1,3')
    >>> number(None)
    '–'
    """
    check_lang(lang)
    if pd.isna(value) or (isinstance(value, float) and math.isinf(value)):
        return "–"
    # repr gives the shortest decimal of a float: the figure as a person wrote it.
    exact = Decimal(repr(value.item() if hasattr(value, "item") else value)) * Decimal(repr(scale))
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}"
    if lang == "vi":
        text = text.translate(str.maketrans(",.", ".,"))
    return (MINUS if rounded < 0 else "") + text


MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def date(value: Any, lang: str = "vi") -> str:
    """A day as people write it: 31/12/2021 or 31 December 2021; missing is an en dash.

    Examples
    --------
    >>> date("2021-12-31"), date("2021-07-01", "en")
    ('31/12/2021', '1 July 2021')
    """
    if pd.isna(value):
        return "–"
    day = value if hasattr(value, "day") else dt.date.fromisoformat(str(value))
    if check_lang(lang) == "en":
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


class BhytError(ValueError):
    """Something that the user can put right, said in either language.

    ``sentences`` are pairs of a key of ``words.csv`` and the fields that it names;
    all offenders are told at once. ``str(error)`` is English, ``error.text("vi")``
    Vietnamese.
    """

    def __init__(self, *sentences: tuple[str, dict[str, Any]]) -> None:
        self.sentences = sentences
        super().__init__(self.text("en"))

    def text(self, lang: str = "vi") -> str:
        """All sentences in a language, one a line."""
        told = ((key, {k: self._said(v, lang) for k, v in fields.items()}) for key, fields in self.sentences)
        return "\n".join(say(key, lang, **fields) for key, fields in told)

    @staticmethod
    def _said(value: Any, lang: str) -> Any:
        """A field that is itself a key of the table is said in the language."""
        return say(value, lang) if isinstance(value, str) and known(value) else value

    def __reduce__(self) -> tuple[Any, ...]:  # errors cross from worker processes
        return (type(self), self.sentences)


def nearest(word: str, choices: Any) -> str:
    """The choice that looks most like a word, or an empty string."""
    import difflib

    close = difflib.get_close_matches(word, [str(c) for c in choices], n=1, cutoff=0.5)
    return close[0] if close else ""
