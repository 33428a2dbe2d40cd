"""Measure the office documents of an area against the briefing alone: ``python -m benchmarks.documents``.

The cells of the template and the page are run in this process, as in `benchmarks.cells`, on the area's
partition, as in a batch; then the three writers read the executed notebook.
Processor seconds, medians over the rounds.
"""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.cells import InteractiveShell, brief
from bhyt_analysis.documents.formats import OFFICE, write_office
from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.partitions import write_partition
from bhyt_analysis.ingest.loader import load

AREAS = ("Sơn Dương", "Lục Ngạn", "X001")
ROUNDS = 5


def measure(areas: tuple[str, ...] = AREAS, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Return the median seconds of each area: the HTML briefing, then each writer; after one round to warm up."""
    shell = InteractiveShell.instance()
    medians = {}
    with tempfile.TemporaryDirectory() as folder:
        out, data = Path(folder), load()
        for area in areas:
            write_partition(out / "parts" / area, area_view(data, area).data)
        brief(areas[0], out, shell)
        write_office(out / "briefing.ipynb", OFFICE)
        for area in areas:
            seconds: dict[str, list[float]] = {}
            for _ in range(rounds):
                start = time.process_time()
                brief(area, out, shell, str(out / "parts" / area))
                seconds.setdefault("html", []).append(time.process_time() - start)
                for name in OFFICE:
                    start = time.process_time()
                    write_office(out / "briefing.ipynb", [name])
                    seconds.setdefault(name, []).append(time.process_time() - start)
            medians[area] = {name: statistics.median(spent) for name, spent in seconds.items()}
    return medians


def main() -> None:
    """Print one line an area: seconds, and all four formats over the HTML briefing alone."""
    print(f"{'seconds of processor':24}" + "".join(f"{n:>9}" for n in ("html", *OFFICE)) + "  all four / html")
    for area, spent in measure().items():
        ratio = sum(spent.values()) / spent["html"]
        print(f"{area:24}" + "".join(f"{s:9.3f}" for s in spent.values()) + f"{ratio:17.2f}")


if __name__ == "__main__":
    main()
