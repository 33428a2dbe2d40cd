"""Who makes the areas, and what is lost when one of them dies? A few processes; the area it was making.

Each worker has a pipe of its own, and no lock or queue in common with the others: one that is
killed breaks nothing. The rest go on, and a new one takes its place.
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
from pathlib import Path
from types import ModuleType
from typing import Any

from bhyt_analysis.batch.build import warm_config
from bhyt_analysis.domain.partitions import FOLDER
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.processes import become_subreaper, end_descendants

MEMORY_SHARE = 0.8  # of the machine, for all workers together
# Spawned and not forked: the same on Windows, and no state is shared.
_context = multiprocessing.get_context("spawn")


class _Worker:
    def __init__(self, prepare: Callable[[], Any], make: Callable[[Any], Any]) -> None:
        self.line, theirs = _context.Pipe()
        self.process = _context.Process(target=_work, args=(theirs, prepare, make))
        with _no_main():
            self.process.start()
        theirs.close()
        self.task: Any = None

    def begin(self, task: Any) -> None:
        self.task = task
        with suppress(OSError):  # it has just died, which is seen when its answer is read
            self.line.send(task)


@contextmanager
def _no_main() -> Iterator[None]:
    """What is spawned does not run the caller's script again: nothing of it is needed, and it may have no guard."""
    own = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = own


def run_all(
    tasks: deque[Any], workers: int, prepare: Callable[[], Any], make: Callable[[Any], Any]
) -> Iterator[tuple[Any, Any]]:
    """Each task with what ``make`` gives for it, as they end; with None if its worker died.

    ``tasks`` may be changed while they are being done. ``prepare`` runs once in each worker
    and gives what is to be called at its end. Everything that is passed must be picklable,
    and ``make`` must not raise.
    """
    idle: list[_Worker] = []
    busy: dict[Any, _Worker] = {}
    try:
        while tasks or busy:
            while tasks and len(busy) < workers:
                worker = idle.pop() if idle else _Worker(prepare, make)
                if worker.process.is_alive():
                    busy[worker.line] = worker
                    worker.begin(tasks.popleft())
            for line in wait(list(busy)):
                worker = busy.pop(line)
                try:
                    told = worker.line.recv()
                    idle.append(worker)
                except (EOFError, OSError):
                    told = None
                    worker.line.close()
                    worker.process.join()
                yield worker.task, told
        for worker in idle:
            worker.line.close()
        for worker in idle:
            worker.process.join()
    finally:
        for worker in (*idle, *busy.values()):
            worker.process.terminate()
        for worker in (*idle, *busy.values()):
            worker.process.join(10)


def _work(line: Connection, prepare: Callable[[], Any], make: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    become_subreaper()
    threading.Thread(target=_watch, daemon=True).start()
    end = prepare()
    with suppress(EOFError):
        while True:
            line.send(make(line.recv()))
    end()


def _watch() -> None:
    """End with the batch, however it ends: kill -9 gives it no time to tell."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _leave()


def _leave() -> None:
    """End at once, with everything that was started from here."""
    end_descendants()
    os._exit(1)


def prepare(warmed: str, memory: int | None, ready: Path) -> Callable[[], None]:
    """In a worker: set the limit of memory and load. Gives what is to be done at its end.

    ``warmed`` is the address of the process that kernels are forked from, if they are.
    """
    os.environ |= {FOLDER: str(ready)} | warm_config().thread_limits()
    if warmed:
        warm_process.configure(warm_config(), warmed)
    if memory is not None:
        limit(0, memory)
    # The check of addresses in JSON schemas, which no notebook needs, parses a grammar for over a second when it is
    # imported. jsonschema does without what can't be imported.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import bhyt_analysis.engine.papermill_engine  # noqa: F401  papermill loads while the kernels' process does

    return warm_process.stop


def limit(process: int, memory: int) -> None:
    """Set the limit of memory (bytes) of a process, 0 for this one, and of those that it will start."""
    import resource

    _, most = resource.prlimit(process, resource.RLIMIT_DATA)
    wanted = memory if most == resource.RLIM_INFINITY else min(memory, most)
    resource.prlimit(process, resource.RLIMIT_DATA, (wanted, most))


def memory_of(asked_mb: int | None, workers: int) -> int | None:
    """Bytes that a notebook may use, or None where there is no such limit."""
    if os.name != "posix" or not hasattr(os, "sched_getaffinity"):
        return None
    if asked_mb is not None:
        return asked_mb * 2**20
    there_is = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max", or no such file: a container has no limit of its own
        there_is = min(there_is, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(int(there_is * MEMORY_SHARE / workers), 2**30)


def processors() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1
