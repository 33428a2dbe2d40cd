"""Read days and months as people and programs give them."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from bhyt_analysis.i18n.messages import BhytError

DateLike = str | dt.date  # a pd.Timestamp is a date
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})([-/.])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d\d)", re.ASCII)
_MONTH = re.compile(
    r"(?i)(?P<year>\d{4})[-/.](?P<month>\d{1,2})|(?:tháng\s*)?(?P<month2>\d{1,2})[-/.](?P<year2>\d{4})", re.ASCII
)


def parse_date(day: DateLike) -> dt.date:
    """Return the date of a text or a date object; the day is before the month, as the country writes.

    Texts are ``YYYY-MM-DD`` and ``DD/MM/YYYY``, also with ``-``, ``/`` or ``.`` between the parts and without zeros.
    Raises BhytError for anything else, for a day that no calendar has and for a year of two digits.

    Examples
    --------
    >>> {parse_date(d) for d in ("2022-06-30", "30/06/2022", "30-6-2022", "30.6.2022", "2022/6/30")}
    {datetime.date(2022, 6, 30)}
    >>> parse_date("31/02/2022")
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: “31/02/2022” is no date: month 2/2022 has only 28 days
    """
    if isinstance(day, dt.date):
        return day.date() if isinstance(day, dt.datetime) else day
    text = str(day).strip()
    match = _YEAR_FIRST.fullmatch(text) or _DAY_FIRST.fullmatch(text)
    if not match or not int(match["year"]):
        raise BhytError(("error.not_a_day", {"found": day}))
    number, month, year = (int(match[part]) for part in ("day", "month", "year"))
    if len(match["year"]) == 2:
        raise BhytError(("error.two_digit_year", {"found": day}))
    if not 1 <= month <= 12:
        raise BhytError(("error.no_such_month", {"found": day, "month": month}))
    last = calendar.monthrange(year, month)[1]
    if not 1 <= number <= last:
        raise BhytError(("error.no_such_day", {"found": day, "month": month, "year": year, "days": last}))
    return dt.date(year, month, number)


def parse_month(month: DateLike) -> dt.date:
    """Return the last day of a month, of ``YYYY-MM``, ``MM/YYYY`` or any of its days.

    Raises BhytError for anything else.

    Examples
    --------
    >>> {parse_month(m) for m in ("2022-06", "06/2022", "6/2022", "tháng 6/2022", "2022-06-15", "15/6/2022")}
    {datetime.date(2022, 6, 30)}
    """
    match = _MONTH.fullmatch(month.strip()) if isinstance(month, str) else None
    if match:
        number, year = int(match["month"] or match["month2"]), int(match["year"] or match["year2"])
        if not 1 <= number <= 12:
            raise BhytError(("error.no_such_month", {"found": month, "month": number}))
        if not year:
            raise BhytError(("error.not_a_month", {"found": month}))
        day = dt.date(year, number, 1)
    else:
        try:
            day = parse_date(month)
        except BhytError as error:
            if error.messages[0][0] != "error.not_a_day":
                raise
            raise BhytError(("error.not_a_month", {"found": month})) from None
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
