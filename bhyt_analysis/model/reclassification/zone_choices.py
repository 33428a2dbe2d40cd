"""Count for each commune who would lose and who would gain a card in each zone that a decision can put it in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.model.reclassification.card_flows import ZONES
from bhyt_analysis.model.reclassification.reclassify import reclassify
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves


def zone_choices(
    data: Dataset, decision: str, area: str, by: Sequence[str] = (), other_entitlement_share: float = 0.0
) -> pd.DataFrame:
    """Return who loses and who gains by a decision in each zone in which it could have put each commune.

    Parameters
    ----------
    data
        what `load` gives.
    decision
        as in the table ``zones``.
    area
        name or code of a unit.
    by
        ``["subgroup"]`` for one row a commune, zone and entitlement by area.
    other_entitlement_share
        as of `reclassify`.

    Returns
    -------
    DataFrame
        One row a commune and zone ("III", "II", "I", "none"): the columns of `reclassify` with that zone as
        ``zone_after``, and ``is_decided`` (whether it is the decision's own). By entitlement ``gained`` leaves out
        those who had a card under the other one. Without rows where the zones and cards of some commune of the decision
        are not known.

    Raises
    ------
    BhytError
        for an unknown area or decision.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = zone_choices(load(), "861", "X001")
    >>> table.loc[table["area"] == "X00107", ["zone_after", "is_decided", "lost"]].to_numpy().tolist()
    [['III', False, 0], ['II', True, 0], ['I', False, 2416], ['none', False, 2416]]
    >>> len(zone_choices(load(), "861", "Lục Ngạn"))
    0
    """
    decided = reclassify(data, decision, area, by, other_entitlement_share=other_entitlement_share)
    if (decided["method"] != "zones").any() or decided[["lost", "gained"]].isna().any(axis=None):
        return decided.head(0).assign(is_decided=False)
    own = decided.drop_duplicates("area").set_index("area")["zone_after"]
    parts = [_rows(decided, by).assign(is_decided=True)]
    for zone in ZONES:
        others = own.index[own != zone]
        moves = [{"area": code, "zone": zone} for code in others]
        changed = apply_zone_moves(data, decision, moves)
        rows = reclassify(changed, decision, area, by, other_entitlement_share=other_entitlement_share)
        parts.append(_rows(rows[rows["area"].isin(others)], by).assign(is_decided=False))
    table = pd.concat(parts, ignore_index=True)
    place = pd.DataFrame({"area": table["area"].map(own.index.get_loc), "zone": table["zone_after"].map(ZONES.index)})
    return table.loc[place.sort_values(["area", "zone"], kind="stable").index].reset_index(drop=True)


def _rows(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    return without_movers(rows) if "subgroup" in by else rows


def without_movers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `reclassify` by entitlement whose ``gained`` leaves out those who had a card under the other one.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": ["a", "a"], "moved": [40, 0], "gained": [0, 50]})
    >>> without_movers(rows)["gained"].tolist()
    [0, 10]
    """
    others = rows.groupby("area")["moved"].transform("sum") - rows["moved"]
    return rows.assign(gained=rows["gained"] - others.fillna(0))
