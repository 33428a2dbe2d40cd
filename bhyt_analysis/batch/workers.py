"""Who makes the areas, and what is lost when one of them dies? A few processes; the area it was making.

Each worker has a pipe of its own, and no lock or queue in common with the others: one that is
killed breaks nothing. The rest go on, and a new one takes its place.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from bhyt_analysis.batch.processes import adopt, end_descendants

# Spawned and not forked: the same on Windows, and no state is shared.
_context = multiprocessing.get_context("spawn")


class _Worker:
    def __init__(self, prepare: Callable[[], Any], make: Callable[[Any], Any]) -> None:
        self.line, theirs = _context.Pipe()
        self.process = _context.Process(target=_work, args=(theirs, prepare, make))
        self.process.start()
        theirs.close()
        self.task: Any = None

    def begin(self, task: Any) -> None:
        self.task = task
        with suppress(OSError):  # it has died: read from the pipe, this is seen as any other death
            self.line.send(task)


def run_all(
    tasks: deque[Any], workers: int, prepare: Callable[[], Any], make: Callable[[Any], Any]
) -> Iterator[tuple[Any, Any]]:
    """Each task with what ``make`` gives for it, as they end; with None if its worker died.

    ``tasks`` may be changed while they are being done. ``prepare`` runs once in each worker.
    Everything that is passed must be picklable, and ``make`` must not raise.
    """
    all_of_them = [_Worker(prepare, make) for _ in range(workers)]
    idle = list(all_of_them)
    try:
        while tasks or len(idle) < len(all_of_them):
            while tasks and idle:
                idle.pop().begin(tasks.popleft())
            busy = {w.line: w for w in all_of_them if w not in idle}
            for line in wait(list(busy)):
                worker = busy[line]  # type: ignore[index]
                try:
                    told = worker.line.recv()
                except (EOFError, OSError):
                    told = None
                    worker.process.join()
                    all_of_them.remove(worker)
                    worker.line.close()
                    worker = _Worker(prepare, make)
                    worker.task = busy[line].task  # type: ignore[index]
                    all_of_them.append(worker)
                idle.append(worker)
                yield worker.task, told
        for worker in all_of_them:
            worker.line.close()
        for worker in all_of_them:
            worker.process.join()
    finally:
        for worker in all_of_them:
            worker.process.terminate()
        for worker in all_of_them:
            worker.process.join(10)


def _work(line: Connection, prepare: Callable[[], Any], make: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    adopt()
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
