"""What does a briefing say of the months: the pace against the plan, the communes, cards that run out, reports?"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.items import Item, Items, unit_label
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import communes
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.monitoring.funnel import funnel
from bhyt_analysis.model.monitoring.monitor import expiring_cards, monitor, monthly_counts, nowcast, parse_month
from bhyt_analysis.model.monitoring.reports import reports_due
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.tables.monitor_texts import (
    due_text,
    expiring_text,
    monitor_texts,
    nowcast_texts,
    period_text,
    reports_text,
)

# As many columns of a watch as a page is wide; the chart of states has the projection.
ON_PAGE = ["name", "insured", "rate", "change_month", "plan_share", "required_pace", "actual_pace", "pace", "alert", "status"]  # fmt: skip


def month_by_month(data: Dataset, area: str, as_of: DateLike | None = None, lang: str = "vi") -> Items:
    """The last month against the plan; one sentence where an area has too few months, nothing where it has none."""
    code, data = select_unit(limit_to_date(data, as_of), area)
    history = monthly_counts(data, code)
    name = unit_label(data, code, lang)
    if history.empty:
        return []
    if len(history[history["area"] == code]) <= threshold("fewest_changes"):
        return [Item("watch", translate("text.watch_none", lang, name=name))]
    month = parse_month(as_of) or history["month"].max()
    table = monitor(data, code, month, history)
    texts = monitor_texts(table, lang) + nowcast_texts(nowcast(data, code, month, history), lang)
    items = [
        Item("watch", "\n".join(f"- {text}" for text in texts), table=table[ON_PAGE]),
        *_pace(table, history, lang),
    ]
    items += [*_states(table, name, lang), *_funnel(table, name, lang), *_expiring(data, code, month, name, lang)]
    return items + _reports(data, code, month, lang)


def _pace(table: pd.DataFrame, history: pd.DataFrame, lang: str) -> Items:
    row = table.iloc[0]
    own = history[(history["area"] == row["area"]) & history["rate"].notna()]
    if own.empty or pd.isna(row["rate"]):
        return []
    figure = charts.pace(own, row, lang, str(row["source"]))
    return [Item("watch_pace", chart=figure)]


def _states(table: pd.DataFrame, name: str, lang: str) -> Items:
    figure = charts.states(table, name, lang, str(table["source"].dropna().iloc[0]))
    return [Item("watch_states", chart=figure)]


def _funnel(table: pd.DataFrame, name: str, lang: str) -> Items:
    """The communes against each other, where there are enough of them to show a spread."""
    rows = funnel(table.iloc[1:])
    placed = rows[rows["place"] != ""]
    if len(placed) < threshold("funnel_fewest"):
        return []
    outside = int(placed["place"].str.endswith("outer").sum())
    spread = float(placed["spread"].iloc[0])
    key = "text.watch_funnel" if spread else "text.watch_funnel_chance"
    text = translate(key, lang, outside=outside, count=len(placed), spread=spread)
    figure = charts.funnel(rows, name, lang, str(placed["source"].iloc[0]))
    columns = ["name", "population", "insured", "rate", "inner_low", "inner_high", "outer_low", "outer_high", "place", "status"]  # fmt: skip
    return [Item("watch_funnel", text, figure, placed[columns])]


def _expiring(data: Dataset, code: str, month: pd.Timestamp, name: str, lang: str) -> Items:
    rows = expiring_cards(data, code, month)
    if rows.empty:
        return []
    first = rows.iloc[0].to_dict()
    text = expiring_text(first, lang) if first["area"] == code else ""
    last = f"expiring_{int(threshold('expiring_third'))}"
    drawn = rows[rows["area"] != code] if set(communes(data.areas, code)) - {code} else rows
    table = rows.drop(columns=["area"])
    if not (drawn[last] > 0).any():
        return [Item("watch_expiring", text, table=table)]
    figure = charts.expiring_cards(drawn, name, lang, str(rows["source"].iloc[0]))
    return [Item("watch_expiring", text, figure, table)]


def _reports(data: Dataset, code: str, month: pd.Timestamp, lang: str) -> Items:
    rows = reports_due(data, code, month)
    if rows.empty:
        return []
    lacking = rows[~rows["state"].isin(["in_time", "received"])]
    shown = lacking.assign(
        period=[period_text(k, p, lang) for k, p in zip(lacking["kind"], lacking["period"], strict=True)],
        due=[due_text(d, how, lang) for d, how in zip(lacking["due"], lacking["deadline"], strict=True)],
    )
    return [Item("watch_reports", reports_text(rows, lang), table=shown[["name", "kind", "period", "due", "received", "state", "source"]])]  # fmt: skip
