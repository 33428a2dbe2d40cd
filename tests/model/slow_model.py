"""The projection once more, month by month in plain floats: written from docs/scenarios.md and the law's text.

Nothing is shared with the package but the files of assumptions. Months are numbers (12 x year + month); a unit's
people are kept by what they were at the count, and every path is followed by one loop over the months.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "bhyt_analysis" / "model" / "projection"
NEAR_POOR_MINORITY = "near_poor_minority_in_minority_area"
DESTINATIONS = ["student", "near_poor", "farm_average_income", "household", "employer_employee"]
RESPONSIVE = DESTINATIONS[:4]
LATER = [*RESPONSIVE, "minority_left_2016_2020_list", "minority_left_later", "not_told"]  # after article 12(3)
SUPPORTS = ["minority_left_2016_2020_list", "minority_left_later"]
FULLY_PAID = ["poor", "child_under_6", "difficult_area", "state_paid_other"]  # article 12(3)
PAYERS = ["central", "province", "social_security_fund", "employer", "household"]
UNINSURED = "uninsured"


def month_number(year: int, month: int) -> int:
    return 12 * year + month - 1


def first_day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)


def central_values() -> tuple[dict[str, float], dict[str, float]]:
    """Return the central assumptions, and the support under which each take-up was observed."""
    rows, fit_rows = (
        list(csv.DictReader((FOLDER / name).read_text(encoding="utf-8").splitlines()))
        for name in ("assumptions.csv", "fitted_assumptions.csv")
    )
    observed = {r["name"].removeprefix("take_up."): float(r["at_share"]) for r in rows if r["at_share"]}
    rows += [r for r in fit_rows if r["fit"] == "all"]
    return {r["name"]: float(r["central"]) for r in rows}, observed


# --- the law by hand ------------------------------------------------------------------------------------


def base_salary(day: dt.date) -> float:
    """Decree 38/2019, Decree 24/2023, Decree 73/2024, Decree 161/2026."""
    if day < dt.date(2023, 7, 1):
        return 1_490_000.0
    if day < dt.date(2024, 7, 1):
        return 1_800_000.0
    return 2_340_000.0 if day < dt.date(2026, 7, 1) else 2_530_000.0


def nationwide_share(key: str, day: dt.date) -> float | None:
    """Decree 146/2018 art. 8, Decree 75/2023 art. 3(3), Decree 188/2025 art. 6; None where there is no such support."""
    if key in FULLY_PAID:
        return 1.0
    if key == "near_poor":
        return 0.7
    if key == "student":
        return 0.3 if day < dt.date(2025, 7, 1) else 0.5
    if key == "farm_average_income":
        return 0.3
    if key == "minority_left_2016_2020_list":
        return 0.7 if dt.date(2023, 11, 1) <= day <= dt.date(2026, 10, 31) else None
    if key == "minority_left_later":
        return 0.7 if day >= dt.date(2025, 7, 1) else None
    if key == NEAR_POOR_MINORITY:  # Law 51/2024, article 12(3)
        return 1.0 if day >= dt.date(2025, 7, 1) else None
    return 0.0 if key == "household" else None


def logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


@dataclass
class TopUp:
    """What a province adds to the share of a group, from a day to another."""

    group: str
    points: float
    since: dt.date
    until: dt.date = dt.date.max


@dataclass
class Exit:
    """People of a unit who lose or gain the entitlement by area; ``month`` is the first that begins without it."""

    month: int
    lost: float = 0.0
    gained: float = 0.0
    minority: float | None = None
    minority_area: float | None = None


@dataclass
class Unit:
    """A commune: its people, the insured by group at the count, who leaves and joins, and what its province adds."""

    people: float
    insured: dict[str, float]
    exits: list[Exit] = field(default_factory=list)
    top_ups: list[TopUp] = field(default_factory=list)
    household_factor: float = 1.0

    def shares(self, key: str, month: int) -> tuple[float, float] | None:
        """Return what the central budget and the province pay of a premium."""
        day = first_day(month)
        central = nationwide_share(key, day)
        in_force = [t.points for t in self.top_ups if t.group == key and t.since <= day <= t.until]
        if central is None and not in_force:
            return None
        return central or 0.0, min(sum(in_force), 1 - (central or 0.0))

    def state_share(self, key: str, month: int) -> float | None:
        both = self.shares(key, month)
        return None if both is None else sum(both)


@dataclass
class SlowModel:
    """An area of units from the count on: ``insured(unit)`` and ``cost`` by month."""

    units: list[Unit]
    count: int  # the month of the count
    end: int
    values: dict[str, float] = field(default_factory=dict)
    support_window: str = "decree 75"
    behavioural: bool = True
    salary: Callable[[dt.date], float] = base_salary
    income: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        central, self.observed = central_values()
        self.values = central | self.values
        self.months = range(self.count, self.end + 1)

    # --- behaviour ----------------------------------------------------------------------------------------

    def outreach(self, month: int) -> float:
        return self.values["outreach" if month > self.count else "outreach_before"]

    def by_outreach(self, name: str, month: int) -> float:
        """Return a value between the three levels of outreach, on straight lines."""
        none, ordinary, intensive = (self.values[f"{name}.{x}"] for x in ("none", "ordinary", "intensive"))
        level = self.outreach(month)
        share = none + level * (ordinary - none) if level <= 1 else ordinary + (level - 1) * (intensive - ordinary)
        return share if share in (0, 1) else logistic(math.log(share / (1 - share)) + self.values["place_effect"])

    def take_up(self, group: str, share: float, month: int) -> float:
        r0, s0, e = self.values[f"take_up.{group}"], self.observed[group], self.values["price_elasticity"]
        r = r0
        if share != s0:
            change = e * ((1 - share) - (1 - s0)) / ((2 - share - s0) / 2)
            r = r0 * (1 + change / 2) / (1 - change / 2)
        highest = max(self.values["highest_take_up"], r0)
        r = min(r, highest)
        if 0 < r < 1:
            log_odds = math.log(r / (1 - r)) + self.values["outreach_effect"] * self.outreach(month)
            r = logistic(log_odds + self.values["place_effect"])
        return min(r, highest)

    def lapse(self, group: str) -> float:
        paying = group in ("household", "farm_average_income")
        return 1 - self.values["persistence"] ** (1 / 12) if paying else 0.0

    def joining(self, group: str, month: int, *, rises: bool) -> float:
        share = self.by_outreach("monthly", month)
        if rises:
            share = max(share, self.by_outreach("at_once", month))
        if group == "student" and month % 12 + 1 in (9, 10):
            share = max(share, self.values["school_step"])
        return share

    def follow(self, group: str, target: dict[int, float], start: int, level: float, lapse: float) -> dict[int, float]:
        """Follow an insured share from a month on."""
        levels, leaving = {start: level}, [0.0] * 12
        for month in range(start + 1, self.end + 1):
            level *= 1 - lapse
            leaving = [part * (1 - lapse) for part in leaving]
            planned = sum(leaving)
            excess = max(level - target[month], 0.0)
            if excess > planned:
                leaving = [part + (excess - planned) / 12 for part in leaving]
            elif planned > 0:
                leaving = [part * excess / planned for part in leaving]
            level -= leaving[0]
            leaving = [*leaving[1:], 0.0]
            rises = target[month] > target[month - 1]
            level += self.joining(group, month, rises=rises) * max(target[month] - level, 0.0)
            levels[month] = level
        return levels

    # --- those who lose a card ----------------------------------------------------------------------------

    def key_of_pool(
        self, unit: Unit, group: str, minority: bool, in_area: bool, window: str, exit_month: int, month: int
    ) -> str:
        """Return the entitlement of which the State pays most; at equal shares that of the group itself."""
        if in_area and unit.state_share(NEAR_POOR_MINORITY, month) is not None:
            return "state_paid_other"
        support = {"decree 75": SUPPORTS[0], "decree 188": SUPPORTS[1]}.get(window)
        if not minority or support is None or group == "employer_employee":
            return group
        if window == "decree 188" and month >= exit_month + 36:
            return group
        share = unit.state_share(support, month)
        return support if share is not None and share > unit.state_share(group, month) else group

    def pool(
        self,
        unit: Unit,
        group: str,
        minority: bool,
        in_area: bool,
        exit_month: int,
        window: str,
        support_at_count: bool = False,
    ) -> tuple[dict[int, float], dict[int, str]]:
        """Return the insured share and the group of a pool by month, from the exit on."""
        months = range(exit_month, self.end + 1)
        keys = {m: self.key_of_pool(unit, group, minority, in_area, window, exit_month, m) for m in months}
        if group == "employer_employee":
            return dict.fromkeys(months, 1.0), keys
        free = [m for m in months if keys[m] == "state_paid_other"]
        if not self.behavioural:
            return {m: float(m in free) for m in months}, keys
        since = self.count if support_at_count else exit_month
        own = {m: self.take_up(group, unit.state_share(group, m), m) for m in range(since, self.end + 1)}
        alone = {m: level for m, level in self.back(group, own, since).items() if m >= exit_month}
        paid = {m: unit.state_share(keys[m], m) for m in months}
        best = {m: self.take_up(group, paid[m], m) for m in months}
        levels = dict(alone) if support_at_count else self.back(group, best, exit_month)
        falls = [m for m in months[1:] if keys[m - 1] != group and paid[m] < paid[m - 1]]
        ends = [m for m in falls if keys[m] == group]
        levels |= {m: alone[m] for m in months if ends and m >= ends[0] and keys[m] == group}
        levels |= dict.fromkeys(free, 1.0)
        for fall in [exit_month] if support_at_count else falls:
            before = 1.0 if support_at_count else levels[fall - 1]
            for month in range(fall, self.end + 1):
                renewed = self.values["renewal_after_support"] * before * (1 - self.lapse(group)) ** (month - fall)
                levels[month] = max(levels[month], renewed)
        return levels, keys

    def back(self, group: str, target: dict[int, float], exit_month: int) -> dict[int, float]:
        level = min(self.by_outreach("at_once", exit_month), target[exit_month])
        if group == "student" and exit_month % 12 + 1 in (9, 10):
            level = max(level, self.values["school_step"] * target[exit_month])
        return self.follow(group, target, exit_month, level, self.lapse(group))

    def pools(self, minority: float | None, area: float | None = None) -> list[tuple[str, bool, bool, float]]:
        """Divide those who lost: group, ethnic minority or not, near-poor ones in a minority area, share."""
        shares = {g: self.values[f"destination.{g}"] for g in DESTINATIONS if g != "household"}
        shares["household"] = 1 - sum(shares.values())
        part = self.values["minority_share"] if minority is None else minority
        inside = self.values["minority_area"] if area is None else area
        pools = [(g, m, False, shares[g] * (part if m else 1 - part)) for g in DESTINATIONS for m in (False, True)]
        pools = [p for p in pools if p[:2] != ("near_poor", True)]
        near_poor = shares["near_poor"] * part
        return [
            *pools,
            ("near_poor", True, False, near_poor * (1 - inside)),
            ("near_poor", True, True, near_poor * inside),
        ]

    # --- everyone once ------------------------------------------------------------------------------------

    def insured(self) -> list[list[dict[str, float]]]:
        """Return the insured by unit, month and group."""
        stocks, paths = [], []
        for unit in self.units:
            stock, by_month = defaultdict(float, unit.insured), {m: defaultdict(float) for m in self.months}
            stock[UNINSURED] = unit.people - sum(unit.insured.values())
            self.follow_earlier_exits(unit, stock, by_month)
            for one in unit.exits:
                if one.month > self.count:
                    self.follow_exit(unit, one, stock, by_month)
            stocks.append(stock)
            paths.append(by_month)
        belongs = self.groups_of_uninsured(stocks)
        for unit, stock, by_month in zip(self.units, stocks, paths, strict=True):
            gains = [(e.month, e.gained) for e in unit.exits if e.gained and e.month > self.count]
            self.follow_stock(unit, stock, gains, belongs, by_month)
        growth = {m: (1 + self.values["population_growth"]) ** ((m - self.count) / 12) for m in self.months}
        return [[{g: n * growth[m] for g, n in path[m].items()} for m in self.months] for path in paths]

    def stock_levels(self, unit: Unit, group: str) -> dict[int, float]:
        """Return the take-up of a group that lost no card, by month from the count on."""
        target = {m: self.take_up(group, unit.state_share(group, m), m) for m in self.months}
        return self.follow(group, target, self.count, target[self.count], 0.0)

    def groups_of_uninsured(self, stocks: list[dict[str, float]]) -> dict[str, float]:
        """Return to which groups the people without a card belong, those who left before the count apart."""
        most, uninsured = Counter[str](), sum(stock[UNINSURED] for stock in stocks)
        for unit, stock in zip(self.units, stocks, strict=True):
            for group in RESPONSIVE[:3]:
                r = self.take_up(group, unit.state_share(group, self.count), self.count)
                most[group] += (1 - r) / r * stock[group]
        all_people = max(uninsured, sum(most.values()))
        belongs = {g: most[g] / all_people if all_people else 0.0 for g in RESPONSIVE[:3]}
        return belongs | {"household": 1 - sum(belongs.values())}

    def follow_exit(self, unit: Unit, one: Exit, stock: dict, by_month: dict) -> None:
        stock["difficult_area"] -= one.lost
        for month in range(self.count, min(one.month, self.end + 1)):
            by_month[month]["difficult_area"] += one.lost
        for group, minority, in_area, share in self.pools(one.minority, one.minority_area):
            if share == 0:
                continue
            levels, keys = self.pool(unit, group, minority, in_area, one.month, self.support_window)
            for month in range(one.month, self.end + 1):
                by_month[month][keys[month]] += one.lost * share * levels[month]

    def follow_earlier_exits(self, unit: Unit, stock: dict, by_month: dict) -> None:
        """Follow those who lost a card by the count: no more than its uninsured and its groups are."""
        parts, would_be = [], Counter()
        for one in unit.exits:
            if one.month > self.count or not one.lost:
                continue
            for group, minority, in_area, share in self.pools(one.minority, one.minority_area):
                levels, keys = self.pool(unit, group, minority, in_area, one.month, self.support_window)
                people, level, key = one.lost * share, levels[self.count], keys[self.count]
                parts.append((people, levels, keys))
                would_be[UNINSURED] += people * (1 - level)
                would_be[key] += people * level
        fits = {kind: min(1.0, stock[kind] / n) if n else 0.0 for kind, n in would_be.items()}
        rest = sum(n * (1 - fits[kind]) for kind, n in would_be.items() if kind != UNINSURED)
        unknown = min(1.0, stock["not_told"] / rest) if rest > 0 else 0.0
        for people, levels, keys in parts:
            level, key = levels[self.count], keys[self.count]
            uninsured = people * (1 - level) * fits[UNINSURED]
            inside = people * level * fits[key]
            outside = people * level * (1 - fits[key]) * unknown
            stock[UNINSURED] -= uninsured
            stock[key] -= inside
            stock["not_told"] -= outside
            for month in self.months:
                stays = min(levels[month] / level, 1.0) if level > 0 else 0.0
                joins = max((levels[month] - level) / (1 - level), 0.0) if level < 1 else 0.0
                by_month[month][keys[month]] += inside * stays + uninsured * joins
                by_month[month]["not_told"] += outside * stays

    def follow_stock(self, unit: Unit, stock: dict, gains: list, belongs: dict, by_month: dict) -> None:
        """Follow all others; who gains the entitlement by area comes from later groups and from the uninsured."""
        later = sum(stock[g] for g in LATER) + stock[UNINSURED]
        left = {m: 1 - sum(n for on, n in gains if on <= m) / later if later else 1.0 for m in self.months}
        for month in self.months:
            by_month[month]["difficult_area"] += later * (1 - left[month])
        for group, people in stock.items():
            if group == UNINSURED or people == 0:
                continue
            stays = {m: left[m] if group in LATER else 1.0 for m in self.months}
            if group in RESPONSIVE and self.behavioural:
                levels = self.stock_levels(unit, group)
                stays = {m: stays[m] * min(levels[m] / levels[self.count], 1.0) for m in self.months}
            if group in SUPPORTS:
                self.follow_support(unit, group, people, stays, by_month)
                continue
            for month in self.months:
                by_month[month][group] += people * stays[month]
        if self.behavioural:
            for group in RESPONSIVE:
                levels = self.stock_levels(unit, group)
                r = levels[self.count]
                for month in self.months:
                    joins = max((levels[month] - r) / (1 - r), 0.0) if r < 1 else 0.0
                    by_month[month][group] += stock[UNINSURED] * left[month] * belongs[group] * joins

    def follow_support(self, unit: Unit, support: str, people: float, left: dict, by_month: dict) -> None:
        """Follow those who have a support at the count that ends later: a second loss."""
        ends = [m for m in self.months if unit.state_share(support, m) is None]
        end = ends[0] if ends else self.end + 1
        for month in range(self.count, min(end, self.end + 1)):
            by_month[month][support] += people * left[month]
        if end > self.end:
            return
        for group, minority, in_area, share in self.pools(1.0):
            levels, keys = self.pool(unit, group, minority, in_area, end, "none", support_at_count=True)
            for month in range(end, self.end + 1):
                by_month[month][keys[month]] += people * share * levels[month] * left[month]

    # --- cost ---------------------------------------------------------------------------------------------

    def monthly_cost(self, unit: Unit, group: str, month: int) -> dict[str, float] | None:
        """Return VND a person by payer; None where nothing is known of it."""
        day = first_day(month)
        premium = 0.045 * self.salary(day)
        if group == "employer_employee":
            pay = self.income.get(group)
            return None if pay is None else {"employer": 0.03 * pay, "household": 0.015 * pay}
        if group == "social_security_paid":
            pay = self.income.get(group)
            return None if pay is None else {"social_security_fund": 0.045 * pay}
        if group == "not_told":
            return None
        if group == "household":
            premium *= unit.household_factor
        shares = unit.shares(group, month)
        if shares is None:
            return None
        central, province = shares
        return {
            "central": premium * central,
            "province": premium * province,
            "household": premium * (1 - central - province),
        }


def largest_remainder(parts: list[float], total: int) -> list[int]:
    """Round parts to whole numbers that add up to a total; the first of equal remainders are rounded up."""
    rounded = [math.floor(p) for p in parts]
    order = sorted(range(len(parts)), key=lambda i: (-(parts[i] - rounded[i]), i))
    for i in order[: total - sum(rounded)]:
        rounded[i] += 1
    return rounded
