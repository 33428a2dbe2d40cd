"""Check the intervals against made-up truths: how often the true reported rate lies within the 90% interval.

Each synthetic district has a behaviour of its own, drawn here from the ranges of the assumptions; the slow model says
what then happens, and the projection, which does not know it, gives its interval. `python -m
tests.model.simulated_truth 2000` prints the share of districts.
"""

from __future__ import annotations

import random
import sys

import numpy as np
import pandas as pd

from bhyt_analysis.law.law import Law
from bhyt_analysis.model.finance.budget import LARGEST_HOUSEHOLD
from bhyt_analysis.model.projection.assumptions import assumptions, draw_assumptions
from bhyt_analysis.model.projection.baseline import GROUPS, Baseline
from bhyt_analysis.model.projection.projection import project
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.uncertainty import area_rates

from .slow_model import FULLY_PAID, RESPONSIVE, Exit, SlowModel, Unit, month_number

DRAWS = 400
NOT_OF_BEHAVIOUR = ["population_error", "duplicates"]  # of the true rate, not of the reported one


def drawn_behaviour(rng: random.Random) -> dict[str, float]:
    """Draw each assumption from the PERT-Beta of its range: mean (low + 4 central + high) / 6."""
    values = {}
    for name, row in assumptions().iterrows():
        low, high = sorted((row["low"], row["high"]))
        if low == high or name in NOT_OF_BEHAVIOUR:
            continue
        a, b = (1 + 4 * (x - y) / (high - low) for x, y in ((row["central"], low), (high, row["central"])))
        values[name] = low + (high - low) * rng.betavariate(a, b)
    return values


def district(rng: random.Random) -> tuple[Unit, int, int]:
    """Return a district that loses the entitlement by area soon after its count, the count, and the months to go."""
    people = rng.randint(5_000, 250_000)
    weights = {g: rng.random() for g in ["employer_employee", "social_security_paid", *FULLY_PAID, *RESPONSIVE]}
    weights |= {"difficult_area": 4 * rng.random(), "uninsured": rng.random()}
    total = sum(weights.values())
    insured = {g: float(round(w / total * people * 0.99)) for g, w in weights.items() if g != "uninsured"}
    count = rng.choice([month_number(2021, 6), month_number(2024, 3)])
    lost = float(round(insured["difficult_area"] * rng.uniform(0.2, 1)))
    unit = Unit(float(people), insured, [Exit(count + rng.randint(1, 3), lost)])
    return unit, count, rng.randint(4, 36)


def is_inside(rng: random.Random, law: Law, seed: int) -> bool:
    """Tell whether the true rate of a district lies within the 90% interval of its projection."""
    unit, count, months = district(rng)
    outreach = rng.choice([0.0, 1.0, 2.0, 2 * rng.random()])
    truth = drawn_behaviour(rng) | {"outreach": outreach, "outreach_before": 1.0}
    happened = SlowModel([unit], count, count + months, truth, "decree 75").insured()[0][-1]
    rate = sum(happened.values()) / unit.people

    ends = pd.date_range("1990-01-31", periods=count + months + 1 - month_number(1990, 1), freq="ME")
    day, last = ends[count - month_number(1990, 1)], ends[-1]
    one = unit.exits[0]
    on = ends[one.month - 1 - month_number(1990, 1)] + pd.Timedelta(days=1)
    units = {"area": "D", "name": "D", "population": unit.people, "sizes_known": True}
    exits = {"unit": 0, "on": on, "lost": one.lost, "gained": 0.0, "other": 0.0}
    exits |= {"minority": np.nan, "minority_area": np.nan}
    baseline = Baseline(
        "D",
        "D",
        day,
        pd.DataFrame([{**units, "status": "synthetic"}]),
        np.array([[unit.insured.get(g, 0.0) for g in GROUPS]]),
        np.eye(LARGEST_HOUSEHOLD)[:1],
        pd.DataFrame([{**exits, "status": "synthetic"}]),
        [None],
    )
    ranges = {"outreach": (outreach,) * 3}
    plan = Scenario("x", decision="861", end=last, support_window="decree 75", assumption_ranges=ranges)
    projection = project(baseline, plan, law)
    rates = area_rates(projection, draw_assumptions(projection.assumptions, DRAWS, seed))[:, -1]
    low, high = np.quantile(rates, [0.05, 0.95])
    return bool(low <= rate <= high)


def share_inside(districts: int, seed: int = 1) -> float:
    """Return the share of districts whose true rate lies within the 90% interval."""
    rng, law = random.Random(seed), Law.read()
    return sum(is_inside(rng, law, i) for i in range(districts)) / districts


if __name__ == "__main__":
    print(f"{share_inside(int(sys.argv[1])):.3f}")
