"""Read the figures of a plan from its sentences: what each counts, of whom, when, out of what.

A sentence is divided at its numbers. What is left of a number, else what is right of it, says what it counts; a share
is of the count before it, out of what the sentence names or of the total that the list is about. A number that no
phrase of ``words.csv`` explains becomes a question.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Entries, Entry, PartList, Place, Question
from bhyt_analysis.plans.mentions import Instrument, Number, Time, instruments, numbers, sentences, times, without
from bhyt_analysis.plans.plan_context import PlanContext, named_unit, time_of_heading
from bhyt_analysis.plans.words import Phrase, has_phrase, phrases, plain

COUNTED = ("people", "cards")
# Parts of those whom the State pays for, as the figures of plans are named (docs/audit.md).
PART_NAMES = {"poor": "poor", "difficult_area": "area"}
_ITEM = re.compile(r"(?:^|(?<=[.;:]) )([-–+*•●○▪]) ")
_OPENERS = r"(bao gồm|gồm(?: có)?|chia ra|trong đó|cụ thể|như sau)"
_ALL = ("bao gồm", "gồm", "gồm có", "chia ra")  # after which all parts are listed
_OPENS = re.compile(rf"(?<!không ){_OPENERS}[^.;%]{{0,40}}:?\s*$")
_OPENS_INSIDE = re.compile(rf"(?<!không ){_OPENERS}")
_REST = re.compile(r"…|\.\.\.|(?<!\w)(?:khác|còn lại)(?!\w)")
_BRACKET = re.compile(r"\(([^()]*)\)?")
_GOAL_HEADING = re.compile(r"mục tiêu|chỉ tiêu|mục đích")
_RESULT_HEADING = re.compile(r"kết quả|đánh giá|thực trạng|tình hình|khó khăn|nguyên nhân|ưu điểm|hạn chế|tồn tại")
_RIGHT_AFTER = re.compile(r"[\s(]*(?:(?:tổng )?số |các |toàn bộ |người |nhóm |thuộc |đối tượng |là |em )*")
_UNIT_BEFORE = re.compile(
    r"(tỉnh|thành phố|huyện|thị xã|quận|xã|phường|thị trấn)(?: đảo)? ((?:[^\W\d_]+ ?){1,4})", re.IGNORECASE
)


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


@dataclass
class _Total:
    """A count that a list divides: the level of the list and its entry."""

    level: int
    parts: PartList
    group: str

    @property
    def entry(self) -> Entry:
        return self.parts.total


@dataclass
class FigureReader:
    """Reads the blocks of a plan in their order and keeps what later ones need: headings, totals of lists, days."""

    context: PlanContext
    entries: Entries
    decisions: dict[str, dt.date]  # the first day of each zoning decision, by its number
    totals: list[_Total] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)
    headings: list[Block] = field(default_factory=list)
    last_decision: str = ""
    item_times: dict[int, Time] = field(default_factory=dict)

    def read(self, index: int, block: Block) -> None:
        """Read the figures of a block that is no table cell."""
        if block.is_heading:
            self._open_heading(block)
        cited = instruments(block.text)
        small = without(plain(block.text), [(i.start, i.end) for i in cited])
        for start, end, level in self._items(block.text):
            self._close_lists(level)
            for first, last in sentences(block.text[start:end]):
                a, b = start + first, start + last
                own = [i for i in cited if a <= i.start < b]
                moments = [t for t in times(small) if a <= t.start < b]
                self._read_sentence(Sentence(index, a, b, block.text, small, block.place, moments, own), level)

    def _open_heading(self, block: Block) -> None:
        self.headings = [h for h in self.headings if h.place != block.place and is_within(block.place, h.place)]
        self.headings.append(block)
        self.totals, self.bullets, self.item_times = [], [], {}

    def _items(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield the items of a block, with the level of its list: 0 for text that is in none."""
        marks = list(_ITEM.finditer(text))
        starts = [0, *(m.start(1) for m in marks if m.start(1))]
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            sign = next((m[1] for m in marks if m.start(1) == start), "")
            yield start, end, self._level(sign)

    def _level(self, sign: str) -> int:
        if not sign:
            self.bullets = []
            return 0
        if sign in self.bullets:
            self.bullets = self.bullets[: self.bullets.index(sign) + 1]
        else:
            self.bullets.append(sign)
        return len(self.bullets)

    def _close_lists(self, level: int) -> None:
        self.totals = [t for t in self.totals if t.level < level]
        self.item_times = {k: v for k, v in self.item_times.items() if k < level}

    # --- Sentences ---

    def _read_sentence(self, sentence: Sentence, level: int) -> None:
        for instrument in sentence.instruments:
            if decision := self._decision(instrument):
                self.last_decision = decision
                break
        counted = [n for n in numbers(sentence.text) if sentence.start <= n.start < sentence.end]
        counted = [n for n in counted if not any(i.start <= n.start < i.end for i in sentence.instruments)]
        outside = [t for t in sentence.times if not _in_bracket(sentence.small, t.start)]
        if outside and (not counted or outside[0].start < counted[0].start):
            self.item_times[level] = outside[0]
        previous: Entry | None = None
        inside = len(self.totals)
        for i, number in enumerate(counted):
            left = (counted[i - 1].end if i else sentence.start, number.start)
            right = (number.end, counted[i + 1].start if i + 1 < len(counted) else sentence.end)
            entry = self._read_number(sentence, number, left, right, previous, (counted, i))
            if entry is not None and entry.cells.get("unit") in COUNTED:
                previous = entry
                if self.totals and self.totals[-1].entry is not entry and entry not in self.totals[-1].parts.parts:
                    self.totals[-1].parts.parts.append(entry)
            opener = _opener(sentence.small[right[0] : right[1]], right[1] == sentence.end)
            if previous is not None and opener:
                parts = PartList(previous, [], opener in _ALL)
                self.entries.lists.append(parts)
                self.totals.append(_Total(level, parts, str(previous.cells["figure"]).partition("_")[2]))
        if len(self.totals) > inside and not _OPENS.search(sentence.small[: sentence.end].rstrip(" .")):
            del self.totals[inside:]  # the parts stood in the sentence itself
        if has_phrase("low", sentence.small[sentence.start : sentence.end]):
            self._read_groups_still_low(sentence)

    def _decision(self, instrument: Instrument) -> str:
        number = instrument.number.partition("/")[0]
        return number if number in self.decisions and instrument.kind == "Quyết định" else ""

    def _read_number(
        self,
        sentence: Sentence,
        number: Number,
        left: tuple[int, int],
        right: tuple[int, int],
        previous: Entry | None,
        order: tuple[list[Number], int],
    ) -> Entry | None:
        before = _clause(sentence.small[left[0] : left[1]], last=True)
        after = _clause(_to_bracket_end(sentence.small, right, sentence.end))
        if number.unit in COUNTED:
            of_communes = order[1] + 1 < len(order[0]) and order[0][order[1] + 1].unit == "communes"
            after = sentence.small[number.end : sentence.end] if of_communes else after
            return self._read_count(sentence, number, before, after, order)
        if number.unit in ("percent", "points"):
            return self._read_percent(sentence, number, before, after, previous, order)
        if number.unit == "communes" and (decision := self._loss_decision(sentence, number)):
            day = self._loss_day(sentence, decision)
            return self._publish(sentence, number, f"communes_lost_decision_{decision}", day, "")
        if number.unit in ("vnd", "visits", "households") or (number.unit != "communes" and number.value > 1):
            self._ask("subject", sentence, number)
        return None

    # --- Counts ---

    def _read_count(
        self, sentence: Sentence, number: Number, before: str, after: str, order: tuple[list[Number], int]
    ) -> Entry | None:
        if has_phrase("loss", before[-90:]) or has_phrase("loss", after):
            return self._read_loss(sentence, number)
        subject = self.subject(before) or self.subject(after)
        if subject is None:
            if sentence.small[sentence.start : number.start].strip(" -+(") or number.value >= 10:
                self._ask("subject", sentence, number)
            return None
        sign = _change(before)
        if sign:
            name = f"change_{subject}"
        elif self._is_goal(sentence, number, before) and subject == "insured_total":
            name = "target_insured"
        else:
            name = subject
        day = self._day(sentence, number, order, name == "target_insured")
        return self._publish(sentence, number, name, day, "", -1 if sign == "-" else 1)

    def subject(self, text: str) -> str | None:
        """Return the name of the figure that a count with this text is, as a count of people or of cards."""
        groups, measures = phrases("group", text), phrases("measure", text)
        last = measures[-1] if measures else None
        groups = [g for g in groups if last is None or g.start >= last.start or last.yields == "insured_total"]
        if self.totals and self._is_rest(text, groups):
            return f"cards_{self.totals[-1].group}_other"
        if groups and (
            last is None or last.yields in ("insured_total", "insured_by_local_office") or groups[-1].end > last.end
        ):
            if last is not None and last.yields == "insured_by_local_office" and groups[-1].start < last.end:
                return last.yields
            return f"cards_{self._group_name(groups)}"
        if last is None:
            return None
        return last.yields if last.yields in _WITHOUT_PREFIX else f"cards_{last.yields}"

    def _is_rest(self, text: str, groups: list[Phrase]) -> bool:
        distinct = {g.yields for g in groups}
        return bool(self.totals[-1].group) and _REST.search(text) is not None and len(distinct) != 1

    def _group_name(self, groups: list[Phrase]) -> str:
        group = groups[-1].yields if len({g.yields for g in groups}) == 1 else groups[0].yields
        parent = self.totals[-1].group if self.totals else ""
        return f"{parent}_{PART_NAMES[group]}" if parent == "state_paid" and group in PART_NAMES else group

    def _read_loss(self, sentence: Sentence, number: Number) -> Entry | None:
        decision = self._loss_decision(sentence, number) or self.last_decision
        if not decision:
            self._ask("decision", sentence, number)
            return None
        day = self._loss_day(sentence, decision)
        entry = self._publish(sentence, number, f"{number.unit}_lost_decision_{decision}", day, "")
        unit = self._unit(sentence, number)
        if unit is not None:
            cells = {"area": unit.code, "decision": decision, "on": str(day), "people": int(number.value)}
            cells |= {"unit": number.unit, "relation": self._relation(sentence, number), "status": "published"}
            self._add("losses", cells | {"source": self.cited(sentence.locator)}, sentence, number)
        return entry

    def _loss_decision(self, sentence: Sentence, number: Number) -> str:
        """Return the decision on zones by which a sentence says that people lost a card, "" if it does not."""
        text = sentence.small[sentence.start : sentence.end]
        if not has_phrase("loss", text):
            return ""
        return next((d for i in sentence.instruments if (d := self._decision(i))), self.last_decision)

    def _loss_day(self, sentence: Sentence, decision: str) -> dt.date:
        starts = [t.day for t in sentence.times if t.is_from and not t.is_year and t.day]
        return starts[0] if starts else self.decisions[decision]

    # --- Percentages ---

    def _read_percent(
        self,
        sentence: Sentence,
        number: Number,
        before: str,
        after: str,
        previous: Entry | None,
        order: tuple[list[Number], int],
    ) -> Entry | None:
        rate = phrases("rate", before) or phrases("rate", after)
        groups = self._groups_of_rate(before, after, bool(rate))
        if not (rate or groups or has_phrase("other", after[:40])):  # said once for several: «70% ... và trên 75%»
            rate = phrases("rate", sentence.small[sentence.start : sentence.end])
        is_goal = self._is_goal(sentence, number, before)
        day = self._day(sentence, number, order, is_goal)
        if previous is not None and (has_phrase("share", before[-25:]) or re.search(r"\(\s*$", before)):
            return self._read_share(sentence, number, after, previous)
        if number.unit == "points" or (rate and _change(before) and not has_phrase("fall_to", before)):
            sign = -1 if _change(before) == "-" else 1
            return self._publish(sentence, number, "change_coverage", day, "", sign) if rate else None
        if has_phrase("satisfied", before + after):
            return self._publish(sentence, number, "patient_satisfaction", "", "patients")
        if has_phrase("on_time", after) and groups:
            name = f"{groups[0].yields}_on_time"
            return self._publish(sentence, number, name, "yearly", f"{groups[0].yields}_people")
        if has_phrase("no_fall", after):
            return self._read_no_fall(sentence, number)
        if has_phrase("other", after[:40]) and not groups:
            return self._read_other_target(sentence, number, day)
        if has_phrase("state", before) and len({g.yields for g in phrases("group", _bracket(after))}) > 1:
            return self._read_groups_at(sentence, number, after)
        is_of_lost = has_phrase("lost_group", _bracket(after))
        if not (rate or groups or is_of_lost) or (not groups and number.value == 100 and not _is_of_all(before, after)):
            self._ask("subject", sentence, number)
            return None
        if is_goal:
            return self._read_target(sentence, number, groups, is_of_lost, day)
        name = f"coverage_{groups[0].yields}" if groups else "coverage"
        base = f"{groups[0].yields}_people" if groups else "population"
        return self._publish(sentence, number, name, day, base)

    def _groups_of_rate(self, before: str, after: str, has_rate: bool) -> list[Phrase]:
        """Return the group whose rate a percentage is: named before it («BHYT học sinh đạt») or right after it."""
        near = [g for g in phrases("group", after[:70]) if _RIGHT_AFTER.fullmatch(after[: g.start])]
        if near or not has_rate:
            return near or phrases("group", before)[-1:]
        return phrases("group", before)[-1:]

    def _read_share(self, sentence: Sentence, number: Number, after: str, previous: Entry) -> Entry | None:
        """Read a share of the count before it, out of the base that is named or of the total of the list."""
        figure = str(previous.cells["figure"])
        named = phrases("base", after[:60])
        inner = [t for t in self.totals if t.entry is not previous]
        base = named[0].yields if named else str(inner[-1].entry.cells["figure"]) if inner else ""
        if not base:
            self._ask("base", sentence, number)
            return None
        name = "coverage" if (figure, base) == ("insured_total", "population") else f"share_{_bare(figure)}"
        return self._publish(sentence, number, name, previous.cells["as_of"], base)

    def _read_no_fall(self, sentence: Sentence, number: Number) -> Entry | None:
        kind = next((p.yields for p in phrases("each", sentence.small[number.start : sentence.end])), "commune")
        if self.context.unit is None:
            return None
        cells: dict[str, object] = {"area": "each", "scope": "all", "on": "yearly"}
        cells |= {"relation": "ratchet", "rate": None}
        cells |= {"instrument": self.cited(sentence.locator), "of": self.context.unit.code, "kind": kind}
        return self._add("targets", cells, sentence, number)

    def _read_other_target(self, sentence: Sentence, number: Number, day: object) -> Entry | None:
        unit = self._unit(sentence, number)
        if unit is None:
            return None
        text = " ".join(sentence.text[sentence.start : sentence.end].strip(" -+*•.;").split())
        cells = {"area": unit.code, "indicator": text, "unit": "percent", "target": number.value}
        cells |= {"relation": self._relation(sentence, number), "on": iso(day), "source": self.cited(sentence.locator)}
        return self._add("other_targets", cells, sentence, number)

    def _read_groups_at(self, sentence: Sentence, number: Number, after: str) -> Entry | None:
        """Read the coverage that groups in brackets have reached."""
        entry = None
        for group in dict.fromkeys(g.yields for g in phrases("group", _bracket(after))):
            day = self.context.reported or self.context.issued
            entry = self._publish(sentence, number, f"coverage_{group}", day, f"{group}_people")
        return entry

    def _read_groups_still_low(self, sentence: Sentence) -> None:
        """Read the groups in brackets of which a sentence says in words that few are insured: below 100%."""
        text = sentence.small[sentence.start : sentence.end]
        low = phrases("low", text)[-1]
        listed = text[low.end :].lstrip()
        day = self.context.reported or self.context.issued
        if not listed.startswith("("):
            return
        start = sentence.start + low.end
        for group in dict.fromkeys(g.yields for g in phrases("group", listed.partition(")")[0])):
            cells = self._published_cells(
                sentence, f"coverage_{group}", 100.0, 0, "percent", "<", f"{group}_people", day
            )
            place = Place(sentence.block, sentence.start + low.start, start)
            self.entries.add(Entry("published", cells, [place], self._text(sentence)))

    def _read_target(
        self, sentence: Sentence, number: Number, groups: list[Phrase], is_of_lost: bool, day: object
    ) -> Entry | None:
        scope = groups[0].yields if groups else "all"
        if is_of_lost:
            scope = f"{scope}_who_lost" if scope in ("pupil", "student") else "other_who_lost"
        on = iso(day) if scope == "all" or isinstance(day, dt.date) else "yearly"
        if not on:
            self._ask("day", sentence, number)
            return None
        cells: dict[str, object] = {"area": "each", "scope": scope, "on": on}
        cells |= {"relation": self._relation(sentence, number), "rate": round(number.value / 100, 6)}
        cells |= {"instrument": self.cited(sentence.locator)}
        unit = self._unit(sentence, number)
        kind = self._kind_of_each(sentence, number) if scope == "all" else ""
        if unit is None:
            return None
        cells |= {"of": unit.code, "kind": kind} if kind else {"area": unit.code, "of": "", "kind": ""}
        return self._add("targets", cells, sentence, number)

    # --- What a number is about ---

    def _is_goal(self, sentence: Sentence, number: Number, before: str) -> bool:
        """Tell whether a number is to be reached, and not what was reached."""
        text = sentence.small[sentence.start : number.start]
        if has_phrase("fall_to", before) or has_phrase("state", before):
            return False
        day = next((t.day for t in sentence.times if t.day and not _in_bracket(sentence.small, t.start)), None)
        if day and self.context.issued and day > self.context.issued:
            return True
        titles = [plain(h.text) for h in self.headings]
        if any(_RESULT_HEADING.search(t) and not _GOAL_HEADING.search(t) for t in titles[-2:]):
            return has_phrase("goal", text) and not has_phrase("state", text)
        if has_phrase("state", text):
            return False
        return any(_GOAL_HEADING.search(t) for t in titles) or has_phrase(
            "goal", sentence.small[sentence.start : sentence.end]
        )

    def _day(self, sentence: Sentence, number: Number, order: tuple[list[Number], int], is_goal: bool) -> object:
        """Return the day of a number: that beside it in the sentence, of its list, of its heading, of the document."""
        if (moment := _own_time(sentence, order)) is not None:
            return moment.day
        inherited = [t.day for _, t in sorted(self.item_times.items(), reverse=True) if t.day]
        if inherited:
            return inherited[0]
        if is_goal and has_phrase("repeated", sentence.small[sentence.start : sentence.end]):
            return "yearly"
        days = [d for h in reversed(self.headings) if (d := time_of_heading(h.text))]
        if days:
            return days[0]
        return None if is_goal else self.context.reported or self.context.issued

    def _relation(self, sentence: Sentence, number: Number) -> str:
        """Return how a number compares: the relation nearest to its left, or «trở lên» on its right."""
        left = sentence.small[max(sentence.start, number.start - 30) : number.start]
        last = max(phrases("relation", left), key=lambda p: p.end, default=None)
        is_near = (
            last is not None and len(left[last.end :].split()) <= 2 and not re.search(r"\d|[,;]", left[last.end :])
        )
        if is_near and last is not None:
            return last.yields
        return ">=" if re.match(r"\s*(?:dân số )?trở lên", sentence.small[number.end : number.end + 25]) else "="

    def _unit(self, sentence: Sentence, number: Number) -> Unit | None:
        """Return the unit that a number is of: the last that its sentence names before it, else that of the plan."""
        context = self.context
        for match in reversed(list(_UNIT_BEFORE.finditer(sentence.text, sentence.start, number.start))):
            if match[2][0].isupper():
                unit = named_unit(match[0], context.geography, context.day, context.unit)
                if unit is not None:
                    return unit
        return context.unit

    def _kind_of_each(self, sentence: Sentence, number: Number) -> str:
        """Return the kind of the units of each of which a target is; "" for one of the plan's own unit."""
        text = sentence.small[sentence.start : number.start]
        each = phrases("each", text)
        later = [m for m in _UNIT_BEFORE.finditer(sentence.text, sentence.start, number.start) if m[2][0].isupper()]
        is_last = each and not any(m.start() > sentence.start + each[-1].start for m in later)
        return each[-1].yields if is_last else ""

    # --- Rows ---

    def cited(self, locator: str) -> str:
        """Return the document with a place in it, as the column ``instrument`` or ``source`` of a table cites it."""
        return f"{self.context.title_short}, {locator}" if locator else self.context.title_short

    def _publish(
        self, sentence: Sentence, number: Number, figure: str, day: object, base: str, sign: int = 1
    ) -> Entry | None:
        unit = "percent" if number.unit == "points" else number.unit
        relation = self._relation(sentence, number)
        if day is None:
            self._ask("day", sentence, number)
        cells = self._published_cells(
            sentence,
            figure,
            sign * number.value,
            number.decimals,
            unit,
            relation,
            base,
            day,
            self._unit(sentence, number),
        )
        return self._add("published", cells, sentence, number) if cells["area"] else None

    def _published_cells(
        self, sentence: Sentence, figure: str, value: float, decimals: int, unit: str, relation: str, base: str,
        day: object, area: Unit | None = None,
    ) -> dict[str, object]:  # fmt: skip
        area = area or self.context.unit
        cells: dict[str, object] = {"document": self.context.name, "area": area.code if area else "", "figure": figure}
        cells |= {"value": value, "decimals": decimals, "unit": unit, "relation": relation, "base": base}
        return cells | {"as_of": iso(day), "locator": sentence.locator, "note": ""}

    def _add(self, table: str, cells: dict[str, object], sentence: Sentence, number: Number) -> Entry:
        return self.entries.add(Entry(table, cells, [_place(sentence, number)], self._text(sentence)))

    def _ask(self, kind: str, sentence: Sentence, number: Number) -> None:
        text = sentence.text[number.start : number.end]
        question = Question(kind, _place(sentence, number), text, self._text(sentence), sentence.locator)
        self.entries.questions.append(question)

    def _text(self, sentence: Sentence) -> str:
        return sentence.text[sentence.start : sentence.end].strip()


_WITHOUT_PREFIX = ("population", "insured_total", "insured_by_local_office", "uninsured")


def _place(sentence: Sentence, number: Number) -> Place:
    return Place(sentence.block, number.start, number.end)


def iso(day: object) -> str:
    """Return a day as tables have it; a phrase stays, None is \"\"."""
    return str(day) if day else ""


def _bare(figure: str) -> str:
    """Return what a share of a figure is named by: "local_office" of "insured_by_local_office"."""
    for prefix in ("cards_", "insured_by_", "insured_", "people_"):
        if figure.startswith(prefix):
            return figure.removeprefix(prefix)
    return figure


def _clause(text: str, last: bool = False) -> str:
    """Return the first, or the last, part of a text that semicolons divide."""
    flat = re.sub(r"\([^()]*\)?", lambda m: m[0].replace(";", ","), text)
    ends = [m.end() for m in re.finditer(r";|(?<=[^\W\d_])\. ", flat)]
    return text[ends[-1] :] if last and ends else text[: ends[0] - 1] if ends else text


def _change(before: str) -> str:
    """Return "+" or "-" where a text ends on the verb of a change, "" elsewhere."""
    last = max(phrases("change", before), key=lambda p: p.end, default=None)
    return last.yields if last is not None and not re.search(r"\w{3,}", before[last.end :]) else ""


def is_within(place: str, other: str) -> bool:
    """Tell whether a place of a document is another one or in it.

    Examples
    --------
    >>> is_within("Phần I, mục I.2", "Phần I"), is_within("Phần II", "Phần I")
    (True, False)
    """
    return place.startswith(other) and not re.match(r"[IVXLC\d]", place[len(other) :])


def _bracket(text: str) -> str:
    """Return what the bracket holds that says more of the first words of a text, "" without one."""
    match = _BRACKET.search(text)
    return match[1] if match and match.start() <= 40 and "," not in text[: match.start()] else ""


def _to_bracket_end(text: str, span: tuple[int, int], end: int) -> str:
    """Return a part of a text, on to the end of a bracket that begins in it and ends after it."""
    part = text[span[0] : span[1]]
    if part.rfind("(") > part.rfind(")"):
        close = text.find(")", span[1], end)
        return text[span[0] : close + 1] if close >= 0 else part
    return part


def _is_of_all(before: str, after: str) -> bool:
    """Tell whether 100% is of everybody: «100% dân số»."""
    return bool(re.match(r"\s*(?:dân số|người dân|nhân dân|tổng dân)", after)) or "dân số" in before


def _opener(after: str, is_end: bool) -> str:
    """Return the word after a number that begins a list of its parts, "" without one."""
    match = _OPENS.search(after.rstrip(" .")) if is_end else _OPENS_INSIDE.search(after)
    return match[1] if match else ""


def _in_bracket(text: str, position: int) -> bool:
    return text.rfind("(", 0, position) > text.rfind(")", 0, position)


def _own_time(sentence: Sentence, order: tuple[list[Number], int]) -> Time | None:
    """Return the time of a number in its sentence: the only one, the one on its side, or the nearest before it."""
    counted, i = order
    outside = [t for t in sentence.times if not _in_bracket(sentence.small, t.start)]
    bracketed = [t for t in sentence.times if not t.is_from]
    if len(outside) <= 1:
        return next(iter([*outside, *bracketed]), None)
    edges = [sentence.start, *(n.start for n in counted), sentence.end]
    between = [[t for t in outside if a <= t.start < b] for a, b in pairwise(edges)]
    for sides in (between[:-1], between[1:]):
        if all(len(side) == 1 for side in sides):
            return sides[i][0]
    before = [t for t in outside if t.start < counted[i].start]
    return before[-1] if before else outside[0]
