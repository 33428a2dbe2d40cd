"""Do the figures that a plan publishes fit each other?

Interval arithmetic on what is printed: a figure stands for every value that rounds to
it, and a finding is only what no such value can explain. The rules are rows of
``rules.csv``; each function below finds what one or two of them describe. No document,
unit or year has a rule of its own: what belongs together is told by the names of figures
(docs/audit.md), by their base, and by the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from bhyt_analysis.domain import findings
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import communes, find_unit, lineage, population_at, unit_name
from bhyt_analysis.domain.printed_figures import Interval, printed_interval, published_rates
from bhyt_analysis.i18n.messages import has_message
from bhyt_analysis.law.groups import groups
from bhyt_analysis.quality.limits import rule_limits

WHERE = ["document", "area", "figures"]
# The count that a rate or share is of, by its name: "share_poor" is of "cards_poor" or "insured_poor".
COUNTS_OF = {"share_": ("cards_", "insured_by_", "insured_", "people_"), "coverage_": ("insured_", "cards_")}


def audit(data: Dataset, area: str | None = None, lang: str = "vi") -> pd.DataFrame:
    """What does not add up, is missing or is odd in the published figures.

    Returns
    -------
    DataFrame, errors first: ``rule``, ``severity`` (error: the figures can't all be
    true; warning: something is missing or at odds; info: worth knowing), ``message``,
    ``document``, ``area`` (code), ``figures`` (those concerned, joined by commas).

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = audit(load(), "Sơn Dương", lang="en")
    >>> table.loc[table["rule"] == "share_of_wrong_base", "figures"].tolist()
    ['share_household, cards_household, insured_by_local_office, insured_total']
    """
    told = set(data.published["area"]) | set(data.duties["area"]) | set(data.targets["area"]) - {"each"}
    codes = (
        [c for c in data.areas["code"].drop_duplicates() if c in told]
        if area is None
        else [find_unit(data.areas, area)]
    )
    found = [finding for code in codes for rule in RULES for finding in rule(data, code)]
    return findings.findings_table(found, lang, WHERE)


def _documents(data: Dataset, code: str) -> Iterator[tuple[str, pd.DataFrame]]:
    rows = data.published[(data.published["area"] == code) & data.published["value"].notna()]
    yield from ((str(name), part) for name, part in rows.groupby("document", sort=False))


def _interval(row: Any) -> Interval:
    decimals = 0 if pd.isna(row.decimals) else row.decimals
    return printed_interval(row.value, decimals, row.relation)


def _either(row: Any) -> Interval:
    """The interval of a printed share that may have been rounded half up or half to even."""
    return _interval(row)._replace(high_open=False)


def _ratio(part: Interval, whole: Interval) -> Interval:
    """Per cent of two counts, each known to the unit."""
    return Interval(100 * part.low / whole.high, 100 * part.high / whole.low, False, False)


def _count(row: Any) -> Interval:
    """Whole people are exact where printed with "=", and rounded only where told "about"."""
    if row.relation == "=":
        return Interval(row.value, row.value, False, False)
    return _interval(row)


def _numerator(figure: str, counts: dict[str, Any]) -> Any | None:
    """The printed count that a rate or share is of, where there is one."""
    if figure == "coverage":
        return counts.get("insured_total")
    for word, names in COUNTS_OF.items():
        if figure.startswith(word):
            rest = figure.removeprefix(word)
            return next((counts[n + rest] for n in names if n + rest in counts), None)
    return None


def check_shares(data: Dataset, code: str) -> Iterator[Finding]:
    """A printed share or rate that its numerator and base can't give; and shares that so miss 100."""
    for document, rows in _documents(data, code):
        for _, same in rows.groupby("as_of", sort=False, dropna=False):
            counts = {r.figure: r for r in same.itertuples() if r.unit in ("people", "cards")}
            told = [r for r in same.itertuples() if r.unit == "percent" and r.base in counts]
            pairs = [(r, part) for r in told if (part := _numerator(r.figure, counts)) is not None]
            for row, part in pairs:
                yield from _share(document, code, row, part, counts)
            yield from _shares_together(document, code, pairs, counts)


def _share(document: str, code: str, row: Any, part: Any, counts: dict[str, Any]) -> Iterator[Finding]:
    """One share against its count and base, and against the other wholes that it may have been divided by."""
    whole = counts[row.base]
    if _either(row).meets(_ratio(_count(part), _count(whole))):
        return
    if row.figure == "coverage":
        figures = ", ".join([row.figure, part.figure, row.base])
        yield {"rule": "coverage_off", "document": document, "area": code, "figures": figures, "found": row.value / 100, "expected": part.value / whole.value, "as_of": row.as_of}  # fmt: skip
        return
    wholes = [f for f in counts if (f == "population" or f.startswith("insured_")) and f != row.base]
    used = [w for w in wholes if _either(row).meets(_ratio(_count(part), _count(counts[w])))]
    yield {
        "rule": "share_of_wrong_base" if used else "share_off",
        "document": document,
        "area": code,
        "figures": ", ".join([row.figure, part.figure, row.base, *used]),
        "found": row.value / 100,
        "expected": _rounded(row, part, whole) / 100,
        "part": part.value,
        "whole": whole.value,
        "used": counts[used[0]].value if used else None,
        "locator": row.locator,
    }


def _rounded(row: Any, part: Any, whole: Any) -> float:
    return round(100 * part.value / whole.value, 0 if pd.isna(row.decimals) else int(row.decimals))


def _shares_together(document: str, code: str, pairs: list[tuple[Any, Any]], counts: dict[str, Any]) -> Iterator[Finding]:  # fmt: skip
    """The shares of parts that make up a whole, added up as printed and as they should be."""
    for base in dict.fromkeys(row.base for row, _ in pairs):
        same = [(row, part) for row, part in pairs if row.base == base and row.figure != "coverage"]
        if sum(part.value for _, part in same) != counts[base].value:
            continue
        found = round(sum(row.value for row, _ in same), 6)
        expected = round(sum(_rounded(row, part, counts[base]) for row, part in same), 6)
        if found != expected:
            figures = ", ".join([*(row.figure for row, _ in same), base])
            yield {"rule": "shares_do_not_add", "document": document, "area": code, "figures": figures, "found": found / 100, "expected": expected / 100}  # fmt: skip


def check_sums(data: Dataset, code: str) -> Iterator[Finding]:
    """Parts that are more than their whole; or less, where what is left is told as "other"."""
    table = groups()
    of_group = {f"cards_{k}": f"cards_{g}" for k, g in table["group"].items() if k != g}
    whole_groups = {f"cards_{g}" for g in set(table["group"])}
    for document, rows in _documents(data, code):
        for _, same in rows[rows["relation"] == "="].groupby("as_of", sort=False, dropna=False):
            cards = {r.figure: r.value for r in same.itertuples() if r.unit == "cards"}
            for whole in [f for f in cards if f in whole_groups]:
                parts = {f: v for f, v in cards.items() if f != whole and (f.startswith(whole + "_") or of_group.get(f) == whole)}  # fmt: skip
                yield from _parts_of(
                    document, code, whole, cards[whole], parts, any(f.endswith("_other") for f in parts)
                )
            people = {r.figure: r.value for r in same.itertuples() if r.unit in ("people", "cards")}
            if "insured_total" in people:
                parts = {f: v for f, v in people.items() if f in whole_groups}
                yield from _parts_of(document, code, "insured_total", people["insured_total"], parts, False)
            if {"insured_total", "population"} <= people.keys() and people["insured_total"] > people["population"]:
                yield {"rule": "insured_above_people", "document": document, "area": code, "figures": "insured_total, population", "found": people["insured_total"], "expected": people["population"]}  # fmt: skip


def _parts_of(document: str, code: str, whole: str, told: float, parts: dict[str, float], complete: bool) -> Iterator[Finding]:  # fmt: skip
    total = sum(parts.values())
    if not parts or total == told or (total < told and not complete):
        return
    rule = "parts_above_group" if total > told else "parts_below_group"
    yield {"rule": rule, "document": document, "area": code, "figures": ", ".join([whole, *parts]), "found": told, "expected": total}  # fmt: skip


def check_populations(data: Dataset, code: str) -> Iterator[Finding]:
    """A printed population below an earlier census of the same unit."""
    for document, rows in _documents(data, code):
        told = {r.figure: r for r in rows.itertuples()}
        if "population" not in told:
            continue
        day = pd.Timestamp(told["population"].as_of)
        census = data.population[(data.population["status"] == "census") & (data.population["as_of"] < day)]
        count = population_at(data.areas, census, code, day)
        if count is None or count.people <= told["population"].value:
            continue
        insured = told["insured_total"].value if "insured_total" in told else float("nan")
        yield {"rule": "census_above_plan", "document": document, "area": code, "figures": "population", "found": told["population"].value, "as_of": day, "expected": count.people, "census": count.as_of, "rate": insured / count.people}  # fmt: skip


def check_contradictions(data: Dataset, code: str) -> Iterator[Finding]:
    """The same figure of the same day told twice, so that no value fits both."""
    for document, rows in _documents(data, code):
        for (figure, _), same in rows.groupby(["figure", "as_of"], sort=False):
            told = list(same.itertuples())
            for i, first in enumerate(told):
                for second in told[i + 1 :]:
                    if not _said(first).meets(_said(second)):
                        percent = first.unit == "percent"
                        scale = 100 if percent else 1
                        yield {"rule": "told_twice" if percent else "counted_twice", "document": document, "area": code, "figures": figure, "figure": f"figure.{figure}" if has_message(f"figure.{figure}") else figure, "first": f"relation.{first.relation}", "found": first.value / scale, "second": f"relation.{second.relation}", "expected": second.value / scale, "locator": f"{first.locator}; {second.locator}"}  # fmt: skip


def _said(row: Any) -> Interval:
    """A full or empty share is meant as such and not as a rounded one."""
    if row.unit == "percent" and row.relation == "=" and row.value in (0, 100):
        return _count(row)
    return _interval(row)


def check_losses(data: Dataset, code: str) -> Iterator[Finding]:
    """What the lost cards say together with the coverage before and after."""
    for loss in data.losses[data.losses["area"] == code].to_dict("records"):
        document = loss["source"]
        people, before = None, None
        for _, rows in _documents(data, code):
            told = {r.figure: r for r in rows.itertuples()}
            if {"insured_total", "population"} <= told.keys():
                people = (told["insured_total"].value, told["population"].value)
        if people:
            insured, population = people
            if insured + loss["people"] > population:
                least = insured + loss["people"] - population
                yield {"rule": "lost_added_back", "document": document, "area": code, "figures": "insured_total, population, cards_lost", "lost": loss["people"], "rate": (insured + loss["people"]) / population, "least": least, "share": least / loss["people"]}  # fmt: skip
            continue
        rates = published_rates(data, code)
        before, after = rates[rates["as_of"] <= loss["on"]].tail(1), rates[rates["as_of"] > loss["on"]].head(1)
        if before.empty or after.empty:
            continue
        low, high = before["rate_low"].iloc[0], before["rate_high"].iloc[0]
        most = int(loss["people"] / (low - after["rate_high"].iloc[0])) if low > after["rate_high"].iloc[0] else None
        count = population_at(data.areas, data.population, code, after["as_of"].iloc[0])
        if most is None or count is None:
            continue
        share = [1 - (b * count.people - a * count.people) / loss["people"] for b, a in ((high, after["rate_low"].iloc[0]), (low, after["rate_high"].iloc[0]))]  # fmt: skip
        rule = "population_bounds" if count.people <= most else "population_too_large"
        yield {"rule": rule, "document": document, "area": code, "figures": "coverage, people_lost", "lost": loss["people"], "most": most, "people": count.people, "as_of": count.as_of, "low": share[0], "high": share[1]}  # fmt: skip


def check_missing(data: Dataset, code: str) -> Iterator[Finding]:
    """A rate without its population; targets without a start; years without a target."""
    documents = dict(_documents(data, code))
    for document, rows in documents.items():
        told = set(rows["figure"])
        if "coverage" in told and "population" not in told and not _gathered(data, document):
            yield {"rule": "no_population", "document": document, "area": code, "figures": "coverage, population"}
    targets = _own_targets(data, code)
    if targets.empty:
        return
    figures = set().union(*(set(rows["figure"]) for rows in documents.values()))
    if not figures & {"coverage", "insured_total"} and data.cards[data.cards["area"].isin([code, *communes(data.areas, code)])].empty:  # fmt: skip
        yield {"rule": "no_baseline", "document": targets["instrument"].iloc[0], "area": code, "figures": "coverage, insured_total", "name": f"unit:{unit_name(data.areas, code)}"}  # fmt: skip
    for instrument, plan in _plans(targets):
        years = sorted(set(plan["on"].dt.year))
        gaps = [y for y in range(years[0], years[-1]) if y not in years]
        if gaps:
            yield {"rule": "years_without_target", "document": instrument, "area": code, "figures": "target_coverage", "found": _spans(gaps)}  # fmt: skip


def _gathered(data: Dataset, document: str) -> bool:
    """Whether a document is none, but figures gathered from several sources: then it has no name to be cited by."""
    rows = data.documents[data.documents["document"] == document]
    return len(rows) > 0 and bool((rows["short"] == "").all())


def _plans(targets: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Targets by the document that sets them, whatever the place in it."""
    yield from ((rows["instrument"].iloc[0], rows) for _, rows in targets.groupby(targets["instrument"].str.rsplit(", ", n=1).str[0], sort=False))  # fmt: skip


def _spans(years: list[int]) -> str:
    """[2016, 2017, 2018, 2022] as "2016–2018, 2022"."""
    spans: list[list[int]] = []
    for year in years:
        if spans and spans[-1][-1] == year - 1:
            spans[-1].append(year)
        else:
            spans.append([year])
    return ", ".join(str(s[0]) if len(s) == 1 else f"{s[0]}–{s[-1]}" for s in spans)


def _own_targets(data: Dataset, code: str) -> pd.DataFrame:
    rows = data.targets[(data.targets["area"] == code) & (data.targets["scope"] == "all")]
    return rows[rows["on"].notna() & rows["rate"].notna()].sort_values("on")


def check_path(data: Dataset, code: str) -> Iterator[Finding]:
    """Targets that ask for most of a long gain at once, that fall, or that ask for less than the level above."""
    targets = _own_targets(data, code)
    if targets.empty:
        return
    document = targets["instrument"].iloc[0]
    for instrument, plan in _plans(targets):
        yield from _steps(data, code, instrument, plan)
    for above in [c for c, _ in lineage(data.areas, code)][1:]:
        same = _own_targets(data, above).merge(targets, on="on", suffixes=("_above", ""))
        lower = same[same["rate_above"] > same["rate"]].sort_values("on").drop_duplicates("on", keep="last")
        if len(lower):
            pairs = [
                {
                    "year": str(r.on.year),
                    "relation": f"relation.{r.relation}",
                    "found": r.rate,
                    "expected": r.rate_above,
                }
                for r in lower.itertuples()
            ]
            yield {"rule": "below_upper_target", "document": document, "area": code, "figures": "target_coverage", "above": f"unit:{unit_name(data.areas, above, lower['on'].iloc[0])}", "pairs": pairs}  # fmt: skip


def _steps(data: Dataset, code: str, instrument: str, plan: pd.DataFrame) -> Iterator[Finding]:
    """The steps of one plan: the first one against all of them, and each against the one before."""
    place = {"document": instrument, "area": code, "figures": "target_coverage"}
    for before, after in pairwise(plan.to_dict("records")):
        if after["rate"] < before["rate"]:
            years = {"year": str(after["on"].year), "before": str(before["on"].year)}
            yield {"rule": "targets_fall", **place, "found": after["rate"], "expected": before["rate"], **years}
    limit, start = rule_limits("front_loaded"), _start(data, code, plan["on"].iloc[0])
    if start is None or len(plan) < limit["years"]:
        return
    gain, first = plan["rate"].iloc[-1] - start, plan["rate"].iloc[0] - start
    if gain > 0 and first / gain > limit["share"]:
        years = plan["on"].dt.year
        yield {"rule": "front_loaded", **place, "share": first / gain, "years": int(years.iloc[-1] - years.iloc[0] + 1), "year": str(years.iloc[0])}  # fmt: skip


def _start(data: Dataset, code: str, on: pd.Timestamp) -> float | None:
    """The coverage from which a plan starts: of its counts where printed, which are sharper than the rate."""
    rates = published_rates(data, code)
    rates = rates[(rates["as_of"] < on) & rates["rate"].notna()]
    if rates.empty:
        return None
    start = float(rates["rate"].iloc[-1])
    for _, rows in _documents(data, code):
        told = {r.figure: r.value for r in rows.itertuples() if r.as_of == str(rates["as_of"].iloc[-1].date())}
        if {"insured_total", "population"} <= told.keys():
            start = told["insured_total"] / told["population"]
    return start


def check_sub_targets(data: Dataset, code: str) -> Iterator[Finding]:
    """Targets for those who lost a card that, met to the letter, do not bring the coverage that is asked for.

    Coverage before, less those of the lost who need not come back. How many of them are pupils is not printed:
    between the two shares of ``limits.csv``.
    """
    rows = data.targets[(data.targets["area"] == code) & data.targets["scope"].str.endswith("_who_lost")]
    pupils = {"pupil_who_lost": 1, "student_who_lost": 1}
    for loss in data.losses[data.losses["area"] == code].to_dict("records"):
        rates = published_rates(data, code)
        before = rates[rates["as_of"] <= loss["on"]].tail(1)
        for on, parts in rows.groupby("on"):
            whole = _own_targets(data, code)
            whole = whole[whole["on"] == on]
            count = population_at(data.areas, data.population, code, on)
            if before.empty or whole.empty or count is None:
                continue
            start = float(before["rate_low"].iloc[0])
            lacking = {bool(pupils.get(r.scope)): 1 - float(r.rate) for r in parts.itertuples()}
            if set(lacking) != {True, False}:
                continue
            reach = [start - (share * lacking[True] + (1 - share) * lacking[False]) * loss["people"] / count.people for share in (rule_limits("sub_targets_short")[f"pupils_{end}"] for end in ("low", "high"))]  # fmt: skip
            target = float(whole["rate"].iloc[0])
            if max(reach) < target:
                figures = ", ".join(["target_coverage", *(f"target_{s}" for s in parts["scope"])])
                yield {"rule": "sub_targets_short", "document": whole["instrument"].iloc[0], "area": code, "figures": figures, "low": min(reach), "high": max(reach), "expected": target, "start": start, "people": count.people, "as_of": count.as_of}  # fmt: skip


def check_implied_values(data: Dataset, code: str) -> Iterator[Finding]:
    """The population that a printed rate and its people imply, against the count that is known."""
    for document, rows in _documents(data, code):
        for as_of, same in rows.groupby("as_of", sort=False):
            told = {r.figure: r for r in same.itertuples()}
            if "population" in told or not {"coverage", "insured_total"} <= told.keys():
                continue
            rate, people = _either(told["coverage"]), _count(told["insured_total"])
            day = pd.to_datetime(as_of, format="%Y-%m-%d", errors="coerce")
            count = population_at(data.areas, data.population, code, day)
            if count is None or rate.low <= 0 or rate.high == float("inf"):
                continue
            low, high = 100 * people.low / rate.high, 100 * people.high / rate.low
            if not low <= count.people <= high:
                yield {"rule": "implied_population", "document": document, "area": code, "figures": "coverage, insured_total", "low": int(low + 0.5), "high": int(high + 0.5), "people": count.people, "as_of": count.as_of}  # fmt: skip


def check_report_dates(data: Dataset, code: str) -> Iterator[Finding]:
    """A yearly report that is due before its year has ended."""
    rows = data.duties[
        (data.duties["area"] == code) & (data.duties["kind"] == "yearly") & data.duties["due_day"].notna()
    ]
    for row in rows[rows["due_month"].fillna(0) < 0].itertuples():
        due = f"{row.due_day}/{12 + row.due_month}"
        yield {"rule": "report_before_year_end", "document": row.source, "area": code, "figures": "annual_report_due", "due": due, "deadline": f"relation.{row.deadline or 'by'}", "locator": row.source}  # fmt: skip


RULES: tuple[Callable[[Dataset, str], Iterator[Finding]], ...] = (
    check_shares, check_sums, check_populations, check_implied_values, check_contradictions, check_losses, check_missing, check_path, check_sub_targets, check_report_dates,
)  # fmt: skip
