"""Write the page of all charts with their pictures and the lines that make each: ``make gallery``.

The lines are the examples of the charts' docstrings, which are run: here for the pictures,
and as tests.
"""

import doctest
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

import bhyt_analysis as bhyt
from bhyt_analysis.charts.chart import Chart, render_image

HERE = Path(__file__).parent
# By topic; a chart that is not named here comes last.
ORDER = (
    "bullet", "communes", "gaps", "tiles", "choropleth", "commune_people", "groups", "group_mix", "by_month",
    "small_multiples",
    "states", "pace", "funnel", "expiring_cards", "losses", "slope", "waterfall", "flows", "reenrolment", "curve",
    "path", "fan", "scenarios", "tornado", "backtest", "premium", "cost", "payers", "cost_per_insured",
)  # fmt: skip
DPI = 110
HEAD = """# Charts

Each chart takes a table of the library and returns a `Chart`, in Vietnamese or, with `lang="en"`, in
English. `size="a4"` is 160 mm wide, `"half"` 80 mm, `"slide"` 300 by 150 mm; no text is below 9 points there.
`bhyt.charts.save(chart, "name")` writes PNG and SVG, `bhyt.charts.save(chart, "name.pptx")` a slide whose bars or
lines PowerPoint can edit. `bhyt.charts.settings(font="Arial", scale=1.3, colours={"blue": "#1F4E79"})` sets the letters
and colours of all charts, `settings(reset=True)` the default. `chart.figure` is the matplotlib Figure,
`chart.description` has the figures on the chart and its alternative text, which is below each picture here. A table
of your own does as well, if it has the columns that the help of a chart names.

This page is made by `make gallery` from the examples in the code, which begin with:

```python
import pandas as pd
import bhyt_analysis as bhyt
```
"""


def charts() -> dict[str, Callable[..., Chart]]:
    """Return every chart function that has an example, in the order of the page."""
    functions = {name: getattr(bhyt.charts, name) for name in bhyt.charts.__all__}
    names = sorted(functions, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    drawing = [name for name in names if hasattr(functions[name], "__wrapped__")]  # by `chart_function`
    return {name: functions[name] for name in drawing if lines(functions[name])}


def lines(draw: Callable[..., Chart]) -> str:
    """Return the code of the example of a chart."""
    return "".join(e.source for e in doctest.DocTestParser().get_examples(inspect.getdoc(draw) or ""))


def run_lines(code: str) -> Chart:
    """Return the chart that the lines make."""
    names: dict[str, object] = {"bhyt": bhyt, "pd": pd}
    exec(code, names)
    chart = names["chart"]
    assert isinstance(chart, Chart)
    return chart


def page(folder: Path | None = None) -> Iterator[str]:
    """Yield the parts of the page; with a folder, write the pictures there."""
    yield HEAD
    for name, draw in charts().items():
        code = lines(draw)
        chart = run_lines(code)
        if folder is not None:
            render_image(chart, DPI).save(folder / f"{name}.png", optimize=True)
        about = (inspect.getdoc(draw) or "").split("\n", 1)[0]
        alt = chart.description.alt.replace("[", "(").replace("]", ")")
        yield f"## {name}\n\n{about}\n\n```python\n{code.rstrip()}\n```\n\n![{alt}]({name}.png)\n\n*{alt}*\n"


def main() -> None:
    """Write the page and every picture."""
    for old in HERE.glob("*.png"):
        old.unlink()
    (HERE / "README.md").write_text("\n".join(page(HERE)), encoding="utf-8")
    print(HERE / "README.md", file=sys.stderr)


if __name__ == "__main__":
    main()
