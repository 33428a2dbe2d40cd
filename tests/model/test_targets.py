"""Targets in whole people: exact, and as the plans' arithmetic gives them."""

import itertools
import math
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.targets.targets import binding_targets

rates = st.decimals(0, 1, places=4)


@given(population=st.integers(0, 100_000_000), rate=rates)
def test_people_needed_is_the_smallest_whole_number_that_reaches_the_rate(population, rate):
    people = bhyt.people_needed(population, float(rate))
    share = Fraction(str(rate))
    assert people >= share * population
    assert people - 1 < share * population


@given(population=st.integers(1, 100_000_000), rate=rates)
def test_people_needed_above_a_rate_is_the_smallest_number_above_it(population, rate):
    share = Fraction(str(rate))
    assume(share < 1)
    people = bhyt.people_needed(population, float(rate), ">")
    assert people > share * population >= people - 1


@pytest.mark.parametrize(
    ("population", "rate", "relation", "people"),
    [
        (182_330, 0.906, "=", 165_191),  # 165,190.98
        (182_330, 0.915, "=", 166_832),  # 166,831.95
        (182_330, 0.92, "=", 167_744),  # 167,743.6
        (182_330, 0.921, "=", 167_926),  # 167,925.93
        (2_000, 0.9635, "=", 1_927),
        (2_000, 0.9635, ">=", 1_927),
        (2_000, 0.9635, ">", 1_928),
        (1_000, 0.29, "=", 290),  # 0.29 * 1000 is 289.99999999999994 in binary
        (0, 0.5, "=", 0),
        (10, 1, "=", 10),
    ],
)
def test_worked_cases(population, rate, relation, people):
    assert bhyt.people_needed(population, rate, relation) == people


@pytest.mark.parametrize(("rate", "relation"), [(100.5, "="), (1, ">"), (-0.1, "=")])
def test_an_impossible_population_is_an_error(rate, relation):
    with pytest.raises(BhytError, match=r"more than 100%|reached is 100%|is negative"):
        bhyt.people_needed(1000, rate, relation)


def test_a_bad_relation_or_population_is_an_error():
    with pytest.raises(ValueError, match="relation"):
        bhyt.people_needed(1000, 0.5, "<")
    with pytest.raises(ValueError, match="population"):
        bhyt.people_needed(-1, 0.5)
    with pytest.raises(ValueError, match="population"):
        bhyt.people_needed(10.5, 0.5)


def test_yearly_steps_of_son_duong_by_hand(data):
    # plan: 85.1% of 182,330 (155,163) to 90.6, 91.5, 92.0 and 92.1% at the end of 2022 to 2025
    steps = bhyt.target_steps(data, "Sơn Dương")
    assert steps["people_needed"].tolist() == [165_191, 166_832, 167_744, 167_926]
    assert steps["to_add"].tolist() == [10_028, 1_641, 912, 182]
    assert steps["total_to_add"].tolist() == [10_028, 11_669, 12_581, 12_763]
    assert round(steps["share_of_gain"].iloc[0], 3) == 0.786
    assert steps["status"].unique().tolist() == ["derived"]


def test_targets_of_a_district_without_cards_are_in_people(data):
    # 181,050 people at the census; above 75% in 2015, the last of its targets, which are all past
    steps = bhyt.target_steps(data, "Bình Sơn")
    assert steps["people_needed"].tolist() == [135_788]
    assert steps["to_add"].isna().sum() == 1  # where to start from is not known
    assert steps["insured_now"].isna().all()


def test_the_island_district_has_its_own_target_of_everybody(data):
    steps = bhyt.target_steps(data, "Lý Sơn")
    assert steps[["rate", "people_needed"]].to_numpy().tolist() == [[1.0, 18_550]]


def test_a_ward_of_son_la_has_the_target_of_its_province(data):
    targets = binding_targets(data, "Phường Tô Hiệu").query("level == 'province'")  # at least 96.2%, above 96.35%
    assert targets[["relation", "rate"]].to_numpy().tolist() == [[">=", 0.962], [">", 0.9635]]


@pytest.mark.parametrize("name", ["Mường La", "Huyện Kỳ Sơn, Nghệ An", "Sơn Dương", "Lục Ngạn"])
def test_a_district_has_no_upper_target_after_its_last_day(data, name):
    upper = binding_targets(data, name).query("level not in ['own', 'each']")
    assert upper["on"].max() == pd.Timestamp("2024-12-31")  # districts ended on 30 June 2025
    steps = bhyt.target_steps(data, name)
    assert steps.loc[~steps["level"].isin(["own", "each"]), "on"].le("2025-06-30").all()


def test_a_district_without_figures_has_the_last_target_above_it(data):
    steps = bhyt.target_steps(data, "Mường La")  # 99,534 people; Decision 546: 94.1% of the country in 2024
    assert steps[["level", "people_needed"]].to_numpy().tolist() == [["country", 93_662]]


def test_an_ended_district_keeps_the_targets_of_its_own_plan(data):
    own = binding_targets(data, "Sơn Dương").query("level == 'own'")
    assert own["on"].max() == pd.Timestamp("2025-12-31")


def test_a_rate_without_people_gives_estimated_steps(data):
    steps = bhyt.target_steps(data, "Lục Ngạn")  # 87.21% of the census' 226,540 is 197,566; 99% is 224,275
    assert steps["to_add"].iloc[0] == 224_275 - 197_566
    assert steps["status"].unique().tolist() == ["estimated"]


def test_targets_of_upper_levels_are_named_by_level(data):
    upper = binding_targets(data, "Xã Bát Xát").query("level == 'country'")
    rates = dict(zip(upper["on"].dt.year, upper["rate"], strict=True))
    assert (rates[2022], rates[2025]) == (0.926, 0.9515)


@given(
    start=st.floats(0.01, 0.98),
    end=st.floats(0.01, 0.98),
    years=st.integers(1, 30),
    kind=st.sampled_from(["gap", "logit", "straight"]),
)
def test_a_path_goes_from_start_to_end_without_turning(start, end, years, kind):
    path = bhyt.target_path(start=start, end=end, years=years, kind=kind)
    assert len(path) == years + 1
    assert (path[0], path[-1]) == (start, end)
    rising = end >= start
    assert all((b >= a - 1e-12) if rising else (b <= a + 1e-12) for a, b in itertools.pairwise(path))


@given(start=st.floats(0.05, 0.95), end=st.floats(0.05, 0.95), years=st.integers(2, 12))
def test_constant_gap_closure_closes_the_same_part_each_year(start, end, years):
    path = bhyt.target_path(start=start, end=end, years=years, kind="gap")
    kept = [(1 - b) / (1 - a) for a, b in itertools.pairwise(path)]
    assert all(math.isclose(k, kept[0], rel_tol=1e-9) for k in kept)


def test_gap_path_of_son_duong_by_hand():
    # (1 - 0.921) / (1 - 0.851) = 0.5302; its fourth root 0.85331 is what stays of the gap each year
    path = bhyt.target_path(start=0.851, end=0.921, years=4, kind="gap")
    assert [round(c, 4) for c in path] == [0.851, 0.8729, 0.8915, 0.9074, 0.921]


@pytest.mark.parametrize("bad", [{"years": 0}, {"kind": "curve"}, {"end": 1.0}, {"start": -0.1}])
def test_an_impossible_path_is_an_error(bad):
    with pytest.raises(ValueError, match=r"expected|path goes between|is negative"):
        bhyt.target_path(**({"start": 0.8, "end": 0.9, "years": 4, "kind": "gap"} | bad))
