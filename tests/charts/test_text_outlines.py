"""Texts are arranged and measured as matplotlib does, and nothing that is kept of them changes a chart."""

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.textpath import TextToPath

from bhyt_analysis import charts
from bhyt_analysis.charts import chart, text_outlines

from .test_chart import TEXTS

LINES = [*TEXTS[:4], " ", "A V. To fi 1 1", "…", "<5 & “Ấ”"]


def font(bold, points=9):
    return FontProperties(family=[chart.font()], size=points, weight="bold" if bold else "normal")


@pytest.mark.parametrize("bold", [False, True])
def test_letters_are_where_matplotlib_puts_them(bold):
    file = text_outlines.font_file(font(bold))
    for text in LINES:
        line = text_outlines.arrange_line(text, file)
        face = get_font(file)
        face.set_size(100, 72)
        places, outlines, _ = TextToPath().get_glyphs_with_font(face, text)
        assert [name for name, _, _ in line.places] == [name for name, *_ in places]
        assert [x for _, x, _ in line.places] == pytest.approx([x for _, x, *_ in places], abs=1e-9)
        for name, (points, _) in outlines.items():
            letter = line.letters[name]
            assert (letter is None) == (len(points) == 0)
            assert letter is None or (letter.points == points).all()


@pytest.mark.parametrize("bold", [False, True])
def test_texts_are_as_large_as_matplotlib_measures_them(bold):
    sizes = (600, 300, 300)
    with mpl.rc_context(chart.style()):
        ours, its_own = text_outlines.PixelRenderer(*sizes), RendererAgg(*sizes)
        for text in LINES:
            size = ours.get_text_width_height_descent(text, font(bold), False)
            assert size == pytest.approx(its_own.get_text_width_height_descent(text, font(bold), False), abs=0.5)


def test_a_chart_is_the_same_whatever_was_drawn_before(tmp_path):
    rows = pd.DataFrame({"name": ["huyện A"], "rate": [0.8], "targets": [[("Chỉ tiêu", 0.95)]], "status": "published"})
    others = rows.assign(name="thành phố Bắc Kạn", targets=[[("Đích đến: trên 97%", 0.97)]])
    charts.save(charts.bullet(others, "vi", "văn bản khác"), tmp_path / "other")
    charts.save(charts.bullet(rows, "vi", "văn bản"), tmp_path / "later")
    for keep in (text_outlines._letters, text_outlines._arrange_word, text_outlines.arrange_line):
        keep.cache_clear()
    charts.save(charts.bullet(rows, "vi", "văn bản"), tmp_path / "first")
    for ending in (".png", ".svg"):
        assert (tmp_path / f"first{ending}").read_bytes() == (tmp_path / f"later{ending}").read_bytes()
