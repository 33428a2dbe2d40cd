"""Objects show themselves as short cards, in a terminal and in a notebook."""

import dataclasses
import re

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n import cards

LANGS = ("vi", "en")


@pytest.fixture(scope="module")
def objects(data, law):
    plan = bhyt.read_scenario("near_poor_100")
    high = bhyt.read_scenario("decision_861_high")
    new_zones = dataclasses.replace(high, zone_moves=({"area": "Xã Thanh Hải", "zone": "III"},))
    return {
        "data": data,
        "country": bhyt.country(),
        "law": law,
        "reform": law | plan.reforms[0],
        "day": law.at("2026-11-22"),
        "first": law.at("2013-07-01"),
        "day_in_area": law.at("2026-11-22", "Đắk Lắk"),
        "plan": plan,
        "new_zones": new_zones,
        "current": bhyt.Scenario.current_law(),
        **{area: bhyt.area(data, area) for area in ("Sơn Dương", "X001", "Xã Bát Xát", "VN", "07537")},
        "projection": bhyt.project_area(data, "Lục Ngạn", high),
        "briefing": bhyt.Briefing(data, "Sơn Dương", law, plan),
        "options": bhyt.BatchOptions(),
        "chart": bhyt.charts.groups(bhyt.coverage(data, "Sơn Dương", by=["group"])),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_a_card_has_at_most_ten_lines_of_a_hundred_columns(objects, lang):
    bhyt.lang(lang)
    for name, thing in objects.items():
        lines = repr(thing).split("\n")
        assert 1 < len(lines) <= 10, name
        assert max(map(len, lines)) <= 100, name


def test_the_card_of_the_data_has_each_table_with_rows_units_and_years(data):
    text = repr(data)
    assert text.startswith("Bộ dữ liệu BHYT: ")
    assert re.search(r"Số liệu công bố +59 dòng, 7 đơn vị, 2018–2025$", text, re.MULTILINE)
    assert data.published["area"].nunique() == 7
    bhyt.lang("en")
    assert "Published figures 59 rows, 7 units, 2018–2025" in repr(data)


def test_the_card_of_the_law_in_force_has_what_a_premium_is_reckoned_from(law):
    # Decree 161/2026: 2,530,000 from July 2026; Decree 146/2018 art. 7: 4.5%; art. 8: 70% of near-poor households.
    text = repr(law.at("2026-11-22"))
    for part in ("22/11/2026", "2.530.000", "4,5%", "100%; 70%; 60%; 50%; 40%"):
        assert part in text
    assert re.search(r"Người thuộc hộ cận nghèo +70%", text)


def test_the_card_of_an_area_has_its_people_coverage_and_targets(data):
    bhyt.lang("en")
    text = repr(bhyt.area(data, "Sơn Dương"))
    for part in (
        "Sơn Dương district (076)",
        "Tuyên Quang province",
        "861",
        "182,330",
        "85.1%",
        "155,163",
        "2025: 92.1%",
    ):
        assert part in text


def test_the_card_of_a_scenario_has_what_differs_from_the_default():
    text = repr(bhyt.read_scenario("near_poor_100"))
    assert "NSNN đóng hoặc hỗ trợ (Người thuộc hộ cận nghèo) 100% từ 01/01/2027" in text
    assert "không, tất cả theo mặc định" in text
    scenario = bhyt.Scenario("x", assumption_ranges={"persistence": (0.7, 0.8, 0.9)})
    assert "70%–90%" in repr(scenario)


def test_markup_in_a_name_is_text_in_a_card(data):
    html = bhyt.Scenario("<script>alert(1)</script>", decision="<b>861</b>")._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    hostile = dataclasses.replace(data, source="<img src=x onerror=alert(1)>")
    assert "<img" not in hostile._repr_html_()


def test_the_html_of_a_card_has_every_row_in_full(data, law):
    assert data._repr_html_().count("<tr") == 16
    areas = law._repr_html_()
    assert all(area in areas for area in law.table["area"])


def test_a_long_card_is_cut_and_not_wrapped():
    lines = cards.card_text("t" * 200, [(f"label {i}", "v" * 90) for i in range(30)]).split("\n")
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 100
