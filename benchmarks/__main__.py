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


def premiums(kind: str = "category") -> dict[str, float]:
    """Premiums of a million people, read as a table with a Categorical group, against bare numpy.

    Ours looks up the law, the group's share and the member's factor, checks the input and
    returns a DataFrame of the input and five new columns. The bare rival is given factor
    and share, each person's, for nothing; it computes the other three columns, with no
    check. The third figure, kept in the file, is a rival that makes all five columns from
    codes of the groups, as ours must.
    """
    rng = np.random.default_rng(1)
    text = pd.DataFrame({"group": rng.choice(GROUPS, PEOPLE), "member": rng.integers(1, 7, PEOPLE)})
    people = text.astype({"group": kind})
    today = bhyt.Law.read().at("2026-11-22")
    table = bhyt.premiums(people, today)
    factor, share = table["factor"].to_numpy(), table["subsidy_share"].to_numpy()
    salary, rate = today.number("base_salary"), today.number("contribution_rate")
    codes, member = pd.Categorical(text["group"], categories=GROUPS).codes.astype(np.intp), text["member"].to_numpy()
    steps = np.array([1.0, 0.7, 0.6, 0.5, 0.4])
    shares = np.array([today.number("subsidy_share", group) for group in GROUPS])

    def bare(factor: np.ndarray = factor, share: np.ndarray = share) -> tuple[np.ndarray, ...]:
        premium = np.floor(salary * rate * 12 * factor + 0.5)
        subsidy = np.floor(salary * rate * 12 * factor * share + 0.5)
        return premium, subsidy, premium - subsidy

    def looked_up() -> tuple[np.ndarray, ...]:
        factor, share = np.where(codes == 0, steps[np.minimum(member, 5) - 1], 1.0), shares[codes]
        return factor, share, *bare(factor, share)

    for ours, theirs in zip(table[["premium", "subsidy", "own_payment"]].to_numpy().T, looked_up()[2:], strict=True):
        assert (ours == theirs).all()
    return {
        "ours": median(lambda: bhyt.premiums(people, today), 15),
        "bare numpy": median(bare, 15),
        "bare numpy with the look-ups": median(looked_up, 15),
    }


def premiums_of_text() -> dict[str, float]:
    """The same with groups as plain text, which must be coded first: most of the time goes there."""
    return premiums("str")


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
    for measure in (imports, premiums, premiums_of_text, briefings):
        seconds = measure()
        rival = next(k for k in seconds if k != "ours")
        results[measure.__name__] = {**seconds, "ratio": seconds["ours"] / seconds[rival]}
        ours, other = seconds["ours"], seconds[rival]
        print(
            f"{measure.__name__:16} ours {ours:8.3f} s   {rival} {other:8.3f} s   ratio {ours / other:6.2f}", flush=True
        )
    path = ROOT / "outputs" / "bench.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
