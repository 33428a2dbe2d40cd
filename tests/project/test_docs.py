"""The examples of the documents work as printed.

After a change of messages: ``python -m tests.project.test_docs`` writes the outputs in docs/own_data.md anew.
"""

import re
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import Workbook

from bhyt_analysis.cli import main

from ..conftest import ROOT

OWN_DATA = ROOT / "docs" / "own_data.md"
OUTPUT = r"```text\n\$ bhyt check (.*)\n((?s:.*?))```"
ANSWERS = r"(?s)```toml\n(.*?)```"


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


def check_output(words: str) -> str:
    """Return what `bhyt check` prints."""
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()):
        main(["check", *words.split()])
    return output.getvalue()


def office_workbook(page: str) -> Workbook:
    """Return the workbook that the page of own data shows."""
    table = re.search(r"\n\n(\| STT .*?)\n\n", page, flags=re.DOTALL).group(1)
    heading, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    book = Workbook()
    book.active.title = "Tháng 12"
    for row in (["SỐ NGƯỜI THAM GIA BHYT"], ["Đến hết tháng 12 năm 2025"], heading, *rows):
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    return book


def with_outputs(page: str) -> str:
    """Return the page of own data with what is printed for its workbook, and the questions with their answers."""
    book = office_workbook(page)
    assert (book.active["G3"].value, book.active["H9"].value) == ("HSSV", None)
    book.active["G3"], book.active["H9"] = "Mã 15", "-"
    book.save("bao_cao.xlsx")
    page = re.sub(OUTPUT, lambda m: f"```text\n$ bhyt check {m[1]}\n{check_output(m[1])}```", page)
    check_output("bao_cao.xlsx --answers tra_loi.toml")
    questions = Path("tra_loi.toml").read_text("utf-8")
    answered = questions.replace('blanks = ""', 'blanks = "0"').replace('"Mã 15" = ""', '"Mã 15" = "HSSV"')
    return re.sub(ANSWERS, lambda _: f"```toml\n{answered}```", page)


def test_the_sheet_of_an_office_is_checked_and_answered_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = OWN_DATA.read_text("utf-8")
    office_workbook(page).save("bao_cao.xlsx")
    summary = check_output("bao_cao.xlsx --lang en").partition("\n\n")[2]
    assert "Cards     53,300 on 31 December 2025" in summary and "Coverage  88.8%" in summary
    assert with_outputs(page) == page
    assert len(re.findall(OUTPUT, page)) == 2
    Path("tra_loi.toml").write_text(re.search(ANSWERS, page).group(1), encoding="utf-8")
    assert check_output("bao_cao.xlsx --answers tra_loi.toml --lang en").partition("\n\n")[2] == summary


if __name__ == "__main__":
    with TemporaryDirectory() as folder, chdir(folder):
        page = with_outputs(OWN_DATA.read_text("utf-8"))
    OWN_DATA.write_text(page, encoding="utf-8", newline="\n")
