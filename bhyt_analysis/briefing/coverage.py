"""Tell who is covered, by group and commune, against which target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import Facts, certainty, format_fact, target_fields
from bhyt_analysis.briefing.headline import current_units
from bhyt_analysis.briefing.items import Item, add_sentences, population_basis, unit_label
from bhyt_analysis.briefing.targets import target_text
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import display_name, inline_name
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.coverage.reporting import commune_counts, reporting_communes, reporting_sums
from bhyt_analysis.model.targets.targets import OWN_LEVELS, target_steps
from bhyt_analysis.tables.estimates import count_text
from bhyt_analysis.tables.labels import group_name
from bhyt_analysis.tables.totals import add_total

KEY = "who"
NEEDS = ("cards", "population", "zones", "targets")  # tables to fill in where nothing is known of cards


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return who has a card, by group and commune, against the target; or what is missing to tell.

    ``table``: what `bhyt_analysis.coverage` gives by group or by sub-group, whose rows the chart of groups shows.
    """
    data, code, lang = briefing.data_as_of, briefing.code, briefing.lang
    now = coverage(data, code, as_of=briefing.as_of).iloc[0]
    if not briefing.has_enrolment:
        return [_not_known(briefing)]
    if pd.isna(now["insured"]):
        first = _reporting(briefing) if pd.isna(now["rate_low"]) else [_rate_only(data, code, now, lang)]
        chosen = [*first, *(_communes(briefing) or _commune_people(briefing))]
    else:
        fields = {**now.to_dict(), "name": inline_name(now["name"], lang)}
        fields["population_source"] = population_basis(now["population_source"], lang)
        fields["uninsured"] = now["population"] - now["insured"]
        key = "text.covered_count" if pd.isna(now["population"]) else "text.covered"
        chosen = [
            Item("coverage", translate(key, lang, **fields)),
            *_months(briefing),
            *_groups(briefing, table),
            *(_communes(briefing) or _commune_people(briefing)),
        ]
    return add_sentences(chosen, ["coverage"], assessment(briefing.facts, lang))


def assessment(facts: Facts, lang: str | None = None) -> list[str]:
    """Return sentences that set the coverage beside the next target and the country's, and on how well it is known."""
    lang = check_lang(lang)
    sentences = certainty(facts, ("insured", "coverage", "uninsured", "reporting_insured", "reporting_coverage"), lang)
    if country := facts.get("national_coverage"):
        fields = {"day": country.as_of, "source": format_citation(country.source, lang)}
        sentences.insert(0, translate("text.national", lang, rate=format_fact(country, lang), **fields))
    now, target = facts.get("coverage"), facts.get("next_target")
    if now is None or target is None or now.value is None or target.value is None:
        return sentences
    gap = target.value - now.value
    key = "text.gap_below" if gap > 0 else "text.gap_above"
    return [translate(key, lang, points=abs(gap), **target_fields(target, lang)), *sentences]


def _coverage_by(briefing: Briefing, by: str) -> pd.DataFrame:
    """Return the coverage by group, sub-group or month; where only some communes report, theirs."""
    sums = reporting_communes(briefing.view)
    if sums is not None and briefing.view.coverage()["insured"].isna().all():
        fields = {"reporting": sums.reporting, "communes": sums.communes, "name": briefing.name}
        name = translate("label.reporting", briefing.lang, **fields)
        return reporting_sums(briefing.view, by).assign(name=name)
    return coverage(briefing.data_as_of, briefing.code, by=[by], as_of=briefing.as_of)


def _months(briefing: Briefing) -> list[Item]:
    """Return the insured month by month, where more than one month is known."""
    data = briefing.data_as_of
    if data.cards["as_of"].nunique() < 2:
        return []
    rows = _coverage_by(briefing, "month").dropna(subset="insured")
    if len(rows) < 2:
        return []
    table = rows.assign(month=rows["as_of"], change=rows["insured"].diff())
    return [Item("months", table=table[["month", "insured", "change", "population", "rate", "status"]])]


def _groups(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the insured by the groups of the table, and by sub-group."""
    data, code, lang = briefing.data_as_of, briefing.code, briefing.lang
    rows = table.rename(columns={"subgroup": "group"})
    if rows.empty or rows["insured"].isna().all():
        return []
    total = rows["insured"].sum()
    rows = rows.assign(share_of_insured=rows["insured"] / total)
    largest = rows.loc[rows["insured"].idxmax()]
    fields = {"group": group_name(largest["group"], lang), "insured": largest["insured"], "total": total}
    text = translate("text.groups", lang, share=largest["share_of_insured"], **fields)
    parts = _coverage_by(briefing, "subgroup")
    parts = parts.assign(share_of_insured=parts["insured"] / total)
    army = parts.loc[parts["subgroup"] == "relative_of_army_staff", "insured"].sum()
    if army and "published" in set(data.cards.loc[data.cards["area"] == code, "status"]):
        text += " " + translate("text.groups_army", lang, army=army)
    columns = ["insured", "share_of_insured", "rate", "status"]
    titles = {"rate": "share_of_population"}
    chart = charts.groups(rows, lang, rows["source"].iloc[0])
    return [
        Item("groups", text, chart, rows[["group", *columns]].rename(columns=titles)),
        Item("subgroups", table=parts[["subgroup", *columns]].rename(columns=titles)),
    ]


def _not_known(briefing: Briefing) -> Item:
    """Return which tables would have to be filled in, and the command that writes them for today's units."""
    view, lang = briefing.view, briefing.lang
    needs = "; ".join(translate(f"need.{table}", lang) for table in NEEDS)
    current = current_units(view)[:1] if view.unit.until is not None else []
    lineage = view.geography.lineage(current[0])[1:2] if current else view.lineage[:2]
    names = [unit.name for unit in lineage if unit.kind != "country"]
    return Item("not_known", translate("text.not_known", lang, area=", ".join(names), needs=needs))


def _reporting(briefing: Briefing) -> list[Item]:
    """Return the sums of the communes that report, which are not all, named as theirs."""
    sums, lang = reporting_communes(briefing.view), briefing.lang
    if sums is None:
        return []
    fields = {**sums._asdict(), "name": briefing.name}
    key = "text.reporting_count"
    if sums.population is not None:
        key, basis = "text.reporting", population_basis(sums.population_source, lang)
        fields |= {"uninsured": sums.population - sums.insured, "basis": basis}
    groups = _groups(briefing, _coverage_by(briefing, "group"))
    return [Item("coverage", translate(key, lang, **fields)), *_months(briefing), *groups]


def _rate_only(data: Dataset, code: str, now: pd.Series, lang: str) -> Item:
    """Return a printed rate without people, and the people that it would be, marked as an estimate."""
    if pd.isna(now["rate"]):
        fields = {"relation": translate("relation.>=", lang), "low": now["rate_low"], "as_of": now["as_of"]}
        return Item("coverage", translate("text.covered_bound", lang, **fields))
    count = population_at(data.geography, data.population, code, now["as_of"])
    people = None if count is None else count.people
    insured = None if people is None else round(now["rate"] * people)
    fields = {"rate": now["rate"], "as_of": now["as_of"], "people": people, "basis": population_basis(count, lang)}
    if count is None or insured is None:
        return Item("coverage", translate("text.covered_rate", lang, **fields))
    status = derived_quality(now["status"], count.status, "estimated")
    counts = {"insured": insured, "uninsured": count.people - insured}
    fields |= {key: count_text(n, lang, status) for key, n in counts.items()}
    row = {"as_of": now["as_of"], "published_rate": now["rate"], "population": people, **counts, "status": status}
    table = pd.DataFrame([row])
    table.attrs["result"] = "headline"  # its columns of people are rounded
    return Item("coverage", translate("text.covered_published", lang, **fields), table=table)


def _mark(data: Dataset, target: Mapping[str, Any], lang: str) -> str:
    """Return a target as a chart names it: "Chỉ tiêu 2025, Việt Nam: 95,15%"."""
    unit = "" if target["level"] in OWN_LEVELS else f", {unit_label(data, target['area'], lang, target['on'])}"
    return f"{translate('label.target', lang)} {target['on'].year}{unit}: {target_text(target, lang)}"


def _communes(briefing: Briefing) -> list[Item]:
    """Return the coverage of the communes, the lowest first, beside the first target."""
    data, code, lang = briefing.data_as_of, briefing.code, briefing.lang
    rows = coverage(data, code, by=["commune"], as_of=briefing.as_of).dropna(subset=["insured", "rate"])
    if rows.empty or set(rows["area"]) == {code}:
        return []
    first = target_steps(data, code, briefing.as_of).head(1).assign(area=code, level="own").to_dict("records")
    target = next(((_mark(data, step, lang), float(step["rate"])) for step in first), None)
    rows = rows.assign(uninsured=rows["population"] - rows["insured"]).sort_values("rate")
    low, high = rows.iloc[0], rows.iloc[-1]
    names = {"lowest": display_name(low["name"], lang), "highest": display_name(high["name"], lang)}
    text = translate("text.communes", lang, low=low["rate"], high=high["rate"], **names) if len(rows) > 1 else ""
    chart = charts.communes(rows, unit_label(data, code, lang), target, lang, rows["source"].iloc[0])
    table = rows[["area", "name", "population", "insured", "uninsured", "rate", "status"]]
    return [Item("communes", text, chart, _with_total(briefing, table))]


def _with_total(briefing: Briefing, table: pd.DataFrame) -> pd.DataFrame:
    """Return the communes with the area first, where they add up to its own figures."""
    now = briefing.view.coverage().iloc[0]
    columns = [c for c in ("population", "insured") if c in table]
    same = all(pd.notna(now[c]) and table[c].sum() == now[c] for c in columns)
    return add_total(table, briefing.code, briefing.view.unit.name) if same and len(table) > 1 else table


def _commune_people(briefing: Briefing) -> list[Item]:
    """Return the people of the communes where nothing is known of their cards: the basis of any plan."""
    lang, rows = briefing.lang, commune_counts(briefing.view)
    if len(rows) < 2:
        return []
    rows = rows.assign(population=rows["people"])
    basis = rows["source"].iloc[0]
    text = translate("text.commune_people", lang, count=len(rows), basis=population_basis(basis, lang))
    chart = charts.commune_people(rows, briefing.name, lang, basis)
    table = rows[["area", "name", "population", "status"]].reset_index(drop=True)
    count = briefing.facts.get("population")
    if count is not None and count.value == table["population"].sum():
        table = add_total(table, briefing.code, briefing.view.unit.name)
    return [Item("commune_people", text, chart, table)]
