"""Tell what each target means in people, what each step must add, and what each commune."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import certainty
from bhyt_analysis.briefing.items import Item, add_sentences, population_basis, unit_label
from bhyt_analysis.domain.area_view import is_for_each
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.population import communes_of_count, population_at
from bhyt_analysis.domain.schema import choice_name
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.coverage.headline import people_not_back
from bhyt_analysis.model.coverage.reporting import commune_counts
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.targets.allocation import allocate
from bhyt_analysis.model.targets.group_targets import (
    RATCHET,
    WHO_LOST,
    communes_below_last_year,
    group_targets,
    is_ahead,
)
from bhyt_analysis.model.targets.targets import UPPER_LEVELS, binding_targets, nearest_targets, people_needed
from bhyt_analysis.tables.estimates import count_text
from bhyt_analysis.tables.totals import add_total

KEY = "path"
FIGURES = ("next_people", "next_to_add")  # of the headline, on whose certainty the section ends
MAX_COMMUNES = 60  # units of a table that people read; a province has its districts do this


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the targets in people, what each step must add, and the first target shared out to the communes.

    ``table``: what `bhyt_analysis.target_steps` gives.
    """
    data, code, lang, name = briefing.data_as_of, briefing.code, briefing.lang, briefing.name
    others = [*_group_targets(briefing), *_other_targets(briefing)]
    if not briefing.has_enrolment:
        return others
    upcoming, sure = upcoming_target_texts(data, code, lang), certainty(briefing.facts, FIGURES, lang)
    ahead = [translate("text.path_live", lang, targets="; ".join(upcoming))] if upcoming else []
    if table.empty:
        text = " ".join([translate("text.no_target", lang, name=name), *ahead])
        return [*add_sentences([Item("path", text)], ["path"], sure), *others]
    first, columns = table.iloc[0], ["on", "target", "people_needed"]
    if pd.notna(first["to_add"]):
        columns += ["to_add", "total_to_add", "points"]
        texts = _steps_texts(table, name, lang)
    else:
        texts = _people_texts(data, code, table, lang)
    if briefing.target_owner:
        texts.insert(0, translate("text.path_upper", lang, name=name, above=briefing.target_owner))
    if clock.is_past(table["on"].iloc[-1]):
        texts.append(translate("text.path_passed", lang))
    sources = "; ".join(dict.fromkeys(i.rsplit(", ", 1)[0] for i in table["instrument"]))
    chart = charts.path(table, name, lang, sources)
    rows = table.assign(target=[target_text(r, lang) for r in table.to_dict("records")])
    path = Item("path", " ".join([*texts, *ahead]), chart, rows[[*columns, "population", "status", "instrument"]])
    return [*add_sentences([path, *_allocation(briefing, first)], ["path"], sure), *others]


def _steps_texts(steps: pd.DataFrame, name: str, lang: str) -> list[str]:
    """Return what the first target asks to add to the insured, and how much of the whole gain that is."""
    first, last = steps.iloc[0], steps.iloc[-1]
    fields = {"name": name, **_target_fields(first, lang)}
    if first["to_add"] <= 0:
        texts = [translate("text.path_reached", lang, **fields)]
    else:
        counts = {"to_add": first["to_add"], "now": first["insured_now"]}
        fields |= {key: count_text(people, lang, first["status"]) for key, people in counts.items()}
        fields["as_of"] = first["now_as_of"]
        texts = [translate("text.path", lang, population=first["population"], **fields)]
    if len(steps) > 2 and first["to_add"] > 0 and first["share_of_gain"] > 0.5:
        texts.append(translate("text.path_front", lang, share=first["share_of_gain"], last=last["on"]))
    return texts


def _people_texts(data: Dataset, code: str, steps: pd.DataFrame, lang: str) -> list[str]:
    """Return the people of each target, where the insured are not known."""
    count = population_at(data.geography, data.population, code, steps["population_as_of"].iloc[0])
    targets = []
    for _, step in steps.iterrows():
        targets.append(translate("text.path_step", lang, needed=step["people_needed"], **_target_fields(step, lang)))
    fields = {"population": steps["population"].iloc[0], "basis": population_basis(count, lang)}
    people = translate("text.path_people", lang, targets="; ".join(targets), **fields)
    return [people, translate("text.path_no_start", lang)]


def _target_fields(step: pd.Series, lang: str) -> dict[str, object]:
    return {"rate": step["rate"], "on": step["on"], "relation": translate(f"relation.{step['relation']}", lang)}


def _allocation(briefing: Briefing, target: pd.Series) -> list[Item]:
    """Return the first target shared out: by equal shares of the gaps, or where no cards are known by people."""
    data, code, lang = briefing.data_as_of, briefing.code, briefing.lang
    units = data.geography.commune_codes(code)
    if not 2 <= len(units) <= MAX_COMMUNES or code in units:
        return []
    counted = data.cards["area"].isin(units).any()  # spares working out what can't be known
    if counted and pd.isna(target["to_add"]):  # only some communes report
        return []
    text, table = _shared_by_gaps(briefing, target) if counted else ("", None)
    if not text:
        text, table = _shared_by_people(briefing, target)
    until = briefing.view.unit.until
    if text and until is not None and clock.is_past(until):
        text += " " + translate("text.allocation_ended", lang, on=until + pd.Timedelta(days=1))
    if table is not None and len(table) > 1:
        table = add_total(table, code, briefing.view.unit.name, ("target_people", "to_add"))
    return [Item("allocation", text, table=table)] if text else []


def _shared_by_gaps(briefing: Briefing, target: pd.Series) -> tuple[str, pd.DataFrame | None]:
    """Return the target by equal shares of the gaps; an empty text where the cards or people of a commune lack."""
    lang = briefing.lang
    rows = coverage(briefing.data_as_of, briefing.code, by=["commune"], as_of=briefing.as_of)
    if len(rows) < 2 or rows[["insured", "population"]].isna().any(axis=None):
        return "", None
    try:
        shared = allocate(rows, target["rate"], target["relation"])
    except BhytError as error:
        return error.text(lang), None
    columns = ["area", "name", "population", "insured", "target_people", "target_rate", "to_add", "status"]
    table = shared.assign(status=[derived_quality(s) for s in shared["status"]])[columns]
    return translate("text.allocation", lang, people=shared["to_add"].sum(), **_target_fields(target, lang)), table


def _shared_by_people(briefing: Briefing, target: pd.Series) -> tuple[str, pd.DataFrame | None]:
    """Return the target by population; an empty text where the people of a commune are not known."""
    view, lang, counts = briefing.view, briefing.lang, commune_counts(briefing.view)
    if counts.empty or len(counts) < len(communes_of_count(view.geography, view.unit, counts["as_of"].iloc[0])):
        return "", None
    table = counts[["area", "name"]].assign(population=counts["people"])
    table["target_people"] = largest_remainder(counts["people"].tolist(), int(target["people_needed"]))
    table["status"] = derived_quality("estimated", lowest_quality(counts["status"]))
    fields = {"needed": target["people_needed"], "basis": population_basis(counts["source"].iloc[0], lang)}
    return translate("text.allocation_people", lang, **fields, **_target_fields(target, lang)), table


def upcoming_target_texts(data: Dataset, code: str, lang: str) -> list[str]:
    """Return the targets above those that count for the unit whose day has not come, in words."""
    targets = binding_targets(data, code)
    upper = targets.drop(nearest_targets(targets).index)
    upper = upper[upper["level"].isin(UPPER_LEVELS)]
    upper = upper[~upper["on"].map(clock.is_past).astype(bool)]
    areas = [unit_label(data, area, lang, on) for area, on in zip(upper["area"], upper["on"], strict=True)]
    rows = zip(areas, upper.iterrows(), strict=True)
    return [translate("text.live_target", lang, area=area, **_target_fields(row, lang)) for area, (_, row) in rows]


def target_text(target: Mapping[str, object], lang: str) -> str:
    """Return a target with its relation: "above 96.35%"."""
    if target["relation"] == RATCHET:
        return translate("relation.ratchet", lang)
    return translate(f"relation.{target['relation']}", lang) + format_message("{v:pe}", lang, v=target["rate"])


def scope_text(scope: str, lang: str | None = None) -> str:
    """Return whom a target is about: a group, or people whom no group tells apart.

    Examples
    --------
    >>> scope_text("near_poor"), scope_text("pupil_who_lost", "en")
    ('Người thuộc hộ cận nghèo', 'Pupils who lost their card')
    """
    lang = check_lang(lang)
    return choice_name("scope", scope, lang)


def _group_targets(briefing: Briefing) -> list[Item]:
    """Return the targets of groups and those of no fall from last year, in people where they are known."""
    lang, rows = briefing.lang, group_targets(briefing.data_as_of, briefing.code)
    if rows.empty:
        return []
    records = rows.to_dict("records")
    page = pd.DataFrame(
        {
            "scope": [_whom(briefing, row) for row in records],
            "target": [target_text(row, lang) for row in records],
            "on": [_day_text(row["on"], "due.yearly", lang) for row in records],
            **rows[["insured", "base_people", "people_needed", "to_add"]].to_dict("series"),
            "instrument": rows["instrument"].tolist(),
        }
    )
    places = rows.assign(group=rows["counted_group"].where(rows["counted_group"] != "", rows["scope"]))
    places = places[["area", "group"]].to_numpy().tolist()
    names = ("insured", "base_people", "people_needed", "to_add")
    quantities = {name: [[name, *place] for place in places] for name in names}
    page = page.drop(columns=[c for c in names if page[c].isna().all()])
    page.attrs |= {"result": "group_targets", "quantities": {c: quantities[c] for c in names if c in page}}
    texts = _who_lost_texts(briefing, rows)
    of_communes = (rows["relation"] == RATCHET) & (rows["target_level"] == "each")
    if of_communes.any() and briefing.view.kind != "commune" and (count := communes_below_last_year(briefing.view)):
        texts.append(translate("text.communes_fell", lang, below=count[0], communes=count[1]))
    if (rows["people_needed"].isna() & (rows["scope"] != "all")).any():
        texts.append(translate("text.group_unknown", lang))
    return [Item("group_targets", " ".join(texts), table=page)]


def _whom(briefing: Briefing, row: Mapping[str, Any]) -> str:
    """Return whom a target is about, which cards are counted where they are a wider group's, and whose target it is."""
    lang, whom = briefing.lang, scope_text(row["scope"], briefing.lang)
    if row["scope"] == "all" and row["target_level"] == "each" and row["area"] == briefing.code:
        is_unit_itself = briefing.view.kind == "commune"
        whom = translate("label.this_unit" if is_unit_itself else "label.each_unit", lang)
    if row["counted_group"] not in ("", row["scope"]):
        whom += " " + translate("label.counted_as", lang, group=choice_name("group", row["counted_group"], lang))
    return (
        whom
        if row["target_level"] in ("own", "each")
        else f"{whom} ({translate('level.' + row['target_level'], lang)})"
    )


def _day_text(day: pd.Timestamp, otherwise: str, lang: str) -> str:
    return translate(otherwise, lang) if pd.isna(day) else format_date(day, lang)


def _who_lost_texts(briefing: Briefing, rows: pd.DataFrame) -> list[str]:
    """Return what the targets of those who lost a card ask for together: at least the lowest rate of all of them."""
    own, lost = rows[rows["scope"].isin(WHO_LOST) & rows["rate"].notna()], briefing.facts.get("lost")
    if len(own) < 2 or "other_who_lost" not in set(own["scope"]) or lost is None or not lost.value:
        return []
    least = own.sort_values("rate").iloc[0]
    people = people_needed(int(lost.value), float(least["rate"]), least["relation"])
    fields = {"needed": people, "lost": lost.value, "decision": briefing.decision_name}
    text = [translate("text.who_lost", briefing.lang, **fields)]
    if not_back := people_not_back(briefing.facts):
        text.append(translate("text.who_lost_back", briefing.lang, people=not_back))
    return text


def _other_targets(briefing: Briefing) -> list[Item]:
    """Return the targets that are no coverage, of the unit and of those above it, as a plan gives them."""
    lang, view, table = briefing.lang, briefing.view, briefing.data_as_of.other_targets
    above = {u.code: u for u in view.lineage}
    rows = table[table["area"].isin(above) | is_for_each(table, view)]
    current = [pd.isna(on) or is_ahead(view, on) for on in rows["on"]]
    rows = rows[(rows["area"] == view.code).to_numpy() | np.array(current, dtype=bool)]
    if rows.empty:
        return []
    records = rows.to_dict("records")
    page = pd.DataFrame(
        {
            "indicator": [_indicator(briefing, row) for row in records],
            "target": [_with_unit(row, row["target"], lang, row["relation"]) for row in records],
            "on": [_day_text(row["on"], "label.no_due_day", lang) for row in records],
            "reached": [_reached_text(row, lang) for row in records],
            "instrument": rows["source"].tolist(),
        }
    )
    page.attrs["result"] = "group_targets"
    return [Item("other_targets", table=page)]


def _indicator(briefing: Briefing, row: Mapping[str, Any]) -> str:
    """Return what a target measures, and of which unit above, if it is one's."""
    text = row["indicator_en"] if briefing.lang == "en" and row["indicator_en"] else row["indicator"]
    if row["area"] in ("each", briefing.code):
        return str(text)
    return f"{text} ({unit_label(briefing.data_as_of, row['area'], briefing.lang, row['on'])})"


def _reached_text(row: Mapping[str, Any], lang: str) -> str:
    """Return what was reached and on which day, or that no figure of it is known."""
    if pd.isna(row["reached"]):
        return translate("label.no_figure", lang)
    text = _with_unit(row, row["reached"], lang)
    return text if pd.isna(row["reached_on"]) else f"{text} ({format_date(row['reached_on'], lang)})"


def _with_unit(row: Mapping[str, Any], value: float, lang: str, relation: str = "") -> str:
    """Return a figure in its unit, with its relation: "above 90%", "12 communes"."""
    if pd.isna(value):
        return ""
    sign = translate(f"relation.{relation}", lang) if relation not in ("", "=") else ""
    if row["unit"] == "percent":
        return sign + format_message("{v:pe}", lang, v=value / 100)
    return (
        sign
        + format_number(value, lang, 0 if float(value).is_integer() else 1)
        + " "
        + translate(f"unit.{row['unit']}", lang)
    )
