"""Workers that do not start, or do not answer, are ended and named; nothing waits for them without end."""

import os
import sys
import time
from collections import deque
from pathlib import Path

import pytest

from bhyt_analysis.batch import workers
from bhyt_analysis.batch.build import Job, area_result
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.i18n.messages import BhytError

from ..waiting import run

resource = pytest.importorskip("resource")


def jobs(count):
    options = BatchOptions(lang="en", notebook_timeout=1)
    return deque(Job(str(n), f"area-{n}", "out", {}, "", options) for n in range(count))


def load():
    """Load nothing."""


def refuse():
    raise MemoryError("no room")


def build(job):
    if job.area == "0":
        time.sleep(600)
    return area_result(job, "done")


def results(tasks, count, prepare=load):
    return {job.area: (r.status, r.error) for job, r in workers.run_all(tasks, count, prepare, build, lambda job: job)}


def test_a_worker_that_does_not_answer_is_ended_and_the_rest_go_on(monkeypatch):
    monkeypatch.setattr(workers, "REST_SECONDS", 2)
    error = "The process that made the briefing did not answer within its time and was ended"
    assert results(jobs(2), 1) == {"0": ("failed", error), "1": ("done", None)}


def test_a_worker_that_can_not_load_says_why():
    outcomes = results(jobs(2), 2, refuse)
    assert set(outcomes) == {"0", "1"}
    for status, error in outcomes.values():
        assert status == "failed"
        assert error.startswith("There is not enough memory; close other programs")


def test_a_system_that_starts_no_process_is_named(monkeypatch):
    def no_process(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(workers, "_Worker", no_process)
    with pytest.raises(BhytError, match="starts no more processes; close other"):
        results(jobs(2), 2)


def test_limits_too_low_for_briefings_are_named(monkeypatch):
    limits = {resource.RLIMIT_AS: 700_000 * 1024, resource.RLIMIT_NOFILE: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (limits[limit], resource.RLIM_INFINITY))
    assert workers.low_limits() == [("-v", 700_000, 1_536_000)]


def test_without_a_home_kernels_keep_files_in_a_temporary_folder(tmp_path):
    code = "import os; from bhyt_analysis.batch import workers; workers.prepare('', None)"
    code += "; print(os.environ['MPLCONFIGDIR'])"
    environment = {k: v for k, v in os.environ.items() if k != "MPLCONFIGDIR"}
    environment |= {"HOME": "/proc/none", "TMPDIR": str(tmp_path)}
    process = run([sys.executable, "-c", code], env=environment)
    assert (Path(process.stdout.strip()).parent, process.stderr) == (tmp_path, "")
