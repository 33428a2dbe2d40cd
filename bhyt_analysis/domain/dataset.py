"""Hold the checked tables of one input, and select what was known on a day or belongs to a unit."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import pandas as pd

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import match_units


@dataclass(frozen=True, eq=False)
class Dataset:
    """The checked tables of one input, its path (``source``) and fingerprint; rows keep their ``file`` and ``row``."""

    areas: pd.DataFrame
    successors: pd.DataFrame
    population: pd.DataFrame
    cards: pd.DataFrame
    flows: pd.DataFrame
    expiring: pd.DataFrame
    zones: pd.DataFrame
    decisions: pd.DataFrame
    losses: pd.DataFrame
    targets: pd.DataFrame
    duties: pd.DataFrame
    reports: pd.DataFrame
    published: pd.DataFrame
    documents: pd.DataFrame
    source: str
    sha256: str
    warnings: list[Finding] = field(default_factory=list, repr=False)


# The column with the day of a row, of each table that has one.
DAY_COLUMNS = {
    "population": "as_of", "cards": "as_of", "flows": "as_of", "expiring": "as_of", "losses": "on", "zones": "since",
    "reports": "received", "published": "as_of",
}  # fmt: skip
TABLES = tuple(f.name for f in fields(Dataset) if f.name not in ("source", "sha256", "warnings"))


def select_unit(data: Dataset, area: str) -> tuple[str, Dataset]:
    """Return the code of a unit, and the dataset without the figures of other units of that code.

    In July 2025 codes were given to other units: 15 was Yên Bái and is Lào Cai. A name of only one of them selects
    that one; a code, or a name of all, selects all.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data = load()
    >>> [(select_unit(data, n)[1].published["area"] == "15").sum() for n in ("Yên Bái", "Lào Cai")]
    [np.int64(4), np.int64(0)]
    """
    rows = match_units(data.areas, area)
    code = str(rows["code"].iloc[0])
    same_code = data.areas["code"] == code
    if len(rows) == same_code.sum():
        return code, data
    first = pd.Timestamp.min if rows["since"].isna().any() else rows["since"].min()
    last = pd.Timestamp.max if rows["until"].isna().any() else rows["until"].max()

    tables = {}
    for name in DAY_COLUMNS:
        table, days = getattr(data, name), _days(data, name)
        tables[name] = table[(table["area"] != code) | ~((days < first) | (days > last))]
    areas = data.areas[~same_code | data.areas.index.isin(rows.index)]
    other = (areas["since"] > last) | (areas["until"] < first)  # in the code's other unit
    areas = areas.assign(parent=areas["parent"].mask((areas["parent"] == code) & other, ""))
    return code, replace(data, areas=areas, **tables)


def limit_to_date(data: Dataset, day: str | pd.Timestamp | None) -> Dataset:
    """Return the dataset as it was known on a day, without counts, losses, zones, reports and figures after it.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> len(limit_to_date(load(), "2021-06-30").losses)
    0
    """
    if day is None:
        return data
    last = pd.Timestamp(day)
    return replace(data, **{name: getattr(data, name)[~(_days(data, name) > last)] for name in DAY_COLUMNS})


def _days(data: Dataset, name: str) -> pd.Series:
    """Return the day of each row; missing for days in words, such as "the end of the year"."""
    return pd.to_datetime(getattr(data, name)[DAY_COLUMNS[name]], format="%Y-%m-%d", errors="coerce")
