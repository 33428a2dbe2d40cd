"""Show texts, charts and tables in a notebook, and write their files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from IPython.display import HTML, Image, Markdown, display

from bhyt_analysis import charts
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.briefing.metadata import NARROW, OutputMetadata, item_title
from bhyt_analysis.charts.chart import save_pictures, save_png
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.i18n.safe_text import to_markdown
from bhyt_analysis.tables import formatting
from bhyt_analysis.tables.hidden_cells import HiddenCells

SCREEN_WIDTH = 605  # CSS pixels of 160 mm
# Notebooks set every cell of a table to the right; only numbers belong there.
ALIGNED = "<style>table.bhyt :is(td, th):not(.n) {text-align: left}</style>"


def show_heading(key: str, lang: str | None = None) -> None:
    """Show the heading of a section, or that of a notebook whose key it is.

    Parameters
    ----------
    key
        of a section or a notebook.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.

    Raises
    ------
    BhytError
        for another language.

    Examples
    --------
    >>> bhyt.notebook.show_heading("coverage")  # doctest: +SKIP
    """
    notebook = f"notebook.{key}"
    own = has_message(notebook)
    text = translate(notebook, lang) if own else section_title(key, lang)
    display(Markdown(f"{'#' if own else '##'} {to_markdown(text)}"))


def section_title(key: str, lang: str | None = None, decision: str = "") -> str:
    """Return the title of a section. ``decision``: the name of the decision that the briefing is about."""
    return translate(f"section.{key}", lang, decision=decision)


def show_text(text: str, about: OutputMetadata, level: int = 0) -> None:
    """Show a text, or with a ``level`` a heading, and keep what it is for the documents made from the notebook.

    No name or other text of an input in it becomes Markdown (`bhyt_analysis.i18n.safe_text`).
    """
    signs = "#" * level + " " if level else ""
    display(Markdown(signs + to_markdown(text)), metadata=about.to_dict())


def show_item(
    item: Item,
    lang: str | None = None,
    out: str | Path | None = None,
    decision: str = "",
    hidden: HiddenCells | None = None,
) -> None:
    """Show the text, the chart and the table of an item; with ``out``, write the files of the chart and the table."""
    title = item_title(item.name, lang, decision)
    if item.text:
        show_text(item.text, OutputMetadata("text", item.name, title))
    if item.chart is not None:
        show_chart(item.chart, item.name, out, title)
    if item.narrow is not None and out is not None:
        with name_file(path := Path(out, "charts", f"{item.name}{NARROW}.png")):
            save_png(item.narrow, path)
    if item.table is not None and len(item.table):
        table, marks = (item.table, None) if hidden is None else hidden.arrange(item.name, item.table)
        show_table(table, lang, item.name, out, title, marks)


def show_chart(chart: charts.Chart, name: str = "", out: str | Path | None = None, title: str = "") -> None:
    """Show a chart at the size it has on paper; with ``out``, write ``charts/NAME.png`` and ``.svg`` there.

    The file is drawn once: the notebook shows the same picture.

    Parameters
    ----------
    chart
        what a function of `bhyt_analysis.charts` gives.
    name
        of its files, without an ending.
    out
        the folder of the files; None writes none.
    title
        what the list of files calls it.

    Raises
    ------
    OSError
        for a file that can't be written.

    Examples
    --------
    >>> chart = bhyt.charts.groups(bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"]))
    >>> bhyt.notebook.show_chart(chart, "groups", "out")  # doctest: +SKIP
    """
    if out is None:
        picture = chart._repr_png_()
    else:
        stem = Path(out, "charts", name)
        stem.parent.mkdir(parents=True, exist_ok=True)
        with name_file(stem.with_suffix(".png")):
            save_pictures(chart, stem)
        picture = stem.with_suffix(".png").read_bytes()
    about = OutputMetadata("chart", name, title or chart.description.title, payload=chart.description.to_dict())
    image = Image(picture, width=SCREEN_WIDTH, alt=chart.description.alt)
    display(image, metadata=about.to_dict() if name else None)


def show_table(
    rows: pd.DataFrame,
    lang: str | None = None,
    name: str = "",
    out: str | Path | None = None,
    title: str = "",
    marks: pd.DataFrame | None = None,
) -> None:
    """Show a table in the language; with ``out``, write ``tables/NAME.csv`` there.

    Parameters
    ----------
    rows
        what a function of `bhyt_analysis` gives.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    name
        of its file, without an ending.
    out
        the folder of the file; None writes none.
    title
        its caption.
    marks
        what is printed in place of hidden cells, as of `bhyt_analysis.tables.table_spec`.

    Raises
    ------
    OSError
        for a file that can't be written.

    Examples
    --------
    >>> bhyt.notebook.show_table(bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"]), "en")  # doctest: +SKIP
    """
    spec = formatting.table_spec(rows, lang, marks)
    about = OutputMetadata("table", name, title or item_title(name, lang), payload=spec.to_dict())
    display(HTML(ALIGNED + formatting.spec_to_html(spec, lang)), metadata=about.to_dict())
    if out is not None:
        file = Path(out, "tables", f"{name}.csv")
        file.parent.mkdir(parents=True, exist_ok=True)
        with name_file(file):
            formatting.save_csv(rows, file, lang, marks)
