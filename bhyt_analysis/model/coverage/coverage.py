"""Who is insured, of how many, by which count, on which day?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import (
    add_population,
    communes,
    is_fully_listed,
    population_at,
    unit_name,
    units_within,
)
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import drop_nested_groups, groups, leaf_groups, main_group

BY = ("group", "subgroup", "commune", "month")
COLUMNS = ["area", "name", "as_of", "insured", "population", "rate", "rate_low", "rate_high", "status"]
BASIS = ["population_as_of", "population_source", "source"]


def coverage(
    data: Dataset, area: str | None = None, by: Sequence[str] | None = None, as_of: str | pd.Timestamp | None = None
) -> pd.DataFrame:
    """Coverage N/P with its numerator, its denominator and what both were counted from.

    Parameters
    ----------
    data : Dataset
    area : name or code; without one, every unit that `areas_with_figures` lists.
    by : any of "group", "subgroup" (people of one group over all people), "commune",
        "month" (every date that the cards have, else the latest).
    as_of : the last day that counts; figures after it are left out.

    Returns
    -------
    DataFrame with ``area``, ``name``, ``group`` or ``subgroup`` when asked, ``as_of``,
    ``insured`` and ``population`` (people), ``rate``, ``rate_low``, ``rate_high``
    (shares; the interval that rounding leaves), ``status``, ``population_as_of``,
    ``population_source``, ``source``. A unit whose plan prints only a rate has that
    rate and no count; one without any figure has missing values, never zero.

    Raises
    ------
    BhytError
        for an area or a ``by`` that is not known.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> row = coverage(load(), "Sơn Dương").iloc[0]
    >>> int(row["insured"]), int(row["population"]), round(float(row["rate"]), 4)
    (155163, 182330, 0.851)
    >>> coverage(load(), "Lục Ngạn")[["rate", "rate_low", "rate_high"]].iloc[0].tolist()
    [0.8721, 0.87205, 0.87215]
    """
    by = list(by or [])
    if unknown := [b for b in by if b not in BY]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": ", ".join(BY)}))
    data = limit_to_date(data, as_of)
    if area is None:
        codes = areas_with_figures(data)
    else:
        code, data = select_unit(data, area)
        codes = [code]
    tables = [_of_area(data, code, by) for code in codes]
    columns = COLUMNS[:2] + [b for b in ("group", "subgroup") if b in by] + COLUMNS[2:] + BASIS
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]


def areas_with_figures(data: Dataset) -> list[str]:
    """The units to make a briefing of: those right above communes that have figures.

    Where figures stand only at a unit itself (no communes below have any), that unit;
    where communes stand alone, the communes.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> len(areas_with_figures(load()))
    29
    """
    areas = data.areas.drop_duplicates("code")
    told = set(data.population["area"]) | set(data.cards["area"]) | set(data.losses["area"])
    if not told:  # no figure of people at all: whatever documents, zones or targets speak of, else every unit
        told = set(data.published["area"]) | set(data.zones["area"]) | (set(data.targets["area"]) - {"each"})
        told = told or set(areas["code"])
    rows = areas[areas["code"].isin(told)]
    below = rows[rows["kind"] == "commune"]
    above = set(below["parent"]) - {""}
    alone = set(below.loc[below["parent"] == "", "code"])
    upper = set(rows.loc[rows["kind"] != "commune", "code"])
    parents = set(areas.loc[areas["code"].isin(above | upper), "parent"])
    chosen = above | alone | (upper - parents)
    return [code for code in areas["code"] if code in chosen]


def select_cards(data: Dataset, code: str, per_commune: bool = False) -> pd.DataFrame:
    """The cards of a unit: its own rows, or those of its communes where it has none.

    Communes stand for their unit only on days on which every one of them reports: a
    sum with one missing would look like a fall.
    """
    own = data.cards[data.cards["area"] == code]
    if len(own) and not per_commune:
        return own
    inside = communes(data.areas, code) if per_commune or is_fully_listed(data.areas, code) else []
    below = [c for c in inside if per_commune or c != code]
    rows = data.cards[data.cards["area"].isin(below)]
    if per_commune:
        return rows
    units, told = units_within(data.areas, code), rows.groupby("as_of")["area"].agg(set)
    whole = [day for day, there in told.items() if set(communes(units, code, day)) <= there]
    return rows[rows["as_of"].isin(whole)]


def _of_area(data: Dataset, code: str, by: list[str]) -> pd.DataFrame:
    per_commune = "commune" in by
    cards = select_cards(data, code, per_commune)
    if "month" not in by and len(cards):
        cards = cards[cards["as_of"] == cards["as_of"].max()]
    if cards.empty:
        return _without_cards(data, code, by)
    keys = ["as_of", "area"]
    if "subgroup" in by:
        rows = _split(cards).rename(columns={"group": "subgroup"})
        keys.append("subgroup")
    else:
        rows = drop_nested_groups(cards)
        rows = rows.assign(group=main_group(rows["group"]))
        if "group" in by:
            keys.append("group")
    if not per_commune:
        rows = rows.assign(area=code)
    out = rows.groupby(keys, as_index=False, sort=False).agg(
        insured=("cards", "sum"),
        cards_status=("status", lambda s: lowest_quality(s.unique())),
        source=("source", _sources),
    )
    out = add_population(out, data.areas, data.population) if per_commune else _own_population(data, code, out)
    out["name"] = [unit_name(data.areas, a, d) for a, d in zip(out["area"], out["as_of"], strict=True)]
    out["rate"] = out["insured"].astype("float64") / out["population"].astype("float64")
    out["rate_low"] = out["rate_high"] = out["rate"]
    told = out["population_status"].fillna("derived").replace("", "derived")
    out["status"] = [derived_quality(c, p) for c, p in zip(out["cards_status"], told, strict=True)]
    if keys[2:]:
        order = out[keys[2]].map(groups()["title_order"])
        out = out.assign(order=order).sort_values(["as_of", "area", "order"], kind="stable")
    return out


def _split(cards: pd.DataFrame) -> pd.DataFrame:
    """The finest rows, and what a whole holds beyond the parts that are told of it, under the whole's key."""
    parts = leaf_groups(cards)
    wholes = cards.drop(parts.index)
    rest = []
    for row in wholes.to_dict("records"):
        same = parts[(parts["area"] == row["area"]) & (parts["as_of"] == row["as_of"])]
        inside = same["group"].map(
            groups()["within"] if row["group"] not in set(groups()["group"]) else groups()["group"]
        )
        rest.append({**row, "cards": row["cards"] - same.loc[inside == row["group"], "cards"].sum()})
    return (
        pd.concat([parts, pd.DataFrame([r for r in rest if r["cards"] > 0], columns=cards.columns)]) if rest else parts
    )


def _own_population(data: Dataset, code: str, rows: pd.DataFrame) -> pd.DataFrame:
    units = units_within(data.areas, code)
    counts = {d: population_at(units, data.population, code, d) for d in rows["as_of"].unique()}
    found = [counts[d] for d in rows["as_of"]]
    return rows.assign(
        population=pd.array([c.people if c else None for c in found], dtype="Int64"),
        population_as_of=pd.to_datetime(pd.Series([c.as_of if c else None for c in found], index=rows.index)),
        population_status=[c.status if c else "" for c in found],
        population_source=[c.source if c else "" for c in found],
    )


def _without_cards(data: Dataset, code: str, by: list[str]) -> pd.DataFrame:
    """What can be said of a unit without cards: a printed rate, or only its people."""
    units = communes(data.areas, code) if "commune" in by else [code]
    rows = []
    for unit in units:
        rates = published_rates(data, unit)
        told = rates.to_dict("records") if "month" in by else rates.tail(1).to_dict("records")
        for rate in told:
            rows.append({**rate, "area": unit, "status": "published", "insured": None, "population": None})
        if not told:
            count = population_at(data.areas, data.population, unit)
            if count is None and "commune" in by:
                continue
            rows.append(
                {
                    "area": unit,
                    "as_of": pd.NaT if count is None else count.as_of,
                    "population": None if count is None else count.people,
                    "population_as_of": pd.NaT if count is None else count.as_of,
                    "population_source": "" if count is None else count.source,
                    "status": "derived" if count is None else count.status,
                }
            )
    out = pd.DataFrame(rows, columns=["area", "as_of", "insured", "population", "rate", "rate_low", "rate_high", "status", *BASIS])  # fmt: skip
    out["name"] = [unit_name(data.areas, a, d) for a, d in zip(out["area"], out["as_of"], strict=True)]
    for column in ("group", "subgroup"):
        if column in by:
            out[column] = ""
    types = {
        "insured": "Int64",
        "population": "Int64",
        "rate": "float64",
        "rate_low": "float64",
        "rate_high": "float64",
    }
    out[["as_of", "population_as_of"]] = out[["as_of", "population_as_of"]].apply(pd.to_datetime)
    return out.astype(types)


def _sources(sources: pd.Series) -> str:
    """The distinct sources; many of one document are told by their common beginning."""
    unique = list(dict.fromkeys(sources))
    if len(unique) == 1:
        return str(unique[0])
    stems = list(dict.fromkeys(s.rsplit(", ", 1)[0] for s in unique))
    return "; ".join(stems)
