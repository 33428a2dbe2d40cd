"""Scenario files: every bundled one runs, and all faults of one are reported at once."""

import re

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.domain.area_view import select_area
from bhyt_analysis.domain.input_error import InputError
from bhyt_analysis.domain.partitions import write_partition
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.simulate import project_area

from ..conftest import ROOT, write_table

BUNDLED = sorted((ROOT / "scenarios").glob("*.toml"))


def write_scenario(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", BUNDLED, ids=lambda p: p.stem)
@pytest.mark.parametrize("area", ["Sơn Dương", "Lục Ngạn", "X001"])
def test_every_bundled_scenario_runs(data, path, area):
    scenario = bhyt.read_scenario(path)
    assert scenario.name_en
    table = bhyt.simulate(data, area, scenario, draws=0)
    assert table["month"].max() == pd.Timestamp("2028-12-31")
    assert (table["insured"] >= 0).all()
    assert (table["insured"] <= table["people"]).all()
    assert table["proposal"].unique().tolist() == [bool(scenario.reforms)]


def test_the_scenarios_of_the_design_are_there():
    assert {p.stem for p in BUNDLED} >= {
        "status_quo",
        "decision_861_ordinary",
        "decision_861_high",
        "support_continued_2026",
        "near_poor_100",
        "contribution_rate_2027",
        "students_50_2022",
    }


def test_all_faults_are_reported_at_once_in_both_languages(tmp_path):
    path = write_scenario(
        tmp_path,
        """
        name = "Sai"
        decison = "861"
        support_window = "decree 7"
        start = "2022-13-01"
        seed = -1
        targets = [{ on = "2025-12-31", rate = 921 }]
        [assumptions]
        take_up.houshold = 0.4
        """,
    )
    with pytest.raises(BhytError) as caught:
        bhyt.read_scenario(path)
    text = str(caught.value)
    for part in (
        "decison",
        "decision?",
        "decree 75",
        "2022-13-01",
        "seed = -1",
        "targets[1].rate = 921",
        "take_up.household",
    ):
        assert part in text, part
    assert "có phải decision?" in caught.value.text("vi")
    lines = [int(n) for n in re.findall(r"mine\.toml, line (\d+):", text)]
    assert lines == [3, 4, 5, 6, 7, 9]  # each on its own line of the file, and in its order
    assert len(text.splitlines()) == 6


ROWS = """name = "x"
[[targets]]
on = "31/12/2026"
rate = "93,5%"

[[targets]]
rate = 2
relation = "=>"
[[law]]
since = "31/02/2027"
parameter = "base_salary"
valu = 2_600_000
[[zone]]
"area" = '07549'
"""


def test_every_cell_of_a_row_that_is_wrong_is_named_with_its_line(tmp_path):
    with pytest.raises(BhytError) as caught:
        bhyt.read_scenario(write_scenario(tmp_path, ROWS))
    assert caught.value.text("vi").splitlines() == [
        "mine.toml, dòng 6: targets[2] thiếu on",
        'mine.toml, dòng 8: targets[2].relation = =>; cần "=", ">=" hoặc ">"',
        "mine.toml, dòng 9: law[1] thiếu value",
        "mine.toml, dòng 10: law[1].since = 31/02/2027; cần một ngày từ năm 1990 đến năm 2100, ví dụ 2030-12-31",
        'mine.toml, dòng 12: không có khóa "valu"; có phải value?',
        "mine.toml, dòng 13: zone[1] thiếu zone",
    ]


def test_targets_are_written_as_people_write_them(tmp_path):
    text = 'name = "x"\n[[targets]]\non = "31/12/2026"\nrate = "93,5%"\n[[targets]]\non = 2027-12-31\nrate = 95\n'
    targets = bhyt.read_scenario(write_scenario(tmp_path, text)).targets
    assert [(f"{t['on']:%d/%m/%Y}", t["rate"]) for t in targets] == [("31/12/2026", 0.935), ("31/12/2027", 0.95)]


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_a_copy_of_a_bundled_scenario_works_anywhere(path, tmp_path):
    copy = tmp_path / "copy.toml"
    copy.write_bytes(path.read_bytes())
    scenario, bundled = bhyt.read_scenario(copy), bhyt.read_scenario(path.stem)
    assert scenario.name == bundled.name
    assert [reform.sha256() for reform in scenario.reforms] == [reform.sha256() for reform in bundled.reforms]
    assert len(scenario.reforms) == path.read_text("utf-8").count("reforms =")


def test_a_reform_is_found_beside_the_file_or_by_its_bundled_name(tmp_path):
    bundled = ROOT / "data" / "reforms" / "near_poor_100.csv"
    (tmp_path / "near_poor_100.csv").write_text(bundled.read_text("utf-8").replace("2027", "2031"), "utf-8")
    for name in ("near_poor_100.csv", "./near_poor_100.csv"):
        (own,) = bhyt.read_scenario(write_scenario(tmp_path, f'name = "x"\nreforms = ["{name}"]')).reforms
        assert {str(day)[:4] for day in own.table["since"]} == {"2031"}
    for name in ("near_poor_100", "../data/reforms/near_poor_100.csv"):
        folder = tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
        (own,) = bhyt.read_scenario(write_scenario(folder, f'name = "x"\nreforms = ["{name}"]')).reforms
        assert {str(day)[:4] for day in own.table["since"]} == {"2027"}
    with pytest.raises(BhytError, match=r"mine\.toml, line 2: there is no file .*nearest first: near_poor_100, "):
        bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\nreforms = ["nearpoor.csv"]'))


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("outreach = 3", "from 0 to 2"),
        ("persistence = 1.2", "from 0 to 1"),
        ("take_up.household = [0.6, 0.35, 0.1, 0]", "three in order"),
        ("take_up.household = [0.6, 0.1, 0.35]", "three in order"),
        ("price_elasticity = 0.4", "-0.99"),
        ('outreach = "much"', "from 0 to 2"),
    ],
)
def test_assumption_out_of_its_range_is_an_error(tmp_path, line, part):
    with pytest.raises(BhytError, match=part):
        bhyt.read_scenario(write_scenario(tmp_path, f'name = "x"\n[assumptions]\n{line}\n'))


def test_an_assumption_may_be_a_value_or_a_range(tmp_path):
    text = 'name = "x"\n[assumptions]\noutreach = 2\ntake_up.household = [0.2, 0.3, 0.4]\n'
    scenario = bhyt.read_scenario(write_scenario(tmp_path, text))
    table = scenario.assumptions()
    assert table.loc["outreach", ["low", "central", "high"]].tolist() == [2, 2, 2]
    assert table.loc["take_up.household", ["low", "central", "high"]].tolist() == [0.2, 0.3, 0.4]


def test_missing_name_file_or_list_is_an_error(tmp_path):
    with pytest.raises(BhytError, match="name"):
        bhyt.read_scenario(write_scenario(tmp_path, "seed = 1"))
    with pytest.raises(BhytError, match="no such file"):
        bhyt.read_scenario(tmp_path / "none.toml")
    with pytest.raises(BhytError, match="no such file"):
        bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\nzones = "list.csv"'))


ZONES = ["area", "decision", "zone", "special_villages_share", "since", "until", "status", "source"]


def test_zone_list_of_the_user_moves_communes_on_their_days(tmp_path, data):
    days = {"X00101": "2022-07-01", "X00105": "2022-10-01"}
    rows = [[code, "mine", "I", "0", day, "", "synthetic", "x"] for code, day in days.items()]
    write_table(tmp_path / "list.csv", ZONES, *rows)
    scenario = bhyt.read_scenario(write_scenario(tmp_path, 'name = "Của tôi"\nzones = "list.csv"\nend = "2023-06-30"'))
    assert scenario.decision == "mine"
    table = bhyt.simulate(data, "X001", scenario, by="group", draws=0)
    rows = table.query("result == 'static' and group == 'difficult_area'").set_index("month")["insured"]
    cards = data.cards[(data.cards["as_of"] == "2022-06-30") & data.cards["group"].str.contains("difficult_area")]
    cards = cards.groupby("area")["cards"].sum()
    # both leave zone III for zone I without special villages: all of their cards end, each on its day
    assert rows["2022-06-30"] - rows["2022-07-31"] == cards["X00101"]
    assert rows["2022-09-30"] - rows["2022-10-31"] == cards["X00105"]


def test_faults_of_a_zone_list_are_reported_with_their_rows(tmp_path, data):
    write_table(tmp_path / "list.csv", ZONES, ["X00101", "mine", "IV", "2", "soon", "", "synthetic", "x"])
    with pytest.raises(InputError) as caught:
        bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\nzones = "list.csv"'))
    assert len(caught.value.findings) == 3
    write_table(tmp_path / "list.csv", ZONES, ["X00199", "mine", "I", "0", "2022-07-01", "", "synthetic", "x"])
    scenario = bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\nzones = "list.csv"'))
    with pytest.raises(InputError, match="X00199"):
        bhyt.simulate(data, "X001", scenario, draws=0)


def test_support_window_follows_the_decision_by_default(data):
    assert project_area(data, "Lục Ngạn", bhyt.Scenario("x", decision="861")).scenario.support_window == "decree 75"
    scenario = bhyt.Scenario("x", decision="861", support_window="none")
    assert project_area(data, "Lục Ngạn", scenario).scenario.support_window == "none"


def test_unlisted_decision_has_the_support_window_of_its_day(data):
    def window(day):
        zones = data.zones[data.zones["decision"] == "861"].assign(
            decision="mine", zone="none", special_villages_share=0.0, since=pd.Timestamp(day)
        )
        return project_area(data, "X001", bhyt.Scenario("x", decision="mine", zones=zones)).scenario.support_window

    assert [window("2025-09-01"), window("2022-09-01")] == ["decree 188", "none"]


def test_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "bom.toml"
    path.write_text('name = "Có dấu"\n', encoding="utf-8-sig")
    assert bhyt.read_scenario(path).name == "Có dấu"


@pytest.mark.parametrize("text", ['name = "x', "name = ", 'name = "x"\n[targets\n'])
def test_invalid_toml_is_an_error_with_its_place(tmp_path, text):
    with pytest.raises(BhytError, match=r"mine\.toml, line \d+, column .: this cannot be read as TOML: “"):
        bhyt.read_scenario(write_scenario(tmp_path, text))
    with pytest.raises(BhytError, match="is a folder"):
        bhyt.read_scenario(tmp_path)


@pytest.mark.parametrize("value", ['"2.800.000"', "2.800.000", "2,800,000"])
def test_an_amount_with_separators_is_answered_with_its_digits(tmp_path, value):
    row = f'name = "x"\n[[law]]\nparameter = "base_salary"\nsince = "2027-01-01"\nvalue = {value}\n'
    with pytest.raises(BhytError, match=r"mine\.toml, line 5: .*value = “.*”.* write 2800000$"):
        bhyt.read_scenario(write_scenario(tmp_path, row))


def test_earnings_in_thousands_are_refused(tmp_path):
    with pytest.raises(BhytError, match=r"8000.*500,000 to 1,000,000,000 VND a month"):
        bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\n[income]\nemployer_employee = 8000\n'))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1258"])
def test_a_file_of_another_encoding_is_to_be_saved_by_notepad(tmp_path, encoding):
    path = tmp_path / "mine.toml"
    path.write_bytes('name = "Kê hoach"\n'.encode(encoding))
    with pytest.raises(BhytError, match=r"mine\.toml: not UTF-8 text.*Notepad.*UTF-8") as caught:
        bhyt.read_scenario(path)
    assert "CSV" not in caught.value.text("vi")


@pytest.mark.parametrize("line", ["income = 5", "assumptions = 5", 'targets = ["a"]', "[targets]\nrate = 0.9"])
def test_value_of_the_wrong_shape_is_an_error(tmp_path, line):
    with pytest.raises(BhytError, match="expected"):
        bhyt.read_scenario(write_scenario(tmp_path, f'name = "x"\n{line}\n'))


OWN_ZONES = """Đơn vị,Quyết định,Khu vực,Từ ngày,Nguồn
Xã Kiên Lao,861,III,04/06/2021,danh sách của cơ quan
{name},861,III,04/06/2021,danh sách của cơ quan
"""


def scenario_with_own_zones(tmp_path, name):
    (tmp_path / "khu_vuc.csv").write_text(OWN_ZONES.format(name=name), encoding="utf-8")
    return bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\ndecision = "861"\nzones = "khu_vuc.csv"\n'))


def test_own_list_of_zones_names_communes_by_name(data, tmp_path):
    zones = scenario_with_own_zones(tmp_path, "Xã Phong Vân").apply_to_data(data).zones
    rows = zones[zones["source"] == "danh sách của cơ quan"]
    assert rows["area"].tolist() == ["07552", "07537"]  # 07537 is Phong Vân on that day, Biên Sơn today


def test_own_list_with_an_unknown_commune_is_refused(data, tmp_path):
    with pytest.raises(InputError, match="Xã Không Có"):
        scenario_with_own_zones(tmp_path, "Xã Không Có").apply_to_data(data)


@pytest.fixture
def part(data, tmp_path):
    """The rows of xã Kiên Lao alone, as a notebook of a batch has them."""
    unit = data.geography.find("Xã Kiên Lao", on="2021-12-31")
    return bhyt.load(write_partition(tmp_path / "part", select_area(data, unit), unit))


def test_rows_of_one_unit_take_its_part_of_a_list(part, tmp_path):
    scenario = scenario_with_own_zones(tmp_path, "Xã Y Tý")
    zones = scenario.apply_to_data(part).zones
    assert zones.loc[zones["decision"] == "861", "area"].tolist() == ["07552"]


def test_moves_outside_of_a_unit_leave_its_rows_alone(part):
    move = {"area": "Xã Y Tý", "zone": "III", "since": "2021-06-04"}
    zones = bhyt.Scenario("x", decision="861", zone_moves=(move,)).apply_to_data(part).zones
    assert zones["area"].tolist() == part.zones["area"].tolist()


def test_a_wrong_assumption_has_its_unit_in_the_language_of_the_reader(tmp_path):
    with pytest.raises(BhytError) as caught:
        bhyt.read_scenario(write_scenario(tmp_path, 'name = "x"\n[assumptions]\noutreach = 3\n'))
    assert "(0 không, 1 thường xuyên, 2 đến từng nhà)" in caught.value.text("vi")
    assert "(0 none, 1 ordinary, 2 door to door)" in caught.value.text("en")
