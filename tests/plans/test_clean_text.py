"""The text of a paragraph as it is meant, with the position of each character in the file's own text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bhyt_analysis.plans.clean_text import clean_text, document_font

SPACED = {
    "t h ư ờ n g  x u y ê n": "thường xuyên",
    "t h ư ờ n g x u y ê n": "thường xuyên",
    "nhiệm vụ t h ư ờ n g  x u y ê n  tuyên truyền": "nhiệm vụ thường xuyên tuyên truyền",
    "Luật B ả o  h i ể m  x ã  h ộ i ,  L u ậ t  Bảo hiểm y tế": "Luật Bảo hiểm xã hội, Luật Bảo hiểm y tế",
    "đề xuất v i ệ c  t ổ  chức sơ kết": "đề xuất việc tổ chức sơ kết",
    "chỉ tiêu t ỷ  l ệ  tham gia": "chỉ tiêu tỷ lệ tham gia",
    "nhân dân\nt ỉ n h    theo  quy định": "nhân dân tỉnh theo quy định",
    "K Ế  H O Ạ C H": "KẾ HOẠCH",
    "K Ế H O Ạ C H": "KẾ HOẠCH",
    "t h ự c h i ệ n": "thực hiện",  # not «thự chiện»
    "t h ẻ B H Y T": "thẻ BHYT",
    "b ả o h i ể m y t ế": "bảo hiểm y tế",
    "n ă m 2022": "năm 2022",
}
UNCHANGED = [
    "điểm d ở khoản 2",
    "nhóm A I",
    "có ý ở lại",
    "các cột A B C",
    "x x x",
    "y tế ở xã",
    "năm 2022 2023",
    "85,1% 90,6% 91,5%",
    "2021 2022 2023 182.330",
    "1. 250 thẻ",
    "Điều 1. 250 thẻ",
    "a) 1. 250 thẻ",
    "tháng 6. 250 người",
    "nhóm 1 82.330 thẻ",
    "1 18.660 16.500",
    "85, 90%",
    "các năm 2022, 2023",
    "giai đoạn 2022 - 2025",
    "đến năm 2025. 100 xã",
]
BROKEN = {
    "182. 330 người": "182.330 người",
    "dân số 182 .330": "dân số 182.330",
    "12  .  345": "12.345",
    "1 . 234 . 567 đồng": "1.234.567 đồng",
    "đạt 85, 1 %": "đạt 85,1%",
    "đạt 85 ,1%": "đạt 85,1%",
    "còn 8 7,21%": "còn 87,21%",
    "Dân số 1 82.330 người": "Dân số 182.330 người",
    "giảm 3 0.082 thẻ": "giảm 30.082 thẻ",
    "182.3 30 người": "182.330 người",
    "ngày 04 / 6 / 2021": "ngày 04/6/2021",
    "tháng 7 / 2021": "tháng 7/2021",
    "Quyết định số 861 / QĐ - TTg": "Quyết định số 861/QĐ-TTg",
}


@pytest.mark.parametrize("raw", SPACED)
def test_spaced_letters_are_words(raw):
    assert clean_text(raw).text == SPACED[raw]


@pytest.mark.parametrize("raw", UNCHANGED)
def test_what_may_be_two_stays_two(raw):
    assert clean_text(raw).text == raw


@pytest.mark.parametrize("raw", BROKEN)
def test_broken_numbers_are_mended(raw):
    assert clean_text(raw).text == BROKEN[raw]


def test_blanks_and_accents():
    raw = " Xa\u0303\u00a0\u200bKiên\t\n Lao \ufeff"
    assert clean_text(raw) == ("Xã Kiên Lao", (1, 2, 4, 6, 7, 8, 9, 10, 13, 14, 15))


def test_positions_of_mended_text():
    text, positions = clean_text("là t ỷ  l ệ 85, 1 %")
    assert text == "là tỷ lệ 85,1%"
    assert positions == (0, 1, 2, 3, 5, 6, 8, 10, 11, 12, 13, 14, 16, 18)


def test_old_fonts():
    tcvn3 = "Tû lÖ b\u00b6o hiÓm y tÕ ®\u00b9t 85,1%"
    assert document_font([tcvn3]) == "tcvn3"
    assert clean_text(tcvn3, "tcvn3") == ("Tỷ lệ bảo hiểm y tế đạt 85,1%", tuple(range(len(tcvn3))))
    vni = "Baûo hieåm y teá ñaït 85,1%"
    assert document_font([vni]) == "vni"
    text, positions = clean_text(vni, "vni")
    assert text == "Bảo hiểm y tế đạt 85,1%"
    assert [vni[p] for p in positions] == list("Bao hiem y te ñat 85,1%")
    assert document_font(["Tỷ lệ bảo hiểm y tế", "182.330"]) == ""


def test_marks_of_lists_in_fonts_of_signs():
    assert clean_text("\uf02d Xã").text == "- Xã"
    assert clean_text("\uf0b7 Xã").text == "• Xã"


PIECES = st.sampled_from(
    [
        *SPACED,
        *BROKEN,
        *UNCHANGED,
        " ",
        "  ",
        "\u00a0",
        "\u200b",
        "\n",
        "e",
        "\u0302",
        "\u0301",
        "\u0323",
        ".",
        ",",
        "%",
        "1",
        "82",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=8).map("".join)


@given(TEXTS)
def test_each_character_comes_from_its_position(raw):
    text, positions = clean_text(raw)
    assert len(text) == len(positions)
    assert list(positions) == sorted(positions)
    for character, position in zip(text, positions, strict=True):
        if character == " ":
            assert raw[position].isspace() or raw[position] in "\u200b\u2800\u3164"
        elif character.isascii() and raw[position].isascii():
            assert character == raw[position]
        elif not set(raw) - set(VIETNAMESE):  # other alphabets have letters of several characters
            assert unicodedata.normalize("NFD", character)[0] == unicodedata.normalize("NFD", raw[position])[0]


VIETNAMESE = "".join({*"".join([*SPACED, *BROKEN, *UNCHANGED]), *" \u00a0\u200b\ne\u0302\u0301\u0323.,%182"})


@given(TEXTS)
def test_clean_text_stays_as_it_is(raw):
    text = clean_text(raw).text
    assert clean_text(text).text == text
    assert text == text.strip() and "  " not in text


@given(TEXTS)
def test_no_digit_or_letter_is_lost(raw):
    kept = [c for c in clean_text(raw).text if c.isalnum() and c.isascii()]
    assert "".join(kept) == "".join(c for c in unicodedata.normalize("NFC", raw) if c.isalnum() and c.isascii())
