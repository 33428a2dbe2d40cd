"""Build batches in the process of the tests, on kernels of one warm process: for tests that are not about processes."""

from contextlib import contextmanager

import matplotlib as mpl
import pytest

from bhyt_analysis.batch import build, engine_check, runner, scheduler
from bhyt_analysis.engine import warm_process
from bhyt_analysis.engine.warm_process import WarmProcess

assert mpl.__version__  # it is loaded before the environment names the backend of kernels


class KeptProcess(WarmProcess):
    """The process that kernels are forked from; it ends with the tests, and not with a batch."""

    kept, is_rehearsed = None, False

    @classmethod
    def start(cls, config, shared=False):
        if cls.kept is None or not cls.kept.is_alive:
            cls.kept = super().start(config)
        warm_process._process = cls.kept
        return cls.kept

    def request_rehearsal(self):
        """Request the first rehearsal only."""
        if not self.is_rehearsed:
            self.is_rehearsed = True
            super().request_rehearsal()

    def close(self):
        """Keep it for the next batch."""

    @classmethod
    def end(cls):
        if cls.kept is not None:
            WarmProcess.close(cls.kept)


def run_all(tasks, workers, prepare, build, with_rows):
    while tasks:
        job = with_rows(tasks.popleft())
        yield job, build(job)


@contextmanager
def batches_here():
    """Build the areas of batches in this process, one after another."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in build.warm_config().environment().items():
            patch.setenv(name, value)
        patch.setattr(scheduler, "run_all", run_all)
        patch.setattr(runner, "WarmProcess", KeptProcess)
        patch.setattr(warm_process, "_process", None)
        patch.setattr(warm_process, "_failure", None)
        for module in (build, engine_check):
            patch.setattr(module, "end_descendants", lambda keep: None)  # which are those of the tests
        yield
