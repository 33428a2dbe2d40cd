"""The gallery is true: its lines make its charts, which can be read at every size, also by who can't see them."""

import functools
import importlib.util
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import bhyt_analysis as bhyt
from bhyt_analysis.charts import chart
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.tables.hidden_cells import HiddenCells, use_hidden

from ..conftest import ROOT
from .test_charts import boxes

spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "docs" / "gallery" / "make.py")
gallery = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gallery)

OURS = {
    "bullet", "groups", "group_mix", "waterfall", "slope", "small_multiples", "gaps", "communes", "fan", "path",
    "tornado", "flows", "reenrolment", "payers", "cost_per_insured", "backtest", "choropleth", "losses", "curve",
    "cost", "premium", "commune_people", "scenarios", "by_month", "pace", "funnel", "expiring_cards", "states", "tiles",
}  # fmt: skip
LINES = {name: gallery.lines(draw) for name, draw in gallery.charts().items() if name in OURS}


@functools.cache
def before_the_last_line(name):
    names = {"bhyt": bhyt, "pd": pd}
    exec("\n".join(LINES[name].splitlines()[:-1]), names)
    return names


def at_size(name, size, lang="vi"):
    """The chart of the example, at a size and in a language."""
    last = re.sub(r"\)\s*$", f", size={size!r})", LINES[name].splitlines()[-1])
    names = dict(before_the_last_line(name))
    exec(last.replace('"vi"', f'"{lang}"'), names)
    return names["chart"]


def test_every_chart_is_in_the_gallery_with_at_most_three_lines():
    assert set(LINES) == OURS
    assert all(hasattr(bhyt.charts, name) for name in OURS)
    for name, code in LINES.items():
        assert 1 <= len(code.strip().splitlines()) <= 3, name


def test_the_page_is_what_its_lines_make():
    text = (ROOT / "docs" / "gallery" / "README.md").read_text("utf-8")
    for part in gallery.page():
        assert part.strip() in text
    for name in gallery.charts():
        assert (ROOT / "docs" / "gallery" / f"{name}.png").stat().st_size > 2000, name


@pytest.mark.parametrize("size", list(chart.SIZES))
@pytest.mark.parametrize("name", sorted(OURS))
def test_a_chart_can_be_read_at_every_size(name, size):
    for lang in ("vi", "en"):
        drawing = at_size(name, size, lang)
        figure = drawing.figure
        width, height = figure.bbox.width, figure.bbox.height
        texts = boxes(figure)
        outside = [
            (t.get_text(), round(b.x0), round(b.x1 - width))
            for t, b in texts
            if min(b.x0, b.y0) < -1 or b.x1 > width + 1 or b.y1 > height + 1
        ]
        assert outside == [], lang
        overlaps = []
        for (one, a), (other, b) in itertools.combinations(texts, 2):
            wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            if wide > 4 and high > 6:
                overlaps.append((one.get_text(), other.get_text(), round(wide), round(high)))
        assert overlaps == [], lang
        enlarged = drawing.description.width_mm / (figure.get_figwidth() * 25.4)
        assert min(t.get_fontsize() for t, _ in texts) * enlarged >= 9


@pytest.mark.parametrize(("size", "width", "height"), [("a4", 160, None), ("half", 80, None), ("slide", 300, 150)])
def test_a_chart_has_the_size_of_its_place(size, width, height):
    for name in ("communes", "reenrolment"):
        drawing = at_size(name, size)
        figure = drawing.figure
        assert drawing.description.width_mm == width
        if height:
            assert figure.get_figheight() / figure.get_figwidth() * width == pytest.approx(height)


def test_there_is_no_other_size():
    with pytest.raises(BhytError, match="a4, half, slide"):
        at_size("path", "letter")


@pytest.mark.parametrize("name", sorted(OURS))
def test_its_alternative_text_holds_its_figures(name):
    vi, en = (at_size(name, "a4", lang).description.alt for lang in ("vi", "en"))
    assert vi != en
    assert len(re.findall(r"\d+", vi)) >= 3
    assert vi.endswith(".")
    assert len(vi) < 1200


def test_the_description_has_the_figures_that_are_drawn():
    rows = bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"])
    description = bhyt.charts.groups(rows).description
    assert description.series[0].values == tuple(rows["insured"].astype(float))
    assert "Ngân sách nhà nước đóng 81.395" in description.alt
    steps = bhyt.target_steps(bhyt.load(), "Sơn Dương")
    description = bhyt.charts.path(steps, "huyện Sơn Dương", "en").description
    assert description.alt.startswith(
        "Yearly targets and people to enrol: huyện Sơn Dương. "
        "Coverage: 31 December 2021 85.1%; 2022 (+10,028 people) 90.6%"
    )


def test_a_count_under_five_is_neither_drawn_nor_described():
    rows = bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"])
    rows.loc[rows.index[1], "insured"] = 3
    drawing = bhyt.charts.groups(rows)
    figure, description = drawing.figure, drawing.description
    assert description.series[0].values.count(None) == 2  # and the next, from which the total would give it away
    hidden = {i for i, v in enumerate(description.series[0].values) if v is None}
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert {i for i, w in enumerate(widths) if w == 0} == hidden
    texts = [t.get_text() for t, _ in boxes(figure)]
    assert (texts.count("<5"), texts.count("…")) == (1, 1)  # "<5" would be false of the other


@pytest.mark.parametrize("name", ["communes", "groups", "losses", "slope", "states", "expiring_cards"])
def test_a_chart_is_drawn_without_what_a_batch_hides(name):
    """Figures that are left out are in no series of its description."""

    class Third(HiddenCells):
        def mask_hidden(self, rows):
            numbers = [c for c in rows if rows[c].dtype.kind in "fi" and c not in ("population", "people_needed")]
            third = np.arange(len(rows)) % 3 == 1
            return rows.assign(**{c: rows[c].astype(float).mask(third) for c in numbers})

    with use_hidden(Third()):
        partial = at_size(name, "a4").description
    descriptions = (at_size(name, "a4").description, partial)
    figures, others = ([v for s in d.series for v in s.values if v is not None] for d in descriptions)
    assert len(others) < len(figures)
    assert set(others) <= set(figures)


@pytest.mark.parametrize("name", ["group_mix", "flows", "payers", "reenrolment", "premium"])
def test_the_parts_of_a_bar_keep_their_order_in_grey(name):
    drawing = at_size(name, "a4")
    colors = (to_rgb(s.color) for s in drawing.description.series if s.color)
    light = [0.3 * r + 0.59 * g + 0.11 * b for r, g, b in colors]
    assert light == sorted(light)


def test_a_map_needs_a_boundary_for_every_unit():
    rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    empty = {"type": "FeatureCollection", "features": []}
    with pytest.raises(BhytError, match="Xã Mẫu 01"):
        bhyt.charts.choropleth(rows, "huyện Mẫu 01", empty)


def test_a_unit_that_is_not_known_is_hatched_on_the_map():
    rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"])
    rows["rate"] = rows["rate"].astype(float).where(rows["area"] != "X00104")
    figure = bhyt.charts.choropleth(rows, "huyện Mẫu 01", ROOT / "data" / "boundaries_example.geojson", "en").figure
    hatched = [p for p in figure.axes[0].patches if p.get_hatch()]
    assert len(hatched) == 1
    assert "no figure" in [t.get_text() for t in figure.axes[0].get_legend().get_texts()]


def test_the_frontier_joins_what_nothing_beats():
    rows = pd.DataFrame({"scenario": list("abcd"), "people": [100, 200, 300, 250], "status": "estimated"})
    rows = rows.assign(vnd_per_additional=[1e6, 3e6, 2e6, 4e6], result="behavioural", proposal=False)
    line = bhyt.charts.cost_per_insured(rows, "X").figure.axes[0].lines[0]
    assert line.get_xydata().tolist() == [[100, 1], [300, 2]]


def test_points_start_and_end_at_their_anchors():
    figure = at_size("waterfall", "a4", "en").figure
    texts = [t.get_text() for t, _ in boxes(figure)]
    assert {"87.1%", "−16.5", "+14.5", "85.1%"} <= set(texts)
    change = figure.axes[0].patches[0]
    assert (change.get_y(), change.get_height()) == pytest.approx((70.6, 16.5))
