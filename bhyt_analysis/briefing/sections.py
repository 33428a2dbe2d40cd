"""What does a briefing of an area say, section by section?

Each function answers one question with items: a text, and where the figures allow it
a chart and a table. The notebook shows them, the page prints them; what an area has no
figures for is said in words, with the table that would have to be filled in.
"""

from bhyt_analysis.briefing.assessment import add_assessment
from bhyt_analysis.briefing.coverage import who_is_covered
from bhyt_analysis.briefing.finance import cost_and_payers
from bhyt_analysis.briefing.headline import headline_figures, sources_and_status
from bhyt_analysis.briefing.monitoring import month_by_month
from bhyt_analysis.briefing.reclassification import what_the_decision_did
from bhyt_analysis.briefing.review import findings_of, what_does_not_add_up, what_is_needed
from bhyt_analysis.briefing.targets import path_to_target

__all__ = (
    "add_assessment", "cost_and_payers", "findings_of", "headline_figures", "month_by_month", "path_to_target",
    "sources_and_status", "what_does_not_add_up", "what_is_needed", "what_the_decision_did", "who_is_covered",
)  # fmt: skip
