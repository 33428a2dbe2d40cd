"""Find blanks inside numbers, days and numbers of documents, where they can't stand between two numbers."""

from __future__ import annotations

import re

_UNIT = r"(?:người|thẻ|hộ|khẩu|nhân khẩu|lượt|em|học sinh|sinh viên|lao động|đồng|triệu|tỷ|xã|thôn|doanh nghiệp)\b"
# A count or a share follows these, but never a number by which something is called, as in «nhóm 1 82.330 thẻ».
_BEFORE_COUNTS = r"(?i:dân số|tổng số|là|có|đạt|còn|được|giảm|tăng|gồm|cấp|bằng|chiếm|xuống|lên) +"
# Numbers after these are names, and so are those that number a paragraph: «Điều 1. 250 thẻ».
_NAME_BEFORE = re.compile(
    r"\b(?:điều|khoản|mục|phần|điểm|nhóm|biểu|bảng|phụ lục|(?<!dân )(?<!tổng )số|tháng|quý|ngày|năm|lớp|loại|đợt|"
    r"chương|kỳ|vùng) *$",
    re.IGNORECASE,
)
_FREE = r"(?<![\d.,/])(?<![\d.,/] )"  # nothing of another number before
_END = r"(?![.,/]?\d)"
_COUNT = r"\d{1,3}(?:\.\d{3})*"
_SIGNATURES = r"(?:KH|QĐ|NQ|CT|CTr|NĐ|TT|CV|BC|TB|HD)"

# In each the groups of blanks are left out.
_CERTAIN = [
    re.compile(rf"{_FREE}{_COUNT}( +)\.( *)\d{{3}}(?!,?\d)"),  # 182 .330, 1 . 234 . 567
    re.compile(rf"{_FREE}\d{{1,3}}( +),( *)\d{{1,2}}(?= ?%)"),  # 85 ,1%
    re.compile(rf"{_FREE}\d{{1,3}},( +)\d(?= ?%)"),  # 85, 1%
    re.compile(r"(?<=\d)( +)(?=%)"),  # 85,1 %
    re.compile(rf"(?<![\d/])\d{{1,2}}( *)/( *)\d{{1,2}}( *)/( *)(?:19|20)\d\d{_END}"),  # 04 / 6 / 2021
    re.compile(rf"(?i:tháng|quý) +\w{{1,3}}( *)/( *)(?:19|20)\d\d{_END}"),  # tháng 6 / 2021
    re.compile(rf"\d( *)/( *)(?={_SIGNATURES}\b)"),  # 861 / QĐ-TTg
    re.compile(rf"/{_SIGNATURES}( *)-( *)(?=[A-ZĐ]{{2}})"),  # QĐ - TTg
    re.compile(rf"{_BEFORE_COUNTS}\d{{1,2}}( )\d{{1,2}}\.\d{{3}}(?= +{_UNIT})"),  # dân số 1 82.330 người
    re.compile(rf"{_BEFORE_COUNTS}\d( )\d,\d{{1,2}}(?= ?%)"),  # còn 8 7,21%
    re.compile(rf"{_FREE}\d{{1,3}}\.(?:\d( )\d\d|\d\d( )\d)(?= +{_UNIT})"),  # 182.3 30 người
]
_UNLESS_NAMED = re.compile(rf"{_FREE}[1-9]\d{{0,2}}\.( +)\d{{3}}{_END}")  # 182. 330, but not: 1. 250 thẻ


def blanks_in_numbers(text: str) -> set[int]:
    """Return the places of the blanks that break a number; none between what may be two numbers.

    Examples
    --------
    >>> text = "Dân số 182. 330 người, đạt 85, 1 %; năm 2022 2023; ngày 04 / 6 / 2021"
    >>> "".join(c for i, c in enumerate(text) if i not in blanks_in_numbers(text))
    'Dân số 182.330 người, đạt 85,1%; năm 2022 2023; ngày 04/6/2021'
    """
    matches = [match for pattern in _CERTAIN for match in pattern.finditer(text)]
    matches += [match for match in _UNLESS_NAMED.finditer(text) if not _may_be_name(text, match)]
    spans = [match.span(group) for match in matches for group in range(1, match.re.groups + 1)]
    return {place for start, end in spans for place in range(start, end)}


def _may_be_name(text: str, match: re.Match[str]) -> bool:
    """Return whether the first part of a number may be the number of a paragraph, of an article, of a month."""
    before = text[: match.start()].rstrip()
    is_short = match[0].index(".") < 3
    return bool(_NAME_BEFORE.search(before)) or (is_short and not before[-1:].isalpha())
