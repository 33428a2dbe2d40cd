"""What does a briefing say of costs: a year of cards, those that were lost, who supports, a scenario?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing import annex_tables
from bhyt_analysis.briefing.items import Item, Items, unit_label
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import lineage, population_at
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.ingest.scenario_files import localise_scenario
from bhyt_analysis.law.groups import groups_flagged
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.coverage.headline import DECISION
from bhyt_analysis.model.finance.premiums import full_year_cost, household_premium, premiums, subsidy_history
from bhyt_analysis.model.projection.compare import compare
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import project_area, simulate
from bhyt_analysis.model.projection.uncertainty import target_probabilities, upcoming_targets
from bhyt_analysis.model.reclassification.reclassify import loss_status_and_unit, unit_losses
from bhyt_analysis.tables.explain import probability_texts
from bhyt_analysis.tables.labels import column_name, group_name
from bhyt_analysis.tables.scenario_texts import comparison_text

DRAWS = 300  # for the interval of a scenario in a briefing
SUPPORTED_AFTER = "minority_left_2016_2020_list"  # those who left the list by Decision 861


def cost_and_payers(
    data: Dataset,
    law: Law,
    area: str,
    scenario: Scenario | None = None,
    lang: str = "vi",
    as_of: DateLike | None = None,
) -> Items:
    """What a year of cards costs, who pays which part, and what a scenario would change."""
    code, data = select_unit(limit_to_date(data, as_of), area)
    items = [_yearly_premium(data, law, code, lang), *annex_tables.subsidy(data, law, code, as_of, lang)]
    table = unit_losses(data, DECISION, code)
    lost = int(table["lost"].sum()) if len(table) else 0
    if lost:
        items.append(_lost_cost(data, law, scenario, code, table, lost, lang))
        items.append(_support(data, law, code, table["on"].min(), lang))
    if scenario is not None:
        items += _scenario(data, law, code, scenario, lang)
    return items


def _scenario(data: Dataset, law: Law, code: str, scenario: Scenario, lang: str) -> Iterator[Item]:
    """What a scenario changes in the law, and what it does month by month to this area."""
    scenario = localise_scenario(scenario, lang)
    name = scenario.name
    told = law.compare(reduce(Law.__or__, scenario.reforms)) if scenario.reforms else pd.DataFrame()
    if len(told):
        words = "; ".join(_change_text(r, lang) for r in told.to_dict("records"))
        yield Item("scenario", translate("text.scenario", lang, scenario=name, changes=words))
    elif not scenario.decision and not scenario.assumption_ranges:
        yield Item("scenario", translate("text.scenario_nothing", lang, scenario=name))
    try:
        of = project_area(data, code, scenario, law)
    except BhytError as error:
        yield Item(
            "scenario_path", translate("text.scenario_not_run", lang, scenario=name, why=error.text(lang).rstrip("."))
        )
        return
    base = localise_scenario(Scenario.current_law(of.baseline.day, of.months[-1]), lang)
    rows = simulate(data, code, [base, scenario], law, draws=DRAWS)
    last = compare(rows).iloc[-1]
    mine = rows[rows["scenario"] == name]
    end = mine[(mine["group"] == "all") & (mine["result"] == "behavioural")].iloc[-1]
    fields = {"on": end["month"], "rate": end["rate"], "low": end["rate_low"], "high": end["rate_high"]}
    text = translate("text.scenario_outcome", lang, text=comparison_text(last.to_dict(), lang), **fields)
    targets = upcoming_targets(data, of)
    text += "".join(
        " " + said for said in probability_texts(target_probabilities(of, targets, DRAWS, scenario.seed), lang)
    )
    source = str(coverage(data, code, as_of=of.baseline.day).iloc[0]["source"])
    chart = charts.fan(mine, unit_label(data, code, lang), targets, lang, source)
    yield Item("scenario_path", text, chart)


def _change_text(row: dict[str, Any], lang: str) -> str:
    spec = "n" if str(row["unit"]).startswith("VND") else "pe"
    what = column_name(row["parameter"], lang) + (f" ({group_name(row['key'], lang)})" if row["key"] else "")
    proposal = f" ({translate('label.proposal', lang)})" if row["status"] == "proposal" else ""
    template = "{what} {before:" + spec + "} → {after:" + spec + "}, {since:date}{proposal}"
    return format_message(
        template, lang, what=what, before=row["before"], after=row["after"], since=row["since"], proposal=proposal
    )


def _yearly_premium(data: Dataset, law: Law, code: str, lang: str) -> Item:
    newest = law.latest_change()
    today = law.at(newest, lineage(data.areas, code, pd.Timestamp(newest)))
    shares = today.rows("subsidy_share").set_index("key")
    titles = [g for g in groups_flagged("premium_table") if g in shares.index]
    table = premiums(pd.DataFrame({"group": titles}), today)
    labels = [
        group_name(t, lang) + (f" ({translate('label.first_member', lang)})" if t == "household" else "")
        for t in titles
    ]
    table = table.assign(reference=[shares.at[t, "reference"] for t in titles], status="law", label=labels)
    count = population_at(data.areas, data.population, code)
    members = 4 if count is None or not count.households else round(count.people / count.households)
    words: dict[str, Any] = {"premium": float(table["premium"].iloc[-1]), "rate": today.number("contribution_rate")}
    words |= {"salary": today.number("base_salary"), "on": newest, "members": members}
    text = translate("text.premium", lang, household=household_premium(members, today), **words)
    chart = charts.premium(table, lang, translate("label.law_on", lang, on=newest))
    shown = table[["group", "premium", "subsidy_share", "subsidy", "own_payment", "reference"]]
    return Item("premium", text, chart, shown)


def _lost_cost(data: Dataset, law: Law, scenario: Scenario | None, code: str, table: pd.DataFrame, lost: int, lang: str) -> Item:  # fmt: skip
    on = table["on"].min()
    status, _ = loss_status_and_unit(data, DECISION, code, table)
    changes = law.table[(law.table["parameter"] == "base_salary") & (law.table["status"] != "proposal")]
    days = [str(on.date()), *sorted(str(d) for d in changes["since"] if on.date() < d <= law.latest_change())]
    chain = lineage(data.areas, code, on)
    costs = full_year_cost(lost, law, days, status, chain)
    if scenario is not None:
        other = scenario.apply_to_law(law)
        reformed = sorted({str(d) for d in other.table.loc[other.table["layer"] > 0, "since"]} - set(days))
        costs = pd.concat([costs, full_year_cost(lost, other, reformed, status, chain)], ignore_index=True)
    first, now = costs.iloc[0], costs[costs["status"] != "proposal"].iloc[-1]
    words = {"people": lost, "cost": first["cost"], "salary": first["base_salary"], "on": first["on"]}
    text = translate("text.cost", lang, cost_now=now["cost"], salary_now=now["base_salary"], now=now["on"], **words)
    chart = charts.cost(costs, unit_label(data, code, lang), lang, table["source"].iloc[0])
    shown = costs.assign(cost_bn=costs["cost"] * 1e-9)
    columns = ["on", "base_salary", "contribution_rate", "premium", "people", "cost_bn", "status"]
    return Item("cost", text, chart, shown[[*columns, "reference", "rate_reference"]])


def _support(data: Dataset, law: Law, code: str, on: pd.Timestamp, lang: str) -> Item:
    """What the State paid, stretch by stretch, for those who left the list by the decision."""
    stretches = subsidy_history(law, SUPPORTED_AFTER, on, lineage(data.areas, code, on))
    rows = []
    for row in stretches.to_dict("records"):
        open_end = row["until"] is None
        period = translate(
            "period.from" if open_end else "period.from_to", lang, since=row["since"], until=row["until"]
        )
        support = (
            translate("support.none", lang) if pd.isna(row["share"]) else format_message("{v:pe}", lang, v=row["share"])
        )
        rows.append({"period": period, "support": support, "reference": row["reference"]})
    return Item("support", translate("text.support", lang), table=pd.DataFrame(rows))
