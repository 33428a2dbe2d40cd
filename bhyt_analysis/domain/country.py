"""Read the tables of the whole country: its units since 2019, their successors, people, ages and ethnic groups."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import TABLES, Dataset
from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.messages import translate

SOURCE = "country"  # of the dataset of the whole country
OUTLINE_YEARS = (2019, 2025)
CENSUS_DAY = pd.Timestamp(2019, 4, 1)
FIXED_TYPES = {"area": "area", "as_of": "date", "status": "status", "source": "text"}  # all else are counts


@dataclass(frozen=True, eq=False, repr=False)
class Country(HasCard):
    """The bundled tables of the country; rows keep their ``file`` and ``row``, figures their status and source.

    ``units``, ``successors`` and ``people`` have the columns and types of the tables ``areas``, ``successors`` and
    ``population``. ``ages`` has a column of people for each five-year group, ``ethnicity`` ``kinh_people`` and
    ``minority_people``. ``outlines`` is the GeoJSON of the provinces by year: coarse, for pictures only.
    """

    units: pd.DataFrame
    successors: pd.DataFrame
    people: pd.DataFrame
    ages: pd.DataFrame
    ethnicity: pd.DataFrame
    outlines: dict[int, dict[str, Any]]

    @cached_property
    def data(self) -> Dataset:
        """Return the units and their people as a dataset, for `bhyt_analysis.area` and all that takes one."""
        tables = {"areas": self.units, "successors": self.successors, "population": self.people}
        empty = {name: empty_table(name) for name in TABLES if name not in tables}
        return Dataset(**tables, **empty, source=SOURCE, sha256="")

    def card(self) -> tuple[str, Rows]:
        """Return the tables with their rows, units and years."""
        return translate("card.country"), self.data.card()[1]

    @property
    def geography(self) -> Geography:
        """Return the units with their look-ups."""
        return self.data.geography


@lru_cache(maxsize=1)
def country() -> Country:
    """Return the tables of the whole country, which are read when they are first asked for.

    Examples
    --------
    >>> tables = country()
    >>> tables.units.query("code == '07537'")[["name", "parent"]].to_numpy().tolist()
    [['Xã Phong Vân', '219'], ['Xã Biên Sơn', '24']]
    >>> int(tables.people.query("area == 'VN'")["people"].iloc[0])
    96208984
    """
    people = [_read(f, "population") for f in ("population_census2019.csv", "population_2025.csv")]
    return Country(
        units=_read("units.csv", "areas"),
        successors=_read("successors.csv", "successors"),
        people=pd.concat(people, ignore_index=True),
        ages=census_ages(),
        ethnicity=_read("ethnicity.csv"),
        outlines={year: json.loads(_path(f"outlines_{year}.geojson").read_bytes()) for year in OUTLINE_YEARS},
    )


@lru_cache(maxsize=1)
def census_ages() -> pd.DataFrame:
    """Return the table ``ages`` of the country alone.

    Examples
    --------
    >>> int(census_ages().set_index("area").at["219", "age_0_4"])
    23017
    """
    return _read("ages.csv")


def country_unit(unit: Unit) -> Unit | None:
    """Return the unit of the country of the same code, name and days; None for a made-up one.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> geography = load().geography
    >>> [country_unit(geography.find(name)) is not None for name in ("Xã Biên Sơn", "X00101")]
    [True, False]
    """
    return next(reversed(country().geography.same_units(unit)), None)


def _path(file: str) -> Path:
    return bundled_path("data") / "country" / file


def _read(file: str, table: str = "") -> pd.DataFrame:
    """Return a file with the columns and types of a table, else with counts by area; keys of sources are expanded."""
    cells = _text(file)
    if "source" in cells:
        keys, sources = cells.pop("source"), _text("sources.csv").set_index("key")
        cells = cells.assign(**{c: keys.map(sources[c]) for c in ("as_of", "status", "source")})
    if table:
        schema = table_columns(table)
        types = dict(zip(schema["column"], schema["type"], strict=True))
    else:
        types = {c: FIXED_TYPES.get(c, "count") for c in cells}
    columns = {c: _as_type(cells[c] if c in cells else pd.Series("", cells.index, "str"), t) for c, t in types.items()}
    numbers = range(2, len(cells) + 2)  # of the lines of the file, whose first has the headings
    return pd.DataFrame(columns).assign(file=f"country/{file}", row=numbers)


def empty_table(name: str) -> pd.DataFrame:
    """Return a table of the schema without rows."""
    types = table_columns(name).set_index("column")["type"]
    columns = {c: _as_type(pd.Series([], dtype="str"), t) for c, t in types.items()}
    return pd.DataFrame(columns).assign(file=pd.Series([], dtype="str"), row=pd.Series([], dtype="int64"))


def _text(file: str) -> pd.DataFrame:
    return pd.read_csv(_path(file), dtype="str", keep_default_na=False, encoding="utf-8")


def _as_type(cells: pd.Series, kind: str) -> pd.Series:
    """Return text as values of a type of the schema; blank days and numbers are missing."""
    if kind == "date":
        return pd.to_datetime(cells.mask(cells == ""), format="%Y-%m-%d").astype("datetime64[s]")
    if kind in ("count", "share"):
        return pd.to_numeric(cells.mask(cells == "")).astype("Int64" if kind == "count" else "float64")
    return cells
