"""Convert the cells of a column to its type: counts, shares, days, choices and text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from bhyt_analysis.domain.data_status import STATUSES
from bhyt_analysis.domain.findings import Choices, Finding, Term
from bhyt_analysis.domain.schema import choice_synonyms, group_keys_by_name
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import has_message, nearest_choices, translate
from bhyt_analysis.i18n.safe_text import from_sheet
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest import vietnamese_text as vietnamese
from bhyt_analysis.ingest.measures import measure_of
from bhyt_analysis.ingest.vietnamese_text import UnclearCellError, clean_text
from bhyt_analysis.ingest.workbook import Cell, Percent, SerialFrom1904
from bhyt_analysis.law.groups import OWN_MARK, groups, is_group_key

SCOPES = ("all", "ethnic_minority", "pupil_who_lost", "student_who_lost", "other_who_lost")  # beside the groups
GROUP_TYPES = ("group", "scope")  # choices among the groups of the insured
LONGEST_TEXT = 80  # characters of a cell in a message
CITY = "city"  # in the column of kinds: a province or a district, which its place decides
NUMERIC_TYPES = ("count", "change", "share", "number")
# The day that a month alone means, by the column: a count is of its end, a rule begins with its first day.
MONTH_DAYS = {"as_of": "last", "until": "last", "since": "first"}


@dataclass(frozen=True)
class CellOptions:
    """How the cells of a column are written.

    ``month_day`` is the day that a month alone means, see `parse_day`; ``measures`` are what the words after a number
    may say, see `measure_of`.
    """

    style: str | None = None
    percent: bool = False
    month_day: str = ""
    measures: tuple[str, ...] = ()


# What the words after a number may say, by the unit of the column; columns of groups are of cards.
MEASURES = {
    "people": ("people",), "cards": ("cards", "people"), "households": ("households",), "": ("cards", "people"),
}  # fmt: skip
Converter = Callable[[Cell, CellOptions], object]


def convert_column(
    cells: pd.Series, column: dict[str, str], style: str | None, percent: bool = False
) -> tuple[pd.Series, list[Finding]]:
    """Return one column in its type, and the findings. A cell that does not fit becomes missing and a finding.

    The index of ``cells`` are the rows of the file; ``column`` is a row of the schema; ``style`` is that of numbers,
    "vi" or "en", where it is known; ``percent`` says that the figures are per cent by their heading.
    """
    codes, uniques = pd.factorize(cells)  # each text is converted once, however many rows have it
    texts = [clean_text(t) if type(t) is str else t for t in uniques]
    kind = column["type"]
    convert, expected = CONVERTERS.get(kind, (_text, "expect.text"))
    measures = MEASURES.get(column.get("unit", ""), ()) if kind in ("count", "change") else ()
    options = CellOptions(style, percent, MONTH_DAYS.get(column["column"], ""), measures)
    results = [_convert_cell(convert, text, options) for text in texts]
    if kind in ("date", "target_date"):
        results = _doubt_order(texts, results)
    findings = _findings(cells, codes, texts, [fault for _, fault in results], column, expected)
    return pd.Series(_array(kind, [value for value, _ in results]).take(codes), index=cells.index), findings


def _convert_cell(convert: Converter, text: Cell, options: CellOptions) -> tuple[object, str]:
    """Return the value of a cell, or None and the rule that it breaks."""
    if text == "":
        return None, ""
    if type(text) is str and text[0] in "#=EL" and (match := _NO_VALUE.fullmatch(text)):
        return None, "no_result" if match[1] else "error_cell"
    text = from_sheet(text) if type(text) is str else text
    if convert in _NUMERIC and type(text) is str and not text[0].isdigit() and normalise_name(text) in _NO_FIGURE:
        return None, "no_figure"
    try:
        return convert(text, options), ""
    except UnclearCellError as error:
        return None, error.rule
    except (ValueError, OverflowError):
        return None, "bad_cell"


# A formula without its result (but no text of a constant, such as ="07552"), or an error of a formula.
_NO_VALUE = re.compile(
    r'(=\s*(?!\s|"[^"]*"$).+)|#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|[A-Z_]{4,}[!?]?)|(?:Err|Lỗi):\d{3}',
    re.DOTALL,
)
_NO_FIGURE = {normalise_name(mark) for mark in vietnamese.NO_FIGURE}


def _findings(
    cells: pd.Series, codes: np.ndarray, texts: list[Cell], faults: list[str], column: dict[str, str], expected: str
) -> list[Finding]:
    """Return a finding for each bad cell, but one for all cells that are ambiguous in the same way."""
    findings: list[Finding] = []
    kind, heading, reported = column["type"], column["column"], set()
    for position in np.flatnonzero(np.isin(codes, [i for i, fault in enumerate(faults) if fault])):
        text, rule = texts[codes[position]], faults[codes[position]]
        finding = Finding(rule, row=int(cells.index[position]), column=heading, value=display_cell(text))
        if rule == "bad_cell" and kind in CHOICES:
            findings.append(replace(finding, rule="bad_choice", expected=_nearest_choices(kind, str(text))))
        elif rule == "bad_cell":
            findings.append(replace(finding, expected=Term(expected)))
        elif rule not in reported:
            reported.add(rule)
            count = sum(int((codes == i).sum()) for i, f in enumerate(faults) if f == rule)
            findings.append(replace(finding, count=count, details=_two_readings(rule, text)))
    blank = [i for i, t in enumerate(texts) if type(t) is str and t == ""]
    if column["required"] == "yes" and blank:
        rows = cells.index[np.isin(codes, blank)]
        findings += [Finding("blank_cell", row=int(n), column=heading, expected=Term(expected)) for n in rows]
    return findings


def _nearest_choices(kind: str, text: str) -> Choices:
    """Return the choices that look like a text, and all of them where they are few."""
    words = choice_words(kind)
    close = nearest_choices(text, words, 12)
    nearest = tuple(dict.fromkeys(words[word] for word in close))
    if kind == "group":
        return Choices(kind, nearest[:3], () if nearest else ("any",))
    return Choices(kind, nearest[:1], (*SCOPES, "any") if kind == "scope" else tuple(CHOICES[kind]))


def _two_readings(rule: str, text: Cell) -> dict[str, str | float]:
    """Return the two numbers that an ambiguous cell can mean."""
    if rule != "ambiguous_number":
        return {}
    readings = vietnamese.number_readings(str(text)).values()
    return {"integer": f"{max(readings):f}", "fraction": float(min(readings))}


def display_cell(text: Cell) -> str:
    """Format a cell for messages, without the number of a card or of a person.

    Examples
    --------
    >>> display_cell("HN2240123456789"), display_cell(3.0), display_cell("năm")
    ('HN…', '3', 'năm')
    """
    plain = _text(text)
    if len(plain) > LONGEST_TEXT:
        plain = f"{plain[:LONGEST_TEXT]}…"
    return f"{plain[:2]}…" if not isinstance(text, float) and re.search(r"\d{9}", plain) else plain


def _array(kind: str, values: list[object]) -> ExtensionArray | np.ndarray:
    """Return the values of a type as an array of pandas."""
    if kind in ("count", "change"):
        return pd.array(values, dtype="Int64")
    if kind in ("share", "number"):
        return np.array([np.nan if v is None else v for v in values], dtype="float64")
    if kind in ("date", "target_date"):
        return pd.to_datetime(pd.Series(values, dtype=object)).array
    return pd.array(["" if v is None or v != v else v for v in values], dtype="str")


# --- One cell: text, a float or a day ---


def _text(value: Cell, _: CellOptions | None = None) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value!r}"
    return " ".join(str(value).split())  # line breaks inside a cell are blanks


def _decimal(value: Cell, options: CellOptions) -> Decimal:
    if isinstance(value, dt.date | Percent):
        raise ValueError
    if isinstance(value, float):
        return Decimal(repr(round(value, 9)))
    number = vietnamese.split_number(value)
    if number.words and not number.rule:
        measure = measure_of(number.words)
        if measure in options.measures:
            return vietnamese.parse_number(value, options.style)
        if not measure:
            raise ValueError
        raise UnclearCellError("scaled_cell" if measure == "scaled" else "other_unit", value)
    return vietnamese.parse_number(value, options.style)


def _change(value: Cell, options: CellOptions) -> int:
    exact = _decimal(value, options)
    if exact != exact.to_integral_value() or abs(exact) >= 10**12:
        raise ValueError
    return int(exact)


def _count(value: Cell, options: CellOptions) -> int:
    if type(value) is str and value.isdigit() and value.isascii() and len(value) <= 12:
        return int(value)
    if (count := _change(value, options)) < 0:
        raise ValueError
    return count


def _number(value: Cell, options: CellOptions) -> float:
    return float(_decimal(value, options))


def _share(value: Cell, options: CellOptions) -> float:
    if isinstance(value, Percent):
        value, options = value.value, CellOptions()
    has_sign = type(value) is str and bool(vietnamese.split_number(value).words)
    exact = _decimal(value, replace(options, measures=("percent",)))
    if options.percent and not has_sign and 0 < exact <= 1:
        raise UnclearCellError("ambiguous_share", str(value))
    share = exact / 100 if has_sign or options.percent else exact
    if not 0 <= share <= 1:
        raise ValueError
    return float(share)


def _date(value: Cell, options: CellOptions) -> pd.Timestamp:
    if isinstance(value, SerialFrom1904):
        value = value.day if value > 9999 else value  # a year is no day
    day = value if isinstance(value, dt.date) else vietnamese.parse_day(_text(value), options.month_day)
    return pd.Timestamp(vietnamese.check_year(day))


def _doubt_order(texts: list[Cell], results: list[tuple[object, str]]) -> list[tuple[object, str]]:
    """Return the results without the days of a column in which days and months may have changed places.

    A day with the month first, such as 06/30/2021, makes 07/04/2021 in the same column doubtful. A program that
    expects the month first reads 07/04/2021 as a day, but leaves 30/06/2021 as a text.
    """
    slashed = [
        re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})\2\d{4}.*", t, re.ASCII) if type(t) is str else None for t in texts
    ]
    if any(rule == "month_first" for _, rule in results):
        doubtful = [m is not None and int(m[1]) <= 12 and int(m[3]) <= 12 and m[1] != m[3] for m in slashed]
        return [(None, "month_first") if d and not r[1] else r for d, r in zip(doubtful, results, strict=True)]
    days = [t.day <= 12 for t in texts if isinstance(t, dt.date)]
    if days and all(days) and any(slashed) and all(int(m[1]) > 12 for m in slashed if m):
        return [(None, "mixed_days") if isinstance(t, dt.date) else r for t, r in zip(texts, results, strict=True)]
    return results


def _target_date(value: Cell, options: CellOptions) -> pd.Timestamp:
    if normalise_name(_text(value)) in ("yearly", "hang nam", "moi nam"):
        return pd.NaT
    if re.fullmatch(r"20\d\d", _text(value)):  # a target for a year is for its end
        return pd.Timestamp(int(_text(value)), 12, 31)
    return _date(value, replace(options, month_day="last"))


_REGULAR = {
    "hang nam": "yearly", "moi nam": "yearly", "nam": "yearly", "yearly": "yearly", "every year": "yearly",
    "6 thang": "half_yearly", "half yearly": "half_yearly", "half_yearly": "half_yearly",
    "hang quy": "quarterly", "moi quy": "quarterly", "quy": "quarterly", "quarterly": "quarterly",
    "hang thang": "monthly", "moi thang": "monthly", "thang": "monthly", "monthly": "monthly",
    "thuong xuyen": "ongoing", "ongoing": "ongoing",
}  # fmt: skip
_EACH_YEAR = re.compile(r"(?:ngay )?(\d{1,2})[/.-](\d{1,2}) (?:hang|moi) nam")
_MONTH_EACH_YEAR = re.compile(r"(?:cuoi )?thang (\d{1,2}) (?:hang|moi) nam")
_BEFORE = re.compile(r"(?:<|(?:truoc|before)(?: ngay)? )")


def _due(value: Cell, options: CellOptions) -> str:
    """Return when a task is due: "YYYY-MM-DD", "MM-DD" of each year, with "<" for before it, or a word: "monthly"."""
    if not isinstance(value, str):
        return str(_target_date(value, options).date())
    text = normalise_name(value).strip(" .").removeprefix("dinh ky ")
    if text in _REGULAR:
        return _REGULAR[text]
    before, text = ("<" if _BEFORE.match(text) else ""), _BEFORE.sub("", text, count=1)
    if match := _EACH_YEAR.fullmatch(text):
        return f"{before}{dt.date(2001, int(match[2]), int(match[1])):%m-%d}"
    if match := re.fullmatch(r"(\d\d)-(\d\d)", text):
        return f"{before}{dt.date(2001, int(match[1]), int(match[2])):%m-%d}"
    if match := _MONTH_EACH_YEAR.fullmatch(text):
        return f"{before}{pd.Timestamp(2001, int(match[1]), 1) + pd.offsets.MonthEnd():%m-%d}"
    return f"{before}{_target_date(text, options).date()}"


def choice_keys(kind: str) -> Iterable[str]:
    """Return the keys of the choices of a type, in their order."""
    everyone = SCOPES if kind == "scope" else ()
    return (*everyone, *groups().index) if kind in GROUP_TYPES else CHOICES[kind]


@lru_cache(maxsize=16)
def choice_words(kind: str) -> dict[str, str]:
    """Return the choices of a type by all that people write for them, normalised: keys, names, other words."""
    keys = SCOPES if kind == "scope" else CHOICES.get(kind, ("each",))
    names = {k: f"choice.{kind}.{k}" for k in keys if has_message(f"choice.{kind}.{k}")}
    texts = [(translate(name, lang), k) for k, name in names.items() for lang in LANGUAGES]
    words = {normalise_name(word): k for text, k in texts for word in (text, *text.split(" / "))}
    words |= {normalise_name(k): k for k in keys} | choice_synonyms(kind)
    return group_keys_by_name() | words if kind in GROUP_TYPES else words


_CARD = r"([a-z]{2})[\s.-]?[1-5]([\s.-]?\d{2}([\s.-]?\d{10})?)?"


def _choice(kind: str) -> Converter:
    def convert(value: Cell, _: CellOptions) -> str:
        if kind in GROUP_TYPES and OWN_MARK in (own := _text(value)) and is_group_key(own):
            return own
        text = normalise_name(_text(value)).strip(" .:;")
        if kind in GROUP_TYPES and (
            card := re.fullmatch(r"([a-z]{2})[\s.-]?[1-5]([\s.-]?\d{2}([\s.-]?\d{10})?)?", text)
        ):
            text = card[1]  # a card's number, or its beginning: the group and the level of benefit
        if text not in choice_words(kind):
            raise ValueError
        return choice_words(kind)[text]

    return convert


def _target_area(value: Cell, _: CellOptions) -> str:
    """Return ``each`` for each unit of another; the code or name of a unit stays as it is."""
    text = _text(value)
    return choice_words("target_area").get(normalise_name(text), text)


_NUMERIC: set[Converter] = {_count, _change, _number, _share}
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("country", "province", "district", "area", "commune"),
    "zone": ("III", "II", "I", "none"),
    "status": STATUSES,
    "relation": ("=", ">=", ">", "ratchet"),
    "unit": ("people", "cards"),
    "figure_unit": ("people", "cards", "percent", "communes", "villages", "households", "vnd", "visits", "date"),
    "figure_relation": ("=", ">=", ">", "<", "about", "before"),
    "listed": ("all", "some"),
    "report_kind": ("monthly", "quarterly", "half_yearly", "yearly"),
    "deadline": ("by", "before"),
    "group": (),  # law/groups.csv
    "scope": (),  # SCOPES and the groups
}
CONVERTERS: dict[str, tuple[Converter, str]] = {
    "count": (_count, "expect.count"),
    "change": (_change, "expect.change"),
    "number": (_number, "expect.number"),
    "share": (_share, "expect.share"),
    "date": (_date, "expect.date"),
    "target_date": (_target_date, "expect.target_date"),
    "due": (_due, "expect.due"),
    "target_area": (_target_area, "expect.text"),
    **{kind: (_choice(kind), "expect.text") for kind in CHOICES},
}
