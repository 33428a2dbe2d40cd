"""The bundled tables agree with their sources. Expected figures were read from the documents."""

import dataclasses

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.domain.decisions import default_decision
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.domain.printed_figures import national_rate
from bhyt_analysis.domain.schema import OWN_GROUPS, schema
from bhyt_analysis.ingest import synthetic

from ..conftest import ROOT


def test_the_bundled_data_has_no_findings(data):
    assert bhyt.check().empty
    assert data.warnings == []


# General Statistics Office, census of 1 April 2019: people of each district.
CENSUS = {
    "Sơn Dương": 183_600, "Lục Ngạn": 226_540,
    "Thành phố Sơn La": 106_052, "Quỳnh Nhai": 64_045, "Thuận Châu": 172_763, "Mường La": 99_534, "Bắc Yên": 66_784,
    "Phù Yên": 114_974, "Mộc Châu": 114_460, "Yên Châu": 79_295, "Mai Sơn": 163_881, "Sông Mã": 154_224,
    "Sốp Cộp": 50_215, "Vân Hồ": 62_188,
    "Thành phố Quảng Ngãi": 261_417, "Bình Sơn": 181_050, "Huyện Trà Bồng": 32_250, "Huyện Tây Trà": 20_744,
    "Sơn Tịnh": 95_843, "Tư Nghĩa": 128_661, "Sơn Hà": 78_377, "Sơn Tây": 21_174, "Minh Long": 18_722,
    "Nghĩa Hành": 82_250, "Mộ Đức": 112_592, "Huyện Đức Phổ": 120_629, "Huyện Ba Tơ": 59_438, "Lý Sơn": 18_550,
}  # fmt: skip


@pytest.mark.parametrize(("name", "people"), CENSUS.items())
def test_people_of_each_district_at_the_census(data, name, people):
    code = data.find(name).code
    count = population_at(data.geography, data.population, code, pd.Timestamp("2019-04-01"))
    assert (count.people, count.status) == (people, "census")
    # Units went on under other names and in other boundaries after 2019: their views have the same people of that day.
    assert bhyt.area(data, code).population_at("2019-04-01").people == people


def test_the_census_covers_451_communes_of_28_districts(data):
    census = data.population[data.population["status"] == "census"]
    assert len(census) == 451
    parents = data.areas.drop_duplicates("code").set_index("code").loc[census["area"], "parent"]
    assert parents.nunique() == 28
    sizes = [c for c in census if c.startswith("size_")]
    assert (census[sizes].sum(axis=1) == census["households"]).all()


SON_DUONG = {
    "employer_employee": 8541, "social_security_paid": 5374, "poor": 4154, "difficult_area": 38658,
    "state_paid_other": 37373, "near_poor": 6198, "student": 24746, "farm_average_income": 2174,
    "household": 26735, "relative_of_army_staff": 1210,
}  # fmt: skip


def test_the_plan_of_son_duong(data):
    # Part I, section I.2 of the plan
    cards = data.cards[data.cards["area"] == "076"].set_index("group")["cards"]
    assert cards.to_dict() == SON_DUONG
    assert cards.sum() == 155_163
    assert cards[["poor", "difficult_area", "state_paid_other"]].sum() == 80_185
    assert cards[["near_poor", "student", "farm_average_income"]].sum() == 33_118
    assert cards.sum() - 1210 == 153_953


def test_losses_and_targets_of_the_plans(data):
    losses = data.losses.set_index("area")[["people", "relation"]].apply(tuple, axis=1)
    plans = {"076": (30_082, ""), "219": (46_106, "")}
    assert losses.to_dict() == {**plans, "60": (35_876, ""), "17": (161_000, ">"), "VN": (4_900_000, "about")}
    own = data.targets[(data.targets["area"] == "076") & (data.targets["scope"] == "all")]
    assert own.set_index(own["on"].dt.year)["rate"].to_dict() == {2022: 0.906, 2023: 0.915, 2024: 0.92, 2025: 0.921}
    son_la = data.targets[(data.targets["area"] == "14") & (data.targets["scope"] == "all")].set_index("rate")[
        "relation"
    ]
    assert son_la.to_dict() == {0.962: ">=", 0.9635: ">"}


LUC_NGAN = {
    "Biển Động", "Tân Hoa", "Đồng Cốc", "Kim Sơn", "Phì Điền", "Biên Sơn", "Giáp Sơn", "Tân Quang", "Nam Dương",
    "Tân Lập", "Kiên Thành", "Kiên Lao", "Thanh Hải", "Tân Mộc",
}  # fmt: skip


def test_the_fourteen_communes_of_luc_ngan(data):
    names = {
        data.geography.unit(r.unit_id).name.removeprefix("Xã ")
        for r in data.zones.query("decision == '861'").itertuples()
        if r.area.startswith("07")
    }
    assert names == LUC_NGAN


def test_every_published_figure_has_its_place_in_a_document(data):
    own = data.published[data.published["document"] != "observed"]
    assert (own["locator"] != "").all()
    assert set(data.published["document"]) <= set(data.documents["document"])


def test_the_plans_are_published_figures_and_the_example_is_synthetic(data):
    for table in (data.cards, data.population, data.zones):
        example = table["area"].str.startswith("X")
        assert (table.loc[example, "status"] == "synthetic").all()
        assert (table.loc[~example, "status"] != "synthetic").all()


def test_the_example_district_is_the_generators_first(data, tmp_path):
    synthetic.write_country(tmp_path, 1, 861, "_example")
    for path in sorted(tmp_path.glob("*.csv")):
        assert path.read_text("utf-8") == (ROOT / "data" / path.name).read_text("utf-8"), path.name


def test_the_example_is_complete_for_24_months(data):
    example = data.cards[data.cards["area"].str.startswith("X")]
    assert example["as_of"].nunique() == 24
    assert example["group"].nunique() == 12
    assert len(example) == 24 * 12 * 12
    assert set(data.zones.loc[data.zones["area"].str.startswith("X"), "decision"]) == {"582", "861"}


def test_split_units_have_no_invented_share(data):
    parts = data.successors[data.successors["code_new"] != ""]
    split = parts.groupby(["code_old", "on"]).filter(lambda g: len(g) > 1)
    shares = {code: rows["share"].tolist() for code, rows in split.groupby("code_old")}
    assert shares.keys() == {"21142", "21514"}
    assert pd.isna(shares["21142"]).all()
    assert shares["21514"] == [0.5328, 0.4672]  # from the people that Resolution 867/NQ-UBTVQH14 names
    assert (parts.drop(split.index)["share"] == 1.0).all()


def test_the_island_communes_become_the_special_zone_of_ly_son_only(data):
    # An Vĩnh, An Hải and An Bình went up in the district in 2020 (Resolution 867), and it became the zone in 2025.
    new = data.successors.set_index("code_old")["code_new"]
    assert [new[code] for code in ("21541", "21544", "21547", "536")] == ["536", "536", "536", "21548"]
    zone = data.geography.unit_at("21548")
    assert zone.name == "Đặc khu Lý Sơn"
    assert {u.code for u in data.geography.origins(zone)} == {"21541", "21544", "21547", "536"}


def test_every_commune_of_2019_has_a_known_successor(data):
    assert (data.successors["code_new"] != "").all()
    counted = data.rows("population", {u.id for u in data.geography.units.values() if u.kind == "commune"})
    communes = {data.geography.unit(i) for i in counted[counted["as_of"] == "2019-04-01"]["unit_id"]}
    assert len(communes) == 451
    for unit in communes:
        level = [unit]
        while any(u.until is not None for u in level):
            level = [new for u in level for new, _ in (data.geography.successors(u) or [(u, 1.0)] * (u.until is None))]
        assert level, unit
    # Chiềng Ly joined Thuận Châu, Nghĩa Phú by way of An Phú the ward An Phú (Resolutions 1279, 1677 and 1681)
    names = {code: data.geography.successors(data.geography.unit_at(code, "2019-04-01")) for code in ("03751", "21253")}
    assert {code: [u.name for u, _ in new] for code, new in names.items()}["21253"] == ["Xã An Phú"]


def test_codes_are_text_with_their_leading_zeros(data):
    assert {"076", "08", "02536"} <= set(data.areas["code"])


def test_a_name_means_the_largest_unit_of_that_name(data):
    names = ("Sơn Dương", "Thị trấn Sơn Dương", "Sơn La", "Thành phố Sơn La", "LỤC NGẠN", "219")
    assert [data.find(n).code for n in names] == ["076", "02536", "14", "116", "219", "219"]


def test_an_ambiguous_name_is_an_error_with_both_units(data):
    with pytest.raises(ValueError, match=r"03997 Xã Tân Lập \(Huyện Mộc Châu\), 07594 Xã Tân Lập \(Huyện Lục Ngạn\)"):
        data.geography.find("Tân Lập", on="2021-12-31")


def test_an_unknown_name_is_an_error_with_the_nearest(data):
    with pytest.raises(ValueError, match="Huyện Sơn Dương"):
        data.find("Huyện Sơn Duong A")


def test_a_unit_has_the_name_of_the_day(data):
    assert data.geography.unit_at("24", pd.Timestamp("2021-01-01")).name == "Tỉnh Bắc Giang"
    assert data.geography.unit_at("24", pd.Timestamp("2025-08-01")).name == "Tỉnh Bắc Ninh"
    assert data.geography.full_name(data.geography.unit_at("219")) == "Huyện Lục Ngạn (Tỉnh Bắc Giang)"
    assert data.geography.places("219")[-1] == ("VN", "Việt Nam")


def test_districts_ended_and_communes_of_2025_belong_to_provinces(data):
    assert len(data.geography.commune_codes("14", pd.Timestamp("2019-04-01"))) == 204
    new = data.geography.commune_codes("14", pd.Timestamp("2025-07-01"))
    assert set(data.areas[data.areas["code"].isin(new) & (data.areas["since"] == "2025-07-01")]["parent"]) == {"14"}


def test_a_sum_of_people_is_taken_only_where_every_commune_is_counted(data):
    some = data.population[data.population["area"] != "02539"]
    assert (
        population_at(data.geography, some, "076", pd.Timestamp("2019-04-01")).people == 182_330
    )  # the plan's own, of 2021
    assert population_at(data.geography, some[some["area"] != "076"], "076") is None


@pytest.mark.parametrize(
    ("area", "day", "decision"),
    [
        *((area, None, "861") for area in ("Sơn Dương", "Lục Ngạn", "Huyện Mai Sơn", "X001")),
        ("Sơn Dương", "2020-12-31", "582"),
        ("Tỉnh Yên Bái", None, "861"),  # its code was given to Lào Cai, which has a decision of its own
        ("Tỉnh Lào Cai", None, "2752"),
        ("Xã Bát Xát", None, "2752"),
        ("Tỉnh Lào Cai", "2025-10-01", "861"),
        *((area, None, "46") for area in ("Tỉnh Điện Biên", "Phường Mường Lay")),
        ("Tỉnh Điện Biên", "2025-12-31", "861"),  # the list is in force from 1 January 2026
        *((area, None, "60") for area in ("Tỉnh Sơn La", "Tỉnh Quảng Ngãi", "VN", "Nghệ An", "Lạng Sơn")),
        *((area, "2026-01-28", "861") for area in ("Tỉnh Sơn La", "Tỉnh Quảng Ngãi", "VN")),
        ("Tỉnh Thanh Hóa", None, "267"),  # it has counts of its own, of which the national decision tells none
    ],
)
def test_a_briefing_is_about_the_latest_decision_with_figures(data, area, day, decision):
    assert default_decision(data, area, day) == decision
    assert default_decision(dataclasses.replace(data, decisions=data.decisions.head(0)), area, day) == decision


# The two wards in zone I and the five units in zone II that the decision of Điện Biên names.
DIEN_BIEN = {
    "Phường Điện Biên Phủ": "I", "Phường Mường Thanh": "I", "Xã Thanh Nưa": "II", "Xã Thanh An": "II",
    "Xã Tuần Giáo": "II", "Xã Mường Phăng": "II", "Phường Mường Lay": "II",
}  # fmt: skip


def test_the_zones_of_dien_bien(data):
    listed = data.zones[data.zones["decision"] == "46"]
    zones = {data.geography.unit_at(r.area).name: r.zone for r in listed.itertuples()}
    assert {name: zone for name, zone in zones.items() if zone != "III"} == DIEN_BIEN
    assert len(zones) == 45
    assert set(listed["area"]) == set(data.geography.commune_codes("11", "2026-01-01"))
    assert set(listed.loc[listed["zone"] == "III", "status"]) == {"derived"}  # by name only those of I and II


def test_the_list_of_nghe_an_is_marked_as_second_hand(data):
    listed = data.zones[data.zones["decision"] == "60"]
    assert (len(listed), set(listed["zone"])) == (51, {"III"})
    assert listed["source"].str.contains("thứ cấp").all()
    assert set(listed["status"]) == {"derived"}


def test_the_national_list_of_2026(data):
    rows = data.decisions[data.decisions["decision"] == "60"].set_index("area")
    # 1,333 communes; 87 of 124 in Tuyên Quang, 66 of 75 in Sơn La, 51 in Nghệ An
    assert rows.loc["VN", ["zone_I", "zone_II", "zone_III"]].tolist() == [250, 259, 824]
    assert rows["zone_III"].drop("VN").to_dict() == {"04": 53, "08": 87, "12": 32, "14": 66, "40": 51}
    assert not data.decisions["source"].str.contains("Đề xuất").any()


# Printed for the end of 2019 and 2022 to 2025; "below 87%" of April 2022 is no rate.
NATIONAL = [("2019-12-30", None), ("2019-12-31", 0.9), ("2020-12-30", 0.9), ("2020-12-31", None), ("2021-12-31", None),
            ("2022-06-30", None), ("2022-12-30", 0.911), ("2022-12-31", 0.92), ("2023-12-31", 0.9335),
            ("2025-10-31", 0.9429), ("2026-11-25", 0.9516), ("2027-01-31", None)]  # fmt: skip


@pytest.mark.parametrize(("day", "rate"), NATIONAL)
def test_the_national_average_is_the_last_of_a_year(data, day, rate):
    own = dataclasses.replace(data, published=data.published.head(0), documents=data.documents.head(0))
    for tables in (data, own):  # an input without figures of the country is read with the bundled ones
        row = national_rate(tables, day)
        assert (row is None) if rate is None else (row["rate"] == pytest.approx(rate))


def test_the_source_of_the_national_average(data):
    assert national_rate(data, "2026-06-30")["source"] == "Báo Lao Động"


def test_every_table_of_the_schema_is_loaded(data):
    assert set(schema()["table"]) == {*TABLES, OWN_GROUPS}
    for name in TABLES:
        assert {"file", "row"} <= set(getattr(data, name).columns)


def test_the_fingerprint_of_the_input_changes_with_it(small_input):
    before = bhyt.load(small_input).sha256
    assert bhyt.load(small_input).sha256 == before
    path = small_input / "cards.csv"
    path.write_text(path.read_text("utf-8").replace("900", "901"), "utf-8")
    assert bhyt.load(small_input).sha256 != before


def test_a_name_selects_its_unit_where_the_code_has_had_two(data):
    old, new = (bhyt.coverage(data, name).iloc[0] for name in ("Yên Bái", "Lào Cai"))
    assert (old["name"], old["rate"]) == ("Tỉnh Yên Bái", 0.86)  # printed in February 2023
    assert new["name"] == "Tỉnh Lào Cai"
    assert pd.isna(new["rate"])
