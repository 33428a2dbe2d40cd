"""Give the values that a printed figure can have had before it was rounded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
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
        low, high = max(self.low, other.low), min(self.high, other.high)
        is_open = any((i.low == low and i.low_open) or (i.high == high and i.high_open) for i in (self, other))
        return low < high or (low == high and not is_open)


def printed_interval(value: float, decimals: float = 0, relation: str = "=") -> Interval:
    """Return the interval of a printed figure, in the figure's own unit.

    "85.1" is [85.05, 85.15); "above 99" is open at 99, "at least" closed; "about" allows one unit of the last place
    either way. Missing decimals are none.

    Examples
    --------
    >>> printed_interval(85.1, 1).low, printed_interval(85.1, 1).high
    (85.05, 85.15)
    >>> printed_interval(99, 0, ">")
    Interval(low=99.0, high=inf, low_open=True, high_open=True)
    """
    if relation in (">", ">="):
        return Interval(float(value), float("inf"), relation == ">")
    if relation == "<":
        return Interval(float("-inf"), float(value), True, True)
    places = 0 if pd.isna(decimals) else int(decimals)
    half = (1 if relation == "about" else 0.5) * 10.0**-places
    return Interval(round(value - half, places + 1), round(value + half, places + 1))


def published_rates(data: Dataset, code: str) -> pd.DataFrame:
    """Return the coverage rates that documents print for a unit, as shares with their bounds.

    Columns ``as_of``, ``relation``, ``rate`` (missing unless printed with "=" or "about"), ``rate_low``,
    ``rate_high`` (at most 1), ``document``, ``source``.
    """
    rows = data.published
    rows = rows[(rows["area"] == code) & (rows["figure"] == "coverage") & rows["value"].notna()]
    bounds = [printed_interval(r.value, r.decimals, r.relation) for r in rows.itertuples()]
    sources = [figure_source(data, r.document, r.locator) for r in rows.itertuples()]
    low, high = ([i[side] for i in bounds] for side in (0, 1))
    table = rows.assign(
        as_of=pd.to_datetime(rows["as_of"], format="%Y-%m-%d", errors="coerce"),
        rate=(rows["value"] / 100).where(rows["relation"].isin(["=", "about"])),
        rate_low=np.maximum(low, 0.0) / 100,
        rate_high=np.minimum(high, 100.0) / 100,
        source=sources,
    )[["as_of", "relation", "rate", "rate_low", "rate_high", "document", "source"]]
    # A rate of "the end of the year" has no place in a sequence of days.
    return table[table["as_of"].notna()].sort_values("as_of", ignore_index=True)


def figure_source(data: Dataset, document: str, locator: str) -> str:
    """Return a document and a place in it, as a reader would cite it."""
    rows = data.documents[data.documents["document"] == document]
    if rows.empty:
        return f"{document}, {locator}"
    return ", ".join(part for part in (rows["short"].iloc[0], locator) if part)
