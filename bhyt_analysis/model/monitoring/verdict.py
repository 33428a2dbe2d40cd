"""Judge whether an area reaches its next target: how many people are missing, and where its pace leads."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.model.coverage.reporting import has_enrolment, reporting_communes
from bhyt_analysis.model.monitoring.monitor import PROJECTED, RATES, monthly_counts, project_unit, unit_pace
from bhyt_analysis.model.monitoring.pace import months_between, reach_probability
from bhyt_analysis.model.targets.targets import target_steps

OUTCOMES = ("reached", "on_pace", "behind", "short", "no_target", "some_communes", "unknown")
COLUMNS = [
    "area", "name", "outcome", "as_of", "insured", "population", "rate", "target_on", "target_relation", "target_rate",
    "people_needed", "to_add", "required_pace", "actual_pace", "year_end", *PROJECTED, *RATES, "chance", "status",
    "projected_status", "source",
]  # fmt: skip
PEOPLE = ["insured", "population", "people_needed", "to_add"]
SHARES = ["rate", "target_rate", "required_pace", "actual_pace", *PROJECTED, *RATES, "chance"]


@result_table
def verdict(data: Dataset, area: str, as_of: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """Judge an area against its next target, in one row.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit, or a list: the rows of each, one below the other.
    as_of
        the last day that counts; None is the latest.

    Returns
    -------
    DataFrame
        ``area``, ``name``; ``outcome``: "reached"; "on_pace" or "behind" (the pace since the start of the year does or
        does not lead to it); "short" (not reached, and too few months for a pace); "no_target"; "some_communes" (not
        all of them report: their sums); "unknown" (nothing is known of cards); ``as_of``, ``insured``, ``population``,
        ``rate`` (share); ``target_on``, ``target_relation``, ``target_rate``, ``people_needed``, ``to_add`` (people, of
        the first step of `bhyt_analysis.target_steps`); ``required_pace``, ``actual_pace`` (people a month);
        ``year_end``, ``projected``, ``projected_low``, ``projected_high`` (people), ``projected_rate``,
        ``projected_rate_low``, ``projected_rate_high`` as of `bhyt_analysis.monitor`; ``chance`` (probability that the
        target is reached on its day at that pace); ``status``, ``projected_status``, ``source``. What is not known is
        missing.

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> row = bhyt.verdict(bhyt.load(), "X001").iloc[0]
    >>> row["outcome"], int(row["to_add"]), round(float(row["projected_rate"]), 3), bool(row["chance"] < 0.01)
    ('behind', 10850, 0.787, True)
    """
    view = area_view(data, area, as_of)
    row: dict[str, Any] = {"area": view.code, "name": view.unit.name, **_now(view), **_target(view)}
    row |= _outlook(view, row)
    row["outcome"] = _outcome(view, row)
    table = pd.DataFrame([row], columns=COLUMNS)
    days = dict.fromkeys(("as_of", "target_on", "year_end"), "datetime64[s]")
    return table.astype({**dict.fromkeys(PEOPLE, "Int64"), **dict.fromkeys(SHARES, "float64"), **days})


def _now(view: AreaView) -> dict[str, Any]:
    """Return who is insured: counted, by a printed rate, or in the communes that report."""
    sums = reporting_communes(view)
    now = view.coverage().iloc[0].to_dict()
    if pd.isna(now["insured"]) and sums is not None:
        return {c: getattr(sums, c) for c in ("as_of", "insured", "population", "rate", "status", "source")}
    day = now["as_of"] if pd.notna(now["insured"]) or pd.notna(now["rate_low"]) else view.as_of
    count = view.population_at(day) if pd.isna(now["population"]) else None
    if count is not None:
        now |= {"population": count.people, "population_source": count.source}
        if pd.notna(now["rate"]):  # a rate times people of another year
            now |= {"insured": round(now["rate"] * count.people), "status": "estimated"}
    source = next((text for c in ("source", "population_source") if isinstance(text := now[c], str) and text), "")
    return {c: now[c] for c in ("as_of", "insured", "population", "rate", "status")} | {"source": source}


def _target(view: AreaView) -> dict[str, Any]:
    steps = target_steps(view.data, view.code, view.as_of)
    if steps.empty:
        return {}
    first = steps.iloc[0]
    target = {f"target_{name}": first[name] for name in ("on", "relation", "rate")}
    return {**target, "people_needed": first["people_needed"], "to_add": first["to_add"]}


def _outlook(view: AreaView, row: dict[str, Any]) -> dict[str, Any]:
    """Return the pace, where it leads, and the chance of the target."""
    if view.data.cards["as_of"].nunique() < 2 or pd.isna(row["insured"]):
        return {}
    counts = monthly_counts(view.data, view.code)
    end = counts["month"].max()
    pace, own = unit_pace(view.data, view.code, counts, end)
    if pace is None:
        return {}
    now, year_end = own.iloc[-1], pd.Timestamp(end.year, 12, 31)
    outlook = {"actual_pace": pace.people, "year_end": year_end, **project_unit(now, pace, year_end)}
    if pd.isna(row.get("to_add")) or row["to_add"] <= 0:
        return outlook
    months = months_between(now["as_of"], row["target_on"])
    outlook["required_pace"] = row["to_add"] / months if months > 0 else None
    outlook["chance"] = reach_probability(float(now["insured"]), pace, max(months, 0.0), float(row["people_needed"]))
    return outlook


def _outcome(view: AreaView, row: dict[str, Any]) -> str:
    if not has_enrolment(view):
        return "unknown"
    if view.coverage()["insured"].isna().all() and reporting_communes(view) is not None:
        return "some_communes"
    if pd.isna(row.get("to_add")):
        return "no_target"
    if row["to_add"] <= 0:
        return "reached"
    if pd.isna(row.get("actual_pace")):
        return "short"
    return "on_pace" if row["actual_pace"] >= row["required_pace"] else "behind"
