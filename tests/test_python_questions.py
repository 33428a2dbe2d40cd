"""What an analyst asks in Python is one or two calls; a wrong call is answered in words.

Questions 12 and 13 (pictures and slides) are in tests/charts, 14 (a group of one's own) is beside the groups.
"""

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import drop_nested_groups, groups

DISTRICT = "X001"  # whose communes have cards in every month
PAYERS = ["vnd_central", "vnd_province", "vnd_social_security_fund", "vnd_employer", "vnd_household"]


@pytest.fixture(scope="module")
def last_cards(data):
    """Return the cards of the communes of the district in its last month, as the input has them."""
    cards = data.cards[data.cards["area"].str.fullmatch(r"X001\d\d")]
    return drop_nested_groups(cards[cards["as_of"] == cards["as_of"].max()])


def test_question_1_the_communes_with_the_largest_gap(data, last_cards):
    table = bhyt.coverage(data, DISTRICT, by="commune").sort_values("rate")
    people = data.population[data.population["area"].isin(table["area"])].groupby("area")["people"].last()
    rates = (last_cards.groupby("area")["cards"].sum() / people).sort_values()
    assert table["area"].tolist() == rates.index.tolist()
    assert table["rate"].tolist() == pytest.approx(rates.tolist())
    assert table["name"].notna().all()


def test_question_2_by_group_and_commune(data, last_cards):
    table = bhyt.coverage(data, DISTRICT, by="group, commune").set_index(["area", "group"])["insured"]
    main = last_cards["group"].map(lambda key: groups().at[key, "group"] if key in groups().index else key)
    expected = last_cards.groupby(["area", main])["cards"].sum()
    assert table.to_dict() == expected.to_dict()
    assert table.sum() == bhyt.coverage(data, DISTRICT)["insured"].iloc[0]


def test_question_3_by_commune_as_text(data):
    pd.testing.assert_frame_equal(
        bhyt.coverage(data, DISTRICT, by="commune"), bhyt.coverage(data, DISTRICT, by=["commune"])
    )
    months = bhyt.simulate(data, DISTRICT, draws=0, by="commune")
    assert months["area"].nunique() == 12
    with pytest.raises(BhytError, match='by holds "communes"; expected: group, subgroup, commune, month'):
        bhyt.coverage(data, DISTRICT, by="communes")


def test_question_4_who_loses_and_gains_by_another_zone(data):
    # Directive 05: 46,106 lose a card in Lục Ngạn, 6,689 of them in Xã Thanh Hải
    changed = bhyt.rezone(data, {"Xã Thanh Hải": "III"})
    assert bhyt.reclassify(changed, "861", "Lục Ngạn")["lost"].sum() == 46_106 - 6_689
    # All of zone II in zone I from 2022 on: the cards by area title of those communes end.
    rezoned = bhyt.rezone(data, {"II": "I"}, area=DISTRICT, since="01/01/2022")
    table = bhyt.reclassify(rezoned, "rezone", DISTRICT).set_index("area")
    zones = data.zones[(data.zones["decision"] == "861") & (data.zones["zone"] == "II")]
    inside = zones.loc[zones["area"].str.startswith("X001"), "area"]
    assert sorted(table.index) == sorted(inside)
    cards = data.cards[(data.cards["as_of"] == "2021-12-31") & data.cards["area"].isin(inside)]
    by_area = cards[cards["group"].str.contains("difficult_area")].groupby("area")["cards"].sum()
    assert table["lost"].astype(int).to_dict() == by_area.to_dict()
    assert table["gained"].sum() == 0


DRAFT = """Đơn vị,Quyết định,Khu vực,Từ ngày,Tình trạng số liệu,Nguồn
Xã Bát Xát,2752,Khu vực II,31/12/2025,Tính toán,Quyết định 2752/QĐ-UBND
Xã Bản Xèo,2752,Khu vực III,31/12/2025,Tính toán,Quyết định 2752/QĐ-UBND
Xã Bát Xát,Dự thảo 2027,Khu vực I,01/01/2027,Giả lập,ví dụ
Xã Bản Xèo,Dự thảo 2027,Khu vực II,01/01/2027,Giả lập,ví dụ
"""
DRAFT_CARDS = """Đơn vị,Ngày số liệu,Nhóm đối tượng,Số thẻ
Xã Bát Xát,30/09/2026,Người dân tộc thiểu số sinh sống tại vùng khó khăn,4120
Xã Bản Xèo,30/09/2026,Người sinh sống tại vùng đặc biệt khó khăn,3120
"""


@pytest.mark.parametrize("zones", [{"II": "I"}, {"Xã Bát Xát": "I"}], ids=["zone", "commune"])
def test_question_4_a_draft_of_the_same_day_takes_no_cards_first(tmp_path, zones):
    (tmp_path / "zones.csv").write_text(DRAFT, "utf-8")
    (tmp_path / "cards.csv").write_text(DRAFT_CARDS, "utf-8")
    rezoned = bhyt.rezone(bhyt.load(tmp_path), zones, since="01/01/2027")
    table = bhyt.reclassify(rezoned, "rezone")
    columns = ["name", "zone_before", "zone_after", "before", "lost"]
    # Zone I has no entitlement by area, so all 4,120 end, as by the draft itself.
    assert table[columns].to_numpy().tolist() == [["Xã Bát Xát", "II", "I", 4120, 4120]]
    assert bhyt.reclassify(rezoned, "Dự thảo 2027").set_index("name").at["Xã Bát Xát", "lost"] == 4120
    # What is of an earlier day has come before: here the draft, which has left no card.
    later = bhyt.reclassify(bhyt.rezone(bhyt.load(tmp_path), {"Xã Bát Xát": "none"}, since="01/06/2027"), "rezone")
    assert later[columns].to_numpy().tolist() == [["Xã Bát Xát", "I", "none", 0, 0]]


def test_question_4_says_what_is_wrong(data):
    with pytest.raises(BhytError) as error:
        bhyt.rezone(data, {"Xã Thanh Hải": "IV", "Xã Thanh Hả": "I"}, "861")
    assert "there is no zone “IV”; expected one of: III, II, I, none" in str(error.value)
    assert 'no area named "Xã Thanh Hả"; did you mean Xã Thanh Hải?' in str(error.value)
    with pytest.raises(BhytError, match="zones is II; expected the new zone by commune or by zone"):
        bhyt.rezone(data, "II", "861")


def test_question_5_money_by_payer_and_year(data):
    months = bhyt.simulate(data, "Sơn Dương", "status_quo", by="group", draws=0)
    table = bhyt.yearly(months).set_index(["result", "year", "group"])
    # 6,198 near-poor at 4.5%, of which the State pays 70%; the base salary is 2,340,000 and since July 2026 2,530,000
    assert table.loc[("static", 2026, "near_poor"), "vnd_central"] == pytest.approx(
        6_198 * 0.045 * 0.7 * 6 * (2_340_000 + 2_530_000)
    )
    assert table.loc[("static", 2027, "near_poor"), "vnd_household"] == pytest.approx(
        6_198 * 0.045 * 0.3 * 12 * 2_530_000
    )
    assert (table["months"] == 12).all()
    # in one call, without groups: the sums of all groups, once
    total = bhyt.yearly(data, "Sơn Dương", "status_quo").set_index(["result", "year"])
    sums = table.groupby(["result", "year"], sort=False)[PAYERS].sum()
    assert sums.to_numpy().ravel().tolist() == pytest.approx(total[PAYERS].to_numpy().ravel().tolist())


def test_question_5_says_how_many_months_of_a_year_are_in_it(data):
    table = bhyt.yearly(data, "Lục Ngạn", "decision_861_ordinary").set_index(["result", "year"])
    assert table.loc[("static", 2021), "months"] == 6  # the count is of June


def test_yearly_counts_no_one_twice_whatever_table_it_is(data):
    total, by_group = (bhyt.simulate(data, "Sơn Dương", draws=0, by=by) for by in (None, "group"))
    both = bhyt.yearly(pd.concat([total, by_group]))
    pd.testing.assert_frame_equal(both, bhyt.yearly(by_group))


def test_question_6_the_outreach_for_a_rate(data):
    row = bhyt.break_even(data, "Lục Ngạn", "decision_861_ordinary", "92%", "12/2023", "outreach").iloc[0]
    plan = bhyt.read_scenario("decision_861_ordinary").replace(assumption_ranges={"outreach": row["value"]})
    months = bhyt.simulate(data, "Lục Ngạn", plan, draws=0).set_index(["result", "month"])
    assert months.loc[("behavioural", "2023-12-31"), "rate"] == pytest.approx(0.92, abs=1e-4)
    assert "must be 1.62; the scenario has 1.00" in bhyt.explain(row, "en")
    never = bhyt.break_even(data, "Lục Ngạn", "decision_861_ordinary", 95, "2022-12-31", "outreach").iloc[0]
    assert pd.isna(never["value"])
    assert "does not give a coverage of 95%" in bhyt.explain(never, "en")


def test_question_7_several_areas_side_by_side(data):
    table = bhyt.coverage(data, ["Lục Ngạn", "Sơn Dương"])  # directive 05 and the plan of Sơn Dương
    assert table["name"].tolist() == ["Huyện Lục Ngạn", "Huyện Sơn Dương"]
    assert table["rate"].round(4).tolist() == [0.8721, 0.8510]
    steps = bhyt.target_steps(data, ["Sơn Dương", "Lý Sơn"])
    assert steps["name"].tolist() == ["Huyện Sơn Dương"] * 4 + ["Huyện Lý Sơn"]
    assert steps["people_needed"].tolist() == [165_191, 166_832, 167_744, 167_926, 18_550]
    facts = bhyt.headline(data, area=["Sơn Dương", "Lục Ngạn"]).pivot(index="key", columns="name", values="value")
    assert facts.loc["lost"].tolist() == [46_106, 30_082]


def test_question_8_a_series_by_month_as_a_chart(data):
    table = bhyt.coverage(data, DISTRICT, by="month")
    chart = bhyt.charts.by_month(table, lang="en", target=0.93)
    (series,) = chart.description.series
    cards = drop_nested_groups(data.cards[data.cards["area"].str.fullmatch(r"X001\d\d")])
    rates = cards.groupby("as_of")["cards"].sum() / 64_897
    assert list(series.values) == pytest.approx(rates.tolist())
    with pytest.raises(BhytError, match="several rows of a unit on a day"):
        bhyt.charts.by_month(bhyt.coverage(data, DISTRICT, by="month, group"))


def test_question_9_how_many_people_a_rate_is():
    rates = [90.6, "90,6%", "90.6%", "90,6", 0.906, "0,906"]
    assert {bhyt.people_needed(182_330, rate) for rate in rates} == {165_191}  # 165,190.98
    assert bhyt.people_needed(182_330, 1) == bhyt.people_needed(182_330, "100%") == 182_330
    assert bhyt.people_needed(182_330, "1%") == 1_824  # 1,823.3
    for wrong, words in ((9060, "more than 100%"), (-1, "is negative"), ("nhiều", "is not a share")):
        with pytest.raises(BhytError, match=words):
            bhyt.people_needed(182_330, wrong)


def test_question_10_the_premium_of_a_household_of_five():
    # 4.5% of 2,530,000 in twelve months; the members pay 1, 0.7, 0.6, 0.5 and 0.4 of it
    assert bhyt.household_premium(5, "22/11/2026") == pytest.approx(0.045 * 2_530_000 * 12 * 3.2)
    with pytest.raises(BhytError, match="members is 0; expected a whole number of 1 or more"):
        bhyt.household_premium(0, "22/11/2026")


def test_question_11_a_scenario_in_code_or_by_its_name(data, tmp_path):
    own = bhyt.Scenario("đến từng nhà", decision=861, end="12/2028", assumption_ranges={"outreach": 2})
    by_name = bhyt.simulate(data, "Lục Ngạn", "decision_861_high", draws=0)
    in_code = bhyt.simulate(data, "Lục Ngạn", own, draws=0)
    assert in_code["insured"].tolist() == by_name["insured"].tolist()
    path = tmp_path / "mine.toml"
    path.write_text('name = "x"\ndecision = "861"\nend = "2028-12-31"\n[assumptions]\noutreach = 2\n', "utf-8")
    both = bhyt.simulate(data, "Lục Ngạn", [path, "decision_861_high"], draws=0)
    assert both.groupby("scenario", sort=False)["insured"].sum().nunique() == 1
    with pytest.raises(BhytError, match=r'no scenario "decision_816_high"; .*decision_861_high, .*status_quo'):
        bhyt.simulate(data, "Lục Ngạn", "decision_816_high")
    with pytest.raises(BhytError, match=r"take_up\.student = 95; expected one number, or three in order, from 0 to 1"):
        bhyt.Scenario("x", assumption_ranges={"take_up.student": 95})


def test_question_15_why_a_row_of_tornado_is_so(data):
    row = bhyt.tornado(data, "Lục Ngạn", "decision_861_ordinary", "31/12/2021").iloc[0]
    text = bhyt.explain(row, "en")
    for value in row[["rate_low", "rate", "rate_high"]]:
        assert f"{value:.1%}" in text
    assert "all other assumptions central" in text


def test_simulate_has_no_row_that_is_the_sum_of_others(data):
    total, by_group = (bhyt.simulate(data, "Sơn Dương", draws=0, by=by) for by in (None, "group"))
    assert "group" not in total
    assert not {"all", "state_paid", "state_supported"} & set(by_group["group"])
    keys = ["result", "month"]
    sums = by_group.groupby(keys)[["insured", *PAYERS]].sum()
    assert (sums == total.set_index(keys)[["insured", *PAYERS]].loc[sums.index]).all(axis=None)
    cards = data.cards[data.cards["area"] == "076"]  # what the plan prints
    counted = drop_nested_groups(cards[cards["as_of"] == "2021-12-31"])["cards"].sum()
    assert total.loc[total["month"] == "2021-12-31", "insured"].tolist() == [counted] * 2


NATURAL = {
    "a view for data and area": lambda d: (bhyt.coverage(bhyt.area(d, "076")), bhyt.coverage(d, "076")),
    "a view of a projection": lambda d: (
        bhyt.tornado(bhyt.area(d, "219"), "decision_861_high", "2021-12-31"),
        bhyt.tornado(bhyt.project_area(d, "219", bhyt.read_scenario("decision_861_high")), "2021-12-31"),
    ),
    "no law": lambda d: (bhyt.headline(d, "Sơn Dương"), bhyt.headline(d, bhyt.Law.read(), "Sơn Dương")),
    "area before decision": lambda d: (bhyt.reclassify(d, "Lục Ngạn", "861"), bhyt.reclassify(d, "861", "Lục Ngạn")),
    "communes of an area": lambda d: (bhyt.allocate(d, DISTRICT, 93), bhyt.allocate(d, DISTRICT, rate="93%")),
    "a baseline by its name": lambda d: (
        bhyt.compare(d, "076", ["decision_861_high", "status_quo"], baseline="status_quo"),
        bhyt.compare(d, "076", ["decision_861_high", "status_quo"], bhyt.read_scenario("status_quo").name),
    ),
    "a month in words": lambda d: (
        bhyt.compare(d, "076", ["status_quo", "decision_861_high"], on="12/2022"),
        bhyt.compare(
            bhyt.simulate(d, "076", [bhyt.read_scenario(n) for n in ("status_quo", "decision_861_high")], draws=0),
            on="2022-12-31",
        ),
    ),
}


@pytest.mark.parametrize("calls", NATURAL.values(), ids=NATURAL.keys())
def test_natural_calls_give_what_the_long_ones_do(data, calls):
    natural, long = calls(data)
    pd.testing.assert_frame_equal(natural, long)
    assert len(natural)


WRONG = {
    "budget: cards is Dataset; expected a table of month, group, insured": lambda d: bhyt.budget(d, "Lục Ngạn"),
    "coverage: data is “Sơn Dương”; expected what load": lambda d: bhyt.coverage("Sơn Dương"),
    "simulate: data is “Lục Ngạn”": lambda d: bhyt.simulate("Lục Ngạn", d),
    "simulate: area is missing; call simulate": lambda d: bhyt.simulate(d),
    "has no argument “scenarios”; did you mean scenario": lambda d: bhyt.simulate(d, "076", scenarios="x"),
    "simulate: scenario is 861; expected the name": lambda d: bhyt.simulate(d, "076", 861),
    "coverage: area is 76; expected the name or the code": lambda d: bhyt.coverage(d, 76),
    "tornado: on is missing; call tornado": lambda d: bhyt.tornado(d, "219", "decision_861_high"),
    'no area named "2021-12-31"': lambda d: bhyt.tornado(d, "2021-12-31"),
    "area: text is .*; expected the name or the code of one unit": lambda d: bhyt.area(d, ["Sơn Dương"]),
    'no area named "Sơn Dươn"; did you mean Huyện Sơn Dương': lambda d: bhyt.coverage(d, "Sơn Dươn"),
    "“hôm qua” is not a date": lambda d: bhyt.coverage(d, "076", as_of="hôm qua"),
    "2 scenarios .*; this chart takes the rows of one": lambda d: bhyt.charts.payers(
        bhyt.simulate(d, "076", ["status_quo", "near_poor_100"], draws=0)
    ),
    "2 units .*; this chart takes the rows of one": lambda d: bhyt.charts.fan(
        bhyt.simulate(d, ["076", "219"], draws=0)
    ),
    "explain: row is DataFrame; expected a row": lambda d: bhyt.explain(bhyt.coverage(d, "076")),
    "no column scenario, .*; a table of simulate": lambda d: bhyt.yearly(bhyt.coverage(d, "076")),
    "premiums: law is Law; expected a day": lambda d: bhyt.premiums(pd.DataFrame(), bhyt.Law.read()),
    "one argument too many": lambda d: bhyt.target_path(0.8, 0.9, 4, "gap", 5),
    "simulate: draws is “many”; expected a whole number": lambda d: bhyt.simulate(d, "076", draws="many"),
    "result is “x”; expected static, behavioural": lambda d: bhyt.transitions(
        d, "219", "decision_861_high", "2021-12-31", "x"
    ),
    "A table of compare": lambda d: bhyt.add_comparison_texts(bhyt.coverage(d, "076")),
    "several scenarios or results": lambda d: bhyt.budget(bhyt.simulate(d, "076", draws=0, by="group")),
}


@pytest.mark.parametrize(("words", "call"), WRONG.items(), ids=WRONG.keys())
def test_a_wrong_call_is_answered_in_one_sentence(data, words, call):
    with pytest.raises(BhytError, match=words) as error:
        call(data)
    assert len(error.value.messages) == 1
    assert error.value.text("vi") != error.value.text("en")
