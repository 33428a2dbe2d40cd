"""What a section of a briefing is made of."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Item:
    """One answer: a text, and where there are figures a chart (which carries its alternative text) and a table."""

    name: str
    text: str = ""
    chart: Figure | None = None
    table: pd.DataFrame | None = None


Items = list[Item]
Day = str | None
