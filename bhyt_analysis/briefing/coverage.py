"""Who is covered, by group and commune, against which target? What a briefing says of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing import annex_tables
from bhyt_analysis.briefing.items import Item, Items, population_basis, unit_label
from bhyt_analysis.briefing.targets import target_text
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import communes, population_at, unit_name
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import display_name, inline_name
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.targets.targets import binding_targets, target_steps
from bhyt_analysis.tables.labels import group_name

# The tables an analyst fills in where nothing is known of cards.
NEEDS = ("cards", "population", "zones", "targets")


def who_is_covered(data: Dataset, area: str, as_of: DateLike | None = None, lang: str = "vi") -> Items:
    """Who has a card, by group and commune, against the target; or what is missing to tell."""
    code, data = select_unit(limit_to_date(data, as_of), area)
    now = coverage(data, code, as_of=as_of).iloc[0]
    counted = pd.notna(now["insured"])
    if not counted:
        first = _not_known(data, code, lang) if pd.isna(now["rate_low"]) else _only_a_rate(data, code, now, lang)
        return [first, *_bullet(data, code, now, lang), *_commune_people(data, code, lang)]
    words = {
        **now.to_dict(),
        "name": inline_name(now["name"], lang),
        "population_source": population_basis(now["population_source"], lang),
    }
    key = "text.covered_count" if pd.isna(now["population"]) else "text.covered"
    text = translate(key, lang, uninsured=now["population"] - now["insured"], **words)
    items = [Item("coverage", text), *_bullet(data, code, now, lang), *annex_tables.months(data, code, as_of)]
    items += _groups(data, code, now, as_of, lang)
    return [*items, *(_communes(data, code, as_of, lang) or _commune_people(data, code, lang))]


def _groups(data: Dataset, code: str, now: pd.Series, as_of: DateLike | None, lang: str) -> Items:
    by_group = coverage(data, code, by=["group"], as_of=as_of)
    total = by_group["insured"].sum()
    by_group = by_group.assign(share_of_insured=by_group["insured"] / total)
    largest = by_group.loc[by_group["insured"].idxmax()]
    words = {"group": group_name(largest["group"], lang), "insured": largest["insured"], "total": total}
    text = translate("text.groups", lang, share=largest["share_of_insured"], **words)
    finest = coverage(data, code, by=["subgroup"], as_of=as_of)
    army = finest.loc[finest["subgroup"] == "relative_of_army_staff", "insured"].sum()
    if army and "published" in set(data.cards.loc[data.cards["area"] == code, "status"]):
        text += " " + translate("text.groups_army", lang, army=army)
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
    rows = [(translate(f"table.{t}", lang), translate(f"need.{t}", lang)) for t in NEEDS]
    people = None if count is None else count.people
    households = None if count is None else count.households
    name = unit_label(data, code, lang)
    text = translate(
        "text.not_known", lang, name=name, people=people, households=households, basis=population_basis(count, lang)
    )
    return Item("not_known", text, table=pd.DataFrame(rows, columns=["sheet", "columns"]))


def _only_a_rate(data: Dataset, code: str, now: pd.Series, lang: str) -> Item:
    """A printed rate without people; the people that it would be, marked as an estimate."""
    if pd.isna(now["rate"]):
        words = {"relation": translate("relation.>=", lang), "low": now["rate_low"], "as_of": now["as_of"]}
        return Item("coverage", translate("text.covered_bound", lang, **words))
    count = population_at(data.areas, data.population, code, now["as_of"])
    people = None if count is None else count.people
    insured = None if people is None else round(now["rate"] * people)
    uninsured = None if people is None or insured is None else people - insured
    words = {"rate": now["rate"], "as_of": now["as_of"], "people": people, "basis": population_basis(count, lang)}
    text = translate("text.covered_published", lang, estimate=insured, uninsured=uninsured, **words)
    if count is None:
        return Item("coverage", text)
    row = {"as_of": now["as_of"], "published_rate": now["rate"], "population": people, "insured": insured}
    row |= {"uninsured": uninsured, "status": derived_quality(now["status"], count.status, "estimated")}
    return Item("coverage", text, table=pd.DataFrame([row]))


def _bullet(data: Dataset, code: str, now: pd.Series, lang: str) -> Items:
    """Coverage against the targets that bind the area or the units above it."""
    bound = binding_targets(data, code)
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
    name = inline_name(now["name"], lang)
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
    who = "" if own else f", {unit_label(data, target['area'], lang, target['on'])}"
    return f"{translate('label.target', lang)} {target['on'].year}{who}: {target_text(target, lang)}"


def _communes(data: Dataset, code: str, as_of: DateLike | None, lang: str) -> Items:
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
    text = translate(
        "text.communes",
        lang,
        low=low["rate"],
        lowest=display_name(low["name"], lang),
        high=high["rate"],
        highest=display_name(high["name"], lang),
    )
    chart = charts.communes(rows, unit_label(data, code, lang), target, lang, rows["source"].iloc[0])
    table = rows[["area", "name", "population", "insured", "uninsured", "rate", "status"]]
    return [Item("communes", text, chart, table)]


def _commune_people(data: Dataset, code: str, lang: str) -> Items:
    """Where nothing is known of the communes' cards: their people, the basis of any plan."""
    rows = data.population[data.population["area"].isin(communes(data.areas, code)) & (data.population["area"] != code)]
    rows = rows[rows["as_of"] == rows["as_of"].max()]
    if len(rows) < 2:
        return []
    rows = rows.assign(name=[unit_name(data.areas, a, d) for a, d in zip(rows["area"], rows["as_of"], strict=True)])
    rows = rows.rename(columns={"people": "population"})
    basis = rows["source"].iloc[0]
    text = translate("text.commune_people", lang, count=len(rows), basis=population_basis(basis, lang))
    chart = charts.commune_people(rows, unit_label(data, code, lang), lang, basis)
    return [Item("commune_people", text, chart, rows[["area", "name", "population", "status"]])]
