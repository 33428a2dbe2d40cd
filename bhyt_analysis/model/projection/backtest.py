"""Compare the model with published figures; the misses stay in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.assumptions import (
    Range,
    Values,
    assumptions,
    central_values,
    draw_assumptions,
    fitted_ranges,
)
from bhyt_analysis.model.projection.calibration import (
    ObservedReturn,
    backtest_cases,
    recovered_share,
    returned_shares,
)
from bhyt_analysis.model.projection.cohort import Floats
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import project_area
from bhyt_analysis.model.projection.uncertainty import area_rates
from bhyt_analysis.model.reclassification.reclassify import unit_losses
from bhyt_analysis.model.reclassification.take_up import reenrolment

COLUMNS = ["case", "area", "name", "figure", "on", "relation", "published", "model", "low", "high", "unit", "verdict"]
COLUMNS += ["basis", "source"]
COMMUNE_PEOPLE = 50_000  # no commune has more
COMMUNES_LOST, PEOPLE_LOST = "communes_lost_decision_861", "people_lost_decision_861"


class Case(NamedTuple):
    """A row of ``backtest_cases.csv`` with areas as codes, and the data, the law and the draws for it."""

    data: Dataset
    law: Law
    draws: int
    seed: int
    case: str
    area: str
    decision: str
    reference_area: str
    outreach: float
    start: str

    @property
    def ranges(self) -> dict[str, Range]:
        """Return the ranges of a fit to all other cases, with the outreach of this one."""
        outreach = (self.outreach,) * 3
        return {**fitted_ranges(f"without {self.case}"), "outreach": outreach, "outreach_before": outreach}

    def draw(self) -> tuple[pd.DataFrame, list[Values]]:
        """Return the assumptions, and their central values and draws."""
        table = assumptions(self.ranges)
        return table, [central_values(table), draw_assumptions(table, self.draws, self.seed)]


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

    Each case is compared with assumptions that are fitted to the other cases alone. ``basis`` (a key of the messages)
    names the inputs of the model.

    Returns a DataFrame, one row a case: ``case``, ``area``, ``name``, ``figure`` (coverage, reenrolled, lost), ``on``,
    ``relation``, ``published``, ``model``, ``low``, ``high`` (90% of draws), ``unit`` (share or people), ``verdict``
    (see `verdict`), ``basis``, ``source``.

    Examples
    --------
    >>> run_backtest(bhyt.load(), draws=200)["case"].tolist()
    ['luc_ngan', 'son_duong', 'yen_bai', 'viet_nam', 'viet_nam_return', 'hoa_binh']
    """
    law, rows = Law.read() if law is None else law, list[tuple[object, ...]]()
    for row in backtest_cases().to_dict("records"):
        codes = {c: data.find(row[c]).code if row[c] else "" for c in ("area", "reference_area")}
        fields = {c: row[c] for c in ("case", "decision", "outreach", "start")}
        case = Case(data, law, draws, seed, **{**fields, **codes})
        for published, values in METHODS[row["method"]](case):
            low, high = np.quantile(values[1:], [0.05, 0.95]) if len(values) else (np.nan, np.nan)
            model = float(values[0]) if len(values) else np.nan
            judgement = verdict(published.relation, published.value, low, high)
            name = data.geography.unit_at(case.area, published.on).name
            figures = (row["figure"], *published[:3], model, float(low), float(high), published.unit, judgement)
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
    start = pd.Timestamp(case.start)
    scenario = Scenario(case.case, decision=case.decision, start=start, assumption_ranges=case.ranges)
    projection = project_area(data, case.area, scenario, case.law)
    t = projection.months.index(published.on + pd.offsets.MonthEnd(0))
    yield published, np.concatenate([area_rates(projection, v)[:, t] for v in case.draw()[1]])


def _published_rate(row: pd.Series) -> Published:
    return Published(row["as_of"], row["relation"], float(row["rate"]), "share", row["source"])


def _reenrolled(case: Case) -> Iterator[Comparison]:
    """Compute the least share that must be insured again, which follows from the district's own figures."""
    source = case.data.losses.drop_duplicates("area").set_index("area")["source"]
    for row in reenrolment(case.data, case.area, case.decision).to_dict("records"):
        published = Published(row["as_of"], ">=", row["low"], "share", source[case.area])
        yield published, _returned(case, row["on"], row["on"], row["as_of"])


def _coverage_after_fall(case: Case) -> Iterator[Comparison]:
    """Compute the last published rate from the fall between the first two."""
    rates = published_rates(case.data, case.area)
    if len(rates) < 3:
        return
    before, after, last = (rates.iloc[i] for i in (0, 1, -1))
    back = _returned(case, _exit_day(case), after["as_of"], last["as_of"])
    yield _published_rate(last), after["rate"] + (before["rate"] - after["rate"]) * back


def _share_of_fall(case: Case) -> Iterator[Comparison]:
    """Compute the share of a printed fall that came back."""
    first, last, bounds = recovered_share(case.data, case.area)
    rates = published_rates(case.data, case.area).set_index("as_of")
    published = Published(last, ">=", bounds.low, "share", rates.at[last, "source"])
    yield published, _returned(case, _exit_day(case), first, last)


def _exit_day(case: Case) -> pd.Timestamp:
    return case.data.losses.loc[case.data.losses["decision"] == case.decision, "on"].min()


def _returned(case: Case, on: pd.Timestamp, since: pd.Timestamp, until: pd.Timestamp) -> Floats:
    """Compute the share of those without a card since a day who are back: the central value, then draws."""
    table, both = case.draw()
    one = ObservedReturn(case.case, case.outreach, on, since, until, 0.0, 1.0, 0.0)
    return np.concatenate([returned_shares(one, table, values, case.law) for values in both])


def _lost_in_communes(case: Case) -> Iterator[Comparison]:
    """Compute how many lost from the published number of communes, with the people of one reference area."""
    data = case.data
    printed = data.published[(data.published["area"] == case.area) & (data.published["figure"] == COMMUNES_LOST)]
    losses = data.losses[(data.losses["area"] == case.area) & (data.losses["decision"] == case.decision)]
    reference = unit_losses(data, case.decision, case.reference_area)
    if printed.empty or losses.empty or reference.empty:
        return
    census = data.population[(data.population["status"] == "census") & (data.population["people"] < COMMUNE_PEOPLE)]
    share = float(reference["lost"].sum() / reference["population"].sum())  # of the residents of communes that left
    central, draws = case.draw()[1]
    # Where more of those who lost are of ethnic minorities, more of the residents lost: in zone II only they did.
    minority = np.concatenate([central["minority_share"], draws["minority_share"]]) / central["minority_share"]
    row = losses.iloc[0]
    published = Published(row["on"], row["relation"], float(row["people"]), "people", row["source"])
    yield published, minority * float(printed["value"].iloc[0]) * float(census["people"].mean()) * share


def _forecasts(case: Case) -> Iterator[Comparison]:
    """Yield the forecasts of an area whose communes, zones and cards were published nowhere."""
    published = case.data.published
    rows = published[(published["figure"] == PEOPLE_LOST) & (published["area"] == case.area)]
    for row in rows.to_dict("records"):
        on, value = pd.Timestamp(row["as_of"]), float(row["value"])
        yield Published(on, row["relation"], value, "people", row["locator"]), np.array([])


METHODS: dict[str, Callable[[Case], Iterator[Comparison]]] = {
    "projection": _projected_coverage,
    "reenrolment": _reenrolled,
    "fall": _coverage_after_fall,
    "return": _share_of_fall,
    "communes": _lost_in_communes,
    "none": _forecasts,
}
