"""Scenarios month by month: figures by hand, and sums that hold for all inputs."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law import Law
from bhyt_analysis.model.finance.budget import monthly_prices, payer_shares
from bhyt_analysis.model.projection.after_loss import ENTITLEMENTS, after_loss, transitions
from bhyt_analysis.model.projection.assumptions import assumptions
from bhyt_analysis.model.projection.baseline import GROUPS, build_baseline, projection_group
from bhyt_analysis.model.projection.levers import build_reform
from bhyt_analysis.model.projection.projection import insured_people
from bhyt_analysis.model.projection.simulate import MONEY, project_area
from bhyt_analysis.model.projection.uncertainty import (
    bisect,
    break_even,
    commune_intervals,
    target_probabilities,
    tornado,
    upcoming_targets,
)
from bhyt_analysis.tables.explain import probability_texts
from bhyt_analysis.tables.scenario_texts import comparison_text

from ..conftest import ROOT, write_table
from ..simulated import simulate_all

ORDINARY = bhyt.Scenario("thường xuyên", "ordinary", decision="861", end=pd.Timestamp("2027-12-31"))
INTENSIVE = dataclasses.replace(
    ORDINARY, name="đến từng nhà", name_en="door to door", assumption_ranges={"outreach": (2, 2, 2)}
)
NOTHING = bhyt.Scenario("hiện trạng", "status quo", end=pd.Timestamp("2027-12-31"))


def month_row(table, month, result="behavioural", group="all"):
    rows = table[(table["month"] == month) & (table["result"] == result) & (table["group"] == group)]
    return rows.iloc[0]


@pytest.fixture(scope="module")
def luc_ngan(data):
    return simulate_all(data, "Lục Ngạn", ORDINARY, draws=200)


@pytest.fixture(scope="module")
def son_duong(data):
    return simulate_all(data, "Sơn Dương", [NOTHING, ORDINARY, INTENSIVE], draws=0)


# --- by hand -----------------------------------------------------------------------------------------


def test_luc_ngan_without_behaviour_by_hand(luc_ngan):
    # 99% of 226,540 is 224,275 (224,274.6); 46,106 lose their card, 1% of them take up employment
    assert month_row(luc_ngan, "2021-06-30", "static")["insured"] == 224_275
    assert month_row(luc_ngan, "2021-07-31", "static")["insured"] == round(224_275 - 46_106 + 461.06)
    assert month_row(luc_ngan, "2021-07-31", "static", "employer_employee")["insured"] == 461


def test_luc_ngan_in_the_first_month_by_hand(luc_ngan):
    # Of the 46,106 who lost, 1% take up employment; in July, with ordinary outreach, the same share of each other pool
    # joins at once (of those who lost, below the take-up of all of them). The groups of the others are not known, and
    # nothing has changed for the 2,265 people without a card.
    back = 46_106 * (assumptions().at["at_once.ordinary", "central"] * 0.99 + 0.01)
    assert month_row(luc_ngan, "2021-07-31")["insured"] == pytest.approx(224_275 - 46_106 + back, abs=1)


def test_the_cost_of_a_month_by_hand(son_duong):
    rows = son_duong[(son_duong["scenario"] == NOTHING.name) & (son_duong["result"] == "static")]
    near_poor = month_row(rows, "2022-06-30", "static", "near_poor")
    # 6,198 cards at 4.5% of 1,490,000: 67,050 a month, 70% of it from the State
    assert near_poor[["vnd_central", "vnd_household"]].tolist() == [(6198 * 46_935), (6198 * 20_115)]
    later = month_row(rows, "2023-07-31", "static", "near_poor")
    assert later["vnd_central"] == 6198 * 81_000 * 0.7
    employed = month_row(rows, "2022-06-30", "static", "employer_employee")
    assert employed[MONEY].isna().all()  # their earnings are unknown
    total = month_row(rows, "2022-06-30", "static")
    assert total["insured_costed"] == 155_163 - 8_541 - 5_374


def test_the_path_of_son_duong_starts_at_the_published_count(son_duong):
    first = son_duong[son_duong["month"] == "2021-12-31"]
    assert set(first.loc[first["group"] == "all", "insured"]) == {155_163}
    assert set(first["status"]) == {"derived"}
    later = son_duong[(son_duong["month"] > "2021-12-31") & (son_duong["result"] == "behavioural")]
    assert set(later["status"]) == {"estimated", "conflict"}  # from August 2025 the sources disagree about the support


def test_support_that_ends_in_october_2026_is_a_second_loss(son_duong):
    rows = son_duong[(son_duong["scenario"] == ORDINARY.name) & (son_duong["result"] == "behavioural")]
    group = rows[rows["group"] == "minority_left_2016_2020_list"].set_index("month")["insured"]
    assert group["2023-10-31"] == 0
    assert group["2023-11-30"] > 0
    assert group["2026-10-31"] > 9_000
    assert group["2026-11-30"] == 0
    # 30,082 lost, 75% of ethnic minorities; 57% of them in households, whose level falls from 0.570 to that
    # without a support, 0.857 of 0.4703; 12% on farms: take-up at 70% is 0.512 (R = 0.47 x 0.4 / 0.5), 0.634 with
    # outreach, so from about 0.52 to 0.403. Pupils stay near 97%, near-poor have the same support.
    fall = month_row(rows, "2026-10-31")["insured"] - month_row(rows, "2026-11-30")["insured"]
    assert fall == pytest.approx(30_082 * 0.75 * (0.57 * (0.570 - 0.403) + 0.12 * (0.52 - 0.403)), rel=0.05)


def test_growth_of_the_population_by_hand(data):
    grows = dataclasses.replace(NOTHING, assumption_ranges={"population_growth": (0.01, 0.01, 0.01)})
    table = simulate_all(data, "Sơn Dương", grows, draws=0)
    assert month_row(table, "2022-12-31")["people"] == round(182_330 * 1.01)
    assert month_row(table, "2022-12-31", "static")["insured"] == round(155_163 * 1.01)


def test_an_income_gives_employers_and_pensioners_a_cost(data):
    paid = dataclasses.replace(NOTHING, income={"employer_employee": 6_000_000.0, "social_security_paid": 4_000_000.0})
    row = month_row(simulate_all(data, "Sơn Dương", paid, draws=0), "2022-06-30", "static")
    assert row["vnd_employer"] == 8_541 * 180_000
    assert row["vnd_social_security_fund"] == 5_374 * 180_000
    assert row["insured_costed"] == row["insured"]


def test_people_who_gain_an_entitlement_are_insured_in_it(data):
    table = simulate_all(data, "X001", ORDINARY, by=["commune"], draws=0)
    gains = table[(table["area"] == "X00110") & (table["result"] == "static")]  # zone I to III: 1,842 people
    group = gains[gains["group"] == "difficult_area"].set_index("month")["insured"]
    assert group["2021-07-31"] - group["2021-06-30"] == 1842
    total = gains[gains["group"] == "all"].set_index("month")["insured"]
    assert 0 < total["2021-07-31"] - total["2021-06-30"] < 1842  # most had a card before


# --- sums that must hold ------------------------------------------------------------------------------


def test_groups_add_up_to_all_and_payers_to_the_premium(son_duong, luc_ngan):
    for table in (son_duong, luc_ngan):
        keys = ["scenario", "result", "area", "month"]
        parts = table[table["group"] != "all"].groupby(keys, sort=False)[["insured", *MONEY]].sum()
        total = table[table["group"] == "all"].set_index(keys)
        assert (parts["insured"] == total["insured"]).all()
        costed = total["insured_costed"] > 0
        assert np.allclose(parts.loc[costed, MONEY], total.loc[costed, MONEY])


def test_communes_add_up_to_their_district(data):
    district = simulate_all(data, "X001", ORDINARY, draws=0)
    parts = bhyt.simulate(data, "X001", ORDINARY, by="commune", draws=0)
    sums = parts.groupby(["result", "month"])["insured"].sum()
    for result in ("static", "behavioural"):
        one = district[(district["group"] == "all") & (district["result"] == result)].set_index("month")["insured"]
        assert (sums[result] == one).all()  # in whole people


def test_behaviour_never_insures_fewer(son_duong, luc_ngan):
    for table in (son_duong, luc_ngan):
        total = table[table["group"] == "all"]
        paths = total.pivot_table(index=["scenario", "month"], columns="result", values="insured")
        assert (paths["behavioural"] >= paths["static"] - 1).all()


def test_more_outreach_insures_more(son_duong):
    total = son_duong[(son_duong["group"] == "all") & (son_duong["result"] == "behavioural")]
    paths = total.pivot_table(index="month", columns="scenario", values="insured").iloc[1:]
    assert (paths[INTENSIVE.name] > paths[ORDINARY.name]).all()
    assert (paths[ORDINARY.name] > paths[NOTHING.name]).all()


@settings(max_examples=15)
@given(outreach=st.floats(0, 2), household=st.floats(0, 1), minority=st.floats(0, 1), growth=st.floats(-0.02, 0.02))
def test_insured_never_exceed_people_whatever_is_assumed(data, outreach, household, minority, growth):
    values = {
        "outreach": outreach,
        "take_up.household": household,
        "minority_share": minority,
        "population_growth": growth,
    }
    scenario = dataclasses.replace(ORDINARY, assumption_ranges={k: (v, v, v) for k, v in values.items()})
    table = simulate_all(data, "Lục Ngạn", scenario, draws=0)
    assert (table["insured"] >= 0).all()
    assert (table["insured"] <= table["people"]).all()


def test_the_cohort_adds_up_every_month(data):
    table = after_loss(project_area(data, "Lục Ngạn", ORDINARY))
    assert np.allclose(table[ENTITLEMENTS].sum(axis=1) + table["uninsured"], table["lost"])
    assert (table["lost"] == 46_106).all()
    assert (table["broken"] <= table["lost"] + 1e-6).all()
    acting = table[table["result"] == "behavioural"].set_index("month")
    simulated = simulate_all(data, "Lục Ngạn", ORDINARY, draws=0)
    for month in ("2021-07-31", "2024-05-31", "2027-12-31"):
        expected = 224_275 - acting.loc[month, "uninsured"]
        assert month_row(simulated, month)["insured"] == pytest.approx(expected, abs=1)


def test_the_transition_matrix_of_each_commune_adds_up_to_one(data):
    matrix = transitions(project_area(data, "X001", ORDINARY), "2021-12-31")
    assert matrix.groupby("area")["share"].sum().tolist() == pytest.approx([1.0] * matrix["area"].nunique())
    table = bhyt.reclassify(data, "861", "X001").set_index("area")
    kept = matrix[matrix["to"] == "difficult_area"].set_index("area")["people"]
    assert kept.to_dict() == pytest.approx(table.loc[kept.index, "kept"].astype(float).to_dict())


# --- comparisons ----------------------------------------------------------------------------------------


def test_a_scenario_that_changes_nothing_says_so(data):
    same = dataclasses.replace(NOTHING, name="cũng vậy")
    table = simulate_all(data, "Sơn Dương", [NOTHING, same], draws=0)
    rows = bhyt.add_comparison_texts(bhyt.compare(table))
    assert rows["text"].tolist()[2:] == ["“cũng vậy” không thay đổi gì so với “hiện trạng” (tính đến 31/12/2027)."] * 2


def test_the_same_people_at_another_price_do_not_change():
    row = {"scenario": "A", "baseline": "B", "on": pd.Timestamp("2027-12-31"), "people": 0, "points": 0.0}
    row |= dict.fromkeys(("vnd_central_more", "vnd_province_more", "vnd_social_security_fund_more"), 0.0)
    row |= {
        "vnd_employer_more": 0.0,
        "vnd_household_more": 5e6,
        "vnd_public_more": np.nan,
        "vnd_per_additional": np.nan,
    }
    text = comparison_text({**row, "person_years": 0.0}, "vi")
    assert text == "So với “B”, đến 31/12/2027 “A”: số người có thẻ không thay đổi."


def test_the_comparison_by_hand(son_duong):
    rows = bhyt.compare(son_duong, on="2022-12-31").set_index(["scenario", "result"])
    row = rows.loc[(INTENSIVE.name, "behavioural")]
    acting = son_duong[(son_duong["result"] == "behavioural") & (son_duong["group"] == "all")]
    acting = acting[acting["month"] <= "2022-12-31"]
    two = [acting[acting["scenario"] == name] for name in (INTENSIVE.name, NOTHING.name)]
    more = two[0]["insured"].to_numpy() - two[1]["insured"].to_numpy()
    assert row["people"] == more[-1]
    assert row["points"] == pytest.approx(more[-1] / 182_330)
    assert row["person_years"] == pytest.approx(more.sum() / 12)
    public = sum(two[0][c].sum() - two[1][c].sum() for c in ("vnd_central", "vnd_province"))
    assert row["vnd_public_more"] == pytest.approx(public)
    assert row["vnd_per_additional"] == pytest.approx(public / (more.sum() / 12))


def test_a_provincial_reform_is_paid_by_the_province(data, tmp_path, law):
    reform = read_law(tmp_path, "minority_left_2016_2020_list,Bắc Giang,2021-07-01,2023-10-31,0.7")
    supported = dataclasses.replace(ORDINARY, name="tỉnh hỗ trợ 70%", reforms=(reform,))
    table = simulate_all(data, "Lục Ngạn", [ORDINARY, supported], draws=0)
    row = bhyt.compare(table, on="2021-12-31").set_index(["scenario", "result"]).loc[(supported.name, "behavioural")]
    assert row["people"] > 0
    assert row["vnd_province_more"] > 0
    assert row["vnd_central_more"] <= 0  # pupils and farm households move to the better entitlement
    assert table.loc[table["scenario"] == supported.name, "proposal"].all()


def test_unknown_scenarios_and_months_are_errors(son_duong):
    with pytest.raises(BhytError, match="no scenario"):
        bhyt.compare(son_duong, baseline="khác")
    with pytest.raises(BhytError, match="outside the projection"):
        bhyt.compare(son_duong, on="2040-12-31")


# --- where it starts ----------------------------------------------------------------------------------


def test_every_group_belongs_to_one_of_the_projection():
    keys = pd.Series(bhyt.groups().index)
    assert set(projection_group(keys)) <= set(GROUPS)


def test_it_starts_on_the_last_day_before_the_loss(data, law):
    assert build_baseline(data, "Lục Ngạn", ORDINARY).day == pd.Timestamp("2021-06-30")
    assert build_baseline(data, "X001", ORDINARY).day == pd.Timestamp("2021-06-30")
    assert build_baseline(data, "Sơn Dương", ORDINARY).day == pd.Timestamp("2021-12-31")
    assert build_baseline(data, "X001", NOTHING).day == pd.Timestamp("2022-06-30")


def test_earlier_leavers_are_no_more_than_the_uninsured(data):
    later = dataclasses.replace(ORDINARY, start=pd.Timestamp("2021-07-31"))
    table = simulate_all(data, "Lục Ngạn", later, draws=0)
    first = month_row(table, "2021-07-31")
    assert first["insured"] == round(0.8721 * 226_540)
    matrix = transitions(project_area(data, "Lục Ngạn", later), "2021-07-31").set_index("to")["people"]
    assert matrix["uninsured"] <= 226_540 - first["insured"] + 1


def test_area_without_figures_or_losses_is_an_error(data):
    with pytest.raises(BhytError, match="neither cards nor a coverage rate"):
        simulate_all(data, "Bình Sơn", NOTHING)
    with pytest.raises(BhytError, match="how many lose a card"):
        simulate_all(data, "Sơn Dương", dataclasses.replace(ORDINARY, decision="582"))
    with pytest.raises(BhytError, match="not every commune"):
        simulate_all(data, "Lục Ngạn", ORDINARY, by=["commune"])


# --- how sure it is -------------------------------------------------------------------------------------


def test_same_seed_gives_same_draws_and_ordered_intervals(data, luc_ngan):
    again = simulate_all(data, "Lục Ngạn", ORDINARY, draws=200)
    pd.testing.assert_frame_equal(luc_ngan, again)
    other = simulate_all(data, "Lục Ngạn", ORDINARY, draws=200, seed=2)
    assert not luc_ngan["rate_low"].equals(other["rate_low"])
    order = luc_ngan[["rate_low", "rate_inner_low", "rate_median", "rate_inner_high", "rate_high"]].to_numpy()
    assert (np.diff(order, axis=1) >= 0).all()
    assert (order <= 1).all()


def test_the_chance_of_a_target_falls_as_it_rises(data):
    projection = project_area(data, "Lục Ngạn", ORDINARY)
    targets = [{"on": "2021-12-31", "rate": r, "relation": ">="} for r in (0.7, 0.8, 0.85, 0.9, 0.99)]
    chances = target_probabilities(projection, targets, draws=500)["chance"].tolist()
    assert chances == sorted(chances, reverse=True)
    assert (chances[0], chances[-1]) == (1.0, 0.0)


def test_the_tornado_moves_one_assumption_at_a_time(data):
    rows = tornado(project_area(data, "Lục Ngạn", ORDINARY), "2021-12-31").set_index("name")
    high = rows.at["take_up.household", "high"]
    scenario = dataclasses.replace(ORDINARY, assumption_ranges={"take_up.household": (high,) * 3})
    alone = month_row(simulate_all(data, "Lục Ngạn", scenario, draws=0), "2021-12-31")["rate"]
    assert rows.at["take_up.household", "rate_high"] == pytest.approx(alone, abs=1e-5)
    assert rows["width"].is_monotonic_decreasing


def factor_by_hand(row, paying):
    """Return what a member who pays does on average in the households of a commune, by the number who may pay."""
    households = {n: float(row[f"size_{n}"]) for n in range(1, 7)}
    large, rest = float(row["size_7_plus"]), row["people"] - sum(n * count for n, count in households.items())
    size = min(max(rest / large, 7), 10)  # between two numbers of members
    households[int(size)] = large * (1 - size % 1)
    households[int(size) + 1] = large * (size % 1)
    paid = payers = 0.0
    for n, count in households.items():
        for k in range(n + 1):
            chance = math.comb(n, k) * paying**k * (1 - paying) ** (n - k)
            paid += count * chance * sum([1, 0.7, 0.6, 0.5, *[0.4] * 6][:k])
            payers += count * chance * k
    return paid / payers


def test_the_household_factor_of_the_census_is_a_range(data):
    communes = data.population[data.population["area"].isin(data.geography.commune_codes("076"))]
    communes = communes[communes["size_1"].notna()]
    ranges = assumptions().loc["members_paying", ["low", "central", "high"]].tolist()
    costs = tornado(project_area(data, "Sơn Dương", ORDINARY), "2022-12-31", outcome="cost").set_index("name")
    for paying, column in zip(ranges, ("vnd_low", "vnd", "vnd_high"), strict=True):
        factors = [factor_by_hand(row, paying) for row in communes.to_dict("records")]
        factor = np.average(factors, weights=communes["people"].astype(float))
        scenario = dataclasses.replace(ORDINARY, assumption_ranges={"members_paying": (paying,) * 3})
        table = simulate_all(data, "Sơn Dương", scenario, draws=0).query("result == 'behavioural'")
        row = month_row(table, "2022-12-31", group="household")
        assert row["vnd_household"] == pytest.approx(row["insured"] * 0.045 * 1_490_000 * factor, abs=1)
        year = table[(table["group"] == "all") & (table["month"].dt.year == 2022)]
        assert costs.at["members_paying", column] == pytest.approx(year["vnd_household"].sum(), rel=1e-4)
    assert costs["width"].is_monotonic_decreasing
    assert "take_up.household" in costs.index  # more cards cost more
    with pytest.raises(BhytError, match="outcome is"):
        tornado(project_area(data, "Sơn Dương", ORDINARY), "2022-12-31", outcome="people")


def test_a_reform_of_the_household_factor_counts_from_its_day(data):
    # from July 2023 each member pays as the first does: 4.5% of 1,800,000; what was paid before stays
    rows = [{"parameter": "household_factor", "key": str(n), "since": "2023-07-01", "value": 1} for n in range(2, 6)]
    reform = dataclasses.replace(ORDINARY, reforms=(build_reform(rows, "x"),))
    before, after = (simulate_all(data, "Sơn Dương", one, draws=0) for one in (ORDINARY, reform))
    paid = [month_row(table, "2023-06-30", group="household")["vnd_household"] for table in (before, after)]
    assert paid[0] == paid[1]
    row = month_row(after, "2023-07-31", group="household")
    assert row["vnd_household"] == row["insured"] * 0.045 * 1_800_000
    # and the tornado of the cost of a year of which half lies after it agrees with the months
    costs = tornado(project_area(data, "Sơn Dương", reform), "2023-12-31", outcome="cost")
    year = after[(after["group"] == "all") & (after["result"] == "behavioural") & (after["month"].dt.year == 2023)]
    assert costs["vnd"].iloc[0] == pytest.approx(year["vnd_household"].sum(), rel=1e-4)


def test_true_rate_leaves_out_duplicates_and_the_error_of_the_count(data):
    # 1% of the cards are duplicates and 2% more people live there than were counted
    ranges = {"duplicates": (0.01,) * 3, "population_error": (0.02,) * 3}
    projection = project_area(data, "Lục Ngạn", dataclasses.replace(ORDINARY, assumption_ranges=ranges))
    for on, status in (("2021-12-31", "estimated"), ("2026-01-31", "conflict")):
        rates = bhyt.reported_and_true_rates(projection, on, draws=50).set_index("kind")
        bounds = rates[["rate_low", "rate_median", "rate_high"]].astype(float)
        np.testing.assert_allclose(bounds.loc["true"], bounds.loc["reported"] * 0.99 / 1.02)
        assert rates["status"].tolist() == [status] * 2


def test_break_even_by_hand(data):
    # (0.95 x 226,540 - (224,275 - 46,106)) / 46,106 = 37,044 / 46,106 = 0.8034
    row = break_even(data, "Lục Ngạn", ORDINARY, 0.95, "2021-12-31").iloc[0]
    assert row["value"] == pytest.approx(0.8034, abs=2e-4)
    outreach = break_even(data, "Lục Ngạn", ORDINARY, 0.87, "2021-12-31", name="outreach").iloc[0]
    scenario = dataclasses.replace(ORDINARY, assumption_ranges={"outreach": (outreach["value"],) * 3})
    row = month_row(simulate_all(data, "Lục Ngạn", scenario, draws=0), "2021-12-31")
    assert row["rate"] == pytest.approx(0.87, abs=1e-4)
    never = break_even(data, "Lục Ngạn", ORDINARY, 0.99, "2021-12-31", name="outreach").iloc[0]
    assert pd.isna(never["value"])
    assert never["rate_at_high"] < 0.99


@given(target=st.floats(-5, 5), slope=st.floats(0.1, 3), down=st.booleans())
def test_bisection_returns_the_argument_or_none(target, slope, down):
    sign = -1 if down else 1
    argument = bisect(lambda x: sign * slope * x, target, -2, 2)
    if abs(target) > 2 * slope + 1e-5:
        assert argument is None
    elif abs(target) < 2 * slope - 1e-5:
        assert sign * slope * argument == pytest.approx(target, abs=1e-4)


def test_communes_in_chunks_equal_communes_at_once(data, monkeypatch):
    projection = project_area(data, "X001", ORDINARY)
    at_once = commune_intervals(projection, "2021-12-31", draws=100, rate=0.8)
    monkeypatch.setattr("bhyt_analysis.model.projection.projection.CHUNK", 500)
    pd.testing.assert_frame_equal(commune_intervals(projection, "2021-12-31", draws=100, rate=0.8), at_once)
    assert at_once["chance"].between(0, 1).all()


def test_blocks_of_units_are_their_sum(data):
    projection = project_area(data, "X001", ORDINARY)
    each = insured_people(projection)[0].sum(axis=0)
    one = insured_people(projection, block=np.zeros(12, dtype=int))[0, 0]
    np.testing.assert_allclose(each, one, rtol=2e-3)


def test_groups_of_communes_have_no_intervals(data):
    table = simulate_all(data, "X001", ORDINARY, by=["commune"], draws=20)
    assert table.groupby(table["group"] == "all")["rate_low"].count().tolist() == [0, (table["group"] == "all").sum()]


AREAS = ["code", "name", "kind", "parent"]
PEOPLE = ["area", "as_of", "people", "status", "source"]
CARDS = ["area", "as_of", "group", "cards", "status", "source"]
LAW = "parameter,key,area,since,until,value,unit,reference,status\nsubsidy_share,"


def load_district(folder, *cards):
    """Return a district of 3,000 people with some cards: day, group, number."""
    write_table(folder / "areas.csv", AREAS, ["D1", "Huyện Một", "district", ""])
    write_table(folder / "population.csv", PEOPLE, ["D1", cards[0][0], "3000", "published", "x"])
    rows = [["D1", day, group, str(number), "published", "x"] for day, group, number in cards]
    write_table(folder / "cards.csv", CARDS, *rows)
    return bhyt.load(folder)


def load_district_with_loss(folder, lost):
    """Return a district that reports the state-paid group as one number, with a published loss."""
    loss = ["D1", "861", "2021-07-01", str(lost), "published", "x"]
    write_table(folder / "losses.csv", ["area", "decision", "on", "people", "status", "source"], loss)
    return load_district(folder, ("2021-06-30", "state_paid", 2000), ("2021-06-30", "household", 500))


def read_law(folder, row):
    (folder / "r.csv").write_text(f"{LAW}{row},share of premium,x,proposal\n", encoding="utf-8")
    return Law.read(folder / "r.csv")


def test_loss_is_taken_from_an_undivided_state_paid_group(tmp_path):
    table = simulate_all(load_district_with_loss(tmp_path, 1000), "D1", ORDINARY, draws=0)
    # 2,500 less 1,000, of whom 1% take up employment
    assert month_row(table, "2021-07-31", "static")["insured"] == 1510
    assert month_row(table, "2021-07-31", "static", "state_paid_other")["insured"] == 1000


def test_loss_above_all_state_paid_cards_is_an_error(tmp_path):
    with pytest.raises(BhytError, match="2,100 people lose a card, but on 30 June 2021 only 2,000"):
        simulate_all(load_district_with_loss(tmp_path, 2100), "D1", ORDINARY, draws=0)


def test_a_later_start_is_projected_from_the_count_before_it(data, son_duong):
    later = dataclasses.replace(NOTHING, start=pd.Timestamp("2026-01-31"))
    table = simulate_all(data, "Sơn Dương", later, draws=0)
    assert table["month"].min() == pd.Timestamp("2026-01-31")
    same = son_duong[son_duong["scenario"] == NOTHING.name]
    for result in ("static", "behavioural"):
        assert month_row(table, "2026-01-31", result)["insured"] == month_row(same, "2026-01-31", result)["insured"]
    assert set(table["status"]) == {"estimated"}  # also the first month: it has no count


def test_support_at_the_start_ends_on_its_day(tmp_path):
    data = load_district(tmp_path, ("2024-12-31", "minority_left_2016_2020_list", 1000))
    group = "minority_left_2016_2020_list"
    path = bhyt.Scenario("nothing", end=pd.Timestamp("2027-12-31"))
    continued = Law.read() | Law.read(ROOT / "data/reforms/support_continued_2026.csv")
    for result in ("static", "behavioural"):
        table = simulate_all(data, "D1", path, draws=0)
        assert month_row(table, "2026-10-31", result, group)["insured"] == 1000
        assert month_row(table, "2026-11-30", result, group)["insured"] == 0
        longer = simulate_all(data, "D1", path, law=continued, draws=0)
        assert month_row(longer, "2026-11-30", result, group)["insured"] == 1000
    # Without behaviour some take up employment, and the State pays for the near-poor of a minority area.
    values = assumptions()["central"]
    state_paid = values["destination.near_poor"] * values["minority_area"]
    still = 1000 * (values["destination.employer_employee"] + state_paid)
    assert month_row(table, "2026-11-30", "static")["insured"] == pytest.approx(still, abs=0.5)
    assert still < month_row(table, "2026-11-30")["insured"] < 1000


def test_support_of_earlier_leavers_ends_only_once(data):
    # Those of X001 who left in July 2021 are followed by their pools; the rest of the supported end apart.
    projection = project_area(data, "X001", dataclasses.replace(ORDINARY, start=pd.Timestamp("2024-06-30")))
    insured = insured_people(projection)[0].sum(axis=0)
    supported = insured[GROUPS.index("minority_left_2016_2020_list")]
    after = projection.months.index(pd.Timestamp("2026-11-30"))
    assert supported[after - 1] > 0
    assert supported[after:] == pytest.approx(0, abs=1e-6)


def test_growing_area_keeps_no_entitlement_that_all_have_lost(tmp_path):
    data = load_district_with_loss(tmp_path, 1000)
    grown = dataclasses.replace(ORDINARY, assumption_ranges={"population_growth": (0.02, 0.02, 0.02)})
    table = simulate_all(data, "D1", grown, draws=0)
    gone = table[(table["group"] == "difficult_area") & (table["month"] > "2021-06-30")]
    assert gone["insured"].max() == 0


def test_near_poor_of_poor_districts_later_pay_as_near_poor(tmp_path):
    data = load_district(tmp_path, ("2024-12-31", "near_poor", 1000), ("2024-12-31", "near_poor_in_poor_district", 400))
    table = simulate_all(data, "D1", bhyt.Scenario("nothing", end=pd.Timestamp("2025-12-31")), draws=0)
    full = 2_340_000 * 0.045  # Decree 73/2024; Decree 146/2018 art. 8: 100% in poor districts, 70% elsewhere
    june, july = (month_row(table, month, "static") for month in ("2025-06-30", "2025-07-31"))
    assert june["vnd_central"] == pytest.approx(full * (400 + 600 * 0.7))
    assert july["vnd_central"] == pytest.approx(full * 1000 * 0.7)


def test_people_with_another_state_paid_entitlement_keep_a_card(data):
    other = dataclasses.replace(ORDINARY, assumption_ranges={"other_titles": (0.1, 0.1, 0.1)})
    with_other, ordinary = (simulate_all(data, "X001", s, draws=0) for s in (other, ORDINARY))
    table = bhyt.reclassify(data, "861", "X001", other_entitlement_share=0.1)
    kept = table["kept_other"].sum()
    assert kept > 0
    months = (month_row(with_other, m, "static", "state_paid_other") for m in ("2021-06-30", "2021-07-31"))
    before, after = (row["insured"] for row in months)
    assert after - before == kept
    gone = month_row(with_other, "2021-07-31", "static", "difficult_area")["insured"]
    assert gone == pytest.approx(month_row(ordinary, "2021-07-31", "static", "difficult_area")["insured"], abs=1)


def test_each_district_is_costed_by_its_own_law(tmp_path):
    districts = [["D1", "Huyện Một", "district", "P"], ["D2", "Huyện Hai", "district", "P"]]
    communes = [["C1", "Xã Đầu", "commune", "D1"], ["C2", "Xã Sau", "commune", "D2"]]
    write_table(tmp_path / "areas.csv", AREAS, ["P", "Tỉnh Hai", "province", ""], *districts, *communes)
    write_table(tmp_path / "population.csv", PEOPLE, *(["C" + n, "2025-12-31", "2000", "published", "x"] for n in "12"))
    cards = (("C1", "400"), ("C2", "900"))
    rows = [[code, "2025-12-31", "near_poor", number, "published", "x"] for code, number in cards]
    write_table(tmp_path / "cards.csv", CARDS, *rows)
    data = bhyt.load(tmp_path)
    law = Law.read() | read_law(tmp_path, "near_poor,Huyện Một,2026-01-01,,1")
    table = simulate_all(data, "P", NOTHING, law=law, draws=0)
    row = month_row(table, "2026-01-31", "static")
    # 105,300 VND a month: 70% of it for all 1,300 from the centre, 30% for the 400 from the province
    assert row[["vnd_central", "vnd_province", "vnd_household"]].tolist() == [95_823_000, 12_636_000, 28_431_000]


def test_communes_without_cards_are_named(small_input):
    data = bhyt.load(small_input)
    some = dataclasses.replace(data, cards=data.cards[data.cards["area"] == "C1"])
    with pytest.raises(BhytError, match=r"the cards of 1 commune are missing \(Xã Sau\)"):
        simulate_all(some, "D1", NOTHING, draws=0)


def test_scenario_that_ends_before_its_figures_is_an_error(data):
    with pytest.raises(BhytError, match="ends on 31 January 2021, but its figures begin on 31 December 2021"):
        simulate_all(data, "Sơn Dương", dataclasses.replace(NOTHING, end=pd.Timestamp("2021-01-31")), draws=0)


def test_a_target_outside_the_projection_has_no_chance_and_says_so(data):
    early = [{"on": pd.Timestamp("2020-12-31"), "rate": 0.9, "relation": ">="}]
    projection = project_area(data, "Sơn Dương", dataclasses.replace(NOTHING, targets=tuple(early)))
    table = target_probabilities(projection, upcoming_targets(data, projection), 10)
    assert table["chance"].isna().tolist() == [True]
    assert "outside the months of the scenario" in probability_texts(table, "en")[0]


def test_higher_nationwide_share_replaces_a_provinces_own(tmp_path):
    law = Law.read() | read_law(tmp_path, "student,,2026-12-01,,0.7")
    months = [pd.Timestamp("2026-11-30"), pd.Timestamp("2026-12-31")]
    # Đắk Lắk adds 5% to the 50% of Decree 188/2025; where everybody has 70% it adds nothing.
    assert payer_shares(law, months, "Đắk Lắk")["student"].tolist() == [0.55, 0.7]
    assert monthly_prices(law, months, ["student"], "Đắk Lắk")[0, 1, 1] == 0


def test_reform_of_an_unknown_area_is_an_error(data, tmp_path):
    plan = dataclasses.replace(NOTHING, reforms=(read_law(tmp_path, "student,Huyện Sơn Dươn,2026-12-01,,0.7"),))
    message = r"r\.csv, row 2, column area: there is no unit “Huyện Sơn Dươn”; the nearest: Huyện Sơn Dương"
    with pytest.raises(BhytError, match=message):
        simulate_all(data, "Sơn Dương", plan, draws=0)


@pytest.mark.parametrize("draws", [-1, 3_000_000, 1.5])
def test_impossible_number_of_draws_is_an_error(data, draws):
    with pytest.raises(BhytError, match=r"whole number (from 0 to 100,000|of 0 or more)"):
        simulate_all(data, "Sơn Dương", NOTHING, draws=draws)


def test_costs_of_which_one_side_knows_more_are_not_compared(data):
    paid = dataclasses.replace(NOTHING, name="có lương", name_en="paid", income={"employer_employee": 6e6})
    table = bhyt.compare(simulate_all(data, "Sơn Dương", [NOTHING, paid], draws=0))
    assert table.loc[table["scenario"] == "có lương", "vnd_public_more"].isna().all()


def test_a_comparison_with_a_proposal_says_so(data):
    plans = [bhyt.read_scenario(n) for n in ("status_quo", "near_poor_100")]
    table = bhyt.compare(simulate_all(data, "Sơn Dương", plans, draws=0)).set_index("scenario")
    assert table["proposal"].tolist() == [False, False, True, True]


def test_two_scenarios_of_one_name_are_refused(data):
    with pytest.raises(BhytError, match="mine"):
        bhyt.simulate(data, "Sơn Dương", [bhyt.Scenario("mine"), bhyt.Scenario("mine", decision="861")], draws=0)
