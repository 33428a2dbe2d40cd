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
from inspect import isfunction
from typing import TYPE_CHECKING, Any

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
    "Plan": "plans.plan",
    "read_plan": "plans.plan",
    "coverage": "model.coverage.coverage",
    "headline": "model.coverage.headline",
    "decompose": "model.coverage.decomposition",
    "reclassify": "model.reclassification.reclassify",
    "rezone": "model.reclassification.zone_moves",
    "unit_losses": "model.reclassification.reclassify",
    "assign_entitlement": "model.reclassification.entitlements",
    "reenrolment": "model.reclassification.take_up",
    "premiums": "model.finance.premiums",
    "household_premium": "model.finance.premiums",
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
    "page_model": "model.projection.page_model",
    "state_scenario": "model.projection.page_projection",
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


if TYPE_CHECKING:  # the same names, for type checkers and editors: `tests/project/test_types.py` compares them
    from bhyt_analysis import charts as charts
    from bhyt_analysis import tables as tables
    from bhyt_analysis.batch.options import BatchOptions as BatchOptions
    from bhyt_analysis.batch.runner import run_batch as run_batch
    from bhyt_analysis.briefing import notebook as notebook
    from bhyt_analysis.briefing.briefing import Briefing as Briefing
    from bhyt_analysis.domain.area_view import AreaView as AreaView
    from bhyt_analysis.domain.area_view import area as area
    from bhyt_analysis.domain.country import country as country
    from bhyt_analysis.domain.crosswalk import to_successor_units as to_successor_units
    from bhyt_analysis.domain.dataset import Dataset as Dataset
    from bhyt_analysis.domain.input_error import InputError as InputError
    from bhyt_analysis.explorer.app import explore as explore
    from bhyt_analysis.i18n.languages import lang as lang
    from bhyt_analysis.ingest.bundled_backtest import backtest as backtest
    from bhyt_analysis.ingest.loader import check as check
    from bhyt_analysis.ingest.loader import load as load
    from bhyt_analysis.ingest.scenario_files import read_scenario as read_scenario
    from bhyt_analysis.law.groups import groups as groups
    from bhyt_analysis.law.law import InForce as InForce
    from bhyt_analysis.law.law import Law as Law
    from bhyt_analysis.model.actions.tasks import tasks as tasks
    from bhyt_analysis.model.coverage.coverage import coverage as coverage
    from bhyt_analysis.model.coverage.decomposition import decompose as decompose
    from bhyt_analysis.model.coverage.headline import headline as headline
    from bhyt_analysis.model.finance.budget import budget as budget
    from bhyt_analysis.model.finance.premiums import full_year_cost as full_year_cost
    from bhyt_analysis.model.finance.premiums import household_premium as household_premium
    from bhyt_analysis.model.finance.premiums import premiums as premiums
    from bhyt_analysis.model.monitoring import monitor as monitoring  # noqa: F401
    from bhyt_analysis.model.monitoring.funnel import funnel as funnel
    from bhyt_analysis.model.monitoring.monitor import monitor as monitor
    from bhyt_analysis.model.monitoring.verdict import verdict as verdict
    from bhyt_analysis.model.projection.after_loss import after_loss as after_loss
    from bhyt_analysis.model.projection.after_loss import transitions as transitions
    from bhyt_analysis.model.projection.compare import compare as compare
    from bhyt_analysis.model.projection.page_model import page_model as page_model
    from bhyt_analysis.model.projection.page_projection import state_scenario as state_scenario
    from bhyt_analysis.model.projection.scenario import Scenario as Scenario
    from bhyt_analysis.model.projection.simulate import project_area as project_area
    from bhyt_analysis.model.projection.simulate import simulate as simulate
    from bhyt_analysis.model.projection.uncertainty import break_even as break_even
    from bhyt_analysis.model.projection.uncertainty import reported_and_true_rates as reported_and_true_rates
    from bhyt_analysis.model.projection.uncertainty import target_probabilities as target_probabilities
    from bhyt_analysis.model.projection.uncertainty import tornado as tornado
    from bhyt_analysis.model.projection.yearly import yearly as yearly
    from bhyt_analysis.model.reclassification.entitlements import assign_entitlement as assign_entitlement
    from bhyt_analysis.model.reclassification.reclassify import reclassify as reclassify
    from bhyt_analysis.model.reclassification.reclassify import unit_losses as unit_losses
    from bhyt_analysis.model.reclassification.take_up import reenrolment as reenrolment
    from bhyt_analysis.model.reclassification.zone_moves import rezone as rezone
    from bhyt_analysis.model.targets.allocation import allocate as allocate
    from bhyt_analysis.model.targets.targets import people_needed as people_needed
    from bhyt_analysis.model.targets.targets import target_path as target_path
    from bhyt_analysis.model.targets.targets import target_steps as target_steps
    from bhyt_analysis.plans.plan import Plan as Plan
    from bhyt_analysis.plans.plan import read_plan as read_plan
    from bhyt_analysis.quality.plan_audit import audit as audit
    from bhyt_analysis.tables.explain import explain as explain
    from bhyt_analysis.tables.scenario_texts import add_comparison_texts as add_comparison_texts
else:

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(f"bhyt_analysis.{_MODULES[name]}")
        if name in _NAMES:
            value = getattr(import_module(f"bhyt_analysis.{_NAMES[name]}"), name)
            if isfunction(value):
                value = import_module("bhyt_analysis.ingest.arguments").read_arguments(value, name)
            return value
        raise AttributeError(f"module 'bhyt_analysis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
