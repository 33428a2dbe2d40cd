"""Parse what the analyst enters as text: dates, rates, and amounts by commune."""

from __future__ import annotations

from collections.abc import Sequence

from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.shares import parse_share
from bhyt_analysis.ingest.scenario_files import MAX_NUMBER, excerpt

MAX_FAULTS = 20  # lines that are named


def parse_typed_day(text: str) -> str:
    """Return a date such as 31/12/2021 or 2021-12-31 as ISO text; "" for no date.

    Examples
    --------
    >>> parse_typed_day("1/7/2021"), parse_typed_day("2021-07-01"), parse_typed_day(" ")
    ('2021-07-01', '2021-07-01', '')
    """
    return str(parse_date(text)) if text.strip() else ""


def parse_rate(text: str) -> float:
    """Return a rate such as 93%, 93,5 or 0.93 as a share; see `parse_share`.

    Examples
    --------
    >>> parse_rate("93,5%"), parse_rate("0.93"), parse_rate("90")
    (0.935, 0.93, 0.9)
    """
    return float(parse_share(text))


def parse_amounts(text: str, codes: Sequence[str]) -> dict[str, float]:
    """Return an amount for each commune from lines of code and number, as pasted from Excel.

    Examples
    --------
    >>> parse_amounts("X00101\\t3\\nX00102; 2,5", ["X00101", "X00102"])
    {'X00101': 3.0, 'X00102': 2.5}
    """
    amounts: dict[str, float] = {}
    faults: list[tuple[str, dict[str, str]]] = []
    for line in filter(str.strip, text.splitlines()):
        if len(faults) >= MAX_FAULTS:
            break
        parts = line.replace(";", "\t").split("\t")
        try:
            amount = float(parts[1].strip().replace(",", "."))
            if not 0 <= amount <= MAX_NUMBER:
                raise ValueError
            amounts[parts[0].strip()] = amount
        except (IndexError, ValueError):
            faults.append(("explore.not_an_amount", {"found": excerpt(line)}))
    if missing := [c for c in codes if c not in amounts]:
        faults.append(("explore.amount_missing", {"areas": ", ".join(missing)}))
    if faults:
        raise BhytError(*faults)
    return {c: amounts[c] for c in codes}
