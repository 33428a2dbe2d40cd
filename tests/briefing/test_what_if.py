"""The constants of the page's model are left out where they would tell more than the briefing prints."""

import dataclasses
import json

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.briefing.what_if import describe_model, reason_to_leave_out, write_model, zones_are_small
from bhyt_analysis.tables.hidden_cells import HiddenCell, HiddenCells

LAW = bhyt.Law.read()


def briefing_of(data, area, folder=None, **fields):
    """Return a briefing that a batch builds: its folder has the file in which both exchange what is published."""
    if folder is not None and not (folder / "protection.json").exists():
        (folder / "protection.json").write_text("{}", "utf-8")
    return bhyt.Briefing(data, area, LAW, out=folder, lang="en", **fields)


def test_a_count_that_the_briefing_does_not_print_is_left_out(data, tmp_path):
    scenario = bhyt.Scenario("earlier", start="30/06/2021")
    assert describe_model(briefing_of(data, "X00101", tmp_path, scenario=scenario)) == {"left_out": "day"}
    model = describe_model(briefing_of(data, "X00101", tmp_path, scenario=scenario, disclosure="off"))
    assert model["as_of"] == "2021-06-30"  # an internal copy has it


@pytest.mark.parametrize("cell", [("insured", "X00103", "poor"), ("lost", "X00103", "all")])
def test_an_area_with_a_hidden_figure_has_no_model(data, tmp_path, cell):
    briefing = briefing_of(data, "X00103", tmp_path)
    model = describe_model(briefing)
    assert model["exits"]["rows"]
    hidden = HiddenCells(cells=[HiddenCell(*cell, 997.0)], areas={"X00103": "X00103"}, area="X00103")
    (tmp_path / "protection.json").write_text(json.dumps({"hidden": hidden.to_dict()}), "utf-8")
    assert describe_model(briefing_of(data, "X00103", tmp_path)) == {"left_out": "small"}


def test_a_small_count_among_the_constants_leaves_them_out(data, tmp_path):
    briefing = briefing_of(data, "X00103", tmp_path)
    model = describe_model(briefing)
    assert reason_to_leave_out(briefing, model) == ""
    for change in ({"insured": [4, *model["insured"][1:]]}, {"population": sum(model["insured"]) + 2}):
        assert reason_to_leave_out(briefing, {**model, **change}) == "small"
    row = {**model["exits"]["rows"][0], "lost": 40, "minority": 0.95}  # 38 of 40 are of minorities, 2 are not
    assert reason_to_leave_out(briefing, {**model, "exits": {**model["exits"], "rows": [row]}}) == "small"


def test_communes_are_added_up_where_one_of_their_counts_is_small(data, tmp_path):
    cards = data.cards.copy()
    row = cards.index[(cards["area"] == "X00102") & (cards["group"] == "poor")][-1]
    few = dataclasses.replace(data, cards=cards.assign(cards=cards["cards"].where(cards.index != row, 3)))
    model = describe_model(briefing_of(few, "X001", tmp_path))
    assert len(model["places"]["population"]) == 1 and model["zones"] is None and model["units"] == 12
    assert len(describe_model(briefing_of(data, "X001", tmp_path))["places"]["population"]) == 12


def test_zones_are_left_out_where_they_tell_a_small_count(data, tmp_path):
    briefing = briefing_of(data, "X00103", tmp_path)
    model = describe_model(briefing)
    assert model["zones"] and not zones_are_small(briefing, model)
    commune = model["zones"]["communes"][0]
    for change in (
        {"lost": [0, 0, 3, 3]},
        {"gained": [400, 402, 0, 0]},
        {"lost": [0, 0, 40, 40], "minority": [0, 0, 0.95, 0.95]},
        {"before": 43, "lost": [0, 0, 40, 40]},
    ):
        zones = {**model["zones"], "communes": [{**commune, **change}]}
        assert zones_are_small(briefing, {**model, "zones": zones})


def test_an_area_without_cards_has_no_file(data, tmp_path):
    write_model(briefing_of(data, "Lý Sơn", tmp_path))
    assert not (tmp_path / "model.json").exists()
    write_model(briefing_of(data, "Sơn Dương", tmp_path))
    assert json.loads((tmp_path / "model.json").read_text("utf-8"))["insured"]
