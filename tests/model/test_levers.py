"""What-if rows of law, top-ups of a province and communes in other zones, against figures computed by hand."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.law_file import LawError
from bhyt_analysis.model.projection.levers import build_reform, top_up_rows
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves

LEFT = "minority_left_2016_2020_list"


def payers_of(law, month, key, area="Bắc Giang"):
    from bhyt_analysis.model.finance.budget import PAYERS, monthly_prices

    return dict(
        zip(PAYERS, monthly_prices(law, [pd.Timestamp(month)], [key], area)[0, 0].round(2).tolist(), strict=True)
    )


def test_what_if_rows_are_proposals_without_an_instrument():
    law = build_reform([{"parameter": "contribution_rate", "since": "2027-01-01", "value": 0.051}], "mine")
    assert law.table[["status", "reference"]].iloc[0].tolist() == ["proposal", "what if (no instrument)"]


def test_error_in_a_row_names_its_place():
    with pytest.raises(LawError, match=r"mine, row 2, column value"):
        build_reform(
            [
                {"parameter": "base_salary", "since": "2027-01-01", "value": 2_600_000},
                {"parameter": "base_salary", "since": "2028-01-01", "value": "much"},
            ],
            "mine",
        )


def test_province_alone_pays_its_top_up_before_decree_75(law):
    rows = top_up_rows(law, LEFT, 0.7, None, "Bắc Giang", "2021-07-01", "2021-12-31")
    assert [(r["since"], r["until"], r["value"]) for r in rows] == [("2021-07-01", "2021-12-31", 0.7)]
    # 4.5% of 1,490,000 is 67,050 a month: 70% is 46,935, the person pays 20,115.
    paid = payers_of(law | build_reform(rows, "mine"), "2021-12-31", LEFT)
    assert paid == {"central": 0, "province": 46935, "social_security_fund": 0, "employer": 0, "household": 20115}


def test_top_up_is_added_to_each_share_during_its_span(law):
    rows = top_up_rows(law, LEFT, 0.2, None, "Bắc Giang", "2023-07-01", "2026-12-31")
    assert [(r["since"], r["until"], r["value"]) for r in rows] == [
        ("2023-07-01", "2023-10-31", 0.2),
        ("2023-11-01", "2026-10-31", 0.9),
        ("2026-11-01", "2026-12-31", 0.2),
    ]
    # 4.5% of 2,340,000 is 105,300: the State 70%, the province 20%, the person 10%.
    paid = payers_of(law | build_reform(rows, "mine"), "2025-05-31", LEFT)
    assert (paid["central"], paid["province"], paid["household"]) == (73710, 21060, 10530)


def test_top_up_adds_to_the_provinces_own_share_up_to_the_premium(law):
    rows = top_up_rows(law, LEFT, 0.2, "Quảng Ngãi", "Quảng Ngãi", "2023-11-01", "2024-06-30")
    assert [(r["since"], r["value"]) for r in rows] == [("2023-11-01", 0.9), ("2024-01-01", 1.0)]


@pytest.mark.parametrize(("group", "points", "part"), [("neer_poor", 0.2, "near_poor"), ("near_poor", 20, "0 to 1")])
def test_impossible_top_up_is_an_error(law, group, points, part):
    with pytest.raises(BhytError, match=part):
        top_up_rows(law, group, points, None, "Bắc Giang", "2024-01-01")


# --- Communes in other zones ---------------------------------------------------------------------


def by_name(table, column):
    return dict(zip(table["name"], table[column], strict=True))


def test_commune_staying_in_zone_iii_keeps_its_part_of_the_loss(data):
    moves = [{"area": "07549", "zone": "III"}]
    before, after = (bhyt.reclassify(d, "861", "Lục Ngạn") for d in (data, apply_zone_moves(data, "861", moves)))
    part = by_name(before, "lost")["Xã Thanh Hải"]
    assert part == round(46106 * 16395 / before["population"].sum())  # the same share of the people everywhere
    assert after["lost"].sum() == 46106 - part
    assert "Xã Thanh Hải" not in set(after["name"])
    assert set(after["status"]) == {"estimated"}


def test_another_leaving_commune_adds_the_same_share_of_its_people(data):
    after = bhyt.reclassify(apply_zone_moves(data, "861", [{"area": "07531", "zone": "I"}]), "861", "Lục Ngạn")
    people = by_name(after, "population")
    share = 46106 / (sum(people.values()) - people["Xã Tân Sơn"])
    assert after["lost"].sum() == round(46106 + people["Xã Tân Sơn"] * share)


def test_zone_moves_change_entitlements_as_article_12_says(data):
    """X00106 was in zone II and left: all 3,432 area cards are of ethnic minorities (Kinh in zone II have none)."""
    before = bhyt.reclassify(data, "861", "X001").set_index("area")
    assert before.loc["X00106", ["before", "lost"]].tolist() == [3432, 3432]
    kept = bhyt.reclassify(apply_zone_moves(data, "861", [{"area": "X00106", "zone": "II"}]), "861", "X001").set_index(
        "area"
    )
    assert kept.loc["X00106", ["lost", "gained"]].tolist() == [0, 0]
    up = bhyt.reclassify(apply_zone_moves(data, "861", [{"area": "X00106", "zone": "III"}]), "861", "X001").set_index(
        "area"
    )
    assert up.at["X00106", "lost"] == 0
    assert up.at["X00106", "gained"] > 0  # the Kinh residents without an earlier entitlement
    others = before.drop(index="X00106").index
    pd.testing.assert_frame_equal(up.loc[others], before.loc[others])
    assert data.zones.query("area == 'X00106' and decision == '861'")["zone"].tolist() == ["I"]  # the input stays


def test_all_faults_of_zone_moves_are_reported_at_once(data):
    with pytest.raises(BhytError) as caught:
        apply_zone_moves(data, "861", [{"area": "Xã Khôngcó", "zone": "I"}, {"area": "07549", "zone": "IV"}])
    assert len(str(caught.value).splitlines()) == 2
    with pytest.raises(BhytError, match="Sơn Dương"):  # the plan names no commune
        apply_zone_moves(data, "861", [{"area": "02536", "zone": "III"}])


# --- In a scenario file --------------------------------------------------------------------------

TEXT = """
name = "Bắc Giang hỗ trợ 70%"
decision = "861"
end = "2021-12-31"

[[law]]
parameter = "contribution_rate"
since = 2022-01-01
value = 0.05

[[top_up]]
group = "minority_left_2016_2020_list"
points = 0.7
area = "Tỉnh Bắc Giang"
since = 2021-07-01
until = 2021-12-31

[[zone]]
area = "07549"
zone = "III"

[explore]
area = "219"
"""


def test_one_file_has_rows_of_law_top_ups_and_zones(data, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, "utf-8")
    scenario = bhyt.read_scenario(path)
    assert scenario.is_proposal
    projection = bhyt.project_area(data, "Lục Ngạn", scenario)
    assert projection.baseline.exits["lost"].sum() == 39417
    months = bhyt.simulate(data, "Lục Ngạn", scenario, by="group", draws=0)
    month = months[(months["month"] == "2021-12-31") & (months["group"] == LEFT)].iloc[-1]
    assert month["vnd_province"] == month["insured"] * 46935
    assert month["vnd_central"] == 0
    assert month["proposal"]


def test_faults_in_rows_of_a_file_are_reported(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "x"\n[[zone]]\nzone = "III"\n[[top_up]]\ngroup = "student"\n', "utf-8")
    with pytest.raises(BhytError) as caught:
        bhyt.read_scenario(path)
    assert [p in str(caught.value) for p in ("line 2: zone[1] has no area", "line 4: top_up[1]")] == [True, True]
