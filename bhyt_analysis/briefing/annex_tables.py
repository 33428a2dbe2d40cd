"""What does each commune, month and payer come to? The tables that an office annexes to its plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd

from bhyt_analysis.briefing.items import Item, Items, population_basis
from bhyt_analysis.domain.data_status import derived_quality, lowest_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import communes, lineage, population_at, unit_name, unit_row
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.distribution.rounding import largest_remainder
from bhyt_analysis.model.finance.premiums import premiums
from bhyt_analysis.model.targets.allocation import allocate

COMMUNES = 60  # units of a table that people read; a province has its districts do this


def allocation(data: Dataset, code: str, steps: pd.DataFrame, as_of: DateLike | None, lang: str = "vi") -> Items:
    """The first target shared out to the communes (``steps``: what `target_steps` gives of the unit).

    Where each commune's cards are known, by equal shares of the gaps; where only its people
    are, the same rate for all, which does not tell how many each must add.
    """
    units = communes(data.areas, code)
    if steps.empty or not 2 <= len(units) <= COMMUNES or code in units:
        return []
    told = _shared_out(data, code, units, steps.iloc[0], as_of, lang)
    until = unit_row(data.areas, code)["until"]
    if told and pd.notna(until) and until.date() < dt.date.today():
        ended = translate("text.allocation_ended", lang, on=until + pd.Timedelta(days=1))
        told[0] = replace(told[0], text=f"{told[0].text} {ended}")
    return told


def _shared_out(
    data: Dataset, code: str, units: list[str], first: pd.Series, as_of: DateLike | None, lang: str
) -> Items:
    words = {"rate": first["rate"], "on": first["on"], "relation": translate(f"relation.{first['relation']}", lang)}
    if not data.cards["area"].isin(units).any():  # spares working out what can't be known
        return _by_people(data, code, units, first, words, lang)
    rows = coverage(data, code, by=["commune"], as_of=as_of)
    if len(rows) >= 2 and rows[["insured", "population"]].notna().all(axis=None):
        try:
            shared = allocate(rows, first["rate"], first["relation"])
        except BhytError as error:
            return [Item("allocation", error.text(lang))]
        columns = ["area", "name", "population", "insured", "target_people", "target_rate", "to_add", "status"]
        table = shared.assign(status=[derived_quality(s) for s in shared["status"]])[columns]
        return [
            Item("allocation", translate("text.allocation", lang, people=shared["to_add"].sum(), **words), table=table)
        ]
    return _by_people(data, code, units, first, words, lang)


def _by_people(data: Dataset, code: str, units: list[str], first: pd.Series, words: dict, lang: str) -> Items:
    counts = {unit: population_at(data.areas, data.population, unit, first["on"]) for unit in units}
    if any(count is None for count in counts.values()):
        return []
    known = [(unit, count) for unit, count in counts.items() if count is not None]
    people = [count.people for _, count in known]
    table = pd.DataFrame({"area": [unit for unit, _ in known]})
    table["name"] = [unit_name(data.areas, unit, count.as_of) for unit, count in known]
    table["population"] = people
    table["target_people"] = largest_remainder(people, int(first["people_needed"]))
    table["status"] = derived_quality("estimated", lowest_quality([count.status for _, count in known]))
    text = translate(
        "text.allocation_people",
        lang,
        needed=first["people_needed"],
        basis=population_basis(known[0][1], lang),
        **words,
    )
    return [Item("allocation", text, table=table)]


def months(data: Dataset, code: str, as_of: DateLike | None) -> Items:
    """The insured month by month, where more than one month is known."""
    if data.cards["as_of"].nunique() < 2:
        return []
    rows = coverage(data, code, by=["month"], as_of=as_of)
    rows = rows[rows["insured"].notna()]
    if len(rows) < 2:
        return []
    table = rows.assign(month=rows["as_of"], change=rows["insured"].diff())
    return [Item("months", table=table[["month", "insured", "change", "population", "rate", "status"]])]


def subsidy(data: Dataset, law: Law, code: str, as_of: DateLike | None, lang: str = "vi") -> Items:
    """What the State pays in a year, sub-group by sub-group, for those it pays for or supports now."""
    if not data.cards["area"].isin([code, *communes(data.areas, code)]).any():
        return []
    rows = coverage(data, code, by=["subgroup"], as_of=as_of)
    rows = rows[rows["insured"].notna()]
    newest = law.latest_change()
    if rows.empty:
        return []
    today = law.at(newest, lineage(data.areas, code, pd.Timestamp(newest)))
    each = premiums(pd.DataFrame({"group": rows["subgroup"].to_numpy()}), today)
    table = rows[["subgroup", "insured", "status"]].reset_index(drop=True).join(each.drop(columns=["group", "factor"]))
    table = table[table["subsidy"] > 0]
    if table.empty:
        return []
    people = table["insured"].astype(float)
    table = table.assign(
        vnd_state=people * table["subsidy"],
        vnd_own=people * table["own_payment"],
        status=[derived_quality(s) for s in table["status"]],
    )
    columns = ["subgroup", "insured", "premium", "subsidy_share", "vnd_state", "vnd_own", "status"]
    words = {
        "people": people.sum(),
        "state": table["vnd_state"].sum(),
        "own": table["vnd_own"].sum(),
        "on": newest,
        "as_of": rows["as_of"].iloc[0],
    }
    return [Item("subsidy", translate("text.subsidy", lang, **words), table=table[columns])]
