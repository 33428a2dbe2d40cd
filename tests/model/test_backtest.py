"""The backtest has every published case, the misses too; no case is compared with a fit that has it."""

import dataclasses

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.model.projection.backtest import verdict


@pytest.fixture(scope="module")
def table(data):
    return bhyt.backtest(data, draws=500).set_index("case")


def test_every_case_has_its_published_figure(table):
    assert table["published"].to_dict() == pytest.approx(
        # directive 05-CT/HU; (155,163 + 30,082 - 182,330) / 30,082; VSS; VSS; from below 87 to 91.05 of 4.7 points;
        # Hòa Bình newspaper
        {"luc_ngan": 0.8721, "son_duong": 2915 / 30_082, "yen_bai": 0.86, "viet_nam": 4.9e6}
        | {"viet_nam_return": 4.05 / 4.7, "hoa_binh": 161_000}
    )


MISSING = float("nan")


@pytest.mark.parametrize(
    ("relation", "published", "low", "high", "expected"),
    [
        ("=", 0.86, 0.80, 0.90, "within"),  # 80% to 90% contains 86%
        ("=", 0.80, 0.80, 0.90, "within"),  # the ends belong to the interval
        ("=", 0.79, 0.80, 0.90, "high"),  # the whole interval lies above the figure
        ("about", 0.91, 0.80, 0.90, "low"),  # the whole interval lies below it
        (">=", 0.85, 0.80, 0.90, "consistent"),  # some of the interval satisfies the bound
        (">", 0.75, 0.80, 0.90, "consistent"),  # all of it does
        (">=", 0.95, 0.80, 0.90, "low"),  # none of it does
        ("<", 0.85, 0.80, 0.90, "consistent"),
        ("<", 0.80, 0.80, 0.90, "high"),  # "below 80%" leaves out 80% itself
        (">", 161_000, MISSING, MISSING, "no_data"),
    ],
)
def test_verdict_by_worked_cases(relation, published, low, high, expected):
    assert verdict(relation, published, low, high) == expected


def test_misses_stay_in_the_table(table):
    # the return of 2022 is far above the model: other groups came back in the same months
    expected = {"luc_ngan": "within", "son_duong": "consistent", "yen_bai": "within", "viet_nam": "within"}
    assert table["verdict"].to_dict() == {**expected, "viet_nam_return": "low", "hoa_binh": "no_data"}
    assert table.at["viet_nam_return", "high"] < 0.5
    assert pd.isna(table.at["hoa_binh", "model"])


def test_country_from_its_communes_by_hand(data, table):
    # 1,946 communes of 6,409 people (451 communes of 2019), of whom 46,106 of 113,007 lost as in Lục Ngạn: 5.1 million
    assert table.at["viet_nam", "model"] == pytest.approx(1946 * 6408.54 * 46_106 / 113_007, rel=1e-4)


def test_published_figure_changes_only_the_verdict(data, table):
    published = data.published
    rows = (published["area"] == "15") & (published["as_of"] == "2023-02-28") & (published["figure"] == "coverage")
    assert rows.sum() == 1
    other = dataclasses.replace(data, published=published.assign(value=published["value"].mask(rows, 95.0)))
    again = bhyt.backtest(other, draws=500).set_index("case")
    assert again.at["yen_bai", "model"] == table.at["yen_bai", "model"]
    assert again.at["yen_bai", "verdict"] == "low"
