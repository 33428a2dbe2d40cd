"""Tasks: who leads, by when, how many people, what is late; targets of groups and their people."""

from pathlib import Path

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.briefing.actions import done_text, due_text, task_text
from bhyt_analysis.briefing.verdict import decisions
from bhyt_analysis.ingest.cell_types import convert_column
from bhyt_analysis.model.actions.tasks import due_day, is_standing_duty
from bhyt_analysis.model.targets.group_targets import communes_below_last_year, group_targets
from bhyt_analysis.tables.cells import PublishedTable, collect_cells
from bhyt_analysis.tables.formatting import hidden_marks
from tests.briefing_items import section_items

ACTION = "area,task,lead,with,since,due,group,people,done,done_on,of,kind,source\n"

DUE = {"column": "due", "type": "due", "unit": "", "required": ""}


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> bhyt.Dataset:
    """A district of 1,000 people with two communes in two months, 50 near-poor, and tasks of its office."""
    folder: Path = tmp_path_factory.mktemp("office")
    files = {
        "areas": "code,name,kind,parent\nD1,Huyện Một,district,\nC1,Xã Một,commune,D1\nC2,Xã Hai,commune,D1\n",
        "population": "area,as_of,people,status,source\nC1,2025-12-31,600,published,B\nC2,2025-12-31,400,published,B\n",
        "cards": "area,as_of,group,cards,status,source\n"
        "C1,2025-12-31,household,480,published,B\nC2,2025-12-31,household,330,published,B\n"
        "C1,2025-12-31,near_poor,20,published,B\nC2,2025-12-31,near_poor,10,published,B\n"
        "C1,2026-01-31,household,500,published,B\nC2,2026-01-31,household,320,published,B\n"
        "C1,2026-01-31,near_poor,26,published,B\nC2,2026-01-31,near_poor,14,published,B\n",
        "targets": "area,scope,on,relation,rate,instrument,of,kind\n"
        "D1,all,2026-12-31,=,0.95,KH 1,,\nD1,near_poor,yearly,=,1,KH 1,,\neach,all,yearly,ratchet,,KH 1,D1,commune\n",
        "published": "document,area,figure,value,decimals,unit,relation,base,as_of,locator\n"
        "KH 1,D1,near_poor_people,50,0,people,=,,2025-12-31,I\n",
        "documents": "document,title,issuer,area\nKH 1,Kế hoạch 1,UBND huyện,D1\n",
        "actions": ACTION + "D1,Rà soát hộ cận nghèo,UBND xã,BHXH huyện,,15/01/2026,near_poor,,,,,,KH 1\n"
        "D1,Tập huấn,BHXH huyện,,,trước 31/01/2026,,,Đã tập huấn,20/01/2026,,,KH 1\n"
        "D1,Giao ban,UBND huyện,,,hằng tháng,,,,,,,KH 1\n"
        "each,Lập kế hoạch,UBND xã,,,trước 20/11 hằng năm,,,,,D1,Xã,KH 1\n",
        "duties": "area,kind,due_month,due_day,source\nD1,monthly,1,5,KH 1\n",
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return bhyt.load(folder)


@pytest.fixture(scope="module")
def district(office, law) -> pd.DataFrame:
    return bhyt.tasks(office, law, "D1")


def of_kind(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    return table[table["kind"] == kind].reset_index(drop=True)


def test_what_is_late_comes_first_and_what_is_done_last(district):
    assert district["task"].iloc[0] == "Rà soát hộ cận nghèo"  # due on 15 January, the figures are of the 31st
    assert district["late"].sum() == 2  # and the reports, the last of which was due on 5 January
    assert district["task"].iloc[-1] == "Tập huấn"
    assert str(district["done_on"].iloc[-1].date()) == "2026-01-20"


def test_the_people_of_a_target_and_of_its_communes(district):
    """950 of 1,000 are needed; 860 have a card: 90 more, in communes with gaps of 74 and 66."""
    assert of_kind(district, "target")["people"].tolist() == [90]
    communes = of_kind(district, "gap_commune")
    assert communes["people"].sum() == 90
    assert communes["lead"].tolist() == ["UBND xã Một", "UBND xã Hai"]


def test_the_decision_names_a_quota_beside_all_without_a_card(office, law):
    """Shares of the 90 by the gaps of 74 and 66: 47.6 and 42.4 people."""
    text = decisions(bhyt.Briefing(office, "D1", law, lang="vi"))
    quotas = "Phát triển thêm 48 người ở xã Một (trong 74 người chưa có thẻ); 42 người ở xã Hai (trong 66 "
    assert any(quotas in line for line in text)


def test_what_was_brought_is_the_change_of_the_month(district):
    """In the district 840 became 860, in commune Một 500 became 526, near-poor 30 became 40."""
    assert of_kind(district, "target")["brought"].tolist() == [20]
    assert of_kind(district, "gap_commune")["brought"].tolist() == [26, -6]
    inputs = of_kind(district, "input").set_index("task")["brought"]
    assert inputs["Rà soát hộ cận nghèo"] == 10
    assert pd.isna(inputs["Tập huấn"])  # what of the 20 a training brought is not known


def test_a_group_whose_people_are_known_has_a_gap(office, district):
    assert of_kind(district, "gap_group")[["people", "group"]].to_numpy().tolist() == [[10, "near_poor"]]
    row = group_targets(office, "D1").set_index("scope").loc["near_poor"]
    assert row[["insured", "base_people", "people_needed", "to_add"]].tolist() == [40, 50, 50, 10]


def test_no_fall_from_last_year_is_counted_commune_by_commune(office):
    """Commune Hai had 340 of 400 at the end of the year and has 334: 6 fewer; commune Một rose from 500 to 526."""
    assert communes_below_last_year(bhyt.area(office, "D1")) == (1, 2)
    rows = [group_targets(office, c).query("relation == 'ratchet'").iloc[0] for c in ("C1", "C2")]
    assert [(r["people_needed"], r["to_add"]) for r in rows] == [(500, -26), (340, 6)]
    assert group_targets(office, "D1").query("relation == 'ratchet'")["insured"].isna().all()


def test_a_task_for_each_commune_is_on_the_page_of_a_commune(office, law):
    rows = bhyt.tasks(office, law, "C1").set_index("task")
    assert due_text(rows.loc["Lập kế hoạch"].to_dict()) == "trước 20/11 hằng năm"
    assert str(rows.at["Lập kế hoạch", "due"].date()) == "2026-11-19"
    assert "Giao ban" not in rows.index


def test_a_task_done_later_is_not_done_on_the_day_before(office, law):
    rows = bhyt.tasks(office, law, "D1", "2026-01-10").set_index("task")
    assert pd.isna(rows.at["Tập huấn", "done_on"])
    assert rows.at["Tập huấn", "done"] == ""
    assert not rows.at["Rà soát hộ cận nghèo", "late"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("31/12/2025", "2025-12-31"),
        ("2025", "2025-12-31"),
        ("Hằng tháng", "monthly"),
        ("định kỳ hằng quý", "quarterly"),
        ("20/11 hằng năm", "11-20"),
        ("Trước ngày 20/11 hằng năm", "<11-20"),
        ("trước 15/8/2021", "<2021-08-15"),
        ("tháng 9 hằng năm", "09-30"),
        ("<11-20", "<11-20"),
        ("Thường xuyên", "ongoing"),
        ("6 tháng", "half_yearly"),
    ],
)
def test_a_due_day_is_read_as_offices_write_it(text, rule):
    values, findings = convert_column(pd.Series([text]), DUE, None)
    assert (values.tolist(), findings) == ([rule], [])


def test_a_due_day_that_is_none_is_an_error():
    _, findings = convert_column(pd.Series(["sớm"]), DUE, None)
    assert [f.rule for f in findings] == ["bad_cell"]


def test_a_day_of_each_year_is_the_next_one():
    assert [str(due_day("09-30", pd.Timestamp(d))[0].date()) for d in ("2022-09-30", "2022-10-01")] == [
        "2022-09-30",
        "2023-09-30",
    ]
    done = due_day("<11-20", pd.Timestamp("2026-06-30"), pd.Timestamp("2026-11-25"))[0]
    assert str(done.date()) == "2027-11-19"


def test_bodies_are_those_of_the_day(data, law):
    """Districts and their offices ended with June 2025; a district of 2021 has tasks for its own time."""
    tasks = bhyt.tasks(data, law, "Sơn Dương")
    target = of_kind(tasks, "target").iloc[0]
    assert (target["lead"], str(target["due"].date()), target["people"]) == ("UBND huyện", "2022-12-31", 10028)
    assert not tasks["late"].any()
    today = of_kind(bhyt.tasks(data, law, "Tỉnh Sơn La"), "zones_begin").iloc[0]
    assert today["with"] == "UBND các xã, phường; BHXH tỉnh"


def test_cards_that_run_out_are_those_of_the_monitor(data, law):
    tasks = bhyt.tasks(data, law, "X001").set_index("kind")
    rows = bhyt.monitoring.expiring_cards(data, "X001", "2022-06").iloc[0]
    for days in (30, 60, 90):
        assert tasks.at[f"expiring_{days}", "people"] == rows[f"expiring_{days}"]
        assert tasks.at[f"expiring_{days}", "due"] == pd.Timestamp("2022-06-30") + pd.Timedelta(days=days)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_task_of_the_plans_has_its_text_and_place(data, law, lang):
    for area in ("Sơn Dương", "Lục Ngạn", "Tỉnh Sơn La", "51@2025-06-30"):
        tasks = bhyt.tasks(data, law, area)
        inputs = tasks[tasks["origin"] == "input"]
        assert len(inputs) > 12, area
        assert (inputs["source"].str.contains("mục")).all()
        texts = [task_text(row, lang) for row in tasks.to_dict("records")]
        assert len(set(texts)) == len(texts)
        assert is_standing_duty(tasks).sum() > 8


def test_the_english_page_has_no_vietnamese_task_or_body(data, law):
    vietnamese = "UBND|BHXH|Phòng|huyện|Các |Người|đ"
    for area in ("Sơn Dương", "Lục Ngạn", "Tỉnh Sơn La", "51@2025-06-30"):
        items = {i.name: i for i in section_items(bhyt.Briefing(data, area, law, lang="en"), "actions")}
        for name in ("tasks", "plan_tasks"):
            page = bhyt.tables.format_table(items[name].table, "en")
            for column in ("Task", "Lead body", "With"):
                cells = page[column].str.replace(r"Circular \S+|Decisions? \S+( and \S+)?|Decree \S+", "", regex=True)
                assert not cells.str.contains(vietnamese).any(), cells[cells.str.contains(vietnamese)].tolist()


def test_the_targets_of_those_who_lost_ask_for_at_least_the_lower_rate(data, law):
    """More than 95% of 46,106 is 43,801 people, however many of them are pupils."""
    items = {i.name: i for i in section_items(bhyt.Briefing(data, "Lục Ngạn", law), "targets")}
    assert "ít nhất 43.801 trong 46.106 người" in items["group_targets"].text
    assert len(items["group_targets"].table) == 3


def test_a_commune_of_today_has_the_other_targets_of_its_province(data, law):
    items = {i.name: i for i in section_items(bhyt.Briefing(data, "Phường Tô Hiệu", law), "targets")}
    assert "không giảm so với năm trước" in items["group_targets"].table["target"].tolist()
    others = items["other_targets"].table
    assert others["target"].tolist() == ["100%", "trên 90%", "100%"]
    assert (others["reached"] == "chưa có số liệu").all()


def test_what_was_done_has_its_day():
    row = {"done": "12/12 xã", "done_on": pd.Timestamp("2022-03-28")}
    assert done_text(row) == "12/12 xã (xong ngày 28/03/2022)"
    assert done_text({**row, "done": ""}, "en") == "Done on 28 March 2022"


def test_the_people_of_a_task_are_the_cells_of_other_tables():
    """3 of 1,000 people have no card: the task to enrol them is about the same 3, and 997 would tell them."""
    tasks = pd.DataFrame({"task": ["A", "B"], "people": [3, 997]})
    tasks.attrs = {"result": "tasks", "quantities": {"people": [["uninsured", "X", "all"], ["insured", "X", "all"]]}}
    communes = pd.DataFrame({"area": ["X"], "population": [1000], "insured": [997], "uninsured": [3]})
    cells = collect_cells([PublishedTable("tasks", tasks, "X"), PublishedTable("communes", communes, "X")])
    assert cells.table.loc[cells.primary, ["column", "area", "value"]].to_numpy().tolist() == [["uninsured", "X", 3.0]]
    places = cells.places.groupby("cell")["table"].agg(list)
    assert [0, 1] in places.tolist()  # one cell, printed in both tables
    assert hidden_marks(tasks)["people"].tolist() == ["<5", "…"]


def test_a_name_in_a_task_is_not_printed(tmp_path):
    (tmp_path / "areas.csv").write_text("code,name,kind,parent\nD1,Huyện Một,district,\n", encoding="utf-8")
    row = "D1,Thăm hộ nghèo,Phòng Y tế (ông Lò Văn Mẫu),,,,,,ĐT 0912345678,,,,KH 1\n"
    (tmp_path / "actions.csv").write_text(ACTION + row, encoding="utf-8")
    data = bhyt.load(tmp_path)
    assert data.actions[["task", "lead", "done"]].to_numpy().tolist() == [
        ["Thăm hộ nghèo", "Phòng Y tế (ông L…)", "ĐT …"]
    ]
    assert "numbers_hidden" in [f.rule for f in data.warnings]
