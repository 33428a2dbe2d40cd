"""Test the targets of a plan in the explorer: read, shown, used, dropped; nothing of the document is kept."""

import datetime as dt
import os
import re
import tempfile

import pytest

from bhyt_analysis.explorer import app as application
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.views import Context
from bhyt_analysis.plans.text_reader import read_text

from ..plans.plan_files import write_word
from .test_wrong_states import uploaded

PLAN = """ỦY BAN NHÂN DÂN HUYỆN SƠN DƯƠNG
Số: 9/KH-UBND
Sơn Dương, ngày 15 tháng 8 năm 2022
KẾ HOẠCH
Bảo hiểm y tế giai đoạn 2022 - 2024 trên địa bàn huyện Sơn Dương
UBND huyện ban hành kế hoạch bảo hiểm y tế (BHYT) như sau.
I. MỤC TIÊU
1. Tỷ lệ bao phủ BHYT của huyện đạt 87,3% dân số vào năm 2022.
2. Tỷ lệ bao phủ BHYT của huyện đạt trên 89% dân số vào năm 2024.
3. Ông Nguyễn Văn A, thẻ HN4010112345678, theo dõi 512 trường hợp khác.
"""
SOURCE = "Kế hoạch 9/KH-UBND của huyện Sơn Dương"
TARGETS = [("2022-12-31", 0.873, "="), ("2024-12-31", 0.89, ">")]


@pytest.fixture
def app(data, law):
    context = Context(data, law, dt.date(2026, 11, 22))
    return application.build_explorer(context, State(area="076", decision="861"))


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def used(app):
    return [(t["on"], t["rate"], t["relation"]) for t in app.state.targets]


def test_upload_sets_targets_of_chart_and_calculation_until_dropped(app, tmp_path):
    app.widgets.page.value = "targets"
    before = app.state
    word = tmp_path / "plan.docx"
    (tmp_path / "plan.txt").write_text(PLAN, encoding="utf-8")
    write_word(read_text(tmp_path / "plan.txt").blocks, word)
    app.widgets.plan_file.value = uploaded("../../kế hoạch.docx", word.read_bytes())
    assert app.widgets.plan_error.value == ""
    assert used(app) == TARGETS
    assert (app.state.targets_source, app.state.goal) == (SOURCE, "87,3%")
    assert [(str(t["on"])[:10], t["rate"], t["relation"]) for t in app.get_view(app.state, "targets")] == TARGETS
    text = words(app.widgets.plan_targets.value)
    assert f"Chỉ tiêu đang dùng, theo {SOURCE}: 31/12/2022: 87,3%; 31/12/2024: trên 89%" in text
    assert "Tỷ lệ bao phủ BHYT của huyện đạt 87,3% dân số vào năm 2022." in text
    chances = app.get_view(app.state, "probabilities")
    assert chances["rate"].tolist() == [0.873, 0.89]
    app.widgets.page.value = "scenario"
    assert f"chỉ tiêu theo {SOURCE}" in words(app.widgets.headline.value)
    assert SOURCE in app.widgets.pictures["path"].description.value
    app.widgets.plan_reset.click()
    assert app.state == before
    assert SOURCE not in words(app.widgets.headline.value)


def test_nothing_of_the_document_is_kept_or_logged(app, capfd, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app.widgets.plan_file.value = uploaded("plan.txt", PLAN.encode())
    assert list(tmp_path.iterdir()) == []
    assert app.widgets.plan_file.value == ()
    assert "HN4010112345678" not in app.widgets.plan_targets.value + states.to_toml(app.state) + repr(app.plan)
    assert capfd.readouterr() == ("", "")


def test_saved_file_and_link_keep_the_targets_and_their_plan(app):
    app.widgets.plan_file.value = uploaded("plan.txt", PLAN.encode())
    (linked,) = states.from_link(states.to_link([app.state]))
    assert linked.targets_source == SOURCE and len(linked.targets) == 2
    assert states.from_toml(states.to_toml(app.state)).targets_source == SOURCE
    assert not states.reset_to_law(app.state).targets_source


def test_another_unit_takes_its_own_targets_of_the_plan_or_none(app):
    each = PLAN.replace("của huyện đạt 87,3%", "của mỗi xã đạt 86,4%")
    app.widgets.page.value = "targets"
    app.widgets.plan_file.value = uploaded("plan.txt", each.encode())
    assert used(app) == TARGETS[1:]
    app.change(app.controls.area, "02536@2025-06-30")  # Thị trấn Sơn Dương
    assert used(app) == [("2022-12-31", 0.864, "=")]
    app.change(app.controls.area, "219")
    assert (app.state.targets, app.state.targets_source) == ((), "")
    assert "không có chỉ tiêu nào sắp tới" in words(app.widgets.plan_targets.value)


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0" + bytes(600), b"PK\x03\x04 broken", b"%PDF-1.7 broken"])
def test_file_that_cannot_be_read_is_one_sentence_in_the_page(app, content):
    before = app.state
    app.widgets.plan_file.value = uploaded("x.docx", content)
    assert app.widgets.plan_error.value.count("bhyt-error") == 1
    assert app.state == before


def test_path_is_read_in_a_notebook_but_not_for_visitors_of_a_page(app, tmp_path, monkeypatch):
    file = tmp_path / "plan.md"
    file.write_text(PLAN, encoding="utf-8")
    monkeypatch.setitem(os.environ, "QUERY_STRING", "")
    app.widgets.plan_path.value = str(file)
    assert app.state.targets == ()
    monkeypatch.delenv("QUERY_STRING")
    app.widgets.plan_path.value = f"{file} "
    assert used(app) == TARGETS
    app.widgets.plan_path.value = str(tmp_path / "none.md")
    assert "none.md" in app.widgets.plan_error.value
    assert used(app) == TARGETS


def test_texts_are_in_english_and_a_plan_without_targets_says_so(app):
    app.widgets.page.value = "targets"
    app.widgets.plan_file.value = uploaded("plan.txt", PLAN.encode())
    app.widgets.lang.value = "en"
    assert "31 December 2024: above 89%" in words(app.widgets.plan_targets.value)
    app.widgets.plan_file.value = uploaded("plan.txt", PLAN.split("I. MỤC")[0].encode())
    assert "no target of coverage" in words(app.widgets.plan_targets.value)
