"""How does a notebook get a kernel that is warm from the start? It is forked, and all else stays Jupyter's own.

`WarmProvisioner` stands where jupyter_client starts a process: the kernel that it hands
out speaks the whole protocol. It serves papermill through `engine`, and any other program
of Jupyter, such as Voilà, by ``JUPYTER_DEFAULT_PROVISIONER_NAME=bhyt-warm``. What is not a
Python kernel of this environment is started as ever.

A warm kernel differs from a cold one in this: libraries that the forked process has loaded
come before files of the same name beside the notebook (``html.py`` hides nothing), while the
notebook's folder is its working directory and stands in ``sys.path`` as in any kernel.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Type

from bhyt_analysis.engine import warm_process

START_SECONDS = 120  # the libraries of a machine that is busy, from a disk that is slow


class ForkedKernel:
    """A kernel as its provisioner sees it: like a Popen, for a process that is another one's child."""

    stdin = stdout = stderr = None

    def __init__(self, line: socket.socket) -> None:
        self._line, self._heard = line, b""
        self.pid = 0
        self.returncode: int | None = None
        self.orphaned = False

    async def started(self) -> None:
        """Wait until the kernel listens; RuntimeError, with its own words, if it can't."""
        while not self.pid:
            self._hear(await asyncio.get_running_loop().sock_recv(self._line, 65536))
            if self.returncode is not None and not self.pid:
                raise RuntimeError("the kernel ended before it was ready")

    async def ended(self) -> int:
        """Wait for the end; the exit status, negative the signal."""
        while self.returncode is None:
            self._hear(await asyncio.get_running_loop().sock_recv(self._line, 65536))
        return self.returncode

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        with suppress(BlockingIOError):
            while self.returncode is None:
                self._hear(self._line.recv(65536))
        return self.returncode

    def wait(self) -> int:
        """Wait for the end without an event loop."""
        while self.poll() is None:
            select.select([self._line], [], [])
        return self.returncode or 0

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel alone; before it has told its number, only to end it is possible."""
        if self.pid and self.poll() is None:
            os.kill(self.pid, signum)
        elif not self.pid:
            self._line.close()
            self.returncode = -signum

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    terminate = kill

    def _hear(self, data: bytes) -> None:
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if "error" in told:
                raise RuntimeError(told["error"])
            self.pid = told.get("pid", self.pid)
            self.returncode = told.get("exit")
        if not data and self.returncode is None:  # who would have told us is dead: nobody else ends the kernel
            self.returncode, self.orphaned = -signal.SIGKILL, True
            if self.pid:
                with suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
        if self.returncode is not None:
            self._line.close()


class WarmProvisioner(LocalProvisioner):
    """Kernels of this Python environment are forked; others are started as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel and wait until it listens."""
        if (
            not warm_process.usable()
            or "ipykernel_launcher" not in cmd
            or Path(cmd[0]).absolute() != Path(sys.executable)
        ):
            return await super().launch_kernel(cmd, **kwargs)
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.cwd = kwargs.get("cwd") or str(Path.cwd())
        env = {**kwargs.get("env", os.environ), "JPY_PARENT_PID": str(os.getpid())}
        kernel = ForkedKernel(warm_process.zygote().fork(arguments, str(self.cwd), env))
        self.process = kernel  # type: ignore[assignment]
        try:
            await asyncio.wait_for(kernel.started(), START_SECONDS)
        except BaseException:
            kernel.kill()
            raise
        self.pid = self.pgid = kernel.pid
        return self.connection_info


class WarmKernelClient(AsyncKernelClient):
    """A client that begins as soon as the kernel has answered, instead of after a fixed idle wait."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until an answer has come on both channels."""
        until = time.monotonic() + (timeout or START_SECONDS)
        while time.monotonic() < until:
            asked = self.kernel_info()
            with suppress(Empty, TimeoutError):
                self._handle_kernel_info_reply(await self._async_recv_reply(asked, timeout=1))
                while True:  # the end of the same question: what is told from here on is of the cells
                    told = await self._async_get_iopub_msg(timeout=0.1)
                    of_this = told["parent_header"].get("msg_id") == asked
                    if of_this and told["content"].get("execution_state") == "idle":
                        return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")


class PrivateKernelManager(AsyncKernelManager):
    """A manager of one kernel, whose sockets are files in a folder of its own where there are such sockets.

    Ports of TCP are lost to other programs now and then, and the names that jupyter gives
    to such files collide between workers.
    """

    _folder = ""

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        if os.name == "posix" and not self._folder:
            self._folder = warm_process.socket_folder()
            self.transport, self.ip = "ipc", str(Path(self._folder, "k"))
            self.connection_file = str(Path(self._folder, "kernel.json"))
        return await super()._async_pre_start_kernel(**kwargs)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if self._folder and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


class WarmKernelManager(PrivateKernelManager):
    """A manager of one forked kernel, which waits for its end instead of looking for it ten times a second."""

    client_factory = Type(WarmKernelClient)

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        if self.provisioner is None:
            self.provisioner = WarmProvisioner(
                parent=self, kernel_spec=self.kernel_spec, kernel_id=self.kernel_id or ""
            )
        return await super()._async_pre_start_kernel(**kwargs)

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        kernel = getattr(self.provisioner, "process", None)
        if isinstance(kernel, ForkedKernel):
            await kernel.ended()
        else:
            await super()._async_wait(pollinterval)
