"""Every published case is on the card, the misses too; what goes in is not what it is judged by."""

import dataclasses

import pandas as pd
import pytest

import bhyt_analysis as bhyt


@pytest.fixture(scope="module")
def card(data):
    return bhyt.backtest(data, draws=500).set_index("case")


def test_every_case_is_there_with_what_was_published(card):
    assert card["published"].to_dict() == pytest.approx(
        # directive 05-CT/HU; (155,163 + 30,082 - 182,330) / 30,082; VSS; VSS; Hòa Bình newspaper
        {"luc_ngan": 0.8721, "son_duong": 2915 / 30_082, "yen_bai": 0.86, "viet_nam": 2.6e6, "hoa_binh": 161_000}
    )


def test_a_miss_is_a_miss(card):
    for case, row in card.iterrows():
        if case == "hoa_binh":
            assert row["verdict"] == "no_data"
            assert pd.isna(row["model"])
        elif row["relation"] in (">", ">="):
            assert row["verdict"] == ("consistent" if row["high"] >= row["published"] else "low")
        else:
            inside = row["low"] <= row["published"] <= row["high"]
            assert (row["verdict"] == "within") == inside
    assert {"low", "high"} & set(card["verdict"])  # as of today two of five are missed


def test_the_published_figure_after_the_fact_moves_only_the_verdict(data, card):
    rows = (data.published["area"] == "15") & (data.published["as_of"] == "2023-02-28") & (data.published["figure"] == "coverage")  # fmt: skip
    assert rows.sum() == 1
    other = dataclasses.replace(data, published=data.published.assign(value=data.published["value"].mask(rows, 95.0)))
    again = bhyt.backtest(other, draws=500).set_index("case")
    assert again.at["yen_bai", "model"] == card.at["yen_bai", "model"]
    assert again.at["yen_bai", "verdict"] == "low"
