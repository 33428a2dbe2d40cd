"""Points on which the sources of the law disagree, facts around it, and a group that only a province supports."""

import dataclasses
import datetime as dt

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.briefing import finance, reclassification
from bhyt_analysis.domain.data_status import derived_quality
from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.law import Law
from bhyt_analysis.law.policy_facts import policy_facts
from bhyt_analysis.model.finance.poverty_change import poverty_change
from bhyt_analysis.model.finance.premiums import subsidy_history
from bhyt_analysis.model.projection import uncertainty
from bhyt_analysis.model.projection.after_loss import after_loss, transitions
from bhyt_analysis.model.projection.cohort import SUPPORT_WINDOWS
from bhyt_analysis.model.projection.outlook import communes_at_baseline, communes_in_month, outlook
from bhyt_analysis.model.projection.projection import month_statuses
from bhyt_analysis.model.projection.simulate import projection_table
from bhyt_analysis.model.reclassification.entitlements import assign_entitlement
from bhyt_analysis.tables.labels import weakest_stamp

from ..conftest import write_table

LEFT = "minority_left_2016_2020_list"


# The 36 months of Decree 75 ran to 2026-10-31 or ended with its repeal on 2025-08-15: both, day by day.
@pytest.mark.parametrize(
    ("day", "applied", "otherwise"),
    [("2025-08-14", 0.7, 0.7), ("2025-08-15", 0.7, None), ("2026-10-31", 0.7, None), ("2026-11-01", None, None)],
)
@pytest.mark.parametrize(("area", "paid"), [(None, 0.7), ("Quảng Ngãi", 1.0), ("Bạc Liêu", 1.0)])
def test_the_law_has_both_readings_of_the_support_of_the_2021_cohort(law, day, applied, otherwise, area, paid):
    for reading, share in ((True, applied), (False, otherwise)):
        today = law.settle(applies=reading).at(day, area)
        assert today["subsidy_share"].get(LEFT) == (None if share is None else paid)
        people = pd.DataFrame({LEFT: [True]})
        assert assign_entitlement(people, today)["group"].iloc[0] == ("household" if share is None else LEFT)


def test_open_points_give_both_outcomes(law):
    points = law.open_points(LEFT).set_index("parameter")
    assert points["value"].to_dict() == {"subsidy_share": 0.7, "benefit_share": 0.95}
    assert points["otherwise"].to_dict() == {"subsidy_share": 0.0, "benefit_share": 0.8}
    assert points["since"].to_dict() == {"subsidy_share": dt.date(2025, 8, 15), "benefit_share": dt.date(2025, 7, 1)}
    assert law.open_points(LEFT, "Quảng Ngãi")["value"].tolist() == [0.7, 0.95, 1.0]
    assert law.open_points("poor").empty


def test_the_history_of_a_support_names_the_period_in_dispute(law):
    table = subsidy_history(law, LEFT, "2023-11-01", today="2026-11-26")
    assert [str(d) for d in table["since"]] == ["2023-11-01", "2025-08-15", "2026-11-01"]
    assert table["status"].tolist() == ["published", "conflict", "published"]


def test_costs_of_months_in_dispute_say_so(law):
    months = ["2025-07-31", "2025-08-31", "2025-09-30", "2026-10-31"]
    table = bhyt.budget(pd.DataFrame({"month": months, "group": LEFT, "insured": 10}), law)
    # A month has the law of its first day: that of 1 August is not yet in dispute.
    central = table[table["payer"] == "central"].set_index("month")["status"]
    assert central.tolist() == ["derived", "derived", "conflict", "conflict"]


def test_what_rests_on_a_conflict_is_weaker_than_an_estimate_and_stamped():
    assert derived_quality("published", "estimated", "conflict") == "conflict"
    assert derived_quality("conflict", "synthetic") == "synthetic"
    assert weakest_stamp(["estimated", "conflict", "published"]) == "conflict"


@pytest.fixture(scope="module")
def readings(data):
    """Return the projections of Sơn Dương in the two readings, by the name of the window."""
    names = {"decree 75": "decision_861_ordinary", "decree 75 until repeal": "decision_861_support_to_repeal"}
    scenarios = {window: bhyt.read_scenario(name) for window, name in names.items()}
    assert all(scenarios[window].support_window == window for window in names)
    table = bhyt.simulate(data, "Sơn Dương", list(scenarios.values()), draws=0)
    table = table[table["result"] == "behavioural"]
    return scenarios, {w: table[table["scenario"] == s.name].set_index("month") for w, s in scenarios.items()}


def test_a_scenario_chooses_the_reading_and_both_are_marked(readings):
    first, second = readings[1].values()
    same = first.index <= pd.Timestamp("2025-08-31")
    assert (first.loc[same, "insured"] == second.loc[same, "insured"]).all()
    # The second loss comes with the repeal instead of at the end of October 2026.
    assert second.loc["2025-12-31", "insured"] < first.loc["2025-12-31", "insured"] - 1000
    assert first.loc["2026-12-31", "insured"] < first.loc["2026-10-31", "insured"] - 1000
    for table in (first, second):
        assert set(table.loc["2021-07-31":"2025-07-31", "status"]) <= {"derived", "estimated"}
        assert set(table.loc["2025-08-31":, "status"]) == {"conflict"}


@pytest.fixture(scope="module")
def example(data):
    """Return the projection of the made-up district of 12 communes as counted ones, by the name of the window."""
    counted = {n: t.assign(status="published") for n in TABLES if "status" in (t := getattr(data, n))}
    real = dataclasses.replace(data, **counted)
    scenarios = (bhyt.Scenario("861", decision="861", support_window=w) for w in SUPPORT_WINDOWS)
    return {s.support_window: bhyt.project_area(real, "X001", s) for s in scenarios}, real


@pytest.mark.parametrize(
    ("on", "window", "status"),
    [
        ("2025-07-31", "decree 75", "estimated"),
        ("2025-08-31", "decree 75", "conflict"),
        ("2025-08-31", "decree 75 until repeal", "conflict"),
        ("2026-01-31", "decree 188", "estimated"),
        ("2026-01-31", "none", "estimated"),
    ],
)
def test_all_results_of_a_month_say_that_it_is_in_dispute(example, on, window, status):
    projection, real = example[0][window], example[1]
    communes = communes_at_baseline(real, projection.baseline, bhyt.reclassify(real, "861", "X001"))
    followed, target = after_loss(projection).set_index("month"), {"on": on, "rate": 0.9, "relation": ">="}
    results = {
        "after_loss": followed[followed.index == on],
        "transitions": transitions(projection, on),
        "target_probabilities": uncertainty.target_probabilities(projection, [target], draws=2),
        "commune_intervals": uncertainty.commune_intervals(projection, on, draws=2),
        "tornado": uncertainty.tornado(projection, on),
        "break_even": uncertainty.break_even(real, "X001", projection.scenario, 0.9, on),
        "communes_in_month": communes_in_month(communes, projection, on),
        "outlook": outlook(projection_table(projection), on),
    }
    assert {name: set(table["status"]) for name, table in results.items()} == {name: {status} for name in results}


def test_a_count_with_cards_of_the_disputed_support_says_so(tmp_path, law):
    head = ["area", "as_of", "group", "cards", "status", "source"]
    for group, expected in ((LEFT, "conflict"), ("household", "estimated")):
        rows = [["75", "2026-01-31", g, "90", "published", "x"] for g in ("poor", group)]
        write_table(tmp_path / "cards.csv", head, *rows)
        projection = bhyt.project_area(bhyt.load(tmp_path), "Đồng Nai", bhyt.Scenario.current_law(), law)
        statuses = month_statuses(projection)
        assert statuses[1:3] == [expected] * 2
        assert (statuses[0] == "conflict") == (group == LEFT)


def test_a_dispute_of_another_province_does_not_mark_a_projection(data, law):
    rows = [{"parameter": "subsidy_share", "key": "near_poor", "area": a, "since": "2022-01-01"} for a in ("Huế", "08")]
    for row, expected in zip(rows, ("estimated", "conflict"), strict=True):
        record = {**row, "value": 0.9, "unit": "share of premium", "reference": "x", "status": "conflict"}
        reform = Law.of(pd.DataFrame([record]), "mine")
        projection = bhyt.project_area(data, "Sơn Dương", bhyt.Scenario("x"), law | reform)
        assert month_statuses(projection)[3] == expected


def test_the_briefing_tells_both_readings(data, law, readings):
    scenario = readings[0]["decree 75"]
    briefing = bhyt.Briefing(data, "Sơn Dương", law, lang="en", scenario=scenario)
    item = finance._support(briefing)[0]
    assert "support of 70% if the old rule still applied, 0% if not" in item.text
    assert "95% or 80% of the cost of treatment" in item.text
    assert "conflict" in set(item.table["status"])
    text = " ".join(item.text for item in finance._scenario(briefing, scenario))
    both = {w: table.loc["2026-10-31", "rate"] for w, table in readings[1].items()}
    rate, other = (f"{both[w]:.1%}" for w in ("decree 75", "decree 75 until repeal"))
    assert f"in the other reading, coverage on 31 October 2026 is {other} instead of {rate}." in text
    assert "On 31 December 2028 it is " in text


def test_a_group_that_only_a_province_supports_is_rows_of_input(law):
    # What an analyst enters of a province: who pays which share of the premium of a group of its own.
    rows = [("Lào Cai", "2026-01-01", 0.4), ("Sơn La", "2026-01-01", 0.8)]
    record = {"parameter": "subsidy_share", "key": "provincial_group", "unit": "share of premium"}
    record |= {"reference": "một nghị quyết của tỉnh", "status": "confirmed"}
    reform = Law.of(pd.DataFrame([{**record, "area": a, "since": s, "value": v} for a, s, v in rows]), "tỉnh")
    people = pd.DataFrame({"provincial_group": [True, True], "farm_average_income": [False, True]})
    for area, groups, shares in (
        ("Lào Cai", ["provincial_group"] * 2, [0.4, 0.4]),
        ("Sơn La", ["provincial_group"] * 2, [0.8, 0.8]),
        ("Điện Biên", ["household", "farm_average_income"], [0.0, 0.3]),
    ):
        table = assign_entitlement(people, (law | reform).at("2026-11-26", area))
        assert (table["group"].tolist(), table["subsidy_share"].tolist()) == (groups, shares)
    cards = pd.DataFrame({"month": ["2026-01-31"], "group": ["provincial_group"], "insured": [100]})
    cost = bhyt.budget(cards, law | reform, area="Lào Cai").set_index("payer")["vnd"]
    assert cost.to_dict() == {"province": 4_212_000, "household": 6_318_000}  # 40% and 60% of 100 x 105,300


def test_a_province_s_own_group_is_read_simulated_and_paid_by_it(tmp_path):
    # Đồng Nai's minority farm households: 50,000 cards, 45% of 113,850 VND a month from 2027 on.
    head = ["area", "as_of", "group", "cards", "status", "source"]
    kinds = {"household": 700_000, "Hộ nông dân dân tộc thiểu số": 50_000}
    rows = [["75", "2026-10-31", group, str(count), "published", "x"] for group, count in kinds.items()]
    folder = tmp_path / "in"
    folder.mkdir()
    write_table(folder / "cards.csv", head, *rows)
    lines = ['name = "x"', 'end = "2027-12-31"', "[[law]]", 'parameter = "subsidy_share"', 'key = "provincial_group"']
    lines += ['area = "Đồng Nai"', 'since = "2027-01-01"', "value = 0.45"]
    (tmp_path / "s.toml").write_text("\n".join(lines), encoding="utf-8")
    table = bhyt.simulate(bhyt.load(folder), "Đồng Nai", bhyt.read_scenario(tmp_path / "s.toml"), by="group", draws=0)
    own = table[(table["group"] == "provincial_group") & (table["result"] == "behavioural")].set_index("month")
    paid = own.loc["2027-01-31", ["insured", "vnd_central", "vnd_province", "vnd_household"]].tolist()
    assert paid == [50_000, 0, 2_561_625_000, 3_130_875_000]
    assert own.loc["2026-12-31", ["vnd_province"]].isna().all()  # no text says what was paid then


def test_facts_are_cited_around_their_day():
    assert policy_facts("2021-12-31").empty
    around = policy_facts("2026-10-31").set_index("fact")
    assert around.loc["poverty_line", ["value", "other_value"]].tolist() == [2_200_000, 2_800_000]
    assert around.loc["free_check_up", "value"] == 350_000
    table = policy_facts()
    assert (table["reference"] != "").all()
    assert set(table["status"]) <= {"confirmed", "secondary"}


def test_more_poor_people_from_2027_cost_the_state_their_premium(data, law):
    # Sơn Dương: 4,154 poor and 6,198 near-poor; 4.5% of 2,530,000 is 113,850 a month.
    table = poverty_change(data, "Sơn Dương", law, {"poor": 0.1, "near_poor": -0.05}).set_index("group")
    assert table["change"].tolist() == [415, -310]
    assert table["vnd_central_more"].tolist() == [415 * 113_850 * 12, -310 * 113_850 * 12 * 0.7]
    assert table.loc["near_poor", "vnd_household_more"] == pytest.approx(-310 * 113_850 * 12 * 0.3)
    with pytest.raises(ValueError, match="poor"):
        poverty_change(data, "Sơn Dương", law, {"poor": -1.5})


def test_what_is_not_known_of_communes_names_them():
    rows = pd.DataFrame({"name": ["Xã A", "Xã B", "Xã C"], "unknown": ["zone_before", "", "zone_before"]})
    texts = reclassification._unknown_texts(rows, "vi")
    assert len(texts) == 1
    assert "2 xã: Xã A, Xã C" in texts[0]
