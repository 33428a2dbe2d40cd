"""Sum an area up in a few sentences and figures."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import facts_by_key, facts_table, format_fact
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.i18n.messages import translate

KEY = "headline"
# The sentences of the summary with the figures that each needs; of those in one line the first that can be said.
SENTENCES = (
    {"covered": ("insured", "coverage", "uninsured"), "rate": ("coverage", "uninsured"), "none": ("population",)},
    {"lost": ("lost", "lost_cost")},
    {"again": ("reenrolled",)},
    {"target": ("next_target", "next_people", "next_to_add"), "target_people": ("next_target", "next_people")},
)


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the summary, what became of a dissolved unit, and the figures.

    ``table``: what `bhyt_analysis.headline` gives.
    """
    lang, decision = briefing.lang, briefing.decision_name
    rows = facts_table(table, lang, decision)[["fact", "value", "as_of", "status"]]
    summary, unit = _summary(table, lang, decision), _dissolved_unit(briefing.view, lang)
    return [Item("summary", summary), Item("unit", unit), Item("headline", table=rows)]


def _summary(figures: pd.DataFrame, lang: str, decision: str) -> str:
    """Return a few sentences of the headline figures, the weak ones marked."""
    facts = facts_by_key(figures)
    texts = {key: format_fact(fact, lang) for key, fact in facts.items()}
    counted = next((facts[k].as_of for k in ("insured", "coverage") if k in facts), None)
    unsure = {"covered"} if "insured" in facts and facts["insured"].status == "estimated" else set()  # only a rate
    lines = []
    for sentences in SENTENCES:
        key = next((k for k, keys in sentences.items() if set(keys) <= facts.keys() and k not in unsure), None)
        if key is not None:
            figures_used = [facts[k] for k in sentences[key]]
            status = lowest_quality([f.status for f in figures_used if f.status != "proposal"])
            mark = f" *({translate(f'status.{status}', lang)})*" if status in ("estimated", "synthetic") else ""
            fields = {"day": figures_used[0].as_of, "counted": counted, "decision": decision}
            lines.append("- " + translate(f"sum.{key}", lang, **fields, **texts) + mark)
    return "\n".join(lines)


def _dissolved_unit(view: AreaView, lang: str) -> str:
    """Return in which units the area of a dissolved unit lies today."""
    geography, until = view.geography, view.unit.until
    if until is None or until.date() >= dt.date.today():
        return ""
    communes = view.communes(until)
    new = list(dict.fromkeys(unit for old in communes for unit, _ in geography.successors(old)))
    if not new:
        return ""
    above = geography.parent(new[0])
    units = ", ".join(geography.name(unit, lang) for unit in new)
    province = "" if above is None else geography.name(above, lang)
    fields = {"on": until + pd.Timedelta(days=1), "count": len(new), "province": province, "units": units}
    text = translate("text.unit_ended", lang, **fields)
    if unknown := sum(not geography.successors(old) for old in communes):
        text += " " + translate("text.unit_unknown", lang, count=unknown)
    return text
