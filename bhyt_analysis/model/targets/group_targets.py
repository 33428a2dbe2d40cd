"""Set the targets of groups, and those of no fall from the year before, against the figures of today."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pandas as pd

from bhyt_analysis.domain.area_view import AreaView, area_view, is_for_each
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.law.groups import groups, is_group_key, legal_group
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.targets.targets import RELATIONS, people_needed

COLUMNS = [
    "scope", "on", "relation", "rate", "area", "name", "target_level", "counted_group", "insured", "base_people",
    "people_needed", "to_add", "as_of", "instrument", "status",
]  # fmt: skip
WHO_LOST = ("pupil_who_lost", "student_who_lost", "other_who_lost")
RATCHET = "ratchet"
Row = dict[str, Any]  # some of the columns of `group_targets`


@result_table
def group_targets(data: Dataset, area: str, as_of: DateLike | None = None) -> pd.DataFrame:
    """Return each target of a unit other than those of all its people by a day, in people where they are known.

    These are targets of groups, and those by which coverage may not fall below the year before: the unit's own, those
    set for each unit of its kind or in it, and those of the units above. Of a unit above, those past are left out.

    One row a target: ``scope`` (a group, "all", or e.g. "pupil_who_lost"), ``on`` (day; missing for every year),
    ``relation``, ``rate``, ``area`` and ``name`` of the unit that the figures are of, ``target_level`` ("own", "each",
    or the kind of the unit above), ``counted_group`` (the group whose cards are counted: a wider one where its own
    cards are not known), ``insured`` (cards), ``base_people`` (people of the group), ``people_needed``, ``to_add``
    (below 0 where more are insured), ``as_of`` (of the cards), ``instrument``, ``status``. Under a ratchet
    ``base_people`` is the population, and ``people_needed`` what gives the rate of the end of the year before. What is
    not known is missing.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> table = group_targets(load(), "Sơn Dương")
    >>> row = table[table["scope"] == "near_poor"].iloc[0]
    >>> int(row["insured"]), bool(pd.isna(row["people_needed"]))
    (6198, True)
    """
    table: pd.DataFrame = area_view(data, area, as_of).result(_group_targets)
    return table.copy()


def _group_targets(view: AreaView) -> pd.DataFrame:
    rows = [row for target in _targets(view) for row in _with_figures(view, target)]
    counts = dict.fromkeys(("insured", "base_people", "people_needed", "to_add"), "Int64")
    days = dict.fromkeys(("on", "as_of"), "datetime64[s]")
    return pd.DataFrame(rows, columns=COLUMNS).astype({**counts, **days, "rate": "float64"})


def _targets(view: AreaView) -> Iterator[Row]:
    """Yield the targets, each with its ``target_level``."""
    table, above = view.data.targets, {u.code: u.kind for u in view.lineage[1:]}
    is_path = (table["scope"] == "all") & table["relation"].isin(RELATIONS)
    each = is_for_each(table, view)
    level = table["area"].map(above).mask(table["area"] == view.code, "own").mask(each, "each")
    table = table.assign(target_level=level)[~is_path & level.notna()]
    for row in table.to_dict("records"):
        if row["target_level"] in ("own", "each") or pd.isna(row["on"]) or is_ahead(view, row["on"]):
            yield row


def is_ahead(view: AreaView, day: pd.Timestamp) -> bool:
    """Return whether a target of a unit above is ahead on the day of the figures, or today, and in the unit's time."""
    now, last = view.coverage().iloc[0], view.unit.until
    if last is not None and day > last:
        return False
    return day >= now["as_of"] if pd.notna(now["rate"]) else not clock.is_past(day)


def _with_figures(view: AreaView, target: Row) -> Iterator[Row]:
    """Yield a target with the figures of the unit."""
    own = {c: target[c] for c in ("scope", "on", "relation", "rate", "target_level", "instrument")}
    own |= {"area": view.code, "name": view.unit.name, "counted_group": "", "status": ""}
    if target["target_level"] == "each" and target["kind"] != view.kind:
        yield own  # of the units in it
    elif target["scope"] == "all":
        yield own | (_last_year(view) if target["relation"] == RATCHET else _everybody(view, target))
    elif is_group_key(target["scope"]):
        yield own | _group(view, target)
    else:
        yield own


def _everybody(view: AreaView, target: Row) -> Row:
    """Return the figures of a target of everybody that holds in every year."""
    now = view.coverage().iloc[0]
    if pd.isna(now["insured"]) or pd.isna(now["population"]) or pd.isna(target["rate"]):
        return {}
    required = people_needed(int(now["population"]), target["rate"], target["relation"])
    return _figures(now["insured"], now["population"], required, now["as_of"], now["status"])


def _last_year(view: AreaView) -> Row:
    """Return the insured now, and those who would give the rate of the end of the year before."""
    rows = coverage(view.data, view.code, by=["month"], as_of=view.as_of).dropna(subset=["insured", "population"])
    if rows.empty:
        return {}
    now = rows.iloc[-1]
    before = rows[rows["as_of"].dt.year == now["as_of"].year - 1].tail(1)
    if before.empty or not before["population"].iloc[0]:
        return _figures(now["insured"], now["population"], None, now["as_of"], now["status"])
    exact = Fraction(int(before["insured"].iloc[0]) * int(now["population"]), int(before["population"].iloc[0]))
    required = -(-exact.numerator // exact.denominator)
    return _figures(now["insured"], now["population"], required, now["as_of"], now["status"])


def _group(view: AreaView, target: Row) -> Row:
    """Return the cards of a group, or of the narrowest counted group around it, and the people of the group."""
    scope = target["scope"]
    rows = coverage(view.data, view.code, by=["subgroup"], as_of=view.as_of).dropna(subset="insured")
    counted = dict(zip(rows["subgroup"], rows.to_dict("records"), strict=True))
    group = next((g for g in (scope, groups().at[legal_group(scope), "within"]) if g in counted), None)
    people = _people_of_group(view, scope)
    if group is None:
        return {"base_people": people}
    now, required = counted[group], None
    if people is not None and group == scope and pd.notna(target["rate"]):
        required = people_needed(people, target["rate"], target["relation"])
    return {"counted_group": group, **_figures(now["insured"], people, required, now["as_of"], now["status"])}


def _people_of_group(view: AreaView, scope: str) -> int | None:
    """Return the people of a group by what a document prints of them as ``GROUP_people``; None where none does."""
    published = view.rows("published")
    rows = published[(published["figure"] == f"{scope}_people") & published["value"].notna()]
    return None if rows.empty else int(rows.sort_values("as_of")["value"].iloc[-1])


def _figures(insured: Any, people: Any, required: int | None, day: pd.Timestamp, status: str) -> Row:
    to_add = None if required is None else required - int(insured)
    row = {"insured": int(insured), "base_people": people, "people_needed": required, "to_add": to_add, "as_of": day}
    return row | {"status": derived_quality(status)}


def communes_below_last_year(view: AreaView) -> tuple[int, int] | None:
    """Return how many communes have a lower rate than at the end of the year before, and of how many that is known."""
    rows = coverage(view.data, view.code, by=["commune", "month"], as_of=view.as_of).dropna(subset="rate")
    if rows.empty:
        return None
    last = rows["as_of"].max()
    now = rows[rows["as_of"] == last].set_index("area")["rate"]
    before = rows[rows["as_of"].dt.year == last.year - 1].drop_duplicates("area", keep="last").set_index("area")["rate"]
    both = now.to_frame("now").join(before.rename("before"), how="inner")
    return None if both.empty else (int((both["now"] < both["before"]).sum()), len(both))
