"""Price a card for a year, and split the premium between the insured person and others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups_on, legal_groups
from bhyt_analysis.law.law import Area, InForce, Law
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.model.distribution.rounding import round_half_up

MONTHS = 12
PARAMETERS = ("base_salary", "contribution_rate", "employer_rate", "employee_rate", "household_factor", "subsidy_share")
AMOUNTS = ["premium", "subsidy_share", "subsidy", "own_payment"]
COST_COLUMNS = [
    "on", "base_salary", "contribution_rate", "premium", "people", "cost", "reference", "rate_reference", "status",
]  # fmt: skip
Parameters = dict[str, dict[str, float]]  # values in force, by parameter and key


@result_table
def premiums(people: pd.DataFrame, law: InForce) -> pd.DataFrame:
    """Return the yearly premium of each person or cell, and who pays which part.

    Decree 146/2018/NĐ-CP art. 7 and Decree 188/2025/NĐ-CP art. 6: the contribution rate times the base salary a month;
    members of a household pay 1, 0.7, 0.6, 0.5 and 0.4 of the first. Employees and those paid by the social security
    fund contribute on their salary or allowance, not on the base salary.

    Parameters
    ----------
    people
        one row a person or cell, with ``group`` (a key of `groups`, as text, or as a Categorical, which is ten times
        faster for a million people); optional ``member`` (1 is the household's first, for group "household"; 1 if left
        out) and ``income`` (VND a month, for employees and the social security fund).
    law
        what `Law.at` gives; the twelve months are those of that day's law.

    Returns
    -------
    DataFrame
        A new DataFrame: the input's columns, then ``factor``, ``premium``, ``subsidy_share``, ``subsidy``,
        ``own_payment`` (VND a year for one person, rounded half up to the đồng; premium = subsidy + own_payment). Where
        the law gives no amount (no income known, a group of mixed shares), it is missing and not zero.

    Raises
    ------
    BhytError
        for a missing column, unknown groups (all are named; ? is a missing one), or a member that is not a number of 1
        or more.

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
    table, today = groups_on(law.day), _in_force(law)
    group, rows = _group_codes(legal_groups(people["group"]), table.index)
    # Amounts on the base salary are calculated once for each group and number in the household ...
    rate, scale = today["contribution_rate"][""] * MONTHS, today["household_factor"]
    # The factor by the member's number in the household, the last for all further ones; number 0 has none.
    steps = np.array([np.nan, *(scale[number] for number in sorted(scale, key=int))])
    factor = np.where(group.categories.to_numpy()[:, None] == "household", steps, 1.0).ravel()
    share = _shares(table, today)[rows].repeat(len(steps))
    each = _amounts(today["base_salary"][""] * rate * factor, share)
    # ... and people take theirs by position: no arithmetic on a million rows.
    number = _member_numbers(people, last=len(steps) - 1)
    cell = (group.codes * np.int16(len(steps)) + number).astype(np.intp)
    factors, amounts = factor.take(cell), each.take(cell, axis=1)
    on_income = table["earnings_based"].notna().to_numpy()[rows]
    if on_income.any():
        earners = on_income[group.codes]
        income = people["income"].to_numpy(float)[earners] if "income" in people else np.full(earners.sum(), np.nan)
        amounts[:, earners] = _amounts(income * rate, amounts[AMOUNTS.index("subsidy_share"), earners])
    # No other object refers to the new arrays, so neither the frames nor the join copies them.
    results = [
        pd.Series(factors, index=people.index, name="factor", copy=False),
        pd.DataFrame(amounts.T, index=people.index, columns=AMOUNTS, copy=False),
    ]
    if previous := [c for c in ("factor", *AMOUNTS) if c in people]:
        people = people.drop(columns=previous)
    return pd.concat([people, *results], axis=1)


def subsidy_shares(law: InForce) -> pd.Series:
    """Return the share of the premium that others than the insured pay, by group, on the law's day in its area.

    An employer pays its part of the contribution of its employees and all of that of relatives of defence employees,
    the social security fund all of it, the State what ``subsidy_share`` of the law says. Missing where the law of the
    day has nothing for the group, and for a group of mixed shares.

    Examples
    --------
    >>> shares = subsidy_shares(Law.read().at("2021-07-01"))
    >>> shares[["poor", "near_poor", "pensioner", "minority_left_2016_2020_list"]].tolist()
    [1.0, 0.7, 1.0, nan]
    """
    table = groups_on(law.day)
    return pd.Series(_shares(table, _in_force(law)), index=table.index, name="subsidy_share")


def _shares(table: pd.DataFrame, today: Parameters) -> np.ndarray:
    """Return the values of `subsidy_shares` in the order of `groups_on`."""
    employer, employee = today["employer_rate"][""], today["employee_rate"][""]
    by_payer = {"employer_and_employee": employer / (employer + employee), "employer": 1.0, "social_security_fund": 1.0}
    rows = zip(table["payer"].to_numpy(), table["subsidy_key"].to_numpy(), strict=True)
    return np.array([by_payer.get(payer, today["subsidy_share"].get(key, np.nan)) for payer, key in rows])


def _in_force(law: InForce) -> Parameters:
    """Return the values that premiums rest on, from one pass through the law."""
    values: Parameters = {parameter: {} for parameter in PARAMETERS}
    for parameter, key, value in zip(*(law.table[c].to_numpy() for c in ("parameter", "key", "value")), strict=True):
        if parameter in values:
            values[parameter][key] = value
    for parameter in (p for p in PARAMETERS if not values[p]):
        law.rows(parameter)  # raises the error that explains why there are none
    return values


def _amounts(exact: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return one row each of `AMOUNTS`, in đồng, from yearly premiums before rounding."""
    premium, subsidy = round_half_up(exact), round_half_up(exact * share)
    return np.stack([premium, share, subsidy, premium - subsidy])


def _group_codes(group: pd.Series, keys: pd.Index) -> tuple[pd.Categorical, np.ndarray]:
    """Return the groups as codes, and the position of each category in ``keys``; drop unknown ones without people."""
    codes = group.array if isinstance(group.dtype, pd.CategoricalDtype) else pd.Categorical(group)
    rows = keys.get_indexer(codes.categories)
    if (rows < 0).any():
        codes = codes.remove_unused_categories()
        rows = keys.get_indexer(codes.categories)
    if unknown := [str(k) for k in codes.categories[rows < 0]] + ["?"] * bool((codes.codes < 0).any()):
        raise BhytError(("error.unknown_group", {"found": ", ".join(unknown)}))
    return codes, rows


def _member_numbers(people: pd.DataFrame, last: int) -> np.ndarray:
    """Return the member's number in the household, up to the last that makes a difference; 1 where it is left out."""
    if "member" not in people:
        return np.ones(1, dtype=np.int16)
    member = people["member"]
    if member.dtype != np.int64:
        member = pd.to_numeric(member, errors="coerce").fillna(0).astype(np.int64)
    number = np.clip(member.to_numpy(), 0, last).astype(np.int16)
    if number.min(initial=1) < 1:
        raise BhytError(("error.bad_member", {}))
    return number


def household_premium(members: int, law: InForce) -> float:
    """Return what a household pays a year when all its members enrol on their own (VND).

    Decree 146/2018/NĐ-CP art. 7 and Decree 188/2025/NĐ-CP art. 6: the first member pays the full premium, the others
    0.7, 0.6, 0.5 and 0.4 of it.

    Parameters
    ----------
    members
        of the household.
    law
        what `Law.at` gives, or the day itself.

    Returns
    -------
    float
        VND.

    Raises
    ------
    BhytError
        for a number of members that is none.

    Examples
    --------
    >>> household_premium(4, Law.read().at("2021-07-01"))
    2252880.0
    """
    if not isinstance(members, SupportsIndex) or members < 1:
        fields = {
            "function": "household_premium",
            "name": "members",
            "found": members,
            "expected": "expect.positive_number",
        }
        raise BhytError(("error.argument", fields))
    people = pd.DataFrame({"group": "household", "member": range(1, members + 1)})
    return float(premiums(people, law)["own_payment"].sum())


@result_table
def full_year_cost(
    people: int, law: Law, days: DateLike | Sequence[DateLike], status: str = "derived", area: Area = None
) -> pd.DataFrame:
    """Return the cost of a year of cards at the law of a day, or of each of some days.

    Parameters
    ----------
    people
        cards.
    law
        the law, such as `Law.read()`.
    days
        one day or several.
    status
        how well the people are known.
    area
        for what its province adds; as of `Law.at`.

    Returns
    -------
    DataFrame
        ``on``, ``base_salary`` (VND a month), ``contribution_rate``, ``premium`` (VND a person and year), ``people``,
        ``cost`` (VND a year), ``reference`` (of the base salary), ``rate_reference``, ``status`` ("proposal" where the
        law of the day is one).

    Raises
    ------
    BhytError
        for what is no day.

    Examples
    --------
    >>> full_year_cost(30082, Law.read(), ["2021-07-01"])["cost"].tolist()
    [24203977200]
    """
    rows = []
    for day in [days] if isinstance(days, str | dt.date) else days:
        today = law.at(day, area)
        premium = float(premiums(pd.DataFrame({"group": ["difficult_area"]}), today)["premium"].iloc[0])
        statuses = {*today.rows("base_salary")["status"], *today.rows("contribution_rate")["status"]}
        status_of_day = "proposal" if "proposal" in statuses else derived_quality(status)
        values = (
            today.number("base_salary"),
            today.number("contribution_rate"),
            premium,
            people,
            int(premium) * people,
        )
        references = (today.reference("base_salary"), today.reference("contribution_rate"))
        rows.append((pd.Timestamp(parse_date(day)), *values, *references, status_of_day))
    return pd.DataFrame(rows, columns=COST_COLUMNS)


@result_table
def subsidy_history(
    law: Law, key: str, start: DateLike, area: Area = None, today: DateLike | None = None
) -> pd.DataFrame:
    """Return the share that the State pays for an entitlement, period by period, from a day to the law of today.

    Columns ``since``, ``until`` (None is onward), ``share`` (missing where there is no support), ``reference``,
    ``status`` ("conflict" where the sources disagree, else "published").

    Examples
    --------
    >>> periods = subsidy_history(Law.read(), "minority_left_2016_2020_list", "2021-07-01", today="2026-11-22")
    >>> [str(d) for d in periods["since"]], periods["share"].tolist()
    (['2021-07-01', '2023-11-01', '2025-08-15', '2026-11-01'], [nan, 0.7, 0.7, nan])
    >>> periods["status"].tolist()
    ['published', 'published', 'conflict', 'published']
    """
    first, last = parse_date(start), law.latest_change(today)
    rows = law.table[(law.table["parameter"] == "subsidy_share") & (law.table["key"] == key)]
    ends = {u + dt.timedelta(days=1) for u in rows["until"] if u != ONWARD}
    periods: list[tuple[dt.date, float, str, str]] = []
    for since in (first, *sorted(d for d in {*rows["since"], *ends} if first < d <= last)):
        in_force = law.at(since, area).rows("subsidy_share").set_index("key")
        share, reference = in_force["value"].get(key, np.nan), in_force["reference"].get(key, "")
        status = "conflict" if in_force["status"].get(key) == "conflict" else "published"
        if not periods or not np.array_equal(periods[-1][1], share, equal_nan=True) or periods[-1][3] != status:
            periods.append((since, float(share), str(reference), status))
    table = pd.DataFrame(periods, columns=["since", "share", "reference", "status"])
    until = [since - dt.timedelta(days=1) for since in table["since"].iloc[1:]]
    table.insert(1, "until", pd.Series([*until, None], dtype=object))
    return table
