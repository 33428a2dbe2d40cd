"""The model in the page: for any state it gives the people and the money of `simulate`.

``BHYT_STATES=5000 python -m pytest tests/documents/test_page_model.py -k states --timeout 7200`` tries 5,000 random
states, in about half an hour.
"""

import dataclasses
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.documents import what_if
from bhyt_analysis.documents.what_if import page_parts, page_script, safe_json
from bhyt_analysis.model.distribution.rounding import largest_remainders
from bhyt_analysis.model.finance.budget import LARGEST_HOUSEHOLD, PAYERS
from bhyt_analysis.model.projection.after_loss import after_loss
from bhyt_analysis.model.projection.baseline import AREA, EXIT_COLUMNS, GROUPS, Baseline
from bhyt_analysis.model.projection.page_model import SUPPORT_GROUPS, projection_constants
from bhyt_analysis.model.projection.page_projection import page_projection, province_name, with_state
from bhyt_analysis.model.projection.projection import project
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import projection_table
from bhyt_analysis.model.reclassification.card_flows import ZONES

from .model_runs import NODE, needs_node, run_node

LAW = bhyt.Law.read()
STATES = int(os.environ.get("BHYT_STATES", 16))
AREAS = ("Sơn Dương", "Lục Ngạn", "X001", "X00101", "X00103", "X00107")
WINDOWS = ("decree 75", "decree 75 until repeal", "decree 188", "none")
DAYS = [f"{year}-{month:02d}-01" for year in range(2021, 2030) for month in (1, 7, 9, 11)]
PROVINCES = ("Tỉnh Một", "Huế", "Đắk Lắk", "Tỉnh Quảng Ngãi")  # the last three have shares of their own


def random_state(rng, zones=()):
    """Return a state with some things set, each at a place of its slider, some of them before the count."""

    def rows(field, least):
        keys = rng.sample(SUPPORT_GROUPS, rng.randrange(1, 4))
        return [{"key": k, field: rng.randrange(least, 21) / 20, "since": rng.choice(DAYS)} for k in keys]

    state = {}
    if rng.random() < 0.7:
        state["outreach"] = rng.randrange(21) / 10
    if rng.random() < 0.7:
        state["take_up_household"] = rng.randrange(101) / 100
    if rng.random() < 0.6:
        state["support"] = rows("share", 0)
    if rng.random() < 0.5:
        state["top_up"] = rows("points", 1)
    if rng.random() < 0.4:
        state["base_salary"] = {"value": rng.randrange(100, 401) * 10_000, "since": rng.choice(DAYS)}
    if rng.random() < 0.4:
        state["contribution_rate"] = {"value": rng.randrange(30, 61) / 1000, "since": rng.choice(DAYS)}
    if zones and rng.random() < 0.6:
        codes = rng.sample(sorted(zones), rng.randrange(1, len(zones) + 1))
        state["zones"] = {code: rng.choice(ZONES) for code in codes}
    return state


def random_baseline(rng, units=1):
    """Return a small district whose people lose and gain cards before and after its count."""
    insured = np.zeros((units, len(GROUPS)))
    for unit in range(units):
        for group in range(len(GROUPS)):
            insured[unit, group] = rng.choice([0, rng.randrange(40), rng.randrange(3000)])
    people = insured.sum(axis=1) + [rng.choice([0, rng.randrange(30), rng.randrange(3000)]) + 1 for _ in range(units)]
    exits, remaining = [], insured[:, AREA].tolist()
    days = ["2021-07-01", "2024-04-15", "2024-07-01", "2024-09-15", "2026-01-01"]
    for unit, day in [(u, d) for u in range(units) for d in rng.sample(days, rng.randrange(4))]:
        later = pd.Timestamp(day) > pd.Timestamp("2024-06-30")
        lost = rng.randrange(int(remaining[unit] if later else people[unit]) + 1)
        remaining[unit] -= lost if later else 0
        gained = rng.choice([0, 0, int(0.3 * (people[unit] - insured[unit, AREA]))])
        other = rng.choice([0, 0, int(remaining[unit] * 0.2)]) if later else 0
        row = [lost, gained, other, rng.choice([np.nan, 0.0, 0.4, 1.0]), rng.choice([np.nan, 0.0, 1.0])]
        exits.append([unit, pd.Timestamp(day), *row, "published"])
    table = pd.DataFrame(exits, columns=EXIT_COLUMNS).astype({"unit": "int64", "on": "datetime64[ns]"})
    table = table.astype(dict.fromkeys(EXIT_COLUMNS[2:-1], "float64"))
    codes = [f"C{i}" for i in range(units)]
    frame = pd.DataFrame(
        {"area": codes, "name": codes, "population": people, "sizes_known": True, "status": "published"}
    )
    sizes = np.zeros((units, LARGEST_HOUSEHOLD))
    for unit in range(units):
        sizes[unit, rng.randrange(LARGEST_HOUSEHOLD)] += 0.4
        sizes[unit, rng.randrange(LARGEST_HOUSEHOLD)] += 0.6
    province = rng.choice(PROVINCES)
    lineages = [[(code, code), ("D1", "Huyện Một"), (province, province)] for code in codes]
    day = pd.Timestamp("2024-06-30")
    return Baseline("D1", "Huyện Một", day, frame, insured, sizes, table, lineages), province


def random_policy(rng):
    ranges = {
        "persistence": rng.choice([0.5, 0.9, 0.97]),
        "place_effect": rng.choice([0.0, -0.7, 0.4]),
        "outreach_before": rng.choice([0.0, 0.35, 1.0]),
        "population_growth": rng.choice([0.0, 0.0, 0.012, -0.004]),
        "minority_share": rng.choice([0.5, 0.75]),
        "members_paying": rng.choice([0.15, 0.5, 1.0]),
    }
    income = rng.choice([{}, {"employer_employee": 7_000_000.0, "social_security_paid": 4_100_000.0}])
    return Scenario("x", support_window=rng.choice(WINDOWS), assumption_ranges=ranges, income=income)


def constants(baseline, policy):
    return projection_constants(project(baseline, policy, policy.apply_to_law(LAW)), LAW, draws=0)


def assert_same(result, table, projection=None):
    """Compare what the page gives with the rows of `simulate`: people, and money to the đồng."""
    rows = table[table["result"] == "behavioural"]
    assert result["people"] == rows["people"].tolist()
    assert result["insured"] == rows["insured"].tolist()
    assert result["costed"] == rows["insured_costed"].tolist()
    for payer in PAYERS:
        assert result["vnd"][payer] == rows[f"vnd_{payer}"].fillna(0).tolist(), payer
    assert result["months"] == [str(m.date()) for m in rows["month"]]
    assert max(map(max, result["vnd"].values())) < 2**53
    if projection is not None and len(projection.baseline.exits):
        assert_same_returns(result, projection)


def assert_same_returns(result, projection):
    followed = after_loss(projection, ["behavioural"]).set_index("month")[["lost", "uninsured"]].astype(float)
    followed = followed.reindex(projection.months[projection.report_index :]).fillna(0.0)
    assert result["lost"] == followed["lost"].tolist()
    assert np.allclose(result["back"], followed["lost"] - followed["uninsured"], atol=1e-6)


@needs_node
def test_any_states_give_what_simulate_gives(tmp_path, data):
    rng, cases, expected = random.Random(STATES), [], []
    for area in AREAS:
        view = bhyt.area(data, area)
        model = bhyt.page_model(view, draws=0)
        zones = {c["code"] for c in (model["zones"] or {"communes": []})["communes"]}
        states = [
            {},
            *([{"zones": {}}] if zones else []),
            *(random_state(rng, zones) for _ in range(max(STATES // 2 // len(AREAS), 2))),
        ]
        cases.append((model, states))
        scenarios = [bhyt.state_scenario(view, state) for state in states]
        expected.append([(bhyt.simulate(data, view.code, s, draws=0), None) for s in scenarios])
    for _ in range(max(STATES // 4, 6)):
        baseline, province = random_baseline(rng, units=rng.choice([1, 1, 2, 5]))
        policy, states = random_policy(rng), [random_state(rng), random_state(rng)]
        cases.append((constants(baseline, policy), states))
        own = [with_state(policy, state, LAW, province) for state in states]
        projections = [project(baseline, one, one.apply_to_law(LAW)) for one in own]
        expected.append([(projection_table(p), p) for p in projections])
    assert len(cases) > len(AREAS)
    results = run_node(tmp_path, cases)["results"]
    for of_area, tables in zip(results, expected, strict=True):
        for result, (table, projection) in zip(of_area, tables, strict=True):
            assert_same(result, table, projection)


@needs_node
def test_communes_added_up_have_nearly_the_people_and_the_money(tmp_path, data):
    """Those who left before the count are fitted into its figures once, and not in each commune."""
    rng, view = random.Random(1), bhyt.area(data, "X001")
    states = [{}, *(random_state(rng) for _ in range(4))]
    results = run_node(tmp_path, [(bhyt.page_model(view, draws=0, by_commune=False), states)])["results"][0]
    policy = page_projection(view, by_commune=False).projection.scenario
    for state, result in zip(states, results, strict=True):
        table = bhyt.simulate(data, "X001", with_state(policy, state, LAW, province_name(view)), draws=0)
        rows = table[table["result"] == "behavioural"]
        exact = rows["insured"].to_numpy()
        assert (abs(np.array(result["insured"]) - exact) <= 0.0015 * exact).all()
        total = sum(np.array(result["vnd"][p]) for p in PAYERS)
        vnd = rows[[f"vnd_{p}" for p in PAYERS]].sum(axis=1).to_numpy()
        assert (abs(total - vnd) <= 0.0015 * vnd).all()


@needs_node
def test_one_more_by_rounding_goes_to_a_unit_with_people_left(tmp_path):
    """Two units of 1 and 3 people with 0.5 and 2.5 insured in one group and 0.5 and 0.5 in another: 4 of 4."""
    out = run_node(tmp_path, rounded=[([[0.5, 0.5], [2.5, 0.5]], [1, 3]), ([[0.4, 0.3]], [1])])["rounded"]
    assert [sum(own) for own in out[0]] == [1, 3] and [sum(c) for c in zip(*out[0], strict=True)] == [3, 1]
    assert out[1] == [[1, 0]]


@needs_node
def test_numbers_are_added_and_shared_out_as_numpy_does(tmp_path):
    generator = np.random.default_rng(1)
    rows = [generator.random(n) for n in (1, 7, 8, 9, 10, 19, 20, 33)]
    shared = [([1.0, 1.0, 1.0], 10), ([0.0, 0.0], 0), ([0.3, 0.0, 1.2, 7.5], 9), ([2.5, 2.5, 5.0], 11)]
    out = run_node(tmp_path, sums=[r.tolist() for r in rows], remainders=shared)
    assert out["sums"] == [float(r.sum()) for r in rows]
    assert out["remainders"] == [largest_remainders([w], [total])[0].tolist() for w, total in shared]


@needs_node
def test_numbers_alone_begin_with_the_day_of_the_constants(tmp_path, data):
    model = bhyt.page_model(bhyt.area(data, "Sơn Dương"), draws=0)
    since = model["since"]
    short = {"base_salary": 2_800_000, "support": {"key": "near_poor", "share": 1.0}}
    long = {
        "base_salary": {"value": 2_800_000, "since": since},
        "support": [{"key": "near_poor", "share": 1.0, "since": since}],
    }
    first, second = run_node(tmp_path, [(model, [short, long])])["results"][0]
    assert first == second


@needs_node
def test_zones_are_read_at_the_end_of_the_year_of_their_last_day(tmp_path, data):
    model = bhyt.page_model(bhyt.area(data, "X001"), draws=0)
    model["zones"]["communes"][3]["on"] = "2022-04-01"
    for name in ("model.js", "settings.js"):
        shutil.copy(Path(what_if.__file__).with_name(name), tmp_path)
    (tmp_path / "package.json").write_text('{"type":"module"}', "utf-8")
    words = json.dumps(what_if.script_words(model, "vi"))
    script = f"""import {{ makeSettings, writers }} from "./settings.js";
        const words = {words}, settings = makeSettings({json.dumps(model)}, words, writers(words));
        settings.set("zone.X00102", "I");
        console.log(settings.at("on"));"""
    (tmp_path / "on.js").write_text(script, "utf-8")
    run = subprocess.run(["node", "on.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == "2022-12-31\n"


def test_more_is_paid_by_hand(data):
    """At 2,530,000 đồng and 4.5% a near-poor person costs 113,850 a month, of which the State pays 70%: 79,695."""
    model = bhyt.page_model(bhyt.area(data, "Sơn Dương"), draws=0)
    month = model["months"].index("2027-01-31")
    law = model["law"]
    assert law["base_salary"][month] * law["contribution_rate"][month] == pytest.approx(113_850)
    assert law["shares"]["near_poor"][month] == 0.7
    assert law["payer"]["near_poor"] == [[0, "state_budget_and_household"]]


def test_constants_are_small_and_the_same_twice(data):
    texts = [json.dumps(bhyt.page_model(bhyt.area(data, "Lục Ngạn"))) for _ in range(2)]
    assert texts[0] == texts[1] and len(texts[0]) < 40_000


@pytest.mark.parametrize("is_kept", [lambda rows: rows["decision"] == "582", lambda rows: rows["decision"] == "none"])
def test_an_area_without_zones_of_its_decision_has_a_model(data, is_kept):
    """An office whose tables have cards and no decision, or only an earlier one."""
    tables = {"zones": data.zones[is_kept(data.zones)], "losses": data.losses[is_kept(data.losses)]}
    view = bhyt.area(dataclasses.replace(data, **tables), "X001")
    model = bhyt.page_model(view, draws=0)
    cards = data.cards[data.cards["area"].str.startswith("X001") & (data.cards["as_of"] == "2022-06-30")]
    assert (model["as_of"], sum(model["insured"])) == ("2022-06-30", cards["cards"].sum())
    assert (model["zones"], model["exits"]["rows"]) == (None, [])


def test_no_constant_is_of_a_commune_where_they_are_added_up(data):
    page = page_projection(bhyt.area(data, "X001"), by_commune=False)
    assert (page.units, page.adds_up, len(page.projection.baseline.units)) == (12, False, 1)
    model = bhyt.page_model(bhyt.area(data, "X001"), by_commune=False)
    text = json.dumps(model)
    assert len(model["places"]["population"]) == 1 and model["zones"] is None
    assert not [u.name for u in bhyt.area(data, "X001").communes() if u.name in text or u.code in text]


def test_a_page_without_a_model_says_why(tmp_path):
    (tmp_path / "model.json").write_text('{"left_out":"small"}', "utf-8")
    parts = page_parts(tmp_path, "en")
    assert "counts under 5 people" in parts["left_out"] and not parts["script"]
    assert page_parts(tmp_path / "nothing", "vi") == {"script": "", "style": ""}


@pytest.mark.parametrize("area", ["Lục Ngạn", "X001", "X00103"])
def test_the_page_grows_by_no_more_than_150_kb(data, tmp_path, area):
    (tmp_path / "model.json").write_text(json.dumps(bhyt.page_model(bhyt.area(data, area))), "utf-8")
    for lang in ("vi", "en"):
        parts = page_parts(tmp_path, lang)
        assert sum(len(str(part).encode()) for part in parts.values()) < 125_000


def test_texts_of_an_input_end_no_script(data):
    model = {**bhyt.page_model(bhyt.area(data, "X00101"), draws=0), "name": "</script><!-- <script>'\"=cmd|x\u2028"}
    text = safe_json(model)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["name"] == model["name"]


def test_the_script_of_a_page_is_one_text_without_modules():
    script = page_script()
    assert "import " not in script and "export " not in script and "</" not in script
    assert "http" not in script and "eval" not in script and "innerHTML" not in script
    assert "/**" not in script and "*/" not in script  # types are for the checker


@needs_node
def test_the_script_of_a_page_computes_what_its_modules_do(tmp_path, data):
    """The comments with types are taken out by a pattern: nothing else may go with them."""
    model = bhyt.page_model(bhyt.area(data, "X00103"), draws=0)
    state = {"outreach": 2, "zones": {"X00103": "II"}}
    (tmp_path / "script.js").write_text(page_script().replace("start();\n})", "return project;\n})"), "utf-8")
    call = "const fs = require('fs'); const project = eval(fs.readFileSync('script.js', 'utf8'));"
    call += "const { model, state } = JSON.parse(fs.readFileSync(0));"
    call += "console.log(JSON.stringify(project(model, state)))"
    text = json.dumps({"model": model, "state": state})
    run = subprocess.run([NODE, "-e", call], cwd=tmp_path, input=text, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == run_node(tmp_path, [(model, [state])])["results"][0][0]


@pytest.mark.skipif(not shutil.which("tsc"), reason="Debian's node-typescript is not installed")
def test_types_of_the_scripts_are_right():
    folder = Path(what_if.__file__).parent
    options = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2022", "--module", "es2022"]
    run = subprocess.run(["tsc", *options, folder / "controls.js"], capture_output=True, text=True, timeout=300)
    assert (run.stdout, run.returncode) == ("", 0)
