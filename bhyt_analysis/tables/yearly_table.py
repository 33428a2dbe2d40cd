"""Sum a projection up for a terminal: coverage at the end of each year, and its money by payer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.projection.simulate import MONEY
from bhyt_analysis.model.projection.yearly import yearly
from bhyt_analysis.tables.formatting import Cell, TableColumn, TableSpec, table_spec
from bhyt_analysis.tables.labels import status_name

RATES = ("rate_low", "rate_high")
UNITS = ["scenario", "result", "area", "year"]
PEOPLE = ["people", "insured", "rate", *RATES]


def yearly_table(months: pd.DataFrame, lang: str = "vi") -> TableSpec:
    """Return of what `simulate` gives for an area without its groups a row for each year, then the money of all years.

    With take-up, on the last day of each year that the projection has: the insured, coverage with its interval,
    coverage without those who enrol again; and the billions of VND that each payer bears in the year, for the people
    whose cost is known.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> table = yearly_table(bhyt.simulate(bhyt.load(), "X001", draws=0), "en")
    >>> table.rows[0][:3], table.columns[-1].heading
    (('2022 (6 months)', 49505, 0.7628...), 'Total (billion VND)')
    """
    rows = _year_ends(months)
    taken_up, static = (rows[rows["result"] == result].reset_index(drop=True) for result in ("behavioural", "static"))
    lengths = taken_up["months"].map(lambda n: "" if n == 12 else f" ({translate('cli.months', lang, count=n)})")
    names = [(year,) for year in taken_up["year"].astype(str) + lengths]
    years = [TableColumn("year", translate("cli.year", lang), "text")]
    spec = _compose(taken_up, static, years, names, _static_heading(months, lang), lang)
    total = {c.key: _sum(spec.column(c.key)) for c in spec.columns if c.kind == "bn2"}
    total["year"] = translate("cli.total", lang)
    last = tuple(total.get(c.key, "") for c in spec.columns)
    return replace(spec, rows=(*spec.rows, last), notes=(*spec.notes, *_statuses(taken_up, lang)))


def last_year_table(months: pd.DataFrame, lang: str = "vi") -> TableSpec:
    """Return of what `simulate` gives by commune or group a row for each: as `yearly_table`, of the last year.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> table = last_year_table(bhyt.simulate(bhyt.load(), "X001", by="commune", draws=0), "en")
    >>> len(table.rows), table.rows[0][0]
    (12, 'Mẫu 01 commune')
    """
    rows = _year_ends(months)
    rows = rows[rows["year"] == rows["year"].max()]
    taken_up, static = (rows[rows["result"] == result].reset_index(drop=True) for result in ("behavioural", "static"))
    group = ["group"] if "group" in months else []
    static = taken_up[["area", *group]].merge(static, how="left")  # a group may have people by take-up alone
    units = [*(["name"] if taken_up["area"].nunique() > 1 else []), *group]
    names = table_spec(taken_up[units], lang).drop("order")
    spec = _compose(taken_up, static, names.columns, names.rows, _static_heading(months, lang), lang)
    first = taken_up.iloc[0]
    day = translate("cli.last_year", lang, day=first["month"], year=first["year"], count=first["months"])
    return replace(spec, notes=(*spec.notes, day, *_statuses(taken_up, lang)))


def _year_ends(months: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last month of each year, with the money of the year in place of the month's."""
    rows = months[months["month"] > months["month"].min()].assign(year=lambda t: t["month"].dt.year)
    keys = [*UNITS, *(["group"] if "group" in months else [])]
    last = rows.loc[rows.groupby(keys, sort=False)["month"].idxmax()]
    money = yearly(months)[[*keys, "months", "insured_costed", *MONEY, "status"]]
    table = last[[*keys, "name", "month", *PEOPLE]].merge(money, on=keys)
    table.attrs = dict(months.attrs)
    return table


def _static_heading(months: pd.DataFrame, lang: str) -> str:
    """Return the heading of the rates without take-up; it speaks of joining again only where people lose a card."""
    static = months[months["result"] == "static"]
    keys = ["scenario", "area", *(["group"] if "group" in months else [])]
    change = static.sort_values("month").groupby(keys)["insured"].diff()
    return translate("cli.rate_static" if (change < 0).any() else "cli.rate_static_no_loss", lang)


def _compose(
    taken_up: pd.DataFrame,
    static: pd.DataFrame,
    first: Sequence[TableColumn],
    names: Sequence[tuple[Cell, ...]],
    static_heading: str,
    lang: str,
) -> TableSpec:
    """Return the table of rows with take-up and without; in the first columns each has its names."""
    is_costed = (taken_up["insured_costed"] >= taken_up["insured"] - 1).all()  # on average of a year: rounded
    payers = [m for m in MONEY if taken_up[m].fillna(0).any()]
    certain = (taken_up["rate_low"] == taken_up["rate_high"]).all()  # without draws
    people = ["insured", "rate", *([] if certain else RATES), *([] if is_costed else ["insured_costed"]), *payers]
    spec, alone = table_spec(taken_up[people], lang), table_spec(static[["insured", "rate"]], lang)
    columns = {c.key: (_in_billions(c, lang) if c.key in payers else c, spec.column(c.key)) for c in spec.columns}
    columns["rate_static"] = TableColumn("rate_static", static_heading, "p1"), alone.column("rate")
    sums = [_sum(row) for row in zip(*(columns[p][1] for p in payers), strict=True)]
    if len(payers) > 1:
        columns["vnd"] = _in_billions(TableColumn("vnd", "", "n"), lang), sums
    order = ["insured", "rate", *RATES, "rate_static", "insured_costed", *payers, "vnd"]
    chosen = [columns[key] for key in order if key in columns]
    figures = zip(*(cells for _, cells in chosen), strict=True)
    rows = tuple((*name, *row) for name, row in zip(names, figures, strict=True))
    return TableSpec((*first, *(column for column, _ in chosen)), rows, spec.notes, spec.stamp)


def _in_billions(column: TableColumn, lang: str) -> TableColumn:
    payer = translate("cli.total" if column.key == "vnd" else f"cli.{column.key}", lang)
    return replace(column, heading=translate("cli.billions", lang, payer=payer), kind="bn2")


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else float("nan")


def _sum(cells: Sequence[Cell]) -> Cell:
    """Return the sum of cells; None where one is not known or hidden."""
    total = sum(map(_number, cells))
    return None if total != total else total


def _statuses(rows: pd.DataFrame, lang: str) -> list[str]:
    """Return the note on how well the figures are known; where it changes, with the years."""
    years = rows.groupby("status", sort=False)["year"].agg(["min", "max"])
    names = [status_name(status, lang) for status in years.index]
    if len(names) > 1:
        names = [f"{n} ({a}–{b})" if a < b else f"{n} ({a})" for n, (a, b) in zip(names, years.to_numpy(), strict=True)]
    return [translate("cli.status", lang, statuses="; ".join(names))]
