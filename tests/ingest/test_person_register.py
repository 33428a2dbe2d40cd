"""A register of persons becomes counts, without any name or card number."""

import datetime as dt

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.i18n.unit_names import strip_unit_word
from bhyt_analysis.ingest import person_register
from bhyt_analysis.ingest.personal_text import column_kind, hide_personal, is_person_name

from .offices import AREAS, CARDS, PEOPLE, as_text, office, write_xlsx

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
CELLS = {
    ("T901", JUNE, "poor"): 2,
    ("T901", JUNE, "child_under_6"): 1,
    ("T902", JUNE, "household"): 1,
    ("T901", JULY, "poor"): 1,
}
SECRETS = ("Bí Mật", "Kín", "Riêng", "Giấu", "2240123", "123456789", "1980")


def cells(data):
    return {(r.area, r.as_of.date(), r.group): r.cards for r in data.cards.itertuples()}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "areas.csv").write_text(as_text(AREAS), encoding="utf-8")
    return tmp_path


def engines(folder, monkeypatch, rows):
    """Write the register, and yield for each engine: a small file, a large one by duckdb, then by pandas."""
    (folder / "danh sach.csv").write_text(as_text(rows), encoding="utf-8")
    yield "small"
    monkeypatch.setattr(person_register, "LARGE", 1)
    yield "duckdb"
    monkeypatch.setattr(person_register, "CHUNK", 2)
    monkeypatch.setattr(person_register, "_duckdb", lambda: (_ for _ in ()).throw(BhytError(("error.no_duckdb", {}))))
    yield "pandas"


def test_register_counts_agree_between_engines(folder, monkeypatch):
    for _ in engines(folder, monkeypatch, [["DANH SÁCH NGƯỜI CÓ THẺ"], HEAD, *PERSONS]):
        data = bhyt.load(folder)
        assert cells(data) == CELLS
        assert set(data.cards["status"]) == {"derived"}
        assert set(data.cards["source"]) == {"danh sach.csv"}
        assert data.cards["row"].min() == 3


def test_sheet_of_a_workbook_may_be_a_register(tmp_path):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": AREAS, "Danh sách": [HEAD, *PERSONS]})
    assert cells(bhyt.load(path)) == CELLS


def test_names_and_card_numbers_are_in_no_output(folder, monkeypatch):
    rows = [*PERSONS, [6, "Phạm Riêng", "1980", "ZZ2240123456793", "Xã Không Có", "hôm qua"]]
    for _ in engines(folder, monkeypatch, [HEAD, *rows]):
        findings = bhyt.check(folder, "en")
        assert sorted(findings.loc[findings["severity"] == "error", "rule"]) == [
            "bad_cell",
            "bad_choice",
            "unknown_area",
        ]
        assert set(findings.loc[findings["severity"] == "error", "row"]) == {7}
        for text in (findings.to_csv(), findings.to_json(force_ascii=False)):
            assert not [s for s in SECRETS if s in text]
    (folder / "danh sach.csv").write_text(as_text([HEAD, *PERSONS]), encoding="utf-8")
    data = bhyt.load(folder)
    assert not [s for s in SECRETS for name in ("cards", "areas") if s in getattr(data, name).to_csv()]


def test_repeated_card_is_reported_without_its_number(folder, monkeypatch):
    for _ in engines(folder, monkeypatch, [HEAD, *PERSONS, [6, *PERSONS[0][1:]]]):
        findings = bhyt.check(folder, "en")
        assert [m for m in findings["message"] if "repeat" in m] == [
            "danh sach.csv: 1 rows repeat the card number of another row of the same day; each row is counted"
        ]


def test_register_without_days_uses_its_title_or_is_an_error(folder, monkeypatch):
    short = [r[:-1] for r in [HEAD, *PERSONS[:4]]]
    for _ in engines(folder, monkeypatch, [["Danh sách đến ngày 30/6/2021"], *short]):
        assert cells(bhyt.load(folder)) == {k: v for k, v in CELLS.items() if k[1] == JUNE}
    monkeypatch.undo()
    for _ in engines(folder, monkeypatch, short):
        findings = bhyt.check(folder, "en")
        assert findings.loc[findings["severity"] == "error", ["rule", "column"]].to_numpy().tolist() == [
            ["missing_column", "as_of"]
        ]


def parquet(path, rows):
    duckdb = pytest.importorskip("duckdb")
    base = duckdb.connect()
    base.register("persons", pd.DataFrame(rows[1:], columns=rows[0]))
    base.execute(f"copy persons to '{path.as_posix()}' (format parquet)")


def test_parquet_register_is_counted(folder):
    parquet(folder / "the.parquet", [r[1:] for r in [HEAD, *PERSONS]])
    assert cells(bhyt.load(folder)) == CELLS


# The validity of each of the five cards: the second ended the day before, the third begins the day after.
SPANS = [["01/01/2021", "30/06/2021"], ["", "29/06/2021"], ["01/07/2021", "12/2026"], ["30/06/2021", ""], ["", ""]]
TIMED = [[*HEAD, "Giá trị từ", "Giá trị đến"], *([*p, *span] for p, span in zip(PERSONS, SPANS, strict=True))]
VALID = {("T901", JUNE, "poor"): 1, ("T902", JUNE, "household"): 1, ("T901", JULY, "poor"): 1}


def test_card_counts_on_the_days_on_which_it_is_valid(folder, monkeypatch):
    for _ in engines(folder, monkeypatch, TIMED):
        data = bhyt.load(folder)
        assert cells(data) == VALID
        counts = {f.rule: f.count for f in data.warnings if f.rule.startswith("register")}
        assert counts == {"register_counted": 3, "register_not_valid": 2}
    monkeypatch.undo()
    (folder / "danh sach.csv").unlink()
    parquet(folder / "the.parquet", [r[1:] for r in TIMED])
    assert cells(bhyt.load(folder)) == VALID


def test_unreadable_day_of_validity_is_an_error(folder, monkeypatch):
    for _ in engines(folder, monkeypatch, [*TIMED[:-1], [*PERSONS[4], "hôm kia", ""]]):
        findings = bhyt.check(folder, "en")
        wrong = findings[findings["severity"] == "error"]
        assert wrong[["rule", "row"]].to_numpy().tolist() == [["bad_cell", 6]]
        assert 'column G «Giá trị từ»: "…", expected a date' in wrong["message"].iloc[0]


def test_damaged_large_file_discloses_none_of_its_rows(folder, monkeypatch):
    monkeypatch.setattr(person_register, "HEAD", 150)  # bytes: the damage lies after them
    for engine in engines(folder, monkeypatch, [HEAD, *PERSONS]):
        with (folder / "danh sach.csv").open("a", encoding="utf-8") as file:
            file.write('6,"Nguyễn Hở,1980,HN2240123456794,Kiên Lao,30/06/2021\n')
        findings = bhyt.check(folder, "en")
        assert {"not_a_table", "csv_quotes"} & set(findings["rule"]), engine
        assert not [s for s in (*SECRETS, "Hở") if s in findings.to_csv()]


# --- Lists by their cells, and lists that can't be counted ---

NAMES = ["Nguyễn Văn Mẫu", "Lò Thị Kín", "Trần Thị Giấu", "Hoàng Văn Bí"]
UNITS, GROUPS = ["Kiên Lao", "Kiên Lao", "Kiên Lao", "Phì Điền"], ["HN", "HN", "TE", "GD"]
LETTERED = ["HN 2 24 0123456789", "HN-2-24-0123456790", "TE.1.24.0123456791", "GD4240123456792"]
PLAIN = ["0123456789", "0123456790", "0123456791", "0123456792"]
PAPERS = [1080012345.0, 1080012346.0, 24190001233.0, 24190001299.0]  # identity numbers that have lost their zeros
LISTS = {
    "cards below an unknown heading": {"Mã số": LETTERED, "Xã": UNITS},
    "identity numbers as text": {"Số CMND/CCCD": ["121234567", *PLAIN[1:]], "Xã": UNITS, "Nhóm": GROUPS},
    "identity numbers as numbers": {"Ghi chú thêm": PAPERS, "Xã": UNITS, "Nhóm": GROUPS},
    "surname and given name": {"Họ, đệm": ["Lò Thị"] * 4, "Tên": ["Kín"] * 4, "Xã": UNITS, "Nhóm": GROUPS},
    "names below an unknown heading": {"Người dân": NAMES, "Xã": UNITS, "Nhóm": GROUPS},
    "names in capitals": {"Thành viên": [n.upper() for n in NAMES], "Xã": UNITS, "Nhóm": GROUPS},
    "head of the household": {"Họ và tên chủ hộ": NAMES, "Mã thẻ": LETTERED, "Xã": UNITS},
}
UNCOUNTABLE = {
    "social insurance numbers": ({"Mã thẻ BHYT": PLAIN, "Xã": UNITS}, "a column of groups"),
    "phones": ({"Họ tên": NAMES, "Số điện thoại": ["0912 345 678"] * 4, "Xã": UNITS}, "a column of groups"),
    "births": ({"Họ và tên": NAMES, "Năm sinh": [1980] * 4, "Nhóm": GROUPS}, "a column of communes"),
}
HIDDEN = ("Mẫu", "Kín", "Giấu", "MẪU", "KÍN", "01234", "2345678", "80012", "912 345", "24190")


def list_workbook(path, columns, below=()):
    """Write the valid workbook of units with a sheet of persons of 30 June 2021."""
    rows = [["Số liệu đến ngày 30/6/2021"], list(columns), *map(list, zip(*columns.values(), strict=True)), *below]
    return write_xlsx(path, {"Đơn vị": AREAS, "Danh sách": rows})


@pytest.mark.parametrize("columns", LISTS.values(), ids=LISTS)
def test_list_of_persons_is_recognised_by_its_cells(tmp_path, columns):
    data = bhyt.load(list_workbook(tmp_path / "so_lieu.xlsx", columns))
    assert cells(data) == {k: v for k, v in CELLS.items() if k[1] == JUNE}


@pytest.mark.parametrize(("columns", "missing"), UNCOUNTABLE.values(), ids=UNCOUNTABLE)
def test_uncountable_list_is_one_line_without_names(tmp_path, columns, missing):
    findings = bhyt.check(list_workbook(tmp_path / "so_lieu.xlsx", columns), "en")
    errors = findings[findings["severity"] == "error"]
    assert errors["rule"].tolist() == ["register_incomplete"]
    assert missing in errors["message"].iloc[0]
    assert not [s for s in HIDDEN if s in findings.to_csv()]


def test_numbers_without_letters_among_cards_are_one_error(tmp_path):
    mixed = {"Mã thẻ": [*LETTERED[:3], PLAIN[3]], "Xã": UNITS}
    findings = bhyt.check(list_workbook(tmp_path / "so_lieu.xlsx", mixed), "en")
    errors = findings[findings["severity"] == "error"]
    assert errors["rule"].tolist() == ["register_no_group"]
    assert "1 rows have a social insurance number" in errors["message"].iloc[0]


def test_names_and_numbers_in_wrong_columns_are_in_no_message(tmp_path):
    wrong = {"Họ tên": NAMES, "Mã thẻ": LETTERED, "Xã": ["Kiên Lao", "Lò Thị Kín", "HN2240123456789", "0912 345 678"]}
    below = [[], [None, None, "NGƯỜI LẬP BIỂU"], [None, None, "Trần Thị Giấu"]]
    findings = bhyt.check(list_workbook(tmp_path / "so_lieu.xlsx", wrong, below), "en", every=True)
    assert (findings["rule"] == "unknown_area").sum() == 3
    assert not [s for s in HIDDEN if s in findings.to_csv()]


def test_names_of_communes_are_no_persons():
    units = bhyt.country().units
    communes = units[(units["kind"] == "commune") & units["until"].isna()]
    assert len(communes) == 3321
    bare = communes["name"].map(strip_unit_word)
    assert not [n for names in (communes["name"], bare, bare.str.upper()) for n in names if is_person_name(n)]
    assert not [n for names in (communes["name"], bare) for n in names if "…" in hide_personal(n)]
    for _, names in communes.groupby("parent")["name"]:
        assert column_kind(names) == column_kind(names.map(strip_unit_word)) == ""


@pytest.mark.parametrize(
    "values",
    [
        [1_234_567_890.0 * 100, 2_345_678_900.0],  # money
        ["1.234.567.890", "2.345.678.901"],
        ["07552", "07555"],
        [dt.date(2021, 6, 30)] * 3,
        [5120.0, 4230.0],
        ["Thôn Lê Lợi", "Bản Lò Vi"],
        ["20210630", "2021-06-30 00:00:00"],
    ],
)
def test_figures_codes_days_and_places_are_no_personal_numbers(values):
    assert column_kind(values) == ""


def test_table_with_the_names_of_officers_stays_a_table(tmp_path):
    officers = ["Người phụ trách", *NAMES[:3]]
    people = [[*row, name] for row, name in zip(PEOPLE, officers, strict=True)]
    data = bhyt.load(write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Dân số": people})))
    assert data.population["people"].sum() == 5120 + 4230 + 8000


COMMUNES = ["Kiên Lao", "Phì Điền", "Chũ"]
STAFF = {"Người phụ trách": NAMES[:3], "Số điện thoại": ["0912 345 678", "0912 345 679", "0987 654 321"]}


def commune_table(columns):
    """Return a table of the cards of poor people in each commune, with more columns."""
    rows = zip(COMMUNES, [1000, 1300, 30], *columns.values(), strict=True)
    return [["Xã", "Ngày số liệu", "Hộ nghèo", *columns], *([u, JUNE, n, *more] for u, n, *more in rows)]


@pytest.mark.parametrize(
    "columns",
    [
        STAFF,
        {"Cán bộ đầu mối": NAMES[:3]},
        {"Họ và tên cán bộ xã": NAMES[1:], "ĐT": [912345678, 912345679, 987654321]},
        {"Họ tên": NAMES[:3], "Liên hệ": ["+84 912 345 678", "+84 912 345 679", "0987.654.321"]},
    ],
    ids=["name and phone", "name", "phones as numbers", "name of the person"],
)
def test_names_and_phones_of_staff_are_left_out_of_a_table(tmp_path, columns):
    path = write_xlsx(tmp_path / "so_lieu.xlsx", {"Đơn vị": AREAS, "Số thẻ": commune_table(columns)})
    data, findings = bhyt.load(path), bhyt.check(path, "en")
    assert dict(zip(data.cards["area"], data.cards["cards"], strict=True)) == {"T901": 1000, "T902": 1300, "T903": 30}
    assert findings["rule"].tolist().count("staff_left_out") == 1
    assert not [s for s in (*HIDDEN, "987") if s in findings.to_csv()]


@pytest.mark.parametrize(
    "columns",
    [
        {"Họ và tên chủ hộ": NAMES[:3], "Số khẩu": [12, 14, 15], "Xã": COMMUNES},
        {"Họ và tên": NAMES[:3], "Hộ nghèo": [1, 1, 1], "Xã": COMMUNES},
        {"Họ và tên": NAMES[:3], "Hộ nghèo": [100, 100, 100], "Xã": UNITS[:3]},
        {"Họ và tên": NAMES[:3], "Mã thẻ": ["0912345678", *PLAIN[:2]], "Hộ nghèo": [99, 99, 99], "Xã": COMMUNES},
        {"Họ và tên": NAMES[:3], "Năm sinh": [1980, 1981, 1982], "Hộ nghèo": [99, 99, 99], "Xã": COMMUNES},
    ],
    ids=["households", "one for each person", "repeated communes", "cards", "births"],
)
def test_list_with_figures_stays_a_list_of_persons(tmp_path, columns):
    findings = bhyt.check(list_workbook(tmp_path / "so_lieu.xlsx", columns), "en")
    assert "staff_left_out" not in set(findings["rule"])
    assert (findings["severity"] == "error").any()


def test_numbers_of_persons_in_sources_are_in_no_result(tmp_path):
    cards = [list(row) for row in CARDS]
    cards[1][5] = "Lò Văn Mẫu cung cấp, sđt0912345678"
    cards[3][5] = "Lò Văn Mẫu 2016"
    cards[2][5] = "thẻ HN4240123456789, CCCD 010190001234, https://so.vn/202106301234"
    path = write_xlsx(tmp_path / "so_lieu.xlsx", office(**{"Số thẻ": cards}))
    sources = set(bhyt.load(path).cards["source"]) - {"BHXH"}
    citation = "Lò Văn Mẫu 2016"
    assert sources == {"L… cung cấp, sđt…", "thẻ HN…, CCCD …, https://so.vn/202106301234", citation}
    message = bhyt.check(path, "vi").set_index("rule").at["numbers_hidden", "message"]
    assert message.startswith("so_lieu.xlsx [Số thẻ]: 2 dòng có tên người, số thẻ")


def test_sheet_named_after_a_person_is_hidden_in_messages(tmp_path):
    sheets = office(**{"Lò Thị Kín": [["Xã", "Số"], ["Kiên Lao", 5]]})
    findings = bhyt.check(write_xlsx(tmp_path / "so_lieu.xlsx", sheets), "vi")
    assert "so_lieu.xlsx [L…]" in set(findings["file"])
    assert "Kín" not in findings.to_csv()
