"""Read the counts of a plan: people, cards, households, visits and money, by the words that say what they count."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import TYPE_CHECKING

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.plans.clauses import Clause
from bhyt_analysis.plans.entries import Entry
from bhyt_analysis.plans.figure_days import compared_day, day_before, day_of, is_goal
from bhyt_analysis.plans.mentions import blank_spans
from bhyt_analysis.plans.words import Phrase, has_phrase, phrases, plain

if TYPE_CHECKING:
    from bhyt_analysis.plans.figures import FigureReader

OTHER_COUNTS = ("vnd", "visits", "households")
# Parts of those whom the State pays for, as the figures of plans are named (docs/audit.md).
PART_NAMES = {"poor": "poor", "difficult_area": "area"}
_WITHOUT_PREFIX = ("population", "insured_total", "insured_by_local_office", "uninsured")
_GENERAL = ("insured_total", "insured_by_local_office")  # which the group of the same clause says more of
# Groups of people with a card by who pays for it.
_BY_PAYER = (
    "military_relatives", "household", "employer_employee", "social_security_paid", "state_paid", "state_supported",
    "employer_paid",
)  # fmt: skip
_REST = re.compile(r"…|\.\.\.|(?<!\w)(?:khác|còn lại)(?!\w)")
_NO_CARDS = re.compile(r"(?:^|[,;:]|\w)\s*(?:hiện |đang |toàn \w+ |trên địa bàn )?(?:có|tổng số|là)\s+(?:tổng số )?$")


def read_count(reader: FigureReader, clause: Clause, previous: Entry | None) -> Entry | None:
    """Read a count of people or cards; one whose words say nothing or two things becomes a question."""
    number, before = clause.number, clause.before
    follows_communes = clause.index + 1 < len(clause.numbers) and clause.numbers[clause.index + 1].unit == "communes"
    after = clause.sentence.small[number.end : clause.sentence.end] if follows_communes else clause.after
    is_loss = has_phrase("loss", clause.left[-90:]) or has_phrase("loss", f"{clause.unit} {after.lstrip()}")
    if is_loss and (loss_decision(reader, clause) or not change_sign(before)):
        return _read_loss(reader, clause)
    subject = count_subject(reader, clause)
    sign = change_sign(before) or change_sign(before, "recruit") or _sign_of_list(reader)
    is_level = change_sign(before) or compared_day(reader, clause) is not None
    if subject is None and is_level and previous is not None and _is_of_same(previous, number.unit):
        subject = str(previous.cells["figure"]).removeprefix("change_")
    if sign and subject == "population":  # of the insured, as a rule, whose share of the population is beside it
        subject = None
    if subject is None or has_phrase("no_total", clause.sentence.small[clause.sentence.start : clause.number.end]):
        _ask_unless_aside(reader, clause)
        return None
    explicit = day_of(reader, clause)
    goal = is_goal(reader, clause, explicit) and (subject != "population" or reader.is_future(explicit))
    name = f"{'target_' * goal}{'change_' * bool(sign)}{subject}".replace("target_insured_total", "target_insured")
    heading = plain(reader.headings[-1].text) if reader.headings else ""
    words = clause.sentence.small[clause.sentence.start : number.start]
    if has_phrase("forecast", heading) or (goal and has_phrase("forecast", words)):
        reader.ask("forecast", clause)
        return None
    day = day_of(reader, clause, goal) or (previous.cells["as_of"] if sign and previous is not None else None)
    day = day or reader.last_day(clause, name, goal)
    return reader.publish(clause, name, day, day_before(clause, day) if sign else "", -1 if sign == "-" else 1)


def read_other_count(reader: FigureReader, clause: Clause) -> Entry | None:
    """Read a sum of money, or a number of visits or households, where one phrase says what it counts."""
    unit = clause.number.unit
    right = [p.yields for p in phrases(unit, clause.right)]
    left = [p.yields for p in phrases(unit, clause.left)]
    names = set(right or left[-1:])
    if "none" in [
        *left,
        *(p.yields for p in phrases(unit, f"{clause.unit} {re.split(',', clause.after)[0].lstrip()}"[:30])),
    ]:
        return None  # a price, a rate of pay: no figure of the plan
    if len(names) != 1 or change_sign(clause.before):
        _ask_unless_aside(reader, clause)
        return None
    goal = is_goal(reader, clause, day_of(reader, clause))
    name = f"{'target_' * goal}{names.pop()}"
    day = day_of(reader, clause, goal)
    if day is None and not goal:  # money of a year needs its year
        day = reader.context.reported if unit == "vnd" else reader.last_day(clause, name, goal)
    return reader.publish(clause, name, day, "")


def _sign_of_list(reader: FigureReader) -> str:
    """Return the sign of the change whose parts a list names: «thêm 1.200 người, trong đó 700 người hộ gia đình»."""
    total = reader.totals[-1].entry.cells if reader.totals else {}
    is_change = "change_" in str(total.get("figure", ""))
    return "" if not is_change else "-" if float(str(total["value"])) < 0 else "+"


def _is_of_same(previous: Entry, unit: str) -> bool:
    """Tell whether a change is of the count before it: «96.240 người ..., tăng 1.234 người»."""
    return previous.cells["unit"] == unit and "_lost_" not in str(previous.cells["figure"])


def _ask_unless_aside(reader: FigureReader, clause: Clause) -> None:
    """Ask what a number counts, but not one that is an ordinal or that its clause says to be something else."""
    is_aside = has_phrase("aside", clause.text[-160:]) and not has_phrase("measure", clause.text)
    is_ordinal = not clause.sentence.small[clause.sentence.start : clause.number.start].strip(" -+(")
    if not is_aside and (clause.number.value >= 10 or not is_ordinal):
        reader.ask("subject", clause)


def change_sign(before: str, use: str = "change") -> str:
    """Return "+" or "-" where a text ends on the verb of a change, "" elsewhere."""
    last = max(phrases(use, before), key=lambda p: p.end, default=None)
    if last is None:
        return ""
    rest = before[last.end :]
    rest = blank_spans(rest, [(p.start, p.end) for p in phrases("relation", rest)])
    return "" if re.search(r"\w{3,}", rest) else last.yields


def count_subject(reader: FigureReader, clause: Clause) -> str | None:
    """Return the name of the figure that a count is, by the words left and right of it; None where they disagree."""
    left = subject(reader, clause.left)
    right = subject(reader, clause.right) if clause.right else None
    name = right if left is None or left == right else left if right is None else _agreed(left, right)
    if name in ("insured_total", "uninsured") and reader.is_about_part():
        return None
    if name is None or clause.number.unit != "people" or not name.startswith("cards_"):
        return name
    listed = reader.totals[-1].entry.cells["figure"] if reader.totals else ""
    words = clause.sentence.small[clause.sentence.start : clause.number.start]
    if listed == "uninsured" or (
        has_phrase("uninsured", words + clause.right) and not has_phrase("insured", clause.text)
    ):
        return name.replace("cards_", "uninsured_", 1)
    return name if _is_insured(reader, clause, name) else f"people_{name.removeprefix('cards_')}"


def _is_insured(reader: FigureReader, clause: Clause, name: str) -> bool:
    """Tell whether a count of people of a group is of those with a card, and not of all."""
    if (
        name.removeprefix("cards_") in _BY_PAYER
        or has_phrase("insured", clause.text)
        or reader.totals
        or any(has_phrase("insured", t) for t in reader.intros.values())
    ):
        return True
    if _NO_CARDS.search(clause.before) or not has_phrase("insured", clause.sentence.plain):
        return any(has_phrase("insured", plain(h.text)) for h in reader.headings) and not _NO_CARDS.search(
            clause.before
        )
    return True


def _agreed(left: str, right: str) -> str | None:
    """Return the narrower of two subjects: a group, or its part; None where they exclude each other."""
    one, other = left.removeprefix("cards_"), right.removeprefix("cards_")
    if one in _GENERAL or one in _ancestors(other) or other.startswith(f"{one}_"):
        return right
    return left if other in _GENERAL or other in _ancestors(one) or one.startswith(f"{other}_") else None


def subject(reader: FigureReader, text: str) -> str | None:
    """Return the name of the figure that a count with this text is, as a count of people or of cards."""
    groups, measures = phrases("group", text), phrases("measure", text)
    last = measures[-1] if measures else None
    groups = [g for g in groups if last is None or g.start >= last.start or last.yields == "insured_total"]
    rest = _REST.search(text)
    if groups and rest and rest.start() >= groups[-1].start:
        total = reader.totals[-1].group if reader.totals else ""
        names = {g.yields for g in groups}
        is_part = bool(total) and (len(names) > 1 or any(total in _ancestors(name) for name in names))
        return f"cards_{total}_other" if is_part else None
    if last is None and not groups and rest and reader.totals and reader.totals[-1].group:
        return f"cards_{reader.totals[-1].group}_other"
    if groups and (last is None or last.yields in _GENERAL or groups[-1].end > last.end):
        if last is not None and last.yields == "insured_by_local_office" and groups[-1].start < last.end:
            return last.yields
        group = _group_name(reader, groups)
        return f"cards_{group}" if group else None
    if last is None:
        return None
    return last.yields if last.yields in _WITHOUT_PREFIX else f"cards_{last.yields}"


def _group_name(reader: FigureReader, groups: list[Phrase]) -> str | None:
    """Return the only group of a clause, or of several the one within all others; None for two beside each other."""
    names = list(dict.fromkeys(g.yields for g in groups))
    narrow = [n for n in names if not any(n in _ancestors(other) for other in names)]
    if len(narrow) != 1:
        return None
    parent = reader.totals[-1].group if reader.totals else ""
    return f"{parent}_{PART_NAMES[narrow[0]]}" if parent == "state_paid" and narrow[0] in PART_NAMES else narrow[0]


@cache
def _ancestors(group: str) -> frozenset[str]:
    """Return the groups that a group is within."""
    rows = packaged_table("law/groups.csv")
    own = rows[rows["key"] == group]
    above = {name for column in ("group", "within") for name in own[column] if name and name != group}
    return frozenset(above.union(*(_ancestors(name) for name in above)))


# --- Losses by a decision on zones ---


def _read_loss(reader: FigureReader, clause: Clause) -> Entry | None:
    sentence, number = clause.sentence, clause.number
    decision = loss_decision(reader, clause) or reader.last_decision
    if not decision:
        reader.ask("decision", clause)
        return None
    day = loss_day(reader, clause, decision)
    entry = reader.publish(clause, f"{number.unit}_lost_decision_{decision}", day, "")
    unit = reader.unit_of(clause)
    if unit is not None:
        cells = {"area": unit.code, "decision": decision, "on": str(day), "people": int(number.value)}
        cells |= {"unit": number.unit, "relation": reader.relation(clause), "status": "published"}
        reader.add("losses", cells | {"source": reader.cited(sentence.locator)}, clause)
    return entry


def loss_decision(reader: FigureReader, clause: Clause) -> str:
    """Return the decision on zones by which a sentence says that people lost a card, "" if it does not."""
    if not has_phrase("loss", clause.sentence.plain):
        return ""
    cited = (d for i in clause.sentence.instruments if (d := reader.decision(i)))
    return next(cited, reader.last_decision)


def loss_day(reader: FigureReader, clause: Clause, decision: str) -> dt.date:
    """Return the day from which cards were lost: of the sentence or those before, else the first of the decision."""
    starts = [t.day for t in clause.sentence.times if t.is_from and not t.is_year and t.day]
    first = reader.decisions[decision]
    return starts[0] if starts else reader.last_start if reader.last_start and reader.last_start >= first else first
