"""Add up whose money a projection takes: VND by year and payer, and by group where the months have groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.model.projection.simulate import MONEY, check_simulated, is_total

KEYS = ["scenario", "result", "area", "name", "year"]


@result_table
def yearly(months: pd.DataFrame) -> pd.DataFrame:
    """Return the VND of each calendar year by payer.

    The first month of a projection is the count it starts from and costs nothing: the year of a count at the end of
    June has six months.

    Parameters
    ----------
    months
        what `simulate` gives, with groups or without.

    Returns
    -------
    DataFrame
        One row a ``scenario``, ``result``, ``area`` (``name``), ``year``, and ``group`` where the months have groups:
        ``months`` (how many of the year are in it), ``insured`` (people, on average of its months), ``insured_costed``
        (of them, people whose cost is known), VND of the year by payer (``vnd_central``, ``vnd_province``,
        ``vnd_social_security_fund``, ``vnd_employer``, ``vnd_household``; missing where no cost is known), ``proposal``
        (whether a reform in it is not in force), ``reforms`` (their files), ``status``. No row is the sum of others.

    Examples
    --------
    >>> months = bhyt.simulate(bhyt.load(), "Sơn Dương", draws=0)
    >>> costs = bhyt.yearly(months).query("result == 'behavioural'").set_index("year")
    >>> costs.loc[2022, "months"], costs.loc[2022, "vnd_central"] > costs.loc[2022, "vnd_household"]
    (np.int64(12), np.True_)
    """
    check_simulated(months)
    by_group = "group" in months
    if by_group:
        months = months[~is_total(months)]
    keys = [*KEYS, *(["group"] if by_group else [])]
    first = months.groupby(["scenario", "result", "area"], sort=False)["month"].transform("min")
    rows = months[months["month"] > first]
    rows = rows.assign(year=rows["month"].dt.year)
    people, flags = ["insured", "insured_costed"], {"proposal": "first", "reforms": "first", "status": lowest_quality}
    sums = {"month": "nunique", **dict.fromkeys([*people, *MONEY], "sum")}
    table = rows.groupby(keys, sort=False, as_index=False).agg({**sums, **flags}).rename(columns={"month": "months"})
    if by_group:
        table = table[table["insured"] > 0]
    table.loc[(table["insured_costed"] == 0) & (table["insured"] > 0), MONEY] = np.nan  # unknown is not zero
    table[people] = table[people].div(table["months"], axis=0).round().astype("int64")
    return table[[*keys, "months", *people, *MONEY, *flags]].reset_index(drop=True)
