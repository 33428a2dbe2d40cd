"""Fixtures of all tests, and their marks. Hypothesis runs without a deadline: no test is timed."""

import csv
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

import bhyt_analysis as bhyt

from .batches import KeptProcess, batches_here
from .hostile import write_hostile_input
from .waiting import run

settings.register_profile("bhyt", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile("bhyt")

# Under nohup, or in the background of a script, these are ignored, and so by what a test starts to be ended by them.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, name), handler)

ROOT = Path(__file__).parents[1]
# What Python runs when it starts in a simulation of Windows, and what LibreOffice's Python runs, which alone has uno.
collect_ignore = ["project/windows", "documents/recalculate.py"]
# The marks of the tests and doctests of a folder, and of files that take long.
MARKS = {
    "batch": ("batch", "slow"),
    "engine": ("batch", "slow"),
    "release": ("batch", "slow"),
    "documents": ("render", "slow"),
    "charts": ("render", "slow"),
    "explorer": ("render", "slow"),
    "notebooks": ("render", "slow"),
    "browser": ("browser", "slow"),
    "test_damaged_files": ("slow",),
    "test_partitions": ("slow",),
    "test_raking": ("slow",),
    "test_simulate": ("slow",),
}


def pytest_collection_modifyitems(items):
    """Mark each test by its folder and its file."""
    for item in items:
        for mark in (*MARKS.get(item.path.parent.name, ()), *MARKS.get(item.path.stem, ())):
            item.add_marker(mark)


@pytest.fixture(scope="session")
def data():
    return bhyt.load()


@pytest.fixture(scope="session")
def law():
    return bhyt.Law.read()


def pytest_sessionfinish():
    KeptProcess.end()


@pytest.fixture
def build_here():
    """Have batches build their areas in this process."""
    with batches_here():
        yield


@pytest.fixture
def no_charts(monkeypatch):
    """Draw no charts, which takes most of the time of a briefing."""
    for name in dir(bhyt.charts):  # loaded here: while the tests are collected there may be no standard input
        if hasattr(getattr(bhyt.charts, name), "__wrapped__"):
            monkeypatch.setattr(bhyt.charts, name, lambda *a, **k: None)


@pytest.fixture(scope="session")
def make_once(tmp_path_factory):
    """Return a function that makes a folder once for all processes of these tests, which must not change it."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def make(name, write):
        folder = root / f"{name}-shared"
        with FileLock(root / f"{name}.lock"):
            if not folder.exists():
                unfinished = tmp_path_factory.mktemp(name) / "unfinished"
                unfinished.mkdir()
                write(unfinished)
                unfinished.rename(folder)
        return folder

    return make


ALL_FORMATS = ("html", "brief", "docx", "pptx", "xlsx", "card", "model")
AREAS = ("Huyện Sơn Dương", "Huyện Lục Ngạn", "X001", "Huyện Lý Sơn")


def _write_vietnamese_briefings(folder):
    call = [sys.executable, "-m", "bhyt_analysis.cli", "brief", "--out", "vi", "--area", *AREAS]
    done = run([*call, "--formats", ",".join(ALL_FORMATS)], cwd=folder)
    (folder / "vi.json").write_text(json.dumps([done.returncode, done.stdout, done.stderr]), "utf-8")


@pytest.fixture(scope="session")
def vietnamese_briefings(make_once):
    """Four areas in Vietnamese in ``vi``, by the command line, in every format.

    What the command has ended with and printed is in ``vi.json``.
    """
    return make_once("vietnamese", _write_vietnamese_briefings)


@pytest.fixture(scope="session")
def briefings(make_once, vietnamese_briefings):
    """Four areas in Vietnamese, in ``vi``, and three in English with a scenario, in ``en``, in every format."""

    def write(folder):
        (folder / "vi").symlink_to(vietnamese_briefings / "vi", target_is_directory=True)
        scenario = ROOT / "scenarios" / "decision_861_high.toml"
        options = bhyt.BatchOptions(jobs=1, lang="en", scenario=scenario, formats=ALL_FORMATS)
        with batches_here():
            manifest = bhyt.run_batch(None, folder / "en", AREAS[:3], options)
        assert [a["error"] for a in manifest["areas"]] == [None] * 3

    return make_once("briefings", write)


def _write_hostile_briefing(folder):
    options = bhyt.BatchOptions(jobs=1, formats=("html", "docx", "pptx", "xlsx"))
    with batches_here():
        manifest = bhyt.run_batch(write_hostile_input(folder / "input"), folder / "out", ["X001"], options)
    (area,) = manifest["areas"]
    assert area["error"] is None
    (folder / "slug").write_text(area["slug"], "utf-8")


@pytest.fixture(scope="session")
def hostile_briefing(make_once):
    """Return the path, without its ending, of the briefing of an input of markup, scripts and formulas."""
    folder = make_once("hostile", _write_hostile_briefing)
    slug = (folder / "slug").read_text("utf-8")
    return folder / "out" / slug / slug


def write_table(path, columns, *rows):
    """Write a CSV file as a user would."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


@pytest.fixture
def small_input(tmp_path):
    """Return a sound input of one district with two communes, to be spoilt by a test."""
    return write_small_input(tmp_path / "input")


def write_small_input(folder, *more_cards):
    """Write a sound input of one district with two communes, and further rows of cards; return its folder."""
    folder.mkdir()
    areas = ["code", "name", "kind", "parent"]
    communes = [["C1", "Xã Đầu", "commune", "D1"], ["C2", "Xã Sau", "commune", "D1"]]
    write_table(folder / "areas.csv", areas, ["D1", "Huyện Một", "district", ""], *communes)
    people = ["area", "as_of", "people", "households", "minority_people", "status", "source"]
    write_table(
        folder / "population.csv",
        people,
        ["C1", "2021-06-30", "1000", "250", "600", "published", "thống kê"],
        ["C2", "2021-06-30", "2000", "500", "100", "published", "thống kê"],
    )
    cards = ["area", "as_of", "group", "cards", "status", "source"]
    write_table(
        folder / "cards.csv",
        cards,
        ["C1", "2021-06-30", "difficult_area", "700", "published", "BHXH"],
        ["C1", "2021-06-30", "household", "200", "published", "BHXH"],
        ["C2", "2021-06-30", "household", "900", "published", "BHXH"],
        *more_cards,
    )
    return folder
