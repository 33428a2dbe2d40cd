"""Pairs of plans in ``pairs``, written for this test: what differs was put there by hand."""

import json
from pathlib import Path

import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.plans.comparison import compare_plans, comparison_table
from bhyt_analysis.plans.plan import read_plan
from bhyt_analysis.plans.text_reader import read_text
from tests.plans.plan_files import write_word

PAIRS = Path(__file__).with_name("pairs")
# The rule, the file and the place of each difference, errors first.
EXPECTED = {
    ("tuyen_quang.md", "son_duong.md"): [
        ("target_below_upper", "son_duong.md", "mục II.2"),  # 91,5% against 91,8% in the table
        ("target_not_passed_on", "tuyen_quang.md", "mục II.1"),  # the district has no target of 2025
        ("rate_differs_elsewhere", "son_duong.md", "mục I"),  # 85,1% and 85,9% at the end of 2021
        ("instrument_day_differs", "son_duong.md", "đoạn mở đầu"),  # 861: 6 April and 4 June
        ("instrument_day_differs", "son_duong.md", "đoạn mở đầu"),  # 126: cited with another day than its own
        ("table_lacks_units", "tuyen_quang.md", "mục II.4"),  # Yên Sơn
        ("targets_passed_on", "son_duong.md", ""),
        ("report_not_passed_on", "tuyen_quang.md", "mục III.1"),  # quarterly
    ],
    ("quang_ngai.txt", "binh_son.txt"): [
        ("target_below_upper", "binh_son.txt", "mục I.1"),  # 70% is not above 70%
        ("targets_passed_on", "binh_son.txt", ""),  # 2015; the target of 2020 is after its years
    ],
    ("bac_giang.txt", "luc_ngan.txt"): [
        ("loss_differs", "luc_ngan.txt", "mục I.1"),  # 46.106 and 46.160
        ("targets_passed_on", "luc_ngan.txt", ""),  # 99% where 98,5% are asked of it, and 98% of all
    ],
    ("son_la.md", "muong_la.md"): [
        ("target_below_upper", "muong_la.md", "mục I.1"),  # 95,5% where each commune has to reach 96%
        ("targets_passed_on", "muong_la.md", ""),
        ("report_not_passed_on", "son_la.md", "mục II.1"),
    ],
}


def compare(one, other, lang="vi"):
    return comparison_table(compare_plans(read_plan(one), read_plan(other)), lang)


def places(table):
    return list(table[["rule", "document", "locator"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("pair", EXPECTED, ids=lambda pair: pair[1])
def test_pair_has_just_these_differences_in_either_order(pair):
    upper, lower = (PAIRS / name for name in pair)
    table = compare(upper, lower)
    assert places(table) == EXPECTED[pair]
    assert table.equals(compare(lower, upper))


def test_messages_name_both_numbers_and_the_other_document():
    messages = compare(PAIRS / "tuyen_quang.md", PAIRS / "son_duong.md").groupby("rule")["message"].agg(list)
    below = "Chỉ tiêu năm 2023 (Toàn dân) là 91,5%, thấp hơn 91,8% của tuyen_quang.md, mục II.4"
    assert messages["target_below_upper"] == [below]
    assert messages["instrument_day_differs"] == [
        "Quyết định 861/QĐ-TTg ghi ngày 06/04/2021, nhưng tuyen_quang.md, đoạn mở đầu ghi ngày 04/06/2021",
        "Kế hoạch 126/KH-UBND ghi ngày 26/08/2022, nhưng tuyen_quang.md, tiêu đề ghi ngày 28/06/2022",
    ]
    assert messages["table_lacks_units"][0].endswith("thiếu 1 đơn vị của tỉnh Tuyên Quang: Huyện Yên Sơn")
    assert messages["targets_passed_on"][0].startswith("3 trong 5 chỉ tiêu")
    english = compare(PAIRS / "tuyen_quang.md", PAIRS / "son_duong.md", "en")
    below = "The target of 2023 (Everyone) is 91.5%, below the 91.8% of tuyen_quang.md, section II.4"
    assert english["message"][0] == below and english["locator"][0].startswith("section II")


def test_word_files_give_what_texts_give(tmp_path):
    files = []
    for name in ("tuyen_quang", "son_duong"):
        files.append(tmp_path / f"{name}.docx")
        write_word(read_text(PAIRS / f"{name}.md").blocks, files[-1])
    expected = [(rule, file.replace(".md", ".docx"), place) for rule, file, place in next(iter(EXPECTED.values()))]
    assert places(compare(*files)) == expected


def test_two_copies_of_a_document_differ_in_nothing(tmp_path):
    for name in ("son_duong.md", "luc_ngan.txt", "son_la.md"):
        copy = tmp_path / name
        copy.write_bytes((PAIRS / name).read_bytes())
        assert compare(PAIRS / name, copy).empty


def test_newer_document_of_a_unit_is_held_to_the_older_one(tmp_path):
    newer = tmp_path / "moi.txt"
    text = (PAIRS / "luc_ngan.txt").read_text(encoding="utf-8")
    newer.write_text(text.replace("đạt 99%", "đạt 97%").replace("05 tháng 8", "05 tháng 9"), encoding="utf-8")
    table = compare(newer, PAIRS / "luc_ngan.txt")
    assert places(table) == [("target_below_upper", "moi.txt", "mục II.1")]
    assert table["sentence"][0].endswith("đạt 97% dân số.")


def test_units_that_have_nothing_to_do_with_each_other_give_one_sentence():
    table = compare(PAIRS / "son_la.md", PAIRS / "luc_ngan.txt")
    assert table["rule"].tolist() == ["plans_unrelated"]
    assert "huyện Lục Ngạn và tỉnh Sơn La" in table["message"][0]


def test_rounding_and_bounds_reconcile_figures(tmp_path):
    upper = tmp_path / "tinh.md"
    text = (PAIRS / "tuyen_quang.md").read_text(encoding="utf-8")
    for rate, differs in (("85%", False), ("trên 85%", False), ("85,10%", False), ("85,2%", True)):
        upper.write_text(text.replace("85,9%", rate), encoding="utf-8")
        rules = set(compare(upper, PAIRS / "son_duong.md")["rule"])
        assert ("rate_differs_elsewhere" in rules) is differs, rate


def test_table_without_the_lower_unit_or_with_one_of_another_area(tmp_path):
    upper = tmp_path / "tinh.md"
    text = (PAIRS / "tuyen_quang.md").read_text(encoding="utf-8")
    upper.write_text(text.replace("Huyện Sơn Dương | 90,6%", "Huyện Lục Ngạn | 90,6%"), encoding="utf-8")
    table = compare(upper, PAIRS / "son_duong.md").set_index("rule")["message"]
    assert "huyện Sơn Dương" in table["table_lacks_lower_unit"]
    assert table["unit_of_other_area"].startswith("“Huyện Lục Ngạn” không phải đơn vị thuộc tỉnh Tuyên Quang")


def test_communes_that_the_table_of_the_lower_plan_lacks(tmp_path):
    communes = [u.name for u in bhyt.area(bhyt.load(), "Huyện Sơn Dương").communes("2022-08-15")]
    assert len(communes) == 31
    rows = "\n".join(f"| {i} | {name} | 92,0% |" for i, name in enumerate(communes[:-2], 1))
    lower = tmp_path / "huyen.md"
    annex = f"\n\n| STT | Xã | Tỷ lệ bao phủ BHYT năm 2022 |\n|---|---|---|\n{rows}\n"
    lower.write_text((PAIRS / "son_duong.md").read_text(encoding="utf-8") + annex, encoding="utf-8")
    table = compare(PAIRS / "tuyen_quang.md", lower)
    message = table.loc[(table["rule"] == "table_lacks_units") & (table["document"] == "huyen.md"), "message"].item()
    assert message.endswith(f"thiếu 2 đơn vị của huyện Sơn Dương: {communes[-2]}, {communes[-1]}")
    few = tmp_path / "it.md"  # a table of some communes is not meant to have all
    annex = "\n".join(annex.splitlines()[:16])
    few.write_text((PAIRS / "son_duong.md").read_text(encoding="utf-8") + annex, encoding="utf-8")
    table = compare(PAIRS / "tuyen_quang.md", few)
    assert "it.md" not in set(table.loc[table["rule"] == "table_lacks_units", "document"])


def test_command_prints_lines_or_json_and_refuses_a_plan_of_no_unit(tmp_path, capsys):
    files = [str(PAIRS / "bac_giang.txt"), str(PAIRS / "luc_ngan.txt")]
    assert main(["audit", *files]) == 0
    line, sentence = capsys.readouterr().out.splitlines()[:2]
    assert line.startswith("Lưu ý [loss_differs] luc_ngan.txt, mục I.1: ") and "46.106 người" in sentence
    assert main(["audit", *files, "--json", "--lang", "en"]) == 0
    record = json.loads(capsys.readouterr().out)[0]
    assert (record["document"], record["area"]) == ("luc_ngan.txt", "219")
    blank = tmp_path / "khong_ro.txt"
    blank.write_text("KẾ HOẠCH\nBảo hiểm y tế toàn dân\n\n1. Đến hết năm 2025 đạt 95% dân số.\n", encoding="utf-8")
    assert main(["audit", files[0], str(blank)]) == 2
    assert "khong_ro.txt" in capsys.readouterr().err
