"""What does a policy do, month by month: who is insured, under which title, at whose cost?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word
from bhyt_analysis.ingest.loader import read_table
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import LawError
from bhyt_analysis.model.distribution.rounding import largest_remainders, round_half_up
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection import cohort
from bhyt_analysis.model.projection.assumptions import draw_assumptions
from bhyt_analysis.model.projection.baseline import GROUPS, Baseline, build_baseline
from bhyt_analysis.model.projection.cohort import Floats
from bhyt_analysis.model.projection.projection import (
    HOUSEHOLD,
    Projection,
    commune_rates,
    count_correction,
    insured_people,
    project,
    sum_by_block,
)
from bhyt_analysis.model.projection.scenario import Scenario

RESULTS = ("static", "behavioural")
BREAKDOWNS = ("commune", "group")
MONEY = [f"vnd_{p}" for p in PAYERS]
COLUMNS = ["scenario", "result", "area", "name", "month", "group", "people", "insured", "rate", "rate_low", "rate_high"]
COLUMNS += [
    "rate_median",
    "rate_inner_low",
    "rate_inner_high",
    *MONEY,
    "insured_costed",
    "proposal",
    "reforms",
    "status",
]
MOST_DRAWS = 100_000  # the intervals of one area then take some gigabytes
QUANTILES = {"rate_low": 0.05, "rate_inner_low": 0.25, "rate_median": 0.5, "rate_inner_high": 0.75, "rate_high": 0.95}


def simulate(
    data: Dataset,
    area: str,
    scenario: Scenario | Sequence[Scenario] | None = None,
    law: Law | None = None,
    by: Sequence[str] = (),
    draws: int = 1000,
    seed: int | None = None,
) -> pd.DataFrame:
    """Coverage and budget month by month under one scenario or several, static and behavioural.

    Parameters
    ----------
    data : Dataset.
    area : name or code.
    scenario : one or more; by default the law in force with nothing decided. Those that name
        no start begin on the same day.
    law : the law that the reforms are laid over; by default the bundled one.
    by : "commune" for the rows of every commune where all communes tell their cards,
        "group" for their groups too (an area alone always has its groups).
    draws : how often the assumptions are drawn for the intervals; 0 gives none.
    seed : of the draws; by default the scenario's own.

    Returns
    -------
    DataFrame, one row a ``scenario``, ``result`` ("static": nobody acts; "behavioural":
    with take-up), ``area``, ``name``, ``month`` (its end) and ``group`` (the groups of a
    projection, and "all"), with ``people``, ``insured`` (whole people; the groups add up
    to "all"), ``rate`` (of all people), ``rate_low`` and ``rate_high`` (90% of draws),
    ``rate_inner_low`` and ``rate_inner_high`` (50%), ``rate_median``, then VND of the
    month by payer (``vnd_central``, ``vnd_province``, ``vnd_social_security_fund``,
    ``vnd_employer``, ``vnd_household``), ``insured_costed`` (people whose cost is in
    them: employees and pensioners only where a scenario tells their income), ``proposal``
    (whether a reform in it is not in force), ``reforms`` (their files), ``status``.

    Raises
    ------
    BhytError
        for an unknown area, one without figures to start from, a decision whose losses
        are not known there, or a number of draws that can't be.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = simulate(load(), "Sơn Dương", draws=0)
    >>> table.query("group == 'all' and result == 'static'")["insured"].iloc[0]
    np.int64(155163)
    """
    if unknown := [b for b in by if b not in BREAKDOWNS]:
        raise BhytError(("error.unknown_by", {"found": ", ".join(unknown), "expected": ", ".join(BREAKDOWNS)}))
    check_draws(draws)
    chosen = [scenario] if isinstance(scenario, Scenario) or scenario is None else list(scenario)
    policies = [Scenario.current_law() if one is None else one for one in chosen]
    found = [project_area(data, area, policy, law) for policy in policies]
    # Scenarios that name no start begin alike, on the earliest day that one of them needs.
    day = min(of.baseline.day for of in found)
    tables = []
    for policy, of in zip(policies, found, strict=True):
        if policy.start is None and of.baseline.day != day:
            of = project_area(data, area, dataclasses.replace(policy, start=day), law)
        by_group = "commune" not in by or "group" in by
        tables.append(projection_table(of, "commune" in by, draws, policy.seed if seed is None else seed, by_group))
    return pd.concat(tables, ignore_index=True)


def check_draws(draws: int) -> None:
    """A number of draws that memory holds, or a `BhytError`."""
    if not isinstance(draws, int) or not 0 <= draws <= MOST_DRAWS:
        raise BhytError(("error.draws", {"found": draws, "most": MOST_DRAWS}))


def project_area(data: Dataset, area: str, scenario: Scenario, law: Law | None = None) -> Projection:
    """A scenario over the figures of an area: what `simulate` makes its table of.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> of = project_area(load(), "Lục Ngạn", Scenario("861", decision="861"))
    >>> int(of.baseline.exits["lost"].sum()), len(of.unit_classes)
    (46106, 2)
    """
    law = Law.read() if law is None else law
    over = scenario.apply_to_law(law)
    check_reform_areas(over, data)
    start = build_baseline(data, area, scenario, over)
    return project(start, resolve_support_window(scenario, data, start, over), over)


def resolve_support_window(scenario: Scenario, data: Dataset, start: Baseline, law: Law) -> Scenario:
    """The scenario with the support_window of its decision where it names none itself.

    Of a decision that no table tells, exits since the law knows the support of Decree 188
    have its 36 months from their own day.
    """
    if scenario.support_window or not scenario.decision:
        return scenario
    # The State's decisions are the same for every input: those of the bundled data stand where the input tells none.
    tables = [data.decisions, read_table(bundled_path("data") / "decisions.csv", "decisions")]
    told = pd.concat([t.loc[t["decision"] == scenario.decision, "support_title"] for t in tables])
    support = next((s for s in told if s), "")
    later = cohort.SUPPORT_WINDOWS["decree 188"]
    known = law.table.loc[law.table["key"] == later, "since"].min()
    if not support and len(start.exits) and start.exits["on"].min().date() >= known:
        support = later
    support_window = next(c for c, key in cohort.SUPPORT_WINDOWS.items() if key == support)
    return dataclasses.replace(scenario, support_window=support_window)


def check_reform_areas(law: Law, data: Dataset) -> None:
    """The areas of reforms are known, to the bundled law or to the data; else a `LawError` with all that are not."""
    told = law.table[(law.table["layer"] > 0) & (law.table["area"] != "")].drop_duplicates(["file", "row"])
    if told.empty:
        return
    known = {*Law.read().table["area"], *data.areas["code"], *data.areas["name"]}
    folded = {normalise_name(strip_unit_word(k)) for k in known}
    odd = told[[normalise_name(strip_unit_word(a)) not in folded for a in told["area"]]]
    if len(odd):
        rows = odd.to_dict("records")
        raise LawError(*(("error.law_area", {"file": r["file"], "row": r["row"], "found": r["area"], "nearest": nearest_choice(r["area"], known) or "–"}) for r in rows))  # fmt: skip


def projection_table(
    of: Projection, by_commune: bool = False, draws: int = 0, seed: int = 1, by_group: bool = True
) -> pd.DataFrame:
    """The tidy table of a projection; see `simulate`."""
    units = of.baseline.units
    if by_commune and len(units) == 1:
        raise BhytError(("error.no_communes", {"name": of.baseline.name}))
    block = np.arange(len(units)) if by_commune else np.zeros(len(units), dtype=int)
    areas = (
        units[["area", "name"]]
        if by_commune
        else pd.DataFrame({"area": [of.baseline.area], "name": [of.baseline.name]})
    )
    people = sum_by_block(of.people, block)[:, of.report_index :]
    # Units of one block may lie under different law: each part is costed by its own, then added up.
    law_of = np.zeros(len(units), dtype=int)
    for i, kind in enumerate(of.unit_classes):
        law_of[kind.rows] = i
    pairs, part = np.unique(np.stack([block, law_of]), axis=1, return_inverse=True)
    whole = pairs[0]
    tables = []
    for result in RESULTS:
        insured = _whole(insured_people(of, result, None, part, months=range(of.report_index, len(of.months)))[0])
        bounds = _bounds(of, result, block, draws, seed, by_group=not by_commune) if draws else {}
        money, costed = cost_by_payer(of, insured, part, by_group)
        insured, money, costed = (_summed(a, whole) for a in (insured, money, costed))
        if not by_group:
            insured = insured.sum(axis=1, keepdims=True)
        tables.append(_rows(of, areas, people, insured, bounds, money, costed).assign(result=result))
    table = pd.concat(tables, ignore_index=True)
    named: dict[str, Any] = {"scenario": of.scenario.name, "proposal": of.scenario.is_proposal}
    named["reforms"] = "; ".join(f for r in of.scenario.reforms for f in dict.fromkeys(r.table["file"]))
    return table.assign(**named, status=_statuses(of, table))[COLUMNS]


def _summed(parts: Floats, whole: np.ndarray) -> Floats:
    """The parts of each block, added up."""
    out = np.zeros((int(whole.max()) + 1, *parts.shape[1:]))
    np.add.at(out, whole, parts)
    return out


def _whole(insured: Floats) -> Floats:
    """Whole people: in each month the groups add up to their rounded sum. Costs are those of whole people."""
    flat = insured.transpose(0, 2, 1).reshape(-1, insured.shape[1])
    whole = largest_remainders(flat, np.floor(flat.sum(axis=1) + 0.5))
    return whole.reshape(insured.shape[0], insured.shape[2], -1).transpose(0, 2, 1).astype("float64")


def _bounds(of: Projection, result: str, block: np.ndarray, draws: int, seed: int, by_group: bool) -> dict[str, Floats]:
    """The intervals of the rates by block, group (the sum last) and month; of communes only of the sum."""
    values = draw_assumptions(of.assumptions, draws, seed)
    months = range(of.report_index, len(of.months))
    if by_group:
        rates = (
            insured_people(of, result, values, block, months=months)
            / sum_by_block(of.people, block)[0, of.report_index :]
        )
        rates = np.concatenate([rates, rates.sum(axis=2, keepdims=True)], axis=2)
        # The errors of counts are no reason to insure more than everybody.
        rates = np.minimum(rates * count_correction(values)[:, None, None, None], 1.0)
        return {name: np.quantile(rates[:, 0], at, axis=0)[None] for name, at in QUANTILES.items()}
    out = {name: np.full((len(block), len(months)), np.nan) for name in QUANTILES}
    for rows, rates in commune_rates(of, values, result, months):
        found = np.quantile(rates, list(QUANTILES.values()), axis=0)
        for i, name in enumerate(QUANTILES):
            out[name][rows] = found[i]
    return {name: told[:, None] for name, told in out.items()}


def cost_by_payer(of: Projection, insured: Floats, block: np.ndarray, by_group: bool) -> tuple[Floats, Floats]:
    """What insured people cost each payer in each month shown, rounded half up to the đồng.

    ``insured`` (blocks, groups, months) people of the months shown. Returns VND (blocks,
    groups or their sum, months, payers), and the people whose cost is known.
    """
    kept = insured.shape[1] if by_group else 1
    vnd = np.zeros((len(insured), kept, insured.shape[2], len(PAYERS)))
    known = np.zeros((len(insured), kept, insured.shape[2]))
    weights = of.people[:, of.baseline_index]
    scale = sum_by_block((of.baseline.units["household_scale"].to_numpy() * weights)[:, None], block)[:, 0]
    scale = scale / sum_by_block(weights[:, None], block)[:, 0]
    for kind in of.unit_classes:
        blocks = np.unique(block[kind.rows])
        if not len(blocks):
            continue
        price = kind.price[:, of.report_index :]
        told, price = ~np.isnan(price).any(axis=2), np.nan_to_num(price)
        here = insured if len(blocks) == len(insured) else insured[blocks]
        dearer = here[:, HOUSEHOLD] * (scale[blocks, None] - 1)  # members after the first pay less
        for i in np.flatnonzero(price.any(axis=(0, 1))):
            if by_group:
                due = here * price[:, :, i]
                due[:, HOUSEHOLD] += dearer * price[HOUSEHOLD, :, i]
                vnd[blocks, :, :, i] = round_half_up(due)
            else:
                due = np.einsum("ngt,gt->nt", here, price[:, :, i]) + dearer * price[HOUSEHOLD, :, i]
                vnd[blocks, 0, :, i] = round_half_up(due)
        known[blocks] = here * told if by_group else np.einsum("ngt,gt->nt", here, told.astype(float))[:, None]
    return vnd, known


def _rows(
    of: Projection,
    areas: pd.DataFrame,
    people: Floats,
    insured: Floats,
    bounds: dict[str, Floats],
    money: Floats,
    costed: Floats,
) -> pd.DataFrame:
    """The rows of a table: areas, then months, then groups (if there are any) with their sum last."""
    names = [*GROUPS, "all"] if insured.shape[1] > 1 else ["all"]

    def tall(values: Floats) -> Floats:
        """(blocks, groups, months) with the sum of the groups, in the order of the rows."""
        whole = np.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1) if len(names) > 1 else values
        return whole.transpose(0, 2, 1).ravel()

    span = len(of.months) - of.report_index
    held = tall(insured)
    total = np.repeat(np.floor(people + 0.5).ravel(), len(names))
    columns: dict[str, Any] = {
        "area": np.repeat(areas["area"].to_numpy(), span * len(names)),
        "name": np.repeat(areas["name"].to_numpy(), span * len(names)),
        "month": np.tile(np.repeat(pd.DatetimeIndex(of.months[of.report_index :]), len(names)), len(areas)),
        "group": np.tile(names, len(areas) * span),
        "people": total.astype("int64"),
        "insured": held.astype("int64"),
        "rate": held / total,
    }
    for name in QUANTILES:
        columns[name] = bounds[name].transpose(0, 2, 1).ravel() if name in bounds else columns["rate"]
    for i, name in enumerate(MONEY):
        columns[name] = tall(money[..., i])
    columns["insured_costed"] = tall(costed).astype("int64")
    table = pd.DataFrame(columns)
    unpaid = (table["insured_costed"] == 0) & (table["insured"] > 0)
    table.loc[unpaid, MONEY] = np.nan  # a cost that is not known is not zero
    some = table.groupby("group")["insured"].transform("max") > 0
    return table[some | (table["group"] == "all")]


def _statuses(of: Projection, table: pd.DataFrame) -> pd.Series:
    """How well each row is known: the first month as well as its count; what is projected is at best estimated."""
    counted = derived_quality(of.baseline.units["status"])
    leaving = of.baseline.exits["status"] if len(of.baseline.exits) else []
    projected = derived_quality(counted, leaving, "estimated")
    first = (table["month"] == of.months[of.baseline_index]).to_numpy()
    # Without sizes of households the cost of those who pay for themselves is a guess, also where they are counted.
    guessed = table["group"].isin(["household", "all"]) & ~of.baseline.units["scale_known"].all()
    return pd.Series(np.where(first & ~guessed.to_numpy(), counted, projected), index=table.index)
