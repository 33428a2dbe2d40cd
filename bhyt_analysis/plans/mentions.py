"""Find in a text its numbers with their units, its days, and the instruments that it cites."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import NamedTuple

_NUMBER = r"(?<![\w/.,-])(\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d{1,2})?)(?![\d/]|[.,]\d)"
_SCALES = {"nghìn": 3, "ngàn": 3, "vạn": 4, "triệu": 6, "tỷ": 9}
# The words after a number that say what it is counted in, the longer ones before the shorter.
_UNITS = {
    r"điểm (?:phần trăm|%)": "points",
    r"%": "percent",
    r"phần trăm": "percent",
    r"thẻ": "cards",
    r"lượt": "visits",
    r"hộ(?! trợ)": "households",
    r"(?:người dân|người|nhân khẩu|khẩu|đối tượng|trường hợp|lao động|thân nhân|trẻ em|em\b)": "people",
    r"(?:học sinh|sinh viên)": "people",
    r"(?:xã|phường|thị trấn)": "communes",
    r"(?:thôn|bản|tổ dân phố|khu phố|xóm|buôn|ấp)": "villages",
    r"(?:đồng|đ)": "vnd",
}
_MENTION = re.compile(
    rf"{_NUMBER}(?: ?({'|'.join(_SCALES)})(?!\w))? ?(?:(?P<unit>{'|'.join(_UNITS)})(?!\w))", re.IGNORECASE
)
# A count out of a base: «1.262.400 người/1.328.500 dân», «215/230 học sinh»; not «5/9», «năm học 2024/2025».
_COUNT = r"(\d{1,3}(?:\.\d{3})+|\d+)"
_OUT_OF = re.compile(
    rf"(?<![\w/.,-]){_COUNT}(?: ?(người|thẻ)(?: (?:tham gia|có thẻ)(?: bhyt)?)?)? ?/ ?{_COUNT} ?"
    r"(?P<base>người dân|dân(?: số)?|nhân khẩu|khẩu|học sinh|sinh viên|hssv|em|người(?=[^.;]{0,80}dân số))(?!\w)",
    re.IGNORECASE,
)
_LAST_DAY = 31  # a smaller base may be the month of a day
# A cell of a table: a number with words that compare.
_CELL = re.compile(
    r"\s*(?:(?:từ|trên|ít nhất|tối thiểu|đạt|khoảng|dưới|hơn|vượt|[-−–+]|≥|>|<|≤)\s*)*(\d.*?)(?:\s*trở lên)?\s*",
    re.IGNORECASE,
)
_INSTRUMENT_KINDS = (
    "Quyết định|Nghị quyết|Nghị định|Thông tư|Kế hoạch|Chỉ thị|Công văn|Chương trình hành động|Chương trình|Luật|"
    "Đề án|Kết luận|Thông báo|Quy định|Hướng dẫn|Tờ trình|Báo cáo"
)
_INSTRUMENT = re.compile(
    rf"(?P<kind>{_INSTRUMENT_KINDS})(?:\s+số)?\s*:?\s*"
    r"(?P<number>\d+[a-z]?(?:/\d{4})?\s?[/-]\s?[A-ZĐ][\w-]*(?:/[A-ZĐ][\w-]*)*)"
    r"(?:,?\s+(?:ngày\s+)?(?P<day>\d{1,2})\s?(?:[/.-]|tháng)\s?(?P<month>\d{1,2})\s?(?:[/.-]|năm)\s?(?P<year>\d{4}))?",
    re.IGNORECASE,
)
_ISSUED_BEFORE = re.compile(
    r"ngày\s+(?P<day>\d{1,2})\s?[/.-]\s?(?P<month>\d{1,2})\s?[/.-]\s?(?P<year>\d{4}),[^.;:]{0,50}ban hành\s+$",
    re.IGNORECASE,
)
_DAY = r"(?P<day>\d{1,2})(?:\s?[/.-]\s?|\s+tháng\s+)(?P<month>\d{1,2})(?:\s?[/.-]\s?|\s+năm\s+)(?P<year>(?:19|20)\d\d)"
_TIMES = re.compile(
    rf"(?<![\d/]){_DAY}(?!\d)"
    r"|tháng\s+(?P<month2>\d{1,2})(?:\s?[/.-]\s?|\s+năm\s+)(?P<year2>(?:19|20)\d\d)(?!\d)"
    r"|(?P<half>6|06|sáu|9|09|chín|3|03|ba) tháng đầu năm (?P<year4>(?:19|20)\d\d)"
    r"|quý\s+(?P<quarter>iv|i{1,3}|[1-4])(?:\s?/\s?|,?\s+năm\s+)(?P<year3>(?:19|20)\d\d)"
    r"|(?<!giai đoạn )năm\s+(?:học\s+)?(?P<year5>(?:19|20)\d\d)(?!\s?[-–]\s?\d)(?!\d)"
)
_PERIOD = re.compile(
    r"(?:giai đoạn|từ năm|năm)\s+(?P<first>(?:19|20)\d\d)\s?(?:[-–]|đến(?: năm)?)\s?(?P<last>(?:19|20)\d\d)"
)
_FROM = re.compile(r"(?:kể |bắt đầu )?từ (?:ngày |đầu )?$|kể từ(?: ngày)? $")
_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_MONTHS = {"6": 6, "06": 6, "sáu": 6, "9": 9, "09": 9, "chín": 9, "3": 3, "03": 3, "ba": 3}


class Number(NamedTuple):
    """A number with its unit: where, its value, the decimals that are printed."""

    start: int
    end: int
    value: float
    decimals: int
    unit: str  # "" where a cell of a table has none
    length: int  # of its digits, from `start`
    base: Number | None = None  # the count after a stroke, of which it is a part


class Time(NamedTuple):
    """A day, or a month, quarter or year by its last day (by its first after «từ»); None for a day there is not."""

    start: int
    end: int
    day: dt.date | None
    is_year: bool
    is_from: bool


@dataclass(frozen=True)
class Instrument:
    """A document that is cited: its kind and number, its day as printed, None where no calendar has it."""

    start: int
    end: int
    kind: str
    number: str
    day: dt.date | None
    has_day: bool


def numbers(text: str) -> list[Number]:
    """Return the numbers of a text that have a unit.

    Examples
    --------
    >>> [(n.value, n.decimals, n.unit) for n in numbers("8.541 thẻ, chiếm 5,5%; 14 xã; 46,5 tỷ đồng; điểm 3.3")]
    [(8541.0, 0, 'cards'), (5.5, 1, 'percent'), (14.0, 0, 'communes'), (46500000000.0, 0, 'vnd')]
    >>> [(n.value, n.unit, n.base.value) for n in numbers("215/230 học sinh")]
    [(215.0, 'people', 230.0)]
    """
    parts = [_number_with_base(match) for match in _OUT_OF.finditer(text)]
    parts = [n for n in parts if n.base and n.base.value > max(_LAST_DAY, n.value) and n.base.value != n.value + 1]
    others = [_number(match) for match in _MENTION.finditer(text)]
    return sorted([*parts, *(n for n in others if all(n.start != part.start for part in parts))])


def bare_number(text: str) -> Number | None:
    """Return the number that a cell of a table consists of, with or without a unit; None for any other text.

    Examples
    --------
    >>> bare_number("90,6%").unit, bare_number("8.541").value, bare_number("Năm 2022")
    ('percent', 8541.0, None)
    """
    inner = _CELL.fullmatch(text)
    if inner is None:
        return None
    match = _MENTION.fullmatch(inner[1]) or re.fullmatch(rf"{_NUMBER}()(?P<unit>)", inner[1])
    shift = inner.start(1)
    return _number(match)._replace(start=match.start(1) + shift, end=match.end() + shift) if match else None


def _number(match: re.Match[str]) -> Number:
    digits, scale = match[1], match[2]
    integer, _, fraction = digits.rpartition(",") if "," in digits else (digits, "", "")
    if not fraction and re.fullmatch(r"\d+\.\d{1,2}", digits):  # a decimal point, as programs print it
        integer, _, fraction = digits.partition(".")
    power = _SCALES[scale.lower()] if scale else 0
    value = round(float(f"{integer.replace('.', '')}.{fraction or 0}") * 10**power, 6)
    unit = match["unit"].lower()
    key = next((u for p, u in _UNITS.items() if re.fullmatch(p, unit)), "")
    return Number(match.start(1), match.end(), value, max(len(fraction) - power, 0), key, len(digits))


def _number_with_base(match: re.Match[str]) -> Number:
    """Return a count with the count after the stroke as its base."""
    part, total = (float(match[i].replace(".", "")) for i in (1, 3))
    base = Number(match.start(3), match.end(), total, 0, "people", len(match[3]))
    unit, end = "cards" if (match[2] or "").lower() == "thẻ" else "people", max(match.end(1), match.end(2))
    return Number(match.start(), end, part, 0, unit, len(match[1]), base)


def times(text: str) -> list[Time]:
    """Return the days, months, quarters and years of a plain text; those of instruments are left out by `without`.

    Examples
    --------
    >>> [str(t.day) for t in times("tính đến tháng 6/2021; từ ngày 01/7/2021; đến hết năm 2025; từ tháng 7/2021")]
    ['2021-06-30', '2021-07-01', '2025-12-31', '2021-07-01']
    """
    return [_time(match, text) for match in _TIMES.finditer(text)]


def _time(match: re.Match[str], text: str) -> Time:
    is_from = _FROM.search(text[: match.start()]) is not None
    parts = match.groupdict()
    year = int(next(parts[k] for k in ("year", "year2", "year3", "year4", "year5") if parts[k]))
    if parts["day"]:
        return Time(match.start(), match.end(), _date(year, int(parts["month"]), int(parts["day"])), False, is_from)
    months = (1, 12)
    if parts["month2"]:
        months = (int(parts["month2"]), int(parts["month2"]))
    elif parts["half"]:
        months = (1, _MONTHS[parts["half"]])
    elif parts["quarter"]:
        quarter = _QUARTERS.get(parts["quarter"]) or int(parts["quarter"])
        months = (3 * quarter - 2, 3 * quarter)
    is_year = parts["year5"] is not None
    month = months[0] if is_from and not is_year else months[1]
    last = calendar.monthrange(year, month)[1] if 1 <= month <= 12 else 0
    return Time(
        match.start(), match.end(), _date(year, month, 1 if is_from and not is_year else last), is_year, is_from
    )


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def period(text: str) -> tuple[int, int] | None:
    """Return the first and last year of the first period that a plain text names.

    Examples
    --------
    >>> period("bao phủ bhyt giai đoạn 2022 - 2025 trên địa bàn")
    (2022, 2025)
    """
    match = _PERIOD.search(text)
    return (int(match["first"]), int(match["last"])) if match else None


def instruments(text: str) -> list[Instrument]:
    """Return the instruments that a text cites by number.

    Examples
    --------
    >>> [(i.kind, i.number, str(i.day)) for i in instruments("Quyết định số 861/QĐ-TTg ngày 04/6/2021 của Thủ tướng")]
    [('Quyết định', '861/QĐ-TTg', '2021-06-04')]
    """
    return [_instrument(match) for match in _INSTRUMENT.finditer(text)]


def _instrument(match: re.Match[str]) -> Instrument:
    """Return an instrument; its day may stand before it: «Ngày 04/6/2021, Thủ tướng đã ban hành Quyết định số ...»."""
    number = re.sub(r"\s", "", match["number"]).rstrip("-/.")
    own = match if match["day"] else _ISSUED_BEFORE.search(match.string[: match.start()])
    day = _date(*(int(own[part]) for part in ("year", "month", "day"))) if own else None
    start = match.start() if own is match or own is None else own.start()
    return Instrument(start, match.end(), match["kind"].capitalize(), number, day, own is not None)


def blank_spans(text: str, spans: list[tuple[int, int]]) -> str:
    """Return a text with some parts of it as blanks of the same length."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where the sentences of a text begin and end; a point inside a number or before a small letter ends none.

    Examples
    --------
    >>> [("Đạt 70%. Trong đó 14 xã; còn lại."[a:b]) for a, b in sentences("Đạt 70%. Trong đó 14 xã; còn lại.")]
    ['Đạt 70%. ', 'Trong đó 14 xã; còn lại.']
    """
    ends = [m.end() for m in re.finditer(r"[.!?…]\s+(?=[^\W\d_a-zà-ỹ])", text) if text[m.end()].isupper()]
    starts = [0, *ends]
    return list(zip(starts, [*ends, len(text)], strict=True))
