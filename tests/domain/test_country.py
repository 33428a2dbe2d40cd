"""The tables of the whole country agree with the office's lists, the resolutions and the census."""

import subprocess
import sys

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.unit_names import normalise_name

ONE_DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def country():
    return bhyt.country()


def on_day(units, day):
    return units[~(units["since"] > day) & ~(units["until"] < day)]


# Known counts of the statistics office and of the National Assembly.
COUNTS = {
    "2019-04-01": {"province": 63, "district": 713, "commune": 11_161},
    "2021-01-01": {"province": 63, "district": 705, "commune": 10_603},
    "2023-07-01": {"province": 63, "district": 705, "commune": 10_598},
    "2025-06-30": {"province": 63, "district": 696, "commune": 10_035},
    "2025-07-01": {"province": 34, "commune": 3_321},
    "2026-11-01": {"province": 34, "commune": 3_321},
}


@pytest.mark.parametrize(("day", "counts"), COUNTS.items())
def test_the_number_of_units_on_a_day(country, day, counts):
    assert on_day(country.units, day)["kind"].value_counts().to_dict() == {"country": 1, **counts}


def test_no_two_units_have_a_code_on_the_same_day(country):
    units = country.units.sort_values(["code", "since"], na_position="first")
    before = units.groupby("code")["until"].shift()
    again = units["code"].duplicated()
    assert (units["since"][again] > before[again]).all()


def test_the_unit_above_exists_on_every_day_of_a_unit(country):
    units = country.units
    above = {kind: units[units["kind"] == kind] for kind in ("country", "province", "district")}
    pairs = units[units["kind"] != "country"].merge(
        pd.concat(above.values())[["code", "since", "until"]],
        left_on="parent",
        right_on="code",
        suffixes=("", "_above"),
    )
    start, end = pd.Timestamp("2019-01-01"), pd.Timestamp("2027-01-01")
    first, last = pairs["since"].fillna(start).clip(lower=start), pairs["until"].fillna(end)
    first_above, last_above = pairs["since_above"].fillna(start), pairs["until_above"].fillna(end)
    shared = (last.clip(upper=last_above) - first.clip(lower=first_above)) / ONE_DAY + 1
    days = (last - first) / ONE_DAY + 1
    keys = [pairs["code"], pairs["row"]]
    covered = shared.clip(lower=0).groupby(keys).sum()
    own = days.groupby(keys).first()
    assert len(own) == len(units) - 1
    assert covered[covered != own.clip(lower=0)].empty


def test_dong_nai_is_a_city_since_30_april_2026(country):
    names = country.units.query("code == '75'").set_index("since")["name"]
    assert names["2026-04-30"] == "Thành phố Đồng Nai"
    # Resolution 237/NQ-UBTVQH16: ten communes became wards
    changed = country.units[(country.units["since"] == "2026-04-30") & (country.units["kind"] == "commune")]
    assert len(changed) == 10
    assert changed["name"].str.startswith("Phường ").all()


def test_former_and_new_units_exist_on_the_days_of_a_change(country):
    units, moves = country.units, country.successors
    identified = moves[moves["code_new"] != ""]
    assert len(moves) - len(identified) == 2  # Phúc Thành A and Phú An Hòa: not known
    for rows, column, shift in ((moves, "code_old", ONE_DAY), (identified, "code_new", pd.Timedelta(0))):
        days = rows["on"] - shift
        for day in days.unique():
            assert set(rows.loc[days == day, column]) <= set(on_day(units, day)["code"]), (column, day)


def test_shares_of_a_former_unit_add_up_to_one(country):
    parts = country.successors.groupby(["code_old", "on"])["share"].agg(["sum", "count", "size"])
    complete = parts[parts["count"] == parts["size"]]
    assert complete["sum"].sub(1).abs().max() < 1e-3
    in_2025 = parts[parts.index.get_level_values("on") == "2025-07-01"]
    assert (in_2025["count"] < in_2025["size"]).sum() == 381


def test_every_commune_of_june_2025_has_its_successor(country):
    last = on_day(country.units, "2025-06-30").query("kind == 'commune'")["code"]
    moves = country.successors[country.successors["on"] == "2025-07-01"]
    assert set(last) <= set(moves["code_old"])
    new = on_day(country.units, "2025-07-01").query("kind == 'commune'")["code"]
    assert set(new) <= set(moves["code_new"])


@pytest.fixture(scope="module")
def census(country):
    return country.people[country.people["status"] == "census"].set_index("area")


def test_the_census_adds_up_to_the_country(census):
    islands = ["318", "471", "755"]  # districts without communes
    lowest = census[census.index.str.len() == 5]
    for column, total in (("people", 96_208_984), ("households", 26_870_079)):
        assert lowest[column].sum() + census.loc[islands, column].sum() == total
        assert census.loc["VN", column] == total
    assert len(lowest) + len(islands) == 11_165
    sizes = [c for c in census if c.startswith("size_")]
    assert (census[sizes].sum(axis=1) == census["households"]).all()


def test_printed_figures_of_the_census(country, census):
    # General Statistics Office, results of the census: Hà Nội, Sơn Dương; minority people of the country
    assert census.loc[["01", "076"], "people"].tolist() == [8_053_663, 183_600]
    assert census.loc["VN", "minority_people"] == 14_123_158
    assert country.ethnicity[["kinh_people", "minority_people"]].to_numpy().sum() == 96_208_984


def test_ages_add_up_to_the_people_of_each_unit(country, census):
    ages = country.ages.set_index("area")
    groups = [c for c in ages if c.startswith("age_")]
    assert len(groups) == 18
    assert len(ages) == 1 + 63 + 712
    assert (ages[groups].sum(axis=1) == census["people"].loc[ages.index]).all()
    assert ages.loc["VN", "age_0_4"] == 7_819_326


def test_registered_people_of_2025_by_status(country):
    registered = country.people[country.people["as_of"] == "2025-07-01"]
    provinces = registered[registered["area"].str.len() == 2]
    communes = registered[registered["area"].str.len() == 5]
    assert provinces["people"].sum() == 113_571_926
    # Estimates: 163 with a lost zero put back; 254 worked out from the census, of which 152 had the number of a
    # namesake; and 63 with the number of a namesake where the census does not tell whose it is.
    assert communes["status"].value_counts().to_dict() == {"published": 2_841, "estimated": 163 + 254 + 63}
    today = on_day(country.units, "2025-07-01")
    assert set(registered["area"]) == set(today["code"]) - {"VN"}


def test_no_published_number_is_also_that_of_a_namesake(country):
    today = on_day(country.units, "2025-07-01").query("kind == 'commune'")
    registered = country.people[(country.people["as_of"] == "2025-07-01") & (country.people["status"] == "published")]
    rows = registered.merge(today, left_on="area", right_on="code")
    rows["bare"] = rows["name"].map(normalise_name).str.replace("^(xa|phuong|dac khu) ", "", regex=True)
    assert len(rows) == 2_841
    same = rows[rows.duplicated(["bare", "people"], keep=False)]
    assert same[["area", "name", "parent", "people"]].to_numpy().tolist() == []


def test_a_number_printed_for_namesakes_is_kept_where_it_fits(country):
    people = country.people[country.people["as_of"] == "2025-07-01"].set_index("area")
    # Mường Lạn, printed 10,901 twice: the census had 9,315 in that of Sơn La, but 12,427 in that of Điện Biên
    assert people.loc["04246", ["people", "status"]].tolist() == [10_901, "published"]
    assert people.at["03313", "status"] == "estimated"
    assert people.at["03313", "people"] > 12_427
    # Hợp Thành, printed 10,828 twice: 11,353 in Lào Cai and 9,059 in Thái Nguyên, both of which are possible
    assert people.loc[["02680", "05632"], "people"].tolist() == [10_828] * 2
    assert people.loc[["02680", "05632"], "source"].str.endswith("chưa rõ là số của xã nào").all()


def test_the_tables_have_the_columns_of_an_input(country, data):
    for ours, table in ((country.units, data.areas), (country.successors, data.successors)):
        types = ours.dtypes.to_dict()
        assert types == {c: table.dtypes[c] for c in types}
    types = country.people.dtypes.to_dict()
    assert types == {c: data.population.dtypes[c] for c in types}
    for table in (country.people, country.ages, country.ethnicity):
        assert (table["source"] != "").all()
        assert table["as_of"].notna().all()


# Communes of Sơn La that the census spells otherwise than the office's list, such as Nong Lay and Noong Lay.
SPELLED_BY_THE_CENSUS = {
    "03724", "03745", "03754", "03769", "03772", "03775", "03799", "03865", "03871", "03892", "04066", "04117", "04198",
    "04231",
}  # fmt: skip


def test_the_units_of_the_four_places_are_units_of_the_country(country, data):
    areas = data.areas[data.areas["file"] == "areas.csv"]
    key = ["code", "since", "until"]
    pairs = areas.merge(country.units, on=key, how="left", suffixes=("", "_listed"))
    assert pairs["name_listed"].notna().all()
    assert (pairs["parent"] == pairs["parent_listed"]).all()
    different = pairs[pairs["name"].map(normalise_name) != pairs["name_listed"].map(normalise_name)]
    assert set(different["code"]) <= SPELLED_BY_THE_CENSUS
    assert different["until"].eq("2025-06-30").all()


def test_outlines_have_a_shape_for_each_province(country):
    for year, day in ((2019, "2019-04-01"), (2025, "2025-07-01")):
        codes = {f["properties"]["code"] for f in country.outlines[year]["features"]}
        assert codes == set(on_day(country.units, day).query("kind == 'province'")["code"])


def test_loading_an_input_does_not_read_the_country():
    code = "import bhyt_analysis as b; from pathlib import Path; import pandas as pd; b.load(); "
    code += "from bhyt_analysis.domain.country import country; print(country.cache_info().currsize)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"
