"""Is there a warmed process here that kernels can be forked from? One for a whole batch, or one's own.

A batch starts one before its workers and tells them where it listens (`ADDRESS` in their
environment); a process that runs notebooks alone starts its own with its first kernel, and so
does a worker that finds the common one dead.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ADDRESS = "BHYT_WARM"  # in the environment of workers: where they join the batch's warmed process
KERNEL, REHEARSE = b"k", b"r"  # what is asked of it
# A thread for each processor, in each of as many workers, only get in each other's way.
THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# The pixels of a chart take megabytes. Unless told, the C library gives them back and asks for others, page by page.
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**29), "MALLOC_TOP_PAD_": str(2**25)}
# The empty entry of sys.path is taken out first: a file beside us must not stand for a library.
MAIN = "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from bhyt_analysis.engine.zygote import main; main()"


def usable() -> bool:
    """Whether kernels can be forked here: on Linux. Forking on macOS breaks its own libraries."""
    return sys.platform == "linux"


class Zygote:
    """The process that kernels are forked from, seen from one that asks for them."""

    def __init__(
        self, control: socket.socket, process: subprocess.Popen[bytes] | None = None, folder: str = ""
    ) -> None:
        self._control, self.process, self._folder = control, process, folder

    @classmethod
    def begun(cls, template: str = "", shared: bool = False) -> Zygote:
        """Start it, and it loads; ``template`` is what it may be asked to rehearse; others may join it if it is shared."""
        control, theirs = socket.socketpair()
        folder = socket_folder() if shared else ""
        with theirs, socket.socket(socket.AF_UNIX) as door:
            if shared:
                door.bind(f"{folder}/z")
                door.listen(64)
            # A session of its own: a signal to the owner's group must not take along who cleans up after it.
            # Nothing is read from its output: as a pipe that fills it would stall for good.
            process = subprocess.Popen(
                [sys.executable, "-c", MAIN, template, str(door.fileno() if shared else "")],
                env={**THREADS, **MEMORY, **os.environ}, pass_fds=[door.fileno()] if shared else [], stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return cls(control, process, folder)

    @classmethod
    def joined(cls, address: str) -> Zygote:
        """That of the batch; OSError if it is gone."""
        control = socket.socket(socket.AF_UNIX)
        control.connect(address)
        return cls(control)

    @property
    def address(self) -> str:
        """Where others join it, if it is shared."""
        return f"{self._folder}/z"

    @property
    def alive(self) -> bool:
        """Whether it still listens to us: it says nothing on this line but its end."""
        try:
            return bool(self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def fork(self, arguments: list[str], cwd: str, env: dict[str, str]) -> socket.socket:
        """Ask for a kernel, at once, also while the libraries are still loading; the line on which it tells of itself.

        Raises
        ------
        OSError
            the process is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [KERNEL], [theirs.fileno()])
        ours.sendall(json.dumps({"arguments": arguments, "cwd": cwd, "env": env}).encode() + b"\n")
        ours.setblocking(False)
        return ours

    def rehearse(self) -> None:
        """Have it run the cells of its template once, before kernels are forked from it."""
        self._control.sendall(REHEARSE)

    def close(self) -> None:
        """Let go of it; who has started it ends it, and with it every kernel."""
        self._control.close()
        if self.process is not None:
            self.process.wait()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def shared(template: str) -> Iterator[Zygote]:
    """One for many processes, as long as it is needed."""
    zygote = Zygote.begun(template, shared=True)
    try:
        yield zygote
    finally:
        zygote.close()


_zygote: Zygote | None = None


def start(template: str = "") -> None:
    """Begin to load, and to rehearse a template if one is given, unless that has begun."""
    global _zygote
    if _zygote is None or not _zygote.alive:
        stop()
        _zygote = Zygote.begun(template)
        if template:
            _zygote.rehearse()


def stop() -> None:
    """Let go of the warmed process, if there is one; end it if it is this process's own."""
    global _zygote
    if _zygote is not None:
        _zygote.close()
        _zygote = None


def zygote() -> Zygote:
    """The warmed process: the batch's, or one's own; a new one if it has died."""
    global _zygote
    if _zygote is None and ADDRESS in os.environ:
        with suppress(OSError):
            _zygote = Zygote.joined(os.environ[ADDRESS])
    if _zygote is None or not _zygote.alive:
        start()
    assert _zygote is not None
    return _zygote


def pid() -> int | None:
    """The number of this process's own warmed process, if there is one."""
    return _zygote.process.pid if _zygote is not None and _zygote.process is not None else None


def socket_folder() -> str:
    """A new private folder for sockets. The system allows 107 bytes for the name of one."""
    return tempfile.mkdtemp(prefix="bhyt-", dir=None if len(tempfile.gettempdir()) < 60 else "/tmp")
