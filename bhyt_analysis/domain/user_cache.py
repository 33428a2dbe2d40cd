"""Keep in the user's cache folder what is worked out once for each version of the package and its bundled data.

Nothing of a user's own input is kept. What cannot be written or read is worked out again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from bhyt_analysis.domain.bundled import PACKAGE, bundled_path
from bhyt_analysis.i18n import clock

CODE = (".py", ".csv", ".j2")
LIBRARIES = ("numpy", "pandas", "matplotlib", "papermill", "nbclient", "ipykernel", "jupyter_client", "pyzmq")
DAYS = 30  # after which what another version has kept is deleted


@lru_cache(maxsize=1)
def code_sha256() -> str:
    """Return a fingerprint of the package's code, messages and tables."""
    return files_sha256(p for p in PACKAGE.rglob("*") if p.suffix in CODE and "bundled" not in p.parts)


def files_sha256(paths: Iterable[Path]) -> str:
    """Return a fingerprint of the names and contents of files, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def kept_folder(name: str) -> Path:
    """Return the folder of what is kept under a name for this version of everything; it need not be there."""
    data = bundled_path("data")
    versions = [sys.version, sys.executable, str(data), *(version(library) for library in LIBRARIES)]
    key = hashlib.sha256("\0".join([code_sha256(), files_sha256(data.rglob("*.csv")), *versions]).encode())
    return user_cache_path("bhyt_analysis", appauthor=False) / name / key.hexdigest()[:32]


def keep(name: str, write: Callable[[Path], object]) -> None:
    """Keep a folder with what ``write`` writes into it, complete or not at all; what is old goes."""
    folder = kept_folder(name)
    if not folder.is_absolute():  # the user has no folder
        return
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    with suppress(OSError):
        part.mkdir(parents=True)
        write(part)
        shutil.rmtree(folder, ignore_errors=True)  # it is damaged, or another process has just written the same
        os.replace(part, folder)
        for other in folder.parent.iterdir():
            if other.stat().st_mtime < clock.now().timestamp() - DAYS * 86400:
                shutil.rmtree(other, ignore_errors=True)
    shutil.rmtree(part, ignore_errors=True)
