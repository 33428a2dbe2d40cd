"""Measure how fast the insured grow from month to month, and project it.

The count is modelled as a random walk with drift: its gain in a month is a steady pace and chance. Hyndman and
Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., sections 5.2 and 5.5, give its forecast and its spread.
Their normal quantile is for long series; with the few months of a year it is Student's t with one degree of freedom
less than there are changes, which is exact where the chances are normal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd


class Pace(NamedTuple):
    """A steady pace and its chance: people a month, their variance, over how many months and changes."""

    people: float
    variance: float
    months: float
    changes: int


def months_between(first: pd.Timestamp, last: pd.Timestamp) -> float:
    """Return the months from one day to another, a part of a month as a fraction.

    Examples
    --------
    >>> months_between(pd.Timestamp("2022-06-30"), pd.Timestamp("2022-12-31"))
    6.0
    >>> months_between(pd.Timestamp("2022-10-31"), pd.Timestamp("2022-11-15"))
    0.5
    """
    parts = [(d.year * 12 + d.month) + d.day / d.days_in_month for d in (first, last)]
    return parts[1] - parts[0]


def estimate_pace(changes: Sequence[float], months: Sequence[float] | None = None) -> Pace:
    """Return the pace of some changes, each over its number of months (1 by default), and their variance.

    Raises ValueError without a change, or over no time.

    Examples
    --------
    >>> estimate_pace([100, 140, 120])
    Pace(people=120.0, variance=400.0, months=3.0, changes=3)
    """
    change = np.asarray(changes, dtype=float)
    span = np.ones(len(change)) if months is None else np.asarray(months, dtype=float)
    if not len(change) or (span <= 0).any():
        raise ValueError(f"{len(change)} changes over {span.tolist()} months give no pace")
    people = float(change.sum() / span.sum())
    # A change over two months has twice the variance of one over one month.
    squares = float((((change - people * span) ** 2) / span).sum())
    return Pace(people, squares / (len(change) - 1) if len(change) > 1 else math.nan, float(span.sum()), len(change))


def project_pace(now: float, pace: Pace, months: float, share: float = 0.9) -> tuple[float, float, float]:
    """Project a count some months ahead: the low end, the middle and the high end of its interval.

    ``now`` is the last count, ``months`` how far ahead (0 or more), ``share`` the width of the interval. Its ends, in
    people, are missing where a single change gives no spread.

    Examples
    --------
    Pace 120 a month, spread 20, two months ahead: 240 more, and t(2) at 95% is 2.92; its spread is
    20 · √(2 + 2²/3) = 36.5.

    >>> [round(v, 1) for v in project_pace(1000, estimate_pace([100, 140, 120]), 2)]
    [1133.4, 1240.0, 1346.6]
    """
    from scipy.special import stdtrit

    middle, spread = _outlook(now, pace, months)
    half = float(stdtrit(pace.changes - 1, (1 + share) / 2)) * spread if pace.changes > 1 else math.nan
    return middle - half, middle, middle + half


def reach_probability(now: float, pace: Pace, months: float, required: float) -> float:
    """Return how likely a count is to reach a number some months ahead at its pace (`project_pace`).

    Missing where a single change gives no spread; 0 or 1 where the changes do not differ.

    Examples
    --------
    The middle is 1,240: what is required there is as likely as not.

    >>> pace = estimate_pace([100, 140, 120])
    >>> reach_probability(1000, pace, 2, 1240), round(reach_probability(1000, pace, 2, 1346.6), 3)
    (0.5, 0.05)
    """
    from scipy.special import stdtr

    middle, spread = _outlook(now, pace, months)
    if pace.changes < 2:
        return math.nan
    return float(stdtr(pace.changes - 1, (middle - required) / spread)) if spread else float(middle >= required)


def _outlook(now: float, pace: Pace, months: float) -> tuple[float, float]:
    """Return the middle of a projection and its spread."""
    if months < 0:
        raise ValueError(f"months is {months}; the past is counted and not projected")
    return now + pace.people * months, math.sqrt(pace.variance * (months + months**2 / pace.months))
