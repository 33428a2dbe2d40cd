"""Draw the communes of an area as a grid of tiles, where no map of them is available."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import BoundaryNorm
from matplotlib.patches import Rectangle

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.charts.maps import SEQUENCE, classes, legend, shade_index
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import strip_unit_word
from bhyt_analysis.tables.labels import add_labels

GAP = 0.04  # between tiles, of their width
FLATNESS = 0.6  # the height of a tile to its width


@chart_function
def tiles(
    rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", value: str = "rate", *, size: str = "a4"
) -> Chart:
    """Draw the communes as a grid of tiles in the order of their codes, in place of a map that needs boundaries.

    Parameters
    ----------
    rows
        ``area``, ``name``, a share in the column ``value``, and ``status``; hatched where it is not known. ``marked``
        (optional, bool): a frame around the tile.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    value
        "rate" (coverage), "lost_share" (those whose card ended) or "lost" (how many these are).
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    >>> chart = bhyt.charts.tiles(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    lang = check_lang(lang)
    rows = rows.sort_values("area").reset_index(drop=True)
    columns = 3 if drawing.is_narrow() else 6 if len(rows) > 20 else 4
    lines = -(-len(rows) // columns)
    width = drawing.scale_width(6.0 if drawing.is_narrow() else 4.9) / columns  # inches of a tile
    height = lines * max(width * FLATNESS, 0.46)
    sheet = drawing.new_chart(26 + height * 25.4, f"chart.tiles_{value}", name, lang, rows["status"])
    is_share = value != "lost"
    share = rows[value].astype("float64") * (100 if is_share else 1)
    edges = classes(share) if share.notna().any() else np.array([0.0, 100.0])
    shade = BoundaryNorm(edges, len(edges) - 1)
    marked = rows["marked"] if "marked" in rows else pd.Series(False, index=rows.index)
    for i, row in enumerate(rows.to_dict("records")):
        x, y, missing = i % columns, i // columns, pd.isna(row[value])
        index = 0 if missing else shade_index(int(shade(share[i])), len(edges) - 1)
        tile = Rectangle((x, y), 1 - GAP, 1 - GAP, facecolor="white" if missing else SEQUENCE[index])
        tile.set(hatch="////" if missing else None, edgecolor=drawing.EDGE, lw=0.5)
        if marked[i]:
            tile.set(edgecolor=drawing.hue("red"), lw=2.4, zorder=3)
        sheet.axes.add_patch(tile)
        words = drawing.wrap_text(strip_unit_word(row["name"]), width * 0.86, 9)
        figure = drawing.percent_label(row[value], lang) if is_share else format_number(row[value], lang)
        text = words if missing else f"{words}\n{figure}"
        box, color = drawing.white_box(1.0) if missing else None, "white" if index > 2 else drawing.BLACK
        sheet.axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=9, color=color, bbox=box)
    sheet.axes.set(xlim=(0, columns), ylim=(lines, 0))
    sheet.axes.set_axis_off()
    if share.notna().any():
        legend(sheet.axes, edges, bool(share.isna().any()), lang, "axis.rate" if is_share else "axis.people")
    axis = translate(f"axis.tiles_{value}", lang)
    sheet.add_series(axis, rows[value], "p1" if is_share else "n")
    note = ". ".join(translate(k, lang) for k in ["note.tiles", *["note.tiles_marked"] * bool(marked.any())])
    return sheet.finish(source, add_labels(rows, lang)["name"], "bar", note, axis=axis)
