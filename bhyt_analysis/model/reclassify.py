"""A decision moves communes between zones: who loses a state-paid card, who keeps or gains one?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.inputs.areas import communes, find, name_of, population_at, with_population
from bhyt_analysis.inputs.read import Dataset
from bhyt_analysis.inputs.status import computed, weakest
from bhyt_analysis.law.groups import counted_once, finest, groups
from bhyt_analysis.model.coverage import areas_with_figures
from bhyt_analysis.model.rounding import largest_remainder
from bhyt_analysis.words import BhytError

# Law 25/2008/QH12 as amended, art. 12(3h): who holds a title by the zone they live in.
# 1.0 everybody, "villages" only residents of especially difficult villages.
ENTITLED = pd.DataFrame(
    [
        # zone    Kinh        ethnic minority
        ("III", "everybody", "everybody"),
        ("II", "villages", "everybody"),
        ("I", "villages", "villages"),
        ("none", "villages", "villages"),
    ],
    columns=["zone", "kinh", "minority"],
).set_index("zone")

COLUMNS = [
    "area", "name", "zone_before", "zone_after", "population", "before", "lost", "kept", "gained", "after", "status",
]  # fmt: skip
BASIS = ["on", "method", "source"]


def reclassify(data: Dataset, decision: str = "861", area: str | None = None) -> pd.DataFrame:
    """The cards by area title before and after a decision, commune by commune.

    Where the zones of a commune are known on both sides and its cards before, people
    lose or gain the title by the table of article 12(3h) (`ENTITLED`), Kinh and
    ethnic-minority residents apart. Where only a total is published, it is spread
    over the communes that the decision names, by population, and marked estimated; a
    total whose communes are not known stays one row of the district.

    Returns
    -------
    DataFrame, one row a commune: ``area``, ``name``, ``zone_before``, ``zone_after``
    ("" where not known), ``population``, ``before`` (cards by area title), ``lost``,
    ``kept``, ``gained``, ``after`` (whole people, missing where not known; before =
    lost + kept, after = kept + gained), ``status``, ``on`` (the day), ``method``
    ("zones", "spread" or "published"), ``source``.

    Raises
    ------
    BhytError
        for an unknown area, or a decision of which nothing is known anywhere.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> table = reclassify(load(), decision="861", area="Lục Ngạn")
    >>> len(table), int(table["lost"].sum()), table["status"].unique().tolist()
    (14, 46106, ['estimated'])
    """
    zones, losses = data.zones, data.losses
    known = sorted(set(zones["decision"]) | set(losses["decision"]))
    if decision not in known:
        raise BhytError(("error.no_decision", {"decision": decision, "known": ", ".join(known)}))
    codes = areas_with_figures(data) if area is None else [find(data.areas, area)]
    tables = [_of_area(data, decision, code) for code in codes]
    filled = [t for t in tables if len(t)]
    if not filled:
        return _typed(pd.DataFrame(columns=COLUMNS + BASIS))
    return _typed(pd.concat(filled, ignore_index=True))


def lost_by(data: Dataset, decision: str, area: str) -> pd.DataFrame:
    """The rows of `reclassify`, if they speak of the whole unit; else none.

    Of a province of which only one district's loss is known, the sum is not its loss.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> [len(lost_by(load(), "861", area)) for area in ("Lục Ngạn", "Tỉnh Bắc Giang")]
    [14, 0]
    """
    code = find(data.areas, area)
    if decision not in set(data.zones["decision"]) | set(data.losses["decision"]):
        return _typed(pd.DataFrame(columns=COLUMNS + BASIS))
    table = reclassify(data, decision, code)
    published = ((data.losses["area"] == code) & (data.losses["decision"] == decision)).any()
    whole = published or (len(table) and set(communes(data.areas, code, table["on"].min())) <= set(table["area"]))
    return table if whole else table.head(0)


def told_as(data: Dataset, decision: str, area: str, table: pd.DataFrame) -> tuple[str, str]:
    """The status of the sum of ``lost`` and its unit, "people" or "cards".

    A published total that was spread over communes is as good as it was published.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> told_as(load(), "861", "Sơn Dương", lost_by(load(), "861", "Sơn Dương"))
    ('published', 'cards')
    """
    code = find(data.areas, area)
    losses = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]
    if losses.empty or table["method"].iloc[0] == "zones":
        return weakest(table["status"]), "people"
    return weakest(losses["status"]), str(losses["unit"].iloc[0] or "people")


def _of_area(data: Dataset, decision: str, code: str) -> pd.DataFrame:
    units = communes(data.areas, code)
    concerned = data.zones[data.zones["area"].isin(units) & (data.zones["decision"] == decision)]
    both = _by_zones(data, concerned)
    losses = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == decision)]
    # Zones of some communes only do not replace a published total of them all.
    if len(both) and (losses.empty or set(concerned["area"]) <= set(both["area"])):
        return both
    if losses.empty:  # a province: what is published of the units in it
        inside = set(units) | set(data.areas.loc[data.areas["parent"] == code, "code"])
        rows = data.losses[data.losses["area"].isin(inside) & (data.losses["decision"] == decision)]
        parts = [_of_loss(data, concerned, row) for row in rows.to_dict("records")]
        return pd.concat(parts) if parts else pd.DataFrame(columns=COLUMNS + BASIS)
    return pd.concat([_of_loss(data, concerned, row) for row in losses.to_dict("records")])


def _by_zones(data: Dataset, after: pd.DataFrame) -> pd.DataFrame:
    """Losses by the zone table, for communes with both zones and cards before."""
    empty = pd.DataFrame(columns=COLUMNS + BASIS)
    if after.empty:
        return empty
    pairs = after.merge(data.zones, on="area", suffixes=("", "_before"))
    day_before = pairs["since"] - pd.Timedelta(days=1)
    open_end = pairs["until_before"].fillna(pd.Timestamp.max.floor("s"))
    pairs = pairs[(pairs["since_before"] <= day_before) & (open_end >= day_before)]
    pairs = pairs.sort_values("since_before").drop_duplicates("area", keep="last")
    held = [_held(data.cards, a, d) for a, d in zip(pairs["area"], pairs["since"], strict=True)]
    pairs = pairs.assign(before=[h[0] for h in held], cards_status=[h[1] for h in held], rest=[h[2] for h in held])
    pairs = pairs[pairs["before"].notna()]
    if pairs.empty:
        return empty
    pairs = with_population(pairs.assign(as_of=pairs["since"]), data.areas, data.population)
    pairs["minority"] = _minority_share(data.population, pairs)
    return _lose_and_gain(pairs, data)


def _held(cards: pd.DataFrame, code: str, since: pd.Timestamp) -> tuple[int | None, str, int | None]:
    """Cards by area title on the last day before, their status, and people of an earlier title.

    None where a commune tells the state-paid group only as a whole: the cards by area
    are among them, but how many is not known.
    """
    own = cards[(cards["area"] == code) & (cards["as_of"] < since)]
    if own.empty:
        return None, "", None
    own = own[own["as_of"] == own["as_of"].max()]
    titles = groups()
    by_area = own["group"].isin([*titles.index[titles["within"] == "difficult_area"], "difficult_area"])
    if not by_area.any() and (own["group"] == "state_paid").any():
        return None, "", None
    held = counted_once(own[by_area])
    rest = finest(own[~by_area & (own["group"] != "state_paid")])
    earlier = rest["group"].map(titles["title_order"]) < titles.at["difficult_area", "title_order"]
    status = weakest(held["status"].unique()) if len(held) else weakest(own["status"].unique())
    return int(held["cards"].sum()), status, int(rest.loc[earlier, "cards"].sum())


def _minority_share(population: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    told = population.dropna(subset=["minority_people"]).sort_values("as_of").drop_duplicates("area", keep="last")
    share = (told["minority_people"] / told["people"]).astype("float64")
    return pairs["area"].map(pd.Series(share.to_numpy(), index=told["area"]))


def entitled_share(zone: pd.Series, villages: pd.Series, people: str) -> pd.Series:
    """The part of Kinh or minority residents who hold a title by area in a zone.

    Examples
    --------
    >>> import pandas as pd
    >>> zones, villages = pd.Series(["III", "II", "I"]), pd.Series([0.0, 0.2, 0.2])
    >>> entitled_share(zones, villages, "kinh").tolist()
    [1.0, 0.2, 0.2]
    >>> entitled_share(zones, villages, "minority").tolist()
    [1.0, 1.0, 0.2]
    """
    who = zone.map(ENTITLED[people])
    return villages.fillna(0.0).astype("float64").where(who == "villages", 1.0).where(who.notna())


def _lose_and_gain(rows: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Each step is a column: entitled before and after, by people; then cards lost and gained."""
    rows = rows.copy()
    for people in ("kinh", "minority"):
        was = entitled_share(rows["zone_before"], rows["special_villages_share_before"], people)
        now = entitled_share(rows["zone"], rows["special_villages_share"], people)
        rows[f"was_{people}"], rows[f"out_{people}"] = was, (was - now).clip(lower=0)
        rows[f"in_{people}"] = (now - was).clip(lower=0)
    steps = ("was", "out", "in")
    was, out, new = (_mix(rows[f"{s}_kinh"], rows[f"{s}_minority"], rows["minority"]) for s in steps)
    before = rows["before"].astype("float64")
    share_lost = (out / was).mask(was == 0, 0.0)  # a share that is not known stays missing
    rows["lost"] = np.floor(before * share_lost + 0.5)
    rows["kept"] = before - rows["lost"]
    # Those newly entitled: people without an earlier state-paid or employee title.
    reach = rows["population"].astype("float64") - rows["rest"].astype("float64")
    entitled = (reach * new).where(new > 0, 0.0).where(new.notna())
    rows["gained"] = np.floor(np.minimum(entitled, (reach - rows["kept"]).clip(lower=0)) + 0.5)
    rows["after"] = rows["kept"] + rows["gained"]
    # Whether a village is especially difficult matters outside zone III; blank counts as none there.
    guessed = pd.Series(False, index=rows.index)
    for zone, villages in (("zone_before", "special_villages_share_before"), ("zone", "special_villages_share")):
        guessed |= (rows[zone] != "III") & rows[villages].isna()
    exact = share_lost.isin([0.0, 1.0]) & (rows["gained"] == 0) & ~guessed
    rows["status"] = [
        computed(c, z, y, "derived" if e else "estimated")
        for c, z, y, e in zip(rows["cards_status"], rows["status"], rows["status_before"], exact, strict=True)
    ]
    rows["name"] = [name_of(data.areas, a, d) for a, d in zip(rows["area"], rows["since"], strict=True)]
    named = {"zone": "zone_after", "since": "on"}
    return rows.rename(columns=named).assign(method="zones")[COLUMNS + BASIS]


def _mix(kinh: pd.Series, minority: pd.Series, share: pd.Series) -> pd.Series:
    """The share of all residents; the ethnic share matters only where the two differ."""
    return (share * minority + (1 - share) * kinh).where(kinh != minority, kinh)


def _of_loss(data: Dataset, concerned: pd.DataFrame, loss: dict) -> pd.DataFrame:
    """A published total: spread over the communes that are known to be concerned."""
    units = concerned[concerned["area"].isin(communes(data.areas, loss["area"])) & (concerned["zone"] != "III")]
    people = [population_at(data.areas, data.population, a, loss["on"]) for a in units["area"]]
    base = {"on": loss["on"], "source": loss["source"]}
    if units.empty or any(p is None for p in people):
        count = population_at(data.areas, data.population, loss["area"], loss["on"])
        row = {
            "area": loss["area"],
            "name": name_of(data.areas, loss["area"], loss["on"]),
            "zone_before": "",
            "zone_after": "",
            "population": None if count is None else count.people,
            "lost": loss["people"],
            "status": loss["status"],
            "method": "published",
            **base,
        }
        return pd.DataFrame([row], columns=COLUMNS + BASIS)
    counts = [p.people for p in people if p is not None]
    before = data.zones.merge(units[["area", "since"]], on="area", suffixes=("", "_of"))
    before = before[before["since"] < before["since_of"]].sort_values("since")
    before = before.drop_duplicates("area", keep="last").set_index("area")["zone"]
    table = pd.DataFrame(
        {
            "area": units["area"].to_numpy(),
            "name": [name_of(data.areas, a, loss["on"]) for a in units["area"]],
            "zone_before": [before.get(a, "") for a in units["area"]],
            "zone_after": units["zone"].to_numpy(),
            "population": counts,
            "lost": largest_remainder(counts, int(loss["people"])),
            "status": [weakest("estimated", loss["status"], p.status) for p in people if p is not None],
            "method": "spread",
        }
    )
    return table.assign(**base).reindex(columns=COLUMNS + BASIS)


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    counts = ["population", "before", "lost", "kept", "gained", "after"]
    return table.astype(dict.fromkeys(counts, "Int64")).assign(on=pd.to_datetime(table["on"]))
