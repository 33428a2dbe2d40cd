"""Cost cards month by month, by payer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups, legal_groups, values_by_month
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.model.distribution.rounding import round_half_up

# The State's share that holds nationwide, what a province's own row adds to it, the social
# security fund, the employer, and the insured themselves.
PAYERS = ("central", "province", "social_security_fund", "employer", "household")
HOUSEHOLD_SIZES = ["size_1", "size_2", "size_3", "size_4", "size_5", "size_6", "size_7_plus"]
LARGEST_HOUSEHOLD = 10  # members on average in those of 7 and more, at most
Incomes = dict[str, float]  # VND a month by group of article 12


def monthly_prices(
    law: Law, months: Sequence[pd.Timestamp], keys: Sequence[str], area: Area = None, income: Incomes | None = None
) -> NDArray[np.float64]:
    """Return what each payer pays a month for one person: (keys, months, payers), in VND, not rounded.

    Decree 146/2018/NĐ-CP art. 7-8 and Decree 188/2025/NĐ-CP art. 6: the contribution rate times the base salary of
    that month. The price of group "household" is that of a first member (see `household_scale`). Employees and the
    social security fund contribute on ``income``; without it, and for a key that is no group, the price is missing and
    not zero.

    Examples
    --------
    >>> months = [pd.Timestamp("2023-06-30"), pd.Timestamp("2023-07-31")]
    >>> monthly_prices(Law.read(), months, ["near_poor"])[0].round(2).tolist()
    [[46935.0, 0.0, 0.0, 0.0, 20115.0], [56700.0, 0.0, 0.0, 0.0, 24300.0]]
    """
    table = groups()
    base, rate, employer_rate, employee_rate = (
        law.monthly(parameter, months, area)[""].to_numpy()
        for parameter in ("base_salary", "contribution_rate", "employer_rate", "employee_rate")
    )
    national, local = law.monthly("subsidy_share", months), payer_shares(law, months, area)
    out = np.zeros((len(keys), len(months), len(PAYERS)))
    for i, key in enumerate(keys):
        if key not in table.index:
            out[i] = np.nan
            continue
        payers = values_by_month(key, "payer", months)
        for payer in dict.fromkeys(payers.tolist()):
            there = payers == payer
            if payer is None:  # the law does not have the group in these months
                out[i, there] = np.nan
                continue
            earnings = (income or {}).get(table.at[key, "group"], np.nan)
            if payer == "employer_and_employee":
                parts = {"employer": earnings * employer_rate, "household": earnings * employee_rate}
            elif payer == "social_security_fund":
                parts = {payer: earnings * rate}
            elif payer == "employer":
                parts = {payer: base * rate}
            else:
                share = group_subsidy_share(local, key)
                central = np.minimum(np.nan_to_num(group_subsidy_share(national, key)), np.nan_to_num(share))
                premium = np.where(np.isnan(share), np.nan, base * rate)
                parts = {"central": premium * central, "province": premium * (share - central)}
                parts["household"] = premium * (1 - share)
            for name, vnd in parts.items():
                out[i, there, PAYERS.index(name)] = vnd[there]
    return out


def payer_shares(law: Law, months: Sequence[pd.Timestamp], area: Area = None) -> pd.DataFrame:
    """Return the share of each group's premium that the State pays by month, one column a key of ``subsidy_share``."""
    return law.monthly("subsidy_share", months, area)


def group_subsidy_share(shares: pd.DataFrame, key: str) -> NDArray[np.float64]:
    """Return the share of a group's premium by month, from `payer_shares` or `Law.monthly` of ``subsidy_share``.

    Where a part of a group has no share of its own any more (near-poor households of poor districts since July 2025),
    that of the wider group holds. Missing where there is none, and for a key that is no group.

    Examples
    --------
    >>> shares = Law.read().monthly("subsidy_share", ["2025-06-30", "2025-07-31"])
    >>> group_subsidy_share(shares, "near_poor_in_poor_district").tolist()
    [1.0, 0.7]
    """
    table, share = groups(), np.full(len(shares), np.nan)
    while key in table.index:
        column = table.at[key, "subsidy_key"]
        if column in shares:
            share = np.where(np.isnan(share), shares[column].to_numpy(), share)
        key = table.at[key, "within"]
    return share


@result_table
def budget(
    cards: pd.DataFrame, law: Law, area: Area = None, household_scale: float = 1.0, income: Incomes | None = None
) -> pd.DataFrame:
    """Return the cost of cards by month, group and payer.

    Each month has its own base salary, rate and shares: a base salary that changes in July changes the second half of
    the year only. Rounded half up to the đồng once, in each row.

    Parameters
    ----------
    cards
        ``month`` (any day of it), ``group`` (keys of `groups`), ``insured`` (people); ``status``, if there is one,
        enters the result's.
    law
        the law, such as `Law.read()`.
    area
        the area, for what its province adds; a name or a lineage.
    household_scale
        mean factor of a household member (see `household_scale`), 1 where each pays as a first member.
    income
        VND a month by group, for "employer_employee" and "social_security_paid".

    Returns
    -------
    DataFrame
        ``month``, ``group``, ``payer`` (central, province, social_security_fund, employer, household), ``insured``,
        ``vnd`` (missing where an income is not known), ``status``.

    Raises
    ------
    BhytError
        for a missing column or unknown groups.

    Examples
    --------
    The 30,082 cards that Sơn Dương lost, in a year at 804,600 VND:

    >>> months = pd.date_range("2021-07-31", periods=12, freq="ME")
    >>> cards = pd.DataFrame({"month": months, "group": "difficult_area", "insured": 30082})
    >>> float(budget(cards, Law.read())["vnd"].sum())
    24203977200.0
    """
    for column in ("month", "group", "insured"):
        if column not in cards:
            raise BhytError(("error.people_column", {"column": column}))
    for column in ("scenario", "result"):  # whose sums would count people several times
        if column in cards and len(several := cards[column].unique()) > 1:
            raise BhytError(("error.not_one_scenario", {"found": ", ".join(map(str, several))}))
    cards = cards.assign(group=legal_groups(cards["group"]))
    keys = cards["group"].drop_duplicates().tolist()
    if unknown := sorted(set(keys) - set(groups().index)):
        raise BhytError(("error.unknown_group", {"found": ", ".join(unknown)}))
    days = pd.to_datetime(cards["month"].map(parse_date))
    months = sorted(days.unique())
    prices = monthly_prices(law, months, keys, area, income)
    price = prices[cards["group"].map(keys.index), days.map(months.index)]
    price = price * np.where(cards["group"] == "household", household_scale, 1.0)[:, None]
    vnd = round_half_up(price * cards["insured"].to_numpy(dtype=float)[:, None])
    status = cards["status"].map(derived_quality) if "status" in cards else "derived"
    cards = cards[["month", "group", "insured"]].assign(status=status)
    disputed = _in_dispute(law, cards["group"], days)
    cards["status"] = cards["status"].where(~disputed, [derived_quality(s, "conflict") for s in cards["status"]])
    table = pd.concat([cards.assign(payer=payer, vnd=vnd[:, i]) for i, payer in enumerate(PAYERS)])
    table = table.sort_index(kind="stable")[["month", "group", "payer", "insured", "vnd", "status"]]
    return table[table["vnd"] != 0].reset_index(drop=True)


def _in_dispute(law: Law, keys: pd.Series, days: pd.Series) -> pd.Series:
    """Mark the months of groups in which the sources disagree about what the State pays."""
    rows = law.table[(law.table["status"] == "conflict") & (law.table["parameter"] == "subsidy_share")]
    firsts, marks = days.dt.to_period("M").dt.start_time.dt.date, pd.Series(False, index=keys.index)
    for row in rows.itertuples():
        marks |= (keys.map(groups()["subsidy_key"]) == row.key) & (firsts >= row.since) & (firsts <= row.until)
    return marks


def household_scale(population: pd.DataFrame, factors: pd.Series, paying: float = 1.0) -> pd.Series:
    """Return the mean factor of a member who pays, by row of ``population``.

    Decree 146/2018/NĐ-CP art. 7(1e) and Decree 188/2025/NĐ-CP art. 6: members who enrol together pay 1, 0.7, 0.6, 0.5
    and 0.4 of the first. ``paying`` is the share of a household's members who pay by themselves (pupils, employees and
    those with a state-paid card do not); see `payer_factors`. The counts of households by size are those of the census;
    see `household_sizes`. Missing where the sizes are.

    Examples
    --------
    A household of one and one of four: (1 + 1 + 0.7 + 0.6 + 0.5) / 5 = 0.76. Where half of the members pay, one of the
    four shares with 0 to 3 others: (1 + 3 * 1.7 / 2 + 3 * 2.3 / 3 + 2.8 / 4) / 8 = 0.81875.

    >>> row = pd.DataFrame([{"people": 5, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_1": 1, "size_4": 1}])
    >>> factors = pd.Series(Law.read().at("2021-07-01")["household_factor"])
    >>> household_scale(row, factors).tolist()
    [0.76]
    >>> household_scale(row, factors, paying=0.5).round(6).tolist()
    [0.855]
    """
    scale = household_sizes(population) @ payer_factors(factors, np.array([paying]))[0]
    return pd.Series(scale, index=population.index)


def household_sizes(population: pd.DataFrame) -> NDArray[np.float64]:
    """Return how many of the members of households live with how many: (rows, 1 to `LARGEST_HOUSEHOLD`), shares.

    Households of 7 and more have as many members as the people who are left, of two sizes next to each other. Missing
    where the counts of households by size (`HOUSEHOLD_SIZES`) are, and where there are none.

    Examples
    --------
    >>> row = pd.DataFrame([{"people": 13, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_5": 1, "size_7_plus": 1}])
    >>> household_sizes(row).round(3)[0, 4:8].tolist()
    [0.385, 0.0, 0.0, 0.615]
    """
    counts = population[HOUSEHOLD_SIZES].astype("float64").to_numpy()
    members = np.zeros((len(counts), LARGEST_HOUSEHOLD))
    members[:, :6] = counts[:, :6] * np.arange(1, 7)
    large = counts[:, 6]
    rest = population["people"].astype("float64").to_numpy() - members.sum(axis=1)
    # Sizes may leave out those who live in institutions; a household of "7 and more" has at least 7.
    size = np.clip(np.divide(rest, large, out=np.full(len(large), 7.0), where=large > 0), 7, LARGEST_HOUSEHOLD)
    smaller = np.floor(size)
    for one in range(7, LARGEST_HOUSEHOLD + 1):
        share = np.where(smaller == one, 1 - (size - smaller), 0.0) + np.where(smaller + 1 == one, size - smaller, 0.0)
        members[:, one - 1] = large * share * one
    total = members.sum(axis=1, keepdims=True)
    return np.divide(members, total, out=np.full(members.shape, np.nan), where=total > 0)


def payer_factors(factors: pd.Series, paying: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean factor of a member who pays by the size of the household: (draws, 1 to `LARGEST_HOUSEHOLD`).

    ``factors`` of the first, second, ... member, the last one for all further; ``paying`` (draws) the share of members
    who pay by themselves. Each member does so independently of the others, so a payer in a household of n shares with
    0 to n - 1 others, by the binomial distribution.

    Examples
    --------
    >>> factors = pd.Series(Law.read().at("2021-07-01")["household_factor"])
    >>> payer_factors(factors, np.array([0.0, 0.5, 1.0]))[:, 3].round(5).tolist()
    [1.0, 0.81875, 0.7]
    """
    steps = factors.set_axis(factors.index.astype(int)).sort_index().to_numpy()
    by_member = steps[np.minimum(np.arange(LARGEST_HOUSEHOLD), len(steps) - 1)]
    mean_of_payers = np.cumsum(by_member) / np.arange(1, LARGEST_HOUSEHOLD + 1)
    share = np.asarray(paying, dtype=float)[:, None]
    others = np.zeros((len(share), LARGEST_HOUSEHOLD))  # the chance of 0, 1, ... other payers
    others[:, 0] = 1.0
    by_size = np.zeros((len(share), LARGEST_HOUSEHOLD))
    for size in range(LARGEST_HOUSEHOLD):
        by_size[:, size] = others @ mean_of_payers
        one_more = np.concatenate([np.zeros_like(share), others[:, :-1]], axis=1)
        others = others * (1 - share) + one_more * share
    return by_size
