"""Generate a synthetic country with complete tables, for trials.

The bundled example district is ``synthetic_country(1, seed=861)``. Sizes are like those of mountain districts;
people, communes and cards are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path, packaged_table
from bhyt_analysis.domain.decisions import COUNTRY
from bhyt_analysis.i18n.messages import BhytError

SOURCE = "Số liệu giả lập"
PLAN = "Kế hoạch giả lập"
START = "2020-07-31"
MONTHS = 24
CHANGE = pd.Timestamp("2021-07-01")  # of the zones
COMMUNES = 12
DISTRICTS_PER_PROVINCE = 11  # as in the 63 provinces of 2021
AREA_GROUPS = ["minority_in_difficult_area", "resident_of_especially_difficult_area"]
# The reports of a district: months of the period, then the due day: months after its end, and day of the month.
REPORTS = {"monthly": (1, 1, 5), "quarterly": (3, 1, 10), "half_yearly": (6, 1, 10), "yearly": (12, -1, 20)}

# Probability of the zone after the change (III, II, I), by the zone before.
ZONES = ("III", "II", "I")
TRANSITION = {"III": (0.45, 0.15, 0.40), "II": (0.05, 0.15, 0.80), "I": (0.05, 0.0, 0.95)}
# Limits of the share insured in a group: of all people if it ranks earlier than the groups of the area, else of the
# people without an entitlement by area.
SHARES = packaged_table("ingest/synthetic_shares.csv", ("low", "high"), index="group")
EARLIER_GROUPS, LATER_GROUPS = (SHARES.index[SHARES["rank"] == rank].tolist() for rank in ("earlier", "later"))


@dataclass(frozen=True)
class Communes:
    """The communes, one array entry each; ``zones`` and ``villages`` (share of special villages) by decision."""

    code: np.ndarray
    district: np.ndarray
    number: np.ndarray
    people: np.ndarray
    minority: np.ndarray
    zones: dict[str, np.ndarray]
    villages: dict[str, np.ndarray]

    def entitled_share(self, decision: str) -> np.ndarray:
        """Return the share of people whose card comes from the area."""
        zone, villages = self.zones[decision], self.villages[decision]
        of_minority = np.where(np.isin(zone, ("III", "II")), 1.0, villages)
        of_others = np.where(zone == "III", 1.0, villages)
        return self.minority * of_minority + (1 - self.minority) * of_others


def synthetic_country(districts: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of a synthetic country, all input tables but decisions and losses.

    Cards are by commune, sub-group and month for 24 months around 1 July 2021, when zones change. Flows lead from
    each month to the next; expiring cards are listed for the last month.

    Examples
    --------
    >>> tables = synthetic_country(1, seed=861)
    >>> len(tables["cards"]), tables["cards"]["status"].unique().tolist()
    (3456, ['synthetic'])
    """
    rng = np.random.default_rng(seed)
    communes = _communes(rng, districts)
    cards = _cards(rng, communes)
    cards.insert(0, "area", communes.code[cards.pop("commune")])
    monthly = np.random.default_rng([seed, 1])  # a generator of its own, so that the other tables do not depend on it
    return {
        "areas": _areas(districts, communes),
        "population": _population(rng, communes),
        "cards": cards.assign(status="synthetic", source=SOURCE),
        "zones": _zones(communes),
        "targets": _targets(districts),
        "flows": _flows(monthly, cards),
        "expiring": _expiring(monthly, cards),
        "other_targets": _other_targets(districts),
        "actions": _actions(districts),
        "duties": _duties(districts),
        "reports": _reports(monthly, districts),
    }


def _communes(rng: np.random.Generator, districts: int) -> Communes:
    """Draw the communes of all districts with their people and zones."""
    n = districts * COMMUNES
    district = np.repeat([f"X{d:03d}" for d in range(1, districts + 1)], COMMUNES)
    number = np.tile(np.arange(1, COMMUNES + 1), districts)
    code = np.array([f"{d}{i:02d}" for d, i in zip(district, number, strict=True)])
    people = np.rint(rng.lognormal(np.log(5200), 0.35, n)).astype(int)
    minority = rng.beta(2.5, 2.0, n)
    before = rng.choice(ZONES, n, p=(0.4, 0.35, 0.25))
    after = np.array([rng.choice(ZONES, p=TRANSITION[z]) for z in before])
    # Each district has at least one commune of each important kind of change.
    for first in range(0, n, COMMUNES):
        before[first : first + 4], after[first : first + 4] = ["III", "III", "III", "II"], ["III", "II", "I", "I"]
    villages = np.where(rng.random(n) < 0.5, rng.uniform(0.05, 0.35, n), 0.0).round(2)
    zones = dict(zip(_decisions(), (before, after), strict=True))
    special_villages = {decision: np.where(zone == "III", 0.0, villages) for decision, zone in zones.items()}
    return Communes(code, district, number, people, minority, zones, special_villages)


def write_country(out: str | Path, districts: int, seed: int, suffix: str = "") -> None:
    """Write the tables of `synthetic_country` as CSV files, such as ``cards_example.csv``.

    Raises BhytError if the folder has tables already, for they might be real.
    """
    folder = Path(out)
    if existing := sorted(p.name for p in folder.glob("*.csv")):
        raise BhytError(("error.folder_of_tables", {"folder": out, "files": ", ".join(existing)}))
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in synthetic_country(districts, seed).items():
        table.to_csv(folder / f"{name}{suffix}.csv", index=False, encoding="utf-8", lineterminator="\n")


def _areas(districts: int, communes: Communes) -> pd.DataFrame:
    provinces = ["X", *(f"XP{p:02d}" for p in range(2, -(-districts // DISTRICTS_PER_PROVINCE) + 1))]
    rows = [("X", "Tỉnh Mẫu (giả lập)", "province", "")]  # in no country: it must not enter a sum
    rows += [(code, f"Tỉnh Mẫu {code[2:]} (giả lập)", "province", "") for code in provinces[1:]]
    for d in range(1, districts + 1):
        province = provinces[(d - 1) // DISTRICTS_PER_PROVINCE]
        rows.append((f"X{d:03d}", f"Huyện Mẫu {d:02d} (giả lập)", "district", province))
    units = zip(communes.code, communes.district, communes.number, strict=True)
    rows += [(code, f"Xã Mẫu {number:02d}", "commune", district) for code, district, number in units]
    table = pd.DataFrame(rows, columns=["code", "name", "kind", "parent"])
    return table.assign(since="", until="", note="synthetic")


def _population(rng: np.random.Generator, communes: Communes) -> pd.DataFrame:
    code, people = communes.code, communes.people
    sizes = rng.dirichlet([8, 16, 20, 26, 16, 9, 5], len(code))
    mean = sizes @ np.arange(1, 8)
    households = np.rint(people / mean).astype(int)
    counts = np.floor(sizes * households[:, None]).astype(int)
    counts[:, 3] += households - counts.sum(axis=1)
    table = pd.DataFrame({"area": code, "as_of": "2021-06-30", "people": people, "households": households})
    table[[*(f"size_{i}" for i in range(1, 7)), "size_7_plus"]] = counts
    minority_people = np.rint(people * communes.minority).astype(int)
    return table.assign(minority_people=minority_people, status="synthetic", source=SOURCE)


def _decisions() -> tuple[str, str]:
    """Return the decisions on the zones of the country before and after the change."""
    table = pd.read_csv(bundled_path("data") / "decisions.csv", dtype=str)
    table = table[(table["area"] == COUNTRY) & table["zone_III"].notna() & (table["since"] <= str(CHANGE.date()))]
    before, after = table.sort_values("since")["decision"].iloc[-2:]
    return before, after


def _zones(communes: Communes) -> pd.DataFrame:
    periods = [("2017-04-28", "2021-06-30"), ("2021-07-01", "2025-12-31")]
    tables = []
    for (decision, zone), (since, until) in zip(communes.zones.items(), periods, strict=True):
        table = pd.DataFrame({"area": communes.code, "decision": decision, "zone": zone})
        tables.append(table.assign(special_villages_share=communes.villages[decision], since=since, until=until))
    return pd.concat(tables).assign(status="synthetic", source=SOURCE)


def _targets(districts: int) -> pd.DataFrame:
    years = {"2022-12-31": 0.93, "2023-12-31": 0.94, "2024-12-31": 0.95, "2025-12-31": 0.955}
    rates: list[tuple[str, str, float]] = [("all", on, rate) for on, rate in years.items()]
    rates += [("student", "2022-12-31", 1), ("near_poor", "yearly", 1)]
    rows: list[tuple[object, ...]] = []
    for d in range(1, districts + 1):
        rows += [(f"X{d:03d}", scope, on, "=", rate, PLAN, "", "", "synthetic") for scope, on, rate in rates]
        rows.append(("each", "all", "yearly", "ratchet", "", PLAN, f"X{d:03d}", "commune", "synthetic"))
    return pd.DataFrame(rows, columns=["area", "scope", "on", "relation", "rate", "instrument", "of", "kind", "note"])


def _cards(rng: np.random.Generator, communes: Communes) -> pd.DataFrame:
    """Draw the cards by commune (its position), month end and sub-group."""
    n = len(communes.people)
    share = {k: rng.uniform(low, high, n) for k, low, high in SHARES[["low", "high"]].itertuples()}
    present = rng.uniform(0.95, 0.98, n)  # the others work and are insured in other provinces
    monthly, pupils = rng.uniform(0.03, 0.08, n), rng.uniform(0.75, 0.95, n)  # shares that insure themselves again
    frames = []
    for i, month in enumerate(pd.date_range(START, periods=MONTHS, freq="ME")):
        for k, expected in _expected_cards(communes, share, month, monthly, pupils).items():
            noise = rng.normal(1 + 0.0005 * i, 0.002, n)
            columns = {"commune": np.arange(n), "as_of": month.strftime("%Y-%m-%d"), "group": k}
            frames.append(pd.DataFrame(columns | {"cards": np.rint(expected * present * noise).astype(int)}))
    return pd.concat(frames).sort_values(["commune", "as_of"], kind="stable").reset_index(drop=True)


def _expected_cards(
    communes: Communes, share: dict[str, np.ndarray], month: pd.Timestamp, monthly: np.ndarray, pupils: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the expected cards by sub-group in a month, before absence and noise."""
    people, minority, changed = communes.people, communes.minority, month >= CHANGE
    old, new = communes.zones
    decision = new if changed else old
    rest = people * (1 - sum(share[k] for k in EARLIER_GROUPS))  # people whom an entitlement by area can reach
    # The card of zone III and special villages ranks after that of minorities in zone II.
    as_minority = np.where(communes.zones[decision] == "II", minority, 0.0)
    entitled, entitled_before = communes.entitled_share(decision), communes.entitled_share(old)
    lost = np.clip(entitled_before - entitled, 0, None) if changed else np.zeros(len(people))
    never_entitled = 1 - np.maximum(entitled_before, entitled) if changed else 1 - entitled
    months = (month.year - CHANGE.year) * 12 + month.month - CHANGE.month + 1
    returned = dict.fromkeys(LATER_GROUPS, 1 - (1 - monthly) ** max(months, 0))
    returned["student"] = pupils if month >= pd.Timestamp("2021-09-30") else np.full(len(people), 0.1)
    cards = {k: people * share[k] for k in EARLIER_GROUPS}
    cards["minority_in_difficult_area"] = rest * as_minority
    cards["resident_of_especially_difficult_area"] = rest * np.clip(entitled - as_minority, 0, None)
    return cards | {k: rest * share[k] * (never_entitled + lost * returned[k]) for k in LATER_GROUPS}


def _flows(rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    """Draw the flows of each commune and month so that they lead from one month's cards to the next."""

    def by_month(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.pivot_table(index="area", columns="as_of", values="cards", aggfunc="sum")

    totals = by_month(cards)
    start, end = totals.to_numpy()[:, :-1], totals.to_numpy()[:, 1:]
    area, later = (by_month(cards[cards["group"].isin(k)]).to_numpy() for k in (AREA_GROUPS, LATER_GROUPS))
    # Who gains an entitlement by area gives up a later one; who loses it counts as new on enrolling again.
    reclassified = np.diff(area) + np.clip(np.diff(later), None, 0)
    change = str((CHANGE + pd.offsets.MonthEnd(0)).date())
    reclassified = np.where(totals.columns[1:] == change, reclassified, 0)
    expired = np.rint(later[:, :-1] * rng.uniform(0.06, 0.10, start.shape))
    renewed = np.rint(expired * rng.uniform(0.85, 0.95, start.shape))
    suspended = np.rint(start * rng.uniform(0.001, 0.004, start.shape))
    new = end - start - renewed + expired + suspended - reclassified
    suspended, new = suspended + np.clip(-new, 0, None), np.clip(new, 0, None)
    flows = {"new": new, "renewed": renewed, "expired": expired, "suspended": suspended, "reclassified": reclassified}
    index = pd.MultiIndex.from_product([totals.index, totals.columns[1:]], names=["area", "as_of"])
    table = pd.DataFrame({name: flow.ravel().astype(int) for name, flow in flows.items()}, index=index).reset_index()
    table.insert(2, "group", "")
    return table.assign(status="synthetic", source=SOURCE)


def _expiring(rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    """Draw the cards of self-paying groups that expire in the three months after the last one."""
    last = cards[(cards["as_of"] == cards["as_of"].max()) & cards["group"].isin(["household", "farm_average_income"])]
    end = pd.Timestamp(last["as_of"].iloc[0])
    days = [end + pd.Timedelta(days=n) for n in (15, 30, 45, 60, 75, 90)]
    expires = pd.DataFrame({"expires": [str(d.date()) for d in days]})
    rows = last[["area", "as_of", "group", "cards"]].merge(expires, how="cross")
    rows["cards"] = np.rint(rows["cards"] * rng.uniform(0.02, 0.06, len(rows))).astype(int)
    columns = ["area", "as_of", "expires", "group", "cards"]
    return rows[columns].assign(status="synthetic", source=SOURCE)


# What the office of an invented district gave to be done, and what was done: some in time, some late.
TASKS = [
    # place, task, in English, lead, with, due, group, what was done, done on
    ("", "Lập danh sách người chưa có thẻ theo từng thôn", "List those without a card by village",
     "UBND các xã, thị trấn", "BHXH huyện", "2022-03-31", "", "12/12 xã đã có danh sách", "2022-03-28"),
    ("", "Thống nhất với các trường việc thu BHYT học sinh năm học 2022-2023",
     "Agree with schools on pupils' premiums for 2022-2023",
     "Phòng Giáo dục và Đào tạo", "BHXH huyện", "2022-05-31", "student", "Mọi trường đã ký", "2022-06-03"),
    ("", "Xác nhận hộ làm nông, lâm nghiệp có mức sống trung bình", "Certify average farm and forestry households",
     "Phòng Lao động - Thương binh và Xã hội", "UBND các xã, thị trấn", "2022-05-31", "farm_average_income",
     "Mới xong 7/12 xã", ""),
    ("06", "Đến từng hộ không còn thẻ do ngân sách nhà nước đóng", "Visit each household whose State-paid card ended",
     "UBND xã Mẫu 06", "Mặt trận Tổ quốc và các đoàn thể", "2022-06-15", "", "", ""),
    ("", "Tập huấn nhân viên thu", "Train the collectors", "BHXH huyện", "Bưu điện huyện", "2022-07-31", "", "", ""),
    ("", "Họp kiểm điểm kết quả của từng xã", "Review each commune", "UBND huyện", "BHXH huyện", "monthly", "", "", ""),
]  # fmt: skip


def _actions(districts: int) -> pd.DataFrame:
    columns = ["area", "task", "task_en", "lead", "with", "since", "due", "group", "people", "done", "done_on"]
    rows = [
        (f"X{d:03d}{place}", task, task_en, lead, others, "2022-01-15", due, group, "", done, done_on)
        for d in range(1, districts + 1)
        for place, task, task_en, lead, others, due, group, done, done_on in TASKS
    ]
    return pd.DataFrame(rows, columns=columns).assign(of="", kind="", status="synthetic", source=PLAN, note="synthetic")


def _other_targets(districts: int) -> pd.DataFrame:
    figures = [
        ("Trạm y tế xã có bác sĩ làm việc", "Commune health stations with a doctor", "percent", 100, "=", "2022-12-31",
         91.7, "2022-06-30"),
        ("Mức độ hài lòng của người bệnh BHYT", "Satisfaction of insured patients", "percent", 90, ">", "2022-12-31",
         88.2, "2022-06-30"),
        ("Thẻ của nhóm ngân sách nhà nước đóng cấp đúng hạn", "State-paid cards issued in time", "percent", 100, "=",
         "2022-12-31", 100, "2022-06-30"),
        ("Doanh nghiệp đóng BHYT cho người lao động đúng quy định", "Enterprises that insure their staff as required",
         "percent", 100, "=", "2022-12-31", "", ""),
    ]  # fmt: skip
    columns = ["area", "indicator", "indicator_en", "unit", "target", "relation", "on", "reached", "reached_on"]
    rows = [(f"X{d:03d}", *figure) for d in range(1, districts + 1) for figure in figures]
    return pd.DataFrame(rows, columns=columns).assign(of="", kind="", status="synthetic", source=PLAN, note="synthetic")


def _duties(districts: int) -> pd.DataFrame:
    rows = [
        (f"X{d:03d}", kind, month, day, "before" if kind == "yearly" else "by", "", "", PLAN)
        for d in range(1, districts + 1)
        for kind, (_, month, day) in REPORTS.items()
    ]
    columns = ["area", "kind", "due_month", "due_day", "deadline", "since", "until", "source"]
    return pd.DataFrame(rows, columns=columns)


def _reports(rng: np.random.Generator, districts: int) -> pd.DataFrame:
    """Draw the day of each report: most in time, some late, some missing."""
    months = pd.date_range(START, periods=MONTHS, freq="ME")
    kinds = [(kind, end) for kind, (length, _, _) in REPORTS.items() for end in months if end.month % length == 0]
    rows = [(f"X{d:03d}", kind, period) for d in range(1, districts + 1) for kind, period in kinds]
    table = pd.DataFrame(rows, columns=["area", "kind", "period"])
    due = [(end + pd.offsets.MonthEnd(REPORTS[kind][1])).replace(day=REPORTS[kind][2]) for kind, end in kinds]
    received = pd.Series(due * districts) + pd.to_timedelta(rng.integers(-4, 3, len(table)), unit="D")
    received = received.dt.strftime("%Y-%m-%d").where(rng.random(len(table)) > 0.06, "")
    return table.assign(period=table["period"].dt.strftime("%Y-%m-%d"), received=received, note="synthetic")
