"""What does somebody ask of the explorer, and how is it kept: as a scenario file, as a link, as a line of code?

A state is immutable. Every control reads one thing of it and puts back a new one; the
scenario that it stands for goes through the same reader as a scenario file, so that what
is seen is what a saved file gives.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import tomllib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.loader import read_table
from bhyt_analysis.law.law import COLUMNS, ONWARD, Law
from bhyt_analysis.model.projection.assumptions import POINT_VALUED, Range, assumptions
from bhyt_analysis.model.projection.scenario import Scenario, scenario_file

Row = tuple[tuple[str, Any], ...]  # a row of a table, as pairs that can be compared
Rows = tuple[Row, ...]
FILE = Path("explorer.toml")  # what errors call a scenario that stands in no file
MOST_TEXT = 1_000_000  # letters of a link that are read
DIAL = ("outreach", *POINT_VALUED)  # set by the analyst, not uncertain: one value


@dataclass(frozen=True)
class State:
    """What is asked: where, by which decision and law, with which behaviour, seen when and in which language.

    ``name`` and ``name_en``: of the scenario; "" is made from what it changes. ``on``: the
    day looked at; ``start``, ``end``: the date range; ``since``, ``until``: of what the
    sliders change in the law ("" of ``since`` is the first month after the figures). Days are
    ISO texts, "" where the figures choose. ``law``, ``top_ups``, ``zones``, ``targets`` are the
    rows of a scenario file; ``assumed`` its assumptions. ``sort``: of the table of communes.
    ``goal``, ``method``, ``ratchet``, ``amounts``: of the tab of targets.
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
    assumed: tuple[tuple[str, Range], ...] = ()
    income: tuple[tuple[str, float], ...] = ()
    law: Rows = ()
    top_ups: Rows = ()
    zones: Rows = ()
    targets: Rows = ()
    seed: int = 1
    sort: str = "area"
    goal: str = ""
    method: str = "share-of-gap"
    ratchet: bool = True
    amounts: str = ""


SEEN = (
    "area",
    "lang",
    "on",
    "since",
    "until",
    "sort",
    "goal",
    "method",
    "ratchet",
    "amounts",
)  # kept under [explore] in a file
POLICY = ("decision", "support_window", "start", "end", "assumed", "income", "law", "top_ups", "zones", "targets")
TABLES = {"law": "law", "top_ups": "top_up", "zones": "zone", "targets": "targets"}  # the field, and its name in a file


def state_to_dict(state: State) -> dict[str, Any]:
    """The state as a scenario file tells it; only what is set.

    Examples
    --------
    >>> state_to_dict(with_assumption(State(area="219", decision="861"), "outreach", 2))["assumptions"]
    {'outreach': 2.0}
    """
    plain = {f: getattr(state, f) for f in ("name_en", "decision", "support_window", "start", "end")}
    out: dict[str, Any] = {"name": state.name or translate("label.explored", "vi")}
    out |= {key: value for key, value in plain.items() if value} | {"seed": state.seed}
    if state.assumed:
        out["assumptions"] = {n: r[0] if r[0] == r[2] else list(r) for n, r in state.assumed}
    if state.income:
        out["income"] = dict(state.income)
    out |= {key: [dict(row) for row in getattr(state, f)] for f, key in TABLES.items() if getattr(state, f)}
    default = State()
    seen = {f: getattr(state, f) for f in SEEN if getattr(state, f) != getattr(default, f)}
    return out | ({"explore": seen} if seen else {})


def asked(out: Mapping[str, Any], file: Path | None = None, onto: State | None = None) -> State:
    """The state that a scenario file stands for; what it does not tell of the view stays as in ``onto``.

    Law files and lists of zones that it names are taken in row by row; a text that stands
    in no ``file``, such as a link, may not name any.

    Raises
    ------
    BhytError
        for everything that is wrong with the file; see `Scenario.read`.

    Examples
    --------
    >>> state = with_law(State(area="219"), "base_salary", 2_600_000, "2026-07-01")
    >>> asked(state_to_dict(state)) == dataclasses.replace(state, name=translate("label.explored"))
    True
    """
    if file is None and (named := [*out.get("reforms", []), *([out["zones"]] if "zones" in out else [])]):
        raise BhytError(("error.explore_files", {"files": ", ".join(str(n) for n in named)}))
    file = file or FILE
    scenario = Scenario.of(dict(out), file)
    seen = {k: v for k, v in out.get("explore", {}).items() if k in SEEN}
    rows: dict[str, Any] = {f: [dict(r) for r in out.get(key, [])] for f, key in TABLES.items()}
    for name in out.get("reforms", []):
        rows["law"] += _law_rows(Law.read(file.parent / name))
    if "zones" in out:
        rows["zones"] += _zone_rows(read_table(file.parent / out["zones"], "zones"))
    days: dict[str, Any] = {k: str(out.get(k, ""))[:10] for k in ("start", "end")}
    rows = {f: plain_rows(r) for f, r in rows.items()}
    return dataclasses.replace(
        onto or State(), name=scenario.name, name_en=scenario.name_en, decision=scenario.decision, support_window=scenario.support_window,
        assumed=tuple(sorted(scenario.changed.items())), income=tuple(sorted(scenario.income.items())), seed=scenario.seed,
        **days, **rows, **seen,
    )  # fmt: skip


def plain_rows(rows: Iterable[Mapping[str, Any]]) -> Rows:
    """Rows as pairs; days as text, blanks left out."""
    return tuple(tuple((k, v if isinstance(v, int | float | str) else str(v)[:10]) for k, v in row.items() if not (v is None or v == "" or v != v)) for row in rows)  # fmt: skip


def _law_rows(reform: Law) -> list[dict[str, Any]]:
    table = reform.table[[*COLUMNS]].assign(until=[None if u == ONWARD else u for u in reform.table["until"]])
    return table.to_dict("records")


def _zone_rows(zones: pd.DataFrame) -> list[dict[str, Any]]:
    return zones[["area", "zone", "since", "special_villages_share"]].to_dict("records")


def scenario(state: State) -> Scenario:
    """The scenario that the state stands for, through the reader of scenario files.

    Examples
    --------
    >>> scenario(with_assumption(State(), "take_up.household", 0.5)).changed["take_up.household"]
    (0.1, 0.5, 0.6)
    """
    return Scenario.of(state_to_dict(state), FILE)


# --- One thing changed ----------------------------------------------------------------------------


def replace_values(state: State, **fields: Any) -> State:
    """The state with some fields changed."""
    return dataclasses.replace(state, **fields)


def move_to_area(state: State, area: str) -> State:
    """The same policy in another area: communes and provinces of the old one stay there.

    Examples
    --------
    >>> move_to_area(with_zone(State(area="219", decision="861"), "07549", "III"), "076").zones
    ()
    """
    return dataclasses.replace(state, area=area, zones=(), top_ups=(), amounts="", name="", name_en="")


def decided(state: State, decision: str) -> State:
    """The state with another decision: which communes are moved is a question to one decision."""
    return dataclasses.replace(state, decision=decision, zones=(), support_window="", name="", name_en="")


@lru_cache(maxsize=1)
def _central() -> dict[str, float]:
    """The central values that the library assumes."""
    return {str(name): float(value) for name, value in assumptions()["central"].items()}


def assumption(state: State, name: str) -> float:
    """The central value of an assumption."""
    changed = dict(state.assumed).get(name)
    return _central()[name] if changed is None else changed[1]


def with_assumption(state: State, name: str, value: float) -> State:
    """An assumption with another central value: the range of the studies stays, and reaches as far as the value.

    What the analyst sets himself (outreach, growth) is not uncertain and has no range.

    Examples
    --------
    >>> with_assumption(State(), "take_up.household", 0.7).assumed
    (('take_up.household', (0.1, 0.7, 0.7)),)
    >>> with_assumption(with_assumption(State(), "outreach", 2), "outreach", 1) == State()
    True
    """
    row = assumptions().loc[name]
    low, high = (value, value) if name in DIAL else (min(row["low"], value), max(row["high"], value))
    kept = {n: r for n, r in state.assumed if n != name}
    if value != row["central"]:
        kept[name] = (float(low), float(value), float(high))
    return dataclasses.replace(state, assumed=tuple(sorted(kept.items())))


def law_value(state: State, parameter: str, key: str = "") -> float | None:
    """What the state puts in place of a nationwide value of the law; None where the law stands."""
    found = [dict(r)["value"] for r in state.law if _is(dict(r), parameter, key)]
    return float(found[-1]) if found else None


def _is(row: Mapping[str, Any], parameter: str, key: str) -> bool:
    return (row["parameter"], row.get("key", ""), row.get("area", "")) == (parameter, key, "")


def with_law(state: State, parameter: str, value: float | None, since: str, key: str = "", until: str = "") -> State:
    """Another value of the law nationwide, from one day to another; None gives it back to the law.

    Examples
    --------
    >>> changed = with_law(State(), "subsidy_share", 0.9, "2021-07-01", "near_poor")
    >>> (
    ...     law_value(changed, "subsidy_share", "near_poor"),
    ...     with_law(changed, "subsidy_share", None, "", "near_poor") == State(),
    ... )
    (0.9, True)
    """
    kept = tuple(r for r in state.law if not _is(dict(r), parameter, key))
    row = {"parameter": parameter, "key": key, "since": since, "until": until, "value": value}
    return dataclasses.replace(state, law=kept if value is None else (*kept, *plain_rows([row])))


def top_up_of(state: State, group: str) -> float:
    """What the province adds to a group's support in the state."""
    return next((float(dict(r)["points"]) for r in state.top_ups if dict(r)["group"] == group), 0.0)


def with_top_up(state: State, group: str, points: float, area: str, since: str, until: str = "") -> State:
    """A province's top-up for a group, from one day to another; 0 takes it away.

    Examples
    --------
    >>> changed = with_top_up(State(), "near_poor", 0.3, "Tỉnh Bắc Giang", "2021-07-01")
    >>> top_up_of(changed, "near_poor"), with_top_up(changed, "near_poor", 0, "", "") == State()
    (0.3, True)
    """
    kept = tuple(r for r in state.top_ups if dict(r)["group"] != group)
    row = {"group": group, "points": points, "area": area, "since": since, "until": until}
    return dataclasses.replace(state, top_ups=(*kept, *plain_rows([row])) if points else kept)


def dated(state: State, since: str, until: str) -> State:
    """The state with what its sliders change in the law moved to other days."""
    span = {"since": since, "until": until}
    law, top_ups = (plain_rows({**dict(r), **span} for r in rows) for rows in (state.law, state.top_ups))
    return dataclasses.replace(state, law=law, top_ups=top_ups, since=since, until=until)


def zone_of(state: State, area: str) -> str:
    """The zone that the state puts a commune in; "" is the decision's own."""
    return next((str(dict(r)["zone"]) for r in state.zones if dict(r)["area"] == area), "")


def with_zone(state: State, area: str, zone: str) -> State:
    """A commune put in another zone; "" gives it back to the decision.

    Examples
    --------
    >>> changed = with_zone(State(), "07549", "III")
    >>> zone_of(changed, "07549"), with_zone(changed, "07549", "") == State()
    ('III', True)
    """
    kept = tuple(r for r in state.zones if dict(r)["area"] != area)
    return dataclasses.replace(state, zones=(*kept, *plain_rows([{"area": area, "zone": zone}])) if zone else kept)


def in_force(state: State) -> State:
    """The same place, day and language under the law in force, with nothing decided.

    Examples
    --------
    >>> in_force(State(area="219", decision="861", seed=861))
    State(area='219', lang='vi', name='', name_en='', decision='', support_window='', start='', end='', on='', since='', until='', assumed=(), income=(), law=(), top_ups=(), zones=(), targets=(), seed=1, sort='area', goal='', method='share-of-gap', ratchet=True, amounts='')
    """
    return State(**{f: getattr(state, f) for f in ("area", "lang", "start", "end", "on", "sort", "goal", "method", "ratchet", "amounts")})  # fmt: skip


# --- Kept and shared ------------------------------------------------------------------------------


def to_toml(state: State) -> str:
    """The scenario file that ``bhyt brief --scenario`` takes, and that the explorer loads again.

    Examples
    --------
    >>> from_toml(to_toml(State(area="219", decision="861", name="mine"))).decision
    '861'
    """
    import tomli_w

    return f"# {translate('share.toml_head', 'vi')}\n# {translate('share.toml_head', 'en')}\n{tomli_w.dumps(state_to_dict(state))}"


def from_toml(text: str, onto: State | None = None) -> State:
    """The state that the text of a scenario file stands for; see `asked`."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BhytError(("error.explore_toml", {"why": str(error)})) from None
    return asked(found, None, onto)


def from_file(path: str | Path, onto: State | None = None) -> State:
    """The state that a scenario file stands for, or a bundled one by its name; see `asked`.

    Examples
    --------
    >>> state = from_file("support_continued_2026")
    >>> state.decision, law_value(state, "subsidy_share", "minority_left_2016_2020_list")
    ('861', 0.7)
    """
    Scenario.read(path)  # tells what is wrong with it as a file
    file = scenario_file(path)
    return asked(tomllib.loads(file.read_text(encoding="utf-8-sig")), file, onto)


def to_link(states: Iterable[State]) -> str:
    """States, the present one first and then those that are pinned, as a short text for a link or a line of code.

    Examples
    --------
    >>> from_link(to_link([State(area="219"), State(decision="861", name="mine")]))[1].decision
    '861'
    """
    told_ = json.dumps([state_to_dict(s) for s in states], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(told_.encode(), 9)).decode().rstrip("=")


def from_link(text: str) -> list[State]:
    """The states of such a text.

    Raises
    ------
    BhytError
        for a text that is cut off or was not made by `to_link`, and what `asked` finds.

    Examples
    --------
    >>> from_link("no link")
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: This link or line of code cannot be read: it is cut off, or the explorer did not make it
    """
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = json.loads(zlib.decompressobj().decompress(packed, MOST_TEXT))
        states = [asked(one) for one in found]
    except (binascii.Error, zlib.error, ValueError, TypeError) as error:
        if isinstance(error, BhytError):
            raise
        raise BhytError(("error.explore_link", {})) from None
    return [dataclasses.replace(s, lang=s.lang if s.lang in LANGUAGES else "vi", name="" if s.name == translate("label.explored", "vi") else s.name) for s in states]  # fmt: skip
