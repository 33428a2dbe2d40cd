"""Hold what all sheets of the workbook share: its constants, its words, its formats and the sheets themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

from bhyt_analysis.documents.calculation.cells import Sheet, Term
from bhyt_analysis.documents.calculation.month_sheet import MonthSheet
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.tables.labels import group_name

SHEETS = ("inputs", "zones", "results", "changes", "law", "people", "months", "paths", "reference", "checks")
MONTHLY = ("months", "paths")
Facts = Mapping[str, Mapping[str, Any]]  # the headline figures of the briefing by key, as in facts.json
HOUSEHOLD, EMPLOYED, UNINSURED = "household", "employer_employee", "uninsured"


def calculation_group(key: str, lang: str) -> str:
    """Return the name of a group in the workbook.

    Examples
    --------
    >>> calculation_group("household", "en"), calculation_group("poor", "en")
    ('Self-paying households', 'Poor households')
    """
    own = f"explore.of.{key}"
    return translate(own, lang) if has_message(own) else group_name(key, lang)


@dataclass
class Book:
    """The workbook that is being made.

    ``model``: what `page_model` gives; ``facts``: for the status and source of each figure; ``headline``: the area as
    a heading; ``header``: what every page says of an internal copy.
    """

    file: xlsxwriter.Workbook
    model: dict[str, Any]
    facts: Facts
    lang: str
    headline: str
    header: str
    formats: dict[str, Format]
    sheets: dict[str, Sheet] = field(default_factory=dict)
    stamp: Term | None = None  # the formula of the stamp, once it is there

    def add_sheets(self) -> None:
        """Add the sheets in the order of their tabs."""
        for key in SHEETS:
            if key == "zones" and not self.model.get("zones"):
                continue
            name, file, formats = self.word(f"sheet_{key}"), self.file, self.formats
            self.sheets[key] = (
                MonthSheet(file, name, formats, self.model["months"]) if key in MONTHLY else Sheet(file, name, formats)
            )

    def word(self, key: str, **parts: object) -> str:
        """Return a text of the workbook."""
        return translate(f"calculation.{key}", self.lang, **parts)

    def group(self, key: str) -> str:
        """Return the name of a group, as the page has it."""
        return calculation_group(key, self.lang)

    def class_title(self, number: int) -> str:
        """Return what a class of exits is called; ``number`` counts from 0."""
        one = self.model["exits"]["classes"][number]
        kind = {None: "class_title", 0: "class_title_out", 1: "class_title_in"}[one.get("minority_area")]
        return self.word(kind, number=number + 1, month=self.days[one["month"]])

    def payer(self, key: str) -> str:
        """Return the name of a payer."""
        return translate(f"payer.{key}", self.lang)

    @cached_property
    def days(self) -> list[dt.date]:
        """Return the ends of the months."""
        return [dt.date.fromisoformat(day) for day in self.model["months"]]

    @property
    def months(self) -> range:
        """Return the positions of all months."""
        return range(len(self.model["months"]))

    @property
    def reported(self) -> range:
        """Return the positions of the months of the results."""
        return range(int(self.model["report"]), len(self.model["months"]))

    @property
    def first(self) -> int:
        """Return the position of the month of the count."""
        return int(self.model["first"])

    @property
    def years(self) -> dict[int, list[int]]:
        """Return the months of each year: those after the first month of the results."""
        years: dict[int, list[int]] = {}
        for t in self.reported[1:]:
            years.setdefault(self.days[t].year, []).append(t)
        return years

    def is_school_month(self, month: int) -> bool:
        """Return whether pupils enrol in a month."""
        return self.days[month].month in self.model["school_months"]

    def code(self, group: str) -> int:
        """Return the number of a group in the formulas; the uninsured come after the groups."""
        return len(self.groups) + 1 if group == UNINSURED else self.groups.index(group) + 1

    @property
    def groups(self) -> list[str]:
        """Return the keys of the groups."""
        return list(self.model["groups"])

    @cached_property
    def present(self) -> list[str]:
        """Return the groups that have people in some state: at the count, or by joining or losing another card."""
        model, exits = self.model, self.model["exits"]
        keys = set(model["behaviour"]["responsive"])
        keys |= {key for key, people in zip(self.groups, exits["stock"], strict=False) if people}
        if exits["classes"]:
            keys |= {*model["pools"]["entitlement"], model["pools"]["area"], model["pools"]["state_paid"], "not_told"}
            keys |= {exits["support"]} - {""}
        if self.supported:
            keys |= {*model["pools"]["entitlement"], model["pools"]["state_paid"]}
        return [key for key in self.groups if key in keys]

    @cached_property
    def supported(self) -> list[str]:
        """Return the groups with people whose support can end."""
        stock = dict(zip(self.groups, self.model["exits"]["stock"], strict=False))
        return [key for key in self.model["pools"]["supports"] if stock.get(key)]

    def heading(self, sheet: Sheet, title: str) -> None:
        """Write the title of a sheet and, below it, the stamp of a scenario."""
        sheet.text(0, 0, title, "title")
        if self.stamp is not None:
            sheet.formula(1, 0, self.stamp, "stamp")
