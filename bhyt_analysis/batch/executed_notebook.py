"""Set what an executed notebook says of its run: the parameters of the input itself, and nothing left to chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bhyt_analysis.i18n import clock

if TYPE_CHECKING:
    from nbformat import NotebookNode  # takes a second to load, which the process of a batch itself does without

INJECTED = "injected-parameters"  # the tag and the id of the cell that papermill adds
TIMES, DURATIONS = ("start_time", "end_time"), ("duration",)


def settle_notebook(notebook: NotebookNode, parameters: Mapping[str, object], template: str, name: str) -> None:
    """Set the parameters, and the names of both notebooks in place of paths on the machine that ran them.

    ``parameters``: those of the input, so that the notebook runs again when the partition that it was run with is
    deleted. Times stay, but where ``SOURCE_DATE_EPOCH`` is set: two runs then give the same bytes.
    """
    from papermill.translators import PythonTranslator

    about = notebook.metadata.papermill
    about |= {"parameters": dict(parameters), "input_path": template, "output_path": name}
    for cell in notebook.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.source, cell.id = PythonTranslator.codify(parameters), INJECTED
    if day := clock.source_date():
        for metadata in (notebook.metadata, *(cell.metadata for cell in notebook.cells)):
            _set_times(metadata, day.isoformat())


def _set_times(metadata: NotebookNode, time: str) -> None:
    """Set every time that papermill and nbclient have written."""
    run = metadata.get("papermill", {})
    run |= {key: time for key in TIMES if run.get(key)}
    run |= {key: 0.0 for key in DURATIONS if run.get(key)}
    if "execution" in metadata:
        metadata["execution"] = dict.fromkeys(metadata["execution"], time)
