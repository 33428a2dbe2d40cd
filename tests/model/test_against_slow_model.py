"""The projection agrees with a slow model in plain floats: people within half a person, money within one đồng."""

import dataclasses
import datetime as dt
import math
import random

import numpy as np
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.model.projection.baseline import GROUPS
from bhyt_analysis.model.projection.projection import insured_people
from bhyt_analysis.model.projection.simulate import project_area, projection_table

from ..conftest import write_table
from .slow_model import (
    FULLY_PAID,
    PAYERS,
    RESPONSIVE,
    SUPPORTS,
    Exit,
    SlowModel,
    TopUp,
    Unit,
    base_salary,
    largest_remainder,
    month_number,
)

MONTHS = 90
SIZES = ["size_1", "size_2", "size_3", "size_4", "size_5", "size_6", "size_7_plus"]
FIGURES = ["status", "source"]
PUBLISHED = ["published", "x"]


@dataclasses.dataclass
class Case:
    """One district as files, the scenario as a file, and the same for the slow model."""

    data: bhyt.Dataset
    scenario: bhyt.Scenario
    slow: SlowModel


def month_of(day: dt.date) -> int:
    """Return the first month that begins on the day or after it."""
    return month_number(day.year, day.month) + (day.day > 1)


def month_end(month: int) -> dt.date:
    return dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)


def household_factor(households: list[int], paying: float) -> float:
    """Return what members who pay do on average, if each pays with a chance: 1, 0.7, 0.6, 0.5 and 0.4 of a premium."""
    factors, paid, payers = [1, 0.7, 0.6, 0.5, 0.4, 0.4, 0.4], 0.0, 0.0
    for size, count in enumerate(households, start=1):
        for k in range(size + 1):
            chance = math.comb(size, k) * paying**k * (1 - paying) ** (size - k)
            paid += count * chance * sum(factors[:k])
            payers += count * chance * k
    return paid / payers


def random_unit(rng, count, *, supported):
    """Return a commune with cards in whole people; some have no card."""
    people = rng.randint(400, 9000)
    weights = {g: rng.random() for g in ["employer_employee", "social_security_paid", *FULLY_PAID, *RESPONSIVE]}
    weights |= {"difficult_area": 3 * rng.random(), "uninsured": 2 * rng.random()}
    if supported:
        weights[SUPPORTS[0]] = rng.random()
    for group in rng.sample(RESPONSIVE, rng.randint(0, 2)):
        weights.pop(group)
    total = sum(weights.values())
    insured = {g: round(w / total * people * 0.99) for g, w in weights.items() if g != "uninsured"}
    return Unit(people, insured)


def random_case(folder, seed):
    """Build a random district and policy: communes, exits before and after the count, gains, supports, top-ups."""
    rng = random.Random(seed)
    count = rng.choice([month_number(2021, 6), month_number(2024, 6)])
    later_count = count > month_number(2021, 6)
    units = [random_unit(rng, count, supported=later_count and seed % 2) for _ in range(rng.randint(1, 4))]
    for unit in units[: rng.randint(0, 2)]:
        unit.household_factor = 0.0  # to be counted
    by_zones = seed % 3 == 2
    losses = [] if by_zones else random_losses(rng, units, later_count)
    zones = random_zones(rng, units, count) if by_zones else []
    window = rng.choice(["decree 75", "decree 188", "none"])
    values = {"outreach": rng.choice([0, 1, 2, round(2 * rng.random(), 3)])}
    values["outreach_before"] = rng.choice([1, 1, round(2 * rng.random(), 3)])
    values["population_growth"] = rng.choice([0, 0.01, -0.005])
    values["take_up.household"] = rng.choice([0.35, round(rng.uniform(0.15, 0.55), 3)])
    values["persistence"] = rng.choice([0.9, 0.6])
    values["place_effect"] = rng.choice([0, round(rng.uniform(-1.5, 1.5), 3)])
    values["minority_share"] = rng.choice([0.75, 0.5, 1])
    values["members_paying"] = rng.choice([1, 0.3, 0.65])
    top_ups = random_top_ups(rng, units, count)
    since = rng.choice([None, dt.date(2025, 3, 1), dt.date(2027, 1, 1)])
    income = rng.choice([{}, {"employer_employee": 6_000_000.0, "social_security_paid": 4_000_000.0}])
    write_district(folder, rng, units, count, losses, zones, values["members_paying"])
    lines = ['name = "thử"', 'decision = "Q1"', f"end = {month_end(count + MONTHS)}", f"start = {month_end(count)}"]
    lines += [f'support_window = "{window}"', "[assumptions]"]
    lines += [f'"{name}" = {value}' for name, value in values.items()]
    lines += ["[income]", *(f"{k} = {v}" for k, v in income.items())] if income else []
    if since:
        lines += ["[[law]]", 'parameter = "base_salary"', f'since = "{since}"', "value = 2_777_777"]
    for i, top_up in top_ups:
        lines += ["[[top_up]]", f'group = "{top_up.group}"', f"points = {top_up.points}", f'area = "C{i}"']
        lines += [f'since = "{top_up.since}"', f'until = "{top_up.until}"']
    (folder / "s.toml").write_text("\n".join(lines), encoding="utf-8")
    slow = SlowModel(units, count, count + MONTHS, values, window, income=income)
    if since:
        slow.salary = lambda day: 2_777_777.0 if day >= since else base_salary(day)
    return Case(bhyt.load(folder), bhyt.read_scenario(folder / "s.toml"), slow)


def random_losses(rng, units, later_count):
    """Spread one or two published losses over the communes by their area cards; return the rows of ``losses``."""
    early = (
        [dt.date(2021, 2, 1), dt.date(2021, 4, 15)] if not later_count else [dt.date(2021, 7, 1), dt.date(2024, 3, 1)]
    )
    late = [dt.date(2021, 7, 1), dt.date(2022, 9, 1), dt.date(2023, 5, 10)]
    if later_count:
        late = [dt.date(2024, 7, 1), dt.date(2026, 1, 1)]
    rows, cards = [], [u.insured["difficult_area"] for u in units]
    for day in rng.sample([*early, *late], rng.randint(1, 2)):
        people = int(sum(cards) * rng.uniform(0.1, 0.49))
        rows.append((day, people))
        spread = largest_remainder([people * c / sum(cards) for c in cards], people)
        for unit, lost in zip(units, spread, strict=True):
            unit.exits.append(Exit(month_of(day), lost))
    return rows


def random_zones(rng, units, count):
    """Move communes out of zone III (all area cards are lost) or into it (all others of later groups gain one)."""
    rows = []
    for unit in units:
        day = month_end(count) + dt.timedelta(days=rng.choice([1, 32, 170, 400]))
        if rng.random() < 0.5:
            zone = rng.choice(["none", "I", "I"])
            unit.exits.append(Exit(month_of(day), unit.insured["difficult_area"], minority_area=float(zone == "I")))
            rows.append(("III", zone, day))
        else:
            unit.insured["difficult_area"] = 0
            earlier = sum(n for g, n in unit.insured.items() if g not in [*RESPONSIVE, *SUPPORTS])
            unit.exits.append(Exit(month_of(day), gained=unit.people - earlier))
            rows.append(("none", "III", day))
    return rows


def random_top_ups(rng, units, count):
    top_ups = []
    for i in range(len(units)):
        for group in rng.sample([*RESPONSIVE[:3], SUPPORTS[0]], rng.randint(0, 2)):
            since = month_end(count + rng.randint(-3, 40)) + dt.timedelta(days=1)
            until = since + dt.timedelta(days=rng.randint(100, 1000))
            if group in SUPPORTS:
                since, until = min(since, dt.date(2026, 2, 1)), min(until, dt.date(2026, 10, 31))
            top_ups.append((i, TopUp(group, rng.choice([0.0, 0.05, 0.2, 0.3]), since, until)))
            units[i].top_ups.append(top_ups[-1][1])
    return top_ups


def write_district(folder, rng, units, count, losses, zones, paying=1.0):
    codes = [f"C{i}" for i in range(len(units))]
    areas = [[code, f"Xã {code}", "commune", "D1"] for code in codes]
    write_table(folder / "areas.csv", ["code", "name", "kind", "parent"], ["D1", "Huyện Một", "district", ""], *areas)
    day, people, cards = month_end(count), [], []
    for code, unit in zip(codes, units, strict=True):
        sizes = [*(rng.randint(1, 60) for _ in SIZES[1:]), 0] if unit.household_factor == 0 else [""] * 7
        if unit.household_factor == 0:
            unit.household_factor = household_factor(sizes, paying)
        people.append([code, day, unit.people, *sizes, *PUBLISHED])
        cards += [[code, day, group, n, *PUBLISHED] for group, n in unit.insured.items()]
    write_table(folder / "population.csv", ["area", "as_of", "people", *SIZES, *FIGURES], *people)
    write_table(folder / "cards.csv", ["area", "as_of", "group", "cards", *FIGURES], *cards)
    rows = [["D1", "Q1", on, lost, *PUBLISHED] for on, lost in losses]
    if rows:
        write_table(folder / "losses.csv", ["area", "decision", "on", "people", *FIGURES], *rows)
    rows = []
    for code, (before, after, on) in zip(codes, zones, strict=False):
        until = on - dt.timedelta(days=1)
        rows.append([code, "Q0", before, "2017-01-01", until, *PUBLISHED])
        rows.append([code, "Q1", after, on, "", *PUBLISHED])
    if rows:
        write_table(folder / "zones.csv", ["area", "decision", "zone", "since", "until", *FIGURES], *rows)


@pytest.fixture(scope="module", params=range(10))
def random_district(request, tmp_path_factory):
    case = random_case(tmp_path_factory.mktemp("district"), request.param)
    return case, project_area(case.data, "D1", case.scenario)


def differences(projection, slow, result="behavioural"):
    """Return the people insured by unit, group and month, and the most that the slow model differs."""
    fast = insured_people(projection, result)[0][:, :, projection.baseline_index :]
    people = dataclasses.replace(slow, behavioural=result == "behavioural").insured()
    expected = np.array([[[month.get(g, 0.0) for month in unit] for g in GROUPS] for unit in people])
    assert fast.shape == expected.shape
    return expected, np.abs(fast - expected).max()


@pytest.mark.parametrize("result", ["behavioural", "static"])
def test_random_scenarios_agree_with_the_slow_model(random_district, result):
    case, projection = random_district
    expected, difference = differences(projection, case.slow, result)
    assert expected.shape[2] == MONTHS + 1
    assert difference < 1e-6  # people: half a person would do


def plan_of(decision, end, outreach):
    ranges = {"outreach": (outreach, outreach, outreach)}
    last = pd.Timestamp(end)
    return bhyt.Scenario("x", decision=decision, end=last, support_window="decree 75", assumption_ranges=ranges)


@pytest.mark.parametrize("outreach", [0, 1, 2])
def test_two_exits_agree_at_every_level_of_outreach(tmp_path, outreach):
    # 40,000 have left before the count, but only 8,000 are without a card: they are shared among both exits
    cards = {"employer_employee": 20_000, "state_paid_other": 30_000, "student": 20_000}
    cards |= {"near_poor": 7_000, "farm_average_income": 5_000, "household": 10_000}
    exits = [Exit(month_number(2021, 7), 20_000), Exit(month_number(2022, 1), 20_000)]
    slow = SlowModel(
        [Unit(100_000, cards, exits)], month_number(2022, 12), month_number(2030, 6), {"outreach": outreach}
    )
    losses = [(dt.date(2021, 7, 1), 20_000), (dt.date(2022, 1, 1), 20_000)]
    write_district(tmp_path, random.Random(0), slow.units, slow.count, losses, [])
    ranges = {"outreach": (outreach,) * 3}
    plan = bhyt.Scenario(
        "two", decision="Q1", end=pd.Timestamp("2030-06-30"), support_window="decree 75", assumption_ranges=ranges
    )
    projection = project_area(bhyt.load(tmp_path), "D1", plan)
    expected, difference = differences(projection, slow)
    assert difference < 1e-6
    assert expected.sum(axis=1).max() <= 100_000


@pytest.mark.parametrize("outreach", [0, 1, 2])
def test_luc_ngan_agrees_at_every_level_of_outreach(data, outreach):
    # 99% of 226,540 people, of no known group; 46,106 of them lose the entitlement by area
    cards = {"not_told": 224_275 - 46_106, "difficult_area": 46_106}
    unit = Unit(226_540, cards, [Exit(month_number(2021, 7), 46_106, minority_area=1.0)])
    slow = SlowModel([unit], month_number(2021, 6), month_number(2028, 12), {"outreach": outreach})
    plan = bhyt.Scenario(
        "861", decision="861", end=pd.Timestamp("2028-12-31"), assumption_ranges={"outreach": (outreach,) * 3}
    )
    for result in ("behavioural", "static"):
        assert differences(project_area(data, "Lục Ngạn", plan), slow, result)[1] < 1e-6


def test_costs_agree_within_one_dong(random_district):
    case, projection = random_district
    slow, money = case.slow, [f"vnd_{payer}" for payer in PAYERS]
    communes = projection_table(projection, ["commune", "group"] if len(slow.units) > 1 else ["group"])
    names = [f"C{i}" for i in range(len(slow.units))] if len(slow.units) > 1 else communes["area"].unique().tolist()
    expected = []
    for area, month, group, insured in communes[["area", "month", "group", "insured"]].itertuples(index=False):
        unit, number = slow.units[names.index(area)], month_number(month.year, month.month)
        cost = slow.monthly_cost(unit, group, number) or {}
        expected.append([insured * cost.get(payer, 0.0) for payer in PAYERS] + [insured if cost else 0])
    costs = pd.DataFrame(expected, columns=[*money, "insured_costed"], index=communes.index)
    assert np.abs(communes[money].fillna(0.0) - costs[money]).max(axis=None) <= 1
    assert (communes["insured_costed"] == costs["insured_costed"]).all()
    # the district is the sum of its communes, and each of its figures is rounded once
    keys = ["result", "month", "group"]
    sums = costs.assign(insured=communes["insured"]).groupby([communes[k] for k in keys]).sum()
    area = projection_table(projection, ["group"]).set_index(keys).reindex(sums.index)
    assert np.abs(area[money].fillna(0.0) - sums[money]).max(axis=None) <= 1
    assert (area[["insured", "insured_costed"]] == sums[["insured", "insured_costed"]]).all(axis=None)


def test_whole_people_are_the_nearest_that_add_up(random_district):
    case, projection = random_district
    area = projection_table(projection).query("result == 'behavioural'")
    by_month = zip(*case.slow.insured(), strict=True)
    expected = np.array([sum(sum(groups.values()) for groups in units) for units in by_month])
    assert np.abs(area["insured"].to_numpy() - expected).max() <= 0.5 + 1e-6
