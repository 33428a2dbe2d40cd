"""Define the assumptions about behaviour: their ranges, sources and random draws.

One row of ``assumptions.csv`` is one assumption with its low, central and high value, by its source alone.
``fitted_assumptions.csv`` has the ranges that also agree with what was observed after Decision 861 (see `calibration`);
they go before the others. A scenario may set any of them; everything that rests on one is estimated.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.i18n.messages import nearest_choice

RANGE = ["low", "central", "high"]

Values = dict[str, NDArray[np.float64]]  # an array of draws by name
Range = tuple[float, float, float]


def assumptions(ranges: Mapping[str, Range] | None = None, fit: str = "all") -> pd.DataFrame:
    """Return the assumptions, indexed by name, with the ranges of a scenario.

    ``fit``: the observed cases to which they are fitted: "all", "without" one of them ("without yen_bai"), or "" for
    ranges by their sources alone. Returns a DataFrame with ``low``, ``central``, ``high``, ``at_share`` (the share of
    the premium that the State pays where a take-up was observed), ``unit``, ``name_vi``, ``name_en``, ``source`` and
    ``source_vi``, which name studies of ``studies.csv``.
    Raises BhytError for unknown names, each with the nearest.

    Examples
    --------
    >>> assumptions(fit="").loc["take_up.household", ["low", "central", "high"]].tolist()
    [0.1, 0.35, 0.6]
    >>> assumptions({"persistence": (0.8, 0.8, 0.8)}).at["persistence", "high"]
    np.float64(0.8)
    """
    table, ranges = _fitted_table(fit).copy(), ranges or {}
    check_assumption_names(ranges)
    for name, values in ranges.items():
        table.loc[name, RANGE] = values
    return table


@lru_cache(maxsize=8)
def _fitted_table(fit: str) -> pd.DataFrame:
    table = _table()
    for name, values in fitted_ranges(fit).items():
        table.loc[name, RANGE] = values
    return table


def fitted_ranges(fit: str) -> dict[str, Range]:
    """Return the ranges of a fit by name; none for "".

    Examples
    --------
    >>> fitted_ranges(""), sorted(fitted_ranges("all"))[:2]
    ({}, ['at_once.intensive', 'at_once.ordinary'])
    """
    rows = packaged_table("model/projection/fitted_assumptions.csv", tuple(RANGE))
    return {row.name: (row.low, row.central, row.high) for row in rows[rows["fit"] == fit].itertuples(index=False)}


def _table() -> pd.DataFrame:
    return packaged_table("model/projection/assumptions.csv", (*RANGE, "at_share"), "name")


def check_assumption_names(names: Iterable[str]) -> None:
    """Raise a `BhytError` with each name that is no assumption, and the nearest that is one."""
    valid = _table().index
    unknown = {name: nearest_choice(name, valid) or ", ".join(valid) for name in names if name not in valid}
    raise_faults(("error.assumption", {"found": name, "nearest": near}) for name, near in unknown.items())


# The possible values of those that are no share.
_LIMITS = {
    "price_elasticity": (-0.99, 0), "outreach": (0, 2), "outreach_before": (0, 2), "outreach_effect": (0, 5),
    "place_effect": (-5, 5), "population_error": (-0.5, 0.5), "population_growth": (-0.5, 0.5),
}  # fmt: skip
# The baseline is computed with them once: one value, no range.
POINT_VALUED = ("other_titles", "population_growth")


def allowed_range(name: str) -> tuple[float, float]:
    """Return the least and the most that an assumption may be.

    Examples
    --------
    >>> allowed_range("persistence"), allowed_range("price_elasticity")
    ((0, 1), (-0.99, 0))
    """
    return _LIMITS.get(name, (0, 1))


def read_ranges(ranges: Mapping[str, float | Sequence[float]]) -> dict[str, Range]:
    """Return the ranges of assumptions by name; one number is all three.

    Raises BhytError for names that there are not, and values that can't be: all at once.

    Examples
    --------
    >>> read_ranges({"outreach": 2, "persistence": (0.7, 0.8, 0.9)})
    {'outreach': (2.0, 2.0, 2.0), 'persistence': (0.7, 0.8, 0.9)}
    >>> read_ranges({"take_up.student": 95})
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: Scenario: the assumption take_up.student = 95; expected one number, ...
    """
    check_assumption_names(ranges)
    faults = [fault for name, value in ranges.items() if (fault := range_fault(name, value))]
    raise_faults((key, {"file": "Scenario", **fields}) for key, fields in faults)
    return {name: as_range(value) for name, value in ranges.items()}


def as_range(value: float | Sequence[float]) -> Range:
    """Return low, central and high of a range, or of one number."""
    low, central, high = value if isinstance(value, Sequence) else [value] * 3
    return float(low), float(central), float(high)


def range_fault(name: str, value: Any) -> Fault | None:
    """Return what is wrong with the range of an assumption; None if nothing is."""
    numbers = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value] * 3
    low, high = allowed_range(name)
    if name in POINT_VALUED and len(set(map(str, numbers))) > 1:
        return "error.assumption_single", {"name": name, "found": value}
    are_numbers = len(numbers) == 3 and all(isinstance(n, Real) and not isinstance(n, bool) for n in numbers)
    in_range = are_numbers and all(low <= n <= high for n in numbers)
    if in_range and numbers == sorted(numbers, reverse=bool(numbers[0] > numbers[-1])):
        return None
    row = _table().loc[name]
    limits = {"low": low, "high": high, "unit": {"vi": row["unit_vi"], "en": row["unit"]}}
    return "error.assumption_value", {"name": name, "found": value, **limits}


def evidence() -> pd.DataFrame:
    """Return the studies behind the default take-up: the change, enrolment before and after (shares), the duration.

    Examples
    --------
    >>> evidence()["arc_elasticity"].dropna().tolist()
    [-0.47, -0.6]
    """
    return packaged_table("model/projection/take_up_evidence.csv", ("before", "after", "arc_elasticity"))


def central_values(table: pd.DataFrame) -> Values:
    """Return the central value of each assumption, as one draw.

    Examples
    --------
    >>> central_values(assumptions())["persistence"].tolist()
    [0.9]
    """
    return {name: np.array([value]) for name, value in table["central"].items()}


def draw_assumptions(table: pd.DataFrame, draws: int, seed: int) -> Values:
    """Draw each assumption from a PERT-Beta distribution on (low, central, high).

    Each assumption has a stream of its own, so that scenarios that share an assumption share its draws, and their
    difference is not noise.

    Examples
    --------
    >>> values = draw_assumptions(assumptions(fit=""), 1000, seed=1)["take_up.household"]
    >>> bool((values >= 0.1).all() and (values <= 0.6).all()), bool(abs(values.mean() - 0.35) < 0.01)
    (True, True)
    """
    values = Values()
    for name, low, mode, high in table[RANGE].itertuples():
        stream = np.random.default_rng([seed, zlib.crc32(name.encode())])  # by name: a new row changes no other draw
        values[name] = draw_pert(stream, low, mode, high, draws)
    return values


def draw_pert(generator: np.random.Generator, low: float, mode: float, high: float, draws: int) -> NDArray[np.float64]:
    """Draw from a PERT-Beta: a beta between two ends with mean (low + 4 mode + high) / 6.

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
    return first + (last - first) * generator.beta(a, b, draws)
