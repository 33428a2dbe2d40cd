"""Read dates as people and programs give them."""

from __future__ import annotations

import datetime as dt
import re

from bhyt_analysis.i18n.messages import BhytError

DateLike = str | dt.date  # a pd.Timestamp is a date


def parse_date(day: DateLike) -> dt.date:
    """Return the date of ``YYYY-MM-DD``, ``DD/MM/YYYY`` or a date object; raise BhytError for anything else.

    Examples
    --------
    >>> parse_date("2021-12-31") == parse_date("31/12/2021")
    True
    """
    if isinstance(day, dt.date):
        return day.date() if isinstance(day, dt.datetime) else day
    try:
        text = str(day).strip()
        parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
        return dt.date(*map(int, reversed(parts.groups()))) if parts else dt.date.fromisoformat(text)
    except ValueError:
        raise BhytError(("error.not_a_day", {"found": day})) from None
