"""How do the communes of a place stand beside each other, when no map of them is at hand?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bhyt_analysis.charts.chart import (
    BLACK,
    RED,
    add_source_line,
    attach_description,
    chart_function,
    legend_columns,
    new_chart,
    percent_label,
    scale_width,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.charts.maps import SEQUENCE, classes, legend, nth
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import strip_unit_word
from bhyt_analysis.tables.labels import add_labels

GAP = 0.04  # between tiles, of their width
FLAT = 0.6  # the height of a tile to its width


@chart_function
def tiles(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "", value: str = "rate") -> Figure:
    """The communes as a grid of tiles in the order of their codes; a stand-in for a map that needs no boundaries.

    ``rows``: ``area``, ``name``, a share in the column ``value`` ("rate": coverage;
    "lost_share": those whose card ended) and ``status``; hatched where it is not known.
    ``marked`` (optional, bool): a frame around the tile.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> chart = bhyt.charts.tiles(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    rows = rows.sort_values("area").reset_index(drop=True)
    columns = (6 if len(rows) > 20 else 4) if legend_columns() > 1 else 3
    deep = -(-len(rows) // columns)
    wide = (
        scale_width(4.9) if legend_columns() > 1 else scale_width(6.0)
    )  # inches of the grid; the legend stands beside or below it
    each = wide / columns
    high = max(each * FLAT, 0.46)
    figure, axes = new_chart(26 + deep * high * 25.4, f"chart.tiles_{value}", name, lang, rows["status"])
    share = rows[value].astype("float64") * 100
    edges = classes(share) if share.notna().any() else np.array([0.0, 100.0])
    shade = BoundaryNorm(edges, len(edges) - 1)
    marked = rows["marked"] if "marked" in rows else pd.Series(False, index=rows.index)
    for i, row in enumerate(rows.to_dict("records")):
        x, y = i % columns, i // columns
        known = pd.notna(row[value])
        place = nth(int(shade(share[i])), len(edges) - 1) if known else 0
        frame: dict[str, Any] = (
            {"edgecolor": RED, "lw": 2.4, "zorder": 3} if marked[i] else {"edgecolor": "#666666", "lw": 0.5}
        )
        axes.add_patch(Rectangle((x, y), 1 - GAP, 1 - GAP, facecolor=SEQUENCE[place] if known else "white", hatch=None if known else "////", **frame))  # fmt: skip
        words = wrap_text(strip_unit_word(row["name"]), each * 0.86, 9)
        text = f"{words}\n{percent_label(row[value], lang)}" if known else words
        box = None if known else {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=9, color="white" if place > 2 else BLACK, bbox=box)  # fmt: skip
    axes.set(xlim=(0, columns), ylim=(deep, 0))
    axes.set_axis_off()
    if share.notna().any():
        legend(axes, edges, bool(share.isna().any()), lang)
    told = chart_series(translate(f"axis.tiles_{value}", lang), rows[value], "p1")
    attach_description(
        figure,
        lang,
        list(add_labels(rows, lang)["name"]),
        [told],
        "bar",
        translate(f"axis.tiles_{value}", lang),
        rows["status"],
    )
    note = ". ".join([translate("note.tiles", lang), *([translate("note.tiles_marked", lang)] if marked.any() else [])])
    return add_source_line(figure, source, rows["status"], lang, note)
