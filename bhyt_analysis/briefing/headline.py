"""Sum an area up in a few sentences and figures."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import facts_by_key, facts_table, format_fact
from bhyt_analysis.briefing.items import Item, population_basis
from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.findings import finding_message
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET, EMPHASIS
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.model.coverage.census import paid_ages

KEY = "headline"
LEFT_OUT = ("left_out", "blank_unknown")  # rules of figures that an analyst's answers leave out
MAX_UNITS = 20  # of today that the text about a dissolved unit names
SENTENCES = {"lost": ("lost", "lost_cost"), "again": ("reenrolled",)}  # of the summary, with the figures they need


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the summary, what became of a dissolved unit, and the figures.

    ``table``: what `bhyt_analysis.headline` gives.
    """
    lang, unit = briefing.lang, Item("unit", _dissolved_unit(briefing.view, briefing.lang))
    if not briefing.has_enrolment:
        return [
            Item("summary", " ".join(_paid_ages(briefing.view, lang))),
            *_left_out(briefing),
            unit,
            Item("headline", table=_people_table(briefing, table)),
        ]
    rows = facts_table(table, lang, briefing.decision_name)[["fact", "value", "as_of", "status"]]
    return [Item("summary", _summary(briefing, table)), *_left_out(briefing), unit, Item("headline", table=rows)]


def _left_out(briefing: Briefing) -> list[Item]:
    """Return what the analyst has left out of the input, which all figures lack."""
    texts = [
        finding_message(f, briefing.lang) for f in briefing.data.warnings if f.rule in ("left_out", "blank_unknown")
    ]
    return [Item("left_out", "\n\n".join(texts))] if texts else []


def _people_table(briefing: Briefing, figures: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of a unit without cards with their sources; a target is in the row of its people."""
    lang, facts = briefing.lang, facts_by_key(figures)
    rows = facts_table(figures, lang, briefing.decision_name)
    for step in ("next", "last"):
        if target := facts.get(f"{step}_target"):
            fields = {"target": format_fact(target, lang), "owner": target_owner(briefing)}
            rows.loc[rows["key"] == f"{step}_people", "fact"] = translate("label.target_people", lang, **fields)
    basis = facts["population"].source if "population" in facts else ""
    others = [s.replace(f"; {basis}", "").removeprefix(f"{basis}; ") for s in rows["source"]]  # is in the first row
    rows["source"] = [population_basis(s, lang) for s in rows["source"].where(rows["key"] == "population", others)]
    return rows.loc[~rows["key"].str.endswith("_target"), ["fact", "value", "as_of", "status", "source"]]


def target_owner(briefing: Briefing) -> str:
    """Return " of" the unit above whose targets count; "" for targets of the unit's own."""
    owner = briefing.target_owner
    return " " + translate("text.of_owner", briefing.lang, owner=owner) if owner else ""


def _paid_ages(view: AreaView, lang: str) -> list[str]:
    """Return who pays for the youngest and the oldest, and whose ages by the census were applied to the people."""
    ages = view.result(paid_ages)
    if ages.empty:
        return []
    units = ages["units"].iloc[0]
    key = "text.paid_ages_own" if units == (view.unit.name,) else "text.paid_ages_of"
    names = ", ".join(inline_name(name, lang) for name in units)
    return [translate("text.paid_ages", lang), translate(key, lang, units=names)]


def _summary(briefing: Briefing, figures: pd.DataFrame) -> str:
    """Return sentences on those who lost a card, the weak ones marked; the verdict says the rest."""
    lang, facts = briefing.lang, facts_by_key(figures)
    texts = {key: format_fact(fact, lang) for key, fact in facts.items()}
    lines = []
    for key, keys in SENTENCES.items():
        if set(keys) <= facts.keys():
            status = lowest_quality([facts[k].status for k in keys])
            note = f" {EMPHASIS}({translate(f'status.{status}', lang)}){EMPHASIS}"
            mark = note if status in ("estimated", "conflict", "synthetic") else ""
            fields = {"day": facts[keys[0]].as_of, "decision": briefing.decision_name}
            lines.append(BULLET + translate(f"sum.{key}", lang, **fields, **texts) + mark)
    return "\n".join(lines)


def current_units(view: AreaView) -> list[Unit]:
    """Return the units of today that the communes of a dissolved unit, those of any of its days, became part of."""
    after = (unit for old in view.communes() for unit in view.geography.descendants(old))
    return list(dict.fromkeys(unit for unit in after if unit.until is None))


def _dissolved_unit(view: AreaView, lang: str) -> str:
    """Return in which units the area of a dissolved unit lies today."""
    geography, until = view.geography, view.unit.until
    if until is None or not clock.is_past(until):
        return ""
    new = current_units(view)
    if not new:
        return ""
    above = geography.parent(new[0])
    units = ", ".join(geography.name(unit, lang) for unit in new)
    province = "" if above is None else geography.name(above, lang)
    fields = {"on": until + pd.Timedelta(days=1), "count": len(new), "province": province, "units": units}
    text = translate("text.unit_ended" if len(new) <= MAX_UNITS else "text.unit_ended_many", lang, **fields)
    if unknown := sum(not geography.successors(old) for old in view.communes()):
        text += " " + translate("text.unit_unknown", lang, count=unknown)
    return text
