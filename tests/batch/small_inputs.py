"""Write inputs of small communes at random: what small counts must be protected in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.tables.random_counts import GROUPS, random_counts

APART = (*GROUPS[:-1], "person_of_merit_other")  # none of them within another
FIRST_MONTH = "2021-01-31"


def write_small_input(folder: Path, seed: int, communes: int = 4, groups: int = 8, months: int = 12) -> list[str]:
    """Write a district with communes of 3 to 300 people as CSV files; return the names of all its units."""
    people, insured = random_counts(seed, communes, groups, months)
    random = np.random.default_rng(seed + 1000)
    codes, names = [f"C{i}" for i in range(communes)], [f"Xã Nhỏ {i + 1}" for i in range(communes)]
    days = pd.date_range(FIRST_MONTH, periods=months, freq="ME").date
    cards = [
        (code, day, APART[g], insured[m, i, g], "published", "BHXH")
        for m, day in enumerate(days)
        for i, code in enumerate(codes)
        for g in range(groups)
    ]
    units = [("D", "Huyện Nhỏ", "district", ""), *((c, n, "commune", "D") for c, n in zip(codes, names, strict=True))]
    population = [(c, "2021-06-30", n, max(n // 4, 1), "published", "NS") for c, n in zip(codes, people, strict=True)]
    zones = [(c, "582", "II", 0, "2017-04-28", "2021-06-30", "published", "QD") for c in codes]
    zones += [(c, "861", random.choice(["I", "II", "III"]), 0, "2021-07-01", "", "published", "QD") for c in codes]
    soon, last = (15, 45, 75), pd.Timestamp(days[-1])
    expiring = [
        (c, last.date(), (last + pd.Timedelta(days=d)).date(), APART[2], insured[-1, i, 2] // 4, "published", "BHXH")
        for i, c in enumerate(codes)
        for d in soon
    ]
    targets = [("D", "all", "2021-12-31", "=", 0.95, "KH"), ("D", "all", "2022-12-31", "=", 0.96, "KH")]
    tables = {
        "cards": (cards, "area as_of group cards status source"),
        "areas": (units, "code name kind parent"),
        "population": (population, "area as_of people households status source"),
        "zones": (zones, "area decision zone special_villages_share since until status source"),
        "targets": (targets, "area scope on relation rate instrument"),
        "expiring": (expiring, "area as_of expires group cards status source"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (rows, columns) in tables.items():
        pd.DataFrame(rows, columns=columns.split()).to_csv(folder / f"{name}.csv", index=False)
    return ["Huyện Nhỏ", *names]
