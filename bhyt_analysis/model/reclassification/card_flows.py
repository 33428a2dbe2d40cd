"""Count the cards of communes by entitlement by area, and what a change of zone does to them.

The zone table of article 12(3h) is read twice, before and after a change, for Kinh and ethnic-minority residents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.law.groups import groups_on, leaf_groups, legal_group
from bhyt_analysis.model.distribution.rounding import largest_remainders

Floats = NDArray[np.float64]
# Law 25/2008/QH12 as amended, art. 12(3h): the entitlement by area of a resident, by the zone
# of the commune and by whether the village is an especially difficult one. Every change of zone
# is read from this table twice, before and after: III to II is lost by Kinh residents and kept by
# ethnic minorities, III or II to I by both, and so on.
RESIDENT, MINORITY = "resident_of_especially_difficult_area", "minority_in_difficult_area"
AREA_ENTITLEMENTS = pd.DataFrame(
    [
        # zone    village      Kinh      ethnic minority
        ("III", "special", RESIDENT, RESIDENT),
        ("III", "other", RESIDENT, RESIDENT),
        ("II", "special", RESIDENT, RESIDENT),
        ("II", "other", "", MINORITY),
        ("I", "special", RESIDENT, RESIDENT),
        ("I", "other", "", ""),
        ("none", "special", RESIDENT, RESIDENT),
        ("none", "other", "", ""),
    ],
    columns=["zone", "village", "kinh", "minority"],
).set_index(["zone", "village"])
ZONES = tuple(AREA_ENTITLEMENTS.index.unique("zone"))
# What offices report of entitlements by area: one by one, or only as one number.
AREA_KEYS = (RESIDENT, MINORITY, "difficult_area", "resident_of_island")
# What may not be known of a commune, the first that prevents a count; special villages only make it an estimate.
UNKNOWN = ("zone_before", "cards", "minority", "special_villages", "")


@dataclass(frozen=True)
class CardFlows:
    """The cards of communes (rows) by entitlement by area (`AREA_KEYS`), and what a change of zone does to them."""

    cards: Floats  # on the day before
    losses: Floats
    transfers: Floats  # to the other entitlement by area
    new_share: Floats  # of the residents
    minority_share: Floats  # of all losses of a commune

    @property
    def arrivals(self) -> Floats:
        """Cards from the other entitlement by area."""
        return self.transfers[:, [1, 0, 2, 3]]

    def where_close(self, other: CardFlows) -> CardFlows:
        """Return the figures, missing where another set of figures differs."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__]
        return CardFlows(*(np.where(np.isclose(a, b), a, np.nan) for a, b in pairs))


def cards_before(cards: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the cards by area entitlement on each commune's last counted day before a change, by pair.

    Adds ``cards_status``, ``counted`` (the day) and ``rest`` (people of an earlier entitlement). Left out are communes
    without cards, and those that report the state-paid group only as a total: the cards by area are among them, but
    how many is not known.
    """
    own = cards.merge(pairs[["unit_id", "since"]].rename_axis("pair").reset_index(), on="unit_id")
    own = own[own["as_of"] < own["since"]]
    own = own[own["as_of"] == own.groupby("pair")["as_of"].transform("max")].set_index("pair")
    by_area = own["group"].isin(AREA_KEYS)
    usable = by_area.groupby("pair").any() | ~(own["group"] == "state_paid").groupby("pair").any()
    usable = usable.reindex(own.index)
    own, by_area = own[usable], by_area[usable]
    area_cards = own[by_area]
    table = area_cards.pivot_table(index="pair", columns="group", values="cards", aggfunc="sum")
    table = table.reindex(index=own.index.unique(), columns=list(AREA_KEYS)).fillna(0).astype("float64")
    parts = table[[k for k in AREA_KEYS if k != "difficult_area"]].sum(axis=1)
    table["difficult_area"] = (table["difficult_area"] - parts).clip(lower=0)  # the total beyond its parts
    rest = leaf_groups(own.reset_index()[~by_area.to_numpy()])
    rest = rest[(rest["group"] != "state_paid") & _before_area_titles(rest)]
    table["rest"] = rest.groupby("pair")["cards"].sum().reindex(table.index).fillna(0).astype("float64")
    status = (area_cards if len(area_cards) else own).groupby("pair")["status"].agg(lowest_quality)
    table["cards_status"] = status.reindex(table.index).fillna("derived")
    table["counted"] = own.groupby("pair")["as_of"].first()
    return table


def _before_area_titles(cards: pd.DataFrame) -> pd.Series:
    """Mark the cards of titles that stand before those by area in the order of the day of the change (``since``)."""
    marks = pd.Series(False, index=cards.index)
    for day, rows in cards.groupby("since"):
        order = groups_on(day)["title_order"]
        marks[rows.index] = (rows["group"].map(legal_group).map(order) < order["difficult_area"]).astype(bool)
    return marks


def card_flows(rows: pd.DataFrame, minority: pd.Series) -> CardFlows:
    """Return what the zone table does to the cards of each commune, given its share of ethnic minorities."""
    weight, before, after, is_minority = resident_cells(rows, minority)
    # Axes: commune, entitlement, cell of residents.
    weight, lose = weight[:, None], (after == "")[:, None]
    move = np.stack([(after != "") & (after != key) for key in AREA_KEYS], axis=1)
    arrive = np.stack([(before == "") & (after == key) for key in AREA_KEYS], axis=1)
    own = _add_minorities_of_zone_iii(_has_entitlement(before), before, is_minority)
    people, cards = (weight * own).sum(axis=2), rows[[*AREA_KEYS]].to_numpy(float)

    def cards_of(cells: NDArray[np.bool_]) -> Floats:
        part = (weight * (own & cells)).sum(axis=2)
        return cards * np.divide(part, people, out=np.zeros_like(part), where=people > 0)

    losses, minority_losses = cards_of(lose), cards_of(lose & is_minority).sum(axis=1)
    transfers = np.where(np.isin(AREA_KEYS, (RESIDENT, MINORITY)), cards_of(move), 0.0)
    total = losses.sum(axis=1)
    share = np.divide(minority_losses, total, out=np.full(len(rows), np.nan), where=total > 0)
    return CardFlows(cards, losses, transfers, (weight * arrive).sum(axis=2), share)


def _has_entitlement(entitlement: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Mark the cells of residents (commune, cell) that have each of `AREA_KEYS`: (commune, key, cell)."""
    return np.stack([entitlement != "" if key == "difficult_area" else entitlement == key for key in AREA_KEYS], axis=1)


def _add_minorities_of_zone_iii(
    own: NDArray[np.bool_], before: NDArray[np.str_], is_minority: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mark entitled minorities as holders of minority cards where the zone table has none of these.

    In zone III the law entitles every resident, yet offices report the cards of minorities there under their own code.
    """
    own, key = own.copy(), AREA_KEYS.index(MINORITY)
    own[:, key] |= ~own[:, key].any(axis=1, keepdims=True) & (before != "") & is_minority
    return own


def entitled_share(rows: pd.DataFrame, minority: pd.Series) -> Floats:
    """Return the share of the residents of each commune (rows) with each of `AREA_KEYS` before the change."""
    weight, before, *_ = resident_cells(rows, minority)
    return (weight[:, None] * _has_entitlement(before)).sum(axis=2)


def name_unknown(rows: pd.DataFrame) -> list[str]:
    """Return what is not known of each commune (`UNKNOWN`), from its zones, special villages and counts."""
    counts = ("before", "lost", "gained")
    before, lost, gained = (rows.get(c, pd.Series(np.nan, index=rows.index)) for c in counts)
    villages = pd.Series(False, index=rows.index)
    for zone, share in (("zone_before", "special_villages_share_before"), ("zone", "special_villages_share")):
        villages |= (rows[zone] != "III") & rows[share].isna()
    missing = [rows["zone_before"].fillna("") == "", before.isna(), lost.isna() | gained.isna(), villages]
    return np.select([m.to_numpy(bool) for m in missing], UNKNOWN[:-1], "").tolist()


def resident_cells(
    rows: pd.DataFrame, minority: pd.Series
) -> tuple[Floats, NDArray[np.str_], NDArray[np.str_], NDArray[np.bool_]]:
    """Split the residents of each commune (rows) into six cells by village and ethnicity (columns).

    Villages are special on both sides of the change, on one only, or on neither. Returns the share of residents, the
    entitlement before and after, and whether the cell is of a minority.
    """
    sides = (("zone_before", "special_villages_share_before"), ("zone", "special_villages_share"))
    first, second = (rows[v].fillna(0.0).mask(rows[z] == "III", 0.0).to_numpy(float) for z, v in sides)
    both, either = np.minimum(first, second), np.maximum(first, second)
    no, yes = np.zeros(len(rows), bool), np.ones(len(rows), bool)
    cells = []
    for size, *special in ((both, yes, yes), (either - both, first > both, second > both), (1 - either, no, no)):
        villages = [np.where(side, "special", "other") for side in special]
        keys = [zip(rows[zone], village, strict=True) for (zone, _), village in zip(sides, villages, strict=True)]
        before, after = (AREA_ENTITLEMENTS.reindex([*key]) for key in keys)
        for people, share in (("kinh", 1 - minority), ("minority", minority)):
            cells.append((size * share, before[people].to_numpy(), after[people].to_numpy()))
    weight, entitled_before, entitled_after = (np.column_stack(column) for column in zip(*cells, strict=True))
    return weight, entitled_before, entitled_after, np.array([False, True] * 3)


def totals(rows: pd.DataFrame, flows: CardFlows, other_entitlement_share: float) -> pd.DataFrame:
    """Add the totals of each commune in whole people, and their status."""
    exact, before = flows.losses.sum(axis=1), np.nansum(flows.cards, axis=1)
    lost = np.floor(exact * (1 - other_entitlement_share) + 0.5)
    kept = before - lost
    # Those newly entitled: people without an earlier state-paid or employee entitlement.
    reach = (rows["population"].astype("float64") - rows["rest"]).to_numpy()
    new_share = flows.new_share.sum(axis=1)
    entitled = np.where(new_share == 0, 0.0, reach * new_share)
    gained = np.floor(np.minimum(entitled, np.clip(reach - kept, 0, None)) + 0.5)
    assumed = rows["assumed"].to_numpy(bool) & np.isnan(flows.minority_share) | (other_entitlement_share > 0)
    # Whether a village is especially difficult matters outside zone III; blank counts as none there.
    for zone, villages in (("zone_before", "special_villages_share_before"), ("zone", "special_villages_share")):
        assumed |= ((rows[zone] != "III") & rows[villages].isna()).to_numpy()
    all_or_none = ((exact == 0) | (exact == before)) & (gained == 0) & ~assumed
    status = [
        derived_quality(c, z, y, "derived" if e else "estimated")
        for c, z, y, e in zip(rows["cards_status"], rows["status"], rows["status_before"], all_or_none, strict=True)
    ]
    rows = rows.assign(before=before, lost=lost, kept=kept, kept_other=np.floor(exact + 0.5) - lost, gained=gained)
    return rows.assign(after=kept + gained, minority_lost=flows.minority_share, status=status, method="zones")


def cards_left(rows: pd.DataFrame, flows: CardFlows) -> pd.DataFrame:
    """Return the cards by area entitlement after a move, in whole people that add up to those who have one, by area."""
    new_share = flows.new_share.sum(axis=1, keepdims=True)
    part = np.divide(flows.new_share, new_share, out=np.zeros_like(flows.new_share), where=new_share > 0)
    left = flows.cards - flows.losses - flows.transfers + flows.arrivals + rows[["gained"]].to_numpy(float) * part
    total = (rows["after"] - rows["kept_other"]).to_numpy(float)
    complete = ~np.isnan(total)
    left[complete] = largest_remainders(np.clip(left[complete], 0, None), total[complete].astype("int64"))
    table = pd.DataFrame(left, index=pd.Index(rows["area"]), columns=[*AREA_KEYS])
    return table.assign(on=rows["since"].to_numpy(), status=rows["status"].to_numpy())


def split_by_entitlement(rows: pd.DataFrame, flows: CardFlows) -> pd.DataFrame:
    """Return one row a commune and entitlement, in whole people that add up to the commune's row."""

    def share_out(weights: Floats, total: str) -> Floats:
        parts, usable = np.full(weights.shape, np.nan), rows[total].notna().to_numpy()
        parts[usable] = largest_remainders(weights[usable], rows.loc[usable, total].to_numpy("int64"))
        return parts

    lost, gained = share_out(flows.losses, "lost"), share_out(flows.new_share, "gained")
    transfers = np.minimum(np.floor(flows.transfers + 0.5), flows.cards - lost)
    kept, gained = flows.cards - lost, gained + transfers[:, [1, 0, 2, 3]]
    figures = {"before": flows.cards, "lost": lost, "kept": kept, "moved": transfers, "gained": gained}
    figures["after"] = kept - transfers + gained
    long = rows.loc[rows.index.repeat(len(AREA_KEYS))].assign(subgroup=[*AREA_KEYS] * len(rows))
    return long.assign(**{column: values.ravel() for column, values in figures.items()})
