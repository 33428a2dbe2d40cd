"""What does not add up, and what is left to do? The end of a briefing."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.briefing import assessment
from bhyt_analysis.briefing.items import Item, Items, unit_label
from bhyt_analysis.briefing.targets import targets_to_come
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import lineage, unit_row
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.quality.plan_audit import audit


def what_is_needed(data: Dataset, area: str, figures: pd.DataFrame, items: Items, found: pd.DataFrame, lang: str = "vi") -> Items:  # fmt: skip
    """What is left to decide or to mend, as findings from the figures, the items before and the review."""
    code, data = select_unit(data, area)
    return assessment.what_is_needed(figures, items, found, targets_to_come(data, code, lang), lang)


def findings_of(data: Dataset, area: str, lang: str = "vi") -> pd.DataFrame:
    """The audit's findings on the area and on the unit right above it, with the unit's ``name``."""
    code, data = select_unit(data, area)
    units = [code, *[c for c, _ in lineage(data.areas, code)][1:2]]
    kinds = {u: unit_row(data.areas, u)["kind"] for u in units}
    tables = [audit(data, u, lang).assign(name=unit_label(data, u, lang)) for u in units if kinds[u] != "country"]
    return pd.concat(tables, ignore_index=True)


def what_does_not_add_up(data: Dataset, area: str, found: pd.DataFrame, lang: str = "vi") -> Items:
    """The findings on the published figures of the area and of the unit right above it (what `findings_of` gives)."""
    code, data = select_unit(data, area)
    if found.empty:
        key = "text.audit_none" if code in set(data.published["area"]) else "text.audit_nothing_published"
        return [Item("audit", translate(key, lang, name=unit_label(data, code, lang)))]
    table = found[["severity", "name", "message"]]
    return [Item("audit", translate("text.audit_count", lang, count=len(found)), table=table)]
