"""Read shares as people and programs give them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import SupportsFloat

from bhyt_analysis.i18n.messages import BhytError

ShareLike = SupportsFloat | str  # a number, also of numpy, a Decimal, or text such as "90,6%"


def parse_share(value: ShareLike) -> Decimal:
    """Return the share that a number or a text means, from 0 to 1 and exact in decimals.

    A number of at most 1 is the share itself, one above 1 is per cent: 1 is 100%, 90.6 is 90.6%. With a sign of per
    cent it is per cent in any case. The decimal sign is a comma or a point.

    Raises BhytError for anything else, for negative numbers and for more than 100%.

    Examples
    --------
    >>> {parse_share(v) for v in (0.906, "0,906", 90.6, "90.6", "90,6%", "90.6 %")}
    {Decimal('0.906')}
    >>> float(parse_share(1)), float(parse_share("1%"))
    (1.0, 0.01)
    >>> parse_share(182330)
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: “182330” is more than 100%; write a share such as 90.6%, 90.6 or 0.906
    """
    exact, is_per_cent = _number(value)
    if exact is None:
        raise BhytError(("error.not_a_share", {"found": str(value)[:60]}))
    share = exact / 100 if is_per_cent or exact > 1 else exact
    if not 0 <= share <= 1:
        raise BhytError(("error.share_too_large" if share > 1 else "error.share_negative", {"found": str(value)[:60]}))
    return share


def _number(value: ShareLike) -> tuple[Decimal | None, bool]:
    """Return the number of a share as it is written, None for no number, and whether it has a sign of per cent."""
    if isinstance(value, str):
        match = re.fullmatch(r"([-+\u2212]?\d*[.,]?\d+)\s*(%?)", value.strip(), re.ASCII)
        text = match[1].replace(",", ".").replace("\u2212", "-") if match else ""
        return (Decimal(text) if text else None), bool(match and match[2])
    try:
        exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    except (TypeError, ValueError, InvalidOperation):
        return None, False
    return (None if isinstance(value, bool) or not exact.is_finite() else exact), False
