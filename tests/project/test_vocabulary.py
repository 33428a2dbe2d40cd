"""Names and wording are the field's, throughout: package, tests, benchmarks, docs and notebooks."""

import ast
import re
from pathlib import Path

import pytest

from ..conftest import ROOT
from .files import project_files
from .vocabulary import faults

READ = [f for f in project_files() if f.endswith((".py", ".md", ".ipynb"))]
PACKAGE = [f for f in READ if f.startswith("bhyt_analysis/") and f.endswith(".py")]


@pytest.mark.parametrize("file", READ)
def test_names_and_wording_are_plain(file):
    assert faults(ROOT / file) == []


def test_the_check_finds_each_kind_of_fault(tmp_path):
    path = tmp_path / "test_bad.py"
    path.write_text(
        '"""Is this a question?"""\n\n\ndef told(of):\n    """The rows that are told."""\n'
        "    return of  # the room\n\n\n"
        f"def test_{'x' * 70}():\n    call(1)  # fmt: skip\n    {'y' * 120} = 1\n",
        "utf-8",
    )
    expected = [
        "docstring asks a question", 'docstring has "are told"', "name of", "name told", 'comment has "room"',
        "test name of 75 characters", "fmt: skip that is not on a table of constants", "line of 128 characters",
    ]  # fmt: skip
    assert [fault for _, fault in faults(path)] == expected
    (tmp_path / "page.md").write_text("It stands in `told`.\n", "utf-8")
    assert faults(tmp_path / "page.md") == [(1, 'text has "stands"')]


def test_any_is_rare_in_the_package():
    sources = [(ROOT / f).read_text("utf-8") for f in PACKAGE]
    uses = sum(
        isinstance(node, ast.Name) and node.id == "Any" for source in sources for node in ast.walk(ast.parse(source))
    )
    lines = sum(source.count("\n") for source in sources)
    assert uses / lines < 5 / 1000


def test_the_number_of_a_decision_is_in_no_code():
    """Decisions are rows of data; only examples in docstrings name one."""
    for file in PACKAGE:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        owners = (n for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef))
        docstrings = {ast.get_docstring(n, clean=False) for n in owners}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value not in docstrings:
                assert not re.search(r"\b861\b", str(node.value)), f"{file}:{node.lineno}"


def test_the_model_reads_no_file_and_speaks_no_language():
    for file in PACKAGE:
        if not file.startswith("bhyt_analysis/model/"):
            continue
        for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            place = f"{Path(file).name}:{getattr(node, 'lineno', '')}"
            assert not (isinstance(node, ast.arg) and node.arg == "lang"), place
            function = isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
            assert function not in {"open", "read_csv", "read_text", "read_bytes", "Path"}, place


def test_no_package_reaches_into_a_private_name_of_another():
    for file in PACKAGE:
        own = file.split("/")[1]
        for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bhyt_analysis."):
                private = [a.name for a in node.names if a.name.startswith("_")]
                assert not private or node.module.split(".")[1] == own, f"{file}: {private}"
