"""Run the backtest on the bundled data."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.backtest import run_backtest


@result_table
def backtest(data: Dataset | None = None, law: Law | None = None, draws: int = 1000, seed: int = 1) -> pd.DataFrame:
    """Compare the model with each published figure of the cases, by default those of the bundled data.

    Parameters
    ----------
    data
        None is the bundled data.
    law
        None is the bundled law.
    draws
        how often the assumptions are drawn.
    seed
        of the draws.

    Returns
    -------
    DataFrame
        One row a published figure, with the columns of `run_backtest` of `bhyt_analysis.model.projection.backtest`.

    Examples
    --------
    >>> backtest(draws=100).set_index("case").at["hoa_binh", "verdict"]
    'no_data'
    """
    return run_backtest(load() if data is None else data, law, draws, seed)
