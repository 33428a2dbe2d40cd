"""Briefings of units of today: sums of some communes, and the one page of a unit without enrolment."""

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.safe_text import plain_text

from ..briefing_items import section_items
from ..model.test_reporting import some_reports  # noqa: F401


def one_page(data, law, area, lang="vi"):
    briefing = bhyt.Briefing(data, area, law, lang=lang)
    return briefing, {i.name: i for i in section_items(briefing) if not i.is_empty()}


def text_of(items):
    return " ".join(item.text for item in items.values())


def test_a_page_without_enrolment_has_each_figure_once_with_its_source(data, law):
    items = one_page(data, law, "Xã Bát Xát")[1]
    first = ["verdict", "decisions", "verdict_details"]
    assert list(items) == [*first, "summary", "headline", "not_known", "decision", "zones", "tasks"]
    table = items["headline"].table
    figures = "27.229 người, 6.270 hộ, khoảng 3.600 người, khoảng 420 người, 25.868 người, 27.229 người"
    assert ", ".join(table["value"]) == figures
    assert table["fact"].iloc[-2:].tolist() == [
        "Số người cần đạt theo chỉ tiêu của cả nước: trên 95% dân số",
        "Số người cần đạt theo chỉ tiêu của cả nước: 100% dân số",
    ]
    assert (table[["status", "source"]] != "").all(axis=None)
    assert [name for name, item in items.items() if item.chart is not None] == ["verdict"]
    assert items["zones"].text == "Từ 31/12/2025, xã Bát Xát được phân định: Khu vực II."


def test_a_page_without_enrolment_says_whose_ages_they_are(data, law):
    assert "cơ cấu tuổi của huyện Bát Xát (Tổng điều tra 2019" in one_page(data, law, "Xã Bát Xát")[1]["summary"].text
    text = one_page(data, law, "Tỉnh Lào Cai", "en")[1]["summary"].text
    assert "the ages of Lào Cai province, Yên Bái province" in text


@pytest.mark.parametrize(
    ("area", "name"),
    [("Xã Bát Xát", "Xã Bát Xát, Tỉnh Lào Cai"), ("Tỉnh Lào Cai", "Tỉnh Lào Cai"), ("536", "Tỉnh Quảng Ngãi")],
)
def test_what_to_send_is_asked_of_units_of_today(data, law, area, name):
    text = one_page(data, law, area)[1]["not_known"].text
    assert f'bhyt template so_lieu.xlsx --area "{name}"' in text


def test_no_page_prints_a_dash_for_people_or_households(data, law):
    for area in ("Xã Bát Xát", "Tỉnh Lào Cai", "Huyện Lý Sơn", "Tỉnh Sơn La"):
        text = text_of(one_page(data, law, area)[1])
        assert "– hộ" not in text
        assert "– người" not in text


def test_a_dissolved_unit_names_those_of_today(data, law):
    assert "đặc khu Lý Sơn" in one_page(data, law, "536")[1]["unit"].text


def test_a_commune_has_the_target_of_its_district_under_its_name(data, law):
    briefing, items = one_page(data, law, "X00101")
    assert briefing.target_owner == "huyện Mẫu 01 (giả lập)"
    assert "báo cáo dùng chỉ tiêu của huyện Mẫu 01 (giả lập)" in items["path"].text
    text = plain_text(items["verdict"].text)
    assert text.startswith("Đã đạt chỉ tiêu 93% của huyện Mẫu 01 (giả lập) vào 31/12/2022: 98,4%")  # 3,351 of 3,404


def test_a_province_tells_how_many_of_its_communes_report(some_reports, law):  # noqa: F811
    items = one_page(some_reports, law, "Tỉnh Lào Cai")[1]
    assert plain_text(items["coverage"].text).startswith("Tính đến 31/10/2026, 3/99 xã của tỉnh Lào Cai đã có số thẻ.")
    assert "41.000/44.347 người tham gia BHYT, đạt 92,5%" in plain_text(items["coverage"].text)
    assert "đây không phải là tỷ lệ của tỉnh Lào Cai" in items["coverage"].text
    assert "Gửi số thẻ của 96 xã chưa có số liệu" in items["tasks"].table["task"].tolist()
    assert "allocation" not in items
    assert items["groups"].table["insured"].tolist() == [41_000]
    assert items["groups"].chart.description.title.endswith("3/99 xã của tỉnh Lào Cai")


def test_the_national_rate_of_the_year_before_is_beside(some_reports, law):  # noqa: F811
    text = one_page(some_reports, law, "Xã Bát Xát")[1]["coverage"].text
    assert "Cả nước: 95,16% (31/12/2025, Báo Lao Động)." in text
    facts = bhyt.headline(some_reports, law, "Xã Bát Xát").set_index("key")
    assert facts.at["national_coverage", "status"] == "published"
    old = bhyt.headline(some_reports, law, "Huyện Lục Ngạn")  # of 2021, with nothing printed of the country that year
    assert "national_coverage" not in set(old["key"])


def test_a_briefing_of_a_unit_that_the_data_lack_has_its_people(data, law):
    briefing = bhyt.Briefing(data, "Huyện Năm Căn", law)
    assert briefing.facts["population"].value == 56_813  # the census of 2019
    assert briefing.unit_data.geography.unit_at("971").name == "Huyện Năm Căn"
