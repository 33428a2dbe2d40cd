"""Look up the laws, decisions and party texts that health-insurance plans cite: their days and what replaced them.

One row of ``instruments.csv`` is one national instrument, or one of the province ``area``. A day that was not seen
in a source is blank, and the row's ``note`` says so: a blank ``until`` alone does not say that the instrument is in
force. ``status`` is ``second_hand`` where the days come from a text that only cites the instrument.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.text import clean_line

FILE = Path(__file__).with_name("instruments.csv")
_NUMBER = re.compile(r"0*(?P<serial>\d+[A-Z]?)(?:/(?P<year>(?:19|20)\d\d))?/(?P<issuer>.+)")


@dataclass(frozen=True)
class Instrument:
    """A legal or policy text; a day is None where no source gives it."""

    number: str  # as printed
    area: str  # code of the province that issued it, "" for national ones
    kind: str  # in Vietnamese, such as «Nghị định»
    title: str  # short, in our own words
    title_en: str
    issued: dt.date | None
    since: dt.date | None  # in force
    until: dt.date | None  # the last day in force
    replaced_by: str  # a number, "" for none
    status: str  # confirmed or second_hand
    source: str
    note: str


@lru_cache(maxsize=1)
def legal_instruments() -> tuple[Instrument, ...]:
    """Return all instruments of the table.

    Examples
    --------
    >>> [i.number for i in legal_instruments() if i.kind == "Luật" and "Bảo hiểm y tế" in i.title]
    ['25/2008/QH12', '46/2014/QH13', '51/2024/QH15']
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_instrument(row) for row in csv.DictReader(file))


def _instrument(row: dict[str, str]) -> Instrument:
    issued, since, until = (parse_date(day) if day else None for day in map(row.pop, ("issued", "since", "until")))
    return Instrument(issued=issued, since=since, until=until, **row)


def find_instrument(number: str, year: int | None = None, areas: Collection[str] = ()) -> Instrument | None:
    """Return the instrument with a number; None where the table has none, or several and the year does not decide.

    Numbers of decisions and party texts begin anew each year, so that the year of issue tells one from another; a
    number that has its own year, such as 146/2018/NĐ-CP, needs none. Small letters, blanks, the letter Eth for Đ, a
    leading zero, and «/» for «-» make no other number.

    Parameters
    ----------
    number
        The number as a plan prints it.
    year
        The year of issue that the plan gives with it, if it does.
    areas
        The codes of the units above the plan's own, whose instruments it cites beside national ones.

    Examples
    --------
    >>> str(find_instrument("861/qđ-ttg", 2021).issued), find_instrument("582/QĐ-TTg").replaced_by
    ('2021-06-04', '861/QĐ-TTg')
    >>> find_instrument("21-NQ/TW"), find_instrument("21-NQ/TW", 2012).title
    (None, 'Tăng cường sự lãnh đạo của Đảng đối với BHXH, BHYT 2012-2020')
    """
    key = _key(number)
    if key is None:
        return None
    serial, own_year, issuer = key
    rows = tuple(r for r in _by_key().get(key, ()) if not r.area or r.area in areas)
    if own_year is None and year is not None:
        rows = tuple(r for r in rows if r.issued is not None and r.issued.year == year)
        # A plan may leave the year out of the number. Decisions are apart: 14/QĐ-TTg is not 14/2012/QĐ-TTg.
        if not rows and not issuer.startswith("QĐ/"):
            rows = _by_key().get((serial, year, issuer), ())
    return rows[0] if len(rows) == 1 else None


@lru_cache(maxsize=1)
def _by_key() -> dict[tuple[str, int | None, str], tuple[Instrument, ...]]:
    keys: dict[tuple[str, int | None, str], tuple[Instrument, ...]] = {}
    for instrument in legal_instruments():
        key = _key(instrument.number)
        assert key is not None, instrument.number
        keys[key] = (*keys.get(key, ()), instrument)
    return keys


def _key(number: str) -> tuple[str, int | None, str] | None:
    """Return the serial number, the year in the number and the letters after it; None for what is no number."""
    folded = re.sub(r"[-–/]+", "/", re.sub(r"\s", "", clean_line(number)).upper()).strip("/.")
    match = _NUMBER.fullmatch(folded)
    return (match["serial"], int(match["year"]) if match["year"] else None, match["issuer"]) if match else None
