"""Name groups, statuses and units in each language."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, has_message, translate
from bhyt_analysis.i18n.unit_names import display_name, inline_name
from bhyt_analysis.law.groups import group_label, is_group_key

Row = dict[str, Any]  # of a result, by column
_MOST_OTHERS = 3  # units that a sentence lists


def group_name(key: str, lang: str | None = None) -> str:
    """Return the name of a group or sub-group; an unknown key stays as it is.

    What a projection cannot tell apart has a name of its own.

    Parameters
    ----------
    key
        of a group, also of one of a user's own.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    str
        The name.

    Raises
    ------
    BhytError
        for another language.

    Examples
    --------
    >>> group_name("near_poor"), group_name("near_poor", "en")
    ('Người thuộc hộ cận nghèo', 'Near-poor households')
    """
    lang = check_lang(lang)
    if is_group_key(key):
        return group_label(key, lang)
    return translate(f"group.{key}", lang) if has_message(f"group.{key}") else key


def is_group(key: str) -> bool:
    """Return whether a key is that of a group, of a sub-group, or of what a projection cannot tell apart."""
    return is_group_key(key) or has_message(f"group.{key}")


def status_name(status: str, lang: str | None = None) -> str:
    """Return the words for a status."""
    return translate(f"status.{status}", lang)


def weakest_stamp(statuses: pd.Series | list[str]) -> str | None:
    """Return the status that a chart or table is stamped with, if any."""
    return next((s for s in ("synthetic", "conflict", "estimated", "proposal") if s in set(statuses)), None)


def statuses_of(rows: pd.DataFrame) -> list[str]:
    """Return the statuses of what `simulate` gives, with that of a reform which is only proposed."""
    return [*rows["status"], *(["proposal"] if rows["proposal"].any() else [])]


def one_projection(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a projection; raise a BhytError if they are of several scenarios or units.

    Examples
    --------
    >>> one_projection(pd.DataFrame({"scenario": ["a", "b"], "name": "X"}))
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: The table has 2 scenarios (a, b); this chart takes the rows of one
    """
    for column, key in (("scenario", "error.several_scenarios"), ("name", "error.several_units")):
        names = [str(name) for name in rows[column].unique()] if column in rows else []
        if len(names) > 1:
            raise BhytError((key, {"count": len(names), "names": ", ".join(names[:5])}))
    return rows


def unit_title(rows: pd.DataFrame, name: str, lang: str) -> str:
    """Return a name for a title, or where there is none that of the unit of the rows, if they are of one.

    Examples
    --------
    >>> unit_title(pd.DataFrame({"name": ["Huyện Lục Ngạn"] * 2}), "", "vi")
    'huyện Lục Ngạn'
    """
    names = rows["name"].unique() if "name" in rows else []
    return name or (inline_name(str(names[0]), lang) if len(names) == 1 else "")


def add_labels(rows: pd.DataFrame, lang: str | None = None) -> pd.DataFrame:
    """Return the rows with the names of their units (``name``) in the language."""
    return rows.assign(name=[display_name(str(name), lang) for name in rows["name"]])


def other_units_text(geography: Geography, text: str, unit: Unit, lang: str | None = None) -> str:
    """Return a sentence on the units that a code or a name meant on other days; empty if there are none.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> geography = bhyt.load().geography
    >>> other_units_text(geography, "24", geography.find("24"))
    '24 là tỉnh Bắc Ninh; trước 01/07/2025 mã này là tỉnh Bắc Giang (chọn đơn vị đó: 24@2025-06-30).'
    """
    lang = check_lang(lang)
    bearer = "code" if text.strip() in geography.codes else "name"
    parts = []
    for other in geography.other_meanings(text, unit):
        is_later = other.last > unit.last
        day = max(other.first, unit.last + 1) if is_later else other.last + 1
        fields = {"day": pd.Timestamp.fromordinal(day), "unit": _name_and_place(geography, other, lang)}
        key = f"cli.{bearer}_{'since' if is_later else 'before'}"
        parts.append(translate(key, lang, **fields, key=geography.key(other)))
    if not parts:
        return ""
    place = _name_and_place(geography, unit, lang)
    listed = "; ".join([*parts[:_MOST_OTHERS], *["…"] * (len(parts) > _MOST_OTHERS)])
    return translate("cli.other_units", lang, found=text.strip(), unit=place, others=listed)


def _name_and_place(geography: Geography, unit: Unit, lang: str) -> str:
    """Return the name of a unit with that of the unit above, but for the country."""
    units = [u for u in geography.lineage(unit)[:2] if u.kind != "country"]
    return ", ".join(geography.name(u, lang) for u in units)
