"""The groups of article 12 and the codes on the card."""

import pandas as pd
import pytest

from bhyt_analysis.law import drop_nested_groups, groups, groups_flagged, groups_on, leaf_groups
from bhyt_analysis.law.groups import FLAGS, values_by_month

# The two letters of the card, by the group that pays (Decision 1351/QĐ-BHXH and those before it).
CODES = {
    "employer_employee": "DN HX CH NN TK HC XK",
    "social_security_paid": "HT TB NO XB TN CS",
    "state_paid": "QN CA CY XN MS CC CK CB KC HD TE BT HN DT DK XD TS TC TQ TA TY HG LS PV CT LH AK",
    "employer_paid": "TV",
    "state_supported": "CN HS SV GB",
    "household": "GD",
}


def test_every_card_code_belongs_to_its_group_and_to_one_sub_group():
    table = groups()
    single = table[(table.index != table["group"]) | (table.index == "household")]
    single = single[~single.index.isin(["difficult_area", "student", *CODES]) | (single.index == "household")]
    for group, codes in CODES.items():
        own = ";".join(c for c in single.loc[single["group"] == group, "card_codes"] if c).split(";")
        assert sorted(own) == sorted(codes.split())


# The first of each clause and letter of article 12, as two texts have them.
LAW_46 = """employer_employee; pensioner; army; retired_commune_cadre_state_budget; ended_loss_of_capacity_allowance;
    person_of_merit_first_class; deputy; child_under_6; social_assistance; poor; minority_in_difficult_area;
    relative_of_martyr; relative_of_person_of_merit; relative_of_army_staff; organ_donor;
    foreign_student_on_scholarship; relative_of_defence_employee; near_poor; student; household"""
LAW_51 = """employer_employee; pensioner; army; reserve_officer_trainee; standing_militia; person_of_merit_first_class;
    deputy; child_under_6; relative_of_martyr; relative_of_person_of_merit; relative_of_army_staff; poor;
    near_poor_minority_in_minority_area; minority_in_difficult_area; social_assistance; social_pension;
    relative_of_defence_employee; near_poor; student; grassroots_security_force; village_staff_and_health_worker;
    minority_left_later; artisan; trafficking_victim; household"""


@pytest.mark.parametrize(
    ("day", "order"), [("2015-01-01", LAW_46), ("2025-06-30", LAW_46), ("2025-07-01", LAW_51), ("2026-11-26", LAW_51)]
)
def test_titles_follow_the_order_of_article_12_on_the_day(day, order):
    table = groups_on(day)
    own = table["title_order"][[key.strip() for key in order.split(";")]]
    assert own.notna().all()
    assert own.is_monotonic_increasing
    assert own.is_unique


# (key, day, group, payer, level): Decree 146/2018 art. 3(17), 6 and 14; Law 51/2024; Resolution 261/2025; letter 38.
@pytest.mark.parametrize(
    ("key", "day", "group", "payer", "level"),
    [
        ("survivors_allowance_at_80", "2018-11-30", "social_security_paid", "social_security_fund", "4"),
        ("survivors_allowance_at_80", "2018-12-01", "state_paid", "state_budget", "2"),
        ("relative_of_defence_employee", "2021-07-01", "employer_paid", "employer", "4"),
        ("relative_of_police_staff", "2021-07-01", "state_paid", "state_budget", "4"),
        ("relative_of_police_worker", "2021-07-01", "employer_paid", "employer", "4"),
        ("social_pension", "2025-12-31", "state_paid", "state_budget", "4"),
        ("social_pension", "2026-01-01", "state_paid", "state_budget", "2"),
        ("near_poor", "2025-12-31", "state_supported", "state_budget_and_household", "3"),
        ("near_poor", "2026-01-01", "state_supported", "state_budget_and_household", "2"),
        ("maternity", "2018-12-01", "social_security_paid", "social_security_fund", ""),
    ],
)
def test_group_payer_and_level_are_those_of_the_day(key, day, group, payer, level):
    assert groups_on(day).loc[key, ["group", "payer", "benefit_level"]].tolist() == [group, payer, level]


NEW_GROUPS = {
    "standing_militia": "2025-07-01",
    "social_pension": "2025-07-01",
    "artisan_low_income": "2018-12-01",
    "worker_short_of_pension": "2025-07-01",
    "maternity": "2018-12-01",
}


@pytest.mark.parametrize(("key", "since"), NEW_GROUPS.items())
def test_a_group_is_not_there_before_the_law_has_it(key, since):
    day_before = pd.Timestamp(since) - pd.Timedelta(days=1)
    assert pd.isna(groups_on(day_before).at[key, "group"])
    assert groups_on(since).at[key, "group"] == groups().at[key, "group"]


def test_periods_of_a_group_follow_each_other_without_a_gap():
    for key in groups().index:
        days = pd.date_range("2015-01-01", "2027-12-31", freq="MS")
        there = [p is not None for p in values_by_month(key, "payer", list(days))]
        assert there == sorted(there), key  # once there, it stays: `until` of a period is the day before the next


def test_flags_list_groups_in_their_order():
    assert groups_flagged("destination")[:2] == ("student", "near_poor")
    table = groups()
    for flag in FLAGS:
        assert table[flag].dropna().sort_values().tolist() == list(range(1, len(groups_flagged(flag)) + 1)), flag
    payers = table["payer"].isin(["employer_and_employee", "social_security_fund"])  # they pay on salary or allowance
    assert set(groups_flagged("earnings_based")) == set(table.index[payers])


def test_every_group_has_names_in_both_languages_and_a_reference():
    table = groups()
    for column in ("name_vi", "name_en", "reference", "payer"):
        assert (table[column] != "").all()
    assert not table["name_vi"].duplicated().any()


def test_every_subsidy_key_is_in_the_law(law):
    keys = set(law.table.loc[law.table["parameter"] == "subsidy_share", "key"])
    assert set(groups()["subsidy_key"]) - {""} <= keys


@pytest.fixture
def cards():
    rows = [
        ("state_paid", 100),
        ("poor", 30),
        ("difficult_area", 50),
        ("minority_in_difficult_area", 20),
        ("household", 7),
    ]
    return pd.DataFrame(rows, columns=["group", "cards"]).assign(area="A", as_of="2021-12-31")


def test_a_card_is_counted_once_in_its_group_and_its_parts(cards):
    assert drop_nested_groups(cards)["group"].tolist() == ["state_paid", "household"]


def test_leaf_groups_are_those_not_split_further(cards):
    assert leaf_groups(cards)["group"].tolist() == ["poor", "minority_in_difficult_area", "household"]


def test_parts_of_another_area_or_day_do_not_count(cards):
    other = cards.assign(area=["A", "B", "B", "B", "A"])
    assert drop_nested_groups(other)["cards"].sum() == 100 + 30 + 50 + 7
