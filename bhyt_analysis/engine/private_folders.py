"""Create private folders for sockets and for work, and delete those that a killed process has left.

A process that is killed deletes nothing. Each folder is locked by its process, and a lock ends with the process that
holds it, however it ends: the next process that starts deletes every folder of this user that no process holds.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

PREFIX = "bhyt-run-"
_NAME = re.compile(PREFIX + r"\w{8}")
_locks: dict[str, int] = {}


def create_folder() -> str:
    """Create a folder that only this user can enter; OSError where no folder for temporary files can be written."""
    delete_abandoned_folders()
    # It has its name only when it is locked, so that no other process takes it for abandoned.
    unlocked = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=_parent()))
    folder = str(unlocked.with_name(unlocked.name[1:]))
    lock = _lock(unlocked)
    unlocked.rename(folder)
    if lock is not None:
        _locks[folder] = lock
    return folder


def delete_folder(folder: str) -> None:
    """Delete a folder that `create_folder` has created."""
    shutil.rmtree(folder, ignore_errors=True)
    if (lock := _locks.pop(folder, None)) is not None:
        os.close(lock)


@contextmanager
def private_folder() -> Iterator[str]:
    """Create a folder and delete it in the end."""
    folder = create_folder()
    try:
        yield folder
    finally:
        delete_folder(folder)


@cache
def delete_abandoned_folders() -> None:
    """Delete, once in a process, the folders of this user whose processes have ended."""
    with suppress(OSError):
        for entry in os.scandir(_parent()):
            if _NAME.fullmatch(entry.name) and (lock := _lock(entry.path)) is not None:
                if os.fstat(lock).st_uid == os.getuid():
                    shutil.rmtree(entry.path, ignore_errors=True)
                os.close(lock)


def _parent() -> str:
    """Return the folder for temporary files; the system allows 107 bytes for the path of a socket."""
    return tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp"


def _lock(folder: str | Path) -> int | None:
    """Return the descriptor that holds the lock of a folder; None if another process has it, or there are no locks."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (ImportError, OSError):  # Windows; a link, or a folder of another user
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
