"""Find and end the processes that a notebook has started, also those that it has detached."""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def become_subreaper() -> None:
    """Adopt every process that a descendant of this one detaches from now on (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when the one that it was forked from ends (Linux)."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    with suppress(AttributeError, OSError, TypeError):  # TypeError: Windows has no library without a name
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def kill_group(pid: int) -> None:
    """Kill a process and the group that it leads."""
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(pid, signal.SIGKILL)


def end_descendants(keep: int | None = None) -> None:
    """Kill every descendant of this process, but for ``keep`` and its descendants."""
    import psutil

    kept = set()
    with suppress(psutil.Error):
        if keep is not None:
            kept = {psutil.Process(keep), *psutil.Process(keep).children(recursive=True)}
    for process in [p for p in psutil.Process().children(recursive=True) if p not in kept]:
        with suppress(psutil.Error):
            process.kill()
