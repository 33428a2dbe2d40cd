"""Is there a warmed process here that kernels can be forked from? One for each process that runs notebooks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

# The empty entry of sys.path is taken out first: a file beside us must not stand for a library.
MAIN = "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from bhyt_analysis.batch.zygote import main; main()"


def usable() -> bool:
    """Whether kernels can be forked here: on Linux. Forking on macOS breaks its own libraries."""
    return sys.platform == "linux"


class Zygote:
    """The process that kernels are forked from, seen from the one that asks for them."""

    def __init__(self, template: str = "") -> None:
        self._control, theirs = socket.socketpair()
        # A session of its own: a signal to the owner's group must not take along who cleans up after it.
        # Nothing is read from its output: as a pipe that fills it would stall for good.
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *([template] if template else [])],
            stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        theirs.close()

    def fork(self, arguments: list[str], cwd: str, env: dict[str, str]) -> socket.socket:
        """Ask for a kernel, at once, also while the libraries are still loading; the line on which it tells of itself.

        Raises
        ------
        OSError
            the process is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"k"], [theirs.fileno()])
        ours.sendall(json.dumps({"arguments": arguments, "cwd": cwd, "env": env}).encode() + b"\n")
        ours.setblocking(False)
        return ours

    def close(self) -> None:
        """End the process and with it every kernel."""
        self._control.close()
        self.process.wait()


_zygote: Zygote | None = None
_template = ""


def start(template: str = "") -> None:
    """Begin to load, and to rehearse a template if one is given; otherwise it begins with the first kernel."""
    global _template
    _template = template
    zygote()


def stop() -> None:
    """End this process's zygote, if it has one."""
    global _zygote
    if _zygote is not None:
        _zygote.close()
        _zygote = None


def zygote() -> Zygote:
    """This process's own zygote; a new one if it has died."""
    global _zygote
    if _zygote is None or _zygote.process.poll() is not None:
        _zygote = Zygote(_template)
    return _zygote


def pid() -> int | None:
    """The number of the warmed process, if there is one."""
    return _zygote.process.pid if _zygote is not None else None
