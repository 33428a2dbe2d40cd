"""Complete the input's own table of units: codes, kinds and the units above, as offices list them.

The lists of the statistics office have no column of the unit above, but the names and codes of the district and the
province of each row. Units above, by name or code, are those that ever were above the unit of that code and name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.dataset import days_of_rows
from bhyt_analysis.domain.findings import Finding, TableRow
from bhyt_analysis.domain.geography import CODE_LENGTHS, KIND_RANK, Geography, Unit
from bhyt_analysis.i18n.unit_names import spelling_key, strip_unit_word, word_kinds
from bhyt_analysis.ingest.area_matching import (
    FIGURES,
    SHORT_NUMBER,
    KnownUnits,
    Tables,
    on_day_or_last,
    several_units,
    unknown_unit,
)
from bhyt_analysis.ingest.cell_types import CITY, display_cell
from bhyt_analysis.ingest.table_detection import DetectedTable
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell

LENGTHS = dict(zip(("province", "district", "commune"), CODE_LENGTHS, strict=True))
# The columns of the district and of the province of a unit, the nearest one first: code and name.
UPPER_COLUMNS = {"district": ("_within_code", "_within"), "province": ("_province_code", "_province")}
_CODE_COLUMNS = ("area", "of", "code", "parent", "code_old", "code_new", "_within", "_province")


# --- Cells of a list, before they have types ---


def complete_unit_list(table: DetectedTable) -> DetectedTable:
    """Return a list of units with the column of the unit above, from its columns of districts and provinces.

    A row without a commune is about its district, or else its province. A unit above that neither the list nor the
    country has becomes a row of its own.
    """
    upper = [c for columns in UPPER_COLUMNS.values() for c in columns if c in table.cells]
    if table.name != "areas" or "code" not in table.cells or "name" not in table.cells:
        return table
    cells = table.cells.map(_plain)
    if "kind" not in cells:
        cells["kind"] = [next(iter(word_kinds(name)), "") if _is_clear(name) else "" for name in cells["name"]]
    if "parent" in cells or not upper:
        return replace(table, cells=cells)
    every = cells.assign(**{c: "" for c in _uppers() if c not in cells})
    rows = [_raised(row) for row in every.to_dict("records")]
    listed = {(row["code"], spelling_key(row["name"])) for row in rows}
    geography = country().geography
    added: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        row["parent"] = _parent_text(row, geography)
        for kind in UPPER_COLUMNS:
            code, name = (row[c] for c in UPPER_COLUMNS[kind])
            if code and name and (code, spelling_key(name)) not in listed and not _country_units(geography, code, name):
                above = row["_province_code"] if kind == "district" else ""
                added[code, kind] = {"code": code, "name": name, "kind": kind, "parent": above}
    result = pd.DataFrame([*rows, *added.values()], dtype=object).fillna("")
    result.index = pd.Index([*cells.index, *[cells.index[0]] * len(added)])
    heading = next(table.headings[c] for c in upper if c in table.headings)
    kept = [c for c in result if c in ("parent", "kind") or c in cells]
    return replace(table, cells=result[kept], headings={**table.headings, "parent": heading})


def _uppers() -> list[str]:
    return [c for columns in UPPER_COLUMNS.values() for c in columns]


def _plain(cell: Cell) -> Cell:
    """Return a cell of a list of units as text; a day stays what it is."""
    return clean_text(cell) if isinstance(cell, str) else display_cell(cell) if isinstance(cell, float) else cell


def _is_clear(name: Cell) -> bool:
    return isinstance(name, str) and len(word_kinds(name)) == 1


def _raised(row: dict[str, str]) -> dict[str, str]:
    """Return a row of a list; one without a commune as that of its district or its province."""
    for column in (c for c in ("code", *_uppers()) if c in row):
        row[column] = plain_code(str(row[column]))
    for kind, (code, name) in UPPER_COLUMNS.items():
        if row["code"] == row["name"] == "" and (row[code] or row[name]):
            row |= {"code": row[code], "name": row[name], "kind": kind}
        if row["code"] == row[code] and spelling_key(row["name"]) == spelling_key(row[name]):
            row |= {code: "", name: ""}  # the row of the district itself
    return row


def _parent_text(row: dict[str, str], geography: Geography) -> str:
    """Return the code of the unit above of a row of a list, else its name with the province."""
    for code, name in UPPER_COLUMNS.values():
        if row[code]:
            units = _country_units(geography, row[code], row[name]) if row[name] else []
            return units[0].code if units else row[code]
        if row[name]:
            return row[name] if name == "_province" else ", ".join(filter(None, (row[name], row["_province"])))
    return ""


def _country_units(geography: Geography, code: str, name: str) -> list[Unit]:
    """Return the units of a code, also without its zeros, that bear a name."""
    codes = dict.fromkeys((code, *(code.zfill(n) for n in CODE_LENGTHS))) if code.isdigit() else (code,)
    return [u for c in codes for u in geography.units_with_code(c) if _same_name(u.name, name)]


def _same_name(one: str, other: str) -> bool:
    keys = {spelling_key(other), spelling_key(strip_unit_word(other))}
    return spelling_key(one) in keys or spelling_key(strip_unit_word(one)) in keys


# --- Codes as Excel and CSV files write them ---


def plain_code(text: str) -> str:
    """Return a code as digits where it is written ="07552", '07552, 7552.0, 7.552 or 07 552; other texts as they are.

    Examples
    --------
    >>> [plain_code(text) for text in ('="07552"', "'07552", "7552.0", "7.552", "07 552", "T 901")]
    ['07552', '07552', '7552', '7552', '07552', 'T 901']
    """
    bare = re.sub(r"^=?[\s\"'’‘“”`]*|[\s\"'’‘“”`]*$", "", text)
    if not re.fullmatch(r"\d[\d\s.,]*", bare):
        return text
    bare = re.sub(r"\s", "", bare)
    if re.fullmatch(r"\d+[.,]0{1,2}", bare) or re.fullmatch(r"\d{1,2}[.,]\d{3}", bare):
        bare = re.sub(r"[.,]0{1,2}$", "", bare) if re.search(r"[.,]0{1,2}$", bare) else re.sub(r"[.,]", "", bare)
    return bare if re.fullmatch(r"\d{1,5}", bare) else text


def plain_codes(tables: Tables) -> Tables:
    """Return the tables with the codes of units as digits."""
    result = {}
    for name, table in tables.items():
        columns = [c for c in _CODE_COLUMNS if c in table and len(table)]
        texts = {t for c in columns for t in pd.unique(table[c]) if re.search(r"\d", t)}
        plain = {t: p for t in texts if (p := plain_code(t)) != t}
        new = {c: table[c].replace(plain) for c in columns} if plain else {}
        result[name] = table.assign(**new)
    return result


# --- The units with their types ---


def complete_own_units(tables: Tables, findings: list[Finding]) -> Tables:
    """Return the tables with the own units under their codes with zeros, and with the codes of the units above."""
    own = tables["areas"]
    own = _with_zeros(own, findings)
    own = _with_parents(own, _latest_day(tables), findings)
    if (own["kind"] == CITY).any():
        own = own.assign(kind=[_kind_of_city(row) if row.kind == CITY else row.kind for row in own.itertuples()])
    cities = {n: t.assign(kind=t["kind"].replace(CITY, "district")) for n, t in tables.items() if "kind" in t}
    return tables | cities | {"areas": own}


def _with_zeros(own: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Return the own units with the zeros of their codes, where the country has a unit of that code and name."""
    codes = own["code"].copy()
    lengths = own["kind"].replace(CITY, "district").map(LENGTHS).fillna(0)
    short = own[own["code"].str.fullmatch(SHORT_NUMBER) & (own["code"].str.len() < lengths)]
    for row in short.itertuples():
        code = row.code.zfill(int(lengths[row.Index]))
        if any(_same_name(u.name, row.name) for u in country().geography.units_with_code(code)):
            codes[row.Index] = code
    changed = own[codes != own["code"]]
    for row in changed.drop_duplicates("file").itertuples():
        findings.append(Finding.in_row("lost_zeros", row, "code", value=row.code, expected=codes[row.Index]))
    return own.assign(code=codes)


def _kind_of_city(row: TableRow) -> str:
    """Return whether a city is a province or a district: by its name in the country, else by the unit above."""
    kinds = {u.kind for u in country().geography.bearers(row.name)} & {"province", "district"}
    if len(kinds) == 1:
        return kinds.pop()
    return "province" if row.parent in ("", "VN") else "district"


def _with_parents(own: pd.DataFrame, day: pd.Timestamp, findings: list[Finding]) -> pd.DataFrame:
    """Return the own units with codes for the names, or for the short codes, of the units above them."""
    listed, numbers = own["parent"].isin(own["code"]), own["parent"].str.fullmatch(SHORT_NUMBER)
    kinds = own.groupby("code")["kind"].agg(set)
    pairs = own[["parent", "kind"]].itertuples(index=False, name=None)
    above = [any(_is_above(upper, kind) for upper in kinds.get(parent, ())) for parent, kind in pairs]
    names = own[
        (own["parent"] != "") & ~(listed & (~numbers | np.array(above, dtype=bool)))
    ]  # a number may also have lost its zeros
    if names.empty:
        return own
    upper, files = Parents(own, day), set(own["file"])
    incomplete = any(f.severity == "error" and f.file in files for f in findings)
    parents = own["parent"].copy()
    for row in names.itertuples():
        units, options = upper.options(row)
        if row.parent in kinds.index:  # the number of another unit of the list: only that of the country is clear
            options = [u for u in options if u.code in upper.codes_above(row)]
        if len({u.code for u in options}) == 1:
            parents[row.Index] = options[0].code
        elif options:
            findings.append(several_units(units, row, "parent", row.parent, options))
        elif row.parent not in kinds.index and not incomplete:
            findings.append(unknown_unit(upper.country, row, "parent", row.parent, frozenset()))
    return own.assign(parent=parents)


def _latest_day(tables: Tables) -> pd.Timestamp:
    """Return the latest day of the figures of an input; missing without any."""
    days = [days_of_rows(name, tables[name]).max() for name in FIGURES if len(tables[name])]
    return max((d for d in days if not pd.isna(d)), default=pd.NaT)


def _is_above(kind: str, other: str) -> bool:
    """Return whether units of a kind can have units of another in them; those of no or an unclear kind can."""
    return kind == CITY or KIND_RANK.get(kind, 0) < KIND_RANK.get(other, len(KIND_RANK))


def _is_within(units: KnownUnits, codes: set[str], unit: Unit) -> bool:
    return unit.parent_code in codes or any(u.code in codes for u in units.uppers(unit))


class Parents:
    """The units that can be above the own ones: those of the list, else those of the country."""

    def __init__(self, own: pd.DataFrame, day: pd.Timestamp) -> None:
        self.day = day  # of units whose own last day is not known
        self.listed = KnownUnits(Geography(own), len(own))
        self.country = KnownUnits(country().geography, 0)

    def codes_above(self, row: TableRow) -> set[str]:
        """Return the codes of the units that ever were above the unit of the country of a code and name."""
        geography = self.country.geography
        same = _country_units(geography, row.code, row.name)
        return {u.code for spell in same for u in geography.parents(spell)}

    def options(self, row: TableRow) -> tuple[KnownUnits, list[Unit]]:
        """Return the units that the parent of an own unit can mean, and those among which they are."""
        text, _, place = row.parent.partition(",")
        places = [p.strip() for p in (place, getattr(row, "_province", "")) if p.strip()]
        for units in (self.listed, self.country):
            options = [u for u in self._candidates(units, text.strip()) if _is_above(u.kind, row.kind)]
            options = [u for u in options if (u.code, u.name) != (row.code, row.name)]
            if options:
                break
        if not pd.isna(day := self.day if pd.isna(row.until) else row.until):
            options = [u for u in options if u.exists_on(day.toordinal())] or options
        for test in self._tests(units, row, places):
            if len({u.code for u in options}) < 2:
                break
            options = [u for u in options if test(u)] or options
        return units, on_day_or_last(options, day) if len({u.code for u in options}) > 1 else options

    @staticmethod
    def _candidates(units: KnownUnits, text: str) -> list[Unit]:
        return units.numbered(text) if re.fullmatch(SHORT_NUMBER, text) else units.candidates(text)

    def _tests(self, units: KnownUnits, row: TableRow, places: list[str]) -> Iterator[Callable[[Unit], bool]]:
        """Yield what tells units above of one name from each other, the best first."""
        above = self.codes_above(row)
        yield lambda u: u.code in above
        for place in places:
            upper = {v.code for v in units.candidates(place)}
            yield partial(_is_within, units, upper)
        yield lambda u: any(_same_name(v.name, row.name) for v in units.geography.children(u))
