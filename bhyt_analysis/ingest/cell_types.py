"""What does a cell say, in the type of its column?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import STATUSES
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.schema import group_keys_by_name
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import has_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.vietnamese_text import (
    NO_FIGURE,
    AmbiguousNumberError,
    clean_text,
    number_readings,
    parse_day,
    parse_number,
)
from bhyt_analysis.law.groups import groups

KINDS = ("country", "province", "district", "commune")
ZONES = ("III", "II", "I", "none")
UNITS = ("people", "cards")
RELATIONS = ("=", ">=", ">", "ratchet")
REPORTS = ("monthly", "quarterly", "half_yearly", "yearly")
DEADLINES = ("by", "before")
FIGURES = ("count", "change", "share", "number")
# The day that a month stands for, by the column: a count is of its end, a rule begins with its first day.
MONTH_ENDS = {"as_of": "last", "until": "last", "since": "first"}


def convert_column(
    cells: pd.Series, column: dict[str, str], style: str | None, percent: bool = False
) -> tuple[pd.Series, list[Finding]]:
    """One column in its type, and what was found in it. What does not fit becomes missing and a finding.

    Parameters
    ----------
    cells : text, floats and days; its index are the rows of the file.
    column : a row of the schema.
    style : of numbers, "vi" or "en", where it is known.
    percent : whether the heading says that the figures are per cent.
    """
    codes, told = pd.factorize(cells)  # each text is looked at once, however many rows it has
    texts = [clean_text(t) if type(t) is str else t for t in told]
    kind = column["type"]
    convert, expected = CONVERTERS.get(kind, (_text, "expect.text"))
    more = {"style": style, "percent": percent, "end": MONTH_ENDS.get(column["column"], "")}
    values, faults = [], []
    for text in texts:
        value, fault = _try(convert, text, more)
        values.append(value)
        faults.append(fault)
    found = _findings(cells, codes, texts, faults, column, expected)
    return pd.Series(_array(kind, values).take(codes), index=cells.index), found


def _try(convert: Callable[..., Any], text: Any, more: dict[str, Any]) -> tuple[Any, str]:
    """The value of a cell, or None and the rule that it breaks."""
    if type(text) is str and text == "":
        return None, ""
    if convert in _OF_FIGURES and type(text) is str and not text[0].isdigit() and normalise_name(text) in _NO_FIGURE:
        return None, "no_figure"
    try:
        return convert(text, **more), ""
    except AmbiguousNumberError:
        return None, "ambiguous_number"
    except AmbiguousShareError:
        return None, "ambiguous_share"
    except (ValueError, OverflowError):
        return None, "bad_cell"


_NO_FIGURE = {normalise_name(mark) for mark in NO_FIGURE}


def _findings(
    cells: pd.Series, codes: np.ndarray, texts: list[Any], faults: list[str], column: dict[str, str], expected: str
) -> list[Finding]:
    """A finding for each bad cell; one for all that ask the same question of the whole column."""
    found: list[Finding] = []
    kind, heading = column["type"], column["column"]
    wrong = np.array([f != "" for f in faults] or [False])
    asked = set()
    for position in np.flatnonzero(wrong[codes]) if wrong.any() else ():
        text, rule = texts[codes[position]], faults[codes[position]]
        finding = {"rule": rule, "row": int(cells.index[position]), "column": heading, "found": display_cell(text)}
        if rule == "bad_cell" and kind in CHOICES:
            choices = choice_words(kind)
            hint = choices.get(nearest_choice(normalise_name(str(text)), choices), "") or ", ".join(
                map(str, list(choice_keys(kind))[:8])
            )
            found.append({**finding, "rule": "bad_choice", "expected": hint})
        elif rule == "bad_cell":
            found.append({**finding, "expected": expected})
        elif rule not in asked:
            asked.add(rule)
            count = sum(int((codes == i).sum()) for i, f in enumerate(faults) if f == rule)
            found.append({**finding, "count": count, **_two_readings(rule, text)})
    blank = [i for i, t in enumerate(texts) if type(t) is str and t == ""]
    if column["required"] == "yes" and blank:
        rows = cells.index[np.isin(codes, blank)]
        found += [{"rule": "blank_cell", "row": int(n), "column": heading, "expected": expected} for n in rows]
    return found


def _two_readings(rule: str, text: Any) -> dict[str, Any]:
    """The two numbers that a cell may mean."""
    if rule == "ambiguous_number":
        ways = number_readings(text.removesuffix("%").strip())
        return {"whole": f"{max(ways.values()):f}", "part": float(min(ways.values()))}
    return {}


def display_cell(text: Any) -> str:
    """A cell as messages show it: never the number of a card or of a person.

    Examples
    --------
    >>> display_cell("HN2240123456789"), display_cell(3.0), display_cell("năm")
    ('HN…', '3', 'năm')
    """
    if isinstance(text, float):
        return f"{text:.0f}" if text.is_integer() else f"{text!r}"
    plain = str(text)
    return f"{plain[:2]}…" if re.search(r"\d{9}", plain) else plain


def _array(kind: str, values: list[Any]) -> Any:
    """Values of a type as an array of pandas."""
    if kind in ("count", "change"):
        return pd.array(values, dtype="Int64")
    if kind in ("share", "number"):
        return np.array([np.nan if v is None else v for v in values], dtype="float64")
    if kind in ("date", "target_date"):
        return pd.to_datetime(pd.Series(values, dtype=object)).array
    return pd.array(["" if v is None or v != v else v for v in values], dtype="str")


# --- One cell: text, a float or a day ---


class AmbiguousShareError(ValueError):
    """A share such as 0.9 under a heading of per cent."""


def _text(value: Any, **_: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value!r}"
    return str(value)


def _decimal(value: Any, style: str | None) -> Decimal:
    if isinstance(value, dt.date):
        raise ValueError
    if isinstance(value, float):
        return Decimal(repr(round(value, 9)))
    return parse_number(value, style)


def _change(value: Any, style: str | None = None, **_: Any) -> int:
    exact = _decimal(value, style)
    if exact != exact.to_integral_value() or abs(exact) >= 10**12:
        raise ValueError
    return int(exact)


def _count(value: Any, style: str | None = None, **_: Any) -> int:
    if type(value) is str and value.isdigit() and value.isascii() and len(value) <= 12:
        return int(value)
    whole = _change(value, style)
    if whole < 0:
        raise ValueError
    return whole


def _number(value: Any, style: str | None = None, **_: Any) -> float:
    return float(_decimal(value, style))


def _share(value: Any, style: str | None = None, percent: bool = False, **_: Any) -> float:
    said = type(value) is str and value.endswith("%")
    exact = _decimal(value.removesuffix("%").strip() if type(value) is str else value, style)
    if percent and not said and 0 < exact <= 1:
        raise AmbiguousShareError
    share = exact / 100 if said or percent else exact
    if not 0 <= share <= 1:
        raise ValueError
    return float(share)


def _date(value: Any, end: str = "", **_: Any) -> pd.Timestamp:
    return pd.Timestamp(value if isinstance(value, dt.date) else parse_day(_text(value), end))


def _target_date(value: Any, **_: Any) -> pd.Timestamp:
    if normalise_name(_text(value)) in ("yearly", "hang nam", "moi nam"):
        return pd.NaT
    if re.fullmatch(r"20\d\d", _text(value)):  # a target for a year is for its end
        return pd.Timestamp(int(_text(value)), 12, 31)
    return _date(value, "last")


def choice_keys(kind: str) -> Iterable[str]:
    """The keys that a type has to choose from, in their order."""
    return groups().index if kind == "group" else CHOICES[kind]


@lru_cache(maxsize=16)
def choice_words(kind: str) -> dict[str, str]:
    """What may be written for each choice of a type, folded: the key itself and its names in both languages."""
    if kind == "group":
        return group_keys_by_name()
    keys = CHOICES[kind]
    words = {
        normalise_name(translate(f"choice.{kind}.{k}", lang)): k
        for k in keys
        for lang in LANGUAGES
        if has_message(f"choice.{kind}.{k}")
    }
    return words | {normalise_name(k): k for k in keys}


def _choice(kind: str) -> Callable[..., str]:
    def convert(value: Any, **_: Any) -> str:
        text = normalise_name(_text(value))
        if kind == "group" and (card := re.fullmatch(r"([a-z]{2})[\s.-]?[1-5]([\s.-]?\d{2}([\s.-]?\d{10})?)?", text)):
            text = card[1]  # a card's number, or its beginning: the group and the level of benefit
        if text not in choice_words(kind):
            raise ValueError
        return choice_words(kind)[text]

    return convert


_OF_FIGURES = {_count, _change, _number, _share}
_OF_FIGURES = {_count, _change, _number, _share}
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "zone": ZONES,
    "status": STATUSES,
    "relation": RELATIONS,
    "unit": UNITS,
    "listed": ("all", "some"),
    "report_kind": REPORTS,
    "deadline": DEADLINES,
    "group": (),  # law/groups.csv
}
CONVERTERS: dict[str, tuple[Callable[..., Any], str]] = {
    "count": (_count, "expect.count"),
    "change": (_change, "expect.change"),
    "number": (_number, "expect.number"),
    "share": (_share, "expect.share"),
    "date": (_date, "expect.date"),
    "target_date": (_target_date, "expect.target_date"),
    **{kind: (_choice(kind), "expect.text") for kind in CHOICES},
}
