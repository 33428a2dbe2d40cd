"""Name the engines that papermill finds when it starts; they load when a notebook is run.

Papermill loads the engines of every installed package while it is itself half imported: import nothing else here.
"""

from __future__ import annotations

from importlib import import_module


class _LazyEngine:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        return getattr(getattr(import_module("bhyt_analysis.engine.papermill_engine"), self._name), attribute)


standard, warm = _LazyEngine("StandardEngine"), _LazyEngine("WarmEngine")
