"""Allocate a district's target to its communes, in whole people."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.shares import ShareLike, parse_share
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.reclassification.reclassify import reclassify, unit_losses
from bhyt_analysis.model.targets.targets import people_needed

# Each method and the column that it needs beyond population and insured.
METHODS = dict.fromkeys(("share-of-gap", "equal-rate", "equal-points", "level-up"), "")
METHODS |= {"shock-adjusted": "lost", "least-cost": "cost_per_person", "capacity": "capacity"}
# The message about wrong values of each column; in the bounds, blank is no bound.
VALUE_MESSAGES = {
    **dict.fromkeys(("population", "insured", "lost", "last_year", "reach"), "error.allocate_people"),
    **dict.fromkeys(("cost_per_person", "capacity"), "error.allocate_amount"),
    "cap": "error.allocate_share",
}
BOUNDS = ("last_year", "reach", "cap")
NAMES_IN_ERROR = 10
# Only these have a meaning for a district that is to fall; the others decide who is to be added.
LOWERING = ("share-of-gap", "equal-rate", "equal-points")


@result_table
def allocate(
    communes: pd.DataFrame,
    rate: ShareLike,
    relation: str = "=",
    method: str = "share-of-gap",
    ratchet: bool = True,
    *,
    caps: ShareLike | None = None,
    minimum: Mapping[str, ShareLike] | None = None,
) -> pd.DataFrame:
    """Share out a district's target to its communes, in whole people that add exactly to it.

    Every method is a line a commune, people = start + k · pull, with one k for all:

    ==============  =======  ====================================  ============================
    method          start    pull                                  effect on each commune
    ==============  =======  ====================================  ============================
    share-of-gap    insured  uninsured, none at the target         the same part of its gap
    equal-rate      0        population                            the same rate
    equal-points    insured  population                            the same rise in points
    level-up        0        population, none below today          the lowest rates up first
    shock-adjusted  insured  uninsured · (1 - lost / population)   less of its gap, the more lost
    least-cost      insured  reach, the cheapest first             by cost of one more person
    capacity        insured  capacity                              by its collectors
    ==============  =======  ====================================  ============================

    share-of-gap, the default, asks nothing of a commune that is at the target already: it keeps its people, whatever
    the ratchet, and the others share what is left by the same part k of their gaps to 100%,

        k = (people needed - people insured in all communes) / uninsured people of the communes below the target.

    Only what bounds keep those from taking is asked of the communes at the target. A commune just below the target can
    be asked for more than the common rate; ``caps=rate`` prevents that. Where the whole district has to fall (without
    the ratchet), every commune gives up the same part of its gap.

    Where a bound holds a commune back, the same k rises for the rest. Under the ratchet equal-rate becomes level-up.
    shock-adjusted asks a commune in which a decision ended the cards of 30% of the people for 30% less of its gap than
    others; where it ended all, the commune comes last. A commune without a gap, reach or capacity stays where it is.

    Rounding: person j of a commune is counted once its line passes j - 1/2 (the divisor method of Webster and
    Sainte-Laguë), equal moments in the order of area codes. The largest remainder of Hamilton would at times take a
    person from a commune when the target rises (the Alabama paradox; Balinski and Young, Fair Representation, 1982);
    here people join in one fixed order, so more target never gives a commune fewer people (of share-of-gap: as long as
    the same communes are below the target).

    Parameters
    ----------
    communes
        one row a commune: ``area``, ``population`` and ``insured`` (whole people). Optional: ``name`` (for messages),
        ``last_year`` (insured people that the ratchet keeps, where more than today), ``cap`` (highest rate, blank is
        none). By method: ``lost`` (people), ``cost_per_person`` (VND for one more insured person) and ``reach`` (most
        people that can be added, blank is all), ``capacity`` (any unit).
    rate
        the target, as in `people_needed`: 0.906, 90.6 and "90,6%" are the same.
    relation
        "=", ">=" or ">", as in `people_needed`.
    method
        one of the table above; "share-of-gap" by default.
    ratchet
        no commune falls below the people insured today. Without it share-of-gap, equal-rate and equal-points may lower
        a commune; the other methods never do.
    caps
        highest target rate of any commune. One that is above it stays there.
    minimum
        lowest rate of some communes, by their area.

    Returns
    -------
    DataFrame
        A new DataFrame, rows and index as in ``communes``: its columns, then ``target_people``, ``target_rate`` (a
        share, missing where no people live) and ``to_add`` (people).

    Raises
    ------
    BhytError
        with all missing columns or all bad values at once, for an unknown method, and for a target that can't be
        reached, with the most or the least that can.

    Examples
    --------
    >>> communes = pd.DataFrame({"area": ["C1", "C2"], "population": [1000, 1000], "insured": [900, 600]})
    >>> allocate(communes, rate=0.92)[["target_people", "to_add"]].to_numpy().tolist()  # 340 of 500: 68% of each gap
    [[968, 68], [872, 272]]
    >>> allocate(communes, rate=0.85)["target_people"].tolist()  # C1 is above 85% and keeps its people
    [900, 800]
    """
    table = _check(communes, method, ratchet)
    target_share, highest_share, minima = _parse_rates(table["area"], rate, caps, minimum or {})
    table = _add_lines(_add_bounds(table, method, ratchet, highest_share, minima), method)
    total = int(table["population"].sum())
    least, most = int(table["lower"].sum()), int(table["upper"].sum())
    highest = {"people": most, "share": most / total if total else 0.0}
    try:
        people = people_needed(total, target_share, relation)
    except BhytError as impossible:
        raise BhytError(*impossible.messages, ("error.allocate_at_most", highest)) from None
    if people > most:
        raise BhytError(("error.allocate_most", {"needed": people, "rate": float(target_share), **highest}))
    if people < least:
        lowest = {"people": least, "share": least / total}
        raise BhytError(("error.allocate_least", {"needed": people, "rate": float(target_share), **lowest}))
    if method == "share-of-gap":
        table = _keep_reached(table, people, _has_reached(table, target_share, relation))
        least = int(table["lower"].sum())
    in_order = table.sort_values("area")  # the order of rows must not decide between equals
    target = (in_order["lower"] + _first_people(in_order, people - least)).sort_index().to_numpy()
    population, insured = table["population"].to_numpy(), table["insured"].to_numpy()
    share = np.divide(target, population, out=np.full(len(target), np.nan), where=population > 0)
    return communes.assign(target_people=target, target_rate=share, to_add=target - insured)


def _check(communes: pd.DataFrame, method: str, ratchet: bool) -> pd.DataFrame:
    """Return the columns that count, as numbers in rows 0, 1, 2 …, or raise all faults at once."""
    if method not in METHODS:
        fields = {"found": method, "nearest": nearest_choice(str(method), METHODS) or "share-of-gap"}
        raise BhytError(("error.allocate_method", {**fields, "known": ", ".join(METHODS)}))
    required = [c for c in ("area", "population", "insured", METHODS[method]) if c]
    if absent := [c for c in required if c not in communes]:
        raise BhytError(("error.allocate_column", {"columns": ", ".join(absent), "method": method}))
    labels = communes["area"].astype(str).to_numpy(dtype=object)
    if "name" in communes:
        labels = labels + " " + communes["name"].astype(str).to_numpy(dtype=object)
    table = pd.DataFrame({"area": communes["area"].astype(str).to_numpy()})
    faults: list[Fault] = []
    if repeated := sorted(set(labels[table["area"].duplicated()])):
        faults.append(("error.allocate_twice", {"areas": ", ".join(repeated)}))
    unused = {"last_year": not ratchet, "reach": method != "least-cost"}
    for column in [*required[1:], *(c for c in BOUNDS if c in communes and not unused.get(c))]:
        table[column] = pd.to_numeric(communes[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        valid = _is_valid(table[column].to_numpy(), VALUE_MESSAGES[column])
        if column in BOUNDS:
            valid |= communes[column].isna().to_numpy()
        if not valid.all():
            faults.append((VALUE_MESSAGES[column], {"column": column, "areas": ", ".join(labels[~valid])}))
    for column in (c for c in ("insured", "last_year") if c in table):
        for i in np.flatnonzero(table[column] > table["population"]):
            fields = {"area": labels[i], "column": column, "people": table[column][i]}
            faults.append(("error.allocate_above_population", {**fields, "population": table["population"][i]}))
    raise_faults(faults)
    return table.astype({"population": "int64", "insured": "int64"})


def _is_valid(values: NDArray[np.float64], message: str) -> NDArray[np.bool_]:
    """Tell which values are allowed in a column with this message about wrong ones."""
    valid = np.isfinite(values) & (values >= 0)
    if message == "error.allocate_people":
        valid &= values == np.floor(values)
    if message == "error.allocate_share":
        valid &= values <= 1
    return np.asarray(valid)


def _add_bounds(
    table: pd.DataFrame, method: str, ratchet: bool, caps: Decimal | None, lowest: Mapping[str, Decimal]
) -> pd.DataFrame:
    """Add ``lower`` and ``upper``: the fewest and the most people of each commune."""
    insured, population = table["insured"], table["population"]
    base = insured if ratchet or method not in LOWERING else insured * 0
    if "last_year" in table:
        base = np.maximum(base, table["last_year"].fillna(0))
    upper = population.astype(float)
    for limits in ([caps] * len(table), table.get("cap", [None] * len(table))):
        upper = np.minimum(upper, [_whole_part(p, c) for p, c in zip(population, limits, strict=True)])
    if "reach" in table:
        upper = np.minimum(upper, insured + table["reach"].fillna(np.inf))
    upper = np.maximum(upper, base)  # a commune above a cap stays there: a cap takes no cards away
    people = [people_needed(p, lowest.get(a, 0)) for a, p in zip(table["area"], population, strict=True)]
    lower = np.maximum(base, people)
    raise_faults(
        ("error.allocate_bounds", {"area": table["area"][i], "least": lower[i], "most": upper[i]})
        for i in np.flatnonzero(lower > upper)
    )
    return table.assign(lower=lower.astype("int64"), upper=upper.astype("int64"))


def _parse_rates(
    areas: pd.Series, rate: ShareLike, caps: ShareLike | None, minimum: Mapping[str, ShareLike]
) -> tuple[Decimal, Decimal | None, dict[str, Decimal]]:
    """Return the target, the highest rate, and the lowest of some communes; raise all faults at once."""
    faults: list[Fault] = []
    for area in sorted({str(area) for area in minimum} - set(areas)):
        nearest = nearest_choice(area, areas) or ", ".join(areas.head(5))
        faults.append(("error.allocate_no_commune", {"found": area, "nearest": nearest}))

    def parse(value: ShareLike, name: str) -> Decimal:
        try:
            return parse_share(value)
        except BhytError as error:
            faults.extend((key, {**fields, "found": f"{name} = {fields['found']}"}) for key, fields in error.messages)
            return Decimal(0)

    target, highest = parse(rate, "rate"), None if caps is None else parse(caps, "caps")
    lowest = {str(area): parse(value, f"minimum {area}") for area, value in minimum.items()}
    raise_faults(faults)
    return target, highest, lowest


def _whole_part(population: int, cap: float | Decimal | None) -> int:
    """Return the most whole people whose share is not above a cap, exact in decimals; all people without a cap."""
    if pd.isna(cap):
        return population
    return int((Decimal(str(cap)) * int(population)).to_integral_value(ROUND_FLOOR))


def _add_lines(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Add ``start`` and ``pull`` of each commune's line, and ``tier``: the lowest is filled first."""
    population, insured = table["population"], table["insured"]
    gap = population - insured
    start, pull, tier = insured, gap, pd.Series(0.0, index=table.index)
    if method in ("equal-rate", "level-up"):
        start, pull = insured * 0, population
    elif method == "equal-points":
        pull = population
    elif method == "shock-adjusted":
        lost_share = (table["lost"] / population.clip(lower=1)).clip(upper=1)
        pull, tier = gap.where(lost_share == 1, gap * (1 - lost_share)), (lost_share == 1).astype(float)
    elif method == "least-cost":
        tier = table["cost_per_person"]
        pull = np.minimum(gap, table["reach"].fillna(np.inf)) if "reach" in table else gap
    elif method == "capacity":
        pull = table["capacity"]
    # Nothing pulls a commune without a gap, reach or capacity: it stays as near to today as its bounds let it.
    nearest = insured.clip(table["lower"], table["upper"])
    lower, upper = (table[bound].mask(pull == 0, nearest) for bound in ("lower", "upper"))
    return table.assign(start=start.astype(float), pull=pull.astype(float), tier=tier, lower=lower, upper=upper)


def _has_reached(table: pd.DataFrame, rate: Decimal, relation: str) -> NDArray[np.bool_]:
    """Tell which communes satisfy the common target today, exact in decimals."""
    required = [rate * int(population) for population in table["population"]]
    pairs = zip(map(int, table["insured"]), required, strict=True)
    return np.array([n > people if relation == ">" else n >= people for n, people in pairs], dtype=bool)


def _keep_reached(table: pd.DataFrame, people: int, at_target: NDArray[np.bool_]) -> pd.DataFrame:
    """Let communes at the target keep their people and add some only after the others; not where all have to fall."""
    kept = np.maximum(table["lower"], table["insured"])
    if people < int(kept.sum()):
        return table
    lower = table["lower"].mask(at_target, kept)
    return table.assign(lower=lower, upper=np.maximum(table["upper"], lower), tier=at_target.astype(float))


def _first_people(table: pd.DataFrame, people: int) -> NDArray[np.int64]:
    """Return how many of the first ``people`` above the lower bounds are in each commune: by tier, moment, row.

    Person j of a commune has the moment (j - 1/2 - start) / pull, which no target changes.
    """
    free = (table["upper"] - table["lower"]).to_numpy()
    _, tier = np.unique(table["tier"], return_inverse=True)
    shared_tier = np.searchsorted(np.cumsum(np.bincount(tier, weights=free)), people)
    added = np.where(tier < shared_tier, free, 0)
    shared = (tier == shared_tier) & (free > 0)
    if shared.any():
        added[shared] = _share_tier(table[shared], people - int(added.sum()))
    return added


def _share_tier(table: pd.DataFrame, people: int) -> NDArray[np.int64]:
    """Return the same for communes of one tier: k is determined by bisection, down to neighbouring floats."""
    lower, upper, start, pull = (table[c].to_numpy() for c in ("lower", "upper", "start", "pull"))

    def moment(person: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((person - 0.5 - start) / pull)

    def added_by(k: float) -> NDArray[np.int64]:
        """Return the people above the lower bounds whose moment has come at k."""
        last = np.clip(np.floor(start + k * pull + 0.5), lower, upper).astype("int64")
        # The line may be off by one float where its person's moment is k; the moment decides.
        last += (last < upper) & (moment(last + 1) <= k)
        last -= (last > lower) & (moment(last) > k)
        return last - lower

    before, after = float(np.nextafter(moment(lower + 1).min(), -np.inf)), float(moment(upper).max())
    while before < (k := (before + after) / 2) < after:
        before, after = (k, after) if added_by(k).sum() <= people else (before, k)
    added = added_by(before)
    waiting = added_by(after) - added  # all at one moment
    ahead = np.cumsum(waiting) - waiting
    return added + np.clip(people - added.sum() - ahead, 0, waiting)


@result_table
def communes_to_allocate(data: Dataset, area: str, on: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """Return the table that `allocate` takes, from the latest cards of each commune on or before a day.

    One row a commune, with ``area``, ``name``, ``as_of`` (of the cards), ``population``, ``insured``, ``lost`` (people
    whose card the latest decision ended; 0 where no decision is known, missing where it is but not for this commune),
    ``status``.

    Raises BhytError for an unknown area, and where no commune, or not every one, has cards on the last day: what is
    missing is not zero. Of the population alone only the same rate for every commune could be derived, which needs no
    allocation.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = communes_to_allocate(load(), "X001", on="2022-06-30")
    >>> len(table), int(table["insured"].sum()), int(table["population"].sum())
    (12, 49505, 64897)
    """
    view = area_view(data, area)
    code, data = view.code, view.data
    rows = coverage(data, code, by=["commune"], as_of=on)
    rows = rows[rows["insured"].notna()]
    if rows.empty:
        name = data.geography.unit_at(code).name
        if on is None:
            raise BhytError(("error.allocate_no_cards", {"name": name}))
        raise BhytError(("error.allocate_no_cards_by", {"name": name, "on": pd.Timestamp(on)}))
    day, reporting = rows["as_of"].max(), set(rows["area"])
    units = data.geography.commune_codes(code, day)
    if silent := [f"{c} {data.geography.unit_at(c, day).name}" for c in units if c not in reporting]:
        names = ", ".join(silent[:NAMES_IN_ERROR]) + (", …" if len(silent) > NAMES_IN_ERROR else "")
        raise BhytError(("error.allocate_silent", {"on": day, "count": len(silent), "areas": names}))
    lost = _lost(limit_to_date(data, day), code, rows["area"].tolist())  # a later decision does not affect these cards
    status = [derived_quality(s, o) for s, o in zip(rows["status"], lost["status"], strict=True)]
    table = rows[["area", "name", "as_of", "population", "insured"]].assign(lost=lost["lost"].array, status=status)
    return table.reset_index(drop=True)


def _lost(data: Dataset, code: str, units: list[str]) -> pd.DataFrame:
    """Return ``lost`` and ``status`` of each commune by the latest decision whose losses are known by commune."""
    zones = data.zones[data.zones["area"].isin(units)].rename(columns={"since": "on"})
    losses = data.losses[data.losses["area"].isin([code, *units])]
    decisions = pd.concat([zones[["decision", "on"]], losses[["decision", "on"]]]).sort_values("on", ascending=False)
    for decision in decisions["decision"].unique():
        table = reclassify(data, decision, code)
        table = table[table["area"].isin(units) & table["lost"].notna()].drop_duplicates("area").set_index("area")
        if len(table):
            lost = table["lost"].reindex(units).astype("Int64")
            # A decision whose losses cover the unit took nothing from the communes that it does not name.
            lost = lost.fillna(0) if len(unit_losses(data, decision, code)) else lost
            return pd.DataFrame({"lost": lost, "status": table["status"].reindex(units).fillna("derived")})
    lost = pd.Series(0 if decisions.empty else pd.NA, index=units, dtype="Int64")
    return pd.DataFrame({"lost": lost, "status": "derived"})
