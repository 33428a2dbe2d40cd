"""Name the body that answers for a task in a unit, as it was called on a day."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.i18n.unit_names import unit_word

WORDS = {"province": "tỉnh", "district": "huyện", "commune": "xã"}  # of a name without one


def bodies_of(roles: str, unit: Unit, day: pd.Timestamp) -> str:
    """Return the Vietnamese names of the bodies of some roles, with semicolons between them, each once.

    ``roles``: of ``bodies.csv``, with semicolons between them. Districts and their offices ended in June 2025.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> data = bhyt.load()
    >>> bodies_of("committee; insurance", data.find("Huyện Sơn Dương"), pd.Timestamp("2021-12-31"))
    'UBND huyện; BHXH huyện'
    >>> bodies_of("committee; insurance", data.find("Xã Biên Sơn"), pd.Timestamp("2026-10-31"))
    'UBND xã; BHXH cơ sở'
    """
    table = packaged_table("model/actions/bodies.csv")
    day_text = str(day.date())
    rows = table[(table["kind"] == unit.kind) & (table["since"] <= day_text)]
    rows = rows[(rows["until"] == "") | (rows["until"] >= day_text)].set_index("role")["body"]
    word = unit_word(unit.name) or WORDS.get(unit.kind, "")
    names = [rows[role].format(word=word) for role in roles.split("; ") if role]
    return "; ".join(dict.fromkeys(names))
