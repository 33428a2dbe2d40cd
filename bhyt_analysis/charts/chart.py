"""Draw charts on one sheet: size, style, title, stamp, source line, description, and their files.

Charts are drawn for a place (`SIZES`), so that no text on them is below 9 points there,
and in one style: colours that colour-blind readers and greyscale printers keep apart,
labels on the marks, the source below, and a stamp where a figure is estimated, synthetic
or a proposal.
"""

from __future__ import annotations

import io
import itertools
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from PIL import Image

from bhyt_analysis.charts.chart_settings import DEFAULT_COLOURS, INK, font, hue, ink_on, scale_of_letters
from bhyt_analysis.charts.description import ChartDescription, ChartSeries, alt_text, chart_series
from bhyt_analysis.charts.margins import place_axes
from bhyt_analysis.charts.text_outlines import EM, PixelCanvas, arrange_line, font_file, write_svg
from bhyt_analysis.i18n.cards import card_text
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.languages import lang as chosen_lang
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.tables.formatting import OTHER_MARK
from bhyt_analysis.tables.hidden_cells import HiddenCells, hidden_cells
from bhyt_analysis.tables.internal_copy import INTERNAL, is_internal
from bhyt_analysis.tables.labels import status_name, weakest_stamp

TOP_EDGE, RIGHT_EDGE = ("data", "axes fraction"), ("axes fraction", "data")  # coordinates of points there
P = ParamSpec("P")
Look = dict[str, Any]  # keyword arguments of matplotlib
DPI = 300
SCREEN_DPI = 144  # of a picture in a notebook
LETTER_WIDTH = 0.45  # ems of a usual letter
LONG_WORD = 24  # letters; no word of either language has more
USUAL_LINES = 3  # of a title or a source, for which a chart on paper has space
MANY_ROWS = 20  # rows from which a chart may be too high for a page
STAMP = DEFAULT_COLOURS["red"]
BLACK, DARK, GREY, LIGHT, PALE = INK, "#444444", "#9A9A9A", "#DDDDDD", "#EEEEEE"
BROWN = "#8A5A00"  # of texts about what is missing
SOFT, EDGE = "#555555", "#666666"  # of texts, of lines
# Parts of one bar, dark to light, so that their order is kept in grey; names are those of `hue`.
SHADES = (DARK, "blue", "green", "violet", "sky", "orange", LIGHT)
LEFT, MARGIN = 0.012, 0.1  # where texts start (part of the width), and what both sides keep free (inches)


def shades(count: int) -> list[str]:
    """Return colours for the parts of a bar, dark to light.

    Examples
    --------
    >>> shades(3)
    ['#0072B2', '#56B4E9', '#DDDDDD']
    """
    first = 1 if count < len(SHADES) else 0  # the darkest only where all are needed
    return [hue(SHADES[round(float(i))]) for i in np.linspace(first, len(SHADES) - 1, count)]


@dataclass(frozen=True)
class Size:
    """A place for charts (mm): its width, the width of the sheet that is drawn for it, and its height if it has one.

    A sheet that is drawn narrower than its place is enlarged with its letters.
    """

    width: float
    drawn_width: float
    height: float | None = None
    dpi: int = DPI


SIZES = {
    "a4": Size(160, 160),  # between the margins of a page
    "half": Size(80, 80),  # half of that, two side by side
    "slide": Size(300, 187.5, 150),  # what is free below the title of a wide slide
    "screen": Size(160, 160, dpi=110),  # drawn in a tenth of the time
}
_size: ContextVar[Size] = ContextVar("size", default=SIZES["a4"])


def scale_width(inches: float) -> float:
    """Return a width of an A4 chart on the sheet that is being drawn: labels shrink and grow with it."""
    return inches * _size.get().drawn_width / SIZES["a4"].drawn_width


def is_narrow() -> bool:
    """Return whether the sheet that is being drawn is narrower than an A4 chart."""
    return _size.get().drawn_width < SIZES["a4"].drawn_width


def legend_columns() -> int:
    """Return how many entries of a legend lie side by side."""
    return 1 if is_narrow() else 2


def wrap_legend_label(text: str) -> str:
    """Break a text of a legend so that its columns lie side by side in the sheet."""
    return wrap_text(text, max(scale_width(2.1), 2.1), 9)


def wrap_labels(texts: Iterable[str], inches: float) -> list[str]:
    """Break the labels of rows so that none is wider than it would be on an A4 chart."""
    return [wrap_text(text, scale_width(inches)) for text in texts]


def rows_height_mm(frame: float, row: float, labels: Sequence[str]) -> float:
    """Return the height of a chart (mm): its frame, and rows as high as the label of the most lines."""
    return frame + max([row, *(4.0 * (text.count("\n") + 1) + 0.4 for text in labels)]) * len(labels)


def style() -> Look:
    """Return matplotlib's settings for every chart, over seaborn's ticks style."""
    return _style(font())


@lru_cache(maxsize=4)
def _style(family: str) -> Look:
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    return {
        **sns.axes_style("ticks"),
        "font.family": [family],
        "font.size": 9.5,
        "axes.titlesize": 11.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": EDGE,
        "axes.grid": False,
        "text.parse_math": False,  # a $ in a name is no formula
        "text.usetex": False,
        "text.hinting": "none",  # at 300 dots an inch letters need no help, and are set in half the time
        "svg.fonttype": "path",  # letters are drawn the same wherever the file goes
        "svg.hashsalt": "bhyt_analysis",
    }


@contextmanager
def _style_context() -> Iterator[None]:
    """Draw with the settings of every chart; a sign that the font lacks is a box, without a warning."""
    with mpl.rc_context(style()), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@dataclass(frozen=True, eq=False, repr=False)
class Chart:
    """A finished chart: the matplotlib figure, and what it says in words and figures."""

    figure: Figure
    description: ChartDescription

    def __repr__(self) -> str:
        source = (translate("card.source"), self.description.source)
        return card_text(translate("card.chart", title=self.description.title), [source])

    def _repr_png_(self) -> bytes:
        """Return the picture that Jupyter displays."""
        picture = io.BytesIO()
        render_image(self, SCREEN_DPI).save(picture, format="png")
        return picture.getvalue()


def chart_function(draw: Callable[P, Chart]) -> Callable[P, Chart]:
    """Draw in the style and for a place (``size``, of `SIZES`), without touching the user's own settings."""

    @wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Chart:
        size = cast(str, kwargs.get("size", "a4"))
        if size not in SIZES:
            raise BhytError(("error.bad_size", {"found": size, "expected": ", ".join(SIZES)}))
        token = _size.set(_with_larger_letters(SIZES[size]))
        try:
            with _style_context():
                return draw(*args, **kwargs) if hidden_cells() is None else _draw_without(draw, args, kwargs)
        finally:
            _size.reset(token)

    return styled


def _with_larger_letters(size: Size) -> Size:
    """Return the place with a narrower sheet, which is enlarged with its letters as `settings` says."""
    drawn_width = max(size.drawn_width / scale_of_letters(), min(size.drawn_width, SIZES["half"].drawn_width))
    return replace(size, drawn_width=drawn_width, dpi=round(size.dpi * size.drawn_width / drawn_width))


def _draw_without(draw: Callable[..., Chart], args: Sequence[object], kwargs: Mapping[str, object]) -> Chart:
    """Draw a chart without the figures that are hidden; a note instead where too few are left to draw it."""
    hidden = hidden_cells() or HiddenCells()
    rows = [_without_hidden(value, hidden) for value in args]
    options = {name: _without_hidden(value, hidden) for name, value in kwargs.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of axes without figures
            return draw(*rows, **options)
    except (ValueError, TypeError, LookupError):  # of missing figures
        langs = (a for a in [kwargs.get("lang"), *args] if isinstance(a, str) and a in LANGUAGES)
        return _note_in_place(next(langs, None) or chosen_lang())


def _without_hidden(value: object, hidden: HiddenCells) -> object:
    if isinstance(value, pd.Series):
        return hidden.mask_hidden(value.to_frame().T.infer_objects()).iloc[0]
    return hidden.mask_hidden(value) if isinstance(value, pd.DataFrame) else value


def _note_in_place(lang: str) -> Chart:
    sheet = new_chart(30, "chart.withheld", "", lang, [])
    sheet.axes.axis("off")
    return sheet.finish("")


@lru_cache(maxsize=8)
def _font_file(family: str, bold: bool) -> str:
    return font_file(font_manager.FontProperties(family=family, weight="bold" if bold else "normal"))


def _words(text: str, bold: bool) -> list[tuple[float, float]]:
    """Return the left and right ends of each word of a text, in ems."""
    return [(left / EM, right / EM) for left, right in arrange_line(text, _font_file(font(), bold)).words]


def text_width(text: str, points: float, bold: bool = False) -> float:
    """Return the width of a text in inches, as the font draws it."""
    words = [(left, right) for left, right in _words(text, bold) if left < right]
    return (max(right for _, right in words) - min(left for left, _ in words)) * points / 72 if words else 0.0


def wrap_text(text: str, inches: float, points: float = 9.5, bold: bool = False) -> str:
    """Break a text at spaces so that no line is wider than it may be, and addresses and the like anywhere."""
    lines: list[str] = []
    start = 0.0
    letters = max(LONG_WORD, int(inches * 72 / points / LETTER_WIDTH))
    words = [word[i : i + letters] for word in text.split() for i in range(0, len(word), letters)]
    ends = _words(" ".join(words), bold) if words else []
    for word, (begin, end) in zip(words, ends, strict=True):
        if lines and (end - start) * points / 72 <= inches:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            start = begin
    return "\n".join(lines)


@dataclass(eq=False)
class ChartSheet:
    """A chart while it is drawn: what new marks, labels and figures are added to.

    ``headings``: the texts above the axes; ``series``: the figures for the description, in the order of drawing.
    """

    figure: Figure
    axes: Axes
    description: ChartDescription
    headings: list[Text]
    statuses: list[str]
    lang: str
    series: list[ChartSeries] = field(default_factory=list)

    def add_series(
        self,
        name: str,
        values: Sequence[float] | pd.Series,
        spec: str,
        color: str = "",
        hidden: Iterable[bool] | None = None,
        goals: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Add figures to the description (see `chart_series`)."""
        self.series.append(chart_series(name, values, spec, color, hidden, goals))

    def label(
        self,
        text: str,
        point: tuple[Any, Any],
        offset: tuple[float, float] = (0, 0),
        ha: str = "left",
        va: str = "center",
        fontsize: float = 9,
        bold: bool = False,
        **look: Any,
    ) -> None:
        """Write a text at a point, moved by an offset in points; of a hidden figure … at the left end of its row."""
        if hidden_cells() is not None and any(isinstance(v, float) and np.isnan(v) for v in point):
            if isinstance(point[1], float) and np.isnan(point[1]):
                return
            text, point, look = OTHER_MARK, (0, point[1]), look | {"xycoords": self.axes.get_yaxis_transform()}
            offset, ha = (4, 0), "left"
        look = {"fontweight": "bold" if bold else "normal", "textcoords": "offset points"} | look
        self.axes.annotate(text, point, offset, ha=ha, va=va, fontsize=fontsize, **look)

    def label_line_ends(
        self, ends: Sequence[tuple[float, str, str]], inches: float, spacing: float = 1.25, height: float = 0.6
    ) -> None:
        """Write the text of each line right of its end, pushed apart where they would overlap.

        ``ends``: value, text and colour; ``height``: the part of the figure's height that the axes take.
        """
        axes, low, high = self.axes, *self.axes.get_ylim()
        texts = [wrap_text(text, inches, 9) for _, text, _ in ends]
        line = (high - low) * 9 * 1.35 / (self.figure.get_figheight() * 72 * height)  # 9 points in units of the axis
        top, right = low, axes.get_yaxis_transform()
        for i in np.argsort([value for value, _, _ in ends], kind="stable"):
            value, _, color = ends[i]
            space = (texts[i].count("\n") + spacing) * line
            middle = max(value, top + space / 2)
            top = middle + space / 2
            axes.text(1.02, middle, texts[i], transform=right, va="center", color=color, fontsize=9, fontweight="bold")
        if top > high:
            axes.set_ylim(low, top)

    def set_rows(self, labels: Sequence[str], margin: float = 0.5, upward: bool = False) -> None:
        """Name the rows of the chart, with a margin (in rows) above the first and below the last."""
        self.axes.set_yticks(range(len(labels)), labels)
        self.axes.tick_params(axis="y", length=0)
        ends = (len(labels) - 1 + margin, -margin)
        self.axes.set_ylim(ends[::-1] if upward else ends)

    def set_axis(
        self,
        which: Literal["x", "y"],
        key: str,
        limits: tuple[float, float] | None = None,
        ticks: tuple[float, float] | None = None,
        places: int = 0,
    ) -> None:
        """Name an axis by a message, with round ticks in the language; ``ticks``: the least and the most of them."""
        self.axes.set(**{f"{which}label": translate(key, self.lang), f"{which}lim": limits})
        set_ticks(self.axes, self.lang, which, places)
        if ticks:
            axis = getattr(self.axes, f"{which}axis")
            axis.set_ticks([t for t in axis.get_ticklocs() if ticks[0] <= t <= ticks[1]])

    def stack_bars(
        self,
        name: str,
        values: np.ndarray,
        left: np.ndarray,
        color: str,
        least: float,
        hidden: np.ndarray | None = None,
        places: int = 0,
        **look: Any,
    ) -> np.ndarray:
        """Draw the next part of each bar from ``left``, labelled where it is at least so long; return its right end."""
        label, ink = wrap_legend_label(name), ink_on(color)
        look = {"edgecolor": "white", "label": label} | look
        self.axes.barh(range(len(values)), values, left=left, color=color, **look)
        for y, value in enumerate(values):
            if value >= least and not (hidden is not None and hidden[y]):
                text = format_number(value, self.lang, places)
                self.label(text, (left[y] + value / 2, y), ha="center", color=ink)
        return left + values

    def stack_shares(self, parts: Mapping[str, pd.Series], masks: Sequence[np.ndarray] | None = None) -> None:
        """Draw and add shares by name as the parts of bars of 100%; no figure is written where a mask is true."""
        ends = np.zeros(len(next(iter(parts.values()))))
        for i, ((name, share), color) in enumerate(zip(parts.items(), shades(len(parts)), strict=True)):
            mask, lengths = masks[i] if masks else None, share.fillna(0).to_numpy() * 100
            ends = self.stack_bars(name, lengths, ends, color, 13 if is_narrow() else 6, mask, height=0.7, lw=0.6)
            self.add_series(name, share, "p1", color, mask)
        self.legend()

    def legend(self, side: str = "right", columns: int | None = None, fontsize: float = 9) -> None:
        """Put the legend above the axes, on the left or right."""
        look: Look = {"loc": f"lower {side}", "bbox_to_anchor": (0 if side == "left" else 1, 1), "borderaxespad": 0.2}
        self.axes.legend(ncols=columns or legend_columns(), frameon=False, fontsize=fontsize, **look)

    def finish(
        self,
        source: str,
        categories: Iterable[str] = (),
        kind: str = "picture",
        note: str = "",
        more: str = "",
        axis: str | None = None,
        over_time: bool = False,
    ) -> Chart:
        """Add the source line, lay out and draw the chart once, and return it with its description.

        ``kind``: how an office program draws the same figures; ``note``: how to read the chart; ``more``: what the
        figures do not say; ``axis``: of the values, by default that of the chart; ``over_time``: for `alt_text`.
        """
        figure, title, names = self.figure, self.description.title, tuple(categories)
        source = self._source_text(source, note)
        canvas = cast(PixelCanvas, figure.canvas)
        place_axes(figure, canvas.get_renderer(), self.headings[0], self._add_source_line(source))
        canvas.draw()  # once, while the style is set
        top = min(text.get_window_extent().y0 for text in self.headings) / figure.bbox.height
        description = replace(
            self.description,
            alt=alt_text(title, names, self.series, self.lang, self.statuses, more, over_time),
            kind=kind,
            categories=names,
            series=tuple(self.series),
            axis=self.axes.get_ylabel() or self.axes.get_xlabel() if axis is None else axis,
            source=source,
            title_fraction=round(1 - top, 4),
            page_breaks=_page_breaks(figure),
        )
        return Chart(figure, description)

    def _source_text(self, source: str, note: str) -> str:
        """Return how to read the chart, its source and status."""
        implied = {"estimated"} if "conflict" in self.statuses else set()  # those are estimated, too
        words = [status_name(s, self.lang) for s in dict.fromkeys(self.statuses) if s and s not in implied]
        source = format_citation(source, self.lang)
        parts = [f"{translate('label.source', self.lang)}: {source}"] if source and source not in words else []
        text = ". ".join([*([note] if note else []), *parts, "; ".join(words)]).rstrip(".")
        return text + ("." if text else "")

    def _add_source_line(self, text: str) -> Text:
        """Write a text below the chart, which is higher where it is long."""
        lines = wrap_source(text, self.figure)
        free = 0 if self.description.width_mm < SIZES["a4"].width else USUAL_LINES - 1
        if not _size.get().height:  # else the sheet is as high as its place
            more = max(0, lines.count("\n") - free)
            self.figure.set_figheight(self.figure.get_figheight() + 0.15 * more)
        return self.figure.supxlabel(lines, x=LEFT, ha="left", fontsize=9, color=SOFT)


def _page_breaks(figure: Figure) -> tuple[float, ...]:
    """Return where a chart of many rows may be cut, as parts of its height from the top: between two labels."""
    axes = figure.axes[0]
    rows = axes.get_yticks()
    if len(figure.axes) > 1 or len(rows) < MANY_ROWS or len(rows) != len(axes.get_yticklabels()):
        return ()
    heights = axes.transData.transform([(0, row) for row in rows])[:, 1] / figure.bbox.height
    parts = sorted(1 - heights)
    return tuple(round(float(a + b) / 2, 4) for a, b in itertools.pairwise(parts))


def new_chart(height_mm: float, key: str, name: str, lang: str, statuses: Iterable[str], **fields: str) -> ChartSheet:
    """Return a chart with its title (a message with fields) and no marks, stamped where a figure is weak."""
    size, narrow, statuses = _size.get(), is_narrow(), list(statuses)
    # A proposal says so next to how well its figures are known.
    tags = [weakest_stamp(list(s)) for s in (set(statuses) - {"proposal"}, {"proposal"} & set(statuses))]
    tags = [INTERNAL, *tags] if is_internal() else tags
    stamps = [translate(f"stamp.{tag}", lang) for tag in tags if tag]
    title = translate(key, lang, **fields) + (f": {name}" if name else "")
    width = size.drawn_width
    if size.height:  # a higher sheet is drawn wider, and enlarged less
        height_mm = min(max(height_mm, size.height * width / size.width), size.height)
        width = height_mm * size.width / size.height
    heading = wrap_title(title, width / 25.4, [] if narrow else stamps)  # above the title where it is narrow
    if narrow:
        height_mm += 5 * (heading.count("\n") + 2 * len(stamps))
        heading = "\n" * (2 * len(stamps) - 1) + heading  # no blank line without a stamp
    elif heading.count("\n") >= USUAL_LINES:
        height_mm += 5 * (heading.count("\n") + 1 - USUAL_LINES) if size.height is None else 0
    elif len(stamps) > 1 and "\n" not in heading:
        heading += "\n "  # space for the second stamp
    figure = Figure(figsize=(width / 25.4, height_mm / 25.4), dpi=size.dpi)
    figure.set_layout_engine("none")  # also where the user's settings have another
    PixelCanvas(figure)
    headings = [figure.suptitle(heading, x=LEFT, ha="left", fontsize=11.5, fontweight="bold")]
    first, each = (0.05, 0.22) if narrow else (0.09, 0.25)  # inches from the top
    look: Look = {"ha": "right", "va": "top", "fontsize": 9, "fontweight": "bold", "color": STAMP}
    look["bbox"] = {"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": STAMP}
    headings += [
        figure.text(0.988, 1 - (first + each * i) / figure.get_figheight(), text, **look)
        for i, text in enumerate(stamps)
    ]
    description = ChartDescription(title, title, tags=tuple(t for t in tags if t), width_mm=size.width, lang=lang)
    return ChartSheet(figure, figure.add_subplot(), description, headings, statuses, lang)


def wrap_title(title: str, inches: float, stamps: Sequence[str]) -> str:
    """Break the title of a chart of a width so that it keeps clear of the stamps beside it."""
    space = max(text_width(text, 9, bold=True) for text in stamps) + 0.25 if stamps else 0
    return wrap_text(title, inches - 2 * MARGIN - space, 11.5, bold=True)


def wrap_source(text: str, figure: Figure) -> str:
    """Break the text below a chart so that it keeps the margins."""
    return wrap_text(text, figure.get_figwidth() - 2 * MARGIN, 9)


def missing_label(lang: str) -> str:
    """Return what is written where a figure is missing; … where some are hidden."""
    return translate("label.no_value", lang) if hidden_cells() is None else OTHER_MARK


def percent_label(value: float, lang: str, status: str = "derived") -> str:
    """Write a share as per cent: as it is printed where it is published, else with one decimal; a hidden one as …."""
    if hidden_cells() is not None and pd.isna(value):
        return OTHER_MARK
    return format_message("{v:pe}" if status == "published" else "{v:p1}", lang, v=value)


def white_box(pad: float) -> Look:
    """Return the look of a box that keeps lines away from a label."""
    return {"facecolor": "white", "edgecolor": "none", "pad": pad}


def set_ticks(axes: Axes, lang: str, which: str = "x", places: int = 0) -> None:
    """Set round ticks on one axis, written in the language."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(3 if is_narrow() else 6, steps=[1, 2, 5, 10], integer=True))
    axis.set_major_formatter(lambda v, _: format_number(round(float(v), 6), lang, places))


def render_image(chart: Chart, dpi: float | None = None) -> Image.Image:
    """Return the pixels of a chart with at most 256 colours: files of 40% of the size, written faster.

    A chart is drawn when it is made; it is drawn again where it has changed since, or for another ``dpi``.
    """
    figure = chart.figure
    with _style_context():
        canvas, before = figure.canvas, figure.dpi
        if figure.stale or not isinstance(canvas, PixelCanvas) or dpi not in (None, before):
            figure.dpi = dpi or before
            canvas = PixelCanvas(figure)
            canvas.draw()
            figure.dpi = before
        return _reduce_colours(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))


def _reduce_colours(image: Image.Image) -> Image.Image:
    """Return the picture in its most frequent colours, none of which are too near to each other."""
    counts = cast("list[tuple[int, tuple[int, ...]]] | None", image.getcolors(2**16))
    if counts is None:  # a photograph
        return image
    colors: dict[tuple[int, ...], tuple[int, ...]] = {}
    for _, color in sorted(counts, reverse=True):
        colors.setdefault(tuple(part >> 3 for part in color), color)
    kept = [part for color in list(colors.values())[:256] for part in color]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part & ~3 for part in kept])  # Pillow compares colours without their last two bits
    reduced = image.quantize(palette=palette, dither=Image.Dither.NONE)
    reduced.putpalette(kept)
    return reduced


def save_png(chart: Chart, path: Path) -> None:
    """Write a chart as a PNG file."""
    dots = chart.figure.dpi * chart.figure.get_figwidth() * 25.4 / chart.description.width_mm
    # Level 6 takes longer for pictures of nearly the same size.
    render_image(chart).save(path, dpi=(dots, dots), compress_level=1)


def save_svg(chart: Chart, path: Path) -> None:
    """Write a chart as an SVG file, without a date in it."""
    with _style_context():
        write_svg(chart.figure, path)
    PixelCanvas(chart.figure)  # without pixels: they take 8 MB


def save_pictures(chart: Chart, stem: Path) -> None:
    """Write ``stem.png`` (300 dpi on paper) and ``stem.svg``."""
    save_png(chart, stem.with_suffix(".png"))
    save_svg(chart, stem.with_suffix(".svg"))
