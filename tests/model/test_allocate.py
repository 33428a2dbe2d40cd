"""A district's target commune by commune: whole people, exact sums, bounds, none worse off for more."""

import csv
import itertools
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.targets.allocation import METHODS, allocate, communes_to_allocate

from ..conftest import write_table

ROOT = Path(__file__).parents[2]


def three(**more):
    """2,500 people, 1,800 insured; gaps of 100, 400 and 200. 85% are 2,125: 325 to add."""
    columns = {"area": ["A", "B", "C"], "population": [1000, 1000, 500], "insured": [900, 600, 300]}
    return pd.DataFrame(columns | more)


# Worked by hand ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "more", "people"),
    [
        # A has 90% and keeps its people; k = 325 / 600 = 0.54167: 216.67, 108.33
        ("share-of-gap", {}, [900, 817, 408]),
        # All are below 85%: k = (2,125 - 1,700) / 800 = 0.53125: 106.25, 212.5, 106.25
        ("share-of-gap", {"insured": [800, 600, 300]}, [906, 813, 406]),
        # 85% of each would be 850, below the 900 of A; the others share 1,225 of 1,500: 816.67, 408.33
        ("equal-rate", {}, [900, 817, 408]),
        ("level-up", {}, [900, 817, 408]),
        # 325 / 2,500 = 13 points: A would be 1,030 of 1,000; the others share 225 of 1,500: 15 points, 150 and 75
        ("equal-points", {}, [1000, 750, 375]),
        # A decision took 200 cards of B, 20% of its people: 320 of its gap of 400 count. 325 / 620 = 0.52419:
        # 52.42, 167.74, 104.84
        ("shock-adjusted", {"lost": [0, 200, 0]}, [952, 768, 405]),
        # Nothing lost: 325 / 700 = 0.46429 of every gap: 46.43, 185.71, 92.86
        ("shock-adjusted", {"lost": [0, 0, 0]}, [946, 786, 393]),
        # B lost the card of every person: A and C are filled first (300), then B with the 25 left
        ("shock-adjusted", {"lost": [0, 1000, 0]}, [1000, 625, 500]),
        # The cheapest first: A all 100, C all 200, B the 25 left
        ("least-cost", {"cost_per_person": [500_000, 900_000, 700_000]}, [1000, 625, 500]),
        # As far as they reach: A 50, C 100, B the 175 left
        ("least-cost", {"cost_per_person": [5e5, 9e5, 7e5], "reach": [50, None, 100]}, [950, 775, 400]),
        # A 100; B and C cost the same and share 225 by their gaps of 400 and 200: 150, 75
        ("least-cost", {"cost_per_person": [5e5, 7e5, 7e5]}, [1000, 750, 375]),
        # 325 / 5 collectors = 65 each
        ("capacity", {"capacity": [1, 2, 2]}, [965, 730, 430]),
        # A's 3 of 5 would be 195 of a gap of 100; B and C share 225, and the odd person goes to the first code
        ("capacity", {"capacity": [3, 1, 1]}, [1000, 713, 412]),
        ("capacity", {"capacity": [0, 1, 0]}, [900, 925, 300]),  # who has no collectors stays
    ],
)
def test_worked_cases(method, more, people):
    table = allocate(three(**more), rate=0.85, method=method)
    assert table["target_people"].tolist() == people
    assert table["to_add"].tolist() == [p - n for p, n in zip(people, table["insured"], strict=True)]
    assert table["target_rate"].tolist() == [people[0] / 1000, people[1] / 1000, people[2] / 500]


@pytest.mark.parametrize(
    ("method", "rate", "people"),
    [
        ("equal-rate", 0.85, [850, 850, 425]),
        ("equal-points", 0.70, [880, 580, 290]),  # 1,750 are 50 fewer, 2 points of 2,500
        ("level-up", 0.85, [900, 817, 408]),  # to lift lowers no one
        # 1,765 are 35 fewer, k = -35 / 700 = -5% of the gaps of 100, 400 and 200
        ("share-of-gap", 0.706, [895, 580, 290]),
    ],
)
def test_without_the_ratchet_a_commune_may_be_lowered(method, rate, people):
    assert allocate(three(), rate, method=method, ratchet=False)["target_people"].tolist() == people


@pytest.mark.parametrize("ratchet", [True, False])
@pytest.mark.parametrize(
    ("relation", "insured", "people"),
    [
        # 93% of 3,000 are 2,790. A at the target and B above it keep theirs; C gets all of the 180 that lack
        (">=", [930, 986, 694], [930, 986, 874]),
        # Above 93% are 2,791: A has only just 93% and takes part, with 70 of 376 uninsured people, 181 to add
        (">", [930, 986, 694], [964, 986, 841]),
    ],
)
def test_who_has_reached_the_target_is_asked_nothing(relation, insured, people, ratchet):
    table = pd.DataFrame({"area": ["A", "B", "C"], "population": [1000] * 3, "insured": insured})
    assert allocate(table, 0.93, relation, ratchet=ratchet)["target_people"].tolist() == people


def test_level_up_lifts_the_lowest_alone_until_it_reaches_the_next():
    table = three(insured=[900, 600, 350])  # 90%, 60%, 70%; 1,910 of 2,500 are 60 more: B to 66%
    assert allocate(table, 0.764, method="level-up")["target_people"].tolist() == [900, 660, 350]


@pytest.mark.parametrize(
    ("rate", "more", "bounds", "people"),
    [
        # 2,000 are 200 more. A is above the cap and stays; the others close a third of 600: 133.33, 66.67
        (0.80, {}, {"caps": 0.75}, [900, 733, 367]),
        # B at most 700, 100 more; C all 200; the 25 left are asked of A, though it has reached the target
        (0.85, {"cap": [None, 0.7, None]}, {}, [925, 700, 500]),
        (0.85, {"cap": [None, 0.7, None]}, {"caps": "0.98"}, [935, 700, 490]),  # C at most 490
        # C gets 150; the 175 left are B's, A has reached the target
        (0.85, {}, {"minimum": {"C": 0.9}}, [900, 775, 450]),
        # A had 950 last year; 275 for gaps of 400 and 200: 45.83%, 183.33 and 91.67
        (0.85, {"last_year": [950, None, 200]}, {}, [950, 783, 392]),
    ],
)
def test_bounds_bind_and_the_rest_is_shared_the_same_way(rate, more, bounds, people):
    assert allocate(three(**more), rate, **bounds)["target_people"].tolist() == people


def test_son_duong_adds_exactly_to_the_district():
    # 182,330 people of whom 155,163 are insured (sums of 100,000 + 52,330 + 30,000 and 90,000 + 45,163 + 20,000).
    # 90.6% is 165,191: 10,028 to add to gaps of 10,000 + 7,167 + 10,000 = 27,167, that is 36.9124%:
    # 3,691.24, 2,645.51 and 3,691.24.
    table = pd.DataFrame(
        {"area": ["1", "2", "3"], "population": [100_000, 52_330, 30_000], "insured": [90_000, 45_163, 20_000]}
    )
    out = allocate(table, rate=0.906)
    assert out["to_add"].tolist() == [3_691, 2_646, 3_691]
    assert out["target_people"].sum() == 165_191
    assert out["target_rate"].round(4).tolist() == [0.9369, 0.9136, 0.7897]


def test_a_higher_target_takes_no_person_from_a_commune():
    # Shares 4.29, 4.29, 1.43 of 10, but 4.71, 4.71, 1.57 of 11: the third loses its second person.
    assert [largest_remainder([6, 6, 2], n).tolist() for n in (10, 11)] == [[4, 4, 2], [5, 5, 1]]
    table = pd.DataFrame({"area": ["A", "B", "C"], "population": [6, 6, 2], "insured": [0, 0, 0]})
    # Persons join at (j - 1/2) / population: A5 and B5 at 0.75 as C2 does, in the order of codes
    people = [allocate(table, rate, method="equal-rate")["target_people"].tolist() for rate in (0.70, 0.75, 0.80)]
    assert people == [[5, 4, 1], [5, 5, 1], [5, 5, 2]]  # 10, 11 and 12 of 14


def test_ties_are_broken_by_code_not_by_row():
    table = pd.DataFrame({"area": ["C", "B", "A"], "population": [10, 10, 10], "insured": [5, 5, 5]})
    for method in ("share-of-gap", "equal-rate", "equal-points", "level-up"):  # 17 of 30: A and B get the two
        assert allocate(table, 0.56, method=method)["target_people"].tolist() == [5, 6, 6]


def test_above_a_rate_is_one_person_more():
    table = pd.DataFrame({"area": ["A", "B"], "population": [1000, 1000], "insured": [900, 900]})
    assert allocate(table, 0.9635, ">")["target_people"].tolist() == [964, 964]
    assert allocate(table, 0.9635, ">=")["target_people"].sum() == 1_927


def test_rows_index_and_columns_come_back_as_they_were():
    table = three(note=["x", "y", "z"]).set_axis([7, 7, 3])
    before = table.copy()
    out = allocate(table, 0.85)
    pd.testing.assert_frame_equal(table, before)
    assert out.index.tolist() == [7, 7, 3]
    assert out.columns.tolist() == [*before.columns, "target_people", "target_rate", "to_add"]
    assert (out["target_people"].dtype, out["to_add"].dtype) == ("int64", "int64")


def test_nullable_and_excel_numbers_are_people_too():
    table = three().astype({"population": "Int64", "insured": "float64"})
    assert allocate(table, "0.85")["target_people"].tolist() == [900, 817, 408]


def test_empty_communes_and_an_empty_table():
    empty = pd.DataFrame({"area": ["A", "B"], "population": [0, 10], "insured": [0, 5]})
    for method in ("share-of-gap", "equal-rate", "equal-points", "level-up"):
        out = allocate(empty, 0.8, method=method)
        assert out["target_people"].tolist() == [0, 8]
        assert np.isnan(out["target_rate"][0])
    assert len(allocate(empty.head(0), 0.8)) == 0


# A slow oracle in exact fractions ---------------------------------------------------


def one_by_one(table, goal_people, method, ratchet):
    """People join one at a time: always the one whose commune's line passes their half first."""
    rows = {r["area"]: r for r in table.to_dict("records")}
    falls = goal_people < table["insured"].sum()
    common = Fraction(goal_people) - Fraction(1, 2)  # `rate_of` times all people
    total = int(table["population"].sum())
    done = {a: r["insured"] * total >= common * r["population"] for a, r in rows.items()}
    done = {a: method == "share-of-gap" and not falls and is_done for a, is_done in done.items()}
    lowers = method in ("equal-rate", "share-of-gap", "equal-points") and not ratchet
    have = {a: 0 if lowers and pull(r, method) and not done[a] else r["insured"] for a, r in rows.items()}
    while sum(have.values()) < goal_people:
        waiting = []
        for area, r in rows.items():
            if have[area] < r["population"] and pull(r, method):
                start = 0 if method in ("equal-rate", "level-up") else r["insured"]
                half = have[area] + 1 - Fraction(1, 2)
                cost = r["cost_per_person"] if method == "least-cost" else done[area]
                waiting.append((cost, (half - start) / Fraction(pull(r, method)), area))
        have[min(waiting)[2]] += 1
    return [have[a] for a in table["area"]]


def pull(row, method):
    by_gap = row["population"] - row["insured"]
    by_method = {"share-of-gap": by_gap, "least-cost": by_gap, "capacity": row["capacity"]}
    return by_method.get(method, row["population"])


@st.composite
def districts(draw, largest=60):
    """A few communes with every column that a method may ask for."""
    count = draw(st.integers(1, 6))
    people = draw(st.lists(st.integers(0, largest), min_size=count, max_size=count).filter(any))
    rows = []
    for i, population in enumerate(people):
        rows.append(
            {
                "area": f"{(7 * i) % 10}",  # codes not in the order of rows
                "population": population,
                "insured": draw(st.integers(0, population)),
                "lost": draw(st.integers(0, population)),
                "cost_per_person": draw(st.sampled_from([300_000, 700_000, 1_263_600])),
                "capacity": draw(st.integers(1, 9)),
            }
        )
    return pd.DataFrame(rows)


def rate_of(people, table):
    """A rate that asks for just so many people: half a person less, which is rounded up."""
    return f"{max(people - 0.5, 0) / int(table['population'].sum()):.12f}"


@given(
    table=districts(),
    part=st.fractions(0, 1),
    ratchet=st.booleans(),
    method=st.sampled_from(["equal-rate", "share-of-gap", "level-up", "equal-points", "least-cost", "capacity"]),
)
def test_it_is_what_one_person_at_a_time_gives(table, part, ratchet, method):
    lowers = method in ("equal-rate", "share-of-gap", "equal-points") and not ratchet
    constant = (table["population"] - table["insured"] == 0) if method == "share-of-gap" else table["population"] == 0
    least = int(table["insured"].where(constant, 0).sum() if lowers else table["insured"].sum())
    goal_people = least + int(part * (int(table["population"].sum()) - least))
    out = allocate(table, rate_of(goal_people, table), method=method, ratchet=ratchet)
    assert out["target_people"].tolist() == one_by_one(table, goal_people, method, ratchet)


# What always holds --------------------------------------------------------------------

methods = st.sampled_from(list(METHODS))


@given(table=districts(500), part=st.fractions(0, 1), method=methods, cap=st.sampled_from([None, 0.8, 0.95, 1]))
def test_the_sum_is_exact_and_bounds_are_kept(table, part, method, cap):
    insured, population = table["insured"], table["population"]
    ceiling = population if cap is None else np.floor(np.round(population * cap, 6)).astype(int)
    ceiling = np.maximum(ceiling, insured)
    lowest = table["area"].iloc[0]
    least_people = insured.where(table["area"] != lowest, np.maximum(insured, -(-population // 2)))  # half of the first
    assume((least_people <= ceiling).all())
    goal_people = int(least_people.sum()) + int(part * int(ceiling.sum() - least_people.sum()))
    out = allocate(table, rate_of(goal_people, table), method=method, caps=cap, minimum={lowest: 0.5})
    assert out["target_people"].sum() == goal_people
    assert (out["target_people"] >= least_people).all()
    assert (out["target_people"] <= ceiling).all()
    assert (out["to_add"] >= 0).all()


@given(
    table=districts(500), parts=st.tuples(st.fractions(0, 1), st.fractions(0, 1)), method=methods, ratchet=st.booleans()
)
def test_more_target_never_gives_a_commune_fewer_people(table, parts, method, ratchet):
    lowers = method in ("equal-rate", "equal-points") and not ratchet
    least, most = 0 if lowers else int(table["insured"].sum()), int(table["population"].sum())
    fewer, more = (least + int(p * (most - least)) for p in sorted(parts))
    first, second = (
        allocate(table, rate_of(n, table), method=method, ratchet=ratchet)["target_people"] for n in (fewer, more)
    )
    if method != "share-of-gap" or at_the_rate(table, fewer) == at_the_rate(table, more):
        assert (first <= second).all()


def at_the_rate(table, people):
    """Which communes have the rate that so many people of all are, as `rate_of` writes it."""
    required = Decimal(rate_of(people, table))
    return [n >= required * p for n, p in zip(table["insured"], table["population"], strict=True)]


@settings(max_examples=30)  # each with a person more until all are insured
@given(table=districts(20), method=methods.filter(lambda method: method != "share-of-gap"))
def test_one_person_more_goes_to_one_commune(table, method):
    least, most = int(table["insured"].sum()), int(table["population"].sum())
    steps = [allocate(table, rate_of(n, table), method=method)["target_people"] for n in range(least, most + 1)]
    for one, following in itertools.pairwise(steps):
        assert sorted(following - one) == [0] * (len(table) - 1) + [1]


@given(table=districts(500), part=st.fractions(0, 1), method=methods, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(table, part, method, order):
    least, most = int(table["insured"].sum()), int(table["population"].sum())
    rate = rate_of(least + int(part * (most - least)), table)
    shuffled = table.sample(frac=1, random_state=order.randint(0, 2**31))
    expected = allocate(table, rate, method=method).loc[shuffled.index]
    pd.testing.assert_frame_equal(allocate(shuffled, rate, method=method), expected)


@pytest.mark.parametrize("method", METHODS)
def test_a_whole_country_of_communes_adds_exactly(method):
    # 11,000 communes of 4,545 people on average: about 50 million
    rng = np.random.default_rng(1)
    population = rng.integers(200, 8_890, 11_000)
    table = pd.DataFrame({"area": [f"{i:05d}" for i in range(11_000)], "population": population})
    table = table.assign(insured=rng.binomial(population, 0.85), lost=rng.binomial(population, 0.1))
    table = table.assign(cost_per_person=rng.integers(1, 10**6, 11_000), capacity=rng.random(11_000) + 0.01)
    total = int(population.sum())
    # In whole numbers: 950 of 1,000, rounded up, and the first number above 951 of 1,000.
    for rate, relation, people in ((0.95, "=", -(-total * 950 // 1000)), (0.951, ">", total * 951 // 1000 + 1)):
        out = allocate(table, rate, relation, method)
        assert out["target_people"].sum() == people
        assert (out["target_people"] <= population).all()
        assert (out["to_add"] >= 0).all()


# What can not be ------------------------------------------------------------------------


def result(call, *arguments, **options):
    """The sentences of an error, in Vietnamese and in English."""
    with pytest.raises(BhytError) as caught:
        call(*arguments, **options)
    return caught.value.text("vi"), caught.value.text("en")


@pytest.mark.parametrize(
    ("rate", "more", "options", "vi", "en"),
    [
        # caps of 75%: A stays at 900, B 750, C 375: 2,025 of 2,500
        (
            0.85,
            {},
            {"caps": 0.75},
            "nhiều nhất có thể đạt 2.025 người, bằng 81,00%",
            "most that can be reached is 2,025 people, 81.00%",
        ),
        # 75% of 10 people are 7 and not 8: 7 + 750 + 375 of 1,510, where 75% are 1,133
        (
            0.75,
            {"population": [10, 1000, 500], "insured": [0, 0, 0]},
            {"caps": 0.75},
            "1.132 người, bằng 74,97%",
            "1,132 people, 74.97%",
        ),
        # 1,800 + 10 + 20 + 30
        (
            0.85,
            {"cost_per_person": [1, 2, 3], "reach": [10, 20, 30]},
            {"method": "least-cost"},
            "1.860 người, bằng 74,40%",
            "1,860 people, 74.40%",
        ),
        # only C has collectors: 1,800 + 200
        (0.85, {"capacity": [0, 0, 2]}, {"method": "capacity"}, "2.000 người, bằng 80,00%", "2,000 people, 80.00%"),
        # 900 + 900 + 300
        (0.76, {}, {"minimum": {"B": 0.9}}, "ít nhất là 2.100 người, bằng 84,00%", "the least is 2,100 people, 84.00%"),
        (0.70, {}, {}, "ít nhất là 1.800 người, bằng 72,00%", "the least is 1,800 people, 72.00%"),
        (0.70, {}, {"method": "level-up", "ratchet": False}, "ít nhất là 1.800 người", "the least is 1,800 people"),
        (101, {}, {}, "“rate = 101” lớn hơn 100%", "“rate = 101” is more than 100%"),
        (
            1,
            {},
            {"relation": ">"},
            "Nhiều nhất có thể đạt 2.500 người, bằng 100,00%",
            "The most that can be reached is 2,500 people, 100.00%",
        ),
    ],
)
def test_an_impossible_target_tells_what_can_be_reached(rate, more, options, vi, en):
    vietnamese, english = result(allocate, three(**more), rate, **options)
    assert vi in vietnamese
    assert en in english


def test_an_unknown_method_names_the_nearest_and_all():
    vi, en = result(allocate, three(), 0.85, method="equal-rates")
    assert 'no method "equal-rates"; did you mean equal-rate?' in en
    assert all(method in vi and method in en for method in METHODS)


@pytest.mark.parametrize(("method", "column"), [(m, c) for m, c in METHODS.items() if c])
def test_a_missing_column_is_named_with_the_method(method, column):
    assert f"no column {column}; the method {method} needs it" in result(allocate, three(), 0.85, method=method)[1]
    vi, _ = result(allocate, three().drop(columns=["insured", "population"]), 0.85)
    assert "thiếu cột population, insured" in vi


def test_all_bad_values_are_reported_at_once():
    table = pd.DataFrame(
        {
            "area": ["A", "B", "C", "C", "D"],
            "name": ["Xã Một", "Xã Hai", "Xã Ba", "Xã Ba", "Xã Bốn"],
            "population": [1000, None, 500, 500, 10.5],
            "insured": [1200, 5, -1, 500, 1],
            "cap": [None, 1.2, 95, 0.5, None],
        }
    )
    vi, en = result(allocate, table, 0.85)
    assert en.splitlines() == [
        "Communes given twice: C Xã Ba",
        "The column population must be whole people, 0 or more; it is not in: B Xã Hai, D Xã Bốn",
        "The column insured must be whole people, 0 or more; it is not in: C Xã Ba",
        "The column cap must be a rate from 0 to 1 (0.95 is 95%); it is not in: B Xã Hai, C Xã Ba",
        "A Xã Một: insured is 1,200 people, more than the population of 1,000",
    ]
    assert "A Xã Một: insured là 1.200 người, nhiều hơn dân số 1.000 người" in vi


def test_impossible_bounds_are_reported_together():
    _, en = result(allocate, three(), 0.85, minimum={"Z": 0.5, "B": 9000}, caps="a")
    assert 'minimum names "Z"' in en
    assert "minimum B = 9000” is more than 100%; write a share such as 90.6%" in en
    assert "“caps = a” is not a share" in en
    assert len(en.splitlines()) == 3
    assert result(allocate, three(), "85 phần trăm")[0].startswith("“rate = 85 phần trăm” không phải là tỷ lệ")
    _, en = result(allocate, three(), 0.85, minimum={"B": 0.8, "C": 0.9}, caps=0.7)
    assert en.splitlines() == [
        "B: the minimum is 800 people, but at most 700 can be set",
        "C: the minimum is 450 people, but at most 350 can be set",
    ]


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("shock-adjusted", {"lost": [0, None, 3]}),
        ("least-cost", {"cost_per_person": [1, -1, 1]}),
        ("capacity", {"capacity": [1, float("inf"), 1]}),
    ],
)
def test_what_a_method_weighs_by_must_be_known_everywhere(method, more):
    assert result(allocate, three(**more), 0.85, method=method)[1].endswith("it is not in: B")


# From the dataset -----------------------------------------------------------------------


def rows_of_example(table, **values):
    """The rows of a bundled CSV file with some values, read without the package."""
    with (ROOT / f"data/{table}_example.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[c] == v for c, v in values.items())]


def losses_by_article_12():
    """Who lost a card by Decision 861 in the example district, commune by commune from its rows and the law."""
    minority = {r["area"]: Fraction(int(r["minority_people"]), int(r["people"])) for r in rows_of_example("population")}
    cards = {(r["area"], r["group"]): int(r["cards"]) for r in rows_of_example("cards", as_of="2021-06-30")}
    before = {r["area"]: r["zone"] for r in rows_of_example("zones", decision="582")}
    lost = []
    for row in rows_of_example("zones", decision="861"):
        area, change = row["area"], (before[row["area"]], row["zone"])
        of_residents = cards[area, "resident_of_especially_difficult_area"]
        outside = 1 - Fraction(row["special_villages_share"])  # residents of special villages keep theirs
        if change == ("III", "II"):  # ethnic minorities keep one under their own entitlement
            exact = of_residents * outside * (1 - minority[area])
        elif change == ("III", "I"):
            exact = of_residents * outside
        elif change == ("II", "I"):
            exact = Fraction(cards[area, "minority_in_difficult_area"])
        else:
            exact = Fraction(0)
        lost.append(int(exact + Fraction(1, 2)))
    return lost


def test_the_synthetic_district_is_allocated_from_its_cards(data):
    table = communes_to_allocate(data, "X001", on="2022-06-30")
    assert table.columns.tolist() == ["area", "name", "as_of", "population", "insured", "lost", "status"]
    assert table.loc[0, ["area", "name", "population"]].tolist() == ["X00101", "Xã Mẫu 01", 3_404]
    assert set(table["status"]) == {"synthetic"}
    assert table["lost"].tolist() == losses_by_article_12()
    assert table["population"].sum() == 64_897  # 93% of them are 60,354.21
    for method in ("share-of-gap", "equal-rate", "equal-points", "level-up", "shock-adjusted"):
        out = allocate(table, 0.93, method=method)
        assert out["target_people"].sum() == 60_355


def test_cards_are_of_the_day_before_a_later_decision(data):
    table = communes_to_allocate(data, "X001", on="2021-06-30")
    assert set(table["as_of"]) == {pd.Timestamp("2021-06-30")}
    cards = rows_of_example("cards", as_of="2021-06-30")
    by_commune = [sum(int(r["cards"]) for r in cards if r["area"] == area) for area in table["area"]]
    assert table["insured"].tolist() == by_commune
    assert table["lost"].isna().all()  # an earlier decision is known, but not what it took


def test_a_district_without_a_decision_has_lost_nothing(small_input):
    table = communes_to_allocate(bhyt.load(small_input), "Huyện Một")
    assert table[["population", "insured", "lost"]].to_numpy().tolist() == [[1000, 900, 0], [2000, 900, 0]]
    # 70% of 3,000 are 300 more; the first commune has 90% already
    assert allocate(table, 0.7)["target_people"].tolist() == [900, 1200]


def test_a_published_loss_is_that_of_the_communes_or_not_known(small_input):
    loss = ["area", "decision", "on", "people", "unit", "status", "source"]
    write_table(small_input / "losses.csv", loss, ["D1", "861", "2021-06-01", "300", "people", "published", "x"])
    table = communes_to_allocate(bhyt.load(small_input), "D1")
    assert table["lost"].isna().all()  # only the district's sum is reported
    assert "it is not in: C1 Xã Đầu, C2 Xã Sau" in result(allocate, table, 0.7, method="shock-adjusted")[1]
    zones = ["area", "decision", "zone", "since", "status", "source"]
    write_table(small_input / "zones.csv", zones, ["C1", "861", "I", "2021-06-01", "published", "x"])
    table = communes_to_allocate(bhyt.load(small_input), "D1")
    assert table["lost"].tolist() == [300, 0]  # all of it in the commune that the decision names
    # 300 to add; gaps of 100 · (1 - 300 / 1,000) = 70 and 1,100: 17.95 and 282.05
    assert allocate(table, 0.7, method="shock-adjusted")["to_add"].tolist() == [18, 282]


def test_communes_without_cards_are_reported(data, small_input):
    vi, en = result(communes_to_allocate, data, "Sơn Dương")
    assert vi.startswith("Huyện Sơn Dương: chưa có số thẻ theo xã")
    assert "only the same rate can be set for every commune" in en
    vi, en = result(communes_to_allocate, data, "X001", on="2019-12-31")
    assert "đến ngày 31/12/2019" in vi
    assert "up to 31 December 2019" in en
    cards = ["area", "as_of", "group", "cards", "status", "source"]
    write_table(small_input / "cards.csv", cards, ["C1", "2021-06-30", "household", "200", "published", "BHXH"])
    _, en = result(communes_to_allocate, bhyt.load(small_input), "D1")
    assert en.startswith("Communes without cards on 30 June 2021 (1): C2 Xã Sau. Add them; or make")
