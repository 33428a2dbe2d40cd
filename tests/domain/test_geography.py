"""Units are found by code, name and day; each row is about the unit of its own day."""

import dataclasses
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.domain.area_view import find_unit, find_units
from bhyt_analysis.domain.geography import Geography

COLUMNS = ["code", "name", "kind", "parent", "since", "until"]
# Of the four places: what a code or name means today, and what it meant on 31 December 2021.
THEN = "2021-12-31"


def new_geography(*rows, successors=()):
    areas = pd.DataFrame(rows, columns=COLUMNS).assign(listed="")
    for column in ("since", "until"):
        areas[column] = pd.to_datetime(areas[column].replace("", None))
    moves = pd.DataFrame(successors, columns=["code_old", "code_new", "on", "share"])
    return Geography(areas, moves.assign(on=pd.to_datetime(moves["on"])))


@pytest.fixture(scope="module")
def country():
    return bhyt.country().geography


@pytest.mark.parametrize(
    ("text", "today", "then"),
    [
        ("07537", "Xã Biên Sơn, Tỉnh Bắc Ninh", "Xã Phong Vân, Huyện Lục Ngạn, Tỉnh Bắc Giang"),
        ("15", "Tỉnh Lào Cai", "Tỉnh Yên Bái"),
        ("24", "Tỉnh Bắc Ninh", "Tỉnh Bắc Giang"),
        ("Phường Lào Cai", "Phường Lào Cai, Tỉnh Lào Cai", "Phường Lào Cai, Thành phố Lào Cai, Tỉnh Lào Cai"),
        ("Phường Chũ", "Phường Chũ, Tỉnh Bắc Ninh", None),
        ("Tỉnh Lào Cai", "Tỉnh Lào Cai", "Tỉnh Lào Cai"),
        ("Tỉnh Yên Bái", "Tỉnh Yên Bái", "Tỉnh Yên Bái"),  # has ended: the last one that bore the name
    ],
)
def test_a_code_or_name_means_the_unit_of_the_day_and_else_of_today(country, text, today, then):
    def places(unit):
        return ", ".join(u.name for u in country.lineage(unit) if u.kind != "country")

    assert places(country.find(text)) == today
    if then is None:
        with pytest.raises(ValueError, match="Phường Chũ"):
            country.find(text, on=THEN)
    else:
        assert places(country.find(text, on=THEN)) == then


def test_every_code_that_several_units_bear_means_each_on_its_own_days(country):
    reused = 0
    for code in dict.fromkeys(u.code for u in country.units.values()):
        units = country.units_with_code(code)
        reused += len(units) > 1
        for earlier, later in pairwise(units):
            assert earlier.last < later.first, code
        for unit in units:
            for day in (unit.since, unit.until):
                if day is not None:
                    assert country.find(code, on=day) == unit
        open_ended = [u for u in units if u.until is None]
        assert country.find(code) == (open_ended or units)[-1]
    assert reused > 3_000


def test_every_name_that_several_units_bear_means_those_of_its_days(country):
    by_name = {}
    for unit in country.units.values():
        by_name.setdefault(unit.name, []).append(unit)
    shared = {name: units for name, units in by_name.items() if len(units) > 1}
    assert len(shared) > 2_000
    for name, units in shared.items():
        for unit in units:
            day = unit.since or unit.until or pd.Timestamp(THEN)
            matches = country.matches(name, on=day)
            assert unit in matches
            assert all(u.exists_on(day.toordinal()) for u in matches)
        existing = [u for u in units if u.until is None]
        matches = country.matches(name)
        assert set(existing) <= set(matches)
        assert all(u.until is None for u in matches) or not existing


def test_the_unit_above_tells_namesakes_apart(country):
    assert len(country.matches("Xã Tân Lập")) > 1
    assert country.find("Xã Tân Lập, tỉnh Quảng Trị").code != country.find("Xã Tân Lập, tỉnh Tây Ninh").code
    with pytest.raises(ValueError, match="Xã Tân Lập"):
        country.find("Xã Tân Lập")


def test_a_day_in_the_text_says_which_unit_is_meant(country):
    assert country.find("15 @ 30/06/2025").name == "Tỉnh Yên Bái"
    assert country.find("Tỉnh Quảng Ngãi@2025-06-30").until == pd.Timestamp("2025-06-30")


def test_the_key_of_every_unit_finds_just_this_unit(country):
    for unit in list(country.units.values())[::7]:
        assert country.find(country.key(unit)) == unit


def test_names_without_accents_find_all_that_differ_only_in_them():
    rows = [("1", "Xã Hoà Bình", "commune", "", "", ""), ("2", "Xã Hóa Bình", "commune", "", "", "")]
    geography = new_geography(*rows)
    assert geography.find("xã HÒA BÌNH").code == "1"  # the tone is on the second vowel or the first
    assert [u.code for u in geography.matches("xa hoa binh")] == ["1", "2"]
    assert geography.find("x. Hóa Bình").code == "2"


def test_the_unit_above_is_that_of_the_day():
    geography = new_geography(
        ("P", "Tỉnh Cũ", "province", "", "", "2025-06-30"),
        ("P", "Tỉnh Mới", "province", "", "2025-07-01", ""),
        ("C", "Xã Một", "commune", "P", "", ""),
    )
    commune = geography.find("C")
    assert geography.parent(commune).name == "Tỉnh Mới"
    assert geography.parent(commune, "2021-01-01").name == "Tỉnh Cũ"
    old, new = geography.units_with_code("P")
    assert geography.communes(old) == geography.communes(new) == [commune]


def test_origins_multiply_the_shares_of_each_step():
    geography = new_geography(
        ("A", "Xã A", "commune", "", "", "2019-12-31"),
        ("B", "Xã B", "commune", "", "2020-01-01", "2025-06-30"),
        ("C", "Xã C", "commune", "", "2025-07-01", ""),
        successors=[("A", "B", "2020-01-01", 0.5), ("B", "C", "2025-07-01", 0.4)],
    )
    shares = {u.code: share for u, share in geography.origins(geography.find("C")).items()}
    assert shares == {"B": 0.4, "A": pytest.approx(0.2)}


def test_each_row_is_about_the_unit_of_its_own_day(data):
    days = data.published[data.published["area"] == "15"]
    assert {data.geography.unit(i).name for i in days["unit_id"]} == {"Tỉnh Yên Bái"}
    decided = data.decisions[data.decisions["area"] == "15"]
    assert {data.geography.unit(i).name for i in decided["unit_id"]} == {"Tỉnh Lào Cai"}
    # Decision 546 of 2022 sets a target of the end of 2025 for Bắc Giang, not for Bắc Ninh, which has its code since.
    targets = data.targets[data.targets["area"] == "24"]
    assert {data.geography.unit(i).name for i in targets["unit_id"]} == {"Tỉnh Bắc Giang"}


def test_rows_that_are_added_get_their_unit(data):
    row = data.population.head(1).assign(area="24", as_of=pd.Timestamp("2026-01-01")).drop(columns="unit_id")
    more = dataclasses.replace(data, population=pd.concat([data.population, row], ignore_index=True))
    assert data.geography.unit(more.population["unit_id"].iloc[-1]).name == "Tỉnh Bắc Ninh"
    assert more.population["unit_id"].iloc[:-1].tolist() == data.population["unit_id"].tolist()


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=6, unique=True), st.integers(0, 3100))
def test_on_any_day_a_code_means_the_spell_that_holds_it(starts, day):
    """The oracle goes over the spells one by one: each lasts to the day before the next."""
    first = pd.Timestamp("2017-01-01")
    days = sorted(starts)
    ends = [*(first + pd.Timedelta(days=d - 1) for d in days[1:]), None]
    rows = [
        ("X", f"Xã {i}", "commune", "", f"{first + pd.Timedelta(days=d):%F}", "" if end is None else f"{end:%F}")
        for i, (d, end) in enumerate(zip(days, ends, strict=True))
    ]
    geography = new_geography(*rows)
    expected = max((i for i, d in enumerate(days) if d <= day), default=0)
    assert geography.unit_at("X", first + pd.Timedelta(days=day)).name == f"Xã {expected}"


@pytest.mark.parametrize(
    ("text", "code", "above"),
    [
        ("Huyện Yên Thành", "426", "Tỉnh Nghệ An"),  # and not xã Yên Thành of Lào Cai, which the bundled units have
        ("Huyện Bát Xát", "082", "Tỉnh Lào Cai"),
        ("Xã Phú Tân (Cà Mau)", "32218", "Tỉnh Cà Mau"),
        ("xã Phú Tân tỉnh Cà Mau", "32218", "Tỉnh Cà Mau"),
        ("TPHCM", "79", "Việt Nam"),
        ("8", "08", "Việt Nam"),  # the code of Tuyên Quang without its zero, and not Quận 8
        ("Vinh", "412", "Tỉnh Nghệ An"),
        ("Quận Hoàng Mai", "008", "Thành phố Hà Nội"),
    ],
)
def test_a_unit_that_the_data_lack_is_taken_from_the_country(data, text, code, above):
    view = bhyt.area(data, text)
    assert (view.unit.code, view.parent.name) == (code, above)


@pytest.mark.parametrize("text", ["Xã Tân Lập", "Xã Hợp Thành"])
def test_a_name_in_several_provinces_of_today_is_asked_about(data, text):
    with pytest.raises(ValueError, match=rf"{text} \(Tỉnh .*{text} \(Tỉnh "):
        bhyt.area(data, text)


def test_a_word_for_another_level_is_another_unit(data):
    with pytest.raises(ValueError, match="Tỉnh Hà Tây"):  # joined Hà Nội in 2008; a commune bears the name
        bhyt.area(data, "Tỉnh Hà Tây")


def test_a_dissolved_district_knows_what_its_communes_became(data):
    view = bhyt.area(data, "Huyện Kỳ Sơn, tỉnh Nghệ An")
    became = {new.name for u in view.communes(view.unit.until) for new, _ in view.geography.successors(u)}
    assert {"Xã Mường Xén", "Xã Mỹ Lý", "Xã Keng Đu"} <= became
    assert all(view.geography.successors(u) for u in view.communes(view.unit.until))


def test_a_unit_listed_in_part_is_completed_before_it_is_summed(data):
    # The census counted 56,813 people in Năm Căn; one commune of today brings only some of its communes along.
    people = bhyt.area(data, "Huyện Năm Căn").population_at("2019-04-01").people
    assert people == 56_813
    more, _ = find_unit(data, "32191")
    assert bhyt.area(more, "971").population_at("2019-04-01").people == people
    assert len(bhyt.area(data, "Tỉnh Bắc Ninh").communes()) == 99


def test_units_that_are_found_at_once_are_those_found_one_by_one(data):
    names = ["Sơn Dương", "07537", "07537 @ 30/06/2025", "Xã Tân Lập, tỉnh Quảng Trị", "32191", "X00101", "51"]
    more, units = find_units(data, names)
    for name, unit in zip(names, units, strict=True):
        alone, expected = find_unit(data, name)
        assert (unit.code, unit.name, unit.since, unit.until) == (
            expected.code,
            expected.name,
            expected.since,
            expected.until,
        )
        assert more.geography.unit(unit.id) is unit
        below = [[(u.code, u.name) for u in d.geography.communes(u)] for d, u in ((more, unit), (alone, expected))]
        assert sorted(below[0]) == sorted(below[1])
    assert find_units(data, ["Sơn Dương", "219"])[0] is data
