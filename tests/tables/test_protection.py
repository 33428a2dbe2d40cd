"""Small counts can't be worked out from what is published, and no more is hidden than this needs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack

from bhyt_analysis.tables.attack import attack
from bhyt_analysis.tables.cells import PublishedTable, collect_cells
from bhyt_analysis.tables.disclosure import Cells, Pattern, hide_primary
from bhyt_analysis.tables.protection import Protection, choose_hidden, protect
from tests.tables.random_counts import parents, published_tables, random_counts

COMMUNES = {"A": "D", "B": "D", "C": "D"}


def _protect(*tables: dict[str, list[object]], **parts: str) -> tuple[Protection, list[dict[str, list[str]]]]:
    """Return the protection of tables of a district, and the marks of each by column."""
    published = [PublishedTable(str(i), pd.DataFrame(t), "D") for i, t in enumerate(tables)]
    protection = protect(published, COMMUNES)
    assert attack(protection.cells, protection.pattern)["safe"].all()
    return protection, [m.to_dict("list") for m in protection.marks]


def test_group_beside_its_total_needs_a_second_group():
    _, (groups, total) = _protect(
        {"group": ["poor", "near_poor", "household"], "insured": [40, 3, 20]}, {"insured": [63]}
    )
    assert groups["insured"] == ["", "<5", "…"]
    assert total["insured"] == [""]


def test_group_without_a_total_is_hidden_alone():
    _, (groups,) = _protect({"group": ["poor", "near_poor", "household"], "insured": [40, 3, 20]})
    assert groups["insured"] == ["", "<5", ""]


def test_total_from_people_and_uninsured():
    """3 of group near_poor, and the whole from 100 - 37: printed nowhere as a sum."""
    _, (groups, total) = _protect(
        {"group": ["near_poor", "household"], "insured": [3, 60]}, {"population": [100], "uninsured": [37]}
    )
    assert groups["insured"][0] == "<5"
    assert (groups["insured"][1] == "…") or (total["uninsured"] == ["…"])


def test_four_cells_of_a_crossed_table_with_margins():
    crossed = {"area": [*"AABB"], "group": ["poor", "household"] * 2, "insured": [3, 30, 40, 50]}
    protection, marks = _protect(
        crossed,
        {"area": ["A", "B"], "insured": [33, 90]},
        {"group": ["poor", "household"], "insured": [43, 80]},
        {"insured": [123]},
    )
    assert marks[0]["insured"] == ["<5", "…", "…", "…"]
    assert not any("…" in m["insured"] for m in marks[1:])
    ranges = attack(protection.cells, protection.pattern).set_index("value")
    assert ranges.loc[3.0, ["least", "most"]].tolist() == [1, 4]
    assert ranges.loc[30.0, ["least", "most"]].tolist() == [29, 32]


def test_complement_in_the_population():
    protection, (communes, total) = _protect(
        {"area": ["A", "B", "C"], "population": [1000, 800, 600], "insured": [997, 700, 500]}, {"insured": [2197]}
    )
    assert communes["insured"][0] == "…"
    assert communes["insured"].count("…") == 2
    assert total["insured"] == [""]
    assert communes["population"] == ["", "", ""]
    assert protection.cells.table.query("primary")["column"].tolist() == ["uninsured"]


def test_rate_would_tell_its_count():
    _, (table,) = _protect({"area": ["A", "B"], "population": [1000, 2000], "insured": [3, 90], "rate": [0.003, 0.045]})
    assert table["rate"] == ["…", ""]


def test_count_that_only_a_rate_tells():
    protection, (table,) = _protect({"area": ["A", "B"], "population": [1000, 2000], "rate": [0.997, 0.9]})
    assert table["rate"] == ["…", ""]
    assert protection.cells.table.query("primary")["value"].tolist() == [3]


def test_change_between_months_would_tell_the_count():
    _, (table,) = _protect(
        {"month": pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31"]).tolist()}
        | {"insured": [9, 4, 8], "change": [None, -5.0, 4.0]}
    )
    assert table["insured"] == ["", "<5", ""]
    assert table["change"] == ["", "…", "…"]


def test_change_of_a_few_people_is_no_count():
    _, (table,) = _protect(
        {"month": pd.to_datetime(["2024-01-31", "2024-02-29"]).tolist(), "insured": [90, 87], "change": [None, -3.0]}
    )
    assert table["insured"] == table["change"] == ["", ""]


def test_before_less_kept_is_who_lost():
    protection, (table,) = _protect({"area": ["A", "B"], "before": [300, 200], "kept": [297, 150]})
    assert "lost" in protection.cells.table.query("primary")["column"].tolist()
    assert [table["before"][0], table["kept"][0]].count("…") == 1


def test_group_that_the_table_leaves_out():
    """A reader has taken out the row of 3 people; the total still tells them."""
    _, (groups, total) = _protect({"group": ["poor", "household"], "insured": [40, 20]}, {"insured": [63]})
    assert [*groups["insured"], *total["insured"]].count("…") == 1


def test_totals_of_groups_within_groups():
    _, (groups, parts) = _protect(
        {"group": ["state_paid", "household"], "insured": [143, 20]},
        {"subgroup": ["poor", "child_under_6", "war_veteran"], "insured": [40, 100, 3]},
    )
    assert parts["insured"][2] == "<5"
    assert [*parts["insured"], *groups["insured"]].count("…") == 1
    assert groups["insured"][1] == ""


def test_money_of_a_count_at_a_known_price():
    _, (groups, total) = _protect(
        {"subgroup": ["poor", "near_poor"], "insured": [40, 3], "vnd_state": [4e6, 2.1e5]}, {"vnd_state": [4.21e6]}
    )
    assert groups["vnd_state"][1] == "…"
    assert groups["vnd_state"][0] == "…" or total["vnd_state"] == ["…"]


def test_same_count_in_two_tables_is_hidden_in_both():
    _, (first, second) = _protect(
        {"area": ["A", "B"], "insured": [3, 90]}, {"area": ["B", "A"], "as_of": ["2024-01-31"] * 2, "insured": [90, 3]}
    )
    assert first["insured"] == ["<5", ""]
    assert second["insured"] == ["", "<5"]


def test_commune_of_three_people_all_insured():
    """A mark would say 1 to 4, the other cell that it is none: neither may tell the other."""
    protection, (table,) = _protect({"area": ["A"], "population": [3], "insured": [3], "uninsured": [0]})
    assert (table["insured"], table["uninsured"]) == (["…"], ["…"])
    assert _least_and_most(protection)[0] == (0, 3)


def test_zero_is_printed():
    _, (groups, total) = _protect(
        {"group": ["poor", "near_poor", "household"], "insured": [40, 0, 20]}, {"insured": [60]}
    )
    assert [*groups["insured"], *total["insured"]] == ["", "", "", ""]


@given(st.lists(st.integers(5, 10_000), min_size=2, max_size=8), st.integers(5, 500))
@settings(max_examples=20, deadline=None)
def test_nothing_small_nothing_hidden(insured: list[int], uninsured: int):
    table = pd.DataFrame({"area": [f"C{i}" for i in range(len(insured))], "insured": insured})
    table = table.assign(population=table["insured"] + uninsured, uninsured=uninsured)
    total = pd.DataFrame({"insured": [sum(insured)]})
    tables = [PublishedTable("communes", table, "D"), PublishedTable("total", total, "D")]
    protection = protect(tables, parents(np.array(insured)))
    assert not any((marks != "").to_numpy().any() for marks in protection.marks)


@pytest.mark.parametrize(("seed", "communes", "groups", "months"), [(0, 12, 12, 24), (1, 20, 8, 12), (2, 6, 12, 24)])
def test_nothing_recovered_from_random_districts(seed: int, communes: int, groups: int, months: int):
    people, insured = random_counts(seed, communes, groups, months)
    tables = published_tables(people, insured)
    protection = protect(tables, parents(people))
    assert attack(protection.cells, protection.pattern)["safe"].all()
    assert all(low < high for low, high in _least_and_most(protection))
    for published, marks in zip(tables, protection.marks, strict=True):
        small = published.table["insured"].between(1, 4)
        assert not (marks["insured"] == "<5")[~small].any()
        assert (marks["insured"] != "")[small].all()


def test_nothing_recovered_from_communes_by_group():
    people, insured = random_counts(3, 4, 5, 1)
    protection = protect(published_tables(people, insured, crossed=True), parents(people))
    assert attack(protection.cells, protection.pattern)["safe"].all()
    assert all(low < high for low, high in _least_and_most(protection))


def test_all_tables_together_are_chosen_one_by_one(monkeypatch: pytest.MonkeyPatch):
    from bhyt_analysis.tables import disclosure, protection

    rules = disclosure.disclosure_rules() | {"largest_exact": 0}
    monkeypatch.setattr(protection, "disclosure_rules", lambda: rules)
    people, insured = random_counts(3, 4, 5, 1)
    cells = collect_cells(published_tables(people, insured, crossed=True), parents(people))
    assert attack(cells, choose_hidden(cells))["safe"].all()


@pytest.mark.parametrize(("seed", "groups"), [(0, 2), (1, 2), (2, 2), (3, 2), (4, 3)])
def test_hidden_cells_are_near_the_fewest(seed: int, groups: int):
    random = np.random.default_rng(seed)
    insured = random.choice([0, 1, 3, 6, 10, 20, 50], size=(1, 2, groups))
    people = insured.sum(axis=(0, 2)) + 100
    tables = published_tables(people, insured, crossed=True)
    tables = [PublishedTable(t.name, t.table[[c for c in t.table if c in COUNTS]], t.area) for t in tables]
    cells = collect_cells(tables, parents(people))
    chosen = int(choose_hidden(cells).hidden[cells.can_hide].sum())
    assert chosen <= 1.3 * _fewest(cells)


COUNTS = ("area", "group", "month", "insured")


def _fewest(cells: Cells) -> int:
    """Return how few cells can be hidden: all choices are tried, the smallest first."""
    first = hide_primary(cells)
    free = np.flatnonzero(cells.can_hide & ~first.hidden)
    for count in range(len(free) + 1):
        for more in combinations(free, count):
            hidden = first.hidden.copy()
            hidden[list(more)] = True
            if attack(cells, Pattern(hidden, first.marked))["safe"].all():
                return int(hidden[cells.can_hide].sum())
    raise AssertionError


def _least_and_most(protection: Protection) -> list[tuple[float, float]]:
    """Return the ranges of the hidden counts by an attacker who knows that persons are whole and what each mark says.

    Where all small counts are marked, another hidden count is zero or at least five.
    """
    cells, pattern = protection.cells, protection.pattern
    value, half = (cells.table[c].to_numpy(float) for c in ("value", "half"))
    is_count = (cells.table["disclosure"] == "count").to_numpy()
    low = np.where(pattern.hidden, np.maximum(cells.table["least"].to_numpy(float), -1e5), value - half)
    high = np.where(pattern.hidden, 1e5, value + half)
    low[pattern.marked], high[pattern.marked] = 1, 4
    others = np.flatnonzero(pattern.hidden & cells.can_hide & is_count & ~cells.primary)
    if (cells.primary & cells.can_hide & ~pattern.marked).any():
        others = others[:0]
    active = (cells.stated_by < 0) | ~pattern.hidden[np.maximum(cells.stated_by, 0)]
    count, pad = len(others), csr_array((int(active.sum()), len(others)))
    chosen = csr_array((np.ones(count), (np.arange(count), others)), shape=(count, len(value)))
    rules = [LinearConstraint(hstack([cells.matrix[active], pad]), cells.low[active] - 1e-6, cells.high[active] + 1e-6)]
    if count:
        rules.append(LinearConstraint(hstack([chosen, -1e5 * eye_array(count)]), -np.inf, 0))
        rules.append(LinearConstraint(hstack([chosen, -5 * eye_array(count)]), 0, np.inf))
    ranges = []
    for cell in np.flatnonzero(pattern.hidden & is_count & (cells.can_hide | cells.primary)):
        ends = []
        for sign in (1, -1):
            objective = np.zeros(len(value) + count)
            objective[cell] = sign
            top = np.append(high, np.ones(count))
            top[cell] = min(top[cell], value[cell] + 20)
            bounds = Bounds(np.append(low, np.zeros(count)), top)
            integers = np.append(is_count, np.ones(count)).astype(int)
            ends.append(sign * round(milp(objective, integrality=integers, bounds=bounds, constraints=rules).fun))
        ranges.append((ends[0], ends[1]))
    return ranges
