"""Give what the 2019 census tells of an area of any day: its households, and the ages that the law pays for."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.domain.country import CENSUS_DAY, census_ages, country, country_unit
from bhyt_analysis.domain.crosswalk import CARRIED
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.domain.population import PopulationCount
from bhyt_analysis.domain.result_table import result_table

# The part of each five-year group of the census that is of the age.
PAID_AGES = {
    "child_under_6": {"age_0_4": 1.0, "age_5_9": 0.2},  # the year from 5 to 6
    "aged_75": {"age_75_79": 1.0, "age_80_84": 1.0, "age_85_plus": 1.0},
}
COLUMNS = ["key", "people", "share", "units", "as_of", "status", "source"]


@result_table
def paid_ages(view: AreaView) -> pd.DataFrame:
    """Return the children under 6 and the people of 75 and over of an area, by the ages of the 2019 census.

    The census gives five-year groups by district and province; the year from 5 to 6 is taken as one fifth of its group.
    A unit that the census did not count has the shares of the districts or provinces that it came from, or lies in,
    applied to its own people.

    Returns a DataFrame, one row an age, with ``key`` (child_under_6, aged_75), ``people``, ``share`` (of all people),
    ``units`` (names of the units whose ages these are), ``as_of``, ``status`` ("derived" only for whole groups of the
    unit's own count, else "estimated") and ``source``. No row where the people or the ages are not known.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> table = paid_ages(bhyt.area(bhyt.load(), "Huyện Lý Sơn"))
    >>> table[["key", "people", "status"]].to_numpy().tolist()
    [['child_under_6', 1981, 'estimated'], ['aged_75', 737, 'derived']]
    """
    count = view.population_at()
    counted = _units_with_ages(view) if count is not None else []
    if count is None or not counted:
        return pd.DataFrame(columns=COLUMNS)
    ages = census_ages().set_index("area").loc[[unit.code for unit in counted]]
    sums = ages.filter(like="age_").sum()
    total = int(sums.sum())
    sources = dict.fromkeys([count.source, *ages["source"]])
    names = tuple(unit.name for unit in counted)
    rows = []
    for key, parts in PAID_AGES.items():
        share = sum(int(sums[group]) * part for group, part in parts.items()) / total
        entire = count.people == total and set(parts.values()) == {1.0}
        status = derived_quality("derived" if entire else "estimated", count.status)
        rows.append((key, int(share * count.people + 0.5), share, names, count.as_of, status, "; ".join(sources)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _units_with_ages(view: AreaView) -> list[Unit]:
    """Return the units of the census with ages whose people the area's are, or among whom they live."""
    codes = set(census_ages()["area"])
    if view.kind == "district" and view.code in codes:
        return [view.unit]
    parts = view.communes() if view.kind == "area" else [view.unit]
    counted = (unit for part in parts for unit in _units_of_census(part))
    upper = (country().geography.lineage(unit, CENSUS_DAY) for unit in counted)
    with_ages = (next((u for u in lineage if u.code in codes), None) for lineage in upper)
    return list(dict.fromkeys(unit for unit in with_ages if unit is not None))


def _units_of_census(unit: Unit) -> dict[Unit, float]:
    """Return the units on the day of the census that a unit came from, with the share of their people."""
    same, day = country_unit(unit), CENSUS_DAY.toordinal()
    before = {} if same is None else {same: 1.0, **country().geography.origins(same)}
    return {u: share for u, share in before.items() if u.exists_on(day)}


def census_households(view: AreaView) -> PopulationCount | None:
    """Return the people and households that the census counted in whole units that became the area's; else None.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> census_households(bhyt.area(bhyt.load(), "Xã Biên Sơn")).households
    3276
    """
    counted = _units_of_census(view.unit)
    rows = country().data.rows("population", {unit.id for unit in counted})
    rows = rows[rows["as_of"] == CENSUS_DAY].dropna(subset="households")
    if not counted or len(rows) < len(counted) or set(counted.values()) != {1.0}:
        return None
    status = derived_quality(rows["status"]) if len(rows) > 1 else str(rows["status"].iloc[0])
    suffix = CARRIED if view.unit.since is not None and view.unit.since > CENSUS_DAY else ""
    source = "; ".join(f"{text}{suffix}" for text in dict.fromkeys(rows["source"]))
    return PopulationCount(int(rows["people"].sum()), int(rows["households"].sum()), CENSUS_DAY, status, source)
