"""The comparison of two runs finds what a reader would, and nothing that is a matter of chance."""

import copy

import matplotlib
import nbformat
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import engine_check
from bhyt_analysis.batch.build import Job
from bhyt_analysis.batch.engine_check import check_engines, check_job, difference
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.engine import warm_process

from ..notebook_runs import import_without_posix, new_notebook

ID = "application/vnd.jupyter.widget-state+json"


def executed(seed=0):
    """Return an executed notebook; ``seed`` changes what chance would."""
    notebook = new_notebook("print('a')", "plot()", "table")
    hexes = f"{seed + 10:032x}"
    texts = ["a\n", "b\n"] if seed else ["a\nb\n"]
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text=t) for t in texts]
    notebook.cells[2].outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "iVBO", "image/svg+xml": str(seed)}, metadata={"k": 1})
    ]
    html = {"text/html": f"<t id='T_{hexes[-5:]}'> 0x7f{hexes[-8:]}"}
    notebook.cells[3].outputs = [nbformat.v4.new_output("execute_result", html, execution_count=3)]
    notebook.cells[3].metadata["papermill"] = {"start_time": str(seed)}
    models = {f"{(n * 7 + seed * 13) % 16:x}" * 32: {"model_name": name} for n, name in enumerate("AB")}
    notebook.metadata["widgets"] = {ID: {"state": models, "version_major": 2, "version_minor": 0}}
    return notebook


def write_run(folder, notebook, **files):
    folder.mkdir()
    nbformat.write(notebook, folder / "n.ipynb")
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return folder


def test_two_runs_that_differ_by_chance_alone_are_the_same(tmp_path):
    one = write_run(tmp_path / "one", executed(0), x_csv=b"1", x_svg=b"<1>")
    documents = {"two_html": b"", "two_docx": b"", "two_xlsx": b""}
    assert difference(one, write_run(tmp_path / "two", executed(5), x_csv=b"1", x_svg=b"<2>", **documents)) == ""


@pytest.mark.parametrize(
    ("change", "message"),
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
def test_a_change_is_found_and_its_cell_named(tmp_path, change, message):
    other = copy.deepcopy(executed())
    change(other)
    assert difference(write_run(tmp_path / "one", executed()), write_run(tmp_path / "two", other)) == message


def test_a_file_that_differs_or_is_missing_is_named(tmp_path):
    one = write_run(tmp_path / "one", executed(), facts_json=b"1", x_svg=b"")
    assert difference(one, write_run(tmp_path / "two", executed(), facts_json=b"2", x_svg=b"")) == "facts.json"
    assert difference(one, write_run(tmp_path / "three", executed(), facts_json=b"1")) == "x.svg"
    assert difference(one, tmp_path / "none") == "notebook"


def plan(folder, count=8, engine="warm", **options):
    areas = [str(number) for number in range(count)]
    return [Job(a, a, str(folder), {}, "x", BatchOptions(lang="en", **options), engine) for a in areas]


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """Keep what is found out in a folder of the test; end no process of the tests, as a worker would."""
    monkeypatch.setattr(engine_check, "end_descendants", lambda pid: None)
    monkeypatch.setenv("MPLCONFIGDIR", matplotlib.get_cachedir())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_small_batch_or_another_engine_is_not_checked(tmp_path, empty_cache):
    assert check_job(plan(tmp_path, 7)) is None
    assert check_job(plan(tmp_path, 8, "standard")) is None
    job = check_job(plan(tmp_path))
    assert job.is_check and job.work.name == "0.check"


def test_engines_that_agree_are_not_checked_again_but_on_a_cluster(tmp_path, empty_cache):
    result = check_engines(check_job(plan(tmp_path)))
    warm_process.stop()
    assert (result.status, result.note, result.warm_failure) == ("done", "", "")
    assert check_job(plan(tmp_path)) is None
    assert check_job(plan(tmp_path, dask="tcp://127.0.0.1:1")).is_check


def test_a_check_that_cannot_write_is_no_difference(tmp_path, empty_cache):
    (tmp_path / ".work").write_text("in the way")
    result = check_engines(check_job(plan(tmp_path)))
    assert result.was_cut_short and result.note == "" and result.error
    assert check_job(plan(tmp_path)).is_check


def test_without_fork_auto_is_the_standard_engine_and_warm_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_process, "is_supported", lambda: False)
    with pytest.warns(UserWarning, match="The warm engine does not work on this system"):
        manifest = bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(lang="en", jobs=1))
    assert manifest["areas"][0]["status"] == "done"
    with pytest.raises(ValueError, match="works on Linux only"):
        bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(engine="warm"))


def test_a_parameter_of_a_wrong_type_ends_before_anything_is_built(tmp_path, build_here):
    with pytest.raises(ValueError, match="seed"):
        bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(seed="1"))
    assert not (tmp_path / "out").exists()


def test_the_batch_is_imported_without_what_only_posix_has():
    import_without_posix("bhyt_analysis.batch")
