"""One executed notebook per area, in a few processes; one failure never stops the rest.

Each area is made in a folder of its own under ``.work`` and moved to its place when it
is whole, so that a folder with an area's name is never half written.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bhyt_analysis.batch import manifest as manifests
from bhyt_analysis.batch import warm
from bhyt_analysis.batch.canary import difference
from bhyt_analysis.batch.parameters import check_parameters
from bhyt_analysis.batch.processes import end_descendants
from bhyt_analysis.batch.site import write_index
from bhyt_analysis.batch.workers import run_all
from bhyt_analysis.inputs.areas import find
from bhyt_analysis.inputs.read import Dataset, bundled, load
from bhyt_analysis.law.law import Law, as_day
from bhyt_analysis.model.coverage import areas_with_figures
from bhyt_analysis.model.scenario import Scenario, scenario_file
from bhyt_analysis.names import bare_name, slug
from bhyt_analysis.words import BhytError, check_lang, say

ENGINES = ("auto", "warm", "standard")
WORK = ".work"
SEED = 1
CANARY_FROM = 8  # areas; in a smaller batch a second run of one of them costs more than it saves
NOTEBOOK_SECONDS = 1800  # one that takes longer hangs, and with it the batch
MEMORY_SHARE = 0.8  # of the machine, for all workers together


class BatchWarning(UserWarning):
    """Something that the whole batch does otherwise than asked."""


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


def run_batch(
    data: Dataset | str | Path | None,
    out: str | Path,
    areas: Sequence[str] | None = None,
    jobs: int | None = None,
    engine: str = "auto",
    *,
    lang: str = "vi",
    as_of: str | None = None,
    scenario: str | Path | None = None,
    seed: int = SEED,
    timeout: int | None = None,
    notebook_timeout: int | None = NOTEBOOK_SECONDS,
    memory_mb: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Make the briefings of many areas in a folder, with an index page and a manifest.

    Parameters
    ----------
    data : a dataset, the path it is read from, or None for the bundled data.
    out : the folder; made if missing. An area's folder replaces the one of before.
    areas : names or codes; without them every unit that `areas_with_figures` lists.
    jobs : processes; without it as many as the machine has processors for this one.
    engine : "standard" starts a kernel for each notebook, "warm" forks it from a process that
        has loaded everything (Linux). "auto" is "warm" where that works; of 8 areas or more the
        first is run under both, and if they differ all are made with "standard".
    lang, as_of, scenario, seed : parameters of the notebook.
    timeout, notebook_timeout : seconds that a cell, and a whole notebook, may take; None is no limit.
    memory_mb : megabytes that a notebook may use (Linux); without it its share of four fifths
        of the machine.
    progress : a bar on standard error, if it is a terminal.

    Returns
    -------
    The manifest: ``started``, ``finished``, ``versions``, ``law_sha256``,
    ``inputs_sha256``, ``areas`` (a list of area, slug, status, seconds, error,
    inputs_sha256, files), also of those that an earlier run has left in the folder.
    Statuses are "done", "failed", "timeout" and "skipped".

    Raises
    ------
    BhytError
        for an input, an area, a scenario or a parameter that can't be used, before anything is made.
    KeyboardInterrupt
        after what was finished is in its place, with the manifest and the index.

    Examples
    --------
    Every area of the bundled data, which takes a minute or two::

        manifest = run_batch(None, "outputs/briefings")
    """
    if engine not in ENGINES:
        raise BhytError(("error.bad_engine", {"found": engine, "expected": ", ".join(ENGINES)}))
    check_lang(lang)
    if as_of is not None:
        as_of = str(as_day(as_of))
    source = data if isinstance(data, Dataset) else load(data)
    folder = Path(out).resolve()
    if Path(source.source).resolve() == folder:  # a folder inside the input is fine: only its own files are read
        raise BhytError(("error.out_is_input", {"out": out}))
    if scenario is not None:
        Scenario.read(scenario)
    engine = _engine(engine, lang)
    plan = _plan(source, folder, areas, lang, as_of, scenario, seed, timeout, notebook_timeout, engine)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / WORK, ignore_errors=True)
    law = Law.read()
    manifest: dict[str, Any] = {
        "started": manifests.now(),
        "finished": None,
        "versions": manifests.versions(),
        "law_sha256": law.sha256(),
        "inputs_sha256": source.sha256,
        "areas": [],
    }
    earlier = manifests.done_before(folder)
    results: dict[str, dict[str, Any]] = {}
    stopped = False
    try:
        for result in _results(plan, jobs, progress, lang, source, memory_mb):
            results[result["area"]] = result
    except KeyboardInterrupt:
        stopped = True
    finally:
        unmade = {"status": "skipped", "seconds": 0.0, "error": say("error.area_stopped", lang), "files": []}
        for job in plan:
            told = results.get(job.area, {"area": job.area, "slug": job.slug, **unmade})
            entry = {**told, "inputs_sha256": job.inputs_sha256}
            order = ("area", "slug", "status", "seconds", "error", "inputs_sha256", "files")
            manifest["areas"].append({k: entry[k] for k in order})
        made = {a["area"] for a in manifest["areas"]}
        manifest["areas"] += [a for a in earlier if a["area"] not in made and (folder / a["slug"]).is_dir()]
        manifest["finished"] = manifests.now()
        shutil.rmtree(folder / WORK, ignore_errors=True)
        manifests.write_manifest(folder, manifest)
        write_index(folder, manifest, source, lang)
    if stopped:
        raise KeyboardInterrupt
    return manifest


def _plan(
    data: Dataset, out: Path, areas: Sequence[str] | None, lang: str, as_of: str | None, scenario: Any, seed: int,
    timeout: int | None, notebook_timeout: int | None, engine: str,
) -> list[Job]:  # fmt: skip
    codes = areas_with_figures(data) if areas is None else list(dict.fromkeys(find(data.areas, a) for a in areas))
    if not codes:
        raise BhytError(("error.no_areas", {}))
    names, law = slugs(data), Law.read()
    where = None if data.source == str(bundled("data")) else str(Path(data.source).resolve())
    plan = str(scenario_file(scenario).resolve()) if scenario is not None else None
    template = json.loads(_template().read_text("utf-8"))
    jobs = []
    for code in codes:
        about = {"area": code, "as_of": as_of, "scenario": plan, "lang": lang, "seed": seed, "data": where, "out": "."}
        told = {**about, "data": None, "scenario": plan and Path(plan).read_text("utf-8"), "law": law.sha256()}
        digest = manifests.area_sha256(data, code, told)
        check_parameters(template, about)
        jobs.append(Job(code, names[code], str(out), about, timeout, notebook_timeout, digest, engine))
    return jobs


def _template() -> Path:
    return bundled("notebooks") / "area_briefing.ipynb"


def _engine(asked: str, lang: str) -> str:
    """The engine that is used; BatchWarning where it is not the one that "auto" prefers."""
    if asked == "standard" or warm.usable():
        return "standard" if asked == "standard" else "warm"
    if asked == "warm":
        raise BhytError(("error.no_warm", {}))
    warnings.warn(say("warning.no_fork", lang), BatchWarning, stacklevel=3)
    return "standard"


def slugs(data: Dataset) -> dict[str, str]:
    """A folder name for each unit: its bare name where that is unique, else more of it.

    Examples
    --------
    >>> names = slugs(load())
    >>> names["076"], names["522"], names["51"]
    ('son-duong', 'thanh-pho-quang-ngai', 'tinh-quang-ngai')
    """
    units = data.areas.drop_duplicates("code")
    upper = units["kind"].isin(["country", "province", "district"])
    short, full = units["name"].map(bare_name).map(slug), units["name"].map(slug)
    once = ~short.duplicated(keep=False) | (
        upper & ~short[upper].duplicated(keep=False).reindex(units.index, fill_value=True)
    )
    chosen = short.where(once, full)
    coded = chosen + "-" + units["code"].map(slug)
    chosen = chosen.where(~chosen.duplicated(keep=False), coded)
    return dict(zip(units["code"], chosen, strict=True))


def _results(
    plan: list[Job], jobs: int | None, progress: bool, lang: str, data: Dataset, memory_mb: int | None
) -> Iterator[dict[str, Any]]:
    """The result of each job as it ends. A worker that dies takes only its own area along."""
    from tqdm import tqdm

    workers = max(1, min(jobs or _processors(), len(plan)))
    tasks = deque(plan)
    canary = len(plan) >= CANARY_FROM and plan[0].engine == "warm"
    if canary:
        tasks.appendleft(replace(plan[0], engine="standard", canary=True))
    prepare = partial(_prepare, plan[0], data.sha256, _memory(memory_mb, workers))
    told: dict[str, dict[str, Any]] = {}  # of the area that is run twice, by engine
    ended: set[str] = set()
    kept = plan[0].engine
    with tqdm(total=len(plan), unit=" " + say("cli.progress", lang), disable=None if progress else True) as bar:
        for job, made in run_all(tasks, workers, prepare, make):
            result = made or _ended(job, "failed", time.monotonic(), say("error.area_died", lang))
            if job.engine == kept and not job.canary:
                ended.add(job.area)
                bar.update()
                yield result
            elif not job.canary:  # it was running when the engine was given up
                tasks.append(replace(job, engine=kept))
            if canary and job.area == plan[0].area:
                told[job.engine] = result
                canary = len(told) < 2
                what = "" if canary else _verdict(job, told["warm"], told["standard"])
                if what:
                    words = {"name": plan[0].slug, "what": what}
                    warnings.warn(say("warning.engines_differ", lang, **words), BatchWarning, stacklevel=4)
                    kept, again = "standard", ended | {task.area for task in tasks}
                    tasks.clear()
                    tasks.extend(replace(job, engine=kept) for job in plan if job.area in again)
                    bar.reset()


def _verdict(job: Job, warm: dict[str, Any], standard: dict[str, Any]) -> str:
    """What differs between one area under both engines; empty if nothing does."""
    if (warm["status"], warm["error"]) != (standard["status"], standard["error"]):
        return f"{warm['error'] or warm['status']} / {standard['error'] or standard['status']}"
    return difference(Path(job.out, job.slug), _work_folder(job, True)) if warm["status"] == "done" else ""


def _prepare(job: Job, sha256: str, memory: int | None) -> Callable[[], None]:
    """In a worker: set the limit of memory and start to load. Gives what is to be done at its end."""
    # A thread for each processor, in each of as many workers, only get in each other's way.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if memory is not None:
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(
            resource.RLIMIT_DATA, (memory if most == resource.RLIM_INFINITY else min(memory, most), most)
        )
    if job.engine == "warm":
        warm.start(job.parameters["data"], sha256)
    import bhyt_analysis.batch.engine  # noqa: F401  papermill loads while the kernels' process does

    return warm.stop


def _memory(asked_mb: int | None, workers: int) -> int | None:
    """Bytes that a notebook may use, or None where there is no such limit."""
    if os.name != "posix" or not hasattr(os, "sched_getaffinity"):
        return None
    if asked_mb is not None:
        return asked_mb * 2**20
    there_is = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max", or no such file: a container has no limit of its own
        there_is = min(there_is, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(int(there_is * MEMORY_SHARE / workers), 2**30)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1


def make(job: Job) -> dict[str, Any]:
    """Make one area: run its notebook, check what it left, write its page, move it to its place."""
    start = time.monotonic()
    lang = job.parameters["lang"]
    out = Path(job.out)
    work = _work_folder(job, job.canary)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        notebook = work / f"{job.slug}.ipynb"
        status, error = _execute(job, notebook)
        if status == "done":
            from bhyt_analysis.briefing.page import write_page

            missing = _missing(work, notebook)
            if missing:
                status, error = "failed", say("error.area_missing_files", lang, missing=", ".join(missing))
            elif not job.canary:
                write_page(notebook, work / f"{job.slug}.html", lang, "../index.html")
                _move(work, out / job.slug)
        files = sorted(str(p.relative_to(out).as_posix()) for p in (out / job.slug).rglob("*") if p.is_file())
        return _ended(job, status, start, error, files if status == "done" else [])
    except Exception as error:  # a full disk, a folder that can't be written: told, and the rest go on
        return _ended(job, "failed", start, _sentence(type(error).__name__, str(error)))
    finally:
        if job.engine == "standard":  # what a cell has left running; a forked kernel is cleaned up after by its parent
            end_descendants(warm.pid())
        if not job.canary:
            shutil.rmtree(work, ignore_errors=True)


def _work_folder(job: Job, canary: bool) -> Path:
    return Path(job.out, WORK, job.slug + (".canary" if canary else ""))


def _ended(job: Job, status: str, start: float, error: str | None, files: list[str] | None = None) -> dict[str, Any]:
    seconds = round(time.monotonic() - start, 3)
    told = {"area": job.area, "slug": job.slug, "status": status, "seconds": seconds, "error": error}
    return {**told, "files": files or []}


def _execute(job: Job, notebook: Path) -> tuple[str, str | None]:
    """Run the template; its status and one sentence on a failure."""
    import papermill as pm
    from papermill.exceptions import PapermillExecutionError

    from bhyt_analysis.batch.engine import AreaTimeoutError, left_by_exit

    lang = job.parameters["lang"]
    try:
        told = pm.execute_notebook(
            _template(),
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
    except AreaTimeoutError as error:
        return "timeout", error.text(lang)
    except BhytError as error:
        return "failed", error.text(lang)
    return ("failed", say("error.area_left", lang)) if left_by_exit(told) else ("done", None)


def _sentence(name: str, text: str) -> str:
    """An error as one line."""
    line = " ".join(str(text).split())
    return f"{name}: {line}"[:400] if line else name


def _missing(work: Path, notebook: Path) -> list[str]:
    """What a finished notebook should have left and did not: nothing is taken on its word."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    missing = [
        f"cell {c['id']}" for c in cells if c["cell_type"] == "code" and c["source"] and not c["execution_count"]
    ]
    shown = {
        o["metadata"]["bhyt"]["chart"]
        for c in cells
        for o in c.get("outputs", [])
        if "chart" in o.get("metadata", {}).get("bhyt", {})
    }
    for name in sorted(shown):
        files = [Path("charts", name + ending) for ending in (".png", ".svg")]
        missing += [str(f) for f in files if not (work / f).is_file() or not (work / f).stat().st_size]
    if not shown:
        missing.append("charts")
    try:
        json.loads((work / "facts.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        missing.append("facts.json")
    return missing


def _move(work: Path, place: Path) -> None:
    """Put a whole folder in the place of an older one."""
    old = work.with_name(work.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        os.replace(place, old)
    os.replace(work, place)
    shutil.rmtree(old, ignore_errors=True)
