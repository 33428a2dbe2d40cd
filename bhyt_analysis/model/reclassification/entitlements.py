"""Assign each person to the entitlement that comes first in the law among those that the person has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.messages import nearest_choice
from bhyt_analysis.law.groups import groups, groups_on
from bhyt_analysis.law.law import InForce
from bhyt_analysis.model.finance.premiums import subsidy_shares
from bhyt_analysis.model.reclassification.card_flows import AREA_ENTITLEMENTS, MINORITY, RESIDENT, ZONES

# What `area_entitlements` reads: true or false, but no entitlements themselves.
CIRCUMSTANCES = ["minority", "special_village"]


@result_table
def assign_entitlement(people: pd.DataFrame, law: InForce) -> pd.DataFrame:
    """Assign the group under which each person or cell is insured, by the order of article 12 on the law's day.

    Law 25/2008/QH12 art. 13(2) as amended by Law 46/2014/QH13, since 1 July 2025 art. 13(5) as amended by Law
    51/2024/QH15: a person with several entitlements is insured under the first in the order of article 12, which is
    another one since that day: relatives stand before poor households and residents of difficult areas, recipients of
    monthly allowances after them. Decree 146/2018/NĐ-CP art. 8: a person with several entitlements to support takes the
    highest support; among equal ones the first in order. An entitlement counts only if the law of the day, in its area,
    pays for it; a person without any is insured as a household member. The level of benefits follows another rule (art.
    22(2): the highest of all entitlements) and is not part of the result.

    Parameters
    ----------
    people
        one row a person, or a cell of people with the same entitlements; one column of true or false for each
        entitlement, named by a key of `groups`; other columns are kept. ``minority`` and ``special_village``, which
        `area_entitlements` reads, are no entitlements.
    law
        what `Law.at` gives. Provinces with rules of their own need one call each.

    Returns
    -------
    DataFrame
        A new DataFrame: the input's columns, then ``group`` (the key under which insured, a Categorical as `premiums`
        likes it), ``article_group`` (the group of article 12), ``subsidy_share`` (the share of the premium that others
        pay) and ``other_titles`` (how many other entitlements count on the day).

    Raises
    ------
    BhytError
        for true-or-false columns that are no group, for entitlements that are missing or something else than true or
        false, and for an entitlement to support of an unnamed kind; all are named at once.

    Examples
    --------
    A child under 6 of a poor household, and a pupil of a near-poor one:

    >>> from bhyt_analysis.law import Law
    >>> people = pd.DataFrame({"child_under_6": [True, False], "poor": [True, False]})
    >>> people = people.assign(pupil=[False, True], near_poor=[False, True])
    >>> table = assign_entitlement(people, Law.read().at("2024-01-01"))
    >>> table[["group", "subsidy_share", "other_titles"]].to_numpy().tolist()
    [['child_under_6', 1.0, 1], ['near_poor', 0.7, 1]]
    """
    table, share = groups_on(law.day), subsidy_shares(law).to_numpy()
    raise_faults(_column_faults(people, table))
    assigned = np.full(len(people), table.index.get_loc("household"), dtype=np.int8)
    count = np.zeros(len(people), dtype=np.int64)
    # From the last entitlement to the first: each overrules those after it.
    for row in _order_of_entitlements(table, share)[::-1]:
        if (key := table.index[row]) in people:
            entitled = people[key].to_numpy(dtype=bool)
            np.copyto(assigned, row, where=entitled)
            count += entitled
    articles = pd.Categorical(table["group"], categories=groups()["group"].unique())
    return people.assign(
        group=pd.Categorical.from_codes(assigned, table.index),
        article_group=articles.take(assigned),
        subsidy_share=share[assigned],
        other_titles=np.maximum(count - 1, 0),
    )


def _order_of_entitlements(table: pd.DataFrame, share: np.ndarray) -> np.ndarray:
    """Return the rows of `groups` that are entitlements on the day, in the order in which they prevail."""
    clause = table["group"].map(table["title_order"]).to_numpy()
    support = np.where(table["group"] == "state_supported", share, 0.0)
    order = np.lexsort([table["title_order"], -support, clause])  # by clause, then support, then order
    return order[~np.isnan(share[order]) & (table.index[order] != "household")]


def _column_faults(people: pd.DataFrame, table: pd.DataFrame) -> list[Fault]:
    """Check that columns of true or false are entitlements, and entitlements true or false and of a single kind."""
    faults: list[Fault] = []
    for column in people:
        if column in table.index:
            faults += _not_true_or_false(people[column])
            if column == "state_supported":
                parts = table.index[(table["group"] == column) & (table.index != column)]
                faults.append(("error.title_of_any_support", {"column": column, "expected": ", ".join(parts)}))
        elif pd.api.types.is_bool_dtype(people[column].dtype) and column not in CIRCUMSTANCES:
            if nearest := nearest_choice(str(column), table.index):
                faults.append(("error.no_such_title", {"column": str(column), "nearest": nearest}))
            else:
                faults.append(("error.unknown_group", {"found": str(column)}))
    return faults


def _not_true_or_false(values: pd.Series) -> list[Fault]:
    """Return a fault for the first value that is not true or false: a blank, a count, a word."""
    if values.dtype == bool:
        return []
    wrong = [str(v) for v in values if not isinstance(v, bool | np.bool_)]
    return [("error.title_not_bool", {"column": str(values.name), "found": value}) for value in wrong[:1]]


@result_table
def area_entitlements(people: pd.DataFrame) -> pd.DataFrame:
    """Add the entitlement that each person or cell has by place of residence.

    Law 25/2008/QH12 as amended by Law 46/2014/QH13 art. 12(3h), as in `reclassify`: all residents of zone III and of
    especially difficult villages, ethnic minorities in zone II.

    ``people`` has one row a person or cell, with ``zone`` (III, II, I, none; a Categorical is faster), ``minority``
    (true or false) and optionally ``special_village`` (true for an especially difficult village).

    Returns a new DataFrame: the input's columns, then one of true or false for each of the entitlements
    ``resident_of_especially_difficult_area`` and ``minority_in_difficult_area``, as `assign_entitlement` takes them.
    No person has both.

    Raises BhytError for missing columns, unknown zones and missing values; all are named at once.

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
    if unknown := [str(z) for z in zones.unique() if z not in ZONES]:
        faults.append(("error.no_such_zone", {"found": ", ".join(unknown), "expected": ", ".join(ZONES)}))
    raise_faults(faults)
    village = people["special_village"].to_numpy(dtype=bool) if "special_village" in people else np.zeros(1, bool)
    zone = pd.Index(ZONES).get_indexer(zones.categories)[zones.codes]
    # One entry for each zone, village (other, special) and resident (Kinh, minority).
    order = pd.MultiIndex.from_product([ZONES, ["other", "special"]])
    entitlement = AREA_ENTITLEMENTS.reindex(order)[["kinh", "minority"]].to_numpy().ravel()
    entry = zone * 4 + village * 2 + people["minority"].to_numpy(dtype=bool)
    return people.assign(**{key: (entitlement == key)[entry] for key in (RESIDENT, MINORITY)})
