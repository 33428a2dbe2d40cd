"""Read scenario files (TOML), with all their faults at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.formats import without_separators
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, nearest_choice, nearest_choices
from bhyt_analysis.i18n.shares import parse_share
from bhyt_analysis.i18n.text import clean_line, printable
from bhyt_analysis.ingest.loader import read_table
from bhyt_analysis.ingest.toml_files import KeyPath, key_lines, parse_toml, read_toml_text
from bhyt_analysis.law.groups import groups_flagged
from bhyt_analysis.law.law import Law
from bhyt_analysis.law.law_file import ONWARD, LawError
from bhyt_analysis.model.projection.assumptions import Range, as_range, assumptions, range_fault
from bhyt_analysis.model.projection.cohort import SUPPORT_WINDOWS
from bhyt_analysis.model.projection.levers import LawRow, build_reform, top_up_rows
from bhyt_analysis.model.projection.scenario import YEARS, Scenario, Target
from bhyt_analysis.model.targets.targets import RELATIONS

Toml = Any  # whatever a TOML file may hold; the readers below check it
Cell = tuple[Callable[[Toml], Toml], str]  # the reader of a value, and the message on what it expects
PlacedFault = tuple[str, dict[str, Any]]  # a fault without its file, ``at`` a key in it
MAX_NUMBER = 1e15  # VND, people or shares: far above every amount of the country
INCOMES = (500_000, 1_000_000_000)  # VND a month: the least and the most that is plausible
MAX_LETTERS = 2_000  # of one text
INCOME_GROUPS = tuple(g for g in groups_flagged("projected") if g in groups_flagged("earnings_based"))


def read_scenario(path: str | Path, lang: str | None = None) -> Scenario:
    """Read a scenario from a TOML file, or a bundled one by its name, such as "status_quo".

    Law files and lists of zones are found beside the file, or among the bundled ones by their name.

    Parameters
    ----------
    path
        of a file, or the name of a bundled scenario.
    lang
        of the name of the scenario; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    Scenario
        The checked scenario.

    Raises
    ------
    BhytError
        for a file that is not there or not TOML, and for unknown keys, values out of their range and a missing name,
        all at once.
    LawError, InputError
        for a reform, or a list of zones, that can't be used.

    Examples
    --------
    >>> read_scenario("decision_861_high").assumption_ranges
    {'outreach': (2.0, 2.0, 2.0)}
    """
    lang = check_lang(lang)
    file = find_scenario_file(path)
    text = read_toml_text(file)
    return localise_scenario(parse_scenario(parse_toml(text, file), file, key_lines(text)), lang)


def find_scenario_file(path: str | Path) -> Path:
    """Return the file of a path, or of the name of a bundled scenario.

    Raises BhytError for what is neither the path of a file, nor a bundled name: with the nearest of them and all.

    Examples
    --------
    >>> find_scenario_file("status_quo").name
    'status_quo.toml'
    >>> find_scenario_file("statusquo")
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: There is no scenario "statusquo"; the bundled ones, the nearest first: ...
    """
    folder, file = bundled_path("scenarios"), Path(path)
    bundled = folder / f"{path}.toml"
    if file.exists() or file.suffix or file.name != str(path):
        return file
    if not bundled.is_file():
        raise BhytError(
            ("error.unknown_scenario", {"found": str(path), "names": _nearest_first(str(path), scenario_names())})
        )
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


def parse_scenario(payload: Mapping[str, Toml], file: Path, lines: Mapping[KeyPath, int] | None = None) -> Scenario:
    """Return the scenario of a parsed TOML file; see `read_scenario`. Files that it names: see `find_named_file`.

    ``lines``: of its keys, for messages about them.

    Examples
    --------
    >>> row = {"parameter": "base_salary", "since": "2027-01-01", "value": 2600000}
    >>> parse_scenario({"name": "mine", "law": [row]}, Path("mine.toml")).is_proposal
    True
    """
    values, faults = _read_values(payload)
    reforms: list[Law] = []
    errors: list[Fault] = []
    for position, name in enumerate(values.pop("reforms", ())):
        try:
            reforms.append(Law.read(find_named_file(name, file, "reforms")))
        except LawError as error:
            errors += error.messages
        except BhytError as error:  # there is no such file
            faults += ((key, {**fields, "at": ("reforms", position)}) for key, fields in error.messages)
    raise_faults([*_with_files(faults, file, lines), *errors])
    reforms += _reforms(values, file.name)
    zones = read_table(find_named_file(values.pop("zones"), file), "zones") if "zones" in values else None
    if zones is not None and not values.get("decision"):  # a list of one decision names it itself
        values["decision"] = str(zones["decision"].iloc[-1]) if len(zones) else ""
    renamed = {"zone": "zone_moves", "assumptions": "assumption_ranges"}
    fields = {renamed.get(key, key): v for key, v in values.items() if key not in ("law", "top_up", "explore")}
    return Scenario(**fields, zones=zones, reforms=tuple(reforms))


def find_named_file(name: str, file: Path, folder: str = "") -> Path:
    """Return a file that a scenario file names: beside it, or else the bundled one of this name.

    ``folder``: of the bundled data, such as "reforms", whose files may be named without their suffix.

    Examples
    --------
    >>> find_named_file("near_poor_100", Path("mine.toml"), "reforms").name
    'near_poor_100.csv'
    """
    own, bundled = file.parent / name, bundled_path("data") / folder / Path(name).name
    choices = [own, bundled, *([bundled.with_name(f"{bundled.name}.csv")] if folder else [])]
    if existing := next((path for path in choices if path.is_file()), None):
        return existing
    if not folder:
        return own
    names = _nearest_first(Path(name).stem, (path.stem for path in bundled.parent.glob("*.csv")))
    raise BhytError(("error.unknown_reform", {"file": file.name, "path": own, "names": names}))


def _nearest_first(word: str, choices: Iterable[str]) -> str:
    """Return all choices as a list in a sentence, those first that are near to a word."""
    names = sorted(choices)
    return ", ".join(dict.fromkeys([*nearest_choices(word, names), *names]))


def read_values(payload: Mapping[str, Toml], file: Path) -> dict[str, Toml]:
    """Return the checked values of a scenario file by key, its days as dates or ISO text; raise all faults at once.

    Examples
    --------
    >>> read_values({"name": "mine", "zone": [{"area": "07549", "zone": "I"}]}, Path("mine.toml"))["zone"]
    ({'area': '07549', 'zone': 'I'},)
    """
    values, faults = _read_values(payload)
    raise_faults(_with_files(faults, file))
    return values


def _with_files(
    faults: Iterable[PlacedFault], file: Path, lines: Mapping[KeyPath, int] | None = None
) -> list[PlacedFault]:
    """Return faults in the order of the file, with its name and the line of the key that they are ``at``."""
    placed: list[tuple[int, PlacedFault]] = []
    for key, fields in faults:
        key_path: KeyPath = fields.get("at", ())
        line = (
            next((lines[key_path[:n]] for n in range(len(key_path), 0, -1) if key_path[:n] in lines), 0) if lines else 0
        )
        place = ("place.line", {"file": file.name, "line": line}) if line else file.name
        own = {name: value for name, value in fields.items() if name != "at"}
        placed.append((line, (key, {**own, "key": _key_text(key_path), "file": place})))
    return [fault for _, fault in sorted(placed, key=lambda pair: pair[0])]


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


def _read_values(payload: Mapping[str, Toml]) -> tuple[dict[str, Toml], list[PlacedFault]]:
    """Return the values of a scenario file by key, and everything that is wrong with them."""
    faults: list[PlacedFault] = [_unknown_key(key, _READERS, (key,)) for key in payload if key not in _READERS]
    nameless = not isinstance(payload.get("name"), str) or not payload["name"].strip()
    if nameless:
        faults.append(("error.scenario_name", {"at": ("name",)}))
    values: dict[str, Toml] = {}
    present = {key: pair for key, pair in _READERS.items() if key in payload and not (key == "name" and nameless)}
    for key, (reader, expected) in present.items():
        try:
            values[key] = _read_value(reader, expected, payload[key], (key,))
        except WrongValueError as error:
            faults += error.faults
    if values.get("start") and values.get("end") and values["end"] <= values["start"]:
        faults.append(("error.scenario_span", {"start": values["start"], "end": values["end"], "at": ("end",)}))
    return values, faults


def _unknown_key(key: str, choices: Iterable[str], key_path: KeyPath) -> PlacedFault:
    nearest = nearest_choice(key, choices) or ", ".join(choices)
    return "error.scenario_key", {"found": excerpt(key), "nearest": nearest, "at": key_path}


def _read_value(reader: Callable[[Toml], Toml], expected: str, value: Toml, key_path: KeyPath) -> Toml:
    """Return a value as its reader gives it; raise WrongValueError."""
    fault = "error.scenario_value", {"found": excerpt(value), "expected": expected, "at": key_path}
    if isinstance(value, str) and reader in (_read_amount, _read_number) and (plain := without_separators(value)):
        raise WrongValueError([("error.scenario_grouped", {"found": excerpt(value), "plain": plain, "at": key_path})])
    try:
        return reader(value)
    except WrongValueError as error:
        raise WrongValueError((k, {**f, "at": (*key_path, *f.get("at", ()))}) for k, f in error.faults) from None
    except (ValueError, TypeError, KeyError, AttributeError):  # a table where a list is expected, or the like
        raise WrongValueError([fault]) from None


class WrongValueError(Exception):
    """What is wrong within a value of a scenario file: ``faults`` without the file, ``at`` keys below the value's."""

    def __init__(self, faults: Iterable[PlacedFault]) -> None:
        self.faults = list(faults)
        super().__init__(self.faults)


def _key_text(key_path: KeyPath) -> str:
    """Return a key as messages write it; rows are numbered from 1."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key_path)
    return text.removeprefix(".")


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
    table, faults, ranges = assumptions(), list[PlacedFault](), dict[str, Range]()
    for name, value in _flatten(payload):
        key_path: KeyPath = tuple(name.split("."))
        if name not in table.index:
            near = nearest_choice(name, table.index) or ", ".join(table.index)
            faults.append(("error.scenario_assumption", {"found": excerpt(name), "nearest": near, "at": key_path}))
            continue
        if fault := range_fault(name, value):
            faults.append((fault[0], {**fault[1], "found": excerpt(value), "at": key_path}))
        else:
            ranges[name] = as_range(value)
    if faults:
        raise WrongValueError(faults)
    return ranges


def _is_number(value: Toml) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _read_income(payload: Toml) -> dict[str, float]:
    least, most = INCOMES
    _require(all(k in INCOME_GROUPS and _is_number(v) and least <= v <= most for k, v in payload.items()))
    return {k: float(v) for k, v in payload.items()}


def _read_targets(payload: Toml) -> tuple[Target, ...]:
    rows = _read_rows(payload, 200, ("on", "rate"), _TARGET_CELLS)
    return tuple({"on": row["on"], "rate": row["rate"], "relation": row.get("relation", ">=")} for row in rows)


def _require_rows(payload: Toml, most: int) -> None:
    _require(isinstance(payload, list) and all(isinstance(row, dict) for row in payload))
    if len(payload) > most:
        raise WrongValueError([("error.scenario_rows", {"count": len(payload), "most": most})])


def _read_share(value: Toml) -> float:
    """Return a share, also of text or in per cent."""
    return float(parse_share(value))


def _read_relation(value: Toml) -> str:
    _require(value in RELATIONS)
    return str(value)


def _rows_with(most: int, *required: str) -> Callable[[Toml], tuple[dict[str, Toml], ...]]:
    """Return a reader of rows, ``most`` at most, that have some columns; days become text."""
    return lambda payload: _read_rows(payload, most, required, _CELLS)


def _read_rows(
    payload: Toml, most: int, required: Sequence[str], cells: Mapping[str, Cell]
) -> tuple[dict[str, Toml], ...]:
    """Return the rows of a table with their cells read; raise WrongValueError with all faults."""
    _require_rows(payload, most)
    rows: list[dict[str, Toml]] = []
    faults: list[PlacedFault] = []
    for position, row in enumerate(payload):
        missing = [column for column in required if column not in row]
        faults += (("error.scenario_column", {"column": column, "at": (position,)}) for column in missing)
        rows.append({})
        for column, value in row.items():
            if column not in cells:
                faults.append(_unknown_key(column, cells, (position, column)))
                continue
            try:
                rows[-1][column] = _read_value(*cells[column], value, (position, column))
            except WrongValueError as error:
                faults += error.faults
    if faults:
        raise WrongValueError(faults)
    return tuple(rows)


def _read_seed(value: Toml) -> int:
    _require(isinstance(value, int) and _is_number(value) and value >= 0)
    return int(value)


_TEXT_COLUMNS = ("area", "zone", "group", "parameter", "key", "unit", "reference", "status", "note")
_DAY: Cell = (lambda value: str(read_day(value)), "expect.day_in_range")
# The columns of the rows of law, top-ups and zones, and of targets.
_CELLS: dict[str, Cell] = {
    **dict.fromkeys(_TEXT_COLUMNS, (_read_text, "expect.text")),
    **dict.fromkeys(("since", "checked"), _DAY),
    "points": (_read_number, "expect.number"),
    "special_villages_share": (_read_share, "expect.share"),
    "until": (_read_until, "expect.day_in_range"),
    "value": (_read_amount, "expect.number"),
}
_TARGET_CELLS: dict[str, Cell] = {
    "on": (_read_month, "expect.day_in_range"),
    "rate": (_read_share, "expect.share"),
    "relation": (_read_relation, "expect.relation"),
}
_READERS: dict[str, Cell] = {
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
