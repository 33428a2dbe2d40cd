"""With SOURCE_DATE_EPOCH two runs write the same bytes, in two processes and with both engines."""

import json
import os
import sys
import zipfile

import pytest

from bhyt_analysis.documents.formats import FORMATS

from ..waiting import run as run_process

TIME = "1790000000"  # 2026-09-21 14:13:20 UTC


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the files of two runs of one area in all formats, by their path in the folder of the batch."""
    contents = []
    for seed, engine in (("1", "auto"), ("2", "standard")):
        folder = tmp_path_factory.mktemp(f"run{seed}")
        call = [sys.executable, "-m", "bhyt_analysis.cli", "brief", "--out", str(folder / "out")]
        call += ["--area", "Sơn Dương", "--engine", engine, "--jobs", "1", "--formats", ",".join(FORMATS)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": TIME, "PYTHONHASHSEED": seed}
        assert run_process(call, env=environment, cwd=folder).returncode == 0
        files = sorted(p for p in (folder / "out").rglob("*") if p.is_file())
        contents.append({p.relative_to(folder / "out").as_posix(): p for p in files})
    return contents


def test_two_runs_write_the_same_bytes(runs):
    one, two = runs
    assert list(one) == list(two)
    assert {name for name in one if one[name].read_bytes() != two[name].read_bytes()} == set()
    kinds = {name.rpartition(".")[2] for name in one}
    assert kinds >= {"ipynb", "html", "docx", "pptx", "xlsx", "png", "svg", "txt", "csv", "json"}


def test_the_times_are_that_of_the_variable(runs):
    one, _ = runs
    manifest = json.loads(one["manifest.json"].read_text("utf-8"))
    assert manifest["started"] == manifest["finished"] == "2026-09-21T14:13:20+00:00"
    for kind in ("docx", "pptx", "xlsx"):
        with zipfile.ZipFile(one[f"son-duong/son-duong.{kind}"]) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(2026, 9, 21, 14, 13, 20)}
            assert b"2026-09-21T14:13:20Z</dcterms:created>" in archive.read("docProps/core.xml")


def test_a_notebook_names_no_path_of_the_machine_that_ran_it(runs):
    notebook = json.loads(runs[0]["son-duong/son-duong.ipynb"].read_text("utf-8"))
    about = notebook["metadata"]["papermill"]
    assert (about["input_path"], about["output_path"]) == ("area_briefing.ipynb", "son-duong.ipynb")
    assert about["parameters"]["data"] is None
