"""Run notebooks by papermill within limits, on warm kernels or on Jupyter's own.

Both engines end a notebook that takes too long or writes too much, report how a kernel died, and accept only
parameters that the notebook has.
"""

from __future__ import annotations

import signal
from time import monotonic
from typing import Any

import zmq
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.log import logger
from traitlets import Float, Int
from traitlets.config import Config

from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.engine.provisioner import PrivateKernelManager, WarmKernelManager
from bhyt_analysis.i18n.messages import BhytError, translate

OUTPUT_BYTES = 20_000_000
REPLY_SECONDS = 120  # for a kernel to begin a cell, and to say that it has ended
OUTPUT_MESSAGES = ("stream", "display_data", "execute_result", "update_display_data", "error")


class NotebookTimeoutError(BhytError):
    """A cell, or the whole notebook, took too long."""


class WarmProcessDiedError(BhytError):
    """The process that the kernel was forked from died, and the kernel with it: perhaps because of another notebook."""


class LimitedClient(PapermillNotebookClient):
    """Papermill's client, with limits on a whole notebook."""

    notebook_timeout = Float(None, allow_none=True, help="seconds for all cells together")
    output_limit = Int(OUTPUT_BYTES, help="bytes of output of one cell")
    _deadline = float("inf")
    _output_bytes = 0
    _silent_since: float | None = None  # when an answer of the kernel became due; None while it runs a cell
    _process: Any = None  # of the kernel, also when its manager has gone

    async def async_start_new_kernel(self, **kwargs: object) -> None:
        """Start the kernel; remember its process, which says how it ended."""
        await super().async_start_new_kernel(**kwargs)
        self._process = self.km.provisioner.process

    start_new_kernel = run_sync(async_start_new_kernel)

    def execute(self, **kwargs: object) -> NotebookNode:
        """Run the notebook; `WarmProcessDiedError` also if the process died before the first cell or after the last."""
        try:
            return super().execute(**kwargs)
        except (RuntimeError, DeadKernelError) as error:
            if getattr(self._process, "parent_died", False):
                raise self._killed_error(WarmProcessDiedError) from None
            if isinstance(error, DeadKernelError):
                raise self._death_error() or error from None
            raise BhytError(("engine.kernel_not_started", {"reason": str(error)})) from error

    def papermill_execute_cells(self) -> None:
        """Run the cells; `BhytError` for a limit that was passed or a kernel that died.

        Papermill itself would mark the rest of the cells as completed.
        """
        if self.notebook_timeout:
            self._deadline = monotonic() + self.notebook_timeout
        try:
            super().papermill_execute_cells()
        except BaseException as error:
            self.shutdown_kernel = "immediate"  # a kernel that does not answer is not requested to end
            if isinstance(error, CellTimeoutError):
                raise self._timeout_error(error) from None
            if isinstance(error, DeadKernelError) and (reason := self._death_error()):
                raise reason from None
            raise

    def _timeout_error(self, error: CellTimeoutError) -> NotebookTimeoutError:
        if "IOPub" in str(error):  # the cell has ended, but not what it shows
            return NotebookTimeoutError(("engine.kernel_silent", {"seconds": self.iopub_timeout}))
        if monotonic() >= self._deadline:
            return NotebookTimeoutError(("engine.notebook_timeout", {"seconds": self.notebook_timeout}))
        return NotebookTimeoutError(("engine.cell_timeout", {"seconds": self.timeout}))

    def _death_error(self) -> BhytError | None:
        """Return how the kernel died; None if there is no way to know."""
        if self._output_bytes > self.output_limit:
            return BhytError(("engine.output_limit", {"megabytes": self.output_limit / 1e6}))
        if self._is_silent():
            return BhytError(("engine.kernel_silent", {"seconds": REPLY_SECONDS}))
        if self._process is None or (status := self._process.poll()) is None:
            return None
        if status >= 0:
            return BhytError(("engine.kernel_exited", {"status": status}))
        return self._killed_error(WarmProcessDiedError if getattr(self._process, "parent_died", False) else BhytError)

    def _killed_error(self, error_type: type[BhytError]) -> BhytError:
        return error_type(("engine.kernel_killed", {"signal": signal.Signals(-self._process.returncode).name}))

    def _get_timeout(self, cell: NotebookNode | None) -> float | None:
        cell_timeout: float | None = super()._get_timeout(cell)
        if self._deadline == float("inf"):
            return cell_timeout
        remaining = max(self._deadline - monotonic(), 0.001)
        return remaining if cell_timeout is None else min(cell_timeout, remaining)

    async def async_execute_cell(self, *args: object, **kwargs: object) -> NotebookNode:
        """Run a cell, which has written nothing yet."""
        self._output_bytes, self._silent_since = 0, monotonic()
        return await super().async_execute_cell(*args, **kwargs)

    execute_cell = run_sync(async_execute_cell)

    def _is_silent(self) -> bool:
        return self._silent_since is not None and monotonic() - self._silent_since > REPLY_SECONDS

    async def _async_check_alive(self) -> None:
        """Take a kernel for dead also if it lives and does not answer: without memory it may have lost the message."""
        if self._is_silent():
            raise DeadKernelError("no answer")
        await super()._async_check_alive()

    def process_message(self, msg: dict[str, Any], *args: object, **kwargs: object) -> NotebookNode | None:
        """Keep the output of a cell up to the limit; then end the notebook and write so into the cell."""
        if msg["msg_type"] == "status":
            is_idle = msg["content"]["execution_state"] == "idle"
            self._silent_since = monotonic() if is_idle else None
        if msg["msg_type"] in OUTPUT_MESSAGES and self._output_bytes <= self.output_limit:
            self._output_bytes += _content_bytes(msg["content"])
            if self._output_bytes > self.output_limit:
                text = translate("engine.output_limit", "en", megabytes=self.output_limit / 1e6)
                msg = {**msg, "msg_type": "stream", "content": {"name": "stderr", "text": text}}
                msg["header"] = {**msg["header"], "msg_type": "stream"}
                assert self.task_poll_for_reply is not None
                self.task_poll_for_reply.cancel()  # what nbclient itself does when a kernel is dead
        elif msg["msg_type"] in OUTPUT_MESSAGES:
            return None
        output = super().process_message(msg, *args, **kwargs)
        # An output widget has sent its state on the socket on which the reply to the cell is awaited, past asyncio. A
        # reply that has come just before would not be noticed, and waited for without end.
        self.kc.shell_channel.socket.get(zmq.EVENTS)
        return output


def _content_bytes(content: object) -> int:
    if isinstance(content, dict):
        return sum(_content_bytes(v) for v in content.values())
    return len(content) if isinstance(content, str) else 8


def exited_early(notebook: NotebookNode) -> bool:
    """Return whether a cell of an executed notebook has called ``sys.exit``, which papermill takes for success."""
    cells = [c for c in notebook.cells if "raises-exception" not in c.metadata.get("tags", [])]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return any(o["output_type"] == "error" and o["ename"] == "SystemExit" for o in outputs)


class StandardEngine(NBClientEngine):
    """An engine that runs a notebook on a kernel that Jupyter starts."""

    manager: type[PrivateKernelManager] = PrivateKernelManager

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: object
    ) -> NotebookNode:
        """Run the notebook; `BhytError` for a parameter that it does not have, before its kernel starts.

        ``options`` are those of papermill, and ``notebook_timeout`` and ``output_limit`` of `LimitedClient`. With
        ``plain_kernel`` the kernel is made of this environment's Python alone: no configuration of IPython is read, and
        no kernel specification.
        """
        check_parameters(nb_man.nb, nb_man.nb.metadata.papermill.get("parameters", {}))
        options.pop("input_path", None)
        options["startup_timeout"] = options.pop("start_timeout", 60)
        options["timeout"] = options.pop("execution_timeout", None) or options.get("timeout")
        options["config"] = Config(PrivateKernelManager={"plain": options.pop("plain_kernel", False)})
        options |= {"kernel_name": kernel_name, "kernel_manager_class": cls.manager, "log": logger}
        return LimitedClient(nb_man, **options).execute()


class WarmEngine(StandardEngine):
    """An engine that runs a notebook on a kernel that is forked from a warm process."""

    manager = WarmKernelManager
