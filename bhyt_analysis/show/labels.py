"""How are groups, zones and statuses called in each language?"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.law.groups import groups
from bhyt_analysis.names import shown_name
from bhyt_analysis.words import known, say


def group_name(key: str, lang: str = "vi") -> str:
    """The name of a group or sub-group; what a projection cannot tell apart has a name of its own;
    an unknown key stays as it is.

    Examples
    --------
    >>> group_name("near_poor"), group_name("near_poor", "en")
    ('Người thuộc hộ cận nghèo', 'Near-poor households')
    """
    table = groups()
    if key in table.index:
        return str(table.at[key, f"name_{lang}"])
    return say(f"group.{key}", lang) if known(f"group.{key}") else key


def status_name(status: str, lang: str = "vi") -> str:
    """The words for a status."""
    return say(f"status.{status}", lang)


def column_name(column: str, lang: str = "vi") -> str:
    """The heading of a column; a column without one keeps its name."""
    return say(f"column.{column}", lang) if known(f"column.{column}") else column


def weakest_stamp(statuses: pd.Series | list[str]) -> str | None:
    """The status that must stand on the face of a chart or table, if any."""
    return next((s for s in ("synthetic", "estimated", "proposal") if s in set(statuses)), None)


def statuses_of(rows: pd.DataFrame) -> list[str]:
    """The statuses of what `simulate` gives, and that a reform among its scenarios is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]


def named(rows: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """The rows with the names of their units (``name``) as the language tells them."""
    return rows.assign(name=[shown_name(str(name), lang) for name in rows["name"]])
