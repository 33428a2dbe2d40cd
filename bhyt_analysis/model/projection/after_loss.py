"""Where are the people who lost a card, month by month: still without, back under which title, for how long without?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.assumptions import central_values
from bhyt_analysis.model.projection.baseline import GROUPS, UNKNOWN_GROUP
from bhyt_analysis.model.projection.cohort import AREA_ENTITLEMENT, POOLS
from bhyt_analysis.model.projection.projection import (
    CoverageChange,
    Projection,
    UnitClass,
    coverage_changes,
    leavers_by_pool,
    uninsured_at_baseline,
)
from bhyt_analysis.model.projection.simulate import RESULTS

UNINSURED = "uninsured"
# The last are those of whom the counts at the start tell that they are back, but not under which title.
ENTITLEMENTS = [g for g in GROUPS if g in {*POOLS["title"], UNKNOWN_GROUP} or g.startswith("minority_left")]


def after_loss(of: Projection, results: Sequence[str] = RESULTS) -> pd.DataFrame:
    """The people who lost their title, followed month by month.

    Parameters
    ----------
    of : what `projection` gives for a scenario with a decision.
    results : those that are wanted.

    Returns
    -------
    DataFrame, one row a ``scenario``, ``result`` and ``month``: ``lost`` (people whose
    title has ended by then), one column a title with those insured under it,
    ``uninsured``, ``back`` (share insured), ``broken`` (people who were at any time
    without a card for so long that five years in a row are lost: Law 25/2008/QH12 as
    amended, art. 22(1c); Decree 146/2018/NĐ-CP art. 12(5)), ``status``. People are not
    rounded; the titles and the uninsured add up to the lost.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import project_area
    >>> of = project_area(load(), "Lục Ngạn", Scenario("861", decision="861"))
    >>> table = after_loss(of).query("result == 'static'")
    >>> float(table["lost"].iloc[-1]), round(float(table["uninsured"].iloc[-1]))
    (46106.0, 45645)
    """
    tables = []
    for result in results:
        sums = {k: np.zeros(len(of.months)) for k in ("lost", "broken", *ENTITLEMENTS)}
        for kind, people, way, place in _followed(of, result):
            gone = (np.arange(len(of.months)) >= kind.leaves).astype(float)
            lost = float(of.baseline.exits["lost"].to_numpy()[kind.events].sum())
            sums["lost"] += lost * gone
            sums[UNKNOWN_GROUP] += (lost - people.sum()) * gone
            sums["broken"] += (people.sum(axis=0) @ way.broken[0]) * gone
            insured = people.sum(axis=0)[:, None] * way.way[0] * gone
            for title in ENTITLEMENTS:
                sums[title] += np.where(place == title, insured, 0.0).sum(axis=0)
        table = pd.DataFrame({"scenario": of.scenario.name, "result": result, "month": of.months, **sums})
        table["uninsured"] = table["lost"] - table[ENTITLEMENTS].sum(axis=1)
        table["back"] = 1 - table["uninsured"] / table["lost"].where(table["lost"] > 0)
        # Also where nobody acts: how many take up employment is an assumption.
        tables.append(table[table["lost"] > 0].assign(status=derived_quality(of.baseline.exits["status"], "estimated")))
    columns = ["scenario", "result", "month", "lost", *ENTITLEMENTS, "uninsured", "back", "broken", "status"]
    return pd.concat(tables, ignore_index=True)[columns]


def transitions(of: Projection, month: str | pd.Timestamp, result: str = "behavioural") -> pd.DataFrame:
    """The transition matrix of each commune (or unit): from its area titles to where people are in a month.

    Returns
    -------
    DataFrame, one row a unit and state: ``area``, ``name``, ``from`` (the title by
    area), ``to`` (the same title for those who keep it, a group, or "uninsured"),
    ``people``, ``share`` (of those who held the title; adds up to 1 for each unit),
    ``status``.

    Raises
    ------
    BhytError
        for a month outside the projection.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import project_area
    >>> of = project_area(load(), "X001", Scenario("861", decision="861"))
    >>> matrix = transitions(of, "2021-12-31")
    >>> bool(np.isclose(matrix.groupby("area")["share"].sum(), 1).all())
    True
    """
    day = pd.Timestamp(month) + pd.offsets.MonthEnd(0)
    if day not in of.months:
        raise BhytError(("error.no_month", {"on": day, "first": of.months[0], "last": of.months[-1]}))
    t, units = of.months.index(day), of.baseline.units
    states = [AREA_ENTITLEMENT, *ENTITLEMENTS, UNINSURED]
    people = np.zeros((len(units), len(states)))
    people[:, 0] = of.baseline.insured[:, GROUPS.index(AREA_ENTITLEMENT)]
    for kind, own, way, place in _followed(of, result):
        unit = of.baseline.exits["unit"].to_numpy()[kind.events]
        lost = of.baseline.exits["lost"].to_numpy(dtype=float)[kind.events]
        if kind.leaves <= of.baseline_index:  # they had left before the start: the title is theirs no more
            np.add.at(people[:, 0], unit, lost)
        if t < kind.leaves:
            continue
        np.add.at(people[:, 0], unit, -lost)
        np.add.at(people[:, 1 + ENTITLEMENTS.index(UNKNOWN_GROUP)], unit, lost - own.sum(axis=1))
        insured = own * way.way[0, :, t]
        for i, state in enumerate(ENTITLEMENTS, start=1):
            np.add.at(people[:, i], unit, insured[:, place[:, t] == state].sum(axis=1))
        np.add.at(people[:, -1], unit, (own - insured).sum(axis=1))
    held = people.sum(axis=1, keepdims=True)
    share = np.divide(people, held, out=np.zeros_like(people), where=held > 0)
    table = pd.DataFrame({
        "area": np.repeat(units["area"].to_numpy(), len(states)),
        "name": np.repeat(units["name"].to_numpy(), len(states)),
        "from": AREA_ENTITLEMENT, "to": np.tile(states, len(units)),
        "people": people.ravel(), "share": share.ravel(),
        "status": derived_quality(units["status"], of.baseline.exits["status"], "estimated"),
    })  # fmt: skip
    return table[np.repeat(held[:, 0] > 0, len(states))].reset_index(drop=True)


def _followed(of: Projection, result: str) -> Iterator[tuple[UnitClass, np.ndarray, CoverageChange, np.ndarray]]:
    """Each kind of exit: the people of its events by pool, their way, and their titles by month."""
    values, block = central_values(of.assumptions), np.arange(len(of.baseline.units))
    free = uninsured_at_baseline(of, block)
    for kind, move in zip(of.unit_classes, coverage_changes(of, values, result), strict=True):
        if kind.titles is not None and kind.title == AREA_ENTITLEMENT:
            units, people, _ = leavers_by_pool(of, kind, move, values, block, free)
            order = np.searchsorted(units, of.baseline.exits["unit"].to_numpy()[kind.events])
            yield kind, people[0][order], move, kind.titles.keys
