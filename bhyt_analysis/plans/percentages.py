"""Read the percentages of a plan: coverage, shares, changes in points, and targets."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from bhyt_analysis.plans.clauses import Clause, Sentence, bracket, listed
from bhyt_analysis.plans.counts import change_sign
from bhyt_analysis.plans.entries import Entry, Place
from bhyt_analysis.plans.figure_days import compared_day, day_before, day_of, is_goal, is_result_heading
from bhyt_analysis.plans.mentions import Number
from bhyt_analysis.plans.words import Phrase, has_phrase, phrases, plain

if TYPE_CHECKING:
    from bhyt_analysis.plans.figures import FigureReader

_RIGHT_AFTER = re.compile(r"[\s(]*(?:(?:tổng )?số |các |toàn bộ |người |nhóm |thuộc |đối tượng |em |diện )*")
_BETWEEN_GROUPS = re.compile(r"[\s,]*(?:(?:và|hoặc|cùng|các|nhóm|người|đối tượng|thuộc|hộ|em|gia đình)\s+)*")
_NO_NOUN = re.compile(
    r"\s*(?:$|[,.;:()]|(?:và|vào|trong|năm|ngay|trở lên|đến|dân số|của|ở|tại|so|tính|từ|cuối|hết|toàn)(?!\w))"
)
_PEOPLE = re.compile(r"(?<!\w)(?:người|nhóm|đối tượng|hộ|lao động|trẻ|hội viên|cựu|thai)(?!\w)")
_LEAST_COVERAGE = 30  # a percentage of all below it is of something else
_THIS_RATE = re.compile(r"tỷ lệ (?:này|đó|trên|nói trên|nêu trên)")
_SHARE_ENDS = re.compile(r"(?:^|,|\()\s*(?:đạt |với )?(?:tỷ lệ |đạt )?$")
_PREFIXES = ("cards_", "insured_by_", "insured_", "people_")


def read_percent(reader: FigureReader, clause: Clause, previous: Entry | None) -> Entry | None:
    """Read a percentage; one that could be of several things becomes a question."""
    before, after = clause.before, clause.after
    if _is_support(clause):
        return None  # what the State pays of a premium, not who is insured
    if re.match(r"\s*là (?!của)", after) and clause.number.unit == "percent" and not phrases("rate", before):
        reader.ask("base", clause)  # «52% là người dân tộc thiểu số»: of whom?
        return None
    if has_phrase("elsewhere", before[-60:]):
        reader.ask("area", clause)
        return None
    rate = phrases("rate", before) or phrases("rate", re.split(r"[,;]| và tỷ lệ", after)[0])
    groups = _groups_of_rate(before, after, bool(rate))
    is_bare = _NO_NOUN.match(after) and not _PEOPLE.search(before)
    if is_bare and not (rate or groups or _is_of_other(clause)):  # said once for several: «70% ... và trên 75%»
        rate = phrases("rate", clause.sentence.plain)
    if not rate and not groups and reader.last_rate is not None and _THIS_RATE.search(before):
        rate, groups = reader.last_rate
    explicit = day_of(reader, clause)
    if compared_day(reader, clause) and not groups and _last_figure(reader, clause) in ("coverage", "change_coverage"):
        return reader.publish(clause, "coverage", explicit, "population")
    if previous is not None and not (rate or groups) and _follows_base(clause):
        return _read_rate_of_base(reader, clause, previous)
    if previous is not None and _is_share(before, after, bool(phrases("rate", before)), previous):
        return _read_share(reader, clause, previous)
    sign = change_sign(before)
    if clause.number.unit == "points" or (sign and not has_phrase("fall_to", before)):
        return _read_change(reader, clause, sign, explicit, previous)
    goal = is_goal(reader, clause, explicit)
    entry = _read_quality(reader, clause, groups, goal)
    if entry is not None:
        return entry
    if has_phrase("state", before) and phrases("group", listed(after)):
        return _read_listed_groups(reader, clause)
    if not phrases("rate", before) and _is_of_other(clause) and not groups:
        return _read_other_target(reader, clause, day_of(reader, clause, goal)) if goal else None
    return _read_rate(reader, clause, rate, groups, goal)


def _read_rate(
    reader: FigureReader, clause: Clause, rate: list[Phrase], groups: list[Phrase], goal: bool
) -> Entry | None:
    """Read a rate of coverage, or the target of one, of the plan's unit or of each group that is named."""
    text = f"{clause.before}{clause.after}"
    is_of_lost = has_phrase("lost_group", bracket(clause.after)) or has_phrase("lost_group", _before_all(clause))
    is_insured = bool(rate) or has_phrase("insured", clause.sentence.plain) or has_phrase("insured", _titles(reader))
    is_all_or_group = groups or is_of_lost or (rate and (clause.number.value != 100 or _is_of_all(clause)))
    tail = clause.before[rate[-1].end :] if rate and rate[-1] in phrases("rate", clause.before) else ""
    is_odd = not groups and _PEOPLE.search(tail) is not None  # of people whom no phrase names
    is_odd = is_odd or (not groups and not is_of_lost and clause.number.value < _LEAST_COVERAGE)
    if goal and has_phrase("forecast", _before_all(clause)):
        reader.ask("forecast", clause)
        return None
    if is_odd or not is_all_or_group or not is_insured or ("dân số" in text and groups and not rate):
        reader.ask("subject", clause)
        return None
    reader.last_rate = (rate or groups, groups)
    day = day_of(reader, clause, goal)
    if groups and not goal and day is None and not _is_result(reader, clause):
        reader.ask("day", clause)  # a target, or what was reached?
        return None
    entry = None
    for scope in dict.fromkeys(g.yields for g in groups) or [""]:
        if goal:
            entry = _read_target(reader, clause, scope, is_of_lost, day)
            continue
        name, base = (f"coverage_{scope}", f"{scope}_people") if scope else ("coverage", "population")
        entry = reader.publish(clause, name, day or reader.last_day(clause, name, goal), base)
    return entry


def _is_result(reader: FigureReader, clause: Clause) -> bool:
    """Tell whether the words or the headings of a figure without a day say that it was reached."""
    is_under_results = any(is_result_heading(plain(h.text)) for h in reader.headings)
    return is_under_results or reader.context.reported is not None or has_phrase("state", _before_all(clause))


def _is_support(clause: Clause) -> bool:
    """Tell whether a percentage is of a premium, or follows one: «hỗ trợ 100% tiền đóng cho ..., 50% cho ...»."""
    if phrases("rate", clause.before):
        return False
    if has_phrase("no_rate", f"{clause.before.rstrip()} # {clause.after[:60].lstrip()}"):
        return True
    start = clause.numbers[clause.index - 1].end if clause.index else clause.sentence.start
    text = clause.sentence.small[clause.sentence.start : start]
    follows = clause.index and has_phrase("no_rate", f"{text} # {clause.sentence.small[start : start + 30].lstrip()}")
    return bool(follows) and not has_phrase("insured", clause.before + clause.after)


def _titles(reader: FigureReader) -> str:
    return " ; ".join(plain(h.text) for h in reader.headings)


def _before_all(clause: Clause) -> str:
    return clause.sentence.small[clause.sentence.start : clause.number.start]


def _is_of_other(clause: Clause) -> bool:
    """Tell whether a percentage is of something else than people: of health stations, of enterprises."""
    return has_phrase("other", clause.after[:40]) or has_phrase("other", clause.before[-60:])


def _groups_of_rate(before: str, after: str, has_rate: bool) -> list[Phrase]:
    """Return the groups whose rate a percentage is: right after it, else before it («BHYT học sinh đạt»)."""
    near: list[Phrase] = []
    for group in phrases("group", after):
        gap = after[near[-1].end if near else 0 : group.start]
        if not (_BETWEEN_GROUPS if near else _RIGHT_AFTER).fullmatch(gap):
            break
        near.append(group)
    if near:
        return near
    others = phrases("other", before)
    left = [g for g in phrases("group", before) if not any(o.start <= g.start < o.end for o in others)]
    if not has_rate and re.search(r"(?:^|\W)(?:còn lại|khác)(?!\w)", before):
        return []  # «những người còn lại»
    chosen = left[-1:]
    for group in reversed(left[:-1]):
        if not _BETWEEN_GROUPS.fullmatch(before[group.end : chosen[0].start]):
            break
        chosen.insert(0, group)
    return chosen


# --- Shares and changes ---


def _is_share(before: str, after: str, has_rate: bool, previous: Entry) -> bool:
    if previous.cells["unit"] not in ("people", "cards", "households"):
        return False
    if has_phrase("share", before[-25:]) or re.search(r"\(\s*$", before):
        return True
    return (
        not has_rate
        and _SHARE_ENDS.search(before) is not None
        and (bool(phrases("base", after[:40])) or previous.cells["figure"] == "insured_total")
    )


def _follows_base(clause: Clause) -> bool:
    """Tell whether a percentage is that of the count and the base before it: «215/230 học sinh tham gia, đạt 93,5%»."""
    has_base = clause.index > 0 and clause.numbers[clause.index - 1].base is not None
    return has_base and _SHARE_ENDS.search(clause.before) is not None


def _read_rate_of_base(reader: FigureReader, clause: Clause, previous: Entry) -> Entry | None:
    figure, day = str(previous.cells["figure"]), previous.cells["as_of"]
    if figure == "target_insured":
        return _read_target(reader, clause, "", False, day)
    if figure == "insured_total":
        return reader.publish(clause, "coverage", day, "population")
    if figure.startswith("cards_"):
        group = figure.removeprefix("cards_")
        return reader.publish(clause, f"coverage_{group}", day, f"{group}_people")
    reader.ask("base", clause)
    return None


def _read_share(reader: FigureReader, clause: Clause, previous: Entry) -> Entry | None:
    """Read a share of the count before it, out of the base that is named or of the total of the list."""
    figure = str(previous.cells["figure"])
    bases = [p for p in phrases("base", clause.after[:60]) if not re.search(r"[;:]", clause.after[: p.start])]
    inner = [t.entry for t in reader.totals if t.entry is not previous]
    base = bases[0].yields if bases else str(inner[-1].cells["figure"]) if inner else ""
    base = base or _fitting_base(reader, clause, previous)
    if not base or figure.startswith("change_") or base == figure:
        reader.ask("base", clause)
        return None
    if (figure, base) == ("target_insured", "population"):
        return _read_target(reader, clause, "", False, previous.cells["as_of"])
    reader.last_base = base
    name = "coverage" if (figure, base) == ("insured_total", "population") else f"share_{_bare(figure)}"
    name = f"target_{name}" if figure.startswith("target_") else name
    return reader.publish(clause, name, previous.cells["as_of"], base)


def _fitting_base(reader: FigureReader, clause: Clause, previous: Entry) -> str:
    """Return the base of the share before this one, or all people for all insured, where the numbers agree."""
    bases = [reader.last_base] if reader.last_base else []
    is_total = previous.cells["figure"] == "insured_total"
    bases += ["population"] if is_total else ["insured_by_local_office", "insured_total"]
    fitting: list[str] = []
    for base in dict.fromkeys(bases):
        total = reader.published_value(base, previous.cells["as_of"])
        half = 0.5 * 10.0**-clause.number.decimals
        if total and abs(100 * float(str(previous.cells["value"])) / total - clause.number.value) <= half * 1.02:
            fitting.append(base)
    is_sibling = bool(fitting) and fitting[0] == reader.last_base
    return fitting[0] if is_sibling or len(fitting) == 1 else ""


def _read_change(reader: FigureReader, clause: Clause, sign: str, day: object, previous: Entry | None) -> Entry | None:
    """Read how much a rate, or a count, rose or fell; where the sentence does not say which it becomes a question."""
    value = -1 if sign == "-" else 1
    name = "target_change_coverage" if is_goal(reader, clause, day) else "change_coverage"
    figure = str(previous.cells["figure"]).removeprefix("change_") if previous is not None else ""
    rate = (
        _last_figure(reader, clause) == "coverage"
        or has_phrase("rate", clause.before)
        or has_phrase("rate", clause.sentence.plain)
    )
    is_coverage = clause.number.unit == "points" or figure == "coverage"
    if rate and is_coverage and (sign or clause.number.unit == "points") and not phrases("group", clause.before):
        day = reader.last_day(clause, "coverage", False) if day is None else day
        return reader.publish(clause, name, day, day_before(clause, day), value)
    if phrases("rate", clause.before) and sign and not phrases("group", clause.before):
        day = day or reader.last_day(clause, "", False)
        return reader.publish(clause, name, day, day_before(clause, day), value)
    if previous is not None and sign and clause.number.unit == "percent" and previous.cells["unit"] != "percent":
        return reader.publish(clause, f"growth_{figure}", previous.cells["as_of"], figure, value)
    if not _is_of_other(clause):
        reader.ask("subject", clause)
    return None


def _last_figure(reader: FigureReader, clause: Clause) -> str:
    """Return the name of the last figure, if it is of the same paragraph, else ""."""
    last = reader.entries.rows[-1:]
    is_near = any(e.places[-1].block == clause.sentence.block for e in last)
    return str(last[0].cells.get("figure", "")) if is_near else ""


def _bare(figure: str) -> str:
    """Return what a share of a figure is named by: "local_office" of "insured_by_local_office"."""
    figure = figure.removeprefix("target_")
    return next((figure.removeprefix(p) for p in _PREFIXES if figure.startswith(p)), figure)


# --- Quality, targets ---


def _read_quality(reader: FigureReader, clause: Clause, groups: list[Phrase], goal: bool) -> Entry | None:
    """Read a percentage of patients that are satisfied, or of people who get their card in time."""
    text = clause.before + clause.after
    if has_phrase("satisfied", clause.before + re.split(r"[,;]", clause.after)[0]):
        return reader.publish(clause, "patient_satisfaction", "", "patients")
    if has_phrase("on_time", text) and groups:
        name = f"{groups[0].yields}_on_time"
        return reader.publish(clause, name, "yearly", f"{groups[0].yields}_people")
    return None


def read_no_fall(reader: FigureReader, sentence: Sentence) -> None:
    """Read the target that no unit falls below its rate of the year before."""
    phrase = phrases("no_fall", sentence.plain)[0]
    kind = next((p.yields for p in phrases("each", sentence.plain)), "commune")
    if reader.context.unit is None:
        return
    cells: dict[str, object] = {"area": "each", "scope": "all", "on": "yearly", "relation": "ratchet", "rate": None}
    cells |= {"instrument": reader.cited(sentence.locator), "of": reader.context.unit.code, "kind": kind}
    place = Place(sentence.block, sentence.start + phrase.start, sentence.start + phrase.end)
    reader.entries.add(Entry("targets", cells, [place], reader.text(sentence)))


def _read_other_target(reader: FigureReader, clause: Clause, day: object) -> Entry | None:
    unit, sentence = reader.unit_of(clause), clause.sentence
    if unit is None:
        return None
    text = " ".join(sentence.text[sentence.start : sentence.end].strip(" -+*•.;").split())
    last = reader.entries.rows[-1:]
    if clause.index and last and last[0].cells.get("indicator") == text:
        return None  # «100% xã có từ 95% dân số tham gia» has one target
    cells = {"area": unit.code, "indicator": text, "unit": "percent", "target": clause.number.value}
    cells |= {"relation": reader.relation(clause), "on": str(day or ""), "source": reader.cited(sentence.locator)}
    return reader.add("other_targets", cells, clause)


def _read_listed_groups(reader: FigureReader, clause: Clause) -> Entry | None:
    """Read the coverage that groups in brackets, or after «trong đó có», have reached."""
    entry = None
    for group in dict.fromkeys(g.yields for g in phrases("group", listed(clause.after))):
        entry = reader.publish(clause, f"coverage_{group}", reader.result_day(), f"{group}_people")
    return entry


def read_groups_still_low(reader: FigureReader, sentence: Sentence) -> None:
    """Read the groups of which a sentence says in words that few are insured, in a list: below 100%."""
    text = sentence.plain
    low = phrases("low", text)[-1]
    rest = text[low.end :].lstrip()
    names = rest.partition(")")[0] if rest.startswith("(") else listed(rest)
    number = Number(sentence.start + low.start, sentence.start + low.end, 100.0, 0, "percent", 0)
    for group in dict.fromkeys(g.yields for g in phrases("group", names)):
        clause = Clause(sentence, (number,), 0, "", "", "")
        reader.publish(clause, f"coverage_{group}", reader.result_day(), f"{group}_people", relation="<")


def _read_target(reader: FigureReader, clause: Clause, scope: str, is_of_lost: bool, day: object) -> Entry | None:
    scope = scope or "all"
    if is_of_lost:
        scope = f"{scope}_who_lost" if scope in ("pupil", "student") else "other_who_lost"
    on = str(day or "") if scope == "all" or isinstance(day, dt.date) else "yearly"
    if not on:
        reader.ask("day", clause)
        return None
    cells: dict[str, object] = {"area": "each", "scope": scope, "on": on}
    cells |= {"relation": reader.relation(clause), "rate": round(clause.number.value / 100, 6)}
    cells |= {"instrument": reader.cited(clause.sentence.locator)}
    unit = reader.unit_of(clause)
    kind = reader.kind_of_each(clause) if scope == "all" else ""
    if unit is None:
        return None
    cells |= {"of": unit.code, "kind": kind} if kind else {"area": unit.code, "of": "", "kind": ""}
    return reader.add("targets", cells, clause)


def _is_of_all(clause: Clause) -> bool:
    """Tell whether 100% is of everybody: «100% dân số»."""
    everybody = re.match(r"\s*(?:dân số|người dân|nhân dân|tổng dân)", clause.after)
    return bool(everybody) or "dân số" in clause.before or bool(_UNIT_RATE.search(clause.before))


_UNIT_RATE = re.compile(r"(?:tỉnh|huyện|xã|phường|thị trấn|thành phố)(?: \w+){1,4} đạt(?: tỷ lệ)?\s*$")
