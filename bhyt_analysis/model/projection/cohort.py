"""What becomes of those who lose a card: who is insured again, under which title, after how long a gap?

The people of one exit are followed month by month in pools: pupils, near-poor, farm
and other households, those who take up employment, each with ethnic minorities apart,
whose support after the exit runs by a support_window of its own. Price, outreach and time move
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

# Where people go who lose their title: the title that they hold then, and whether they are of a minority.
# Those who take up employment are not divided.
POOLS = pd.DataFrame(
    [
        (group, minority)
        for group in groups_flagged("destination")
        for minority in ((False,) if group in groups_flagged("earnings_based") else (False, True))
    ],
    columns=["title", "minority"],
)
AREA_ENTITLEMENT = "difficult_area"
# Whose 36 months count: Decree 75/2023 art. 3(3) has one span for all who left the list of 2016-2020;
# Law 51/2024 and Decree 188/2025 count from each commune's own exit.
SUPPORT_WINDOWS = {"decree 75": "minority_left_2016_2020_list", "decree 188": "minority_left_later", "none": ""}
SCHOOL_MONTHS = (9, 10)  # schools collect for the new year
CARD_MONTHS = 12  # a card that was paid for runs on for a year


@dataclass(frozen=True, eq=False)
class PoolEntitlements:
    """Under which title each pool may be insured in each month, and what the State pays of it.

    ``keys`` (pools, months) of text, ``shares`` (pools, months); before the exit the
    key is that of the area title and the share 1. ``gap``: the months without a card
    after which five years in a row are lost.
    """

    keys: NDArray[np.object_]
    shares: Floats
    gap: int


@dataclass(frozen=True, eq=False)
class ReenrolmentPaths:
    """The shares of each pool by draw and month: insured, and ever without a card for so long that five years in a row are lost."""

    insured: Floats
    broken: Floats


def pool_shares(values: Values, minority: Floats) -> Floats:
    """How those who lost are divided over the pools: (draws, pools), each row adding up to 1.

    ``minority`` is the share of ethnic minorities among those who lost, one for all
    draws or one a draw. Linear in it.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> shares = pool_shares(central_values(assumptions()), np.array([0.5]))
    >>> shares.round(3).tolist(), float(shares.sum().round(9))
    ([[0.11, 0.11, 0.04, 0.04, 0.06, 0.06, 0.285, 0.285, 0.01]], 1.0)
    """
    told = {k.removeprefix("destination."): v for k, v in values.items() if k.startswith("destination.")}
    told = {"household": np.clip(1 - sum(told.values()), 0, None), **told}
    total = sum(told.values())
    columns = []
    for row in POOLS.itertuples():
        twin = row.title != "employer_employee"
        part = (minority if row.minority else 1 - minority) if twin else 1.0
        columns.append(told[row.title] / total * part)
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def pool_entitlements(
    law: Law,
    months: Sequence[pd.Timestamp],
    leaves: int,
    support_window: str,
    area: Area = None,
    before: str = AREA_ENTITLEMENT,
) -> PoolEntitlements:
    """The title of each pool in each month: of those that it may hold, the one that the State supports most.

    ``leaves`` is the position of the first month without the title ``before``. Law
    25/2008/QH12 as amended, art. 12 and Decree 146/2018/NĐ-CP art. 8: a supported
    person with several titles takes the highest support.

    Examples
    --------
    >>> months = list(pd.date_range("2023-10-31", "2026-11-30", freq="ME"))
    >>> of_households = pool_entitlements(Law.read(), months, 0, "decree 75").keys[7]
    >>> list(dict.fromkeys(of_households.tolist())), int((of_households != "household").sum())
    (['household', 'minority_left_2016_2020_list'], 36)
    """
    shares = payer_shares(law, months, area)
    support = SUPPORT_WINDOWS[support_window]
    helped = shares[support].fillna(0).to_numpy().copy() if support in shares else np.zeros(len(months))
    spans = law.monthly("support_months", months, area)
    if support in spans:  # a span of its own: months since the exit, not days of the calendar
        helped[np.arange(len(months)) - leaves >= spans[support].fillna(0).to_numpy()] = 0
    keys = np.full((len(POOLS), len(months)), before, dtype=object)
    paid = np.ones((len(POOLS), len(months)))
    for i, row in enumerate(POOLS.itertuples()):
        own = shares[row.title].fillna(0).to_numpy() if row.title in shares else np.zeros(len(months))
        better = (helped > own) & row.minority
        keys[i, leaves:] = np.where(better, support, row.title)[leaves:]
        paid[i, leaves:] = np.where(better, helped, own)[leaves:]
    return PoolEntitlements(keys, paid, int(law.at(months[-1], area).number("continuity_gap")))


def joining_rates(values: Values) -> tuple[Floats, Floats]:
    """The share that joins at once, and the share of the rest that joins each month, at the outreach of each draw.

    Between the three degrees of outreach the values lie on straight lines.

    Examples
    --------
    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> joining_rates(central_values(assumptions({"outreach": (2, 2, 2)})))
    (array([0.4]), array([0.07]))
    """
    outreach = np.clip(values["outreach"], 0, 2)
    degrees = ("none", "ordinary", "intensive")
    found = []
    for name in ("at_once", "monthly"):
        none, ordinary, door = (values[f"{name}.{d}"] for d in degrees)
        found.append(np.where(outreach <= 1, none + outreach * (ordinary - none), ordinary + (outreach - 1) * (door - ordinary)))  # fmt: skip
    return found[0], found[1]


def target_take_up(values: Values, keys: Sequence[str], shares: Floats, seen: pd.Series) -> Floats:
    """The take-up that each pool tends to: (draws, pools, months).

    ``keys`` name the pools' own titles, ``shares`` (pools, months) what the State pays,
    ``seen`` the share at which the take-up of a title was seen.
    """
    r0 = np.stack([values.get(f"take_up.{k}", np.ones_like(values["outreach"])) for k in keys], axis=1)[:, :, None]
    s0 = np.array([seen.get(f"take_up.{k}", 0.0) for k in keys])[None, :, None]
    of = {k: values[k][:, None, None] for k in ("price_elasticity", "outreach", "outreach_effect", "highest_take_up")}
    rate = take_up_rate(
        r0, s0, shares[None], of["price_elasticity"], of["outreach"], of["outreach_effect"], of["highest_take_up"]
    )
    rate[:, [k == "employer_employee" for k in keys]] = 1.0  # an employer must insure
    return rate


def reenrolment_shares(
    values: Values, of: PoolEntitlements, months: Sequence[pd.Timestamp], leaves: int, seen: pd.Series, acts: int = 0
) -> ReenrolmentPaths:
    """The way back of each pool, month by month, from the month in which the card ends.

    Each month: cards lapse or end, those without a card are without it for one month
    more, then some join. Persistence is yearly; what falls in price joins faster, what
    rises in price leaves as cards run out. Up to the month ``acts`` the outreach is the one
    before (``outreach_before``), from then on that of the scenario.

    Examples
    --------
    Households under ordinary outreach after the exit of July 2021, by hand: take-up
    logit⁻¹(logit 0.35 + 0.5) = 0.470; 5% of it at once: 0.0235.

    >>> from bhyt_analysis.model.projection.assumptions import assumptions, central_values
    >>> table, months = assumptions(), list(pd.date_range("2021-06-30", "2021-12-31", freq="ME"))
    >>> way = reenrolment_shares(
    ...     central_values(table), pool_entitlements(Law.read(), months, 1, "none"), months, 1, table["at_share"]
    ... )
    >>> way.insured[0, 6, :2].round(4).tolist()
    [1.0, 0.0235]
    """
    own = POOLS["title"].tolist()
    past = {**values, "outreach": values["outreach_before"]}
    goal = target_take_up(values, own, of.shares, seen)
    if leaves < acts:
        goal[:, :, :acts] = target_take_up(past, own, of.shares[:, :acts], seen)
    school, shape = values["school_step"][:, None], goal.shape[:2]
    pupils, employed = ((POOLS["title"] == k).to_numpy() for k in ("student", "employer_employee"))
    support_ends = _support_ends(of)
    lapse = np.where(
        POOLS["title"].isin(groups_flagged("self_paid")), 1 - values["persistence"][:, None] ** (1 / 12), 0.0
    )
    insured, broken = np.ones(goal.shape), np.zeros(goal.shape)
    # Insured without and after a break; without a card for 1, 2, ... months; without it for longer.
    whole, again, out, longer = (
        np.ones(shape),
        np.zeros(shape),
        [np.zeros(shape) for _ in range(of.gap)],
        np.zeros(shape),
    )
    for t in range(leaves, goal.shape[2]):
        first = t == leaves
        at_once, monthly = (v[:, None] for v in joining_rates(past if leaves < acts and t < acts else values))
        ended = np.ones(len(POOLS), bool) if first else support_ends[:, t]
        dearer = np.clip(whole + again - goal[:, :, t], 0, None) / np.maximum(whole + again, 1e-12) / CARD_MONTHS
        leave = np.where(ended, 1.0, np.clip(lapse + dearer, 0, 1))
        longer = longer + out[-1] + again * leave
        out = [whole * leave, *out[:-1]]
        whole, again = whole * (1 - leave), again * (1 - leave)
        cheaper = (goal[:, :, t] > goal[:, :, t - 1]) & (not first)  # or asked more urgently
        rate = np.where(ended, at_once, np.where(cheaper, np.maximum(at_once, monthly), monthly))
        at_school = pupils & (months[t].month in SCHOOL_MONTHS or (not first and ended))
        rate = np.where(at_school, np.maximum(school, rate), rate)
        rate = np.where(employed, 1.0, rate)
        without = sum(out) + longer
        joins = np.clip(rate * np.clip(goal[:, :, t] - whole - again, 0, None), 0, without)
        part = joins / np.maximum(without, 1e-12)
        whole, again = whole + sum(out) * part, again + longer * part
        out, longer = [o * (1 - part) for o in out], longer * (1 - part)
        insured[:, :, t], broken[:, :, t] = whole + again, again + longer
    return ReenrolmentPaths(insured, broken)


def _support_ends(of: PoolEntitlements) -> NDArray[np.bool_]:
    """Pools and months in which a supported title of the month before has gone: their cards end with it."""
    special = np.isin(of.keys.astype(str), [k for k in SUPPORT_WINDOWS.values() if k])
    gone = np.zeros(of.keys.shape, dtype=bool)
    gone[:, 1:] = special[:, :-1] & (of.keys[:, 1:] != of.keys[:, :-1])
    return gone


def static_paths(of: PoolEntitlements, months: Sequence[pd.Timestamp], leaves: int) -> ReenrolmentPaths:
    """The same pools if nobody acts: only an employer's duty insures anybody again."""
    shape = (1, len(POOLS), len(months))
    since = np.arange(len(months)) - leaves
    employed = (POOLS["title"] == "employer_employee").to_numpy()[None, :, None]
    insured = np.broadcast_to((since < 0)[None, None, :] | employed, shape).astype(float)
    broken = np.broadcast_to((since >= of.gap)[None, None, :] & ~employed, shape).astype(float)
    return ReenrolmentPaths(insured, broken)


def price_response(values: Values, keys: Sequence[str], shares: Floats, months: Sequence[pd.Timestamp], start: int, seen: pd.Series) -> Floats:  # fmt: skip
    """How the cards of groups that no decision touched move with their price: (draws, groups, months), 1 at the start.

    Groups without a take-up of their own stay as they are.
    """
    moves = np.array([f"take_up.{k}" in values for k in keys])
    out = np.ones((len(values["outreach"]), len(keys), len(months)))
    if not moves.any():
        return out
    at_rest = {**values, "outreach": values["outreach_before"]}
    some = [k for k, m in zip(keys, moves, strict=True) if m]
    goal = target_take_up(at_rest, some, np.nan_to_num(shares[moves]), seen)
    before = goal[:, :, start][:, :, None]
    ratio = np.divide(goal, before, out=np.ones_like(goal), where=before > 0)
    at_once, monthly = (v[:, None] for v in joining_rates(values))
    pupils = np.array(some) == "student"
    level = np.ones(ratio.shape[:2])
    for t in range(start + 1, len(months)):
        gap = ratio[:, :, t] - level
        changed = ratio[:, :, t] != ratio[:, :, t - 1]
        rate = np.where(changed, np.maximum(at_once, monthly), monthly)
        rate = np.where(pupils & (months[t].month in SCHOOL_MONTHS), values["school_step"][:, None], rate)
        level = level + np.where(gap > 0, rate * gap, gap / CARD_MONTHS)
        out[:, moves, t] = level
    return out


def outreach_gains(values: Values, months: Sequence[pd.Timestamp], start: int, seen: pd.Series) -> Floats:
    """The share of people without any card at the start who join because the outreach is higher: (draws, months)."""
    free = np.zeros((1, 1))
    now = target_take_up(values, ["household"], free, seen)[:, 0, 0]
    before = target_take_up({**values, "outreach": values["outreach_before"]}, ["household"], free, seen)[:, 0, 0]
    goal = np.divide(np.clip(now - before, 0, None), 1 - before, out=np.zeros_like(now), where=before < 1)
    at_once, monthly = joining_rates(values)
    out, level = np.zeros((len(goal), len(months))), np.zeros(len(goal))
    for t in range(start + 1, len(months)):
        rate = np.maximum(at_once, monthly) if t == start + 1 else monthly
        level = level + rate * (goal - level)
        out[:, t] = level
    return out
