"""Write the constants of the page's model, unless they would tell what the briefing withholds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bhyt_analysis.briefing.published import is_batch, needs_protection
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.baseline import UNKNOWN_GROUP
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT
from bhyt_analysis.model.projection.page_model import PageModel, latest_count, page_model
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
    """Return what ``model.json`` holds; None for an area that can't be projected."""
    scenario, start, reason = briefing.scenario, latest_count(briefing.view), ""
    try:
        model = page_model(briefing.view, scenario, briefing.law)
        reason = "" if briefing.disclosure == "off" else reason_to_leave_out(briefing, model)
        if reason == "day" and scenario is not None and scenario.start is None:
            model = page_model(briefing.view, scenario.replace(start=start), briefing.law)
            reason = reason_to_leave_out(briefing, model)
    except BhytError as error:
        has_laws = any(key == "error.page_model_laws" for key, _ in error.messages)
        return {LEFT_OUT: "laws"} if has_laws else None
    return {LEFT_OUT: reason} if reason else model


def reason_to_leave_out(briefing: Briefing, model: PageModel) -> str:
    """Return why the constants may not be published, "" if they may: they are sums of figures that the briefing prints.

    "small": one of them is a small count, or the figures of the area are withheld because of small counts. "day": they
    are the counts of a day that the briefing does not print, against which nothing is protected.
    """
    hidden, threshold = briefing.hidden, disclosure_rules()["threshold"]
    if hidden is not None:
        own = [cell for cell in hidden.cells if cell.area == hidden.area]
        parts = [cell for cell in hidden.cells if cell.column in LOSSES] if model["exits"]["classes"] else []
        if own or parts or hidden.facts:
            return "small"
    elif not is_batch(briefing) and needs_protection(briefing):
        return "small"
    if any(0 < abs(count) < threshold for count in model_counts(model)):
        return "small"
    return "" if is_from_rate(model) or model["as_of"] in printed_days(briefing) else "day"


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
    yield from model["insured"]
    yield model["population"] - sum(model["insured"])
    yield from model["exits"]["stock"]
    yield from (count for one in model["exits"]["classes"] for count in _exit_counts(one))


def _exit_counts(one: dict[str, Any]) -> Iterator[float]:
    """Yield who left by a class of exits: all, and those of minorities and the others where they are counted."""
    yield one["lost"]
    yield one["other"]
    yield from one["gained"]
    for counted, minority, unknown in one["terms"]:
        yield from (minority or 0, counted - (minority or 0), unknown)
