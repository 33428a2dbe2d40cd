"""Gather the few figures that sum up an area, each with its status and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import default_decision
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.domain.printed_figures import national_rate, published_rates
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.census import census_households, paid_ages
from bhyt_analysis.model.coverage.coverage import coverage, select_cards
from bhyt_analysis.model.coverage.reporting import has_enrolment, reporting_communes
from bhyt_analysis.model.finance.premiums import full_year_cost
from bhyt_analysis.model.reclassification.reclassify import loss_relation, loss_status_and_unit, unit_losses
from bhyt_analysis.model.reclassification.take_up import reenrolment
from bhyt_analysis.model.targets.targets import target_steps

COLUMNS = ["key", "value", "low", "high", "relation", "unit", "as_of", "status", "source"]


@dataclass(frozen=True)
class Fact:
    """One headline figure; its fields are the columns of `headline`."""

    key: str
    value: float | None
    unit: str
    as_of: str | pd.Timestamp | None
    status: str
    source: str
    low: float | None = None
    high: float | None = None
    relation: str = ""


@result_table
def headline(
    data: Dataset, law: Law, area: str, as_of: str | pd.Timestamp | None = None, decision: str | None = None
) -> pd.DataFrame:
    """Return the headline figures of an area that can be known from its tables.

    Where some of the communes report, ``reporting_communes`` is how many (``high``: of all), and ``reporting_insured``,
    ``reporting_population`` and ``reporting_coverage`` are their sums; where nothing is known of cards,
    ``child_under_6`` and ``aged_75`` are the people whose age gives them one.

    Parameters
    ----------
    data
        what `load` gives.
    law
        the law, such as `Law.read()`; left out, the bundled one.
    area
        name or code of a unit, or a list: the rows of each, one below the other.
    as_of
        the last day that counts; None is the latest.
    decision
        the zoning decision of the losses; left out, that of `default_decision`.

    Returns
    -------
    DataFrame
        One row a figure, with ``key`` (population, households, insured, coverage, uninsured, national_coverage,
        coverage_before, lost, reenrolled, lost_cost, next_target, next_people, next_to_add, last_target, last_people,
        total_to_add), ``value``, ``low``, ``high`` (the interval where there is one), ``relation`` (of a target or a
        bound), ``unit`` (people, cards, households, communes, share, vnd), ``as_of``, ``status``, ``source``. What is
        not known has no row.

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> facts = headline(load(), Law.read(), "Sơn Dương").set_index("key")
    >>> int(facts.at["next_to_add", "value"]), facts.at["lost", "unit"], facts.at["lost", "status"]
    (10028, 'cards', 'published')
    """
    view = area_view(data, area, as_of)
    code, data = view.code, view.data
    decision = decision or default_decision(data, code, as_of)
    losses = _loss_facts(data, law, code, decision) if decision else ()
    people = _coverage_facts(data, code, as_of) if has_enrolment(view) else _census_facts(view)
    facts = [*people, *_reporting_facts(view), *_national_facts(view), *losses, *_target_facts(data, code, as_of)]
    return pd.DataFrame([vars(fact) for fact in facts], columns=COLUMNS)


def people_not_back(facts: Mapping[str, Fact]) -> int | None:
    """Return the most of those who lost a card who may still be uninsured: never more than all who are."""
    lost, back, uninsured = (facts.get(key) for key in ("lost", "reenrolled", "uninsured"))
    if lost is None or back is None or lost.value is None or back.low is None or back.low >= 1:
        return None
    people = round(lost.value * (1 - back.low))
    return people if uninsured is None or uninsured.value is None else min(people, int(uninsured.value))


def _join(*sources: str) -> str:
    return "; ".join(dict.fromkeys(s for s in sources if s))


def _coverage_facts(data: Dataset, code: str, as_of: str | pd.Timestamp | None) -> Iterator[Fact]:
    """Yield the population and who of it is insured, counted or known by a rate alone."""
    now = coverage(data, code, as_of=as_of).iloc[0]
    counted, rated = pd.notna(now["insured"]), pd.notna(now["rate"])
    day = now["as_of"] if counted or pd.notna(now["rate_low"]) else as_of
    count = population_at(data.geography, data.population, code, None if day is None else pd.Timestamp(parse_date(day)))
    if count is not None:
        yield Fact("population", count.people, "people", count.as_of, count.status, count.source)
        if count.households is not None:
            yield Fact("households", count.households, "households", count.as_of, count.status, count.source)
    if counted:
        insured = int(now["insured"])
        cards = select_cards(data, code)
        status = lowest_quality(cards.loc[cards["as_of"] == day, "status"])
        totals = data.published[(data.published["area"] == code) & (data.published["figure"] == "insured_total")]
        if not (totals["value"] == insured).any():  # no document prints this very total: it is a sum of ours
            status = derived_quality(status)
        yield Fact("insured", insured, "people", day, status, _join(now["source"]))
        if rated:
            status, source = now["status"], _join(now["source"], now["population_source"])
            yield Fact("coverage", float(now["rate"]), "share", day, status, source)
            yield Fact("uninsured", int(now["population"]) - insured, "people", day, status, source)
    elif rated:
        rate, source = float(now["rate"]), _join(now["source"])
        yield Fact("coverage", rate, "share", day, now["status"], source, now["rate_low"], now["rate_high"])
        if count is not None:  # a rate multiplied by a count of another year is an estimate
            insured, source = round(rate * count.people), _join(source, count.source)
            status = derived_quality(now["status"], count.status, "estimated")
            yield Fact("insured", insured, "people", day, status, source)
            yield Fact("uninsured", count.people - insured, "people", day, status, source)


def _census_facts(view: AreaView) -> Iterator[Fact]:
    """Yield the people and households of an area without cards, and those whose age gives them one."""
    count = view.population_at(view.as_of)
    if count is None:
        return
    yield Fact("population", count.people, "people", count.as_of, count.status, count.source)
    homes = count if count.households is not None else census_households(view)
    if homes is not None:
        yield Fact("households", homes.households, "households", homes.as_of, homes.status, homes.source)
    for row in view.result(paid_ages).to_dict("records"):
        yield Fact(row["key"], row["people"], "people", row["as_of"], row["status"], row["source"])


def _reporting_facts(view: AreaView) -> Iterator[Fact]:
    """Yield the sums of the communes that report, where they are not all."""
    sums = reporting_communes(view)
    if sums is None or pd.notna(view.coverage().iloc[0]["insured"]):
        return
    day, source = sums.as_of, _join(sums.source)
    yield Fact("reporting_communes", sums.reporting, "communes", day, "derived", source, high=sums.communes)
    yield Fact("reporting_insured", sums.insured, "people", day, sums.status, source)
    if sums.population is not None:
        source = _join(source, sums.population_source)
        yield Fact("reporting_population", sums.population, "people", day, sums.status, source)
        yield Fact("reporting_coverage", sums.rate, "share", day, sums.status, source)


def _national_facts(view: AreaView) -> Iterator[Fact]:
    """Yield the country's coverage of the year before the day of the area's, if the area is a real one."""
    now, sums = view.coverage().iloc[0], reporting_communes(view)
    day = now["as_of"] if pd.notna(now["rate_low"]) else None if sums is None else sums.as_of
    if day is None or view.kind == "country" or "synthetic" in (now["status"], sums and sums.status):
        return
    row = national_rate(view.data, day)
    if row is not None:
        fields = (float(row["rate"]), "share", row["as_of"], "published", row["source"])
        yield Fact("national_coverage", *fields, relation=row["relation"])


def _loss_facts(data: Dataset, law: Law, code: str, decision: str) -> Iterator[Fact]:
    """Yield what was lost by the decision, what came back, and what the lost cards cost in a year."""
    table = unit_losses(data, decision, code)
    lost = int(table["lost"].sum()) if len(table) else 0
    if not lost:
        return
    status, unit = loss_status_and_unit(data, decision, code, table)
    on, source = table["on"].min(), table["source"].iloc[0]
    rates = published_rates(data, code)
    for row in rates[rates["as_of"] <= on].tail(1).to_dict("records"):
        day, relation, printed_in = row["as_of"], row["relation"], _join(row["source"])
        value = row["rate"] if relation in ("=", "about") else row["rate_low"]
        yield Fact("coverage_before", value, "share", day, "published", printed_in, relation=relation)
    relation = "" if (table["method"] == "zones").all() else loss_relation(data, decision, code).replace("=", "")
    relation = ">=" if table["lost"].isna().any() else relation  # unknown losses of some communes would be added to it
    yield Fact("lost", lost, unit, on, status, _join(source), relation=relation)
    now_source = coverage(data, code)["source"].iloc[0]
    for row in reenrolment(data, code, decision).to_dict("records"):
        count = population_at(data.geography, data.population, code, row["as_of"])
        sources = _join(source, now_source, count.source if count else "")
        yield Fact("reenrolled", None, "share", row["as_of"], row["status"], sources, row["low"], row["high"])
    cost = full_year_cost(lost, law, [str(on.date())], status, data.geography.places(code, on)).iloc[0]
    sources = _join(source, cost["reference"], cost["rate_reference"])
    yield Fact("lost_cost", int(cost["cost"]), "vnd", on, cost["status"], sources, relation=relation)


def _target_facts(data: Dataset, code: str, as_of: str | pd.Timestamp | None) -> Iterator[Fact]:
    """Yield the first and the last target in people, and how many people they ask to add."""
    steps = target_steps(data, code, as_of)
    if steps.empty:
        return
    count = population_at(data.geography, data.population, code, steps["population_as_of"].iloc[0])
    basis = count.source if count else ""
    first, last = steps.iloc[0], steps.iloc[-1]
    for name, step in (("next", first), ("last", last))[: min(len(steps), 2)]:
        status = "synthetic" if step["status"] == "synthetic" else "published"
        rate, on, source, people = float(step["rate"]), step["on"], step["instrument"], int(step["people_needed"])
        yield Fact(f"{name}_target", rate, "share", on, status, _join(source), relation=step["relation"])
        yield Fact(f"{name}_people", people, "people", on, step["status"], _join(source, basis))
    if pd.notna(first["to_add"]):
        for key, step, column in (("next", first, "to_add"), ("total", last, "total_to_add"))[: min(len(steps), 2)]:
            source = _join(step["instrument"], basis)
            yield Fact(f"{key}_to_add", int(step[column]), "people", step["on"], step["status"], source)
