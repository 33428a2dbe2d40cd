"""One executed notebook per area, in a few processes; one failure never stops the rest."""

from __future__ import annotations

import shutil
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bhyt_analysis.batch import manifest as manifests
from bhyt_analysis.batch.build import WORK, Job, area_result, build_area, warm_config, work_folder
from bhyt_analysis.batch.build_record import nothing_to_do, reusable_files, sha256_of
from bhyt_analysis.batch.engine_check import difference
from bhyt_analysis.batch.index_page import write_index
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.plan import parameters, plan_areas, policy_sha256
from bhyt_analysis.batch.progress import Progress
from bhyt_analysis.batch.workers import limit, memory_of, prepare, processors, run_all
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.partitions import AreaPartitions, write_partition
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.warm_process import WarmProcess
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.loader import fingerprint, load
from bhyt_analysis.ingest.scenario_files import read_scenario
from bhyt_analysis.law.law import Law

CANARY_FROM = 8  # areas; in a smaller batch a second run of one of them costs more than it saves
REHEARSED_FROM = 24  # areas; a rehearsal takes as long as some areas, and saves each a little
OWN = ".bhyt"  # our own notes in the folder: the lock, and what was asked
ENTRY = ("area", "slug", "status", "seconds", "error", "inputs_sha256", "files")


class BatchWarning(UserWarning):
    """Something that the whole batch does otherwise than asked."""


def run_batch(
    data: Dataset | str | Path | None,
    out: str | Path,
    areas: Sequence[str] | None = None,
    options: BatchOptions | None = None,
) -> dict[str, Any]:
    """Make the briefings of many areas in a folder, with an index page and a manifest.

    What an earlier run has made in the folder from the same input, parameters, template,
    law and code stands, and is not made again.

    Parameters
    ----------
    data : a dataset, the path it is read from, or None for the bundled data.
    out : the folder; made if missing. An area's folder replaces the one of before.
    areas : names or codes; without them every unit that `areas_with_figures` lists.
    options : how; see `BatchOptions`.

    Returns
    -------
    The manifest: ``started``, ``finished``, ``versions``, ``law_sha256``,
    ``inputs_sha256``, ``areas`` (a list of area, slug, status, seconds, error,
    inputs_sha256, files), also of those that an earlier run has left in the folder.
    Statuses are "done", "skipped" (it stood), "failed" and "timeout".

    Raises
    ------
    BhytError
        for an input, an area, a scenario or a parameter that can't be used, before anything is
        made; for a folder in which another batch is running.
    KeyboardInterrupt
        after what was finished is in its place, with the manifest and the index.

    Examples
    --------
    Every area of the bundled data, which takes a minute or two::

        manifest = run_batch(None, "outputs/briefings")
    """
    options = options or BatchOptions()
    if options.scenario is not None:
        read_scenario(options.scenario)
    lang, formats = options.lang, tuple(options.formats)
    source = data.source if isinstance(data, Dataset) else str(bundled_path("data") if data is None else data)
    folder = Path(out).resolve()
    if Path(source).resolve() == folder:  # a folder inside the input is fine: only its own files are read
        raise BhytError(("error.out_is_input", {"out": out}))
    common = parameters(source, options)
    earlier, started = {} if options.fresh else manifests.read_manifest(folder), manifests.timestamp()
    # A dataset may have been changed since it was read: only files are known by their bytes.
    inputs = fingerprint(source) if not isinstance(data, Dataset) and Path(source).exists() else ""
    whom = sorted(set(areas)) if areas is not None else None
    asked = sha256_of(inputs, source, policy_sha256(common), whom) if inputs else ""
    if earlier:
        with _alone(folder):
            if asked and _note(folder) == asked and nothing_to_do(folder, earlier, formats):
                return _stood(folder, earlier, started)
    chosen = _engine(options.engine, lang)
    limits = {
        "timeout": options.timeout,
        "notebook_timeout": options.notebook_timeout,
        "engine": chosen,
        "formats": formats,
    }
    with (
        warm_process.shared_process(warm_config()) if chosen == "warm" and not options.dask else nullcontext() as warmed
    ):  # it loads meanwhile
        parts = AreaPartitions(data if isinstance(data, Dataset) else load(data, numbers=options.numbers))
        plan = plan_areas(parts, folder, areas, common, limits)
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            manifest: dict[str, Any] = {
                "started": started,
                "finished": None,
                "versions": manifests.versions(),
                "law_sha256": Law.read().sha256(),
                "inputs_sha256": parts.data.sha256,
            }
            bar = Progress(len(plan), lang, options.progress, options.verbose, options.profile)
            made = _make_all(
                plan, folder, parts, manifest, bar, options.jobs, options.memory_mb, options.fresh, options.dask, warmed
            )
            manifests.write_atomically(folder / OWN / "asked", asked)
            return made


def _note(folder: Path) -> str:
    """What the last run that came to its end was asked for."""
    with suppress(OSError):
        return (folder / OWN / "asked").read_text(encoding="utf-8")
    return ""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other batch runs in the folder meanwhile: the lock ends with its process, however that ends."""
    from filelock import FileLock, Timeout

    (folder / OWN).mkdir(exist_ok=True)
    lock = FileLock(folder / OWN / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BhytError(("error.batch_running", {"folder": folder})) from None
    try:
        yield
    finally:
        lock.release()


def _stood(folder: Path, earlier: dict[str, Any], started: str) -> dict[str, Any]:
    """The manifest of a run that had nothing to do."""
    areas = [{**a, "status": "skipped", "seconds": 0.0} for a in earlier["areas"]]
    manifest = {**earlier, "started": started, "finished": manifests.timestamp(), "areas": areas}
    manifests.write_manifest(folder, manifest)
    return manifest


def _make_all(
    plan: list[Job], folder: Path, parts: AreaPartitions, manifest: dict[str, Any], bar: Progress, jobs: int | None,
    memory_mb: int | None, fresh: bool, dask: str | None, warmed: WarmProcess | None,
) -> dict[str, Any]:  # fmt: skip
    """Make what does not stand; the manifest and the index tell of all that is in the folder then."""
    lang, earlier = plan[0].parameters["lang"], manifests.read_manifest(folder)
    shutil.rmtree(folder / WORK, ignore_errors=True)
    results: dict[str, dict[str, Any]] = {}
    todo = []
    for job in plan:
        files = None if fresh else reusable_files(folder / job.slug, job.inputs_sha256, job.formats)
        if files is None:
            todo.append(job)
        else:
            told = [f"{job.slug}/{name}" for name in files]
            results[job.area] = {**area_result(job, "skipped", time.monotonic(), None, told), "seconds": 0.0}
            bar.tell(results[job.area])
    stopped = False
    try:
        with _heeded() as asked:
            for result in _results(todo, parts, jobs, memory_mb, bar, dask, warmed) if todo else ():
                results[result["area"]] = result
                bar.tell(result)
                if asked:
                    raise KeyboardInterrupt
    except KeyboardInterrupt:
        stopped = True
    finally:
        bar.close()
        unmade = {"status": "failed", "seconds": 0.0, "error": translate("error.area_stopped", lang), "files": []}
        made = []
        for job in plan:
            own = results.get(job.area) or {"area": job.area, "slug": job.slug, **unmade}
            # Stopped after it came to its place and before that was told here.
            whole = (
                None
                if fresh or job.area in results
                else reusable_files(folder / job.slug, job.inputs_sha256, job.formats)
            )
            if whole is not None:
                own |= {"status": "done", "error": None, "files": [f"{job.slug}/{name}" for name in whole]}
            entry: dict[str, Any] = {**own, "inputs_sha256": job.inputs_sha256}
            made.append({k: entry[k] for k in ENTRY})
        slugs = {a["slug"] for a in made}
        others = [a for a in earlier.get("areas", ()) if a["slug"] not in slugs and reusable_files(folder / a["slug"])]
        manifest |= {"finished": manifests.timestamp(), "areas": made + others}
        shutil.rmtree(folder / WORK, ignore_errors=True)
        manifests.write_manifest(folder, manifest)
        write_index(folder, manifest, parts.data, lang)
    if stopped:
        raise KeyboardInterrupt
    return manifest


@contextmanager
def _heeded() -> Iterator[list[int]]:
    """Whether Ctrl-C was pressed: Python drops the exception if it comes while an object is being thrown away."""
    asked: list[int] = []

    def stop(number: int, _: Any) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _engine(asked: str, lang: str) -> str:
    """The engine that is used; BatchWarning where it is not the one that "auto" prefers."""
    if asked == "standard" or warm_process.is_supported():
        return "standard" if asked == "standard" else "warm"
    if asked == "warm":
        raise BhytError(("error.no_warm", {}))
    warnings.warn(translate("warning.no_fork", lang), BatchWarning, stacklevel=3)
    return "standard"


def _results(
    plan: list[Job],
    parts: AreaPartitions,
    jobs: int | None,
    memory_mb: int | None,
    bar: Progress,
    dask: str | None,
    warmed: WarmProcess | None,
) -> Iterator[dict[str, Any]]:
    """The result of each job as it ends. A worker that dies takes only its own area along."""
    lang = plan[0].parameters["lang"]
    workers = max(1, min(jobs or processors(), len(plan)))
    ready = Path(plan[0].out, WORK, "parts")
    for job in plan:
        write_partition(ready, job.parameters["data"], job.parameters["area"], parts.of(job.parameters["area"]))
    tasks = deque(plan)
    canary = len(plan) >= CANARY_FROM and plan[0].engine == "warm"
    if canary:
        tasks.appendleft(replace(plan[0], engine="standard", canary=True))
    told: dict[str, dict[str, Any]] = {}  # of the area that is run twice, by engine
    finished: set[str] = set()
    kept = plan[0].engine
    if dask:
        from bhyt_analysis.batch.cluster import run_on

        crew = run_on(dask, tasks, plan[0].engine, memory_mb, build_area, ready)
    else:
        memory = memory_of(memory_mb, workers)
        if warmed and warmed.process and memory:
            limit(warmed.process.pid, memory)
        if warmed and len(plan) >= REHEARSED_FROM:
            warmed.request_rehearsal()
        crew = run_all(tasks, workers, partial(prepare, warmed.address if warmed else "", memory, ready), build_area)
    for job, made in crew:
        result = made or area_result(job, "failed", time.monotonic(), translate("error.area_died", lang))
        if job.engine == kept and not job.canary:
            finished.add(job.area)
            yield result
        elif not job.canary:  # it was running when the engine was given up
            tasks.append(replace(job, engine=kept))
        if canary and job.area == plan[0].area:
            told[job.engine] = result
            canary = len(told) < 2
            what = "" if canary else _verdict(job, told["warm"], told["standard"])
            if what:
                words = {"name": plan[0].slug, "what": what}
                warnings.warn(translate("warning.engines_differ", lang, **words), BatchWarning, stacklevel=5)
                kept, again = "standard", finished | {task.area for task in tasks}
                tasks.clear()
                tasks.extend(replace(job, engine=kept) for job in plan if job.area in again)
                bar.reset(len(plan))


def _verdict(job: Job, warm: dict[str, Any], standard: dict[str, Any]) -> str:
    """What differs between one area under both engines; empty if nothing does."""
    if (warm["status"], warm["error"]) != (standard["status"], standard["error"]):
        return f"{warm['error'] or warm['status']} / {standard['error'] or standard['status']}"
    return difference(Path(job.out, job.slug), work_folder(job, True)) if warm["status"] == "done" else ""
