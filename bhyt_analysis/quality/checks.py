"""Check that the tables of an input agree with each other.

Each function finds what one or two rows of ``rules.csv`` describe; the sizes from which a difference is a
finding are rows of ``limits.csv``. `bhyt_analysis.quality.month_checks` follows the cards from month to month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from bhyt_analysis.domain.area_view import with_country_people
from bhyt_analysis.domain.crosswalk import CARRIED
from bhyt_analysis.domain.dataset import TABLES, Dataset
from bhyt_analysis.domain.findings import Finding, GroupName, Part, TableRow, Term, has_errors
from bhyt_analysis.domain.geography import NO_UNIT, Geography, Unit, check_area_codes, unknown_area
from bhyt_analysis.domain.population import PopulationCount, add_population, population_at
from bhyt_analysis.law.groups import (
    double_counted_groups,
    drop_nested_groups,
    groups,
    leaf_groups,
    legal_group,
    main_group,
)
from bhyt_analysis.quality.limits import rule_limits
from bhyt_analysis.quality.month_checks import check_months

ABOVE_COUNTRY = 1.5  # times the people of the country's own count, which may be some years older
LEVELS = 6  # of units above each other, more than any country has


def check_across_tables(data: Dataset) -> list[Finding]:
    """Return the findings from the tables together."""
    areas = data.areas
    findings = list(check_units(areas))
    for name in (n for n in TABLES if n not in ("areas", "successors")):
        findings += check_area_codes(areas, getattr(data, name))
    for name in ("areas", "zones", "decisions"):
        findings += _period_order(getattr(data, name))
    findings += _units_on_their_days(data)
    findings += _visits_for_people(data)
    if not has_errors(findings):  # the other checks look units up
        findings += [finding for check in CHECKS for finding in check(data)]
    return findings


def check_units(areas: pd.DataFrame) -> Iterator[Finding]:
    """Yield units within a unit that is not listed, or within themselves."""
    unknown = (areas["parent"] != "") & ~areas["parent"].isin(areas["code"])
    for row in areas[unknown].itertuples():
        yield unknown_area(row, "parent", row.parent, areas)
    yield from check_circles(areas[~unknown])


def check_circles(areas: pd.DataFrame) -> Iterator[Finding]:
    """Yield units within themselves."""
    above = areas["parent"].groupby(areas["code"]).first()
    parents, chain = above.to_dict(), areas["parent"]
    for _ in range(LEVELS):
        chain = chain.map(above).fillna("")
    for row in areas[chain != ""].itertuples():  # a chain without end: follow each of the few
        visited, code = {row.code}, row.parent
        while code and code not in visited:
            visited.add(code)
            code = parents.get(code, "")
        if code:
            yield Finding.in_row("parent_of_itself", row, "parent", value=row.code)


def _period_order(table: pd.DataFrame) -> Iterator[Finding]:
    for row in table[table["until"] < table["since"]].itertuples():
        since, until = str(row.since.date()), str(row.until.date())
        yield Finding.in_row("until_before_since", row, "until", value=until, expected=since)


# The day on which the unit of a row must exist. A target or a printed figure may be about another day.
DAY_OF_UNIT = {
    "population": "as_of", "cards": "as_of", "flows": "as_of", "expiring": "as_of", "zones": "since", "losses": "on",
}  # fmt: skip


def _units_on_their_days(data: Dataset) -> Iterator[Finding]:
    """Yield figures of a unit on a day on which no unit of that code exists, but for those in its later boundaries."""
    areas = data.areas
    with_period = set(areas.loc[areas["since"].notna() | areas["until"].notna(), "code"])
    periods = areas.loc[areas["code"].isin(with_period), ["code", "name", "since", "until"]]
    for name, column in DAY_OF_UNIT.items():
        rows = getattr(data, name)
        rows = rows[rows["area"].isin(with_period)]
        rows = rows[~rows["source"].str.endswith(CARRIED)].reset_index(names="position")
        both = rows.merge(periods, left_on="area", right_on="code", suffixes=("", "_unit"))
        since, until = (both[c if f"{c}_unit" not in both else f"{c}_unit"] for c in ("since", "until"))
        exists = ~(since > both[column]) & ~(until < both[column])
        rows = rows[~rows["position"].isin(both.loc[exists, "position"])]
        for row, day in zip(rows.itertuples(), rows[column], strict=True):
            units = periods[periods["code"] == row.area]
            rule, parts = "unit_not_yet", {"name": units["name"].iloc[0], "since": units["since"].min()}
            if len(past := units[units["until"] < day].tail(1)):
                rule, parts = "unit_ended", {"name": past["name"].iloc[0], "until": past["until"].iloc[0]}
            yield Finding.in_row(rule, row, "area", value=row.area, day=day, **parts)


VISITS = r"(?i)\b(?:lượt|turns?|visits?)\b"
# The unit of the counts of each table.
COUNT_UNITS = {
    "population": "expect.people", "cards": "expect.cards", "flows": "expect.cards", "expiring": "expect.cards",
    "losses": "expect.people",
}  # fmt: skip


def _visits_for_people(data: Dataset) -> Iterator[Finding]:
    """Yield counts of visits (lượt: each as often as it is made) where people or cards are required."""
    for name, unit in COUNT_UNITS.items():
        table = getattr(data, name)
        sources = table["source"].drop_duplicates()
        rows = table[table["source"].isin(sources[sources.str.contains(VISITS)])]
        for row in rows.drop_duplicates(["file", "source"]).itertuples():
            yield Finding.in_row("turns_not_people", row, "source", value=row.source, expected=Term(unit))
    published = data.published
    counts = published["figure"].str.match(r"(cards|insured|people|population)(_|$)")
    for row in published[counts & published["unit"].str.contains(VISITS)].itertuples():
        yield Finding.in_row("turns_not_people", row, "unit", value=row.unit, expected=Term("expect.people"))


def _count_finding(rule: str, row: TableRow, column: str, value: int, expected: int, **parts: Part) -> Finding:
    return Finding.in_row(rule, row, column, value=int(value), expected=int(expected), **parts)


def _unit_and_day(data: Dataset, row: TableRow) -> dict[str, Part]:
    return {"name": data.geography.unit_at(row.area, row.as_of).name, "day": row.as_of}


def _sums(table: pd.DataFrame, keys: list[str], figure: str) -> pd.DataFrame:
    """Return the sums of a figure, each with the place in the input of its first row."""
    groups = table.groupby(keys, as_index=False)
    return groups.agg(total=(figure, "sum"), file=("file", "first"), row=("row", "first"))


def _household_sizes_and_minority(data: Dataset) -> Iterator[Finding]:
    population = data.population
    sizes = [c for c in population if c.startswith("size_")]
    complete = population[[*sizes, "households"]].notna().all(axis=1)
    total = population[sizes].sum(axis=1)
    for row in population[complete & (total != population["households"])].itertuples():
        yield _count_finding("household_sizes", row, "households", row.households, int(total[row.Index]))
    for row in population[(population["minority_people"] > population["people"]).fillna(False)].itertuples():
        yield _count_finding("minority_above_people", row, "minority_people", row.minority_people, row.people)


def _cards_above_people(data: Dataset) -> Iterator[Finding]:
    """Yield units with more cards than people in their own rows, by day.

    Units of the country of whose people the input has no count may not have `ABOVE_COUNTRY` times those of the country.
    """
    geography, population = data.geography, data.population
    totals = _sums(drop_nested_groups(data.cards), ["unit_id", "area", "as_of"], "cards")
    totals = add_population(totals, geography, population)
    of_country = _people_of_country(data, totals.loc[totals["population"].isna(), "unit_id"])
    for row in totals[~(totals["total"] <= totals["population"]).fillna(False).astype(bool)].itertuples():
        people, source = row.population, row.population_source
        if pd.isna(people):  # a unit without a count of its own has the sum of its communes
            is_commune = geography.unit(row.unit_id).kind == "commune"
            count = None if is_commune else population_at(geography, population, row.area, row.as_of)
            if count is None and (count := of_country.get(row.unit_id)) is None:
                continue
            people, source = count.people, count.source
            if row.unit_id in of_country and row.total <= ABOVE_COUNTRY * people:
                continue
        if row.total > people:
            parts = {**_unit_and_day(data, row), "source": source}
            yield _count_finding("insured_above_population", row, "cards", row.total, people, **parts)


def _people_of_country(data: Dataset, unit_ids: pd.Series) -> dict[int, PopulationCount]:
    """Return the country's latest count of people of units without one in the input."""
    units = [u for i in pd.unique(unit_ids) if i != NO_UNIT and (u := data.geography.unit(int(i))).code.isdigit()]
    units = [u for u in units if u.id not in data.rows_by_unit["population"]]
    if not units:
        return {}
    people = with_country_people(data.population.iloc[:0], units)
    counts = ((u.id, population_at(data.geography, people, u.code, None)) for u in units)
    return {i: count for i, count in counts if count is not None}


def _groups_and_parts(data: Dataset) -> Iterator[Finding]:
    """Yield groups that are smaller than their parts, or larger where the parts include all others."""
    cards, table, place = data.cards, groups(), ["area", "as_of"]
    if not double_counted_groups(cards["group"]):
        return
    for wider in ("group", "within", "legal"):
        legal = cards["group"].map(legal_group)
        broad = legal.map(table["group" if wider == "legal" else wider]).fillna("")
        broad = legal.mask(legal == broad, "") if wider == "legal" else broad  # a sub-group of which own ones are parts
        parts = cards.assign(broad=broad)[(broad != "") & (broad != cards["group"])]
        parts = leaf_groups(parts).assign(rest=lambda t: t["group"] == t["broad"] + "_other")
        parts = parts.groupby([*place, "broad"], as_index=False).agg(cards=("cards", "sum"), rest=("rest", "any"))
        both = cards.merge(parts, left_on=[*place, "group"], right_on=[*place, "broad"], suffixes=("", "_parts"))
        above, below = both["cards"] < both["cards_parts"], both["rest"] & (both["cards"] > both["cards_parts"])
        for row in both[above | below].itertuples():
            rule = "parts_above_whole" if row.cards < row.cards_parts else "parts_below_whole"
            details = {"group": row.group, **_unit_and_day(data, row)}
            yield _count_finding(rule, row, "cards", row.cards, row.cards_parts, **details)


def _losses_above_people(data: Dataset) -> Iterator[Finding]:
    for row in data.losses.itertuples():
        count = population_at(data.geography, data.population, row.area, row.on)
        if count is not None and row.people > count.people:
            parts = {"name": data.geography.unit_at(row.area, row.on).name, "source": count.source}
            yield _count_finding("lost_above_population", row, "people", row.people, count.people, **parts)


def _zone_totals(data: Dataset) -> Iterator[Finding]:
    """Yield totals of a decision that its list of zones contradicts, where the list has every commune of the unit."""
    geography, zones = data.geography, data.zones
    for row in data.decisions.itertuples():
        unit, codes = geography.unit_at(row.area, row.since), geography.commune_codes(row.area, row.since)
        listed = zones[(zones["decision"] == row.decision) & zones["area"].isin(codes)]
        if listed.empty or not unit.is_fully_listed or set(codes) - set(listed["area"]):
            continue
        for zone in ("I", "II", "III"):
            expected, count = getattr(row, f"zone_{zone}"), int((listed["zone"] == zone).sum())
            if pd.notna(expected) and expected != count:
                parts = {"name": unit.name, "decision": row.decision, "zone": zone}
                yield _count_finding("zone_counts", row, f"zone_{zone}", count, expected, **parts)


def _target_scopes(data: Dataset) -> Iterator[Finding]:
    for table in (data.targets, data.other_targets, data.actions):
        each = table[table["area"] == "each"]
        for row in each[(each["of"] == "") | (each["kind"] == "")].itertuples():
            yield Finding.in_row("each_of_what", row, "kind" if row.of else "of")
    for row in data.targets.itertuples():
        if row.relation == ">" and row.rate == 1:
            yield Finding.in_row("target_above_everybody", row, "rate")


def _communes_without_cards(data: Dataset) -> Iterator[Finding]:
    """Yield units of which some communes report cards on a day, but not all."""
    geography = data.geography
    rows = data.cards.drop_duplicates(["unit_id", "as_of"])
    days = rows["as_of"].to_numpy()
    units = [geography.unit(i) for i in rows["unit_id"]]
    above = [geography.parent(u, d) if u.kind == "commune" else None for u, d in zip(units, days, strict=True)]
    rows = rows.assign(above=[NO_UNIT if u is None else u.id for u in above]).query(f"above != {NO_UNIT}")
    gaps: dict[tuple[Unit, tuple[Unit, ...]], list[TableRow]] = {}
    for (unit_id, day), same in rows.groupby(["above", "as_of"]):
        unit, reporting = geography.unit(unit_id), set(same["unit_id"])
        if missing := sorted((u for u in geography.communes(unit, day) if u.id not in reporting), key=lambda u: u.code):
            gaps.setdefault((unit, tuple(missing)), []).append(next(same.itertuples()))
    for (unit, units_missing), firsts in gaps.items():  # once for all days on which the same ones are missing
        names = [u.name for u in units_missing[:5]] + ["…"] * (len(units_missing) > 5)
        last = firsts[-1].as_of
        total = len(geography.communes(unit, last))
        parts: dict[str, Part] = {"communes": total - len(units_missing), "total": total, "days": len(firsts)}
        yield Finding.in_row(
            "not_reported", firsts[0], "area", value=", ".join(names), name=unit.name, day=last, **parts
        )


def _communes_and_units(data: Dataset) -> Iterator[Finding]:
    """Yield cards and people of a unit that differ from the sum of its communes on the same day."""
    cards = drop_nested_groups(_with_unit_figures(data.geography, data.cards))
    cards = pd.concat([cards.assign(group=""), cards.assign(group=main_group(cards["group"]))])
    cards = _sums(cards, ["area", "as_of", "group"], "cards").rename(columns={"total": "own_count"})
    people = data.population.rename(columns={"people": "own_count"}).assign(group="")
    for table, column in ((cards, "cards"), (people, "people")):
        for code, day, inside in _units_with_communes(data.geography, table):
            same_day = table[table["as_of"] == day]
            own, below = same_day[same_day["area"] == code], same_day[same_day["area"].isin(inside)]
            below = below.groupby("group").agg(total=("own_count", "sum"), units=("area", "nunique"))
            both = own.merge(below[below["units"] == len(inside)], left_on="group", right_index=True)
            both = both[both["own_count"] != both["total"]]
            if (both["group"] != "").any():  # the groups say where the total comes from
                both = both[both["group"] != ""]
            for row in both.itertuples():
                rule = "communes_above_district" if row.total > row.own_count else "communes_below_district"
                subject = GroupName(row.group) if row.group else Term(f"unit.{column}")
                parts = {**_unit_and_day(data, row), "subject": subject}
                yield _count_finding(rule, row, column, row.own_count, row.total, **parts)


def _with_unit_figures(geography: Geography, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of units above communes and of the communes in them; none where no such unit has rows."""
    upper = [unit for i in rows["unit_id"].unique() if (unit := geography.unit(i)).kind != "commune"]
    return rows[rows["unit_id"].isin({u.id for unit in upper for u in (unit, *geography.communes(unit))})]


def _units_with_communes(geography: Geography, own: pd.DataFrame) -> Iterator[tuple[str, pd.Timestamp, list[str]]]:
    """Yield the units above communes that have figures of their own on a day on which communes have some, too."""
    kinds = {code: geography.unit_at(code) for code in own["area"].unique()}
    above = own["area"].map({code: unit.parent_code for code, unit in kinds.items()})
    is_commune = own["area"].map({code: unit.kind for code, unit in kinds.items()}) == "commune"
    reported = pd.MultiIndex.from_arrays([above[is_commune], own.loc[is_commune, "as_of"]])
    upper = own[~is_commune & pd.MultiIndex.from_frame(own[["area", "as_of"]]).isin(reported)]
    for row in upper.drop_duplicates(["area", "as_of"]).itertuples():
        if geography.unit_at(row.area, row.as_of).is_fully_listed:
            yield row.area, row.as_of, [c for c in geography.commune_codes(row.area, row.as_of) if c != row.area]


def _denominators(data: Dataset) -> Iterator[Finding]:
    """Yield units whose people differ from those of their communes on another day: rates have other denominators."""
    geography, people = data.geography, data.population
    limit = rule_limits("denominators_differ")["share"]
    upper = people[people["unit_id"].map(lambda i: geography.unit(i).kind) != "commune"]
    for row in upper.sort_values("as_of").drop_duplicates("unit_id", keep="last").itertuples():
        count = population_at(geography, people[people["unit_id"] != row.unit_id], row.area, row.as_of)
        if count is not None and count.as_of != row.as_of and abs(count.people / row.people - 1) > limit:
            parts = {**_unit_and_day(data, row), "other": count.as_of}
            yield _count_finding("denominators_differ", row, "people", row.people, count.people, **parts)


def _population_jumps(data: Dataset) -> Iterator[Finding]:
    """Yield two counts of a unit, one after the other, that no births and moves can explain."""
    rows = data.population.sort_values(["unit_id", "as_of"], kind="stable")
    before = rows[["people", "as_of"]].shift().where(rows["unit_id"] == rows["unit_id"].shift())
    ratio = (rows["people"] / before["people"]).astype("Float64")
    share = rule_limits("population_jump")["share"]
    far = ((ratio > 1 + share) | (ratio < 1 / (1 + share))).fillna(False)
    for row in rows.assign(past=before["people"], other=before["as_of"])[far].itertuples():
        parts = {**_unit_and_day(data, row), "other": row.other}
        yield _count_finding("population_jump", row, "people", row.people, row.past, **parts)


def _loss_units(data: Dataset) -> Iterator[Finding]:
    """Yield losses of one decision within one unit, some in people and some in cards."""
    losses, geography = data.losses, data.geography
    units = losses["unit"].where(losses["unit"] != "", "people")
    for _, same in losses.assign(unit=units).groupby("decision"):
        if same["unit"].nunique() < 2:
            continue
        for row in same.itertuples():
            inside = same[same["area"].isin(set(geography.commune_codes(row.area, row.on)) - {row.area})]
            for other in inside[inside["unit"] != row.unit].head(1).itertuples():
                parts: dict[str, Part] = {"value": Term(f"unit.{other.unit}"), "expected": Term(f"unit.{row.unit}")}
                first, second = geography.unit_at(other.area, other.on), geography.unit_at(row.area, row.on)
                names = {"name": first.name, "other": second.name}
                yield Finding.in_row("losses_unit_mixed", other, "unit", **parts, **names, decision=row.decision)


def _published_units(data: Dataset) -> Iterator[Finding]:
    """Yield figures of one name in two units in one document, and percentages without a base."""
    published = data.published
    for (_, figure), same in published.groupby(["document", "figure"], sort=False):
        first = same.iloc[0]
        for row in same[same["unit"] != first["unit"]].itertuples():
            parts = {"value": row.unit, "expected": first["unit"], "other": first["row"], "figure": figure}
            yield Finding.in_row("figure_unit_mixed", row, "unit", **parts)
    for row in published[(published["unit"] == "percent") & (published["base"] == "")].itertuples():
        yield Finding.in_row("share_without_base", row, "base", figure=row.figure)


def _successor_shares(data: Dataset) -> Iterator[Finding]:
    """Yield split units whose parts do not add up to the unit."""
    rounding = rule_limits("successor_shares")["share"]
    groups = data.successors.groupby(["code_old", "on"])["share"]
    totals = groups.sum()
    wrong = (totals > 1 + rounding) | ((groups.count() == groups.size()) & (totals < 1 - rounding))
    for (code, day), total in totals[wrong].items():
        steps = data.successors
        first = next(steps[(steps["code_old"] == code) & (steps["on"] == day)].itertuples())
        name = data.geography.unit_at(code, day).name if data.geography.units_with_code(code) else code
        yield Finding.in_row("successor_shares", first, "share", value=float(total), name=name, day=day)


def _expiring_cards(data: Dataset) -> Iterator[Finding]:
    """Yield groups of which more cards expire than there are."""
    keys = ["area", "as_of", "group"]
    both = _sums(data.expiring, keys, "cards").merge(data.cards[[*keys, "cards"]], on=keys)
    for row in both[both["total"] > both["cards"]].itertuples():
        parts = {"group": GroupName(row.group), **_unit_and_day(data, row)}
        yield _count_finding("expiring_above_cards", row, "cards", row.total, row.cards, **parts)


# What is checked once every unit is known; findings come in this order.
CHECKS: tuple[Callable[[Dataset], Iterator[Finding]], ...] = (
    _household_sizes_and_minority, _cards_above_people, _groups_and_parts, _losses_above_people, _zone_totals,
    _target_scopes, _communes_without_cards, _communes_and_units, _denominators, _population_jumps, _loss_units,
    _published_units, _successor_shares, _expiring_cards, check_months,
)  # fmt: skip
