"""Say in one sentence whether the target is reached, show it in one chart, and list what to decide."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.actions import due_text, is_standing_duty, people_text, task_text
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import format_fact
from bhyt_analysis.briefing.headline import target_owner
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import format_message, has_message, translate
from bhyt_analysis.i18n.safe_text import BULLET, STRONG
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.model.monitoring.monitor import monthly_counts
from bhyt_analysis.tables.estimates import count_text

KEY = "verdict"
DECISIONS = 3  # that are named
CHANCES = (95, 66, 33, 5, 0)  # per cent from which a target is called almost certain, likely, ...
GAP_COLUMNS = ["area", "population", "insured", "people_needed", "to_add", "rate", "status"]


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the verdict with its chart, the figures behind it, and the decisions. ``table``: of `bhyt.verdict`."""
    if table.empty:
        return []
    row = table.iloc[0]
    details = [*_counted(briefing, row), *_lost(briefing), *_pace(briefing, row)]
    if pd.notna(row["target_on"]) and row["outcome"] != "reached" and clock.is_past(row["target_on"]):
        details.append(translate("verdict.passed", briefing.lang))
    return [
        _verdict(briefing, table),
        Item("decisions", "\n".join(BULLET + line for line in decisions(briefing))),
        Item("verdict_details", " ".join(details)),
    ]


def decisions(briefing: Briefing) -> list[str]:
    """Return the first tasks that are open, one of each kind, those of a known number of people first."""
    tasks = briefing.tasks
    tasks = tasks[tasks["done_on"].isna() & ~is_standing_duty(tasks) & (tasks["kind"] != "target")]
    tasks = tasks.sort_values("people", key=pd.isna, kind="stable")
    kinds = [rows for _, rows in tasks.groupby("kind", sort=False)]
    return [_decision(rows, briefing) for rows in kinds[:DECISIONS]]


def _decision(rows: pd.DataFrame, briefing: Briefing) -> str:
    """Return a task in a line; the communes that must add most are in one."""
    lang, row = briefing.lang, rows.iloc[0]
    lead, due, decision = format_citation(row["lead"], lang), due_text(row, lang), briefing.decision_name
    fields = {"people": people_text(row, lang), "decision": decision, "detail": row["detail"]}
    if row["kind"] == "gap_commune":
        fields["communes"] = "; ".join(_commune_gap(r, lang) for _, r in rows.iterrows())
        lead = translate("decision.committees", lang) if len(rows) > 1 else lead
    key = f"decision.{row['kind']}"
    if has_message(key) and fields["people"]:
        task = translate(key, lang, **fields)
    else:
        task = task_text(row, lang, decision) + (fields["people"] and f": {fields['people']}")
    who = translate("decision.who" if due else "decision.lead", lang, lead=lead, due=due)
    return f"{STRONG}{task}{STRONG} ({who})."


def _commune_gap(row: pd.Series, lang: str) -> str:
    """Return how many people a commune must add, of those without a card."""
    uninsured = count_text(row["detail"]["uninsured"], lang, row["status"])
    name = inline_name(row["name"], lang)
    return translate("decision.of_uninsured", lang, people=people_text(row, lang), name=name, uninsured=uninsured)


def _verdict(briefing: Briefing, table: pd.DataFrame) -> Item:
    row = table.iloc[0]
    text = verdict_sentence(briefing, row)
    months = monthly_counts(briefing.data_as_of, briefing.code)
    months = months[(months["area"] == briefing.code) & months["rate"].notna()]
    lang, source = briefing.lang, row["source"] if pd.notna(row["source"]) else ""
    if pd.notna(row["projected_rate_low"]):
        row = table.assign(month=months["month"].max()).iloc[0]
        phone = table.assign(month=row["month"], name="").iloc[0]  # its page has the name above
        narrow = charts.pace(months, phone, lang, source, size="half")
        return Item("verdict", text, charts.pace(months, row, lang, source), narrow=narrow)
    if pd.isna(row["population"]):
        return Item("verdict", text)
    narrow = charts.target_gap(row, "", lang, source, size="half")
    chart = charts.target_gap(row, briefing.name, lang, source)
    return Item("verdict", text, chart, chart_data=table[GAP_COLUMNS], narrow=narrow)


def verdict_sentence(briefing: Briefing, row: pd.Series) -> str:
    """Return the verdict in one sentence, its message in strong letters."""
    lang, facts = briefing.lang, briefing.facts
    texts = {key: format_fact(fact, lang) for key, fact in facts.items()}
    fields = {"name": briefing.name, "on": row["target_on"], "as_of": row["as_of"], "owner": target_owner(briefing)}
    fields |= {"rate": texts.get("coverage"), "insured": texts.get("insured"), "target": texts.get("next_target")}
    fields |= {"to_add": texts.get("next_to_add"), "needed": texts.get("next_people")}
    outcome = str(row["outcome"])
    if outcome == "unknown":
        outcome = "unknown" if "next_target" in facts else "unknown_no_target"
    elif outcome == "some_communes":
        fields |= {"communes": texts.get("reporting_communes"), "rate": texts.get("reporting_coverage")}
        outcome = "some_communes" if "reporting_coverage" in facts else "some_communes_count"
    elif outcome == "no_target":
        outcome = "no_target" if "coverage" in facts else "no_rate"
    elif outcome == "reached" and (more := facts.get("total_to_add")) and more.value and more.value > 0:
        outcome = "reached_next"
        fields |= {"next_to_add": texts["total_to_add"], "next_target": texts["last_target"], "next_on": more.as_of}
    elif outcome in ("on_pace", "behind"):
        when = "then" if clock.is_past(row["year_end"]) else "now"
        fields |= {
            "pace": translate(f"verdict.pace_{when}", lang),
            "year": str(row["year_end"].year),
            "projected": row["projected_rate"],
            "chance": _chance(row, lang),
        }
        outcome = "behind"
    return translate(f"verdict.{outcome}", lang, **fields)


def _chance(row: pd.Series, lang: str) -> str:
    level = next(level for level in CHANCES if row["chance"] * 100 >= level)
    return translate(f"chance.{level}", lang)


def _counted(briefing: Briefing, row: pd.Series) -> list[str]:
    """Return who is insured."""
    facts, lang = briefing.facts, briefing.lang
    fields = {"name": briefing.name, "as_of": row["as_of"]}
    if "coverage" not in facts:
        return _people(briefing)
    fields["rate"] = format_fact(facts["coverage"], lang)
    if "insured" not in facts:
        return [translate("verdict.rate_only", lang, **fields)]
    if facts["insured"].status == "estimated":
        return [translate("verdict.rated", lang, uninsured=format_fact(facts["uninsured"], lang), **fields)]
    counts = {f"{c}_n": format_message("{v:n}", lang, v=row[c]) for c in ("insured", "population")}
    return [translate("verdict.counted", lang, **fields, **counts)]


def _lost(briefing: Briefing) -> list[str]:
    """Return who lost a card by the decision, which is why many are not insured."""
    if (lost := briefing.facts.get("lost")) is None:
        return []
    fields = {"lost": format_fact(lost, briefing.lang), "lost_on": lost.as_of, "decision": briefing.decision_name}
    return [translate("verdict.lost", briefing.lang, **fields)]


def _people(briefing: Briefing) -> list[str]:
    """Return the people of a unit without cards, and those whose age gives them one."""
    facts, lang = briefing.facts, briefing.lang
    if "population" not in facts or briefing.has_enrolment:
        return []
    fields = {key: format_fact(fact, lang) for key, fact in facts.items()} | {"as_of": facts["population"].as_of}
    key = "verdict.people_ages" if {"child_under_6", "aged_75"} <= facts.keys() else "verdict.people"
    return [translate(key, lang, **fields), translate("verdict.send_cards", lang)]


def _pace(briefing: Briefing, row: pd.Series) -> list[str]:
    """Return how fast the insured grow, how fast they should, and where that leads."""
    lang = briefing.lang
    if pd.isna(row["projected_rate_low"]):
        return [translate("verdict.no_pace", lang)] if row["outcome"] == "short" else []
    ends = {"low": row["projected_rate_low"], "high": row["projected_rate_high"], "projected": row["projected_rate"]}
    way = translate("verdict.fell" if row["actual_pace"] < 0 else "verdict.grew", lang)
    fields = {
        "way": way,
        "actual": abs(row["actual_pace"]),
        "required": row["required_pace"],
        "year_end": row["year_end"],
        **ends,
    }
    key = "verdict.pace" if pd.notna(row["required_pace"]) else "verdict.pace_only"
    return [translate(key, lang, **fields)]
