"""Where a projection stands on a day is what its months say, seen from another side."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.projection.outlook import communes_at_baseline, communes_in_month, coverage_steps, outlook
from bhyt_analysis.model.projection.simulate import projection_table

PLAN = bhyt.read_scenario("decision_861_high")


@pytest.fixture(scope="module", params=["Lục Ngạn", "X001", "Sơn Dương"])
def projected(request, data):
    of = bhyt.project_area(data, request.param, PLAN)
    return of, projection_table(of)


def test_the_year_of_a_day_is_what_its_months_add_up_to(projected):
    _, months = projected
    told = outlook(months, "2022-12-31").set_index("result")
    year = months[(months["group"] == "all") & (months["month"].dt.year == 2022)]
    for result in ("static", "behavioural"):
        rows = year[year["result"] == result]
        assert told.at[result, "months"] == 12
        assert told.at[result, "vnd_household"] == rows["vnd_household"].sum()
        last = rows[rows["month"] == "2022-12-31"].iloc[0]
        assert told.at[result, "uninsured"] == last["people"] - last["insured"]


def test_the_month_of_the_count_itself_costs_nothing(data):
    months = bhyt.simulate(data, "Lục Ngạn", PLAN, draws=0)
    told = outlook(months, "2021-12-31").set_index("result")
    late = months[(months["group"] == "all") & (months["month"] > "2021-06-30") & (months["month"] <= "2021-12-31")]
    assert told.at["behavioural", "months"] == 6
    assert told.at["behavioural", "vnd_central"] == late.loc[late["result"] == "behavioural", "vnd_central"].sum()


@pytest.mark.parametrize("result", ["static", "behavioural"])
def test_the_steps_lead_from_the_first_month_to_the_day(projected, result):
    of, months = projected
    told = coverage_steps(of, months, "2022-12-31", result)
    rows = months[(months["group"] == "all") & (months["result"] == result)].set_index("month")["insured"]
    assert told["people"].iloc[0] == rows.iloc[0]
    assert told["people"].iloc[-1] == rows["2022-12-31"] == told["people"].iloc[:-1].sum()
    assert told["kind"].tolist() == ["level", *["change"] * (len(told) - 2), "level"]


def test_who_lost_a_card_is_a_step_of_its_own(data):
    of = bhyt.project_area(data, "Lục Ngạn", PLAN)
    told = coverage_steps(of, projection_table(of), "2021-12-31").set_index("step")["people"]
    assert told["lost"] == -46106  # the published loss
    followed = bhyt.after_loss(of).query("result == 'behavioural'").set_index("month").loc["2021-12-31"]
    assert told["back"] == pytest.approx(46106 - followed["uninsured"], abs=1)


def test_the_communes_on_a_day_are_those_of_simulate(data):
    of = bhyt.project_area(data, "X001", PLAN)
    moved = bhyt.reclassify(data, "861", "X001")
    told = communes_in_month(communes_at_baseline(data, of.baseline, moved), of, "2021-12-31").set_index("area")
    rows = bhyt.simulate(data, "X001", PLAN, by=["commune"], draws=0)
    rows = rows[(rows["month"] == "2021-12-31") & (rows["result"] == "behavioural")].set_index("area")
    assert told["insured"].astype(int).to_dict() == rows["insured"].to_dict()
    assert (told["rate"] - rows["rate"]).abs().max() < 1e-9
    assert told["lost"].astype(int).to_dict() == moved.set_index("area")["lost"].astype(int).to_dict()
    assert set(told["status"]) == {"synthetic"}


def test_what_is_not_told_of_communes_is_missing_and_not_zero(data):
    of = bhyt.project_area(data, "Lục Ngạn", PLAN)
    told = communes_in_month(
        communes_at_baseline(data, of.baseline, bhyt.reclassify(data, "861", "Lục Ngạn")), of, "2021-12-31"
    )
    assert told["rate"].isna().all()
    assert told["insured"].isna().all()
    assert told["lost"].notna().sum() == 14


def test_a_month_outside_is_told(data):
    months = bhyt.simulate(data, "Lục Ngạn", PLAN, draws=0)
    with pytest.raises(BhytError, match="2031"):
        outlook(months, pd.Timestamp("2031-12-31"))
