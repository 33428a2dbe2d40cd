"""Which few figures sum up an area, and how well is each known?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import lineage, population_at
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import coverage, select_cards
from bhyt_analysis.model.finance.premiums import full_year_cost
from bhyt_analysis.model.reclassification.reclassify import loss_status_and_unit, unit_losses
from bhyt_analysis.model.reclassification.take_up import reenrolment
from bhyt_analysis.model.targets.targets import target_steps

COLUMNS = ["key", "value", "low", "high", "relation", "unit", "as_of", "status", "source"]
DECISION = "861"
Fact = dict[str, Any]


def headline(data: Dataset, law: Law, area: str, as_of: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """The headline figures of an area that can be known from its tables.

    Returns
    -------
    DataFrame, one row a figure: ``key`` (population, households, insured, coverage,
    uninsured, coverage_before, lost, reenrolled, lost_cost, next_target, next_people,
    next_to_add, last_target, last_people, total_to_add), ``value``, ``low``, ``high``
    (the interval where there is one), ``relation`` (of a target or a bound), ``unit``
    (people, cards, households, share, vnd), ``as_of``, ``status``, ``source``. What is
    not known has no row.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> facts = headline(load(), Law.read(), "Sơn Dương").set_index("key")
    >>> int(facts.at["next_to_add", "value"]), facts.at["lost", "unit"], facts.at["lost", "status"]
    (10028, 'cards', 'published')
    """
    code, data = select_unit(limit_to_date(data, as_of), area)
    facts = [*_people(data, code, as_of), *_decision(data, law, code), *_targets(data, code, as_of)]
    return pd.DataFrame(facts, columns=COLUMNS)


def _fact(key: str, value: Any, unit: str, day: Any, status: str, *sources: str, **more: Any) -> Fact:
    source = "; ".join(dict.fromkeys(s for s in sources if s))
    told = {"key": key, "value": value, "low": None, "high": None, "relation": "", "unit": unit, "as_of": day}
    return {**told, "status": status, "source": source, **more}


def _people(data: Dataset, code: str, as_of: str | pd.Timestamp | None) -> Iterator[Fact]:
    """Population, and who of it is insured: counted, or told by a rate alone."""
    now = coverage(data, code, as_of=as_of).iloc[0]
    counted, rated = pd.notna(now["insured"]), pd.notna(now["rate"])
    day = now["as_of"] if counted or pd.notna(now["rate_low"]) else as_of
    count = population_at(data.areas, data.population, code, None if day is None else pd.Timestamp(day))
    if count is not None:
        yield _fact("population", count.people, "people", count.as_of, count.status, count.source)
        if count.households is not None:
            yield _fact("households", count.households, "households", count.as_of, count.status, count.source)
    if counted:
        cards = select_cards(data, code)
        status, source = lowest_quality(cards.loc[cards["as_of"] == day, "status"]), now["source"]
        if not _is_printed(data, code, int(now["insured"])):
            status = derived_quality(status)
        both = (source, now["population_source"])
        yield _fact("insured", int(now["insured"]), "people", day, status, source)
    if counted and rated:
        yield _fact("coverage", float(now["rate"]), "share", day, now["status"], *both)
        yield _fact("uninsured", int(now["population"] - now["insured"]), "people", day, now["status"], *both)
    elif rated:
        rate, bounds = float(now["rate"]), {"low": now["rate_low"], "high": now["rate_high"]}
        yield _fact("coverage", rate, "share", day, now["status"], now["source"], **bounds)
        if count is not None:  # a rate laid over a count of another year is an estimate
            insured, status = round(rate * count.people), derived_quality(now["status"], count.status, "estimated")
            yield _fact("insured", insured, "people", day, status, now["source"], count.source)
            yield _fact("uninsured", count.people - insured, "people", day, status, now["source"], count.source)


def _is_printed(data: Dataset, code: str, insured: int) -> bool:
    """Whether a document prints this very total; else it is a sum of ours."""
    rows = data.published[(data.published["area"] == code) & (data.published["figure"] == "insured_total")]
    return bool((rows["value"] == insured).any())


def _decision(data: Dataset, law: Law, code: str) -> Iterator[Fact]:
    """What was lost by the decision, what came back, and what the lost cards cost in a year."""
    table = unit_losses(data, DECISION, code)
    lost = int(table["lost"].sum()) if len(table) else 0
    if not lost:
        return
    status, unit = loss_status_and_unit(data, DECISION, code, table)
    relation = ">=" if table["lost"].isna().any() else ""  # what is not known of some communes comes on top
    on, source = table["on"].min(), table["source"].iloc[0]
    before = published_rates(data, code)
    for row in before[before["as_of"] <= on].tail(1).to_dict("records"):
        value = row["rate"] if row["relation"] in ("=", "about") else row["rate_low"]
        yield _fact(
            "coverage_before", value, "share", row["as_of"], "published", row["source"], relation=row["relation"]
        )
    yield _fact("lost", lost, unit, on, status, source, relation=relation)
    now = coverage(data, code).iloc[0]
    for row in reenrolment(data, code, DECISION).to_dict("records"):
        count = population_at(data.areas, data.population, code, row["as_of"])
        sources = (source, now["source"], count.source if count else "")
        yield _fact(
            "reenrolled", None, "share", row["as_of"], row["status"], *sources, low=row["low"], high=row["high"]
        )
    cost = full_year_cost(lost, law, [str(on.date())], status, lineage(data.areas, code, on)).iloc[0]
    yield _fact(
        "lost_cost", int(cost["cost"]), "vnd", on, cost["status"], source, cost["reference"], cost["rate_reference"]
    )


def _targets(data: Dataset, code: str, as_of: str | pd.Timestamp | None) -> Iterator[Fact]:
    """The first and the last target in people, and what they ask to add."""
    steps = target_steps(data, code, as_of)
    if steps.empty:
        return
    count = population_at(data.areas, data.population, code, steps["population_as_of"].iloc[0])
    basis = count.source if count else ""
    first, last = steps.iloc[0], steps.iloc[-1]
    for name, step in (("next", first), ("last", last))[: min(len(steps), 2)]:
        status = "synthetic" if step["status"] == "synthetic" else "published"
        rate, on, text = float(step["rate"]), step["on"], step["instrument"]
        yield _fact(f"{name}_target", rate, "share", on, status, text, relation=step["relation"])
        yield _fact(f"{name}_people", int(step["people_needed"]), "people", on, step["status"], text, basis)
    if pd.notna(first["to_add"]):
        yield _fact(
            "next_to_add", int(first["to_add"]), "people", first["on"], first["status"], first["instrument"], basis
        )
        if len(steps) > 1:
            yield _fact("total_to_add", int(last["total_to_add"]), "people", last["on"], last["status"], last["instrument"], basis)  # fmt: skip
