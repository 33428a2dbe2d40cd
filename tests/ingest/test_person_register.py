"""A register of persons becomes counts; nobody's name and no card number is left anywhere."""

import datetime as dt

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest import person_register

from .offices import AREAS, as_text, write_xlsx

HEAD = ["STT", "Họ và tên", "Ngày sinh", "Mã thẻ BHYT", "Xã", "Ngày số liệu"]
JUNE, JULY = dt.date(2021, 6, 30), dt.date(2021, 7, 31)
PERSONS = [
    [1, "Nguyễn Thị Bí Mật", "01/02/1980", "HN2240123456789", "Kiên Lao", JUNE],
    [2, "Lò Văn Kín", "1990", "HN2240123456790", "Kiên Lao", JUNE],
    [3, "Trần Riêng", "03/04/2018", "TE1240123456791", "Kiên Lao", JUNE],
    [4, "Hoàng Giấu", "05/06/1970", "GD4240123456792", "Phì Điền", JUNE],
    [5, "Nguyễn Thị Bí Mật", "01/02/1980", "HN2240123456789", "Kiên Lao", JULY],
]
# Counted by hand.
CELLS = {("T901", JUNE, "poor"): 2, ("T901", JUNE, "child_under_6"): 1, ("T902", JUNE, "household"): 1, ("T901", JULY, "poor"): 1}  # fmt: skip
SECRETS = ("Bí Mật", "Kín", "Riêng", "Giấu", "2240123", "123456789", "1980")


def cells(data):
    return {(r.area, r.as_of.date(), r.group): r.cards for r in data.cards.itertuples()}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "areas.csv").write_text(as_text(AREAS), encoding="utf-8")
    return tmp_path


def ways(folder, monkeypatch, rows):
    """The register as a small CSV file, and as a large one counted by duckdb and by pandas."""
    (folder / "danh sach.csv").write_text(as_text(rows), encoding="utf-8")
    yield "small"
    monkeypatch.setattr(person_register, "LARGE", 1)
    yield "duckdb"
    monkeypatch.setattr(person_register, "PIECE", 2)
    monkeypatch.setattr(person_register, "_duckdb", lambda: (_ for _ in ()).throw(BhytError(("error.no_duckdb", {}))))
    yield "pandas"


def test_a_register_is_counted_whoever_counts(folder, monkeypatch):
    for _ in ways(folder, monkeypatch, [["DANH SÁCH NGƯỜI CÓ THẺ"], HEAD, *PERSONS]):
        data = bhyt.load(folder)
        assert cells(data) == CELLS
        assert set(data.cards["status"]) == {"derived"}
        assert set(data.cards["source"]) == {"danh sach.csv"}
        assert data.cards["row"].min() == 3


def test_the_sheet_of_a_workbook_may_be_a_register(tmp_path):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": AREAS, "Danh sách": [HEAD, *PERSONS]})
    assert cells(bhyt.load(path)) == CELLS


def test_names_and_numbers_are_nowhere(folder, monkeypatch):
    spoilt = [*PERSONS, [6, "Phạm Riêng", "1980", "ZZ2240123456793", "Xã Không Có", "hôm qua"]]
    for _ in ways(folder, monkeypatch, [HEAD, *spoilt]):
        found = bhyt.check(folder, "en")
        assert sorted(found.loc[found["severity"] == "error", "rule"]) == ["bad_cell", "bad_choice", "unknown_area"]
        assert set(found.loc[found["severity"] == "error", "row"]) == {7}
        for text in (found.to_csv(), found.to_json(force_ascii=False)):
            assert not [s for s in SECRETS if s in text]
    (folder / "danh sach.csv").write_text(as_text([HEAD, *PERSONS]), encoding="utf-8")
    data = bhyt.load(folder)
    assert not [s for s in SECRETS for name in ("cards", "areas") if s in getattr(data, name).to_csv()]


def test_a_card_that_stands_twice_on_a_day_is_said_without_its_number(folder, monkeypatch):
    for _ in ways(folder, monkeypatch, [HEAD, *PERSONS, [6, *PERSONS[0][1:]]]):
        found = bhyt.check(folder, "en")
        assert [m for m in found["message"] if "repeat" in m] == [
            "danh sach.csv: 1 rows repeat the card number of another row of the same day; each row is counted"
        ]


def test_a_register_without_a_day_takes_that_of_its_title_or_asks(folder, monkeypatch):
    short = [r[:-1] for r in [HEAD, *PERSONS[:4]]]
    for _ in ways(folder, monkeypatch, [["Danh sách đến ngày 30/6/2021"], *short]):
        assert cells(bhyt.load(folder)) == {k: v for k, v in CELLS.items() if k[1] == JUNE}
    monkeypatch.undo()
    for _ in ways(folder, monkeypatch, short):
        found = bhyt.check(folder, "en")
        assert found.loc[found["severity"] == "error", ["rule", "column"]].to_numpy().tolist() == [
            ["missing_column", "as_of"]
        ]


def parquet(path, rows):
    duckdb = pytest.importorskip("duckdb")
    base = duckdb.connect()
    base.register("persons", pd.DataFrame(rows[1:], columns=rows[0]))
    base.execute(f"copy persons to '{path.as_posix()}' (format parquet)")


def test_a_parquet_register_is_counted(folder):
    parquet(folder / "the.parquet", [r[1:] for r in [HEAD, *PERSONS]])
    assert cells(bhyt.load(folder)) == CELLS


# From and until when each of the five cards is valid: the second ended the day before, the third begins the day after.
SPANS = [["01/01/2021", "30/06/2021"], ["", "29/06/2021"], ["01/07/2021", "12/2026"], ["30/06/2021", ""], ["", ""]]
TIMED = [[*HEAD, "Giá trị từ", "Giá trị đến"], *([*p, *span] for p, span in zip(PERSONS, SPANS, strict=True))]
VALID = {("T901", JUNE, "poor"): 1, ("T902", JUNE, "household"): 1, ("T901", JULY, "poor"): 1}


def test_a_card_counts_on_the_days_on_which_it_is_valid(folder, monkeypatch):
    for _ in ways(folder, monkeypatch, TIMED):
        data = bhyt.load(folder)
        assert cells(data) == VALID
        told = {f["rule"]: f["count"] for f in data.warnings if f["rule"].startswith("register")}
        assert told == {"register_counted": 3, "register_not_valid": 2}
    monkeypatch.undo()
    (folder / "danh sach.csv").unlink()
    parquet(folder / "the.parquet", [r[1:] for r in TIMED])
    assert cells(bhyt.load(folder)) == VALID


def test_a_day_of_validity_that_cannot_be_read_is_an_error(folder, monkeypatch):
    for _ in ways(folder, monkeypatch, [*TIMED[:-1], [*PERSONS[4], "hôm kia", ""]]):
        found = bhyt.check(folder, "en")
        wrong = found[found["severity"] == "error"]
        assert wrong[["rule", "row"]].to_numpy().tolist() == [["bad_cell", 6]]
        assert 'column G «Giá trị từ»: "hôm kia"' in wrong["message"].iloc[0]


def test_a_damaged_large_file_shows_none_of_its_rows(folder, monkeypatch):
    monkeypatch.setattr(person_register, "HEAD", 150)  # bytes: what is wrong lies behind them
    for engine in ways(folder, monkeypatch, [HEAD, *PERSONS]):
        with (folder / "danh sach.csv").open("a", encoding="utf-8") as file:
            file.write('6,"Nguyễn Hở,1980,HN2240123456794,Kiên Lao,30/06/2021\n')
        found = bhyt.check(folder, "en")
        assert "not_a_table" in set(found["rule"]), engine
        assert not [s for s in (*SECRETS, "Hở") if s in found.to_csv()]
