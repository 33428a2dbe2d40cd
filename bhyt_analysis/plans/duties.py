"""Read who has to do what by when: the reports that a plan asks for, and the tasks that it gives to bodies."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Entry, Place
from bhyt_analysis.plans.figures import FigureReader, is_within
from bhyt_analysis.plans.mentions import blank_spans, instruments, sentences, times
from bhyt_analysis.plans.structure import CLOSING, RECIPIENTS
from bhyt_analysis.plans.words import has_phrase, phrases, plain

_REPORT = re.compile(r"báo cáo")
_REPEATED = re.compile(r"định kỳ|h[àằ]ng|mỗi|từng")
_AND = re.compile(r"[\s,;]*(?:và|hoặc|cuối|định kỳ|\s|,)*")
_DAY_OF_YEAR = re.compile(
    r"(?P<by>trước|chậm nhất|muộn nhất)?\s*(?:là )?(?:ngày )(?P<day>\d{1,2})\s?/\s?(?P<month>\d{1,2})(?![/\d])"
)
_DAY_OF_MONTH = re.compile(
    r"(?P<by>trước|chậm nhất|muộn nhất)?\s*(?:là )?(?:ngày )(?P<day>\d{1,2})(?! ?[/\d]| tháng \d)"
)
_DEADLINE = re.compile(r"(?P<by>trước|chậm nhất|muộn nhất|xong)[^.;,]{0,20}?(?:ngày|tháng|năm)")
_BODIES = (
    "sở|phòng|ủy ban|ubnd|bảo hiểm xã hội|bhxh|cơ quan|bưu điện|trung tâm|báo|đài|ban|đảng ủy|huyện ủy|liên đoàn|hội|"
    "mặt trận|bệnh viện|ngành|công an|thanh tra|chi cục|thuế|trường|trạm"
)
_VERBS = (
    "chủ trì|chịu trách nhiệm|phối hợp|chỉ đạo|tham mưu|tổ chức|hướng dẫn|xây dựng|thường xuyên|định kỳ|tăng cường|"
    "tiếp tục|tích cực|căn cứ|đổi mới|đẩy mạnh|rà soát|theo dõi|có trách nhiệm|thực hiện|bố trí|cân đối"
)
_BODY = re.compile(rf"(?:đề nghị |giao )?(?:các )?(?:{_BODIES})\b")
_VERB = re.compile(rf"\s*:?\s*(?=(?:{_VERBS})\b)")
_TASKS = re.compile(r"tổ chức thực hiện|nhiệm vụ|giải pháp|phân công")
_LONGEST_BODY = 120


def read_duties(reader: FigureReader, blocks: tuple[Block, ...]) -> None:
    """Read the reports and tasks of a document into the entries of its reader."""
    headings: list[Block] = []
    for i, block in enumerate(blocks):
        if block.is_heading:
            headings = [h for h in headings if h.place != block.place and is_within(block.place, h.place)] + [block]
        if block.cell is not None or block.place in (RECIPIENTS, CLOSING):
            continue
        small = plain(block.text)
        for start, end in sentences(block.text):
            if match := _REPORT.search(small, start, end):
                _read_report(reader, i, block, (start, end), match.start())
        if not block.is_heading and any(_TASKS.search(plain(h.text)) for h in headings):
            _read_task(reader, i, block, headings)


def _read_report(reader: FigureReader, index: int, block: Block, span: tuple[int, int], position: int) -> None:
    """Read a report that is due again and again: its periods before the word, else after it."""
    small, unit = plain(block.text), reader.context.unit
    near = [(max(span[0], position - 70), position), (position, min(span[1], position + 160))]
    texts = [small[a:b] for a, b in near]
    repeated = [(t, m.start()) for t in texts if (m := _REPEATED.search(t)) and has_phrase("period", t[m.start() :])]
    if not repeated or unit is None:
        return
    text, start = repeated[0]
    kinds = _periods(text[start:], is_after=text is texts[1])
    sentence = small[span[0] : span[1]]
    for kind in kinds:
        cells: dict[str, object] = {"area": unit.code, "kind": kind} | _due(sentence, kind)
        cells |= {"since": str(reader.context.issued or ""), "until": "", "source": reader.cited(block.place)}
        place = Place(index, position, position + len("báo cáo"))
        if kind == "yearly" and cells["due_day"] and (match := _DAY_OF_YEAR.search(small, *span)):
            place = Place(index, match.start("by") if match["by"] else match.start(), match.end())
            _publish_due(reader, index, block, match)
        reader.entries.add(Entry("duties", cells, [place], block.text[span[0] : span[1]].strip()))


def _periods(text: str, is_after: bool) -> list[str]:
    """Return the periods that a text names; of those after the word «báo cáo» only those that follow each other."""
    periods = phrases("period", text)
    last = next((i for i, (a, b) in enumerate(pairwise(periods), 1) if not _AND.fullmatch(text[a.end : b.start])), None)
    return list(dict.fromkeys(p.yields for p in (periods[:last] if is_after else periods)))


def _due(text: str, kind: str) -> dict[str, object]:
    """Return the month, after the last of its period, and the day on which a report is due; blank where not set."""
    blank: dict[str, object] = {"due_month": "", "due_day": "", "deadline": ""}
    match = (_DAY_OF_YEAR if kind == "yearly" else _DAY_OF_MONTH).search(text)
    if match is None:
        return blank
    month = int(match["month"]) if kind == "yearly" else 1
    if kind == "yearly":
        month = month - 12 if month > 6 else month  # of the year itself, or of the next
    return {"due_month": month, "due_day": int(match["day"]), "deadline": "before" if match["by"] == "trước" else "by"}


def _publish_due(reader: FigureReader, index: int, block: Block, match: re.Match[str]) -> None:
    context = reader.context
    day = dt.date(2000, int(match["month"]), int(match["day"]))
    cells: dict[str, object] = {"document": context.name, "area": context.unit.code if context.unit else ""}
    cells |= {"figure": "annual_report_due", "value": None, "decimals": None, "unit": "date"}
    cells |= {"relation": "before" if match["by"] == "trước" else "=", "base": "", "as_of": f"{day.day} {day:%B}"}
    cells |= {"locator": block.place, "note": ""}
    reader.entries.add(Entry("published", cells, [Place(index, match.start(), match.end())], block.text))


def _read_task(reader: FigureReader, index: int, block: Block, headings: list[Block]) -> None:
    """Read a task: its body is named by the heading over it, or begins the paragraph."""
    text = re.sub(r"^[-–+*•]\s*", "", block.text).strip()
    lead, task = _split_body(text)
    if not lead:
        title = re.sub(r"^(?:[\divxIVX]+[.)]?\d*[.)]?)+\s*", "", headings[-1].text).strip(" :;.") if headings else ""
        lead, task = (title, text) if _BODY.match(plain(title)) and len(title) <= _LONGEST_BODY else ("", text)
    if not lead or reader.context.unit is None or len(task) < 15:
        return
    cells: dict[str, object] = {"area": reader.context.unit.code, "task": task.rstrip("./ "), "lead": lead}
    cells |= {"since": str(reader.context.issued or ""), "due": _task_due(block.text), "group": "", "status": ""}
    cells |= {"source": reader.cited(block.place)}
    reader.entries.add(Entry("actions", cells, [Place(index, 0, len(block.text))], block.text))


def _split_body(text: str) -> tuple[str, str]:
    """Return the body that begins a task and the rest: «Phòng Y tế chủ trì ...»; "" without one."""
    small = plain(text)
    match = _VERB.search(small, 0, _LONGEST_BODY)
    if match is None or not _BODY.match(small) or match.start() == 0:
        return "", text
    lead = re.sub(r"^(?:Giao|Đề nghị)\s+", "", text[: match.start()]).strip(" :,")
    return lead, text[match.end() :].strip()


def _task_due(text: str) -> str:
    """Return when a task is due, as the column ``due`` has it."""
    small = plain(text)
    cited = [(i.start, i.end) for i in instruments(text)]
    for match in _DEADLINE.finditer(blank_spans(small, cited)):
        days = [
            t.day for t in times(blank_spans(small, cited)) if match.start() <= t.start <= match.end() + 12 and t.day
        ]
        if days:
            return f"<{days[0]}" if match["by"] == "trước" or "trước" in match[0] else str(days[0])
    if match2 := _DAY_OF_YEAR.search(small):
        return f"{'<' if match2['by'] == 'trước' else ''}{int(match2['month']):02}-{int(match2['day']):02}"
    for word, due in (("thường xuyên", "ongoing"), ("h[àằ]ng tháng", "monthly"), ("h[àằ]ng quý", "quarterly")):
        if re.search(word, small):
            return due
    return "yearly" if re.search(r"h[àằ]ng năm", small) else ""
