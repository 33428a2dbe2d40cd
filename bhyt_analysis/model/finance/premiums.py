"""What does a card cost in a year, and which part does the insured person pay?"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Area, InForce, Law
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.model.distribution.rounding import round_half_up

MONTHS = 12
PARAMETERS = ("base_salary", "contribution_rate", "employer_rate", "employee_rate", "household_factor", "subsidy_share")
AMOUNTS = ["premium", "subsidy_share", "subsidy", "own_payment"]


def premiums(people: pd.DataFrame, law: InForce) -> pd.DataFrame:
    """The yearly premium of each person or cell, and who pays which part.

    Decree 146/2018/NĐ-CP art. 7 and Decree 188/2025/NĐ-CP art. 6: the contribution
    rate times the base salary a month; members of a household pay 1, 0.7, 0.6, 0.5 and
    0.4 of the first. Employees and those paid by the social security fund contribute
    on their salary or allowance, which the base salary does not tell.

    Parameters
    ----------
    people : one row a person or cell, with ``group`` (a key of `groups`, as text, or as a
        Categorical, which is ten times faster for a million people); optional ``member``
        (1 is the household's first, for group "household"; 1 if left out) and ``income``
        (VND a month, for employees and the social security fund).
    law : what `Law.at` gives; the twelve months are those of that day's law.

    Returns
    -------
    A new DataFrame: the input's columns, then ``factor``, ``premium``,
    ``subsidy_share``, ``subsidy``, ``own_payment`` (VND a year for one person, rounded
    half up to the đồng; premium = subsidy + own_payment). Where the law can't tell an
    amount (no income given, a group of mixed shares), it is missing and not zero.

    Raises
    ------
    BhytError
        for a missing column, groups that are not known (all are named; ? is a missing one),
        or a member that is not a number of 1 or more.

    Examples
    --------
    >>> import pandas as pd
    >>> from bhyt_analysis.law import Law
    >>> people = pd.DataFrame({"group": ["household", "household", "near_poor"], "member": [1, 2, 1]})
    >>> premiums(people, Law.read().at("2021-07-01"))[["premium", "own_payment"]].to_numpy().tolist()
    [[804600.0, 804600.0], [563220.0, 563220.0], [804600.0, 241380.0]]
    """
    if "group" not in people:
        raise BhytError(("error.people_column", {"column": "group"}))
    known, today = groups(), _in_force(law)
    group, rows = _coded(people["group"], known.index)
    # Amounts on the base salary are worked out once for each group and number in the household ...
    steps, rate = _household_steps(today), today["contribution_rate"][""] * MONTHS
    factor = np.where(group.categories.to_numpy()[:, None] == "household", steps, 1.0).ravel()
    share = _shares(known, today)[rows].repeat(len(steps))
    each = _amounts(today["base_salary"][""] * rate * factor, share)
    # ... and people take theirs by position: no arithmetic on a million rows.
    number = _numbers(people, last=len(steps) - 1)
    cell = (group.codes * np.int16(len(steps)) + number).astype(np.intp)
    factors, amounts = factor.take(cell), each.take(cell, axis=1)
    on_income = known["earnings_based"].notna().to_numpy()[rows]
    if on_income.any():
        earners = on_income[group.codes]
        income = people["income"].to_numpy(float)[earners] if "income" in people else np.full(earners.sum(), np.nan)
        amounts[:, earners] = _amounts(income * rate, amounts[AMOUNTS.index("subsidy_share"), earners])
    # The arrays are new and ours alone, so that neither the frames nor the join copies them.
    added = [
        pd.Series(factors, index=people.index, name="factor", copy=False),
        pd.DataFrame(amounts.T, index=people.index, columns=AMOUNTS, copy=False),
    ]
    if again := [c for c in ("factor", *AMOUNTS) if c in people]:
        people = people.drop(columns=again)
    return pd.concat([people, *added], axis=1)


def subsidy_shares(law: InForce) -> pd.Series:
    """The share of the premium that others than the insured pay, by group, on the law's day in its area.

    An employer pays its part of the contribution, the social security fund all of it, the
    State what ``subsidy_share`` of the law says. Missing where the law of the day has
    nothing for the group, and for a group of mixed shares.

    Examples
    --------
    >>> shares = subsidy_shares(Law.read().at("2021-07-01"))
    >>> shares[["poor", "near_poor", "pensioner", "minority_left_2016_2020_list"]].tolist()
    [1.0, 0.7, 1.0, nan]
    """
    known = groups()
    return pd.Series(_shares(known, _in_force(law)), index=known.index, name="subsidy_share")


def _shares(known: pd.DataFrame, today: dict[str, dict[str, float]]) -> np.ndarray:
    """What `subsidy_shares` holds, in the order of `groups`."""
    employer, employee = today["employer_rate"][""], today["employee_rate"][""]
    by_payer = {"employer": employer / (employer + employee), "social_security_fund": 1.0}
    rows = zip(known["payer"].to_numpy(), known["subsidy_key"].to_numpy(), strict=True)
    return np.array([by_payer.get(payer, today["subsidy_share"].get(key, np.nan)) for payer, key in rows])


def _in_force(law: InForce) -> dict[str, dict[str, float]]:
    """The values that premiums rest on, by parameter and key: the law read once, from top to bottom."""
    found: dict[str, dict[str, float]] = {parameter: {} for parameter in PARAMETERS}
    for parameter, key, value in zip(*(law.table[c].to_numpy() for c in ("parameter", "key", "value")), strict=True):
        if parameter in found:
            found[parameter][key] = value
    for parameter in (p for p, values in found.items() if not values):
        law.rows(parameter)  # tells why there are none
    return found


def _amounts(exact: np.ndarray, share: np.ndarray) -> np.ndarray:
    """One row each of `AMOUNTS`, in đồng, from yearly premiums before rounding."""
    premium, subsidy = round_half_up(exact), round_half_up(exact * share)
    return np.stack([premium, share, subsidy, premium - subsidy])


def _coded(group: pd.Series, known: pd.Index) -> tuple[pd.Categorical, np.ndarray]:
    """The groups as codes, and where each category stands among those known; unused ones are dropped if unknown."""
    coded = group.array if isinstance(group.dtype, pd.CategoricalDtype) else pd.Categorical(group)
    rows = known.get_indexer(coded.categories)
    if (rows < 0).any():
        coded = coded.remove_unused_categories()
        rows = known.get_indexer(coded.categories)
    found = [str(k) for k in coded.categories[rows < 0]] + ["?"] * bool((coded.codes < 0).any())
    if found:
        raise BhytError(("error.unknown_group", {"found": ", ".join(found)}))
    return coded, rows


def _household_steps(today: dict[str, dict[str, float]]) -> np.ndarray:
    """The factor by the member's number in the household, the last for all who follow; nobody has the number 0."""
    factors = today["household_factor"]
    return np.array([np.nan] + [factors[number] for number in sorted(factors, key=int)])


def _numbers(people: pd.DataFrame, last: int) -> np.ndarray:
    """The member's number in the household, up to the last that makes a difference; 1 where it is not told."""
    if "member" not in people:
        return np.ones(1, dtype=np.int16)
    told = people["member"]
    if told.dtype != np.int64:
        told = pd.to_numeric(told, errors="coerce").fillna(0).astype(np.int64)
    number = np.clip(told.to_numpy(), 0, last).astype(np.int16)
    if number.min(initial=1) < 1:
        raise BhytError(("error.bad_member", {}))
    return number


def household_premium(members: int, law: InForce) -> float:
    """What a household of some members pays a year when all join by themselves (VND).

    Examples
    --------
    >>> household_premium(4, Law.read().at("2021-07-01"))
    2252880.0
    """
    people = pd.DataFrame({"group": "household", "member": range(1, members + 1)})
    return float(premiums(people, law)["own_payment"].sum())


def full_year_cost(people: int, law: Law, days: list[str], status: str = "derived", area: Area = None) -> pd.DataFrame:
    """What a year of the cards of some people costs, at the law of each of some days.

    Columns ``on``, ``base_salary`` (VND a month), ``contribution_rate``, ``premium``
    (VND a person and year), ``people``, ``cost`` (VND a year), ``reference``
    (of the base salary), ``rate_reference``, ``status`` ("proposal" where the law of the day is one).

    Examples
    --------
    >>> full_year_cost(30082, Law.read(), ["2021-07-01"])["cost"].tolist()
    [24203977200]
    """
    rows = []
    for day in days:
        today = law.at(day, area)
        premium = float(premiums(pd.DataFrame({"group": ["difficult_area"]}), today)["premium"].iloc[0])
        statuses = {*today.rows("base_salary")["status"], *today.rows("contribution_rate")["status"]}
        rows.append(
            {
                "on": pd.Timestamp(day),
                "base_salary": today.number("base_salary"),
                "contribution_rate": today.number("contribution_rate"),
                "premium": premium,
                "people": people,
                "cost": int(premium) * people,
                "reference": today.reference("base_salary"),
                "rate_reference": today.reference("contribution_rate"),
                "status": "proposal" if "proposal" in statuses else derived_quality(status),
            }
        )
    columns = ["on", "base_salary", "contribution_rate", "premium", "people", "cost"]
    columns += ["reference", "rate_reference", "status"]
    return pd.DataFrame(rows, columns=columns)


def subsidy_history(
    law: Law, key: str, start: DateLike, area: Area = None, today: DateLike | None = None
) -> pd.DataFrame:
    """The share that the State pays for a title, stretch by stretch, from a day to the law of today.

    Columns ``since``, ``until`` (None is onward), ``share`` (missing where there is no
    support), ``reference``.

    Examples
    --------
    >>> stretches = subsidy_history(Law.read(), "minority_left_2016_2020_list", "2021-07-01", today="2026-11-22")
    >>> [str(d) for d in stretches["since"]], stretches["share"].tolist()
    (['2021-07-01', '2023-11-01', '2026-11-01'], [nan, 0.7, nan])
    """
    first, last = parse_date(start), law.latest_change(today)
    rows = law.table[(law.table["parameter"] == "subsidy_share") & (law.table["key"] == key)]
    ends = {u + dt.timedelta(days=1) for u in rows["until"] if u != ONWARD}
    cuts = [first, *sorted(d for d in {*rows["since"], *ends} if first < d <= last)]
    stretches: list[dict[str, Any]] = []
    for cut in cuts:
        found = law.at(cut, area).rows("subsidy_share").set_index("key")
        share = float(found.at[key, "value"]) if key in found.index else float("nan")
        reference = str(found.at[key, "reference"]) if key in found.index else ""
        same = bool(stretches) and (
            stretches[-1]["share"] == share or (share != share and stretches[-1]["share"] != stretches[-1]["share"])
        )
        if not same:
            stretches.append({"since": cut, "until": None, "share": share, "reference": reference})
    for one, following in pairwise(stretches):
        one["until"] = following["since"] - dt.timedelta(days=1)
    return pd.DataFrame(stretches, columns=["since", "until", "share", "reference"])
