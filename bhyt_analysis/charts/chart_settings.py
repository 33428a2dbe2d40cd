"""Set the font, the size of letters and the colours of all charts that this process draws."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.colors import to_hex, to_rgb

from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.languages import lang
from bhyt_analysis.i18n.messages import format_message, translate

# Okabe and Ito (2008): colours that colour-blind readers keep apart; stamps and states always have these.
DEFAULT_COLOURS = {
    "blue": "#0072B2", "orange": "#E69F00", "green": "#009E73", "sky": "#56B4E9", "red": "#D55E00", "violet": "#CC79A7",
}  # fmt: skip
INK = "#222222"
# The least contrast with the paper (WCAG): of colours in which texts are written, and of others.
TEXT_COLOURS, TEXT_CONTRAST, MARK_CONTRAST = ("blue", "green", "red"), 3.0, 2.0
MOST_SCALE = 1.5
FONTS = ("Times New Roman", "Tinos", "Liberation Serif", "Nimbus Roman", "DejaVu Serif")
# Fonts whose letters are as wide as those of a font that is often missing outside of Windows.
SUBSTITUTES = {
    "arial": "Liberation Sans", "helvetica": "Nimbus Sans", "times new roman": "Liberation Serif",
    "calibri": "Carlito", "cambria": "Caladea", "courier new": "Liberation Mono",
}  # fmt: skip
# Every letter that Vietnamese adds to the Latin ones, small; capitals follow from them.
LETTERS = "áàảãạăắằẳẵặâấầẩẫậđéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵ"


@dataclass(frozen=True, repr=False)
class ChartSettings(HasCard):
    """The font, the scale of letters and the colours of charts; see `settings`."""

    font: str = ""
    scale: float = 1.0
    colours: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_COLOURS))

    def card(self) -> tuple[str, Rows]:
        """Return the font, the scale and the colours."""
        colours = "; ".join(f"{name} {colour}" for name, colour in self.colours.items())
        return translate("card.chart_settings"), [
            (translate("card.font"), font()),
            (translate("card.scale"), format_message("{v:d1}", lang(), v=self.scale)),
            (translate("card.colours"), colours),
        ]


_settings = ChartSettings()


def settings(
    *,
    font: str | None = None,
    scale: float | None = None,
    colours: Mapping[str, str] | None = None,
    reset: bool = False,
) -> ChartSettings:
    """Set the font, the size of letters and the colours of the charts drawn from now on; return those in use.

    They hold for this process alone; a batch draws as ever. Stamps and the states of the monitoring keep their colours.
    Whether colours of your own stay apart for colour-blind readers is not checked; the default ones do.

    Parameters
    ----------
    font
        an installed font that has every Vietnamese letter, such as "Arial"; "" is the default (Times New Roman or the
        like).
    scale
        how much larger letters are than by default, 1 to 1.5. Charts keep their width and become higher; where they
        can't, on a slide of many rows or at the size "half", letters grow less.
    colours
        colour by name: "blue" (what is counted), "orange" (what is missing), "green" (gains), "red" (losses), "sky"
        (intervals), "violet" (one more line). A colour is "#1F4E79" or a name that matplotlib knows.
    reset
        begin with the default.

    Returns
    -------
    ChartSettings
        All settings in use. Without arguments nothing changes.

    Raises
    ------
    BhytError
        with all faults: a font that is not installed (with the nearest that are) or lacks Vietnamese letters, a scale
        outside 1 to 1.5, names and colours that there are not, a colour too light for the paper, two that are the same.

    Examples
    --------
    >>> _ = bhyt.charts.settings(scale=1.3, colours={"blue": "#1F4E79"})
    >>> chart = bhyt.charts.groups(bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"]), size="slide")
    >>> chart.description.series[0].color
    '#1f4e79'
    >>> bhyt.charts.settings(reset=True).colours["blue"]
    '#0072B2'
    """
    global _settings
    before = ChartSettings() if reset else _settings
    raise_faults(_faults(before, font, scale, colours or {}))
    new = replace(
        before,
        font=before.font if font is None else font and (_installed(font) or font),
        scale=before.scale if scale is None else float(scale),
        colours={**before.colours, **{name: to_hex(colour) for name, colour in (colours or {}).items()}},
    )
    _settings = new
    return new


def hue(name: str) -> str:
    """Return the colour that a name of `DEFAULT_COLOURS` has now; another colour as it is.

    Examples
    --------
    >>> hue("blue"), hue("#444444")
    ('#0072B2', '#444444')
    """
    return _settings.colours.get(name, name)


def _faults(
    before: ChartSettings, font: str | None, scale: float | None, colours: Mapping[str, str]
) -> Iterator[Fault]:
    if font:
        if not (name := _installed(font)):
            yield "error.no_font", {"found": font, "nearest": ", ".join(_nearest_fonts(font))}
        elif not has_every_letter(name):
            yield "error.font_lacks_letters", {"found": name, "nearest": ", ".join(_nearest_fonts(font))}
    if scale is not None and not (isinstance(scale, int | float) and 1 <= scale <= MOST_SCALE):
        yield "error.bad_scale", {"found": scale, "most": MOST_SCALE}
    valid = {}
    for name, colour in colours.items():
        if name not in DEFAULT_COLOURS:
            yield "error.no_colour_name", {"found": name, "expected": ", ".join(DEFAULT_COLOURS)}
        elif not mpl.colors.is_color_like(colour):
            yield "error.bad_colour", {"name": name, "found": colour}
        elif contrast(colour) < (TEXT_CONTRAST if name in TEXT_COLOURS else MARK_CONTRAST):
            yield "error.light_colour", {"name": name, "found": colour}
        else:
            valid[name] = to_hex(colour)
    used: dict[str, str] = {}
    for name, colour in {**{n: to_hex(c) for n, c in before.colours.items()}, **valid}.items():
        if colour in used and (name in valid or used[colour] in valid):
            yield "error.same_colour", {"name": name, "other": used[colour], "found": colour}
        used[colour] = name


def contrast(colour: str, other: str = "white") -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.1, success criterion 1.4.3).

    Examples
    --------
    >>> contrast("black"), round(contrast("#767676"), 2)
    (21.0, 4.54)
    """
    light, dark = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def ink_on(colour: str) -> str:
    """Return the colour of letters on a colour: white or black, whichever is read better.

    Examples
    --------
    >>> ink_on("#0072B2"), ink_on("#E69F00")
    ('white', '#222222')
    """
    return "white" if contrast(colour) > contrast(colour, INK) else INK


def chosen_font() -> str:
    """Return the font that is set; an empty string where it is the default."""
    return _settings.font


def scale_of_letters() -> float:
    """Return how much larger letters are than by default."""
    return _settings.scale


def font() -> str:
    """Return the font of charts: the one that is set, else the first of `FONTS` that has every Vietnamese letter."""
    return _settings.font or _default_font()


@lru_cache(maxsize=1)
def _default_font() -> str:
    """Return the first of `FONTS` that is installed with its letters; the last one comes with matplotlib."""
    return next((name for name in FONTS[:-1] if has_every_letter(name)), FONTS[-1])


@lru_cache(maxsize=64)
def has_every_letter(name: str) -> bool:
    """Return whether a font is installed and has every Vietnamese letter; some builds of Liberation Serif lack them."""
    letters = {ord(c) for c in LETTERS + LETTERS.upper()}
    files = {e.fname for e in font_manager.fontManager.ttflist if e.name == name}
    return bool(files) and all(letters <= set(font_manager.get_font(f).get_charmap()) for f in files)


def _installed(name: str) -> str:
    """Return an installed font as it spells its name; an empty string for one that is not."""
    key = name.strip().casefold()
    return next((e.name for e in font_manager.fontManager.ttflist if e.name.casefold() == key), "")


def _nearest_fonts(name: str) -> list[str]:
    """Return up to four installed fonts with every letter: of the same widths, of a like name, and the default."""
    fonts = {e.name.casefold(): e.name for e in font_manager.fontManager.ttflist}
    names = [SUBSTITUTES.get(name.strip().casefold(), ""), *difflib.get_close_matches(name.casefold(), fonts, 3, 0.4)]
    near = [fonts.get(n.casefold(), "") for n in names] + [_default_font(), "DejaVu Sans"]
    return [n for n in dict.fromkeys(near) if n and n != name and has_every_letter(n)][:4]
