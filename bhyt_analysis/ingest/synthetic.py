"""A made-up country whose tables are complete, for trials: every figure is synthetic.

The bundled example district is the first district of ``country(1, seed=861)``. Sizes
are like those of mountain districts; people, communes and cards are invented.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.messages import BhytError

SOURCE = "Số liệu giả lập"
START = "2020-07-31"
MONTHS = 24
BEFORE, AFTER = "582", "861"
CHANGE = pd.Timestamp("2021-07-01")
COMMUNES = 12
OF_PROVINCE = 11  # districts, as in the 63 provinces of 2021
AREA_TITLES = ["minority_in_difficult_area", "resident_of_especially_difficult_area"]
# The reports that a district owes: months of the period, and the due day by months after its end and day of the month.
REPORTS = {"monthly": (1, 1, 5), "quarterly": (3, 1, 10), "half_yearly": (6, 1, 10), "yearly": (12, -1, 20)}

# Chance of the zone under Decision 861, given the zone before: III, II, I.
ZONES = ("III", "II", "I")
TRANSITION = {"III": (0.45, 0.15, 0.40), "II": (0.05, 0.15, 0.80), "I": (0.05, 0.0, 0.95)}
# Shares of all people insured under a title that comes before the area's.
FIRST_TITLES = {
    "employer_employee": (0.04, 0.08),
    "social_security_paid": (0.02, 0.05),
    "person_of_merit_other": (0.01, 0.03),
    "child_under_6": (0.09, 0.12),
    "social_assistance": (0.015, 0.03),
    "poor": (0.03, 0.15),
}
# Shares insured under a later title of those who hold no title by area.
LATER_TITLES = {
    "near_poor": (0.04, 0.09),
    "student": (0.17, 0.22),
    "farm_average_income": (0.02, 0.10),
    "household": (0.25, 0.50),
}


def synthetic_country(districts: int, seed: int) -> dict[str, pd.DataFrame]:
    """The tables of a synthetic country, all that a user may fill in but decisions and losses.

    Cards are by commune, sub-group and month for 24 months around 1 July 2021, when
    zones change; pupils come back at the school year and others month by month. Flows
    lead from each month to the next; the cards that run out are told for the last month.

    Examples
    --------
    >>> tables = synthetic_country(1, seed=861)
    >>> len(tables["cards"]), tables["cards"]["status"].unique().tolist()
    (3456, ['synthetic'])
    """
    rng = np.random.default_rng(seed)
    n = districts * COMMUNES
    district = np.repeat([f"X{d:03d}" for d in range(1, districts + 1)], COMMUNES)
    number = np.tile(np.arange(1, COMMUNES + 1), districts)
    code = np.array([f"{d}{i:02d}" for d, i in zip(district, number, strict=True)])
    people = np.rint(rng.lognormal(np.log(5200), 0.35, n)).astype(int)
    minority = rng.beta(2.5, 2.0, n)
    before = rng.choice(ZONES, n, p=(0.4, 0.35, 0.25))
    after = np.array([rng.choice(ZONES, p=TRANSITION[z]) for z in before])
    # Each district shows at least one commune of each kind that matters.
    for first in range(0, n, COMMUNES):
        before[first : first + 4], after[first : first + 4] = ["III", "III", "III", "II"], ["III", "II", "I", "I"]
    villages = np.where(rng.random(n) < 0.5, rng.uniform(0.05, 0.35, n), 0.0).round(2)
    villages_before = np.where(before == "III", 0.0, villages)
    villages_after = np.where(after == "III", 0.0, villages)
    cards = _cards(rng, people, minority, before, after, villages_before, villages_after)
    cards.insert(0, "area", code[cards.pop("commune")])
    monthly = np.random.default_rng([seed, 1])  # its own, so that what was drawn before stays as it is
    return {
        "areas": _areas(districts, code, district, number),
        "population": _population(rng, code, people, minority),
        "cards": cards.assign(status="synthetic", source=SOURCE),
        "zones": pd.concat(
            [
                _zones(code, BEFORE, before, villages_before, "2017-04-28", "2021-06-30"),
                _zones(code, AFTER, after, villages_after, "2021-07-01", "2025-12-31"),
            ]
        ),
        "targets": _targets(districts),
        "flows": _flows(monthly, cards),
        "expiring": _expiring(monthly, cards),
        "duties": _duties(districts),
        "reports": _reports(monthly, districts),
    }


def write_country(out: str | Path, districts: int, seed: int, suffix: str = "") -> None:
    """Write the tables of `synthetic_country` as CSV files, such as ``cards_example.csv``.

    Raises
    ------
    BhytError
        for a folder that holds tables already: they might be real.
    """
    folder = Path(out)
    if told := sorted(p.name for p in folder.glob("*.csv")):
        raise BhytError(("error.folder_of_tables", {"folder": out, "files": ", ".join(told)}))
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in synthetic_country(districts, seed).items():
        table.to_csv(folder / f"{name}{suffix}.csv", index=False, encoding="utf-8", lineterminator="\n")


def _areas(districts: int, code: np.ndarray, district: np.ndarray, number: np.ndarray) -> pd.DataFrame:
    rows = [("X", "Tỉnh Mẫu (giả lập)", "province", "")]  # in no country: it must never be part of a sum
    count = -(-districts // OF_PROVINCE)
    rows += [(_province(p), f"Tỉnh Mẫu {p + 1:02d} (giả lập)", "province", "") for p in range(1, count)]
    rows += [
        (f"X{d:03d}", f"Huyện Mẫu {d:02d} (giả lập)", "district", _province((d - 1) // OF_PROVINCE))
        for d in range(1, districts + 1)
    ]
    rows += [(c, f"Xã Mẫu {i:02d}", "commune", d) for c, d, i in zip(code, district, number, strict=True)]
    table = pd.DataFrame(rows, columns=["code", "name", "kind", "parent"])
    return table.assign(since="", until="", note="synthetic")


def _province(number: int) -> str:
    """The code of a province, counted from 0."""
    return "X" if number == 0 else f"XP{number + 1:02d}"


def _population(rng: np.random.Generator, code: np.ndarray, people: np.ndarray, minority: np.ndarray) -> pd.DataFrame:
    sizes = rng.dirichlet([8, 16, 20, 26, 16, 9, 5], len(code))
    mean = sizes @ np.arange(1, 8)
    households = np.rint(people / mean).astype(int)
    counts = np.floor(sizes * households[:, None]).astype(int)
    counts[:, 3] += households - counts.sum(axis=1)
    table = pd.DataFrame({"area": code, "as_of": "2021-06-30", "people": people, "households": households})
    for i in range(6):
        table[f"size_{i + 1}"] = counts[:, i]
    table["size_7_plus"] = counts[:, 6]
    return table.assign(minority_people=np.rint(people * minority).astype(int), status="synthetic", source=SOURCE)


def _zones(
    code: np.ndarray, decision: str, zone: np.ndarray, villages: np.ndarray, since: str, until: str
) -> pd.DataFrame:
    table = pd.DataFrame({"area": code, "decision": decision, "zone": zone, "special_villages_share": villages})
    return table.assign(since=since, until=until, status="synthetic", source=SOURCE)


def _targets(districts: int) -> pd.DataFrame:
    rows = [
        (f"X{d:03d}", "all", f"{year}-12-31", "=", rate, "Kế hoạch giả lập", "", "", "synthetic")
        for d in range(1, districts + 1)
        for year, rate in ((2022, 0.93), (2023, 0.94), (2024, 0.95), (2025, 0.955))
    ]
    return pd.DataFrame(rows, columns=["area", "scope", "on", "relation", "rate", "instrument", "of", "kind", "note"])


def _cards(
    rng: np.random.Generator,
    people: np.ndarray,
    minority: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    villages_before: np.ndarray,
    villages_after: np.ndarray,
) -> pd.DataFrame:
    """Cards by commune (its position), month end and sub-group."""
    n = len(people)
    share = {k: rng.uniform(low, high, n) for k, (low, high) in {**FIRST_TITLES, **LATER_TITLES}.items()}
    first = sum(share[k] for k in FIRST_TITLES)
    present = rng.uniform(0.95, 0.98, n)  # some work and are insured in other provinces
    rest = people * (1 - first)  # those whom a title by area may reach
    monthly, pupils_back = rng.uniform(0.03, 0.08, n), rng.uniform(0.75, 0.95, n)
    frames = []
    for i, month in enumerate(pd.date_range(START, periods=MONTHS, freq="ME")):
        zone, villages = (before, villages_before) if month < CHANGE else (after, villages_after)
        minority_entitled = np.where(np.isin(zone, ("III", "II")), 1.0, villages)
        kinh_entitled = np.where(zone == "III", 1.0, villages)
        # The card of zone III and special villages comes after that of minorities in zone II.
        as_minority = np.where(zone == "II", minority, 0.0)
        entitled = minority * minority_entitled + (1 - minority) * kinh_entitled
        was = minority * np.where(np.isin(before, ("III", "II")), 1.0, villages_before) + (1 - minority) * np.where(
            before == "III", 1.0, villages_before
        )
        newly_out = np.clip(was - entitled, 0, None) if month >= CHANGE else np.zeros(n)
        long_out = 1 - np.maximum(was, entitled) if month >= CHANGE else 1 - entitled
        since = (month.year - CHANGE.year) * 12 + month.month - CHANGE.month + 1
        back = 1 - (1 - monthly) ** max(since, 0)
        groups = {k: people * share[k] for k in FIRST_TITLES}
        groups["minority_in_difficult_area"] = rest * as_minority
        groups["resident_of_especially_difficult_area"] = rest * np.clip(entitled - as_minority, 0, None)
        for k in LATER_TITLES:
            returned = (pupils_back if month >= pd.Timestamp("2021-09-30") else 0.1) if k == "student" else back
            groups[k] = rest * share[k] * (long_out + newly_out * returned)
        for k, expected in groups.items():
            noise = rng.normal(1 + 0.0005 * i, 0.002, n)
            frames.append(pd.DataFrame({"commune": np.arange(n), "as_of": month.strftime("%Y-%m-%d"), "group": k, "cards": np.rint(expected * present * noise).astype(int)}))  # fmt: skip
    return pd.concat(frames).sort_values(["commune", "as_of"], kind="stable").reset_index(drop=True)


def _flows(rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    """What came and went in each commune and month, so that it leads from one month's cards to the next."""
    by_month = cards.pivot_table(index="area", columns="as_of", values="cards", aggfunc="sum")
    start, end = by_month.to_numpy()[:, :-1], by_month.to_numpy()[:, 1:]
    of_area, of_later = (cards[cards["group"].isin(names)].pivot_table(index="area", columns="as_of", values="cards", aggfunc="sum").to_numpy() for names in (AREA_TITLES, list(LATER_TITLES)))  # fmt: skip
    # Who gains a title by area gives up a later one; who loses it joins again as somebody new.
    moved = np.diff(of_area) + np.clip(np.diff(of_later), None, 0)
    moved = np.where(by_month.columns[1:] == str((CHANGE + pd.offsets.MonthEnd(0)).date()), moved, 0)
    expired = np.rint(of_later[:, :-1] * rng.uniform(0.06, 0.10, start.shape))
    renewed = np.rint(expired * rng.uniform(0.85, 0.95, start.shape))
    suspended = np.rint(start * rng.uniform(0.001, 0.004, start.shape))
    new = end - start - renewed + expired + suspended - moved
    suspended, new = suspended + np.clip(-new, 0, None), np.clip(new, 0, None)
    parts = {"new": new, "renewed": renewed, "expired": expired, "suspended": suspended, "reclassified": moved}
    index = pd.MultiIndex.from_product([by_month.index, by_month.columns[1:]], names=["area", "as_of"])
    table = pd.DataFrame({name: part.ravel().astype(int) for name, part in parts.items()}, index=index).reset_index()
    table.insert(2, "group", "")
    return table.assign(status="synthetic", source=SOURCE)


def _expiring(rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    """Cards of those who pay themselves that run out in the three months after the last one."""
    last = cards[(cards["as_of"] == cards["as_of"].max()) & cards["group"].isin(["household", "farm_average_income"])]
    end = pd.Timestamp(last["as_of"].iloc[0])
    days = [end + pd.Timedelta(days=n) for n in (15, 30, 45, 60, 75, 90)]
    rows = last[["area", "as_of", "group", "cards"]].merge(pd.DataFrame({"expires": [str(d.date()) for d in days]}), how="cross")  # fmt: skip
    rows["cards"] = np.rint(rows["cards"] * rng.uniform(0.02, 0.06, len(rows))).astype(int)
    columns = ["area", "as_of", "expires", "group", "cards"]
    return rows[columns].assign(status="synthetic", source=SOURCE)


def _duties(districts: int) -> pd.DataFrame:
    rows = [
        (f"X{d:03d}", kind, month, day, "before" if kind == "yearly" else "by", "", "", "Kế hoạch giả lập")
        for d in range(1, districts + 1)
        for kind, (_, month, day) in REPORTS.items()
    ]
    columns = ["area", "kind", "due_month", "due_day", "deadline", "since", "until", "source"]
    return pd.DataFrame(rows, columns=columns)


def _reports(rng: np.random.Generator, districts: int) -> pd.DataFrame:
    """When each report came: most in time, some late, some not at all."""
    months = pd.date_range(START, periods=MONTHS, freq="ME")
    kinds = [(kind, end) for kind, (length, _, _) in REPORTS.items() for end in months if end.month % length == 0]
    table = pd.DataFrame([(f"X{d:03d}", *one) for d in range(1, districts + 1) for one in kinds], columns=["area", "kind", "period"])  # fmt: skip
    due = [_due(end, *REPORTS[kind][1:]) for kind, end in zip(table["kind"], table["period"], strict=True)]
    received = pd.Series(due) + pd.to_timedelta(rng.integers(-4, 3, len(table)), unit="D")
    received = received.dt.strftime("%Y-%m-%d").where(rng.random(len(table)) > 0.06, "")
    return table.assign(period=table["period"].dt.strftime("%Y-%m-%d"), received=received, note="synthetic")


def _due(end: pd.Timestamp, months: int, day: int) -> pd.Timestamp:
    return (end + pd.offsets.MonthEnd(months)).replace(day=day)
