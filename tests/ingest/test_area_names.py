"""Name units of several provinces without a sheet of units; codes and days are those of data/country/units.csv."""

import datetime as dt
import re

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.safe_text import plain_text
from bhyt_analysis.ingest import area_matching
from bhyt_analysis.ingest.unit_columns import unit_heading
from bhyt_analysis.model.coverage.coverage import areas_with_figures

from ..briefing_items import section_items
from .offices import AREAS, PEOPLE, office, write_xlsx

OLD, NEW = dt.date(2021, 12, 31), dt.date(2025, 12, 31)
HEAD = ["Đơn vị", "Ngày số liệu", "Dân số", "Tình trạng số liệu", "Nguồn"]
HOP_THANH = {"Lào Cai": "02680", "Thái Nguyên": "05632"}  # the two communes of that name since July 2025


def people(*rows, titles=(), extra=()):
    """Return a sheet of people; a row is a name and a day, and the cells of the columns ``extra``."""
    return [
        *([t] for t in titles),
        [*HEAD, *extra],
        *([r[0], r[1], 100 + i, "Công bố", "x", *r[2:]] for i, r in enumerate(rows)),
    ]


def codes(tmp_path, rows, sheet="Dân số"):
    return bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", {sheet: rows})).population["area"].tolist()


def findings(tmp_path, **sheets):
    table = bhyt.check(write_xlsx(tmp_path / "so_lieu.xlsx", sheets), "en")
    return table.loc[table["severity"] == "error", ["rule", "message"]].to_numpy().tolist()


def test_communes_of_any_province_need_no_sheet_of_units(tmp_path):
    rows = people(("Xã Y Tý", NEW), ("Đất Mũi", NEW), ("P. Cái Răng", NEW), ("Tri Tôn", NEW))
    assert codes(tmp_path, rows) == ["02701", "32248", "31186", "30544"]


@pytest.mark.parametrize("province", HOP_THANH)
def test_title_sheet_column_or_rows_tell_the_province(tmp_path, province):
    row, code = ("Xã Hợp Thành", NEW), HOP_THANH[province]
    neighbour = {"Lào Cai": ("Xã Y Tý", NEW), "Thái Nguyên": ("Tỉnh Thái Nguyên", NEW)}[province]
    assert codes(tmp_path, people(row, titles=[f"BẢO HIỂM XÃ HỘI TỈNH {province.upper()}"])) == [code]
    assert codes(tmp_path, people(row), sheet=f"Dân số {province}") == [code]
    assert codes(tmp_path, people((*row, province), extra=["Tỉnh"])) == [code]
    assert codes(tmp_path, people((f"Xã Hợp Thành, {province}", NEW))) == [code]
    assert codes(tmp_path, people(row, neighbour))[0] == code


def test_other_sheets_tell_the_province(tmp_path):
    path = write_xlsx(
        tmp_path / "so_lieu.xlsx",
        {"Dân số": people(("Xã Hợp Thành", NEW)), "Dân số 2": people(("Xã Y Tý", NEW), ("Xã Bát Xát", NEW))},
    )
    assert bhyt.load(path).population["area"].tolist() == ["02680", "02701", "02683"]


def test_name_without_a_place_is_asked_about(tmp_path):
    [[rule, message]] = findings(tmp_path, **{"Dân số": people(("Xã Hợp Thành", NEW))})
    assert rule == "ambiguous_area"
    assert "Xã Hợp Thành, tỉnh Lào Cai (02680); Xã Hợp Thành, tỉnh Thái Nguyên (05632)" in message


def test_name_in_two_named_provinces_is_asked_about(tmp_path):
    rows = people(("Xã Hợp Thành", NEW), titles=["So sánh tỉnh Lào Cai và tỉnh Thái Nguyên"])
    assert [rule for rule, _ in findings(tmp_path, **{"Dân số": rows})] == ["ambiguous_area"]


def test_unit_of_another_province_than_the_column_says(tmp_path):
    [[rule, message]] = findings(tmp_path, **{"Dân số": people(("Xã Y Tý", NEW, "Cà Mau"), extra=["Tỉnh"])})
    assert rule == "not_within"
    assert "Xã Y Tý, tỉnh Lào Cai (02701)" in message


def test_only_unit_of_another_province_is_a_warning(tmp_path):
    rows = people(("Xã Y Tý", NEW), ("Xã Bát Xát", NEW), ("Phường Sa Pa", NEW), ("Xã Đất Mũi", NEW))
    table = bhyt.check(write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": rows}), "en")
    assert table[["rule", "row"]].to_numpy().tolist() == [["unit_elsewhere", 5]]
    assert (
        "is read as Xã Đất Mũi, tỉnh Cà Mau (32248), but the other units of the table lie in Tỉnh Lào Cai"
        in table.at[0, "message"]
    )


def test_province_and_district_columns_narrow_a_name(tmp_path):
    """In 2021 eight communes had the name Hợp Thành."""
    rows = people(
        ("Hợp Thành", OLD, "Phú Lương", "Thái Nguyên"),
        ("Hợp Thành", OLD, "Lào Cai", "Lào Cai"),
        ("Hợp Thành", OLD, "Sơn Dương", "Tuyên Quang"),
        extra=["Huyện", "Tỉnh"],
    )
    assert codes(tmp_path, rows) == ["05638", "02680", "02566"]


def test_day_decides_between_names_of_before_and_after(tmp_path):
    rows = people(("Thị trấn Bát Xát", OLD), ("Xã Bát Xát", NEW), ("Huyện Phú Lương", OLD))
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": rows}))
    units = [data.geography.unit(i) for i in data.population["unit_id"]]
    above = [data.geography.parent(u).name for u in units]
    assert [(u.code, u.name) for u in units] == [
        ("02683", "Thị trấn Bát Xát"),
        ("02683", "Xã Bát Xát"),
        ("168", "Huyện Phú Lương"),
    ]
    assert above == ["Huyện Bát Xát", "Tỉnh Lào Cai", "Tỉnh Thái Nguyên"]


def test_name_of_before_is_no_unit_of_after(tmp_path):
    [[rule, message]] = findings(tmp_path, **{"Dân số": people(("Xã Phong Vân", NEW))})
    assert rule == "unit_ended"
    assert "07537 (Xã Phong Vân) ended with 30 June 2025" in message


def test_reused_code_is_the_unit_of_its_day(tmp_path):
    rows = people(("07537", OLD), ("07537", NEW), ("15", OLD), ("15", NEW))
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": rows}))
    names = [data.geography.unit(i).name for i in data.population["unit_id"]]
    assert names == ["Xã Phong Vân", "Xã Biên Sơn", "Tỉnh Yên Bái", "Tỉnh Lào Cai"]


def test_code_with_the_name_of_another_day_is_reported(tmp_path):
    rows = people(("07537", NEW, "Xã Phong Vân"), ("02701", NEW, "Y Tý"), extra=["Xã"])
    rows[0][0] = "Mã đơn vị"
    [[rule, message]] = findings(tmp_path, **{"Dân số": rows})
    assert rule == "code_not_name"
    assert "the code 07537 is Xã Biên Sơn, tỉnh Bắc Ninh (07537)" in message


def test_commune_that_became_a_town_keeps_its_code(tmp_path):
    """Xã Phì Điền of Lục Ngạn was Thị trấn Phì Điền from 1 January 2025, under its old code."""
    assert codes(tmp_path, people(("Xã Phì Điền", dt.date(2025, 3, 31)), ("Xã Yên Đổ", OLD))) == ["07582", "05620"]


def test_communes_of_today_come_with_their_entire_province(tmp_path):
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": people(("Xã Y Tý", NEW))}))
    geography = data.geography
    assert sorted(data.areas["kind"].value_counts().items()) == [("commune", 99), ("country", 1), ("province", 1)]
    assert len(geography.communes(geography.find("Tỉnh Lào Cai"))) == 99
    assert not geography.find("Việt Nam").is_fully_listed


def test_former_communes_come_with_their_district_and_successors(tmp_path):
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", {"Dân số": people(("Thị trấn Bát Xát", OLD))}))
    geography = data.geography
    town, district = geography.find("Thị trấn Bát Xát"), geography.find("Huyện Bát Xát")
    assert [u.name for u in geography.lineage(town)] == [
        "Thị trấn Bát Xát",
        "Huyện Bát Xát",
        "Tỉnh Lào Cai",
        "Việt Nam",
    ]
    assert geography.lineage(town)[2].code == "10"
    assert [(u.name, share) for u, share in geography.successors(town)] == [("Xã Bát Xát", 1.0)]
    assert district.is_fully_listed
    assert not geography.find("10").is_fully_listed


def test_complete_sheet_of_units_does_not_load_the_country(tmp_path, monkeypatch):
    monkeypatch.setattr(area_matching, "country", None)
    path = write_xlsx(
        tmp_path / "so_lieu.xlsx", office(**{"Dân số": [["Xã", *PEOPLE[0][1:]], ["Kiên Lao", *PEOPLE[1][1:]]]})
    )
    assert bhyt.load(path).population["area"].tolist() == ["T901"]


def test_own_units_may_lie_in_a_province_of_the_country(tmp_path):
    units = [*AREAS[:2], ["T901", "Xã Kiên Lao", "Xã", "Tỉnh Cà Mau"]]
    units[1] = ["T9", "Huyện Khe Sâu", "Huyện", "Cà Mau"]
    data = bhyt.load(
        write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Đơn vị": units, "Dân số": PEOPLE[:2], "Số thẻ": []}))
    )
    geography = data.geography
    assert [u.code for u in geography.lineage(geography.find("T9"))] == ["T9", "96", "VN"]
    assert len(data.areas) == 4


# --- An office's own area ---

AREA_HEAD = ["Mã đơn vị", "Tên đơn vị", "Cấp", "Thuộc đơn vị", "Gồm các xã"]
CARDS_HEAD = ["Đơn vị", "Ngày số liệu", "Nhóm đối tượng", "Số thẻ", "Tình trạng số liệu", "Nguồn"]
TARGET_HEAD = ["Đơn vị", "Phạm vi", "Thời điểm", "Quan hệ", "Chỉ tiêu", "Văn bản"]


def own_area(tmp_path, communes="Xã Bát Xát; Y Tý", parent="Tỉnh Lào Cai"):
    """Write 1,000 and 500 people with 900 and 480 cards in two communes, and 200 people with none in a third."""
    names = ["Xã Bát Xát", "Xã Y Tý", "Xã Hợp Thành"]
    rows = [HEAD, *([n, NEW, p, "Công bố", "x"] for n, p in zip(names, (1000, 500, 200), strict=True))]
    cards = [
        [n, NEW, g, c, "Công bố", "x"]
        for n, all_cards in zip(names, ((600, 300), (400, 80), (10, 5)), strict=True)
        for g, c in zip(("HN", "GD"), all_cards, strict=True)
    ]
    sheets = {
        "Đơn vị": [AREA_HEAD, ["BX", "BHXH cơ sở Bát Xát", "Cụm xã", parent, communes]],
        "Dân số": rows,
        "Số thẻ": [CARDS_HEAD, *cards],
        "Chỉ tiêu": [TARGET_HEAD, ["Tỉnh Lào Cai", "Toàn dân", 2026, "Ít nhất", 0.95, "KH"]],
    }
    return write_xlsx(tmp_path / "so_lieu.xlsx", sheets)


def test_own_area_is_the_sum_of_its_communes(tmp_path):
    view = bhyt.area(bhyt.load(own_area(tmp_path)), "BHXH cơ sở Bát Xát")
    assert [u.name for u in view.communes()] == ["Xã Bát Xát", "Xã Y Tý"]
    assert (view.population_at().people, int(view.coverage()["insured"].iloc[0])) == (1500, 1380)
    assert view.coverage()["rate"].iloc[0] == pytest.approx(1380 / 1500)
    by_group = view.coverage(by=["group"]).set_index("group")["insured"].to_dict()
    assert by_group == {"state_paid": 1000, "household": 380}


def test_own_area_has_the_targets_and_the_law_of_its_province(tmp_path):
    view = bhyt.area(bhyt.load(own_area(tmp_path)), "BX")
    assert [u.code for u in view.lineage] == ["BX", "15", "VN"]
    assert view.targets()[["area", "rate", "level"]].to_numpy().tolist() == [["15", 0.95, "province"]]
    assert [names[0] for names in view.places()] == ["BX", "15", "VN"]


def test_briefing_of_an_own_area_sums_its_communes(tmp_path):
    briefing = bhyt.Briefing(bhyt.load(own_area(tmp_path)), "BHXH cơ sở Bát Xát", bhyt.Law.read())
    text = plain_text(" ".join(item.text for item in section_items(briefing, "coverage")))
    assert "Tính đến 31/12/2025, BHXH cơ sở Bát Xát có 1.380/1.500 người tham gia BHYT, đạt 92,0% dân số" in text
    text = " ".join(item.text for item in section_items(briefing, "targets"))
    assert "báo cáo dùng chỉ tiêu của tỉnh Lào Cai" in text


def test_communes_of_an_own_area_stay_in_their_province(tmp_path):
    data = bhyt.load(own_area(tmp_path))
    assert [u.code for u in bhyt.area(data, "Xã Y Tý").lineage] == ["02701", "15", "VN"]
    assert len(bhyt.area(data, "Tỉnh Lào Cai").communes()) == 99


def test_own_area_needs_no_parent_and_takes_codes_and_commas(tmp_path):
    data = bhyt.load(own_area(tmp_path, communes="02683, Xã Y Tý", parent=None))
    assert data.areas.iloc[0][["parent", "communes"]].tolist() == ["15", "02683;02701"]


def test_own_area_with_a_commune_that_does_not_exist(tmp_path):
    table = bhyt.check(own_area(tmp_path, communes="Xã Bát Xát; Xã Y Tú"), "en")
    [message] = table.loc[table["rule"] == "unknown_area", "message"]
    assert "«Gồm các xã»" in message
    assert "Xã Y Tý, tỉnh Lào Cai (02701)" in message


def test_own_area_has_a_briefing_beside_its_communes_and_province(tmp_path):
    assert set(areas_with_figures(bhyt.load(own_area(tmp_path)))) == {"BX", "15", "02683", "02701", "02680"}


def test_missing_communes_are_one_finding(tmp_path):
    table = bhyt.check(own_area(tmp_path), "en")
    [message] = table.loc[table["rule"] == "not_reported", "message"]
    assert "Tỉnh Lào Cai has cards of 3 of its 99 communes on 1 day, last on 31 December 2025" in message


# --- The columns of units ---

ROWS = {"02683": "Xã Bát Xát", "02701": "Xã Y Tý", "02728": "Xã Mường Hum", "02746": "Xã Cốc San"}
GROUPS = ["Hộ nghèo", "Hộ gia đình"]


def wide(heads, *rows):
    """Return a sheet of two groups by unit; a row has the cells of the columns of units."""
    return [[*heads, "Ngày số liệu", *GROUPS], *([*row, NEW, 10 + i, 20 + i] for i, row in enumerate(rows))]


def checked(tmp_path, rows, sheet="Số thẻ"):
    """Return the units of a sheet in the order of their poor, and the rules of what `check` says of its columns."""
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {sheet: rows})
    causes = bhyt.check(path, "vi")
    rules = causes.loc[causes["rule"].str.startswith(("unit", "unknown", "kind")), "rule"].tolist()
    if (causes["severity"] == "error").any():
        return [], rules
    cards = bhyt.load(path).cards.query("group == 'poor'").sort_values("cards")
    return cards["area"].tolist(), rules


UNIT_HEADINGS = """
Phường/Xã | Tên xã, phường | Tên đơn vị hành chính | Tên ĐVHC | Xã - Phường | Địa bàn xã | Danh mục xã | Nơi cư trú
ĐƠN VỊ HÀNH CHÍNH CẤP XÃ | Phường, xã, đặc khu | Đơn vị (xã, phường) | UBND xã | Tên phường xã | Xã/phường trực thuộc
Mã PX | Mã số xã, phường | Phường/Xã (2)
"""


@pytest.mark.parametrize("heading", re.split(r" \| |\n", UNIT_HEADINGS.strip()))
def test_headings_of_units_are_words_for_kinds_of_units(tmp_path, heading):
    cells = ROWS if "Mã" in heading else ROWS.values()
    assert checked(tmp_path, wide([heading], *([c] for c in cells))) == ([*ROWS], [])


@pytest.mark.parametrize("heading", ["Đơn vị tính", "Số xã", "Cấp xã hội"])
def test_a_text_that_only_looks_like_a_kind_of_unit_heads_none(heading):
    assert unit_heading(heading) == ""


@pytest.mark.parametrize(
    "heads", [("Tỉnh/Thành phố", "Phường/Xã"), ("Tỉnh", "Tên đơn vị cơ sở"), ("Tỉnh", "Nơi cư trú"), ("TP", "UBND xã")]
)
def test_communes_beside_their_provinces_are_the_units(tmp_path, heads):
    rows = wide(heads, ("Tỉnh Lào Cai", "Xã Bát Xát"), ("Tỉnh Nghệ An", "Phường Trường Vinh"))
    assert checked(tmp_path, rows) == (["02683", "16690"], [])


def test_codes_and_names_of_provinces_and_communes_side_by_side(tmp_path):
    heads = ["Mã TP", "Tỉnh/Thành phố", "Mã PX", "Phường/Xã"]
    assert checked(tmp_path, wide(heads, *((15, "Tỉnh Lào Cai", c, n) for c, n in ROWS.items()))) == ([*ROWS], [])


def test_names_of_units_tell_their_column_whatever_its_heading(tmp_path):
    assert checked(tmp_path, wide(["Nội dung"], *([n] for n in ROWS.values()))) == ([*ROWS], ["unit_column_by_content"])
    below = wide(["Tỉnh", "Diễn giải"], *(("Lào Cai", n) for n in ROWS.values()))
    assert checked(tmp_path, below) == ([*ROWS], ["unit_column_by_content"])
    codes = wide(["Mã hiệu"], *([c] for c in ROWS))
    assert checked(tmp_path, codes) == ([*ROWS], ["unit_column_by_content"])


def test_one_commune_for_each_province_may_be_its_seat(tmp_path):
    rows = wide(["Tỉnh", "Trung tâm"], ("Lào Cai", "Xã Bát Xát"), ("Nghệ An", "Phường Trường Vinh"))
    assert checked(tmp_path, rows) == ([], ["unit_below"])


def test_some_names_below_the_units_in_use_are_asked_about(tmp_path):
    rows = wide(["Tỉnh", "Diễn giải"], ("Lào Cai", "Xã Bát Xát"), ("Lào Cai", "Xã Ý Tí"), ("Lào Cai", "Tổ một"))
    assert checked(tmp_path, rows) == ([], ["unit_below"])


def test_numbers_below_the_units_in_use_may_be_their_codes(tmp_path):
    rows = people(("Lào Cai", NEW, 2683), ("Lào Cai", NEW, 2701), extra=["Ký hiệu"])
    assert [rule for rule, _ in findings(tmp_path, **{"Dân số": rows})] == ["unit_below"]


def test_a_list_without_units_names_the_likely_column(tmp_path):
    [[rule, message]] = findings(tmp_path, **{"Số thẻ": wide(["Diễn giải"], ["Ô một"], ["Ô hai"])})
    assert rule == "unit_unclear"
    assert "perhaps A «Diễn giải»" in message


def test_names_of_upper_units_beside_short_names_stay_the_units(tmp_path):
    heading, *rows = wide(["Mã huyện", "Tên"], ("082", "Bát Xát"), ("088", "Sa Pa"))
    rows = [heading, *([*row[:2], OLD, *row[3:]] for row in rows)]
    assert checked(tmp_path, rows)[0] == ["082", "088"]


def test_counts_of_a_level_are_no_names_of_its_units(tmp_path):
    heading, row = wide(["Xã"], ["Xã Y Tý"])
    rows = [[*heading, "Cấp huyện"], [*row, 6]]
    assert checked(tmp_path, rows) == ([], ["unknown_figures"])


# --- Words and codes beside names ---


@pytest.mark.parametrize(
    "text", ["{code} - {name}", "{name} - {code}", "{code}. {name}", "15.{code}", "UBND {name}", "ubnd X.{bare}"]
)
def test_code_beside_the_name_or_the_council_of_a_commune(tmp_path, text):
    cells = [text.format(code=code, name=name, bare=name[3:]) for code, name in ROWS.items()]
    assert checked(tmp_path, wide(["Đơn vị"], *([c] for c in cells))) == ([*ROWS], [])


def test_code_of_another_unit_than_the_name_beside_it_is_unclear(tmp_path):
    [[rule, _]] = findings(tmp_path, **{"Số thẻ": wide(["Đơn vị"], ["02683 - Xã Y Tý"], ["02701 - Xã Y Tý"])})
    assert rule == "unknown_area"


def test_districts_with_dots_in_their_words_are_not_summed(tmp_path):
    rows = people(("H. Bát Xát", OLD), ("T.P Lào Cai", OLD), ("TX.Sa Pa", OLD))
    assert codes(tmp_path, rows) == ["082", "080", "088"]


def test_codes_with_exponents_are_one_error(tmp_path):
    rows = wide(["Mã xã"], ["2,683E+03"], ["2,701E+03"], ["2,728E+03"])
    assert [rule for rule, _ in findings(tmp_path, **{"Số thẻ": rows})] == ["exponent_number"]


def test_word_of_another_kind_is_reported_with_the_unit(tmp_path):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Số thẻ": wide(["Xã"], ["Phường Bát Xát"], ["Xã Y Tý"])})
    [message] = bhyt.check(path).query("rule == 'kind_differs'")["message"]
    assert "Phường Bát Xát" in message
    assert "Xã Bát Xát, tỉnh Lào Cai (02683)" in message


def test_commune_that_others_joined_has_no_figures_before(tmp_path):
    day = dt.date(2025, 5, 31)  # 02683 was Thị trấn Bát Xát until 30 June 2025
    assert [rule for rule, _ in findings(tmp_path, **{"Dân số": people(("Xã Bát Xát", day))})] == ["unit_not_yet"]
