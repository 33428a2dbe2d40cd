"""What if the policy were another one? A scenario is a small file that an analyst writes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.messages import BhytError, nearest_choice, translate
from bhyt_analysis.ingest.loader import InputError, read_table
from bhyt_analysis.law.law import Law, LawError
from bhyt_analysis.model.projection.assumptions import POINT_VALUED, Range, allowed_range, assumptions
from bhyt_analysis.model.projection.cohort import SUPPORT_WINDOWS
from bhyt_analysis.model.projection.levers import build_reform, top_up_rows
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves
from bhyt_analysis.model.targets.targets import RELATIONS
from bhyt_analysis.quality.checks import check_area_codes

Fault = tuple[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Scenario:
    """A policy: what is decided, by which law, with which behaviour, towards which targets.

    Attributes
    ----------
    name, name_en : what outputs call it, in Vietnamese and in English.
    decision : the decision whose communes leave or join the difficult zones; "" is none.
    zones : a list of the user's own (rows of the table ``zones``), or None.
    moved : communes that are put in another zone than by the decision: rows of ``area``, ``zone``, and
        where they differ ``since``, ``special_villages_share`` (see `rezoned`).
    reforms : laid over the law in their order.
    start, end : first and last month; None leaves the choice to the figures.
    support_window : "decree 75", "decree 188" or "none": whose 36 months of support count; ""
        leaves it to the decision (the table ``decisions``).
    changed : assumptions set by the scenario, name to (low, central, high).
    income : VND a month by group, for those who contribute on earnings.
    targets : rows of ``on``, ``rate``, ``relation``.
    seed : of what is drawn at random.
    """

    name: str
    name_en: str = ""
    decision: str = ""
    zones: pd.DataFrame | None = None
    moved: tuple[Mapping[str, Any], ...] = ()
    reforms: tuple[Law, ...] = ()
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    support_window: str = ""
    changed: Mapping[str, Range] = field(default_factory=dict)
    income: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[Mapping[str, Any], ...] = ()
    seed: int = 1

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """A scenario from a TOML file, or one of the bundled ones by its name, such as "status_quo".

        Law files and lists of zones are found by their path from the file.

        Raises
        ------
        BhytError
            for a file that is not there or not TOML; and for unknown keys, assumptions
            and support windows, values out of their range, a missing name: all at once.
        LawError, InputError
            for a reform, or a list of zones, that can't be used.
        """
        file = scenario_file(path)
        try:
            told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise BhytError(("error.no_such_file", {"file": file})) from None
        except (IsADirectoryError, PermissionError):
            key = "error.scenario_folder" if file.is_dir() else "error.no_such_file"  # Windows may not open a folder
            raise BhytError((key, {"file": file})) from None
        except UnicodeDecodeError as error:
            raise BhytError(("error.not_utf8", {"file": file.name, "byte": error.start})) from None
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"line (\d+), column (\d+)", str(error))  # none where the end comes too early
            line, column = place.groups() if place else (str(len(file.read_text("utf-8-sig").splitlines())), "–")
            raise BhytError(("error.scenario_file", {"file": file.name, "line": line, "column": column})) from None
        return cls.of(told, file)

    @classmethod
    def of(cls, told: dict[str, Any], file: Path) -> Scenario:
        """A scenario from what its file tells, as TOML reads it; see `read`. Files that it names lie beside ``file``.

        Examples
        --------
        >>> row = {"parameter": "base_salary", "since": "2027-01-01", "value": 2600000}
        >>> Scenario.of({"name": "mine", "law": [row]}, Path("mine.toml")).is_proposal
        True
        """
        values, faults = _values(told)
        if faults:
            raise BhytError(*((key, {"file": file.name, **fields}) for key, fields in faults))
        reforms = (*(Law.read(file.parent / r) for r in told.get("reforms", [])), *_reforms(told, file.name))
        zones = read_table(file.parent / told["zones"], "zones") if "zones" in told else None
        decision = told.get("decision", "")
        if zones is not None and not decision:  # a list of one decision names it itself
            decision = str(zones["decision"].iloc[-1]) if len(zones) else ""
        return cls(**{**values, "decision": decision, "zones": zones, "reforms": reforms})

    @classmethod
    def nothing(cls, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> Scenario:
        """The law in force, with nothing decided and nothing assumed anew."""
        return cls(translate("label.law_in_force", "vi"), translate("label.law_in_force", "en"), start=start, end=end)

    def over(self, law: Law) -> Law:
        """The law with the scenario's reforms laid over it."""
        return reduce(Law.__or__, self.reforms, law)

    def within(self, data: Dataset) -> Dataset:
        """The data with the scenario's own list of zones in place of the decision's, and its communes moved.

        Raises InputError for areas of the list that the data does not know, BhytError for moves that can't be made.
        """
        if self.zones is not None:
            if found := list(check_area_codes(data.areas, self.zones)):
                raise InputError(*found)
            kept = data.zones[~data.zones["decision"].isin(self.zones["decision"])]
            data = dataclasses.replace(data, zones=pd.concat([kept, self.zones], ignore_index=True))
        return apply_zone_moves(data, self.decision, self.moved) if self.moved else data

    def assumptions(self) -> pd.DataFrame:
        """The assumptions with what the scenario sets."""
        return assumptions(self.changed)

    def titled(self, lang: str = "vi") -> str:
        """The name in a language."""
        return self.name_en if lang == "en" and self.name_en else self.name

    @property
    def is_proposal(self) -> bool:
        """Whether a reform in it is a proposal and not the law."""
        return any((r.table["status"] == "proposal").any() for r in self.reforms)


def _reforms(told: dict[str, Any], name: str) -> Iterator[Law]:
    """The rows of law that stand in the file itself, and the rows that its top-ups stand for."""
    if told.get("law"):
        yield build_reform(told["law"], f"{name} [[law]]")
    if told.get("top_up"):
        over = reduce(Law.__or__, (build_reform(told["law"], name),) if told.get("law") else (), Law.read())
        rows = [
            row
            for t in told["top_up"]
            for row in top_up_rows(
                over, t["group"], t["points"], t["area"], t["area"], t["since"], t.get("until") or None
            )
        ]
        yield build_reform(rows, f"{name} [[top_up]]")


def scenario_file(path: str | Path) -> Path:
    """The file that a path, or the name of a bundled scenario, means.

    Examples
    --------
    >>> scenario_file("status_quo").name
    'status_quo.toml'
    """
    file, own = Path(path), bundled_path("scenarios") / f"{path}.toml"
    return own if not file.exists() and own.is_file() else file


def _values(told: dict[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The plain values of a scenario file, and everything that is wrong with them."""
    faults: list[Fault] = [
        ("error.scenario_key", {"found": k, "nearest": nearest_choice(k, _READERS) or ", ".join(_READERS)})
        for k in told
        if k not in _READERS
    ]
    if not isinstance(told.get("name"), str) or not told["name"].strip():
        faults.append(("error.scenario_name", {}))
    values: dict[str, Any] = {}
    for key, (reader, expected) in _READERS.items():
        if key not in told or (key == "name" and faults):
            continue
        try:
            values[key] = reader(told[key])
        except _FaultsError as error:
            faults += error.faults
        except BhytError as error:
            faults += list(error.messages)
        except (ValueError, TypeError, KeyError, AttributeError):  # a table where a list is wanted, or the like
            faults.append(("error.scenario_value", {"key": key, "found": told[key], "expected": expected}))
    for key in ("reforms", "zones", "decision", "law", "top_up", "explore"):
        values.pop(key, None)
    values["moved"] = values.pop("zone", ())
    if values.get("start") and values.get("end") and values["end"] <= values["start"]:
        faults.append(("error.scenario_span", {"start": values["start"], "end": values["end"]}))
    if "assumptions" in values:
        values["changed"] = values.pop("assumptions")
    return values, faults


class _FaultsError(Exception):
    """Faults of one key that still want the file's name."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.strip()


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [_text(v) for v in value]


def _day(value: Any) -> pd.Timestamp:
    try:
        return pd.Timestamp(parse_date(value if isinstance(value, dt.date) else _text(value))) + pd.offsets.MonthEnd(0)
    except LawError:
        raise ValueError from None


def _support_window(value: Any) -> str:
    if value not in SUPPORT_WINDOWS:
        raise ValueError
    return str(value)


def _flat(told: Mapping[str, Any], stem: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names from the tables of a TOML file."""
    for key, value in told.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{stem}{key}.")
        else:
            yield stem + key, value


def _changed(told: Any) -> dict[str, Range]:
    """Assumptions as one value, or as low, central and high."""
    values = dict(_flat(told))
    table = assumptions()
    faults: list[Fault] = [
        ("error.scenario_assumption", {"found": n, "nearest": nearest_choice(n, table.index) or ", ".join(table.index)})
        for n in values
        if n not in table.index
    ]
    out: dict[str, Range] = {}
    for name, value in values.items():
        if name not in table.index:
            continue
        numbers = value if isinstance(value, list) else [value] * 3
        low, high = allowed_range(name)
        if name in POINT_VALUED and len(set(map(str, numbers))) > 1:
            faults.append(("error.assumption_single", {"name": name, "found": value}))
            continue
        good = len(numbers) == 3 and all(_is_number(n) and low <= n <= high for n in numbers)
        if not good or numbers != sorted(numbers, reverse=numbers[0] > numbers[-1]):
            fields = {"name": name, "found": value, "low": low, "high": high, "unit": table.at[name, "unit"]}
            faults.append(("error.assumption_value", fields))
        else:
            out[name] = (float(numbers[0]), float(numbers[1]), float(numbers[2]))
    if faults:
        raise _FaultsError(faults)
    return out


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _income(told: Any) -> dict[str, float]:
    if not all(k in ("employer_employee", "social_security_paid") and _is_number(v) and v > 0 for k, v in told.items()):
        raise ValueError
    return {k: float(v) for k, v in told.items()}


def _targets(told: Any) -> tuple[dict[str, Any], ...]:
    rows = []
    for row in told:
        relation = row.get("relation", ">=")
        if not _is_number(row["rate"]) or not 0 <= row["rate"] <= 1 or relation not in RELATIONS:
            raise ValueError
        rows.append({"on": _day(row["on"]), "rate": float(row["rate"]), "relation": relation})
    return tuple(rows)


def _rows(*needed: str) -> Callable[[Any], tuple[dict[str, Any], ...]]:
    """A reader of rows that hold some keys; days as text."""

    def read(told: Any) -> tuple[dict[str, Any], ...]:
        if not all(set(needed) <= set(row) for row in told):
            raise ValueError
        return tuple({k: str(v) if isinstance(v, dt.date) else v for k, v in row.items()} for row in told)

    return read


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError
    return value


_READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "name": (_text, "expect.text"),
    "name_en": (_text, "expect.text"),
    "decision": (_text, "expect.text"),
    "zones": (_text, "expect.file"),
    "reforms": (_texts, "expect.files"),
    "start": (_day, "expect.date"),
    "end": (_day, "expect.date"),
    "support_window": (_support_window, "expect.support_window"),
    "assumptions": (_changed, "expect.assumptions"),
    "income": (_income, "expect.income"),
    "targets": (_targets, "expect.targets"),
    "seed": (_seed, "expect.seed"),
    "law": (_rows("parameter", "since", "value"), "expect.law_rows"),
    "top_up": (_rows("group", "points", "area", "since"), "expect.top_ups"),
    "zone": (_rows("area", "zone"), "expect.zone_rows"),
    "explore": (dict, "expect.explore"),  # where the explorer stood when it wrote the file: nothing for the model
}
