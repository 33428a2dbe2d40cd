"""Read the values at which the monthly monitor changes its colour, with their sources."""

import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table


def thresholds() -> pd.DataFrame:
    """Return every threshold by ``name``: ``value``, ``unit``, ``name_vi``, ``name_en``, ``source``.

    Examples
    --------
    >>> thresholds().loc[["green_pace", "amber_pace"], "value"].tolist()
    [1.0, 0.8]
    """
    return packaged_table("model/monitoring/thresholds.csv", ("value",), "name")


def threshold(name: str) -> float:
    """Return the value of one threshold."""
    return float(thresholds().at[name, "value"])
