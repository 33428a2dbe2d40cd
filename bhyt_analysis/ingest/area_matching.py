"""Match the names of units in rows to codes, by the day of the row and its district.

People write «Xã Kiên Lao», «KIÊN LAO», «Kien Lao» or «x. Kiên Lao». A text with accents must have the
right ones; a text without any matches all names that differ from it only in accents. A name that fits
two units is reported, not guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, TableRow, Term
from bhyt_analysis.domain.geography import Geography
from bhyt_analysis.i18n.messages import nearest_choice
from bhyt_analysis.i18n.unit_names import accented_key, expand_abbreviations, normalise_name, strip_unit_word

# The tables whose rows name a unit of their own day, and the column of that day.
DAYS = {**dict.fromkeys(("population", "cards", "flows", "expiring"), "as_of"), "losses": "on", "zones": "since"}

Findings = list[Finding]
Tables = dict[str, pd.DataFrame]  # by name
Titles = dict[str, tuple[str, ...]]  # the texts above each sheet, by its label


@dataclass(frozen=True)
class Gazetteer:
    """Units by their names: the rows of ``areas`` by ways to write a name, and the unit above each code."""

    areas: pd.DataFrame
    geography: Geography
    rows: dict[str, list[int]]
    code: list[str]
    codes: frozenset[str]
    parents: dict[str, str]

    def matching_codes(self, name: str) -> set[str]:
        """Return the codes of the units that a name can mean."""
        return {self.code[i] for i in match_name(self, name)}


def build_gazetteer(areas: pd.DataFrame) -> Gazetteer:
    """Return a gazetteer of units with all ways to write their names."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(areas["name"]):
        for spelling in {f(n) for f in (accented_key, normalise_name) for n in (name, strip_unit_word(name))}:
            rows[spelling].append(row)
    parents = dict(zip(areas["code"], areas["parent"], strict=True))
    return Gazetteer(areas, Geography(areas), rows, areas["code"].tolist(), frozenset(areas["code"]), parents)


def match_name(units: Gazetteer, text: str) -> list[int]:
    """Return the rows of the units that a name can mean, on any day and anywhere."""
    name = expand_abbreviations(text)
    return units.rows.get(normalise_name(name) if name.isascii() else accented_key(name), [])


def resolve_areas(tables: Tables, titles: Titles, bundled: Callable[[], pd.DataFrame], findings: Findings) -> Tables:
    """Return the tables with codes for the names of units, and with the bundled units that they name.

    A unit that the input's own table ``areas`` lacks is looked up among the bundled ones.
    """
    own = tables["areas"]
    rows = {name: table for name, table in tables.items() if "area" in table and len(table)}
    codes = {*own["code"], "", "each"}
    resolved = all("_name" not in t and t["area"].isin(codes).all() for t in rows.values())
    if resolved and len(own) and own["parent"].isin(codes).all():
        return tables
    units = build_gazetteer(own if len(own) else bundled())
    if len(own):
        names = {a for column in (own["parent"], *(t["area"] for t in rows.values())) for a in pd.unique(column)}
        if unknown := {a for a in names - {"", "each"} if not is_known_name(units, a)}:
            units = build_gazetteer(_add_bundled(own, bundled(), unknown))
    result = tables | {"areas": _resolve_parents(units, findings)}
    for name, table in rows.items():
        findings += _check_names(table, units)
        result[name] = _resolve_table(name, table, units, titles, findings)
    return result


def is_known_name(units: Gazetteer, text: str) -> bool:
    """Return whether a text is the code or the name of a unit."""
    return text in units.codes or bool(match_name(units, text))


def _add_bundled(own: pd.DataFrame, bundled: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the input's units and the bundled ones with these names, with the units above and in them."""
    others = build_gazetteer(bundled[~bundled["code"].isin(own["code"])].reset_index(drop=True))
    areas = others.areas
    inner = set[str]().union(*(({text} & others.codes) | _named_units(others, text) for text in names))
    codes = inner.union(*(_lineage(others, code) for code in inner))
    while inner:
        inner = set(areas.loc[areas["parent"].isin(inner) & (areas["kind"] == "commune"), "code"]) - codes
        codes = codes | inner
    return pd.concat([own, areas[areas["code"].isin(codes)]], ignore_index=True)


def _named_units(units: Gazetteer, text: str) -> set[str]:
    """Return the codes of a name, or those that a number can be with its leading zeros, which Excel drops."""
    padded = {text.zfill(n) for n in (2, 3, 5)} if re.fullmatch(r"\d{1,4}", text) else set()
    return units.matching_codes(text) or (padded - {text}) & units.codes


def _resolve_parents(units: Gazetteer, findings: Findings) -> pd.DataFrame:
    """Return the units with codes for the names of the units above them."""
    areas = units.areas
    unresolved = areas[(areas["parent"] != "") & ~areas["parent"].isin(units.codes)]
    codes = {}
    for text in pd.unique(unresolved["parent"]):
        candidates = _named_units(units, text)
        if len(candidates) == 1:
            codes[text] = candidates.pop()
        elif candidates:  # a unit that is missing altogether is reported by the checks
            same = unresolved[unresolved["parent"] == text]
            findings += [_unresolved(units, row, "parent", text, Match(candidates)) for row in same.itertuples()]
    return areas.assign(parent=areas["parent"].replace(codes)) if codes else areas


def _check_names(table: pd.DataFrame, units: Gazetteer) -> Findings:
    """Return a finding for each row whose code is that of another unit than its name."""
    if "_name" not in table:
        return []
    rows = table[table["area"].isin(units.codes) & (table["_name"] != "")].drop_duplicates(["file", "row"])
    findings = []
    for (code, name), same in rows.groupby(["area", "_name"], sort=False):
        candidates = units.matching_codes(str(name))
        if candidates and code not in candidates:
            expected = units.geography.full_name(units.geography.unit_at(str(code)))
            parts = {"value": code, "expected": expected, "name": name}
            findings += [Finding.in_row("code_not_name", row, "area", **parts) for row in same.itertuples()]
    return findings


def _resolve_table(
    name: str, table: pd.DataFrame, units: Gazetteer, titles: Titles, findings: Findings
) -> pd.DataFrame:
    """Return a table with codes in its column ``area``; a text that fits no unit, or several, becomes a finding."""
    has_code = (table["area"].isin(units.codes) | table["area"].isin(["", "each"])).to_numpy()
    if has_code.all():
        return table
    key = ["file", "area", "within", "day"]
    day = table[DAYS[name]] if name in DAYS else pd.NaT
    rows = table.assign(within=table.get("_within", ""), day=day)[~has_code]
    number = rows.groupby(key, dropna=False, sort=False).ngroup().to_numpy()
    queries = rows.iloc[np.unique(number, return_index=True)[1]]  # one row for each distinct question
    matches = [_match_unit(units, q.area, q.within, q.day) for q in queries.itertuples()]
    parents = _common_parents(units, table[has_code], queries, matches)
    for i, file in enumerate(queries["file"]):
        nearest = _nearest_units(units, matches[i].codes, titles.get(file, ()), parents.get(file))
        matches[i] = replace(matches[i], codes=nearest)
    unclear = rows.assign(number=number)[[matches[i].code is None for i in number]]
    for row in unclear.drop_duplicates(["file", "row"]).itertuples():  # once for all groups of a row
        findings.append(_unresolved(units, row, "area", row.area, matches[row.number], row.day))
    findings += _lost_zeros(queries, matches)
    codes = [m.code or a for m, a in zip(matches, queries["area"], strict=True)]
    area = table["area"].to_numpy(dtype=object, copy=True)
    area[~has_code] = np.array(codes, dtype=object)[number]
    return table.assign(area=pd.array(area, dtype="str"))


@dataclass(frozen=True)
class Match:
    """The codes of the units that a text can mean, and the rule that is broken if it is not one."""

    codes: set[str]
    rule: str = "unknown_area"

    @property
    def code(self) -> str | None:
        """Return the code of the only unit."""
        return next(iter(self.codes)) if len(self.codes) == 1 else None


def _match_unit(units: Gazetteer, text: str, within: str, on: pd.Timestamp) -> Match:
    """Return the units that a text can mean on a day, in a unit above (a name or code, or "")."""
    areas, rows = units.areas, match_name(units, text)
    if not rows:
        return Match(_named_units(units, text))
    if within:
        upper = units.matching_codes(within) | ({within} & units.codes)
        rows = [i for i in rows if upper & _lineage(units, units.parents[units.code[i]])]
        if not rows:
            return Match(set(), "not_within")
    if not pd.isna(on):
        since, until = (areas[c].to_numpy()[rows] for c in ("since", "until"))
        day = pd.Timestamp(on).to_datetime64()
        rows = [i for i, exists in zip(rows, ~(since > day) & ~(until < day), strict=True) if exists]
        if not rows:
            return Match(set(), "not_on_day")
    return Match({units.code[i] for i in rows}, "ambiguous_area")


def _lineage(units: Gazetteer, code: str) -> set[str]:
    """Return the codes of a unit and of all units above it."""
    chain = set[str]()
    while code and code not in chain:
        chain.add(code)
        code = units.parents.get(code, "")
    return chain


def _common_parents(
    units: Gazetteer, resolved: pd.DataFrame, queries: pd.DataFrame, matches: list[Match]
) -> dict[str, str]:
    """Return for each sheet the unit above all units that are certain, if it is the same for all."""
    columns = ["file", "area"]
    certain = pd.concat([resolved[columns], queries.assign(area=[m.code for m in matches])[columns]]).dropna()
    parents = defaultdict[str, set[str]](set)
    for file, code in certain.drop_duplicates().itertuples(index=False):
        parents[file].add(units.parents.get(code, ""))
    return {file: some.pop() for file, some in parents.items() if len(some) == 1}


def _nearest_units(units: Gazetteer, codes: set[str], titles: tuple[str, ...], parent: str | None) -> set[str]:
    """Return the one of several units that is in the unit of a title, else in that of its sheet; else all."""
    if len(codes) < 2:
        return codes
    areas, title = units.areas, normalise_name(" ".join(titles))
    names = dict(zip(areas["code"], areas["name"].map(strip_unit_word).map(normalise_name), strict=True))

    def in_title(code: str) -> bool:
        upper = (u for u in _lineage(units, units.parents.get(code, "")) if units.parents.get(u))
        return any(re.search(rf"\b{re.escape(names[u])}\b", title) for u in upper)

    for nearest in ({c for c in codes if in_title(c)}, {c for c in codes if parent and units.parents.get(c) == parent}):
        if len(nearest) == 1:
            return nearest
    return codes


def _lost_zeros(queries: pd.DataFrame, matches: list[Match]) -> Findings:
    """Return one finding for each sheet whose codes have lost their zeros, as Excel drops them."""
    findings: dict[str, Finding] = {}
    for row, match in zip(queries.itertuples(), matches, strict=True):
        if match.code and str(row.area).isdigit():
            finding = Finding.in_row("lost_zeros", row, "area", value=row.area, expected=match.code)
            findings.setdefault(str(row.file), finding)
    return list(findings.values())


def _unresolved(
    units: Gazetteer, row: TableRow, column: str, text: str, match: Match, on: pd.Timestamp | None = None
) -> Finding:
    """Return the finding about a text that fits no unit, or several."""
    areas, rows = units.areas, match_name(units, text)
    if len(match.codes) > 1:
        choices = "; ".join(f"{c} {units.geography.full_name(units.geography.unit_at(c))}" for c in sorted(match.codes))
        return Finding.in_row("ambiguous_area", row, column, value=text, expected=choices)
    if match.rule == "not_on_day":
        last = max((d for d in areas["until"].iloc[rows] if not pd.isna(d)), default=pd.NaT)
        first = min((d for d in areas["since"].iloc[rows] if not pd.isna(d)), default=pd.NaT)
        rule, term = ("unit_ended", {"until": last}) if last < on else ("unit_not_yet", {"since": first})
        code, name = units.code[rows[0]], areas["name"].iloc[rows[0]]
        return Finding.in_row(rule, row, column, value=code, name=name, day=on, **term)
    name = expand_abbreviations(text)
    spellings = (nearest_choice(normalise_name(n), list(units.rows)) for n in (name, strip_unit_word(name)))
    near = units.rows.get(next(filter(None, spellings), ""), [])
    hint = "; ".join(dict.fromkeys(f"{units.code[i]} {areas['name'].iloc[i]}" for i in near))
    expected = hint or nearest_choice(text, areas["code"]) or Term("expect.nothing")
    rule = match.rule if match.rule == "not_within" else "unknown_area"
    return Finding.in_row(rule, row, column, value=text, expected=expected)
