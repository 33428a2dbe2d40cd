"""The examples of the documents work as printed."""

import re

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
