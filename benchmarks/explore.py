"""What does a move of a slider cost until the new figures and tables stand, against drawing the same figures again?

``python -m benchmarks.explore``. Processor seconds, so that other work on the machine does not lengthen them.
"""

import io
import itertools
import statistics
import time
from collections.abc import Callable

import bhyt_analysis as bhyt
from bhyt_analysis.explorer import app as application
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.views import DRAWN, Context

ROUNDS = 9
SLIDERS = ("outreach", "take_up_household", "share_household", "base_salary")  # of behaviour, and of the law


def median(work: Callable[[], object]) -> float:
    """The median processor seconds of some rounds, after one that does not count."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def moves(area: str, name: str) -> dict[str, float]:
    """A move of a slider for an area, from the event to the last new picture and table.

    Ours computes the scenario with 200 draws, makes every figure that changes and writes
    them and the tables into their widgets. The bare rival redraws the same figures, which
    stand already: matplotlib's constrained layout, drawing and PNG, nothing computed and
    no artist made. The third figure is a rival that makes the artists as well, from
    finished tables: what any program must do that shows other figures than before.
    """
    state = states.replace_values(states.from_file("decision_861_ordinary"), area=area, on="2021-12-31")
    app = application.explorer(Context(bhyt.load(), bhyt.Law.read()), state)
    slider = app.parts[name].control
    one = slider.index
    other = one + (1 if one + 1 < len(slider.options) else -1)

    def event() -> None:
        slider.index = one if slider.index == other else other

    before = {name: app.outputs[f"picture_{name}"].value for name in DRAWN}
    event()
    changed = [name for name in DRAWN if app.outputs[f"picture_{name}"].value != before[name]]
    tables = {name: [app.look(app.state, view) for view in DRAWN[name][1]] for name in changed}

    def made(name: str) -> object:
        return DRAWN[name][0](app.world, app.state, *tables[name], size="screen")

    def png(chart: object) -> None:
        figure = chart.figure  # type: ignore[attr-defined]
        figure.set_layout_engine("constrained")
        figure.savefig(io.BytesIO(), format="png", dpi=110)

    standing = [made(name) for name in changed]

    def redraw() -> None:
        for figure in standing:
            png(figure)

    def from_tables() -> None:
        for name in changed:
            app.look(app.state, "whole")
            figure = made(name)
            app.on_screen(figure)  # type: ignore[arg-type]

    return {"ours": median(event), "bare redraw": median(redraw), "from finished tables": median(from_tables)}


def main() -> dict[str, dict[str, float]]:
    """Print one line for each slider and area."""
    told = {}
    for area, slider in itertools.product(("219", "X001"), SLIDERS):
        told[f"explore {area} {slider}"] = found = moves(area, slider)
        ours, bare, tables = found.values()
        print(
            f"explore {area:5} {slider:18} ours {ours:8.3f} s   bare redraw {bare:8.3f} s   ratio {ours / bare:6.2f}"
            f"   from finished tables {tables:.3f} s (ratio {ours / tables:.2f})",
            flush=True,
        )
    return told


if __name__ == "__main__":
    main()
