"""Measure, print the ratios as a table beside those of the last release, and keep them: ``make bench``.

A ratio compares two medians of the same run on the same machine; it is no test and nothing fails on it. The figures
are kept in ``benchmarks/results/latest.json``; those of a release are committed as ``RELEASE.json`` beside it.
"""

import contextlib
import io
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import bhyt_analysis as bhyt
from benchmarks import batch, cells, documents, explore, inputs, units
from bhyt_analysis.model.finance.budget import LARGEST_HOUSEHOLD
from bhyt_analysis.model.projection.baseline import GROUPS as SUBGROUPS
from bhyt_analysis.model.projection.baseline import Baseline
from bhyt_analysis.model.projection.cohort import POOLS
from bhyt_analysis.model.projection.projection import insured_people, project
from bhyt_analysis.model.projection.simulate import cost_by_payer
from bhyt_analysis.model.projection.uncertainty import commune_intervals

Measure = Callable[[], dict[str, float]]
ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PEOPLE = 1_000_000
COMMUNES = 11_000
GROUPS = ("household", "near_poor", "student", "farm_average_income", "poor")


def median(work: Callable[[], object], rounds: int) -> float:
    """Return the median seconds of some rounds, after one that does not count."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def premiums(kind: str = "category") -> dict[str, float]:
    """Measure premiums of a million people, read as a table with a Categorical group, against bare numpy.

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
    """Measure the same with groups as plain text, which must be coded first: most of the time goes there."""
    return premiums("str")


def communes(count: int) -> Baseline:
    """Make communes on 30 June 2021, two fifths of which leave the difficult zones the day after."""
    rng = np.random.default_rng(1)
    people = rng.integers(2_000, 15_000, count).astype(float)
    insured = rng.dirichlet(np.ones(len(SUBGROUPS)), count) * people[:, None] * 0.9
    insured[:, -1] = 0  # all groups are reported
    names = [f"C{i:05d}" for i in range(count)]
    sizes = rng.dirichlet(np.ones(LARGEST_HOUSEHOLD), count)
    units = pd.DataFrame({"area": names, "name": names, "population": people})
    units = units.assign(sizes_known=True, status="synthetic")
    left = np.flatnonzero(rng.random(count) < 0.4)
    lost = insured[left, SUBGROUPS.index("difficult_area")] * 0.8
    exits = {
        "unit": left,
        "on": pd.Timestamp("2021-07-01"),
        "lost": lost,
        "other": 0.0,
        "gained": 0.0,
        "minority": rng.random(len(left)),
        "minority_area": 1.0,
    }
    leaving = pd.DataFrame({**exits, "status": "synthetic"})
    return Baseline(
        "X", "X", pd.Timestamp("2021-06-30"), units, insured, sizes, leaving, [[("VN", "Việt Nam")]] * count
    )


SCENARIO = bhyt.Scenario("861", decision="861", support_window="decree 75")


def scenario() -> dict[str, float]:
    """Measure one scenario for 11,000 communes, 12 sub-groups and 60 months, against the bare array arithmetic.

    Ours reads the law of each month, works out how people move, applies that to the counts
    and adds up the cost by payer. The bare rival is given every path and price as an
    array and does only the last two steps.
    """
    start, law = communes(COMMUNES), bhyt.Law.read()
    block = np.arange(COMMUNES)

    def ours() -> tuple[np.ndarray, np.ndarray]:
        projection = project(start, SCENARIO, law)
        insured = insured_people(projection)[0]
        return insured, cost_by_payer(projection, insured, block, by_group=False)[0]

    projection = project(start, SCENARIO, law)
    unit_class = projection.unit_classes[0]
    rng = np.random.default_rng(2)
    ratio, pool = (
        rng.random((len(SUBGROUPS), len(projection.months))),
        rng.random((len(POOLS), len(SUBGROUPS) * len(projection.months))),
    )
    price, scale = np.nan_to_num(unit_class.prices), rng.uniform(0.6, 0.75, COMMUNES)
    left, people = start.exits["unit"].to_numpy(), rng.random((len(start.exits), len(POOLS)))

    def bare() -> tuple[np.ndarray, np.ndarray]:
        insured = start.insured[:, :, None] * ratio
        insured[left] += (people @ pool).reshape(len(left), *ratio.shape)
        insured[:, SUBGROUPS.index("household")] *= scale[:, None]
        return insured, np.stack([np.einsum("ngt,gt->nt", insured, price[:, :, i]) for i in (0, 4)], axis=2)

    return {"ours": median(ours, 5), "bare arrays": median(bare, 5)}


def draw(count: int, draws: int) -> None:
    """Print the seconds and the peak memory (GB) of the intervals of some communes."""
    projection = project(communes(count), SCENARIO, bhyt.Law.read())
    begin = time.perf_counter()
    commune_intervals(projection, "2022-12-31", draws)
    print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def intervals() -> dict[str, float]:
    """1,000 draws for 11,000 communes, each in a fresh process, against four times a quarter of the work."""
    measured = {}
    for name, count, draws in (("ours", COMMUNES, 1000), ("a quarter of the work", COMMUNES // 2, 500)):
        call = [sys.executable, "-c", f"from benchmarks.__main__ import draw; draw({count}, {draws})"]
        printed = subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        measured[name] = [float(x) for x in printed.split()]
    (seconds, memory), (small, _) = measured.values()
    return {"ours": seconds, "four times a quarter of the work": 4 * small, "peak memory in GB": memory}


def imports() -> dict[str, float]:
    """``import bhyt_analysis`` against ``import pandas``, each in a fresh process."""
    run = lambda code: lambda: subprocess.run([sys.executable, "-c", code], check=True)  # noqa: E731
    return {"ours": median(run("import bhyt_analysis"), 7), "import pandas": median(run("import pandas"), 7)}


MEASURES: tuple[Measure, ...] = (
    imports,
    premiums,
    premiums_of_text,
    scenario,
    intervals,
    inputs.workbook,
    inputs.persons,
    *units.MEASURES,
)
WIDTHS = (34, 9, 34, 9, 7, 13)
HEADINGS = ("measure", "ours (s)", "against", "its (s)", "ratio", "last release")


def all_results() -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the name and the seconds of each measure: first ours, then those of its rival where it has one."""
    for measure in MEASURES:
        yield measure.__name__, measure()
    for number in batch.NUMBERS:
        ours, *rivals = batch.briefings(number).items()
        for rival in rivals:
            yield f"briefings, {number} areas", dict((ours, rival))
    with contextlib.redirect_stdout(io.StringIO()):  # lines of its own, with more than the table
        sliders = explore.main()
    yield from sliders.items()
    for area, spent in documents.measure(rounds=3).items():
        yield f"documents {area}", {"ours": sum(spent.values()), "page and notebook alone": spent["html"], **spent}
    for area, spent in cells.measure(rounds=3).items():
        steps = {f"of that: {step}": seconds for step, seconds in spent.items()}
        yield f"cells {area}", {"ours": spent["all"], **dict(sorted(steps.items(), key=lambda step: -step[1])[1:])}


def line(*cells: str) -> str:
    """Return cells in columns: texts at the left, figures at the right."""
    places = zip(cells, WIDTHS, strict=True)
    return "  ".join(f"{c:{'<' if i in (0, 2) else '>'}{width}}" for i, (c, width) in enumerate(places))


def main() -> None:
    """Run every measure."""
    release, results = RESULTS / "RELEASE.json", {}
    last = json.loads(release.read_text("utf-8")) if release.is_file() else {}
    print(line(*HEADINGS))
    for name, seconds in all_results():
        rival = next(key for key in seconds if key != "ours")
        key = f"{name}: {rival}"
        results[key] = {**seconds, "ratio": seconds["ours"] / seconds[rival]}
        last_ratio = f"{last[key]['ratio']:.2f}" if key in last else "-"
        figures = (f"{seconds['ours']:.3f}", rival, f"{seconds[rival]:.3f}", f"{results[key]['ratio']:.2f}", last_ratio)
        print(line(name, *figures), flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
