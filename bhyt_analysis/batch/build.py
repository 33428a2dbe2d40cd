"""Build one area: run its notebook, check what it has written, and move the complete folder to its place.

It is built in a folder under ``.work``, so that a folder with an area's name is never half written.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build_record import AreaResult, write_build_record
from bhyt_analysis.batch.executed_notebook import settle_notebook
from bhyt_analysis.batch.joint_protection import keep_published
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.briefing.metadata import OutputMetadata
from bhyt_analysis.documents.formats import write_office
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.config import INLINE_CHARTS, WarmConfig
from bhyt_analysis.engine.processes import end_descendants
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.clock import Period
from bhyt_analysis.i18n.failures import cell_failure, failure, name_file, sent_error
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.personal_text import hide_personal
from bhyt_analysis.tables.hidden_cells import HiddenCells
from bhyt_analysis.tables.published_tables import EXCHANGE

Cell = Mapping[str, Any]
WORK = ".work"
LIBRARIES = ("bhyt_analysis.briefing.notebook", "bhyt_analysis.ingest.scenario_files")
REHEARSAL_AREA = "524"  # Bình Sơn: it has what most areas have, and no more


@dataclass(frozen=True)
class Job:
    """One area to build: where, and with which parameters."""

    area: str
    slug: str
    out: str
    parameters: Mapping[str, object]
    inputs_sha256: str
    options: BatchOptions
    engine: str = "warm"
    is_check: bool = False  # not the area, but the check of the engines
    partition: str | None = None  # the folder with the area's rows, which the notebook reads in place of ``data``
    hidden: HiddenCells | None = None  # what the other areas of the batch and this one tell together
    source_date: str = ""  # SOURCE_DATE_EPOCH of the batch, also for the workers of a cluster

    @property
    def folder(self) -> Path:
        """Return the folder of the area."""
        return Path(self.out, self.slug)

    @property
    def work(self) -> Path:
        """Return the folder in which the area is built."""
        return Path(self.out, WORK, self.slug + (".check" if self.is_check else ""))


def template_path() -> Path:
    """Return the path of the notebook that is run for every area."""
    return bundled_path("notebooks") / "area_briefing.ipynb"


def warm_config() -> WarmConfig:
    """Return the configuration of the warm kernels of briefings."""
    return WarmConfig(LIBRARIES, str(template_path()), {"area": REHEARSAL_AREA, "out": "."}, variables=INLINE_CHARTS)


def area_result(job: Job, status: str, error: str | None = None, files: Sequence[str] = ()) -> AreaResult:
    """Return how a job ended; ``files`` are relative to the area's folder."""
    paths = [f"{job.slug}/{name}" for name in files]
    return AreaResult(job.area, job.slug, status, error=error, inputs_sha256=job.inputs_sha256, files=paths)


def area_failure(job: Job, message: str, **fields: object) -> AreaResult:
    """Return the result of a job that has failed, with a message in the language of the batch."""
    return area_result(job, "failed", translate(message, job.options.lang, **fields))


def cut_short(job: Job, error: BhytError, status: str = "failed") -> AreaResult:
    """Return the result of a job that had no time, memory or disk, or whose process died."""
    return replace(area_result(job, status, error.text(job.options.lang)), was_cut_short=True)


def area_cut_short(job: Job, message: str, **fields: object) -> AreaResult:
    """Return the result of a job whose process died or does not answer, with a message."""
    return cut_short(job, BhytError((message, fields)))


def build_area(job: Job) -> AreaResult:
    """Build one area; an error is part of the result."""
    start = time.monotonic()
    try:
        with _source_date(job.source_date):
            result = _build(job)
    except Exception as error:  # a full disk, a folder that cannot be written: reported, and the others go on
        if isinstance(error, OSError) and isinstance(error.filename, str):  # the place where the file would have been
            error.filename = error.filename.replace(str(job.work), str(job.folder))
        result = cut_short(job, failure(error, job.folder, hide_personal))  # it may cite a source
    finally:
        no_warm = warm_process.failure()
        if job.engine == "standard" or no_warm:  # a warm process itself ends what its kernels have left running
            end_descendants(warm_process.process_id())
        shutil.rmtree(job.work, ignore_errors=True)
    warm_failure = no_warm.text(job.options.lang) if no_warm and job.engine == "warm" else ""
    return replace(result, seconds=round(time.monotonic() - start, 3), warm_failure=warm_failure)


@contextmanager
def _source_date(value: str) -> Iterator[None]:
    """Set or unset SOURCE_DATE_EPOCH as it is in the batch: a worker of a cluster has an environment of its own."""
    before = os.environ.pop(clock.VARIABLE, "")
    os.environ |= {clock.VARIABLE: value} if value else {}
    try:
        yield
    finally:
        os.environ.pop(clock.VARIABLE, None)
        os.environ |= {clock.VARIABLE: before} if before else {}


def _build(job: Job) -> AreaResult:
    notebook = job.work / f"{job.slug}.ipynb"
    result = _execute(job, notebook)
    if not result.is_complete:
        return result
    published = (job.work / EXCHANGE).read_text(encoding="utf-8")
    (job.work / EXCHANGE).unlink()  # it has what is hidden
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    if missing := _missing_files(job.work, cells):
        return area_failure(job, "error.area_missing_files", missing=", ".join(missing))
    if job.options.disclosure == "on" and job.hidden is None:
        keep_published(Path(job.out), job.slug, published)
    from bhyt_analysis.documents.html_page import write_page

    not_made = write_office(notebook, job.options.formats)
    page = job.work / f"{job.slug}.html"
    with name_file(page):
        write_page(notebook, page, job.options.lang, "../index.html")
    facts = json.loads((job.work / "facts.json").read_text(encoding="utf-8"))
    same_words = Period(**facts.get("same_words", {}))
    options = job.options
    hidden = 0 if job.hidden is None else len(job.hidden.cells)
    formats = [key for key in options.formats if key not in not_made]
    files = write_build_record(job.work, job.inputs_sha256, formats, same_words, options.disclosure, hidden)
    publish_folder(job.work, job.folder)
    note = " ".join(reason.text(options.lang) for reason in not_made.values())
    return replace(area_result(job, "done", files=files), cell_seconds=result.cell_seconds, note=note)


def _empty_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _execute(job: Job, notebook: Path, retry: bool = True) -> AreaResult:
    """Run the template in an empty folder, and write the executed notebook."""
    import papermill as pm
    from nbclient.exceptions import DeadKernelError

    from bhyt_analysis.engine.papermill_engine import NotebookTimeoutError, WarmProcessDiedError, exited_early

    _empty_folder(job.work)
    exchange = {} if job.hidden is None else {"hidden": job.hidden.to_dict()}
    with name_file(job.work / EXCHANGE):
        (job.work / EXCHANGE).write_text(json.dumps(exchange), encoding="utf-8")
    parameters = {**job.parameters, "data": job.partition} if job.partition else job.parameters
    try:
        with name_file(notebook):
            executed = pm.execute_notebook(
                template_path(),
                notebook,
                parameters=parameters,
                engine_name=f"bhyt-{job.engine}",
                progress_bar=False,
                request_save_on_cell_execute=False,  # no other program reads it before it is complete
                cwd=notebook.parent,
                execution_timeout=job.options.timeout,
                notebook_timeout=job.options.notebook_timeout,
                extra_arguments=["--IPKernelApp.log_level=50"],  # a failure is reported once, by us
                plain_kernel=True,
            )
    except pm.exceptions.PapermillExecutionError as error:
        reason = cell_failure(error.ename, hide_personal(str(error.evalue)), job.folder)
        if sent_error(error.ename, error.evalue):
            return cut_short(job, reason)
        return area_result(job, "failed", reason.text(job.options.lang))
    except BhytError as error:
        if retry and isinstance(error, WarmProcessDiedError):  # perhaps because of another area: once more
            return _execute(job, notebook, retry=False)
        return cut_short(job, error, "timeout" if isinstance(error, NotebookTimeoutError) else "failed")
    except DeadKernelError:
        return area_cut_short(job, "error.area_died")
    if exited_early(executed):
        return area_failure(job, "error.area_left")
    seconds = _cell_seconds(executed.cells)
    settle_notebook(executed, job.parameters, template_path().name, notebook.name)
    with name_file(notebook):
        pm.iorw.write_ipynb(executed, str(notebook))
    return replace(area_result(job, "done"), cell_seconds=seconds)


def _cell_seconds(cells: Sequence[Cell]) -> list[tuple[str, float]]:
    """Return how long each cell of code ran, by its first line."""
    times = [(c, c["metadata"].get("papermill", {}).get("duration")) for c in cells if c["cell_type"] == "code"]
    return [("".join(c["source"]).split("\n", 1)[0], float(time)) for c, time in times if time is not None]


def _missing_files(work: Path, cells: Sequence[Cell]) -> list[str]:
    """Return what a finished notebook should have written, or run, and did not."""
    code = [c for c in cells if c["cell_type"] == "code"]
    missing = [f"cell {c['id']}" for c in code if c["source"] and not c["execution_count"]]
    outputs = [OutputMetadata.from_dict(o.get("metadata", {})) for c in code for o in c["outputs"]]
    charts = sorted({o.name for o in outputs if o is not None and o.kind == "chart"})
    files = [Path("charts", name + suffix) for name in charts for suffix in (".png", ".svg")]
    missing += [str(f) for f in files if not (work / f).is_file() or not (work / f).stat().st_size]
    try:
        json.loads((work / "facts.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        missing.append("facts.json")
    return missing


def publish_folder(work: Path, folder: Path) -> None:
    """Replace a folder by a complete new one."""
    old = work.with_name(work.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)  # refused by Windows while a file of it is open
    try:
        os.replace(work, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
