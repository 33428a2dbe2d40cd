"""The explorer without a browser: its states, its views, its controls, and what happens when they move."""

import asyncio
import dataclasses
import io
import os
import re
import threading
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from PIL import Image

import bhyt_analysis as bhyt
from bhyt_analysis import cli
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.engine import warm_process
from bhyt_analysis.explorer import app as application
from bhyt_analysis.explorer import controls
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.export import table_files
from bhyt_analysis.explorer.markup import communes_table
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.views import DRAWN, VIEWS, Context, compared, memoised_views
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, format_message
from bhyt_analysis.model.targets.allocation import communes_to_allocate

from ..conftest import ROOT

LEFT = "minority_left_2016_2020_list"
ORDINARY = states.replace_values(states.from_file("decision_861_ordinary"), area="219", on="2021-12-31")


@pytest.fixture(scope="module")
def world(data, law):
    return Context(data, law)


@pytest.fixture
def app(world):
    return application.explorer(world, ORDINARY)


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


def expected(data, plan, column="insured"):
    """What the library says of Lục Ngạn at the end of 2021, not by the explorer."""
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.Scenario.read(plan), draws=0)
    rows = months[(months["group"] == "all") & (months["result"] == "behavioural") & (months["month"] == "2021-12-31")]
    return rows.iloc[0]


# --- States -----------------------------------------------------------------------------------------

FULL = states.with_zone(
    states.with_top_up(
        states.with_law(
            states.with_assumption(states.with_assumption(ORDINARY, "outreach", 1.5), "take_up.student", 0.8),
            "subsidy_share", 0.9, "2021-07-01", "near_poor", "2023-12-31",
        ), LEFT, 0.7, "Tỉnh Bắc Giang", "2021-07-01", "2021-12-31",
    ), "07549", "III",
)  # fmt: skip


def test_a_saved_file_gives_the_state_back_and_the_same_figures_in_the_batch(tmp_path, data):
    path = tmp_path / "mine.toml"
    path.write_text(states.to_toml(states.replace_values(FULL, name="Của tôi", name_en="")), "utf-8")
    again = states.from_file(path)
    assert again == states.replace_values(FULL, name="Của tôi", name_en="")
    seen = memoised_views(Context(data, bhyt.Law.read()))(FULL, "outlook").set_index("result")
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.Scenario.read(path), draws=0)
    row = months[(months["month"] == "2021-12-31") & (months["group"] == "all")].set_index("result")
    assert seen["insured"].to_dict() == row["insured"].to_dict()
    assert seen.at["behavioural", "vnd_province"] > 0


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda p: p.stem)
def test_every_bundled_scenario_is_opened_and_means_the_same(path, data):
    state = states.replace_values(states.from_file(path), area="X001")
    told, own = (bhyt.simulate(data, "X001", s, draws=0) for s in (states.scenario(state), bhyt.Scenario.read(path)))
    pd.testing.assert_frame_equal(told.drop(columns="reforms"), own.drop(columns="reforms"))


def test_a_link_gives_back_the_state_and_what_was_pinned():
    text = states.to_link([FULL, ORDINARY])
    assert states.from_link(text) == [FULL, ORDINARY]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert len(text) < 1200


@pytest.mark.parametrize("text", ["abc", "", "eJx", states.to_link([FULL])[:-9], "4pyT"])
def test_a_link_that_was_cut_off_is_said_to_be(text):
    with pytest.raises(BhytError, match="cut off"):
        states.from_link(text)


def test_a_link_may_not_name_files_of_the_machine():
    """On a page that others open, a link must not read what lies on the server."""
    with pytest.raises(BhytError, match="names other files"):
        states.asked({"name": "x", "reforms": ["/etc/passwd"]})
    with pytest.raises(BhytError, match="names other files"):
        states.from_toml('name = "x"\nzones = "../secret.csv"\n')


def test_the_range_of_the_studies_reaches_as_far_as_the_value():
    assert states.with_assumption(State(), "take_up.household", 0.5).assumed[0][1] == (0.1, 0.5, 0.6)
    assert states.with_assumption(State(), "take_up.household", 0.05).assumed[0][1] == (0.05, 0.05, 0.6)


# --- Views ------------------------------------------------------------------------------------------


def counted(world):
    """A look that counts how often each view is made."""
    made = []

    def watched(name, view):
        def make(*args):
            made.append(name)
            return view.make(*args)

        return dataclasses.replace(view, make=make)

    return made, {name: watched(name, view) for name, view in VIEWS.items()}


def test_only_what_depends_on_what_changed_is_made_anew(world, monkeypatch):
    made, watched = counted(world)
    monkeypatch.setattr("bhyt_analysis.explorer.views.VIEWS", watched)
    look = memoised_views(world)
    seen = ["headline", "both", "communes_table", *(f"picture_{n}" for n in DRAWN)]

    def anew(state):
        made.clear()
        for name in seen:
            look(state, name)
        return set(made)

    assert anew(ORDINARY) >= {"start", "laid", "of", "moved", "picture_tiles"}
    assert anew(ORDINARY) == set()
    outreach = anew(states.with_assumption(ORDINARY, "outreach", 2))
    assert outreach >= {"of", "months", "picture_path", "picture_payers", "picture_people"}
    # Who leaves, the law and the communes of a district that tells no cards by commune stay as they are.
    assert not outreach & {"start", "laid", "moved", "at_start", "targets", "picture_tiles", "communes_table", "source"}
    later = states.replace_values(states.with_assumption(ORDINARY, "outreach", 2), on="2022-12-31")
    assert not anew(later) & {"of", "path", "whole", "picture_path", "picture_payers"}
    assert anew(states.replace_values(later, lang="en")) >= {"headline", *(f"picture_{n}" for n in DRAWN)}
    assert anew(states.replace_values(later, lang="en", sort="lost")) == {"communes_table"}


def test_every_view_names_what_it_reads():
    """A view whose fields are not named would show what is old: each is tried with one field changed."""
    fields = {f.name for f in dataclasses.fields(State)}
    read = {f for view in VIEWS.values() for f in view.reads}
    assert read - fields == {"other_titles", "household_factor"}
    assert fields - read == {"until"}  # it stands in the rows of law that a slider makes


@pytest.mark.parametrize(
    "change",
    [
        lambda s: states.with_assumption(s, "take_up.near_poor", 0.9),
        lambda s: states.with_assumption(s, "population_growth", 0.02),
        lambda s: states.with_law(s, "base_salary", 2_000_000, "2021-07-01"),
        lambda s: states.with_law(s, "contribution_rate", 0.05, "2021-07-01"),
        lambda s: states.with_top_up(s, LEFT, 0.7, "Tỉnh Bắc Giang", "2021-07-01"),
        lambda s: states.with_zone(s, "07549", "III"),
        lambda s: states.replace_values(s, end="2024-12-31"),
        lambda s: states.replace_values(s, start="2021-12-31"),
        lambda s: states.decided(s, ""),
        lambda s: states.move_to_area(s, "X001"),
        lambda s: states.replace_values(s, on="2023-06-30"),
        lambda s: states.with_assumption(s, "other_titles", 0.2),
    ],
)
def test_what_is_remembered_never_differs_from_what_is_made_afresh(world, change):
    look, fresh = memoised_views(world), memoised_views(world)
    names = ("headline", "both", "communes_table", "steps", "chances")
    for name in names:
        look(ORDINARY, name)
    state = change(ORDINARY)
    for name in names:
        one, other = look(state, name), fresh(state, name)
        assert one.equals(other) if isinstance(one, pd.DataFrame) else one == other, name


def test_a_scenario_is_named_by_what_it_changes():
    from bhyt_analysis.explorer.views import called

    told = called(states.replace_values(FULL, name="", name_en=""), "en")
    for part in ("Decision 861", "effort 1.5", "province adds 70%", "State share (near-poor) 90.0%", "1 commune in"):
        assert part in told, part


# --- The page ---------------------------------------------------------------------------------------


def test_the_page_says_what_the_library_says(app, data):
    row = expected(data, "decision_861_ordinary")
    headline, both = words(app.outputs["headline"].value), words(app.outputs["both"].value)
    for text in (format_number(row["people"] - row["insured"]), format_message("{v:p1}", "vi", v=row["rate"]), "SỐ LIỆU ƯỚC TÍNH", "47.910"):  # fmt: skip
        assert text in headline, text
    assert "tĩnh" in both
    assert "178.630" in both
    for name in DRAWN:
        picture = Image.open(io.BytesIO(app.outputs[f"picture_{name}"].value))
        assert picture.width == 692 or picture.width == 693
        assert "Lục Ngạn" in words(app.outputs[f"words_{name}"].value)


def test_a_slider_moves_the_figures(app, data):
    before = app.outputs["picture_path"].value
    app.parts["outreach"].control.value = 2.0
    row = expected(data, "decision_861_high")
    assert format_number(row["people"] - row["insured"]) in words(app.outputs["headline"].value)
    assert app.outputs["picture_path"].value != before


def test_a_slider_at_its_place_in_the_law_changes_nothing(app):
    share = app.parts["share_near_poor"]
    assert share.control.value == 0.7  # Decree 146/2018/NĐ-CP art. 8
    share.control.value = 0.9
    assert states.law_value(app.state, "subsidy_share", "near_poor") == 0.9
    assert "ĐỀ XUẤT" in words(app.outputs["headline"].value)
    share.control.value = 0.7
    assert app.state.law == ()
    assert app.parts["base_salary"].control.value == 1_490_000
    assert app.parts["contribution_rate"].control.value == 0.045


def test_a_move_in_another_thread_while_controls_are_set_is_drawn(world, monkeypatch):
    """JupyterLab may give the messages of widgets a thread of their own, beside the one that draws."""
    drawn, relabel = [], application._relabel

    def slow(app, state):
        relabel(app, state)
        if not drawn:
            drawn.append("once")
            move = threading.Thread(target=lambda: setattr(app.parts["outreach"].control, "value", 2.0))
            move.start()
            move.join()

    async def moves():
        app = application.explorer(world, ORDINARY)
        monkeypatch.setattr(application, "_relabel", slow)
        app.ask()
        for _ in range(200):
            await asyncio.sleep(0.02)
            if app.past[-1] != app.past[0]:
                break
        return app

    app = asyncio.run(moves())
    assert dict(app.past[-1].assumed)["outreach"] == (2.0, 2.0, 2.0)
    assert app.parts["outreach"].control.value == 2.0


def test_ten_quick_moves_end_in_one_drawing_of_the_last(world, data, monkeypatch):
    drawn = []
    draw = application.draw
    monkeypatch.setattr(application, "draw", lambda app: (drawn.append(app.state), draw(app)))

    async def moves():
        app = application.explorer(world, ORDINARY)
        drawn.clear()
        for value in (0.5, 2.0, 1.5, 0.0, 0.5, 1.5, 2.0, 0.0, 1.5, 2.0):
            app.parts["outreach"].control.value = value
            await asyncio.sleep(0)
        for _ in range(200):
            if drawn:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(2 * controls.WAIT)
        return app

    app = asyncio.run(moves())
    assert [dict(s.assumed)["outreach"] for s in drawn] == [(2.0, 2.0, 2.0)]
    row = expected(data, "decision_861_high")
    assert format_number(row["people"] - row["insured"]) in words(app.outputs["headline"].value)


def test_undo_goes_back_step_by_step_and_reset_to_the_law(app):
    seen = [app.outputs["headline"].value]
    for name, value in (("outreach", 2.0), ("take_up_household", 0.6)):
        app.parts[name].control.value = value
        seen.append(app.outputs["headline"].value)
    for before in seen[-2::-1]:
        app.outputs["undo"].click()
        assert app.outputs["headline"].value == before
    assert app.parts["outreach"].control.value == 1.0
    assert app.outputs["undo"].disabled
    app.outputs["reset"].click()
    assert (app.state.decision, app.state.assumed) == ("", ())
    assert "Luật hiện hành" in words(app.outputs["headline"].value)
    app.outputs["undo"].click()
    assert app.state == ORDINARY


def test_up_to_four_scenarios_are_pinned_and_compared(app, data):
    for value in (1.0, 2.0, 0.0, 0.5, 1.5):
        app.parts["outreach"].control.value = value
        app.outputs["pin"].click()
    assert len(app.pins) == 4
    assert app.outputs["pin"].disabled
    app.outputs["pages"].value = "compare"
    plans = [
        states.scenario(states.replace_values(p, name=f"{i}", name_en="")) for i, p in enumerate([*app.pins, app.state])
    ]
    rows = bhyt.compare(bhyt.simulate(data, "219", plans, draws=0), on="2021-12-31")
    told = words(app.outputs["compared"].value)
    for people in rows.loc[rows["result"] == "behavioural", "people"]:
        assert format_message("{v:+n}", "vi", v=people) in told
    app.outputs["unpin_0"].click()
    assert len(app.pins) == 3


def test_scenarios_of_other_areas_are_not_compared(app):
    app.outputs["pin"].click()
    app.parts["area"].control.value = "076"
    app.outputs["pages"].value = "compare"
    assert "Ghim" in words(app.outputs["compared"].value)


def test_an_area_without_figures_is_said_beside_it_and_nothing_old_stands(app):
    app.parts["area"].control.value = "123"  # Mộc Châu: only the census
    assert "Mộc Châu" in words(app.parts["area"].error.value)
    assert all(app.outputs[f"picture_{n}"].layout.display == "none" for n in DRAWN)
    assert not re.search(r"\d\d,\d%", words(app.outputs["headline"].value))
    app.outputs["undo"].click()
    assert app.state == ORDINARY
    assert app.parts["area"].error.value == ""
    assert app.outputs["picture_path"].layout.display is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("end", "31/13/2025", "31/13/2025"), ("end", "2020-01-01", "01/01/2020"), ("since", "soon", "soon"), ("until", "2020-01-01", "until")],
)  # fmt: skip
def test_a_wrong_day_is_said_beside_its_control(app, name, value, said):
    if name in ("since", "until"):
        app.parts["base_salary"].control.value = 2_000_000
    app.parts[name].control.value = value
    text = words(app.parts[name].error.value)
    assert said in text or "31/01/2020" in text or "2020-01-01" in text
    app.parts[name].control.value = ""
    assert app.parts[name].error.value == ""


def test_areas_are_found_with_or_without_accents(app):
    for typed in ("luc ngan", "Lục Ngạn", "LỤC NGẠN", "son duong"):
        app.outputs["search"].value = typed
        assert len(app.parts["area"].control.options) >= 1
    assert app.state.area == "219"  # several bear the name of Sơn Dương: the user chooses
    app.outputs["search"].value = "luc ngam"
    assert "Lục Ngạn" in words(app.parts["area"].error.value)
    app.outputs["search"].value = "X001"
    assert app.state.area == "X001"  # just one


def test_a_commune_that_is_moved_says_who_loses_and_gains(world, data):
    app = application.explorer(world, states.move_to_area(ORDINARY, "X001"))
    app.outputs["which"].value = "X00106"
    app.parts["zone"].control.value = "III"
    told = words(app.outputs["flips"].value)
    from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves

    moved = apply_zone_moves(data, "861", [{"area": "X00106", "zone": "III"}])
    after = bhyt.reclassify(moved, "861", "X001").set_index("area").loc["X00106"]
    assert f"3.432 → {format_number(after['lost'])}" in told
    assert f"0 → {format_number(after['gained'])}" in told
    app.parts["zone"].control.value = ""
    assert app.outputs["flips"].value == ""
    assert app.state.zones == ()


def test_the_target_is_shared_out_with_and_without_the_ratchet(world, data):
    app = application.explorer(world, states.move_to_area(ORDINARY, "X001"))
    app.outputs["pages"].value = "targets"
    assert "chỉ tiêu" in words(app.parts["goal"].error.value)
    app.parts["goal"].control.value = "80%"
    app.parts["method"].control.value = "equal-rate"
    cards = communes_to_allocate(data, "X001")
    told = app.look(app.state, "allocated")
    assert told["target_people"].tolist() == bhyt.allocate(cards, 0.8, method="equal-rate")["target_people"].tolist()
    free = bhyt.allocate(cards, 0.8, method="equal-rate", ratchet=False)["target_people"]
    assert told["without_ratchet"].tolist() == free.tolist()
    assert "<textarea" in app.outputs["allocated"].value
    app.parts["goal"].control.value = "120%"
    assert "120%" in words(app.parts["goal"].error.value)
    assert app.outputs["allocated"].value == ""


def test_a_method_that_needs_an_amount_asks_for_it(world, data):
    app = application.explorer(world, states.move_to_area(ORDINARY, "X001"))
    app.outputs["pages"].value = "targets"
    app.parts["goal"].control.value = "93%"
    app.parts["method"].control.value = "capacity"
    assert app.parts["amounts"].box.layout.display is None
    assert "X00101" in words(app.parts["goal"].error.value)
    cards = communes_to_allocate(data, "X001")
    app.parts["amounts"].control.value = "\n".join(f"{a}; {i + 1}" for i, a in enumerate(cards["area"]))
    by_hand = bhyt.allocate(cards.assign(capacity=range(1, 13)), 0.93, method="capacity")
    assert app.look(app.state, "allocated")["target_people"].tolist() == by_hand["target_people"].tolist()


def test_the_language_changes_every_word(app):
    app.outputs["lang"].value = "en"
    text = " ".join([words(app.outputs[n].value) for n in ("headline", "both", "communes")])
    text += " ".join(p.control.description for p in app.parts.values())
    text += " ".join(b.description for n, b in app.outputs.items() if n.startswith(("undo", "pin", "open_", "take_")))
    assert not re.search("Kịch bản|Chưa có|Mức|Tỷ lệ|Tải về|vận động", text)
    assert "Coverage 31 December 2021" in text


def test_tables_for_excel_hold_numbers(app):
    rows = communes_table(app.look(app.state, "communes"), "lost")
    files = table_files(rows, "communes", "en")
    sheet = list(openpyxl.load_workbook(io.BytesIO(files["communes.xlsx"])).active.values)
    place = sheet[0].index("State-paid card ended")
    assert sheet[1][place] == 6689
    assert [r[place] for r in sheet[1:]][-1] is None  # not known, and not zero


def test_who_has_no_widgets_sees_a_picture_and_how_to_start(app):
    image, text = application.fallback(app)
    assert image.data[:8] == b"\x89PNG\r\n\x1a\n"
    assert "bhyt explore" in text.data
    assert "Số liệu ước tính" in text.data


def test_an_unexpected_error_is_a_sentence_and_is_logged(app, monkeypatch):
    def broken(app, state):
        raise RuntimeError("out of order")

    monkeypatch.setitem(app._SHOWN, "scenario", broken)
    with pytest.raises(RuntimeError):
        app.parts["outreach"].control.value = 2.0
    assert "out of order" in words(app.outputs["headline"].value)


def test_a_comparison_tells_differences_to_the_first(world, data):
    rows, _ = compared(world, [ORDINARY, states.with_assumption(ORDINARY, "outreach", 2)], pd.Timestamp("2021-12-31"), "en")  # fmt: skip
    assert rows["change"].tolist()[0] == 0
    high, low = (expected(data, f"decision_861_{e}")["insured"] for e in ("high", "ordinary"))
    assert rows["change"].tolist()[1] == high - low


def test_the_walk_in_the_docs_tells_the_figures_of_the_library(data):
    text = (ROOT / "docs" / "explore.md").read_text("utf-8")
    rows = {e: expected(data, f"decision_861_{e}") for e in ("ordinary", "high")}
    for row in rows.values():
        assert f"**{format_number(row['people'] - row['insured'])}**" in text
    for outreach, paid in ((1, "2,04"), (2, "4,17")):
        top_up = {"group": LEFT, "points": 0.7, "area": "Bắc Giang", "since": "2021-07-01"}
        told = {"name": "x", "decision": "861", "assumptions": {"outreach": outreach}, "top_up": [top_up]}
        months = bhyt.simulate(data, "Lục Ngạn", bhyt.Scenario.of(told, ROOT / "x.toml"), draws=0)
        rows_ = months[(months["group"] == "all") & (months["result"] == "behavioural")]
        cost = rows_.loc[rows_["month"].between("2021-07-01", "2021-12-31"), "vnd_province"].sum()
        assert format_message("{v:bn2}", "vi", v=cost) == paid
        assert f"**{paid} tỷ đồng**" in text
        last = rows_[rows_["month"] == "2021-12-31"].iloc[0]
        assert format_number(last["people"] - last["insured"]) in text


def test_the_notebook_is_opened_as_a_copy_of_the_users_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook = bundled_path("notebooks") / "explore.ipynb"
    call = cli._lab(notebook)
    own = tmp_path / "outputs" / "explore.ipynb"
    assert own.read_bytes() == notebook.read_bytes()
    assert f"--ServerApp.root_dir={tmp_path}" in call
    assert "--LabApp.default_url=/doc/tree/outputs/explore.ipynb" in call
    own.write_text("what the user saved", "utf-8")
    cli._lab(notebook)
    assert own.read_text("utf-8") == "what the user saved"


def test_the_page_starts_on_warm_kernels_unless_told_otherwise():
    told, own = {}, {"JUPYTER_DEFAULT_PROVISIONER_NAME": "local-provisioner", "JUPYTER_PATH": "mine"}
    for environment in (told, own):
        assert "--template=bhyt" in cli._voila(bundled_path("notebooks") / "explore.ipynb", environment)
    assert told.get("JUPYTER_DEFAULT_PROVISIONER_NAME") == ("bhyt-warm" if warm_process.is_supported() else None)
    assert own["JUPYTER_DEFAULT_PROVISIONER_NAME"] == "local-provisioner"
    assert own["JUPYTER_PATH"] == os.pathsep.join([told["JUPYTER_PATH"], "mine"])
    assert (Path(told["JUPYTER_PATH"]) / "voila" / "templates" / "bhyt" / "index.html.j2").is_file()
