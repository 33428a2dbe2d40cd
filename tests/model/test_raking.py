"""Raked tables have both totals, the ratios of their seed, and whole people without a person lost."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.distribution.raking import rake, round_to_margins

# Ardilly, Tillé, "Sampling Methods: Exercises and Solutions" (2006), on raking: a table and its known totals.
SEED = np.array([[80.0, 170, 150], [90, 80, 210], [10, 80, 130]])
ROWS, COLUMNS = [430, 360, 210], [150, 300, 550]

shapes = st.tuples(st.integers(1, 5), st.integers(1, 5))
tables = st.tuples(shapes, st.integers(0, 2**32 - 1))


def random_table(shape, seed, low=0.1, high=50.0):
    return np.random.default_rng(seed).uniform(low, high, shape)


def random_totals(shape, seed):
    """A random table with whole totals: whole people, and fractions that go round in circles."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 4, shape).astype(float)
    for _ in range(12 if min(shape) > 1 else 0):
        (a, b), (c, d) = (rng.choice(n, 2, replace=False) for n in shape)
        amount = min(table[a, d], table[b, c]) * rng.uniform(0, 1)
        table[[a, b], [c, d]] += amount
        table[[a, b], [d, c]] -= amount
    return table, np.rint(table.sum(axis=1)), np.rint(table.sum(axis=0))


def cross_products(table):
    """The ratios between cells, which scaling of rows and columns leaves as they are."""
    return table[:-1, :-1] * table[1:, 1:] / (table[:-1, 1:] * table[1:, :-1])


def test_a_table_of_the_literature_gets_its_totals_and_keeps_its_ratios():
    result = rake(SEED, ROWS, COLUMNS)
    # There is one table only with these totals and the cross-products of the seed (Ireland and Kullback 1968).
    np.testing.assert_allclose(result.sum(axis=1), ROWS, atol=1e-6)
    np.testing.assert_allclose(result.sum(axis=0), COLUMNS, atol=1e-6)
    np.testing.assert_allclose(cross_products(result), cross_products(SEED), rtol=1e-9)


def test_two_by_two_by_hand():
    # seed of cross-product 3 x 1 / (1 x 1) = 3, all totals 10: x^2 / (10 - x)^2 = 3, x = 10 sqrt 3 / (1 + sqrt 3)
    x = 10 * 3**0.5 / (1 + 3**0.5)
    np.testing.assert_allclose(rake(np.array([[3, 1], [1, 1]]), [10, 10], [10, 10]), [[x, 10 - x], [10 - x, x]])


def test_a_seed_of_equal_cells_gives_the_product_of_the_totals():
    # 50 x 60 / 80 = 37.5 and so on
    result = rake(np.ones((2, 2)), [50, 30], [60, 20])
    np.testing.assert_allclose(result, [[37.5, 12.5], [22.5, 7.5]])


def test_a_frame_comes_back_as_a_frame_and_a_series_is_put_in_its_order():
    seed = pd.DataFrame({"poor": [1, 2], "household": [1, 0]}, index=["Tân Trào", "Kháng Nhật"])
    rows = pd.Series({"Kháng Nhật": 30, "Tân Trào": 50})
    columns = pd.Series({"household": 20, "poor": 60})
    expected = pd.DataFrame({"poor": [30.0, 30.0], "household": [20.0, 0.0]}, index=["Tân Trào", "Kháng Nhật"])
    pd.testing.assert_frame_equal(rake(seed, rows, columns), expected)
    pd.testing.assert_frame_equal(round_to_margins(expected, rows, columns), expected.astype("int64"))
    with pytest.raises(BhytError, match=r'(?s)"Sơn Nam".*no total of "Tân Trào"'):
        rake(seed, pd.Series({"Kháng Nhật": 30, "Sơn Nam": 50}), columns)


@given(table=tables, factors=st.integers(0, 2**32 - 1))
def test_a_scaled_table_is_found_again_from_its_totals(table, factors):
    shape, seed = table
    result = random_table(shape, seed)
    rng = np.random.default_rng(factors)
    scaled = result * rng.uniform(0.2, 5, (shape[0], 1)) * rng.uniform(0.2, 5, shape[1])
    np.testing.assert_allclose(rake(scaled, result.sum(axis=1), result.sum(axis=0)), result, rtol=1e-5)


@given(table=tables)
def test_empty_cells_stay_empty_and_totals_are_met(table):
    shape, seed = table
    result = random_table(shape, seed)
    result[np.random.default_rng(seed).uniform(size=shape) < 0.3] = 0
    seed_table = np.where(result > 0, 1.0, 0.0)
    raked = rake(seed_table, result.sum(axis=1), result.sum(axis=0), rounds=20_000)
    assert (raked[result == 0] == 0).all()
    np.testing.assert_allclose(raked.sum(axis=1), result.sum(axis=1), atol=1.1e-6)
    np.testing.assert_allclose(raked.sum(axis=0), result.sum(axis=0), atol=1.1e-6)


@given(table=tables, order=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_and_columns_is_of_no_matter(table, order):
    shape, seed = table
    target, start = random_table(shape, seed), random_table(shape, seed + 1)
    rng = np.random.default_rng(order)
    r, c = rng.permutation(shape[0]), rng.permutation(shape[1])
    result = rake(start, target.sum(axis=1), target.sum(axis=0))
    turned = rake(start[r][:, c], target.sum(axis=1)[r], target.sum(axis=0)[c])
    np.testing.assert_allclose(turned, result[r][:, c], rtol=1e-5)


def test_a_table_of_the_country_is_raked():
    rng = np.random.default_rng(1)
    target = rng.gamma(2, 300, (11_000, 12))
    result = rake(rng.gamma(2, 300, (11_000, 12)), target.sum(axis=1), target.sum(axis=0))
    np.testing.assert_allclose(result.sum(axis=1), target.sum(axis=1), atol=1e-5)


def test_unequal_totals_are_an_error_with_the_difference():
    with pytest.raises(BhytError, match=r"rows add to 80.00, the columns to 81.00: a difference of −1.00 people"):
        rake(np.ones((2, 2)), [50, 30], [60, 21])


def test_rows_and_columns_that_can_not_be_reached_are_all_named():
    seed = pd.DataFrame({"poor": [0, 1, 0], "household": [0, 1, 0], "student": [0, 0, 0]}, index=["A", "B", "C"])
    with pytest.raises(BhytError) as error:
        rake(seed, [5, 10, 0], [6, 6, 3])
    assert error.value.messages == (
        ("error.rake_row_unreachable", {"name": "A", "total": 5.0}),
        ("error.rake_column_unreachable", {"name": "student", "total": 3.0}),
    )
    assert "Dòng A cần 5 người" in error.value.text("vi")


def test_a_column_that_only_an_empty_row_could_fill_is_named():
    with pytest.raises(BhytError, match="Column 2 needs 4 people"):
        rake(np.array([[1, 0], [1, 1]]), [8, 0], [4, 4])


def test_totals_out_of_reach_are_named_with_the_difference():
    # row 1 has only column 1, which needs 1 person, but row 1 needs 2
    with pytest.raises(BhytError) as error:
        rake(np.array([[1, 0], [1, 1]]), [2, 1], [1, 2], rounds=50)
    first, *furthest = error.value.messages
    assert first == ("error.rake_not_met", {"rounds": 50, "count": 2})
    assert [(key, fields["name"]) for key, fields in furthest] == [("error.rake_row_off", n) for n in (1, 2)]
    assert [round(fields["difference"], 3) for _, fields in furthest] == [-1, 1]


def test_missing_and_negative_figures_are_all_named():
    seed = np.array([[1, np.nan], [-2, 1]])
    with pytest.raises(BhytError) as error:
        rake(seed, [np.nan, 3], [1, -3])
    keys = [key.removeprefix("error.rake_") for key, _ in error.value.messages]
    assert keys == ["cell", "cell", "row_total", "column_total"]
    with pytest.raises(ValueError, match="one for each of 2"):
        rake(np.ones((2, 2)), [1], [1, 0])
    with pytest.raises(ValueError, match="dimensions"):
        rake(np.ones(2), [1], [1, 0])


def test_totals_of_zero_give_a_table_of_zeros():
    assert rake(np.zeros((2, 2)), [0, 0], [0, 0]).tolist() == [[0, 0], [0, 0]]
    assert round_to_margins(np.zeros((2, 2)), [0, 0], [0, 0]).tolist() == [[0, 0], [0, 0]]


def test_whole_people_by_hand():
    # One person goes up in each row. The largest remainders of both rows are in column 1, which may have one only.
    # Row 1 up in column 1 and row 2 in column 2: 0.6 + 0.5; the other way round: 0.5 + 0.4. The first is nearer.
    table = np.array([[0.6, 0.4], [0.5, 0.5]])
    assert round_to_margins(table, [1, 1], [1, 1], tolerance=0.2).tolist() == [[1, 0], [0, 1]]


def test_a_table_that_does_not_have_the_totals_is_an_error():
    with pytest.raises(BhytError, match=r"(?s)Column 1: 1.10 people, expected 1.00 .*Column 2: 0.90"):
        round_to_margins(np.array([[0.6, 0.4], [0.5, 0.5]]), [1, 1], [1, 1])
    # each cell may change by less than one: three people do not fit into two cells of 0.6
    with pytest.raises(BhytError, match=r"Row 1: 1.20 people, expected 3.00"):
        round_to_margins(np.array([[0.6, 0.6], [0.6, 0.6]]), [3, 0], [2, 1], tolerance=2)


def test_one_row_is_the_largest_remainder():
    # 2.6, 1.9, 0.5 of five people, rounded down 2, 1, 0; the two left go to 0.9 and 0.6
    assert round_to_margins(np.array([[2.6, 1.9, 0.5]]), [5], [3, 2, 0], tolerance=0.6).tolist() == [[3, 2, 0]]
    assert round_to_margins(np.array([[2.25], [1.75]]), [2, 2], [4], tolerance=0.3).tolist() == [[2], [2]]


def test_many_communes_alike_share_out_the_people():
    # 400 communes with 0.25 people in each of four groups: each commune one person, each group 100
    result = round_to_margins(np.full((400, 4), 0.25), np.ones(400), np.full(4, 100))
    assert result.sum(axis=1).tolist() == [1] * 400
    assert result.sum(axis=0).tolist() == [100] * 4
    wide = round_to_margins(np.full((4, 400), 0.25), np.full(4, 100), np.ones(400))
    assert wide.sum(axis=0).tolist() == [1] * 400


def every_rounding(table, rows, columns):
    """All whole tables with the totals whose cells are the whole numbers below or above."""
    lower = np.floor(table + 1e-6)
    loose = np.argwhere(table - lower > 1e-6)
    for up in itertools.product([0, 1], repeat=len(loose)):
        result = lower.copy()
        result[tuple(loose.T)] += up
        if (result.sum(axis=1) == rows).all() and (result.sum(axis=0) == columns).all():
            yield result


@given(shape=st.tuples(st.integers(1, 3), st.integers(1, 4)), seed=st.integers(0, 2**32 - 1))
def test_of_all_roundings_it_is_one_of_the_nearest(shape, seed):
    table, rows, columns = random_totals(shape, seed)
    result = round_to_margins(table, rows, columns)
    least = min(np.abs(other - table).sum() for other in every_rounding(table, rows, columns))
    assert np.abs(result - table).sum() == pytest.approx(least, abs=1e-6)


@given(shape=st.tuples(st.integers(1, 30), st.integers(1, 12)), seed=st.integers(0, 2**32 - 1))
def test_whole_people_keep_both_totals_and_every_cell_within_one(shape, seed):
    table, rows, columns = random_totals(shape, seed)
    result = round_to_margins(table, rows, columns)
    assert result.dtype == np.int64
    assert (result.sum(axis=1) == rows).all()
    assert (result.sum(axis=0) == columns).all()
    assert (np.abs(result - table) < 1).all()
    settled = np.abs(table - np.rint(table)) < 1e-9
    assert (result[settled] == np.rint(table)[settled]).all()  # whole and empty cells stay


@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_communes_does_not_change_their_people(seed):
    table, rows, columns = random_totals((9, 4), seed)
    order = np.random.default_rng(seed).permutation(9)
    result, turned = round_to_margins(table, rows, columns), round_to_margins(table[order], rows[order], columns)
    # Where two roundings are as near as each other either may come; the distance is the same.
    assert np.abs(result - table).sum() == pytest.approx(np.abs(turned - table[order]).sum(), abs=1e-6)


@pytest.mark.parametrize("communes", [300, 1500])
def test_raking_then_whole_people_for_many_communes_with_rare_groups(communes):
    rng = np.random.default_rng(communes)
    share = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.009, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-4])
    table = rng.lognormal(8, 0.7, (communes, 1)) * share * rng.gamma(20, 0.05, (communes, 12))
    table[rng.uniform(size=table.shape) < 0.1] = 0
    counted = rng.poisson(table)
    rows, columns = counted.sum(axis=1), counted.sum(axis=0)
    raked = rake(np.where(counted > 0, np.maximum(table, 1e-4), table), rows, columns)
    result = round_to_margins(raked, rows, columns)
    assert (result.sum(axis=1) == rows).all()
    assert (result.sum(axis=0) == columns).all()
    assert (np.abs(result - raked) < 1).all()
    assert (result[raked == 0] == 0).all()


def test_totals_that_are_not_whole_people_are_named():
    with pytest.raises(BhytError, match=r"(?s)row 1: 0.5 is not.*column 2: 1.25 is not"):
        round_to_margins(np.array([[0.25, 0.25], [0.5, 1.0]]), [0.5, 1.5], [0.75, 1.25])
