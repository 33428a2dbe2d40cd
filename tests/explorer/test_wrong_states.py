"""Test states that are not of the shape: each is refused in a sentence, and the explorer stays as it was."""

import base64
import copy
import datetime as dt
import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bhyt_analysis.explorer import app as application
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.text_input import parse_amounts
from bhyt_analysis.explorer.views import Context
from bhyt_analysis.i18n.messages import BhytError

ORDINARY = replace(states.from_file("decision_861_ordinary"), area="219", on="2021-12-31")
LEFT = "minority_left_2016_2020_list"
FULL = {
    **states.state_to_dict(ORDINARY),
    "name_en": "mine",
    "start": "2020-12-31",
    "end": "2026-12-31",
    "income": {"employer_employee": 5e6},
    "law": [{"parameter": "subsidy_share", "key": "near_poor", "since": "2021-07-01", "value": 0.9}],
    "top_up": [{"group": LEFT, "points": 0.7, "area": "Tỉnh Bắc Giang", "since": "2021-07-01", "until": "2021-12-31"}],
    "zone": [{"area": "07549", "zone": "III"}],
    "targets": [{"on": "2025-12-31", "rate": 0.95, "relation": ">="}],
    "explore": {"area": "219", "on": "2021-12-31", "since": "2021-07-01", "sort": "lost", "ratchet": False},
}


def link(payload):
    """Return a link of anything at all."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return base64.urlsafe_b64encode(zlib.compress(text.encode())).decode().rstrip("=")


def changed(path, value):
    """Return the full record with another value at a path."""
    record = copy.deepcopy(FULL)
    *above, last = path
    inner = record
    for key in above:
        inner = inner[key]
    inner[last] = value
    return record


def refusal(read, *arguments):
    """Return the sentence of the refusal, in both languages on one page."""
    with pytest.raises(BhytError) as raised:
        read(*arguments)
    text = raised.value.text("vi") + raised.value.text("en")
    assert len(text) < 4000
    assert text.encode()  # a lone surrogate could not be sent to the page
    return text


PATHS = [
    *((key,) for key in (*FULL, "zones", "reforms", "none")),
    *(("explore", key) for key in (*states.VIEW_FIELDS, "none")),
    *((table, 0, key) for table in ("law", "top_up", "zone", "targets") for key in (*FULL[table][0], "until", "none")),
    *(("assumptions", name) for name in ("outreach", "take_up.household", "none")),
    ("income", "employer_employee"),
    *((table, 0) for table in ("law", "zone")),
]
NUMBERS = st.sampled_from([-1, 0, 0.5, 1e308, -1e308, 10**30, 10**400, float("nan"), float("inf")]) | st.floats()
TEXTS = st.text(max_size=4) | st.sampled_from(
    ["\ud800", "a\0b", "x" * 99_999, "0001-01-01", "9999-12-31", "31/12/2021"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["area", "x", ""]), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PATHS), ANYTHING)
def test_every_link_is_a_state_or_refused_in_a_sentence(path, value):
    try:
        [state] = states.from_link(link([changed(path, value)]))
    except BhytError as error:
        text = error.text("vi") + error.text("en")
        assert len(text) < 2000
        assert text.encode()
        return
    assert states.from_link(states.to_link([state])) == [state]
    assert replace(states.from_toml(states.to_toml(state)), name=state.name) == state


WRONG = {
    "deep list": "[" * 100_000,
    "deep table": '[{"name":"x","assumptions":' + '{"a":' * 5000 + "1" + "}" * 5000 + "}]",
    "no states": [],
    "more than five": [FULL] * 6,
    "numbers": [1, 2],
    "nothing": None,
    "a state that is in no list": FULL,
    "states in a list": [[FULL]],
    "a number of thousands of digits": "[" + "9" * 5000 + "]",
    "10 MB": [changed(("name",), "y" * 10_000_000)],
    "a long name": [changed(("name",), "y" * 10_000)],
    "a day of the year 1": [changed(("end",), "0001-01-01")],
    "a day of the year 9999": [changed(("end",), "9999-12-31")],
    "an end before the start": [{**FULL, "start": "2026-01-31", "end": "2021-01-31"}],
    "not a number": [changed(("zone", 0, "special_villages_share"), float("nan"))],
    "infinity as a number": "["
    + json.dumps(changed(("law", 0, "value"), 1)).replace('"value": 1', '"value": 1e999')
    + "]",
    "an unknown field of the page": [changed(("explore", "colour"), "red")],
    "a page that is a text": [changed(("explore",), "x")],
    "an unknown column": [changed(("zone", 0, "colour"), "red")],
    "500 top-ups": [{**FULL, "top_up": FULL["top_up"] * 500}],
    "20,000 zones": [{**FULL, "zone": FULL["zone"] * 20_000}],
    "a file of the server": [{**FULL, "reforms": ["/etc/passwd"]}],
    "files that are a number": [{**FULL, "reforms": 5}],
}


@pytest.mark.parametrize("payload", WRONG.values(), ids=WRONG)
def test_wrong_link_is_refused_in_a_sentence(payload):
    assert refusal(states.from_link, link(payload))


UPLOADS = {
    "not UTF-8": 'name = "Tỉnh"'.encode("utf-16"),
    "infinity": b'name = "x"\n[income]\nemployer_employee = inf\n',
    "a huge number": b'name = "x"\nseed = ' + b"9" * 400,
    "no table": b'name = "x"\nexplore = 3\n',
    "a file": b'name = "x"\nzones = "../secret.csv"\n',
}


def uploaded(name, content):
    """Return what the button of a file gives."""
    day = dt.datetime.now(dt.UTC)
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content), "last_modified": day}
    return (file,)


@pytest.fixture(scope="module")
def app(data, law):
    return application.build_explorer(Context(data, law), ORDINARY)


@pytest.mark.parametrize("content", UPLOADS.values(), ids=UPLOADS)
def test_wrong_upload_leaves_the_explorer_as_it_was(app, content):
    before = app.state, app.widgets.headline.value
    app.widgets.scenario_file.value = uploaded("../x.toml", content)
    assert "bhyt-error" in app.widgets.file_error.value
    assert (app.state, app.widgets.headline.value) == before


def test_wrong_list_of_zones_leaves_the_explorer_as_it_was(app):
    before = app.state
    for content in (b"", b"\0\1", b"area,zone\n07549,IX", b"x\n" * 9):
        app.widgets.zone_file.value = uploaded("../../zones.csv", content)
        assert "bhyt-error" in app.widgets.zone_error.value
        assert app.state == before


def test_list_of_communes_and_zones_is_a_file_of_two_columns(data, law):
    app = application.build_explorer(Context(data, law), ORDINARY)
    app.widgets.zone_file.value = uploaded("x.csv", "Xã,Khu vực\nXã Thanh Hải,III\n07549,II\n".encode())
    assert app.widgets.zone_error.value == ""
    assert app.state.zones == ({"area": "07549", "zone": "II"},)
    assert app.state.decision == "861"


def test_pasted_link_that_is_wrong_leaves_the_explorer_as_it_was(app):
    before = app.state
    for payload in (WRONG["deep list"], WRONG["numbers"], WRONG["a day of the year 9999"]):
        app.widgets.link.value = f"http://localhost:8866/?state={link(payload)}"
        assert "bhyt-error" in app.widgets.link_error.value
        assert app.state == before


@pytest.mark.parametrize("amount", ["nan", "inf", "-1", "1e308", ""])
def test_amount_of_a_commune_is_a_number_of_its_kind(amount):
    lines = "\n".join(f"X00101; {amount}" for _ in range(1000))
    assert "X00101" in refusal(parse_amounts, lines, ["X00101"])


# Accepted, and as far from the usual as may be: drawn, or refused by what computes them.
EXTREME = {
    "end": {"end": "2100-12-31"},
    "decision": {"decision": "none such"},
    "law": {
        "income": {"employer_employee": 1e9},
        "law": [{"parameter": "base_salary", "since": "1990-01-01", "value": 50_000_000}],
        "targets": [{"on": "1990-01-01", "rate": 0}, {"on": "2100-12-31", "rate": 1, "relation": "="}],
    },
    "zone": {"zone": [{"area": "219", "zone": "III", "since": "2100-01-01", "special_villages_share": 1}]},
    "zone without a day": {"zone": [{"area": "07549", "zone": "III"}], "decision": ""},
    "unknown zone": {"zone": [{"area": "07549", "zone": "IX"}]},
    "area": {"explore": {"area": "none such", "sort": "none such", "on": "2100-12-31", "goal": "1e308"}},
}


@pytest.mark.parametrize("fields", EXTREME.values(), ids=EXTREME)
def test_extreme_state_is_computed_or_refused(app, fields):
    [state] = states.from_link(link([{**states.state_to_dict(ORDINARY), **fields}]))
    try:
        for view in ("headline", "results", "steps", "communes_table", "zone_changes"):
            assert app.get_view(state, view) is not None
    except BhytError as error:
        assert error.text("vi")


def test_page_with_a_wrong_link_opens_with_the_sentence(monkeypatch, data):
    displayed = []
    monkeypatch.setenv("QUERY_STRING", "state=abc&lang=en&token=x")
    monkeypatch.setattr(application, "display", lambda *items: displayed.extend(items))
    application.explore("219", "decision_861_ordinary", data=data)
    assert "cannot be read" in displayed[0].value
    assert "bhyt-app" in displayed[-1]._dom_classes
