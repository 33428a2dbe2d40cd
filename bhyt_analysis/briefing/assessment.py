"""How does each section sum up: against what, how sure, and what is left to decide?

Everything is worked out from the headline figures, so that no text can say another number
than the table, and nothing is recommended that the figures do not ask for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from bhyt_analysis.briefing.items import Item, Items
from bhyt_analysis.domain.data_status import STATUSES, lowest_quality
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import display_name

# The figures that each section rests on.
RESTS_ON = {
    "who": ("insured", "coverage", "uninsured"),
    "decision": ("lost", "reenrolled"),
    "path": ("next_people", "next_to_add"),
    "cost": ("lost_cost",),
}
# The text that goes on to say so: the first of these that there is.
SAID_IN = {"who": ("coverage",), "decision": ("reenrolled", "lost"), "path": ("path",), "cost": ("cost",)}
FURTHEST = 3  # communes that are named


def add_assessment(key: str, items: Items, figures: pd.DataFrame, lang: str = "vi") -> Items:
    """The items of a section, whose main text goes on to say what its figures mean and how sure they are.

    ``key`` of the section; ``figures``: what `headline` gives.
    """
    facts = _by_key(figures)
    more = [*_against(key, facts, lang), *_sure(key, facts, lang)]
    texts = {item.name: i for i, item in enumerate(items) if item.text}
    at = next((texts[name] for name in SAID_IN.get(key, ()) if name in texts), None)
    if at is None or not more:
        return items
    first = replace(items[at], text=" ".join([items[at].text, *more]))
    return [*items[:at], first, *items[at + 1 :]]


def _by_key(figures: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in figures.to_dict("records")}


def _against(key: str, facts: dict[str, dict[str, Any]], lang: str) -> Iterator[str]:
    """What the figures of a section come to beside a target, or beside what was lost."""
    if key == "who" and {"coverage", "next_target"} <= facts.keys():
        now, goal = facts["coverage"], facts["next_target"]
        if now["value"] is not None and pd.notna(now["value"]):
            points = float(goal["value"]) - float(now["value"])
            words = {"rate": goal["value"], "on": goal["as_of"], "relation": translate(f"relation.{goal['relation'] or '='}", lang)}  # fmt: skip
            yield translate("text.gap_below" if points > 0 else "text.gap_above", lang, points=abs(points), **words)
    if key == "decision" and {"lost", "reenrolled"} <= facts.keys():
        rest = _not_back(facts)
        if rest and float(facts["reenrolled"]["low"]) > 0:
            yield translate("text.not_back", lang, people=rest, share=rest / float(facts["lost"]["value"]))


def _not_back(facts: dict[str, dict[str, Any]]) -> int | None:
    """The most of those who lost a card that may still be uninsured: never more than all who are."""
    lost, back, uninsured = facts["lost"], facts["reenrolled"], facts.get("uninsured")
    if lost["value"] is None or not float(back["low"]) < 1:
        return None
    rest = round(float(lost["value"]) * (1 - float(back["low"])))
    return rest if uninsured is None or pd.isna(uninsured["value"]) else min(rest, int(uninsured["value"]))


def _sure(key: str, facts: dict[str, dict[str, Any]], lang: str) -> Iterator[str]:
    """How well the figures of a section are known: as well as the weakest of them."""
    told = [facts[k]["status"] for k in RESTS_ON.get(key, ()) if k in facts]
    told = [s for s in told if s in STATUSES]
    if told:
        yield translate(f"sure.{lowest_quality(told)}", lang)


def what_is_needed(
    figures: pd.DataFrame, items: Items, found: pd.DataFrame, ahead: list[str], lang: str = "vi"
) -> Items:
    """What is left to decide or to mend, as plain findings.

    Parameters
    ----------
    figures : what `headline` gives.
    items : of all sections before.
    found : what `findings_of` gives.
    ahead : the targets whose day has not come, in words.
    """
    facts = _by_key(figures)
    lines = [*_needs(facts, lang), *_furthest(items, lang)]
    if ahead:
        lines.append(translate("need.ahead", lang, targets="; ".join(ahead)))
    if any(item.name == "not_known" for item in items):
        lines.append(translate("need.figures", lang))
    wrong = int((found["severity"] == "error").sum()) if len(found) else 0
    if wrong:
        lines.append(translate("need.audit" if wrong > 1 else "need.audit_one", lang, count=wrong))
    weak = sorted({r["status"] for r in facts.values()} & {"estimated"})
    if weak:
        lines.append(translate("need.estimated", lang))
    text = "\n".join(f"- {line}" for line in lines) or translate("need.nothing", lang)
    return [Item("needed", text)]


def _needs(facts: dict[str, dict[str, Any]], lang: str) -> Iterator[str]:
    """What lacks to the first target, and who of those who lost a card is not known to be insured."""
    goal, add = facts.get("next_target"), facts.get("next_to_add")
    if goal and add and int(add["value"]) > 0:
        passed = pd.Timestamp(goal["as_of"]).date() < dt.date.today()
        words = {"people": add["value"], "rate": goal["value"], "on": goal["as_of"], "relation": translate(f"relation.{goal['relation'] or '='}", lang)}  # fmt: skip
        yield translate("need.target_passed" if passed else "need.target", lang, **words)
    lost, back = facts.get("lost"), facts.get("reenrolled")
    if lost and back:
        if rest := _not_back(facts):
            yield translate("need.back", lang, people=rest)
    elif lost:
        yield translate("need.back_unknown", lang, people=lost["value"])


def _furthest(items: Items, lang: str) -> Iterator[str]:
    """The communes that lack most people to their share of the target."""
    shared = next((i.table for i in items if i.name == "allocation" and i.table is not None), None)
    if shared is None or "to_add" not in shared or not (shared["to_add"] > 0).any():
        return
    most = shared.sort_values("to_add", ascending=False, kind="stable").head(FURTHEST)
    most = most[most["to_add"] > 0]
    names = "; ".join(
        translate("need.commune", lang, name=display_name(r["name"], lang), people=r["to_add"])
        for r in most.to_dict("records")
    )
    share = most["to_add"].sum() / shared["to_add"].sum()
    yield translate("need.furthest", lang, names=names, share=share)
