"""Audit whether the figures that a plan publishes fit each other.

Interval arithmetic on what is printed: a figure can be any value that rounds to it, and a finding is only what no such
value can explain. Each function finds what one or two rows of ``rules.csv`` describe. No document, unit or year has a
rule of its own: figures belong together by their names (docs/audit.md), by their base, and by the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import TypeVar

import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import (
    Citation,
    Finding,
    GroupName,
    Listing,
    Part,
    TableRow,
    Term,
    UnitName,
    findings_table,
)
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.domain.printed_figures import Interval, printed_interval, published_rates
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import has_message
from bhyt_analysis.law.groups import groups
from bhyt_analysis.quality.limits import rule_limits

WHERE = ["document", "area", "figures"]
# The count that a rate or share is of, by its name: "share_poor" is of "cards_poor" or "insured_poor".
COUNTS_OF = {"share_": ("cards_", "insured_by_", "insured_", "people_"), "coverage_": ("insured_", "cards_")}


OUTSIDE = ("insured_elsewhere", "military_relatives")  # who may be left out of the insured of an area
SMALL = 1e-9  # of sums of printed shares
MOST_MORE = 10  # figures whose sums are tried
# Which every plan has; beside them the law has smaller ones.
MAIN_GROUPS = ("employer_employee", "social_security_paid", "state_paid", "state_supported", "household")
ROUNDING = 5e-4  # of a rate with a decimal of a per cent
Row = TypeVar("Row")
Figures = dict[str, TableRow]  # rows of ``published`` by their figure


@result_table
def audit(data: Dataset, area: str | None = None, lang: str | None = None) -> pd.DataFrame:
    """List what does not add up, is missing or is unusual in the published figures.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code, or a list: the rows of each, one below the other, to review the documents about it; None is all.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    DataFrame
        Errors first: ``rule``, ``severity`` (error: the figures can't all be true; warning: something is missing or at
        odds; info: worth knowing), ``message``, ``document``, ``area`` (code), ``figures`` (those concerned, joined by
        commas).

    Raises
    ------
    BhytError
        for an area or a language that there is not.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = audit(load(), "Sơn Dương", lang="en")
    >>> table.loc[table["rule"] == "share_of_wrong_base", "figures"].tolist()
    ['share_household, cards_household, insured_by_local_office, insured_total']
    """
    areas = audited_units(data) if area is None else [area]
    return findings_table(plan_findings(data, areas), check_lang(lang), WHERE)


def audited_units(data: Dataset) -> list[Unit]:
    """Return the units that figures, targets or reports are about."""
    ids = {i for name in ("published", "duties", "targets") for i in data.rows_by_unit[name]}
    return [unit for unit in data.geography.units.values() if unit.id in ids]


def plan_findings(data: Dataset, areas: Iterable[Unit | str]) -> Iterator[Finding]:
    """Yield the findings of `audit` on some areas."""
    views = (area_view(data, area) for area in areas)
    yield from (f for v in views for rule in RULES for f in rule(v.data, v.code))


def _documents(data: Dataset, code: str) -> Sequence[tuple[str, pd.DataFrame]]:
    documents: dict[str, list[tuple[str, pd.DataFrame]]] = data.result(_all_documents)
    return documents.get(code, [])


def _all_documents(data: Dataset) -> dict[str, list[tuple[str, pd.DataFrame]]]:
    """Return the figures that each document prints of a unit, by the unit's code."""
    documents: dict[str, list[tuple[str, pd.DataFrame]]] = defaultdict(list)
    rows = data.published[data.published["value"].notna()]
    for (code, name), part in rows.groupby(["area", "document"], sort=False):
        documents[code].append((str(name), part))
    return documents


def _figures(rows: pd.DataFrame) -> Figures:
    return {row.figure: row for row in rows.itertuples()}


def _interval(row: TableRow) -> Interval:
    return printed_interval(row.value, row.decimals, row.relation)


def _either_rounding(row: TableRow) -> Interval:
    """Return the interval of a printed share that may have been rounded half up or half to even."""
    return _interval(row)._replace(high_open=False)


def _ratio(part: Interval, base: Interval) -> Interval:
    """Return the per cent of two counts, each known to the unit."""
    return Interval(100 * part.low / base.high, 100 * part.high / base.low, False, False)


def _count(row: TableRow) -> Interval:
    """Return the interval of a count: exact where printed with "=", rounded only with "about"."""
    if row.relation == "=":
        return Interval(row.value, row.value, False, False)
    return _interval(row)


def numerator(figure: str, counts: Mapping[str, Row]) -> Row | None:
    """Return the printed count that a rate or share is of, if there is one."""
    if figure == "coverage":
        return counts.get("insured_total")
    for prefix, names in COUNTS_OF.items():
        if figure.startswith(prefix):
            rest = figure.removeprefix(prefix)
            return next((counts[n + rest] for n in names if n + rest in counts), None)
    return None


def check_shares(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield printed shares and rates that their numerator and base can't give, and shares that so miss 100."""
    for document, rows in _documents(data, code):
        for _, same in rows.groupby("as_of", sort=False, dropna=False):
            counts = _figures(same[same["unit"].isin(["people", "cards"])])
            shares = [r for r in same.itertuples() if r.unit == "percent" and r.base in counts]
            pairs = [(r, part) for r in shares if (part := numerator(r.figure, counts)) is not None]
            for row, part in pairs:
                yield from _check_share(document, code, row, part, counts)
            yield from _check_share_sums(document, code, pairs, counts)
            confirmed = {row.figure for row, _ in pairs}  # by their counts, which say more
            yield from _check_main_shares(document, code, _shares_of_groups(same[~same["figure"].isin(confirmed)]))


def _shares_of_groups(rows: pd.DataFrame) -> dict[str, Figures]:
    """Return the printed shares of groups by what they are shares of, in the name of the base."""
    shares: dict[str, Figures] = defaultdict(dict)
    for row in rows.itertuples():
        if row.unit == "percent" and row.figure.startswith("share_") and row.relation in ("=", "about"):
            shares[row.base][row.figure.removeprefix("share_")] = row
    return shares


def _check_main_shares(document: str, code: str, shares: dict[str, Figures]) -> Iterator[Finding]:
    """Check the shares of the main groups, which have all insured people between them and each of them once."""
    wider = groups()["group"].to_dict()
    for base, of_groups in shares.items():
        main = [g for g in of_groups if wider.get(g) == g]
        # Beside the main groups a plan may print others, such as people whom another office insures.
        others = [g for g in of_groups if not any(g == m or g.startswith(m + "_") for m in main)]
        sums = {}
        for end in ("low", "high"):
            parts = main if end == "low" else [*main, *others]
            sums[end] = sum(getattr(_either_rounding(of_groups[g]), end) for g in parts)
        figures = ", ".join([*(of_groups[g].figure for g in main), base])
        if sums["low"] > 100 + SMALL:
            yield Finding.in_document("shares_above_total", document, code, figures, value=sums["low"] / 100)
        elif set(main) >= set(MAIN_GROUPS) and sums["high"] < 100 - SMALL and base.startswith("insured_"):
            rest = 1 - sums["high"] / 100
            yield Finding.in_document("shares_below_total", document, code, figures, value=rest)


def _check_share(document: str, code: str, row: TableRow, part: TableRow, counts: Figures) -> Iterator[Finding]:
    """Check a share against its count and base, and against other bases that it may have been divided by."""
    base = counts[row.base]
    if _either_rounding(row).meets(_ratio(_count(part), _count(base))):
        return
    if row.figure == "coverage":
        figures = ", ".join([row.figure, part.figure, row.base])
        rates: dict[str, Part] = {"value": row.value / 100, "expected": part.value / base.value, "as_of": row.as_of}
        yield Finding.in_document("coverage_off", document, code, figures, **rates)
        return
    bases = [f for f in counts if (f == "population" or f.startswith("insured_")) and f != row.base]
    used = [b for b in bases if _either_rounding(row).meets(_ratio(_count(part), _count(counts[b])))]
    rule = "share_of_wrong_base" if used else "share_off"
    parts: dict[str, Part] = {"value": row.value / 100, "expected": _rounded(row, part, base) / 100}
    parts |= {"part": part.value, "base": base.value, "used": counts[used[0]].value if used else None}
    figures = ", ".join([row.figure, part.figure, row.base, *used])
    yield Finding.in_document(rule, document, code, figures, **parts, locator=Citation(row.locator))


def _rounded(row: TableRow, part: TableRow, base: TableRow) -> float:
    return round(100 * part.value / base.value, 0 if pd.isna(row.decimals) else int(row.decimals))


def _check_share_sums(
    document: str, code: str, pairs: list[tuple[TableRow, TableRow]], counts: Figures
) -> Iterator[Finding]:
    """Check the shares of parts that make up a total: their sum as printed and as it should be."""
    for base in dict.fromkeys(row.base for row, _ in pairs):
        same = [(row, part) for row, part in pairs if row.base == base and row.figure != "coverage"]
        if sum(part.value for _, part in same) != counts[base].value:
            continue
        printed = round(sum(row.value for row, _ in same), 6)
        expected = round(sum(_rounded(row, part, counts[base]) for row, part in same), 6)
        if printed != expected:
            figures = ", ".join([*(row.figure for row, _ in same), base])
            sums = {"value": printed / 100, "expected": expected / 100}
            yield Finding.in_document("shares_do_not_add", document, code, figures, **sums)


def check_sums(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield parts that are more than their total; or less, where the parts include all others."""
    table = groups()
    group_of = {f"cards_{k}": f"cards_{g}" for k, g in table["group"].items() if k != g}
    main_groups = {f"cards_{g}" for g in set(table["group"])}
    for document, rows in _documents(data, code):
        for _, same in rows[rows["relation"] == "="].groupby("as_of", sort=False, dropna=False):
            cards = {r.figure: r.value for r in same.itertuples() if r.unit == "cards"}
            for total in [f for f in cards if f in main_groups]:
                parts = [f for f in cards if f != total and (f.startswith(total + "_") or group_of.get(f) == total)]
                complete = any(f.endswith("_other") for f in parts)
                yield from _check_parts(document, code, total, parts, cards, complete)
            people = {r.figure: r.value for r in same.itertuples() if r.unit in ("people", "cards")}
            if "insured_total" in people:
                parts = [f for f in people if f in main_groups]
                yield from _check_parts(document, code, "insured_total", parts, people, complete=False)
                yield from _check_unexplained(document, code, people, main_groups)
                for office in (f for f in people if f.startswith("insured_by_")):
                    yield from _check_parts(document, code, "insured_total", [office], people, complete=False)
            if {"insured_total", "population"} <= people.keys() and people["insured_total"] > people["population"]:
                yield _above_population(document, code, "insured_total", people)
            yield from _check_uninsured(document, code, people)
            for figure in (f for f in people if f.partition("_")[2] in table.index and "population" in people):
                if figure.startswith(("cards_", "insured_")) and people[figure] > people["population"]:
                    yield _above_population(document, code, figure, people)


def _above_population(document: str, code: str, figure: str, people: dict[str, float]) -> Finding:
    counts: dict[str, Part] = {"value": people[figure], "expected": people["population"]}
    return Finding.in_document("insured_above_people", document, code, f"{figure}, population", **counts)


def _check_uninsured(document: str, code: str, people: dict[str, float]) -> Iterator[Finding]:
    """Check that the insured and the others are all people, but for those whom another office or area insures."""
    if not {"insured_total", "uninsured", "population"} <= people.keys():
        return
    insured, uninsured, everybody = (people[f] for f in ("insured_total", "uninsured", "population"))
    rest = everybody - insured - uninsured
    outside = [n for f, n in people.items() if f.endswith(OUTSIDE)]
    if rest and rest not in (*outside, sum(outside)):
        rule = "uninsured_above_people" if rest < 0 else "uninsured_below_people"
        counts: dict[str, Part] = {"insured": insured, "uninsured": uninsured, "value": everybody}
        counts |= {"expected": insured + uninsured, "rest": rest}
        yield Finding.in_document(rule, document, code, "uninsured, insured_total, population", **counts)


def _check_parts(
    document: str, code: str, total: str, parts: list[str], counts: dict[str, float], complete: bool
) -> Iterator[Finding]:
    """Check the sum of parts against their total; if they are complete, it may not be less either."""
    printed, expected = counts[total], sum(counts[f] for f in parts)
    if not parts or expected == printed or (expected < printed and not complete):
        return
    rule = "parts_above_group" if expected > printed else "parts_below_group"
    yield Finding.in_document(rule, document, code, ", ".join([total, *parts]), value=printed, expected=expected)


def _check_unexplained(document: str, code: str, people: dict[str, float], main_groups: set[str]) -> Iterator[Finding]:
    """Check whether the main groups, if all are printed, explain the total, or those insured through one office."""
    if not {f"cards_{group}" for group in MAIN_GROUPS} <= people.keys():
        return
    others = groups()["group"]
    parts = [
        *(main_groups & people.keys()),
        *(f for f in people if f.startswith("cards_") and f.removeprefix("cards_") not in others),
    ]
    parts = [f for f in parts if not any(f != g and f.startswith(g + "_") for g in main_groups)]
    explained = sum(people[f] for f in parts)
    rest = people["insured_total"] - explained
    offices = [n for f, n in people.items() if f.startswith("insured_by_")]
    # A part of a group may be printed beside it: those whom another office insures.
    more = [n for f, n in people.items() if f.startswith("cards_") and f not in parts][:MOST_MORE]
    sums = {sum(chosen) for count in range(len(more) + 1) for chosen in combinations(more, count)}
    if rest > 0 and explained not in offices and rest not in sums:
        counts = {"value": people["insured_total"], "rest": rest, "share": rest / people["insured_total"]}
        yield Finding.in_document("groups_below_total", document, code, ", ".join(["insured_total", *parts]), **counts)


def check_limits(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield rates above 100%, of everybody or of a group, and groups with more cards than people."""
    for document, rows in _documents(data, code):
        for row in rows[rows["unit"] == "percent"].itertuples():
            is_rate, least = row.figure.split("_")[0] in ("coverage", "share"), _interval(row)
            if is_rate and (least.low > 100 or (least.low == 100 and least.low_open)):
                parts: dict[str, Part] = {"value": row.value / 100, "relation": Term(f"relation.{row.relation}")}
                parts["locator"] = Citation(row.locator)
                yield _of_figure("rate_above_100", document, code, row.figure, **parts)
        for _, same in rows[rows["relation"] == "="].groupby("as_of", sort=False, dropna=False):
            counts = _figures(same[same["unit"].isin(["people", "cards"])])
            for figure, people in counts.items():
                group = figure.removeprefix("people_")
                cards = next((counts[n + group] for n in ("cards_", "insured_") if n + group in counts), None)
                if group != figure and cards is not None and cards.value > people.value:
                    parts = {"value": cards.value, "expected": people.value, "locator": Citation(cards.locator)}
                    yield _of_figure("group_above_people", document, code, f"{cards.figure}, {figure}", **parts)


def _of_figure(rule: str, document: str, code: str, figures: str, **parts: Part) -> Finding:
    """Return a finding about figures of everybody or of the group that the first one names."""
    group = figures.split(", ")[0].partition("_")[2]
    subject: Part = GroupName(group) if group in groups().index else Term("group.all")
    return Finding.in_document(rule, document, code, figures, subject=subject, **parts)


def check_changes(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield changes, of a rate in points or of a count, that their two levels can't give.

    ``change_X`` is the change of ``X`` since a level before in the same document: of the day that its ``base`` names,
    else of any, by default the last.
    """
    for document, rows in _documents(data, code):
        for change in rows[rows["figure"].str.startswith("change_")].itertuples():
            levels = rows[(rows["figure"] == change.figure.removeprefix("change_")) & (rows["unit"] == change.unit)]
            before = levels[levels["as_of"] < change.as_of].sort_values("as_of", kind="stable")
            before = before[before["as_of"] == change.base] if change.base else before
            after = levels[levels["as_of"] == change.as_of].tail(1)
            if before.empty or after.empty:
                continue
            first, last = (next(t.itertuples()) for t in (before.tail(1), after))
            if any(_fits_change(change, level, last) for level in before.itertuples()):
                continue
            scale = 100 if change.unit == "percent" else 1
            parts: dict[str, Part] = {"value": change.value / scale, "expected": (last.value - first.value) / scale}
            parts |= {"before": first.value / scale, "after": last.value / scale, "locator": Citation(change.locator)}
            rule = "points_off" if change.unit == "percent" else "change_off"
            yield Finding.in_document(rule, document, code, f"{change.figure}, {first.figure}", **parts)


def _fits_change(change: TableRow, first: TableRow, last: TableRow) -> bool:
    low, high = _interval(first), _interval(last)
    return _either_rounding(change).meets(Interval(high.low - low.high, high.high - low.low, True, True))


def check_populations(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield printed populations below an earlier census of the same unit."""
    for document, rows in _documents(data, code):
        figures = _figures(rows)
        if "population" not in figures:
            continue
        people, day = figures["population"].value, pd.Timestamp(figures["population"].as_of)
        census = data.population[(data.population["status"] == "census") & (data.population["as_of"] < day)]
        count = population_at(data.geography, census, code, day)
        if count is None or count.people <= people:
            continue
        rate = figures["insured_total"].value / count.people if "insured_total" in figures else float("nan")
        parts = {"value": people, "as_of": day, "expected": count.people, "census": count.as_of, "rate": rate}
        yield Finding.in_document("census_above_plan", document, code, "population", **parts)


def check_contradictions(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield figures that are printed twice for the same day so that no value fits both."""
    for document, rows in _documents(data, code):
        for (figure, _), same in rows.groupby(["figure", "as_of"], sort=False):
            for first, second in combinations(same.itertuples(), 2):
                if not _stated(first).meets(_stated(second)):
                    yield _contradiction(document, code, figure, first, second)


def _contradiction(document: str, code: str, figure: str, first: TableRow, second: TableRow) -> Finding:
    percent, key = first.unit == "percent", f"figure.{figure}"
    scale = 100 if percent else 1
    parts: dict[str, Part] = {"figure": Term(key) if has_message(key) else figure}
    parts |= {"first": Term(f"relation.{first.relation}"), "value": first.value / scale}
    parts |= {"second": Term(f"relation.{second.relation}"), "expected": second.value / scale}
    parts["locator"] = Citation(f"{first.locator}; {second.locator}")
    return Finding.in_document("told_twice" if percent else "counted_twice", document, code, figure, **parts)


def _stated(row: TableRow) -> Interval:
    """Return the interval of a figure; a full or empty share is exact and not rounded."""
    if row.unit == "percent" and row.relation == "=" and row.value in (0, 100):
        return _count(row)
    return _interval(row)


def check_losses(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield what the lost cards imply together with the counts, or the coverage before and after."""
    for loss in data.losses[data.losses["area"] == code].itertuples():
        counts = _last_counts(_documents(data, code))
        if counts is None:
            yield from _check_loss_and_rates(data, code, loss)
        elif loss.relation != "<" and (before := counts[0] + loss.people) > counts[1]:
            names, least = "insured_total, population, cards_lost", before - counts[1]
            parts = {"lost": loss.people, "rate": before / counts[1], "least": least, "share": least / loss.people}
            yield Finding.in_document("lost_added_back", loss.source, code, names, **parts)


def _last_counts(documents: Iterable[tuple[str, pd.DataFrame]]) -> tuple[float, float] | None:
    """Return the insured and the population of the last document that prints both."""
    printed = [_figures(rows) for _, rows in documents]
    both = [f for f in printed if {"insured_total", "population"} <= f.keys()]
    return (both[-1]["insured_total"].value, both[-1]["population"].value) if both else None


def _check_loss_and_rates(data: Dataset, code: str, loss: TableRow) -> Iterator[Finding]:
    """Check a loss against the rates printed before and after it, and the population known."""
    rates = published_rates(data, code)
    before, after = rates[rates["as_of"] <= loss.on].tail(1), rates[rates["as_of"] > loss.on].head(1)
    if before.empty or after.empty:
        return
    (before_low, before_high), (after_low, after_high) = (t[["rate_low", "rate_high"]].iloc[0] for t in (before, after))
    count = population_at(data.geography, data.population, code, after["as_of"].iloc[0])
    if before_low <= after_high or count is None or loss.relation in (">", ">=", "<"):
        return
    most = int(loss.people / (before_low - after_high))
    low, high = (
        1 - (b * count.people - a * count.people) / loss.people
        for b, a in ((before_high, after_low), (before_low, after_high))
    )
    rule = "population_bounds" if count.people <= most else "population_too_large"
    parts: dict[str, Part] = {"lost": loss.people, "most": most, "people": count.people, "as_of": count.as_of}
    yield Finding.in_document(rule, loss.source, code, "coverage, people_lost", **parts, low=low, high=high)


def check_missing(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield rates without their population, targets without a start, and years without a target."""
    documents = dict(_documents(data, code))
    for document, rows in documents.items():
        names = set(rows["figure"])
        if "coverage" in names and "population" not in names and not _is_collection(data, document):
            yield Finding.in_document("no_population", document, code, "coverage, population")
    targets = _own_targets(data, code)
    if targets.empty:
        return
    figures = {figure for rows in documents.values() for figure in rows["figure"]}
    cards = data.cards["area"].isin([code, *data.geography.commune_codes(code)])
    if not figures & {"coverage", "insured_total"} and not cards.any():
        instrument, name = targets["instrument"].iloc[0], UnitName(data.geography.unit_at(code).name)
        yield Finding.in_document("no_baseline", instrument, code, "coverage, insured_total", name=name)
    for instrument, plan in _plans(targets):
        years = sorted(set(plan["on"].dt.year))
        gaps = [y for y in range(years[0], years[-1]) if y not in years]
        if gaps:
            yield Finding.in_document("years_without_target", instrument, code, "target_coverage", value=_spans(gaps))


def _is_collection(data: Dataset, document: str) -> bool:
    """Tell whether figures were gathered from several sources, so that there is no document to cite."""
    short = data.documents.loc[data.documents["document"] == document, "short"]
    return len(short) > 0 and bool((short == "").all())


def _plans(targets: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield targets by the document that sets them, whatever the place in it."""
    documents = targets["instrument"].str.rsplit(", ", n=1).str[0]
    yield from ((rows["instrument"].iloc[0], rows) for _, rows in targets.groupby(documents, sort=False))


def _spans(years: list[int]) -> str:
    """Return [2016, 2017, 2018, 2022] as "2016–2018, 2022"."""
    steps = pd.Series(years)
    spans = steps.groupby(steps.diff().ne(1).cumsum()).agg(["min", "max"])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in spans.itertuples(index=False))


def _own_targets(data: Dataset, code: str) -> pd.DataFrame:
    rows = data.targets[(data.targets["area"] == code) & (data.targets["scope"] == "all")]
    return rows[rows["on"].notna() & rows["rate"].notna()].sort_values("on")


def check_path(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield targets with most of a long gain at once, that fall, or that are below those of the level above."""
    targets = _own_targets(data, code)
    if targets.empty:
        return
    document = targets["instrument"].iloc[0]
    for instrument, plan in _plans(targets):
        yield from _check_steps(data, code, instrument, plan)
    for above in [c for c, _ in data.geography.places(code)][1:]:
        same = _own_targets(data, above).merge(targets, on="on", suffixes=("_above", ""))
        lower = same[same["rate_above"] > same["rate"]].sort_values("on").drop_duplicates("on", keep="last")
        if len(lower):
            relations = [Term(f"relation.{r}") for r in lower["relation"]]
            pairs = lower[["rate", "rate_above"]].set_axis(["value", "expected"], axis=1)
            pairs = pairs.assign(year=lower["on"].dt.strftime("%Y"), relation=relations)
            parts: dict[str, Part] = {"above": UnitName(data.geography.unit_at(above, lower["on"].iloc[0]).name)}
            parts["pairs"] = Listing("pair.below_upper_target", pairs.to_dict("records"))
            yield Finding.in_document("below_upper_target", document, code, "target_coverage", **parts)


def check_targets(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield targets below what is reached, and targets in people that are not those of their rate."""
    rows = data.targets[(data.targets["area"] == code) & data.targets["on"].notna() & data.targets["rate"].notna()]
    for target in rows[rows["relation"] != "<"].sort_values("on").itertuples():
        level = _level_before(_levels(data, code, target.scope), target.on)
        if level is None or level[0] <= target.rate + ROUNDING:
            continue
        figure = "target_coverage" if target.scope == "all" else f"target_{target.scope}"
        parts: dict[str, Part] = {"value": target.rate, "relation": Term(f"relation.{target.relation}")}
        parts |= {"year": f"{target.on:%Y}", "expected": level[0], "as_of": level[1]}
        yield _of_figure("target_below_today", target.instrument, code, figure, **parts)
    for document, rows in _documents(data, code):
        for row in rows[(rows["figure"] == "target_insured") & (rows["relation"] == "=")].itertuples():
            yield from _check_target_people(data, code, document, row)


def _levels(data: Dataset, code: str, scope: str) -> pd.DataFrame:
    """Return what coverage everybody or a group had at least (``low``, a share) by day (``as_of``)."""
    suffix, base = ("", "population") if scope == "all" else (f"_{scope}", f"people_{scope}")
    numerators = ["insured_total"] if scope == "all" else [f"cards_{scope}", f"insured_{scope}"]
    levels = []
    for _, rows in _documents(data, code):
        for as_of, same in rows.groupby("as_of", sort=False):
            exact = _figures(same[same["unit"].isin(["people", "cards"]) & (same["relation"] == "=")])
            counted = [exact[n].value / exact[base].value for n in numerators if {n, base} <= exact.keys()]
            printed = [_interval(r).low / 100 for r in same.itertuples() if r.figure == f"coverage{suffix}"]
            levels += [(as_of, max(0.0, share)) for share in (*counted, *printed)]
    table = pd.DataFrame(levels, columns=["as_of", "low"])
    return table.assign(as_of=pd.to_datetime(table["as_of"], format="%Y-%m-%d", errors="coerce"))


def _level_before(levels: pd.DataFrame, on: pd.Timestamp) -> tuple[float, pd.Timestamp] | None:
    """Return the least level of the last day before a day, and that day; None without one."""
    before = levels[levels["as_of"] < on]
    last = before["as_of"].max()
    return None if before.empty else (float(before.loc[before["as_of"] == last, "low"].min()), last)


def _check_target_people(data: Dataset, code: str, document: str, row: TableRow) -> Iterator[Finding]:
    """Check a target in people against its rate, and against those insured before."""
    rows = dict(_documents(data, code))[document]
    exact = rows[(rows["relation"] == "=") & (rows["as_of"] <= row.as_of)].sort_values("as_of", kind="stable")
    for last in exact[(exact["figure"] == "insured_total") & (exact["as_of"] < row.as_of)].tail(1).itertuples():
        if row.value < last.value:
            counts: dict[str, Part] = {"value": row.value, "expected": last.value, "as_of": last.as_of}
            figures, locator = "target_insured, insured_total", Citation(row.locator)
            yield Finding.in_document("target_people_below_today", document, code, figures, **counts, locator=locator)
    targets = _own_targets(data, code)
    targets = targets[targets["on"].dt.strftime("%Y-%m-%d") == row.as_of]
    expected = exact[(exact["figure"] == "target_population") & (exact["as_of"] == row.as_of)].tail(1)
    printed = exact[exact["figure"] == "population"].tail(1) if expected.empty else expected
    own = data.population[(data.population["area"] == code) & (data.population["status"] == "published")]
    count = None if len(printed) else population_at(data.geography, own, code, pd.to_datetime(row.as_of))
    if targets.empty or (printed.empty and count is None):
        return
    people, day = (printed["value"].iloc[0], printed["as_of"].iloc[0]) if count is None else (count.people, count.as_of)
    target, share = targets.iloc[-1], row.value / float(people)
    # A population of another day may have grown; that of the day itself leaves only the rounding of the rate.
    is_same_day = str(day)[:10] == row.as_of
    limit = ROUNDING + SMALL if is_same_day else rule_limits("target_people_off")["share"] * target["rate"]
    is_more_allowed = target["relation"] in (">", ">=")
    if share < target["rate"] - limit or (share > target["rate"] + limit and not is_more_allowed):
        parts: dict[str, Part] = {"people": row.value, "base": float(people), "value": target["rate"]}
        parts |= {
            "expected": share,
            "locator": Citation(row.locator),
            "relation": Term(f"relation.{target['relation']}"),
        }
        yield Finding.in_document(
            "target_people_off", document, code, "target_coverage, target_insured, population", **parts
        )


def _check_steps(data: Dataset, code: str, instrument: str, plan: pd.DataFrame) -> Iterator[Finding]:
    """Check the first step of a plan against all of them, and each against the one before."""
    for before, after in pairwise(plan.itertuples()):
        if after.rate < before.rate:
            parts = {"value": after.rate, "expected": before.rate}
            parts |= {"year": str(after.on.year), "before": str(before.on.year)}
            yield Finding.in_document("targets_fall", instrument, code, "target_coverage", **parts)
    limit, start = rule_limits("front_loaded"), _starting_rate(data, code, plan["on"].iloc[0])
    if start is None or len(plan) < limit["years"]:
        return
    gain, first = plan["rate"].iloc[-1] - start, plan["rate"].iloc[0] - start
    if gain > 0 and first / gain > limit["share"]:
        years = plan["on"].dt.year
        parts = {"share": first / gain, "years": int(years.iloc[-1] - years.iloc[0] + 1), "year": str(years.iloc[0])}
        yield Finding.in_document("front_loaded", instrument, code, "target_coverage", **parts)


def _starting_rate(data: Dataset, code: str, on: pd.Timestamp) -> float | None:
    """Return the coverage from which a plan starts: of its counts where printed, which are sharper than the rate."""
    rates = published_rates(data, code)
    rates = rates[(rates["as_of"] < on) & rates["rate"].notna()]
    if rates.empty:
        return None
    day = str(rates["as_of"].iloc[-1].date())
    counts = _last_counts((name, rows[rows["as_of"] == day]) for name, rows in _documents(data, code))
    return float(rates["rate"].iloc[-1]) if counts is None else counts[0] / counts[1]


def check_sub_targets(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield targets for those who lost a card that, met exactly, do not bring the target of all.

    Coverage before, less those of the lost who need not come back. How many of them are pupils is not printed:
    between the two shares of ``limits.csv``.
    """
    rows = data.targets[(data.targets["area"] == code) & data.targets["scope"].str.endswith("_who_lost")]
    for loss in data.losses[data.losses["area"] == code].itertuples():
        rates = published_rates(data, code)
        before = rates[rates["as_of"] <= loss.on].tail(1)
        for on, parts in rows.groupby("on"):
            targets = _own_targets(data, code)
            targets = targets[targets["on"] == on]
            count = population_at(data.geography, data.population, code, on)
            if before.empty or targets.empty or count is None:
                continue
            is_pupil = parts["scope"].isin(["pupil_who_lost", "student_who_lost"])
            if is_pupil.nunique() < 2:
                continue
            pupils, others = (1 - float(parts.loc[mask, "rate"].iloc[-1]) for mask in (is_pupil, ~is_pupil))
            start, target = float(before["rate_low"].iloc[0]), float(targets["rate"].iloc[0])
            limits = rule_limits("sub_targets_short").values()
            low, high = sorted(
                start - (share * pupils + (1 - share) * others) * loss.people / count.people for share in limits
            )
            if high < target:
                figures = ", ".join(["target_coverage", *(f"target_{s}" for s in parts["scope"])])
                shares = {"low": low, "high": high, "expected": target, "start": start}
                people: dict[str, Part] = {"people": count.people, "as_of": count.as_of}
                instrument = targets["instrument"].iloc[0]
                yield Finding.in_document("sub_targets_short", instrument, code, figures, **shares, **people)


def check_implied_values(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield populations that a printed rate and its people imply, if the known count is another one."""
    for document, rows in _documents(data, code):
        for as_of, same in rows.groupby("as_of", sort=False):
            figures = _figures(same)
            if "population" in figures or not {"coverage", "insured_total"} <= figures.keys():
                continue
            rate, people = _either_rounding(figures["coverage"]), _count(figures["insured_total"])
            day = pd.to_datetime(as_of, format="%Y-%m-%d", errors="coerce")
            count = population_at(data.geography, data.population, code, day)
            if count is None or rate.low <= 0 or rate.high == float("inf"):
                continue
            low, high = 100 * people.low / rate.high, 100 * people.high / rate.low
            if not low <= count.people <= high:
                parts: dict[str, Part] = {"low": int(low + 0.5), "high": int(high + 0.5)}
                parts |= {"people": count.people, "as_of": count.as_of}
                yield Finding.in_document("implied_population", document, code, "coverage, insured_total", **parts)


def check_report_dates(data: Dataset, code: str) -> Iterator[Finding]:
    """Yield yearly reports that are due before their year has ended."""
    duties = data.duties
    rows = duties[(duties["area"] == code) & (duties["kind"] == "yearly") & duties["due_day"].notna()]
    for row in rows[rows["due_month"].fillna(0) < 0].itertuples():
        parts: dict[str, Part] = {"due": f"{row.due_day}/{12 + row.due_month}"}
        parts |= {"deadline": Term(f"relation.{row.deadline or 'by'}"), "locator": Citation(row.source)}
        yield Finding.in_document("report_before_year_end", row.source, code, "annual_report_due", **parts)


RULES: tuple[Callable[[Dataset, str], Iterator[Finding]], ...] = (
    check_shares, check_sums, check_limits, check_changes, check_populations, check_implied_values,
    check_contradictions, check_losses, check_missing, check_path, check_targets, check_sub_targets, check_report_dates,
)  # fmt: skip
