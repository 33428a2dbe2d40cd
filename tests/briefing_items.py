"""Make the items of a section from the table that the notebook of a briefing gives it."""

from importlib import import_module

import bhyt_analysis as bhyt

TABLES = {
    "verdict": lambda b: bhyt.verdict(b.data_as_of, b.area, b.as_of),
    "headline": lambda b: b.figures,
    "coverage": lambda b: bhyt.coverage(b.data_as_of, b.area, by=["group"], as_of=b.as_of),
    "reclassification": lambda b: bhyt.unit_losses(b.data_as_of, b.decision, b.area),
    "targets": lambda b: bhyt.target_steps(b.data_as_of, b.area, b.as_of),
    "monitoring": lambda b: bhyt.monitoring.monthly_counts(b.data_as_of, b.area),
    "finance": lambda b: bhyt.premiums(b.premium_groups, b.law_in_force),
    "actions": lambda b: b.tasks,
    "audit": lambda b: b.findings,
    "sources": lambda b: b.figures,
}


def section_items(briefing, *names):
    """Return the items of sections, in order; of all of them without names."""
    items = []
    for name in names or TABLES:
        module = import_module(f"bhyt_analysis.briefing.{name}")
        items += module.items(briefing, TABLES[name](briefing))
    return items
