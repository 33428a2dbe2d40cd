"""Charts are saved by name, as pictures and as slides that can be edited, in letters and colours of one's own."""

import inspect
import re
import zipfile

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from openpyxl import load_workbook
from PIL import Image
from pptx import Presentation
from pptx.oxml.ns import qn

import bhyt_analysis as bhyt
from bhyt_analysis import charts
from bhyt_analysis.i18n.messages import BhytError

from . import test_gallery

OWN_FONT = "DejaVu Sans"  # comes with matplotlib
# Sơn Dương at the end of 2021: the plan's cards by group.
INSURED = [8541, 5374, 81395, 33118, 26735]


@pytest.fixture(autouse=True)
def _default_settings():
    yield
    charts.settings(reset=True)


@pytest.fixture(scope="module")
def rows(data):
    return bhyt.coverage(data, "Sơn Dương", by=["group"])


def drawing_functions():
    return {name: f for name in charts.__all__ if hasattr(f := getattr(charts, name), "__wrapped__")}


# --- Files ----------------------------------------------------------------------------------------


def test_a_name_as_text_gives_both_pictures_and_says_where(rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = charts.save(charts.groups(rows), "theo nhóm 6.2022")
    assert files == [tmp_path / "theo nhóm 6.2022.png", tmp_path / "theo nhóm 6.2022.svg"]
    assert all(file.stat().st_size for file in files)


@pytest.mark.parametrize("name", ["a.png", "a.SVG"])
def test_an_ending_chooses_the_one_file(rows, tmp_path, name):
    assert charts.save(charts.groups(rows), tmp_path / name) == [tmp_path / name]
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_missing_folder_is_made(rows, tmp_path):
    (file,) = charts.save(charts.groups(rows), tmp_path / "báo cáo" / "2022" / "a.png")
    assert file.is_file()


def test_a_figure_of_matplotlib_is_saved_too(tmp_path):
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    files = charts.save(figure, f"{tmp_path}/own")
    with Image.open(files[0]) as image:
        assert image.size[0] == round(figure.get_figwidth() * 300)
    assert "<dc:date>" not in files[1].read_text("utf-8")
    with pytest.raises(BhytError, match="Figure of matplotlib is a drawing"):
        charts.save(figure, tmp_path / "own.pptx")
    plt.close(figure)


@pytest.mark.parametrize(
    ("thing", "name", "message"),
    [
        ("chart", "a", r"^Expected a chart of bhyt.charts or a Figure of matplotlib; this is str$"),
        (Figure(), "a.pdf", r"^“.pdf” is no kind of file for a chart; expected one of: .png, .svg, .pptx$"),
    ],
)
def test_what_cannot_be_saved_is_answered_in_words(tmp_path, thing, name, message):
    with pytest.raises(BhytError, match=message):
        charts.save(thing, tmp_path / name)


def test_a_file_in_the_place_of_the_folder_is_named(rows, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(BhytError, match="taken"):
        charts.save(charts.groups(rows), tmp_path / "taken" / "a.png")


# --- Slides ---------------------------------------------------------------------------------------


def slide_of(chart, path):
    charts.save(chart, path)
    (slide,) = Presentation(path).slides
    return slide


def test_a_slide_has_a_chart_that_can_be_edited(rows, tmp_path):
    slide = slide_of(charts.groups(rows, "vi", "kế hoạch của huyện"), tmp_path / "a.pptx")
    (shape,) = [s for s in slide.shapes if s.has_chart]
    (series,) = shape.chart.plots[0].series
    assert list(series.values) == INSURED
    texts = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
    assert texts[0] == "Số người tham gia theo nhóm đối tượng: huyện Sơn Dương"
    assert any("Nguồn: kế hoạch của huyện" in text for text in texts)
    sheet = load_workbook(filename=_workbook(tmp_path / "a.pptx")).active
    assert [cell.value for cell in sheet["B"]][1:] == INSURED
    assert "5.374" in slide.notes_slide.notes_text_frame.text


def _workbook(path):
    with zipfile.ZipFile(path) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".xlsx")]
        return archive.open(name)


def test_a_slide_has_the_stamp_of_weak_figures_in_the_charts_language(data, tmp_path):
    rows = bhyt.coverage(data, "X001", by=["commune"])
    for lang, stamp in (("vi", "SỐ LIỆU GIẢ LẬP"), ("en", "SYNTHETIC")):
        slide = slide_of(charts.communes(rows, "X001", None, lang), tmp_path / f"{lang}.pptx")
        assert any(stamp in s.text_frame.text.upper() for s in slide.shapes if s.has_text_frame)


def test_a_slide_of_more_bars_than_fit_says_how_many_it_shows(data, tmp_path):
    rows = bhyt.coverage(data, "X001", by=["commune"])
    rows = rows.loc[np.repeat(rows.index, 3)].assign(name=lambda t: [f"Xã {i}" for i in range(len(t))])
    assert len(rows) == 36
    slide = slide_of(charts.communes(rows, "X001"), tmp_path / "a.pptx")
    assert any("30 dòng đầu trong 36 dòng" in s.text_frame.text for s in slide.shapes if s.has_text_frame)


def test_a_long_line_of_a_slide_has_figures_at_its_ends_and_its_target(data, tmp_path):
    chart = charts.by_month(bhyt.coverage(data, "X001", by="month"), target=0.93)
    slide = slide_of(chart, tmp_path / "a.pptx")
    (shape,) = [s for s in slide.shapes if s.has_chart]
    (series,) = shape.chart.plots[0].series
    assert len(series.values) == 24
    labels = series._element.findall(f".//{qn('c:dLbl')}/{qn('c:idx')}")
    assert [int(label.get("val")) for label in labels] == [0, 23]
    assert shape.chart.chart_title.text_frame.text == "% dân số; Chỉ tiêu 93%"


def test_a_line_of_many_months_is_complete_on_a_slide(data, tmp_path):
    months = bhyt.simulate(data, "Lục Ngạn", ["decision_861_high", "status_quo"], draws=0)
    slide = slide_of(charts.scenarios(months), tmp_path / "a.pptx")
    (shape,) = [s for s in slide.shapes if s.has_chart]
    assert [len(series.values) for series in shape.chart.plots[0].series] == [91, 91]  # June 2021 to December 2028
    assert not any("dòng đầu" in s.text_frame.text for s in slide.shapes if s.has_text_frame)
    skip = shape.chart.category_axis._element.find(qn("c:tickLblSkip"))
    assert skip.get("val") == "8"


def test_a_chart_that_powerpoint_cannot_draw_is_answered_in_words(data, tmp_path):
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario("status_quo"), draws=0)
    with pytest.raises(BhytError, match=r"PowerPoint cannot draw .* only bars, columns and lines"):
        charts.save(charts.fan(months, "Lục Ngạn"), tmp_path / "a.pptx")
    assert list(tmp_path.iterdir()) == []


# --- Letters and colours --------------------------------------------------------------------------


def test_larger_letters_and_own_colours_are_in_the_picture(rows):
    usual = charts.groups(rows)
    charts.settings(scale=1.5, font=OWN_FONT, colours={"blue": "#7B1FA2"})
    own = charts.groups(rows)
    assert own.description.width_mm == usual.description.width_mm == 160
    assert own.figure._suptitle.get_fontsize() == usual.figure._suptitle.get_fontsize()
    assert usual.figure.get_figwidth() / own.figure.get_figwidth() == pytest.approx(1.5)  # enlarged to the same width
    pixels = [chart.figure.get_figwidth() * chart.figure.dpi for chart in (usual, own)]
    assert pixels[0] == pytest.approx(pixels[1], abs=1)
    assert own.figure._suptitle.get_fontfamily() == [OWN_FONT]
    assert {p.get_facecolor()[:3] for p in own.figure.axes[0].patches} == {to_rgb("#7B1FA2")}
    assert own.description.series[0].color == "#7b1fa2"
    charts.settings(reset=True)
    after = charts.groups(rows)
    assert {p.get_facecolor()[:3] for p in after.figure.axes[0].patches} == {to_rgb("#0072B2")}
    assert after.figure.get_figwidth() == usual.figure.get_figwidth()


@pytest.mark.parametrize("name", sorted(test_gallery.OURS))
def test_every_chart_can_be_read_in_larger_letters(name):
    charts.settings(scale=1.25)
    test_gallery.test_a_chart_can_be_read_at_every_size(name, "slide")


def test_own_letters_and_colours_are_on_the_slide(rows, tmp_path):
    charts.settings(font=OWN_FONT, colours={"blue": "#7B1FA2"})
    charts.save(charts.groups(rows), tmp_path / "a.pptx")
    with zipfile.ZipFile(tmp_path / "a.pptx") as archive:
        (name,) = [n for n in archive.namelist() if re.fullmatch(r"ppt/charts/chart\d+\.xml", n)]
        xml = archive.read(name).decode()
    assert "7B1FA2" in xml
    assert f'typeface="{OWN_FONT}"' in xml
    assert "Times New Roman" not in xml


def test_stamps_and_states_keep_their_colours(data):
    charts.settings(colours={"red": "#7B1FA2", "green": "#00695C", "orange": "#8D6E63"})
    chart = charts.states(bhyt.monitor(data, "X001"), "X001")
    colours = {line.get_color() for line in chart.figure.axes[0].lines}
    colours |= {line.get_markerfacecolor() for line in chart.figure.axes[0].lines}
    assert {"#D55E00", "#009E73"} <= colours
    assert "#7b1fa2" not in colours
    stamps = [t for t in chart.figure.texts if t.get_bbox_patch() is not None]
    assert [t.get_color() for t in stamps] == ["#D55E00"]


def test_letters_on_a_bar_are_read_on_its_colour(data):
    rows = bhyt.coverage(data, "X001", by=["commune", "group"])
    for sky, ink in (("#0D47A1", "white"), ("#8DB4E2", "#222222")):
        charts.settings(colours={"sky": sky})
        chart = charts.group_mix(rows, "X001")
        inks = {t.get_color() for t in chart.figure.axes[0].texts if _fill_below(chart, t) == to_rgb(sky)}
        assert inks == {ink}


def _fill_below(chart, text):
    x, y = text.xy
    return next(
        p.get_facecolor()[:3]
        for p in chart.figure.axes[0].patches
        if p.get_x() <= x <= p.get_x() + p.get_width() and p.get_y() <= y <= p.get_y() + p.get_height()
    )


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"scale": 3}, ["scale is 3; expected a number from 1 to 1.5"]),
        ({"scale": "large"}, ["scale is large; expected a number"]),
        ({"colours": {"blu": "red"}}, ["no colour “blu”; expected one of: blue, orange, green, sky, red, violet"]),
        ({"colours": {"blue": "yellow"}}, ["blue is “yellow”, too light"]),
        ({"colours": {"sky": "zzz"}}, ["sky is “zzz”; expected one like #1F4E79"]),
        ({"colours": {"blue": "#123456", "red": "#123456"}}, ["red and blue are both #123456"]),
        ({"font": "Dejavu Sanz"}, [r"“Dejavu Sanz” is not installed; the nearest are: .*DejaVu Sans"]),
        ({"scale": 0.5, "colours": {"sky": "zzz"}}, ["scale is 0.5", "sky is “zzz”"]),
    ],
)
def test_settings_that_cannot_be_are_answered_and_change_nothing(values, messages):
    before = charts.settings()
    with pytest.raises(BhytError) as error:
        charts.settings(**values)
    for message in messages:
        assert re.search(message, str(error.value))
    assert charts.settings() == before


def test_a_font_without_vietnamese_letters_is_refused():
    names = sorted({e.name for e in font_manager.fontManager.ttflist})
    assert "STIXGeneral" in names  # comes with matplotlib, without Vietnamese
    with pytest.raises(BhytError, match="“STIXGeneral” lacks letters of Vietnamese"):
        charts.settings(font="STIXGeneral")


def test_the_size_is_in_the_help_of_every_chart():
    functions = drawing_functions()
    assert set(functions) >= test_gallery.OURS
    for name, function in functions.items():
        size = inspect.signature(function).parameters["size"]
        assert (size.kind, size.default) == (inspect.Parameter.KEYWORD_ONLY, "a4"), name
        assert inspect.signature(function).parameters["lang"].default is None, name
