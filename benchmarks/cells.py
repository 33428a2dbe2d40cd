"""Measure the processor seconds of one area in a warm process, step by step: ``python -m benchmarks.cells``.

The cells of the briefing's template are run in this process, on the area's rows that the batch has stored; an empty
notebook measures what it costs to start, use and end its kernel. Each second is counted once, at the innermost step.
"""

import base64
import contextlib
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

import nbformat
import papermill
import psutil
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import bhyt_analysis as bhyt
from bhyt_analysis import charts
from bhyt_analysis.charts import chart
from bhyt_analysis.documents import html_page
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.partitions import write_partition
from bhyt_analysis.engine import warm_process
from bhyt_analysis.tables import formatting

AREAS = ("Sơn Dương", "Lục Ngạn", "Lý Sơn", "Thành phố Quảng Ngãi", "X001", "Bình Sơn", "Mộc Châu", "Ba Tơ")
ROUNDS = 5
# The functions of each step; the rest of the time of the cells is computing and wording.
STEPS = {
    "chart": [(charts, name) for name in charts.__all__ if name not in ("Chart", "save")],
    "draw": [(chart, "place_axes"), (FigureCanvasAgg, "draw")],
    "encode": [(Image.Image, "save")],
    "save": [(charts, "save")],
    "write": [(formatting, "save_csv"), (nbformat, "write")],
    "page": [(html_page, "write_page")],
}


@contextlib.contextmanager
def counted(seconds: Counter[str]) -> Iterator[None]:
    """Count the processor seconds of each step while it lasts, without those of the steps inside it."""
    inside, originals = [0.0], []

    def timed(step: str, work: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            inside.append(0.0)
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                seconds[step] += spent - inside.pop()
                inside[-1] += spent

        return run

    for step, places in STEPS.items():
        for place, name in places:
            originals.append((place, name, getattr(place, name)))
            setattr(place, name, timed(step, originals[-1][2]))
    try:
        yield
    finally:
        for place, name, work in originals:
            setattr(place, name, work)


def brief(area: str, out: Path, shell: InteractiveShell, source: str | None = None) -> None:
    """Run the cells of the template for an area, and write its notebook and its page, as the batch does."""
    notebook = nbformat.read(bundled_path("notebooks") / "area_briefing.ipynb", 4)
    names: dict[str, Any] = {}
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        shell.display_pub = publisher = CapturingDisplayPublisher()  # type: ignore[assignment]
        exec(cell.source, names)
        if number == 0:  # the cell of the parameters
            names |= {"area": area, "out": str(out), "data": source}
        for output in publisher.outputs:
            data = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in output["data"].items()}
            cell.outputs.append(nbformat.v4.new_output("display_data", data, metadata=output["metadata"]))
    nbformat.write(notebook, out / "briefing.ipynb")
    html_page.write_page(out / "briefing.ipynb", out / "briefing.html")


def start(rounds: int = ROUNDS) -> float:
    """Return the mean seconds of a notebook without cells on a warm kernel: the kernel's, and those of its client."""
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        empty, executed = Path(folder, "empty.ipynb"), Path(folder, "executed.ipynb")
        kernel = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(nbformat.v4.new_notebook(metadata={"kernelspec": kernel}), empty)
        for _ in range(rounds + 1):  # one more, while the libraries are still loading
            papermill.execute_notebook(empty, executed, engine_name="bhyt-warm", progress_bar=False)
            times = psutil.Process(warm_process.process_id()).cpu_times()
            spent.append(times.children_user + times.children_system + time.process_time())
        warm_process.stop()
    return (spent[-1] - spent[0]) / rounds


def measure(areas: tuple[str, ...] = AREAS, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Return the median seconds of each area by step; the first area is built once before, to warm up."""
    shell = InteractiveShell.instance()
    medians = {}
    with tempfile.TemporaryDirectory() as folder:
        data = bhyt.load()
        parts = {a: str(write_partition(Path(folder, "parts", a), bhyt.area(data, a).data)) for a in areas}
        brief(areas[0], Path(folder), shell, parts[areas[0]])
        for area in areas:
            steps: dict[str, list[float]] = {}
            for _ in range(rounds):
                seconds = Counter[str]()
                start = time.process_time()
                with counted(seconds):
                    brief(area, Path(folder), shell, parts[area])
                total = time.process_time() - start
                for step, spent in {"compute": total - seconds.total(), **seconds, "all": total}.items():
                    steps.setdefault(step, []).append(spent)
            medians[area] = {step: statistics.median(spent) for step, spent in steps.items()}
    return medians


def main() -> None:
    """Print one line an area and their mean."""
    kernel, medians = start(), measure()
    steps = ("start", "compute", *STEPS, "all")
    medians = {area: {**spent, "start": kernel, "all": spent["all"] + kernel} for area, spent in medians.items()}
    mean = {step: statistics.mean(spent.get(step, 0.0) for spent in medians.values()) for step in steps}
    print(f"{'seconds of processor':24}" + "".join(f"{s:>9}" for s in steps))
    for area, spent in {**medians, "mean": mean}.items():
        print(f"{area:24}" + "".join(f"{spent.get(s, 0.0):9.3f}" for s in steps))


if __name__ == "__main__":
    main()
