"""Health insurance (BHYT) coverage in Vietnam: who has it, who lost it, what it costs.

The names below are loaded when they are first used, so that ``import bhyt_analysis``
takes no longer than pandas: plotting, notebooks and papermill come in when called for.

Examples
--------
>>> import bhyt_analysis as bhyt
>>> data = bhyt.load()
>>> int(bhyt.coverage(data, area="Sơn Dương")["insured"].iloc[0])
155163
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Where each public name is defined; it is imported when it is first used.
_NAMES = {
    "Law": "law.law",
    "InForce": "law.law",
    "groups": "law.groups",
    "Dataset": "domain.dataset",
    "country": "domain.country",
    "AreaView": "domain.area_view",
    "area": "domain.area_view",
    "to_successor_units": "domain.crosswalk",
    "InputError": "domain.input_error",
    "load": "ingest.loader",
    "check": "ingest.loader",
    "audit": "quality.plan_audit",
    "coverage": "model.coverage.coverage",
    "headline": "model.coverage.headline",
    "decompose": "model.coverage.decomposition",
    "reclassify": "model.reclassification.reclassify",
    "unit_losses": "model.reclassification.reclassify",
    "assign_entitlement": "model.reclassification.entitlements",
    "reenrolment": "model.reclassification.take_up",
    "premiums": "model.finance.premiums",
    "full_year_cost": "model.finance.premiums",
    "budget": "model.finance.budget",
    "people_needed": "model.targets.targets",
    "target_path": "model.targets.targets",
    "target_steps": "model.targets.targets",
    "tasks": "model.actions.tasks",
    "allocate": "model.targets.allocation",
    "Briefing": "briefing.briefing",
    "Scenario": "model.projection.scenario",
    "read_scenario": "ingest.scenario_files",
    "simulate": "model.projection.simulate",
    "project_area": "model.projection.simulate",
    "compare": "model.projection.compare",
    "yearly": "model.projection.yearly",
    "after_loss": "model.projection.after_loss",
    "transitions": "model.projection.after_loss",
    "target_probabilities": "model.projection.uncertainty",
    "reported_and_true_rates": "model.projection.uncertainty",
    "tornado": "model.projection.uncertainty",
    "break_even": "model.projection.uncertainty",
    "backtest": "ingest.bundled_backtest",
    "monitor": "model.monitoring.monitor",
    "verdict": "model.monitoring.verdict",
    "funnel": "model.monitoring.funnel",
    "lang": "i18n.languages",
    "explain": "tables.explain",
    "add_comparison_texts": "tables.scenario_texts",
    "explore": "explorer.app",
    "run_batch": "batch.runner",
    "BatchOptions": "batch.options",
}
_MODULES = {
    "charts": "charts",
    "tables": "tables",
    "notebook": "briefing.notebook",
    "monitoring": "model.monitoring.monitor",
}

__all__ = sorted([*_NAMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"bhyt_analysis.{_MODULES[name]}")
    if name in _NAMES:
        return getattr(import_module(f"bhyt_analysis.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'bhyt_analysis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
