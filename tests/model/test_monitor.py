"""Monitoring: counts, pace, alerts, the year's end, cards that expire and reports, worked by hand."""

import calendar
import csv
import datetime as dt
import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.cli import main
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.model.monitoring.funnel import between_unit_spread, binomial_limit, control_limits, funnel
from bhyt_analysis.model.monitoring.monitor import (
    alert_level,
    expiring_cards,
    monitor,
    month_end,
    monthly_counts,
    nowcast,
)
from bhyt_analysis.model.monitoring.pace import estimate_pace, months_between, project_pace
from bhyt_analysis.model.monitoring.reports import due_date, period_end, reports_due
from bhyt_analysis.model.monitoring.thresholds import thresholds
from bhyt_analysis.tables.monitor_texts import monitor_texts

from ..conftest import write_table

# Student's t at 95%, from any printed table.
T95 = {1: 6.3138, 2: 2.9200, 3: 2.3534, 4: 2.1318, 5: 2.0150, 10: 1.8125}
MONTH_ENDS = [f"2022-{m:02d}-{calendar.monthrange(2022, m)[1]:02d}" for m in range(1, 13)]


def input_of(
    folder,
    district=(),
    c1=(),
    c2=(),
    target=("2022-12-31", "=", "0.9"),
    flows=(),
    expiring=(),
    duties=(),
    reports=(),
    communes=True,
):
    """An input of a district of 3,000 people in two communes with cards of one group by month from December 2021."""
    areas = ["code", "name", "kind", "parent"]
    units = [["D1", "Huyện Một", "district", ""]]
    units += [["C1", "Xã Đầu", "commune", "D1"], ["C2", "Xã Sau", "commune", "D1"]] if communes else []
    write_table(folder / "areas.csv", areas, *units)
    people = [["D1", 3000], ["C1", 1000], ["C2", 2000]][: len(units)]
    write_table(
        folder / "population.csv",
        ["area", "as_of", "people", "status", "source"],
        *([a, "2021-12-31", n, "published", "thống kê"] for a, n in people),
    )
    days = ["2021-12-31", *MONTH_ENDS]
    rows = [
        [a, d, "household", n, "published", "BHXH"]
        for a, counts in (("D1", district), ("C1", c1), ("C2", c2))
        for d, n in zip(days, counts, strict=False)
        if n != ""
    ]
    write_table(folder / "cards.csv", ["area", "as_of", "group", "cards", "status", "source"], *rows)
    if target:
        write_table(
            folder / "targets.csv",
            ["area", "scope", "on", "relation", "rate", "instrument"],
            ["D1", "all", *target, "kế hoạch"],
        )
    head = ["area", "as_of", "group", "new", "renewed", "expired", "suspended", "reclassified", "status", "source"]
    for name, columns, result in (
        ("flows", head, flows),
        ("expiring", ["area", "as_of", "expires", "group", "cards", "status", "source"], expiring),
        ("duties", ["area", "kind", "due_month", "due_day", "deadline", "since", "until", "source"], duties),
        ("reports", ["area", "kind", "period", "received"], reports),
    ):
        if result:
            write_table(folder / f"{name}.csv", columns, *result)
    return bhyt.load(folder)


def test_a_month_worked_out_by_hand(tmp_path):
    # 3,000 people, 90% by the end of 2022 are 2,700. End of May: 2,500 insured, after 2,400 in December.
    data = input_of(tmp_path, district=[2400, 2410, 2440, 2460, 2470, 2500], communes=False)
    row = monitor(data, "D1", "2022-05").iloc[0]
    assert (row["insured"], row["people_needed"], row["to_add"]) == (2500, 2700, 200)
    assert (row["change_month"], pd.isna(row["change_year"])) == (30, True)
    assert row["plan_share"] == pytest.approx(2500 / 2700)
    assert row["required_pace"] == pytest.approx(200 / 7)  # seven months to come
    assert row["actual_pace"] == pytest.approx(100 / 5)  # five months gone: 10, 30, 20, 10, 30
    assert row["pace"] == pytest.approx(20 / (200 / 7))  # 0.7
    assert (row["alert"], row["reason"]) == ("red", "reason.too_slow")
    assert row["projected"] == pytest.approx(2500 + 7 * 20)  # 2,640
    # Deviations from 20: -10, 10, 0, -10, 10: their squares add to 400, over 4 give 100, a spread of 10.
    half = T95[4] * 10 * math.sqrt(7 + 7**2 / 5)
    assert row["projected_low"] == pytest.approx(2640 - half, abs=0.1)
    assert row["projected_high"] == pytest.approx(2640 + half, abs=0.1)
    assert row["projected_rate"] == pytest.approx(0.88)
    assert (row["status"], row["projected_status"]) == ("derived", "estimated")


@pytest.mark.parametrize(
    ("counts", "state", "reason"),
    [
        ([2400, 2425, 2450, 2475], "green", "reason.on_pace"),  # 25 a month, and 225 / 9 = 25 are required
        ([2400, 2420, 2445, 2466], "amber", "reason.slow"),  # 22 a month; 234 / 9 = 26 are required: 0.85
        ([2400, 2405, 2410, 2430], "red", "reason.too_slow"),  # 10 a month of 30
        ([2400, 2390, 2395, 2397], "red", "reason.ratchet"),
        ([2400, 2390, 2395, 2398], "amber", "reason.few_people"),  # two people fewer than last year
        ([2698, 2698, 2698, 2698], "amber", "reason.few_people"),  # two people short of 2,700
        ([2730, 2725, 2720, 2710], "amber", "reason.ratchet"),  # fewer than last year, but above the target
        ([2710, 2715, 2720, 2730], "green", "reason.reached"),
        ([2400, "", "", ""], "grey", "reason.no_report"),
        (["", "", 2450, 2460], "none", "reason.few_months"),
    ],
)
def test_each_state_has_its_reason(tmp_path, counts, state, reason):
    row = monitor(input_of(tmp_path, district=counts, communes=False), "D1", "2022-03").iloc[0]
    assert (row["alert"], row["reason"]) == (state, reason)


def test_a_target_whose_day_has_come_is_missed_or_reached(tmp_path):
    counts = [2400, *[2400 + 20 * m for m in range(1, 13)]]  # 2,640 in December
    table = monitor(input_of(tmp_path, district=counts, communes=False), "D1", "2022-12")
    assert table[["alert", "reason"]].to_numpy().tolist() == [["red", "reason.missed"]]
    assert (table["projected"].iloc[0], table["projected_low"].iloc[0]) == (2640, 2640)  # counted, not projected
    assert table["projected_status"].tolist() == ["derived"]


def test_a_unit_without_a_target_still_keeps_the_ratchet(tmp_path):
    data = input_of(tmp_path, district=[2400, 2410, 2420, 2430, 2390], communes=False, target=None)
    assert monitor(data, "D1", "2022-03")["alert"].tolist() == ["none"]
    assert monitor(data, "D1", "2022-04")["reason"].tolist() == ["reason.ratchet"]


def test_the_target_is_allocated_by_the_gaps_at_the_years_start(tmp_path):
    # 850 of 1,000 and 1,500 of 2,000 in December; 2,700 are asked for: 350 of a gap of 650.
    data = input_of(tmp_path, c1=[850, 860, 870, 880], c2=[1500, 1510, 1520, 1530])
    table = monitor(data, "D1", "2022-03").set_index("area")
    assert table["people_needed"].to_dict() == {"D1": 2700, "C1": 931, "C2": 1769}
    assert table["target_level"].to_dict() == {"D1": "own", "C1": "shared", "C2": "shared"}
    assert table.loc["D1", ["insured", "change_month"]].tolist() == [2410, 20]


def test_the_texts_say_which_target_a_communes_figure_is_of(tmp_path):
    data = input_of(tmp_path, c1=[950, 950, 950, 950], c2=[1500, 1501, 1502, 1503])
    note = "là phần xã được giao trong chỉ tiêu của huyện"
    assert note in "".join(monitor_texts(monitor(data, "D1", "2022-03"), "vi"))
    alone = "".join(monitor_texts(monitor(data, "C2", "2022-03"), "vi"))
    assert note not in alone
    assert "(chỉ tiêu của huyện)" in alone


def test_a_commune_with_the_common_rate_is_not_red(tmp_path):
    # C1 had 95% of its 1,000 people, more than the 90% of the target: all 250 that lack are asked of C2.
    data = input_of(tmp_path, c1=[950, 945, 940, 930], c2=[1500, 1501, 1502, 1503])
    table = monitor(data, "D1", "2022-03").set_index("area")
    assert table["people_needed"].to_dict() == {"D1": 2700, "C1": 950, "C2": 1750}
    assert table["alert"].to_dict() == {"D1": "red", "C1": "amber", "C2": "red"}
    assert table["reason"]["C1"] == "reason.ratchet"
    # C1 had 89% and passes the common rate, but not by as much as its part asks
    data = input_of(tmp_path, c1=[890, 895, 900, 901], c2=[1500, 1501, 1502, 1503])
    table = monitor(data, "D1", "2022-03").set_index("area")
    assert table.loc["C1", ["people_needed", "alert", "reason"]].tolist() == [946, "amber", "reason.above_common"]


def test_a_text_explains_that_all_communes_are_red(tmp_path):
    data = input_of(tmp_path, c1=[850, 851, 852, 853], c2=[1500, 1501, 1502, 1503])
    texts = monitor_texts(monitor(data, "D1", "2022-03"), "vi")
    assert "Đây không phải là xếp hạng giữa các xã" in texts[-1]
    data = input_of(tmp_path, c1=[950, 950, 950, 950], c2=[1500, 1501, 1502, 1503])
    assert "xếp hạng" not in "".join(monitor_texts(monitor(data, "D1", "2022-03"), "vi"))


def test_communes_keep_what_they_have_where_the_target_was_reached(tmp_path):
    data = input_of(tmp_path, c1=[950, 950, 950, 960], c2=[1800, 1800, 1800, 1790])
    table = monitor(data, "D1", "2022-03").set_index("area")
    assert table["people_needed"].to_dict() == {"D1": 2700, "C1": 950, "C2": 1800}
    assert table["reason"].to_dict() == {"D1": "reason.reached", "C1": "reason.reached", "C2": "reason.ratchet"}


def test_a_commune_that_does_not_report_is_grey_and_so_is_its_district(tmp_path):
    data = input_of(tmp_path, c1=[900, 910, 920, 930], c2=[1500, 1510, 1520, ""])
    table = monitor(data, "D1", "2022-03").set_index("area")
    assert table["alert"].to_dict() == {"D1": "grey", "C1": "green", "C2": "grey"}
    assert table["insured"].isna().to_dict() == {"D1": True, "C1": False, "C2": True}


def test_what_a_reclassification_moved_is_no_pace(tmp_path):
    flows = [["D1", "2022-02-28", "", 20, 0, 0, 0, -300, "published", "BHXH"]]
    data = input_of(tmp_path, district=[2400, 2420, 2140, 2160], communes=False, flows=flows)
    row = monitor(data, "D1", "2022-03").iloc[0]
    assert row["actual_pace"] == pytest.approx(20)
    assert row["projected"] == pytest.approx(2160 + 9 * 20)
    assert row["change_month"] == 20


def test_flows_of_all_communes_make_the_flows_of_their_district(tmp_path):
    flows = [[c, "2022-02-28", "", 0, 0, 0, 0, n, "published", "BHXH"] for c, n in (("C1", -100), ("C2", -200))]
    data = input_of(tmp_path, c1=[900, 910, 820, 830], c2=[1500, 1510, 1320, 1330], flows=flows)
    assert monitor(data, "D1", "2022-03")["actual_pace"].tolist() == pytest.approx([20, 10, 10])
    some = input_of(tmp_path, c1=[900, 910, 820, 830], c2=[1500, 1510, 1320, 1330], flows=flows[:1])
    assert monitor(some, "D1", "2022-03")["actual_pace"].iloc[0] == pytest.approx((2160 - 2400) / 3)


def test_the_fewest_changes_reach_back_into_the_year_before(tmp_path):
    data = input_of(tmp_path, district=[2400, 2410], communes=False)
    assert monitor(data, "D1", "2022-01")["reason"].tolist() == ["reason.few_months"]
    path = tmp_path / "cards.csv"
    more = [f"D1,2021-{m}-30,household,{n},published,BHXH\n" for m, n in (("11", 2370), ("09", 2310))]
    path.write_text(path.read_text("utf-8") + "".join(more), "utf-8")
    # 60 over two months, 30 and 10: 100 over four months
    assert monitor(bhyt.load(tmp_path), "D1", "2022-01")["actual_pace"].tolist() == pytest.approx([25])


def test_no_later_cards_are_looked_at(tmp_path):
    counts = [2400, 2410, 2440, 2460, 2470, 2500]
    early, late = tmp_path / "early", tmp_path / "late"
    for folder, result in ((early, counts[:4]), (late, counts)):
        folder.mkdir()
        input_of(folder, district=result, communes=False)
    pd.testing.assert_frame_equal(monitor(bhyt.load(early), "D1"), monitor(bhyt.load(late), "D1", "2022-03"))


def test_the_nowcast_of_the_yearly_report_by_hand(tmp_path):
    # 20 more each month, 2,400 in December: 2,600 at the end of October, 2,600 + 20 · 20/30 on 20 November.
    counts = [2400 + 20 * m for m in range(11)]
    duties = [["D1", "yearly", "-1", "20", "before", "", "", "kế hoạch"]]
    table = nowcast(input_of(tmp_path, district=counts, communes=False, duties=duties), "D1", "2022-10")
    assert table["on"].dt.strftime("%Y-%m-%d").tolist() == ["2022-11-20", "2022-12-31"]
    assert table["projected"].tolist() == pytest.approx([2600 + 20 * 20 / 30, 2640])
    assert table["projected_status"].tolist() == ["estimated"] * 2
    assert table["deadline"].tolist() == ["before", ""]


def test_the_report_is_that_of_the_unit_above_where_it_owes_none_itself(tmp_path):
    data = input_of(
        tmp_path,
        c1=[900, 910, 920, 930],
        c2=[1500, 1510, 1520, 1530],
        duties=[["D1", "yearly", "-1", "20", "", "", "", "kế hoạch"]],
    )
    assert nowcast(data, "C1", "2022-03")["what"].tolist() == ["report", "year_end"]


def test_cards_that_run_out_are_counted_by_their_day(tmp_path):
    # From 30 June: 30 days reach 30 July, 60 days 29 August, 90 days 28 September.
    days = [("2022-06-29", 1), ("2022-06-30", 2), ("2022-07-30", 4), ("2022-07-31", 8), ("2022-08-29", 16),
            ("2022-08-30", 32), ("2022-09-28", 64), ("2022-09-29", 128)]  # fmt: skip
    rows = [["D1", "2022-06-30", day, "household", n, "published", "BHXH"] for day, n in days]
    table = expiring_cards(input_of(tmp_path, district=[2400], communes=False, expiring=rows), "D1", "2022-06")
    assert table[["expiring_30", "expiring_60", "expiring_90"]].to_numpy().tolist() == [[6, 30, 126]]


def test_a_district_has_expiring_cards_only_where_every_commune_tells(tmp_path):
    rows = [[c, "2022-06-30", "2022-07-10", "household", n, "published", "BHXH"] for c, n in (("C1", 10), ("C2", 20))]
    both = expiring_cards(input_of(tmp_path, c1=[900], c2=[1500], expiring=rows), "D1", "2022-06")
    assert both.set_index("area")["expiring_30"].to_dict() == {"D1": 30, "C1": 10, "C2": 20}
    one = expiring_cards(input_of(tmp_path, c1=[900], c2=[1500], expiring=rows[:1]), "D1", "2022-06")
    assert one.set_index("area")["expiring_30"].to_dict() == {"C1": 10}
    assert expiring_cards(input_of(tmp_path, c1=[900], c2=[1500], expiring=rows), "D1", "2022-07").empty  # an old count


def test_a_group_reported_as_total_and_in_parts_expires_once(tmp_path):
    rows = [
        ["D1", "2022-06-30", "2022-07-10", g, n, "published", "BHXH"]
        for g, n in (("state_supported", 50), ("near_poor", 20))
    ]
    table = expiring_cards(input_of(tmp_path, district=[2400], communes=False, expiring=rows), "D1", "2022-06")
    assert table["expiring_30"].tolist() == [50]


def test_reports_in_time_late_overdue_and_without_a_day(tmp_path):
    duties = [
        ["D1", "monthly", "1", "5", "", "2022-03-01", "", "kế hoạch"],
        ["D1", "quarterly", "", "", "", "2022-01-01", "", "kế hoạch"],
        ["D1", "yearly", "-1", "20", "before", "2022-01-01", "", "kế hoạch"],
    ]
    came = [
        ["D1", "monthly", "2022-03-31", "2022-04-05"],
        ["D1", "monthly", "2022-04-30", "2022-05-06"],
        ["D1", "quarterly", "2022-03-31", "2022-04-20"],
        ["D1", "half_yearly", "2022-06-30", "2022-07-09"],
    ]
    data = input_of(tmp_path, district=[2400], communes=False, duties=duties, reports=came)
    table = reports_due(data, "D1", pd.Timestamp("2022-06-30"))
    result = {(r.kind, f"{r.period:%Y-%m}"): r.state for r in table.itertuples()}
    assert result == {
        ("monthly", "2022-03"): "in_time",
        ("monthly", "2022-04"): "late",
        ("monthly", "2022-05"): "overdue",
        ("monthly", "2022-06"): "awaited",
        ("quarterly", "2022-03"): "received",
        ("quarterly", "2022-06"): "not_received",
        ("half_yearly", "2022-06"): "received",
    }
    assert "yearly" in set(reports_due(data, "D1", pd.Timestamp("2022-10-31"))["kind"])  # due on 20 November


@pytest.mark.parametrize(("received", "state"), [("2022-11-19", "in_time"), ("2022-11-20", "late")])
def test_before_a_day_is_not_on_it(tmp_path, received, state):
    duties, came = (
        [["D1", "yearly", "-1", "20", "before", "", "", "kế hoạch"]],
        [["D1", "yearly", "2022-12-31", received]],
    )
    data = input_of(tmp_path, district=[2400], communes=False, duties=duties, reports=came)
    table = reports_due(data, "D1", pd.Timestamp("2022-11-30")).set_index("period")
    assert table.at[pd.Timestamp("2022-12-31"), "state"] == state


def test_the_plans_say_which_reports_are_owed(data):
    kinds = data.duties.groupby("area")["kind"].agg(set).to_dict()
    assert kinds["076"] == {"monthly", "quarterly", "half_yearly", "yearly"}
    assert kinds["219"] == {"monthly"}
    assert "51" not in kinds  # the plan of Quảng Ngãi asks for none
    son_la = data.duties[data.duties["area"] == "14"].iloc[0]
    end = pd.Timestamp("2026-12-31")
    assert due_date(end, son_la["due_month"], son_la["due_day"]) == pd.Timestamp("2026-11-20")
    assert son_la["deadline"] == "before"
    assert data.duties.loc[data.duties["area"].isin(["076", "219"]), "due_day"].isna().all()  # neither tells a day


@pytest.mark.parametrize(
    ("kind", "day", "end"),
    [
        ("monthly", "2022-02-03", "2022-02-28"),
        ("quarterly", "2022-03-31", "2022-03-31"),
        ("quarterly", "2022-04-01", "2022-06-30"),
        ("half_yearly", "2022-06-30", "2022-06-30"),
        ("half_yearly", "2022-07-01", "2022-12-31"),
        ("yearly", "2022-01-01", "2022-12-31"),
    ],
)
def test_a_day_lies_in_its_period(kind, day, end):
    assert period_end(kind, pd.Timestamp(day)) == pd.Timestamp(end)


def by_hand(now, changes, ahead, t):
    """The random walk with drift, change by change, without any library."""
    mean = sum(changes) / len(changes)
    variance = sum((c - mean) ** 2 for c in changes) / (len(changes) - 1)
    middle = now
    for _ in range(ahead):
        middle += mean
    # Each month to come adds its own chance; the error of the mean is added once for every month.
    spread = math.sqrt(variance * ahead + variance / len(changes) * ahead**2)
    return middle - t * spread, middle, middle + t * spread


@given(
    st.integers(0, 200_000),
    st.sampled_from(sorted(T95)).flatmap(lambda f: st.lists(st.integers(-3000, 3000), min_size=f + 1, max_size=f + 1)),
    st.integers(0, 11),
)
def test_the_projection_is_what_an_independent_oracle_says(now, changes, ahead):
    result = project_pace(now, estimate_pace(changes), ahead)
    scale = max(abs(v) for v in [*changes, 1]) * 20 * max(ahead, 1)
    for value, oracle in zip(result, by_hand(now, changes, ahead, T95[len(changes) - 1]), strict=True):
        assert value == pytest.approx(oracle, abs=scale * 1e-4)


@given(st.lists(st.integers(-500, 500), min_size=3, max_size=12), st.integers(1, 11), st.integers(0, 5000))
def test_green_is_where_the_middle_of_the_projection_reaches_the_target(changes, ahead, to_add):
    pace = estimate_pace(changes)
    _, middle, _ = project_pace(10_000, pace, ahead)
    if to_add:
        row = {"insured": 10_000, "rate": 0.8, "rate_last_year": 0.8, "to_add": to_add, "required_pace": to_add / ahead}
        state, _ = alert_level(row | {"pace": pace.people / (to_add / ahead)})
        assert (state == "green") == (middle >= 10_000 + to_add) or abs(middle - 10_000 - to_add) < 1e-6


@given(st.lists(st.integers(-500, 500), min_size=3, max_size=12), st.integers(0, 10))
def test_the_interval_widens_with_the_months(changes, ahead):
    widths = [high - low for low, _, high in (project_pace(0, estimate_pace(changes), m) for m in (ahead, ahead + 1))]
    assert widths[0] <= widths[1] + 1e-9
    assert ahead or widths[0] == 0


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(1, 4)), min_size=2, max_size=8), st.data())
def test_a_count_that_is_left_out_does_not_change_the_pace(steps, draw):
    changes, months = zip(*steps, strict=True)
    i = draw.draw(st.integers(0, len(steps) - 2))
    fewer = [*changes[:i], changes[i] + changes[i + 1], *changes[i + 2 :]]
    spans = [*months[:i], months[i] + months[i + 1], *months[i + 2 :]]
    assert estimate_pace(fewer, spans).people == pytest.approx(estimate_pace(changes, months).people)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31)), st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31)))
def test_months_between_add_up(first, last):
    a, b, middle = pd.Timestamp(first), pd.Timestamp(last), pd.Timestamp("2020-02-29")
    assert months_between(a, b) == pytest.approx(-months_between(b, a))
    assert months_between(a, middle) + months_between(middle, b) == pytest.approx(months_between(a, b))


def binomial(n, p, k):
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@given(st.integers(1, 60), st.floats(0.02, 0.98), st.sampled_from([0.001, 0.025, 0.5, 0.975, 0.999]))
def test_a_limit_is_the_binomial_quantile_between_whole_people(n, p, quantile):
    k = next(i for i in range(n + 1) if binomial(n, p, i) >= quantile)
    value = float(binomial_limit([n], p, quantile)[0]) * n
    assert k - 1 - 1e-6 <= value <= k + 1e-6 or (k == 0 and value == 0)


@pytest.mark.parametrize(
    ("n", "p", "quantile", "share"),
    # Of 10 at one half: P(at most 1) = 11/1024, P(at most 2) = 56/1024; 0.025 lies (0.025·1024 - 11) / 45 of the way.
    [(10, 0.5, 0.025, (1 + (0.025 * 1024 - 11) / 45) / 10), (1, 0.9, 0.95, 1 - (1 - 0.95) / 0.9), (5, 1.0, 0.025, 1.0)],
)
def test_limits_worked_out_by_hand(n, p, quantile, share):
    assert float(binomial_limit([n], p, quantile)[0]) == pytest.approx(share)


@given(st.lists(st.tuples(st.integers(1, 20_000), st.floats(0, 1)), min_size=2, max_size=30))
def test_limits_hold_for_all_units(units):
    rows = pd.DataFrame({"insured": [int(n * share) for n, share in units], "population": [n for n, _ in units]})
    result = funnel(rows)
    order = result[["outer_low", "inner_low", "expected", "inner_high", "outer_high"]]
    # A binomial limit may lie up to one person beyond the mean of a very small unit.
    slack = (1 / rows["population"]).to_numpy()
    for low, high in zip(order.columns, order.columns[1:], strict=False):
        assert ((order[high] - order[low]).to_numpy() >= -slack - 1e-9).all()
    assert ((order >= 0) & (order <= 1)).all().all()
    assert (result["spread"] >= 0).all()


def test_large_units_differ_by_chance_less_than_small_ones():
    low, high = control_limits([100, 1000, 10_000], 0.9, 0.0, "inner")
    assert low[0] < low[1] < low[2] < 0.9 < high[2] < high[1] < high[0]
    assert float(low[1]) == pytest.approx(0.9 - 1.96 * math.sqrt(0.09 / 1000), abs=0.001)


def test_a_spread_of_its_own_widens_the_limits_of_every_size():
    narrow, wide = (
        control_limits([500, 50_000], 0.8, 0.0, "outer")[0],
        control_limits([500, 50_000], 0.8, 0.05, "outer")[0],
    )
    assert (wide < narrow).all()
    assert float(wide[1]) == pytest.approx(0.8 - 3.09 * 0.05, abs=0.002)


def test_one_unit_far_off_does_not_hide_itself_in_the_spread():
    rows = pd.DataFrame({"insured": [900] * 11 + [500], "population": 1000})
    assert funnel(rows)["place"].tolist()[-1] == "below_outer"
    assert between_unit_spread(rows["insured"], rows["population"], 0.867) < 0.05


def test_units_that_are_not_known_have_no_place():
    rows = pd.DataFrame(
        {"insured": pd.array([90, None, 0], dtype="Int64"), "population": pd.array([100, 50, 0], dtype="Int64")}
    )
    assert funnel(rows)["place"].tolist() == ["within", "", ""]


def test_every_threshold_has_a_source():
    table = thresholds()
    assert (table[["name_vi", "name_en", "source", "unit"]] != "").all().all()


def test_the_example_district_is_watched_with_all_its_communes(data):
    table = monitor(data, "X001", "2022-06")
    assert len(table) == 13
    assert set(table["status"]) == set(table["projected_status"]) == {"synthetic"}
    assert table["people_needed"].iloc[1:].sum() == table["people_needed"].iloc[0] == 60_355  # 93% of 64,897
    assert table["insured"].iloc[1:].sum() == table["insured"].iloc[0]


def test_the_flows_of_the_example_lead_from_month_to_month(data):
    flows = data.flows.assign(
        net=data.flows["new"]
        + data.flows["renewed"]
        - data.flows["expired"]
        - data.flows["suspended"]
        + data.flows["reclassified"]
    )
    cards = data.cards[data.cards["area"].isin(flows["area"])].groupby(["area", "as_of"])["cards"].sum()
    changes = cards.groupby("area").diff().dropna()
    result = flows.set_index(["area", "as_of"])["net"]
    assert (changes.sort_index() == result.sort_index()).all()
    assert len(result) == 12 * 23


def test_units_are_watched_together(data):
    table = monitor(data, None, "2022-06").set_index("area")
    assert table.loc["X001", "insured"] == 49_505
    assert table.loc["076", "alert"] == "grey"  # its cards are of December 2021
    assert "219" not in table.index  # no cards at all


def test_an_area_without_cards_and_a_bad_month_are_errors(data):
    with pytest.raises(BhytError, match="has no cards of any month"):
        monitor(data, "Lục Ngạn")
    with pytest.raises(BhytError, match="has no cards up to 30 June 2021"):
        monitor(data, "Sơn Dương", "2021-06")
    with pytest.raises(BhytError, match="“2022-13”: there is no month 13"):
        month_end("2022-13")


def test_the_count_of_a_month_is_its_last(tmp_path):
    data = input_of(tmp_path, district=[2400, 2410], communes=False)
    path = tmp_path / "cards.csv"
    path.write_text(path.read_text("utf-8") + "D1,2022-01-15,household,2405,published,BHXH\n", "utf-8")
    assert (
        monthly_counts(bhyt.load(tmp_path), "D1")["insured"].tolist() == monthly_counts(data, "D1")["insured"].tolist()
    )


def test_the_command_prints_writes_and_says_it_in_both_languages(tmp_path, capsys):
    assert main(["monitor", "--month", "2022-06", "--area", "X001"]) == 0
    text = capsys.readouterr().out
    assert "Đỏ – cảnh báo" in text
    assert "phải nộp trước 20/11/2022" in text
    assert main(["monitor", "--month", "2022-06", "--area", "X001", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {k: len(v) for k, v in result.items()} == {"units": 13, "nowcast": 2, "expiring": 13, "reports": 19}
    file = tmp_path / "w.csv"
    assert main(["monitor", "--month", "2022-06", "--area", "X001", "--lang", "en", "--csv", str(file)]) == 0
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert (len(rows), rows[0]["Assessment"], rows[0]["Insured"]) == (13, "Red – warning", "49505")


def test_charts_are_written_for_one_area_only(tmp_path, capsys):
    assert main(["monitor", "--area", "X001", "--out", str(tmp_path / "c"), "--lang", "en"]) == 0
    # In the last month no commune lies beyond the limits of the funnel plot.
    assert {p.stem for p in (tmp_path / "c").glob("*.png")} == {"verdict", "watch_states", "watch_expiring"}
    assert main(["monitor", "--out", str(tmp_path / "d"), "--lang", "en"]) == 2
    assert "add --area" in capsys.readouterr().err


def test_counts_under_five_are_hidden_from_other_programs(tmp_path, capsys):
    rows = [[c, "2022-01-31", "2022-02-10", "household", n, "published", "BHXH"] for c, n in (("C1", 3), ("C2", 40))]
    input_of(tmp_path, c1=[900, 910], c2=[1500, 1510], expiring=rows)
    assert main(["monitor", str(tmp_path), "--area", "D1", "--month", "2022-01", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["expiring"]
    assert [r["expiring_30"] for r in result] == [43, None, None]
