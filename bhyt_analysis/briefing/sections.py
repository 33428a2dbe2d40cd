"""What does a briefing of an area say, section by section?

Each function answers one question with items: a text, and where the figures allow it
a chart and a table. The notebook shows them, the page prints them; what an area has no
figures for is said in words, with the table that would have to be filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bhyt_analysis.inputs.areas import People, communes, find, lineage, name_of, population_at
from bhyt_analysis.inputs.audit import audit
from bhyt_analysis.inputs.read import Dataset
from bhyt_analysis.inputs.status import computed, weakest
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage import coverage
from bhyt_analysis.model.headline import DECISION, headline
from bhyt_analysis.model.premium import full_year_cost, household_premium, premiums
from bhyt_analysis.model.reclassify import reclassify
from bhyt_analysis.model.scenario import Scenario
from bhyt_analysis.model.take_up import observed_change, reenrolment, reenrolment_curve
from bhyt_analysis.model.targets import target_steps, targets_of
from bhyt_analysis.show import charts
from bhyt_analysis.show.labels import group_name, weakest_stamp
from bhyt_analysis.words import render, say


@dataclass(frozen=True, eq=False)
class Item:
    """One answer: a text, and where there are figures a chart (with its alternative text) and a table."""

    name: str
    text: str = ""
    chart: Figure | None = None
    alt: str = ""
    table: pd.DataFrame | None = None


Items = list[Item]
Day = str | None
# The tables an analyst fills in, and what each of them makes possible.
NEEDS = {
    "cards": "area, as_of, group, cards, status, source",
    "population": "area, as_of, people, minority_people, status, source",
    "zones": "area, decision, zone, since, status, source",
    "targets": "area, scope, on, relation, rate, instrument",
}


def headline_figures(data: Dataset, law: Law, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """The figures that sum the area up."""
    facts = headline(data, law, area, as_of)
    items = [Item("headline", table=_facts_table(facts, lang, ["fact", "value", "as_of", "status"]))]
    if "synthetic" in set(facts["status"]):
        items.insert(0, Item("stamp", f"**{say('stamp.synthetic_page', lang)}**"))
    return items


def _facts_table(facts: pd.DataFrame, lang: str, columns: list[str]) -> pd.DataFrame:
    fact = [say(f"fact.{k}", lang) for k in facts["key"]]
    return facts.assign(fact=fact, value=[fact_text(r, lang) for r in facts.to_dict("records")])[columns]


def fact_text(fact: dict[str, Any], lang: str = "vi") -> str:
    """A headline figure as people write it.

    Examples
    --------
    >>> fact_text({"value": None, "low": 0.371, "high": 0.421, "unit": "share", "status": "estimated"})
    '37%–42%'
    """
    if fact["value"] is None or pd.isna(fact["value"]):
        if fact["high"] >= 1:
            return say("relation.>=", lang) + render("{v:p1}", lang, v=fact["low"])
        return render("{a:p0}–{b:p0}", lang, a=fact["low"], b=fact["high"])
    if fact["unit"] == "share":
        spec = "pe" if fact["status"] == "published" else "p1"
        return render("{v:" + spec + "}", lang, v=fact["value"])
    if fact["unit"] == "vnd":
        return render("{v:bn1} ", lang, v=fact["value"]) + say("label.billions", lang)
    return render("{v:n} ", lang, v=fact["value"]) + say(f"unit.{fact['unit']}", lang)


def who_is_covered(data: Dataset, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """Who has a card, by group and commune, against the target; or what is missing to tell."""
    code = find(data.areas, area)
    now = coverage(data, code, as_of=as_of).iloc[0]
    counted = pd.notna(now["insured"])
    if not counted and pd.isna(now["rate_low"]):
        return [_not_known(data, code, lang), *_bullet(data, code, now, lang), *_commune_people(data, code, lang)]
    if not counted:
        return [
            _only_a_rate(data, code, now, lang),
            *_bullet(data, code, now, lang),
            *_commune_people(data, code, lang),
        ]
    text = say("text.covered", lang, uninsured=now["population"] - now["insured"], **now.to_dict())
    items = [Item("coverage", text), *_bullet(data, code, now, lang)]
    by_group = coverage(data, code, by=["group"], as_of=as_of)
    by_group = by_group.assign(share_of_insured=by_group["insured"] / by_group["insured"].sum())
    largest = by_group.loc[by_group["insured"].idxmax()]
    text = say("text.groups", lang, group=group_name(largest["group"], lang), insured=largest["insured"], share=largest["share_of_insured"])  # fmt: skip
    finest = coverage(data, code, by=["subgroup"], as_of=as_of)
    army = finest.loc[finest["subgroup"] == "relative_of_army_staff", "insured"].sum()
    if army and "published" in set(data.cards.loc[data.cards["area"] == code, "status"]):
        text += " " + say("text.groups_army", lang, army=army)
    columns = ["insured", "share_of_insured", "rate", "status"]
    named = by_group[["group", *columns]].rename(columns={"rate": "coverage"})
    items.append(Item("groups", text, charts.groups(by_group, lang, now["source"]), _alt("chart.groups", zip(by_group["group"].map(lambda g: group_name(g, lang)), by_group["insured"], strict=True), lang), named))  # fmt: skip
    finest = finest.assign(share_of_insured=finest["insured"] / finest["insured"].sum())
    items.append(Item("subgroups", table=finest[["subgroup", *columns]].rename(columns={"rate": "coverage"})))
    items += _communes(data, code, as_of, lang)
    return items


def _alt(title: str, parts: Any, lang: str) -> str:
    told = "; ".join(f"{name} {render('{v:n}', lang, v=value)}" for name, value in parts)
    return say("alt.bars", lang, title=say(title, lang), parts=told)


def _basis(count: People | None) -> str:
    """Where a count of people comes from, as it stands within brackets: without its own."""
    return "–" if count is None else re.sub(r" \([^()]*\)$", "", count.source)


def _not_known(data: Dataset, code: str, lang: str) -> Item:
    count = population_at(data.areas, data.population, code)
    needs = pd.DataFrame(
        [(f"{t}", c, say(f"need.{t}", lang)) for t, c in NEEDS.items()], columns=["sheet", "columns", "gives"]
    )
    name = name_of(data.areas, code)
    if count is None:
        return Item(
            "not_known", say("text.not_known", lang, name=name, people=None, households=None, basis="–"), table=needs
        )
    text = say("text.not_known", lang, name=name, people=count.people, households=count.households, basis=_basis(count))
    return Item("not_known", text, table=needs)


def _only_a_rate(data: Dataset, code: str, now: pd.Series, lang: str) -> Item:
    if pd.isna(now["rate"]):
        words = {"relation": say("relation.>=", lang), "low": now["rate_low"], "as_of": now["as_of"]}
        return Item("coverage", say("text.covered_bound", lang, **words))
    count = population_at(data.areas, data.population, code, now["as_of"])
    if count is None:
        return Item("coverage", say("text.covered_published", lang, rate=now["rate"], as_of=now["as_of"], people=None, basis="–", estimate=None, uninsured=None))  # fmt: skip
    estimate = round(now["rate"] * count.people)
    text = say("text.covered_published", lang, rate=now["rate"], as_of=now["as_of"], people=count.people, basis=_basis(count), estimate=estimate, uninsured=count.people - estimate)  # fmt: skip
    table = pd.DataFrame([{"as_of": now["as_of"], "published_rate": now["rate"], "population": count.people, "insured": estimate, "uninsured": count.people - estimate, "status": computed(now["status"], count.status, "estimated")}])  # fmt: skip
    return Item("coverage", text, table=table)


def _bullet(data: Dataset, code: str, now: pd.Series, lang: str) -> Items:
    """Coverage against the targets that bind the area or the units above it."""
    bound = targets_of(data, code)
    if bound.empty:
        return []
    levels = [lv for lv in ("own", "province", "country") if _of_level(bound, lv).any()]
    shown = bound[_of_level(bound, levels[0])]
    if len(levels) > 1:  # and what the level above asks for at the latest of these dates
        above = bound[_of_level(bound, levels[1]) & bound["on"].isin(shown["on"])]
        shown = pd.concat([shown, above.tail(1)])
    marks = [(_mark(data, row, lang), float(row["rate"])) for row in shown.to_dict("records")]
    rate = float(now["rate"]) if pd.notna(now["rate"]) else float("nan")
    rows = pd.DataFrame([{"name": now["name"], "rate": rate, "targets": marks, "status": now["status"]}])
    told = [now["source"]] if pd.notna(rate) else []
    source = "; ".join(dict.fromkeys([*told, *(i.rsplit(", ", 1)[0] for i in shown["instrument"])]))
    value = render("{v:p1}", lang, v=rate) if pd.notna(rate) else say("label.no_value", lang)
    alt = say(
        "alt.bullet",
        lang,
        title=say("chart.bullet", lang),
        name=now["name"],
        rate=value,
        targets="; ".join(label for label, _ in marks),
    )
    return [Item("coverage_target", chart=charts.bullet(rows, lang, source), alt=alt)]


def _of_level(bound: pd.DataFrame, level: str) -> pd.Series:
    return bound["level"].isin(["own", "each"] if level == "own" else [level])


def _mark(data: Dataset, target: dict[str, Any], lang: str) -> str:
    """A target as a chart names it: "Chỉ tiêu 2025, Việt Nam: 95,15%"."""
    own = target["level"] in ("own", "each")
    who = "" if own else f", {name_of(data.areas, target['area'], target['on'])}"
    rate = say(f"relation.{target['relation']}", lang) + render("{v:pe}", lang, v=target["rate"])
    return f"{say('label.target', lang)} {target['on'].year}{who}: {rate}"


def _communes(data: Dataset, code: str, as_of: Day, lang: str) -> Items:
    rows = coverage(data, code, by=["commune"], as_of=as_of)
    rows = rows[rows["insured"].notna() & rows["rate"].notna()]
    if rows.empty or set(rows["area"]) == {code}:
        return []
    steps = target_steps(data, code, as_of)
    target = None
    if len(steps):
        first = {**steps.iloc[0].to_dict(), "area": code}
        target = (_mark(data, {**first, "level": "own"}, lang), float(first["rate"]))
    rows = rows.assign(uninsured=rows["population"] - rows["insured"]).sort_values("rate")
    low, high = rows.iloc[0], rows.iloc[-1]
    text = say("text.communes", lang, low=low["rate"], lowest=low["name"], high=high["rate"], highest=high["name"])
    chart = charts.communes(rows, target, lang, rows["source"].iloc[0])
    table = rows[["area", "name", "population", "insured", "uninsured", "rate", "status"]]
    alt = say("alt.bars", lang, title=say("chart.communes", lang), parts="; ".join(f"{n} {render('{v:p1}', lang, v=r)}" for n, r in zip(rows["name"], rows["rate"], strict=True)))  # fmt: skip
    return [Item("communes", text, chart, alt, table)]


def _commune_people(data: Dataset, code: str, lang: str) -> Items:
    """Where nothing is known of cards: the people of each commune, the basis of any plan."""
    rows = coverage(data, code, by=["commune"])
    rows = rows[rows["population"].notna()]
    if len(rows) < 2:
        return []
    basis = rows["population_source"].iloc[0]
    text = say("text.commune_people", lang, count=len(rows), basis=basis)
    chart = charts.commune_people(rows, lang, basis)
    alt = _alt("chart.commune_people", zip(rows["name"], rows["population"], strict=True), lang)
    return [Item("commune_people", text, chart, alt, rows[["area", "name", "as_of", "population", "status"]])]


def what_the_decision_did(data: Dataset, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """Who lost a state-paid card, in which communes, and how many must be insured again."""
    code = find(data.areas, area)
    name = name_of(data.areas, code)
    known = DECISION in set(data.zones["decision"]) | set(data.losses["decision"])
    table = reclassify(data, DECISION, code) if known else pd.DataFrame()
    if table.empty:
        return [Item("decision", say("text.no_decision", lang, name=name))]
    items = [_lost(data, code, table, lang), *_before_and_after(data, code, lang)]
    items += _again(data, code, lang)
    items += _slope(data, code, table, lang)
    return items


def _lost(data: Dataset, code: str, table: pd.DataFrame, lang: str) -> Item:
    name, total, method = name_of(data.areas, code), table["lost"].sum(), table["method"].iloc[0]
    words = {"on": table["on"].min(), "lost": total, "name": name, "decision": DECISION, "count": len(table)}
    columns = [
        "area",
        "name",
        "zone_before",
        "zone_after",
        "population",
        "before",
        "lost",
        "kept",
        "gained",
        "after",
        "status",
    ]
    if method == "zones":
        text = say("text.lost_zones", lang, before=table["before"].sum(), kept=table["kept"].sum(), gained=table["gained"].sum(), **words)  # fmt: skip
        return Item(
            "lost", text, charts.lost(table, lang, table["source"].iloc[0]), _lost_alt(table, lang), table[columns]
        )
    cards = any(w in table["source"].iloc[0] for w in ("(thẻ)", "cards"))
    text = say("text.lost_cards" if cards else "text.lost_published", lang, **words)
    if method == "published":
        return Item("lost", text + " " + say("text.lost_no_communes", lang))
    count = population_at(data.areas, data.population, table["area"].iloc[0], table["on"].iloc[0])
    text += " " + say("text.lost_spread", lang, basis=_basis(count), **words)
    chart = charts.lost(table, lang, table["source"].iloc[0])
    return Item("lost", text, chart, _lost_alt(table, lang), table[["area", "name", "zone_after", "population", "lost", "status"]])  # fmt: skip


def _lost_alt(table: pd.DataFrame, lang: str) -> str:
    rows = table[table["lost"].fillna(0) > 0]
    return _alt("chart.lost", zip(rows["name"], rows["lost"], strict=True), lang)


def _before_and_after(data: Dataset, code: str, lang: str) -> Items:
    """The waterfall from before to after: counted where cards are, bounded where only the loss is."""
    name = name_of(data.areas, code)
    change = observed_change(data, code, DECISION)
    if len(change):
        first, last = change["before_as_of"].iloc[0], change["after_as_of"].iloc[0]
        state = change["group"] == "state_paid"
        fall, rise = int(change.loc[state, "change"].sum()), int(change.loc[~state, "change"].sum())
        rows = [
            (say("bar.before", lang, on=first + pd.Timedelta(days=1)), change["before"].sum(), "level"),
            (group_name("state_paid", lang), fall, "change"),
            (say("bar.other", lang), rise, "change"),
            (say("bar.after", lang, on=last), change["after"].sum(), "level"),
        ]
        text = say("text.observed_change", lang, first=first, last=last, fall=-fall, rise=rise)
        steps = pd.DataFrame(rows, columns=["label", "people", "kind"]).assign(status=weakest(change["status"]))
        table = change[["group", "before", "after", "change", "status"]]
        chart = charts.waterfall(steps, name, lang, _source_of_cards(data, code))
        return [Item("before_after", text, chart, _alt("chart.waterfall", zip(steps["label"], steps["people"], strict=True), lang), table)]  # fmt: skip
    bounds = reenrolment(data, code, DECISION)
    if bounds.empty or bounds["low"].iloc[0] <= 0:
        return []
    row = bounds.iloc[0]
    most = round(row["before_high"] * row["population"])
    after = round((row["after_low"] + row["after_high"]) / 2 * row["population"])
    rows = [
        (say("bar.before_most", lang), most, "level"),
        (say("bar.lost", lang), -row["lost"], "change"),
        (say("bar.back", lang), after - most + row["lost"], "change"),
        (say("bar.after", lang, on=row["as_of"]), after, "level"),
    ]
    steps = pd.DataFrame(rows, columns=["label", "people", "kind"]).assign(status=row["status"])
    chart = charts.waterfall(steps, name, lang, _source_of_loss(data, code), float(row["population"]))
    return [
        Item(
            "before_after", "", chart, _alt("chart.waterfall", zip(steps["label"], steps["people"], strict=True), lang)
        )
    ]


def _source_of_cards(data: Dataset, code: str) -> str:
    return str(coverage(data, code)["source"].iloc[0])


def _source_of_loss(data: Dataset, code: str) -> str:
    rows = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == DECISION)]
    return str(rows["source"].iloc[0])


def _again(data: Dataset, code: str, lang: str) -> Items:
    """How many of those who lost a card are insured again, as far as the figures tell."""
    bounds = reenrolment(data, code, DECISION)
    if bounds.empty:
        return []
    row = bounds.iloc[0]
    columns = ["as_of", "population", "lost", "low", "high", "status"]
    if pd.isna(row["largest_population"]):
        if row["low"] <= 0:
            return []
        words = {"people": row["low_people"], "low": row["low"], "lost": row["lost"], "as_of": row["as_of"]}
        return [Item("reenrolled", say("text.reenrolled_least", lang, **words), table=bounds[columns])]
    count = population_at(data.areas, data.population, code, row["as_of"])
    words = {"population": row["population"], "basis": _basis(count), "low": row["low"], "high": row["high"]}
    text = say("text.reenrolled_between", lang, as_of=row["as_of"], most=row["largest_population"], **words)
    chart = charts.curve(reenrolment_curve(row), row, lang, _source_of_loss(data, code))
    alt = say("alt.bars", lang, title=say("chart.curve", lang), parts=render("{p:n}: {a:p0}–{b:p0}", lang, p=row["population"], a=row["low"], b=row["high"]))  # fmt: skip
    return [Item("reenrolled", text, chart, alt, bounds[columns])]


def _slope(data: Dataset, code: str, table: pd.DataFrame, lang: str) -> Items:
    """Coverage of the communes before the decision and now, where both are counted."""
    if table["method"].iloc[0] != "zones":
        return []
    months = coverage(data, code, by=["commune", "month"])
    on = table["on"].min()
    before, after = months[months["as_of"] < on], months[months["as_of"] >= on]
    if before.empty or after.empty:
        return []
    before, after = (t[t["as_of"] == t["as_of"].max()] for t in (before, after))
    rows = before[["area", "name", "rate", "status"]].merge(
        after[["area", "rate"]], on="area", suffixes=("_before", "_after")
    )
    rows = rows.rename(columns={"rate_before": "before", "rate_after": "after"})
    moved = set(table.loc[(table["lost"] > 0) | (table["gained"] > 0), "area"])
    rows = rows.assign(concerned=rows["area"].isin(moved))
    days = (before["as_of"].iloc[0], after["as_of"].iloc[0])
    parts = "; ".join(f"{r.name_} {render('{a:p1} → {b:p1}', lang, a=r.before, b=r.after)}" for r in rows[rows["concerned"]].rename(columns={"name": "name_"}).itertuples())  # fmt: skip
    alt = say("alt.bars", lang, title=say("chart.slope", lang), parts=parts)
    return [Item("slope", "", charts.slope(rows, days, lang, _source_of_cards(data, code)), alt)]


def path_to_target(data: Dataset, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """What each target means in people, and what each year must add."""
    code = find(data.areas, area)
    name = name_of(data.areas, code)
    steps = target_steps(data, code, as_of)
    if steps.empty:
        return [Item("path", say("text.no_target", lang, name=name))]
    first, last = steps.iloc[0], steps.iloc[-1]
    count = population_at(data.areas, data.population, code, steps["population_as_of"].iloc[0])
    texts = []
    if first["level"] in ("province", "country"):
        chain = lineage(data.areas, code, first["on"])
        above = chain[1][1] if first["level"] == "province" and len(chain) > 1 else chain[-1][1]
        texts.append(say("text.path_upper", lang, name=name, above=above))
    table = steps.rename(columns={"rate": "target_rate"})
    columns = ["on", "target_rate", "people_needed"]
    if pd.notna(first["to_add"]):
        columns += ["to_add", "total_to_add", "points"]
        words = {"rate": first["rate"], "on": first["on"], "name": name, "to_add": first["to_add"]}
        if first["to_add"] <= 0:
            texts.append(say("text.path_reached", lang, **words))
        else:
            texts.append(say("text.path", lang, now=first["insured_now"], as_of=first["now_as_of"], population=first["population"], **words))  # fmt: skip
        if len(steps) > 2 and first["share_of_gain"] > 0.5:
            texts.append(say("text.path_front", lang, share=first["share_of_gain"], last=last["on"]))
    else:
        for step in steps.to_dict("records"):
            relation = say(f"relation.{step['relation']}", lang)
            texts.append(say("text.path_people", lang, relation=relation, rate=step["rate"], on=step["on"], needed=step["people_needed"], population=step["population"], basis=_basis(count)))  # fmt: skip
        texts = _once_each(texts)
    sources = "; ".join(dict.fromkeys(i.rsplit(", ", 1)[0] for i in steps["instrument"]))
    chart = charts.path(steps, name, lang, sources)
    alt = _alt("chart.path", zip([str(d.year) for d in steps["on"]], steps["people_needed"], strict=True), lang)
    return [Item("path", " ".join(texts), chart, alt, table[[*columns, "population", "status", "instrument"]])]


def _once_each(texts: list[str]) -> list[str]:
    """The sentence that every step ends on is said once, at the end."""
    ends = [t.split(". ", 1)[1] if ". " in t else "" for t in texts]
    if len(texts) < 2 or len(set(ends)) > 1 or not ends[0]:
        return texts
    return [*(t.split(". ", 1)[0] + "." for t in texts), ends[0]]


# The titles that a briefing shows the yearly premium of, in the order of the law.
TITLES = ("poor", "near_poor", "student", "farm_average_income", "minority_left_2016_2020_list", "minority_left_later", "household")  # fmt: skip


def cost_and_payers(data: Dataset, law: Law, area: str, scenario: Scenario | None = None, lang: str = "vi") -> Items:
    """What a year of cards costs, who pays which part, and what a scenario would change."""
    code = find(data.areas, area)
    newest = law.latest_change()
    chain = lineage(data.areas, code, pd.Timestamp(newest))
    items = [_yearly_premium(data, law, code, chain, newest, lang)]
    known = DECISION in set(data.zones["decision"]) | set(data.losses["decision"])
    table = reclassify(data, DECISION, code) if known else pd.DataFrame()
    lost = int(table["lost"].sum()) if len(table) else 0
    other = None if scenario is None else scenario.over(law)
    if lost:
        items.append(_lost_cost(data, law, other, code, table, lost, lang))
    if scenario is not None:
        told = pd.concat([law.compare(r) for r in scenario.reforms]) if scenario.reforms else pd.DataFrame()
        if told.empty:
            items.append(Item("scenario", say("text.scenario_nothing", lang, scenario=scenario.name)))
        else:
            words = "; ".join(_change_text(r, lang) for r in told.to_dict("records"))
            items.append(Item("scenario", say("text.scenario", lang, scenario=scenario.name, changes=words)))
    return items


def _change_text(row: dict[str, Any], lang: str) -> str:
    spec = "n" if str(row["unit"]).startswith("VND") else "pe"
    what = say(f"column.{row['parameter']}", lang) + (f" ({group_name(row['key'], lang)})" if row["key"] else "")
    proposal = f" ({say('status.proposal', lang).lower()})" if row["status"] == "proposal" else ""
    return render("{what} {before:" + spec + "} → {after:" + spec + "}, {since:date}{proposal}", lang, what=what, before=row["before"], after=row["after"], since=row["since"], proposal=proposal)  # fmt: skip


def _yearly_premium(data: Dataset, law: Law, code: str, chain: list[tuple[str, ...]], newest: Any, lang: str) -> Item:
    today = law.at(newest, chain)
    shares = today.rows("subsidy_share").set_index("key")
    titles = [t for t in TITLES if t in shares.index]
    table = premiums(pd.DataFrame({"group": titles}), today)
    table = table.assign(reference=[shares.at[t, "reference"] for t in titles], status="published", label=[group_name(t, lang) for t in titles])  # fmt: skip
    count = population_at(data.areas, data.population, code, pd.Timestamp(newest))
    members = 4 if count is None or not count.households else round(count.people / count.households)
    premium = float(table["premium"].iloc[-1])
    words = {"premium": premium, "rate": today.number("contribution_rate"), "salary": today.number("base_salary")}
    text = say("text.premium", lang, on=newest, members=members, household=household_premium(members, today), **words)
    chart = charts.premium(table, lang, say("label.law_on", lang, on=newest))
    alt = _alt("chart.premium", zip(table["label"], table["own_payment"], strict=True), lang)
    shown = table[["group", "premium", "subsidy_share", "subsidy", "own_payment", "reference"]]
    return Item("premium", text, chart, alt, shown)


def _lost_cost(
    data: Dataset, law: Law, other: Law | None, code: str, table: pd.DataFrame, lost: int, lang: str
) -> Item:
    on = table["on"].min()
    told = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == DECISION)]
    status = weakest(told["status"]) if len(told) else weakest(table["status"])
    changes = law.table[(law.table["parameter"] == "base_salary") & (law.table["status"] != "proposal")]
    days = [str(on.date()), *sorted(str(d) for d in changes["since"] if on.date() < d <= law.latest_change())]
    chain = lineage(data.areas, code, on)
    costs = full_year_cost(lost, law, days, status, chain)
    if other is not None:
        reformed = sorted({str(d) for d in other.table.loc[other.table["layer"] > 0, "since"]} - set(days))
        costs = pd.concat([costs, full_year_cost(lost, other, reformed, status, chain)], ignore_index=True)
    now = costs[costs["status"] != "proposal"].iloc[-1]
    first = costs.iloc[0]
    words = {"people": lost, "cost": first["cost"], "salary": first["base_salary"], "on": first["on"]}
    text = say("text.cost", lang, cost_now=now["cost"], salary_now=now["base_salary"], now=now["on"], **words)
    chart = charts.cost(costs, name_of(data.areas, code), lang, table["source"].iloc[0])
    labels = [render("{d:date}", lang, d=d) for d in costs["on"]]
    alt = _alt("chart.cost", zip(labels, costs["cost"], strict=True), lang)
    shown = costs.assign(cost_bn=costs["cost"] * 1e-9)
    columns = [
        "on",
        "base_salary",
        "contribution_rate",
        "premium",
        "people",
        "cost_bn",
        "status",
        "reference",
        "rate_reference",
    ]
    return Item("cost", text, chart, alt, shown[columns])


def what_does_not_add_up(data: Dataset, area: str, lang: str = "vi") -> Items:
    """Findings on the published figures of the area and of the unit right above it."""
    code = find(data.areas, area)
    name = name_of(data.areas, code)
    parent = [c for c, _ in lineage(data.areas, code)][1:2]
    tables = [audit(data, c, lang).assign(name=name_of(data.areas, c)) for c in (code, *parent) if c != "VN"]
    found = pd.concat(tables, ignore_index=True)
    if found.empty:
        told = set(data.published["area"]) | set(data.targets["area"])
        key = "text.audit_none" if code in told else "text.audit_nothing_published"
        return [Item("audit", say(key, lang, name=name))]
    text = say("text.audit_count", lang, name=name if not tables[0].empty else found["name"].iloc[0], count=len(found))
    return [Item("audit", text, table=found[["severity", "name", "message"]])]


def sources_and_status(data: Dataset, law: Law, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """Every headline figure with its status and where it comes from."""
    facts = headline(data, law, area, as_of)
    table = _facts_table(facts, lang, ["fact", "value", "as_of", "status", "source"])
    table["source"] = [_cited(s, k, lang) for s, k in zip(facts["source"], facts["key"], strict=True)]
    return [Item("sources", say("text.sources", lang), table=table)]


def _cited(source: str, key: str, lang: str) -> str:
    from bhyt_analysis.show.labels import citation

    return citation(source, lang) if key == "lost_cost" else source


def stamp_of(data: Dataset, law: Law, area: str, as_of: Day = None) -> str | None:
    """The status that the whole briefing must bear on its face: synthetic, or none."""
    return "synthetic" if weakest_stamp(headline(data, law, area, as_of)["status"]) == "synthetic" else None


def inside(data: Dataset, area: str) -> int:
    """How many communes lie in the area."""
    return len(communes(data.areas, find(data.areas, area)))
