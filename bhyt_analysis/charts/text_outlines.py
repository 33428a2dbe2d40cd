"""Measure and draw the texts of charts from the outlines of their letters, which are kept for the next chart.

Matplotlib arranges the letters of a text anew whenever it measures it, draws its pixels or writes it to an SVG file,
and makes its pixels letter by letter. Here a word is arranged once in a process and in those forked from it, and the
pixels of a line are those of one outline. What is kept does not depend on what was drawn before.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import starmap
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextToPath
from matplotlib.transforms import Affine2D

TEXTS = TextToPath()
EM = TEXTS.FONT_SCALE  # places and outlines are measured in parts of an em
SVG_UNIT = 64  # of which outlines in SVG files have whole numbers
SVG_COMMANDS = dict(
    zip(map(int, (Outline.MOVETO, Outline.LINETO, Outline.CURVE3, Outline.CURVE4)), "MLQC", strict=True)
)
Places = tuple[tuple[str, float, float], ...]  # of letters: name, x, y


@dataclass(frozen=True, eq=False)
class Letter:
    """A letter that is no space: its outline, and the left, bottom, right and top of all its points."""

    points: np.ndarray
    codes: np.ndarray

    @cached_property
    def ink(self) -> tuple[float, float]:
        """Return the left and right ends of what is drawn."""
        left, right = Outline(self.points, self.codes).get_extents().intervalx.tolist()
        return left, right

    @cached_property
    def heights(self) -> tuple[float, float]:
        """Return the lowest and highest of all points, also of those that curves only bend to."""
        y = self.points[self.codes != Outline.CLOSEPOLY, 1]
        return float(y.min()), float(y.max())

    @cached_property
    def svg(self) -> str:
        """Return the outline as an SVG file has it."""
        steps = Outline(self.points * SVG_UNIT, self.codes).iter_segments(simplify=False)
        return "".join(starmap(_svg_step, steps))


def _svg_step(points: np.ndarray, code: int) -> str:
    return f"{SVG_COMMANDS[code]} {_numbers(*points.tolist())} \n" if code in SVG_COMMANDS else "z\n"


def _numbers(*values: float) -> str:
    """Return numbers as SVG files have them."""
    return " ".join(f"{value:f}".rstrip("0").rstrip(".") for value in values)


@dataclass(frozen=True, eq=False)
class Line:
    """A line of text: its letters with their places, the ends of what is drawn of each word, and its size."""

    letters: dict[str, Letter | None]
    places: Places
    words: tuple[tuple[float, float], ...]
    width: float

    @cached_property
    def heights(self) -> tuple[float, float]:
        """Return the lowest and highest point of all letters."""
        ends = [[y + end for end in letter.heights] for name, _, y in self.places if (letter := self.letters[name])]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 0.0)

    @cached_property
    def outline(self) -> Outline:
        """Return the outline of all letters; an outline without points where all are spaces."""
        letters = [(letter, x, y) for name, x, y in self.places if (letter := self.letters[name])]
        if not letters:
            return Outline(np.empty((0, 2)))
        points = np.concatenate([letter.points for letter, _, _ in letters])
        moves = np.repeat([(x, y) for _, x, y in letters], [len(letter.points) for letter, _, _ in letters], axis=0)
        return Outline(points + moves, np.concatenate([letter.codes for letter, _, _ in letters]))

    @cached_property
    def svg(self) -> str:
        """Return the letters and their places as an SVG file has them."""
        moves = (f' transform="translate({_numbers(x, y)})"' if x or y else "" for _, x, y in self.places)
        names = (name for name, _, _ in self.places)
        return "".join(f'<use xlink:href="#{name}"{move}/>\n' for name, move in zip(names, moves, strict=True))


def font_file(font: FontProperties) -> str:
    """Return the file of a font."""
    look = {"style": font.get_style(), "variant": font.get_variant(), "stretch": font.get_stretch()}
    file = font.get_file()
    return file or _find_font(tuple(font.get_family()), font.get_weight(), **look)  # type: ignore[return-value]


@lru_cache(maxsize=64)
def _find_font(family: tuple[str, ...], weight: str | int, **look: Any) -> str:
    return findfont(FontProperties(family=list(family), weight=weight, **look))


@lru_cache(maxsize=64)
def _letters(file: str) -> dict[str, Letter | None]:
    """Return the letters of a font that were met by their names, None for a space; `_arrange_word` adds to them."""
    return {}


@lru_cache(maxsize=8192)
def _arrange_word(word: str, file: str) -> tuple[Places, float]:
    """Return a space and the letters of a word after it with their places, and the place of the next space."""
    face, letters = get_font(file), _letters(file)
    face.set_size(EM, TEXTS.DPI)
    places, outlines, _ = TEXTS.get_glyphs_with_font(face, f" {word} ")
    for name, (points, codes) in outlines.items():
        letters.setdefault(name, Letter(points, codes) if len(points) else None)
    return tuple((name, x, y) for name, x, y, _ in places[:-1]), places[-1][1]


@lru_cache(maxsize=4096)
def arrange_line(text: str, file: str) -> Line:
    """Return a line of text in a font: its words one after another."""
    letters = _letters(file)
    places: list[tuple[str, float, float]] = []
    words: list[tuple[float, float]] = []
    right = 0.0
    for word in text.split(" "):
        arranged, end = _arrange_word(word, file)
        if not words:  # no space before the first
            arranged, right = arranged[1:], -(arranged[1][1] if len(arranged) > 1 else end)
        ends = [right + x + side for name, x, _ in arranged if (letter := letters[name]) for side in letter.ink]
        words.append((min(ends), max(ends)) if ends else (right, right))
        places += [(name, right + x, y) for name, x, y in arranged]
        right += end
    return Line(letters, tuple(places), tuple(words), right)


@lru_cache(maxsize=64)
def _line_space(file: str) -> tuple[float, float, float] | None:
    """Return how far a font goes above and below its base line, and its gap between lines, in ems; None if unknown."""
    face = get_font(file)
    if newer := face.get_sfnt_table("OS/2"):
        space = newer["sTypoAscender"], -newer["sTypoDescender"], newer["sTypoLineGap"]
    elif older := face.get_sfnt_table("hhea"):
        space = older["ascent"], -older["descent"], older["lineGap"]
    else:
        return None
    above, below, gap = (value / face.units_per_EM for value in space)
    return above, below, gap


def _pixels(renderer: RendererBase, font: FontProperties) -> float:
    """Return the size of a font in units of the picture."""
    return float(renderer.points_to_pixels(font.get_size_in_points()))  # type: ignore[arg-type]


class OutlinedTexts(RendererBase):
    """What a renderer of matplotlib needs to measure texts by their outlines; formulas are left to matplotlib."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Return the size of a line, and how far it goes below its base line."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        line, unit = arrange_line(s, font_file(prop)), _pixels(self, prop) / EM
        low, high = line.heights
        return line.width * unit, (high - low) * unit, -low * unit

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float | None, ...]:
        """Return the space of a line; without it, matplotlib reads the tables of the font for each measuring."""
        space, size = _line_space(font_file(prop)), _pixels(self, prop)
        return tuple(part * size for part in space) if space else (None, None, None)


class PixelRenderer(OutlinedTexts, RendererAgg):
    """Draw a chart as pixels, each line of text as one outline."""

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """Draw a line of text."""
        if ismath:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        unit = _pixels(self, prop) / EM
        place = Affine2D().scale(unit).rotate_deg(angle).translate(x, self.height - y)
        filled = self.new_gc()
        filled.copy_properties(gc)
        filled.set_linewidth(0)
        filled.set_snap(False)  # letters are not moved to whole pixels
        self.draw_path(filled, arrange_line(s, font_file(prop)).outline, place, gc.get_rgb())
        filled.restore()


class PixelCanvas(FigureCanvasAgg):
    """The canvas of `PixelRenderer`."""

    _size: tuple[float, ...] | None = None

    def get_renderer(self) -> RendererAgg:
        """Return the renderer for the size that the figure has."""
        size = (*self.get_width_height(physical=True), self.figure.dpi)
        if size != self._size:
            self.renderer, self._size = PixelRenderer(*size), size
        return self.renderer


class SvgRenderer(OutlinedTexts, RendererSVG):
    """Write a chart as SVG, each letter once and texts as places of letters."""

    def __init__(self, width: float, height: float, file: TextIO) -> None:
        super().__init__(width, height, file, metadata={"Date": None})
        self._file = file
        self._defined: set[str] = set()

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """Write a line of text."""
        if ismath or gc.get_url() or gc.get_clip_rectangle() or gc.get_clip_path()[0]:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        line, size = arrange_line(s, font_file(prop)), _numbers(prop.get_size_in_points() / EM)
        color, alpha = to_hex(gc.get_rgb()), gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]
        look = [f"fill: {color}"] * (color != "#000000") + [f"opacity: {_numbers(alpha)}"] * (alpha != 1)
        style = f' style="{"; ".join(look)}"' if look else ""
        turn = f"rotate({_numbers(-angle)}) " if angle else ""
        self.writer.comment(s)
        self._file.write(f'<g{style} transform="translate({_numbers(x, y)}) {turn}scale({size} -{size})">\n')
        if new := {name: line.letters[name] for name, _, _ in line.places if name not in self._defined}:
            self._file.write("<defs>\n")
            for name, letter in new.items():
                data = f' d="{letter.svg}"' if letter else ""
                self._file.write(f'<path id="{name}"{data} transform="scale({_numbers(1 / SVG_UNIT)})"/>\n')
            self._file.write("</defs>\n")
            self._defined.update(new)
        self._file.write(line.svg + "</g>\n")


def write_svg(figure: Figure, path: Path) -> None:
    """Write a figure as an SVG file, without a date in it."""
    dpi, figure.dpi = figure.dpi, 72  # points
    width, height = figure.bbox.size
    file = io.StringIO()
    renderer = SvgRenderer(width, height, file)
    figure.draw(renderer)
    renderer.finalize()
    figure.dpi = dpi
    path.write_text(file.getvalue(), encoding="utf-8")
