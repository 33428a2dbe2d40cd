"""Give the values that a printed figure can have had before it was rounded."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset


class Interval(NamedTuple):
    """The values that a printed figure allows; ``low`` closed and ``high`` open by default."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = True

    def meets(self, other: Interval) -> bool:
        """Tell whether some value is in both."""
        low = max(self.low, other.low)
        high = min(self.high, other.high)
        if low < high:
            return True
        return low == high and not any(
            (i.low == low and i.low_open) or (i.high == high and i.high_open) for i in (self, other)
        )


def printed_interval(value: float, decimals: int = 0, relation: str = "=") -> Interval:
    """Return the interval of a printed figure, in the figure's own unit.

    "85.1" is [85.05, 85.15); "above 99" is open at 99, "at least" closed; "about"
    allows one unit of the last place either way.

    Examples
    --------
    >>> printed_interval(85.1, 1).low, printed_interval(85.1, 1).high
    (85.05, 85.15)
    >>> printed_interval(99, 0, ">")
    Interval(low=99.0, high=inf, low_open=True, high_open=True)
    """
    half = 0.5 * 10.0 ** -int(decimals)
    places = int(decimals) + 1
    if relation == ">":
        return Interval(float(value), float("inf"), True)
    if relation == ">=":
        return Interval(float(value), float("inf"))
    if relation == "<":
        return Interval(float("-inf"), float(value), True, True)
    if relation == "about":
        half *= 2
    return Interval(round(value - half, places), round(value + half, places))


def published_rates(data: Dataset, code: str) -> pd.DataFrame:
    """Return the coverage rates that documents print for a unit, as shares with their bounds.

    Columns ``as_of``, ``relation``, ``rate`` (missing unless the figure is printed with
    "=" or "about"), ``rate_low``, ``rate_high`` (at most 1), ``document``, ``source``.
    """
    rows = data.published
    rows = rows[(rows["area"] == code) & (rows["figure"] == "coverage") & rows["value"].notna()]
    rates = []
    for row in rows.itertuples():
        bounds = printed_interval(row.value, 0 if pd.isna(row.decimals) else row.decimals, row.relation)
        rates.append(
            {
                "as_of": pd.to_datetime(row.as_of, format="%Y-%m-%d", errors="coerce"),
                "relation": row.relation,
                "rate": row.value / 100 if row.relation in ("=", "about") else float("nan"),
                "rate_low": max(bounds.low, 0.0) / 100,
                "rate_high": min(bounds.high, 100.0) / 100,
                "document": row.document,
                "source": figure_source(data, row.document, row.locator),
            }
        )
    columns = ["as_of", "relation", "rate", "rate_low", "rate_high", "document", "source"]
    table = pd.DataFrame(rates, columns=columns)
    # A rate of "the end of the year" has no place in a sequence of days.
    return table[table["as_of"].notna()].sort_values("as_of", ignore_index=True)


def figure_source(data: Dataset, document: str, locator: str) -> str:
    """Return a document and a place in it, as a reader would cite it."""
    rows = data.documents[data.documents["document"] == document]
    if rows.empty:
        return f"{document}, {locator}"
    return ", ".join(part for part in (rows["short"].iloc[0], locator) if part)
