"""Join the lines of a page or of a copied text to paragraphs: lines end where the page does, paragraphs where meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bhyt_analysis.plans.clean_text import PositionedText, clean_text
from bhyt_analysis.plans.document import Block, Cell
from bhyt_analysis.plans.numbering import paragraph_number


@dataclass(frozen=True)
class Line:
    """A line of a document and what is known of its place on the page."""

    raw: PositionedText
    text: str  # clean
    has_gap: bool = False  # before it
    is_full: bool = False  # it reaches the right margin, so the next line may go on with its sentence
    is_indented: bool = False  # as the first line of a paragraph is
    is_centred: bool = False
    is_heading: bool = False  # marked as one: a paragraph by itself
    page: int | None = None


_LIST_SIGN = re.compile(r"[-–+•▪◦*] ?(?=\S)")
_FINISHED = re.compile(r"[.;:!?…][)”\"]?$")
_PAGE_NUMBER = re.compile(r"[-–]? ?\d{1,3} ?[-–]?|(?:trang|page) \d{1,3}(?: ?/ ?\d{1,3})?", re.IGNORECASE)
# No paragraph ends with these.
_GOES_ON = re.compile(
    r"(?:[,–-]|\b(?:và|của|các|những|với|cho|về|theo|tại|trong|từ|đến|là|do|để|bằng|hoặc|số|ngày|giữa|trên|thuộc|gồm|"
    r"như|khi|được|một|có|vào|sự|việc|bộ|sở|năm|tháng|quý))$",
    re.IGNORECASE,
)
# Words with a hyphen between blanks, which may be at the end of a line.
_HYPHENATED = re.compile(
    r"(?:kinh tế|chính trị|lao động|giáo dục|khoa học|văn hóa|dân số|phát thanh|\d{4})\n[-–] ?"
    r"(?:xã hội|thương binh|đào tạo|kỹ thuật|công nghệ|thể thao|kế hoạch|truyền hình|\d{4})",
    re.IGNORECASE,
)


def join_lines(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield the lines of each paragraph: one sentence that goes on after a blank line or a page is in one."""
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _begins_paragraph(line, paragraph):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def is_page_number(text: str) -> bool:
    """Return whether a line may be nothing but the number of its page.

    Examples
    --------
    >>> is_page_number("- 12 -"), is_page_number("Trang 3/10"), is_page_number("14 xã"), is_page_number("2021")
    (True, True, False, False)
    """
    return _PAGE_NUMBER.fullmatch(text) is not None


def paragraph_block(parts: list[PositionedText], font: str, cell: Cell | None = None) -> Block:
    """Return the block of the lines of a paragraph; the break between two is a blank."""
    text = "\n".join(part.text for part in parts)
    places = [(*part.positions, part.positions[-1] + 1) for part in parts]
    positions = [place for line in places for place in line][: len(text)]
    clean = clean_text(text, font)
    first = positions[0] if positions else 0
    return Block(clean.text, cell=cell, positions=tuple(positions[p] - first for p in clean.positions))


def _begins_paragraph(line: Line, paragraph: list[Line]) -> bool:
    """Return whether a line is the first one of another paragraph than the lines before it."""
    last = paragraph[-1]
    if line.is_heading or last.is_heading:
        return True
    if _hyphenates(last.text, line.text):
        return False
    is_finished = _FINISHED.search(last.text) is not None
    is_lower = line.text[:1].islower()
    if _LIST_SIGN.match(line.text):
        after_sign = _LIST_SIGN.sub("", line.text, count=1)[:1]
        return line.has_gap or is_finished or after_sign.isupper() or not last.is_full
    is_caps = _is_in_capitals(line.text)
    start_caps = paragraph[0].text.isupper() and _is_in_capitals(" ".join(each.text for each in paragraph))
    if start_caps and is_caps:
        return line.has_gap or paragraph_number(line.text) is not None
    if start_caps or (is_caps and (line.has_gap or is_finished)):
        return True
    number = paragraph_number(line.text)
    if number is not None:
        return bool(number.word) or is_caps or line.has_gap or line.is_indented or is_finished or not last.is_full
    goes_on = _GOES_ON.search(last.text) is not None and not (is_finished and last.text.endswith("."))
    if line.has_gap:
        is_open = not is_finished or (is_lower and last.text[-1] in ";,")
        is_upper = line.text.lstrip("(“")[:1].isupper()
        return not (is_open and (is_lower or goes_on or (last.is_full and not is_upper)))
    if line.is_indented and not is_lower and (is_finished or not last.is_full or _is_numbered_title(paragraph)):
        return True
    if line.is_centred != last.is_centred and not (is_lower or last.is_full):
        return True
    return not (last.is_full or (is_lower and not is_finished) or (goes_on and not is_finished))


def _is_numbered_title(paragraph: list[Line]) -> bool:
    """Return whether a paragraph so far is one indented line with a number, which may be a heading."""
    return len(paragraph) == 1 and paragraph[0].is_indented and paragraph_number(paragraph[0].text) is not None


def _hyphenates(before: str, after: str) -> bool:
    """Return whether the hyphen that a line begins with is inside of a word: «kinh tế - xã hội»."""
    words = before.split()[-2:]
    return any(_HYPHENATED.match(f"{' '.join(words[-n:])}\n{after}") for n in (1, 2) if words)


def _is_in_capitals(text: str) -> bool:
    """Return whether a line is in capitals as titles are, not an abbreviation that a line happens to consist of."""
    return text.isupper() and sum(c.isalpha() for c in text) >= 5 and not text.endswith(",")
