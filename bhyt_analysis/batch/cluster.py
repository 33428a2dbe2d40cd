"""Build areas on many machines: a Dask cluster runs the same jobs, each on a warm engine of its own.

A worker gets an area's rows with its job. Where it has access to the folder of the batch it builds the area there,
otherwise it sends the finished area back. A worker that is killed loses nothing: its jobs go to others.
"""

from __future__ import annotations

import shutil
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bhyt_analysis.batch.build import WORK, Job, area_cut_short, publish_folder, warm_config
from bhyt_analysis.batch.build_record import AreaResult, code_fingerprint
from bhyt_analysis.batch.workers import Build, job_seconds, limit_memory, notebook_memory, processor_count
from bhyt_analysis.domain.partitions import FILE_NAME
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.private_folders import private_folder
from bhyt_analysis.engine.warm_process import WarmStartError, WarmWarning
from bhyt_analysis.i18n.messages import BhytError

if TYPE_CHECKING:
    from distributed import Client

Files = dict[str, bytes]  # of a folder, by their path in it
SECONDS = 20  # for the scheduler to answer
POLL_SECONDS = 5  # after which we look whether the cluster is still there
WORKERLESS_SECONDS = 60  # for which all workers may be gone: they may be starting again
JOBS_PER_WORKER = 2  # so that no worker waits for its next job
_notebook_lock = threading.Lock()  # papermill changes the working directory: one notebook at a time in a process
_batch = ""  # that this worker has prepared itself for


def run_on(
    address: str,
    tasks: deque[Job],
    engine: str,
    memory_mb: int | None,
    build: Build,
    with_rows: Callable[[Job], Job],
) -> Iterator[tuple[Job, AreaResult | None]]:
    """Yield each job with what ``build`` returns for it, as they end; with None if several workers died of it.

    ``tasks`` may be changed meanwhile; ``memory_mb`` is a notebook's limit; ``with_rows`` stores what a job reads.
    `BhytError` without the library, a scheduler that answers, or workers; for workers with other code, law or libraries
    than ours.
    """
    try:
        from distributed import Client, wait
    except ImportError:
        raise BhytError(("error.no_distributed", {})) from None
    with ExitStack() as stack:
        try:
            client = stack.enter_context(Client(address, timeout=SECONDS))
            client.wait_for_workers(1, timeout=SECONDS)
        except (OSError, ValueError):
            raise BhytError(("error.no_cluster", {"address": address})) from None
        slots = _check_workers(client) * JOBS_PER_WORKER
        token = Path(tasks[0].out, WORK, f"token-{uuid.uuid4().hex}")
        prepare = partial(_prepare, engine, memory_mb, token.name)
        token.parent.mkdir(parents=True, exist_ok=True)
        token.write_text("", encoding="utf-8")
        running: dict[Any, tuple[Job, float]] = {}  # each job with the time by which it must have ended
        watch = _ClusterWatch(client, address)
        while tasks or running:
            while tasks and len(running) < slots:
                job = with_rows(tasks.popleft())
                part = Path(str(job.partition), FILE_NAME).read_bytes()
                future = client.submit(_build_remotely, job, part, str(token), prepare, build, pure=False)
                running[future] = job, time.monotonic() + job_seconds(job) * JOBS_PER_WORKER
            with suppress(TimeoutError, CancelledError):
                wait(list(running), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED")
            watch.check()
            for future in [f for f, (_, deadline) in running.items() if f.done() or time.monotonic() > deadline]:
                (job, _), result = running.pop(future), None
                if future.status == "finished":
                    result, files = future.result()
                    _unpack(job, files)
                elif not future.done():
                    future.cancel()
                    result = area_cut_short(job, "error.area_no_answer")
                yield job, result


def _check_workers(client: Client) -> int:
    """Return the number of workers; `BhytError` if they do not answer, or have other code, law or libraries than us."""
    try:
        # What `client.run` does, but with a limit of time; a worker without our code answers with an error.
        options = {"on_error": "return", "callback_timeout": SECONDS}
        fingerprints: dict[str, object] = client.sync(client._run, code_fingerprint, **options)
    except (TimeoutError, OSError):
        raise BhytError(("error.cluster_no_answer", {"seconds": SECONDS})) from None
    if others := sorted(w for w, fingerprint in fingerprints.items() if fingerprint != code_fingerprint()):
        raise BhytError(("error.cluster_differs", {"workers": ", ".join(others)}))
    return len(fingerprints)


class _ClusterWatch:
    """Notices that a cluster has gone: Dask itself waits for it without end."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address, self._last_seen = client, address, time.monotonic()

    def check(self) -> None:
        """Raise `BhytError` if the scheduler is gone, or all workers have been gone for a minute."""
        if self._client.status != "running":
            raise BhytError(("error.cluster_gone", {"address": self._address}))
        scheduler: Any = self._client.scheduler
        with suppress(OSError):
            if self._client.sync(scheduler.ncores, callback_timeout=SECONDS):
                self._last_seen = time.monotonic()
        if time.monotonic() - self._last_seen > WORKERLESS_SECONDS:
            raise BhytError(("error.cluster_workers_gone", {"address": self._address}))


def _prepare(engine: str, memory_mb: int | None, batch: str) -> None:
    """Start to load in a worker of a cluster; limit the memory of its kernels, not of a worker of others."""
    global _batch
    if engine == "warm":
        if batch != _batch:  # another one may have found that the warm process does not start
            warm_process.configure(warm_config())
            _batch = batch
        with suppress(WarmStartError):
            warm_process.start(rehearse=True)
        memory, pid = notebook_memory(memory_mb, processor_count()), warm_process.process_id()
        if memory is not None and pid is not None:
            limit_memory(pid, memory)


def _build_remotely(
    job: Job, part: bytes, token: str, prepare: Callable[[], None], build: Build
) -> tuple[AreaResult, Files]:
    """Build an area on a worker; return the files of its folder that are to be sent back.

    A worker that has access to that folder builds in a place of its own there, and moves the area to its place only
    while the batch that has asked for it still runs: a later one may already be making the same area.
    """
    with _notebook_lock, private_folder() as own, warnings.catch_warnings():
        warnings.simplefilter("ignore", WarmWarning)  # the batch says so once
        prepare()
        shared = Path(token).is_file()
        base = Path(token).with_name(f"task-{uuid.uuid4().hex}") if shared else Path(own, "out")
        local = replace(job, out=str(base), partition=own)
        Path(own, FILE_NAME).write_bytes(part)
        result = build(local)
        if not shared:
            return result, _pack(local.folder)
        if local.folder.is_dir() and Path(token).is_file():
            job.folder.parent.mkdir(parents=True, exist_ok=True)
            publish_folder(local.folder, job.folder)
        shutil.rmtree(base, ignore_errors=True)
        return result, {}


def _pack(folder: Path) -> Files:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _unpack(job: Job, files: Files) -> None:
    work = Path(job.out, WORK, job.slug + ".sent")
    for name, content in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(content)
    if files:
        publish_folder(work, job.folder)
