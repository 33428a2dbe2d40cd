"""Give the sizes from which a difference is a finding; one row of ``limits.csv`` is a limit of a rule."""

from functools import lru_cache

from bhyt_analysis.domain.bundled import packaged_table


@lru_cache(maxsize=32)
def rule_limits(rule: str) -> dict[str, float]:
    """Return the limits of a rule by their names.

    Examples
    --------
    >>> rule_limits("front_loaded")
    {'share': 0.5, 'years': 3.0}
    """
    rows = packaged_table("quality/limits.csv", ("value",), "rule").loc[[rule]]
    return dict(zip(rows["limit"], rows["value"], strict=True))
