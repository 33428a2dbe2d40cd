"""The 90% interval holds the truth of synthetic districts about as often as it says."""

from .simulated_truth import share_inside


def test_interval_holds_what_the_slow_model_says():
    # of 60 districts 54 are expected, 47 to 60 within three standard deviations; 2,000 at once: see simulated_truth
    assert share_inside(60, seed=7) >= 47 / 60
