"""Make Word and PDF files of plans from their texts: ``python -m tests.plans.plan_files FOLDER_OF_TEXTS OUT``."""

import sys
from itertools import groupby
from pathlib import Path

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from bhyt_analysis.documents.pdf import convert_office
from bhyt_analysis.documents.pdf_programs import find_office
from bhyt_analysis.plans.structure import TITLE
from bhyt_analysis.plans.text_reader import read_text

TEXTS = Path(__file__).with_name("texts")
SUFFIXES = (".txt", ".md")


def write_plan_files(texts, out):
    """Write a Word file for each text of a folder, and a PDF of it where LibreOffice is installed."""
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for path in sorted(p for p in texts.iterdir() if p.suffix in SUFFIXES):
        files.append(out / f"{path.stem}.docx")
        write_word(read_text(path).blocks, files[-1])
    if program := find_office():
        convert_office(program, files)
    return files


def write_word(blocks, path):
    """Write blocks as an office types them: the page of Decree 30/2020, justified text, tables with rules."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin, section.top_margin = Mm(30), Mm(15), Mm(20)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(14)
    style.paragraph_format.space_after = Pt(6)
    _add_page_number(section.header.paragraphs[0])
    for table, group in groupby(blocks, lambda block: block.cell and block.cell.table):
        if table is None:
            for block in group:
                _add_paragraph(document, block)
        else:
            _add_table(document, list(group))
    document.save(path)


def _add_paragraph(document, block):
    paragraph = document.add_paragraph()
    paragraph.add_run(block.text).bold = block.is_heading or block.text.isupper()
    if block.place == TITLE or block.text.isupper():
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    else:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.first_line_indent = Mm(12.7)


def _add_table(document, blocks):
    rows, columns = (1 + max(getattr(b.cell, side) for b in blocks) for side in ("row", "column"))
    table = document.add_table(rows, columns, style="Table Grid")
    for block in blocks:
        cell = table.cell(block.cell.row, block.cell.column)
        paragraph = cell.add_paragraph() if cell.text else cell.paragraphs[0]
        paragraph.add_run(block.text).bold = block.cell.row == 0
    document.add_paragraph()


def _add_page_number(paragraph):
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


if __name__ == "__main__":
    for file in write_plan_files(Path(sys.argv[1]), Path(sys.argv[2])):
        print(file)
