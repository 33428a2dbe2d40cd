"""Which groups of the insured are there, who pays for them, in which order do titles count?

One row of ``groups.csv`` is a group of article 12 of the law (``key == group``) or
a sub-group of it. ``within`` names a wider sub-group that some offices report
instead of its parts, such as ``difficult_area`` for the three area titles.
"""

from functools import lru_cache
from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_name("groups.csv")


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    table = pd.read_csv(FILE, dtype=str, keep_default_na=False, encoding="utf-8")
    table["title_order"] = table["title_order"].astype("int64")
    return table.set_index("key")


def groups() -> pd.DataFrame:
    """The groups and sub-groups, one row a key, in the order of article 12.

    Returns
    -------
    DataFrame indexed by ``key`` with ``group``, ``within``, ``card_codes`` (joined
    by ``;``), ``payer``, ``title_order`` (a person with several titles is insured
    under the lowest), ``subsidy_key`` (the key of ``subsidy_share`` in the law),
    ``benefit_level``, ``name_vi``, ``name_en`` and ``reference``.

    Examples
    --------
    >>> from bhyt_analysis.law import groups
    >>> groups().loc["near_poor", "name_en"]
    'Near-poor households'
    >>> list(groups().query("key == group").index)[-1]
    'household'
    """
    return _table().copy()


def main_group(keys: pd.Series) -> pd.Series:
    """The group of article 12 to which each group or sub-group key belongs.

    Unknown keys give missing values; the checks of the inputs name them.

    Examples
    --------
    >>> import pandas as pd
    >>> main_group(pd.Series(["near_poor", "household"])).tolist()
    ['state_supported', 'household']
    """
    return keys.map(_table()["group"])


def double_counted_groups(keys: pd.Series) -> bool:
    """Whether any key stands beside a wider one that holds it, on whatever area and day.

    Examples
    --------
    >>> import pandas as pd
    >>> (
    ...     double_counted_groups(pd.Series(["poor", "state_paid"])),
    ...     double_counted_groups(pd.Series(["poor", "household"])),
    ... )
    (True, False)
    """
    told = _table().reindex(keys.unique())
    wider = pd.concat([told.loc[told[column] != told.index, column] for column in ("group", "within")])
    return bool(wider.isin(told.index).any())


def drop_nested_groups(cards: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``cards`` that may be added up without counting a card twice.

    An office may report both a group and its parts; where the whole is there on the
    same area and day, its parts are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> cards = pd.DataFrame(
    ...     {"area": "A", "as_of": "2021-12-31", "group": ["state_paid", "poor", "household"], "cards": [10, 4, 5]}
    ... )
    >>> int(drop_nested_groups(cards)["cards"].sum())
    15
    """
    table = _table()
    if not double_counted_groups(cards["group"]):
        return cards
    place = [c for c in ("area", "as_of") if c in cards]
    told = pd.MultiIndex.from_frame(cards[[*place, "group"]])
    part = pd.Series(False, index=cards.index)
    for wider in ("group", "within"):
        above = cards["group"].map(table[wider]).fillna("")
        key = pd.MultiIndex.from_frame(cards[place].assign(group=above))
        part |= key.isin(told) & (above != cards["group"]).to_numpy()
    return cards[~part]


def leaf_groups(cards: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``cards`` that are not split further on the same area and day.

    Examples
    --------
    >>> import pandas as pd
    >>> cards = pd.DataFrame(
    ...     {"area": "A", "as_of": "2021-12-31", "group": ["state_paid", "poor", "household"], "cards": [10, 4, 5]}
    ... )
    >>> leaf_groups(cards)["group"].tolist()
    ['poor', 'household']
    """
    table = _table()
    if not double_counted_groups(cards["group"]):
        return cards
    place = [c for c in ("area", "as_of") if c in cards]
    split = pd.Series(False, index=cards.index)
    told = pd.MultiIndex.from_frame(cards[[*place, "group"]])
    for wider in ("group", "within"):
        above = cards["group"].map(table[wider]).fillna("")
        parts = cards[place].assign(group=above)[above != cards["group"]]
        split |= told.isin(pd.MultiIndex.from_frame(parts))
    return cards[~split]
