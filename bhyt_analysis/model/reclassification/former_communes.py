"""Count the losses and gains of communes that came from others, former commune by former commune.

The lists of 2026-2030 are of communes that were joined in July 2025. Each former commune had a zone of its own, so that
a decision may take cards from the people of one of them and give cards to those of another.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import with_country_people
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.reclassification.card_flows import (
    AREA_KEYS,
    UNKNOWN,
    CardFlows,
    card_flows,
    cards_before,
    entitled_share,
    split_by_entitlement,
    totals,
)

COUNTS = ["before", "lost", "kept", "gained", "after", "kept_other"]
ZONE_COLUMNS = ["zone", "special_villages_share", "status"]


def former_parts(data: Dataset, decided: pd.DataFrame) -> pd.DataFrame:
    """Return the former communes of each commune of a decision, with the zone that each had last.

    ``decided``: rows of ``zones`` with ``unit_id``, one a commune. Returns one row a former commune, indexed by the row
    of its commune: ``former_id``, ``former``, ``former_name``, ``share`` (of the former commune's people, missing where
    not known), ``zone_before``, ``special_villages_share_before``, ``status_before`` (missing where no zone is known).
    Communes that came from no other have none.
    """
    earlier = data.zones.sort_values("since", kind="stable")
    zones_of = {int(i): rows for i, rows in earlier.groupby("unit_id")}
    rows = []
    for row in decided[["unit_id", "since"]].itertuples():
        unit = data.geography.unit(int(row.unit_id))
        for former, share, zone in _parts(data, unit, 1.0, row.since, zones_of):
            if former != unit:
                rows.append((row.Index, former.id, former.code, former.name, share, *zone))
    columns = ["pair", "former_id", "former", "former_name", "share", *(f"{c}_before" for c in ZONE_COLUMNS)]
    return pd.DataFrame(rows, columns=columns).set_index("pair")


def _parts(
    data: Dataset, unit: Unit, share: float, on: pd.Timestamp, zones_of: dict[int, pd.DataFrame]
) -> list[tuple[Unit, float, tuple[object, ...]]]:
    """Return the unit if its zone before a day is known, else the units from which it came, at any number of steps."""
    last = on - pd.Timedelta(days=1) if unit.until is None else min(unit.until, on - pd.Timedelta(days=1))
    rows = zones_of.get(unit.id, data.zones.head(0))
    rows = rows[(rows["since"] <= last) & (rows["until"].isna() | (rows["until"] >= last))]
    if len(rows):
        return [(unit, share, tuple(rows.iloc[-1][ZONE_COLUMNS]))]
    steps = data.geography.predecessors(unit)
    if not steps:
        return [(unit, share, (np.nan, np.nan, np.nan))]
    return [part for old, step in steps for part in _parts(data, old, share * step, on, zones_of)]


def by_former_communes(
    data: Dataset,
    communes: pd.DataFrame,
    minority_share: float | None,
    other_entitlement_share: float,
    by_subgroup: bool,
) -> pd.DataFrame:
    """Return the losses and gains of communes by the zones of their former communes, one row a former commune.

    ``communes``: rows of ``zones`` under one decision with ``unit_id`` and ``population`` (missing where not known).
    The cards before are those of the commune itself, shared out by the people entitled, or else those of its former
    communes. Rows without a count say in ``unknown`` what is missing. The columns are those of `reclassify`, with
    ``former`` and ``former_name``; none for a commune that came from no other, or of whose parts no zone is known.
    """
    parts = former_parts(data, communes)
    parts = parts[parts["zone_before"].notna().groupby(level=0).transform("any")]
    rows = parts.join(communes, how="inner").reset_index()
    if rows.empty:
        return rows
    rows = _add_people(data, rows, minority_share)
    rows = _add_cards(data, rows)
    counted = rows["zone_before"].notna() & rows["cards_status"].notna() & rows["population"].notna()
    tables = []
    if counted.any():
        complete = rows[counted]
        low, high = (_flows(complete, share) for share in (0.25, 0.75))
        flows = low.where_close(high)
        sums = totals(complete, flows, other_entitlement_share)
        tables.append(split_by_entitlement(sums, flows) if by_subgroup else sums)
    rest = rows[~counted].assign(method="listed", **dict.fromkeys(COUNTS, np.nan), minority_lost=np.nan)
    return pd.concat([*tables, rest]).sort_index(kind="stable")


def _add_people(data: Dataset, rows: pd.DataFrame, minority_share: float | None) -> pd.DataFrame:
    """Add the people of each part (``population``), in whole people that add up to the commune's, and ``minority``.

    Where a part has no count, or its share is not known, only a commune that came from a single one has people.
    """
    units = [data.geography.unit(i) for i in dict.fromkeys(rows["former_id"])]
    population = data.rows("population", {u.id for u in units})
    bare = [u for u in units if u.id not in set(population["unit_id"]) and u.code.isdigit()]
    population = with_country_people(population, bare).sort_values("as_of", kind="stable")
    last = population.drop_duplicates("unit_id", keep="last").set_index("unit_id")
    people = rows["former_id"].map(last["people"]).astype("float64") * rows["share"]
    minority = (last["minority_people"] / last["people"]).astype("float64")
    counts = rows["pair"].map(rows["pair"].value_counts())
    weight = people.where(counts > 1, 1.0)
    sizes = weight.groupby(rows["pair"]).transform(lambda parts: parts.sum(skipna=False))
    commune = rows["population"].astype("float64").fillna(people.groupby(rows["pair"]).transform("sum", min_count=1))
    rows = rows.assign(population=commune * weight / sizes, several=counts > 1)
    for _, own in rows.dropna(subset="population").groupby("pair"):
        total = int(np.floor(own["population"].sum() + 0.5))
        rows.loc[own.index, "population"] = largest_remainder(own["population"].to_numpy(), total)
    own_share = rows["former_id"].map(minority).astype("float64")
    assumed = own_share.isna() & (minority_share is not None)
    filled = own_share if minority_share is None else own_share.fillna(minority_share)
    return rows.assign(minority=filled, assumed=assumed)


def _add_cards(data: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the cards by area of each part: its share of those of the commune, or those of the former commune."""
    own = cards_before(data.cards, rows.drop_duplicates("pair").set_index("pair")[["unit_id", "since"]])
    # Counts from before there was the commune are sums of its former ones, which are better known one by one.
    first = rows.drop_duplicates("pair").set_index("pair")["unit_id"].map(lambda i: data.geography.unit(int(i)).since)
    own = own[own["counted"] >= pd.to_datetime(first).reindex(own.index)]
    ends = pd.Series({u: data.geography.unit(u).until for u in rows["former_id"].unique()})
    day_after = rows["former_id"].map(ends) + pd.Timedelta(days=1)
    former = rows.assign(unit_id=rows["former_id"], since=np.fmin(day_after.fillna(rows["since"]), rows["since"]))
    former = cards_before(data.cards, former[["unit_id", "since"]])
    numbers = [*AREA_KEYS, "rest"]
    # A part of a former commune takes its share of the cards; all of it takes them as they are.
    former[numbers] = np.floor(former[numbers].mul(rows["share"].reindex(former.index), axis=0) + 0.5)
    part = (rows["share"].reindex(former.index) < 1).to_numpy()
    weaker = [derived_quality(status, "estimated") for status in former["cards_status"]]
    former["cards_status"] = former["cards_status"].where(~part, weaker)
    former = former[former[numbers].notna().all(axis=1)]
    cards = former.reindex(rows.index)
    for pair, parts in rows[rows["pair"].isin(own.index)].groupby("pair"):
        if (shares := _share_out(parts, own.loc[pair])) is not None:
            cards.loc[parts.index] = shares[cards.columns].to_numpy()
    return rows.join(cards)


def _share_out(parts: pd.DataFrame, own: pd.Series) -> pd.DataFrame | None:
    """Return a commune's cards by part: each entitlement by the people who have it.

    None where a zone or the people of a part are not known, or ethnic shares that matter.
    """
    if parts[["zone_before", "population"]].isna().any(axis=None):
        return None
    people, tables = parts["population"].to_numpy(float), []
    for guess in (0.25, 0.75):
        entitled = entitled_share(parts, parts["minority"].fillna(guess)) * people[:, None]
        table = pd.DataFrame(0.0, index=parts.index, columns=[*AREA_KEYS, "rest"])
        for i, key in enumerate(table):
            weights = entitled[:, i] if key in AREA_KEYS and entitled[:, i].sum() > 0 else people
            if weights.sum() > 0:
                table[key] = largest_remainder(weights, int(own[key]))
        tables.append(table)
    if not tables[0].equals(tables[1]):
        return None
    status = derived_quality(own["cards_status"], "estimated") if len(parts) > 1 else own["cards_status"]
    return tables[0].assign(cards_status=status, counted=own["counted"])


def _flows(rows: pd.DataFrame, minority: float) -> CardFlows:
    return card_flows(rows, rows["minority"].fillna(minority))


def sum_of_parts(parts: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the rows of whole communes from those of their parts, by ``keys``: no count where a part has none."""
    groups = parts.groupby(keys, sort=False, dropna=False)
    counts = [c for c in [*COUNTS, "population", "moved"] if c in parts]
    table = groups.first()
    for column in counts:
        table[column] = groups[column].agg(_complete_sum)
    table["zone_before"] = groups["zone_before"].agg(_common_zone)
    table["status"] = groups["status"].agg(lambda statuses: derived_quality(*statuses))
    table["unknown"] = groups["unknown"].agg(lambda kinds: min(kinds, key=UNKNOWN.index))
    table["method"] = groups["method"].agg("min")  # "listed" where a part has no count
    lost = parts["lost"].astype("float64")
    minority = (parts["minority_lost"] * lost).where(lost > 0, 0.0)
    sums = parts.assign(minority=minority).groupby(keys, sort=False, dropna=False)["minority"].agg(_complete_sum)
    table["minority_lost"] = (sums / table["lost"]).where(table["lost"] > 0)
    return table.reset_index()


def _complete_sum(values: pd.Series) -> float:
    return float(values.astype("float64").sum(skipna=False))


def _common_zone(zones: pd.Series) -> str:
    """Return the zone of all parts, ``mixed`` where they differ, "" where one is not known."""
    different = set(zones.fillna(""))
    return "" if "" in different else different.pop() if len(different) == 1 else "mixed"
