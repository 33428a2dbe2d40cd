"""Place the axes of a chart so that none of its texts is outside the picture or on its title or source line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.transforms import Bbox

PAD = 0.06  # inches that stay free around the axes with their texts, the title and the source line


def place_axes(figure: Figure, renderer: RendererBase, title: Text, source: Text) -> None:
    """Place the title, the source line and the axes between them.

    How far a text sticks out of the axes depends on their size. So those that may stick out furthest are measured
    once more when the axes have it. Panels and maps are left to matplotlib, which measures everything twice.
    """
    axes, pad = figure.axes[0], PAD * figure.dpi
    if len(figure.axes) > 1 or axes.get_aspect() != "auto":
        ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD).execute(figure)
        return
    title.set_y(1 - pad / figure.bbox.height)
    source.set_y(pad / figure.bbox.height)
    heights = (text.get_window_extent(renderer).height + 2 * pad if text.get_text() else 0 for text in (source, title))
    below, above = heights
    free = pad + np.array([0, below, 0, above])
    axis_pair = (axes.xaxis, axes.yaxis) if axes.axison else ()
    boxes = [axis.get_tightbbox(renderer, for_layout_only=True) for axis in axis_pair]
    ticks = _overhang(axes, boxes).max(axis=0, initial=0)  # depends little on the size of the axes
    marks = _free_marks(axes)
    for _ in range(2):
        overhang = _overhang(axes, [mark.get_tightbbox(renderer) for mark in marks])
        most, size = np.vstack([ticks, overhang]).max(axis=0), np.array(axes.bbox.size)
        _leave_free(figure, free + most)
        change = np.tile(np.abs(size - axes.bbox.size), 2)
        marks = [mark for mark, near in zip(marks, (overhang >= most - change).any(axis=1), strict=True) if near]


def _free_marks(axes: Axes) -> list[Artist]:
    """Return what may stick out of the axes, apart from the labels of their ticks."""
    legend = axes.get_legend()
    return [*axes.texts, *(line for line in axes.lines if not line.get_clip_on()), *([legend] if legend else [])]


def _overhang(axes: Axes, boxes: Sequence[Bbox | None]) -> np.ndarray:
    """Return how far boxes stick out of the axes to the left, bottom, right and top."""
    frame = axes.bbox.extents
    extents = np.array([frame, *(frame if box is None else box.extents for box in boxes)])
    return (extents[1:] - frame) * [-1, -1, 1, 1]


def _leave_free(figure: Figure, space: np.ndarray) -> None:
    """Place the axes with this space to the left, bottom, right and top; not where none would be left for them."""
    left, bottom, right, top = space / np.tile(figure.bbox.size, 2)
    if left + right < 1 and bottom + top < 1:
        figure.subplots_adjust(left=left, bottom=bottom, right=1 - right, top=1 - top)
