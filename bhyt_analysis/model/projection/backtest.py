"""How near does the model come to what was published? The misses stay on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import default_decision
from bhyt_analysis.domain.geography import find_unit, unit_name
from bhyt_analysis.domain.printed_figures import published_rates
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import Values, assumptions, central_values, draw_assumptions
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import project_area
from bhyt_analysis.model.projection.uncertainty import area_rates
from bhyt_analysis.model.reclassification.reclassify import unit_losses
from bhyt_analysis.model.reclassification.take_up import reenrolment

COLUMNS = ["case", "area", "name", "figure", "on", "relation", "published", "model", "low", "high", "unit", "verdict", "basis", "source"]  # fmt: skip
Row = dict[str, Any]


def backtest(data: Dataset | None = None, law: Law | None = None, draws: int = 1000, seed: int = 1) -> pd.DataFrame:
    """The model against every published figure that can be set against it.

    Nothing is fitted to these figures. What goes in is told in ``basis`` (a key of the
    table of words); what was published after the fact is only compared.

    Parameters
    ----------
    data : Dataset; by default the bundled one, of which the cases are.
    law : by default the bundled law.
    draws, seed : of the intervals.

    Returns
    -------
    DataFrame, one row a case: ``case`` (luc_ngan, son_duong, yen_bai, viet_nam,
    hoa_binh), ``area``, ``name``, ``figure`` (coverage, reenrolled, lost), ``on``,
    ``relation``, ``published``, ``model``, ``low``, ``high`` (90% of draws), ``unit``
    (share or people), ``verdict`` ("within" the interval, "consistent" with a bound,
    "high" or "low" for a miss, "no_data" where the model lacks what it needs),
    ``basis``, ``source``.

    Examples
    --------
    >>> table = backtest(draws=200)
    >>> table["case"].tolist()
    ['luc_ngan', 'son_duong', 'yen_bai', 'viet_nam', 'hoa_binh']
    """
    data, law = load() if data is None else data, Law.read() if law is None else law
    rows: list[Row] = []
    for case in (_luc_ngan, _son_duong, _yen_bai, _viet_nam, _hoa_binh):
        rows += case(data, law, draws, seed)
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(case: str, data: Dataset, code: str, figure: str, on: Any, told: Row, drawn_values: np.ndarray, model: float, basis: str) -> Row:  # fmt: skip
    low, high = (float(q) for q in np.quantile(drawn_values, [0.05, 0.95]))
    return {
        "case": case, "area": code, "name": unit_name(data.areas, code, on), "figure": figure, "on": on,
        "relation": told["relation"], "published": told["value"], "model": model, "low": low, "high": high,
        "unit": told["unit"], "verdict": _verdict(told["relation"], told["value"], low, high),
        "basis": basis, "source": told["source"],
    }  # fmt: skip


def _verdict(relation: str, published: float, low: float, high: float) -> str:
    """Where a published figure lies against the interval of the model."""
    if relation in (">", ">="):
        return "consistent" if high >= published else "low"
    if relation == "<":
        return "consistent" if low < published else "high"
    if low <= published <= high:
        return "within"
    return "high" if low > published else "low"


def _luc_ngan(data: Dataset, law: Law, draws: int, seed: int) -> Iterator[Row]:
    """Three weeks after the loss, with the Party committee's door-to-door drive (directive 05-CT/HU)."""
    code = _code(data, "Huyện Lục Ngạn")
    told = _after(data, code)
    if told is None:
        return
    drive = Scenario(
        "drive",
        decision=default_decision(data, code) or "",
        start=pd.Timestamp("2021-06-30"),
        assumption_ranges={"outreach": (2, 2, 2)},
    )
    of = project_area(data, code, drive, law)
    t = of.months.index(told["on"] + pd.offsets.MonthEnd(0))
    many = area_rates(of, draw_assumptions(of.assumptions, draws, seed))[:, t]
    yield _row("luc_ngan", data, code, "coverage", told["on"], told, many, float(area_rates(of, central_values(of.assumptions))[0, t]), "basis.luc_ngan")  # fmt: skip


def _after(data: Dataset, code: str) -> Row | None:
    """The first rate printed after the loss."""
    losses = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == default_decision(data, code))]
    printed = published_rates(data, code)
    if losses.empty or printed.empty:
        return None
    later = printed[(printed["as_of"] > losses["on"].iloc[0]) & printed["rate"].notna()]
    if later.empty:
        return None
    row = later.iloc[0]
    return {"on": row["as_of"], "relation": row["relation"], "value": float(row["rate"]), "unit": "share", "source": row["source"]}  # fmt: skip


def _son_duong(data: Dataset, law: Law, draws: int, seed: int) -> Iterator[Row]:
    """The least that must be back by the end of 2021, by the district's own figures."""
    code = _code(data, "Huyện Sơn Dương")
    for row in reenrolment(data, code).to_dict("records"):
        many, middle = _back(law, row["on"], row["as_of"], draws, seed, 1)
        told = {"relation": ">=", "value": row["low"], "unit": "share", "source": data.losses.set_index("area").at[code, "source"]}  # fmt: skip
        yield _row("son_duong", data, code, "reenrolled", row["as_of"], told, many, middle, "basis.son_duong")


def _yen_bai(data: Dataset, law: Law, draws: int, seed: int) -> Iterator[Row]:
    """From 97.3% to 76.8% in July 2021: where is coverage 19 months later under ordinary outreach?"""
    code = _code(data, "Tỉnh Yên Bái")
    printed = published_rates(data, code)
    if len(printed) < 3:
        return
    before, after, later = (printed.iloc[i] for i in (0, 1, -1))
    first, _ = _back(law, after["as_of"], after["as_of"], draws, seed, 1, raw=True)
    many, _ = _back(law, after["as_of"], later["as_of"], draws, seed, 1, raw=True)
    fall = (before["rate"] - after["rate"]) / (1 - first)  # some were back before the month ended
    path = after["rate"] + fall * (many - first)
    told = {"relation": later["relation"], "value": float(later["rate"]), "unit": "share", "source": later["source"]}
    yield _row("yen_bai", data, code, "coverage", later["as_of"], told, path[1:], float(path[0]), "basis.yen_bai")


def _back(law: Law, on: Any, until: Any, draws: int, seed: int, outreach: float, raw: bool = False) -> Any:
    """The share of those who lost a card that is insured again: draws and the central value."""
    table = assumptions({"outreach": (outreach,) * 3})
    months = list(pd.date_range(pd.Timestamp(on) - pd.offsets.MonthEnd(1), pd.Timestamp(until) + pd.offsets.MonthEnd(0), freq="ME"))  # fmt: skip
    if len(months) == 1:
        months.append(months[0] + pd.offsets.MonthEnd(1))
    leaves = 1
    of = cohort.pool_entitlements(law, months, leaves, "decree 75")
    found = []
    for values in (central_values(table), draw_assumptions(table, draws, seed)):
        way = cohort.reenrolment_shares(values, of, months, leaves, table["at_share"])
        found.append((way.insured[:, :, -1] * _pool(values)).sum(axis=1))
    return (np.concatenate(found), None) if raw else (found[1], float(found[0][0]))


def _pool(values: Values) -> np.ndarray:
    return cohort.pool_shares(values, values["minority_share"])


def _viet_nam(data: Dataset, law: Law, draws: int, seed: int) -> Iterator[Row]:
    """The fall of minority cards by April 2022, from the counts of communes in zones II and III alone."""
    printed = data.published[data.published["figure"] == "state_paid_minority_fall"]
    zones = ["zone_II", "zone_III"]
    decisions = data.decisions[data.decisions["area"] == "VN"].dropna(subset=zones).sort_values("since").tail(2)
    luc_ngan = _code(data, "Huyện Lục Ngạn")
    known = unit_losses(data, default_decision(data, luc_ngan) or "", luc_ngan)
    if printed.empty or len(decisions) < 2 or known.empty:
        return
    before, after = decisions[zones].sum(axis=1)
    left = float(before - after)
    census = data.population[(data.population["status"] == "census") & (data.population["people"] < 50_000)]
    mean = float(census["people"].mean())
    share = float(known["lost"].sum() / known["population"].sum())  # of the residents of communes that left
    table = assumptions()
    many = draw_assumptions(table, draws, seed)["minority_share"] * left * mean * share
    middle = float(table.at["minority_share", "central"]) * left * mean * share
    row = printed.iloc[0]
    figure = {"relation": row["relation"], "value": float(row["value"]), "unit": "people", "source": row["locator"]}
    yield _row("viet_nam", data, "VN", "lost", pd.Timestamp(row["as_of"]), figure, many, middle, "basis.viet_nam")


def _hoa_binh(data: Dataset, law: Law, draws: int, seed: int) -> Iterator[Row]:
    """A forecast of the province's press; its communes, zones and cards were found nowhere."""
    for row in data.published[data.published["figure"].str.startswith("people_lost_decision_")].to_dict("records"):
        if row["document"] != "observed":
            continue
        on = pd.Timestamp(row["as_of"])
        yield {
            "case": "hoa_binh", "area": row["area"], "name": unit_name(data.areas, row["area"], on), "figure": "lost",
            "on": on, "relation": row["relation"], "published": float(row["value"]), "model": np.nan, "low": np.nan,
            "high": np.nan, "unit": "people", "verdict": "no_data", "basis": "basis.hoa_binh", "source": row["locator"],
        }  # fmt: skip


def _code(data: Dataset, name: str) -> str:
    return find_unit(data.areas, name)
