"""Tell whether small counts are hidden: in what is shared they are, in an internal copy they are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bhyt_analysis.i18n.messages import BhytError, translate

DISCLOSURE = ("on", "off")  # the control of what a briefing discloses; off makes an internal copy
INTERNAL = "internal"  # what marks internal copies: the tag of charts, the name of a warning
_disclosure = ContextVar("disclosure", default=DISCLOSURE[0])


def check_disclosure(disclosure: str) -> str:
    """Return what is done with small counts, one of `DISCLOSURE`; BhytError for anything else."""
    if disclosure not in DISCLOSURE:
        raise BhytError(("error.bad_disclosure", {"found": disclosure, "expected": ", ".join(DISCLOSURE)}))
    return disclosure


@contextmanager
def use_disclosure(disclosure: str) -> Iterator[None]:
    """Hide small counts in what is made within, or with "off" do not.

    Examples
    --------
    >>> with use_disclosure("off"):
    ...     is_internal()
    True
    >>> is_internal()
    False
    """
    token = _disclosure.set(check_disclosure(disclosure))
    try:
        yield
    finally:
        _disclosure.reset(token)


def is_internal() -> bool:
    """Return whether what is made now is an internal copy: nothing is hidden, and each page says so."""
    return _disclosure.get() == "off"


def internal_stamp(lang: str | None = None) -> str:
    """Return the words that stand on every page, sheet and slide of an internal copy."""
    return translate("stamp.internal", lang)
