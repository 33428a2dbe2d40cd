"""What was found wrong or odd, as rows of a table with a sentence in either language.

The rules are data: one row of ``rules.csv`` is a rule with its severity and its
sentence. A finding is a plain dict with the rule's id, where it was found, and the
figures that the sentence names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import format_message, has_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.groups import groups

FILE = Path(__file__).with_name("rules.csv")
SEVERITIES = ("error", "warning", "info")
Finding = dict[str, Any]


@lru_cache(maxsize=1)
def rules() -> pd.DataFrame:
    """The rules, indexed by id: ``used_by``, ``severity``, ``formula``, ``message_vi``, ``message_en``."""
    table = pd.read_csv(FILE, dtype=str, keep_default_na=False, encoding="utf-8")
    return table.set_index("rule")


def finding_message(finding: Finding, lang: str = "vi") -> str:
    """The sentence of a finding; a field that is a key of the words, ``unit:`` and a unit's name, or
    ``group:`` and a group's key, is said in the language."""
    template = rules().at[finding["rule"], f"message_{lang}"]
    seen = {"column": finding["place"]} if "place" in finding else {}  # the column by its letter and heading
    fields = {k: _said(v, lang, finding["rule"]) for k, v in (finding | seen).items()}
    if "locator" in fields:
        fields["locator"] = format_citation(fields["locator"], lang)
    return _once(format_message(template, lang, **fields))


def _said(value: Any, lang: str, rule: str) -> Any:
    if isinstance(value, list):  # several of a kind in one sentence
        parts = ({k: _said(v, lang, rule) for k, v in one.items()} for one in value)
        return "; ".join(translate(f"pair.{rule}", lang, **part) for part in parts)
    if isinstance(value, str) and value.startswith("unit:"):
        return inline_name(value.removeprefix("unit:"), lang)
    if isinstance(value, str) and value.startswith("group:"):
        return groups().at[value.removeprefix("group:"), f"name_{lang}"]
    return translate(value, lang) if isinstance(value, str) and has_message(value) else value


def _once(text: str) -> str:
    """A question that ends on a full stop or another question keeps one mark."""
    return re.sub(r"([.?!])[.?!]+$", r"\1", text)


def findings_table(found: Iterable[Finding], lang: str, where: list[str]) -> pd.DataFrame:
    """The findings as rows, errors first: rule, severity, message, and the columns of ``where``."""
    rows = []
    for finding in found:
        severity = rules().at[finding["rule"], "severity"]
        place = {c: finding.get(c) for c in where}
        rows.append({"rule": finding["rule"], "severity": severity, "message": finding_message(finding, lang), **place})
    result = pd.DataFrame(rows, columns=["rule", "severity", "message", *where])
    rank = result["severity"].map(SEVERITIES.index)
    return result.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def has_errors(found: Iterable[Finding]) -> bool:
    """Whether any finding is an error."""
    return any(rules().at[f["rule"], "severity"] == "error" for f in found)
