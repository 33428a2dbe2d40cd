"""How does a result come about, step by step, in words with the articles?"""

from __future__ import annotations

import pandas as pd

from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law import InForce
from bhyt_analysis.model.premium import MONTHS, premiums
from bhyt_analysis.model.rounding import half_up
from bhyt_analysis.show.labels import citation
from bhyt_analysis.words import say


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
        say("premium.salary", lang, on=law.day, value=salary, reference=citation(law.reference("base_salary"), lang)),
        say("premium.rate", lang, value=rate, reference=citation(law.reference("contribution_rate"), lang)),
    ]
    if table["premium"].isna().any():
        return [*lines, say("premium.by_income", lang)]
    full = float(half_up(salary * rate * MONTHS))
    lines.append(say("premium.full", lang, salary=salary, rate=rate, value=full))
    if group == "household":
        last = max(pd.Series(law["household_factor"]).index, key=int)
        for row in table.itertuples():
            key = str(min(row.member, int(last)))
            cited = citation(law.reference("household_factor", key), lang)
            lines.append(say("premium.member", lang, member=row.member, factor=row.factor, full=full, value=row.premium, reference=cited))  # fmt: skip
        lines.append(say("premium.household", lang, members=members, value=table["own_payment"].sum()))
        return lines
    row, key = table.iloc[0], groups().at[group, "subsidy_key"]
    if pd.isna(row["subsidy_share"]):
        return [*lines, say("premium.no_share", lang, on=law.day)]
    cited = citation(law.reference("subsidy_share", key), lang)
    lines.append(
        say("premium.subsidy", lang, share=row["subsidy_share"], full=full, value=row["subsidy"], reference=cited)
    )
    lines.append(say("premium.own", lang, full=full, subsidy=row["subsidy"], value=row["own_payment"]))
    return lines
