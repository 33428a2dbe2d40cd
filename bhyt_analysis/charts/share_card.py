"""Draw the picture that is shared in messages: a verdict above its chart."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from bhyt_analysis.charts.chart import SOFT, STAMP, Look, style, wrap_text
from bhyt_analysis.charts.chart_settings import DEFAULT_COLOURS
from bhyt_analysis.charts.text_outlines import PixelCanvas

WIDTH, HEIGHT, DPI = 1080, 1350, 100  # pixels, and those of an inch
EDGE = 50  # pixels that stay free
POINT = DPI / 72  # pixels
VERDICT_SIZES = (36, 33, 30, 27, 24, 21, 18)  # points, the largest in which the verdict leaves space for its chart
MAX_VERDICT = 480  # pixels
MUCH_LARGER = 1.25  # times the size of the letters of another picture


def draw_share_card(
    path: Path,
    heading: str,
    verdict: str,
    pictures: Sequence[tuple[bytes, float]],
    stamps: Sequence[str] = (),
    note: str = "",
) -> None:
    """Write a PNG of 1080 by 1350 pixels.

    ``heading``: of which area; ``pictures``: of the same chart, each with its width on paper (mm), the best first; a
    later one is used where its letters are much larger; ``stamps``: what marks weak figures; ``note``: what the picture
    is for and its source, in small letters.
    """
    with mpl.rc_context(style()):  # type: ignore[arg-type]
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
        canvas = PixelCanvas(figure)
        inches = (WIDTH - 2 * EDGE) / DPI
        top = float(EDGE)
        figure.add_artist(
            mpl.patches.Rectangle((0, 1 - 14 / HEIGHT), 1, 14 / HEIGHT, color=DEFAULT_COLOURS["blue"], linewidth=0)
        )
        for text, size, color in ((heading, 22, SOFT), *((stamp, 19, STAMP) for stamp in stamps)):
            top = _write(figure, wrap_text(text, inches, size, bold=True), size, color, top, bold=True)
        lines, points = _fit(verdict, inches)
        top = _write(figure, lines, points, "black", top + 8, bold=True)
        foot = wrap_text(note, inches, 14)
        bottom = HEIGHT - EDGE - _height(foot, 14)
        _write(figure, foot, 14, SOFT, bottom)
        if pictures:
            _place(figure, pictures, top + 10, bottom - 20)
        canvas.draw()
        Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(path, format="png", optimize=True)


def _fit(text: str, inches: float) -> tuple[str, float]:
    """Return the lines of a text and the largest size of letters in which they are not too high; it may be cut."""
    for size in VERDICT_SIZES:
        lines = wrap_text(text, inches, size, bold=True)
        if _height(lines, size) <= MAX_VERDICT:
            return lines, size
    kept = lines.split("\n")[: int(MAX_VERDICT / (size * POINT * 1.25))]
    return "\n".join(kept) + "…", size


def _height(lines: str, size: float) -> float:
    return (lines.count("\n") + 1) * size * POINT * 1.25


def _write(figure: Figure, lines: str, size: float, color: str, top: float, bold: bool = False) -> float:
    """Write lines from a height (pixels from the top) on; return where they end."""
    weight = "bold" if bold else "normal"
    look: Look = {
        "ha": "left",
        "va": "top",
        "linespacing": 1.08,
        "fontsize": size,
        "color": color,
        "fontweight": weight,
    }
    figure.text(EDGE / WIDTH, 1 - top / HEIGHT, lines, **look)
    return top + _height(lines, size) + 6


def _place(figure: Figure, pictures: Sequence[tuple[bytes, float]], top: float, bottom: float) -> None:
    """Place a picture between two heights (pixels from the top), as large as fits."""
    images = [(Image.open(io.BytesIO(file)).convert("RGB"), width) for file, width in pictures]
    scales = [min((WIDTH - 2 * EDGE) / image.width, (bottom - top) / image.height) for image, _ in images]
    letters = [image.width * scale / mm for (image, mm), scale in zip(images, scales, strict=True)]
    best = next((i for i, size in enumerate(letters) if size * MUCH_LARGER > max(letters)), 0)
    image, scale = images[best][0], scales[best]
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    left, down = (WIDTH - size[0]) / 2, HEIGHT - top - size[1] - (bottom - top - size[1]) / 2
    axes = figure.add_axes((left / WIDTH, down / HEIGHT, size[0] / WIDTH, size[1] / HEIGHT))
    axes.imshow(np.asarray(image.resize(size, Image.Resampling.LANCZOS)), interpolation="none", aspect="auto")
    axes.axis("off")
