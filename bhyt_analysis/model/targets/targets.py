"""Turn targets into people, and into the step of each year."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import SupportsIndex

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.shares import ShareLike, parse_share
from bhyt_analysis.model.coverage.coverage import coverage

RELATIONS = ("=", ">=", ">")
OWN_LEVELS = ("own", "each")  # of targets that bind the unit itself
UPPER_LEVELS = ("area", "district", "province", "country")  # kinds of the units above, the nearest first
PATH_KINDS = ("gap", "logit", "straight")
STEP_COLUMNS = [
    "on", "level", "relation", "rate", "population", "people_needed", "to_add", "total_to_add", "share_of_gain",
    "points", "insured_now", "now_as_of", "population_as_of", "population_status", "instrument", "status",
]  # fmt: skip


def people_needed(population: int, rate: ShareLike, relation: str = "=") -> int:
    """Return the smallest whole number of insured people that satisfies a target.

    Exact in decimals: the rate counts as it is written, not as a binary fraction.

    Parameters
    ----------
    population
        people.
    rate
        the target, as people write it: 0.906, "0,906", 90.6, "90,6%" are the same; 1 is 100% (see `parse_share`).
    relation
        "=" and ">=" ask for at least the rate, ">" for more than it.

    Returns
    -------
    int
        People.

    Raises
    ------
    BhytError
        for a rate above 100% or that is no number, and where the target is more than all people.

    Examples
    --------
    >>> people_needed(182330, 0.906)
    165191
    >>> {people_needed(182330, rate) for rate in (90.6, "90,6%", "0,906")}
    {165191}
    >>> people_needed(2000, 0.9635), people_needed(2000, 0.9635, ">")
    (1927, 1928)
    """
    if relation not in RELATIONS:
        raise _wrong("people_needed", "relation", relation, ", ".join(RELATIONS))
    if not isinstance(population, SupportsIndex | float) or population < 0 or population != int(population):
        raise _wrong("people_needed", "population", population, "expect.whole_number")
    share = parse_share(rate)
    exact = share * int(population)
    above = relation == ">"
    people = int(exact.to_integral_value(ROUND_FLOOR)) + 1 if above else int(exact.to_integral_value(ROUND_CEILING))
    if people > population:
        raise BhytError(("error.more_than_everybody", {"rate": float(share)}))
    return people


def _wrong(function: str, name: str, value: object, expected: str) -> BhytError:
    return BhytError(("error.argument", {"function": function, "name": name, "found": value, "expected": expected}))


def target_path(start: ShareLike, end: ShareLike, years: int, kind: str = "gap") -> list[float]:
    """Return the coverage at the end of each year on the way from ``start`` to ``end``, both included.

    Parameters
    ----------
    start, end
        the coverage now and at the end: 0.851, 85.1 and "85,1%" are the same.
    years
        how many, 1 or more.
    kind
        "gap" closes the same part of the remaining gap each year, 1 - c_t = (1 - c_0)(1 - k)^t; "logit" is a straight
        line in the log-odds; "straight" a straight line.

    Returns
    -------
    list of float
        Shares, one more than years.

    Raises
    ------
    BhytError
        for what is no share, for ``gap`` and ``logit`` also at 1 (a gap can't be closed by parts), for fewer than one
        year or an unknown kind.

    Examples
    --------
    >>> [round(c, 4) for c in target_path(start=0.851, end="92,1%", years=4, kind="gap")]
    [0.851, 0.8729, 0.8915, 0.9074, 0.921]
    """
    if kind not in PATH_KINDS:
        raise _wrong("target_path", "kind", kind, ", ".join(PATH_KINDS))
    if not isinstance(years, SupportsIndex) or years < 1:
        raise _wrong("target_path", "years", years, "expect.positive_number")
    top = 1.0 if kind == "straight" else math.nextafter(1.0, 0.0)
    start, end = float(parse_share(start)), float(parse_share(end))
    for name, value in (("start", start), ("end", end)):
        if not 0 <= value <= top or (kind == "logit" and value == 0):
            raise _wrong("target_path", name, value, "expect.path_share")
    steps = [t / years for t in range(years + 1)]
    if kind == "straight":
        path = [start + (end - start) * s for s in steps]
    elif kind == "gap":
        path = [1 - (1 - start) ** (1 - s) * (1 - end) ** s for s in steps]
    else:
        low, high = (math.log(c / (1 - c)) for c in (start, end))
        path = [1 / (1 + math.exp(-(low + (high - low) * s))) for s in steps]
    return [start, *path[1:-1], end]


@result_table
def binding_targets(data: Dataset, area: str) -> pd.DataFrame:
    """Return the targets that bind a unit: its own, those set for each unit of its kind, and those above.

    Adds to rows of the table ``targets`` their ``level``: "own", "each", or the kind of the unit that an upper target
    is of. Only targets of the total population (scope "all") with a date and a rate; at one date its own goes before
    one set for each. A unit that has ended has the targets of the units above up to its last day.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> binding_targets(load(), "Lý Sơn").query("level == 'own'")["rate"].tolist()
    [1.0]
    """
    table: pd.DataFrame = area_view(data, area).result(_binding_targets)
    return table.copy()


def _binding_targets(view: AreaView) -> pd.DataFrame:
    code, data = view.code, view.data
    chain, kind = {u.code: u.kind for u in view.lineage}, view.kind
    rows = data.targets[(data.targets["scope"] == "all") & data.targets["on"].notna() & data.targets["rate"].notna()]
    rows = rows[rows["relation"].isin(RELATIONS)]  # a ratchet sets no rate of its own
    own = rows[rows["area"] == code].assign(level="own")
    each = rows[(rows["area"] == "each") & rows["of"].isin(chain) & (rows["kind"] == kind)].assign(level="each")
    # Set for each, but less than what its own target requires by then: no step of its own.
    stricter = [((own["on"] <= d) & (own["rate"] >= r)).any() for d, r in zip(each["on"], each["rate"], strict=True)]
    each = each[~pd.Series(stricter, index=each.index, dtype=bool)]
    upper = rows[rows["area"].isin([c for c in chain if c != code])]
    if view.unit.until is not None:
        upper = upper[upper["on"] <= view.unit.until]
    upper = upper.assign(level=upper["area"].map(chain))
    bound = pd.concat([own, each]).drop_duplicates("on", keep="first")
    return pd.concat([bound, upper]).sort_values(["on", "level"], kind="stable", ignore_index=True)


def nearest_targets(bound: pd.DataFrame) -> pd.DataFrame:
    """Return of the targets that bind a unit its own, or else those of the nearest unit above that has any.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> [nearest_targets(binding_targets(load(), name))["level"].iloc[0] for name in ("Lý Sơn", "X00101", "Tô Hiệu")]
    ['own', 'district', 'province']
    """
    levels = (OWN_LEVELS, *((level,) for level in UPPER_LEVELS))
    return next((rows for names in levels if len(rows := bound[bound["level"].isin(names)])), bound.head(0))


@result_table
def target_steps(data: Dataset, area: str, as_of: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """Return each target of a unit in people, and the step from the one before.

    The population stays that of the count nearest to the start; the column ``population_as_of`` names it. The first
    step starts from the people insured now; where no figure of them exists, it is missing. Where only a rate is
    published, they are the rate times that population. Where that population is of another year than the rate, or than
    the first target if there is no rate, the steps are estimated.

    Parameters
    ----------
    data
        what `load` gives.
    area
        name or code of a unit, or a list: the rows of each, one below the other.
    as_of
        the day from which targets count; None is today, or the last day of the unit.

    Returns
    -------
    DataFrame
        One row a target date, with ``on``, ``level``, ``relation``, ``rate``, ``population``, ``people_needed``,
        ``to_add`` (people, on the line before), ``total_to_add``, ``share_of_gain``, ``points`` (rise of the rate),
        ``insured_now``, ``now_as_of``, ``population_as_of``, ``population_status``, ``instrument``, ``status``. A unit
        without own targets has the rows of the nearest unit above that has any, whose kind is ``level``. A unit without
        any figure has the targets that are not past on the day ``as_of``, today or its own last day, if there are any;
        else the last one.

    Raises
    ------
    BhytError
        for an unknown area.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> target_steps(load(), "Sơn Dương")["to_add"].tolist()
    [10028, 1641, 912, 182]
    """
    table: pd.DataFrame = area_view(data, area, as_of).result(_target_steps)
    return table.copy()


def _target_steps(view: AreaView) -> pd.DataFrame:
    code, data = view.code, view.data
    now = coverage(data, code).iloc[0]
    counted, rated = pd.notna(now["insured"]), pd.notna(now["rate"])
    rows = nearest_targets(binding_targets(data, code)).drop_duplicates("on", keep="first")
    has_figure = counted or pd.notna(now["rate_low"])
    if has_figure:  # a target in the past of the figures is no step to come
        rows = rows[rows["on"] > now["as_of"]]
    elif (ahead := rows["on"].map(lambda on: _is_ahead(on, view)).astype(bool)).any():
        rows = rows[ahead]
    else:  # all are past: the last one says most
        rows = rows.tail(1)
    start_day = now["as_of"] if has_figure else (rows["on"].min() if len(rows) else None)
    count = population_at(data.geography, data.population, code, start_day)
    if rows.empty or count is None or count.people == 0:
        return pd.DataFrame(columns=STEP_COLUMNS)
    insured = int(now["insured"]) if counted else round(float(now["rate"]) * count.people) if rated else None
    people = [people_needed(count.people, r, rel) for r, rel in zip(rows["rate"], rows["relation"], strict=True)]
    targets = pd.array(people, dtype="Int64")
    table = rows.assign(population=count.people, people_needed=people)
    table["insured_now"] = pd.array([insured] * len(table), dtype="Int64")
    table["to_add"] = targets - pd.array([insured, *people[:-1]], dtype="Int64")
    table["total_to_add"] = targets - table["insured_now"].array
    gain = None if insured is None else people[-1] - insured
    table["share_of_gain"] = [float(a) / gain if gain and pd.notna(a) else float("nan") for a in table["to_add"]]
    starts = [insured / count.people if insured is not None else float("nan"), *rows["rate"].tolist()[:-1]]
    table["points"] = rows["rate"].to_numpy() - starts
    table["now_as_of"] = now["as_of"] if insured is not None else pd.NaT
    table["population_as_of"], table["population_status"] = count.as_of, count.status
    # People of one year compared with a rate of another are an estimate.
    rate_day = pd.Timestamp(rows["on"].min() if insured is None else now["as_of"])
    same_year = "derived" if rate_day.year == count.as_of.year else "estimated"
    table["status"] = derived_quality(now["status"], count.status, same_year)
    return table[STEP_COLUMNS].reset_index(drop=True)


def _is_ahead(day: pd.Timestamp, view: AreaView) -> bool:
    """Return whether a day is not before that of the view; without one, that of the unit's end, or else today."""
    until = view.unit.until
    if view.as_of is not None:
        return day >= view.as_of
    return (until is not None and day >= until) or not clock.is_past(day)
