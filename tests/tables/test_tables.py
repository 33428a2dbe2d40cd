"""Tables as readers and spreadsheets see them; small groups are not given away."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.tables import formatting

from ..briefing_items import section_items
from ..csv_files import read_csv_rows

TABLE = pd.DataFrame(
    {
        "name": ["Xã Đầu", "=1+1", "Xã Cuối"],
        "group": ["near_poor", "student", "household"],
        "insured": pd.array([155_163, 3, None], dtype="Int64"),
        "rate": [0.851, 0.001, None],
        "as_of": pd.to_datetime(["2021-12-31", None, "2021-12-31"]),
        "status": ["derived", "published", "estimated"],
    }
)


def test_cells_are_written_in_the_language():
    vi, en = formatting.format_table(TABLE), formatting.format_table(TABLE, "en")
    large = formatting.format_table(TABLE.assign(insured=155_163))
    assert large.iloc[0].tolist() == [
        "Xã Đầu",
        "Người thuộc hộ cận nghèo",
        "155.163",
        "85,1%",
        "31/12/2021",
        "Tính từ số liệu công bố",
    ]
    assert en.columns.tolist() == ["Area", "Group", "Insured", "Rate (% of population)", "Date", "Status"]
    assert vi.iloc[2].tolist() == [
        "Xã Cuối",
        "Tham gia BHYT theo hộ gia đình",
        "–",
        "–",
        "31/12/2021",
        "Số liệu ước tính",
    ]


def test_groups_under_five_are_hidden_and_so_is_what_gives_them_away():
    cells = formatting.format_table(TABLE, "en")
    # the one small cell, and the next, from which the total would give it away; rates with them
    assert cells["Insured"].tolist() == ["…", "<5", "–"]
    assert cells["Rate (% of population)"].tolist() == ["…", "…", "–"]


@given(st.lists(st.integers(0, 40), min_size=3, max_size=12))
def test_no_hidden_count_can_be_worked_out_from_the_total(counts):
    table = pd.DataFrame({"group": [f"g{i}" for i in range(len(counts))], "insured": counts})
    hidden = formatting.suppressed_cells(table)["insured"]
    assert all(hidden[i] for i, c in enumerate(counts) if 0 < c < 5)
    positive_left = [c for c, h in zip(counts, hidden, strict=True) if not h and c > 0]
    assert hidden.sum() != 1 or not positive_left


def test_a_csv_opens_right_in_excel(tmp_path):
    path = tmp_path / "t.csv"
    formatting.save_csv(TABLE.assign(insured=[155_163, 30, 7]), path)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    rows, heads = read_csv_rows(path), ["Đơn vị", "Nhóm đối tượng", "Số người có thẻ", "Tỷ lệ (% dân số)"]
    assert rows[0] == [*heads, "Thời điểm", "Tình trạng số liệu"]
    assert rows[1][2:5] == ["155163", "85,1", "2021-12-31"]
    assert rows[2][0] == "'=1+1"  # no formula out of a name


def test_html_is_escaped_and_stamped():
    page = formatting.to_html(TABLE.assign(name="<script>", status="synthetic"))
    assert "<script>" not in page
    assert "SỐ LIỆU GIẢ LẬP" in page
    assert "CÓ SỐ LIỆU ƯỚC TÍNH" in formatting.to_html(TABLE)


def test_what_is_the_same_in_every_row_is_written_below():
    page = formatting.to_html(TABLE.assign(status="published"))
    assert "<th>Tình trạng số liệu</th>" not in page
    assert '<p class="note">Tình trạng số liệu: Số liệu công bố</p>' in page


@pytest.mark.parametrize(
    ("value", "places", "vi", "en"),
    [
        (182_330, 0, "182.330", "182,330"),
        (-30_082, 0, "−30.082", "−30,082"),
        (0.5, 0, "1", "1"),  # half up
        (2.5, 0, "3", "3"),
        (1.005, 2, "1,01", "1.01"),  # as written, not as the binary fraction below it
        (float("nan"), 0, "–", "–"),
        (None, 0, "–", "–"),
        (1_234_567.891, 1, "1.234.567,9", "1,234,567.9"),
    ],
)
def test_numbers_of_both_languages(value, places, vi, en):
    assert (format_number(value, "vi", places), format_number(value, "en", places)) == (vi, en)


@given(st.integers(-(10**12), 10**12))
def test_a_number_can_be_read_back(value):
    assert int(format_number(value, "vi").replace(".", "").replace("−", "-")) == value
    assert int(format_number(value, "en").replace(",", "").replace("−", "-")) == value


def test_percentages_and_points_differ_in_writing():
    assert (
        format_message("{a:p1} {b:pe} {c:pe} {d:+pp1}", "vi", a=0.851, b=0.906, c=0.9635, d=0.055)
        == "85,1% 90,6% 96,35% +5,5"
    )


def test_days_of_both_languages():
    assert format_date("2021-07-01") == "01/07/2021"
    assert format_date(pd.Timestamp("2021-07-01"), "en") == "1 July 2021"
    assert format_date(pd.NaT) == "–"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_summary_says_the_headline_figures_and_marks_the_weak_ones(data, law, lang):
    first = {
        a: "\n".join(item.text for item in section_items(bhyt.Briefing(data, a, law, lang=lang), "verdict", "headline"))
        for a in ("Sơn Dương", "Lục Ngạn", "X001")
    }
    assert all(format_number(n, lang) in first["Sơn Dương"] for n in (155_163, 182_330, 27_167, 30_082, 10_028))
    estimated, synthetic = translate("status.estimated", lang), translate("status.synthetic", lang)
    marked = {area: [line for line in text.splitlines() if f"({estimated})" in line] for area, text in first.items()}
    assert {area: len(lines) for area, lines in marked.items()} == {"Sơn Dương": 0, "Lục Ngạn": 1, "X001": 0}
    assert f"{translate('relation.about', lang)}{format_number(26_700, lang)}" in first["Lục Ngạn"]  # of 26,709
    assert format_number(26_709, lang) not in first["Lục Ngạn"]
    figures = section_items(bhyt.Briefing(data, "Lý Sơn", law, lang=lang), "headline")[-1].table
    assert any(format_number(18_550, lang) in value for value in figures["value"])
    assert f"({synthetic})" in first["X001"]
