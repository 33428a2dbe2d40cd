"""A changed file is read again, and changes to loaded tables do not affect other readers."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.ingest.loader import TABLES, InputError, load, read_input
from bhyt_analysis.law import Law
from bhyt_analysis.law.law_file import FILE


def test_changed_file_is_read_again(small_input: Path) -> None:
    before = load(small_input)
    file = small_input / "cards.csv"
    file.write_text(file.read_text("utf-8").replace(",900,", ",901,"), "utf-8")
    after = load(small_input)
    assert before.cards.set_index("area").at["C2", "cards"] == 900
    assert after.cards.set_index("area").at["C2", "cards"] == 901
    assert before.sha256 != after.sha256


def test_error_is_reported_at_each_reading(small_input: Path) -> None:
    load(small_input)
    content = (small_input / "cards.csv").read_bytes()
    (small_input / "cards.csv").write_bytes(content.replace(b",900,", b",many,"))
    for _ in range(2):
        with pytest.raises(InputError, match="many"):
            load(small_input)
    (small_input / "cards.csv").write_bytes(content)
    assert load(small_input).cards["cards"].tolist() == [700, 200, 900]


def test_added_and_removed_files_are_noticed(small_input: Path) -> None:
    assert len(load(small_input).cards) == 3
    (small_input / "cards_copy.csv").write_bytes((small_input / "cards.csv").read_bytes())
    with pytest.raises(InputError):
        load(small_input)
    (small_input / "cards_copy.csv").unlink()
    assert len(load(small_input).cards) == 3


def test_source_is_the_requested_folder(small_input: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(small_input, tmp_path / "again"))
    folders = (small_input, again, small_input)
    assert [load(folder).source for folder in folders] == list(map(str, folders))
    assert load(small_input).sha256 == load(again).sha256


def test_changed_tables_do_not_affect_the_next_reading() -> None:
    first, untouched = load(), load()
    for table in TABLES:
        rows = getattr(first, table)
        rows.loc[:, "changed"] = 1
        rows.loc[:, "file"] = "changed.csv"
    first.areas["name"].array[0] = "Changed"  # past pandas' own copy-on-write
    first.warnings.append(Finding("changed"))
    findings = read_input()[1]
    findings.append(Finding("changed"))
    last = load()
    assert last.warnings == untouched.warnings
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(last, table), getattr(untouched, table))


def test_changed_findings_do_not_affect_the_next_reading(small_input: Path) -> None:
    (small_input / "unheard_of.csv").write_text("a\n1\n", "utf-8")
    findings = read_input(small_input)[1]
    assert findings
    findings.clear()
    assert "unknown_file" in {finding.rule for finding in read_input(small_input)[1]}


def test_changed_law_file_is_read_again_and_changed_table_is_not_kept(tmp_path: Path) -> None:
    reform = tmp_path / "reform.csv"
    rows = pd.read_csv(FILE, dtype=str, keep_default_na=False).query("parameter == 'base_salary'").tail(1)
    rows.assign(value="3000000").to_csv(reform, index=False)
    first = Law.read(reform).table
    first.loc[:, "value"] = 0.0
    assert Law.read(reform).table["value"].tolist() == [3000000.0]
    rows.assign(value="3100000").to_csv(reform, index=False)
    assert Law.read(reform).table["value"].tolist() == [3100000.0]
    own = Law.read().table
    own.loc[:, "value"] = 0.0
    assert Law.read().at("2021-07-01")["base_salary"] == 1490000
