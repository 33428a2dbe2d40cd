"""Measure a change of a slider until the new figures and tables are ready, against drawing the same figures again.

``python -m benchmarks.explore``. Processor seconds, so that other work on the machine does not lengthen them.
"""

import io
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import bhyt_analysis as bhyt
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.app import build_explorer
from bhyt_analysis.explorer.controls import Control, Controls
from bhyt_analysis.explorer.views import CHARTS, Context, screen_chart

ROUNDS = 9
SLIDERS: dict[str, Callable[[Controls], Control]] = {  # two of behaviour, two of the law
    "outreach": lambda controls: controls.outreach,
    "take_up_household": lambda controls: controls.take_up["household"],
    "share_household": lambda controls: controls.support_shares["household"],
    "base_salary": lambda controls: controls.base_salary,
}


def median(work: Callable[[], object]) -> float:
    """Return the median processor seconds of some rounds, after one that does not count."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def measure(area: str, name: str) -> dict[str, float]:
    """Measure a change of a slider for an area, from the event to the last new picture and table.

    The explorer computes the scenario with 200 draws, draws every chart that changes and writes
    charts and tables into their widgets. The bare redraw repeats the layout (constrained), the
    drawing and the PNG of the same finished figures; nothing is computed and no artist is made.
    The third measure also makes the artists, from finished tables: the minimum for any program
    that shows new figures.
    """
    state = replace(states.from_file("decision_861_ordinary"), area=area, on="2021-12-31")
    app = build_explorer(Context(bhyt.load(), bhyt.Law.read()), state)
    slider = SLIDERS[name](app.controls).widget
    first = slider.index
    second = first + (1 if first + 1 < len(slider.options) else -1)

    def event() -> None:
        slider.index = first if slider.index == second else second

    before = {chart: app.widgets.pictures[chart].image.value for chart in CHARTS}
    event()
    changed = [chart for chart in CHARTS if app.widgets.pictures[chart].image.value != before[chart]]

    def draw(chart: str) -> bhyt.charts.Chart:
        return app.get_view(app.state, f"chart_{chart}")(size="screen")

    charts = [draw(chart) for chart in changed]

    def redraw() -> None:
        for chart in charts:
            chart.figure.set_layout_engine("constrained")
            chart.figure.savefig(io.BytesIO(), format="png", dpi=110)

    def draw_from_tables() -> None:
        for chart in changed:
            app.get_view(app.state, "months")
            screen_chart(draw(chart))

    return {
        "ours": median(event),
        "bare redraw": median(redraw),
        "from finished tables": median(draw_from_tables),
    }


def main() -> dict[str, dict[str, float]]:
    """Print one line for each slider and area."""
    results = {}
    for area, slider in itertools.product(("219", "X001"), SLIDERS):
        results[f"explore {area} {slider}"] = seconds = measure(area, slider)
        move, bare, tables = seconds.values()
        print(
            f"explore {area:5} {slider:18} ours {move:8.3f} s   bare redraw {bare:8.3f} s   "
            f"ratio {move / bare:6.2f}   from finished tables {tables:.3f} s (ratio {move / tables:.2f})",
            flush=True,
        )
    return results


if __name__ == "__main__":
    main()
