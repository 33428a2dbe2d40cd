"""Measure a move of a slider: until the new headline and the visible chart, in the kernel and in Chromium.

``python -m benchmarks.explore``. In the kernel in processor seconds, so that other work on the machine does not
lengthen them; in Chromium by its clock.
"""

import gc
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import ipywidgets as ipw

import bhyt_analysis as bhyt
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.app import build_explorer
from bhyt_analysis.explorer.pages import Explorer, draw_in_steps
from bhyt_analysis.explorer.views import Context
from bhyt_analysis.i18n.messages import translate

AREAS = {"219": "Lục Ngạn", "X001": "example district"}
MOVES = 4  # of each slider
BROWSER_MOVES = 12
REST = 1.2  # seconds, until the rest of the page has been drawn
ORDINARY = replace(states.from_file("decision_861_ordinary"), on="2021-12-31")

# Press a key on a slider, and wait for the frame in which the figure of the second card is another one.
MOVE = """
const [label, key, done] = arguments;
const labels = [...document.querySelectorAll(".bhyt-app label")];
const handle = labels.find(l => l.innerText.trim() === label).parentElement.querySelector(".noUi-handle");
const read = () => document.querySelectorAll(".bhyt-card b")[1]?.innerText;
const before = read(), start = performance.now();
handle.dispatchEvent(new KeyboardEvent("keydown", {key: key, bubbles: true}));
const wait = () => read() && read() !== before ? done(performance.now() - start) : requestAnimationFrame(wait);
requestAnimationFrame(wait);
"""


def seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare_redraw(app: Explorer) -> float:
    """Measure the layout, the drawing and the PNG of the visible chart; nothing is computed and no artist is made."""
    figure = app.get_view(app.state, "chart_path")(size="screen").figure

    def redraw() -> None:
        figure.set_layout_engine("constrained")
        figure.savefig(io.BytesIO(), format="png", dpi=figure.dpi)

    redraw()
    return statistics.median(seconds(redraw) for _ in range(9))


def moves(app: Explorer) -> Iterator[tuple[str, list[float]]]:
    """Move each slider between two of its next positions, and yield the seconds until what is visible first is new.

    Intervals are on. The first move of a slider does not count.
    """
    app.schedule_draw = lambda: next(draw_in_steps(app))
    for control in app.controls:
        slider = control.widget
        if not isinstance(slider, ipw.SelectionSlider):
            continue
        first = slider.index
        near = [i for i in (first + 1, first + 2, first - 1, first - 2) if 0 <= i < len(slider.options)][:2]
        times = [seconds(partial(setattr, slider, "index", near[i % 2])) for i in range(MOVES + 1)]
        slider.index = first
        yield control.label, times[1:]


def in_browser(label: str) -> list[float]:
    """Measure moves of a slider in Chromium, each after the page has been drawn to its end."""
    from tests.browser import chromium
    from tests.browser.test_explore import Page, Server, wait_until_ready

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), "--voila")
        try:
            server.wait("voila/static/")
            with chromium.started("1280,863") as driver:
                page = Page(driver, server, "voila")
                driver.get(server.url(f"?token={server.token()}"))
                wait_until_ready(page)
                driver.set_script_timeout(30)
                times = []
                for i in range(BROWSER_MOVES + 1):
                    time.sleep(REST)
                    times.append(driver.execute_async_script(MOVE, label, ("ArrowRight", "ArrowLeft")[i % 2]) / 1000)
                return times[1:]
        finally:
            server.stop()


def summary(times: list[float], bare: float) -> dict[str, float]:
    """Return the median and the 95th percentile of moves beside the bare redraw of the visible chart."""
    return {"ours": statistics.median(times), "bare redraw": bare, "p95": statistics.quantiles(times, n=20)[-1]}


def main() -> dict[str, dict[str, float]]:
    """Print one line for each area and one for Chromium."""
    results = {}
    context = Context(bhyt.load(), bhyt.Law.read())
    for area, name in AREAS.items():
        app = build_explorer(context, replace(ORDINARY, area=area))
        gc.collect()
        gc.freeze()  # as `explore` does
        bare, by_slider = bare_redraw(app), list(moves(app))
        times = [t for _, of_slider in by_slider for t in of_slider]
        slowest = max(by_slider, key=lambda pair: statistics.median(pair[1]))[0]
        results[f"explore {name}"] = summary(times, bare)
        print_line(f"explore {name}", results[f"explore {name}"], f"{len(by_slider)} sliders, slowest {slowest}")
    outreach = translate("explore.outreach", "vi")
    results["explore in Chromium"] = summary(in_browser(outreach), bare)
    print_line("explore in Chromium", results["explore in Chromium"], "by the clock")
    return results


def print_line(name: str, result: dict[str, float], note: str) -> None:
    """Print the figures of a measure."""
    ours, bare, p95 = result.values()
    print(
        f"{name:26} median {ours:6.3f} s   p95 {p95:6.3f} s   bare redraw {bare:6.3f} s   "
        f"ratio {ours / bare:5.2f}   {note}",
        flush=True,
    )


if __name__ == "__main__":
    main()
