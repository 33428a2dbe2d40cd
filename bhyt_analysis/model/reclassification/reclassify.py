"""Count who loses, keeps or gains a state-paid card when a decision moves communes between zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import NO_UNIT
from bhyt_analysis.domain.population import add_population, population_at
from bhyt_analysis.domain.result_table import parse_by, result_table
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.coverage.coverage import areas_with_figures
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.reclassification.card_flows import (
    AREA_KEYS,
    CardFlows,
    card_flows,
    cards_before,
    cards_left,
    name_unknown,
    split_by_entitlement,
    totals,
)
from bhyt_analysis.model.reclassification.former_communes import by_former_communes, sum_of_parts

COLUMNS = [
    "area", "name", "zone_before", "zone_after", "population", "before", "lost", "kept", "gained", "after", "status",
]  # fmt: skip
BASIS = ["on", "method", "source", "minority_lost", "kept_other", "unknown"]
FORMER = ["former", "former_name"]
KEYS = ("area", *FORMER, "subgroup", "on", "method")  # of a row of a result
ALL_COLUMNS = [*COLUMNS[:2], *FORMER, "subgroup", *COLUMNS[2:8], "moved", *COLUMNS[8:], *BASIS]


@dataclass(frozen=True)
class Options:
    """The parameters of `reclassify` that hold for every area."""

    decision: str
    by: tuple[str, ...]
    minority_share: float | None
    other_entitlement_share: float


@result_table
def reclassify(
    data: Dataset,
    decision: str,
    area: str | None = None,
    by: str | Sequence[str] | None = None,
    minority_share: float | None = None,
    other_entitlement_share: float = 0.0,
) -> pd.DataFrame:
    """Return the cards by area entitlement before and after a decision, commune by commune.

    Where the zones of a commune are known on both sides and its cards before, people lose or gain the entitlement by
    the table of article 12(3h) (`AREA_ENTITLEMENTS`), Kinh and ethnic-minority residents apart. Where only a total is
    published, it is spread over the communes that the decision names, by population, and marked estimated; a total
    whose communes are not known, or not all in the tables, stays one row of its unit. A commune of which only the new
    zone is known has its row, and no count.

    A commune that came from others (lists of 2026-2030 for communes of July 2025) is counted by the zone that each
    former commune had: a decision may take cards from the people of one and give cards to those of another. Its cards
    are shared out by the people entitled (estimated), or taken from the last counts of the former communes.

    Parameters
    ----------
    data
        Dataset; a user's own list is rows of its ``zones`` under a decision of any name.
    decision
        as in the tables ``zones`` and ``losses``. Communes may leave on days of their own. It is set against the zones
        of the day before: those of all decisions of earlier days, drafts too, and of no other one of the same day.
    area
        name or code, or a list: the rows of each, one below the other; without one, every unit that has figures, and
        those above the communes of the decision.
    by
        "subgroup" for one row a commune and entitlement, with the column ``subgroup``; "former" for one row a former
        commune, with ``former`` (its code, "" where the commune came from no other) and ``former_name``; or both
        ("subgroup, former"). Left out, or "commune", is one row a commune.
    minority_share
        share of ethnic minorities assumed where no count of them is known (share of people, 0 to 1); what rests on it
        is estimated.
    other_entitlement_share
        share of those who lose the entitlement by area and hold another state-paid one later in the order of article 12
        (0 to 1); they keep a state-paid card.

    Returns
    -------
    DataFrame
        One row a commune: ``area``, ``name``, ``zone_before``, ``zone_after`` ("" where not known), ``population``,
        ``before`` (cards by area entitlement), ``lost``, ``kept``, ``gained``, ``after`` (whole people, missing where
        not known; before = lost + kept, after = kept + gained), ``status``, ``on`` (the day), ``method`` ("zones",
        "spread", "published" or "listed"), ``source``, ``minority_lost`` (share of ethnic minorities among those who
        lost), ``kept_other`` (of the kept, those under another state-paid entitlement), ``unknown`` (the first of
        "zone_before", "cards" and "minority" that prevents a count; "special_villages" where they are not given and
        taken as none). The zone before is "mixed" where former communes had different ones. By sub-group also
        ``moved``: of the kept, those whose entitlement by area became the other one; before = lost + kept and after =
        kept - moved + gained, where gained counts those who moved here.

    Raises
    ------
    BhytError
        for an unknown area, or a decision of which nothing is known anywhere.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = reclassify(load(), decision="861", area="Lục Ngạn")
    >>> len(table), int(table["lost"].sum()), table["status"].unique().tolist()
    (14, 46106, ['estimated'])
    >>> reclassify(load(), decision="2752", area="Lào Cai")["zone_after"].value_counts().to_dict()
    {'III': 47, 'II': 36, 'I': 12, 'none': 4}
    """
    decisions = sorted(set(data.zones["decision"]) | set(data.losses["decision"]))
    if decision not in {*decisions, *data.decisions["decision"]}:
        key = "error.no_decision" if decisions else "error.no_decision_at_all"
        raise BhytError((key, {"decision": decision, "known": ", ".join(decisions)}))
    by = parse_by(by, ("commune", "subgroup", "former"))
    views = [area_view(data, a) for a in (_areas_of_decision(data, decision) if area is None else [area])]
    options = Options(decision, tuple(by), minority_share, other_entitlement_share)
    table = _concat([view.result(_view_rows, options) for view in views])
    table = table.drop_duplicates([*KEYS])  # a commune with figures of its own is in its province, too
    if "subgroup" in by:
        table = table[(table[["before", "gained"]].fillna(1) != 0).any(axis=1)]
        table = table.assign(subgroup=table["subgroup"].astype("object").fillna("difficult_area").astype("str"))
    left_out = {*(() if "subgroup" in by else ("subgroup", "moved")), *(() if "former" in by else FORMER)}
    table = table.assign(**{c: table[c].astype("object").fillna("").astype("str") for c in (*FORMER, "unknown")})
    return set_dtypes(table[[c for c in ALL_COLUMNS if c not in left_out]].reset_index(drop=True))


def _areas_of_decision(data: Dataset, decision: str) -> list[str]:
    """Return the units with figures, and the units above communes of the decision that are in none of them."""
    geography, areas = data.geography, areas_with_figures(data)
    chosen = {geography.find(a).id for a in areas}
    listed = {int(i) for i in data.zones.loc[data.zones["decision"] == decision, "unit_id"]} - {NO_UNIT}
    for unit in dict.fromkeys(geography.parent(geography.unit(i)) for i in sorted(listed)):
        if unit is not None and chosen.isdisjoint(u.id for u in geography.lineage(unit)):
            areas.append(geography.key(unit))
    return areas


def unit_losses(data: Dataset, decision: str, area: str) -> pd.DataFrame:
    """Return the rows of `reclassify` if they hold all losses of the unit, else none.

    Of a province of which only one district's loss is known, the sum is not its loss.

    Parameters
    ----------
    data
        what `load` gives.
    decision
        as in the tables ``zones`` and ``losses``.
    area
        name or code of a unit, or a list: the rows of each, one below the other.

    Returns
    -------
    DataFrame
        As of `reclassify`, or without rows.

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> [len(unit_losses(load(), "861", area)) for area in ("Lục Ngạn", "Tỉnh Bắc Giang")]
    [14, 0]
    """
    table: pd.DataFrame = area_view(data, area).result(_unit_losses, decision)
    return table.copy()


def _unit_losses(view: AreaView, decision: str) -> pd.DataFrame:
    code, data = view.code, view.data
    if decision not in set(data.zones["decision"]) | set(data.losses["decision"]):
        return set_dtypes(pd.DataFrame(columns=COLUMNS + BASIS))
    table = reclassify(data, decision, code)
    table = table[table["method"] != "listed"]
    if len(_published_losses(data, code, decision)):
        return table
    day = table["on"].min()
    listed = len(table) and data.geography.unit_at(code, day).is_fully_listed
    in_table = {c for a in table["area"] for c in data.geography.commune_codes(a)}
    return table if listed and in_table.issuperset(data.geography.commune_codes(code, day)) else table.head(0)


def loss_status_and_unit(data: Dataset, decision: str, area: str, table: pd.DataFrame) -> tuple[str, str]:
    """Return the status of the sum of ``lost`` and its unit, "people" or "cards".

    A published total that was spread over communes is as good as it was published.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> loss_status_and_unit(load(), "861", "Sơn Dương", unit_losses(load(), "861", "Sơn Dương"))
    ('published', 'cards')
    """
    view = area_view(data, area)
    code, data = view.code, view.data
    losses = _published_losses(data, code, decision)
    if losses.empty or table["method"].iloc[0] == "zones":
        return lowest_quality(table["status"]), "people"
    return lowest_quality(losses["status"]), str(losses["unit"].iloc[0] or "people")


def loss_relation(data: Dataset, decision: str, area: str) -> str:
    """Return how the published loss of a unit is printed: ">" for "more than", "about", ...; "=" where it is exact.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> [loss_relation(load(), "861", area) for area in ("Sơn Dương", "Hòa Bình @ 30/06/2025", "Việt Nam")]
    ['=', '>', 'about']
    """
    relations = set(_published_losses(data, area_view(data, area).code, decision)["relation"]) - {"", "="}
    return min(relations, default="=")


def _published_losses(data: Dataset, code: str, decision: str) -> pd.DataFrame:
    return data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]


def _concat(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [p for p in parts if len(p)]
    return pd.concat(filled) if filled else pd.DataFrame(columns=ALL_COLUMNS)


def _view_rows(view: AreaView, options: Options) -> pd.DataFrame:
    return _area_rows(view.data, view.code, options)


def _area_rows(data: Dataset, code: str, options: Options) -> pd.DataFrame:
    """Return the rows of one area, each unit by its best source, be it zones or a published total."""
    losses = _published_losses(data, code, options.decision)
    below = [u.code for u in data.geography.children(data.geography.unit_at(code)) if u.kind != "commune"]
    zones = data.zones[data.zones["decision"] == options.decision]
    zones = zones[zones["area"].isin(data.geography.commune_codes(code))]
    if losses.empty and len(below):
        districts = {c for unit in below for c in data.geography.commune_codes(unit)}
        rest = _decided_communes(data, zones[~zones["area"].isin(districts)], options)
        return _concat([*(_area_rows(data, unit, options) for unit in below), rest])
    rows = _decided_communes(data, zones, options)
    # Zones of some communes only do not replace a published total of them all.
    if losses.empty or (len(rows) and (rows["method"] == "zones").all()):
        return rows
    return _concat([_spread_loss(data, zones, loss) for loss in losses.to_dict("records")])


def _decided_communes(data: Dataset, decided: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return the communes of a decision: by the zone table where their cards before are known, else as listed."""
    pairs, moves = moves_by_zones(data, decided, options)
    is_split = "subgroup" in options.by
    by_zones = _concat([split_by_entitlement(m.sums, m.flows) if is_split else m.sums for m in moves])
    pairs = pairs[pairs["decision"] == options.decision]
    by_zones = by_zones[by_zones.index.isin(pairs.index)]
    listed = pairs[~pairs["area"].isin(by_zones["area"])]
    listed = add_population(listed.assign(as_of=listed["since"]), data.geography, data.population)
    parts = _by_parts(data, listed[listed["zone_before"].isna()], options)
    listed = listed[~listed["area"].isin(parts["area"])] if len(parts) else listed
    listed = listed.assign(zone_before=listed["zone_before"].fillna(""), method="listed")
    return _concat([by_zones, describe_rows(data, listed), parts])


def _by_parts(data: Dataset, listed: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return the communes that came from others, by the zones of these, one row a commune or a former commune."""
    columns = ["area", "unit_id", "decision", "zone", "special_villages_share", "since", "status", "source"]
    communes, by_subgroup = listed[[*columns, "population"]], "subgroup" in options.by
    shares = options.minority_share, options.other_entitlement_share
    parts = by_former_communes(data, communes, *shares, by_subgroup) if len(communes) else communes
    if parts.empty:
        return _concat([])
    parts = describe_rows(data, parts.assign(zone_before=parts["zone_before"].fillna("")))
    if "former" in options.by:
        return parts
    return sum_of_parts(parts, ["area", "on", *(["subgroup"] if by_subgroup else [])]).reindex(columns=ALL_COLUMNS)


def describe_rows(data: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of zones with the names and in the order of the result's columns."""
    names = [data.geography.unit_at(a, d).name for a, d in zip(rows["area"], rows["since"], strict=True)]
    rows = rows.assign(name=names, unknown=name_unknown(rows))
    rows = rows.rename(columns={"zone": "zone_after", "since": "on"})
    return rows.reindex(columns=ALL_COLUMNS)


class Moves(NamedTuple):
    """Communes with zones on both sides and cards before: their rows, what the zone table does, and the totals."""

    rows: pd.DataFrame
    flows: CardFlows
    sums: pd.DataFrame


def moves_by_zones(data: Dataset, decided: pd.DataFrame, options: Options) -> tuple[pd.DataFrame, list[Moves]]:
    """Return the zones of communes with those of the day before, and what moves do to their cards, worked out once.

    ``decided`` are rows of ``zones``. A commune that moves more than once is in several parts, one move after the
    other.
    """
    arguments = options.decision, tuple(decided.index), options.minority_share, options.other_entitlement_share
    result: tuple[pd.DataFrame, list[Moves]] = data.result(_moves_by_zones, *arguments)
    return result


def _moves_by_zones(
    data: Dataset, decision: str, decided: tuple[int, ...], minority_share: float | None, other_share: float
) -> tuple[pd.DataFrame, list[Moves]]:
    every = _zone_pairs(data, data.zones.loc[[*decided]], decision)
    pairs = every.dropna(subset="zone_before")
    pairs = pairs.sort_values("since", kind="stable").join(cards_before(data.cards, pairs), how="inner")
    if pairs.empty:
        return every, []
    pairs = add_population(pairs.assign(as_of=pairs["since"]), data.geography, data.population)
    counted = data.population.dropna(subset=["minority_people"])
    ethnic = add_population(pairs[["area", "as_of"]], data.geography, counted, also="minority_people")
    share = (ethnic["minority_people"] / ethnic["population"]).astype("float64")
    assumed = share.isna() & (minority_share is not None)
    pairs["minority"] = share if minority_share is None else share.fillna(minority_share)
    left: pd.DataFrame | None = None
    moves = list[Moves]()
    for _, rows in pairs.assign(assumed=assumed).groupby(pairs.groupby("area").cumcount()):
        rows = rows if left is None else _after_earlier_move(rows, left)
        flows = known_flows(rows)
        sums = totals(rows, flows, other_share)
        left = cards_left(sums, flows)
        moves.append(Moves(rows, flows, describe_rows(data, sums)))
    return every, moves


def _zone_pairs(data: Dataset, decided: pd.DataFrame, decision: str) -> pd.DataFrame:
    """Return the zones of a decision, and of earlier ones on the same communes, with the zone of the day before.

    ``decided`` are rows of ``zones``. Earlier decisions are needed for what was left of the cards; another one of the
    same day, such as a second draft, is in place of this one and not before it. Columns of the day before have
    ``_before``, missing where not known.
    """
    key, own = ["area", "since"], data.zones["decision"] == decision
    same_day = pd.MultiIndex.from_frame(data.zones[key]).isin(pd.MultiIndex.from_frame(decided[key]))
    zones = data.zones[data.zones["area"].isin(decided["area"]) & (own | ~same_day)].reset_index(drop=True)
    pairs = zones.rename_axis("pair").reset_index().merge(data.zones, on="unit_id", suffixes=("", "_before"))
    day_before = pairs["since"] - pd.Timedelta(days=1)
    open_end = pairs["until_before"].fillna(pd.Timestamp.max.floor("s"))
    pairs = pairs[(pairs["since_before"] <= day_before) & (open_end >= day_before)]
    pairs = pairs.sort_values("since_before").drop_duplicates("pair", keep="last").set_index("pair")
    return zones.join(pairs[[c for c in pairs if c.endswith("_before")]])


def known_flows(rows: pd.DataFrame) -> CardFlows:
    """Return what the zone table does to the cards of communes, missing where it depends on an unknown ethnic share."""
    low, high = (card_flows(rows, rows["minority"].fillna(share)) for share in (0.25, 0.75))
    return low.where_close(high)


def _after_earlier_move(rows: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Replace the cards of communes by those that an earlier move has left, where none were counted since."""
    left = left.loc[rows["area"]].set_index(rows.index)
    status = [derived_quality(a, b, "estimated") for a, b in zip(rows["cards_status"], left["status"], strict=True)]
    replaced = rows.assign(**left[[*AREA_KEYS]], cards_status=status)
    return rows.where(rows["counted"] >= left["on"], replaced)


def _spread_loss(data: Dataset, decided: pd.DataFrame, loss: dict) -> pd.DataFrame:
    """Return a published total, spread over the communes that are known to leave zone III, if these can be all."""
    units = decided[decided["area"].isin(data.geography.commune_codes(loss["area"])) & (decided["zone"] != "III")]
    counted = add_population(units.assign(as_of=loss["on"]), data.geography, data.population)
    people_known = len(units) and counted["population"].notna().all()
    # The communes of some parts of a province, or of the country, are not those that its total was lost in.
    listed = data.geography.unit_at(loss["area"], loss["on"]).is_fully_listed
    if not (people_known and listed and int(loss["people"]) <= counted["population"].sum()):
        count = population_at(data.geography, data.population, loss["area"], loss["on"])
        row = {"area": loss["area"], "zone_before": "", "zone_after": "", "method": "published"}
        row |= {"population": None if count is None else count.people, "lost": loss["people"]}
        table = pd.DataFrame([{**row, "status": loss["status"]}])
    else:
        before = data.zones.merge(units[["area", "since"]], on="area", suffixes=("", "_decided"))
        before = before[before["since"] < before["since_decided"]].sort_values("since")
        before = before.drop_duplicates("area", keep="last").set_index("area")["zone"]
        people = counted["population"].astype("int64").to_numpy()
        table = pd.DataFrame({"area": units["area"].to_numpy(), "zone_after": units["zone"].to_numpy()}).assign(
            zone_before=[before.get(a, "") for a in units["area"]],
            population=people,
            lost=largest_remainder(people, int(loss["people"])),
            status=[lowest_quality("estimated", loss["status"], s) for s in counted["population_status"]],
            method="spread",
        )
    names = [data.geography.unit_at(a, loss["on"]).name for a in table["area"]]
    return table.assign(name=names, on=loss["on"], source=loss["source"]).reindex(columns=ALL_COLUMNS)


def set_dtypes(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `reclassify` with counts that can be missing, and days."""
    counts = ["population", "before", "lost", "kept", "gained", "after", "kept_other", "moved"]
    table = table.astype({**dict.fromkeys([c for c in counts if c in table], "Int64"), "minority_lost": "float64"})
    return table.assign(on=pd.to_datetime(table["on"]))
