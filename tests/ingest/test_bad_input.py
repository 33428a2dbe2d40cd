"""Every error of an input is reported at once, with its file, row and column."""

import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.domain.population import population_at

from ..conftest import write_table

CARDS = ["area", "as_of", "group", "cards", "status", "source"]
GOOD = ["C1", "2021-07-31", "poor", "5", "published", "BHXH"]


def cards(folder, *rows, columns=CARDS):
    write_table(folder / "cards_more.csv", columns, *rows)


def changed(**cells):
    return list((dict(zip(CARDS, GOOD, strict=True)) | cells).values())


def findings(folder, lang="en"):
    """Return all findings but those of communes without a report, which have a test of their own."""
    rows = bhyt.check(folder, lang)
    return rows[rows["rule"] != "not_reported"]


def test_month_with_a_missing_commune_is_a_warning_and_not_summed(small_input):
    cards(small_input, GOOD)  # July: the first commune alone
    rows = bhyt.check(small_input, "en")
    assert rows[["rule", "severity"]].to_numpy().tolist() == [["not_reported", "warning"]]
    message = "Huyện Một has cards of 1 of its 2 communes on 1 day, last on 31 July 2021, but not of Xã Sau"
    assert message in rows["message"].iloc[0]
    row = bhyt.coverage(bhyt.load(small_input), "Huyện Một").iloc[0]
    assert (row["as_of"], row["insured"]) == (pd.Timestamp("2021-06-30"), 1800)  # the last complete month


def test_impossible_targets_are_errors(small_input):
    columns = ["area", "scope", "on", "relation", "rate", "instrument", "of", "kind"]
    write_table(
        small_input / "targets.csv",
        columns,
        ["each", "all", "2022-12-31", "=", "0.9", "kế hoạch", "", "commune"],
        ["D1", "all", "2022-12-31", ">", "1", "kế hoạch", "", ""],
        ["D1", "all", "2023-12-31", "=", "0.9", "kế hoạch", "", "commune2"],
    )
    assert sorted(findings(small_input)["rule"]) == ["bad_choice"]
    write_table(
        small_input / "targets.csv",
        columns,
        ["each", "all", "2022-12-31", "=", "0.9", "kế hoạch", "", "commune"],
        ["D1", "all", "2022-12-31", ">", "1", "kế hoạch", "", ""],
    )
    assert sorted(findings(small_input)["rule"]) == ["each_of_what", "target_above_everybody"]


def test_valid_input_has_no_findings(small_input):
    assert findings(small_input).empty
    assert bhyt.coverage(bhyt.load(small_input), "Huyện Một")["insured"].tolist() == [1800]


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"cards": "năm"}, "cards", '"năm", expected a whole number of 0 or more'),
        ({"cards": "1.234"}, "cards", '"1.234" can be 1234 or 1.234'),
        ({"cards": "-5"}, "cards", '"-5", expected a whole number'),
        ({"cards": ""}, "cards", "blank, expected a whole number"),
        ({"as_of": "31-13-2021"}, "as_of", '"31-13-2021", expected a date'),
        ({"as_of": "31/02/2021"}, "as_of", '"31/02/2021", expected a date'),
        ({"group": "near_por"}, "group", "did you mean “Near-poor households"),
        ({"status": "sure"}, "status", '"sure" is not in the list'),
        ({"area": "C9"}, "area", 'there is no unit "C9"; the nearest is C1'),
        ({"source": ""}, "source", "blank, expected a text"),
    ],
)
def test_bad_cell_is_reported_with_file_row_and_column(small_input, cells, column, message):
    cards(small_input, GOOD, changed(as_of="2021-08-31"), changed(**{"as_of": "2021-09-30", **cells}))
    rows = findings(small_input)
    assert rows[["file", "row", "column", "severity"]].to_numpy().tolist() == [["cards_more.csv", 4, column, "error"]]
    assert message in rows["message"].iloc[0]
    assert "cards_more.csv, row 4, column" in rows["message"].iloc[0]
    with pytest.raises(bhyt.InputError) as error:
        bhyt.load(small_input)
    assert message in str(error.value)
    assert "cards_more.csv, dòng 4, cột" in error.value.text("vi")


def test_missing_column_is_reported(small_input):
    cards(small_input, GOOD[:3] + GOOD[4:], columns=CARDS[:3] + CARDS[4:])
    assert "cards_more.csv, row 1: column «Cards» is missing" in findings(small_input)["message"].iloc[0]


def test_duplicate_column_is_reported(small_input):
    cards(small_input, [*GOOD, "1"], columns=[*CARDS, "cards"])
    assert "column G «cards» occurs twice" in findings(small_input)["message"].iloc[0]


def test_unknown_column_is_a_warning_with_the_nearest(small_input):
    cards(small_input, [*GOOD, "x"], columns=[*CARDS, "sourc"])
    rows = findings(small_input)
    assert rows["severity"].tolist() == ["warning"]
    assert "column G «sourc» is not used (near to «Source»)" in rows["message"].iloc[0]
    assert len(bhyt.load(small_input).cards) == 4


def test_duplicate_keys_are_reported_across_files(small_input):
    cards(small_input, GOOD, GOOD, ["C1", "2021-06-30", "household", "9", "published", "BHXH"])
    assert findings(small_input)["count"].tolist() == [2]  # one cause
    rows = bhyt.check(small_input, "en", every=True).query("rule == 'twice'")
    assert "cards_more.csv, row 3: the same as row 2 (the same «Area», «As of», «Group»)" in rows["message"].iloc[0]
    assert "row 4: the same as row 3 (cards.csv)" in rows["message"].iloc[1]


def test_more_insured_than_people_is_reported(small_input):
    cards(small_input, changed(cards="999"), changed(group="household", cards="2"))
    rows = findings(small_input)
    assert rows["rule"].tolist() == ["insured_above_population"]
    assert "1,001 cards in Xã Đầu on 31 July 2021 are more than its 1,000 people" in rows["message"].iloc[0]


def test_full_coverage_is_no_finding(small_input):
    cards(small_input, changed(cards="998"), changed(group="household", cards="2"))
    assert findings(small_input).empty


def test_group_smaller_than_its_parts_is_reported(small_input):
    cards(
        small_input,
        changed(group="state_paid", cards="100"),
        changed(group="poor", cards="60"),
        changed(group="child_under_6", cards="41"),
    )
    rows = findings(small_input)
    assert rows["rule"].tolist() == ["parts_above_whole"]
    assert "100 cards of Paid by the state budget are fewer than the 101 of its parts" in rows["message"].iloc[0]


def test_unknown_encoding_is_reported(small_input):
    text = ",".join(CARDS) + "\n" + ",".join(changed(source="BHXH huy*n"))
    (small_input / "cards_more.csv").write_bytes(text.encode().replace(b"*", b"\xa0\xff\x81"))
    rows = findings(small_input)
    assert rows["rule"].tolist() == ["not_utf8"]
    assert "cards_more.csv: the encoding of the text is not recognised (from row 2)" in rows["message"].iloc[0]


def test_utf8_with_byte_order_mark_and_semicolons_is_read(small_input):
    text = "\ufeff" + ";".join(CARDS) + "\r\n" + ";".join(GOOD) + "\r\n"
    (small_input / "cards_more.csv").write_text(text, encoding="utf-8", newline="")
    assert findings(small_input).empty


def test_vietnamese_headings_and_dates_are_read(small_input):
    headings = ["Mã đơn vị", "Ngày số liệu", "NHÓM ĐỐI TƯỢNG", "so the", "Tình trạng số liệu", "Nguồn"]
    cards(small_input, changed(as_of="31/07/2021"), columns=headings)
    data = bhyt.load(small_input)
    assert data.cards["as_of"].max() == pd.Timestamp("2021-07-31")


def test_blank_lines_and_line_breaks_keep_the_row_numbers(small_input):
    text = ",".join(CARDS) + "\n" + ",".join(changed(source='"hai\ndòng"')) + "\n\n" + ",".join(changed(as_of="x"))
    (small_input / "cards_more.csv").write_text(text, encoding="utf-8")
    assert findings(small_input)["row"].tolist() == [5]


def test_row_with_too_many_cells_is_reported(small_input):
    cards(small_input, GOOD, [*changed(as_of="2021-08-31"), "more"])
    rows = findings(small_input)
    assert rows["rule"].tolist() == ["csv_cells"]
    assert rows["row"].tolist() == [3]


def test_unknown_and_circular_parents_are_reported(small_input):
    write_table(
        small_input / "areas_more.csv",
        ["code", "name", "kind", "parent"],
        ["C3", "Xã Lạc", "commune", "D7"],
        ["R1", "Vòng", "district", "R2"],
        ["R2", "Tròn", "district", "R1"],
    )
    assert sorted(findings(small_input)["rule"]) == ["parent_of_itself", "parent_of_itself", "unknown_area"]


def test_misnamed_file_is_a_warning(small_input):
    write_table(small_input / "card.csv", CARDS, GOOD)
    rows = findings(small_input)
    assert rows["rule"].tolist() == ["unknown_file"]
    assert "if it holds data, name it as a table: «Cards»" in rows["message"].iloc[0]


def test_missing_areas_table_is_reported(small_input):
    (small_input / "areas.csv").unlink()
    assert "add the table Areas" in findings(small_input)["message"].iloc[0]


def test_empty_folder_is_reported(tmp_path):
    assert findings(tmp_path)["rule"].tolist() == ["empty_input"]


def test_all_errors_are_reported_at_once(small_input):
    cards(small_input, changed(cards="x", as_of="y", group="z", area="C9", status=""), changed(cards="x"))
    rows = bhyt.check(small_input, "en", every=True).query("severity == 'error'")
    assert len(rows) == 5
    assert set(rows["column"]) == {"area", "cards", "as_of", "group", "status"}


def test_workbook_is_read_like_a_folder(small_input, tmp_path):
    book = tmp_path / "so_lieu.xlsx"
    with pd.ExcelWriter(book) as writer:
        for name in ("areas", "population", "cards"):
            table = pd.read_csv(small_input / f"{name}.csv")
            if "as_of" in table:
                table["as_of"] = pd.to_datetime(table["as_of"])
            table.to_excel(writer, sheet_name=name, index=False)
    one, other = bhyt.coverage(bhyt.load(small_input), "Huyện Một"), bhyt.coverage(bhyt.load(book), "Huyện Một")
    pd.testing.assert_frame_equal(one, other)


def test_finding_in_a_workbook_names_its_sheet(small_input, tmp_path):
    book = tmp_path / "so_lieu.xlsx"
    with pd.ExcelWriter(book) as writer:
        for name in ("areas", "population", "cards"):
            table = pd.read_csv(small_input / f"{name}.csv", dtype=str)
            table.replace("200", "hai trăm").to_excel(writer, sheet_name=name, index=False)
    rows = findings(book)
    assert rows[["file", "row", "column"]].to_numpy().tolist() == [["so_lieu.xlsx [cards]", 3, "cards"]]


def test_file_that_is_no_workbook_is_reported(tmp_path):
    book = tmp_path / "so_lieu.xlsx"
    book.write_bytes(b"not a workbook")
    assert findings(book)["rule"].tolist() == ["not_a_table"]


# --- The command line: one line for each error, the exit status of the contract, nothing written ---


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda f: cards(f, changed(cards="x")), 1),
        (lambda f: cards(f, changed(cards="999"), changed(group="household", cards="2"), changed(area="C2")), 1),
        (lambda f: (f / "cards_more.csv").write_bytes(b"\xff\xfe\x00"), 2),
        (lambda f: None, 0),
    ],
)
def test_check_exits_with_the_status_of_the_contract(small_input, damage, status, capsys):
    damage(small_input)
    assert main(["check", str(small_input)]) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    assert len(captured.out.split("\n\n")[0].splitlines()) == 1


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_brief_of_a_bad_input_reports_why_and_writes_nothing(small_input, tmp_path, capsys, lang, build_here):
    cards(small_input, changed(cards="x"), changed(as_of="y"))
    out = tmp_path / "out"
    assert main(["brief", str(small_input), "--out", str(out), "--lang", lang]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [("dòng" in line, "row" in line) for line in captured.err.splitlines()] == [(lang == "vi", lang == "en")] * 2
    assert not out.exists()


def test_unknown_area_exits_with_status_2_and_the_nearest_name(small_input, tmp_path, capsys, build_here):
    out = tmp_path / "out"
    assert main(["brief", str(small_input), "--out", str(out), "--area", "Huyện Môtt"]) == 2
    assert "Huyện Một" in capsys.readouterr().err
    assert not out.exists()


def test_missing_input_exits_with_status_2(tmp_path, capsys):
    assert main(["check", str(tmp_path / "none")]) == 2
    assert "không có tệp hoặc thư mục này" in capsys.readouterr().err


def test_output_folder_must_not_be_the_input(small_input, capsys):
    before = sorted(p.name for p in small_input.iterdir())
    assert main(["brief", str(small_input), "--out", str(small_input)]) == 2
    assert "chứa dữ liệu đầu vào" in capsys.readouterr().err
    assert sorted(p.name for p in small_input.iterdir()) == before


def test_zones_are_counted_against_their_decision(small_input):
    zones = ["area", "decision", "zone", "since", "status", "source"]
    write_table(
        small_input / "zones.csv",
        zones,
        ["C1", "9", "I", "2026-01-01", "published", "x"],
        ["C2", "9", "II", "2026-01-01", "published", "x"],
    )
    decisions = ["decision", "area", "since", "zone_I", "zone_II", "zone_III", "status", "source"]
    write_table(small_input / "decisions.csv", decisions, ["9", "D1", "2026-01-01", "2", "1", "0", "published", "x"])
    rows = bhyt.check(small_input, "en")
    assert rows["rule"].tolist() == ["zone_counts"]
    assert "2 communes in zone I" in rows["message"].iloc[0]
    write_table(small_input / "decisions.csv", decisions, ["9", "D1", "2026-01-01", "1", "1", "0", "published", "x"])
    assert bhyt.check(small_input).empty


def test_partly_listed_communes_are_not_summed_for_their_district(small_input):
    data = bhyt.load(small_input)
    assert population_at(data.geography, data.population, "D1").people == 3000
    areas = ["code", "name", "kind", "parent", "listed"]
    write_table(
        small_input / "areas.csv",
        areas,
        ["D1", "Huyện Một", "district", "", "some"],
        ["C1", "Xã Đầu", "commune", "D1", ""],
        ["C2", "Xã Sau", "commune", "D1", ""],
    )
    data = bhyt.load(small_input)
    assert population_at(data.geography, data.population, "D1") is None
    assert bhyt.coverage(data, "D1")["insured"].isna().all()
