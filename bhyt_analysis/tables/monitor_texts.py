"""Describe the monthly monitoring of a unit in sentences."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import plain_text
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.model.monitoring.monitor import ALERTS, EXPIRY_WINDOWS
from bhyt_analysis.model.monitoring.reports import STATES
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.tables.estimates import count_text
from bhyt_analysis.tables.formatting import SMALL
from bhyt_analysis.tables.internal_copy import is_internal
from bhyt_analysis.tables.labels import Row


def monitor_texts(table: pd.DataFrame, lang: str | None = None) -> list[str]:
    """Return the state of the first unit of `monitor` in sentences, and how its communes are assessed.

    What is not known is left out.

    Examples
    --------
    >>> plain_text(monitor_texts(bhyt.monitor(bhyt.load(), "X001", "2022-06"), "en")[0])
    'On 30 June 2022, 49,505 people of Mẫu 01 district (synthetic) were insured (76.3% of the population).'
    """
    lang = check_lang(lang)
    row: Row = {k: None if pd.isna(v) else v for k, v in table.iloc[0].to_dict().items()}
    words = {"name": inline_name(row["name"], lang), "month": row["month"]}
    key = "text.watch_count" if row["rate"] is None else "text.watch"
    key = "text.watch_silent" if row["insured"] is None else key
    texts = [translate(key, lang, insured=row["insured"], rate=row["rate"], **words)]
    alert = {"alert": translate(f"alert.{row['alert']}", lang), "reason": translate(row["reason"], lang)}
    texts.append(translate("text.watch_alert", lang, **alert))  # what it comes to, before why
    for column, key in (("change_month", "text.watch_month"), ("change_year", "text.watch_year")):
        if row[column] is not None:
            texts.append(translate(key, lang, change=row[column]))
    texts += [*_plan(row, lang), *_pace(row, lang)]
    if len(table) > 1:
        count = Counter(table["alert"].iloc[1:])
        states = "; ".join(f"{translate(f'alert.{a}', lang)} ({count[a]})" for a in ALERTS if count[a])
        texts.append(translate("text.watch_communes", lang, count=len(table) - 1, states=states))
        if (table["target_level"].iloc[1:] == "shared").any():
            texts.append(translate("text.watch_shared", lang, **words))
        if count["red"] == len(table) - 1 > 1:
            texts.append(translate("text.watch_all_red", lang, **words))
    return texts


def _plan(row: Row, lang: str) -> list[str]:
    if row["plan_share"] is None:
        return []
    words = {"rate": row["target_rate"], "on": row["target_on"], "needed": row["people_needed"]}
    level = translate(f"level.{row['target_level']}", lang)
    relation = translate(f"relation.{row['target_relation']}", lang)
    texts = [translate("text.watch_plan", lang, level=level, relation=relation, share=row["plan_share"], **words)]
    if row["to_add"] > 0 and row["required_pace"] is not None:
        texts.append(translate("text.watch_required", lang, to_add=row["to_add"], required=row["required_pace"]))
    return texts


def _pace(row: Row, lang: str) -> list[str]:
    texts = []
    if row["actual_pace"] is not None:
        texts.append(translate("text.watch_actual", lang, actual=row["actual_pace"]))
    if row["projected_rate_low"] is not None and row["month"] < row["year_end"]:
        words = {"rate": row["projected_rate"], "low": row["projected_rate_low"], "high": row["projected_rate_high"]}
        texts.append(translate("text.watch_year_end", lang, on=row["year_end"], people=_projected(row, lang), **words))
    return texts


def _projected(row: Row, lang: str) -> str:
    """Return projected people with the digits that their interval leaves."""
    return count_text(row["projected"], lang, "estimated", row["projected_low"], row["projected_high"])


def monitor_sentences(
    units: pd.DataFrame, nowcast: pd.DataFrame, expiring: pd.DataFrame, reports: pd.DataFrame, lang: str | None = None
) -> list[str]:
    """Return the sentences of all tables of a month for one unit, as plain text."""
    texts = [*monitor_texts(units, lang), *nowcast_texts(nowcast, lang)]
    if len(expiring) and expiring["area"].iloc[0] == units["area"].iloc[0]:
        texts.append(expiring_text(expiring.iloc[0].to_dict(), lang))
    if len(reports):
        texts.append(reports_text(reports, lang))
    return [plain_text(text) for text in texts]


def nowcast_texts(table: pd.DataFrame, lang: str | None = None) -> list[str]:
    """Return what the yearly report will say by the table of `nowcast`, before the end of the year."""
    lang = check_lang(lang)
    texts = []
    for row in table[table["what"] == "report"].to_dict("records"):
        words = {"rate": row["projected_rate"], "low": row["projected_rate_low"], "high": row["projected_rate_high"]}
        words |= {"due": due_text(row["on"], row["deadline"], lang), "people": _projected(row, lang)}
        texts.append(translate("text.watch_report", lang, **words))
    return texts


def due_text(day: str | pd.Timestamp | None, deadline: str, lang: str | None = None) -> str:
    """Write a due day as plans do: "trước 20/11/2022".

    Examples
    --------
    >>> due_text("2022-11-20", "before"), due_text("2022-11-20", "by", "en")
    ('trước 20/11/2022', '20 November 2022')
    """
    if day is None or pd.isna(day):
        return translate("label.no_due_day", lang)
    return translate("label.before_day", lang, day=day) if deadline == "before" else format_date(day, lang)


def period_text(kind: str, period: pd.Timestamp, lang: str | None = None) -> str:
    """Write the period of a report: "6/2022", "Quý 2/2022", "2022".

    Examples
    --------
    >>> period_text("monthly", pd.Timestamp("2022-06-30")), period_text("quarterly", pd.Timestamp("2022-06-30"), "en")
    ('6/2022', 'Q2 2022')
    """
    if kind == "half_yearly":
        kind = f"half_yearly_{(period.month + 5) // 6}"
    number = (period.month + 2) // 3 if kind == "quarterly" else period.month
    return translate(f"period.{kind}", lang, number=number, year=period.year)


def expiring_text(row: Row, lang: str | None = None) -> str:
    """Return how many cards of a unit run out soon, by its row of `expiring_cards`."""
    words = {"as_of": row["as_of"]}
    for window in EXPIRY_WINDOWS:
        days = int(threshold(f"expiring_{window}"))
        count = int(row[f"expiring_{days}"])
        is_hidden = 0 < count < SMALL and not is_internal()
        words |= {window: f"<{SMALL}" if is_hidden else format_number(count, lang), f"days_{window}": days}
    return translate("text.watch_expiring", lang, **words)


def reports_text(table: pd.DataFrame, lang: str | None = None) -> str:
    """Return how many of the reports of `reports_due` came, and when."""
    count = Counter(table["state"])
    states = "; ".join(f"{format_number(count[s], lang)} {translate(f'state.{s}', lang)}" for s in STATES if count[s])
    return translate("text.watch_reports", lang, states=states)
