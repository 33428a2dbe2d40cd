"""A chart is drawn once for all its files, and what is changed after that is in all of them."""

import base64

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from PIL import Image

from bhyt_analysis import charts
from bhyt_analysis.briefing import notebook
from bhyt_analysis.charts import chart

TEXTS = (
    "Chỉ tiêu 2025, Việt Nam: 95,15%",
    "Người thuộc hộ gia đình làm nông nghiệp, lâm nghiệp có mức sống trung bình (được hỗ trợ)",
    "Officials affirm: efficient, «fi» and AVATAR – 1.234.567 người",
    "  hai   khoảng\u00a0trắng  ",
    "",
)


@pytest.fixture
def drawing():
    rows = pd.DataFrame({"name": ["huyện A"], "rate": [0.8], "targets": [[("Chỉ tiêu", 0.95)]], "status": "published"})
    return charts.bullet(rows, "vi", "văn bản")


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA")), image.info["dpi"]


def pixels(path):
    return picture(path)[0]


@pytest.mark.parametrize("bold", [False, True])
def test_a_text_is_as_wide_as_its_outline(bold):
    for text in TEXTS[:3]:
        face = FontProperties(family=chart.font(), size=9, weight="bold" if bold else "normal")
        outline = TextPath((0, 0), text, prop=face).get_extents().width / 72
        assert chart.text_width(text, 9, bold) == pytest.approx(outline, abs=1e-9)
    assert chart.text_width("  ", 9) == 0


@pytest.mark.parametrize("inches", [0.3, 0.9, 2.1, 6.0])
def test_lines_are_broken_where_the_next_word_would_not_fit(inches):
    for text in TEXTS:
        lines = chart.wrap_text(text, inches).split("\n")
        words = [line.split() for line in lines]
        assert " ".join(lines) == " ".join(text.split())
        assert all(len(w) < 2 or chart.text_width(" ".join(w), 9.5) <= inches for w in words)
        for line, after in zip(lines, words[1:], strict=False):
            assert chart.text_width(f"{line} {after[0]}", 9.5) > inches


def test_the_file_has_the_pixels_that_matplotlib_draws(drawing, tmp_path):
    charts.save(drawing, tmp_path / "chart")
    with mpl.rc_context(chart.style()):
        FigureCanvasAgg(drawing.figure).print_png(tmp_path / "its_own.png")
    ours, its_own = picture(tmp_path / "chart.png"), picture(tmp_path / "its_own.png")
    off = np.abs(ours[0].astype(int) - its_own[0])
    assert (off > 10).mean() < 0.005  # at the edges of letters; 256 colours are kept
    assert off.max() < 128
    paper = (its_own[0] == 255).all(axis=2)
    assert (ours[0][paper] == 255).all(axis=1).mean() > 0.999  # stays white
    assert ours[1] == pytest.approx(its_own[1], abs=0.2)
    with Image.open(tmp_path / "chart.png") as image:
        assert image.mode == "P"


def test_the_svg_file_is_that_of_matplotlib_but_for_indents(drawing, tmp_path):
    charts.save(drawing, tmp_path / "chart")
    with mpl.rc_context(chart.style()):
        drawing.figure.savefig(tmp_path / "its_own.svg", metadata={"Date": None})
    ours, its_own = ((tmp_path / f"{name}.svg").read_text("utf-8") for name in ("chart", "its_own"))
    assert [line.strip() for line in ours.splitlines()] == [line.strip() for line in its_own.splitlines()]


def test_a_chart_is_drawn_once_for_its_picture(drawing, tmp_path, monkeypatch):
    draws = []
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda self: draws.append(self))
    charts.save(drawing, tmp_path / "chart")
    assert draws == []


def test_a_chart_changed_after_it_was_made_is_saved_as_changed(drawing, tmp_path):
    charts.save(drawing, tmp_path / "before")
    drawing.figure.axes[0].patches[0].set_facecolor("#123456")
    charts.save(drawing, tmp_path / "after")
    assert (pixels(tmp_path / "before.png") != pixels(tmp_path / "after.png")).any()
    assert "#123456" in (tmp_path / "after.svg").read_text("utf-8")


def test_saving_twice_gives_the_same_files_and_leaves_the_chart_as_it_was(drawing, tmp_path):
    for name in ("one", "two"):
        charts.save(drawing, tmp_path / name)
    for ending in (".png", ".svg"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()
    assert drawing.figure.dpi == chart.DPI


def test_the_notebook_shows_the_very_picture_of_the_file(drawing, tmp_path, monkeypatch):
    shell = InteractiveShell.instance()
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    notebook.show_chart(drawing, "coverage_target", tmp_path)
    (output,) = publisher.outputs
    png = output["data"]["image/png"]
    png = base64.b64decode(png) if isinstance(png, str) else png
    assert png == (tmp_path / "charts" / "coverage_target.png").read_bytes()
    assert output["metadata"]["bhyt"]["name"] == "coverage_target"


def test_the_most_frequent_colours_of_a_picture_stay_as_they_are():
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[:30] = (222, 235, 247)
    pixels[30:40] = (218, 231, 242)  # near to it
    pixels[40:50] = (158, 202, 225)
    reduced = chart._reduce_colours(Image.fromarray(pixels))
    assert (np.asarray(reduced.convert("RGB")) == pixels).all()
