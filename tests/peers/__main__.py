"""Run the suites of Jupyter's programs on stock and on warm kernels, and compare them test by test.

``make peers``, or ``python -m tests.peers nbclient papermill`` for some. The suites come from the sdists of the locked
versions, checked by their hashes, and run in an environment of their own, all in ``outputs/peers``. The status is 1
for a difference that ``differences.csv`` does not explain. A test that differs runs again alone, three times on
each kind of kernel: if its best outcomes of all runs are then the same, it is unsteady, and no difference.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OUT = ROOT / "outputs" / "peers"
LOCKS = (ROOT / "requirements.txt", HERE / "requirements.txt")
KERNELS = ("stock", "warm")
SUITE_SECONDS, TEST_SECONDS = 3600, 180
REPEATS = 3
STORES = ("abs", "adl", "gcs", "hdfs", "s3")


@dataclass(frozen=True)
class Suite:
    """The tests of a program in its sdist, and those among them that can't run here."""

    name: str
    tests: tuple[str, ...]
    omitted_tests: tuple[str, ...] = ()


SUITES = (
    Suite("nbclient", ("tests",)),
    Suite("jupyter-client", ("tests",)),
    Suite("ipykernel", ("tests",)),
    Suite("jupyter-kernel-test", ("test_ipykernel.py",)),
    # Remote stores, whose libraries the project does not need; these tests start no kernel.
    Suite("papermill", ("papermill/tests",), tuple(f"papermill/tests/test_{s}.py" for s in STORES)),
)


def main() -> int:
    """Run the suites that are named, or all; return 1 for a difference that is not documented."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(s.name for s in SUITES))
    names = parser.parse_args().suites or [s.name for s in SUITES]
    if unknown := set(names) - {s.name for s in SUITES}:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    python = prepare_environment()
    documented = read_documented()
    status = 0
    for suite in SUITES:
        if suite.name in names:
            status |= compare_suite(suite, unpack(suite, python), python, documented)
    return status


def prepare_environment() -> Path:
    """Make the environment of the suites, from the two locks; return its interpreter."""
    python = OUT / "venv" / "bin" / "python"
    uv = [Path(sys.executable).with_name("uv")]
    OUT.mkdir(parents=True, exist_ok=True)
    run([*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, python.parents[1]])
    install = [*uv, "pip", "install", "--quiet", "--python", python]
    for lock in LOCKS:
        run([*install, "--no-deps", "--require-hashes", "--requirement", lock])
    run([*install, "--no-deps", "--no-build-isolation", "--editable", ROOT])
    return python


def unpack(suite: Suite, python: Path) -> Path:
    """Download the sdist of a suite's locked version, checked by its hash, and return the folder that it unpacks to."""
    sdists, folder = OUT / "sdists", OUT / "suites" / suite.name
    entry = OUT / f"{suite.name}.txt"
    entry.write_text(locked(suite.name), "utf-8")
    download = ["download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--require-hashes"]
    pip = [sys.executable, "-m", "pip", "--python", python]
    sdists.mkdir(exist_ok=True)
    for old in sdists.glob(f"{suite.name.replace('-', '_')}-*.tar.gz"):
        old.unlink()
    run([*pip, *download, "--dest", sdists, "--requirement", entry])
    (sdist,) = sdists.glob(f"{suite.name.replace('-', '_')}-*.tar.gz")
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


def locked(name: str) -> str:
    """Return the entry of a package in the locks: its version and its hashes."""
    for lock in LOCKS:
        if match := re.search(rf"^{name}==.*(?:\n {{4}}.*)*", lock.read_text("utf-8"), re.MULTILINE):
            return match.group() + "\n"
    raise SystemExit(f"{name} is not locked")


def compare_suite(suite: Suite, folder: Path, python: Path, documented: dict[tuple[str, str], str]) -> int:
    """Run a suite on both kinds of kernel and print how they differ; return 1 if that is not documented."""
    records = {kernels: run_suite(suite, folder, python, kernels) for kernels in KERNELS}
    stock, warm = (records[kernels]["outcomes"] for kernels in KERNELS)
    differing = differences(stock, warm)
    repeated = {test: repeat(suite, folder, python, test) for test in differing}
    outcomes = {test: [[stock.get(test), *again[0]], [warm.get(test), *again[1]]] for test, again in repeated.items()}
    unsteady = [test for test in differing if best(outcomes[test][0]) == best(outcomes[test][1])]
    explained = [test for test in differing if test not in unsteady and (suite.name, test) in documented]
    faults = [test for test in differing if test not in unsteady and test not in explained]
    print(
        f"{suite.name}: {len(stock)} tests; passed {count(stock)} on stock kernels, {count(warm)} on warm ones"
        f" ({records['warm']['forked_kernels']} forked); documented differences {len(explained)},"
        f" unsteady {len(unsteady)}, other differences {len(faults)}"
    )
    for test in unsteady:
        print(f"  unsteady: {test}: {outcomes[test]}")
    for test in explained:
        print(f"  documented: {test}: {documented[suite.name, test]}")
    for test in faults:
        print(f"  NOT DOCUMENTED: {test}: {stock.get(test)} on stock kernels, {warm.get(test)} on warm ones")
    if not records["warm"]["forked_kernels"]:
        print("  NO KERNEL WAS FORKED: the suite has not tried warm kernels")
    return int(bool(faults) or not records["warm"]["forked_kernels"])


def differences(stock: dict[str, str], warm: dict[str, str]) -> list[str]:
    """Return the tests whose outcomes differ, also those that only one has."""
    return [test for test in dict.fromkeys([*stock, *warm]) if stock.get(test) != warm.get(test)]


def best(outcomes: list[str | None]) -> str | None:
    """Return the best of a test's outcomes; None if it has not run at all."""
    return min(outcomes, key=["passed", "skipped", "failed", None].index)


def count(outcomes: dict[str, str]) -> int:
    """Return how many tests passed."""
    return list(outcomes.values()).count("passed")


def repeat(suite: Suite, folder: Path, python: Path, test: str) -> list[list[str | None]]:
    """Run one test alone some times on each kind of kernel; return its outcomes."""
    return [
        [run_suite(suite, folder, python, kernels, test)["outcomes"].get(test) for _ in range(REPEATS)]
        for kernels in KERNELS
    ]


def run_suite(suite: Suite, folder: Path, python: Path, kernels: str, test: str = "") -> dict:
    """Run a suite, or one test of it, and return its record; the output is in ``outputs/peers``."""
    log = OUT / f"{suite.name}-{kernels}{'-repeated' * bool(test)}.log"
    record = log.with_suffix(".json")
    record.unlink(missing_ok=True)
    home = OUT / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BHYT", "JUPYTER", "IPYTHON", "PYTEST", "XDG_"))}
    environment = {
        **kept,
        "HOME": str(home),
        "PATH": f"{python.parent}{os.pathsep}{kept['PATH']}",
        "PYTHONPATH": str(HERE),
        "PYTHONHASHSEED": "0",  # as papermill's own runs
        "BHYT_PEERS_RECORD": str(record),
        "JUPYTER_DEFAULT_PROVISIONER_NAME": {"stock": "local-provisioner", "warm": "bhyt-warm"}[kernels],
    }
    options = ["asyncio_default_fixture_loop_scope=function", f"timeout={TEST_SECONDS}", "timeout_method=signal"]
    call = [python, "-m", "pytest", "-q", "-p", "peers_plugin", "-p", "no:cacheprovider", "--color=no"]
    call += [word for option in options for word in ("-o", option)]
    call += [test] if test else [*suite.tests, *(f"--ignore={path}" for path in suite.omitted_tests)]
    with log.open("w") as output:
        files = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(call, cwd=folder, env=environment, start_new_session=True, **files)
        try:
            process.wait(SUITE_SECONDS)
        finally:  # also what a failed test has left running
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if not record.exists():
        raise SystemExit(f"{suite.name} on {kernels} kernels did not come to its end: see {log}")
    return json.loads(record.read_text("utf-8"))


def read_documented() -> dict[tuple[str, str], str]:
    """Return the reason of each difference that is known, by suite and test."""
    with (HERE / "differences.csv").open(encoding="utf-8", newline="") as file:
        return {(row["suite"], row["test"]): row["reason"] for row in csv.DictReader(file)}


def run(call: list) -> None:
    """Run a command that must succeed."""
    subprocess.run(call, check=True)


if __name__ == "__main__":
    sys.exit(main())
