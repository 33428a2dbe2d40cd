"""Look up what the styles of a Word document say of its paragraphs and runs: font, bold, hidden, level of heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

Element = BaseOxmlElement
VAL = qn("w:val")
_OFF = ("0", "false", "off")
_HEADING = re.compile(r"heading \d", re.IGNORECASE)
_BODY_LEVEL = 9  # of an outline: no heading


class RunLook(NamedTuple):
    """How the characters of a run look, as far as reading them depends on it."""

    font: str
    is_bold: bool
    is_hidden: bool
    has_capitals: bool  # for all letters, whatever is typed


PLAIN = RunLook("", False, False, False)


class Styles:
    """The styles of a document by their ids."""

    def __init__(self, document: WordDocument) -> None:
        root = document.styles.element
        self._styles: dict[str | None, Element] = {s.get(qn("w:styleId")): s for s in root.iterchildren(qn("w:style"))}
        self._default = next((key for key, style in self._styles.items() if _is_default(style)), None)
        self._document_default = root.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
        self._looks: dict[tuple[str | None, str | None], RunLook] = {}

    def chain(self, key: str | None) -> Iterator[Element]:
        """Yield a style and those that it is based on."""
        passed = set[str | None]()
        while (style := self._styles.get(key)) is not None and key not in passed:
            yield style
            passed.add(key)
            key = _value(style, "w:basedOn")

    def paragraph_style(self, paragraph: Element) -> str | None:
        """Return the id of the style of a paragraph."""
        return _value(paragraph.find(qn("w:pPr")), "w:pStyle") or self._default

    def style_name(self, paragraph: Element) -> str:
        """Return the name of the style of a paragraph, in small letters."""
        style = self._styles.get(self.paragraph_style(paragraph))
        return (_value(style, "w:name") or "").lower()

    def paragraph_property(self, paragraph: Element, name: str) -> Element | None:
        """Return a property of a paragraph, of its own or of its style."""
        return next((p for _, p in self.paragraph_properties(paragraph, name)), None)

    def paragraph_properties(self, paragraph: Element, name: str) -> Iterator[tuple[str | None, Element]]:
        """Yield a property of a paragraph and of its styles, with the id of the style that has it; None for its own."""
        styles = [(s.get(qn("w:styleId")), s) for s in self.chain(self.paragraph_style(paragraph))]
        for key, owner in [(None, paragraph), *styles]:
            properties = owner.find(qn("w:pPr"))
            element = None if properties is None else properties.find(qn(name))
            if element is not None:
                yield key, element

    def is_heading(self, paragraph: Element) -> bool:
        """Return whether a paragraph is a heading by its style or its outline level."""
        level = self.paragraph_property(paragraph, "w:outlineLvl")
        if level is not None:
            return (level.get(VAL) or "").isdigit() and int(level.get(VAL)) < _BODY_LEVEL
        names = (_value(style, "w:name") or "" for style in self.chain(self.paragraph_style(paragraph)))
        return any(_HEADING.match(name) for name in names)

    def look(self, run: Element, paragraph: Element) -> RunLook:
        """Return how the characters of a run look."""
        own = run.find(qn("w:rPr"))
        keys = (_value(own, "w:rStyle"), self.paragraph_style(paragraph))
        if keys not in self._looks:
            self._looks[keys] = _look([*self._run_properties(keys[0]), *self._run_properties(keys[1]), *self._defaults])
        return self._looks[keys] if own is None else _look([own], self._looks[keys])

    def _run_properties(self, key: str | None) -> list[Element]:
        return [p for style in self.chain(key) if (p := style.find(qn("w:rPr"))) is not None]

    @cached_property
    def _defaults(self) -> list[Element]:
        return [] if self._document_default is None else [self._document_default]


def is_on(properties: Element | None, name: str) -> bool | None:
    """Return whether a property such as bold is set; None if it is not there."""
    element = None if properties is None else properties.find(qn(name))
    return None if element is None else element.get(VAL) not in _OFF


def _look(properties: list[Element], base: RunLook = PLAIN) -> RunLook:
    """Return the look that properties give, the first of them before the others, all before ``base``."""
    fonts = (f.get(qn("w:ascii")) or f.get(qn("w:hAnsi")) for p in properties for f in p.iterchildren(qn("w:rFonts")))
    font = next((f for f in fonts if f), base.font)

    def flag(name: str, default: bool) -> bool:
        return next((value for p in properties if (value := is_on(p, name)) is not None), default)

    bold, hidden = flag("w:b", base.is_bold), flag("w:vanish", base.is_hidden)
    return RunLook(font, bold, hidden, flag("w:caps", base.has_capitals))


def _is_default(style: Element) -> bool:
    """Return whether a style is that of paragraphs without one."""
    return style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) not in (None, *_OFF)


def _value(owner: Element | None, name: str) -> str | None:
    """Return the value of a child of an element."""
    child = None if owner is None else owner.find(qn(name))
    return None if child is None else child.get(VAL)
