"""Mark result tables with the name of the function that made them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import pandas as pd

P = ParamSpec("P")


def result_table(function: Callable[P, pd.DataFrame]) -> Callable[P, pd.DataFrame]:
    """Set ``attrs["result"]`` of each table that a function returns to the function's name.

    Examples
    --------
    >>> @result_table
    ... def shares() -> pd.DataFrame:
    ...     return pd.DataFrame({"share": [0.5]})
    >>> shares().attrs
    {'result': 'shares'}
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        table = function(*args, **kwargs)
        table.attrs["result"] = function.__name__
        return table

    return call
