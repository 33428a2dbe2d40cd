"""Review the published figures of the area and of the unit right above it."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.i18n.messages import translate

KEY = "audit"


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the findings, or that there are none. ``table``: as `Briefing.findings`."""
    if not briefing.has_enrolment:
        table = table[(table["name"] == briefing.name) & (table["severity"] != "info")]
        if table.empty:
            return []
    if table.empty:
        published = briefing.code in set(briefing.unit_data.published["area"])
        key = "text.audit_none" if published else "text.audit_nothing_published"
        return [Item("audit", translate(key, briefing.lang, name=briefing.name))]
    text = translate("text.audit_count", briefing.lang, count=len(table))
    return [Item("audit", text, table=table[["severity", "name", "message"]])]
