"""Raise all faults of an input together."""

from collections.abc import Iterable, Mapping

from bhyt_analysis.i18n.messages import BhytError

Fault = tuple[str, Mapping[str, object]]  # key of a message, and its fields


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise one `BhytError` with all faults, if there are any."""
    if messages := [(key, dict(fields)) for key, fields in faults]:
        raise BhytError(*messages)
