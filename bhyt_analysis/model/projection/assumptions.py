"""What is assumed about people's behaviour, how sure is it, and where does it come from?

One row of ``assumptions.csv`` is one assumption with its low, central and high value.
A scenario may set any of them; everything that rests on one is estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.i18n.messages import BhytError, nearest_choice

FILE = Path(__file__).with_name("assumptions.csv")
EVIDENCE = Path(__file__).with_name("take_up_evidence.csv")
RANGE = ["low", "central", "high"]

Values = dict[str, NDArray[np.float64]]  # one array of draws a name
Range = tuple[float, float, float]


@lru_cache(maxsize=1)
def _table() -> pd.DataFrame:
    return pd.read_csv(FILE, encoding="utf-8").set_index("name")


def assumptions(changed: Mapping[str, Range] | None = None) -> pd.DataFrame:
    """The assumptions, indexed by name, with those that a scenario changes put in.

    Returns
    -------
    DataFrame with ``low``, ``central``, ``high``, ``at_share`` (the share of the premium
    that the State pays where a take-up was seen), ``unit``, ``name_vi``, ``name_en``,
    ``source``.

    Raises
    ------
    BhytError
        for names that are not known, each with the nearest.

    Examples
    --------
    >>> assumptions().loc["take_up.household", ["low", "central", "high"]].tolist()
    [0.1, 0.35, 0.6]
    >>> assumptions({"persistence": (0.8, 0.8, 0.8)}).at["persistence", "high"]
    np.float64(0.8)
    """
    table = _table().copy()
    check_assumption_names(changed or {})
    for name, values in (changed or {}).items():
        table.loc[name, RANGE] = values
    return table


def check_assumption_names(names: Iterable[str]) -> None:
    """Names of assumptions, or a `BhytError` that tells each unknown one with the nearest."""
    known = _table().index
    odd = [n for n in names if n not in known]
    if odd:
        raise BhytError(*(("error.assumption", {"found": n, "nearest": nearest_choice(n, known) or ", ".join(known)}) for n in odd))  # fmt: skip


# What is no share of something: the values that make sense.
_SPANS = {
    "price_elasticity": (-0.99, 0), "outreach": (0, 2), "outreach_before": (0, 2), "outreach_effect": (0, 5),
    "population_error": (-0.5, 0.5), "population_growth": (-0.5, 0.5),
}  # fmt: skip
# What the figures of the start are worked out with, once: one value, no range.
POINT_VALUED = ("other_titles", "population_growth")


def allowed_range(name: str) -> tuple[float, float]:
    """The least and the most that an assumption may be.

    Examples
    --------
    >>> allowed_range("persistence"), allowed_range("price_elasticity")
    ((0, 1), (-0.99, 0))
    """
    return _SPANS.get(name, (0, 1))


def evidence() -> pd.DataFrame:
    """The studies behind the default take-up: what changed, enrolment before and after (shares), over how long.

    Examples
    --------
    >>> evidence()["arc_elasticity"].dropna().tolist()
    [-0.47, -0.6]
    """
    return pd.read_csv(EVIDENCE, encoding="utf-8")


def central_values(table: pd.DataFrame) -> Values:
    """The central value of each assumption, as one draw.

    Examples
    --------
    >>> central_values(assumptions())["persistence"].tolist()
    [0.9]
    """
    return {name: np.array([value]) for name, value in table["central"].items()}


def draw_assumptions(table: pd.DataFrame, draws: int, seed: int) -> Values:
    """Draws of each assumption from a PERT-Beta distribution on (low, central, high).

    Each assumption has a stream of its own, so that scenarios that share an
    assumption share its draws, and their difference is not noise.

    Examples
    --------
    >>> values = draw_assumptions(assumptions(), 1000, seed=1)["take_up.household"]
    >>> bool((values >= 0.1).all() and (values <= 0.6).all()), round(float(values.mean()), 2)
    (True, 0.35)
    """
    out: Values = {}
    for name, low, mode, high in table[RANGE].itertuples():
        stream = np.random.default_rng([seed, _table().index.get_loc(name)])
        out[name] = draw_pert(stream, low, mode, high, draws)
    return out


def draw_pert(stream: np.random.Generator, low: float, mode: float, high: float, draws: int) -> NDArray[np.float64]:
    """PERT-Beta draws: a beta between two ends with mean (low + 4 mode + high) / 6.

    Source: Malcolm et al. 1959; Vose 2008. The ends may be given in either order.

    Examples
    --------
    >>> draw_pert(np.random.default_rng(1), -0.2, -0.47, -0.6, 10_000).mean().round(2)
    np.float64(-0.45)
    """
    first, last = min(low, high), max(low, high)
    if first == last:
        return np.full(draws, float(mode))
    a = 1 + 4 * (mode - first) / (last - first)
    b = 1 + 4 * (last - mode) / (last - first)
    return first + (last - first) * stream.beta(a, b, draws)
