"""Test that a chart which is drawn over another one is the one that is drawn anew."""

from dataclasses import replace

import numpy as np
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.charts.chart import render_image
from bhyt_analysis.charts.moving_fan import MovingFan

ORDINARY = bhyt.read_scenario("decision_861_ordinary")
FIELDS = {"name": "huyện Lục Ngạn", "targets": [{"on": "2025-12-31", "rate": 0.9515, "relation": ">="}], "lang": "vi"}


@pytest.fixture(scope="module")
def rows(data):
    return bhyt.simulate(data, "Lục Ngạn", ORDINARY, draws=50)


def fan(rows, draws):
    return bhyt.charts.fan(rows, **FIELDS, draws=draws, size="screen")


def pixels(image):
    return np.asarray(image.convert("RGB")).astype(int)


def test_moved_chart_is_that_drawn_anew(data, rows):
    moving = MovingFan(fan(rows, 200), 50, rows, **FIELDS, draws=200)
    ranges = {**ORDINARY.assumption_ranges, "persistence": (0.85, 0.85, 0.95)}
    other = bhyt.simulate(data, "Lục Ngạn", replace(ORDINARY, assumption_ranges=ranges), draws=50)
    for table in (other, rows):  # the other leaves nothing behind
        picture = moving.draw(table, **FIELDS, draws=50)
    assert np.abs(pixels(picture) - pixels(render_image(fan(rows, 50)))).max() <= 8  # a step of the palette
    assert np.abs(pixels(picture) - pixels(moving.draw(other, **FIELDS, draws=50))).max() > 100


def test_chart_that_does_not_fit_is_refused(data, rows):
    moving = MovingFan(fan(rows, 50), 50, rows, **FIELDS, draws=50)
    longer = rows.assign(scenario="một kịch bản có tên rất dài, " * 4)
    lower = rows.assign(rate_low=rows["rate_low"] / 2)
    for table in (longer, lower, rows.assign(proposal=True), rows[rows["month"] < "2024-01-01"]):
        assert moving.draw(table, **FIELDS, draws=50) is None
    assert moving.draw(rows, **FIELDS | {"lang": "en"}, draws=50) is None
    assert moving.draw(rows, **FIELDS, draws=50) is not None
