"""Tables in a terminal: never wider than it, figures right and whole, wide letters and combining marks counted."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from bhyt_analysis.cli import main
from bhyt_analysis.ingest.scenario_files import read_scenario
from bhyt_analysis.model.projection.simulate import simulate
from bhyt_analysis.model.projection.yearly import yearly
from bhyt_analysis.tables.formatting import table_spec
from bhyt_analysis.tables.terminal import text_table, wrap_heading
from bhyt_analysis.tables.totals import add_total
from bhyt_analysis.tables.yearly_table import last_year_table, yearly_table

COMMANDS = [
    ["reclassify", "--decision", "861", "--area", "Lục Ngạn"],
    ["reclassify", "--decision", "861", "--area", "X001"],
    ["reclassify", "--decision", "861"],
    ["allocate", "--area", "X001", "--on", "30/06/2022", "--rate", "93%"],
    ["simulate", "--area", "X001", "--scenario", "decision_861_high", "--draws", "20"],
    ["simulate", "--area", "Sơn Dương", "--draws", "20"],
    ["simulate", "--area", "X001", "--by-commune", "--draws", "20"],
    ["monitor", "--month", "06/2022"],
    ["monitor", "--month", "06/2022", "--area", "X001"],
    ["law", "--on", "2026-11-22", "--area", "Đắk Lắk"],
    ["law", "--on", "2021-11-22"],
]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("call", COMMANDS, ids=" ".join)
def test_no_line_of_a_table_is_wider_than_the_terminal(call, width, lang, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main([*call, "--lang", lang]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[: next((i for i, line in enumerate(lines) if line.startswith(("Tính đến", "On 30 June"))), None)]
    assert max(map(wcswidth, table)) <= width  # sentences are lines of their own
    assert "…" not in "".join(table)
    assert len(table) > 3


def test_a_table_is_at_most_100_columns_wide_on_a_wide_screen(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    assert main(["law", "--on", "2026-11-22"]) == 0
    assert 90 < max(map(len, capsys.readouterr().out.splitlines())) <= 100


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_of_two_columns_and_marks_of_none_keep_figures_aligned(form):
    names = ["Xã Ngọc Lặc", "Xã 漢字", "Xã Y"]
    rows = pd.DataFrame({"name": [unicodedata.normalize(form, n) for n in names], "insured": [12_345, 678, 9]})
    lines = text_table(rows, "vi").splitlines()[-3:]
    assert len({wcswidth(line) for line in lines}) == 1
    assert [line.split()[-1] for line in lines] == ["12.345", "678", "9"]


@given(
    names=st.lists(st.text(st.characters(codec="utf-8"), max_size=60), min_size=2, max_size=5),
    width=st.integers(60, 100),
)
def test_no_name_makes_a_table_wider_or_hides_a_figure(names, width):
    rows = pd.DataFrame({"name": names, "population": [1_234_567 + i for i in range(len(names))]})
    text = text_table(rows, "en", width)
    assert max(map(wcswidth, text.splitlines())) <= width
    assert all(f"{1_234_567 + i:,}" in text for i in range(len(names)))


def test_what_all_rows_share_is_a_note_and_blank_columns_are_left_out():
    rows = pd.DataFrame({"name": ["Xã A", "Xã B"], "zone_after": "I", "insured": [10, 20], "before": pd.NA})
    lines = text_table(add_total(rows, "", "Cộng"), "vi").splitlines()
    assert [line.split() for line in lines[-4:-1]] == [["Cộng", "30"], ["Xã", "A", "10"], ["Xã", "B", "20"]]
    assert lines[-1] == "Khu vực sau quyết định: Khu vực I"
    assert "trước" not in "".join(lines)


def test_a_narrow_terminal_leaves_optional_columns_out_in_their_order():
    rows = pd.DataFrame({"name": ["Xã " + "A" * 40], "insured": [10_000], "population": [20_000], "rate": [0.5]})
    wide = text_table(rows, "en", 100, ("population", "rate"))
    assert ("20,000" in wide, "50.0%" in wide) == (True, True)
    narrow = text_table(rows, "en", 47, ("population", "rate"))
    assert ("20,000" in narrow, "50.0%" in narrow, "10,000" in narrow) == (False, True, True)


@given(
    st.lists(st.sampled_from(["Số", "người/tháng", "(%", "dân", "số)", "phát", "triển/"]), max_size=12).map(" ".join)
)
def test_a_heading_keeps_its_words_and_takes_few_lines(heading):
    lines = wrap_heading(heading, 10)
    assert len(lines) <= 4
    assert "".join(lines).replace(" ", "") == heading.replace(" ", "")


def test_small_counts_stay_hidden_in_a_terminal():
    rows = pd.DataFrame({"group": ["poor", "near_poor", "student"], "insured": [3, 40, 900]})
    cells = [line.split()[-1] for line in text_table(rows, "vi").splitlines()[-5:]]
    assert "<5" in cells
    assert not {"3", "40"} & set(cells)


def test_rates_without_take_up_speak_of_joining_again_only_where_cards_end(data):
    """No card ends in Sơn Dương without a decision; some do in X001 by Decision 861."""
    plan = read_scenario("decision_861_high")
    tables = [yearly_table(simulate(data, *args, draws=0), "vi") for args in (("Sơn Dương",), ("X001", plan))]
    headings = [c.heading for table in tables for c in table.columns if c.key == "rate_static"]
    assert headings == ["Tỷ lệ nếu không thay đổi (%)", "Tỷ lệ nếu không ai tham gia lại (%)"]


def test_a_year_of_money_is_headed_as_one(data):
    years = yearly(simulate(data, "Sơn Dương", draws=0))
    headings = [c.heading for c in table_spec(years, "vi").columns if c.key.startswith("vnd_")]
    assert len(headings) == 5
    assert all(heading.endswith(", trong năm (đồng)") for heading in headings)


def test_the_years_of_a_projection_add_up_to_what_the_months_hold(data):
    months = simulate(data, "X001", read_scenario("decision_861_high"), draws=20)
    spec = yearly_table(months, "en")
    rows = months[(months["result"] == "behavioural") & (months["month"] > months["month"].min())]
    assert spec.column("vnd_central")[-1] == pytest.approx(rows["vnd_central"].sum())
    year = rows[rows["month"].dt.year == 2023]
    row = dict(zip([c.key for c in spec.columns], spec.rows[2], strict=True))
    assert row["year"] == "2023"
    assert row["vnd_household"] == pytest.approx(year["vnd_household"].sum())
    assert row["vnd"] == pytest.approx(year.filter(like="vnd_").sum().sum())
    last = year.iloc[-1]
    assert [row[c] for c in ("rate", "rate_low", "rate_high")] == [last["rate"], last["rate_low"], last["rate_high"]]
    alone = months[(months["result"] == "static") & (months["month"] == last["month"])]
    assert row["rate_static"] == alone["rate"].item() < row["rate"]
    assert spec.rows[0][0] == "2021 (6 months)"  # counted at the end of June 2021


def test_groups_that_only_take_up_fills_have_no_rate_without_it(data):
    months = simulate(data, "Lục Ngạn", read_scenario("decision_861_high"), by="group", draws=0)
    last = months[months["month"] == months["month"].max()].set_index(["result", "group"])
    spec = last_year_table(months, "en")
    alone = [rate for rate in spec.column("rate_static") if not pd.isna(rate)]
    static = last.loc["static", "rate"]
    assert alone == pytest.approx(static[static > 0].tolist())
    assert len(alone) < len(spec.rows)
