"""Change the data to what they would be if a decision had put communes in other zones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import default_decision
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.model.reclassification.card_flows import ZONES
from bhyt_analysis.model.reclassification.reclassify import reclassify

MAX_FAULTS = 20  # each is looked for among the names of the country


OWN_DECISION = "rezone"  # of moves on a day of their own, where no other name is given


def rezone(
    data: Dataset,
    zones: Mapping[str, str],
    decision: str | None = None,
    area: str | None = None,
    since: DateLike | None = None,
) -> Dataset:
    """Return the data as they would be if communes were in other zones; `reclassify` then says who loses and gains.

    Parameters
    ----------
    data
        Dataset.
    zones
        the new zone ("III", "II", "I" or "none") by the name or code of a commune, ``{"Xã Thanh Hải": "III"}``, or by
        the zone of many: ``{"II": "I"}`` moves all communes of zone II to zone I.
    decision
        one of the data, which then has these zones instead; or the name of one of your own, with ``since``. Left out,
        it is that of the area, or with ``since`` a new one of the name "rezone".
    area
        name or code of the unit in which communes are looked for; left out, all.
    since
        the day of a decision of your own; left out, each commune has its day under the decision. The zones before are
        those of decisions of earlier days, drafts too; another draft of the same day has no part in it.

    Returns
    -------
    Dataset
        Dataset; what rests on the new zones is estimated, because it was not decided. Published totals of a loss change
        by the communes that leave or stay (`apply_zone_moves`).

    Raises
    ------
    BhytError
        with all communes and zones that there are not, for a zone that no commune has, and where no day is known.

    Examples
    --------
    Decision 861 takes 6,689 cards in Xã Thanh Hải; if it had stayed in zone III:

    >>> stays = rezone(bhyt.load(), {"Xã Thanh Hải": "III"}, "861")
    >>> int(bhyt.reclassify(stays, "861", "Lục Ngạn")["lost"].sum())  # 46,106 less 6,689
    39417

    All communes of zone II in zone I from 2022 on:

    >>> moved = rezone(bhyt.load(), {"II": "I"}, area="X001", since="2022-01-01")
    >>> table = bhyt.reclassify(moved, "rezone", "X001")
    >>> table[["zone_before", "zone_after"]].drop_duplicates().to_numpy().tolist()
    [['II', 'I']]
    """
    if not isinstance(zones, Mapping):
        fields = {"function": "rezone", "name": "zones", "found": str(zones), "expected": "expect.zones"}
        raise BhytError(("error.argument", fields))
    chosen, day = decision or "", None if since is None else pd.Timestamp(parse_date(since))
    if not chosen:
        chosen = OWN_DECISION if day is not None else _decision_of(data, zones, area)
    moves: list[dict[str, object]] = []
    faults: list[Fault] = []
    for text, zone in zones.items():
        if parse_zone(zone) not in ZONES:
            faults.append(("error.rezone_zone", {"name": text, "found": zone, "expected": ", ".join(ZONES)}))
        try:
            codes = _communes_of(data, str(text), chosen, area, day)
            moves += [{"area": code, "zone": parse_zone(zone)} for code in codes]
        except BhytError as error:
            faults += error.messages
    raise_faults(faults)
    if day is not None:
        moves = [{"since": day, **move} for move in moves]
    return apply_zone_moves(data, chosen, moves)


def parse_zone(text: object) -> str:
    """Return the zone that a text means: "I", "Zone I" and "khu vực I" are the same; other texts stay as they are.

    Examples
    --------
    >>> [parse_zone(text) for text in ("i", "khu vực II", "Zone III", "none", "IV")]
    ['I', 'II', 'III', 'none', 'IV']
    """
    labels = {normalise_name(translate(f"zone.{zone}", lang)): zone for zone in ZONES for lang in LANGUAGES}
    labels |= {zone.lower(): zone for zone in ZONES}
    return labels.get(normalise_name(str(text).strip()), str(text))


def _decision_of(data: Dataset, zones: Mapping[str, str], area: str | None) -> str:
    """Return the decision of the area, or of the first commune."""
    place = area or next((text for text in map(str, zones) if parse_zone(text) not in ZONES), None)
    decision = default_decision(data, place) if place is not None else None
    if decision is None:
        raise BhytError(("error.rezone_decision", {}))
    return decision


def _communes_of(data: Dataset, text: str, decision: str, area: str | None, day: pd.Timestamp | None) -> list[str]:
    """Return the codes of the commune that a text means, or of those in the zone that it is."""
    unit = None if area is None else data.find(area)
    zone = parse_zone(text)
    if zone not in ZONES:
        return [data.find(text).code if unit is None else data.geography.find(text, within=unit).code]
    rows = data.zones
    if decision in set(rows["decision"]):
        rows = rows[rows["decision"] == decision]
    elif day is not None:  # the zones right before the day
        rows = rows[(rows["since"] < day) & ~(rows["until"] < day - pd.Timedelta(days=1))]
    if unit is not None:
        rows = rows[rows["area"].isin(data.geography.commune_codes(unit.code))]
    latest = rows.sort_values("since", kind="stable").drop_duplicates("area", keep="last")
    codes: list[str] = latest.loc[latest["zone"] == zone, "area"].tolist()
    if not codes:
        raise BhytError(("error.rezone_no_commune", {"zone": zone, "decision": decision}))
    return codes


def apply_zone_moves(data: Dataset, decision: str, moves: Iterable[Mapping[str, object]]) -> Dataset:
    """Return the data as they would be if a decision had put some communes in other zones.

    What rests on it is estimated, because it was not decided. Where only a total of the loss is published, it is known
    to be the same share of the people in every commune that left (`reclassify` spreads it so), and the total changes
    by the communes that leave or stay.

    ``decision`` is one of the table ``zones``, or a name of its own for a list of one's own. A move has ``area`` (name
    or code) and ``zone``; ``since`` (a day; by default the commune's own under the decision, else the decision's) and
    ``special_villages_share`` (by default the decision's).

    Raises BhytError with the areas and zones that are not known, and the communes whose day is not (the first 20).

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> stays = apply_zone_moves(load(), "861", [{"area": "Xã Thanh Hải", "zone": "III"}])
    >>> int(reclassify(stays, "861", "Lục Ngạn")["lost"].sum())  # 46,106 less the 6,689 of that commune
    39417
    """
    rows: list[dict[str, object]] = []
    faults: list[Fault] = []
    for move in moves:
        try:
            rows.append(_zone_row(data, decision, move))
        except BhytError as error:
            faults += error.messages
        if len(faults) >= MAX_FAULTS:
            break
    raise_faults(faults)
    if not rows:
        return data
    types = data.zones.dtypes.drop("unit_id")
    new_rows = pd.DataFrame(rows).reindex(columns=types.index).astype(types)
    other_rows = data.zones[~((data.zones["decision"] == decision) & data.zones["area"].isin(new_rows["area"]))]
    losses = _changed_losses(data, decision, dict(zip(new_rows["area"], new_rows["zone"], strict=True)))
    return dataclasses.replace(data, zones=pd.concat([other_rows, new_rows], ignore_index=True), losses=losses)


def _zone_row(data: Dataset, decision: str, move: Mapping[str, object]) -> dict[str, object]:
    """Return the row of ``zones`` for a move."""
    code = data.find(str(move["area"])).code
    decided = data.zones[data.zones["decision"] == decision]
    own = decided[decided["area"] == code].tail(1)
    since = pd.Timestamp(move.get("since") or (own if len(own) else decided)["since"].min())
    fields = {"name": data.geography.full_name(data.geography.unit_at(code)), "decision": decision}
    if move["zone"] not in ZONES:
        raise BhytError(("error.rezone_zone", {**fields, "found": move["zone"], "expected": ", ".join(ZONES)}))
    if pd.isna(since):
        raise BhytError(("error.rezone_day", fields))
    row = own.iloc[0].to_dict() if len(own) else {"source": "", "file": "", "row": 0}
    status = lowest_quality("estimated", str(row.get("status", "estimated")))
    share = move.get("special_villages_share", row.get("special_villages_share"))
    changes = {"area": code, "decision": decision, "zone": move["zone"], "since": since, "status": status}
    return {**row, **changes, "special_villages_share": share}


def _changed_losses(data: Dataset, decision: str, zones: dict[str, str]) -> pd.DataFrame:
    """Return the published losses, changed by the communes that now stay or now leave; ``zones`` by commune."""
    out = data.losses.copy()
    faults: list[Fault] = []
    for index, loss in data.losses[data.losses["decision"] == decision].iterrows():
        inside = set(data.geography.commune_codes(loss["area"])) & set(zones)
        table = reclassify(data, decision, loss["area"]) if inside else pd.DataFrame({"method": []})
        if not inside or (table["method"] == "zones").all():
            continue  # known commune by commune: the zones themselves decide who loses
        if (table["method"] == "published").any():
            if data.geography.unit_at(loss["area"]).kind == "country":
                continue  # what some thousand communes lost does not depend on a few
            names = ", ".join(data.geography.unit_at(c).name for c in sorted(inside))
            fields = {"names": names, "name": data.geography.unit_at(loss["area"]).name, "decision": decision}
            faults.append(("error.rezone_spread", fields))
            continue
        people = _people_losing(data, table, {c: zones[c] for c in inside})
        if people != loss["people"]:
            out.loc[index, "people"], out.loc[index, "status"] = people, lowest_quality("estimated", loss["status"])
    raise_faults(faults)
    return out


def _people_losing(data: Dataset, table: pd.DataFrame, zones: dict[str, str]) -> int:
    """Return the people who lose a card: as before, without communes that stay, with those that leave."""
    before = table.set_index("area")
    stay = [c for c, zone in zones.items() if zone == "III" and c in before.index]
    leave = [c for c, zone in zones.items() if zone != "III" and c not in before.index]
    total = int(before["lost"].drop(stay).sum())
    counts = data.population[data.population["area"].isin(leave)].groupby("area")["people"].last()
    if len(counts) and before["population"].sum() > 0:
        share = float(before["lost"].sum()) / float(before["population"].sum())
        total += int((counts * share + 0.5).sum())
    return total
