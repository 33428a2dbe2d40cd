"""The comparison of two runs finds what a reader would, and nothing that is a matter of chance."""

import copy

import nbformat
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.build import Job, area_cut_short, area_failure, area_result, cut_short
from bhyt_analysis.batch.engine_check import Decision, EngineCheck, difference
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.engine import warm_process
from bhyt_analysis.i18n.messages import BhytError

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


def area_died(job):
    return area_cut_short(job, "error.area_died")


def plan(folder, count=8, engine="warm"):
    areas = [str(number) for number in range(count)]
    return [Job(a, a, str(folder), {}, "x", BatchOptions(lang="en"), engine) for a in areas]


def write_outputs(job):
    target = job.work if job.canary else job.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def test_a_small_batch_or_another_engine_is_not_checked(tmp_path):
    for jobs in (plan(tmp_path, 7), plan(tmp_path, 8, "standard")):
        check = EngineCheck(jobs)
        assert list(check.first_jobs()) == jobs
        assert check.feed(jobs[0], area_result(jobs[0], "done"), set()) == Decision(counts=True)


def test_engines_that_agree_change_nothing(tmp_path):
    check = EngineCheck(plan(tmp_path))
    canary, first, *rest = check.first_jobs()
    assert (canary.engine, canary.canary, first.engine, first.area) == ("standard", True, "warm", canary.area)
    write_run(write_outputs(first), executed(0))
    write_run(write_outputs(canary), executed(5))
    assert check.feed(first, area_result(first, "done"), {"1"}) == Decision(counts=True)
    assert check.feed(canary, area_result(canary, "done"), {"1"}) == Decision(counts=False)
    assert check.feed(rest[0], area_result(rest[0], "failed"), set()) == Decision(counts=True)
    assert check.engine == "warm"


def test_engines_that_differ_repeat_what_is_complete_or_waiting(tmp_path):
    check = EngineCheck(plan(tmp_path))
    canary, *jobs = check.first_jobs()
    assert check.feed(canary, area_result(canary, "done"), set()).counts is False
    assert check.feed(jobs[1], area_result(jobs[1], "done"), set()) == Decision(counts=True)
    decision = check.feed(jobs[0], area_failure(jobs[0], "error.area_left"), {"3", "4"})  # 2 and 5 to 7 are running
    assert decision.difference == "A cell called sys.exit(), the cells after it did not run / done"
    assert [(j.area, j.engine, j.canary) for j in decision.repeat] == [(a, "standard", False) for a in "0134"]
    late = check.feed(jobs[2], area_result(jobs[2], "done"), set())
    assert (late.counts, [(j.area, j.engine) for j in late.repeat]) == (False, [("2", "standard")])
    assert check.feed(decision.repeat[0], area_result(jobs[0], "done"), set()) == Decision(counts=True)


def test_a_run_that_was_killed_is_begun_again_and_then_compared(tmp_path):
    check = EngineCheck(plan(tmp_path))
    canary, first, *_ = check.first_jobs()
    write_run(write_outputs(first), executed(0))
    assert check.feed(first, area_result(first, "done"), {"1"}) == Decision(counts=True)
    assert check.feed(canary, area_died(canary), {"1"}) == Decision(counts=False, repeat=(canary,))
    write_run(write_outputs(canary), executed(5))
    assert check.feed(canary, area_result(canary, "done"), set()) == Decision(counts=False)
    assert check.engine == "warm"


def test_the_first_area_is_begun_again_when_its_process_dies(tmp_path):
    check = EngineCheck(plan(tmp_path))
    canary, first, *_ = check.first_jobs()
    assert check.feed(first, area_died(first), {"1"}) == Decision(counts=False, repeat=(first,))
    write_run(write_outputs(first), executed(0))
    write_run(write_outputs(canary), executed(5))
    assert check.feed(canary, area_result(canary, "done"), {"1"}) == Decision(counts=False)
    assert check.feed(first, area_result(first, "done"), set()) == Decision(counts=True)


def test_runs_that_are_cut_short_say_nothing_of_the_engines(tmp_path):
    slow = BhytError(("engine.notebook_timeout", {"seconds": 1800}))
    for results in ((area_died, area_died), (lambda job: cut_short(job, slow, "timeout"),)):
        check = EngineCheck(plan(tmp_path))
        canary, first, *_ = check.first_jobs()
        assert check.feed(first, area_result(first, "done"), {"1"}).counts
        decisions = [check.feed(canary, result(canary), {"1"}) for result in results]
        assert [d.difference for d in decisions] == [""] * len(results)
        assert decisions[-1] == Decision(counts=False, not_compared=results[-1](canary).error)
        assert check.engine == "warm"


def test_two_runs_that_are_both_cut_short_need_no_word(tmp_path):
    check = EngineCheck(plan(tmp_path))
    canary, first, *_ = check.first_jobs()
    decisions = [check.feed(job, area_died(job), set()) for job in (first, canary, first, canary)]
    assert decisions[2:] == [Decision(counts=True), Decision(counts=False)]


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
