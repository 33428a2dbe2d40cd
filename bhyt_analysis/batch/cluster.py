"""How are the areas made on many machines? A Dask cluster runs the same jobs, each on a warm engine of its own.

A worker gets an area's rows with its job, so that it needs neither the input nor its place.
Where it sees the folder of the batch it makes the area there, otherwise it sends the finished
area back. A worker that is killed loses nothing: its jobs go to others.
"""

from __future__ import annotations

import io
import os
import tempfile
import threading
import uuid
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build import WORK, Job, publish_folder, warm_config, work_folder
from bhyt_analysis.batch.build_record import code_fingerprint
from bhyt_analysis.batch.workers import limit, memory_of, processors
from bhyt_analysis.domain.partitions import FOLDER, partition_path
from bhyt_analysis.engine import warm_process
from bhyt_analysis.i18n.messages import BhytError

SECONDS = 20  # to be answered by the scheduler
AHEAD = 2  # jobs a worker has in hand, so that none waits for the next
_alone = threading.Lock()  # papermill changes the folder of its process: one notebook at a time in each


def run_on(
    address: str,
    tasks: deque[Job],
    engine: str,
    memory_mb: int | None,
    make: Callable[[Job], dict[str, Any]],
    ready: Path,
) -> Iterator[tuple[Job, dict[str, Any] | None]]:
    """Each job with what ``make`` gives for it, as they end; with None where workers died of it again and again.

    ``tasks`` may be changed while they are being done; ``memory_mb`` is a notebook's limit,
    ``ready`` the folder of the parts.

    Raises
    ------
    BhytError
        without the library; for an address at which no scheduler answers, one without workers,
        or workers with other code, law or libraries than ours.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise BhytError(("error.no_distributed", {})) from None
    silent = BhytError(("error.no_cluster", {"address": address}))
    try:
        client = Client(address, timeout=SECONDS)
    except (OSError, ValueError, TimeoutError):
        raise silent from None
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise silent from None
        slots, begin = _checked(client), partial(_prepare, engine, memory_mb)
        token = ready.parent / f"token-{uuid.uuid4().hex}"
        token.write_text("", encoding="utf-8")
        flying: dict[Any, Job] = {}
        ended = as_completed()
        while tasks or flying:
            while tasks and len(flying) < slots * AHEAD:
                job = tasks.popleft()
                part = partition_path(ready, job.parameters["data"], job.parameters["area"]).read_bytes()
                future = client.submit(_make_there, job, part, str(token), begin, make, pure=False)
                flying[future] = job
                ended.add(future)
            future = next(ended)
            job, result = flying.pop(future), None
            if future.status == "finished":
                result, packed = future.result()
                _unpack(job, packed)
            yield job, result


def _checked(client: Any) -> int:
    """How many workers there are; all of them make what we would make."""
    theirs = client.run(
        code_fingerprint, on_error="return"
    )  # one without our code answers with an error: it differs, too
    odd = [worker for worker, told in theirs.items() if told != code_fingerprint()]
    if odd:
        raise BhytError(("error.cluster_differs", {"workers": ", ".join(sorted(odd))}))
    return len(theirs)


def _prepare(engine: str, memory_mb: int | None) -> None:
    """In a worker of a cluster: begin to load, and set the limit of memory to the kernels, not to a worker of others."""
    if engine == "warm":
        warm_process.configure(warm_config())
        warm_process.start(rehearse=True)
        memory, number = memory_of(memory_mb, processors()), warm_process.process_id()
        if memory is not None and number is not None:
            limit(number, memory)


def _make_there(
    job: Job, part: bytes, token: str, prepare: Callable[[], Any], make: Callable[[Job], dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """On a worker: make an area; what is to be sent back, by its place under the batch's folder."""
    with _alone, tempfile.TemporaryDirectory(prefix="bhyt-") as own:
        prepare()
        shared = Path(token).is_file()
        mine = job if shared else replace(job, out=str(Path(own, "out")))
        os.environ[FOLDER] = str(Path(own, "parts"))
        file = partition_path(Path(own, "parts"), job.parameters["data"], job.parameters["area"])
        file.parent.mkdir()
        file.write_bytes(part)
        result = make(mine)
        if shared:
            return result, {}
        made = [Path(mine.out, mine.slug), work_folder(mine, True)]
        return result, {p.relative_to(mine.out).as_posix(): _packed(p) for p in made if p.is_dir()}


def _packed(folder: Path) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return held.getvalue()


def _unpack(job: Job, packed: dict[str, bytes]) -> None:
    """Put what was sent back in its place, whole."""
    for place, content in packed.items():
        work = Path(job.out, WORK, job.slug + ".sent")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(work)
        publish_folder(work, Path(job.out, place))
