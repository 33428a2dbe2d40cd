"""Measure the seconds per area of a batch, a loop of the papermill command, a pool and a bare script.

``python -m benchmarks.batch``. All build the same areas of the bundled data from the same template, or some of them
where one is slow: 24 districts, then 96 areas, most of them communes. Bytecode is compiled before, and the
bundled data and the engines are checked, as in any second run of a version. The start of a batch is counted: it weighs
less the more areas there are.
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
from bhyt_analysis.batch.engine_check import AREAS
from bhyt_analysis.domain import partitions
from bhyt_analysis.model.coverage.coverage import areas_with_figures

NUMBERS = (24, 96)
LOOP_AREAS, POOL_AREAS = 3, 8  # a sample of the areas, where each takes the same time
WORKERS = 2


def areas(number: int) -> list[str]:
    """Return areas with and without cards, losses and plans, in their order; then communes with a population."""
    data = bhyt.load()
    populated = data.population["area"].unique()
    communes = data.areas.loc[(data.areas["kind"] == "commune") & data.areas["code"].isin(populated), "code"]
    return [*dict.fromkeys([*areas_with_figures(data), *communes])][:number]


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run_command(out: Path, codes: list[str], *options: str) -> None:
    """Run the command, with its start, its pages and its index."""
    call = [sys.executable, "-m", "bhyt_analysis.cli", "brief", "--out", str(out), "--jobs", str(WORKERS), *options]
    subprocess.run([*call, "--area", *codes], check=True, capture_output=True)


def run_loop(out: Path, codes: list[str]) -> None:
    """Run the papermill command, area by area."""
    for code in codes:
        folder = out / code
        folder.mkdir(parents=True)
        parameters = ["-r", "area", code, "-p", "out", folder]
        call = [sys.executable, "-m", "papermill", template_path(), folder / "o.ipynb", *parameters]
        subprocess.run(call, check=True, capture_output=True)


def run_pool(out: Path, codes: list[str]) -> None:
    """Run papermill itself in a pool of processes."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(_run_papermill, codes, [out] * len(codes)))


def _run_papermill(code: str, out: Path) -> None:
    import papermill

    folder = out / code
    folder.mkdir(parents=True)
    parameters = {"area": code, "out": str(folder)}
    papermill.execute_notebook(template_path(), folder / "o.ipynb", parameters, progress_bar=False, cwd=folder)


def run_script(out: Path, parts: Path, codes: list[str]) -> float:
    """Return the seconds of the cells as a script, in forked processes that have loaded and drawn everything once."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(_run_cells, codes[:WORKERS] * 4, [out / "warm"] * WORKERS * 4, [parts] * WORKERS * 4))
        return seconds(lambda: list(pool.map(_run_cells, codes, [out] * len(codes), [parts] * len(codes))))


def _run_cells(code: str, out: Path, parts: Path) -> None:
    folder = out / code
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, object] = {}
    with Path(os.devnull).open("w", encoding="utf-8") as null, contextlib.redirect_stdout(null):
        for cell in json.loads(template_path().read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= {"area": code, "out": str(folder), "data": str(parts / code)}


def briefings(number: int = NUMBERS[0]) -> dict[str, float]:
    """Return the seconds per area of each way."""
    compileall.compile_dir(Path(bhyt.__file__).parent, quiet=1)
    codes = areas(number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = bhyt.load()
        for code in codes:  # the bare script has its rows ready too
            partitions.write_partition(folder / "parts" / code, bhyt.area(data, code).data)
        run_command(folder / "checked", codes[:AREAS])
        times = {"ours": seconds(lambda: run_command(folder / "ours", codes)) / number}
        sample = codes[:: number // LOOP_AREAS]
        times["papermill command in a loop"] = seconds(lambda: run_loop(folder / "loop", sample)) / len(sample)
        sample = codes[:: number // POOL_AREAS]
        times["stock pool of two"] = seconds(lambda: run_pool(folder / "pool", sample)) / len(sample)
        times["bare warm script"] = run_script(folder / "bare", folder / "parts", codes) / number
        times["with nothing to do, all of them"] = seconds(lambda: run_command(folder / "ours", codes))
    return times


def main() -> None:
    """Print the seconds and the ratios."""
    for number in NUMBERS:
        times = briefings(number)
        print(f"{number} areas: seconds per area")
        for name, spent in times.items():
            ratio = times["ours"] / spent
            print(f"{name:32} {spent:7.3f} s   ours / it {ratio:6.2f}   it / ours {1 / ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
