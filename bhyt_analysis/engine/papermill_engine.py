"""With which limits does papermill run a notebook, and on which kernel? Two engines that differ in the kernel alone.

``bhyt-warm`` takes kernels that are forked from a warmed process (`provisioner`), ``bhyt-standard``
takes Jupyter's own. Both stop a notebook that takes too long or writes too much, tell how a
kernel died, and accept only parameters that the notebook has.
"""

from __future__ import annotations

import signal
from time import monotonic
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger
from traitlets import Float, Int

from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.engine.provisioner import PrivateKernelManager, WarmKernelManager
from bhyt_analysis.i18n.messages import BhytError, translate

OUTPUT_BYTES = 20_000_000
SHOWN = ("stream", "display_data", "execute_result", "update_display_data", "error")


class AreaTimeoutError(BhytError):
    """A cell, or the whole notebook, took too long."""


class OrphanedError(BhytError):
    """The process that the kernel was forked from died, and the kernel with it: perhaps by another notebook."""


class LimitedClient(PapermillNotebookClient):
    """Papermill's client, with limits on a whole notebook."""

    notebook_timeout = Float(None, allow_none=True, help="seconds for all cells together")
    output_limit = Int(OUTPUT_BYTES, help="bytes that one cell may show")
    _until = float("inf")
    _shown = 0

    def papermill_execute_cells(self) -> None:
        """Run the cells.

        Raises
        ------
        BhytError
            one sentence: which limit was passed, or how the kernel died. Papermill itself
            would leave the rest of the cells marked as completed.
        """
        if self.notebook_timeout:
            self._until = monotonic() + self.notebook_timeout
        try:
            super().papermill_execute_cells()
        except BaseException as error:
            self.shutdown_kernel = "immediate"  # nobody asks a kernel politely that does not answer
            if isinstance(error, CellTimeoutError):
                late = monotonic() >= self._until
                seconds = self.notebook_timeout if late else self.timeout
                key = "error.area_notebook_timeout" if late else "error.area_timeout"
                raise AreaTimeoutError((key, {"seconds": seconds})) from None
            if isinstance(error, DeadKernelError):
                if self._shown > self.output_limit:
                    raise BhytError(("error.area_output", {"megabytes": self.output_limit / 1e6})) from None
                kind = OrphanedError if getattr(self.km.provisioner.process, "orphaned", False) else BhytError
                raise kind(_death(self.km)) from None
            raise

    def _get_timeout(self, cell: Any) -> Any:
        own = super()._get_timeout(cell)
        if self._until == float("inf"):
            return own
        left = max(self._until - monotonic(), 0.001)
        return left if own is None else min(own, left)

    async def async_execute_cell(self, *args: Any, **kwargs: Any) -> Any:
        """Run a cell, which has shown nothing yet."""
        self._shown = 0
        return await super().async_execute_cell(*args, **kwargs)

    execute_cell = run_sync(async_execute_cell)

    def process_message(self, msg: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep what a cell shows, up to the limit; then end the notebook and say so in the cell."""
        if msg["msg_type"] in SHOWN and self._shown <= self.output_limit:
            self._shown += _size(msg["content"])
            if self._shown > self.output_limit:
                text = translate("error.area_output", "en", megabytes=self.output_limit / 1e6)
                msg = {**msg, "msg_type": "stream", "content": {"name": "stderr", "text": text}}
                msg["header"] = {**msg["header"], "msg_type": "stream"}
                assert self.task_poll_for_reply is not None
                self.task_poll_for_reply.cancel()  # what nbclient does itself when a kernel is dead
        elif msg["msg_type"] in SHOWN:
            return None
        return super().process_message(msg, *args, **kwargs)


def _size(content: Any) -> int:
    """The bytes of what a message shows."""
    if isinstance(content, dict):
        return sum(_size(v) for v in content.values())
    return len(content) if isinstance(content, str) else 8


def _death(manager: Any) -> tuple[str, dict[str, Any]]:
    """How a kernel died, as the key of a sentence and its words."""
    process = getattr(manager.provisioner, "process", None)
    status = process.poll() if process is not None else None
    if status is None:
        return "error.area_died", {}
    if status >= 0:
        return "error.area_exited", {"status": status}
    return "error.area_killed", {"signal": signal.Signals(-status).name}


def exited_early(notebook: Any) -> bool:
    """Whether a cell of an executed notebook has called ``sys.exit``, which papermill takes for success."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", []) if "raises-exception" not in _tags(cell)]
    return any(o["output_type"] == "error" and o["ename"] == "SystemExit" for o in outputs)


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


class StandardEngine(NBClientEngine):
    """Runs a notebook on a kernel that Jupyter starts."""

    manager: type = PrivateKernelManager

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **options: Any,
    ) -> Any:
        """Run the notebook; papermill's options, and ``notebook_timeout`` and ``output_limit`` of `LimitedClient`.

        Raises
        ------
        BhytError
            for a parameter that the notebook does not have, before its kernel starts.
        """
        check_parameters(nb_man.nb, nb_man.nb.metadata.papermill.get("parameters", {}))
        options.pop("input_path", None)
        timeout = execution_timeout or options.pop("timeout", None)
        return LimitedClient(
            nb_man, kernel_name=kernel_name, kernel_manager_class=cls.manager, log=logger, log_output=log_output,
            stdout_file=stdout_file, stderr_file=stderr_file, startup_timeout=start_timeout, timeout=timeout, **options,
        ).execute()  # fmt: skip


class WarmEngine(StandardEngine):
    """Runs a notebook on a kernel that is forked from a warmed process."""

    manager = WarmKernelManager
