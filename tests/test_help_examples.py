"""The example of each command's help runs as it is printed, in both languages."""

import csv
import shlex

import pytest

from bhyt_analysis.cli import cli, main
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.plans.plan import read_plan

from .ingest.offices import office, write_xlsx
from .ingest.test_answers import UNCLEAR
from .plans.plan_files import write_word

SLOW = ("brief", "release", "verify")  # a briefing, then what is done with it
OUTPUTS = {
    "template": "so_lieu.xlsx",
    "audit": "*_*.docx",
    "check": "*.toml",
    "monitor": "*/*.png",
    "synthetic": "*/cards.csv",
}
OUTPUTS |= dict.fromkeys(("reclassify", "allocate", "simulate"), "*.csv")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with what the examples read, in which they run."""
    monkeypatch.chdir(tmp_path)
    write_xlsx(tmp_path / "bao_cao.xlsx", office(**{"Số thẻ": UNCLEAR}))
    for name in ("ke_hoach.docx", "plan.docx"):
        write_word(read_plan().document.blocks, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("command", [name for name in cli.commands if name not in SLOW])
def test_the_example_of_the_help_runs(command, lang, folder, monkeypatch, capsys):
    started = []
    monkeypatch.setattr("bhyt_analysis.explorer.launch.run", lambda call, _: started.append(call) or 0)
    capsys.readouterr()
    assert main([command, "--help", "--lang", lang]) == 0
    example = capsys.readouterr().out.splitlines()[-1].partition(": ")[2]
    assert example == translate(f"call.{command}", lang)
    program, *words = shlex.split(example)
    assert program == "bhyt"
    if command == "explore":
        write_xlsx(folder / "so_lieu.xlsx", office())
    assert main(words) == (1 if command == "check" else 0)  # the workbook has questions
    if command in OUTPUTS:
        assert list(folder.glob(OUTPUTS[command]))
    if command == "explore":
        assert "bhyt_analysis.explorer.server" in started[0]
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.reader(file, delimiter=";"))) > 2


@pytest.mark.slow
def test_the_examples_of_brief_release_and_verify_run_one_after_the_other(folder, capsys, build_here):
    for command in SLOW:
        _, *words = shlex.split(translate(f"call.{command}", "vi"))
        assert main(words) == 0, capsys.readouterr().err
    assert list((folder / "chuyen_di").rglob("*.html"))
