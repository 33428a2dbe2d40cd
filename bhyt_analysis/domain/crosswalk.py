"""What do the figures of old communes say of the new ones that took their place?

In July 2025 communes were joined, and some were split. Counts of whole old communes add up to those of
the new one. Where a commune was split and nobody knows which share went where, nothing is carried and
that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain import findings
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import unit_name
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.messages import translate

CROSSWALK_TABLES = ("population", "cards")
SAME_MONTH = 30  # days: an older count that stands for a later day is an estimate


def to_successor_units(data: Dataset, on: str | pd.Timestamp, lang: str = "vi") -> tuple[Dataset, pd.DataFrame]:
    """A dataset with the counts of old units carried to the new ones that began by a day.

    Parameters
    ----------
    data : its ``successors`` list every old unit of each new one, with the share of its people that went there.
    on : the day that the carried counts are dated; the last counts from before the new units are taken.

    Returns
    -------
    The dataset with more rows of ``population`` and ``cards``, whose source names the old units and the
    day of their counts; and what could not be carried, as a table of findings (rule, severity, message,
    area). A new unit with figures of its own gets none. Sums of whole units are "derived"; a share of a
    unit, or a count from more than a month before, makes an estimate.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data, left = to_successor_units(load(), "2025-07-01")
    >>> row = data.population.query("area == '02536'").iloc[-1]
    >>> int(row["people"]), row["status"]
    (34743, 'estimated')
    >>> left["rule"].value_counts().to_dict()
    {'successor_unknown': 10, 'not_carried': 4, 'split_unknown': 2}
    """
    day = pd.Timestamp(on)
    moves = data.successors[data.successors["on"] <= day]
    moves = moves.assign(needed=moves.groupby("code_new")["code_old"].transform("nunique"))
    found = list(_unknown(data, moves))
    tables = {name: _carried(data, name, moves, day, lang, found) for name in CROSSWALK_TABLES}
    return replace(data, **tables), findings.findings_table(found, lang, ["area"])


def _unknown(data: Dataset, moves: pd.DataFrame) -> Iterator[Finding]:
    """Old units with figures whose share or whose new unit is not known."""
    told = {a for name in CROSSWALK_TABLES for a in getattr(data, name)["area"]}
    for code, rows in moves[moves["code_old"].isin(told)].groupby("code_old", sort=False):
        on = rows["on"].iloc[0]
        name = unit_name(data.areas, str(code), on - pd.Timedelta(days=1))
        if (rows["code_new"] == "").any():
            yield {"rule": "successor_unknown", "area": code, "name": name}
        elif rows["share"].isna().any():
            into = ", ".join(unit_name(data.areas, c, on) for c in rows["code_new"])
            yield {"rule": "split_unknown", "area": code, "name": name, "found": into}


def _carried(
    data: Dataset, name: str, moves: pd.DataFrame, day: pd.Timestamp, lang: str, found: list[Finding]
) -> pd.DataFrame:
    """A table with the rows that the new units get from the old ones."""
    table = getattr(data, name)
    told = table.merge(moves[["code_old", "code_new", "on", "share", "needed"]], left_on="area", right_on="code_old")
    told = told[(told["as_of"] < told["on"]) & (told["code_new"] != "")]
    own = table.merge(moves[["code_new", "on"]].drop_duplicates(), left_on="area", right_on="code_new")
    told = told[~told["code_new"].isin(own.loc[own["as_of"] >= own["on"], "area"])]
    known = told[told["share"].notna()]
    whole = known.groupby(["code_new", "as_of"]).agg(units=("code_old", "nunique"), needed=("needed", "first"))
    last = whole[whole["units"] == whole["needed"]].reset_index().groupby("code_new")["as_of"].max()
    for code in sorted(set(told["code_new"]) - set(last.index)):
        lacking = moves.loc[moves["code_new"] == code, "code_old"]
        lacking = lacking[~lacking.isin(known.loc[known["code_new"] == code, "code_old"])]
        names = ", ".join(unit_name(data.areas, c, day - pd.Timedelta(days=1)) for c in lacking) or "expect.same_day"
        found.append(
            {
                "rule": "not_carried",
                "area": code,
                "name": unit_name(data.areas, code, day),
                "column": f"table.{name}",
                "found": names,
            }
        )
    if last.empty:
        return table
    taken = known[known["as_of"] == known["code_new"].map(last)]
    return pd.concat(
        [table, _summed(data, name, taken, day, lang)[table.columns].astype(table.dtypes)], ignore_index=True
    )


def _summed(data: Dataset, name: str, taken: pd.DataFrame, day: pd.Timestamp, lang: str) -> pd.DataFrame:
    """The rows of the new units: sums of whole people of the parts that they got."""
    counts = [c["column"] for c in table_columns(name).to_dict("records") if c["type"] == "count"]
    key = ["code_new", "as_of", *(["group"] if "group" in taken else [])]
    # The parts of a unit are cut where its people add up to them, so that they are whole and add up to all.
    parts = taken.sort_values("code_new").groupby(["area", "row", "file"], sort=False)["share"]
    upper = parts.cumsum().reindex(taken.index)
    lower = upper - taken["share"]
    for column in counts:
        people = taken[column].astype("Float64")
        taken[column] = (np.floor(people * upper + 0.5 + 1e-9) - np.floor(people * lower + 0.5 + 1e-9)).astype("Int64")
    groups = taken.groupby(key, sort=False)
    rows = groups[counts].sum(min_count=1)
    if name == "population":  # what one of the old units does not tell is not known of the new one
        rows = rows.where(groups[counts].count().eq(groups.size(), axis=0))
    late = (day - rows.index.get_level_values("as_of")).days > SAME_MONTH
    weak = groups["share"].min().lt(1) | late
    rows["status"] = [
        derived_quality(lowest_quality(list(s)), "estimated" if w else "derived")
        for s, w in zip(groups["status"].agg(list), weak, strict=True)
    ]
    units = groups["area"].agg(
        lambda codes: ", ".join(unit_name(data.areas, c, day - pd.Timedelta(days=1)) for c in dict.fromkeys(codes))
    )
    rows = rows.reset_index()
    rows["source"] = [
        translate("carry.source", lang, units=u, day=d) for u, d in zip(units, rows["as_of"], strict=True)
    ]
    return rows.rename(columns={"code_new": "area"}).assign(as_of=day, file="successors", row=0)
