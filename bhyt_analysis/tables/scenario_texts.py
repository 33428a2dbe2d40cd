"""Describe the comparison of scenarios in sentences."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.model.projection.simulate import MONEY


def add_comparison_texts(rows: pd.DataFrame, lang: str | None = None) -> pd.DataFrame:
    """Return what `compare` gives with a sentence on each row.

    Parameters
    ----------
    rows
        what `compare` gives.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    DataFrame
        The rows with ``text``: the comparison in a sentence.

    Raises
    ------
    BhytError
        for another language, and another table.

    Examples
    --------
    >>> months = bhyt.simulate(bhyt.load(), "Sơn Dương", [bhyt.Scenario("one"), bhyt.Scenario("two")], draws=0)
    >>> add_comparison_texts(bhyt.compare(months, on="2022-12-31"), "en")["text"].iloc[-1]
    '“two” changes nothing against “one” (up to 31 December 2022).'
    """
    if "baseline" not in rows:
        raise BhytError(("error.not_compared", {}))
    return rows.assign(text=[comparison_text(row, lang) for row in rows.to_dict("records")])


def reading_text(day: pd.Timestamp, row: Mapping[Hashable, object], lang: str | None = None) -> str:
    """Return a row of `other_reading` as a sentence; ``day``: the first on which the sources disagree.

    Examples
    --------
    >>> row = {"month": pd.Timestamp("2026-10-31"), "rate": 0.91, "other": 0.9}
    >>> reading_text(pd.Timestamp("2025-08-15"), row, "en").split("; ")[1]
    'in the other reading, coverage on 31 October 2026 is 90.0% instead of 91.0%.'
    """
    fields = {"day": day, "on": row["month"], "rate": row["rate"], "other": row["other"]}
    return translate("text.scenario_other_reading", lang, **fields)


def comparison_text(row: Mapping[str, object], lang: str | None = None) -> str:
    """Return a row of `compare` as a sentence; it says so where a scenario changes nothing."""
    fields = {"scenario": row["scenario"], "base": row["baseline"], "on": row["on"]}
    if row["scenario"] == row["baseline"]:
        return translate("compare.base", lang, **fields)
    vnd = np.array([row[f"{m}_more"] for m in MONEY], dtype=float)
    if row["people"] == 0 and row["person_years"] == 0 and not np.nan_to_num(vnd).any():
        hidden = row["insured_unknown_group"]
        return translate("compare.nothing_known" if hidden else "compare.nothing", lang, **fields, hidden=hidden)
    key = "compare.people" if row["people"] else "compare.same_people"
    text = translate(key, lang, **fields, people=row["people"], points=row["points"])
    for key, column in (("compare.public", "vnd_public_more"), ("compare.each", "vnd_per_additional")):
        if pd.notna(row[column]):
            text += " " + translate(key, lang, vnd=row[column])
    return text
