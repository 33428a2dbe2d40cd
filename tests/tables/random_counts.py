"""Make tables of small communes at random, as they would be published together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.tables.cells import PublishedTable

GROUPS = (
    "employer_employee",
    "social_security_paid",
    "household",
    "poor",
    "child_under_6",
    "minority_in_difficult_area",
    "war_veteran",
    "near_poor",
    "student",
    "farm_average_income",
    "resident_of_island",
    "employee_of_cooperative",
)
DISTRICT = "D"


def random_counts(seed: int, communes: int, groups: int, months: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the people of communes of 3 to 300, and who of them is insured, by month, commune and group."""
    random = np.random.default_rng(seed)
    people = np.exp(random.uniform(np.log(3), np.log(300), communes)).round().astype(int)
    shares = random.dirichlet(np.full(groups, 0.6), communes)
    first = [
        random.multinomial(round(random.uniform(0.7, 1) * n), share) for n, share in zip(people, shares, strict=True)
    ]
    insured = [np.array(first)]
    for _ in range(months - 1):
        step = np.where(random.random((communes, groups)) < 0.1, random.integers(-2, 3, (communes, groups)), 0)
        now = np.maximum(insured[-1] + step, 0)
        fits = now.sum(axis=1) <= people
        insured.append(np.where(fits[:, None], now, insured[-1]))
    return people, np.array(insured)


def published_tables(people: np.ndarray, insured: np.ndarray, crossed: bool = False) -> list[PublishedTable]:
    """Return the tables of a district: months, communes, groups, headline; ``crossed``: communes by group as well."""
    months, communes, groups = insured.shape
    days = pd.date_range("2023-01-31", periods=months, freq="ME")
    codes, keys, last = [f"C{i}" for i in range(communes)], list(GROUPS[:groups]), insured[-1]
    by_month = pd.DataFrame({"month": days, "insured": insured.sum(axis=(1, 2)), "population": people.sum()})
    by_month = by_month.assign(change=by_month["insured"].diff(), rate=by_month["insured"] / by_month["population"])
    by_commune = pd.DataFrame({"area": codes, "population": people, "insured": last.sum(axis=1)})
    by_commune = by_commune.assign(uninsured=by_commune["population"] - by_commune["insured"])
    by_commune["rate"] = by_commune["insured"] / by_commune["population"]
    by_group = pd.DataFrame({"group": keys, "insured": last.sum(axis=0)})
    by_group["share_of_insured"] = by_group["insured"] / last.sum()
    by_group["share_of_population"] = by_group["insured"] / people.sum()
    tables = {"months": by_month, "communes": by_commune, "groups": by_group}
    if crossed:
        rows = [(code, key, last[i, j]) for i, code in enumerate(codes) for j, key in enumerate(keys)]
        tables["crossed"] = pd.DataFrame(rows, columns=["area", "group", "insured"])
    return [PublishedTable(name, table, DISTRICT) for name, table in tables.items()]


def parents(people: np.ndarray) -> dict[str, str]:
    """Return the unit above each commune."""
    return {f"C{i}": DISTRICT for i in range(len(people))}
