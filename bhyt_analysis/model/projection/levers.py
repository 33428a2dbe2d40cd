"""Which rows of law does a question stand for: "what if the province added 30%", "what if the base salary rose"?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.messages import nearest_choice
from bhyt_analysis.law.law import Area, Law
from bhyt_analysis.law.law_file import ONWARD, LawError
from bhyt_analysis.model.finance.budget import group_subsidy_share, payer_shares

WHAT_IF = "what if (no instrument)"


def build_reform(rows: Iterable[Mapping[str, Any]], name: str) -> Law:
    """Rows of law that somebody asks about: what a row does not tell is filled in, and all are proposals.

    Parameters
    ----------
    rows : ``parameter``, ``since`` and ``value``; where they matter ``key``, ``area``,
        ``until``. Without a ``reference`` it is a question and no text.
    name : what errors call the rows, such as the file that they stand in.

    Raises
    ------
    LawError
        with every row that is wrong.

    Examples
    --------
    >>> law = build_reform([{"parameter": "base_salary", "since": "2027-01-01", "value": 2_600_000}], "mine")
    >>> law.table[["key", "unit", "status"]].iloc[0].tolist()
    ['', 'VND/month', 'proposal']
    """
    units = Law.read().table.drop_duplicates("parameter").set_index("parameter")["unit"]
    told = []
    for row in rows:
        unit = units.get(str(row.get("parameter")), "")
        told.append({"reference": WHAT_IF, "unit": unit, "status": "proposal", **row})
    return Law.of(pd.DataFrame(told), name)


def top_up_rows(
    law: Law,
    group: str,
    points: float,
    place: Area,
    area: str,
    since: str | dt.date,
    until: str | dt.date | None = None,
) -> list[dict[str, Any]]:
    """The rows by which a province pays more of a group's premium than what the law says there.

    The least that holds nationwide may change while the top-up lasts, so there is one row
    for each stretch; together they pay all of a premium at most. Decree 146/2018/NĐ-CP art.
    8(2) and Decree 188/2025/NĐ-CP art. 6 let provinces do so.

    Parameters
    ----------
    law : the law that it comes on top of.
    group : a key of ``subsidy_share``.
    points : what is added, a share of the premium (0.3 is 30 points).
    place : the lineage of the place, by which its present law is found.
    area : the unit that pays, as the rows name it.

    Raises
    ------
    LawError
        for a group that the law does not know, points outside 0 to 1, days in the wrong order.

    Examples
    --------
    >>> rows = top_up_rows(Law.read(), "near_poor", 0.2, None, "Bắc Giang", "2024-01-01", "2024-12-31")
    >>> [(row["since"], row["until"], row["value"]) for row in rows]
    [('2024-01-01', '2024-12-31', 0.9)]
    """
    known = sorted(set(law.table.loc[law.table["parameter"] == "subsidy_share", "key"]))
    if group not in known:
        fields = {"parameter": "subsidy_share", "key": group, "day": since}
        raise LawError(
            ("error.law_unknown_key", {**fields, "nearest": nearest_choice(group, known) or ", ".join(known)})
        )
    if not 0 <= points <= 1:
        raise LawError(("error.top_up_points", {"found": points}))
    first, last = parse_date(since), ONWARD if until is None else parse_date(until)
    if last < first:
        raise LawError(("error.months_backwards", {"first": first, "last": last}))
    of_group = law.table[law.table["parameter"] == "subsidy_share"]
    ends = {u + dt.timedelta(days=1) for u in of_group["until"] if u != ONWARD}
    cuts = [first, *sorted(d for d in {*of_group["since"], *ends} if first < d <= last)]
    now = group_subsidy_share(payer_shares(law, [pd.Timestamp(c) for c in cuts], place), group)
    rows: list[dict[str, Any]] = []
    for cut, share in zip(cuts, now, strict=True):
        value = round(min(1.0, (0.0 if share != share else float(share)) + points), 6)
        if rows and rows[-1]["value"] == value:
            continue
        if rows:
            rows[-1]["until"] = str(cut - dt.timedelta(days=1))
        row = {"parameter": "subsidy_share", "key": group, "area": area, "since": str(cut), "value": value}
        rows.append({**row, "until": "" if last == ONWARD else str(last)})
    return rows
