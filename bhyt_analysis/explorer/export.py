"""What is taken home from the explorer: charts as PNG and SVG, tables as CSV and workbooks, as links of a page."""

from __future__ import annotations

import base64
import html
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.tables import formatting

TYPES = {
    ".png": "image/png", ".svg": "image/svg+xml", ".csv": "text/csv", ".toml": "application/toml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def chart_files(chart: charts.Chart, name: str) -> dict[str, bytes]:
    """A chart as the batch writes it: PNG (300 dpi) and SVG, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / name
        charts.save(chart, stem)
        return {f"{name}{end}": stem.with_suffix(end).read_bytes() for end in (".png", ".svg")}


def table_files(rows: pd.DataFrame, name: str, lang: str) -> dict[str, bytes]:
    """A table as CSV that Excel opens right and as a workbook with numbers in its cells, by file name.

    Examples
    --------
    >>> files = table_files(pd.DataFrame({"name": ["Xã Đầu"], "insured": [900]}), "communes", "en")
    >>> files["communes.csv"].decode("utf-8-sig").split()
    ['Area,Insured', 'Đầu', 'commune,900']
    """
    import openpyxl

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.csv"
        formatting.save_csv(rows, path, lang)
        csv = path.read_bytes()
    book = openpyxl.Workbook()
    sheet = book.active
    plain = formatting.spreadsheet_table(rows, lang)
    sheet.append(list(plain.columns))
    numeric = [formatting.COLUMN_FORMATS.get(c, "date") != "date" for c in rows]
    for line in plain.itertuples(index=False):
        sheet.append([_number(v) if n else v for v, n in zip(line, numeric, strict=True)])
    sheet.freeze_panes = "A2"
    for column in sheet.columns:
        sheet.column_dimensions[column[0].column_letter].width = min(60, max(len(str(c.value or "")) for c in column) + 2)  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return {f"{name}.csv": csv, f"{name}.xlsx": out.getvalue()}


def _number(text: str) -> float | str | None:
    """A number where the cell holds one; a hidden count stays a text, a missing one nothing."""
    try:
        return float(text)
    except ValueError:
        return text or None


def links(files: Mapping[str, bytes]) -> str:
    """Links that hold the files themselves: they work in JupyterLab and in Voilà, and ask no server.

    Examples
    --------
    >>> links({"a.csv": b"1"})
    '<a class="bhyt-file" download="a.csv" href="data:text/csv;base64,MQ==">a.csv</a>'
    """
    told = []
    for name, content in files.items():
        data = base64.b64encode(content).decode()
        told.append(f'<a class="bhyt-file" download="{html.escape(name)}" href="data:{TYPES[Path(name).suffix]};base64,{data}">{html.escape(name)}</a>')  # fmt: skip
    return "".join(told)
