"""What does one scenario change against another, in people, points and VND?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.model.projection.baseline import UNKNOWN_GROUP
from bhyt_analysis.model.projection.simulate import MONEY

COLUMNS = ["scenario", "result", "area", "name", "on", "insured", "rate", "people", "points", "person_years"]
COLUMNS += [*(f"{m}_more" for m in MONEY), "vnd_public_more", "vnd_per_additional", "proposal", "status", "text"]


def compare(
    simulated: pd.DataFrame, baseline: str | None = None, on: str | pd.Timestamp | None = None, lang: str = "vi"
) -> pd.DataFrame:
    """Scenarios side by side on a day, as differences to one of them.

    Parameters
    ----------
    simulated : what `simulate` gives for several scenarios of the same areas.
    baseline : the name of the scenario to compare with; by default the first.
    on : the month, by default the last that all have.
    lang : of the column ``text``.

    Returns
    -------
    DataFrame, one row a scenario, result and area: ``insured`` and ``rate`` on the day;
    against the baseline ``people`` and ``points`` (of the rate; 0.01 is one point) on
    that day; ``person_years`` of cover and VND by payer (``vnd_central_more`` and so on)
    added up from the first common month to that day; ``vnd_public_more`` (central and
    province), ``vnd_per_additional`` (public VND for one more person insured for a year;
    missing where nobody is added), ``proposal`` (whether either is not in force),
    ``status``, and ``text``, which says so where a scenario changes nothing. Costs count
    the people whose cost is known, and are missing where the two know that of others.

    Raises
    ------
    BhytError
        for a baseline or a month that the table does not hold.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.projection.scenario import Scenario
    >>> from bhyt_analysis.model.projection.simulate import simulate
    >>> both = [Scenario("one"), Scenario("two")]
    >>> rows = compare(simulate(load(), "Sơn Dương", both, draws=0), on="2022-12-31", lang="en")
    >>> rows["text"].iloc[-1]
    '“two” changes nothing against “one” (up to 31 December 2022).'
    """
    names = simulated["scenario"].drop_duplicates().tolist()
    base = names[0] if baseline is None else baseline
    if base not in names:
        raise BhytError(("error.no_scenario", {"found": base, "known": ", ".join(names)}))
    rows = simulated[simulated["group"] == "all"]
    shared = sorted(set.intersection(*(set(m) for _, m in rows.groupby("scenario")["month"])))
    if not shared:
        raise BhytError(("error.no_month", {"on": on, "first": None, "last": None}))
    day = shared[-1] if on is None else pd.Timestamp(on) + pd.offsets.MonthEnd(0)
    if day not in shared:
        raise BhytError(("error.no_month", {"on": day, "first": shared[0], "last": shared[-1]}))
    rows = rows[rows["month"].isin(shared) & (rows["month"] <= day)]
    keys = ["scenario", "result", "area"]
    sums = rows.groupby(keys, sort=False).agg(person_years=("insured", lambda s: s.sum() / 12), **{m: (m, "sum") for m in MONEY}, status=("status", lowest_quality))  # fmt: skip
    last = rows[rows["month"] == day].set_index(keys)[["name", "insured", "rate", "proposal"]]
    table = last.join(sums).reset_index()
    reference = table[table["scenario"] == base].set_index(["result", "area"])
    same = reference.loc[pd.MultiIndex.from_frame(table[["result", "area"]])]
    out = table.assign(
        on=day,
        people=table["insured"] - same["insured"].to_numpy(),
        points=table["rate"] - same["rate"].to_numpy(),
        person_years=table["person_years"] - same["person_years"].to_numpy(),
        **{f"{m}_more": table[m] - same[m].to_numpy() for m in MONEY},
    )
    # Where one side knows the cost of more people than the other, as of those whose income or group only
    # one is told, the two can't be compared.
    first = rows[rows["month"] == shared[0]].set_index(keys)
    here, there = pd.MultiIndex.from_frame(table[keys]), pd.MultiIndex.from_frame(same.reset_index().assign(scenario=base)[keys])  # fmt: skip
    uncosted = first["insured"] - first["insured_costed"]
    out.loc[uncosted.loc[here].to_numpy() != uncosted.loc[there].to_numpy(), [f"{m}_more" for m in MONEY]] = np.nan
    out["proposal"] |= same["proposal"].to_numpy()
    hidden = simulated[(simulated["group"] == UNKNOWN_GROUP) & (simulated["month"] == shared[0])].set_index(keys)[
        "insured"
    ]
    unknown = hidden.reindex(here).fillna(0).to_numpy()
    out["vnd_public_more"] = out["vnd_central_more"] + out["vnd_province_more"]
    more = out["person_years"].where(out["person_years"] > 0)
    out["vnd_per_additional"] = (out["vnd_public_more"] / more).where(out["vnd_public_more"] >= 0)
    out["text"] = [_in_words(row, base, lang, int(n)) for row, n in zip(out.to_dict("records"), unknown, strict=True)]
    return out[COLUMNS]


def _in_words(row: dict, base: str, lang: str, hidden: int) -> str:
    fields = {"scenario": row["scenario"], "base": base, "on": row["on"]}
    if row["scenario"] == base:
        return translate("compare.base", lang, **fields)
    money = [row[f"{m}_more"] for m in MONEY]
    if row["people"] == 0 and row["person_years"] == 0 and not np.nan_to_num(money).any():
        return translate("compare.nothing_known" if hidden else "compare.nothing", lang, **fields, hidden=hidden)
    text = translate("compare.people", lang, **fields, people=row["people"], points=row["points"])
    if pd.notna(row["vnd_public_more"]):
        text += " " + translate("compare.public", lang, vnd=row["vnd_public_more"])
    if pd.notna(row["vnd_per_additional"]):
        text += " " + translate("compare.each", lang, vnd=row["vnd_per_additional"])
    return text
