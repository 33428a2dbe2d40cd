"""List the sources and the status of every headline figure."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import facts_table
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import translate

KEY = "sources"


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the headline figures with their status and source. ``table``: what `bhyt_analysis.headline` gives."""
    if table.empty or not briefing.has_enrolment:
        return []
    rows = facts_table(table, briefing.lang, briefing.decision_name)
    rows["source"] = [format_citation(s, briefing.lang) for s in rows["source"]]
    columns = ["fact", "value", "as_of", "status", "source"]
    return [Item("sources", translate("text.sources", briefing.lang), table=rows[columns])]
