"""Rounded counts are multiples of the base next to the true ones, and totals are still the sums of their parts."""

from __future__ import annotations

import numpy as np
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.model.distribution.controlled_rounding import is_rounded, round_counts
from tests.batch.small_inputs import write_small_input

BASE = 5


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    write_small_input(folder, seed=5, communes=6, groups=9, months=4)
    return bhyt.load(folder)


def test_every_margin_is_next_to_the_true_one(data):
    rounded = round_counts(data, BASE, seed=3)
    assert is_rounded(rounded).count == BASE
    assert set(rounded.cards["status"]) == {"estimated"}
    for by in (["as_of", "area", "group"], ["as_of", "area"], ["as_of", "group"], ["as_of"]):
        before, after = (d.cards.groupby(by)["cards"].sum() for d in (data, rounded))
        assert (after % BASE == 0).all()
        assert (abs(after - before) < BASE).all()


def test_a_unit_never_has_more_insured_than_people(data):
    rounded = round_counts(data, BASE, seed=4)
    last = rounded.cards[rounded.cards["as_of"] == rounded.cards["as_of"].max()]
    people = rounded.population.set_index("area")["people"]
    assert (last.groupby("area")["cards"].sum() <= people.reindex(last["area"].unique())).all()


def test_the_seed_decides(data):
    first, same, other = (round_counts(data, BASE, seed).cards["cards"].tolist() for seed in (1, 1, 2))
    assert first == same != other


def test_rounding_is_right_on_average(data):
    draws = np.array([round_counts(data, BASE, seed).cards["cards"].to_numpy(float) for seed in range(60)])
    error = draws.mean(axis=0) - data.cards["cards"].to_numpy(float)
    assert abs(error.mean()) < 0.1
    assert abs(error).max() < 3  # of one cell, which is off by at most 5 in a draw


def test_wider_groups_are_sums_of_their_parts():
    data = bhyt.load(area="Sơn Dương")
    rounded = round_counts(data, BASE)
    main, parts = (bhyt.coverage(rounded, "Sơn Dương", by=[by])["insured"].sum() for by in ("group", "subgroup"))
    assert main == parts
    assert abs(main - bhyt.coverage(data, "Sơn Dương")["insured"].iloc[0]) < BASE
