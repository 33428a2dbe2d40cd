"""Learn from the head of a plan what its figures are about: its unit, number, day, title, and the years it covers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.plans.document import Block, PlanDocument
from bhyt_analysis.plans.mentions import instruments, period, times
from bhyt_analysis.plans.structure import TITLE
from bhyt_analysis.plans.words import plain

HEAD_BLOCKS = 25  # in which the number, the day and the title of a document stand
_KINDS = "kế hoạch|chỉ thị|quyết định|nghị quyết|đề án|chương trình|báo cáo|công văn|hướng dẫn|thông báo|tờ trình"
_UNIT_WORDS = "tỉnh|thành phố|huyện|thị xã|quận|xã|phường|thị trấn|đặc khu"
_NAME = r"[^\W\d_]+(?:[ '-][^\W\d_]+){0,3}"
_IN_AREA = re.compile(rf"địa bàn ({_UNIT_WORDS}) (?:đảo )?({_NAME})", re.IGNORECASE)
_ISSUER = re.compile(
    rf"(?:UBND|ỦY BAN NHÂN DÂN|UỶ BAN NHÂN DÂN|HỘI ĐỒNG NHÂN DÂN|BẢO HIỂM XÃ HỘI|BHXH)\s+({_UNIT_WORDS})\s+({_NAME})",
    re.I,
)
_JOINT_OFFICE = re.compile(r"(?:BẢO HIỂM XÃ HỘI|BHXH) (?:CƠ SỞ|LIÊN HUYỆN|KHU VỰC)", re.IGNORECASE)
_PARTY = re.compile(rf"(HUYỆN|TỈNH|THÀNH|THỊ|QUẬN|ĐẢNG)\s+(?:ỦY|UỶ)\s+(?:({_UNIT_WORDS})\s+)?({_NAME})", re.IGNORECASE)
# Two lines of a cell of the letterhead are one text: the number and the day follow the lines above them.
_SIGNED = re.compile(
    rf"(?:^|hạnh phúc[ *_–—-]*)({_NAME}), ngày\b\s*(\d{{1,2}})?\s*tháng\s*(\d{{1,2}})?\s*năm\s*(\d{{4}})?",
    re.IGNORECASE,
)
_OFFICE = "UBND|ỦY|UỶ|HỘI|BẢO|BHXH|HUYỆN|TỈNH|THÀNH|THỊ|XÃ|PHƯỜNG|ĐẢNG"
_NUMBER = re.compile(rf"^(?:(?:{_OFFICE})\b.*\s)?số\s*:\s*(\d+\s*/?-?\s*[A-ZĐ0-9][\w./-]*)", re.IGNORECASE)
_PARTY_KINDS = {"huyện": "huyện", "tỉnh": "tỉnh", "thành": "thành phố", "thị": "thị xã", "quận": "quận", "đảng": "xã"}
_REPORTED = re.compile(r"(?:đánh giá|kết quả|thực trạng|tình hình)[^.;]*năm (\d{4})")
LEVELS = {"country": 0, "province": 1, "district": 2, "commune": 3}


@dataclass(frozen=True)
class PlanContext:
    """What the figures of a plan are about when they do not say otherwise."""

    name: str  # the key of the document in the tables, from its file
    unit: Unit | None
    geography: Geography
    title: str
    number: str
    issued: dt.date | None
    period: tuple[int, int] | None  # first and last year
    reported: dt.date | None  # last day of the year whose results the document reports
    year: int | None = None  # in which it was issued; that of a draft has no day

    @property
    def is_report(self) -> bool:
        """Tell whether the document is a report, which repeats the targets that were set."""
        return plain(self.title).startswith("báo cáo")

    @property
    def title_short(self) -> str:
        """Return how the document is cited: its kind with its number and unit, or with the years it covers."""
        kind = re.match(rf"(?:{_KINDS})", plain(self.title))
        words = [kind[0].capitalize() if kind else self.title[:40]]
        words += [self.number] if self.number else [f"{self.period[0]}-{self.period[1]}"] if self.period else []
        words += [f"của {inline_name(self.unit.name, 'vi')}"] if self.unit else []
        return " ".join(words)

    @property
    def day(self) -> dt.date | None:
        """Return the day on which units are looked up: that of the document, or of the results that it reports."""
        if self.issued or self.reported:
            return self.issued or self.reported
        return dt.date(self.period[0], 1, 1) if self.period else None


def plan_context(document: PlanDocument, area: str | None = None) -> PlanContext:
    """Return what a plan is about; ``area``, a code or name, goes before the unit that its head names."""
    blocks = document.blocks
    head = [b for b in blocks[:HEAD_BLOCKS] if b.cell is None or (b.cell.table == 0 and b.place == TITLE)]
    title = _title(blocks)
    number = next((m[1].replace(" ", "") for b in head if (m := _NUMBER.search(b.text))), "")
    issued = next((day for b in head if (day := _signed_day(b.text))), None)
    years = period(plain(title))
    reported = _reported(blocks) or _reported_by_title(title, issued)
    geography = country().geography
    day = issued or reported or _cited_day(blocks) or (dt.date(years[0], 1, 1) if years else None)
    unit = geography.find(area, day) if area else _unit(head, title, geography, day)
    year = issued.year if issued else next((int(m[4]) for b in head if (m := _SIGNED.search(b.text)) and m[4]), None)
    return PlanContext(_key(document), unit, geography, title, number, issued, years, reported, year)


def _key(document: PlanDocument) -> str:
    return re.sub(r"\W+", "_", document.path.stem).strip("_") or "plan"


def _title(blocks: Iterable[Block]) -> str:
    """Return the kind of the document with the lines below it."""
    text = " ".join(b.text for b in blocks if b.place == TITLE)
    match = re.search(rf"\b(?:{_KINDS.upper()})\b", text)
    return re.split(r"\s(?=Thực hiện [^.]{0,200}ban hành|Căn cứ )", text[match.start() :])[0] if match else text


def _signed_day(text: str) -> dt.date | None:
    match = _SIGNED.search(text)
    if not match or not all(match.groups()):
        return None
    try:
        return dt.date(int(match[4]), int(match[3]), int(match[2]))
    except ValueError:
        return None


def _reported(blocks: tuple[Block, ...]) -> dt.date | None:
    years = [int(m[1]) for b in blocks if b.is_heading and (m := _REPORTED.search(plain(b.text)))]
    return dt.date(max(years), 12, 31) if years else None


def _reported_by_title(title: str, issued: dt.date | None) -> dt.date | None:
    """Return the day of the results that a report or notice is about: «6 tháng đầu năm 2024»."""
    small = plain(title)
    days = {t.day for t in times(small) if t.day}
    day = days.pop() if len(days) == 1 and re.match(r"báo cáo|thông báo", small) else None
    return day if day and (issued is None or day <= issued) else None


def _cited_day(blocks: tuple[Block, ...]) -> dt.date | None:
    """Return the last day of an instrument that the opening cites: the document is no older."""
    days = [i.day for b in blocks[:HEAD_BLOCKS] for i in instruments(b.text) if i.day]
    return max(days, default=None)


def _unit(head: list[Block], title: str, geography: Geography, day: dt.date | None) -> Unit | None:
    """Return the smallest unit that the title, else the head, of a document is about."""
    lines = [b.text for b in head]
    for texts in ([title], lines):
        units = [u for text in texts for name in _unit_names(text) if (u := named_unit(name, geography, day))]
        if units:
            return max(units, key=lambda u: LEVELS.get(u.kind, 0))
    if any(_JOINT_OFFICE.search(text) for text in lines):
        return None  # an office of several units, whose seat says nothing of them
    places = [m[1] for text in lines if (m := _SIGNED.search(text))]
    return next((u for name in places if (u := named_unit(name, geography, day))), None)


def _unit_names(text: str) -> list[str]:
    names = [f"{m[1]} {m[2]}" for p in (_IN_AREA, _ISSUER) for m in p.finditer(text)]
    for match in _PARTY.finditer(text):
        names.append(f"{match[2] or _PARTY_KINDS[match[1].lower()]} {match[3]}")
    return names


def units_inside(name: str, geography: Geography, day: dt.date, area: Unit) -> list[Unit]:
    """Return the units in an area, not itself, that a name can mean.

    Examples
    --------
    >>> geography, day = country().geography, dt.date(2024, 3, 22)
    >>> area = geography.find("Huyện Vân Hồ", day)
    >>> [unit.name for unit in units_inside("Vân Hồ", geography, day, area)]
    ['Xã Vân Hồ']
    """
    kinds = (None, "district", "commune")
    choices = ([u for u in geography.matches(name, day, kind, area) if u != area] for kind in kinds)
    return next((units for units in choices if units), [])


def named_unit(name: str, geography: Geography, day: dt.date | None, within: Unit | None = None) -> Unit | None:
    """Return the unit of a day that the longest beginning of a text names; None without one, or with several.

    Examples
    --------
    >>> named_unit("huyện Sơn Dương thực hiện", country().geography, dt.date(2021, 12, 31)).code
    '076'
    """
    words = name.split()
    for count in range(len(words), 0, -1):
        units = geography.matches(" ".join(words[:count]), day, None, within)
        if len(units) == 1:
            return units[0]
    return None
