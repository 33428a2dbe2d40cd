"""Tell the day and the time, and note from which day until which day what was asked of them stays the same.

Texts speak of today: a target is ahead or due, a law is in force. Whoever keeps a text has to know when its words
change next; so no other module looks at the clock, and each comparison of a day with today is made here.
``SOURCE_DATE_EPOCH`` (seconds since 1970) takes the place of the clock: two runs then write the same bytes.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass

from bhyt_analysis.i18n.messages import BhytError

VARIABLE = "SOURCE_DATE_EPOCH"
LAST_SECOND = 253_402_214_400  # of the years that dates can hold, less a day for time zones
_DAY = dt.timedelta(days=1)


@dataclass
class Period:
    """The days on which every comparison that was made gives the same: from ``since`` (None: ever) to before ``until``.

    Examples
    --------
    >>> period = Period("2026-11-01", "2027-01-01")
    >>> period.holds_on(dt.date(2026, 12, 31)), period.holds_on(dt.date(2027, 1, 1))
    (True, False)
    """

    since: str | None = None
    until: str | None = None

    def holds_on(self, day: dt.date) -> bool:
        """Return whether a day is one of them."""
        return (self.since or "") <= day.isoformat() and (self.until is None or day.isoformat() < self.until)

    def narrow(self, day: dt.date, has_come: bool) -> None:
        """Leave the days on which ``day`` has come, or those on which it has not."""
        if has_come:
            self.since = max(self.since or "", day.isoformat())
        else:
            self.until = min(self.until or day.isoformat(), day.isoformat())


_noted = Period()


def source_date() -> dt.datetime | None:
    """Return the time that ``SOURCE_DATE_EPOCH`` sets, in UTC; None without it. BhytError if it is no number."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= LAST_SECOND):
        raise BhytError(("error.source_date", {"found": text}))
    return dt.datetime.fromtimestamp(int(text), dt.UTC)


def now() -> dt.datetime:
    """Return the time in UTC."""
    return source_date() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the day where the user is. For words take `has_come` and `is_past`, which note when they change."""
    time = source_date()
    return dt.date.today() if time is None else time.date()


def has_come(day: dt.date) -> bool:
    """Return whether a day is today or before."""
    day = dt.date(day.year, day.month, day.day)  # a pd.Timestamp is another kind of date
    come = day <= today()
    _noted.narrow(day, come)
    return come


def is_past(day: dt.date) -> bool:
    """Return whether a day is before today."""
    day = dt.date(day.year, day.month, day.day)
    return day < dt.date.max and has_come(day + _DAY)


def begin_period() -> None:
    """Forget the comparisons made so far."""
    global _noted
    _noted = Period()


def noted_period() -> Period:
    """Return the days on which each comparison since `begin_period` gives the same.

    Examples
    --------
    >>> begin_period()
    >>> is_past(dt.date(2021, 12, 31)), has_come(dt.date(9999, 1, 1)), noted_period()
    (True, False, Period(since='2022-01-01', until='9999-01-01'))
    """
    return Period(_noted.since, _noted.until)
