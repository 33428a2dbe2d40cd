"""Which tables can an input have, with which columns, and what may stand in them?"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.law.groups import groups

SCHEMA = Path(__file__).with_name("tables.csv")
HEADINGS = Path(__file__).with_name("headings.csv")
REGISTER = "register"  # one row a person: no table of the schema, and counted before anything else


@lru_cache(maxsize=1)
def schema() -> pd.DataFrame:
    """The columns of every table: table, column, type, required, key, unit, names, meaning."""
    return pd.read_csv(SCHEMA, dtype=str, keep_default_na=False, encoding="utf-8")


@lru_cache(maxsize=64)
def table_columns(table: str) -> pd.DataFrame:
    """The rows of the schema that describe one table."""
    told = schema()
    return told[told["table"] == table]


@lru_cache(maxsize=1)
def alternative_headings() -> pd.DataFrame:
    """Other headings that people write: ``table`` ("" any), ``column`` ("" the table's own name), ``heading``."""
    return pd.read_csv(HEADINGS, dtype=str, keep_default_na=False, encoding="utf-8")


def allows_wide_layout(table: str) -> bool:
    """Whether a table may be laid out with a column for each group: it has groups and one figure.

    Examples
    --------
    >>> allows_wide_layout("cards"), allows_wide_layout("population")
    (True, False)
    """
    told = table_columns(table)
    figures = (told["type"] == "count") & (told["required"] == "yes")
    return "group" in told["column"].tolist() and int(figures.sum()) == 1


@lru_cache(maxsize=1)
def group_keys_by_name() -> dict[str, str]:
    """The key of a group by all that people write for it: names, card codes, the key itself; all folded.

    Examples
    --------
    >>> group_keys_by_name()["hn"], group_keys_by_name()["ho gia dinh"], group_keys_by_name()["near_poor"]
    ('poor', 'household', 'near_poor')
    """
    names, more = groups(), alternative_headings().query("table == 'groups'")
    words = {normalise_name(r.heading): str(r.column) for r in more.itertuples()}
    words |= {normalise_name(code): str(key) for key, code in names["card_codes"].items() if code and ";" not in code}
    words |= {normalise_name(str(n)): str(key) for column in ("name_en", "name_vi") for key, n in names[column].items()}
    return words | {str(key): str(key) for key in names.index}


@lru_cache(maxsize=64)
def heading_vocabulary(table: str) -> dict[str, str]:
    """What the headings of a table mean: folded heading to column, or to the key of a group in a wide table.

    Columns that begin with ``_`` are none of the schema: ``_name`` and ``_within`` help to find the unit,
    ``_total`` is the sum of a row, and the rest is left alone.

    Examples
    --------
    >>> heading_vocabulary("population")["so dan"], heading_vocabulary("cards")["HN"], heading_vocabulary("cards")["no"]
    ('people', 'poor', '_row')
    """
    own = ["area", "as_of", "group", "card"] if table == REGISTER else table_columns(table)["column"].tolist()
    more = alternative_headings()
    helpful = [
        "_row",
        "_numbers",
        *(["_name", "_within"] if "area" in own else []),
        *(["_total"] if allows_wide_layout(table) else []),
    ]
    common = more[(more["table"] == "") & more["column"].isin([*own, *helpful])]
    words = dict(zip(common["heading"].map(normalise_name), common["column"], strict=True))
    if allows_wide_layout(table):  # a card code heads a column only in capitals: "NO" is one, "No." numbers the rows
        words = {w if len(w) > 2 else w.upper(): key for w, key in group_keys_by_name().items()} | words
    mine = more[(more["table"] == table) & (more["column"] != "")]
    words |= dict(zip(mine["heading"].map(normalise_name), mine["column"], strict=True))
    for column in table_columns(table).to_dict("records"):
        words |= {normalise_name(column[c]): column["column"] for c in ("name_vi", "name_en", "column")}
    return words
