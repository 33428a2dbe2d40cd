"""How are groups, zones and statuses called in each language?"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.i18n.unit_names import display_name
from bhyt_analysis.law.groups import groups


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
    return translate(f"group.{key}", lang) if has_message(f"group.{key}") else key


def status_name(status: str, lang: str = "vi") -> str:
    """The words for a status."""
    return translate(f"status.{status}", lang)


def column_name(column: str, lang: str = "vi") -> str:
    """The heading of a column; a column without one keeps its name."""
    return translate(f"column.{column}", lang) if has_message(f"column.{column}") else column


def weakest_stamp(statuses: pd.Series | list[str]) -> str | None:
    """The status that must stand on the face of a chart or table, if any."""
    return next((s for s in ("synthetic", "estimated", "proposal") if s in set(statuses)), None)


def statuses_of(rows: pd.DataFrame) -> list[str]:
    """The statuses of what `simulate` gives, and that a reform among its scenarios is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]


def add_labels(rows: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """The rows with the names of their units (``name``) as the language tells them."""
    return rows.assign(name=[display_name(str(name), lang) for name in rows["name"]])
