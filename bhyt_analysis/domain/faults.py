"""Raise all faults of an input together."""

from collections.abc import Iterable, Mapping

from bhyt_analysis.i18n.messages import BhytError

Fault = tuple[str, Mapping[str, object]]  # key of a message, and its fields


def fault_error(faults: Iterable[Fault]) -> BhytError:
    """Return one error that names all faults."""
    return BhytError(*((key, dict(fields)) for key, fields in faults))


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise one `BhytError` that names all faults, if there are any."""
    if faults := list(faults):
        raise fault_error(faults)
