"""Check that the cards of a month follow from those of the months around it.

All series of cards (a unit's sub-group month by month) are one matrix, so that a country takes no longer than a
district.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding, GroupName, Part
from bhyt_analysis.law.groups import drop_nested_groups, main_group
from bhyt_analysis.quality.limits import rule_limits

Floats = NDArray[np.float64]
MAD = 1.4826  # times the median absolute deviation is the standard deviation of normal figures


class Series(NamedTuple):
    """Cards as a matrix: a line a unit and group, a column a month; ``position`` is the table's row, -1 where none."""

    keys: pd.DataFrame  # area, group
    months: pd.DatetimeIndex
    values: Floats
    position: NDArray[np.int64]


def check_months(data: Dataset) -> Iterator[Finding]:
    """Yield the findings from following cards from month to month."""
    yield from _stock_and_flow(data)
    series = monthly_series(data.cards)
    if len(series.months) > 1:
        for check in (_jumps, _silent_months, _groups_missing, _copied_months):
            yield from check(data, series)


def monthly_series(cards: pd.DataFrame) -> Series:
    """Return the cards of month ends as a matrix; months without any count have no column.

    Examples
    --------
    >>> days = pd.to_datetime(["2022-01-31", "2022-03-31"])
    >>> monthly_series(pd.DataFrame({"area": "C1", "group": "poor", "as_of": days, "cards": [5, 7]})).values.tolist()
    [[5.0, 7.0]]
    """
    row = np.flatnonzero(cards["as_of"].dt.is_month_end.to_numpy(bool))
    cards = cards.iloc[row]
    # Codes and not pairs of texts: those of a country would take as long as reading it.
    unit, _ = cards["unit_id" if "unit_id" in cards else "area"].factorize()
    areas = cards["area"].to_numpy()[np.unique(unit, return_index=True)[1]]  # a code that was given on has two lines
    kind, kinds = cards["group"].factorize()
    pairs, line = np.unique(unit * len(kinds) + kind, return_inverse=True)
    column, months = cards["as_of"].factorize(sort=True)
    position = np.full((len(pairs), len(months)), -1)
    position[line, column] = row
    values = np.full(position.shape, np.nan)
    values[line, column] = cards["cards"].to_numpy(float)
    keys = pd.DataFrame({"area": areas[pairs // max(len(kinds), 1)], "group": kinds[pairs % max(len(kinds), 1)]})
    return Series(keys, pd.DatetimeIndex(months), values, position)


def _cell_finding(
    data: Dataset, position: int, rule: str, column: str, area: str, unit_day: pd.Timestamp, **parts: Part
) -> Finding:
    """Return a finding about the row of ``cards`` that a cell of the matrix comes from."""
    row = next(data.cards.iloc[[position]].itertuples())
    return Finding.in_row(rule, row, column, name=data.geography.unit_at(area, unit_day).name, **parts)


# --- Stock and flow -------------------------------------------------------------------------------


def _stock_and_flow(data: Dataset) -> Iterator[Finding]:
    """Yield months whose cards at the end are not those at the start with the flows added."""
    flows = data.flows
    if flows.empty:
        return
    stock = _stock(data.cards[data.cards["area"].isin(flows["area"])], flows["group"])
    keys = flows[["area", "group", "as_of"]]
    before = keys.assign(as_of=flows["as_of"] - pd.offsets.MonthEnd(1))
    start, end = (stock.reindex(pd.MultiIndex.from_frame(k)).to_numpy() for k in (before, keys))
    rows = flows.assign(start=start, end=end, reclassified=flows["reclassified"].fillna(0))
    gains, losses = rows["new"] + rows["renewed"] + rows["reclassified"], rows["expired"] + rows["suspended"]
    rows = rows.assign(expected=rows["start"] + gains - losses).dropna(subset=["start", "end"])
    columns = ["new", "renewed", "expired", "suspended", "reclassified"]
    for row in rows[rows["end"] != rows["expected"]].itertuples():
        parts: dict[str, Part] = {c: int(getattr(row, c)) for c in ("start", *columns, "expected")}
        parts |= {"name": data.geography.unit_at(row.area, row.as_of).name, "month": f"{row.as_of:%m/%Y}"}
        yield Finding.in_row("stock_flow", row, ", ".join(columns), value=int(row.end), **parts)


def _stock(cards: pd.DataFrame, flow_groups: pd.Series) -> pd.Series:
    """Return cards by area, group and day for the groups of the flows: all (""), a key or a group of article 12."""
    once, keys = drop_nested_groups(cards), ["area", "group", "as_of"]
    totals = [once.groupby(["area", "as_of"], as_index=False)["cards"].sum().assign(group="")]
    if (flow_groups != "").any():
        parts = once.assign(group=main_group(once["group"]))
        totals += [t[t["group"].isin(flow_groups)].groupby(keys, as_index=False)["cards"].sum() for t in (parts, cards)]
    stock = pd.concat(totals).set_index(keys)["cards"]
    return stock[~stock.index.duplicated(keep="last")]  # a key with cards of its own goes before its parts


# --- Jumps ----------------------------------------------------------------------------------------


def typical_values(values: Floats, window: int) -> Floats:
    """Return the median of the months around each one: as many before as after, at most ``window``.

    So a count that has changed to another level for good is usual from its first month, and one that comes
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
    """Return the median of each line, missing where all of it is missing."""
    out = np.full(len(values), np.nan)
    missing = np.isnan(values)
    complete = ~missing.any(axis=1)
    out[complete] = np.median(values[complete], axis=1)
    if (rest := ~complete & ~missing.all(axis=1)).any():
        out[rest] = np.nanmedian(values[rest], axis=1)
    return out


def _jumps(data: Dataset, series: Series) -> Iterator[Finding]:
    """Yield counts far from the months around them, by their own history (the Hampel identifier on logarithms)."""
    limit = rule_limits("sudden_jump")
    if len(series.months) < limit["months"]:
        return
    normal = typical_values(series.values, int(limit["window"]))
    away = np.log((series.values + 0.5) / (normal + 0.5))
    spread = MAD * _median(np.abs(away))
    far = np.abs(away) > np.maximum(limit["mads"] * spread, np.log1p(limit["share"]))[:, None]
    far &= np.abs(series.values - normal) >= limit["cards"]
    far &= ((~np.isnan(series.values)).sum(axis=1) >= limit["months"])[:, None]
    if far.any():
        far &= ~_explained(data, series, limit)
    for line, t in zip(*np.nonzero(far), strict=True):
        area, group = series.keys.iloc[line]
        day = series.months[t]
        parts: dict[str, Part] = {"value": int(series.values[line, t]), "expected": int(normal[line, t] + 0.5)}
        parts |= {"group": GroupName(group), "day": day}
        yield _cell_finding(data, series.position[line, t], "sudden_jump", "cards", area, day, **parts)


def _explained(data: Dataset, series: Series, limit: dict[str, float]) -> NDArray[np.bool_]:
    """Mark jumps at the two ends of a series that a zoning decision or pupils' enrolment may explain.

    There a new level can't be distinguished from an error.
    """
    out = np.zeros(series.values.shape, dtype=bool)
    zones = data.zones
    for t in {0, len(series.months) - 1}:
        day = series.months[t]
        since = zones["since"].between(day - pd.offsets.MonthEnd(int(limit["settling"])), day)
        out[:, t] |= series.keys["area"].isin(zones.loc[since, "area"]).to_numpy()
        if limit["school_first"] <= day.month <= limit["school_last"]:
            out[:, t] |= (series.keys["group"] == "student").to_numpy()
    return out


# --- Missing and copied months --------------------------------------------------------------------


def _silent_months(data: Dataset, series: Series) -> Iterator[Finding]:
    """Yield months in which a unit that reports every month, or all communes of one, do not report."""
    reported = ~np.isnan(series.values)
    units = {code: data.geography.unit_at(code) for code in series.keys["area"].unique()}
    commune = series.keys["area"].map({code: u.kind for code, u in units.items()}) == "commune"
    above = series.keys["area"].map({code: u.parent_code for code, u in units.items()})
    unit = above.where(commune & (above != ""), series.keys["area"])
    for code, lines in reported_months(unit, reported):
        columns = np.flatnonzero(lines)
        if len(columns) < rule_limits("missing_months")["months"]:
            continue
        days = series.months[columns]
        steps = (days.year[1:] - days.year[:-1]) * 12 + days.month[1:] - days.month[:-1]
        if np.median(steps) != 1 or steps.max() == 1:
            continue
        after = columns[1 + int(np.argmax(steps))]
        position = series.position[(unit == code).to_numpy(), after].max()
        missing = _month_list(pd.date_range(days[0], days[-1], freq="ME").difference(days))
        yield _cell_finding(data, position, "missing_months", "as_of", code, days[0], value=missing)


def reported_months(unit: pd.Series, reported: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield for each unit the months that any of its lines reports."""
    codes, names = unit.factorize(sort=True)
    out = np.zeros((len(names), reported.shape[1]), dtype=bool)
    np.logical_or.at(out, codes, reported)
    yield from zip(names, out, strict=True)


def _month_list(days: pd.DatetimeIndex) -> str:
    return ", ".join([f"{d:%m/%Y}" for d in days[:12]] + ["…"] * (len(days) > 12))


def _groups_missing(data: Dataset, series: Series) -> Iterator[Finding]:
    """Yield months in which a unit reports other groups but not this one, though it does before and after."""
    reported = ~np.isnan(series.values)
    before = np.logical_or.accumulate(reported, axis=1)
    after = np.logical_or.accumulate(reported[:, ::-1], axis=1)[:, ::-1]
    missing = ~reported & before & after
    lines = np.flatnonzero(missing.any(axis=1))
    if not len(lines):
        return
    keys = series.keys["area"] + "\0" + main_group(series.keys["group"]).fillna("")
    by_area, by_main_group = (dict(reported_months(key, reported)) for key in (series.keys["area"], keys))
    for line in lines:
        area, group = series.keys.iloc[line]
        # Where the unit reports the group under another key in that month, nothing is missing.
        columns = np.flatnonzero(missing[line] & by_area[area] & ~by_main_group[keys.iloc[line]])
        if len(columns):
            position = series.position[line, columns[0] + int(np.argmax(reported[line, columns[0] :]))]
            days, name = series.months[columns], GroupName(group)
            parts: dict[str, Part] = {"value": _month_list(days), "group": name}
            yield _cell_finding(data, position, "group_missing", "as_of", area, days[0], **parts)


def _copied_months(data: Dataset, series: Series) -> Iterator[Finding]:
    """Yield months whose cards are, group by group, those of the month before."""
    limit, reported = rule_limits("same_as_before"), ~np.isnan(series.values)
    codes, names = series.keys["area"].factorize(sort=True)
    now, past = reported[:, 1:], reported[:, :-1]
    same = np.where(now & past, series.values[:, 1:] == series.values[:, :-1], now == past)
    alike = np.ones((len(names), same.shape[1]), dtype=bool)
    np.logical_and.at(alike, codes, same)
    groups, cards = (np.zeros(alike.shape) for _ in range(2))
    np.add.at(groups, codes, now)
    np.add.at(cards, codes, np.nan_to_num(series.values[:, 1:]))
    alike &= (groups >= limit["groups"]) & (cards >= limit["cards"])
    for unit in np.flatnonzero(alike.any(axis=1)):
        columns = np.flatnonzero(alike[unit]) + 1
        position, days = series.position[codes == unit, columns[0]].max(), series.months[columns]
        value = _month_list(days)
        yield _cell_finding(data, position, "same_as_before", "cards", names[unit], days[0], value=value)
