"""Round estimated numbers of people to what is known of them: 28,974 out of a rate and a census is about 29,000.

Figures keep their exact values; only what people read is rounded, by one rule (`round_estimate`). Not rounded are the
people that a target means, and parts that have to add up to a number of people, such as a target or a published loss
that is shared out to communes: the stamp of their table says that they are estimates. Which columns are rounded is in
``columns.csv`` (a format after ``~``).
"""

from __future__ import annotations

import math

import pandas as pd

from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.tables.columns import table_columns

ESTIMATES = ("estimated", "conflict")  # statuses of figures that are rounded


def round_estimate(value: float, low: float | None = None, high: float | None = None) -> float:
    """Return an estimate with the digits that are known.

    Three digits from 10,000 and of a number that begins with 1, else two: off by a fortieth at most. With an interval,
    down to the first digit of half its width.

    Examples
    --------
    >>> [round_estimate(n) for n in (28974, 224275, -5432, 1234, 87)]
    [29000, 224000, -5400, 1230, 87]
    >>> round_estimate(51074, 50880, 51268)
    51100
    """
    if pd.isna(value) or not value:
        return value
    if low is not None and high is not None and high > low:
        place = math.floor(math.log10((high - low) / 2))
    else:
        exponent = math.floor(math.log10(abs(value)))
        place = exponent - (2 if exponent >= 4 or abs(value) < 2 * 10**exponent else 1)
    step = 10 ** max(place, 0)
    rounded = math.floor(abs(value) / step + 0.5) * step
    return rounded if value > 0 else -rounded


def count_text(value: float, lang: str, status: str = "", low: float | None = None, high: float | None = None) -> str:
    """Return a number of people or cards as texts print it: an estimate rounded, with "about".

    Examples
    --------
    >>> count_text(28974, "vi", "estimated"), count_text(28974, "en", "derived")
    ('khoảng 29.000', '28,974')
    """
    if status not in ESTIMATES or pd.isna(value):
        return format_message("{v:n}", lang, v=value)
    rounded = round_estimate(value, low, high)
    about = "" if rounded == value and abs(value) < 100 else translate("relation.about", lang)
    return about + format_message("{v:n}", lang, v=rounded)


def round_estimates(table: pd.DataFrame) -> pd.DataFrame:
    """Return a result with the columns that are rounded as people read them, in the rows of estimates.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> steps = bhyt.target_steps(bhyt.load(), "Lục Ngạn")
    >>> steps["total_to_add"].tolist(), round_estimates(steps)["total_to_add"].tolist()
    ([26709, 26709], [26700, 26700])
    """
    names = [name for name, column in table_columns(table).items() if column.is_rounded]
    if not names or "status" not in table:
        return table
    estimates = table["status"].isin(ESTIMATES)
    return table.assign(
        **{n: table[n].where(~estimates, table[n].map(round_estimate, na_action="ignore")) for n in names}
    )
