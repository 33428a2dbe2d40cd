"""Inequality of the uninsured: the cited papers' figures, hand arithmetic, and a slow oracle."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.distribution.equity import equity, lorenz


def communes(population, uninsured, **more):
    population = np.asarray(population)
    return pd.DataFrame({"population": population, "insured": population - np.asarray(uninsured), **more})


def values(table, rank=None):
    return equity(table, rank).set_index("key")["value"]


commune = st.tuples(st.integers(1, 20_000), st.floats(0, 1), st.integers(0, 5)).map(
    lambda c: (c[0], round(c[0] * c[1]), c[2])
)
districts = st.lists(commune, min_size=1, max_size=12).filter(lambda d: sum(c[1] for c in d) > 0)


def table_of(district):
    population, uninsured, poor = zip(*district, strict=True)
    return communes(population, uninsured, poor=list(poor))


def one_by_one(district):
    """C by its textbook formula on one row a person: (2 / n mu) sum h_i R_i - 1, R_i = (i - 1/2) / n, ties shared."""
    people = sorted((poor, h) for p, u, poor in district for h in [1] * u + [0] * (p - u))
    n = len(people)
    mean_rank = {}
    for poor in {p for p, _ in people}:
        places = [i for i, (p, _) in enumerate(people) if p == poor]
        mean_rank[poor] = sum(i + 0.5 for i in places) / len(places) / n
    mu = sum(h for _, h in people) / n
    return 2 / (n * mu) * sum(h * mean_rank[p] for p, h in people) - 1


def test_concentration_index_of_the_world_bank_manual():
    # O'Donnell, van Doorslaer, Wagstaff, Lindelow, "Analyzing Health Equity Using Household Survey Data" (2008),
    # ch. 8: deaths under five by wealth group, India 1982-92; C = -0.1694. Births stand for people and deaths for
    # the uninsured; people of 1,000 births keep the rates' decimals whole.
    births = [29_939, 28_776, 26_528, 24_689, 19_739]
    deaths_per_1000 = [154.7, 152.9, 119.5, 86.9, 54.3]
    deaths = [b * r / 1000 for b, r in zip(births, deaths_per_1000, strict=True)]
    result = values(communes(births, deaths, wealth=[1, 2, 3, 4, 5]), "wealth")
    assert round(result["concentration"], 4) == -0.1694


def test_two_communes_by_hand():
    # 1,000 people each, 100 and 20 uninsured: u = 120/2000 = 0.06, rates 10% and 2%
    # worst fifth: 400 people of the first, 40 uninsured of 120 = 1/3; best fifth 8; (40 - 8) / 400 = 8 points
    # Theil: 0.5 x (5/3) ln(5/3) + 0.5 x (1/3) ln(1/3)
    # C by poor share (second poorer... ranks 0.25 and 0.75): 2/0.06 x (0.5 x 0.02 x 0.25 + 0.5 x 0.1 x 0.75) - 1 = 1/3
    result = equity(communes([1000, 1000], [100, 20], poor_share=[0.4, 0.1]), "poor_share").set_index("key")
    theil = 0.5 * (5 / 3) * math.log(5 / 3) + 0.5 * (1 / 3) * math.log(1 / 3)
    expected = {
        "gap": (0.08, 0, 1),
        "gap_fifths": (0.08, 0, 0.3),  # at most all 120 in one fifth of 400 people: 30%
        "worst_fifth_share": (1 / 3, 0.2, 1),
        "theil": (theil, 0, -math.log(0.06)),
        "concentration": (1 / 3, -0.94, 0.94),
        "concentration_wagstaff": (1 / 3 / 0.94, -1, 1),
        "concentration_erreygers": (0.08, -4 * 0.06 * 0.94, 4 * 0.06 * 0.94),  # 4 x 0.06 / 3
    }
    assert list(result.index) == list(expected)
    for key, figures in expected.items():
        assert result.loc[key, ["value", "low", "high"]].tolist() == pytest.approx(figures, abs=1e-12), key


def test_a_fifth_of_the_people_takes_part_of_a_commune():
    # 100, 300 and 600 people with 50, 60 and 30 uninsured: rates 50%, 20%, 5%. The worst fifth is the first
    # commune and 100 people of the second: 50 + 20 = 70 of 140; the best is 200 of the third: 10.
    result = values(communes([100, 300, 600], [50, 60, 30]))
    assert result["worst_fifth_share"] == pytest.approx(0.5)
    assert result["gap_fifths"] == pytest.approx((70 - 10) / 200)
    assert result["gap"] == pytest.approx(0.45)


def test_erreygers_changes_only_its_sign_between_insured_and_uninsured():
    # the mirror property of Erreygers 2009: seen from the insured the index only changes its sign
    poor = [3, 1, 2]
    uninsured = values(communes([500, 700, 900], [50, 200, 90], poor=poor), "poor")
    insured = values(communes([500, 700, 900], [450, 500, 810], poor=poor), "poor")
    assert insured["concentration_erreygers"] == pytest.approx(-uninsured["concentration_erreygers"])
    assert insured["concentration"] != pytest.approx(-uninsured["concentration"])  # C itself has no such mirror


def test_the_bound_is_reached_where_the_last_are_the_only_uninsured():
    # 30 of 100 uninsured, all in the top commune: C = 1 - 0.3
    result = values(communes([70, 30], [0, 30], poor=[1, 2]), "poor")
    assert result["concentration"] == pytest.approx(0.7)
    assert result["concentration_wagstaff"] == pytest.approx(1)
    assert result["theil"] == pytest.approx(-math.log(0.3))  # and so is the bound of Theil


def test_zones_and_ordered_categories_have_an_order_and_words_have_none():
    table = communes([100, 100, 100], [5, 10, 30], zone=["none", "I", "III"], wealth=["low", "middle", "high"])
    by_number = values(table.assign(n=[0, 1, 3]), "n")["concentration"]
    assert values(table, "zone")["concentration"] == by_number
    ordered = pd.Categorical(table["wealth"], ["low", "middle", "high"], ordered=True)
    assert values(table.assign(wealth=ordered), "wealth")["concentration"] == by_number
    with pytest.raises(BhytError, match="wealth has no order"):
        equity(table, "wealth")
    with pytest.raises(BhytError, match="wealth has no order"):
        equity(table.assign(wealth=pd.Categorical(table["wealth"])), "wealth")


def test_without_uninsured_people_indices_are_missing():
    result = equity(communes([100, 300], [0, 0], poor=[1, 2]), "poor").set_index("key")
    assert result.loc[["gap", "gap_fifths"], "value"].tolist() == [0, 0]
    assert result["value"].drop(["gap", "gap_fifths"]).isna().all()
    assert lorenz(communes([100, 300], [0, 0]))["uninsured_share"].isna().all()


def test_with_everybody_uninsured_all_are_equal():
    result = values(communes([100, 300], [100, 300], poor=[1, 2]), "poor")
    assert result[["gap", "theil", "concentration"]].tolist() == pytest.approx([0, 0, 0])
    assert np.isnan(result["concentration_wagstaff"])


def test_communes_without_people_have_no_rate_and_are_left_out():
    full = communes([100, 300], [10, 60], poor=[1, 2])
    empty = communes([100, 0, 300], [10, 0, 60], poor=[1, 9, 2])
    pd.testing.assert_frame_equal(equity(full, "poor"), equity(empty, "poor"))


def test_a_result_takes_the_weakest_status():
    table = communes([100, 300], [10, 60], status=["published", "synthetic"])
    assert equity(table)["status"].unique().tolist() == ["synthetic"]
    assert lorenz(table)["status"].unique().tolist() == ["synthetic"]


def test_all_faulty_communes_are_named():
    table = pd.DataFrame({"name": ["Tân Trào", "Kháng Nhật"], "population": [100, None], "insured": [None, 5]})
    with pytest.raises(BhytError, match=r"(?s)Kháng Nhật: column population.*|Tân Trào: column insured") as error:
        equity(table)
    assert len(error.value.messages) == 2
    with pytest.raises(BhytError, match="Tân Trào: the insured are 101; expected 0 to the population, 100"):
        equity(pd.DataFrame({"name": ["Tân Trào"], "population": [100], "insured": [101]}))
    with pytest.raises(BhytError, match="no column poor"):
        equity(communes([1], [1]), "poor")
    with pytest.raises(BhytError, match="No commune"):
        equity(communes([0], [0]))


def test_lorenz_by_hand():
    # rates 5%, 20%, 50% on 600, 300, 100 people: 30, 90, 140 of 140 uninsured
    result = lorenz(communes([100, 300, 600], [50, 60, 30]))
    assert result["people_share"].tolist() == pytest.approx([0, 0.6, 0.9, 1])
    assert result["uninsured_share"].tolist() == pytest.approx([0, 30 / 140, 90 / 140, 1])


@given(district=districts)
def test_every_figure_lies_between_its_least_and_its_most(district):
    result = equity(table_of(district), "poor").dropna()
    assert (result["value"] >= result["low"] - 1e-9).all()
    assert (result["value"] <= result["high"] + 1e-9).all()


@given(population=st.lists(st.integers(1, 500), min_size=1, max_size=8), tenths=st.integers(1, 10))
def test_equal_rates_are_no_inequality(population, tenths):
    people = [10 * p for p in population]
    table = communes(people, [p * tenths for p in population], poor=range(len(people)))
    result = values(table, "poor")
    assert result[["gap", "gap_fifths", "theil", "concentration"]].tolist() == pytest.approx([0] * 4, abs=1e-12)
    assert result["worst_fifth_share"] == pytest.approx(0.2)


@given(district=districts)
def test_theil_against_a_slow_oracle(district):
    people, uninsured = sum(c[0] for c in district), sum(c[1] for c in district)
    # the same T as shares of the uninsured: sum s_i ln(s_i / p_i)
    expected = sum(u / uninsured * math.log((u / uninsured) / (p / people)) for p, u, _ in district if u)
    assert values(table_of(district))["theil"] == pytest.approx(expected, abs=1e-9)


commune = st.tuples(st.integers(1, 30), st.floats(0, 1), st.integers(0, 3))
counted_commune = commune.map(lambda c: (c[0], round(c[0] * c[1]), c[2]))
small = st.lists(counted_commune, min_size=1, max_size=6).filter(lambda d: sum(c[1] for c in d) > 0)


@given(district=small)
def test_concentration_is_that_of_the_people_one_by_one(district):
    assert values(table_of(district), "poor")["concentration"] == pytest.approx(one_by_one(district), abs=1e-9)


@given(district=districts)
def test_a_ranking_turned_round_turns_the_sign(district):
    table = table_of(district)
    turned = values(table.assign(poor=-table["poor"]), "poor")
    for key in ("concentration", "concentration_wagstaff", "concentration_erreygers"):
        assert turned[key] == pytest.approx(-values(table, "poor")[key], abs=1e-9, nan_ok=True)


@given(district=districts)
def test_concentration_is_one_less_twice_the_area_under_its_curve(district):
    curve = lorenz(table_of(district), "poor")
    area = sum(
        (x1 - x0) * (y0 + y1) / 2
        for x0, x1, y0, y1 in zip(
            curve["people_share"],
            curve["people_share"][1:],
            curve["uninsured_share"],
            curve["uninsured_share"][1:],
            strict=False,
        )
    )
    assert values(table_of(district), "poor")["concentration"] == pytest.approx(1 - 2 * area, abs=1e-9)


@given(district=districts)
def test_the_lorenz_curve_hangs_below_the_diagonal(district):
    curve = lorenz(table_of(district))
    assert curve.iloc[[0, -1], :2].to_numpy().ravel().tolist() == pytest.approx([0, 0, 1, 1])
    assert (curve["uninsured_share"] <= curve["people_share"] + 1e-9).all()


@given(district=districts, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_communes_is_of_no_matter(district, seed):
    other = list(district)
    seed.shuffle(other)
    result, turned = (values(table_of(d), "poor") for d in (district, other))
    np.testing.assert_allclose(result, turned, atol=1e-9)


@given(district=districts)
def test_a_commune_cut_in_equal_halves_changes_nothing(district):
    doubled = [(2 * p, 2 * u, poor) for p, u, poor in district]
    halves = [(p, u, poor) for p, u, poor in district for _ in range(2)]
    np.testing.assert_allclose(values(table_of(doubled), "poor"), values(table_of(halves), "poor"), atol=1e-9)
