"""Headings and the places of paragraphs, as people cite them."""

from bhyt_analysis.plans.document import Block, Cell
from bhyt_analysis.plans.structure import with_places

SENTENCE = "Tỷ lệ bao phủ bảo hiểm y tế của huyện tính đến hết năm đạt mức thấp hơn kế hoạch được giao."


def outline(*texts):
    """Return the place of each text, with a star for a heading."""
    return [f"{'*' if b.is_heading else ''}{b.place}" for b in with_places(map(Block, texts))]


def places(*texts):
    return [block.place for block in with_places(map(Block, texts))]


def test_parts_with_titles_of_two_lines():
    assert outline(
        "KẾ HOẠCH",
        "Nâng tỷ lệ tham gia bảo hiểm y tế giai đoạn 2022 - 2025",
        SENTENCE,
        "PHẦN I",
        "TÌNH HÌNH NĂM 2021",
        "I. KẾT QUẢ",
        "1. Dân số",
        SENTENCE,
        "- Số thẻ do ngân sách đóng: 80.185 thẻ.",
        "PHẦN II",
        "KẾ HOẠCH CỦA HUYỆN",
        "GIAI ĐOẠN 2022 - 2025",
        "II. MỤC TIÊU",
        "3. Giải pháp",
        "3.3. Học sinh, sinh viên:",
        SENTENCE,
    ) == [
        *["tiêu đề", "tiêu đề", "đoạn mở đầu", "*Phần I", "*Phần I", "*Phần I, mục I", "*Phần I, mục I.1"],
        *["Phần I, mục I.1", "Phần I, mục I.1", "*Phần II", "*Phần II", "*Phần II", "*Phần II, mục II"],
        *["*Phần II, mục II.3", "*Phần II, mục II.3.3", "Phần II, mục II.3.3"],
    ]


def test_opening_paragraphs_count_and_decimal_sections():
    assert outline(
        "HUYỆN ỦY",
        "CHỈ THỊ",
        "về phát triển người tham gia",
        SENTENCE,
        SENTENCE,
        SENTENCE,
        "1. Mục tiêu",
        "- Đạt 99% dân số.",
        "2. Nhiệm vụ",
        "2.4. Giao phòng Giáo dục:",
        "- Vận động 100% học sinh.",
        "3. Báo cáo hằng tháng gửi về Ban Thường vụ Huyện ủy.",
        "Chỉ thị này được phổ biến đến các chi bộ./.",
        "Nơi nhận:",
        "- Như trên;",
        "T/M BAN THƯỜNG VỤ",
        "BÍ THƯ",
    ) == [
        *["tiêu đề"] * 3,
        "đoạn mở đầu",
        "đoạn thứ hai",
        "đoạn thứ ba",
        "*mục 1",
        "mục 1",
        "*mục 2",
        "*mục 2.4",
        "mục 2.4",
        "mục 3",
        "đoạn cuối",
        *["nơi nhận"] * 4,
    ]


def test_letters_and_lists_inside_a_paragraph():
    assert places(
        "I. MỤC TIÊU",
        "2. Đến năm 2015:",
        "a) Toàn tỉnh",
        "c) Các huyện",
        SENTENCE,
        "3. Đến năm 2020",
        "1. Đây là danh mục trong đoạn;",
        "2. Vẫn là danh mục.",
        "4. Kinh phí",
        "II. TỔ CHỨC",
        "1. Sở Y tế",
    ) == [
        *["mục I", "mục I.2", "mục I.2a", "mục I.2c", "mục I.2c", "mục I.3", "mục I.3", "mục I.3", "mục I.4"],
        *["mục II", "mục II.1"],
    ]


def test_number_that_comes_twice_is_cited_with_its_title():
    assert places("PHẦN II", "III. NHIỆM VỤ", "1. Chỉ đạo", "III. TỔ CHỨC THỰC HIỆN BHYT", "1. Phòng Y tế") == [
        "Phần II",
        "Phần II, mục III",
        "Phần II, mục III.1",
        "Phần II, mục III (Tổ chức thực hiện BHYT)",
        "Phần II, mục III.1 (Tổ chức thực hiện BHYT)",
    ]


def test_articles_chapters_and_words_as_numbers():
    assert places(
        "QUYẾT ĐỊNH",
        SENTENCE,
        "Chương I",
        "QUY ĐỊNH CHUNG",
        "Điều 1. Phạm vi",
        "Điều 2. Đối tượng",
        "1. Người nghèo.",
        "2. Người cận nghèo.",
        "a) Ở vùng khó khăn;",
    ) == [
        "tiêu đề",
        "đoạn mở đầu",
        "Chương I",
        "Chương I",
        "Điều 1",
        "Điều 2",
        "Điều 2, khoản 1",
        "Điều 2, khoản 2",
        "Điều 2, khoản 2, điểm a",
    ]
    assert places("Phần thứ hai", "MỤC TIÊU", "A. CHUNG", "I. ĐẾN 2025", "B. RIÊNG", "Phụ lục I: BIỂU CHI TIẾT") == [
        *["Phần thứ hai", "Phần thứ hai", "Phần thứ hai, mục A", "Phần thứ hai, mục A.I", "Phần thứ hai, mục B"],
        "Phụ lục I",
    ]


def test_titles_without_a_number_begin_new_lists():
    assert outline(SENTENCE, "MỤC TIÊU", "1. Chung", "GIẢI PHÁP", "1. Tuyên truyền", "2. Kiểm tra BHYT") == [
        *["đoạn mở đầu", "*«Mục tiêu»", "*«Mục tiêu», mục 1", "*«Giải pháp»", "*«Giải pháp», mục 1"],
        "*«Giải pháp», mục 2",
    ]


def test_numbers_that_are_no_headings():
    texts = [
        "182.330 người",
        "30.082 thẻ giảm",
        "85,1% dân số",
        "V/v tăng cường",
        "Phần II của Kế hoạch này",
        "Điều 12 của Luật",
        "2021. năm đó",
        "1.250 thẻ",
        "H. Lục Ngạn",
        "d) Mục không có a",
    ]
    assert outline("I. KẾT QUẢ", *texts)[1:] == ["mục I"] * len(texts)


def test_paragraph_with_a_number_is_no_heading():
    long = "1. " + SENTENCE
    assert outline("I. YÊU CẦU", long, long.replace("1", "2", 1), "II. MỤC TIÊU") == [
        *["*mục I", "mục I.1", "mục I.2", "*mục II"],
    ]
    assert outline("I. YÊU CẦU", "1. Nâng cao năng lực của cơ quan quản lý.", "- Phối hợp chặt chẽ.")[1] == "*mục I.1"


def test_cells_take_the_place_that_they_are_in():
    blocks = [Block("II. MỤC TIÊU"), Block("I. Tỷ lệ", cell=Cell(0, 0, 0)), Block("NĂM 2022", cell=Cell(0, 0, 1))]
    assert [(b.place, b.is_heading) for b in with_places(blocks)] == [
        ("mục II", True),
        ("mục II", False),
        ("mục II", False),
    ]


def test_headings_of_the_reader_stay_headings():
    assert with_places([Block(SENTENCE), Block("Mục tiêu", is_heading=True)])[1].is_heading
