"""Write the constants of the page's model, unless they would tell what the briefing withholds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bhyt_analysis.briefing.published import is_batch, needs_protection
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.baseline import UNKNOWN_GROUP
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT
from bhyt_analysis.model.projection.page_model import PageModel, page_model
from bhyt_analysis.model.projection.page_projection import latest_count
from bhyt_analysis.tables.disclosure import disclosure_rules

if TYPE_CHECKING:
    from bhyt_analysis.briefing.briefing import Briefing

MODEL = "model.json"  # in the folder of an area
LEFT_OUT = "left_out"  # the key of the reason, in a file without constants
LOSSES = {"lost", "gained", "kept", "kept_other", "before", "after"}  # columns that tell who left commune by commune


def write_model(briefing: Briefing) -> None:
    """Write the constants of an area, or why there are none, to ``model.json``; nothing where none is projected."""
    if briefing.out is None or not briefing.has_enrolment:
        return
    record = describe_model(briefing)
    if record is None:
        return
    with name_file(path := Path(briefing.out, MODEL)):
        path.write_text(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def describe_model(briefing: Briefing) -> PageModel | None:
    """Return what ``model.json`` holds; None for an area that can't be projected.

    Where the figures of a commune, or of a zone that it could be in, may not be published, its communes are added up.
    """
    try:
        model, reason = _open_model(briefing, by_commune=True)
        if reason and model["units"] > 1:
            model, reason = _open_model(briefing, by_commune=False)
    except BhytError as error:
        has_laws = any(key == "error.page_model_laws" for key, _ in error.messages)
        return {LEFT_OUT: "laws"} if has_laws else None
    return {LEFT_OUT: reason} if reason else model


def _open_model(briefing: Briefing, by_commune: bool) -> tuple[PageModel, str]:
    """Return the constants of an area, and why they may not be published."""
    scenario, view, law = briefing.scenario, briefing.view, briefing.law
    model = page_model(view, scenario, law, by_commune=by_commune)
    reason = reason_to_leave_out(briefing, model)
    if reason == "day" and scenario is not None and scenario.start is None:
        model = page_model(view, scenario.replace(start=latest_count(view)), law, by_commune=by_commune)
        reason = reason_to_leave_out(briefing, model)
    if model["zones"] and zones_are_small(briefing, model):
        model["zones"] = None
    return model, reason


def reason_to_leave_out(briefing: Briefing, model: PageModel) -> str:
    """Return why the constants may not be published, "" if they may: they are sums of figures that the briefing prints.

    "small": one of them is a small count, or figures of the area, or of its communes where these are among the
    constants, are withheld because of small counts. "day": they are the counts of a day that the briefing does not
    print, against which nothing is protected.
    """
    if briefing.disclosure == "off":
        return ""
    hidden, tells_communes = briefing.hidden, len(model["places"]["population"]) > 1
    if hidden is not None:
        own = [cell for cell in hidden.cells if cell.area == hidden.area or tells_communes]
        parts = [cell for cell in hidden.cells if cell.column in LOSSES] if model["exits"]["rows"] else []
        if own or parts or hidden.facts:
            return "small"
    elif not is_batch(briefing) and needs_protection(briefing):
        return "small"
    if has_small(model_counts(model)):
        return "small"
    return "" if is_from_rate(model) or model["as_of"] in printed_days(briefing) else "day"


def zones_are_small(briefing: Briefing, model: PageModel) -> bool:
    """Return whether what communes lose and gain in other zones tells a count that is withheld, or a small one."""
    if briefing.disclosure == "off":
        return False
    is_withheld = briefing.hidden is not None and bool(briefing.hidden.cells)
    return is_withheld or has_small(zone_counts(model["zones"]))


def has_small(counts: Iterable[float]) -> bool:
    """Return whether some count is above zero and below the threshold."""
    threshold = disclosure_rules()["threshold"]
    return any(0 < abs(count) < threshold for count in counts)


def is_from_rate(model: PageModel) -> bool:
    """Return whether the insured come from a printed rate: no group is counted but those who lost their card."""
    groups = zip(model["groups"], model["insured"], strict=True)
    return not any(count for key, count in groups if key not in (UNKNOWN_GROUP, AREA_ENTITLEMENT))


def printed_days(briefing: Briefing) -> set[str]:
    """Return the days of the counts that a briefing prints: of its headline figures and of its groups."""
    days = [fact.as_of for key in ("insured", "coverage") if (fact := briefing.facts.get(key)) is not None]
    days += list(briefing.tables.get("coverage", pd.DataFrame(columns=["as_of"]))["as_of"])
    return {str(day)[:10] for day in days}


def model_counts(model: PageModel) -> Iterator[float]:
    """Yield the counts of people that the constants tell: insured by group and without a card, and who left."""
    places, one = model["places"], model["one_unit"]["exits"]
    areas = [(model["population"], model["insured"]), *zip(places["population"], places["insured"], strict=True)]
    for people, insured in areas:
        yield from (*insured, people - sum(insured))
    yield from one["stock"]
    for of_class in one["classes"]:
        yield from (of_class["lost"], of_class["other"], *of_class["gained"])
    for row in model["exits"]["rows"]:
        yield from exit_counts(row)


def exit_counts(row: Mapping[str, Any]) -> Iterator[float]:
    """Yield who leaves, gains or keeps a card, and those of minorities and the others where they are counted."""
    yield from (row["lost"], row["gained"], row["other"])
    if row["minority"] is not None:
        minorities = round(row["lost"] * row["minority"])
        yield from (minorities, row["lost"] - minorities)


def zone_counts(zones: Mapping[str, Any]) -> Iterator[float]:
    """Yield the counts of what communes lose, keep and gain in each zone, and the differences between two zones."""
    for commune in zones["communes"]:
        for part in (commune, *commune["entitlements"].values()):
            yield from (part["before"], *(part["before"] - lost for lost in part["lost"]))
            for column in ("lost", "gained"):
                yield from part[column]
                yield from (a - b for a, b in combinations(part[column], 2))
        columns = ("lost", "gained", "other", "minority")
        for row in zip(*(commune[column] for column in columns), strict=True):
            yield from exit_counts(dict(zip(columns, row, strict=True)))
    base = zones.get("model", {})
    yield from base.get("insured", ())
    places = base.get("places", {"population": (), "insured": ()})
    for people, insured in zip(places["population"], places["insured"], strict=True):
        yield from (*insured, people - sum(insured))
