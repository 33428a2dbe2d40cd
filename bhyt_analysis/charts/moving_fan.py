"""Draw a fan chart again and again while a slider moves: only what moves, over a picture of all else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.dates import date2num
from matplotlib.text import Annotation
from PIL import Image

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts import projection
from bhyt_analysis.charts.chart import Chart
from bhyt_analysis.charts.text_outlines import PixelCanvas
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.projection.simulate import without_groups
from bhyt_analysis.tables.labels import statuses_of


class MovingFan:
    """Hold a finished fan chart, and draw others of its frame with its axes and its layout.

    The frame is all but the paths, their intervals and labels, and the scenario in the title. ``moving_draws``
    is the number of draws of the others; ``fields`` are the arguments of `charts.fan` for the finished chart.

    Examples
    --------
    >>> rows = bhyt.simulate(bhyt.load(), "Sơn Dương", draws=50)
    >>> fields = {"name": "huyện Sơn Dương", "lang": "vi", "draws": 50}
    >>> moving = MovingFan(bhyt.charts.fan(rows, **fields, size="screen"), 50, rows, **fields)
    >>> moving.draw(rows, **fields).size, moving.draw(rows, **fields | {"name": "huyện khác"})
    ((692, 398), None)
    """

    def __init__(self, chart: Chart, moving_draws: int, rows: pd.DataFrame, **fields: Any) -> None:
        figure, axes, lang = chart.figure, chart.figure.axes[0], fields["lang"]
        self.chart, self.axes, self.lang, self.frame = chart, axes, lang, _frame(rows, fields)
        self.title, *self.stamps, source = figure.texts
        note, text = projection.fan_note(fields["draws"], lang), chart.description.source
        source.set_text(drawing.wrap_source(projection.fan_note(moving_draws, lang) + text[len(note) :], figure))
        self.labels = [text for text in axes.texts if not isinstance(text, Annotation)]
        targets = [*axes.lines[2:], *(text for text in axes.texts if isinstance(text, Annotation))]
        # Also what may lie over the paths.
        self.moving = [*axes.collections, *axes.lines[:2], *targets, *axes.spines.values(), self.title]
        for artist in [*self.moving, *self.labels]:
            artist.set_animated(True)
        self.canvas = PixelCanvas(figure)
        with drawing._style_context():
            self.canvas.draw()
        self.background = self.canvas.copy_from_bbox(figure.bbox)

    def draw(self, rows: pd.DataFrame, **fields: Any) -> Image.Image | None:
        """Return the picture of another chart of these ``fields``; None where it does not fit into the frame."""
        totals = without_groups(rows)
        rates = totals[["rate", *(name for band in projection.BANDS for name in band)]].to_numpy() * 100
        low, high = limits = self.axes.get_ylim()
        title = self._wrap_title(projection.fan_name(totals, fields["name"]))
        is_higher = title.count("\n") != self.title.get_text().count("\n")
        if self.frame != _frame(rows, fields) or is_higher or np.nanmin(rates) < low or np.nanmax(rates) > high:
            return None
        with drawing._style_context():
            self.title.set_text(title)
            self._move(totals)
            if self.axes.get_ylim() != limits:  # the labels need more space
                self.axes.set_ylim(limits)
                return None
            self.canvas.restore_region(self.background)
            for artist in sorted([*self.moving, *self.labels], key=lambda artist: artist.zorder):
                artist.draw(self.canvas.get_renderer())
        return drawing._reduce_colours(Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB"))

    def _wrap_title(self, name: str) -> str:
        text, stamps = f"{translate('chart.fan', self.lang)}: {name}", [stamp.get_text() for stamp in self.stamps]
        title = drawing.wrap_title(text, self.chart.figure.get_figwidth(), stamps)
        return f"{title}\n " if self.title.get_text().endswith("\n ") and "\n" not in title else title

    def _move(self, totals: pd.DataFrame) -> None:
        """Set the paths, their intervals and labels."""
        lines, bands = projection.fan_lines(totals, self.lang), list[Any](self.axes.collections)
        rows = lines[0][0]
        for band, (low, high) in zip(bands, projection.BANDS, strict=True):
            band.set_data(date2num(rows["month"]), rows[low] * 100, rows[high] * 100)
        for line, (frame, _, _) in zip(self.axes.lines, lines, strict=False):
            line.set_ydata(frame["rate"] * 100)
        for label in self.labels:
            label.remove()
        sheet = drawing.ChartSheet(self.chart.figure, self.axes, self.chart.description, [], [], self.lang)
        sheet.label_line_ends(projection.fan_ends(lines, self.lang), drawing.scale_width(1.45))
        self.labels = [text for text in self.axes.texts if not isinstance(text, Annotation)]


def _frame(rows: pd.DataFrame, fields: Mapping[str, Any]) -> object:
    """Return what charts must share to be drawn in one frame."""
    totals, same = without_groups(rows), {k: v for k, v in fields.items() if k not in ("draws", "targets")}
    targets = [dict(target) for target in fields.get("targets", ())]
    return same, targets, totals["month"].tolist(), statuses_of(totals)
