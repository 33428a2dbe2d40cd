"""Format numbers and dates for a language."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.languages import check_lang

MINUS = "\u2212"
GROUPED = r"[1-9]\d{0,2}(?P<mark>[., \u00a0])\d{3}(?:(?P=mark)\d{3})+"  # a whole number with separators of thousands
MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip


def format_number(value: Any, lang: str | None = None, places: int = 0, scale: float = 1) -> str:
    """Return a number with the separators of the language; a missing one is an en dash.

    Rounds half up on the decimal as printed: 0.9635 at two places of a per cent is 96.35.

    Examples
    --------
    >>> format_number(182330), format_number(182330, "en"), format_number(-1.25, "vi", 1), format_number(None)
    ('182.330', '182,330', '−1,3', '–')
    """
    lang = check_lang(lang)
    if pd.isna(value) or (isinstance(value, float) and math.isinf(value)):
        return "–"
    # repr gives the shortest decimal of a float: the figure as a person wrote it.
    exact = Decimal(repr(value.item() if hasattr(value, "item") else value)) * Decimal(repr(scale))
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}"
    if lang == "vi":
        text = text.translate(str.maketrans(",.", ".,"))
    return (MINUS if rounded < 0 else "") + text


def without_separators(text: str) -> str:
    """Return the digits of a whole number with at least two separators of thousands; "" for any other text.

    Examples
    --------
    >>> [without_separators(text) for text in ("2.800.000", "2,800,000", "2.800", "2.80.000")]
    ['2800000', '2800000', '', '']
    """
    return re.sub(r"\D", "", text) if re.fullmatch(GROUPED, text.strip()) else ""


def format_date(value: Any, lang: str | None = None) -> str:
    """Return a day as people write it: 31/12/2021 or 31 December 2021; missing is an en dash.

    Examples
    --------
    >>> format_date("2021-12-31"), format_date("2021-07-01", "en")
    ('31/12/2021', '1 July 2021')
    """
    if pd.isna(value):
        return "–"
    day = value if hasattr(value, "day") else dt.date.fromisoformat(str(value))
    if check_lang(lang) == "en":
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{day.day:02d}/{day.month:02d}/{day.year}"
