"""How well is a figure known, and what does a result made from several figures deserve?"""

from collections.abc import Iterable

# From the best known to the weakest.
STATUSES = ("published", "census", "derived", "estimated", "synthetic")


def lowest_quality(*statuses: str | Iterable[str]) -> str:
    """The weakest of some statuses; what has none counts as ``derived``.

    Examples
    --------
    >>> lowest_quality("published", "census")
    'census'
    >>> lowest_quality(["published", "estimated"], "derived")
    'estimated'
    """
    flat = [s for part in statuses for s in ([part] if isinstance(part, str) else part)]
    return max(flat, key=STATUSES.index, default="derived")


def derived_quality(*statuses: str | Iterable[str]) -> str:
    """The status of a figure worked out from others: at best ``derived``.

    Examples
    --------
    >>> derived_quality("published", "published")
    'derived'
    >>> derived_quality("published", "synthetic")
    'synthetic'
    """
    return lowest_quality("derived", *statuses)
