"""Tell of which day a figure is, and whether it is to be reached or was reached."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from bhyt_analysis.plans.clauses import Clause, in_bracket
from bhyt_analysis.plans.mentions import Time, blank_spans, instruments, period, times
from bhyt_analysis.plans.words import has_phrase, phrases, plain

if TYPE_CHECKING:
    from bhyt_analysis.plans.figures import FigureReader

_GOAL_HEADING = re.compile(r"mục tiêu|chỉ tiêu|mục đích|phải đạt|cần đạt|mong muốn|phấn đấu|lộ trình")
_TASK_HEADING = re.compile(r"phương hướng|nhiệm vụ|giải pháp|kế hoạch năm")
_RESULT_HEADING = re.compile(
    r"kết quả|đánh giá|thực trạng|hiện trạng|tình hình|khó khăn|nguyên nhân|ưu điểm|hạn chế|tồn tại|đạt được"
)
_BESIDE = re.compile(r"\s*(?:dân số\s+)?(?:(?:vào|trong|ngay|đến|cuối|hết|tại|tính)\s*)*")
_COMPARISON = re.compile(r"(?:so với|cùng kỳ)[^;,.()]{0,25}$")
# A level with which a sentence compares: «so với năm 2023 (79.800 người», «so với cùng kỳ năm 2023 là 79.800 người».
_COMPARED = re.compile(r"so với(?P<words>[^;,()%]{0,50}?)\s*(?:\(|,? là |,? đạt |:)\s*(?:là |đạt |có )?$")
_SINCE = re.compile(r"[^;.()]{0,40}?so với(?P<words>[^;,.(]{0,40})")


def own_times(text: str, moments: list[Time]) -> list[Time]:
    """Return the times of a text but for those with which it compares: «so với cùng kỳ năm 2023»."""
    return [t for t in moments if not _COMPARISON.search(text[: t.start])]


def compared_day(reader: FigureReader, clause: Clause) -> dt.date | None:
    """Return the day of a level with which a sentence compares another one; None for any other number."""
    match = _COMPARED.search(clause.before)
    if match is None or has_phrase("planned", match["words"]) or has_phrase("change", clause.before[: match.start()]):
        return None
    moments = times(match["words"])
    if len(moments) != 1 or moments[0].day is None or moments[0].end != len(match["words"].rstrip()):
        return None
    own = _own_time(clause)
    day = own.day if own else reader.result_day() or next(reversed(reader.part_days), None)
    is_of_year = moments[0].is_year and "cùng kỳ" in match["words"]
    return _in_year(day, moments[0].day.year) if is_of_year and day else moments[0].day


def day_before(clause: Clause, day: object) -> str:
    """Return the day since which a change is, as the words right of it say: «so với cùng kỳ năm 2023»; "" without."""
    after = f"{clause.after}{clause.sentence.small[clause.number.end + len(clause.after) :]}"
    match = _SINCE.match(re.sub(r"^\s*\([^()]*\)", "", after))
    if match is None:
        return ""
    days = [t.day for t in times(match["words"]) if t.day and not t.is_year]
    years = [t.day.year for t in times(match["words"]) if t.day and t.is_year]
    if isinstance(day, dt.date) and not days and ("cùng kỳ" in match["words"] or "năm trước" in match["words"]):
        return str(_in_year(day, years[0] if years else day.year - 1))
    return str(days[0]) if days else f"{years[0]}-12-31" if years else ""


def _in_year(day: dt.date, year: int) -> dt.date:
    """Return the same day of another year, the last of February for one that it lacks."""
    return dt.date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


def day_of(reader: FigureReader, clause: Clause, goal: bool | None = None) -> object:
    """Return the day of a number: that beside it in the sentence, of its list, of its heading; None without."""
    if (compared := compared_day(reader, clause)) is not None:
        return compared
    if (moment := _own_time(clause)) is not None:
        return moment.day
    inherited = [t.day for _, t in sorted(reader.item_times.items(), reverse=True) if t.day]
    if inherited:
        return inherited[0]
    if goal and has_phrase("repeated", clause.sentence.plain):
        return "yearly"
    last = reader.headings[-1:]
    headings = reversed(reader.headings)
    return next((d for h in headings if (d := time_of_heading(h.text, goal is not False and h in last))), None)


def is_goal(reader: FigureReader, clause: Clause, day: object) -> bool:
    """Tell whether a number is to be reached, and not what was reached."""
    context, sentence = reader.context, clause.sentence
    text = sentence.small[sentence.start : clause.number.start]
    if has_phrase("fall_to", clause.before) or has_phrase("state", clause.before):
        return False
    if compared_day(reader, clause) is not None:
        return False
    titles = [plain(h.text) for h in reader.headings]
    is_under_results = any(is_result_heading(t) for t in titles[-2:])
    text = blank_spans(text, [(p.start, p.end) for p in phrases("citation", text)])
    is_set = has_phrase("aim", text) or (_is_due(clause) and not is_under_results and not context.is_report)
    is_set = is_set and not has_phrase("state", text)  # also for a day that is past
    if isinstance(day, dt.date):
        if context.issued:
            return day > context.issued or is_set
        is_late = context.year is not None and day >= dt.date(context.year, 12, 1)
        if is_late and not is_under_results:
            return True
    if is_under_results or is_set:
        return is_set
    if has_phrase("state", text):
        return False
    return any(map(is_goal_heading, titles)) or has_phrase("goal", f"{text} # {re.split(r'[,;(]', clause.after)[0]}")


def _is_due(clause: Clause) -> bool:
    """Tell whether the day after a percentage is that by which it is due: «100% học sinh tham gia trước 31/10/2025»."""
    moment = _own_time(clause) if clause.number.unit == "percent" else None
    if moment is None or moment.start < clause.number.end:
        return False
    small = clause.sentence.small
    is_past = re.search(r"(?<!\w)đã(?!\w)", small[clause.sentence.start : moment.start])
    return not is_past and has_phrase("deadline", small[clause.number.end : moment.start])


def is_goal_heading(title: str) -> bool:
    """Tell whether what is under a heading is to be reached."""
    is_task = _TASK_HEADING.search(title) is not None and _RESULT_HEADING.search(title) is None
    return is_task or _GOAL_HEADING.search(title) is not None


def is_result_heading(title: str) -> bool:
    """Tell whether what is under a heading are results."""
    return _RESULT_HEADING.search(title) is not None and not is_goal_heading(title)


def _own_time(clause: Clause) -> Time | None:
    """Return the time of a number in its sentence: the only one, the one on its side, or the nearest before it."""
    sentence, counted, i = clause.sentence, clause.numbers, clause.index
    moments = [
        t for t in sentence.times if not has_phrase("lost_group", sentence.small[sentence.start : t.start][-40:])
    ]
    outside = [t for t in moments if not in_bracket(sentence.small, t.start)]
    number = counted[i]
    start = sentence.small.rfind(";", sentence.start, number.start) + 1 or sentence.start
    end = number.end + len(sentence.small[number.end : sentence.end].partition(";")[0])
    part = [t for t in outside if start <= t.start < end]
    if len(part) == 1 and len(outside) > 1:
        return part[0]
    # «95% dân số; 100% học sinh trước 15/10/2024»: that is the day of the pupils alone.
    outside = [t for t in outside if t.start < end or not has_phrase("deadline", sentence.small[number.end : t.start])]
    bracketed = [t for t in moments if not t.is_from and in_bracket(sentence.small, t.start)]
    if len(outside) <= 1:
        return next(iter([*outside, *bracketed]), None)
    edges = [sentence.start, *(n.start for n in counted), sentence.end]
    between = [[t for t in outside if a <= t.start < b] for a, b in pairwise(edges)]
    for sides in (between[:-1], between[1:]):
        if all(len(side) == 1 for side in sides):
            return sides[i][0]
    right_times = [_time_beside(sentence.small, n.end, outside) for n in counted]
    if right_times[i] is not None:
        return right_times[i]
    free = [t for t in outside if t not in right_times]
    before = [t for t in free if t.start < counted[i].start]
    return before[-1] if before else free[0] if free else None


def _time_beside(text: str, end: int, moments: list[Time]) -> Time | None:
    """Return the time right after a number: «97,5% vào cuối năm 2026»."""
    return next((t for t in moments if t.start >= end and _BESIDE.fullmatch(text[end : t.start])), None)


def time_of_heading(text: str, with_period: bool = False) -> dt.date | None:
    """Return the end of the only year, or of the period, that a heading names.

    Examples
    --------
    >>> str(time_of_heading("ĐÁNH GIÁ KẾT QUẢ THỰC HIỆN BHYT NĂM 2021"))
    '2021-12-31'
    >>> str(time_of_heading("II. Giai đoạn 2016 - 2020", with_period=True))
    '2020-12-31'
    """
    small = plain(text)
    small = blank_spans(small, [(i.start, i.end) for i in instruments(text)])
    days = {t.day for t in times(small)}
    if not days and with_period and (years := period(small)):
        return dt.date(years[1], 12, 31)
    return days.pop() if len(days) == 1 else None
