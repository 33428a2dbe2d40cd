"""Spoilt lists of persons: no name, number or birthday of theirs is in any output; ordinary tables are quoted."""

import contextlib
import html
import io
import re
import warnings
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.options import BatchOptions
from bhyt_analysis.batch.plan import common_parameters
from bhyt_analysis.cli import main
from bhyt_analysis.domain.causes import causes_table
from bhyt_analysis.domain.findings import finding_message
from bhyt_analysis.domain.input_error import InputError
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.safe_text import to_json
from bhyt_analysis.ingest import loader
from bhyt_analysis.ingest.annotate import annotate
from bhyt_analysis.ingest.answers import write_questions
from bhyt_analysis.ingest.confidential import lists_persons
from bhyt_analysis.ingest.workbook import Sheet, file_label, read_sheets, shared_path
from bhyt_analysis.tables.input_summary import input_summary

from .offices import AREAS, office, write_xlsx
from .random_workbooks import choose, spoil, write
from .spoilt_registers import make_register

SINGLE, TOGETHER = (3, 7, 235), (range(20), range(20, 40))


def outputs(source, folder):
    """Return all that the commands print, log and write of an input, by its kind."""
    with contextlib.redirect_stderr(io.StringIO()) as log, warnings.catch_warnings(record=True) as raised:
        reading = loader.examine_input(source)
        data, findings = reading.data, reading.findings
        copy, questions = annotate(source, folder / "marked.xlsx", findings), folder / "answers.toml"
        write_questions(questions, findings)
        with zipfile.ZipFile(copy) as book:
            parts = {
                name: book.read(name).decode("utf-8") for name in book.namelist() if name.endswith((".xml", ".vml"))
            }
    error = "" if data is not None else InputError(*findings)
    of_cells = [re.sub(r"<[^>]*>", "\n", parts[n]) for n in parts if "sheet" in n or "shared" in n or "comment" in n]
    names = [n for part in parts.values() for n in re.findall(r' (?:name|author|title|dc:\w+)="([^"]*)"', part)]
    return {
        "messages": "\n".join(finding_message(f, lang) for f in findings for lang in ("vi", "en")),
        "findings": "\n".join(map(str, findings)).replace("Timestamp", ""),
        "json": "".join(to_json(causes_table(findings, "vi", every).to_dict("records")) for every in (True, False)),
        "error": f"{error!r}\n{error}",
        "log": log.getvalue() + "".join(str(w.message) for w in raised),
        "summary": str(input_summary(data, reading.tables, findings)),
        "questions": questions.read_text(encoding="utf-8"),
        "copy": html.unescape("\n".join(of_cells)),
        "names in the copy": html.unescape("\n".join([*names, parts["docProps/core.xml"]])),
        "tables": "" if data is None else "\n".join(t.to_csv() for t in (data.cards, data.population, data.targets)),
        "source": "" if data is None else data.source.removeprefix(str(folder)),
    }


def disclosed(registers, texts):
    """Return what the texts have of the persons of some registers, by register and kind of text."""
    faults = [(r.seed, r.done, kind, r.disclosed(text)) for r in registers for kind, text in texts.items()]
    return [fault for fault in faults if fault[-1]]


@pytest.mark.parametrize("seed", SINGLE)
def test_no_output_names_a_person_of_a_spoilt_register(seed, tmp_path):
    register = make_register(seed, tmp_path / "in")
    assert disclosed([register], outputs(register.path, tmp_path)) == []


@pytest.mark.parametrize("seeds", TOGETHER)
def test_no_output_names_a_person_of_several_registers(seeds, tmp_path):
    registers = [make_register(seed, tmp_path / "in") for seed in seeds]
    assert disclosed(registers, outputs(tmp_path / "in", tmp_path)) == []


def test_command_prints_no_person_of_a_spoilt_register(tmp_path, capfd, build_here):
    register, out = make_register(4, tmp_path / "in"), tmp_path / "marked.xlsx"
    path = str(register.path)
    main(["check", path, "--annotate", str(out), "--answers", str(tmp_path / "a.toml")])
    main(["brief", path, "--out", str(tmp_path / "out")])
    printed = "".join(capfd.readouterr()).replace(path, "")
    assert register.disclosed(printed + Path(tmp_path, "a.toml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["Lò Thị Mẫu", "DS Thân_Thược", "Trần Hợi", "H'Mai Niê 2021"])
def test_a_file_with_the_name_of_a_person_is_named_by_its_place(name, tmp_path):
    rows = [["Họ và tên", "Số thẻ"], ["Lò Thị Mẫu", "HN4240123456789"], ["Giàng A Mẫu", "HN4240123456788"]]
    path = write_xlsx(tmp_path / f"{name}.xlsx", office(**{"Danh sách": rows}))
    write_xlsx(tmp_path / "0.xlsx", {"Đơn vị": AREAS})
    label = file_label(path)
    assert re.search(r"….*-2\.xlsx$", label)
    assert shared_path(path).name == label
    assert Path(common_parameters(str(path), BatchOptions())["data"]).name == label


def test_a_file_of_a_unit_named_like_a_person_keeps_its_name(tmp_path):
    path = write_xlsx(tmp_path / "Trần Hợi.xlsx", office())
    assert file_label(path) == "Trần Hợi.xlsx"
    assert shared_path(path) == path


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


PEOPLES = ["Kinh", "Tày", "Nùng", "Dao", "Mông", "Sán Dìu"]
VILLAGES = ["Đồng Mỏ", "Khe Lánh", "Làng Nõn", "Bến Đá", "Cầu Thưa", "Ao Hạ"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Dân tộc", "Số người"], *([p, 1200 + i] for i, p in enumerate(PEOPLES))],
        [["Thôn", "Nhân khẩu"], *([v, 320 + i] for i, v in enumerate(VILLAGES))],
        [["Xã", "x"], *([f"Xã {v}", 12345 + i] for i, v in enumerate(VILLAGES))],
        [["Xã", "Ngày số liệu", "Hộ nghèo"], *(["Xã Phì Điền", f"30/06/{y}", 20] for y in range(2012, 2022))],
        [["Năm", "Trẻ em sinh trong năm"], *([y, 900] for y in range(2015, 2022))],
    ],
)
def test_tables_of_counts_are_no_lists_of_persons(rows):
    cells = pd.DataFrame(rows, range(1, len(rows) + 1), range(1, len(rows[0]) + 1), dtype=object)
    assert not lists_persons(Sheet("", "", cells))
