"""The same bytes are checked once; what changed on disk is seen at once, and nobody spoils another's tables."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.geography import communes, unit_name, unit_row, units_on
from bhyt_analysis.ingest.loader import TABLES, InputError, load, read_input
from bhyt_analysis.law import Law
from bhyt_analysis.law.law import FILE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_path("data"), tmp_path / "data"))


def test_a_changed_file_is_seen_at_once(folder: Path) -> None:
    before = load(folder)
    file = folder / "losses.csv"
    file.write_text(file.read_text("utf-8").replace("46106", "46107"), "utf-8")
    after = load(folder)
    assert before.losses.set_index("area").at["219", "people"] == 46106
    assert after.losses.set_index("area").at["219", "people"] == 46107
    assert before.sha256 != after.sha256


def test_a_mistake_that_comes_and_goes_is_told_each_time(folder: Path) -> None:
    load(folder)
    whole = (folder / "losses.csv").read_bytes()
    (folder / "losses.csv").write_bytes(whole.replace(b"46106", b"many"))
    for _ in range(2):
        with pytest.raises(InputError, match="many"):
            load(folder)
    (folder / "losses.csv").write_bytes(whole)
    assert load(folder).losses["people"].notna().all()


def test_a_file_that_is_added_or_taken_away_is_seen(folder: Path) -> None:
    cards = len(load(folder).cards)
    (folder / "cards_copy.csv").write_bytes(next(folder.glob("cards*.csv")).read_bytes())
    with pytest.raises(InputError):
        load(folder)
    (folder / "cards_copy.csv").unlink()
    assert len(load(folder).cards) == cards


def test_the_source_is_the_folder_that_was_asked_for(folder: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(folder, tmp_path / "again"))
    assert [load(f).source for f in (folder, again, folder)] == [str(folder), str(again), str(folder)]
    assert load(folder).sha256 == load(again).sha256


def test_who_changes_what_was_loaded_does_not_spoil_the_next_reading() -> None:
    first, untouched = load(), load()
    for table in TABLES:
        rows = getattr(first, table)
        rows.loc[:, "spoilt"] = 1
        rows.loc[:, "file"] = "spoilt.csv"
    first.areas["name"].array[0] = "Spoilt"  # past pandas' own copy-on-write
    first.warnings.append({"rule": "spoilt"})
    found = read_input()[1]
    found.append({"rule": "spoilt"})
    last = load()
    assert last.warnings == untouched.warnings
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(last, table), getattr(untouched, table))


def test_a_finding_that_is_changed_does_not_spoil_the_next_reading(folder: Path) -> None:
    (folder / "unheard_of.csv").write_text("a\n1\n", "utf-8")
    found = read_input(folder)[1]
    assert found
    found[0].clear()
    assert read_input(folder)[1][0]["rule"] == "unknown_file"


def test_a_changed_law_is_seen_at_once_and_a_spoilt_one_is_not(tmp_path: Path) -> None:
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


def test_looking_up_a_unit_follows_a_table_that_is_changed_in_place() -> None:
    areas = load().areas
    inside = communes(areas, "219")
    areas.loc[areas["code"] == "219", "name"] = "Huyện Khác"
    areas.loc[areas["code"] == inside[0], "parent"] = "24"
    assert unit_name(areas, "219") == "Huyện Khác"
    assert communes(areas, "219") == inside[1:]


def test_a_unit_is_looked_up_as_the_table_of_its_day_tells() -> None:
    areas = load().areas
    twice = areas.loc[areas["code"].duplicated(), "code"].unique()
    days = [None, pd.NaT, *(pd.Timestamp(d) for d in ("2015-06-30", "2021-07-01", "2025-06-30", "2025-07-01"))]
    for code in [*twice[:20], "219", "VN"]:
        rows = areas[areas["code"] == code]
        for day in days:
            alive = units_on(rows, day)
            pd.testing.assert_series_equal(unit_row(areas, code, day), (alive if len(alive) else rows).iloc[0])
            assert unit_name(areas, code, day) == unit_row(areas, code, day)["name"]
