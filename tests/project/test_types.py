"""The public names have types: for editors, and for programs that are checked strictly."""

import ast
import sys

import pytest

import bhyt_analysis as bhyt

from ..conftest import ROOT
from ..waiting import run

SCRIPT = """
import pandas as pd

import bhyt_analysis as bhyt

law: bhyt.Law = bhyt.Law.read()
today: bhyt.InForce = law.at("2026-11-22")
data: bhyt.Dataset = bhyt.load()
view: bhyt.AreaView = bhyt.area(data, "Sơn Dương")
rows: pd.DataFrame = bhyt.coverage(data, "Sơn Dương", by=["group"])
plan: bhyt.Scenario = bhyt.read_scenario("decision_861_high")
months: pd.DataFrame = bhyt.simulate(data, "Lục Ngạn", plan, draws=0)
language: str = bhyt.lang("vi")
people: int = bhyt.people_needed(182330, 0.906)
chart: bhyt.charts.Chart = bhyt.charts.groups(rows, size="slide")
bhyt.charts.settings(font="Arial", scale=1.3, colours={"blue": "#1F4E79"})
files = [file.name for file in bhyt.charts.save(chart, "a.png")]
options: bhyt.BatchOptions = bhyt.BatchOptions(jobs=1, formats=["docx"])
text: str = bhyt.explain(rows.iloc[0])
"""


def check_types(folder, script):
    (folder / "script.py").write_text(script, "utf-8")
    call = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={folder}", "script.py"]
    (folder / "pandas.pyi").write_text("class DataFrame:\n    iloc: list[Series]\nclass Series: ...\n", "utf-8")
    return run([*call, "--follow-imports=silent"], cwd=folder, env={"MYPYPATH": str(ROOT), "PATH": ""})


WRONG = {
    "bhyt.lod()": 'Module has no attribute "lod"',
    'bhyt.charts.groups(rows, sise="slide")': 'Unexpected keyword argument "sise"',
    "bhyt.people_needed()": "Missing positional arguments",
    "bhyt.lang(5)": 'incompatible type "int"',
}


@pytest.mark.slow
def test_a_strict_check_finds_the_wrong_calls_of_a_script_and_no_others(tmp_path):
    lines = [*SCRIPT.strip().split("\n"), *WRONG]
    checked = check_types(tmp_path, "\n".join(lines) + "\n")
    errors = [line for line in checked.stdout.split("\n") if ": error: " in line]
    assert len(errors) == len(WRONG), checked.stdout
    first = len(lines) - len(WRONG) + 1
    for number, (fault, error) in enumerate(zip(WRONG.values(), errors, strict=True), first):
        assert error.startswith(f"script.py:{number}:")
        assert fault in error


def test_the_package_says_that_it_has_types():
    assert (ROOT / "bhyt_analysis" / "py.typed").read_text() == ""


def test_type_checkers_see_the_public_names():
    tree = ast.parse((ROOT / "bhyt_analysis" / "__init__.py").read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(imports) == bhyt.__all__
    for name, place in imports.items():
        value = getattr(bhyt, name)
        module, _, own = place.rpartition(".")
        assert place == value.__name__ or (module, own) == (_defined_in(name), name), name


def _defined_in(name):
    return f"bhyt_analysis.{bhyt._NAMES[name]}"
