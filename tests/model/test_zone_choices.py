"""What each zone does to each commune, against decisions with all communes in the zones of a random choice."""

import dataclasses
import random

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.model.reclassification.card_flows import ZONES
from bhyt_analysis.model.reclassification.zone_choices import zone_choices
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves

COUNTS = ["before", "lost", "kept", "gained", "kept_other"]


@pytest.mark.parametrize("seed", range(4))
def test_communes_do_not_depend_on_each_other(data, seed):
    rng = random.Random(seed)
    choices = zone_choices(data, "861", "X001", 0.1)
    own, parts = (table.set_index(["area", "zone_after"]) for table in choices)
    zones = {code: rng.choice(ZONES) for code in own.index.unique("area")}
    changed = apply_zone_moves(data, "861", [{"area": code, "zone": zone} for code, zone in zones.items()])
    table = bhyt.reclassify(changed, "861", "X001", other_entitlement_share=0.1)
    expected = table.set_index(["area", "zone_after"])[[*COUNTS, "minority_lost"]]
    pd.testing.assert_frame_equal(own.loc[expected.index, expected.columns], expected)
    table = bhyt.reclassify(changed, "861", "X001", by="subgroup", other_entitlement_share=0.1)
    by_entitlement = table.set_index(["area", "zone_after", "subgroup"])[["before", "lost", "kept", "moved", "after"]]
    parts = parts.set_index("subgroup", append=True)
    used = by_entitlement[(by_entitlement[["before", "after"]] != 0).any(axis=1)]
    pd.testing.assert_frame_equal(parts.loc[used.index, used.columns], used)


def test_entitlements_add_up_to_the_communes(data):
    total, parts = zone_choices(data, "861", "X001")
    sums = parts.groupby(["area", "zone_after"], sort=False)[["lost", "gained"]].sum()
    own = total.set_index(["area", "zone_after"])[["lost", "gained"]]
    assert len(own) == 12 * len(ZONES) and own.loc[sums.index].equals(sums)


def test_no_choices_where_only_a_total_is_published(data):
    assert [zone_choices(data, "861", area) for area in ("Lục Ngạn", "Sơn Dương")] == [None, None]


def test_no_choices_where_those_of_a_zone_depend_on_unknown_ethnic_shares(data):
    """Of 3,272 cards 13% are in special villages; from zone III to zone I all others end, in zone II those of Kinh."""
    unknown = dataclasses.replace(data, population=data.population.assign(minority_people=float("nan")))
    assert bhyt.reclassify(unknown, "861", "X00103")["lost"].tolist() == [2847]
    assert zone_choices(unknown, "861", "X00103") is None
    assert bhyt.page_model(bhyt.area(unknown, "X00103"), draws=0)["zones"] is None


def test_by_hand_xa_mau_06(data):
    """Zone II, 3,432 cards of minorities: in zone I all end; in zone II and III none."""
    table = zone_choices(data, "861", "X001").communes
    own = table[table["area"] == "X00106"].set_index("zone_after")
    assert own["lost"].to_dict() == {"III": 0, "II": 0, "I": 3432, "none": 3432}
    assert own["is_decided"].to_dict() == {"III": False, "II": False, "I": True, "none": False}
