"""Seconds an area of a batch, against a loop of the papermill command, a stock pool and a bare script: ``python -m benchmarks.batch``.

All do the same areas of the bundled data on the same template, or some of them where one is slow: 24 districts, then
96 areas, most of them communes. Bytecode is compiled before. What a batch needs to start, and the second run of its
first area, are counted: they weigh less the more areas there are.
"""

import compileall
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import bhyt_analysis as bhyt
from bhyt_analysis.batch.build import template_path
from bhyt_analysis.domain import partitions
from bhyt_analysis.model.coverage.coverage import areas_with_figures

NUMBERS = (24, 96)
LOOPED, POOLED = 3, 8  # what is the same for each area: some, from all over the list, stand for all
WORKERS = 2


def areas(number: int) -> list[str]:
    """Those with and without cards, losses and plans, as they come; then communes whose people are known."""
    data = bhyt.load()
    known = data.population["area"].unique()
    communes = data.areas.loc[(data.areas["kind"] == "commune") & data.areas["code"].isin(known), "code"]
    return [*dict.fromkeys([*areas_with_figures(data), *communes])][:number]


def seconds(work: Callable[[], object]) -> float:
    """The seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(out: Path, codes: list[str], *options: str) -> None:
    """The command, with its start, its canary, its pages and its index."""
    call = [sys.executable, "-m", "bhyt_analysis.cli", "brief", "--out", str(out), "--jobs", str(WORKERS), *options]
    subprocess.run([*call, "--area", *codes], check=True, capture_output=True)


def looped(out: Path, codes: list[str]) -> None:
    """The papermill command, area by area."""
    for code in codes:
        place = out / code
        place.mkdir(parents=True)
        call = [
            sys.executable,
            "-m",
            "papermill",
            template_path(),
            place / "o.ipynb",
            "-r",
            "area",
            code,
            "-p",
            "out",
            place,
        ]
        subprocess.run(call, check=True, capture_output=True)


def pooled(out: Path, codes: list[str]) -> None:
    """Papermill itself in a pool of processes."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(_stock, codes, [out] * len(codes)))


def _stock(code: str, out: Path) -> None:
    import papermill

    place = out / code
    place.mkdir(parents=True)
    papermill.execute_notebook(
        template_path(), place / "o.ipynb", {"area": code, "out": str(place)}, progress_bar=False, cwd=place
    )


def bare(out: Path, parts: Path, codes: list[str]) -> float:
    """The cells as a script in a pool of forked processes that have loaded and drawn everything once; its seconds."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(_script, codes[:WORKERS] * 4, [out / "warm"] * WORKERS * 4, [parts] * WORKERS * 4))
        return seconds(lambda: list(pool.map(_script, codes, [out] * len(codes), [parts] * len(codes))))


def _script(code: str, out: Path, parts: Path) -> None:
    place = out / code
    place.mkdir(parents=True, exist_ok=True)
    told: dict[str, object] = {}
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        for cell in json.loads(template_path().read_text("utf-8"))["cells"]:
            exec("".join(cell["source"]), told)
            if "parameters" in cell["metadata"].get("tags", ()):
                told |= {"area": code, "out": str(place), "data": str(parts / code)}


def briefings(number: int = NUMBERS[0]) -> dict[str, float]:
    """Seconds an area of each."""
    compileall.compile_dir(Path(bhyt.__file__).parent, quiet=1)
    codes = areas(number)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        whole = partitions.AreaPartitions(bhyt.load())
        for code in codes:  # the bare script has its rows ready too
            partitions.write_partition(home / "parts" / code, whole.select(code))
        found = {"ours": seconds(lambda: ours(home / "ours", codes)) / number}
        some = codes[:: number // LOOPED]
        found["papermill command in a loop"] = seconds(lambda: looped(home / "loop", some)) / len(some)
        some = codes[:: number // POOLED]
        found["stock pool of two"] = seconds(lambda: pooled(home / "pool", some)) / len(some)
        found["bare warmed script"] = bare(home / "bare", home / "parts", codes) / number
        found["with nothing to do, all of them"] = seconds(lambda: ours(home / "ours", codes))
    return found


def main() -> None:
    """Print the seconds and the ratios."""
    for number in NUMBERS:
        found = briefings(number)
        print(f"{number} areas: seconds an area")
        for name, spent in found.items():
            print(f"{name:32} {spent:7.3f} s   ours / it {found['ours'] / spent:6.2f}   it / ours {spent / found['ours']:6.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
