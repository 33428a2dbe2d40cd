"""Read the CSV files of a briefing or a command as their readers do: in Vietnamese with semicolons."""

import csv
from pathlib import Path

from bhyt_analysis.tables.formatting import csv_separator


def read_csv_rows(path, lang="vi"):
    """Return the heading and the rows of a file as lists of texts, without the tabs that keep digits a text."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return [[cell.removeprefix("\t") for cell in row] for row in csv.reader(file, delimiter=csv_separator(lang))]
