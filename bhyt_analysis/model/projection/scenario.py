"""The policy of a projection: what is decided, by which law, with which behaviour."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import check_area_codes
from bhyt_analysis.domain.input_error import InputError
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.text import clean_line
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.assumptions import Range, assumptions
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves

YEARS = range(1990, 2101)  # of every day: months outside would never end, or have no law
Target = Mapping[str, Any]  # a coverage to reach: ``on`` (day), ``rate`` (share), ``relation`` ("=", ">=" or ">")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A policy: what is decided, by which law, with which behaviour, towards which targets.

    Attributes
    ----------
    name, name_en : the name in outputs, in Vietnamese and in English.
    decision : the decision whose communes leave or join the difficult zones; "" is none.
    zones : a list of the user's own (rows of the table ``zones``), or None.
    zone_moves : communes in another zone than by the decision: rows of ``area``, ``zone``, and where
        they differ ``since``, ``special_villages_share`` (see `apply_zone_moves`).
    reforms : changes of the law, each on top of those before it.
    start, end : first and last month; None leaves the choice to the figures.
    support_window : "decree 75", "decree 75 until repeal" (not after 14 August 2025, an open point of the law),
        "decree 188" or "none": whose 36 months of support count; "" leaves it to the decision (the table
        ``decisions``).
    assumption_ranges : assumptions of the scenario, name to (low, central, high).
    income : VND a month by group, for those who contribute on earnings.
    targets : rows of ``on``, ``rate``, ``relation``.
    seed : of the random draws.

    Examples
    --------
    >>> bhyt.Scenario("high outreach", decision="861", assumption_ranges={"outreach": (2, 2, 2)}).is_proposal
    False
    """

    name: str
    name_en: str = ""
    decision: str = ""
    zones: pd.DataFrame | None = None
    zone_moves: tuple[Mapping[str, object], ...] = ()
    reforms: tuple[Law, ...] = ()
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    support_window: str = ""
    assumption_ranges: Mapping[str, Range] = field(default_factory=dict)
    income: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        """Clean the texts that outputs repeat."""
        for key in ("name", "name_en", "decision"):
            object.__setattr__(self, key, clean_line(getattr(self, key)))

    @classmethod
    def current_law(cls, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> Scenario:
        """Return the law in force, without a decision and with the default assumptions."""
        name, name_en = (translate("label.law_in_force", language) for language in ("vi", "en"))
        return cls(name, name_en, start=start, end=end)

    def apply_to_law(self, law: Law) -> Law:
        """Return the law with the reforms of the scenario on top, in the reading that it takes of open points."""
        return reduce(Law.__or__, self.reforms, law.settle(applies=self.support_window != "decree 75 until repeal"))

    def apply_to_data(self, data: Dataset) -> Dataset:
        """Return the data with the scenario's own list of zones and its moves of communes.

        Raises InputError for areas of the list that the data do not have, BhytError for moves that can't be made.
        """
        if self.zones is not None:
            if findings := list(check_area_codes(data.areas, self.zones)):
                raise InputError(*findings)
            kept = data.zones[~data.zones["decision"].isin(self.zones["decision"])]
            data = dataclasses.replace(data, zones=pd.concat([kept, self.zones], ignore_index=True))
        return apply_zone_moves(data, self.decision, self.zone_moves) if self.zone_moves else data

    def assumptions(self) -> pd.DataFrame:
        """Return the table of assumptions with those that the scenario sets."""
        return assumptions(self.assumption_ranges)

    @property
    def is_proposal(self) -> bool:
        """True if one of its reforms is a proposal and not in force."""
        return any((r.table["status"] == "proposal").any() for r in self.reforms)
