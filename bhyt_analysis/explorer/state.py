"""Define the state of the explorer and convert it to a scenario file, a link or a line of code.

A state is immutable: each control reads one value of it and returns a new state. Its scenario goes through
the reader of scenario files, so that the explorer and a saved file give the same figures.
"""

from __future__ import annotations

import base64
import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bhyt_analysis.domain.input_error import raise_faults
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, format_message, nearest_choice, translate
from bhyt_analysis.i18n.text import printable
from bhyt_analysis.ingest.loader import read_table
from bhyt_analysis.ingest.scenario_files import (
    excerpt,
    find_named_file,
    find_scenario_file,
    parse_scenario,
    read_day,
    read_scenario,
    read_values,
)
from bhyt_analysis.ingest.toml_files import read_toml
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import COLUMNS, ONWARD
from bhyt_analysis.model.projection.assumptions import POINT_VALUED, Range, assumptions
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.targets.allocation import METHODS

Record = Mapping[str, Any]  # a scenario file or one of its rows, as TOML reads it
Fields = dict[str, Any]  # values of fields or keys by name
Row = Mapping[str, str | int | float]  # of a table of a state
UNSAVED_FILE = Path("explorer.toml")  # the name in errors of a scenario without a file
MAX_STATE_BYTES = 1_000_000  # of the decompressed text of a link
MAX_STATES = 5  # of a link: the present state and the pinned ones
DRAWS = 200  # of the assumptions: enough for an interval to about a tenth of a point, and quick
MAX_LINE = 300  # letters of a text of one line
POINT_ASSUMPTIONS = ("outreach", *POINT_VALUED)  # set by the analyst: one value, no range


@dataclass(frozen=True)
class State:
    """Hold the inputs of the explorer: area, decision, law, behaviour, dates and language.

    ``name`` and ``name_en`` are those of the scenario; "" is replaced by a list of its changes. ``on`` is the
    day of the figures; ``start`` and ``end`` are the projected months; ``since`` and ``until`` the period of
    changes of the law by sliders ("" of ``since`` is 1 January of next year). Dates are ISO texts,
    "" for the default. ``law``, ``top_ups``, ``zones``, ``targets`` are the rows of a scenario file and
    ``assumptions`` its assumptions. ``sort`` is the column that orders the communes. ``goal``, ``method``,
    ``ratchet`` and ``amounts`` belong to the page of targets; ``targets_source`` is the plan whose
    targets ``targets`` are, "" for others. ``draws`` of the assumptions are made for the intervals;
    fewer while a slider moves, which no file keeps.
    """

    area: str = ""
    lang: str = "vi"
    name: str = ""
    name_en: str = ""
    decision: str = ""
    support_window: str = ""
    start: str = ""
    end: str = ""
    on: str = ""
    since: str = ""
    until: str = ""
    assumptions: tuple[tuple[str, Range], ...] = ()
    income: tuple[tuple[str, float], ...] = ()
    law: tuple[Row, ...] = ()
    top_ups: tuple[Row, ...] = ()
    zones: tuple[Row, ...] = ()
    targets: tuple[Row, ...] = ()
    seed: int = 1
    sort: str = "area"
    goal: str = ""
    method: str = "share-of-gap"
    ratchet: bool = True
    amounts: str = ""
    targets_source: str = ""
    draws: int = DRAWS


# The fields under [explore] in a file; those of law and dates; those of the policy, which a named scenario fixes.
VIEW_FIELDS = ("area", "lang", "on", "since", "until", "sort", "goal", "method", "ratchet", "amounts", "targets_source")
LAW_FIELDS = ("decision", "support_window", "start", "end", "income", "law", "top_ups", "zones", "targets")
POLICY_FIELDS = (*LAW_FIELDS, "assumptions")
TABLES = {"law": "law", "top_ups": "top_up", "zones": "zone", "targets": "targets"}  # field to key of a file


def state_to_dict(state: State) -> Fields:
    """Return the state as the content of a scenario file, without default values.

    Examples
    --------
    >>> state_to_dict(with_assumption(State(area="219", decision="861"), "outreach", 2))["assumptions"]
    {'outreach': 2.0}
    """
    record: Fields = {"name": state.name or translate("label.explored", "vi")}
    record |= {f: getattr(state, f) for f in ("name_en", "decision", "support_window", "start", "end", "seed")}
    record["assumptions"] = {n: r[0] if r[0] == r[2] else list(r) for n, r in state.assumptions}
    record["income"] = dict(state.income)
    record |= {key: [dict(row) for row in getattr(state, f)] for f, key in TABLES.items()}
    record["explore"] = {f: getattr(state, f) for f in VIEW_FIELDS if getattr(state, f) != getattr(State, f)}
    return {key: value for key, value in record.items() if value not in ("", {}, [])}


def state_from_dict(record: Record, file: Path | None = None, base: State | None = None) -> State:
    """Return the state of a scenario file; view fields that it does not set are those of ``base``.

    Rows of its law files and zone lists become rows of the state. Only a record of a real ``file`` may name
    other files: a link must not read files of the server. Raise a `BhytError` with all faults of the record.

    Examples
    --------
    >>> state = with_law(State(area="219"), "base_salary", 2_600_000, "2026-07-01")
    >>> state_from_dict(state_to_dict(state)) == replace(state, name=translate("label.explored"))
    True
    """
    if file is None and (names := [key for key in ("reforms", "zones") if record.get(key)]):
        files = ", ".join(excerpt(record[key]) for key in names)
        raise BhytError(("error.explore_files", {"files": files}))
    file = file or UNSAVED_FILE
    scenario, values = parse_scenario(record, file), read_values(record, file)
    tables: dict[str, list[Record]] = {field: list(values.get(key, [])) for field, key in TABLES.items()}
    for name in values.get("reforms", []):
        reform = Law.read(find_named_file(name, file, "reforms")).table[[*COLUMNS]]
        tables["law"] += reform.assign(until=[None if u == ONWARD else u for u in reform["until"]]).to_dict("records")
    if "zones" in values:
        zones = read_table(find_named_file(values["zones"], file), "zones")
        tables["zones"] += zones[["area", "zone", "since", "special_villages_share"]].to_dict("records")
    fields: Fields = {k: str(read_day(record[k])) if record.get(k) else "" for k in ("start", "end")}
    fields |= {f: to_rows(rows) for f, rows in tables.items()}
    fields |= _read_view(values.get("explore", {}), file)
    fields |= {f: getattr(scenario, f) for f in ("name", "name_en", "decision", "support_window", "seed")}
    fields["assumptions"] = tuple(sorted(scenario.assumption_ranges.items()))
    fields["income"] = tuple(sorted(scenario.income.items()))
    return replace(base or State(), **fields)


def _read_view(record: Record, file: Path) -> Fields:
    """Return the fields under [explore]; raise a `BhytError` with all that are not of their kind."""
    fields, faults = Fields(), list[tuple[str, Fields]]()
    for key, value in record.items():
        reader, expected = _VIEW_READERS.get(key, (None, ""))
        if reader is None:
            nearest = nearest_choice(key, VIEW_FIELDS) or ", ".join(VIEW_FIELDS)
            faults.append(("error.scenario_key", {"found": excerpt(key), "nearest": nearest}))
            continue
        try:
            fields[key] = reader(value)
        except BhytError as error:
            faults += error.messages
        except (ValueError, TypeError):
            faults.append(("error.scenario_value", {"key": key, "found": excerpt(value), "expected": expected}))
    raise_faults((key, {**args, "file": file.name}) for key, args in faults)
    return fields


def _view_text(most: int) -> Callable[[object], str]:
    """Return a reader of a text of the page, of so many letters at most."""

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise ValueError
        return printable(value)

    return read


def _view_day(value: object) -> str:
    return "" if value == "" else str(read_day(value))


def _view_choice(*choices: object) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, str | bool) or value not in choices:
            raise ValueError
        return value

    return read


# The reader of each field under [explore], and what it expects.
_VIEW_READERS: dict[str, tuple[Callable[[Any], object], str]] = {
    **dict.fromkeys(("area", "sort", "goal", "targets_source"), (_view_text(MAX_LINE), "expect.text")),
    "lang": (_view_choice(*LANGUAGES), "vi, en"),
    **dict.fromkeys(("on", "since", "until"), (_view_day, "expect.date")),
    "method": (_view_choice(*METHODS), ", ".join(METHODS)),
    "ratchet": (_view_choice(True, False), "true, false"),
    "amounts": (_view_text(MAX_STATE_BYTES), "expect.text"),
}


def to_rows(rows: Iterable[Record]) -> tuple[Row, ...]:
    """Convert rows to those of a state: dates become text, blanks are left out."""
    filled = ({k: v for k, v in row.items() if not (v is None or v == "" or v != v)} for row in rows)
    return tuple({k: v if isinstance(v, int | float | str) else str(v)[:10] for k, v in r.items()} for r in filled)


def to_scenario(state: State) -> Scenario:
    """Return the scenario of a state, through the reader of scenario files.

    Examples
    --------
    >>> to_scenario(with_assumption(State(), "take_up.near_poor", 0.6)).assumption_ranges["take_up.near_poor"]
    (0.5, 0.6, 0.95)
    """
    return parse_scenario(state_to_dict(state), UNSAVED_FILE)


def move_to_area(state: State, area: str) -> State:
    """Return the same policy in another area, without the communes and top-ups of the former area.

    Examples
    --------
    >>> move_to_area(with_zone(State(area="219", decision="861"), "07549", "III"), "076").zones
    ()
    """
    state = replace(state, area=area, zones=(), top_ups=(), amounts="", name="", name_en="")
    return with_plan_targets(state) if state.targets_source else state


def with_plan_targets(state: State, targets: tuple[Row, ...] = (), source: str = "") -> State:
    """Set the targets of a plan, the first one also as the rate to divide; without any, restore those of the data.

    Examples
    --------
    >>> changed = with_plan_targets(State(), ({"on": "2022-12-31", "rate": 0.906, "relation": "="},), "Kế hoạch 214")
    >>> changed.goal, with_plan_targets(changed) == State()
    ('90,6%', True)
    """
    goal = format_message("{v:pe}", state.lang, v=targets[0]["rate"]) if targets else ""
    source = source if targets else ""
    return replace(state, targets=targets, targets_source=source, goal=goal, name="", name_en="")


def with_decision(state: State, decision: str) -> State:
    """Return the state with another decision, without the communes moved under the former one."""
    return replace(state, decision=decision, zones=(), support_window="", name="", name_en="")


def assumption_value(state: State, name: str) -> float:
    """Return the central value of an assumption."""
    changed = dict(state.assumptions).get(name)
    return float(assumptions().at[name, "central"]) if changed is None else changed[1]


def with_assumption(state: State, name: str, value: float) -> State:
    """Set the central value of an assumption; its range is kept, and widened to include the value.

    Assumptions that the analyst sets (outreach, growth) are not uncertain and have no range.

    Examples
    --------
    >>> with_assumption(State(), "take_up.near_poor", 0.98).assumptions
    (('take_up.near_poor', (0.5, 0.98, 0.98)),)
    >>> with_assumption(with_assumption(State(), "outreach", 2), "outreach", 1) == State()
    True
    """
    row = assumptions().loc[name]
    low, high = (value, value) if name in POINT_ASSUMPTIONS else (min(row["low"], value), max(row["high"], value))
    ranges = {n: r for n, r in state.assumptions if n != name}
    if value != row["central"]:
        ranges[name] = (float(low), float(value), float(high))
    return replace(state, assumptions=tuple(sorted(ranges.items())))


def law_value(state: State, parameter: str, key: str = "") -> float | None:
    """Return the state's nationwide value of a parameter; None where it leaves the law in force."""
    values = [r["value"] for r in state.law if _sets_parameter(r, parameter, key)]
    return float(values[-1]) if values else None


def _sets_parameter(row: Record, parameter: str, key: str) -> bool:
    return (row["parameter"], row.get("key", ""), row.get("area", "")) == (parameter, key, "")


def with_law(state: State, parameter: str, value: float | None, since: str, key: str = "", until: str = "") -> State:
    """Set a nationwide value of the law for a period; None restores the law in force.

    Examples
    --------
    >>> changed = with_law(State(), "subsidy_share", 0.9, "2021-07-01", "near_poor")
    >>> law_value(changed, "subsidy_share", "near_poor")
    0.9
    >>> with_law(changed, "subsidy_share", None, "", "near_poor") == State()
    True
    """
    rows = [r for r in state.law if not _sets_parameter(r, parameter, key)]
    row = {"parameter": parameter, "key": key, "since": since, "until": until, "value": value}
    return replace(state, law=to_rows(rows if value is None else [*rows, row]))


def top_up_points(state: State, group: str) -> float:
    """Return the share of the premium that the province adds for a group."""
    return next((float(r["points"]) for r in state.top_ups if r["group"] == group), 0.0)


def with_top_up(state: State, group: str, points: float, area: str, since: str, until: str = "") -> State:
    """Set a province's top-up for a group for a period; 0 removes it.

    Examples
    --------
    >>> changed = with_top_up(State(), "near_poor", 0.3, "Tỉnh Bắc Giang", "2021-07-01")
    >>> top_up_points(changed, "near_poor"), with_top_up(changed, "near_poor", 0, "", "") == State()
    (0.3, True)
    """
    rows = [r for r in state.top_ups if r["group"] != group]
    row = {"group": group, "points": points, "area": area, "since": since, "until": until}
    return replace(state, top_ups=to_rows([*rows, row] if points else rows))


def commune_zone(state: State, area: str) -> str:
    """Return the zone in which the state puts a commune; "" for the zone of the decision."""
    return next((str(r["zone"]) for r in state.zones if r["area"] == area), "")


def with_zone(state: State, area: str, zone: str) -> State:
    """Put a commune in another zone; "" restores the zone of the decision.

    Examples
    --------
    >>> changed = with_zone(State(), "07549", "III")
    >>> commune_zone(changed, "07549"), with_zone(changed, "07549", "") == State()
    ('III', True)
    """
    rows = [r for r in state.zones if r["area"] != area]
    return replace(state, zones=to_rows([*rows, {"area": area, "zone": zone}] if zone else rows))


def with_zones(state: State, zones: Mapping[str, str]) -> State:
    """Put many communes, by code, in other zones; the rest keep theirs.

    Examples
    --------
    >>> with_zones(with_zone(State(), "07549", "III"), {"07549": "I", "07552": "I"}).zones[1]
    {'area': '07552', 'zone': 'I'}
    """
    for code, zone in zones.items():
        state = with_zone(state, code, zone)
    return state


def reset_to_law(state: State) -> State:
    """Return the same area, dates and language under the law in force and without a decision.

    Examples
    --------
    >>> reset_to_law(State(area="219", decision="861", seed=861)) == State(area="219")
    True
    """
    fields = {*VIEW_FIELDS, "start", "end"} - {"since", "until", "targets_source"}
    return State(**{f: getattr(state, f) for f in fields})


def in_force(state: State) -> State:
    """Return the state to which each figure is compared: its area, decision and days under the law in force.

    Behaviour is that of the default assumptions, and communes have the zones of the decision.

    Examples
    --------
    >>> in_force(with_law(State(area="219", decision="861"), "base_salary", 2_800_000, "2027-01-01")).law
    ()
    """
    return replace(state, law=(), top_ups=(), zones=(), assumptions=(), name="", name_en="")


def show_effect(state: State, since: str, last: str) -> State:
    """Return the state at a month in which a change from the day ``since`` has effect.

    A month that has its effect already is kept; else it is December of the first year of the change, or the month in
    which the change ends. ``last`` is the last projected day; where it is too early, the projection goes on to the end
    of the year after.

    Examples
    --------
    >>> shown = show_effect(State(on="2022-12-31"), "2027-01-01", "2026-12-31")
    >>> shown.on, shown.end
    ('2027-12-31', '2028-12-31')
    >>> show_effect(State(on="2028-06-30"), "2027-01-01", "2029-12-31").on
    '2028-06-30'
    """
    year = int(since[:4])
    on = state.on
    if not (since <= on <= (state.until or on)):
        on = min(f"{year}-12-31", state.until or f"{year}-12-31")
    return replace(state, on=on, end=state.end if last >= on else f"{max(year, int(on[:4])) + 1}-12-31")


def to_toml(state: State) -> str:
    """Return the scenario file that ``bhyt brief --scenario`` and the explorer read.

    Examples
    --------
    >>> from_toml(to_toml(State(area="219", decision="861", name="test"))).decision
    '861'
    """
    import tomli_w

    comments = "".join(f"# {translate('share.toml_head', lang)}\n" for lang in LANGUAGES)
    return comments + tomli_w.dumps(state_to_dict(state))


def from_toml(text: str | bytes, base: State | None = None) -> State:
    """Return the state of the text of a scenario file; see `state_from_dict`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / UNSAVED_FILE
        file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        record = read_toml(file)
    return state_from_dict(record, None, base)


def from_file(path: str | Path, base: State | None = None) -> State:
    """Return the state of a scenario file, or of a bundled scenario by its name; see `state_from_dict`.

    Examples
    --------
    >>> state = from_file("support_continued_2026")
    >>> state.decision, law_value(state, "subsidy_share", "minority_left_2016_2020_list")
    ('861', 0.7)
    """
    read_scenario(path)  # raises the faults of the file itself
    file = find_scenario_file(path)
    return state_from_dict(read_toml(file), file, base)


def to_link(states: Iterable[State]) -> str:
    """Encode the present state and the pinned ones as a short text for a link or a line of code.

    Examples
    --------
    >>> from_link(to_link([State(area="219"), State(decision="861", name="test")]))[1].decision
    '861'
    """
    text = json.dumps([state_to_dict(s) for s in states], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def from_link(text: str) -> list[State]:
    """Decode the states of a link.

    Raise a `BhytError` for a text that is truncated or not made by `to_link`, and for those of `state_from_dict`.

    Examples
    --------
    >>> from_link("no link")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: This link or line of code cannot be read: it is cut off, ...
    """
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        content = zlib.decompressobj().decompress(packed, MAX_STATE_BYTES)
        records = json.loads(content, parse_constant=_refuse_constant)
    except (zlib.error, ValueError, RecursionError):
        raise BhytError(("error.explore_link", {})) from None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise BhytError(("error.explore_link", {}))
    if not 1 <= len(records) <= MAX_STATES:
        raise BhytError(("error.explore_states", {"count": len(records), "most": MAX_STATES}))
    unnamed = translate("label.explored", "vi")
    states = [state_from_dict(record) for record in records]
    return [replace(s, name="") if s.name == unnamed else s for s in states]


def _refuse_constant(name: str) -> float:
    """Refuse NaN and Infinity, which JSON of Python has and JSON itself has not."""
    raise ValueError(name)
