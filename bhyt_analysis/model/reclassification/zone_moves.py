"""Change the data to what they would be if a decision had put communes in other zones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.reclassification.card_flows import ZONES
from bhyt_analysis.model.reclassification.reclassify import reclassify

MAX_FAULTS = 20  # each is looked for among the names of the country


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
