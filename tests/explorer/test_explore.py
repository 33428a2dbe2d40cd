"""Test the explorer without a browser: its states, views, controls and events."""

import asyncio
import dataclasses
import datetime as dt
import io
import json
import os
import re
import threading
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from PIL import Image

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.engine import warm_process
from bhyt_analysis.explorer import app as application
from bhyt_analysis.explorer import controls, launch, pages
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.markup import sort_communes, table_files
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.titles import scenario_title
from bhyt_analysis.explorer.views import CHARTS, VIEWS, Context, compare_scenarios, memoised_views
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, format_message
from bhyt_analysis.ingest.scenario_files import parse_scenario
from bhyt_analysis.model.finance.premiums import household_premium
from bhyt_analysis.model.projection.assumptions import assumptions
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves
from bhyt_analysis.model.targets.allocation import communes_to_allocate

from ..conftest import ROOT
from ..ingest.offices import AREAS, CARDS, PEOPLE, office, write_xlsx
from ..simulated import simulate_all

LEFT = "minority_left_2016_2020_list"
ORDINARY = replace(states.from_file("decision_861_ordinary"), area="219", on="2021-12-31", since="2021-07-01")


@pytest.fixture(scope="module")
def context(data, law):
    return Context(data, law)


@pytest.fixture
def app(context):
    return application.build_explorer(replace(context, today=dt.date(2026, 11, 22)), ORDINARY)


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


def expected(data, plan):
    """Return the library's figures of Lục Ngạn at the end of 2021, computed without the explorer."""
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario(plan), draws=0)
    rows = months[(months["result"] == "behavioural") & (months["month"] == "2021-12-31")]
    return rows.iloc[0]


# --- States -----------------------------------------------------------------------------------------

FULL = states.with_assumption(ORDINARY, "outreach", 1.5)
FULL = states.with_assumption(FULL, "take_up.student", 0.8)
FULL = states.with_law(FULL, "subsidy_share", 0.9, "2021-07-01", "near_poor", "2023-12-31")
FULL = states.with_top_up(FULL, LEFT, 0.7, "Tỉnh Bắc Giang", "2021-07-01", "2021-12-31")
FULL = states.with_zone(FULL, "07549", "III")


def test_saved_file_restores_state_and_gives_same_figures_in_batch(tmp_path, data):
    path = tmp_path / "mine.toml"
    path.write_text(states.to_toml(replace(FULL, name="Của tôi", name_en="")), "utf-8")
    again = states.from_file(path)
    assert again == replace(FULL, name="Của tôi", name_en="")
    outlook = memoised_views(Context(data, bhyt.Law.read()))(FULL, "outlook").set_index("result")
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario(path), draws=0)
    row = months[(months["month"] == "2021-12-31")].set_index("result")
    assert outlook["insured"].to_dict() == row["insured"].to_dict()
    assert outlook.at["behavioural", "vnd_province"] > 0


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda p: p.stem)
def test_bundled_scenarios_give_same_figures_in_explorer(path, data):
    state = replace(states.from_file(path), area="X001")
    scenarios = (states.to_scenario(state), bhyt.read_scenario(path))
    explored, library = (bhyt.simulate(data, "X001", s, draws=0).drop(columns="reforms") for s in scenarios)
    pd.testing.assert_frame_equal(explored, library)


def test_link_restores_state_and_pinned_scenarios():
    text = states.to_link([FULL, ORDINARY])
    assert states.from_link(text) == [FULL, ORDINARY]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert len(text) < 1200


@pytest.mark.parametrize("text", ["abc", "", "eJx", states.to_link([FULL])[:-9], "4pyT"])
def test_truncated_link_is_an_error(text):
    with pytest.raises(BhytError, match="cut off"):
        states.from_link(text)


def test_link_may_not_name_files_of_the_server():
    """On a page that others open, a link must not read what lies on the server."""
    with pytest.raises(BhytError, match="names other files"):
        states.state_from_dict({"name": "x", "reforms": ["/etc/passwd"]})
    with pytest.raises(BhytError, match="names other files"):
        states.from_toml('name = "x"\nzones = "../secret.csv"\n')


def test_range_of_assumption_is_widened_to_its_value():
    low, high = assumptions().loc["take_up.household", ["low", "high"]]
    assert states.with_assumption(State(), "take_up.household", 0.5).assumptions[0][1] == (low, 0.5, high)
    assert states.with_assumption(State(), "take_up.household", 0.05).assumptions[0][1] == (0.05, 0.05, high)


# --- Views ------------------------------------------------------------------------------------------


def count_calls(views):
    """Return the views with a list that receives the name of each view when it is computed."""
    computed = []

    def record(name, view):
        def compute(*args):
            computed.append(name)
            return view.compute(*args)

        return replace(view, compute=compute)

    return computed, {name: record(name, view) for name, view in views.items()}


def test_only_views_of_changed_inputs_are_computed_again(context, monkeypatch):
    computed, views = count_calls(VIEWS)
    monkeypatch.setattr("bhyt_analysis.explorer.views.VIEWS", views)
    get_view = memoised_views(context)

    def recomputed(state):
        computed.clear()
        for name in ["headline", "results", "communes_table", *(f"picture_{n}" for n in CHARTS)]:
            get_view(state, name)
        return set(computed)

    assert recomputed(ORDINARY) >= {"baseline", "policy", "projection", "reclassification", "picture_tiles"}
    assert recomputed(ORDINARY) == set()
    outreach = recomputed(states.with_assumption(ORDINARY, "outreach", 2))
    assert outreach >= {"projection", "area_months", "picture_path", "picture_payers", "picture_people"}
    # Who leaves, the law, and the communes of a district without cards by commune do not depend on outreach.
    unchanged = {"baseline", "policy", "reclassification", "baseline_communes", "targets", "source"}
    assert not outreach & {*unchanged, "picture_tiles", "communes_table"}
    later = replace(states.with_assumption(ORDINARY, "outreach", 2), on="2022-12-31")
    assert not recomputed(later) & {"projection", "rates", "months", "picture_path", "picture_payers"}
    assert recomputed(replace(later, lang="en")) >= {"headline", *(f"picture_{n}" for n in CHARTS)}
    assert recomputed(replace(later, lang="en", sort="lost")) == {"communes_table"}


def test_views_read_every_field_of_the_state():
    """A field that no view reads would show old results."""
    fields = {f.name for f in dataclasses.fields(State)}
    read = {f for view in VIEWS.values() for f in view.fields}
    assert read - fields == {"other_titles", "household_factor"}
    assert fields - read == {"until"}  # it is in the rows of law that a slider makes


@pytest.mark.parametrize(
    "change",
    [
        lambda s: states.with_assumption(s, "take_up.near_poor", 0.9),
        lambda s: states.with_assumption(s, "population_growth", 0.02),
        lambda s: states.with_law(s, "base_salary", 2_000_000, "2021-07-01"),
        lambda s: states.with_law(s, "contribution_rate", 0.05, "2021-07-01"),
        lambda s: states.with_top_up(s, LEFT, 0.7, "Tỉnh Bắc Giang", "2021-07-01"),
        lambda s: states.with_zone(s, "07549", "III"),
        lambda s: replace(s, end="2024-12-31"),
        lambda s: replace(s, start="2021-12-31"),
        lambda s: states.with_decision(s, ""),
        lambda s: states.move_to_area(s, "X001"),
        lambda s: replace(s, on="2023-06-30"),
        lambda s: states.with_assumption(s, "other_titles", 0.2),
    ],
)
def test_memoised_views_equal_newly_computed_views(context, change):
    memoised, new = memoised_views(context), memoised_views(context)
    names = ("headline", "results", "communes_table", "steps", "probabilities")
    for name in names:
        memoised(ORDINARY, name)
    state = change(ORDINARY)
    for name in names:
        result, other = memoised(state, name), new(state, name)
        assert result.equals(other) if isinstance(result, pd.DataFrame) else result == other, name


def test_scenario_title_lists_the_changes():
    title = scenario_title(replace(FULL, name="", name_en=""), "en")
    for part in ("Decision 861", "outreach 1.5", "province adds 70%", "State share (near-poor) 90%", "1 commune in"):
        assert part in title, part


def test_figures_have_the_difference_to_the_law_in_force(context, data, law):
    state = states.move_to_area(replace(ORDINARY, on="2027-12-31", end="2028-12-31", name=""), "076")
    changed = states.with_law(state, "base_salary", 2_800_000, "2027-01-01")
    changed = states.with_law(changed, "subsidy_share", 1.0, "2027-01-01", "near_poor")
    get_view = memoised_views(context)
    plans = [states.to_scenario(s) for s in (state, changed)]
    months = simulate_all(data, "Sơn Dương", [replace(p, name=str(i)) for i, p in enumerate(plans)], draws=0)
    months = months[(months["result"] == "behavioural") & (months["month"].dt.year == 2027)]
    last = months[(months["month"] == "2027-12-31") & (months["group"] == "all")].set_index("scenario")
    more = int(last.at["1", "insured"] - last.at["0", "insured"])
    headline, results = (words(get_view(changed, view)) for view in ("headline", "results"))
    assert f"so với quy định hiện hành: {format_message('{v:+n}', 'vi', v=-more)} người" in headline
    assert format_message("{v:+n}", "vi", v=more) in results
    # Whose money: group by payer in a year, with the difference to the law in force.
    by_group = months.groupby(["scenario", "group"])[["vnd_central", "vnd_household"]].sum()
    money = words(get_view(changed, "money"))
    for group, payer in (("near_poor", "vnd_central"), ("near_poor", "vnd_household"), ("student", "vnd_central")):
        before, after = (by_group.at[(i, group), payer] for i in ("0", "1"))
        cell = format_message("{v:bn2} ({c:+bn2})", "vi", v=after, c=after - before)
        assert cell in money, (group, payer)
    # Premiums rise by 2.80 / 2.53; the near-poor pay nothing.
    assert by_group.at[("1", "near_poor"), "vnd_household"] == 0
    ratio = by_group.at[("1", "poor"), "vnd_central"] / by_group.at[("0", "poor"), "vnd_central"]
    assert ratio == pytest.approx(2.80 / 2.53)
    assert "năm 2027" in money
    same = words(get_view(state, "headline"))
    assert "so với quy định hiện hành: 0 người" in same


def test_public_money_has_a_card_only_where_nearly_all_is_known(context):
    """Of Lục Ngạn only the groups of those who lost a card are known, of Sơn Dương 91% of the insured."""
    get_view = memoised_views(context)
    assert "Ngân sách nhà nước" not in words(get_view(ORDINARY, "headline"))
    headline = words(get_view(states.move_to_area(replace(ORDINARY, on="2022-12-31"), "076"), "headline"))
    assert "Ngân sách nhà nước, năm 2022" in headline
    assert re.search(r"khoảng [\d,]+ tỷ đồng", headline)
    assert "kinh phí của 91% số người có thẻ" in headline
    assert "5% số người có thẻ" in words(get_view(ORDINARY, "money"))


# --- The page ---------------------------------------------------------------------------------------


def test_page_shows_figures_of_the_library(app, data):
    row = expected(data, "decision_861_ordinary")
    headline, results = words(app.widgets.headline.value), words(app.widgets.results.value)
    uninsured, rate = format_number(row["people"] - row["insured"]), format_message("{v:p1}", "vi", v=row["rate"])
    for text in (uninsured, rate, "SỐ LIỆU ƯỚC TÍNH", "47.910"):
        assert text in headline, text
    assert "Không có người tham gia lại" in results
    assert "178.630" in results
    for name in CHARTS:
        picture = Image.open(io.BytesIO(app.widgets.pictures[name].image.value))
        assert picture.width == 692 or picture.width == 693
        assert "Lục Ngạn" in words(app.widgets.pictures[name].description.value)


def test_outreach_slider_changes_figures_and_chart(app, data):
    before = app.widgets.pictures["path"].image.value
    app.controls.outreach.widget.value = 2.0
    row = expected(data, "decision_861_high")
    assert format_number(row["people"] - row["insured"]) in words(app.widgets.headline.value)
    assert app.widgets.pictures["path"].image.value != before


def test_reading_of_the_disputed_support_is_chosen_and_both_are_shown(app, data):
    app.request(replace(app.state, on="2026-10-31"))
    control = app.controls.support_window
    assert [value for _, value in control.widget.options] == [
        "",
        "decree 75",
        "decree 75 until repeal",
        "decree 188",
        "none",
    ]
    assert control.widget.value == app.state.support_window == "decree 75"
    first, text = words(app.widgets.headline.value), words(app.widgets.zone_changes.value)
    control.widget.value = "decree 75 until repeal"
    assert (app.state.support_window, app.state.name) == ("decree 75 until repeal", "")
    second, other = words(app.widgets.headline.value), words(app.widgets.zone_changes.value)
    assert "đến khi bị bãi bỏ" in second
    rates = [re.findall(r"là ([\d,]+%) thay vì ([\d,]+%)", t)[0] for t in (text, other)]
    assert rates[0] == rates[1][::-1]
    assert rates[0][1] in first
    assert rates[0][0] in second
    assert rates[0][0] != rates[0][1]
    assert "NGUỒN CHƯA THỐNG NHẤT" in first
    assert "NGUỒN CHƯA THỐNG NHẤT" in second
    app.request(replace(app.state, on="2025-07-31"))
    assert app.widgets.zone_changes.value == ""  # before the repeal both say the same


def test_slider_at_value_in_force_leaves_law_unchanged(app):
    share = app.controls.support_shares["near_poor"]
    assert share.widget.value == 0.7  # Decree 146/2018/NĐ-CP art. 8
    share.widget.value = 0.9
    assert states.law_value(app.state, "subsidy_share", "near_poor") == 0.9
    assert "ĐỀ XUẤT" in words(app.widgets.headline.value)
    share.widget.value = 0.7
    assert app.state.law == ()
    assert app.controls.base_salary.widget.value == 1_490_000
    assert app.controls.contribution_rate.widget.value == 0.045


def test_change_is_from_next_new_year_and_shown_where_it_has_effect(context):
    state = replace(ORDINARY, since="", end="", name="")
    app = application.build_explorer(replace(context, today=dt.date(2026, 11, 22)), state)
    salary, share = app.controls.base_salary.widget, app.controls.support_shares["near_poor"].widget
    assert app.controls.since.widget.value == "01/01/2027"
    assert (salary.value, salary.label) == (2_530_000, "2.530.000, giữ theo luật")  # Decree 161/2026/NĐ-CP
    assert share.label == "70%, giữ theo luật"
    app.widgets.page.value = "targets"
    salary.value = 2_800_000
    assert app.state.law == ({"parameter": "base_salary", "since": "2027-01-01", "value": 2_800_000.0},)
    # The figures of June 2021 would be projected to June 2026 only.
    assert (app.state.on, app.state.end) == ("2027-12-31", "2028-12-31")
    assert app.widgets.page.value == "scenario"
    headline = words(app.widgets.headline.value)
    assert "huyện Lục Ngạn, 31/12/2027" in headline.replace("Huyện", "huyện")
    assert "từ 01/01/2027: Mức lương cơ sở 2.800.000" in headline
    app.controls.since.widget.value = "01/07/2024"
    assert salary.label == "2.800.000"
    assert app.state.on == "2027-12-31"  # has the effect, too
    assert app.controls.contribution_rate.widget.label == "4,5%, giữ theo luật"
    app.controls.until.widget.value = "31/12/2024"
    assert app.state.on == "2024-12-31"
    salary.value = 2_340_000  # Decree 73/2024/NĐ-CP
    assert app.state.law == ()


def test_input_in_another_thread_during_a_refresh_is_drawn(context, monkeypatch):
    """JupyterLab may process messages of widgets in a thread of their own, beside the one that draws."""
    calls, refresh = [], pages.refresh_widgets

    def slow(app, state):
        refresh(app, state)
        calls.append(state)
        if len(calls) == 1:
            move = threading.Thread(target=lambda: setattr(app.controls.outreach.widget, "value", 2.0))
            move.start()
            move.join(60)

    async def moves():
        app = application.build_explorer(context, ORDINARY)
        monkeypatch.setattr(pages, "refresh_widgets", slow)
        app.schedule_draw()
        await wait_until_drawn(app)
        return app

    app = asyncio.run(moves())
    assert dict(app.history[-1].assumptions)["outreach"] == (2.0, 2.0, 2.0)
    assert app.controls.outreach.widget.value == 2.0


async def wait_until_drawn(app):
    """Wait until nothing is left to be drawn."""
    await asyncio.sleep(0)
    while app.schedule_draw.timer is not None:
        await asyncio.sleep(0.01)


def test_ten_quick_moves_draw_at_most_three_times(context, data, monkeypatch):
    computed, views = count_calls(VIEWS)
    monkeypatch.setattr("bhyt_analysis.explorer.views.VIEWS", views)

    async def moves():
        app = application.build_explorer(context, ORDINARY)
        computed.clear()
        for value in (0.5, 2.0, 1.5, 0.0, 0.5, 1.5, 0.0, 0.5, 1.5, 2.0):
            app.controls.outreach.widget.value = value
            await asyncio.sleep(0)
        await wait_until_drawn(app)
        return app

    app = asyncio.run(moves())
    assert computed.count("picture_path") <= 3
    assert computed.count("picture_payers") == 1  # what is not visible first only when the hand rests
    assert dict(app.history[-1].assumptions)["outreach"] == (2.0, 2.0, 2.0)
    assert len(app.history) == 2  # one undo takes back the ten
    row = expected(data, "decision_861_high")
    assert format_number(row["people"] - row["insured"]) in words(app.widgets.headline.value)


def test_move_is_previewed_from_few_draws_then_all_are_made(context, data):
    """The chart says how many; the intervals in the end are those of the library."""
    figures, sources, pale = [], [], []

    async def move():
        app = application.build_explorer(context, ORDINARY)
        path, people = (app.widgets.pictures[name].image for name in ("path", "people"))
        before = path.value, people.value
        app.controls.outreach.widget.value = 2.0
        while path.value == before[0]:
            await asyncio.sleep(0)
        for draws in (pages.PREVIEW_DRAWS, states.DRAWS):
            figures.append((words(app.widgets.headline.value), path.value, people.value != before[1]))
            sources.append(app.get_view(replace(app.state, draws=draws), "chart_path")().description.source)
            pale.append(pages.PREVIEW_CLASS in app.box._dom_classes)
            await wait_until_drawn(app)

    asyncio.run(move())
    (preview, first_picture, people_early), (final, last_picture, people_late) = figures
    assert (people_early, people_late) == (False, True)
    assert pale == [True, False]
    assert first_picture != last_picture
    assert "của 50 lần mô phỏng" in sources[0]
    assert "của 200 lần mô phỏng" in sources[1]
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario("decision_861_high"), draws=200)
    row = months.query("result == 'behavioural'").set_index("month").loc["2021-12-31"]
    for rate in row[["rate_low", "rate_high"]]:
        assert format_message("{v:p1}", "vi", v=rate) in final
    assert format_number(row["people"] - row["insured"]) in preview  # the central figure rests on no draw


def test_only_the_visible_page_is_drawn(context, data, monkeypatch):
    computed, views = count_calls(VIEWS)
    monkeypatch.setattr("bhyt_analysis.explorer.views.VIEWS", views)
    row = expected(data, "decision_861_high")
    uninsured = format_number(row["people"] - row["insured"])

    async def moves():
        app = application.build_explorer(context, ORDINARY)
        app.widgets.page.value = "share"
        await wait_until_drawn(app)
        computed.clear()
        app.controls.outreach.widget.value = 2.0
        await wait_until_drawn(app)
        assert not [name for name in computed if name.startswith("picture") or name == "headline"]
        assert "outreach = 2.0" in words(app.widgets.share.value)
        assert uninsured not in words(app.widgets.headline.value)
        app.widgets.page.value = "scenario"
        await wait_until_drawn(app)
        assert [name for name in CHARTS if computed.count(f"picture_{name}") > 1] == []
        assert uninsured in words(app.widgets.headline.value)
        assert [name for name, box in app.widgets.page_boxes.items() if box.layout.display is None] == ["scenario"]

    asyncio.run(moves())


def test_undo_restores_each_state_and_reset_the_law(app):
    headlines = [app.widgets.headline.value]
    for control, value in ((app.controls.outreach, 2.0), (app.controls.take_up["household"], 0.6)):
        control.widget.value = value
        headlines.append(app.widgets.headline.value)
    for before in headlines[-2::-1]:
        app.widgets.undo.click()
        assert app.widgets.headline.value == before
    assert app.controls.outreach.widget.value == 1.0
    assert app.widgets.undo.disabled
    app.widgets.reset.click()
    assert (app.state.decision, app.state.assumptions) == ("", ())
    assert "Quy định hiện hành" in words(app.widgets.headline.value)
    app.widgets.undo.click()
    assert app.state == ORDINARY


def test_up_to_four_scenarios_are_pinned_and_compared(app, data):
    for value in (1.0, 2.0, 0.0, 0.5, 1.5):
        app.controls.outreach.widget.value = value
        app.widgets.pin.click()
    assert len(app.pins) == 4
    assert app.widgets.pin.disabled
    app.widgets.page.value = "compare"
    plans = [states.to_scenario(replace(p, name=f"{i}", name_en="")) for i, p in enumerate([*app.pins, app.state])]
    rows = bhyt.compare(bhyt.simulate(data, "219", plans, draws=0), on="2021-12-31")
    comparison = words(app.widgets.comparison.value)
    for people in rows.loc[rows["result"] == "behavioural", "people"]:
        assert format_message("{v:+n}", "vi", v=people) in comparison
    app.widgets.unpin[0].click()
    assert len(app.pins) == 3


def test_scenarios_of_other_areas_are_not_compared(app):
    app.widgets.pin.click()
    app.controls.area.widget.value = "076"
    app.widgets.page.value = "compare"
    assert "Ghim" in words(app.widgets.comparison.value)


def test_area_without_enrolment_keeps_people_targets_and_premium(app, data, law):
    app.request(replace(ORDINARY, since=""))
    before = app.state
    app.controls.area.widget.value = "123"  # Mộc Châu: only the census
    headline = words(app.widgets.headline.value)
    assert "thị xã mộc châu" in headline.lower()
    assert "chưa có số thẻ" in headline
    people = 114_460  # the census of 2019
    assert format_number(people) in headline
    assert format_number(-(-people * 941 // 1000)) in headline  # 94.1% by the end of 2024
    assert format_number(household_premium(4, law.at("2027-01-01"))) in headline
    assert not re.search(r"\d\d,\d%", headline.replace("94,1%", ""))
    assert all(app.widgets.pictures[n].image.layout.display == "none" for n in CHARTS)
    assert app.widgets.results.value == app.widgets.money.value == ""
    app.widgets.page.value = "targets"
    assert format_number(people) in words(app.widgets.allocation.value)
    app.widgets.page.value = "household"
    assert format_number(household_premium(4, law.at("2027-01-01"))) in words(app.widgets.premium.value)
    app.controls.base_salary.widget.value = 2_800_000  # 4.5% of it, a year, for four of 1 + 0.7 + 0.6 + 0.5
    assert format_number(0.045 * 2_800_000 * 12 * 2.8) in words(app.widgets.premium.value)
    app.widgets.page.value = "scenario"
    assert format_number(0.045 * 2_800_000 * 12 * 2.8) in words(app.widgets.headline.value)
    app.widgets.undo.click()
    app.widgets.undo.click()
    assert app.state == before
    assert app.controls.area.error.value == ""
    assert app.widgets.pictures["path"].image.layout.display is None


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("end", "31/13/2025", "31/13/2025"),
        ("end", "2020-01-01", "01/01/2020"),
        ("since", "soon", "soon"),
        ("until", "2020-01-01", "until"),
    ],
)
def test_invalid_date_shows_error_below_its_control(app, name, value, part):
    if name in ("since", "until"):
        app.controls.base_salary.widget.value = 2_000_000
    control = getattr(app.controls, name)
    control.widget.value = value
    text = words(control.error.value)
    assert part in text or "31/01/2020" in text or "2020-01-01" in text
    control.widget.value = ""
    assert control.error.value == ""


def test_area_search_ignores_accents_and_leaves_the_choice(app):
    for text in ("luc ngan", "Lục Ngạn", "LỤC NGẠN", "son duong", "X001"):
        app.widgets.search.value = text
        assert len(app.controls.area.widget.options) >= 1
        assert app.state.area == "219"  # also where only one matches: the user chooses
    app.widgets.search.value = "luc ngam"
    error = words(app.controls.area.error.value)
    assert "Không tìm thấy" in error
    assert "Lục Ngạn" in error
    assert app.state.area == "219"
    application.draw(app)  # a drawing that ends later leaves the message
    assert words(app.controls.area.error.value) == error
    app.widgets.search.value = "X001"
    assert app.controls.area.error.value == ""
    app.controls.area.widget.value = "X001"
    assert app.state.area == "X001"


def test_search_puts_exact_names_first_and_then_units_with_figures():
    names = [
        ("Xã Sơn Dương Hạ (Huyện Khe Sâu)", "1"),
        ("Thị trấn Sơn Dương (Huyện Sơn Dương)", "02536"),
        ("Xã Hợp Hòa (Huyện Sơn Dương)", "02590"),
        ("Huyện Sơn Dương (Tỉnh Tuyên Quang)", "076"),
    ]
    codes = [code for _, code in controls.search_areas(names, "son duong", [], {"076"})]
    assert codes == ["076", "02536", "1", "02590"]
    assert [c for _, c in controls.search_areas(names, "", ["1", "076"], {"076"})] == ["076", "1"]


def test_moved_commune_shows_people_who_lose_and_gain(context, data):
    app = application.build_explorer(context, states.move_to_area(ORDINARY, "X001"))
    app.widgets.commune.value = "X00106"
    app.controls.zone.widget.value = "III"
    text = words(app.widgets.zone_changes.value)
    changed = apply_zone_moves(data, "861", [{"area": "X00106", "zone": "III"}])
    after = bhyt.reclassify(changed, "861", "X001").set_index("area").loc["X00106"]
    assert f"3.432 → {format_number(after['lost'])} " in text
    assert f"0 → {format_number(after['gained'])} " in text
    app.controls.zone.widget.value = ""
    assert app.widgets.zone_changes.value == ""
    assert app.state.zones == ()


def test_all_communes_of_a_zone_are_moved_at_once(context):
    """Of X001 the decision leaves X00102 (from zone III) and X00107 (from II) in zone II; see also `reclassify`."""
    app = application.build_explorer(context, states.move_to_area(ORDINARY, "X001"))
    control = app.controls.zone_pair
    assert "Khu vực II → Khu vực I (2 xã)" in [label for label, _ in control.widget.options]
    control.widget.value = "II I"
    assert app.state.zones == ({"area": "X00102", "zone": "I"}, {"area": "X00107", "zone": "I"})
    assert control.widget.value == ""
    text = words(app.widgets.zone_changes.value)
    # X00107 keeps 2,416 cards of minorities under the decision; X00102 loses 1,179 of 2,660 and keeps those 1,481 of
    # which 603 lose theirs in zone I, too.
    assert "Không còn được NSNN đóng: 15.357 → 18.376 người (+3.019)" in text
    assert "Được cấp mới: 1.842 → 1.842 người (0)" in text
    assert "0 → 2.416" in text
    assert "1.179 → 1.782" in text
    assert app.controls.zone_lines.widget.value == "Xã Mẫu 02; I\nXã Mẫu 07; I"
    control.widget.value = "decided"
    assert app.state.zones == ()


def test_list_of_communes_is_pasted_and_shows_who_gains(context):
    app = application.build_explorer(context, states.move_to_area(ORDINARY, "X001"))
    box = app.controls.zone_lines
    box.widget.value = "mau 08\tIII\nX00109; khu vực III"
    assert app.state.zones == ({"area": "X00108", "zone": "III"}, {"area": "X00109", "zone": "III"})
    # In zone III all gain a card but those who have one by area and those under another state-paid entitlement.
    text = words(app.widgets.zone_changes.value)
    assert int(re.search(r"Được cấp mới: 1\.842 → ([\d.]+) người", text).group(1).replace(".", "")) > 1_842
    box.widget.value = "Xã Mẫu 99; III\nXã Mẫu 08; IV"
    error = words(box.error.value)
    assert "Xã Mẫu 99" in error
    assert "hãy ghi III, II, I hoặc none" in error
    assert len(app.state.zones) == 2


def test_target_is_allocated_with_and_without_ratchet(context, data):
    app = application.build_explorer(context, states.move_to_area(ORDINARY, "X001"))
    app.widgets.page.value = "targets"
    assert "chỉ tiêu" in words(app.controls.goal.error.value)
    app.controls.goal.widget.value = "80%"
    app.controls.method.widget.value = "equal-rate"
    rows = app.get_view(app.state, "allocation")
    # 80% of 64,897 people is 51,917.6; without the ratchet each commune gets 80% of its people.
    assert rows["target_people"].sum() == rows["without_ratchet"].sum() == 51_918
    assert ((rows["without_ratchet"] - 0.8 * rows["population"]).abs() < 1).all()
    # With it the communes below a common rate are raised to that rate, the others keep what they have.
    raised = rows["to_add"] > 0
    assert rows.loc[raised, "area"].tolist() == ["X00103", "X00106", "X00111", "X00112"]
    assert (rows.loc[~raised, "target_people"] == rows.loc[~raised, "insured"]).all()
    common = (51_918 - rows.loc[~raised, "insured"].sum()) / rows.loc[raised, "population"].sum()
    assert ((rows["target_people"] - common * rows["population"])[raised].abs() < 1).all()
    assert "<textarea" in app.widgets.allocation.value
    app.controls.goal.widget.value = "120%"
    assert "120%" in words(app.controls.goal.error.value)
    assert app.widgets.allocation.value == ""


def test_capacity_method_requires_an_amount_by_commune(context, data):
    app = application.build_explorer(context, states.move_to_area(ORDINARY, "X001"))
    app.widgets.page.value = "targets"
    app.controls.goal.widget.value = "93%"
    app.controls.method.widget.value = "capacity"
    assert app.controls.amounts.box.layout.display is None
    assert "X00101" in words(app.controls.goal.error.value)
    cards = communes_to_allocate(data, "X001")
    app.controls.amounts.widget.value = "\n".join(f"{a}; {i + 1}" for i, a in enumerate(cards["area"]))
    # 93% of 64,897 people is 60,354.2, so that 10,850 are to be added. Eight communes have fewer uninsured people
    # than their capacity allows, 7,450 in all; the other 3,400 are divided as 2 : 3 : 4 : 6.
    rows = app.get_view(app.state, "allocation").set_index("area")
    assert rows["to_add"].sum() == 10_850
    assert rows.loc[["X00102", "X00103", "X00104", "X00106"], "to_add"].tolist() == [453, 680, 907, 1360]
    others = rows.drop(["X00102", "X00103", "X00104", "X00106"])
    assert (others["target_people"] == others["population"]).all()


def test_language_changes_all_texts(app):
    app.widgets.lang.value = "en"
    widgets = app.widgets
    text = " ".join(words(html.value) for html in (widgets.headline, widgets.results, widgets.communes))
    text += " ".join(control.widget.description for control in app.controls)
    buttons = [widgets.undo, widgets.pin, *(d.button for d in widgets.downloads.values())]
    text += " ".join(b.description for b in (*buttons, *(toggle for toggle, _ in widgets.sections.values())))
    assert not re.search("Kịch bản|Chưa có|Mức|Tỷ lệ|Tải về|vận động", text)
    assert "Coverage 31 December 2021" in text


def test_workbook_cells_are_numbers(app):
    rows = sort_communes(app.get_view(app.state, "communes"), "lost")
    files = table_files(rows, "communes", "en")
    sheet = list(openpyxl.load_workbook(io.BytesIO(files["communes.xlsx"])).active.values)
    column = sheet[0].index("State-paid card ended")
    assert sheet[1][column] == 6689
    assert [r[column] for r in sheet[1:]][-1] is None  # unknown, not zero


def test_output_without_widgets_is_a_picture_and_instructions(app):
    image, text = application.static_output(app)
    assert image.data[:8] == b"\x89PNG\r\n\x1a\n"
    assert "bhyt explore" in text.data
    assert "Số liệu ước tính" in text.data


def test_unexpected_error_is_shown_and_raised(app, monkeypatch):
    def fail(app, state):
        raise RuntimeError("out of order")

    monkeypatch.setitem(pages.PAGE_PARTS, "scenario", [fail])
    with pytest.raises(RuntimeError):
        app.controls.outreach.widget.value = 2.0
    assert "out of order" in words(app.widgets.headline.value)


def test_comparison_gives_differences_to_first_scenario(context, data):
    scenarios = [ORDINARY, states.with_assumption(ORDINARY, "outreach", 2)]
    rows, _ = compare_scenarios(context, scenarios, pd.Timestamp("2021-12-31"), "en")
    assert rows["change"].tolist()[0] == 0
    high, low = (expected(data, f"decision_861_{e}")["insured"] for e in ("high", "ordinary"))
    assert rows["change"].tolist()[1] == high - low


def test_walkthrough_in_docs_has_figures_of_the_library(data):
    text = (ROOT / "docs" / "explore.md").read_text("utf-8")
    rows = {e: expected(data, f"decision_861_{e}") for e in ("ordinary", "high")}
    for row in rows.values():
        assert f"**{format_number(row['people'] - row['insured'])}**" in text
    for outreach, billions in ((1, "1,92"), (2, "4,62")):
        top_up = {"group": LEFT, "points": 0.7, "area": "Bắc Giang", "since": "2021-07-01"}
        record = {"name": "x", "decision": "861", "assumptions": {"outreach": outreach}, "top_up": [top_up]}
        months = bhyt.simulate(data, "Lục Ngạn", parse_scenario(record, ROOT / "x.toml"), draws=0)
        months = months[(months["result"] == "behavioural")].set_index("month")
        cost = months.loc["2021-07-01":"2021-12-31", "vnd_province"].sum()
        assert format_message("{v:bn2}", "vi", v=cost) == billions
        assert f"**{billions} tỷ đồng**" in text
        last = months.loc["2021-12-31"]
        assert format_number(last["people"] - last["insured"]) in text


def test_other_questions_in_docs_have_figures_of_the_library(data):
    text = (ROOT / "docs" / "explore.md").read_text("utf-8")
    law = [
        {"parameter": "subsidy_share", "key": "near_poor", "since": "2027-01-01", "value": 1.0},
        {"parameter": "base_salary", "since": "2027-01-01", "value": 2_800_000},
    ]
    record = {"name": "0", "decision": "861", "support_window": "decree 75", "end": "2028-12-31"}
    plans = [parse_scenario(r, ROOT / "x.toml") for r in (record, {**record, "name": "1", "law": law})]
    months = simulate_all(data, "Sơn Dương", plans, draws=0)
    months = months[(months["result"] == "behavioural") & (months["month"].dt.year == 2027)]
    vnd = months.groupby(["scenario", "group"])[["vnd_central", "vnd_household"]].sum()
    for group, payer in (("all", "vnd_central"), ("all", "vnd_household"), ("near_poor", "vnd_central")):
        before, after = (vnd.at[(i, group), payer] for i in ("0", "1"))
        assert "**" + format_message("{v:bn2} ({c:+bn2})", "vi", v=after, c=after - before) + "**" in text
    own = vnd.at[("0", "near_poor"), "vnd_household"]
    assert vnd.at[("1", "near_poor"), "vnd_household"] == 0
    assert f"({format_message('{v:bn2}', 'vi', v=-own)})" in text
    changed = apply_zone_moves(data, "861", [{"area": c, "zone": "I"} for c in ("X00102", "X00107")])
    sums = [bhyt.reclassify(d, "861", "X001")[["lost", "gained"]].sum() for d in (data, changed)]
    for column in ("lost", "gained"):
        before, after = (s[column] for s in sums)
        assert "**" + format_message("{b:n} → {a:n} ({c:+n})", "vi", b=before, a=after, c=after - before) + "**" in text


def test_notebooks_are_opened_as_copies_for_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = launch.lab_command({})
    copy = tmp_path / "outputs" / "notebooks" / "vi" / "explore.ipynb"
    assert copy.read_bytes() == (bundled_path("notebooks") / "explore.ipynb").read_bytes()
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--LabApp.default_url=/doc/tree/outputs/notebooks/vi/explore.ipynb" in command
    copy.write_text("what the user saved", "utf-8")
    launch.lab_command({})
    assert copy.read_text("utf-8") == "what the user saved"


@pytest.mark.parametrize(("lang", "question"), [("vi", "Tốn bao nhiêu tiền, ai đóng"), ("en", "What does it cost")])
def test_recipes_are_first_and_named_by_their_questions(lang, question, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = sorted(p.name for p in launch.copy_notebooks(lang).iterdir())
    recipes = len(list((bundled_path("notebooks") / "recipes").glob("*.ipynb")))
    assert [n.split(".")[0] for n in names[:recipes]] == [str(i) for i in range(1, recipes + 1)]
    assert names[recipes:] == ["area_briefing.ipynb", "decision_861.ipynb", "explore.ipynb"]
    assert names[1].startswith(f"2. {question}")
    assert not [n for n in names if set(n) & set('<>:"/\\|?*')]  # Windows refuses them
    recipe = json.loads((tmp_path / "outputs" / "notebooks" / lang / names[1]).read_text("utf-8"))
    assert f'lang = "{lang}"' in "".join(recipe["cells"][1]["source"])


def test_jupyterlab_is_in_the_readers_language_for_this_server_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {"JUPYTER_CONFIG_PATH": "/of/the/user"}
    launch.lab_command(environment, "vi")
    ours, of_user = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert of_user == "/of/the/user"
    defaults = json.loads(Path(ours, "labconfig", "default_setting_overrides.json").read_text("utf-8"))
    assert defaults["@jupyterlab/translation-extension:plugin"] == {"locale": "vi_VN"}
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: None)
    without_pack = {}
    launch.lab_command(without_pack, "vi")
    assert without_pack == {}


def test_command_says_so_where_jupyterlab_has_no_vietnamese(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    environments = []
    monkeypatch.setattr(launch, "run", lambda command, environment: environments.append(environment) or 0)
    for has_pack, is_warned in ((True, False), (False, True)):
        monkeypatch.setattr(launch, "has_language_pack", lambda has_pack=has_pack: has_pack)
        assert main(["explore"]) == 0
        assert ("pip install bhyt-analysis[explore]" in capsys.readouterr().err) is is_warned
    assert main(["explore", "--lang", "en"]) == 0
    assert capsys.readouterr().err == ""
    assert [e["BHYT_LANG"] for e in environments] == ["vi", "vi", "en"]


def test_code_of_the_notebook_is_hidden():
    notebook = json.loads((bundled_path("notebooks") / "explore.ipynb").read_text("utf-8"))
    hidden = [c["metadata"].get("jupyter", {}) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert hidden == [{"source_hidden": True}] * 2


def test_line_of_the_path_is_the_median_and_ends_of_support_are_marked(context):
    get_view = memoised_views(context)
    state = states.move_to_area(replace(ORDINARY, name=""), "076")
    months = get_view(state, "months").query("result == 'behavioural'")
    chart = get_view(state, "chart_path")(size="screen")
    axes = chart.figure.axes[0]
    lines = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == len(months)]
    assert any(list(y) == (months["rate_median"] * 100).tolist() for y in lines)
    assert (months["rate_inner_low"] <= months["rate_median"]).all()
    assert (months["rate_median"] <= months["rate_inner_high"]).all()
    assert not (months["rate"] <= months["rate_inner_high"]).all()  # the central assumptions are not the median
    # Decree 75/2023/NĐ-CP art. 3(3): 36 months from 1 November 2023.
    assert any("31/10/2026: hết hỗ trợ" in " ".join(text.get_text().split()) for text in axes.texts)
    assert "31/10/2026: hết hỗ trợ" in chart.description.alt


def test_tiles_show_people_where_all_have_the_same_share(context):
    """The 46,106 people of Lục Ngạn were spread by population: 40.8% of every commune."""
    chart = memoised_views(context)(ORDINARY, "chart_tiles")(size="screen")
    texts = [text.get_text() for text in chart.figure.axes[0].texts]
    assert any("6.689" in text for text in texts)
    assert len({text.split("\n")[-1] for text in texts if "." in text}) > 10
    assert "31/12/2021" in chart.description.alt


def test_voila_uses_warm_kernels_unless_configured_otherwise():
    default, custom = {}, {"JUPYTER_DEFAULT_PROVISIONER_NAME": "local-provisioner", "JUPYTER_PATH": "mine"}
    for environment in (default, custom):
        assert "--template=bhyt" in launch.voila_command(environment)
    assert default.get("JUPYTER_DEFAULT_PROVISIONER_NAME") == ("bhyt-warm" if warm_process.is_supported() else None)
    assert custom["JUPYTER_DEFAULT_PROVISIONER_NAME"] == "local-provisioner"
    assert custom["JUPYTER_PATH"] == os.pathsep.join([default["JUPYTER_PATH"], "mine"])
    assert (Path(default["JUPYTER_PATH"]) / "voila" / "templates" / "bhyt" / "index.html.j2").is_file()


# --- Inputs of an office, with less than the bundled data ---

LESS = {
    "without zones": office(),
    "one commune": {"Đơn vị": AREAS[:3], "Dân số": PEOPLE[:2], "Số thẻ": CARDS[:3]},
    "without people": {"Đơn vị": AREAS, "Số thẻ": CARDS},
    "only units": {"Đơn vị": AREAS},
    "only a province": {
        "Đơn vị": [AREAS[0], ["T0", "Tỉnh Khe Sâu", "Tỉnh", None]],
        "Dân số": [PEOPLE[0], ["T0", *PEOPLE[1][1:]]],
        "Số thẻ": [CARDS[0], *(["T0", *row[1:]] for row in CARDS[1:3])],
    },
}


@pytest.mark.parametrize("sheets", LESS.values(), ids=LESS)
def test_explorer_opens_on_any_checked_workbook(tmp_path, law, sheets):
    context = Context(bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", sheets)), law)
    app = application.build_explorer(context, application.first_state(context, None, None))
    assert application.static_output(app)
    assert words(app.widgets.headline.value).strip()
    assert app.state.area  # a unit with figures, where there are any
    for page in app.widgets.page.options:
        app.widgets.page.value = page[1] if isinstance(page, tuple) else page
    app.widgets.page.value = "scenario"
    if app.state.area and len(sheets) == 3 and "Dân số" in sheets:
        pictures = [app.widgets.pictures[name] for name in CHARTS]
        assert all(p.description.value for p in pictures)  # the chart in words, or why there is none
