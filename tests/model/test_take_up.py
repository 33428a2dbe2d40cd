"""How many were insured again: bounds by arithmetic, from the figures that are published."""

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.model.reclassification.take_up import (
    largest_population,
    observed_change,
    reenrolment_bounds,
    reenrolment_curve,
)


def test_son_duong_by_hand(data):
    row = bhyt.reenrolment(data, "Sơn Dương").iloc[0]
    # no one can be more than 182,330: 1 - (182,330 - 155,163) / 30,082 = 9.69%
    assert round(row["low"], 4) == 0.0969
    assert row["low_people"] == 2_915
    assert row["high"] == 1.0
    assert pd.isna(row["largest_population"])
    # with a coverage of 99% before it would be 15.8%
    assert round(reenrolment_bounds(30_082, 182_330, (155_163, 155_163), (0.99, 0.99)).low, 3) == 0.158


def test_luc_ngan_by_hand(data):
    row = bhyt.reenrolment(data, "Lục Ngạn").iloc[0]
    # before in (99%, 100%], after in [87.205%, 87.215%), 226,540 people, 46,106 lost:
    # 1 - (1.00 - 0.87205) x 226,540 / 46,106 = 37.1%; 1 - (0.99 - 0.87215) x 226,540 / 46,106 = 42.1%
    assert (round(row["low"], 3), round(row["high"], 3)) == (0.371, 0.421)
    assert row["status"] == "estimated"  # the population is of another year than the rates
    assert row["largest_population"] == 391_226  # 46,106 / (0.99 - 0.87215)


def test_the_curve_ends_at_zero_at_the_largest_population(data):
    row = bhyt.reenrolment(data, "Lục Ngạn").iloc[0]
    curve = reenrolment_curve(row)
    assert curve["population"].iloc[-1] == 391_226
    assert curve["high"].iloc[-1] == pytest.approx(0, abs=1e-5)
    assert curve["low"].is_monotonic_decreasing
    assert (curve["low"] <= curve["high"] + 1e-12).all()


def test_where_no_loss_is_published_there_is_no_bound(data):
    assert bhyt.reenrolment(data, "Bình Sơn").empty


people = st.integers(10_000, 500_000)


@given(population=people, before=st.floats(0.5, 1), lost_share=st.floats(0.01, 0.4), back=st.floats(0, 1))
def test_the_truth_always_lies_within_the_bounds(population, before, lost_share, back):
    insured = before * population
    lost = lost_share * insured
    after = insured - lost * (1 - back)
    assume(lost > 1)
    wide = reenrolment_bounds(lost, population, (after, after))
    exact = reenrolment_bounds(lost, population, (after, after), (before, before))
    assert wide.low - 1e-9 <= back <= wide.high + 1e-9
    assert exact.low == pytest.approx(back, abs=1e-6)
    assert exact.high == pytest.approx(back, abs=1e-6)


@given(lost=st.integers(1_000, 100_000), after=st.floats(0.5, 0.9), fall=st.floats(0.01, 0.09))
def test_above_the_largest_population_the_figures_can_not_all_be_true(lost, after, fall):
    most = largest_population(lost, after + fall, after)
    assert most * fall <= lost * (1 + 1e-9)
    assert (most + 2) * fall > lost * (1 - 1e-9)


def test_cards_before_and_after_are_compared_by_group(data):
    change = observed_change(data, "X001")
    assert (change["after"] - change["before"] == change["change"]).all()
    assert change["change"].sum() == change["after"].sum() - change["before"].sum()
    assert change.set_index("group")["change"]["state_paid"] < 0 < change.set_index("group")["change"]["household"]
    assert change["status"].unique().tolist() == ["synthetic"]
    assert change["before_as_of"].iloc[0] == pd.Timestamp("2021-06-30")
