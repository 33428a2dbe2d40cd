"""Measure, print the ratios as a table, and keep them in ``outputs/bench.json``.

A ratio compares two medians of the same run on the same machine; it is no test and
nothing fails on it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import bhyt_analysis as bhyt

ROOT = Path(__file__).parents[1]
PEOPLE = 1_000_000
GROUPS = ("household", "near_poor", "student", "farm_average_income", "poor")
AREAS = ("Lý Sơn", "Sơn Tây", "Minh Long", "Tây Trà")


def median(work: Callable[[], object], rounds: int) -> float:
    """The median seconds of some rounds, after one that does not count."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def premiums() -> dict[str, float]:
    """Premiums of a million people against the bare arithmetic on arrays that are already looked up."""
    rng = np.random.default_rng(1)
    people = pd.DataFrame({"group": rng.choice(GROUPS, PEOPLE), "member": rng.integers(1, 7, PEOPLE)})
    today = bhyt.Law.read().at("2026-11-22")
    table = bhyt.premiums(people, today)
    factor, share = table["factor"].to_numpy(), table["subsidy_share"].to_numpy()
    salary, rate = today.number("base_salary"), today.number("contribution_rate")

    def bare() -> tuple[np.ndarray, ...]:
        premium = np.floor(salary * rate * 12 * factor + 0.5)
        subsidy = np.floor(salary * rate * 12 * factor * share + 0.5)
        return premium, subsidy, premium - subsidy

    return {"ours": median(lambda: bhyt.premiums(people, today), 5), "bare numpy": median(bare, 5)}


def imports() -> dict[str, float]:
    """``import bhyt_analysis`` against ``import pandas``, each in a fresh process."""
    run = lambda code: lambda: subprocess.run([sys.executable, "-c", code], check=True)  # noqa: E731
    return {"ours": median(run("import bhyt_analysis"), 7), "import pandas": median(run("import pandas"), 7)}


def briefings() -> dict[str, float]:
    """Seconds an area: `bhyt briefs` against a loop of the papermill command on the same template."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        bhyt.run_batch(None, Path(folder, "ours"), areas=AREAS)
        ours = (time.perf_counter() - start) / len(AREAS)
        start = time.perf_counter()
        for area in AREAS:
            out = Path(folder, area)
            out.mkdir()
            template = ROOT / "notebooks" / "area_briefing.ipynb"
            call = [sys.executable, "-m", "papermill", template, out / "o.ipynb", "-p", "area", area, "-p", "out", out]
            subprocess.run(call, check=True, capture_output=True)
        loop = (time.perf_counter() - start) / len(AREAS)
    return {"ours": ours, "papermill command in a loop": loop}


def main() -> None:
    """Run every measure."""
    results = {}
    for measure in (imports, premiums, briefings):
        seconds = measure()
        rival = next(k for k in seconds if k != "ours")
        results[measure.__name__] = {**seconds, "ratio": seconds["ours"] / seconds[rival]}
        ours, other = seconds["ours"], seconds[rival]
        print(
            f"{measure.__name__:10} ours {ours:8.3f} s   {rival} {other:8.3f} s   ratio {ours / other:6.2f}", flush=True
        )
    path = ROOT / "outputs" / "bench.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
