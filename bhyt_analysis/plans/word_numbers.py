"""Count the automatic numbers of the lists and headings of a Word document, as Word displays them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn

from bhyt_analysis.plans.word_styles import VAL, Element, Styles

DASH = "-"  # for bullets in a font of signs
_BULLETS = "-+*–—•"
_ROMAN = {
    1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl",
    10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i",
}  # fmt: skip
_MAX_ROMAN = 4000  # beyond, and beyond 26 letters ten times, figures are displayed


@dataclass
class _List:
    """A list of the document: its levels, and how far each is counted; those with the same numbers share it."""

    levels: dict[int, Element]
    counts: dict[int, int] = field(default_factory=dict)

    def start(self, level: int) -> int:
        """Return the number of the first paragraph of a level."""
        start = _number(self.levels.get(level), "w:start")
        return 1 if start is None else start

    def count(self, level: int) -> None:
        """Count a paragraph of a level; those below it begin anew."""
        self.counts[level] = self.counts.get(level, self.start(level) - 1) + 1
        for deeper in [n for n in self.counts if n > level]:
            if _number(self.levels.get(deeper), "w:lvlRestart") != 0:
                del self.counts[deeper]


class ListNumbers:
    """The numbers of a document, which are to be asked for paragraph by paragraph, in the order of reading."""

    def __init__(self, document: WordDocument, styles: Styles) -> None:
        self._styles = styles
        self._numbers: dict[str | None, Element] = {}
        self._lists: dict[str | None, _List] = {}
        self._style_links: dict[str | None, str | None] = {}
        self._started = set[str | None]()
        if any(relation.reltype == RELATIONSHIP_TYPE.NUMBERING for relation in document.part.rels.values()):
            root = document.part.numbering_part.element
            self._numbers = {n.get(qn("w:numId")): n for n in root.iterchildren(qn("w:num"))}
            for abstract in root.iterchildren(qn("w:abstractNum")):
                key = abstract.get(qn("w:abstractNumId"))
                self._lists[key] = _List(_levels(abstract))
                self._style_links[key] = _text(abstract, "w:numStyleLink")

    def next_number(self, paragraph: Element) -> str:
        """Count a paragraph and return its number, such as "1.", "a)" or "-"; "" if it has none."""
        key, level, style = self._place(paragraph)
        if (number := self._numbers.get(key)) is None or (numbers := self._list(number)) is None:
            return ""
        if style is not None:
            levels = (n for n, lvl in numbers.levels.items() if _text(lvl, "w:pStyle") == style)
            level = next(levels, level)
        self._restart(key, number, numbers)
        numbers.count(level)
        return _display(numbers, level)

    def _place(self, paragraph: Element) -> tuple[str | None, int, str | None]:
        """Return the list and the level of a paragraph, and the style that they come from, if not from itself."""
        key: str | None = None
        level, source = None, None
        for style, properties in self._styles.paragraph_properties(paragraph, "w:numPr"):
            level = _number(properties, "w:ilvl") if level is None else level
            if (own := _text(properties, "w:numId")) is not None:
                key, source = own, style
                break
        return key, level or 0, source if level is None else None

    def _list(self, number: Element) -> _List | None:
        """Return the list of a number; of one that only refers to a style, that of the style."""
        key = _text(number, "w:abstractNumId")
        for style in self._styles.chain(self._style_links.get(key)):
            own = style.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
            if (linked := self._numbers.get(_text(own, "w:numId"))) is not None:
                return self._lists.get(_text(linked, "w:abstractNumId"))
        return self._lists.get(key)

    def _restart(self, key: str | None, number: Element, numbers: _List) -> None:
        """Begin anew where a number says so that is met for the first time."""
        if key in self._started:
            return
        self._started.add(key)
        for override in number.iterchildren(qn("w:lvlOverride")):
            level = int(override.get(qn("w:ilvl"), "0"))
            if (start := _number(override, "w:startOverride")) is not None:
                numbers.counts[level] = start - 1


def _levels(owner: Element) -> dict[int, Element]:
    return {int(lvl.get(qn("w:ilvl"), "0")): lvl for lvl in owner.iterchildren(qn("w:lvl"))}


def _display(numbers: _List, level: int) -> str:
    """Return the number of the paragraph that was counted last, as its level has it."""
    definition = numbers.levels.get(level)
    text, kind = _text(definition, "w:lvlText") or "", _text(definition, "w:numFmt") or "decimal"
    if kind == "bullet":
        return text if text in _BULLETS else DASH
    only_figures = definition is not None and definition.find(qn("w:isLgl")) is not None

    def part(match: re.Match[str]) -> str:
        other = int(match[1]) - 1
        count = numbers.counts.get(other, numbers.start(other))
        kind = _text(numbers.levels.get(other), "w:numFmt") or "decimal"
        return _FORMATS.get("decimal" if only_figures else kind, str)(count)

    return re.sub(r"%([1-9])", part, text).strip()


def _letters(count: int) -> str:
    repeats, letter = divmod(count - 1, 26)
    return chr(ord("a") + letter) * (repeats + 1) if 0 <= repeats < 10 else str(count)


def _roman(count: int) -> str:
    if not 0 < count < _MAX_ROMAN:
        return str(count)
    text = ""
    for value, letters in _ROMAN.items():
        repeats, count = divmod(count, value)
        text += letters * repeats
    return text


_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda count: _letters(count).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda count: _roman(count).upper(),
    "decimalZero": lambda count: f"{count:02}",
    "none": lambda count: "",
}


def _text(owner: Element | None, name: str) -> str | None:
    child = None if owner is None else owner.find(qn(name))
    return None if child is None else child.get(VAL)


def _number(owner: Element | None, name: str) -> int | None:
    """Return the value of a child that is a whole number; None if there is none."""
    text = _text(owner, name) or ""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None
