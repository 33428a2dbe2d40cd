"""Build areas in a few processes; a process that dies takes only the area along that it was building.

Each worker has a pipe of its own, and no lock or queue in common with the others: one that is killed breaks nothing.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

from bhyt_analysis.batch.build import Job, area_cut_short, cut_short, warm_config
from bhyt_analysis.batch.build_record import AreaResult
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.processes import become_subreaper, end_descendants
from bhyt_analysis.i18n.failures import failure, failure_key, one_line
from bhyt_analysis.i18n.messages import BhytError

Build = Callable[[Job], AreaResult]
START_SECONDS = 300  # for a worker to load its libraries on a busy machine
REST_SECONDS = 900  # for what comes before and after a notebook: a warm process that does not answer, the documents
END_SECONDS = 10  # for a worker to end; then it is killed
MEMORY_SHARE = 0.8  # of the machine, for all workers together
ADDRESS_SPACE, FILE_HANDLES = 1500 * 2**20, 128  # of a process, with which briefings can be made
# Spawned and not forked: the same on Windows, and no state is shared.
_context = multiprocessing.get_context("spawn")


class _Worker:
    """A process that builds one job after another; it reports once that it has loaded, then the result of each job."""

    def __init__(self, prepare: Callable[[], None], build: Build) -> None:
        self.connection, child = _context.Pipe()
        self.process = _context.Process(target=_run_worker, args=(child, prepare, build))
        with _empty_main():
            self.process.start()
        child.close()
        self.is_loaded = False

    def begin(self, job: Job) -> None:
        """Send a job; it waits in the pipe while the worker still loads."""
        self.job, self._deadline = job, time.monotonic() + (job_seconds(job) if self.is_loaded else START_SECONDS)
        with suppress(OSError):  # it has just died, which is noticed when its answer is read
            self.connection.send(job)

    def receive(self) -> AreaResult | None:
        """Return the result of the job, a failure if it takes too long, or None if it goes on.

        EOFError or OSError if the worker has died.
        """
        if self.connection.poll():
            result: AreaResult | None = self.connection.recv()
            if result is None:
                self.is_loaded, self._deadline = True, time.monotonic() + job_seconds(self.job)
            return result
        if not self.process.is_alive():
            raise EOFError
        if time.monotonic() < self._deadline:
            return None
        self.process.kill()
        self.process.join(END_SECONDS)
        return area_cut_short(self.job, "error.area_no_answer" if self.is_loaded else "error.worker_no_answer")

    @property
    def remaining_seconds(self) -> float:
        """Return how long to wait for the worker from now on."""
        return max(self._deadline - time.monotonic(), 0)


def job_seconds(job: Job) -> float:
    """Return how long a job may take, also where its own limits do not work; infinite for a notebook without limit."""
    return (job.options.notebook_timeout or math.inf) + REST_SECONDS


@contextmanager
def _empty_main() -> Iterator[None]:
    """Keep a spawned process from running the caller's script again: it needs nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def run_all(
    tasks: deque[Job], workers: int, prepare: Callable[[], None], build: Build, with_rows: Callable[[Job], Job]
) -> Iterator[tuple[Job, AreaResult | None]]:
    """Yield each job with what ``build`` returns for it, as they end; with None if its worker died.

    ``tasks`` may be changed meanwhile. ``prepare`` runs once in each worker. ``with_rows`` stores what a job reads,
    while the workers are busy with others. ``build`` must not raise. `BhytError` if the system starts no process.
    """
    idle: list[_Worker] = []
    busy: list[_Worker] = []
    try:
        while tasks or busy:
            while tasks and len(busy) < workers:
                worker = idle.pop() if idle else _start_worker(prepare, build, is_only=not busy)
                if worker is None:
                    workers = len(busy)
                elif not (worker.is_loaded and not worker.process.is_alive()):
                    busy.append(worker)
                    worker.begin(with_rows(tasks.popleft()))
            if tasks:
                tasks[0] = with_rows(tasks[0])
            for worker in _answering(busy):
                result = None
                with suppress(EOFError, OSError):
                    if (result := worker.receive()) is None:
                        continue
                busy.remove(worker)
                if result is not None and worker.is_loaded and worker.process.is_alive():
                    idle.append(worker)
                else:
                    worker.connection.close()
                    _end(worker.process)
                if not worker.is_loaded and workers > 1:  # too little memory for so many, it may be
                    workers -= 1
                    tasks.appendleft(worker.job)
                else:
                    yield worker.job, result
        for worker in idle:
            worker.connection.close()
        for worker in idle:
            worker.process.join(END_SECONDS)
    finally:
        processes = [worker.process for worker in (*idle, *busy)]
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)


def _start_worker(prepare: Callable[[], None], build: Build, is_only: bool) -> _Worker | None:
    """Start a worker; without a free process or file handle None, `BhytError` if there is no other worker."""
    try:
        return _Worker(prepare, build)
    except OSError:
        if is_only:
            raise BhytError(("error.no_process", {})) from None
        return None


def _answering(busy: Sequence[_Worker]) -> list[_Worker]:
    """Wait until workers answer, die or are late; return all of these."""
    seconds = min(worker.remaining_seconds for worker in busy)
    handles = [handle for worker in busy for handle in (worker.connection, worker.process.sentinel)]
    ready = set(wait(handles, None if math.isinf(seconds) else seconds))
    late = [w for w in busy if not w.remaining_seconds]
    return [w for w in busy if w in late or ready & {w.connection, w.process.sentinel}]


def _end(process: BaseProcess) -> None:
    process.join(END_SECONDS)
    process.kill()  # does nothing to one that has ended


def _run_worker(connection: Connection, prepare: Callable[[], None], build: Build) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    signal.signal(signal.SIGTERM, lambda *_: _exit())
    become_subreaper()
    try:
        threading.Thread(target=_exit_with_parent, daemon=True).start()
        prepare()
    except Exception as error:
        reason = one_line(type(error).__name__, str(error))
        not_started = BhytError(("error.worker_not_started", {"reason": reason}))
        connection.send(cut_short(connection.recv(), failure(error) if failure_key(error) else not_started))
        return
    connection.send(None)
    with suppress(EOFError):
        while True:
            connection.send(build(connection.recv()))
    warm_process.stop()


def _exit_with_parent() -> None:
    """End with the batch, however it ends: kill -9 gives it no time to end its workers."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _exit()


def _exit() -> None:
    try:
        end_descendants()
    finally:  # also when a signal has interrupted an import that this needs
        os._exit(1)


def prepare(address: str, memory: int | None) -> None:
    """Limit the memory of a worker and load what it needs; ``address`` is that of the warm process, if there is one."""
    os.environ |= warm_config().environment()
    warnings.simplefilter("ignore", warm_process.WarmWarning)  # the batch says so once
    if not _has_home():
        _use_temporary_home()
    if address:
        warm_process.configure(warm_config(), address)
    if memory is not None:
        limit_memory(0, memory)
    # The checks of addresses and durations in JSON schemas, which no notebook needs, parse grammars for over a second
    # when they are imported. jsonschema works without what cannot be imported.
    for name in ("rfc3987_syntax", "isoduration"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    import bhyt_analysis.engine.papermill_engine  # noqa: F401  papermill loads while the warm process does


def _has_home() -> bool:
    """Return whether the user has a folder of their own that can be written to."""
    with suppress(RuntimeError):
        return os.access(Path.home(), os.W_OK)
    return False


def _use_temporary_home() -> None:
    """Have matplotlib keep its files in a temporary folder, for the kernels too: else each says so in its notebook."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="IPython")
    import matplotlib

    matplotlib.get_configdir()  # sets the variable MPLCONFIGDIR


def limit_memory(pid: int, memory: int) -> None:
    """Limit the memory (bytes) of a process, 0 for this one, and of those that it will start."""
    import resource

    with suppress(ProcessLookupError):  # it has died, which is noticed with the first kernel
        _, hard_limit = resource.prlimit(pid, resource.RLIMIT_DATA)
        soft_limit = memory if hard_limit == resource.RLIM_INFINITY else min(memory, hard_limit)
        resource.prlimit(pid, resource.RLIMIT_DATA, (soft_limit, hard_limit))


def low_limits() -> list[tuple[str, int, int]]:
    """Return the limits of this session that are too low, with what they are and should be, as ``ulimit`` has them."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    needs = (("-v", resource.RLIMIT_AS, ADDRESS_SPACE, 1024), ("-n", resource.RLIMIT_NOFILE, FILE_HANDLES, 1))
    limits = [(option, resource.getrlimit(limit)[0], need, unit) for option, limit, need, unit in needs]
    return [(o, has // unit, need // unit) for o, has, need, unit in limits if resource.RLIM_INFINITY != has < need]


def notebook_memory(megabytes: int | None, workers: int) -> int | None:
    """Return the bytes that a notebook may use, or None where memory cannot be limited."""
    if os.name != "posix" or not hasattr(os, "sched_getaffinity"):
        return None
    if megabytes is not None:
        return megabytes * 2**20
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max", or no such file: a container has no limit of its own
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text("utf-8")))
    return max(int(memory * MEMORY_SHARE / workers), 2**30)


def processor_count() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1
