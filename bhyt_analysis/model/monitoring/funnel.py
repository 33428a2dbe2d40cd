"""Find the communes whose coverage differs from the rest by more than chance, whatever their size.

A league table ranks the small communes first and last, by chance alone. A funnel plot (Spiegelhalter 2005, Funnel
plots for comparing institutional performance, Statistics in Medicine 24:1185-1202) compares each coverage with the
limits that a commune of its size would keep at the coverage of all. The limits are binomial and exact: each person is
insured or not, and at coverages near 100% the normal approximation lets every commune pass, while Poisson, which has
no upper bound, is for events without a ceiling. People do not enrol one by one, but by household, class or list, and
zones differ: where the communes' own spread is wider than binomial, the part of it beside chance is added to the
limits of every size (the additive random effect of the same paper, by DerSimonian and Laird 1986, Controlled Clinical
Trials 7:177-188, from winsorised z-scores).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.model.monitoring.thresholds import threshold

Floats = NDArray[np.float64]
# Where a unit lies: beyond the outer or the inner limit, or within both.
POSITIONS = ("below_outer", "below_inner", "within", "above_inner", "above_outer")


def binomial_limit(population: ArrayLike, rate: float, probability: float) -> Floats:
    """Return the binomial quantile as a share, interpolated between whole people.

    ``population`` are people, 1 or more, ``rate`` the expected share, ``probability`` that of a lower share.

    Examples
    --------
    Of 2 people at one half, none is insured with probability 1/4 and at most one with 3/4: at 1/2 the limit lies
    half-way between 0 and 1 person.

    >>> binomial_limit([2], 0.5, 0.5).tolist()
    [0.25]
    """
    from scipy.special import bdtr, bdtrik

    n = np.asarray(population, dtype=np.int64)
    if rate in (0, 1):
        return np.full(n.shape, float(rate))
    count = np.ceil(np.round(bdtrik(probability, n, rate), 9)).clip(0)  # the smallest that has the probability
    upto_count, upto_previous = bdtr(count, n, rate), np.where(count > 0, bdtr(count - 1, n, rate), 0.0)
    part = np.clip((upto_count - probability) / (upto_count - upto_previous), 0, 1)
    return np.clip((count - part) / n, 0, 1)


def between_unit_spread(
    insured: ArrayLike, population: ArrayLike, rate: float, winsorised_share: float | None = None
) -> float:
    """Return the standard deviation of the units' true coverages (a share) beside chance, 0 where chance suffices.

    From the mean square of the z-scores. Those at each end are winsorised, so that the units which the plot is to
    detect do not widen its limits. 0 also where the excess may be chance: up to 1 + 2·√(2/n).

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
    """Return the lower and upper limits of the "inner" or "outer" ring for units of some sizes (shares).

    ``spread``: the result of `between_unit_spread`. Without spread they are the exact binomial limits.

    Examples
    --------
    >>> low, high = control_limits([1000], 0.9, 0.0, "inner")
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.881, 0.918)
    """
    from scipy.special import ndtri

    tail = (1 - threshold(f"funnel_{ring}")) / 2
    wide = float(ndtri(1 - tail)) * spread
    low, high = (
        rate + sign * np.sqrt((binomial_limit(population, rate, probability) - rate) ** 2 + wide**2)
        for sign, probability in ((-1, tail), (1, 1 - tail))
    )
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


@result_table
def funnel(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each unit's coverage with the limits of its size and its position among them.

    Parameters
    ----------
    rows
        one row a unit with ``insured`` and ``population`` (people), such as `coverage` by commune.

    Returns
    -------
    DataFrame
        Rows and index as in ``rows``: its columns, then ``expected`` (the coverage of all, a share), ``spread``
        (`between_unit_spread`, the same for all), ``inner_low``, ``inner_high``, ``outer_low``, ``outer_high`` (limits
        of 95% and 99.8%), ``place`` (one of `POSITIONS`). Units without both figures, or without people, have no place.

    Examples
    --------
    >>> rows = pd.DataFrame({"insured": [900] * 9 + [800], "population": 1000})
    >>> funnel(rows)["place"].tail(2).tolist()
    ['within', 'below_outer']
    """
    complete = rows["insured"].notna() & (rows["population"].fillna(0) > 0)
    insured, population = (rows.loc[complete, c].to_numpy(dtype=float) for c in ("insured", "population"))
    rate = float(insured.sum() / population.sum()) if len(insured) else np.nan
    spread = between_unit_spread(insured, population, rate)
    out = rows.assign(expected=rate, spread=spread)
    for ring in ("inner", "outer"):
        for end, limit in zip(("low", "high"), control_limits(population, rate, spread, ring), strict=True):
            out[f"{ring}_{end}"] = pd.Series(limit, index=rows.index[complete])
    share = out["insured"].astype(float) / out["population"].astype(float)
    place = pd.Series("within", index=rows.index).where(complete, "")
    for ring in ("inner", "outer"):  # the outer limit replaces the inner one
        place = place.mask(share < out[f"{ring}_low"], f"below_{ring}")
        place = place.mask(share > out[f"{ring}_high"], f"above_{ring}")
    return out.assign(place=place)
