"""Hold the items that a section of a briefing consists of, and the parts that several sections share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from bhyt_analysis.charts.chart import Chart
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.population import PopulationCount
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import inline_name

COUNTRY = "VN"


@dataclass(frozen=True, eq=False)
class Item:
    """One answer: a text, and where there are figures a chart and a table.

    ``chart_data``: figures of the chart that are in no table; ``narrow``: the chart for the width of a phone.
    """

    name: str
    text: str = ""
    chart: Chart | None = None
    table: pd.DataFrame | None = None
    chart_data: pd.DataFrame | None = None
    narrow: Chart | None = None

    def is_empty(self) -> bool:
        """Return whether it says nothing."""
        return not self.text and self.chart is None and (self.table is None or self.table.empty)


def add_sentences(items: list[Item], names: Iterable[str], sentences: list[str]) -> list[Item]:
    """Return the items with sentences added to the text of the first named item that has one."""
    texts = {item.name: i for i, item in enumerate(items) if item.text}
    position = next((texts[name] for name in names if name in texts), None)
    if position is None or not sentences:
        return items
    item = replace(items[position], text=" ".join([items[position].text, *sentences]))
    return [*items[:position], item, *items[position + 1 :]]


def population_basis(source: PopulationCount | str | None, lang: str | None = None) -> str:
    """Return the source of a count of people for use within brackets: without its own.

    Examples
    --------
    >>> population_basis("Tổng điều tra 2019 (Tổng cục Thống kê)")
    'Tổng điều tra 2019'
    """
    text = source.source if isinstance(source, PopulationCount) else source
    return format_citation(re.sub(r" \([^()]*\)$", "", text), lang) if text else "–"


def unit_label(data: Dataset, code: str, lang: str, on: pd.Timestamp | None = None) -> str:
    """Return a unit's name within a sentence: "huyện Sơn Dương", "cả nước"."""
    if code == COUNTRY:
        return translate("label.country", lang)
    return inline_name(data.geography.unit_at(code, on).name, lang)
