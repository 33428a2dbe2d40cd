"""The page, the report, the slides and the annex tables of an area agree, and look as offices need them."""

import io
import json
import os
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Emu, Pt

import bhyt_analysis as bhyt
from bhyt_analysis.documents import docx as docx_module
from bhyt_analysis.documents.annexes import MAX_PAGES, Division
from bhyt_analysis.documents.brief import figure_sources, split_sentences, write_brief
from bhyt_analysis.documents.content import Block, read_content
from bhyt_analysis.documents.docx import write_docx
from bhyt_analysis.documents.formats import check_formats, files_of, write_office
from bhyt_analysis.documents.image_slices import slice_image
from bhyt_analysis.documents.pdf import convert_office
from bhyt_analysis.documents.pdf_programs import find_office
from bhyt_analysis.documents.pptx import write_pptx
from bhyt_analysis.documents.word import text_lines
from bhyt_analysis.documents.xlsx import write_xlsx
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.i18n.safe_text import plain_text
from bhyt_analysis.tables.columns import column_name

from ..conftest import ALL_FORMATS, write_table
from ..csv_files import read_csv_rows
from ..waiting import run as run_process

SLUGS = ("son-duong", "luc-ngan", "mau-01-gia-lap", "ly-son")
BRIEFINGS = [*(("vi", slug) for slug in SLUGS), *(("en", slug) for slug in SLUGS[:3])]
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture(params=BRIEFINGS, ids=lambda m: "-".join(m))
def document(briefings, request):
    lang, slug = request.param
    return lang, briefings / lang / slug / slug


@pytest.fixture(params=[b for b in BRIEFINGS if b[1] != "ly-son"], ids=lambda m: "-".join(m))
def full_document(briefings, request):
    """Of an area with figures of enrolment; without any the briefing is one page."""
    lang, slug = request.param
    return lang, briefings / lang / slug / slug


def least(stem, count):
    """Return how many parts there are at least: one on the page without enrolment."""
    return 1 if stem.name == "ly-son" else count


def document_text(report):
    """All text of a report, tables and fields as well."""
    paragraphs = report.element.body.iter(qn("w:p"))
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in paragraphs)


def page_text(path):
    page = path.read_text("utf-8")
    body = re.search(r"<main>(.*)</main>", page, re.DOTALL).group(1)
    body = re.sub(r"<style.*?</style>|<figure.*?</figure>", " ", body, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", body).replace("&lt;", "<").replace("&amp;", "&").replace("&#39;", "'")


def slide_text(show):
    parts = []
    for slide in show.slides:
        for shape in slide.shapes:
            parts += [shape.text_frame.text] if shape.has_text_frame else []
            parts += [c.text for row in shape.table.rows for c in row.cells] if shape.has_table else []
    return "\n".join(parts)


def figures(text):
    """The numbers of a text, as they are written."""
    return set(re.findall(r"\d[\d.,]*\d|\d", text))


# --- The same numbers everywhere ------------------------------------------------------------------


def plain(text):
    return " ".join(text.split())


def page_texts(path):
    """The paragraphs and bullets of a page, without captions and notes."""
    main = BeautifulSoup(path.read_text("utf-8"), "html.parser").find("main")
    return [plain(t.get_text()) for t in main.find_all(["p", "li"]) if not t.get("class")]


def page_tables(path):
    """The cells of each table of a page by the name of its item, the headings first."""
    main = BeautifulSoup(path.read_text("utf-8"), "html.parser").find("main")
    tables = {}
    for caption in main.find_all("p", class_="caption"):
        rows = caption.find_next("table").find_all("tr")
        tables[caption["id"].removeprefix("table-")] = [
            [plain(c.get_text()) for c in r.find_all(["th", "td"])] for r in rows
        ]
    return tables


def report_texts(report, content):
    """The paragraphs and bullets of a report, without the cross references at their ends."""
    words = "|".join(translate(f"label.{kind}", content.lang) for kind in ("chart", "table", "appendix"))
    see = translate("label.see", content.lang)
    own = [p for p in report.paragraphs if p.style.name in ("Normal", "List Bullet") and p._p.xpath(".//w:t")]
    texts = [plain("".join(t.text for t in p._p.iter(qn("w:t")))) for p in own]
    return [re.sub(rf" \((?:(?:, |; )?(?:{see} )?(?:{words})\s\d+)+\)$", "", text) for text in texts]


def report_tables(report):
    """The cells of each table of a report by its caption; one in parts is put together again."""
    tables, caption = {}, None
    for element in report.element.body:
        if element.tag == qn("w:p") and re.search(r"_Ref_(table|appendix)_", element.xml):
            caption = "".join(t.text for t in element.iter(qn("w:t"))).partition(". ")[2]
        if element.tag == qn("w:tbl"):
            rows = [
                ["".join(t.text or "" for t in c.iter(qn("w:t"))) for c in r.iter(qn("w:tc"))]
                for r in element.iter(qn("w:tr"))
            ]
            before = tables.get(caption)
            tables[caption] = [b + r[1:] for b, r in zip(before, rows, strict=True)] if before else rows
    return tables


def test_the_report_says_what_the_page_says_word_for_word(document):
    _lang, stem = document
    content = read_content(stem.with_suffix(".ipynb"))
    report = report_texts(Document(stem.with_suffix(".docx")), content)
    texts = [plain(plain_text(line)) for b in content.of_kind("text") for line in text_lines(b.text)]
    sources = content.item("sources", "text") if content.item("headline", "table") else None
    assert len(report) >= least(stem, 8)
    assert report == [t.removeprefix("- ") for t in texts if sources is None or t != plain(sources.text)]
    page = page_texts(stem.with_suffix(".html"))
    assert [t for t in report if t not in page] == []


def test_each_table_is_once_in_the_report_cell_by_cell(document):
    _lang, stem = document
    content = read_content(stem.with_suffix(".ipynb"))
    page, report = page_tables(stem.with_suffix(".html")), report_tables(Document(stem.with_suffix(".docx")))
    blocks = [b for b in content.of_kind("table") if b.name != "sources"]  # which are footnotes
    assert list(report) and set(report) == {b.caption for b in blocks}
    for block in blocks:
        if block.name == "headline" and content.table("sources"):  # the last column has the marks of footnotes
            report[block.caption] = [row[:-1] for row in report[block.caption]]
        headings = [h for h in page[block.name][0] if h in report[block.caption][0]]
        kept = [page[block.name][0].index(h) for h in headings]
        assert report[block.caption] == [[row[i] for i in kept] for row in page[block.name]], block.name
        dropped = {c.key for c in block.table.columns if c.heading not in headings}
        assert dropped <= {"area", "population"}  # codes; the people that an annex before has


def test_the_sources_of_the_headline_figures_are_footnotes(full_document):
    _lang, stem = full_document
    content, report = read_content(stem.with_suffix(".ipynb")), Document(stem.with_suffix(".docx"))
    (part,) = [r.target_part for r in report.part.rels.values() if r.reltype == f"{RELATED}/footnotes"]
    notes = etree.fromstring(part.blob).findall(qn("w:footnote"))
    texts = ["".join(t.text for t in n.iter(qn("w:t"))).strip() for n in notes[2:]]
    assert [n.get(qn("w:id")) for n in notes] == [str(i) for i in range(len(notes))]
    assert len(texts) == len(set(texts)) == len(report.element.xpath(".//w:footnoteReference")) >= 1
    sources = list(figure_sources(content)) or list(content.table("sources").notes)
    assert [s for s in sources if not any(s in t for t in texts) and ":" not in s] == []


def test_the_brief_has_the_verdict_figures_and_proposals_of_the_page(document):
    lang, stem = document
    content, brief = read_content(stem.with_suffix(".ipynb")), Document(f"{stem}-tom-tat.docx")
    verdict = plain(plain_text(content.item("verdict", "text").text))
    texts = [plain(p.text) for p in brief.paragraphs]
    assert verdict in texts
    assert len(brief.inline_shapes) == (content.item("verdict", "chart") is not None)
    assert brief.sections[0].page_width.mm == pytest.approx(210, abs=0.1)
    assert brief.styles["Normal"].font.size == Pt(13)
    page = page_text(stem.with_suffix(".html"))
    assert [n for n in figures(" ".join(texts)) if n not in page and len(n) > 1] == []
    assert sum(len(t.rows) for t in brief.tables) <= 7
    if stem.name != "ly-son":
        assert translate("label.brief_proposals", lang) in texts


def test_the_figures_of_the_verdict_are_the_same_in_every_format(document):
    _lang, stem = document
    content = read_content(stem.with_suffix(".ipynb"))
    verdict = figures(plain_text(content.item("verdict", "text").text))
    texts = {
        "html": page_text(stem.with_suffix(".html")),
        "docx": document_text(Document(stem.with_suffix(".docx"))),
        "brief": document_text(Document(f"{stem}-tom-tat.docx")),
        "pptx": slide_text(Presentation(stem.with_suffix(".pptx"))),
        "card": Path(f"{stem}-chia-se.txt").read_text("utf-8"),
    }
    assert verdict
    for name, text in texts.items():
        assert verdict - figures(text) == set(), name


def test_the_card_is_a_picture_of_1080_by_1350_and_a_text_of_300_letters(document):
    lang, stem = document
    with Image.open(f"{stem}-chia-se.png") as picture:
        assert picture.size == (1080, 1350)
    content, text = read_content(stem.with_suffix(".ipynb")), Path(f"{stem}-chia-se.txt").read_text("utf-8").strip()
    assert len(text) <= 300
    assert text.startswith(f"{content.area_heading}: {plain_text(content.item('verdict', 'text').text)}")
    assert (translate("stamp.synthetic", lang) in text) == (stem.name == "mau-01-gia-lap")


def test_the_slides_say_only_what_the_page_says(document):
    lang, stem = document
    page = "\n".join(page_texts(stem.with_suffix(".html")))
    tables = page_tables(stem.with_suffix(".html"))
    tags = ("estimated", "conflict", "synthetic", "proposal")
    stamps = [translate(f"{key}.{tag}", lang) for key in ("stamp", "stamp_some") for tag in tags]
    counted = translate("text.more_bars", lang, shown=30, count=31).split("30")[0]
    bodies = grids = 0
    for slide in Presentation(stem.with_suffix(".pptx")).slides:
        title = slide.shapes.title.text
        is_sources = title.startswith(translate("slide.sources", lang, count=0).split("0")[0])
        assert title in page or is_sources or title.endswith(translate("slide.tasks", lang, count=0)[1:])
        for shape in slide.shapes:
            if shape.has_table:
                rows = [[plain(c.text) for c in row.cells] for row in shape.table.rows]
                own = next(t for t in tables.values() if [h for h in t[0] if h in rows[0]] == rows[0])
                kept = [own[0].index(h) for h in rows[0]]
                assert rows == [[row[i] for i in kept] for row in own[: len(rows)]]
                grids += 1
            elif shape.has_text_frame and title != shape.text_frame.text and not is_sources:
                lines = [plain(p.text) for p in shape.text_frame.paragraphs]
                runs = shape.text_frame.paragraphs[0].runs
                if not runs or runs[0].font.size in (Pt(12), Pt(13)):  # the number, sources, notes; the area, stamps
                    continue
                texts = [t for t in lines if t and t not in stamps and not t.startswith(counted)]
                sentences = [s for t in texts for s in split_sentences(t)]  # but those that another slide has
                assert [s for s in sentences if s not in page] == [], title
                bodies += len(texts)
    assert bodies >= least(stem, 4)
    assert grids >= 1


def is_small(paragraph):
    """The number of a slide, its stamps, the line of sources and notes."""
    return not paragraph.runs or paragraph.runs[0].font.size in (Pt(12), Pt(13))


def test_no_slide_says_what_another_one_says(document):
    _lang, stem = document
    slides = list(Presentation(stem.with_suffix(".pptx")).slides)
    titles = [s.shapes.title.text for s in slides]
    assert len(titles) == len(set(titles))
    bodies = [
        [p.text for x in s.shapes if x.has_text_frame for p in x.text_frame.paragraphs if not is_small(p)]
        for s in slides[1:]
    ]
    sentences = [
        s for body in bodies for text in body for s in split_sentences(text) if not s.startswith(("Nguồn", "Source"))
    ]
    assert sorted(sentences) == sorted(set(sentences))


def test_titles_of_slides_are_sentences_with_a_number(full_document):
    _lang, stem = full_document
    titles = [s.shapes.title.text for s in Presentation(stem.with_suffix(".pptx")).slides]
    captions = {b.caption for b in read_content(stem.with_suffix(".ipynb")).blocks}
    assert [t for t in titles if t in captions or not figures(t)] == []


def test_the_first_slide_is_the_verdict_with_its_chart_and_decisions(full_document):
    _lang, stem = full_document
    slide = Presentation(stem.with_suffix(".pptx")).slides[0]
    content = read_content(stem.with_suffix(".ipynb"))
    assert any(content.area_heading in s.text_frame.text for s in slide.shapes if s.has_text_frame)
    assert plain_text(content.item("verdict", "text").text).startswith(slide.shapes.title.text)
    assert any(s.has_chart or s.shape_type == 13 for s in slide.shapes)
    assert slide._element.xpath(".//a:buChar")


def test_the_slide_of_sources_names_those_of_the_headline_figures(full_document):
    lang, stem = full_document
    slides, start = (
        Presentation(stem.with_suffix(".pptx")).slides,
        translate("slide.sources", lang, count=0).split("0")[0],
    )
    (slide,) = [s for s in slides if s.shapes.title.text.startswith(start)]
    bodies = [s for s in slide.shapes if s.has_text_frame and s != slide.shapes.title]
    bullets = [p.text for s in bodies for p in s.text_frame.paragraphs if p._p.xpath("./a:pPr/a:buChar")]
    table = read_content(stem.with_suffix(".ipynb")).item("sources", "table").table
    if any(c.key == "source" for c in table.columns):
        assert set(bullets) == {part for cell in table.column("source") for part in cell.split("; ") if part}
    assert bullets


def test_the_headline_figures_are_in_all_four(document):
    _lang, stem = document
    content = read_content(stem.with_suffix(".ipynb"))
    values = content.item("headline", "table").table.column("value")
    assert len(values) >= 4
    texts = [page_text(stem.with_suffix(".html")), document_text(Document(stem.with_suffix(".docx")))]
    for text in texts:
        assert [v for v in values if v not in text] == []
    slides = slide_text(Presentation(stem.with_suffix(".pptx")))
    assert [v for v in values[:10] if v not in slides] == []
    record = json.loads((stem.parent / "facts.json").read_text("utf-8"))
    facts = [f for f in record["facts"] if stem.name != "ly-son" or not f["key"].endswith("_target")]
    assert [f["text"] for f in facts] == values  # on one page a target is in the row of its people


def annex(stem, order, values=True):
    """The headings and rows of an annex, from its row of headings on."""
    book = openpyxl.load_workbook(stem.with_suffix(".xlsx"), data_only=values)
    rows = list(book.worksheets[order - 1].iter_rows(min_row=6, values_only=True))
    return list(rows[0]), rows[1:]


def table_of(stem, name):
    return read_csv_rows(stem.parent / "tables" / f"{name}.csv", stem.parents[1].name)


def test_the_annexes_hold_the_figures_of_the_tables(briefings):
    for lang, slug in (("vi", "mau-01-gia-lap"), ("en", "mau-01-gia-lap"), ("vi", "luc-ngan")):
        stem = briefings / lang / slug / slug
        heads, rows = annex(stem, 5)
        table = table_of(stem, "lost")
        lost = "Không còn được NSNN đóng" if lang == "vi" else "State-paid card ended"
        total, *want = (int(r[table[0].index(lost)]) for r in table[1:])
        got = [row[heads.index(lost)] for row in rows[1 : 1 + len(want)]]
        assert got == want
        assert rows[0][heads.index(lost)] == sum(want) == total
    stem = briefings / "vi" / "son-duong" / "son-duong"
    heads, rows = annex(stem, 2)
    assert rows[0][2] == 155_163
    # Each group of the plan with its parts right below it, in the order of the law of today.
    plan = [(1, 8_541), (2, 5_374), (3, 81_395), *[(None, n) for n in (37_373, 1_210, 4_154, 38_658)],
            (4, 33_118), *[(None, n) for n in (6_198, 24_746, 2_174)], (5, 26_735)]  # fmt: skip
    assert [(row[0] or None, row[2]) for row in rows[1:13]] == plan
    assert rows[12][3] == pytest.approx(26_735 / 155_163)  # the plan printed 17.2%


def test_the_total_of_the_targets_is_what_the_plan_needs(briefings):
    for slug, people in (("son-duong", 165_191), ("luc-ngan", 224_275), ("mau-01-gia-lap", 60_355)):
        heads, rows = annex(briefings / "vi" / slug / slug, 1)
        assert rows[0][heads.index(column_name("target_people"))] == people


# --- Annex tables ---------------------------------------------------------------------------------


def value_of(formula, sheet):
    """What a formula of ours comes to, worked out from the cells that it names."""

    def cell(name):
        value = sheet[name.replace("$", "")].value
        return value_of(value, sheet) if isinstance(value, str) and value.startswith("=") else value

    def spans(match):
        cells = []
        for part in match.group(1).split(","):
            first, _, last = part.partition(":")
            block = sheet[first : last or first]
            cells += [c.coordinate for row in (block if isinstance(block, tuple) else ((block,),)) for c in row]
        return "(" + "+".join(cells) + ")"

    text = re.sub(r"SUM\(([^)]*)\)", spans, formula.lstrip("="))
    text = re.sub(r"\$?[A-Z]{1,2}\$?\d+", lambda m: repr(cell(m.group())), text)
    return eval(text, {"ROUND": lambda x, n: int(x + 0.5), "__builtins__": {}})


def test_every_formula_gives_the_figure_that_is_kept_with_it(full_document):
    _lang, stem = full_document
    book = openpyxl.load_workbook(stem.with_suffix(".xlsx"))
    kept = openpyxl.load_workbook(stem.with_suffix(".xlsx"), data_only=True)
    count = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    count += 1
                    assert kept[sheet.title][cell.coordinate].value == pytest.approx(value_of(cell.value, sheet)), cell
    assert count >= 2


def test_sums_and_rates_are_formulas_and_the_total_comes_first(briefings):
    sheets = openpyxl.load_workbook(briefings / "vi" / "mau-01-gia-lap" / "mau-01-gia-lap.xlsx").worksheets
    assert [s.title for s in sheets] == [f"Biểu {i:02d}" for i in range(1, 8)]
    first = {s.title: [c.value for c in s[7]] for s in sheets}
    for title in ("Biểu 01", "Biểu 02", "Biểu 03", "Biểu 05"):
        assert first[title][1] == "Tổng số"
        assert any(str(v).startswith("=SUM(") for v in first[title])
    assert first["Biểu 01"][5] == "=E7/D7"
    assert sheets[3]["D8"].value == "=C8-C7"  # the change on the month before
    assert sheets[2]["F8"].value == "=C8*ROUND(D8*E8,0)"


def test_the_annexes_print_on_a4_with_their_headings_on_every_page(document):
    lang, stem = document
    for sheet in openpyxl.load_workbook(stem.with_suffix(".xlsx")).worksheets:
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.print_title_rows == "$6:$6"
        assert sheet.page_setup.fitToWidth in (None, 1)  # one is what a file need not say
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        unit = ("Đơn vị tính" if lang == "vi" else "Unit") + ":"
        if not sheet.title.endswith("06"):  # the log of data has no unit
            assert any(str(c.value).startswith(unit) for c in sheet[5])
        assert sheet["A6"].font.name == "Times New Roman"


def test_an_annex_without_figures_says_what_it_needs(briefings):
    book = openpyxl.load_workbook(briefings / "vi" / "ly-son" / "ly-son.xlsx")
    text = [str(c.value) for row in book["Biểu 02"].iter_rows() for c in row if c.value]
    assert any("cần số thẻ theo nhóm" in t for t in text)


def test_a_name_is_never_a_formula(briefings, tmp_path):
    source = briefings / "vi" / "mau-01-gia-lap" / "mau-01-gia-lap.ipynb"
    evil = '=HYPERLINK("http://x","y")'
    notebook = tmp_path / "evil.ipynb"
    notebook.write_text(source.read_text("utf-8").replace('"Xã Mẫu 01"', json.dumps(evil)), "utf-8")
    write_xlsx(read_content(notebook), tmp_path / "evil.xlsx")
    cells = [c for s in openpyxl.load_workbook(tmp_path / "evil.xlsx").worksheets for row in s.iter_rows() for c in row]
    hit = [c for c in cells if c.value == evil]
    assert hit
    with zipfile.ZipFile(tmp_path / "evil.xlsx") as archive:
        sheets = "".join(archive.read(n).decode() for n in archive.namelist() if "worksheets/sheet" in n)
    assert "HYPERLINK" not in sheets  # it is one of the texts


# --- Report ---------------------------------------------------------------------------------------


def test_the_report_has_the_page_of_decree_30(document):
    _lang, stem = document
    report = Document(stem.with_suffix(".docx"))
    (section,) = report.sections
    size = [round(v.mm) for v in (section.page_width, section.page_height)]
    assert size == [210, 297]
    assert 20 <= section.top_margin.mm <= 25
    assert 20 <= section.bottom_margin.mm <= 25
    assert 30 <= section.left_margin.mm <= 35
    assert 15 <= section.right_margin.mm <= 20.01
    body = report.styles["Normal"]
    assert (body.font.name, body.font.size) == ("Times New Roman", Pt(14))
    assert body.paragraph_format.alignment == WD_ALIGN_PARAGRAPH.JUSTIFY
    assert section.different_first_page_header_footer
    assert section.header.paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.CENTER
    assert "PAGE" in section.header.paragraphs[0]._p.xml
    assert "PAGE" not in section.first_page_header._element.xml


def test_every_style_that_is_used_is_times_new_roman(document):
    _lang, stem = document
    report = Document(stem.with_suffix(".docx"))
    for style in {p.style.name: p.style for p in report.paragraphs}.values():
        fonts = style.element.rPr.find(qn("w:rFonts")) if style.element.rPr is not None else None
        assert fonts is not None, style.name
        assert set(fonts.attrib.values()) == {"Times New Roman"}, style.name


def test_headings_captions_and_references_are_words_own(full_document):
    _lang, stem = full_document
    report = Document(stem.with_suffix(".docx"))
    content = read_content(stem.with_suffix(".ipynb"))
    heads = [p.text for p in report.paragraphs if p.style.name == "Heading 1"]
    own = [b.text for b in content.of_kind("heading") if b.level == 2 and b.name != "sources"]
    annexes = [h for h in heads if h.startswith(translate("label.appendix", _lang))]
    assert [h.split(". ", 1)[1] for h in heads if h not in annexes] == own
    captions = [p for p in report.paragraphs if p.style.name == "Caption"]
    names = {b.name for b in content.blocks if b.kind in ("chart", "table") and b.name}
    assert len(annexes) + len(captions) >= len(names - {"sources"})
    assert all("SEQ" in p._p.xml for p in report.paragraphs if p.style.name == "Caption" or p.text in annexes)
    xml = report.element.xml
    marks = set(re.findall(r'w:bookmarkStart w:id="\d+" w:name="(\w+)"', xml))
    references = set(re.findall(r"[^E]REF (\w+) ", xml))
    assert {m for m in marks if "appendix" in m} <= references
    assert references
    assert references <= marks
    assert xml.count('fldCharType="begin"') == xml.count('fldCharType="end"')


def test_pictures_have_alternative_texts_and_tables_repeat_their_heading(document):
    _lang, stem = document
    report = Document(stem.with_suffix(".docx"))
    content = read_content(stem.with_suffix(".ipynb"))
    alts = [s._inline.docPr.get("descr") for s in report.inline_shapes]
    assert len(alts) == len(set(alts)) >= least(document[1], 3)
    assert set(alts) <= {b.chart.alt for b in content.of_kind("chart")}
    assert all(any(c.isdigit() for c in alt) for alt in alts)
    assert all(159 <= s.width.mm <= 161 for s in report.inline_shapes)
    assert all(s.height.mm <= 232 for s in report.inline_shapes)
    heads = [c.text for t in report.tables for c in t.rows[0].cells]
    tables = [b.table for b in content.of_kind("table") if b.name != "sources"]
    headings = [c.heading for table in tables for c in table.columns if c.key != "area"]
    assert [h for h in headings if h not in heads] == []
    assert len(report.tables) >= len(tables)
    assert all(sum(c.width for c in t.columns) / 36000 <= 161 for t in report.tables)
    for table in report.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def pages(path):
    return len(re.findall(rb"/Type ?/Page[^s]", path.read_bytes()))


@pytest.mark.skipif(find_office() is None, reason="LibreOffice is not installed")
def test_a_brief_has_two_pages_and_a_report_eight(briefings, tmp_path, monkeypatch):
    """As LibreOffice lays them out: the annexes of a report come after its body."""
    divide = docx_module.divide
    monkeypatch.setattr(docx_module, "divide", lambda *args: Division(divide(*args).body, ()))
    files = []
    for lang, slug in BRIEFINGS:
        content = read_content(briefings / lang / slug / f"{slug}.ipynb")
        files += [tmp_path / f"{lang}-{slug}-brief.docx", tmp_path / f"{lang}-{slug}-body.docx"]
        write_brief(content, files[-2])
        write_docx(content, files[-1])
    convert_office(find_office(), files)
    counts = {f.stem: pages(f.with_suffix(".pdf")) for f in files}
    limits = {"brief": 2, "body": MAX_PAGES}
    assert {n: c for n, c in counts.items() if not 1 <= c <= limits[n.rpartition("-")[2]]} == {}


def test_the_report_is_marked_as_reference_and_has_no_motto(document):
    lang, stem = document
    text = document_text(Document(stem.with_suffix(".docx")))
    assert ("không phải văn bản hành chính" if lang == "vi" else "not an administrative document") in text
    for word in ("CỘNG HÒA", "Độc lập - Tự do", "Nơi nhận", "KÝ TÊN", "CHỦ TỊCH"):
        assert word not in text


def test_what_an_analyst_adds_to_the_notebook_is_in_the_report(briefings, tmp_path):
    source = json.loads((briefings / "vi" / "son-duong" / "son-duong.ipynb").read_text("utf-8"))
    source["cells"].insert(
        4, {"cell_type": "markdown", "metadata": {}, "id": "mine", "source": ["## Nhận xét của huyện\n"]}
    )
    source["cells"].insert(
        5, {"cell_type": "markdown", "metadata": {}, "id": "mine2", "source": ["Đã **đối chiếu** ngày 5/1."]}
    )
    notebook = tmp_path / "mine.ipynb"
    notebook.write_text(json.dumps(source), "utf-8")
    write_docx(read_content(notebook), tmp_path / "mine.docx")
    report = Document(tmp_path / "mine.docx")
    added = next(p for p in report.paragraphs if "đối chiếu" in p.text)
    assert [r.text for r in added.runs if r.bold] == ["đối chiếu"]
    assert any("Nhận xét của huyện" in p.text and p.style.name == "Heading 1" for p in report.paragraphs)


def test_a_notebook_that_is_no_briefing_is_refused(tmp_path):
    empty = tmp_path / "x.ipynb"
    empty.write_text('{"cells": []}', "utf-8")
    with pytest.raises(ValueError, match="no executed briefing"):
        read_content(empty)


# --- Slides ---------------------------------------------------------------------------------------


def test_there_are_8_to_15_slides_with_notes_inside_the_frame(full_document):
    _lang, stem = full_document
    show = Presentation(stem.with_suffix(".pptx"))
    assert 8 <= len(show.slides) <= 15
    for slide in show.slides:
        assert slide.shapes.title.text.strip()
        assert slide.has_notes_slide
        assert slide.notes_slide.notes_text_frame.text.strip()
        for shape in slide.shapes:
            assert shape.left >= 0, shape.name
            assert shape.top >= 0
            assert shape.left + shape.width <= show.slide_width + Emu(1)
            assert shape.top + shape.height <= show.slide_height + Emu(1)


def native(show):
    return [(slide, s) for slide in show.slides for s in slide.shapes if s.has_chart]


def test_native_charts_hold_the_figures_of_their_tables(full_document):
    _lang, stem = full_document
    show = Presentation(stem.with_suffix(".pptx"))
    charts = {b.chart.alt: b.chart for b in read_content(stem.with_suffix(".ipynb")).of_kind("chart")}
    shapes = native(show)
    assert len(shapes) >= 3
    for _slide, shape in shapes:
        description = charts[shape._element.nvGraphicFramePr.cNvPr.get("descr")]
        plot = shape.chart.plots[0]
        count = len(plot.categories)
        assert list(plot.categories) == list(description.categories[:count])
        assert count == min(len(description.categories), 30)
        for plotted, series in zip(plot.series, description.series, strict=True):
            assert tuple(plotted.values) == series.values[:count]
        book = openpyxl.load_workbook(io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
        cells = [row[1] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
        values = [float("nan") if v is None else v for v in description.series[0].values[:count]]
        assert [float("nan") if v is None else v for v in cells] == pytest.approx(values, rel=1e-12, nan_ok=True)


def test_the_labels_of_native_charts_are_numbers_of_the_page(document):
    """A bar drawn from 0.762823 is labelled 76.3%, as the page says, and not 76.28%."""
    lang, stem = document
    content = read_content(stem.with_suffix(".ipynb"))
    charts = {b.chart.alt: b.chart for b in content.of_kind("chart")}
    for _, shape in native(Presentation(stem.with_suffix(".pptx"))):
        alt = shape._element.nvGraphicFramePr.cNvPr.get("descr")
        for series in charts[alt].series:
            for value in series.values[:8]:
                if value is not None and len(series.values) <= 8:
                    assert format_message("{v:" + series.spec + "}", lang, v=value) in alt


def test_the_chart_of_groups_is_the_table_of_groups(briefings):
    stem = briefings / "vi" / "son-duong" / "son-duong"
    content = read_content(stem.with_suffix(".ipynb"))
    table = table_of(stem, "groups")
    assert content.item("groups", "chart").chart.series[0].values == tuple(float(r[1]) for r in table[1:])


def test_every_picture_and_chart_of_a_slide_has_an_alternative_text(document):
    _lang, stem = document
    for slide in Presentation(stem.with_suffix(".pptx")).slides:
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table or shape.shape_type == 13:
                about = shape._element.xpath(".//p:cNvPr")[0].get("descr")
                assert about, (slide.shapes.title.text, shape.name)


def test_texts_of_slides_are_readable_and_in_times_new_roman(document):
    _lang, stem = document
    for slide in Presentation(stem.with_suffix(".pptx")).slides:
        for shape in slide.shapes:
            for paragraph in shape.text_frame.paragraphs if shape.has_text_frame else ():
                for run in paragraph.runs:
                    assert run.font.size >= Pt(12)
                    assert run.font.name == "Times New Roman"
            if shape.has_chart:
                assert shape.chart.font.size >= Pt(9)


def test_targets_are_hollow_beside_the_coverage_that_was_counted(briefings):
    show = Presentation(briefings / "vi" / "son-duong" / "son-duong.pptx")
    (chart,) = [s.chart for _, s in native(show) if s.chart.chart_type == XL_CHART_TYPE.LINE_MARKERS]
    points = chart.plots[0].series[0].points
    colors = [points[i].marker.format.fill.fore_color.rgb for i in range(1, len(chart.plots[0].categories))]
    assert set(map(str, colors)) == {"FFFFFF"}
    assert str(chart.plots[0].series[0].marker.format.fill.fore_color.rgb) == "0072B2"


def test_slides_are_numbered_and_stamped_where_figures_are_weak(briefings):
    show = Presentation(briefings / "vi" / "mau-01-gia-lap" / "mau-01-gia-lap.pptx")
    slides = list(show.slides)
    for number, slide in enumerate(slides, 1):
        fields = slide._element.xpath(".//a:fld[@type='slidenum']/a:t")
        assert [f.text for f in fields] == [str(number)]
    stamped = [
        any(s.has_text_frame and s.text_frame.text == "SỐ LIỆU GIẢ LẬP" for s in slide.shapes) for slide in slides
    ]
    stamps = dict(zip((s.shapes.title.text for s in slides), stamped, strict=True))
    real = [title for title, stamp in stamps.items() if not stamp]
    assert all(title.startswith("Mức đóng") or "rà soát" in title.lower() for title in real)  # the law; the findings
    assert len(stamps) - len(real) >= 8


def test_a_target_above_a_rate_says_so_at_its_point(briefings):
    show = Presentation(briefings / "vi" / "luc-ngan" / "luc-ngan.pptx")
    lines = [s.chart for _, s in native(show) if s.chart.chart_type == XL_CHART_TYPE.LINE_MARKERS]
    (path,) = lines
    formats = [n.get("formatCode") for n in path._chartSpace.xpath(".//c:dLbl/c:numFmt")]
    assert '[$-42A]"trên "0.0#%' in formats
    assert path.value_axis.visible  # it does not begin at 0
    assert path.chart_title.text_frame.text == "% dân số"


def test_what_must_be_enrolled_a_month_is_rounded_up():
    """10,850 people in six months: 1,808 a month would be two too few."""
    assert format_message("{v:up}", "vi", v=10_850 / 6) == "1.809"
    assert format_message("{v:up}", "en", v=1_809.0) == "1,809"
    assert format_message("{v:up}", "en", v=None) == "–"


# --- A commune list as long as that of a new province ---------------------------------------------


@pytest.fixture(scope="module")
def long_briefing(briefings, tmp_path_factory):
    """A briefing whose chart of communes has 124 rows, as many as the largest provinces of July 2025 have."""
    content = read_content(briefings / "vi" / "son-duong" / "son-duong.ipynb")
    rows = pd.DataFrame({"name": [f"Xã {i:03}" for i in range(124)], "rate": [0.5 + i / 300 for i in range(124)]})
    tall = bhyt.charts.communes(rows.assign(status="published"), "tỉnh Dài", ("Chỉ tiêu: 90%", 0.9), "vi", "bảng cards")
    stem = tmp_path_factory.mktemp("long") / "long"
    bhyt.charts.save(tall, stem)
    image = stem.with_suffix(".png").read_bytes()
    chart = Block("chart", "communes", caption="Dài", image=image, chart=tall.description, number=99)
    rest = tuple(b for b in content.blocks if b.name != "commune_people")
    text = Block("text", "communes", text="Từ 50% đến 91%.")
    return replace(content, blocks=(*rest, text, chart)), chart, stem


def test_a_chart_of_124_communes_goes_on_overleaf_at_its_full_size(long_briefing):
    content, chart, stem = long_briefing
    write_docx(content, stem.with_suffix(".docx"))
    shapes = list(Document(stem.with_suffix(".docx")).inline_shapes)
    titles = [s._inline.docPr.get("title") for s in shapes]
    own = [s for s, title in zip(shapes, titles, strict=True) if title == "Dài"]
    assert len(own) >= 3
    assert all(159 <= s.width.mm <= 161 and s.height.mm <= 232 for s in own)
    picture = Image.open(io.BytesIO(chart.image))
    assert sum(s.height.mm for s in own) == pytest.approx(160 * picture.height / picture.width, abs=1)
    # A cut lies between two names: where the letters of the names are, the row of pixels is white.
    parts = slice_image(chart.image, chart.chart.page_breaks, 160, 232)
    assert len(parts) == len(own)
    assert sum(Image.open(io.BytesIO(p)).height for p in parts) == picture.height
    names = round(picture.width * 0.045), round(picture.width * 0.083)  # left of the axis
    for part in parts[:-1]:
        edge = Image.open(io.BytesIO(part)).convert("L")
        assert min(edge.crop((names[0], edge.height - 4, names[1], edge.height)).tobytes()) > 225


def test_a_picture_too_high_to_be_read_has_no_slide(long_briefing):
    content, chart, stem = long_briefing
    high = replace(chart, chart=replace(chart.chart, kind="picture"))
    write_pptx(replace(content, blocks=(*content.blocks[:-1], high)), stem.with_suffix(".pptx"))
    titles = [s.shapes.title.text for s in Presentation(stem.with_suffix(".pptx")).slides]
    assert "Từ 50% đến 91%" not in titles
    assert 8 <= len(titles) <= 15


def test_a_native_chart_of_many_units_says_how_many_it_shows(long_briefing):
    content, _, stem = long_briefing
    kept = replace(content, blocks=tuple(b for b in content.blocks if b.kind != "chart" or b.number == 99))
    write_pptx(kept, stem.with_suffix(".pptx"))
    (slide,) = [s for s in Presentation(stem.with_suffix(".pptx")).slides if s.shapes.title.text == "Từ 50% đến 91%"]
    text = " ".join(s.text_frame.text for s in slide.shapes if s.has_text_frame)
    assert "30/124" in text


# --- What office programs refuse --------------------------------------------------------------------


def parts_of(path):
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize("ending", [".docx", "-tom-tat.docx", ".pptx", ".xlsx"])
def test_every_part_of_a_package_is_complete_and_of_a_known_type(document, ending):
    """What makes Word, PowerPoint and Excel offer a repair: a part that lacks, is not XML, or has no type."""
    _lang, stem = document
    parts = parts_of(f"{stem}{ending}")
    trees = {n: etree.fromstring(b) for n, b in parts.items() if n.endswith((".xml", ".rels"))}
    types = trees["[Content_Types].xml"]
    part_names = {e.get("PartName") for e in types if e.get("PartName")}
    endings = {e.get("Extension") for e in types if e.get("Extension")}
    assert {n.lstrip("/") for n in part_names} <= set(parts)
    untyped = [n for n in parts if f"/{n}" not in part_names and n.rpartition(".")[2] not in endings]
    assert [n for n in untyped if n != "[Content_Types].xml"] == []
    for name, tree in trees.items():
        if name.endswith(".rels"):
            folder = Path(name).parent.parent
            inner = [e.get("Target") for e in tree if e.get("TargetMode") != "External"]
            paths = [os.path.normpath(folder / t) if not t.startswith("/") else t[1:] for t in inner]
            assert [t for t in paths if t not in parts] == [], name
            ids = [e.get("Id") for e in tree]
            assert len(ids) == len(set(ids)), name
    for name, tree in trees.items():  # and what a part names is in its relations
        used = {v for e in tree.iter() for k, v in e.attrib.items() if k.startswith("{" + RELATED + "}")}
        own = trees.get(f"{Path(name).parent}/_rels/{Path(name).name}.rels")
        assert used <= ({e.get("Id") for e in own} if own is not None else set()), name


@pytest.mark.parametrize("ending", ["docx", "pptx"])
def test_no_number_of_a_drawing_or_bookmark_is_used_twice(document, ending):
    _lang, stem = document
    for name, blob in parts_of(stem.with_suffix(f".{ending}")).items():
        if name == "word/document.xml" or name.startswith("ppt/slides/slide"):
            tree = etree.fromstring(blob)
            tags = ("docPr",) if ending == "docx" else ("docPr", "cNvPr")
            ids = [e.get("id") for e in tree.iter() if etree.QName(e).localname in tags]
            assert len(ids) == len(set(ids)), name
            marks = [e.get(qn("w:id")) for e in tree.iter(qn("w:bookmarkStart"))]
            assert len(marks) == len(set(marks)), name


# --- Page -----------------------------------------------------------------------------------------


def test_the_page_leads_to_its_sections_and_files(document):
    _lang, stem = document
    page = stem.with_suffix(".html").read_text("utf-8")
    anchors = re.findall(r' id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert len(anchors) >= least(stem, 7)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)
    for link in re.findall(r'href="([^"#:]+)"', page):
        if not link.startswith(".."):
            assert (stem.parent / link).is_file(), link
    files = {name for key in ALL_FORMATS[1:] for name in files_of(stem.name)[key]}
    assert files <= set(re.findall(r'href="([^"#:]+)"', page))


# --- Small groups ---------------------------------------------------------------------------------


def test_counts_under_five_are_in_no_document(small_input, tmp_path, build_here):
    columns = ["area", "as_of", "group", "cards", "status", "source"]
    counts = [("C1", "difficult_area", 700), ("C1", "employer_employee", 3), ("C1", "household", 197)]
    counts.append(("C2", "household", 900))
    rows = [[area, "2021-06-30", group, str(cards), "published", "BHXH"] for area, group, cards in counts]
    write_table(small_input / "cards.csv", columns, *rows)
    options = bhyt.BatchOptions(jobs=1, formats=ALL_FORMATS)
    (area,) = bhyt.run_batch(small_input, tmp_path / "out", ["D1"], options)["areas"]
    assert area["error"] is None
    stem = tmp_path / "out" / area["slug"] / area["slug"]
    chart = read_content(stem.with_suffix(".ipynb")).item("groups", "chart").chart
    assert chart.series[0].values.count(None) == 2
    for _, shape in native(Presentation(stem.with_suffix(".pptx"))):
        for series in shape.chart.plots[0].series:
            assert not [v for v in series.values if v is not None and 0 < v < 5 and float(v).is_integer()]
    sheets = openpyxl.load_workbook(stem.with_suffix(".xlsx"), data_only=True).worksheets
    cells = [c.value for s in sheets for row in s.iter_rows(min_row=7) for c in row[2:]]
    assert "<5" in cells
    assert 3 not in cells
    rows = [[c.text for c in r.cells] for t in Document(stem.with_suffix(".docx")).tables for r in t.rows]
    assert any("<5" in row for row in rows)
    assert not any("3" in row for row in rows)


# --- In the batch ---------------------------------------------------------------------------------


def test_an_area_is_built_again_only_for_a_format_that_it_lacks(tmp_path, build_here):
    def run(*formats):
        options = bhyt.BatchOptions(jobs=1, formats=formats or ("html",))
        (area,) = bhyt.run_batch(None, tmp_path, ["Lý Sơn"], options)["areas"]
        return area["status"], {Path(f).suffix for f in area["files"] if f.count("/") == 1}

    assert run() == ("done", {".html", ".ipynb", ".json"})
    assert run("docx") == ("done", {".html", ".ipynb", ".json", ".docx"})
    assert run() == ("skipped", {".html", ".ipynb", ".json", ".docx"})
    assert run("docx", "html")[0] == "skipped"
    assert run("xlsx")[0] == "done"
    index = (tmp_path / "index.html").read_text("utf-8")
    assert 'href="ly-son/ly-son.xlsx"' in index


def test_there_is_no_other_format(tmp_path):
    with pytest.raises(BhytError, match="odt"):
        check_formats(["odt"])
    call = [sys.executable, "-m", "bhyt_analysis.cli", "brief", "--out", tmp_path / "x", "--formats", "html,odt"]
    run = run_process(call)
    assert run.returncode == 2
    assert "odt" in run.stderr
    assert not (tmp_path / "x").exists()


def test_office_libraries_load_only_where_a_file_is_written(briefings, tmp_path):
    notebook = briefings / "vi" / "ly-son" / "ly-son.ipynb"
    code = (
        "import sys; from pathlib import Path; from bhyt_analysis.documents import formats, html_page\n"
        f"notebook, page = Path({str(notebook)!r}), Path({str(tmp_path / 'p.html')!r})\n"
        "formats.write_office(notebook, ('html',)); html_page.write_page(notebook, page)\n"
        "print([m for m in ('docx', 'pptx', 'xlsxwriter') if m in sys.modules])"
    )
    printed = run_process([sys.executable, "-c", code], check=True).stdout
    assert printed.strip() == "[]"


def test_headings_of_the_template_are_in_jupyterlab_only(briefings):
    """The outline of the notebook is neither on the page nor in the report, where each section has its own heading."""
    stem = briefings / "vi" / "ly-son" / "ly-son"
    cells = json.loads(stem.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    outline = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    assert len(outline) == 10
    assert all(re.fullmatch("## [^/]+ / [^/]+", heading) for heading in outline)
    texts = [page_text(stem.with_suffix(".html")), document_text(Document(stem.with_suffix(".docx")))]
    assert not [h for h in outline for text in texts if h.removeprefix("## ") in text]


def test_a_notebook_of_another_version_is_refused(briefings, tmp_path):
    notebook = (briefings / "vi" / "ly-son" / "ly-son.ipynb").read_text("utf-8")
    (tmp_path / "old.ipynb").write_text(notebook.replace('"schema": 1', '"schema": 0'), "utf-8")
    with pytest.raises(BhytError, match="outputs of schema 0, expected 1"):
        read_content(tmp_path / "old.ipynb")


def test_the_office_files_can_be_made_of_a_notebook_alone(briefings, tmp_path):
    notebook = tmp_path / "b.ipynb"
    notebook.write_bytes((briefings / "vi" / "ly-son" / "ly-son.ipynb").read_bytes())
    write_office(notebook, ["xlsx", "docx"])
    assert {p.name for p in tmp_path.iterdir()} == {"b.ipynb", "b.docx", "b.xlsx"}
