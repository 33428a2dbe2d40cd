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

_HOME = {
    "Law": "law.law",
    "InForce": "law.law",
    "groups": "law.groups",
    "Dataset": "inputs.dataset",
    "InputError": "inputs.read",
    "load": "inputs.read",
    "check": "inputs.read",
    "audit": "inputs.audit",
    "carry": "inputs.carry",
    "coverage": "model.coverage",
    "reclassify": "model.reclassify",
    "insured_under": "model.titles",
    "reenrolment": "model.take_up",
    "premiums": "model.premium",
    "full_year_cost": "model.premium",
    "budget": "model.budget",
    "people_needed": "model.targets",
    "target_path": "model.targets",
    "target_steps": "model.targets",
    "allocate": "model.allocate",
    "headline": "model.headline",
    "Scenario": "model.scenario",
    "simulate": "model.simulate",
    "compare": "model.compare",
    "after_loss": "model.after_loss",
    "transitions": "model.after_loss",
    "projection": "model.simulate",
    "chances": "model.uncertainty",
    "tornado": "model.uncertainty",
    "break_even": "model.uncertainty",
    "decompose": "model.decompose",
    "scorecard": "model.scorecard",
    "watch": "model.monitor",
    "explain": "show.explain",
    "explore": "show.widgets",
    "run_batch": "batch.runner",
}
_ROOMS = {
    "charts": "show.charts",
    "tables": "show.tables",
    "sections": "briefing.sections",
    "cells": "briefing.cells",
    "monitor": "model.monitor",
}

__all__ = sorted([*_HOME, *_ROOMS])


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"bhyt_analysis.{_ROOMS[name]}")
    if name in _HOME:
        return getattr(import_module(f"bhyt_analysis.{_HOME[name]}"), name)
    raise AttributeError(f"module 'bhyt_analysis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
