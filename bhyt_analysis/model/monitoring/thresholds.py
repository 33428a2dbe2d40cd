"""At which values does the monthly watch change its colour, and who says so?"""

from functools import lru_cache
from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_name("thresholds.csv")


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    table = pd.read_csv(FILE, dtype=str, keep_default_na=False, encoding="utf-8")
    return table.assign(value=table["value"].astype("float64")).set_index("name")


def thresholds() -> pd.DataFrame:
    """Every threshold of the monthly watch.

    Returns
    -------
    DataFrame indexed by ``name``: ``value``, ``unit``, ``name_vi``, ``name_en``, ``source``.

    Examples
    --------
    >>> thresholds().loc[["green_pace", "amber_pace"], "value"].tolist()
    [1.0, 0.8]
    """
    return _table().copy()


def threshold(name: str) -> float:
    """The value of one threshold."""
    return float(_table().at[name, "value"])
