"""Do the tables of an input agree with each other?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bhyt_analysis.inputs.areas import communes, listed_whole, name_of, population_at, with_population
from bhyt_analysis.inputs.findings import Finding
from bhyt_analysis.law.groups import counted_once, finest, groups
from bhyt_analysis.words import nearest

Tables = dict[str, pd.DataFrame]


def across(tables: Tables) -> list[Finding]:
    """Everything found by looking at the tables together."""
    found = list(_areas(tables["areas"]))
    for name in (n for n in tables if n not in ("areas", "successors")):
        found += known_areas(tables["areas"], tables[name])
    for name in ("areas", "zones", "decisions"):
        found += _dates(tables[name])
    if found:  # what follows looks areas up
        return found
    found += _population(tables["population"])
    found += _insured(tables)
    found += _parts(tables)
    found += _lost(tables)
    found += _zone_counts(tables)
    found += _targets(tables["targets"])
    found += _reports(tables)
    return found


def _areas(areas: pd.DataFrame) -> Iterator[Finding]:
    codes = set(areas["code"])
    parents = areas.set_index("code")["parent"].groupby(level=0).first().to_dict()
    for row in areas.itertuples():
        if row.parent and row.parent not in codes:
            yield _unknown(row, "parent", row.parent, areas)
            continue
        seen, code = {row.code}, row.parent
        while code and code not in seen:
            seen.add(code)
            code = parents.get(code, "")
        if code:
            yield {"rule": "parent_of_itself", "file": row.file, "row": row.row, "column": "parent", "found": row.code}


def _unknown(row: Any, column: str, found: str, areas: pd.DataFrame) -> Finding:
    hint = nearest(found, areas["code"]) or nearest(found, areas["name"]) or "expect.nothing"
    return {
        "rule": "unknown_area",
        "file": row.file,
        "row": row.row,
        "column": column,
        "found": found,
        "expected": hint,
    }


def known_areas(areas: pd.DataFrame, table: pd.DataFrame) -> Iterator[Finding]:
    """Rows that speak of a unit which the table ``areas`` does not hold."""
    column = table["area"].mask(table["area"] == "each", table["of"]) if "of" in table else table["area"]
    odd = table.assign(code=column)[(column != "") & ~column.isin(areas["code"])]
    for row in odd.itertuples():
        yield _unknown(row, "area", row.code, areas)


def _dates(table: pd.DataFrame) -> Iterator[Finding]:
    for row in table[table["until"] < table["since"]].itertuples():
        yield {
            "rule": "until_before_since",
            "file": row.file,
            "row": row.row,
            "column": "until",
            "found": str(row.until.date()),
            "expected": str(row.since.date()),
        }


def _population(population: pd.DataFrame) -> Iterator[Finding]:
    sizes = [c for c in population if c.startswith("size_")]
    told = population[[*sizes, "households"]].notna().all(axis=1)
    total = population[sizes].sum(axis=1)
    for row in population[told & (total != population["households"])].itertuples():
        yield _figure("household_sizes", row, "households", row.households, int(total[row.Index]))
    for row in population[(population["minority_people"] > population["people"]).fillna(False)].itertuples():
        yield _figure("minority_above_people", row, "minority_people", row.minority_people, row.people)


def _figure(rule: str, row: Any, column: str, found: int, expected: int, **more: object) -> Finding:
    place = {"file": row.file, "row": row.row, "column": column}
    return {"rule": rule, **place, "found": int(found), "expected": int(expected), **more}


def _insured(tables: Tables) -> Iterator[Finding]:
    """More cards than people, in a unit's own rows, on a day."""
    areas, population = tables["areas"], tables["population"]
    once = counted_once(tables["cards"])
    totals = once.groupby(["area", "as_of"], as_index=False).agg(
        cards=("cards", "sum"), file=("file", "first"), row=("row", "first")
    )
    totals = with_population(totals, areas, population)
    totals = totals[~(totals["cards"] <= totals["population"]).fillna(False).astype(bool)]
    for row in totals.itertuples():
        people, where = row.population, row.population_source
        if pd.isna(people):  # the communes' sum stands for a unit without a count of its own
            count = population_at(areas, population, row.area, row.as_of)
            if count is None:
                continue
            people, where = count.people, count.source
        if row.cards > people:
            name = name_of(areas, row.area, row.as_of)
            yield _figure(
                "insured_above_population", row, "cards", row.cards, people, name=name, day=row.as_of, where=where
            )


def _parts(tables: Tables) -> Iterator[Finding]:
    """A group that is told both as a whole and in parts must not be smaller than its parts."""
    cards, table, place = tables["cards"], groups(), ["area", "as_of"]
    for wider in ("group", "within"):
        whole = cards["group"].map(table[wider]).fillna("")
        parts = cards.assign(whole=whole)[(whole != "") & (whole != cards["group"])]
        parts = finest(parts).groupby([*place, "whole"], as_index=False)["cards"].sum()
        both = cards.merge(parts, left_on=[*place, "group"], right_on=[*place, "whole"], suffixes=("", "_parts"))
        for row in both[both["cards"] < both["cards_parts"]].itertuples():
            name = name_of(tables["areas"], row.area, row.as_of)
            yield _figure("parts_above_whole", row, row.group, row.cards, row.cards_parts, name=name, day=row.as_of)


def _lost(tables: Tables) -> Iterator[Finding]:
    for row in tables["losses"].itertuples():
        count = population_at(tables["areas"], tables["population"], row.area, row.on)
        if count is not None and row.people > count.people:
            name = name_of(tables["areas"], row.area, row.on)
            yield _figure(
                "lost_above_population", row, "people", row.people, count.people, name=name, where=count.source
            )


def _zone_counts(tables: Tables) -> Iterator[Finding]:
    """A list of zones that is told for every commune of a unit, against the totals of its decision."""
    areas, zones = tables["areas"], tables["zones"]
    for row in tables["decisions"].itertuples():
        listed = zones[(zones["decision"] == row.decision) & zones["area"].isin(communes(areas, row.area, row.since))]
        whole = listed_whole(areas, row.area, row.since)
        if listed.empty or not whole or set(communes(areas, row.area, row.since)) - set(listed["area"]):
            continue
        for zone in ("I", "II", "III"):
            expected, found = getattr(row, f"zone_{zone}"), int((listed["zone"] == zone).sum())
            if pd.notna(expected) and expected != found:
                name = name_of(areas, row.area, row.since)
                yield _figure("zone_counts", row, f"zone_{zone}", found, expected, name=name, decision=row.decision, zone=zone)  # fmt: skip


def _targets(targets: pd.DataFrame) -> Iterator[Finding]:
    for row in targets.itertuples():
        place = {"file": row.file, "row": row.row}
        if row.area == "each" and not (row.of and row.kind):
            yield {"rule": "each_of_what", **place, "column": "kind" if row.of else "of"}
        if row.relation == ">" and row.rate == 1:
            yield {"rule": "target_above_everybody", **place, "column": "rate"}


def _reports(tables: Tables) -> Iterator[Finding]:
    """Units whose communes report cards on a day, but not all of them."""
    areas, cards = tables["areas"], tables["cards"]
    rows = cards.merge(areas.drop_duplicates("code")[["code", "parent", "kind"]], left_on="area", right_on="code")
    rows = rows[(rows["kind"] == "commune") & (rows["parent"] != "")]
    # Where every commune that the unit ever had reports, none of the day is lacking.
    ever = areas[areas["kind"] == "commune"].groupby("parent")["code"].nunique()
    ever = ever[~ever.index.isin(areas.loc[areas["kind"] != "commune", "parent"])]
    told = rows.groupby(["parent", "as_of"])["area"].transform("nunique")
    rows = rows[told != rows["parent"].map(ever)]
    for (parent, day), same in rows.groupby(["parent", "as_of"]):
        lacking = sorted(set(communes(areas, parent, day)) - set(same["area"]))
        if lacking:
            names = [name_of(areas, c, day) for c in lacking[:5]] + ["…"] * (len(lacking) > 5)
            first = {"file": same["file"].iloc[0], "row": int(same["row"].iloc[0]), "column": "area"}
            yield {
                "rule": "not_reported",
                **first,
                "day": day,
                "name": name_of(areas, parent, day),
                "found": ", ".join(names),
            }
