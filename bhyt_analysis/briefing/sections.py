"""What does a briefing of an area say, section by section?

Each function answers one question with items: a text, and where the figures allow it
a chart and a table. The notebook shows them, the page prints them; what an area has no
figures for is said in words, with the table that would have to be filled in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import reduce
from typing import Any

import pandas as pd

from bhyt_analysis.briefing import annexes, messages
from bhyt_analysis.briefing.items import Day, Item, Items, basis_of
from bhyt_analysis.briefing.monitoring import month_by_month as month_by_month
from bhyt_analysis.inputs.areas import communes, lineage, name_of, population_at, row_of
from bhyt_analysis.inputs.audit import audit
from bhyt_analysis.inputs.dataset import Dataset, known_by, of_unit
from bhyt_analysis.inputs.status import computed, weakest
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.compare import compare
from bhyt_analysis.model.coverage import coverage
from bhyt_analysis.model.headline import DECISION
from bhyt_analysis.model.premium import full_year_cost, household_premium, premiums, support_over_time
from bhyt_analysis.model.reclassify import COLUMNS, lost_by, told_as
from bhyt_analysis.model.scenario import Scenario
from bhyt_analysis.model.simulate import projection, simulate
from bhyt_analysis.model.take_up import observed_change, reenrolment, reenrolment_curve
from bhyt_analysis.model.targets import target_steps, targets_of
from bhyt_analysis.model.uncertainty import chances, targets_ahead
from bhyt_analysis.names import running_name
from bhyt_analysis.show import charts
from bhyt_analysis.show.explain import chance_texts
from bhyt_analysis.show.labels import citation, column_name, group_name
from bhyt_analysis.words import BhytError, render, say

# The tables an analyst fills in where nothing is known of cards.
NEEDS = ("cards", "population", "zones", "targets")
# The titles whose yearly premium a briefing shows, in the order of the law.
TITLES = (
    "poor", "minority_in_difficult_area", "resident_of_especially_difficult_area", "resident_of_island", "near_poor",
    "student", "farm_average_income", "minority_left_2016_2020_list", "minority_left_later", "household",
)  # fmt: skip
DRAWS = 300  # for the interval of a scenario in a briefing
SUPPORTED_AFTER = "minority_left_2016_2020_list"  # those who left the list by Decision 861


# --- Headline figures -----------------------------------------------------------------------------


def headline_figures(data: Dataset, area: str, figures: pd.DataFrame, lang: str = "vi") -> Items:
    """The figures that sum the area up (what `headline` gives), and what became of it if it has ended."""
    table = _facts_table(figures, lang)[["fact", "value", "as_of", "status"]]
    return [Item("summary", _summary(figures, lang)), *_ended(data, area, lang), Item("headline", table=table)]


def _summary(facts: pd.DataFrame, lang: str) -> str:
    """What a reader in a hurry takes away: a few sentences of the headline figures, the weak ones marked."""
    told = {r["key"]: r for r in facts.to_dict("records")}
    words = {key: fact_text(fact, lang) for key, fact in told.items()}
    # Each sentence with the figures that it needs; of those in one line the first that can be said.
    choices = [
        [("sum.covered", "insured coverage uninsured"), ("sum.rate", "coverage uninsured"), ("sum.none", "population")],
        [("sum.lost", "lost lost_cost")],
        [("sum.again", "reenrolled")],
        [("sum.target", "next_target next_people next_to_add"), ("sum.target_people", "next_target next_people")],
    ]
    if told.get("insured", {}).get("status") == "estimated":  # only the rate is published
        choices[0] = choices[0][1:]
    lines = []
    for line in choices:
        for key, needed in line:
            if set(needed.split()) <= told.keys():
                used = [told[k] for k in needed.split()]
                weak = weakest([f["status"] for f in used if f["status"] != "proposal"])
                mark = f" *({say('status.' + weak, lang)})*" if weak in ("estimated", "synthetic") else ""
                lines.append("- " + say(key, lang, day=used[0]["as_of"], **words) + mark)
                break
    return "\n".join(lines)


def _facts_table(facts: pd.DataFrame, lang: str) -> pd.DataFrame:
    rows = facts.to_dict("records")
    return facts.assign(
        fact=[say(f"fact.{r['key']}", lang) for r in rows],
        value=[fact_text(r, lang) for r in rows],
        # A target is no result: its status says so.
        status=["target" if r["key"].endswith("_target") and r["status"] == "published" else r["status"] for r in rows],
    )


def fact_text(fact: dict[str, Any], lang: str = "vi") -> str:
    """A headline figure as people write it, with its relation ("above 96.35%") or interval.

    Examples
    --------
    >>> fact_text({"value": None, "low": 0.371, "high": 0.421, "unit": "share", "status": "estimated"})
    '37%–42%'
    """
    relation = say(f"relation.{fact.get('relation') or '='}", lang)
    if fact["value"] is None or pd.isna(fact["value"]):
        if fact["high"] >= 1:
            spec = "pe" if fact["status"] == "published" else "p1"
            return (relation or say("relation.>=", lang)) + render("{v:" + spec + "}", lang, v=fact["low"])
        return render("{a:p0}–{b:p0}", lang, a=fact["low"], b=fact["high"])
    if fact["unit"] == "share":
        spec = "pe" if fact["status"] == "published" else "p1"
        return relation + render("{v:" + spec + "}", lang, v=fact["value"])
    if fact["unit"] == "vnd":
        return relation + render("{v:bn1} ", lang, v=fact["value"]) + say("label.billions", lang)
    return relation + render("{v:n} ", lang, v=fact["value"]) + say(f"unit.{fact['unit']}", lang)


def _ended(data: Dataset, area: str, lang: str) -> Items:
    """Where the area of a unit that has ended lies now."""
    code, data = of_unit(data, area)
    until = row_of(data.areas, code)["until"]
    if pd.isna(until) or until.date() >= dt.date.today():
        return []
    steps = data.successors[data.successors["code_old"].isin(communes(data.areas, code, until))]
    new = list(dict.fromkeys(c for c in steps["code_new"] if c))
    if not new:
        return []
    on = steps["on"].max()
    province = running_name(name_of(data.areas, row_of(data.areas, new[0], on)["parent"], on), lang)
    units = ", ".join(running_name(name_of(data.areas, c, on), lang) for c in new)
    text = say("text.unit_ended", lang, on=until + pd.Timedelta(days=1), count=len(new), province=province, units=units)
    if lost := int((steps["code_new"] == "").sum()):
        text += " " + say("text.unit_unknown", lang, count=lost)
    return [Item("unit", text)]


# --- Who is covered -------------------------------------------------------------------------------


def who_is_covered(data: Dataset, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """Who has a card, by group and commune, against the target; or what is missing to tell."""
    code, data = of_unit(known_by(data, as_of), area)
    now = coverage(data, code, as_of=as_of).iloc[0]
    counted = pd.notna(now["insured"])
    if not counted:
        first = _not_known(data, code, lang) if pd.isna(now["rate_low"]) else _only_a_rate(data, code, now, lang)
        return [first, *_bullet(data, code, now, lang), *_commune_people(data, code, lang)]
    words = {
        **now.to_dict(),
        "name": running_name(now["name"], lang),
        "population_source": basis_of(now["population_source"]),
    }
    key = "text.covered_count" if pd.isna(now["population"]) else "text.covered"
    text = say(key, lang, uninsured=now["population"] - now["insured"], **words)
    items = [Item("coverage", text), *_bullet(data, code, now, lang), *annexes.months(data, code, as_of)]
    items += _groups(data, code, now, as_of, lang)
    return [*items, *(_communes(data, code, as_of, lang) or _commune_people(data, code, lang))]


def _groups(data: Dataset, code: str, now: pd.Series, as_of: Day, lang: str) -> Items:
    by_group = coverage(data, code, by=["group"], as_of=as_of)
    total = by_group["insured"].sum()
    by_group = by_group.assign(share_of_insured=by_group["insured"] / total)
    largest = by_group.loc[by_group["insured"].idxmax()]
    words = {"group": group_name(largest["group"], lang), "insured": largest["insured"], "total": total}
    text = say("text.groups", lang, share=largest["share_of_insured"], **words)
    finest = coverage(data, code, by=["subgroup"], as_of=as_of)
    army = finest.loc[finest["subgroup"] == "relative_of_army_staff", "insured"].sum()
    if army and "published" in set(data.cards.loc[data.cards["area"] == code, "status"]):
        text += " " + say("text.groups_army", lang, army=army)
    columns = {
        "insured": "insured",
        "share_of_insured": "share_of_insured",
        "rate": "share_of_population",
        "status": "status",
    }
    finest = finest.assign(share_of_insured=finest["insured"] / total)
    return [
        Item("groups", text, charts.groups(by_group, lang, now["source"]), by_group[["group", *columns]].rename(columns=columns)),
        Item("subgroups", table=finest[["subgroup", *columns]].rename(columns=columns)),
    ]  # fmt: skip


def _not_known(data: Dataset, code: str, lang: str) -> Item:
    count = population_at(data.areas, data.population, code)
    rows = [(say(f"table.{t}", lang), say(f"need.{t}", lang)) for t in NEEDS]
    people = None if count is None else count.people
    households = None if count is None else count.households
    name = running_name(name_of(data.areas, code), lang)
    text = say("text.not_known", lang, name=name, people=people, households=households, basis=basis_of(count))
    return Item("not_known", text, table=pd.DataFrame(rows, columns=["sheet", "columns"]))


def _only_a_rate(data: Dataset, code: str, now: pd.Series, lang: str) -> Item:
    """A printed rate without people; the people that it would be, marked as an estimate."""
    if pd.isna(now["rate"]):
        words = {"relation": say("relation.>=", lang), "low": now["rate_low"], "as_of": now["as_of"]}
        return Item("coverage", say("text.covered_bound", lang, **words))
    count = population_at(data.areas, data.population, code, now["as_of"])
    people = None if count is None else count.people
    insured = None if people is None else round(now["rate"] * people)
    uninsured = None if people is None or insured is None else people - insured
    words = {"rate": now["rate"], "as_of": now["as_of"], "people": people, "basis": basis_of(count)}
    text = say("text.covered_published", lang, estimate=insured, uninsured=uninsured, **words)
    if count is None:
        return Item("coverage", text)
    row = {"as_of": now["as_of"], "published_rate": now["rate"], "population": people, "insured": insured}
    row |= {"uninsured": uninsured, "status": computed(now["status"], count.status, "estimated")}
    return Item("coverage", text, table=pd.DataFrame([row]))


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
    known = pd.notna(now["rate"])
    rate = float(now["rate"]) if known else float("nan")
    name = running_name(now["name"], lang)
    status = now["status"] if known else "target"  # without coverage only targets are drawn
    rows = pd.DataFrame([{"name": name, "rate": rate, "targets": marks, "status": status}])
    told = [now["source"]] if known else []
    source = "; ".join(dict.fromkeys([*told, *(i.rsplit(", ", 1)[0] for i in shown["instrument"])]))
    return [Item("coverage_target", chart=charts.bullet(rows, lang, source))]


def _of_level(bound: pd.DataFrame, level: str) -> pd.Series:
    return bound["level"].isin(["own", "each"] if level == "own" else [level])


def _mark(data: Dataset, target: dict[str, Any], lang: str) -> str:
    """A target as a chart names it: "Chỉ tiêu 2025, Việt Nam: 95,15%"."""
    own = target["level"] in ("own", "each")
    who = "" if own else f", {running_name(name_of(data.areas, target['area'], target['on']), lang)}"
    return f"{say('label.target', lang)} {target['on'].year}{who}: {target_text(target, lang)}"


def target_text(target: dict[str, Any], lang: str) -> str:
    """A target with its relation: "above 96.35%"."""
    return say(f"relation.{target['relation']}", lang) + render("{v:pe}", lang, v=target["rate"])


def _communes(data: Dataset, code: str, as_of: Day, lang: str) -> Items:
    rows = coverage(data, code, by=["commune"], as_of=as_of)
    rows = rows[rows["insured"].notna() & rows["rate"].notna()]
    if rows.empty or set(rows["area"]) == {code}:
        return []
    steps = target_steps(data, code, as_of)
    target = None
    if len(steps):
        first = {**steps.iloc[0].to_dict(), "area": code, "level": "own"}
        target = (_mark(data, first, lang), float(first["rate"]))
    rows = rows.assign(uninsured=rows["population"] - rows["insured"]).sort_values("rate")
    low, high = rows.iloc[0], rows.iloc[-1]
    text = say("text.communes", lang, low=low["rate"], lowest=low["name"], high=high["rate"], highest=high["name"])
    chart = charts.communes(rows, _name(data, code, lang), target, lang, rows["source"].iloc[0])
    table = rows[["area", "name", "population", "insured", "uninsured", "rate", "status"]]
    return [Item("communes", text, chart, table)]


def _name(data: Dataset, code: str, lang: str) -> str:
    return running_name(name_of(data.areas, code), lang)


def _commune_people(data: Dataset, code: str, lang: str) -> Items:
    """Where nothing is known of the communes' cards: their people, the basis of any plan."""
    rows = data.population[data.population["area"].isin(communes(data.areas, code)) & (data.population["area"] != code)]
    rows = rows[rows["as_of"] == rows["as_of"].max()]
    if len(rows) < 2:
        return []
    rows = rows.assign(name=[name_of(data.areas, a, d) for a, d in zip(rows["area"], rows["as_of"], strict=True)])
    rows = rows.rename(columns={"people": "population"})
    basis = rows["source"].iloc[0]
    text = say("text.commune_people", lang, count=len(rows), basis=basis_of(basis))
    chart = charts.commune_people(rows, _name(data, code, lang), lang, basis)
    return [Item("commune_people", text, chart, rows[["area", "name", "population", "status"]])]


# --- What the decision did ------------------------------------------------------------------------


def what_the_decision_did(data: Dataset, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """Who lost a state-paid card, in which communes, and how many must be insured again."""
    code, data = of_unit(known_by(data, as_of), area)
    intro = say("text.decision_861", lang)
    table = lost_by(data, DECISION, code)
    if table.empty:
        return [Item("decision", intro + " " + say("text.no_decision", lang, name=_name(data, code, lang)))]
    items = [_lost(data, code, table, lang), *_before_and_after(data, code, lang)]
    items += _again(data, code, lang)
    items += _slope(data, code, table, lang)
    return [Item("decision", intro), *items]


def _lost(data: Dataset, code: str, table: pd.DataFrame, lang: str) -> Item:
    name, total, method = _name(data, code, lang), table["lost"].sum(), table["method"].iloc[0]
    words = {"on": table["on"].min(), "lost": total, "name": name, "count": len(table)}
    source = table["source"].iloc[0]
    if method == "zones":
        known = table[table["lost"].notna()]
        sums = {c: known[c].sum() for c in ("before", "kept", "gained")}
        unknown = table.loc[table["lost"].isna(), "name"]
        text = say("text.lost_zones", lang, **words, **sums)
        if len(unknown):
            text += " " + say("text.lost_some", lang, **(words | {"count": len(unknown), "names": ", ".join(unknown)}))
        return Item("lost", text, charts.lost(table, name, lang, source), table[COLUMNS])
    text = say(
        "text.lost_cards" if told_as(data, DECISION, code, table)[1] == "cards" else "text.lost_published",
        lang,
        **words,
    )
    if method == "published":
        return Item("lost", text + " " + say("text.lost_no_communes", lang))
    count = population_at(data.areas, data.population, table["area"].iloc[0], table["on"].iloc[0])
    share = total / table["population"].sum()
    text += " " + say("text.lost_spread", lang, basis=basis_of(count), share=share, **words)
    columns = ["area", "name", "zone_after", "population", "lost", "status"]
    return Item("lost", text, charts.lost(table, name, lang, source), table[columns])


def _before_and_after(data: Dataset, code: str, lang: str) -> Items:
    """The waterfall from before to after: counted where cards are, bounded where only the loss is."""
    change = observed_change(data, code, DECISION)
    text, table, everybody = "", None, None
    if len(change):
        first, last = change["before_as_of"].iloc[0], change["after_as_of"].iloc[0]
        state = change["group"] == "state_paid"
        fall, rise = int(change.loc[state, "change"].sum()), int(change.loc[~state, "change"].sum())
        rows = [
            (say("bar.before", lang, on=first + pd.Timedelta(days=1)), change["before"].sum(), "level"),
            (say("bar.state_fall", lang), fall, "change"),
            (say("bar.other", lang), rise, "change"),
            (say("bar.after", lang, on=last), change["after"].sum(), "level"),
        ]
        text = say("text.observed_change", lang, first=first, last=last, fall=-fall, rise=rise)
        table, status = change[["group", "before", "after", "change", "status"]], weakest(change["status"])
        source = str(coverage(data, code)["source"].iloc[0])
    else:
        bounds = reenrolment(data, code, DECISION)
        if bounds.empty or bounds["low"].iloc[0] <= 0:
            return []
        row = bounds.iloc[0]
        everybody = float(row["population"])
        most = round(row["before_high"] * everybody)
        after = round((row["after_low"] + row["after_high"]) / 2 * everybody)
        rows = [
            (say("bar.before_most", lang), most, "bound"),
            (say("bar.lost", lang), -row["lost"], "change"),
            (say("bar.back", lang), row["low_people"], "bound_change"),
            (say("bar.after", lang, on=row["as_of"]), after, "level"),
        ]
        status, source = row["status"], _source_of_loss(data, code)
    steps = pd.DataFrame(rows, columns=["label", "people", "kind"]).assign(status=status)
    chart = charts.waterfall(steps, _name(data, code, lang), lang, source, everybody)
    return [Item("before_after", text, chart, table)]


def _source_of_loss(data: Dataset, code: str) -> str:
    rows = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == DECISION)]
    return str(rows["source"].iloc[0])


def _again(data: Dataset, code: str, lang: str) -> Items:
    """How many of those who lost a card are insured again, as far as the figures tell."""
    bounds = reenrolment(data, code, DECISION)
    if bounds.empty:
        return []
    row = bounds.iloc[0]
    table = bounds[["as_of", "population", "lost", "low", "high", "status"]]
    words = {"low": row["low"], "lost": row["lost"], "as_of": row["as_of"], "population": row["population"]}
    if pd.isna(row["largest_population"]):
        if row["low"] <= 0:
            return []
        uninsured = row["population"] - round(row["after_low"] * row["population"])
        text = say("text.reenrolled_least", lang, people=row["low_people"], uninsured=uninsured, **words)
        # Without a figure before, nothing says that not everybody came back.
        return [Item("reenrolled", text, table=table.assign(high=float("nan")))]
    count = population_at(data.areas, data.population, code, row["as_of"])
    text = say("text.reenrolled_between", lang, basis=basis_of(count), high=row["high"], most=row["largest_population"], **words)  # fmt: skip
    chart = charts.curve(reenrolment_curve(row), row, _name(data, code, lang), lang, _source_of_loss(data, code))
    return [Item("reenrolled", text, chart, table)]


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
    rows = (
        before[["area", "name", "rate"]]
        .assign(status=weakest(before["status"], after["status"]))
        .merge(after[["area", "rate"]], on="area", suffixes=("_before", "_after"))
    )
    rows = rows.rename(columns={"rate_before": "before", "rate_after": "after"})
    moved = set(table.loc[(table["lost"] > 0) | (table["gained"] > 0), "area"])
    rows = rows.assign(concerned=rows["area"].isin(moved))
    days = (before["as_of"].iloc[0], after["as_of"].iloc[0])
    chart = charts.slope(rows, _name(data, code, lang), days, lang, str(coverage(data, code)["source"].iloc[0]))
    return [Item("slope", "", chart)]


# --- The path to the target -----------------------------------------------------------------------


def path_to_target(data: Dataset, area: str, as_of: Day = None, lang: str = "vi") -> Items:
    """What each target means in people, what each step must add, and which targets are still ahead."""
    code, data = of_unit(known_by(data, as_of), area)
    name = _name(data, code, lang)
    steps = target_steps(data, code, as_of)
    if steps.empty:
        return [Item("path", " ".join([say("text.no_target", lang, name=name), *_still_ahead(data, code, lang)]))]
    first, last = steps.iloc[0], steps.iloc[-1]
    texts = []
    if first["level"] in ("province", "country"):
        chain = lineage(data.areas, code, first["on"])
        above = chain[1][1] if first["level"] == "province" and len(chain) > 1 else chain[-1][1]
        texts.append(say("text.path_upper", lang, name=name, above=running_name(above, lang)))
    table = steps.assign(target=[target_text(r, lang) for r in steps.to_dict("records")])
    columns = ["on", "target", "people_needed"]
    if pd.notna(first["to_add"]):
        columns += ["to_add", "total_to_add", "points"]
        words = {
            "rate": first["rate"],
            "on": first["on"],
            "name": name,
            "relation": say(f"relation.{first['relation']}", lang),
        }
        if first["to_add"] <= 0:
            texts.append(say("text.path_reached", lang, **words))
        else:
            words |= {"to_add": first["to_add"], "now": first["insured_now"], "as_of": first["now_as_of"]}
            texts.append(say("text.path", lang, population=first["population"], **words))
        if len(steps) > 2 and first["share_of_gain"] > 0.5:
            texts.append(say("text.path_front", lang, share=first["share_of_gain"], last=last["on"]))
    else:
        count = population_at(data.areas, data.population, code, steps["population_as_of"].iloc[0])
        for step in steps.to_dict("records"):
            words = {"relation": say(f"relation.{step['relation']}", lang), "rate": step["rate"], "on": step["on"]}
            words |= {"needed": step["people_needed"], "population": step["population"], "basis": basis_of(count)}
            texts.append(say("text.path_people", lang, **words))
        texts.append(say("text.path_no_start", lang))
    if last["on"].date() < dt.date.today():
        texts.append(say("text.path_passed", lang))
    texts += _still_ahead(data, code, lang)
    sources = "; ".join(dict.fromkeys(i.rsplit(", ", 1)[0] for i in steps["instrument"]))
    chart = charts.path(steps, name, lang, sources)
    path = Item("path", " ".join(texts), chart, table[[*columns, "population", "status", "instrument"]])
    return [path, *annexes.allocation(data, code, steps, as_of, lang)]


def _still_ahead(data: Dataset, code: str, lang: str) -> list[str]:
    """The targets of the levels above whose date has not come yet."""
    told = _targets_ahead(data, code, lang)
    return [say("text.path_live", lang, targets="; ".join(told))] if told else []


def _targets_ahead(data: Dataset, code: str, lang: str) -> list[str]:
    upper = targets_of(data, code)
    upper = upper[upper["level"].isin(["province", "country"]) & (upper["on"] >= pd.Timestamp(dt.date.today()))]
    return [
        say("text.live_target", lang, area=running_name(name_of(data.areas, t["area"], t["on"]), lang),
            relation=say(f"relation.{t['relation']}", lang), rate=t["rate"], on=t["on"])
        for t in upper.to_dict("records")
    ]  # fmt: skip


# --- The cost -------------------------------------------------------------------------------------


def cost_and_payers(
    data: Dataset, law: Law, area: str, scenario: Scenario | None = None, lang: str = "vi", as_of: Day = None
) -> Items:
    """What a year of cards costs, who pays which part, and what a scenario would change."""
    code, data = of_unit(known_by(data, as_of), area)
    items = [_yearly_premium(data, law, code, lang), *annexes.subsidy(data, law, code, as_of, lang)]
    table = lost_by(data, DECISION, code)
    lost = int(table["lost"].sum()) if len(table) else 0
    if lost:
        items.append(_lost_cost(data, law, scenario, code, table, lost, lang))
        items.append(_support(data, law, code, table["on"].min(), lang))
    if scenario is not None:
        items += _scenario(data, law, code, scenario, lang)
    return items


def _scenario(data: Dataset, law: Law, code: str, scenario: Scenario, lang: str) -> Iterator[Item]:
    """What a scenario changes in the law, and what it does month by month to this area."""
    name = scenario.titled(lang)
    told = law.compare(reduce(Law.__or__, scenario.reforms)) if scenario.reforms else pd.DataFrame()
    if len(told):
        words = "; ".join(_change_text(r, lang) for r in told.to_dict("records"))
        yield Item("scenario", say("text.scenario", lang, scenario=name, changes=words))
    elif not scenario.decision and not scenario.changed:
        yield Item("scenario", say("text.scenario_nothing", lang, scenario=name))
    try:
        of = projection(data, code, scenario, law)
    except BhytError as error:
        yield Item("scenario_path", say("text.scenario_not_run", lang, scenario=name, why=error.text(lang).rstrip(".")))
        return
    base = Scenario.nothing(of.start.day, of.months[-1])
    rows = simulate(data, code, [base, scenario], law, draws=DRAWS, lang=lang)
    last = compare(rows, lang=lang).iloc[-1]
    mine = rows[rows["scenario"] == name]
    end = mine[(mine["group"] == "all") & (mine["result"] == "behavioural")].iloc[-1]
    fields = {"on": end["month"], "rate": end["rate"], "low": end["rate_low"], "high": end["rate_high"]}
    text = say("text.scenario_outcome", lang, text=last["text"], **fields)
    targets = targets_ahead(data, of)
    text += "".join(" " + said for said in chance_texts(chances(of, targets, DRAWS, scenario.seed), lang))
    source = str(coverage(data, code, as_of=of.start.day).iloc[0]["source"])
    chart = charts.fan(mine, _name(data, code, lang), targets, lang, source)
    yield Item("scenario_path", text, chart)


def _change_text(row: dict[str, Any], lang: str) -> str:
    spec = "n" if str(row["unit"]).startswith("VND") else "pe"
    what = column_name(row["parameter"], lang) + (f" ({group_name(row['key'], lang)})" if row["key"] else "")
    proposal = f" ({say('label.proposal', lang)})" if row["status"] == "proposal" else ""
    template = "{what} {before:" + spec + "} → {after:" + spec + "}, {since:date}{proposal}"
    return render(
        template, lang, what=what, before=row["before"], after=row["after"], since=row["since"], proposal=proposal
    )


def _yearly_premium(data: Dataset, law: Law, code: str, lang: str) -> Item:
    newest = law.latest_change()
    today = law.at(newest, lineage(data.areas, code, pd.Timestamp(newest)))
    shares = today.rows("subsidy_share").set_index("key")
    titles = [t for t in TITLES if t in shares.index]
    table = premiums(pd.DataFrame({"group": titles}), today)
    labels = [
        group_name(t, lang) + (f" ({say('label.first_member', lang)})" if t == "household" else "") for t in titles
    ]
    table = table.assign(reference=[shares.at[t, "reference"] for t in titles], status="law", label=labels)
    count = population_at(data.areas, data.population, code)
    members = 4 if count is None or not count.households else round(count.people / count.households)
    words: dict[str, Any] = {"premium": float(table["premium"].iloc[-1]), "rate": today.number("contribution_rate")}
    words |= {"salary": today.number("base_salary"), "on": newest, "members": members}
    text = say("text.premium", lang, household=household_premium(members, today), **words)
    chart = charts.premium(table, lang, say("label.law_on", lang, on=newest))
    shown = table[["group", "premium", "subsidy_share", "subsidy", "own_payment", "reference"]]
    return Item("premium", text, chart, shown)


def _lost_cost(data: Dataset, law: Law, scenario: Scenario | None, code: str, table: pd.DataFrame, lost: int, lang: str) -> Item:  # fmt: skip
    on = table["on"].min()
    status, _ = told_as(data, DECISION, code, table)
    changes = law.table[(law.table["parameter"] == "base_salary") & (law.table["status"] != "proposal")]
    days = [str(on.date()), *sorted(str(d) for d in changes["since"] if on.date() < d <= law.latest_change())]
    chain = lineage(data.areas, code, on)
    costs = full_year_cost(lost, law, days, status, chain)
    if scenario is not None:
        other = scenario.over(law)
        reformed = sorted({str(d) for d in other.table.loc[other.table["layer"] > 0, "since"]} - set(days))
        costs = pd.concat([costs, full_year_cost(lost, other, reformed, status, chain)], ignore_index=True)
    first, now = costs.iloc[0], costs[costs["status"] != "proposal"].iloc[-1]
    words = {"people": lost, "cost": first["cost"], "salary": first["base_salary"], "on": first["on"]}
    text = say("text.cost", lang, cost_now=now["cost"], salary_now=now["base_salary"], now=now["on"], **words)
    chart = charts.cost(costs, _name(data, code, lang), lang, table["source"].iloc[0])
    shown = costs.assign(cost_bn=costs["cost"] * 1e-9)
    columns = ["on", "base_salary", "contribution_rate", "premium", "people", "cost_bn", "status"]
    return Item("cost", text, chart, shown[[*columns, "reference", "rate_reference"]])


def _support(data: Dataset, law: Law, code: str, on: pd.Timestamp, lang: str) -> Item:
    """What the State paid, stretch by stretch, for those who left the list by the decision."""
    stretches = support_over_time(law, SUPPORTED_AFTER, on, lineage(data.areas, code, on))
    rows = []
    for row in stretches.to_dict("records"):
        open_end = row["until"] is None
        period = say("period.from" if open_end else "period.from_to", lang, since=row["since"], until=row["until"])
        support = say("support.none", lang) if pd.isna(row["share"]) else render("{v:pe}", lang, v=row["share"])
        rows.append({"period": period, "support": support, "reference": row["reference"]})
    return Item("support", say("text.support", lang), table=pd.DataFrame(rows))


# --- What is needed -------------------------------------------------------------------------------


def assessed(key: str, items: Items, figures: pd.DataFrame, lang: str = "vi") -> Items:
    """The items of a section, whose main text also says what its figures (of `headline`) mean and how sure they are."""
    return messages.assessed(key, items, figures, lang)


def what_is_needed(data: Dataset, area: str, figures: pd.DataFrame, items: Items, found: pd.DataFrame, lang: str = "vi") -> Items:  # fmt: skip
    """What is left to decide or to mend, as findings from the figures, the items before and the review."""
    code, data = of_unit(data, area)
    return messages.what_is_needed(figures, items, found, _targets_ahead(data, code, lang), lang)


# --- Review and sources ---------------------------------------------------------------------------


def findings_of(data: Dataset, area: str, lang: str = "vi") -> pd.DataFrame:
    """The audit's findings on the area and on the unit right above it, with the unit's ``name``."""
    code, data = of_unit(data, area)
    units = [code, *[c for c, _ in lineage(data.areas, code)][1:2]]
    kinds = {u: row_of(data.areas, u)["kind"] for u in units}
    tables = [audit(data, u, lang).assign(name=_name(data, u, lang)) for u in units if kinds[u] != "country"]
    return pd.concat(tables, ignore_index=True)


def what_does_not_add_up(data: Dataset, area: str, found: pd.DataFrame, lang: str = "vi") -> Items:
    """The findings on the published figures of the area and of the unit right above it (what `findings_of` gives)."""
    code, data = of_unit(data, area)
    if found.empty:
        key = "text.audit_none" if code in set(data.published["area"]) else "text.audit_nothing_published"
        return [Item("audit", say(key, lang, name=_name(data, code, lang)))]
    table = found[["severity", "name", "message"]]
    return [Item("audit", say("text.audit_count", lang, count=len(found)), table=table)]


def sources_and_status(figures: pd.DataFrame, lang: str = "vi") -> Items:
    """Every headline figure (what `headline` gives) with its status and where it comes from."""
    table = _facts_table(figures, lang)
    table["source"] = [citation(s, lang) for s in table["source"]]
    return [Item("sources", say("text.sources", lang), table=table[["fact", "value", "as_of", "status", "source"]])]
