"""Which unit does a name mean, what lies in it, and how many people live there?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word

KIND_RANK = {"country": 0, "province": 1, "district": 2, "commune": 3}


def units_on(areas: pd.DataFrame, on: pd.Timestamp | None) -> pd.DataFrame:
    """The units that exist on a day; blank dates are open."""
    if on is None or pd.isna(on):
        return areas
    return areas[_exist(areas["since"].to_numpy(), areas["until"].to_numpy(), on)]


def find_unit(areas: pd.DataFrame, text: str, on: pd.Timestamp | None = None) -> str:
    """The code of the unit that a code or a name means.

    A bare name means the largest unit that bears it ("Sơn Dương" is the district and
    not its town); a name with the word for the kind means just that unit.

    Raises
    ------
    BhytError
        for a name that no unit bears (with the nearest), or two of the same kind.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = load().areas
    >>> find_unit(areas, "Sơn Dương"), find_unit(areas, "son duong"), find_unit(areas, "Thị trấn Sơn Dương")
    ('076', '076', '02536')
    """
    return str(match_units(areas, text, on)["code"].iloc[0])


def match_units(areas: pd.DataFrame, text: str, on: pd.Timestamp | None = None) -> pd.DataFrame:
    """The rows of the one unit that a code or a name means; see `find_unit`."""
    units = units_on(areas, on)
    wanted = str(text).strip()
    if len(rows := units[units["code"].to_numpy() == wanted]):
        return rows
    names = units["name"].map(normalise_name)
    hits = units[names == normalise_name(wanted)]
    if hits.empty:
        hits = units[units["name"].map(strip_unit_word).map(normalise_name) == normalise_name(wanted)]
    if hits.empty:
        hits = units[units["name"].map(strip_unit_word).map(normalise_name) == normalise_name(strip_unit_word(wanted))]
    if hits.empty:
        close = nearest_choice(normalise_name(wanted), names) or nearest_choice(
            normalise_name(strip_unit_word(wanted)), units["name"].map(strip_unit_word).map(normalise_name)
        )
        shown = units["name"][(names == close) | (units["name"].map(strip_unit_word).map(normalise_name) == close)]
        hint = shown.iloc[0] if len(shown) else ", ".join(units["name"].head(5))
        raise BhytError(("error.unknown_area", {"found": wanted, "nearest": hint}))
    hits = hits[hits["kind"].map(KIND_RANK) == hits["kind"].map(KIND_RANK).min()]
    if hits["code"].nunique() > 1:
        choices = ", ".join(f"{r.code} {full_unit_name(areas, r.code)}" for r in hits.itertuples())
        raise BhytError(("error.ambiguous_area", {"found": wanted, "choices": choices}))
    return hits


def unit_row(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> pd.Series:
    """The row of a unit on a day, or its first one."""
    return areas.iloc[_place(areas, code, on)]


def _place(areas: pd.DataFrame, code: str, on: pd.Timestamp | None) -> int:
    """Where the row of a unit on a day stands in the table. Looked up thousands of times: without a table between."""
    places = np.flatnonzero(areas["code"].to_numpy() == code)
    if not len(places):
        raise BhytError(("error.unknown_area", {"found": code, "nearest": nearest_choice(code, areas["code"])}))
    if on is not None and not pd.isna(on) and len(places) > 1:
        since, until = areas["since"].to_numpy()[places], areas["until"].to_numpy()[places]
        places = places[_exist(since, until, on)].tolist() or places
    return int(places[0])


def _exist(since: np.ndarray, until: np.ndarray, on: pd.Timestamp) -> np.ndarray:
    """Which of the units exist on a day; blank dates are open."""
    day = pd.Timestamp(on).to_datetime64()
    return ~(since > day) & ~(until < day)


def unit_name(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> str:
    """The unit's name on a day, or its first one."""
    return str(areas["name"].to_numpy()[_place(areas, code, on)])


def full_unit_name(areas: pd.DataFrame, code: str) -> str:
    """The unit's name with that of the unit above, as people tell namesakes apart."""
    row = unit_row(areas, code)
    above = (areas["code"].to_numpy() == row["parent"]).any()  # not so in a table that is still being checked
    return f"{row['name']} ({unit_name(areas, row['parent'])})" if above else str(row["name"])


def lineage(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> list[tuple[str, ...]]:
    """The unit and those above it, the smallest first, each by its code and name.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> lineage(load().areas, "219")
    [('219', 'Huyện Lục Ngạn'), ('24', 'Tỉnh Bắc Giang'), ('VN', 'Việt Nam')]
    """
    chain: list[tuple[str, ...]] = []
    while code:
        place = _place(areas, code, on)
        chain.append((code, str(areas["name"].to_numpy()[place])))
        code = areas["parent"].to_numpy()[place]
    return chain


def communes(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> list[str]:
    """The codes of the communes in a unit (itself, if it is one) that exist on a day."""
    if on is not None and not pd.isna(on):
        areas = areas[_exist(areas["since"].to_numpy(), areas["until"].to_numpy(), on)]
    inside = _inside(areas, code) & (areas["kind"].to_numpy() == "commune")
    return list(dict.fromkeys(areas["code"].to_numpy()[inside]))


def units_within(areas: pd.DataFrame, code: str) -> pd.DataFrame:
    """The rows of a unit and of all that ever lay in it: much fewer, for who asks of many days.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = load().areas
    >>> communes(units_within(areas, "219"), "219") == communes(areas, "219")
    True
    """
    return areas[_inside(areas, code)]


def _inside(areas: pd.DataFrame, code: str) -> np.ndarray:
    """Which rows are a unit's or lie in it."""
    codes, above = areas["code"].to_numpy(), areas["parent"].array
    inside, level = codes == code, [code]
    while level:  # a step for each kind of unit, over all of them at once: a country has ten thousand
        below = above.isin(level) & ~inside
        inside |= below
        level = list(set(codes[below]))
    return np.asarray(inside)


def is_fully_listed(areas: pd.DataFrame, code: str, on: pd.Timestamp | None = None) -> bool:
    """Whether the table lists all that lies in a unit, so that its communes may stand for it.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = load().areas
    >>> is_fully_listed(areas, "219"), is_fully_listed(areas, "VN")
    (True, False)
    """
    return bool(areas["listed"].to_numpy()[_place(areas, code, on)] != "some")


class PopulationCount(NamedTuple):
    """How many people live in a unit, by which count, on which day."""

    people: int
    households: int | None
    as_of: pd.Timestamp
    status: str
    source: str


def population_at(
    areas: pd.DataFrame, population: pd.DataFrame, code: str, on: pd.Timestamp | None = None
) -> PopulationCount | None:
    """The count nearest to a day (without one, the latest): the unit's own, or its communes' sum.

    A sum is taken only where every commune of that day is listed and has a figure. None
    where nothing is known: missing is not zero.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data = load()
    >>> population_at(data.areas, data.population, "219").people
    226540
    """
    counts = []
    place = _place(areas, code, on)  # since July 2025 many codes mean other units than before
    since, until = (areas[c].to_numpy()[place] for c in ("since", "until"))
    area, days = population["area"].to_numpy(), population["as_of"].to_numpy()
    people, households, status, source = (population[c].array for c in ("people", "households", "status", "source"))
    told = np.flatnonzero(~(days < since) & ~(days > until))
    for i in told[area[told] == code]:
        homes = None if pd.isna(households[i]) else int(households[i])
        counts.append(PopulationCount(int(people[i]), homes, pd.Timestamp(days[i]), status[i], source[i]))
    areas, whole = units_within(areas, code), areas["listed"].to_numpy()[place] != "some"
    inside = set(communes(areas, code)) - {code} if whole else set()
    below: dict[pd.Timestamp, list[int]] = {}
    for i in told.tolist() if inside else ():
        if area[i] in inside and not pd.isna(days[i]):
            below.setdefault(pd.Timestamp(days[i]), []).append(i)
    for as_of, rows in sorted(below.items()):
        if set(communes(areas, code, as_of)) <= set(area[rows]):
            homes = None if pd.isna(households[rows]).any() else int(households[rows].sum())
            sources = "; ".join(dict.fromkeys(source[rows]))
            counts.append(
                PopulationCount(int(people[rows].sum()), homes, as_of, lowest_quality(list(status[rows])), sources)
            )
    if not counts:
        return None
    if on is None or pd.isna(on):
        return max(counts, key=lambda c: c.as_of)
    return min(counts, key=lambda c: abs(c.as_of - on))


def add_population(
    rows: pd.DataFrame, areas: pd.DataFrame, population: pd.DataFrame, also: str | None = None
) -> pd.DataFrame:
    """Rows of (area, as_of) with the area's own population nearest to the day.

    Only counts of the unit that bears the code on that day are taken: since July 2025
    many codes mean other units than before. Adds ``population``, ``population_as_of``,
    ``population_status`` and ``population_source``, and the column named by ``also``;
    missing where there is no figure. Order and index stay.
    """
    more = [] if also is None else [also]
    counts = population[["area", "as_of", "people", "status", "source", *more]].rename(
        columns={"people": "population", "status": "population_status", "source": "population_source"}
    )
    reused = set(areas.loc[areas["code"].duplicated(), "code"])
    counts = counts.assign(population_as_of=counts["as_of"], unit=_units(areas, counts, reused)).sort_values("as_of")
    keyed = rows.assign(_order=range(len(rows)), unit=_units(areas, rows, reused))
    keyed["as_of"], counts["as_of"] = keyed["as_of"].astype("datetime64[s]"), counts["as_of"].astype("datetime64[s]")
    merged = pd.merge_asof(
        keyed.sort_values("as_of"), counts.drop(columns="area"), on="as_of", by="unit", direction="nearest"
    )
    return merged.sort_values("_order").drop(columns=["_order", "unit"]).set_axis(rows.index)


def _units(areas: pd.DataFrame, rows: pd.DataFrame, reused: set[str]) -> pd.Series:
    """The code of each row, told apart by the first day of the unit where a code was used again."""
    codes = rows["area"].tolist()
    if not reused.isdisjoint(codes):
        terms: dict[str, list[tuple]] = {}
        for a, since, until in zip(areas["code"], areas["since"], areas["until"], strict=True):
            if a in reused:
                terms.setdefault(a, []).append((since, until))
        codes = [
            f"{a} {_first_day(terms[a], d)}" if a in reused else a for a, d in zip(codes, rows["as_of"], strict=True)
        ]
    return pd.Series(codes, index=rows.index, dtype="str")


def _first_day(terms: list[tuple], on: pd.Timestamp) -> pd.Timestamp:
    """The first day of the unit that bears a code on a day, of all units that have borne it."""
    return next((since for since, until in terms if not since > on and not until < on), terms[0][0])
