"""Locate the data that come with the package, and read its small tables, such as rules, limits and assumptions."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

PACKAGE = Path(__file__).parents[1]


def bundled_path(name: str) -> Path:
    """Return the folder ``data``, ``notebooks`` or ``scenarios`` that comes with the package.

    Examples
    --------
    >>> bundled_path("data").name
    'data'
    """
    packaged = PACKAGE / "bundled" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


def packaged_table(path: str, numbers: tuple[str, ...] = (), index: str | None = None) -> pd.DataFrame:
    """Return the table of a file below ``bhyt_analysis``, which is read once, indexed by a column if one is named.

    The columns ``numbers`` are float64, missing where blank; all others are text, "" where blank.

    Examples
    --------
    >>> packaged_table("quality/limits.csv", ("value",)).query("rule == 'front_loaded'")["value"].tolist()
    [0.5, 3.0]
    """
    return _read(path, numbers, index).copy()


@lru_cache(maxsize=32)
def _read(path: str, numbers: tuple[str, ...], index: str | None) -> pd.DataFrame:
    table = pd.read_csv(PACKAGE / path, dtype=str, keep_default_na=False, encoding="utf-8")
    for column in numbers:
        table[column] = pd.to_numeric(table[column]).astype("float64")
    return table if index is None else table.set_index(index)
