"""Count who loses, keeps or gains a state-paid card when a decision moves communes between zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.population import add_population, population_at
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups_on, leaf_groups
from bhyt_analysis.model.coverage.coverage import areas_with_figures
from bhyt_analysis.model.distribution.rounding import largest_remainder, largest_remainders

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

COLUMNS = [
    "area", "name", "zone_before", "zone_after", "population", "before", "lost", "kept", "gained", "after", "status",
]  # fmt: skip
BASIS = ["on", "method", "source", "minority_lost", "kept_other"]
BY_SUBGROUP = [*COLUMNS[:2], "subgroup", *COLUMNS[2:8], "moved", *COLUMNS[8:], *BASIS]


@dataclass(frozen=True)
class Options:
    """The parameters of `reclassify` that hold for every area."""

    decision: str
    by_subgroup: bool
    minority_share: float | None
    other_entitlement_share: float


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


@result_table
def reclassify(
    data: Dataset,
    decision: str,
    area: str | None = None,
    by: Sequence[str] = (),
    minority_share: float | None = None,
    other_entitlement_share: float = 0.0,
) -> pd.DataFrame:
    """Return the cards by area entitlement before and after a decision, commune by commune.

    Where the zones of a commune are known on both sides and its cards before, people lose or gain the entitlement by
    the table of article 12(3h) (`AREA_ENTITLEMENTS`), Kinh and ethnic-minority residents apart. Where only a total is
    published, it is spread over the communes that the decision names, by population, and marked estimated; a total
    whose communes are not known stays one row of the district. A commune of which only the new zone is known has its
    row, and no count.

    Parameters
    ----------
    data : Dataset; a user's own list is rows of its ``zones`` under a decision of any name.
    decision : as in the tables ``zones`` and ``losses``. Communes may leave on days of their own.
    area : name or code; without one, every unit that has figures.
    by : ("subgroup",) for one row a commune and entitlement, with the column ``subgroup``.
    minority_share : share of ethnic minorities assumed where no count of them is known (share of people, 0 to 1); what
        rests on it is estimated.
    other_entitlement_share : share of those who lose the entitlement by area and hold another state-paid one later in
        the order of article 12 (0 to 1); they keep a state-paid card.

    Returns
    -------
    DataFrame, one row a commune: ``area``, ``name``, ``zone_before``, ``zone_after`` ("" where not known),
    ``population``, ``before`` (cards by area entitlement), ``lost``, ``kept``, ``gained``, ``after`` (whole people,
    missing where not known; before = lost + kept, after = kept + gained), ``status``, ``on`` (the day), ``method``
    ("zones", "spread", "published" or "listed"), ``source``, ``minority_lost`` (share of ethnic minorities among those
    who lost), ``kept_other`` (of the kept, those under another state-paid entitlement). By sub-group also ``moved``:
    of the kept, those whose entitlement by area became the other one; before = lost + kept and after = kept - moved +
    gained, where gained counts those who moved here.

    Raises BhytError for an unknown area, or a decision of which nothing is known anywhere.

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
    if unknown := [b for b in by if b != "subgroup"]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": "subgroup"}))
    views = [area_view(data, a) for a in (areas_with_figures(data) if area is None else [area])]
    options = Options(decision, bool(by), minority_share, other_entitlement_share)
    table = _concat([view.result(_view_rows, options) for view in views])
    if by:
        table = table[(table[["before", "gained"]].fillna(1) != 0).any(axis=1)]
        table = table.assign(subgroup=table["subgroup"].fillna("difficult_area").astype("str"))
    return _set_dtypes(table[BY_SUBGROUP if by else COLUMNS + BASIS].reset_index(drop=True))


def unit_losses(data: Dataset, decision: str, area: str) -> pd.DataFrame:
    """Return the rows of `reclassify` if they hold all losses of the unit, else none.

    Of a province of which only one district's loss is known, the sum is not its loss.

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
        return _set_dtypes(pd.DataFrame(columns=COLUMNS + BASIS))
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


def _published_losses(data: Dataset, code: str, decision: str) -> pd.DataFrame:
    return data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]


def _concat(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [p for p in parts if len(p)]
    return pd.concat(filled) if filled else pd.DataFrame(columns=BY_SUBGROUP)


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
    # Earlier decisions on the same communes are needed for what was left of their cards.
    zones = data.zones[data.zones["area"].isin(decided["area"])].reset_index(drop=True)
    pairs = _add_zone_before(data, zones)
    by_zones = _by_zones(data, pairs.dropna(subset="zone_before"), options)
    pairs = pairs[pairs["decision"] == options.decision]
    by_zones = by_zones[by_zones.index.isin(pairs.index)]
    listed = pairs[~pairs["area"].isin(by_zones["area"])]
    listed = add_population(listed.assign(as_of=listed["since"]), data.geography, data.population)
    listed = listed.assign(zone_before=listed["zone_before"].fillna(""), method="listed")
    return _concat([by_zones, _describe(data, listed)])


def _add_zone_before(data: Dataset, zones: pd.DataFrame) -> pd.DataFrame:
    """Add the zone of each commune on the day before (columns with ``_before``), missing where not known."""
    pairs = zones.rename_axis("pair").reset_index().merge(data.zones, on="area", suffixes=("", "_before"))
    day_before = pairs["since"] - pd.Timedelta(days=1)
    open_end = pairs["until_before"].fillna(pd.Timestamp.max.floor("s"))
    pairs = pairs[(pairs["since_before"] <= day_before) & (open_end >= day_before)]
    pairs = pairs.sort_values("since_before").drop_duplicates("pair", keep="last").set_index("pair")
    return zones.join(pairs[[c for c in pairs if c.endswith("_before")]])


def _describe(data: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `_add_zone_before` with the names and in the order of the result's columns."""
    names = [data.geography.unit_at(a, d).name for a, d in zip(rows["area"], rows["since"], strict=True)]
    rows = rows.rename(columns={"zone": "zone_after", "since": "on"}).assign(name=names)
    return rows.reindex(columns=BY_SUBGROUP)


def _by_zones(data: Dataset, pairs: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return the losses by the zone table of communes with both zones and cards before, one move after the other."""
    pairs = pairs.sort_values("since", kind="stable").join(_cards_before(data.cards, pairs), how="inner")
    if pairs.empty:
        return _concat([])
    pairs = add_population(pairs.assign(as_of=pairs["since"]), data.geography, data.population)
    counted = data.population.dropna(subset=["minority_people"])
    ethnic = add_population(pairs[["area", "as_of"]], data.geography, counted, also="minority_people")
    share = (ethnic["minority_people"] / ethnic["population"]).astype("float64")
    assumed = share.isna() & (options.minority_share is not None)
    pairs["minority"] = share if options.minority_share is None else share.fillna(options.minority_share)
    left: pd.DataFrame | None = None
    parts = []
    for _, rows in pairs.assign(assumed=assumed).groupby(pairs.groupby("area").cumcount()):
        rows = rows if left is None else _after_earlier_move(rows, left)
        # An ethnic share that is not known takes two values: what does not depend on it is known all the same.
        low, high = (_card_flows(rows, rows["minority"].fillna(m)) for m in (0.25, 0.75))
        flows = low.where_close(high)
        totals = _totals(rows, flows, options.other_entitlement_share)
        left = _cards_left(totals, flows)
        totals = _describe(data, totals)
        parts.append(_split_by_entitlement(totals, flows) if options.by_subgroup else totals)
    return pd.concat(parts)


def _after_earlier_move(rows: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Replace the cards of communes by those that an earlier move has left, where none were counted since."""
    left = left.loc[rows["area"]].set_index(rows.index)
    status = [derived_quality(a, b, "estimated") for a, b in zip(rows["cards_status"], left["status"], strict=True)]
    replaced = rows.assign(**left[[*AREA_KEYS]], cards_status=status)
    return rows.where(rows["counted"] >= left["on"], replaced)


def _cards_before(cards: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the cards by area entitlement on each commune's last counted day before a change, by pair.

    Adds ``cards_status``, ``counted`` (the day) and ``rest`` (people of an earlier entitlement). Left out are communes
    without cards, and those that report the state-paid group only as a total: the cards by area are among them, but
    how many is not known.
    """
    own = cards.merge(pairs[["area", "since"]].rename_axis("pair").reset_index(), on="area")
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
        marks[rows.index] = (rows["group"].map(order) < order["difficult_area"]).astype(bool)
    return marks


def _card_flows(rows: pd.DataFrame, minority: pd.Series) -> CardFlows:
    """Return what the zone table does to the cards of each commune, given its share of ethnic minorities."""
    weight, before, after, is_minority = _resident_cells(rows, minority)
    # Axes: commune, entitlement, cell of residents.
    weight, lose, move = weight[:, None], (after == "")[:, None], ((after != "") & (after != before))[:, None]
    own = np.stack([before != "" if key == "difficult_area" else before == key for key in AREA_KEYS], axis=1)
    arrive = np.stack([(before == "") & (after == key) for key in AREA_KEYS], axis=1)
    people, cards = (weight * own).sum(axis=2), rows[[*AREA_KEYS]].to_numpy(float)

    def cards_of(cells: NDArray[np.bool_]) -> Floats:
        part = (weight * (own & cells)).sum(axis=2)
        return cards * np.divide(part, people, out=np.zeros_like(part), where=people > 0)

    losses, minority_losses = cards_of(lose), cards_of(lose & is_minority).sum(axis=1)
    transfers = np.where(np.isin(AREA_KEYS, (RESIDENT, MINORITY)), cards_of(move), 0.0)
    total = losses.sum(axis=1)
    share = np.divide(minority_losses, total, out=np.full(len(rows), np.nan), where=total > 0)
    return CardFlows(cards, losses, transfers, (weight * arrive).sum(axis=2), share)


def _resident_cells(
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


def _totals(rows: pd.DataFrame, flows: CardFlows, other_entitlement_share: float) -> pd.DataFrame:
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


def _cards_left(rows: pd.DataFrame, flows: CardFlows) -> pd.DataFrame:
    """Return the cards by area entitlement after a move, in whole people that add up to those who have one, by area."""
    new_share = flows.new_share.sum(axis=1, keepdims=True)
    part = np.divide(flows.new_share, new_share, out=np.zeros_like(flows.new_share), where=new_share > 0)
    left = flows.cards - flows.losses - flows.transfers + flows.arrivals + rows[["gained"]].to_numpy(float) * part
    total = (rows["after"] - rows["kept_other"]).to_numpy(float)
    complete = ~np.isnan(total)
    left[complete] = largest_remainders(np.clip(left[complete], 0, None), total[complete].astype("int64"))
    table = pd.DataFrame(left, index=pd.Index(rows["area"]), columns=[*AREA_KEYS])
    return table.assign(on=rows["since"].to_numpy(), status=rows["status"].to_numpy())


def _split_by_entitlement(rows: pd.DataFrame, flows: CardFlows) -> pd.DataFrame:
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


def _spread_loss(data: Dataset, decided: pd.DataFrame, loss: dict) -> pd.DataFrame:
    """Return a published total, spread over the communes that are known to leave zone III."""
    units = decided[decided["area"].isin(data.geography.commune_codes(loss["area"])) & (decided["zone"] != "III")]
    counted = add_population(units.assign(as_of=loss["on"]), data.geography, data.population)
    if units.empty or counted["population"].isna().any():
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
    return table.assign(name=names, on=loss["on"], source=loss["source"]).reindex(columns=BY_SUBGROUP)


def _set_dtypes(table: pd.DataFrame) -> pd.DataFrame:
    counts = ["population", "before", "lost", "kept", "gained", "after", "kept_other", "moved"]
    table = table.astype({**dict.fromkeys([c for c in counts if c in table], "Int64"), "minority_lost": "float64"})
    return table.assign(on=pd.to_datetime(table["on"]))
