"""What does each target mean in people, and what must each step add? What a briefing says of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing import annex_tables
from bhyt_analysis.briefing.items import Item, Items, population_basis, unit_label
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import lineage, population_at
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.model.targets.targets import binding_targets, target_steps


def path_to_target(data: Dataset, area: str, as_of: DateLike | None = None, lang: str = "vi") -> Items:
    """What each target means in people, what each step must add, and which targets are still ahead."""
    code, data = select_unit(limit_to_date(data, as_of), area)
    name = unit_label(data, code, lang)
    steps = target_steps(data, code, as_of)
    if steps.empty:
        return [Item("path", " ".join([translate("text.no_target", lang, name=name), *_still_ahead(data, code, lang)]))]
    first, last = steps.iloc[0], steps.iloc[-1]
    texts = []
    if first["level"] in ("province", "country"):
        chain = lineage(data.areas, code, first["on"])
        above = chain[1][1] if first["level"] == "province" and len(chain) > 1 else chain[-1][1]
        texts.append(translate("text.path_upper", lang, name=name, above=inline_name(above, lang)))
    table = steps.assign(target=[target_text(r, lang) for r in steps.to_dict("records")])
    columns = ["on", "target", "people_needed"]
    if pd.notna(first["to_add"]):
        columns += ["to_add", "total_to_add", "points"]
        words = {
            "rate": first["rate"],
            "on": first["on"],
            "name": name,
            "relation": translate(f"relation.{first['relation']}", lang),
        }
        if first["to_add"] <= 0:
            texts.append(translate("text.path_reached", lang, **words))
        else:
            words |= {"to_add": first["to_add"], "now": first["insured_now"], "as_of": first["now_as_of"]}
            texts.append(translate("text.path", lang, population=first["population"], **words))
        if len(steps) > 2 and first["share_of_gain"] > 0.5:
            texts.append(translate("text.path_front", lang, share=first["share_of_gain"], last=last["on"]))
    else:
        count = population_at(data.areas, data.population, code, steps["population_as_of"].iloc[0])
        for step in steps.to_dict("records"):
            words = {
                "relation": translate(f"relation.{step['relation']}", lang),
                "rate": step["rate"],
                "on": step["on"],
            }
            words |= {
                "needed": step["people_needed"],
                "population": step["population"],
                "basis": population_basis(count, lang),
            }
            texts.append(translate("text.path_people", lang, **words))
        texts.append(translate("text.path_no_start", lang))
    if last["on"].date() < dt.date.today():
        texts.append(translate("text.path_passed", lang))
    texts += _still_ahead(data, code, lang)
    sources = "; ".join(dict.fromkeys(i.rsplit(", ", 1)[0] for i in steps["instrument"]))
    chart = charts.path(steps, name, lang, sources)
    path = Item("path", " ".join(texts), chart, table[[*columns, "population", "status", "instrument"]])
    return [path, *annex_tables.allocation(data, code, steps, as_of, lang)]


def _still_ahead(data: Dataset, code: str, lang: str) -> list[str]:
    """The targets of the levels above whose date has not come yet."""
    told = targets_to_come(data, code, lang)
    return [translate("text.path_live", lang, targets="; ".join(told))] if told else []


def targets_to_come(data: Dataset, code: str, lang: str) -> list[str]:
    """The targets of the units above whose day has not come, in words."""
    upper = binding_targets(data, code)
    upper = upper[upper["level"].isin(["province", "country"]) & (upper["on"] >= pd.Timestamp(dt.date.today()))]
    return [
        translate("text.live_target", lang, area=unit_label(data, t["area"], lang, t["on"]),
            relation=translate(f"relation.{t['relation']}", lang), rate=t["rate"], on=t["on"])
        for t in upper.to_dict("records")
    ]  # fmt: skip


def target_text(target: dict[str, Any], lang: str) -> str:
    """A target with its relation: "above 96.35%"."""
    return translate(f"relation.{target['relation']}", lang) + format_message("{v:pe}", lang, v=target["rate"])
