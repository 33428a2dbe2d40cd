"""Read a Word document: paragraphs, tables, lists with their automatic numbers, text boxes and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from docx.document import Document as WordDocument

from bhyt_analysis.plans.clean_text import PositionedText, clean_text, document_font, to_unicode
from bhyt_analysis.plans.document import Block, PlanDocument
from bhyt_analysis.plans.numbering import paragraph_number
from bhyt_analysis.plans.structure import with_places
from bhyt_analysis.plans.word_file import open_word
from bhyt_analysis.plans.word_numbers import ListNumbers
from bhyt_analysis.plans.word_styles import Styles
from bhyt_analysis.plans.word_text import Piece, Source, sources, tracked_changes

CLOSING_STYLE = "bhyt"  # of the list that `write_commented_copy` adds, which is no text of the plan
_CONTENTS = "toc "  # begins the names of the styles of a table of contents
_OLD_FONTS = {".vn": "tcvn3", "vni": "vni"}  # by the beginnings of their names
_CAPITALS = "H"  # ends the names of fonts in TCVN3 that have capitals for small letters
_LONGEST_HEADING = 200


def read_word(path: Path) -> PlanDocument:
    """Return the document of a .docx file.

    Tracked changes are read as accepted; hidden text, comments and the table of contents are left out. A merged cell
    is read once, at its first row and column.

    Raises
    ------
    BhytError
        If the file can't be opened, see `open_word`.
    """
    document = open_word(path)
    blocks = with_places(block for block, _ in word_blocks(document))
    return PlanDocument(path, "docx", blocks, tracked_changes(document))


def word_blocks(document: WordDocument) -> Iterator[tuple[Block, Source]]:
    """Yield the blocks of a document, without their places, each with what it is read from."""
    styles = Styles(document)
    numbers = ListNumbers(document, styles)
    read = [(source, source.pieces(styles)) for source in sources(document)]
    sample = ("".join(p.text for p in pieces if not _old_font(p)) for _, pieces in read)
    font = document_font(text for text in sample if text)
    for source, pieces in read:
        paragraph = source.paragraphs[-1]  # the one whose mark is left
        number = numbers.next_number(paragraph)
        text = _clean(pieces, font)
        style = styles.style_name(paragraph)
        if not text.text or style.startswith(_CONTENTS) or style == CLOSING_STYLE:
            continue
        prefix = f"{number} " if number else ""
        positions = (-1,) * len(prefix) + text.positions if source.anchor is None else None
        full_text = prefix + text.text
        is_heading = source.cell is None and (styles.is_heading(paragraph) or _is_typed_heading(full_text, pieces))
        yield Block(full_text, is_heading=is_heading, cell=source.cell, positions=positions), source


def _old_font(piece: Piece) -> str:
    """Return the encoding of the font that characters are typed in; "" for Unicode."""
    return _OLD_FONTS.get(piece.look.font[:3].lower(), "")


def _has_capitals(piece: Piece) -> bool:
    """Return whether small letters are displayed as capitals, by the run or by its font."""
    return piece.look.has_capitals or (_old_font(piece) == "tcvn3" and piece.look.font.endswith(_CAPITALS))


def _to_capital(letter: str) -> str:
    capital = letter.upper()
    return capital if len(capital) == 1 else letter  # of ß it is two


def _clean(pieces: Sequence[Piece], font: str) -> PositionedText:
    """Return the clean text of a paragraph, with the positions in its visible characters.

    ``font``: the encoding of what is in no font of an old encoding.
    """
    text, positions, start = "", tuple[int, ...](), 0
    for (encoding, has_capitals), group in groupby(pieces, lambda p: (_old_font(p) or font, _has_capitals(p))):
        raw = "".join(piece.text for piece in group)
        unicode = to_unicode(raw, encoding)
        text += "".join(map(_to_capital, unicode.text)) if has_capitals else unicode.text
        positions += tuple(start + i for i in unicode.positions)
        start += len(raw)
    clean = clean_text(text)
    return PositionedText(clean.text, tuple(positions[i] for i in clean.positions))


def _is_typed_heading(text: str, pieces: Sequence[Piece]) -> bool:
    """Return whether a paragraph is a heading without the style of one: in bold throughout, with a number."""
    is_bold = all(piece.look.is_bold for piece in pieces if piece.text.strip())
    return is_bold and len(text) <= _LONGEST_HEADING and paragraph_number(text) is not None
