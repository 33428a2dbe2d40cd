"""List what is left to decide or to mend, as findings from the figures.

Everything is worked out from the headline figures and the sections before, so that no text can say another number
than the tables, and nothing is recommended that the figures do not ask for.
"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import Facts, target_fields
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.briefing.reclassification import people_not_back
from bhyt_analysis.briefing.targets import upcoming_target_texts
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET
from bhyt_analysis.i18n.unit_names import display_name
from bhyt_analysis.law.policy_facts import policy_facts

KEY = "needed"
MAX_COMMUNES = 3  # that are named


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the matters for decision. ``table``: the findings on published figures, as `Briefing.findings`."""
    if not briefing.has_enrolment:
        return []
    upcoming = upcoming_target_texts(briefing.unit_data, briefing.code, briefing.lang)
    items = [item for section in briefing.items.values() for item in section]
    text = matters_text(briefing.facts, items, table, upcoming, briefing.lang, briefing.decision_name)
    return [Item("needed", "\n".join([text, *(BULLET + line for line in policy_texts(briefing))]))]


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


def matters_text(
    facts: Facts, items: list[Item], findings: pd.DataFrame, upcoming: list[str], lang: str = "vi", decision: str = ""
) -> str:
    """Return the matters for decision as the lines of a list.

    ``items``: of the sections before. ``upcoming``: the targets whose day has not come, in words. ``decision``: the
    name of the zoning decision.
    """
    lines = []
    if (reporting := facts.get("reporting_communes")) and reporting.value is not None and reporting.high is not None:
        lines.append(translate("need.reporting", lang, communes=reporting.high - reporting.value))
    target, to_add = facts.get("next_target"), facts.get("next_to_add")
    if target and to_add and to_add.value and to_add.value > 0:
        key = "need.target_passed" if clock.is_past(pd.Timestamp(target.as_of)) else "need.target"
        lines.append(translate(key, lang, people=to_add.value, **target_fields(target, lang)))
    if lost := facts.get("lost"):
        if "reenrolled" not in facts:
            lines.append(translate("need.back_unknown", lang, people=lost.value, decision=decision))
        elif people := people_not_back(facts):
            lines.append(translate("need.back", lang, people=people, decision=decision))
    shared = next((i.table for i in items if i.name == "allocation" and i.table is not None), None)
    if shared is not None and "to_add" in shared and (shared["to_add"] > 0).any():
        lines.append(_largest_gaps(shared, lang))
    if upcoming:
        lines.append(translate("need.ahead", lang, targets="; ".join(upcoming)))
    if errors := int((findings["severity"] == "error").sum()):
        lines.append(translate("need.audit" if errors > 1 else "need.audit_one", lang, count=errors))
    if any(fact.status == "estimated" for fact in facts.values()):
        lines.append(translate("need.estimated", lang))
    return "\n".join(BULLET + line for line in lines) or translate("need.nothing", lang)


def _largest_gaps(shared: pd.DataFrame, lang: str) -> str:
    largest = shared[shared["to_add"] > 0].sort_values("to_add", ascending=False, kind="stable").head(MAX_COMMUNES)
    names = [display_name(name, lang) for name in largest["name"]]
    people = zip(names, largest["to_add"], strict=True)
    texts = "; ".join(translate("need.commune", lang, name=name, people=count) for name, count in people)
    return translate("need.furthest", lang, names=texts, share=largest["to_add"].sum() / shared["to_add"].sum())
