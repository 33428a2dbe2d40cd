"""Count the insured of a unit against its population, by group, commune and month."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date
from bhyt_analysis.domain.geography import NO_UNIT
from bhyt_analysis.domain.population import add_population, communes_of_count, population_at
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.domain.result_table import parse_by, result_table
from bhyt_analysis.law.groups import drop_nested_groups, group_values, leaf_groups, main_group, wider_groups

BY = ("group", "subgroup", "commune", "month")
COLUMNS = ["area", "name", "as_of", "insured", "population", "rate", "rate_low", "rate_high", "status"]
BASIS = ["population_as_of", "population_source", "source"]


@result_table
def coverage(
    data: Dataset,
    area: str | None = None,
    by: str | Sequence[str] | None = None,
    as_of: str | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return the coverage N/P with its numerator, its denominator and the sources of both.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code, or a list: the rows of each, one below the other; without one, every unit that
        `areas_with_figures` lists.
    by
        any of "group", "subgroup" (people of one group over all people), "commune", "month" (every date that the cards
        have, else the latest), as text ("group, commune") or a list.
    as_of
        the last day that counts; figures after it are left out.

    Returns
    -------
    DataFrame
        ``area``, ``name``, ``group`` or ``subgroup`` where requested, ``as_of``, ``insured`` and ``population``
        (people), ``rate``, ``rate_low``, ``rate_high`` (shares; the interval that rounding leaves), ``status``,
        ``population_as_of``, ``population_source``, ``source``. A unit whose plan prints only a rate has that rate and
        no count; one without any figure has missing values, never zero.

    Raises
    ------
    BhytError
        for an unknown area or ``by``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> row = coverage(load(), "Sơn Dương").iloc[0]
    >>> int(row["insured"]), int(row["population"]), round(float(row["rate"]), 4)
    (155163, 182330, 0.851)
    >>> coverage(load(), "Lục Ngạn")[["rate", "rate_low", "rate_high"]].iloc[0].tolist()
    [0.8721, 0.87205, 0.87215]
    """
    by = parse_by(by, BY)
    if area is None:
        data = limit_to_date(data, as_of)
    areas = areas_with_figures(data) if area is None else [area]
    tables = [area_view(data, a, as_of).result(_area_coverage, *by) for a in areas]
    columns = COLUMNS[:2] + [b for b in ("group", "subgroup") if b in by] + COLUMNS[2:] + BASIS
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def areas_with_figures(data: Dataset) -> list[str]:
    """List the units to make a briefing of, each by its code (with a day where the code was given to another unit).

    These are the districts and provinces right above communes that have figures; communes with cards that are in no
    district; units that alone have figures (none of their communes has), or a document of their own; an office's own
    areas with cards of their communes.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> areas = areas_with_figures(load())
    >>> len(areas), areas[:3]
    (33, ['14', '17', '51@2025-06-30'])
    """
    geography, rows = data.geography, data.rows_by_unit
    reporting = {*rows["cards"], *rows["losses"]} - {NO_UNIT}
    ids = (reporting | {*rows["population"]}) - {NO_UNIT}
    if not ids:  # no figure of people at all: the units of documents, zones or targets, else every unit
        ids = {i for name in ("published", "zones", "targets") for i in rows[name]} - {NO_UNIT} or set(geography.units)
    units = [geography.unit(i) for i in ids]
    above = {u: geography.parent(u) for u in units if u.kind == "commune"}
    chosen = {u for u, upper in above.items() if upper is None or (u.id in reporting and upper.kind != "district")}
    chosen |= {upper for upper in above.values() if upper is not None}
    others = {u for u in units if u.kind != "commune"}
    chosen |= others - {geography.parent(u) for u in chosen | others}
    documents = {geography.unit(i) for i in rows["documents"] if i != NO_UNIT}
    chosen |= {unit for unit in documents if unit.kind != "country"}
    own_areas = (u for u in geography.units.values() if u.kind == "area")
    chosen |= {u for u in own_areas if any(below.id in reporting for below in geography.children(u))}
    # A district that went on under another name is there once, as it was in the end.
    later = {u: [new for new, _ in geography.successors(u) if new.code == u.code] for u in chosen}
    chosen = {u for u in chosen if chosen.isdisjoint(later[u])}
    return [geography.key(u) for u in geography.units.values() if u in chosen]


def select_cards(data: Dataset, code: str, per_commune: bool = False) -> pd.DataFrame:
    """Return the cards of a unit: its own rows, or those of its communes where it has none.

    Communes replace their unit only on days on which every one of them reports: a sum with one missing would look like
    a fall.
    """
    own = data.cards[data.cards["area"] == code]
    if len(own) and not per_commune:
        return own
    inside = data.geography.commune_codes(code) if per_commune or data.geography.unit_at(code).is_fully_listed else []
    rows = data.cards[data.cards["area"].isin([c for c in inside if per_commune or c != code])]
    if per_commune:
        return rows
    unit, reporting = data.geography.unit_at(code), rows.groupby("as_of")["unit_id"].agg(set)
    complete_days = [
        day for day, there in reporting.items() if {u.id for u in communes_of_count(data.geography, unit, day)} <= there
    ]
    return rows[rows["as_of"].isin(complete_days)]


def _area_coverage(view: AreaView, *by: str) -> pd.DataFrame:
    data, code = view.data, view.code
    per_commune = "commune" in by
    cards = select_cards(data, code, per_commune)
    if "month" not in by and len(cards):
        cards = cards[cards["as_of"] == cards["as_of"].max()]
    if cards.empty:
        return _without_cards(data, code, by)
    keys = ["as_of", "area"]
    if "subgroup" in by:
        rows = _with_remainders(cards).rename(columns={"group": "subgroup"})
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
        cards_status=("status", _first_or(rows["status"], lambda s: lowest_quality(s.unique()))),
        source=("source", _first_or(rows["source"], _join_sources)),
    )
    out = add_population(out, data.geography, data.population) if per_commune else _own_population(data, code, out)
    out["name"] = [data.geography.unit_at(a, d).name for a, d in zip(out["area"], out["as_of"], strict=True)]
    out["rate"] = out["insured"].astype("float64") / out["population"].astype("float64")
    out["rate_low"] = out["rate_high"] = out["rate"]
    population_status = out["population_status"].fillna("derived").replace("", "derived")
    out["status"] = [derived_quality(c, p) for c, p in zip(out["cards_status"], population_status, strict=True)]
    if not keys[2:]:
        return out
    return out.assign(order=group_values(out[keys[2]], "title_order")).sort_values([*keys[:2], "order"], kind="stable")


def _with_remainders(cards: pd.DataFrame) -> pd.DataFrame:
    """Return the finest rows, and the cards of each total beyond its reported parts, under the key of the total."""
    parts = leaf_groups(cards)
    rest = []
    for row in cards.drop(parts.index).to_dict("records"):
        same = parts[(parts["area"] == row["area"]) & (parts["as_of"] == row["as_of"])]
        inside = [row["group"] in wider_groups(key) for key in same["group"]]
        rest.append({**row, "cards": row["cards"] - same.loc[inside, "cards"].sum()})
    if not rest:
        return parts
    return pd.concat([parts, pd.DataFrame([r for r in rest if r["cards"] > 0], columns=cards.columns)])


def _own_population(data: Dataset, code: str, rows: pd.DataFrame) -> pd.DataFrame:
    by_day = {d: population_at(data.geography, data.population, code, d) for d in rows["as_of"].unique()}
    counts = [by_day[d] for d in rows["as_of"]]
    return rows.assign(
        population=pd.array([c.people if c else None for c in counts], dtype="Int64"),
        population_as_of=pd.to_datetime(pd.Series([c.as_of if c else None for c in counts], index=rows.index)),
        population_status=[c.status if c else "" for c in counts],
        population_source=[c.source if c else "" for c in counts],
    )


def _without_cards(data: Dataset, code: str, by: Sequence[str]) -> pd.DataFrame:
    """Return the printed rates of units without cards, or only their people."""
    rows: list[dict[str, object]] = []
    for unit in data.geography.commune_codes(code) if "commune" in by else [code]:
        rates = published_rates(data, unit)
        if len(rates):
            rates = rates if "month" in by else rates.tail(1)
            rows += rates.assign(area=unit, status="published").to_dict("records")
        else:
            count = population_at(data.geography, data.population, unit)
            if count is not None:
                day, people, status, source = count.as_of, count.people, count.status, count.source
                counted = {"as_of": day, "population": people, "population_as_of": day, "population_source": source}
                rows.append({"area": unit, "status": status, **counted})
            elif "commune" not in by:
                rows.append({"area": unit, "status": "derived", "population_source": ""})
    out = pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "name"] + BASIS)
    days = ["as_of", "population_as_of"]
    out[days] = out[days].apply(pd.to_datetime)
    out["name"] = [data.geography.unit_at(a, d).name for a, d in zip(out["area"], out["as_of"], strict=True)]
    out = out.assign(**{column: "" for column in ("group", "subgroup") if column in by})
    counts, shares = ("insured", "population"), ("rate", "rate_low", "rate_high")
    return out.astype({**dict.fromkeys(counts, "Int64"), **dict.fromkeys(shares, "float64")})


def _first_or(values: pd.Series, combine: Callable[[pd.Series], str]) -> str | Callable[[pd.Series], str]:
    """Return how texts are combined by group: the first where all are the same, which is much faster."""
    return "first" if values.nunique(dropna=False) == 1 else combine


def _join_sources(sources: pd.Series) -> str:
    """Return the distinct sources; several of one document by their common beginning."""
    unique = list(dict.fromkeys(sources))
    return "; ".join(unique if len(unique) == 1 else dict.fromkeys(s.rsplit(", ", 1)[0] for s in unique))
