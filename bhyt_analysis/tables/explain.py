"""Explain results in words, step by step, with the articles that they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, format_message, has_message, translate
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import InForce, Law
from bhyt_analysis.model.distribution.rounding import round_half_up
from bhyt_analysis.model.finance.budget import PAYERS, monthly_prices
from bhyt_analysis.model.finance.premiums import MONTHS, premiums
from bhyt_analysis.model.projection.assumptions import assumptions
from bhyt_analysis.model.projection.uncertainty import REENROLLED
from bhyt_analysis.tables.columns import find_column
from bhyt_analysis.tables.formatting import cell_text
from bhyt_analysis.tables.labels import Row, group_name
from bhyt_analysis.tables.scenario_texts import comparison_text


def premium_steps(law: InForce, group: str, members: int = 1, lang: str | None = None) -> list[str]:
    """Return the steps of a yearly premium in words, each with the article that it rests on.

    Examples
    --------
    >>> premium_steps(bhyt.Law.read().at("2021-07-01"), "near_poor", lang="en")[-1]
    'The insured person pays 804,600 − 563,220 = 241,380 VND a year.'
    """

    def cite(parameter: str, key: str = "") -> str:
        return format_citation(law.reference(parameter, key), lang)

    table = premiums(pd.DataFrame({"group": group, "member": range(1, members + 1)}), law)
    salary, rate = law.number("base_salary"), law.number("contribution_rate")
    lines = [
        translate("premium.salary", lang, on=law.day, value=salary, reference=cite("base_salary")),
        translate("premium.rate", lang, value=rate, reference=cite("contribution_rate")),
    ]
    if table["premium"].isna().any():
        return [*lines, translate("premium.by_income", lang)]
    full = float(round_half_up(salary * rate * MONTHS))
    lines.append(translate("premium.full", lang, salary=salary, rate=rate, value=full))
    if group == "household":
        last = max(int(key) for key in pd.Series(law["household_factor"]).index)
        for row in table.itertuples():
            fields = {"member": row.member, "factor": row.factor, "full": full, "value": row.premium}
            reference = cite("household_factor", str(min(row.member, last)))
            lines.append(translate("premium.member", lang, reference=reference, **fields))
        lines.append(translate("premium.household", lang, members=members, value=table["own_payment"].sum()))
        return lines
    own = table.iloc[0]
    if pd.isna(own["subsidy_share"]):
        return [*lines, translate("premium.no_share", lang, on=law.day)]
    fields = {"share": own["subsidy_share"], "full": full, "value": own["subsidy"]}
    reference = cite("subsidy_share", groups().at[group, "subsidy_key"])
    lines.append(translate("premium.subsidy", lang, reference=reference, **fields))
    lines.append(translate("premium.own", lang, full=full, subsidy=own["subsidy"], value=own["own_payment"]))
    return lines


def explain(row: pd.Series, lang: str | None = None, law: Law | None = None) -> str:
    """Return a row of a result in words, with the articles that it rests on.

    ``row`` (``.iloc[i]`` or ``.loc[key]``) is of any table that a function of the package gives; its
    ``attrs["result"]`` says of which. ``law`` is the law that it was computed with.

    Parameters
    ----------
    row
        ``.iloc[i]`` or ``.loc[key]`` of a result.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    law
        the law that the row was computed with; by default the bundled one.

    Returns
    -------
    str
        Some sentences.

    Raises
    ------
    BhytError
        for a row that comes from none of them, or that rests on another law than ``law``.

    Examples
    --------
    >>> print(explain(bhyt.coverage(bhyt.load(), "X001", as_of="2021-06-30").iloc[0], "en"))
    Huyện Mẫu 01 (giả lập), 30 June 2021: All: 58,186 insured of 64,897 people (89.7%). Synthetic figures.
    """
    lang = check_lang(lang)
    record = row.to_dict()
    result = str(row.attrs.get("result", ""))
    function = _FUNCTIONS.get(result)
    if function is None and not has_message(f"explain.of.{result}"):
        raise BhytError(("error.explain", {"found": ", ".join(map(str, record)), "known": ", ".join(_FUNCTIONS)}))
    if law is None and record.get("reforms"):
        raise BhytError(("error.explain_law", {"reforms": record["reforms"]}))
    if function is None:
        parts = list(_explain_figures(result, record, lang))
    else:
        parts = list(function(record, lang, Law.read() if law is None else law))
    if record.get("status"):
        parts.append(translate(f"status.{record['status']}", lang) + ".")
    return " ".join(p for p in parts if p)


def probability_texts(rows: pd.DataFrame, lang: str) -> list[str]:
    """Return how likely each target is met, a sentence each; ``rows``: what `target_probabilities` gives."""
    texts = []
    for row in rows[["on", "rate", "chance", "relation"]].to_dict("records"):
        key = "text.chance_outside" if pd.isna(row["chance"]) else "text.chance"
        texts.append(translate(key, lang, **row | {"relation": translate(f"relation.{row['relation']}", lang)}))
    return texts


def _zone_name(zone: str, lang: str) -> str:
    name = translate(f"zone.{zone}" if zone else "explain.zone_unknown", lang)
    return name[:1].lower() + name[1:]


def _explain_reclassify(row: Row, lang: str, law: Law) -> Iterator[str]:
    zones = {w: _zone_name(row[f"zone_{w}"], lang) for w in ("before", "after")}
    yield translate("explain.zones", lang, name=row["name"], on=row["on"], **zones)
    if pd.notna(row["before"]) and pd.notna(row["lost"]):
        yield translate("explain.cards", lang, **{k: row[k] for k in ("before", "lost", "kept", "gained")})
    elif pd.notna(row["lost"]):
        yield translate("explain.lost_only", lang, lost=row["lost"])
    else:
        yield translate("explain.lost_unknown", lang)
    article = format_citation(groups().at["difficult_area", "reference"], lang)
    yield translate(f"method.{row['method']}", lang, article=article, source=format_citation(row["source"], lang))


def _explain_allocate(row: Row, lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("population", "insured", "target_people", "to_add")}
    fields |= {"name": row.get("name", row["area"]), "rate": row["target_rate"]}
    yield translate("explain.allocated", lang, now=row["insured"] / row["population"], **fields)


def _explain_compare(row: Row, lang: str, law: Law) -> Iterator[str]:
    yield comparison_text(row, lang)


def _explain_simulate(row: Row, lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("name", "scenario", "people", "insured", "rate")}
    fields |= {"group": group_name(str(row.get("group", "all")), lang)}
    fields |= {"result": translate(f"result.{row['result']}", lang)}
    yield translate("explain.simulated", lang, on=row["month"], **fields)
    if pd.notna(row["rate_low"]) and row["rate_high"] > row["rate_low"]:
        yield translate("explain.interval", lang, low=row["rate_low"], high=row["rate_high"])
    money = {p: row[f"vnd_{p}"] for p in PAYERS if pd.notna(row[f"vnd_{p}"]) and row[f"vnd_{p}"]}
    if money:
        parts = ", ".join(f"{translate(f'payer.{p}', lang)} {format_number(v, lang)}" for p, v in money.items())
        in_force = law.at(row["month"].replace(day=1))
        salary, rate = in_force.number("base_salary"), in_force.number("contribution_rate")
        article = format_citation(in_force.reference("base_salary"), lang)
        yield translate("explain.money", lang, parts=parts, salary=salary, rate=rate, article=article)
        if row.get("group") == "household" and row["insured"]:
            yield translate("explain.household", lang, scale=sum(money.values()) / (row["insured"] * salary * rate))
    if row["proposal"]:
        yield translate("status.proposal", lang) + "."


def _explain_budget(row: Row, lang: str, law: Law) -> Iterator[str]:
    month = pd.Timestamp(row["month"])
    due = monthly_prices(law, [month], [row["group"]])[0, 0, PAYERS.index(row["payer"])] * row["insured"]
    # Households pay by their size and employees by their earnings, which the row does not have; the province adds to
    # a share in its own area. All else must fit the law that is cited.
    if row["group"] != "household" and row["payer"] == "central" and abs(due - row["vnd"]) > 1:
        raise BhytError(("error.explain_other_law", {}))
    in_force = law.at(month.replace(day=1))
    share = in_force.rows("subsidy_share").set_index("key")["reference"].get(groups().at[row["group"], "subsidy_key"])
    references = [in_force.reference("base_salary"), in_force.reference("contribution_rate"), share]
    fields = {"insured": row["insured"], "vnd": row["vnd"], "group": group_name(row["group"], lang)}
    fields |= {"article": "; ".join(format_citation(r, lang) for r in references if r)}
    yield translate("explain.budget", lang, on=row["month"], payer=translate(f"payer.{row['payer']}", lang), **fields)


def _explain_premiums(row: Row, lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("factor", "premium", "subsidy_share", "subsidy", "own_payment")}
    yield translate("explain.premium", lang, **fields, group=group_name(row["group"], lang))
    yield format_citation(groups().at[row["group"], "reference"], lang) + "."


def _explain_coverage(row: Row, lang: str, law: Law) -> Iterator[str]:
    key = row.get("subgroup") or row.get("group") or "all"
    fields = {"name": row["name"], "on": row["as_of"], "group": group_name(str(key), lang)}
    if pd.notna(row["insured"]) and pd.notna(row["population"]):
        fields |= {k: row[k] for k in ("insured", "population", "rate")}
        yield translate("explain.coverage", lang, **fields)
    elif pd.notna(row["rate_low"]):
        yield translate("explain.coverage_rate", lang, **fields, low=row["rate_low"], high=row["rate_high"])
    else:
        yield translate("explain.coverage_none", lang, **fields)


def _explain_yearly(row: Row, lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("name", "scenario", "months", "insured", "insured_costed")}
    fields |= {"group": group_name(str(row.get("group", "all")), lang), "year": str(row["year"])}
    money = {p: row[f"vnd_{p}"] for p in PAYERS if pd.notna(row[f"vnd_{p}"]) and row[f"vnd_{p}"]}
    parts = ", ".join(f"{translate(f'payer.{p}', lang)} {format_number(v, lang)}" for p, v in money.items())
    yield translate("explain.yearly", lang, result=translate(f"result.{row['result']}", lang), **fields)
    yield translate("explain.yearly_money" if parts else "explain.yearly_unknown", lang, parts=parts)
    if row["proposal"]:
        yield translate("status.proposal", lang) + "."


def _assumption(name: str, lang: str) -> str:
    """Return the name of an assumption as a sentence has it."""
    if name == REENROLLED:
        return translate("explain.reenrolled", lang)
    return f"“{assumptions().at[name, f'name_{lang}']}”"


def _assumption_value(name: str, value: float, lang: str) -> str:
    """Return the value of an assumption: in per cent where it is a share."""
    is_share = name == REENROLLED or str(assumptions().at[name, "unit"]).startswith("share")
    return format_message("{v:p1}" if is_share else "{v:d2}", lang, v=value)


def _explain_break_even(row: Row, lang: str, law: Law) -> Iterator[str]:
    values = {k: _assumption_value(row["name"], row[k], lang) for k in ("value", "low", "high", "central")}
    fields = {k: row[k] for k in ("rate", "on", "rate_at_low", "rate_at_high")}
    key = "explain.break_even_none" if pd.isna(row["value"]) else "explain.break_even"
    yield translate(key, lang, assumption=_assumption(row["name"], lang), **values, **fields)
    yield translate("explain.break_even_ends", lang, **values, **fields)


def _explain_tornado(row: Row, lang: str, law: Law) -> Iterator[str]:
    values = {k: _assumption_value(row["name"], row[k], lang) for k in ("low", "central", "high")}
    figures, spec = ("rate", "{v:p1}") if "rate" in row else ("vnd", "{v:vnd}")
    results = {
        key: format_message(spec, lang, v=row[name])
        for key, name in (("at_low", f"{figures}_low"), ("at_central", figures), ("at_high", f"{figures}_high"))
    }
    key = "explain.tornado_rate" if figures == "rate" else "explain.tornado_cost"
    yield translate(key, lang, assumption=_assumption(row["name"], lang), **values, **results)


def _explain_finding(row: Row, lang: str, law: Law) -> Iterator[str]:
    yield row["message"]
    yield translate(f"severity.{row['severity']}", lang) + "."


def _explain_figures(result: str, row: Row, lang: str) -> Iterator[str]:
    """Yield how the rows of a function come about, and the figures of this one with their headings."""
    of_kind = f"explain.of.{result}.{row.get('kind')}"
    yield translate(of_kind if has_message(of_kind) else f"explain.of.{result}", lang)
    texts = {name: _figure_text(name, value, row, result, lang) for name, value in row.items()}
    columns = {name: find_column(name, result) for name in row}
    yield "; ".join(f"{columns[name].label(lang)}: {text}" for name, text in texts.items() if text) + "."
    if source := row.get("source") or row.get("instrument") or row.get("reference"):
        yield translate("explain.source", lang, source=format_citation(str(source), lang))


def _figure_text(name: str, value: object, row: Row, result: str, lang: str) -> str:
    """Return a cell as `_explain_figures` writes it; "" where it says nothing by itself."""
    column = find_column(name, result)
    missing = pd.api.types.is_scalar(value) and (pd.isna(value) or value == "")
    if (
        missing
        or name in NOT_EXPLAINED
        or column.disclosure in ("status", "text")
        or isinstance(value, bool | np.bool_)
    ):
        return ""
    if isinstance(value, pd.Timestamp):
        return format_date(value, lang)
    if column.format == "value" and "key" in row:  # in the unit of the figure that the row is about
        column = find_column(row["key"], result)
    elif column.format == "value" and row.get("unit") in UNIT_FORMATS:
        return format_message(UNIT_FORMATS[row["unit"]], lang, v=value)
    return cell_text(column, value, lang)


# Columns that say nothing without the others, or that have a sentence of their own.
NOT_EXPLAINED = {"area", "source", "instrument", "reference", "file", "row", "unit_id", "relation", "target_relation"}
NOT_EXPLAINED |= {"unit", "kind", "case", "quantity", "origin", "detail"}
UNIT_FORMATS = {"share": "{v:p1}", "people": "{v:n}", "cards": "{v:n}", "vnd": "{v:n}"}

# By the name of the function that made the row; of the others the message "explain.of" says how their rows come about.
_FUNCTIONS: dict[str, Callable[[Row, str, Law], Iterator[str]]] = {
    "allocate": _explain_allocate,
    "audit": _explain_finding,
    "break_even": _explain_break_even,
    "budget": _explain_budget,
    "check": _explain_finding,
    "compare": _explain_compare,
    "coverage": _explain_coverage,
    "premiums": _explain_premiums,
    "reclassify": _explain_reclassify,
    "simulate": _explain_simulate,
    "to_successor_units": _explain_finding,
    "tornado": _explain_tornado,
    "yearly": _explain_yearly,
}
