"""The briefing of an input of markup, scripts and formulas shows them as text in every format."""

import base64
import hashlib
import json
import re

import openpyxl
from bs4 import BeautifulSoup
from docx import Document
from docx.oxml.ns import qn
from lxml import etree
from nbconvert import HTMLExporter
from nbformat import read
from pptx import Presentation

from ..csv_files import read_csv_rows
from ..hostile import TEXTS


def one_line(texts):
    return " ".join(" ".join(texts).split())


def missing(texts):
    """Return which of the hostile texts are not among those that were read, as they were written."""
    line = one_line(texts)
    return [text for text in TEXTS if text not in line]


def test_the_page_and_plain_nbconvert_show_texts(hostile_briefing):
    notebook = read(hostile_briefing.with_suffix(".ipynb"), 4)
    plain = HTMLExporter(template_name="basic").from_notebook_node(notebook)[0]
    for html in (hostile_briefing.with_suffix(".html").read_text("utf-8"), plain):
        page = BeautifulSoup(html, "html.parser")
        assert missing([page.get_text()]) == []
        tags = page.find_all(True)
        assert not any(name.startswith("on") for tag in tags for name in tag.attrs)
        addresses = [str(tag.get("href", tag.get("src", ""))) for tag in tags]
        assert not [a for a in addresses if re.match("[a-z]+:", a, re.I) and not a.startswith("data:image/png;")]
        code = [script for script in page.find_all("script") if script.get("type") != "application/json"]
        assert len(code) == (html is not plain)


def test_the_constants_of_the_page_are_no_code(hostile_briefing):
    page = BeautifulSoup(hostile_briefing.with_suffix(".html").read_text("utf-8"), "html.parser")
    model = json.loads(page.find("script", id="bhyt-model").string)
    assert missing([model["name"]]) != TEXTS  # the name of the unit is one of the texts
    assert model["months"] and json.loads(page.find("script", id="bhyt-words").string)["locale"] == "vi-VN"


def test_pages_allow_their_one_script_and_load_nothing(hostile_briefing):
    for file in (hostile_briefing.with_suffix(".html"), hostile_briefing.parents[1] / "index.html"):
        page = BeautifulSoup(file.read_text("utf-8"), "html.parser")
        policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
        digest = base64.b64encode(hashlib.sha256(page.find("script", type=None).string.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'; " in policy
        assert policy.startswith("default-src 'none'; ")
        assert "http" not in policy


def test_jupyter_finds_no_formula_in_an_element(hostile_briefing):
    """JupyterLab sets a formula where an element has two dollars, or a backslash and what follows it."""
    cells = json.loads(hostile_briefing.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    outputs = [output["data"] for cell in cells for output in cell.get("outputs", []) if "data" in output]
    markdown = "".join("".join(data.get("text/markdown", "")) for data in outputs)
    assert not re.search(r"[$\\]", markdown)
    page = BeautifulSoup("".join("".join(data.get("text/html", "")) for data in outputs), "html.parser")
    strings = [str(text) for text in page.find_all(string=re.compile(r"[$\\]"))]
    assert strings
    assert set(strings) <= {"$", "\\"}


def test_the_report_and_the_slides_show_texts(hostile_briefing):
    report = Document(f"{hostile_briefing}.docx")
    body = report.element.body
    paragraphs = ["".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p"))]
    assert missing(paragraphs) == []
    assert {code.text.split()[0] for code in body.iter(qn("w:instrText"))} == {"SEQ", "REF", "NOTEREF"}
    slides = Presentation(f"{hostile_briefing}.pptx").slides
    frames = [shape.text_frame for slide in slides for shape in slide.shapes if shape.has_text_frame]
    notes = [slide.notes_slide.notes_text_frame for slide in slides]
    assert missing(frame.text for frame in [*frames, *notes]) == []
    for part in [report.part, *(slide.part for slide in slides)]:
        assert not [relation for relation in part.rels.values() if relation.is_external]


def test_sheets_hold_no_formula_of_the_input(hostile_briefing):
    book = openpyxl.load_workbook(f"{hostile_briefing}.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert not any(cell.hyperlink for cell in cells)
    formulas = [cell.value for cell in cells if cell.data_type == "f"]
    assert all(re.fullmatch(r"=[A-Z0-9$():,+\-*/ ]+", formula) for formula in formulas)
    names = one_line(str(cell.value) for cell in cells)
    assert all(text in names for text in TEXTS[:14])
    for file in (hostile_briefing.parent / "tables").glob("*.csv"):
        for row in read_csv_rows(file):
            numbers = (cell for cell in row if cell[:1] in tuple("=+-@"))
            assert all(re.fullmatch(r"[-+][\d.,]+%?", cell) for cell in numbers)


def test_pictures_hold_no_markup_of_the_input(hostile_briefing):
    files = sorted((hostile_briefing.parent / "charts").glob("*.svg"))
    assert files
    for file in files:
        drawing = etree.parse(file)  # also well formed where names are in its comments
        assert not drawing.xpath("//*[local-name()='script' or local-name()='foreignObject' or local-name()='a']")
        links = drawing.xpath("//@*[local-name()='href']")
        assert all(link.startswith(("#", "data:image/png;")) for link in links)
        assert not drawing.xpath("//@*[starts-with(local-name(), 'on')]")
