"""What if a decision had put a commune in another zone?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import communes, find_unit, full_unit_name, unit_name
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.cell_types import ZONES
from bhyt_analysis.model.reclassification.reclassify import reclassify


def apply_zone_moves(data: Dataset, decision: str, moves: Iterable[Mapping[str, Any]]) -> Dataset:
    """The data as they would be if a decision had put some communes in other zones.

    What rests on it is estimated: nobody has decided it. Where only a total of the loss is
    published, it is known to be the same share of the people in every commune that left
    (`reclassify` spreads it so), and the total changes by the communes that leave or stay.

    Parameters
    ----------
    decision : as in the table ``zones``; a name of its own for a list of one's own.
    moves : ``area`` (name or code) and ``zone``; ``since`` (a day; by default the
        commune's own under the decision, else the decision's) and
        ``special_villages_share`` (by default the decision's).

    Raises
    ------
    BhytError
        with every area or zone that is not known, and every commune whose day is not.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> stays = apply_zone_moves(load(), "861", [{"area": "Xã Thanh Hải", "zone": "III"}])
    >>> int(reclassify(stays, "861", "Lục Ngạn")["lost"].sum())  # 46,106 less the 6,689 of that commune
    39417
    """
    rows: list[dict[str, Any]] = []
    faults: list[tuple[str, dict[str, Any]]] = []
    for move in moves:
        try:
            rows.append(_row(data, decision, move))
        except BhytError as error:
            faults += error.messages
    if faults:
        raise BhytError(*faults)
    if not rows:
        return data
    changed = pd.DataFrame(rows).reindex(columns=data.zones.columns).astype(data.zones.dtypes)
    kept = data.zones[~((data.zones["decision"] == decision) & data.zones["area"].isin(changed["area"]))]
    losses = _losses(data, decision, dict(zip(changed["area"], changed["zone"], strict=True)))
    return dataclasses.replace(data, zones=pd.concat([kept, changed], ignore_index=True), losses=losses)


def _row(data: Dataset, decision: str, move: Mapping[str, Any]) -> dict[str, Any]:
    """The row of ``zones`` that a move stands for."""
    code = find_unit(data.areas, str(move["area"]))
    of_it = data.zones[data.zones["decision"] == decision]
    own = of_it[of_it["area"] == code].tail(1)
    since = pd.Timestamp(move.get("since") or (own if len(own) else of_it)["since"].min())
    fields = {"name": full_unit_name(data.areas, code), "decision": decision}
    if move["zone"] not in ZONES:
        raise BhytError(("error.rezone_zone", {**fields, "found": move["zone"], "expected": ", ".join(ZONES)}))
    if pd.isna(since):
        raise BhytError(("error.rezone_day", fields))
    old: dict[str, Any] = own.iloc[0].to_dict() if len(own) else {"source": "", "file": "", "row": 0}
    share = move.get("special_villages_share", old.get("special_villages_share"))
    told = {"area": code, "decision": decision, "zone": move["zone"], "since": since, "special_villages_share": share}
    return {**old, **told, "status": lowest_quality("estimated", str(old.get("status", "estimated")))}


def _losses(data: Dataset, decision: str, moved: dict[str, str]) -> pd.DataFrame:
    """The published losses, changed by the communes that now stay or now leave."""
    out = data.losses.copy()
    faults: list[tuple[str, dict[str, Any]]] = []
    for place, loss in data.losses[data.losses["decision"] == decision].iterrows():
        inside = set(communes(data.areas, loss["area"])) & set(moved)
        table = reclassify(data, decision, loss["area"]) if inside else pd.DataFrame({"method": []})
        if not inside or (table["method"] == "zones").all():
            continue  # told commune by commune: the zones themselves say who loses
        if (table["method"] == "published").any():
            names = ", ".join(unit_name(data.areas, c) for c in sorted(inside))
            faults.append(("error.rezone_spread", {"names": names, "name": unit_name(data.areas, loss["area"]), "decision": decision}))  # fmt: skip
            continue
        people = _of_communes(data, decision, table, inside, moved)
        if people != loss["people"]:
            out.loc[place, "people"], out.loc[place, "status"] = people, lowest_quality("estimated", loss["status"])
    if faults:
        raise BhytError(*faults)
    return out


def _of_communes(data: Dataset, decision: str, table: pd.DataFrame, inside: set[str], moved: dict[str, str]) -> int:
    """The people who lose a card: the communes as before, without those that stay and with those that leave."""
    before = table.set_index("area")
    stay = [c for c in inside if moved[c] == "III" and c in before.index]
    leave = [c for c in inside if moved[c] != "III" and c not in before.index]
    total = int(before["lost"].drop(stay).sum())
    counts = data.population[data.population["area"].isin(leave)].groupby("area")["people"].last()
    if len(counts) and before["population"].sum() > 0:
        share = float(before["lost"].sum()) / float(before["population"].sum())
        total += int((counts * share + 0.5).sum())
    return total
