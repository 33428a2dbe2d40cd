"""How does a result come about, step by step, in words with the articles?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import InForce, Law
from bhyt_analysis.model.distribution.rounding import round_half_up
from bhyt_analysis.model.finance.budget import PAYERS, monthly_prices
from bhyt_analysis.model.finance.premiums import MONTHS, premiums
from bhyt_analysis.tables.labels import group_name
from bhyt_analysis.tables.scenario_texts import comparison_text


def premium_steps(law: InForce, group: str, members: int = 1, lang: str = "vi") -> list[str]:
    """The steps of a yearly premium in words, each with the article that it rests on.

    Examples
    --------
    >>> from bhyt_analysis.law import Law
    >>> premium_steps(Law.read().at("2021-07-01"), "near_poor", lang="en")[-1]
    'The insured person pays 804,600 − 563,220 = 241,380 VND a year.'
    """
    people = pd.DataFrame({"group": group, "member": range(1, members + 1)})
    table = premiums(people, law)
    salary, rate = law.number("base_salary"), law.number("contribution_rate")
    lines = [
        translate(
            "premium.salary",
            lang,
            on=law.day,
            value=salary,
            reference=format_citation(law.reference("base_salary"), lang),
        ),
        translate(
            "premium.rate", lang, value=rate, reference=format_citation(law.reference("contribution_rate"), lang)
        ),
    ]
    if table["premium"].isna().any():
        return [*lines, translate("premium.by_income", lang)]
    full = float(round_half_up(salary * rate * MONTHS))
    lines.append(translate("premium.full", lang, salary=salary, rate=rate, value=full))
    if group == "household":
        last = max(pd.Series(law["household_factor"]).index, key=int)
        for row in table.itertuples():
            key = str(min(row.member, int(last)))
            cited = format_citation(law.reference("household_factor", key), lang)
            lines.append(translate("premium.member", lang, member=row.member, factor=row.factor, full=full, value=row.premium, reference=cited))  # fmt: skip
        lines.append(translate("premium.household", lang, members=members, value=table["own_payment"].sum()))
        return lines
    row, key = table.iloc[0], groups().at[group, "subsidy_key"]
    if pd.isna(row["subsidy_share"]):
        return [*lines, translate("premium.no_share", lang, on=law.day)]
    cited = format_citation(law.reference("subsidy_share", key), lang)
    lines.append(
        translate("premium.subsidy", lang, share=row["subsidy_share"], full=full, value=row["subsidy"], reference=cited)
    )
    lines.append(translate("premium.own", lang, full=full, subsidy=row["subsidy"], value=row["own_payment"]))
    return lines


def explain(row: pd.Series, lang: str = "vi", law: Law | None = None) -> str:
    """A row of a result in words, with the articles that it rests on.

    Parameters
    ----------
    row : a row of what `coverage`, `reclassify`, `premiums`, `budget`, `simulate`,
        `allocate` or `compare` gives.
    lang : "vi" or "en".
    law : the law that the row was computed with; by default the bundled law.

    Raises
    ------
    BhytError
        for a row that comes from none of them, or that rests on another law than ``law``.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> from bhyt_analysis.model.reclassification.reclassify import reclassify
    >>> row = reclassify(load(), "861", "X001").set_index("area").loc["X00111"]
    >>> print(explain(row, "en"))
    On 1 July 2021 Xã Mẫu 11 went from zone III to zone I. Of 3,228 cards by area title 3,228 ended and 0 were kept; 0 people gained one. By the zones: Law 25/2008/QH12 as amended by Law 46/2014/QH13 art. 12(3h). Synthetic figures.
    """
    told = row.to_dict()
    if law is None and told.get("reforms"):
        raise BhytError(("error.explain_law", {"reforms": told["reforms"]}))
    law = Law.read() if law is None else law
    for marks, words in _EXPLAINED:
        if marks <= set(told):
            parts = [*words(told, lang, law)]
            if "status" in told:
                parts.append(translate(f"status.{told['status']}", lang) + ".")
            return " ".join(p for p in parts if p)
    raise BhytError(("error.explain", {"found": ", ".join(str(c) for c in told)}))


def probability_texts(rows: pd.DataFrame, lang: str) -> list[str]:
    """How likely each target is met, a sentence each; ``rows``: what `chances` gives."""
    told = rows.assign(relation=[translate(f"relation.{r}", lang) for r in rows["relation"]])
    outside = rows["chance"].isna()
    keys = outside.map({True: "text.chance_outside", False: "text.chance"})
    return [translate(k, lang, **{c: r[c] for c in ("on", "rate", "chance", "relation")}) for k, r in zip(keys, told.to_dict("records"), strict=True)]  # fmt: skip


def _zone(zone: str, lang: str) -> str:
    name = translate(f"zone.{zone}" if zone else "explain.zone_unknown", lang)
    return name[:1].lower() + name[1:]


def _of_reclassified(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    table, fields = groups(), {"name": row["name"], "on": row["on"]}
    yield translate("explain.zones", lang, **fields, before=_zone(row["zone_before"], lang), after=_zone(row["zone_after"], lang))  # fmt: skip
    if pd.notna(row["before"]) and pd.notna(row["lost"]):
        yield translate("explain.cards", lang, **{k: row[k] for k in ("before", "lost", "kept", "gained")})
    elif pd.notna(row["lost"]):
        yield translate("explain.lost_only", lang, lost=row["lost"])
    else:
        yield translate("explain.lost_unknown", lang)
    article = format_citation(table.at["difficult_area", "reference"], lang)
    yield translate(f"method.{row['method']}", lang, article=article, source=format_citation(row["source"], lang))


def _of_allocated(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("population", "insured", "target_people", "to_add")}
    yield translate("explain.allocated", lang, **fields, name=row.get("name", row["area"]), rate=row["target_rate"], now=row["insured"] / row["population"])  # fmt: skip


def _of_compared(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    yield comparison_text(row, lang)


def _of_simulated(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("name", "scenario", "people", "insured", "rate")}
    yield translate("explain.simulated", lang, **fields, on=row["month"], group=group_name(row["group"], lang), result=translate(f"result.{row['result']}", lang))  # fmt: skip
    if pd.notna(row["rate_low"]) and row["rate_high"] > row["rate_low"]:
        yield translate("explain.interval", lang, low=row["rate_low"], high=row["rate_high"])
    money = {p: row[f"vnd_{p}"] for p in PAYERS if pd.notna(row[f"vnd_{p}"]) and row[f"vnd_{p}"]}
    if money:
        told = ", ".join(f"{translate(f'payer.{p}', lang)} {format_number(v, lang)}" for p, v in money.items())
        today = law.at(row["month"].replace(day=1))
        cited = format_citation(today.reference("base_salary"), lang)
        salary, rate = today.number("base_salary"), today.number("contribution_rate")
        yield translate("explain.money", lang, told=told, salary=salary, rate=rate, article=cited)
        if row["group"] == "household" and row["insured"]:
            yield translate("explain.household", lang, scale=sum(money.values()) / (row["insured"] * salary * rate))
    if row["proposal"]:
        yield translate("status.proposal", lang) + "."


def _of_budget(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    month = pd.Timestamp(row["month"])
    due = monthly_prices(law, [month], [row["group"]])[0, 0, PAYERS.index(row["payer"])] * row["insured"]
    # Households pay by their size and employees by their earnings, which the row does not tell; the province adds to
    # a share in its own area. All else must fit the law that is cited.
    if row["group"] != "household" and row["payer"] == "central" and abs(due - row["vnd"]) > 1:
        raise BhytError(("error.explain_other_law", {}))
    today = law.at(month.replace(day=1))
    key = groups().at[row["group"], "subsidy_key"]
    shares = today.rows("subsidy_share").set_index("key")["reference"]
    cited = "; ".join(format_citation(r, lang) for r in (today.reference("base_salary"), today.reference("contribution_rate"), shares.get(key, "")) if r)  # fmt: skip
    fields = {"insured": row["insured"], "vnd": row["vnd"], "on": row["month"], "article": cited}
    yield translate("explain.budget", lang, **fields, group=group_name(row["group"], lang), payer=translate(f"payer.{row['payer']}", lang))  # fmt: skip


def _of_premium(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    fields = {k: row[k] for k in ("factor", "premium", "subsidy_share", "subsidy", "own_payment")}
    yield translate("explain.premium", lang, **fields, group=group_name(row["group"], lang))
    yield format_citation(groups().at[row["group"], "reference"], lang) + "."


def _of_coverage(row: dict[str, Any], lang: str, law: Law) -> Iterator[str]:
    key = row.get("subgroup") or row.get("group") or "all"
    fields = {"name": row["name"], "on": row["as_of"], "group": group_name(str(key), lang)}
    if pd.notna(row["insured"]) and pd.notna(row["population"]):
        yield translate("explain.coverage", lang, **fields, insured=row["insured"], population=row["population"], rate=row["rate"])  # fmt: skip
    elif pd.notna(row["rate_low"]):
        yield translate("explain.coverage_rate", lang, **fields, low=row["rate_low"], high=row["rate_high"])
    else:
        yield translate("explain.coverage_none", lang, **fields)


# The columns by which a row is known for what it is, and the function that says it.
_EXPLAINED: list[tuple[set[str], Callable[[dict[str, Any], str, Law], Iterator[str]]]] = [
    ({"zone_before", "zone_after", "lost", "method"}, _of_reclassified),
    ({"target_people", "to_add"}, _of_allocated),
    ({"scenario", "person_years", "points"}, _of_compared),
    ({"scenario", "result", "month", "insured", "vnd_central"}, _of_simulated),
    ({"payer", "vnd", "month"}, _of_budget),
    ({"own_payment", "subsidy", "factor"}, _of_premium),
    ({"insured", "population", "as_of", "rate_low"}, _of_coverage),
]
