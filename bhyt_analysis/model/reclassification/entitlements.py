"""Under which title is a person with several titles insured on a date?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import InForce
from bhyt_analysis.model.finance.premiums import subsidy_shares
from bhyt_analysis.model.reclassification.reclassify import AREA_ENTITLEMENTS, MINORITY, RESIDENT

# What `area_entitlements` reads: true or false, but no titles themselves.
CIRCUMSTANCES = ["minority", "special_village"]
Fault = tuple[str, dict[str, Any]]


def assign_entitlement(people: pd.DataFrame, law: InForce) -> pd.DataFrame:
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
        ``minority`` and ``special_village``, which `area_entitlements` reads, are no titles.
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
    >>> table = assign_entitlement(people, Law.read().at("2024-01-01"))
    >>> table[["group", "subsidy_share", "other_titles"]].to_numpy().tolist()
    [['child_under_6', 1.0, 1], ['near_poor', 0.7, 1]]
    """
    known, share = groups(), subsidy_shares(law).to_numpy()
    _check(people, known)
    title = np.full(len(people), known.index.get_loc("household"), dtype=np.int8)
    count = np.zeros(len(people), dtype=np.int64)
    # From the last title to the first: each overrules those after it.
    for row in _first_to_last(known, share)[::-1]:
        if (key := known.index[row]) in people:
            holds = people[key].to_numpy(dtype=bool)
            np.copyto(title, row, where=holds)
            count += holds
    articles = pd.Categorical(known["group"], categories=known["group"].unique())
    return people.assign(
        group=pd.Categorical.from_codes(title, known.index),
        article_group=articles.take(title),
        subsidy_share=share[title],
        other_titles=np.maximum(count - 1, 0),
    )


def _first_to_last(known: pd.DataFrame, share: np.ndarray) -> np.ndarray:
    """The rows of `groups` that are titles on the day, first the one under which people are insured before others."""
    clause = known.loc[known["group"], "title_order"].to_numpy()
    support = np.where(known["group"] == "state_supported", share, 0.0)
    order = np.lexsort([known["title_order"], -support, clause])  # by clause, then support, then order
    return order[~np.isnan(share[order]) & (known.index[order] != "household")]


def _check(people: pd.DataFrame, known: pd.DataFrame) -> None:
    """Every column of true or false is a title, every title is true or false and one that the law can tell."""
    faults: list[Fault] = []
    for column in people:
        told = {"column": str(column)}
        if column in known.index:
            faults += _not_true_or_false(people[column])
            if column == "state_supported":
                parts = known.index[(known["group"] == column) & (known.index != column)]
                faults.append(("error.title_of_any_support", {**told, "expected": ", ".join(parts)}))
        elif pd.api.types.is_bool_dtype(people[column].dtype) and column not in CIRCUMSTANCES:
            close = nearest_choice(str(column), known.index)
            faults.append(
                ("error.no_such_title", {**told, "nearest": close})
                if close
                else ("error.unknown_group", {"found": str(column)})
            )
    if faults:
        raise BhytError(*faults)


def _not_true_or_false(values: pd.Series) -> list[Fault]:
    """What a column of true or false should not hold, the first of it: a blank, a count, a word."""
    if values.dtype == bool:
        return []
    wrong = [str(v) for v in values if not isinstance(v, bool | np.bool_)]
    return [("error.title_not_bool", {"column": str(values.name), "found": found}) for found in wrong[:1]]


def area_entitlements(people: pd.DataFrame) -> pd.DataFrame:
    """The title that each person or cell holds by where they live.

    Law 25/2008/QH12 as amended by Law 46/2014/QH13 art. 12(3h), as in `reclassify`: in
    zone III and in especially difficult villages everybody, in zone II ethnic minorities.

    Parameters
    ----------
    people : one row a person or cell, with ``zone`` (III, II, I, none), ``minority``
        (true or false) and, if told, ``special_village`` (true for an especially
        difficult village; false if left out). A Categorical zone is faster.

    Returns
    -------
    A new DataFrame: the input's columns, then one of true or false for each of the titles
    ``resident_of_especially_difficult_area`` and ``minority_in_difficult_area``, as
    `assign_entitlement` takes them. Nobody holds both.

    Raises
    ------
    BhytError
        for missing columns, unknown zones and anything missing; all are named at once.

    Examples
    --------
    >>> people = pd.DataFrame({"zone": ["III", "II", "II", "I"], "minority": [False, True, False, True]})
    >>> area_entitlements(people)["resident_of_especially_difficult_area"].tolist()
    [True, False, False, False]
    >>> area_entitlements(people)["minority_in_difficult_area"].tolist()
    [False, True, False, False]
    """
    faults: list[Fault] = [("error.people_column", {"column": c}) for c in ("zone", "minority") if c not in people]
    for column in CIRCUMSTANCES:
        faults += _not_true_or_false(people[column]) if column in people else []
    zones = pd.Categorical(people["zone"]) if "zone" in people else pd.Categorical([])
    known = AREA_ENTITLEMENTS.index.unique("zone")
    strange = [str(z) for z in zones.unique() if z not in known]
    if strange:
        faults.append(("error.no_such_zone", {"found": ", ".join(strange), "expected": ", ".join(known)}))
    if faults:
        raise BhytError(*faults)
    village = people["special_village"].to_numpy(dtype=bool) if "special_village" in people else np.zeros(1, bool)
    zone = known.get_indexer(zones.categories)[zones.codes]
    # One entry for each zone, village (other, special) and resident (Kinh, minority).
    order = pd.MultiIndex.from_product([known, ["other", "special"]])
    title = AREA_ENTITLEMENTS.reindex(order)[["kinh", "minority"]].to_numpy().ravel()
    entry = zone * 4 + village * 2 + people["minority"].to_numpy(dtype=bool)
    return people.assign(**{name: (title == name)[entry] for name in (RESIDENT, MINORITY)})
