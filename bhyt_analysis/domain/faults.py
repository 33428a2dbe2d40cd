"""Raise all faults of an input together."""

from collections.abc import Iterable

from bhyt_analysis.i18n.messages import BhytError

Fault = tuple[str, dict[str, object]]  # key of a message, and its fields


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise one `BhytError` with all faults, if there are any."""
    if faults := list(faults):
        raise BhytError(*faults)
