"""The verdict: reached or not, how many people are missing, where the pace leads, how likely the target is."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.model.monitoring.pace import Pace, estimate_pace, project_pace, reach_probability


def verdict(data, area, as_of=None):
    table = bhyt.verdict(data, area, as_of)
    assert len(table) == 1
    return table.iloc[0]


def test_a_counted_district_without_months_is_short_of_its_target(data):
    row = verdict(data, "Huyện Sơn Dương")
    # 90.6% of 182,330 is 165,190.98, so 165,191 people: 10,028 more than the 155,163 of the plan
    assert (row["outcome"], row["people_needed"], row["to_add"]) == ("short", 165191, 10028)
    assert row[["actual_pace", "projected", "chance"]].isna().all()


def test_a_printed_rate_gives_people_that_are_estimated(data):
    row = verdict(data, "Huyện Lục Ngạn")
    # 87.21% of the 226,540 of the census; 99% of them are 224,274.6
    assert (row["outcome"], row["insured"], row["people_needed"]) == ("short", 197566, 224275)
    assert row["status"] == "estimated"


def test_the_pace_of_the_example_district_is_worked_by_hand(data):
    """47,936 insured at the end of 2021 and 49,505 six months later: 261.5 a month, and six more months to go."""
    row = verdict(data, "X001")
    assert (row["outcome"], row["to_add"]) == ("behind", 10850)
    assert row["actual_pace"] == (49505 - 47936) / 6
    assert row["required_pace"] == 10850 / 6
    assert row["projected"] == 49505 + 6 * 261.5
    assert row["projected_rate"] == row["projected"] / 64897
    assert row["chance"] < 0.001


def test_a_commune_above_the_target_has_reached_it(data):
    row = verdict(data, "X00101")
    assert row["outcome"] == "reached"
    assert row["to_add"] <= 0
    assert pd.isna(row["chance"])


@pytest.mark.parametrize("area", ["Xã Bát Xát", "Tỉnh Sơn La"])
def test_units_without_cards_are_not_judged(data, area):
    row = verdict(data, area)
    assert row["outcome"] == "unknown"
    assert row[["insured", "rate", "to_add"]].isna().all()
    assert row["people_needed"] > 0


def test_some_communes_are_no_verdict_on_the_district(data):
    cards = data.cards[~(data.cards["area"] == "X00112")]
    row = verdict(replace(data, cards=cards), "X001")
    assert row["outcome"] == "some_communes"
    assert row["insured"] < 49505


def test_without_a_target_there_is_no_verdict(data):
    row = verdict(replace(data, targets=data.targets[data.targets["area"] != "X001"]), "X001")
    assert row["outcome"] == "no_target"
    assert row["actual_pace"] == 261.5


@given(st.lists(st.integers(-50, 300), min_size=3, max_size=12), st.floats(0.5, 12), st.floats(0.01, 0.99))
def test_the_chance_fits_the_interval_of_the_projection(changes, months, share):
    """The upper end of an interval of ``share`` is reached with the chance that is left above it."""
    pace = estimate_pace(changes)
    if pace.variance < 1e-9:
        return
    *_, high = project_pace(5000, pace, months, share)
    assert math.isclose(reach_probability(5000, pace, months, high), (1 - share) / 2, abs_tol=1e-6)


def test_the_chance_is_the_share_of_simulated_years():
    """A random walk whose drift is known as well as its changes tell: Student's t, drawn anew."""
    pace = Pace(100.0, 400.0, 6.0, 6)
    draws = np.random.default_rng(1).standard_t(5, 200_000)
    ends = 1000 + 100 * 4 + draws * math.sqrt(400 * (4 + 16 / 6))
    assert abs((ends >= 1450).mean() - reach_probability(1000, pace, 4, 1450)) < 0.005


def test_equal_changes_leave_no_doubt():
    pace = estimate_pace([50, 50, 50])
    assert [reach_probability(1000, pace, 2, n) for n in (1100, 1101)] == [1.0, 0.0]
