"""Charts can be read: texts are inside the picture, not over each other, with every letter and its stamp."""

import itertools
import struct

import matplotlib.pyplot as plt
import pytest
from matplotlib import font_manager
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import bhyt_analysis as bhyt
from bhyt_analysis import charts
from bhyt_analysis.briefing.items import Item
from bhyt_analysis.charts import chart, chart_settings
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.projection.after_loss import after_loss
from bhyt_analysis.model.projection.simulate import project_area
from bhyt_analysis.model.projection.uncertainty import tornado

from ..briefing_items import section_items

AREAS = ["Sơn Dương", "Lục Ngạn", "X001", "Lý Sơn", "Thành phố Quảng Ngãi", "Mường La"]
SCENARIO = "scenarios/contribution_rate_2027.toml"


def other_charts(data, area, lang):
    names = ("status_quo", "decision_861_ordinary", "decision_861_high", "support_continued_2026")
    plans = [bhyt.read_scenario(name, lang) for name in names]
    source = "văn bản"
    if area == "Sơn Dương":
        months = bhyt.simulate(data, area, plans, draws=0)
        continued = months[months["scenario"] == plans[-1].name]
        yield Item("payers", chart=charts.payers(continued, area, lang, source))
        yield Item("scorecard", chart=charts.backtest(bhyt.backtest(data, draws=100), lang, source))
    if area == "Lục Ngạn":
        months, projected = bhyt.simulate(data, area, plans, draws=0), project_area(data, area, plans[1])
        yield Item("scenarios", chart=charts.scenarios(months, area, lang, source))
        yield Item("tornado", chart=charts.tornado(tornado(projected, "2021-12-31"), area, "2021-12-31", lang, source))
        yield Item("back", chart=charts.reenrolment(after_loss(projected), area, lang, source))
    if area == "X001":  # a briefing has it only where a commune is beyond its limits
        yield Item("funnel", chart=charts.funnel(bhyt.funnel(bhyt.monitor(data, area).iloc[1:]), area, lang, source))


def items_of(data, law, area, lang, scenario=None):
    return [
        *section_items(bhyt.Briefing(data, area, law, scenario, lang=lang)),
        *(other_charts(data, area, lang) if area in ("Sơn Dương", "Lục Ngạn", "X001") else ()),
    ]


@pytest.fixture(scope="module")
def items(data, law):
    """Every chart of six areas in both languages, with a scenario on the cost."""
    plan = bhyt.read_scenario(SCENARIO)
    return {
        (area, lang, item.name): item
        for area, lang in itertools.product(AREAS, ("vi", "en"))
        for item in items_of(data, law, area, lang, plan)
        if item.chart is not None
    }


def boxes(figure):
    """Every text that is items, with its place (not that of its arrow); ticks beyond the ends of an axis are not."""
    texts = [figure._suptitle, figure._supxlabel, *figure.texts]
    for axes in figure.axes:
        texts += [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [t.label1 for t in axis.get_major_ticks() if low - 1e-9 <= t.get_loc() <= high + 1e-9]
    renderer = figure._get_renderer()
    texts = {id(t): t for t in texts if t is not None and t.get_visible() and t.get_text().strip()}
    return [(t, inked(t, Text.get_window_extent(t, renderer))) for t in texts.values()]


def inked(text, box):
    """The place of a text without the blank lines that keep it below a stamp."""
    blank = len(text.get_text()) - len(text.get_text().lstrip("\n"))
    lines = text.get_text().count("\n") + 1
    return Bbox.from_extents(box.x0, box.y0, box.x1, box.y1 - box.height * blank / lines)


def test_a_fan_without_bands_has_no_note_on_them(data):
    same = bhyt.simulate(data, "Sơn Dương", draws=0)
    assert "dải" not in charts.fan(same, "Sơn Dương", lang="vi").description.source
    varied = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"), draws=50)
    assert "dải đậm: 50%" in charts.fan(varied, "Lục Ngạn", lang="vi").description.source


def test_all_kinds_of_charts_are_among_them(items):
    briefing = """verdict groups communes commune_people lost before_after reenrolled slope path premium cost
        watch_states watch_expiring scenario_path"""
    assert {name for *_, name in items} == {
        *briefing.split(),
        "scenarios",
        "payers",
        "tornado",
        "back",
        "scorecard",
        "funnel",
    }
    assert all(isinstance(item.chart, charts.Chart) for item in items.values())


def test_a_missed_bound_is_on_the_chart_of_the_backtest(items):
    # the return of the country in 2022; the bound of Sơn Dương is kept, and far below the model
    alt = items["Sơn Dương", "en", "scorecard"].chart.description.alt
    assert "the model is too low" in alt
    assert "Sơn Dương" not in alt


def test_every_text_lies_inside_its_picture(items):
    outside = []
    for key, item in items.items():
        width, height = item.chart.figure.bbox.width, item.chart.figure.bbox.height
        for text, box in boxes(item.chart.figure):
            if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
                outside.append(
                    (*key, text.get_text(), [round(v) for v in (box.x0, box.y0, box.x1 - width, box.y1 - height)])
                )
    assert outside == []


def test_no_text_lies_over_another(items):
    overlaps = []
    for key, item in items.items():
        for (one, a), (other, b) in itertools.combinations(boxes(item.chart.figure), 2):
            wide = min(a.x1, b.x1) - max(a.x0, b.x0)
            high = min(a.y1, b.y1) - max(a.y0, b.y0)
            if wide > 4 and high > 6:  # of 300 to the inch: boxes are a little larger than the ink
                overlaps.append((*key, one.get_text(), other.get_text(), round(wide), round(high)))
    assert overlaps == []


def test_no_text_is_smaller_than_nine_points(items):
    sizes = {t.get_fontsize() for item in items.values() for t, _ in boxes(item.chart.figure)}
    assert min(sizes) >= 9


@pytest.mark.parametrize(("lang", "word"), [("vi", "Nguồn"), ("en", "Source")])
def test_every_chart_says_its_source_and_status(items, lang, word):
    for (area, item_lang, name), item in items.items():
        if item_lang == lang:
            foot = item.chart.figure._supxlabel.get_text().replace("\n", " ")
            assert word in foot or area == "X001", (area, name)
            assert any(
                translate(f"status.{s}", lang) in foot
                for s in ("published", "census", "derived", "estimated", "synthetic", "target", "law")
            )


def test_what_is_estimated_or_synthetic_is_stamped_on_its_face(items):
    for (area, lang, name), item in items.items():
        texts = [t.get_text() for t, _ in boxes(item.chart.figure)]
        if area == "X001" and name != "premium":
            assert translate("stamp.synthetic", lang) in texts
        if area == "Lục Ngạn" and name in (
            "lost",
            "before_after",
            "reenrolled",
            "path",
            "tornado",
            "back",
            "scenarios",
        ):
            assert {translate(f"stamp.{s}", lang) for s in ("estimated", "conflict")} & set(texts)
        if name == "payers":  # from August 2025 on the sources disagree about a support
            assert {translate(f"stamp.{s}", lang) for s in ("conflict", "proposal")} <= set(texts)
        if area == "Sơn Dương" and name not in ("cost", "scenario_path", "payers", "scorecard"):
            weak = ("estimated", "conflict", "synthetic", "proposal")
            assert not {translate(f"stamp.{s}", lang) for s in weak} & set(texts)


def test_a_proposal_is_stamped_as_one(items):
    for lang in ("vi", "en"):
        texts = [t.get_text() for t, _ in boxes(items["Sơn Dương", lang, "cost"].chart.figure)]
        assert translate("stamp.proposal", lang) in texts


def test_every_chart_has_an_alternative_text_with_figures(items):
    for item in items.values():
        alt = item.chart.description.alt
        assert len(alt) > 20
        assert any(c.isdigit() for c in alt)


def test_figures_follow_the_language(items):
    vi, en = (
        " ".join(t.get_text() for t, _ in boxes(items["Sơn Dương", lang, "path"].chart.figure)) for lang in ("vi", "en")
    )
    assert "+10.028" in vi
    assert "90,6%" in vi
    assert "+10,028" in en
    assert "90.6%" in en


def test_pictures_are_160_mm_wide_at_300_dpi(items, tmp_path):
    item = items["Sơn Dương", "vi", "groups"]
    charts.save(item.chart, tmp_path / "groups")
    head = (tmp_path / "groups.png").read_bytes()
    width, _ = struct.unpack(">II", head[16:24])
    assert abs(width - 160 / 25.4 * 300) <= 1
    start = head.index(b"pHYs") + 4
    assert struct.unpack(">I", head[start : start + 4])[0] in (11_811, 11_810)  # pixels a metre
    svg = (tmp_path / "groups.svg").read_text("utf-8")
    assert "<text" not in svg  # letters are items, so that no font is missing where it is opened
    charts.save(item.chart, tmp_path / "again")
    assert (tmp_path / "again.svg").read_text("utf-8") == svg  # nothing of the day in it


def test_the_font_has_every_vietnamese_letter():
    assert len(chart_settings.LETTERS) == 67
    letters = {ord(c) for c in chart_settings.LETTERS + chart_settings.LETTERS.upper()}
    assert len(letters) == 134
    path = font_manager.findfont(chart.font(), fallback_to_default=False)
    assert letters <= set(font_manager.get_font(path).get_charmap())


def test_drawing_leaves_the_users_settings_alone(data, law):
    before, figures = dict(plt.rcParams), plt.get_fignums()
    section_items(bhyt.Briefing(data, "Sơn Dương", law), "targets")
    assert dict(plt.rcParams) == before
    assert plt.get_fignums() == figures


def test_the_cost_leaves_out_what_came_after_the_day_asked_for(data, law):
    briefing = bhyt.Briefing(data, "X001", law, as_of="2021-06-30", decision="861")
    names = [i.name for i in section_items(briefing, "finance")]
    assert names == ["premium", "subsidy"]
