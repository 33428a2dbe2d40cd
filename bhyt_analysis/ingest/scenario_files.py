"""Read scenario files (TOML), with all their faults at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.text import clean_line, printable
from bhyt_analysis.ingest.loader import read_table
from bhyt_analysis.ingest.toml_files import read_toml
from bhyt_analysis.law.groups import groups_flagged
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import ONWARD
from bhyt_analysis.model.projection.assumptions import Range, as_range, assumptions, range_fault
from bhyt_analysis.model.projection.cohort import SUPPORT_WINDOWS
from bhyt_analysis.model.projection.levers import LawRow, build_reform, top_up_rows
from bhyt_analysis.model.projection.scenario import YEARS, Scenario, Target
from bhyt_analysis.model.targets.targets import RELATIONS

Toml = Any  # whatever a TOML file may hold; the readers below check it
MAX_NUMBER = 1e15  # VND, people or shares: far above every amount of the country
MAX_LETTERS = 2_000  # of one text
INCOME_GROUPS = tuple(g for g in groups_flagged("projected") if g in groups_flagged("earnings_based"))


def read_scenario(path: str | Path, lang: str | None = None) -> Scenario:
    """Read a scenario from a TOML file, or a bundled one by its name, such as "status_quo".

    Law files and lists of zones are found by their path from the file; ``lang`` is of the name (`localise_scenario`).
    Raises BhytError for a file that is not there or not TOML, and for unknown keys, values out of their range and a
    missing name, all at once; LawError or InputError for a reform, or a list of zones, that can't be used.

    Examples
    --------
    >>> read_scenario("decision_861_high").assumption_ranges
    {'outreach': (2.0, 2.0, 2.0)}
    """
    lang = check_lang(lang)
    file = find_scenario_file(path)
    return localise_scenario(parse_scenario(read_toml(file), file), lang)


def find_scenario_file(path: str | Path) -> Path:
    """Return the file of a path, or of the name of a bundled scenario.

    Raises BhytError for what is neither the path of a file, nor a bundled name: with the nearest of them and all.

    Examples
    --------
    >>> find_scenario_file("status_quo").name
    'status_quo.toml'
    >>> find_scenario_file("statusquo")
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: There is no scenario "statusquo"; did you mean status_quo? ...
    """
    folder, file = bundled_path("scenarios"), Path(path)
    bundled = folder / f"{path}.toml"
    if file.exists() or file.suffix or file.name != str(path):
        return file
    if not bundled.is_file():
        names = scenario_names()
        nearest = nearest_choice(str(path), names) or names[0]
        raise BhytError(("error.unknown_scenario", {"found": str(path), "nearest": nearest, "names": ", ".join(names)}))
    return bundled


def scenario_names() -> list[str]:
    """List the names of the bundled scenarios.

    Examples
    --------
    >>> scenario_names()[:2]
    ['contribution_rate_2027', 'decision_861_high']
    """
    return sorted(file.stem for file in bundled_path("scenarios").glob("*.toml"))


def localise_scenario(scenario: Scenario, lang: str) -> Scenario:
    """Return the scenario with its name in a language, as results show it.

    Examples
    --------
    >>> localise_scenario(Scenario("hiện trạng", "status quo"), "en").name
    'status quo'
    """
    return dataclasses.replace(scenario, name=scenario.name_en) if lang == "en" and scenario.name_en else scenario


def parse_scenario(payload: Mapping[str, Toml], file: Path) -> Scenario:
    """Return the scenario of a parsed TOML file; see `read_scenario`. Files that it names lie beside ``file``.

    Examples
    --------
    >>> row = {"parameter": "base_salary", "since": "2027-01-01", "value": 2600000}
    >>> parse_scenario({"name": "mine", "law": [row]}, Path("mine.toml")).is_proposal
    True
    """
    values = read_values(payload, file)
    reforms = (*(Law.read(file.parent / name) for name in values.pop("reforms", ())), *_reforms(values, file.name))
    zones = read_table(file.parent / values.pop("zones"), "zones") if "zones" in values else None
    if zones is not None and not values.get("decision"):  # a list of one decision names it itself
        values["decision"] = str(zones["decision"].iloc[-1]) if len(zones) else ""
    renamed = {"zone": "zone_moves", "assumptions": "assumption_ranges"}
    fields = {renamed.get(key, key): v for key, v in values.items() if key not in ("law", "top_up", "explore")}
    return Scenario(**fields, zones=zones, reforms=reforms)


def read_values(payload: Mapping[str, Toml], file: Path) -> dict[str, Toml]:
    """Return the checked values of a scenario file by key, its days as dates or ISO text; raise all faults at once.

    Examples
    --------
    >>> read_values({"name": "mine", "zone": [{"area": "07549", "zone": "I"}]}, Path("mine.toml"))["zone"]
    ({'area': '07549', 'zone': 'I'},)
    """
    values, faults = _read_values(payload)
    raise_faults((key, {**fields, "file": file.name}) for key, fields in faults)
    return values


def _reforms(values: Mapping[str, Toml], file_name: str) -> Iterator[Law]:
    """Yield the rows of law in the file itself, and the rows of its top-ups."""
    own = [build_reform(values["law"], f"{file_name} [[law]]")] if values.get("law") else []
    yield from own
    if values.get("top_up"):
        law = reduce(Law.__or__, own, Law.read())

        def rows(row: Mapping[str, Toml]) -> list[LawRow]:
            area, until = row["area"], row.get("until") or None
            return top_up_rows(law, row["group"], row["points"], area, area, row["since"], until)

        yield build_reform(chain.from_iterable(map(rows, values["top_up"])), f"{file_name} [[top_up]]")


def _read_values(payload: Mapping[str, Toml]) -> tuple[dict[str, Toml], list[Fault]]:
    """Return the values of a scenario file by key, and everything that is wrong with them."""
    faults: list[Fault] = []
    for key in (k for k in payload if k not in _READERS):
        nearest = nearest_choice(key, _READERS) or ", ".join(_READERS)
        faults.append(("error.scenario_key", {"found": excerpt(key), "nearest": nearest}))
    nameless = not isinstance(payload.get("name"), str) or not payload["name"].strip()
    if nameless:
        faults.append(("error.scenario_name", {}))
    values: dict[str, Toml] = {}
    present = {key: pair for key, pair in _READERS.items() if key in payload and not (key == "name" and nameless)}
    for key, (reader, expected) in present.items():
        try:
            values[key] = reader(payload[key])
        except BhytError as error:
            faults += (_with_place(fault, key) for fault in error.messages)
        except (ValueError, TypeError, KeyError, AttributeError):  # a table where a list is expected, or the like
            fields = {"key": key, "found": excerpt(payload[key]), "expected": expected}
            faults.append(("error.scenario_value", fields))
    if values.get("start") and values.get("end") and values["end"] <= values["start"]:
        faults.append(("error.scenario_span", {"start": values["start"], "end": values["end"]}))
    return values, faults


def _with_place(fault: Fault, key: str) -> Fault:
    """Return a fault; one about a day says in which key of the file it is."""
    if fault[0] not in ("error.not_a_day", "error.day_out_of_range"):
        return fault
    return "error.scenario_value", {"key": key, "found": fault[1]["found"], "expected": "expect.day_in_range"}


def excerpt(value: Toml) -> str:
    """Return the beginning of a wrong value, for the sentence about it.

    Examples
    --------
    >>> excerpt([1] * 9999)
    '[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,…'
    """
    text = clean_line(str(value))
    return text if len(text) <= 61 else f"{text[:60]}…"


def _require(valid: bool) -> None:
    if not valid:
        raise ValueError


def _read_text(value: Toml) -> str:
    _require(isinstance(value, str) and len(value) <= MAX_LETTERS)
    return printable(value).strip()


def _read_texts(value: Toml) -> list[str]:
    _require(isinstance(value, list))
    return [_read_text(v) for v in value]


def read_day(value: Toml) -> dt.date:
    """Return a day; raise a `BhytError` or ValueError for anything else, and for a day out of range.

    Examples
    --------
    >>> read_day("31/12/2021").isoformat()
    '2021-12-31'
    """
    day = parse_date(value if isinstance(value, dt.date) else excerpt(_read_text(value)))
    if day.year not in YEARS:
        raise BhytError(("error.day_out_of_range", {"found": str(day), "first": YEARS[0], "last": YEARS[-1]}))
    return day


def _read_month(value: Toml) -> pd.Timestamp:
    """Return the end of the month of a day."""
    return pd.Timestamp(read_day(value)) + pd.offsets.MonthEnd(0)


def _read_until(value: Toml) -> str:
    """Return a last day as text; "" for none, and for the day that means none in files of law."""
    return "" if value == "" or str(value)[:10] == str(ONWARD) else str(read_day(value))


def _read_number(value: Toml) -> float:
    _require(_is_number(value))
    return float(value) if isinstance(value, float) else int(value)


def _read_amount(value: Toml) -> float | str:
    """Return a value of law: a number, or its text, which the reader of law looks at."""
    return _read_text(value) if isinstance(value, str) else _read_number(value)


def _read_support_window(value: Toml) -> str:
    _require(value in SUPPORT_WINDOWS)
    return str(value)


def _flatten(payload: Mapping[str, Toml], stem: str = "") -> Iterator[tuple[str, Toml]]:
    """Yield dotted names and values of nested tables."""
    for key, value in payload.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{stem}{key}.")
        else:
            yield stem + key, value


def _read_assumptions(payload: Toml) -> dict[str, Range]:
    """Return assumptions given as one value, or as low, central and high."""
    table, faults, ranges = assumptions(), list[Fault](), dict[str, Range]()
    for name, value in _flatten(payload):
        if name not in table.index:
            near = nearest_choice(name, table.index) or ", ".join(table.index)
            faults.append(("error.scenario_assumption", {"found": excerpt(name), "nearest": near}))
            continue
        if fault := range_fault(name, value):
            faults.append((fault[0], {**fault[1], "found": excerpt(value)}))
        else:
            ranges[name] = as_range(value)
    raise_faults((key, {"file": "", **fields}) for key, fields in faults)
    return ranges


def _is_number(value: Toml) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _read_income(payload: Toml) -> dict[str, float]:
    _require(all(k in INCOME_GROUPS and _is_number(v) and v > 0 for k, v in payload.items()))
    return {k: float(v) for k, v in payload.items()}


def _read_targets(payload: Toml) -> tuple[Target, ...]:
    targets: list[Target] = []
    _require_rows(payload, 200)
    for row in payload:
        relation = row.get("relation", ">=")
        _require(_is_number(row["rate"]) and 0 <= row["rate"] <= 1 and relation in RELATIONS)
        targets.append({"on": _read_month(row["on"]), "rate": float(row["rate"]), "relation": relation})
    return tuple(targets)


def _require_rows(payload: Toml, most: int) -> None:
    _require(isinstance(payload, list) and all(isinstance(row, dict) for row in payload))
    if len(payload) > most:
        raise BhytError(("error.scenario_rows", {"count": len(payload), "most": most}))


def _read_share(value: Toml) -> float:
    _require(_is_number(value) and 0 <= value <= 1)
    return float(value)


def _rows_with(most: int, *required: str) -> Callable[[Toml], tuple[dict[str, Toml], ...]]:
    """Return a reader of rows, ``most`` at most, that have some columns; days become text."""

    def read(payload: Toml) -> tuple[dict[str, Toml], ...]:
        _require_rows(payload, most)
        _require(all(set(required) <= set(row) for row in payload))
        return tuple({k: _CELLS[k](v) for k, v in row.items()} for row in payload)

    return read


def _read_seed(value: Toml) -> int:
    _require(isinstance(value, int) and _is_number(value) and value >= 0)
    return int(value)


_TEXT_COLUMNS = ("area", "zone", "group", "parameter", "key", "unit", "reference", "status", "note")
# The columns of the rows of law, top-ups and zones.
_CELLS: dict[str, Callable[[Toml], Toml]] = {
    **dict.fromkeys(_TEXT_COLUMNS, _read_text),
    **dict.fromkeys(("since", "checked"), lambda value: str(read_day(value))),
    "points": _read_number,
    "special_villages_share": _read_share,
    "until": _read_until,
    "value": _read_amount,
}
_READERS: dict[str, tuple[Callable[[Toml], Toml], str]] = {
    "name": (_read_text, "expect.text"),
    "name_en": (_read_text, "expect.text"),
    "decision": (_read_text, "expect.text"),
    "zones": (_read_text, "expect.file"),
    "reforms": (_read_texts, "expect.files"),
    "start": (_read_month, "expect.date"),
    "end": (_read_month, "expect.date"),
    "support_window": (_read_support_window, "expect.support_window"),
    "assumptions": (_read_assumptions, "expect.assumptions"),
    "income": (_read_income, "expect.income"),
    "targets": (_read_targets, "expect.targets"),
    "seed": (_read_seed, "expect.seed"),
    "law": (_rows_with(500, "parameter", "since", "value"), "expect.law_rows"),
    "top_up": (_rows_with(50, "group", "points", "area", "since"), "expect.top_ups"),
    "zone": (_rows_with(3_500, "area", "zone"), "expect.zone_rows"),
    "explore": (dict, "expect.explore"),  # the view of the explorer that wrote the file: not read here
}
