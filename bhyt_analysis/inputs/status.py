"""How well is a figure known, and what does a result made from several figures deserve?"""

from collections.abc import Iterable

# From the best known to the weakest.
STATUSES = ("published", "census", "derived", "estimated", "synthetic")


def weakest(*statuses: str | Iterable[str]) -> str:
    """The weakest of some statuses; what has none counts as ``derived``.

    Examples
    --------
    >>> weakest("published", "census")
    'census'
    >>> weakest(["published", "estimated"], "derived")
    'estimated'
    """
    flat = [s for part in statuses for s in ([part] if isinstance(part, str) else part)]
    return max(flat, key=STATUSES.index, default="derived")


def computed(*statuses: str | Iterable[str]) -> str:
    """The status of a figure worked out from others: at best ``derived``.

    Examples
    --------
    >>> computed("published", "published")
    'derived'
    >>> computed("published", "synthetic")
    'synthetic'
    """
    return weakest("derived", *statuses)
