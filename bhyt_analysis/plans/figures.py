"""Read the figures of a plan from its sentences: what each counts, of whom, when, out of what.

A sentence is divided at its numbers (``clauses``). The words left and right of a number say what it counts; a share
is of the count before it, out of what the sentence names or of the total that the list is about. A number that no
phrase of ``words.csv`` explains, or that two explain differently, becomes a question.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.plans.arithmetic import equation_spans
from bhyt_analysis.plans.clauses import COUNTED, Clause, Sentence, clauses, in_bracket
from bhyt_analysis.plans.counts import OTHER_COUNTS, loss_day, loss_decision, read_count, read_other_count
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Entries, Entry, PartList, Place, Question
from bhyt_analysis.plans.figure_days import own_times
from bhyt_analysis.plans.mentions import (
    Instrument,
    Time,
    blank_spans,
    instruments,
    numbers,
    period,
    sentences,
    times,
)
from bhyt_analysis.plans.percentages import read_groups_still_low, read_no_fall, read_percent
from bhyt_analysis.plans.plan_context import PlanContext, named_unit
from bhyt_analysis.plans.words import Phrase, has_phrase, phrases, plain

_ITEM = re.compile(r"(?:^|(?<=[.;:]) )([-–+*•●○▪]) ")
_NUMBERED = re.compile(r"(?:(\d{1,2}(?:\.\d{1,2})*)[.)/]|([a-zđ])[.)/]) ")
_OPENERS = r"(bao gồm|gồm(?: có)?|chia ra|trong đó|cụ thể|như sau)"
_ALL = ("bao gồm", "gồm", "gồm có", "chia ra")  # after which all parts are listed
_OPENS = re.compile(rf"(?<!không ){_OPENERS}[^.;%]{{0,40}}:?\s*$")
_OPENS_INSIDE = re.compile(rf"(?<!không ){_OPENERS}")
_OUT_OF = re.compile(r"(?:trên|trong|tổng)(?: tổng)?(?: số)? $")
_UNIT_BEFORE = re.compile(
    r"(tỉnh|thành phố|huyện|thị xã|quận|xã|phường|thị trấn)(?: đảo)? ((?:[^\W\d_]+ ?){1,4})", re.IGNORECASE
)
_LIST_WORDS = re.compile(r"(?:trong đó|bao gồm|gồm|cụ thể)\W*$")
_SCHOOL_YEAR = re.compile(r"năm học \d{4}\s?[-–]")
_HEADING_LEVEL = -1  # of a total that a heading names


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
    is_in_heading: bool = False
    bullets: list[str] = field(default_factory=list)
    headings: list[Block] = field(default_factory=list)
    last_decision: str = ""
    last_start: dt.date | None = None  # the last day from which the section says that something applies
    item_times: dict[int, Time] = field(default_factory=dict)
    intros: dict[int, str] = field(default_factory=dict)  # of each level, the words that its list begins with
    last_rate: tuple[list[Phrase], list[Phrase]] | None = None  # its words and its groups, for «tỷ lệ này»
    paragraph_figures: list[str] = field(default_factory=list)  # of its counts, "" for one that is not clear
    last_base: str = ""  # of the last share of the paragraph
    part_days: list[dt.date] = field(default_factory=list)  # that results of the current part name
    result_days: list[dt.date] = field(default_factory=list)  # that those of the document name

    def read(self, index: int, block: Block) -> None:
        """Read the figures of a block that is no table cell."""
        self.is_in_heading = block.is_heading
        if block.is_heading:
            self._open_heading(block)
        self.last_base, self.paragraph_figures = "", []
        cited = instruments(block.text)
        small = _with_bases_hidden(blank_spans(plain(block.text), [(i.start, i.end) for i in cited]))
        moments = own_times(small, times(small))
        for start, end, level in self._items(block):
            self._close_lists(level)
            for first, last in sentences(block.text[start:end]):
                a, b = start + first, start + last
                own = [i for i in cited if a <= i.start < b]
                inside = [t for t in moments if a <= t.start < b]
                self._read_sentence(Sentence(index, a, b, block.text, small, block.place, inside, own), level)

    def _open_heading(self, block: Block) -> None:
        self.headings = [h for h in self.headings if h.place != block.place and is_within(block.place, h.place)]
        if not self.headings:
            self.part_days = []
        self.headings.append(block)
        self.totals, self.bullets, self.item_times, self.intros = [], [], {}, {}
        self.last_rate, self.last_start, self.last_decision = None, None, ""

    def _items(self, block: Block) -> Iterator[tuple[int, int, int]]:
        """Yield the items of a block, with the level of its list: 0 for text that is in none."""
        text = block.text
        marks = list(_ITEM.finditer(text))
        starts = [0, *(m.start(1) for m in marks if m.start(1))]
        number = None if block.is_heading else _NUMBERED.match(text)
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            sign = next((m[1] for m in marks if m.start(1) == start), "")
            if not start and number:
                sign = "a" if number[2] else "1" * (1 + number[1].count("."))
            yield start, end, _HEADING_LEVEL if block.is_heading else self._level(sign)

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
        self.intros = {k: v for k, v in self.intros.items() if k < level}

    # --- Sentences ---

    def _read_sentence(self, sentence: Sentence, level: int) -> None:
        self._note_decision(sentence)
        counted = [n for n in numbers(sentence.text) if sentence.start <= n.start < sentence.end]
        spans = [*((i.start, i.end) for i in sentence.instruments), *equation_spans(sentence.text)]
        counted = [n for n in counted if not any(start <= n.start < end for start, end in spans)]
        outside = [t for t in sentence.times if not in_bracket(sentence.small, t.start)]
        is_of_lost = outside and has_phrase("lost_group", sentence.small[sentence.start : outside[0].start][-40:])
        if outside and not is_of_lost and (not counted or outside[0].start < counted[0].start):
            self.item_times[level] = outside[0]
        previous: Entry | None = None
        inside = len(self.totals)
        for clause in clauses(sentence, counted):
            entry = self._read_number(clause, previous)
            if entry is not None and entry.table == "published":
                self._publish_base(clause, entry)
                previous = self._add_part(entry, previous)
            is_last = clause.index + 1 == len(counted)
            end = sentence.end if is_last else counted[clause.index + 1].start
            opener = _opener(sentence.small[clause.number.end : end], is_last)
            if level == _HEADING_LEVEL and previous is not None and _is_total_of_heading(clause):
                opener = "trên"
            if previous is not None and previous.cells["unit"] in COUNTED and opener:
                self._open_list(previous, level, opener in _ALL)
        is_open = _OPENS.search(sentence.small[: sentence.end].rstrip(" .")) or level == _HEADING_LEVEL
        if len(self.totals) > inside and not is_open:
            del self.totals[inside:]  # the sentence itself has the parts
        if sentence.plain.rstrip().endswith(":"):
            self._open_intro(sentence, level, bool(counted))
        if has_phrase("low", sentence.plain):
            read_groups_still_low(self, sentence)
        if has_phrase("no_fall", sentence.plain):
            read_no_fall(self, sentence)

    def _open_intro(self, sentence: Sentence, level: int, has_numbers: bool) -> None:
        """Begin a list: of the parts of a figure read before, where its words name one («Trong số người có thẻ:»)."""
        self.intros[level] = sentence.plain
        names = [p.yields for p in phrases("measure", sentence.plain)]
        same = [e for e in self.entries.rows if names and e.cells.get("figure") == names[-1]]
        if not names and not has_numbers and _LIST_WORDS.match(sentence.plain):
            near = [e for e in self.entries.rows if e.table == "published" and e.cells["unit"] in COUNTED]
            if near and near[-1].places[-1].block >= sentence.block - 1:
                self._open_list(near[-1], level, False)
        elif same and not has_numbers and sentence.plain.startswith("trong"):
            self._open_list(same[-1], level, False)

    def _note_decision(self, sentence: Sentence) -> None:
        self.last_decision = next((d for i in sentence.instruments if (d := self.decision(i))), self.last_decision)
        starts = [t.day for t in sentence.times if t.is_from and not t.is_year and t.day]
        self.last_start = starts[0] if starts else self.last_start

    def _add_part(self, entry: Entry, previous: Entry | None) -> Entry | None:
        """Return the count that later shares are of: this one if it is one, which the open list then has as well."""
        if entry.cells["unit"] not in (*COUNTED, "percent"):
            return previous
        if entry.cells["unit"] == "percent":
            return previous if previous is not None else entry
        if self.totals and self.totals[-1].parts.is_full and entry not in self.totals[-1].parts.parts:
            self.totals.pop()  # what follows divides something else
        if self.totals and self.totals[-1].parts.may_have(entry):
            self.totals[-1].parts.parts.append(entry)
        return entry

    def _open_list(self, total: Entry, level: int, is_complete: bool) -> None:
        parts = PartList(total, [], is_complete)
        self.entries.lists.append(parts)
        self.totals.append(_Total(level, parts, str(total.cells["figure"]).partition("_")[2]))

    def decision(self, instrument: Instrument) -> str:
        """Return the number of an instrument that is a decision on zones, "" of any other."""
        number = instrument.number.partition("/")[0]
        return number if number in self.decisions and instrument.kind == "Quyết định" else ""

    def _read_number(self, clause: Clause, previous: Entry | None) -> Entry | None:
        number = clause.number
        if number.unit in COUNTED:
            questions = len(self.entries.questions)
            entry = read_count(self, clause, previous)
            if entry is None and self.totals:
                self.totals[-1].parts.is_complete = False  # what it is a part of may be this list
            if entry or len(self.entries.questions) > questions:
                self.paragraph_figures.append(str(entry.cells["figure"]) if entry else "")
            return entry
        if number.unit in ("percent", "points"):
            return read_percent(self, clause, previous)
        if number.unit == "communes" and (decision := loss_decision(self, clause)):
            day = loss_day(self, clause, decision)
            return self.publish(clause, f"communes_lost_decision_{decision}", day, "")
        return read_other_count(self, clause) if number.unit in OTHER_COUNTS else None

    # --- What a number is about ---

    def last_day(self, clause: Clause, figure: str, goal: bool) -> object:
        """Return the day of a figure that no word beside it dates: of the same figure before, of the results."""
        if goal or _SCHOOL_YEAR.search(clause.sentence.plain):
            return None
        value = clause.number.value
        same = [e for e in self.entries.rows if e.cells.get("figure") == figure and e.cells.get("value") == value]
        return same[-1].cells["as_of"] if same else self.result_day()

    def is_about_part(self) -> bool:
        """Tell whether the counts of a paragraph so far are of a part of the people, such as those who lost a card."""
        general = ("population", "insured_total", "uninsured", "insured_by_local_office")
        figures = [f.removeprefix("target_").removeprefix("change_") for f in self.paragraph_figures]
        return bool(figures) and not any(f in general for f in figures) and not self.totals

    def is_future(self, day: object) -> bool:
        """Tell whether a day is after that of the document."""
        return isinstance(day, dt.date) and self.context.issued is not None and day > self.context.issued

    def result_day(self) -> dt.date | None:
        """Return the day of the results that the document reports, else that of the document."""
        days = set(self.part_days)
        if self.context.reported:
            return self.context.reported
        if days:
            spans = [years for h in self.headings if (years := period(plain(h.text)))]
            end = dt.date(spans[0][1], 12, 31) if spans else None
            return end if end in days else days.pop() if len(days) == 1 else None
        return max(self.result_days, default=self.context.issued)

    def relation(self, clause: Clause) -> str:
        """Return how a number compares: the relation nearest to its left, or «trở lên» on its right."""
        sentence, number = clause.sentence, clause.number
        left = sentence.small[max(sentence.start, number.start - 30) : number.start]
        last = max(phrases("relation", left), key=lambda p: p.end, default=None)
        if self.is_in_heading and clause.number.unit in COUNTED and _OUT_OF.search(left):
            return "="  # «(trên 153.953 thẻ)»: out of, not more than
        if last is not None and len(left[last.end :].split()) <= 2 and not re.search(r"[\d,;]", left[last.end :]):
            return last.yields
        return ">=" if re.match(r"\s*(?:dân số )?trở lên", sentence.small[number.end : number.end + 25]) else "="

    def unit_of(self, clause: Clause) -> Unit | None:
        """Return the unit that a number is of: the last that its sentence names before it, else that of the plan."""
        context, sentence = self.context, clause.sentence
        for match in reversed(list(_UNIT_BEFORE.finditer(sentence.text, sentence.start, clause.number.start))):
            if match[2][0].isupper():
                unit = named_unit(f"{match[1]} {match[2]}", context.geography, context.day, context.unit)
                if unit is not None:
                    return unit
        return context.unit

    def kind_of_each(self, clause: Clause) -> str:
        """Return the kind of the units of each of which a target is; "" for one of the plan's own unit."""
        sentence, end = clause.sentence, clause.number.start
        each = phrases("each", sentence.small[sentence.start : end])
        later = [m for m in _UNIT_BEFORE.finditer(sentence.text, sentence.start, end) if m[2][0].isupper()]
        is_last = each and not any(m.start() > sentence.start + each[-1].start for m in later)
        return each[-1].yields if is_last else ""

    def published_value(self, figure: str, day: object) -> float:
        """Return the value of a figure of a day that was read before, 0 without one."""
        rows = [e.cells for e in self.entries.rows if e.cells.get("figure") == figure and e.cells["as_of"] == str(day)]
        return float(str(rows[-1]["value"])) if rows else 0.0

    # --- Rows ---

    def cited(self, locator: str) -> str:
        """Return the document with a place in it, as the column ``instrument`` or ``source`` of a table cites it."""
        return f"{self.context.title_short}, {locator}" if locator else self.context.title_short

    def publish(
        self, clause: Clause, figure: str, day: object, base: str, sign: int = 1, relation: str = ""
    ) -> Entry | None:
        """Add a published figure of the unit that its sentence names."""
        number, unit = clause.number, self.unit_of(clause)
        if unit is None:
            return None
        if day is None:
            self.ask("day", clause)
        explicit_days = [t.day for t in (*clause.sentence.times, *self.item_times.values())]
        if (
            isinstance(day, dt.date)
            and day in explicit_days
            and not figure.startswith("target_")
            and "_lost_" not in figure
        ):
            self.part_days.append(day)
            self.result_days.append(day)
        cells: dict[str, object] = {"document": self.context.name, "area": unit.code, "figure": figure}
        cells |= {"value": sign * number.value, "decimals": number.decimals}
        cells |= {"unit": "percent" if number.unit == "points" else number.unit}
        cells |= {"relation": relation or self.relation(clause), "base": base, "as_of": str(day or "")}
        return self.add("published", cells | {"locator": clause.sentence.locator, "note": ""}, clause)

    def _publish_base(self, clause: Clause, entry: Entry) -> None:
        """Add the people out of whom a count is, where it has them after a stroke and they are not its plan."""
        base, figure, small = clause.number.base, str(entry.cells["figure"]), clause.sentence.small
        end = clause.numbers[clause.index + 1].end if clause.index + 1 < len(clause.numbers) else clause.number.end
        share = small[clause.number.end : end] + re.split(r"[,;.]", small[end : clause.sentence.end])[0]
        if base is None or has_phrase("planned", share) or "change_" in figure:
            return
        aim, name = ("target_", figure[7:]) if figure.startswith("target_") else ("", figure)
        group = next((name.removeprefix(p) for p in ("cards_", "uninsured_") if name.startswith(p)), "")
        own = replace(clause, numbers=(*clause.numbers[: clause.index], base, *clause.numbers[clause.index + 1 :]))
        self.publish(own, f"{aim}people_{group}" if group else f"{aim}population", entry.cells["as_of"], "")

    def add(self, table: str, cells: dict[str, object], clause: Clause) -> Entry:
        """Add a row that a number says."""
        return self.entries.add(Entry(table, cells, [_place(clause)], self.text(clause.sentence)))

    def ask(self, kind: str, clause: Clause) -> None:
        """Add the question that a number leaves."""
        sentence, number = clause.sentence, clause.number
        text = sentence.text[number.start : number.end]
        self.entries.questions.append(Question(kind, _place(clause), text, self.text(sentence), sentence.locator))

    def text(self, sentence: Sentence) -> str:
        """Return the text of a sentence."""
        return sentence.text[sentence.start : sentence.end].strip()


def _with_bases_hidden(small: str) -> str:
    """Return a plain text with blanks for the counts after a stroke: «62.400 người/68.500 dân tham gia»."""
    for number in numbers(small):
        if number.base:
            noun = small[number.base.start + number.base.length : number.base.end].strip()
            noun = re.sub(r"(?:người )?dân.*|.*khẩu", "người", noun)
            start = small.rindex("/", number.end, number.base.start)
            noun = "" if small[number.end : start].strip() else noun
            small = small[:start] + noun.rjust(number.base.end - start) + small[number.base.end :]
    return small


def _place(clause: Clause) -> Place:
    return Place(clause.sentence.block, clause.number.start, clause.number.end)


def is_within(place: str, other: str) -> bool:
    """Tell whether a place of a document is another one or in it.

    Examples
    --------
    >>> is_within("Phần I, mục I.2", "Phần I"), is_within("Phần II", "Phần I")
    (True, False)
    """
    return place.startswith(other) and not re.match(r"[IVXLC\d]", place[len(other) :])


def _opener(after: str, is_end: bool) -> str:
    """Return the word after a number that begins a list of its parts, "" without one."""
    match = _OPENS.search(after.rstrip(" .")) if is_end else _OPENS_INSIDE.search(after)
    return match[1] if match else ""


def _is_total_of_heading(clause: Clause) -> bool:
    """Tell whether a heading says that its section divides a count: «(trên 153.953 thẻ)»."""
    before = clause.sentence.small[clause.sentence.start : clause.number.start]
    return _OUT_OF.search(before) is not None or in_bracket(clause.sentence.small, clause.number.start)
