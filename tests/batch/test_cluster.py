"""A real Dask cluster of two worker processes builds the areas; a worker that is killed loses nothing."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch import cluster
from bhyt_analysis.batch.build import Job, area_result
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.domain.partitions import FILE_NAME, write_partition
from bhyt_analysis.i18n.messages import BhytError

from ..notebook_runs import copy_package
from ..waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are killed and counted in /proc")
CODES = ["536", "530", "531", "529"]  # Lý Sơn, Sơn Tây and others


class Cluster:
    """A scheduler and two workers, all with a package whose notebook notes where it ran."""

    def __init__(self, folder, *sources):
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(copy_package(folder, *sources))}
        self.file = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--no-dashboard")
        self.workers = [self.worker() for _ in range(2)]

    def start(self, *what):
        call = [sys.executable, "-m", "dask", *what, "--scheduler-file", str(self.file)]
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(call, env=self.environment, cwd=self.folder, start_new_session=True, **streams)

    def worker(self):
        return self.start("worker", "--nthreads", "1", "--no-dashboard", "--no-nanny")

    @property
    def address(self):
        wait_until(lambda: self.file.exists() and self.file.stat().st_size)
        return json.loads(self.file.read_text())["address"]

    def brief(self, out, *options):
        code = "from bhyt_analysis.cli import main; import sys; sys.exit(main())"
        command = ["brief", "--out", str(out), "--lang", "en", "--dask", self.address]
        call = [sys.executable, "-c", code, *command, *options]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(call, env=self.environment, cwd=self.folder, **streams)

    def end(self):
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def areas(out):
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return {a["area"]: (a["status"], a["error"]) for a in manifest["areas"]}


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A cluster whose notebooks note in ``log`` who ran them, and wait there until there is a file ``go``."""
    folder = tmp_path_factory.mktemp("cluster")
    log = folder / "log"
    log.mkdir()
    source = (
        "import os, pathlib, time, psutil\n"
        "worker = next(p for p in psutil.Process().parents() if 'worker' in p.cmdline())\n"
        f"pathlib.Path({str(log)!r}, f'{{area}}-{{worker.pid}}').touch()\n"
        f"while not os.path.exists({str(folder / 'go')!r}):\n    time.sleep(0.1)"
    )
    dask = Cluster(folder, source)
    yield dask
    dask.end()


def test_a_cluster_builds_every_area_and_a_killed_worker_loses_none(dask, tmp_path):
    log = dask.folder / "log"
    run = dask.brief(tmp_path / "out", "--area", *CODES)
    wait_until(lambda: len({p.name.split("-")[1] for p in log.iterdir()}) == 2)
    at_work = {p.name.split("-")[1] for p in log.iterdir()}
    assert at_work == {str(w.pid) for w in dask.workers}
    os.kill(dask.workers[0].pid, signal.SIGKILL)
    (dask.folder / "go").touch()
    streams = run.communicate(timeout=180)
    assert run.returncode == 0, streams
    assert areas(tmp_path / "out") == dict.fromkeys(CODES, ("done", None))
    # The other one built what the dead one had begun, and the rest.
    assert {p.name for p in log.iterdir()} >= {f"{c}-{dask.workers[1].pid}" for c in CODES}
    assert not (tmp_path / "out" / ".work").exists()
    again = dask.brief(tmp_path / "out", "--area", *CODES)
    assert "Nothing has changed: 4 areas kept as before" in again.communicate(timeout=60)[1]


def test_workers_of_another_version_are_named(dask, tmp_path, monkeypatch):
    monkeypatch.setitem(dask.environment, "PYTHONPATH", str(copy_package(tmp_path, "2")))
    run = dask.brief(tmp_path / "out", "--area", "536")
    assert "These workers run another version (code, law or libraries)" in run.communicate(timeout=120)[1]
    assert run.returncode == 2


def test_a_scheduler_that_is_killed_ends_the_batch_with_a_sentence(dask, tmp_path):
    (dask.folder / "go").unlink(missing_ok=True)
    run = dask.brief(tmp_path / "out", "--area", "526")
    wait_until(lambda: list(dask.folder.glob("log/526-*")) or run.poll() is not None)
    os.kill(dask.scheduler.pid, signal.SIGKILL)  # so this is the last test of the cluster
    errors = run.communicate(timeout=180)[1]
    assert "The connection to the Dask scheduler at" in errors, errors
    assert run.returncode == 2
    assert (tmp_path / "out" / "manifest.json").exists()


def test_an_address_without_a_scheduler_is_named(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with pytest.raises(BhytError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(cluster.run_on("tcp://127.0.0.1:9", [], "warm", None, None, None))


def test_a_worker_that_does_not_see_the_folder_sends_the_area_back(data, tmp_path):
    job = Job("536", "ly-son", str(tmp_path / "out"), {"area": "536", "data": None}, "x", BatchOptions())
    part = (write_partition(tmp_path / "ready", data) / FILE_NAME).read_bytes()

    def build(job):
        assert Path(job.out) != tmp_path / "out"
        assert job.partition is None or len(bhyt.load(job.partition, job.area).areas) == len(data.areas)
        folder = Path(job.out, job.slug, "charts")
        folder.mkdir(parents=True)
        (folder / "x.png").write_bytes(bytes(range(256)))
        return area_result(job, "done")

    result, archives = cluster._build_remotely(job, part, str(tmp_path / "not there"), lambda: None, build)
    assert result == area_result(job, "done")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".work").mkdir()
    cluster._unpack(job, archives)
    assert (tmp_path / "out" / "ly-son" / "charts" / "x.png").read_bytes() == bytes(range(256))
    token = tmp_path / "token"
    token.touch()
    shared = replace(job, out=str(tmp_path / "shared"))
    result, archives = cluster._build_remotely(shared, part, str(token), lambda: None, build)
    assert (result.status, archives) == ("done", {})
    assert (tmp_path / "shared" / "ly-son" / "charts" / "x.png").exists()


def test_a_worker_whose_batch_has_been_killed_publishes_nothing(data, tmp_path):
    job = Job("536", "ly-son", str(tmp_path), {"area": "536", "data": None}, "x", BatchOptions())
    token = tmp_path / ".work" / "token"
    token.parent.mkdir()
    token.touch()

    def build(job):
        assert tmp_path in Path(job.out).parents
        job.folder.mkdir(parents=True)
        token.unlink()  # as a later batch in this folder does
        return area_result(job, "done")

    cluster._build_remotely(job, b"", str(token), lambda: None, build)
    assert [p.name for p in tmp_path.iterdir()] == [".work"]
    assert not list(token.parent.iterdir())


class SilentCluster:
    """A client of Dask as far as it is needed to see whether the cluster is still there."""

    def __init__(self, status="running", workers=None):
        self.status, self._workers, self.scheduler = status, workers, self

    def ncores(self):
        return self._workers

    def sync(self, function, callback_timeout):
        return function()


def test_a_cluster_that_has_gone_is_named_with_how_to_go_on(monkeypatch):
    with pytest.raises(BhytError, match="connection to the Dask scheduler at here was lost; finished briefings stay"):
        cluster._ClusterWatch(SilentCluster("connecting"), "here").check()
    cluster._ClusterWatch(SilentCluster(workers={"one": 1}), "here").check()
    watch = cluster._ClusterWatch(SilentCluster(workers={}), "here")
    watch.check()  # they may be starting again
    monkeypatch.setattr(cluster, "WORKERLESS_SECONDS", 0)
    with pytest.raises(BhytError, match="has had no workers for over a minute; finished briefings stay"):
        watch.check()
