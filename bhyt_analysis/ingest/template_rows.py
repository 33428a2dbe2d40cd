"""Gather what is known of areas, to fill in a template: their communes, people, zones and the targets in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bhyt_analysis.domain.area_view import add_country_units, area_view
from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.crosswalk import CROSSWALK_TABLES, carry_to
from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.law import groups

IN_FORCE = ("zones", "decisions", "targets", "duties")  # tables of the bundled data: their rows in force are taken
NAME = "_name"  # column of the names beside the codes, which the reader compares with them


@dataclass(frozen=True)
class KnownRows:
    """The communes of today in some areas, and rows of tables about them and the units above them.

    ``former``: the areas that are no more, each with the communes of today to which they went.
    """

    communes: list[Unit]
    tables: dict[str, pd.DataFrame]
    former: dict[Unit, list[Unit]]

    @property
    def provinces(self) -> list[str]:
        """Return the names of the provinces of the communes."""
        units = self.tables["areas"]
        return units.loc[units["kind"] == "province", "name"].tolist()


def known_rows(areas: Sequence[str], today: pd.Timestamp) -> KnownRows:
    """Return what is known of the communes in some areas, given by name or code.

    ``cards`` is a wide table without counts, for the last month that has ended. Raises BhytError for a name that no
    unit bears, or several.

    Examples
    --------
    >>> rows = known_rows(["Huyện Bát Xát"], pd.Timestamp("2026-02-10"))
    >>> [unit.name for unit in rows.former], rows.provinces, rows.communes[0].name
    (['Huyện Bát Xát'], ['Tỉnh Lào Cai'], 'Xã Bát Xát')
    """
    geography = country().geography
    communes_by_unit = {unit: _communes_of_today(geography, unit, today) for unit in map(geography.find, areas)}
    lineages = {u for some in communes_by_unit.values() for c in some for u in geography.lineage(c, today)}
    units = [u for u in geography.units.values() if u in lineages]  # in the order of the list of the country
    communes = [u for u in units if u.kind == "commune"]
    tables = {
        "areas": _unit_rows(geography, units, today),
        "population": _people(communes),
        "cards": _empty_cards(communes, today),
        **_rows_in_force(units, today),
    }
    names = {u.code: u.name for u in units}
    tables = {n: t.assign(**{NAME: t["area"].map(names).fillna("")}) if "area" in t else t for n, t in tables.items()}
    return KnownRows(communes, tables, {u: some for u, some in communes_by_unit.items() if u.until is not None})


def reported_groups() -> list[str]:
    """Return the groups that offices report, which together are all the insured.

    Examples
    --------
    >>> reported_groups()[:3], len(reported_groups())
    (['employer_employee', 'social_security_paid', 'state_paid_other'], 16)
    """
    table = groups()
    return table.index[(table["projected"] != "") & (table["within"] == "")].tolist()


def _communes_of_today(geography: Geography, unit: Unit, today: pd.Timestamp) -> list[Unit]:
    """Return the communes in a unit, or those to which the communes of a unit that has ended went."""
    if unit.until is None:
        return geography.communes(unit, today)
    former = geography.communes(unit, unit.until) or [unit]
    current = {new for old in former for new in (old, *geography.descendants(old)) if new.until is None}
    if not current:
        raise BhytError(("error.no_commune_today", {"name": geography.full_name(unit)}))
    return sorted(current, key=lambda u: u.code)


def _unit_rows(geography: Geography, units: list[Unit], today: pd.Timestamp) -> pd.DataFrame:
    """Return the rows of the units; one of which some communes are left out says so."""
    rows = geography.areas.set_index("unit_id").loc[[u.id for u in units]].reset_index()
    partial = [not set(geography.communes(u, today)) <= set(units) for u in units]
    return rows.assign(listed=["some" if p else "" for p in partial], note="")


def _people(communes: list[Unit]) -> pd.DataFrame:
    """Return the registered people of communes, then their census where it can be added up in their boundaries.

    Counts of the provinces are left out: they differ from the sums of their communes, and views have them anyway.
    """
    data = country().data
    registered = {name: data.rows(name, {c.id for c in communes}) for name in CROSSWALK_TABLES}
    rows = carry_to(data, communes, registered)["population"]
    return _in_order(rows, communes).sort_values("as_of", ascending=False, kind="stable")


def _empty_cards(communes: list[Unit], today: pd.Timestamp) -> pd.DataFrame:
    """Return a wide table of cards without counts."""
    rows = pd.DataFrame({"area": [c.code for c in communes], "status": "published"})
    return rows.assign(as_of=today.replace(day=1) - pd.Timedelta(days=1))


def _rows_in_force(units: list[Unit], today: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return the rows of the bundled tables about the units that are in force, or will be."""
    provinces = [u for u in units if u.kind == "province"]
    data = add_country_units(load(), provinces)
    views = [area_view(data, p.code).data for p in provinces]
    codes, kinds = {u.code for u in units}, {u.kind for u in units}
    tables = {}
    for name in IN_FORCE:
        rows = pd.concat([getattr(view, name) for view in views], ignore_index=True)
        ends = rows["on" if name == "targets" else "until"]
        rows = rows[(ends.isna() | (ends >= today)) & _concerns(rows, codes, kinds)]
        key = table_columns(name).query("key == 'yes'")["column"].tolist()
        tables[name] = _in_order(rows.drop_duplicates(key).drop(columns="note", errors="ignore"), units)
    return tables


def _in_order(rows: pd.DataFrame, units: list[Unit]) -> pd.DataFrame:
    """Return rows in the order of their units; those about each of some units come last."""
    order = {u.code: i for i, u in enumerate(units)}
    return rows.sort_values("area", key=lambda codes: codes.map(order), kind="stable")


def _concerns(rows: pd.DataFrame, codes: set[str], kinds: set[str]) -> pd.Series:
    """Tell which rows are about some units, or about each unit of their kinds in one of them."""
    own = rows["area"].isin(codes)
    return own | (rows["of"].isin(codes) & rows["kind"].isin(kinds)) if "of" in rows else own
