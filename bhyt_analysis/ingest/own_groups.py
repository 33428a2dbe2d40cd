"""Read the groups that an input adds to those of the law, and put their keys in the place of their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.schema import OWN_GROUPS, group_keys_by_name
from bhyt_analysis.i18n.text import clean_text
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.coercion import coerce_table
from bhyt_analysis.ingest.table_detection import detect_tables, table_from_name
from bhyt_analysis.ingest.workbook import Sheet
from bhyt_analysis.law.groups import own_group_key


def lists_own_groups(name: str) -> bool:
    """Return whether a sheet or file of a name lists groups of the user's own.

    Examples
    --------
    >>> lists_own_groups("groups"), lists_own_groups("Nhóm riêng"), lists_own_groups("Nhóm đối tượng")
    (True, True, False)
    """
    return table_from_name(name) == OWN_GROUPS


def read_own_groups(sheet: Sheet, findings: list[Finding]) -> dict[str, str]:
    """Return the key of each group of a sheet by all that people write for it, normalised: names and its code."""
    words = dict[str, str]()
    for table in detect_tables(sheet, findings):
        rows = coerce_table(table, None, findings)
        for row in rows[(rows["name"] != "") & (rows["within"] != "")].itertuples():
            key = own_group_key(row.within, row.name, row.name_en)
            for column in ("name", "name_en", "code"):
                text = str(getattr(row, column))
                word = normalise_name(text)
                if word and (word in group_keys_by_name() or words.get(word, key) != key):
                    findings.append(Finding.in_row("own_group_not_new", row, column, value=text))
                elif word:
                    words[word] = key
    return words


def with_own_groups(sheet: Sheet, words: Mapping[str, str]) -> Sheet:
    """Return a sheet with keys in place of the names of groups of the user's own."""
    if not words:
        return sheet
    return replace(sheet, cells=sheet.cells.map(lambda cell: words.get(_word(cell), cell)))


def _word(cell: object) -> str:
    return normalise_name(clean_text(cell)) if isinstance(cell, str) else ""
