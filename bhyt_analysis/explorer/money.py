"""Say whose money a scenario takes: VND by group, payer and year, each with the difference to the law in force."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.explorer.markup import escape_html
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.model.projection.simulate import MONEY
from bhyt_analysis.model.projection.yearly import yearly
from bhyt_analysis.tables.labels import group_name

YEARS_AFTER = 2  # that are rendered


def behavioural_costs(months: pd.DataFrame) -> pd.DataFrame:
    """Return the costs of each year by group, with take-up."""
    return yearly(months[months["result"] == "behavioural"])


def render_costs(costs: pd.DataFrame, reference: pd.DataFrame, year: int, lang: str) -> str:
    """Render a table a year, groups by payers, in tỷ đồng with the difference to the law in force.

    That of ``year`` is open, those of the years after follow; the files of the page have all years.
    """
    priced = costs.dropna(subset=MONEY)
    if priced.empty:
        return ""
    payers = [p for p in PAYERS if priced[f"vnd_{p}"].any() or reference[f"vnd_{p}"].fillna(0).any()]
    heading = translate("explore.money", lang)
    tables = [f"<h3>{escape_html(heading)}</h3>"]
    for one, rows in costs[costs["year"].between(year, year + YEARS_AFTER)].groupby("year"):
        key = "explore.year" if rows["months"].iloc[0] == 12 else "explore.months_of_year"
        label = translate(key, lang, year=str(one), months=int(rows["months"].iloc[0]))
        table = _year_table(rows, reference[reference["year"] == one], payers, lang)
        is_open = " open" if one == year else ""
        tables.append(f"<details{is_open}><summary>{escape_html(label)}</summary>{table}</details>")
    return "".join(tables)


def _year_table(rows: pd.DataFrame, reference: pd.DataFrame, payers: list[str], lang: str) -> str:
    """Return the table of a year: a line a group, and their sum last."""
    columns = [f"vnd_{p}" for p in payers]
    before = reference.set_index("group")[columns]
    heads = [translate("explore.people_paid_for", lang), *(translate(f"payer.{p}", lang) for p in payers)]
    head = "".join(f'<th class="n">{escape_html(h)}</th>' for h in heads)
    body = ""
    for row in rows.to_dict("records"):
        name = row["group"]
        cells = [
            format_message("{v:n}", lang, v=row["insured"]),
            *(_cell(row[c], before.at[name, c] if name in before.index else 0.0, lang) for c in columns),
        ]
        body += _line(group_name(name, lang), cells)
    sums, sums_before = rows[columns].sum(), before.sum()
    paid_for = rows.loc[rows[columns].notna().all(axis=1), "insured"].sum()
    cells = [format_message("{v:n}", lang, v=paid_for), *(_cell(sums[c], sums_before[c], lang) for c in columns)]
    total = {"share": paid_for / rows["insured"].sum()}
    body += _line(translate("explore.sum_of_known", lang, **total), cells, "b")
    return f'<table class="bhyt"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(value: float, before: float, lang: str) -> str:
    """Return an amount with its difference to the law in force; a dash where it is not known."""
    if pd.isna(value):
        return "–"
    change = 0.0 if pd.isna(before) else value - before
    if not value and not change:
        return "0"
    return format_message("{v:bn2} ({c:+bn2})", lang, v=value, c=change)


def _line(label: str, cells: list[str], tag: str = "span") -> str:
    body = "".join(f'<td class="n"><{tag}>{escape_html(cell)}</{tag}></td>' for cell in cells)
    return f"<tr><td><{tag}>{escape_html(label)}</{tag}></td>{body}</tr>"
