"""Answer once what an input leaves unclear, and read it again with the answers."""

import datetime as dt
import tomllib

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.answers import read_answers, write_questions
from bhyt_analysis.ingest.loader import examine_input

from .offices import AREAS, PEOPLE, office, write_xlsx

JUNE = dt.date(2021, 6, 30)
UNCLEAR = [
    ["Xã", "Hộ nghèo", "Diện 139", "Hộ gia đình"],
    ["Kiên Lao", 1000, 40, "-"],
    ["Phì Điền", 1300, 50, 800],
    ["Chũ", 30, None, 5500],
]


@pytest.fixture
def unclear(tmp_path):
    """Return a workbook with an unknown group, no day, a dash and a blank cell."""
    return write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": UNCLEAR}))


def answer(file, **answers):
    """Fill in the answers of a file, as an analyst does in an editor."""
    text = file.read_text(encoding="utf-8")
    for question, reply in answers.items():
        text = text.replace(f'{question} = ""', f'{question} = "{reply}"')
    file.write_text(text, encoding="utf-8")


def test_questions_are_written_once_and_answers_are_used(unclear, tmp_path):
    file = tmp_path / "tra_loi.toml"
    assert write_questions(file, examine_input(unclear).findings) == 3
    questions = tomllib.loads(file.read_text(encoding="utf-8"))
    assert questions == {
        "blanks": "",
        "columns": {"Diện 139": ""},
        "days": {"so_lieu.xlsx [Số thẻ]": ""},
    }
    answer(file, **{"blanks": "0", '"Diện 139"': "Người có công", '"so_lieu.xlsx [Số thẻ]"': "30/6/2021"})
    assert write_questions(file, examine_input(unclear, answers=file).findings) == 0
    cards = bhyt.load(unclear, answers=file).cards
    assert cards["as_of"].dt.date.unique().tolist() == [JUNE]
    assert dict(zip(zip(cards["area"], cards["group"], strict=True), cards["cards"], strict=True)) == {
        ("T901", "poor"): 1000,
        ("T901", "person_of_merit_other"): 40,
        ("T901", "household"): 0,
        ("T902", "poor"): 1300,
        ("T902", "person_of_merit_other"): 50,
        ("T902", "household"): 800,
        ("T903", "poor"): 30,
        ("T903", "person_of_merit_other"): 0,
        ("T903", "household"): 5500,
    }


def test_column_left_out_is_a_warning_of_all_that_is_made(unclear, tmp_path):
    file = tmp_path / "a.toml"
    text = 'blanks = "chưa biết"\n[columns]\n"Diện 139" = "bỏ qua"\n[days]\n"so_lieu.xlsx [Số thẻ]" = "6/2021"\n'
    file.write_text(text, encoding="utf-8")
    data = bhyt.load(unclear, answers=file)
    assert [f.rule for f in data.warnings].count("left_out") == 1
    assert data.cards["cards"].tolist() == [1000, 1300, 800, 30, 5500]  # a dash that is not known is no figure


def test_words_and_units_are_replaced(tmp_path):
    cards = [["Đơn vị", "Ngày số liệu", "Nhóm", "Số thẻ", "Tình trạng", "Nguồn"]]
    cards += [["Xã Mới", JUNE, "Diện A", 5, "Công bố", "BHXH"]]
    people = [PEOPLE[0], *PEOPLE[1:]]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": AREAS, "Dân số": people, "Số thẻ": cards})
    file = tmp_path / "a.toml"
    write_questions(file, examine_input(path).findings)
    answer(file, **{'"Xã Mới"': "T902", '"Diện A"': "Hộ nghèo"})
    data = bhyt.load(path, answers=file)
    assert data.cards[["area", "group", "cards"]].values.tolist() == [["T902", "poor", 5]]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[columns]\n"Diện 139" = "Nhóm lạ"', "Nhóm lạ"),
        ('[days]\n"S" = "32/13/2021"', "32/13/2021"),
        ('[cot]\n"S" = "x"', "cot"),
        ('numbers = "fr"', "fr"),
        ("[columns\n", "a.toml"),
    ],
)
def test_entry_that_is_no_answer_is_named(tmp_path, text, part):
    file = tmp_path / "a.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BhytError) as error:
        read_answers(file)
    assert part in error.value.text("vi")


def test_all_wrong_answers_are_named_with_their_lines(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text('numbers = "x"\n\n[days]\n"Tháng 6" = "hôm qua"\n[columns]\n"Mã 15" = "khoai"\n', encoding="utf-8")
    with pytest.raises(BhytError) as error:
        read_answers(file)
    lines = error.value.text("vi").splitlines()
    assert [line.split(",")[1] for line in lines] == [" dòng 1", " dòng 4", " dòng 6"]
    assert "hôm qua" in lines[1]


TYPED = """# Của tôi
numbers = "vi"  # hỏi chị Lan

# cột
[columns]
"Cột A" = "bỏ qua"  # đã hỏi

[days]
"Tháng 5" = "31/05/2021"
"""


def test_wrong_name_of_a_group_gets_the_nearest_names_and_the_list(tmp_path):
    file = tmp_path / "tra_loi.toml"
    file.write_text('[columns]\n"Cột 5" = "Hưu trí và trợ cấp BHXH"\n"Cột 6" = "zzqx"', encoding="utf-8")
    with pytest.raises(BhytError) as error:
        read_answers(file)
    pensions, nothing = error.value.text("vi").splitlines()
    assert "có phải “Người hưởng lương hưu / " in pensions
    assert "trang «Danh mục» của mẫu nhập (lệnh bhyt template)" in pensions
    assert nothing.endswith("trang «Danh mục» của mẫu nhập (lệnh bhyt template)")
    assert "sheet «Lists»" in error.value.text("en")


def test_what_is_typed_into_an_answers_file_stays_in_it(unclear, tmp_path):
    file = tmp_path / "tra_loi.toml"
    file.write_text(TYPED, encoding="utf-8")
    assert write_questions(file, examine_input(unclear).findings) == 3
    text = file.read_text(encoding="utf-8")
    lines = TYPED.replace("\n\n", "\n").splitlines()
    assert [line for line in text.splitlines() if line in lines] == lines
    assert tomllib.loads(text) == {
        "numbers": "vi",
        "blanks": "",
        "columns": {"Cột A": "bỏ qua", "Diện 139": ""},
        "days": {"Tháng 5": "31/05/2021", "so_lieu.xlsx [Số thẻ]": ""},
    }
    assert write_questions(file, examine_input(unclear).findings) == 0
    assert file.read_text(encoding="utf-8") == text
