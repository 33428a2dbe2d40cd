"""What the law table promises: each rule of reading it is a test."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from bhyt_analysis.domain.country import country
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law import Law, LawError
from bhyt_analysis.law.groups import groups_on
from bhyt_analysis.law.law_file import FILE, STATUSES
from bhyt_analysis.model.finance.budget import payer_shares
from bhyt_analysis.model.finance.premiums import premiums, subsidy_history, subsidy_shares
from bhyt_analysis.model.reclassification.entitlements import assign_entitlement

from ..conftest import write_table

COLUMNS = ["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status"]


def reform(tmp_path, *rows, name="reform.csv"):
    return Law.read(write_table(tmp_path / name, COLUMNS, *rows))


def row(parameter, key, area, since, until, value, reference="một nghị quyết", status="confirmed"):
    return [parameter, key, area, since, until, value, "share", reference, status]


# Base salaries, each from the decree that it is cited to.
@pytest.mark.parametrize(
    ("day", "salary"),
    [
        ("2012-05-01", 1_050_000),  # Decree 31/2012
        ("2013-07-01", 1_150_000),  # Decree 66/2013
        ("2016-05-01", 1_210_000),  # Decree 47/2016
        ("2017-07-01", 1_300_000),  # Decree 47/2017
        ("2018-07-01", 1_390_000),  # Decree 72/2018
        ("2019-07-01", 1_490_000),  # Decree 38/2019
        ("2021-07-01", 1_490_000),  # the rise planned for 2020-07-01 never came
        ("2023-06-30", 1_490_000),
        ("2023-07-01", 1_800_000),  # Decree 24/2023
        ("2024-07-01", 2_340_000),  # Decree 73/2024
        ("2026-06-30", 2_340_000),
        ("2026-07-01", 2_530_000),  # Decree 161/2026
        ("2026-11-22", 2_530_000),
    ],
)
def test_base_salary_of_each_decree(law, day, salary):
    assert law.at(day)["base_salary"] == salary


# (key, day, share): what the State pays, from the decrees.
@pytest.mark.parametrize(
    ("key", "day", "share"),
    [
        ("near_poor", "2021-07-01", 0.7),
        ("student", "2025-06-30", 0.3),
        ("student", "2025-07-01", 0.5),
        ("farm_average_income", "2021-07-01", 0.3),
        ("household", "2021-07-01", 0.0),
        ("poor", "2021-07-01", 1.0),
        ("minority_left_2016_2020_list", "2023-11-01", 0.7),
        ("minority_left_2016_2020_list", "2026-10-31", 0.7),
        ("minority_left_later", "2025-07-01", 0.7),
        ("near_poor_in_poor_district", "2018-11-30", 1.0),  # Decree 105/2014 art. 3(1a)
        ("near_poor_in_poor_district", "2025-06-30", 1.0),  # Decree 146/2018 art. 8(1a)
        ("near_poor_in_poor_commune", "2025-07-01", 1.0),  # Decree 188/2025 art. 6(6) and 70(2)
        ("near_poor_minority_in_minority_area", "2025-07-01", 1.0),  # Law 51/2024: a title of art. 12(3)
        ("multidimensionally_poor_other", "2025-06-30", 0.7),  # Decree 146/2018 art. 8(1b)
        ("grassroots_security_force", "2025-07-01", 0.5),  # Law 51/2024 art. 12(4c)
        ("artisan", "2025-07-01", 0.5),  # art. 12(4h)
        ("trafficking_victim", "2025-07-01", 0.5),  # art. 12(4i)
        ("mine_victim", "2025-07-01", 0.3),  # Decree 188/2025 arts 5(4) and 6(6)
        ("resident_of_safe_zone_commune", "2026-11-26", 1.0),
    ],
)
def test_support_of_each_group(law, key, day, share):
    assert law.at(day)["subsidy_share"][key] == share


# What provinces add to the national share.
@pytest.mark.parametrize(
    ("key", "area", "day", "share"),
    [
        ("near_poor", "Nghệ An", "2025-12-31", 1.0),
        ("near_poor", "Nghệ An", "2026-01-01", 1.0),
        ("farm_average_income", "Nghệ An", "2026-11-26", 0.5),
        ("minority_left_later", "Nghệ An", "2026-11-26", 1.0),
        ("student", "Điện Biên", "2024-09-01", 0.5),
        ("student", "Điện Biên", "2025-07-01", 0.7),
        ("near_poor", "Lào Cai", "2024-12-31", 1.0),
        ("near_poor", "Lào Cai", "2025-01-01", 0.7),
        ("minority_left_2016_2020_list", "Bạc Liêu", "2024-07-01", 1.0),
    ],
)
def test_what_a_province_pays_on_top(law, key, area, day, share):
    assert law.at(day, area)["subsidy_share"][key] == share


def test_a_pupil_of_dien_bien_pays_379_080_for_a_year(law):
    # printed by the province: 30% of 12 months at 4.5% of 2,340,000
    pupil = premiums(pd.DataFrame({"group": ["student"]}), law.at("2025-09-01", "Điện Biên")).iloc[0]
    assert (pupil["own_payment"], pupil["premium"]) == (379_080, 1_263_600)


@pytest.mark.parametrize(
    ("key", "day", "share"),
    [
        ("near_poor", "2025-12-31", 0.95),
        ("near_poor", "2026-01-01", 1.0),  # Resolution 261/2025/QH15 art. 2(1a)
        ("social_pension_75", "2025-12-31", 0.8),  # letter 38/BYT-BH: level 4, then 2
        ("social_pension_75", "2026-01-01", 1.0),
        ("state_paid_area", "2026-11-26", 1.0),
        ("household", "2026-11-26", 0.8),
        ("minority_left_2016_2020_list", "2025-06-30", 0.95),
    ],
)
def test_benefits_of_each_group(law, key, day, share):
    assert law.at(day)["benefit_share"][key] == share


def test_no_row_runs_on_a_repealed_decree_unless_it_says_so(law):
    # Decree 146's articles 12 and 14 ended on 2025-06-30, the rest of it and Decree 75 on 2025-08-14.
    for decree in ("146/2018", "75/2023"):
        late = law.table[(law.table["until"] > dt.date(2025, 8, 14)) & law.table["reference"].str.contains(decree)]
        alone = late[~late["reference"].str.contains("188/2025")]
        assert set(alone["status"]) <= {"conflict"}, alone["key"].tolist()


def test_nothing_in_the_law_is_from_memory(law):
    assert not law.table["note"].str.contains("memory|recall", case=False).any()


@pytest.mark.parametrize("day", ["2021-07-01", "2023-10-31", "2026-11-01"])
def test_minorities_who_left_had_support_from_november_2023_for_36_months(law, day):
    assert "minority_left_2016_2020_list" not in law.at(day)["subsidy_share"].index


def test_a_row_governs_from_since_to_until_both_inclusive(tmp_path, law):
    change = reform(tmp_path, row("contribution_rate", "", "", "2027-03-02", "2027-03-04", "0.05"))
    after = law | change
    rates = [after.at(f"2027-03-0{d}")["contribution_rate"] for d in (1, 2, 3, 4, 5)]
    assert rates == [0.045, 0.05, 0.05, 0.05, 0.045]


def test_blank_until_is_onward(tmp_path, law):
    after = law | reform(tmp_path, row("contribution_rate", "", "", "2027-01-01", "", "0.051"))
    assert after.at("2099-12-31")["contribution_rate"] == 0.051


def test_when_a_reform_ends_the_law_of_that_day_resumes(tmp_path, law):
    after = law | reform(tmp_path, row("base_salary", "", "", "2023-01-01", "2025-12-31", "2000000"))
    assert after.at("2022-12-31")["base_salary"] == 1_490_000
    assert after.at("2024-12-31")["base_salary"] == 2_000_000  # in place of the decree of July 2024 too
    assert after.at("2026-01-01")["base_salary"] == 2_340_000


def test_a_later_reform_covers_an_earlier_one(tmp_path, law):
    first = reform(tmp_path, row("contribution_rate", "", "", "2027-01-01", "", "0.051"), name="a.csv")
    second = reform(tmp_path, row("contribution_rate", "", "", "2026-12-01", "2027-06-30", "0.06"), name="b.csv")
    after = law | first | second
    assert [after.at(d)["contribution_rate"] for d in ("2027-06-30", "2027-07-01")] == [0.06, 0.051]
    assert (law | (first | second)).at("2027-06-30")["contribution_rate"] == 0.06


def test_the_law_is_not_changed_by_a_reform_of_it(tmp_path, law):
    before = law.table.copy()
    law | reform(tmp_path, row("contribution_rate", "", "", "2027-01-01", "", "0.051"))
    pd.testing.assert_frame_equal(law.table, before)


def test_the_smallest_area_goes_first(tmp_path, law):
    after = law | reform(
        tmp_path,
        row("subsidy_share", "near_poor", "51", "2022-01-01", "", "0.8"),
        row("subsidy_share", "near_poor", "524", "2022-01-01", "", "0.9"),
        row("subsidy_share", "near_poor", "21040", "2022-01-01", "", "1.0"),
    )
    chain = [("21040", "Thị trấn Châu Ổ"), ("524", "Huyện Bình Sơn"), ("51", "Tỉnh Quảng Ngãi")]
    for start, share in ((0, 1.0), (1, 0.9), (2, 0.8)):
        assert after.at("2022-06-01", area=chain[start:])["subsidy_share"]["near_poor"] == share
    assert after.at("2022-06-01")["subsidy_share"]["near_poor"] == 0.7


@pytest.mark.parametrize(("national", "paid"), [("0.52", 0.55), ("0.7", 0.7)])
def test_the_national_share_is_the_least_that_a_province_pays(tmp_path, law, national, paid):
    change = reform(tmp_path, row("subsidy_share", "student", "", "2026-12-01", "", national))
    after = law | change
    # Every way to the share gives it: Đắk Lắk's own 55%, and more where everybody has more.
    months = [pd.Timestamp("2026-12-31")]
    pupils = pd.DataFrame({"pupil": [True]})
    today = after.at("2026-12-01", area="Đắk Lắk")
    answers = [
        today["subsidy_share"]["student"],
        today.number("subsidy_share", "student"),
        after.monthly("subsidy_share", months, "Đắk Lắk")["student"].iloc[0],
        payer_shares(after, months, "Đắk Lắk")["student"].iloc[0],
        subsidy_shares(today)["pupil"],
        assign_entitlement(pupils, today)["subsidy_share"].iloc[0],
        premiums(pd.DataFrame({"group": ["student"]}), today)["subsidy_share"].iloc[0],
        subsidy_history(after, "student", "2026-12-01", "Đắk Lắk", today="2026-12-01")["share"].iloc[-1],
    ]
    assert answers == [paid] * len(answers)
    assert today.reference("subsidy_share", "student") == (
        "một nghị quyết" if paid == 0.7 else "resolution of Đắk Lắk (+5% on the national share)"
    )
    assert ("Đắk Lắk" in law.compare(change)["text"].iloc[0]) == (paid == 0.55)


@pytest.mark.parametrize("name", ["Quảng Ngãi", "Tỉnh Quảng Ngãi", "quang ngai", "QUẢNG NGÃI"])
def test_an_area_is_known_by_its_name_with_or_without_accents(law, name):
    shares = law.at("2024-06-01", area=name)["subsidy_share"]
    assert shares["minority_left_2016_2020_list"] == 1.0


def test_a_province_without_rows_of_its_own_has_the_national_law(law):
    national, local = law.at("2024-06-01"), law.at("2024-06-01", area="Sơn La")
    pd.testing.assert_series_equal(national["subsidy_share"], local["subsidy_share"])


def test_two_rows_of_one_place_and_day_are_an_error(tmp_path):
    with pytest.raises(LawError, match=r"rows 2 and 3.*contribution_rate is given twice since 2027-01-01"):
        Law.read(
            write_table(tmp_path / "r.csv", COLUMNS, *[row("contribution_rate", "", "", "2027-01-01", "", "0.05")] * 2)
        )


@pytest.mark.parametrize("until", ["2028-12-31", ""])
def test_an_overlap_is_an_error_that_says_what_to_write(tmp_path, until):
    rows = [
        row("contribution_rate", "", "", "2027-01-01", until, "0.05"),
        row("contribution_rate", "", "", "2028-01-01", "", "0.06"),
    ]
    with pytest.raises(LawError, match=r"overlap.*write until 2027-12-31 in row 2"):
        Law.read(write_table(tmp_path / "r.csv", COLUMNS, *rows))


def test_look_ups_are_by_key_and_never_by_position(law):
    mixed = Law(law.table.sample(frac=1, random_state=1))
    today, other = law.at("2025-11-22", "Huế"), mixed.at("2025-11-22", "Huế")
    for parameter in law.table["parameter"].unique():
        first, second = today[parameter], other[parameter]
        if isinstance(first, float):
            assert first == second
        else:
            assert first.to_dict() == second.to_dict()


def test_money_is_float64(law):
    assert law.table["value"].dtype == np.float64
    assert isinstance(law.at("2026-11-22")["base_salary"], float)


def test_every_value_cites_a_text(law):
    assert (law.table["reference"].str.len() > 5).all()
    assert not law.table["reference"].str.contains("same", regex=False).any()


def test_no_proposal_is_part_of_the_law_in_force(law):
    assert set(law.table["status"]) <= set(STATUSES) - {"proposal"}
    assert law.at("2027-06-01")["contribution_rate"] == 0.045


def test_the_proposed_rate_is_in_a_reform_file(law):
    proposal = Law.read(FILE.parents[2] / "data" / "reforms" / "contribution_rate_2027.csv")
    rates = [
        (law | proposal).at(d)["contribution_rate"] for d in ("2026-12-31", "2027-01-01", "2030-01-01", "2032-01-01")
    ]
    assert rates == [0.045, 0.051, 0.054, 0.06]
    assert set(proposal.table["status"]) == {"proposal"}


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("reference", "", "row 2, column reference: blank"),
        ("since", "31 Dec 2027", 'row 2, column since: "31 Dec 2027" is not a date'),
        ("until", "2026-01-01", "row 2, column until: 2026-01-01 is before since 2027-01-01"),
        ("value", "5,1%", 'row 2, column value: "5,1%" is not a number'),
        ("parameter", "contribution_rat", "did you mean contribution_rate?"),
        ("status", "sure", 'row 2, column status: "sure", expected one of'),
    ],
)
def test_a_bad_row_is_reported_with_its_place(tmp_path, column, value, sentence):
    cells = row("contribution_rate", "", "", "2027-01-01", "", "0.051")
    cells[COLUMNS.index(column)] = value
    with pytest.raises(LawError) as error:
        Law.read(write_table(tmp_path / "r.csv", COLUMNS, cells))
    assert sentence in str(error.value)
    assert "r.csv" in error.value.text("vi")


def test_all_bad_rows_are_reported_at_once(tmp_path):
    rows = [row("contribution_rate", "", "", "x", "", "y", reference="") for _ in range(3)]
    with pytest.raises(LawError) as error:
        Law.read(write_table(tmp_path / "r.csv", COLUMNS, *rows))
    assert len(str(error.value).splitlines()) == 9


def test_a_law_file_in_another_encoding_is_an_error(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("parameter;Đắk Lắk\n".encode("utf-16"))
    with pytest.raises(LawError, match="not UTF-8"):
        Law.read(path)


def test_missing_columns_and_files_are_errors(tmp_path):
    with pytest.raises(LawError, match="column unit is missing"):
        Law.read(write_table(tmp_path / "r.csv", [c for c in COLUMNS if c != "unit"]))
    with pytest.raises(LawError, match="no such file"):
        Law.read(tmp_path / "none.csv")


def test_an_unknown_parameter_names_the_nearest(law):
    today = law.at("2026-11-22")
    with pytest.raises(LawError, match="did you mean base_salary"):
        today["base_salry"]
    with pytest.raises(LawError, match="did you mean near_poor"):
        today.number("subsidy_share", "near_por")
    with pytest.raises(LawError, match="no value is in force on 2010-01-01"):
        law.at("2010-01-01")["base_salary"]


@pytest.mark.parametrize("day", ["tháng 6", "hôm nay", ""])
def test_a_text_that_is_not_a_date_is_an_error(law, day):
    with pytest.raises(BhytError, match="is not a date"):
        law.at(day)


def test_months_take_the_value_of_the_first_day(law):
    months = law.months("2023-01-15", "2023-12-31")
    salary = months[months["parameter"] == "base_salary"]
    assert salary["value"].tolist() == [1_490_000.0] * 6 + [1_800_000.0] * 6
    assert salary["month"].tolist() == list(pd.date_range("2023-01-01", periods=12, freq="MS"))
    left = months[months["key"] == "minority_left_2016_2020_list"]
    assert [m.month for m in left["month"].unique()] == [11, 11, 12, 12] or {m.month for m in left["month"]} == {11, 12}


def test_months_that_run_backwards_are_an_error(law):
    with pytest.raises(LawError, match="is before the first"):
        law.months("2023-02-01", "2023-01-31")


def test_compare_says_what_changes_from_when(tmp_path, law):
    change = reform(
        tmp_path,
        row("subsidy_share", "student", "", "2025-01-01", "", "0.5"),
        row("subsidy_share", "near_poor", "", "2025-01-01", "", "0.7"),  # changes nothing
    )
    table = law.compare(change)
    assert table[["key", "since", "until", "before", "after"]].to_numpy().tolist() == [
        ["student", dt.date(2025, 1, 1), dt.date(2025, 6, 30), 0.3, 0.5]
    ]
    assert "from 0.3 to 0.5" in table["text"].iloc[0]
    assert "2025-01-01 to 2025-06-30" in table["text"].iloc[0]


def test_compare_lists_each_period_once_where_a_reform_covers_another(tmp_path, law):
    first = reform(tmp_path, row("contribution_rate", "", "", "2027-01-01", "", "0.051"), name="a.csv")
    second = reform(tmp_path, row("contribution_rate", "", "", "2028-01-01", "2028-12-31", "0.06"), name="b.csv")
    table = law.compare(first | second)
    periods = {str(r.since): ("" if pd.isna(r.until) else str(r.until), r.after) for r in table.itertuples()}
    assert len(table) == 3
    assert periods == {
        "2027-01-01": ("2027-12-31", 0.051),
        "2028-01-01": ("2028-12-31", 0.06),
        "2029-01-01": ("", 0.051),
    }


def test_compare_marks_a_proposal(law):
    proposal = Law.read(FILE.parents[2] / "data" / "reforms" / "contribution_rate_2027.csv")
    assert law.compare(proposal)["text"].str.contains("a proposal, not in force").all()


def test_latest_change_is_the_day_after_a_value_ends(law):
    assert law.latest_change("2026-11-22") == dt.date(2026, 11, 1)  # Decree 75's 36 months are over
    assert law.latest_change("2026-10-31") == dt.date(2026, 7, 1)


def test_the_fingerprint_changes_with_any_value(law):
    other = Law(law.table.assign(value=law.table["value"] * 1.001))
    assert law.sha256() != other.sha256()
    assert law.sha256() == Law.read().sha256()


@pytest.mark.parametrize("area", [None, "Đắk Lắk", "Nghệ An", [("51", "Tỉnh Quảng Ngãi"), ("VN", "Việt Nam")]])
@pytest.mark.parametrize("reform", [None, "data/reforms/near_poor_100.csv", "data/reforms/contribution_rate_2027.csv"])
def test_the_law_by_months_is_the_law_of_their_first_days(area, reform):
    law = Law.read() if reform is None else Law.read() | Law.read(reform)
    months = pd.date_range("2020-01-31", "2032-12-31", freq="ME")
    for parameter in ("subsidy_share", "contribution_rate", "household_factor"):
        table = law.monthly(parameter, months, area)
        for month in months[::5]:
            rows = law.at(month.replace(day=1), area).rows(parameter).set_index("key")["value"]
            assert table.loc[month.replace(day=1)].dropna().to_dict() == rows.to_dict()


@pytest.mark.parametrize(
    ("bad_row", "part"),
    [
        (row("subsidy_share", "near_poor", "", "2027-01-01", "", "70"), "a share, at most 1"),
        (row("base_salary", "", "", "2027-01-01", "", "-5"), "at least 0"),
        (
            row("base_salary", "", "", "2027-01-01", "", "2800"),
            "base_salary = 2800; expected 500,000 to 50,000,000 VND a month; did you mean 2800000",
        ),
        (row("base_salary", "", "", "2027-01-01", "", "2.8"), "did you mean 2800000"),
        (row("base_salary", "", "", "2027-01-01", "", "60000000"), "60000000; expected 500,000 to 50,000,000 VND"),
        (row("base_salary", "", "", "2027-01-01", "", "2.800.000"), "separators of thousands; write 2800000"),
        (row("contribution_rate", "", "", "2027-01-01", "", "0.07"), "7.0% is above the 6.0% that the law allows"),
        (
            row("subsidy_share", "near_por", "", "2027-01-01", "", "0.8"),
            "no key of subsidy_share; the nearest: near_poor",
        ),
        (row("base_salary", "near_poor", "", "2027-01-01", "", "2600000"), "no key of base_salary"),
    ],
)
def test_an_impossible_value_is_an_error(tmp_path, bad_row, part):
    with pytest.raises(LawError, match=part):
        reform(tmp_path, bad_row)


# A ward of Hà Nội, one of Thanh Hóa, a commune of Lâm Đồng and one of Bình Phước: of other places than their names'.
@pytest.mark.parametrize(
    ("code", "day", "key", "share"),
    [
        ("00019", "2025-01-01", "student", 0.3),
        ("14767", "2025-01-01", "student", 0.3),
        ("25189", "2024-06-01", "minority_left_2016_2020_list", 0.7),
        ("25414", "2022-06-01", "provincial_group", None),
        ("100", "2025-01-01", "student", 0.5),  # the district of Điện Biên is in its province
        ("522", "2024-06-01", "minority_left_2016_2020_list", 1.0),
        ("75", "2025-06-01", "provincial_group", 0.45),
    ],
)
def test_a_province_s_own_share_is_not_that_of_wards_of_its_name(law, code, day, key, share):
    places = country().geography.places(code, day)
    assert law.at(day, places)["subsidy_share"].get(key) == share
    assert law.monthly("subsidy_share", [day], places).get(key, pd.Series([np.nan])).iloc[0] == pytest.approx(
        share if share is not None else np.nan, nan_ok=True
    )


def test_the_rows_of_the_second_reading_hold(law):
    """Rows and marks of November 2026: nothing recalled from memory, second-hand and disputed values say so."""
    expected = {
        ("subsidy_share", "near_poor_minority_in_minority_area", "2025-07-01"): (1.0, "secondary"),
        ("subsidy_share", "minority_left_2016_2020_list", "2025-08-14"): (0.7, "confirmed"),
        ("subsidy_share", "minority_left_2016_2020_list", "2025-08-15"): (0.7, "conflict"),
        ("benefit_share", "minority_left_2016_2020_list", "2025-06-30"): (0.95, "confirmed"),
        ("benefit_share", "minority_left_2016_2020_list", "2025-07-01"): (0.95, "conflict"),
        ("continuity_gap", "", "2026-11-26"): (3, "secondary"),  # 90 days were recalled only
        ("subsidy_share", "multidimensionally_poor_other", "2025-06-30"): (0.7, "confirmed"),
    }
    for (parameter, key, day), row in expected.items():
        table = law.at(day).rows(parameter).set_index("key")
        assert tuple(table.loc[key, ["value", "status"]]) == row
    texts = law.table["note"] + law.table["status"] + law.table["reference"]
    assert not texts.str.contains("recall|from memory", case=False).any()
    later = groups_on("2026-11-26")
    second_hand = later.index[later["reference"].str.fullmatch(r"Law 25.* Law 51/2024/QH15 art\. 12\(3\)")]
    assert set(later.loc[second_hand.difference(["state_paid", "state_paid_other", "poor"]), "status"]) == {"secondary"}
