"""Give dated facts around the law that a briefing may cite: the poverty line, free check-ups, what is announced.

They are no parameters of the insurance law, and no computation rests on them. One row of ``policy_facts.csv`` is one
fact from ``since`` to ``until``, with the text that it comes from.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from bhyt_analysis.i18n.dates import DateLike, parse_date

FILE = Path(__file__).with_name("policy_facts.csv")
MONTHS_BEFORE, MONTHS_AFTER = 12, 18  # around the day of the figures: what has just begun, and what is to come


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    table = pd.read_csv(FILE, dtype=str, keep_default_na=False, encoding="utf-8")
    return table.assign(**{c: pd.to_numeric(table[c]).astype("float64") for c in ("value", "other_value")})


def policy_facts(day: DateLike | None = None) -> pd.DataFrame:
    """Return the facts, or those that begin around a day: up to 12 months before it and 18 after.

    Columns ``fact``, ``since``, ``until`` (days as text, "" is onward), ``value``, ``other_value`` (missing where there
    is no figure), ``unit``, ``reference``, ``status`` (confirmed or secondary), ``checked``, ``note``.

    Examples
    --------
    >>> policy_facts("2026-10-31")[["fact", "since", "value"]].to_numpy().tolist()
    [['poverty_line', '2027-01-01', 2200000.0], ['free_check_up', '2026-07-01', 350000.0], \
['contribution_rise', '2027-01-01', nan]]
    """
    table = _table()
    if day is None:
        return table.copy()
    on, since = pd.Timestamp(parse_date(day)), pd.to_datetime(table["since"])
    near = (since > on - pd.DateOffset(months=MONTHS_BEFORE)) & (since <= on + pd.DateOffset(months=MONTHS_AFTER))
    return table[near].reset_index(drop=True)
