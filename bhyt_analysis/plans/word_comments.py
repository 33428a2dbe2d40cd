"""Write a copy of a Word document with comments at the characters that they are about, and a list at the end."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import accumulate
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.styles.style import ParagraphStyle

from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.text import printable
from bhyt_analysis.i18n.zip_times import settle_times
from bhyt_analysis.plans.document import Block, Comment, PlanDocument
from bhyt_analysis.plans.word_file import open_word
from bhyt_analysis.plans.word_reader import CLOSING_STYLE, word_blocks
from bhyt_analysis.plans.word_styles import Element, Styles
from bhyt_analysis.plans.word_text import SPACE, Piece, Source, T, visible_text

AUTHOR = "bhyt"
FONT = "Times New Roman"  # also in a document in an old font, which lacks the letters of Unicode
CLOSING_SIZE, COMMENT_SIZE, REFERENCE_SIZE = 13, 10, 8  # points
COMMENT_STYLE, REFERENCE_STYLE = "annotation text", "annotation reference"
RUN, RUN_PROPERTIES = qn("w:r"), qn("w:rPr")
MARKS = (qn("w:commentRangeStart"), qn("w:commentRangeEnd"), qn("w:commentReference"))


def write_commented_copy(
    document: PlanDocument,
    comments: Sequence[Comment],
    closing: Sequence[tuple[str, str]],
    out: Path,
    lang: str | None = None,
) -> None:
    """Write a copy of a document with comments, its text and its look unchanged.

    The document itself is never written to. If it is such a copy, its comments and its list are replaced; those of
    people stay. A copy that was written before is replaced, unless another program has saved it since.

    Comments on text boxes and notes, where Word has none, are at the text that these belong to.

    Parameters
    ----------
    document
        A document as `read_word` returns it.
    comments
        They may overlap.
    closing
        The list at the end, on a page of its own: a place and a sentence for each line. Without lines there is none.
    out
        The file of the copy, a .docx.

    Raises
    ------
    BhytError
        If ``out`` is the document, another file that is there, no .docx or in no folder; if the document was changed
        since it was read.
    """
    lang = check_lang(lang)
    _check_target(document.path, out)
    copy = open_word(document.path)
    _remove_earlier(copy)
    _add_comments(copy, document, comments)
    _add_closing(copy, closing, lang)
    _set_author(copy)
    part = out.with_name(f".{out.name}.part")
    try:
        with name_file(out, always=True):
            copy.save(str(part))
            settle_times(part)
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _check_target(source: Path, out: Path) -> None:
    if out.suffix.lower() != ".docx":
        raise BhytError(("error.commented_docx", {"file": out}))
    if not out.parent.is_dir():
        raise BhytError(("error.no_folder", {"file": out, "folder": out.parent}))
    if out.exists() and source.exists() and out.samefile(source):
        raise BhytError(("error.commented_original", {"file": out}))
    if (out.exists() or out.is_symlink()) and not _is_own_copy(out):
        raise BhytError(("error.file_exists", {"file": out}))


def _is_own_copy(file: Path) -> bool:
    """Return whether a file is a copy as it was written: office programs quote the first line in another way."""
    try:
        with ZipFile(file) as package:
            properties = package.read("docProps/core.xml")
            return properties.startswith(b"<?xml version='") and f"lastModifiedBy>{AUTHOR}<".encode() in properties
    except (BadZipFile, KeyError, OSError):
        return False


def _set_author(copy: WordDocument) -> None:
    """Set who has saved the copy, by which it is recognised; nothing else is added to its properties."""
    has_properties = any(r.reltype == RELATIONSHIP_TYPE.CORE_PROPERTIES for r in copy.part.package.rels.values())
    properties = copy.core_properties
    if not has_properties:
        properties.title, properties.modified = "", clock.now().replace(microsecond=0)
    properties.last_modified_by = AUTHOR


def _remove_earlier(copy: WordDocument) -> None:
    """Remove the comments that an earlier copy has got, by their author."""
    if not any(r.reltype == RELATIONSHIP_TYPE.COMMENTS for r in copy.part.rels.values()):
        return
    earlier = [comment for comment in copy.comments if comment.author == AUTHOR]
    numbers = {str(comment.comment_id) for comment in earlier}
    for mark in [m for m in copy.element.body.iter(*MARKS) if m.get(qn("w:id")) in numbers]:
        holder = mark.getparent()
        holder.remove(mark)
        if holder.tag == RUN and all(child.tag == RUN_PROPERTIES for child in holder):
            holder.getparent().remove(holder)
    for comment in earlier:
        comment._comment_elm.getparent().remove(comment._comment_elm)


def _add_comments(copy: WordDocument, document: PlanDocument, comments: Sequence[Comment]) -> None:
    blocks = list(word_blocks(copy))
    styles = Styles(copy)
    if comments:
        _add_styles(copy)
    for comment in comments:
        if comment.block >= len(blocks) or blocks[comment.block][0].text != document.blocks[comment.block].text:
            raise BhytError(("error.plan_changed", {"file": document.path.name}))
        block, source = blocks[comment.block]
        first, last = _anchor(source, source.pieces(styles), block, comment)
        _add_comment(copy, first, last, printable(comment.text))


def _anchor(source: Source, pieces: Sequence[Piece], block: Block, comment: Comment) -> tuple[Element, Element]:
    """Return the first and the last run of the characters that a comment is about; runs are split where needed."""
    if source.anchor is not None or block.positions is None:
        run = pieces[0].run if source.anchor is None else source.anchor
        return run, run
    start, end = character_range(block.positions, "".join(p.text for p in pieces), comment.start, comment.end)
    return _split_runs(pieces, start, end)


def character_range(positions: Sequence[int], raw: str, start: int, end: int) -> tuple[int, int]:
    """Return the characters of a paragraph from which some characters of its clean text come.

    Accents that follow the last letter belong to it. Where there are none, as for an automatic number, all
    characters are returned.

    Examples
    --------
    >>> character_range((0, 2, 3, 5), "t ỷ  l", 0, 2), character_range((-1, -1, 0, 1), "tỷ", 0, 1)
    ((0, 3), (0, 2))
    """
    own_positions = [position for position in positions[start:end] if position >= 0]
    if not own_positions:
        return 0, len(raw)
    last = own_positions[-1] + 1
    following = next((position for position in positions[end:] if position >= last), len(raw))
    while last < following and not raw[last].isspace():
        last += 1
    return own_positions[0], last


def _split_runs(pieces: Sequence[Piece], start: int, end: int) -> tuple[Element, Element]:
    """Split the runs at two places of their characters; return the first and the last run between them."""
    ends = list(accumulate(len(piece.text) for piece in pieces))
    i = next(number for number, piece_end in enumerate(ends) if piece_end > start)
    j = next(number for number, piece_end in enumerate(ends) if piece_end >= end)
    first, last = pieces[i], pieces[j]
    start_offset, end_offset = start - ends[i] + len(first.text), end - ends[j] + len(last.text)
    _split_off(first, start_offset)
    if first.child is last.child:
        end_offset -= start_offset
    if (head := _split_off(last, end_offset)) is None:
        return first.run, last.run
    return head if first.run is last.run else first.run, head


def _split_off(piece: Piece, offset: int) -> Element | None:
    """Move what a run holds before a place of a piece to a new run before it, of the same look, and return that.

    The run itself goes on from there. None if either would hold nothing, and for a formula, which stays in one.
    """
    run, child = piece.run, piece.child
    if child is run:
        return None
    text = visible_text(child) if child.tag == T else ""
    is_inside = 0 < offset < len(text)
    content = [element for element in run.iterchildren() if element.tag != RUN_PROPERTIES]
    earlier = content[: content.index(child) + (offset > 0 and not is_inside)]
    if len(earlier) == len(content) or not (earlier or is_inside):
        return None
    head = OxmlElement("w:r", attrs=dict(run.attrib))
    head.extend(deepcopy(element) for element in run.iterchildren(RUN_PROPERTIES))
    head.extend(earlier)
    if is_inside:
        head.append(OxmlElement("w:t"))
        _set_text(head[-1], text[:offset])
        _set_text(child, text[offset:])
    run.addprevious(head)
    return head


def _set_text(element: Element, text: str) -> None:
    element.text = text
    element.set(SPACE, "preserve")


def _add_comment(copy: WordDocument, first: Element, last: Element, text: str) -> None:
    """Add a comment from one run to another."""
    comment = copy.comments.add_comment(text, AUTHOR, AUTHOR)
    comment._comment_elm.date = clock.now().replace(microsecond=0)
    text_style, reference_style = copy.styles[COMMENT_STYLE], copy.styles[REFERENCE_STYLE]
    for paragraph in comment.paragraphs:
        paragraph.style = text_style
        for run in paragraph.runs:
            run.font.name = FONT
    comment.paragraphs[0].runs[0].style = reference_style
    number = {qn("w:id"): str(comment.comment_id)}
    reference = OxmlElement("w:r")
    reference.style = reference_style.style_id
    reference.append(OxmlElement("w:commentReference", attrs=number))
    first.addprevious(OxmlElement("w:commentRangeStart", attrs=number))
    last.addnext(reference)
    last.addnext(OxmlElement("w:commentRangeEnd", attrs=number))


def _add_styles(copy: WordDocument) -> None:
    """Add the styles of comments where they are missing: in the style of the text a comment would look like that."""
    if COMMENT_STYLE not in copy.styles:
        style = copy.styles.add_style(COMMENT_STYLE, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
        _set_plain(style, COMMENT_SIZE, 0)
    if REFERENCE_STYLE not in copy.styles:
        copy.styles.add_style(REFERENCE_STYLE, WD_STYLE_TYPE.CHARACTER, builtin=True).font.size = Pt(REFERENCE_SIZE)


def _set_plain(style: ParagraphStyle, size: float, space: float) -> None:
    """Set a style to plain letters that have all of Vietnamese, whatever the text of the document is in."""
    style.font.name, style.font.size = FONT, Pt(size)
    layout = style.paragraph_format
    layout.alignment, layout.first_line_indent = WD_ALIGN_PARAGRAPH.LEFT, Pt(0)
    layout.space_before, layout.space_after, layout.line_spacing = Pt(0), Pt(space), 1.0


def _add_closing(copy: WordDocument, closing: Sequence[tuple[str, str]], lang: str) -> None:
    """Add the list at the end, in place of an earlier one."""
    if CLOSING_STYLE not in copy.styles:
        _set_plain(copy.styles.add_style(CLOSING_STYLE, WD_STYLE_TYPE.PARAGRAPH), CLOSING_SIZE, 6)
    for paragraph in copy.paragraphs:
        if paragraph.style and paragraph.style.name == CLOSING_STYLE:
            paragraph._p.getparent().remove(paragraph._p)
    if not closing:
        return
    heading = copy.add_paragraph(style=CLOSING_STYLE)
    heading.paragraph_format.page_break_before = heading.paragraph_format.keep_with_next = True
    heading.add_run(translate("label.points_to_check", lang)).bold = True
    for number, (place, sentence) in enumerate(closing, 1):
        line = copy.add_paragraph(f"{number}. ", CLOSING_STYLE)
        line.add_run(_one_line(f"{place[:1].upper()}{place[1:]}: " if place else "")).bold = True
        line.add_run(_one_line(sentence))


def _one_line(text: str) -> str:
    return printable(text).replace("\n", " ")
