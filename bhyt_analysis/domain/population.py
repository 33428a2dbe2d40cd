"""Count the people of units: the count nearest to a day, a unit's own or the sum of its communes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.geography import Geography, Unit


class PopulationCount(NamedTuple):
    """The number of people in a unit, by a count on a day."""

    people: int
    households: int | None
    as_of: pd.Timestamp
    status: str
    source: str


def population_at(
    geography: Geography, population: pd.DataFrame, code: str, on: pd.Timestamp | None = None
) -> PopulationCount | None:
    """Return the count nearest to a day (without one, the latest): the unit's own, or its communes' sum.

    A sum is taken only where every commune of that day is listed and has a figure. None where no count is known:
    missing is not zero.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> data = bhyt.load()
    >>> population_at(data.geography, data.population, "219").people
    226540
    """
    unit = geography.unit_at(code, on)
    units, days = population["unit_id"].to_numpy(), population["as_of"].array
    people, households, status, source = (population[c].array for c in ("people", "households", "status", "source"))
    counts = []
    for i in np.flatnonzero(units == unit.id).tolist():  # one by one: quicker than a selection of the arrays
        homes = None if pd.isna(households[i]) else int(households[i])
        counts.append(PopulationCount(int(people[i]), homes, pd.Timestamp(days[i]), status[i], source[i]))
    inside = [u.id for u in geography.communes(unit) if u != unit] if unit.is_fully_listed else []
    rows_by_day: dict[pd.Timestamp, list[int]] = {}
    for i in np.flatnonzero(np.isin(units, inside)).tolist() if inside else ():
        rows_by_day.setdefault(pd.Timestamp(days[i]), []).append(i)
    for as_of, same_day in sorted(rows_by_day.items()):
        counted = {u.id for u in communes_of_count(geography, unit, as_of)}
        same_day = [i for i in same_day if units[i] in counted]  # a former and a later spell may both have the count
        if same_day and counted == set(units[same_day]):
            homes = None if pd.isna(households[same_day]).any() else int(households[same_day].sum())
            sources, quality = "; ".join(dict.fromkeys(source[same_day])), lowest_quality(list(status[same_day]))
            counts.append(PopulationCount(int(people[same_day].sum()), homes, as_of, quality, sources))
    if on is None or pd.isna(on):
        return max(counts, key=lambda c: c.as_of, default=None)
    return min(counts, key=lambda c: abs(c.as_of - on), default=None)


def communes_of_count(geography: Geography, unit: Unit, as_of: pd.Timestamp) -> list[Unit]:
    """Return the communes that a count must have to stand for the whole unit.

    A count from before the unit, or from before its communes, is one of the communes that it has in the end, added up
    from the units that they came from.
    """
    if unit.since is None or as_of >= unit.since:
        return geography.communes(unit, as_of) or geography.communes(unit)
    return [u for u in geography.communes(unit) if u.last >= unit.last]


def add_population(
    rows: pd.DataFrame, geography: Geography, population: pd.DataFrame, also: str | None = None
) -> pd.DataFrame:
    """Add to rows of (area, as_of) the area's own population nearest to the day.

    Only counts of the unit that bears the code on that day are taken. The columns are ``population``,
    ``population_as_of``, ``population_status`` and ``population_source``, and the column named by ``also``; missing
    where there is no figure. Order and index remain.
    """
    names = {"people": "population", "status": "population_status", "source": "population_source"}
    columns = ["unit_id", "as_of", *names, *([] if also is None else [also])]
    counts = population[columns].rename(columns=names).assign(population_as_of=population["as_of"])
    units = rows["unit_id"] if "unit_id" in rows else geography.unit_ids(rows["area"], rows["as_of"].tolist())
    keyed = rows.assign(_order=range(len(rows)), unit_id=units)
    keyed["as_of"], counts["as_of"] = keyed["as_of"].astype("datetime64[s]"), counts["as_of"].astype("datetime64[s]")
    merged = pd.merge_asof(
        keyed.sort_values("as_of"), counts.sort_values("as_of"), on="as_of", by="unit_id", direction="nearest"
    )
    merged = merged.sort_values("_order").drop(columns=["_order", *(["unit_id"] if "unit_id" not in rows else [])])
    return merged.set_axis(rows.index)
