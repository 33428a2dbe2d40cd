"""Say what is to be done, by which body and by when, and what else there is to decide or to mend.

Everything is worked out from the plans, the figures and the sections before, so that no text can say another number
than the tables, and nothing is recommended that the figures do not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import Facts, target_fields
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.briefing.targets import target_text, upcoming_target_texts
from bhyt_analysis.domain.schema import choice_name
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.i18n.safe_text import BULLET
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.policy_facts import policy_facts
from bhyt_analysis.model.actions.tasks import is_standing_duty
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.estimates import ESTIMATES, count_text, round_estimate
from bhyt_analysis.tables.monitor_texts import period_text

KEY = "needed"


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the tasks, what plans give bodies to do all the time, and what else is to be decided or mended.

    ``table``: what `bhyt_analysis.tasks` gives.
    """
    lang = briefing.lang
    is_standing = is_standing_duty(table)
    chosen = [
        _item("tasks", table[~is_standing], briefing, has_source=False),
        _item("plan_tasks", table[is_standing], briefing, has_source=True),
    ]
    if not briefing.has_enrolment:
        return chosen
    upcoming = upcoming_target_texts(briefing.unit_data, briefing.code, lang)
    lines = remarks(briefing.facts, briefing.findings, upcoming, lang)
    if not len(table) and not lines:
        lines = [translate("need.nothing", lang)]
    lines += policy_texts(briefing)
    return [*chosen[:1], Item("needed", "\n".join(BULLET + line for line in lines)), *chosen[1:]]


def _item(name: str, table: pd.DataFrame, briefing: Briefing, has_source: bool) -> Item:
    """Return tasks as a table for readers."""
    lang = briefing.lang
    rows = table.to_dict("records")
    page = pd.DataFrame(
        {
            "order": [str(i) for i in range(1, len(rows) + 1)],
            "task": [_described_task(row, briefing) for row in rows],
            "lead": table["lead"].tolist(),
            "with": table["with"].tolist(),
            "due": [due_text(row, lang) for row in rows],
            "people": _rounded_people(table),
        }
    )
    quantities = {"people": table[["quantity", "area", "group"]].to_numpy().tolist()}
    if has_source:
        page["source"] = table["source"].tolist()
    if (table["done"] != "").any() or table["done_on"].notna().any():
        page["done"] = [done_text(row, lang) for row in rows]
    if table["brought"].notna().any() and not has_source:
        page["brought"] = table["brought"].array
        quantities["brought"] = [["change_month", *row] for row in table[["area", "group"]].to_numpy().tolist()]
    if page["people"].isna().all():
        page = page.drop(columns="people")
        del quantities["people"]
    page.attrs |= {"result": "tasks", "quantities": quantities}
    return Item(name, table=page)


def _rounded_people(table: pd.DataFrame) -> pd.Series:
    people = table["people"].reset_index(drop=True)
    is_exact = ~table["status"].isin(ESTIMATES).to_numpy()
    return people.where(is_exact, people.map(round_estimate, na_action="ignore").astype(people.dtype))


def task_text(row: Mapping[str, Any], lang: str | None = None, decision: str = "") -> str:
    """Return what is to be done, of a row of `bhyt_analysis.tasks`; no number of people is in the text.

    ``decision``: what texts call the zoning decision.

    Examples
    --------
    >>> row = {"kind": "gap_commune", "origin": "figures", "name": "Xã Kiên Lao", "detail": {}, "due": pd.NaT}
    >>> task_text(row), task_text(row, "en")
    ('Vận động người chưa có thẻ ở xã Kiên Lao', 'Enrol those without a card in Kiên Lao commune')
    """
    lang = check_lang(lang)
    if row["origin"] == "input":
        return str(row["task_en"] if lang == "en" and row["task_en"] else row["task"])
    detail, fields = row["detail"], {"name": inline_name(row["name"], lang), "decision": decision}
    if row["kind"] == "target":
        fields |= {"target": target_text(detail, lang), "on": row["due"]}
    elif row["kind"] == "gap_group":
        fields["group"] = choice_name("group", detail, lang)
    elif row["kind"] == "report":
        periods = [period_text(detail["report"], pd.Timestamp(p), lang) for p in detail["periods"]]
        fields |= {"kind": translate(f"report.{detail['report']}", lang).lower(), "periods": ", ".join(periods)}
    else:
        fields |= {"detail": format_citation(detail, lang) if isinstance(detail, str) else detail, "on": row["due"]}
    return translate(f"task.{row['kind']}", lang, **fields)


def _described_task(row: Mapping[str, Any], briefing: Briefing) -> str:
    """Return a task, and of whom its number of people is where that needs a word."""
    text, key = task_text(row, briefing.lang, briefing.decision_name), f"people_of.{row['kind']}"
    if pd.isna(row["people"]) or not has_message(key):
        return text
    return f"{text} ({column_name('people', briefing.lang, 'tasks').lower()}: {translate(key, briefing.lang)})"


def people_text(row: Mapping[str, Any], lang: str | None = None) -> str:
    """Return the people that a task is about, as cards where they are counted as such; "" where they are not known.

    Examples
    --------
    >>> people_text({"people": 2265, "quantity": "expiring_30"})
    '2.265 thẻ'
    """
    lang = check_lang(lang)
    if pd.isna(row["people"]):
        return ""
    unit = "cards" if str(row["quantity"]).startswith("expiring") else "people"
    return f"{count_text(row['people'], lang, row.get('status', ''))} {translate(f'unit.{unit}', lang)}"


def due_text(row: Mapping[str, Any], lang: str | None = None) -> str:
    """Return by when a task is to be done: a day, with a word where it is late, or how often.

    Examples
    --------
    >>> due_text({"due": pd.Timestamp("2021-08-15"), "rule": "", "late": True})
    '15/08/2021 (quá hạn)'
    >>> due_text({"due": pd.NaT, "rule": "monthly", "late": False}, "en")
    'monthly'
    """
    rule, due = row["rule"], row["due"]
    if rule and rule != "<":
        if "-" not in rule:
            return translate(f"due.{rule}", lang)
        day = format_date(f"2001-{rule.lstrip('<')}", lang).removesuffix("2001").rstrip("/ ")
        return translate("due.before_each_year" if rule[0] == "<" else "due.each_year", lang, day=day)
    text = "" if pd.isna(due) else format_date(due, lang)
    if rule:
        text = translate("label.before_day", lang, day=due + pd.Timedelta(days=1))
    return translate("due.late", lang, day=text).strip() if row["late"] else text


def done_text(row: Mapping[str, Any], lang: str | None = None) -> str:
    """Return what was done, and the day on which it was finished."""
    if pd.isna(row["done_on"]):
        return str(row["done"])
    day = translate("label.done_on", lang, day=row["done_on"])
    return f"{row['done']} ({day})" if row["done"] else day[:1].upper() + day[1:]


def policy_texts(briefing: Briefing) -> list[str]:
    """Return sentences on what is announced or has just begun around the day of the last count of the insured."""
    counted = next((briefing.facts[k].as_of for k in ("insured", "coverage") if k in briefing.facts), None)
    if counted is None or briefing.view.unit.until is not None:
        return []
    facts = policy_facts(counted).to_dict("records")
    return [
        translate(
            f"policy.{f['fact']}", briefing.lang, **{**f, "reference": format_citation(f["reference"], briefing.lang)}
        )
        for f in facts
    ]


def remarks(facts: Facts, findings: pd.DataFrame, upcoming: list[str], lang: str | None = None) -> list[str]:
    """Return what is to be decided or mended beside the tasks, a sentence each.

    ``upcoming``: the targets whose day has not come, in words.
    """
    lang = check_lang(lang)
    lines, target, to_add = [], facts.get("next_target"), facts.get("next_to_add")
    if target and to_add and to_add.value and to_add.value > 0 and clock.is_past(pd.Timestamp(target.as_of)):
        missing = count_text(to_add.value, lang, to_add.status)
        lines.append(translate("need.target_passed", lang, people=missing, **target_fields(target, lang)))
    if upcoming:
        lines.append(translate("need.ahead", lang, targets="; ".join(upcoming)))
    if errors := int((findings["severity"] == "error").sum()):
        lines.append(translate("need.audit" if errors > 1 else "need.audit_one", lang, count=errors))
    if any(fact.status == "estimated" for fact in facts.values()):
        lines.append(translate("need.estimated", lang))
    return lines
