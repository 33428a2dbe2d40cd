"""Tell what a year of cards costs, who pays which part, and what a scenario would change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import certainty
from bhyt_analysis.briefing.items import Item, add_sentences
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.decisions import support_group
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.i18n.messages import BhytError, format_message, has_message, translate
from bhyt_analysis.ingest.scenario_files import localise_scenario
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.finance.premiums import full_year_cost, household_premium, premiums, subsidy_history
from bhyt_analysis.model.projection.compare import compare
from bhyt_analysis.model.projection.outlook import other_reading
from bhyt_analysis.model.projection.projection import Projection, first_dispute
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import project_area, simulate
from bhyt_analysis.model.projection.uncertainty import target_probabilities, upcoming_targets
from bhyt_analysis.model.reclassification.reclassify import loss_status_and_unit
from bhyt_analysis.tables.columns import short_column_name
from bhyt_analysis.tables.estimates import count_text
from bhyt_analysis.tables.explain import probability_texts
from bhyt_analysis.tables.labels import group_name
from bhyt_analysis.tables.scenario_texts import comparison_text, reading_text

KEY = "cost"
DRAWS = 300  # for the interval of a scenario
USUAL_HOUSEHOLD = 4  # people, where no count of households is known


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the yearly premium by group, the State's part, the cost of lost cards, and the scenario.

    ``table``: what `bhyt_analysis.premiums` gives of `Briefing.premium_groups`.
    """
    chosen = [_yearly_premium(briefing, table), *_subsidy(briefing)] if briefing.has_enrolment else []
    if briefing.losses["lost"].sum() > 0:
        chosen += [_lost_cost(briefing), *_support(briefing)]
    if briefing.scenario is not None:
        chosen += _scenario(briefing, briefing.scenario)
    return add_sentences(chosen, ["cost"], certainty(briefing.facts, ("lost_cost",), briefing.lang))


def _yearly_premium(briefing: Briefing, table: pd.DataFrame) -> Item:
    lang, law, day = briefing.lang, briefing.law_in_force, briefing.law.latest_change()
    references = law.rows("subsidy_share").set_index("key")["reference"]
    first_member = f" ({translate('label.first_member', lang)})"
    labels = [group_name(key, lang) + (first_member if key == "household" else "") for key in table["group"]]
    rows = table.assign(reference=references.reindex(table["group"]).to_numpy(), status="law", label=labels)
    count = population_at(briefing.data_as_of.geography, briefing.data_as_of.population, briefing.code)
    members = USUAL_HOUSEHOLD if count is None or not count.households else round(count.people / count.households)
    fields = {"premium": household_premium(1, law), "household": household_premium(members, law), "members": members}
    fields |= {"rate": law.number("contribution_rate"), "salary": law.number("base_salary")}
    fields["salary_on"] = law.rows("base_salary")["since"].iloc[0]
    chart = charts.premium(rows, lang, translate("label.law_on", lang, on=day)) if len(rows) else None
    columns = ["group", "premium", "subsidy_share", "subsidy", "own_payment", "reference"]
    return Item("premium", translate("text.premium", lang, on=day, **fields), chart, rows[columns])


def _subsidy(briefing: Briefing) -> list[Item]:
    """Return what the State pays in a year, sub-group by sub-group, for those it pays for or supports now."""
    data, code = briefing.data_as_of, briefing.code
    if not data.cards["area"].isin([code, *data.geography.commune_codes(code)]).any():
        return []
    rows = coverage(data, code, by=["subgroup"], as_of=briefing.as_of).dropna(subset="insured")
    if rows.empty:
        return []
    amounts = premiums(pd.DataFrame({"group": rows["subgroup"].to_numpy()}), briefing.law_in_force)
    table = rows[["subgroup", "insured", "status"]].reset_index(drop=True)
    table = table.join(amounts.drop(columns=["group", "factor"])).query("subsidy > 0")
    if table.empty:
        return []
    people = table["insured"].astype(float)
    table = table.assign(vnd_state=people * table["subsidy"], vnd_own=people * table["own_payment"])
    table["status"] = [derived_quality(s) for s in table["status"]]
    fields = {"people": people.sum(), "state": table["vnd_state"].sum(), "own": table["vnd_own"].sum()}
    fields |= {"on": briefing.law.latest_change(), "as_of": rows["as_of"].iloc[0]}
    columns = ["subgroup", "insured", "premium", "subsidy_share", "vnd_state", "vnd_own", "status"]
    return [Item("subsidy", translate("text.subsidy", briefing.lang, **fields), table=table[columns])]


def _lost_cost(briefing: Briefing) -> Item:
    """Return what a year of the lost cards costs, by the law of each day on which it changed."""
    law, lang, losses = briefing.law, briefing.lang, briefing.losses
    on, people = losses["on"].min(), int(losses["lost"].sum())
    status, unit = loss_status_and_unit(briefing.data_as_of, briefing.decision or "", briefing.code, losses)
    changes = law.table[(law.table["parameter"] == "base_salary") & (law.table["status"] != "proposal")]
    days = [str(on.date()), *sorted(str(d) for d in changes["since"] if on.date() < d <= law.latest_change())]
    units = briefing.data_as_of.geography.places(briefing.code, on)
    costs = full_year_cost(people, law, days, status, units)
    if briefing.scenario is not None:
        reform = briefing.scenario.apply_to_law(law)
        reform_days = sorted({str(d) for d in reform.table.loc[reform.table["layer"] > 0, "since"]} - set(days))
        costs = pd.concat([costs, full_year_cost(people, reform, reform_days, status, units)], ignore_index=True)
    first, now = costs.iloc[0], costs[costs["status"] != "proposal"].iloc[-1]
    counted = f"{count_text(people, lang, status)} {translate(f'unit.{unit}', lang)}"
    fields = {"people": counted, "cost": first["cost"], "salary": first["base_salary"], "on": first["on"]}
    text = translate("text.cost", lang, cost_now=now["cost"], salary_now=now["base_salary"], now=now["on"], **fields)
    chart = charts.cost(costs, briefing.name, lang, losses["source"].iloc[0])
    columns = ["on", "base_salary", "contribution_rate", "premium", "people", "cost_bn", "status"]
    table = costs.assign(cost_bn=costs["cost"] * 1e-9)[[*columns, "reference", "rate_reference"]]
    return Item("cost", text, chart, table)


def _support(briefing: Briefing) -> list[Item]:
    """Return what the State pays, period by period, for those who left the list by the decision."""
    lang, on = briefing.lang, briefing.losses["on"].min()
    group = support_group(briefing.data_as_of, briefing.decision or "")
    if not group:
        return []
    none, rows = translate("support.none", lang), []
    units: Area = briefing.data_as_of.geography.places(briefing.code, on)
    history = subsidy_history(briefing.law, group, on, units)
    columns = ["since", "until", "share", "reference", "status"]
    for since, until, share, reference, status in history[columns].to_numpy(dtype=object):
        period = translate("period.from" if until is None else "period.from_to", lang, since=since, until=until)
        support = none if pd.isna(share) else format_message("{v:pe}", lang, v=share)
        rows.append({"period": period, "support": support, "reference": reference, "status": status})
    key = f"text.support_{group}" if has_message(f"text.support_{group}") else "text.support"
    text = " ".join([translate(key, lang, group=group_name(group, lang)), *_open_points(briefing, group, units)])
    return [Item("support", text, table=pd.DataFrame(rows))]


def _open_points(briefing: Briefing, group: str, units: Area) -> Iterator[str]:
    """Yield a sentence for each point on which the sources about a group's support or benefits disagree."""
    points = briefing.law.open_points(group, units)
    for point in points.drop_duplicates(["parameter", "since"], keep="last").to_dict("records"):
        values = {c: format_message("{v:pe}", briefing.lang, v=point[c]) for c in ("value", "otherwise")}
        yield translate(f"text.open_{point['parameter']}", briefing.lang, **{**point, **values})


def _scenario(briefing: Briefing, scenario: Scenario) -> list[Item]:
    """Return what a scenario changes in the law, and what it does month by month to this area."""
    law, lang = briefing.law, briefing.lang
    scenario = localise_scenario(scenario, lang)
    name, chosen = scenario.name, []
    changes = law.compare(reduce(Law.__or__, scenario.reforms)) if scenario.reforms else pd.DataFrame()
    if len(changes):
        texts = "; ".join(_change_text(row, lang) for _, row in changes.iterrows())
        chosen.append(Item("scenario", translate("text.scenario", lang, scenario=name, changes=texts)))
    elif not scenario.decision and not scenario.assumption_ranges:
        chosen.append(Item("scenario", translate("text.scenario_nothing", lang, scenario=name)))
    try:
        projection = project_area(briefing.data_as_of, briefing.code, scenario, law)
    except BhytError as error:
        reason = error.text(lang).rstrip(".")
        return [*chosen, Item("scenario_path", translate("text.scenario_not_run", lang, scenario=name, why=reason))]
    return [*chosen, _scenario_path(briefing, scenario, projection)]


def _scenario_path(briefing: Briefing, scenario: Scenario, projection: Projection) -> Item:
    """Return coverage month by month under a scenario, with its targets."""
    data, code, law, lang = briefing.data_as_of, briefing.code, briefing.law, briefing.lang
    baseline = localise_scenario(Scenario.current_law(projection.baseline.day, projection.months[-1]), lang)
    if scenario.name == baseline.name:
        rows, outcome = simulate(data, code, scenario, law, draws=DRAWS), ""
    else:
        rows = simulate(data, code, [baseline, scenario], law, draws=DRAWS)
        outcome = comparison_text(compare(rows).iloc[-1].to_dict(), lang)
    own = rows[rows["scenario"] == scenario.name]
    end = own[own["result"] == "behavioural"].iloc[-1]
    fields = {"on": end["month"], "rate": end["rate"], "interval": _interval_text(end, lang)}
    targets = upcoming_targets(data, projection)
    chances = target_probabilities(projection, targets, DRAWS, scenario.seed)
    outcome = translate("text.scenario_outcome", lang, text=outcome, **fields).lstrip()
    texts = [outcome, *_other_reading(briefing, projection)]
    texts += probability_texts(chances, lang)
    source = str(coverage(data, code, as_of=projection.baseline.day).iloc[0]["source"])
    return Item("scenario_path", " ".join(texts), charts.fan(own, briefing.name, targets, lang, source))


def _interval_text(row: pd.Series, lang: str) -> str:
    """Return between which rates most draws are; "" where they are the same as printed."""
    low, high = (format_message("{v:p1}", lang, v=row[f"rate_{end}"]) for end in ("low", "high"))
    return "" if low == high else translate("text.scenario_interval", lang, low=low, high=high)


def _other_reading(briefing: Briefing, projection: Projection) -> Iterator[str]:
    """Yield what the scenario gives in the other reading of the law, where it rests on a point in dispute.

    Of the month in which the two differ most, and of the last.
    """
    table = other_reading(projection, briefing.law)
    if table.empty:
        return
    most = table.loc[(table["rate"] - table["other"]).abs().idxmax()]
    yield reading_text(first_dispute(projection), most, briefing.lang)
    last = table.iloc[-1]
    if last["month"] > most["month"]:
        fields = {"on": last["month"], "rate": last["rate"], "other": last["other"]}
        yield translate("text.scenario_reading_at_end", briefing.lang, **fields)


def _change_text(row: pd.Series, lang: str) -> str:
    """Return a change of the law in words: "base salary 2,340,000 → 2,530,000, 1 July 2026"."""
    spec = "n" if str(row["unit"]).startswith("VND") else "pe"
    what = short_column_name(row["parameter"], lang) + (f" ({group_name(row['key'], lang)})" if row["key"] else "")
    proposal = f" ({translate('label.proposal', lang)})" if row["status"] == "proposal" else ""
    template = "{what} {before:" + spec + "} → {after:" + spec + "}, {since:date}{proposal}"
    fields = {key: row[key] for key in ("before", "after", "since")}
    return format_message(template, lang, what=what, proposal=proposal, **fields)
