"""List the reports that a unit must submit, their due days and whether they were received.

Reports to submit and their days are rows of the table ``duties``, each from a plan; received ones are rows of
``reports``. A plan that asks for a monthly report without naming a day sets no day here either.
"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.result_table import result_table

MONTHS_IN_PERIOD = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
STATES = ("overdue", "not_received", "late", "awaited", "received", "in_time")
AHEAD = pd.Timedelta(days=31)  # reports that fall due within a month are listed before
COLUMNS = ["area", "name", "kind", "period", "due", "deadline", "received", "state", "source"]


def period_end(kind: str, day: pd.Timestamp) -> pd.Timestamp:
    """Return the last day of the period of a report in which a day lies.

    Examples
    --------
    >>> period_end("quarterly", pd.Timestamp("2022-05-10"))
    Timestamp('2022-06-30 00:00:00')
    """
    return pd.Timestamp(day) + pd.offsets.MonthEnd(0) + pd.offsets.MonthEnd(-day.month % MONTHS_IN_PERIOD[kind])


def due_date(end: pd.Timestamp, months: int, day: int) -> pd.Timestamp:
    """Return the day of a month after (or before) the last month of a period, at most the last day of that month.

    Examples
    --------
    >>> due_date(pd.Timestamp("2022-12-31"), -1, 20), due_date(pd.Timestamp("2021-12-31"), 2, 30)
    (Timestamp('2022-11-20 00:00:00'), Timestamp('2022-02-28 00:00:00'))
    """
    month = pd.Timestamp(end).normalize() + pd.offsets.MonthEnd(months)
    return month.replace(day=min(int(day), month.days_in_month))


def required_reports(data: Dataset, code: str, month: pd.Timestamp) -> pd.DataFrame:
    """Return the reports required of a unit and its communes for the year up to a month, and for the rest of its year.

    Columns ``area``, ``kind``, ``period`` (its last day), ``due`` (missing where no plan names a day), ``deadline``
    ("by" or "before"), ``source``.
    """
    units = {code, *data.geography.commune_codes(code, month)}
    months = pd.date_range(month - pd.offsets.MonthEnd(11), pd.Timestamp(month.year, 12, 31), freq="ME")
    rows = []
    for duty in data.duties[data.duties["area"].isin(units)].to_dict("records"):
        has_day = pd.notna(duty["due_day"]) and pd.notna(duty["due_month"])
        for end in months:
            if end == period_end(duty["kind"], end) and not (end < duty["since"] or end > duty["until"]):
                due = due_date(end, duty["due_month"], duty["due_day"]) if has_day else pd.NaT
                rows.append((duty["area"], duty["kind"], end, due, duty["deadline"] or "by", duty["source"]))
    table = pd.DataFrame(rows, columns=["area", "kind", "period", "due", "deadline", "source"])
    return table.astype({"period": "datetime64[s]", "due": "datetime64[s]"})


@result_table
def reports_due(data: Dataset, area: str, month: pd.Timestamp) -> pd.DataFrame:
    """Return the reports of the last twelve months and of the month to come, with their state.

    The last day of ``month`` is the reference day; reports that the input records later count as received.

    Columns, missing reports first: ``area``, ``name``, ``kind`` (monthly, quarterly, half_yearly, yearly), ``period``
    (its last day), ``due``, ``deadline`` ("by" or "before"), ``received`` (day), ``state`` (overdue; not_received
    where there is no due day; late; awaited; received, without a due day; in_time), ``source``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = reports_due(load(), "X001", pd.Timestamp("2021-10-31"))
    >>> table.loc[table["kind"] == "yearly", ["period", "due", "state"]].astype(str).to_numpy().tolist()
    [['2020-12-31', '2020-11-20', 'late'], ['2021-12-31', '2021-11-20', 'in_time']]
    """
    view = area_view(data, area)
    code, data = view.code, view.data
    table = required_reports(data, code, month)
    received = data.reports[data.reports["area"].isin({code, *data.geography.commune_codes(code, month)})]
    ends = [period_end(k, p) for k, p in zip(received["kind"], received["period"], strict=True)]
    received = received.assign(period=pd.Series(ends, index=received.index, dtype="datetime64[s]"))
    keys = ["area", "kind", "period"]
    table = table.merge(received[[*keys, "received"]], on=keys, how="outer")
    near = (table["period"] <= month) | (table["due"] <= month + AHEAD)
    table = table[(table["period"] >= month - pd.offsets.MonthEnd(11)) & near]
    table = table.assign(deadline=table["deadline"].fillna("by"), source=table["source"].fillna(""))
    table["name"] = [data.geography.unit_at(a, p).name for a, p in zip(table["area"], table["period"], strict=True)]
    table["state"] = [_state(row, month) for row in table.to_dict("records")]
    table = table.assign(order=table["state"].map(STATES.index))
    return table.sort_values(["order", "period", "area"], kind="stable")[COLUMNS].reset_index(drop=True)


def _state(row: dict, day: pd.Timestamp) -> str:
    last_day = row["due"] - pd.Timedelta(days=int(row["deadline"] == "before"))
    if pd.notna(row["received"]):
        return "received" if pd.isna(last_day) else "in_time" if row["received"] <= last_day else "late"
    if pd.isna(last_day):
        return "not_received"
    return "overdue" if last_day < day else "awaited"
