"""Do the tables of an input agree with each other?

Each function finds what one or two rows of ``rules.csv`` describe; sizes from which a difference is told are rows
of ``limits.csv``. What is found by following the cards from month to month is in `bhyt_analysis.quality.month_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bhyt_analysis.domain import findings
from bhyt_analysis.domain.area_codes import check_area_codes, unknown_area
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import add_population, communes, is_fully_listed, population_at, unit_name
from bhyt_analysis.law.groups import double_counted_groups, drop_nested_groups, groups, leaf_groups, main_group
from bhyt_analysis.quality.limits import rule_limits
from bhyt_analysis.quality.month_checks import check_months

Tables = dict[str, pd.DataFrame]
LEVELS = 6  # of units above each other, more than any country has


def check_across_tables(tables: Tables) -> list[Finding]:
    """Everything found by looking at the tables together."""
    found = list(check_units(tables["areas"]))
    for name in (n for n in tables if n not in ("areas", "successors")):
        found += check_area_codes(tables["areas"], tables[name])
    for name in ("areas", "zones", "decisions"):
        found += _dates(tables[name])
    found += _not_valid(tables)
    found += _turns(tables)
    if findings.has_errors(found):  # what follows looks areas up
        return found
    found += _population(tables["population"])
    found += _insured(tables)
    found += _parts(tables)
    found += _lost(tables)
    found += _zone_counts(tables)
    found += _targets(tables["targets"])
    found += _reports(tables)
    found += _communes_and_whole(tables)
    found += _denominators(tables)
    found += _population_jumps(tables)
    found += _losses_mixed(tables)
    found += _published_units(tables["published"])
    found += _successor_shares(tables)
    found += _expiring(tables)
    found += check_months(tables)
    return found


def check_units(areas: pd.DataFrame) -> Iterator[Finding]:
    """Units within a unit that is not there, or within themselves."""
    unknown = (areas["parent"] != "") & ~areas["parent"].isin(areas["code"])
    for row in areas[unknown].itertuples():
        yield unknown_area(row, "parent", row.parent, areas)
    above = areas["parent"].groupby(areas["code"]).first()
    parents, chain = above.to_dict(), areas["parent"]
    for _ in range(LEVELS):
        chain = chain.map(above).fillna("")
    for row in areas[(chain != "") & ~unknown].itertuples():  # no end in sight: look at each of the few
        seen, code = {row.code}, row.parent
        while code and code not in seen:
            seen.add(code)
            code = parents.get(code, "")
        if code:
            yield {"rule": "parent_of_itself", "file": row.file, "row": row.row, "column": "parent", "found": row.code}


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
    once = drop_nested_groups(tables["cards"])
    totals = once.groupby(["area", "as_of"], as_index=False).agg(
        cards=("cards", "sum"), file=("file", "first"), row=("row", "first")
    )
    totals = add_population(totals, areas, population)
    totals = totals[~(totals["cards"] <= totals["population"]).fillna(False).astype(bool)]
    for row in totals.itertuples():
        people, where = row.population, row.population_source
        if pd.isna(people):  # the communes' sum stands for a unit without a count of its own
            count = population_at(areas, population, row.area, row.as_of)
            if count is None:
                continue
            people, where = count.people, count.source
        if row.cards > people:
            name = unit_name(areas, row.area, row.as_of)
            yield _figure(
                "insured_above_population", row, "cards", row.cards, people, name=name, day=row.as_of, where=where
            )


def _parts(tables: Tables) -> Iterator[Finding]:
    """A group told both as a whole and in parts is not smaller than its parts, and no larger where the rest is told."""
    cards, table, place = tables["cards"], groups(), ["area", "as_of"]
    if not double_counted_groups(cards["group"]):
        return
    for wider in ("group", "within"):
        whole = cards["group"].map(table[wider]).fillna("")
        parts = cards.assign(whole=whole)[(whole != "") & (whole != cards["group"])]
        parts = leaf_groups(parts).assign(rest=lambda t: t["group"] == t["whole"] + "_other")
        parts = parts.groupby([*place, "whole"], as_index=False).agg(cards=("cards", "sum"), rest=("rest", "any"))
        both = cards.merge(parts, left_on=[*place, "group"], right_on=[*place, "whole"], suffixes=("", "_parts"))
        above, below = both["cards"] < both["cards_parts"], both["rest"] & (both["cards"] > both["cards_parts"])
        for row in both[above | below].itertuples():
            name = unit_name(tables["areas"], row.area, row.as_of)
            rule = "parts_above_whole" if row.cards < row.cards_parts else "parts_below_whole"
            yield _figure(rule, row, "cards", row.cards, row.cards_parts, group=row.group, name=name, day=row.as_of)  # fmt: skip


def _lost(tables: Tables) -> Iterator[Finding]:
    for row in tables["losses"].itertuples():
        count = population_at(tables["areas"], tables["population"], row.area, row.on)
        if count is not None and row.people > count.people:
            name = unit_name(tables["areas"], row.area, row.on)
            yield _figure(
                "lost_above_population", row, "people", row.people, count.people, name=name, where=count.source
            )


def _zone_counts(tables: Tables) -> Iterator[Finding]:
    """A list of zones that is told for every commune of a unit, against the totals of its decision."""
    areas, zones = tables["areas"], tables["zones"]
    for row in tables["decisions"].itertuples():
        listed = zones[(zones["decision"] == row.decision) & zones["area"].isin(communes(areas, row.area, row.since))]
        whole = is_fully_listed(areas, row.area, row.since)
        if listed.empty or not whole or set(communes(areas, row.area, row.since)) - set(listed["area"]):
            continue
        for zone in ("I", "II", "III"):
            expected, found = getattr(row, f"zone_{zone}"), int((listed["zone"] == zone).sum())
            if pd.notna(expected) and expected != found:
                name = unit_name(areas, row.area, row.since)
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
    areas = tables["areas"]
    rows = tables["cards"].drop_duplicates(["area", "as_of"])
    rows = rows.merge(areas.drop_duplicates("code")[["code", "parent", "kind"]], left_on="area", right_on="code")
    rows = rows[(rows["kind"] == "commune") & (rows["parent"] != "")]
    # Where every commune that the unit ever had reports, none of the day is lacking.
    ever = areas[areas["kind"] == "commune"].groupby("parent")["code"].nunique()
    ever = ever[~ever.index.isin(areas.loc[areas["kind"] != "commune", "parent"])]
    told = rows.groupby(["parent", "as_of"])["area"].transform("nunique")
    rows = rows[told != rows["parent"].map(ever)]
    for (parent, day), same in rows.groupby(["parent", "as_of"]):
        lacking = sorted(set(communes(areas, parent, day)) - set(same["area"]))
        if lacking:
            names = [unit_name(areas, c, day) for c in lacking[:5]] + ["…"] * (len(lacking) > 5)
            first = {"file": same["file"].iloc[0], "row": int(same["row"].iloc[0]), "column": "area"}
            yield {
                "rule": "not_reported",
                **first,
                "day": day,
                "name": unit_name(areas, parent, day),
                "found": ", ".join(names),
            }


# The day on which the unit of a row must exist. A target or a printed figure may well speak of another day.
DAY_OF_UNIT = {"population": "as_of", "cards": "as_of", "flows": "as_of", "expiring": "as_of", "zones": "since", "losses": "on"}  # fmt: skip


def _not_valid(tables: Tables) -> Iterator[Finding]:
    """Figures of a unit on a day on which no unit of that code exists."""
    areas = tables["areas"]
    ended = set(areas.loc[areas["since"].notna() | areas["until"].notna(), "code"])
    terms = areas.loc[areas["code"].isin(ended), ["code", "name", "since", "until"]]
    for name, column in DAY_OF_UNIT.items():
        rows = tables[name][tables[name]["area"].isin(ended)].reset_index(names="at")
        both = rows.merge(terms, left_on="area", right_on="code", suffixes=("", "_unit"))
        since, until = (both[c if f"{c}_unit" not in both else f"{c}_unit"] for c in ("since", "until"))
        stands = ~(since > both[column]) & ~(until < both[column])
        for row in rows[~rows["at"].isin(both.loc[stands, "at"])].to_dict("records"):
            unit, day = terms[terms["code"] == row["area"]], row[column]
            past = unit[unit["until"] < day].tail(1)
            place = {"file": row["file"], "row": row["row"], "column": "area", "found": row["area"], "day": day}
            if len(past):
                yield {"rule": "unit_ended", **place, "name": past["name"].iloc[0], "until": past["until"].iloc[0]}
            else:
                yield {"rule": "unit_not_yet", **place, "name": unit["name"].iloc[0], "since": unit["since"].min()}


TURNS = r"(?i)\b(?:lượt|turns?|visits?)\b"
# What each of these tables counts, and the columns in which a stray unit shows.
COUNTED = {"population": "expect.people", "cards": "expect.cards", "flows": "expect.cards", "expiring": "expect.cards", "losses": "expect.people"}  # fmt: skip


def _turns(tables: Tables) -> Iterator[Finding]:
    """Counts that speak of turns (lượt: visits, each as often as it is made) where people or cards are asked for."""
    for name, expected in COUNTED.items():
        table = tables[name]
        sources = table["source"].drop_duplicates()
        odd = sources[sources.str.contains(TURNS)]
        for row in table[table["source"].isin(odd)].drop_duplicates(["file", "source"]).itertuples():
            yield {"rule": "turns_not_people", "file": row.file, "row": row.row, "column": "source", "found": row.source, "expected": expected}  # fmt: skip
    published = tables["published"]
    counts = published["figure"].str.match(r"(cards|insured|people|population)(_|$)")
    for row in published[counts & published["unit"].str.contains(TURNS)].itertuples():
        yield {"rule": "turns_not_people", "file": row.file, "row": row.row, "column": "unit", "found": row.unit, "expected": "expect.people"}  # fmt: skip


def _communes_and_whole(tables: Tables) -> Iterator[Finding]:
    """A unit's own cards and people against the sum of its communes on the same day."""
    areas = tables["areas"]
    cards = _of_whole_units(areas, tables["cards"])
    once = drop_nested_groups(cards).rename(columns={"cards": "own_count"})
    of_groups = [once.assign(group=""), once.assign(group=main_group(once["group"]))]
    cards = pd.concat(of_groups).groupby(["area", "as_of", "group"], as_index=False).agg(own_count=("own_count", "sum"), file=("file", "first"), row=("row", "first"))  # fmt: skip
    people = tables["population"].rename(columns={"people": "own_count"}).assign(group="")
    for table, column in ((cards, "cards"), (people, "people")):
        for code, day, inside in _with_communes(areas, table):
            same_day = table[table["as_of"] == day]
            own, below = same_day[same_day["area"] == code], same_day[same_day["area"].isin(inside)]
            below = below.groupby("group").agg(total=("own_count", "sum"), told=("area", "nunique"))
            both = own.merge(below[below["told"] == len(inside)], left_on="group", right_index=True)
            both = both[both["own_count"] != both["total"]]
            if (both["group"] != "").any():  # the groups say where the total comes from
                both = both[both["group"] != ""]
            for row in both.itertuples():
                rule = "communes_above_district" if row.total > row.own_count else "communes_below_district"
                name, what = (
                    unit_name(tables["areas"], code, day),
                    f"group:{row.group}" if row.group else f"unit.{column}",
                )
                yield _figure(rule, row, column, row.own_count, row.total, name=name, day=day, what=what)


def _of_whole_units(areas: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of units that are no communes, and of the communes in them: where no unit tells its own, none."""
    communes_of_all = set(areas.loc[areas["kind"] == "commune", "code"])
    upper = set(rows["area"].unique()) - communes_of_all
    inside = upper.union(*(communes(areas, code) for code in upper))
    return rows[rows["area"].isin(inside)]


def _with_communes(areas: pd.DataFrame, own: pd.DataFrame) -> Iterator[tuple[str, Any, list[str]]]:
    """The units above communes that have figures of their own on a day on which communes have some, too."""
    units = areas.drop_duplicates("code").set_index("code")
    above = own["area"].map(units["parent"])
    is_commune = own["area"].map(units["kind"]) == "commune"
    told = pd.MultiIndex.from_arrays([above[is_commune], own.loc[is_commune, "as_of"]])
    upper = own[~is_commune & pd.MultiIndex.from_frame(own[["area", "as_of"]]).isin(told)]
    for row in upper.drop_duplicates(["area", "as_of"]).itertuples():
        if is_fully_listed(areas, row.area, row.as_of):
            yield row.area, row.as_of, [c for c in communes(areas, row.area, row.as_of) if c != row.area]


def _denominators(tables: Tables) -> Iterator[Finding]:
    """A unit's own people against its communes', counted on other days: rates of both would not be shares of the same."""
    areas, people = tables["areas"], tables["population"]
    most = rule_limits("denominators_differ")["share"]
    upper = people[people["area"].map(areas.drop_duplicates("code").set_index("code")["kind"]) != "commune"]
    for row in upper.sort_values("as_of").drop_duplicates("area", keep="last").itertuples():
        below = people[people["area"] != row.area]
        count = population_at(areas, below, row.area, row.as_of)
        if count is not None and count.as_of != row.as_of and abs(count.people / row.people - 1) > most:
            yield _figure("denominators_differ", row, "people", row.people, count.people, name=unit_name(areas, row.area, row.as_of), day=row.as_of, other=count.as_of)  # fmt: skip


def _population_jumps(tables: Tables) -> Iterator[Finding]:
    """Two counts of a unit, one after the other, that no births and moves can explain."""
    rows = tables["population"].sort_values(["area", "as_of"], kind="stable")
    before = rows[["people", "as_of"]].shift().where(rows["area"] == rows["area"].shift())
    ratio = (rows["people"] / before["people"]).astype("Float64")
    share = rule_limits("population_jump")["share"]
    far = ((ratio > 1 + share) | (ratio < 1 / (1 + share))).fillna(False)
    names = tables["areas"]
    for row in rows.assign(past=before["people"], other=before["as_of"])[far].itertuples():
        if unit_name(names, row.area, row.as_of) == unit_name(names, row.area, row.other):  # the same unit of that code
            yield _figure("population_jump", row, "people", row.people, row.past, name=unit_name(names, row.area, row.as_of), day=row.as_of, other=row.other)  # fmt: skip


def _losses_mixed(tables: Tables) -> Iterator[Finding]:
    """Losses of one decision within one unit, some told in people and some in cards."""
    losses, areas = tables["losses"], tables["areas"]
    units = losses["unit"].where(losses["unit"] != "", "people")
    for _, same in losses.assign(unit=units).groupby("decision"):
        if same["unit"].nunique() < 2:
            continue
        for row in same.itertuples():
            inside = same[same["area"].isin(set(communes(areas, row.area, row.on)) - {row.area})]
            for other in inside[inside["unit"] != row.unit].head(1).itertuples():
                names = {"name": unit_name(areas, other.area, other.on), "other": unit_name(areas, row.area, row.on)}
                yield {"rule": "losses_unit_mixed", "file": other.file, "row": other.row, "column": "unit", "found": f"unit.{other.unit}", "expected": f"unit.{row.unit}", "decision": row.decision, **names}  # fmt: skip


def _published_units(published: pd.DataFrame) -> Iterator[Finding]:
    """Figures of one name told in two units in one document, and percentages of nobody knows what."""
    for (_, figure), same in published.groupby(["document", "figure"], sort=False):
        first = same.iloc[0]
        for row in same[same["unit"] != first["unit"]].itertuples():
            yield {"rule": "figure_unit_mixed", "file": row.file, "row": row.row, "column": "unit", "figure": figure, "found": row.unit, "expected": first["unit"], "other": first["row"]}  # fmt: skip
    for row in published[(published["unit"] == "percent") & (published["base"] == "")].itertuples():
        yield {"rule": "share_without_base", "file": row.file, "row": row.row, "column": "base", "figure": row.figure}


def _successor_shares(tables: Tables) -> Iterator[Finding]:
    """The parts of a unit that was split are all of it, where each is told."""
    rounding = rule_limits("successor_shares")["share"]
    for (code, day), parts in tables["successors"].groupby(["code_old", "on"]):
        total = float(parts["share"].sum())
        if total > 1 + rounding or (parts["share"].notna().all() and total < 1 - rounding):
            first, known = parts.iloc[0], code in set(tables["areas"]["code"])
            name = unit_name(tables["areas"], code, day) if known else code
            yield {"rule": "successor_shares", "file": first["file"], "row": first["row"], "column": "share", "found": total, "name": name, "day": day}  # fmt: skip


def _expiring(tables: Tables) -> Iterator[Finding]:
    """More cards of a group that run out than there are."""
    keys = ["area", "as_of", "group"]
    sums = tables["expiring"].groupby(keys, as_index=False).agg(total=("cards", "sum"), file=("file", "first"), row=("row", "first"))  # fmt: skip
    both = sums.merge(tables["cards"][[*keys, "cards"]], on=keys)
    for row in both[both["total"] > both["cards"]].itertuples():
        name = unit_name(tables["areas"], row.area, row.as_of)
        yield _figure("expiring_above_cards", row, "cards", row.total, row.cards, group=f"group:{row.group}", name=name, day=row.as_of)  # fmt: skip
