"""Walk through the paragraphs and tables of a Word document in the order of reading, and through their characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from bhyt_analysis.plans.document import Cell
from bhyt_analysis.plans.word_styles import PLAIN, VAL, Element, RunLook, Styles, is_on

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
P, R, T, TABLE, ROW, CELL = map(qn, ("w:p", "w:r", "w:t", "w:tbl", "w:tr", "w:tc"))
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_TEXT_BOX, _FALLBACK = qn("w:txbxContent"), _COMPATIBILITY + "Fallback"
# Of changes that are tracked; what one of the first two holds is not in the text when all are accepted.
DELETIONS = (qn("w:del"), qn("w:moveFrom"))
TRACKED = (*DELETIONS, *map(qn, ("w:ins", "w:moveTo", "w:cellIns", "w:cellDel", "w:cellMerge")))
# What holds paragraphs, rows, cells or runs among others of them.
_WRAPPERS = {
    *map(qn, ("w:hyperlink", "w:ins", "w:moveTo", "w:smartTag", "w:sdt", "w:sdtContent", "w:customXml")),
    *map(qn, ("w:fldSimple", "w:bdo", "w:dir")),
    _COMPATIBILITY + "AlternateContent",
    _COMPATIBILITY + "Choice",
}
_FORMULAS = (_MATH + "oMath", _MATH + "oMathPara")
_SIGNS = {qn("w:tab"): "\t", qn("w:ptab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_SIGNS[qn("w:softHyphen")] = "\u00ad"  # a letter in TCVN3
# Signs of the font Symbol that figures have before them.
_SYMBOLS = {"\uf0b3": "≥", "\uf0a3": "≤", "\uf0b1": "±", "\uf0b4": "×", "\uf0bb": "≈", "\uf0b9": "≠", "\uf0ae": "→"}
_SYMBOL_TABLE = str.maketrans(_SYMBOLS)
_NOTES = {
    RELATIONSHIP_TYPE.FOOTNOTES: (qn("w:footnote"), qn("w:footnoteReference")),
    RELATIONSHIP_TYPE.ENDNOTES: (qn("w:endnote"), qn("w:endnoteReference")),
}


class Piece(NamedTuple):
    """Some characters that people see: of a child of a run, or of a formula, which is its own run."""

    run: Element
    child: Element
    text: str
    look: RunLook


@dataclass(frozen=True)
class Source:
    """What a block is read from: a paragraph, or several between which the paragraph marks were deleted."""

    paragraphs: tuple[Element, ...]
    cell: Cell | None
    anchor: Element | None = None  # of a text box or a note: the run of the text that it belongs to

    def pieces(self, styles: Styles) -> list[Piece]:
        """Return the visible characters in order: those that tracked changes have deleted, and hidden ones, are not."""
        return [piece for paragraph in self.paragraphs for piece in _pieces(paragraph, styles)]


def sources(document: WordDocument) -> Iterator[Source]:
    """Yield the sources of all blocks of a document in the order of reading, also of those without text.

    A text box comes after its paragraph, a note after the paragraph or the table that refers to it. The order and the
    number depend on nothing but the file.
    """
    return _Walk(document).read_body(document.element.body)


def tracked_changes(document: WordDocument) -> bool:
    """Return whether text of a document was inserted, deleted or moved with tracked changes."""
    return next(document.element.body.iter(*TRACKED), None) is not None


class _Walk:
    def __init__(self, document: WordDocument) -> None:
        self.tables = 0
        self.notes: dict[tuple[str, str | None], Element] = {}
        for relation in document.part.rels.values():
            if relation.reltype in _NOTES and not relation.is_external:
                note, reference = _NOTES[relation.reltype]
                root = parse_xml(relation.target_part.blob)
                self.notes |= {(reference, n.get(qn("w:id"))): n for n in root.iterchildren(note)}

    def read_body(self, body: Element) -> Iterator[Source]:
        for group in _paragraph_groups(_children(body, (P, TABLE))):
            yield from self._read(group, None, None)
            for element in group:
                yield from self._read_notes(element)

    def _read(self, group: tuple[Element, ...], cell: Cell | None, anchor: Element | None) -> Iterator[Source]:
        """Yield the sources of a table, or of paragraphs that are one."""
        if group[0].tag == TABLE:
            yield from self._read_table(group[0], anchor)
            return
        yield Source(group, cell, anchor)
        for paragraph in group:
            for box in paragraph.iter(_TEXT_BOX):
                if not _is_within(box, paragraph, (_TEXT_BOX, _FALLBACK, *DELETIONS)):
                    yield from self._read_story(box, cell, anchor if anchor is not None else _run_of(box, paragraph))

    def _read_story(self, container: Element, cell: Cell | None, anchor: Element | None) -> Iterator[Source]:
        for group in _paragraph_groups(_children(container, (P, TABLE))):
            yield from self._read(group, cell, anchor)

    def _read_table(self, table: Element, anchor: Element | None) -> Iterator[Source]:
        number, self.tables = self.tables, self.tables + 1
        rows = (row for row in _children(table, (ROW,)) if not _is_row_out(row))
        for row_number, row in enumerate(rows):
            column = _number(row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}"), 0)
            for element in _children(row, (CELL,)):
                properties = element.find(qn("w:tcPr"))
                if properties is not None and properties.find(qn("w:cellDel")) is not None:
                    continue
                if not _goes_on(properties):
                    yield from self._read_story(element, Cell(number, row_number, column), anchor)
                span = None if properties is None else properties.find(qn("w:gridSpan"))
                column += max(_number(span, 1), 1)

    def _read_notes(self, element: Element) -> Iterator[Source]:
        """Yield the sources of the notes that a paragraph or a table refers to."""
        if not self.notes:
            return
        for reference in element.iter(*(tag for _, tag in _NOTES.values())):
            note = self.notes.get((reference.tag, reference.get(qn("w:id"))))
            if note is not None and not _is_within(reference, element, (_FALLBACK, *DELETIONS)):
                yield from self._read_story(note, None, _run_of(reference, element))


def _children(container: Element, tags: tuple[str, ...]) -> Iterator[Element]:
    """Yield the children of some kinds, also those in content controls and the like."""
    for child in container.iterchildren():
        if child.tag in tags:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, tags)


def _paragraph_groups(elements: Iterable[Element]) -> Iterator[tuple[Element, ...]]:
    """Yield tables alone, and paragraphs together with those that the deletion of a paragraph mark joins to them."""
    group: tuple[Element, ...] = ()
    for element in elements:
        if group and element.tag == TABLE:
            yield group
            group = ()
        group += (element,)
        if element.tag == TABLE or not _is_mark_deleted(element):
            yield group
            group = ()
    if group:
        yield group


def _is_mark_deleted(paragraph: Element) -> bool:
    mark = paragraph.find(f"{qn('w:pPr')}/{qn('w:rPr')}")
    return mark is not None and any(mark.find(tag) is not None for tag in DELETIONS)


def _is_row_out(row: Element) -> bool:
    """Return whether a row was deleted or is hidden."""
    properties = row.find(qn("w:trPr"))
    return properties is not None and (
        properties.find(qn("w:del")) is not None or is_on(properties, "w:hidden") is True
    )


def _goes_on(properties: Element | None) -> bool:
    """Return whether a cell goes on with the merged one above it or to its left."""
    merges = () if properties is None else properties.iterchildren(qn("w:vMerge"), qn("w:hMerge"))
    return any(merge.get(VAL, "continue") == "continue" for merge in merges)


def _is_within(element: Element, top: Element, tags: tuple[str, ...]) -> bool:
    """Return whether an element is in another one of some kinds, as far up as ``top``."""
    for ancestor in element.iterancestors():
        if ancestor is top:
            return False
        if ancestor.tag in tags:
            return True
    return False


def _run_of(element: Element, top: Element) -> Element | None:
    """Return the outermost run in which an element is."""
    runs = []
    for ancestor in element.iterancestors():
        if ancestor is top:
            break
        if ancestor.tag == R:
            runs.append(ancestor)
    return runs[-1] if runs else None


def _pieces(paragraph: Element, styles: Styles) -> Iterator[Piece]:
    """Yield the visible characters of one paragraph; of a field its result."""
    fields = list[bool]()  # of those that are open, whether the result has begun
    for run in _children(paragraph, (R, *_FORMULAS)):
        if run.tag != R:
            text = "".join(t.text or "" for t in run.iter(_MATH + "t"))
            yield Piece(run, run, text, PLAIN)
            continue
        look = styles.look(run, paragraph)
        for child in run.iterchildren():
            if child.tag == qn("w:fldChar"):
                _follow_field(fields, child.get(qn("w:fldCharType")))
            elif all(fields) and not look.is_hidden and (text := _child_text(child)):
                yield Piece(run, child, text, look)


def _follow_field(fields: list[bool], kind: str | None) -> None:
    if kind == "begin":
        fields.append(False)
    elif fields and kind == "separate":
        fields[-1] = True
    elif fields and kind == "end":
        fields.pop()


def _child_text(child: Element) -> str:
    """Return the characters of a child of a run; one character for all but texts."""
    if child.tag == T:
        return visible_text(child).translate(_SYMBOL_TABLE)
    if child.tag == qn("w:sym"):
        code = child.get(qn("w:char")) or ""
        sign = chr(int(code, 16) & 0xFFF | 0xF000) if re.fullmatch("[0-9A-Fa-f]{4}", code) else ""
        return _SYMBOLS.get(sign, sign or " ")
    return _SIGNS.get(child.tag, "")


def visible_text(element: Element) -> str:
    """Return the characters of a `w:t`: the blanks at its ends only where it says that they count."""
    text = element.text or ""
    return text if element.get(SPACE) == "preserve" else text.strip(" \t\r\n")


def _number(element: Element | None, default: int) -> int:
    text = "" if element is None else element.get(VAL) or ""
    return int(text) if re.fullmatch(r"\d{1,4}", text) else default
