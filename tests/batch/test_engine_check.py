"""The comparison of two runs sees what a reader would, and nothing that is a matter of chance."""

import copy

import nbformat
import pytest

from bhyt_analysis.batch.engine_check import difference

from ..notebook_runs import notebook

ID = "application/vnd.jupyter.widget-state+json"


def book(seed=0):
    """An executed notebook; ``seed`` changes what chance would."""
    told = notebook("print('a')", "plot()", "table")
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
