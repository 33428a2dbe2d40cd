"""Register the sections of a briefing, in the order of reading.

A section is a module with a ``KEY``, which names its title (the message ``section.KEY``) and its anchor on the page,
and a function ``items(briefing, table)``: a text, and where the figures allow it a chart and a table. Where an
area has no figures, a text says so and names the table that would have to be filled in.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

NAMES = ("headline", "coverage", "reclassification", "targets", "monitoring", "finance", "actions", "audit", "sources")
SECTIONS: tuple[ModuleType, ...] = tuple(import_module(f"bhyt_analysis.briefing.{name}") for name in NAMES)
