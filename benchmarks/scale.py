"""Measure how cost grows with the number of areas: ``python -m benchmarks.scale 30 100 300 700`` (half an hour).

Each number is a synthetic country of as many districts, briefed by the command: seconds an
area of the clock and of processor (which other work on the machine does not lengthen), the
most memory that the command itself, and all its processes together, held, and the seconds of
a second run, which has nothing to do.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from bhyt_analysis.ingest.synthetic import write_country


def measure(call: list[str]) -> tuple[float, float, int, int]:
    """Return the seconds of a command, its processor seconds, and the peak bytes of itself and of all its processes."""
    start, before = time.perf_counter(), os.times()
    process = psutil.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = total = 0
    finished = threading.Event()

    def sample_memory() -> None:
        nonlocal own, total
        while not finished.wait(0.5):
            try:
                own = max(own, process.memory_info().rss)
                total = max(total, sum(_own_bytes(p) for p in [process, *process.children(recursive=True)]))
            except psutil.Error:
                continue

    sampler = threading.Thread(target=sample_memory)
    sampler.start()
    status = process.wait()
    seconds, after = time.perf_counter() - start, os.times()
    processor = sum(after[2:4]) - sum(before[2:4])  # of the children that have ended
    finished.set()
    sampler.join()
    if status:
        raise SystemExit(f"{call} ended with {status}")
    return seconds, processor, own, total


def _own_bytes(process: psutil.Process) -> int:
    """Return the memory of a process, with its part of what it shares with others; 0 when it has just ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def main(numbers: list[int]) -> None:
    """Print one line for each number of areas."""
    headings = ("areas", "seconds", "an area", "processor", "parent MB", "all MB", "nothing to do", "index kB")
    print("".join(f"{heading:>15}" for heading in headings), flush=True)
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            country, out = Path(folder, "country"), Path(folder, "out")
            write_country(country, number, 1)
            call = [sys.executable, "-m", "bhyt_analysis.cli", "brief", str(country), "--out", str(out)]
            spent, processor, own, total = measure(call)
            statuses = [a["status"] for a in json.loads((out / "manifest.json").read_text("utf-8"))["areas"]]
            assert statuses == ["done"] * number, statuses
            again, *_ = measure(call)
            size = (out / "index.html").stat().st_size / 1e3
            line = f"{number:15}{spent:15.0f}{spent / number:15.2f}{processor / number:15.2f}{own / 1e6:15.0f}"
            print(line + f"{total / 1e6:15.0f}{again:15.2f}{size:15.0f}", flush=True)


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
