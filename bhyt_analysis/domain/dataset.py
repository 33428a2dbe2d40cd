"""Hold the checked tables of one input, each row with the unit that it is about, and select from them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import NO_UNIT, Geography, Unit
from bhyt_analysis.domain.schema import table_name
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.languages import lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.text import clean_line


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(HasCard):
    """The checked tables of one input, its path (``source``) and fingerprint; rows keep their ``file`` and ``row``.

    Every row has in ``unit_id`` the id of the unit that bore its code on the row's own day, given when the dataset is
    made; -1 where it names none. ``geography`` is made of the tables ``areas`` and ``successors``.

    Attributes
    ----------
    areas, successors, population, cards, flows, expiring, zones, decisions, losses, targets
        tables, with the columns that the data dictionary names; rows keep their ``file`` and ``row``.
    other_targets, actions, duties, reports, published, documents
        further tables.
    source
        the path of the input.
    sha256
        the fingerprint of the input.
    warnings
        findings that are no errors.
    geography
        the units, made of the tables ``areas`` and ``successors``.

    Examples
    --------
    >>> data = bhyt.load()
    >>> data.published["document"].nunique(), len(data.sha256)
    (4, 64)
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
    other_targets: pd.DataFrame
    actions: pd.DataFrame
    duties: pd.DataFrame
    reports: pd.DataFrame
    published: pd.DataFrame
    documents: pd.DataFrame
    source: str
    sha256: str
    warnings: list[Finding] = field(default_factory=list, repr=False)
    geography: Geography = field(default=None, repr=False)  # type: ignore[assignment]
    # The id of the unit whose rows alone these are, as `select_area` gives them, and the day for which.
    selection: tuple[int, Any] | None = field(default=None, init=False, repr=False)
    views: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)  # of `area`, by unit and day
    results: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)  # of `result`, by function

    def __post_init__(self) -> None:
        """Give each row its unit; a row that has one keeps it, as long as the unit bears the code of the row."""
        renewed = "unit_id" not in self.areas
        if self.geography is None:  # it is not made from another dataset
            for name in TABLES:
                object.__setattr__(self, name, _with_clean_text(getattr(self, name)))
        if renewed:
            object.__setattr__(self, "areas", self.areas.assign(unit_id=np.arange(len(self.areas))))
        elif self.areas["unit_id"].isna().any():
            object.__setattr__(self, "areas", _with_new_ids(self.areas))
        geography = self.geography
        if geography is None or geography.areas is not self.areas or geography.successor_table is not self.successors:
            today = None if geography is None else geography.today
            object.__setattr__(self, "geography", Geography(self.areas, self.successors, today))
        for name in UNIT_TABLES:
            table = getattr(self, name)
            ids = np.full(len(table), NO_UNIT)
            if "unit_id" in table and not renewed:
                ids = pd.to_numeric(table["unit_id"], errors="coerce").fillna(NO_UNIT).to_numpy("int64")
            wrong = self.geography.codes_of(ids) != table["area"].to_numpy(dtype=object)
            if wrong.any() or "unit_id" not in table:
                days = days_of_rows(name, table)[wrong].array
                ids = ids.copy()
                ids[wrong] = self.geography.unit_ids(table.loc[wrong, "area"], days)
                object.__setattr__(self, name, table.assign(unit_id=ids))

    def result(self, function: Callable[..., Any], *args: Hashable) -> Any:
        """Return ``function(data, *args)``, worked out once for each of its arguments.

        Parameters
        ----------
        function
            of a dataset and further arguments.
        args
            the further arguments.

        Returns
        -------
        Any
            What the function returns.

        Examples
        --------
        >>> bhyt.load().result(lambda data: len(data.documents))
        5
        """
        key = (function, *args)
        if key not in self.results:
            self.results[key] = function(self, *args)
        return self.results[key]

    @cached_property
    def rows_by_unit(self) -> dict[str, dict[int, np.ndarray]]:
        """Return the positions of the rows of each unit, by table."""
        return {name: _positions(getattr(self, name)["unit_id"].to_numpy()) for name in UNIT_TABLES}

    def rows(self, table: str, units: set[int]) -> pd.DataFrame:
        """Return the rows of a table that are about one of the units, in their order.

        Parameters
        ----------
        table
            the name of a table, such as "cards".
        units
            the ids of units.

        Returns
        -------
        DataFrame
            The rows, in their order.

        Examples
        --------
        >>> data = bhyt.load()
        >>> data.rows("losses", {data.find("Huyện Lục Ngạn").id})["people"].tolist()
        [46106]
        """
        positions = self.rows_by_unit[table]
        rows = [positions[unit] for unit in units if unit in positions]
        return getattr(self, table).iloc[np.sort(np.concatenate(rows)) if rows else []]

    @cached_property
    def units_with_figures(self) -> set[int]:
        """Return the ids of the units that figures of people, targets or documents are about, and of those above."""
        tables = ("population", "cards", "losses", "targets", "published")
        ids = {unit for name in tables for unit in self.rows_by_unit[name]} - {NO_UNIT}
        return {unit.id for i in ids for unit in self.geography.lineage(self.geography.unit(i))}

    def card(self) -> tuple[str, Rows]:
        """Return the tables with their rows, units and years."""
        rows = [
            (table_name(name, lang()), _summary(name, table)) for name in TABLES if len(table := getattr(self, name))
        ]
        if self.warnings:
            rows.append((translate("card.warnings"), translate("card.warning_count", count=len(self.warnings))))
        return translate("card.dataset", source=self.source), rows

    def find(self, text: str, on: pd.Timestamp | None = None) -> Unit:
        """Return the unit that a code or a name means; see `Geography.find`.

        A bare name without a day means a larger unit of the past where the data hold figures of it: in the bundled
        plans of 2021, "Sơn Dương" is the district, though a commune bears the name today.

        Parameters
        ----------
        text
            a code, or a name with or without the word for its kind, its accents and its province.
        on
            the day of the unit; None is today's, or else the last.

        Returns
        -------
        Unit
            The unit, with its ``code``, ``name`` and ``kind``.

        Raises
        ------
        BhytError
            for a text that names no unit, or several.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> data = bhyt.load()
        >>> [data.find(n).name for n in ("Sơn Dương", "son duong", "Xã Sơn Dương", "07537")]
        ['Huyện Sơn Dương', 'Huyện Sơn Dương', 'Xã Sơn Dương', 'Xã Biên Sơn']
        """
        bearers = self.geography.units_with_code(text)
        if len(bearers) == 1 and on is None:
            return bearers[0]
        return self.geography.find(text, on, first=self.units_with_figures)


def _with_clean_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without characters that documents can't hold, also where it was not read from a file."""
    changed = {}
    for key in table.select_dtypes(["object", "str"]):
        texts = (t for t in table[key].unique() if isinstance(t, str))
        if clean := {t: c for t in texts if (c := clean_line(t)) != t}:
            changed[key] = table[key].map(lambda value, clean=clean: clean.get(value, value))
    return table.assign(**changed) if changed else table


def _positions(ids: np.ndarray) -> dict[int, np.ndarray]:
    """Return the positions of each value, in their order; for small tables many times quicker than a groupby."""
    order = np.argsort(ids, kind="stable")
    values, starts = np.unique(ids[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(ids) else {}


def _with_new_ids(areas: pd.DataFrame) -> pd.DataFrame:
    """Return the units with an id for those that have none yet."""
    new = areas["unit_id"].isna()
    first = int(areas["unit_id"].max()) + 1 if not new.all() else 0
    ids = areas["unit_id"].fillna(0).astype("int64").to_numpy(copy=True)
    ids[new.to_numpy()] = np.arange(first, first + int(new.sum()))
    return areas.assign(unit_id=ids)


# The column with the day of a row, of each table that has one.
DAY_COLUMNS = {
    "population": "as_of", "cards": "as_of", "flows": "as_of", "expiring": "as_of", "losses": "on", "zones": "since",
    "reports": "received", "published": "as_of",
}  # fmt: skip
# The day that tells whose row it is; the text that rows of one document have in common.
_UNIT_DAYS = DAY_COLUMNS | {"decisions": "since", "duties": "since", "targets": "on", "documents": "issued"}
_UNIT_DAYS |= {"actions": "since", "other_targets": "on"}
_DOCUMENT_COLUMNS = {"targets": "instrument", "published": "document", "other_targets": "source", "actions": "source"}
_OTHER_FIELDS = ("source", "sha256", "warnings", "geography", "selection", "views", "results")
TABLES = tuple(f.name for f in fields(Dataset) if f.name not in _OTHER_FIELDS)
UNIT_TABLES = tuple(name for name in TABLES if name not in ("areas", "successors"))


def _summary(name: str, table: pd.DataFrame) -> str:
    """Return the number of rows and units of a table, and its years."""
    parts = [translate("card.row_count", count=len(table))]
    if "unit_id" in table and name != "areas":
        parts.append(translate("card.unit_count", count=len(set(table["unit_id"]) - {NO_UNIT})))
    column = (_UNIT_DAYS | {"successors": "on"}).get(name)
    years = to_days(table[column]).dt.year.dropna().astype(int) if column else pd.Series(dtype=int)
    parts += ["–".join(map(str, sorted({years.min(), years.max()})))] if len(years) else []
    return ", ".join(parts)


def days_of_rows(name: str, table: pd.DataFrame) -> pd.Series:
    """Return the day on which the unit of each row bore its code; missing where it is not known.

    A target of 2025 that a plan of 2022 sets is one for the unit of 2022: the first day in a document counts for all
    of its rows about a unit.
    """
    days = to_days(table[_UNIT_DAYS[name]])
    if name in _DOCUMENT_COLUMNS and len(table):
        documents = table[_DOCUMENT_COLUMNS[name]].str.partition(", ")[0]  # without the place in it
        days = days.groupby([table["area"], documents]).transform("min")
    return days


def to_days(column: pd.Series) -> pd.Series:
    """Return a column as days; missing for days in words, such as "the end of the year"."""
    return pd.to_datetime(column, format="%Y-%m-%d", errors="coerce")


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
    last = pd.Timestamp(parse_date(day))
    tables = {name: getattr(data, name) for name in DAY_COLUMNS}
    return replace(data, **{name: t[~(to_days(t[DAY_COLUMNS[name]]) > last)] for name, t in tables.items()})
