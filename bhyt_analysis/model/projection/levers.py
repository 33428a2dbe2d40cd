"""Turn a question into rows of law: a top-up of a province, another base salary, another subsidy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.messages import nearest_choice
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.law.law_file import ONWARD, LawError
from bhyt_analysis.model.finance.budget import group_subsidy_share, payer_shares

WHAT_IF = "what if (no instrument)"
LawRow = dict[str, str | float]
Day = str | dt.date


def build_reform(rows: Iterable[Mapping[str, object]], name: str) -> Law:
    """Build a law of proposals from rows; the unit and other missing fields are filled in.

    ``rows`` have ``parameter``, ``since`` and ``value``; where they matter ``key``, ``area``, ``until``; without a
    ``reference`` it is a question and no text. ``name`` is the origin of the rows in errors, such as their file.
    Raises LawError with every row that is wrong.

    Examples
    --------
    >>> law = build_reform([{"parameter": "base_salary", "since": "2027-01-01", "value": 2_600_000}], "mine")
    >>> law.table[["key", "unit", "status"]].iloc[0].tolist()
    ['', 'VND/month', 'proposal']
    """
    units = Law.read().table.drop_duplicates("parameter").set_index("parameter")["unit"]
    defaults = {"reference": WHAT_IF, "status": "proposal"}
    records = [{**defaults, "unit": units.get(str(row.get("parameter")), ""), **row} for row in rows]
    return Law.of(pd.DataFrame(records), name)


def top_up_rows(
    law: Law, group: str, points: float, place: Area, area: str, since: Day, until: Day | None = None
) -> list[LawRow]:
    """Return the rows by which a province pays more of a group's premium than the law says there.

    The least that holds nationwide may change during the top-up, so there is one row for each stretch; together they
    pay all of a premium at most. Decree 146/2018/NĐ-CP art. 8(2) and Decree 188/2025/NĐ-CP art. 6 let provinces do so.

    ``group`` is a key of ``subsidy_share``, ``points`` the addition (share of the premium: 0.3 is 30 points), ``place``
    the lineage by which the present ``law`` is looked up, ``area`` the unit that pays, as the rows name it. Raises
    LawError for a group that the law does not know, points outside 0 to 1, days in the wrong order.

    Examples
    --------
    >>> rows = top_up_rows(bhyt.Law.read(), "near_poor", 0.2, None, "Bắc Giang", "2024-01-01", "2024-12-31")
    >>> [(row["since"], row["until"], row["value"]) for row in rows]
    [('2024-01-01', '2024-12-31', 0.9)]
    """
    subsidies = law.table[law.table["parameter"] == "subsidy_share"]
    groups = sorted(set(subsidies["key"]))
    if group not in groups:
        nearest = nearest_choice(group, groups) or ", ".join(groups)
        fields = {"parameter": "subsidy_share", "key": group, "day": since, "nearest": nearest}
        raise LawError(("error.law_unknown_key", fields))
    if not 0 <= points <= 1:
        raise LawError(("error.top_up_points", {"found": points}))
    first, last = parse_date(since), ONWARD if until is None else parse_date(until)
    if last < first:
        raise LawError(("error.months_backwards", {"first": first, "last": last}))
    days_after = {day + dt.timedelta(days=1) for day in subsidies["until"] if day != ONWARD}
    changes = [first, *sorted(d for d in {*subsidies["since"], *days_after} if first < d <= last)]
    shares = group_subsidy_share(payer_shares(law, [pd.Timestamp(day) for day in changes], place), group)
    rows: list[LawRow] = []
    # Nothing on top of nothing is no support: only a support that is paid has a share and a price.
    values = [np.nan if pd.isna(s) and points == 0 else round(min(1.0, np.nan_to_num(s) + points), 6) for s in shares]
    stretches = [*changes, None if last == ONWARD else last + dt.timedelta(days=1)]
    for i, value in enumerate(values):
        if pd.isna(value):
            continue
        until = "" if stretches[i + 1] is None else str(stretches[i + 1] - dt.timedelta(days=1))
        if i and values[i - 1] == value:
            rows[-1]["until"] = until
            continue
        row: LawRow = {"parameter": "subsidy_share", "key": group, "area": area}
        rows.append({**row, "since": str(changes[i]), "value": float(value), "until": until})
    return rows
