"""Measure how unequally the people without insurance are spread over the communes.

Where nine in ten are insured, coverage is nearly the same everywhere and the usual indices
of it are close to zero (Wagstaff 2005). Those of the uninsured are not: 2% and 20% without
a card are ten to one. Every index here is of the uninsured.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.input_error import raise_faults
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.messages import BhytError

COLUMNS = ["key", "value", "low", "high", "unit", "status"]
ZONES = ("none", "I", "II", "III")  # from the least to the most difficult
FIFTH = 0.2
Floats = NDArray[np.float64]


@result_table
def equity(communes: pd.DataFrame, rank: str | None = None) -> pd.DataFrame:
    """Return gaps and indices of the uninsured between communes, each with the least and most it can be.

    Parameters
    ----------
    communes : one row a commune, ``insured`` and ``population`` (people); ``area`` or
        ``name`` for messages, ``status``, and the column named in ``rank``.
    rank : the column to rank people by, lowest first: a number (share of the poor, of
        ethnic minorities), an ordered category, or a zone (none, I, II, III). Communes
        with the same value share their rank.

    Returns
    -------
    DataFrame: ``key``, ``value``, ``low``, ``high`` (what the figure can be at least and at
    most with as many uninsured people), ``unit`` (share, or index for a number without
    unit), ``status``. With u the uninsured among all people:

    - ``gap``: highest less lowest uninsured rate of a commune;
    - ``gap_fifths``: rate of the fifth of the people in the worst communes less that in the
      best; a commune on the border of a fifth counts in part;
    - ``worst_fifth_share``: share of all uninsured who live in that worst fifth (0.2 where
      all are equal);
    - ``theil``: T = sum p_i (u_i/u) ln(u_i/u), p_i the share of people, 0 ln 0 = 0; from 0 to
      -ln u, all uninsured people in as few communes as can be;
    - with ``rank``, ``concentration``: C = (2/u) sum p_i u_i R_i - 1, R_i the mean rank of
      the people of i; above 0 the uninsured live where the column is high; within
      [u-1, 1-u];
    - ``concentration_wagstaff``: C/(1-u), from -1 to 1, for comparing years or districts
      with different u;
    - ``concentration_erreygers``: 4uC, that of the insured with the opposite sign.

    Where all are insured the shares and indices are missing, not 0: there is nothing to
    spread. Communes of 0 people have no rate and are left out.

    Raises
    ------
    BhytError
        all at once, for columns or figures that are missing, more insured than people, or
        a ``rank`` that has no order.

    References
    ----------
    N. Kakwani, A. Wagstaff, E. van Doorslaer, "Socioeconomic inequalities in health:
    measurement, computation, and statistical inference", J. of Econometrics 77 (1997) 87-103
    (C of grouped data); A. Wagstaff, "The bounds of the concentration index when
    the variable of interest is binary", Health Economics 14 (2005) 429-432; G. Erreygers,
    "Correcting the concentration index", J. of Health Economics 28 (2009) 504-515; H. Theil,
    "Economics and Information Theory" (1967).

    Examples
    --------
    >>> communes = pd.DataFrame({"population": 1000, "insured": [900, 980], "poor_share": [0.4, 0.1]})
    >>> table = equity(communes, rank="poor_share").set_index("key")
    >>> table["value"].round(3).to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'gap': 0.08, 'gap_fifths': 0.08, 'worst_fifth_share': 0.333, 'theil': 0.243,
     'concentration': 0.333, 'concentration_wagstaff': 0.355, 'concentration_erreygers': 0.08}
    """
    table = _uninsured(communes, rank)
    p = (table["people"] / table["people"].sum()).to_numpy()
    rate = table["rate"].to_numpy()
    u = float(table["uninsured"].sum() / table["people"].sum())
    x, y = _curve(p, p * rate, rate)
    best, rest = np.interp([FIFTH, 1 - FIFTH], x, y)
    some = u > 0
    facts: list[tuple[str, float, float, float, str]] = [
        ("gap", float(rate.max() - rate.min()), 0.0, 1.0, "share"),
        ("gap_fifths", (y[-1] - rest - best) / FIFTH, 0.0, min(1.0, u / FIFTH, (1 - u) / FIFTH), "share"),
        ("worst_fifth_share", 1 - rest / y[-1] if some else np.nan, FIFTH, FIFTH / max(u, FIFTH), "share"),
        ("theil", _theil(p, rate / u) if some else np.nan, 0.0, -np.log(u) if some else np.nan, "index"),
    ]
    if rank:
        c = _concentration(*_curve(p, p * rate, table["rank"].to_numpy())) if some else np.nan
        normal = c / (1 - u) if u < 1 else np.nan  # all uninsured: C can only be 0
        facts += [
            ("concentration", c, u - 1, 1 - u, "index"),
            ("concentration_wagstaff", normal, -1.0, 1.0, "index"),
            ("concentration_erreygers", 4 * u * c, -4 * u * (1 - u), 4 * u * (1 - u), "index"),
        ]
    return pd.DataFrame(facts, columns=COLUMNS[:-1]).assign(status=derived_quality(table["status"]))


@result_table
def lorenz(communes: pd.DataFrame, rank: str | None = None) -> pd.DataFrame:
    """Return the curve to draw: the share of the uninsured among each share of the people.

    Without ``rank`` people are ordered by the uninsured rate of their commune, lowest first
    (Lorenz curve, below the diagonal); with it by that column (concentration curve; the
    index is one less twice the area under it). Communes of the same value are one point.

    Parameters and errors are those of `equity`.

    Returns
    -------
    DataFrame from (0, 0) to (1, 1): ``people_share``, ``uninsured_share`` (missing where
    all are insured), ``status``.

    Examples
    --------
    >>> communes = pd.DataFrame({"population": 1000, "insured": [900, 980]})
    >>> lorenz(communes)[["people_share", "uninsured_share"]].round(3).to_numpy().tolist()
    [[0.0, 0.0], [0.5, 0.167], [1.0, 1.0]]
    """
    table = _uninsured(communes, rank)
    order = table["rank" if rank else "rate"].to_numpy()
    x, y = _curve(table["people"].to_numpy(), table["uninsured"].to_numpy(), order)
    share = y / y[-1] if y[-1] > 0 else np.full(len(y), np.nan)
    return pd.DataFrame(
        {"people_share": x / x[-1], "uninsured_share": share, "status": derived_quality(table["status"])}
    )


def _uninsured(communes: pd.DataFrame, rank: str | None) -> pd.DataFrame:
    """Return people, uninsured, rate, rank and status of each commune that has people."""
    columns = ["insured", "population", *([rank] if rank else [])]
    raise_faults(("error.equity_column", {"column": c}) for c in columns if c not in communes)
    names = next((communes[c] for c in ("name", "area") if c in communes), communes.index.to_series())
    labels = names.astype(str).to_list()
    missing = [(labels[i], c) for c in columns for i in np.flatnonzero(communes[c].isna())]
    raise_faults(("error.equity_missing", {"area": area, "column": c}) for area, c in missing)
    people = communes["population"].to_numpy("float64")
    insured = communes["insured"].to_numpy("float64")
    raise_faults(
        ("error.equity_above", {"area": labels[i], "insured": insured[i], "population": people[i]})
        for i in np.flatnonzero((insured < 0) | (insured > people))
    )
    if not (people > 0).any():
        raise BhytError(("error.equity_nobody", {}))
    status = communes["status"].fillna("derived").to_numpy() if "status" in communes else "derived"
    table = pd.DataFrame({"people": people, "uninsured": people - insured, "status": status})
    if rank:
        table["rank"] = _order(communes[rank])
    table = table[people > 0]
    return table.assign(rate=table["uninsured"] / table["people"])


def _order(column: pd.Series) -> Floats:
    """Return a column as numbers in its order."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        if column.cat.ordered:
            return column.cat.codes.to_numpy("float64")
    elif pd.api.types.is_numeric_dtype(column):
        return column.to_numpy("float64")
    elif column.isin(ZONES).all():
        return column.map(ZONES.index).to_numpy("float64")
    raise BhytError(("error.equity_rank", {"column": column.name, "zones": ", ".join(ZONES)}))


def _curve(people: Floats, uninsured: Floats, order: Floats) -> tuple[Floats, Floats]:
    """Return both cumulated in an order from 0; ties are one step."""
    _, step = np.unique(order, return_inverse=True)
    x, y = (np.concatenate([[0.0], np.cumsum(np.bincount(step, weights=w))]) for w in (people, uninsured))
    return x, y


def _concentration(x: Floats, y: Floats) -> float:
    """Return C of a curve of cumulated shares: twice the covariance of the uninsured with the rank, over their mean."""
    rank = (x[1:] + x[:-1]) / 2
    return float(2 * (np.diff(y) @ rank) / (y[-1] * x[-1]) - 1)


def _theil(p: Floats, ratio: Floats) -> float:
    log = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return float(p @ (ratio * log))
