"""Under which title is a person with several titles insured on a date?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import InForce
from bhyt_analysis.model.premium import subsidy_shares
from bhyt_analysis.model.reclassify import ENTITLED
from bhyt_analysis.words import BhytError, nearest

# What `area_titles` reads: true or false, but no titles themselves.
CIRCUMSTANCES = ["minority", "special_village"]


def insured_under(people: pd.DataFrame, law: InForce) -> pd.DataFrame:
    """The group under which each person or cell is insured, by the order of article 12.

    Law 25/2008/QH12 as amended by Law 46/2014/QH13 art. 13: a person with several titles
    is insured under the first in the order of article 12. Decree 146/2018/NĐ-CP art. 8:
    a person with several titles to support takes the highest support; among equal ones
    the first in order. A title counts only if the law of the day, in its area, pays for
    it; a person without any title joins by the household. The level of benefits goes by
    another rule (art. 22: the highest of all titles) and is not told here.

    Parameters
    ----------
    people : one row a person, or a cell of people with the same titles; one column of
        true or false for each title, named by a key of `groups`; other columns are kept.
        ``minority`` and ``special_village``, which `area_titles` reads, are no titles.
    law : what `Law.at` gives. People of provinces with rules of their own are asked
        about province by province.

    Returns
    -------
    A new DataFrame: the input's columns, then ``group`` (the key under which insured, a
    Categorical as `premiums` likes it), ``article_group`` (the group of article 12),
    ``subsidy_share`` (the share of the premium that others pay) and ``other_titles``
    (how many other titles count on the day).

    Raises
    ------
    BhytError
        for true-or-false columns that are no group, for titles that are missing or
        something else than true or false, and for a title to support of an unnamed kind;
        all are named at once.

    Examples
    --------
    A child under 6 of a poor household, and a pupil of a near-poor one:

    >>> from bhyt_analysis.law import Law
    >>> people = pd.DataFrame(
    ...     {
    ...         "child_under_6": [True, False],
    ...         "poor": [True, False],
    ...         "pupil": [False, True],
    ...         "near_poor": [False, True],
    ...     }
    ... )
    >>> table = insured_under(people, Law.read().at("2024-01-01"))
    >>> table[["group", "subsidy_share", "other_titles"]].to_numpy().tolist()
    [['child_under_6', 1.0, 1], ['near_poor', 0.7, 1]]
    """
    known, share = groups(), subsidy_shares(law).to_numpy()
    _check(people, known)
    held_by_nobody_else = known.index.get_loc("household")
    title = np.full(len(people), held_by_nobody_else, dtype=np.int8)
    titles = np.zeros(len(people), dtype=np.int64)
    # From the last title to the first, so that each is overruled by those before it.
    for code in _first_to_last(known, share)[::-1]:
        key = known.index[code]
        if key in people and key != "household" and not np.isnan(share[code]):
            holds = people[key].to_numpy(dtype=bool)
            np.copyto(title, code, where=holds)
            titles += holds
    article, article_codes = _coded(known["group"])
    added = {
        "group": pd.Categorical.from_codes(title, known.index),
        "article_group": pd.Categorical.from_codes(article_codes[title], article),
        "subsidy_share": share[title],
        "other_titles": np.maximum(titles - 1, 0),
    }
    return people.assign(**added)
