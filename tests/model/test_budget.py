"""Costs by month and payer, worked out by hand from the decrees."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law import Law
from bhyt_analysis.model.finance.budget import HOUSEHOLD_SIZES, PAYERS, household_scale


def cards(group, months, insured=1000, **more):
    return pd.DataFrame({"month": months, "group": group, "insured": insured, **more})


def year(group_keys):
    return pd.date_range(f"{group_keys}-01-31", periods=12, freq="ME")


def test_a_base_salary_that_changes_in_july_changes_the_second_half_only(law):
    table = bhyt.budget(cards("household", year(2023)), law)
    # 6 months of 4.5% of 1,490,000 (Decree 38/2019) and 6 of 1,800,000 (Decree 24/2023), a thousand people
    assert table["vnd"].tolist() == [67_050_000.0] * 6 + [81_000_000.0] * 6
    assert table["vnd"].sum() == 888_300_000
    assert set(table["payer"]) == {"household"}


def test_the_lost_cards_of_son_duong_in_a_year(law):
    months = pd.date_range("2021-07-31", periods=12, freq="ME")
    assert bhyt.budget(cards("difficult_area", months, 30_082), law)["vnd"].sum() == 30_082 * 804_600


def test_pupils_pay_half_from_july_2025(law):
    table = bhyt.budget(cards("student", ["2025-06-30", "2025-07-31"], 100), law).set_index(["month", "payer"])["vnd"]
    # 4.5% of 2,340,000 is 105,300 a month; 30% and then 50% of it from the State
    assert table["2025-06-30"].to_dict() == {"central": 3_159_000, "household": 7_371_000}
    assert table["2025-07-31"].to_dict() == {"central": 5_265_000, "household": 5_265_000}


def test_what_a_province_adds_is_the_provinces(law):
    table = bhyt.budget(cards("minority_left_2016_2020_list", ["2024-07-31"], 10), law, area="Quảng Ngãi")
    # 105,300 a month: 70% national (Decree 75/2023), 30% on top by the province
    assert table.set_index("payer")["vnd"].to_dict() == {"central": 737_100, "province": 315_900}


def test_employers_and_pensioners_need_an_income(law):
    rows = cards(["employer_employee", "social_security_paid"], ["2024-07-31"] * 2, 10)
    unknown = bhyt.budget(rows, law)
    assert unknown["vnd"].isna().sum() >= 2
    result = bhyt.budget(rows, law, income={"employer_employee": 6_000_000, "social_security_paid": 4_000_000})
    # 3% and 1.5% of 6 million, 4.5% of 4 million (Decree 146/2018 art. 7)
    assert result.set_index("payer")["vnd"].to_dict() == {
        "employer": 1_800_000,
        "household": 900_000,
        "social_security_fund": 1_800_000,
    }


def test_the_employer_pays_all_for_relatives_of_defence_employees(law):
    # Decree 146/2018 art. 6(1) and 7: 4.5% of the base salary, by the employer alone; 105,300 a month at 2,340,000
    table = bhyt.budget(cards("relative_of_defence_employee", ["2024-07-31"], 10), law)
    assert table.set_index("payer")["vnd"].to_dict() == {"employer": 1_053_000}
    price = bhyt.premiums(pd.DataFrame({"group": ["relative_of_defence_employee"]}), law.at("2024-07-01")).iloc[0]
    assert price[["premium", "subsidy", "own_payment"]].tolist() == [1_263_600, 1_263_600, 0]


def test_survivors_of_great_age_cost_the_state_from_december_2018(law):
    # Decree 146/2018 art. 3(17): the social security fund before, on the allowance; 4.5% of 1,390,000 is 62,550
    months = ["2018-11-30", "2018-12-31"]
    table = bhyt.budget(cards("survivors_allowance_at_80", months, 10), law)
    costs = table.set_index(["month", "payer"])["vnd"].dropna()
    assert costs.to_dict() == {("2018-12-31", "central"): 625_500}
    assert table.loc[table["vnd"].isna(), ["month", "payer"]].to_numpy().tolist() == [
        ["2018-11-30", "social_security_fund"]
    ]


def test_a_group_that_the_law_does_not_have_yet_has_no_cost(law):
    table = bhyt.budget(cards("social_pension", ["2025-06-30", "2025-07-31"], 10), law)
    assert table.loc[table["month"] == "2025-06-30", "vnd"].isna().all()
    assert table.loc[table["month"] == "2025-07-31", ["payer", "vnd"]].to_numpy().tolist() == [["central", 1_053_000]]


def test_a_group_that_only_a_province_supports_is_paid_by_the_province(law):
    # The 45% of Đồng Nai for minority farm households has no national share below it.
    table = bhyt.budget(cards("provincial_group", ["2025-01-31"], 10), law, area="Đồng Nai").set_index("payer")["vnd"]
    assert table.to_dict() == {"province": 473_850, "household": 579_150}
    assert bhyt.budget(cards("provincial_group", ["2025-01-31"], 10), law, area="Sơn La")["vnd"].isna().all()


def test_an_entitlement_that_is_not_in_force_costs_nothing(law):
    table = bhyt.budget(cards("minority_left_2016_2020_list", ["2026-11-30"], 10), law)
    assert table["vnd"].isna().all()


def test_a_reform_of_the_rate_reaches_every_payer(law):
    reform = Law.read("data/reforms/contribution_rate_2027.csv")
    table = bhyt.budget(cards("near_poor", ["2027-01-31"], 100), law | reform).set_index("payer")["vnd"]
    # 5.1% of 2,530,000 is 129,030: 70 and 30 per cent
    assert table.to_dict() == {"central": 9_032_100, "household": 3_870_900}


def test_bad_calls_are_errors(law):
    with pytest.raises(BhytError, match="no column month"):
        bhyt.budget(pd.DataFrame({"group": ["poor"], "insured": [1]}), law)
    with pytest.raises(BhytError, match="no group rich"):
        bhyt.budget(cards("rich", ["2024-07-31"]), law)


def test_the_household_scale_by_hand(law):
    factors = law.at("2021-07-01")["household_factor"]
    rows = pd.DataFrame(
        [
            {"people": 1, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_1": 1},  # 1
            {"people": 4, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_4": 1},  # 2.8 / 4
            {"people": 6, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_6": 1},  # (2.8 + 0.4 + 0.4) / 6
            {"people": 8, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_7_plus": 1},  # (2.8 + 4 x 0.4) / 8
        ]
    )
    assert household_scale(rows, factors).tolist() == pytest.approx([1.0, 0.7, 0.6, 0.55])


def oracle_scale(sizes):
    factor = [1.0, 0.7, 0.6, 0.5, 0.4]
    paid = members = 0
    for size, count in enumerate(sizes, start=1):
        for _ in range(count):
            members += size
            paid += sum(factor[min(i, 4)] for i in range(size))
    return paid / members


@given(sizes=st.lists(st.integers(0, 30), min_size=6, max_size=6).filter(any))
def test_the_household_scale_is_that_of_the_oracle(law, sizes):
    people = sum(size * count for size, count in enumerate(sizes, start=1))
    row = pd.DataFrame([{"people": people, **dict(zip(HOUSEHOLD_SIZES, [*sizes, 0], strict=True))}])
    scale = household_scale(row, law.at("2021-07-01")["household_factor"])
    assert scale.iloc[0] == pytest.approx(oracle_scale(sizes))


@given(sizes=st.lists(st.integers(0, 30), min_size=6, max_size=6).filter(any), paying=st.floats(0.01, 0.99))
def test_the_scale_where_some_members_pay_is_that_of_all_cases(law, sizes, paying):
    # every way in which the members of a household may pay or not, with its chance
    factor, paid, payers = [1.0, 0.7, 0.6, 0.5, 0.4, 0.4], 0.0, 0.0
    for size, count in enumerate(sizes, start=1):
        for case in itertools.product([True, False], repeat=size):
            chance = count * paying ** sum(case) * (1 - paying) ** (size - sum(case))
            paid += chance * sum(factor[: sum(case)])
            payers += chance * sum(case)
    people = sum(size * count for size, count in enumerate(sizes, start=1))
    row = pd.DataFrame([{"people": people, **dict(zip(HOUSEHOLD_SIZES, [*sizes, 0], strict=True))}])
    scale = household_scale(row, law.at("2021-07-01")["household_factor"], paying)
    assert scale.iloc[0] == pytest.approx(paid / payers)


def test_the_scale_is_missing_without_sizes_and_least_where_all_pay(law):
    factors = law.at("2021-07-01")["household_factor"]
    none = pd.DataFrame([{"people": 8, **dict.fromkeys(HOUSEHOLD_SIZES, np.nan)}])
    assert household_scale(none, factors).isna().all()
    row = pd.DataFrame([{"people": 17, **dict.fromkeys(HOUSEHOLD_SIZES, 0), "size_7_plus": 2}])
    # two households of 8 and 9: 2.8 + 4 x 0.4 and 2.8 + 5 x 0.4
    scales = [household_scale(row, factors, paying).iloc[0] for paying in (0, 0.3, 0.7, 1)]
    assert (scales[0], scales[-1]) == pytest.approx((1, (4.4 + 4.8) / 17))
    assert scales == sorted(scales, reverse=True)


@given(
    group=st.sampled_from(["poor", "near_poor", "student", "farm_average_income", "household", "difficult_area"]),
    month=st.dates(pd.Timestamp("2016-01-01").date(), pd.Timestamp("2026-12-31").date()),
    area=st.sampled_from([None, "Đắk Lắk", "Nghệ An", "Huế", "Quảng Ngãi"]),
)
def test_the_payers_together_pay_the_premium(law, group, month, area):
    table = bhyt.budget(cards(group, [str(month)], 1), law, area)
    first = month.replace(day=1)
    premium = law.at(first)["base_salary"] * law.at(first)["contribution_rate"]
    assert table["vnd"].sum() == pytest.approx(premium, abs=len(PAYERS))


def test_the_result_of_a_published_count_is_derived(law):
    rows = cards("poor", ["2024-07-31"], 5, status="published")
    assert bhyt.budget(rows, law)["status"].tolist() == ["derived"]
    assert not np.isnan(bhyt.budget(rows, law)["vnd"]).any()
