"""A real Dask cluster of two worker processes makes the areas; a worker that is killed loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bhyt_analysis.batch import cluster
from bhyt_analysis.batch.build import Job
from bhyt_analysis.domain.partitions import FOLDER, write_partition
from bhyt_analysis.i18n.messages import BhytError

from ..notebook_runs import copy_package

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are killed and counted in /proc")
CODES = ["536", "530", "531", "529"]  # Lý Sơn, Sơn Tây and others


class Cluster:
    """A scheduler and two workers, all with a package whose notebook notes where it ran."""

    def __init__(self, folder, *sources, workers=2):
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(copy_package(folder, *sources))}
        self.file = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--no-dashboard")
        self.workers = [self.worker() for _ in range(workers)]

    def start(self, *what):
        call = [sys.executable, "-m", "dask", *what, "--scheduler-file", str(self.file)]
        return subprocess.Popen(call, env=self.environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip

    def worker(self):
        return self.start("worker", "--nthreads", "1", "--no-dashboard", "--no-nanny")

    @property
    def address(self):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.file.exists() and self.file.stat().st_size:
                return json.loads(self.file.read_text())["address"]
            time.sleep(0.1)
        raise TimeoutError

    def briefs(self, out, *options):
        code = "from bhyt_analysis.cli import main; import sys; sys.exit(main())"
        call = [
            sys.executable,
            "-c",
            code,
            "brief",
            "--out",
            str(out),
            "--lang",
            "en",
            "--dask",
            self.address,
            *options,
        ]
        return subprocess.Popen(call, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip

    def end(self):
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def areas(out):
    return {
        a["area"]: (a["status"], a["error"]) for a in json.loads((out / "manifest.json").read_text("utf-8"))["areas"]
    }


def test_a_cluster_makes_every_area_and_a_killed_worker_loses_none(tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    # Each notebook notes who ran it; the first on each worker waits until the test has seen both.
    source = (
        "import os, pathlib, time, psutil\n"
        "worker = next(p for p in psutil.Process().parents() if 'worker' in p.cmdline())\n"
        f"pathlib.Path({str(log)!r}, f'{{area}}-{{worker.pid}}').touch()\n"
        f"while not os.path.exists({str(tmp_path / 'go')!r}):\n    time.sleep(0.1)"
    )
    them = Cluster(tmp_path, source)
    try:
        run = them.briefs(tmp_path / "out", "--area", *CODES)
        until = time.monotonic() + 120
        while len({p.name.split("-")[1] for p in log.iterdir()}) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        at_work = {p.name.split("-")[1] for p in log.iterdir()}
        assert at_work == {str(w.pid) for w in them.workers}
        os.kill(them.workers[0].pid, signal.SIGKILL)
        (tmp_path / "go").touch()
        told = run.communicate(timeout=180)
        assert run.returncode == 0, told
        assert areas(tmp_path / "out") == dict.fromkeys(CODES, ("done", None))
        # What the dead one had begun, and all else, the other made.
        assert {p.name for p in log.iterdir()} >= {f"{c}-{them.workers[1].pid}" for c in CODES}
        assert not (tmp_path / "out" / ".work").exists()
        again = them.briefs(tmp_path / "out", "--area", *CODES)
        assert "nothing was made again: 4 areas" in again.communicate(timeout=60)[1]
    finally:
        them.end()


def test_workers_of_another_version_are_told(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    them, other = Cluster(tmp_path / "a", "1", workers=1), copy_package(tmp_path / "b", "2")
    try:
        them.environment["PYTHONPATH"] = str(other)
        run = them.briefs(tmp_path / "out", "--area", "536")
        assert "These workers run another version (code, law or libraries)" in run.communicate(timeout=120)[1]
        assert run.returncode == 2
    finally:
        them.end()


def test_where_no_scheduler_answers_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with pytest.raises(BhytError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(cluster.run_on("tcp://127.0.0.1:9", [], "warm", None, None, tmp_path))


def test_a_worker_that_does_not_see_the_folder_sends_the_area_back(data, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, "")
    job = Job("536", "ly-son", str(tmp_path / "out"), {"area": "536", "data": None, "lang": "vi"}, None, None, "x")
    write_partition(tmp_path / "ready", None, "536", data)
    part = next((tmp_path / "ready").iterdir()).read_bytes()

    def make(mine):
        assert Path(mine.out) != tmp_path / "out"
        place = Path(mine.out, mine.slug, "charts")
        place.mkdir(parents=True)
        (place / "x.png").write_bytes(bytes(range(256)))
        return {"area": mine.area, "status": "done"}

    result, packed = cluster._make_there(job, part, str(tmp_path / "not there"), lambda: None, make)
    assert result == {"area": "536", "status": "done"}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".work").mkdir()
    cluster._unpack(job, packed)
    assert (tmp_path / "out" / "ly-son" / "charts" / "x.png").read_bytes() == bytes(range(256))
    token = tmp_path / "token"
    token.touch()
    shared = replace(job, out=str(tmp_path / "shared"))
    told, packed = cluster._make_there(shared, part, str(token), lambda: None, make)
    assert (told["status"], packed) == ("done", {})
    assert (tmp_path / "shared" / "ly-son" / "charts" / "x.png").exists()
