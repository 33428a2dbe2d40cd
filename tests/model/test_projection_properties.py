"""What holds of every projection: everyone once, sums, what changes nothing, and more that never insures fewer."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.law import Law
from bhyt_analysis.model.finance.budget import LARGEST_HOUSEHOLD
from bhyt_analysis.model.projection.assumptions import central_values, draw_assumptions
from bhyt_analysis.model.projection.baseline import AREA, EXIT_COLUMNS, GROUPS, Baseline
from bhyt_analysis.model.projection.levers import build_reform, top_up_rows
from bhyt_analysis.model.projection.projection import coverage_changes, division_of, insured_people, project
from bhyt_analysis.model.projection.simulate import MONEY, RESULTS, project_area, projection_table

from ..simulated import table_all

LAW = Law.read()
COUNT = pd.Timestamp("2024-06-30")
END = pd.Timestamp("2028-12-31")
FEW = settings(max_examples=5)
# Sub-groups of a commune and an unknown group; the other groups have no rule of their own.
COUNTED = ["employer_employee", "poor", "difficult_area", "near_poor", "student", "farm_average_income", "household"]
LEFT = "minority_left_2016_2020_list"
COUNTED += [LEFT, "not_told"]
TOPPED_UP = ["near_poor", "student", "farm_average_income", "minority_left_2016_2020_list"]
EARLIER, LATER = ["2021-07-01", "2024-04-15"], ["2024-07-01", "2024-09-15", "2026-01-01"]


@st.composite
def baselines(draw, days=(*EARLIER, *LATER), gains=True, most_units=3, counted=tuple(COUNTED)):
    """Draw communes with whole people by group, some without any of a group or without people without a card."""
    size = draw(st.integers(1, most_units))
    insured = np.zeros((size, len(GROUPS)))
    few_or_many = st.one_of(st.just(0), st.integers(0, 40), st.integers(0, 3000))
    for unit in range(size):
        for group in counted:
            insured[unit, GROUPS.index(group)] = draw(few_or_many)
    people = insured.sum(axis=1) + [draw(few_or_many) for _ in range(size)] + 1
    exits = []
    for unit in range(size):
        left = insured[unit, AREA]
        for day in draw(st.lists(st.sampled_from(days), max_size=3, unique=True)) if days else ():
            later = pd.Timestamp(day) > COUNT
            lost = draw(st.integers(0, int(left if later else people[unit])))
            left -= lost if later else 0
            gained = draw(st.sampled_from([0, 0, int(0.3 * (people[unit] - insured[unit, AREA]))])) if gains else 0
            minority = draw(st.sampled_from([np.nan, 0.0, 0.4, 1.0]))
            minority_area = draw(st.sampled_from([np.nan, 0.0, 1.0]))
            exits.append([unit, pd.Timestamp(day), lost, gained, 0, minority, minority_area, "published"])
    return baseline_of(people, insured, exits)


def baseline_of(people, insured, exits, places=None):
    codes = [f"C{i}" for i in range(len(people))]
    units = pd.DataFrame({"area": codes, "name": codes, "population": np.array(people, dtype=float)})
    units, sizes = units.assign(sizes_known=True, status="published"), np.full((len(units), LARGEST_HOUSEHOLD), 0.1)
    table = pd.DataFrame(exits, columns=EXIT_COLUMNS).astype({"unit": "int64", "on": "datetime64[ns]"})
    table = table.astype(dict.fromkeys(EXIT_COLUMNS[2:-1], "float64"))
    lineages = [[(code, code), ("D1", "Huyện Một")] for code in (places or codes)]
    return Baseline("D1", "Huyện Một", COUNT, units, np.array(insured, dtype=float), sizes, table, lineages)


def plan(window="decree 75", **values):
    ranges = {name.replace("__", "."): (value, value, value) for name, value in values.items()}
    return bhyt.Scenario("x", end=END, support_window=window, assumption_ranges=ranges)


def top_up(group, points, area, since, until=None, law=LAW):
    return law | build_reform(top_up_rows(law, group, points, [(area, area), ("D1", "")], area, since, until), "x")


def with_draws(scenario, draws=6, seed=1):
    """Return the central values and some draws."""
    table = scenario.assumptions()
    central, some = central_values(table), draw_assumptions(table, draws, seed)
    return {name: np.concatenate([central[name], some[name]]) for name in some}


def insured(projection, result="behavioural", **options):
    """Return (draws, blocks, groups, months) from the month of the count on."""
    months = np.arange(projection.baseline_index, len(projection.months))
    return insured_people(projection, result, with_draws(projection.scenario), months=months, **options)


def of_area(projection, result="behavioural"):
    return insured(projection, result, block=projection.whole_area)


def assert_same(first, second):
    """People, intervals and money of the area are the same, in whole people too."""
    for result in RESULTS:
        np.testing.assert_allclose(of_area(first, result), of_area(second, result), atol=1e-6)
    tables = [projection_table(p, draws=10).drop(columns=["reforms", "proposal", "status"]) for p in (first, second)]
    rates = [c for c in tables[0] if c.startswith("rate_")]
    pd.testing.assert_frame_equal(tables[0][rates], tables[1][rates], check_exact=False, rtol=0, atol=1e-9)
    # halves may be rounded to either side: one person, one premium
    assert (tables[0]["insured"] - tables[1]["insured"]).abs().max() <= 1
    money = [t[MONEY].fillna(0.0) for t in tables]  # where nothing is known of the cost of anyone
    assert (money[0] - money[1]).abs().max(axis=None) <= 113_850 * 2


outreaches = st.sampled_from([0.0, 0.5, 1.0, 2.0])
windows = st.sampled_from(["decree 75", "decree 188", "none"])


# --- what changes nothing -------------------------------------------------------------------------------


@FEW
@given(baselines(), windows, outreaches, st.sets(st.sampled_from(TOPPED_UP), min_size=1), st.integers(1, 3))
def test_top_ups_of_nothing_change_nothing(baseline, window, outreach, groups, communes):
    law = LAW
    for group in groups:
        for area in list(baseline.units["area"])[:communes]:
            law = top_up(group, 0.0, area, "2025-01-01", law=law)
    scenario = plan(window, outreach=outreach)
    assert_same(project(baseline, scenario, LAW), project(baseline, scenario, law))


@FEW
@given(baselines(), windows, outreaches, st.floats(0, 1))
def test_one_exit_as_two_on_the_same_day_changes_nothing(baseline, window, outreach, share):
    exits = baseline.exits
    parts = [exits.assign(**{c: exits[c] * s for c in ("lost", "gained", "other")}) for s in (share, 1 - share)]
    split = dataclasses.replace(baseline, exits=pd.concat(parts, ignore_index=True))
    scenario = plan(window, outreach=outreach)
    assert_same(project(baseline, scenario, LAW), project(split, scenario, LAW))


def split_units(baseline, shares):
    """Divide each unit into two parts under its own law; ``shares`` of each group and of the uninsured."""
    population = baseline.units["population"].to_numpy()
    uninsured = population - baseline.insured.sum(axis=1)
    cards = np.concatenate([baseline.insured * shares[:, :-1], baseline.insured * (1 - shares[:, :-1])])
    people = cards.sum(axis=1) + np.concatenate([uninsured * shares[:, -1], uninsured * (1 - shares[:, -1])])
    exits, size = baseline.exits, len(population)
    part = shares[exits["unit"].to_numpy(dtype=int), AREA]
    parts = [
        exits.assign(unit=exits["unit"] + i * size, **{c: exits[c] * s for c in ("lost", "gained", "other")})
        for i, s in enumerate((part, 1 - part))
    ]
    rows = pd.concat(parts)[EXIT_COLUMNS].to_numpy().tolist()
    return baseline_of(people, cards, rows, [f"C{i % size}" for i in range(2 * size)])


@FEW
@given(baselines(), windows, outreaches, st.floats(0.1, 0.9))
def test_areas_in_parts_in_proportion_are_the_same(baseline, window, outreach, share):
    shares = np.full((len(baseline.units), len(GROUPS) + 1), share)
    scenario = plan(window, outreach=outreach)
    assert_same(project(baseline, scenario, LAW), project(split_units(baseline, shares), scenario, LAW))


@FEW
@given(baselines(most_units=1), windows, outreaches, st.floats(0.1, 0.9))
def test_communes_alike_are_the_same_alone_and_together(baseline, window, outreach, share):
    parts = split_units(baseline, np.full((1, len(GROUPS) + 1), share))
    scenario, exits = plan(window, outreach=outreach), parts.exits
    together = insured(project(parts, scenario, LAW))
    for unit in (0, 1):
        rows = exits[exits["unit"] == unit].assign(unit=0)[EXIT_COLUMNS].to_numpy().tolist()
        alone = baseline_of(parts.units["population"].iloc[[unit]], parts.insured[[unit]], rows)
        np.testing.assert_allclose(insured(project(alone, scenario, LAW))[:, 0], together[:, unit], atol=1e-6)


@FEW
@given(baselines(days=LATER, gains=False), windows, outreaches, st.integers(0, 99))
def test_areas_in_parts_out_of_proportion_are_the_same(baseline, window, outreach, seed):
    shares = np.random.default_rng(seed).random((len(baseline.units), len(GROUPS) + 1))
    scenario = plan(window, outreach=outreach)
    assert_same(project(baseline, scenario, LAW), project(split_units(baseline, shares), scenario, LAW))


def test_issue_17_top_ups_of_nothing_change_no_chance(data, tmp_path):
    # cases of the issue: three top-ups of 0 points in three communes moved the chance of 95% from 0% to 44%
    text = 'name = "thử"\ndecision = "861"\nend = "2024-12-31"\n[assumptions]\noutreach = 2\n'
    lines = '[[top_up]]\ngroup = "near_poor"\npoints = 0.0\narea = "X0010{}"\nsince = "2022-01-01"\n'
    projections = []
    for name, rows in (("none", ""), ("zero", "".join(lines.format(i) for i in (1, 2, 3)))):
        (tmp_path / f"{name}.toml").write_text(text + rows, encoding="utf-8")
        projections.append(project_area(data, "X001", bhyt.read_scenario(tmp_path / f"{name}.toml")))
    assert_same(*projections)


# --- everyone once --------------------------------------------------------------------------------------


@FEW
@given(baselines(), windows, outreaches, st.floats(-0.02, 0.02))
def test_everyone_is_in_one_part_of_the_count(baseline, window, outreach, growth):
    projection = project(baseline, plan(window, outreach=outreach, population_growth=growth), LAW)
    values = with_draws(projection.scenario)
    division = division_of(projection, coverage_changes(projection, values), values, projection.each_unit)
    people = np.zeros((len(values["outreach"]), len(baseline.units))) + division.stock.sum(axis=2)
    for of_class in division.leavers:
        for part in (of_class.entitlement, of_class.uninsured, of_class.group, of_class.unknown):
            people[:, of_class.parts] += part.sum(axis=2)
    for move in (*division.gains, *division.others):
        people[:, move.parts] += move.people.sum(axis=2)
    np.testing.assert_allclose(people, np.tile(baseline.units["population"], (len(people), 1)), atol=1e-6)
    each = [division.stock, *(n for one in division.leavers for n in one[1:]), *(m.people for m in division.gains)]
    assert all((n >= -1e-9).all() for n in each)


@FEW
@given(baselines(), windows, outreaches, st.floats(-0.02, 0.02))
def test_insured_are_no_more_than_people(baseline, window, outreach, growth):
    projection = project(baseline, plan(window, outreach=outreach, population_growth=growth), LAW)
    people = projection.people[:, projection.baseline_index :]
    for result in RESULTS:
        cards = insured(projection, result)
        assert (cards >= -1e-9).all()
        assert (cards.sum(axis=2) <= people + 1e-6).all()
        np.testing.assert_allclose(insured(projection, result, by_group=False), cards.sum(axis=2), atol=1e-6)


@FEW
@given(baselines(), windows, outreaches, st.sampled_from([0.0, 0.01, -0.01]))
def test_whole_people_add_up_in_every_month(baseline, window, outreach, growth):
    projection = project(baseline, plan(window, outreach=outreach, population_growth=growth), LAW)
    area = table_all(projection)
    keys = ["result", "month"]
    total = area[area["group"] == "all"].set_index(keys)
    parts = [area] if len(baseline.units) == 1 else [area, table_all(projection, by_commune=True)]
    for table in parts:
        groups, sums = (table[(table["group"] == "all") == is_all] for is_all in (False, True))
        sums = sums.set_index([*keys, "area"])
        by_area = groups.groupby([*keys, "area"])["insured"].sum().reindex(sums.index, fill_value=0)
        assert (by_area == sums["insured"]).all()
        by_month = sums.groupby(keys)[["people", "insured"]].sum().reindex(total.index)
        assert (by_month == total[["people", "insured"]]).all(axis=None)
        assert (sums["insured"] <= sums["people"]).all()
        assert (table["insured"] >= 0).all()
    if len(parts) == 2:
        each = [t[t["group"] != "all"].groupby([*keys, "group"])["insured"].sum() for t in parts]
        both = pd.concat(each, axis=1).fillna(0)
        assert (both.iloc[:, 0] == both.iloc[:, 1]).all()


@FEW
@given(baselines(), windows, outreaches)
def test_the_first_month_is_the_count_without_interval(baseline, window, outreach):
    projection = project(baseline, plan(window, outreach=outreach), LAW)
    communes = table_all(projection, by_commune=len(baseline.units) > 1, draws=10)
    for table in (table_all(projection, draws=10), communes):
        first = table[table["month"] == COUNT]
        for column in ("rate_low", "rate_inner_low", "rate_median", "rate_inner_high", "rate_high"):
            has_bound = first[column].notna()
            assert (first.loc[has_bound, column] - first.loc[has_bound, "rate"]).abs().max() < 1e-12
            assert has_bound[first["group"] == "all"].all()
    counted = baseline.insured.sum(axis=0)
    first = projection_table(projection, ["group"]).query("month == @COUNT")
    for result in RESULTS:
        rows = first[first["result"] == result].set_index("group")["insured"]
        assert rows.reindex(GROUPS, fill_value=0).tolist() == counted.tolist()
    np.testing.assert_allclose(insured(projection)[:, :, :, 0], np.tile(baseline.insured, (7, 1, 1)), atol=1e-6)


# --- more never insures fewer ---------------------------------------------------------------------------


def assert_never_fewer(more, fewer):
    """In any month, draw and commune."""
    difference = insured(more).sum(axis=2) - insured(fewer).sum(axis=2)
    worst = np.unravel_index(difference.argmin(), difference.shape)
    assert difference.min() >= -1e-6, f"draw, commune, month {worst}: {difference.min()} people"


@FEW
@given(baselines(), windows, st.floats(0, 2), st.floats(0, 2), st.floats(0, 2))
def test_more_outreach_never_insures_fewer(baseline, window, one, other, before):
    less, more = (plan(window, outreach=o, outreach_before=before) for o in sorted((one, other)))
    assert_never_fewer(project(baseline, more, LAW), project(baseline, less, LAW))


supports = st.tuples(
    st.sampled_from(TOPPED_UP), st.dates(dt.date(2024, 7, 1), dt.date(2027, 6, 1)), st.integers(31, 1500)
)


@settings(max_examples=8)
@given(baselines(), windows, outreaches, supports, st.floats(0, 0.3), st.floats(0, 0.3))
def test_more_points_never_insure_fewer(baseline, window, outreach, support, one, other):
    group, since, days = support
    until = since + dt.timedelta(days=days)
    laws = [top_up(group, points, "C0", str(since), str(until)) for points in sorted((one, other))]
    less, more = (project(baseline, plan(window, outreach=outreach), law) for law in laws)
    assert_never_fewer(more, less)


@settings(max_examples=8)
@given(baselines(), windows, outreaches, supports, st.integers(0, 1000), st.floats(0.01, 0.3))
def test_more_months_never_insure_fewer(baseline, window, outreach, support, more_days, points):
    group, since, days = support
    ends = [since + dt.timedelta(days=n) for n in (days, days + more_days)]
    laws = [top_up(group, points, "C0", str(since), str(until)) for until in ends]
    less, more = (project(baseline, plan(window, outreach=outreach), law) for law in laws)
    assert_never_fewer(more, less)


@FEW
@given(
    # those who lose a card or a support are still joining: who has joined sooner, stays
    baselines(days=(), counted=tuple(g for g in COUNTED if g != LEFT)),
    outreaches,
    st.floats(0.01, 0.3),
    st.sampled_from(TOPPED_UP[:3]),
    st.integers(1, 24),
)
def test_support_that_ends_leaves_what_was_before_after_a_year(baseline, outreach, points, group, months):
    since = COUNT + dt.timedelta(days=1)
    until = since + pd.DateOffset(months=months) - dt.timedelta(days=1)
    law = top_up(group, points, "C0", str(since.date()), str(until.date()))
    scenario = plan("none", outreach=outreach, outreach_before=outreach)
    while_paid, never = (insured(project(baseline, scenario, one)) for one in (law, LAW))
    assert (while_paid[..., 1 : months + 1].sum(axis=2) >= never[..., 1 : months + 1].sum(axis=2) - 1e-9).all()
    np.testing.assert_allclose(while_paid[..., months + 12 :], never[..., months + 12 :], atol=1e-3)


def support_until(group, since, until, share):
    """Return the law with one support of a group; afterwards there is none, whatever the law has."""
    return national(group, [(since.date(), until.date(), share), (until.date() + dt.timedelta(days=1), None, 0.0)])


def national(key, rows, parameter="subsidy_share"):
    """Return the law with other nationwide rows of a parameter: (since, until, value) each."""
    records = [
        {"parameter": parameter, "key": key, "since": str(since), "until": str(until or ""), "value": value}
        for since, until, value in rows
    ]
    return LAW | build_reform(records, "x")


@settings(max_examples=8)
@given(
    baselines(),
    windows,
    outreaches,
    outreaches,
    st.sampled_from([LEFT, "minority_left_later"]),
    st.lists(st.integers(0, 1200), min_size=2, max_size=2),
    st.lists(st.floats(0.31, 1), min_size=2, max_size=2),
    st.floats(0, 1),
)
def test_longer_or_higher_support_never_insures_fewer(baseline, window, outreach, before, group, days, shares, renewal):
    # of all who have it at the count and all who leave later, nationwide from a day on
    since = COUNT if window == "decree 75" else COUNT + dt.timedelta(days=300)
    untils, shares = [since + dt.timedelta(days=31 + n) for n in sorted(days)], sorted(shares)
    plans = plan(window, outreach=outreach, outreach_before=before, renewal_after_support=renewal)
    less, longer, higher = (
        project(baseline, plans, support_until(group, since, until, share))
        for until, share in ((untils[0], shares[0]), (untils[1], shares[0]), (untils[0], shares[1]))
    )
    assert_never_fewer(longer, less)
    assert_never_fewer(higher, less)


@FEW
@given(baselines(days=LATER), outreaches, st.integers(1, 48), st.integers(1, 48))
def test_a_longer_window_of_support_never_insures_fewer(baseline, outreach, one, other):
    laws = [national("minority_left_later", [(COUNT.date(), None, n)], "support_months") for n in sorted((one, other))]
    less, more = (project(baseline, plan("decree 188", outreach=outreach), law) for law in laws)
    assert_never_fewer(more, less)


def test_support_at_the_count_that_lasts_longer_leaves_no_fewer():
    # a year longer left 79 of 1,000 fewer: they were compared with people who lost a card when the support ends
    cards = np.zeros((1, len(GROUPS)))
    cards[0, GROUPS.index(LEFT)] = 1000
    laws = [support_until(LEFT, COUNT, pd.Timestamp(until), 0.7) for until in ("2026-10-31", "2027-10-31")]
    plans = plan(renewal_after_support=0.1)
    less, more = (project(baseline_of([1000], cards, []), plans, law) for law in laws)
    assert_never_fewer(more, less)
