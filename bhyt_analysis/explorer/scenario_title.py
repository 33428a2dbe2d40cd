"""Name a scenario after its changes."""

from __future__ import annotations

from bhyt_analysis.explorer.state import State
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message, has_message, translate
from bhyt_analysis.model.projection.assumptions import allowed_range, assumptions
from bhyt_analysis.tables.labels import column_name, group_name


def scenario_title(state: State, lang: str) -> str:
    """Return the name of a scenario, or a list of its changes if it has none.

    Examples
    --------
    >>> scenario_title(State(decision="861", assumptions=(("outreach", (2.0, 2.0, 2.0)),)), "en")
    'Decision 861; effort 2'
    >>> scenario_title(State(), "vi")
    'Luật hiện hành, không có gì thay đổi'
    """
    if state.name:
        return state.name_en if lang == "en" and state.name_en else state.name
    parts = [translate("explore.decision", lang, decision=state.decision)] if state.decision else []
    labels = assumptions()[f"name_{lang}"]
    for name, (_, value, _) in state.assumptions:
        if name == "outreach":
            number = format_number(value, lang, 0 if value.is_integer() else 1)
            parts.append(translate("explore.outreach_of", lang, outreach=number))
        else:
            template = "{v:p0}" if allowed_range(name) == (0, 1) else "{v:d1}"
            parts.append(f"{labels[name]} {format_message(template, lang, v=value)}")
    for top_up in state.top_ups:
        group = _short_group_name(str(top_up["group"]), lang)
        parts.append(translate("explore.top_up_of", lang, group=group, points=top_up["points"]))
    for row in state.law:
        group = f" ({_short_group_name(str(row['key']), lang)})" if row.get("key") else ""
        number = format_message("{v:n}" if float(row["value"]) > 1 else "{v:pe}", lang, v=row["value"])
        parts.append(f"{column_name(str(row['parameter']), lang).split(',')[0]}{group} {number}")
    if state.zones:
        parts.append(translate("explore.zones_moved", lang, count=len(state.zones)))
    return "; ".join(parts) or translate("label.law_in_force", lang)


def _short_group_name(group: str, lang: str) -> str:
    """Return the short name of a group, where it has one."""
    key = f"explore.brief.{group}"
    return translate(key, lang) if has_message(key) else group_name(group, lang)
