"""Find units by code or name (or report that there is none), the units in and above them, and their populations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.findings import Finding, TableRow, Term
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word

KIND_RANK = {"country": 0, "province": 1, "district": 2, "commune": 3}


def units_on(areas: pd.DataFrame, on: pd.Timestamp | None) -> pd.DataFrame:
    """Return the units that exist on a day; blank dates are open."""
    if on is None or pd.isna(on):
        return areas
    return areas[_exist(areas["since"].to_numpy(), areas["until"].to_numpy(), on)]


def find_unit(areas: pd.DataFrame, text: str, on: pd.Timestamp | None = None) -> str:
    """Return the code of the unit that a code or a name means.

    A bare name means the largest unit of that name ("Sơn Dương" is the district and not its town); a name with the
    word for the kind means just that unit. A name that no unit has, or two of the same kind, raises a `BhytError`.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = load().areas
    >>> find_unit(areas, "Sơn Dương"), find_unit(areas, "son duong"), find_unit(areas, "Thị trấn Sơn Dương")
    ('076', '076', '02536')
    """
    return str(match_units(areas, text, on)["code"].iloc[0])


def match_units(areas: pd.DataFrame, text: str, on: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return the rows of the one unit that a code or a name means; see `find_unit`."""
    units = units_on(areas, on)
    text = str(text).strip()
    if len(rows := units[units["code"].to_numpy() == text]):
        return rows
    name, short_name = normalise_name(text), normalise_name(strip_unit_word(text))
    names = units["name"].map(normalise_name)
    matches = units[names == name]
    if matches.empty:
        short_names = units["name"].map(strip_unit_word).map(normalise_name)
        matches = units[short_names == name]
        if matches.empty:
            matches = units[short_names == short_name]
    if matches.empty:
        nearest = nearest_choice(name, names) or nearest_choice(short_name, short_names)
        similar = units["name"][(names == nearest) | (short_names == nearest)]
        hint = similar.iloc[0] if len(similar) else ", ".join(units["name"].head(5))
        raise BhytError(("error.unknown_area", {"found": text, "nearest": hint}))
    rank = matches["kind"].map(KIND_RANK)
    matches = matches[rank == rank.min()]
    if matches["code"].nunique() > 1:
        choices = ", ".join(f"{r.code} {full_unit_name(areas, r.code)}" for r in matches.itertuples())
        raise BhytError(("error.ambiguous_area", {"found": text, "choices": choices}))
    return matches


def unknown_area(row: TableRow, column: str, code: str, areas: pd.DataFrame) -> Finding:
    """Return the finding about a row with an unknown code, with the nearest known code or name."""
    hint = nearest_choice(code, areas["code"]) or nearest_choice(code, areas["name"]) or Term("expect.nothing")
    return Finding.in_row("unknown_area", row, column, value=code, expected=hint)


def check_area_codes(areas: pd.DataFrame, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield a finding for each row with a unit that the table ``areas`` does not have."""
    codes = table["area"].mask(table["area"] == "each", table["of"]) if "of" in table else table["area"]
    unknown = table.assign(code=codes)[(codes != "") & ~codes.isin(areas["code"])]
    for row in unknown.itertuples():
        yield unknown_area(row, "area", row.code, areas)


def unit_row(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> pd.Series:
    """Return the row of a unit on a day, or its first one."""
    return areas.iloc[_position(areas, code, on)]


def _position(areas: pd.DataFrame, code: str, on: pd.Timestamp | None) -> int:
    """Return the position of the row of a unit on a day; looked up thousands of times, so without a table."""
    positions = np.flatnonzero(areas["code"].to_numpy() == code)
    if not len(positions):
        raise BhytError(("error.unknown_area", {"found": code, "nearest": nearest_choice(code, areas["code"])}))
    if on is not None and not pd.isna(on) and len(positions) > 1:
        since, until = areas["since"].to_numpy()[positions], areas["until"].to_numpy()[positions]
        positions = positions[_exist(since, until, on)].tolist() or positions
    return int(positions[0])


def _exist(since: np.ndarray, until: np.ndarray, on: pd.Timestamp) -> np.ndarray:
    """Mark the units that exist on a day; blank dates are open."""
    day = pd.Timestamp(on).to_datetime64()
    return ~(since > day) & ~(until < day)


def unit_name(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> str:
    """Return the unit's name on a day, or its first one."""
    return str(areas["name"].to_numpy()[_position(areas, code, on)])


def full_unit_name(areas: pd.DataFrame, code: str) -> str:
    """Return the unit's name with that of the unit above, by which people distinguish namesakes."""
    row = unit_row(areas, code)
    above = (areas["code"].to_numpy() == row["parent"]).any()  # not so in a table that is still being checked
    return f"{row['name']} ({unit_name(areas, row['parent'])})" if above else str(row["name"])


def lineage(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> list[tuple[str, ...]]:
    """Return the unit and those above it, the smallest first, each by its code and name.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> lineage(load().areas, "219")
    [('219', 'Huyện Lục Ngạn'), ('24', 'Tỉnh Bắc Giang'), ('VN', 'Việt Nam')]
    """
    chain: list[tuple[str, ...]] = []
    while code:
        position = _position(areas, code, on)
        chain.append((code, str(areas["name"].to_numpy()[position])))
        code = areas["parent"].to_numpy()[position]
    return chain


def communes(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> list[str]:
    """Return the codes of the communes in a unit (itself, if it is one) that exist on a day."""
    areas = units_on(areas, on)
    inside = _inside(areas, code) & (areas["kind"].to_numpy() == "commune")
    return list(dict.fromkeys(areas["code"].to_numpy()[inside]))


def units_within(areas: pd.DataFrame, code: str) -> pd.DataFrame:
    """Return the rows of a unit and of all units that it ever contained: much fewer, for look-ups on many days.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = load().areas
    >>> communes(units_within(areas, "219"), "219") == communes(areas, "219")
    True
    """
    return areas[_inside(areas, code)]


def _inside(areas: pd.DataFrame, code: str) -> np.ndarray:
    """Mark the rows of a unit and of all units in it."""
    codes, above = areas["code"].to_numpy(), areas["parent"].array
    inside, level = codes == code, [code]
    while level:  # a step for each kind of unit, for all of them at once: a country has ten thousand
        below = above.isin(level) & ~inside
        inside |= below
        level = list(set(codes[below]))
    return np.asarray(inside)


def is_fully_listed(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> bool:
    """Tell whether the table lists all units in a unit, so that its communes add up to it.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = load().areas
    >>> is_fully_listed(areas, "219"), is_fully_listed(areas, "VN")
    (True, False)
    """
    return bool(areas["listed"].to_numpy()[_position(areas, code, on)] != "some")


class PopulationCount(NamedTuple):
    """The number of people in a unit, by a count on a day."""

    people: int
    households: int | None
    as_of: pd.Timestamp
    status: str
    source: str


def population_at(
    areas: pd.DataFrame, population: pd.DataFrame, code: str, on: pd.Timestamp | None = None
) -> PopulationCount | None:
    """Return the count nearest to a day (without one, the latest): the unit's own, or its communes' sum.

    A sum is taken only where every commune of that day is listed and has a figure. None where no count is known:
    missing is not zero.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data = load()
    >>> population_at(data.areas, data.population, "219").people
    226540
    """
    position = _position(areas, code, on)  # since July 2025 many codes mean other units than before
    since, until, listed = (areas[c].to_numpy()[position] for c in ("since", "until", "listed"))
    area, days = population["area"].to_numpy(), population["as_of"].to_numpy()
    rows = np.flatnonzero(~(days < since) & ~(days > until))
    people, households, status, source = (population[c].array for c in ("people", "households", "status", "source"))
    counts = []
    for i in rows[area[rows] == code]:  # one by one: quicker than a selection of the arrays
        homes = None if pd.isna(households[i]) else int(households[i])
        counts.append(PopulationCount(int(people[i]), homes, pd.Timestamp(days[i]), status[i], source[i]))
    areas = units_within(areas, code)
    inside = set(communes(areas, code)) - {code} if listed != "some" else set()
    rows_by_day: dict[pd.Timestamp, list[int]] = {}
    for i in rows.tolist() if inside else ():
        if area[i] in inside and not pd.isna(days[i]):
            rows_by_day.setdefault(pd.Timestamp(days[i]), []).append(i)
    for as_of, same_day in sorted(rows_by_day.items()):
        if set(communes(areas, code, as_of)) <= set(area[same_day]):
            homes = None if pd.isna(households[same_day]).any() else int(households[same_day].sum())
            sources, quality = "; ".join(dict.fromkeys(source[same_day])), lowest_quality(list(status[same_day]))
            counts.append(PopulationCount(int(people[same_day].sum()), homes, as_of, quality, sources))
    if on is None or pd.isna(on):
        return max(counts, key=lambda c: c.as_of, default=None)
    return min(counts, key=lambda c: abs(c.as_of - on), default=None)


def add_population(
    rows: pd.DataFrame, areas: pd.DataFrame, population: pd.DataFrame, also: str | None = None
) -> pd.DataFrame:
    """Add to rows of (area, as_of) the area's own population nearest to the day.

    Only counts of the unit that has the code on that day are taken: since July 2025 many codes mean other units than
    before. The columns are ``population``, ``population_as_of``, ``population_status`` and ``population_source``, and
    the column named by ``also``; missing where there is no figure. Order and index remain.
    """
    names = {"people": "population", "status": "population_status", "source": "population_source"}
    counts = population[["area", "as_of", *names, *([] if also is None else [also])]].rename(columns=names)
    reused = set(areas.loc[areas["code"].duplicated(), "code"])
    counts = counts.assign(population_as_of=counts["as_of"], unit=_unit_keys(areas, counts, reused))
    keyed = rows.assign(_order=range(len(rows)), unit=_unit_keys(areas, rows, reused))
    keyed["as_of"], counts["as_of"] = keyed["as_of"].astype("datetime64[s]"), counts["as_of"].astype("datetime64[s]")
    counts = counts.sort_values("as_of").drop(columns="area")
    merged = pd.merge_asof(keyed.sort_values("as_of"), counts, on="as_of", by="unit", direction="nearest")
    return merged.sort_values("_order").drop(columns=["_order", "unit"]).set_axis(rows.index)


def _unit_keys(areas: pd.DataFrame, rows: pd.DataFrame, reused: set[str]) -> pd.Series:
    """Return the code of each row, with the first day of its unit where several units have used the code."""
    codes = rows["area"].tolist()
    if not reused.isdisjoint(codes):
        again = areas[areas["code"].isin(reused)]
        periods = {c: list(zip(t["since"], t["until"], strict=True)) for c, t in again.groupby("code")}
        pairs = zip(codes, rows["as_of"], strict=True)
        codes = [f"{code} {_first_day(periods[code], day)}" if code in reused else code for code, day in pairs]
    return pd.Series(codes, index=rows.index, dtype="str")


def _first_day(periods: list[tuple[pd.Timestamp, pd.Timestamp]], day: pd.Timestamp) -> pd.Timestamp:
    """Return the first day of the unit that has a code on a day, of all units that have used it."""
    return next((since for since, until in periods if not since > day and not until < day), periods[0][0])
