"""Citations follow each language; a citation is translated as a whole or not at all."""

import pytest

from bhyt_analysis.i18n.citations import format_citation


@pytest.mark.parametrize(
    ("reference", "cited"),
    [
        ("Decree 146/2018/NĐ-CP art. 7(1e)", "điểm e khoản 1 Điều 7 Nghị định 146/2018/NĐ-CP"),
        ("Law 25/2008/QH12 art. 13", "Điều 13 Luật 25/2008/QH12"),
        ("Resolution 261/2025/QH15 art. 2(1a)", "điểm a khoản 1 Điều 2 Nghị quyết 261/2025/QH15"),
    ],
)
def test_citations_in_vietnamese(reference, cited):
    assert format_citation(reference) == cited


def test_no_english_word_stays_in_a_vietnamese_citation(law):
    words = {"Decree", "Law", "Resolution", "resolution", "art.", "of", "under", "the", "amended", "proposal"}
    for reference in law.table["reference"]:
        assert not words & set(format_citation(reference).replace(";", " ").split()), reference


@pytest.mark.parametrize(
    ("reference", "cited"),
    [
        (
            "Kế hoạch 2022-2025 của huyện Sơn Dương, Phần II, mục III (Tổ chức thực hiện), điểm 1",
            "Plan 2022-2025 of Sơn Dương district, Part II, section III (Implementation), point 1",
        ),
        (
            "Tổng điều tra dân số và nhà ở 01/4/2019 (Tổng cục Thống kê)",
            "Population and Housing Census, 1 April 2019 (General Statistics Office)",
        ),
        (
            "Quyết định 546/QĐ-TTg; Chỉ thị 05-CT/HU của Huyện ủy Lục Ngạn, đoạn thứ hai",
            "Decision 546/QĐ-TTg; Directive 05-CT/HU of the Party Committee of Lục Ngạn district, second paragraph",
        ),
        ("Phần thứ hai, mục I.2a, điểm đ", "Part two, section I.2a, point đ"),
        ("Phụ lục số 01, mục 3 (Các xã, phường)", "Annex 01, section 3 (Các xã, phường)"),
        ("«Chỉ tiêu, giải pháp», mục 2", "«Chỉ tiêu, giải pháp», section 2"),
        ("Chương II, Điều 3, khoản 2, điểm a", "Chapter II, Article 3, clause 2, point a"),
        ("kế hoạch.docx, đoạn thứ mười", "kế hoạch.docx, tenth paragraph"),
        ("Số liệu giả lập", "Synthetic figures"),
        ("Decree 188/2025/NĐ-CP art. 6", "Decree 188/2025/NĐ-CP art. 6"),
    ],
)
def test_citations_in_english(reference, cited):
    assert format_citation(reference, "en") == cited


@pytest.mark.parametrize(
    "reference",
    [
        "Sổ theo dõi của huyện, mục I.2",
        "Phần I, theo lời kể",
        "Báo Hòa Bình",
        "",
        "mục I.2 (Chi cục Thống kê",
        ")(",
        ", ",
    ],
)
def test_a_citation_unknown_in_part_is_left_unchanged(reference):
    assert format_citation(reference, "en") == reference.strip()


def test_no_vietnamese_word_stays_in_an_english_citation(data):
    words = {"Kế", "Phần", "mục", "của", "huyện", "tỉnh", "Chỉ", "Quyết", "Nghị", "Số", "nhóm", "theo"}
    columns = [
        data.cards["source"],
        data.targets["instrument"],
        data.losses["source"],
        data.population["source"],
        data.published["locator"],
        data.duties["source"],
        data.documents["short"],
    ]
    cited = {format_citation(s, "en") for column in columns for s in column.dropna()}
    assert len(cited) > 30
    assert {t for t in cited if words & set(t.replace(",", " ").split())} == set()
