"""The batch end to end: what it builds, what a failure leaves, what an interruption leaves."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.plan import slugs
from bhyt_analysis.briefing.metadata import NARROW
from bhyt_analysis.cli import main
from bhyt_analysis.domain.area_view import find_unit

from ..batches import batches_here
from ..conftest import ROOT
from ..csv_files import read_csv_rows
from ..notebook_runs import copy_package
from ..waiting import run as run_process
from ..waiting import wait_until

FILES = ("charts", "tables", "facts.json", "model.json", "build.json")
ENDINGS = ("-tom-tat.docx", ".docx", ".pptx", ".xlsx", "-chia-se.png", "-chia-se.txt", "_mo_hinh.xlsx")
BHYT = [sys.executable, "-m", "bhyt_analysis.cli"]


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    """The folder of a briefing of one area in English with a proposal, by the command of a process that runs."""
    out = tmp_path_factory.mktemp("briefings") / "en"
    scenario = str(ROOT / "scenarios" / "contribution_rate_2027.toml")
    with batches_here():
        assert main(["brief", "--out", str(out), "--area", "Sơn Dương", "--lang", "en", "--scenario", scenario]) == 0
    return out


def test_the_command_ends_well_and_prints_the_index_alone(vietnamese_briefings):
    status, printed, errors = json.loads((vietnamese_briefings / "vi.json").read_text("utf-8"))
    assert (status, errors) == (0, "")  # not a terminal: no bar, and no warnings of libraries
    assert printed == f"{Path('vi', 'index.html')}\n"


def test_the_manifest_is_that_of_the_contract(briefings):
    manifest = json.loads((briefings / "vi" / "manifest.json").read_text("utf-8"))
    assert list(manifest) == ["started", "finished", "versions", "law_sha256", "inputs_sha256", "areas"]
    assert [a["slug"] for a in manifest["areas"]] == ["son-duong", "luc-ngan", "mau-01-gia-lap", "ly-son"]
    for area in manifest["areas"]:
        assert list(area) == ["area", "slug", "status", "seconds", "error", "inputs_sha256", "files"]
        assert (area["status"], area["error"]) == ("done", None)
        assert area["slug"].isascii()
        for name in area["files"]:
            assert not Path(name).is_absolute()
            assert (briefings / "vi" / name).stat().st_size > 0
    assert len({a["inputs_sha256"] for a in manifest["areas"]}) == 4


@pytest.mark.parametrize("slug", ["son-duong", "luc-ngan", "mau-01-gia-lap"])
def test_each_area_has_its_notebook_page_charts_tables_and_facts(briefings, slug):
    folder = briefings / "vi" / slug
    documents = {f"{slug}{ending}" for ending in ENDINGS}
    assert {p.name for p in folder.iterdir()} == {*FILES, f"{slug}.ipynb", f"{slug}.html", *documents}
    pictures = sorted((folder / "charts").glob("*.png"))
    assert len(pictures) >= 3
    for picture in pictures:
        width = struct.unpack(">I", picture.read_bytes()[16:20])[0]
        for_phones = picture.stem.endswith(NARROW)
        assert abs(width - (80 if for_phones else 160) / 25.4 * 300) <= 1
        assert for_phones or picture.with_suffix(".svg").stat().st_size > 0
    for table in (folder / "tables").glob("*.csv"):
        assert table.read_bytes().startswith(b"\xef\xbb\xbf")
        rows = read_csv_rows(table)
        assert len(rows) > 1
        assert len({len(r) for r in rows}) == 1


def test_without_formats_an_area_has_its_notebook_and_page(english):
    names = {p.name for p in (english / "son-duong").iterdir()}
    assert names == {*FILES, "son-duong.ipynb", "son-duong.html"}


@pytest.mark.parametrize("slug", ["son-duong", "luc-ngan", "mau-01-gia-lap", "ly-son"])
def test_the_notebook_ran_without_a_warning(briefings, slug):
    cells = json.loads((briefings / "vi" / slug / f"{slug}.ipynb").read_text("utf-8"))["cells"]
    outputs = [o for c in cells for o in c.get("outputs", [])]
    assert outputs
    assert not [o for o in outputs if o["output_type"] in ("stream", "error")]
    assert all(c["execution_count"] for c in cells if c["cell_type"] == "code")
    sources = json.dumps([c["source"] for c in cells])
    assert not re.search(r"(/tmp|/home|/root|\\\\Users)", sources)  # no paths of this machine


def test_the_page_has_no_code_and_loads_nothing(briefings):
    for slug in ("son-duong", "mau-01-gia-lap"):
        page = (briefings / "vi" / slug / f"{slug}.html").read_text("utf-8")
        assert "import bhyt" not in page
        assert 'class="input' not in page
        assert not re.search(r"(src|href)=\"(https?:)?//", page)
        scripts = re.findall(r"<script(.*?)>", page)
        constants = [' type="application/json" id="bhyt-model"', ' type="application/json" id="bhyt-words"']
        assert scripts == [*constants, ""]  # our own, which sorts tables and recomputes; nothing of the notebook's
        assert page.count("data:image/png;base64") >= 3
        assert 'alt="' in page
        assert "No description" not in page
        for link in re.findall(r'href="((?:charts|tables)/[^"]+|[^"/]+\.ipynb)"', page):
            assert (briefings / "vi" / slug / link).is_file()


def test_the_figures_of_the_plans_are_on_the_pages(briefings):
    pages = {
        "son-duong": [
            "155.163", "182.330", "85,1%", "30.082", "+10.028", "+1.641", "+912", "+182", "24,2 tỷ đồng", "9,7%",
            "101,6%", "17,4%",
        ],
        "luc-ngan": ["87,21%", "46.106", "226.540", "37% đến 42%", "391.226", "37,1 tỷ đồng", "SỐ LIỆU ƯỚC TÍNH"],
        "ly-son": ["18.550", "Chưa có số thẻ BHYT của huyện Lý Sơn"],
        "mau-01-gia-lap": ["SỐ LIỆU GIẢ LẬP"],
    }  # fmt: skip
    for slug, figures in pages.items():
        page = (briefings / "vi" / slug / f"{slug}.html").read_text("utf-8")
        assert [f for f in figures if f not in page] == [], slug


def test_english_pages_have_english_figures_and_words(english):
    page = (english / "son-duong" / "son-duong.html").read_text("utf-8")
    for figure in ("155,163", "85.1%", "+10,028", "24.2 billion VND"):
        assert figure in page
    assert "Review of published figures" in page
    assert "A PROPOSAL, NOT IN FORCE" in page
    text = re.sub(r"<style.*?</style>|base64,[^\"]*", "", page, flags=re.DOTALL)
    text = text.replace("Mức đóng 5,1% từ năm 2027 (đề xuất)", "")  # the analyst's own name of the scenario
    assert not re.search(r"\d{1,3}\.\d{3}\.\d{3}|\d,\d%", text)


def test_facts_hold_the_headline_numbers_with_their_status(briefings):
    content = json.loads((briefings / "vi" / "son-duong" / "facts.json").read_text("utf-8"))
    facts = {f["key"]: f for f in content["facts"]}
    assert facts["next_to_add"]["value"] == 10_028
    assert facts["lost_cost"]["value"] == 24_203_977_200
    assert round(facts["reenrolled"]["low"], 3) == 0.097
    assert {f["status"] for f in content["facts"]} <= {"published", "census", "derived", "estimated", "synthetic"}
    assert content["area"] == "076"
    assert "share_of_wrong_base" in {f["rule"] for f in content["findings"]}


def test_the_index_lists_every_area_with_its_links(briefings):
    page = (briefings / "vi" / "index.html").read_text("utf-8")
    for slug in ("son-duong", "luc-ngan", "mau-01-gia-lap", "ly-son"):
        assert f'href="{slug}/{slug}.html"' in page
    assert "Huyện Sơn Dương" in page
    assert "10.028" in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


def test_no_working_files_are_left(briefings, english):
    for out in (briefings / "vi", english):
        assert [p.name for p in out.iterdir() if p.name.startswith(".")] == [".bhyt"]  # the lock


# --- Failures -------------------------------------------------------------------------------------


# What a cell does in each area; Sơn Tây (530) is sound.
FAULTS = """
import os, pathlib, time
if area == "536":
    raise RuntimeError("hỏng\\nrồi")
if area == "531":
    time.sleep(600)
if area == "529":
    os._exit(9)
if area == "533":
    pathlib.Path.write_text = lambda *arguments: None
"""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A batch by the command line with a fault in all areas but one: what it printed, how each area ended, its folder.

    The area that takes too long has a briefing of last week.
    """
    folder = tmp_path_factory.mktemp("faulty")
    environment, out = {**os.environ, "PYTHONPATH": str(copy_package(folder, FAULTS))}, folder / "out"
    (out / "minh-long").mkdir(parents=True)
    (out / "minh-long" / "minh-long.html").write_text("of last week", "utf-8")
    areas = ("Lý Sơn", "Sơn Tây", "Minh Long", "Sơn Hà", "Mộ Đức")
    run = run_process([*BHYT, "brief", "--out", out, "--timeout", "20", "--area", *areas], env=environment, cwd=folder)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return run, {a["slug"]: a for a in manifest["areas"]}, out


def test_one_failure_is_one_sentence_and_does_not_stop_the_rest(faulty):
    run, areas, out = faulty
    assert run.returncode == 1
    assert [slug for slug, area in areas.items() if area["status"] == "done"] == ["son-tay"]
    assert (areas["ly-son"]["status"], areas["ly-son"]["error"]) == ("failed", "RuntimeError: hỏng rồi")
    assert not (out / "ly-son").exists()
    assert "RuntimeError: hỏng rồi" in run.stderr
    page = (out / "index.html").read_text("utf-8")
    assert "Lỗi</strong>: RuntimeError: hỏng rồi" in page
    assert page.index("Huyện Lý Sơn") < page.index("Huyện Sơn Tây")  # failed areas first
    assert run.stdout.strip() == str(out / "index.html")


def test_a_cell_that_takes_too_long_is_reported(faulty):
    _, areas, _ = faulty
    assert (areas["minh-long"]["status"], areas["minh-long"]["error"]) == ("timeout", "Một ô chạy quá 20 giây")


def test_a_kernel_that_dies_is_reported(faulty):
    assert faulty[1]["son-ha"]["status"] == "failed"


def test_a_notebook_that_ends_without_its_figures_is_a_failure(faulty):
    area = faulty[1]["mo-duc"]
    assert area["status"] == "failed"
    assert "facts.json" in area["error"]


def test_a_failed_area_keeps_its_older_briefing(faulty):
    assert (faulty[2] / "minh-long" / "minh-long.html").read_text("utf-8") == "of last week"


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C can be sent to a process group on POSIX only")
def test_ctrl_c_keeps_what_is_complete(tmp_path):
    out = tmp_path / "out"
    call = [*BHYT, "brief", "--out", str(out), "--jobs", "1", "--area", "Lý Sơn", "Sơn Tây", "Minh Long", "Sơn Hà"]
    run = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(lambda: (out / "ly-son").exists() or run.poll() is not None)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(60) == 1
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=60)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    status = {a["slug"]: a["status"] for a in manifest["areas"]}
    assert status["ly-son"] == "done"
    assert status["son-ha"] == "failed"
    assert manifest["areas"][-1]["error"] == "Đã dừng theo yêu cầu trước khi làm xong"
    folders = {p.name for p in out.iterdir() if p.is_dir()} - {".bhyt"}
    assert folders == {s for s, ending in status.items() if ending == "done"}
    for slug in folders:
        assert {f"{slug}.ipynb", f"{slug}.html", "facts.json"} <= {p.name for p in (out / slug).iterdir()}
    assert (out / "index.html").is_file()


def test_an_area_that_is_complete_when_the_batch_stops_is_done(monkeypatch, tmp_path):
    def interrupt(tasks, workers, prepare, build, with_rows):
        assert build(with_rows(tasks[0])).status == "done"
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("bhyt_analysis.batch.scheduler.run_all", interrupt)
    # What it ends here, outside a worker, are the processes of this test.
    monkeypatch.setattr("bhyt_analysis.batch.build.end_descendants", lambda keep: None)
    with pytest.raises(KeyboardInterrupt):
        bhyt.run_batch(None, tmp_path, ["Lý Sơn", "Sơn Hà"], bhyt.BatchOptions(engine="standard"))
    areas = {a["slug"]: a for a in json.loads((tmp_path / "manifest.json").read_text("utf-8"))["areas"]}
    assert (areas["ly-son"]["status"], areas["ly-son"]["error"]) == ("done", None)
    assert "ly-son/ly-son.html" in areas["ly-son"]["files"]
    assert all((tmp_path / name).is_file() for name in areas["ly-son"]["files"])
    assert areas["son-ha"]["status"] == "failed"


# --- From Python ----------------------------------------------------------------------------------


def test_a_users_own_input_becomes_a_briefing(small_input, tmp_path, build_here):
    manifest = bhyt.run_batch(small_input, tmp_path / "out", options=bhyt.BatchOptions(jobs=1, lang="en"))
    assert [(a["area"], a["status"]) for a in manifest["areas"]] == [("D1", "done")]
    page = (tmp_path / "out" / "mot" / "mot.html").read_text("utf-8")
    assert "1,800" in page  # of 3,000 people
    assert "60.0%" in page


def test_an_input_without_population_still_becomes_a_briefing(small_input, tmp_path, build_here):
    (small_input / "population.csv").unlink()
    manifest = bhyt.run_batch(small_input, tmp_path / "out", options=bhyt.BatchOptions(jobs=1))
    assert [a["error"] for a in manifest["areas"]] == [None]
    assert "chưa có dân số" in (tmp_path / "out" / "mot" / "mot.html").read_text("utf-8")


def test_one_area_built_again_keeps_the_others_in_the_index(tmp_path, build_here):
    out = tmp_path / "out"
    bhyt.run_batch(None, out, areas=["Lý Sơn", "Sơn Tây"])
    manifest = bhyt.run_batch(None, out, ["Lý Sơn"], bhyt.BatchOptions(fresh=True))
    assert {a["slug"]: a["status"] for a in manifest["areas"]} == {"ly-son": "done", "son-tay": "done"}
    assert 'href="son-tay/son-tay.html"' in (out / "index.html").read_text("utf-8")


def test_an_output_folder_may_lie_inside_the_input(small_input, build_here):
    manifest = bhyt.run_batch(small_input, small_input / "out", options=bhyt.BatchOptions(jobs=1))
    assert [a["status"] for a in manifest["areas"]] == ["done"]
    assert bhyt.check(small_input).empty


def test_a_day_or_an_output_that_can_not_be_ends_with_status_2(tmp_path, capsys, build_here):
    assert main(["brief", "--out", str(tmp_path / "o"), "--as-of", "31/12/2024x"]) == 2
    (tmp_path / "file").write_text("", "utf-8")
    assert main(["brief", "--out", str(tmp_path / "file"), "--area", "536"]) == 2
    assert main(["reclassify", "--decision", "861", "--area", "219", "--csv", str(tmp_path / "no" / "x.csv")]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert len(streams.err.splitlines()) == 3


def test_run_batch_takes_a_dataset_too(data, tmp_path, build_here):
    manifest = bhyt.run_batch(data, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(jobs=1))
    assert manifest["areas"][0]["status"] == "done"


def test_a_bad_engine_area_or_scenario_ends_before_anything_is_built(tmp_path, build_here):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="engine"):
        bhyt.BatchOptions(engine="fast")
    with pytest.raises(ValueError, match="did you mean"):
        bhyt.run_batch(None, out, areas=["Sơn Dươnk"])
    with pytest.raises(ValueError, match="no such file"):
        bhyt.run_batch(None, out, options=bhyt.BatchOptions(scenario=tmp_path / "none.toml"))
    assert not out.exists()


def test_slugs_are_ascii_and_unique(data):
    names = slugs(data.geography)
    assert len(set(names.values())) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", s) for s in names.values())


def test_units_of_the_country_change_no_folder_of_the_input(data):
    names = slugs(data.geography)
    more, unit = find_unit(data, "Tỉnh Cà Mau")
    both = slugs(more.geography, data.geography)
    assert {u: both[u] for u in names} == names
    assert both[unit] == "tinh-ca-mau-96"


def test_what_the_command_prints(capsys):
    assert main(["premium", "--on", "2021-07-01", "--household", "2", "--lang", "en"]) == 0
    assert "A self-paying household of 2 pays 1,367,820 VND a year." in capsys.readouterr().out  # 804,600 + 563,220
    assert main(["law", "--on", "2026-11-22", "--json"]) == 0
    parameters = json.loads(capsys.readouterr().out)
    assert next(r["value"] for r in parameters if r["parameter"] == "base_salary") == 2_530_000
    assert main(["reclassify", "--decision", "861", "--area", "Lục Ngạn"]) == 0
    assert "6.689" in capsys.readouterr().out
    assert main(["audit", "--area", "Sơn Dương", "--json"]) == 0
    assert "lost_added_back" in capsys.readouterr().out
    assert main(["premium", "--on", "hôm qua"]) == 2
    assert main(["law", "--on", "2024-06-01", "--area", "Đắk Lắk"]) == 0
    assert main(["law", "--on", "2024-06-01", "--area", "Atlantis"]) == 2


def test_what_the_command_says_of_a_scenario(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["simulate", "--area", "Lục Ngạn", "--scenario", "decision_861_ordinary", "--draws", "50"]) == 0
    text = capsys.readouterr().out
    # Without any action: 224,275 less 46,106, of whom the 1% employed are insured again, of 226,540 people.
    assert "78,9%" in next(line for line in text.splitlines() if line.startswith("2022"))
    assert "Số liệu ước tính" in text
    assert "Khả năng đạt 99% vào 31/12/2021: 0% số lần mô phỏng." in text
    path = tmp_path / "months.csv"
    call = ["simulate", "--area", "Sơn Dương", "--scenario", str(ROOT / "scenarios" / "near_poor_100.toml")]
    assert main([*call, "--draws", "0", "--lang", "en", "--csv", str(path)]) == 0
    table = pd.read_csv(path, encoding="utf-8-sig")
    assert set(table["A proposal"]) == {"a proposal"}
    assert table["Insured"].iloc[0] == 155163
    assert main([*call, "--draws", "0", "--by-group", "--lang", "en", "--csv", str(path)]) == 0
    groups = pd.read_csv(path, encoding="utf-8-sig")
    assert groups["Insured"].iloc[0] == 8541  # the first group of the first month: cards paid by employers
    assert groups["Insured"].sum() == table["Insured"].sum()
    capsys.readouterr()
    assert main(["simulate", "--area", "Bình Sơn", "--lang", "en"]) == 2
    assert "neither cards nor a coverage rate" in capsys.readouterr().err
    assert main(["simulate", "--area", "Sơn Dương", "--scenario", "decision_681"]) == 2
    assert "decision_681" in capsys.readouterr().err


def test_what_the_command_shares_out(capsys):
    call = ["allocate", "--area", "X001", "--on", "2022-06-30", "--rate", "0.93", "--lang", "en"]
    assert main([*call, "--ratchet"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("X001")]
    assert len(rows) == 12
    assert main([*call, "--method", "share-of-gab"]) == 2
    assert "share-of-gap" in capsys.readouterr().err
    assert main(["allocate", "--area", "Sơn Dương", "--on", "2021-12-31", "--rate", "0.906"]) == 2
    assert "Sơn Dương" in capsys.readouterr().err


def test_a_scenario_comes_into_the_briefing(briefings):
    folder = briefings / "en" / "son-duong"
    assert "Decision 861, door to door" in (folder / "son-duong.html").read_text("utf-8")
    assert (folder / "charts" / "scenario_path.png").exists()


def test_impact_is_written_for_excel(tmp_path, capsys):
    path = tmp_path / "impact.csv"
    assert main(["reclassify", "--decision", "861", "--area", "Lục Ngạn", "--csv", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    table = pd.read_csv(path, encoding="utf-8-sig", sep=";")
    assert table["Không còn được NSNN đóng"].sum() == 46_106
