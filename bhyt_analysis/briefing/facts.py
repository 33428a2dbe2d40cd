"""Say the headline figures in words: their titles, their values, how well they are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bhyt_analysis.domain.data_status import STATUSES, lowest_quality
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.coverage.headline import Fact
from bhyt_analysis.tables.columns import column_name, find_column
from bhyt_analysis.tables.estimates import count_text
from bhyt_analysis.tables.hidden_cells import hidden_cells

Facts = dict[str, Fact]  # the headline figures by key


def facts_by_key(figures: pd.DataFrame) -> Facts:
    """Return the headline figures, rows of a table, by their keys; without those that are hidden."""
    marks = fact_marks()
    return {key: fact for key, fact in read_facts(figures).items() if key not in marks}


def fact_marks() -> Mapping[str, str]:
    """Return what is printed in place of each headline figure that is hidden, by key."""
    hidden = hidden_cells()
    return {} if hidden is None else hidden.facts


def read_facts(figures: pd.DataFrame) -> Facts:
    """Return the headline figures, rows of a table, by their keys, also those that are hidden."""
    facts = Facts()
    for row in figures.to_dict("records"):
        values: dict[str, Any] = {str(k): None if pd.isna(v) else v for k, v in row.items()}
        facts[values["key"]] = Fact(**values)
    return facts


def certainty(facts: Facts, keys: Iterable[str], lang: str) -> list[str]:
    """Return a sentence on how well some of the figures are known: as well as the weakest of them."""
    statuses = [facts[k].status for k in keys if k in facts and facts[k].status in STATUSES]
    return [translate(f"sure.{lowest_quality(statuses)}", lang)] if statuses else []


def target_fields(target: Fact, lang: str) -> dict[str, object]:
    """Return the fields by which messages name a target."""
    relation = target.relation or "="
    return {"rate": target.value, "on": target.as_of, "relation": translate(f"relation.{relation}", lang)}


def facts_table(figures: pd.DataFrame, lang: str, decision: str = "") -> pd.DataFrame:
    """Return the headline figures as readers see them. ``decision``: the name of the zoning decision."""
    facts, marks = read_facts(figures).values(), fact_marks()
    return figures.assign(
        fact=[fact_title(fact.key, lang, decision) for fact in facts],
        value=[marks.get(fact.key) or format_fact(fact, lang) for fact in facts],
        # A target is no result: its status says so.
        status=["target" if f.key.endswith("_target") and f.status == "published" else f.status for f in facts],
    )


def fact_title(key: str, lang: str | None = None, decision: str = "") -> str:
    """Return what readers call a headline figure. ``decision``: the name of the zoning decision."""
    lang = check_lang(lang)
    return format_message(column_name(key, lang, "headline"), lang, decision=decision)


def format_fact(fact: Fact, lang: str | None = None) -> str:
    """Return a headline figure as text, with its relation ("above 96.35%") or interval.

    Examples
    --------
    >>> format_fact(Fact("reenrolled", None, "share", "2021-12-31", "estimated", "", low=0.371, high=0.421))
    '37%–42%'
    >>> format_fact(Fact("uninsured", 28974, "people", "2021-12-31", "estimated", ""))
    'khoảng 29.000 người'
    """
    lang = check_lang(lang)
    relation = translate(f"relation.{fact.relation or '='}", lang)
    column = find_column(fact.key, "headline")
    share = "{v:pe}" if fact.status == "published" or column.format == "pe" else "{v:p1}"
    if fact.value is None and fact.high is not None and fact.high >= 1:
        return (relation or translate("relation.>=", lang)) + format_message(share, lang, v=fact.low)
    if fact.value is None:
        return format_message("{a:p0}–{b:p0}", lang, a=fact.low, b=fact.high)
    if fact.unit == "share":
        return relation + format_message(share, lang, v=fact.value)
    if fact.unit == "communes":
        return format_message("{v:n}/{high:n} ", lang, v=fact.value, high=fact.high) + translate("unit.communes", lang)
    if fact.unit == "vnd":
        return relation + format_message("{v:bn1} ", lang, v=fact.value) + translate("label.billions", lang)
    status = fact.status if column.is_rounded else ""
    return f"{relation}{count_text(fact.value, lang, status)} {translate(f'unit.{fact.unit}', lang)}"
