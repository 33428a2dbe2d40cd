"""The text of Word documents as people see it: lists, tables, tracked changes, notes, old fonts, files that fail."""

import datetime as dt
import io
import zipfile

import docx
import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt

from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.plans.document import Cell
from bhyt_analysis.plans.plan import read_plan
from bhyt_analysis.plans.word_reader import read_word

from .word_documents import TRACKED, add_xml, deleted, field, inserted, link, paragraph, read_xml, run, save, texts

SENTENCE = "Tổng số người tham gia BHYT là 155.163 người; tỷ lệ bao phủ đạt 85,1% dân số toàn huyện."


def test_paragraphs_and_tables_come_in_the_order_of_the_page(tmp_path):
    document = Document()
    document.add_paragraph("Trước bảng")
    table = document.add_table(2, 2)
    for i, text in enumerate(("Năm", "Tỷ lệ", "2022", "92,1%")):
        table.cell(i // 2, i % 2).text = text
    document.add_paragraph("Sau bảng")
    blocks = read_word(save(tmp_path, document)).blocks
    assert [(b.text, b.cell) for b in blocks] == [
        ("Trước bảng", None),
        ("Năm", Cell(0, 0, 0)),
        ("Tỷ lệ", Cell(0, 0, 1)),
        ("2022", Cell(0, 1, 0)),
        ("92,1%", Cell(0, 1, 1)),
        ("Sau bảng", None),
    ]


def test_merged_cells_are_read_once_and_columns_stay_aligned(tmp_path):
    document = Document()
    table = document.add_table(3, 3)
    for row in range(3):
        for column in range(3):
            table.cell(row, column).text = f"{row}{column}"
    table.cell(0, 0).merge(table.cell(0, 1)).text = "ngang"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "dọc"
    cells = {b.cell[1:]: b.text for b in read_word(save(tmp_path, document)).blocks}
    rows = {(1, 0): "10", (1, 1): "11", (2, 0): "20", (2, 1): "21"}
    assert cells == {(0, 0): "ngang", (0, 2): "02", (1, 2): "dọc"} | rows


def test_nested_table_has_a_number_of_its_own(tmp_path):
    document = Document()
    outer = document.add_table(1, 2)
    outer.cell(0, 0).paragraphs[0].text = "ngoài"
    outer.cell(0, 0).add_table(1, 1).cell(0, 0).text = "trong"
    outer.cell(0, 1).text = "bên phải"
    document.add_table(1, 1).cell(0, 0).text = "bảng sau"
    assert [(b.text, b.cell) for b in read_word(save(tmp_path, document)).blocks] == [
        ("ngoài", Cell(0, 0, 0)),
        ("trong", Cell(1, 0, 0)),
        ("bên phải", Cell(0, 0, 1)),
        ("bảng sau", Cell(2, 0, 0)),
    ]


def test_tracked_changes_are_read_as_accepted(tmp_path):
    move = f"<w:moveFrom {TRACKED}>{run('chuyển đi')}</w:moveFrom><w:moveTo {TRACKED}>{run(' nay')}</w:moveTo>"
    document = read_xml(tmp_path, paragraph(run("Đạt ") + deleted("85,1") + inserted(run("92,1")) + run("%") + move))
    assert texts(document) == ["Đạt 92,1% nay"]
    assert document.has_tracked_changes


def test_deleted_paragraph_mark_joins_two_paragraphs(tmp_path):
    gone = f"<w:rPr><w:del {TRACKED}/></w:rPr>"
    document = read_xml(tmp_path, paragraph(run("Tỷ lệ "), gone), paragraph(run("bao phủ")), paragraph(run("khác")))
    assert texts(document) == ["Tỷ lệ bao phủ", "khác"]
    assert document.blocks[0].positions == tuple(range(13))


def test_deleted_rows_and_cells_are_not_read(tmp_path):
    def row(texts, properties=""):
        return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(texts)}</w:tr>"

    def cell(text, properties=""):
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text))}</w:tc>"

    table = (
        "<w:tbl>"
        + row([cell("xóa")], f"<w:del {TRACKED}/>")
        + row([cell("a"), cell("xóa", f"<w:cellDel {TRACKED}/>"), cell("b")])
        + "</w:tbl>"
    )
    document = read_xml(tmp_path, table)
    assert [(b.text, b.cell) for b in document.blocks] == [("a", Cell(0, 0, 0)), ("b", Cell(0, 0, 1))]


def test_plain_document_has_no_tracked_changes(tmp_path):
    document = Document()
    document.add_comment(document.add_paragraph(SENTENCE).runs, "Xem lại", "Người dùng")
    read = read_word(save(tmp_path, document))
    assert (texts(read), read.has_tracked_changes) == ([SENTENCE], False)


def test_hidden_text_is_left_out_also_by_its_style(tmp_path):
    document = Document()
    document.styles.add_style("Kín", 2).font.hidden = True
    line = document.add_paragraph("Thấy ")
    line.add_run("không thấy ").font.hidden = True
    line.add_run("cũng không ", style="Kín")
    line.add_run("vẫn thấy", style="Kín").font.hidden = False
    assert texts(read_word(save(tmp_path, document))) == ["Thấy vẫn thấy"]


def test_letters_that_are_displayed_as_capitals_are_capitals(tmp_path):
    document = Document()
    line = document.add_paragraph()
    line.add_run("Mục tiêu").font.all_caps = True
    line.add_run(" chung")
    assert texts(read_word(save(tmp_path, document))) == ["MỤC TIÊU chung"]


def test_fields_links_and_signs_are_read_as_displayed(tmp_path):
    symbol = '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>'
    inner = field("IF " + field("MERGEFIELD x", run("trường")) + "= 1", run("12"))
    lines = "<w:r><w:t>tỷ</w:t><w:br/><w:t>lệ</w:t><w:tab/><w:t>1</w:t><w:noBreakHyphen/><w:t>2</w:t></w:r>"
    formula = "<m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath>"
    document = read_xml(
        tmp_path,
        paragraph(run("Số ") + inner + link(run("/KH"))),
        paragraph(symbol + run(" 90%")),
        paragraph(lines),
        paragraph(run("x = ") + formula),
    )
    assert texts(document) == ["Số 12/KH", "≥ 90%", "tỷ lệ 1-2", "x = a+b"]


def test_table_of_contents_is_left_out(tmp_path):
    document = Document()
    document.styles.add_style("toc 1", 1, builtin=True)
    document.add_paragraph("I. MỤC TIÊU 3", style="toc 1")
    document.add_paragraph("I. MỤC TIÊU")
    assert texts(read_word(save(tmp_path, document))) == ["I. MỤC TIÊU"]


def _with_numbers(document, levels, style=""):
    """Add a list whose levels are given by start, format and text; return the number that paragraphs refer to."""
    root = document.part.numbering_part.element
    xml = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>{style if i == 0 else ""}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for i, (start, kind, text) in enumerate(levels)
    )
    abstract = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{xml}</w:abstractNum>')
    root.insert(0, abstract)
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="91"><w:abstractNumId w:val="90"/></w:num>'))
    start = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="92"><w:abstractNumId w:val="90"/>{start}</w:num>'))


def _item(text, level=0, number=91):
    return paragraph(run(text), f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def test_automatic_numbers_are_put_before_the_text(tmp_path):
    document = Document()
    _with_numbers(document, [(1, "upperRoman", "%1."), (1, "decimal", "%2."), (1, "lowerLetter", "%3)")])
    items = [("Đánh giá", 0), ("Kết quả", 1), ("Thẻ", 2), ("Tỷ lệ", 2), ("Hạn chế", 1), ("Mục tiêu", 0), ("Chung", 1)]
    add_xml(document, *(_item(text, level) for text, level in items), _item("Giải pháp", 0, 92))
    read = read_word(save(tmp_path, document))
    first_part = ["I. Đánh giá", "1. Kết quả", "a) Thẻ", "b) Tỷ lệ", "2. Hạn chế"]
    assert texts(read) == [*first_part, "II. Mục tiêu", "1. Chung", "V. Giải pháp"]
    assert read.blocks[2].positions == (-1, -1, -1, 0, 1, 2)
    assert read.blocks[4].place == "mục I.2"


def test_numbers_of_several_levels_and_dashes(tmp_path):
    document = Document()
    _with_numbers(document, [(2, "decimal", "%1."), (1, "decimal", "%1.%2."), (1, "bullet", "\uf0b7")])
    add_xml(document, *(_item(text, level) for text, level in (("a", 0), ("b", 1), ("c", 1), ("d", 2), ("e", 2))))
    assert texts(read_word(save(tmp_path, document))) == ["2. a", "2.1. b", "2.2. c", "- d", "- e"]


def test_numbers_of_a_style_count_and_empty_lines_count(tmp_path):
    document = Document()
    _with_numbers(document, [(1, "decimal", "Điều %1.")], style='<w:pStyle w:val="Heading2"/>')
    properties = document.styles["Heading 2"].element.get_or_add_pPr()
    properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="91"/></w:numPr>'))
    for text in ("Phạm vi", "", "Đối tượng"):
        document.add_paragraph(text, style="Heading 2")
    blocks = read_word(save(tmp_path, document)).blocks
    assert [(b.text, b.is_heading) for b in blocks] == [("Điều 1. Phạm vi", True), ("Điều 3. Đối tượng", True)]


def test_bold_paragraph_with_a_typed_number_is_a_heading(tmp_path):
    document = Document()
    document.add_paragraph().add_run("1. Mục tiêu chung; cụ thể;").bold = True
    document.add_paragraph().add_run("Toàn dân tham gia").bold = True
    document.add_paragraph("2. Mục tiêu ").add_run("cụ thể;").bold = True
    assert [b.is_heading for b in read_word(save(tmp_path, document)).blocks] == [True, False, False]


def test_footnotes_come_after_their_paragraph_and_boxes_too(tmp_path):
    document = Document()
    box = (
        '<w:p><w:r><w:t>Có khung</w:t></w:r><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/'
        'markup-compatibility/2006" xmlns:v="urn:v"><mc:Choice Requires="wps"><w:txbxContent><w:p><w:r><w:t>Trong '
        "khung</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r>"
        "<w:t>Trong khung</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
        "</w:r></w:p>"
    )
    add_xml(document, box, paragraph(run("Dân số 182.330") + '<w:r><w:footnoteReference w:id="2"/></w:r>' + run(".")))
    add_xml(document, paragraph(run("Sau")))
    path = save(tmp_path, document)
    _add_footnote(path, "Chi cục Thống kê năm 2021")
    read = read_word(path)
    assert texts(read) == ["Có khung", "Trong khung", "Dân số 182.330.", "Chi cục Thống kê năm 2021", "Sau"]
    assert [b.positions is None for b in read.blocks] == [False, True, False, True, False]


def _add_footnote(path, text):
    """Add a part with one footnote to a file."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    note = f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2">{paragraph(run(text))}</w:footnote></w:footnotes>'
    parts["word/footnotes.xml"] = note.encode()
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    for name, end, xml in (
        ("[Content_Types].xml", b"</Types>", f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/>'),
        (
            "word/_rels/document.xml.rels",
            b"</Relationships>",
            f'<Relationship Id="rN" Type="{relation}" Target="footnotes.xml"/>',
        ),
    ):
        parts[name] = parts[name].replace(end, xml.encode() + end)
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)


def test_old_fonts_are_read_by_their_names_run_by_run(tmp_path):
    document = Document()
    line = document.add_paragraph()
    # KẾ HOẠCH: the codes of small letters in a font of capitals; then TCVN3, then VNI, then Unicode.
    for text, font in (("kÕ ho¹ch", ".VnTimeH"), (" b¶o hiÓm", ".VnTime"), (" y teá", "VNI-Times"), (" đạt", None)):
        line.add_run(text).font.name = font
    block = read_word(save(tmp_path, document)).blocks[0]
    assert block.text == "KẾ HOẠCH bảo hiểm y tế đạt"
    raw = "".join(r.text for r in line.runs)
    assert [raw[i] for i in block.positions[-6:]] == list("te đạt")  # of the pair that is ế its first


def test_font_of_a_style_counts_too(tmp_path):
    document = Document()
    document.styles["Normal"].font.name = ".VnTime"
    document.styles["Normal"].font.size = Pt(14)
    document.add_paragraph("Néi dung")
    assert texts(read_word(save(tmp_path, document))) == ["Nội dung"]


def test_positions_are_those_of_the_visible_characters(tmp_path):
    document = read_xml(tmp_path, paragraph(run("A  ") + deleted("bỏ") + inserted(run("t ỷ")) + run(" l ệ 85, 1 %")))
    block = document.blocks[0]
    raw = "A  t ỷ l ệ 85, 1 %"
    assert block.text == "A tỷ lệ 85,1%"
    assert "".join(raw[i] for i in block.positions) == block.text


def _zipped(parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return content.getvalue()


def _good_file():
    content = io.BytesIO()
    Document().save(content)
    return content.getvalue()


def _changed(old, new):
    """Return a good file with another text in its list of parts."""
    with zipfile.ZipFile(io.BytesIO(_good_file())) as package:
        return _zipped({name: package.read(name).replace(old, new) for name in package.namelist()})


def _bomb():
    kinds = '<Types><x ContentType="a.wordprocessingml.document.main+xml"/></Types>'
    return _zipped({"[Content_Types].xml": kinds, "word/document.xml": b" " * 120_000_000})


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
OFFICE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
FAILURES = {
    "empty": (lambda: b"", "is empty"),
    "cut": (lambda: _good_file()[:9000], "damaged"),
    "no_xml": (lambda: _changed(b"<w:body>", b"<w:body"), "damaged"),
    "old": (lambda: COMPOUND + "WordDocument\0".encode("utf-16-le"), "Save As and Word Document"),
    "password": (lambda: COMPOUND + "EncryptedPackage\0".encode("utf-16-le"), "password"),
    "macro": (lambda: _changed(OFFICE, b"application/vnd.ms-word.document.macroEnabled.main+xml"), "macros"),
    "archive": (lambda: _zipped({"ke hoach.txt": "x"}), "no document that can be read"),
    "picture": (lambda: b"\x89PNG" + bytes(100), "no document that can be read"),
    "bomb": (_bomb, "unpacks to far more"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path, case):
    make, sentence = FAILURES[case]
    path = tmp_path / "a.docx"
    path.write_bytes(make())
    with pytest.raises(BhytError, match=sentence) as error:
        read_word(path)
    assert error.value.text("vi").startswith("a.docx: ") or str(path) in error.value.text("vi")
    assert "\n" not in error.value.text("vi")


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(BhytError, match="no such file"):
        read_word(tmp_path / "x.docx")
    with pytest.raises(BhytError, match="no file"):
        read_word(tmp_path)


def test_unit_number_and_day_of_a_letterhead_in_a_table(tmp_path):
    document = docx.Document()
    letterhead = document.add_table(1, 2)
    letterhead.cell(0, 0).text = "ỦY BAN NHÂN DÂN\nHUYỆN SÔNG MÃ\nSố: 142/KH-UBND"
    letterhead.cell(0, 1).text = "Độc lập - Tự do - Hạnh phúc\nSông Mã, ngày 20 tháng 8 năm 2021"
    document.add_paragraph("KẾ HOẠCH")
    document.add_paragraph("Phát triển đối tượng tham gia bảo hiểm y tế")
    document.save(tmp_path / "plan.docx")
    context = read_plan(tmp_path / "plan.docx").context
    assert (context.unit.name, context.number) == ("Huyện Sông Mã", "142/KH-UBND")
    assert context.issued == dt.date(2021, 8, 20)
