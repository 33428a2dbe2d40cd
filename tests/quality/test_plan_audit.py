"""General rules find what does not add up in the four plans, and nothing in sound ones."""

import dataclasses
import math

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import bhyt_analysis as bhyt
from bhyt_analysis.domain.printed_figures import Interval, printed_interval


def rules_of(data, area):
    return set(bhyt.audit(data, area)["rule"])


def message(data, area, rule, lang="en"):
    table = bhyt.audit(data, area, lang)
    return table.loc[table["rule"] == rule, "message"].iloc[0]


def test_household_share_of_son_duong_was_divided_by_the_wrong_base(data):
    # 26,735 / 153,953 = 17.366%; 26,735 / 155,163 = 17.230%
    text = message(data, "Sơn Dương", "share_of_wrong_base")
    assert "printed as 17.2%" in text
    assert "26,735 / 153,953 is 17.4%" in text
    assert "divided by 155,163" in text


def test_shares_of_son_duong_add_to_99_8(data):
    text = message(data, "Sơn Dương", "shares_do_not_add")
    assert "add up to 99.8%; correctly worked out they add up to 100.0%" in text


def test_adding_the_lost_cards_back_gives_more_than_everybody(data):
    text = message(data, "Sơn Dương", "lost_added_back")  # (155,163 + 30,082) / 182,330 = 101.6%
    assert "101.6%" in text
    assert "at least 2,915 people (9.7%)" in text


def test_most_of_the_four_year_gain_is_due_in_the_first_year(data):
    assert "78.6% of the gain of 4 years" in message(data, "Sơn Dương", "front_loaded")


def test_near_poor_are_printed_both_as_fully_covered_and_low(data):
    table = bhyt.audit(data, "Sơn Dương")
    assert table.loc[table["rule"] == "told_twice", "figures"].tolist() == ["coverage_near_poor"]


def test_luc_ngan_gives_no_population_and_no_target_for_2022(data):
    assert "no_population" in rules_of(data, "Lục Ngạn")
    assert "no target for 2022" in message(data, "Lục Ngạn", "years_without_target")


def test_bounds_of_luc_ngan(data):
    text = message(data, "Lục Ngạn", "population_bounds")
    assert "226,540 people" in text
    assert "37% to 42% of the 46,106" in text
    assert "no more than 391,226" in text


def test_sub_targets_of_luc_ngan_reach_about_98_per_cent(data):
    # 99% less 5% of those who are no pupils: 46,106 / 226,540 = 20.35%, of whom 86.4% to 78%: 0.88 to 0.79 points
    text = message(data, "Lục Ngạn", "sub_targets_short")
    assert "about 98.1% to 98.2% only, below the 99% asked for" in text
    table = bhyt.audit(data, "Lục Ngạn")
    figures = table.loc[table["rule"] == "sub_targets_short", "figures"].tolist()
    assert figures == ["target_coverage, target_pupil_who_lost, target_other_who_lost"]


def test_quang_ngai_has_no_start_and_no_targets_for_2016_to_2019(data):
    assert "no_baseline" in rules_of(data, "Tỉnh Quảng Ngãi @ 2025-06-30")
    assert "2016–2019" in message(data, "Tỉnh Quảng Ngãi @ 2025-06-30", "years_without_target")


def test_son_la_aims_below_the_nation_and_reports_before_the_year_ends(data):
    table = bhyt.audit(data, "Tỉnh Sơn La", "en").set_index("rule")["message"]
    assert "The target is below that of Việt Nam: 2030: above 96.35% against 100%" in table["below_upper_target"]
    assert "due before 20/11" in table["report_before_year_end"]


def test_an_area_without_published_figures_has_no_findings(data):
    assert bhyt.audit(data, "Bình Sơn").empty
    assert bhyt.audit(data, "X001")["rule"].tolist() == ["report_before_year_end"]  # its made-up plan asks for one


def test_errors_come_first(data):
    severities = bhyt.audit(data)["severity"].tolist()
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


def plan_of(data, figures, targets=(), days=None):
    """Return a made-up plan of one district, in the tables of the library; ``days`` are those of its figures."""
    columns = list(data.published.columns)
    rows = [
        {**dict(zip(("figure", "value", "decimals", "unit", "base"), figure, strict=True)), "row": i}
        for i, figure in enumerate(figures, 2)
    ]
    common = {"document": "p", "area": "D1", "relation": "=", "as_of": "2021-12-31", "locator": "mục 1", "note": ""}
    published = pd.DataFrame(rows, columns=columns).assign(**common, file="p.csv").astype({"decimals": "Int64"})
    published = published if days is None else published.assign(as_of=days)
    areas = data.areas.head(1).assign(code="D1", name="Huyện Một", kind="district", parent="")
    common = {**dict.fromkeys(data.targets.columns, ""), "area": "D1", "scope": "all", "relation": "="}
    rows = [{**common, "on": pd.Timestamp(f"{year}-12-31"), "rate": rate} for year, rate in targets]
    empty = {n: getattr(data, n).head(0) for n in ("cards", "population", "losses")}
    table = pd.DataFrame(rows, columns=data.targets.columns) if rows else data.targets.head(0)
    return dataclasses.replace(data, areas=areas, published=published, targets=table, **empty)


@given(
    cards=st.lists(st.integers(1, 60_000), min_size=2, max_size=6),
    away=st.integers(0, 5_000),
    uninsured=st.integers(0, 50_000),
    places=st.integers(0, 2),
)
def test_nothing_is_found_in_a_plan_whose_figures_are_right(data, cards, away, uninsured, places):
    local = sum(cards)
    total, population = local + away, local + away + uninsured
    figures = [
        ("population", population, 0, "people", ""),
        ("insured_total", total, 0, "people", ""),
        ("insured_by_local_office", local, 0, "people", ""),
        ("coverage", round(100 * total / population, places), places, "percent", "population"),
    ]
    for i, count in enumerate(cards):
        share = round(100 * count / local, places)
        figures.append((f"cards_g{i}", count, 0, "cards", ""))
        figures.append((f"share_g{i}", share, places, "percent", "insured_by_local_office"))
    assert bhyt.audit(plan_of(data, figures), "D1").empty


@given(local=st.integers(10_000, 200_000), part=st.integers(1_000, 9_000), wrong=st.integers(2, 40))
def test_a_share_that_no_base_explains_is_rules_broken(data, local, part, wrong):
    figures = [
        ("insured_by_local_office", local, 0, "people", ""),
        ("cards_g", part, 0, "cards", ""),
        ("share_g", round(100 * part / local, 1) + wrong, 1, "percent", "insured_by_local_office"),
    ]
    assert "share_off" in set(bhyt.audit(plan_of(data, figures), "D1")["rule"])


def test_a_coverage_that_its_counts_do_not_give_is_found(data):
    figures = [
        ("population", 1000, 0, "people", ""),
        ("insured_total", 851, 0, "people", ""),
        ("coverage", 86.1, 1, "percent", "population"),
    ]
    assert bhyt.audit(plan_of(data, figures), "D1")["rule"].tolist() == ["coverage_off"]


def test_parts_above_their_group_are_found(data):
    figures = [
        ("cards_state_paid", 100, 0, "cards", ""),
        ("cards_state_paid_poor", 60, 0, "cards", ""),
        ("cards_state_paid_area", 41, 0, "cards", ""),
    ]
    assert bhyt.audit(plan_of(data, figures), "D1")["rule"].tolist() == ["parts_above_group"]


@pytest.mark.parametrize(
    ("value", "decimals", "relation", "interval"),
    [
        (85.1, 1, "=", Interval(85.05, 85.15)),
        (87.21, 2, "=", Interval(87.205, 87.215)),
        (99, 0, ">", Interval(99, float("inf"), True)),
        (95, 0, ">=", Interval(95, float("inf"))),
        (100, 0, "<", Interval(float("-inf"), 100, True, True)),
        (90, 0, "about", Interval(89, 91)),
    ],
)
def test_a_printed_figure_allows_an_interval(value, decimals, relation, interval):
    assert printed_interval(value, decimals, relation) == interval


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Interval(1, 2), Interval(2, 3), False),  # [1, 2) and [2, 3)
        (Interval(1, 2, False, False), Interval(2, 3), True),
        (Interval(1, 2), Interval(1.5, 1.6), True),
        (Interval(100, 100, False, False), Interval(float("-inf"), 100, True, True), False),
    ],
)
def test_intervals_meet_or_not(one, other, meet):
    assert one.meets(other) is meet
    assert other.meets(one) is meet


# --- Figures that no value can explain, and their sound neighbours -------------------------------------------


def rules_broken(data, figures, targets=(), days=None):
    """Return the rules that a small plan of one district breaks; ``days`` are those of figures, by position."""
    ignored = {"no_population", "no_baseline", "told_twice"}
    return set(bhyt.audit(plan_of(data, figures, targets, days), "D1")["rule"]) - ignored


@pytest.mark.parametrize(
    ("figures", "rules"),
    [
        ([("coverage", 100.4, 1, "percent", "")], {"rate_above_100"}),
        ([("coverage", 100.0, 1, "percent", "")], set()),
        ([("coverage_student", 103, 0, "percent", "")], {"rate_above_100"}),
        (
            [("cards_near_poor", 520, 0, "cards", ""), ("people_near_poor", 500, 0, "people", "")],
            {"group_above_people"},
        ),
        ([("cards_near_poor", 500, 0, "cards", ""), ("people_near_poor", 500, 0, "people", "")], set()),
    ],
)
def test_rates_above_everybody(data, figures, rules):
    assert rules_broken(data, figures) == rules


FIVE = ("employer_employee", "social_security_paid", "state_paid", "state_supported", "household")


@pytest.mark.parametrize(("total", "rules"), [(5_000, set()), (5_400, {"groups_below_total"})])
def test_groups_that_leave_part_of_the_total_are_an_issue(data, total, rules):
    figures = [(f"cards_{g}", 1_000, 0, "cards", "") for g in FIVE] + [("insured_total", total, 0, "people", "")]
    assert rules_broken(data, figures) == rules
    assert rules_broken(data, figures[1:]) == set()  # a plan may list some groups only


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (2.5, set()),  # 85.1 to 87.6
        (2.4, set()),  # from 85.14 to 87.55 it is 2.41, printed 2.4
        (2.7, {"points_off"}),
        (2.9, {"points_off"}),  # 2.5 / 85.1 is 2.9 per cent of the rate, not points
    ],
)
def test_a_change_in_points_fits_its_two_levels(data, change, rules):
    figures = [
        (f, v, 1, "percent", "") for f, v in (("coverage", 85.1), ("coverage", 87.6), ("change_coverage", change))
    ]
    assert rules_broken(data, figures, days=["2020-12-31", "2021-12-31", "2021-12-31"]) == rules


def test_a_change_of_people_fits_its_two_counts(data):
    figures = [("insured_total", 1_000, 0, "people", ""), ("insured_total", 1_250, 0, "people", "")]
    days = ["2020-12-31", "2021-12-31", "2021-12-31"]
    assert rules_broken(data, [*figures, ("change_insured_total", 250, 0, "people", "")], days=days) == set()
    assert rules_broken(data, [*figures, ("change_insured_total", 350, 0, "people", "")], days=days) == {"change_off"}


@pytest.mark.parametrize(("target", "rules"), [(0.86, set()), (0.851, set()), (0.84, {"target_below_today"})])
def test_a_target_is_not_below_what_is_reached(data, target, rules):
    assert rules_broken(data, [("coverage", 85.1, 1, "percent", "")], [(2022, target)]) == rules


@pytest.mark.parametrize(
    ("people", "day", "rules"),
    [
        (90_600, "2022-12-31", set()),  # 90.6% of 100,000
        (93_000, "2022-12-31", {"target_people_off"}),
        (93_000, "2021-12-31", set()),  # the population may have grown to 102,649
        (81_000, "2021-12-31", {"target_people_off"}),
    ],
)
def test_a_target_in_people_is_that_of_its_rate(data, people, day, rules):
    figures = [("population", 100_000, 0, "people", ""), ("target_insured", people, 0, "people", "")]
    figures += [("coverage", 85.1, 1, "percent", "population")]
    assert rules_broken(data, figures, [(2022, 0.906)], days=[day, "2022-12-31", "2021-12-31"]) == rules


# --- Made-up plans: consistent ones give nothing, and one figure damaged beyond rounding is named ---


@st.composite
def plans(draw):
    """Draw the figures of a plan that fit each other, printed with random decimals: names, values and targets."""
    places = draw(st.integers(0, 2))
    groups = ("employer_employee", "social_security_paid", "state_paid", "state_supported", "household")
    weights = {g: draw(st.integers(12, 40)) for g in groups}
    local = {g: w * draw(st.integers(150, 900)) + draw(st.integers(0, 149)) for g, w in weights.items()}
    total = sum(local.values())
    least = min(local.values()) / total
    assume(least > 0.08)  # a share of 8% that is off by a quarter is off by 2 points
    insured = total + draw(st.integers(1, total // 50))
    population = insured + draw(st.integers(insured // 20, insured // 2))
    poor = draw(st.integers(local["state_paid"] // 5, local["state_paid"] // 3))
    counts = {"population": population, "insured_total": insured, "insured_by_local_office": total}
    counts |= {f"cards_{g}": n for g, n in local.items()}
    counts |= {"cards_state_paid_poor": poor, "cards_state_paid_other": local["state_paid"] - poor}
    shares = {"coverage": ("insured_total", "population")}
    shares |= {f"share_{g}": (f"cards_{g}", "insured_by_local_office") for g in groups}
    rates = {f: round(100 * counts[part] / counts[base], places) for f, (part, base) in shares.items()}
    start, step = insured / population, draw(st.floats(0.002, 0.01))
    targets = [(2022 + i, round(min(start + step * (i + 1), 1), 6)) for i in range(draw(st.integers(1, 4)))]
    lost = draw(st.integers(1, population - insured))
    return {"places": places, "counts": counts, "shares": shares, "rates": rates, "targets": targets, "lost": lost}


def as_data(data, plan):
    figures = [(f, n, 0, "cards" if f.startswith("cards_") else "people", "") for f, n in plan["counts"].items()]
    figures += [(f, v, plan["places"], "percent", plan["shares"][f][1]) for f, v in plan["rates"].items()]
    loss = {"area": "D1", "decision": "861", "on": pd.Timestamp("2021-07-01"), "people": plan["lost"]}
    loss |= {"unit": "people", "status": "published", "source": "p", "file": "", "row": 2}
    losses = pd.DataFrame([loss], columns=data.losses.columns).astype({"people": "Int64"})
    return dataclasses.replace(plan_of(data, figures, plan["targets"]), losses=losses)


@given(plans(), st.floats(0.4, 0.99), st.floats(0.5, 1.0))
def test_a_consistent_plan_gives_no_finding(data, plan, before, share):
    printed, counts, places = as_data(data, plan), plan["counts"], plan["places"]
    assert bhyt.audit(printed, "D1")["rule"].tolist() == []
    # The year before with the change since, a target in people, a group with its people and its coverage.
    now, (year, rate) = 100 * counts["insured_total"] / counts["population"], plan["targets"][0]
    people = round(counts["cards_household"] / share)
    more = [
        fig("coverage", round(100 * before, places), Y20, places),
        fig("change_coverage", round(now - 100 * before, places), Y21, places, unit="percent"),
        fig("target_insured", math.ceil(rate * counts["population"]), f"{year}-12-31"),
        fig("people_household", people),
        fig("coverage_household", round(100 * counts["cards_household"] / people, places), Y21, places),
    ]
    rows = pd.DataFrame(more).assign(document="p", area="D1", locator="mục 1", note="", file="p.csv", row=2)
    published = pd.concat([printed.published, rows]).astype({"decimals": "Int64"})
    assert bhyt.audit(dataclasses.replace(printed, published=published), "D1")["rule"].tolist() == []


def damaged_names(plan):
    """Return the figures of a plan that others confirm."""
    return [f for f in [*plan["counts"], *plan["rates"]] if f != "insured_by_local_office"]


@given(plans(), st.data(), st.sampled_from([0.5, 0.7, 1.4, 2.0]))
def test_a_figure_damaged_beyond_rounding_is_named(data, plan, draw, factor):
    name = draw.draw(st.sampled_from(damaged_names(plan)))
    where = "counts" if name in plan["counts"] else "rates"
    plan[where] = plan[where] | {name: type(plan[where][name])(round(plan[where][name] * factor, plan["places"]))}
    errors = bhyt.audit(as_data(data, plan), "D1", "en").query("severity == 'error'")
    assert any(name in figures.split(", ") for figures in errors["figures"]), (name, errors["message"].tolist())


@given(plans(), st.data())
def test_what_rounding_explains_is_no_damage(data, plan, draw):
    """Replace a count by another that its printed share allows."""
    name = draw.draw(st.sampled_from(["cards_household", "cards_employer_employee"]))
    base = plan["counts"]["insured_by_local_office"]
    share, half = plan["rates"]["share_" + name.removeprefix("cards_")], 0.5 * 10.0 ** -plan["places"]
    low, high = math.ceil((share - half) * base / 100), math.floor((share + half) * base / 100)
    other = draw.draw(st.integers(low, high))
    plan["counts"] = plan["counts"] | {name: other}
    wrong_shares = bhyt.audit(as_data(data, plan), "D1").query("rule == 'share_off'")
    assert not any(name in figures.split(", ") for figures in wrong_shares["figures"])


def test_parts_below_their_group_are_found_only_with_all_others_printed(data):
    parts = [("cards_state_paid", 100, 0, "cards", ""), ("cards_state_paid_poor", 60, 0, "cards", "")]
    assert bhyt.audit(plan_of(data, parts), "D1").empty
    table = bhyt.audit(plan_of(data, [*parts, ("cards_state_paid_other", 39, 0, "cards", "")]), "D1")
    assert table["rule"].tolist() == ["parts_below_group"]


def test_more_insured_than_people_and_targets_that_fall_are_found(data):
    figures = [("population", 100, 0, "people", ""), ("insured_total", 101, 0, "people", "")]
    assert bhyt.audit(plan_of(data, figures), "D1")["rule"].tolist() == ["insured_above_people"]
    text = message(plan_of(data, figures[:1], [(2022, 0.9), (2023, 0.89)]), "D1", "targets_fall")
    assert "The target of 2023 (89%) is below that of 2022 (90%)" in text


def test_a_rate_and_its_people_imply_a_population(data):
    figures = [("insured_total", 850, 0, "people", ""), ("coverage", 85.0, 1, "percent", "population")]
    plan = plan_of(data, figures)
    people = data.population.head(1).assign(area="D1", as_of=pd.Timestamp("2021-12-31"))
    for count, differs in ((1000, False), (1001, True)):  # 850 / 85.05% to 850 / 84.95%: 999.4 to 1,000.6
        counted = dataclasses.replace(plan, population=people.assign(people=count))
        assert ("implied_population" in rules_of(counted, "D1")) is differs


def test_no_rule_names_a_place_a_document_or_a_year(data):
    import inspect

    from bhyt_analysis.quality import plan_audit

    source = inspect.getsource(plan_audit)
    code = source.split('"""', 2)[2]
    words = [*data.documents["document"], *data.areas["code"].head(3), "076", "219", "son_duong", "2021", "20/11"]
    assert [w for w in words if f'"{w}"' in code] == []


# --- Thirty plans and more that somebody might print, right ones and wrong ones ---

Y19, Y20, Y21, Y22 = (f"20{year}-12-31" for year in (19, 20, 21, 22))
EXPECTED = {"no_population", "no_baseline", "front_loaded", "years_without_target"}  # of plans of a few lines


def fig(figure, value, as_of=Y21, decimals=0, relation="=", unit=""):
    first = figure.split("_")[0]
    unit = unit or {"coverage": "percent", "share": "percent", "cards": "cards"}.get(first, "people")
    bases = {"coverage": "population", "share": "insured_total"} if figure == "coverage" or first == "share" else {}
    base = bases.get(first, f"people_{figure.partition('_')[2]}" if first == "coverage" else "")
    figures = {"figure": figure, "value": float(value), "decimals": decimals, "unit": unit, "base": base}
    return {**figures, "relation": relation, "as_of": as_of}


def shares(*values):
    return [fig(f"share_{g}", v, decimals=1) for g, v in zip(FIVE, values, strict=True)]


def broken_rules(data, figures, targets=(), people=None):
    """Return the rules that a plan breaks; ``targets``: (year, rate, scope, relation), ``people``: known elsewhere."""
    empty = plan_of(data, [], [(year, rate) for year, rate, *_ in targets])
    published = pd.DataFrame([*figures], columns=data.published.columns).astype({"decimals": "Int64"})
    published = published.assign(document="p", area="D1", locator="mục 1", note="", file="p.csv", row=2)
    scopes = [[*t, "all", "="][2] if len(t) > 2 else "all" for t in targets]
    relations = [t[3] if len(t) > 3 else "=" for t in targets]
    table = empty.targets.assign(scope=scopes, relation=relations) if targets else empty.targets
    own = data.population.head(1).assign(area="D1", people=people, as_of=pd.Timestamp(Y21), status="published")
    population = empty.population if people is None else own
    plan = dataclasses.replace(empty, published=published, targets=table, population=population)
    return set(bhyt.audit(plan, "D1")["rule"]) - EXPECTED


POP = fig("population", 100000)
INS = fig("insured_total", 85100)
CARDS = [fig(f"cards_{g}", n) for g, n in zip(FIVE, (10000, 5000, 40000, 15100, 15000), strict=True)]
UNINSURED = fig("uninsured", 14900)  # of 100,000, of whom 85,100 are insured
RIGHT = {
    "insured and uninsured are all": [[POP, INS, UNINSURED]],
    "the others are insured elsewhere": [[POP, INS, fig("uninsured", 14000), fig("cards_insured_elsewhere", 900)]],
    "the others are relatives of the army": [
        [POP, INS, fig("uninsured", 13000), fig("cards_insured_elsewhere", 900), fig("cards_military_relatives", 1000)]
    ],
    "uninsured of another day": [[POP, INS, fig("uninsured", 15000, Y20)]],
    "target people of the population of the day": [
        [POP, fig("target_population", 112000, Y22), fig("target_insured", 100800, Y22)],
        [(2022, 0.9, "all", "=")],
    ],
    "change since a day that is not printed": [
        [
            fig("insured_total", 1000, Y19),
            fig("insured_total", 1250, Y21),
            fig("change_insured_total", 40, Y21) | {"base": Y20},
        ]
    ],
    "all insured": [[POP, fig("insured_total", 100000), fig("coverage", 100, decimals=1)]],
    "99.96 printed 100.0": [[POP, fig("insured_total", 99960), fig("coverage", 100, decimals=1)]],
    "student 100": [[fig("coverage_student", 100), fig("coverage", 85.1, decimals=1)]],
    "student below 100 in words": [[fig("coverage_student", 100, relation="<")]],
    "group all": [[fig("people_student", 1000), fig("cards_student", 1000)]],
    "fell, then target above latest": [
        [fig("coverage", 95, Y19, 1), fig("coverage", 85, Y21, 1)],
        [(2022, 0.9, "all", "=")],
    ],
    "target as printed": [[fig("coverage", 85.1, Y21, 1)], [(2022, 0.851, "all", "=")]],
    "target people about": [[POP, fig("target_insured", 91000, Y22, relation="about")], [(2022, 0.9, "all", "=")]],
    "target people rounded 50.6": [
        [fig("population", 100000, Y22), fig("target_insured", 50555, Y22)],
        [(2022, 0.506, "all", "=")],
    ],
    "at least 90, people 92000": [
        [fig("population", 100000, Y22), fig("target_insured", 92000, Y22)],
        [(2022, 0.9, "all", ">=")],
    ],
    "above 95, 95001": [
        [fig("population", 100000, Y22), fig("target_insured", 95001, Y22)],
        [(2022, 0.95, "all", ">")],
    ],
    "five groups and army beside": [
        [INS, *CARDS[:4], fig("cards_household", 13890), fig("cards_relative_of_army_staff", 1110)]
    ],
    "five groups": [[INS, *CARDS]],
    "five and employer paid": [[INS, *CARDS[:4], fig("cards_household", 14000), fig("cards_employer_paid", 1000)]],
    "five and others": [[INS, *CARDS[:4], fig("cards_household", 14000), fig("cards_not_classified", 1000)]],
    "four groups": [[INS, *CARDS[:4]]],
    "change since 2019": [
        [
            fig("coverage", 80, Y19, 1),
            fig("coverage", 85, Y20, 1),
            fig("coverage", 87, Y21, 1),
            fig("change_coverage", 7, Y21, 1, unit="percent"),
        ]
    ],
    "change down": [
        [
            fig("coverage", 90, Y20, 1),
            fig("coverage", 87.5, Y21, 1),
            fig("change_coverage", -2.5, Y21, 1, unit="percent"),
        ]
    ],
    "change whole vs decimals": [
        [
            fig("coverage", 85.1, Y20, 1),
            fig("coverage", 87.6, Y21, 1),
            fig("change_coverage", 3, Y21, 0, unit="percent"),
        ]
    ],
    "growth percent of count": [
        [
            fig("insured_total", 1000, Y20),
            fig("insured_total", 1025, Y21),
            fig("change_insured_total", 2.5, Y21, 1, unit="percent"),
        ]
    ],
    "shares only add to 100": [shares(11.8, 5.9, 47.0, 17.7, 17.6)],
    "shares only 99.9 rounding": [shares(11.8, 5.9, 47.0, 17.7, 17.5)],
    "target after": [[fig("coverage", 94, "2023-12-31", 1)], [(2022, 0.9, "all", "=")]],
    "group target above": [[fig("coverage_student", 98.4, Y21, 1)], [(2022, 0.99, "student", "=")]],
    "insured by office is less": [[INS, fig("insured_by_local_office", 84000)]],
    "more about": [[fig("population", 100000, relation="about"), fig("insured_total", 100001, relation="about")]],
    "targets people grow": [[INS, fig("target_insured", 90000, Y22)], []],
    "target of people, population known elsewhere": [
        [fig("target_insured", 91000, Y22)],
        [(2022, 0.9, "all", "=")],
        100000,
    ],
}
WRONG = {
    "coverage 101": ("rate_above_100", [[fig("coverage", 101)]]),
    "coverage above 100 in words": ("rate_above_100", [[fig("coverage", 100, relation=">")]]),
    "coverage 100.04": ("rate_above_100", [[fig("coverage", 100.04, decimals=2)]]),
    "student 103": ("rate_above_100", [[fig("coverage_student", 103, decimals=1)]]),
    "share 120": ("rate_above_100", [[fig("share_household", 120, decimals=1)]]),
    "insured above people": ("insured_above_people", [[POP, fig("insured_total", 101000)]]),
    "group cards above its people": ("group_above_people", [[fig("people_student", 1000), fig("cards_student", 1010)]]),
    "group cards above population": ("insured_above_people", [[POP, fig("cards_household", 120000)]]),
    "group insured above population": ("insured_above_people", [[POP, fig("insured_household", 120000)]]),
    "office above total": ("parts_above_group", [[INS, fig("insured_by_local_office", 90000)]]),
    "target below today": ("target_below_today", [[fig("coverage", 85.1, Y21, 1)], [(2022, 0.84, "all", "=")]]),
    "target below today by counts": ("target_below_today", [[POP, INS], [(2022, 0.84, "all", "=")]]),
    "group target below today": (
        "target_below_today",
        [[fig("coverage_student", 98.4, Y21, 1)], [(2022, 0.95, "student", "=")]],
    ),
    "target people below today": ("target_people_below_today", [[INS, fig("target_insured", 84000, Y22)]]),
    "target people off": (
        "target_people_off",
        [[fig("population", 100000, Y22), fig("target_insured", 93000, Y22)], [(2022, 0.9, "all", "=")]],
    ),
    "target people below at least": (
        "target_people_off",
        [[fig("population", 100000, Y22), fig("target_insured", 88000, Y22)], [(2022, 0.9, "all", ">=")]],
    ),
    "target people far off, population elsewhere": (
        "target_people_off",
        [[fig("target_insured", 60000, Y22)], [(2022, 0.9, "all", "=")], 100000],
    ),
    "insured and uninsured above all": ("uninsured_above_people", [[POP, INS, fig("uninsured", 15900)]]),
    "insured and uninsured below all": ("uninsured_below_people", [[POP, INS, fig("uninsured", 13900)]]),
    "target people off the population of the day": (
        "target_people_off",
        [
            [POP, fig("target_population", 112000, Y22), fig("target_insured", 90000, Y22)],
            [(2022, 0.9, "all", "=")],
        ],
    ),
    "change since a day": (
        "change_off",
        [
            [
                fig("insured_total", 1000, Y19),
                fig("insured_total", 1100, Y20),
                fig("insured_total", 1250, Y21),
                fig("change_insured_total", 250, Y21) | {"base": Y20},
            ]
        ],
    ),
    "points": (
        "points_off",
        [
            [
                fig("coverage", 85.1, Y20, 1),
                fig("coverage", 87.6, Y21, 1),
                fig("change_coverage", 2.9, Y21, 1, unit="percent"),
            ]
        ],
    ),
    "points sign": (
        "points_off",
        [
            [
                fig("coverage", 87.6, Y20, 1),
                fig("coverage", 85.1, Y21, 1),
                fig("change_coverage", 2.5, Y21, 1, unit="percent"),
            ]
        ],
    ),
    "count change": (
        "change_off",
        [[fig("insured_total", 1000, Y20), fig("insured_total", 1250, Y21), fig("change_insured_total", 300, Y21)]],
    ),
    "groups leave rest": ("groups_below_total", [[fig("insured_total", 90000), *CARDS]]),
    "groups above": ("parts_above_group", [[fig("insured_total", 80000), *CARDS]]),
    "shares only leave rest": (
        "shares_below_total",
        [shares(11.8, 5.9, 43.0, 17.7, 17.6)],
    ),
    "shares only above 100": (
        "shares_above_total",
        [shares(11.8, 5.9, 50.0, 17.7, 17.6)],
    ),
    "coverage off": ("coverage_off", [[POP, INS, fig("coverage", 86.1, decimals=1)]]),
}


@pytest.mark.parametrize("plan", RIGHT.values(), ids=RIGHT)
def test_nothing_is_found_in_a_plan_that_may_be_right(data, plan):
    assert broken_rules(data, *plan) == set()


@pytest.mark.parametrize(("rule", "plan"), WRONG.values(), ids=WRONG)
def test_a_plan_that_is_wrong_in_one_way_breaks_its_rule(data, rule, plan):
    assert rule in broken_rules(data, *plan)
