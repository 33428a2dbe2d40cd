"""Rank how well figures are known, and give the status of a result made from several of them."""

from collections.abc import Iterable

# From the best known to the weakest. What is in conflict rests on sources, or readings of the law, that disagree.
STATUSES = ("published", "census", "derived", "estimated", "conflict", "synthetic")


def lowest_quality(*statuses: str | Iterable[str]) -> str:
    """Return the weakest of some statuses; ``derived`` where there is none.

    Examples
    --------
    >>> lowest_quality(["published", "estimated"], "derived")
    'estimated'
    """
    flat = [s for part in statuses for s in ([part] if isinstance(part, str) else part)]
    return max(flat, key=STATUSES.index, default="derived")


def derived_quality(*statuses: str | Iterable[str]) -> str:
    """Return the status of a figure worked out from others: at best ``derived``.

    Examples
    --------
    >>> derived_quality("published", "census"), derived_quality("published", "synthetic")
    ('derived', 'synthetic')
    """
    return lowest_quality("derived", *statuses)
