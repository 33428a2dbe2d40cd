"""Comments in a copy of a Word document: at exactly the characters that they are about, all else unchanged."""

import datetime as dt
import hashlib
import subprocess
import zipfile
from itertools import pairwise
from xml.sax.saxutils import escape

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bhyt_analysis.documents.pdf_programs import find_office
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.plans.document import Comment
from bhyt_analysis.plans.word_comments import character_range, write_commented_copy
from bhyt_analysis.plans.word_reader import read_word

from .word_documents import add_xml, deleted, field, inserted, link, paragraph, run, save, texts

SENTENCE = "Tổng số người tham gia BHYT là 155.163 người; tỷ lệ bao phủ đạt 85,1% dân số toàn huyện."
MARKS = (qn("w:commentRangeStart"), qn("w:commentRangeEnd"))
CHARACTERS = {qn("w:t"): None, qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:noBreakHyphen"): "-"}
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def characters(element):
    """Return the characters of an element, also those that are deleted, each with the properties of its run."""
    result = []
    for holder in element.iter(qn("w:r")):
        properties = holder.find(qn("w:rPr"))
        look = b"" if properties is None else etree.tostring(properties, method="c14n")
        holders = tuple(a.tag for a in holder.iterancestors() if a.tag in (W + "ins", W + "del", W + "hyperlink"))
        for child in holder:
            if child.tag in CHARACTERS or child.tag == qn("w:delText"):
                result += [(c, look, holders) for c in CHARACTERS.get(child.tag) or child.text or ""]
    return result


def commented(path):
    """Return the comments of a file: by text, the characters between their marks that are not deleted."""
    document = Document(str(path))
    ranges, opened = {}, {}
    for element in document.element.body.iter():
        if element.tag in MARKS:
            number = element.get(qn("w:id"))
            if element.tag == MARKS[0]:
                opened[number] = ""
            else:
                ranges[number] = opened.pop(number)
        elif element.tag in CHARACTERS:
            for number in opened:
                opened[number] += CHARACTERS[element.tag] or element.text or ""
    assert not opened
    references = [r.get(qn("w:id")) for r in document.element.body.iter(qn("w:commentReference"))]
    assert sorted(references) == sorted(ranges)
    return {c.text: ranges[str(c.comment_id)] for c in document.comments}


def write(document, comments, out, closing=()):
    write_commented_copy(document, comments, closing, out, "vi")
    return out


def span(document, block, words, text):
    """Return a comment at some words of a block."""
    start = document.blocks[block].text.index(words)
    return Comment(block, start, start + len(words), text)


WORDS = [
    "Tổng",
    "số",
    "người",
    "tham",
    "gia",
    "BHYT",
    "là",
    "155.163",
    "người;",
    "tỷ",
    "lệ",
    "bao",
    "phủ",
    "đạt",
    "85,1%",
    "(năm",
    "2021)",
    "&",
    "<x>",
]
LOOKS = ("", "<w:b/>", "<w:i/>", '<w:color w:val="FF0000"/><w:sz w:val="28"/>', '<w:vertAlign w:val="superscript"/>')
WRAPPERS = (
    str, str, inserted, link, lambda r: inserted(link(r)), lambda r: field("REF x", r),
    lambda r: f"<w:sdt><w:sdtContent>{r}</w:sdtContent></w:sdt>",
    lambda r: deleted("bỏ đi") + r,
    lambda r: r + "<w:r><w:lastRenderedPageBreak/></w:r>" + deleted(" 12"),
)  # fmt: skip


BETWEEN = '</w:t><w:lastRenderedPageBreak/><w:footnoteReference w:id="2"/><w:t xml:space="preserve">'


@st.composite
def paragraphs(draw):
    """Draw the XML of a paragraph and its text: runs that begin and end anywhere, in all that may hold them."""
    text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)))
    cuts = sorted(draw(st.sets(st.integers(1, len(text)), max_size=6)) | {0, len(text)})
    runs = []
    for start, end in pairwise(cuts):
        middle = draw(st.sampled_from([start, (start + end) // 2]))  # of a run that holds several texts
        content = escape(text[start:middle]) + BETWEEN * (middle > start) + escape(text[middle:end])
        content = run(content, draw(st.sampled_from(LOOKS)))
        runs.append(draw(st.sampled_from(WRAPPERS))(content))
    return paragraph("".join(runs)), text


@st.composite
def documents(draw):
    """Draw paragraphs, which of them are in a table, and spans of them."""
    contents = draw(st.lists(paragraphs(), min_size=1, max_size=4))
    in_table = draw(st.lists(st.booleans(), min_size=len(contents), max_size=len(contents)))
    spans = []
    for _ in range(draw(st.integers(1, 6))):
        block = draw(st.integers(0, len(contents) - 1))
        start = draw(st.integers(0, len(contents[block][1]) - 1))
        spans.append((block, start, draw(st.integers(start + 1, len(contents[block][1])))))
    return contents, in_table, spans


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("comments")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_comments_are_at_their_spans_and_all_else_is_unchanged(folder, case):
    contents, in_table, spans = case
    document = Document()
    for (xml, _), is_in_table in zip(contents, in_table, strict=True):
        add_xml(document, f"<w:tbl><w:tr><w:tc>{xml}</w:tc></w:tr></w:tbl>" if is_in_table else xml)
    path = save(folder, document)
    read = read_word(path)
    assert texts(read) == [text for _, text in contents]
    comments = [Comment(*place, f"{number}") for number, place in enumerate(spans)]
    copy = write(read, comments, folder / "copy.docx")
    assert commented(copy) == {str(n): contents[block][1][a:b] for n, (block, a, b) in enumerate(spans)}
    before, after = (list(map(characters, Document(str(p)).element.body.iter(qn("w:p")))) for p in (path, copy))
    assert before == after
    assert texts(read_word(copy)) == texts(read)


def test_automatic_number_and_accents_of_a_letter_are_not_cut_off():
    raw = "ty\u0309 le\u0323\u0302 85"  # each accent a character of its own
    assert raw[slice(*character_range((0, 1, 3, 4, 5, 8, 9, 10), raw, 0, 2))] == "ty\u0309"
    assert raw[slice(*character_range((0, 1, 3, 4, 5, 8, 9, 10), raw, 3, 5))] == "le\u0323\u0302"
    assert character_range((-1, -1, -1, 0, 1), "ab", 0, 4) == (0, 1)
    assert character_range((-1, -1, -1, 0, 1), "ab", 0, 2) == (0, 2)


def test_comment_at_text_that_was_cleaned_covers_the_raw_characters(tmp_path):
    document = Document()
    document.add_paragraph("Đạt  t ỷ  l ệ 85, 1 % ").add_run("dân số").bold = True
    read = read_word(save(tmp_path, document))
    copy = write(read, [span(read, 0, "tỷ lệ", "a"), span(read, 0, "85,1%", "b")], tmp_path / "b.docx")
    assert commented(copy) == {"a": "t ỷ  l ệ", "b": "85, 1 %"}


def test_comments_of_others_and_their_authors_stay(tmp_path):
    document = Document()
    document.add_comment(document.add_paragraph(SENTENCE).runs, "Của người dùng", "Phòng KHTH", "KH")
    read = read_word(save(tmp_path, document))
    copy = write(read, [span(read, 0, "85,1%", "Xem lại")], tmp_path / "b.docx")
    assert commented(copy) == {"Của người dùng": SENTENCE, "Xem lại": "85,1%"}
    assert [(c.author, c.initials) for c in Document(str(copy)).comments] == [("Phòng KHTH", "KH"), ("bhyt", "bhyt")]


def test_comments_of_an_earlier_copy_are_replaced(tmp_path):
    document = Document()
    own = document.add_paragraph(SENTENCE)
    document.add_comment(own.runs, "Đã kiểm tra.", "Cán bộ")
    source, first, second, last = save(tmp_path, document), *(tmp_path / f"{n}.docx" for n in "abc")
    start = SENTENCE.index("85,1%")
    write_commented_copy(read_word(source), [Comment(0, start, start + 5, "Cũ")], [("mục I", "Cũ")], first)
    write_commented_copy(read_word(first), [Comment(0, 0, 7, "Mới")], [("mục I", "Mới")], second)
    assert commented(second) == {"Đã kiểm tra.": SENTENCE, "Mới": "Tổng số"}
    write_commented_copy(read_word(second), [], [], last)
    assert commented(last) == {"Đã kiểm tra.": SENTENCE}
    assert [p.text for p in Document(str(last)).paragraphs] == [SENTENCE]
    body = Document(str(last)).element.body
    assert len(list(body.iter(qn("w:commentReference")))) == 1


def test_comment_has_a_paragraph_for_each_line_and_the_time_of_the_run(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764115200")
    document = Document()
    document.add_paragraph(SENTENCE)
    read = read_word(save(tmp_path, document))
    comment = span(read, 0, "85,1%", "155.163 chia 182.330 là 85,1%.\nXem \x01lại.")
    copies = [write(read, [comment], tmp_path / name, [("mục I", "Xem lại.")]) for name in ("b.docx", "c.docx")]
    assert copies[0].read_bytes() == copies[1].read_bytes()
    added = next(iter(Document(str(copies[0])).comments))
    assert [p.text for p in added.paragraphs] == ["155.163 chia 182.330 là 85,1%.", "Xem lại."]
    assert added.timestamp == dt.datetime(2025, 11, 26, tzinfo=dt.UTC)
    with zipfile.ZipFile(copies[0]) as package:
        assert {part.date_time for part in package.infolist()} == {(2025, 11, 26, 0, 0, 0)}


def test_closing_list_is_on_a_page_of_its_own_and_no_text_of_the_plan(tmp_path):
    document = Document()
    document.add_paragraph(SENTENCE)
    read = read_word(save(tmp_path, document))
    closing = [("mục I.2", "85,1% không khớp.\nXem lại."), ("", "Thiếu chỉ tiêu.")]
    copy = write(read, [], tmp_path / "b.docx", closing)
    added = Document(str(copy)).paragraphs[1:]
    assert [p.text for p in added] == [
        "Những điểm cần xem lại trong văn bản",
        "1. Mục I.2: 85,1% không khớp. Xem lại.",
        "2. Thiếu chỉ tiêu.",
    ]
    assert added[0].paragraph_format.page_break_before
    again = read_word(copy)
    assert texts(again) == [SENTENCE]
    assert len(Document(str(write(again, [], tmp_path / "c.docx", closing))).paragraphs) == 4


def test_original_and_files_of_others_are_never_overwritten(tmp_path):
    document = Document()
    document.add_paragraph(SENTENCE)
    path = save(tmp_path, document, "a.docx")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    read = read_word(path)
    (tmp_path / "link.docx").hardlink_to(path)
    other = save(tmp_path, document, "other.docx")
    for out in (path, tmp_path / "link.docx", other, tmp_path / "b.pdf", tmp_path / "none" / "b.docx"):
        with pytest.raises(BhytError):
            write(read, [], out)
    comments = [span(read, 0, "85,1%", "Xem lại")]
    copy = write(read, comments, tmp_path / "b.docx")
    assert commented(write(read, comments, copy)) == {"Xem lại": "85,1%"}  # its own copy it replaces
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.docx", "b.docx", "link.docx", "other.docx"]


def test_document_that_was_changed_since_it_was_read_is_refused(tmp_path):
    document = Document()
    line = document.add_paragraph(SENTENCE)
    path = save(tmp_path, document)
    read = read_word(path)
    line.runs[0].text = "Khác"
    save(tmp_path, document)
    with pytest.raises(BhytError, match="changed after it was read"):
        write(read, [span(read, 0, "85,1%", "a")], tmp_path / "b.docx")
    assert not (tmp_path / "b.docx").exists()


def test_comment_on_a_text_box_is_at_the_text_that_it_belongs_to(tmp_path):
    document = Document()
    box = "<w:pict><w:txbxContent><w:p><w:r><w:t>Trong khung</w:t></w:r></w:p></w:txbxContent></w:pict>"
    add_xml(document, paragraph(run("Ngoài") + f"<w:r>{box}</w:r>"))
    read = read_word(save(tmp_path, document))
    copy = write(read, [Comment(1, 0, 5, "a")], tmp_path / "b.docx")
    body = Document(str(copy)).element.body
    assert not [mark for box in body.iter(qn("w:txbxContent")) for mark in box.iter(*MARKS)]
    assert commented(copy) == {"a": "Trong khung"}


def test_blanks_that_word_ignores_do_not_appear_when_a_run_is_split(tmp_path):
    document = Document()
    add_xml(document, "<w:p><w:r><w:t>  tỷ lệ đạt  </w:t></w:r></w:p>")
    read = read_word(save(tmp_path, document))
    copy = write(read, [span(read, 0, "lệ", "a")], tmp_path / "b.docx")
    assert [t.text for t in Document(str(copy)).element.body.iter(qn("w:t"))] == ["tỷ ", "lệ", " đạt"]


def office_plan():
    """Return a plan as an office types it: justified paragraphs, a table of targets, tracked changes, a comment."""
    document = Document()
    document.styles["Normal"].font.name = "Times New Roman"
    title = document.add_paragraph()
    title.add_run("KẾ HOẠCH phát triển người tham gia bảo hiểm y tế").bold = True
    document.add_comment(title.runs, "Đã thống nhất.", "Người dùng")
    line = document.add_paragraph("Dân số toàn huyện là 182.330 người, số người có thẻ là 155.163 người, ")
    line.add_run("tỷ lệ bao phủ đạt 85,1%").italic = True
    line.add_run("; sau khi các xã ra khỏi danh sách, nhiều hộ chưa kịp chuyển sang nhóm được hỗ trợ mức đóng.")
    line.alignment, line.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.JUSTIFY, Mm(10)
    changed = inserted(run("24.764")) + run(" thẻ, theo ") + link(run("Quyết định", '<w:u w:val="single"/>'))
    add_xml(document, paragraph(run("Học sinh có ") + deleted("24.746") + changed, '<w:jc w:val="both"/>'))
    table = document.add_table(2, 3, "Table Grid")
    for i, text in enumerate(("Năm", "2023", "2024", "Tỷ lệ (%)", "89,2", "88,7")):
        table.cell(i // 3, i % 3).text = text
    return document


@pytest.mark.slow
@pytest.mark.skipif(find_office() is None, reason="LibreOffice is not installed")
def test_office_program_opens_the_copy_and_keeps_each_comment_at_its_text(tmp_path):
    read = read_word(save(tmp_path, office_plan(), "plan.docx"))
    spans = [
        (1, "155.163 người, tỷ lệ bao phủ đạt 85,1%"),
        (1, "đạt 85,1%; sau khi"),
        (2, "24.764"),
        (2, "theo Quyết"),
        (8, "88,7"),
    ]
    comments = [span(read, block, words, f"Xem lại {number}.") for number, (block, words) in enumerate(spans)]
    copy = write(read, comments, tmp_path / "copy.docx", [("bảng 1", "88,7 thấp hơn 89,2.")])
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    call = [find_office(), profile, "--headless", "--convert-to", "docx", "--outdir", tmp_path / "out", copy]
    subprocess.run(call, check=True, capture_output=True, timeout=120)
    saved = tmp_path / "out" / "copy.docx"
    expected = {f"Xem lại {number}.": words for number, (_, words) in enumerate(spans)}
    assert commented(saved) == expected | {"Đã thống nhất.": read.blocks[0].text}
    assert texts(read_word(saved))[: len(read.blocks)] == texts(read)
    assert {c.author for c in Document(str(saved)).comments} == {"bhyt", "Người dùng"}
    with pytest.raises(BhytError, match="exists"):  # another program has saved it, maybe with what was typed into it
        write(read, comments, saved)
