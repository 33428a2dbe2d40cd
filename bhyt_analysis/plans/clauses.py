"""Divide a sentence at its numbers: which words say what each number counts, those left of it or those right of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bhyt_analysis.plans.mentions import Instrument, Number, Time
from bhyt_analysis.plans.words import has_phrase, phrases

COUNTED = ("people", "cards")
_CLAUSE_END = re.compile(r"[;:(]|\.(?=\s|$)")
_UNIT_WORD = r"(?:thẻ|người|nhân khẩu|khẩu|đối tượng|trường hợp|lao động|em|%|phần trăm|lượt|hộ|đồng)"
_FIRST_LINK = re.compile(
    rf"\s*(?:nghìn|ngàn|vạn|triệu|tỷ)?\s*{_UNIT_WORD}?"
    r"(?:\s+(?:của|cho|thuộc|là|do|các|diện|nhóm|đối tượng|người|số|tổng|hộ|theo|bhyt|đang|đã|ở|trong|người dân|cấp"
    r"|được))*\s*"
)
_LINK = re.compile(
    r"(?:,|\s|(?:và|hoặc|cùng|các|diện|nhóm|đối tượng|người|thuộc|hưởng|của|cho|khác|còn lại|theo|hộ|thẻ|bhyt)(?!\w))*"
)
_SUBJECTS = ("group", "measure")
_RATES = ("group", "base", "rate")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a block and what was recognised in it; positions are those in the text of the block."""

    block: int
    start: int
    end: int
    text: str  # of the whole block
    small: str  # the same, plain, without the instruments that it cites
    locator: str
    times: list[Time]
    instruments: list[Instrument]

    @property
    def plain(self) -> str:
        """Return the sentence in small letters."""
        return self.small[self.start : self.end]


@dataclass(frozen=True)
class Clause:
    """The words about one number of a sentence."""

    sentence: Sentence
    numbers: tuple[Number, ...]  # those of the sentence
    index: int  # of this one
    before: str  # words of its clause left of it, from the number before on
    after: str  # right of it, up to the next number
    right: str  # of those the ones that say what it counts, from its unit on: «thẻ của học sinh»

    @property
    def number(self) -> Number:
        """Return the number."""
        return self.numbers[self.index]

    @property
    def left(self) -> str:
        """Return the words left of the number with its unit: «bhxh huyện cấp thẻ» of «BHXH huyện cấp 300 thẻ»."""
        return f"{self.before.rstrip()} {self.unit}"

    @property
    def unit(self) -> str:
        """Return the words of the unit of the number."""
        return self.sentence.small[_digits_end(self.number) : self.number.end].strip()

    @property
    def text(self) -> str:
        """Return all words of the clause, a blank where the number is."""
        return f"{self.left} {self.after.lstrip()}"


def clauses(sentence: Sentence, numbers: list[Number]) -> list[Clause]:
    """Return the clause of each number of a sentence."""
    spans = _claims(sentence, numbers)
    result = []
    for i, number in enumerate(numbers):
        left = sentence.small[spans[i - 1] if i else sentence.start : number.start]
        next_start = numbers[i + 1].start if i + 1 < len(numbers) else sentence.end
        after = clause_part(_to_bracket_end(sentence.small, (number.end, next_start), sentence.end))
        right = sentence.small[_digits_end(number) : spans[i]] if spans[i] > number.end else ""
        own = sentence.small[_digits_end(number) : number.end]
        if number.end == spans[i] and any(has_phrase(use, own) for use in (*_SUBJECTS, number.unit)):
            right = own  # «24.746 học sinh»
        result.append(Clause(sentence, tuple(numbers), i, clause_part(left, last=True), after, right))
    return result


def _digits_end(number: Number) -> int:
    return number.start + number.length


def _claims(sentence: Sentence, numbers: list[Number]) -> list[int]:
    """Return where the words end, right of each number, that say what it counts: at the number itself if none do."""
    ends: list[int] = []
    is_next_bound = True  # whether the number after is explained by words on its own right
    for i in range(len(numbers) - 1, -1, -1):
        number = numbers[i]
        limit = numbers[i + 1].start if i + 1 < len(numbers) else sentence.end
        text = sentence.small[_digits_end(number) : limit]
        end = max(_chain_end(text, number, is_next_bound), number.end - _digits_end(number))
        ends.insert(0, _digits_end(number) + end)
        is_next_bound = _digits_end(number) + end > number.end or bool(
            has_phrase("measure", own := text[: number.end - _digits_end(number)]) or has_phrase("group", own)
        )
    return ends


def _chain_end(text: str, number: Number, is_next_bound: bool) -> int:
    """Return where the phrases end that follow a number one after the other; the last may be of the next number."""
    if stop := _CLAUSE_END.search(text):
        text, is_next_bound = text[: stop.start()], True
    uses = _SUBJECTS if number.unit in COUNTED else _RATES if number.unit == "percent" else (number.unit,)
    spans = sorted({(p.start, -p.end) for use in uses for p in phrases(use, text)})
    ends = [0]
    for start, negative_end in spans:
        gap = text[ends[-1] : start]
        if start < ends[-1] or -negative_end <= ends[-1]:
            if start < ends[-1] < -negative_end and len(ends) > 1:
                ends[-1] = -negative_end
            continue
        if not (_FIRST_LINK if len(ends) == 1 else _LINK).fullmatch(gap):
            break
        ends.append(-negative_end)
    if not is_next_bound and len(ends) > 2 and not re.search(r"\w", re.sub(r"^[\s,]*(?:và)?", "", text[ends[-1] :])):
        ends.pop()
    rest = re.match(r",? (?:và |cùng )?(?:các )?(?:nhóm |diện |đối tượng |người )*(?:khác|còn lại)", text[ends[-1] :])
    return ends[-1] + (rest.end() if rest and len(ends) > 1 else 0)


def clause_part(text: str, last: bool = False) -> str:
    """Return the first, or the last, part of a text that semicolons divide."""
    flat = re.sub(r"\([^()]*\)?", lambda m: m[0].replace(";", ","), text)
    ends = [m.end() for m in re.finditer(r";|(?<=[^\W\d_])\. ", flat)]
    return text[ends[-1] :] if last and ends else text[: ends[0] - 1] if ends else text


def _to_bracket_end(text: str, span: tuple[int, int], end: int) -> str:
    """Return a part of a text, on to the end of a bracket that begins in it and ends after it."""
    part = text[span[0] : span[1]]
    if part.rfind("(") > part.rfind(")"):
        close = text.find(")", span[1], end)
        return text[span[0] : close + 1] if close >= 0 else part
    return part


def in_bracket(text: str, position: int) -> bool:
    """Tell whether a position of a text is in round brackets."""
    return text.rfind("(", 0, position) > text.rfind(")", 0, position)


def bracket(text: str) -> str:
    """Return what the bracket holds that says more of the first words of a text, "" without one."""
    match = re.search(r"\(([^()]*)\)?", text)
    return match[1] if match and match.start() <= 40 and "," not in text[: match.start()] else ""


def listed(text: str) -> str:
    """Return what a text lists of its first words: in brackets, or after «trong đó có», «như»."""
    match = re.search(r"(?:trong đó có|bao gồm(?: cả)?|gồm(?: có)?|(?<!cũng )như)\b:? ([^;.]*)", text)
    return bracket(text) or (match[1] if match else "")
