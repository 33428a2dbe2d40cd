"""Describe the tables that an input can have, their columns, and the headings and groups that people write."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.law.groups import groups

REGISTER = "register"  # one row a person: not a table of the schema, and counted before anything else


def schema() -> pd.DataFrame:
    """Return the columns of every table: table, column, type, required, key, unit, names, meaning."""
    return packaged_table("domain/tables.csv")


@lru_cache(maxsize=64)
def table_columns(table: str) -> pd.DataFrame:
    """Return the rows of the schema that describe one table."""
    columns = schema()
    return columns[columns["table"] == table]


def alternative_headings() -> pd.DataFrame:
    """Return headings that people write: ``table`` ("" any), ``column`` ("" the table's own name), ``heading``."""
    return packaged_table("domain/headings.csv")


def allows_wide_layout(table: str) -> bool:
    """Tell whether a table may have a column for each group: it has groups and one figure.

    Examples
    --------
    >>> allows_wide_layout("cards"), allows_wide_layout("population")
    (True, False)
    """
    columns = table_columns(table)
    figures = (columns["type"] == "count") & (columns["required"] == "yes")
    return "group" in columns["column"].tolist() and int(figures.sum()) == 1


@lru_cache(maxsize=1)
def group_keys_by_name() -> dict[str, str]:
    """Return the key of a group by all that people write for it, normalised: names, card codes, the key itself.

    Examples
    --------
    >>> group_keys_by_name()["hn"], group_keys_by_name()["ho gia dinh"], group_keys_by_name()["near_poor"]
    ('poor', 'household', 'near_poor')
    """
    names, headings = groups(), alternative_headings().query("table == 'groups'")
    words = {normalise_name(r.heading): str(r.column) for r in headings.itertuples()}
    words |= {normalise_name(code): str(key) for key, code in names["card_codes"].items() if code and ";" not in code}
    words |= {normalise_name(str(n)): str(key) for column in ("name_en", "name_vi") for key, n in names[column].items()}
    return words | {str(key): str(key) for key in names.index}


@lru_cache(maxsize=64)
def heading_vocabulary(table: str) -> dict[str, str]:
    """Return the meaning of the headings of a table: normalised heading to column, or to a group in a wide table.

    Columns that begin with ``_`` are not in the schema: ``_name``, ``_within`` and ``_province`` help to find the unit,
    ``_total`` is the sum of a row, and the rest is not read.

    Examples
    --------
    >>> heading_vocabulary("population")["so dan"], heading_vocabulary("cards")["HN"], heading_vocabulary("cards")["no"]
    ('people', 'poor', '_row')
    """
    own = ["area", "as_of", "group", "card"] if table == REGISTER else table_columns(table)["column"].tolist()
    helpers = ["_row", "_numbers", *(["_name", "_within", "_province"] if "area" in own else [])]
    helpers += ["_total"] if allows_wide_layout(table) else []
    headings = alternative_headings()
    common = headings[(headings["table"] == "") & headings["column"].isin([*own, *helpers])]
    words = dict(zip(common["heading"].map(normalise_name), common["column"], strict=True))
    if allows_wide_layout(table):  # a card code heads a column only in capitals: "NO" is one, "No." numbers the rows
        words = {w if len(w) > 2 else w.upper(): key for w, key in group_keys_by_name().items()} | words
    special = headings[(headings["table"] == table) & (headings["column"] != "")]
    words |= dict(zip(special["heading"].map(normalise_name), special["column"], strict=True))
    for column in table_columns(table).to_dict("records"):
        words |= {normalise_name(column[c]): column["column"] for c in ("name_vi", "name_en", "column")}
    return words
