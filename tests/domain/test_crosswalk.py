"""Figures of old communes carried to the new ones: whole sums, shares that are known, and what is left alone."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt

from ..conftest import write_table

AREAS = [
    ["T", "Tỉnh", "province", "", "", ""],
    ["D1", "Huyện Một", "district", "T", "", "2025-06-30"],
    *([c, f"Xã {c}", "commune", "D1", "", "2025-06-30"] for c in ("A", "B", "C", "E")),
    *([c, f"Xã {c}", "commune", "T", "2025-07-01", ""] for c in ("N1", "N2", "N3")),
]
SUCCESSORS = [["A", "N1", "1"], ["B", "N1", "1"], ["C", "N2", "0.4"], ["C", "N3", "0.6"], ["E", "N3", "1"]]


@pytest.fixture
def made(tmp_path):
    """An input of four old communes and three new ones; a function that writes it with other successors."""

    def write(successors=SUCCESSORS, cards=(), day="2025-06-30", status="published"):
        write_table(tmp_path / "areas.csv", ["code", "name", "kind", "parent", "since", "until"], *AREAS)
        write_table(tmp_path / "successors.csv", ["code_old", "code_new", "share", "on"], *([*s, "2025-07-01"] for s in successors))  # fmt: skip
        people = [["A", 1000], ["B", 500], ["C", 333], ["E", 200]]
        write_table(tmp_path / "population.csv", ["area", "as_of", "people", "status", "source"], *([a, day, n, status, "x"] for a, n in people))  # fmt: skip
        write_table(tmp_path / "cards.csv", ["area", "as_of", "group", "cards", "status", "source"], *([*c, "published", "x"] for c in cards))  # fmt: skip
        return bhyt.load(tmp_path)

    return write


def new(data, name="population", column="people"):
    rows = getattr(data, name)
    rows = rows[rows["area"].str.startswith("N")]
    key = ["area", "group"] if "group" in rows else ["area"]
    return {tuple(r[k] for k in key): (int(r[column]), r["status"]) for _, r in rows.iterrows()}


def test_whole_communes_add_up_and_known_shares_are_cut_without_losing_anybody(made):
    data, left = bhyt.to_successor_units(made(), "2025-07-01")
    # 0.4 of 333 is 133.2 and 0.6 is 199.8: 133 and 200 people, and the 200 of E.
    assert new(data) == {("N1",): (1500, "derived"), ("N2",): (133, "estimated"), ("N3",): (400, "estimated")}
    assert left.empty
    assert set(data.population.loc[data.population["area"] == "N1", "source"]) == {
        "Cộng từ Xã A, Xã B, số liệu ngày 30/06/2025"
    }
    assert bhyt.coverage(data, "N1")["population"].iloc[0] == 1500


def test_a_split_of_unknown_shares_is_reported_and_nothing_is_split(made):
    data, left = bhyt.to_successor_units(
        made([*SUCCESSORS[:2], ["C", "N2", ""], ["C", "N3", ""], ["E", "N3", "1"]]), "2025-07-01", "en"
    )
    assert set(new(data)) == {("N1",)}
    assert left[["rule", "area"]].to_numpy().tolist() == [
        ["split_unknown", "C"],
        ["not_carried", "N2"],
        ["not_carried", "N3"],
    ]
    assert left["message"].iloc[0].startswith("Xã C was split into Xã N2, Xã N3 and the shares are not known")


def test_an_old_commune_that_does_not_report_leaves_the_new_one_without_a_figure(made):
    cards = [["A", "2025-06-30", "poor", 10], ["A", "2025-05-31", "poor", 9], ["B", "2025-05-31", "household", 4], ["E", "2025-06-30", "poor", 5]]  # fmt: skip
    data, left = bhyt.to_successor_units(made(cards=cards), "2025-07-01")
    # In June B is silent: the last month in which both told is May. C never told any cards.
    assert new(data, "cards", "cards") == {("N1", "poor"): (9, "estimated"), ("N1", "household"): (4, "estimated")}
    assert left[["rule", "area"]].to_numpy().tolist() == [["not_carried", "N3"]]
    assert "Xã C" in left["message"].iloc[0]


def test_an_old_count_makes_an_estimate_and_a_weak_status_stays(made):
    assert set(new(bhyt.to_successor_units(made(day="2019-04-01"), "2025-07-01")[0]).values()) == {(1500, "estimated"), (133, "estimated"), (400, "estimated")}  # fmt: skip
    assert {s for _, s in new(bhyt.to_successor_units(made(status="synthetic"), "2025-07-01")[0]).values()} == {
        "synthetic"
    }


def test_a_new_unit_with_its_own_figures_gets_none(made, tmp_path):
    made()
    write_table(tmp_path / "population_new.csv", ["area", "as_of", "people", "status", "source"], ["N1", "2025-12-31", 1490, "published", "x"])  # fmt: skip
    data, _ = bhyt.to_successor_units(bhyt.load(tmp_path), "2025-07-01")
    assert new(data)[("N1",)] == (1490, "published")
    assert len(data.population[data.population["area"] == "N1"]) == 1


def test_nothing_is_carried_before_the_day_and_the_input_stays(made):
    before = made()
    kept = before.population.copy()
    data, left = bhyt.to_successor_units(before, "2025-06-30")
    assert new(data) == {}
    assert left.empty
    bhyt.to_successor_units(before, "2025-07-01")
    pd.testing.assert_frame_equal(before.population, kept)
