"""Estimate how many of those who lost a card are insured again, from figures and from price and outreach."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import default_decision
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.law.groups import groups
from bhyt_analysis.model.coverage.coverage import coverage

REENROLMENT_COLUMNS = [
    "area", "name", "decision", "lost", "on", "as_of", "population", "population_as_of", "before_low", "before_high",
    "after_low", "after_high", "low", "high", "low_people", "largest_population", "status",
]  # fmt: skip
CHANGE_COLUMNS = ["group", "before", "after", "change", "status", "before_as_of", "after_as_of"]


def take_up_rate(
    observed_rate: ArrayLike,
    observed_share: ArrayLike,
    share: ArrayLike,
    elasticity: ArrayLike,
    outreach: ArrayLike = 0.0,
    outreach_effect: ArrayLike = 0.0,
    max_rate: ArrayLike = 0.95,
    place_effect: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Return the take-up of a group when its price or the outreach changes; arrays broadcast.

    The arc elasticity applies to the mid-point of the two prices (1 - share): R = e ((1-s) - (1-s0)) / ((2-s-s0)/2),
    r_price = r0 (1+R/2) / (1-R/2); outreach and place add to the log-odds: r = min(r_max, logit⁻¹(logit(r_price) + a
    outreach + place)).

    Parameters
    ----------
    observed_rate, observed_share : observed take-up (share of people), and the share of the premium that the State
        paid then.
    share : the share that it pays now.
    elasticity : arc elasticity of take-up, 0 or less and above -1.
    outreach, outreach_effect : level 0 none, 1 ordinary, 2 household visits; log-odds a level.
    max_rate : the most that take-up can be, or the observed one where that is more.
    place_effect : log-odds by which the place differs from others.

    Examples
    --------
    At 70% instead of nothing: R = -0.47 (0.3 - 1) / 0.65 = 0.506, so 0.35 (1.253 / 0.747) = 0.587.

    >>> take_up_rate(0.35, 0.0, 0.7, -0.47).round(3)
    np.float64(0.587)
    >>> take_up_rate(0.35, 0.0, 0.0, -0.47, outreach=2, outreach_effect=0.5).round(3)
    np.float64(0.594)
    """
    r0, s0, s, e = (np.asarray(x, dtype=float) for x in (observed_rate, observed_share, share, elasticity))
    middle = (2 - s - s0) / 2
    change = e * (s0 - s) / np.where(middle > 0, middle, 1.0)  # both free: nothing changes
    top = np.maximum(np.asarray(max_rate, dtype=float), r0)
    price = np.clip(r0 * (1 + change / 2) / (1 - change / 2), 0.0, top)
    log_odds = np.asarray(outreach_effect) * np.asarray(outreach, dtype=float) + place_effect
    return np.where(price < 1, np.minimum(top, add_log_odds(price, log_odds)), 1.0)


def add_log_odds(share: ArrayLike, log_odds: ArrayLike) -> NDArray[np.float64]:
    """Return shares whose log-odds are higher by so much; 0 and 1 stay; arrays broadcast.

    Examples
    --------
    >>> add_log_odds([0, 0.5, 1], np.log(3)).round(9).tolist()
    [0.0, 0.75, 1.0]
    """
    share = np.asarray(share, dtype=float)
    return share / (share + (1 - share) * np.exp(-np.asarray(log_odds, dtype=float)))


class Bounds(NamedTuple):
    """The least and the most that a share can be."""

    low: float
    high: float


def reenrolment_bounds(
    lost: float, population: float, insured_after: tuple[float, float], rate_before: tuple[float, float] = (0.0, 1.0)
) -> Bounds:
    """Return the share of those who lost a card who must, and who can, be insured again.

    From N_after = N_before - lost * (1 - r), with N_before anywhere between the bounds of the coverage before: r is
    least where coverage before was highest. Other changes of the insured count as if they were of those who lost.

    ``insured_after`` are the least and most people insured afterwards, ``rate_before`` the least and most coverage
    before, as shares; (0, 1) without a figure, because no more than all people can be insured.

    Examples
    --------
    Sơn Dương, where 30,082 cards were lost and 155,163 of 182,330 are insured:

    >>> round(reenrolment_bounds(30082, 182330, (155163, 155163)).low, 3)
    0.097
    """
    low = 1 - (rate_before[1] * population - insured_after[0]) / lost
    high = 1 - (rate_before[0] * population - insured_after[1]) / lost
    return Bounds(min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0))


def largest_population(lost: float, rate_before: float, rate_after: float) -> int:
    """Return the most people an area can have if its two rates and its loss are all true.

    With more people, the fall of the rate would be more than all who lost a card.

    Examples
    --------
    >>> largest_population(46106, 0.99, 0.87215)
    391226
    """
    return int(np.floor(lost / (rate_before - rate_after)))


@result_table
def reenrolment(data: Dataset, area: str, decision: str | None = None) -> pd.DataFrame:
    """Return the bounds of re-enrolment by the published figures, with the numbers that they rest on.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit, or a list: the rows of each, one below the other.
    decision
        by default that of `default_decision`.

    Returns
    -------
    DataFrame
        One row (none where no loss is published): ``area``, ``name``, ``decision``, ``lost``, ``on``, ``as_of`` (of the
        figure after), ``population``, ``population_as_of``, ``before_low``, ``before_high``, ``after_low``,
        ``after_high`` (coverage, shares), ``low``, ``high`` (share of those who lost who are insured again),
        ``low_people``, ``largest_population`` (missing unless a rate is known on both sides), ``status``.

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> row = reenrolment(load(), "Lục Ngạn").iloc[0]
    >>> print(f"{row['low']:.2f} to {row['high']:.2f}, at most {row['largest_population']} people")
    0.37 to 0.42, at most 391226 people
    """
    view = area_view(data, area)
    code, data = view.code, view.data
    decision = decision or default_decision(data, code)
    losses = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]
    rows = [_reenrolment_row(data, loss) for loss in losses[losses["people"] > 0].to_dict("records")]
    table = pd.DataFrame([row for row in rows if row], columns=REENROLMENT_COLUMNS)
    return table.astype({"largest_population": "Int64", "low_people": "Int64"})


def _reenrolment_row(data: Dataset, loss: dict) -> tuple[object, ...] | None:
    """Return the row of a published loss; None where no rate or no population after it is known."""
    code, on = loss["area"], loss["on"]
    months = coverage(data, code, by=["month"])
    months = months[(months["as_of"] > on) & months["rate_low"].notna()]
    if months.empty:
        return None
    after = months.iloc[0]
    count = population_at(data.geography, data.population, code, after["as_of"])
    if count is None:
        return None
    rates = published_rates(data, code)
    before = rates[rates["as_of"] <= on].tail(1)
    counted = pd.notna(after["insured"])
    people = int(after["population"]) if counted else count.people
    insured = (after["rate_low"] * people, after["rate_high"] * people)
    insured = (float(after["insured"]),) * 2 if counted else insured
    rate_before = (0.0, 1.0) if before.empty else (before["rate_low"].iloc[0], before["rate_high"].iloc[0])
    low, high = reenrolment_bounds(float(loss["people"]), people, insured, rate_before)
    # Had more lost a card than printed ("more than 161,000"), more of them must be, and can be, insured again.
    low = 0.0 if loss["relation"] == "<" else low
    high = 1.0 if loss["relation"] in (">", ">=") else high
    fell = not before.empty and rate_before[0] > after["rate_high"] and loss["relation"] not in (">", ">=")
    most = largest_population(loss["people"], rate_before[0], after["rate_high"]) if fell else None
    # A rate multiplied by a count of another year is an estimate.
    status = derived_quality(loss["status"], after["status"], count.status, "derived" if counted else "estimated")
    names = (code, data.geography.unit_at(code, on).name, loss["decision"])
    counts = (int(loss["people"]), on, after["as_of"], people, count.as_of)
    shares = (*rate_before, insured[0] / people, insured[1] / people, low, high)
    return (*names, *counts, *shares, int(np.ceil(low * loss["people"] - 1e-9)), most, status)


@result_table
def reenrolment_curve(bounds: pd.Series, populations: ArrayLike | None = None) -> pd.DataFrame:
    """Return re-enrolment by the population that the document does not give.

    ``bounds`` is a row of `reenrolment`. Without ``populations``, 61 points from just above those who lost to the
    largest population that fits the document.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> row = reenrolment(load(), "Lục Ngạn").iloc[0]
    >>> curve = reenrolment_curve(row, [226540, 391226])
    >>> curve.round(3)[["low", "high"]].to_numpy().tolist()
    [[0.371, 0.421], [0.0, 0.0]]
    """
    if populations is None:
        most = bounds["largest_population"]
        most = 2 * bounds["population"] if pd.isna(most) else most
        populations = np.linspace(max(bounds["lost"], most / 4), most, 61).round()
    lost, rate_before = bounds["lost"], (bounds["before_low"], bounds["before_high"])
    rows = []
    for people in np.asarray(populations, dtype=float):
        insured = (bounds["after_low"] * people, bounds["after_high"] * people)
        rows.append((int(people), *reenrolment_bounds(lost, people, insured, rate_before)))
    return pd.DataFrame(rows, columns=["population", "low", "high"])


@result_table
def observed_change(data: Dataset, area: str, decision: str | None = None) -> pd.DataFrame:
    """Compare the cards just before a decision and on the latest day, by group, where both are counted.

    Columns ``group``, ``before``, ``after``, ``change``, ``status``, ``before_as_of``, ``after_as_of``; empty where
    the cards of either side are not known. The decision is by default that of `default_decision`.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> observed_change(load(), "Sơn Dương").empty
    True
    """
    view = area_view(data, area)
    code, data = view.code, view.data
    zones = data.zones[data.zones["decision"] == (decision or default_decision(data, code))]
    day = zones.loc[zones["area"].isin(data.geography.commune_codes(code)), "since"].min()
    if pd.isna(day):
        return pd.DataFrame(columns=CHANGE_COLUMNS)
    months = coverage(data, code, by=["group", "month"])
    months = months[months["insured"].notna()]
    before, after = months[months["as_of"] < day], months[months["as_of"] >= day]
    if before.empty or after.empty:
        return pd.DataFrame(columns=CHANGE_COLUMNS)
    before, after = (t[t["as_of"] == t["as_of"].max()] for t in (before, after))
    days = {"before_as_of": before["as_of"].iloc[0], "after_as_of": after["as_of"].iloc[0]}
    # Both days are counted in full, so a group that only one of them has, had no card on the other.
    counts = {"before": before.set_index("group")["insured"], "after": after.set_index("group")["insured"]}
    table = pd.DataFrame(counts).fillna(0).rename_axis("group").reset_index()
    table = table.iloc[table["group"].map(groups()["title_order"]).argsort(kind="stable")].reset_index(drop=True)
    status = lowest_quality(before["status"], after["status"])
    return table.assign(change=table["after"] - table["before"], status=status, **days)[CHANGE_COLUMNS]
