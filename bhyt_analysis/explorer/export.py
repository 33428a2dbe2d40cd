"""Export charts as PNG and SVG and tables as CSV and workbooks, as links that hold the files."""

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

MIME_TYPES = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".toml": "application/toml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def chart_files(chart: charts.Chart, name: str) -> dict[str, bytes]:
    """Return a chart as the batch writes it, PNG (300 dpi) and SVG, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / name
        charts.save(chart, stem)
        return {f"{name}{suffix}": stem.with_suffix(suffix).read_bytes() for suffix in (".png", ".svg")}


def table_files(rows: pd.DataFrame, name: str, lang: str) -> dict[str, bytes]:
    """Return a table as CSV with a byte order mark for Excel and as a workbook with numeric cells, by file name.

    Examples
    --------
    >>> files = table_files(pd.DataFrame({"name": ["Xã Đầu"], "insured": [900]}), "communes", "en")
    >>> files["communes.csv"].decode("utf-8-sig").split()
    ['Area,Insured', 'Đầu', 'commune,900']
    """
    import openpyxl

    table, book = formatting.spreadsheet_table(rows, lang), openpyxl.Workbook()
    csv = table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")  # as `formatting.save_csv` writes it
    sheet = book.active
    sheet.append(list(table.columns))
    numeric = [formatting.COLUMN_FORMATS.get(c, "date") != "date" for c in rows]
    for line in table.itertuples(index=False):
        sheet.append([_to_number(v) if n else v for v, n in zip(line, numeric, strict=True)])
    sheet.freeze_panes = "A2"
    for column in sheet.columns:
        width = max(len(str(cell.value or "")) for cell in column) + 2
        sheet.column_dimensions[column[0].column_letter].width = min(60, width)
    out = io.BytesIO()
    book.save(out)
    return {f"{name}.csv": csv, f"{name}.xlsx": out.getvalue()}


def _to_number(text: str) -> float | str | None:
    """Return the number of a cell; the text of a suppressed count; None for a missing value."""
    try:
        return float(text)
    except ValueError:
        return text or None


def render_links(files: Mapping[str, bytes]) -> str:
    """Return links that hold the files themselves, so that they work in JupyterLab and in Voilà without a server.

    Examples
    --------
    >>> render_links({"a.csv": b"1"})
    '<a class="bhyt-file" download="a.csv" href="data:text/csv;base64,MQ==">a.csv</a>'
    """
    links = ""
    for name, content in files.items():
        source = f"data:{MIME_TYPES[Path(name).suffix]};base64,{base64.b64encode(content).decode()}"
        links += f'<a class="bhyt-file" download="{html.escape(name)}" href="{source}">{html.escape(name)}</a>'
    return links
