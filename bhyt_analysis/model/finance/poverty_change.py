"""Count what a change in the number of poor and near-poor people does to cards and budgets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.distribution.rounding import round_half_up
from bhyt_analysis.model.finance.budget import PAYERS, monthly_prices
from bhyt_analysis.model.finance.premiums import MONTHS

SUPPORTERS = ("central", "province", "household")
COLUMNS = ["area", "group", "on", "insured", "change", "after"]
COLUMNS += [*(f"vnd_{payer}_more" for payer in SUPPORTERS), "status"]


@result_table
def poverty_change(
    data: Dataset, area: str, law: Law, changes: Mapping[str, float], on: DateLike = "2027-01-01"
) -> pd.DataFrame:
    """Return the cards by group, and their cost in a year, if the number of people in some groups changes on a day.

    From 1 January 2027 another poverty line counts who is poor and near-poor (`policy_facts`). How many more or fewer
    they will be is not known: it is what the analyst enters. Nor is known who of them holds a card of another group
    today, so coverage does not follow from it: between none and all of the increase may be newly insured.

    ``changes``: the change of each group's people as a share of them, such as {"poor": 0.1, "near_poor": -0.05};
    ``on``: the first day. The last counts before it are taken. Returns one row a group: ``area``, ``group``, ``on``,
    ``insured`` (people at the last count), ``change``, ``after`` (whole people), ``vnd_central_more``,
    ``vnd_province_more`` and ``vnd_household_more`` (VND in twelve months at the law of that day), ``status``. Missing
    where the group has no count. Raises BhytError for groups that there are not, and for a change below -1.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = poverty_change(load(), "Sơn Dương", Law.read(), {"poor": 0.1})
    >>> table[["insured", "change", "vnd_central_more"]].to_numpy().tolist()
    [[4154, 415, 566973000.0]]
    """
    if unknown := sorted(set(changes) - set(groups().index)):
        raise BhytError(("error.unknown_group", {"found": ", ".join(unknown)}))
    if wrong := [group for group, change in changes.items() if not -1 <= change < np.inf]:
        raise BhytError(("error.poverty_change", {"found": ", ".join(wrong)}))
    view, day = area_view(data, area), parse_date(on)
    counted = coverage(limit_to_date(view.data, day), view.code, by=["subgroup"]).set_index("subgroup")
    rows = []
    prices = monthly_prices(law, [pd.Timestamp(day)], list(changes), view.data.geography.places(view.code, day))[:, 0]
    for (group, change), price in zip(changes.items(), prices, strict=True):
        insured = counted["insured"].get(group, np.nan)
        more = np.floor(insured * change + 0.5) if pd.notna(insured) else np.nan
        vnd = {f"vnd_{p}_more": round_half_up(price[PAYERS.index(p)] * MONTHS * more) for p in SUPPORTERS}
        status = derived_quality(counted["status"].get(group, "derived"), "estimated")
        row = {"area": view.code, "group": group, "on": pd.Timestamp(day), "insured": insured, "change": more}
        rows.append({**row, "after": insured + more, **vnd, "status": status})
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(("insured", "change", "after"), "Int64"))
