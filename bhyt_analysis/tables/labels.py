"""Name groups, statuses and columns in each language."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.i18n.unit_names import display_name
from bhyt_analysis.law.groups import groups

Row = dict[str, Any]  # of a result, by column


def group_name(key: str, lang: str = "vi") -> str:
    """Return the name of a group or sub-group; an unknown key stays as it is.

    What a projection cannot tell apart has a name of its own.

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
    """Return the words for a status."""
    return translate(f"status.{status}", lang)


def column_name(column: str, lang: str = "vi") -> str:
    """Return the heading of a column; a column without one keeps its name."""
    return translate(f"column.{column}", lang) if has_message(f"column.{column}") else column


def weakest_stamp(statuses: pd.Series | list[str]) -> str | None:
    """Return the status that a chart or table is stamped with, if any."""
    return next((s for s in ("synthetic", "estimated", "proposal") if s in set(statuses)), None)


def statuses_of(rows: pd.DataFrame) -> list[str]:
    """Return the statuses of what `simulate` gives, with that of a reform which is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]


def add_labels(rows: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """Return the rows with the names of their units (``name``) in the language."""
    return rows.assign(name=[display_name(str(name), lang) for name in rows["name"]])
