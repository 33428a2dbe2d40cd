"""What does papermill find of ours when it starts? The names of two engines, which load when a notebook is run.

Papermill loads the engines of every installed package while it is itself half imported,
also for those who only inspect a notebook: nothing else may be imported here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Later:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(import_module("bhyt_analysis.engine.papermill_engine"), self._name), attribute)


standard, warm = _Later("StandardEngine"), _Later("WarmEngine")
