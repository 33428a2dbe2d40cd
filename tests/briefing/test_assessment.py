"""The sentences that judge figures: right in sign, in points and not per cent, as sure as the weakest figure."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.briefing import assessment
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message

NONE = pd.DataFrame(columns=["severity"])


def facts(**rows):
    """Headline figures as `headline` gives them: key=(value, low, unit, day, status)."""
    told = [
        {"key": k, "value": v, "low": low, "high": None, "relation": "", "unit": unit, "as_of": pd.Timestamp(day), "status": status, "source": "x"}
        for k, (v, low, unit, day, status) in rows.items()
    ]  # fmt: skip
    return pd.DataFrame(told)


def who(now, goal, lang="en", status="derived"):
    figures = facts(
        insured=(1, None, "people", "2021-12-31", "published"),
        coverage=(now, None, "share", "2021-12-31", status),
        next_target=(goal, None, "share", "2022-12-31", "published"),
    )
    (item,) = assessment.add_assessment("who", [Item("coverage", "So it is.")], figures, lang)
    return item.text


def test_the_gap_of_son_duong_is_five_and_a_half_points(data, law):
    figures = bhyt.headline(data, law, "Sơn Dương")
    items = bhyt.sections.who_is_covered(data, "Sơn Dương")
    vi = bhyt.sections.add_assessment("who", items, figures)[0].text
    assert "So với chỉ tiêu 90,6% (31/12/2022), tỷ lệ này thấp hơn 5,5 điểm phần trăm." in vi  # 90.6 - 85.1
    assert vi.endswith("Các số này được tính từ số liệu đã công bố.")
    assert items[0].text in vi
    en = bhyt.sections.add_assessment("who", bhyt.sections.who_is_covered(data, "Sơn Dương", lang="en"), figures, "en")[
        0
    ].text
    assert "5.5 percentage points below the target of 90.6% (31 December 2022)" in en


def test_those_not_known_to_be_back_are_the_lost_less_the_least_that_came_back(data, law):
    figures = bhyt.headline(data, law, "Sơn Dương")
    items = bhyt.sections.what_the_decision_did(data, "Sơn Dương")
    told = " ".join(i.text for i in bhyt.sections.add_assessment("decision", items, figures))
    assert "Nhiều nhất 27.167 người trong số đó (90,3%)" in told  # 30,082 - 2,915


def test_no_more_are_not_back_than_are_uninsured_at_all(data, law):
    """The published 87.21% may be 87.205%: then 28,986 lack a card, 12 more than the 28,974 that the page tells of."""
    figures = bhyt.headline(data, law, "Lục Ngạn")
    items = bhyt.sections.what_the_decision_did(data, "Lục Ngạn")
    told = " ".join(i.text for i in bhyt.sections.add_assessment("decision", items, figures))
    assert "Nhiều nhất 28.974 người trong số đó (62,8%)" in told  # of 46,106
    (needed,) = assessment.what_is_needed(figures, items, NONE, [])
    assert "Nhiều nhất 28.974 người" in needed.text


@given(st.integers(300, 999), st.integers(300, 1000))
def test_above_and_below_follow_the_sign_and_the_points_are_the_difference(now, goal):
    text = who(now / 1000, goal / 1000)
    points = format_number(abs(goal - now) / 10, "en", 1)
    assert f"{points} percentage points" in text
    assert ("below the target" in text) == (now < goal)
    assert ("at or above the target" in text) == (now >= goal)
    assert f"{points}%" not in text.replace(format_message("{v:pe}", "en", v=goal / 1000), "")


@pytest.mark.parametrize(
    ("status", "words"),
    [("derived", "worked out"), ("estimated", "estimates"), ("synthetic", "made up"), ("census", "census")],
)
def test_a_text_is_as_sure_as_its_weakest_figure(status, words):
    assert words in who(0.8, 0.9, status=status)


def test_what_is_needed_names_the_communes_that_lack_most():
    shared = pd.DataFrame({"name": ["A", "B", "C", "D"], "to_add": [10, 40, 30, 20]})
    figures = facts(population=(1000, None, "people", "2021-12-31", "published"))
    (item,) = assessment.what_is_needed(figures, [Item("allocation", table=shared)], NONE, [], "en")
    assert item.text == "- The communes that must add most: B (40 people); C (30 people); D (20 people); together 90.0% of all that must be added."  # fmt: skip


@pytest.mark.parametrize(("wrong", "words"), [(1, "in 1 place, which needs"), (3, "in 3 places that need")])
def test_contradictions_are_counted_in_the_right_number(wrong, words):
    found = pd.DataFrame({"severity": ["error"] * wrong + ["info"]})
    figures = facts(population=(1000, None, "people", "2021-12-31", "published"))
    (item,) = assessment.what_is_needed(figures, [], found, [], "en")
    assert words in item.text


def test_where_nothing_is_needed_it_says_so():
    figures = facts(population=(1000, None, "people", "2021-12-31", "published"))
    (item,) = assessment.what_is_needed(figures, [], NONE, [], "en")
    assert item.text == "The figures at hand ask for no further decision."


def test_a_target_whose_day_is_past_is_no_task_for_the_future(data, law):
    figures = bhyt.headline(data, law, "Sơn Dương")
    (item,) = assessment.what_is_needed(figures, [], NONE, ["Việt Nam 100%"], "en")
    first, *_ = item.text.split("\n")
    assert first == "- The target of 90.6% was due on 31 December 2022; the latest figures are 10,028 people short of it: present figures are needed to tell whether it was met."  # fmt: skip
    assert "- Targets of higher levels still to come: Việt Nam 100%." in item.text


def test_the_people_of_a_target_add_exactly_over_the_communes(data):
    for area, needed in (("Sơn Dương", 165_191), ("Lục Ngạn", 224_275), ("X001", 60_355)):
        items = {i.name: i for i in bhyt.sections.path_to_target(data, area)}
        assert items["allocation"].table["target_people"].sum() == needed
    assert set(items["allocation"].table["status"]) == {"synthetic"}


def test_a_years_subsidies_are_people_by_premium_by_share(data, law):
    items = {i.name: i for i in bhyt.sections.cost_and_payers(data, law, "Sơn Dương")}
    table = items["subsidy"].table.set_index("subgroup")
    # 2,530,000 x 4.5% x 12 = 1,366,200; pupils 50%, near-poor 70%
    assert table.at["student", "vnd_state"] == 24_746 * 683_100
    assert table.at["near_poor", "vnd_state"] == 6_198 * 956_340
    assert table.at["near_poor", "vnd_own"] == 6_198 * 409_860
    assert "household" not in table.index
