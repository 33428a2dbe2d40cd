"""Build areas on many machines: a Dask cluster runs the same jobs, each on a warm engine of its own.

A worker gets an area's rows with its job. Where it has access to the folder of the batch it builds the area there,
otherwise it sends the finished area back. A worker that is killed loses nothing: its jobs go to others.
"""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from bhyt_analysis.batch.build import WORK, Job, publish_folder, warm_config
from bhyt_analysis.batch.build_record import AreaResult, code_fingerprint
from bhyt_analysis.batch.workers import Build, limit_memory, notebook_memory, processor_count
from bhyt_analysis.domain.partitions import FILE_NAME
from bhyt_analysis.engine import warm_process
from bhyt_analysis.i18n.messages import BhytError

Files = dict[str, bytes]  # of a folder, by their path in it
SECONDS = 20  # for the scheduler to answer
JOBS_PER_WORKER = 2  # so that no worker waits for its next job
_notebook_lock = threading.Lock()  # papermill changes the working directory: one notebook at a time in a process


def run_on(
    address: str, tasks: deque[Job], engine: str, memory_mb: int | None, build: Build
) -> Iterator[tuple[Job, AreaResult | None]]:
    """Yield each job with what ``build`` returns for it, as they end; with None if several workers died of it.

    ``tasks`` may be changed meanwhile; ``memory_mb`` is a notebook's limit. `BhytError` without the library, a
    scheduler that answers, or workers; for workers with other code, law or libraries than ours.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise BhytError(("error.no_distributed", {})) from None
    with ExitStack() as stack:
        try:
            client = stack.enter_context(Client(address, timeout=SECONDS))
            client.wait_for_workers(1, timeout=SECONDS)
        except (OSError, ValueError):
            raise BhytError(("error.no_cluster", {"address": address})) from None
        fingerprints = client.run(code_fingerprint, on_error="return")  # one without our code answers with an error
        if others := sorted(w for w, fingerprint in fingerprints.items() if fingerprint != code_fingerprint()):
            raise BhytError(("error.cluster_differs", {"workers": ", ".join(others)}))
        slots, prepare = len(fingerprints) * JOBS_PER_WORKER, partial(_prepare, engine, memory_mb)
        token = Path(tasks[0].out, WORK, f"token-{uuid.uuid4().hex}")
        token.write_text("", encoding="utf-8")
        running: dict[object, Job] = {}
        completed = as_completed()
        while tasks or running:
            while tasks and len(running) < slots:
                job = tasks.popleft()
                part = Path(str(job.partition), FILE_NAME).read_bytes()
                future = client.submit(_build_remotely, job, part, str(token), prepare, build, pure=False)
                running[future] = job
                completed.add(future)
            future = next(completed)
            job, result = running.pop(future), None
            if future.status == "finished":
                result, archives = future.result()
                _unpack(job, archives)
            yield job, result


def _prepare(engine: str, memory_mb: int | None) -> None:
    """Start to load in a worker of a cluster; limit the memory of its kernels, not of a worker of others."""
    if engine == "warm":
        warm_process.configure(warm_config())
        warm_process.start(rehearse=True)
        memory, pid = notebook_memory(memory_mb, processor_count()), warm_process.process_id()
        if memory is not None and pid is not None:
            limit_memory(pid, memory)


def _build_remotely(
    job: Job, part: bytes, token: str, prepare: Callable[[], None], build: Build
) -> tuple[AreaResult, dict[str, Files]]:
    """Build an area on a worker; return the folders to be sent back, by their path in the batch's folder."""
    with _notebook_lock, tempfile.TemporaryDirectory(prefix="bhyt-") as own:
        prepare()
        shared = Path(token).is_file()
        local = job if shared else replace(job, out=str(Path(own, "out")), partition=own)
        Path(own, FILE_NAME).write_bytes(part)
        result = build(local)
        folders = [] if shared else [f for f in (local.folder, replace(local, canary=True).work) if f.is_dir()]
        return result, {f.relative_to(local.out).as_posix(): _pack(f) for f in folders}


def _pack(folder: Path) -> Files:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _unpack(job: Job, archives: Mapping[str, Files]) -> None:
    for place, files in archives.items():
        work = Path(job.out, WORK, job.slug + ".sent")
        for name, content in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
        publish_folder(work, Path(job.out, place))
