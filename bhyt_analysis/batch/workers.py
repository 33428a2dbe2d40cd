"""Build areas in a few processes; a process that dies takes only the area along that it was building.

Each worker has a pipe of its own, and no lock or queue in common with the others: one that is killed breaks nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

from bhyt_analysis.batch.build import Job, warm_config
from bhyt_analysis.batch.build_record import AreaResult
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.processes import become_subreaper, end_descendants

Build = Callable[[Job], AreaResult]
END_SECONDS = 10  # for a worker to end; then it is killed
MEMORY_SHARE = 0.8  # of the machine, for all workers together
# Spawned and not forked: the same on Windows, and no state is shared.
_context = multiprocessing.get_context("spawn")


class _Worker:
    def __init__(self, prepare: Callable[[], None], build: Build) -> None:
        self.connection, child = _context.Pipe()
        self.process = _context.Process(target=_run_worker, args=(child, prepare, build))
        with _empty_main():
            self.process.start()
        child.close()

    def begin(self, job: Job) -> None:
        self.job = job
        with suppress(OSError):  # it has just died, which is noticed when its answer is read
            self.connection.send(job)


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
    tasks: deque[Job], workers: int, prepare: Callable[[], None], build: Build
) -> Iterator[tuple[Job, AreaResult | None]]:
    """Yield each job with what ``build`` returns for it, as they end; with None if its worker died.

    ``tasks`` may be changed meanwhile. ``prepare`` runs once in each worker. ``build`` must not raise.
    """
    idle: list[_Worker] = []
    busy: dict[object, _Worker] = {}
    try:
        while tasks or busy:
            while tasks and len(busy) < workers:
                worker = idle.pop() if idle else _Worker(prepare, build)
                if worker.process.is_alive():
                    busy[worker.connection] = worker
                    worker.begin(tasks.popleft())
            for connection in wait([worker.connection for worker in busy.values()]):
                worker = busy.pop(connection)
                try:
                    result = worker.connection.recv()
                    idle.append(worker)
                except (EOFError, OSError):
                    result = None
                    worker.connection.close()
                    _end(worker.process)
                yield worker.job, result
        for worker in idle:
            worker.connection.close()
        for worker in idle:
            worker.process.join(END_SECONDS)
    finally:
        processes = [worker.process for worker in (*idle, *busy.values())]
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)


def _end(process: BaseProcess) -> None:
    process.join(END_SECONDS)
    process.kill()  # does nothing to one that has ended


def _run_worker(connection: Connection, prepare: Callable[[], None], build: Build) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    signal.signal(signal.SIGTERM, lambda *_: _exit())
    become_subreaper()
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    prepare()
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
    os.environ |= warm_config().thread_limits()
    if address:
        warm_process.configure(warm_config(), address)
    if memory is not None:
        limit_memory(0, memory)
    # The check of addresses in JSON schemas, which no notebook needs, parses a grammar for over a second when it is
    # imported. jsonschema works without what cannot be imported.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import bhyt_analysis.engine.papermill_engine  # noqa: F401  papermill loads while the warm process does


def limit_memory(pid: int, memory: int) -> None:
    """Limit the memory (bytes) of a process, 0 for this one, and of those that it will start."""
    import resource

    _, hard_limit = resource.prlimit(pid, resource.RLIMIT_DATA)
    soft_limit = memory if hard_limit == resource.RLIM_INFINITY else min(memory, hard_limit)
    resource.prlimit(pid, resource.RLIMIT_DATA, (soft_limit, hard_limit))


def notebook_memory(megabytes: int | None, workers: int) -> int | None:
    """Return the bytes that a notebook may use, or None where memory cannot be limited."""
    if os.name != "posix" or not hasattr(os, "sched_getaffinity"):
        return None
    if megabytes is not None:
        return megabytes * 2**20
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max", or no such file: a container has no limit of its own
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(int(memory * MEMORY_SHARE / workers), 2**30)


def processor_count() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1
