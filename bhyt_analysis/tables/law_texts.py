"""Describe the values of law in words: what each sets, how much, since when, by which article."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.tables.labels import group_name


def law_table(values: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """Return the values of `bhyt_analysis.InForce.table` for people to read.

    Columns ``parameter``, ``name`` (of its area; blank is the country), ``value``, ``since``, ``until``
    (missing is onward), ``reference``.

    Examples
    --------
    >>> from bhyt_analysis.law import Law
    >>> law_table(Law.read().at("2026-11-22").table, "en")[["parameter", "value"]].iloc[0].tolist()
    ['Base salary (reference level)', '2,530,000 VND a month']
    """
    rows = [
        {
            "parameter": parameter_name(row.parameter, row.key, lang),
            "name": row.area,
            "value": translate(f"law_unit.{row.unit}", lang, value=row.value),
            "since": row.since,
            "until": None if row.until == ONWARD else row.until,
            "reference": format_citation(row.reference, lang),
        }
        for row in values.itertuples()
    ]
    return pd.DataFrame(rows, columns=["parameter", "name", "value", "since", "until", "reference"])


def parameter_name(parameter: str, key: str, lang: str) -> str:
    """Return what a value sets: the parameter, and for whom.

    Examples
    --------
    >>> parameter_name("base_salary", "", "en")
    'Base salary (reference level)'
    """
    name = translate(f"law_name.{parameter}", lang)
    if not key:
        return name
    if parameter == "household_factor":
        return f"{name}: {translate('law_key.member', lang, number=key)}"
    own = f"law_key.{key}"
    return f"{name}: {translate(own, lang) if has_message(own) else group_name(key, lang)}"
