"""From which size on is a difference told? One row of ``limits.csv`` is a limit of a rule, with its source."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_name("limits.csv")


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, float]]:
    table = pd.read_csv(FILE, dtype={"value": "float64"}, keep_default_na=False, encoding="utf-8")
    return {str(rule): dict(zip(rows["limit"], rows["value"], strict=True)) for rule, rows in table.groupby("rule")}


def rule_limits(rule: str) -> dict[str, float]:
    """The limits of a rule by their names.

    Examples
    --------
    >>> rule_limits("front_loaded")
    {'share': 0.5, 'years': 3.0}
    """
    return dict(_table()[rule])
