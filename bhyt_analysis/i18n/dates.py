"""Read dates as people and programs give them."""

from __future__ import annotations

import datetime as dt

from bhyt_analysis.i18n.messages import BhytError

DateLike = str | dt.date  # a pd.Timestamp is a date


def parse_date(day: DateLike) -> dt.date:
    """Return the date of ``YYYY-MM-DD`` or of a date object.

    Raises
    ------
    BhytError
        for anything else.

    Examples
    --------
    >>> parse_date("2021-12-31")
    datetime.date(2021, 12, 31)
    """
    if isinstance(day, dt.datetime):  # pd.Timestamp is one
        return day.date()
    if isinstance(day, dt.date):
        return day
    try:
        return dt.date.fromisoformat(str(day).strip())
    except ValueError:
        raise BhytError(("error.not_a_day", {"found": day})) from None
