"""Each check finds the one fault that is written into a file, and nothing in a sound file."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.domain.bundled import PACKAGE
from bhyt_analysis.domain.findings import rules
from bhyt_analysis.ingest import synthetic
from bhyt_analysis.quality.limits import rule_limits
from bhyt_analysis.quality.month_checks import monthly_series, typical_values

from ..conftest import write_table

MONTHS = [str(d.date()) for d in pd.date_range("2021-07-31", periods=12, freq="ME")]
FLOWS = ["area", "as_of", "group", "new", "renewed", "expired", "suspended", "reclassified", "status", "source"]
CARDS = ["area", "as_of", "group", "cards", "status", "source"]
PEOPLE = ["area", "as_of", "people", "status", "source"]
AREAS = ["code", "name", "kind", "parent", "since", "until"]
PLAN = ["document", "area", "figure", "value", "decimals", "unit", "relation", "base", "as_of", "locator"]


@pytest.fixture
def folder(small_input):
    """Return the sound input with a year of cards of two groups in both communes, which change a little."""
    rows = [
        [code, month, group, str(start + 3 * i + (i % 2)), "published", "BHXH"]
        for code, groups in (("C1", (("poor", 100), ("household", 300))), ("C2", (("poor", 200), ("household", 600))))
        for group, start in groups
        for i, month in enumerate(MONTHS)
    ]
    (small_input / "cards.csv").unlink()
    write_table(small_input / "cards_year.csv", CARDS, *rows)
    return small_input


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def change(path, where, column, value):
    """Change a cell (None removes the row) of the rows for which ``where`` is true; return the line of the first."""
    head, *rows = read_rows(path)
    hits = [i for i, row in enumerate(rows) if where(dict(zip(head, row, strict=True)))]
    for i in hits:
        rows[i][head.index(column)] = value
    write_table(path, head, *(r for i, r in enumerate(rows) if value is not None or i not in hits))
    return hits[0] + 2


def findings_in(folder, lang="en"):
    return bhyt.check(folder, lang, every=True)[["rule", "severity", "file", "row", "message"]].to_numpy().tolist()


def is_month(area, group, month):
    return lambda row: (row["area"], row["group"], row["as_of"]) == (area, group, month)


def test_a_year_of_sound_cards_has_no_findings(folder):
    assert findings_in(folder) == []


# --- Month by month -------------------------------------------------------------------------------


def test_stock_and_flow_that_do_not_meet(folder):
    # End of July 400, end of August 407: 8 came new, 2 were renewed of 3 that ran out, none went: 407. And 1 less: 406.
    good = ["C1", "2021-08-31", "", "8", "2", "3", "0", "0", "published", "BHXH"]
    write_table(folder / "flows.csv", FLOWS, good)
    message = (
        "flows.csv, row 2: Xã Đầu, 08/2021: 400 at the start, 8 new, 2 renewed, 3 expired, 0 suspended, "
        "0 reclassified; so there must be 407 cards at the end, but the table Cards has 408"
    )
    assert findings_in(folder) == [["stock_flow", "warning", "flows.csv", 2, message]]
    write_table(folder / "flows.csv", FLOWS, [*good[:3], "8", "2", "3", "0", "1", *good[8:]])
    assert findings_in(folder) == []


@pytest.mark.parametrize(
    ("group", "change", "sound"),
    [("poor", 4, True), ("poor", 5, False), ("state_paid", 4, True), ("state_supported", 4, True)],
)
def test_flows_of_a_group_meet_its_own_cards(folder, group, change, sound):
    row = ["C1", "2021-08-31", group, str(change), "0", "0", "0", "", "published", "BHXH"]
    write_table(folder / "flows.csv", FLOWS, row)
    # A group without cards is not checked.
    assert [r[0] for r in findings_in(folder)] == ([] if sound else ["stock_flow"])


def test_flows_without_the_month_before_are_not_checked(folder):
    write_table(folder / "flows.csv", FLOWS, ["C1", "2021-07-31", "", "999", "0", "0", "0", "0", "published", "BHXH"])
    assert findings_in(folder) == []


@pytest.mark.parametrize("month", [MONTHS[0], MONTHS[5], MONTHS[11]])
def test_a_count_far_from_its_own_history_is_found_in_any_month(folder, month):
    i = MONTHS.index(month)
    # 300, 304, 306, 310, 312, (316), 318, 322, 324, 328, 330, 334: the nearest of three at the ends, the median inside
    near = {0: 304, 5: 312, 11: 324}[i]
    line = change(folder / "cards_year.csv", is_month("C1", "household", month), "cards", "31")
    day = f"{pd.Timestamp(month).day} {pd.Timestamp(month):%B %Y}"
    message = (
        f"cards_year.csv, row {line}, column D «cards»: 31 cards of Household members (self-paid) (Xã Đầu, {day}) "
        f"are far from the months around them, usually about {near}"
    )
    assert findings_in(folder) == [["sudden_jump", "warning", "cards_year.csv", line, message]]


def test_a_new_level_is_no_jump_but_a_new_level_in_the_last_month_is_one(folder):
    for month in MONTHS[6:]:
        change(folder / "cards_year.csv", is_month("C1", "household", month), "cards", "150")
    assert [r[0] for r in findings_in(folder)] == []
    for month in MONTHS[6:11]:
        change(folder / "cards_year.csv", is_month("C1", "household", month), "cards", "318")
    assert [r[0] for r in findings_in(folder)] == ["sudden_jump"]


def test_a_jump_after_a_zoning_decision_is_expected(folder):
    line = change(folder / "cards_year.csv", is_month("C1", "household", MONTHS[11]), "cards", "500")
    assert [(r[0], r[3]) for r in findings_in(folder)] == [("sudden_jump", line)]
    zones = ["area", "decision", "zone", "since", "status", "source"]
    write_table(folder / "zones.csv", zones, ["C1", "861", "I", "2022-06-01", "published", "QĐ"])
    assert findings_in(folder) == []


def test_a_month_without_any_report_is_missing(folder):
    change(folder / "cards_year.csv", lambda r: r["as_of"] in MONTHS[3:5], "cards", None)
    findings = findings_in(folder)
    assert [r[:3] for r in findings] == [["missing_months", "warning", "cards_year.csv"]]
    assert findings[0][4].endswith("Huyện Một reports every month but lacks 10/2021, 11/2021")


def test_a_month_that_one_commune_does_not_report_is_one_finding(folder):
    change(folder / "cards_year.csv", lambda r: (r["area"], r["as_of"]) == ("C2", MONTHS[3]), "cards", None)
    assert [r[0] for r in findings_in(folder)] == ["not_reported"]


def test_a_group_that_is_missing_for_a_month_is_not_zero(folder):
    change(folder / "cards_year.csv", is_month("C1", "poor", MONTHS[3]), "cards", None)
    findings = findings_in(folder)
    assert [r[0] for r in findings] == ["group_missing"]
    assert "Xã Đầu lacks the cards of Poor households in 10/2021, though it has them before and after" in findings[0][4]


def test_a_group_reported_with_its_wider_group_is_not_missing(folder):
    change(folder / "cards_year.csv", is_month("C1", "poor", MONTHS[3]), "group", "state_paid")
    assert findings_in(folder) == []


def test_cards_copied_from_the_month_before_are_found(folder):
    groups = ["poor", "household", "student", "near_poor", "child_under_6"]
    counts = [str(2000 + 7 * min(i, 4) + i // 6) for i in range(len(MONTHS))]
    rows = [["D1", m, g, n, "published", "BHXH"] for g in groups for m, n in zip(MONTHS, counts, strict=True)]
    write_table(folder / "population_district.csv", PEOPLE, ["D1", "2021-12-31", "30000", "published", "thống kê"])
    write_table(
        folder / "areas.csv",
        [*AREAS[:4], "listed"],
        ["D1", "Huyện Một", "district", "", "some"],
        ["C1", "Xã Đầu", "commune", "D1", ""],
        ["C2", "Xã Sau", "commune", "D1", ""],
    )
    district_rows(folder, *rows)
    findings = [r for r in findings_in(folder) if r[0] != "not_reported"]
    assert [r[:2] for r in findings] == [["same_as_before", "info"]]
    assert "of Huyện Một in 12/2021, 02/2022, 03/2022, 04/2022, 05/2022, 06/2022 are just those" in findings[0][4]


# --- Communes and their unit, days and units ------------------------------------------------------


def district_rows(folder, *rows):
    write_table(folder / "cards_district.csv", CARDS, *rows)


@pytest.mark.parametrize(
    ("cards", "rule", "words"),
    [
        ("1800", None, ""),
        ("1799", "communes_above_district", "the communes add up to 1,800, more than the 1,799 of the unit itself"),
        ("1801", "communes_below_district", "the communes add up to 1,800, less than the 1,801 of the unit itself"),
    ],
)
def test_communes_against_their_district(small_input, cards, rule, words):
    district_rows(small_input, ["D1", "2021-06-30", "state_supported", cards, "published", "BHXH"])
    findings = findings_in(small_input)
    assert [r[0] for r in findings] == ([rule] if rule else [])
    if rule:
        assert findings[0][2:4] == ["cards_district.csv", 2]
        assert words in findings[0][4]


def test_parts_that_include_all_others_make_up_their_group(small_input):
    def rows(other):
        counts = {"state_paid": "100", "poor": "60", "state_paid_other": other}
        district_rows(small_input, *(["C1", "2021-07-31", g, n, "published", "BHXH"] for g, n in counts.items()))
        return [r for r in findings_in(small_input) if r[0] != "not_reported"]

    assert rows("40") == []
    assert [r[:2] for r in rows("39")] == [["parts_below_whole", "warning"]]
    assert [r[:2] for r in rows("41")] == [["parts_above_whole", "error"]]


def test_the_group_that_differs_is_named(small_input):
    counts = {"household": "1100", "poor": "699"}
    district_rows(small_input, *(["D1", "2021-06-30", g, n, "published", "BHXH"] for g, n in counts.items()))
    # Both communes report households (1,100), only one reports the poor: the total is 1 short.
    assert ["1,799" in r[4] for r in findings_in(small_input)] == [True]
    counts = {"household": "1090", "poor": "710"}
    district_rows(small_input, *(["D1", "2021-06-30", g, n, "published", "BHXH"] for g, n in counts.items()))
    findings = findings_in(small_input)
    assert [r[0] for r in findings] == ["communes_above_district"]
    assert "(Household members (self-paid))" in findings[0][4]


def test_people_of_communes_against_their_district(small_input):
    write_table(small_input / "population_d.csv", PEOPLE, ["D1", "2021-06-30", "2999", "published", "thống kê"])
    assert [r[0] for r in findings_in(small_input)] == ["communes_above_district"]
    write_table(small_input / "population_d.csv", PEOPLE, ["D1", "2021-12-31", "3300", "published", "thống kê"])
    assert findings_in(small_input) == []
    write_table(small_input / "population_d.csv", PEOPLE, ["D1", "2021-12-31", "3400", "published", "thống kê"])
    findings = findings_in(small_input)
    assert [r[:2] for r in findings] == [["denominators_differ", "warning"]]
    text = "the population of Huyện Một is 3,400 (31 December 2021), but its communes add up to 3,000 (30 June 2021)"
    assert text in findings[0][4]


def test_a_population_that_grows_by_more_than_half_is_found(small_input):
    rows = [[code, "2022-06-30", n, "published", "thống kê"] for code, n in (("C1", "1500"), ("C2", "20000"))]
    write_table(small_input / "population_2.csv", PEOPLE, *rows)
    findings = [r for r in findings_in(small_input) if r[0] == "population_jump"]
    assert [r[2:4] for r in findings] == [["population_2.csv", 3]]
    assert "is 20,000 on 30 June 2022, but 2,000 on 30 June 2021" in findings[0][4]


def test_a_unit_has_no_cards_after_its_last_day(small_input):
    write_table(
        small_input / "areas.csv",
        AREAS,
        ["D1", "Huyện Một", "district", "", "", "2025-06-30"],
        ["C1", "Xã Đầu", "commune", "D1", "", "2021-06-29"],
        ["C2", "Xã Sau", "commune", "D1", "", ""],
    )
    findings = findings_in(small_input)
    assert [r[:2] for r in findings] == [["unit_ended", "error"]] * 3
    assert [r[2:4] for r in findings] == [["population.csv", 2], ["cards.csv", 2], ["cards.csv", 3]]
    assert findings[1][4] == (
        "cards.csv, row 2, column A «area»: C1 (Xã Đầu) ended with 29 June 2021 and cannot have figures of "
        "30 June 2021; name the new unit, or a day of the old one"
    )


def test_a_unit_has_no_people_before_its_first_day(small_input):
    write_table(
        small_input / "areas.csv",
        AREAS[:5],
        ["D1", "Huyện Một", "district", "", ""],
        ["C1", "Xã Đầu", "commune", "D1", ""],
        ["C2", "Xã Sau", "commune", "D1", "2021-07-01"],
    )
    rows = {(r[0], r[2], r[3]) for r in findings_in(small_input)}
    assert rows == {("unit_not_yet", "population.csv", 3), ("unit_not_yet", "cards.csv", 4)}


def test_a_code_that_was_given_again_is_valid_on_the_days_of_either_unit(data):
    assert data.areas["code"].duplicated().any()
    assert not bhyt.check(data)["rule"].isin(["unit_ended", "unit_not_yet"]).any()


# --- Units of figures -----------------------------------------------------------------------------


def test_turns_are_not_people(small_input):
    change(small_input / "cards.csv", lambda r: r["area"] == "C2", "source", "Số lượt khám chữa bệnh quý II")
    message = (
        'cards.csv, dòng 4, cột F «source»: "Số lượt khám chữa bệnh quý II" nói về lượt (lượt khám hay lượt người), '
        "nhưng bảng này cần số thẻ; một người có thể có nhiều lượt"
    )
    assert findings_in(small_input, "vi") == [["turns_not_people", "error", "cards.csv", 4, message]]


def test_published_people_counted_in_turns(small_input):
    plan = ["p", "D1", "insured_total", "1800", "0", "lượt", "=", "", "2021-06-30", "mục 1"]
    write_table(small_input / "published.csv", PLAN, plan)
    assert [r[:4] for r in findings_in(small_input)] == [["turns_not_people", "error", "published.csv", 2]]


def test_one_figure_in_two_units_and_a_percentage_without_a_base(small_input):
    write_table(
        small_input / "published.csv",
        PLAN,
        ["p", "D1", "poor", "700", "0", "people", "=", "", "2021-06-30", "mục 1"],
        ["p", "D1", "poor", "690", "0", "cards", "=", "", "2021-06-30", "mục 2"],
        ["p", "D1", "coverage", "60", "0", "percent", "=", "", "2021-06-30", "mục 3"],
    )
    assert [r[-1] for r in findings_in(small_input)] == [
        "published.csv, row 3, column F «unit»: the figure poor is given in cards, but in row 2 in people",
        "published.csv, row 4, column H «base»: coverage is a percentage without its base, so it cannot be checked",
    ]


def test_losses_in_people_and_in_cards_can_not_be_added(small_input):
    head = ["area", "decision", "on", "people", "unit", "status", "source"]
    rows = [
        [c, "861", "2021-07-01", n, u, "published", "KH"] for c, n, u in (("D1", 500, "cards"), ("C1", 300, "people"))
    ]
    write_table(small_input / "losses.csv", head, *rows)
    findings = findings_in(small_input)
    assert [r[0] for r in findings] == ["losses_unit_mixed"]
    assert "Xã Đầu is given in people and Huyện Một in cards" in findings[0][4]


def test_parts_of_a_split_unit_are_all_of_it(small_input):
    head = ["code_old", "code_new", "on", "share"]
    first, second = ["C1", "N1", "2025-07-01", "0.6"], ["C1", "N2", "2025-07-01"]
    write_table(small_input / "successors.csv", head, first, [*second, "0.3"])
    findings = findings_in(small_input)
    assert [r[:4] for r in findings] == [["successor_shares", "error", "successors.csv", 2]]
    assert "the parts of Xã Đầu on 1 July 2025 add up to 90.0%" in findings[0][4]
    write_table(small_input / "successors.csv", head, first, [*second, ""])
    assert findings_in(small_input) == []  # a part that is not known is not zero


def test_more_cards_can_not_run_out_than_there_are(small_input):
    head = ["area", "as_of", "expires", "group", "cards", "status", "source"]
    rows = [["C1", "2021-06-30", day, "household", n] for day, n in (("2021-07-15", "150"), ("2021-08-15", "51"))]
    write_table(small_input / "expiring.csv", head, *([*row, "published", "BHXH"] for row in rows))
    findings = findings_in(small_input)
    assert [r[0] for r in findings] == ["expiring_above_cards"]
    assert "201 cards of Household members (self-paid) in Xã Đầu are to run out, more than the 200" in findings[0][4]


# --- Rules and limits as data; no false findings ------------------------------------------------------


def test_every_limit_belongs_to_a_rule_and_has_a_source():
    with (PACKAGE / "quality" / "limits.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["rule"] for r in rows} <= set(rules().index)
    assert all(r["source"] and r["unit"] for r in rows)
    assert rule_limits("sudden_jump")["window"] == 3


@pytest.mark.parametrize("seed", [1, 2])
def test_a_sound_country_has_no_errors_and_no_warnings(tmp_path, seed):
    synthetic.write_country(tmp_path, 12, seed)
    findings = bhyt.check(tmp_path)
    assert findings[findings["severity"] != "info"].empty


levels_of_lines = st.lists(st.lists(st.integers(0, 5000), min_size=6, max_size=6), min_size=1, max_size=4)


@given(levels_of_lines, st.integers(0, 5), st.integers(10, 60))
def test_one_error_in_a_steady_series_does_not_change_its_typical_value(levels, month, factor):
    values = np.array([[row[0] + 100 + i for i in range(6)] for row in levels], dtype=float)
    faulty = values.copy()
    faulty[:, month] *= factor
    assert (np.abs(typical_values(faulty, 3)[:, month] - values[:, month]) <= 3).all()


@given(st.permutations(range(6)), st.booleans())
def test_the_order_of_rows_does_not_matter(order, twice):
    days = pd.to_datetime(["2022-01-31", "2022-02-28", "2022-03-31"] * 2)
    cards = pd.DataFrame({"area": ["A"] * 3 + ["B"] * 3, "group": "poor", "as_of": days, "cards": range(6)})
    series = monthly_series(cards.iloc[list(order)].reset_index(drop=True))
    lines = dict(zip(series.keys["area"], series.values.tolist(), strict=True))
    assert lines == {"A": [0, 1, 2], "B": [3, 4, 5]}


def test_a_code_that_was_given_on_is_the_line_of_each_unit():
    days = pd.to_datetime(["2025-05-31", "2025-06-30", "2025-07-31"])
    cards = pd.DataFrame({"area": "A", "unit_id": [3, 3, 8], "group": "poor", "as_of": days, "cards": [10, 11, 900]})
    series = monthly_series(cards)
    assert series.keys["area"].tolist() == ["A", "A"]
    assert np.nan_to_num(series.values, nan=-1).tolist() == [[10, 11, -1], [-1, -1, 900]]
