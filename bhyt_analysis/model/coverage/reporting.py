"""Sum the communes of an area that report, where not all of them do."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.population import communes_of_count


class Reporting(NamedTuple):
    """The communes with cards on the last day that has any: how many of all, and their sums.

    ``population`` and ``rate`` are None where the people of one of them are not known.
    """

    as_of: pd.Timestamp
    reporting: int
    communes: int
    insured: int
    population: int | None
    rate: float | None
    status: str
    source: str
    population_source: str


def reporting_communes(view: AreaView) -> Reporting | None:
    """Return the sums of the communes that report; None for a unit with cards of its own, and where none reports.

    They are no figures of the area itself, unless all its communes report.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> data = bhyt.load()
    >>> sums = reporting_communes(bhyt.area(data, "X001"))
    >>> sums.reporting, sums.communes, sums.insured == int(bhyt.coverage(data, "X001")["insured"].iloc[0])
    (12, 12, True)
    >>> reporting_communes(bhyt.area(data, "Huyện Sơn Dương")) is None
    True
    """
    return view.result(_reporting_communes)


def _reporting_communes(view: AreaView) -> Reporting | None:
    if view.kind == "commune" or (view.data.cards["unit_id"] == view.unit.id).any():
        return None
    rows = view.coverage(by=["commune"]).dropna(subset="insured")
    if rows.empty:
        return None
    on = rows["as_of"].max()
    communes = len(view.communes(on))
    insured, people = int(rows["insured"].sum()), rows["population"]
    population = None if people.isna().any() else int(people.sum())
    sources = ("; ".join(dict.fromkeys(rows[c].dropna())) for c in ("source", "population_source"))
    rate = insured / population if population else None
    return Reporting(on, len(rows), communes, insured, population, rate, derived_quality(rows["status"]), *sources)


def reporting_sums(view: AreaView, by: str) -> pd.DataFrame:
    """Return the sums of the communes that report on the last day, by "group", "subgroup" or "month".

    Of the months those in which all of them report. The columns are those of `bhyt_analysis.coverage` without ``area``
    and ``name``.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> data = bhyt.load()
    >>> sums = reporting_sums(bhyt.area(data, "X001"), "month")
    >>> sums["insured"].tolist() == bhyt.coverage(data, "X001", by=["month"])["insured"].tolist()
    True
    """
    rows = view.coverage(by=["commune", by]).dropna(subset="insured")
    last = set(rows.loc[rows["as_of"] == rows["as_of"].max(), "area"])
    keys = ["as_of"] if by == "month" else ["as_of", by]
    table = (
        rows[rows["area"].isin(last)]
        .groupby(keys, as_index=False, sort=False)
        .agg(
            insured=("insured", "sum"),
            communes=("area", "nunique"),
            population=("population", lambda people: people.sum(skipna=False)),
            status=("status", derived_quality),
            source=("source", lambda texts: "; ".join(dict.fromkeys(texts))),
        )
    )
    if by == "month":
        table = table[table["communes"] == len(last)]
    elif (sums := reporting_communes(view)) is not None:  # also of communes without the group
        table["population"] = pd.array([sums.population] * len(table), dtype="Int64")
    table["rate"] = table["insured"].astype("float64") / table["population"].astype("float64")
    return table.drop(columns="communes").reset_index(drop=True)


def commune_counts(view: AreaView) -> pd.DataFrame:
    """Return the people of the communes in a larger unit on the last day that has any, of those that were there then.

    The rows of the table ``population``, with the ``name`` of each commune.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> len(commune_counts(bhyt.area(bhyt.load(), "Huyện Sơn Dương")))
    33
    """
    geography, rows = view.geography, view.data.population
    rows = rows[rows["unit_id"].isin({u.id for u in view.communes() if u != view.unit})]
    if rows.empty:
        return rows.assign(name="")
    day = rows["as_of"].max()
    communes = {u.id: u.name for u in communes_of_count(geography, view.unit, day)}
    rows = rows[(rows["as_of"] == day) & rows["unit_id"].isin(communes)]
    return rows.assign(name=rows["unit_id"].map(communes))


def has_enrolment(view: AreaView) -> bool:
    """Return whether anything is known of who is insured: a count, a printed rate, or cards of some communes.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> data = bhyt.load()
    >>> [has_enrolment(bhyt.area(data, name)) for name in ("Huyện Sơn Dương", "Huyện Lục Ngạn", "Huyện Lý Sơn")]
    [True, True, False]
    """
    now = view.coverage().iloc[0]
    return bool(pd.notna(now["insured"]) or pd.notna(now["rate_low"])) or reporting_communes(view) is not None
