"""Do the figures that a plan publishes fit each other?

Interval arithmetic on what is printed: a figure stands for every value that rounds to
it, and a finding is only what no such value can explain. The rules are rows of
``rules.csv``; each function below finds what one or two of them describe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from bhyt_analysis.inputs import findings
from bhyt_analysis.inputs.areas import communes, find, lineage, name_of, population_at
from bhyt_analysis.inputs.dataset import Dataset
from bhyt_analysis.inputs.figures import Interval, printed, published_rates
from bhyt_analysis.inputs.findings import Finding
from bhyt_analysis.law.groups import groups
from bhyt_analysis.words import known

WHERE = ["document", "area", "figures"]
FRONT_LOADED = 0.5  # more than half of a gain of three years or more in the first one


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
    >>> from bhyt_analysis.inputs import load
    >>> table = audit(load(), "Sơn Dương", lang="en")
    >>> table.loc[table["rule"] == "share_of_wrong_base", "figures"].tolist()
    ['share_household, cards_household, insured_by_local_office, insured_total']
    """
    told = set(data.published["area"]) | set(data.targets["area"]) - {"each"}
    codes = [c for c in data.areas["code"].drop_duplicates() if c in told] if area is None else [find(data.areas, area)]
    found = [finding for code in codes for rule in RULES for finding in rule(data, code)]
    return findings.table(found, lang, WHERE)


def _documents(data: Dataset, code: str) -> Iterator[tuple[str, pd.DataFrame]]:
    rows = data.published[(data.published["area"] == code) & data.published["value"].notna()]
    yield from ((str(name), part) for name, part in rows.groupby("document", sort=False))


def _interval(row: Any) -> Interval:
    decimals = 0 if pd.isna(row.decimals) else row.decimals
    return printed(row.value, decimals, row.relation)


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


def shares(data: Dataset, code: str) -> Iterator[Finding]:
    """A printed share that its numerator and base can't give; and shares that so miss 100."""
    for document, rows in _documents(data, code):
        counts = {r.figure: r for r in rows.itertuples() if r.unit in ("people", "cards")}
        wholes = [f for f in counts if f == "population" or f.startswith("insured_")]
        printed_sum: dict[str, float] = {}
        right_sum: dict[str, float] = {}
        parts_sum: dict[str, float] = {}
        for row in rows[rows["figure"].str.startswith("share_")].itertuples():
            part = next(
                (counts[p + row.figure[6:]] for p in ("cards_", "insured_by_") if p + row.figure[6:] in counts), None
            )
            if part is None or row.base not in counts:
                continue
            true = _ratio(_count(part), _count(counts[row.base]))
            places = 0 if pd.isna(row.decimals) else int(row.decimals)
            right = round(100 * part.value / counts[row.base].value, places)
            printed_sum[row.base] = printed_sum.get(row.base, 0.0) + row.value
            right_sum[row.base] = right_sum.get(row.base, 0.0) + right
            parts_sum[row.base] = parts_sum.get(row.base, 0.0) + part.value
            if _either(row).meets(true):
                continue
            used = [w for w in wholes if w != row.base and _either(row).meets(_ratio(_count(part), _count(counts[w])))]  # fmt: skip
            yield {
                "rule": "share_of_wrong_base" if used else "share_off",
                "document": document,
                "area": code,
                "figures": ", ".join([row.figure, part.figure, row.base, *used]),
                "figure": row.figure,
                "found": row.value / 100,
                "expected": right / 100,
                "part": part.value,
                "whole": counts[row.base].value,
                "base": row.base,
                "used": counts[used[0]].value if used else None,
                "locator": row.locator,
            }
        for base, total in printed_sum.items():
            if parts_sum[base] == counts[base].value and round(total, 6) != round(right_sum[base], 6):
                yield {"rule": "shares_do_not_add", "document": document, "area": code, "figures": f"share_*, {base}", "found": round(total, 6) / 100, "expected": round(right_sum[base], 6) / 100}  # fmt: skip


def rates(data: Dataset, code: str) -> Iterator[Finding]:
    """A printed coverage that its two counts can't give."""
    for document, rows in _documents(data, code):
        for as_of, same in rows.groupby("as_of", sort=False):
            figures = {r.figure: r for r in same.itertuples()}
            if not {"coverage", "insured_total", "population"} <= figures.keys():
                continue
            true = _ratio(_count(figures["insured_total"]), _count(figures["population"]))
            if not _either(figures["coverage"]).meets(true):
                rate = figures["insured_total"].value / figures["population"].value
                yield {"rule": "coverage_off", "document": document, "area": code, "figures": "coverage, insured_total, population", "found": figures["coverage"].value / 100, "expected": rate, "as_of": as_of}  # fmt: skip


def sums(data: Dataset, code: str) -> Iterator[Finding]:
    """Cards of sub-groups that are more than the cards of their group."""
    table = groups()
    of_part = {f"cards_{k}": f"cards_{g}" for k, g in table["group"].items() if k != g}
    for document, rows in _documents(data, code):
        cards = {r.figure: r.value for r in rows.itertuples() if r.unit == "cards" and r.relation == "="}
        for whole in [f for f in cards if f.removeprefix("cards_") in set(table["group"])]:
            parts = {
                f: v for f, v in cards.items() if f != whole and (f.startswith(whole + "_") or of_part.get(f) == whole)
            }
            if parts and sum(parts.values()) > cards[whole]:
                yield {"rule": "parts_above_group", "document": document, "area": code, "figures": ", ".join([whole, *parts]), "figure": whole, "found": cards[whole], "expected": sum(parts.values())}  # fmt: skip


def populations(data: Dataset, code: str) -> Iterator[Finding]:
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


def contradictions(data: Dataset, code: str) -> Iterator[Finding]:
    """The same figure of the same day told twice, so that no value fits both."""
    for document, rows in _documents(data, code):
        for (figure, _), same in rows.groupby(["figure", "as_of"], sort=False):
            told = list(same.itertuples())
            for i, first in enumerate(told):
                for second in told[i + 1 :]:
                    if not _said(first).meets(_said(second)):
                        percent = first.unit == "percent"
                        scale = 100 if percent else 1
                        yield {"rule": "told_twice" if percent else "counted_twice", "document": document, "area": code, "figures": figure, "figure": f"figure.{figure}" if known(f"figure.{figure}") else figure, "first": f"relation.{first.relation}", "found": first.value / scale, "second": f"relation.{second.relation}", "expected": second.value / scale, "locator": f"{first.locator}; {second.locator}"}  # fmt: skip


def _said(row: Any) -> Interval:
    """A full or empty share is meant as such and not as a rounded one."""
    if row.unit == "percent" and row.relation == "=" and row.value in (0, 100):
        return _count(row)
    return _interval(row)


def losses(data: Dataset, code: str) -> Iterator[Finding]:
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


def missing(data: Dataset, code: str) -> Iterator[Finding]:
    """A rate without its population; targets without a start; years without a target."""
    documents = dict(_documents(data, code))
    for document, rows in documents.items():
        if document != "observed" and "coverage" in set(rows["figure"]) and "population" not in set(rows["figure"]):
            yield {"rule": "no_population", "document": document, "area": code, "figures": "coverage, population"}
    targets = _own_targets(data, code)
    if targets.empty:
        return
    figures = set().union(*(set(rows["figure"]) for rows in documents.values()))
    if not figures & {"coverage", "insured_total"} and data.cards[data.cards["area"].isin([code, *communes(data.areas, code)])].empty:  # fmt: skip
        yield {"rule": "no_baseline", "document": targets["instrument"].iloc[0], "area": code, "figures": "coverage, insured_total", "name": f"unit:{name_of(data.areas, code)}"}  # fmt: skip
    years = sorted(set(targets["on"].dt.year))
    gaps = [y for y in range(years[0], years[-1]) if y not in years]
    if gaps:
        yield {"rule": "years_without_target", "document": targets["instrument"].iloc[0], "area": code, "figures": "target_coverage", "found": _spans(gaps)}  # fmt: skip


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


def path(data: Dataset, code: str) -> Iterator[Finding]:
    """Targets that ask for most of a long gain at once, or for less than the level above."""
    targets = _own_targets(data, code)
    if targets.empty or code == "VN":
        return
    document = targets["instrument"].iloc[0]
    rates = published_rates(data, code)
    rates = rates[(rates["as_of"] < targets["on"].iloc[0]) & rates["rate"].notna()]
    if len(rates) and len(targets) >= 3:
        start = rates["rate"].iloc[-1]
        for _, rows in _documents(data, code):  # the counts, where printed, are sharper
            told = {r.figure: r.value for r in rows.itertuples()}
            if {"insured_total", "population"} <= told.keys():
                start = told["insured_total"] / told["population"]
        gain, first = targets["rate"].iloc[-1] - start, targets["rate"].iloc[0] - start
        if gain > 0 and first / gain > FRONT_LOADED:
            yield {"rule": "front_loaded", "document": document, "area": code, "figures": "target_coverage", "share": first / gain, "years": targets["on"].iloc[-1].year - targets["on"].iloc[0].year + 1, "year": str(targets["on"].iloc[0].year)}  # fmt: skip
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
            yield {"rule": "below_upper_target", "document": document, "area": code, "figures": "target_coverage", "above": f"unit:{name_of(data.areas, above, lower['on'].iloc[0])}", "pairs": pairs}  # fmt: skip


def report(data: Dataset, code: str) -> Iterator[Finding]:
    """A yearly report that is due before its year has ended."""
    rows = data.published[(data.published["area"] == code) & (data.published["figure"] == "annual_report_due")]
    for row in rows.itertuples():
        yield {"rule": "report_before_year_end", "document": row.document, "area": code, "figures": row.figure, "found": row.as_of, "locator": row.locator}  # fmt: skip


RULES: tuple[Callable[[Dataset, str], Iterator[Finding]], ...] = (
    shares, rates, sums, populations, contradictions, losses, missing, path, report,
)  # fmt: skip
