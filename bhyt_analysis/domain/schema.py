"""Describe the tables that an input can have, their columns, and the headings and groups that people write."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.law.groups import group_label, groups, is_group_key

OWN_GROUPS = "own_groups"  # the groups that an input adds: their keys say all, so no dataset has them as a table
REGISTER = "register"  # one row a person: not a table of the schema, and counted before anything else


def schema() -> pd.DataFrame:
    """Return the columns of every table: table, column, type, required, key, unit, names, meaning."""
    return packaged_table("domain/tables.csv")


@lru_cache(maxsize=64)
def table_columns(table: str) -> pd.DataFrame:
    """Return the rows of the schema that describe one table."""
    columns = schema()
    return columns[columns["table"] == table]


def table_name(table: str, lang: str) -> str:
    """Return the name of a table in the reader's language, which is that of its sheet.

    Examples
    --------
    >>> table_name("cards", "vi"), table_name("cards", "en")
    ('Số thẻ', 'Cards')
    """
    return translate(f"sheet.{table}", lang) if has_message(f"sheet.{table}") else table


def column_name(table: str, column: str, lang: str) -> str:
    """Return the heading of a column, or of a group that heads one; "" for what is no column.

    ``table`` may be "" where it is not known. A column beside the schema, such as ``_total``, has its first heading.

    Examples
    --------
    >>> column_name("duties", "kind", "vi"), column_name("", "_total", "vi"), column_name("cards", "C", "vi")
    ('Loại báo cáo', 'Tổng', '')
    """
    columns = schema().query("column == @column")
    own = columns[columns["table"] == table]
    if len(columns):
        return str((own if len(own) else columns)[f"name_{lang}"].iloc[0])
    if is_group_key(column):
        return choice_name("group", column, lang)
    headings = alternative_headings().query("table == '' and column == @column")["heading"]
    return "" if column[:1] != "_" or headings.empty else str(headings.iloc[-1 if lang == "en" else 0])


def choice_name(kind: str, key: str, lang: str) -> str:
    """Return the text of a choice in the drop-down of its type; the key itself if it has none.

    Examples
    --------
    >>> choice_name("status", "derived", "vi"), choice_name("group", "near_poor", "en")
    ('Tính toán', 'Near-poor households')
    """
    if kind in ("group", "scope") and is_group_key(key):
        return group_label(key, lang)
    return translate(f"choice.{kind}.{key}", lang) if has_message(f"choice.{kind}.{key}") else key


@lru_cache(maxsize=16)
def choice_synonyms(kind: str) -> dict[str, str]:
    """Return the keys of the choices of a type by other words that people write for them, normalised.

    Examples
    --------
    >>> choice_synonyms("zone")["kv iii"], choice_synonyms("status")["so bo"]
    ('III', 'estimated')
    """
    rows = packaged_table("domain/choices.csv").query("type == @kind")
    return dict(zip(rows["word"].map(normalise_name), rows["key"], strict=True))


def alternative_headings() -> pd.DataFrame:
    """Return headings that people write: ``table`` ("" any), ``column`` ("" the table's own name), ``heading``."""
    return packaged_table("domain/headings.csv")


@lru_cache(maxsize=64)
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
    ``_total`` is the sum of a row, ``_people``, ``_households`` and ``_rate`` stand beside cards, the rest is not read.

    Examples
    --------
    >>> heading_vocabulary("population")["so dan"], heading_vocabulary("cards")["HN"], heading_vocabulary("cards")["no"]
    ('people', 'poor', '_row')
    """
    own = ["area", "as_of", "group", "card"] if table == REGISTER else table_columns(table)["column"].tolist()
    helpers = ["_row", "_note", "_numbers", *(["_name", "_within", "_province"] if "area" in own else [])]
    helpers += ["_year"] if "as_of" in own else []
    helpers += ["_unit"] if "unit" not in own else []
    helpers += ["_within", "_province"] if table == "areas" else []
    helpers += ["_total", "_people", "_households", "_rate"] if allows_wide_layout(table) else []
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
