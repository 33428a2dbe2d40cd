"""A changed file is read again, and changes to loaded tables do not affect other readers."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.ingest.loader import TABLES, InputError, load, read_input
from bhyt_analysis.law import Law
from bhyt_analysis.law.law_file import FILE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_path("data"), tmp_path / "data"))


def test_changed_file_is_read_again(folder: Path) -> None:
    before = load(folder)
    file = folder / "losses.csv"
    file.write_text(file.read_text("utf-8").replace("46106", "46107"), "utf-8")
    after = load(folder)
    assert before.losses.set_index("area").at["219", "people"] == 46106
    assert after.losses.set_index("area").at["219", "people"] == 46107
    assert before.sha256 != after.sha256


def test_error_is_reported_at_each_reading(folder: Path) -> None:
    load(folder)
    content = (folder / "losses.csv").read_bytes()
    (folder / "losses.csv").write_bytes(content.replace(b"46106", b"many"))
    for _ in range(2):
        with pytest.raises(InputError, match="many"):
            load(folder)
    (folder / "losses.csv").write_bytes(content)
    assert load(folder).losses["people"].notna().all()


def test_added_and_removed_files_are_noticed(folder: Path) -> None:
    cards = len(load(folder).cards)
    (folder / "cards_copy.csv").write_bytes(next(folder.glob("cards*.csv")).read_bytes())
    with pytest.raises(InputError):
        load(folder)
    (folder / "cards_copy.csv").unlink()
    assert len(load(folder).cards) == cards


def test_source_is_the_requested_folder(folder: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(folder, tmp_path / "again"))
    assert [load(f).source for f in (folder, again, folder)] == [str(folder), str(again), str(folder)]
    assert load(folder).sha256 == load(again).sha256


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


def test_changed_findings_do_not_affect_the_next_reading(folder: Path) -> None:
    (folder / "unheard_of.csv").write_text("a\n1\n", "utf-8")
    findings = read_input(folder)[1]
    assert findings
    findings.clear()
    assert "unknown_file" in {finding.rule for finding in read_input(folder)[1]}


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
