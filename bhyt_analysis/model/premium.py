"""What does a card cost in a year, and which part does the insured person pay?"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.inputs.status import computed
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import ONWARD, Area, Day, InForce, Law, as_day
from bhyt_analysis.model.rounding import half_up
from bhyt_analysis.words import BhytError

MONTHS = 12


def premiums(people: pd.DataFrame, law: InForce) -> pd.DataFrame:
    """The yearly premium of each person or cell, and who pays which part.

    Decree 146/2018/NĐ-CP art. 7 and Decree 188/2025/NĐ-CP art. 6: the contribution
    rate times the base salary a month; members of a household pay 1, 0.7, 0.6, 0.5 and
    0.4 of the first. Employees and those paid by the social security fund contribute
    on their salary or allowance, which the base salary does not tell.

    Parameters
    ----------
    people : one row a person or cell, with ``group`` (a key of `groups`); optional
        ``member`` (1 is the household's first, for group "household"; 1 if left out) and
        ``income`` (VND a month, for employees and the social security fund).
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
        for a missing column or a group that is not known.

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
    codes, keys = pd.factorize(people["group"])
    unknown = sorted({str(k) for k in keys} - set(groups().index)) + ["?"] * bool((codes < 0).any())
    if unknown:
        raise BhytError(("error.unknown_group", {"found": ", ".join(unknown)}))
    each = _of_groups(keys, law)  # a few rows; what follows takes them by position
    by_income = each["by_income"].to_numpy()[codes]
    factor = np.where(each["household"].to_numpy()[codes], _factors(people, law), 1.0)
    base = np.full(len(people), law.number("base_salary"))
    if by_income.any():
        told = "income" in people
        base[by_income] = people["income"].to_numpy(float)[by_income] if told else np.nan
    exact = base * law.number("contribution_rate") * MONTHS * factor
    share = each["share"].to_numpy()[codes]
    premium, subsidy = half_up(exact), half_up(exact * share)
    return people.assign(
        factor=factor, premium=premium, subsidy_share=share, subsidy=subsidy, own_payment=premium - subsidy
    )


def _of_groups(keys: pd.Index, law: InForce) -> pd.DataFrame:
    """What the law says of each group: the share that others pay, and on which base."""
    table = groups().loc[list(keys)]
    payer = table["payer"]
    employer, employee = law.number("employer_rate"), law.number("employee_rate")
    share = table["subsidy_key"].map(pd.Series(law["subsidy_share"])).astype("float64")
    share = share.mask(payer == "employer", employer / (employer + employee)).mask(payer == "social_security_fund", 1.0)
    by_income = payer.isin(["employer", "social_security_fund"])
    return pd.DataFrame({"share": share, "by_income": by_income, "household": table.index == "household"})


def _factors(people: pd.DataFrame, law: InForce) -> np.ndarray:
    """By the member's number in the household: 1 for the first, less for those who follow."""
    if "member" not in people:
        return np.ones(len(people))
    factors = pd.Series(law["household_factor"])
    steps = factors.set_axis(factors.index.astype(int)).sort_index().to_numpy()
    member = people["member"]
    if member.isna().any() or (member < 1).any():
        raise BhytError(("error.bad_member", {}))
    return steps[np.minimum(member.to_numpy(dtype="int64"), len(steps)) - 1]


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
                "status": "proposal" if "proposal" in statuses else computed(status),
            }
        )
    columns = ["on", "base_salary", "contribution_rate", "premium", "people", "cost"]
    columns += ["reference", "rate_reference", "status"]
    return pd.DataFrame(rows, columns=columns)


def support_over_time(law: Law, key: str, start: Day, area: Area = None, today: Day | None = None) -> pd.DataFrame:
    """The share that the State pays for a title, stretch by stretch, from a day to the law of today.

    Columns ``since``, ``until`` (None is onward), ``share`` (missing where there is no
    support), ``reference``.

    Examples
    --------
    >>> stretches = support_over_time(Law.read(), "minority_left_2016_2020_list", "2021-07-01", today="2026-11-22")
    >>> [str(d) for d in stretches["since"]], stretches["share"].tolist()
    (['2021-07-01', '2023-11-01', '2026-11-01'], [nan, 0.7, nan])
    """
    first, last = as_day(start), law.latest_change(today)
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
