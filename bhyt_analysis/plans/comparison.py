"""Compare two plans, such as a province's and a district's: what is passed on, what is missing, what differs.

The upper one of two plans is that of the unit above, on the day of the lower one; of one unit it is the older one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from bhyt_analysis.domain.findings import (
    SEVERITIES,
    Citation,
    Finding,
    GroupName,
    Part,
    Term,
    UnitName,
    finding_message,
)
from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.domain.printed_figures import Interval, printed_interval
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.law.groups import groups, wider_groups
from bhyt_analysis.plans.entries import Entry, Place
from bhyt_analysis.plans.figures import is_within
from bhyt_analysis.plans.mentions import Instrument, sentences, times
from bhyt_analysis.plans.outputs import cited
from bhyt_analysis.plans.plan import Plan
from bhyt_analysis.plans.references import cited_instruments
from bhyt_analysis.plans.unit_tables import UnitTable, unit_tables
from bhyt_analysis.plans.words import plain

YEARLY, EACH, RATCHET = "yearly", "each", "ratchet"
NAMES_LISTED = 10  # of units in a sentence
COLUMNS = ["rule", "severity", "message", "document", "area", "figures", "locator", "sentence"]
# Instruments of the country have numbers of their own; those of provinces and districts are numbered alike.
_OF_COUNTRY = re.compile(r"\d{4}/(?:NĐ|TT|QH|NQ|QĐ)|-(?:TTg|CP|TW|UBDT|BYT|BHXH|BTC|UBTVQH\d*)$|/QH\d+$")
_REPORTERS = {
    "district": r"(?:cấp huyện|(?:ubnd|nhân dân|các) (?:các )?(?:huyện|thành phố|thị xã|quận)|địa phương)",
    "commune": r"(?:cấp xã|(?:ubnd|nhân dân|các) (?:các )?(?:xã|phường|thị trấn)|địa phương)",
}


@dataclass(frozen=True)
class Difference:
    """A finding on two plans, at a place of one of them: its finding names the file."""

    finding: Finding
    locator: str = ""
    sentence: str = ""


def compare_plans(one: Plan, other: Plan) -> list[Difference]:
    """Return how two plans fit each other; their order does not matter.

    Errors are first, then warnings and notes. Plans of units of which neither is in the other give one note.
    """
    for plan in (one, other):
        if plan.context.unit is None:
            raise BhytError(("error.plan_without_unit", {"file": plan.document.path.name}))
    pair = _pair(one, other)
    if pair is None:
        units: dict[str, Part] = {f"unit_{i}": UnitName(_unit(p).name) for i, p in enumerate(_sorted(one, other))}
        names = ", ".join(_labels(*_sorted(one, other)))
        return [Difference(Finding.in_document("plans_unrelated", names, "", "", **units))]
    return sorted(pair.differences(), key=lambda d: SEVERITIES.index(d.finding.severity))


def comparison_table(differences: Sequence[Difference], lang: str) -> pd.DataFrame:
    """Return differences as rows: ``rule``, ``severity``, ``message``, and the place with its sentence."""
    rows = []
    for one in differences:
        f, place = one.finding, (format_citation(one.locator, lang), cited(one.sentence))
        rows.append((f.rule, f.severity, finding_message(f, lang), f.document, f.area, f.figures, *place))
    return pd.DataFrame(rows, columns=COLUMNS)


def comparison_lines(differences: Sequence[Difference], lang: str) -> list[str]:
    """Return differences as lines, each with its document and place, and its sentence below."""
    if not differences:
        return [translate("cli.no_findings", lang)]
    lines = []
    for row in comparison_table(differences, lang).to_dict("records"):
        place = ", ".join(filter(None, (row["document"], row["locator"])))
        severity = translate(f"severity.{row['severity']}", lang)
        lines.append(f"{severity} [{row['rule']}] {place}: {row['message']}")
        lines += [f"    «{row['sentence']}»"] if row["sentence"] else []
    return lines


def _unit(plan: Plan) -> Unit:
    assert plan.context.unit is not None
    return plan.context.unit


def _sorted(one: Plan, other: Plan) -> tuple[Plan, Plan]:
    """Return two plans by their days, the older one first, else by the names of their files."""
    first, second = sorted((one, other), key=lambda p: (str(p.context.day or ""), str(p.document.path)))
    return first, second


def _labels(one: Plan, other: Plan) -> tuple[str, str]:
    """Return how the files of two plans are named: with their folder where their names are the same."""
    paths = one.document.path, other.document.path
    if paths[0].name != paths[1].name:
        return paths[0].name, paths[1].name
    return paths[0].as_posix(), paths[1].as_posix()


def _pair(one: Plan, other: Plan) -> _Pair | None:
    """Return two plans as the upper and the lower one; None where neither unit is in the other."""
    for upper, lower in ((one, other), (other, one)):
        day = lower.context.day or upper.context.day or clock.today()
        above = lower.context.geography.lineage(_unit(lower), day)[1:]
        if (_unit(upper).code, _unit(upper).name) in {(u.code, u.name) for u in above}:
            return _Pair(upper, lower, day, is_above=True)
    older, newer = _sorted(one, other)
    if (_unit(older).code, _unit(older).name) != (_unit(newer).code, _unit(newer).name):
        return None
    return _Pair(older, newer, newer.context.day or clock.today(), is_above=False)


@dataclass(frozen=True)
class _Pair:
    """The upper and the lower one of two plans, or the older and the newer one of a unit."""

    upper: Plan
    lower: Plan
    day: dt.date  # on which units are looked up
    is_above: bool

    @property
    def geography(self) -> Geography:
        return self.lower.context.geography

    @cached_property
    def labels(self) -> tuple[str, str]:
        return _labels(self.upper, self.lower)

    def differences(self) -> Iterator[Difference]:
        """Yield what the two plans differ in."""
        yield from self._target_differences()
        yield from self._figure_differences()
        yield from self._loss_differences()
        yield from self._instrument_differences()
        if self.is_above:
            yield from self._unit_differences()
            yield from self._report_differences()

    def _difference(
        self, plan: Plan, rule: str, place: Place | None, area: str, figures: str = "", /, **parts: Part
    ) -> Difference:
        """Return a finding at a place of one of the plans."""
        label = self.labels[plan is self.lower]
        finding = Finding.in_document(rule, label, area, figures, **parts)
        if place is None:
            return Difference(finding)
        block = plan.document.blocks[place.block]
        return Difference(finding, block.place, _sentence(plan, place))

    def _source(self, plan: Plan, place: Place) -> Citation:
        """Return a document with a place in it, as sentences on the other document cite it."""
        locator = plan.document.blocks[place.block].place
        return Citation(", ".join(filter(None, (self.labels[plan is self.lower], locator))))

    # --- Targets ---

    def _target_differences(self) -> Iterator[Difference]:
        """Yield the targets of the upper plan that the lower one lowers or lacks, and how many it passes on."""
        demands = [t for t in self._demands() if self._is_due(t.entry)]
        passed = 0
        for target in demands:
            own = self._counterpart(target)
            if own is None:
                yield self._missing_target(target)
            elif _is_below(own, target.entry):
                yield self._lower_target(own, target)
            else:
                passed += 1
        if self.is_above and demands:
            parts: dict[str, Part] = {"count": passed, "value": len(demands), "name": self.labels[0]}
            yield self._difference(self.lower, "targets_passed_on", None, _unit(self.lower).code, "", **parts)

    def _demands(self) -> list[_Target]:
        """Return the targets of the upper plan that bind the lower unit: its own, else each one's, else of the whole.

        Of two plans of one unit these are all targets of the older one.
        """
        entries = [e for e in self.upper.entries.rows if _is_target(e)]
        if not self.is_above:
            return [_Target(e, str(e.cells["area"]), False) for e in entries]
        lower, above = _unit(self.lower), {u.code for u in self.geography.lineage(_unit(self.lower), self.day)[1:]}
        nearest: dict[tuple[object, ...], tuple[int, Entry]] = {}
        for entry in entries:
            area = entry.cells["area"]
            is_each = area == EACH and entry.cells["kind"] == lower.kind and entry.cells["of"] in above
            level = 0 if area == lower.code else 1 if is_each else 2 if area in above else None
            if level is None or (level == 2 and entry.table == "published"):
                continue  # of people the whole has others than a part
            key = _key(entry)
            if key not in nearest or level < nearest[key][0]:
                nearest[key] = (level, entry)
        return [_Target(e, lower.code, level == 2) for level, e in nearest.values()]

    def _is_due(self, entry: Entry) -> bool:
        """Return whether a target is of a year that the lower plan is about."""
        year, context = _year(entry), self.lower.context
        if year == YEARLY:
            return True
        first = context.day.year if context.day else 0
        years = context.period or _title_years(self.lower)
        low, high = (max(first, years[0]), years[1]) if years else (first, 9999)
        return low <= int(year) <= high

    def _counterpart(self, target: _Target) -> Entry | None:
        """Return the target of the lower plan that answers one of the upper: of its group or a wider one, its year."""
        entry, scope = target.entry, _scope(target.entry)
        rows = [e for e in self.lower.entries.rows if e.table == entry.table and _is_target(e)]
        rows = [e for e in rows if e.cells["area"] == target.area or self._is_of_each(e, entry)]
        if entry.cells["relation"] == RATCHET:
            return _rising(rows)
        rows = [e for e in rows if _scope(e) == scope or _scope(e) in wider_groups(scope)]
        rows = [e for e in rows if e.cells["relation"] not in (RATCHET, "<")]
        year = _year(entry)
        rows = [e for e in rows if year == YEARLY or _year(e) in (year, YEARLY)]
        return min(rows, key=lambda e: (_scope(e) != scope, _year(e) != year, _value(e)), default=None)

    def _is_of_each(self, own: Entry, demand: Entry) -> bool:
        """Return whether a target of the lower plan is one of each unit, as that of the upper one is."""
        if own.cells["area"] != EACH:
            return False
        is_same = demand.cells["area"] == EACH and own.cells["kind"] == demand.cells["kind"]
        return is_same and (not self.is_above or own.cells["of"] == _unit(self.lower).code)

    def _missing_target(self, target: _Target) -> Difference:
        entry, place = target.entry, target.entry.places[0]
        parts = _target_parts("expected", entry) | {"name": self.labels[1]}
        rule = {"targets": "target_not_passed_on", "published": "target_people_not_passed_on"}[entry.table]
        if entry.cells["relation"] == RATCHET:
            rule = "ratchet_not_passed_on"
        return self._difference(self.upper, rule, place, _unit(self.lower).code, _figure(entry), **parts)

    def _lower_target(self, own: Entry, target: _Target) -> Difference:
        entry, place = target.entry, own.places[0]
        parts = _target_parts("expected", entry) | _target_parts("value", own)
        parts["source"] = self._source(self.upper, entry.places[0])
        rule = "target_below_whole" if target.is_of_whole else "target_below_upper"
        rule = rule if entry.table == "targets" else "target_people_below_upper"
        return self._difference(self.lower, rule, place, target.area, _figure(own), **parts)

    # --- Figures ---

    def _figure_differences(self) -> Iterator[Difference]:
        """Yield figures of one unit and day that no rounding reconciles, at the lower plan."""
        above = _by_figure(self.upper)
        for key, own in _by_figure(self.lower).items():
            others = above.get(key, [])
            if not others or any(_interval(a).meets(_interval(b)) for a in own for b in others):
                continue
            entry, other = own[0], others[0]
            percent = entry.cells["unit"] == "percent"
            scale = 100 if percent else 1
            values: dict[str, Part] = {"value": _printed(entry) / scale, "expected": _printed(other) / scale}
            rule = "rate_differs_elsewhere" if percent else "count_differs_elsewhere"
            source = self._source(self.upper, other.places[0])
            figure = str(entry.cells["figure"])
            area = str(entry.cells["area"])
            yield self._difference(self.lower, rule, entry.places[0], area, figure, **values, source=source)

    def _loss_differences(self) -> Iterator[Difference]:
        """Yield losses of one unit by one decision of which the plans have other numbers."""
        above = _losses(self.upper)
        for key, own in _losses(self.lower).items():
            others = above.get(key, [])
            if not others or any(_loss_interval(a).meets(_loss_interval(b)) for a in own for b in others):
                continue
            area, decision, unit = key
            parts: dict[str, Part] = {"value": int(str(own[0].cells["people"])), "name": decision}
            parts |= {"expected": int(str(others[0].cells["people"])), "unit": Term(f"unit.{unit}")}
            parts["source"] = self._source(self.upper, others[0].places[0])
            yield self._difference(self.lower, "loss_differs", own[0].places[0], area, f"{unit}_lost", **parts)

    def _instrument_differences(self) -> Iterator[Difference]:
        """Yield instruments that the two plans cite with different days."""
        above = self._instruments(self.upper)
        for name, own in self._instruments(self.lower).items():
            others = above.get(name, {})
            if not others or own.keys() & others.keys():
                continue
            (day, place), (other_day, other_place) = next(iter(own.items())), next(iter(others.items()))
            parts: dict[str, Part] = {"value": day, "expected": other_day, "name": name}
            parts["source"] = self._source(self.upper, other_place)
            yield self._difference(self.lower, "instrument_day_differs", place, _unit(self.lower).code, "", **parts)

    def _instruments(self, plan: Plan) -> dict[str, dict[dt.date, Place]]:
        """Return the days by instrument with their places: those of the country, and the other plan by its number."""
        context, days = plan.context, defaultdict[str, dict[dt.date, Place]](dict)
        numbers = [p.context.number for p in (self.upper, self.lower)]
        own_numbers = set(numbers) - {""} if numbers[0] != numbers[1] else set()  # both may have the same
        for instrument, place in cited_instruments(plan.document.blocks):
            is_unique = _OF_COUNTRY.search(instrument.number) or instrument.number in own_numbers
            if instrument.day is not None and is_unique:
                days[_instrument_name(instrument)].setdefault(instrument.day, place)
        if context.number in own_numbers and context.issued:
            kind = context.title_short.split(f" {context.number}")[0]
            index = next((i for i, b in enumerate(plan.document.blocks) if f"{context.issued.year}" in b.text), 0)
            days[f"{kind} {context.number}"].setdefault(context.issued, Place(index, 0, 0))
        return days

    # --- Units ---

    def _unit_differences(self) -> Iterator[Difference]:
        """Yield what the tables by units lack: of the upper plan, and of the lower one its communes."""
        lower = _unit(self.lower)
        reported = set[tuple[object, ...]]()
        for plan, day in ((self.upper, self.upper.context.day or self.day), (self.lower, self.day)):
            area = _unit(plan)
            for table in unit_tables(plan.document.blocks, self.geography, area, day):
                missing = table.missing(self.geography, area, day)
                if not missing and plan is self.upper:
                    missing = table.missing(self.geography, lower, day)
                key = (plan is self.upper, *missing)
                if missing and key not in reported:
                    reported.add(key)
                    yield from self._missing_units(plan, table, missing, area)
                for name, place in table.strangers:
                    parts: dict[str, Part] = {"name": name, "unit": UnitName(area.name)}
                    yield self._difference(plan, "unit_of_other_area", place, area.code, "", **parts)

    def _missing_units(self, plan: Plan, table: UnitTable, missing: list[Unit], area: Unit) -> Iterator[Difference]:
        lower = _unit(self.lower)
        if lower in missing:
            parts: dict[str, Part] = {"unit": UnitName(lower.name), "name": self.labels[1]}
            yield self._difference(plan, "table_lacks_lower_unit", table.place, lower.code, "", **parts)
        others = [u for u in missing if u != lower]
        if others:
            names = [u.name for u in others[:NAMES_LISTED]] + ["…"] * (len(others) > NAMES_LISTED)
            parts = {"count": len(others), "names": ", ".join(names), "unit": UnitName(area.name)}
            yield self._difference(plan, "table_lacks_units", table.place, area.code, "", **parts)

    # --- Reports ---

    def _report_differences(self) -> Iterator[Difference]:
        """Yield the reports that the upper plan asks of the lower level and that the lower plan does not have."""
        lower = _unit(self.lower)
        pattern = re.compile(_REPORTERS.get(lower.kind, r"(?!)"))
        own = {e.cells["kind"] for e in self.lower.entries.rows if e.table == "duties"}
        for entry in self.upper.entries.rows:
            if entry.table == "duties" and entry.cells["kind"] not in own and pattern.search(self._reporter(entry)):
                parts: dict[str, Part] = {"value": Term(f"report.{entry.cells['kind']}"), "name": self.labels[1]}
                yield self._difference(self.upper, "report_not_passed_on", entry.places[0], lower.code, "", **parts)

    def _reporter(self, entry: Entry) -> str:
        """Return who has to report by the plan: the words before «báo cáo» in the sentence, and the headings."""
        blocks, place = self.upper.document.blocks, entry.places[0]
        above = [b for b in blocks[: place.block] if b.is_heading and is_within(blocks[place.block].place, b.place)]
        texts = [plain(entry.sentence).partition("báo cáo")[0], *(plain(b.text) for b in above[-1:])]
        return " ; ".join(texts)


@dataclass(frozen=True)
class _Target:
    """A target of the upper plan: of which area the lower plan has to have it; whether it is that of the whole."""

    entry: Entry
    area: str
    is_of_whole: bool


def _is_target(entry: Entry) -> bool:
    """Return whether an entry is a target: a rate, that no rate falls, or a number of people to insure."""
    if entry.table == "published":
        return entry.cells["figure"] == "target_insured" and entry.cells["value"] is not None and _year(entry) != ""
    return entry.table == "targets" and (entry.cells["rate"] is not None or entry.cells["relation"] == RATCHET)


def _scope(entry: Entry) -> str:
    return str(entry.cells["scope"]) if entry.table == "targets" else "all"


def _year(entry: Entry) -> str:
    day = str(entry.cells["on" if entry.table == "targets" else "as_of"])
    return day if day == YEARLY else day[:4]


def _key(entry: Entry) -> tuple[object, ...]:
    return entry.table, _scope(entry), _year(entry), entry.cells["relation"] == RATCHET


def _value(entry: Entry) -> float:
    value = entry.cells["rate" if entry.table == "targets" else "value"]
    return 0.0 if value is None else float(str(value))


def _is_below(own: Entry, demand: Entry) -> bool:
    """Return whether a target asks for less than another one; «above 90%» is more than «90%»."""
    if demand.cells["relation"] == RATCHET:
        return False
    is_open = demand.cells["relation"] == ">" and own.cells["relation"] != ">"
    return _value(own) < _value(demand) or (is_open and _value(own) == _value(demand) and _value(demand) < 1)


def _rising(rows: Sequence[Entry]) -> Entry | None:
    """Return the target by which a plan's rates do not fall: that they do not, or its rates of several years."""
    ratchets = [e for e in rows if e.cells["relation"] == RATCHET]
    rates = [e for e in rows if _scope(e) == "all" and e.table == "targets" and e.cells["rate"] is not None]
    return next(iter([*ratchets, *(rates if len({_year(e) for e in rates}) > 1 else [])]), None)


def _target_parts(name: str, entry: Entry) -> dict[str, Part]:
    """Return the parts of a sentence on a target: its number, its relation, its year, whom it is of."""
    scope, year = _scope(entry), _year(entry)
    prefix = "" if name == "value" else "asked_"
    subject: Part = GroupName(scope) if scope in groups().index else Term(f"choice.scope.{scope}")
    parts: dict[str, Part] = {name: _value(entry), f"{prefix}relation": Term(f"relation.{entry.cells['relation']}")}
    return parts | {"subject": subject, "year": Term("plan.each_year") if year == YEARLY else year}


def _figure(entry: Entry) -> str:
    if entry.table == "published":
        return str(entry.cells["figure"])
    return "target_coverage" if _scope(entry) == "all" else f"target_{_scope(entry)}"


def _by_figure(plan: Plan) -> dict[tuple[str, ...], list[Entry]]:
    """Return the figures of a plan by unit, name, day and measure; targets and losses are compared by themselves."""
    figures = defaultdict[tuple[str, ...], list[Entry]](list)
    for entry in plan.entries.rows:
        cells = entry.cells
        if entry.table == "published" and cells["value"] is not None and cells["as_of"]:
            name = str(cells["figure"])
            if not name.startswith("target_") and "_lost_decision_" not in name:
                figures[tuple(str(cells[k]) for k in ("area", "figure", "as_of", "unit", "base"))].append(entry)
    return figures


def _printed(entry: Entry) -> float:
    return float(str(entry.cells["value"]))


def _interval(entry: Entry) -> Interval:
    return printed_interval(_printed(entry), float(str(entry.cells["decimals"])), str(entry.cells["relation"]))


def _losses(plan: Plan) -> dict[tuple[str, str, str], list[Entry]]:
    losses = defaultdict[tuple[str, str, str], list[Entry]](list)
    for entry in plan.entries.rows:
        if entry.table == "losses":
            area, decision, unit = (str(entry.cells[k]) for k in ("area", "decision", "unit"))
            losses[area, decision, unit].append(entry)
    return losses


def _loss_interval(entry: Entry) -> Interval:
    return printed_interval(float(str(entry.cells["people"])), 0, str(entry.cells["relation"]))


def _instrument_name(instrument: Instrument) -> str:
    return f"{instrument.kind} {instrument.number}"


def _title_years(plan: Plan) -> tuple[int, int] | None:
    """Return the first and last year that a title names."""
    years = [t.day.year for t in times(plain(plan.context.title)) if t.day]
    return (min(years), max(years)) if years else None


def _sentence(plan: Plan, place: Place) -> str:
    """Return the sentence of a place; of a cell of a table its row."""
    blocks = plan.document.blocks
    block = blocks[place.block]
    if block.cell is not None:
        row = [b.text for b in blocks if b.cell and b.cell[:2] == block.cell[:2]]
        return " | ".join(row)
    return next((block.text[a:b].strip() for a, b in sentences(block.text) if a <= place.start < b), block.text)
