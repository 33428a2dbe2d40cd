"""Find the zoning decision that a briefing of a unit is about, and the support that follows it."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.i18n.dates import DateLike, parse_date

COUNTRY = "VN"  # in the bundled decisions, also for an input that does not list it
TOTALS = ["zone_I", "zone_II", "zone_III"]


def default_decision(data: Dataset, area: str, as_of: DateLike | None = None) -> str | None:
    """Return the latest decision for a unit, or for a unit above it, of which the data hold figures.

    Figures are zones or losses in the unit, or totals of zones for the unit itself. Without any, the latest
    decision with totals for a unit above is taken; None if there is no such decision either. An input
    without a table of decisions is read with the bundled one: the State's decisions are the same for all.
    With ``as_of``, only decisions in force on the day or before it are considered.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data = load()
    >>> [default_decision(data, area) for area in ("Sơn Dương", "Yên Bái", "Lào Cai", "Điện Biên", "Sơn La")]
    ['861', '861', '2752', '46', '60']
    """
    view = area_view(data, area)
    code, data = view.code, view.data
    last_day = pd.Timestamp.max if view.unit.until is None else view.unit.until
    last_day = last_day if as_of is None else min(last_day, pd.Timestamp(parse_date(as_of)))
    above = {u.code for u in view.lineage} | _countries(data)

    table = decisions_table(data)
    in_force = table[table["area"].isin(above) & (table["since"] <= last_day)]
    days = in_force.groupby("decision")["since"].max().to_dict()
    first_days = _days_of_figures(data, code)
    days |= {d: day for d, day in first_days.items() if d not in set(table["decision"]) and day <= last_day}
    totals = in_force[in_force[TOTALS].notna().any(axis=1)]
    of_unit = (totals["area"] == code) & ~(totals["since"] < pd.Timestamp(view.unit.since))  # not of one before it
    with_figures = {*first_days, *totals.loc[of_unit, "decision"]} & set(days)
    return max(sorted(with_figures or set(totals["decision"])), key=days.__getitem__, default=None)


def units_with_own_decision(data: Dataset) -> list[str]:
    """Return the names of the units that have decided on zones themselves and whose list the data hold.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> units_with_own_decision(load())
    ['Tỉnh Lào Cai', 'Tỉnh Điện Biên']
    """
    table = data.decisions[data.decisions["area"].isin(data.areas["code"])]
    national = data.decisions.loc[data.decisions["area"].isin(_countries(data)), "decision"]
    own = table[~table["decision"].isin(national)]
    names = []
    for row in own.to_dict("records"):
        listed = data.zones.loc[data.zones["decision"] == row["decision"], "area"]
        unit = data.geography.unit_at(row["area"], row["since"])
        if listed.isin({u.code for u in data.geography.inside(unit)}).any():
            names.append(unit.name)
    return list(dict.fromkeys(names))


def decisions_table(data: Dataset) -> pd.DataFrame:
    """Return the table of decisions of the data, or the bundled one where the data have none."""
    return data.decisions if len(data.decisions) else _bundled_decisions()


def support_group(data: Dataset, decision: str) -> str:
    """Return the group of the supported under which those who lost a card may enrol; "" where none is known.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> support_group(load(), "861"), support_group(load(), "582")
    ('minority_left_2016_2020_list', '')
    """
    tables = (data.decisions, _bundled_decisions())
    groups = pd.concat([t.loc[t["decision"] == decision, "support_title"] for t in tables])
    return next((group for group in groups if group), "")


def _countries(data: Dataset) -> set[str]:
    return {COUNTRY, *data.areas.loc[data.areas["kind"] == "country", "code"]}


def _days_of_figures(data: Dataset, code: str) -> dict[str, pd.Timestamp]:
    """Return the first day of the zones and losses in a unit, by decision."""
    codes = {u.code for u in data.geography.inside(data.geography.unit_at(code))}
    figures = pd.concat([data.zones.rename(columns={"since": "on"}), data.losses])[["area", "decision", "on"]]
    return figures[figures["area"].isin(codes)].groupby("decision")["on"].min().to_dict()


@lru_cache(maxsize=1)
def _bundled_decisions() -> pd.DataFrame:
    table = pd.read_csv(bundled_path("data") / "decisions.csv", dtype=str, keep_default_na=False, encoding="utf-8")
    table["since"] = pd.to_datetime(table["since"], format="%Y-%m-%d", errors="coerce")
    return table.assign(**{c: pd.to_numeric(table[c]).astype("Int64") for c in TOTALS})
