"""Sections say figures right in sign, in points, as sure as the weakest one; their tables can be filtered."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.briefing import coverage, finance
from bhyt_analysis.briefing.actions import remarks
from bhyt_analysis.briefing.facts import facts_by_key
from bhyt_analysis.briefing.metadata import OutputMetadata
from bhyt_analysis.briefing.sections import SECTIONS
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, format_message, has_message
from bhyt_analysis.i18n.safe_text import plain_text

from ..briefing_items import TABLES, section_items

NO_FINDINGS = pd.DataFrame(columns=["severity"])


def facts(**rows):
    """Headline figures by key, from key=(value, low, unit, day, status)."""
    columns = ["value", "low", "unit", "as_of", "status"]
    table = pd.DataFrame([{"key": key, **dict(zip(columns, row, strict=True))} for key, row in rows.items()])
    table["as_of"] = pd.to_datetime(table["as_of"])
    return facts_by_key(table.assign(high=None, relation="", source="x"))


def assessment(now, target, lang="en", status="derived"):
    figures = facts(
        insured=(1, None, "people", "2021-12-31", "published"),
        coverage=(now, None, "share", "2021-12-31", status),
        next_target=(target, None, "share", "2022-12-31", "published"),
    )
    return " ".join(coverage.assessment(figures, lang))


POPULATION = facts(population=(1000, None, "people", "2021-12-31", "published"))


def text_of(items):
    return " ".join(item.text for item in items)


def test_each_section_has_a_title_and_a_table():
    assert [section.__name__.rpartition(".")[2] for section in SECTIONS] == list(TABLES)
    assert all(has_message(f"section.{section.KEY}") for section in SECTIONS)


@pytest.mark.parametrize("scenario", [bhyt.Scenario.current_law(), bhyt.read_scenario("status_quo")])
def test_the_law_in_force_is_not_compared_with_itself_and_has_no_interval(data, law, scenario):
    items = section_items(bhyt.Briefing(data, "Sơn Dương", law, scenario), "finance")
    text = text_of([item for item in items if item.name in ("scenario", "scenario_path")])
    assert text.startswith("Kịch bản “Quy định hiện hành” không thay đổi gì so với quy định hiện hành.")
    assert "So với" not in text


def test_an_interval_is_left_out_where_its_ends_print_the_same():
    ends = {"rate_low": 0.92, "rate_high": 0.9204}
    assert finance._interval_text(ends, "vi") == ""
    text = "; 90% số lần mô phỏng cho kết quả từ 92,0% đến 92,1%"
    assert finance._interval_text({**ends, "rate_high": 0.921}, "vi") == text


def test_the_gap_of_son_duong_is_five_and_a_half_points(data, law):
    items = section_items(bhyt.Briefing(data, "Sơn Dương", law), "coverage")
    assert plain_text(items[0].text).startswith(
        "Tính đến 31/12/2021, huyện Sơn Dương có 155.163/182.330 người tham gia BHYT, đạt 85,1% dân số"
    )
    # 90.6 - 85.1
    assert "Tỷ lệ này thấp hơn chỉ tiêu 90,6% (31/12/2022) 5,5 điểm phần trăm." in items[0].text
    assert items[0].text.endswith("Các số này được tính từ số liệu công bố.")
    items = section_items(bhyt.Briefing(data, "Sơn Dương", law, lang="en"), "coverage")
    assert "5.5 percentage points below the target of 90.6% (31 December 2022)" in items[0].text


def test_those_not_back_are_the_lost_less_the_least_that_came_back(data, law):
    text = text_of(section_items(bhyt.Briefing(data, "Sơn Dương", law), "reclassification"))
    assert "nhiều nhất 27.167 người (90,3%)" in text  # 30,082 - 2,915


def test_no_more_are_not_back_than_are_uninsured_at_all(data, law):
    """The published 87.21% may be 87.205%: then 28,986 lack a card, 12 more than the 28,974 that the page gives."""
    briefing = bhyt.Briefing(data, "Lục Ngạn", law)
    assert "nhiều nhất khoảng 29.000 người (62,8%)" in text_of(section_items(briefing, "reclassification"))
    tasks = briefing.tasks.set_index("kind")
    assert tasks.loc["not_back", ["people", "quantity"]].tolist() == [28_974, "uninsured"]  # of 46,106


@given(st.integers(300, 999), st.integers(300, 1000))
def test_above_and_below_follow_the_sign_in_points(now, target):
    text = assessment(now / 1000, target / 1000)
    points = format_number(abs(target - now) / 10, "en", 1)
    assert f"{points} percentage points" in text
    assert ("below the target" in text) == (now < target)
    assert ("at or above the target" in text) == (now >= target)
    assert f"{points}%" not in text.replace(format_message("{v:pe}", "en", v=target / 1000), "")


@pytest.mark.parametrize(
    ("status", "words"),
    [("derived", "worked out"), ("estimated", "estimates"), ("synthetic", "made up"), ("census", "census")],
)
def test_a_text_is_as_sure_as_its_weakest_figure(status, words):
    assert words in assessment(0.8, 0.9, status=status)


@pytest.mark.parametrize(("errors", "words"), [(1, "in 1 place, which needs"), (3, "in 3 places that need")])
def test_contradictions_are_counted_in_the_right_number(errors, words):
    findings = pd.DataFrame({"severity": ["error"] * errors + ["info"]})
    assert words in remarks(POPULATION, findings, [], "en")[0]


def test_a_target_whose_day_is_past_is_no_task_for_the_future(data, law):
    figures = bhyt.Briefing(data, "Sơn Dương", law).facts
    first, *rest = remarks(figures, NO_FINDINGS, ["Việt Nam 100%"], "en")
    assert first == (
        "The target of 90.6% was due on 31 December 2022; the latest figures are 10,028 people short of it: "
        "present figures are needed to tell whether it was met."
    )
    assert "Targets of higher levels still to come: Việt Nam 100%." in rest


def test_the_people_of_a_target_add_exactly_over_the_communes(data, law):
    for area, people in (("Sơn Dương", 165_191), ("Lục Ngạn", 224_275), ("X001", 60_355)):
        items = {i.name: i for i in section_items(bhyt.Briefing(data, area, law), "targets")}
        communes = items["allocation"].table.iloc[1:]  # below the total
        assert communes["target_people"].sum() == items["allocation"].table["target_people"].iloc[0] == people
    assert set(items["allocation"].table["status"]) == {"synthetic"}


def test_a_years_subsidies_are_people_by_premium_by_share(data, law):
    items = {i.name: i for i in section_items(bhyt.Briefing(data, "Sơn Dương", law), "finance")}
    table = items["subsidy"].table.set_index("subgroup")
    # 2,530,000 x 4.5% x 12 = 1,366,200; pupils 50%, near-poor 70%
    assert table.at["student", "vnd_state"] == 24_746 * 683_100
    assert table.at["near_poor", "vnd_state"] == 6_198 * 956_340
    assert table.at["near_poor", "vnd_own"] == 6_198 * 409_860
    assert "household" not in table.index


def test_an_analyst_can_filter_a_table_or_change_its_grouping(data, law):
    briefing = bhyt.Briefing(data, "Sơn Dương", law)
    covered = bhyt.coverage(data, "Sơn Dương", by=["group"]).query("group != 'household'")
    items = {i.name: i for i in coverage.items(briefing, covered)}
    assert list(items["groups"].table["group"]) == list(covered["group"])
    covered = bhyt.coverage(data, "Sơn Dương", by=["subgroup"])
    items = {i.name: i for i in coverage.items(briefing, covered)}
    assert len(items["groups"].chart.description.categories) == len(covered)


def test_lao_cai_is_briefed_on_its_own_decision(data, law):
    briefing = bhyt.Briefing(data, "Lào Cai", law, lang="en")
    intro, zones = section_items(briefing, "reclassification")
    assert briefing.decision == "2752"
    assert intro.text.startswith("Decision 2752/QĐ-UBND of 31 December 2025 lists the communes of zones III, II and I")
    assert "for 2026–2030" in intro.text
    assert "Zone III: 47 communes; Zone II: 36 communes; Zone I: 12 communes; Off the list: 4 communes" in zones.text
    assert zones.table is None  # 99 rows would not be one page
    assert "861" not in text_of(section_items(briefing))


def test_dien_bien_is_briefed_on_its_own_decision(data, law):
    briefing = bhyt.Briefing(data, "Điện Biên", law, lang="en")
    intro, zones = section_items(briefing, "reclassification")
    assert intro.text.startswith("Decision 46 sets the communes of zones III, II and I")
    assert "the 45 communes of Điện Biên province" in zones.text
    assert "Zone III: 38 communes; Zone II: 5 communes; Zone I: 2 communes" in zones.text


def test_a_list_of_some_communes_does_not_pass_for_all(data, law):
    intro, zones = section_items(bhyt.Briefing(data, "Nghệ An", law, lang="en"), "reclassification")
    assert intro.text.startswith("Decision 60/QĐ-BDTTG of 29 January 2026")
    assert "names only 51 communes of Nghệ An province" in zones.text  # of 130


def test_an_unknown_section_is_refused(data, law):
    with pytest.raises(BhytError, match="no section “who”"):
        bhyt.Briefing(data, "Sơn Dương", law).section("who", NO_FINDINGS)


def test_metadata_survive_json_and_another_schema_is_refused():
    about = OutputMetadata("chart", "groups", "By group", payload={"title": "x"})
    assert OutputMetadata.from_dict(about.to_dict()) == about
    assert OutputMetadata.from_dict({}) is None
    with pytest.raises(BhytError, match="another version"):
        OutputMetadata.from_dict({"bhyt": {"chart": "groups"}})


def test_the_people_of_a_district_are_counted_once(data, law):
    """Son Duong: 33 communes at the census; those joined since are not added to those that they became."""
    items = {i.name: i for i in section_items(bhyt.Briefing(data, "Huyện Sơn Dương", law), "coverage")}
    assert len(items["commune_people"].table) == 33
    people = data.population[data.population["area"].isin(items["commune_people"].table["area"])]
    census = people[(people["as_of"] == "2019-04-01") & ~people["area"].duplicated()]
    assert items["commune_people"].table["population"].sum() == census["people"].sum()
