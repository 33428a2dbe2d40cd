"""Review a plan: the findings of the audit at the numbers that they are about, with what would fit there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import SEVERITIES, Finding, Listing, finding_message, rules
from bhyt_analysis.domain.geography import NO_UNIT
from bhyt_analysis.domain.printed_figures import Interval, printed_interval
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.ingest.personal_text import hide_personal
from bhyt_analysis.plans.diagnosis import STRONG, Diagnosis, Relation, diagnose, order, ratio, same, total
from bhyt_analysis.plans.document_checks import document_findings, targets_that_differ
from bhyt_analysis.plans.entries import Entry, Place, Question
from bhyt_analysis.plans.mentions import sentences
from bhyt_analysis.plans.plan import Plan, bundled_data
from bhyt_analysis.quality.plan_audit import audited_units, numerator, plan_findings

# Findings that follow from a wrong figure: their place is the figures whose change would mend them.
DIAGNOSED = {
    "share_of_wrong_base", "share_off", "coverage_off", "shares_do_not_add", "shares_above_total",
    "shares_below_total", "parts_above_group", "parts_below_group", "groups_below_total", "insured_above_people",
    "told_twice", "counted_twice", "targets_differ", "targets_fall", "target_below_today", "list_above_total",
    "list_below_total", "uninsured_above_people",
}  # fmt: skip
# The place of a finding on several figures, if it is not the first of them.
ANCHORS = {
    "lost_added_back": "cards_lost",
    "population_bounds": "people_lost",
    "no_baseline": "target_coverage",
}
ELSEWHERE = {"rate_differs_elsewhere", "count_differs_elsewhere"}
QUESTION = "plan_question"  # the rule of what a sentence leaves unclear
OF_PLAN = {"no_baseline", "no_population", "years_without_target", "front_loaded"}
_YEARS = ("year", "before")


@dataclass(frozen=True)
class Remark:
    """A finding, or several with one cause, at its places in the document."""

    rules: tuple[str, ...]  # errors first
    severity: str
    messages: tuple[str, ...]  # one for each rule
    fits: str  # what would fit in place of the number, "" where nothing is known
    figures: str
    places: tuple[Place, ...]
    locator: str
    sentence: str


def review(plan: Plan, lang: str | None = None) -> list[Remark]:
    """Return the remarks on a plan in the order of the document; those on nothing in it come last.

    Every finding has one place, the number that is likeliest to be wrong, with the others that follow from it.
    """
    lang = check_lang(lang)
    return _Review(plan, lang).remarks()


def remarks_table(plan: Plan, remarks: Iterable[Remark], lang: str) -> pd.DataFrame:
    """Return the findings of remarks, errors first: columns of `audit`, then ``locator``, ``fits``, ``sentence``."""
    code = plan.context.unit.code if plan.context.unit else ""
    where = (plan.context.name, code)
    rows = [
        (rule, rule_severity(rule), message, *where, r.figures, r.locator, r.fits, r.sentence)
        for r in remarks
        for rule, message in zip(r.rules, r.messages, strict=True)
    ]
    columns = ["rule", "severity", "message", "document", "area", "figures", "locator", "fits", "sentence"]
    table = pd.DataFrame(rows, columns=columns)
    return table.iloc[table["severity"].map(SEVERITIES.index).argsort(kind="stable")].reset_index(drop=True)


def comment_text(remark: Remark, lang: str) -> str:
    """Return the text of a comment: severity and finding, further findings, and what would fit."""
    first, *more = remark.messages
    lines = [f"{translate(f'severity.{remark.severity}', lang)}: {first}", *more]
    return "\n".join([*lines, *([translate("plan.fits", lang, value=remark.fits)] if remark.fits else [])])


def rule_severity(rule: str) -> str:
    """Return the severity of a rule; that of a question is info."""
    return "info" if rule == QUESTION else str(rules().at[rule, "severity"])


class _Review:
    """The entries of a plan by number, the relations between them, and the findings on them."""

    def __init__(self, plan: Plan, lang: str) -> None:
        self.plan, self.lang = plan, lang
        self.entries = [e for e in plan.entries.rows if e.table in ("published", "targets", "duties", "losses")]
        self.numbers = {id(e): i for i, e in enumerate(self.entries)}
        self.values = {i: _interval(e) for i, e in enumerate(self.entries) if _has_value(e)}
        self.located = document_findings(plan)
        self.diagnoses = diagnose(self._relations(), self.values, self._doubts())

    # --- Relations ---

    def _relations(self) -> list[Relation]:
        return [*self._ratios(), *self._totals(), *self._repeated(), *self._targets(), *self._repeated_targets()]

    def _doubts(self) -> dict[int, float]:
        """Return how much each figure is to be doubted: most where another document has another one, then shares."""
        differing = {p for finding, places in self.located if finding.rule in ELSEWHERE for p in places}
        doubts = {}
        for i in self.values:
            entry = self.entries[i]
            is_count = entry.table == "published" and entry.cells["unit"] != "percent"
            doubts[i] = (2 * STRONG if differing & set(entry.places) else STRONG - 1) - (1 if is_count else 0)
        return doubts

    def _same_day(self) -> dict[tuple[object, object], dict[str, Entry]]:
        days = defaultdict[tuple[object, object], dict[str, Entry]](dict)
        for entry in self.entries:
            if entry.table == "published" and entry.cells["unit"] in ("people", "cards"):
                days[entry.cells["area"], entry.cells["as_of"]][str(entry.cells["figure"])] = entry
        return days

    def _ratios(self) -> Iterable[Relation]:
        days = self._same_day()
        for entry in self.entries:
            if entry.table == "published" and entry.cells["unit"] == "percent":
                counts = days[entry.cells["area"], entry.cells["as_of"]]
                base = counts.get(str(entry.cells["base"]))
                part = numerator(str(entry.cells["figure"]), counts)
                if base is not None and part is not None:
                    yield ratio(self._number(entry), self._number(part), self._number(base))
        for counts in days.values():
            if {"insured_total", "population"} <= counts.keys():
                yield order(self._number(counts["insured_total"]), self._number(counts["population"]))
            if {"insured_total", "uninsured", "population"} <= counts.keys():
                parts = [self._number(counts[name]) for name in ("insured_total", "uninsured")]
                everybody = self._number(counts["population"])
                # They may be less, where others are insured elsewhere; if they are more, they should be all.
                is_more = sum(self.values[p].low for p in parts) > self.values[everybody].high
                yield total(everybody, parts, is_complete=is_more)

    def _totals(self) -> Iterable[Relation]:
        for listed in self.plan.entries.lists:
            if listed.parts and id(listed.total) in self.numbers:
                parts = [self._number(p) for p in listed.parts if p.cells["relation"] == "="]
                yield total(self._number(listed.total), parts, listed.is_complete)

    def _repeated(self) -> Iterable[Relation]:
        by_figure = defaultdict[tuple[object, ...], list[int]](list)
        for i, entry in enumerate(self.entries):
            if i in self.values and entry.table == "published":
                by_figure[tuple(entry.cells[k] for k in ("area", "figure", "as_of"))].append(i)
        for numbers in by_figure.values():
            yield from (same(numbers[0], other) for other in numbers[1:])

    def _targets(self) -> Iterable[Relation]:
        """Yield that the targets of everybody do not fall, nor the first below the last rate before it."""
        by_area = defaultdict[object, list[Entry]](list)
        for entry in self.entries:
            if entry.table == "targets" and entry.cells["scope"] == "all" and entry.cells["rate"] is not None:
                by_area[entry.cells["area"]].append(entry)
        for area, targets in by_area.items():
            by_day = sorted((e for e in targets if e.cells["on"] != "yearly"), key=lambda e: str(e.cells["on"]))
            rates = [e for e in self.entries if e.cells.get("figure") == "coverage" and e.cells["area"] == area]
            before = [e for e in rates if by_day and str(e.cells["as_of"]) < str(by_day[0].cells["on"])]
            last = sorted(before, key=lambda e: str(e.cells["as_of"]))[-1:]
            path = [*last, *by_day]
            yield from (order(self._number(a), self._number(b)) for a, b in pairwise(path))

    def _repeated_targets(self) -> Iterable[Relation]:
        return (same(self._number(a), self._number(b)) for a, b in targets_that_differ(self.plan))

    def _number(self, entry: Entry) -> int:
        return self.numbers[id(entry)]

    # --- Findings ---

    def remarks(self) -> list[Remark]:
        """Return the remarks in the order of the document."""
        findings = [f for one in (*self._audit_findings(), *self._list_findings()) for f in _by_year(one)]
        grouped = defaultdict[int, list[Finding]](list)
        remarks = [self._remark([f], places) for f, places in self.located]
        for finding in findings:
            case = self._diagnosis(finding) if finding.rule in DIAGNOSED else None
            if case is None:
                remarks.append(self._remark([finding], self._places(finding)))
            else:
                grouped[case].append(finding)
        for case, own in grouped.items():
            remarks += self._diagnosed(self.diagnoses[case], own)
        remarks += [self._refused(entry, finding) for entry, finding in self.plan.refused]
        remarks += [self._question(q) for q in self.plan.entries.questions]
        last = len(self.plan.document.blocks)
        return sorted(_merged(remarks), key=lambda r: r.places[0] if r.places else Place(last, 0, 0))

    def _audit_findings(self) -> Iterable[Finding]:
        """Yield the findings of the audit on the units of the plan; what a plan lacks concerns its own unit alone."""
        unit, data = self.plan.context.unit, with_context(self.plan.data)
        codes = {str(e.cells["area"]) for e in self.entries} | {unit.code if unit else ""}
        for finding in plan_findings(data, [u for u in audited_units(data) if u.code in codes]):
            if finding.rule not in OF_PLAN or (unit is not None and finding.area == unit.code):
                yield finding

    def _list_findings(self) -> Iterable[Finding]:
        """Yield lists whose parts are more than their total, or less where the list has all of them."""
        for listed in self.plan.entries.lists:
            parts = [float(str(p.cells["value"])) for p in listed.parts if p.cells["relation"] == "="]
            list_total, name = float(str(listed.total.cells["value"])), str(listed.total.cells["figure"])
            if not parts or not (sum(parts) > list_total or (listed.is_complete and sum(parts) < list_total)):
                continue
            rule = "list_above_total" if sum(parts) > list_total else "list_below_total"
            figures = ", ".join([name, *(str(p.cells["figure"]) for p in listed.parts)])
            counts = {"value": list_total, "expected": sum(parts), "rest": list_total - sum(parts)}
            code = str(listed.total.cells["area"])
            yield Finding.in_document(rule, self.plan.context.name, code, figures, **counts)

    def _refused(self, entry: Entry, finding: Finding) -> Remark:
        """Return a remark on what no input may have; the place in a workbook is left out of its sentence."""
        remark = self._remark([finding], entry.places)
        message = remark.messages[0].partition(": ")[2] or remark.messages[0]
        return replace(remark, messages=(message[:1].upper() + message[1:],))

    def _question(self, question: Question) -> Remark:
        message = f"{question.number}: {translate(f'plan.ask_{question.kind}', self.lang)}"
        sentence = hide_personal(question.sentence)
        place = format_citation(question.locator, self.lang)
        return Remark((QUESTION,), "info", (message,), "", "", (question.place,), place, sentence)

    def _diagnosis(self, finding: Finding) -> int | None:
        """Return the number of the diagnosis that a finding follows from."""
        own = {self._number(e) for e in self._entries(finding)}
        cases = [i for i, d in enumerate(self.diagnoses) if own & set(d.figures)]
        wider = [i for i, d in enumerate(self.diagnoses) if own & {f for r in d.relations for f in r.figures}]
        return next(iter([*cases, *wider]), None)

    def _diagnosed(self, diagnosis: Diagnosis, findings: list[Finding]) -> list[Remark]:
        """Return one remark for each figure of a diagnosis, with the findings that it is in; the first has the rest."""
        if diagnosis.is_any:  # one remark at all of them
            places = [p for f in diagnosis.figures for p in self.entries[f].places]
            return [replace(self._remark(findings, places), fits=self._any_fitting(diagnosis))]
        left, remarks = list(findings), []
        for i, figure in enumerate(diagnosis.figures):
            entry = self.entries[figure]
            own = [f for f in left if entry in self._entries(f)] if i + 1 < len(diagnosis.figures) else left
            left = [f for f in left if f not in own]
            if own:
                fits = _fitting_text(entry, diagnosis.fitting.get(figure), self.lang)
                remarks.append(replace(self._remark(own, entry.places), fits=fits))
        return remarks

    def _any_fitting(self, diagnosis: Diagnosis) -> str:
        """Return what would fit in place of each of the figures of which one is wrong: «88,0%: 80,7%»."""
        texts = []
        for figure, fit in diagnosis.fitting.items():
            entry = self.entries[figure]
            place, value = entry.places[0], _fitting_text(entry, fit, self.lang)
            number = self.plan.document.blocks[place.block].text[place.start : place.end]
            texts += [translate("plan.instead", self.lang, number=number, value=value)] if value else []
        return f" {translate('plan.or', self.lang)} ".join(texts)

    def _entries(self, finding: Finding) -> list[Entry]:
        """Return the entries that a finding is about."""
        names = (finding.figures or "").split(", ")
        years = _years(finding)
        if finding.rule in ANCHORS:
            names.append(ANCHORS[finding.rule])
        entries = [e for e in self.entries if e.cells["area"] in (finding.area, "each")]
        entries = [e for e in entries if any(_is_named(e, n) for n in names)]
        return [e for e in entries if e.table != "targets" or not years or str(e.cells["on"])[:4] in years]

    def _places(self, finding: Finding) -> list[Place]:
        entries = self._entries(finding)
        entries = [e for e in entries if e.cells["area"] == finding.area] or entries
        first = ANCHORS.get(finding.rule) or (finding.figures or "").split(", ")[0]
        entries = [e for e in entries if _is_named(e, first)] or entries
        every = finding.rule in ("told_twice", "counted_twice", "below_upper_target", "population_too_large")
        return [p for e in (entries if every else entries[:1]) for p in e.places]

    def _remark(self, findings: list[Finding], places: Iterable[Place]) -> Remark:
        findings = sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
        messages: dict[str, dict[str, None]] = {}
        for finding in findings:
            messages.setdefault(finding.rule, {})[finding_message(finding, self.lang)] = None
        places = tuple(places)
        block = self.plan.document.blocks[places[0].block] if places else None
        names = dict.fromkeys(n for f in findings for n in (f.figures or "").split(", ") if n)
        sentence = hide_personal(_sentence_at(block.text, places[0].start)) if block else ""
        texts = tuple("; ".join(of_rule) for of_rule in messages.values())
        place = format_citation(block.place, self.lang) if block else ""
        return Remark(tuple(messages), findings[0].severity, texts, "", ", ".join(names), places, place, sentence)


def _by_year(finding: Finding) -> list[Finding]:
    """Return a finding on targets of several years as one for each."""
    pairs = finding.details.get("pairs")
    if not isinstance(pairs, Listing):
        return [finding]
    return [finding.with_parts(pairs=Listing(pairs.key, [item])) for item in pairs.items]


def with_context(data: Dataset) -> Dataset:
    """Return a dataset with the bundled targets of the units above its own, to which a plan is held."""
    bundled, own = bundled_data(), set(data.documents["area"])
    above = {code for a in own for places in data.geography.places(a) for code in places[:1]} - own
    rows = bundled.targets[bundled.targets["area"].isin(above)]
    targets = pd.concat([data.targets, rows.assign(unit_id=NO_UNIT)]).reset_index(drop=True)
    return replace(data, targets=targets) if len(rows) else data


def _merged(remarks: list[Remark]) -> list[Remark]:
    """Return the remarks with those at the same places as one."""
    merged: dict[tuple[Place, ...], Remark] = {}
    loose = []
    for remark in remarks:
        other = merged.get(remark.places)
        if not remark.places or other is None:
            merged[remark.places] = remark
            loose += [] if remark.places else [remark]
            continue
        pair = sorted((other, remark), key=lambda r: SEVERITIES.index(r.severity))
        texts = {rule: text for one in reversed(pair) for rule, text in zip(one.rules, one.messages, strict=True)}
        texts = dict(sorted(texts.items(), key=lambda item: SEVERITIES.index(rule_severity(item[0]))))
        merged[remark.places] = replace(
            pair[0],
            rules=tuple(texts),
            messages=tuple(texts.values()),
            fits=pair[0].fits or pair[1].fits,
            figures=", ".join(dict.fromkeys(n for one in pair for n in one.figures.split(", ") if n)),
        )
    return [r for places, r in merged.items() if places] + loose


def _has_value(entry: Entry) -> bool:
    return (entry.table == "published" and entry.cells["value"] is not None) or (
        entry.table == "targets" and entry.cells["rate"] is not None
    )


def _interval(entry: Entry) -> Interval:
    """Return the values that a figure or target allows; a count is exact, a full or empty share, too."""
    if entry.table == "targets":
        rate = 100 * float(str(entry.cells["rate"]))
        return Interval(rate, rate, False, False)
    value, unit, relation = float(str(entry.cells["value"])), entry.cells["unit"], str(entry.cells["relation"])
    if relation == "=" and (unit != "percent" or value in (0, 100)):
        return Interval(value, value, False, False)
    interval = printed_interval(value, float(str(entry.cells["decimals"])), relation)
    return interval._replace(high_open=False) if relation == "=" else interval


def _fitting_text(entry: Entry, fit: Interval | None, lang: str) -> str:
    """Return what would fit in place of a number, in its own decimals, "" where that is not known or anything."""
    if fit is None or (np.isinf(fit.low) and np.isinf(fit.high)):
        return ""
    is_percent = entry.table == "targets" or entry.cells["unit"] == "percent"
    decimals = int(str(entry.cells.get("decimals") or 0)) if entry.table == "published" else 1
    step, sign = 10.0**-decimals, "%" if is_percent else ""
    low, high = fit.low, fit.high
    if entry.table == "published" and is_percent and not np.isinf(low) and high - low < step:
        low = high = round((low + high) / 2, decimals)
    elif not is_percent:
        low, high = np.ceil(low - 1e-6), np.floor(high + 1e-6)
        if low > high:  # no count is between the two
            return ""
    texts = ["" if np.isinf(x) else format_number(x, lang, decimals if is_percent else 0) + sign for x in (low, high)]
    if texts[0] == texts[1]:
        return texts[0]
    keys = "plan.between" if all(texts) else "plan.at_least" if texts[0] else "plan.at_most"
    return translate(keys, lang, low=texts[0], high=texts[1])


def _years(finding: Finding) -> set[str]:
    years = {str(finding.details[k]) for k in _YEARS if k in finding.details}
    if finding.rule == "years_without_target":  # said at the target after the gap
        years.add(str(int(str(finding.value)[-4:]) + 1))
    pairs = finding.details.get("pairs")
    return years | ({str(item["year"]) for item in pairs.items} if isinstance(pairs, Listing) else set())


def _name(entry: Entry) -> str:
    match entry.table:
        case "published":
            return str(entry.cells["figure"])
        case "targets":
            return "target_coverage" if entry.cells["scope"] == "all" else f"target_{entry.cells['scope']}"
        case "losses":
            return f"{entry.cells['unit']}_lost"
    return ""


def _is_named(entry: Entry, name: str) -> bool:
    own = _name(entry)
    return own == name or (name in ("cards_lost", "people_lost") and own.startswith(("cards_lost", "people_lost")))


def _sentence_at(text: str, position: int) -> str:
    return next((text[a:b].strip() for a, b in sentences(text) if a <= position < b), text)
