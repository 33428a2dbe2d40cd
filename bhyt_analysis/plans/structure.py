"""Recognise the headings of a document, and cite for each paragraph its place: «Phần I, mục I.2»."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bhyt_analysis.ingest.vietnamese_text import is_syllable
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.numbering import LEVELS, Level, Number, follows, paragraph_number

TITLE, OPENING, CLOSING, RECIPIENTS = "tiêu đề", "đoạn mở đầu", "đoạn cuối", "nơi nhận"
_ORDINALS = ("", "", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười")
_KIND = re.compile(
    r"(?:KẾ HOẠCH|CHỈ THỊ|NGHỊ QUYẾT|QUYẾT ĐỊNH|ĐỀ ÁN|CHƯƠNG TRÌNH|BÁO CÁO|THÔNG BÁO|TỜ TRÌNH|HƯỚNG DẪN|"
    r"PHƯƠNG ÁN|CÔNG VĂN)\b"
)
_LIST_ITEM = re.compile(r"[-–+*•▪◦] ?\S")
_SIGNATURE = re.compile(r"(?:TM|T/M|KT|TL|TUQ|Q)\. ?[A-ZĐ]|(?:PHÓ )?(?:CHỦ TỊCH|BÍ THƯ|GIÁM ĐỐC)$")
_RECIPIENTS = re.compile(r"nơi nhận *:?", re.IGNORECASE)
_LONGEST_HEADING, _SHORTEST_SENTENCE = 200, 60


def with_places(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return the blocks of a document with their places, and with those marked that are headings.

    A place is cited as people do: "Phần I, mục I.2", "mục 2.4", "mục I.2a"; in the text before the first heading
    "đoạn mở đầu", "đoạn thứ hai" ... A number that comes twice is cited with its title the second time. Blocks that
    are headings already stay headings.

    Examples
    --------
    >>> texts = ["KẾ HOẠCH", "II. MỤC TIÊU", "2. Mục tiêu cụ thể", "- Bao phủ 96,2% dân số."]
    >>> [block.place for block in with_places(map(Block, texts))]
    ['tiêu đề', 'mục II', 'mục II.2', 'mục II.2']
    """
    sequence = tuple(blocks)
    outline, body = _Outline(), _body_start(sequence)
    placed = [replace(block, place=TITLE) for block in sequence[:body]]
    for i in range(body, len(sequence)):
        before, after = placed[-1] if placed else None, sequence[i + 1] if i + 1 < len(sequence) else None
        placed.append(outline.placed(sequence[i], before, after))
    return tuple(placed)


def _body_start(blocks: Sequence[Block]) -> int:
    """Return the number of the first block after the title: of a sentence or a heading with a number."""
    texts = [(i, block.text) for i, block in enumerate(blocks) if block.cell is None]
    kind = next((i for i, text in texts if _KIND.match(text)), -1)
    for i, text in texts:
        is_sentence = len(text) >= _SHORTEST_SENTENCE and re.search(r"(?<![.…])[.:;]$", text)
        if i > kind and (is_sentence or paragraph_number(text)):
            return i
    return kind + 1


class _Outline:
    """The numbers that the current paragraph is under, and how many paragraphs came before the first one."""

    def __init__(self) -> None:
        self.numbers: dict[Level, Number] = {}
        self.cited: dict[str, str] = {}  # the text of the heading of each place
        self.note = ""  # the title of a place that has been cited before
        self.inner: str | None = None  # the last number of a list inside of a paragraph
        self.paragraphs = 0
        self.end = ""

    def placed(self, block: Block, before: Block | None, after: Block | None) -> Block:
        """Return a block with its place, and as a heading if it is one."""
        if block.cell is not None:
            return replace(block, place=self.place())
        number = self._number(block.text)
        if self.end and not (number and number.level == "part"):
            return self._at_end(block)
        if number is not None:
            self._enter(number, block.text)
            return replace(block, place=self.place(), is_heading=block.is_heading or _is_heading(number, block, after))
        if _is_title_line(block) and (self.numbers or not _SIGNATURE.match(block.text)):
            if not (before and _is_title_start(before)):
                self._enter(Number("title", "", _sentence_case(block.text), ""), block.text)
            return replace(block, place=self.place(), is_heading=True)
        if _SIGNATURE.match(block.text) or _RECIPIENTS.match(block.text):
            return self._at_end(block)
        return self._in_text(block)

    def _in_text(self, block: Block) -> Block:
        if not self.numbers and not _LIST_ITEM.match(block.text):
            self.paragraphs += 1
        if block.text.endswith("./."):
            self.end = CLOSING
            if self.numbers and not _LIST_ITEM.match(block.text):
                return replace(block, place=CLOSING)
        return replace(block, place=self.place())

    def _at_end(self, block: Block) -> Block:
        self.end = RECIPIENTS
        return replace(block, place=RECIPIENTS, is_heading=False)

    def _number(self, text: str) -> Number | None:
        """Return the number of a paragraph if it is one of the document's own, and not of a list in a paragraph."""
        number = paragraph_number(text)
        if number is not None and number.word == "Biểu" and self.numbers and not self.end:
            return None  # the caption of a table inside of the text
        if number is None or number.level not in ("decimal", "letter", "capital"):
            return number
        current = self.numbers.get(number.level)
        previous = current.label if current else None
        if number.level == "decimal":
            return None if self._is_inner(number.label, previous) else number
        return number if follows(number.label, previous, number.level) else None

    def _is_inner(self, label: str, previous: str | None) -> bool:
        """Return whether a number is of a list inside of a paragraph: one that starts again at 1 below a number."""
        starts_again = label == "1" and previous is not None and "article" not in self.numbers
        if starts_again or (self.inner is not None and follows(label, self.inner, "decimal")):
            self.inner = label
            return True
        return False

    def _enter(self, number: Number, text: str) -> None:
        for level in LEVELS[LEVELS.index(number.level) :]:
            self.numbers.pop(level, None)
        self.inner, self.end = None, ""
        self.numbers[number.level] = number
        if number.level in ("part", "chapter", "section", "article", "capital", "roman", "title"):
            place = _cite(self.numbers)
            is_repeated = self.cited.setdefault(place, text) != text
            self.note = f" ({_sentence_case(number.rest)})" if is_repeated and number.rest else ""

    def place(self) -> str:
        """Return the current place."""
        if self.numbers:
            return _cite(self.numbers) + self.note
        if self.paragraphs == 0:
            return TITLE
        ordinal = _ORDINALS[self.paragraphs] if self.paragraphs < len(_ORDINALS) else str(self.paragraphs)
        return OPENING if self.paragraphs == 1 else f"đoạn thứ {ordinal}"


def _cite(numbers: dict[Level, Number]) -> str:
    """Return how a paragraph under some numbers is cited."""
    cited = [f"{n.word} {n.label}".strip() for level in ("part", "article") if (n := numbers.get(level))]
    if "article" in numbers:
        decimal, letter = numbers.get("decimal"), numbers.get("letter")
        cited += [f"khoản {decimal.label}"] if decimal else []
        return ", ".join(cited + ([f"điểm {letter.label}"] if letter else []))
    cited[1:1] = [f"{n.word} {n.label}" for level in ("chapter", "section") if (n := numbers.get(level))]
    if title := numbers.get("title"):
        cited.append(f"«{title.label}»")
    labels = [n.label for level in ("capital", "roman", "decimal") if (n := numbers.get(level))]
    letter = numbers.get("letter")
    if labels and letter and "decimal" in numbers:
        labels[-1] += letter.label
    cited += [f"mục {'.'.join(labels)}"] if labels else []
    return ", ".join(cited + ([f"điểm {letter.label}"] if letter and "decimal" not in numbers else []))


def _is_heading(number: Number, block: Block, after: Block | None) -> bool:
    """Return whether a paragraph with a number is a heading, and not text itself."""
    text = block.text
    if number.level not in ("decimal", "letter"):
        return len(text) <= 2 * _LONGEST_HEADING
    if re.search(r";$|[.:] +\S", number.rest):
        return False
    if not text.endswith("."):
        return len(text) <= (2 if text.endswith(":") else 1) * _LONGEST_HEADING
    following = paragraph_number(after.text) if after else None
    if after is None or len(text) > (_LONGEST_HEADING if following or _LIST_ITEM.match(after.text) else 40):
        return False
    return following is None or LEVELS.index(following.level) > LEVELS.index(number.level)


def _is_title_line(block: Block) -> bool:
    """Return whether a line is in capitals, as headings are."""
    text = block.text
    return text.isupper() and len(text.split()) > 1 and len(text) <= _LONGEST_HEADING and not _LIST_ITEM.match(text)


def _is_title_start(block: Block) -> bool:
    """Return whether a line in capitals after a heading goes on with it."""
    number = paragraph_number(block.text)
    return block.is_heading and (block.text.isupper() or bool(number and number.word))


def _sentence_case(title: str) -> str:
    """Return a title in capitals as a sentence has it; abbreviations stay."""
    title = title.rstrip(".:; ")
    if not title.isupper():
        return title
    words = [word.lower() if is_syllable(word.strip(",;:()")) else word for word in title.split()]
    sentence = " ".join(words)
    return sentence[:1].upper() + sentence[1:]
