"""Round shares to whole people and money to whole đồng."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Rates and shares have at most four decimals, so an exact amount never lies nearer
# than this to a half đồng without being one; binary fractions do.
_HALF_DONG = 1e-5


def largest_remainder(weights: ArrayLike, total: int) -> NDArray[np.int64]:
    """Return whole people in proportion to weights that add exactly to a total.

    Each row gets the integer part of its share; the rest goes one by one to the
    largest remainders, ties to the earlier row (Hamilton's method).

    Examples
    --------
    >>> largest_remainder([1, 1, 1], 10).tolist()
    [4, 3, 3]
    """
    w = np.asarray(weights, dtype=float)
    if total < 0 or (w < 0).any() or (total > 0 and not w.sum() > 0):
        raise ValueError(f"weights must be 0 or more with a positive sum, and the total {total} 0 or more")
    if total == 0:
        return np.zeros(len(w), dtype=np.int64)
    quotas = w / w.sum() * total
    people = np.floor(quotas).astype(np.int64)
    order = np.argsort(-(quotas - people), kind="stable")
    people[order[: total - int(people.sum())]] += 1
    return people


def largest_remainders(weights: ArrayLike, totals: ArrayLike) -> NDArray[np.int64]:
    """Apply `largest_remainder` to each row of a table of weights; a row without weight gives zeros.

    Examples
    --------
    >>> largest_remainders([[1, 1, 1], [0, 3, 1]], [10, 2]).tolist()
    [[4, 3, 3], [0, 2, 0]]
    """
    w, total = np.asarray(weights, dtype=float), np.asarray(totals, dtype=np.int64)
    share = np.divide(w, w.sum(axis=1, keepdims=True), out=np.zeros_like(w), where=w.sum(axis=1, keepdims=True) > 0)
    quotas = share * total[:, None]
    people = np.floor(quotas + 1e-9).astype(np.int64)
    left = np.where(share.any(axis=1), total - people.sum(axis=1), 0)
    rank = np.argsort(np.argsort(-(quotas - people), axis=1, kind="stable"), axis=1)
    return people + (rank < left[:, None])


def round_half_up(vnd: ArrayLike) -> NDArray[np.float64]:
    """Return amounts rounded half up to the đồng.

    Examples
    --------
    >>> round_half_up([62617.5, 62617.49, -0.5]).tolist()
    [62618.0, 62617.0, 0.0]
    """
    return np.floor(np.asarray(vnd, dtype=float) + 0.5 + _HALF_DONG) + 0.0
