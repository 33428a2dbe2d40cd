"""Add the figures of former communes up to those of the new ones that replaced them.

In July 2025 communes were joined, and some were split. Counts of all former communes of a new one add up to its own.
Where a commune was split and the shares are not known, nothing is added up, and a finding says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding, Term, findings_table
from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate

CROSSWALK_TABLES = ("population", "cards")
CARRIED = ", theo địa giới mới"  # after the source of figures that were added up from former units
SAME_MONTH = 30  # days: an older count taken for a later day is an estimate


def to_successor_units(data: Dataset, on: str | pd.Timestamp, lang: str | None = None) -> tuple[Dataset, pd.DataFrame]:
    """Return a dataset in which new units have the counts of the former units that they replaced by a day.

    ``successors`` lists the former units of each new one, with the share of its people that went there. The last
    counts from before the new units are taken, and added up as those of the day ``on``.

    Parameters
    ----------
    data
        with the table ``successors``.
    on
        the day by which the new units replaced the former ones.
    lang
        of the findings; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    tuple of Dataset and DataFrame
        The dataset with more rows of ``population`` and ``cards``, whose source names the former units and the day of
        their counts; and what could not be added up, as a table of findings (``rule``, ``severity``, ``message``,
        ``area``). A new unit with figures of its own gets none. Sums of entire units are "derived"; a share of a unit,
        or a count from more than a month before, makes an estimate.

    Raises
    ------
    BhytError
        for another language.

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
    lang = check_lang(lang)
    day = pd.Timestamp(parse_date(on))
    units = [u for u in data.geography.units.values() if u.since is not None and u.exists_on(day.toordinal())]
    links = _links(data.geography, units)
    findings = list(_unknown_successors(data, day))
    tables = {}
    for name in CROSSWALK_TABLES:
        table = getattr(data, name)
        begins = pd.to_datetime(table["unit_id"].map({u.id: u.since for u in units}))
        open_links = links[~links["target"].isin(table.loc[table["as_of"] >= begins, "unit_id"])]
        rows = _complete_rows(data, name, open_links)
        rows = rows[rows["as_of"] == rows.groupby("target")["as_of"].transform("max")]
        findings += _incomplete_units(data, name, open_links, set(rows["target"]))
        late = (day - rows["as_of"]).dt.days > SAME_MONTH
        sums = _sums(rows.assign(weak=rows["weak"].mask(late, "estimated").replace("", "derived")), name)
        names = rows.groupby("target")["unit_id"].agg(lambda ids: _former_names(data, ids))
        pairs = zip(sums["unit_id"].map(names), sums["as_of"], strict=True)
        sums["source"] = [translate("carry.source", lang, units=units_, day=last) for units_, last in pairs]
        tables[name] = _append(table, sums.assign(as_of=day))
    left = findings_table(findings, lang, ["area"])
    left.attrs["result"] = "to_successor_units"
    return replace(data, **tables), left


def carry_to(data: Dataset, units: Iterable[Unit], tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of people and cards with the figures of former units for the units that they became.

    A unit gets the sum of those from which it came, for each day before its own on which all of them have a figure and
    the share of each is known. The figures of the only unit that it was before stay as they are; sums of
    whole units are "derived", those with parts of units "estimated". The day stays that of the figures.
    """
    kept: dict[int, dict[str, pd.DataFrame]] = data.result(_carried_rows)
    units = list(units)
    new = {u.id: u for u in units if u.id not in kept}
    kept |= {i: {} for i in new}
    candidates = [u for u in new.values() if data.geography.predecessors(u)]
    if candidates:
        links = _links(data.geography, candidates)
        for name in CROSSWALK_TABLES:
            if links["unit_id"].isin(data.rows_by_unit[name].keys()).any():
                for target, rows in _carry(data, name, links).groupby("unit_id"):
                    kept[int(target)][name] = rows
    result = {}
    for name in CROSSWALK_TABLES:
        rows = [kept[u.id][name] for u in units if name in kept[u.id]]
        result[name] = pd.concat([tables[name], *rows], ignore_index=True) if rows else tables[name]
    return result


def _carried_rows(data: Dataset) -> dict[int, dict[str, pd.DataFrame]]:
    """Return the rows that were carried so far, by unit and table: none at first."""
    return {}


def _carry(data: Dataset, name: str, links: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the new units, in the columns and types of the table."""
    rows = _complete_rows(data, name, links)
    sums = _sums(rows, name)
    sources = rows.groupby(["target", "as_of"])["source"].agg(_carried_source)
    keys = zip(sums["unit_id"], sums["as_of"], strict=True)
    table = getattr(data, name)
    return sums.assign(source=[sources[key] for key in keys]).reindex(columns=table.columns).astype(table.dtypes)


def _carried_source(sources: pd.Series) -> str:
    return "; ".join(f"{source}{CARRIED}" for source in dict.fromkeys(sources))


def _links(geography: Geography, units: Iterable[Unit]) -> pd.DataFrame:
    """Return each unit (``target``) with the units that it came from, their days and the share of their people.

    ``lower``: the share of the units before it in the order of codes, so that the parts of a split unit add up to it.
    """
    rows = []
    for unit in units:
        origins = geography.origins(unit)
        for origin, share in origins.items():  # a district without communes counts from the day after their end
            parts = [o.last + 1 for o in origins if geography.parent(o) == origin]
            steps = dict(geography.successors(origin))
            lower = sum(s for u, s in steps.items() if u.code < unit.code and s == s) if unit in steps else 0.0
            last = min(origin.last, unit.first - 1)  # from its own first day on, a unit has figures of its own
            rows.append((unit.id, unit.code, origin.id, max([origin.first, *parts]), last, share, lower))
    return pd.DataFrame(rows, columns=["target", "code", "unit_id", "first", "last", "share", "lower"])


def _complete_rows(data: Dataset, name: str, links: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of former units on the days on which they make a new unit complete.

    They have the columns of the links and ``weak``: the status that the addition gives, "" if nothing is added.
    """
    rows = data.rows(name, set(links["unit_id"]))
    days = rows["as_of"].map(pd.Timestamp.toordinal)
    rows = rows.assign(day=days.astype("int64")).merge(links, on="unit_id")
    rows = rows[(rows["first"] <= rows["day"]) & (rows["day"] <= rows["last"])]
    parts = rows.groupby(["target", "day"])["unit_id"].nunique().reset_index(name="reporting")
    required = parts.merge(links, on="target")
    required = required[(required["first"] <= required["day"]) & (required["day"] <= required["last"])]
    shares = required.groupby(["target", "day", "reporting"])["share"].agg(["size", "count", "min"]).reset_index()
    complete = shares[(shares["size"] == shares["reporting"]) & (shares["count"] == shares["size"])]
    weak = np.where(complete["min"] < 1, "estimated", np.where(complete["size"] > 1, "derived", ""))
    return rows.merge(complete[["target", "day"]].assign(weak=weak), on=["target", "day"])


def _sums(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of the new units: sums of the people of their parts, in whole numbers."""
    counts = table_columns(name).query("type == 'count'")["column"].tolist()
    people, lower, share = (rows[c].to_numpy("float64", na_value=np.nan) for c in (counts, ["lower"], ["share"]))
    low, high = (np.floor(people * part + 0.5 + 1e-9) for part in (lower, lower + share))
    rows = rows.assign(**dict(zip(counts, (high - low).T, strict=True)))
    key = ["target", "code", "as_of", *(["group"] if "group" in rows else [])]
    groups = rows.groupby(key, sort=False)
    sums = groups[counts].sum(min_count=1)
    if name == "population":  # a count that one of the former units lacks is not known of the new one
        sums = sums.where(groups[counts].count().eq(groups.size(), axis=0))
    sums = sums.astype("Int64")
    pairs = zip(groups["status"].agg(list), groups["weak"].first(), strict=True)
    sums["status"] = [derived_quality(*statuses, weak) if weak else statuses[0] for statuses, weak in pairs]
    return sums.reset_index().rename(columns={"target": "unit_id", "code": "area"}).assign(file="successors", row=0)


def _append(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return table
    return pd.concat([table, rows.reindex(columns=table.columns).astype(table.dtypes)], ignore_index=True)


def _unknown_successors(data: Dataset, day: pd.Timestamp) -> Iterator[Finding]:
    """Yield former units with figures whose share or whose new unit is not known."""
    reporting = {i for name in CROSSWALK_TABLES for i in data.rows_by_unit[name]}
    moves = data.successors[data.successors["on"] <= day]
    for (code, on), rows in moves.groupby(["code_old", "on"], sort=False):
        old = data.geography.unit_at(str(code), on - pd.Timedelta(days=1))
        if old.id not in reporting:
            continue
        if (rows["code_new"] == "").any():
            yield Finding("successor_unknown", area=old.code, name=old.name)
        elif rows["share"].isna().any():
            new_names = ", ".join(data.geography.unit_at(c, on).name for c in rows["code_new"])
            yield Finding("split_unknown", area=old.code, name=old.name, value=new_names)


def _incomplete_units(data: Dataset, name: str, links: pd.DataFrame, complete: set[int]) -> Iterator[Finding]:
    """Yield new units that figures of some of their former units do not make complete."""
    reporting = links["unit_id"].isin(data.rows_by_unit[name].keys())
    for target, parts in links[~links["target"].isin(complete)].groupby("target"):
        own = reporting[parts.index]
        if own.any():
            unit, missing = data.geography.unit(int(target)), parts[~(own & parts["share"].notna())]
            value = _former_names(data, missing["unit_id"]) or Term("expect.same_day")
            finding = Finding("not_carried", area=unit.code, name=unit.name, value=value)
            yield finding.with_parts(table=Term(f"table.{name}"))


def _former_names(data: Dataset, ids: pd.Series) -> str:
    return ", ".join(data.geography.unit(i).name for i in dict.fromkeys(ids))
