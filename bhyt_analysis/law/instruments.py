"""Know the instruments that plans cite: their days, and until when they were in force."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class Instrument(NamedTuple):
    """An instrument: its number, its day, its last day in force and what replaced it."""

    number: str
    issued: dt.date | None
    until: dt.date | None
    replaced_by: str


def find_instrument(number: str, year: int | None = None) -> Instrument | None:
    """Return the instrument of a number, of a year where several have it; None for one that is not in the table."""
    return None
