"""How many people must each commune insure, so that the district's target is reached exactly?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import communes as communes_in
from bhyt_analysis.domain.geography import unit_name
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.reclassification.reclassify import reclassify, unit_losses
from bhyt_analysis.model.targets.targets import people_needed

Rate = float | str | Decimal
Sentences = list[tuple[str, dict[str, Any]]]

# Each method and the column that it needs beyond population and insured.
METHODS = {
    "share-of-gap": "",
    "equal-rate": "",
    "equal-points": "",
    "level-up": "",
    "shock-adjusted": "lost",
    "least-cost": "cost_per_person",
    "capacity": "capacity",
}
# What the columns hold, by the sentence that says so; of the last three, blank is no bound.
HOLDS = {
    "population": "error.allocate_people",
    "insured": "error.allocate_people",
    "lost": "error.allocate_people",
    "cost_per_person": "error.allocate_amount",
    "capacity": "error.allocate_amount",
    "last_year": "error.allocate_people",
    "reach": "error.allocate_people",
    "cap": "error.allocate_share",
}
BOUNDS = ("last_year", "reach", "cap")
# Only these have a meaning for a district that is to fall; the others say who is to be added.
LOWERING = ("share-of-gap", "equal-rate", "equal-points")


def allocate(
    communes: pd.DataFrame,
    rate: Rate,
    relation: str = "=",
    method: str = "share-of-gap",
    ratchet: bool = True,
    *,
    caps: Rate | None = None,
    minimum: Mapping[str, Rate] | None = None,
) -> pd.DataFrame:
    """A district's target shared out to its communes, in whole people that add exactly to it.

    Every method is a line a commune, people = start + k · pull, with one k for all:

    ==============  =======  ====================================  ============================
    method          start    pull                                  asks of each commune
    ==============  =======  ====================================  ============================
    share-of-gap    insured  uninsured                             the same part of its gap
    equal-rate      0        population                            the same rate
    equal-points    insured  population                            the same rise in points
    level-up        0        population, none below today          the lowest rates up first
    shock-adjusted  insured  uninsured · (1 - lost / population)   less of its gap, the more lost
    least-cost      insured  reach, the cheapest first             by cost of one more person
    capacity        insured  capacity                              by its collectors
    ==============  =======  ====================================  ============================

    Where a bound holds a commune back, the same k rises for the rest. Under the ratchet
    equal-rate becomes level-up. shock-adjusted asks a commune in which a decision ended the
    cards of 30% of the people for 30% less of its gap than others; where it ended all, the
    commune comes last. A commune without a gap, reach or capacity stays where it is.

    Rounding: person j of a commune is counted once its line passes j - 1/2 (the divisor
    method of Webster and Sainte-Laguë), equal moments in the order of area codes. The
    largest remainder of Hamilton would at times take a person from a commune when the
    target rises (the Alabama paradox; Balinski and Young, Fair Representation, 1982); here
    people join in one fixed order, so more target never gives a commune fewer people.

    Parameters
    ----------
    communes : one row a commune: ``area``, ``population`` and ``insured`` (whole people).
        Optional: ``name`` (for messages), ``last_year`` (insured people that the ratchet
        keeps, where more than today), ``cap`` (highest rate, blank is none). By method:
        ``lost`` (people), ``cost_per_person`` (VND for one more insured person) and
        ``reach`` (most people that can be added, blank is all), ``capacity`` (any unit).
    rate, relation : the target, as in `people_needed`.
    ratchet : no commune falls below the people insured today. Without it share-of-gap,
        equal-rate and equal-points may lower a commune; the other methods never do.
    caps : highest rate that is asked of any commune. One that is above it stays there.
    minimum : lowest rate of communes named by their area.

    Returns
    -------
    A new DataFrame, rows and index as in ``communes``: its columns, then ``target_people``,
    ``target_rate`` (a share, missing where nobody lives) and ``to_add`` (people).

    Raises
    ------
    BhytError
        with all missing columns or all bad values at once, for an unknown method, and for
        a target that can't be reached, with the most or the least that can.

    Examples
    --------
    >>> communes = pd.DataFrame({"area": ["C1", "C2"], "population": [1000, 1000], "insured": [900, 600]})
    >>> allocate(communes, rate=0.85)[["target_people", "to_add"]].to_numpy().tolist()  # 200 of 500: 40% of each gap
    [[940, 40], [760, 160]]
    >>> allocate(communes, rate=0.85, method="level-up")["target_people"].tolist()
    [900, 800]
    """
    table = _checked(communes, method, ratchet)
    table = _lines(_bounded(table, method, ratchet, caps, minimum or {}), method)
    total = int(table["population"].sum())
    least, most = int(table["floor"].sum()), int(table["ceiling"].sum())
    reached = {"people": most, "share": most / total if total else 0.0}
    try:
        needed = people_needed(total, rate, relation)
    except InvalidOperation:
        raise BhytError(("error.allocate_rate", {"column": "rate", "found": rate})) from None
    except BhytError as above_everybody:
        raise BhytError(*above_everybody.messages, ("error.allocate_at_most", reached)) from None
    if needed > most:
        raise BhytError(("error.allocate_most", {"needed": needed, "rate": float(rate), **reached}))
    if needed < least:
        kept = {"people": least, "share": least / total}
        raise BhytError(("error.allocate_least", {"needed": needed, "rate": float(rate), **kept}))
    in_order = table.sort_values("area")  # the order of rows must not decide between equals
    target = (in_order["floor"] + _first_people(in_order, needed - least)).sort_index().to_numpy()
    population, insured = table["population"].to_numpy(), table["insured"].to_numpy()
    share = np.divide(target, population, out=np.full(len(target), np.nan), where=population > 0)
    return communes.assign(target_people=target, target_rate=share, to_add=target - insured)


def _checked(communes: pd.DataFrame, method: str, ratchet: bool) -> pd.DataFrame:
    """The columns that count, as numbers in rows 0, 1, 2 …; or every offender at once."""
    if method not in METHODS:
        fields = {"found": method, "nearest": nearest_choice(str(method), METHODS) or "share-of-gap"}
        raise BhytError(("error.allocate_method", {**fields, "known": ", ".join(METHODS)}))
    needs = [c for c in ("area", "population", "insured", METHODS[method]) if c]
    if absent := [c for c in needs if c not in communes]:
        raise BhytError(("error.allocate_column", {"columns": ", ".join(absent), "method": method}))
    called = communes["area"].astype(str).to_numpy(dtype=object)
    if "name" in communes:
        called = called + " " + communes["name"].astype(str).to_numpy(dtype=object)
    table = pd.DataFrame({"area": communes["area"].astype(str).to_numpy()})
    wrong: Sentences = []
    if twice := sorted(set(called[table["area"].duplicated()])):
        wrong.append(("error.allocate_twice", {"areas": ", ".join(twice)}))
    unused = {"last_year": not ratchet, "reach": method != "least-cost"}
    for column in [*needs[1:], *(c for c in BOUNDS if c in communes and not unused.get(c))]:
        table[column] = pd.to_numeric(communes[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        good = _sound(table[column].to_numpy(), HOLDS[column])
        if column in BOUNDS:
            good |= communes[column].isna().to_numpy()
        if not good.all():
            wrong.append((HOLDS[column], {"column": column, "areas": ", ".join(called[~good])}))
    for column in (c for c in ("insured", "last_year") if c in table):
        for i in np.flatnonzero(table[column] > table["population"]):
            fields = {"area": called[i], "column": column, "people": table[column][i]}
            wrong.append(("error.allocate_above_population", {**fields, "population": table["population"][i]}))
    if wrong:
        raise BhytError(*wrong)
    return table.astype({"population": "int64", "insured": "int64"})


def _sound(values: NDArray[np.float64], kind: str) -> NDArray[np.bool_]:
    """Which values are what a column of this kind holds."""
    good = np.isfinite(values) & (values >= 0)
    if kind == "error.allocate_people":
        good &= values == np.floor(values)
    if kind == "error.allocate_share":
        good &= values <= 1
    return np.asarray(good)


def _bounded(
    table: pd.DataFrame, method: str, ratchet: bool, caps: Rate | None, minimum: Mapping[str, Rate]
) -> pd.DataFrame:
    """Adds ``floor`` and ``ceiling``: the fewest and the most people that a commune may be given."""
    insured, population = table["insured"], table["population"]
    named = {str(area): lowest for area, lowest in minimum.items()}
    wrong: Sentences = []
    for area in sorted(set(named) - set(table["area"])):
        near = nearest_choice(area, table["area"]) or ", ".join(table["area"].head(5))
        wrong.append(("error.allocate_no_commune", {"found": area, "nearest": near}))
    told = {**({} if caps is None else {"caps": caps}), **{f"minimum {area}": r for area, r in named.items()}}
    wrong += [("error.allocate_rate", {"column": c, "found": r}) for c, r in told.items() if not _is_share(r)]
    if wrong:
        raise BhytError(*wrong)
    kept = insured if ratchet or method not in LOWERING else insured * 0
    if "last_year" in table:
        kept = np.maximum(kept, table["last_year"].fillna(0))
    ceiling = population.astype(float)
    if caps is not None:
        ceiling = np.minimum(ceiling, [_whole_part(p, caps) for p in population])
    if "cap" in table:
        ceiling = np.minimum(ceiling, [_whole_part(p, c) for p, c in zip(population, table["cap"], strict=True)])
    if "reach" in table:
        ceiling = np.minimum(ceiling, insured + table["reach"].fillna(np.inf))
    ceiling = np.maximum(ceiling, kept)  # who is above a cap stays: a cap asks nobody to lose a card
    asked = [people_needed(p, named[a]) if a in named else 0 for a, p in zip(table["area"], population, strict=True)]
    floor = np.maximum(kept, asked)
    if crossed := [
        ("error.allocate_bounds", {"area": table["area"][i], "least": floor[i], "most": ceiling[i]})
        for i in np.flatnonzero(floor > ceiling)
    ]:
        raise BhytError(*crossed)
    return table.assign(floor=floor.astype("int64"), ceiling=ceiling.astype("int64"))


def _is_share(rate: Rate) -> bool:
    try:
        return 0 <= Decimal(str(rate)) <= 1
    except InvalidOperation:
        return False


def _whole_part(population: int, cap: Any) -> int:
    """The most whole people whose share is not above a cap, exact in decimals."""
    if pd.isna(cap):
        return population
    return int((Decimal(str(cap)) * int(population)).to_integral_value(ROUND_FLOOR))


def _lines(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Adds ``start`` and ``pull`` of each commune's line, and ``tier``: the lowest is filled first."""
    population, insured = table["population"], table["insured"]
    gap = population - insured
    start, pull, tier = insured, gap, pd.Series(0.0, index=table.index)
    if method in ("equal-rate", "level-up"):
        start, pull = insured * 0, population
    elif method == "equal-points":
        pull = population
    elif method == "shock-adjusted":
        spared = (table["lost"] / population.clip(lower=1)).clip(upper=1)
        pull, tier = gap.where(spared == 1, gap * (1 - spared)), (spared == 1).astype(float)
    elif method == "least-cost":
        tier = table["cost_per_person"]
        pull = np.minimum(gap, table["reach"].fillna(np.inf)) if "reach" in table else gap
    elif method == "capacity":
        pull = table["capacity"]
    # Nothing pulls a commune without a gap, reach or capacity: it stays as near to today as its bounds let it.
    stays = insured.clip(table["floor"], table["ceiling"])
    floor, ceiling = (table[bound].mask(pull == 0, stays) for bound in ("floor", "ceiling"))
    return table.assign(start=start.astype(float), pull=pull.astype(float), tier=tier, floor=floor, ceiling=ceiling)


def _first_people(table: pd.DataFrame, people: int) -> NDArray[np.int64]:
    """How many of the first ``people`` above the floors are in each commune: tier, moment, row.

    Person j of a commune has the moment (j - 1/2 - start) / pull, which no target changes.
    """
    room = (table["ceiling"] - table["floor"]).to_numpy()
    _, tier = np.unique(table["tier"], return_inverse=True)
    shared_tier = np.searchsorted(np.cumsum(np.bincount(tier, weights=room)), people)
    given = np.where(tier < shared_tier, room, 0)
    shared = (tier == shared_tier) & (room > 0)
    if shared.any():
        given[shared] = _in_step(table[shared], people - int(given.sum()))
    return given


def _in_step(table: pd.DataFrame, people: int) -> NDArray[np.int64]:
    """The same for communes of one tier: the k is found by bisection, down to neighbouring floats."""
    floor, ceiling, start, pull = (table[c].to_numpy() for c in ("floor", "ceiling", "start", "pull"))

    def moment(person: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((person - 0.5 - start) / pull)

    def filled(k: float) -> NDArray[np.int64]:
        """The people above the floors whose moment has come at k."""
        last = np.clip(np.floor(start + k * pull + 0.5), floor, ceiling).astype("int64")
        # The line may be off by one float where its person's moment is k; the moment decides.
        last += (last < ceiling) & (moment(last + 1) <= k)
        last -= (last > floor) & (moment(last) > k)
        return last - floor

    before, after = float(np.nextafter(moment(floor + 1).min(), -np.inf)), float(moment(ceiling).max())
    while before < (k := (before + after) / 2) < after:
        before, after = (k, after) if filled(k).sum() <= people else (before, k)
    given = filled(before)
    waiting = filled(after) - given  # all at one moment
    ahead = np.cumsum(waiting) - waiting
    return given + np.clip(people - given.sum() - ahead, 0, waiting)


def communes_to_allocate(data: Dataset, area: str, on: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """The table that `allocate` takes, from the latest cards of each commune on or before a day.

    Returns
    -------
    DataFrame, one row a commune: ``area``, ``name``, ``as_of`` (of the cards),
    ``population``, ``insured``, ``lost`` (people whose card the latest decision ended; 0
    where no decision is known, missing where it is but not for this commune), ``status``.

    Raises
    ------
    BhytError
        for an unknown area, and where no commune, or not every one, has cards on the last
        day: what is missing is not zero. Of the population alone only the same rate for
        every commune could be said, which needs no allocation.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = communes_to_allocate(load(), "X001", on="2022-06-30")
    >>> len(table), int(table["insured"].sum()), int(table["population"].sum())
    (12, 49505, 64897)
    """
    code, data = select_unit(data, area)
    rows = coverage(data, code, by=["commune"], as_of=on)
    rows = rows[rows["insured"].notna()]
    if rows.empty:
        name = unit_name(data.areas, code)
        if on is None:
            raise BhytError(("error.allocate_no_cards", {"name": name}))
        raise BhytError(("error.allocate_no_cards_by", {"name": name, "on": pd.Timestamp(on)}))
    day, told = rows["as_of"].max(), set(rows["area"])
    units = communes_in(data.areas, code, day)
    if silent := [f"{c} {unit_name(data.areas, c, day)}" for c in units if c not in told]:
        raise BhytError(("error.allocate_silent", {"on": day, "count": len(silent), "areas": ", ".join(silent)}))
    lost = _lost(limit_to_date(data, day), code, rows["area"].tolist())  # a later decision has not touched these cards
    status = [derived_quality(s, o) for s, o in zip(rows["status"], lost["status"], strict=True)]
    table = rows[["area", "name", "as_of", "population", "insured"]].assign(lost=lost["lost"].array, status=status)
    return table.reset_index(drop=True)


def _lost(data: Dataset, code: str, units: list[str]) -> pd.DataFrame:
    """``lost`` and ``status`` of each commune by the latest decision of which losses are told by commune."""
    zones = data.zones[data.zones["area"].isin(units)].rename(columns={"since": "on"})
    losses = data.losses[data.losses["area"].isin([code, *units])]
    decisions = pd.concat([zones[["decision", "on"]], losses[["decision", "on"]]]).sort_values("on", ascending=False)
    for decision in decisions["decision"].unique():
        table = reclassify(data, decision, code)
        told = table[table["area"].isin(units) & table["lost"].notna()].drop_duplicates("area").set_index("area")
        if len(told):
            lost = told["lost"].reindex(units).astype("Int64")
            # A decision that is told of the whole unit took nothing from the communes that it does not name.
            lost = lost.fillna(0) if len(unit_losses(data, decision, code)) else lost
            return pd.DataFrame({"lost": lost, "status": told["status"].reindex(units).fillna("derived")})
    lost = pd.Series(0 if decisions.empty else pd.NA, index=units, dtype="Int64")
    return pd.DataFrame({"lost": lost, "status": "derived"})
