"""The comparison of two runs sees what a reader would, and nothing that is a matter of chance."""

import copy
import subprocess
import sys

import nbformat
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.engine_check import difference
from bhyt_analysis.engine import warm_process

from ..notebook_runs import new_notebook

ID = "application/vnd.jupyter.widget-state+json"


def book(seed=0):
    """An executed notebook; ``seed`` changes what chance would."""
    told = new_notebook("print('a')", "plot()", "table")
    hexes = f"{seed + 10:032x}"
    told.cells[1].outputs = [nbformat.v4.new_output("stream", text=t) for t in (["a\n", "b\n"] if seed else ["a\nb\n"])]
    told.cells[2].outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "iVBO", "image/svg+xml": str(seed)}, metadata={"k": 1})
    ]
    told.cells[3].outputs = [nbformat.v4.new_output("execute_result", {"text/html": f"<t id='T_{hexes[-5:]}'> 0x7f{hexes[-8:]}"}, execution_count=3)]  # fmt: skip
    told.cells[3].metadata["papermill"] = {"start_time": str(seed)}
    models = {f"{(n * 7 + seed * 13) % 16:x}" * 32: {"model_name": name} for n, name in enumerate("AB")}
    told.metadata["widgets"] = {ID: {"state": models, "version_major": 2, "version_minor": 0}}
    return told


def put(folder, told, **files):
    folder.mkdir()
    nbformat.write(told, folder / "n.ipynb")
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return folder


def test_two_runs_that_differ_by_chance_alone_are_the_same(tmp_path):
    one = put(tmp_path / "one", book(0), x_csv=b"1", x_svg=b"<1>")
    assert (
        difference(
            one, put(tmp_path / "two", book(5), x_csv=b"1", x_svg=b"<2>", page_html=b"", page_docx=b"", page_xlsx=b"")
        )
        == ""
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda b: b.cells[1].outputs[0].update(text="a\nc\n"), "cell 2"),
        (lambda b: b.cells[1].outputs[0].update(name="stderr"), "cell 2"),
        (lambda b: b.cells[2].outputs[0].data.update({"image/png": "iVBP"}), "cell 3"),
        (lambda b: b.cells[2].outputs.clear(), "cell 3"),
        (lambda b: b.cells[2].outputs[0].metadata.update(k=2), "cell 3"),
        (lambda b: b.cells[3].update(execution_count=9), "cell 4"),
        (lambda b: b.cells.pop(), "cell 4"),
        (lambda b: b.metadata.widgets[ID].state.popitem(), "metadata"),
        (lambda b: b.metadata.kernelspec.update(name="other"), "metadata"),
    ],
)
def test_a_change_is_found_and_its_cell_named(tmp_path, change, told):
    other = copy.deepcopy(book())
    change(other)
    assert difference(put(tmp_path / "one", book()), put(tmp_path / "two", other)) == told


def test_a_file_that_differs_or_is_missing_is_named(tmp_path):
    one = put(tmp_path / "one", book(), facts_json=b"1", x_svg=b"")
    assert difference(one, put(tmp_path / "two", book(), facts_json=b"2", x_svg=b"")) == "facts.json"
    assert difference(one, put(tmp_path / "three", book(), facts_json=b"1")) == "x.svg"
    assert difference(one, tmp_path / "none") == "notebook"


def test_without_fork_auto_is_the_standard_engine_and_warm_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_process, "is_supported", lambda: False)
    with pytest.warns(UserWarning, match="The warm engine does not work on this system"):
        manifest = bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(lang="en", jobs=1))
    assert manifest["areas"][0]["status"] == "done"
    with pytest.raises(ValueError, match="works on Linux only"):
        bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(engine="warm"))


def test_a_parameter_of_a_wrong_type_ends_before_anything_is_built(tmp_path):
    with pytest.raises(ValueError, match="seed"):
        bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(seed="1"))
    assert not (tmp_path / "out").exists()


def test_the_batch_is_imported_without_what_only_posix_has():
    code = (
        "import sys\nfor name in ('fcntl', 'resource', 'pwd', 'grp', 'termios'): sys.modules[name] = None\n"
        "import signal, os, select, socket\n"
        "for place, names in ((signal, ('SIGKILL', 'SIGCHLD')), (os, ('fork', 'killpg', 'setsid', 'pipe2')),"
        " (select, ('poll',)), (socket, ('AF_UNIX', 'recv_fds', 'send_fds'))):\n"
        "    for name in names: delattr(place, name)\n"
        "import importlib, pkgutil, bhyt_analysis.batch as batch\n"
        "for m in pkgutil.iter_modules(batch.__path__): importlib.import_module('bhyt_analysis.batch.' + m.name)\n"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
