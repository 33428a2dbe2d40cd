"""Briefings of a commune, a province, an own area and a dissolved district, found by their names."""

import json

import pytest

import bhyt_analysis as bhyt

from ..batches import batches_here
from ..conftest import write_table

CARDS = ["area", "as_of", "group", "cards", "status", "source"]
PEOPLE = ["area", "as_of", "people", "households", "status", "source"]
AREAS = ["Xã Bát Xát", "Tỉnh Lào Cai", "BHXH cơ sở Bát Xát", "Huyện Bát Xát"]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("today")
    source = folder / "input"
    source.mkdir()
    names = {"Xã Bát Xát": (20_000, 18_000), "Xã Y Tý": (9_000, 8_550)}
    write_table(
        source / "areas.csv",
        ["code", "name", "kind", "parent", "communes"],
        ["BX", "BHXH cơ sở Bát Xát", "area", "15", "Xã Bát Xát; Xã Y Tý"],
    )
    people = [[name, "2025-12-31", p, p // 4, "published", "thống kê"] for name, (p, _) in names.items()]
    write_table(source / "population.csv", PEOPLE, *people)
    cards = [[name, "2026-06-30", "household", c, "published", "BHXH"] for name, (_, c) in names.items()]
    old = ["Xã Cốc Mỳ, huyện Bát Xát", "2021-12-31", "household", 4_000, "published", "BHXH"]
    write_table(source / "cards.csv", CARDS, *cards, old)
    with batches_here():
        bhyt.run_batch(source, folder / "out", AREAS, bhyt.BatchOptions(jobs=1))
    return folder / "out"


def facts(out, title):
    """Return the figures of the briefing with a title, by key."""
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert {a["status"] for a in manifest["areas"]} == {"done"}
    for area in manifest["areas"]:
        page = (out / area["slug"] / f"{area['slug']}.html").read_text("utf-8")
        if f": {title}<" in page:
            record = json.loads((out / area["slug"] / "facts.json").read_text("utf-8"))
            return {fact["key"]: fact["value"] for fact in record["facts"]}
    raise AssertionError(title)


def test_a_commune_has_its_own_figures(out):
    figures = facts(out, "xã Bát Xát, tỉnh Lào Cai")
    assert (figures["population"], figures["insured"], figures["coverage"]) == (20_000, 18_000, 0.9)


def test_a_province_sums_the_communes_that_report(out):
    figures = facts(out, "tỉnh Lào Cai")
    assert "insured" not in figures
    assert 26_550 in figures.values()  # of two in 99 communes, named as theirs
    assert figures["population"] == 1_778_785  # Resolution 202/2025/QH15


def test_an_own_area_is_the_sum_of_its_communes(out):
    figures = facts(out, "BHXH cơ sở Bát Xát, tỉnh Lào Cai")
    assert (figures["population"], figures["insured"]) == (29_000, 26_550)


def test_a_dissolved_district_is_named_with_the_province_of_its_day(out):
    figures = facts(out, "huyện Bát Xát, tỉnh Lào Cai")
    assert figures["population"] > 0
    assert "insured" not in figures  # one commune of 2021 is not the district
