"""Do the cards of one month follow from those of the months around it?

All series of cards (a unit's sub-group month by month) are looked at as one matrix, so that a country takes
no longer than a district.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import unit_name
from bhyt_analysis.law.groups import drop_nested_groups, main_group
from bhyt_analysis.quality.limits import rule_limits

Tables = dict[str, pd.DataFrame]
Floats = NDArray[np.float64]
MAD = 1.4826  # times the median absolute deviation is the standard deviation of normal figures


class Series(NamedTuple):
    """Cards as a matrix: a line a unit and group, a column a month; ``place`` is the row of the table, -1 where none."""

    keys: pd.DataFrame  # area, group
    months: pd.DatetimeIndex
    values: Floats
    place: NDArray[np.int64]


def check_months(tables: Tables) -> Iterator[Finding]:
    """Everything found by following cards from month to month."""
    yield from _flows(tables)
    series = monthly_series(tables["cards"])
    if len(series.months) < 2:
        return
    yield from _jumps(tables, series)
    yield from _silent_months(tables, series)
    yield from _groups_missing(tables, series)
    yield from _copied(tables, series)


def monthly_series(cards: pd.DataFrame) -> Series:
    """The cards of month ends as a matrix; months in which nobody counts have no column.

    Examples
    --------
    >>> days = pd.to_datetime(["2022-01-31", "2022-03-31"])
    >>> monthly_series(pd.DataFrame({"area": "C1", "group": "poor", "as_of": days, "cards": [5, 7]})).values.tolist()
    [[5.0, 7.0]]
    """
    row = np.flatnonzero(cards["as_of"].dt.is_month_end.to_numpy(bool))
    cards = cards.iloc[row]
    # Codes and not pairs of texts: those of a country would take as long as reading it.
    (unit, units), (kind, kinds) = (cards[c].factorize() for c in ("area", "group"))
    pairs, line = np.unique(unit * len(kinds) + kind, return_inverse=True)
    column, months = cards["as_of"].factorize(sort=True)
    place = np.full((len(pairs), len(months)), -1)
    place[line, column] = row
    values = np.full(place.shape, np.nan)
    values[line, column] = cards["cards"].to_numpy(float)
    keys = pd.DataFrame({"area": units[pairs // max(len(kinds), 1)], "group": kinds[pairs % max(len(kinds), 1)]})
    return Series(keys, pd.DatetimeIndex(months), values, place)


def _where(cards: pd.DataFrame, place: int, **more: Any) -> Finding:
    """The row of the table that a cell of the matrix comes from."""
    row = cards.iloc[place]
    return {"file": row["file"], "row": int(row["row"]), **more}


def _named(tables: Tables, area: str, day: pd.Timestamp) -> str:
    return unit_name(tables["areas"], area, day)


# --- Stock and flow -------------------------------------------------------------------------------


def _flows(tables: Tables) -> Iterator[Finding]:
    """The stock at the end of a month is that at its start with what came and went."""
    flows = tables["flows"]
    if flows.empty:
        return
    stock = _stock(tables["cards"][tables["cards"]["area"].isin(flows["area"])], flows["group"])
    keys = pd.MultiIndex.from_frame(flows[["area", "group", "as_of"]])
    before = pd.MultiIndex.from_frame(flows.assign(as_of=flows["as_of"] - pd.offsets.MonthEnd(1))[["area", "group", "as_of"]])  # fmt: skip
    moved = flows["reclassified"].fillna(0)
    rows = flows.assign(moved=moved, start=stock.reindex(before).to_numpy(), end=stock.reindex(keys).to_numpy())
    rows["expected"] = rows["start"] + rows["new"] + rows["renewed"] - rows["expired"] - rows["suspended"] + moved
    rows = rows.dropna(subset=["start", "end"])
    for row in rows[rows["end"] != rows["expected"]].to_dict("records"):
        counts = {c: int(row[c]) for c in ("start", "new", "renewed", "expired", "suspended", "moved", "expected")}
        yield {"rule": "stock_flow", "file": row["file"], "row": row["row"], "column": "new, renewed, expired, suspended, reclassified", "name": _named(tables, row["area"], row["as_of"]), "month": f"{row['as_of']:%m/%Y}", "found": int(row["end"]), **counts}  # fmt: skip


def _stock(cards: pd.DataFrame, asked: pd.Series) -> pd.Series:
    """Cards by area, group and day, as far as flows ask: of all groups (""), and of each key or group of article 12."""
    once, by = drop_nested_groups(cards), ["area", "group", "as_of"]
    totals = [once.groupby(["area", "as_of"], as_index=False)["cards"].sum().assign(group="")]
    if (asked != "").any():
        parts = once.assign(group=main_group(once["group"]))
        totals += [t[t["group"].isin(asked)].groupby(by, as_index=False)["cards"].sum() for t in (parts, cards)]
    stock = pd.concat(totals).set_index(by)["cards"]
    return stock[~stock.index.duplicated(keep="last")]  # a key that is told itself goes before its parts


# --- Jumps ----------------------------------------------------------------------------------------


def typical_values(values: Floats, window: int) -> Floats:
    """The median of the months around each one: as many before as after, at most ``window``.

    So a count that has moved to another level for good is usual from its first month, and one that comes
    and goes is not. For the first and last month it is the nearest of the ``window`` after or before them.

    Examples
    --------
    >>> typical_values(np.array([[10.0, 10, 90, 10, 10]]), 3).tolist()
    [[10.0, 10.0, 10.0, 10.0, 10.0]]
    >>> typical_values(np.array([[10.0, 11, 90, 91, 92]]), 3).tolist()
    [[11.0, 11.0, 90.0, 91.0, 91.0]]
    """
    last = values.shape[1] - 1
    out = np.empty_like(values)
    for t in range(last + 1):
        half = min(window, t, last - t)
        if half:
            out[:, t] = _median(values[:, t - half : t + half + 1])
        else:
            others = values[:, 1 : 1 + window] if t == 0 else values[:, max(last - window, 0) : last]
            away = np.where(np.isnan(others), np.inf, np.abs(others - values[:, [t]]))
            out[:, t] = np.take_along_axis(others, np.argmin(away, axis=1)[:, None], axis=1)[:, 0]
    return out


def _median(values: Floats) -> Floats:
    """The median of each line; nothing where nothing is told."""
    out = np.full(len(values), np.nan)
    whole, some = ~np.isnan(values).any(axis=1), ~np.isnan(values).all(axis=1)
    out[whole] = np.median(values[whole], axis=1)
    if (rest := some & ~whole).any():
        out[rest] = np.nanmedian(values[rest], axis=1)
    return out


def _jumps(tables: Tables, series: Series) -> Iterator[Finding]:
    """Counts far from the months around them, by their own history (the Hampel identifier on logarithms)."""
    limit, cards = rule_limits("sudden_jump"), tables["cards"]
    if len(series.months) < limit["months"]:
        return
    normal = typical_values(series.values, int(limit["window"]))
    away = np.log((series.values + 0.5) / (normal + 0.5))
    spread = MAD * _median(np.abs(away))
    far = np.abs(away) > np.maximum(limit["mads"] * spread, np.log1p(limit["share"]))[:, None]
    far &= np.abs(series.values - normal) >= limit["cards"]
    far &= ((~np.isnan(series.values)).sum(axis=1) >= limit["months"])[:, None]
    if far.any():
        far &= ~_explained(tables, series, limit)
    for line, t in zip(*np.nonzero(far), strict=True):
        area, group = series.keys.iloc[line]
        day = series.months[t]
        yield _where(cards, series.place[line, t], rule="sudden_jump", column="cards", found=int(series.values[line, t]), expected=int(normal[line, t] + 0.5), group=f"group:{group}", name=_named(tables, area, day), day=day)  # fmt: skip


def _explained(tables: Tables, series: Series, limit: dict[str, float]) -> NDArray[np.bool_]:
    """At the two ends of a series, where a new level can't be told from a slip: months after a zoning decision, and of pupils' enrolment."""
    out = np.zeros(series.values.shape, dtype=bool)
    zones = tables["zones"]
    for t in {0, len(series.months) - 1}:
        day = series.months[t]
        since = zones["since"].between(day - pd.offsets.MonthEnd(int(limit["settling"])), day)
        out[:, t] |= series.keys["area"].isin(zones.loc[since, "area"]).to_numpy()
        if limit["school_first"] <= day.month <= limit["school_last"]:
            out[:, t] |= (series.keys["group"] == "student").to_numpy()
    return out


# --- Months that are not told ---------------------------------------------------------------------


def _silent_months(tables: Tables, series: Series) -> Iterator[Finding]:
    """Months in which a unit that reports every month, or all communes of one, say nothing."""
    areas, told = tables["areas"], ~np.isnan(series.values)
    units = areas.drop_duplicates("code").set_index("code")
    commune = series.keys["area"].map(units["kind"]) == "commune"
    above = series.keys["area"].map(units["parent"])
    unit = above.where(commune & (above != ""), series.keys["area"])
    for code, lines in reporting_unit(unit, told):
        columns = np.flatnonzero(lines)
        if len(columns) < rule_limits("missing_months")["months"]:
            continue
        days = series.months[columns]
        steps = (days.year[1:] - days.year[:-1]) * 12 + days.month[1:] - days.month[:-1]
        if np.median(steps) != 1 or steps.max() == 1:
            continue
        after = columns[1 + int(np.argmax(steps))]
        place = series.place[(unit == code).to_numpy(), after].max()
        lacking = pd.date_range(days[0], days[-1], freq="ME").difference(days)
        yield _where(tables["cards"], place, rule="missing_months", column="as_of", found=_months(lacking), name=_named(tables, code, days[0]))  # fmt: skip


def reporting_unit(unit: pd.Series, told: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """For each unit whether any of its lines tells a month."""
    codes, names = unit.factorize(sort=True)
    out = np.zeros((len(names), told.shape[1]), dtype=bool)
    np.logical_or.at(out, codes, told)
    yield from zip(names, out, strict=True)


def _months(days: pd.DatetimeIndex) -> str:
    shown = [f"{d:%m/%Y}" for d in days[:12]]
    return ", ".join([*shown, "…"] if len(days) > 12 else shown)


def _groups_missing(tables: Tables, series: Series) -> Iterator[Finding]:
    """Months in which a unit tells other groups but not this one, though it does before and after."""
    told = ~np.isnan(series.values)
    before = np.logical_or.accumulate(told, axis=1)
    after = np.logical_or.accumulate(told[:, ::-1], axis=1)[:, ::-1]
    lacking = ~told & before & after
    lines = np.flatnonzero(lacking.any(axis=1))
    if not len(lines):
        return
    broad = main_group(series.keys["group"])
    keyed = series.keys["area"] + "\0" + broad.fillna("")
    of_area, of_broad = (dict(reporting_unit(key, told)) for key in (series.keys["area"], keyed))
    for line in lines:
        area, group = series.keys.iloc[line]
        # Where the unit tells the group under another key in that month, nothing is missing.
        columns = np.flatnonzero(lacking[line] & of_area[area] & ~of_broad[keyed.iloc[line]])
        if len(columns):
            next_told = columns[0] + int(np.argmax(told[line, columns[0] :]))
            yield _where(tables["cards"], series.place[line, next_told], rule="group_missing", column="as_of", found=_months(series.months[columns]), group=f"group:{group}", name=_named(tables, area, series.months[columns[0]]))  # fmt: skip


def _copied(tables: Tables, series: Series) -> Iterator[Finding]:
    """Months whose cards are, group by group, those of the month before."""
    limit, told = rule_limits("same_as_before"), ~np.isnan(series.values)
    codes, names = series.keys["area"].factorize(sort=True)
    now, past = told[:, 1:], told[:, :-1]
    same = np.where(now & past, series.values[:, 1:] == series.values[:, :-1], now == past)
    alike = np.ones((len(names), same.shape[1]), dtype=bool)
    np.logical_and.at(alike, codes, same)
    groups, cards = (np.zeros(alike.shape) for _ in range(2))
    np.add.at(groups, codes, now)
    np.add.at(cards, codes, np.nan_to_num(series.values[:, 1:]))
    alike &= (groups >= limit["groups"]) & (cards >= limit["cards"])
    for unit in np.flatnonzero(alike.any(axis=1)):
        columns = np.flatnonzero(alike[unit]) + 1
        place = series.place[codes == unit, columns[0]].max()
        day = series.months[columns[0]]
        yield _where(tables["cards"], place, rule="same_as_before", column="cards", found=_months(series.months[columns]), name=_named(tables, names[unit], day))  # fmt: skip
