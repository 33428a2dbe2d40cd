"""Texts of an input come out as they are written in Markdown, HTML, sheets, charts, slides and terminals."""

import io

import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from nbconvert.filters.markdown import markdown2html
from pptx import Presentation

import bhyt_analysis as bhyt
from bhyt_analysis.charts.chart import wrap_text
from bhyt_analysis.charts.description import ChartDescription, chart_series
from bhyt_analysis.documents.pptx_charts import add_native_chart
from bhyt_analysis.explorer import markup
from bhyt_analysis.i18n import safe_text
from bhyt_analysis.i18n.safe_text import BULLET, EMPHASIS, STRONG
from bhyt_analysis.i18n.text import clean_line
from bhyt_analysis.tables import formatting

from ..hostile import FORMULA, TEXTS

SIGNS = st.text(st.sampled_from("*_`~#|<>[]()!$\\&;:/.-+=^{}@'\" \nab1wxà%"), max_size=30)
texts = st.one_of(SIGNS, st.sampled_from(TEXTS), st.text(max_size=20)).map(clean_line)


def visible(html):
    """Return what a reader sees of HTML, and its tags."""
    page = BeautifulSoup(f"<div>{html}</div>", "html.parser").div
    return " ".join(page.get_text().split()), [tag.name for tag in page.find_all(True)]


@given(texts)
def test_a_text_is_no_markdown(text):
    markdown = safe_text.to_markdown(text)
    shown_text, tags = visible(markdown2html(markdown))
    assert (shown_text, set(tags) - {"p", "span"}) == (text, set())
    assert safe_text.from_markdown(markdown) == text
    assert "$" not in markdown and "\\" not in markdown  # Jupyter looks for formulas before it reads Markdown


@given(texts)
def test_bold_parts_and_lists_hold_any_text(text):
    item = f"{BULLET}{STRONG}12%{STRONG} of {text}, {EMPHASIS}(estimated){EMPHASIS}"
    shown_text, tags = visible(markdown2html(safe_text.to_markdown(f"{item}\n{BULLET}{text} b")))
    assert shown_text == " ".join(f"12% of {text}, (estimated) {text} b".split())
    assert [tags.count(tag) for tag in ("li", "strong", "em")] == [2, 1, 1]
    assert next(safe_text.split_emphasis(item)) == ("12%", True, False)


@given(texts)
def test_a_text_is_no_html(text):
    shown_text, tags = visible(safe_text.to_html(text))
    assert (shown_text, set(tags) - {"span"}) == (text, set())
    table = formatting.to_html(pd.DataFrame({"source": [text]}), "en")
    assert set(visible(table)[1]) <= {"table", "thead", "tbody", "tr", "th", "td", "span"}


@given(texts)
def test_a_text_in_a_sheet_is_no_formula_and_is_read_again(text):
    cell = safe_text.to_sheet(text)
    assert cell[:1] not in set("=+-@\t") or float(cell.rstrip("%").replace(",", "").replace(".", "")) is not None
    if not text.startswith("'"):
        assert safe_text.from_sheet(cell) == text


def test_numbers_in_a_csv_file_stay_numbers(tmp_path):
    rows = pd.DataFrame({"name": ["-2+3", "+1"], "change": [-5, 5], "source": [FORMULA, "@SUM(1)"]})
    formatting.save_csv(rows, tmp_path / "a.csv", "en")
    lines = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert lines[1:] == [f"'-2+3,-5,'{FORMULA}", "+1,5,'@SUM(1)"]


@pytest.mark.parametrize("text", [FORMULA, "#REF!", "http://b.example", "-5"])
def test_workbooks_of_the_explorer_hold_texts(text):
    book = markup.table_files(pd.DataFrame({"scenario": [text], "insured": [9]}), "t", "en")["t.xlsx"]
    cell = openpyxl.load_workbook(io.BytesIO(book)).active["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_the_workbook_of_a_slides_chart_holds_texts():
    slide = (slides := Presentation()).slides.add_slide(slides.slide_layouts[6])
    names = (FORMULA, "http://b.example")
    series = (chart_series("=A1", [1, None], "n"), chart_series("@b", [2, 3], "n"))
    add_native_chart(slide, ChartDescription("", "", "bar", names, series), (1, 1, 5, 5), "vi")
    chart = slide.shapes[0].chart
    sheet = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
    assert [c.value for c in sheet["A"]] == [None, *names]
    assert [c.value for c in sheet["B"]] == ["=A1", 1, None]
    assert {c.data_type for row in sheet for c in row} == {"s", "n"}
    assert not any(c.hyperlink for row in sheet for c in row)
    assert (tuple(chart.plots[0].categories), [s.name for s in chart.plots[0].series]) == (names, ["=A1", "@b"])


@given(texts)
def test_every_text_can_be_broken_into_lines(text):
    assert "".join(wrap_text(text, 1.0).split()) == "".join(text.split())


def test_charts_have_no_formulas_and_space_for_long_names(data, recwarn):
    rows = bhyt.coverage(data, "X001", by=["commune"])
    names = [*TEXTS, "Xã 上海", "Xã " + "dài " * 60, "x" * 250]
    rows = rows.assign(name=[names[-1 - i] for i in range(len(rows))])
    chart = bhyt.charts.communes(rows, "huyện $x$ " + "dài " * 60, ("$a$ 90%", 0.9), "vi", "$x$ " * 300)
    chart.figure.canvas.draw()
    assert not any(text.get_parse_math() for text in chart.figure.findobj(Text))
    assert recwarn.list == []  # of a chart without space, or of signs that the font lacks


def test_a_terminal_gets_no_codes(capsys):
    safe_text.print_text("a\x1b[2J\x9b31m\rb\u202ec\ud800", f"{STRONG}d{STRONG}")
    assert capsys.readouterr().out == "a[2J31m\nbc d\n"
