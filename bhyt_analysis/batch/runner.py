"""One executed notebook per area, in a pool of processes; one failure never stops the rest.

Each area is made in a folder of its own under ``.work`` and moved to its place when it
is whole, so that a folder with an area's name is never half written.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bhyt_analysis.batch import manifest as manifests
from bhyt_analysis.batch.site import write_index
from bhyt_analysis.inputs.areas import find
from bhyt_analysis.inputs.read import Dataset, bundled, load
from bhyt_analysis.law.law import Law, as_day
from bhyt_analysis.model.coverage import areas_with_figures
from bhyt_analysis.model.scenario import Scenario, scenario_file
from bhyt_analysis.names import bare_name, slug
from bhyt_analysis.words import BhytError, check_lang, say

ENGINES = ("auto", "standard")
WORK = ".work"
SEED = 1


@dataclass(frozen=True)
class Job:
    """One area to make: where, with which parameters."""

    area: str
    slug: str
    out: str
    parameters: dict[str, Any]
    timeout: int | None
    inputs_sha256: str


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
    progress: bool = False,
) -> dict[str, Any]:
    """Make the briefings of many areas in a folder, with an index page and a manifest.

    Parameters
    ----------
    data : a dataset, the path it is read from, or None for the bundled data.
    out : the folder; made if missing. An area's folder replaces the one of before.
    areas : names or codes; without them every unit that `areas_with_figures` lists.
    jobs : processes; without it as many as the machine has processors for this one.
    engine : "standard" is papermill's own; "auto" takes the best there is.
    lang, as_of, scenario, seed : parameters of the notebook.
    timeout : seconds that a cell may take.
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
        for an input, an area or a scenario that can't be used, before anything is made.
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
    plan = _plan(source, folder, areas, lang, as_of, scenario, seed, timeout)
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
        for result in _results(plan, jobs, progress, lang):
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
    data: Dataset, out: Path, areas: Sequence[str] | None, lang: str, as_of: str | None, scenario: Any, seed: int, timeout: int | None
) -> list[Job]:  # fmt: skip
    codes = areas_with_figures(data) if areas is None else list(dict.fromkeys(find(data.areas, a) for a in areas))
    if not codes:
        raise BhytError(("error.no_areas", {}))
    names, law = slugs(data), Law.read()
    where = None if data.source == str(bundled("data")) else str(Path(data.source).resolve())
    plan = str(scenario_file(scenario).resolve()) if scenario is not None else None
    jobs = []
    for code in codes:
        about = {"area": code, "as_of": as_of, "scenario": plan, "lang": lang, "seed": seed, "data": where, "out": "."}
        told = {**about, "data": None, "scenario": plan and Path(plan).read_text("utf-8"), "law": law.sha256()}
        digest = manifests.area_sha256(data, code, told)
        jobs.append(Job(code, names[code], str(out), about, timeout, digest))
    return jobs


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


def _results(plan: list[Job], jobs: int | None, progress: bool, lang: str) -> Iterator[dict[str, Any]]:
    """The result of each job as it ends. A worker that dies takes only its own area along."""
    from tqdm import tqdm

    workers = max(1, min(jobs or _processors(), len(plan)))
    waiting = {job.area: job for job in plan}
    with tqdm(total=len(plan), unit=" " + say("cli.progress", lang), disable=None if progress else True) as bar:
        for result in _pooled(plan, workers):
            waiting.pop(result["area"])
            bar.update()
            yield result
        for job in waiting.values():  # a worker died and broke the pool: which area killed it shows alone
            start = time.monotonic()
            died = _ended(job, "failed", start, say("error.area_died", lang))
            yield from list(_pooled([job], 1)) or [died]
            bar.update()


def _pooled(plan: list[Job], workers: int) -> Iterator[dict[str, Any]]:
    """The results of a pool of processes; the jobs that a dead worker has broken off have none."""
    # Processes are spawned and not forked: the same on Windows, and no state is shared.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)
    try:
        for future in as_completed([pool.submit(make, job) for job in plan]):
            if not isinstance(future.exception(), BrokenProcessPool):
                yield future.result()
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1


def _ignore_interrupts() -> None:
    """Ctrl-C is for the parent, which ends its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make(job: Job) -> dict[str, Any]:
    """Make one area: run its notebook, check what it left, write its page, move it to its place."""
    start = time.monotonic()
    lang = job.parameters["lang"]
    out = Path(job.out)
    work = out / WORK / job.slug
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
            else:
                write_page(notebook, work / f"{job.slug}.html", lang, "../index.html")
                _move(work, out / job.slug)
        files = sorted(str(p.relative_to(out).as_posix()) for p in (out / job.slug).rglob("*") if p.is_file())
        return _ended(job, status, start, error, files if status == "done" else [])
    except Exception as error:  # a full disk, a folder that can't be written: told, and the rest go on
        return _ended(job, "failed", start, _sentence(type(error).__name__, str(error)))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _ended(job: Job, status: str, start: float, error: str | None, files: list[str] | None = None) -> dict[str, Any]:
    seconds = round(time.monotonic() - start, 3)
    told = {"area": job.area, "slug": job.slug, "status": status, "seconds": seconds, "error": error}
    return {**told, "files": files or []}


def _execute(job: Job, notebook: Path) -> tuple[str, str | None]:
    """Run the template with papermill's own engine; its status and one sentence on a failure."""
    import papermill as pm
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    lang = job.parameters["lang"]
    # A folder of its own for each kernel's sockets: ports of TCP collide now and then.
    sockets = tempfile.mkdtemp(prefix="bhyt-")
    config = Config()
    if os.name == "posix":
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = str(Path(sockets, "k"))
    try:
        pm.execute_notebook(
            bundled("notebooks") / "area_briefing.ipynb",
            notebook,
            parameters=job.parameters,
            progress_bar=False,
            cwd=notebook.parent,
            execution_timeout=job.timeout,
            extra_arguments=["--IPKernelApp.log_level=50"],  # a failure is told once, by us
            config=config,
        )
    except PapermillExecutionError as error:
        return "failed", _sentence(error.ename, error.evalue)
    except CellTimeoutError:
        return "timeout", say("error.area_timeout", lang, seconds=job.timeout)
    except DeadKernelError:
        return "failed", say("error.area_died", lang)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    return "done", None


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
