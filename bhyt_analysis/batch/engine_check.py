"""Check, once for each version of everything, that the warm engine gives the same as the standard one.

A small notebook that shows all kinds of output is run on both. That they agree is kept in the user's cache folder.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bhyt_analysis.batch.build import Job, area_result, build_area, cut_short
from bhyt_analysis.batch.build_record import FILE, AreaResult
from bhyt_analysis.documents.formats import files_of
from bhyt_analysis.domain.user_cache import keep, kept_folder
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.processes import end_descendants
from bhyt_analysis.i18n.failures import failure

AREAS = 8  # in a smaller batch the check takes longer than the warm engine saves
KEPT = "engines_agree"  # the name under which that is kept
SECONDS = 300  # for the notebook
# What notebooks show: text, tables, charts, widgets and files.
CELLS = (
    "import sys; import matplotlib.pyplot as plt, pandas as pd, seaborn as sns; import bhyt_analysis as bhyt",
    "print('ấ'); print('b', file=sys.stderr); pd.DataFrame({'ngày': pd.to_datetime(['2026-07-01']), 'số': [0.5]})",
    "table = pd.DataFrame({'nhóm': list('ab'), 'người': [1, 2]}); table.style.format({'người': '{:.1f}'})",
    "axes = plt.subplots(figsize=(3, 2))[1]; sns.barplot(table, x='nhóm', y='người', errorbar=None); plt.show()",
    "rows = pd.DataFrame({'name': ['Mẫu'], 'rate': 0.85, 'targets': [[('90%', 0.9)]], 'status': 'derived'})",
    "chart = bhyt.charts.bullet(rows); bhyt.charts.save(chart, 'chart'); table.to_csv('table.csv'); chart",
    "import ipywidgets; handle = display('one', display_id='x'); handle.update('two'); ipywidgets.IntSlider(3)",
    "import numpy as np; np.random.default_rng(1).random(2), plt.get_backend(), pd.get_option('display.max_rows')",
)
# What differs between any two runs of the same notebook.
TIMES = ("papermill", "execution", "language_info")
NAMES = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|0x[0-9a-f]{6,}|\bT_[0-9a-f]{5}(?![0-9a-f])"
)
SVG = "image/svg+xml"
EXACT = (".csv", ".json", ".png")


def check_job(plan: Sequence[Job]) -> Job | None:
    """Return the job of the check, where the plan is to be built by the warm engine and it was not checked before."""
    first = plan[0]
    if first.engine != "warm" or len(plan) < AREAS:
        return None
    is_kept = not first.options.dask and kept_folder(KEPT).is_dir()  # the workers of a cluster may be other machines
    return None if is_kept else replace(first, is_check=True)


def build_job(job: Job) -> AreaResult:
    """Build the area of a job, or check the engines: then the note of the result says what differs."""
    return check_engines(job) if job.is_check else build_area(job)


def check_engines(job: Job) -> AreaResult:
    """Run the notebook of the check on both engines; a failure of the system is no difference, and the result's error.

    The result of two runs that agree is kept.
    """
    errors, no_warm = {}, None
    shutil.rmtree(job.work, ignore_errors=True)  # of a check that was killed
    try:
        for engine in ("warm", "standard"):
            errors[engine] = _run(engine, job.work / engine)
        no_warm = warm_process.failure()
    except Exception as error:  # a process that died, a full disk
        return cut_short(job, failure(error, job.work))
    finally:
        end_descendants(warm_process.process_id())
    warm, standard = errors["warm"], errors["standard"]
    note = f"{warm} / {standard}" if warm != standard else difference(job.work / "warm", job.work / "standard")
    if no_warm is None and not note and not job.options.dask:
        keep(KEPT, lambda folder: None)
    return replace(area_result(job, "done"), note=note, warm_failure=no_warm.text(job.options.lang) if no_warm else "")


def _run(engine: str, folder: Path) -> str:
    """Run the notebook of the check; return the error of a cell that none should have."""
    import nbformat
    import papermill

    import bhyt_analysis.engine.papermill_engine  # noqa: F401

    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    folder.mkdir(parents=True)
    options = {"engine_name": f"bhyt-{engine}", "cwd": folder, "progress_bar": False, "plain_kernel": True}
    try:
        papermill.execute_notebook(notebook, folder / "check.ipynb", notebook_timeout=SECONDS, **options)
    except papermill.exceptions.PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    return ""


def difference(folder: Path, other: Path) -> str:
    """Return what differs between two notebooks and the files beside them, in a few words; empty if nothing does.

    Times, addresses in memory and random names do not count, nor does the content of an SVG.
    """
    notebooks = [*folder.glob("*.ipynb")], [*other.glob("*.ipynb")]
    if [len(paths) for paths in notebooks] != [1, 1]:
        return "notebook"
    cells, other_cells = (normalised_cells(paths[0]) for paths in notebooks)
    for number, (cell, other_cell) in enumerate(zip(cells, other_cells, strict=False), 1):
        if cell != other_cell:
            return "metadata" if number == len(cells) == len(other_cells) else f"cell {number}"
    if len(cells) != len(other_cells):
        return "cells"
    files, other_files = _comparable_files(folder), _comparable_files(other)
    names = sorted(files.keys() | other_files.keys())
    return next((name for name in names if files.get(name) != other_files.get(name)), "")


def normalised_cells(notebook: Path) -> list[object]:
    """Return the cells of a notebook and, last, its metadata, without what differs between any two runs."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    parts = [{k: v for k, v in cell.items() if k != "id"} for cell in content["cells"]]
    parts.append({"cell_type": "", "metadata": content["metadata"]})
    for part in parts:
        part["outputs"] = _merge_streams(part.get("outputs", []))
        part["metadata"] = {k: v for k, v in part["metadata"].items() if k not in TIMES}
        for widgets in part["metadata"].get("widgets", {}).values():  # in the order of their names, which are random
            widgets["state"] = sorted(NAMES.sub("name", json.dumps(m)) for m in widgets.get("state", {}).values())
    names: dict[str, str] = {}
    text = NAMES.sub(lambda m: names.setdefault(m[0], f"name {len(names)}"), json.dumps(parts, sort_keys=True))
    return list(json.loads(text))


def _merge_streams(outputs: list[dict]) -> list[dict]:
    """Return outputs with one text for each stream: where its messages end is a matter of chance."""
    rest = [o for o in outputs if o["output_type"] != "stream"]
    for output in rest:
        if SVG in output.get("data", {}):  # its date and the names in it are new each time
            output["data"][SVG] = ""
    names = sorted({o["name"] for o in outputs if o["output_type"] == "stream"})
    return rest + [{n: "".join("".join(o["text"]) for o in outputs if o.get("name") == n)} for n in names]


def _comparable_files(folder: Path) -> dict[str, bytes]:
    """Return the files that a notebook has written, without the documents that were made from it later."""
    paths = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    written_later = {FILE, *(file for files in files_of(folder.name).values() for file in files)}
    own = {name: p for name, p in paths.items() if p.suffix != ".ipynb" and name not in written_later}
    return {name: p.read_bytes() if p.suffix in EXACT else b"" for name, p in own.items()}
