"""Start Jupyter kernels that are forked from a warm process.

`WarmProvisioner` serves papermill through `papermill_engine`, and any other program of Jupyter, such as Voilà, by
``JUPYTER_DEFAULT_PROVISIONER_NAME=bhyt-warm``. A warm kernel differs from a cold one in one way: libraries that the
warm process has loaded come before files of the same name beside the notebook (``html.py`` hides nothing).
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Type

from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.config import INLINE_CHARTS, START_SECONDS
from bhyt_analysis.engine.private_folders import create_folder, delete_folder
from bhyt_analysis.engine.warm_process import ENDED, NO_ANSWER, WarmStartError, WarmWarning
from bhyt_analysis.i18n.messages import BhytError

ATTEMPTS = 2  # to have a kernel forked
END_SECONDS = 30  # for a kernel that was killed
LAUNCHER, PLAIN_KERNEL = "ipykernel_launcher", "bhyt_analysis.engine.plain_kernel"


class KernelStartError(BhytError):
    """A forked kernel could not start."""


class ForkedKernel:
    """A kernel as its provisioner uses it: like a Popen, for a process that is the child of another one."""

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket) -> None:
        self._channel, self._buffer = channel, b""
        self.pid = 0
        self.returncode: int | None = None
        self.parent_died = False

    async def wait_until_ready(self) -> None:
        """Wait until the kernel listens; `WarmStartError` if the warm process ends, `BhytError` if the kernel does."""
        while not self.pid:
            self._receive(await asyncio.get_running_loop().sock_recv(self._channel, 65536))
            if self.parent_died:
                raise WarmStartError()
            if self.returncode is not None and not self.pid:
                raise BhytError(("engine.kernel_exited", {"status": self.returncode}))

    async def wait_for_exit(self) -> int:
        """Wait for the end and return the exit status, negative the signal."""
        while self.returncode is None:
            self._receive(await asyncio.get_running_loop().sock_recv(self._channel, 65536))
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        with suppress(BlockingIOError):
            while self.returncode is None:
                self._receive(self._channel.recv(65536))
        return self.returncode

    def wait(self) -> int:
        """Wait for the end without an event loop; TimeoutError if a process that was killed does not end."""
        deadline = time.monotonic() + END_SECONDS
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} does not end")
            select.select([self._channel], [], [], END_SECONDS)
        return self.returncode or 0

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel alone; before it has reported its number, it can only be ended."""
        if self.pid and self.poll() is None:
            os.kill(self.pid, signum)
        elif not self.pid:
            self._channel.close()
            self.returncode = -signum

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)

    terminate = kill

    def _receive(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            report = json.loads(line)
            if "error" in report:
                raise KernelStartError(("engine.kernel_not_started", {"reason": report["error"]}))
            if "no_process" in report:
                raise BhytError(("error.no_process", {}))
            self.pid = report.get("pid", self.pid)
            self.returncode = report.get("exit")
        if not data and self.returncode is None:  # the process that reports is dead, and does not end the kernel either
            self.returncode, self.parent_died = -signal.SIGKILL, True
            if self.pid:
                with suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
        if self.returncode is not None:
            self._channel.close()


class WarmProvisioner(LocalProvisioner):
    """Fork the Python kernels of this environment; start others as usual."""

    async def launch_kernel(
        self, cmd: list[str], *, env: Mapping[str, str] = os.environ, cwd: str | Path | None = None, **kwargs: object
    ) -> KernelConnectionInfo:
        """Fork the kernel and wait until it listens; where that fails, start the kernel as usual."""
        module = next((m for m in (LAUNCHER, PLAIN_KERNEL) if m in cmd), "")
        is_ours = module and Path(cmd[0]).absolute() == Path(sys.executable)
        if not (is_ours and warm_process.is_supported()):
            return await super().launch_kernel(cmd, env=env, cwd=cwd, **kwargs)
        arguments = cmd[cmd.index(module) + 1 :]
        self.cwd = folder = str(cwd or Path.cwd())
        environment = {**env, "JPY_PARENT_PID": str(os.getpid())}
        try:
            kernel = await self._fork(arguments, folder, environment, module == PLAIN_KERNEL)
        except (WarmStartError, KernelStartError) as error:  # one that is started has more memory for itself
            warnings.warn(str(error), WarmWarning, stacklevel=2)
            return await super().launch_kernel(cmd, env=env, cwd=cwd, **kwargs)
        self.pid = self.pgid = kernel.pid
        return self.connection_info

    async def _fork(self, arguments: list[str], cwd: str, env: Mapping[str, str], plain: bool) -> ForkedKernel:
        """Return a kernel that listens; `WarmStartError` if the warm process has ended before, and so has a new one."""
        start, reason = time.monotonic(), ""
        for _ in range(ATTEMPTS):  # the process may have been killed, which says nothing about the next one
            process = None
            try:
                process = warm_process.current_process()
                kernel = ForkedKernel(process.request_kernel(arguments, cwd, env, plain))
                self.process = kernel  # type: ignore[assignment]
                try:
                    await asyncio.wait_for(kernel.wait_until_ready(), START_SECONDS)
                except BaseException:
                    kernel.kill()
                    raise
                return kernel
            except (OSError, WarmStartError) as error:
                if warm_process.failure():
                    raise
                is_slow = isinstance(error, TimeoutError)
                reason = (process.death_reason() if process else str(error)) or (NO_ANSWER if is_slow else ENDED)
                if time.monotonic() - start > START_SECONDS / 2:  # the next one would be as slow
                    break
        raise warm_process.give_up(reason)


class WarmKernelClient(AsyncKernelClient):
    """A client that begins as soon as the kernel has answered, instead of after a fixed idle wait."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until an answer has come on both channels."""
        deadline = time.monotonic() + (timeout or START_SECONDS)
        while time.monotonic() < deadline:
            request = self.kernel_info()
            with suppress(Empty, TimeoutError):
                self._handle_kernel_info_reply(await self._async_recv_reply(request, timeout=1))
                while True:  # the end of this request: what is published after it belongs to the cells
                    message = await self._async_get_iopub_msg(timeout=0.1)
                    is_idle = message["content"].get("execution_state") == "idle"
                    if is_idle and message["parent_header"].get("msg_id") == request:
                        return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")


class PrivateKernelManager(AsyncKernelManager):
    """A manager of one kernel, whose sockets are files in a folder of its own where there are such sockets.

    Ports of TCP are sometimes lost to other programs, and jupyter's names of such files collide between workers.
    """

    plain = Bool(False, config=True, help="no configuration of IPython, and no kernel specification, of the user")
    provisioner_class: type[LocalProvisioner] | None = None  # None: as the kernel specification says
    _folder = ""

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, object]]:
        if not self._folder and (self.plain or os.name == "posix"):
            self._folder = create_folder()
        if os.name == "posix":
            self.transport, self.ip = "ipc", str(Path(self._folder, "k"))
            self.connection_file = str(Path(self._folder, "kernel.json"))
        if self.plain:
            self._kernel_spec = self._plain_specification()
        provisioner_class = self.provisioner_class or (LocalProvisioner if self.plain else None)
        if provisioner_class and self.provisioner is None:
            kernel_id = self.kernel_id or ""
            self.provisioner = provisioner_class(parent=self, kernel_spec=self.kernel_spec, kernel_id=kernel_id)
        return await super()._async_pre_start_kernel(**kwargs)

    def _plain_specification(self) -> KernelSpec:
        folder = f"--BaseIPythonApplication.ipython_dir={self._folder}"
        command = [sys.executable, "-m", PLAIN_KERNEL, "-f", "{connection_file}", folder]
        return KernelSpec(argv=command, env=INLINE_CHARTS, language="python", display_name="Python 3")

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if self._folder and not restart:
            delete_folder(self._folder)

    cleanup_resources = _async_cleanup_resources


class WarmKernelManager(PrivateKernelManager):
    """A manager of one forked kernel, which waits for its end instead of polling ten times a second."""

    client_factory = Type(WarmKernelClient)
    provisioner_class = WarmProvisioner

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        kernel = getattr(self.provisioner, "process", None)
        if isinstance(kernel, ForkedKernel):
            await kernel.wait_for_exit()
        else:
            await super()._async_wait(pollinterval)
