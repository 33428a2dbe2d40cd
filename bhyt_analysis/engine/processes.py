"""What has a notebook left running, and how is it ended? What it started is found and killed, also what it detached."""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def become_subreaper() -> None:
    """From now on a process that any descendant of this one detaches is a child of this one (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """From now on this process is killed when the one that it was forked from ends (Linux)."""
    _prctl(PR_SET_PDEATHSIG, 9)


def _prctl(option: int, value: int) -> None:
    with suppress(AttributeError, OSError, TypeError):  # TypeError: Windows has no library without a name
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def kill_group(pid: int) -> None:
    """Kill a process and the group that it leads."""
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(pid, signal.SIGKILL)


def end_descendants(keep: int | None = None) -> None:
    """Kill every process that comes of this one, but for ``keep`` and what comes of it."""
    import psutil

    found = psutil.Process().children(recursive=True)
    if keep is not None:
        with suppress(psutil.Error):
            kept = psutil.Process(keep)
            found = [p for p in found if p not in {kept, *kept.children(recursive=True)}]
    for process in found:
        with suppress(psutil.Error):
            process.kill()
