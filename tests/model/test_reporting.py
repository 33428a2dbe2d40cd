"""Some communes that report are summed as what they are; ages and households come from the census."""

from dataclasses import replace

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.model.coverage.census import census_households, paid_ages
from bhyt_analysis.model.coverage.reporting import has_enrolment, reporting_communes
from bhyt_analysis.model.targets.targets import binding_targets, nearest_targets

from ..conftest import write_table

LAO_CAI_PEOPLE = {"02683": 27_229, "02701": 10_304, "02728": 6_814}  # registered in 2025: Bát Xát, Y Tý, Mường Hum
CARDS = {"02683": 25_000, "02701": 10_000, "02728": 6_000}


@pytest.fixture(scope="session")
def some_reports(data):
    """Cards of three of the 99 communes of Lào Cai at the end of October 2026, on top of the bundled data."""
    day, source = pd.Timestamp("2026-10-31"), "Báo cáo tháng"
    rows = [
        {"area": code, "as_of": day, "group": "household", "cards": count, "status": "published", "source": source}
        for code, count in CARDS.items()
    ]
    cards = pd.DataFrame(rows).assign(file="cards.csv", row=range(2, 5), unit_id=pd.NA)
    cards = pd.concat([data.cards, cards.reindex(columns=data.cards.columns)], ignore_index=True)
    return replace(data, cards=cards)


def test_three_of_99_communes_are_summed_and_named_so(some_reports):
    sums = reporting_communes(bhyt.area(some_reports, "Tỉnh Lào Cai"))
    assert (sums.reporting, sums.communes, str(sums.as_of.date())) == (3, 99, "2026-10-31")
    assert (sums.insured, sums.population) == (41_000, 44_347)  # 27,229 + 10,304 + 6,814
    assert sums.rate == pytest.approx(41_000 / 44_347)
    assert (sums.status, sums.source) == ("derived", "Báo cáo tháng")


def test_some_communes_are_never_the_coverage_of_the_province(some_reports, law):
    facts = bhyt.headline(some_reports, law, "Tỉnh Lào Cai").set_index("key")
    assert not {"insured", "coverage", "uninsured", "next_to_add"} & set(facts.index)
    assert facts.loc[["reporting_communes", "reporting_insured"], "value"].tolist() == [3, 41_000]
    assert facts.at["reporting_communes", "high"] == 99
    assert bhyt.coverage(some_reports, "Tỉnh Lào Cai")["insured"].isna().all()


def test_a_commune_that_reports_has_its_own_coverage(some_reports, law):
    view = bhyt.area(some_reports, "Xã Bát Xát")
    assert reporting_communes(view) is None
    assert has_enrolment(view)
    facts = bhyt.headline(some_reports, law, "Xã Bát Xát").set_index("key")
    assert facts.at["coverage", "value"] == pytest.approx(25_000 / 27_229)
    assert facts.at["next_to_add", "value"] == 25_868 - 25_000  # above 95% of 27,229, which is 25,867.55


def test_a_unit_of_which_only_people_are_known_has_no_enrolment(data):
    for name in ("Xã Bát Xát", "Tỉnh Lào Cai", "Huyện Lý Sơn"):
        assert not has_enrolment(bhyt.area(data, name))


def test_ages_of_a_district_are_counted_by_the_census(data):
    """Lục Ngạn: 23,017 of 0-4 and a fifth of the 21,190 of 5-9; 1,763 + 1,389 + 1,305 of 75 and over."""
    ages = paid_ages(bhyt.area(data, "Huyện Lục Ngạn")).set_index("key")
    assert ages["people"].to_dict() == {"child_under_6": 23_017 + 4_238, "aged_75": 4_457}
    assert ages["status"].to_dict() == {"child_under_6": "estimated", "aged_75": "derived"}
    assert set(ages["units"]) == {("Huyện Lục Ngạn",)}


def test_ages_of_a_commune_are_those_of_its_former_district(data):
    """Bát Xát district in 2019: 9,079 of 0-4, 9,231 of 5-9, 1,276 of 75 and over among 82,733 people."""
    ages = paid_ages(bhyt.area(data, "Xã Bát Xát")).set_index("key")
    under_6, aged = 27_229 * (9_079 + 9_231 / 5) / 82_733, 27_229 * (495 + 353 + 428) / 82_733
    assert ages["people"].tolist() == [round(under_6), round(aged)]
    assert ages["status"].unique().tolist() == ["estimated"]
    assert set(ages["units"]) == {("Huyện Bát Xát",)}


def test_ages_of_a_joined_province_are_those_of_both_parts(data):
    """Lào Cai of today is the provinces Lào Cai (78,030 and 79,756 of 0-4 and 5-9) and Yên Bái (80,971 and 83,125)."""
    ages = paid_ages(bhyt.area(data, "Tỉnh Lào Cai")).set_index("key")
    people = 730_420 + 821_030  # by the census
    share = (78_030 + 80_971 + (79_756 + 83_125) / 5) / people
    assert ages.at["child_under_6", "share"] == pytest.approx(share)
    assert ages.at["child_under_6", "people"] == round(1_778_785 * share)


def test_a_made_up_unit_has_no_ages_and_no_households(data):
    view = bhyt.area(data, "X001")
    assert paid_ages(view).empty
    assert census_households(view) is None


def test_households_of_whole_former_communes_are_added(data):
    count = census_households(bhyt.area(data, "Xã Biên Sơn"))
    assert (count.households, count.status) == (1_292 + 1_984, "derived")  # Phong Vân and Biên Sơn
    assert "địa giới mới" in count.source


def test_the_nearest_unit_with_a_target_is_taken(data):
    expected = {"X00101": "district", "Xã Bát Xát": "country", "Phường Tô Hiệu": "province", "Huyện Lý Sơn": "own"}
    for name, level in expected.items():
        assert nearest_targets(binding_targets(data, name))["level"].unique().tolist() == [level]


def test_a_unit_of_today_without_figures_has_only_targets_ahead(data):
    steps = bhyt.target_steps(data, "Xã Bát Xát", "2026-06-30")
    assert steps["on"].dt.year.tolist() == [2026, 2030]
    assert steps["people_needed"].tolist() == [25_868, 27_229]


def test_a_province_that_went_on_has_the_communes_of_the_day(tmp_path):
    """16690 was phường Trường Thi of Vinh and is phường Trường Vinh, with more people: their cards are no series."""
    columns = ["area", "as_of", "group", "cards", "status", "source"]
    cards = [["16690", "2025-05-31", "household", 12_300], ["16690", "2026-09-30", "household", 102_400]]
    write_table(tmp_path / "cards.csv", columns, *([*row, "published", "BHXH"] for row in cards))
    data = bhyt.load(tmp_path)
    now = bhyt.coverage(data, "Tỉnh Nghệ An", by=["commune", "month"]).set_index("name")["insured"].to_dict()
    assert now == {"Phường Trường Vinh": 102_400}
    before = bhyt.coverage(data, "Tỉnh Nghệ An", by=["commune", "month"], as_of="2025-06-30")
    assert before.set_index("name")["insured"].to_dict() == {"Phường Trường Thi": 12_300}
