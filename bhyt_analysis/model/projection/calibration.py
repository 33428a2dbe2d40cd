"""Fit take-up and timing to the returns that were observed after Decision 861; ``make calibrate`` runs it.

The ranges of ``assumptions.csv`` are drawn, each draw is weighed by how well it gives the observed returns
(importance sampling), and ranges with the mean and the spread of the weighted draws are written beside it, to
``fitted_assumptions.csv``. Places differ: each observed place has an effect of its own, of a spread that is fitted too;
a place that was not observed may have any of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.assumptions import RANGE, Values, assumptions, draw_assumptions
from bhyt_analysis.model.projection.cohort import Floats, pool_entitlements, pool_shares, reenrolment_levels
from bhyt_analysis.model.reclassification.take_up import Bounds, reenrolment

ALL_CASES = "all"
DRAWS, NODES, SEED = 2000, 9, 1
# The spread of places (log-odds): half of them within about one step of outreach of each other.
SPREAD_OF_PLACES = 0.5
# What the returns tell something about; the draws of all others stay as they are.
FITTED = ["take_up.household", "take_up.farm_average_income", "outreach_effect", "at_once.ordinary"]
FITTED += ["at_once.intensive", "monthly.ordinary", "school_step"]
PERT_SPREAD = 7.0  # a PERT-Beta has the variance (mean - low) (high - mean) / 7


class ObservedReturn(NamedTuple):
    """Of those without a card on the day ``since`` after their exit ``on``, the share that is back ``until`` a day.

    ``low`` and ``high`` are what the published figures allow, ``other_flows`` the standard deviation of what other
    people who came and went add to them.
    """

    case: str
    outreach: float
    on: pd.Timestamp
    since: pd.Timestamp
    until: pd.Timestamp
    low: float
    high: float
    other_flows: float


def backtest_cases() -> pd.DataFrame:
    """Return the published cases, one row each."""
    return packaged_table("model/projection/backtest_cases.csv", ("outreach", "least_before", "other_flows"))


def observed_returns(data: Dataset) -> list[ObservedReturn]:
    """Find the returns that follow from published figures.

    Examples
    --------
    >>> [f"{one.case}: {one.low:.2f} to {one.high:.2f}" for one in observed_returns(bhyt.load())][:3]
    ['luc_ngan: 0.37 to 0.42', 'son_duong: 0.10 to 0.30', 'yen_bai: 0.40 to 0.50']
    """
    cases, returns = backtest_cases(), list[ObservedReturn]()
    for case in cases[cases["other_flows"].notna()].itertuples():
        code = data.find(case.area).code
        if case.method in ("projection", "reenrolment"):
            row = reenrolment(data, code, case.decision).iloc[0]
            high = row["high"]
            if pd.notna(case.least_before):
                high = 1 - (case.least_before - row["after_high"]) * row["population"] / row["lost"]
            days, bounds = (row["on"], row["on"], row["as_of"]), Bounds(row["low"], high)
        else:
            on = data.losses.loc[data.losses["decision"] == case.decision, "on"].min()
            first, last, bounds = recovered_share(data, code)
            days = (on, first, last)
        returns.append(ObservedReturn(case.case, case.outreach, *days, *bounds, case.other_flows))
    return returns


def recovered_share(data: Dataset, code: str) -> tuple[pd.Timestamp, pd.Timestamp, Bounds]:
    """Return from which day until which what share of a fall of the coverage came back, by printed rates.

    The fall is a printed one (``coverage_fall``, percentage points), else that between the first two rates.
    """
    rates = published_rates(data, code)
    printed = data.published[(data.published["figure"] == "coverage_fall") & (data.published["area"] == code)]
    if len(printed):
        fall, day = float(printed["value"].iloc[0]) / 100, pd.Timestamp(printed["as_of"].iloc[0])
        after, last = rates[rates["as_of"] == day].iloc[0], rates[rates["as_of"] > day].iloc[0]
    else:
        before, after, last = (rates.iloc[i] for i in (0, 1, -1))
        fall = float(before["rate"] - after["rate"])
    low, high = last["rate_low"] - after["rate_high"], last["rate_high"] - after["rate_low"]
    return after["as_of"], last["as_of"], Bounds(max(low / fall, 0.0), min(high / fall, 1.0))


def returned_shares(one: ObservedReturn, table: pd.DataFrame, values: Values, law: Law) -> Floats:
    """Return, by draw, the share of those without a card on the first day of a return who are back on its last."""
    month_end = pd.offsets.MonthEnd(0)
    last = max(one.until + month_end, one.on + month_end)
    months = list(pd.date_range(one.on - pd.offsets.MonthEnd(1), last, freq="ME"))
    entitlements = pool_entitlements(law, months, 1, "decree 75")
    levels = reenrolment_levels(values, entitlements, months, 1, table["at_share"])
    back = (levels * pool_shares(values, values["minority_share"])[:, :, None]).sum(axis=1)
    before = back[:, months.index(one.since + month_end)] if one.since > one.on else 0.0
    return (back[:, -1] - before) / (1 - before)


def fit(returns: list[ObservedReturn], law: Law) -> dict[str, pd.DataFrame]:
    """Fit the assumptions to returns: to all of them, and to all but each one (by ``without`` and its case).

    Each table has ``low``, ``central``, ``high`` of a PERT-Beta with the mean and the spread of the weighted draws. The
    likelihood of a return is that of a figure anywhere between its bounds, and of a normal share of other flows.
    """
    table = assumptions(fit="")
    values, places = draw_assumptions(table, DRAWS, SEED), np.random.default_rng(SEED)
    spread = np.abs(places.normal(0, SPREAD_OF_PLACES, DRAWS))
    nodes, share = np.polynomial.hermite_e.hermegauss(NODES)
    likelihood = dict[str, Floats]()
    for one in returns:
        outreach = {name: np.full(DRAWS, one.outreach) for name in ("outreach", "outreach_before")}
        by_place = []
        for node in nodes:
            shares = returned_shares(one, table, values | outreach | {"place_effect": spread * node}, law)
            by_place.append(
                np.diff(norm.cdf([(one.low - shares), (one.high - shares)], scale=one.other_flows), axis=0)[0]
            )
        likelihood[one.case] = share @ np.stack(by_place)
    fits = {ALL_CASES: list(likelihood)}
    fits |= {f"without {case}": [other for other in likelihood if other != case] for case in likelihood}
    every = np.ones(DRAWS)
    weights = {name: np.prod([every, *(likelihood[c] for c in cases)], axis=0) for name, cases in fits.items()}
    return {name: _weighted_ranges(table, values, spread, weight) for name, weight in weights.items()}


def _weighted_ranges(table: pd.DataFrame, values: Values, spread: Floats, likelihood: Floats) -> pd.DataFrame:
    weights = likelihood / likelihood.sum()
    rows = {}
    for name in FITTED:
        mean = weights @ values[name]
        deviation = np.sqrt(weights @ (values[name] - mean) ** 2)
        rows[name] = pert_range(float(mean), float(deviation), *table.loc[name, ["low", "high"]])
    half = float(np.sqrt(PERT_SPREAD * (weights @ spread**2)))
    rows["place_effect"] = (-half, 0.0, half)
    return pd.DataFrame.from_dict(rows, orient="index", columns=RANGE).rename_axis("name").round(3)


def pert_range(mean: float, deviation: float, low: float, high: float) -> tuple[float, float, float]:
    """Return the low, central and high value of a PERT-Beta of a mean and a standard deviation, within two ends.

    Examples
    --------
    >>> print("{:.3f}, {:.3f}, {:.3f}".format(*pert_range(0.5, 0.1 / 7**0.5, 0.0, 1.0)))
    0.400, 0.500, 0.600
    """
    part = min(1.0, deviation * np.sqrt(PERT_SPREAD / ((mean - low) * (high - mean))))
    first, last = mean - part * (mean - low), mean + part * (high - mean)
    return first, min(max((6 * mean - first - last) / 4, first), last), last
