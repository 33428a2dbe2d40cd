"""Give the values that a printed figure can have had before it was rounded."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import COUNTRY
from bhyt_analysis.i18n.dates import DateLike


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
    rates: dict[str, pd.DataFrame] = data.result(_published_rates)
    return rates[code if code in rates else ""]


def _published_rates(data: Dataset) -> dict[str, pd.DataFrame]:
    return _rates_by_unit(data.published, data.result(_short_names))


def _rates_by_unit(published: pd.DataFrame, names: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Return the rates of all units by code; those of "" are of a unit without any."""
    rows = published[(published["figure"] == "coverage") & published["value"].notna()]
    bounds = [printed_interval(*r) for r in zip(rows["value"], rows["decimals"], rows["relation"], strict=True)]
    sources = [_cited(names, *r) for r in zip(rows["document"], rows["locator"], strict=True)]
    low, high = ([i[side] for i in bounds] for side in (0, 1))
    table = rows.assign(
        as_of=pd.to_datetime(rows["as_of"], format="%Y-%m-%d", errors="coerce"),
        rate=(rows["value"] / 100).where(rows["relation"].isin(["=", "about"])),
        rate_low=np.maximum(low, 0.0) / 100,
        rate_high=np.minimum(high, 100.0) / 100,
        source=sources,
    )
    # A rate of "the end of the year" has no place in a sequence of days.
    table = table[table["as_of"].notna()].sort_values("as_of", kind="stable")
    units, table = table["area"], table[["as_of", "relation", "rate", "rate_low", "rate_high", "document", "source"]]
    of_units = {
        str(code): table.loc[index].reset_index(drop=True) for code, index in units.groupby(units).groups.items()
    }
    return {"": table.iloc[:0].reset_index(drop=True), **of_units}


def national_rate(data: Dataset, on: DateLike) -> pd.Series | None:
    """Return the last coverage of the country that was printed for a day of the year up to a day; None without one.

    A row of `published_rates` with a rate. An input that prints none of the country is read with the bundled ones.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> row = national_rate(load(), "2025-10-31")
    >>> f"{row['rate']:.2%}", str(row["as_of"].date()), row["source"]
    ('94.29%', '2024-12-31', 'Chỉ thị 52-CT/TW')
    >>> national_rate(load(), "2021-12-31") is None
    True
    """
    rates = published_rates(data, COUNTRY)
    if rates.empty:
        rates = _bundled_national_rates()
    last = pd.Timestamp(on)
    rates = rates[rates["rate"].notna() & (rates["as_of"] <= last) & (rates["as_of"] > last - pd.DateOffset(years=1))]
    return None if rates.empty else rates.iloc[-1]


@lru_cache(maxsize=1)
def _bundled_national_rates() -> pd.DataFrame:
    """Return the rates of the country in what was observed, as in the bundled data."""
    files = {"published": "published_observed.csv", "documents": "documents.csv"}
    folder = bundled_path("data")
    tables = {k: pd.read_csv(folder / v, dtype=str, keep_default_na=False, encoding="utf-8") for k, v in files.items()}
    numbers = {c: pd.to_numeric(tables["published"][c]) for c in ("value", "decimals")}
    return _rates_by_unit(tables["published"].assign(**numbers), _names_of_documents(tables["documents"]))[COUNTRY]


def figure_source(data: Dataset, document: str, locator: str) -> str:
    """Return a document and a place in it, as a reader would cite it."""
    return _cited(data.result(_short_names), document, locator)


def _cited(names: dict[str, str], document: str, locator: str) -> str:
    if document not in names:
        return f"{document}, {locator}"
    return ", ".join(part for part in (names[document], locator) if part)


def _short_names(data: Dataset) -> dict[str, str]:
    return _names_of_documents(data.documents)


def _names_of_documents(documents: pd.DataFrame) -> dict[str, str]:
    table = documents.drop_duplicates("document")
    return dict(zip(table["document"], table["short"], strict=True))
