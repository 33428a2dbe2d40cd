"""The workbook that calculates: LibreOffice recalculates it, and people and đồng are those of `simulate`.

``BHYT_SETTINGS=200 python -m pytest tests/documents/test_model_workbook.py -k settings --timeout 3600`` sets the yellow
cells of each workbook in 200 ways, in about four minutes.
"""

import json
import os
import random
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pypdfium2
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.documents.calculation.cells import Term, item, total, when
from bhyt_analysis.documents.calculation.write import write_model
from bhyt_analysis.documents.content import Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection.page_model import SUPPORT_GROUPS, one_unit_constants
from bhyt_analysis.model.projection.page_projection import with_state
from bhyt_analysis.model.projection.projection import project
from bhyt_analysis.model.projection.simulate import projection_table

from .test_page_model import LAW, constants, random_baseline, random_policy
from .workbook_states import Addresses, random_states

SETTINGS = int(os.environ.get("BHYT_SETTINGS", 3))
DISTRICTS = 3  # random ones, of half as many settings each
AREA = "Sơn Dương"
PYTHON = "/usr/bin/python3"  # Debian's, which has LibreOffice's uno
HAS_UNO = bool(shutil.which("soffice")) and Path("/usr/lib/python3/dist-packages/uno.py").is_file()
needs_office = pytest.mark.skipif(not HAS_UNO, reason="Debian's libreoffice-calc and python3-uno are not installed")
# All functions in the formulas; each of them is in Excel 2016 (and in Excel 2007).
FUNCTIONS = {
    "ABS", "AND", "CHOOSE", "COUNT", "COUNTIF", "EXP", "IF", "INDEX", "INT", "ISNUMBER", "MATCH", "MAX", "MIN", "N",
    "NOT", "OR", "ROUND", "ROUNDUP", "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT",
}  # fmt: skip
WORDS = ("outreach", "take_up_household", "base_salary", "contribution_rate", "target", "target_on")
GROUPS = {key: translate(f"explore.of.{key}", "vi") for key in SUPPORT_GROUPS}


def write_workbook(folder, model, name="Huyện Một", facts=(), lang="vi"):
    """Write the workbook of a model as the batch does, from the files beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "model.json").write_text(json.dumps(model), "utf-8")
    (folder / "facts.json").write_text(json.dumps({"facts": list(facts)}), "utf-8")
    path = folder / "x_mo_hinh.xlsx"
    write_model(Content(lang, "", name, "", "", ()), path)
    return path


@pytest.fixture(scope="module")
def model(data):
    return bhyt.page_model(bhyt.area(data, AREA), draws=20)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory, model):
    return write_workbook(tmp_path_factory.mktemp("book"), model, "Huyện Sơn Dương")


def addresses(path, model):
    return Addresses(path, model, GROUPS, {key: translate(f"calculation.{key}", "vi") for key in WORDS})


def recalculate(folder, tasks):
    """Return what LibreOffice makes of each setting of each workbook."""
    call = [PYTHON, str(Path(__file__).with_name("recalculate.py")), str(folder / "profile")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    text = json.dumps(tasks)
    done = subprocess.run(call, input=text, capture_output=True, text=True, env=environment, timeout=3000, check=True)
    return json.loads(done.stdout)


def columns(cells):
    """Return which columns are compared, and what each is in the table of `simulate`."""
    names = {"month_people": "people", "month_insured": "insured", "month_costed": "insured_costed"}
    names = {translate(f"calculation.{key}", "vi"): column for key, column in names.items()}
    names |= {translate(f"payer.{payer}", "vi"): f"vnd_{payer}" for payer in PAYERS}
    return {heading: column for heading, column in names.items() if heading in cells.columns}


def assert_same(cells, values, table):
    rows = table[table["result"] == "behavioural"]
    for (heading, column), own in zip(columns(cells).items(), values, strict=False):
        assert [row[0] for row in own] == rows[column].fillna(0).tolist(), heading
    missing = {f"vnd_{payer}" for payer in PAYERS} - set(columns(cells).values())
    assert not rows[sorted(missing)].fillna(0).to_numpy().any()


@needs_office
def test_settings_give_the_people_and_dong_of_simulate(tmp_path, data, model, workbook):
    view, cases, tasks = bhyt.area(data, AREA), [], []
    states = random_states(model, SETTINGS, seed=1)
    tables = [bhyt.simulate(data, view.code, bhyt.state_scenario(view, state), draws=0) for state in states]
    cases.append((workbook, model, states, tables))
    rng = random.Random(7)
    for number in range(DISTRICTS):
        baseline, province = random_baseline(rng)
        policy = random_policy(rng)
        projection = project(baseline, policy, policy.apply_to_law(LAW))
        own = {**constants(baseline, policy), "one_unit": one_unit_constants(projection)}
        states = random_states(own, max(SETTINGS // 2, 2), seed=number)
        scenarios = [with_state(policy, state, LAW, province) for state in states]
        tables = [projection_table(project(baseline, one, one.apply_to_law(LAW))) for one in scenarios]
        cases.append((write_workbook(tmp_path / f"d{number}", own), own, states, tables))
    checks = translate("calculation.sheet_checks", "vi")
    for path, own, states, _ in cases:
        cells = addresses(path, own)
        ranges = [*map(cells.months, columns(cells)), f"{checks}!D5:D16"]
        tasks.append({"workbook": str(path), "settings": [cells.setting(s) for s in states], "ranges": ranges})
    for (path, own, states, tables), values in zip(cases, recalculate(tmp_path, tasks), strict=True):
        assert len(values) == len(states)
        for state, table, result in zip(states, tables, values, strict=True):
            assert_same(addresses(path, own), result, table)
            assert {row[0] for row in result[-1]} <= {translate("calculation.right", "vi"), ""}, state


def read_results(values, label):
    return next(row for row in values if row[0] == label)


@needs_office
def test_target_questions_and_changes_follow_the_cells(tmp_path, data, model, workbook):
    """At 80% nothing is missing; near-poor at 100% and 2.8 million from 2027 cost what the explorer's walk says."""
    cells = addresses(workbook, model)
    target = {f"Giả định!C{cells.rows['target']}": 0.8}
    support = [{"key": "near_poor", "share": 1.0, "since": "2027-01-01"}]
    walk = cells.setting({"support": support, "base_salary": {"value": 2_800_000, "since": "2027-01-01"}})
    task = {"workbook": str(workbook), "settings": [{}, target, walk]}
    ranges = ["Kết quả!A5:D25", "Kết quả!A30:G75", "Thay đổi!A5:F24", "Giả định!A2:A2"]
    (before, at_80, walked), *_ = recalculate(tmp_path, [{**task, "ranges": ranges}])
    stamp, proposal = (translate(f"calculation.{key}", "vi") for key in ("stamp", "proposal"))
    assert before[3] == [[""]] and at_80[3] == [[stamp]] and walked[3] == [[f"{stamp} - {proposal}"]]
    missing = translate("calculation.key_missing", "vi")
    assert read_results(at_80[0], missing)[1] == 0 < read_results(before[0], missing)[1]
    assert read_results(at_80[0], translate("calculation.key_needed", "vi"))[1] == 145_864  # 80% of 182,330
    assert [row[2] for row in before[2] if row[0]] == []
    assert [row[2:5] for row in at_80[2] if row[0]] == [["Tỷ lệ bao phủ cần đạt", 0.921, 0.8]]
    assert [row[2:5] for row in walked[2] if row[0]] == [
        ["Hộ cận nghèo", 0.7, 1],
        ["Mức lương cơ sở (mức tham chiếu), đồng/tháng", 2_530_000, 2_800_000],
    ]
    near_poor = [row for row in walked[1] if row[0] == "Hộ cận nghèo"]
    state = {"support": support, "base_salary": {"value": 2_800_000, "since": "2027-01-01"}}
    scenario = bhyt.state_scenario(bhyt.area(data, AREA), state)
    months = bhyt.simulate(data, AREA, [scenario], by="group", draws=0)
    own = months[(months["result"] == "behavioural") & (months["group"] == "near_poor")]
    own = own[own["month"].astype(str).str.startswith("2027")]
    assert near_poor[0][4] == own["vnd_central"].sum()
    assert near_poor[0][6] == own["vnd_household"].sum() == 0


def test_values_in_the_file_are_those_of_simulate(data, model, workbook):
    """A viewer that does not calculate shows the figures of the briefing."""
    cells, book = addresses(workbook, model), openpyxl.load_workbook(workbook, data_only=True)
    table = bhyt.simulate(data, AREA, bhyt.state_scenario(bhyt.area(data, AREA), {}), draws=0)
    values = []
    for heading in columns(cells):
        sheet, _, address = cells.months(heading).rpartition("!")
        values.append([[row[0].value] for row in book[sheet][address]])
    assert_same(cells, values, table)
    errors = [c.coordinate for s in book for row in s.iter_rows() for c in row if str(c.value).startswith("#")]
    assert errors == []
    assert {row[3].value for row in book["Kiểm tra"].iter_rows(min_row=5, max_row=15)} == {"đúng"}


def test_formulas_have_no_function_that_excel_2016_lacks(workbook):
    book, functions, formulas = openpyxl.load_workbook(workbook), set(), 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "f":
                    functions |= set(re.findall(r"([A-Z]+)\(", re.sub(r'"[^"]*"', "", cell.value)))
                    formulas += 1
    assert functions <= FUNCTIONS and formulas > 10_000
    with zipfile.ZipFile(workbook) as archive:
        names = archive.namelist()
    assert not [name for name in names if re.search("vba|external|connections|metadata", name)]


def test_only_coloured_cells_can_be_set(workbook):
    book = openpyxl.load_workbook(workbook)
    colours = {}
    for sheet in book:
        assert sheet.protection.sheet and not sheet.protection.password
        assert sheet.page_setup.paperSize == 9
        for row in sheet.iter_rows():
            for cell in row:
                if not cell.protection.locked:
                    colours.setdefault(sheet.title, set()).add(cell.fill.start_color.rgb)
    assert colours == {"Giả định": {"FFFFF2A8"}, "Kết quả": {"FFDCEAF7"}}
    limits = book["Giả định"].data_validations.dataValidation
    assert {limit.type for limit in limits} == {"list", "decimal"} and len(limits) >= 15


def test_of_months_a_summary_is_printed_below_its_headings(workbook):
    book = openpyxl.load_workbook(workbook)
    for name in ("Tháng", "Tham gia"):
        _, _, columns, rows = openpyxl.utils.range_boundaries(book[name].print_area.split("!")[1].replace("$", ""))
        assert columns < 20 < book[name].max_column and rows == book[name].max_row
        assert book[name].print_title_rows == "$3:$5"


@needs_office
def test_workbook_prints_on_few_pages_none_of_them_empty(tmp_path, workbook):
    call = ["soffice", f"-env:UserInstallation={(tmp_path / 'p').as_uri()}", "--headless", "--convert-to", "pdf"]
    subprocess.run([*call, "--outdir", str(tmp_path), str(workbook)], check=True, capture_output=True, timeout=300)
    pdf = pypdfium2.PdfDocument(tmp_path / "x_mo_hinh.pdf")
    pages = [page.get_textpage().get_text_range() for page in pdf]
    assert 15 < len(pages) <= 25
    assert [page for page in pages if len(page) < 150] == []
    assert not [page for page in pages if "###" in page]


def test_sources_and_statuses_are_beside_the_figures(tmp_path, model):
    fact = {"key": "population", "label": "Dân số", "text": "182.330 người", "as_of": "2021-12-31"}
    path = write_workbook(tmp_path / "x", model, facts=[{**fact, "status": "published", "source": "=1+1"}])
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book["Dân số và thẻ"].iter_rows(min_row=5, max_row=5) for cell in row if cell.value]
    assert [cell.value for cell in cells if cell.data_type == "s"] == [
        "Dân số",
        "182.330 người",
        "Số liệu công bố",
        "=1+1",
    ]
    texts = " ".join(str(row[5].value) for row in book["Luật"].iter_rows(min_row=5))
    assert "Nghị định 161/2026/NĐ-CP" in texts


def test_a_year_that_is_not_whole_says_so(tmp_path, data):
    """The results of Lục Ngạn begin with the end of June 2021: six months of that year follow."""
    path = write_workbook(tmp_path / "x", bhyt.page_model(bhyt.area(data, "Lục Ngạn"), draws=0))
    years = {c.value: c.number_format for c in openpyxl.load_workbook(path)["Kết quả"]["A"] if isinstance(c.value, int)}
    assert years[2021] == '0" (6 tháng)"' and years[2022] == "0"


def test_hostile_names_stay_texts(tmp_path, model):
    name = '=HYPERLINK("http://x","\'")'
    path = write_workbook(tmp_path / "x", {**model, "name": name}, name)
    title = openpyxl.load_workbook(path)["Giả định"]["A1"]
    assert title.data_type == "s" and name in title.value
    with zipfile.ZipFile(path) as archive:
        formulas = [
            f for n in archive.namelist() if "sheets/" in n for f in re.findall("<f>[^<]*", archive.read(n).decode())
        ]
        assert not [f for f in formulas if "HYPERLINK" in f]


def test_a_sentence_takes_the_place_of_what_may_not_be_published(tmp_path):
    path = write_workbook(tmp_path / "x", {"left_out": "small"})
    (sheet,) = openpyxl.load_workbook(path)
    texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.value]
    assert texts == ["Huyện Một", translate("calculation.left_out_small", "vi", count=5)]


def test_english_has_no_word_of_vietnamese(tmp_path, model):
    path = write_workbook(tmp_path / "x", model, "Sơn Dương district", lang="en")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["Assumptions", "Results", "Changes"]
    values = [cell.value for row in book["Assumptions"].iter_rows() for cell in row if isinstance(cell.value, str)]
    vietnamese = [
        v for v in values if re.search("[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", v) and not v.startswith("=")
    ]
    assert vietnamese == []


def test_a_term_has_the_text_and_the_value_of_its_formula():
    a, b, c = Term("A1", 7.0), Term("B1", 2.0), Term("C1", 4.0)
    one = a - (b - c) * (a + 1) / (b * c)
    assert one.text == "A1-(B1-C1)*(A1+1)/(B1*C1)" and one.value == 7 - (2 - 4) * 8 / 8
    assert when(a > b, -a, "x").text == 'IF(A1>B1,-A1,"x")'
    cells = [Term(f"\x01S\x02A{i}", float(i)) for i in (1, 2, 3)]
    assert (total(cells).value, item(cells, b).value) == (6, 2)
    with pytest.raises(ValueError, match="not next to each other"):
        total([cells[0], cells[2]])
