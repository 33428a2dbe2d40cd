"""The examples of the documents work as printed."""

import re
from pathlib import Path

from openpyxl import Workbook

from bhyt_analysis.cli import main

from ..conftest import ROOT


def test_the_worked_example_of_the_audit_says_what_the_page_says(tmp_path, capsys):
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    files = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", page, flags=re.DOTALL)
    assert [name for name, _ in files] == ["areas.csv", "documents.csv", "published.csv", "targets.csv", "losses.csv"]
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    printed = re.search(r"```text\n(.*?)```", page, flags=re.DOTALL).group(1)
    assert main(["check", str(tmp_path), "--lang", "en"]) == 0
    capsys.readouterr()
    assert main(["audit", str(tmp_path), "--lang", "en"]) == 0
    assert capsys.readouterr().out == printed


def test_the_first_example_of_the_readme_gives_what_it_says():
    block = re.search(r"```python\n(.*?)\n\n(.*?)\n\n", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(block.group(1), names)
    first, *examples = block.group(2).splitlines()
    exec(first, names)
    assert len(examples) == 2
    for line in examples:
        code, _, comment = line.partition("  # ")
        assert comment.startswith(repr(eval(code, names)))


def test_the_sheet_of_an_office_is_checked_and_answered_as_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "own_data.md").read_text("utf-8")
    outputs = re.findall(r"```text\n\$ bhyt (check .*)\n((?s:.*?))```", page)
    answers = re.search(r"```toml\n(.*?)```", page, flags=re.DOTALL).group(1)
    table = re.search(r"\n\n(\| STT .*?)\n\n", page, flags=re.DOTALL).group(1)
    heading, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    book = Workbook()
    sheet = book.active
    sheet.title = "Tháng 12"
    for row in (["SỐ NGƯỜI THAM GIA BHYT"], ["Đến hết tháng 12 năm 2025"], heading, *rows):
        sheet.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    book.save("bao_cao.xlsx")
    assert main(["check", "bao_cao.xlsx", "--lang", "en"]) == 0
    summary = capsys.readouterr().out.partition("\n\n")[2]
    assert "Cards     53,300 on 31 December 2025" in summary and "Coverage  88.8%" in summary

    unclear = {(3, 7): ("HSSV", "Mã 15"), (9, 8): (None, "-")}
    for place, (before, after) in unclear.items():
        assert sheet.cell(*place).value == before
        sheet.cell(*place).value = after
    book.save("bao_cao.xlsx")
    for words, output in outputs:
        assert main(words.split()) == 1
        assert capsys.readouterr().out == output
    assert len(outputs) == 2
    assert main(["check", "bao_cao.xlsx", "--answers", "tra_loi.toml"]) == 1
    assert Path("tra_loi.toml").read_text("utf-8") == re.sub(r'= ".*"', '= ""', answers)
    Path("tra_loi.toml").write_text(answers, encoding="utf-8")
    capsys.readouterr()
    assert main(["check", "bao_cao.xlsx", "--answers", "tra_loi.toml", "--lang", "en"]) == 0
    assert capsys.readouterr().out.partition("\n\n")[2] == summary
