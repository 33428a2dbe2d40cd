"""Translate messages into Vietnamese or English.

Each file of ``messages/`` holds the messages of one topic, one row a message: ``key``, ``vi``, ``en``.
Figures inside a message are formatted for its language: 85,1% and 182.330 in Vietnamese, 85.1% and
182,330 in English. What is bold is between ``**`` (`bhyt_analysis.i18n.safe_text`).
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
import string
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.formats import MINUS, format_date, format_number
from bhyt_analysis.i18n.languages import check_lang, error_lang
from bhyt_analysis.i18n.safe_text import STRONG
from bhyt_analysis.i18n.unit_names import normalise_name

MILLION, BILLION = 1e6, 1e9
FOLDER = Path(__file__).with_name("messages")


@lru_cache(maxsize=1)
def _messages() -> dict[str, dict[str, str]]:
    """Return the messages of all topics by key and language."""
    texts = (path.read_text("utf-8").replace("**", STRONG) for path in sorted(FOLDER.glob("*.csv")))
    tables = (csv.DictReader(io.StringIO(text, newline="")) for text in texts)
    return {row["key"]: row for table in tables for row in table}


def has_message(key: str) -> bool:
    """Return whether there is a message with this key."""
    return key in _messages()


def message_texts(lang: str) -> list[str]:
    """Return all messages in a language, with the marks of their figures."""
    return [message[lang] for message in _messages().values()]


def translate(key: str, lang: str | None = None, /, **fields: Any) -> str:
    """Return the message of a key with its figures filled in.

    Examples
    --------
    >>> translate("status.estimated", "en")
    'Estimated figures'
    """
    lang = check_lang(lang)
    return format_message(_messages()[key][lang], lang, **fields)


def format_message(template: str, lang: str, /, **fields: Any) -> str:
    """Return a template filled with figures as a language writes them.

    Formats: ``n`` whole number, ``up`` the same rounded up, ``d2`` two decimals, ``+n`` with its sign, ``p1`` per
    cent with one decimal, ``pe`` per cent with the decimals that it has, at most two, ``pp1`` percentage points,
    ``bn1`` billions (tỷ), ``vnd`` an amount in tỷ or triệu đồng, ``date``;
    ``s`` is the ending of an English noun beside a number, nothing for 1.

    Examples
    --------
    >>> format_message("{a:n} / {b:p1}", "vi", a=182330, b=0.851)
    '182.330 / 85,1%'
    >>> format_message("{a:+n} on {d:date}", "en", a=10028, d="2021-12-31")
    '+10,028 on 31 December 2021'
    >>> format_message("{a:pe}, {b:pe}, {c:pe}", "vi", a=0.99, b=0.906, c=0.8721)
    '99%, 90,6%, 87,21%'
    >>> format_message("{n:n} finding{n:s}", "en", n=1), format_message("{d:+pp1}", "en", d=0.0001)
    ('1 finding', '0.0')
    >>> format_message("{a:vnd}, {b:+vnd}", "vi", a=75_812_000_000, b=890_400_000)
    '75,81 tỷ đồng, +890 triệu đồng'
    """
    return _Figures(lang).vformat(template, (), fields)


class _Figures(string.Formatter):
    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "s":
            return "" if value == 1 else "s"
        match = re.fullmatch(r"(\+?)(ne|n|up|d|pe|pp|p|bn|vnd|date)(\d?)", spec)
        if not match:
            return str(format(value, spec))
        sign, kind, decimals = match.groups()
        if kind == "date":
            return format_date(value, self.lang)
        if kind == "vnd":
            large = pd.notna(value) and abs(value) >= BILLION
            unit = translate("label.billions" if large else "label.millions", self.lang)
            figure, scale = f"{sign}d2" if large else f"{sign}n", BILLION if large else MILLION
            return f"{self.format_field(value / scale, figure)} {unit}"
        if kind == "up" and not pd.isna(value):
            value = math.ceil(round(float(value), 6))
        places = int(decimals or 0)
        scale = {"p": 100, "pe": 100, "pp": 100, "bn": 1e-9}.get(kind, 1)
        if kind in ("pe", "ne"):  # as many decimals as it has
            digits = (n for n in (0, 1) if pd.isna(value) or round(value * scale * 10**n, 6) % 1 == 0)
            places = next(digits, 2)
        text = format_number(value, self.lang, places, scale=scale)
        if sign and not text.startswith(MINUS) and re.search("[1-9]", text):  # nothing has no sign
            text = "+" + text
        return text + ("%" if kind in ("p", "pe") and text != "–" else "")


class BhytError(ValueError):
    """An error that the user can put right, in either language.

    ``messages`` are pairs of a message key and its fields, one for each fault; a field that is itself a key, or a pair
    of a key and its fields, is translated; one that is a dict has its words by language. ``str(error)`` is in the
    language of `bhyt_analysis.lang`, English until one is chosen; ``error.text("vi")`` is Vietnamese.
    """

    def __init__(self, *messages: tuple[str, dict[str, Any]]) -> None:
        self.messages = messages
        super().__init__(self.text("en"))

    def __str__(self) -> str:
        return self.text(error_lang())

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the sentences, without the calls that led to them."""
        return [f"{type(self).__name__}: {self}"]

    def text(self, lang: str | None = None) -> str:
        """Return all sentences in a language, one a line."""

        def worded(value: Any) -> Any:
            if isinstance(value, tuple):
                return translate(value[0], lang, **value[1])
            if isinstance(value, dict):
                return value[check_lang(lang)]
            return translate(value, lang) if isinstance(value, str) and has_message(value) else value

        rows = ((key, {name: worded(value) for name, value in fields.items()}) for key, fields in self.messages)
        return "\n".join(translate(key, lang, **fields) for key, fields in rows)

    def __reduce__(self) -> tuple[Any, ...]:  # errors cross from worker processes
        return (type(self), self.messages)


def nearest_choice(word: str, choices: Iterable[object]) -> str:
    """Return the choice that looks most like a word, or an empty string; see `nearest_choices`."""
    return next(iter(nearest_choices(word, choices, 1)), "")


def nearest_choices(word: str, choices: Iterable[object], count: int = 3, cutoff: float = 0.5) -> list[str]:
    """Return the choices that a person can have meant by a word, the nearest first; none where none is near.

    Case, accents and the marks between words do not count; the beginning of a word counts more than its end.
    ``cutoff``: how alike they are at least, from 0 to 1.

    Examples
    --------
    >>> nearest_choices("briefing", ["release", "brief"]), nearest_choices("STATUSQUO", ["status_quo", "students"], 1)
    (['brief'], ['status_quo'])
    """
    plain_word = _plain_word(word)
    matcher = difflib.SequenceMatcher(b=plain_word, autojunk=False)
    is_word = len(plain_word) >= 3 and not re.search(r"\d", plain_word)  # the beginning of a code says little
    scores: list[tuple[float, str]] = []
    for choice in dict.fromkeys(map(str, choices)):
        plain = _plain_word(choice)
        matcher.set_seq1(plain)
        is_beginning = is_word and len(plain) >= 3 and (plain.startswith(plain_word) or plain_word.startswith(plain))
        if is_beginning or (matcher.real_quick_ratio() >= cutoff and matcher.quick_ratio() >= cutoff):
            score = matcher.ratio() + (1 if is_beginning else 0)
            scores += [(score, choice)] if score >= cutoff else []
        if len(scores) > count:  # those that follow must be nearer than the last of these
            scores = sorted(scores, key=lambda pair: -pair[0])[:count]
            cutoff = scores[-1][0]
    return [choice for _, choice in sorted(scores, key=lambda pair: -pair[0])[:count]]


def _plain_word(word: str) -> str:
    return re.sub(r"[-_./ ]+", " ", normalise_name(word)).strip()
