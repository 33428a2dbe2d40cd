"""Start, share and end the process that kernels are forked from.

A program with workers starts one process for all of them and gives each its address (`configure`). A program that
runs notebooks by itself starts one with its first kernel, and so does a worker when the shared process has died.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from subprocess import DEVNULL, Popen, TimeoutExpired

from bhyt_analysis.engine.config import KERNEL, REHEARSAL, START_SECONDS, VARIABLE, WarmConfig
from bhyt_analysis.engine.private_folders import create_folder, delete_folder
from bhyt_analysis.i18n.messages import BhytError

NO_ANSWER, ENDED = "engine.no_answer", "engine.ended"  # messages
END_SECONDS = 120  # for the process to end: more than a rehearsal takes
# Unless set, the C library returns the pixels of a chart (megabytes) to the system and requests others page by page.
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**29), "MALLOC_TOP_PAD_": str(2**25)}
# The empty entry of sys.path is removed first: a file in the working directory must not hide a library.
MAIN = "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from bhyt_analysis.engine.zygote import main; main()"


def is_supported() -> bool:
    """Return whether kernels can be forked here: only on Linux. Forking on macOS breaks its system libraries."""
    return sys.platform == "linux"


class WarmStartError(BhytError):
    """The process that kernels are forked from could not start, or it ended before a kernel was ready."""

    def __init__(self, *messages: tuple[str, dict[str, object]], reason: str = "") -> None:
        super().__init__(*(messages or [("engine.warm_not_started", {"reason": reason})]))


class WarmWarning(UserWarning):
    """Kernels are started as usual, because the warm process could not start."""


class WarmProcess:
    """The process that kernels are forked from, as its clients use it."""

    def __init__(
        self, channel: socket.socket, process: Popen[bytes] | None = None, folder: str = "", log: int | None = None
    ) -> None:
        self._channel, self.process, self._folder, self._log = channel, process, folder, log
        self.address = f"{folder}/z"  # of a shared process

    @classmethod
    def start(cls, config: WarmConfig, shared: bool = False) -> WarmProcess:
        """Start the process, which then loads its libraries; if it is shared, others can connect to it.

        One that cannot even start is as one that has died: its clients learn so when they request a kernel.
        """
        channel, child_channel = socket.socketpair()
        folder = create_folder() if shared else ""
        log = os.memfd_create("log")  # a file of no folder: a pipe that is not read would block the process for ever
        process = None
        with child_channel, socket.socket(socket.AF_UNIX) as listener:
            if shared:
                listener.bind(f"{folder}/z")
                listener.listen(64)
            try:
                # A session of its own: a signal to the owner's group must not end the process that cleans up after it.
                process = Popen(
                    [sys.executable, "-c", MAIN, config.to_json(), str(listener.fileno() if shared else "")],
                    env={**MEMORY, **os.environ, **config.environment()},
                    pass_fds=[listener.fileno()] if shared else [],
                    stdin=child_channel.fileno(),
                    stdout=DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                os.write(log, str(error).encode())
        return cls(channel, process, folder, log)

    @classmethod
    def connect(cls, address: str) -> WarmProcess:
        """Connect to a shared process; OSError if it has ended."""
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(START_SECONDS)  # one that hangs accepts no client
        channel.connect(address)
        channel.settimeout(None)
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

    def request_kernel(
        self, arguments: Sequence[str], cwd: str, env: Mapping[str, str], plain: bool = False
    ) -> socket.socket:
        """Return the channel of a new kernel, also while the libraries still load; OSError if the process has ended.

        A ``plain`` kernel is that of `plain_kernel`.
        """
        channel, kernel_channel = socket.socketpair()
        with kernel_channel, os.fdopen(os.memfd_create("request"), "w") as request:
            json.dump({"arguments": list(arguments), "cwd": cwd, "env": dict(env), "plain": plain}, request)
            request.flush()
            self._channel.settimeout(START_SECONDS)
            try:
                socket.send_fds(self._channel, [KERNEL], [kernel_channel.fileno(), request.fileno()])
            except OSError:
                channel.close()
                raise
            finally:
                self._channel.settimeout(None)
        channel.setblocking(False)
        return channel

    def request_rehearsal(self) -> None:
        """Request one run of the rehearsal notebook, before kernels are forked."""
        with suppress(OSError):  # it has died, which is noticed with the first kernel
            self._channel.sendall(REHEARSAL)

    def death_reason(self) -> str:
        """Return why the process has ended: its signal, the last line that it wrote, a message key, or nothing."""
        status = None
        if self.process is not None:
            with suppress(TimeoutExpired):
                status = self.process.wait(1)
        if status == -signal.SIGALRM:
            return NO_ANSWER
        if status is not None and status < 0:
            return f"signal {signal.Signals(-status).name}"
        log = b"" if self._log is None else os.pread(self._log, 2**16, max(os.fstat(self._log).st_size - 2**16, 0))
        lines = [line for line in log.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip()[:200] if lines else ""

    def close(self) -> None:
        """Disconnect; if this program has started the process, that ends, and every kernel with it."""
        self._channel.close()
        if self.process is not None:
            try:
                self.process.wait(END_SECONDS)
            except TimeoutExpired:
                self.process.kill()  # and with it its kernels
                self.process.wait(END_SECONDS)
        if self._log is not None:
            os.close(self._log)
            self._log = None
        if self._folder:
            delete_folder(self._folder)


_process: WarmProcess | None = None
_config: WarmConfig | None = None
_address = ""
_failure: WarmStartError | None = None


def configure(config: WarmConfig, address: str = "") -> None:
    """Set the configuration of this program's warm process, and the address of a shared one to use instead."""
    global _config, _address, _failure
    _config, _address, _failure = config, address, None


def start(rehearse: bool = False) -> None:
    """Start a warm process for this program, unless there is one; `WarmStartError` after `give_up`."""
    global _process
    if _failure is not None:
        raise _failure
    if _process is None or not _process.is_alive:
        stop()
        _process = WarmProcess.start(_config or WarmConfig.from_json(os.environ.get(VARIABLE, "{}")))
        if rehearse:
            _process.request_rehearsal()


def stop() -> None:
    """Disconnect from the warm process, if there is one; end it if this program has started it."""
    global _process
    if _process is not None:
        process, _process = _process, None
        process.close()


def give_up(reason: str) -> WarmStartError:
    """End the warm process, and start none again until `configure`; return the error that says why."""
    global _failure
    _failure = WarmStartError(reason=reason)
    stop()
    return _failure


def failure() -> WarmStartError | None:
    """Return why this program has no warm process any more; None if it can have one."""
    return _failure


def current_process() -> WarmProcess:
    """Return the warm process of this program: the shared one, or its own; a new one if that has died.

    `WarmStartError` after `give_up`.
    """
    global _process
    if _process is None and _address and _failure is None:
        with suppress(OSError):
            _process = WarmProcess.connect(_address)
    if _process is None or not _process.is_alive:
        start()
    assert _process is not None
    return _process


def process_id() -> int | None:
    """Return the number of the warm process that this program has started, if it has."""
    return _process.process.pid if _process is not None and _process.process is not None else None
