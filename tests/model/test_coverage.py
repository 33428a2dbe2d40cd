"""Coverage names its numerator and denominator, keeps the rounding, and never takes missing for zero."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.model.coverage.coverage import areas_with_figures

from ..conftest import write_table


def test_son_duong_by_hand(data):
    row = bhyt.coverage(data, area="Sơn Dương").iloc[0]
    assert (row["insured"], row["population"]) == (155_163, 182_330)
    assert row["rate"] == pytest.approx(0.85100, abs=5e-6)  # the plan prints 85.1%
    assert row["status"] == "derived"  # worked out from two published figures
    assert row["population_as_of"] == pd.Timestamp("2021-12-31")


def test_groups_of_son_duong_add_up(data):
    table = bhyt.coverage(data, area="Sơn Dương", by=["group"])
    result = table.set_index("group")["insured"].to_dict()
    # the plan's five groups; its state-paid 80,185 and the 1,210 relatives whose cards the army issues
    assert result == {
        "employer_employee": 8541,
        "social_security_paid": 5374,
        "state_paid": 80_185 + 1_210,
        "state_supported": 33_118,
        "household": 26_735,
    }
    assert table["insured"].sum() == 155_163


def test_a_printed_rate_is_an_interval_without_invented_people(data):
    table = bhyt.coverage(data, "Lục Ngạn", by=["month"])
    assert table["insured"].isna().all()
    assert table["population"].isna().all()
    assert table["status"].unique().tolist() == ["published"]
    before, after = table.to_dict("records")
    assert pd.isna(before["rate"])  # "above 99%" is no rate but a bound
    assert (before["rate_low"], before["rate_high"]) == (0.99, 1.0)
    assert (after["rate"], after["rate_low"], after["rate_high"]) == (0.8721, 0.87205, 0.87215)


def test_an_area_without_figures_has_people_and_a_missing_rate(data):
    row = bhyt.coverage(data, "Bình Sơn").iloc[0]
    assert pd.isna(row["insured"])
    assert pd.isna(row["rate"])
    assert (row["population"], row["status"]) == (181_050, "census")


def test_the_contract_of_columns(data):
    first = ["area", "name", "as_of", "insured", "population", "rate", "rate_low", "rate_high", "status"]
    assert bhyt.coverage(data).columns.tolist()[:9] == first
    by_group = bhyt.coverage(data, "X001", by=["group"]).columns.tolist()
    assert by_group[:4] == ["area", "name", "group", "as_of"]


def test_communes_add_up_to_their_district(data):
    district = bhyt.coverage(data, "X001").iloc[0]
    communes = bhyt.coverage(data, "X001", by=["commune"])
    assert len(communes) == 12
    assert communes["insured"].sum() == district["insured"]
    assert communes["population"].sum() == district["population"]
    both = bhyt.coverage(data, "X001", by=["commune", "subgroup"])
    assert len(both) == 12 * 12
    assert both["insured"].sum() == district["insured"]


def test_synthetic_figures_make_synthetic_results(data):
    for by in ([], ["group"], ["commune"], ["month"]):
        assert bhyt.coverage(data, "X001", by=by)["status"].unique().tolist() == ["synthetic"]


def test_as_of_leaves_later_figures_out(data):
    assert bhyt.coverage(data, "X001", as_of="2021-05-31")["as_of"].tolist() == [pd.Timestamp("2021-05-31")]
    assert bhyt.coverage(data, "X001", as_of="2021-06-15")["as_of"].tolist() == [pd.Timestamp("2021-05-31")]
    assert pd.isna(bhyt.coverage(data, "Sơn Dương", as_of="2020-01-01")["insured"].iloc[0])


def test_every_month_is_there(data):
    assert len(bhyt.coverage(data, "X001", by=["month"])) == 24


def test_without_an_area_every_district_has_a_row(data):
    table = bhyt.coverage(data)
    # 28 districts of the four plans and the made-up one, the provinces of two plans, and two with a loss.
    assert len(table) == 33
    assert table["area"].tolist() == [data.find(area).code for area in areas_with_figures(data)]


def test_an_unknown_grouping_or_area_is_an_error(data):
    with pytest.raises(ValueError, match="by holds"):
        bhyt.coverage(data, "Sơn Dương", by=["village"])
    with pytest.raises(ValueError, match="did you mean"):
        bhyt.coverage(data, "Sơn Dươnk")


def test_areas_of_a_small_input(small_input):
    assert areas_with_figures(bhyt.load(small_input)) == ["D1"]


def test_nothing_after_the_day_asked_for_is_used(data, law):
    keys = set(bhyt.headline(data, law, "Sơn Dương", as_of="2020-12-31")["key"])
    assert not keys & {"insured", "lost", "reenrolled", "lost_cost"}
    facts = bhyt.headline(data, law, "Sơn Dương", as_of="2020-12-31").set_index("key")
    assert facts.at["population", "value"] == 183_600  # the census; the plan's count is of 2021


def test_what_a_total_holds_beyond_its_parts_stays_in_the_table(small_input):
    write_table(
        small_input / "cards.csv",
        ["area", "as_of", "group", "cards", "status", "source"],
        ["D1", "2021-06-30", "state_paid", "1000", "published", "BHXH"],
        ["D1", "2021-06-30", "poor", "300", "published", "BHXH"],
        ["D1", "2021-06-30", "household", "500", "published", "BHXH"],
    )
    table = bhyt.coverage(bhyt.load(small_input), "D1", by=["subgroup"])
    assert table.set_index("subgroup")["insured"].to_dict() == {"state_paid": 700, "poor": 300, "household": 500}


def test_a_reused_code_does_not_take_the_older_units_people(small_input):
    write_table(
        small_input / "areas.csv",
        ["code", "name", "kind", "parent", "since", "until"],
        ["P", "Tỉnh", "province", "", "", ""],
        ["C1", "Xã Cũ", "commune", "P", "", "2025-06-30"],
        ["C1", "Xã Mới", "commune", "P", "2025-07-01", ""],
    )
    people = ["area", "as_of", "people", "status", "source"]
    write_table(small_input / "population.csv", people, ["C1", "2019-04-01", "1000", "census", "TĐT"])
    write_table(
        small_input / "cards.csv",
        ["area", "as_of", "group", "cards", "status", "source"],
        ["C1", "2026-06-30", "household", "900", "published", "BHXH"],
    )
    data = bhyt.load(small_input)
    assert bhyt.coverage(data, "C1", by=["commune"])["rate"].isna().all()
    assert bhyt.coverage(data, "C1")["rate"].isna().all()


def test_synthetic_figures_are_part_of_no_country(data):
    assert bhyt.coverage(data, "Việt Nam")["status"].tolist() == ["published"]
