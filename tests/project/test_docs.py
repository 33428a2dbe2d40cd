"""Every code block of the documentation and of the READMEs works as printed.

After a change of messages: ``python -m tests.project.test_docs`` writes what the commands of the pages print anew.
"""

import re
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bhyt_analysis.cli import main
from bhyt_analysis.domain.schema import group_keys_by_name
from bhyt_analysis.i18n.unit_names import normalise_name

from ..batches import batches_here
from ..conftest import ROOT
from .docs_blocks import BLOCK, blocks, prepare_folder, run_page

READMES = ("README.vi.md", "README.md")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
AUDIT = ROOT / "docs" / "audit.md"  # its files are read, and its output compared, below
# The second is run in tests/engine, the third in tests/charts/test_gallery.py.
RUN_ELSEWHERE = {AUDIT, ROOT / "docs" / "warm_kernels.md", ROOT / "docs" / "gallery" / "README.md"}
WITH_CODE = [page for page in PAGES if BLOCK.search(page.read_text("utf-8")) and page not in RUN_ELSEWHERE]


def renewed_page(page: Path, folder: Path) -> str:
    """Return a page with what its commands print now."""
    text = page.read_text("utf-8")
    prepare_folder(folder)
    with ExitStack() as stack:
        stack.enter_context(batches_here())
        if "tcp://127.0.0.1:8786" in text:
            from distributed import LocalCluster

            options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
            stack.enter_context(LocalCluster(scheduler_port=8786, **options))
        return run_page(text, folder)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_code_blocks_run_and_print_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert renewed_page(page, tmp_path) == page.read_text("utf-8")


def test_the_vietnamese_readme_has_no_other_lines_than_the_english_one():
    vi, en = ([code_lines(block) for block in blocks((ROOT / name).read_text("utf-8"))] for name in READMES)
    assert len(vi) == len(en)
    assert vi == [[line for line in other if line in own] for own, other in zip(vi, en, strict=True)]


def code_lines(block):
    """Return the lines of a block without their comments and the name of the folder that is written."""
    lines = (re.sub(r"  #.*| --out \w+", "", line).rstrip() for line in block.text.splitlines())
    return [re.sub(" +", " ", line) for line in lines if line]


def test_the_worked_example_of_the_audit_says_what_the_page_says(tmp_path, capsys):
    page = AUDIT.read_text("utf-8")
    files = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", page, flags=re.DOTALL)
    assert [name for name, _ in files] == ["areas.csv", "documents.csv", "published.csv", "targets.csv", "losses.csv"]
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    printed = re.search(r"```text\n(.*?)```", page, flags=re.DOTALL).group(1)
    assert main(["check", str(tmp_path), "--lang", "en"]) == 0
    capsys.readouterr()
    assert main(["audit", str(tmp_path), "--lang", "en"]) == 0
    assert capsys.readouterr().out == printed


def test_the_short_names_of_groups_on_the_page_mean_these_groups():
    page = (ROOT / "docs" / "huong_dan" / "so_lieu.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+) \| (.+) \|$", page.split("| Nhóm | Chữ tắt", 1)[1].split("\n## ", 1)[0], re.M)
    keys = {"Tham gia BHYT theo hộ gia đình": "household", "Người hưởng lương hưu": "pensioner"}
    words = group_keys_by_name()
    assert len(rows) == 20
    for name, short in rows:
        meanings = {words.get(normalise_name(text)) for text in (name, *short.split(", "))}
        assert len(meanings) == 1 and None not in meanings, name
        assert keys.get(name) in (None, *meanings)


def test_the_answers_of_the_page_are_the_questions_that_check_writes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    prepare_folder(tmp_path)
    page = (ROOT / "docs" / "own_data.md").read_text("utf-8")
    answered = re.search(r'```toml title="tra_loi_2.toml"\n(.*?)```', page, flags=re.DOTALL)
    assert main(["check", "bao_cao_2.xlsx", "--answers", "tra_loi_2.toml"]) == 1
    questions = Path("tra_loi_2.toml").read_text("utf-8")
    assert questions.replace('blanks = ""', 'blanks = "0"').replace('"Mã 15" = ""', '"Mã 15" = "HSSV"') == answered[1]
    Path("tra_loi_2.toml").write_text(answered[1], "utf-8")
    capsys.readouterr()
    assert main(["check", "bao_cao_2.xlsx", "--answers", "tra_loi_2.toml", "--lang", "en"]) == 0
    summary = capsys.readouterr().out.partition("\n\n")[2]
    assert "Cards     53,300 on 31 December 2025" in summary
    assert "Coverage  88.8%" in summary


if __name__ == "__main__":
    import os

    os.environ["COLUMNS"] = "100"
    for page in WITH_CODE:
        with TemporaryDirectory() as folder:
            page.write_text(renewed_page(page, Path(folder)), encoding="utf-8", newline="\n")
