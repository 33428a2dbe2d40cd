"""Compare two plans, such as a province's and a district's: what is passed on, what differs."""

from __future__ import annotations

from bhyt_analysis.plans.plan import Plan
from bhyt_analysis.plans.review import Remark


def compare_plans(one: Plan, other: Plan, lang: str | None = None) -> list[Remark]:
    """Return the remarks on how two plans fit each other."""
    raise NotImplementedError
