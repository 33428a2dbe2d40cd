"""How is one area made? Its notebook is run, what it left is checked, and the whole folder moved to its place.

Each area is made in a folder of its own under ``.work`` and moved when it is whole, so that
a folder with an area's name is never half written.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build_record import write_build_record
from bhyt_analysis.briefing.metadata import OutputMetadata
from bhyt_analysis.documents.formats import PAGE, write_office
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.config import WarmConfig
from bhyt_analysis.engine.processes import end_descendants
from bhyt_analysis.i18n.messages import BhytError, translate

WORK = ".work"
LIBRARIES = ("bhyt_analysis.briefing.notebook", "bhyt_analysis.model.projection.scenario")
REHEARSAL_AREA = "524"  # Bình Sơn: it has what most areas have, and no more


@dataclass(frozen=True)
class Job:
    """One area to make: where, with which parameters."""

    area: str
    slug: str
    out: str
    parameters: dict[str, Any]
    timeout: int | None
    notebook_timeout: int | None
    inputs_sha256: str
    engine: str = "warm"
    canary: bool = False  # run a second time, to be compared
    formats: tuple[str, ...] = (PAGE,)


def template_path() -> Path:
    """The notebook that is run for every area."""
    return bundled_path("notebooks") / "area_briefing.ipynb"


def warm_config() -> WarmConfig:
    """Return the configuration of the warm kernels of briefings."""
    return WarmConfig(LIBRARIES, str(template_path()), {"area": REHEARSAL_AREA, "out": "."})


def build_area(job: Job) -> dict[str, Any]:
    """Make one area: run its notebook, check what it left, write its documents, move it to its place."""
    start = time.monotonic()
    lang = job.parameters["lang"]
    out = Path(job.out)
    work = work_folder(job, job.canary)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        notebook = work / f"{job.slug}.ipynb"
        status, error = _execute(job, notebook)
        if status == "done":
            from bhyt_analysis.documents.html_page import write_page

            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            missing = _missing(work, cells)
            if missing:
                status, error = "failed", translate("error.area_missing_files", lang, missing=", ".join(missing))
            elif not job.canary:
                write_office(notebook, job.formats)
                write_page(notebook, work / f"{job.slug}.html", lang, "../index.html")
                files = [f"{job.slug}/{name}" for name in write_build_record(work, job.inputs_sha256, job.formats)]
                publish_folder(work, out / job.slug)
                return {**area_result(job, status, start, error, files), "cells": _seconds(cells)}
        return area_result(job, status, start, error)
    except Exception as error:  # a full disk, a folder that can't be written: told, and the rest go on
        return area_result(job, "failed", start, _sentence(type(error).__name__, str(error)))
    finally:
        if job.engine == "standard":  # what a cell has left running; a forked kernel is cleaned up after by its parent
            end_descendants(warm_process.process_id())
        if not job.canary:
            shutil.rmtree(work, ignore_errors=True)


def work_folder(job: Job, canary: bool) -> Path:
    """Where an area is made; its second run, by the other engine, apart."""
    return Path(job.out, WORK, job.slug + (".canary" if canary else ""))


def area_result(
    job: Job, status: str, start: float, error: str | None, files: list[str] | None = None
) -> dict[str, Any]:
    """What the manifest tells of an area; ``start`` as `time.monotonic` gave it."""
    seconds = round(time.monotonic() - start, 3)
    told = {"area": job.area, "slug": job.slug, "status": status, "seconds": seconds, "error": error}
    return {**told, "files": files or []}


def _execute(job: Job, notebook: Path, again: bool = False) -> tuple[str, str | None]:
    """Run the template; its status and one sentence on a failure."""
    import papermill as pm
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from bhyt_analysis.engine.papermill_engine import NotebookTimeoutError, WarmProcessDiedError, exited_early

    lang = job.parameters["lang"]
    try:
        told = pm.execute_notebook(
            template_path(),
            notebook,
            parameters=job.parameters,
            engine_name=f"bhyt-{job.engine}",
            progress_bar=False,
            request_save_on_cell_execute=False,  # nobody reads it before it is whole
            cwd=notebook.parent,
            execution_timeout=job.timeout,
            notebook_timeout=job.notebook_timeout,
            extra_arguments=["--IPKernelApp.log_level=50"],  # a failure is told once, by us
        )
    except PapermillExecutionError as error:
        return "failed", _sentence(error.ename, error.evalue)
    except NotebookTimeoutError as error:
        return "timeout", error.text(lang)
    except WarmProcessDiedError as error:
        if again:
            return "failed", error.text(lang)
        for left in notebook.parent.iterdir():  # another area may have done it: once more, on a process of our own
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return _execute(job, notebook, again=True)
    except BhytError as error:
        return "failed", error.text(lang)
    except DeadKernelError:
        return "failed", translate("error.area_died", lang)
    return ("failed", translate("error.area_left", lang)) if exited_early(told) else ("done", None)


def _seconds(cells: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """How long each cell ran, by its first line."""
    told = []
    for cell in cells:
        seconds = cell["metadata"].get("papermill", {}).get("duration")
        if cell["cell_type"] == "code" and seconds is not None:
            told.append(("".join(cell["source"]).split("\n", 1)[0], float(seconds)))
    return told


def _sentence(name: str, text: str) -> str:
    """An error as one line."""
    line = " ".join(str(text).split())
    return f"{name}: {line}"[:400] if line else name


def _missing(work: Path, cells: list[dict[str, Any]]) -> list[str]:
    """What a finished notebook should have left and did not: nothing is taken on its word."""
    missing = [
        f"cell {c['id']}" for c in cells if c["cell_type"] == "code" and c["source"] and not c["execution_count"]
    ]
    outputs = [OutputMetadata.from_dict(o.get("metadata", {})) for c in cells for o in c.get("outputs", [])]
    names = {o.name for o in outputs if o is not None and o.kind == "chart"}
    for name in sorted(names):
        files = [Path("charts", name + ending) for ending in (".png", ".svg")]
        missing += [str(f) for f in files if not (work / f).is_file() or not (work / f).stat().st_size]
    if not names:
        missing.append("charts")
    try:
        json.loads((work / "facts.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        missing.append("facts.json")
    return missing


def publish_folder(work: Path, place: Path) -> None:
    """Put a whole folder in the place of an older one."""
    old = work.with_name(work.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        os.replace(place, old)
    os.replace(work, place)
    shutil.rmtree(old, ignore_errors=True)
