"""Follow those who lose a card: who is insured again, in which group, after how long a gap.

The people of one exit are followed month by month in pools: pupils, near-poor, farm
and other households, those who take up employment, each with ethnic minorities apart,
for whom support after the exit has a window of its own, and the near-poor of whom, in a
minority area, have a state-paid card since July 2025. Price, outreach and time move them;
a support that ends is a second loss.
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
from bhyt_analysis.model.reclassification.take_up import add_log_odds, take_up_rate

Floats = NDArray[np.float64]
Months = Sequence[pd.Timestamp]  # their ends

EMPLOYED = "employer_employee"
NEAR_POOR = "near_poor"
# Law 25/2008/QH12 as amended by Law 51/2024/QH15, art. 12(3): with poor households, since 1 July 2025.
NEAR_POOR_MINORITY, STATE_PAID = "near_poor_minority_in_minority_area", "state_paid_other"
# The groups after a loss, those of households with ethnic minorities apart, their near-poor in minority areas last.
_DESTINATIONS = [
    (g, m, False) for g in groups_flagged("destination") for m in (False, True) if (g, m) != (EMPLOYED, True)
]
POOLS = pd.DataFrame([*_DESTINATIONS, (NEAR_POOR, True, True)], columns=["entitlement", "minority", "minority_area"])
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
# The other reading of the law on that open point; without a decision its support is that of people counted with it.
READINGS = dict.fromkeys(("decree 75", ""), "decree 75 until repeal") | {"decree 75 until repeal": "decree 75"}
OUTREACH_LEVELS = ("none", "ordinary", "intensive")
SCHOOL_MONTHS = (9, 10)  # schools collect for the new year
CARD_MONTHS = 12  # a self-paid card is valid for a year


@dataclass(frozen=True, eq=False)
class PoolEntitlements:
    """The group in which each pool may be insured in each month, and what the State pays of it.

    ``keys`` (pools, months) of text, ``shares`` (pools, months), ``own_shares`` those without a support after the exit;
    ``has_card`` (pools, months): all of the pool are insured, whatever they do: before the exit, where the key is the
    entitlement that ends and the share 1, and where the State pays for the group after it. ``gap_months``: the months
    without a card after which five years in a row are lost.
    """

    keys: NDArray[np.object_]
    shares: Floats
    own_shares: Floats
    has_card: NDArray[np.bool_]
    gap_months: int


def pool_shares(values: Values, minority: Floats, minority_area: float = np.nan) -> Floats:
    """Divide those who lost over the pools: (draws, pools), each row adding up to 1.

    ``minority`` is the share of ethnic minorities among those who lost, one for all draws or one a draw. Linear in it.
    ``minority_area`` is the share of them in communes that are of the minority area after the exit; missing where it is
    assumed.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> shares = pool_shares(central_values(assumptions()), np.array([0.5]), 1.0)
    >>> shares.round(3).tolist(), float(shares.sum().round(9))
    ([[0.11, 0.11, 0.04, 0.0, 0.06, 0.06, 0.285, 0.285, 0.01, 0.04]], 1.0)
    """
    inside = values["minority_area"] if np.isnan(minority_area) else np.array([minority_area])
    shares = {k.removeprefix("destination."): v for k, v in values.items() if k.startswith("destination.")}
    shares = {"household": np.clip(1 - sum(shares.values()), 0, None), **shares}
    total = sum(shares.values())
    columns = []
    for pool in POOLS.itertuples():
        part = 1.0 if pool.entitlement == EMPLOYED else minority if pool.minority else 1 - minority
        if pool.minority and pool.entitlement == NEAR_POOR:
            part = part * (inside if pool.minority_area else 1 - inside)
        columns.append(shares[pool.entitlement] / total * part)
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def pool_entitlements(
    law: Law,
    months: Months,
    exit_month: int,
    support_window: str,
    area: Area = None,
    before: str = AREA_ENTITLEMENT,
    without_since: int | None = None,
) -> PoolEntitlements:
    """Find the entitlement of each pool in each month: of those that it may have, the best supported one.

    ``exit_month`` is the position of the first month without the entitlement ``before``. Law 25/2008/QH12 as amended,
    art. 12 and Decree 146/2018/NĐ-CP art. 8: a supported person with several entitlements takes the highest support.
    Where ``before`` is itself a support, ``without_since`` is the month from which on people are compared with those
    who have none.

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
    state_paid_shares = shares_of(NEAR_POOR_MINORITY)
    keys = np.full((len(POOLS), len(months)), before, dtype=object)
    shares, own_shares = np.ones((2, len(POOLS), len(months)))
    has_card = np.tile(np.arange(len(months)) < exit_month, (len(POOLS), 1))
    without_since = exit_month if without_since is None else without_since
    for i, pool in enumerate(POOLS.itertuples()):
        own = shares_of(pool.entitlement)
        better = (support_shares > own) & pool.minority
        state_paid = (state_paid_shares >= 1) & pool.minority_area  # first in the order of the law
        key = np.where(state_paid, STATE_PAID, np.where(better, support, pool.entitlement))
        share = np.where(state_paid, 1.0, np.where(better, support_shares, own))
        keys[i, exit_month:], shares[i, exit_month:] = key[exit_month:], share[exit_month:]
        has_card[i] |= state_paid
        own_shares[i, without_since:] = own[without_since:]
    return PoolEntitlements(keys, shares, own_shares, has_card, int(law.at(months[-1], area).number("continuity_gap")))


def joining_rates(values: Values) -> tuple[Floats, Floats]:
    """Return the share that joins at once, and that of the rest that joins each month, by the outreach of each draw.

    Between the three levels of outreach the values lie on straight lines; no level has less than the one below it. The
    effect of the place adds to the log-odds.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> joining_rates(central_values(assumptions({"outreach": (2, 2, 2)}, fit="")))
    (array([0.36]), array([0.07]))
    """
    outreach = np.clip(values["outreach"], 0, 2)
    rates = []
    for name in ("at_once", "monthly"):
        by_level = np.stack([values[f"{name}.{level}"] for level in OUTREACH_LEVELS])
        none, ordinary, intensive = np.maximum.accumulate(by_level)
        below, above = none + outreach * (ordinary - none), ordinary + (outreach - 1) * (intensive - ordinary)
        rates.append(add_log_odds(np.where(outreach <= 1, below, above), values["place_effect"]))
    return rates[0], rates[1]


def before_policy(values: Values) -> Values:
    """Return the assumptions with the outreach before the policy."""
    return {**values, "outreach": values["outreach_before"]}


def target_take_up(
    values: Values, keys: Sequence[str], shares: Floats, observed_shares: pd.Series, policy_month: int = 0
) -> Floats:
    """Return the take-up that each pool tends to: (draws, pools, months).

    ``keys`` name the pools' own groups, ``shares`` (pools, months) what the State pays, ``observed_shares`` what it
    paid where the take-up was observed, by assumption. Before the month ``policy_month`` the outreach is
    ``outreach_before``, from then on that of the scenario.
    """
    observed = [values.get(f"take_up.{k}", np.ones_like(values["outreach"])) for k in keys]
    observed_share = np.array([observed_shares.get(f"take_up.{k}", 0.0) for k in keys])
    is_policy = np.arange(shares.shape[1]) >= policy_month
    outreach = np.where(is_policy, values["outreach"][:, None], values["outreach_before"][:, None])
    rates = take_up_rate(
        np.stack(observed, axis=1)[:, :, None],
        observed_share[None, :, None],
        shares[None],
        values["price_elasticity"][:, None, None],
        outreach[:, None, :],
        *(values[name][:, None, None] for name in ("outreach_effect", "highest_take_up", "place_effect")),
    )
    rates[:, [k == EMPLOYED for k in keys]] = 1.0  # an employer must insure
    return rates


def take_up_levels(
    values: Values,
    target: Floats,
    months: Months,
    start: int,
    level: Floats,
    pupils: NDArray[np.bool_],
    lapse: Floats | float = 0.0,
    policy_month: int = 0,
) -> Floats:
    """Follow the insured share of groups month by month towards their take-up: (draws, groups, months).

    ``level`` (draws, groups) is that of the month ``start``, which earlier months have too. Each month some cards
    lapse; those for whom the price has become too high leave as their cards of a year run out, a twelfth a month; of
    those still to join some do so, more of them when the take-up rises. Source: `assumptions.csv`.
    """
    levels = np.repeat(level[:, :, None], target.shape[2], axis=2)
    leaving = np.zeros((CARD_MONTHS, *level.shape))  # who leaves by month, in a ring: the present one is t
    rates = [tuple(r[:, None] for r in joining_rates(v)) for v in (before_policy(values), values)]
    some_lapse, kept = np.any(lapse), 1 - lapse
    for t in range(start + 1, target.shape[2]):
        now = target[:, :, t]
        if some_lapse:
            level, leaving = level * kept, leaving * kept
        planned = leaving.sum(axis=0)
        excess = level - planned - now
        if planned.any():  # the price has fallen again before their cards have run out
            stay = np.divide(np.clip(-excess, 0, planned), planned, out=np.zeros_like(planned), where=planned > 0)
            leaving *= 1 - stay
        leaving += np.maximum(excess, 0) / CARD_MONTHS
        level = level - leaving[t % CARD_MONTHS]
        leaving[t % CARD_MONTHS] = 0.0
        at_once, monthly = rates[t >= policy_month]
        rises = now > target[:, :, t - 1]  # cheaper, or more outreach
        rate = np.where(rises, np.maximum(at_once, monthly), monthly)
        if months[t].month in SCHOOL_MONTHS:
            rate = np.where(pupils, np.maximum(values["school_step"][:, None], rate), rate)
        level = level + rate * np.maximum(now - level, 0)
        levels[:, :, t] = level
    return levels


def reenrolment_levels(
    values: Values,
    entitlements: PoolEntitlements,
    months: Months,
    exit_month: int,
    observed_shares: pd.Series,
    policy_month: int = 0,
) -> Floats:
    """Follow the insured share of each pool from the month in which the card ends: (draws, pools, months).

    ``exit_month`` is the first without the card, or that from which on people with a support are compared with those
    who have none. When a support ends, so do the cards that it paid: a share of them is renewed at the price of the own
    group and lapses over the years, and no fewer are insured than would be if there had been no support. Where a
    support only falls, no fewer stay than if it had ended. Before the month ``policy_month`` the outreach is
    ``outreach_before``, from then on that of the scenario.

    Examples
    --------
    Households under ordinary outreach after the exit of July 2021, by hand: 5% of those who lost at once.

    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> table, months = assumptions(fit=""), list(pd.date_range("2021-06-30", "2021-12-31", freq="ME"))
    >>> entitlements = pool_entitlements(bhyt.Law.read(), months, 1, "none")
    >>> levels = reenrolment_levels(central_values(table), entitlements, months, 1, table["at_share"])
    >>> levels[0, 6, :2].round(4).tolist()
    [1.0, 0.05]
    """
    keys, lapse = POOLS["entitlement"].tolist(), monthly_lapse(values)

    def follow(shares: Floats) -> Floats:
        target = target_take_up(values, keys, shares, observed_shares, policy_month)
        past = values if exit_month >= policy_month else before_policy(values)
        level = np.minimum(joining_rates(past)[0][:, None], target[:, :, exit_month])
        if months[exit_month].month in SCHOOL_MONTHS:
            step = np.maximum(level, values["school_step"][:, None] * target[:, :, exit_month])
            level = np.where(PUPILS, step, level)
        level = np.where(EMPLOYEES, 1.0, level)
        return take_up_levels(values, target, months, exit_month, level, PUPILS, lapse, policy_month)

    levels = np.where(entitlements.has_card, 1.0, follow(entitlements.shares))
    falls, is_over = _support_falls(entitlements, exit_month)
    if is_over.any():
        levels = np.where(is_over, follow(entitlements.own_shares), levels)
    for pool in np.flatnonzero(falls.any(axis=1)):
        path = levels[:, pool]
        for fall in np.flatnonzero(falls[pool]):
            kept = (1 - lapse[:, pool, None]) ** np.arange(len(months) - fall)
            renewed = values["renewal_after_support"] * path[:, fall - 1]
            path[:, fall:] = np.maximum(path[:, fall:], renewed[:, None] * kept)
    return levels


def monthly_lapse(values: Values) -> Floats:
    """Return the share of each pool's cards that lapse in a month: (draws, pools)."""
    return np.where(SELF_PAID, 1 - values["persistence"][:, None] ** (1 / CARD_MONTHS), 0.0)


def _support_falls(entitlements: PoolEntitlements, exit_month: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return in which months the State begins to pay less of a support, and in which it has ended: (pools, months)."""
    keys, shares = entitlements.keys.astype(str), entitlements.shares
    supported = np.isin(keys, [STATE_PAID, *(k for k in SUPPORT_WINDOWS.values() if k)])
    falls = np.zeros(supported.shape, dtype=bool)
    falls[:, 1:] = supported[:, :-1] & (shares[:, 1:] < shares[:, :-1])
    falls[:, :exit_month] = False
    return falls, np.logical_or.accumulate(falls & ~supported, axis=1) & ~supported


def continuity_lost(levels: Floats, lapse: Floats, exit_month: int, gap_months: int) -> Floats:
    """Return the share of each pool that was ever so long without a card that five years in a row are lost.

    ``levels`` are those of `reenrolment_levels`, ``lapse`` the share of the insured that leaves in a month.
    """
    zeros, lost = np.zeros(levels.shape[:2]), np.zeros(levels.shape)
    # Insured with and without five years in a row; without a card for 1, 2, ... months; for longer than the gap.
    continuous, returned, gaps, longer = zeros + 1, zeros, [zeros] * gap_months, zeros
    for t in range(exit_month, levels.shape[2]):
        before = continuous + returned
        fall = 1 - np.divide(levels[:, :, t], before, out=np.ones_like(before), where=before > 0)
        leave = np.ones_like(zeros) if t == exit_month else np.clip(np.maximum(lapse, fall), 0, 1)
        longer = longer + gaps[-1] + returned * leave
        gaps = [continuous * leave, *gaps[:-1]]
        continuous, returned = continuous * (1 - leave), returned * (1 - leave)
        uninsured = sum(gaps) + longer
        joining = np.clip(levels[:, :, t] - continuous - returned, 0, uninsured)
        part = np.divide(joining, uninsured, out=np.zeros_like(joining), where=uninsured > 0)
        continuous, returned = continuous + sum(gaps) * part, returned + longer * part
        gaps, longer = [people * (1 - part) for people in gaps], longer * (1 - part)
        lost[:, :, t] = returned + longer
    return lost


def static_levels(entitlements: PoolEntitlements, draws: int = 1) -> Floats:
    """Follow the same pools without behaviour: only an employer's duty and the State insure people again."""
    levels = (entitlements.has_card | EMPLOYEES[:, None]).astype(float)
    return np.broadcast_to(levels, (draws, *levels.shape))


def group_levels(
    values: Values, keys: Sequence[str], shares: Floats, months: Months, start: int, observed_shares: pd.Series
) -> Floats:
    """Follow the take-up of groups that lost no card, as their price and the outreach change: (draws, groups, months).

    ``keys`` are groups with a take-up of their own, ``start`` the month of the count, where they have the take-up that
    the price and the outreach before the policy give.
    """
    target = target_take_up(values, keys, np.nan_to_num(shares), observed_shares, start + 1)
    pupils = np.array(keys) == "student"
    return take_up_levels(values, target, months, start, target[:, :, start], pupils, policy_month=start + 1)
