"""Sum an area up in a few sentences and figures."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import facts_by_key, facts_table, format_fact
from bhyt_analysis.briefing.items import Item, unit_label
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import communes, unit_row
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
    summary, unit = _summary(table, lang, decision), _dissolved_unit(briefing.unit_data, briefing.code, lang)
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


def _dissolved_unit(data: Dataset, code: str, lang: str) -> str:
    """Return in which units the area of a dissolved unit lies today."""
    until = unit_row(data.areas, code)["until"]
    if pd.isna(until) or until.date() >= dt.date.today():
        return ""
    steps = data.successors[data.successors["code_old"].isin(communes(data.areas, code, until))]
    new = list(dict.fromkeys(c for c in steps["code_new"] if c))
    if not new:
        return ""
    on = steps["on"].max()
    province = unit_label(data, unit_row(data.areas, new[0], on)["parent"], lang, on)
    units = ", ".join(unit_label(data, c, lang, on) for c in new)
    fields = {"on": until + pd.Timedelta(days=1), "count": len(new), "province": province, "units": units}
    text = translate("text.unit_ended", lang, **fields)
    if unknown := int((steps["code_new"] == "").sum()):
        text += " " + translate("text.unit_unknown", lang, count=unknown)
    return text
