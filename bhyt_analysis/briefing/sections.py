"""Register the sections of a briefing, in the order of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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
    verdict,
)
from bhyt_analysis.briefing.items import Item

if TYPE_CHECKING:
    from bhyt_analysis.briefing.briefing import Briefing


class Section(Protocol):
    """A module that answers one question; its ``KEY`` names its title (the message ``section.KEY``) and its anchor."""

    KEY: str
    __name__: str

    def items(self, briefing: Briefing, table: pd.DataFrame) -> list[Item]:
        """Return texts, and where the figures allow it charts and tables; without figures, the table to fill in."""


SECTIONS: tuple[Section, ...] = (
    verdict, headline, coverage, reclassification, targets, monitoring, finance, actions, audit,
    sources,
)  # fmt: skip
