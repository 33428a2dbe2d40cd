"""Check what only the text of a plan tells: its lists of units, its days, the instruments that it cites."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from bhyt_analysis.domain.findings import Citation, Finding, Part, UnitName
from bhyt_analysis.domain.printed_figures import printed_interval
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.law.instruments import find_instrument
from bhyt_analysis.plans.entries import Entry, Place
from bhyt_analysis.plans.plan import Plan, zoning_decisions
from bhyt_analysis.plans.references import cited_instruments, counts_of_communes, named_units, unit_lists
from bhyt_analysis.plans.words import has_phrase, plain

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
                yield _finding(plan, "list_name_twice", name=name), [listed.name_places[i]]


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
    beside = [(n, p, None) for n, p in named_units(plan.document.blocks)]
    seen = set()
    for name, place, scope in (*lists, *beside):
        known = context.geography.matches(name, context.day, None, scope) or context.geography.matches(
            name, None, None, scope
        )
        if not known and name not in seen:
            seen.add(name)
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
        if place != lists[0].place and count != len(lists[0].names) and is_of_loss:
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
    repealed = set()
    for cited, place in cited_instruments(plan.document.blocks):
        name = f"{cited.kind} {cited.number}"
        known = find_instrument(cited.number, cited.day.year if cited.day else None)
        if known is None:
            continue
        if known.issued and cited.day and cited.day != known.issued:
            yield _finding(plan, "instrument_day_off", name=name, value=cited.day, expected=known.issued), [place]
        if known.until and plan.context.day and plan.context.day > known.until and name not in repealed:
            repealed.add(name)
            parts: dict[str, Part] = {"name": name, "value": known.until, "expected": known.replaced_by or "–"}
            yield _finding(plan, "instrument_replaced", **parts), [place]


# --- Days ---


def _check_days(plan: Plan) -> Iterator[Located]:
    """Yield figures of days after the document, losses before their decision, deadlines before the document."""
    issued, decisions = plan.context.issued, zoning_decisions()
    for entry in plan.entries.rows:
        match entry.table:
            case "published":
                day = _date(entry.cells["as_of"])
                if issued and day and day > issued and not str(entry.cells["figure"]).startswith("target_"):
                    yield (
                        _finding(plan, "figure_after_document", _figure(entry), value=day, expected=issued),
                        entry.places,
                    )
            case "losses":
                day, first = _date(entry.cells["on"]), decisions[str(entry.cells["decision"])]
                if day and day < first:
                    parts: dict[str, Part] = {"value": day, "expected": first, "name": str(entry.cells["decision"])}
                    yield _finding(plan, "loss_before_decision", "people_lost", **parts), entry.places
            case "targets":
                day = _date(entry.cells["on"])
                if issued and day and day < issued:
                    yield (
                        _finding(plan, "target_before_document", "target_coverage", value=day, expected=issued),
                        entry.places,
                    )
            case "actions":
                day = _date(str(entry.cells["due"]).lstrip("<"))
                if issued and day and day < issued:
                    yield (
                        _finding(plan, "deadline_before_document", value=day, expected=issued),
                        _where_due(plan, entry),
                    )
    yield from _check_falls(plan)
    yield from _check_order_of_years(plan)


def _where_due(plan: Plan, entry: Entry) -> list[Place]:
    """Return the last day in a task, its deadline."""
    place = entry.places[0]
    text = plan.document.blocks[place.block].text
    day = _date(str(entry.cells["due"]).lstrip("<"))
    assert day is not None
    for form in (f"{day.day}/{day.month}/{day.year}", f"{day:%d/%m/%Y}", f"{day:%d}/{day.month}/{day.year}"):
        if (at := text.find(form)) >= 0:
            return [Place(place.block, at, at + len(form))]
    return entry.places


def _check_falls(plan: Plan) -> Iterator[Located]:
    """Yield rates after a fall of which no higher one is from before, or that are from before the loss."""
    rates = [e for e in plan.entries.rows if e.table == "published" and e.cells["figure"] == "coverage"]
    losses = [d for e in plan.entries.rows if e.table == "losses" and (d := _date(e.cells["on"]))]
    for entry in rates:
        place = entry.places[0]
        before = plain(plan.document.blocks[place.block].text)[max(0, place.start - 40) : place.start]
        day = _date(entry.cells["as_of"])
        if not has_phrase("fall_to", before) or day is None:
            continue
        others = [e for e in rates if e is not entry and (d := _date(e.cells["as_of"])) and d <= day]
        if any(e.cells["value"] > entry.cells["value"] for e in rates if e is not entry) and not others:  # type: ignore[operator]
            yield _finding(plan, "fall_before_level", "coverage", value=day), entry.places
        elif losses and day < min(losses):
            yield _finding(plan, "fall_before_loss", "coverage", value=day, expected=min(losses)), entry.places


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
        for whole in targets:
            keys = [(e.cells["scope"], e.cells["on"]) for e in (each, whole)]
            if (
                whole.cells["area"] == each.cells["of"]
                and keys[0] == keys[1]
                and whole.cells["rate"] != each.cells["rate"]
            ):
                rates: dict[str, Part] = {
                    k: float(str(e.cells["rate"])) for k, e in (("value", each), ("expected", whole))
                }
                rule = "each_below_whole" if str(rates["value"]) < str(rates["expected"]) else "each_above_whole"
                yield _finding(plan, rule, "target_coverage", **rates), [*each.places, *whole.places]


def _check_targets(plan: Plan) -> Iterator[Located]:
    """Yield targets that are set twice, with two rates."""
    for one, other in targets_that_differ(plan):
        rates: dict[str, Part] = {k: float(str(e.cells["rate"])) for k, e in (("value", other), ("expected", one))}
        figures = "target_coverage" if one.cells["scope"] == "all" else f"target_{one.cells['scope']}"
        yield _finding(plan, "targets_differ", figures, **rates), [*one.places, *other.places]


# --- Other documents ---


def _check_other_documents(plan: Plan) -> Iterator[Located]:
    """Yield figures that a document of the bundled data prints otherwise for the same unit and day."""
    data = load()
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
                yield _elsewhere(plan, _figure(entry), values, str(row["unit"]), source), entry.places


def _check_other_targets(plan: Plan) -> Iterator[Located]:
    """Yield targets that a document of the bundled data sets otherwise for the same unit, group and day."""
    targets = load().targets
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
                yield _elsewhere(plan, "target_coverage", values, "percent", str(row["instrument"])), entry.places


def _meets(cells: dict[str, object], row: dict[str, object]) -> bool:
    if cells["relation"] == row["relation"] in (">", ">=", "<"):  # both are bounds, and those differ
        return cells["value"] == row["value"]
    one, other = (printed_interval(r["value"], r["decimals"], r["relation"]) for r in (cells, row))  # type: ignore[arg-type]
    return one.meets(other)


def _elsewhere(plan: Plan, figures: str, values: dict[str, object], unit: str, source: str) -> Finding:
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
    _check_targets, _check_targets_of_each, _check_other_documents, _check_other_targets,
)  # fmt: skip
