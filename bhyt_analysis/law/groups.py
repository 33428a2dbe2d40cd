"""Hold the groups of the insured: who pays for them, their order in the law, and what the package does with each.

One row of ``groups.csv`` is a group of article 12 of the law (``key == group``) or a sub-group of it. ``within`` names
a wider sub-group that some offices report instead of its parts, such as ``difficult_area`` for the three area titles.
Where the law changed a group (its payer, its place in the order, its level), each period is a row of its own, from
``since`` to ``until`` (both inclusive; blank is open). A group that a share of its own supports has no period: it is
there on the days on which ``law.csv`` has its share.

A group of a user's own is a part of one of these. Its key says all of it, so that no register of such groups is kept:
the group that it is a part of, its name, and its English name if it has one, with `OWN_MARK` between them.
"""

import datetime as dt
from collections.abc import Hashable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.languages import LANGUAGES

FILE = Path(__file__).with_name("groups.csv")
OWN_MARK = "/"  # between the parts of the key of a user's own group
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
    DataFrame
        DataFrame indexed by ``key`` with ``since`` and ``until`` (days), ``group``, ``within``, ``card_codes`` (joined
        by ``;``), ``payer``, ``title_order`` (a person with several titles is insured under the lowest),
        ``subsidy_key`` (the key of ``subsidy_share`` in the law), ``benefit_level``, the flags that `groups_flagged`
        reads, ``name_vi``, ``name_en``, ``reference`` and ``status`` (of that text: confirmed, or secondary).

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


def own_group_key(within: str, name: str, name_en: str = "") -> str:
    """Return the key of a group of a user's own, a part of another group.

    Examples
    --------
    >>> own_group_key("state_supported", "Giáo viên mầm non tư thục", "Private nursery teachers")
    'state_supported/Giáo viên mầm non tư thục/Private nursery teachers'
    """
    names = (n.replace(OWN_MARK, "-").strip() for n in (name, name_en))
    return OWN_MARK.join(filter(None, (within, *names)))


def legal_group(key: str) -> str:
    """Return the group of the law that a key is of, or is a part of.

    Examples
    --------
    >>> legal_group("student/Sinh viên trường A"), legal_group("student")
    ('student', 'student')
    """
    return key.partition(OWN_MARK)[0]


def legal_groups(keys: pd.Series) -> pd.Series:
    """Return the group of the law for each key; the keys themselves where none is a user's own.

    Examples
    --------
    >>> legal_groups(pd.Series(["student/Sinh viên trường A", "household"])).tolist()
    ['student', 'household']
    """
    own = {key: legal_group(key) for key in keys.unique() if isinstance(key, str) and OWN_MARK in key}
    return keys.replace(own) if own else keys


def is_group_key(key: str) -> bool:
    """Return whether a key is that of a group, of a sub-group, or of a part of one that is a user's own.

    Examples
    --------
    >>> [is_group_key(key) for key in ("student", "student/Sinh viên trường A", "pupils")]
    [True, True, False]
    """
    return legal_group(key) in group_keys()


def group_label(key: str, lang: str) -> str:
    """Return the name of a group; of a user's own with the group that it is a part of. Other keys stay as they are.

    Examples
    --------
    >>> group_label("near_poor", "en"), group_label("student/Sinh viên trường A", "en")
    ('Near-poor households', 'Sinh viên trường A (Pupils and students)')
    """
    if not is_group_key(key):
        return key
    legal, *names = key.split(OWN_MARK)
    label = str(_table().at[legal, f"name_{lang}"])
    return f"{names[-1 if lang == 'en' else 0]} ({label})" if names else label


def group_of_label(label: str) -> str:
    """Return the key of the group that a label of `group_label` names in either language; the text itself if none.

    Examples
    --------
    >>> group_of_label("Near-poor households"), group_of_label("Sinh viên trường A (Học sinh, sinh viên)")
    ('near_poor', 'student/Sinh viên trường A')
    """
    keys, folded = _keys_by_label(), _folded(label)
    if folded in keys:
        return keys[folded]
    legal = next((name for name in keys if folded.endswith(f" ({name})")), None)
    return label if legal is None else own_group_key(keys[legal], " ".join(label.split())[: -len(legal) - 3])


@lru_cache(maxsize=1)
def _keys_by_label() -> dict[str, str]:
    table = _table()
    return {_folded(str(name)): str(key) for lang in LANGUAGES for key, name in table[f"name_{lang}"].items()}


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def group_values(keys: pd.Series, column: str) -> pd.Series:
    """Return a column of `groups` for each key; that of its legal group for one of a user's own, missing for others.

    Examples
    --------
    >>> group_values(pd.Series(["student", "student/Sinh viên trường A"]), "payer").tolist()
    ['state_budget_and_household', 'state_budget_and_household']
    """
    return legal_groups(keys).map(_table()[column])


@lru_cache(maxsize=1)
def group_keys() -> frozenset[str]:
    """Return the keys of the groups and sub-groups of the law.

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
    if not is_group_key(key):
        return frozenset()
    legal = legal_group(key)
    return frozenset((legal, *(str(_table().at[legal, column]) for column in ("group", "within")))) - {key, "", "nan"}


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
    return group_values(keys, "group")


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
    unique = set(keys.unique())
    return any(wider_groups(key) & unique for key in unique if isinstance(key, str))


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
    wider_of = {key: sorted(wider_groups(key)) for key in cards["group"].unique()}
    for level in range(max(map(len, wider_of.values()), default=0)):
        group = cards["group"].map({key: groups[level] for key, groups in wider_of.items() if len(groups) > level})
        group, differs = group.fillna(""), group.notna().to_numpy()
        wider = pd.MultiIndex.from_frame(cards[place].assign(group=group))
        marks |= wider.isin(reported) & differs, reported.isin(wider[differs])
    return marks
