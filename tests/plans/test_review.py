"""What the audit of a document says, and where: at the numbers of our four plans and of the bundled example."""

import json
from dataclasses import replace
from pathlib import Path

import docx
import pytest

from bhyt_analysis.cli import main
from bhyt_analysis.ingest import load
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.plan import plan_of, read_plan
from bhyt_analysis.plans.read_document import read_document
from bhyt_analysis.plans.review import review

from .plan_files import TEXTS, write_word
from .word_documents import tracked_replacement

# The contradictions that the four plans hold: the rule, the text at which it is noticed, a part of its sentence.
NOTICED = {
    "son_duong.txt": [
        ("share_of_wrong_base", "17,2%", "26.735 / 153.953 là 17,4%"),
        ("shares_do_not_add", "17,2%", "99,8%"),
        ("lost_added_back", "30.082 thẻ", "ít nhất 2.915 người (9,7%)"),
        ("front_loaded", "90,6%", "78,6% mức tăng của 4 năm"),
        ("told_twice", "", "tỷ lệ bao phủ hộ cận nghèo"),
    ],
    "luc_ngan.md": [
        ("no_population", "", "không nêu dân số"),
        ("sub_targets_short", "99%", "98,1% đến 98,2%"),
        ("years_without_target", "99%", "năm 2022"),
        ("population_bounds", "46.106 người", "từ 37% đến 42%"),
        ("population_bounds", "46.106 người", "391.226"),
    ],
    "quang_ngai.txt": [("no_baseline", "70%", "ban đầu"), ("years_without_target", "90%", "2016–2019")],
    "son_la.md": [
        ("below_upper_target", "96,35%", "2030: trên 96,35% so với 100%"),
        ("report_before_year_end", "", "trước 20/11"),
    ],
}


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Return the bundled example as a Word file."""
    path = tmp_path_factory.mktemp("plan") / "ke_hoach.docx"
    write_word(read_plan().document.blocks, path)
    return path


@pytest.mark.parametrize("name", NOTICED)
def test_contradictions_of_the_four_plans_are_at_their_numbers(name):
    plan = read_plan(TEXTS / name)
    remarks = review(plan, "vi")
    for rule, number, part in NOTICED[name]:
        own = [(r, dict(zip(r.rules, r.messages, strict=True))[rule]) for r in remarks if rule in r.rules]
        texts = [plan.document.blocks[p.block].text[p.start : p.end] for r, m in own if part in m for p in r.places]
        assert texts and any(number in text for text in texts), (rule, own)


def test_a_remark_has_what_would_fit():
    (remark,) = [r for r in review(read_plan(), "en") if "share_of_wrong_base" in r.rules]
    assert remark.fits == "9.0%"  # 10,890 / 121,000


def test_places_are_cited_in_the_language_of_the_remarks(tmp_path, capsys):
    path = tmp_path / "ke_hoach.txt"
    text = read_plan().document.path.read_text(encoding="utf-8").replace("10.890 thẻ", "10.890 em nhỏ")
    path.write_text(f"{text}\nPHẦN THỨ HAI\nI. MỤC TIÊU\n2. Đến 2027\nCó 5.120 người.\n", encoding="utf-8")
    plan = read_plan(path)
    assert "Phần thứ hai, mục I.2" in set(plan.remarks("vi")["locator"]) & set(plan.questions("vi")["locator"])
    assert "Part two, section I.2" in set(plan.remarks("en")["locator"]) & set(plan.questions("en")["locator"])
    assert not [place for place in plan.remarks("en")["locator"] if "mục" in place or "Phần" in place]
    assert main(["audit", str(path), "--lang", "en"]) == 0
    assert "Part two, section I.2" in capsys.readouterr().out


def test_two_figures_that_may_be_wrong_have_what_would_fit_each(tmp_path):
    text = read_plan().document.path.read_text(encoding="utf-8").replace("140.000 người", "154.000 người")
    path = tmp_path / "ke_hoach.txt"
    path.write_text(text, encoding="utf-8")
    (remark,) = [r for r in review(read_plan(path), "vi") if "coverage_off" in r.rules]
    # 123,200 of 154,000 are 80.0%; 88.0% of them would be 139,921 to 140,079 people.
    assert "88,0% thành 80,0%" in remark.fits and "154.000 người thành từ 139.921 đến 140.079" in remark.fits


def test_comments_are_at_their_numbers_and_the_original_is_as_it_was(example, tmp_path, capsys):
    before, out = example.read_bytes(), tmp_path / "nhan_xet.docx"
    assert main(["audit", str(example), "--annotate", str(out)]) == 0
    assert "share_of_wrong_base" in capsys.readouterr().out
    assert example.read_bytes() == before
    comments = list(docx.Document(str(out)).comments)
    assert {c.author for c in comments} == {"bhyt"}
    (share,) = [c for c in comments if "10.890 / 121.000 là 9,0%" in c.text]
    assert share.text.startswith("Mâu thuẫn: ") and "Con số phù hợp: 9,0%" in share.text
    assert anchored(out, share.comment_id) == "8,8%"
    text = [p.text for p in docx.Document(str(out)).paragraphs]
    assert text[: len(docx.Document(str(example)).paragraphs)] == [
        p.text for p in docx.Document(str(example)).paragraphs
    ]
    assert any("10.890 / 121.000" in line for line in text)  # the list at the end


def anchored(path, number):
    """Return the text between the marks of a comment."""
    body, inside, text = docx.Document(str(path)).element.body, False, ""
    for element in body.iter():
        name = element.tag.rpartition("}")[2]
        if name in ("commentRangeStart", "commentRangeEnd") and element.values()[0] == str(number):
            inside = name == "commentRangeStart"
        elif name == "t" and inside:
            text += element.text
    return text


def test_the_extract_is_read_again_as_the_plan(example, tmp_path, capsys):
    out = tmp_path / "so_lieu.xlsx"
    assert main(["audit", str(example), "--extract", str(out), "--json"]) == 0
    rules = {row["rule"] for row in json.loads(capsys.readouterr().out)}
    again, plan = load(out), read_plan(example)
    columns = ["figure", "value", "unit", "relation", "base", "as_of"]
    assert again.published[columns].values.tolist()[:20] == plan.published[columns].values.tolist()[:20]
    assert again.targets["rate"].tolist() == plan.targets["rate"].tolist() == [0.927, 0.935, 0.945]
    assert main(["audit", str(out), "--json"]) == 0
    later = {row["rule"] for row in json.loads(capsys.readouterr().out)}
    assert {"share_of_wrong_base", "shares_do_not_add"} <= rules & later


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ("THÔNG BÁO\n\nMời họp lúc 8 giờ ngày 12/3/2022, có 5 nội dung.\n", 0, "không có số liệu BHYT nào"),
        ("KẾ HOẠCH\n\nTỷ lệ bao phủ BHYT đạt 85% dân số năm 2021.\n", 2, "không rõ văn bản của đơn vị nào"),
    ],
)
def test_documents_without_figures_or_unit_get_one_sentence(text, status, sentence, tmp_path, capsys):
    path = tmp_path / "van_ban.txt"
    path.write_text(text, encoding="utf-8")
    assert main(["audit", str(path)]) == status
    error = capsys.readouterr().err
    assert sentence in error and len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{plan}", "data"], "hai văn bản để so sánh"),
        (["{plan}", "{plan}", "--annotate", "a.docx"], "chỉ dùng với một văn bản"),
        (["data", "--extract", "a.xlsx"], "cần một văn bản"),
        (["{plan}", "--annotate", "{plan}"], "không được ghi đè"),
        (["{text}", "--annotate", "a.docx"], "tệp Word"),
    ],
)
def test_wrong_calls_get_one_sentence(words, sentence, example, capsys, monkeypatch):
    monkeypatch.chdir(example.parent)
    text = Path(read_plan().document.path)
    assert main(["audit", *(w.format(plan=example, text=text) for w in words)]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(example.parent.glob("a.*"))


def test_no_name_of_a_person_is_printed(tmp_path, capsys):
    text = (
        read_plan()
        .document.path.read_text(encoding="utf-8")
        .replace("10.890 thẻ", "10.890 thẻ (theo ông Nguyễn Văn Mẫu)")
    )
    path = tmp_path / "ke_hoach.txt"
    path.write_text(text + "\nTM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH\n\nTrần Thị Giả\n", encoding="utf-8")
    assert main(["audit", str(path), "--extract", str(tmp_path / "a.xlsx")]) == 0
    printed = capsys.readouterr().out
    assert main(["audit", str(path), "--json"]) == 0
    printed += capsys.readouterr().out
    assert "share" in printed and "Nguyễn Văn Mẫu" not in printed and "Trần Thị Giả" not in printed
    cells = [str(v) for table in read_plan(path).tables.values() for v in table.to_numpy().ravel()]
    assert not [c for c in cells if "Trần Thị Giả" in c or "Nguyễn Văn Mẫu" in c]


def test_a_long_document_is_read_with_the_same_result(tmp_path):
    """A plan among 200 pages of other text has the findings that it has alone."""
    document = read_plan().document
    filler = Block("- Tiếp tục tuyên truyền, vận động các hội viên và nhân dân cùng thực hiện tốt chính sách. " * 8)
    long = replace(document, blocks=(*document.blocks, *[filler] * 1200))
    assert [r.rules for r in review(plan_of(long), "vi")] == [r.rules for r in review(plan_of(document), "vi")]


def test_tracked_changes_are_read_as_accepted(example, tmp_path, capsys):
    path = tmp_path / "sua.docx"
    tracked_replacement(example, path, "8,8%", "9,0%")
    assert read_document(path).has_tracked_changes
    assert main(["audit", str(path)]) == 0
    printed = capsys.readouterr()
    assert "share_of_wrong_base" not in printed.out and "sửa đổi" in printed.err


OFFICES = Path(__file__).with_name("offices")
TRUE = ["bao_cao_tinh_2024.txt", "bao_cao_6_thang_2024.md", "nghi_quyet_ho_tro_2025.txt", "huyen_2024_van_ho.md"]


@pytest.mark.parametrize("name", [*TRUE, "huyen_uy_2023.txt", "tinh_2024_bang.md", "thanh_pho_2023_bang.md"])
def test_plans_whose_numbers_fit_get_no_contradiction(name):
    remarks = review(read_plan(OFFICES / name), "vi")
    assert {rule for r in remarks if r.severity != "info" for rule in r.rules} <= {
        "below_upper_target",
        "no_population",
    }


def test_figures_of_days_before_a_unit_was_renewed_are_its_own(tmp_path):
    """The ward is new since July 2025; a level of 2024 with which its plan compares is one of it, and no part."""
    lines = [
        "UBND PHƯỜNG CHIỀNG SINH",
        "Chiềng Sinh, ngày 18 tháng 9 năm 2025",
        "KẾ HOẠCH",
        "Phát triển BHYT",
        "I. KẾT QUẢ",
    ]
    lines += ["Đến 31/8/2025, phường có 38.950 nhân khẩu, trong đó 36.210 người có thẻ BHYT, tăng 1.110 người so với "]
    lines[-1] += "cuối năm 2024 (35.100 người)."
    lines += ["II. MỤC TIÊU", "Đến 31/12/2025 tỷ lệ bao phủ BHYT đạt 96,5% dân số."]
    path = tmp_path / "ke_hoach.txt"
    path.write_text("\n\n".join(lines), encoding="utf-8")
    assert [r.rules for r in review(read_plan(path), "vi")] == []
    rules = {rule for r in review(read_plan(OFFICES / "thi_xa_2021.txt"), "vi") for rule in r.rules}
    assert "no_baseline" not in rules  # Sa Pa, a town since 2020: its figures begin in 2016


def test_wrong_total_of_all_communes_is_one_remark_with_what_fits(tmp_path):
    path = tmp_path / "ke_hoach.md"
    text = (OFFICES / "thanh_pho_2023_bang.md").read_text(encoding="utf-8")
    path.write_text(text.replace("110.300 | 104.050", "110.300 | 104.500"), encoding="utf-8")  # 12.960 + 11.495 + ...
    (remark,) = [r for r in review(read_plan(path), "vi") if "table_total_off" in r.rules]
    assert remark.fits == "104.050"


def test_two_values_at_one_place_are_a_contradiction(tmp_path):
    path = tmp_path / "bao_cao.txt"
    lines = [
        "HUYỆN ỦY SƠN DƯƠNG",
        "Sơn Dương, ngày 12 tháng 02 năm 2022",
        "BÁO CÁO",
        "Kết quả BHYT năm 2021",
        "I. KẾT QUẢ",
    ]
    lines += ["Năm 2021, tỷ lệ bao phủ BHYT đạt 94,1%.", "Như vậy, tỷ lệ bao phủ BHYT năm 2021 là 93,4%."]
    path.write_text("\n\n".join(lines), encoding="utf-8")
    (remark,) = [r for r in read_plan(path).remarks("vi").itertuples() if r.severity == "error"]
    assert remark.rule == "told_twice" and "94,1% và 93,4%" in remark.message


DAY = "Sơn Dương, ngày 15 tháng 3 năm 2025"
LATE = [
    "- Phòng Y tế tổng hợp danh sách, hoàn thành trước ngày 31/01/2025.",
    "- Các trường rà soát học sinh chưa có thẻ, chậm nhất là ngày 28/02/2025 gửi về cơ quan BHXH.",
    "- UBND các xã lập danh sách hộ cận nghèo xong trước 15/11/2024.",
]
IN_TIME = [
    "- Phòng Y tế tổng hợp danh sách, hoàn thành trước ngày 31/3/2025.",
    "- Theo Công văn số 12/SYT-NVY ngày 05/01/2025, các xã báo cáo trước ngày 15/02/2025.",
    "- Các xã đã hoàn thành rà soát trước ngày 31/12/2024.",
    "- Thanh niên hoàn thành nghĩa vụ quân sự trước ngày 01/02/2025 được cấp thẻ.",
    "- Thẻ cấp trước ngày 01/01/2025 còn giá trị; người tham gia trước ngày 01/01/2015 được nộp hồ sơ.",
    "- Hồ sơ đề nghị nộp trước ngày 31/01/2025 được giải quyết trong quý I.",
    "- Trạm Y tế cấp thẻ cho trẻ em sinh trước ngày 01/01/2025 còn thiếu.",
    "- Báo cáo các đợt tiếp theo gửi trước ngày 25 hằng tháng.",
]


@pytest.mark.parametrize("line", [*LATE, *IN_TIME])
def test_deadlines_before_the_plan_are_remarked_on(line, tmp_path):
    path = tmp_path / "ke_hoach.txt"
    head = ["ỦY BAN NHÂN DÂN HUYỆN SƠN DƯƠNG", "Số: 45/KH-UBND", DAY, "KẾ HOẠCH", "Phát triển BHYT năm 2025"]
    path.write_text("\n\n".join([*head, "I. KẾT QUẢ NĂM 2024", LATE[0], "II. NHIỆM VỤ", line]), encoding="utf-8")
    remarks = [r for r in review(read_plan(path), "vi") if "deadline_before_document" in r.rules]
    assert [r.sentence for r in remarks if r.locator == "mục II"] == ([line] if line in LATE else [])
    assert len(remarks) == (line in LATE)  # what is under «kết quả» has happened


def test_what_no_input_may_have_is_a_remark_at_its_number(tmp_path):
    text = read_plan().document.path.read_text(encoding="utf-8").replace("94,5% năm 2024", "104,5% năm 2024")
    path = tmp_path / "ke_hoach.txt"
    path.write_text(text, encoding="utf-8")
    plan = read_plan(path)
    (remark,) = [r for r in review(plan, "vi") if "bad_cell" in r.rules]
    assert [plan.document.blocks[p.block].text[p.start : p.end] for p in remark.places] == ["104,5%"]
    assert remark.messages[0].endswith("cần một tỷ lệ từ 0% đến 100%, ví dụ 90,6%")
    assert plan.targets["rate"].tolist() == [0.927, 0.935]
