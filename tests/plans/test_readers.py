"""Paragraphs, places and tables of text and PDF files, and files that are not read."""

import pytest

from bhyt_analysis.documents.pdf_programs import find_office
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.file_kinds import COMPOUND
from bhyt_analysis.plans import pdf_reader
from bhyt_analysis.plans.pdf_reader import read_pdf
from bhyt_analysis.plans.read_document import read_document
from bhyt_analysis.plans.text_reader import read_text

from .pdf_pages import join_pdfs, write_locked, write_pages, write_scan
from .plan_files import TEXTS, write_plan_files, write_word

LINE = "Dân số toàn huyện là 182.330 người, số người có thẻ bảo hiểm y tế là 155.163 người"
PLACES = {
    ("son_duong.txt", "có 182.330 nhân khẩu. Trong số đó 155.163 người mang thẻ BHYT, bằng 85,1%"): "Phần I, mục I.1",
    ("son_duong.txt", "c) Ngân sách đóng toàn bộ: 80.185 thẻ"): "Phần I, mục I.2c",
    ("son_duong.txt", "26.735 thẻ (17,2%)"): "Phần I, mục I.2a",
    ("son_duong.txt", "ngày 04/6/2021) và Quyết định số 433/QĐ-UBDT"): "Phần I, mục II.1",
    ("son_duong.txt", "90,6%"): "Phần II, mục I.2",
    ("son_duong.txt", "phát tin hằng tuần về quyền lợi"): "Phần II, mục II.1",
    ("son_duong.txt", "100% người cận nghèo"): "Phần II, mục II.2.2",
    ("son_duong.txt", "phát triển kinh tế - xã hội"): "Phần II, mục III.3",
    ("luc_ngan.md", "46.106 người"): "đoạn mở đầu",
    ("luc_ngan.md", "chỉ còn 87,21%"): "đoạn thứ hai",
    ("luc_ngan.md", "trên 95% mua thẻ"): "mục 1.1",
    ("luc_ngan.md", "chậm nhất ngày 15/8/2021."): "mục 2.3",
    ("quang_ngai.txt", "Lý Sơn đạt 100%"): "mục A.I.2",
    ("quang_ngai.txt", "797/QĐ-TTg"): "mục B.I.1a",
    ("son_la.md", "từ 96,2% trở lên"): "Phần thứ nhất, mục I",
    ("son_la.md", "Trước ngày 20/11 hằng năm"): "Phần thứ hai, mục II.1",
    ("son_la.md", "triển khai ngay Kế hoạch này"): "đoạn cuối",
}


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a text as a file."""

    def read_content(content, name="plan.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_text(path)

    return read_content


def texts(document):
    return [block.text for block in document.blocks]


def cells(document):
    return [(*block.cell, block.text) for block in document.blocks if block.cell]


@pytest.mark.parametrize(("file", "fragment"), PLACES)
def test_places_in_plans_of_other_offices(file, fragment):
    places = {b.place for b in read_text(TEXTS / file).blocks if fragment in b.text}
    assert places == {PLACES[file, fragment]}


def test_lines_of_a_page_are_paragraphs(read):
    document = read(
        f"{LINE}\ntrong đó có học sinh của các\n\n\n\n5\n\ntrường trung học trên địa bàn.\n\n"
        f"- {LINE}, trong phát triển kinh tế\n- xã hội giai đoạn 2022\n- 2025.\n- Nhóm khác.\n\n{LINE}.\n\nKết luận."
    )
    assert texts(document) == [
        f"{LINE} trong đó có học sinh của các trường trung học trên địa bàn.",
        f"- {LINE}, trong phát triển kinh tế - xã hội giai đoạn 2022 - 2025.",
        "- Nhóm khác.",
        f"{LINE}.",
        "Kết luận.",
    ]


def test_page_numbers_are_left_out_and_figures_stay(read):
    assert texts(read("Trang một.\n\n1\n\nTrang hai.\n\n- 2 -\n\nTrang ba.\n\nTrang 3/3\n")) == [
        "Trang một.",
        "Trang hai.",
        "Trang ba.",
    ]
    assert texts(read("Số xã:\n\n14\n\nHết.")) == ["Số xã:", "14", "Hết."]


def test_text_that_a_program_took_from_a_pdf(read):
    lines = [
        "\f                  2",
        "     1. Mục tiêu của huyện đến hết năm 2022 đối với các nhóm người tham gia BHYT",
        f"     {LINE}",
        "trong đó có học sinh.",
        f"     {LINE}.",
        "\f                  3",
        "     2. Giải pháp",
    ]
    assert texts(read("\n".join(lines))) == [
        "1. Mục tiêu của huyện đến hết năm 2022 đối với các nhóm người tham gia BHYT",
        f"{LINE} trong đó có học sinh.",
        f"{LINE}.",
        "2. Giải pháp",
    ]


def test_markdown_marks_and_tables(read):
    document = read(
        "# KẾ HOẠCH\n\n## **2.5. Xong trước *ngày 15/8/2021*.**\n\n\\* Số 5 \\- 3 * 2\n\n---\n\n"
        "| Xã | **2022** |\n|:---|---:|\n| Kiên Lao | 85,1%<br>90,6% |\n\nSau bảng.\n"
    )
    assert [t for t in texts(document) if "|" in t] == []
    assert texts(document)[:3] == ["KẾ HOẠCH", "2.5. Xong trước ngày 15/8/2021.", "* Số 5 - 3 * 2"]
    assert [b.is_heading for b in document.blocks][:3] == [True, True, False]
    assert cells(document) == [
        (0, 0, 0, "Xã"),
        (0, 0, 1, "2022"),
        (0, 1, 0, "Kiên Lao"),
        (0, 1, 1, "85,1%"),
        (0, 1, 1, "90,6%"),
    ]


def test_positions_lead_back_to_the_file(read):
    content = "**Mở đầu** rõ ràng.\n\nĐạt 85, 1 % dân\nsố t ỷ  l ệ.\n\n| *A* | 9 |\n|---|---|\n"
    document = read(content)
    starts = [content.index("Mở"), content.index("Đạt"), content.index("*A") - 1, content.index("9") - 1]
    for block, start in zip(document.blocks, starts, strict=True):
        for character, position in zip(block.text, block.positions, strict=True):
            assert content[start + position] == character.replace(" ", content[start + position])
    assert texts(document)[1] == "Đạt 85,1% dân số tỷ lệ."


def test_tables_whose_cells_are_one_below_the_other(read):
    row = "Tỷ lệ bao phủ 85,1% 90,6%"
    expected = [(0, 0, 0, "Nội dung"), (0, 0, 1, "Năm 2021"), (0, 0, 2, "Năm 2022")]
    expected += [(0, 1, 0, "Tỷ lệ bao phủ"), (0, 1, 1, "85,1%"), (0, 1, 2, "90,6%")]
    assert cells(read(f"{LINE}.\n\nNội dung\n\nNăm\n2021\n\nNăm\n2022\n\n{row}\n\n{LINE}.")) == expected
    assert cells(read(f"Biểu sau:\n\nNội dung Năm 2021 Năm 2022\n\n{row}\n\nDân số 182.330 183.000\n")) == [
        *expected,
        (0, 2, 0, "Dân số"),
        (0, 2, 1, "182.330"),
        (0, 2, 2, "183.000"),
    ]
    assert cells(read(f"Giai đoạn 2021 - 2022\n\n{row}\n")) == []  # the years are not those of the values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(read, encoding):
    assert texts(read("Tỷ lệ bao phủ bảo hiểm y tế\r\n".encode(encoding))) == ["Tỷ lệ bao phủ bảo hiểm y tế"]


def test_old_font_and_text_that_was_read_wrongly(read):
    tcvn3 = "Tû lÖ b¶o hiÓm y tÕ ®¹t 85,1%"
    assert texts(read(tcvn3)) == ["Tỷ lệ bảo hiểm y tế đạt 85,1%"]
    assert texts(read(tcvn3.encode("latin-1"))) == ["Tỷ lệ bảo hiểm y tế đạt 85,1%"]
    assert texts(read("Xã Kiên Lao".encode().decode("cp1252"))) == ["Xã Kiên Lao"]


# --- PDF ---


def test_paragraphs_of_pdf_pages(tmp_path):
    right = "Huyện có người tham gia bảo hiểm y tế theo hộ gia đình và học sinh của các trường học,"
    head = "Kế hoạch bảo hiểm y tế, bản ngày 01/7/2022, trang {}"
    pages = [
        [(85, 40, head.format(1)), (110, 90, "1. Mục tiêu"), (110, 115, right), (85, 130, right), (85, 145, "trong")],
        [(85, 40, head.format(2)), (85, 90, "năm 2022."), (110, 115, "- Đạt 90,6%."), (85, 800, "2")],
        [(85, 40, head.format(3)), (110, 90, "2. Giải pháp"), (110, 115, right), (85, 130, "cùng làm.")],
    ]
    document = read_pdf(write_pages(tmp_path / "a.pdf", pages))
    assert [(b.place, b.text, b.page) for b in document.blocks] == [
        ("mục 1", "1. Mục tiêu", 1),
        ("mục 1", f"{right} {right} trong năm 2022.", 1),
        ("mục 1", "- Đạt 90,6%.", 2),
        ("mục 2", "2. Giải pháp", 3),
        ("mục 2", f"{right} cùng làm.", 3),
    ]
    assert document.scanned_pages == ()


def test_two_columns_of_a_letter_head(tmp_path):
    page = [
        (85, 60, "ỦY BAN NHÂN DÂN"), (330, 60, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA"),
        (85, 75, "HUYỆN SƠN DƯƠNG"), (330, 75, "Độc lập - Tự do - Hạnh phúc"),
        (230, 120, "KẾ HOẠCH"), (85, 150, LINE + "."),
    ]  # fmt: skip
    assert texts(read_pdf(write_pages(tmp_path / "a.pdf", [page])))[:4] == [
        "ỦY BAN NHÂN DÂN HUYỆN SƠN DƯƠNG",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA",
        "Độc lập - Tự do - Hạnh phúc",
        "KẾ HOẠCH",
    ]


def test_table_that_goes_on_on_the_next_page(tmp_path):
    head, rows = ["Xã", "Năm 2022"], [["Kiên Lao", "90,6%"], ["Tân Mộc", "91,5%"]]
    pages = [[(85, 60, "Biểu chi tiết:"), (85, 700, [head, rows[0]])], [(85, 60, [head, rows[1]]), (85, 200, "Hết.")]]
    document = read_pdf(write_pages(tmp_path / "a.pdf", pages))
    assert cells(document) == [
        *[(0, 0, 0, "Xã"), (0, 0, 1, "Năm 2022"), (0, 1, 0, "Kiên Lao"), (0, 1, 1, "90,6%")],
        *[(0, 2, 0, "Tân Mộc"), (0, 2, 1, "91,5%")],
    ]
    assert texts(document)[0] == "Biểu chi tiết:" and texts(document)[-1] == "Hết."


def test_word_file_of_a_plan_has_the_blocks_of_its_text(tmp_path):
    for path in sorted(TEXTS.iterdir()):
        blocks = read_text(path).blocks
        write_word(blocks, tmp_path / "a.docx")
        document = read_document(tmp_path / "a.docx")
        assert [(b.place, b.text, b.cell) for b in document.blocks] == [(b.place, b.text, b.cell) for b in blocks]


@pytest.mark.slow
@pytest.mark.render
@pytest.mark.skipif(find_office() is None, reason="LibreOffice makes the PDF files")
def test_pdf_of_a_plan_has_the_blocks_of_its_text(make_once):
    folder = make_once("plans", lambda out: write_plan_files(TEXTS, out))
    for path in sorted(TEXTS.iterdir()):
        document = read_document(folder / f"{path.stem}.pdf")
        blocks = [(b.place, b.text, b.cell) for b in document.blocks]
        assert blocks == [(b.place, b.text, b.cell) for b in read_text(path).blocks]
        pages = [b.page for b in document.blocks]
        assert pages == sorted(pages) and pages[0] == 1 and pages[-1] > 1


# --- Files that are not read ---


def refusal(path, lang="en"):
    with pytest.raises(BhytError) as error:
        read_document(path)
    return error.value.text(lang)


def test_scans_are_refused_and_single_ones_listed(tmp_path):
    scan = write_scan(tmp_path / "scan.pdf", 2)
    assert "scan" in refusal(scan) and "OCR" in refusal(scan)
    assert refusal(scan, "vi").startswith("scan.pdf: là bản quét")
    text = write_pages(tmp_path / "text.pdf", [[(85, 90, "1. Mục tiêu"), (85, 115, "Đạt 90,6%.")]])
    document = read_document(join_pdfs(tmp_path / "mixed.pdf", [text, scan]))
    assert document.scanned_pages == (2, 3)
    assert texts(document) == ["1. Mục tiêu", "Đạt 90,6%."]


def test_pdf_with_a_password_or_damaged(tmp_path):
    assert "password" in refusal(write_locked(tmp_path / "a.pdf"))
    damaged = tmp_path / "b.pdf"
    damaged.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    assert "damaged" in refusal(damaged)
    text = write_pages(tmp_path / "c.pdf", [[(85, 90, LINE)]]).read_bytes()
    damaged.write_bytes(text[: len(text) // 3])
    assert "damaged" in refusal(damaged)


def test_large_files(tmp_path, monkeypatch):
    path = write_pages(tmp_path / "a.pdf", [[(85, 90, LINE)]] * 2)
    monkeypatch.setattr(pdf_reader, "MAX_PAGES", 1)
    assert "2 pages, at most 1 " in refusal(path)
    long = tmp_path / "b.txt"
    long.write_bytes(b"a" * 5_000_001)
    assert "5.0 MB, documents of at most 5 MB" in refusal(long)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.doc", COMPOUND + "WordDocument\0".encode("utf-16-le"), "Save As and Word Document"),
        ("a.doc", b"{\\rtf1 text}", "Save As and Word Document"),
        ("a.docx", COMPOUND + "EncryptedPackage\0".encode("utf-16-le"), "password"),
        ("a.txt", b" \r\n", "empty"),
        ("a.pdf", b"", "empty"),
        ("a.csv", b"a,b", ".docx, .pdf, .txt and .md"),
        ("a.png", b"\x89PNG\r\n\x1a\n", ".docx, .pdf, .txt and .md"),
        ("a.txt", b"\x81\x8d\x8f\x90\x9d\xff\xfe\xff" * 9, "encoding"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    assert reason in refusal(path)
    assert name in refusal(path, "vi")


def test_missing_file_and_folder(tmp_path):
    assert "no such file" in refusal(tmp_path / "a.pdf")
    assert "no file" in refusal(tmp_path)


def test_reader_is_chosen_by_what_the_file_is(tmp_path):
    path = write_pages(tmp_path / "a.txt", [[(85, 90, LINE)]])
    assert read_document(path).kind == "pdf"
    (tmp_path / "b.TXT").write_text(LINE, encoding="utf-8")
    assert read_document(tmp_path / "b.TXT").kind == "text"
