"""The parts of a change add to the change, and each is what the arithmetic of its paper gives."""

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.coverage.decomposition import decompose, shapley

GROUPS = ["state_paid", "student", "household"]
counts = st.integers(0, 100_000)
people = st.integers(1, 1_000_000)


def groups(insured, population, **more):
    return pd.DataFrame({"group": GROUPS[: len(insured)], "insured": insured, "population": population, **more})


def points(table, part, key=""):
    points = table[(table["part"] == part) & (table["key"] == key)]
    assert len(points) == 1
    return points["points"].item()


def close(a, b):
    return a == pytest.approx(b, rel=1e-12, abs=1e-12)


def test_by_group_by_hand():
    # 800 of 1,000 become 750 of 1,250: 80% to 60%, a fall of 20 points.
    # mean of 1/P = (1/1000 + 1/1250) / 2 = 0.0009; d(1/P) = -0.0002; mean N = 775
    # state-paid -150 x 0.0009 = -0.135; household +100 x 0.0009 = 0.09; population 775 x -0.0002 = -0.155
    result = decompose(groups([600, 200], 1000), groups([450, 300], 1250))
    assert result.columns.tolist() == ["part", "key", "people", "points", "status"]
    assert result["part"].tolist() == ["group", "group", "population"]
    assert result["people"].tolist() == [-150, 100, 250]
    assert result["points"].round(12).tolist() == [-0.135, 0.09, -0.155]


def test_insured_against_population_by_hand():
    # as above: -50 x 0.0009 = -0.045 and 775 x -0.0002 = -0.155
    result = decompose(groups([600, 200], 1000), groups([450, 300], 1250), view="population")
    assert result[["part", "people"]].to_numpy().tolist() == [["insured", -50], ["population", 250]]
    assert result["points"].round(12).tolist() == [-0.045, -0.155]


def test_rate_and_composition_by_hand():
    # Zone III: 900 of 1,000 before, 380 of 400 after; zone I: 600 of 1,000, then 1,120 of 1,600.
    # Rates 90% to 95%, 60% to 70%; shares of the people 0.5 to 0.2, 0.5 to 0.8. Coverage 75% both times.
    # rate: III 0.35 x 0.05 = 0.0175; I 0.65 x 0.10 = 0.065: together +8.25 points
    # composition: III 0.925 x -0.3 = -0.2775; I 0.65 x 0.3 = 0.195: together -8.25 points
    # in people: rate 700 x 0.05 = 35, 1,300 x 0.1 = 130; composition 0.925 x -600 = -555, 0.65 x 600 = 390
    before = pd.DataFrame({"zone": ["III", "I"], "insured": [900, 600], "eligible": [1000, 1000]})
    after = pd.DataFrame({"zone": ["III", "I"], "insured": [380, 1120], "eligible": [400, 1600]})
    result = decompose(before, after)
    assert result["part"].tolist() == ["rate", "rate", "composition", "composition"]
    assert result["key"].tolist() == ["III", "I"] * 2
    assert result["points"].round(12).tolist() == [0.0175, 0.065, -0.2775, 0.195]
    assert result["people"].round(9).tolist() == [35, 130, -555, 390]


def test_a_reclassification_alone_is_all_composition():
    # one of two communes leaves zone III and no one's card changes in number
    before = pd.DataFrame(
        {"area": ["C1", "C2"], "zone": ["III", "III"], "insured": [900, 900], "population": [1000, 1000]}
    )
    after = before.assign(zone=["III", "I"])
    result = decompose(before, after).groupby("part")["points"].sum()
    assert close(result["rate"], 0)
    assert close(result["composition"], 0)  # 90% in both zones: moving changes nothing
    rates = decompose(before, after, view="rate_composition", by="zone").query("part == 'rate'")["points"]
    assert rates.tolist() == [0, 0]


def test_mobilisation_alone_is_all_rate():
    before = groups([600, 200], 1000, eligible=[700, 300])
    after = groups([650, 270], 1000, eligible=[700, 300])
    result = decompose(before, after)
    # 50 and 70 more of 1,000
    assert result["points"].round(12).tolist() == [0.05, 0.07, 0, 0]


def test_areas_and_groups_together_count_each_area_once():
    # 1,000 + 3,000 people; insured 700 + 200 + 1,500 = 2,400 (60%) and 800 + 300 + 1,900 = 3,000 (75%)
    table = pd.DataFrame(
        {
            "area": ["C1", "C1", "C2"],
            "group": ["state_paid", "household", "household"],
            "insured": [700, 200, 1500],
            "population": [1000, 1000, 3000],
        }
    )
    result = decompose(table, table.assign(insured=[800, 300, 1900]))
    assert result["people"].tolist() == [100, 500, 0]
    assert result["points"].round(12).tolist() == [0.025, 0.125, 0]
    by_area = decompose(table, table.assign(insured=[800, 300, 1900]), by="area")
    assert by_area[["part", "key", "people"]].to_numpy().tolist() == [
        ["area", "C1", 200],
        ["area", "C2", 400],
        ["population", "", 0],
    ]


def test_coverage_fits_as_it_is(data):
    from bhyt_analysis.model.coverage.coverage import coverage

    now = coverage(data, "Sơn Dương", by=["group"])
    more = now.assign(insured=now["insured"] + 100)
    result = decompose(now, more)
    groups_told = result[result["part"] == "group"]
    assert groups_told["key"].tolist() == now["group"].tolist()
    assert groups_told["people"].eq(100).all()
    assert close(result["points"].sum(), 100 * len(now) / 182_330)


def test_a_result_takes_the_weakest_status_of_what_went_into_it():
    before = groups([600, 200], 1000, status=["published", "estimated"])
    after = groups([450, 300], 1250, status="published")
    assert decompose(before, after)["status"].tolist() == ["derived", "estimated", "estimated"]


def test_the_input_stays_as_it_was():
    before, after = groups([600, 200], 1000), groups([450], 1250)
    kept = before.copy(), after.copy()
    decompose(before, after, fill_value=0)
    pd.testing.assert_frame_equal(before, kept[0])
    pd.testing.assert_frame_equal(after, kept[1])


def test_an_absent_group_is_an_error_unless_absent_is_given():
    before, after = groups([600, 200], 1000), groups([450], 1000)
    with pytest.raises(BhytError, match="after has no row of student"):
        decompose(before, after)
    assert decompose(before, after, fill_value=0)["people"].tolist() == [-150, -200, 0]
    units = pd.DataFrame({"area": ["C1", "C2"], "insured": [1, 2], "population": [3, 4]})
    with pytest.raises(BhytError, match="after has no row of C2"):  # its people are not known
        decompose(units, units.head(1), fill_value=0)


def test_a_zone_without_people_is_all_composition():
    before = pd.DataFrame({"area": ["C1", "C2"], "zone": ["II", "I"], "insured": [80, 60], "population": [100, 100]})
    result = decompose(before, before.assign(zone="I", insured=[70, 60]))
    # zone I: 60% to 65%, shares 0.5 to 1: rate 0.75 x 0.05, composition 0.625 x 0.5; zone II keeps its 80%: 0.8 x -0.5
    assert points(result, "rate", "II") == 0
    assert close(points(result, "rate", "I"), 0.0375)
    assert close(points(result, "composition", "II"), -0.4)
    assert close(points(result, "composition", "I"), 0.3125)


def test_all_faults_are_reported_at_once():
    bad = pd.DataFrame({"group": ["a", "a", "b"], "insured": [1.0, 2.0, None], "population": [10, 10, 20]})
    with pytest.raises(BhytError) as error:
        decompose(bad, bad.head(1).assign(insured=-1))
    assert [key for key, _ in error.value.messages] == [
        "error.decompose_twice",
        "error.decompose_missing",
        "error.decompose_two_populations",
        "error.decompose_negative",
    ]
    assert "thiếu số liệu" in error.value.text("vi")


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (pd.DataFrame({"group": ["a"], "insured": [1]}), "no column population"),
        (pd.DataFrame({"group": ["a"], "insured": [0], "population": [0]}), "no population above 0"),
        (pd.DataFrame({"group": ["a"], "insured": [1], "population": [9], "eligible": [7]}), r"difference −2"),
        (
            pd.DataFrame({"group": ["a", "b"], "insured": [1, 1], "eligible": [0, 9]}),
            "1 insured but no eligible people",
        ),
    ],
)
def test_a_change_that_can_not_be_split_is_an_error(before, message):
    with pytest.raises(BhytError, match=message):
        decompose(before, before)


def test_rate_and_composition_need_people_of_their_own():
    with pytest.raises(BhytError, match="no column eligible"):
        decompose(groups([1], 9), groups([1], 9), view="rate_composition")
    with pytest.raises(ValueError, match="view"):
        decompose(groups([1], 9), groups([1], 9), view="other")


@given(
    cells=st.lists(st.tuples(counts, counts), min_size=1, max_size=3),
    before=people,
    after=people,
    view=st.sampled_from(["group", "population"]),
)
def test_the_parts_add_to_the_change_of_coverage(cells, before, after, view):
    n0, n1 = zip(*cells, strict=True)
    result = decompose(groups(list(n0), before), groups(list(n1), after), view=view)
    change = Fraction(sum(n1), after) - Fraction(sum(n0), before)
    scale = float(max(Fraction(sum(n1), after), Fraction(sum(n0), before), 1))
    assert result["points"].sum() == pytest.approx(float(change), abs=1e-12 * scale)
    mean_inverse = (Fraction(1, before) + Fraction(1, after)) / 2
    if view == "group":
        for (a, b), points in zip(cells, result["points"], strict=False):
            assert close(points, float((b - a) * mean_inverse))


rated = st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000)).map(
    lambda c: (min(c[0], c[1]), c[1], min(c[2], c[3]), c[3])
)


@given(cells=st.lists(rated, min_size=1, max_size=3))
def test_rate_and_composition_against_a_slow_oracle_in_fractions(cells):
    people0, people1 = sum(c[1] for c in cells), sum(c[3] for c in cells)
    assume(people0 and people1)
    before = groups([c[0] for c in cells], people0, eligible=[c[1] for c in cells])
    after = groups([c[2] for c in cells], people1, eligible=[c[3] for c in cells])
    result = decompose(before, after)
    assert close(result["people"].sum(), float(sum(c[2] - c[0] for c in cells)))
    change = Fraction(sum(c[2] for c in cells), people1) - Fraction(sum(c[0] for c in cells), people0)
    assert close(result["points"].sum(), float(change))
    for name, (n0, e0, n1, e1) in zip(GROUPS, cells, strict=False):
        r0 = Fraction(n0, e0) if e0 else Fraction(n1, e1) if e1 else Fraction(0)
        r1 = Fraction(n1, e1) if e1 else r0
        w0, w1 = Fraction(e0, people0), Fraction(e1, people1)
        assert close(points(result, "rate", name), float((w0 + w1) / 2 * (r1 - r0)))
        assert close(points(result, "composition", name), float((r0 + r1) / 2 * (w1 - w0)))


@given(
    cells=st.lists(st.tuples(counts, counts), min_size=2, max_size=3),
    before=people,
    after=people,
    order=st.permutations(range(3)),
)
def test_the_order_of_the_rows_is_of_no_matter(cells, before, after, order):
    n0, n1 = (list(n) for n in zip(*cells, strict=True))
    first, second = groups(n0, before), groups(n1, after)
    result = decompose(first, second).set_index("key")
    turned = decompose(first.iloc[[i for i in order if i < len(cells)]], second).set_index("key")
    pd.testing.assert_frame_equal(result, turned.loc[result.index])


@given(cells=st.lists(st.tuples(counts, counts), min_size=1, max_size=3), before=people, after=people)
def test_back_again_is_the_same_with_its_sign_turned(cells, before, after):
    n0, n1 = (list(n) for n in zip(*cells, strict=True))
    there = decompose(groups(n0, before), groups(n1, after))
    back = decompose(groups(n1, after), groups(n0, before))
    np.testing.assert_allclose(there["points"], -back["points"], rtol=1e-12, atol=1e-12)


def test_shapley_of_the_glove_game():
    # Three people, one left glove and two right ones, a pair is worth 1: 2/3, 1/6, 1/6 (Shapley's value of
    # the glove game, in most textbooks of cooperative games).
    def pairs(on):
        return float("left" in on and bool(on & {"right", "other right"}))

    result = shapley(pairs, ["left", "right", "other right"])
    assert result["lever"].tolist() == ["left", "right", "other right"]
    np.testing.assert_allclose(result["value"], [2 / 3, 1 / 6, 1 / 6], rtol=1e-12)


def test_each_subset_is_asked_for_once():
    calls = []

    def value(on):
        calls.append(on)
        return len(on) ** 2

    result = shapley(value, list("abcdefghij"))
    assert len(calls) == len(set(calls)) == 2**10
    np.testing.assert_allclose(result["value"], 10)  # all alike: 100 in ten equal parts


@given(worth=st.lists(st.integers(-1000, 1000), min_size=16, max_size=16))
def test_shapley_is_the_mean_over_every_order(worth):
    levers = ["price", "outreach", "time", "school"]
    subsets = [frozenset(s) for k in range(5) for s in itertools.combinations(levers, k)]
    value = dict(zip(subsets, worth, strict=True))
    sums = dict.fromkeys(levers, Fraction(0))
    for order in itertools.permutations(levers):
        for i, lever in enumerate(order):
            sums[lever] += value[frozenset(order[: i + 1])] - value[frozenset(order[:i])]
    result = shapley(value.__getitem__, levers)
    np.testing.assert_allclose(result["value"], [float(sums[lever] / 24) for lever in levers], atol=1e-9)
    assert close(result["value"].sum(), value[frozenset(levers)] - value[frozenset()])


def test_the_two_factors_of_coverage_by_shapley_are_the_view_of_population():
    n, p = {False: 800, True: 750}, {False: 1000, True: 1250}
    result = shapley(lambda on: n["insured" in on] / p["population" in on], ["insured", "population"])
    view = decompose(groups([800], 1000), groups([750], 1250), view="population")
    np.testing.assert_allclose(result["value"], view["points"], rtol=1e-12)


def test_impossible_levers_are_errors():
    with pytest.raises(ValueError, match="each once"):
        shapley(len, ["a", "a"])
    with pytest.raises(ValueError, match="at most 12"):
        shapley(len, [str(i) for i in range(13)])
    assert shapley(len, []).empty
