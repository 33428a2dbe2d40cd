"""What is one answer of a briefing made of? A text, a chart, a table."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from bhyt_analysis.charts.chart import Chart
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import PopulationCount, unit_name
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import inline_name

COUNTRY = "VN"


@dataclass(frozen=True, eq=False)
class Item:
    """One answer: a text, and where there are figures a chart and a table."""

    name: str
    text: str = ""
    chart: Chart | None = None
    table: pd.DataFrame | None = None


Items = list[Item]


def population_basis(source: PopulationCount | str | None, lang: str = "vi") -> str:
    """Where a count of people comes from, as it stands within brackets: without its own.

    Examples
    --------
    >>> population_basis("Tổng điều tra 2019 (Tổng cục Thống kê)")
    'Tổng điều tra 2019'
    """
    text = source.source if isinstance(source, PopulationCount) else source
    return format_citation(re.sub(r" \([^()]*\)$", "", text), lang) if text else "–"


def unit_label(data: Dataset, code: str, lang: str, on: pd.Timestamp | None = None) -> str:
    """A unit as a sentence names it: "huyện Sơn Dương", "cả nước"."""
    if code == COUNTRY:
        return translate("label.country", lang)
    return inline_name(unit_name(data.areas, code, on), lang)
