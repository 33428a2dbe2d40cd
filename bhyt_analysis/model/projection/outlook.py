"""Where does a projection stand on a day: who is insured, who is not, how did it come to that, at whose cost?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import add_population, communes, unit_name
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.distribution.rounding import round_half_up
from bhyt_analysis.model.projection.after_loss import after_loss
from bhyt_analysis.model.projection.baseline import Baseline
from bhyt_analysis.model.projection.cohort import Floats
from bhyt_analysis.model.projection.projection import Projection, insured_people
from bhyt_analysis.model.projection.simulate import MONEY, QUANTILES, RESULTS


def add_intervals(table: pd.DataFrame, of: Projection, path: Floats) -> pd.DataFrame:
    """The months of a projection with the intervals of the whole area, where those of its groups are not wanted.

    Parameters
    ----------
    table : what `table_of` gives of the projection for the area with no draws.
    path : the coverage drawn (what `rates` gives).

    Returns
    -------
    The rows of group "all" of ``table``; of the behavioural ones ``rate_low`` to ``rate_high`` are
    as `simulate` tells them.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import project_area, projection_table
    >>> of = project_area(load(), "Lục Ngạn", Scenario("861", decision="861"))
    >>> from bhyt_analysis.model.projection.assumptions import draw_assumptions
    >>> from bhyt_analysis.model.projection.uncertainty import area_rates
    >>> whole = add_intervals(projection_table(of), of, area_rates(of, draw_assumptions(of.assumptions, 200, 1)))
    >>> same = projection_table(of, draws=200, seed=1).query("group == 'all' and result == 'behavioural'")
    >>> bool(np.isclose(whole.loc[same.index, "rate_low"], same["rate_low"]).all())
    True
    """
    whole = table[table["group"] == "all"].copy()
    rows = whole["result"] == "behavioural"
    for name, bound in zip(
        QUANTILES, np.quantile(path[:, of.report_index :], list(QUANTILES.values()), axis=0), strict=True
    ):
        whole.loc[rows, name] = bound
    return whole


def outlook(months: pd.DataFrame, on: str | pd.Timestamp) -> pd.DataFrame:
    """Where an area stands at the end of a month, and what that calendar year costs each payer.

    Parameters
    ----------
    months : what `simulate` gives for one scenario and area.
    on : a day of the month.

    Returns
    -------
    DataFrame, one row a ``result``: ``on`` (the month's end), ``people``, ``insured``,
    ``uninsured``, ``rate``, ``rate_low``, ``rate_high``, ``year`` and ``months`` (of it
    that lie after the start; the count itself costs nothing), VND of those months by
    payer, ``costed`` (share of the insured whose cost is known), ``proposal``, ``status``.

    Raises
    ------
    BhytError
        for a month that the table does not hold.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import simulate
    >>> months = simulate(load(), "Lục Ngạn", Scenario("861", decision="861"), draws=0)
    >>> table = outlook(months, "2021-12-31").set_index("result")
    >>> table.loc["static", ["people", "insured", "uninsured", "months"]].tolist()
    [226540, 178630, 47910, 6]
    """
    whole = months[months["group"] == "all"]
    day = pd.Timestamp(on) + pd.offsets.MonthEnd(0)
    if day not in set(whole["month"]):
        fields = {"on": day, "first": whole["month"].min(), "last": whole["month"].max()}
        raise BhytError(("error.no_month", fields))
    of_year = whole[(whole["month"].dt.year == day.year) & (whole["month"] > whole["month"].min())]
    paid = of_year.groupby("result")[[*MONEY, "insured_costed", "insured"]].sum()
    kept = ["result", "people", "insured", "rate", "rate_low", "rate_high", "proposal", "status"]
    rows = whole.loc[whole["month"] == day, kept].set_index("result").reindex(RESULTS)
    costed = paid["insured_costed"] / paid["insured"]
    told = {"on": day, "uninsured": rows["people"] - rows["insured"], "year": day.year, "costed": costed}
    rows = rows.join(paid[MONEY]).assign(**told, months=of_year["month"].nunique())
    columns = ["on", "people", "insured", "uninsured", "rate", "rate_low", "rate_high", "year", "months", *MONEY, "costed", "proposal", "status"]  # fmt: skip
    return rows[columns].reset_index()


def coverage_steps(
    of: Projection, months: pd.DataFrame, on: str | pd.Timestamp, result: str = "behavioural"
) -> pd.DataFrame:
    """The people insured at the start, what changed them, and those insured at the end of a month.

    Returns
    -------
    DataFrame with ``step`` ("start", "lost", "gained", "back", "other", "end"),
    ``people`` (levels, and changes with their sign, that add up), ``kind`` ("level" or
    "change"), ``on``, ``status``. "back" are those of the lost who are insured at the
    end, "other" all who came or went otherwise (price, outreach, growth). Steps without
    anybody are left out.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import project_area, projection_table
    >>> of = project_area(load(), "Lục Ngạn", Scenario("861", decision="861"))
    >>> table = coverage_steps(of, projection_table(of), "2021-12-31", "static")
    >>> dict(zip(table["step"], table["people"].tolist()))
    {'start': 224275, 'lost': -46106, 'back': 461, 'end': 178630}
    """
    rows = months[(months["group"] == "all") & (months["result"] == result)].set_index("month")
    day, first = pd.Timestamp(on) + pd.offsets.MonthEnd(0), rows.index.min()
    start, end = int(rows.at[first, "insured"]), int(rows.at[day, "insured"])
    leaving = of.baseline.exits
    inside = leaving[(leaving["on"] > first) & (leaving["on"] <= day) & (leaving["gained"] > 0)]
    gained = int(inside["gained"].sum())
    followed = after_loss(of, results=[result]).set_index("month") if len(leaving) else pd.DataFrame()
    lost = back = 0
    if day in followed.index:
        before = followed.loc[first] if first in followed.index else None
        then = followed.loc[day]
        lost = round(float(then["lost"]) - (0.0 if before is None else float(before["lost"])))
        without = float(then["uninsured"]) - (0.0 if before is None else float(before["uninsured"]))
        back = int(round_half_up(lost - without))
    told = {"start": start, "lost": -lost, "gained": gained, "back": back}
    told |= {"other": end - sum(told.values()), "end": end}
    table = pd.DataFrame({"step": list(told), "people": list(told.values())})
    level = table["step"].isin(["start", "end"])
    table = table[level | (table["people"] != 0)]
    status = [rows.at[first, "status"], *[lowest_quality("estimated", rows.at[day, "status"])] * (len(table) - 1)]
    days = [first, *[day] * (len(table) - 1)]
    return table.assign(kind=np.where(level[table.index], "level", "change"), on=days, status=status).reset_index(drop=True)  # fmt: skip


def communes_at_baseline(data: Dataset, start: Baseline, moved: pd.DataFrame) -> pd.DataFrame:
    """Each commune of an area: its people, its zones, who loses and who gains by a decision.

    Parameters
    ----------
    moved : what `reclassify` gives of the area for the decision; empty without one.

    Returns
    -------
    DataFrame, one row a commune: ``area``, ``name``, ``zone_before``, ``zone_after``,
    ``population``, ``lost``, ``gained``, ``lost_share`` (of the population), ``status``.
    What is not known is missing.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.law.law import Law
    >>> from bhyt_analysis.model.reclassification.reclassify import reclassify
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.baseline import build_baseline
    >>> data = load()
    >>> start = build_baseline(data, "Lục Ngạn", Scenario("861", decision="861"), Law.read())
    >>> table = communes_at_baseline(data, start, reclassify(data, "861", "Lục Ngạn"))
    >>> len(table), int(table["lost"].sum()), int(table["lost"].notna().sum())
    (30, 46106, 14)
    """
    code, data = select_unit(data, start.area)
    codes = communes(data.areas, code, start.day)
    table = pd.DataFrame({"area": codes, "as_of": start.day})
    table = add_population(table, data.areas, data.population).rename(columns={"population": "counted"})
    table["name"] = [unit_name(data.areas, c, start.day) for c in codes]
    columns = ["zone_before", "zone_after", "population", "lost", "gained"]
    told = moved.drop_duplicates("area").set_index("area").reindex(codes)
    table = table.join(told[[*columns, "status"]], on="area")
    table[["zone_before", "zone_after"]] = table[["zone_before", "zone_after"]].fillna("")
    table["population"] = table["population"].fillna(table["counted"]).astype("Int64")
    table["lost_share"] = table["lost"].astype("float64") / table["population"].astype("float64")
    pairs = zip(table["status"], table["population_status"], strict=True)
    table["status"] = [derived_quality([s for s in pair if isinstance(s, str) and s]) for pair in pairs]
    return table[["area", "name", *columns, "lost_share", "status"]].astype({"lost": "Int64", "gained": "Int64"})


def communes_in_month(at_start: pd.DataFrame, of: Projection, on: str | pd.Timestamp) -> pd.DataFrame:
    """The communes with their coverage at the end of a month, with take-up.

    Parameters
    ----------
    at_start : what `communes_at_baseline` gives.

    Returns
    -------
    A new DataFrame: the columns of ``at_start`` and ``insured``, ``uninsured`` (people),
    ``rate``; missing where the cards of communes are not told.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.reclassification.reclassify import reclassify
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import project_area, projection_table
    >>> data, scenario = load(), Scenario("861", decision="861")
    >>> of = project_area(data, "X001", scenario)
    >>> table = communes_in_month(
    ...     communes_at_baseline(data, of.baseline, reclassify(data, "861", "X001")), of, "2021-06-30"
    ... )
    >>> int(table["insured"].sum()) == int(of.baseline.insured.sum())
    True
    """
    missing = {"insured": pd.array([None] * len(at_start), dtype="Int64"), "rate": float("nan")}
    table = at_start.assign(**missing, uninsured=missing["insured"])
    if len(of.baseline.units) > 1:
        day = pd.Timestamp(on) + pd.offsets.MonthEnd(0)
        t = of.months.index(day)
        insured = np.floor(insured_people(of, by_group=False, months=[t])[0, :, 0] + 0.5)
        people = np.floor(of.people[:, t] + 0.5)
        told = pd.DataFrame({"insured": insured, "uninsured": people - insured}, index=of.baseline.units["area"]).loc[table["area"]]  # fmt: skip
        counted = ["estimated", *of.baseline.exits["status"]] if t != of.baseline_index else []
        status = of.baseline.units.set_index("area").loc[table["area"], "status"]
        table[["insured", "uninsured"]] = told.astype("Int64").to_numpy()
        table["rate"] = told["insured"].to_numpy() / told.sum(axis=1).to_numpy()
        table["status"] = [derived_quality(s, u, counted) for s, u in zip(table["status"], status, strict=True)]
    return table
