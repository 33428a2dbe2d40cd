"""A decision moves communes between zones: who loses a state-paid card, who keeps or gains one?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import add_population, communes, is_fully_listed, population_at, unit_name
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups, leaf_groups
from bhyt_analysis.model.coverage.coverage import areas_with_figures
from bhyt_analysis.model.distribution.rounding import largest_remainder, largest_remainders

# Law 25/2008/QH12 as amended, art. 12(3h): the title by area that a resident holds, by the zone
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
# What offices report of area titles: by title, or only as one number.
AREA_KEYS = (RESIDENT, MINORITY, "difficult_area", "resident_of_island")

COLUMNS = [
    "area", "name", "zone_before", "zone_after", "population", "before", "lost", "kept", "gained", "after", "status",
]  # fmt: skip
BASIS = ["on", "method", "source", "minority_lost", "kept_other"]


def reclassify(
    data: Dataset,
    decision: str = "861",
    area: str | None = None,
    by: Sequence[str] = (),
    minority_share: float | None = None,
    other_entitlement_share: float = 0.0,
) -> pd.DataFrame:
    """The cards by area title before and after a decision, commune by commune.

    Where the zones of a commune are known on both sides and its cards before, people
    lose or gain the title by the table of article 12(3h) (`AREA_ENTITLEMENTS`), Kinh and
    ethnic-minority residents apart. Where only a total is published, it is spread
    over the communes that the decision names, by population, and marked estimated; a
    total whose communes are not known stays one row of the district. A commune of
    which only the new zone is known has its row, and no count.

    Parameters
    ----------
    data : Dataset; a user's own list is rows of its ``zones`` under a decision of any name.
    decision : as in the tables ``zones`` and ``losses``. Communes may leave on days of their own.
    area : name or code; without one, every unit that has figures.
    by : ("subgroup",) for one row a commune and title, with the column ``subgroup``.
    minority_share : share of ethnic minorities assumed where no count of them is known
        (share of people, 0 to 1); what rests on it is estimated.
    other_titles : share of those who lose the title by area and hold another state-paid
        one later in the order of article 12 (0 to 1); they keep a state-paid card.

    Returns
    -------
    DataFrame, one row a commune: ``area``, ``name``, ``zone_before``, ``zone_after``
    ("" where not known), ``population``, ``before`` (cards by area title), ``lost``,
    ``kept``, ``gained``, ``after`` (whole people, missing where not known; before =
    lost + kept, after = kept + gained), ``status``, ``on`` (the day), ``method``
    ("zones", "spread", "published" or "listed"), ``source``, ``minority_lost`` (share of
    ethnic minorities among those who lost), ``kept_other`` (of the kept, those under
    another state-paid title). By sub-group also ``moved``: of the kept, those whose
    title by area became the other one; before = lost + kept and
    after = kept - moved + gained, where gained counts those who moved here.

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
    zones, losses = data.zones, data.losses
    known = sorted(set(zones["decision"]) | set(losses["decision"]))
    if decision not in known:
        key = "error.no_decision" if known else "error.no_decision_at_all"
        raise BhytError((key, {"decision": decision, "known": ", ".join(known)}))
    if unknown := [b for b in by if b != "subgroup"]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": "subgroup"}))
    if area is None:
        codes = areas_with_figures(data)
    else:
        code, data = select_unit(data, area)
        codes = [code]
    tables = [_of_area(data, decision, code, minority_share, other_entitlement_share) for code in codes]
    filled = [t for t in tables if len(t)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS + BASIS + STEPS)
    return _typed(_by_subgroup(table) if by else table[COLUMNS + BASIS])


def unit_losses(data: Dataset, decision: str, area: str) -> pd.DataFrame:
    """The rows of `reclassify`, if they speak of the whole unit; else none.

    Of a province of which only one district's loss is known, the sum is not its loss.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> [len(unit_losses(load(), "861", area)) for area in ("Lục Ngạn", "Tỉnh Bắc Giang")]
    [14, 0]
    """
    code, data = select_unit(data, area)
    if decision not in set(data.zones["decision"]) | set(data.losses["decision"]):
        return _typed(pd.DataFrame(columns=COLUMNS + BASIS))
    table = reclassify(data, decision, code)
    table = table[table["method"] != "listed"]
    published = ((data.losses["area"] == code) & (data.losses["decision"] == decision)).any()
    day = table["on"].min()
    listed = len(table) and is_fully_listed(data.areas, code, day)
    told = {c for a in table["area"] for c in communes(data.areas, a)}
    whole = published or (listed and set(communes(data.areas, code, day)) <= told)
    return table if whole else table.head(0)


def loss_status_and_unit(data: Dataset, decision: str, area: str, table: pd.DataFrame) -> tuple[str, str]:
    """The status of the sum of ``lost`` and its unit, "people" or "cards".

    A published total that was spread over communes is as good as it was published.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> loss_status_and_unit(load(), "861", "Sơn Dương", unit_losses(load(), "861", "Sơn Dương"))
    ('published', 'cards')
    """
    code, data = select_unit(data, area)
    losses = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]
    if losses.empty or table["method"].iloc[0] == "zones":
        return lowest_quality(table["status"]), "people"
    return lowest_quality(losses["status"]), str(losses["unit"].iloc[0] or "people")


def _of_area(
    data: Dataset, decision: str, code: str, minority_share: float | None, other_titles: float
) -> pd.DataFrame:
    losses = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]
    below = data.areas[(data.areas["parent"] == code) & (data.areas["kind"] != "commune")]["code"].unique()
    units = communes(data.areas, code)
    concerned = data.zones[data.zones["area"].isin(units) & (data.zones["decision"] == decision)]
    if losses.empty and len(below):  # each unit by the best that is told of it, be it zones or a total
        apart = set().union(*(communes(data.areas, b) for b in below))
        parts = [_of_area(data, decision, b, minority_share, other_titles) for b in below]
        rest = concerned[~concerned["area"].isin(apart)]
        parts.append(_of_zones(data, decision, rest, minority_share, other_titles))
        filled = [p for p in parts if len(p)]
        return pd.concat(filled) if filled else parts[0]
    both = _of_zones(data, decision, concerned, minority_share, other_titles)
    # Zones of some communes only do not replace a published total of them all.
    if losses.empty or (len(both) and (both["method"] == "zones").all()):
        return both
    return pd.concat([_of_loss(data, concerned, row) for row in losses.to_dict("records")])


def _of_zones(
    data: Dataset, decision: str, concerned: pd.DataFrame, minority_share: float | None, other_titles: float
) -> pd.DataFrame:
    """The communes of a decision: by the zone table where their cards before are known, else as they are listed."""
    # Earlier moves of the same communes tell what was left of their cards.
    moved = data.zones[data.zones["area"].isin(concerned["area"])].reset_index(drop=True)
    pairs = _with_zone_before(data, moved)
    of_it = pairs.index[pairs["decision"] == decision]
    both = _by_zones(data, pairs.dropna(subset="zone_before"), minority_share, other_titles)
    both = both[both.index.isin(of_it)]
    rest = _listed(data, pairs[pairs.index.isin(of_it) & ~pairs["area"].isin(both["area"])])
    return pd.concat([t for t in (both, rest) if len(t)]) if len(both) or len(rest) else rest


def _with_zone_before(data: Dataset, after: pd.DataFrame) -> pd.DataFrame:
    """The rows of a decision with the zone of each commune on the day before, missing where not known."""
    pairs = after.rename_axis("pair").reset_index().merge(data.zones, on="area", suffixes=("", "_before"))
    day_before = pairs["since"] - pd.Timedelta(days=1)
    open_end = pairs["until_before"].fillna(pd.Timestamp.max.floor("s"))
    pairs = pairs[(pairs["since_before"] <= day_before) & (open_end >= day_before)]
    pairs = pairs.sort_values("since_before").drop_duplicates("pair", keep="last").set_index("pair")
    return after.join(pairs[[c for c in pairs if c.endswith("_before")]])


def _listed(data: Dataset, pairs: pd.DataFrame) -> pd.DataFrame:
    """Communes of which a list tells the new zone, but nothing tells who held a card before."""
    rows = add_population(pairs.assign(as_of=pairs["since"]), data.areas, data.population)
    names = [unit_name(data.areas, a, d) for a, d in zip(rows["area"], rows["since"], strict=True)]
    rows = rows.rename(columns={"zone": "zone_after", "since": "on"})
    rows = rows.assign(name=names, zone_before=rows["zone_before"].fillna(""), method="listed")
    return rows.reindex(columns=COLUMNS + BASIS + STEPS)


def _by_zones(data: Dataset, pairs: pd.DataFrame, minority_share: float | None, other_titles: float) -> pd.DataFrame:
    """Losses by the zone table, for communes with both zones and cards before; one move after the other."""
    empty = pd.DataFrame(columns=COLUMNS + BASIS + STEPS)
    if pairs.empty:
        return empty
    pairs = pairs.sort_values("since", kind="stable")
    pairs = pairs.join(_held(data.cards, pairs), how="inner")
    if pairs.empty:
        return empty
    pairs = add_population(pairs.assign(as_of=pairs["since"]), data.areas, data.population)
    counted = data.population.dropna(subset=["minority_people"])
    ethnic = add_population(pairs[["area", "as_of"]], data.areas, counted, also="minority_people")
    share = (ethnic["minority_people"] / ethnic["population"]).astype("float64")
    assumed = share.isna() & (minority_share is not None)
    pairs["minority"] = share if minority_share is None else share.fillna(minority_share)
    done: list[pd.DataFrame] = []
    for _, rows in pairs.groupby(pairs.groupby("area").cumcount()):
        rows = _carried(rows, done[-1]) if done else rows
        done.append(_lose_and_gain(rows, data, assumed.loc[rows.index], other_titles))
    return pd.concat(done)[COLUMNS + BASIS + STEPS]


def _carried(rows: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """The cards that an earlier move has left, where none were counted since."""
    last = last.set_index("area").loc[rows["area"]].set_index(rows.index)
    since = rows["counted"] < last["on"]
    left = last[[f"left_{k}" for k in AREA_KEYS]].set_axis([*AREA_KEYS], axis=1)
    status = [derived_quality(a, b, "estimated") for a, b in zip(rows["cards_status"], last["status"], strict=True)]
    carried = rows.assign(**{k: left[k].astype("float64") for k in AREA_KEYS}, cards_status=status)
    return rows.where(~since, carried) if since.any() else rows


def _held(cards: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """What each commune held on its last day before: cards by area title, their status, people of an earlier title.

    Left out are communes without cards, and those that tell the state-paid group only as
    a whole: the cards by area are among them, but how many is not known.
    """
    order = groups()["title_order"]
    days = pairs[["area", "since"]].rename_axis("pair").reset_index()
    own = cards.merge(days, on="area")
    own = own[own["as_of"] < own["since"]]
    own = own[own["as_of"] == own.groupby("pair")["as_of"].transform("max")].set_index("pair")
    by_area = own["group"].isin(AREA_KEYS)
    told = by_area.groupby("pair").any() | ~(own["group"] == "state_paid").groupby("pair").any()
    own, by_area = own[told.reindex(own.index)], by_area[told.reindex(own.index)]
    held = own[by_area]
    table = held.pivot_table(index="pair", columns="group", values="cards", aggfunc="sum").reindex(
        columns=list(AREA_KEYS)
    )
    table = table.reindex(own.index.unique()).fillna(0).astype("float64")
    parts = table[[k for k in AREA_KEYS if k != "difficult_area"]].sum(axis=1)
    table["difficult_area"] = (table["difficult_area"] - parts).clip(lower=0)  # what the whole holds beyond its parts
    rest = leaf_groups(own.reset_index()[~by_area.to_numpy()])
    rest = rest[(rest["group"] != "state_paid") & (rest["group"].map(order) < order["difficult_area"])]
    table["rest"] = rest.groupby("pair")["cards"].sum().reindex(table.index).fillna(0).astype("float64")
    statuses = held if len(held) else own
    table["cards_status"] = (
        statuses.groupby("pair")["status"].agg(lowest_quality).reindex(table.index).fillna("derived")
    )
    table["counted"] = own.groupby("pair")["as_of"].first()
    return table


STEPS = [f"{step}_{key}" for step in ("held", "lost", "moved", "new") for key in AREA_KEYS]
# A commune's people by where they live: in villages that are special before and after, on one side only, on neither.
_PLACES, _PEOPLE = ("both", "one", "neither"), ("kinh", "minority")


def _lose_and_gain(rows: pd.DataFrame, data: Dataset, assumed: pd.Series, other_titles: float) -> pd.DataFrame:
    """Each step is a column: cards held, lost, moved and new by title; then the totals in whole people."""
    # An ethnic share that is not known is set at two values: what does not depend on it is known all the same.
    low, high = (_changes(rows, rows["minority"].fillna(m)) for m in (0.25, 0.75))
    changes = low.where(np.isclose(low, high))
    island = rows["resident_of_island"]
    rows = rows.drop(columns=[*AREA_KEYS]).join(changes)
    exact = rows[[f"lost_{k}" for k in AREA_KEYS]].sum(axis=1, skipna=False)
    no_other = exact * (1 - other_titles)
    lost = np.floor(no_other + 0.5)
    before = rows[[f"held_{k}" for k in AREA_KEYS]].sum(axis=1)
    rows["before"], rows["lost"] = before, lost
    rows["kept"] = before - lost
    rows["kept_other"] = np.floor(exact + 0.5) - lost
    # Those newly entitled: people without an earlier state-paid or employee title.
    reach = rows["population"].astype("float64") - rows["rest"]
    entitled = (reach * rows["new"]).where(rows["new"] > 0, 0.0).where(rows["new"].notna())
    rows["gained"] = np.floor(np.minimum(entitled, (reach - rows["kept"]).clip(lower=0)) + 0.5)
    rows["after"] = rows["kept"] + rows["gained"]
    # Whether a village is especially difficult matters outside zone III; blank counts as none there.
    guessed = assumed & (low != high).any(axis=1) | (other_titles > 0)
    for zone, villages in (("zone_before", "special_villages_share_before"), ("zone", "special_villages_share")):
        guessed |= (rows[zone] != "III") & rows[villages].isna()
    whole = ((exact == 0) | (exact == before)) & (rows["gained"] == 0) & ~guessed & (island >= 0)
    rows["status"] = [
        derived_quality(c, z, y, "derived" if e else "estimated")
        for c, z, y, e in zip(rows["cards_status"], rows["status"], rows["status_before"], whole, strict=True)
    ]
    rows["name"] = [unit_name(data.areas, a, d) for a, d in zip(rows["area"], rows["since"], strict=True)]
    named = {"zone": "zone_after", "since": "on"}
    return rows.join(_left(rows)).rename(columns=named).assign(method="zones")


def _left(rows: pd.DataFrame) -> pd.DataFrame:
    """The cards by area title after a move: whole people that add up to those who have one."""
    of = {step: rows[[f"{step}_{k}" for k in AREA_KEYS]].to_numpy(float) for step in ("held", "lost", "moved", "new")}
    arrived = np.zeros_like(of["moved"])
    for title, other in ((RESIDENT, MINORITY), (MINORITY, RESIDENT)):
        arrived[:, AREA_KEYS.index(title)] = of["moved"][:, AREA_KEYS.index(other)]
    new = of["new"].sum(axis=1, keepdims=True)
    gained = rows[["gained"]].to_numpy(float) * np.divide(of["new"], new, out=np.zeros_like(of["new"]), where=new > 0)
    left = of["held"] - of["lost"] - of["moved"] + arrived + gained
    total = (rows["after"] - rows["kept_other"]).to_numpy(float)
    known = ~np.isnan(total)
    left[known] = largest_remainders(np.clip(left[known], 0, None), total[known].astype("int64"))
    return pd.DataFrame(left, index=rows.index, columns=[f"left_{k}" for k in AREA_KEYS])


def _changes(rows: pd.DataFrame, minority: pd.Series) -> pd.DataFrame:
    """Cards held, lost and moved by title, and the share of people newly entitled, by title."""
    weight, was, now, ethnic = _cells(rows, minority)
    out = pd.DataFrame(index=rows.index)
    taken = np.zeros(len(rows))
    taken_minority = np.zeros(len(rows))
    for key in AREA_KEYS:
        own = (was != "") if key == "difficult_area" else (was == key)
        people = (weight * own).sum(axis=1)

        def share(which: np.ndarray, own: np.ndarray = own, people: np.ndarray = people) -> np.ndarray:
            part = (weight * (own & which)).sum(axis=1)
            return np.divide(part, people, out=np.zeros(len(part)), where=people > 0)

        held = rows[key].to_numpy()
        out[f"held_{key}"], out[f"lost_{key}"] = held, held * share(now == "")
        out[f"moved_{key}"] = held * share((now != "") & (now != was)) if key in (RESIDENT, MINORITY) else 0.0
        arrived = weight * ((was == "") & (now == key)).astype(float)
        out[f"new_{key}"] = arrived.sum(axis=1)
        taken += out[f"lost_{key}"]
        taken_minority += held * share((now == "") & ethnic)
    out["new"] = sum(out[f"new_{k}"] for k in AREA_KEYS)
    out["minority_lost"] = np.divide(taken_minority, taken, out=np.full(len(rows), np.nan), where=taken > 0)
    return out


def _cells(rows: pd.DataFrame, minority: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Six cells a commune (place times people): their share of residents, title before, title after, who is minority."""
    first = rows["special_villages_share_before"].fillna(0.0).mask(rows["zone_before"] == "III", 0.0).to_numpy(float)
    second = rows["special_villages_share"].fillna(0.0).mask(rows["zone"] == "III", 0.0).to_numpy(float)
    both, either = np.minimum(first, second), np.maximum(first, second)
    size = {"both": both, "one": either - both, "neither": 1 - either}
    weight, was, now = [], [], []
    for place in _PLACES:
        special = [np.where((place == "both") | ((place == "one") & (v > both)), "special", "other") for v in (first, second)]  # fmt: skip
        for people in _PEOPLE:
            weight.append(size[place] * (minority if people == "minority" else 1 - minority))
            was.append(
                AREA_ENTITLEMENTS[people].reindex([*zip(rows["zone_before"], special[0], strict=True)]).to_numpy()
            )
            now.append(AREA_ENTITLEMENTS[people].reindex([*zip(rows["zone"], special[1], strict=True)]).to_numpy())
    ethnic = np.array([people == "minority" for _ in _PLACES for people in _PEOPLE])
    return np.column_stack(weight), np.column_stack(was), np.column_stack(now), ethnic


def _by_subgroup(table: pd.DataFrame) -> pd.DataFrame:
    """One row a commune and title; whole people that add up to the commune's row."""
    parts = []
    for key in AREA_KEYS:
        named = {f"held_{key}": "before", f"moved_{key}": "moved"}
        part = table.drop(columns=["before", "lost", "gained", "kept", "after"]).rename(columns=named)
        parts.append(part.assign(subgroup=key))
    told = table["method"] == "zones"
    whole = {step: np.full((len(table), len(AREA_KEYS)), np.nan) for step in ("lost", "gained", "moved")}
    for step, total in (("lost", "lost"), ("gained", "gained")):
        weights = table[[f"{'lost' if step == 'lost' else 'new'}_{k}" for k in AREA_KEYS]].to_numpy(float)
        usable = told & table[total].notna()
        whole[step][usable] = largest_remainders(weights[usable], table.loc[usable, total].to_numpy("int64"))
    whole["moved"] = np.floor(table[[f"moved_{k}" for k in AREA_KEYS]].to_numpy(float) + 0.5)
    whole["moved"] = np.minimum(whole["moved"], table[[f"held_{k}" for k in AREA_KEYS]].to_numpy(float) - whole["lost"])
    arrived = np.zeros_like(whole["moved"])
    arrived[:, AREA_KEYS.index(RESIDENT)] = whole["moved"][:, AREA_KEYS.index(MINORITY)]
    arrived[:, AREA_KEYS.index(MINORITY)] = whole["moved"][:, AREA_KEYS.index(RESIDENT)]
    for i, part in enumerate(parts):
        lost, moved = whole["lost"][:, i], whole["moved"][:, i]
        part["lost"], part["moved"], part["kept"] = lost, moved, part["before"] - lost
        part["gained"] = whole["gained"][:, i] + arrived[:, i]
        part["after"] = part["kept"] - moved + part["gained"]
    unsplit = table[~told].assign(subgroup="difficult_area", moved=np.nan)
    rows = pd.concat([*(p[told] for p in parts), unsplit])
    some = (rows[["before", "gained"]].fillna(1) != 0).any(axis=1)
    columns = [*COLUMNS[:2], "subgroup", *COLUMNS[2:8], "moved", *COLUMNS[8:], *BASIS]
    return rows[some].sort_index(kind="stable")[columns].reset_index(drop=True)


def _of_loss(data: Dataset, concerned: pd.DataFrame, loss: dict) -> pd.DataFrame:
    """A published total: spread over the communes that are known to be concerned."""
    units = concerned[concerned["area"].isin(communes(data.areas, loss["area"])) & (concerned["zone"] != "III")]
    counted = add_population(units.assign(as_of=loss["on"]), data.areas, data.population)
    base = {"on": loss["on"], "source": loss["source"]}
    if units.empty or counted["population"].isna().any():
        count = population_at(data.areas, data.population, loss["area"], loss["on"])
        row = {
            "area": loss["area"],
            "name": unit_name(data.areas, loss["area"], loss["on"]),
            "zone_before": "",
            "zone_after": "",
            "population": None if count is None else count.people,
            "lost": loss["people"],
            "status": loss["status"],
            "method": "published",
            **base,
        }
        return pd.DataFrame([row], columns=COLUMNS + BASIS + STEPS)
    counts = counted["population"].astype("int64").to_numpy()
    before = data.zones.merge(units[["area", "since"]], on="area", suffixes=("", "_of"))
    before = before[before["since"] < before["since_of"]].sort_values("since")
    before = before.drop_duplicates("area", keep="last").set_index("area")["zone"]
    table = pd.DataFrame(
        {
            "area": units["area"].to_numpy(),
            "name": [unit_name(data.areas, a, loss["on"]) for a in units["area"]],
            "zone_before": [before.get(a, "") for a in units["area"]],
            "zone_after": units["zone"].to_numpy(),
            "population": counts,
            "lost": largest_remainder(counts, int(loss["people"])),
            "status": [lowest_quality("estimated", loss["status"], s) for s in counted["population_status"]],
            "method": "spread",
        }
    )
    return table.assign(**base).reindex(columns=COLUMNS + BASIS + STEPS)


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    counts = ["population", "before", "lost", "kept", "gained", "after", "kept_other", "moved"]
    counts = [c for c in counts if c in table]
    return table.astype(dict.fromkeys(counts, "Int64")).assign(
        on=pd.to_datetime(table["on"]), minority_lost=table["minority_lost"].astype("float64")
    )
