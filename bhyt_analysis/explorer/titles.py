"""Name scenarios after their changes, for titles."""

from __future__ import annotations

import itertools
from operator import itemgetter

from bhyt_analysis.explorer.state import Row, State
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message, has_message, translate
from bhyt_analysis.model.projection.assumptions import allowed_range, assumptions
from bhyt_analysis.tables.columns import short_column_name
from bhyt_analysis.tables.labels import group_name


def scenario_title(state: State, lang: str) -> str:
    """Return the name of a scenario, or a list of its changes if it has none.

    Examples
    --------
    >>> scenario_title(State(decision="861", assumptions=(("outreach", (2.0, 2.0, 2.0)),)), "en")
    'Decision 861; outreach 2'
    >>> scenario_title(State(), "vi")
    'Quy định hiện hành'
    """
    if state.name:
        return state.name_en if lang == "en" and state.name_en else state.name
    parts = [translate("explore.decision", lang, decision=state.decision)] if state.decision else []
    if state.support_window:
        parts.append(translate(f"explore.window.{state.support_window.replace(' ', '_')}", lang))
    labels, usual = assumptions()[f"name_{lang}"], assumptions()["central"]
    for name, (_, value, _) in state.assumptions:
        if value == usual[name]:
            continue  # as the default has it, with a range of its own
        if name == "outreach":
            number = format_number(value, lang, 0 if value.is_integer() else 1)
            parts.append(translate("explore.outreach_of", lang, outreach=number))
        else:
            template = "{v:p0}" if allowed_range(name) == (0, 1) else "{v:d1}"
            parts.append(f"{labels[name]} {format_message(template, lang, v=value)}")
    changes = [*_top_up_changes(state, lang), *_law_changes(state, lang)]
    for period, group in itertools.groupby(changes, key=itemgetter(0)):
        parts.append(f"{period}{', '.join(text for _, text in group)}")
    if state.targets_source:
        parts.append(translate("explore.targets_of_plan", lang, source=state.targets_source))
    if state.zones:
        parts.append(translate("explore.zones_moved", lang, count=len(state.zones)))
    return "; ".join(parts) or translate("label.law_in_force", lang)


def _top_up_changes(state: State, lang: str) -> list[tuple[str, str]]:
    """Return the period and the text of each top-up."""
    return [
        (
            _period_text(row, lang),
            translate("explore.top_up_of", lang, group=short_group_name(str(row["group"]), lang), points=row["points"]),
        )
        for row in state.top_ups
    ]


def _law_changes(state: State, lang: str) -> list[tuple[str, str]]:
    """Return the period and the text of each change of the law."""
    texts = []
    for row in state.law:
        group = f" ({short_group_name(str(row['key']), lang)})" if row.get("key") else ""
        number = format_message("{v:n}" if float(row["value"]) > 1 else "{v:pe}", lang, v=row["value"])
        text = f"{short_column_name(str(row['parameter']), lang)}{group} {number}"
        texts.append((_period_text(row, lang), text))
    return texts


def _period_text(row: Row, lang: str) -> str:
    """Return the days of a change as a title has them before it."""
    days = {"since": row["since"], "until": row.get("until")}
    return translate("explore.period_until" if days["until"] else "explore.period", lang, **days)


def short_group_name(group: str, lang: str) -> str:
    """Return the name of a group for a title."""
    key = f"explore.brief.{group}"
    return translate(key, lang) if has_message(key) else group_name(group, lang)
