"""Check what only the text of a plan tells: its lists of units, its days, the instruments that it cites."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from bhyt_analysis.domain.findings import Citation, Finding, Part, Term, UnitName
from bhyt_analysis.domain.printed_figures import Interval, printed_interval
from bhyt_analysis.law.instruments import find_instrument
from bhyt_analysis.plans.arithmetic import wrong_products
from bhyt_analysis.plans.entries import Entry, Place
from bhyt_analysis.plans.figure_days import is_result_heading
from bhyt_analysis.plans.mentions import instruments, sentences, times
from bhyt_analysis.plans.plan import Plan, bundled_data, zoning_decisions
from bhyt_analysis.plans.references import cited_instruments, counts_of_communes, named_units, unit_lists
from bhyt_analysis.plans.structure import RECIPIENTS, TITLE
from bhyt_analysis.plans.tables_of_figures import titles
from bhyt_analysis.plans.words import has_phrase, plain
from bhyt_analysis.quality.limits import rule_limits

_YEAR = 366  # days
_NOTHING_MORE = re.compile(r"\s*(?:[.;,:()/]|$|(?:để|và|gửi|về|cho|theo|đồng thời)(?!\w))")
Located = tuple[Finding, list[Place]]


def document_findings(plan: Plan) -> list[Located]:
    """Return the findings on the text of a plan, each with its places."""
    return [located for check in _CHECKS for located in check(plan)]


def _finding(plan: Plan, rule: str, figures: str = "", /, **parts: Part) -> Finding:
    unit = plan.context.unit
    return Finding.in_document(rule, plan.context.name, unit.code if unit else "", figures, **parts)


# --- Units ---


def _check_lists(plan: Plan) -> Iterator[Located]:
    """Yield lists of communes whose names are not as many as their count, or one of them twice."""
    for listed in unit_lists(plan.document.blocks):
        if len(listed.names) != listed.count:
            counts: dict[str, Part] = {"value": listed.count, "expected": len(listed.names)}
            yield _finding(plan, "list_count_off", **counts), [listed.place]
        for i, name in enumerate(listed.names):
            if name in listed.names[:i]:
                first = listed.names.index(name)
                yield _finding(plan, "list_name_twice", name=name), [listed.name_places[first], listed.name_places[i]]


def _check_units(plan: Plan) -> Iterator[Located]:
    """Yield names of units that there are not in the unit of the plan, or nowhere in the country."""
    context = plan.context
    if context.unit is None or context.day is None:
        return
    within = context.unit if context.unit.kind != "commune" else None
    lists = [
        (n, p, within)
        for one in unit_lists(plan.document.blocks)
        for n, p in zip(one.names, one.name_places, strict=True)
    ]
    others = [(n, p, None) for n, p in named_units(plan.document.blocks)]
    checked = set()
    for name, place, scope in (*lists, *others):
        units = context.geography.matches(name, context.day, None, scope) or context.geography.matches(
            name, None, None, scope
        )
        units = units or bundled_data().geography.matches(name)  # which has further spellings
        if not units and name not in checked:
            checked.add(name)
            inside = context.geography.communes(context.unit, context.day)
            near = context.geography.similar(name, inside)
            parts: dict[str, Part] = {"name": name, "unit": UnitName(context.unit.name)}
            parts["expected"] = ", ".join(u.name for u in near[:2]) or "–"
            yield _finding(plan, "unit_not_there", **parts), [place]


def _check_counts_of_communes(plan: Plan) -> Iterator[Located]:
    """Yield counts of the communes that lost that differ from the count before the list of their names."""
    lists = unit_lists(plan.document.blocks)
    if len(lists) != 1:
        return
    for count, place in counts_of_communes(plan.document.blocks):
        text = plain(plan.document.blocks[place.block].text)[place.end : place.end + 120]
        is_of_loss = "chịu tác động" in text or "quyết định" in text or has_phrase("loss", text)
        if place != lists[0].place and count not in (lists[0].count, len(lists[0].names)) and is_of_loss:
            counts: dict[str, Part] = {"value": count, "expected": len(lists[0].names)}
            yield _finding(plan, "communes_differ", **counts), [place]


# --- Instruments ---


def _check_instruments(plan: Plan) -> Iterator[Located]:
    """Yield instruments that are cited with a day after the plan's, with different days, or with one there is not."""
    issued, days = plan.context.issued, defaultdict[str, dict[dt.date, list[Place]]](lambda: defaultdict(list))
    for cited, place in cited_instruments(plan.document.blocks):
        name = f"{cited.kind} {cited.number}"
        if cited.has_day and cited.day is None:
            yield _finding(plan, "day_impossible", name=name), [place]
        if cited.day is not None:
            days[name][cited.day].append(place)
            if issued and cited.day > issued:
                yield _finding(plan, "instrument_later", name=name, value=cited.day, expected=issued), [place]
    for name, places in days.items():
        if len(places) > 1:  # said at the rarest of them, or at all where none is
            rare, *usual = sorted(places, key=lambda day: len(places[day]))
            is_rare = len(places[rare]) < len(places[usual[0]])
            where = places[rare] if is_rare else [p for own in places.values() for p in own]
            yield _finding(plan, "instrument_days_differ", name=name), where


def _check_known_instruments(plan: Plan) -> Iterator[Located]:
    """Yield instruments whose day is another one than the plan cites, and those that were repealed before the plan."""
    repealed, unit, day = set(), plan.context.unit, plan.context.day
    above = {u.code for u in plan.context.geography.lineage(unit, day)} if unit else set()
    for cited, place in cited_instruments(plan.document.blocks):
        name = f"{cited.kind} {cited.number}"
        listed = find_instrument(cited.number, cited.day.year if cited.day else None, above)
        listed = listed or find_instrument(cited.number, None, above)  # the year itself may be wrong
        if listed is None:
            continue
        if listed.issued and cited.day and cited.day != listed.issued:
            yield _finding(plan, "instrument_day_off", name=name, value=cited.day, expected=listed.issued), [place]
        if listed.until and day and day > listed.until and name not in repealed:
            repealed.add(name)
            parts: dict[str, Part] = {"name": name, "value": listed.until, "expected": listed.replaced_by or "–"}
            yield _finding(plan, "instrument_replaced", **parts), [place]


# --- Days ---


def _check_days(plan: Plan) -> Iterator[Located]:
    """Yield figures of days after the document or long before it, and targets and deadlines before it."""
    issued = plan.context.issued
    last = issued or plan.context.reported
    for entry in plan.entries.rows:
        day = _date(str(entry.cells.get(_DAY_COLUMNS.get(entry.table, ""), "")).lstrip("<"))
        if day is None:
            continue
        rule, name = "", _figure(entry) if entry.table == "published" else "target_coverage"
        if issued and entry.table == "published" and day > issued and not name.startswith("target_"):
            rule = "figure_after_document"
        elif issued and entry.table in ("targets", "actions") and day < issued and not plan.context.is_report:
            rule = "target_before_document" if entry.table == "targets" else "deadline_before_document"
        elif last and entry.table == "published" and name in ("coverage", "insured_total"):
            rule = "figure_old" if day.year < last.year - rule_limits("figure_old")["years"] else ""
        if rule:
            yield _finding(plan, rule, name, value=day, expected=last), _where(plan, entry, day)
    yield from _check_losses(plan)
    yield from _check_falls(plan)
    yield from _check_order_of_years(plan)


_DAY_COLUMNS = {"published": "as_of", "targets": "on", "actions": "due"}


def _check_losses(plan: Plan) -> Iterator[Located]:
    """Yield losses before their decision, and the rarer of different days for the loss of the same people."""
    decisions = zoning_decisions()
    for entry in (e for e in plan.entries.rows if e.table == "losses"):
        day, first = _date(entry.cells["on"]), decisions[str(entry.cells["decision"])]
        if day is not None and day < first:
            parts: dict[str, Part] = {"value": day, "expected": first, "name": str(entry.cells["decision"])}
            yield _finding(plan, "loss_before_decision", "people_lost", **parts), _where(plan, entry, day)
        others = bundled_data().losses
        others = others[others["decision"] == entry.cells["decision"]]["on"].dt.date
        if day is not None and day >= first and len(others) and day not in set(others):
            parts = {"value": day, "expected": others.iloc[0], "name": str(entry.cells["decision"])}
            yield _finding(plan, "loss_day_differs_elsewhere", "people_lost", **parts), _where(plan, entry, day)
    days = _loss_days(plan)
    usual = _usual_loss_day(plan)
    for day, places in days.items():
        if day != usual:
            yield _finding(plan, "loss_days_differ", "people_lost", value=day, expected=usual), places


def _loss_days(plan: Plan) -> dict[dt.date, list[Place]]:
    """Return the days on which cards are lost, of the figures and of brackets such as «(không được hỗ trợ từ ...)»."""
    days = defaultdict[dt.date, list[Place]](list)
    for entry in (e for e in plan.entries.rows if e.table == "losses"):
        if day := _date(entry.cells["on"]):
            days[day] += _where(plan, entry, day)
    for i, block in enumerate(plan.document.blocks if days else ()):
        small = plain(block.text)
        for moment in times(small):
            before = small[max(0, moment.start - 80) : moment.start]
            if moment.day and moment.is_from and "(" in before and has_phrase("lost_group", before):
                days[moment.day].append(Place(i, moment.start, moment.end))
    return days


def _usual_loss_day(plan: Plan) -> dt.date | None:
    days = _loss_days(plan)
    return max(days, key=lambda day: len(days[day]), default=None)


def _where(plan: Plan, entry: Entry, day: dt.date) -> list[Place]:
    """Return where the text of an entry has its day; the places of the entry where it has it not."""
    place = entry.places[0]
    moments = [t for t in times(plain(plan.document.blocks[place.block].text)) if t.day == day]
    nearest = sorted(moments, key=lambda t: abs(t.start - place.start))[:1]
    return [Place(place.block, t.start, t.end) for t in nearest] or entry.places


def _check_falls(plan: Plan) -> Iterator[Located]:
    """Yield rates after a fall of which no higher one is from before, or that are from before the loss."""
    rates = [e for e in plan.entries.rows if e.table == "published" and e.cells["figure"] == "coverage"]
    lost_on = _usual_loss_day(plan)
    for entry in rates:
        place = entry.places[0]
        before = plain(plan.document.blocks[place.block].text)[max(0, place.start - 40) : place.start]
        day = _date(entry.cells["as_of"])
        if not has_phrase("fall_to", before) or day is None:
            continue
        others = [(_date(e.cells["as_of"]), float(str(e.cells["value"]))) for e in rates if e is not entry]
        is_above = any(value > float(str(entry.cells["value"])) for _, value in others)
        if is_above and not any(d and d <= day for d, _ in others):
            yield _finding(plan, "fall_before_level", "coverage", value=day), _where(plan, entry, day)
        elif lost_on and day < lost_on <= (plan.context.issued or lost_on):
            yield _finding(plan, "fall_before_loss", "coverage", value=day, expected=lost_on), entry.places


def _check_order_of_years(plan: Plan) -> Iterator[Located]:
    """Yield targets of a row of a table whose year is not between those of its neighbours, or outside the plan's."""
    rows = defaultdict[tuple[object, ...], list[Entry]](list)
    for entry in plan.entries.rows:
        if entry.table == "targets" and plan.document.blocks[entry.places[0].block].cell and _date(entry.cells["on"]):
            rows[entry.cells["area"], entry.cells["scope"], entry.cells["instrument"]].append(entry)
    for entries in rows.values():
        entries.sort(key=lambda e: e.places[0])
        days = [str(e.cells["on"]) for e in entries]
        if days != sorted(set(days)):
            for i in _out_of_order(days):
                yield _finding(plan, "years_out_of_order", "target_coverage", value=days[i][:4]), entries[i].places


def _out_of_order(days: list[str]) -> list[int]:
    """Return the positions outside a longest increasing sequence."""
    best: list[list[int]] = []
    for i, day in enumerate(days):
        before = max((b for b in best if days[b[-1]] < day), key=len, default=[])
        best.append([*before, i])
    longest = max(best, key=len)
    return [i for i in range(len(days)) if i not in longest]


def _check_deadlines(plan: Plan) -> Iterator[Located]:
    """Yield days of the year before the plan by which something has to be done: as a rule the year is a wrong one."""
    issued, blocks = plan.context.issued, plan.document.blocks
    for i, block in enumerate(blocks if issued and not plan.context.is_report else ()):
        if block.cell is not None or block.place in (TITLE, RECIPIENTS):
            continue
        small = plain(block.text)
        for start, end in sentences(block.text):
            for moment in (t for t in times(small[start:end]) if not t.is_year and t.day):
                words = small[start : start + moment.start]
                is_late = issued and moment.day and issued - dt.timedelta(_YEAR) <= moment.day < issued
                if not is_late or not has_phrase("deadline", words) or not has_phrase("duty", words):
                    continue
                # «hồ sơ nộp trước ngày ... được giải quyết» sets no deadline: it goes on about what was done by then.
                is_last = _NOTHING_MORE.match(small[start + moment.end : end])
                is_past = (
                    not is_last
                    or has_phrase("done", words)
                    or any(is_result_heading(plain(t)) for t in titles(blocks, i)[-2:])
                )
                if not is_past and not instruments(block.text[start : start + moment.start]):
                    place = Place(i, start + moment.start, start + moment.end)
                    yield _finding(plan, "deadline_before_document", value=moment.day, expected=issued), [place]


# --- Arithmetic ---


def _check_arithmetic(plan: Plan) -> Iterator[Located]:
    """Yield totals, amounts and products that are not what the numbers beside them give."""
    for wrong in plan.entries.miscounts:
        yield _finding(plan, wrong.rule, value=wrong.value, expected=wrong.expected), [wrong.place]
    for i, block in enumerate(plan.document.blocks):
        for start, end, value, expected in wrong_products(block.text):
            yield _finding(plan, "product_off", value=value, expected=expected), [Place(i, start, end)]


# --- Targets ---


def targets_that_differ(plan: Plan) -> list[tuple[Entry, Entry]]:
    """Return the pairs of targets of a plan that are of the same unit, group and day, and not of the same rate."""
    same = defaultdict[tuple[object, ...], list[Entry]](list)
    for entry in plan.entries.rows:
        if entry.table == "targets" and entry.cells["rate"] is not None:
            same[tuple(entry.cells.get(k) for k in ("area", "of", "kind", "scope", "on"))].append(entry)
    return [(own[0], other) for own in same.values() for other in own[1:]]


def _check_targets_of_each(plan: Plan) -> Iterator[Located]:
    """Yield targets of each unit that do not bring the target of all of them, or that bring more than it."""
    targets = [e for e in plan.entries.rows if e.table == "targets" and e.cells["rate"] is not None]
    for each in (e for e in targets if e.cells["area"] == "each"):
        for total in targets:
            keys = [(e.cells["scope"], e.cells["on"]) for e in (each, total)]
            if (
                total.cells["area"] == each.cells["of"]
                and keys[0] == keys[1]
                and total.cells["rate"] != each.cells["rate"]
            ):
                rates: dict[str, Part] = {
                    k: float(str(e.cells["rate"])) for k, e in (("value", each), ("expected", total))
                }
                rule = "each_below_whole" if str(rates["value"]) < str(rates["expected"]) else "each_above_whole"
                yield _finding(plan, rule, "target_coverage", **rates), [*each.places, *total.places]


def _check_targets(plan: Plan) -> Iterator[Located]:
    """Yield targets that are set twice, with two rates."""
    for one, other in targets_that_differ(plan):
        rates: dict[str, Part] = {k: float(str(e.cells["rate"])) for k, e in (("value", other), ("expected", one))}
        rates |= {k: Term(f"relation.{e.cells['relation']}") for k, e in (("first", other), ("second", one))}
        figures = "target_coverage" if one.cells["scope"] == "all" else f"target_{one.cells['scope']}"
        yield _finding(plan, "targets_differ", figures, **rates), [*one.places, *other.places]


# --- Other documents ---


def _check_other_documents(plan: Plan) -> Iterator[Located]:
    """Yield figures that a document of the bundled data prints otherwise for the same unit and day."""
    data = bundled_data()
    names = dict(zip(data.documents["document"], data.documents["short"], strict=True))
    published = data.published[data.published["value"].notna()]
    for entry in plan.entries.rows:
        cells = entry.cells
        if entry.table == "published" and cells["value"] is not None:
            rows = published[published["figure"] == cells["figure"]]
            rows = rows[(rows[["area", "as_of", "unit"]] == pd.Series(cells)[["area", "as_of", "unit"]]).all(axis=1)]
            if len(rows) and not any(_meets(cells, row) for row in rows.to_dict("records")):
                row = rows.iloc[0]
                values = {"value": cells["value"], "expected": row["value"]}
                source = names.get(row["document"]) or str(row["locator"])
                yield _differing(plan, _figure(entry), values, str(row["unit"]), source), entry.places


def _check_other_days(plan: Plan) -> Iterator[Located]:
    """Yield figures that a document of the bundled data prints for another day of the same unit."""
    data = bundled_data()
    names = dict(zip(data.documents["document"], data.documents["short"], strict=True))
    keys = ["area", "figure", "unit", "value", "relation"]
    for entry in (e for e in plan.entries.rows if e.table == "published" and e.cells["value"] is not None):
        day = _date(entry.cells["as_of"])
        rows = data.published[(data.published[keys] == pd.Series(entry.cells)[keys]).all(axis=1)]
        if day is not None and len(rows) and entry.cells["as_of"] not in set(rows["as_of"]):
            other = _date(rows["as_of"].iloc[0])
            if other is not None and abs(other.year - day.year) <= 1:
                source = Citation(names.get(rows["document"].iloc[0]) or str(rows["locator"].iloc[0]))
                parts: dict[str, Part] = {"value": day, "expected": other, "source": source}
                yield _finding(plan, "day_differs_elsewhere", _figure(entry), **parts), _where(plan, entry, day)


def _check_other_targets(plan: Plan) -> Iterator[Located]:
    """Yield targets that a document of the bundled data sets otherwise for the same unit, group and day."""
    targets = bundled_data().targets
    for entry in plan.entries.rows:
        cells = entry.cells
        if entry.table == "targets" and cells["rate"] is not None:
            rows = targets[(targets["area"] == cells["area"]) & (targets["scope"] == cells["scope"])]
            rows = rows[(rows["of"] == cells["of"]) & (rows["kind"] == cells["kind"])]
            on = pd.NaT if cells["on"] == "yearly" else pd.Timestamp(str(cells["on"]))
            rows = rows[((rows["on"] == on) | (rows["on"].isna() & pd.isna(on))) & rows["rate"].notna()]
            if len(rows) and not (rows["rate"] == cells["rate"]).any():
                row = rows.iloc[-1]
                values = {"value": 100 * float(str(cells["rate"])), "expected": 100 * row["rate"]}
                yield _differing(plan, "target_coverage", values, "percent", str(row["instrument"])), entry.places


def _meets(cells: dict[str, object], row: dict[str, object]) -> bool:
    if cells["relation"] == row["relation"] in (">", ">=", "<"):  # both are bounds, and those differ
        return cells["value"] == row["value"]
    return _printed(cells).meets(_printed(row))


def _printed(cells: dict[str, object]) -> Interval:
    return printed_interval(float(str(cells["value"])), float(str(cells["decimals"])), str(cells["relation"]))


def _differing(plan: Plan, figures: str, values: dict[str, object], unit: str, source: str) -> Finding:
    rule, scale = ("rate_differs_elsewhere", 100) if unit == "percent" else ("count_differs_elsewhere", 1)
    parts = {name: float(str(value)) / scale for name, value in values.items()}
    return _finding(plan, rule, figures, **parts, source=Citation(source))


def _figure(entry: Entry) -> str:
    return str(entry.cells["figure"])


def _date(text: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        return None


_CHECKS = (
    _check_lists, _check_units, _check_counts_of_communes, _check_instruments, _check_known_instruments, _check_days,
    _check_deadlines, _check_arithmetic, _check_targets, _check_targets_of_each, _check_other_documents,
    _check_other_days, _check_other_targets,
)  # fmt: skip
