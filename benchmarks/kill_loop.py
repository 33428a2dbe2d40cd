"""Kill a batch, its workers, its warm process and its kernels at random moments, and check that nothing is lost.

``python -m benchmarks.kill_loop --kills 60 --seed 1`` kills with -9 over runs of a batch of a few areas, ``--dask``
over a local cluster, whose workers are started again. After each kill the batch is run again, in the same folder;
whatever is in the folder must be complete, and nothing may still run. In the end every area must be there, equal to
that of a run without kills, and no folder for sockets, no work folder and no lock be left. Ends with status 1 if not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import psutil

from bhyt_analysis.batch.build import WORK
from bhyt_analysis.batch.build_record import read_manifest, reusable_files
from bhyt_analysis.batch.engine_check import difference
from bhyt_analysis.batch.runner import NOTES
from bhyt_analysis.engine.private_folders import PREFIX

AREAS = ("536", "530", "531", "529")
KINDS = ("batch", "worker", "warm", "kernel")
WEIGHTS = (1, 2, 2, 2)  # a kill of the batch ends the run
SECONDS = 300  # for a run; more is a problem
END_SECONDS = 30  # for what must end by itself
BATCH = "from bhyt_analysis.cli import main; import sys; sys.exit(main())"


class Session:
    """The runs of a loop: all their processes bear a mark, and all their temporary files are in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mark = folder, uuid.uuid4().hex
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.environment = {**os.environ, "BHYT_KILL_LOOP": self.mark, "TMPDIR": str(self.temporary)}

    def start(self, *call: str) -> subprocess.Popen[bytes]:
        """Start Python with a mark."""
        with (self.folder / "errors.txt").open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, *call],
                env=self.environment,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def processes(self) -> dict[int, psutil.Process]:
        """Return the processes with the mark."""
        marked = {}
        for process in psutil.process_iter():
            try:
                if self.mark.encode() in Path(f"/proc/{process.pid}/environ").read_bytes():
                    marked[process.pid] = process
            except OSError:
                continue
        return marked

    def kind(self, process: psutil.Process, processes: Mapping[int, psutil.Process]) -> str:
        """Return what a process is: one of `KINDS`, or empty."""
        try:
            command, parent = " ".join(process.cmdline()), processes.get(process.ppid())
            if parent is not None and "engine.zygote" in " ".join(parent.cmdline()):
                return "kernel"
        except psutil.Error:
            return ""
        if "engine.zygote" in command:
            return "warm"
        if "spawn_main" in command or "dask worker" in command:
            return "worker"
        return "batch" if "brief" in command and "bhyt_analysis.cli" in command else ""


class Cluster:
    """A scheduler and two workers; those that are killed are started again."""

    def __init__(self, session: Session) -> None:
        self._session, self._file = session, session.folder / "scheduler.json"
        self._scheduler = self._start("scheduler", "--port", "0")
        self._workers: list[subprocess.Popen[bytes]] = []
        self.revive()

    def _start(self, *what: str) -> subprocess.Popen[bytes]:
        return self._session.start("-m", "dask", *what, "--no-dashboard", "--scheduler-file", str(self._file))

    def revive(self) -> None:
        """Start workers until there are two."""
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        while len(self._workers) < 2:
            self._workers.append(self._start("worker", "--nthreads", "1", "--no-nanny"))

    @property
    def address(self) -> str:
        """Return the address of the scheduler, which it writes when it has started."""
        deadline = time.monotonic() + SECONDS
        while not (self._file.exists() and self._file.stat().st_size):
            if time.monotonic() > deadline:
                raise TimeoutError("no scheduler")
            time.sleep(0.1)
        return str(json.loads(self._file.read_text())["address"])

    def end(self) -> None:
        """End all."""
        for process in (*self._workers, self._scheduler):
            process.kill()
            process.wait(END_SECONDS)


class KillLoop:
    """Runs a batch over and over, and kills."""

    def __init__(self, session: Session, seed: int, cluster: Cluster | None) -> None:
        self._session, self._random, self._cluster = session, random.Random(seed), cluster
        self.problems: list[str] = []
        self.kills: Counter[str] = Counter()
        self._reference = session.folder / "reference"
        start = time.monotonic()
        if self._run(self._reference):
            raise RuntimeError((session.folder / "errors.txt").read_text(errors="replace")[-2000:])
        self._seconds = time.monotonic() - start

    def run(self, kills: int) -> None:
        """Kill so often; each folder is used until all its areas are there."""
        number = 0
        while sum(self.kills.values()) < kills:
            number += 1
            out = self._session.folder / f"run-{number}"
            for _ in range(self._random.randint(1, 2)):
                if (left := kills - sum(self.kills.values())) > 0:
                    self._run(out, min(self._random.randint(1, 6), left))
            before = self._complete(out)
            if status := self._run(out):
                self._problem(out, f"the last run ended with status {status}")
            self._check_finished(out, before)
            shutil.rmtree(out)

    def _run(self, out: Path, kills: int = 0) -> int:
        """Run the batch once, with so many kills until it ends; return its status."""
        options = [option for area in AREAS for option in ("--area", area)]
        options += ["--dask", self._cluster.address] if self._cluster else ["--jobs", "2"]
        batch = self._session.start("-c", BATCH, "brief", "--out", str(out), *options)
        killed = []
        while len(killed) < kills and (victim := self._kill(batch, self._seconds / kills)):
            killed.append(victim)
            if self._cluster:
                self._cluster.revive()
        victims = ", ".join(killed)
        try:
            status = batch.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._problem(out, f"stands still {SECONDS} s after a kill of {victims or 'nothing'}")
            batch.kill()
            status = batch.wait(END_SECONDS)
        if killed:
            number, complete = sum(self.kills.values()), len(self._complete(out))
            print(f"{number:3} {out.name} {victims}: status {status}, {complete} of {len(AREAS)} areas", flush=True)
        self._check_processes(out, victims)
        self._check_folder(out, victims)
        return status

    def _kill(self, batch: subprocess.Popen[bytes], seconds: float) -> str:
        """Kill a process of a random kind at a moment within so many seconds; empty if the batch has ended before."""
        kind, moment = self._random.choices(KINDS, WEIGHTS)[0], self._random.uniform(0, seconds)
        deadline = time.monotonic() + moment
        while batch.poll() is None:
            if time.monotonic() > deadline:
                processes = self._session.processes()
                victims = sorted(pid for pid, p in processes.items() if self._session.kind(p, processes) == kind)
                if victims:
                    victim = self._random.choice(victims)
                    try:
                        os.kill(victim, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
                    self.kills[kind] += 1
                    return kind
            time.sleep(0.05)
        return ""

    def _problem(self, out: Path, text: str) -> None:
        self.problems.append(f"{out.name}: {text}")
        print("PROBLEM", self.problems[-1], flush=True)

    def _complete(self, out: Path) -> dict[str, int]:
        """Return the areas that are complete, each with the time of its record."""
        folders = [f for f in out.glob("*") if f.is_dir() and f.name not in (WORK, NOTES)]
        return {f.name: (f / "build.json").stat().st_mtime_ns for f in folders if reusable_files(f) is not None}

    def _check_processes(self, out: Path, victims: str) -> None:
        """Check that nothing runs after the batch but, on a cluster, its workers with their warm processes."""
        kinds = KINDS if self._cluster is None else ("batch", "kernel")
        deadline = time.monotonic() + END_SECONDS
        while True:
            processes = self._session.processes()
            left = {pid: k for pid, p in processes.items() if (k := self._session.kind(p, processes)) in kinds}
            if not left:
                return
            if time.monotonic() > deadline:
                self._problem(out, f"after a kill of {victims or 'nothing'} there still run {sorted(left.values())}")
                for pid in left:
                    processes[pid].kill()
                return
            time.sleep(0.1)

    def _check_folder(self, out: Path, victims: str) -> None:
        """Check that what has the name of an area is complete, and that the manifest agrees with it."""
        if not out.exists():
            return
        complete = self._complete(out)
        folders = {f.name for f in out.iterdir() if f.is_dir()} - {WORK, NOTES}
        if partial := folders - complete.keys():
            self._problem(out, f"after a kill of {victims}: not complete: {sorted(partial)}")
        if "batch" not in victims:
            manifest = read_manifest(out)
            slugs = [] if manifest is None else [a.slug for a in manifest.areas]
            listed = {a.slug for a in manifest.areas if a.is_complete} if manifest else set()
            if len(set(slugs)) != len(AREAS) or len(slugs) != len(AREAS):
                self._problem(out, f"after a kill of {victims}: the manifest lists {slugs}")
            if listed != complete.keys():
                self._problem(out, f"after a kill of {victims}: the manifest says {sorted(listed)}, {sorted(complete)}")

    def _check_finished(self, out: Path, before: Mapping[str, int]) -> None:
        """Check a folder after a run without a kill: all areas, none made again, equal to those of the reference."""
        complete = self._complete(out)
        if missing := self._complete(self._reference).keys() - complete.keys():
            self._problem(out, f"lost: {sorted(missing)}")
        if again := [slug for slug, stamp in before.items() if complete.get(slug) != stamp]:
            self._problem(out, f"made again: {again}")
        for slug in complete:
            if what := difference(self._reference / slug, out / slug):
                self._problem(out, f"{slug} differs from a run without kills: {what}")
        left = [p.name for p in out.iterdir() if p.name == WORK or p.name.endswith(".part")]
        left += [p.name for p in self._session.temporary.glob(f"*{PREFIX}*")] if self._cluster is None else []
        if left:
            self._problem(out, f"left: {left}")


def main() -> int:
    """Run the loop; 1 if there was a problem."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dask", action="store_true", help="over a local Dask cluster of two workers")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        # A short name: the system allows 107 bytes for the path of a socket.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kill-", ignore_cleanup_errors=True))
        session = Session(Path(folder))
        cluster = Cluster(session) if arguments.dask else None
        if cluster:
            stack.callback(cluster.end)
        loop = KillLoop(session, arguments.seed, cluster)
        loop.run(arguments.kills)
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(loop.kills.items()))
    print(f"{sum(loop.kills.values())} kills ({counts}), {len(loop.problems)} problems")
    return 1 if loop.problems else 0


if __name__ == "__main__":
    sys.exit(main())
