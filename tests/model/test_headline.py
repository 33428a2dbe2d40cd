"""The headline figures against what the documents say, with their status."""

import pytest

import bhyt_analysis as bhyt

SON_DUONG = {
    "population": (182_330, "published"),
    "insured": (155_163, "published"),
    "uninsured": (27_167, "derived"),
    "lost": (30_082, "published"),
    "next_people": (165_191, "derived"),
    "next_to_add": (10_028, "derived"),
    "total_to_add": (12_763, "derived"),
    "lost_cost": (24_203_977_200, "derived"),
}
LUC_NGAN = {
    "population": (226_540, "census"),
    "coverage": (0.8721, "published"),
    "insured": (197_566, "estimated"),  # 87.21% of the people of the census
    "lost": (46_106, "published"),  # the total is published, only its spread is estimated
    "lost_cost": (37_096_887_600, "derived"),
}


@pytest.mark.parametrize(("area", "expected"), [("Sơn Dương", SON_DUONG), ("Lục Ngạn", LUC_NGAN)])
def test_headline_of(data, law, area, expected):
    facts = bhyt.headline(data, law, area).set_index("key")
    for key, (value, status) in expected.items():
        assert (facts.at[key, "value"], facts.at[key, "status"]) == (value, status), key


def test_what_is_not_known_has_no_row(data, law):
    keys = set(bhyt.headline(data, law, "Huyện Bình Sơn")["key"])
    people = {"population", "households", "child_under_6", "aged_75"}
    assert keys == people | {"next_target", "next_people"}  # its targets are past: only the last one


def test_every_figure_of_the_example_is_synthetic_or_law(data, law):
    facts = bhyt.headline(data, law, "X001")
    assert set(facts["status"]) == {"synthetic"}
