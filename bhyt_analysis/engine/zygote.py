"""Run the process that kernels are forked from: it has loaded the libraries and does nothing else.

Importing pandas, matplotlib and others takes most of the time in which a kernel starts. Each notebook has a fresh
process of its own, with the libraries loaded and nothing of any other notebook in it.

It has one thread, since a fork copies no other and leaves their locks closed. Its standard input is a socket on
which the owner requests kernels; when the owner ends, in whatever way, every kernel is killed with all that it has
started. Where the process is shared, others connect to a second socket; when one ends, only its kernels are killed.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import io
import json
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from bhyt_analysis.engine.config import INLINE_CHARTS, KERNEL, REHEARSAL, START_SECONDS, WarmConfig
from bhyt_analysis.engine.plain_kernel import plain_kernel_app
from bhyt_analysis.engine.private_folders import private_folder
from bhyt_analysis.engine.processes import become_subreaper, die_with_parent, kill_group

# What a kernel imports as it starts, shows its first table or chart, or ends. Not the inline backend: it looks for
# its kernel when it is imported, and without one notebooks run and show no charts.
LIBRARIES = (
    "numpy", "pandas.io.formats.style", "pandas.io.formats.html", "pandas.io.formats.csvs", "seaborn", "sqlite3",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "PIL.PngImagePlugin",
    "ipykernel.kernelapp", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.core.magics.execution", "IPython.extensions.storemagic",
    "stack_data", "tornado.platform.asyncio", "tornado.queues", "zmq.utils.garbage", "psutil", "faulthandler",
    "encodings.ascii", "encodings.idna", "encodings.utf_8_sig",
)  # fmt: skip


def main() -> None:
    """Load the libraries, then answer requests until the owner ends."""
    config, listener = WarmConfig.from_json(sys.argv[1]), sys.argv[2]
    owner = socket.socket(fileno=os.dup(0))
    become_subreaper()  # adopts what a cell has detached, to kill it
    signal.alarm(START_SECONDS)  # ends this process: no client waits for a library that hangs
    load_libraries(config.libraries)
    signal.alarm(0)
    KernelServer(owner, socket.socket(fileno=int(listener)) if listener else None, config).run()


def load_libraries(names: Sequence[str]) -> None:
    """Import the libraries and draw once; those that are not installed are left out.

    Any other error ends this process: kernels would be forked with half a library, which can't be imported again.
    """
    for name, value in INLINE_CHARTS.items():
        os.environ.setdefault(name, value)  # before pyplot
    # Pandas looks once, when it is imported, whether it prints to a terminal or to a notebook.
    vars(builtins)["get_ipython"] = lambda: SimpleNamespace(kernel=True)
    import_module("pandas")
    del vars(builtins)["get_ipython"]
    for name in (*LIBRARIES, *names):
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):  # the library is there, but not one that it needs
                raise
    figure = import_module("matplotlib.figure").Figure()
    figure.text(0.5, 0.5, "ấ")  # reads the fonts
    for suffix in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=suffix)


def rehearse(config: WarmConfig) -> None:
    """Run the cells of the rehearsal notebook, so that what libraries keep of a first run is there for every kernel.

    Errors are left for the kernels to report. A rehearsal that takes too long ends this process, also in C code; then
    kernels are forked from a process without rehearsal.
    """
    signal.alarm(config.rehearsal_seconds)
    names: dict[str, object] = {"__name__": "__main__"}
    with private_folder() as folder, warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("always")  # otherwise a warning that was shown here is shown by no kernel
        cells = json.loads(Path(config.rehearsal_notebook).read_text(encoding="utf-8"))["cells"]
        null = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  closed by the next line
        with null, redirect_stdout(null), redirect_stderr(null), chdir(folder):
            for cell in cells:
                if cell["cell_type"] == "code":
                    exec("".join(cell["source"]), names)
                if "parameters" in cell["metadata"].get("tags", ()):
                    names.update(config.rehearsal_parameters)
    signal.alarm(0)


class KernelServer:
    """Fork a kernel for each request and end it with whoever has requested it."""

    def __init__(self, owner: socket.socket, listener: socket.socket | None, config: WarmConfig) -> None:
        self._owner, self._config, self._running = owner, config, True
        self._kernels: dict[int, socket.socket] = {}  # the channel of each kernel, by its process
        self._wake_r, self._wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector = selectors.PollSelector()  # unlike that of epoll, nothing of it is shared with forked processes
        self._selector.register(self._wake_r, selectors.EVENT_READ, self._drain_wake_pipe)
        self._selector.register(owner, selectors.EVENT_READ, self._answer_request)
        if listener:
            self._selector.register(listener, selectors.EVENT_READ, self._accept_client)

    def run(self) -> None:
        """Answer requests until the owner ends, then kill all kernels."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_w, warn_on_full_buffer=False)
        _freeze_objects()
        while self._running:
            for key, _ in self._selector.select():
                key.data(key.fileobj)
            self._reap_kernels()
        for pid in self._kernels:
            kill_group(pid)
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
                _kill_detached()

    def _drain_wake_pipe(self, wake_r: int) -> None:
        os.read(wake_r, 4096)

    def _accept_client(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        self._selector.register(client, selectors.EVENT_READ, self._answer_request)

    def _answer_request(self, client: socket.socket) -> None:
        try:
            request, descriptors, *_ = socket.recv_fds(client, 1, 2)
        except OSError:
            request, descriptors = b"", []
        if descriptors:
            self._fork_kernel(socket.socket(fileno=descriptors[0]), descriptors[1])
        elif request == KERNEL:
            pass  # no file handles are left for its channel, whose end tells the client
        elif request == REHEARSAL:
            rehearse(self._config)
            _freeze_objects()
        elif client is self._owner:
            self._running = False
        else:
            self._selector.unregister(client)
            client.close()

    def _fork_kernel(self, channel: socket.socket, request: int) -> None:
        try:
            pid = os.fork()
        except OSError:  # no memory, or no process numbers
            with suppress(OSError):
                _report(channel, no_process=1)
            channel.close()
        else:
            if not pid:
                self._close_in_child()
                _run_kernel(channel, request)
            self._kernels[pid] = channel
            self._selector.register(channel, selectors.EVENT_READ, self._kill_kernel)
        os.close(request)

    def _close_in_child(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for channel in (*(key.fileobj for key in self._selector.get_map().values()), *self._kernels.values()):
            if isinstance(channel, socket.socket):
                channel.close()
        os.close(self._wake_r)
        os.close(self._wake_w)

    def _kill_kernel(self, channel: socket.socket) -> None:
        """Kill the kernel whose client has ended: a client sends nothing on this channel."""
        self._selector.unregister(channel)
        for pid in [pid for pid, other in self._kernels.items() if other is channel]:
            kill_group(pid)

    def _reap_kernels(self) -> None:
        """Report the end of each kernel that has ended, and kill what it has left running."""
        with suppress(ChildProcessError):
            while status := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                kill_group(status.si_pid)  # before it is reaped: until then no other process can have its number
                _, exit_status = os.waitpid(status.si_pid, 0)
                channel = self._kernels.pop(status.si_pid, None)
                if not self._kernels:
                    _kill_detached()
                if channel is not None:
                    with suppress(KeyError):
                        self._selector.unregister(channel)
                    with suppress(OSError):
                        _report(channel, exit=os.waitstatus_to_exitcode(exit_status))
                    channel.close()


def _freeze_objects() -> None:
    """Keep the garbage collector off the objects that forked processes share."""
    gc.collect()
    gc.freeze()


def _kill_detached() -> None:
    """Kill, when no kernel runs, what kernels have left in other sessions, and this process has adopted."""
    with suppress(OSError):
        for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text("utf-8").split():
            kill_group(int(pid))


def _report(channel: socket.socket, **fields: int | str) -> None:
    channel.sendall(json.dumps(fields).encode() + b"\n")


def _run_kernel(channel: socket.socket, request: int) -> None:
    """Read the request and be that kernel until it ends, in the child. Does not return."""
    code = 1
    try:
        os.setsid()
        die_with_parent()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 2):  # the owner's channel, and the log of the warm process
            os.dup2(null, descriptor)
        os.close(null)
        os.lseek(request, 0, os.SEEK_SET)
        with open(request, encoding="utf-8") as file:
            _become_kernel(channel, **json.load(file))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        with suppress(OSError):
            _report(channel, error="".join(traceback.format_exception_only(error)).strip())
    finally:
        # What the interpreter does at its end, without taking a thousand modules apart.
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        os._exit(code)


def _become_kernel(channel: socket.socket, arguments: list[str], cwd: str, env: Mapping[str, str], plain: bool) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["ipykernel_launcher.py", *arguments]
    import_module("numpy").random.seed()  # otherwise every child draws the same; `random` reseeds itself
    app_class = plain_kernel_app() if plain else import_module("ipykernel.kernelapp").IPKernelApp
    app = app_class.instance()
    app.initialize(arguments)
    import_module("ipywidgets").load_ipython_extension(app.shell)  # seaborn imported it when there was no kernel
    _report(channel, pid=os.getpid())
    channel.close()
    app.start()
    app.control_thread.join(1)  # it still answers; if it is closed meanwhile, it waits ten seconds for a flush
