"""Add up whose money a projection takes: VND by year, group and payer."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.model.projection.simulate import MONEY


@result_table
def yearly_costs(months: pd.DataFrame) -> pd.DataFrame:
    """Return the VND of each calendar year by group and payer, with take-up; the count itself costs nothing.

    ``months`` are what `simulate` gives for one area with its groups. Returns a DataFrame, one row a year and group:
    ``year``, ``months`` (of it), ``group``, ``insured`` (on average), VND by payer (missing where the cost of the group
    is not known), ``status``.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> months = bhyt.simulate(bhyt.load(), "Sơn Dương", draws=0)
    >>> costs = yearly_costs(months).set_index(["year", "group"])
    >>> costs.loc[(2022, "near_poor"), "vnd_central"] > costs.loc[(2022, "near_poor"), "vnd_household"]
    np.True_
    """
    rows = months[(months["result"] == "behavioural") & (months["group"] != "all") & (months["insured"] > 0)]
    rows = rows[rows["month"] > months["month"].min()]
    rows = rows.assign(year=rows["month"].dt.year)
    length = rows.groupby("year")["month"].nunique()
    sums = {"insured": ("insured", "sum"), "costed": ("insured_costed", "sum"), **{m: (m, "sum") for m in MONEY}}
    table = rows.groupby(["year", "group"], sort=False, as_index=False).agg(**sums, status=("status", lowest_quality))
    table["months"] = table["year"].map(length)
    table.loc[table["costed"] == 0, MONEY] = float("nan")
    table["insured"] = (table["insured"] / table["months"]).round().astype("int64")
    return table[["year", "months", "group", "insured", *MONEY, "status"]].sort_values("year", kind="stable")
