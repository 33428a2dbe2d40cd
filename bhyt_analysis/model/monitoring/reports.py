"""Which reports does a unit owe, by when, and have they come?

What is owed and by when are rows of the table ``duties``, each from a plan; what has come are rows of ``reports``.
A plan that asks for a monthly report without naming a day sets no day here either.
"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import communes, unit_name

MONTHS_IN_PERIOD = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}  # months of the period
STATES = ("overdue", "not_received", "late", "awaited", "received", "in_time")
AHEAD = pd.Timedelta(days=31)  # reports that fall due within a month are told before
COLUMNS = ["area", "name", "kind", "period", "due", "deadline", "received", "state", "source"]


def period_end(kind: str, day: pd.Timestamp) -> pd.Timestamp:
    """The last day of the period of a report in which a day lies.

    Examples
    --------
    >>> period_end("quarterly", pd.Timestamp("2022-05-10"))
    Timestamp('2022-06-30 00:00:00')
    """
    return pd.Timestamp(day) + pd.offsets.MonthEnd(0) + pd.offsets.MonthEnd(-day.month % MONTHS_IN_PERIOD[kind])


def due_date(end: pd.Timestamp, months: int, day: int) -> pd.Timestamp:
    """The day of a month after (or before) the last month of a period; a month too short for it gives its last day.

    Examples
    --------
    >>> due_date(pd.Timestamp("2022-12-31"), -1, 20), due_date(pd.Timestamp("2021-12-31"), 2, 30)
    (Timestamp('2022-11-20 00:00:00'), Timestamp('2022-02-28 00:00:00'))
    """
    month = pd.Timestamp(end).normalize() + pd.offsets.MonthEnd(months)
    return month.replace(day=min(int(day), month.days_in_month))


def required_reports(data: Dataset, code: str, month: pd.Timestamp) -> pd.DataFrame:
    """The reports that a unit and its communes owe for the twelve months up to a month, and for the rest of its year.

    Columns ``area``, ``kind``, ``period`` (its last day), ``due`` (missing where no plan tells a day), ``deadline``
    ("by" or "before"), ``source``.
    """
    first, last = month - pd.offsets.MonthEnd(11), pd.Timestamp(month.year, 12, 31)
    rows = []
    for duty in data.duties[data.duties["area"].isin({code, *communes(data.areas, code, month)})].to_dict("records"):
        ends = [e for e in pd.date_range(first, last, freq="ME") if e == period_end(duty["kind"], e)]
        for end in ends:
            if end < duty["since"] or end > duty["until"]:
                continue
            told = pd.notna(duty["due_day"]) and pd.notna(duty["due_month"])
            due = due_date(end, duty["due_month"], duty["due_day"]) if told else pd.NaT
            rows.append({"area": duty["area"], "kind": duty["kind"], "period": end, "due": due, "deadline": duty["deadline"] or "by", "source": duty["source"]})  # fmt: skip
    table = pd.DataFrame(rows, columns=["area", "kind", "period", "due", "deadline", "source"])
    return table.astype({"period": "datetime64[s]", "due": "datetime64[s]"})


def reports_due(data: Dataset, area: str, month: pd.Timestamp) -> pd.DataFrame:
    """The reports of the last twelve months and of the month to come, and whether they came.

    Parameters
    ----------
    month : its last day is the day on which one asks; what the input knows to have come later has come all the same.

    Returns
    -------
    DataFrame, what is lacking first: ``area``, ``name``, ``kind`` (monthly, quarterly, half_yearly, yearly),
    ``period`` (its last day), ``due``, ``deadline`` ("by" or "before"), ``received`` (day), ``state`` (overdue;
    not_received where no due day is told; late; awaited; received, without a due day; in_time), ``source``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = reports_due(load(), "X001", pd.Timestamp("2021-10-31"))
    >>> table.loc[table["kind"] == "yearly", ["period", "due", "state"]].astype(str).to_numpy().tolist()
    [['2020-12-31', '2020-11-20', 'late'], ['2021-12-31', '2021-11-20', 'in_time']]
    """
    code, data = select_unit(data, area)
    table = required_reports(data, code, month)
    came = data.reports[data.reports["area"].isin({code, *communes(data.areas, code, month)})]
    ends = [period_end(k, p) for k, p in zip(came["kind"], came["period"], strict=True)]
    came = came.assign(period=pd.Series(ends, index=came.index, dtype="datetime64[s]"))[
        ["area", "kind", "period", "received"]
    ]
    table = table.merge(came, on=["area", "kind", "period"], how="outer")
    first = month - pd.offsets.MonthEnd(11)
    near = (table["period"] <= month) | (table["due"] <= month + AHEAD)
    table = table[(table["period"] >= first) & near]
    table = table.assign(
        deadline=table["deadline"].fillna("by"), source=table["source"].fillna(""),
        name=[unit_name(data.areas, a, p) for a, p in zip(table["area"], table["period"], strict=True)],
        state=[_state(r, month) for r in table.to_dict("records")],
    )  # fmt: skip
    order = table["state"].map(STATES.index)
    return (
        table.assign(order=order)
        .sort_values(["order", "period", "area"], kind="stable")[COLUMNS]
        .reset_index(drop=True)
    )


def _state(row: dict, day: pd.Timestamp) -> str:
    last = row["due"] - pd.Timedelta(days=int(row["deadline"] == "before")) if pd.notna(row["due"]) else None
    if pd.notna(row["received"]):
        return "received" if last is None else "in_time" if row["received"] <= last else "late"
    if last is None:
        return "not_received"
    return "overdue" if last < day else "awaited"
