"""Which figures sum an area up, in a few sentences and with their sources?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from bhyt_analysis.briefing.items import Item, Items, unit_label
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import communes, unit_row
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import format_message, translate


def headline_figures(data: Dataset, area: str, figures: pd.DataFrame, lang: str = "vi") -> Items:
    """The figures that sum the area up (what `headline` gives), and what became of it if it has ended."""
    table = _facts_table(figures, lang)[["fact", "value", "as_of", "status"]]
    return [Item("summary", _summary(figures, lang)), *_ended(data, area, lang), Item("headline", table=table)]


def _summary(facts: pd.DataFrame, lang: str) -> str:
    """What a reader in a hurry takes away: a few sentences of the headline figures, the weak ones marked."""
    told = {r["key"]: r for r in facts.to_dict("records")}
    words = {key: fact_text(fact, lang) for key, fact in told.items()}
    # Each sentence with the figures that it needs; of those in one line the first that can be said.
    choices = [
        [("sum.covered", "insured coverage uninsured"), ("sum.rate", "coverage uninsured"), ("sum.none", "population")],
        [("sum.lost", "lost lost_cost")],
        [("sum.again", "reenrolled")],
        [("sum.target", "next_target next_people next_to_add"), ("sum.target_people", "next_target next_people")],
    ]
    if told.get("insured", {}).get("status") == "estimated":  # only the rate is published
        choices[0] = choices[0][1:]
    counted = next((told[k]["as_of"] for k in ("insured", "coverage") if k in told), None)
    lines = []
    for line in choices:
        for key, needed in line:
            if set(needed.split()) <= told.keys():
                used = [told[k] for k in needed.split()]
                weak = lowest_quality([f["status"] for f in used if f["status"] != "proposal"])
                mark = f" *({translate('status.' + weak, lang)})*" if weak in ("estimated", "synthetic") else ""
                lines.append("- " + translate(key, lang, day=used[0]["as_of"], counted=counted, **words) + mark)
                break
    return "\n".join(lines)


def _facts_table(facts: pd.DataFrame, lang: str) -> pd.DataFrame:
    rows = facts.to_dict("records")
    return facts.assign(
        fact=[translate(f"fact.{r['key']}", lang) for r in rows],
        value=[fact_text(r, lang) for r in rows],
        # A target is no result: its status says so.
        status=["target" if r["key"].endswith("_target") and r["status"] == "published" else r["status"] for r in rows],
    )


def fact_text(fact: dict[str, Any], lang: str = "vi") -> str:
    """A headline figure as people write it, with its relation ("above 96.35%") or interval.

    Examples
    --------
    >>> fact_text({"value": None, "low": 0.371, "high": 0.421, "unit": "share", "status": "estimated"})
    '37%–42%'
    """
    relation = translate(f"relation.{fact.get('relation') or '='}", lang)
    if fact["value"] is None or pd.isna(fact["value"]):
        if fact["high"] >= 1:
            spec = "pe" if fact["status"] == "published" else "p1"
            return (relation or translate("relation.>=", lang)) + format_message(
                "{v:" + spec + "}", lang, v=fact["low"]
            )
        return format_message("{a:p0}–{b:p0}", lang, a=fact["low"], b=fact["high"])
    if fact["unit"] == "share":
        spec = "pe" if fact["status"] == "published" else "p1"
        return relation + format_message("{v:" + spec + "}", lang, v=fact["value"])
    if fact["unit"] == "vnd":
        return relation + format_message("{v:bn1} ", lang, v=fact["value"]) + translate("label.billions", lang)
    return relation + format_message("{v:n} ", lang, v=fact["value"]) + translate(f"unit.{fact['unit']}", lang)


def _ended(data: Dataset, area: str, lang: str) -> Items:
    """Where the area of a unit that has ended lies now."""
    code, data = select_unit(data, area)
    until = unit_row(data.areas, code)["until"]
    if pd.isna(until) or until.date() >= dt.date.today():
        return []
    steps = data.successors[data.successors["code_old"].isin(communes(data.areas, code, until))]
    new = list(dict.fromkeys(c for c in steps["code_new"] if c))
    if not new:
        return []
    on = steps["on"].max()
    province = unit_label(data, unit_row(data.areas, new[0], on)["parent"], lang, on)
    units = ", ".join(unit_label(data, c, lang, on) for c in new)
    text = translate(
        "text.unit_ended", lang, on=until + pd.Timedelta(days=1), count=len(new), province=province, units=units
    )
    if lost := int((steps["code_new"] == "").sum()):
        text += " " + translate("text.unit_unknown", lang, count=lost)
    return [Item("unit", text)]


def sources_and_status(figures: pd.DataFrame, lang: str = "vi") -> Items:
    """Every headline figure (what `headline` gives) with its status and where it comes from."""
    table = _facts_table(figures, lang)
    table["source"] = [format_citation(s, lang) for s in table["source"]]
    return [
        Item("sources", translate("text.sources", lang), table=table[["fact", "value", "as_of", "status", "source"]])
    ]
