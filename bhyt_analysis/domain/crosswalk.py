"""Add the figures of former communes up to those of the new ones that replaced them.

In July 2025 communes were joined, and some were split. Counts of all former communes of a new one add up to its own.
Where a commune was split and the shares are not known, nothing is added up, and a finding says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding, Term, findings_table
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.messages import translate

CROSSWALK_TABLES = ("population", "cards")
CARRIED = ", theo địa giới mới"  # after the source of figures that were added up from former units
SAME_MONTH = 30  # days: an older count taken for a later day is an estimate


def to_successor_units(data: Dataset, on: str | pd.Timestamp, lang: str = "vi") -> tuple[Dataset, pd.DataFrame]:
    """Return a dataset in which new units have the counts of the former units that they replaced by a day.

    ``successors`` lists the former units of each new one, with the share of its people that went there. The last
    counts from before the new units are taken, and added up as those of the day ``on``.

    Returns
    -------
    The dataset with more rows of ``population`` and ``cards``, whose source names the former units and the day of
    their counts; and what could not be added up, as a table of findings (rule, severity, message, area). A new unit
    with figures of its own gets none. Sums of entire units are "derived"; a share of a unit, or a count from more
    than a month before, makes an estimate.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data, left = to_successor_units(load(), "2025-07-01")
    >>> row = data.population.query("area == '02536'").iloc[-1]
    >>> int(row["people"]), row["status"]
    (34743, 'estimated')
    >>> left["rule"].value_counts().to_dict()
    {'not_carried': 2, 'split_unknown': 1}
    """
    day = pd.Timestamp(on)
    moves = data.successors[data.successors["on"] <= day]
    moves = moves.assign(unit_count=moves.groupby("code_new")["code_old"].transform("nunique"))
    findings = list(_unknown_successors(data, moves))
    tables = {}
    for name in CROSSWALK_TABLES:
        rows, more = _complete_parts(data, name, moves, day)
        findings += more
        table = getattr(data, name)
        if len(rows):
            sums = _sums(data, name, rows, day, lang)[[c for c in table.columns if c != "unit_id"]]
            sums = sums.astype(table.dtypes[sums.columns])
            table = pd.concat([table, sums], ignore_index=True)
        tables[name] = table
    return replace(data, **tables), findings_table(findings, lang, ["area"])


def _unknown_successors(data: Dataset, moves: pd.DataFrame) -> Iterator[Finding]:
    """Yield former units with figures whose share or whose new unit is not known."""
    reporting = {a for name in CROSSWALK_TABLES for a in getattr(data, name)["area"]}
    for code, rows in moves[moves["code_old"].isin(reporting)].groupby("code_old", sort=False):
        on = rows["on"].iloc[0]
        name = data.geography.unit_at(str(code), on - pd.Timedelta(days=1)).name
        if (rows["code_new"] == "").any():
            yield Finding("successor_unknown", area=str(code), name=name)
        elif rows["share"].isna().any():
            new_names = ", ".join(data.geography.unit_at(c, on).name for c in rows["code_new"])
            yield Finding("split_unknown", area=str(code), name=name, value=new_names)


def _complete_parts(
    data: Dataset, name: str, moves: pd.DataFrame, day: pd.Timestamp
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the last rows of former units by which a new one is complete, and findings on those that are not."""
    table = getattr(data, name)
    columns = ["code_old", "code_new", "on", "share", "unit_count"]
    rows = table.merge(moves[columns], left_on="area", right_on="code_old")
    rows = rows[(rows["as_of"] < rows["on"]) & (rows["code_new"] != "")]
    own = table.merge(moves[["code_new", "on"]].drop_duplicates(), left_on="area", right_on="code_new")
    rows = rows[~rows["code_new"].isin(own.loc[own["as_of"] >= own["on"], "area"])]
    shared = rows[rows["share"].notna()]
    days = shared.groupby(["code_new", "as_of"]).agg(units=("code_old", "nunique"), unit_count=("unit_count", "first"))
    last = days[days["units"] == days["unit_count"]].reset_index().groupby("code_new")["as_of"].max()
    findings = []
    for code in sorted(set(rows["code_new"]) - set(last.index)):
        missing = moves.loc[moves["code_new"] == code, "code_old"]
        missing = missing[~missing.isin(shared.loc[shared["code_new"] == code, "code_old"])]
        value, unit = (
            _former_names(data, missing, day) or Term("expect.same_day"),
            data.geography.unit_at(code, day).name,
        )
        finding = Finding("not_carried", area=code, name=unit, value=value)
        findings.append(finding.with_parts(table=Term(f"table.{name}")))
    complete = shared["as_of"] == shared["code_new"].map(last) if len(last) else shared["as_of"].isna()
    return shared[complete], findings


def _former_names(data: Dataset, codes: pd.Series, day: pd.Timestamp) -> str:
    """Return the names of former units, as they were on the day before."""
    return ", ".join(data.geography.unit_at(c, day - pd.Timedelta(days=1)).name for c in dict.fromkeys(codes))


def _sums(data: Dataset, name: str, rows: pd.DataFrame, day: pd.Timestamp, lang: str) -> pd.DataFrame:
    """Return the rows of the new units: sums of the people of their parts, in whole numbers."""
    counts = table_columns(name).query("type == 'count'")["column"].tolist()
    key = ["code_new", "as_of", *(["group"] if "group" in rows else [])]
    # The parts of a unit are cut where its people add up to them, so that they are whole and add up to all.
    parts = rows.sort_values("code_new").groupby(["area", "row", "file"], sort=False)["share"]
    upper = parts.cumsum().reindex(rows.index)
    lower = upper - rows["share"]
    for column in counts:
        people = rows[column].astype("Float64")
        rows[column] = (np.floor(people * upper + 0.5 + 1e-9) - np.floor(people * lower + 0.5 + 1e-9)).astype("Int64")
    groups = rows.groupby(key, sort=False)
    sums = groups[counts].sum(min_count=1)
    if name == "population":  # a count that one of the former units lacks is not known of the new one
        sums = sums.where(groups[counts].count().eq(groups.size(), axis=0))
    late = (day - sums.index.get_level_values("as_of")).days > SAME_MONTH
    weakest = (groups["share"].min().lt(1) | late).map({True: "estimated", False: "derived"})
    sums["status"] = [derived_quality(s, w) for s, w in zip(groups["status"].agg(list), weakest, strict=True)]
    names = groups["area"].agg(lambda codes: _former_names(data, codes, day))
    sums = sums.reset_index()
    pairs = zip(names, sums["as_of"], strict=True)
    sums["source"] = [translate("carry.source", lang, units=units, day=last) for units, last in pairs]
    return sums.rename(columns={"code_new": "area"}).assign(as_of=day, file="successors", row=0)


def carry_to(data: Dataset, units: Sequence[Unit], tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of people and cards with the figures of former units for the units that they became.

    A unit without figures of its own gets the sum of those from which it came, for each day on which all of them have
    a figure and the share of each is known. The figures of the only unit that it was before stay as they are; sums of
    whole units are "derived", those with parts of units "estimated". The day stays that of the figures.
    """
    rows = []
    for unit in units:
        origins = data.geography.origins(unit)
        for origin, share in origins.items():  # a district without communes counts from the day after their end
            parts = [o.last + 1 for o in origins if data.geography.parent(o) == origin]
            rows.append((unit.id, unit.code, origin.id, max([origin.first, *parts]), origin.last, share))
    links = pd.DataFrame(rows, columns=["target", "code", "unit_id", "first", "last", "share"])
    return {name: _with_carried(data, name, links, tables[name]) for name in CROSSWALK_TABLES}


def _with_carried(data: Dataset, name: str, links: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    links = links[~links["target"].isin(own["unit_id"])]
    rows = data.rows(name, set(links["unit_id"]))
    if rows.empty:
        return own
    days = rows["as_of"].map(lambda day: day.toordinal())
    rows = rows.assign(day=days).merge(links, on="unit_id")
    rows = rows[(rows["first"] <= rows["day"]) & (rows["day"] <= rows["last"])]
    parts = rows.groupby(["target", "as_of"]).agg(day=("day", "first"), found=("unit_id", "nunique"))
    required = parts.reset_index()[["target", "day"]].merge(links, on="target")
    required = required[(required["first"] <= required["day"]) & (required["day"] <= required["last"])]
    required = required.groupby(["target", "day"])["share"].agg(["size", lambda s: s.notna().all()])
    required.columns = ["size", "known"]
    parts = parts.join(required, on=["target", "day"])
    complete = parts.index[(parts["found"] == parts["size"]) & parts["known"]]
    rows = rows[pd.MultiIndex.from_frame(rows[["target", "as_of"]]).isin(complete)]
    if rows.empty:
        return own
    counts = table_columns(name).query("type == 'count'")["column"].tolist()
    for column in counts:
        rows[column] = (rows[column].astype("Float64") * rows["share"] + 0.5 + 1e-9).map(np.floor).astype("Int64")
    key = ["target", "code", "as_of", *(["group"] if "group" in rows else [])]
    groups = rows.groupby(key, sort=False)
    sums = groups[counts].sum(min_count=1)
    if name == "population":  # a count that one of the former units lacks is not known of the new one
        sums = sums.where(groups[counts].count().eq(groups.size(), axis=0))
    entire, several = groups["share"].min() >= 1, groups["unit_id"].nunique() > 1
    kinds = np.where(~entire, "estimated", np.where(several, "derived", ""))
    sums["status"] = [
        derived_quality(*statuses, kind) if kind else statuses[0]
        for statuses, kind in zip(groups["status"].agg(list), kinds, strict=True)
    ]
    sums["source"] = groups["source"].agg(lambda texts: "; ".join(f"{t}{CARRIED}" for t in dict.fromkeys(texts)))
    sums = sums.reset_index().rename(columns={"target": "unit_id", "code": "area"}).assign(file="successors", row=0)
    sums = sums.reindex(columns=own.columns).astype(own.dtypes)
    return pd.concat([own, sums], ignore_index=True)
