"""The sheet that every chart is drawn on: size, style, title, stamp, source line, and how it is saved.

Charts are drawn for a place (`SIZES`), so that no text on them is below 9 points there,
and in one style: colours that colour-blind readers and greyscale printers keep apart,
labels on the marks, the source below, and a stamp where a figure is estimated, synthetic
or a proposal.
"""

from __future__ import annotations

import io
import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

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

from bhyt_analysis.charts.description import ChartDescription, ChartSeries, alt_text
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.tables.labels import status_name, weakest_stamp

WIDTH = 160 / 25.4  # inches
DPI = 300
SCREEN_DPI = 144  # of a picture in a notebook
MANY = 20  # rows from which a chart may be too high for a page
FONTS = ("Times New Roman", "Tinos", "Liberation Serif", "Nimbus Roman", "DejaVu Serif")
# Okabe and Ito (2008), dark enough to keep their order in grey.
BLUE, ORANGE, GREEN, SKY, RED, GREY, BLACK = "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#9A9A9A", "#222222"
VIOLET, DARK = "#CC79A7", "#444444"
# Parts of one bar, dark to light, so that their order is kept in grey.
SHADES = (DARK, BLUE, GREEN, VIOLET, SKY, ORANGE, "#DDDDDD")


def shades(count: int) -> list[str]:
    """Colours for the parts of a bar, dark to light.

    Examples
    --------
    >>> shades(3)
    ['#0072B2', '#56B4E9', '#DDDDDD']
    """
    first = 1 if count < len(SHADES) else 0  # the darkest only where all are needed
    places = np.linspace(first, len(SHADES) - 1, count)
    return [SHADES[round(float(at))] for at in places]


@dataclass(frozen=True)
class Size:
    """A place for charts (mm): how wide it is; how high, where that is given; how wide a sheet is drawn for it.

    A sheet that is drawn narrower than its place is enlarged with its letters.
    """

    placed: float
    drawn: float
    height: float | None = None
    dpi: int = DPI


SIZES = {
    "a4": Size(160, 160),  # between the margins of a page
    "half": Size(80, 80),  # half of that, two beside each other
    "slide": Size(300, 187.5, 150),  # the room below the title of a wide slide
    "screen": Size(160, 160, dpi=110),  # drawn in a tenth of the time
}
_size: ContextVar[Size] = ContextVar("size", default=SIZES["a4"])


def scale_width(inches: float) -> float:
    """A width of an A4 chart on the sheet that is being drawn: room for labels shrinks and grows with it."""
    return inches * _size.get().drawn / SIZES["a4"].drawn


def legend_columns() -> int:
    """How many entries of a legend stand beside each other."""
    return 1 if _size.get().drawn < SIZES["a4"].drawn else 2


def wrap_legend_label(text: str) -> str:
    """A text of a legend, broken so that its columns lie side by side in the sheet."""
    return wrap_text(text, max(scale_width(2.1), 2.1), 9)


def row_height_mm(millimetres: float, labels: Iterable[str] = ()) -> float:
    """The height of a row of a chart (mm): at least that of its label, which may have several lines."""
    return max([millimetres, *(4.0 * (text.count("\n") + 1) + 0.4 for text in labels)])


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
        "text.hinting": "none",  # at 300 dots an inch letters need no help, and are set in half the time
        "svg.fonttype": "path",  # letters are drawn the same wherever the file goes
        "svg.hashsalt": "bhyt_analysis",
    }


@dataclass(frozen=True, eq=False)
class Chart:
    """A drawn chart: the matplotlib figure, and what it says in words and figures."""

    figure: Figure
    description: ChartDescription

    def _repr_png_(self) -> bytes:
        """Return the picture that Jupyter shows."""
        picture = io.BytesIO()
        render_image(self, SCREEN_DPI).save(picture, format="png")
        return picture.getvalue()


_descriptions: WeakKeyDictionary[Figure, ChartDescription] = WeakKeyDictionary()


def describe(figure: Figure, what: ChartDescription) -> Figure:
    """Let a figure carry what it says while it is drawn."""
    _descriptions[figure] = what
    return figure


def description(figure: Figure) -> ChartDescription:
    """Return what a figure says while it is drawn."""
    return _descriptions[figure]


def chart_function(draw: Callable[..., Figure]) -> Callable[..., Chart]:
    """Draw in the style and for a place (``size``, of `SIZES`), without touching the user's own settings."""

    @wraps(draw)
    def styled(*args: Any, size: str = "a4", **kwargs: Any) -> Chart:
        if size not in SIZES:
            raise BhytError(("error.bad_size", {"found": size, "expected": ", ".join(SIZES)}))
        with mpl.rc_context(style()):  # type: ignore[arg-type]
            before = _size.set(SIZES[size])
            try:
                figure = draw(*args, **kwargs)
            finally:
                _size.reset(before)
            figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]
            figure.set_layout_engine("none")  # laid out and drawn once, while the style holds
            figure.canvas.draw()
            return Chart(figure, replace(description(figure), title_fraction=_head(figure), page_breaks=_cuts(figure)))

    styled.options = ("size",)  # type: ignore[attr-defined]  # how the gallery knows a chart
    return styled


def _head(figure: Figure) -> float:
    """The part of a chart's height that its title and stamps take."""
    told = [text for text in (figure._suptitle, *figure.texts) if text is not None and text is not figure._supxlabel]  # type: ignore[attr-defined]
    lowest = min((text.get_window_extent().y0 / figure.bbox.height for text in told), default=1.0)
    return round(1 - lowest, 4)


def _cuts(figure: Figure) -> tuple[float, ...]:
    """Where a chart of many rows may be cut, as parts of its height from the top: between the names of two rows."""
    axes = figure.axes[0]
    rows = axes.get_yticks()
    if len(figure.axes) > 1 or len(rows) < MANY or len(rows) != len(axes.get_yticklabels()):
        return ()
    heights = axes.transData.transform([(0, row) for row in rows])[:, 1] / figure.bbox.height
    parts = sorted(1 - heights)
    return tuple(round(float(a + b) / 2, 4) for a, b in itertools.pairwise(parts))


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


def wrap_text(text: str, inches: float, points: float = 9.5, bold: bool = False) -> str:
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


def new_chart(height_mm: float, key: str, name: str, lang: str, statuses: Any) -> tuple[Figure, Axes]:
    """An empty chart with its title, and the stamp where a figure is weak."""
    size = _size.get()
    # A proposal says so beside how well its figures are known.
    tags = [weakest_stamp(list(s)) for s in (set(statuses) - {"proposal"}, {"proposal"} & set(statuses))]
    stamps = [translate(f"stamp.{tag}", lang) for tag in tags if tag]
    bare = translate(key, lang) + (f": {name}" if name else "")
    width = size.drawn
    if size.height:  # a higher sheet is drawn wider, and enlarged less
        height_mm = min(max(height_mm, size.height * size.drawn / size.placed), size.height)
        width = height_mm * size.placed / size.height
    room = width / 25.4 - 2 * MARGIN
    above = size.drawn < SIZES["a4"].drawn  # no room beside the title
    if stamps and not above:
        room -= max(text_width(text, 9, bold=True) for text in stamps) + 0.25
    title = wrap_text(bare, room, 11.5, bold=True)
    lines = title.count("\n")
    if above:
        title = "\n" * (2 * len(stamps) - 1) + title if stamps else title
        height_mm += 5 * (lines + 2 * len(stamps))
    elif len(stamps) > 1 and not lines:
        title += "\n "  # room for the second stamp
    figure = Figure(figsize=(width / 25.4, height_mm / 25.4), dpi=size.dpi, layout="constrained")
    FigureCanvasAgg(figure)  # what measures the texts for the layout draws them, too, and measures once
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)  # type: ignore[call-arg, union-attr]
    figure.suptitle(title, x=LEFT, ha="left", fontsize=11.5, fontweight="bold")
    first, each = (0.05, 0.22) if above else (0.09, 0.25)  # inches from the top
    for i, text in enumerate(stamps):
        figure.text(
            0.988, 1 - (first + each * i) / figure.get_figheight(), text, ha="right", va="top", fontsize=9,
            fontweight="bold", color=RED, bbox={"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": RED},
        )  # fmt: skip
    told = ChartDescription(bare, bare, tags=tuple(t for t in tags if t), width_mm=size.placed)
    return describe(figure, told), figure.add_subplot()


def add_source_line(figure: Figure, source: str, statuses: Any, lang: str, note: str = "") -> Figure:
    """How to read the chart, its source and status, below it."""
    words = [status_name(s, lang) for s in dict.fromkeys(statuses) if s]
    source = format_citation(source, lang)
    parts = [f"{translate('label.source', lang)}: {source}"] if source and source not in words else []
    text = ". ".join([*([note] if note else []), *parts, "; ".join(words)]).rstrip(".") + "."
    lines = wrap_text(text, figure.get_figwidth() - 2 * MARGIN, 9)
    if description(figure).width_mm < SIZES["a4"].placed:
        figure.set_figheight(figure.get_figheight() + 0.15 * lines.count("\n"))
    figure.supxlabel(lines, x=LEFT, ha="left", fontsize=9, color="#555555")
    return describe(figure, replace(description(figure), source=text))


def attach_description(
    figure: Figure, lang: str, categories: Sequence[str], told: Sequence[ChartSeries], kind: str = "picture",
    axis: str = "", statuses: Any = (), more: str = "", course: bool = False,
) -> Figure:  # fmt: skip
    """Let a chart carry its figures and the alternative text that is made from them.

    ``kind``: how an office program draws the same figures; ``more``: what the figures do not say;
    ``course``: they are told over time.
    """
    what = description(figure)
    alt = alt_text(what.title, categories, told, lang, statuses, more, course)
    return describe(
        figure, replace(what, alt=alt, kind=kind, categories=tuple(categories), series=tuple(told), axis=axis)
    )


def percent_label(value: float, lang: str, status: str = "derived") -> str:
    """A share as per cent: as it is printed where it is published, else with one decimal."""
    return format_message("{v:pe}" if status == "published" else "{v:p1}", lang, v=value)


def set_ticks(axes: Axes, lang: str, which: str = "x", places: int = 0) -> None:
    """Round ticks, written in the language, on one axis."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(6 if legend_columns() > 1 else 3, steps=[1, 2, 5, 10], integer=True))
    axis.set_major_formatter(lambda v, _: format_number(round(float(v), 6), lang, places))


def render_image(chart: Chart, dpi: float | None = None) -> Image.Image:
    """The pixels of a chart with at most 256 colours: files of 40% of the size, written faster.

    A chart is drawn when it is made; it is drawn again where it has changed since, or for another ``dpi``.
    """
    with mpl.rc_context(style()):  # type: ignore[arg-type]
        figure = chart.figure
        sheet, before = figure.canvas, figure.dpi
        if figure.stale or not isinstance(sheet, FigureCanvasAgg) or dpi not in (None, before):
            figure.dpi = dpi or before
            sheet = FigureCanvasAgg(figure)
            sheet.draw()
            figure.dpi = before
        return _few_colours(Image.fromarray(np.asarray(sheet.buffer_rgba())).convert("RGB"))


def _few_colours(image: Image.Image) -> Image.Image:
    """The same picture by a palette of its most frequent colours, none of which are too near to each other."""
    counted: Any = image.getcolors(2**16)
    if counted is None:  # a photograph
        return image
    kept: dict[tuple[int, ...], Any] = {}
    for _, color in sorted(counted, reverse=True):
        kept.setdefault(tuple(part >> 3 for part in color), color)
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in list(kept.values())[:256] for part in color])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def save(chart: Chart, stem: str | Path) -> None:
    """Write ``stem.png`` (300 dpi on paper) and ``stem.svg``, without dates in them."""
    image, figure, stem = render_image(chart), chart.figure, Path(stem)
    dots = figure.dpi * figure.get_figwidth() * 25.4 / chart.description.width_mm
    # Level 6 takes longer for pictures of nearly the same size.
    image.save(stem.with_suffix(".png"), dpi=(dots, dots), compress_level=1)
    dpi = figure.dpi
    with mpl.rc_context(style()):  # type: ignore[arg-type]
        FigureCanvasSVG(figure).print_svg(stem.with_suffix(".svg"), metadata={"Date": None})
    figure.dpi = dpi
    FigureCanvasAgg(figure)  # without pixels: they take 8 MB
