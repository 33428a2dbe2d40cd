"""Which few figures sum up an area, and how well is each known?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from bhyt_analysis.inputs.areas import find, lineage, population_at
from bhyt_analysis.inputs.read import Dataset
from bhyt_analysis.inputs.status import computed, weakest
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage import coverage
from bhyt_analysis.model.premium import full_year_cost
from bhyt_analysis.model.reclassify import reclassify
from bhyt_analysis.model.take_up import reenrolment
from bhyt_analysis.model.targets import target_steps

COLUMNS = ["key", "value", "low", "high", "unit", "as_of", "status", "source"]
DECISION = "861"


def headline(data: Dataset, law: Law, area: str, as_of: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """The headline figures of an area that can be known from its tables.

    Returns
    -------
    DataFrame, one row a figure: ``key`` (population, households, insured, coverage,
    uninsured, lost, reenrolled, next_target, next_people, next_to_add, last_target,
    last_people, total_to_add, lost_cost), ``value``, ``low``, ``high`` (the interval
    where there is one), ``unit`` (people, households, share, vnd), ``as_of``,
    ``status``, ``source``. What is not known has no row.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> facts = headline(load(), Law.read(), "Sơn Dương").set_index("key")
    >>> int(facts.at["next_to_add", "value"]), facts.at["lost", "status"]
    (10028, 'published')
    """
    code = find(data.areas, area)
    rows: list[dict[str, Any]] = []

    def add(
        key: str, value: Any, unit: str, day: Any, status: str, source: str, low: Any = None, high: Any = None
    ) -> None:
        rows.append(dict(zip(COLUMNS, (key, value, low, high, unit, day, status, source), strict=True)))

    now = coverage(data, code, as_of=as_of).iloc[0]
    counted = pd.notna(now["insured"])
    day = now["as_of"] if counted or pd.notna(now["rate_low"]) else as_of
    count = population_at(data.areas, data.population, code, None if day is None else pd.Timestamp(day))
    if count is not None:
        add("population", count.people, "people", count.as_of, count.status, count.source)
        if count.households is not None:
            add("households", count.households, "households", count.as_of, count.status, count.source)
    if counted:
        cards_status = weakest(now["status"]) if now["status"] == "synthetic" else "published"
        add("insured", int(now["insured"]), "people", day, cards_status, now["source"])
        add("coverage", float(now["rate"]), "share", day, now["status"], now["source"])
        add("uninsured", int(now["population"] - now["insured"]), "people", day, now["status"], now["source"])
    elif pd.notna(now["rate"]):
        add(
            "coverage",
            float(now["rate"]),
            "share",
            day,
            now["status"],
            now["source"],
            now["rate_low"],
            now["rate_high"],
        )
        if count is not None:
            guess = computed(now["status"], count.status, "estimated")
            insured = round(float(now["rate"]) * count.people)
            source = f"{now['source']} × {count.source}"
            add("insured", insured, "people", day, guess, source)
            add("uninsured", count.people - insured, "people", day, guess, source)
    if DECISION in set(data.zones["decision"]) | set(data.losses["decision"]):
        _decision(data, law, code, add)
    steps = target_steps(data, code, as_of)
    if len(steps):
        first, last = steps.iloc[0], steps.iloc[-1]
        for name, step in (("next", first), ("last", last))[: 1 if len(steps) == 1 else 2]:
            add(f"{name}_target", float(step["rate"]), "share", step["on"], "published" if step["status"] != "synthetic" else "synthetic", step["instrument"])  # fmt: skip
            add(f"{name}_people", int(step["people_needed"]), "people", step["on"], step["status"], step["instrument"])
        if pd.notna(first["to_add"]):
            add("next_to_add", int(first["to_add"]), "people", first["on"], first["status"], first["instrument"])
            if len(steps) > 1:
                add("total_to_add", int(last["total_to_add"]), "people", last["on"], last["status"], last["instrument"])
    return pd.DataFrame(rows, columns=COLUMNS)


def _decision(data: Dataset, law: Law, code: str, add: Any) -> None:
    table = reclassify(data, DECISION, code)
    lost = table["lost"].sum() if len(table) else 0
    if not lost:
        return
    # A total that was spread over communes is as good as it was published.
    told = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == DECISION)]
    status = weakest(told["status"]) if len(told) else weakest(table["status"])
    on = table["on"].min()
    add("lost", int(lost), "people", on, status, table["source"].iloc[0])
    bounds = reenrolment(data, code, DECISION)
    for row in bounds.to_dict("records"):
        add("reenrolled", None, "share", row["as_of"], row["status"], table["source"].iloc[0], row["low"], row["high"])
    cost = full_year_cost(int(lost), law, [str(on.date())], status, lineage(data.areas, code, on)).iloc[0]
    add("lost_cost", int(cost["cost"]), "vnd", on, cost["status"], f"{cost['reference']}; {cost['rate_reference']}")
