"""A row of any result is explained in words, in both languages, with its articles."""

import re

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.targets.allocation import communes_to_allocate

from .public_results import public_functions, public_results


def rows(data, law, lang):
    plans = [bhyt.read_scenario(n, lang) for n in ("decision_861_ordinary", "support_continued_2026")]
    months = bhyt.simulate(data, "Sơn Dương", plans, draws=20)
    groups = bhyt.simulate(data, "Sơn Dương", plans, by="group", draws=20)
    cards = pd.DataFrame({"month": ["2024-07-31"], "group": ["near_poor"], "insured": [100]})
    yield "coverage", bhyt.coverage(data, "Sơn Dương", by=["group"]).iloc[2]
    yield "rate", bhyt.coverage(data, "Lục Ngạn").iloc[0]
    yield "spread", bhyt.reclassify(data, "861", "Lục Ngạn").iloc[0]
    yield "listed", bhyt.reclassify(data, "2752", "Lào Cai").iloc[0]
    yield "published", bhyt.reclassify(data, "861", "Sơn Dương").iloc[0]
    yield "premium", bhyt.premiums(pd.DataFrame({"group": ["student"]}), law.at("2024-07-01")).iloc[0]
    yield "budget", bhyt.budget(cards, law).iloc[0]
    yield "simulated total", months.iloc[-1]
    yield "simulated", groups.query("group == 'near_poor' and result == 'behavioural'").iloc[-1]
    yield "compared", bhyt.compare(months).iloc[-1]
    yield "allocated", bhyt.allocate(communes_to_allocate(data, "X001"), "0.93").iloc[0]


def test_every_result_is_explained_in_english(data, law):
    continued = bhyt.read_scenario("support_continued_2026").apply_to_law(law)
    texts = {name: bhyt.explain(row, "en", continued) for name, row in rows(data, law, "en")}
    assert "81,395 insured of 182,330 people (44.6%)" in texts["coverage"]  # cards of group 3 with the army's
    assert "from 87.21% to 87.22%" in texts["rate"] or "87.2" in texts["rate"]
    assert texts["spread"].endswith("Estimated figures.")
    assert "3,346 people lost their card" in texts["spread"]
    assert "How many lost a card is not known" in texts["listed"]
    assert "30,082 people lost their card" in texts["published"]
    assert "premium 1,263,600 VND" in texts["premium"]  # 12 x 4.5% of 2,340,000
    assert "pays 7,371,000 VND for 100 people" in texts["budget"]  # 70% of 105,300 for a hundred
    assert "Decree 73/2024/NĐ-CP" in texts["budget"]
    assert "A proposal, not in force." in texts["simulated"]
    assert "Decree 161/2026/NĐ-CP" in texts["simulated"]
    assert "people are insured" in texts["allocated"]


def test_every_result_is_explained_in_vietnamese(data, law):
    for name, row in rows(data, law, "vi"):
        text = bhyt.explain(row, law=bhyt.read_scenario("support_continued_2026").apply_to_law(law))
        assert len(text) > 30, name
        assert "{" not in text, name
        assert "insured" not in text, name


def test_a_row_that_no_function_made_is_refused(data):
    with pytest.raises(BhytError, match="colour"):
        bhyt.explain(pd.Series({"colour": "red"}))
    row = bhyt.coverage(data, "Sơn Dương").iloc[0]
    row.attrs = {}
    with pytest.raises(BhytError, match=r"insured.*coverage"):
        bhyt.explain(row)


def test_a_row_that_rests_on_a_reform_asks_for_its_law(data, law):
    plan = bhyt.read_scenario("contribution_rate_2027")
    months = bhyt.simulate(data, "Sơn Dương", plan, by="group", draws=0)
    months = months[months["month"] == pd.Timestamp("2027-06-30")]
    row = months.query("group == 'near_poor' and result == 'static'").iloc[0]
    with pytest.raises(BhytError, match=r"contribution_rate_2027\.csv"):
        bhyt.explain(row, "en")
    assert "5.1%" in bhyt.explain(row, "en", plan.apply_to_law(law))
    cards = pd.DataFrame({"month": ["2027-06-30"], "group": ["near_poor"], "insured": [100]})
    paid = bhyt.budget(cards, plan.apply_to_law(law)).iloc[0]
    with pytest.raises(BhytError, match="does not fit the law"):
        bhyt.explain(paid, "en")
    assert "7,371,000" not in bhyt.explain(paid, "en", plan.apply_to_law(law))


def test_the_premium_of_households_says_how_much_less_others_pay(data, law):
    months = bhyt.simulate(data, "Sơn Dương", by="group", draws=0)
    row = months.query("group == 'household' and result == 'static'").iloc[0]
    share = row["vnd_household"] / (row["insured"] * 0.045 * 1_490_000)
    assert f"pays {share * 100:.0f}% of a first member's premium" in bhyt.explain(row, "en")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_row_of_every_public_result_is_explained(data, law, lang):
    names = set()
    for name, table in public_results(data, law):
        if name not in bhyt.__all__ or name == "groups" or table.empty:  # groups are law and no result
            continue
        names.add(name)
        for row in (table.iloc[0], table.iloc[-1]):
            text = bhyt.explain(row, lang, law)
            assert len(text) > 30, name
            assert not re.search(r"[{}]|\bnan\b|\bNone\b|<NA>|NaT", text), (name, text)
    # Empty of these data: no target of the scenario, no finding; the findings of an audit are explained alike.
    without_rows = {"groups", "target_probabilities", "check"}
    assert {name for name in public_functions() if name in bhyt.__all__} - without_rows <= names


def test_an_explanation_of_a_target_has_its_figures(data):
    row = bhyt.target_steps(data, "Sơn Dương").iloc[0]
    text = bhyt.explain(row, "en")
    assert "Insured people required: 165,191" in text  # 90.6% of 182,330
    assert "smallest whole number that reaches the rate" in text
    assert "Plan 2022-2025 of Sơn Dương district" in text
    chance = bhyt.target_probabilities(data, "Sơn Dương", None, [{"on": "12/2022", "rate": 50}]).iloc[0]
    assert "the share of draws in which it is" in bhyt.explain(chance, "en")
    assert "100.0%" in bhyt.explain(chance, "en")
