"""Count for each commune who would lose and who would gain a card in each zone that a decision can put it in."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.model.reclassification.card_flows import (
    MINORITY,
    RESIDENT,
    ZONES,
    split_by_entitlement,
    totals,
)
from bhyt_analysis.model.reclassification.reclassify import (
    Options,
    describe_rows,
    known_flows,
    moves_by_zones,
    reclassify,
    set_dtypes,
)


class ZoneChoices(NamedTuple):
    """One row a commune and zone: ``communes``; one row an entitlement by area, too: ``entitlements``.

    The columns are those of `reclassify` with that zone as ``zone_after``, and ``is_decided`` (whether it is the
    decision's own). By entitlement ``gained`` leaves out those who had a card under the other one.
    """

    communes: pd.DataFrame
    entitlements: pd.DataFrame


def zone_choices(data: Dataset, decision: str, area: str, other_entitlement_share: float = 0.0) -> ZoneChoices | None:
    """Return who loses and who gains by a decision in each zone in which it could have put each commune.

    Parameters
    ----------
    data
        what `load` gives.
    decision
        as in the table ``zones``.
    area
        name or code of a unit.
    other_entitlement_share
        as of `reclassify`.

    Returns
    -------
    ZoneChoices
        One row a commune and zone ("III", "II", "I", "none"); None where the zones and cards of some commune of the
        decision are not known, or only those of its former communes, or who would lose or gain in some zone. What was
        not decided is estimated at best.

    Raises
    ------
    BhytError
        for an unknown area or decision.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = zone_choices(load(), "861", "X001").communes
    >>> table.loc[table["area"] == "X00107", ["zone_after", "is_decided", "lost"]].to_numpy().tolist()
    [['III', False, 0], ['II', True, 0], ['I', False, 2416], ['none', False, 2416]]
    >>> zone_choices(load(), "861", "Lục Ngạn") is None
    True
    """
    decided = reclassify(data, decision, area, other_entitlement_share=other_entitlement_share)
    if decided.empty or (decided["method"] != "zones").any() or decided[["lost", "gained"]].isna().any(axis=None):
        return None
    data = area_view(data, area).data
    own = data.zones[(data.zones["decision"] == decision) & data.zones["area"].isin(decided["area"])]
    _, moves = moves_by_zones(data, own, Options(decision, (), None, other_entitlement_share))
    tables = [part.rows[part.rows["decision"] == decision] for part in moves]
    if not set(decided["area"]).issubset(code for rows in tables for code in rows["area"]):
        return None  # some are counted by their former communes
    rows = pd.concat(tables).set_index("area").loc[decided["area"]].reset_index()
    each = rows.loc[rows.index.repeat(len(ZONES))].reset_index(drop=True)
    zones = pd.Series([*ZONES] * len(rows))
    is_decided = zones == each["zone"]
    status = each["status"].where(is_decided, [lowest_quality("estimated", s) for s in each["status"]])
    each = each.assign(zone=zones, status=status)
    flows = known_flows(each)
    communes = describe_rows(data, totals(each, flows, other_entitlement_share)).assign(is_decided=is_decided)
    if communes[["lost", "gained"]].isna().any(axis=None):
        return None  # it depends on ethnic shares that are not known
    parts = without_movers(split_by_entitlement(communes, flows))
    parts = parts[(parts[["before", "gained", "after"]] != 0).any(axis=1)].reset_index(drop=True)
    return ZoneChoices(set_dtypes(communes), set_dtypes(parts))


def without_movers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `reclassify` by entitlement whose ``gained`` leaves out those who had a card under another one.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": "a", "on": "2021-07-01", "zone_after": "II", "moved": [40, 0, 0]})
    >>> keys = ["resident_of_especially_difficult_area", "minority_in_difficult_area", "resident_of_island"]
    >>> rows = rows.assign(subgroup=keys, gained=[0, 50, 3])
    >>> without_movers(rows)["gained"].tolist()
    [0, 10, 3]
    """
    others = rows.groupby(["area", "on", "zone_after"])["moved"].transform("sum") - rows["moved"]
    arrived = others.where(rows["subgroup"].isin([RESIDENT, MINORITY]), 0).fillna(0)  # from one of them to the other
    return rows.assign(gained=rows["gained"] - arrived)
