"""Start, share and end the process that kernels are forked from.

A program with workers starts one process for all of them and gives each its address (`configure`). A program that
runs notebooks by itself starts one with its first kernel, and so does a worker when the shared process has died.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from subprocess import DEVNULL, Popen, TimeoutExpired

from bhyt_analysis.engine.config import VARIABLE, WarmConfig

END_SECONDS = 120  # for the process to end: more than a rehearsal takes
KERNEL, REHEARSAL = b"k", b"r"  # the requests that the process answers
# Unless set, the C library returns the pixels of a chart (megabytes) to the system and requests others page by page.
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**29), "MALLOC_TOP_PAD_": str(2**25)}
# The empty entry of sys.path is removed first: a file in the working directory must not hide a library.
MAIN = "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from bhyt_analysis.engine.zygote import main; main()"


def is_supported() -> bool:
    """Return whether kernels can be forked here: only on Linux. Forking on macOS breaks its system libraries."""
    return sys.platform == "linux"


class WarmProcess:
    """The process that kernels are forked from, as its clients use it."""

    def __init__(self, channel: socket.socket, process: Popen[bytes] | None = None, folder: str = "") -> None:
        self._channel, self.process, self._folder = channel, process, folder
        self.address = f"{folder}/z"  # of a shared process

    @classmethod
    def start(cls, config: WarmConfig, shared: bool = False) -> WarmProcess:
        """Start the process, which then loads its libraries; if it is shared, others can connect to it."""
        channel, child_channel = socket.socketpair()
        folder = socket_folder() if shared else ""
        with child_channel, socket.socket(socket.AF_UNIX) as listener:
            if shared:
                listener.bind(f"{folder}/z")
                listener.listen(64)
            # A session of its own: a signal to the owner's group must not end the process that cleans up after it.
            # Its output goes nowhere, since a pipe that fills would block it for ever.
            process = Popen(
                [sys.executable, "-c", MAIN, config.to_json(), str(listener.fileno() if shared else "")],
                env={**MEMORY, **os.environ, **config.thread_limits()},
                pass_fds=[listener.fileno()] if shared else [],
                stdin=child_channel.fileno(),
                stdout=DEVNULL,
                stderr=DEVNULL,
                start_new_session=True,
            )
        return cls(channel, process, folder)

    @classmethod
    def connect(cls, address: str) -> WarmProcess:
        """Connect to a shared process; OSError if it has ended."""
        channel = socket.socket(socket.AF_UNIX)
        channel.connect(address)
        return cls(channel)

    @property
    def is_alive(self) -> bool:
        """Return whether the process runs: it sends nothing on this channel, which ends with it."""
        try:
            return bool(self._channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def request_kernel(self, arguments: Sequence[str], cwd: str, env: Mapping[str, str]) -> socket.socket:
        """Return the channel of a new kernel, also while the libraries still load; OSError if the process has ended."""
        channel, kernel_channel = socket.socketpair()
        with kernel_channel, os.fdopen(os.memfd_create("request"), "w") as request:
            json.dump({"arguments": list(arguments), "cwd": cwd, "env": dict(env)}, request)
            request.flush()
            socket.send_fds(self._channel, [KERNEL], [kernel_channel.fileno(), request.fileno()])
        channel.setblocking(False)
        return channel

    def request_rehearsal(self) -> None:
        """Request one run of the rehearsal notebook, before kernels are forked."""
        self._channel.sendall(REHEARSAL)

    def close(self) -> None:
        """Disconnect; if this program has started the process, that ends, and every kernel with it."""
        self._channel.close()
        if self.process is not None:
            try:
                self.process.wait(END_SECONDS)
            except TimeoutExpired:
                self.process.kill()  # and with it its kernels
                self.process.wait()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


_process: WarmProcess | None = None
_config: WarmConfig | None = None
_address = ""


def configure(config: WarmConfig, address: str = "") -> None:
    """Set the configuration of this program's warm process, and the address of a shared one to use instead."""
    global _config, _address
    _config, _address = config, address


def start(rehearse: bool = False) -> None:
    """Start a warm process for this program, unless there is one."""
    global _process
    if _process is None or not _process.is_alive:
        stop()
        _process = WarmProcess.start(_config or WarmConfig.from_json(os.environ.get(VARIABLE, "{}")))
        if rehearse:
            _process.request_rehearsal()


def stop() -> None:
    """Disconnect from the warm process, if there is one; end it if this program has started it."""
    global _process
    if _process is not None:
        _process.close()
        _process = None


def current_process() -> WarmProcess:
    """Return the warm process of this program: the shared one, or its own; a new one if that has died."""
    global _process
    if _process is None and _address:
        with suppress(OSError):
            _process = WarmProcess.connect(_address)
    if _process is None or not _process.is_alive:
        start()
    assert _process is not None
    return _process


def process_id() -> int | None:
    """Return the number of the warm process that this program has started, if it has."""
    return _process.process.pid if _process is not None and _process.process is not None else None


def socket_folder() -> str:
    """Create a private folder for sockets. The system allows 107 bytes for the path of a socket."""
    return tempfile.mkdtemp(prefix="bhyt-", dir=None if len(tempfile.gettempdir()) < 60 else "/tmp")
