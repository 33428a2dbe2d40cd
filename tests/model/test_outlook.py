"""The outlook, steps and communes of a day agree with the months of a projection and with figures by hand."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.outlook import communes_at_baseline, communes_in_month, coverage_steps, outlook
from bhyt_analysis.model.projection.simulate import projection_table

PLAN = bhyt.read_scenario("decision_861_high")


@pytest.fixture(scope="module", params=["Lục Ngạn", "X001", "Sơn Dương"])
def projected(request, data):
    projection = bhyt.project_area(data, request.param, PLAN)
    return projection, projection_table(projection)


def test_year_of_son_duong_by_hand(data):
    # The plan's cards of 2021, each month of 2022 at 4.5% of 1,490,000 = 67,050 VND. The State pays all of it for the
    # poor, people in difficult areas and other state-paid groups (4,154 + 38,658 + 38,583 = 81,395 cards), 70% for
    # 6,198 near-poor, 30% for 24,746 pupils and 2,174 of farm households; nothing is known of the costs of 8,541
    # employees and 5,374 pensioners.
    month = 81_395 * 67_050 + 6_198 * 46_935 + (24_746 + 2_174) * 20_115
    row = outlook(bhyt.simulate(data, "Sơn Dương", bhyt.Scenario("status quo"), draws=0), "2022-12-31").iloc[0]
    assert (row["result"], row["people"], row["insured"], row["uninsured"]) == ("static", 182_330, 155_163, 27_167)
    assert (row["vnd_central"], row["vnd_province"]) == (12 * month, 0)
    assert row["vnd_central"] == 75_479_204_160
    assert row["costed"] == pytest.approx((155_163 - 8_541 - 5_374) / 155_163)


def test_year_of_a_day_is_the_sum_of_its_months(projected):
    _, months = projected
    rows_of_day = outlook(months, "2022-12-31").set_index("result")
    year = months[months["month"].dt.year == 2022]
    for result in ("static", "behavioural"):
        rows = year[year["result"] == result]
        assert rows_of_day.at[result, "months"] == 12
        assert rows_of_day.at[result, "vnd_household"] == rows["vnd_household"].sum()
        last = rows[rows["month"] == "2022-12-31"].iloc[0]
        assert rows_of_day.at[result, "uninsured"] == last["people"] - last["insured"]


def test_month_of_the_count_costs_nothing(data):
    months = bhyt.simulate(data, "Lục Ngạn", PLAN, draws=0)
    rows = outlook(months, "2021-12-31").set_index("result")
    late = months[(months["month"] > "2021-06-30") & (months["month"] <= "2021-12-31")]
    assert rows.at["behavioural", "months"] == 6
    assert rows.at["behavioural", "vnd_central"] == late.loc[late["result"] == "behavioural", "vnd_central"].sum()


@pytest.mark.parametrize("result", ["static", "behavioural"])
def test_steps_lead_from_the_first_month_to_the_day(projected, result):
    projection, months = projected
    steps = coverage_steps(projection, months, "2022-12-31", result)
    rows = months[months["result"] == result].set_index("month")["insured"]
    assert steps["people"].iloc[0] == rows.iloc[0]
    assert steps["people"].iloc[-1] == rows["2022-12-31"] == steps["people"].iloc[:-1].sum()
    assert steps["kind"].tolist() == ["level", *["change"] * (len(steps) - 2), "level"]


def test_first_month_has_no_steps_but_its_count(projected):
    projection, months = projected
    steps = coverage_steps(projection, months, months["month"].min())
    assert steps["step"].tolist() == ["start", "end"]
    assert steps["people"].nunique() == 1


def test_people_who_lost_a_card_are_a_step_of_their_own(data):
    projection = bhyt.project_area(data, "Lục Ngạn", PLAN)
    steps = coverage_steps(projection, projection_table(projection), "2021-12-31").set_index("step")["people"]
    assert steps["lost"] == -46106  # the published loss
    followed = bhyt.after_loss(projection).query("result == 'behavioural'").set_index("month").loc["2021-12-31"]
    assert steps["back"] == pytest.approx(46106 - followed["uninsured"], abs=1)


def test_communes_on_a_day_equal_those_of_simulate(data):
    projection = bhyt.project_area(data, "X001", PLAN)
    impact = bhyt.reclassify(data, "861", "X001")
    at_baseline = communes_at_baseline(data, projection.baseline, impact)
    communes = communes_in_month(at_baseline, projection, "2021-12-31").set_index("area")
    rows = bhyt.simulate(data, "X001", PLAN, by=["commune"], draws=0)
    rows = rows[(rows["month"] == "2021-12-31") & (rows["result"] == "behavioural")].set_index("area")
    assert communes["insured"].astype(int).to_dict() == rows["insured"].to_dict()
    assert (communes["rate"] - rows["rate"]).abs().max() < 1e-9
    assert communes["lost"].astype(int).to_dict() == impact.set_index("area")["lost"].astype(int).to_dict()
    assert set(communes["status"]) == {"synthetic"}


def test_unknown_cards_of_communes_are_missing_and_not_zero(data):
    projection = bhyt.project_area(data, "Lục Ngạn", PLAN)
    at_baseline = communes_at_baseline(data, projection.baseline, bhyt.reclassify(data, "861", "Lục Ngạn"))
    communes = communes_in_month(at_baseline, projection, "2021-12-31")
    assert communes["rate"].isna().all()
    assert communes["insured"].isna().all()
    assert communes["lost"].notna().sum() == 14


def test_month_outside_the_projection_is_an_error(data):
    months = bhyt.simulate(data, "Lục Ngạn", PLAN, draws=0)
    with pytest.raises(BhytError, match="2031"):
        outlook(months, pd.Timestamp("2031-12-31"))
