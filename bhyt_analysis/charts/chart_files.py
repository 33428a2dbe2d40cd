"""Write charts as files: pictures, drawings, and slides with a chart that PowerPoint can edit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from bhyt_analysis.charts.chart import DPI, Chart, save_png, save_svg
from bhyt_analysis.i18n.failures import failure
from bhyt_analysis.i18n.messages import BhytError

PICTURES = (".png", ".svg")  # written for a name without an ending
ENDINGS = (*PICTURES, ".pptx")


def save(chart: Chart | Figure, path: str | Path) -> list[Path]:
    """Write a chart as a picture, a drawing or a slide, by the ending of the path; a missing folder is made.

    ``.png`` has 300 dots an inch on paper; ``.svg`` stays sharp at any size. ``.pptx`` is one slide with a chart that
    PowerPoint draws itself, from figures that can be edited there, with its title, its source and the stamp of weak
    figures. Without one of these endings ``.png`` and ``.svg`` are written. Files of the same name are replaced; no
    date is in them.

    Parameters
    ----------
    chart
        what a function of `bhyt_analysis.charts` returns, or any Figure of matplotlib.
    path
        the name of the file, with its folder if it is not the present one.

    Returns
    -------
    list of Path
        The files, from the root of the disk.

    Raises
    ------
    BhytError
        for something that is no chart, an ending of another format, a chart that PowerPoint can't draw (maps, tiles,
        funnels, fans and others that are no bars, columns or lines; and every Figure that is not a chart of this
        package), and a file that can't be written.

    Examples
    --------
    >>> import tempfile
    >>> chart = bhyt.charts.groups(bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"]), size="slide")
    >>> folder = tempfile.mkdtemp()
    >>> [file.name for file in bhyt.charts.save(chart, f"{folder}/theo nhóm")]
    ['theo nhóm.png', 'theo nhóm.svg']
    >>> [file.name for file in bhyt.charts.save(chart, f"{folder}/theo nhóm.pptx")]
    ['theo nhóm.pptx']
    """
    if not isinstance(chart, Chart | Figure):
        raise BhytError(("error.not_a_chart", {"found": type(chart).__name__}))
    file = Path(path).absolute()
    ending = file.suffix.lower()
    if ending not in ENDINGS and re.fullmatch(r"\.[a-z]{3,4}", ending):  # else it belongs to the name: "bìa 6.2022"
        raise BhytError(("error.chart_format", {"found": file.suffix, "expected": ", ".join(ENDINGS)}))
    files = [file] if ending in ENDINGS else [file.with_name(file.name + e) for e in PICTURES]
    for each in files:
        try:
            each.parent.mkdir(parents=True, exist_ok=True)
            _WRITERS[each.suffix.lower()](chart, each)
        except OSError as error:
            raise failure(error, each) from None
    return files


def _write_png(chart: Chart | Figure, path: Path) -> None:
    if isinstance(chart, Chart):
        save_png(chart, path)
    else:
        chart.savefig(path, dpi=DPI)


def _write_svg(chart: Chart | Figure, path: Path) -> None:
    if isinstance(chart, Chart):
        save_svg(chart, path)
    else:
        chart.savefig(path, metadata={"Date": None})


def _write_slide(chart: Chart | Figure, path: Path) -> None:
    if not isinstance(chart, Chart):
        raise BhytError(("error.no_native_figure", {}))
    from bhyt_analysis.documents.pptx import write_chart_slide  # above this package: loaded when it is called for

    write_chart_slide(chart.description, path)


_WRITERS: dict[str, Callable[[Chart | Figure, Path], None]] = {
    ".png": _write_png, ".svg": _write_svg, ".pptx": _write_slide,
}  # fmt: skip
