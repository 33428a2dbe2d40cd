"""Which communes differ from the rest by more than chance, however many people live in them?

A league table ranks the small communes first and last, by chance alone. A funnel plot (Spiegelhalter 2005,
Funnel plots for comparing institutional performance, Statistics in Medicine 24:1185-1202) sets each coverage
against the limits that a commune of its size would keep at the coverage of all. The limits are binomial and
exact: each person is insured or not, and at coverages near 100% the normal approximation passes everybody,
while Poisson, which knows no everybody, is for events without a ceiling. People do not join one by one, but by
household, class or list, and zones differ: where the communes' own spread is wider than binomial, what is left
of it beside chance is added to the limits of every size (the additive random effect of the same paper, by
DerSimonian and Laird 1986, Controlled Clinical Trials 7:177-188, from winsorised z-scores).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bhyt_analysis.model.monitoring.thresholds import threshold

Floats = NDArray[np.float64]
# Where a unit lies: beyond the outer or the inner limit, or within both.
POSITIONS = ("below_outer", "below_inner", "within", "above_inner", "above_outer")


def binomial_limit(population: ArrayLike, rate: float, probability: float) -> Floats:
    """The share that a unit of a size stays below with a probability: the binomial quantile, between whole people.

    Parameters
    ----------
    population : people, 1 or more. rate : share expected. at : probability, such as 0.975.

    Examples
    --------
    Of 2 people at one half, none is insured with probability 1/4 and at most one with 3/4: at 1/2 the
    limit lies half-way between 0 and 1 person.

    >>> binomial_limit([2], 0.5, 0.5).tolist()
    [0.25]
    """
    from scipy.special import bdtr, bdtrik

    n = np.asarray(population, dtype=np.int64)
    if rate in (0, 1):
        return np.full(n.shape, float(rate))
    least = np.ceil(np.round(bdtrik(probability, n, rate), 9)).clip(
        0
    )  # the smallest count that reaches the probability
    reached, before = bdtr(least, n, rate), np.where(least > 0, bdtr(least - 1, n, rate), 0.0)
    between = np.clip((reached - probability) / (reached - before), 0, 1)
    return np.clip((least - between) / n, 0, 1)


def between_unit_spread(
    insured: ArrayLike, population: ArrayLike, rate: float, winsorised_share: float | None = None
) -> float:
    """How far units differ beside chance: the standard deviation of their true coverages, a share; 0 where chance will do.

    From the mean square of the z-scores, those at each end drawn in to the next ones so that the units which the
    plot is to find do not widen its limits. 0 also where the excess may be chance: up to 1 + 2·√(2/n).

    Examples
    --------
    >>> between_unit_spread([90, 90, 90], [100, 100, 100], 0.9)
    0.0

    z is 7.17 and 2.39 twice; the variance is that of the four rates, 0.004167, less that of chance, 0.000109:

    >>> round(between_unit_spread([800, 950, 850, 900], [1000] * 4, 0.875, winsorised_share=0) ** 2, 6)
    0.004057
    """
    n = np.asarray(population, dtype=float)
    if not 0 < rate < 1 or len(n) < 2:
        return 0.0
    chance = rate * (1 - rate) / n
    z = (np.asarray(insured, dtype=float) / n - rate) / np.sqrt(chance)
    part = threshold("funnel_winsorised") if winsorised_share is None else winsorised_share
    phi = float((np.clip(z, *np.quantile(z, [part, 1 - part])) ** 2).mean())
    if phi <= 1 + 2 * np.sqrt(2 / len(z)):
        return 0.0
    weight = 1 / chance
    excess = (len(z) * phi - (len(z) - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())
    return float(np.sqrt(max(excess, 0.0)))


def control_limits(population: ArrayLike, rate: float, spread: float, ring: str) -> tuple[Floats, Floats]:
    """The lower and upper limits of the "inner" or "outer" ring for units of some sizes (shares).

    ``spread``: what `between_unit_spread` gives. With no spread they are the exact binomial limits.

    Examples
    --------
    >>> low, high = control_limits([1000], 0.9, 0.0, "inner")
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.881, 0.918)
    """
    from scipy.special import ndtri

    outside = (1 - threshold(f"funnel_{ring}")) / 2
    edges = [binomial_limit(population, rate, at) for at in (outside, 1 - outside)]
    wide = float(ndtri(1 - outside)) * spread
    low, high = (rate + sign * np.sqrt((edge - rate) ** 2 + wide**2) for sign, edge in zip((-1, 1), edges, strict=True))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def funnel(rows: pd.DataFrame) -> pd.DataFrame:
    """Each unit's coverage with the limits of its size, and where it lies.

    Parameters
    ----------
    rows : one row a unit with ``insured`` and ``population`` (people), such as `coverage` gives by commune.

    Returns
    -------
    A new DataFrame, rows and index as given: its columns, then ``expected`` (the coverage of all, a share),
    ``spread`` (`between_unit_spread`, the same for all), ``inner_low``, ``inner_high``, ``outer_low``, ``outer_high``
    (limits of 95% and 99.8%), ``place`` (one of `POSITIONS`). Units without both figures, or where nobody lives,
    have no place.

    Examples
    --------
    >>> rows = pd.DataFrame({"insured": [900] * 9 + [800], "population": 1000})
    >>> funnel(rows)["place"].tail(2).tolist()
    ['within', 'below_outer']
    """
    known = rows["insured"].notna() & (rows["population"].fillna(0) > 0)
    insured, population = (rows.loc[known, c].to_numpy(dtype=float) for c in ("insured", "population"))
    rate = float(insured.sum() / population.sum()) if len(insured) else np.nan
    spread = between_unit_spread(insured, population, rate)
    told: dict[str, Any] = {"expected": rate, "spread": spread}
    for ring in ("inner", "outer"):
        for end, edge in zip(("low", "high"), control_limits(population, rate, spread, ring), strict=True):
            told[f"{ring}_{end}"] = pd.Series(edge, index=rows.index[known])
    out = rows.assign(**told)
    share = out["insured"].astype(float) / out["population"].astype(float)
    # From the widest limit to the narrowest, so that the outer one has the last word.
    place = pd.Series("within", index=rows.index).where(known, "")
    for ring in ("inner", "outer"):
        place = place.mask(share < out[f"{ring}_low"], f"below_{ring}").mask(
            share > out[f"{ring}_high"], f"above_{ring}"
        )
    return out.assign(place=place)
