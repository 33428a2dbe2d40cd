"""Who loses and gains by the zone table of article 12(3h); each of its lines is a test."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.distribution.rounding import largest_remainder, round_half_up
from bhyt_analysis.model.projection.simulate import project_area
from bhyt_analysis.model.reclassification.reclassify import unit_losses
from bhyt_analysis.model.reclassification.take_up import reenrolment

from ..conftest import write_table


def place(data, before, after, minority=0, villages=(0.0, 0.0), cards=1000, people=2000, group="difficult_area"):
    """One commune of a given share of minorities that moves between zones on 1 July 2021."""
    areas = data.areas.head(2).assign(
        code=["D", "C"], name=["Huyện", "Xã"], kind=["district", "commune"], parent=["", "D"]
    )
    population = data.population.head(1).assign(
        area="C",
        as_of=pd.Timestamp("2021-06-30"),
        people=people,
        minority_people=pd.NA if minority is None else round(minority * people),
        status="published",
    )
    cards = data.cards.head(1).assign(
        area="C", as_of=pd.Timestamp("2021-06-30"), group=group, cards=cards, status="published"
    )
    zone = data.zones.head(1).assign(area="C", status="published")
    day = pd.Timestamp
    zones = pd.concat(
        [
            zone.assign(
                decision="582",
                zone=before,
                special_villages_share=villages[0],
                since=day("2017-04-28"),
                until=day("2021-06-30"),
            ),
            zone.assign(
                decision="861",
                zone=after,
                special_villages_share=villages[1],
                since=day("2021-07-01"),
                until=day("2025-12-31"),
            ),
        ]
    )
    small = dataclasses.replace(
        data, areas=areas, population=population, cards=cards, zones=zones, losses=data.losses.head(0)
    )
    return bhyt.reclassify(small, "861", "D").iloc[0]


KINH, MINORITY = 0, 1


# The rule table of the design, line by line: (before, after, who, lost of 1,000 cards).
@pytest.mark.parametrize(
    ("before", "after", "who", "lost"),
    [
        ("III", "III", KINH, 0),
        ("III", "III", MINORITY, 0),
        ("III", "II", KINH, 1000),
        ("III", "II", MINORITY, 0),
        ("III", "I", KINH, 1000),
        ("III", "I", MINORITY, 1000),
        ("III", "none", KINH, 1000),
        ("III", "none", MINORITY, 1000),
        ("II", "I", MINORITY, 1000),
        ("II", "none", MINORITY, 1000),
        ("II", "II", MINORITY, 0),
    ],
)
def test_who_loses_by_zone(data, before, after, who, lost):
    row = place(data, before, after, minority=who)
    assert (row["lost"], row["kept"], row["gained"], row["after"]) == (lost, 1000 - lost, 0, 1000 - lost)
    assert row["status"] == "derived"


@pytest.mark.parametrize("minority", [None, 0.6, 1])
@pytest.mark.parametrize(("before", "after", "lost"), [("III", "I", 1000), ("III", "II", 0), ("II", "I", 1000)])
def test_cards_under_the_code_of_minorities_are_theirs(data, before, after, lost, minority):
    """In zone III the law entitles every resident; offices still report minorities there under their own code."""
    row = place(data, before, after, minority, group="minority_in_difficult_area")
    assert (row["before"], row["lost"], row["kept"]) == (1000, lost, 1000 - lost)


def test_minorities_of_special_villages_keep_their_cards(data):
    row = place(data, "III", "I", 1, (0.0, 0.25), group="minority_in_difficult_area")
    assert (row["lost"], row["kept"]) == (750, 250)


def test_kinh_of_zone_ii_had_no_card_to_lose(data):
    row = place(data, "II", "I", minority=KINH, cards=0)
    assert (row["before"], row["lost"], row["gained"]) == (0, 0, 0)


@pytest.mark.parametrize(("before", "who", "gained"), [("II", KINH, 2000), ("I", KINH, 2000), ("I", MINORITY, 2000)])
def test_who_gains_when_a_commune_becomes_zone_iii(data, before, who, gained):
    row = place(data, before, "III", minority=who, cards=0)
    assert (row["lost"], row["gained"], row["after"]) == (0, gained, gained)
    assert row["status"] == "estimated"


def test_a_blank_share_of_special_villages_makes_an_estimate(data):
    row = place(data, "III", "I", minority=MINORITY, villages=(None, None))
    assert (row["lost"], row["status"]) == (1000, "estimated")


def result(data, *rows):
    """One commune that goes from zone III to II on its own, with the cards as its office tells them."""
    areas = data.areas.head(2).assign(
        code=["D", "C"], name=["Huyện", "Xã"], kind=["district", "commune"], parent=["", "D"]
    )
    population = data.population.head(1).assign(area="C", people=5000, minority_people=0)
    cards = pd.DataFrame(rows, columns=["group", "cards"]).assign(
        area="C", as_of=pd.Timestamp("2021-06-30"), status="published", source="", file="", row=1
    )
    zone, day = data.zones.head(1).assign(area="C", special_villages_share=0.0, status="published"), pd.Timestamp
    zones = pd.concat(
        [
            zone.assign(decision="582", zone="III", since=day("2017-04-28"), until=day("2021-06-30")),
            zone.assign(decision="861", zone="II", since=day("2021-07-01"), until=day("2025-12-31")),
        ]
    )
    small = dataclasses.replace(
        data, areas=areas, population=population, cards=cards, zones=zones, losses=data.losses.head(0)
    )
    return bhyt.reclassify(small, "861", "D")


def test_cards_by_area_are_found_beside_the_total_of_their_group(data):
    assert result(data, ("state_paid", 3500), ("difficult_area", 3000))["lost"].tolist() == [3000]


def test_a_total_of_the_group_alone_gives_no_split(data):
    row = result(data, ("state_paid", 3500), ("household", 500)).iloc[0]
    assert (row["zone_before"], row["zone_after"], row["method"]) == ("III", "II", "listed")
    assert row[["before", "lost", "kept", "gained", "after"]].isna().all()


def test_zones_of_some_communes_do_not_replace_a_published_total_of_all(data):
    before = data.zones[data.zones["area"] == "07549"].assign(
        decision="582", zone="III", since=pd.Timestamp("2017-04-28"), until=pd.Timestamp("2021-06-30")
    )
    cards = data.cards.head(1).assign(
        area="07549", as_of=pd.Timestamp("2021-06-30"), group="difficult_area", cards=9000
    )
    some = dataclasses.replace(data, zones=pd.concat([data.zones, before]), cards=pd.concat([data.cards, cards]))
    assert bhyt.reclassify(some, "861", "Lục Ngạn")["lost"].sum() == 46_106


def test_a_loss_is_not_spread_over_a_commune_that_stays_in_zone_iii(data):
    kept = data.zones["area"] == "07549"  # Thanh Hải, had it stayed
    stays = dataclasses.replace(data, zones=data.zones.assign(zone=data.zones["zone"].mask(kept, "III")))
    table = bhyt.reclassify(stays, "861", "Lục Ngạn")
    assert len(table) == 13
    assert table["lost"].sum() == 46_106


def test_special_villages_keep_their_cards(data):
    row = place(data, "III", "I", minority=MINORITY, villages=(0.0, 0.25))
    assert (row["lost"], row["kept"]) == (750, 250)
    assert row["status"] == "estimated"


def test_of_a_mixed_commune_that_becomes_zone_ii_the_kinh_lose(data):
    row = place(data, "III", "II", minority=0.6)
    assert (row["lost"], row["kept"]) == (400, 600)


def test_without_the_ethnic_share_the_loss_is_missing(data):
    row = place(data, "III", "II", minority=None)
    assert pd.isna(row["lost"])
    assert pd.isna(row["after"])


def test_where_the_ethnic_share_does_not_matter_it_need_not_be_known(data):
    assert place(data, "III", "I", minority=None)["lost"] == 1000


zone = st.sampled_from(["III", "II", "I", "none"])
share = st.floats(0, 1).map(lambda x: round(x, 3))


@given(before=zone, after=zone, minority=share, villages=st.tuples(share, share), cards=st.integers(0, 2000))
def test_the_columns_always_add_up(data, before, after, minority, villages, cards):
    row = place(data, before, after, minority, villages, cards)
    assert row["before"] == cards == row["lost"] + row["kept"]
    assert row["after"] == row["kept"] + row["gained"]
    assert 0 <= row["lost"] <= cards
    assert 0 <= row["after"] <= row["population"]


def test_a_published_total_is_spread_over_the_communes_that_are_named(data):
    table = bhyt.reclassify(data, decision="861", area="Lục Ngạn")
    assert len(table) == 14
    assert table["lost"].sum() == 46_106
    assert table["status"].unique().tolist() == ["estimated"]
    assert table[["before", "kept", "gained", "after"]].isna().all(axis=None)
    # Thanh Hải: 16,395 of the 113,007 people of the fourteen; 46,106 x 16,395 / 113,007 = 6,689.07
    assert table.set_index("name").at["Xã Thanh Hải", "lost"] == 6689


def test_a_total_whose_communes_are_not_named_is_not_spread(data):
    table = bhyt.reclassify(data, decision="861", area="Sơn Dương")
    assert table[["area", "lost", "status"]].to_numpy().tolist() == [["076", 30_082, "published"]]


def test_the_contract_of_columns(data):
    columns = [
        "area",
        "name",
        "zone_before",
        "zone_after",
        "population",
        "before",
        "lost",
        "kept",
        "gained",
        "after",
        "status",
    ]
    for area in ("Lục Ngạn", "Sơn Dương", "X001", "Bình Sơn"):
        assert bhyt.reclassify(data, "861", area).columns.tolist()[:11] == columns


def test_a_province_holds_what_is_known_of_its_districts(data):
    assert bhyt.reclassify(data, "861", "Tỉnh Bắc Giang")["lost"].sum() == 46_106


def test_every_area_at_once(data):
    table = bhyt.reclassify(data, "861")
    assert set(table["status"]) == {"published", "estimated", "synthetic"}
    published = 30_082 + 46_106 + 35_876 + 161_000  # not the country's, which has them all
    assert table["lost"].sum() == published + bhyt.reclassify(data, "861", "X001")["lost"].sum()


@pytest.mark.parametrize(("area", "people"), [("VN", 4_900_000), ("219", 150_000), ("24", 90_000)])
def test_a_total_is_not_spread_over_communes_that_can_not_be_all(data, area, people):
    # 14 communes of one district: they have 113,007 people, and neither the country's nor the province's loss.
    row = data.losses[data.losses["area"] == "219"].assign(area=area, people=pd.array([people], "Int64"))
    table = bhyt.reclassify(dataclasses.replace(data, losses=row), "861", f"{area} @ 2021-07-01")
    assert table[["area", "lost", "method"]].to_numpy().tolist() == [[area, people, "published"]]


def test_a_loss_keeps_the_relation_that_it_is_printed_with(data):
    facts = bhyt.headline(data, bhyt.Law.read(), "Hòa Bình", decision="861").set_index("key")
    assert facts.loc[["lost", "lost_cost"], "relation"].tolist() == [">", ">"]
    facts = bhyt.headline(data, bhyt.Law.read(), "Sơn Dương", decision="861").set_index("key")
    assert facts.loc[["lost", "lost_cost"], "relation"].tolist() == ["", ""]


@pytest.mark.parametrize(("relation", "low", "high"), [("=", 0.37, 0.42), (">", 0.37, 1), ("<", 0, 0.42)])
def test_a_bound_of_the_loss_gives_one_bound_of_those_who_are_back(data, relation, low, high):
    losses = data.losses.assign(relation=relation)
    row = reenrolment(dataclasses.replace(data, losses=losses), "Lục Ngạn", "861").iloc[0]
    assert (row["low"], row["high"]) == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))
    assert pd.isna(row["largest_population"]) == (relation == ">")


def test_the_loss_of_the_country_does_not_stop_moves_of_communes(data):
    move = [{"area": "Xã Thanh Hải", "zone": "III"}]
    losses = bhyt.Scenario("x", decision="861", zone_moves=move).apply_to_data(data).losses.set_index("area")["people"]
    assert (losses["219"], losses["VN"]) == (39_417, 4_900_000)


def test_an_unknown_decision_is_an_error(data):
    with pytest.raises(ValueError, match="no figures on Decision 999; there are for: 2752, 46, 582, 60, 861"):
        bhyt.reclassify(data, "999", "Lục Ngạn")


@given(weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=50), total=st.integers(0, 10**7))
def test_largest_remainder_adds_up_and_stays_within_one_of_the_share(weights, total):
    if not sum(weights):
        weights[0] = 1
    parts = largest_remainder(weights, total)
    assert parts.sum() == total
    assert all(abs(p - w * total / sum(weights)) < 1 + 1e-6 for p, w in zip(parts, weights, strict=True))


def test_largest_remainder_by_hand():
    # shares 41.7, 33.3, 25.0 of 10: 4.17, 3.33, 2.5: the half goes to the third
    assert largest_remainder([5, 4, 3], 10).tolist() == [4, 3, 3]
    with pytest.raises(ValueError, match="weights"):
        largest_remainder([0, 0], 3)


def test_half_up_is_not_bankers_rounding():
    assert round_half_up([0.5, 1.5, 2.5, 2.49, 62_617.499999999]).tolist() == [1, 2, 3, 2, 62_618]


def test_the_list_of_lao_cai_is_by_commune_without_invented_people(data):
    table = bhyt.reclassify(data, "2752", "Lào Cai")
    # Decision 2752/QĐ-UBND: 12, 36 and 47 communes in zones I, II and III, 95 of 99
    assert table["zone_after"].value_counts().to_dict() == {"III": 47, "II": 36, "I": 12, "none": 4}
    assert table[["before", "lost", "kept", "gained", "after"]].isna().all(axis=None)
    assert table["method"].unique().tolist() == ["listed"]


def test_by_title_the_rows_add_up_to_the_commune(data):
    totals, parts = (bhyt.reclassify(data, "861", "X001", by=by) for by in ((), ("subgroup",)))
    sums = parts.groupby("area")[["before", "lost", "kept", "moved", "gained", "after"]].sum()
    totals = totals.set_index("area")
    for column in ("before", "lost", "kept", "after"):
        assert sums[column].to_dict() == totals[column].to_dict(), column
    # Those who move from one title by area to the other are new under the second.
    assert (sums["gained"] - sums["moved"]).to_dict() == totals["gained"].to_dict()
    assert (parts["after"] == parts["kept"] - parts["moved"] + parts["gained"]).all()


def test_from_zone_iii_to_ii_minorities_keep_a_card_under_their_own_title(data):
    table = result(data, ("resident_of_especially_difficult_area", 1000))  # no one there is of a minority
    assert table["lost"].tolist() == [1000]
    parts = bhyt.reclassify(data, "861", "X001", by=["subgroup"])
    # X00102: 1,457 of 4,302 people are of a minority, 0.13 of the people live in special villages (zones_example.csv)
    here = parts[parts["area"] == "X00102"].set_index("subgroup")
    assert here.at["minority_in_difficult_area", "after"] == here.at["resident_of_especially_difficult_area", "moved"]


def test_communes_of_one_decision_leave_on_days_of_their_own(data):
    later = data.zones["area"].isin(["X00103"]) & (data.zones["decision"] == "861")
    zones = data.zones.assign(since=data.zones["since"].mask(later, pd.Timestamp("2022-03-15")))
    zones.loc[(zones["area"] == "X00103") & (zones["decision"] == "582"), "until"] = pd.Timestamp("2022-03-14")
    table = bhyt.reclassify(dataclasses.replace(data, zones=zones), "861", "X001").set_index("area")
    assert table.at["X00103", "on"] == pd.Timestamp("2022-03-15")
    assert table["on"].value_counts().tolist() == [11, 1]
    assert table.at["X00103", "before"] == table.at["X00103", "lost"] + table.at["X00103", "kept"]


def test_an_assumed_ethnic_share_makes_an_estimate(data):
    unknown = dataclasses.replace(
        data,
        population=data.population.assign(
            minority_people=data.population["minority_people"].mask(data.population["people"] > 0)
        ),
    )
    missing = bhyt.reclassify(unknown, "861", "X001").set_index("area")
    assert pd.isna(missing.at["X00102", "lost"])  # III to II: only Kinh lose
    assumed = bhyt.reclassify(unknown, "861", "X001", minority_share=0.5).set_index("area")
    # 2,660 cards in zone III; half of those outside special villages (1 - 0.13) are Kinh
    share = float(data.zones.query("area == 'X00102' and decision == '861'")["special_villages_share"].iloc[0])
    assert assumed.at["X00102", "lost"] == int(2660 * 0.5 * (1 - share) + 0.5)


def test_those_with_another_state_paid_title_keep_a_card(data):
    table = bhyt.reclassify(data, "861", "X001", other_entitlement_share=0.1).set_index("area")
    # X00111 leaves zone III for zone I with 3,228 cards: a tenth of them, 323, under another title
    assert table.loc["X00111", ["lost", "kept", "kept_other"]].tolist() == [2905, 323, 323]


def test_a_reused_code_has_the_ethnic_share_of_the_days_unit(data):
    rows = data.areas["code"] == "X00111"
    old = data.areas[rows].assign(until=pd.Timestamp("2025-06-30"))
    new = data.areas[rows].assign(since=pd.Timestamp("2025-07-01"), name="Xã Khác")
    later = data.population[data.population["area"] == "X00111"].assign(
        as_of=pd.Timestamp("2026-01-31"), minority_people=0
    )
    small = dataclasses.replace(
        data, areas=pd.concat([data.areas[~rows], old, new]), population=pd.concat([data.population, later])
    )
    table = bhyt.reclassify(small, "861", "X001").set_index("area")
    assert table.at["X00111", "minority_lost"] > 0


def test_the_second_move_without_a_count_takes_what_is_left(small_input):
    zones = ["area", "zone", "decision", "special_villages_share", "since", "until", "status", "source"]
    write_table(
        small_input / "zones.csv",
        zones,
        ["C1", "III", "582", "0", "2017-04-28", "2021-06-30", "published", "x"],
        ["C1", "II", "mine", "0", "2021-07-01", "2021-12-31", "published", "x"],
        ["C1", "I", "mine", "0", "2022-01-01", "", "published", "x"],
    )
    both = bhyt.reclassify(bhyt.load(small_input), "mine", "D1").sort_values("on")
    # 700 cards, 600 of 1,000 people of a minority: 280 Kinh lose theirs first, then 420 of minorities.
    assert both[["before", "lost", "kept", "after"]].to_numpy().tolist() == [[700, 280, 420, 420], [420, 420, 0, 0]]
    assert both["status"].tolist()[1] == "estimated"
    # The same where the two moves are of two decisions.
    table = (small_input / "zones.csv").read_text("utf-8").replace("C1,II,mine", "C1,II,first")
    (small_input / "zones.csv").write_text(table, encoding="utf-8")
    assert bhyt.reclassify(bhyt.load(small_input), "mine", "D1")["before"].tolist() == [420]


def two_districts(folder):
    """A province: of one district zones and cards by commune are reported, of the other a published loss."""
    write_table(
        folder / "areas.csv",
        ["code", "name", "kind", "parent"],
        ["P", "Tỉnh Hai", "province", ""],
        ["D1", "Huyện Một", "district", "P"],
        ["D2", "Huyện Khác", "district", "P"],
        ["C1", "Xã Đầu", "commune", "D1"],
        ["C2", "Xã Sau", "commune", "D1"],
        ["C3", "Xã Cuối", "commune", "D2"],
    )
    cards = (folder / "cards.csv").read_text("utf-8") + "C3,2021-06-30,difficult_area,1500,published,BHXH\n"
    (folder / "cards.csv").write_text(cards, encoding="utf-8")
    people = (folder / "population.csv").read_text("utf-8") + "C3,2021-06-30,2500,600,100,published,thống kê\n"
    (folder / "population.csv").write_text(people, encoding="utf-8")
    write_table(
        folder / "zones.csv",
        ["area", "zone", "decision", "special_villages_share", "since", "until", "status", "source"],
        ["C1", "III", "582", "0", "2017-04-28", "2021-06-30", "published", "x"],
        ["C1", "I", "861", "0", "2021-07-01", "", "published", "x"],
        ["C2", "I", "582", "0", "2017-04-28", "2021-06-30", "published", "x"],
        ["C2", "I", "861", "0", "2021-07-01", "", "published", "x"],
    )
    write_table(
        folder / "losses.csv",
        ["area", "decision", "on", "people", "status", "source"],
        ["D2", "861", "2021-07-01", "800", "published", "x"],
    )
    return bhyt.load(folder)


def test_each_district_of_a_province_uses_its_best_source(small_input):
    data = two_districts(small_input)
    table = bhyt.reclassify(data, "861", "P")
    assert table["lost"].sum() == 700 + 800
    assert table.set_index("area")["method"].to_dict() == {"C1": "zones", "C2": "zones", "D2": "published"}
    assert len(unit_losses(data, "861", "P")) == 3  # D2 represents its commune


def test_a_published_loss_leaves_only_the_communes_of_its_own_district(small_input):
    start = project_area(two_districts(small_input), "P", bhyt.Scenario("861", decision="861")).baseline
    lost = dict(zip(start.units["area"].iloc[start.exits["unit"]], start.exits["lost"], strict=True))
    assert lost == {"C1": 700, "C3": 800}


def test_a_province_of_which_only_some_losses_are_known_is_not_projected(data):
    with pytest.raises(BhytError, match="losses are known of Huyện Lục Ngạn only"):
        bhyt.simulate(data, "Tỉnh Bắc Giang", bhyt.Scenario("861", decision="861"), draws=0)
