"""Register the sections of a briefing, in the order of reading.

A section is a module with a ``KEY``, which names its title (the message ``section.KEY``) and its anchor on the page,
and a function ``items(briefing, table)``: a text, and where the figures allow it a chart and a table. Where an
area has no figures, a text says so and names the table that would have to be filled in.
"""

from __future__ import annotations

from typing import Protocol

import pandas as pd

from bhyt_analysis.briefing import (
    actions,
    audit,
    coverage,
    finance,
    headline,
    monitoring,
    reclassification,
    sources,
    targets,
)
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.items import Item


class Section(Protocol):
    """The module of a section."""

    __name__: str
    KEY: str

    def items(self, briefing: Briefing, table: pd.DataFrame) -> list[Item]:
        """Return the items that the section makes of a table of the model."""


SECTIONS: tuple[Section, ...] = (
    headline,
    coverage,
    reclassification,
    targets,
    monitoring,
    finance,
    actions,
    audit,
    sources,
)
