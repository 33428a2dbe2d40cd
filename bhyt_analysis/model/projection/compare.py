"""Compare scenarios with one of them, in people, percentage points and VND."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import parse_month
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.simulate import MONEY, check_simulated, without_groups

KEYS = ["scenario", "result", "area"]
MORE = [f"{m}_more" for m in MONEY]
COLUMNS = ["scenario", "result", "area", "name", "on", "insured", "rate", "people", "points", "person_years", *MORE]
COLUMNS += ["vnd_public_more", "vnd_per_additional", "proposal", "status", "baseline", "insured_unknown_group"]


@result_table
def compare(simulated: pd.DataFrame, baseline: str | None = None, on: str | pd.Timestamp | None = None) -> pd.DataFrame:
    """Compare scenarios on a day, as differences to one of them.

    Parameters
    ----------
    simulated
        what `simulate` gives for several scenarios of the same areas.
    baseline
        the name of the scenario to compare with; by default the first.
    on
        the month; by default the last that all have.

    Returns
    -------
    DataFrame
        One row a ``scenario``, ``result`` and ``area`` (``name``): ``insured`` and ``rate`` on the day ``on``; against
        the baseline ``people`` and ``points`` (of the rate; 0.01 is one point) on that day; ``person_years`` of cover
        and VND by payer (``vnd_central_more``, ``vnd_province_more``, ``vnd_social_security_fund_more``,
        ``vnd_employer_more``, ``vnd_household_more``) added up from the first common month to that day;
        ``vnd_public_more`` (central and province), ``vnd_per_additional`` (public VND for one more person insured for a
        year; missing where the scenario adds no cover), ``proposal`` (whether either is not in force), ``status``,
        ``baseline``, ``insured_unknown_group`` (people of whose group nothing is known). Costs count the people whose
        cost is known, and are missing where the two know that of others.

    Raises
    ------
    BhytError
        for a baseline or a month that the table does not have.

    Examples
    --------
    >>> months = bhyt.simulate(bhyt.load(), "Sơn Dương", [bhyt.Scenario("one"), bhyt.Scenario("two")], draws=0)
    >>> compare(months, on="2022-12-31").set_index(["scenario", "result"])["people"].loc["two"].tolist()
    [0, 0]
    """
    check_simulated(simulated)
    names = simulated["scenario"].drop_duplicates().tolist()
    baseline = names[0] if baseline is None else baseline
    if baseline not in names:
        raise BhytError(("error.no_scenario", {"found": baseline, "known": ", ".join(names)}))
    months = _common_months(simulated, on)
    total = without_groups(simulated)
    total = total[total["month"].isin(months)]
    sums = total.groupby(KEYS, sort=False).agg(
        person_years=("insured", lambda s: s.sum() / 12),
        **{m: (m, "sum") for m in MONEY},
        status=("status", lowest_quality),
    )
    first, last = (total[total["month"] == m].set_index(KEYS) for m in (months[0], months[-1]))
    table = last[["name", "insured", "rate", "proposal"]].join(sums).reset_index()
    own = pd.MultiIndex.from_frame(table[KEYS])
    reference = pd.MultiIndex.from_frame(table[KEYS].assign(scenario=baseline))
    other = table.set_index(KEYS).loc[reference].reset_index()

    table = table.assign(on=months[-1], baseline=baseline, people=table["insured"] - other["insured"])
    table["points"] = table["rate"] - other["rate"]
    table["person_years"] -= other["person_years"]
    table["proposal"] |= other["proposal"]
    table[MORE] = table[MONEY].to_numpy() - other[MONEY].to_numpy()
    # Where one side knows the cost of more people than the other, such as of people whose income or group
    # is known on one side only, the two can't be compared.
    uncosted = first["insured"] - first["insured_costed"]
    table.loc[uncosted.loc[own].to_numpy() != uncosted.loc[reference].to_numpy(), MORE] = np.nan
    table["insured_unknown_group"] = first["insured_unknown_group"].loc[own].to_numpy()
    table["vnd_public_more"] = table["vnd_central_more"] + table["vnd_province_more"]
    added = table["person_years"].where(table["person_years"] > 0)
    table["vnd_per_additional"] = (table["vnd_public_more"] / added).where(table["vnd_public_more"] >= 0)
    return table[COLUMNS]


def _common_months(simulated: pd.DataFrame, on: str | pd.Timestamp | None) -> list[pd.Timestamp]:
    """Return the months that all scenarios have, up to a day."""
    shared = sorted(set.intersection(*(set(months) for _, months in simulated.groupby("scenario")["month"])))
    if not shared:
        raise BhytError(("error.no_month", {"on": on, "first": None, "last": None}))
    day = shared[-1] if on is None else pd.Timestamp(parse_month(on))
    if day not in shared:
        raise BhytError(("error.no_month", {"on": day, "first": shared[0], "last": shared[-1]}))
    return [month for month in shared if month <= day]
