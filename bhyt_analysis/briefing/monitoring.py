"""Set the last month against the plan: pace, communes, cards that expire, reports."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET
from bhyt_analysis.model.monitoring.funnel import funnel
from bhyt_analysis.model.monitoring.monitor import expiring_cards, monitor, month_end, nowcast
from bhyt_analysis.model.monitoring.reports import reports_due
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.tables import monitor_texts
from bhyt_analysis.tables.totals import TOTAL_FIRST

KEY = "watch"
# As many columns of the monitor as fit a page; the chart of states has the projection.
PAGE_COLUMNS = ["name", "insured", "rate", "change_month", "plan_share", "required_pace", "actual_pace", "pace"]
PAGE_COLUMNS += ["alert", "status"]
FUNNEL_COLUMNS = ["name", "population", "insured", "rate", "inner_low", "inner_high", "outer_low", "outer_high"]
FUNNEL_COLUMNS += ["place", "status"]


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the last month against the plan; one sentence where there are too few months, nothing where none.

    ``table``: what `bhyt_analysis.monitoring.monthly_counts` gives.
    """
    data, code, lang, name = briefing.data_as_of, briefing.code, briefing.lang, briefing.name
    if table.empty:
        return []
    own = table[table["area"] == code]
    some = own.empty  # communes report, but not all of them
    if (table if some else own)["month"].nunique() <= threshold("fewest_changes"):
        return [Item("watch", translate("text.watch_none", lang, name=name))]
    month = month_end(briefing.as_of) or table["month"].max()
    rows = monitor(data, code, month, table)
    estimates = nowcast(data, code, month, table)
    texts = monitor_texts.monitor_texts(rows, lang) + monitor_texts.nowcast_texts(estimates, lang)
    if some:  # the text counts the others
        rows = rows.iloc[1:].dropna(subset="insured")
    table = rows[PAGE_COLUMNS]
    table.attrs[TOTAL_FIRST] = len(rows) > 1 and not some
    chosen = [Item("watch", "\n".join(BULLET + text for text in texts), table=table)]
    states = charts.states(rows, name, lang, str(rows["source"].dropna().iloc[0]))
    chart_data = rows[["area", "rate", "plan_share", "pace", "projected_rate", "status"]]
    chosen += [
        Item("watch_states", chart=states, chart_data=chart_data),
        *_funnel(rows[rows["area"] != code], name, lang),
    ]
    return [*chosen, *_expiring_cards(data, code, month, name, lang), *_reports(data, code, month, lang)]


def _funnel(commune_rows: pd.DataFrame, name: str, lang: str) -> list[Item]:
    """Return the communes against each other, where one of them differs from the others by more than chance."""
    rows = funnel(commune_rows)
    placed = rows[rows["place"] != ""]
    if len(placed) < threshold("funnel_fewest"):
        return []
    outside = int(placed["place"].str.endswith("outer").sum())
    if not outside:
        return []
    spread = float(placed["spread"].iloc[0])
    key = "text.watch_funnel" if spread else "text.watch_funnel_chance"
    text = translate(key, lang, outside=outside, count=len(placed), spread=spread)
    chart = charts.funnel(rows, name, lang, str(placed["source"].iloc[0]))
    return [Item("watch_funnel", text, chart, placed[FUNNEL_COLUMNS])]


def _expiring_cards(data: Dataset, code: str, month: pd.Timestamp, name: str, lang: str) -> list[Item]:
    rows = expiring_cards(data, code, month)
    if rows.empty:
        return []
    first = rows.iloc[0].to_dict()
    text = monitor_texts.expiring_text(first, lang) if first["area"] == code else ""
    last = f"expiring_{int(threshold('expiring_third'))}"
    bars = rows[rows["area"] != code] if set(data.geography.commune_codes(code)) - {code} else rows
    some = (bars[last] > 0).any()
    chart = charts.expiring_cards(bars, name, lang, str(rows["source"].iloc[0])) if some else None
    table = rows.drop(columns=["area"])
    table.attrs[TOTAL_FIRST] = len(rows) > 1 and first["area"] == code
    return [Item("watch_expiring", text, chart, table)]


def _reports(data: Dataset, code: str, month: pd.Timestamp, lang: str) -> list[Item]:
    rows = reports_due(data, code, month)
    if rows.empty:
        return []
    late = rows[~rows["state"].isin(["in_time", "received"])]
    table = late.assign(
        period=[monitor_texts.period_text(k, p, lang) for k, p in zip(late["kind"], late["period"], strict=True)],
        due=[monitor_texts.due_text(day, rule, lang) for day, rule in zip(late["due"], late["deadline"], strict=True)],
    )
    columns = ["name", "kind", "period", "due", "received", "state", "source"]
    return [Item("watch_reports", monitor_texts.reports_text(rows, lang), table=table[columns])]
