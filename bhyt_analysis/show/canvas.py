"""The sheet that every chart is drawn on: size, style, title, stamp, source line, and how it is saved.

All charts are 160 mm wide for A4, drawn in one style: colours that colour-blind
readers and greyscale printers keep apart, labels on the marks, the source below, and
a stamp where a figure is estimated, synthetic or a proposal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextToPath
from matplotlib.ticker import MaxNLocator
from PIL import Image

from bhyt_analysis.show.labels import status_name, weakest_stamp
from bhyt_analysis.words import number, render, say

WIDTH = 160 / 25.4  # inches
DPI = 300
FONTS = ("Times New Roman", "Tinos", "Liberation Serif", "Nimbus Roman", "DejaVu Serif")
# Okabe and Ito (2008), dark enough to keep their order in grey.
BLUE, ORANGE, GREEN, SKY, RED, GREY, BLACK = "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#9A9A9A", "#222222"


# Every letter that Vietnamese adds to the Latin ones, small; capitals follow from them.
LETTERS = "áàảãạăắằẳẵặâấầẩẫậđéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵ"


@lru_cache(maxsize=1)
def font() -> str:
    """The first of `FONTS` that is installed and has every Vietnamese letter.

    Some builds of Liberation Serif lack them; the last font comes with matplotlib.
    """
    needed = {ord(c) for c in LETTERS + LETTERS.upper()}
    for name in FONTS[:-1]:
        files = {e.fname for e in font_manager.fontManager.ttflist if e.name == name}
        if files and all(needed <= set(font_manager.get_font(f).get_charmap()) for f in files):
            return name
    return FONTS[-1]


@lru_cache(maxsize=1)
def style() -> dict[str, Any]:
    """The settings of every chart, over seaborn's ticks style."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    return {
        **sns.axes_style("ticks"),
        "font.family": [font()],
        "font.size": 9.5,
        "axes.titlesize": 11.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#666666",
        "axes.grid": False,
        "svg.fonttype": "path",  # letters are drawn the same wherever the file goes
        "svg.hashsalt": "bhyt_analysis",
    }


def chart(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the style, without touching the user's own settings."""

    @wraps(draw)
    def styled(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context(style()):  # type: ignore[arg-type]
            figure = draw(*args, **kwargs)
            figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]
            figure.set_layout_engine("none")  # laid out and drawn once, while the style holds
            figure.canvas.draw()
            return figure

    return styled


@lru_cache(maxsize=1024)
def _ink(glyph: str, bold: bool) -> tuple[float, float] | None:
    """From where to where the outline of a glyph that was met reaches; None for a space."""
    points, codes = _OUTLINES[bold][glyph]
    return Outline(points, codes).get_extents().intervalx.tolist() if len(points) else None


TEXTS = TextToPath()
_OUTLINES: dict[bool, dict[str, Any]] = {False: {}, True: {}}  # of each glyph that was met, by the weight of the font


@lru_cache(maxsize=4096)
def _words(text: str, bold: bool) -> list[tuple[float, float]]:
    """From where to where the ink of each word of a text reaches, in ems. The text is shaped once for all of them."""
    weight = "bold" if bold else "normal"
    face = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family=font(), weight=weight)))
    face.set_size(TEXTS.FONT_SCALE, TEXTS.DPI)
    glyphs, _, _ = TEXTS.get_glyphs_with_font(face, text, glyph_map=_OUTLINES[bold])
    words: list[list[float]] = [[]]
    for glyph, x, _, _ in glyphs:
        if ink := _ink(glyph, bold):
            words[-1] += [(x + end) / TEXTS.FONT_SCALE for end in ink]
        elif words[-1]:
            words.append([])
    return [(min(ends), max(ends)) for ends in words if ends]


def text_width(text: str, points: float, bold: bool = False) -> float:
    """The width of a text in inches, as the font draws it."""
    words = _words(text, bold)
    return (max(e for _, e in words) - min(b for b, _ in words)) * points / 72 if words else 0.0


def wrapped(text: str, inches: float, points: float = 9.5, bold: bool = False) -> str:
    """The text broken at spaces so that no line is wider than it may be."""
    lines: list[str] = []
    start = 0.0
    words = text.split()
    for word, (begin, end) in zip(words, _words(" ".join(words), bold), strict=True):
        if lines and (end - start) * points / 72 <= inches:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            start = begin
    return "\n".join(lines)


LEFT, MARGIN = 0.012, 0.1  # where texts start (part of the width), and what both sides keep free (inches)


def canvas(height_mm: float, key: str, name: str, lang: str, statuses: Any) -> tuple[Figure, Axes]:
    """An empty chart with its title, and the stamp where a figure is weak."""
    figure = Figure(figsize=(WIDTH, height_mm / 25.4), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)  # what measures the texts for the layout draws them, too, and measures once
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)  # type: ignore[call-arg, union-attr]
    room = WIDTH - 2 * MARGIN
    # A proposal says so beside how well its figures are known.
    weak = [weakest_stamp(list(s)) for s in (set(statuses) - {"proposal"}, {"proposal"} & set(statuses))]
    texts = [say(f"stamp.{stamp}", lang) for stamp in weak if stamp]
    for i, text in enumerate(texts):
        figure.text(
            0.988, 1 - (0.09 + 0.25 * i) / figure.get_figheight(), text, ha="right", va="top", fontsize=9,
            fontweight="bold", color=RED, bbox={"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": RED},
        )  # fmt: skip
    if texts:
        room -= max(text_width(text, 9, bold=True) for text in texts) + 0.25
    title = say(key, lang) + (f": {name}" if name else "")
    title = wrapped(title, room, 11.5, bold=True)
    if len(texts) > 1 and "\n" not in title:
        title += "\n "  # room for the second stamp
    figure.suptitle(title, x=LEFT, ha="left", fontsize=11.5, fontweight="bold")
    return figure, figure.add_subplot()


def foot(figure: Figure, source: str, statuses: Any, lang: str, note: str = "") -> Figure:
    """How to read the chart, its source and status, below it."""
    words = [status_name(s, lang) for s in dict.fromkeys(statuses) if s]
    parts = [f"{say('label.source', lang)}: {source}"] if source and source not in words else []
    text = ". ".join([*([note] if note else []), *parts, "; ".join(words)]).rstrip(".") + "."
    figure.supxlabel(wrapped(text, WIDTH - 2 * MARGIN, 9), x=LEFT, ha="left", fontsize=9, color="#555555")
    return figure


def percent(value: float, lang: str, status: str = "derived") -> str:
    """A share as per cent: as it is printed where it is published, else with one decimal."""
    return render("{v:pe}" if status == "published" else "{v:p1}", lang, v=value)


def ticks(axes: Axes, lang: str, which: str = "x", places: int = 0) -> None:
    """Round ticks, written in the language, on one axis."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    axis.set_major_formatter(lambda v, _: number(round(float(v), 6), lang, places))


def save(figure: Figure, stem: Path) -> None:
    """Write ``stem.png`` (300 dpi, 160 mm wide) and ``stem.svg``, without dates in them.

    A chart is drawn when it is made. Who has changed it since finds the change in both files.
    """
    with mpl.rc_context(style()):  # type: ignore[arg-type]
        sheet = figure.canvas
        if figure.stale or not isinstance(sheet, FigureCanvasAgg):
            sheet = FigureCanvasAgg(figure)
            sheet.draw()
        # Level 6 takes twice as long for pictures of the same size.
        picture = Image.fromarray(np.asarray(sheet.buffer_rgba())[:, :, :3])
        picture.save(stem.with_suffix(".png"), dpi=(figure.dpi, figure.dpi), compress_level=1)
        dpi = figure.dpi
        FigureCanvasSVG(figure).print_svg(stem.with_suffix(".svg"), metadata={"Date": None})
        figure.dpi = dpi
        FigureCanvasAgg(figure)  # without pixels: they take 8 MB
