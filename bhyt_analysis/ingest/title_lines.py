"""Read the lines above a table: labels with their values, and the day, measure and status of the figures."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.headings import heading_meaning
from bhyt_analysis.ingest.measures import measure_of
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell

LABEL = re.compile(r"[^\d:]{2,40}:")  # a cell that begins with a label of its own


def labelled_values(titles: list[list[Cell]], table: str) -> dict[str, Cell]:
    """Return the values of labels of a table's columns: «label: value» in one cell, or in two cells of a row.

    The day of a report, such as «Ngày báo cáo: 07/7/2021», is none of its figures.
    """
    values: dict[str, Cell] = {}
    for row in titles:
        for label, following in zip(row, [*row[1:], ""], strict=False):
            name, _, inside = label.partition(":") if type(label) is str else ("", "", "")
            value = inside.strip() or following
            key = heading_meaning(name, table) if name and not _STAMP_LABEL.fullmatch(normalise_name(name)) else ""
            if key and value != "" and (inside.strip() or not _is_label(value, table)):
                values.setdefault(key, value)
    return values


def _is_label(value: Cell, table: str) -> bool:
    return type(value) is str and bool(LABEL.match(value) or heading_meaning(value, table))


# --- The day of the figures ---

_ENGLISH = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_ENGLISH_MONTH = rf"(?:{'|'.join(f'{m}|{m[:3]}' for m in _ENGLISH)}|sept)[.]?"
_DAY = (
    r"(?:\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?\d{2,4}|\d{1,2} thang \d{1,2},? nam \d{4}|\d{4}-\d{1,2}-\d{1,2}|"
    rf"\d{{1,2}} {_ENGLISH_MONTH},? \d{{4}}|{_ENGLISH_MONTH} \d{{1,2}},? \d{{4}})"
)
_BLANK = r"[ .…_]*"
# A document with its day: «Quyết định 861/QĐ-TTg ngày 04/6/2021», «số 99/KH-UBND ngày ...», «ban hành ngày ...».
_DOCUMENT = re.compile(
    r"(?:\b(?:quyet dinh|nghi (?:dinh|quyet)|cong van|thong tu|chi thi|to trinh|thong bao|"
    r"luat (?:so|bao hiem|bhyt|sua doi)|can cu|ban hanh|kem theo)\b|"
    r"\b(?:ke hoach|bao cao|bien ban|van ban) (?:so )?\d|\bso:? ?\d+[^ ]*/|/(?:qd|nd|nq|kh|tt|ct|cv|bc|tb|ub)[a-z]*\b)"
    rf"(?:(?!tinh den|den het|thoi diem|so lieu|;).){{0,120}}?(?:{_DAY}|thang \d{{1,2}}(?: ?[/.-] ?| nam )\d{{4}})"
)
_MADE = r"(?:in|lap|xuat|ket xuat|trich xuat|cap nhat|tao|gui|nhan|nop|tai ve)"
_STAMP = (
    rf"(?:(?:ngay|thoi gian|thoi diem|gio|luc) (?:gio )?(?:{_MADE}|tong hop|ky|duyet|ban hanh)|"
    rf"ngay bao cao(?! so lieu)|(?:{_MADE}|ky) ngay|"
    rf"(?:{_MADE}|tong hop|ky|chot(?: du lieu| so lieu)?(?! \w+ 2[34][:h])) (?:luc|vao)|"
    r"print(?:ed|ing)?(?: date| on)?|date of (?:the )?report|(?:created|exported|signed|updated|received)(?: on| at)?)"
)
_UPDATED = r"(?:in|xuat|ket xuat|trich xuat|cap nhat|tai ve)(?: du lieu| so lieu)?[: ]+"
# The time of printing or signing: «Ngày in: 05/07/2021», «In lúc 8:30 ngày 05/07/2021», «Cập nhật 05/7/2021»; but the
# figures go to the day in «cập nhật đến 30/6/2021».
_STAMPED = re.compile(
    rf"\b(?:{_STAMP}\b(?:(?!\b(?:den|toi|het)\b)[^\d]){{0,25}}|{_UPDATED})"
    rf"(?:\d{{1,2}}[:h]\d{{0,2}}(?::\d{{2}})?,? ?)?(?:ngay )?{_DAY}"
)
# A day of cards, of births or of sending: «thẻ có giá trị đến 31/12/2026», «sinh trước 01/01/2020», «gửi trước ...».
_OTHER_DAY = re.compile(
    r"\b(?:(?:gia tri|hieu luc|han|han dung|het han)"
    r"(?: (?:su dung|cua|the|bhyt|cho|den|toi|tu|ke|het|truoc|sau|ngay))*|"
    r"(?:truoc|sau|sinh|valid (?:until|to)|expir(?:y|es|ing)(?: on| date)?|born)(?: (?:ngay|tu|before|after))*)"
    rf":? ?{_DAY}"
)
_STAMP_LABEL = re.compile(rf"(?:{_STAMP}(?:(?!\b(?:den|toi|het)\b)[a-z ])*|{_MADE})[: ]*")
_SIGNED = re.compile(
    rf"(?P<place>[^:;]{{1,40}}?)(?P<comma>,?) ?ngay (?:{_DAY}|(?:\d{{1,2}}|{_BLANK}) ?thang (?:\d{{1,2}}|{_BLANK}) ?nam"
    rf" ?(?:\d{{4}}|{_BLANK}))[.]?"
)
# The empty date of a signature, with its accents: the commune Jơ Ngây is none.
_UNSIGNED = re.compile(rf"\bngày{_BLANK} ?tháng (?:\d{{1,2}}|{_BLANK}) ?năm ?(?:\d{{4}}|{_BLANK})")
# Words of a title: what they stand before is no place where somebody signed.
_TITLE_WORDS = re.compile(
    r"\b(?:so the|so lieu|bhyt|bao cao|dan so|ty le|tinh den|thoi diem|tinh hinh|danh sach|tong hop|ket qua|bieu so|"
    r"(?<!.)(?:den|toi)(?: het)?$|phan theo|chot|ky bao cao|ky so lieu|as of|cards|population|thang \d+|"
    r"quy [iv\d]+|nam \d{4})\b"
)
_BARE_DAY = re.compile(rf"(?:ngay )?{_DAY}[.]?")
_RANGE = re.compile(
    r"\btu (?:ngay|thang|quy|het|\d{1,2} ?[/.-]) ?.{0,40}?\b(?:den|toi)\b|"
    r"\d{1,2}[/.]\d{1,2} ?[-–] ?\d{1,2}[/.]\d{1,2}[/.]\d{4}|"
    r"\bthang \d{1,2} ?(?:,|-|–|va|den|&) ?(?:thang )?\d{1,2}(?!\d|[/.]\d{1,2}[/.])"
)
_WORDS = ["mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin", "muoi"]
_NUMBERS = {w: n for n, w in enumerate(_WORDS, 1)} | {"gieng": 1, "tu": 4, "muoi mot": 11, "muoi hai": 12, "chap": 12}
_NUMBER = rf"(\d{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_YEAR = r"(?<!\d)((?:19|20)\d\d)(?!\d)"


@dataclass
class _Periods:
    """What some lines say of the day: full days, months by their last days, months and years alone, and doubt."""

    days: set[dt.date] = field(default_factory=set)
    months: set[dt.date] = field(default_factory=set)
    months_alone: set[int] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    bare_days: set[dt.date] = field(default_factory=set)
    unclear: bool = False

    def is_empty(self) -> bool:
        """Return whether the lines name no period at all; a year alone is none."""
        return not (self.days or self.months or self.months_alone or self.bare_days or self.unclear)

    def only_day(self, years: set[int]) -> dt.date | None:
        """Return the only day that the lines can mean; ``years`` are those for a month alone."""
        ends = {(day.year, day.month) for day in self.months}
        if self.unclear or len(self.days) > 1 or len(ends) > 1:
            return None
        if days := self.days or self.months:
            day = min(days)
            agree = ends <= {(day.year, day.month)} and self.months_alone <= {day.month}
            return day if agree else None
        if self.months_alone:
            one = len(self.months_alone) == 1 and len(years) == 1
            return _month_end(min(years), min(self.months_alone)) if one else None
        return min(self.bare_days) if len(self.bare_days) == 1 else None


def stated_date(texts: Sequence[str], sheet_name: str = "") -> dt.date | None:
    """Return the only day that the lines above a table name for its figures, or the last day of the only period.

    The day of a document, of a signature or of printing is none, nor is a year alone; two different periods are none.
    The name of the sheet counts where the lines name no period, and may name the month of their only year; the name of
    another month, as in a copy of the last month's sheet, leaves the day open.

    Examples
    --------
    >>> str(stated_date(["Số thẻ BHYT tính đến ngày 31/12/2021"])), stated_date(["Từ 01/01/2021 đến 31/12/2021"])
    ('2021-12-31', None)
    >>> str(stated_date(["Tháng 7 năm 2021", "(kèm theo Kế hoạch 12/KH-UBND ngày 04/8/2021)"]))
    '2021-07-31'
    >>> str(stated_date(["Số thẻ BHYT năm 2021", "Suối Đá, ngày 05 tháng 7 năm 2021"], "Tháng 6"))
    '2021-06-30'
    """
    lines = _periods(_data_lines(texts))
    name = re.sub(r"[_\s]+", " ", re.sub(r"(?<=\d)_(?=\d)", "-", sheet_name))
    sheet = _periods([re.sub(r"\b(t|thang)[ .-]?(?=\d)", "thang ", normalise_name(name))])
    if not lines.is_empty():
        years = lines.years or sheet.years or {day.year for day in sheet.days | sheet.months}
        day = lines.only_day(years)
        months = {(other.year, other.month) for other in sheet.days | sheet.months | sheet.bare_days}
        return day if day and months <= {(day.year, day.month)} else None
    if sheet.bare_days and not sheet.days:
        sheet.days = sheet.bare_days
    return sheet.only_day(sheet.years or lines.years)


def _data_lines(texts: Sequence[str]) -> list[str]:
    """Return the texts, folded, without the days of documents, of printing and of signatures."""
    lines, stamp = [], False
    for text in texts:
        plain = (" ".join(clean_text(part).casefold().split()) for part in str(text).splitlines())
        parts = [normalise_name(_UNSIGNED.sub(" ", part)) for part in plain]
        line = " ".join(part for part in parts if part and not _is_signature(part))
        if not (stamp and _BARE_DAY.fullmatch(line)):
            for pattern in (_DOCUMENT, _STAMPED, _OTHER_DAY):
                line = pattern.sub(" ", line)
            lines.append(line)
        stamp = _STAMP_LABEL.fullmatch(line) is not None
    return lines


def _is_signature(line: str) -> bool:
    """Return whether a line is a place with the day on which somebody signed: «Suối Đá, ngày 05 tháng 7 năm 2021»."""
    match = _SIGNED.fullmatch(line)
    if match is None or _TITLE_WORDS.search(match["place"]):
        return False
    return bool(match["comma"]) or not re.search(r"(?:^|[ (])(?:den|h) ?$", match["place"])


def _month_end(year: int, month: int) -> dt.date:
    """Return the last day of a month; ValueError where there is none, or in a year outside 1990-2100."""
    if not (1990 <= year <= 2100 and 1 <= month <= 12):
        raise ValueError(year, month)
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _day(day: str, month: str, year: str) -> dt.date:
    full = int(year) + (2000 if len(year) == 2 else 0)
    _month_end(full, int(month))
    return dt.date(full, int(month), int(day))


def _day_in_words(match: re.Match[str]) -> dt.date:
    """Return the day of «ngày 30 tháng 6 năm 2021»; ValueError for «Phường 5 tháng 6 năm 2021»."""
    before, day, month, year = match.groups()
    date = _day(day, str(_number(month)), year)
    if not before and match.start() and date != _month_end(date.year, date.month):
        raise ValueError(match[0])
    return date


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[text]


def _quarter(text: str) -> int:
    return {"i": 1, "ii": 2, "iii": 3, "iv": 4}.get(text) or int(text)


def _english_month(text: str) -> str:
    """Return the number of a month by its English name or its first three letters."""
    return str(next(n for n, month in enumerate(_ENGLISH, 1) if month[:3] == text[:3]))


Reading = Callable[[re.Match[str]], dt.date]
_DAYS: tuple[tuple[str, Reading], ...] = (
    (r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)", lambda m: _day(m[3], m[2], m[1])),
    (rf"(^|\b(?:ngay|den|het) |[,:(] ?|)(?<!\d)(\d{{1,2}}) thang {_NUMBER},? nam (\d{{4}})", _day_in_words),
    (r"(?<![\d/.-])(\d{1,2}) ?([/.-]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2})(?![\d/])", lambda m: _day(m[1], m[3], m[4])),
    (r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2}) nam (\d{4})", lambda m: _day(m[1], m[2], m[3])),
    (rf"(?<![\d/.-])(\d{{1,2}}) ({_ENGLISH_MONTH}),? (\d{{4}})", lambda m: _day(m[1], _english_month(m[2]), m[3])),
    (rf"\b({_ENGLISH_MONTH}) (\d{{1,2}}),? (\d{{4}})", lambda m: _day(m[2], _english_month(m[1]), m[3])),
)
_MONTHS: tuple[tuple[str, Reading], ...] = (
    (rf"\b{_NUMBER} thang dau nam,? (\d{{4}})", lambda m: _month_end(int(m[2]), _number(m[1]))),
    (r"\b\w+ thang cuoi nam,? (\d{4})|\b(?:het|cuoi|ca) nam (\d{4})", lambda m: _month_end(int(m[1] or m[2]), 12)),
    (rf"\b{_NUMBER} thang(?: nam |/| )(\d{{4}})", lambda m: _month_end(int(m[2]), _number(m[1]))),
    (
        r"\bq(?:uy)? ?(i{1,3}|iv|[1-4])(?:,? nam |[ /.-]+)(\d{4})(?!\d)",
        lambda m: _month_end(int(m[2]), 3 * _quarter(m[1])),
    ),
    (rf"\bthang {_NUMBER},? nam,? (\d{{4}}|\d{{2}})(?!\d)", lambda m: _short_month(m[2], m[1])),
    (rf"\bthang {_NUMBER} ?[/.-] ?(\d{{4}}|\d{{2}})(?!\d)", lambda m: _short_month(m[2], m[1])),
    (rf"\b({_ENGLISH_MONTH}),? (\d{{4}})(?!\d)", lambda m: _short_month(m[2], _english_month(m[1]))),
    (r"\bthang (\d{1,2}),? (\d{4})(?!\d)", lambda m: _short_month(m[2], m[1])),
    (r"\bt ?(\d{1,2}) ?[/.-] ?(\d{4})(?!\d)", lambda m: _short_month(m[2], m[1])),
    (
        r"(?<![\d/.,-])(?<!so )(?<!so: )(0?[1-9]|1[0-2])[/.-]((?:19|20)\d\d)(?![\d/.,])",
        lambda m: _short_month(m[2], m[1]),
    ),
    (r"(?<![\d/.,-])((?:19|20)\d\d)[-/.](0[1-9]|1[0-2])(?![\d/.,-])", lambda m: _short_month(m[1], m[2])),
)


def _short_month(year: str, month: str) -> dt.date:
    return _month_end(int(year) + (2000 if len(year) == 2 else 0), _number(month))


def _periods(lines: Iterable[str]) -> _Periods:
    """Return the periods that folded lines name."""
    periods = _Periods()
    for line in lines:
        bare = _BARE_DAY.fullmatch(line.strip(" ()")) is not None
        periods.unclear |= _RANGE.search(line) is not None
        rest = _take(line, _DAYS, periods.bare_days if bare else periods.days, periods)
        rest = _take(rest, _MONTHS, periods.months, periods)
        months = re.findall(r"\bthang (\d{1,2})(?![\w/.-])", rest)
        periods.months_alone |= {n for n in map(int, months) if 1 <= n <= 12}
        periods.years |= {int(y) for y in re.findall(_YEAR, rest)}
    # The day of a signature without its place looks the same, but is seldom the last of a month.
    periods.bare_days = {day for day in periods.bare_days if day == _month_end(day.year, day.month)}
    return periods


def _take(line: str, patterns: tuple[tuple[str, Reading], ...], days: set[dt.date], periods: _Periods) -> str:
    """Add the days that a line names to ``days``, and return the line without them."""
    for pattern, reading in patterns:
        for match in re.finditer(pattern, line):
            try:
                days.add(reading(match))
            except ValueError:
                periods.unclear = True
        line = re.sub(pattern, " | ", line)
    return line


# --- The unit of measure ---

TABLE_MEASURES = ("people", "cards", "households", "percent", "money", "visits", "scaled")
_UNIT_LABEL = re.compile(
    r"\b(?:don vi (?:tinh|do)|dv tinh|dvt|d ?\. ?v ?\. ?t\b|units?(?: of measure(?:ment)?)?)(?: la)? ?[:.\-–]?|"
    r"\bdon vi ?:|\b(?:tinh|ghi) (?:bang|theo)(?: don vi)?:?|\blam tron (?:den|toi)|\btheo don vi"
)
_FACTOR = re.compile(r"[x×*] ?1[., ]?000\b|\bin (?:thousands|millions)\b|'000\b")
_OWN_WORDS = re.compile(r"(?:so|ty le|ti le|dan so|kinh phi|muc|tong|chi phi|doanh|bao phu|do bao phu|tang|giam)\b")


def stated_unit(texts: Sequence[str]) -> tuple[str, str]:
    """Return the measure that lines, notes or a sheet's name state for a whole table, and the text; "" if none.

    The measure is people, cards, households, percent, money, visits, or scaled for thousands and the like, which go
    before any other.

    Examples
    --------
    >>> stated_unit(["BHXH huyện Triệu Sơn", "Đơn vị: Huyện Triệu Sơn", "(ĐVT: Nghìn người)"])
    ('scaled', '(ĐVT: Nghìn người)')
    >>> stated_unit(["Đơn vị: Huyện Suối Đá"]), stated_unit(["Đơn vị tính: hộ"])
    (('', ''), ('households', 'Đơn vị tính: hộ'))
    """
    plain = [clean_text(str(t)) for t in texts]
    stated = []
    for text, following in zip(plain, [*plain[1:], ""], strict=True):
        measure = _text_measure(text)
        if not measure and _UNIT_LABEL.fullmatch(normalise_name(text).strip("( ")):
            measure, text = _phrase_measure(following), f"{text} {following}"
        if measure:
            stated.append((measure, text))
    return next((s for s in stated if s[0] == "scaled"), stated[0] if stated else ("", ""))


def _text_measure(text: str) -> str:
    """Return the measure that one text states: after a label, as the text itself, or in its brackets."""
    plain = " ".join(text.casefold().split())
    folded = normalise_name(plain)
    if len(folded) != len(plain):
        plain = folded
    if _FACTOR.search(folded):
        return "scaled"
    # The bare «Đơn vị:» labels the name of a unit, too: «Đơn vị: Hộ Phòng».
    phrases = [(plain[m.end() :], m[0].startswith("don vi:")) for m in _UNIT_LABEL.finditer(folded)]
    if measure := _agreed(_phrase_measure(*phrase) for phrase in phrases):
        return measure
    if not phrases and not _OWN_WORDS.match(folded) and (measure := measure_of(plain)) in TABLE_MEASURES:
        return measure
    brackets = [m for b in re.findall(r"[(\[]([^()\[\]]+)[)\]]", plain) if (m := _phrase_measure(b, exact=True))]
    return _agreed(m for m in brackets if m != "percent")


def _phrase_measure(phrase: str, exact: bool = False) -> str:
    """Return the measure at the beginning of a phrase, by its longest beginning that is one; also of «người, %»."""
    phrase = re.split(r"[)\];\n]|[.] ", phrase.strip(" ([:"))[0]
    measures = []
    for part in re.split(r" ?[,;/+]? (?:và|va) |[,;/+](?!\d) ?", phrase.casefold()):
        words = part.split()
        beginnings = (" ".join(words[:n]) for n in range(len(words), 0 if not exact else max(len(words) - 1, 0), -1))
        # A scale alone must be the phrase: the district «Triệu Sơn» is none.
        measure = next((m for b in beginnings if (m := measure_of(b)) and (m != "scaled" or " " in b or b == part)), "")
        measures.append(measure if measure in TABLE_MEASURES else "")
    if not measures or (exact and not all(measures)):
        return ""
    return _agreed(m for m in measures if m)


def _agreed(measures: Iterable[str]) -> str:
    """Return the only measure, beside per cent; thousands go before any other; "" if they differ."""
    distinct = {m for m in measures if m}
    if "scaled" in distinct:
        return "scaled"
    if len(distinct) > 1:
        distinct.discard("percent")
    return distinct.pop() if len(distinct) == 1 else ""


# --- The status of the figures ---

# With their accents: «giả định» is no «gia đình», «Gia Lập» and «Tân Ước» are communes.
_STATUS_WORDS = {
    "synthetic": re.compile(
        r"\b(?:giả lập|giả định|giả tưởng|(?:số|dữ) liệu (?:thử|mẫu|giả|ví dụ|minh h[oọ][aạ]|minh họa)|"
        r"ví dụ minh h(?:ọa|oạ)|so lieu thu nghiem|vi du minh hoa|synthetic|simulated|made[ -]up|fictitious|dummy)\b"
    ),
    "estimated": re.compile(
        r"(?:^|[(\[–:,-] ?|\bsố |\bsố liệu )ước\b|\bước (?:tính|thực hiện|đạt|cả năm|đến)\b|\bdự (?:kiến|báo|ước)\b|"
        r"\bsơ bộ\b|\btạm tính\b|\b(?:uoc (?:tinh|thuc hien)|du kien|so bo|tam tinh)\b|"
        r"\b(?:estimate[ds]?|provisional|preliminary|projected|forecast)\b"
    ),
}


def stated_status(texts: Sequence[str]) -> str:
    """Return the status that titles or a sheet's name state: estimated or synthetic; "" if they state none.

    Examples
    --------
    >>> stated_status(["Ước thực hiện năm 2021"]), stated_status(["Số liệu giả định"]), stated_status(["Hộ gia đình"])
    ('estimated', 'synthetic', '')
    """
    plain = [" ".join(clean_text(str(t)).casefold().replace("_", " ").split()) for t in texts]
    return next((s for s, words in _STATUS_WORDS.items() if any(map(words.search, plain))), "")


# Lines of a document's name, that compare what was done with a plan, or that say how to fill in a form.
_NOT_OF_FIGURES = re.compile(
    r"thuc hien|tien do|ket qua|so voi|kem theo|ban hanh|can cu|quyet dinh|ke hoach so|/kh-|/qd-|\bghi (so )?0\b"
)


@lru_cache(maxsize=1)
def _title_words() -> list[tuple[str, re.Pattern[str]]]:
    table = packaged_table("ingest/title_words.csv")
    return [(m, re.compile(p)) for m, p in zip(table["measure"], table["pattern"], strict=True)]


def title_measure(texts: Iterable[str]) -> tuple[str, str]:
    """Return what a title says that a table counts, if it is not people with a card, and the title; "" for neither.

    Examples
    --------
    >>> title_measure(["BHXH TỈNH A", "SỐ NGƯỜI CHƯA THAM GIA BHYT"]), title_measure(["THỰC HIỆN CHỈ TIÊU BHYT"])
    (('without_card', 'SỐ NGƯỜI CHƯA THAM GIA BHYT'), ('', ''))
    """
    for text in texts:
        folded = normalise_name(clean_text(text))
        if not _NOT_OF_FIGURES.search(folded):
            for measure, pattern in _title_words():
                if pattern.search(folded):
                    return measure, text
    return "", ""


_INSTRUMENT = re.compile(r"(?i)((?:kế hoạch|quyết định|nghị quyết|công văn|chương trình)\s+(?:số\s*:?\s*)?\d[\w./-]*)")


def stated_instrument(texts: Iterable[str]) -> str:
    """Return the only document with a number that some texts name, or "".

    Examples
    --------
    >>> stated_instrument(["CHỈ TIÊU NĂM 2026", "(Kèm theo Kế hoạch số 99/KH-UBND ngày 15/01/2026)"])
    'Kế hoạch số 99/KH-UBND'
    """
    instruments = {match[1] for text in texts if (match := _INSTRUMENT.search(text))}
    return instruments.pop() if len(instruments) == 1 else ""


def stated_year(texts: Iterable[str]) -> str:
    """Return the only year of this century that some texts name, without those of documents, or "".

    Examples
    --------
    >>> stated_year(["CHỈ TIÊU NĂM 2026", "(Kèm theo Kế hoạch số 99/KH-UBND ngày 15/01/2025)"])
    '2026'
    """
    years = {year for text in texts if not _INSTRUMENT.search(text) for year in re.findall(r"\b20\d\d\b", text)}
    return years.pop() if len(years) == 1 else ""
