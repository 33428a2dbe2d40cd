"""Hold the groups of the insured: who pays for them, their order in the law, and what the package does with each.

One row of ``groups.csv`` is a group of article 12 of the law (``key == group``) or a sub-group of it. ``within`` names
a wider sub-group that some offices report instead of its parts, such as ``difficult_area`` for the three area titles.
Where the law changed a group (its payer, its place in the order, its level), each period is a row of its own, from
``since`` to ``until`` (both inclusive; blank is open). A group that a share of its own supports has no period: it is
there on the days on which ``law.csv`` has its share.
"""

import datetime as dt
from collections.abc import Hashable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.dates import DateLike, parse_date

FILE = Path(__file__).with_name("groups.csv")
# Columns with the place of a group in a list of groups, missing for a group outside the list.
FLAGS = ("projected", "destination", "self_paid", "earnings_based", "premium_table", "adjustable", "calculator")


@lru_cache(maxsize=1)
def _periods() -> pd.DataFrame:
    """Return all rows of the file, the periods of a group from the first to the last."""
    table = pd.read_csv(FILE, dtype=str, keep_default_na=False, encoding="utf-8")
    table["title_order"] = table["title_order"].astype("int64")
    for column, open_end in (("since", dt.date.min), ("until", dt.date.max)):
        table[column] = [parse_date(day) if day else open_end for day in table[column]]
    return table.assign(**{f: pd.to_numeric(table[f]).astype("Int64") for f in FLAGS})


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    return _periods().drop_duplicates("key", keep="last").set_index("key")


def groups() -> pd.DataFrame:
    """Return the groups and sub-groups as the law has them last, one row a key.

    Returns
    -------
    DataFrame indexed by ``key`` with ``since`` and ``until`` (days), ``group``, ``within``, ``card_codes`` (joined by
    ``;``), ``payer``, ``title_order`` (a person with several titles is insured under the lowest), ``subsidy_key`` (the
    key of ``subsidy_share`` in the law), ``benefit_level``, the flags that `groups_flagged` reads, ``name_vi``,
    ``name_en``, ``reference`` and ``status`` (of that text: confirmed, or secondary).

    Examples
    --------
    >>> from bhyt_analysis.law import groups
    >>> groups().loc["near_poor", "name_en"]
    'Near-poor households'
    >>> list(groups().query("key == group").index)[-1]
    'household'
    """
    return _table().copy(deep=False)  # pandas copies what is changed


def groups_on(day: DateLike) -> pd.DataFrame:
    """Return the groups as the law has them on a day, in the columns and order of `groups`.

    A group that is not there on the day has a row of missing values.

    Examples
    --------
    From 1 December 2018 the State pays for survivors of great age, and no more the social security fund:

    >>> [groups_on(day).at["survivors_allowance_at_80", "group"] for day in ("2018-11-30", "2018-12-01")]
    ['social_security_paid', 'state_paid']
    """
    return _groups_on(parse_date(day)).copy(deep=False)


@lru_cache(maxsize=64)
def _groups_on(day: dt.date) -> pd.DataFrame:
    table = _periods()
    rows = table[(table["since"] <= day) & (table["until"] >= day)]
    return rows.set_index("key").reindex(_table().index)


def values_by_month(key: str, column: str, months: Sequence[DateLike]) -> np.ndarray:
    """Return a column of a group on the first day of each month; None where the group is not there.

    Examples
    --------
    >>> values_by_month("survivors_allowance_at_80", "payer", ["2018-11-30", "2018-12-31"]).tolist()
    ['social_security_fund', 'state_budget']
    """
    values = np.full(len(months), None, dtype=object)
    firsts = np.array([parse_date(m).replace(day=1) for m in months], dtype=object)
    for row in _periods_of(key):
        values[(firsts >= row["since"]) & (firsts <= row["until"])] = row[column]
    return values


@lru_cache(maxsize=256)
def _periods_of(key: str) -> list[dict[Hashable, Any]]:
    table = _periods()
    return table[table["key"] == key].to_dict("records")


@lru_cache(maxsize=1)
def group_keys() -> frozenset[str]:
    """Return the keys of the groups and sub-groups.

    Examples
    --------
    >>> "near_poor" in group_keys(), "near-poor" in group_keys()
    (True, False)
    """
    return frozenset(_table().index)


@lru_cache(maxsize=256)
def wider_groups(key: str) -> frozenset[str]:
    """Return the groups that contain a group or sub-group; none for a key of no group.

    Examples
    --------
    >>> sorted(wider_groups("minority_in_difficult_area")), sorted(wider_groups("household"))
    (['difficult_area', 'state_paid'], [])
    """
    if key not in group_keys():
        return frozenset()
    return frozenset(str(_table().at[key, column]) for column in ("group", "within")) - {key, "", "nan"}


@lru_cache(maxsize=16)
def groups_flagged(flag: str) -> tuple[str, ...]:
    """Return the keys of the groups with a flag of ``groups.csv``, in the order that the flag gives.

    ``projected``: projected apart from each other; ``destination``: where people go who lose a card;
    ``self_paid``: the card lapses unless its holder renews it; ``earnings_based``: the contribution
    follows a salary or allowance; ``premium_table``: in a briefing's table of premiums; ``adjustable``: the
    explorer changes its support; ``calculator``: offered by the explorer's calculator of premiums.

    Examples
    --------
    >>> groups_flagged("self_paid")
    ('household', 'farm_average_income')
    """
    return tuple(str(key) for key in _table()[flag].dropna().sort_values().index)


def main_group(keys: pd.Series) -> pd.Series:
    """Return the group of article 12 to which each group or sub-group key belongs.

    Unknown keys give missing values; the checks of the inputs name them.

    Examples
    --------
    >>> import pandas as pd
    >>> main_group(pd.Series(["near_poor", "household"])).tolist()
    ['state_supported', 'household']
    """
    return keys.map(_table()["group"])


def double_counted_groups(keys: pd.Series) -> bool:
    """Tell whether the keys include both a group and a wider one that contains it, on whatever area and day.

    Examples
    --------
    >>> import pandas as pd
    >>> double_counted_groups(pd.Series(["poor", "state_paid"]))
    True
    >>> double_counted_groups(pd.Series(["poor", "household"]))
    False
    """
    rows = _table().reindex(keys.unique())
    wider = pd.concat([rows.loc[rows[column] != rows.index, column] for column in ("group", "within")])
    return bool(wider.isin(rows.index).any())


def drop_nested_groups(cards: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``cards`` that may be added up without counting a card twice.

    An office may report both a group and its parts; where the group is there on the same area and day, its
    parts are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"area": "A", "as_of": "2021-12-31", "group": ["state_paid", "poor", "household"], "cards": [10, 4, 5]}
    >>> int(drop_nested_groups(pd.DataFrame(rows))["cards"].sum())
    15
    """
    return cards[~_nested_and_split(cards)[0]] if double_counted_groups(cards["group"]) else cards


def leaf_groups(cards: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``cards`` that are not split further on the same area and day.

    Examples
    --------
    >>> import pandas as pd
    >>> leaf_groups(pd.DataFrame({"group": ["state_paid", "poor", "household"]}))["group"].tolist()
    ['poor', 'household']
    """
    return cards[~_nested_and_split(cards)[1]] if double_counted_groups(cards["group"]) else cards


def _nested_and_split(cards: pd.DataFrame) -> np.ndarray:
    """Mark the rows of which a wider group is reported on the same area and day, and those of which a part is."""
    place = [c for c in ("area", "as_of") if c in cards]
    reported = pd.MultiIndex.from_frame(cards[[*place, "group"]])
    marks = np.zeros((2, len(cards)), dtype=bool)
    for column in ("group", "within"):
        group = cards["group"].map(_table()[column]).fillna("")
        differs = (group != cards["group"]).to_numpy()
        wider = pd.MultiIndex.from_frame(cards[place].assign(group=group))
        marks |= wider.isin(reported) & differs, reported.isin(wider[differs])
    return marks
