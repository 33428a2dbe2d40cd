"""Follow the people who lost a card month by month: uninsured, or insured again in which group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_month
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import central_values
from bhyt_analysis.model.projection.baseline import AREA, GROUPS, UNKNOWN_GROUP
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, POOLS, STATE_PAID, SUPPORT_WINDOWS, Floats
from bhyt_analysis.model.projection.division import ExitClass
from bhyt_analysis.model.projection.projection import (
    Projection,
    coverage_changes,
    division_of,
    month_statuses,
    since_count,
)
from bhyt_analysis.model.projection.simulate import RESULTS

UNINSURED = "uninsured"
# The last is for those who are insured again by the counts of the baseline, but in an unknown group.
AFTER_LOSS = {*POOLS["entitlement"], *SUPPORT_WINDOWS.values(), STATE_PAID, UNKNOWN_GROUP}
ENTITLEMENTS = [g for g in GROUPS if g in AFTER_LOSS]


@result_table
def after_loss(projection: Projection, results: Sequence[str] = RESULTS) -> pd.DataFrame:
    """Follow the people who lost their entitlement month by month.

    Parameters
    ----------
    projection
        of a scenario with a decision: what `project_area` gives, or data, an area and a scenario.
    results
        "static", "behavioural" or both.

    Returns
    -------
    DataFrame
        One row a ``scenario``, ``result`` and ``month``: ``lost`` (people whose entitlement has ended by then), one
        column a group with those insured in it, ``uninsured``, ``back`` (share insured), ``broken`` (people who were at
        any time without a card for so long that five years in a row are lost: Law 25/2008/QH12 as amended, art. 22(1c);
        Decree 146/2018/NĐ-CP art. 12(5)), ``status``. People are not rounded; groups and uninsured add up to lost.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "Lục Ngạn", bhyt.Scenario("861", decision="861"))
    >>> table = after_loss(projection).query("result == 'static'")
    >>> float(table["lost"].iloc[0]), round(float(table["uninsured"].iloc[0]))
    (46106.0, 45645)
    """
    exits, months = projection.baseline.exits, projection.months
    tables = []
    for result in results:
        sums = {key: np.zeros(len(months)) for key in ("lost", "broken", *ENTITLEMENTS)}
        for one in _followed(projection, result):
            exited = (np.arange(len(months)) >= one.exit_class.exit_month).astype(float)
            lost = float(exits["lost"].to_numpy()[one.exit_class.exits].sum())
            sums["lost"] += lost * exited
            sums[UNKNOWN_GROUP] += (lost - one.people.sum()) * exited
            sums["broken"] += (one.people.sum(axis=0) @ one.continuity_lost) * exited
            insured = one.insured.sum(axis=0) * exited
            for key in ENTITLEMENTS:
                sums[key] += np.where(one.exit_class.entitlements.keys == key, insured, 0.0).sum(axis=0)
        table = pd.DataFrame({"scenario": projection.scenario.name, "result": result, "month": months, **sums})
        table["uninsured"] = table["lost"] - table[ENTITLEMENTS].sum(axis=1)
        table["back"] = 1 - table["uninsured"] / table["lost"].where(table["lost"] > 0)
        # Also without behaviour: how many take up employment is an assumption.
        statuses = [derived_quality(status, "estimated") for status in month_statuses(projection)]
        tables.append(table.assign(status=statuses)[table["lost"] > 0])
    columns = ["scenario", "result", "month", "lost", *ENTITLEMENTS, "uninsured", "back", "broken", "status"]
    return pd.concat(tables, ignore_index=True)[columns]


@result_table
def transitions(projection: Projection, month: str | pd.Timestamp, result: str = "behavioural") -> pd.DataFrame:
    """Return the transition matrix of each commune (or unit): from its area entitlement to the state in a month.

    Parameters
    ----------
    projection
        of a scenario with a decision: what `project_area` gives, or data, an area and a scenario.
    month
        any day of a month of it.
    result
        "static" or "behavioural".

    Returns
    -------
    DataFrame
        One row a unit and state: ``area``, ``name``, ``from`` (the entitlement by area), ``to`` (the same entitlement
        for those who keep it, a group, or "uninsured"), ``people``, ``share`` (of those who had the entitlement; adds
        up to 1 for each unit), ``status``.

    Raises
    ------
    BhytError
        for a month outside the projection.

    Examples
    --------
    >>> projection = bhyt.project_area(bhyt.load(), "X001", bhyt.Scenario("861", decision="861"))
    >>> matrix = transitions(projection, "2021-12-31")
    >>> bool(np.isclose(matrix.groupby("area")["share"].sum(), 1).all())
    True
    """
    day, months = pd.Timestamp(parse_month(month)), projection.months
    if day not in months:
        raise BhytError(("error.no_month", {"on": day, "first": months[0], "last": months[-1]}))
    t, units, exits = months.index(day), projection.baseline.units, projection.baseline.exits
    states = [AREA_ENTITLEMENT, *ENTITLEMENTS, UNINSURED]
    people = pd.DataFrame(0.0, index=range(len(units)), columns=states)
    people[AREA_ENTITLEMENT] = projection.baseline.insured[:, AREA]
    for one in _followed(projection, result):
        rows, keys = exits.iloc[one.exit_class.exits], one.exit_class.entitlements.keys[:, t]
        lost = rows["lost"].astype(float).groupby(rows["unit"]).sum()
        flows = pd.DataFrame(0.0, index=lost.index, columns=states)
        if one.exit_class.exit_month <= projection.baseline_index:  # the count no longer has them in the entitlement
            flows[AREA_ENTITLEMENT] += lost
        if t >= one.exit_class.exit_month:
            insured = one.insured[:, :, t]
            flows[AREA_ENTITLEMENT] -= lost
            flows[UNKNOWN_GROUP] += lost - one.people.sum(axis=1)
            for key in ENTITLEMENTS:
                flows[key] += insured[:, keys == key].sum(axis=1)
            flows[UNINSURED] = one.people.sum(axis=1) - insured.sum(axis=1)
        people = people.add(flows, fill_value=0.0)
    total = people.sum(axis=1)
    table = people.assign(area=units["area"].to_numpy(), name=units["name"].to_numpy(), total=total)[total > 0]
    table = table.melt(["area", "name", "total"], states, "to", "people", ignore_index=False).sort_index(kind="stable")
    status = derived_quality(month_statuses(projection)[t], "estimated")
    table = table.assign(share=table["people"] / table["total"], status=status, **{"from": AREA_ENTITLEMENT})
    return table[["area", "name", "from", "to", "people", "share", "status"]].reset_index(drop=True)


class Followed(NamedTuple):
    """Those who left by one class of exits and are followed: ``people`` (units with exits, pools), the insured of them
    (units with exits, pools, months), and the share (pools, months) whose five years in a row are lost.
    """

    exit_class: ExitClass
    people: Floats
    insured: Floats
    continuity_lost: Floats


def _followed(projection: Projection, result: str) -> Iterator[Followed]:
    """Yield each class of exits, with the central values."""
    values, first = central_values(projection.assumptions), projection.baseline_index
    changes = coverage_changes(projection, values, result)
    division = division_of(projection, changes, values, projection.each_unit)
    static = result == "static"
    lapse = np.zeros((1, len(POOLS))) if static else cohort.monthly_lapse(values)
    for one, leavers, level in zip(projection.exit_classes, division.leavers, changes.pools, strict=True):
        stays, joins = since_count(level, first)
        at_count = leavers.uninsured[0] + leavers.group[0] + leavers.unknown[0]
        people = leavers.entitlement[0] + at_count
        insured = people[:, :, None] * level[0]
        if one.exit_month <= first:
            later = (
                leavers.uninsured[0][:, :, None] * joins[0] + (at_count - leavers.uninsured[0])[:, :, None] * stays[0]
            )
            insured[:, :, first:] = later[:, :, first:]
        lost = cohort.continuity_lost(level, lapse, one.exit_month, one.entitlements.gap_months)
        yield Followed(one, people, insured, lost[0])
