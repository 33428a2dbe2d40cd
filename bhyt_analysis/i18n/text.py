"""Clean text of invisible characters, of those that documents can't hold, and of letters that look like Latin ones."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Controls and other signs without a form: documents can't hold some of them, and a name with one is another name.
# Of the blanks and line breaks the common ones stay. The last three are the signs of `bhyt_analysis.i18n.safe_text`.
_INVISIBLE = (
    "\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\uf8f0-\uf8f2"
)
_REMOVED = re.compile(f"[{_INVISIBLE}]")
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]|\r\n?")
_ESCAPED = re.compile("_x(00[01][0-9A-Fa-f]|00[7-9][0-9A-Fa-f]|[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EeFf])_")
_BLANKS = re.compile("[^\\S\n ]|[\u2800]")
# Characters that are their plain ones in another form: full width, ligatures, Roman numerals, letters of formulas.
_COMPATIBLE = re.compile("[\uff01-\uff5e\ufb00-\ufb06\u2160-\u217f\U0001d400-\U0001d7ff]+")
_LETTERS = str.maketrans(
    {"\u00d0": "Đ", "\u0189": "Đ", "\u00f0": "đ", "\u0256": "đ", "\u2010": "-", "\u2011": "-", "\u02d7": "-"}
)
_STROKES = re.compile("([Dd])[\u0335\u0336]")
_LOOK_ALIKES = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХаеорсухіѕјԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
        "ABESIJKMHOPCTYXaeopcyxisjdhqwABEZHIKMNOPTYXo",
        strict=True,
    )
)
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def printable(text: str) -> str:
    """Return a text without invisible characters and those that documents can't hold; line breaks and tabs stay.

    Examples
    --------
    >>> printable("Thống\\x0bkê\\u00ad, dòng 1\\r\\ndòng 2")
    'Thống\\nkê, dòng 1\\ndòng 2'
    """
    if text.isascii() and text.isprintable():
        return text
    return _REMOVED.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """Return a clean text on one line, with single blanks: see `clean_text`.

    Examples
    --------
    >>> clean_line("Thống\\nkê  \\u200b2021")
    'Thống kê 2021'
    """
    return " ".join(clean_text(text).split())


def clean_text(text: str) -> str:
    """Normalise a cell's text: composed letters of one alphabet, plain blanks, none at its ends, nothing invisible.

    Examples
    --------
    >>> clean_text(" Xa\\u0303\\u00a0Kiên Lao "), clean_text("Phì \\u00d0iền\\u200b, \\u041dộ nghèo")
    ('Xã Kiên Lao', 'Phì Điền, Hộ nghèo')
    """
    if text.isascii() and text.isprintable() and "_x" not in text:
        return text.strip()
    return _clean(text)


@lru_cache(maxsize=65536)
def _clean(text: str) -> str:
    text = printable(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), text))
    text = _COMPATIBLE.sub(lambda part: unicodedata.normalize("NFKC", part[0]), _BLANKS.sub(" ", text))
    text = _STROKES.sub(lambda d: "Đ" if d[1] == "D" else "đ", text.translate(_LETTERS))
    text = unicodedata.normalize("NFC", text)
    if _FOREIGN.search(text):
        text = unicodedata.normalize("NFC", _to_latin(text))
    return text.strip()


def _to_latin(text: str) -> str:
    """Return a text with Latin letters for Cyrillic and Greek ones, in words that hold none but look-alikes."""
    all_alike = set(_FOREIGN.findall(text)) <= _LOOK_ALIKES.keys()

    def convert(word: re.Match[str]) -> str:
        mixed = _LATIN.search(word[0]) and set(_FOREIGN.findall(word[0])) <= _LOOK_ALIKES.keys()
        return "".join(_LOOK_ALIKES.get(c, c) for c in word[0]) if all_alike or mixed else word[0]

    return _WORD.sub(convert, text)
