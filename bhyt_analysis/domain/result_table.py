"""Mark result tables with the name of the function that made them, and read what their rows are asked to be."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import ParamSpec

import pandas as pd

from bhyt_analysis.i18n.messages import BhytError

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


def parse_by(by: str | Sequence[str] | None, choices: Sequence[str]) -> list[str]:
    """Return what rows are by, as a list; a text may name several with commas between them.

    Raises BhytError for what is not in ``choices``.

    Examples
    --------
    >>> parse_by("group, commune", ["group", "commune", "month"]), parse_by(None, ["group"])
    (['group', 'commune'], [])
    """
    names = by.split(",") if isinstance(by, str) else list(by) if isinstance(by, Iterable) else [by or ""]
    names = [name.strip() if isinstance(name, str) else str(name) for name in names]
    if unknown := [name for name in names if name and name not in choices]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": ", ".join(choices)}))
    return [name for name in names if name]
