"""Spoilt lists of persons: no name, number or birthday of theirs is in any output; ordinary tables are quoted."""

import contextlib
import io
from pathlib import Path

import openpyxl
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.findings import finding_message
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest import loader
from bhyt_analysis.ingest.annotate import annotate
from bhyt_analysis.ingest.answers import write_questions
from bhyt_analysis.ingest.confidential import lists_persons
from bhyt_analysis.ingest.workbook import read_sheets
from bhyt_analysis.tables.input_summary import input_summary

from .offices import AREAS, office, write_xlsx
from .random_workbooks import choose, spoil, write
from .spoilt_registers import make_register

SEEDS = (*range(39), 235)


def outputs(source, folder):
    """Return all that the commands print and write of an input, by its kind."""
    reading = loader.examine_input(source)
    data, findings = reading.data, reading.findings
    copy, questions = annotate(source, folder / "marked.xlsx", findings), folder / "answers.toml"
    write_questions(questions, findings)
    book = openpyxl.load_workbook(copy)
    cells = [cell for sheet in book for row in sheet for cell in row]
    return {
        "messages": "\n".join(finding_message(f, lang) for f in findings for lang in ("vi", "en")),
        "findings": "\n".join(map(str, findings)).replace("Timestamp", ""),
        "summary": str(input_summary(data, reading.tables, findings)),
        "questions": questions.read_text(encoding="utf-8"),
        "copy": "\n".join([*book.sheetnames, *(str(c.value) for c in cells if c.value is not None)]),
        "comments": "\n".join(c.comment.text for c in cells if c.comment),
        "tables": "" if data is None else "\n".join(t.to_csv() for t in (data.cards, data.population, data.targets)),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_no_output_names_a_person_of_a_spoilt_register(seed, tmp_path):
    register = make_register(seed, tmp_path / "in")
    texts = outputs(register.path, tmp_path)
    assert {k: parts for k, text in texts.items() if (parts := register.disclosed(text))} == {}, register.done


def test_command_prints_no_person_of_a_spoilt_register(tmp_path):
    register, out, text = make_register(4, tmp_path / "in"), tmp_path / "marked.xlsx", io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        for words in (["--json", "--all"], ["--annotate", str(out), "--answers", str(tmp_path / "a.toml")]):
            main(["check", str(register.path), *words])
        main(["brief", str(register.path), "--out", str(tmp_path / "out")])
    printed = text.getvalue().replace(str(register.path), "")
    assert register.disclosed(printed + Path(tmp_path, "a.toml").read_text(encoding="utf-8")) == []


def test_unexpected_error_quotes_no_cell(tmp_path, monkeypatch):
    register = make_register(0, tmp_path / "in")
    name = register.persons[0].name

    def fail(*_):
        raise KeyError(name)

    monkeypatch.setattr(loader, "_duplicates", fail)
    with pytest.raises(BhytError) as error:
        bhyt.load(register.path)
    assert error.value.__suppress_context__
    assert name not in error.value.text("vi")
    assert "KeyError: test_confidential.py" in error.value.text("en")


@pytest.mark.parametrize("seed", range(0, 60, 15))
def test_ordinary_tables_are_no_lists_of_persons(seed, tmp_path):
    path = write(spoil(seed, choose(seed))[0], tmp_path)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert [s.label for file in files for s in read_sheets(file, []) if lists_persons(s)] == []


def test_units_named_like_persons_and_money_are_quoted(tmp_path):
    units = ["Trần Phú", "Lê Lợi", "Phan Bội Châu", "Xã Lạ Hoắc"]
    money = [1_234_567_891, 2_345_678_912, 987_654_321, 1_111_222_333]
    rows = [["Xã", "Ngày số liệu", "Hộ nghèo", "Kinh phí (đồng)"]]
    rows += [[u, "30/06/2021", 100, m] for u, m in zip(units, money, strict=True)]
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Đơn vị": AREAS, "Số thẻ": rows}))
    text = bhyt.check(path, "en", every=True).to_csv()
    assert "Xã Lạ Hoắc" in text
    assert "not quoted" not in text
