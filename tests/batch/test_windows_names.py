"""Folders and files of areas have names that Windows takes, whatever the areas are called."""

import re
import shutil
from pathlib import PureWindowsPath

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.plan import slugs
from bhyt_analysis.cli import main

from .small_inputs import write_small_input

NAMES = ["Xã Con", "Xã Nul", "Phường Aux.", "Xã COM1"]
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
DEVICES = {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(10)}


def is_allowed(name):
    """Return whether Windows takes a name: no device, also with an ending, no sign of its own, no dot at the end."""
    own = name.split(".")[0].upper()
    return own not in DEVICES and not re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$', name) and len(name) < 100


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    """Return an input with communes that bear the names of devices."""
    folder = tmp_path_factory.mktemp("devices") / "in"
    write_small_input(folder, seed=5, groups=4, months=6)
    areas = folder / "areas.csv"
    text = areas.read_text("utf-8")
    for number, name in enumerate(NAMES, 1):
        text = text.replace(f"Xã Nhỏ {number}", name)
    areas.write_text(text + f"P,Xã {'Dài ' * 60},commune,D\nQ,Xã .. \\ ?,commune,D\nR,Xã LPT9.txt,commune,D\n", "utf-8")
    return folder


def test_each_area_has_a_folder_of_its_own_that_windows_takes(devices):
    geography = bhyt.load(devices).geography
    names = {unit.name: slug for unit, slug in slugs(geography).items()}
    assert all(map(is_allowed, names.values()))
    assert len({name.casefold() for name in names.values()}) == len(names)
    assert names["Xã Con"] == "con_"


@pytest.mark.slow
def test_a_briefing_of_a_commune_called_con(devices, tmp_path, build_here):
    out = tmp_path / "out"
    call = ["brief", str(devices), "--out", str(out), "--area", "Xã Con", "--area", "Xã Nul"]
    assert main([*call, "--formats", "html,docx,xlsx,card"]) == 0
    paths = [path.relative_to(out) for path in out.rglob("*")]
    assert {str(path) for path in paths} >= {"con_", "nul_", "con_/facts.json", "index.html"}
    assert [path for path in paths if not all(map(is_allowed, path.parts))] == []
    assert max(len(str(PureWindowsPath(path))) for path in paths) < 120  # below a folder of 130 within 260
    shutil.rmtree(out)
