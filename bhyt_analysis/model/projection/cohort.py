"""Follow those who lose a card: who is insured again, in which group, after how long a gap.

The people of one exit are followed month by month in pools: pupils, near-poor, farm
and other households, those who take up employment, each with ethnic minorities apart,
for whom support after the exit has a window of its own. Price, outreach and time move
them; a support that ends is a second loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.law.groups import groups_flagged
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.finance.budget import payer_shares
from bhyt_analysis.model.projection.assumptions import Values
from bhyt_analysis.model.reclassification.take_up import take_up_rate

Floats = NDArray[np.float64]
Months = Sequence[pd.Timestamp]  # their ends

EMPLOYED = "employer_employee"
# The groups after a loss, those of households with ethnic minorities apart.
POOLS = pd.DataFrame(
    [(g, m) for g in groups_flagged("destination") for m in (False, True) if not (m and g == EMPLOYED)],
    columns=["entitlement", "minority"],
)
PUPILS, EMPLOYEES = ((POOLS["entitlement"] == key).to_numpy() for key in ("student", EMPLOYED))
SELF_PAID = POOLS["entitlement"].isin(groups_flagged("self_paid")).to_numpy()  # cards lapse unless they are renewed
AREA_ENTITLEMENT = "difficult_area"
# Whose 36 months count: Decree 75/2023 art. 3(3) has one span for all who left the list of 2016-2020, and whether it
# went on after its repeal is an open point; Law 51/2024 and Decree 188/2025 count from each commune's own exit.
SUPPORT_WINDOWS = {
    "decree 75": "minority_left_2016_2020_list",
    "decree 75 until repeal": "minority_left_2016_2020_list",
    "decree 188": "minority_left_later",
    "none": "",
}
OUTREACH_LEVELS = ("none", "ordinary", "intensive")
SCHOOL_MONTHS = (9, 10)  # schools collect for the new year
CARD_MONTHS = 12  # a self-paid card is valid for a year


@dataclass(frozen=True, eq=False)
class PoolEntitlements:
    """The group in which each pool may be insured in each month, and what the State pays of it.

    ``keys`` (pools, months) of text, ``shares`` (pools, months); before the exit the key is the area entitlement and
    the share 1. ``gap_months``: the months without a card after which five years in a row are lost.
    """

    keys: NDArray[np.object_]
    shares: Floats
    gap_months: int


@dataclass(frozen=True, eq=False)
class ReenrolmentPaths:
    """The shares of each pool by draw and month: insured; ever uninsured so long that five years in a row are lost."""

    insured: Floats
    continuity_lost: Floats


def pool_shares(values: Values, minority: Floats) -> Floats:
    """Divide those who lost over the pools: (draws, pools), each row adding up to 1.

    ``minority`` is the share of ethnic minorities among those who lost, one for all draws or one a draw. Linear in it.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> shares = pool_shares(central_values(assumptions()), np.array([0.5]))
    >>> shares.round(3).tolist(), float(shares.sum().round(9))
    ([[0.11, 0.11, 0.04, 0.04, 0.06, 0.06, 0.285, 0.285, 0.01]], 1.0)
    """
    shares = {k.removeprefix("destination."): v for k, v in values.items() if k.startswith("destination.")}
    shares = {"household": np.clip(1 - sum(shares.values()), 0, None), **shares}
    total = sum(shares.values())
    columns = []
    for pool in POOLS.itertuples():
        part = 1.0 if pool.entitlement == EMPLOYED else minority if pool.minority else 1 - minority
        columns.append(shares[pool.entitlement] / total * part)
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def pool_entitlements(
    law: Law, months: Months, exit_month: int, support_window: str, area: Area = None, before: str = AREA_ENTITLEMENT
) -> PoolEntitlements:
    """Find the entitlement of each pool in each month: of those that it may have, the best supported one.

    ``exit_month`` is the position of the first month without the entitlement ``before``. Law 25/2008/QH12 as amended,
    art. 12 and Decree 146/2018/NĐ-CP art. 8: a supported person with several entitlements takes the highest support.

    Examples
    --------
    >>> months = list(pd.date_range("2023-10-31", "2026-11-30", freq="ME"))
    >>> of_households = pool_entitlements(bhyt.Law.read(), months, 0, "decree 75").keys[7]
    >>> list(dict.fromkeys(of_households.tolist())), int((of_households != "household").sum())
    (['household', 'minority_left_2016_2020_list'], 36)
    """
    state_shares = payer_shares(law, months, area)

    def shares_of(key: str) -> Floats:
        return state_shares[key].fillna(0).to_numpy().copy() if key in state_shares else np.zeros(len(months))

    support = SUPPORT_WINDOWS[support_window]
    support_shares = shares_of(support)
    spans = law.monthly("support_months", months, area)
    if support in spans:  # a span of its own: months since the exit, not days of the calendar
        support_shares[np.arange(len(months)) - exit_month >= spans[support].fillna(0).to_numpy()] = 0
    keys = np.full((len(POOLS), len(months)), before, dtype=object)
    shares = np.ones((len(POOLS), len(months)))
    for i, pool in enumerate(POOLS.itertuples()):
        own = shares_of(pool.entitlement)
        better = (support_shares > own) & pool.minority
        keys[i, exit_month:] = np.where(better, support, pool.entitlement)[exit_month:]
        shares[i, exit_month:] = np.where(better, support_shares, own)[exit_month:]
    return PoolEntitlements(keys, shares, int(law.at(months[-1], area).number("continuity_gap")))


def joining_rates(values: Values) -> tuple[Floats, Floats]:
    """Return the share that joins at once, and that of the rest that joins each month, by the outreach of each draw.

    Between the three levels of outreach the values lie on straight lines.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> joining_rates(central_values(assumptions({"outreach": (2, 2, 2)})))
    (array([0.4]), array([0.07]))
    """
    outreach = np.clip(values["outreach"], 0, 2)
    rates = []
    for name in ("at_once", "monthly"):
        none, ordinary, intensive = (values[f"{name}.{level}"] for level in OUTREACH_LEVELS)
        below, above = none + outreach * (ordinary - none), ordinary + (outreach - 1) * (intensive - ordinary)
        rates.append(np.where(outreach <= 1, below, above))
    return rates[0], rates[1]


def before_policy(values: Values) -> Values:
    """Return the assumptions with the outreach before the policy."""
    return {**values, "outreach": values["outreach_before"]}


def target_take_up(values: Values, keys: Sequence[str], shares: Floats, observed_shares: pd.Series) -> Floats:
    """Return the take-up that each pool tends to: (draws, pools, months).

    ``keys`` name the pools' own groups, ``shares`` (pools, months) what the State pays, ``observed_shares`` what it
    paid where the take-up was observed, by assumption.
    """
    observed = [values.get(f"take_up.{k}", np.ones_like(values["outreach"])) for k in keys]
    observed_share = np.array([observed_shares.get(f"take_up.{k}", 0.0) for k in keys])
    names = ("price_elasticity", "outreach", "outreach_effect", "highest_take_up")
    rates = take_up_rate(
        np.stack(observed, axis=1)[:, :, None],
        observed_share[None, :, None],
        shares[None],
        *(values[name][:, None, None] for name in names),
    )
    rates[:, [k == EMPLOYED for k in keys]] = 1.0  # an employer must insure
    return rates


def reenrolment_shares(
    values: Values,
    entitlements: PoolEntitlements,
    months: Months,
    exit_month: int,
    observed_shares: pd.Series,
    policy_month: int = 0,
) -> ReenrolmentPaths:
    """Follow each pool month by month from the month in which the card ends.

    Each month: cards lapse or end, those without a card are without it for one month more, then some join. Persistence
    is yearly; what falls in price joins faster, what rises in price leaves as cards run out. Before the month
    ``policy_month`` the outreach is ``outreach_before``, from then on that of the scenario.

    Examples
    --------
    Households under ordinary outreach after the exit of July 2021, by hand: take-up
    logit⁻¹(logit 0.35 + 0.5) = 0.470; 5% of it at once: 0.0235.

    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> table, months = assumptions(), list(pd.date_range("2021-06-30", "2021-12-31", freq="ME"))
    >>> entitlements = pool_entitlements(bhyt.Law.read(), months, 1, "none")
    >>> paths = reenrolment_shares(central_values(table), entitlements, months, 1, table["at_share"])
    >>> paths.insured[0, 6, :2].round(4).tolist()
    [1.0, 0.0235]
    """
    past, keys, shares = before_policy(values), POOLS["entitlement"].tolist(), entitlements.shares
    target = target_take_up(values, keys, shares, observed_shares)
    if exit_month < policy_month:
        target[:, :, :policy_month] = target_take_up(past, keys, shares[:, :policy_month], observed_shares)
    support_ends = _support_ends(entitlements)
    lapse = np.where(SELF_PAID, 1 - values["persistence"][:, None] ** (1 / 12), 0.0)
    zeros = np.zeros(target.shape[:2])
    insured, continuity_lost = np.ones(target.shape), np.zeros(target.shape)
    # Insured with and without five years in a row; without a card for 1, 2, ... months; for longer than the gap.
    continuous, returned, gaps, longer = zeros + 1, zeros, [zeros] * entitlements.gap_months, zeros
    for t in range(exit_month, target.shape[2]):
        card_ends = np.ones(len(POOLS), bool) if t == exit_month else support_ends[:, t]
        covered = continuous + returned
        too_dear = np.clip(covered - target[:, :, t], 0, None) / np.maximum(covered, 1e-12) / CARD_MONTHS
        leave = np.where(card_ends, 1.0, np.clip(lapse + too_dear, 0, 1))
        longer = longer + gaps[-1] + returned * leave
        gaps = [continuous * leave, *gaps[:-1]]
        continuous, returned = continuous * (1 - leave), returned * (1 - leave)

        before = values if t >= policy_month else past
        rates = _monthly_joining(before, target, t, exit_month, card_ends, months[t].month)
        uninsured = sum(gaps) + longer
        joining = np.clip(rates * np.clip(target[:, :, t] - continuous - returned, 0, None), 0, uninsured)
        part = joining / np.maximum(uninsured, 1e-12)
        continuous, returned = continuous + sum(gaps) * part, returned + longer * part
        gaps, longer = [people * (1 - part) for people in gaps], longer * (1 - part)
        insured[:, :, t], continuity_lost[:, :, t] = continuous + returned, returned + longer
    return ReenrolmentPaths(insured, continuity_lost)


def _monthly_joining(
    values: Values, target: Floats, t: int, exit_month: int, card_ends: NDArray[np.bool_], calendar_month: int
) -> Floats:
    """Return the share of those still to join who do so in a month: (draws, pools)."""
    at_once, monthly = (rate[:, None] for rate in joining_rates(values))
    first = t == exit_month
    rises = (target[:, :, t] > target[:, :, t - 1]) & (not first)  # cheaper, or more outreach
    rates = np.where(card_ends, at_once, np.where(rises, np.maximum(at_once, monthly), monthly))
    at_school = PUPILS & (calendar_month in SCHOOL_MONTHS or (not first and card_ends))
    rates = np.where(at_school, np.maximum(values["school_step"][:, None], rates), rates)
    return np.where(EMPLOYEES, 1.0, rates)


def _support_ends(entitlements: PoolEntitlements) -> NDArray[np.bool_]:
    """Tell in which months a support of the month before has ended, by pool: the cards end with it."""
    keys = entitlements.keys
    supported = np.isin(keys.astype(str), [k for k in SUPPORT_WINDOWS.values() if k])
    ends = np.zeros(keys.shape, dtype=bool)
    ends[:, 1:] = supported[:, :-1] & (keys[:, 1:] != keys[:, :-1])
    return ends


def static_paths(entitlements: PoolEntitlements, months: Months, exit_month: int, draws: int = 1) -> ReenrolmentPaths:
    """Follow the same pools without behaviour: only an employer's duty insures people again."""
    shape = (draws, len(POOLS), len(months))
    since = np.arange(len(months)) - exit_month
    insured = np.broadcast_to((since < 0) | EMPLOYEES[:, None], shape).astype(float)
    lost = np.broadcast_to((since >= entitlements.gap_months) & ~EMPLOYEES[:, None], shape).astype(float)
    return ReenrolmentPaths(insured, lost)


def price_response(
    values: Values, keys: Sequence[str], shares: Floats, months: Months, start: int, observed_shares: pd.Series
) -> Floats:
    """Follow the cards of groups outside the decision as their price changes: (draws, groups, months), 1 at the start.

    Groups without a take-up of their own stay as they are.
    """
    responsive = np.array([f"take_up.{k}" in values for k in keys])
    levels = np.ones((len(values["outreach"]), len(keys), len(months)))
    if not responsive.any():
        return levels
    names = [k for k, r in zip(keys, responsive, strict=True) if r]
    target = target_take_up(before_policy(values), names, np.nan_to_num(shares[responsive]), observed_shares)
    before = target[:, :, start][:, :, None]
    ratio = np.divide(target, before, out=np.ones_like(target), where=before > 0)
    at_once, monthly = (rate[:, None] for rate in joining_rates(values))
    pupils = np.array(names) == "student"
    level = np.ones(ratio.shape[:2])
    for t in range(start + 1, len(months)):
        gap = ratio[:, :, t] - level
        rate = np.where(ratio[:, :, t] != ratio[:, :, t - 1], np.maximum(at_once, monthly), monthly)
        rate = np.where(pupils & (months[t].month in SCHOOL_MONTHS), values["school_step"][:, None], rate)
        level = level + np.where(gap > 0, rate * gap, gap / CARD_MONTHS)
        levels[:, responsive, t] = level
    return levels


def outreach_gains(values: Values, months: int, start: int, observed_shares: pd.Series) -> Floats:
    """Return the share of people uninsured at the start who join because of more outreach: (draws, months)."""
    full_price = np.zeros((1, 1))
    now, before = (
        target_take_up(v, ["household"], full_price, observed_shares)[:, 0, 0] for v in (values, before_policy(values))
    )
    target = np.divide(np.clip(now - before, 0, None), 1 - before, out=np.zeros_like(now), where=before < 1)
    at_once, monthly = joining_rates(values)
    gains, level = np.zeros((len(target), months)), np.zeros(len(target))
    for t in range(start + 1, months):
        rate = np.maximum(at_once, monthly) if t == start + 1 else monthly
        level = level + rate * (target - level)
        gains[:, t] = level
    return gains
