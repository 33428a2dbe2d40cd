"""Premiums against worked cases of the decrees, and against a slow calculator written from their text."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law import Law
from bhyt_analysis.model.finance.premiums import household_premium

# --- The oracle: one person at a time, in fractions, from the text of the law. -------------------
# It does not read law.csv. Base salary: the decrees named; contribution 4.5% of it (Decree 146/2018
# art. 7, Decree 188/2025 art. 6); households 100, 70, 60, 50 and 40 per cent (art. 7(1e)); support
# by art. 8 of Decree 146/2018, art. 3 of Decree 75/2023 and art. 6(6) of Decree 188/2025.


def oracle_base_salary(day):
    for since, salary in (
        (dt.date(2026, 7, 1), 2_530_000),
        (dt.date(2024, 7, 1), 2_340_000),
        (dt.date(2023, 7, 1), 1_800_000),
        (dt.date(2019, 7, 1), 1_490_000),
        (dt.date(2018, 7, 1), 1_390_000),
        (dt.date(2017, 7, 1), 1_300_000),
    ):
        if day >= since:
            return salary
    raise AssertionError(day)


def oracle_support(group, day):
    """The share that the State pays, or None where the text gives no support."""
    new_decree = day >= dt.date(2025, 7, 1)
    if group in (
        "poor",
        "child_under_6",
        "minority_in_difficult_area",
        "resident_of_island",
        "difficult_area",
        "war_veteran",
    ):
        return Fraction(1)
    if group == "near_poor":
        return Fraction(70, 100)
    if group == "student":
        return Fraction(50, 100) if new_decree else Fraction(30, 100)
    if group == "farm_average_income":
        return Fraction(30, 100)
    if group == "minority_left_2016_2020_list":
        return Fraction(70, 100) if dt.date(2023, 11, 1) <= day <= dt.date(2026, 10, 31) else None
    if group == "minority_left_later":
        return Fraction(70, 100) if new_decree else None
    if group == "village_staff_and_health_worker":
        return Fraction(50, 100) if new_decree else None
    if group == "household":
        return Fraction(0)
    raise AssertionError(group)


def oracle_dong(amount):
    """Half up to the đồng."""
    return int((Decimal(amount.numerator) / Decimal(amount.denominator)).quantize(Decimal(1), ROUND_HALF_UP))


def oracle_premium(group, member, day):
    factor = {1: 100, 2: 70, 3: 60, 4: 50}.get(member, 40) if group == "household" else 100
    year = Fraction(45, 1000) * oracle_base_salary(day) * Fraction(factor, 100) * 12
    share = oracle_support(group, day)
    premium = oracle_dong(year)
    if share is None:
        return premium, None, None
    subsidy = oracle_dong(year * share)
    return premium, subsidy, premium - subsidy


GROUPS = ["poor", "child_under_6", "minority_in_difficult_area", "difficult_area", "war_veteran", "near_poor",
          "student",
          "farm_average_income", "minority_left_2016_2020_list", "minority_left_later", "household",
          "village_staff_and_health_worker", "resident_of_island"]  # fmt: skip
person = st.tuples(st.sampled_from(GROUPS), st.integers(1, 9))
days = st.dates(dt.date(2017, 7, 1), dt.date(2029, 12, 31))


@given(people=st.lists(person, min_size=1, max_size=40), day=days)
def test_premiums_equal_the_calculator_written_from_the_law(people, day):
    table = bhyt.premiums(pd.DataFrame(people, columns=["group", "member"]), Law.read().at(day))
    for (group, member), row in zip(people, table.to_dict("records"), strict=True):
        expected = oracle_premium(group, member, day)
        got = [None if np.isnan(row[c]) else int(row[c]) for c in ("premium", "subsidy", "own_payment")]
        assert got == list(expected), (group, member, day)


@given(day=days, people=st.lists(person, min_size=1, max_size=20))
def test_what_the_state_and_the_person_pay_add_up(day, people):
    table = bhyt.premiums(pd.DataFrame(people, columns=["group", "member"]), Law.read().at(day))
    complete = table.dropna()
    assert (complete["premium"] == complete["subsidy"] + complete["own_payment"]).all()
    assert (complete["subsidy"] >= 0).all()
    assert (complete["own_payment"] >= 0).all()


# --- Worked cases with their source --------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "premium"),
    [("2021-07-01", 804_600), ("2023-07-01", 972_000), ("2024-07-01", 1_263_600), ("2026-07-01", 1_366_200)],
)
def test_a_year_of_the_first_member(law, day, premium):
    # 4.5% x 1,490,000 x 12 = 804,600 and 4.5% x 1,800,000 x 12 = 972,000, as the social security agency announced
    table = bhyt.premiums(pd.DataFrame({"group": ["household"]}), law.at(day))
    assert table["premium"].tolist() == [premium]


def test_members_of_a_household_in_2021(law):
    people = pd.DataFrame({"group": "household", "member": [1, 2, 3, 4, 5, 6]})
    table = bhyt.premiums(people, law.at("2021-07-01"))
    # 804,600 x 100, 70, 60, 50, 40, 40 per cent
    assert table["own_payment"].tolist() == [804_600, 563_220, 482_760, 402_300, 321_840, 321_840]
    assert household_premium(6, law.at("2021-07-01")) == 2_896_560


def test_a_near_poor_person_and_a_pupil_in_2021(law):
    table = bhyt.premiums(pd.DataFrame({"group": ["near_poor", "student"]}), law.at("2021-07-01"))
    assert table["own_payment"].tolist() == [241_380, 563_220]  # 30% and 70% of 804,600


def test_a_province_may_add_to_the_national_support(law):
    people = pd.DataFrame({"group": ["near_poor", "student", "farm_average_income"]})
    table = bhyt.premiums(people, law.at("2026-01-01", area="Đắk Lắk"))
    assert table["subsidy_share"].tolist() == [1.0, 0.55, 0.6]


def test_an_employee_pays_a_third_of_the_contribution_on_the_salary(law):
    people = pd.DataFrame({"group": ["employer_employee"], "income": [10_000_000]})
    table = bhyt.premiums(people, law.at("2021-07-01"))
    # 4.5% of 10,000,000 x 12 = 5,400,000; 1.5% is the employee's
    assert table[["premium", "own_payment"]].to_numpy().tolist() == [[5_400_000, 1_800_000]]


def test_without_a_salary_an_employees_premium_is_missing_and_not_zero(law):
    table = bhyt.premiums(pd.DataFrame({"group": ["employer_employee", "pensioner"]}), law.at("2021-07-01"))
    assert table[["premium", "subsidy", "own_payment"]].isna().all(axis=None)


def test_the_input_is_not_changed_and_its_columns_stay(law):
    people = pd.DataFrame({"group": ["poor"], "name_of_cell": ["a"]}, index=[7])
    copy = people.copy()
    table = bhyt.premiums(people, law.at("2021-07-01"))
    pd.testing.assert_frame_equal(people, copy)
    assert table.columns.tolist() == [
        "group",
        "name_of_cell",
        "factor",
        "premium",
        "subsidy_share",
        "subsidy",
        "own_payment",
    ]
    assert table.index.tolist() == [7]


def test_an_unknown_group_and_a_bad_member_are_errors(law):
    with pytest.raises(ValueError, match="no group near_por"):
        bhyt.premiums(pd.DataFrame({"group": ["near_por"]}), law.at("2021-07-01"))
    with pytest.raises(ValueError, match="column group"):
        bhyt.premiums(pd.DataFrame({"nhom": ["poor"]}), law.at("2021-07-01"))
    with pytest.raises(ValueError, match="member"):
        bhyt.premiums(pd.DataFrame({"group": ["household"], "member": [0]}), law.at("2021-07-01"))


MIXED = pd.DataFrame(
    {
        "group": ["pensioner", "household", "employee_of_enterprise", "near_poor", "minority_left_later", "household"],
        "member": [1, 7, 2, 3, 1, 1],
        "income": [4_000_001, np.nan, 10_000_000, 5_000_000, np.nan, np.nan],
    },
    index=[3, 3, 1, 0, 9, 8],
)


def test_groups_as_a_categorical_give_the_same_as_text(law):
    coded = MIXED.astype({"group": "category"})
    # Categories in another order, and some that no one has, complete or not: they do not matter.
    strange = ["tong_cong", *(f"khac_{n}" for n in range(300))]
    other = MIXED.assign(group=pd.Categorical(MIXED["group"], [*strange, *reversed(list(bhyt.groups().index))]))
    for day in ("2021-07-01", "2025-08-01"):
        expected = bhyt.premiums(MIXED, law.at(day))
        for people in (coded, other):
            table = bhyt.premiums(people, law.at(day))
            pd.testing.assert_frame_equal(table.drop(columns="group"), expected.drop(columns="group"))
            assert table["group"].dtype == people["group"].dtype


def test_incomes_count_only_for_groups_that_pay_on_them(law):
    table = bhyt.premiums(MIXED, law.at("2021-07-01"))
    # 4.5% x 12 of 4,000,001 is 2,160,000.54 and of 10,000,000 is 5,400,000; the others on 1,490,000
    assert table["premium"].tolist() == [2_160_001, 321_840, 5_400_000, 804_600, 804_600, 804_600]
    assert table["own_payment"].tolist()[:4] == [0, 321_840, 1_800_000, 241_380]
    assert np.isnan(table["own_payment"].iloc[4])  # no such support in 2021
    assert table["factor"].tolist() == [1, 0.4, 1, 1, 1, 1]


def test_amounts_are_float64_and_the_input_is_left_alone(law):
    people = MIXED.astype({"group": "category"})
    copy = people.copy()
    table = bhyt.premiums(people, law.at("2021-07-01"))
    added = ["factor", "premium", "subsidy_share", "subsidy", "own_payment"]
    assert table.dtypes[added].tolist() == [np.dtype("float64")] * 5
    table.loc[:, [*added, "income"]] = -1.0
    table.loc[:, "member"] = 9
    pd.testing.assert_frame_equal(people, copy)
    again = bhyt.premiums(table, law.at("2021-07-01"))  # amounts worked out before are replaced
    assert again.columns.tolist() == [*MIXED, *added]
    assert again["premium"].iloc[1] == 321_840


@pytest.mark.parametrize("kind", ["str", "category"])
def test_a_missing_or_unknown_group_is_an_error(law, kind):
    people = pd.DataFrame({"group": ["poor", "zzz", None, "near_por"]}).astype({"group": kind})
    with pytest.raises(BhytError) as caught:
        bhyt.premiums(people, law.at("2021-07-01"))
    assert str(caught.value) == "There is no group near_por, zzz, ?; groups.csv lists them"
    assert caught.value.text("vi") == "Không có nhóm đối tượng near_por, zzz, ?; các nhóm ở tệp groups.csv"


@pytest.mark.parametrize("member", [[1, 0], [1, -65_535], [1, None], [1, "hai"], [1.0, np.nan]])
def test_a_member_below_1_is_an_error(law, member):
    with pytest.raises(ValueError, match="The column member must be"):
        bhyt.premiums(pd.DataFrame({"group": "household", "member": member}), law.at("2021-07-01"))


def test_a_late_member_pays_as_the_fifth_and_no_rows_give_no_rows(law):
    people = pd.DataFrame({"group": "household", "member": [5, 70_000, 10**12]})
    assert set(bhyt.premiums(people, law.at("2021-07-01"))["premium"]) == {321_840}
    for kind in ("str", "category"):
        empty = bhyt.premiums(people.head(0).astype({"group": kind}), law.at("2021-07-01"))
        assert (len(empty), empty["own_payment"].dtype) == (0, np.dtype("float64"))


def test_a_day_before_the_law_is_an_error(law):
    with pytest.raises(ValueError, match="contribution_rate"):
        bhyt.premiums(MIXED, law.at("2014-01-01"))


def test_a_full_year_of_the_lost_cards(law):
    # 30,082 x 804,600 and 46,106 x 804,600, worked out by hand
    assert bhyt.full_year_cost(30_082, law, ["2021-07-01"])["cost"].tolist() == [24_203_977_200]
    assert bhyt.full_year_cost(46_106, law, ["2021-07-01"])["cost"].tolist() == [37_096_887_600]


def test_the_cost_under_a_proposal_is_marked_as_one(law):
    proposal = law | Law.read("data/reforms/contribution_rate_2027.csv")
    table = bhyt.full_year_cost(1000, proposal, ["2026-12-01", "2027-01-01"])
    assert table["status"].tolist() == ["derived", "proposal"]
    assert table["cost"].tolist() == [1_366_200_000, 1_548_360_000]  # 2,530,000 x 5.1% x 12 x 1,000
