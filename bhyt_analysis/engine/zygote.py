"""Which process are the kernels of notebooks forked from? One that has loaded the libraries and does nothing else.

Importing pandas, matplotlib and the rest costs a new kernel most of its start. This process
pays it once and then forks: each notebook has a fresh process of its own, with the libraries
loaded and nothing of any other notebook in it.

It has one thread, for a fork copies no other and leaves their locks shut. Its standard input
is a socket on which the owner asks for kernels; when the owner is gone, however it went, the
socket ends and every kernel is killed with all that it has started. Where it is shared, others
join at a second socket; when one of them is gone, only its kernels are killed.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import io
import json
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bhyt_analysis.engine.processes import become_subreaper, die_with_parent, kill_group
from bhyt_analysis.engine.warm_process import REHEARSE

REHEARSED = "524"  # Bình Sơn: what most areas have, and no more
REHEARSAL_SECONDS = 60
INLINE = "module://matplotlib_inline.backend_inline"
# What briefings import, and what a kernel would import as it starts, shows its first table or ends. Not the
# inline backend: it looks for its kernel when it is imported, and without one notebooks run and show no charts.
LIBRARIES = (
    "numpy", "pandas.io.formats.style", "pandas.io.formats.html", "pandas.io.formats.csvs", "seaborn",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "PIL.PngImagePlugin",
    "ipykernel.kernelapp", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.core.magics.execution", "IPython.extensions.storemagic",
    "stack_data", "tornado.platform.asyncio", "tornado.queues", "zmq.utils.garbage", "sqlite3", "psutil", "faulthandler",
    "encodings.ascii", "encodings.idna", "encodings.utf_8_sig", "bhyt_analysis.briefing.notebook",
    "bhyt_analysis.model.projection.scenario",
)  # fmt: skip


def main() -> None:
    """Load, then fork a kernel for each socket that comes in; ends when the owner does."""
    control = socket.socket(fileno=os.dup(0))
    template, door = sys.argv[1:]
    become_subreaper()  # what a cell has detached comes back here, to be killed
    load_all()
    serve(control, socket.socket(fileno=int(door)) if door else None, Path(template))


def load_all() -> None:
    """Import the libraries and draw once."""
    os.environ.setdefault("MPLBACKEND", INLINE)  # before pyplot, which keeps the first it finds
    # Pandas asks once, when it is imported, whether it prints to a terminal or to a notebook.
    vars(builtins)["get_ipython"] = lambda: SimpleNamespace(kernel=True)
    import_module("pandas")
    del vars(builtins)["get_ipython"]
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    figure = import_module("matplotlib.figure").Figure()
    figure.text(0.5, 0.5, "ấ")  # reads the fonts
    for ending in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=ending)


def rehearse(template: Path) -> None:
    """Run the cells of a template once, so that what libraries keep of a first run is there for every kernel.

    Nothing is shown and nothing is left but what they keep for themselves: fonts and glyphs that
    were read, words that were looked up, code that was found. Its mistakes are the kernels' to tell. One
    that takes too long ends this process, also in C code: then kernels are forked from one without rehearsal.
    """
    signal.alarm(REHEARSAL_SECONDS)
    told: dict[str, Any] = {"__name__": "__main__"}
    cells = json.loads(template.read_text(encoding="utf-8"))["cells"]
    with tempfile.TemporaryDirectory(prefix="bhyt-") as out, warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("always")  # else a warning that was shown here is shown to no kernel
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            for cell in cells:
                if cell["cell_type"] == "code":
                    exec("".join(cell["source"]), told)
                if "parameters" in cell["metadata"].get("tags", ()):
                    told |= {"area": REHEARSED, "out": out}
    signal.alarm(0)


def serve(owner: socket.socket, door: socket.socket | None, template: Path) -> None:
    """Fork, kill and bury kernels until the owner's end of the socket is closed; others come in by the door."""
    _settle()
    ear, mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    poll = select.poll()
    asking = {owner.fileno(): owner}
    kernels: dict[int, socket.socket] = {}
    for ours in (owner.fileno(), ear, *([door.fileno()] if door else [])):
        poll.register(ours, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == ear:
                os.read(ear, 4096)
            elif door and fd == door.fileno():
                guest, _ = door.accept()
                asking[guest.fileno()] = guest
                poll.register(guest, select.POLLIN)
            elif fd in asking:
                what, line = _asked(asking[fd])
                if not what and fd == owner.fileno():
                    return _end(kernels)
                if not what:
                    poll.unregister(fd)
                    asking.pop(fd).close()
                if line is None:
                    if what == REHEARSE:
                        rehearse(template)
                        _settle()
                    continue
                try:
                    pid = os.fork()
                except OSError:  # no memory, no numbers left: the end of the line tells
                    line.close()
                    continue
                if not pid:
                    for other in (*asking.values(), *([door] if door else []), *kernels.values()):
                        other.close()
                    os.close(ear)
                    os.close(mouth)
                    _be_kernel(line)
                kernels[pid] = line
                poll.register(line, 0)  # only its end is waited for: the request is the child's to read
            else:  # whoever asked for this kernel is gone
                poll.unregister(fd)
                for pid in [p for p, line in kernels.items() if line.fileno() == fd]:
                    kill_group(pid)
        _bury(kernels, poll)


def _settle() -> None:
    """The children share these pages as long as nobody counts in them."""
    gc.collect()
    gc.freeze()


def _asked(control: socket.socket) -> tuple[bytes, socket.socket | None]:
    """What is asked for, and the line of the kernel if it is one; nothing when whoever asks is gone."""
    try:
        data, fds, *_ = socket.recv_fds(control, 1, 1)
    except OSError:
        return b"", None
    return data, socket.socket(fileno=fds[0]) if fds else None


def _bury(kernels: dict[int, socket.socket], poll: Any) -> None:
    """Tell the end of each kernel that has ended, and kill what it has left running."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None:
            return
        kill_group(ended.si_pid)  # before it is buried: until then nobody else can have its number
        _, status = os.waitpid(ended.si_pid, 0)
        line = kernels.pop(ended.si_pid, None)
        if not kernels:
            _kill_detached()
        if line is not None:
            with suppress(OSError, KeyError):
                poll.unregister(line)
            with suppress(OSError):
                _say(line, exit=os.waitstatus_to_exitcode(status))
            line.close()


def _kill_detached() -> None:
    """With no kernel running, kill what kernels have left in sessions of its own: it is our child by now."""
    with suppress(OSError):
        for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            kill_group(int(pid))


def _end(kernels: dict[int, socket.socket]) -> None:
    for pid in kernels:
        kill_group(pid)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
            _kill_detached()


def _say(line: socket.socket, **told: Any) -> None:
    line.sendall(json.dumps(told).encode() + b"\n")


def _be_kernel(line: socket.socket) -> None:
    """In the child: read what is asked for and be that kernel until it ends. Does not return."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent()
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        with line.makefile("rb") as asked:
            request = json.loads(asked.readline())
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        sys.argv = ["ipykernel_launcher.py", *request["arguments"]]
        import_module("numpy").random.seed()  # or every child draws the same; `random` sees to itself
        app: Any = import_module("ipykernel.kernelapp").IPKernelApp.instance()
        app.initialize(request["arguments"])
        import_module("ipywidgets").load_ipython_extension(app.shell)  # seaborn imported it when there was no kernel
        _say(line, pid=os.getpid())
        line.close()
        app.start()
        app.control_thread.join(1)  # it is still answering: closed under its hands, it waits ten seconds for a flush
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        with suppress(OSError):
            _say(line, error="".join(traceback.format_exception_only(error)).strip())
    finally:
        # What the interpreter does at its end, without taking a thousand modules apart.
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        os._exit(code)
