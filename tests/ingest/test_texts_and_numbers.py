"""Read texts, numbers and days as people write them: the value, or the rule that asks about it."""

import datetime as dt
import re
import unicodedata
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.text import clean_text, printable
from bhyt_analysis.i18n.unit_names import accented_key, normalise_name
from bhyt_analysis.ingest.cell_types import convert_column
from bhyt_analysis.ingest.vietnamese_text import legacy_font, mend_mojibake, number_readings, parse_number, text_damage
from bhyt_analysis.ingest.workbook import decode_cells

from ..batches import batches_here

PEOPLE = {"type": "count", "column": "people", "unit": "people", "required": ""}
CARDS = {"type": "count", "column": "cards", "unit": "cards", "required": ""}
GROUP = {"type": "count", "column": "poor", "required": ""}
HOUSEHOLDS = {"type": "count", "column": "households", "unit": "households", "required": ""}
CHANGE = {"type": "change", "column": "reclassified", "unit": "cards", "required": ""}
SHARE = {"type": "share", "column": "rate", "unit": "share", "required": ""}
DAY = {"type": "date", "column": "as_of", "required": ""}
SINCE = {"type": "date", "column": "since", "required": ""}


def read(column, *texts, style=None):
    """Return the values of the cells of a column, and the rules of its findings."""
    cells = pd.Series(list(texts), index=range(2, 2 + len(texts)), dtype=object)
    values, findings = convert_column(cells, column, style)
    return [None if pd.isna(v) else v for v in values], [f.rule for f in findings]


NUMBERS = [
    ("1.234 người", PEOPLE, 1234), ("1.234 khẩu", PEOPLE, 1234), ("12 thẻ", CARDS, 12), ("12 thẻ BHYT", CARDS, 12),
    ("12 người", CARDS, 12), ("12 thẻ", GROUP, 12), ("12 (người)", PEOPLE, 12), ("1.200 hộ", HOUSEHOLDS, 1200),
    ("12người", PEOPLE, 12), ("1.234 (*)", PEOPLE, 1234), ("1.234*", PEOPLE, 1234), ("1.234¹", PEOPLE, 1234),
    ("1234¹", PEOPLE, 1234), ("1234²³", PEOPLE, 1234), ("1234⁽¹⁾", PEOPLE, 1234), ("12 người¹", PEOPLE, 12),
    ("1234①", PEOPLE, 1234), ("1.234,0", PEOPLE, 1234), ("1.234.567", PEOPLE, 1234567), ("'1234", PEOPLE, 1234),
    ("1\u00a0234", PEOPLE, 1234), ("1\u2009234", PEOPLE, 1234), ("1\u202f234\u200b", PEOPLE, 1234),
    ("1\u3000234", PEOPLE, 1234), ("１２３４", PEOPLE, 1234), ("1 234 567", PEOPLE, 1234567), ("(123)", CHANGE, -123),
    ("\u2212123", CHANGE, -123), ("- 123", CHANGE, -123), ("+123", CHANGE, 123), ("(1.234)", CHANGE, -1234),
    ("85,1 %", SHARE, 0.851), ("85,1o/o", SHARE, 0.851), ("85,1 O/O", SHARE, 0.851), ("85,1％", SHARE, 0.851),
    ("85,1%¹", SHARE, 0.851), ("85,1 phần trăm", SHARE, 0.851), ("0,851", SHARE, 0.851),
]  # fmt: skip
ASKED = [
    ("~1.200", PEOPLE, "approximate_number"), ("khoảng 1.200", PEOPLE, "approximate_number"),
    ("Gần 1200", PEOPLE, "approximate_number"), ("> 1200", PEOPLE, "approximate_number"),
    ("trên 1.200 người", PEOPLE, "approximate_number"), ("1,2E+03", PEOPLE, "exponent_number"),
    ("1.2e3", PEOPLE, "exponent_number"), ("1,2 x 10³", PEOPLE, "exponent_number"),
    ("1.234 (1)", PEOPLE, "footnote_number"), ("1234 [2]", PEOPLE, "footnote_number"),
    ("1.234 (a)", PEOPLE, "footnote_number"), ("10³", PEOPLE, "footnote_number"), ("1,2 nghìn", PEOPLE, "scaled_cell"),
    ("1,2 nghìn người", PEOPLE, "scaled_cell"), ("3 triệu", CARDS, "scaled_cell"), ("12 hộ", PEOPLE, "other_unit"),
    ("12 hộ", CARDS, "other_unit"), ("12 thẻ", PEOPLE, "other_unit"), ("12 người", HOUSEHOLDS, "other_unit"),
    ("12 %", PEOPLE, "other_unit"), ("12 đồng", CARDS, "other_unit"), ("12 lượt", CARDS, "other_unit"),
    ("85,1 người", SHARE, "other_unit"), ("1.234", PEOPLE, "ambiguous_number"), ("1O5", PEOPLE, "bad_cell"),
    ("O", PEOPLE, "bad_cell"), ("1.234.5", PEOPLE, "bad_cell"), ("1 2345", PEOPLE, "bad_cell"),
    ("12 34", PEOPLE, "bad_cell"), ("1.234 1", PEOPLE, "bad_cell"), ("1/2", PEOPLE, "bad_cell"),
    ("2/3 người", PEOPLE, "bad_cell"), ("1-2", PEOPLE, "bad_cell"), ("1+2", PEOPLE, "bad_cell"),
    ("1²34", PEOPLE, "bad_cell"), ("²", PEOPLE, "bad_cell"), ("12,5", PEOPLE, "bad_cell"),
    ("(123)", PEOPLE, "bad_cell"),
    ("12 con", PEOPLE, "bad_cell"), ("٣٤", PEOPLE, "bad_cell"), ("85,1‰", SHARE, "bad_cell"), ("½", SHARE, "bad_cell"),
    ("-", PEOPLE, "no_figure"), ("\u2011", PEOPLE, "no_figure"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "value"), NUMBERS)
def test_number_as_people_write_it_is_read(text, column, value):
    style = "vi" if "." in text else None
    assert read(column, text, style=style) == ([value], [])


@pytest.mark.parametrize(("text", "column", "rule"), ASKED)
def test_unclear_number_is_asked_about_and_not_read(text, column, rule):
    assert read(column, text) == ([None], [rule])


def test_number_in_english_style_with_a_decimal_is_read():
    assert read(PEOPLE, "1,234.0", "2,345 người", style="en") == ([1234, 2345], [])


def test_faults_of_a_kind_are_one_finding_with_their_count():
    assert read(PEOPLE, "~1", "~2", "12 hộ", "~1")[1] == ["approximate_number", "other_unit"]


DAYS = [
    ("30/06/2021 00:00:00", "2021-06-30"), ("2021-06-30T00:00:00Z", "2021-06-30"), ("2021-06-30 00:00", "2021-06-30"),
    ("30/6/2021 12:00:00 AM", "2021-06-30"), ("ngày 30 tháng 6 năm 2021", "2021-06-30"),
    ("30 tháng 6, 2021", "2021-06-30"), ("30-Jun-2021", "2021-06-30"), ("30 June 2021", "2021-06-30"),
    ("June 30, 2021", "2021-06-30"), ("5-Sept-2021", "2021-09-05"), ("30-Thg6-2021", "2021-06-30"),
    ("30 thg 6, 2021", "2021-06-30"), ("2021/06/30", "2021-06-30"), ("44377", "2021-06-30"), (44377.0, "2021-06-30"),
    ("Quý II/2021", "2021-06-30"), ("Quý 3 năm 2021", "2021-09-30"), ("Q2/2021", "2021-06-30"),
    ("quý IV-2021", "2021-12-31"), ("2021Q1", "2021-03-31"), ("6 tháng đầu năm 2021", "2021-06-30"),
    ("6 tháng cuối năm 2021", "2021-12-31"), ("9 tháng năm 2021", "2021-09-30"), ("9 tháng đầu năm 2021", "2021-09-30"),
    ("6 tháng/2021", "2021-06-30"), ("Tháng 2/2024", "2024-02-29"), ("Đến hết quý I/2021", "2021-03-31"),
]  # fmt: skip
DAYS_ASKED = [
    ("30/06/2201", "odd_year"), ("30/06/0021", "odd_year"), ("0021-06-30", "odd_year"), ("30/06/2564", "odd_year"),
    ("1989-12-31", "odd_year"), (dt.date(2201, 6, 30), "odd_year"), (dt.date(1900, 1, 5), "odd_year"),
    ("6/2201", "odd_year"), ("Quý II/2201", "odd_year"), ("30/6/21", "two_digit_year"), ("30-Jun-21", "two_digit_year"),
    ("30-Thg6-21", "two_digit_year"), ("6/21", "two_digit_year"), ("quý II/21", "two_digit_year"),
    ("06/30/2021", "month_first"), ("31/02/2021", "bad_cell"), ("2021-06-30T17:00:00Z", "bad_cell"),
    ("30/06/201", "bad_cell"), ("2021", "bad_cell"), ("Quý V/2021", "bad_cell"), ("13/2021", "bad_cell"),
    ("30-Foo-2021", "bad_cell"), ("đầu năm 2021", "bad_cell"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "day"), DAYS)
def test_day_as_people_write_it_is_read(text, day):
    assert read(DAY, text) == ([pd.Timestamp(day)], [])


@pytest.mark.parametrize(("text", "rule"), DAYS_ASKED)
def test_unclear_day_is_asked_about_and_not_read(text, rule):
    assert read(DAY, text) == ([None], [rule])


def test_quarter_is_no_first_day_of_a_rule():
    assert read(SINCE, "Quý II/2021") == ([None], ["bad_cell"])


def test_one_day_with_the_month_first_makes_the_column_doubtful():
    values, rules = read(DAY, "06/30/2021", "07/04/2021", "2021-12-31", "05/05/2021")
    assert rules == ["month_first"]
    assert values == [None, None, pd.Timestamp("2021-12-31"), pd.Timestamp("2021-05-05")]


def test_days_that_excel_swapped_are_asked_about():
    assert read(DAY, "30/06/2021", dt.date(2021, 7, 4)) == ([pd.Timestamp("2021-06-30"), None], ["mixed_days"])
    assert read(DAY, "30/06/2021", dt.date(2021, 7, 31))[1] == []
    assert read(DAY, "04/07/2021", dt.date(2021, 7, 4))[1] == []


# --- Properties ---


@given(
    st.integers(0, 10**9), st.sampled_from(("vi", "en")), st.integers(0, 3), st.sampled_from(("", " người", "¹", "*"))
)
def test_formatted_number_reads_back(number, style, places, after):
    text = f"{number:,}" + (f".{7:0{places}d}" if places else "")
    text = text.translate(str.maketrans(",.", ".,")) if style == "vi" else text
    expected = number + (7 / 10**places if places else 0)
    assert float(parse_number(text + after, style)) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 10**9), st.text("⁰¹²³⁴⁵⁶⁷⁸⁹", min_size=1, max_size=3))
def test_superscript_never_changes_a_number(number, marks):
    assert set(number_readings(f"{number}{marks}").values()) <= {number}


@given(st.text())
def test_cleaning_is_idempotent_and_leaves_nothing_unprintable(text):
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert printable(clean) == clean
    assert normalise_name(clean) == normalise_name(text)
    clean.encode("utf-8")


# --- Texts ---

TEXTS = [
    ("Phì \u00d0iền", "Phì Điền"), ("\u0189ồng", "Đồng"), ("\u00f0ội", "đội"), ("D\u0335ồng", "Đồng"),
    ("Xa\u0303", "Xã"), ("\u041dN", "HN"), ("H\u0430 N\u043ei", "Ha Noi"), ("\u0422\u0415 <6", "TE <6"),
    ("ＨＮ", "HN"), ("o\ufb03ce", "office"), ("Khu vực \u2162", "Khu vực III"), ("M\u2011N", "M-N"),
    ("Kiên\u00a0Lao", "Kiên Lao"), ("Thống\x0bkê", "Thống\nkê"), ("Thống_x000B_kê", "Thống\nkê"),
    ("x_x000D_", "x"), ("La\u00ado", "Lao"), ("\ufeffX\u200b\u200e\u202a\u2060\ufe0f\ufffc", "X"), ("\ud800X", "X"),
    ("Москва", "Москва"), ("hệ số α", "hệ số α"), ("m², ½, 25 °C, ±3, «x», 2 × 3", "m², ½, 25 °C, ±3, «x», 2 × 3"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "clean"), TEXTS)
def test_text_is_cleaned_and_legitimate_text_kept(text, clean):
    assert clean_text(text) == clean


@pytest.mark.parametrize("quote", "\u2018\u2019\u02bc\u2032\u00b4`")
def test_names_with_other_apostrophes_are_one_name(quote):
    assert normalise_name(f"Đắk R{quote}Lấp") == normalise_name("Đắk R'Lấp")
    assert accented_key(f"Đắk R{quote}Lấp") == accented_key("Đắk R'Lấp")


@pytest.mark.parametrize(
    "texts",
    [["Dân số¹", "Diện tích (m²)"], ["m²", "½", "25 °C"], ["Nam¹", "Nữ²"], ["«Hộ nghèo»", "2 × 3", "5 µg"], ["\u00d0"]],
)
def test_signs_in_unicode_are_no_old_font(texts):
    assert legacy_font(texts) == ""


def decoded(*columns):
    """Return the cells of columns as text in Unicode, and the rules of the findings."""
    findings = []
    cells = decode_cells(pd.DataFrame(dict(enumerate(map(list, columns), 1)), dtype=object), "x.csv", findings)
    return [list(cells[c]) for c in cells], [f.rule for f in findings]


def test_unicode_and_signs_in_a_column_of_an_old_font_stay():
    texts = ["X· Kiªn Lao", "X· Ph× §iÒn", "DiÖn tÝch (m²)", "Tæng sè¹", "«Hé nghÌo»", "Xã Đồng Hoà"]
    right = ["Xã Kiên Lao", "Xã Phì Điền", "Diện tích (m²)", "Tổng số¹", "«Hộ nghèo»", "Xã Đồng Hoà"]
    assert decoded(texts) == ([right], ["old_font"])


NAMES = ["Xã Kiên Lao", "Thị trấn Chũ", "Phường Hoà Bình", "Đắk R'Lấp", "Xã Đồng Hoà", "Hộ nghèo"]


def misread(text, encoding):
    """Return UTF-8 as a program shows it that takes it for another encoding."""
    return "".join(bytes([b]).decode(encoding, "ignore") or chr(b) for b in text.encode())


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "latin-1", "mac_roman", "cp850", "cp437"])
@pytest.mark.parametrize("name", NAMES)
def test_utf8_read_in_a_wrong_encoding_is_mended(name, encoding):
    once = misread(name, encoding)
    assert mend_mojibake(once) == name
    assert mend_mojibake(misread(once, encoding)) == name
    assert mend_mojibake(name) is None
    assert text_damage(name) == ""


def test_mended_and_damaged_text_is_one_line_each():
    texts = [misread(name, "cp1252") for name in NAMES]
    assert decoded(texts) == ([NAMES], ["mojibake_mended"])
    assert decoded(["HoÃ BÃ¬nh"])[1] == ["mojibake"]
    assert decoded(["X? Ki?n Lao", "Th? tr?n Ch?"], ["Có thẻ?", "a.vn/?q=1"])[1] == ["lost_letters"]


def test_decomposed_text_is_the_same_name():
    assert all(normalise_name(unicodedata.normalize("NFD", n)) == normalise_name(n) for n in NAMES)


# --- From every text of an input to every document ---

HOSTILE = "\x0b\x01\u00ad\u200b\u200e\u202a\u2060\ufe0f\ufffc\ufeff\u0085\u2028"


@pytest.mark.slow
def test_invisible_characters_in_every_text_end_no_document(tmp_path):
    folder = tmp_path / "input"
    folder.mkdir()
    for file in sorted(bundled_path("data").glob("*.csv")):
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        columns = table_columns(file.stem)
        for key in set(columns.loc[columns["type"] == "text", "column"]) & set(table):
            table[key] = [f"{HOSTILE}{t[:2]}\u00ad{t[2:]}{HOSTILE}" if t else t for t in table[key]]
        table.to_csv(folder / file.name, index=False)
    data, clean = bhyt.load(folder), bhyt.load()
    for name in TABLES:
        left, right = (getattr(d, name).drop(columns="file", errors="ignore") for d in (data, clean))
        pd.testing.assert_frame_equal(left, right)
    (area,) = build(folder, tmp_path / "out")
    check_documents(tmp_path / "out", area)


@pytest.mark.slow
@pytest.mark.parametrize("keep", [True, False])
def test_text_of_data_made_by_hand_ends_no_document(tmp_path, keep):
    data, bad = bhyt.load(), f"Thống\ud800 kê{HOSTILE}"
    tables = {name: getattr(data, name) for name in TABLES}
    for name in ("population", "cards", "losses", "targets", "documents"):
        for key in {"source", "instrument", "title"} & set(tables[name]):
            tables[name] = tables[name].assign(**{key: pd.Series(bad, tables[name].index, dtype=object)})
    if not keep:
        tables = {name: table.drop(columns="unit_id", errors="ignore") for name, table in tables.items()}
    (area,) = build(bhyt.Dataset(**tables, source="mine", sha256="0" * 64), tmp_path / "out")
    check_documents(tmp_path / "out", area)


def build(source, out):
    """Return the result of one area with every kind of document, the scenario and decision with hostile names."""
    scenario = out.with_name("mine.toml")
    name = "".join(f"\\u{ord(c):04x}" for c in HOSTILE)
    scenario.write_text(f'name = "kịch bản{name} riêng"\ndecision = "861{name}"\n', encoding="utf-8")
    options = bhyt.BatchOptions(
        jobs=1, formats=("html", "docx", "pptx", "xlsx"), scenario=str(scenario), decision=f"861{HOSTILE}"
    )
    with batches_here():
        return bhyt.run_batch(source, out, ["Sơn Dương"], options)["areas"]


def check_documents(out, area):
    """Fail unless an area has its documents, none with a character of the list."""
    assert area["status"] == "done", area
    files = {f.suffix: f for f in (out / area["slug"]).iterdir()}
    assert {".html", ".docx", ".pptx", ".xlsx"} <= set(files)
    forbidden = re.compile(f"[{HOSTILE}]")
    for suffix in (".docx", ".pptx", ".xlsx"):
        with zipfile.ZipFile(files[suffix]) as archive:
            parts = [
                archive.read(n).decode()
                for n in archive.namelist()
                if re.search("(document|slide\\d+|Strings)\\.xml$", n)
            ]
        assert parts and not any(map(forbidden.search, parts)), suffix
    assert not forbidden.search(files[".html"].read_text("utf-8"))
