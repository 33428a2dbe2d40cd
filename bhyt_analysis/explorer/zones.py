"""Move many communes between zones at once, and show who loses and who gains by it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.explorer.markup import escape_html, render_table
from bhyt_analysis.explorer.state import State, to_scenario
from bhyt_analysis.i18n.messages import BhytError, format_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word
from bhyt_analysis.ingest.scenario_files import excerpt
from bhyt_analysis.model.reclassification.card_flows import ZONES
from bhyt_analysis.model.reclassification.reclassify import reclassify
from bhyt_analysis.model.reclassification.zone_choices import without_movers
from bhyt_analysis.model.reclassification.zone_moves import parse_zone
from bhyt_analysis.tables.labels import group_name

MAX_FAULTS = 20  # lines that are named
PEOPLE, WHEN = ("lost", "gained"), ("before", "after")
Zones = Mapping[str, str]  # the zone of each commune by its code


def zone_pairs(zones: Zones, lang: str) -> list[tuple[str, str]]:
    """Return the moves of all communes of a zone to another one as options: their label and "before after".

    Examples
    --------
    >>> [label for label, _ in zone_pairs({"a": "II", "b": "II"}, "en")][1]
    'Zone II → Zone I (2 communes)'
    """
    counts, names = Counter(zones.values()), {z: translate(f"zone.{z}", lang) for z in ZONES}
    return [
        (
            translate("explore.zone_pair", lang, before=names[before], after=names[after], count=counts[before]),
            f"{before} {after}",
        )
        for before in ZONES
        for after in ZONES
        if before != after and counts[before]
    ]


def zone_lines(moves: Sequence[Mapping[str, object]], names: Mapping[str, str]) -> str:
    """Return communes and their zones as `parse_zone_lines` reads them, one a line."""
    return "\n".join(f"{names.get(str(m['area']), m['area'])}; {m['zone']}" for m in moves)


def parse_zone_lines(text: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the zone of each commune from lines of its name or code and a zone, as pasted from Excel.

    ``names`` are those of the area's communes by code. Raise a `BhytError` with the lines that can't be read.

    Examples
    --------
    >>> names = {"07549": "Xã Thanh Hải", "07552": "Xã Kiên Lao"}
    >>> parse_zone_lines("thanh hai\\tIII\\n07552; khu vực II", names)
    {'07549': 'III', '07552': 'II'}
    >>> parse_zone_lines("Thanh Hai; IV", names)
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: “Thanh Hai; IV”: there is no such zone; write III, II, I or none
    """
    codes = {key: code for code, name in names.items() for key in (normalise_name(strip_unit_word(name)), code.lower())}
    zones, faults = dict[str, str](), []
    for line in filter(str.strip, text.splitlines()):
        place, _, zone = line.replace(";", "\t").rpartition("\t")
        code = codes.get(normalise_name(strip_unit_word(place.strip())))
        if code is None:
            nearest = nearest_choice(place.strip(), names.values()) or "–"
            faults.append(("explore.no_such_commune", {"found": excerpt(line), "nearest": nearest}))
        elif (label := parse_zone(zone)) not in ZONES:
            faults.append(("explore.no_such_zone", {"found": excerpt(line)}))
        else:
            zones[code] = label
    if faults:
        raise BhytError(*faults[:MAX_FAULTS])
    return zones


def parse_zone_file(content: bytes, names: Mapping[str, str]) -> dict[str, str]:
    """Return the zone of each commune of a file of two columns, with a heading or without; none for other files.

    Raise a `BhytError` with the lines that can't be read.

    Examples
    --------
    >>> parse_zone_file("Xã;Khu vực\\nXã Thanh Hải;II".encode(), {"07549": "Xã Thanh Hải"})
    {'07549': 'II'}
    >>> parse_zone_file(b"area,zone,since", {})
    {}
    """
    rows = [re.split("[,;\t]", line) for line in content.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if any(len(row) != 2 for row in rows):
        return {}
    lines = ["\t".join(row) for row in rows]
    with suppress(BhytError):  # without a heading
        return parse_zone_lines("\n".join(lines), names)
    return parse_zone_lines("\n".join(lines[1:]), names)


def zone_changes(data: Dataset, state: State) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return who loses and gains by the moves of a state against its decision: by commune, and by entitlement.

    Columns ``lost_before``, ``gained_before`` are those of the decision, ``lost_after``, ``gained_after`` those of the
    scenario (people, missing where not known); by commune also ``population``, ``name``, ``zone_before``,
    ``zone_after`` and ``moved`` (whether the state moves it), by entitlement ``subgroup``. Who only changes from one
    entitlement by area to another has gained no card.

    Examples
    --------
    >>> from bhyt_analysis.explorer.state import with_zone
    >>> communes, people = zone_changes(bhyt.load(), with_zone(State(area="X001", decision="861"), "X00107", "I"))
    >>> communes.loc[communes["moved"], ["lost_before", "lost_after"]].to_numpy().tolist()
    [[0, 2416]]
    >>> int((people["lost_after"] - people["lost_before"]).sum())
    2416
    """
    scenario_data = to_scenario(state).apply_to_data(data)
    is_decided = state.decision in {*data.zones["decision"], *data.losses["decision"]}
    after, people_after = (reclassify(scenario_data, state.decision, state.area, by=by) for by in ([], ["subgroup"]))
    before, people_before = (
        reclassify(data, state.decision, state.area, by=by) if is_decided else after.head(0)
        for by in ([], ["subgroup"])
    )
    communes = _side_by_side(before, after, "area")
    names = {**dict(zip(after["area"], after["name"], strict=True))}
    names |= dict(zip(before["area"], before["name"], strict=True))  # of the decision's day
    zones, zones_after = (dict(zip(rows["area"], rows["zone_after"], strict=True)) for rows in (before, after))
    zones_after |= {str(row["area"]): str(row["zone"]) for row in state.zones}
    counts = {**dict(zip(before["area"], before["population"], strict=True))}
    counts |= dict(zip(after["area"], after["population"], strict=True))
    communes = communes.assign(
        population=communes["area"].map(counts).astype("Int64"),
        name=[names.get(code) or data.geography.unit_at(code).name for code in communes["area"]],
        zone_before=communes["area"].map(zones).fillna(""),
        zone_after=communes["area"].map(zones_after).fillna(""),
        moved=communes["area"].isin([str(row["area"]) for row in state.zones]),
    )
    if not is_decided:
        people_before = people_after.head(0)
    return communes, _side_by_side(without_movers(people_before), without_movers(people_after), "subgroup")


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the sums of both sides by a key; who is in no row of a side neither loses nor gains there."""
    sums = [rows.groupby(key)[[*PEOPLE]].sum(min_count=1) for rows in (before, after)]
    index = sums[0].index.union(sums[1].index)
    parts = (s.reindex(index, fill_value=0).add_suffix(f"_{when}") for s, when in zip(sums, WHEN, strict=True))
    return pd.concat(parts, axis=1).rename_axis(key).reset_index()


def render_zone_changes(communes: pd.DataFrame, people: pd.DataFrame, lang: str) -> str:
    """Render who loses and who gains, the sum first, then by entitlement and by commune."""
    columns = [f"{c}_{when}" for c in PEOPLE for when in WHEN]
    fields = {c: people[c].sum(min_count=1) for c in columns}
    fields["people"] = communes.loc[communes["moved"], "population"].sum(min_count=1)
    more = {c: fields[f"{c}_after"] - fields[f"{c}_before"] for c in PEOPLE}
    total = translate("explore.zones_total", lang, count=int(communes["moved"].sum()), **fields, **more)
    heads = [translate(f"explore.zones_{c}", lang) for c in PEOPLE]
    groups = [(group_name(row["subgroup"], lang), *_cells(row, lang)) for row in people.to_dict("records")]
    lines = [(_commune_label(row, lang), *_cells(row, lang)) for row in communes[communes["moved"]].to_dict("records")]
    note = translate("explore.zones_note", lang)
    label = escape_html(translate("explore.zones_by_commune", lang))
    by_commune = render_table(heads, lines, "")
    listed = by_commune if len(lines) <= 3 else f"<details><summary>{label}</summary>{by_commune}</details>"
    return f"<p><b>{escape_html(total)}</b></p>{render_table(heads, groups, note)}{listed}"


def _commune_label(row: Mapping[str, object], lang: str) -> str:
    before, after = (translate(f"zone.{row[column]}", lang) for column in ("zone_before", "zone_after"))
    return f"{row['name']}: {before} → {after}"


def _cells(row: Mapping[str, object], lang: str) -> list[str]:
    return [
        format_message("{before:n} → {after:n}", lang, before=row[f"{c}_before"], after=row[f"{c}_after"])
        for c in PEOPLE
    ]
