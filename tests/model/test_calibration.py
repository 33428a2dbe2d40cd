"""The fitted assumptions are those of the observed returns; a fit finds what made-up returns were made with."""

import numpy as np
import pandas as pd
import pytest

from bhyt_analysis.ingest.bundled_calibration import FITTED_FILE
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.assumptions import RANGE, assumptions, draw_assumptions, draw_pert
from bhyt_analysis.model.projection.calibration import FITTED, fit, observed_returns, pert_range


@pytest.fixture(scope="module")
def law():
    return Law.read()


@pytest.fixture(scope="module")
def fits(data, law):
    return fit(observed_returns(data), law)


def test_fitted_file_is_that_of_the_observed_returns(fits):
    file = pd.read_csv(FITTED_FILE).set_index(["fit", "name"])[RANGE]
    pd.testing.assert_frame_equal(pd.concat(fits, names=["fit"])[RANGE], file, atol=0.002)


def test_observed_returns_by_hand(data):
    returns = {one.case: one for one in observed_returns(data)}
    # 87.205 to 87.215% of 226,540 people, 46,106 lost, 99 to 100% before
    low = 1 - (226_540 - 0.87205 * 226_540) / 46_106
    high = 1 - (0.99 * 226_540 - 0.87215 * 226_540) / 46_106
    assert returns["luc_ngan"][5:7] == pytest.approx((low, high), abs=1e-6)
    # 155,163 of 182,330 insured after 30,082 lost; before at least 96.6%, at most all
    bounds = ((155_163 + 30_082 - 182_330) / 30_082, (155_163 + 30_082 - 0.966 * 182_330) / 30_082)
    assert returns["son_duong"][5:7] == pytest.approx(bounds, abs=1e-6)
    # "about 86%" is 85 to 87, 76.8% 76.75 to 76.85, a fall of 20.5 points
    assert returns["yen_bai"][5:7] == pytest.approx((8.15 / 20.5, 10.25 / 20.5), abs=1e-6)
    assert returns["viet_nam_return"][5:7] == pytest.approx((4.05 / 4.7, 1.0), abs=1e-6)


def test_fit_moves_towards_what_was_observed(data, law):
    luc_ngan = next(one for one in observed_returns(data) if one.case == "luc_ngan")
    central = {}
    for low in (0.2, 0.5):
        ranges = fit([luc_ngan._replace(low=low, high=low + 0.02)], law)["all"]
        central[low] = ranges.at["at_once.intensive", "central"]
    assert central[0.2] < assumptions(fit="").at["at_once.intensive", "central"] < central[0.5]


def test_fit_without_a_case_is_that_of_the_others(data, law, fits):
    returns = observed_returns(data)
    pd.testing.assert_frame_equal(fits[f"without {returns[-1].case}"], fit(returns[:-1], law)["all"])


def test_fitted_ranges_lie_within_those_of_their_sources():
    prior, both = assumptions(fit=""), assumptions()
    assert (both.loc[FITTED, "low"] >= prior.loc[FITTED, "low"] - 1e-9).all()
    assert (both.loc[FITTED, "high"] <= prior.loc[FITTED, "high"] + 1e-9).all()
    others = both.index.difference([*FITTED, "place_effect"])
    pd.testing.assert_frame_equal(both.loc[others], prior.loc[others])


def test_pert_range_has_the_mean_and_the_spread():
    low, central, high = pert_range(0.4, 0.07, 0.1, 0.9)
    draws = draw_pert(np.random.default_rng(1), low, central, high, 200_000)
    assert draws.mean() == pytest.approx(0.4, abs=0.001)
    assert draws.std() == pytest.approx(0.07, rel=0.05)  # the variance of a PERT-Beta is about a 7th of the product


def test_scenario_sets_what_was_fitted(data):
    table = assumptions({"place_effect": (0, 0, 0)})
    assert draw_assumptions(table, 3, 1)["place_effect"].tolist() == [0, 0, 0]
