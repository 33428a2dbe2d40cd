"""The checked tables of one input, and what of them was known on a day or belongs to a unit."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import pandas as pd

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import match_units


@dataclass(frozen=True, eq=False)
class Dataset:
    """The checked tables of one input; each keeps the ``file`` and ``row`` of its rows.

    ``source`` is where they were read, ``sha256`` the fingerprint of what was read.
    """

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


TABLES = tuple(f.name for f in fields(Dataset) if f.name not in ("source", "sha256", "warnings"))


def select_unit(data: Dataset, area: str) -> tuple[str, Dataset]:
    """The code of the unit that a name means, and the dataset without the figures of other units of that code.

    In July 2025 codes were given to other units: 15 was Yên Bái and is Lào Cai. A name
    that only one of them bore means that one; a code, or a name that all bore, means all.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data = load()
    >>> [(select_unit(data, n)[1].published["area"] == "15").sum() for n in ("Yên Bái", "Lào Cai")]
    [np.int64(4), np.int64(0)]
    """
    rows = match_units(data.areas, area)
    code = str(rows["code"].iloc[0])
    every = data.areas["code"] == code
    if len(rows) == every.sum():
        return code, data
    first = pd.Timestamp.min if rows["since"].isna().any() else rows["since"].min()
    last = pd.Timestamp.max if rows["until"].isna().any() else rows["until"].max()

    def kept(table: pd.DataFrame, column: str) -> pd.DataFrame:
        days = pd.to_datetime(table[column], format="%Y-%m-%d", errors="coerce")
        return table[(table["area"] != code) | ~((days < first) | (days > last))]

    areas = data.areas[~every | data.areas.index.isin(rows.index)]
    other = (areas["since"] > last) | (areas["until"] < first)  # what lay in the code's other unit
    areas = areas.assign(parent=areas["parent"].mask((areas["parent"] == code) & other, ""))
    tables = {name: kept(getattr(data, name), column) for name, column in _DAYS.items()}
    return code, replace(data, areas=areas, **tables)


# The day to which a row of each table belongs.
_DAYS = {
    "population": "as_of", "cards": "as_of", "flows": "as_of", "expiring": "as_of", "losses": "on", "zones": "since",
    "reports": "received", "published": "as_of",
}  # fmt: skip


def limit_to_date(data: Dataset, day: str | pd.Timestamp | None) -> Dataset:
    """The dataset as it was known on a day: counts, cards and their flows, losses, zones, reports and printed figures after it left out.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> len(limit_to_date(load(), "2021-06-30").losses)
    0
    """
    if day is None:
        return data
    last = pd.Timestamp(day)
    tables = {name: (getattr(data, name), column) for name, column in _DAYS.items()}
    days = {name: pd.to_datetime(t[c], format="%Y-%m-%d", errors="coerce") for name, (t, c) in tables.items()}
    return replace(data, **{name: table[~(days[name] > last)] for name, (table, _) in tables.items()})
