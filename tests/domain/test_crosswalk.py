"""Figures of former communes are added up for the new ones where all parts are known, and else not."""

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


POPULATION = ["area", "as_of", "people", "status", "source"]


@pytest.fixture
def load_input(tmp_path):
    """Return a function that writes and loads an input of four former communes and three new ones."""

    def write(successors=SUCCESSORS, cards=(), day="2025-06-30", status="published"):
        write_table(tmp_path / "areas.csv", ["code", "name", "kind", "parent", "since", "until"], *AREAS)
        moves = [[*s, "2025-07-01"] for s in successors]
        write_table(tmp_path / "successors.csv", ["code_old", "code_new", "share", "on"], *moves)
        people = [["A", 1000], ["B", 500], ["C", 333], ["E", 200]]
        write_table(tmp_path / "population.csv", POPULATION, *([a, day, n, status, "x"] for a, n in people))
        columns = ["area", "as_of", "group", "cards", "status", "source"]
        write_table(tmp_path / "cards.csv", columns, *([*c, "published", "x"] for c in cards))
        return bhyt.load(tmp_path)

    return write


def new_units(data, name="population", column="people"):
    rows = getattr(data, name)
    rows = rows[rows["area"].str.startswith("N")]
    key = ["area", "group"] if "group" in rows else ["area"]
    return {tuple(r[k] for k in key): (int(r[column]), r["status"]) for _, r in rows.iterrows()}


def test_communes_add_up_and_known_shares_lose_no_person(load_input):
    data, left = bhyt.to_successor_units(load_input(), "2025-07-01")
    # 0.4 of 333 is 133.2 and 0.6 is 199.8: 133 and 200 people, and the 200 of E.
    assert new_units(data) == {("N1",): (1500, "derived"), ("N2",): (133, "estimated"), ("N3",): (400, "estimated")}
    assert left.empty
    assert set(data.population.loc[data.population["area"] == "N1", "source"]) == {
        "Cộng từ Xã A, Xã B, số liệu ngày 30/06/2025"
    }
    assert bhyt.coverage(data, "N1")["population"].iloc[0] == 1500


def test_a_split_of_unknown_shares_is_reported_and_nothing_is_split(load_input):
    data, left = bhyt.to_successor_units(
        load_input([*SUCCESSORS[:2], ["C", "N2", ""], ["C", "N3", ""], ["E", "N3", "1"]]), "2025-07-01", "en"
    )
    assert set(new_units(data)) == {("N1",)}
    assert left[["rule", "area"]].to_numpy().tolist() == [
        ["split_unknown", "C"],
        ["not_carried", "N2"],
        ["not_carried", "N3"],
    ]
    assert left["message"].iloc[0].startswith("Xã C was split into Xã N2, Xã N3 and the shares are not known")


def test_a_former_commune_without_report_leaves_the_new_one_without_figure(load_input):
    cards = [["A", "2025-06-30", "poor", 10], ["A", "2025-05-31", "poor", 9]]
    cards += [["B", "2025-05-31", "household", 4], ["E", "2025-06-30", "poor", 5]]
    data, left = bhyt.to_successor_units(load_input(cards=cards), "2025-07-01")
    # B has no cards in June: the last month with both is May. C never has any cards.
    assert new_units(data, "cards", "cards") == {
        ("N1", "poor"): (9, "estimated"),
        ("N1", "household"): (4, "estimated"),
    }
    assert left[["rule", "area"]].to_numpy().tolist() == [["not_carried", "N3"]]
    assert "Xã C" in left["message"].iloc[0]


def test_an_old_count_makes_an_estimate_and_a_weak_status_stays(load_input):
    data, _ = bhyt.to_successor_units(load_input(day="2019-04-01"), "2025-07-01")
    assert set(new_units(data).values()) == {(n, "estimated") for n in (1500, 133, 400)}
    data, _ = bhyt.to_successor_units(load_input(status="synthetic"), "2025-07-01")
    assert {status for _, status in new_units(data).values()} == {"synthetic"}


def test_a_new_unit_with_its_own_figures_gets_none(load_input, tmp_path):
    load_input()
    write_table(tmp_path / "population_new.csv", POPULATION, ["N1", "2025-12-31", 1490, "published", "x"])
    data, _ = bhyt.to_successor_units(bhyt.load(tmp_path), "2025-07-01")
    assert new_units(data)[("N1",)] == (1490, "published")
    assert len(data.population[data.population["area"] == "N1"]) == 1


def test_no_sums_before_the_day_and_the_input_is_not_changed(load_input):
    before = load_input()
    population = before.population.copy()
    data, left = bhyt.to_successor_units(before, "2025-06-30")
    assert new_units(data) == {}
    assert left.empty
    bhyt.to_successor_units(before, "2025-07-01")
    pd.testing.assert_frame_equal(before.population, population)
