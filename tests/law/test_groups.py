"""The groups of article 12 and the codes on the card."""

import pandas as pd
import pytest

from bhyt_analysis.law import drop_nested_groups, groups, groups_flagged, leaf_groups
from bhyt_analysis.law.groups import FLAGS

# The two letters of the card, by the group that pays (Decision 1351/QĐ-BHXH and those before it).
CODES = {
    "employer_employee": "DN HX CH NN TK HC XK",
    "social_security_paid": "HT TB NO CT XB TN CS",
    "state_paid": "QN CA CY XN MS CC CK CB KC HD TE BT HN DT DK XD TS TC TQ TV TA TY HG LS PV",
    "state_supported": "CN HS SV GB",
    "household": "GD",
}


def test_every_card_code_belongs_to_its_group_and_to_one_sub_group():
    table = groups()
    single = table[(table.index != table["group"]) | (table.index == "household")]
    single = single[~single.index.isin(["difficult_area", "student"])]
    for group, codes in CODES.items():
        own = ";".join(c for c in single.loc[single["group"] == group, "card_codes"] if c).split(";")
        assert sorted(own) == sorted(codes.split())


ARTICLE_12 = [
    "employer_employee", "pensioner", "army", "person_of_merit_first_class", "child_under_6", "social_assistance",
    "poor", "minority_in_difficult_area", "relative_of_martyr", "relative_of_army_staff", "near_poor", "student",
    "household",
]  # fmt: skip


def test_titles_follow_the_order_of_article_12():
    order = groups()["title_order"][ARTICLE_12]
    assert order.is_monotonic_increasing
    assert order.is_unique


def test_flags_list_groups_in_their_order():
    assert groups_flagged("destination")[:2] == ("student", "near_poor")
    table = groups()
    for flag in FLAGS:
        assert table[flag].dropna().sort_values().tolist() == list(range(1, len(groups_flagged(flag)) + 1)), flag
    payers = table["payer"].isin(["employer", "social_security_fund"])  # they pay on salary or allowance
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
