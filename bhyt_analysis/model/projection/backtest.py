"""Compare the model with published figures; the misses stay in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.assumptions import Range, assumptions, central_values, draw_assumptions
from bhyt_analysis.model.projection.cohort import Floats, pool_entitlements, pool_shares, reenrolment_levels
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import project_area
from bhyt_analysis.model.projection.uncertainty import area_rates
from bhyt_analysis.model.reclassification.reclassify import unit_losses
from bhyt_analysis.model.reclassification.take_up import reenrolment

COLUMNS = ["case", "area", "name", "figure", "on", "relation", "published", "model", "low", "high", "unit", "verdict"]
COLUMNS += ["basis", "source"]
COMMUNE_PEOPLE = 50_000  # no commune has more


class Case(NamedTuple):
    """A row of ``backtest_cases.csv`` with areas as codes, and the data, the law and the draws for it."""

    data: Dataset
    law: Law
    draws: int
    seed: int
    case: str
    method: str
    area: str
    figure: str
    printed_figure: str
    decision: str
    decision_before: str
    reference_area: str
    outreach: Range
    start: str


class Published(NamedTuple):
    """A published figure."""

    on: pd.Timestamp
    relation: str
    value: float
    unit: str
    source: str


Comparison = tuple[Published, Floats]  # the central value of the model, then its draws; empty without a model


def run_backtest(data: Dataset, law: Law | None = None, draws: int = 1000, seed: int = 1) -> pd.DataFrame:
    """Compare the model with each published figure of the cases.

    Nothing is fitted to these figures. ``basis`` (a key of the messages) names the inputs of the model; what was
    published after the fact is only compared.

    Returns a DataFrame, one row a case: ``case``, ``area``, ``name``, ``figure`` (coverage, reenrolled, lost), ``on``,
    ``relation``, ``published``, ``model``, ``low``, ``high`` (90% of draws), ``unit`` (share or people), ``verdict``
    (see `verdict`), ``basis``, ``source``.

    Examples
    --------
    >>> run_backtest(bhyt.load(), draws=200)["case"].tolist()
    ['luc_ngan', 'son_duong', 'yen_bai', 'viet_nam', 'hoa_binh']
    """
    law, rows = Law.read() if law is None else law, list[tuple[object, ...]]()
    for row in packaged_table("model/projection/backtest_cases.csv", ("outreach",)).to_dict("records"):
        codes = {c: data.find(row[c]).code if row[c] else "" for c in ("area", "reference_area")}
        case = Case(data, law, draws, seed, **{**row, **codes, "outreach": (row["outreach"],) * 3})
        for published, values in METHODS[case.method](case):
            low, high = np.quantile(values[1:], [0.05, 0.95]) if len(values) else (np.nan, np.nan)
            model = float(values[0]) if len(values) else np.nan
            judgement = verdict(published.relation, published.value, low, high)
            name = data.geography.unit_at(case.area, published.on).name
            figures = (case.figure, *published[:3], model, float(low), float(high), published.unit, judgement)
            rows.append((case.case, case.area, name, *figures, f"basis.{case.case}", published.source))
    return pd.DataFrame(rows, columns=COLUMNS)


def verdict(relation: str, published: float, low: float, high: float) -> str:
    """Judge a published figure against the interval of the model.

    Returns "within" the interval, "consistent" with a published bound, "high" or "low" for a model that misses the
    figure, "no_data" where the model lacks its inputs (``low`` and ``high`` missing).

    Examples
    --------
    >>> verdict("=", 0.87, 0.85, 0.9), verdict(">=", 0.87, 0.8, 0.86)
    ('within', 'low')
    """
    if np.isnan(low):
        return "no_data"
    if relation in (">", ">="):
        return "consistent" if high >= published else "low"
    if relation == "<":
        return "consistent" if low < published else "high"
    if low <= published <= high:
        return "within"
    return "high" if low > published else "low"


def _projected_coverage(case: Case) -> Iterator[Comparison]:
    """Project the first rate that was published after the loss."""
    data = case.data
    losses = data.losses[(data.losses["area"] == case.area) & (data.losses["decision"] == case.decision)]
    rates = published_rates(data, case.area)
    after = rates[(rates["as_of"] > losses["on"].min()) & rates["rate"].notna()]
    if after.empty:
        return
    published = _published_rate(after.iloc[0])
    start, ranges = pd.Timestamp(case.start), {"outreach": case.outreach}
    scenario = Scenario(case.case, decision=case.decision, start=start, assumption_ranges=ranges)
    projection = project_area(data, case.area, scenario, case.law)
    t, table = projection.months.index(published.on + pd.offsets.MonthEnd(0)), projection.assumptions
    values = (central_values(table), draw_assumptions(table, case.draws, case.seed))
    yield published, np.concatenate([area_rates(projection, v)[:, t] for v in values])


def _published_rate(row: pd.Series) -> Published:
    return Published(row["as_of"], row["relation"], float(row["rate"]), "share", row["source"])


def _reenrolled(case: Case) -> Iterator[Comparison]:
    """Compute the least share that must be insured again, which follows from the district's own figures."""
    source = case.data.losses.drop_duplicates("area").set_index("area")["source"]
    for row in reenrolment(case.data, case.area, case.decision).to_dict("records"):
        published = Published(row["as_of"], ">=", row["low"], "share", source[case.area])
        yield published, _reenrolled_share(case, row["on"], row["as_of"])


def _coverage_after_fall(case: Case) -> Iterator[Comparison]:
    """Compute the last published rate from the fall between the first two."""
    rates = published_rates(case.data, case.area)
    if len(rates) < 3:
        return
    before, after, last = (rates.iloc[i] for i in (0, 1, -1))
    first, now = (_reenrolled_share(case, after["as_of"], day) for day in (after["as_of"], last["as_of"]))
    fall = (before["rate"] - after["rate"]) / (1 - first)  # some were back before the month ended
    yield _published_rate(last), after["rate"] + fall * (now - first)


def _reenrolled_share(case: Case, on: pd.Timestamp, until: pd.Timestamp) -> Floats:
    """Compute the share of those who lost a card on a day that is insured again: the central value, then draws."""
    table = assumptions({"outreach": case.outreach})
    end = pd.Timestamp(until) + pd.offsets.MonthEnd(0)
    months = list(pd.date_range(pd.Timestamp(on) - pd.offsets.MonthEnd(1), end, freq="ME"))
    if len(months) == 1:
        months.append(months[0] + pd.offsets.MonthEnd(1))
    entitlements = pool_entitlements(case.law, months, 1, "decree 75")
    shares = []
    for values in (central_values(table), draw_assumptions(table, case.draws, case.seed)):
        levels = reenrolment_levels(values, entitlements, months, 1, table["at_share"])
        shares.append((levels[:, :, -1] * pool_shares(values, values["minority_share"])).sum(axis=1))
    return np.concatenate(shares)


def _lost_by_zones(case: Case) -> Iterator[Comparison]:
    """Compute the fall of minority cards from the counts of communes in zones II and III alone."""
    data = case.data
    printed = data.published[data.published["figure"] == case.printed_figure]
    zones = data.decisions[data.decisions["area"] == case.area].set_index("decision")[["zone_II", "zone_III"]]
    losses = unit_losses(data, case.decision, case.reference_area)
    if printed.empty or not {case.decision_before, case.decision} <= set(zones.index) or losses.empty:
        return
    communes = float(zones.loc[case.decision_before].sum() - zones.loc[case.decision].sum())
    census = data.population[(data.population["status"] == "census") & (data.population["people"] < COMMUNE_PEOPLE)]
    share = float(losses["lost"].sum() / losses["population"].sum())  # of the residents of communes that left
    table = assumptions()
    values = (central_values(table), draw_assumptions(table, case.draws, case.seed))
    minority = np.concatenate([v["minority_share"] for v in values])
    row = printed.iloc[0]
    published = Published(pd.Timestamp(row["as_of"]), row["relation"], float(row["value"]), "people", row["locator"])
    yield published, minority * communes * float(census["people"].mean()) * share


def _forecasts(case: Case) -> Iterator[Comparison]:
    """Yield the forecasts of an area whose communes, zones and cards were published nowhere."""
    published = case.data.published
    rows = published[(published["figure"] == case.printed_figure) & (published["document"] == "observed")]
    for row in rows.to_dict("records"):
        on, value = pd.Timestamp(row["as_of"]), float(row["value"])
        yield Published(on, row["relation"], value, "people", row["locator"]), np.array([])


METHODS: dict[str, Callable[[Case], Iterator[Comparison]]] = {
    "projection": _projected_coverage,
    "reenrolment": _reenrolled,
    "fall": _coverage_after_fall,
    "zones": _lost_by_zones,
    "none": _forecasts,
}
