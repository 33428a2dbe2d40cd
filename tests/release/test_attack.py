"""What can be worked out from the files of a batch together is refused by its cell; what can't be is let through."""

from __future__ import annotations

import json

import numpy as np
import openpyxl
import pandas as pd
import pptx
import pytest
from pptx.chart.data import ChartData
from pptx.enum.chart import XL_CHART_TYPE

import bhyt_analysis as bhyt
from bhyt_analysis.documents.calculation.write import write_model
from bhyt_analysis.documents.content import Content
from bhyt_analysis.release.attack import attack
from bhyt_analysis.release.published import evaluate, read_published
from bhyt_analysis.tables.protection import protect
from tests.release.published_folder import write_facts, write_table
from tests.tables.random_counts import parents, published_tables, random_counts

STATE, SUPPORTED = "Ngân sách nhà nước đóng", "Ngân sách nhà nước hỗ trợ mức đóng"
HOUSEHOLD = "Tham gia BHYT theo hộ gia đình"
INSURED, UNINSURED = "Số người có thẻ", "Chưa có thẻ"
GROUPS = ["state_paid", "state_supported", "household"]
DAYS = pd.to_datetime(["2024-10-31", "2024-11-30", "2024-12-31"])


def breaches_of(folder):
    """Return the reason, the column and the row of each breach in the files of a folder."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    published = read_published(folder, files)
    assert published.unreadable == ()
    return {(b.reason, b.column, b.row) for b in attack(published).breaches}


def write(folder, slug="d", **tables):
    """Write tables by name, each a dict of columns; a hidden figure is its mark."""
    for name, columns in tables.items():
        write_table(folder, slug, name, pd.DataFrame(columns, dtype=object))


CONSTANTS = {"model.json": ("", ""), "d.html": ('<p>x</p><script id="bhyt-model">', "</script>")}  # around the JSON


@pytest.mark.parametrize("name", CONSTANTS)
def test_small_counts_among_the_constants_of_a_page_are_printed(tmp_path, name):
    begin, end = CONSTANTS[name]
    write_facts(tmp_path, "d", "D", "Huyện Đ", {"insured": 143, "population": 300})
    groups = ["employer_employee", "social_security_paid", "poor", "child_under_6", "student", "household"]
    model = {"groups": groups, "insured": [20, 20, 30, 40, 20, 13], "population": 300, "as_of": "2024-12-31"}
    places, row = {"population": [300], "insured": [model["insured"]]}, {"lost": 30, "gained": 0, "other": 0}
    commune = {"population": 300, "before": 40, "lost": [0, 0, 30, 30], "gained": [0, 0, 0, 0], "other": [0, 0, 0, 0]}
    open_model = {**model, "places": places, "exits": {"rows": [row]}, "zones": {"communes": [commune]}}
    for change, expected in (
        ({}, set()),
        ({"insured": [20, 20, 30, 40, 30, 3]}, {"Tham gia BHYT theo hộ gia đình", "model insured 5"}),
        ({"places": {**places, "insured": [[20, 20, 30, 40, 30, 3]]}}, {"model places insured 5"}),
        ({"exits": {"rows": [{**row, "other": 2}]}}, {"model exits rows 0 other 0"}),
        ({"zones": {"communes": [{**commune, "lost": [0, 1, 30, 30]}]}}, {"model zones communes 0 lost 1"}),
    ):
        text = json.dumps({**open_model, **change}).replace("<", "\\u003c")
        (tmp_path / "d" / name).write_text(begin + text + end, "utf-8")
        assert {row for reason, _, row in breaches_of(tmp_path) if reason == "printed"} == expected


@pytest.mark.parametrize("people", [969, 3])
def test_small_counts_in_the_zones_of_a_workbook_are_printed(tmp_path, data, people):
    model = bhyt.page_model(bhyt.area(data, "X001"), draws=0)
    first = model["zones"]["communes"][0]  # 969 lose a card in zone II; codes of zones are no counts
    first["entitlements"]["resident_of_especially_difficult_area"]["lost"][1] = people
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "model.json").write_text(json.dumps(model), "utf-8")
    write_model(Content("vi", "", "Huyện Đ", "", "", ()), tmp_path / "d" / "d_mo_hinh.xlsx")
    write_facts(tmp_path, "d", "D", "Huyện Đ", {"insured": 49_505, "population": 64_897})
    files = ["d/d_mo_hinh.xlsx", "d/facts.json"]
    breaches = {(b.reason, b.row) for b in attack(read_published(tmp_path, files)).breaches}
    assert breaches == ({("printed", "Xã Mẫu 01")} if people == 3 else set())


def groups_beside_a_total(folder, hidden):
    write(folder, groups={"group": GROUPS, "insured": [40, "<5", "…" if hidden else 20]})
    write(folder, months={"month": DAYS, "insured": [60, 61, 63]})
    return "computed", INSURED, SUPPORTED


def subgroups_beside_their_group(folder, hidden):
    write(folder, groups={"group": GROUPS, "insured": [43, 60, 20]})
    parts = ["poor", "war_veteran", "household"]
    write(folder, subgroups={"subgroup": parts, "insured": ["…" if hidden else 40, "<5", 20]})
    return "computed", INSURED, "Cựu chiến binh"


def communes_beside_their_district(folder, hidden):
    write_facts(folder, "d", "D", "Huyện Đ", {"insured": 143, "population": 300})
    communes = {"area": ["A", "B", "C"], "name": ["Xã A", "Xã B", "Xã C"], "population": [100, 100, 100]}
    write(folder, communes={**communes, "insured": ["…" if hidden else 90, "<5", 50]})
    return "computed", INSURED, "Xã B"


def own_briefing_of_a_commune(folder, hidden):
    write_facts(folder, "d", "D", "Huyện Đ", {"population": 300})
    write(folder, communes={"area": ["A", "B"], "name": ["Xã A", "Xã B"], "insured": ["…", "…"]})
    write_facts(folder, "a", "A", "Xã A", {"population": 150, "insured": "…" if hidden else 43})
    return "shown_elsewhere", INSURED, "Xã A"


def groups_in_the_briefing_of_a_commune(folder, hidden):
    write_facts(folder, "d", "D", "Huyện Đ", {"population": 300})
    write(folder, communes={"area": ["A", "B"], "name": ["Xã A", "Xã B"], "insured": ["…", "…"]})
    write_facts(folder, "a", "A", "Xã A", {"population": 150})
    write(folder, "a", groups={"group": GROUPS, "insured": [40, 30, "…" if hidden else 20]})
    return "computed", INSURED, "Xã A"


def people_less_uninsured(folder, hidden):
    write(folder, communes={"name": ["Xã A"], "population": [600], "uninsured": ["…" if hidden else 557]})
    write(folder, watch={"name": ["Xã A"], "insured": ["…"]})
    return "computed", INSURED, "Xã A"


def uninsured_that_no_table_prints(folder, hidden):
    write(folder, communes={"name": ["Xã A"], "population": [600], "insured": ["…" if hidden else 597]})
    return "computed", UNINSURED, "Xã A"


def month_less_month(folder, hidden):
    change = [None, "…", "…"] if hidden else [None, -5, 4]
    write(folder, months={"month": DAYS, "insured": [9, "<5", 8], "change": change})
    return "computed", INSURED, "2024-11-30"


def month_less_month_in_another_table(folder, hidden):
    write_facts(folder, "d", "D", "Huyện Đ", {"population": 300, "insured": 90})
    write(folder, months={"month": DAYS, "insured": [80, "…", 90]})
    write(folder, watch={"name": ["Huyện Đ"], "insured": [90], "change_month": ["…" if hidden else 7]})
    return "computed", INSURED, "2024-11-30"


def rate_with_its_denominator(folder, hidden):
    write(folder, communes={"name": ["Xã A"], "population": [1000], "insured": ["<5"]})
    write(folder, watch={"name": ["Xã A"], "rate": ["…" if hidden else 0.003]})
    return "computed", INSURED, "Xã A"


def money_with_its_price(folder, hidden):
    columns = {"subgroup": ["poor", "near_poor"], "insured": [220, "<5"], "premium": [1366200, 1366200]}
    money = [300564000, "…" if hidden else 3 * 956340]
    write(folder, subsidy={**columns, "subsidy_share": [1, 0.7], "vnd_state": money})
    return "computed", INSURED, "Người thuộc hộ cận nghèo"


def billions_of_a_decision(folder, hidden):
    """The heading of people means those who lost a card here, and the population elsewhere."""
    write_facts(folder, "d", "D", "Huyện Đ", {"population": 300, "lost": "<5"}, "2021-07-01")
    path = folder / "d" / "tables" / "cost.csv"
    path.parent.mkdir()
    heads = 'Ngày,Mức đóng (đồng/người/năm),Số người (thẻ),"Kinh phí, tổng cộng (tỷ đồng/năm)"'
    path.write_text(f"{heads}\n2021-07-01,804600,<5,{'…' if hidden else 0.002414}\n", "utf-8-sig")
    return "computed", "Số người (thẻ)", "2021-07-01"


def figure_in_facts(folder, hidden):
    write(folder, months={"month": DAYS, "insured": [80, 85, "…"]})
    write_facts(folder, "d", "D", "Huyện Đ", {"insured": "…" if hidden else 90})
    return "shown_elsewhere", INSURED, "2024-12-31"


def rate_in_facts(folder, hidden):
    write(folder, months={"month": DAYS, "insured": [80, 85, "…"]})
    write_facts(folder, "d", "D", "Huyện Đ", {"population": 120, "coverage": "…" if hidden else 0.75})
    return "computed", INSURED, "2024-12-31"


def interval_in_facts(folder, hidden):
    path = folder / write_facts(folder, "d", "D", "Huyện Đ", {"lost": "<5"})
    content = json.loads(path.read_text("utf-8"))
    content["facts"][0] |= {"low": 1 if hidden else 3, "high": 3.4}
    path.write_text(json.dumps(content), "utf-8")
    return "computed", content["facts"][0]["label"], content["facts"][0]["label"]


def chart_of_slides(folder, hidden, in_workbook=False):
    write(folder, groups={"group": GROUPS, "insured": [40, "<5", "…"]})
    slides = pptx.Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[5])
    data = ChartData()
    data.categories = [STATE, SUPPORTED, HOUSEHOLD]
    data.add_series(INSURED, [40, None, None if hidden else 20])
    chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, 9**6, 9**6, data).chart
    if in_workbook:
        for point in chart._chartSpace.xpath(".//c:val//c:pt[@idx='2']"):
            point.getparent().remove(point)
    slides.save(folder / "d" / "d.pptx")
    return "shown_elsewhere", INSURED, HOUSEHOLD


def workbook_of_a_slide(folder, hidden):
    return chart_of_slides(folder, hidden, in_workbook=True)


def live_formula(folder, hidden):
    write(folder, months={"month": DAYS, "insured": [80, 85, "…"]})
    book = openpyxl.Workbook()
    formula = "…" if hidden else "=ROUND(SUM(D2:D3)/2,0)"
    for row in (["TT", "Thời điểm", INSURED, "Ghi chú"], [1, DAYS[1], 85, 80], [2, DAYS[2], formula, 100]):
        book.active.append(row)
    book.save(folder / "d" / "d.xlsx")
    return "shown_elsewhere", INSURED, "2024-12-31"


def page(folder, table="", more=""):
    path = folder / "d" / "d.html"
    heads = f"<thead><tr><th>Nhóm đối tượng</th><th>{INSURED}</th></tr></thead>"
    path.write_text(f'<p id="table-groups">Bảng 1</p><table>{heads}<tbody>{table}</tbody></table>{more}', "utf-8")


def hover_and_sort_key(folder, hidden, key="data-sort"):
    write(folder, groups={"group": GROUPS, "insured": [40, "<5", "…"]})
    row = "<tr><td>{}</td><td{}>{}</td></tr>"
    own = "" if hidden else f' {key}="20"'
    page(folder, row.format(STATE, "", 40) + row.format(HOUSEHOLD, own, "…"))
    return "shown_elsewhere", INSURED, HOUSEHOLD


def hover_text(folder, hidden):
    return hover_and_sort_key(folder, hidden, "title")


def alternative_text(folder, hidden):
    write(folder, groups={"group": GROUPS, "insured": [40, "<5", "…"]})
    value = "" if hidden else f"; {HOUSEHOLD} 20"
    page(folder, more=f'<img alt="Theo nhóm: Huyện Đ. {INSURED}: {STATE} 40{value}. Số liệu ước tính.">')
    return "shown_elsewhere", INSURED, HOUSEHOLD


def sentence(
    folder, hidden, words="Tính đến {1}, Huyện Đ có {0} người tham gia BHYT. Chưa có số dân nên chưa tính được tỷ lệ."
):
    write(folder, months={"month": DAYS, "insured": [80, 85, "…"]})
    write_facts(folder, "d", "D", "Huyện Đ", {"insured": "…"})
    page(folder, more=f"<p>{words.format('…' if hidden else 90, '31/12/2024')}</p>")
    return "shown_elsewhere", INSURED, "2024-12-31"


def index_page(folder, hidden):
    label = "Số người chưa có thẻ"
    write_facts(folder, "d", "D", "Huyện Đ", {"uninsured": "…"})
    value = "…" if hidden else "37"
    cells = f'<td><a href="d/d.html">Huyện Đ</a></td><td>{value}<span class="status">Số liệu công bố</span></td>'
    head = f"<thead><tr><th>Đơn vị</th><th>{label}</th></tr></thead>"
    (folder / "index.html").write_text(f"<table>{head}<tbody><tr>{cells}</tr></tbody></table>", "utf-8")
    return "shown_elsewhere", label, label


CASES = [
    groups_beside_a_total,
    subgroups_beside_their_group,
    communes_beside_their_district,
    own_briefing_of_a_commune,
    groups_in_the_briefing_of_a_commune,
    people_less_uninsured,
    uninsured_that_no_table_prints,
    month_less_month,
    month_less_month_in_another_table,
    rate_with_its_denominator,
    money_with_its_price,
    billions_of_a_decision,
    figure_in_facts,
    rate_in_facts,
    interval_in_facts,
    chart_of_slides,
    workbook_of_a_slide,
    live_formula,
    hover_and_sort_key,
    hover_text,
    alternative_text,
    sentence,
    index_page,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_the_files_tell_together_is_named_by_its_cell(tmp_path, case):
    assert case(tmp_path, hidden=False) in breaches_of(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_is_hidden_properly_is_let_through(tmp_path, case):
    case(tmp_path, hidden=True)
    assert breaches_of(tmp_path) == set()


def test_sums_that_printed_figures_contradict_are_not_used(tmp_path):
    """Some of the insured are in no group, so that the total less the groups is not the hidden one."""
    write(tmp_path, groups={"group": GROUPS, "before": [40, 30, 20], "insured": [41, "<5", 20]})
    write(tmp_path, total={"before": [100], "insured": [64]})
    assert breaches_of(tmp_path) == set()


def test_communes_without_figures_leave_the_sum_open(tmp_path):
    write_facts(tmp_path, "d", "D", "Huyện Đ", {"insured": 63, "population": 300})
    communes = {"area": ["A", "B", "C"], "name": ["Xã A", "Xã B", "Xã C"], "population": [100, 100, 100]}
    write(tmp_path, communes={**communes, "insured": [40, "…", None]})
    assert breaches_of(tmp_path) == set()


def test_a_row_that_contradicts_itself_spares_no_other(tmp_path):
    """In one commune more are insured than live, which real inputs have."""
    names, people = ["Xã A", "Xã B", "Xã C"], [100, 600, 50]
    write(tmp_path, communes={"name": names, "population": people, "insured": [104, 597, "…"]})
    assert breaches_of(tmp_path) == {("computed", UNINSURED, "Xã B")}


def test_same_words_for_other_units_are_other_cells(tmp_path):
    for slug, code in (("a", "A"), ("b", "B")):
        write_facts(tmp_path, slug, code, f"Xã {code}", {"population": 100})
        write(tmp_path, slug, groups={"group": GROUPS, "insured": [40, "<5", "…" if slug == "a" else 30]})
    assert breaches_of(tmp_path) == set()


def test_mark_that_the_figures_contradict_is_false(tmp_path):
    write(tmp_path, communes={"name": ["Xã A"], "population": [100], "insured": ["<5"], "uninsured": [60]})
    assert breaches_of(tmp_path) == {("false_mark", INSURED, "Xã A")}


@pytest.mark.parametrize("seed", [1, 4])
def test_protected_tables_pass_and_fail_with_any_cell_printed(tmp_path, seed):
    people, insured = random_counts(seed, 4, 6, 4)
    tables = published_tables(people, insured, crossed=True)
    protection = protect(tables, parents(people))
    cells, places = protection.cells, protection.cells.places
    names = [table.name for table in tables]

    def breaches(name, marks):
        for table, own in zip(tables, marks, strict=True):
            write_table(tmp_path / name, "D", table.name, table.table, own)
        return breaches_of(tmp_path / name)

    assert breaches("hidden", protection.marks) == set()
    is_count = (cells.table["disclosure"] == "count").to_numpy()
    chosen = np.flatnonzero(protection.pattern.hidden & is_count & cells.can_hide & ~cells.primary)
    assert len(chosen) and names
    for cell in chosen[:2]:
        marks = [own.copy() for own in protection.marks]
        for place in places[places["cell"] == cell].itertuples():
            marks[place.table].iloc[place.row, tables[place.table].table.columns.get_loc(place.column)] = ""
        assert breaches(f"printed_{cell}", marks)


def test_formulas_are_computed_as_a_spreadsheet_does():
    cells = {"A1": 4, "A2": "=A1*2", "A3": "…", "B1": "=B2", "B2": "=B1"}
    formulas = ["=A2-A$1", "=SUM(A1:A3,A1)", "=ROUND(A1/3,1)", "=A1-A3", "=B1", "=HYPERLINK(A1)", "=A1/0", "=+"]
    assert [evaluate(f, cells) for f in formulas] == [4, 16, 1.3, None, None, None, None, None]
