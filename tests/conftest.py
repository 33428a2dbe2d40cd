"""Fixtures of all tests, and their marks. Hypothesis runs without a deadline: no test is timed."""

import csv
import signal
from pathlib import Path

import pytest
from hypothesis import settings

import bhyt_analysis as bhyt

from .hostile import write_hostile_input

settings.register_profile("bhyt", deadline=None, derandomize=True)
settings.load_profile("bhyt")

# Under nohup, or in the background of a script, these are ignored, and so by what a test starts to be ended by them.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, name), handler)

ROOT = Path(__file__).parents[1]
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


@pytest.fixture(scope="session")
def hostile_briefing(tmp_path_factory):
    """Return the path, without its ending, of the briefing of an input of markup, scripts and formulas."""
    folder = tmp_path_factory.mktemp("hostile")
    options = bhyt.BatchOptions(jobs=1, formats=("html", "docx", "pptx", "xlsx"))
    manifest = bhyt.run_batch(write_hostile_input(folder / "input"), folder / "out", ["X001"], options)
    assert [a["error"] for a in manifest["areas"]] == [None]
    slug = manifest["areas"][0]["slug"]
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
