"""The title under which a person is insured, against the order of article 12 read aloud, one person at a time."""

import datetime as dt
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law import Law
from bhyt_analysis.model.reclassification.entitlements import area_entitlements, assign_entitlement
from tests.conftest import write_table

# --- The oracle: one person, from the text of the law; it reads neither groups.csv nor law.csv. --------

LEFT_LIST, LEFT_LATER = "minority_left_2016_2020_list", "minority_left_later"


def oracle_support(title, day, province):
    """Per cent that the State pays for a title of article 12(4) on a day; None where there is no such title."""
    decree_188 = day >= dt.date(2025, 7, 1)  # Decree 188/2025/NĐ-CP art. 6(6)
    nghe_an = province == "Nghệ An" and 2021 <= day.year <= 2025  # Resolution 14/2020/NQ-HĐND
    hue = province == "Huế" and day >= dt.date(2025, 8, 15)
    dak_lak = province == "Đắk Lắk" and day >= dt.date(2025, 10, 30)
    # A resolution of 2025 of Nghệ An adds 30 points for near-poor and for minorities who left, 20 for farmers.
    nghe_an_2026 = province == "Nghệ An" and day.year >= 2026
    if title == "near_poor":
        return 100 if nghe_an or nghe_an_2026 or hue or dak_lak else 70
    if title == "near_poor_in_poor_district":  # Decree 146/2018/NĐ-CP art. 8(1a)
        return None if decree_188 else 100
    if title == "near_poor_in_poor_commune":
        return 100 if decree_188 else None
    if title in ("student", "pupil", "university_student"):
        return 55 if dak_lak else 50 if decree_188 else 30
    if title == "farm_average_income":
        if nghe_an:
            return {2021: 40, 2022: 45}.get(day.year, 50)
        return 60 if dak_lak else 50 if nghe_an_2026 else 30
    if title == LEFT_LIST:  # Decree 75/2023/NĐ-CP art. 3(3): 36 months from 2023-11-01
        if not dt.date(2023, 11, 1) <= day <= dt.date(2026, 10, 31):
            return None
        return 100 if province == "Quảng Ngãi" and day.year >= 2024 else 70
    if title == LEFT_LATER:
        if not decree_188:
            return None
        return 100 if hue or nghe_an_2026 else 85 if dak_lak else 70
    if title in ("village_staff_and_health_worker", "grassroots_security_force"):
        return 50 if decree_188 else None
    if title == "mine_victim":  # Decree 188/2025/NĐ-CP arts 5(4) and 6(6)
        return 30 if decree_188 else None
    raise AssertionError(title)


def oracle(entitlements, day, province):
    """(title, group of article 12, share that others pay) of a person who holds some titles."""
    # Article 12(1): the employer pays 3 of 4.5 per cent.
    if "employee_of_enterprise" in entitlements:
        return "employee_of_enterprise", "employer_employee", Fraction(2, 3)
    if "official_or_civil_servant" in entitlements:
        return "official_or_civil_servant", "employer_employee", Fraction(2, 3)
    # Article 12(2): the social security fund pays.
    if "pensioner" in entitlements:
        return "pensioner", "social_security_paid", Fraction(1)
    if "survivors_allowance_at_80" in entitlements and day < dt.date(2018, 12, 1):  # before Decree 146/2018 art. 3(17)
        return "survivors_allowance_at_80", "social_security_paid", Fraction(1)
    if "unemployment_benefit" in entitlements:
        return "unemployment_benefit", "social_security_paid", Fraction(1)
    # Article 12(3): the State pays; one order to 30 June 2025 (Law 46/2014), another one since (Law 51/2024).
    for title in LAW_46 if day < dt.date(2025, 7, 1) else LAW_51:
        if title in entitlements and (title not in BEGINS or day >= BEGINS[title]):
            return title, "state_paid", Fraction(1)
    # Decree 146/2018 art. 6: the employer pays for relatives of defence employees.
    if "relative_of_defence_employee" in entitlements:
        return "relative_of_defence_employee", "employer_paid", Fraction(1)
    # Article 12(4): the State supports; of several the highest, of equal ones the first.
    best = None
    for title in SUPPORTED:
        if title in entitlements:
            share = oracle_support(title, day, province)
            if share is not None and (best is None or share > best[1]):
                best = title, share
    if best:
        return best[0], "state_supported", Fraction(best[1], 100)
    # Article 12(5): by the household, at one's own cost.
    return "household", "household", Fraction(0)


# a) forces; d) merit, veterans; e) under 6; g) assistance; h) poor and by area; i) relatives; then by decrees.
LAW_46 = ["army", "person_of_merit_other", "war_veteran", "child_under_6", "social_assistance", "poor",
          "minority_in_difficult_area", "resident_of_especially_difficult_area", "resident_of_island",
          "relative_of_martyr", "survivors_allowance_at_80", "resident_of_safe_zone_commune"]  # fmt: skip
# 1st forces, 5th militia, 6th merit and veterans, 8th under 6, 9th relatives, 14th poor, near-poor minorities, areas.
LAW_51 = ["army", "standing_militia", "person_of_merit_other", "war_veteran", "child_under_6", "relative_of_martyr",
          "poor", "near_poor_minority_in_minority_area", "minority_in_difficult_area",
          "resident_of_especially_difficult_area", "resident_of_island", "social_assistance",
          "survivors_allowance_at_80", "resident_of_safe_zone_commune"]  # fmt: skip
BEGINS = {"survivors_allowance_at_80": dt.date(2018, 12, 1), "resident_of_safe_zone_commune": dt.date(2023, 10, 19)}
SUPPORTED = ["near_poor", "near_poor_in_poor_district", "near_poor_in_poor_commune", "student", "pupil",
             "university_student", "grassroots_security_force", "farm_average_income",
             "village_staff_and_health_worker", LEFT_LIST, LEFT_LATER, "mine_victim"]  # fmt: skip
TITLES = [*SUPPORTED, "employee_of_enterprise", "official_or_civil_servant", "pensioner", "unemployment_benefit",
          "army", "person_of_merit_other", "war_veteran", "child_under_6", "social_assistance", "poor",
          "minority_in_difficult_area", "resident_of_especially_difficult_area", "resident_of_island",
          "relative_of_martyr", "resident_of_safe_zone_commune", "near_poor_minority_in_minority_area",
          "standing_militia", "survivors_allowance_at_80", "relative_of_defence_employee"]  # fmt: skip
BEGINNINGS = ["2015-01-01", "2018-12-01", "2021-01-01", "2023-10-19", "2023-11-01", "2024-01-01", "2025-07-01",
              "2025-08-15", "2025-10-30", "2026-01-01", "2026-11-01"]  # fmt: skip


def days(rng):
    """Random days of 2015-2027, and the first day and the day before of whatever changed."""
    some = [dt.date(2015, 1, 1) + dt.timedelta(days=int(n)) for n in rng.integers(0, 13 * 365, 230)]
    first = [dt.date.fromisoformat(day) for day in BEGINNINGS]
    return some + first + [day - dt.timedelta(days=1) for day in first[1:]]


def test_5000_random_people_are_insured_as_the_law_reads():
    rng, law = np.random.default_rng(12), Law.read()
    combinations = set()
    for day in days(rng):
        province = rng.choice(["", "Nghệ An", "Đắk Lắk", "Huế", "Quảng Ngãi"])
        # Some hold many titles, most few, and half of them none of the first three clauses.
        odds = rng.uniform(0, 0.4, (21, 1)) * np.where(rng.random((21, 1)) < 0.5, 1, np.isin(TITLES, SUPPORTED))
        people = pd.DataFrame(rng.random((21, len(TITLES))) < odds, columns=TITLES)
        table = assign_entitlement(people, law.at(day, province or None))
        for (_, person), row in zip(people.iterrows(), table.to_dict("records"), strict=True):
            title, group, share = oracle({t for t in TITLES if person[t]}, day, province)
            assert (row["group"], row["article_group"]) == (title, group), (day, province, row)
            assert row["subsidy_share"] == pytest.approx(float(share), abs=1e-12)
            combinations.add(title)
    assert combinations == {*TITLES, "household"}


# --- Worked cases ---------------------------------------------------------------------------------


def one(law, day, *entitlements, area=None):
    row = assign_entitlement(pd.DataFrame({title: [True] for title in entitlements}), law.at(day, area)).iloc[0]
    return row["group"], float(row["subsidy_share"])


def test_a_poor_child_under_6_in_zone_iii_is_insured_as_a_child(law):
    # art. 12(3): e) children under 6 stand before h) poor households and residents of difficult areas
    child = pd.DataFrame({"zone": ["III"], "minority": [True], "child_under_6": [True], "poor": [True]})
    row = assign_entitlement(area_entitlements(child), law.at("2024-01-01")).iloc[0]
    assert (row["group"], row["article_group"], row["other_titles"]) == ("child_under_6", "state_paid", 2)


def test_a_martyrs_relative_in_zone_iii_changes_title_in_july_2025(law):
    # Law 46/2014: h) areas before i) relatives; Law 51/2024: 9th relatives, 14th areas
    titles = ("relative_of_martyr", "resident_of_especially_difficult_area", "social_assistance")
    assert one(law, "2025-06-30", *titles) == ("social_assistance", 1.0)
    assert one(law, "2025-06-30", *titles[:2]) == ("resident_of_especially_difficult_area", 1.0)
    assert one(law, "2025-07-01", *titles) == ("relative_of_martyr", 1.0)
    assert one(law, "2025-07-01", *titles[1:]) == ("resident_of_especially_difficult_area", 1.0)


def test_the_employer_pays_for_relatives_before_any_support(law):
    assert one(law, "2024-01-01", "relative_of_defence_employee", "near_poor") == ("relative_of_defence_employee", 1.0)
    assert one(law, "2024-01-01", "relative_of_defence_employee", "poor") == ("poor", 1.0)


def test_a_person_of_merit_in_a_poor_household_is_insured_by_merit(law):
    assert one(law, "2021-07-01", "poor", "person_of_merit_other") == ("person_of_merit_other", 1.0)


@pytest.mark.parametrize("day", ["2024-01-01", "2026-01-01"])
def test_a_near_poor_pupil_takes_70_per_cent_and_not_30_or_50(law, day):
    assert one(law, day, "pupil", "near_poor") == ("near_poor", 0.7)


def test_of_two_supports_of_70_per_cent_the_first_in_order_counts(law):
    assert one(law, "2023-11-01", LEFT_LIST, "near_poor") == ("near_poor", 0.7)
    # Quảng Ngãi tops the support of those who left the list up to 100 per cent
    assert one(law, "2024-06-01", LEFT_LIST, "near_poor", area="Quảng Ngãi") == (LEFT_LIST, 1.0)


def test_a_pupil_in_dak_lak_takes_55_per_cent_and_a_farming_pupil_60(law):
    assert one(law, "2026-01-01", "pupil", area="Đắk Lắk") == ("pupil", 0.55)
    assert one(law, "2026-01-01", "pupil", "farm_average_income", area="Đắk Lắk") == ("farm_average_income", 0.6)


def test_a_farming_student_in_nghe_an_in_2023_is_insured_as_farming(law):
    assert one(law, "2023-03-01", "student", "farm_average_income", area="Nghệ An") == ("farm_average_income", 0.5)
    assert one(law, "2023-03-01", "student", "farm_average_income") == ("student", 0.3)


def test_an_employee_who_is_a_war_veteran_is_insured_as_an_employee(law):
    assert one(law, "2021-07-01", "war_veteran", "employer_employee") == ("employer_employee", pytest.approx(2 / 3))
    assert one(law, "2021-07-01", "war_veteran", "pensioner") == ("pensioner", 1.0)


@pytest.mark.parametrize(
    ("title", "first", "last"),
    [
        (LEFT_LIST, "2023-11-01", "2026-10-31"),
        ("resident_of_safe_zone_commune", "2023-10-19", None),
        ("near_poor_in_poor_commune", "2025-07-01", None),
        ("near_poor_in_poor_district", None, "2025-06-30"),
    ],
)
def test_a_title_counts_from_its_first_day_to_its_last(law, title, first, last):
    day = pd.Timedelta(days=1)
    for inside, outside in ((first, first and pd.Timestamp(first) - day), (last, last and pd.Timestamp(last) + day)):
        if inside:
            assert one(law, inside, title)[0] == title
            assert one(law, outside, title) == ("household", 0.0)


def test_without_a_title_a_person_joins_by_the_household(law):
    people = pd.DataFrame({"poor": [False, False], "household": [True, False]})
    table = assign_entitlement(people, law.at("2021-07-01"))
    assert table["group"].tolist() == ["household", "household"]
    assert table["other_titles"].tolist() == [0, 0]
    assert assign_entitlement(pd.DataFrame({"people": [5]}), law.at("2021-07-01"))["group"].tolist() == ["household"]


def test_more_support_for_a_group_changes_the_entitlement(law, tmp_path):
    columns = ["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status"]
    row = [
        "subsidy_share",
        "farm_average_income",
        "",
        "2027-01-01",
        "",
        "0.8",
        "share of premium",
        "what if",
        "proposal",
    ]
    reform = Law.read(write_table(tmp_path / "reform.csv", columns, row))
    assert one(law, "2027-01-01", "near_poor", "farm_average_income") == ("near_poor", 0.7)
    assert one(law | reform, "2027-01-01", "near_poor", "farm_average_income") == ("farm_average_income", 0.8)


def test_premiums_take_the_table_as_it_is(law):
    people = pd.DataFrame({"near_poor": [True, False], "pupil": [True, True], "member": [1, 1]})
    today = law.at("2021-07-01")
    # 30 and 70 per cent of 804,600
    assert bhyt.premiums(assign_entitlement(people, today), today)["own_payment"].tolist() == [241_380, 563_220]


def test_the_input_stays_and_the_order_of_columns_does_not_matter(law):
    rng = np.random.default_rng(3)
    people = pd.DataFrame(rng.random((300, len(TITLES))) < 0.1, columns=TITLES, index=range(7, 307)).assign(area="A")
    copy, today = people.copy(), law.at("2025-08-01")
    table = assign_entitlement(people, today)
    pd.testing.assert_frame_equal(people, copy)
    assert table.columns.tolist() == [*people, "group", "article_group", "subsidy_share", "other_titles"]
    added = table.columns[len(people.columns) :]
    pd.testing.assert_frame_equal(assign_entitlement(people[people.columns[::-1]], today)[added], table[added])
    assert assign_entitlement(people.head(0), today).empty


def test_every_bad_column_of_entitlements_is_reported_at_once(law):
    people = pd.DataFrame(
        {
            "por": [True],
            "qqqq": [False],
            "near_poor": ["x"],
            "pupil": [3],
            "state_supported": [True],
            "minority": [True],
        }
    )
    with pytest.raises(BhytError) as caught:
        assign_entitlement(people, law.at("2024-01-01"))
    english, vietnamese = str(caught.value).splitlines(), caught.value.text("vi").splitlines()
    assert len(english) == len(vietnamese) == 5
    assert english[0] == "Column por: there is no such title; did you mean poor?"
    assert vietnamese[0] == "Cột por: không có đối tượng nào tên như vậy; có phải poor?"
    assert vietnamese[3] == 'Cột pupil phải là True (có) hoặc False (không) ở mọi dòng; có dòng ghi "3"'
    assert "near_poor_in_poor_commune" in english[4]


def test_a_title_that_is_missing_for_someone_is_no_title_not_held(law):
    people = pd.DataFrame({"poor": pd.array([True, None], dtype="boolean")})
    with pytest.raises(BhytError, match="column poor must be True or False"):
        assign_entitlement(people, law.at("2024-01-01"))
    complete = people.dropna()
    assert assign_entitlement(complete, law.at("2024-01-01"))["group"].tolist() == ["poor"]


# --- Titles by area -------------------------------------------------------------------------------


def oracle_area(zone, minority, special_village):
    """Article 12(3h): everybody where it is especially difficult, ethnic minorities where it is difficult."""
    if zone == "III" or special_village:
        return "resident_of_especially_difficult_area"
    if zone == "II" and minority:
        return "minority_in_difficult_area"
    return None


@pytest.mark.parametrize("kind", ["str", "category"])
def test_titles_by_area_are_those_of_the_law(kind):
    rows = [(z, m, v) for z in ("III", "II", "I", "none") for m in (True, False) for v in (True, False)]
    people = pd.DataFrame(rows, columns=["zone", "minority", "special_village"]).astype({"zone": kind})
    table = area_entitlements(people)
    for row in table.to_dict("records"):
        entitlements = [k for k in ("resident_of_especially_difficult_area", "minority_in_difficult_area") if row[k]]
        expected = oracle_area(row["zone"], row["minority"], row["special_village"])
        assert entitlements == ([expected] if expected else []), row
    unclassified = area_entitlements(people.drop(columns="special_village"))
    ordinary = ~people["special_village"]
    pd.testing.assert_frame_equal(unclassified[ordinary], table[ordinary].drop(columns="special_village"))


def test_every_fault_of_zones_is_reported_in_both_languages():
    people = pd.DataFrame({"zone": ["IV", "II"], "special_village": ["x", "y"]})
    with pytest.raises(BhytError) as caught:
        area_entitlements(people)
    assert str(caught.value).splitlines() == [
        "The table people has no column minority",
        'The column special_village must be True or False in every row; a row holds "x"',
        'Column zone: there is no zone "IV"; expected one of: III, II, I, none',
    ]
    assert caught.value.text("vi").count("\n") == 2
