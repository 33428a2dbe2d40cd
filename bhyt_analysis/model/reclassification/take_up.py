"""How many of those who lost a card are insured again: what figures tell, and what price and outreach make of it?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import communes, population_at, unit_name
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.law.groups import groups
from bhyt_analysis.model.coverage.coverage import coverage


def take_up_rate(
    observed_rate: ArrayLike,
    observed_share: ArrayLike,
    share: ArrayLike,
    elasticity: ArrayLike,
    outreach: ArrayLike = 0.0,
    outreach_effect: ArrayLike = 0.0,
    max_rate: ArrayLike = 0.95,
) -> NDArray[np.float64]:
    """Take-up of a group when its price or the outreach changes; arrays broadcast.

    The arc elasticity is laid over the mid-point of the two prices (1 - share):
    R = e ((1-s) - (1-s0)) / ((2-s-s0)/2), r_price = r0 (1+R/2) / (1-R/2), and outreach
    adds to the log-odds: r = min(r_max, logit⁻¹(logit(r_price) + a outreach)).

    Parameters
    ----------
    rate, share_seen : take-up that was seen (share of people), and the share of the
        premium that the State paid then.
    share : the share that it pays now.
    elasticity : arc elasticity of take-up, 0 or less and above -1.
    outreach, outreach_effect : 0 none, 1 ordinary, 2 door to door; log-odds a step.
    highest : take-up is at most this, or what was seen where that is more.

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
    price = r0 * (1 + change / 2) / (1 - change / 2)
    top = np.maximum(np.asarray(max_rate, dtype=float), r0)
    price = np.clip(price, 0.0, top)
    odds = (
        price
        / np.where(price < 1, 1 - price, 1.0)
        * np.exp(np.asarray(outreach_effect) * np.asarray(outreach, dtype=float))
    )
    return np.where(price < 1, np.minimum(top, odds / (1 + odds)), 1.0)


class Bounds(NamedTuple):
    """The least and the most that a share can be."""

    low: float
    high: float


def reenrolment_bounds(
    lost: float, population: float, insured_after: tuple[float, float], rate_before: tuple[float, float] = (0.0, 1.0)
) -> Bounds:
    """The share of those who lost a card who must, and who can, be insured again.

    From N_after = N_before - lost * (1 - r), with N_before anywhere between the
    bounds of the coverage before: r is least where coverage before was highest.
    Other comings and goings count as if they were of those who lost.

    Parameters
    ----------
    lost, population : people.
    insured_after : least and most people insured afterwards.
    rate_before : least and most coverage before, as shares; nobody can be more than
        everybody, so without a figure it is (0, 1).

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
    """The most people an area can have if its two rates and its loss are all true.

    With more people, the fall of the rate would be more than all who lost a card.

    Examples
    --------
    >>> largest_population(46106, 0.99, 0.87215)
    391226
    """
    return int(np.floor(lost / (rate_before - rate_after)))


def reenrolment(data: Dataset, area: str, decision: str = "861") -> pd.DataFrame:
    """What the published figures say about re-enrolment, with the numbers that go in.

    Returns
    -------
    DataFrame of one row (none where no loss is published): ``area``, ``name``,
    ``decision``, ``lost``, ``on``, ``as_of`` (of the figure after), ``population``,
    ``population_as_of``, ``before_low``, ``before_high``, ``after_low``,
    ``after_high`` (coverage, shares), ``low``, ``high`` (share of those who lost who
    are insured again), ``low_people``, ``largest_population`` (missing unless a rate
    is known on both sides), ``status``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> row = reenrolment(load(), "Lục Ngạn").iloc[0]
    >>> print(f"{row['low']:.2f} to {row['high']:.2f}, at most {row['largest_population']} people")
    0.37 to 0.42, at most 391226 people
    """
    code, data = select_unit(data, area)
    losses = data.losses[
        (data.losses["area"] == code) & (data.losses["decision"] == decision) & (data.losses["people"] > 0)
    ]
    rows = []
    for loss in losses.to_dict("records"):
        after = coverage(data, code, by=["month"])
        after = after[(after["as_of"] > loss["on"]) & after["rate_low"].notna()].head(1)
        rates = published_rates(data, code)
        before = rates[rates["as_of"] <= loss["on"]].tail(1)
        if after.empty:
            continue
        figure = after.iloc[0]
        count = population_at(data.areas, data.population, code, figure["as_of"])
        if count is None:
            continue
        counted = pd.notna(figure["insured"])
        people = int(figure["population"]) if counted else count.people
        insured = (
            (float(figure["insured"]),) * 2 if counted else (figure["rate_low"] * people, figure["rate_high"] * people)
        )
        bounds_before = (0.0, 1.0) if before.empty else (before["rate_low"].iloc[0], before["rate_high"].iloc[0])
        bounds = reenrolment_bounds(float(loss["people"]), people, insured, bounds_before)
        fits = not before.empty and bounds_before[0] > figure["rate_high"]
        rows.append(
            {
                "area": code,
                "name": unit_name(data.areas, code, loss["on"]),
                "decision": decision,
                "lost": int(loss["people"]),
                "on": loss["on"],
                "as_of": figure["as_of"],
                "population": people,
                "population_as_of": count.as_of,
                "before_low": bounds_before[0],
                "before_high": bounds_before[1],
                "after_low": insured[0] / people,
                "after_high": insured[1] / people,
                "low": bounds.low,
                "high": bounds.high,
                "low_people": int(np.ceil(bounds.low * loss["people"] - 1e-9)),
                "largest_population": largest_population(loss["people"], bounds_before[0], figure["rate_high"])
                if fits
                else None,
                # A rate laid over a count of another year is an estimate.
                "status": derived_quality(
                    loss["status"], figure["status"], count.status, "derived" if counted else "estimated"
                ),
            }
        )
    columns = ["area", "name", "decision", "lost", "on", "as_of", "population", "population_as_of"]
    columns += ["before_low", "before_high", "after_low", "after_high", "low", "high", "low_people"]
    columns += ["largest_population", "status"]
    return pd.DataFrame(rows, columns=columns).astype({"largest_population": "Int64", "low_people": "Int64"})


def reenrolment_curve(bounds: pd.Series, populations: ArrayLike | None = None) -> pd.DataFrame:
    """Re-enrolment over the population that the document does not give.

    ``bounds`` is a row of `reenrolment`. Without ``populations``, 61 points from just
    above those who lost to the largest population that fits the document.

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
    rows = []
    for people in np.asarray(populations, dtype=float):
        insured = (bounds["after_low"] * people, bounds["after_high"] * people)
        rows.append((int(people), *reenrolment_bounds(bounds["lost"], people, insured, (bounds["before_low"], bounds["before_high"]))))  # fmt: skip
    return pd.DataFrame(rows, columns=["population", "low", "high"])


def observed_change(data: Dataset, area: str, decision: str = "861") -> pd.DataFrame:
    """Cards just before a decision and on the latest day, by group, where both are counted.

    Columns ``group``, ``before``, ``after``, ``change``, ``status``, ``before_as_of``,
    ``after_as_of``; empty where the cards of either side are not known.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> observed_change(load(), "Sơn Dương").empty
    True
    """
    code, data = select_unit(data, area)
    days = data.zones.loc[
        (data.zones["decision"] == decision) & data.zones["area"].isin(communes(data.areas, code)), "since"
    ]
    columns = ["group", "before", "after", "change", "status", "before_as_of", "after_as_of"]
    if days.empty:
        return pd.DataFrame(columns=columns)
    months = coverage(data, code, by=["group", "month"])
    months = months[months["insured"].notna()]
    first, second = months[months["as_of"] < days.min()], months[months["as_of"] >= days.min()]
    if first.empty or second.empty:
        return pd.DataFrame(columns=columns)
    first, second = (t[t["as_of"] == t["as_of"].max()] for t in (first, second))
    days = {"before_as_of": first["as_of"].iloc[0], "after_as_of": second["as_of"].iloc[0]}
    status = lowest_quality(first["status"], second["status"])
    # Both days are counted in full, so a group that is told on one of them had no card on the other.
    table = first[["group", "insured"]].merge(second[["group", "insured"]], on="group", how="outer", suffixes=("_before", "_after"))  # fmt: skip
    table = table.fillna({"insured_before": 0, "insured_after": 0}).assign(status=status, **days)
    table = table.iloc[table["group"].map(groups()["title_order"]).argsort(kind="stable")].reset_index(drop=True)
    table = table.rename(columns={"insured_before": "before", "insured_after": "after"})
    return table.assign(change=table["after"] - table["before"])[columns]
